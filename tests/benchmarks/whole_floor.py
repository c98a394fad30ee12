"""What stops the whole of `convert` (segments, sentences, metadata, language): its parts alone, and a profile by step.

The floor is our own text mode, and beside it what no conversion with these columns can leave out: a language detector
over the same texts, and the shortest pattern that finds ends of sentences. Each is run as a process pair of its own in
the same rounds, and so is what they need before they can begin (interpreter, lines parsed), which is then taken off.
The profile samples the processor's time of one process by the innermost step that it is in.
"""

from __future__ import annotations

import collections
import contextlib
import io
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

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
# Each step by its functions; the innermost that a sample is in counts.
STEPS = {
    "start: modules": ("_find_and_load",),
    "start: the detector's model": ("_load_model",),
    "language": ("detect_languages",),
    "lines into records: parse, hash, encode": ("Lines.take_all", "read_parcel"),
    "code points and classes of characters": ("Scan.__init__",),
    "paragraphs, and which rules could name them": ("read_all_paragraphs",),
    "naming segments": ("Namer.name_all",),
    "sentences": ("split_spans",),
    "the rest of the analysis": ("Analyser.analyse",),
    "metadata and rows": ("Line.row", "find_metadata", "Rows._analyse"),
    "parts: columns and Arrow files": ("Pieces.add", "Rows.write_part"),
    "tables: Parquet and content hash": ("EarlyTables.add", "EarlyTables.finish", "Run.make_tables", "Run.write"),
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


def profile(lines: Path, out: Path, documents: int) -> list[str]:
    """The processor's time of one conversion by step, in microseconds a document, as lines to print."""
    from stancewire.cli import main

    met: collections.Counter[str] = collections.Counter()
    by_function = {function: step for step, functions in STEPS.items() for function in functions}

    def sample(_: int, frame: FrameType | None) -> None:
        while frame is not None:
            step = by_function.get(frame.f_code.co_qualname)
            if step is not None:
                break
            frame = frame.f_back
        met[step if frame is not None and step is not None else "all else"] += 1

    shutil.rmtree(out, ignore_errors=True)
    given: list[Any] = ["convert", str(lines), "--out", str(out), "--workers", "1", "--allow-rejects", "--no-reprints"]
    before = signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, 0.002, 0.002)
    began = time.process_time()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            main(given)
        spent = time.process_time() - began
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        shutil.rmtree(out, ignore_errors=True)
    each = spent / max(1, met.total()) / documents * 1e6
    whole = f"{spent:.2f} s of processor, {spent / documents * 1e6:.0f} µs a document"
    steps = [f"  {step:45} {count * each:7.1f} µs" for step, count in met.most_common()]
    return [f"profile of the whole, 1 process: {whole}", *steps]


if __name__ == "__main__":  # in a process of its own, lest modules that are loaded already are left out
    print("\n".join(profile(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
