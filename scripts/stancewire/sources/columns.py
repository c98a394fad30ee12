"""Which column of a table, or key of a JSON object, is the text, the title, the date, ...

Guessed from names that news data commonly has; `--map text=body,title=headline` decides, and stands in
`schema/dataset.yaml` from then on. A key may be a path into objects: `text=content.body`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import SourceError, UsageError

# The first name that a record has is taken.
COMMON_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "doc_id", "docid", "document_id", "article_id", "uuid", "guid", "_id", "uri"),
    "title": ("title", "headline", "head", "heading", "article_title", "webtitle", "hed"),
    "text": (
        *("text", "body", "content", "article", "article_text", "full_text", "fulltext", "maintext", "main_text"),
        *("body_text", "bodytext", "article_body", "articlebody", "plain_text", "plaintext", "raw_text", "story"),
    ),
    "html": ("html", "body_html", "content_html", "raw_html", "page", "bodyhtml"),
    "date": (
        *("date", "published", "publish_date", "date_published", "published_at", "publishedat", "publication_date"),
        *("pub_date", "pubdate", "date_publish", "datepublished", "published_date", "webpublicationdate", "datetime"),
        *("timestamp", "day"),
    ),
    "outlet": (
        *("outlet", "source", "publication", "publisher", "source_name", "newspaper", "site_name", "sitename"),
        *("media_name", "media"),
    ),
    "byline": ("byline", "author", "authors", "creator", "writer"),
    "dateline": ("dateline",),
    "credit": ("credit", "credit_line", "creditline"),
    "wire": ("wire", "agency", "news_agency"),
    "url": ("url", "link", "canonical_url", "article_url", "web_url", "weburl", "source_url", "permalink"),
    "lang": ("lang", "language", "language_code"),
    "rights": ("rights",),
    "license": ("license", "licence"),
    "encoding": ("encoding", "charset"),
}
FIELDS = tuple(COMMON_NAMES)


def read_map(given: Sequence[str]) -> dict[str, str]:
    """The column mapping of the command line: our name -> theirs.

    Args:
        given: each `title=headline,text=body`.

    Raises:
        UsageError: an unknown name of ours, or none of theirs.
    """
    found: dict[str, str] = {}
    for part in (part for item in given for part in item.split(",")):
        ours, _, theirs = (word.strip() for word in part.partition("="))
        if ours not in FIELDS or not theirs:
            raise UsageError(f"--map {part!r}: write OURS=THEIRS, with ours one of {', '.join(FIELDS)}")
        found[ours] = theirs
    return found


def match_columns(names: Iterable[str], given: Mapping[str, str]) -> dict[str, str]:
    """Our name -> the column that gives it; what is given wins, and a column serves once."""
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(same_key(name), name)
    taken = set(given.values())
    found = dict(given)
    for ours, common in COMMON_NAMES.items():
        if ours not in found:
            theirs = next((by_key[key] for key in common if key in by_key and by_key[key] not in taken), None)
            if theirs is not None:
                found[ours] = theirs
                taken.add(theirs)
    return {ours: found[ours] for ours in FIELDS if ours in found}


def same_key(name: str) -> str:
    """What the spellings of a name share."""
    return re.sub(r"[\s.-]+", "_", name.strip().casefold())


def shown(columns: Mapping[str, str]) -> str:
    """A mapping in one line, as `--map` takes it."""
    return ",".join(f"{ours}={theirs}" for ours, theirs in columns.items())


class WrongValue(SourceError):
    """A record's value is not what its column must hold."""


def pick_fields(record: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, str | bytes]:
    """A record's values by our names; empty ones left out.

    Raises:
        WrongValue: one is of a type that cannot be that (a text that is a number); the message names column and type.
    """
    fields: dict[str, str | bytes] = {}
    for ours, theirs in columns.items():
        value = _look_up(record, theirs)
        if value is None:
            continue
        words = _as_bytes(ours, value) if _holds_bytes(value) else as_words(ours, value)
        if words is None:
            raise WrongValue(
                f"{theirs!r} is {_type_name(value)}, which is no {ours}; mend it, or name another: --map {ours}="
            )
        if words.strip():
            fields[ours] = words
    return fields


def _look_up(record: Mapping[str, Any], name: str) -> Any:
    if name in record:
        return record[name]
    value: Any = record
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def as_words(ours: str, value: Any) -> str | None:
    """A value as words, None where its type makes no sense for the field."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return None
    if ours == "date":
        return _as_date(value)
    if ours == "id" and isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):  # {"id": null, "name": "The Gull"}, as news interfaces give source and author
        name = value.get("name")
        return name if ours in ("outlet", "byline", "wire") and isinstance(name, str) else None
    if isinstance(value, (list, tuple)) and ours in ("text", "byline"):
        parts = [item if ours == "text" else as_words("byline", item) for item in value]
        words = [part for part in parts if isinstance(part, str)]
        return ("\n\n" if ours == "text" else ", ").join(words) if len(words) == len(parts) else None
    return None


def _as_bytes(ours: str, value: Any) -> bytes | None:
    """The same for a value with words whose encoding is not known yet."""
    words = as_words(ours, _letters(value))
    return None if words is None else words.encode("latin-1")


def _holds_bytes(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_holds_bytes, value))
    return isinstance(value, bytes) or (isinstance(value, Mapping) and isinstance(value.get("name"), bytes))


def _letters(value: Any) -> Any:
    """A value with a letter for each byte of its words."""
    if isinstance(value, (str, bytes)):
        return (value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value).decode("latin-1")
    if isinstance(value, (list, tuple)):
        return [_letters(item) for item in value]
    return {name: _letters(held) for name, held in value.items()} if isinstance(value, Mapping) else value


def _as_date(value: Any) -> str | None:
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, (int, float)) and 1e8 <= abs(value) < 1e14:  # seconds, or thousandths of them, since 1970
        seconds = value / 1000 if abs(value) >= 1e11 else value
        return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)).date().isoformat()
    return None


def _type_name(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)
