"use strict";
// Everything shown is already in the page; this only hides, lights up and tells. Texts go in by textContent alone.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const detail = document.getElementById("detail");
  const marks = Array.from(document.querySelectorAll(".collation [data-v], .collation [data-s]"));
  const rows = Array.from(document.querySelectorAll("tr[data-row]"));
  const state = { kinds: new Set(), substantive: false, hidden: new Set() };
  const numbers = (text) => (text ? text.split(" ").map(Number) : []);
  const shown = (variant) =>
    !state.kinds.has(variant.kind) && !state.hidden.has(variant.siglum) && (variant.substantive || !state.substantive);

  function refresh() {
    for (const mark of marks) {
      const own = numbers(mark.dataset.v);
      if (own.length) mark.classList.toggle("off", !own.some((number) => shown(data.variants[number])));
    }
    for (const row of rows) row.hidden = !shown(data.variants[Number(row.dataset.row)]);
    for (const cell of document.querySelectorAll("[data-column]")) cell.hidden = state.hidden.has(cell.dataset.column);
  }

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function stanceLine(stance) {
    const line = element("p");
    line.append(element("span", stance.siglum + (stance.carried ? "\u207a " : " "), "muted"), stance.holder + " ");
    line.append(element("span", stance.stance, "side s-" + stance.stance), " " + stance.target);
    if (stance.via) line.append(element("span", " (via " + stance.via + ")", "muted"));
    line.append(": ", element("q", stance.text));
    return line;
  }

  function clear() {
    for (const lit of document.querySelectorAll(".on, .lit")) lit.classList.remove("on", "lit");
    detail.hidden = true;
    detail.replaceChildren();
  }

  function open(parts) {
    const close = element("button", "\u00d7", "close");
    close.type = "button";
    close.title = "Close (Escape)";
    close.addEventListener("click", clear);
    detail.append(close, ...parts);
    detail.hidden = false;
  }

  let current = -1;
  function showVariant(number, scroll) {
    clear();
    current = number;
    const variant = data.variants[number];
    const lit = marks.filter((mark) => numbers(mark.dataset.v).includes(number));
    for (const mark of lit) mark.classList.add("on");
    rows.find((row) => Number(row.dataset.row) === number).classList.add("on");
    const head = element("p", undefined, "who");
    head.append(variant.label + " ", element("span", variant.kind, "tag k-" + variant.kind));
    if (variant.substantive) head.append(element("span", " substantive", "weight"));
    const readings = element("div", undefined, "readings");
    for (const [siglum, place] of [[data.base, variant.base], [variant.siglum, variant.other]]) {
      readings.append(element("span", siglum, "who"));
      const words = element("span");
      words.dir = "auto";
      words.append(place.text ? element("q", place.text) : element("span", "no words here", "muted"));
      readings.append(words);
    }
    const touched = data.stances.filter((stance) => variant.stances.includes(stance.stance_id));
    open([head, readings, ...touched.map(stanceLine)]);
    if (scroll && lit.length) lit[0].scrollIntoView({ block: "center" });
  }

  function showStance(number, scroll) {
    clear();
    const lit = marks.filter((mark) => numbers(mark.dataset.s).includes(number));
    for (const mark of lit) mark.classList.add("lit");
    document.querySelector(`tr[data-stance="${number}"]`).classList.add("on");
    open([stanceLine(data.stances[number])]);
    if (scroll && lit.length) lit[0].scrollIntoView({ block: "center" });
  }

  function choose(target) {
    const mark = target.closest(".collation [data-v], .collation [data-s]");
    if (mark) {
      const own = numbers(mark.dataset.v).filter((number) => shown(data.variants[number]));
      const held = document.body.classList.contains("no-stances") ? [] : numbers(mark.dataset.s);
      if (own.length) showVariant(own[own.length - 1], false);
      else if (held.length) {
        clear();
        for (const number of held) {
          for (const part of marks) if (numbers(part.dataset.s).includes(number)) part.classList.add("lit");
        }
        open(held.map((number) => stanceLine(data.stances[number])));
      }
      return true;
    }
    const row = target.closest("tr[data-row], tr[data-stance]");
    if (!row) return false;
    if (row.dataset.row !== undefined) showVariant(Number(row.dataset.row), true);
    else showStance(Number(row.dataset.stance), true);
    return true;
  }

  function press(button) {
    const pressed = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(pressed));
    if (button.dataset.kind) state.kinds[pressed ? "delete" : "add"](button.dataset.kind);
    else if (button.dataset.witness) state.hidden[pressed ? "delete" : "add"](button.dataset.witness);
    else if (button.id === "only-substantive") state.substantive = pressed;
    else if (button.id === "show-stances") document.body.classList.toggle("no-stances", !pressed);
    refresh();
  }

  function step(by) {
    const seen = data.variants.map((_, number) => number).filter((number) => shown(data.variants[number]));
    if (!seen.length) return;
    const at = seen.indexOf(current);
    const next = at < 0 ? (by > 0 ? 0 : seen.length - 1) : (at + by + seen.length) % seen.length;
    showVariant(seen[next], true);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.chip");
    if (button && button.id === "show-legend") {
      const opened = document.getElementById("legend").classList.toggle("closed") === false;
      button.setAttribute("aria-expanded", String(opened));
    } else if (button) press(button);
    else if (!choose(event.target) && !detail.contains(event.target)) clear();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") clear();
    else if (event.key === "n") step(1);
    else if (event.key === "p") step(-1);
    else if ((event.key === "Enter" || event.key === " ") && !event.target.closest("button")) {
      if (choose(event.target)) event.preventDefault();
    }
  });
})();
