"""The codebook is the one source of labels: what is made from it is committed as made; its errors name their place."""

from __future__ import annotations

import csv
import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stancewire.agreement.levels import METRICS
from stancewire.agreement.values import LAYER_FIELDS
from stancewire.cli import main
from stancewire.codebook import (
    Codebook,
    build_codebook_files,
    check_campaign,
    check_codebook,
    check_dataset,
    entity_choices,
    holder_choices,
    read_campaign,
    read_codebook,
    read_dataset,
    via_choices,
    vocabularies,
)
from stancewire.codebook.interface import interface_xml
from stancewire.codebook.json_schemas import made_schemas
from stancewire.codebook.vocabulary import FIXED
from stancewire.codebook.yaml_lines import MAX_ALIASES, MAX_DEPTH, YamlError, parse_yaml
from stancewire.errors import CodebookError
from stancewire.gold import METHODS
from stancewire.project import CORPUS_TABLES, Project
from stancewire.sources.listing import COLUMNS
from stancewire.tables import read_table_schema

ROOT = Path(__file__).parents[1]
DATA = Path(__file__).parent / "data" / "codebooks"
SMALL = (DATA / "small.yaml").read_text(encoding="utf-8")
BROKEN: list[dict[str, str]] = parse_yaml((DATA / "broken.yaml").read_text(encoding="utf-8")).value
OFFERS = [
    ("ada", "Ada Berg", "PERSON"),
    ("pact", "the pact", "LAW"),
    ("norway", "Norway", "GPE"),
]


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return read_codebook(ROOT / "schema" / "codebook.yaml")


def controls(xml: str) -> dict[str, ElementTree.Element]:
    found = [node for node in ElementTree.fromstring(xml).iter() if "toName" in node.attrib]
    names = [node.attrib["name"] for node in found]
    assert len(names) == len(set(names))
    return dict(zip(names, found, strict=True))


# what is made


def test_committed_files_are_what_the_codebook_makes(codebook: Codebook) -> None:
    files = build_codebook_files(codebook, ROOT / "schema")
    assert len(files) >= 7 + len(CORPUS_TABLES)
    for path, text in files.items():
        assert path.read_bytes() == text.encode("utf-8"), f"{path.name} differs; run: stancewire codebook build"


def test_build_writes_only_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = Project(tmp_path)
    shutil.copytree(ROOT / "schema", project.schema)
    assert main(["--project", str(tmp_path), "codebook", "build", "--check"]) == 0
    text = project.codebook_yaml.read_text(encoding="utf-8")
    project.codebook_yaml.write_text(text.replace("name: Other target", "name: Something else"), encoding="utf-8")
    before = project.guidelines.read_bytes()
    capsys.readouterr()
    assert main(["--project", str(tmp_path), "codebook", "build", "--check", "--json"]) == 1
    changed = json.loads(capsys.readouterr().out)["changed"]
    assert changed == ["schema/labeling/stances.xml", "schema/labeling/guidelines.md"]
    assert project.guidelines.read_bytes() == before
    assert main(["--project", str(tmp_path), "codebook", "build"]) == 0
    assert "Something else" in project.guidelines.read_text(encoding="utf-8")
    assert main(["--project", str(tmp_path), "codebook", "build", "--check"]) == 0


def test_every_closed_column_has_its_vocabulary_as_categories(codebook: Codebook) -> None:
    known = vocabularies(codebook)
    seen = set()
    for path in (ROOT / "schema" / "tables").glob("*.json"):
        schema = read_table_schema(path.stem)
        for field in schema.descriptor["fields"]:
            name = field.get("stancewire:vocabulary")
            if name is not None:
                assert schema.by_name[field["name"]].categories == known[name], (path.stem, field["name"])
                seen.add(name)
            else:
                assert "enum" not in field.get("constraints", {}), (path.stem, field["name"])
    assert seen == set(known)


