"use strict";
// What is chosen for each region lives here and nowhere else; a reload forgets it.
const regions = JSON.parse(document.getElementById("data").textContent).regions;
const main = document.querySelector("main");
const all = (selector) => Array.from(main.querySelectorAll(selector));
let chosen = null;
let label = null;
let made = 0;
let justMade = false; // the click that ends a drag chooses nothing

function draw() {
  for (const mark of all("mark")) mark.classList.toggle("on", mark.dataset.region === chosen);
  const marked = chosen === null ? label : (all("mark").find((m) => m.dataset.region === chosen) || { dataset: {} }).dataset.label;
  for (const button of all(".lsf-label")) button.classList.toggle("on", button.dataset.label === marked);
  for (const control of all(".lsf-choices[data-of-span]")) {
    const values = (regions[chosen] || {})[control.dataset.control] || [];
    for (const input of control.querySelectorAll("input")) input.checked = values.includes(input.value);
  }
  for (const view of all("[data-when]")) {
    const picked = all(`.lsf-choices[data-control="${CSS.escape(view.dataset.of)}"] input:checked`);
    const wanted = view.dataset.values.split(",");
    const shown = {
      "region-selected": chosen !== null,
      "no-region-selected": chosen === null,
      "choice-selected": picked.some((input) => wanted.includes(input.dataset.shown) || wanted.includes(input.value)),
    }[view.dataset.when];
    view.classList.toggle("off", shown === false);
  }
}

function takeLabel(button) {
  label = button.dataset.label;
  const mark = all("mark").find((m) => m.dataset.region === chosen);
  if (mark) {
    mark.className = `region ${[...button.classList].find((name) => name.startsWith("label-"))}`;
    mark.dataset.label = label;
    mark.dataset.shown = button.dataset.shown;
  }
  draw();
}

function markSelection() {
  const selection = getSelection();
  const button = all(".lsf-label").find((b) => b.dataset.label === label);
  if (!button || selection.isCollapsed || !selection.rangeCount) return false;
  const range = selection.getRangeAt(0);
  const text = main.querySelector('[data-text="text"]');
  if (range.startContainer !== range.endContainer || range.startContainer.nodeType !== Node.TEXT_NODE) return false;
  if (!text.contains(range.startContainer)) return false;
  if (text.dataset.granularity === "word") {
    const words = range.startContainer.data;
    let [start, end] = [range.startOffset, range.endOffset];
    while (start > 0 && /\S/.test(words[start - 1])) start -= 1;
    while (end < words.length && /\S/.test(words[end])) end += 1;
    range.setStart(range.startContainer, start);
    range.setEnd(range.startContainer, end);
  }
  const mark = document.createElement("mark");
  mark.dataset.region = chosen = `made-${++made}`;
  regions[chosen] = {};
  range.surroundContents(mark);
  selection.removeAllRanges();
  takeLabel(button);
  return true;
}

main.addEventListener("click", (event) => {
  const ended = justMade;
  justMade = false;
  if (ended) return;
  const button = event.target.closest(".lsf-label");
  const mark = event.target.closest("mark");
  if (button) takeLabel(button);
  else if (event.target.closest("[data-text]") && getSelection().isCollapsed) {
    chosen = mark ? mark.dataset.region : null;
    draw();
  }
});
main.addEventListener("mouseup", (event) => { justMade = Boolean(event.target.closest("[data-text]")) && markSelection(); });
main.addEventListener("change", (event) => {
  const control = event.target.closest(".lsf-choices");
  if (control && control.dataset.single && event.target.checked) {
    for (const input of control.querySelectorAll("input")) input.checked = input === event.target;
  }
  if (control && control.dataset.ofSpan && chosen !== null) {
    const picked = Array.from(control.querySelectorAll("input:checked"), (input) => input.value);
    regions[chosen] = { ...regions[chosen], [control.dataset.control]: picked };
  }
  draw();
});
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input[type=text]")) return;
  if (event.key === "Escape") { chosen = null; draw(); return; }
  const held = [["ctrl", event.ctrlKey], ["alt", event.altKey], ["shift", event.shiftKey], ["meta", event.metaKey]];
  const key = [...held.filter(([, on]) => on).map(([name]) => name), event.key.toLowerCase()].join("+");
  const hits = all("[data-key]").filter((element) => element.dataset.key === key && element.offsetParent !== null);
  if (!hits.length) return;
  event.preventDefault();
  for (const hit of hits) hit.click();
});
draw();
