"""The benchmark of reprint detection: its articles are what they say, its scores are right, it refuses clearly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from stancewire.cli.bench import find_benchmark
from stancewire.errors import UsageError

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "benchmarks"))

from articles import KINDS, generate  # noqa: E402
from bench_reprints import missed_targets, score  # noqa: E402

from stancewire.reprints.groups import group_texts  # noqa: E402
from stancewire.reprints.pairs import Measured  # noqa: E402


def test_articles_are_the_same_for_the_same_seed_and_hash_seed() -> None:
    code = (
        "import hashlib, sys; sys.path.insert(0, 'tests/benchmarks'); from articles import generate; "
        "print(hashlib.sha256(repr(list(generate(200))).encode()).hexdigest())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


def test_kinds_are_what_they_are_called() -> None:
    articles = list(generate(2_000))
    measured = Measured.of([article.text for article in articles])
    shared: dict[str, list[tuple[float, float]]] = {}
    for number, article in enumerate(articles):
        if article.source is not None:
            source = articles[article.source]
            assert source.kind == "original"
            assert (source.story == article.story) == (article.kind != "same event")
            shared.setdefault(article.kind, []).append(measured.overlap(number, article.source))
    assert Counter({kind: len(found) for kind, found in shared.items()}) == dict.fromkeys(KINDS, 40) | {
        "same event": 100
    }
    jaccard = {kind: float(np.mean([pair[0] for pair in found])) for kind, found in shared.items()}
    containment = {kind: float(np.mean([pair[1] for pair in found])) for kind, found in shared.items()}
    assert jaccard["light"] > jaccard["medium"] > jaccard["heavy"] > max(jaccard["truncated"], jaccard["embedded"])
    assert jaccard["heavy"] < 0.65, "heavier than the seeds"
    assert min(containment["truncated"], containment["embedded"]) > 0.75
    assert 0.1 < containment["same event"] < 0.3
    assert max(pair[1] for pair in shared["same event"]) > 0.25, "hard negatives"


def test_detection_reaches_what_is_promised_on_a_small_corpus(tmp_path: Path) -> None:
    articles = list(generate(4_000, seed=7))
    found = group_texts([article.text for article in articles])
    np.savez(
        tmp_path / "truth.npz",
        story=np.array([article.story for article in articles]),
        kind=np.array([KINDS.index(article.kind) if article.kind in KINDS else -1 for article in articles]),
        source=np.array([-1 if article.source is None else article.source for article in articles]),
    )
    pairs = np.array([(a, b) for group in found.groups for a in group for b in group if a < b])
    assert missed_targets(score(pairs, tmp_path)) == []
    fewer = score(pairs[: len(pairs) // 2], tmp_path)
    assert 0.3 < fewer["recall"] < 0.7
    wrong = score(np.concatenate([pairs, [[0, 1], [1, 2], [2, 3]]]), tmp_path)
    assert wrong["precision"] == pytest.approx(len(pairs) / (len(pairs) + 3))
    assert missed_targets(fewer)


def test_the_benchmark_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    texts = [article.text for article in generate(100)]
    places = np.cumsum([0, *(len(text.encode()) for text in texts)])
    (tmp_path / "texts.bin").write_bytes("".join(texts).encode())
    np.save(tmp_path / "places.npy", places)
    script = ROOT / "tests" / "benchmarks" / "detect_with.py"
    subprocess.run([sys.executable, str(script), "stancewire", str(tmp_path)], check=True)
    told = json.loads((tmp_path / "stancewire.json").read_text(encoding="utf-8"))
    assert told["seconds"] > 0 and told["peak_bytes"] > 10_000_000
    expected = [[a, b] for group in group_texts(texts).groups for a in group for b in group if a < b]
    assert expected and np.load(tmp_path / "stancewire-pairs.npy").tolist() == expected


def test_bench_refuses_what_it_has_not(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no benchmarks at .*run this in a checkout"):
        find_benchmark(tmp_path, "reprints")
    with pytest.raises(UsageError, match=r"no benchmark 'speed'; there are: .*reprints"):
        find_benchmark(ROOT, "speed")
    assert find_benchmark(ROOT, "reprints").is_file()
