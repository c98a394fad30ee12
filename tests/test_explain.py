"""Explain: any gold row, and what is not gold, down to its votes, its decision and the reason."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from judged_project import make_judged_project
from merged_project import ALLIANCE, TEXT, TREATY, decide, given_in, held, judge, make_project, said, table, usual
from tiny_project import make_tiny_project

from stancewire.errors import UsageError
from stancewire.gold import explain, write_gold
from stancewire.gold.evidence import read_evidence
from stancewire.gold.explain import explanation_lines
from stancewire.project import Project
from stancewire.release.account import account, account_lines, release_words
from stancewire.release.account_page import account_html, write_page
from stancewire.release.appearances import find_appearances
from stancewire.release.freeze import release
from stancewire.tables import make_table, read_table, read_table_schema, write_stage


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Merged: one mention decided, the rest as two annotators left it."""
    made = make_project(tmp_path / "project")
    judge(made, usual(), monkeypatch)
    decide(made, ids_of(made, "Lee"), "label", "PERSON", reason="Lee is a person, not a body.")
    write_gold(made)
    return made


def ids_of(project: Project, words: str) -> list[str]:
    return [row["judgement_id"] for row in table(project, "judgements") if row["text"] == words]


def row_of(project: Project, name: str, **values: Any) -> dict[str, Any]:
    (row,) = [row for row in table(project, name) if all(row[key] == value for key, value in values.items())]
    return row


def test_a_mention_is_explained_by_its_votes_and_its_decision(project: Project) -> None:
    row = row_of(project, "mentions", text="Lee")
    about = explain(project, row["mention_id"])
    assert (about["kind"], about["verdict"], about["decided_by"]) == ("mention", "gold", "adjudicated")
    assert TEXT.startswith(about["before"] + about["text"] + about["after"][:3])
    assert {(vote["annotator_id"], vote["label"]) for vote in about["votes"]} == {("ann-a", "PERSON"), ("ann-b", "ORG")}
    (label,) = [field for field in about["fields"] if field["field"] == "label"]
    assert (label["status"], label["value"], label["decision"]["decided_by"]) == ("decided", "PERSON", "adj-d")
    lines = explanation_lines(about)
    assert any("Lee is a person, not a body." in line for line in lines)
    assert any("ann-b 'Lee': ORG" in line and "manual, 2024-05-02, current" in line for line in lines)
    json.dumps(about)


def test_a_document_stance_is_named_by_document_and_target(project: Project) -> None:
    about = explain(project, f"d1/{TREATY}")
    assert (about["kind"], about["verdict"], about["text"]) == ("document_stance", "gold", None)
    assert explanation_lines(about)[0] == f"document_stance d1/{TREATY}: gold"
    assert explain(project, f"d1/{ALLIANCE}")["verdict"] == "undecided: stance"


def test_a_conflict_a_decision_and_a_judgement_lead_to_their_unit(project: Project) -> None:
    conflict = row_of(project, "conflicts", text="pact")
    about = explain(project, conflict["conflict_id"])
    assert (about["kind"], about["verdict"]) == ("conflict", "undecided: exists")
    decision = row_of(project, "adjudications")
    about = explain(project, decision["decision_id"])
    assert (about["kind"], about["text"], about["verdict"]) == ("decision", "Lee", "gold")
    about = explain(project, decision["conflict_id"])
    assert (about["kind"], about["text"]) == ("conflict", "Lee")
    about = explain(project, ids_of(project, "pact")[0])
    assert (about["kind"], about["judgement"]["annotator_id"]) == ("judgement", "ann-a")


