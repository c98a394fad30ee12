"""`bench gold`: coefficients, models, intervals, votes and span matching, beside their peers in one run.

    .venv/bin/python tests/benchmarks/bench_gold.py [--quick] [--json]

Data are generated with a known truth; loading is not timed; each peer runs in a process of its own. Exits 1 where a
target is missed. What was measured and on what is printed with each figure.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLACE = ROOT / ".studio" / "bench"
sys.path.insert(0, str(ROOT / "tests"))
Result = dict[str, Any]


def peers_python() -> str:
    """The Python that the peers are installed for; `run.py` makes its environment from gold_peers.lock."""
    spec = importlib.util.spec_from_file_location("stancewire_run", ROOT / "scripts" / "run.py")
    assert spec is not None and spec.loader is not None
    setup = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(setup)
    return str(setup.ensure_environment(PLACE / "gold", HERE / "gold_peers.lock"))


def peer(python: str, task: str, data: Path, iterations: int = 0, starts: int = 0) -> Result:
    """What the peer took for a task."""
    command = [python, str(HERE / "gold_with.py"), task, str(data), str(iterations), str(starts)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PLACE)
    if done.returncode:
        raise SystemExit(f"bench gold: the peer of {task} failed:\n{done.stderr[-2000:]}")
    told: Result = json.loads(done.stdout.splitlines()[-1])
    return told


def best(run: Callable[[], Any], times: int = 5) -> tuple[float, Any]:
    """The shortest of several runs in seconds, and the last result."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        result = run()
        taken.append(time.perf_counter() - began)
    return min(taken), result


def bench_alpha(python: str, quick: bool) -> Result:
    """Nominal alpha on 50,000 items and three annotators, a tenth missing; from the same table of codes."""
    from stancewire.agreement.coefficients import count_values, krippendorff_alpha

    random = np.random.Generator(np.random.PCG64(1))
    truth = random.integers(0, 4, 50_000)
    codes = np.where(random.random((50_000, 3)) < 0.7, truth[:, None], random.integers(0, 4, (50_000, 3)))
    codes[random.random(codes.shape) < 0.1] = -1
    np.savez(PLACE / "alpha.npz", codes=codes)
    seconds, value = best(lambda: krippendorff_alpha(count_values(codes, 4)))
    other = peer(python, "alpha", PLACE / "alpha.npz")
    ratio, apart = other["seconds"] / seconds, abs(value - other["value"])
    return {
        "what": "nominal alpha, 50,000 items x 3 annotators",
        "ours_seconds": seconds,
        "peer_seconds": other["seconds"],
        "peer": "krippendorff",
        "ratio": ratio,
        "note": f"values differ by {apart:.1e}",
        "target": "ratio 1 or more, values equal to 1e-10",
        "met": ratio >= 1 and apart <= 1e-10,
    }


def crowd(items: int, people: int, votes: int) -> dict[str, Any]:
    """Votes of annotators of whom every fourth guesses; four values."""
    random = np.random.Generator(np.random.PCG64(7))
    truth = random.integers(0, 4, items)
    right = np.where(np.arange(people) % 4 == 0, 0.3, random.uniform(0.6, 0.9, people))
    annotator = np.argsort(random.random((items, people)), axis=1)[:, :votes].ravel()
    item = np.repeat(np.arange(items), votes)
    value = np.where(random.random(len(item)) < right[annotator], truth[item], random.integers(0, 4, len(item)))
    return {"item": item, "annotator": annotator, "value": value, "truth": truth}


def bench_model(python: str, name: str, items: int, iterations: int, starts: int, least: float) -> Result:
    """A model at equal iterations and starts on equal votes."""
    from stancewire.gold.ballots import Ballots
    from stancewire.gold.dawid_skene import dawid_skene
    from stancewire.gold.mace import mace

    data = crowd(items, 40, 5)
    path = PLACE / f"{name}.npz"
    np.savez(path, **data)
    ballots = Ballots(data["item"], data["annotator"], data["value"], items, 40, 4)
    if name == "dawid_skene":
        seconds, fit = best(lambda: dawid_skene(ballots, iterations, tolerance=-1.0), 3)
    else:
        seconds, fit = best(lambda: mace(ballots, starts, iterations), 3)
    accuracy = float((fit.posterior.argmax(axis=1) == data["truth"]).mean())
    other = peer(python, name, path, iterations, starts)
    ratio = other["seconds"] / seconds
    return {
        "what": f"{name}, {items:,} items x 5 votes of 40 annotators, {iterations} iterations, {starts} starts",
        "ours_seconds": seconds,
        "peer_seconds": other["seconds"],
        "peer": "crowd-kit",
        "ratio": ratio,
        "note": f"accuracy {accuracy:.4f}, peer {other['accuracy']:.4f}",
        "target": f"ratio {least:g} or more, accuracy within 0.005",
        "met": ratio >= least and accuracy >= other["accuracy"] - 0.005,
    }


