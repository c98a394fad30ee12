"""What stops the whole of `convert` (segments, sentences, metadata, language): the parts that it cannot do without.

The floor is our own text mode, and beside it what no conversion with these columns can leave out: a language detector
over the same texts, and the shortest pattern that finds ends of sentences. Each is run as a process pair of its own in
the same rounds, and so is what they need before they can begin (interpreter, lines parsed), which is then taken off.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

ALONE = """
import glob, os, re, sys
import msgspec

def work(path):
    decode = msgspec.json.Decoder(msgspec.defstruct("Line", [("text", str)])).decode
    with open(path, "rb") as source:
        texts = [decode(line).text for line in source]
    if sys.argv[3] == "language":
        from stancewire.text.language import detect_languages
        detect_languages(texts)
    elif sys.argv[3] == "sentences":
        ends = re.compile("[.!?…][\\"'”’)]*\\\\s+(?=[A-Z“\\"])")
        for text in texts:
            [match.end() for match in ends.finditer(text)]

children = []
for path in sorted(glob.glob(sys.argv[1] + "/*")):
    child = os.fork()
    if not child:
        work(path)
        os._exit(0)
    children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""
KINDS = {
    "parse2": "parse the lines alone, 2 processes",
    "language2": "the same, and the language detector",
    "sentences2": "the same, and ends of sentences by one pattern",
}


def add_competitors(peer: Callable[..., None], python: str, lines: Path) -> None:
    """What each part takes alone, as competitors of the benchmark."""
    if hasattr(os, "fork"):
        for key, name in KINDS.items():
            peer(key, name, ALONE, python, lines, key.removesuffix("2"))


def describe(seconds: Mapping[str, float]) -> list[str]:
    """The floor, and how far it and we are from the peer; nothing where one of them was not run.

    Args:
        seconds: medians by key.
    """
    if not {*KINDS, "text2", "all2", "datatrove"} <= seconds.keys():
        return []
    parts = {key: max(0.0, seconds[key] - seconds["parse2"]) for key in ("language2", "sentences2")}
    floor = seconds["text2"] + sum(parts.values())
    return [
        f"floor of the whole: {floor:.2f} s = text mode {seconds['text2']:.2f} + language {parts['language2']:.2f}"
        f" + ends of sentences {parts['sentences2']:.2f}",
        f"  the floor / datatrove: {floor / seconds['datatrove']:.2f}; the whole / the floor:"
        f" {seconds['all2'] / floor:.2f}",
    ]
