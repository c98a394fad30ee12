"""`stancewire bench reprints`: reprint detection on generated articles with known truth, beside its peers.

Every tool gets the same articles, in one run, each in a process of its own; loading is not timed. Prints recall by
kind, precision, articles a second, peak memory, and our speed as a multiple of each peer's: by the clock, in which ours
hashes in two threads and the peers use what they use, and by seconds of CPU, in which threads gain nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from articles import KINDS, generate

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLACE = ROOT / ".studio" / "bench"
PEERS = {"rensa": 3, "datatrove": 30}  # how many times their articles a second are promised
CLOCKS = ("seconds", "cpu_seconds")
SEED = 1
SLOW = 30  # seconds beyond which a tool runs once
LOADED = 200_000  # in a run that has more articles, ours are read from disk while they are timed, at all its sizes


def peers_python() -> str:
    """The Python that the peers are installed for; `run.py` makes its environment from peers.lock."""
    spec = importlib.util.spec_from_file_location("stancewire_run", ROOT / "scripts" / "run.py")
    assert spec is not None and spec.loader is not None
    setup = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(setup)
    return str(setup.ensure_environment(PLACE / "peers", HERE / "peers.lock"))


def write_articles(count: int) -> Path:
    """The folder with so many articles, made once: texts.bin, places.npy, truth.npz."""
    folder = PLACE / f"articles-{count}"
    made_by = (HERE / "articles.py").read_text(encoding="utf-8")
    stamp = folder / "made_by.txt"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == made_by:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    places, stories, kinds, sources = [0], [], [], []
    with open(folder / "texts.bin", "wb") as file:
        for article in generate(count, SEED):
            places.append(places[-1] + file.write(article.text.encode("utf-8")))
            stories.append(article.story)
            kinds.append(KINDS.index(article.kind) if article.kind in KINDS else -1)
            sources.append(-1 if article.source is None else article.source)
    np.save(folder / "places.npy", np.array(places))
    np.savez(folder / "truth.npz", story=np.array(stories), kind=np.array(kinds), source=np.array(sources))
    stamp.write_text(made_by, encoding="utf-8")
    return folder


def measure(tool: str, folder: Path, python: str, stream: bool = False) -> dict[str, Any]:
    """Run one tool in a process of its own, and hold what it found against the truth."""
    for old in (folder / f"{tool}.json", folder / f"{tool}-pairs.npy"):
        old.unlink(missing_ok=True)
    environ = {**os.environ, "PYTHONPATH": ""}
    command = [python, str(HERE / "detect_with.py"), tool, str(folder), *(["stream"] if stream else [])]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"bench reprints: {tool} failed on {folder.name}:\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads((folder / f"{tool}.json").read_text(encoding="utf-8"))
    return told | score(np.load(folder / f"{tool}-pairs.npy"), folder)


def score(pairs: np.ndarray[Any, Any], folder: Path) -> dict[str, Any]:
    """Recall over (reprint, original) by kind, and the share of reported pairs that tell one story."""
    truth = np.load(folder / "truth.npz")
    story, kind, source = truth["story"], truth["kind"], truth["source"]
    found = set(map(tuple, np.sort(pairs, axis=1).tolist()))
    n_of: Counter[int] = Counter()
    hits: Counter[int] = Counter()
    for number in np.flatnonzero(kind >= 0).tolist():
        pair = min(number, int(source[number])), max(number, int(source[number]))
        n_of[int(kind[number])] += 1
        hits[int(kind[number])] += pair in found
    right = int(np.count_nonzero(story[pairs[:, 0]] == story[pairs[:, 1]]))
    return {
        "documents": len(story),
        "recall": sum(hits.values()) / max(1, sum(n_of.values())),
        "recall_by_kind": {KINDS[n]: hits[n] / n_of[n] for n in sorted(n_of)},
        "precision": right / len(pairs) if len(pairs) else None,
    }


def line(tool: str, told: dict[str, Any]) -> str:
    """One tool's row."""
    kinds = " ".join(f"{told['recall_by_kind'].get(kind, 0):9.4f}" for kind in KINDS)
    precision = "       -" if told["precision"] is None else f"{told['precision']:8.4f}"
    return (
        f"{tool:<11} {told['seconds']:8.1f} {told['cpu_seconds']:8.1f} {told['documents'] / told['seconds']:10,.0f} "
        f"{told['peak_bytes'] / 1e9:7.2f} {told['recall']:8.4f} {kinds} {precision}"
    )


