"""`convert` beside what a researcher would use instead, on the same made-up articles.

    python tests/benchmarks/bench_convert.py [--documents 100000] [--rounds 3]
    python tests/benchmarks/bench_convert.py --growth [10000,100000,1000000] [--rounds 1]

Each competitor runs in a process of its own, from start to end, in interleaved rounds; the table shows medians and
ratios of medians. The floor is the least that has to be done in Python: read, parse, make the two hashes of a record,
write Parquet (zstd 3); without ids, counts, checks, manifest or one file in order: of two processes, each writes its
own. What our rows have above it is ours. Beside each ratio that was asked for stands that of the floor, and below them
the processor seconds of our own ways by step (`profile_convert.py`): what would have to go faster. Memory is the most
that a process and its children held at once (Linux: PSS, shared pages counted once). `--growth` measures our own ways
alone at several sizes: seconds for 1,000 documents must not rise, and memory must stay bounded.

polars, pandas and datatrove are installed below `.studio/bench`, and nowhere else. Seconds depend on how busy the
machine is: only figures of one run compare.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import news_files
import whole_floor
from news_files import write_files, write_json_lines
from processes import Competitor, environment, measure

ROOT = Path(__file__).parents[2]
BENCH = ROOT / ".studio" / "bench"
PEERS = ("polars>=1.30", "pandas>=2.2", "pyarrow>=17", "datatrove>=0.5", "orjson")

POLARS = """
import sys, polars
polars.scan_ndjson(sys.argv[1] + "/*.jsonl").sink_parquet(sys.argv[2], compression="zstd", compression_level=3)
"""
PANDAS = """
import sys, glob, pandas
frames = [pandas.read_json(path, lines=True) for path in sorted(glob.glob(sys.argv[1] + "/*.jsonl"))]
pandas.concat(frames).to_parquet(sys.argv[2], compression="zstd", compression_level=3)
"""
DATATROVE = """
import sys
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import ParquetWriter

if __name__ == "__main__":
    steps = [JsonlReader(sys.argv[1], glob_pattern="*.jsonl"), ParquetWriter(sys.argv[2], compression="zstd")]
    LocalPipelineExecutor(pipeline=steps, tasks=2, workers=2, logging_dir=sys.argv[2] + "-logs").run()
"""
FLOOR = """
import glob, hashlib, os, sys
import msgspec, numpy, pyarrow, pyarrow.parquet

def convert(path, out):
    names = ("id", "title", "date", "outlet", "url", "text")
    decode = msgspec.json.Decoder(msgspec.defstruct("Line", [(name, str) for name in names])).decode
    values, texts, raws, hashes = [], [], [], []
    with open(path, "rb") as source:
        for line in source:
            record = decode(line)
            text = record.text.encode()
            texts.append(text)
            raws.append(hashlib.sha256(line).hexdigest())
            hashes.append(hashlib.sha256(text).hexdigest())
            values.append((record.id, record.title, record.date, record.outlet, record.url))
    columns = dict(zip(names, map(list, zip(*values))))
    offsets = numpy.zeros(len(texts) + 1, numpy.int64)
    numpy.cumsum(numpy.fromiter(map(len, texts), numpy.int64), out=offsets[1:])
    buffers = pyarrow.py_buffer(offsets), pyarrow.py_buffer(b"".join(texts))
    columns["text"] = pyarrow.LargeStringArray.from_buffers(len(texts), *buffers)
    table = pyarrow.table({**columns, "raw_sha256": raws, "text_sha256": hashes})
    pyarrow.parquet.write_table(table, out, compression="zstd", compression_level=3, row_group_size=65536)

os.makedirs(sys.argv[2])
jobs = [(path, f"{sys.argv[2]}/{number}.parquet") for number, path in enumerate(sorted(glob.glob(sys.argv[1] + "/*")))]
children = []
for job in jobs:
    if int(sys.argv[3]) > 1:
        child = os.fork()
        if child:
            children.append(child)
            continue
    convert(*job)
    if int(sys.argv[3]) > 1:
        os._exit(0)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""
