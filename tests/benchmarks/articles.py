"""Invented news articles with known truth, for measuring reprint detection: the same articles for the same seed.

One in ten is a reprint of another, of one of five kinds; one in twenty is a hard negative, an independent report of the
same event: it quotes the same people with the same words and has nothing else in common with it. Words follow Zipf's
law; stock phrases and the notices of outlets recur through the whole corpus, as they do in news.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

KINDS = ("light", "medium", "truncated", "heavy", "embedded")
REPRINTS = 0.10  # share of all articles that are made from another one
SAME_EVENT = 0.05  # share that only report the same event as another one
REUSED = 0.6  # share of reprints whose original no other reprint has
VOCABULARY = 60_000
PHRASES = 3_000  # stock phrases of five to nine words
OUTLETS = 200
NOTICED = 0.3  # share of articles that end with their outlet's notice

_ONSETS = ("b", "br", "c", "ch", "d", "dr", "f", "g", "gr", "h", "j", "k", "l", "m", "n", "p", "pr", "r", "s", "st", "t", "v", "w")  # noqa: E501
_RIMES = ("a", "an", "ar", "e", "el", "en", "er", "est", "i", "in", "ing", "is", "o", "on", "or", "u", "um", "us")
_COMMON = """
the of to and a in that is for on it with as was by at he from his be are this have an they has had not which she were
or its their said will who would been about more one after when there also could than if but out up
""".split()  # noqa: SIM905


Sentences = list[list[str]]


@dataclass(frozen=True)
class Article:
    """One article.

    Attributes:
        story: number of the original that it tells; its own where it is one. Articles of one story are true reprints.
        kind: one of KINDS for a reprint, `original`, or `same event`.
        source: number of the article it was made from; None for originals.
    """

    text: str
    story: int
    kind: str
    source: int | None


class Newsroom:
    """Draws articles. Everything comes from `seed`, through one generator a piece, so parts can be drawn apart."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        draw = random.Random(f"{seed} vocabulary")
        words: dict[str, None] = dict.fromkeys(_COMMON)
        while len(words) < VOCABULARY:
            syllables = range(draw.choice((1, 2, 2, 3, 3, 4)))
            words["".join(draw.choice(_ONSETS) + draw.choice(_RIMES) for _ in syllables)] = None
        self.words = list(words)
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
        self.phrases = [self.draw_words(draw, draw.randint(5, 9)) for _ in range(PHRASES)]
        self.phrase_weights = list(accumulate(1 / (rank + 10) for rank in range(PHRASES)))
        self.notices = [self.draw_words(draw, draw.randint(15, 40)) for _ in range(OUTLETS)]

    def draw_words(self, draw: random.Random, count: int) -> list[str]:
        """Words by their frequency."""
        return draw.choices(self.words, cum_weights=self.weights, k=count)

    def sentences(self, draw: random.Random, n_words: int) -> Sentences:
        """Sentences of some twenty words, one in three of them with a stock phrase."""
        made: Sentences = []
        words = self.draw_words(draw, n_words)
        at = 0
        while at < n_words:
            length = draw.randint(12, 30)
            sentence = words[at : at + length]
            if draw.random() < 0.33:
                phrase = draw.choices(self.phrases, cum_weights=self.phrase_weights)[0]
                place = draw.randint(0, len(sentence))
                sentence = sentence[:place] + phrase + sentence[place:]
            made.append(sentence)
            at += length
        return made

    def original(self, number: int) -> Sentences:
        """The article of this number: a headline, then 150 to 700 words."""
        draw = random.Random(f"{self.seed} original {number}")
        length = min(700, max(150, int(draw.lognormvariate(5.8, 0.4))))
        return [self.draw_words(draw, draw.randint(6, 11)), *self.sentences(draw, length)]

    def reprint(self, kind: str, original: Sentences, draw: random.Random) -> Sentences:
        """Another outlet's version of an article; each kind gets a headline of its own."""
        headline, *body = original
        headline = self.draw_words(draw, draw.randint(6, 11))
        if kind == "light":  # house style and a word here and there
            return [headline, *self.edited(body, draw, 0.008)]
        if kind == "medium":  # a new first sentence, one in fourteen sentences gone, words changed
            kept = [sentence for sentence in body[1:] if draw.random() > 0.07]
            return [headline, *self.sentences(draw, 20)[:1], *self.edited(kept, draw, 0.015)]
        if kind == "truncated":  # cut from the end, as editors cut; never below three sentences
            kept = body[: max(3, round(len(body) * draw.uniform(0.25, 0.6)))]
            return [headline, *self.edited(kept, draw, 0.015)]
        if kind == "heavy":  # rewritten: containment 0.59, Jaccard 0.41 on average, for some below 0.45 and 0.28
            fresh = set(draw.sample(range(len(body)), max(1, round(len(body) / 6))))
            kept = [self.sentences(draw, 20)[0] if at in fresh else sentence for at, sentence in enumerate(body)]
            for _ in range(3):
                moved = kept.pop(draw.randrange(len(kept)))
                kept.insert(draw.randrange(len(kept) + 1), moved)
            return [headline, *self.edited(kept, draw, 0.045)]
        # embedded: a copy, hardly edited, inside a longer article on something wider
        around = self.sentences(draw, draw.randint(250, 700))
        place = draw.randint(0, len(around))
        return [headline, *around[:place], *self.edited(body, draw, 0.02), *around[place:]]

    def same_event(self, original: Sentences, draw: random.Random) -> Sentences:
        """An independent report: a sixth to a third of the original are in it, its quotes, in their order or in none.

        Containment goes up to 0.36.
        """
        _, *body = original
        quotes = draw.sample(range(len(body)), max(1, round(len(body) * draw.uniform(0.15, 0.33))))
        n_words = sum(map(len, body))
        own = self.sentences(draw, round(n_words * draw.uniform(0.7, 1.3)))
        places = [draw.randint(0, len(own)) for _ in quotes]
        if draw.random() < 0.5:
            quotes, places = sorted(quotes), sorted(places)
        for before, (quote, place) in enumerate(zip(quotes, places, strict=True)):
            own.insert(place + before, body[quote])
        return [self.draw_words(draw, draw.randint(6, 11)), *own]

    def edited(self, sentences: Sentences, draw: random.Random, share: float) -> Sentences:
        """Sentences with this share of the words replaced, dropped or followed by a new one."""
        made: Sentences = []
        for sentence in sentences:
            words: list[str] = []
            for word in sentence:
                chance = draw.random()
                if chance >= share:
                    words.append(word)
                elif chance < share * 0.6:
                    words.append(draw.choice(self.words))
                elif chance < share * 0.8:
                    words += [word, draw.choice(self.words)]
            made.append(words)
        return made

    def told(self, article: Sentences, draw: random.Random) -> str:
        """The article as text in the style of one outlet: quotes, dashes, abbreviations, paragraphs, a notice."""
        curly, dash = draw.random() < 0.5, draw.choice((" — ", "—", " - "))
        treaty = draw.choice(("U.S.", "US"))
        per_paragraph = draw.choice((1, 2, 3))
        lines = [" ".join(article[0]).title()]
        told = []
        for number, sentence in enumerate(article[1:]):
            words = [sentence[0].capitalize(), *sentence[1:]] if sentence else []
            if len(words) > 8:
                words[3] += ","
                if sum(map(len, sentence)) % 5 == 0:
                    words[5:7] = [words[5] + dash + words[6]]
                if sum(map(len, sentence)) % 7 == 0:
                    words[2] = treaty
            line = " ".join(words) + "."
            if number % 4 == 2:
                line = f"“{line}”" if curly else f'"{line}"'
            told.append(line)
        for at in range(0, len(told), per_paragraph):
            lines.append(" ".join(told[at : at + per_paragraph]))
        if draw.random() < NOTICED:
            lines.append(" ".join(draw.choice(self.notices)).capitalize() + ".")
        return "\n\n".join(lines)