def layers(documents: int) -> list[Any]:
    """Units of every layer: three annotators, some 18 mentions, 8 stances and 4 document stances a document."""
    from crowd import MONTH, judgement

    from stancewire.agreement.units import Unit, Vote

    random = np.random.Generator(np.random.PCG64(3))
    names = ("ann-a", "ann-b", "ann-c")
    sides = ("favor", "against", "neutral", "none")
    units = []
    for number in range(documents):
        doc_id = f"d{number:05}"
        for layer, count in (("mention", 18), ("stance", 8), ("document_stance", 4)):
            for at in range(count):
                said = [name for name in names if layer == "document_stance" or random.random() < 0.8] or [names[0]]
                votes = []
                for name in said:
                    start = 20 * at
                    off = int(random.random() < 0.15)
                    values: dict[str, Any] = {"layer": layer, "created_at": MONTH, "entity_id": f"{doc_id}#e{at % 5}"}
                    if layer == "mention":
                        values["label"] = ("PERSON", "ORG", "GPE", "LAW")[int(random.integers(0, 4)) if off else at % 4]
                    else:
                        side = int(random.integers(0, 3)) if off else at % 3
                        values |= {"label": sides[side], "holder_type": ("entity", "author")[at % 2]}
                        values |= {"holder_entity_id": f"{doc_id}#e{at % 5}", "holder_text": None, "via_type": "none"}
                        values |= {"via_entity_id": None, "via_text": None, "attribution": "reported"}
                    row = judgement(name, doc_id, start, start + 9 + off, "word and w"[: 9 + off], **values)
                    votes.append(Vote(f"{doc_id}{layer}{at}{name}", name, start, start + 9 + off, row))
                target = None if layer == "mention" else f"t{at % 4}"
                units.append(Unit(layer, doc_id, target, tuple(votes), names, frozenset(), number % 2 == 0))
    return units


def bench_bootstrap(quick: bool) -> Result:
    """All measures of all layers and groupings with 1,000 resamples; the resampling timed apart."""
    from stancewire.agreement import measure
    from stancewire.agreement.measure import measure_agreement

    documents = 100 if quick else 500
    units = layers(documents)
    taken = [0.0]
    plain = measure.interval

    def timed(*given: Any) -> Any:
        began = time.perf_counter()
        try:
            return plain(*given)
        finally:
            taken[0] += time.perf_counter() - began

    measure.interval = timed
    try:
        began = time.perf_counter()
        rows = measure_agreement(units, {})
        whole = time.perf_counter() - began
    finally:
        measure.interval = plain
    of_all = sum(row["low"] is not None for row in rows)
    return {
        "what": f"1,000 resamples of {documents} stories, {len(units):,} units, every layer: {of_all} intervals",
        "ours_seconds": taken[0],
        "note": f"the whole table with its measures {whole:.1f} s, {len(rows)} rows",
        "target": "under 10 s",
        "met": taken[0] < 10,
    }


