"""Splits: no story on both sides, sizes kept, the same for the same decision; a certificate that can be made again."""

from __future__ import annotations

import datetime
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import LCSseq
from reprint_seeds import ROOT, SEEDS, plain_tables, seed_text
from test_reprints import QUADRATIC, article, edited, text_of

from stancewire.build import build_project
from stancewire.cli import main
from stancewire.errors import CodebookError
from stancewire.project import Project
from stancewire.release.verify import verify
from stancewire.reprints import group_witnesses, pairs, read_witnesses
from stancewire.splits import border
from stancewire.splits.assign import Assignment, Member, assign
from stancewire.splits.border import check_border, common_in_order
from stancewire.splits.certificate import certify
from stancewire.splits.settings import PARTS, Settings, check_settings_file, read_settings
from stancewire.tables import read_table, read_table_schema

DAY = datetime.date(2024, 1, 1)


def members(count: int, per_story: int = 1) -> list[Member]:
    """Documents in stories of one size, a day apart, of five outlets, on two targets."""
    return [
        Member(
            f"d{n:04}",
            f"s{n // per_story:04}",
            DAY + datetime.timedelta(days=n // per_story),
            f"outlet {n % 5}",
            frozenset({"rare"} if n % 10 == 0 else {"common"}),
        )
        for n in range(count)
    ]


def sizes(made: Assignment) -> list[int]:
    return [sum(part == found for found in made.part_of.values()) for part in PARTS]


# border


def test_thresholds_are_those_of_the_reprints() -> None:
    for containment in (0.0, 0.37, 0.38, 0.49, 0.5, 1.0):
        for aligned in (0.0, 0.49, 0.5, 0.64, 0.65, 1.0):
            for jaccard in (0.0, 0.21, 0.22):
                leak = border.Alike(0, 1, jaccard, containment, aligned).is_leak
                assert leak == pairs.Pair(0, 1, jaccard, containment, aligned).is_reprint
                least = 0.5 if jaccard >= 0.22 else 0.65
                assert leak == (containment >= 0.5 or (containment >= 0.38 and aligned >= least))


@given(st.lists(st.integers(0, 5), max_size=40), st.lists(st.integers(0, 5), max_size=40))
def test_common_in_order_is_the_longest_common_subsequence(a: list[int], b: list[int]) -> None:
    assert common_in_order(a, b) == LCSseq.similarity(a, b)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.05, 0.08, 0.12])
def test_reprints_across_the_border_are_found_and_measured_as_the_reprints_are(share: float) -> None:
    originals = [article(n) for n in range(30)]
    versions = [edited(whole, 100 + n, share) for n, whole in enumerate(originals)]
    texts = [text_of(sentences) for sentences in originals + versions]
    found = check_border(texts, [0] * 30 + [1] * 30)
    measured = pairs.Measured.of(texts)
    expected = [pair for n in range(30) if (pair := measured.pair(n, n + 30)).is_reprint]
    assert sorted((pair.a, pair.b) for pair in found.leaks) == [(pair.a, pair.b) for pair in expected]
    for pair in found.leaks:
        again = measured.pair(pair.a, pair.b)
        assert (pair.jaccard, pair.containment) == (again.jaccard, again.containment)
        assert pair.aligned_share == pytest.approx(again.aligned_share)
    assert len(expected) == 30 or share > 0.08


def test_pairs_within_a_part_and_same_events_are_no_leaks() -> None:
    quotes = article(1, 100)
    texts = [text_of(article(2)), text_of(edited(article(2), 3, 0.03)), text_of(quotes + article(4, 200))]
    found = check_border([*texts, text_of(quotes + article(5, 200))], [0, 0, 0, 1])
    assert found.leaks == ()
    assert found.closest is not None and 0.2 < found.closest.containment < 0.38


def test_embedded_truncated_and_unspaced_texts_leak() -> None:
    whole = article(8)
    japanese = "東京の国防当局者は水曜日に声明を出し、日米安保条約を見直す計画はないと述べた。大統領は先週示唆した。"
    texts = [text_of(whole), text_of(article(9, 400) + whole + article(10, 200)), text_of(whole[:4]), japanese]
    found = check_border([*texts, japanese.replace("水曜日に", "木曜日に")], [0, 1, 2, 0, 1])
    assert {(pair.a, pair.b) for pair in found.leaks} == {(0, 1), (0, 2), (1, 2), (3, 4)}


