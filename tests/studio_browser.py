"""A real annotator's hands: what tests do in Label Studio's pages, in a real Chromium.

Offsets are half-open code points of the task's text, as everywhere; the page counts UTF-16 units, and `select_text`
reckons with that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from playwright.sync_api import Page, sync_playwright

from stancewire.label_studio.screenshots import ARGUMENTS, TEXT, WINDOW, open_label_stream, sign_in

__all__ = [
    "answer_document",
    "browser_page",
    "click_text",
    "open_label_stream",
    "press",
    "select_text",
    "sign_in",
    "submit",
    "type_into",
]

# The box of one code point of an element's text, in the window: [left, top, right, bottom]. A line break is a <br>, one
# code point without a width. The page scrolls so that the code point is in sight.
_BOX = """
(root, point) => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  let passed = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.nodeName === "BR") { passed += 1; continue; }
    if (node.nodeType !== Node.TEXT_NODE) continue;
    const points = Array.from(node.data);
    if (point < passed + points.length) {
      const unit = points.slice(0, point - passed).join("").length;
      const range = document.createRange();
      range.setStart(node, unit);
      range.setEnd(node, unit + points[point - passed].length);
      let box = range.getBoundingClientRect();
      if (box.top < 170 || box.bottom > innerHeight - 90) {
        node.parentElement.scrollIntoView({ block: "center" });
        box = range.getBoundingClientRect();
      }
      return [box.left, box.top, box.right, box.bottom];
    }
    passed += points.length;
  }
  return null;
}
"""


@contextlib.contextmanager
def browser_page(chromium: str) -> Iterator[Page]:
    """A page of a fresh Chromium, given by its path."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        try:
            yield browser.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]})
        finally:
            browser.close()


def select_text(page: Page, start: int, end: int) -> None:
    """Drag with the mouse from the first to the last code point of [start, end) of the task's text."""
    text = page.locator(TEXT).first
    text.evaluate(_BOX, end - 1)  # bring it into sight: dragging does not scroll
    first = text.evaluate(_BOX, start)
    last = text.evaluate(_BOX, end - 1)
    assert first and last, f"[{start}, {end}) is outside the task's text"
    inset = 0.1  # a drag that begins on the very edge may begin in the character before
    page.mouse.move(first[0] + inset * (first[2] - first[0]), (first[1] + first[3]) / 2)
    page.mouse.down()
    page.mouse.move((first[0] + last[2]) / 2, (last[1] + last[3]) / 2, steps=4)
    page.mouse.move(last[2] - inset * (last[2] - last[0]), (last[1] + last[3]) / 2, steps=4)
    page.mouse.up()
    page.wait_for_timeout(150)


def click_text(page: Page, point: int) -> None:
    """Click on one code point of the task's text: what is marked there is chosen."""
    box = page.locator(TEXT).first.evaluate(_BOX, point)
    assert box, f"{point} is outside the task's text"
    page.mouse.click((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    page.wait_for_timeout(300)


def press(page: Page, *keys: str) -> None:
    """Press keys one after another, as Playwright names them: "1", "q", "Shift+X", "Escape"."""
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(100)


def answer_document(page: Page, target_id: str, stance: str) -> None:
    """Answer the whole article's stance on one target in the grid."""
    page.locator(f".row-{target_id} label", has=page.locator(f"input[name='{stance}']")).click()


def type_into(page: Page, control: str, words: str) -> None:
    """Type into a text field and press Enter, which takes the words and gives the keyboard back."""
    page.fill(f"input[name='{control}']", words)
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)


def submit(page: Page, expect: str | None = None) -> bool:
    """Submit with the keyboard and wait until the server has taken it.

    Args:
        expect: the message about something missing that must stop it; it is then closed, and the answer is False.
    """
    if expect is not None:
        page.keyboard.press("Control+Enter")
        page.get_by_text(expect).wait_for()
        page.locator(".ant-modal button").first.click()
        page.locator(".ant-modal").wait_for(state="hidden")
        return False
    with page.expect_response(lambda r: r.request.method == "POST" and "/annotations" in r.url) as answer:
        page.keyboard.press("Control+Enter")
    assert answer.value.ok, answer.value.text()
    return True
