"""A path states a day of publication only where it states a whole one, and no other beside it."""

from __future__ import annotations

import datetime
import json
import zipfile
from pathlib import Path

import pytest

from stancewire.corpus import convert_corpus
from stancewire.sources import NOTHING_KNOWN, SourceFacts
from stancewire.tables import read_table, read_table_schema
from stancewire.text import Lexicon, segment_text
from stancewire.text.article import Stated
from stancewire.text.metadata import find_metadata
from stancewire.text.path_dates import find_address_date, find_path_date

LEXICON = Lexicon.for_codebook(None)
BODY = "The committee met on Monday in the old town hall and agreed on nothing, its chairman said."


def day(text: str | None) -> datetime.date | None:
    return None if text is None else datetime.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("2019/06/26/article.txt", "2019-06-26"),
        ("gull/2019/6/3/article.html", "2019-06-03"),
        ("2019/Jun/26/article.txt", "2019-06-26"),
        ("2019/june/26/article.txt", "2019-06-26"),
        ("2019/0626/c1002-1.txt", "2019-06-26"),
        ("2019-06/26/content_1.txt", "2019-06-26"),
        ("201906/26/content_1.txt", "2019-06-26"),
        ("2019-06-26-title.txt", "2019-06-26"),
        ("2019-06-26.txt", "2019-06-26"),
        ("2019_06_26_title.txt", "2019-06-26"),
        ("2019.06.26 title.txt", "2019-06-26"),
        ("title-2019-06-26.txt", "2019-06-26"),
        ("2019-06-26T10:15:00Z-title.txt", "2019-06-26"),
        ("20190626_title.txt", "2019-06-26"),
        ("reuters_20190626_001.txt", "2019-06-26"),
        ("20190626T101500.txt", "2019-06-26"),
        ("20190626/title.txt", "2019-06-26"),
        ("2019/06/26/2019-06-26-title.txt", "2019-06-26"),
        ("1845/12/03/echo.txt", "1845-12-03"),
        # a year or a month alone
        ("2019/article.txt", None),
        ("2019/06/article.txt", None),
        ("2019-06-title.txt", None),
        # impossible, or before newspapers, or too far off
        ("2019/02/30/article.txt", None),
        ("2019-13-01-title.txt", None),
        ("1512-06-26-title.txt", None),
        ("29190626_title.txt", None),
        ("2019/xyz/26/article.txt", None),
        # digits that may as well be a number
        ("20190626.txt", None),
        ("bbc-20120305.txt", None),
        ("120190626_title.txt", None),
        ("201906261_title.txt", None),
        ("x20190626_title.txt", None),
        ("20190626123456_title.txt", None),
        ("2019/06/12.txt", None),
        ("12019-06-26-title.txt", None),
        # two days
        ("2019-06-26_2019-07-01.txt", None),
        ("crawl-2020-01-05/2019/06/26/a.html", None),
        ("26-06-2019-title.txt", None),
        ("", None),
    ],
)
def test_path_states_a_day_or_none(path: str, expected: str | None) -> None:
    assert find_path_date(path) == day(expected)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://news.example/2019/06/26/world/asia/treaty.html", "2019-06-26"),
        ("https://news.example/world/2019/jun/26/treaty", "2019-06-26"),
        ("https://news.example/world/treaty-2019-06-26/", "2019-06-26"),
        ("https://news.example/a/20190626/p2a/00m", "2019-06-26"),
        ("https://news.example/world/20190626-treaty", "2019-06-26"),
        ("https://web.archive.example/web/20200105123456/https://news.example/2019/06/26/treaty", "2019-06-26"),
        ("https://news.example/world/asia-20120305", None),
        ("https://news.example/world/asia-20120305-a", None),
        ("https://news.example/treaty?date=2019-06-26", None),
        ("https://news.example/treaty#2019-06-26", None),
        ("https://2019-06-26.example/treaty", None),
        ("https://news.example/2019/06/treaty", None),
        ("https://news.example/2019/06/26", None),
    ],
)
def test_address_states_a_day_or_none(url: str, expected: str | None) -> None:
    assert find_address_date(url) == day(expected)


def found(text: str, path: str, stated: Stated, facts: SourceFacts = NOTHING_KNOWN) -> tuple[str, str | None]:
    metadata = find_metadata(text, segment_text(text, LEXICON), facts, LEXICON, stated, path=path)
    return str(metadata.date), metadata.date_source


def test_stronger_evidence_wins_over_a_path_and_a_path_over_a_dateline() -> None:
    path, stated = "2019/06/05/a.txt", Stated(date="2019-06-02", url="https://news.example/2019/06/04/a")
    dateline = f"Committee agrees on nothing\n\nPARIS, June 6, 2019 (Reuters) - {BODY}"
    header = f"Date: 2019-06-03\n{dateline}"
    facts = SourceFacts(date=datetime.date(2019, 6, 1))
    address = Stated(url=stated.url)
    assert found(header, path, stated, facts) == ("2019-06-01", "sources_csv")
    assert found(header, path, stated) == ("2019-06-02", "metadata")
    assert found(header, path, address) == ("2019-06-03", "header")
    assert found(dateline, path, address) == ("2019-06-04", "path")
    assert found(dateline, path, Stated()) == ("2019-06-05", "path")
    assert found(dateline, "", Stated()) == ("2019-06-06", "dateline")


@pytest.mark.parametrize("fields", ["all", "text"])
def test_file_and_member_have_their_own_day_but_records_have_none_of_their_files(tmp_path: Path, fields: str) -> None:
    """A dump's name tells when it was made, and one file of many articles is no day's."""
    (tmp_path / "in" / "2019" / "06" / "26").mkdir(parents=True)
    (tmp_path / "in" / "2019" / "06" / "26" / "a.txt").write_text(f"Town votes\n\n{BODY}\n", encoding="utf-8")
    lines = [{"id": "plain", "text": BODY}, {"id": "linked", "text": BODY, "url": "https://n.example/2018/01/02/a"}]
    lines_path = tmp_path / "in" / "2020-01-05-dump.jsonl"
    lines_path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "in" / "2020-01-06-dump.zip", "w") as archive:
        archive.writestr("2017/03/04/b.txt", f"Rain falls\n\n{BODY}\n")
        archive.writestr("c.txt", f"Rain stops\n\n{BODY}\n")
    convert_corpus(None, [tmp_path / "in"], tmp_path / "out", fields=fields)
    documents = read_table(tmp_path / "out", read_table_schema("documents")).to_pylist()
    assert {row["doc_id"]: (str(row["date"]), row["date_source"]) for row in documents} == {
        "2019/06/26/a": ("2019-06-26", "path"),
        "plain": ("None", None),
        "linked": ("2018-01-02", "path"),
        "2020-01-06-dump/2017/03/04/b": ("2017-03-04", "path"),
        "2020-01-06-dump/c": ("None", None),
    }