@pytest.mark.timeout(QUADRATIC)
def test_copies_short_and_empty_texts_are_bounded() -> None:
    whole = text_of(article(5))
    found = check_border([whole] * 5000 + [whole.upper()] * 5000 + ["", "Click here.", "Click here!", "Click"], [
        *[0] * 5000, *[1] * 5000, 0, 0, 1, 1,
    ])  # fmt: skip
    assert [(pair.a, pair.b) for pair in found.leaks] == [(0, 5000), (10001, 10002)]
    assert found.copies == {0: 5000, 5000: 5000}


def test_many_versions_of_one_story_on_both_sides_are_found() -> None:
    whole = article(5)
    texts = [text_of(edited(whole, n, 0.03)) for n in range(200)]
    found = check_border(texts, [0] * 190 + [1] * 10)
    assert {pair.b for pair in found.leaks} == set(range(190, 200)), "each of the ten is known to leak"
    assert found.n_checked < 190 * 10, "and not every pair was measured for it"


def test_boilerplate_is_no_leak_and_costs_little() -> None:
    notice = text_of(article(7777, 100))
    texts = [text_of(article(n, 140)) + "\n" + notice for n in range(300)]
    found = check_border(texts, [n % 2 for n in range(300)])
    assert found.leaks == ()
    assert found.n_checked < 300 * 24


# units and parts


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 12), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), max_size=5),
    st.sampled_from(["story", "time", "outlet"]),
    st.sampled_from(["none", "target"]),
    st.integers(0, 5),
)
def test_no_story_link_or_outlet_is_ever_cut(
    stories: list[int], links: list[tuple[int, int]], by: str, stratify: str, seed: int
) -> None:
    listed = [
        Member(f"d{n}", f"s{story}", DAY + datetime.timedelta(story * 7 % 5), f"o{story % 4}", frozenset({str(n % 3)}))
        for n, story in enumerate(stories)
    ]
    together = [(f"d{a}", f"d{b}") for a, b in links]
    decided = Settings(by, (3, 1, 1), seed, stratify)
    made = assign(listed, together, decided)
    shuffled = random.Random(seed).sample(listed, len(listed))
    assert assign(shuffled, together[::-1], decided).part_of == made.part_of
    assert set(made.part_of) == {member.doc_id for member in listed}
    for group in ("story_id", "outlet") if by == "outlet" else ("story_id",):
        parts: dict[str, set[str]] = {}
        for member in listed:
            parts.setdefault(getattr(member, group), set()).add(made.part_of[member.doc_id])
        assert all(len(found) == 1 for found in parts.values())
    for a, b in together:
        if a in made.part_of and b in made.part_of:
            assert made.part_of[a] == made.part_of[b]


@pytest.mark.parametrize("per_story", [1, 2, 5])
@pytest.mark.parametrize("wanted", [(80, 10, 10), (1, 1, 1), (9, 0, 1)])
def test_sizes_are_kept(per_story: int, wanted: tuple[int, int, int]) -> None:
    made = assign(members(300, per_story), [], Settings(sizes=wanted))
    for have, share in zip(sizes(made), Settings(sizes=wanted).shares, strict=True):
        assert abs(have - 300 * share) <= per_story
    assert not made.notes


def test_another_seed_is_another_split_of_the_same_sizes() -> None:
    one, other = (assign(members(100), [], Settings(seed=seed)) for seed in (0, 1))
    assert sizes(one) == sizes(other) == [80, 10, 10]
    assert one.part_of != other.part_of


def test_by_target_each_target_is_shared_out_in_proportion() -> None:
    listed = members(200)
    made = assign(listed, [], Settings(sizes=(50, 25, 25), stratify="target"))
    rare = [made.part_of[member.doc_id] for member in listed if "rare" in member.targets]
    assert [rare.count(part) for part in PARTS] == [10, 5, 5]
    assert sizes(made) == [100, 50, 50]