def report(results: dict[str, dict[str, Any]]) -> list[str]:
    """The table of one size, and the ratios."""
    count = next(iter(results.values()))["documents"]
    head = f"{'':<11} {'seconds':>8} {'of CPU':>8} {'articles/s':>10} {'peak GB':>7} {'recall':>8} "
    lines = [f"{count:,} articles", head + " ".join(f"{kind:>9}" for kind in KINDS) + f" {'precision':>9}"]
    lines += [line(tool, told) for tool, told in results.items()]
    lines += [f"{tool} {told['version']}: {told['settings']}" for tool, told in results.items()]
    ours = results["stancewire"]
    for peer in PEERS:
        if peer in results:
            wall, cpu = (results[peer][clock] / ours[clock] for clock in CLOCKS)
            lines.append(f"articles a second, against {peer}: {wall:.1f} times; by seconds of CPU {cpu:.1f} times")
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where a target of recall, precision or speed is missed."""
    parser = argparse.ArgumentParser(prog="stancewire bench reprints", description=__doc__)
    parser.add_argument("--sizes", metavar="N", type=int, nargs="+", default=[20_000], help="articles (default: 20000)")
    parser.add_argument("--peers", metavar="TOOL", nargs="*", choices=[*PEERS], default=[*PEERS], help="default: all")
    parser.add_argument("--turns", metavar="N", type=int, default=3, help="runs of each quick tool (default: 3)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args(arguments)
    pythons = {"stancewire": sys.executable, **dict.fromkeys(args.peers, peers_python() if args.peers else "")}
    stream = max(args.sizes) > LOADED
    every = []
    for size in args.sizes:
        folder = write_articles(size)
        results: dict[str, dict[str, Any]] = {}
        for turn in range(args.turns):  # the best of each counts: other work comes and goes
            for tool in ("stancewire", *args.peers):
                if turn and tool in results and results[tool]["seconds"] > SLOW:
                    continue
                told = measure(tool, folder, pythons[tool], stream and tool == "stancewire")
                before = results.get(tool, told)
                results[tool] = told | {clock: min(before[clock], told[clock]) for clock in CLOCKS}
        every.append(results)
        if not args.json:
            print("\n".join(report(results)), flush=True)
    seconds = {results["stancewire"]["documents"]: results["stancewire"]["seconds"] for results in every}
    growth = [(large, small, seconds[large] / seconds[small]) for small, large in pairwise(args.sizes)]
    if args.json:
        print(json.dumps(every))
    else:
        for large, small, times in growth:
            print(f"{large:,} articles take {times:.1f} times as long as {small:,}")
    missed = [
        f"{results['stancewire']['documents']:,}: {what}"
        for results in every
        for what in (*missed_targets(results["stancewire"]), *missed_speeds(results))
    ]
    for what in missed:
        print(f"bench reprints: missed at {what}", file=sys.stderr)
    return 1 if missed else 0


def missed_targets(told: dict[str, Any]) -> list[str]:
    """Which figures are below what is promised."""
    found = [] if told["recall"] >= 0.99 else [f"recall {told['recall']:.4f}, promised 0.99"]
    for kind, recall in told["recall_by_kind"].items():
        if recall < 0.97:
            found.append(f"recall of {kind} {recall:.4f}, promised 0.97")
    if told["precision"] is None or told["precision"] < 0.98:
        found.append(f"precision {told['precision']}, promised 0.98")
    return found


def missed_speeds(results: dict[str, dict[str, Any]]) -> list[str]:
    """Which peers were not beaten by as much as is promised."""
    seconds = {tool: told["seconds"] for tool, told in results.items()}
    ratios = {peer: seconds[peer] / seconds["stancewire"] for peer in PEERS if peer in seconds}
    slow = {peer: times for peer, times in ratios.items() if times < PEERS[peer]}
    return [f"{times:.1f} times {peer}, promised {PEERS[peer]}" for peer, times in slow.items()]


if __name__ == "__main__":
    sys.exit(main())
