"""Which language a text is in, with the detector's confidence."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

# Fewer letters say nothing; more than these many characters say nothing new.
MIN_LETTERS = 20
MAX_CHARS = 4000
AT_ONCE = 128  # texts that are read in step: some 10 MB of scratch
SCORE_DECIMALS = 4  # the model computes in 32 bits, whose last digits are the machine's


_NOT_LETTERS = re.compile(r"[\W\d_]+")


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect_language(text: str) -> tuple[str | None, float | None]:
    """ISO 639-1 code and confidence (0 to 1) of a text's language; two Nones where it is too short to say."""
    return detect_languages([text])[0]


def detect_languages(texts: Sequence[str]) -> list[tuple[str | None, float | None]]:
    """The same for many texts at once, some ten times faster; what stands beside a text does not change its answer."""
    found: list[tuple[str | None, float | None]] = [(None, None)] * len(texts)
    samples = [text[:MAX_CHARS] for text in texts]
    asked = [number for number, sample in enumerate(samples) if _has_letters(sample)]
    for first in range(0, len(asked), AT_ONCE):
        numbers = asked[first : first + AT_ONCE]
        encoded = [_identifier()._encode(samples[number]) for number in numbers]
        for number, raw, (features, counts) in zip(numbers, encoded, _count_features(encoded), strict=True):
            language, score = _classify(features, counts, len(raw))
            found[number] = language, round(score, SCORE_DECIMALS)
    return found


def _has_letters(sample: str) -> bool:
    beginning = sample[: 10 * MIN_LETTERS]
    return len(_NOT_LETTERS.sub("", beginning)) >= MIN_LETTERS or (
        len(sample) > len(beginning) and len(_NOT_LETTERS.sub("", sample)) >= MIN_LETTERS
    )


@functools.cache
def _automaton() -> tuple[Any, Any, Any]:
    """The model's automaton as arrays: next states by row and byte, each state's row, each state's feature or -1."""
    model = _identifier()
    return (
        np.asarray(model.tk_nextmove, np.int32),
        np.asarray(model._rowbase, np.int64),
        np.asarray(model.tk_output, np.int64),
    )


@functools.cache
def _weights() -> Any:
    """The model's weights in 32 bits: in the 16 that it is stored in, no processor multiplies fast."""
    return np.asarray(_identifier().nb_ptc, np.float32)


def _count_features(encoded: Sequence[bytes]) -> Iterator[tuple[Any, Any]]:
    """Features of each text, sorted, and how often each was met: the automaton walks all texts in step."""
    moves, rows, outputs = _automaton()
    by_length = sorted(range(len(encoded)), key=lambda number: -len(encoded[number]))
    lengths = np.array([len(encoded[number]) for number in by_length])
    longest = int(lengths[0])
    letters = np.zeros((len(encoded), longest), np.uint8)
    for place, number in enumerate(by_length):
        letters[place, : lengths[place]] = np.frombuffer(encoded[number], np.uint8)
    by_step = np.ascontiguousarray(letters.T)
    # How many texts are still being read at each byte: they are sorted, the longest first.
    reading = np.searchsorted(-lengths, -np.arange(longest), side="left")
    met = np.full((longest, len(encoded)), -1, np.int64)
    states = np.zeros(len(encoded), np.int64)
    for step in range(longest):
        n = reading[step]
        states = moves[rows[states[:n]] + by_step[step, :n]]
        met[step, :n] = outputs[states]
    place_of = {number: place for place, number in enumerate(by_length)}
    by_text = np.ascontiguousarray(met.T)
    for number in range(len(encoded)):
        own = by_text[place_of[number]]
        yield np.unique(own[own >= 0], return_counts=True)


def _classify(features: Any, counts: Any, n_bytes: int) -> tuple[str, float]:
    """As `LanguageIdentifier.classify` does with probabilities, from counted features."""
    model = _identifier()
    if len(features):
        scores = np.log1p(counts.astype(np.float32)) @ _weights()[features] + model.nb_pc
    else:
        scores = np.zeros(len(model.nb_classes), np.float32)
    scores *= 1.0 / math.sqrt(n_bytes or 1)
    np.exp(scores - scores.max(), out=scores)
    scores /= scores.sum()
    for first, again in model._alias_pairs:
        scores[first] += scores[again]
        scores[again] = 0.0
    best = int(scores.argmax())
    return model.nb_classes[best], float(scores[best])