def test_by_time_train_is_before_dev_is_before_test() -> None:
    made = assign(members(100, 2), [], Settings("time"))
    assert sizes(made) == [80, 10, 10]
    days = {part: [m.date for m in members(100, 2) if made.part_of[m.doc_id] == part] for part in PARTS}
    assert max(days["train"]) < min(days["dev"]) and max(days["dev"]) < min(days["test"])


def test_by_time_a_late_reprint_stays_with_its_story_and_is_told() -> None:
    late = Member("late", "s0000", DAY + datetime.timedelta(days=500))
    undated = Member("undated", "s-none")
    made = assign([*members(100), late, undated], [], Settings("time"))
    assert made.part_of["late"] == "train" and "undated" not in made.part_of
    assert made.left_out == {"undated": "its story has no date"}
    assert any("1 documents are from" in note for note in made.notes)


def test_by_outlet_documents_without_one_are_left_out_and_told() -> None:
    nobody = Member("nobody", "s0")
    made = assign([*members(100), nobody], [], Settings("outlet", (60, 20, 20)))
    assert sizes(made) == [60, 20, 20]
    assert made.left_out == {"nobody": "its outlet is not known"}
    assert "1 of 101 documents are in no part" in made.notes[0]


def test_what_hangs_together_and_what_is_empty_is_said() -> None:
    (empty, none, whole) = assign(members(2, 2), [], Settings()).notes
    assert empty.startswith("dev is empty") and none.startswith("test is empty")
    assert whole.startswith("2 of 2 documents hang together (by stories and reprints; ")
    assert len(assign(members(1), [], Settings()).notes) == 2, "one document is no crowd"
    nobody = [Member(f"d{n}", f"s{n}") for n in range(10)]
    (note,) = assign(nobody, [], Settings(stratify="target")).notes
    assert "no target to stratify by" in note
    giant = assign([*members(10), *(Member(f"g{n}", "giant") for n in range(90))], [], Settings())
    assert any("90 of 100 documents hang together" in note for note in giant.notes)


# the decision


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("by: week", 1, "known: story, time, outlet"),
        ("seed: 1\nsize: {train: 1}", 2, "unknown key 'size'"),
        ("sizes: {train: -1}", 1, "whole numbers"),
        ("sizes: {train: 0, test: 0}", 1, "above 0"),
        ("sizes: 80", 1, "must name some of train"),
        ("seed: true", 1, "whole number"),
        ("- a", 1, "must have the keys"),
        ("by: [", 1, "not YAML"),
    ],
)
def test_settings_that_cannot_be_used_are_named_by_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = tmp_path / "splits.yaml"
    path.write_text(text + "\n", encoding="utf-8")
    ((found, message),) = check_settings_file(path)
    assert said in message and (found == line or "YAML" in said)
    with pytest.raises(CodebookError, match=r"splits\.yaml:\d"):
        read_settings(path)


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    decided = Settings("outlet", (7, 0, 3), 12, "target")
    (tmp_path / "s.yaml").write_text(decided.as_yaml(), encoding="utf-8")
    assert read_settings(tmp_path / "s.yaml") == decided
    assert read_settings(tmp_path / "none.yaml") is None