def test_unknown_vocabulary_in_a_table_schema_is_an_error(codebook: Codebook, tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    field = {"name": "x", "type": "string", "stancewire:vocabulary": "colours"}
    (tmp_path / "tables" / "t.json").write_text(json.dumps({"fields": [field]}))
    with pytest.raises(CodebookError, match=r"t\.json: x: no vocabulary 'colours'; known: anchors"):
        build_codebook_files(codebook, tmp_path)


# interfaces


@pytest.mark.parametrize("task_pass", ["entities", "stances"])
def test_every_choice_has_a_key_of_its_own(codebook: Codebook, task_pass: str) -> None:
    fixed = [
        node.attrib["hotkey"]
        for node in ElementTree.fromstring(interface_xml(codebook, task_pass)).iter()
        if node.tag in ("Label", "Choice")
    ]
    assert len(fixed) >= 15
    if task_pass == "entities":
        offered = [item["hotkey"] for item in entity_choices([(f"e{n}", f"E {n}", "ORG") for n in range(60)])]
    else:
        many = [(f"e{n}", f"E {n}", "ORG") for n in range(60)]
        offered = [item["hotkey"] for item in [*holder_choices(many), *via_choices(many)]]
        offered.remove("a")  # sets attribution and holder author in one stroke
    assert len(set(fixed + offered)) == len(fixed + offered)
    assert "u" not in fixed + offered  # the front end's own: leave a span


def test_interface_has_the_controls_that_exports_are_read_by(codebook: Codebook) -> None:
    entities = controls(interface_xml(codebook, "entities"))
    assert set(entities) == {"mention", "kind", "entity", "entity_name", "flag", "comment"}
    stances = controls(interface_xml(codebook, "stances"))
    documents = {f"doc__{target.id}" for target in codebook.document_targets}
    of_span = {"stance", "attribution", "holder", "holder_text", "via", "via_text", "span_comment"}
    assert set(stances) == {"target", "flag", "comment"} | documents | of_span
    for name in of_span:
        assert stances[name].attrib["perRegion"] == "true"
    assert {name for name, node in stances.items() if "required" in node.attrib} == {
        "stance",
        "attribution",
        "holder",
    } | documents
    assert all(node.attrib["requiredMessage"] for node in stances.values() if "required" in node.attrib)
    labels = [label.attrib.get("alias", label.attrib["value"]) for label in stances["target"]]
    assert labels == [target.id for target in codebook.targets]


def test_interface_preselects_nothing_and_repeats_nothing(codebook: Codebook) -> None:
    for task_pass in ("entities", "stances"):
        xml = interface_xml(codebook, task_pass)
        assert re.match("<!-- Made from schema/codebook.yaml by: stancewire codebook build.*-->\n", xml)
        nodes = list(ElementTree.fromstring(xml).iter())
        assert not any("selected" in node.attrib for node in nodes)
        assert not any(node.tag in ("Repeater", "Taxonomy", "HyperText") for node in nodes)


def test_names_with_markup_stay_text_in_the_interface(tmp_path: Path) -> None:
    path = tmp_path / "codebook.yaml"
    path.write_text(SMALL.replace("name: the harbour", 'name: "<b>&\\"harbour\\""'), encoding="utf-8")
    target = controls(interface_xml(read_codebook(path), "stances"))["target"]
    assert target[0].attrib["value"] == '<b>&"harbour"'


def test_offers_keep_reading_order_and_store_entity_ids() -> None:
    assert [(c["value"], c["alias"], c["hotkey"]) for c in entity_choices(OFFERS)] == [
        ("Ada Berg", "ada", "e"),
        ("the pact", "pact", "r"),
        ("Norway", "norway", "t"),
    ]
    assert [(c["alias"], c["hotkey"]) for c in holder_choices(OFFERS)] == [
        ("author", "a"),
        ("ada", "z"),
        ("norway", "x"),
        ("unnamed", "g"),
        ("other", "h"),
    ]
    assert [(c["alias"], c["hotkey"]) for c in via_choices(OFFERS)] == [
        ("ada", "shift+z"),
        ("norway", "shift+x"),
        ("unnamed", "shift+g"),
        ("other", "shift+h"),
    ]


@given(st.integers(min_value=0, max_value=400))
def test_offers_of_any_length_never_share_a_key(count: int) -> None:
    offers = [(f"e{n}", f"E {n}", "ORG") for n in range(count)]
    for choices in (entity_choices(offers), [*holder_choices(offers), *via_choices(offers)]):
        keys = [choice["hotkey"] for choice in choices if "hotkey" in choice]
        assert len(keys) == len(set(keys))


# guidelines


def test_guidelines_teach_every_choice(codebook: Codebook) -> None:
    text = (ROOT / "schema" / "labeling" / "guidelines.md").read_text(encoding="utf-8")
    for choice in (*codebook.mention_labels, *codebook.targets, *codebook.stances, *codebook.attributions):
        assert choice.definition in text and choice.hotkey
        assert choice.examples, choice.id
    for target in codebook.targets:
        assert target.favor_means in text and target.against_means in text
        assert target.counter_examples and target.borderline, target.id
    assert "Select region after creating it" in text and "Ctrl+Enter" in text


def test_guidelines_hold_no_words_of_the_corpus() -> None:
    """An annotator must not find the answers there: no seven words in a row of any source."""

    def runs(text: str) -> set[tuple[str, ...]]:
        words = re.findall(r"\w+", text.lower())
        return {tuple(words[n : n + 7]) for n in range(len(words) - 6)}

    sources = sorted((ROOT / "corpus" / "sources").rglob("*.txt"))
    assert sources
    guidelines = runs((ROOT / "schema" / "labeling" / "guidelines.md").read_text(encoding="utf-8"))
    for source in sources:
        assert not runs(source.read_text(encoding="utf-8")) & guidelines


# JSON Schemas


@pytest.mark.parametrize("path", sorted((ROOT / "schema").glob("*.schema.json")), ids=lambda path: path.stem)
def test_json_schema_is_one(path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(path.read_text(encoding="utf-8")))


def a_task() -> dict[str, Any]:
    return {
        "doc_id": "a",
        "text_sha256": "0" * 64,
        "task_pass": "stances",
        "round": 1,
        "annotator_id": "ann-kivopa",
        "codebook_version": "1.0.0",
        "suggestions_shown": False,
        "view": [[0, 10, 14, 1]],
        "text": "One\nTwo",
        "meta_line": "a",
        "entities_offered": [list(offer) for offer in OFFERS],
        "holders": holder_choices(OFFERS),
        "vias": via_choices(OFFERS),
    }


@pytest.mark.parametrize(
    ("change", "fine"),
    [
        ({}, True),
        ({"vias": []}, True),
        ({"holders": None}, False),
        ({"task_pass": "entities"}, False),
        ({"task_pass": "entities", "entities": []}, True),
        ({"text": "One\r\nTwo"}, False),
        ({"text": "\ufeffOne"}, False),
        ({"annotator_id": "ada@example.org"}, False),
        ({"view": [[0, 10, 14]]}, False),
        ({"email": "x"}, False),
    ],
)
def test_task_schema_knows_a_task(codebook: Codebook, change: dict[str, Any], fine: bool) -> None:
    task = {key: value for key, value in (a_task() | change).items() if value is not None}
    validator = jsonschema.Draft202012Validator(made_schemas(codebook)["task"])
    assert validator.is_valid({"data": task}) is fine


def test_sources_schema_has_the_columns_that_are_read(codebook: Codebook) -> None:
    schema = made_schemas(codebook)["sources"]
    assert list(schema["properties"]) == list(COLUMNS)
    validator = jsonschema.Draft202012Validator(schema)
    with open(ROOT / "corpus" / "sources.csv", encoding="utf-8", newline="") as rows:
        found = list(csv.DictReader(rows))
    assert found and all(validator.is_valid(row) for row in found)
    for path in ("/etc/passwd", "../a.txt", "a/../../b", "https://example.org/a", "C:/a"):
        assert not validator.is_valid(found[0] | {"source_path": path}), path


# reading


def test_small_codebook_has_no_problem() -> None:
    assert check_codebook(DATA / "small.yaml") == []
    small = read_codebook(DATA / "small.yaml")
    assert small.fold("no-harbour", "favor") == ("harbour", "against")
    assert [target.id for target in small.document_targets] == ["harbour"]


def test_methods_and_levels_are_read_by_layer(tmp_path: Path) -> None:
    (tmp_path / "schema").mkdir()
    path = tmp_path / "schema" / "codebook.yaml"
    path.write_text(
        SMALL + "gold: {method: mace, document_stance: unanimous, allow_few: true}\n"
        "rules: {agreement: {mention: 0.8, stance: {found_f1: 0.5, judged_alpha: {holder: 0.6}}}}\n",
        encoding="utf-8",
    )
    book = read_codebook(path)
    assert [book.gold.of_layer(layer) for layer in ("mention", "stance", "document_stance")] == [
        "mace", "mace", "unanimous",
    ]  # fmt: skip
    assert book.gold.allow_few
    assert book.rules.agreement == (
        ("mention", "", "", 0.8), ("stance", "found_f1", "", 0.5), ("stance", "judged_alpha", "holder", 0.6),
    )  # fmt: skip
    plain = read_codebook(DATA / "small.yaml").gold
    assert (plain.of_layer("stance"), plain.allow_few) == ("majority", False)


def test_the_codebook_offers_every_method_and_metric() -> None:
    schema = json.loads((ROOT / "schema" / "codebook.schema.json").read_text(encoding="utf-8"))["$defs"]
    assert tuple(schema["method"]["enum"]) == METHODS
    assert set(schema["stance_levels"]["properties"]) == set(METRICS)
    for layer, fields in LAYER_FIELDS.items():
        assert tuple(schema[f"{layer}_field_levels"]["properties"]) == fields


def test_no_and_on_stay_words() -> None:
    small = read_codebook(DATA / "small.yaml")
    assert [entity.aliases for entity in small.entities] == [("NO",), ("no", "on", "Berg")]


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: re.sub(r"[^a-z]+", "-", case["says"])[:60])
def test_problem_names_line_key_and_nearest_name(case: dict[str, str], tmp_path: Path) -> None:
    assert SMALL.count(case["old"]) >= 1
    path = tmp_path / "schema" / "codebook.yaml"
    path.parent.mkdir()
    path.write_text(SMALL.replace(case["old"], case["new"], 1), encoding="utf-8")
    first, *more = check_codebook(path)
    assert str(first) == f"schema/codebook.yaml:{case['says']}"
    with pytest.raises(CodebookError) as caught:
        read_codebook(path)
    line, _, message = case["says"].partition(": [")
    assert str(caught.value).startswith(f"schema/codebook.yaml:{line}: {message.partition('] ')[2]}")
    assert f"and {len(more)} more" in str(caught.value) or not more


