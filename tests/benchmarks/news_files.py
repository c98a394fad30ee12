"""Made-up news articles for benchmarks: house styles, encodings, furniture, several languages; the same for one seed.

Article `number` depends on nothing but the number and the seed, so a corpus of 10,000 is the beginning of one of
1,000,000. About 300 words each. Words are made of syllables, and only what the rules look at is real: function words
(which tell the language), datelines, bylines, credits, captions, page furniture.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SENTENCES_A_LANGUAGE = 6000
LANGUAGES = ("en", "en", "en", "en", "en", "de", "fr", "es")
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8", "utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16")
STYLES = ("wire", "agency", "web", "wrapped", "bare")

_FUNCTION_WORDS = {
    "en": "the of and to in that for with on was as by at from it has will were not would which after about",
    "de": "der die und das von zu mit den für auf ist im nicht eine dem sich werden nach über auch wurde bei",
    "fr": "le de la les des et à une dans est que pour du sur qui pas plus au avec par après cette été son",
    "es": "el de la que los en y las del para con una por se no su al es como más pero sobre fue entre",
}
_SAID = {"en": "said", "de": "sagte", "fr": "a dit", "es": "dijo"}
_LETTERS = {"en": "aeiou", "de": "aeiouäöü", "fr": "aeiouéèê", "es": "aeiouáíó"}
_CITIES = ("TOKYO", "PARIS", "BERLIN", "LONDON", "MADRID", "VIENNA", "OTTAWA", "LISBON", "GENEVA", "SEOUL")
_MONTHS = ("Jan.", "Feb.", "March", "April", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
_AGENCIES = ("Reuters", "AP", "AFP", "Kyodo", "dpa")
_FURNITURE = ("Advertisement", "Read more: {title}", "Share this article", "Sign up for our daily newsletter")
# No lexicon has these: they are for a person to approve, from what comes again in many stories.
HOUSE_FURNITURE = (
    "The Harbour Gazette brings you the day",
    "Join {n} members of our reading circle",
    "Your town, your paper, your stories",
)


@dataclass(frozen=True)
class Article:
    """A made-up article: what a source would hold of it, and how it is encoded."""

    id: str
    title: str
    date: str
    outlet: str
    url: str
    text: str
    encoding: str

    def as_json(self) -> bytes:
        """One line of JSON, as an API would send it."""
        record = {"id": self.id, "title": self.title, "date": self.date, "outlet": self.outlet, "url": self.url}
        return json.dumps(record | {"text": self.text}, ensure_ascii=False).encode("utf-8") + b"\n"

    def as_file(self) -> bytes:
        """The bytes of a text file; an encoding that lacks a letter gives way to UTF-8."""
        try:
            return self.text.encode(self.encoding)
        except UnicodeEncodeError:
            return self.text.encode("utf-8")


@cache
def _sentences(language: str, seed: int) -> tuple[str, ...]:
    chosen = random.Random(f"{language}-{seed}")
    vowels, function_words = _LETTERS[language], _FUNCTION_WORDS[language].split()
    words = [
        "".join(chosen.choice("bcdfghlmnprstv") + chosen.choice(vowels) for _ in range(chosen.randint(1, 4)))
        + chosen.choice(("", "n", "s", "r", "t"))
        for _ in range(4000)
    ]
    made = []
    for _ in range(SENTENCES_A_LANGUAGE):
        length = chosen.randint(10, 30)
        found = [chosen.choice(function_words if chosen.random() < 0.45 else words) for _ in range(length)]
        if chosen.random() < 0.4:
            found[length // 2] = chosen.choice(words).capitalize()
        sentence = " ".join(found).capitalize()
        kind = chosen.random()
        if kind < 0.15:
            sentence = f"“{sentence},” {_SAID[language]} Gen. {chosen.choice(words).capitalize()}"
        elif kind < 0.25:
            sentence += f", {_SAID[language]} the U.S. envoy on {chosen.choice(_MONTHS)} {chosen.randint(1, 28)}"
        made.append(sentence + ".")
    return tuple(made)


def make_article(number: int, seed: int = 1) -> Article:
    """Article `number` of the endless corpus with this seed."""
    chosen = random.Random(number * 1_000_003 + seed)
    language = LANGUAGES[number % len(LANGUAGES)]
    style = STYLES[chosen.randrange(len(STYLES))]
    pool = _sentences(language, seed)
    paragraphs = []
    words = 0
    while words < 270:
        sentences = [pool[chosen.randrange(len(pool))] for _ in range(chosen.randint(1, 3))]
        paragraphs.append(" ".join(sentences))
        words += sum(map(len, sentences)) // 6
    title = " ".join(pool[chosen.randrange(len(pool))].strip("“”.").split()[:8]).rstrip(",.")
    year, month, day = 2000 + chosen.randrange(24), 1 + chosen.randrange(12), 1 + chosen.randrange(28)
    date = f"{year}-{month:02}-{day:02}"
    outlet = f"outlet-{number % 37}.example"
    lines = _lay_out(style, title, paragraphs, (year, month, day), chosen)
    encoding = ENCODINGS[chosen.randrange(len(ENCODINGS))]
    name = f"{number // 1000:05}/{number:08}"
    return Article(name, title, date, outlet, f"https://{outlet}/{number}", "\n".join(lines) + "\n", encoding)


def _lay_out(
    style: str, title: str, paragraphs: list[str], day: tuple[int, int, int], chosen: random.Random
) -> list[str]:
    city, agency = _CITIES[chosen.randrange(10)], _AGENCIES[chosen.randrange(5)]
    month = _MONTHS[day[1] - 1]
    if style == "bare":
        return [title, "", *paragraphs]
    if style == "wire":
        first = f"{city}, {month} {day[2]} ({agency}) - {paragraphs[0]}"
        return [title, "", f"By {agency} Staff", "", *_spaced([first, *paragraphs[1:]]), "", f"-- {agency}"]
    if style == "agency":
        head = [f"Date: {day[0]}-{day[1]:02}-{day[2]:02}", "", title, "", f"{city} ({agency}) — {paragraphs[0]}", ""]
        return [*head, *_spaced(paragraphs[1:]), "", f"(Reporting by Ana Ruiz in {city.title()}; editing by Jo Lund)"]
    if style == "wrapped":
        return [title, "", *_wrapped(paragraphs, 72)]
    furniture = [line.format(title=title, n=chosen.randint(2, 999)) for line in (*_FURNITURE, *HOUSE_FURNITURE)]
    lines = [title, "", "By Maria Stone", ""]
    for paragraph in paragraphs:
        lines += [paragraph, ""]
        if chosen.random() < 0.4:
            lines += [furniture[chosen.randrange(len(furniture))], ""]
    return [*lines, "A crowd waits in the rain. REUTERS/Ana Ruiz", "", "Advertisement"]


def _spaced(paragraphs: list[str]) -> list[str]:
    return "\n\n".join(paragraphs).split("\n")


def _wrapped(paragraphs: list[str], width: int) -> list[str]:
    import textwrap

    lines: list[str] = []
    for paragraph in paragraphs:
        lines += [*textwrap.wrap(paragraph, width), ""]
    return lines


def make_articles(count: int, seed: int = 1, first: int = 0) -> Iterator[Article]:
    """Articles `first` to `first + count - 1`."""
    for number in range(first, first + count):
        yield make_article(number, seed)


def write_json_lines(path: Path, count: int, seed: int = 1, first: int = 0) -> int:
    """Write a JSON lines file of `count` articles; returns its size in bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as sink:
        for article in make_articles(count, seed, first):
            sink.write(article.as_json())
        return sink.tell()


def write_files(folder: Path, count: int, seed: int = 1) -> int:
    """Write `count` text files, a thousand a folder; returns their size in bytes."""
    size = 0
    for article in make_articles(count, seed):
        path = folder / f"{article.id}.txt"
        if article.id.endswith("000"):
            path.parent.mkdir(parents=True, exist_ok=True)
        raw = article.as_file()
        path.write_bytes(raw)
        size += len(raw)
    return size
