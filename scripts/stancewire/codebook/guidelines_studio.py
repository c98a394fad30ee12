"""The part of the guidelines that is the same for every corpus: how Label Studio is worked with these interfaces."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .model import Choice, Codebook
from .offers import HOLDER_KEYS

_BEFORE = """\
Do this once, in the browser you work with:

1. Sign in with the account that you were given. Its name is a pseudonym; use no other, and put your own name \
nowhere.
2. Open your project: its title ends in the pass, the round and your pseudonym. Every account sees all projects. \
**Open no other project, and no other annotator's work**: your judgement counts only if it is yours alone. For \
the same reason, do not talk about an article before both of you have submitted it.
3. Press **Label All Tasks**. It hands you one article after another; this is your work list. Do not pick \
articles from the table.
4. Below the article, open the settings (the icon with two sliders) and switch on **Select region after creating \
it**. Leave *Keep label selected after creating a region* off.
5. If the window is narrow, close the panel *Info* at the right with its arrow: it only repeats what you choose. \
Keep *Regions*: it lists your spans, and reaches one that lies under another."""

_SPANS = """\
- **A new span**: Esc, the key of the label or target, then drag over the words. Drag from the first character \
to the last; double-click takes one word. In the stance pass a drag snaps to whole words.
- **Without Esc, the key changes the span that is still selected.** If you dragged with the wrong one, press the \
right key while the span is selected.
- **The next span, same label or target**: just drag again.
- **The same words again** (another target): Ctrl+D, then the other target's key; or drag over them once more.
- **Wrong edges**: delete the selected span with Backspace and drag anew.
- **Undo**: Ctrl+Z. **Leave a span**: Esc. **Choose a span**: click its words, or its line in *Regions*.
- **Text fields**: type, then press **Enter**. Until you do, every key goes into the field, also those meant for \
labels.
- **A choice that should be empty**: press its key once more, or click its box once more."""

_SUBMIT = """\
- **Submit**: Ctrl+Enter, or the button. If something is missing, a message says what, and a span that lacks \
something is selected. Then comes the next article.
- An article without a single span is submitted like any other.
- **Skip** only what is no news article at all, and tick the flag first.
- **Your work is saved** as a draft every few seconds. An article that you have submitted can be opened again \
with the arrow at the bottom left and sent again with *Update*.
- When there are no more tasks, you are done with the pass. Tell whoever gave you the account."""


def studio_section(codebook: Codebook) -> Iterator[str]:
    """The blocks of the section, with the keys that the codebook gives."""
    yield _BEFORE
    yield "### Marking"
    yield _SPANS
    yield "### Keys"
    letters = " ".join(HOLDER_KEYS[1:-2])
    yield "\n".join(
        [
            _keys("Pass 1, label", codebook.mention_labels),
            _keys("Pass 1, kind of the selected mention", codebook.mention_kinds),
            _keys("Pass 2, target", codebook.targets),
            _keys("Pass 2, stance of the selected span", codebook.stances),
            _keys("Pass 2, attribution", codebook.attributions),
            "- Pass 2, holder: `a` author (sets the attribution, too), `g` unnamed, `h` other; the others from top to "
            f"bottom `{letters}`",
            "- Pass 2, via: Shift and the holder's key, which stands beside it",
        ]
    )
    yield "### Submitting"
    yield _SUBMIT


def _keys(title: str, choices: Iterable[Choice]) -> str:
    keys = ", ".join(f"`{choice.hotkey}` {choice.name}" for choice in choices if choice.hotkey)
    return f"- {title}: {keys}"