# The same for small files: list, ask for size and times, open, read, close, decode (without a detector), hash, write.
FLOOR_FILES = """
import hashlib, os, sys
import numpy, pyarrow, pyarrow.parquet

def convert(folders, out):
    names, texts, raws, hashes, lengths = [], [], [], [], []
    for folder in folders:
        for name in sorted(os.listdir(folder)):
            path = folder + "/" + name
            size = os.stat(path).st_size
            handle = os.open(path, os.O_RDONLY)
            raw = os.read(handle, size + 1)
            os.close(handle)
            text = raw
            try:
                decoded = raw.decode()
            except UnicodeDecodeError:
                decoded = raw.decode("utf-16" if raw[:2] in (b"\\xff\\xfe", b"\\xfe\\xff") else "latin-1")
                text = decoded.encode()
            names.append(path)
            texts.append(text)
            raws.append(hashlib.sha256(raw).hexdigest())
            hashes.append(raws[-1] if text is raw else hashlib.sha256(text).hexdigest())
            lengths.append(len(decoded))
    offsets = numpy.zeros(len(texts) + 1, numpy.int64)
    numpy.cumsum(numpy.fromiter(map(len, texts), numpy.int64), out=offsets[1:])
    buffers = pyarrow.py_buffer(offsets), pyarrow.py_buffer(b"".join(texts))
    text = pyarrow.LargeStringArray.from_buffers(len(texts), *buffers)
    columns = {"id": names, "n_chars": lengths, "text": text, "raw_sha256": raws, "text_sha256": hashes}
    pyarrow.parquet.write_table(pyarrow.table(columns), out, compression="zstd", compression_level=3)

os.makedirs(sys.argv[2])
folders = sorted(entry.path for entry in os.scandir(sys.argv[1]))
half = len(folders) // 2
child = os.fork()
convert(folders[:half] if child else folders[half:], f"{sys.argv[2]}/{child and 1}.parquet")
if not child:
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
"""
# A plain loop over files that makes what `--fields text` makes: text, hashes, title, counts.
LOOP = """
import hashlib, pathlib, sys
import pyarrow, pyarrow.parquet
rows = []
root = pathlib.Path(sys.argv[1])
for path in sorted(root.rglob("*.txt")):
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-16" if raw[:2] in (b"\\xff\\xfe", b"\\xfe\\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252")
    text = text.replace("\\r\\n", "\\n").replace("\\r", "\\n")
    rows.append({
        "doc_id": str(path.relative_to(root).with_suffix("")), "source_path": str(path.relative_to(root)),
        "title": text.partition("\\n")[0], "text": text, "n_chars": len(text), "n_words": len(text.split()),
        "raw_sha256": hashlib.sha256(raw).hexdigest(), "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
    })
table = pyarrow.Table.from_pylist(rows)
pyarrow.parquet.write_table(table, sys.argv[2], compression="zstd", compression_level=3)
"""