def test_every_check_of_the_codebook_has_a_broken_case() -> None:
    tried = {re.findall(r"codebook-[a-z]+", case["says"])[0] for case in BROKEN}
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "scripts/stancewire/codebook").glob("*.py"))
    by_schema = {"codebook-syntax", "codebook-key", "codebook-value"}
    assert tried == by_schema | set(re.findall(r'"(codebook-[a-z]+)"', source))


def test_all_problems_are_found_at_once(tmp_path: Path) -> None:
    path = tmp_path / "codebook.yaml"
    broken = SMALL.replace("inverse_of: harbour", "inverse_of: harbor").replace("label: GPE,", "label: GEP,")
    path.write_text(broken, encoding="utf-8")
    assert [problem.check for problem in check_codebook(path)] == ["codebook-reference", "codebook-reference"]
    with pytest.raises(CodebookError, match="and 1 more"):
        read_codebook(path)


def test_missing_codebook_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match="there is no such file"):
        read_codebook(tmp_path / "codebook.yaml")


def test_check_prints_each_problem_and_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = Project(tmp_path)
    project.schema.mkdir()
    project.codebook_yaml.write_text(SMALL.replace("inverse_of: harbour", "inverse_of: harbor"), encoding="utf-8")
    assert main(["--project", str(tmp_path), "codebook", "check"]) == 1
    out = capsys.readouterr().out
    assert "schema/codebook.yaml:24: [2 codebook-reference]" in out and "1 problem, 0 warnings" in out
    assert main(["--project", str(tmp_path), "codebook", "check", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problems"][0]["place"] == "24"


# YAML


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[true, false, True, yes, no, NO, on, off, y]", [True, False, "True", "yes", "no", "NO", "on", "off", "y"]),
        ("[1, -2, 1.5, 0x10, 1_000, 1:30, .inf]", [1, -2, 1.5, "0x10", "1_000", "1:30", ".inf"]),
        ("[null, ~, Null, 2019-06-26]", [None, None, "Null", "2019-06-26"]),
        ("{no: 1, 2: a, <<: b}", {"no": 1, "2": "a", "<<": "b"}),
        ("", None),
    ],
)
def test_yaml_reads_only_the_scalars_that_are_meant(text: str, value: Any) -> None:
    assert parse_yaml(text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system [ls]",
        "a: !!binary aGk=",
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "[" * 100_000,
        "a: &a [1]\nb: [" + ", ".join(["*a"] * (MAX_ALIASES + 1)) + "]",
        "&a [*a]",
        "- &n0 [x, x]\n" + "".join(f"- &n{n + 1} [{', '.join([f'*n{n}'] * 9)}]\n" for n in range(9)),
        "? [a]\n: b",
        "a: 1\na: 2",
        "a: b: c",
        "\x00",
        "a: *nobody",
    ],
)
def test_hostile_yaml_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(YamlError) as caught:
        parse_yaml(text)
    assert caught.value.line >= 1


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_yaml(text)
    except YamlError as error:
        assert "\n" not in str(error)


