"""How fast a raw export becomes judgement rows, beside what else reads it, side by side in one run.

    python3 tests/benchmarks/bench_import.py [--tasks 20000] [--peer-tasks 1000] [--runs 3]

Made: an export of `--tasks` tasks x 3 annotators x 30 regions (20,000 are some 370 MB). Each run is a process of its
own, so that memory is that run's; the figure is the best of `--runs`. pandas and row-by-row jsonschema read a smaller
export, and are compared by their time a region. Exits 1 where findings differ. All peers are in the
project's own environment.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

N_ANNOTATORS, N_REGIONS = 3, 30
LABELS = ("PERSON", "GPE", "ORG", "LAW")
WORDS = ("the", "envoy", "praised", "treaty", "Kure", "Ana", "Ruiz", "met", "ministers", "keep", "alliance", "harbour")


def make_export(path: Path, n_tasks: int) -> None:
    """An export in which one region in fifty has an unknown label, lies outside or quotes other words."""
    made = random.Random(1)
    with open(path, "w", encoding="utf-8") as sink:
        for number in range(n_tasks):
            text = f"Story {number}. " + " ".join(made.choices(WORDS, k=250))
            answers = [_answer(made, text, number, who) for who in range(N_ANNOTATORS)]
            task = {"id": number, "project": 1, "data": {"text": text}, "annotations": answers, "predictions": []}
            sink.write(("," if number else "[") + json.dumps(task))
        sink.write("]")


def _answer(made: random.Random, text: str, number: int, who: int) -> dict[str, Any]:
    results = []
    for region in range(N_REGIONS):
        start = made.randrange(len(text) - 12)
        end = start + made.randrange(3, 12)
        value = {"start": start, "end": end, "text": text[start:end], "labels": [made.choice(LABELS)]}
        fault = made.randrange(150)
        if fault < 3:
            value |= ({"labels": ["PERSN"]}, {"end": len(text) + 5}, {"text": "other words"})[fault]
        results.append(
            {"id": f"{number:x}-{who}-{region}", "from_name": "mention", "to_name": "text", "type": "labels"}
            | {"origin": "manual", "value": value}
        )
    day = "2024-05-01T10:00:00.000000Z"
    about = {"id": number * 3 + who, "completed_by": {"id": who, "email": f"a{who}@example.org"}, "created_at": day}
    about |= {"updated_at": day, "lead_time": 1.5, "was_cancelled": False, "ground_truth": False}
    return about | {"result": results}


# DuckDB's columns: what a judgement needs, and nothing else.
COLUMNS = """{
    'data': 'STRUCT("text" VARCHAR)',
    'annotations': 'STRUCT(completed_by JSON, updated_at VARCHAR, lead_time DOUBLE, was_cancelled BOOLEAN,
        result STRUCT(id VARCHAR, from_name VARCHAR, "type" VARCHAR, origin VARCHAR,
        "value" STRUCT("start" BIGINT, "end" BIGINT, "text" VARCHAR, labels VARCHAR[])
    )[])[]'
}"""
LARGEST_TASK = 4 << 20
MEMORY = "320MB"


# What is measured: (seconds, findings or rows); each in a process of its own.


def _ours(path: Path, workers: int, ids: bool = True) -> tuple[float, int]:
    from stancewire.imports.columnar import read_span_batches

    begun = time.perf_counter()
    rows = sum(len(batch) for batch in read_span_batches(path, LABELS, ids, workers=workers))
    return time.perf_counter() - begun, rows


def ours(path: Path) -> tuple[float, int]:
    """Judgement rows with ids and reasons, batch by batch, in one process, as DuckDB reads an array in one thread."""
    return _ours(path, 1)


def ours_two(path: Path) -> tuple[float, int]:
    """The same by two processes; starting them is counted."""
    return _ours(path, 2)


def ours_without_ids(path: Path) -> tuple[float, int]:
    """The same without `judgement_id`, whose SHA-256 a row is the floor under the rest."""
    return _ours(path, 1, ids=False)


def ours_table(path: Path) -> tuple[float, int]:
    """The same with ids, written as Parquet, with as many processes as `import --table` takes."""
    from stancewire.imports.columnar import write_span_table

    begun = time.perf_counter()
    rows = write_span_table(path, path.with_suffix(".parquet"), LABELS).rows
    return time.perf_counter() - begun, rows


def _duckdb(path: Path, query: str) -> tuple[float, int]:
    import duckdb

    database = duckdb.connect(config={"threads": 2, "memory_limit": MEMORY})
    source = f"read_json('{path}', format = 'auto', columns = {COLUMNS}, maximum_object_size = {LARGEST_TASK})"
    begun = time.perf_counter()
    reader = database.sql(query.format(source=source)).to_arrow_reader(100_000)
    rows = sum(len(batch) for batch in reader)
    return time.perf_counter() - begun, rows


def duckdb_bare(path: Path) -> tuple[float, int]:
    """DuckDB's read_json with explicit columns, as it is: nested, nothing unnested, nothing checked."""
    return _duckdb(path, "SELECT * FROM {source}")


