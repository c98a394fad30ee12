"""`suggest`: what a provider proposes is checked before it is used, and told where it is not; texts go nowhere else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from backend_server import Backend, backend_server, each, span
from hypothesis import given, settings
from hypothesis import strategies as st
from studio_project import ARTICLES, make_studio_project

from stancewire.cli import main
from stancewire.codebook import read_codebook
from stancewire.errors import ProviderError, UsageError
from stancewire.label_studio import ml_backend
from stancewire.label_studio.ml_backend import TOKEN, MlBackend, clean_version
from stancewire.label_studio.proposals import Answer, Asked, Checked, check_answer, read_controls
from stancewire.label_studio.providers import make_provider
from stancewire.project import Project
from stancewire.text.view import Piece, View

CODEBOOK = read_codebook(Path(__file__).parents[1] / "schema" / "codebook.yaml")
TEXT = "Trump 🕊 weighs  the treaty\n\nTOKYO – Donald Trump left.\n\nHe came back."
ONE, TWO, THREE = (TEXT.index(words) for words in ("Trump", "TOKYO", "He came"))
# Between the second and the third paragraph the text has a segment that the task leaves out.
VIEW = View(
    (
        Piece(ONE, 0, TWO - 2, 0),
        Piece(TWO, TWO - 1, THREE - 3, 1),
        Piece(THREE, THREE + 14, len(TEXT) + 14, 3),
    ),
    len(TEXT),
)
OFFERED = {
    "entities": [{"value": "Donald Trump", "alias": "donald-trump"}, {"value": "Tokyo", "alias": "tokyo"}],
    "holders": [{"value": "author", "alias": "author"}, {"value": "Donald Trump", "alias": "donald-trump"}],
    "vias": [{"value": "unnamed", "alias": "unnamed"}],
}
ASKED = Asked("d1", TEXT, VIEW, OFFERED)


def checked(results: list[Any], task_pass: str = "entities") -> Checked:
    return check_answer(ASKED, Answer("http/toy-1", results), read_controls(CODEBOOK, task_pass))


def result(control: str, kind: str, **value: Any) -> dict[str, Any]:
    return {"from_name": control, "type": kind, "value": value}


def values(found: Checked) -> list[tuple[str, Any]]:
    said = [(r["from_name"], {k: v for k, v in r["value"].items() if k not in ("start", "end")}) for r in found.results]
    return sorted((control, next(iter(value.values()))) for control, value in said)


# what is proposed, and what becomes of it


def test_proposal_becomes_a_suggestion_of_our_own_making() -> None:
    mine = span(TEXT, "Donald Trump", "PERSON", id="<b>1</b>", meta={"text": ["x"]}, origin="manual", score=0.1)
    mine["value"] |= {"hypertext": "<script>", "globalOffsets": {}}
    kind = {"id": "<b>1</b>", **result("kind", "choices", choices=["name"], start=36, end=48)}
    entity = {"id": "<b>1</b>", **result("entity", "choices", choices=["Donald Trump"], start=36, end=48)}
    found = checked([mine, kind, entity])
    assert found.reasons == []
    place = {"start": 36, "end": 48}
    region = found.results[0]["id"]
    assert TEXT[36:48] == "Donald Trump" and region.isalnum()
    about = {"id": region, "to_name": "text", "meta": {"suggested_by": "http/toy-1"}}
    assert found.results == [
        {**about, "from_name": "mention", "type": "labels", "value": {**place, "labels": ["PERSON"]}},
        {**about, "from_name": "entity", "type": "choices", "value": {**place, "choices": ["donald-trump"]}},
        {**about, "from_name": "kind", "type": "choices", "value": {**place, "choices": ["name"]}},
    ]
    assert checked([mine, kind, entity, mine | {"id": "2"}, mine | {"id": "3"}]).n_regions == 2, "no two alike"


def test_stances_and_the_documents_own_voice_can_be_suggested() -> None:
    place = {"start": 7, "end": 26}
    found = checked(
        [
            {"id": "1", **result("target", "labels", labels=["US-Japan security treaty"], **place)},
            {"id": "1", **result("stance", "choices", choices=["against"], **place)},
            {"id": "1", **result("attribution", "choices", choices=["direct quote"], **place)},
            {"id": "1", **result("holder", "choices", choices=["Donald Trump", "author"], **place)},
            {"id": "1", **result("holder_text", "textarea", text=["  A  man "], **place)},
            result("doc__us-japan-alliance", "choices", choices=["neutral"]),
        ],
        "stances",
    )
    assert found.reasons == []
    assert values(found) == [
        ("attribution", ["direct_quote"]),
        ("doc__us-japan-alliance", ["neutral"]),
        ("holder", ["donald-trump", "author"]),
        ("holder_text", ["A man"]),
        ("stance", ["against"]),
        ("target", ["us-japan-security-treaty"]),
    ]


def test_white_space_at_edges_is_cut_and_runs_of_it_are_no_difference() -> None:
    found = checked([result("mention", "labels", start=14, end=28, text="the\ttreaty ", labels=["LAW"])])
    assert found.reasons == []
    assert found.results[0]["value"] | {"labels": 0} == {"start": 16, "end": 26, "labels": 0}


def mention(start: Any, end: Any, label: Any = "PERSON", **more: Any) -> dict[str, Any]:
    return result("mention", "labels", start=start, end=end, labels=[label], **more)


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ([mention(0, 10_000)], "a span outside the task's text (it has 69 code points), or empty"),
        ([mention(-3, 5)], "outside the task's text"),
        ([mention(5, 5)], "or empty"),
        ([mention(9, 5)], "or empty"),
        ([mention(0.5, 5)], "no whole numbers"),
        ([mention(1e999, 5)], "no whole numbers"),
        ([mention(True, 5)], "no whole numbers"),
        ([result("mention", "labels", start=0, labels=["PERSON"])], "no whole numbers"),
        ([mention(26, 28)], "a span of white space"),
        ([mention(50, 60)], "a span that runs over text that was left out of the task"),
        ([mention(0, 5, text="Tokyo")], "other words than it names: 'Tokyo' is said to stand where 'Trump' stands"),
        ([mention(9, 15, text="weighs")], "other words than it names: 'weighs' is said to stand where"),  # UTF-16 units
        ([mention(0, 5, "<img src=x>")], "mention: '<img src=x>' is not in the codebook"),
        ([mention(0, 5, "\x1b[2J" + "x" * 500)], "mention: '\\x1b[2Jxxx"),
        ([result("mention", "labels", start=0, end=5, labels=["PERSON", "ORG"])], "more than one value"),
        ([result("mention", "labels", start=0, end=5)], "without words"),
        ([result("mention", "labels", start=0, end=5, labels=[])], "without words"),
        ([result("mention", "hypertextlabels", start=0, end=5, labels=["PERSON"])], "is of the type labels"),
        ([result("mention", "labels", labels=["PERSON"])], "mention speaks of a span"),
        ([result("kind", "choices", start=0, end=5, choices=["name"])], "a span without a label"),
        ([result("flag", "choices", start=0, end=5, choices=["hard"])], "flag speaks of the whole document"),
        ([result("rating", "choices", choices=["5"])], "no control 'rating'"),
        (
            [{"id": "1", **mention(0, 5)}, {"id": "1", **result("kind", "choices", start=0, end=9, choices=["name"])}],
            "at different places",
        ),
        ([result("comment", "textarea", text=["x" * 500])], "too long"),
        ([result("comment", "textarea", text=["\x1b[2J"])], "not printable"),
    ],
)
def test_what_does_not_fit_is_left_out_and_told(results: list[dict[str, Any]], reason: str) -> None:
    found = checked([*results, mention(36, 48, text="Donald Trump")])
    assert [r["value"]["labels"] for r in found.results] == [["PERSON"]], "the others stay"
    assert len(found.reasons) == 1 and reason in found.reasons[0]
    assert found.reasons[0].isprintable() and len(found.reasons[0]) < 250


def test_choice_that_is_not_offered_is_left_out_and_its_span_stays() -> None:
    place = {"start": 36, "end": 48}
    strange = {"id": "1", **result("entity", "choices", choices=["melania-trump"], **place)}
    found = checked([{"id": "1", **mention(36, 48)}, strange])
    assert values(found) == [("mention", ["PERSON"])]
    assert found.reasons == ["entity: 'melania-trump' is not offered"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
SOME_VALUE = st.fixed_dictionaries(
    {},
    optional={
        "start": st.integers(-2, 80) | st.floats(),
        "end": st.integers(-2, 80) | st.floats(),
        "labels": st.lists(st.sampled_from(["PERSON", "ORG", "x"]) | st.text(max_size=3), max_size=2),
        "choices": st.lists(st.sampled_from(["name", "tokyo", "hard", "x"]), max_size=2),
        "text": st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=2),
    },
)
SOME_RESULT = st.fixed_dictionaries(
    {
        "from_name": st.sampled_from(["mention", "kind", "entity", "flag", "comment", "entity_name", "?"]),
        "type": st.sampled_from(["labels", "choices", "textarea", "?"]),
        "value": SOME_VALUE,
    },
    optional={"id": st.sampled_from(["1", "2"]) | JSON},
)


@settings(deadline=None)
@given(st.lists(SOME_RESULT, max_size=6))
def test_whatever_is_proposed_only_sound_suggestions_come_out(results: list[dict[str, Any]]) -> None:
    found = checked(results)
    controls = read_controls(CODEBOOK, "entities")
    assert found.n_regions + len(found.reasons) > 0 or not results
    for made in found.results:
        control, value = controls[made["from_name"]], made["value"]
        assert set(made) == {"id", "to_name", "meta", "from_name", "type", "value"}
        assert set(value) - {"start", "end"} == {{"textarea": "text"}.get(control.kind, control.kind)}
        assert ("start" in value) == control.of_span
        if control.of_span:
            assert isinstance(VIEW.to_text(value["start"], value["end"]), tuple)
        if control.values:
            assert set(value[control.kind]) <= set(control.values.values())


# a server


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_studio_project(tmp_path / "project", "suggest")


def run(project: Project, backend: Backend | str, *more: str) -> int:
    url = backend if isinstance(backend, str) else backend.url
    call = ["--project", str(project.root), "suggest", "--pass", "entities", "--provider", url]
    return main([*call, "--out", str(project.root / "out.jsonl"), *more])


def rows(project: Project) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (project.root / "out.jsonl").read_text(encoding="utf-8").splitlines()]


def find_tokyo(text: str) -> list[dict[str, Any]]:
    return [span(text, "Tokyo", "GPE")] if "Tokyo" in text else []


def test_server_is_sent_texts_and_choices_and_nothing_else(project: Project) -> None:
    with backend_server(each(find_tokyo)) as backend:
        assert run(project, backend) == 0
    [request] = backend.requests
    assert set(request) == {"tasks", "label_config", "project", "params"}
    assert [set(task) for task in request["tasks"]] == [{"id", "data"}] * 2
    assert all(set(task["data"]) == {"text", "entities"} for task in request["tasks"])
    assert '<Labels name="mention" toName="text"' in request["label_config"]
    sent = json.dumps(request)
    for private in ("harbour/a-1", "b-2", "ann-", "ADVERTISEMENT", "suggest-", "2024"):
        assert private not in sent, "no document's name, no annotator, no words that the pass does not show"
    assert backend.headers[0]["path"] == "/predict"
    assert "Authorization" not in backend.headers[0]


def test_what_a_server_suggests_can_be_looked_at_without_label_studio(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    def find(text: str) -> list[dict[str, Any]]:
        return [*find_tokyo(text), mention(0, 9, "DATE"), mention(0, 10_000), mention(1, 2, "DATE")]

    with backend_server(each(find, "Größe <v2> a@b.c")) as backend:
        assert run(project, backend, "--json") == 0
    [row] = rows(project)
    text = "\n".join(words for _, words in ARTICLES["b-2"])
    assert text[row["start"] : row["end"]] == row["text"] == "Tokyo"
    assert (row["doc_id"], row["mention"], row["suggested_by"]) == ("b-2", "GPE", "http/Gr-e-v2-a-b.c")
    told = json.loads(capsys.readouterr().out)
    assert (told["documents_asked"], told["spans_suggested"], told["spans_left_out"]) == (2, 1, 6)
    assert told["left_out"]["mention: 'DATE' is not in the codebook"] == 4


def test_documents_can_be_named_and_nobody_is_asked_in_a_dry_run(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    with backend_server(each(find_tokyo)) as backend:
        assert run(project, f"{backend.url}/predict/", "--document", "b-2", "--name", "toy") == 0
        assert [text[:9] for text in backend.texts] == ["Ministers"]
        assert rows(project)[0]["suggested_by"] == "toy/toy-1.0"
        assert run(project, backend, "--document", "b-3") == 2
        assert "no such document" in capsys.readouterr().err
        assert run(project, backend, "--dry-run") == 2, "--out and --dry-run contradict each other"
        assert len(backend.requests) == 1


def test_many_texts_go_in_several_requests(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    articles = {f"d{n}": [("headline", f"Number {n}"), ("body", "x" * n)] for n in range(7)}
    make_studio_project(project.root.with_name("many"), "many", articles)
    many = Project(project.root.with_name("many"))
    monkeypatch.setattr(ml_backend, "TASKS", 3)
    with backend_server(each(lambda text: [span(text, text.split()[1], "PERSON")])) as backend:
        assert run(many, backend) == 0
    assert [len(request["tasks"]) for request in backend.requests] == [3, 3, 1]
    assert [(row["doc_id"], row["text"]) for row in rows(many)] == [(f"d{n}", str(n)) for n in range(7)]


def set_reply(reply: Any) -> Callable[[Backend], None]:
    return lambda backend: setattr(backend, "reply", lambda body: reply)


def redirect(backend: Backend) -> None:
    backend.status, backend.more_headers = 307, {"Location": "http://127.0.0.1:9/predict"}


def packed(backend: Backend) -> None:
    backend.more_headers = {"Content-Encoding": "gzip"}


def failing(backend: Backend) -> None:
    backend.status = 500
    set_reply(b"<html>\x1b[31mTraceback: secret-key-123</html>")(backend)


def endless(backend: Backend) -> None:
    def write(out: Any) -> None:
        for _ in range(10_000):
            out.write(b" " * 65536)

    backend.write = write


DEEP = b'{"results":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_reply(b"<html>hello</html>"), "no JSON: '<html>hello</html>'"),
        (set_reply(b'{"results": [NaN]}'), "no JSON"),
        (set_reply(b"\xff\xfe"), "no JSON"),
        (set_reply(DEEP), "no JSON"),
        (set_reply([]), "not what the predict protocol says, at the answer"),
        (set_reply({"predictions": []}), "results"),
        (set_reply({"results": []}), "0 answers to 2 tasks"),
        (set_reply({"results": [{"result": []}] * 3}), "3 answers to 2 tasks"),
        (set_reply({"results": [{"result": []}, {"result": [{"type": "relation"}]}]}), "at results/1/result/0"),
        (set_reply({"results": [{"result": [mention("0", 5)]}] * 2}), "at results/0/result/0/value/start"),
        (set_reply({"results": [{"result": []}] * 2, "model_version": 5}), "at model_version"),
        (redirect, "a redirect (307); texts go to the address that was given and to no other"),
        (packed, "a packed answer"),
        (failing, "status 500: '<html>\\x1b[31mTraceback: ...</html>'"),
        (endless, "an answer of more than 1,000,000 bytes"),
    ],
)
def test_hostile_answers_are_refused_in_one_line(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Backend], None],
    message: str,
) -> None:
    monkeypatch.setattr(ml_backend, "MAX_REPLY_BYTES", 1_000_000)
    monkeypatch.setenv(TOKEN, "secret-key-123")
    with backend_server(each(find_tokyo)) as backend:
        change(backend)
        assert run(project, backend) == 1
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1 and "\x1b" not in said and "secret-key-123" not in said
    assert not (project.root / "out.jsonl").exists(), "nothing of it was used"


@pytest.mark.parametrize("which", ["write", "speak"])
def test_slow_answer_is_given_up(project: Project, capsys: pytest.CaptureFixture[str], which: str) -> None:
    def drip(out: Any) -> None:
        out.write(b"" if which == "write" else b"HTTP/1.1 200 OK\r\n")
        for _ in range(600):
            out.write(b" " if which == "write" else b"X-More: yes\r\n")
            out.flush()
            time.sleep(0.05)

    with backend_server(each(find_tokyo)) as backend:
        setattr(backend, which, drip)
        assert run(project, backend, "--timeout", "0.4") == 1
    assert "took more than 0.4 s for one answer; give it more with --timeout" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf"])
def test_timeout_is_a_time(project: Project, seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "http://127.0.0.1:9", f"--timeout={seconds}") == 2
    assert "more than 0 seconds, and no more than a day" in capsys.readouterr().err


def test_server_that_is_away_is_named(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    with backend_server(each(find_tokyo)) as backend:
        pass
    assert run(project, backend) == 1
    assert f"{backend.url} is away" in capsys.readouterr().err


def test_key_comes_from_the_environment_and_goes_nowhere_unencrypted(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(TOKEN, "secret-key-123")
    with backend_server(each(find_tokyo)) as backend:
        assert run(project, backend) == 0
    assert backend.headers[0]["Authorization"] == "Bearer secret-key-123"
    assert run(project, "http://models.example.invalid") == 1
    told = capsys.readouterr()
    assert "would go there unencrypted" in told.err
    assert "secret-key-123" not in told.out + told.err + (project.root / "out.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("https://user:word@host.invalid", "does not belong in an address"),
        ("https://word@host.invalid/?a=b", "does not belong in an address"),
        ("http://", "no address"),
        ("http://host.invalid:port", "no address"),
        ("https://host.invalid/?key=1", "nothing after it"),
        ("ftp://host.invalid", "give codebook, spacy:MODEL"),
        ("spacy:", "give codebook, spacy:MODEL"),
    ],
)
def test_bad_addresses_are_refused_and_keys_in_them_not_shown(address: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        make_provider(address, CODEBOOK, "entities")
    assert "word" not in str(refused.value)


@pytest.mark.parametrize("name", ["names", "projection", "a/b", "A", "x" * 40, "<b>"])
def test_provider_cannot_take_anothers_name(name: str) -> None:
    with pytest.raises(UsageError, match="--name"):
        make_provider("http://127.0.0.1:9", CODEBOOK, "entities", family=name)


def test_only_a_server_suggests_stances() -> None:
    for given_ in ("codebook", "spacy:en_core_web_sm"):
        with pytest.raises(UsageError, match="only a server can suggest"):
            make_provider(given_, CODEBOOK, "stances")
    assert isinstance(make_provider("http://127.0.0.1:9", CODEBOOK, "stances"), MlBackend)


def test_versions_are_short_and_hold_no_address() -> None:
    assert clean_version("gliner small\n2.1 <me@example.org>") == "gliner-small-2.1-me-example.org"
    assert clean_version("🕊") == clean_version("") == "unversioned"
    assert len(clean_version("x" * 500)) == 80


# spaCy, and the built-in one


def test_built_in_provider_suggests_what_push_suggests(project: Project) -> None:
    assert run(project, "codebook") == 0
    found = rows(project)
    assert {row["suggested_by"] for row in found} == {"names/1"}
    assert ("Takeshi Iwaya", "PERSON", "takeshi-iwaya") in {(r["text"], r["mention"], r.get("entity")) for r in found}
    with pytest.raises(UsageError, match="have their own"):
        make_provider("codebook", CODEBOOK, "entities", family="mine")


@pytest.fixture(scope="module")
def spacy_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import spacy

    model = spacy.blank("en")
    ruler: Any = model.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "GPE", "pattern": "Osaka"}, {"label": "EMOJI", "pattern": "🕊"}])
    model.meta |= {"name": "tests", "version": "0.9"}
    folder = tmp_path_factory.mktemp("model") / "en_tests"
    model.to_disk(folder)
    return folder


def test_spacy_model_suggests_under_its_name_and_version(
    project: Project, spacy_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(project, f"spacy:{spacy_model}", "--json") == 0
    [row] = rows(project)
    assert (row["text"], row["mention"], row["suggested_by"]) == ("Osaka", "GPE", "spacy/en_tests-0.9")
    text = "\n".join(words for _, words in ARTICLES["harbour/a-1"])
    assert text[row["start"] : row["end"]] == "Osaka", "behind characters beyond the Basic Multilingual Plane"
    assert json.loads(capsys.readouterr().out)["left_out"] == {"mention: 'EMOJI' is not in the codebook": 1}


def test_spacy_model_that_is_not_there_is_named(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(project, "spacy:en_not_there") == 1
    assert "spaCy cannot load 'en_not_there'" in capsys.readouterr().err


def test_missing_extra_is_one_line(
    project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "spacy", None)
    assert run(project, "spacy:en_core_web_sm") == 1
    assert capsys.readouterr().err == (
        "stancewire: spacy is not installed; install it with: pip install 'stancewire[spacy]'\n"
    )


def test_text_that_is_too_long_for_the_model_is_named(spacy_model: Path) -> None:
    provider: Any = make_provider(f"spacy:{spacy_model}", CODEBOOK, "entities")
    provider._model.max_length = 10
    with pytest.raises(ProviderError, match="d1: 69 code points"):
        provider.propose([ASKED])