# in a project


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the seeds, reprints of them, and a roundup of two stories that joins only one of them."""
    root = tmp_path_factory.mktemp("many") / "project"
    for name in ("schema", "annotations", "corpus"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("releases"))
    first, second = article(1), article(2)
    texts = {
        "a1": first,
        "a2": edited(first, 3, 0.03),
        "b1": second,
        "b2": edited(second, 4, 0.03),
        "c": first + second,
    } | {f"x{n}": article(100 + n) for n in range(6)}
    for name, sentences in texts.items():
        body = "\n\n".join(sentences)
        (root / "corpus/sources" / f"{name}.txt").write_text(f"Headline of {name}\n\n{body}\n", encoding="utf-8")
    build_project(Project(root))
    return root


@pytest.fixture
def project(many: Path, tmp_path: Path) -> Project:
    shutil.copytree(many, tmp_path / "project")
    return Project(tmp_path / "project")


def parts_of(project: Project) -> dict[str, str]:
    rows = read_table(project.annotations, read_table_schema("splits", project.table_schemas)).to_pylist()
    return {row["doc_id"]: row["split"] for row in rows}


def problems(project: Project) -> list[str]:
    return [str(problem) for problem in verify(project.root).problems if "split" in str(problem)]


def test_pairs_that_the_weakest_link_kept_apart_are_kept_together(project: Project) -> None:
    tables = plain_tables({
        name: (project.sources / f"{name}.txt").read_text(encoding="utf-8") for name in ("a1", "a2", "b1", "b2", "c")
    })
    assert list(group_witnesses(read_witnesses(*tables)).across), "or this test shows nothing"
    command = ["--project", str(project.root), "split", "--sizes", "1,1,1", "--replace"]
    for seed in range(6):
        assert main([*command, "--seed", str(seed)]) == 0
        parts = parts_of(project)
        assert len({parts[name] for name in ("a1", "a2", "b1", "b2", "c")}) == 1
        assert len({parts[doc_id] for doc_id in SEEDS.values()}) == 1
    assert len(set(parts.values())) == 3
    assert problems(project) == []


def test_build_makes_the_split_and_its_certificate_anew_to_the_byte(project: Project) -> None:
    assert parts_of(project) == {} and not project.splits_certificate.exists()
    assert main(["--project", str(project.root), "split", "--sizes", "2/1/1"]) == 0
    made = [project.table_path("splits"), project.splits_certificate, project.datapackage_json]
    before = [path.read_bytes() for path in made]
    for path in made:
        path.unlink()
    build_project(project)
    assert [path.read_bytes() for path in made] == before
    project.splits_yaml.unlink()
    build_project(project)
    assert parts_of(project) == {} and not project.splits_certificate.exists()


def test_what_was_decided_is_not_replaced_by_the_way(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--project", str(project.root), "split"]
    assert main([*arguments, "--sizes", "2,1,1"]) == 0
    decided, parts = project.splits_yaml.read_bytes(), parts_of(project)
    assert main([*arguments, "--seed", "9"]) == 2
    assert "--replace" in capsys.readouterr().err
    assert main([*arguments, "--seed", "9", "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["settings"]["seed"] == 9
    assert main(arguments) == 0
    assert (project.splits_yaml.read_bytes(), parts_of(project)) == (decided, parts)
    with pytest.raises(SystemExit):
        main([*arguments, "--sizes", "80,20"])


def test_verify_finds_a_certificate_or_a_split_that_is_not_true(project: Project) -> None:
    assert main(["--project", str(project.root), "split", "--sizes", "1,1,1"]) == 0
    assert problems(project) == []
    stated = json.loads(project.splits_certificate.read_text(encoding="utf-8"))
    for key, value in (("largest_containment", 0.01), ("leaks", None), ("checked_pairs", 10**6), ("extra", 1)):
        project.splits_certificate.write_text(json.dumps(stated | {key: value}), encoding="utf-8")
        (found,) = [line for line in problems(project) if "certificate" in line]
        assert key in found
    project.splits_certificate.unlink()
    assert any("is missing, although splits.yaml" in line for line in problems(project))


def test_a_leak_is_certified_as_one() -> None:
    whole = article(3)
    texts = {"a": text_of(whole), "b": text_of(edited(whole, 1, 0.03)), "c": text_of(article(4))}
    said, found, doc_ids = certify(texts, {"a": "train", "b": "test", "c": "dev"})
    assert said["leaks"] == 1 and said["closest_pair"] == ["a", "b"] and said["documents"] == dict.fromkeys(PARTS, 1)
    assert [doc_ids[found.leaks[0].a], doc_ids[found.leaks[0].b]] == ["a", "b"]


BLOCK = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
from stancewire.cli import main
sys.exit(main(["verify", {root!r}]))
"""


def test_verify_makes_the_certificate_again_with_numpy_alone(project: Project) -> None:
    assert main(["--project", str(project.root), "split"]) == 0
    names = "pandas duckdb jsonschema jsonschema_rs yaml msgspec rapidfuzz charset_normalizer py3langid tqdm jinja2"
    for blocked, is_told in ((names, False), (names + " numpy", True)):
        code = BLOCK.format(blocked=blocked.split(), root=str(project.root))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")
        assert "0 problems" in done.stdout
        assert ("was not made again: it needs numpy" in done.stdout) == is_told