def duckdb_rows(path: Path) -> tuple[float, int]:
    """DuckDB's read_json with explicit columns, unnested to one flat row a region, nothing checked."""
    query = """WITH a AS (SELECT data.text AS t, unnest(annotations) AS a FROM {source}),
        r AS (SELECT t, a.completed_by AS who, a.updated_at AS day, unnest(a.result) AS r FROM a)
        SELECT who, day, r.id, r.from_name, r.origin, r.value.start, r.value.end, r.value.text,
               r.value.labels[1] AS label FROM r"""
    return _duckdb(path, query)


def pandas_normalize(path: Path) -> tuple[float, int]:
    """json.load and pandas.json_normalize down to regions."""
    import pandas as pd

    begun = time.perf_counter()
    tasks = json.loads(path.read_bytes())
    about = ["data", ["annotations", "completed_by"], ["annotations", "updated_at"]]
    regions = pd.json_normalize(tasks, ["annotations", "result"], about)  # type: ignore[arg-type]
    return time.perf_counter() - begun, len(regions)


def our_validation(path: Path) -> tuple[float, int]:
    """The checks alone, on marks already read, a batch at a time."""
    from stancewire.imports.columnar import BYTES_A_RUN, marked_spans, span_reasons
    from stancewire.label_studio.regions import span_columns
    from stancewire.label_studio.splitting import read_runs

    seconds, found = 0.0, 0
    for tasks in read_runs(path, BYTES_A_RUN):
        marked = marked_spans(span_columns(tasks))
        begun = time.perf_counter()
        reasons = span_reasons(marked, LABELS)
        seconds += time.perf_counter() - begun
        found += len(reasons) - reasons.null_count
    return seconds, found


def jsonschema_rows(path: Path) -> tuple[float, int]:
    """jsonschema a region, on regions already read; what no schema can say (slices) is one comparison more."""
    from jsonschema import Draft202012Validator

    place = {"type": "integer", "minimum": 0}
    labels = {"type": "array", "minItems": 1, "items": {"enum": list(LABELS)}}
    value = {"type": "object", "required": ["start", "end", "labels"]}
    value |= {"properties": {"start": place, "end": place, "labels": labels, "text": {"type": "string"}}}
    region_schema = {"type": "object", "required": ["id", "from_name", "to_name", "type", "value"]}
    region_schema |= {"properties": {"id": {"type": "string"}, "from_name": {"type": "string"}, "value": value}}
    validator = Draft202012Validator(region_schema)
    regions = [
        (task["data"]["text"], region)
        for task in json.loads(path.read_bytes())
        for answer in task["annotations"]
        for region in answer["result"]
    ]
    begun = time.perf_counter()
    found = 0
    for text, region in regions:
        item = region["value"]
        wrong = any(True for _ in validator.iter_errors(region))
        found += wrong or item["end"] > len(text) or text[item["start"] : item["end"]] != item["text"]
    return time.perf_counter() - begun, found


