"""The gold in the formats of other tools: every span slices, what a format cannot hold is named, and it reads back."""

from __future__ import annotations

import csv
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stancewire
import stancewire.cli.exports as cli
from stancewire.cli import main
from stancewire.codebook import read_codebook
from stancewire.corpus_view import TABLES
from stancewire.errors import UsageError
from stancewire.exports import FORMATS, export_corpus
from stancewire.exports.gathered import GoldDocument, read_gold_documents
from stancewire.exports.tokens import tag_sentences
from stancewire.imports.brat import read_brat
from stancewire.imports.columns import read_conll
from stancewire.imports.reading import Options
from stancewire.label_studio.client import Client

ROOT = Path(__file__).parents[1]
Span = tuple[str, int, int, str]


@pytest.fixture(scope="module")
def documents() -> dict[str, GoldDocument]:
    """The shipped corpus."""
    return {document.doc_id: document for document in read_gold_documents(stancewire.open(ROOT))}


def spans_of(documents: dict[str, GoldDocument]) -> set[Span]:
    return {(d.doc_id, row["start"], row["end"], row["label"]) for d in documents.values() for row in d.mentions}


def json_lines(path: Path) -> list[dict[str, Any]]:
    # Not splitlines(), which splits within texts, too.
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def test_formats_of_the_command_are_those_of_the_stage() -> None:
    assert tuple(FORMATS) == cli.FORMATS


@pytest.mark.parametrize("format", FORMATS)
def test_exports_of_one_corpus_are_equal_and_a_release_is_one(
    format: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = max((ROOT / "corpus" / "releases").iterdir())
    held: dict[str, dict[str, bytes]] = {}
    for name, source in (("a", ROOT), ("b", ROOT), ("release", release)):
        command = ["--project", str(ROOT), "export", format, "--out", str(tmp_path / name), "--of", str(source)]
        assert main([*command, "--json"]) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["notes"] == []
        paths = [path for path in (tmp_path / name).rglob("*") if path.is_file()]
        held[name] = {path.relative_to(tmp_path / name).as_posix(): path.read_bytes() for path in paths}
        assert held[name].keys() == set(said["files"])
    assert held["a"] == held["b"]
    assert held["a"].keys() == held["release"].keys()


def test_brat_reads_back(documents: dict[str, GoldDocument], tmp_path: Path) -> None:
    export_corpus(stancewire.open(ROOT), "brat", tmp_path / "out")
    read: set[Span] = set()
    stances = []
    for said in read_brat(tmp_path / "out", Options()):
        assert said.text == documents[str(said.name)].text
        (answer,) = said.answers
        for mark in answer.marks:
            if mark.control == "label":
                assert mark.start is not None and mark.end is not None
                assert said.text[mark.start : mark.end].replace("\n", " ") == mark.quote
                if mark.values[0] != "STANCE":
                    read.add((str(said.name), mark.start, mark.end, mark.values[0]))
            elif mark.control == "stance":
                stances.append(mark.values[0])
    assert read == spans_of(documents)
    assert sorted(stances) == sorted(row["stance"] for d in documents.values() for row in d.stances)


def test_conll_reads_back_and_its_places_are_those_of_the_text(
    documents: dict[str, GoldDocument], tmp_path: Path
) -> None:
    export_corpus(stancewire.open(ROOT), "conll", tmp_path / "out")
    path = tmp_path / "out" / "all.conll"
    doc_id, n_words = "", 0
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# newdoc"):
            doc_id = line.partition("= ")[2]
        elif line and not line.startswith("#"):
            cells = line.split("\t")
            assert documents[doc_id].text[int(cells[2]) : int(cells[3])] == cells[1]
            n_words += 1
    assert n_words > 700
    outer = {
        (d.doc_id, "".join(row["text"].split()), row["label"])
        for d in documents.values()
        for row in d.mentions
        if row["is_outer"]
    }
    read = {
        (str(said.name), "".join(said.text[mark.start : mark.end].split()), mark.values[0])
        for said in read_conll(path, Options())
        for mark in said.answers[0].marks
    }
    assert read == outer
    inner = sum(line.count("\tB-") for line in path.read_text(encoding="utf-8").splitlines())
    assert inner == len(spans_of(documents))


def test_spacy_and_hugging_face_slice(documents: dict[str, GoldDocument], tmp_path: Path) -> None:
    export_corpus(stancewire.open(ROOT), "spacy", tmp_path / "spacy")
    items = json_lines(tmp_path / "spacy" / "all.jsonl")
    read = {(item["meta"]["doc_id"], *span) for item in items for span in item["mentions"]}
    assert read == spans_of(documents)
    for item in items:
        entities = sorted(item["entities"])
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(entities))
        assert {name.rpartition(":")[2] for name in item["cats"]} <= {"favor", "against", "neutral", "none"}
    export_corpus(stancewire.open(ROOT), "hugging-face", tmp_path / "hf")
    card = json.loads((tmp_path / "hf" / "README.md").read_text(encoding="utf-8").split("---")[1])
    features = {info["config_name"]: info["features"] for info in card["dataset_info"]}
    for config in card["configs"]:
        names = [feature["name"] for feature in features[config["config_name"]]]
        for part in config["data_files"]:
            assert all(list(item) == names for item in json_lines(tmp_path / "hf" / part["path"]))
    tags = next(f for f in features["tokens"] if f["name"] == "ner_tags")["sequence"]["class_label"]["names"]
    begun = 0
    for item in json_lines(tmp_path / "hf" / "tokens" / "train.jsonl"):
        text = documents[item["doc_id"]].text
        assert [text[a:b] for a, b in zip(item["starts"], item["ends"], strict=True)] == item["tokens"]
        begun += sum(tags[str(number)].startswith("B-") for number in item["ner_tags"])
    assert begun == sum(row["is_outer"] for d in documents.values() for row in d.mentions)