def bench_vote(quick: bool) -> Result:
    """Plurality over 5,000,000 judgement rows with text keys, beside DuckDB's bare join of these rows to items."""
    import duckdb
    import pyarrow as pa

    from stancewire.gold.ballots import plurality, table_ballots

    n = 500_000 if quick else 5_000_000
    random = np.random.Generator(np.random.PCG64(5))
    items = n // 3
    keys = pa.array([f"unit-{i:08}" for i in range(items)])
    item = np.repeat(np.arange(items), 3)[:n]
    order = random.permutation(len(item))
    labels = pa.array(["favor", "against", "neutral"])
    people = pa.array([f"ann-{i:03}" for i in range(100)])
    table = pa.table(
        {
            "item": keys.take(pa.array(item[order])),
            "annotator": people.take(pa.array(random.integers(0, 100, len(item)))),
            "value": labels.take(pa.array(random.integers(0, 3, len(item)))),
        }
    )
    units = pa.table({"item": keys, "number": np.arange(items)})
    seconds, _ = best(lambda: plurality(table_ballots(table, "item", "annotator", "value")[0]), 2)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        connection.register("judgements", table)
        connection.register("units", units)
        query = "SELECT number, annotator, value FROM judgements JOIN units USING (item)"
        joined, _ = best(lambda: connection.sql(query).to_arrow_table(), 2)
    return {
        "what": f"plurality over {len(item):,} judgement rows (columns, text keys)",
        "ours_seconds": seconds,
        "peer_seconds": joined,
        "peer": "DuckDB's bare join",
        "ratio": joined / seconds,
        "note": "the stage `merge` as it is: see the next lines",
        "target": "within 3 times: ratio 0.33 or more",
        "met": joined / seconds >= 1 / 3,
    }