def peers_python() -> Path:
    """The interpreter of the peers' own environment, made when it is not there."""
    folder = BENCH / "convert-peers"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "installed.txt"
    if not stamp.is_file() or stamp.read_text() != "\n".join(PEERS):
        print(f"installing {', '.join(PEERS)} into {folder.relative_to(ROOT)}", file=sys.stderr)
        venv.create(folder, clear=True, symlinks=os.name != "nt", with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
        stamp.write_text("\n".join(PEERS))
    return python


def made_mark(folder: Path, what: str, count: int) -> Path:
    """The file that says that articles are made, by the generator as it is now: others are made anew."""
    generator = sha256(Path(news_files.__file__).read_bytes()).hexdigest()[:8]
    return folder / f"made-{what}-{count}-{generator}"


def make_lines(folder: Path, count: int) -> Path:
    """JSON lines in two files, since datatrove shares out files."""
    lines = folder / f"jsonl-{count}"
    if not (mark := made_mark(folder, "lines", count)).is_file():
        print(f"making {count} articles in {lines.relative_to(ROOT)}", file=sys.stderr)
        write_json_lines(lines / "a.jsonl", count // 2)
        write_json_lines(lines / "b.jsonl", count - count // 2, first=count // 2)
        mark.touch()
    return lines


def make_files(folder: Path, count: int) -> Path:
    """The same articles as text files."""
    files = folder / f"files-{count}"
    if not (mark := made_mark(folder, "files", count)).is_file():
        print(f"making {count} articles in {files.relative_to(ROOT)}", file=sys.stderr)
        write_files(files, count)
        mark.touch()
    return files


def own_command(source: Path, out: Path, workers: int, *options: str) -> list[str]:
    """`stancewire convert` from start to end."""
    command = [sys.executable, "-m", "stancewire", "convert", str(source), "--out", str(out)]
    return [*command, "--workers", str(workers), "--allow-rejects", *options]


def competitors(lines: Path, files: Path, out: Path, scripts: Path) -> dict[str, Competitor]:
    """All of them by a short key; each writes below `out` under its key."""
    python = str(peers_python())
    scripts.mkdir(parents=True, exist_ok=True)
    found = {}

    def peer(key: str, name: str, code: str, interpreter: str, source: Path, *more: str) -> None:
        path = scripts / f"run_{key}.py"  # not `polars.py`, which would be imported
        path.write_text(code)
        found[key] = Competitor(name, [interpreter, str(path), str(source), str(out / key), *more])

    def ours(key: str, name: str, source: Path, workers: int, *options: str) -> None:
        found[key] = Competitor(name, own_command(source, out / key, workers, *options))

    peer("polars", "polars scan_ndjson.sink_parquet", POLARS, python, lines)
    peer("pandas", "pandas read_json, to_parquet", PANDAS, python, lines)
    peer("datatrove", "datatrove plain copy, 2 workers", DATATROVE, python, lines)
    peer("floor1", "floor: parse, hash, write; 1 process", FLOOR, sys.executable, lines, "1")
    if hasattr(os, "fork"):
        peer("floor2", "floor: parse, hash, write; 2 processes", FLOOR, sys.executable, lines, "2")
    ours("text1", "convert --fields text, 1 worker", lines, 1, "--fields", "text")
    ours("text2", "convert --fields text, 2 workers", lines, 2, "--fields", "text")
    ours("all1", "convert --no-reprints, 1 worker", lines, 1, "--no-reprints")
    ours("all2", "convert --no-reprints, 2 workers", lines, 2, "--no-reprints")
    whole_floor.add_competitors(peer, sys.executable, lines)
    peer("loop", "plain read loop over files", LOOP, sys.executable, files)
    if hasattr(os, "fork"):
        peer("floor-files", "floor: list, read, hash, write; 2 processes", FLOOR_FILES, sys.executable, files)
    ours("files2", "convert --fields text, 2 workers, files", files, 2, "--fields", "text")
    return found


@dataclass(frozen=True)
class Target:
    """A ratio of medians, what was asked of it, and what stands for its floor: another ratio."""

    ours: str
    other: str
    at_most: float
    floor: tuple[str, str] | None = None


TARGETS = (
    Target("text2", "polars", 1.3, ("floor2", "polars")),
    Target("text2", "pandas", 0.4, ("floor2", "pandas")),
    Target("text2", "datatrove", 0.25, ("floor2", "datatrove")),
    Target("all2", "datatrove", 1.0, ("text2", "datatrove")),
    Target("files2", "loop", 1 / 1.5, ("floor-files", "loop")),
    Target("text2", "text1", 1 / 1.7, ("floor2", "floor1")),
    Target("all2", "all1", 1 / 1.7, ("floor2", "floor1")),
)
PROFILES = (("text2", "convert --fields text", ("--fields", "text")), ("all2", "convert", ("--no-reprints",)))


def ratio(found: dict[str, Competitor], a: str, b: str) -> float | None:
    """Of the medians of two; None where one was not measured."""
    return found[a].median / found[b].median if a in found and b in found else None


def ratios(found: dict[str, Competitor]) -> Iterator[dict[str, object]]:
    """What was asked, what is, and the floor, for all that was measured."""
    for target in TARGETS:
        reached = ratio(found, target.ours, target.other)
        if reached is not None:
            about = {"ours": found[target.ours].name, "other": found[target.other].name, "ratio": reached}
            floor = target.floor and ratio(found, *target.floor)
            floor_is = found[target.floor[0]].name if target.floor and floor is not None else None
            asked = {"at_most": target.at_most, "met": reached <= target.at_most}
            yield {**about, **asked, "floor": floor, "floor_is": floor_is}


def profile(lines: Path, out: Path, options: tuple[str, ...]) -> dict[str, float]:
    """Processor seconds of one of our ways by step, in a run of its own."""
    script = Path(__file__).with_name("profile_convert.py")
    command = [sys.executable, str(script), str(lines), "--out", str(out), "--allow-rejects", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environment(), check=True, text=True)
    shutil.rmtree(out)
    seconds: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def main() -> int:
    """Measure, print seconds, memory and ratios; exit 0 whatever they are, for they are figures and not a test."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000, help="articles (default: 100,000)")
    parser.add_argument("--rounds", type=int, help="interleaved rounds (default: 3, with --growth 1)")
    parser.add_argument(
        "--growth",
        metavar="N,...",
        nargs="?",
        const="10000,100000,1000000",
        help="our own ways alone at these sizes (default: 10000,100000,1000000)",
    )
    parser.add_argument("--only", metavar="KEY,...", help="only these competitors, e.g. polars,text2")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    work = BENCH / "convert"
    work.mkdir(parents=True, exist_ok=True)
    out = work / "out"
    out.mkdir(exist_ok=True)
    if args.growth:
        return measure_growth(work, out, [int(count) for count in args.growth.split(",")], args.rounds or 1, args.json)
    lines, files = make_lines(work, args.documents), make_files(work, args.documents)
    found = competitors(lines, files, out, work / "scripts")
    if args.only:
        found = {key: found[key] for key in args.only.split(",")}
    args.rounds = args.rounds or 3
    # The peers' modules were compiled when they were installed.
    compileall.compile_dir(ROOT / "scripts" / "stancewire", quiet=1)
    for number in range(args.rounds):
        for key, competitor in found.items():
            measure(competitor, out / key)
            print(f"round {number + 1}: {competitor.name} {competitor.seconds[-1]:.2f} s", file=sys.stderr)
    about_whole = whole_floor.describe({key: competitor.median for key, competitor in found.items()})
    compared = list(ratios(found))
    profiles = {what: profile(lines, out / "profile", options) for key, what, options in PROFILES if key in found}
    shutil.rmtree(out)
    if args.json:
        measured = {key: {"seconds": c.seconds, "peak_bytes": c.peak} for key, c in found.items()}
        data = {"documents": args.documents, "measured": measured, "ratios": compared, "profiles": profiles}
        data["floor of the whole"] = about_whole
        print(json.dumps(data, indent=1))
        return 0
    print(f"{args.documents} articles, {args.rounds} rounds, {os.cpu_count()} processors")
    for competitor in found.values():
        print(f"  {competitor.name:47} {competitor.median:8.2f} s   {competitor.peak / 2**20:7.0f} MB")
    print("ratios of medians")
    for item in compared:
        print(f"  {item['ours']} / {item['other']}")
        floor = "" if item["floor"] is None else f"; floor {item['floor']:.2f} ({item['floor_is']})"
        verdict = "met" if item["met"] else "NOT met"
        print(f"    {item['ratio']:.2f}, asked at most {item['at_most']:.2f}: {verdict}{floor}")
    for what, steps in profiles.items():
        print(f"{what}, 1 worker: {sum(steps.values()):.2f} s of the processor, of which")
        for step, seconds in steps.items():
            print(f"  {step:42} {seconds:8.2f} s   {seconds / sum(steps.values()):7.0%}")
    print("\n".join(about_whole))
    return 0


GROWTH = (("text", ("--fields", "text")), ("all", ("--no-reprints",)))


def measure_growth(work: Path, out: Path, counts: list[int], rounds: int, as_json: bool) -> int:
    """Our own ways with 2 workers at several sizes: does the time grow faster than the documents, or memory at all?"""
    found: dict[str, dict[int, Competitor]] = {}
    for count in counts:
        lines = make_lines(work, count)
        for key, options in GROWTH:
            command = own_command(lines, out / key, 2, *options)
            competitor = Competitor(f"convert {' '.join(options)}, 2 workers", command)
            found.setdefault(key, {})[count] = competitor
            for number in range(rounds):
                measure(competitor, out / key)
                print(f"round {number + 1}: {count} {key} {competitor.seconds[-1]:.2f} s", file=sys.stderr)
            shutil.rmtree(out / key)
    if as_json:
        measured = {
            key: {count: {"seconds": c.seconds, "peak_bytes": c.peak} for count, c in sizes.items()}
            for key, sizes in found.items()
        }
        print(json.dumps({"growth": measured}, indent=1))
        return 0
    print(f"growth, {rounds} rounds, {os.cpu_count()} processors")
    for sizes in found.values():
        print(f"  {next(iter(sizes.values())).name}")
        before: float | None = None
        for count, competitor in sizes.items():
            each = competitor.median / count
            grew = "" if before is None else f"   {each / before:.2f} times the seconds a document of the size before"
            print(
                f"    {count:>9} documents {competitor.median:9.2f} s {each * 1000:8.4f} s for 1,000"
                f" {competitor.peak / 2**20:7.0f} MB{grew}"
            )
            before = each
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