def test_csv_has_every_table(tmp_path: Path) -> None:
    export_corpus(stancewire.open(ROOT), "csv", tmp_path / "out")
    assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == sorted(TABLES)
    with open(tmp_path / "out" / "mentions.csv", encoding="utf-8-sig", newline="") as file:
        assert [row["mention_id"] for row in csv.DictReader(file)] == list(stancewire.open(ROOT).mentions["mention_id"])


def test_parts_of_a_split_get_files_of_their_own(tmp_path: Path) -> None:
    shutil.copytree(ROOT, tmp_path / "p", ignore=shutil.ignore_patterns(".*", "tests", "scripts", "releases"))
    (tmp_path / "p" / "annotations" / "splits.yaml").write_text("sizes: {train: 1, dev: 0, test: 0}\n")
    assert main(["--project", str(tmp_path / "p"), "split"]) == 0
    report = export_corpus(stancewire.open(tmp_path / "p"), "conll", tmp_path / "out")
    assert report.files == ["train.conll"]  # one story is never cut in two


def test_a_folder_that_holds_something_is_not_touched_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    command = ["--project", str(ROOT), "export", "spacy", "--out", str(tmp_path)]
    assert main(command) == 2
    assert "--replace" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    assert main([*command, "--replace"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["all.jsonl"]
    with pytest.raises(UsageError, match="unknown format"):
        export_corpus(stancewire.open(ROOT), "doc", tmp_path / "x")


# tags


def made(text: str, sentences: list[tuple[int, int]], spans: list[tuple[int, int, str]]) -> GoldDocument:
    rows = [
        {"mention_id": str(n), "start": start, "end": end, "label": label}
        for n, (start, end, label) in enumerate(sorted(spans, key=lambda s: (s[0], -s[1])))
    ]
    cut = tuple({"sent_no": n, "seg_no": 0, "start": a, "end": b} for n, (a, b) in enumerate(sentences))
    return GoldDocument({"doc_id": "d", "text": text}, cut, (), tuple(rows), (), {}, None, None)


def read_tags(places: tuple[tuple[int, int], ...], tags: tuple[str, ...]) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    for (start, end), tag in zip(places, tags, strict=True):
        if tag.startswith("B-"):
            found.append((start, end, tag[2:]))
        elif tag.startswith("I-"):
            assert found[-1][2] == tag[2:]
            found[-1] = (found[-1][0], end, tag[2:])
    return found


def test_a_mention_cuts_tokens_and_a_crossing_one_is_named() -> None:
    text = "pre-Trump🕊era talks. More."
    crossing = [(4, 9, "PERSON"), (4, 13, "EVENT"), (6, 16, "ORG"), (14, 24, "LAW")]
    (first, second), left = tag_sentences(made(text, [(0, 20), (21, 26)], crossing))
    assert first.words == ("pre", "-", "Trump", "🕊", "era", "talks", ".")
    assert first.levels == (("O", "O", "B-EVENT", "I-EVENT", "I-EVENT", "O", "O"),
                            ("O", "O", "B-PERSON", "O", "O", "O", "O"))  # fmt: skip
    assert second.levels == (("O", "O"),)
    assert [(row["start"], row["label"]) for row in left] == [(6, "ORG"), (14, "LAW")]


@given(
    st.text("ab 🕊.é\n-", min_size=1, max_size=40),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 12), st.sampled_from("XYZ")), max_size=8),
)
def test_any_spans_are_tagged_exactly_or_named(text: str, drawn: list[tuple[int, int, str]]) -> None:
    spans = sorted({
        (start, min(start + length, len(text)), label)
        for start, length, label in drawn
        if text[start : start + length] and text[start : start + length] == text[start : start + length].strip()
    })  # fmt: skip
    document = made(text, [(0, len(text))], spans)
    (sentence,), left = tag_sentences(document)
    assert tuple(text[a:b] for a, b in sentence.places) == sentence.words
    assert "".join(sentence.words) == "".join(text.split())
    tagged = [span for tags in sentence.levels for span in read_tags(sentence.places, tags)]
    assert sorted([*tagged, *((row["start"], row["end"], row["label"]) for row in left)]) == spans


# a real server


@pytest.mark.studio
def test_label_studio_takes_the_tasks_and_gives_them_back(studio_client: Client, tmp_path: Path) -> None:
    export_corpus(stancewire.open(ROOT), "label-studio", tmp_path / "out")
    codebook = read_codebook(ROOT / "schema" / "codebook.yaml")
    for task_pass in codebook.passes:
        interface = (ROOT / "schema" / "labeling" / f"{task_pass.name}.xml").read_text(encoding="utf-8")
        project = studio_client.create_project(title=f"exported {task_pass.name}", label_config=interface)
        sent = json.loads((tmp_path / "out" / f"{task_pass.name}.json").read_text(encoding="utf-8"))
        studio_client.post_as_admin(f"/api/projects/{project.id}/import", sent, "importing")
        there = {task["data"]["doc_id"]: task for task in studio_client.tasks(project.id, project.title)}
        assert there.keys() == {task["data"]["doc_id"] for task in sent}
        for task in sent:
            (annotation,) = there[task["data"]["doc_id"]]["annotations"]
            assert annotation["result"] == task["annotations"][0]["result"]
            named = {control: _controls(task, control) for control in ("entity", "holder", "via")}
            offered = {item["alias"] for name in ("entities", "holders", "vias") for item in task["data"].get(name, ())}
            assert set().union(*named.values()) <= offered


def _controls(task: dict[str, Any], control: str) -> set[str]:
    results = task["annotations"][0]["result"]
    return {result["value"]["choices"][0] for result in results if result["from_name"] == control}
