"""Made-up news articles for benchmarks: house styles, encodings, furniture, several languages; the same for one seed.

Article `number` depends on nothing but the number and the seed, so a corpus of 10,000 is the beginning of one of
1,000,000. About 300 words each. Words are made of syllables, and only what the rules look at is real: function words
(which tell the language), datelines, bylines, credits, captions, page furniture.

Function words and vowels come as often as they do in news, roughly: the weights are rounded from lists of word and
letter frequencies. So one word in eleven of a German, French or Spanish article has letters beyond ASCII, about as in
real ones, and some of these are common words (`für`, `même`, `también`, `España`), by which an encoding is told.
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

# Of each of these, and of a few words that news is full of, how often it comes in 10,000 words of the language.
_FUNCTION_WORDS = {
    "en": "the 610 of 290 and 270 to 270 in 210 that 110 for 100 with 70 on 70 was 80 as 60 by 60 at 55 from 50 it 80 "
    "has 40 will 25 were 40 not 45 would 25 which 30 after 15 about 20",
    "de": "der 330 die 330 und 250 das 110 den 120 von 100 zu 100 mit 90 auf 70 im 80 ist 70 nicht 60 eine 60 dem 65 "
    "sich 60 werden 30 nach 40 auch 50 wurde 25 bei 35 aus 35 hat 40 dass 35 wird 35 für 65 über 25 können 12 würde 7 "
    "während 7 müssen 6 könnte 4 früher 3 große 3 gegenüber 3",
    "fr": "de 600 la 300 le 260 les 220 et 210 des 190 en 150 du 130 un 120 une 110 est 110 dans 90 que 90 qui 90 "
    "par 70 pour 90 au 80 sur 60 pas 60 plus 50 avec 50 son 40 cette 25 ont 25 à 190 été 30 être 18 était 15 après 13 "
    "même 12 président 12 où 10 très 8 français 7 années 6 déjà 5 première 5 également 5 État 5 États-Unis 5",
    "es": "de 650 la 410 que 300 el 300 en 280 y 250 los 170 se 130 del 120 las 110 un 110 por 100 con 97 no 96 una 88 "
    "su 70 para 70 es 67 al 62 como 50 pero 30 sobre 19 entre 17 fue 15 más 43 también 15 había 14 años 13 está 13 "
    "sólo 11 así 10 según 8 después 7 además 6 día 6 país 5 días 4 España 8 año 7 señor 5 mañana 4 español 3 niños 3 "
    "española 3 señaló 3 españoles 2 añadió 2 campaña 2 compañía 2 pequeño 2",
}
_SAID = {"en": "said", "de": "sagte", "fr": "a dit", "es": "dijo"}
# Of each vowel, how often it comes in 1,000 letters.
_VOWELS = {
    "en": "a 82 e 127 i 70 o 75 u 28",
    "de": "a 65 e 164 i 66 o 26 u 42 ä 6 ö 4 ü 10",
    "fr": "a 76 e 147 i 75 o 58 u 63 é 15 è 3 ê 2",
    "es": "a 115 e 122 i 63 o 87 u 29 á 5 é 4 í 7 ó 8 ú 2",
}
_LAST = ("", "n", "s", "r", "t")  # letters that end words
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


def _weighted(listed: str) -> tuple[list[str], list[int]]:
    """What is listed, and how often each comes."""
    found = listed.split()
    return found[::2], [int(weight) for weight in found[1::2]]


@cache
def _sentences(language: str, seed: int) -> tuple[str, ...]:
    chosen = random.Random(f"{language}-{seed}")
    vowels, vowel_weights = _weighted(_VOWELS[language])
    function_words, word_weights = _weighted(_FUNCTION_WORDS[language])

    def make_word() -> str:
        found = chosen.choices(vowels, vowel_weights, k=chosen.randint(1, 4))
        return "".join(chosen.choice("bcdfghlmnprstv") + vowel for vowel in found) + chosen.choice(_LAST)

    words = [make_word() for _ in range(4000)]
    made = []
    for _ in range(SENTENCES_A_LANGUAGE):
        length = chosen.randint(10, 30)
        found = chosen.choices(words, k=length)
        for place in range(length):
            if chosen.random() < 0.45:
                found[place] = chosen.choices(function_words, word_weights)[0]
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
