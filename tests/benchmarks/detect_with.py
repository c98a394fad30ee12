"""One tool over one set of articles, in a process of its own: `python detect_with.py TOOL FOLDER [stream]`.

Reads texts.bin and places.npy from FOLDER (loading is not timed), writes TOOL-pairs.npy and TOOL.json there: seconds,
peak memory, version, settings. With `stream` the texts are not loaded, but read as the tool asks for them, and that is
timed: a million articles would not fit into the memory that is promised. Each tool has the settings that its own
documentation gives, on word 5-grams.
"""

from __future__ import annotations

import importlib.metadata
import json
import resource
import shutil
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Pairs = list[tuple[int, int]]


class Texts(Sequence[str]):
    """The articles of a folder, each read when it is asked for: a million of them need no room."""

    def __init__(self, folder: Path) -> None:
        self.places = np.load(folder / "places.npy")
        self.file = open(folder / "texts.bin", "rb")  # noqa: SIM115 (open as long as the process)

    def __len__(self) -> int:
        return len(self.places) - 1

    def __getitem__(self, at: Any) -> Any:
        start, end = int(self.places[at]), int(self.places[at + 1])
        self.file.seek(start)
        return self.file.read(end - start).decode("utf-8")

    def __iter__(self) -> Iterator[str]:
        for at in range(len(self)):
            yield self[at]


def all_pairs(groups: Sequence[Sequence[int]]) -> Pairs:
    """Every two members of each group; of a group beyond a hundred, each with the first."""
    found = []
    for group in groups:
        heads = group[:1] if len(group) > 100 else group
        found += [(a, b) for at, a in enumerate(heads) for b in group[at + 1 :]]
    return found


def with_stancewire(texts: Sequence[str], folder: Path) -> tuple[Callable[[], Pairs], str]:
    """Groups of reprints, verified and checked against their weakest links, in one process."""
    from stancewire.reprints.groups import group_texts
    from stancewire.reprints.sketches import THREADS

    settings = f"containment >= 0.5, or less and aligned; one process, {THREADS} threads while texts are hashed"
    return lambda: all_pairs(group_texts(texts).groups), settings


def with_rensa(texts: Sequence[str], folder: Path) -> tuple[Callable[[], Pairs], str]:
    """MinHash LSH at threshold 0.5, and the candidates whose estimated Jaccard index reaches it."""
    from rensa import RMinHash, RMinHashLSH

    def shingles(text: str) -> list[str]:
        words = text.lower().split()
        return [" ".join(words[at : at + 5]) for at in range(max(1, len(words) - 4))]

    def detect() -> Pairs:
        index = RMinHashLSH(threshold=0.5, num_perm=128, num_bands=32)
        hashes = RMinHash.from_token_sets([shingles(text) for text in texts], 128, 42)
        index.insert_many(hashes)
        return [
            (a, b)
            for a, others in enumerate(index.query_all(hashes))
            for b in others
            if a < b and hashes[a].jaccard(hashes[b]) >= 0.5
        ]

    return detect, "RMinHash 128, LSH of 32 bands, threshold 0.5; one process"


def with_datatrove(texts: Sequence[str], folder: Path) -> tuple[Callable[[], Pairs], str]:
    """Its minhash pipeline with its defaults: signatures, buckets, clusters; one process."""
    from datatrove.data import Document
    from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig
    from datatrove.utils.typeshelper import Languages

    work = folder / "datatrove"
    shutil.rmtree(work, ignore_errors=True)
    config = MinhashConfig()
    documents = [Document(text=text, id=str(number)) for number, text in enumerate(texts)]

    def detect() -> Pairs:
        signature = MinhashDedupSignature(str(work / "signatures"), config, language=Languages.english)
        signature.run(documents, rank=0, world_size=1)
        buckets = MinhashDedupBuckets(str(work / "signatures"), str(work / "buckets"), config=config)
        for bucket in range(config.num_buckets):
            buckets.run(None, rank=bucket, world_size=config.num_buckets)
        cluster = MinhashDedupCluster(
            str(work / "buckets"), str(work / "clusters"), config=config, save_cluster_id=True
        )
        cluster.run(None, 0, 1)
        groups: dict[int, list[int]] = {}
        for file in sorted((work / "clusters").glob("*.clusters")):
            for document, number in struct.iter_unpack("<II", file.read_bytes()):
                groups.setdefault(number, []).append(document)
        return all_pairs([sorted(group) for group in groups.values()])

    return detect, "defaults: 5-grams, 14 buckets of 8, English words; one process"


TOOLS = {"stancewire": with_stancewire, "rensa": with_rensa, "datatrove": with_datatrove}


def main(tool: str, place: str, how: str = "") -> None:
    """Run one tool and write what it found and what it took."""
    folder = Path(place)
    texts: Sequence[str] = Texts(folder)
    if how != "stream":
        texts = list(texts)
    detect, settings = TOOLS[tool](texts, folder)
    begun, begun_cpu = time.perf_counter(), time.process_time()
    pairs = detect()
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - begun_cpu
    np.save(folder / f"{tool}-pairs.npy", np.array(pairs, dtype=np.int64).reshape(-1, 2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    told = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_bytes": peak,
        "version": importlib.metadata.version(tool),
        "settings": settings,
    }
    (folder / f"{tool}.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