# campaign and dataset


def test_campaign_names_pseudonyms_and_what_they_are() -> None:
    campaign = read_campaign(ROOT / "annotations" / "campaign.yaml")
    assert {item.kind for item in campaign.annotators} == {"model"}
    assert [(item.task_pass, item.round, item.suggestions) for item in campaign.rounds] == [
        ("entities", 1, True),
        ("stances", 1, False),
    ]
    assert all(len(item.annotators) == 2 for item in campaign.rounds)
    assert not set(campaign.adjudicators) & {name for item in campaign.rounds for name in item.annotators}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("adjudicators: [adj-rosabi]", "adjudicators: [adj-rosaby]", "did you mean 'adj-rosabi'?"),
        ("kind: model", "kind: robot", "'robot' is not known; known: human, model"),
        ("  ann-tulemi:\n", "  tulemi@example.org:\n", "is not a pseudonym of small letters"),
        ("suggestions: true", "suggestions: yes", "expected true or false, found 'yes'"),
        ("    model: Claude\n", "", "the key 'model' is missing"),
    ],
)
def test_campaign_problem_names_the_nearest(old: str, new: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "campaign.yaml"
    text = (ROOT / "annotations" / "campaign.yaml").read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert any(says in str(problem) for problem in check_campaign(path)), check_campaign(path)
    with pytest.raises(CodebookError):
        read_campaign(path)


def test_dataset_names_no_person(tmp_path: Path) -> None:
    path = ROOT / "schema" / "dataset.yaml"
    dataset = read_dataset(path)
    assert dataset.annotations_licence.name == "CC-BY-4.0" and "publishers" in dataset.text_statement
    text = path.read_text(encoding="utf-8")
    assert "@" not in text
    other = tmp_path / "dataset.yaml"
    other.write_text(text.replace("The Stancewire project", "Ada <ada@example.org>"), encoding="utf-8")
    assert "is not a name without an e-mail address" in str(check_dataset(other)[0])


def test_fixed_vocabularies_are_the_tools_own(codebook: Codebook) -> None:
    assert not set(FIXED) & (set(vocabularies(codebook)) - set(FIXED))
    assert vocabularies(codebook)["document_stances"] == ("favor", "against", "neutral", "none")