# leaks in anyone's files


def write_csv(path: Path, rows: list[list[str]], mark: str = ",") -> None:
    import csv

    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=mark).writerows(rows)


def test_leaks_between_files_of_any_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    write_csv(tmp_path / "train.csv", [["Body ID", "articleBody"], ["7", seed_text("a")], ["8", text_of(article(1))]])
    lines = [{"id": "x", "text": seed_text("b")}, {"id": "y", "text": None}, {"id": "z", "text": text_of(article(2))}]
    (tmp_path / "test.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    pq.write_table(pa.table({"id": [1], "text": [text_of(edited(article(2), 1, 0.02))]}), tmp_path / "dev.parquet")
    files = [str(tmp_path / name) for name in ("train.csv", "dev.parquet", "test.jsonl")]
    assert main(["leaks", *files, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["parts"] == {"train.csv": 2, "dev.parquet": 1, "test.jsonl": 2} and found["rows_without_text"] == 1
    named = [{(leak[side]["part"], leak[side]["id"]) for side in "ab"} for leak in found["leaks"]]
    assert sorted(map(sorted, named)) == [
        [("dev.parquet", "1"), ("test.jsonl", "z")],
        [("test.jsonl", "x"), ("train.csv", "7")],
    ]
    assert main(["leaks", *files, "--width", "120"]) == 1
    printed = capsys.readouterr().out
    assert "train.csv:7  ↔  test.jsonl:x" in printed and "{American}" in printed and " │ " in printed
    assert "2 leaks between 3 parts" in printed
    assert main(["leaks", files[0], files[1]]) == 0
    assert "0 leaks" in capsys.readouterr().out


def test_a_roundup_leaks_into_both_its_stories(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = article(1), article(2)
    told = {"train": {"c": first + second}, "test": {"a": edited(first, 3, 0.03), "b": edited(second, 4, 0.03)}}
    for part, texts in told.items():
        rows = [json.dumps({"id": name, "text": text_of(some)}) for name, some in texts.items()]
        (tmp_path / f"{part}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    assert main(["leaks", str(tmp_path / "train.jsonl"), str(tmp_path / "test.jsonl"), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["leaks"]
    assert {(leak["a"]["id"], leak["b"]["id"]) for leak in found} == {("c", "a"), ("c", "b")}


def test_leaks_within_one_table_by_its_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["set", "inhalt"], ["train", text_of(article(1))], ["test", text_of(article(1)).upper()]]
    write_csv(tmp_path / "all.tsv", rows, "\t")
    file = str(tmp_path / "all.tsv")
    assert main(["leaks", file, "--text", "inhalt"]) == 1
    assert "train:1  ↔  test:2" in capsys.readouterr().out
    for arguments, said in (
        ([file], "name it with --text"),
        ([file, "--text", "words"], "has no column 'words'"),
        ([file, "--text", "set", "--split", "fold"], "has no column 'fold'"),
        ([str(tmp_path / "all.docx")], "known: .parquet"),
    ):
        assert main(["leaks", *arguments]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.csv", b"text\n\xff\xfe\n", "a.csv:2: not UTF-8"),
        ("a.parquet", b"PAR1 nothing", "cannot be read"),
        ("a.jsonl", b'{"text": "a"}\n{"text": ', "line 2"),
        ("a.jsonl", b"[1, 2]", "no JSON objects"),
        ("a.csv", None, "does not exist"),
    ],
)
def test_files_that_cannot_be_read_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, data: bytes | None, said: str
) -> None:
    if data is not None:
        (tmp_path / name).write_bytes(data)
    write_csv(tmp_path / "b.csv", [["text"], ["words"]])
    assert main(["leaks", str(tmp_path / name), str(tmp_path / "b.csv")]) == 1
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1


def test_a_csv_field_may_be_a_million_words(tmp_path: Path) -> None:
    long = text_of(article(1, 2000)) * 50
    write_csv(tmp_path / "a.csv", [["text"], [long]])
    write_csv(tmp_path / "b.csv", [["text"], [text_of(article(1, 2000))]])
    assert main(["leaks", str(tmp_path / "a.csv"), str(tmp_path / "b.csv")]) == 1
