"""Sources behind addresses: a real server, chains, and what breaks off on the way."""

from __future__ import annotations

import gzip
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from stancewire.cli import main
from stancewire.corpus import ConvertReport, convert_corpus
from stancewire.errors import SourceError
from stancewire.tables import read_manifest, read_table, read_table_schema

FORMATS = Path(__file__).parent / "data" / "formats"
BODY = "The committee met on Monday in the old town hall and agreed on nothing, its chairman said."
LINES = "".join(json.dumps({"id": f"r{n}", "text": f"{BODY} {n}"}) + "\n" for n in range(50))


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and breaks off in the middle of what is called `cut`."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if "/cut" not in self.path:
            super().do_GET()
            return
        raw = Path(self.translate_path(self.path)).read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw[: len(raw) // 2])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a web server on this machine alone, which serves `tmp_path / "www"`."""
    (tmp_path / "www").mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "www"))) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def put(path: Path, raw: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw.encode() if isinstance(raw, str) else raw)
    return path


def convert(source: str, out: Path, **options: Any) -> tuple[ConvertReport, dict[str, str]]:
    report = convert_corpus(None, [source], out, **options)
    return report, {
        row["doc_id"]: row["source_path"] for row in read_table(out, read_table_schema("documents")).to_pylist()
    }


def test_folder_of_a_web_server_is_read_like_one_on_disk(server: str, tmp_path: Path) -> None:
    news = tmp_path / "www" / "news"
    put(news / "2019" / "06" / "26" / "a.txt", f"Town votes\n\n{BODY}\n")
    put(news / "café b.txt", f"Rain\n\n{BODY}\n")
    put(news / "lines.jsonl.gz", gzip.compress(LINES.encode()))
    for name in ("table.parquet", "pages.zip", "crawl-packed.warc.gz", "more-pages.tar.gz"):
        put(news / name, (FORMATS / name).read_bytes())
    report, documents = convert(f"{server}/news/", tmp_path / "web", workers=2)
    assert report.rejects == [] and len(documents) > 60
    local = convert_corpus(None, [news], tmp_path / "disk")
    for name in ("documents", "segments", "sentences", "stories", "reprints"):
        assert (tmp_path / "web" / f"{name}.parquet").read_bytes() == (
            tmp_path / "disk" / f"{name}.parquet"
        ).read_bytes()
    assert report.counts == local.counts
    # No place on this machine, and no port, in what is written.
    assert f":{server.rpartition(':')[2]}" not in (tmp_path / "web" / "manifest.json").read_text()


def test_one_address_is_one_file(server: str, tmp_path: Path) -> None:
    put(tmp_path / "www" / "a.jsonl", LINES)
    report, documents = convert(f"{server}/a.jsonl", tmp_path / "out")
    assert report.rejects == [] and set(documents.values()) == {"a.jsonl"} and len(documents) == 50
    assert list(read_manifest(tmp_path / "out")["convert"]["inputs"]) == ["a.jsonl/a.jsonl"]


def test_answer_that_breaks_off_is_a_reject_and_a_missing_one_an_error(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "www" / "news" / "cut.txt", f"Rain\n\n{BODY}\n" * 3000)
    put(tmp_path / "www" / "news" / "fine.txt", f"Sun\n\n{BODY}\n")
    report, documents = convert(f"{server}/news/", tmp_path / "out")
    assert [(p.path, p.check) for p in report.rejects] == [("cut.txt", "source-unreadable")]
    assert documents == {"fine": "fine.txt"}
    with pytest.raises(SourceError, match=r"no source|cannot be listed"):
        convert(f"{server}/nothing.txt", tmp_path / "out")
    assert main(["convert", f"{server}/news/", "--out", str(tmp_path / "cli")]) == 1
    assert "1 rejected" in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["crawl.warc", "crawl-packed.warc.gz", "packed.jsonl.gz", "packed.csv.zst", "pages.tar"]
)
def test_file_that_was_cut_off_before_it_was_sent(name: str, server: str, tmp_path: Path) -> None:
    whole = (FORMATS / name).read_bytes().rstrip(b"\0")
    put(tmp_path / "www" / "news" / name, whole[: int(len(whole) * 0.6)])
    put(tmp_path / "www" / "news" / "fine.txt", BODY)
    report, documents = convert(f"{server}/news/", tmp_path / "out")
    assert {(p.path, p.check) for p in report.rejects} == {(name, "source-damaged")}
    assert "fine" in documents


def archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("texts/a.txt", f"Rain\n\n{BODY}\n")
        packed.writestr("texts/2019/b.txt", f"Sun\n\n{BODY}\n")
        packed.writestr("other/c.txt", f"Snow\n\n{BODY}\n")
    return made.getvalue()


@pytest.mark.parametrize("chain", ["zip://texts::file://{path}", "zip://texts::simplecache::{server}/news.zip"])
def test_chain_into_an_archive_names_its_members_like_files(
    chain: str, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    path = put(tmp_path / "www" / "news.zip", archive())
    _, documents = convert(chain.format(path=path, server=server), tmp_path / "out")
    assert documents == {"a": "a.txt", "2019/b": "2019/b.txt"}


@pytest.mark.parametrize("chain", ["zip::file://{path}", "zip://::file://{path}"])
def test_chain_without_a_path_is_the_whole_archive(chain: str, tmp_path: Path) -> None:
    path = put(tmp_path / "news.zip", archive())
    _, documents = convert(chain.format(path=path), tmp_path / "out", workers=2)
    assert set(documents) == {"texts/a", "texts/2019/b", "other/c"}


def test_chain_through_a_cache(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    put(tmp_path / "www" / "news" / "a.txt", f"Rain\n\n{BODY}\n")
    _, documents = convert(f"simplecache::{server}/news/", tmp_path / "out")
    assert documents == {"a": "a.txt"}