MEASURES: dict[str, Callable[[Path], tuple[float, int]]] = {
    item.__name__: item
    for item in (
        ours,
        ours_two,
        ours_without_ids,
        ours_table,
        duckdb_bare,
        duckdb_rows,
        pandas_normalize,
        our_validation,
        jsonschema_rows,
    )
}


def measure(name: str, path: Path, runs: int) -> tuple[float, int, int, float]:
    """(best seconds, rows or findings, greatest memory in MB, least CPU seconds) of one measure."""
    taken = []
    for _ in range(runs):
        command = [sys.executable, __file__, "--one", name, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        taken.append(json.loads(done.stdout))
    seconds, counts, memory, cpu = zip(*taken, strict=True)
    return min(seconds), counts[0], max(memory), min(cpu)


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", type=int, default=20_000, help="tasks of the large export")
    parser.add_argument("--peer-tasks", type=int, default=1_000, help="tasks of the export that slow peers read")
    parser.add_argument("--runs", type=int, default=3, help="the best of so many runs counts")
    parser.add_argument("--one", nargs=2, metavar=("MEASURE", "FILE"), help="measure one, print JSON (internal)")
    args = parser.parse_args()
    if args.one:
        before = _cpu()
        seconds, count = MEASURES[args.one[0]](Path(args.one[1]))
        memory = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        print(json.dumps([seconds, count, memory // 1024, _cpu() - before]))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.json", Path(folder) / "small.json"
        make_export(large, args.tasks)
        make_export(small, args.peer_tasks)
        print(f"{large.stat().st_size / 1e6:.0f} MB, {args.tasks * N_ANNOTATORS * N_REGIONS:,} regions")
        names = ("ours", "duckdb_bare", "ours_two", "ours_without_ids", "duckdb_rows", "ours_table", "our_validation")
        found = {name: measure(name, large, args.runs) for name in names}
        names = ("pandas_normalize", "jsonschema_rows", "ours", "our_validation")
        small_found = {name: measure(name, small, args.runs if name.startswith("our") else 1) for name in names}
    print(f"{'':18} {'wall':>7}    {'CPU':>7}    {'rows':>9}  memory of the greatest process")
    for listed, where in ((found, ""), (small_found, f"  ({args.peer_tasks} tasks)")):
        for name, (seconds, count, memory, cpu) in listed.items():
            print(f"{name:18} {seconds:7.2f} s  {cpu:7.2f} s  {count:9,}  {memory:5} MB{where}")
    rows, bare = found["ours"], found["duckdb_bare"]
    for name in ("ours", "ours_two", "ours_without_ids", "ours_table"):
        one = found[name]
        print(f"{name:17} / bare read_json: wall {one[0] / bare[0]:5.2f}, CPU {one[3] / bare[3]:5.2f}"
              f"  (aim: at most 2; {one[2]} MB of 500)")  # fmt: skip
    print(f"ours / read_json to rows    {rows[0] / found['duckdb_rows'][0]:6.2f}")
    normalize = small_found["pandas_normalize"][0] / small_found["ours"][0]
    print(f"json_normalize / ours       {normalize:6.1f}  (aim: at least 8; the same {args.peer_tasks} tasks)")
    checks = small_found["jsonschema_rows"][0] / small_found["our_validation"][0]
    print(f"jsonschema / our validation {checks:6.0f}  (aim: at least 250; the same {args.peer_tasks} tasks)")
    same = small_found["jsonschema_rows"][1] == small_found["our_validation"][1]
    print("same findings" if same else "findings differ")
    return 0 if same else 1


def _cpu() -> float:
    """CPU seconds of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    sys.exit(main())
