"""How fast a raw export becomes judgement rows, beside what else reads it, side by side in one run.

    python3 tests/benchmarks/bench_import.py [--tasks 20000] [--peer-tasks 4000] [--runs 3]

Made: an export of `--tasks` tasks x 3 annotators x 30 regions (20,000 are some 370 MB). Each run is a process of its
own; the figure is the best of `--runs`. Memory is what it and its children hold together (PSS), where the system says.
pandas and row-by-row jsonschema read a smaller export, ours beside them. Two ways are measured: the quick one
(`import --table`: one flat table of labelled spans) and the ordinary one (`import`: stored exports, then the tables of
judgements; the texts are in the corpus already). Floors: the file cut and decoded and nothing else; the same and a
SHA-256 a region. Exits 1 where findings differ. All peers are in the project's own environment.
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


def make_export(path: Path, n_tasks: int, unknown: str = "PERSN") -> None:
    """An export in which one region in fifty has an unknown label, lies outside or quotes other words.

    Args:
        unknown: the label; an import into a project needs one that its codebook knows.
    """
    made = random.Random(1)
    with open(path, "w", encoding="utf-8") as sink:
        for number in range(n_tasks):
            text = f"Story {number}. " + " ".join(made.choices(WORDS, k=250))
            answers = [_answer(made, text, number, who, unknown) for who in range(N_ANNOTATORS)]
            task = {"id": number, "project": 1, "data": {"text": text}, "annotations": answers, "predictions": []}
            sink.write(("," if number else "[") + json.dumps(task))
        sink.write("]")


def _answer(made: random.Random, text: str, number: int, who: int, unknown: str) -> dict[str, Any]:
    results = []
    for region in range(N_REGIONS):
        start = made.randrange(len(text) - 12)
        end = start + made.randrange(3, 12)
        value = {"start": start, "end": end, "text": text[start:end], "labels": [made.choice(LABELS)]}
        fault = made.randrange(150)
        if fault < 3:
            value |= ({"labels": [unknown]}, {"end": len(text) + 5}, {"text": "other words"})[fault]
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
    from stancewire.engine import leave_out_pandas
    from stancewire.imports.columnar import read_span_batches

    leave_out_pandas()  # as the command does
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
    from stancewire.engine import leave_out_pandas
    from stancewire.imports.columnar import write_span_table

    leave_out_pandas()
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


def floor_parse(path: Path) -> tuple[float, int]:
    """The least that anything in one process needs: the file cut into tasks and each decoded, only what spans need."""
    from stancewire.imports.columnar import BYTES_A_RUN
    from stancewire.label_studio import regions
    from stancewire.label_studio.splitting import read_runs

    begun = time.perf_counter()
    rows = 0
    for run in read_runs(path, BYTES_A_RUN):
        for _, data in run.objects():
            rows += sum(len(answer.result or ()) for answer in regions._DECODER.decode(data).annotations or ())
    return time.perf_counter() - begun, rows


def floor_ids(path: Path) -> tuple[float, int]:
    """The same, and a SHA-256 a region, of a key that is there already."""
    import hashlib

    seconds, rows = floor_parse(path)
    keys = [f"{number:080}".encode() for number in range(20_000)]
    begun = time.perf_counter()
    for first in range(0, rows, len(keys)):
        for made in map(hashlib.sha256, keys[: rows - first]):
            made.digest()
    return seconds + time.perf_counter() - begun, rows


def pandas_normalize(path: Path) -> tuple[float, int]:
    """json.load and pandas.json_normalize down to regions, with the columns that ours have but no ids and no checks."""
    import pandas as pd

    begun = time.perf_counter()
    tasks = json.loads(path.read_bytes())
    about = ["id", "data", *(["annotations", name] for name in ("completed_by", "updated_at", "lead_time"))]
    regions = pd.json_normalize(tasks, ["annotations", "result"], about, record_prefix="region.")  # type: ignore[arg-type]
    regions["task_text"] = regions["data"].str["text"]
    regions["annotator"] = regions["annotations.completed_by"].str["id"]
    regions["label"] = regions["region.value.labels"].str[0]
    of_answers = ["id", "task_text", "annotator", "annotations.updated_at", "annotations.lead_time", "label"]
    rows = regions[[*of_answers, *(f"region.{name}" for name in ("id", "origin", "value.start", "value.end"))]]
    return time.perf_counter() - begun, len(rows)


def _project(path: Path) -> Any:
    """A project whose corpus holds the texts of an export; not timed."""
    import shutil

    from stancewire.codebook.build import write_codebook_files
    from stancewire.corpus import convert_corpus
    from stancewire.imports.fresh import add_sources
    from stancewire.label_studio.foreign_json import read_texts
    from stancewire.new_project import make_project

    root = path.with_suffix(".project")
    shutil.rmtree(root, ignore_errors=True)
    project = make_project(root)
    write_codebook_files(project)
    add_sources(project, read_texts(path), set(), "2024-05-01")
    convert_corpus(project, workers=2, reprints=False)
    return project


def ordinary(path: Path) -> tuple[float, int]:
    """`import` into a project, with as many processes as it takes: stored exports, then the judgement tables."""
    from stancewire.engine import leave_out_pandas, use_system_memory, usual_workers
    from stancewire.imports.mapping import LabelMapping
    from stancewire.imports.plan import plan_import
    from stancewire.imports.stage import import_files
    from stancewire.judgements import write_judgements
    from stancewire.project import Project

    use_system_memory()
    leave_out_pandas()
    project = Project(path.with_suffix(".project"))
    begun = time.perf_counter()
    with project.writing():
        import_files(project, plan_import([path], "label-studio", workers=usual_workers()), LabelMapping())
        counts = write_judgements(project, workers=usual_workers()).counts
    return time.perf_counter() - begun, counts["judgements"] + counts["quarantine"]


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
        floor_parse,
        floor_ids,
        ordinary,
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
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        peak = 0
        while running.poll() is None:
            peak = max(peak, _held(running.pid))
            time.sleep(0.05)
        if running.returncode or running.stdout is None:
            raise SystemExit(f"bench import: {name} failed")
        seconds, count, greatest, cpu = json.loads(running.stdout.read())
        taken.append((seconds, count, peak >> 10 or greatest, cpu))
    seconds, counts, memory, cpu = zip(*taken, strict=True)
    return min(seconds), counts[0], max(memory), min(cpu)


def _held(pid: int) -> int:
    """Kilobytes that a process and its children hold, each page shared out among those who share it; 0 if unknown."""
    held = 0
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
            held = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        for thread in Path(f"/proc/{pid}/task").iterdir():
            held += sum(map(_held, map(int, (thread / "children").read_text().split())))
    except (OSError, ValueError):
        pass
    return held


def verdict(what: str, figure: float, is_met: bool, aim: str) -> str:
    """One asked figure in words."""
    return f"{what:66} {figure:7.2f}  [{aim}: {'met' if is_met else 'NOT met'}]"


def main() -> int:
    """Measure, print, compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", type=int, default=20_000, help="tasks of the large export")
    parser.add_argument("--peer-tasks", type=int, default=4_000, help="tasks of the export that slow peers read")
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
        found = {name: measure(name, large, args.runs) for name in (*names, "floor_parse", "floor_ids")}
        names = ("pandas_normalize", "jsonschema_rows", "ours", "ours_two", "our_validation")
        small_found = {name: measure(name, small, args.runs if name.startswith("our") else 1) for name in names}
        make_export(large, args.tasks, LABELS[0])
        _project(large)
        found["ordinary"] = measure("ordinary", large, 1)
    print(f"{'':18} {'wall':>7}    {'CPU':>7}    {'rows':>9}  memory of all its processes")
    for listed, where in ((found, ""), (small_found, f"  ({args.peer_tasks} tasks)")):
        for name, (seconds, count, memory, cpu) in listed.items():
            print(f"{name:18} {seconds:7.2f} s  {cpu:7.2f} s  {count:9,}  {memory:5} MB{where}")
    bare, normalize = found["duckdb_bare"], small_found["pandas_normalize"]
    for name in ("ours_two", "ours_table", "ours", "ordinary"):
        one = found[name]
        ratio = one[0] / bare[0]
        print(verdict(f"{name} / read_json, wall (CPU {one[3] / bare[3]:.2f})", ratio, ratio <= 2, "at most 2"))
    for name in ("ours_without_ids", "floor_ids", "floor_parse"):
        what = f"{name} / read_json, wall (CPU {found[name][3] / bare[3]:.2f})"
        print(f"{what:66} {found[name][0] / bare[0]:7.2f}  [in one process]")
    for name in ("ours_table", "ordinary"):
        print(verdict(f"{name}: memory in MB", found[name][2], found[name][2] < 500, "under 500"))
    for name in ("ours_two", "ours"):
        ratio = normalize[0] / small_found[name][0]
        what = f"json_normalize / {name}, wall (CPU {normalize[3] / small_found[name][3]:.2f})"
        print(verdict(f"{what}, {args.peer_tasks} tasks", ratio, ratio >= 8, "at least 8"))
    ratio = normalize[0] / args.peer_tasks / (found["floor_ids"][0] / args.tasks)
    print(f"{'json_normalize / floor_ids, wall, by the task':66} {ratio:7.2f}  [in one process]")
    checks = small_found["jsonschema_rows"][0] / small_found["our_validation"][0]
    print(verdict(f"jsonschema / our validation, {args.peer_tasks} tasks", checks, checks >= 250, "at least 250"))
    same = small_found["jsonschema_rows"][1] == small_found["our_validation"][1]
    print("same findings" if same else "findings differ")
    return 0 if same else 1


def _cpu() -> float:
    """CPU seconds of this process and of those that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    sys.exit(main())