def bench_counted(quick: bool) -> Result:
    """What `merge` does with document stances at volume, from tables on disk to gold rows, conflicts and their ids."""
    n = 500_000 if quick else 5_000_000
    command = [sys.executable, __file__, "--counted", str(n)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: Result = json.loads(done.stdout)
    ratio = told["joined"] / told["seconds"]
    return {
        "what": f"document stances of {n:,} judgements counted from Parquet, {told['rows']:,} gold rows and conflicts",
        "ours_seconds": told["seconds"],
        "peer_seconds": told["joined"],
        "peer": "DuckDB's bare join of the same files to assignments",
        "ratio": ratio,
        "note": f"{told['memory']:.2f} GB at most",
        "target": "under 2 GB (the join has no rounds to find, no ties to list and no ids to make)",
        "met": told["memory"] < 2,
    }


def counted(n: int) -> Result:
    """Make the tables, count, join; in a process of its own, whose memory is looked at before the join."""
    import tempfile

    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    from stancewire.gold.counted import count_stances
    from stancewire.tables import read_table_schema

    schemas = {name: read_table_schema(name, ROOT / "schema" / "tables") for name in ("document_stances", "conflicts")}
    vocabulary = {field.name: field.categories for field in schemas["document_stances"].fields}
    targets, values = vocabulary["target_id"] or (), vocabulary["stance"] or ()
    random = np.random.Generator(np.random.PCG64(5))
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: Path(folder) / f"{name}.parquet" for name in ("judgements", "assignments")}
        texts = {"layer": "document_stance", "task_pass": "stances", "anchor": "same", "status": "current"}
        texts |= {"origin": "manual", "suggested_by": ""}
        per_document = 3 * len(targets)
        with contextlib.ExitStack() as files:
            sinks: dict[str, pq.ParquetWriter] = {}
            for first in range(0, n // per_document, 10_000):
                documents = np.arange(first, min(first + 10_000, n // per_document))
                count = len(documents) * per_document
                place = np.arange(count)
                names = pa.array([f"wire/2024/story-{i:08}" for i in documents])
                ids = pa.array([f"{i:026x}" for i in random.integers(0, 2**62, count)])
                people = pa.array([f"ann-{i:03}" for i in range(90)])
                person = place % 3 * 30 + place // per_document % 30
                columns = {
                    "judgement_id": ids,
                    "doc_id": names.take(pa.array(place // per_document)),
                    "annotator_id": people.take(pa.array(person)),
                    "round": pa.array(np.ones(count, np.int64)),
                    "target_id": pa.array(targets).take(pa.array(place // 3 % len(targets))),
                    "label": pa.array(values).take(pa.array(random.integers(0, len(values), count))),
                }
                columns |= {name: pa.array([value] * count) for name, value in texts.items()}
                given = place[place % per_document < 3]
                about = {name: columns[name].take(pa.array(given)) for name in ("doc_id", "annotator_id", "round")}
                for name, value in (("task_pass", "stances"), ("state", "submitted")):
                    about[name] = pa.array([value] * len(given))
                for name, made in (("judgements", pa.table(columns)), ("assignments", pa.table(about))):
                    if name not in sinks:
                        sinks[name] = files.enter_context(pq.ParquetWriter(paths[name], made.schema))
                    sinks[name].write_table(made)
        began = time.perf_counter()
        found = count_stances(Path(folder), schemas, [], "majority", sample=0)
        seconds = time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        with duckdb.connect(config={"threads": 2, "memory_limit": "800MB"}) as database:
            query = f"""SELECT j.doc_id, j.target_id, j.annotator_id, j.judgement_id, j.label
                FROM read_parquet('{paths["judgements"]}') j JOIN read_parquet('{paths["assignments"]}') a
                USING (doc_id, task_pass, annotator_id, round) WHERE a.state = 'submitted'"""
            began = time.perf_counter()
            rows = sum(len(batch) for batch in database.sql(query).to_arrow_reader(100_000))
            joined = time.perf_counter() - began
    assert rows == n // per_document * per_document
    made_rows = found.stances.num_rows + found.conflicts.num_rows
    return {"seconds": seconds, "joined": joined, "memory": memory, "rows": made_rows}


def bench_merge(quick: bool) -> Result:
    """The stage's own merging of units, vote by vote: what it costs beyond counting."""
    from stancewire.gold.decisions import DecisionIndex
    from stancewire.gold.merge import merge_units

    units = layers(100 if quick else 500)
    votes = sum(len(unit.votes) for unit in units)
    seconds, _ = best(lambda: merge_units(units, DecisionIndex([], frozenset())), 2)
    told = f"{seconds / votes * 1e6:.1f} microseconds a judgement, ids, shares and conflicts included"
    return {
        "what": f"merge_units, {votes:,} judgements",
        "ours_seconds": seconds,
        "note": told,
        "target": "none",
        "met": True,
    }


def bench_align(quick: bool) -> Result:
    """Span matching alone: time per span must not grow with their number."""
    from stancewire.agreement.align import Span, align

    random = np.random.Generator(np.random.PCG64(2))

    def spans(count: int) -> list[Span]:
        made = []
        for who in ("a", "b", "c"):
            shift = random.integers(0, 4, count)
            made += [Span(f"{who}{i}", who, 20 * i + int(s), 20 * i + 12, ()) for i, s in enumerate(shift)]
        return made

    sizes = (5_000, 20_000) if quick else (20_000, 160_000)
    each = []
    for size in sizes:
        given = spans(size)
        each.append(best(lambda given=given: align(given, 0.3), 2)[0] / len(given))  # type: ignore[misc]
    growth = each[1] / each[0]
    return {
        "what": f"span matching, 3 annotators, {3 * sizes[0]:,} and {3 * sizes[1]:,} spans of one document",
        "ours_seconds": each[1] * 3 * sizes[1],
        "note": f"{each[0] * 1e6:.1f} and {each[1] * 1e6:.1f} microseconds a span",
        "target": f"linear: time a span grows less than twofold for {sizes[1] // sizes[0]} times the spans",
        "met": growth < 2,
    }


def bench_stage(quick: bool) -> Result:
    """`merge` as it is, spans and all, in processes of its own: judgements on disk to gold, agreement, conflicts."""
    from judged_project import make_judged_project

    each, peaks, sizes = [], [], []
    for documents in (120, 480) if quick else (600, 2_450):
        root = PLACE / "stage"
        shutil.rmtree(root, ignore_errors=True)
        project = make_judged_project(root, documents, merge=False)
        sizes.append(count_rows(project, "judgements"))
        seconds, kilobytes = run_command(root, "merge")
        each.append((seconds - START_SECONDS) / sizes[-1])
        peaks.append(kilobytes / 1e6)
        shutil.rmtree(root)
    a_judgement = (peaks[1] - peaks[0]) * 1e6 / (sizes[1] - sizes[0])
    growth = each[1] / each[0]
    return {
        "what": f"the whole stage merge, {sizes[0]:,} and {sizes[1]:,} judgements, mostly of spans; processor time",
        "ours_seconds": each[1] * sizes[1],
        "note": (
            f"{each[0] * 1e6:.0f} and {each[1] * 1e6:.0f} microseconds a judgement, agreement with 1,000 resamples "
            f"included; {peaks[1]:.2f} GB, {a_judgement:.1f} kB more a judgement"
        ),
        "target": "linear: time a judgement grows less than 1.5 times for four times the judgements; under 2 GB",
        "met": growth < 1.5 and peaks[1] < 2,
    }


START_SECONDS = 1.0  # of a process that only imports what merge does, roughly


def count_rows(project: Any, name: str) -> int:
    """Rows of one of a project's tables."""
    from stancewire.tables import find_in_manifest

    entry = find_in_manifest(project.annotations, name)[1]
    return int(str(entry["rows"])) if entry else 0


def run_command(root: Path, *command: str) -> tuple[float, float]:
    """Processor seconds and kilobytes at most of a command on a project, in a process of its own."""
    code = f"import resource, sys; from stancewire.cli import main; main(['--project', {str(root)!r}, *{command!r}]); "
    code += "used = resource.getrusage(resource.RUSAGE_SELF); "
    code += "peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')); "
    code += "print(used.ru_utime + used.ru_stime, peak, file=sys.stderr)"  # ru_maxrss would be the parent's
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, kilobytes = (float(number) for number in done.stderr.split()[-2:])
    return seconds, kilobytes


def bench_explain(quick: bool, method: str) -> Result:
    """`explain ID` and `explain DOC:START-END` in processes of their own, on generated judgements; processor time."""
    from judged_project import make_judged_project

    from stancewire.gold.evidence import read_rows
    from stancewire.gold.stage import write_gold

    root = PLACE / "explain"
    shutil.rmtree(root, ignore_errors=True)
    project = make_judged_project(root, 240 if quick else 2_450, merge=False)
    write_gold(project, method)
    stance = read_rows(project, project.annotations, "stances")[100]
    judgements = count_rows(project, "judgements")
    place = f"{stance['doc_id']}:{stance['start']}-{stance['end']}"
    taken = [run_command(root, "explain", asked) for asked in (stance["stance_id"], place)]
    shutil.rmtree(root)
    seconds, kilobytes = max(cpu for cpu, _ in taken), max(peak for _, peak in taken)
    return {
        "what": f"explain, {judgements:,} judgements merged by {method}, a row and a place: the slower of both, "
        "processor time",
        "ours_seconds": seconds,
        "note": f"at most {kilobytes / 1024:.0f} MB",
        "target": "under 2 s",
        "met": seconds < 2,
    }


def line(result: Result) -> str:
    """One result in words."""
    beside = (
        f", {result['peer']} {result['peer_seconds']:.3f} s: {result['ratio']:.1f} times" if "peer" in result else ""
    )
    state = "met" if result["met"] else "MISSED"
    return f"{result['what']}: {result['ours_seconds']:.3f} s{beside}; {result['note']} [{result['target']}: {state}]"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes; the targets are for the full ones")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    parser.add_argument("--counted", type=int, metavar="N", help="count N judgements, print JSON (internal)")
    args = parser.parse_args(arguments)
    if args.counted:
        print(json.dumps(counted(args.counted)))
        return 0
    PLACE.mkdir(parents=True, exist_ok=True)
    python = peers_python()
    items = (4_000, 1_000) if args.quick else (20_000, 20_000)
    steps: list[Callable[[], Result]] = [
        lambda: bench_alpha(python, args.quick),
        lambda: bench_model(python, "dawid_skene", items[0], 50, 1, 4),
        lambda: bench_model(python, "mace", items[1], 20, 2, 50),
        lambda: bench_bootstrap(args.quick),
        lambda: bench_vote(args.quick),
        lambda: bench_counted(args.quick),
        lambda: bench_merge(args.quick),
        lambda: bench_align(args.quick),
        lambda: bench_stage(args.quick),
        lambda: bench_explain(args.quick, "majority"),
        lambda: bench_explain(args.quick, "mace"),
    ]
    results = []
    for step in steps:
        results.append(step())
        if not args.json:
            print(line(results[-1]), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    results.append(
        {"what": "peak memory", "note": f"{peak:.2f} GB", "target": "under 2 GB", "ours_seconds": 0.0, "met": peak < 2}
    )
    print(json.dumps({"gold": results}, indent=1) if args.json else f"peak memory {peak:.2f} GB [under 2 GB]")
    return 0 if all(result["met"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