def test_a_stance_shows_holder_via_and_every_field(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(project, [given_in(held("The pact must stay", via="unnamed"), task_pass="stances")], monkeypatch)
    write_gold(project)
    about = explain(project, row_of(project, "stances")["stance_id"])
    assert [field["field"] for field in about["fields"]] == [
        "exists", "boundary", "stance", "holder", "via", "attribution",
    ]  # fmt: skip
    assert (about["decided_by"], about["votes"][0]["via"]) == ("single", "unnamed")
    assert any("entity:d1#ana-ruiz, unnamed, direct_quote" in line for line in explanation_lines(about))


def test_a_judgement_that_does_not_vote_says_why(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = given_in(said("Lee", label="PERSON"), said("pact", label="LAW"), said(flag="hard"))
    second = given_in(said("Lee", label="ORG"), said(flag="hard"), pulled=2)
    again = given_in(said("Ana Ruiz", label="PERSON"), round=2)
    judge(project, [first, second, again], monkeypatch)
    write_gold(project)
    why = {}
    for row in table(project, "judgements"):
        about = explain(project, row["judgement_id"])
        why[row["text"], row["label"] or row["flag"]] = about["verdict"]
        assert explanation_lines(about)
    assert why == {
        ("Lee", "PERSON"): "does not vote: superseded",
        ("pact", "LAW"): "does not vote: deleted",
        (None, "hard"): "a flag: it is kept, and not voted on",
        ("Lee", "ORG"): "does not vote: the same annotator submitted round 2 of this document later",
        ("Ana Ruiz", "PERSON"): "gold",
    }
    stale = row_of(project, "adjudications")
    about = explain(project, stale["decision_id"])
    assert about["verdict"].startswith("stale")
    assert "so it is" not in "".join(explanation_lines(about))


def test_what_is_in_quarantine_is_explained_by_its_reason(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    judge(project, [given_in(said("Lee", label="ROBOT"))], monkeypatch)
    write_gold(project)
    (row,) = table(project, "quarantine")
    about = explain(project, row["judgement_id"])
    assert about["verdict"] == f"in quarantine: {row['reason']}"
    assert "ROBOT" in explanation_lines(about)[0]


def test_a_dropped_unit_says_by_what(project: Project) -> None:
    (pact,) = ids_of(project, "pact")
    decide(project, [pact], "exists", "drop")
    write_gold(project)
    assert explain(project, pact)["verdict"] == "dropped by decision"


def test_an_unknown_id_is_answered_with_the_nearest(project: Project) -> None:
    row = row_of(project, "mentions", text="Lee")
    with pytest.raises(UsageError, match=row["mention_id"]):
        explain(project, row["mention_id"][:-1])
    with pytest.raises(UsageError, match=f"d1/{TREATY}"):
        explain(project, "d1/us-japan-security-treat")


def test_every_gold_row_can_be_explained(project: Project) -> None:
    keys = [row["mention_id"] for row in table(project, "mentions")]
    keys += [row["stance_id"] for row in table(project, "stances")]
    keys += [f"{row['doc_id']}/{row['target_id']}" for row in table(project, "document_stances")]
    assert keys
    for key in keys:
        about = explain(project, key)
        assert about["gold_id"] == key
        assert about["verdict"] == "gold"


# a place


def place(words: str) -> str:
    start = TEXT.index(words)
    return f"d1:{start}-{start + len(words)}"


def test_a_place_tells_what_is_in_gold_and_what_is_not(project: Project) -> None:
    about = account(project, place("pact must"))
    assert about["verdict"] == "0 in gold, 2 not"
    assert [(unit["kind"], unit["verdict"]) for unit in about["units"]] == [
        ("mention", "undecided: exists"),
        ("stance", "undecided: boundary, stance, via"),
    ]
    assert (
        account(project, place("Lee"))["units"][0]["gold_id"] == row_of(project, "mentions", text="Lee")["mention_id"]
    )
    assert about["readers"] == {"entities": ["ann-a", "ann-b"], "stances": ["ann-a", "ann-b"]}
    assert any("ann-a 'pact': LAW" in line for line in account_lines(about))


def test_a_place_where_nobody_marked_anything_says_so(project: Project) -> None:
    about = account(project, place("aides told us"))
    assert (about["verdict"], about["units"]) == ("nothing in gold: nobody marked anything here", [])
    assert "entities: submitted by ann-a, ann-b" in "\n".join(account_lines(about))


def test_a_place_that_no_pass_shows_says_so(project: Project) -> None:
    schema = read_table_schema("segments", project.table_schemas)
    rows = [{"doc_id": "d1", "seg_no": 0, "role": "furniture", "start": 0, "end": 17, "rule": "test"}]
    rows.append({"doc_id": "d1", "seg_no": 1, "role": "body", "start": 19, "end": len(TEXT), "rule": "test"})
    write_stage(project.corpus, "segments", {"segments": (schema, make_table(schema, rows))}, {})
    assert account(project, place("met"))["verdict"] == (
        "nothing in gold: no pass shows furniture, so nobody was asked"
    )


def test_marks_at_a_place_that_do_not_vote_say_why(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    first = given_in(said("pact", label="LAW"), said("Lee", label="ROBOT"))
    judge(project, [first, given_in(pulled=2)], monkeypatch)
    write_gold(project)
    about = account(project, place("pact"))
    assert about["verdict"] == "nothing in gold: what was marked here does not vote"
    assert [item["verdict"] for item in about["others"]] == ["does not vote: deleted"]
    assert any("in quarantine" in line for line in account_lines(account(project, place("Lee"))))


@pytest.mark.parametrize(
    ("asked", "message"),
    [("d1:5-5", "does not lie within"), ("d1:0-9999", "does not lie within"), ("d2:0-1", "nearest is d1")],
)
def test_a_place_that_is_none_is_refused(project: Project, asked: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        account(project, asked)


# checks and releases


def test_an_account_names_the_checks_raised_on_the_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_project(tmp_path / "project")
    both = [given_in(held("Lee wants out"), task_pass="stances", who=who) for who in ("ann-a", "ann-b")]
    judge(made, both, monkeypatch)
    write_gold(made)
    about = account(made, row_of(made, "stances")["stance_id"])
    assert {item["check"] for item in about["checks"]} == {"quote-marks", "holder-mentioned"}
    assert any("[quote-marks]" in line for line in account_lines(about))
    assert account(made, f"d1/{TREATY}" if table(made, "document_stances") else place("met"))["verdict"]


def test_a_stale_decision_is_a_check_raised(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = given_in(said("Ana Ruiz", label="PERSON"), said("Lee", label="GPE"), who="ann-b", pulled=2)
    judge(project, [*usual(), changed], monkeypatch)
    write_gold(project)
    conflict = row_of(project, "conflicts", text="Lee")
    assert conflict["status"] == "stale"
    about = account(project, conflict["conflict_id"])
    assert [item["check"] for item in about["checks"]] == ["decision-stale"]


def test_an_account_names_what_merging_finds_about_the_row(project: Project) -> None:
    for value in ("ORG", "PERSON"):
        decide(project, ids_of(project, "Lee"), "label", value, reason="No: it is otherwise.")
    write_gold(project)
    row = row_of(project, "mentions", text="Lee")
    checks = account(project, row["mention_id"])["checks"]
    assert checks == []  # the line that holds is the last one, and that is overruled by nobody
    first = next(row for row in table(project, "adjudications") if row["value"] == "ORG")
    (found,) = account(project, first["decision_id"])["checks"]
    assert (found["check"], found["place"]) == ("decision-overruled", "2")


# at volume


def test_explain_reads_no_table_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_judged_project(tmp_path / "many", documents=12)
    row = table(made, "stances")[5]
    told = account(made, row["stance_id"])
    at_place = account(made, f"{row['doc_id']}:{row['start']}-{row['end']}")
    assert [unit["gold_id"] for unit in at_place["units"]] == [row["stance_id"]]
    whole = []

    def note(directory: Path, schema: Any, columns: Any = None) -> Any:
        whole.append(schema.name)
        return read_table(directory, schema, columns)

    for name in ("gold.evidence", "gold.explain", "gold.explain_place", "checks.about"):
        monkeypatch.setattr(sys.modules[f"stancewire.{name}"], "read_table", note)
    assert account(made, row["stance_id"]) == told
    assert account(made, f"{row['doc_id']}:{row['start']}-{row['end']}") == at_place
    assert set(whole) <= {"targets"}


def test_what_is_read_of_one_document_explains_what_all_of_them_explain(tmp_path: Path) -> None:
    made = make_judged_project(tmp_path / "many", documents=6)
    evidence = read_evidence(made)
    merged = {outcome.unit.judgement_ids: outcome for outcome in evidence.outcomes("majority")}
    assert len({outcome.unit.doc_id for outcome in merged.values()}) == 6
    for doc_id in sorted(evidence.texts):
        few = read_evidence(made, doc_ids=[doc_id])
        assert {row["doc_id"] for row in few.judgements} == {doc_id}
        for outcome in few.outcomes("majority"):
            assert outcome == merged[outcome.unit.judgement_ids]


def test_an_account_names_the_releases_a_row_was_in(tmp_path: Path) -> None:
    made = make_tiny_project(tmp_path / "tiny")
    row = row_of(made, "mentions", doc_id="wire-1", text="Ana Ruiz")
    assert find_appearances(made, "mention", row["mention_id"]) == []
    release(made, flavour="full")
    (found,) = find_appearances(made, "mention", row["mention_id"])
    assert (found["there"], found["values"]["label"]) == (True, "PERSON")
    assert release_words(found).startswith("0.1.0: mentions row ")
    (found,) = find_appearances(made, "document_stance", f"wire-1/{TREATY}")
    assert found["values"] == {"stance": "none", "decided_by": "unanimous"}
    (found,) = find_appearances(made, "stance", "nowhere")
    assert found["there"] is False
    (made.releases / found["release"] / "annotations" / "stances.parquet").unlink()
    (found,) = find_appearances(made, "stance", "nowhere")
    assert found["there"] is None and "not known" in release_words(found)


# the page


class Tags(HTMLParser):
    """Each tag of a page, with the names of its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, set[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.setdefault(tag, set()).update(name for name, _ in attrs)


def test_the_page_escapes_all_data_and_forbids_the_network(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    nasty = "</td><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>"
    judge(project, [given_in(held("wants out of it", comment=nasty + "\x07"), task_pass="stances")], monkeypatch)
    write_gold(project)
    for asked in (row_of(project, "stances")["stance_id"], place("wants out")):
        page = account_html(account(project, asked))
        assert "<script" not in page and "<img" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "\x07" not in page
        style = page.split("<style>")[1].split("</style>")[0]
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{digest}'" in html.unescape(page)
        tags = Tags()
        tags.feed(page)
        assert {"table", "mark", "style"} <= tags.names.keys()
        assert not {"a", "link", "script", "img", "iframe", "object", "form"} & tags.names.keys()
        assert set().union(*tags.names.values()) == {"lang", "charset", "http-equiv", "content", "name", "class"}


def test_the_page_tells_what_the_terminal_tells(project: Project, tmp_path: Path) -> None:
    about = account(project, row_of(project, "mentions", text="Lee")["mention_id"])
    write_page(tmp_path / "lee.html", about)
    page = (tmp_path / "lee.html").read_text(encoding="utf-8")
    for said_there in ("<mark>Lee</mark>", "Lee is a person, not a body.", "ann-a", "ann-b", "none raised", "none yet"):
        assert said_there in page
    write_page(tmp_path / "again.html", about)
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "lee.html").read_bytes()


def test_every_row_has_a_page(project: Project) -> None:
    keys = [row["judgement_id"] for row in table(project, "judgements")]
    keys += [row["conflict_id"] for row in table(project, "conflicts")]
    keys += [row["decision_id"] for row in table(project, "adjudications")] + [f"d1/{TREATY}"]
    for key in keys:
        about = account(project, key)
        assert key in account_html(about)
        json.dumps(about)


@pytest.mark.browser
def test_the_page_is_styled_and_asks_the_network_for_nothing(project: Project, tmp_path: Path, chromium: str) -> None:
    from studio_browser import browser_page

    path = tmp_path / "lee.html"
    write_page(path, account(project, row_of(project, "mentions", text="Lee")["mention_id"]))
    with browser_page(chromium) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        said_in_console: list[str] = []
        page.on("console", lambda message: said_in_console.append(message.text))
        page.goto(path.as_uri())
        colour = page.locator("mark").first.evaluate("element => getComputedStyle(element).backgroundColor")
        blocked = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', error => String(error))")
    assert asked == [path.as_uri()]
    assert colour == "rgb(255, 224, 138)"  # the policy lets the page's own style in
    assert "Failed to fetch" in blocked and any("Content Security Policy" in text for text in said_in_console)
