"""Dates as news writes them, in a few languages; only what is unambiguous."""

from __future__ import annotations

import datetime
import re

_MONTHS = {
    1: "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari",
    2: "february feb februar février févr febrero febbraio fevereiro fev februari",
    3: "march mar märz mrz mars marzo março maart",
    4: "april apr avril avr abril abr aprile",
    5: "may mai mayo maggio maio mei",
    6: "june jun juni juin junio giugno giu junho",
    7: "july jul juli juillet juil julio luglio lug julho",
    8: "august aug août agosto ago augustus",
    9: "september sept sep septembre septiembre settembre set setembro",
    10: "october oct oktober okt octobre octubre ottobre ott outubro out",
    11: "november nov novembre noviembre novembro",
    12: "december dec dezember dez décembre déc diciembre dic dicembre dezembro",
}
MONTH_NUMBER = {name: number for number, names in _MONTHS.items() for name in names.split()}
_WEEKDAYS = (
    "mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
    "montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|"
    "dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo"
)

MONTH = "(?:" + "|".join(sorted(MONTH_NUMBER, key=len, reverse=True)) + r")\b\.?"
WEEKDAY_NAMES = tuple(_WEEKDAYS.split("|"))
WEEKDAY = rf"(?:{_WEEKDAYS})\b\.?,?"
# "June 26", "26 June", "26. Juni", with or without a year
_DAY_MONTH = rf"\d{{1,2}}(?:\.|st|nd|rd|th)?\s+(?:de\s+)?{MONTH}"
MONTH_DAY = rf"(?:{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?|{_DAY_MONTH})(?:,?\s+(?:de\s+)?\d{{4}})?"
_TIME = (
    r"(?:\s(?:GMT|UTC)\b|[T\s,|–-]*(?:at\s+|um\s+|à\s+)?\d{1,2}[:.h]\d{2}(?::\d{2})?(?:\.\d+)?\s*(?:[ap]\.?m\b\.?|uhr)?"
    r"\s*(?:\(?(?:Z|GMT|UTC|EST|EDT|ET|CST|CDT|CT|MST|MDT|PST|PDT|PT|JST|CET|CEST|MEZ|MESZ|BST|IST|KST|HKT|SGT|AEST"
    r"|AEDT)\b\)?)?(?:\s*[+-]\d{2}:?\d{2}\b)?)?"
)
DATE = re.compile(
    rf"(?:{WEEKDAY}\s+)?(?:"
    r"(?P<iso>\d{4}-\d{2}-\d{2})(?!\d)|(?P<slash>\d{4}/\d{1,2}/\d{1,2})(?!\d)|(?P<cjk>\d{4}年\d{1,2}月\d{1,2}日)"
    r"|(?P<dots>\d{1,2}\.\s?\d{1,2}\.\s?\d{4})(?!\d)|(?P<numbers>\d{1,2}/\d{1,2}/\d{4})(?!\d)"
    rf"|(?P<words>{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|{_DAY_MONTH},?\s+(?:de\s+)?\d{{4}})"
    rf"){_TIME}",
    re.IGNORECASE,
)
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?!\d)")
_YEAR = re.compile(r"\d{4}")  # is in all forms
_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+")


def read_date(match: re.Match[str]) -> datetime.date | None:
    """The day that a match of `DATE` means; None where there is none, or day and month could be either (03/04/2019)."""
    kind, text = next((kind, text) for kind, text in match.groupdict().items() if text)
    numbers = [int(number) for number in _NUMBER.findall(text)]
    if kind in ("iso", "slash", "cjk"):
        year, month, day = numbers
    elif kind == "dots":
        day, month, year = numbers
    elif kind == "numbers":
        first, second, year = numbers
        if first <= 12 and second <= 12 and first != second:
            return None
        day, month = (first, second) if first > 12 else (second, first)
    else:
        day, year = numbers
        names = [MONTH_NUMBER.get(word) for word in _WORD.findall(text.lower())]
        month = next(number for number in names if number is not None)
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def find_date(text: str) -> datetime.date | None:
    """The first unambiguous date in a text, None where there is none."""
    if iso := _ISO.match(text):  # as columns and markup have it: far faster than a search for all forms
        try:
            return datetime.date(*map(int, iso.groups()))
        except ValueError:
            pass  # what follows may be a date
    if not _YEAR.search(text):
        return None
    for match in DATE.finditer(text):
        found = read_date(match)
        if found is not None:
            return found
    return None