def generate(count: int, seed: int = 1) -> Iterator[Article]:
    """So many articles in mixed order; made from their number alone, so memory does not grow with the count."""
    room = Newsroom(seed)
    draw = random.Random(f"{seed} plan {count}")
    plan: list[tuple[int, str]] = []  # of each article the story and the kind
    n_reprints, n_same = round(count * REPRINTS), round(count * SAME_EVENT)
    n_originals = count - n_reprints - n_same
    plan += [(number, "original") for number in range(n_originals)]
    single = draw.sample(range(n_originals), round(n_reprints * REUSED))
    shared = [draw.randrange(n_originals) for _ in range(max(1, (n_reprints - len(single)) // 3))]
    told = single + [draw.choice(shared) for _ in range(n_reprints - len(single))]
    plan += [(story, KINDS[at % len(KINDS)]) for at, story in enumerate(told)]
    plan += [(draw.randrange(n_originals), "same event") for _ in range(n_same)]
    draw.shuffle(plan)
    where = {story: at for at, (story, kind) in enumerate(plan) if kind == "original"}
    for at, (story, kind) in enumerate(plan):
        own = random.Random(f"{seed} article {at}")
        original = room.original(story)
        if kind == "original":
            yield Article(room.told(original, own), story, kind, None)
        elif kind == "same event":
            yield Article(room.told(room.same_event(original, own), own), n_originals + at, kind, where[story])
        else:
            yield Article(room.told(room.reprint(kind, original, own), own), story, kind, where[story])
