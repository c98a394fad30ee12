"""The day of publication that a path or an address states: `2019/06/26/article.txt`, `20190626_title.txt`.

Only a full day in the order year, month, day is taken, and only where no other day stands beside it. A year or a month
alone is no day. Eight digits that end a name, or are all of it, may as well be a number (`bbc-20120305`), and so are
three folders of which the last is the article itself (`2019/06/12.txt`): nothing is read from either.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from urllib.parse import unquote

from .dates import MONTH_NUMBER

# The first newspapers, and a day as far off as `html_page.LATEST_DATE`: to ask the clock would change the result.
FIRST_YEAR, LAST_YEAR = 1600, 2100

_YEAR, _DIGITS, _MONTH = re.compile(r"\d{4}"), re.compile(r"\d{1,2}"), re.compile(r"\d{1,2}|[A-Za-z]{3,9}")
_MARKED = re.compile(r"(?<![^\W_])(\d{4})([-_.])(\d{1,2})\2(\d{1,2})(?=$|[\W_]|[Tt]\d)")
_BARE = re.compile(r"(?<![^\W_])(\d{4})(\d{2})(\d{2})(?=[\W_]+\w|[Tt]\d{2})")
_ENDING = re.compile(r"(?:\.[A-Za-z]\w{0,7}){1,2}$")


def find_path_date(path: str) -> datetime.date | None:
    """The one day that a relative path with forward slashes states; None where it states none, or several."""
    return _find(path, anywhere=True)


def find_address_date(url: str) -> datetime.date | None:
    """The one day that the path of a web address states; its host and what stands behind `?` or `#` say nothing.

    Eight bare digits must begin a name here: within one they number articles.
    """
    path = re.sub(r"^[A-Za-z][\w+.-]*://[^/]*", "", re.sub(r"[?#].*", "", url, flags=re.DOTALL))
    return _find(unquote(path).rstrip("/"), anywhere=False)


def _find(path: str, anywhere: bool) -> datetime.date | None:
    if not _YEAR.search(path):
        return None
    *folders, name = path.split("/")
    found = set(_in_folders(folders))
    for part in folders:
        if match := re.fullmatch(r"(\d{4})(\d{2})(\d{2})", part):
            found.update(_day(*match.groups()))
        else:
            found.update(_in_part(part, anywhere))
    # An ending is no word behind the digits: `19121212.txt` may be an article's number.
    found.update(_in_part(_ENDING.sub("", name), anywhere))
    return found.pop() if len(found) == 1 else None


def _in_part(part: str, anywhere: bool) -> Iterator[datetime.date]:
    """The days within one folder's or file's name."""
    for match in _MARKED.finditer(part):
        yield from _day(match[1], match[3], match[4])
    for match in _BARE.finditer(part):
        if anywhere or match.start() == 0:
            yield from _day(*match.groups())


def _in_folders(folders: list[str]) -> Iterator[datetime.date]:
    """Neighbours like `2019/06/26`, `2019/jun/26`, `2019/0626`, `2019-06/26`."""
    for place, part in enumerate(folders):
        after = [*folders[place + 1 : place + 3], "", ""]
        if match := re.fullmatch(r"(\d{4})[-_.]?(\d{2})", part):
            if _DIGITS.fullmatch(after[0]):
                yield from _day(match[1], match[2], after[0])
        elif _YEAR.fullmatch(part):
            if _MONTH.fullmatch(after[0]) and _DIGITS.fullmatch(after[1]):
                yield from _day(part, after[0], after[1])
            elif match := re.fullmatch(r"(\d{2})[-_.]?(\d{2})", after[0]):
                yield from _day(part, match[1], match[2])


def _day(year: str, month: str, day: str) -> Iterator[datetime.date]:
    """That day, if there is one within the years of newspapers."""
    number = int(month) if month.isdigit() else MONTH_NUMBER.get(month.lower(), 0)
    if FIRST_YEAR <= int(year) <= LAST_YEAR:
        try:
            yield datetime.date(int(year), number, int(day))
        except ValueError:
            return
