"""Which language a text is in, with the detector's confidence.

The model is py3langid's: byte n-grams that an automaton finds, weighed by naive Bayes. Its own way through a text is a
loop in Python, so that the same steps are made here by numpy, for many texts at once.

A long text is first judged by an excerpt. Where that leaves a doubt, all of it is read that would be read anyway.
"""

from __future__ import annotations

import functools
import mmap
import os
import pickle
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from ..engine import Shelf

# Fewer letters say nothing; more than these many characters say nothing new.
MIN_LETTERS = 20
MAX_CHARS = 4000
# Three stretches of equal length, from the beginning, the middle and the end, so that a text in two languages leaves a
# doubt. Of 7,000 texts in 42 languages, each excerpt with this score was in the language that the whole was said to be.
EXCERPT_CHARS = 750
SURE = 0.9
SCORE_DECIMALS = 4  # the model computes in 32 bits, whose last digits are the machine's
AT_ONCE = 1 << 19  # bytes of text that are read in step: some 10 MB of scratch
STRETCH = 128  # bytes that each step of the walk advances through one stretch after the other
# The model's n-grams are at most 6 bytes long: from the root the automaton is where it should be after the 5 before.
RUN_UP = 5
NO_BYTE = b"\xff"  # is in no UTF-8, so that it leads back to the root from anywhere: it parts the texts
ROW = 16  # floats in a line of the processor's cache

_LETTERS_ENOUGH = re.compile(rf"(?:[\W\d_]*+[^\W\d_]){{{MIN_LETTERS}}}")


@dataclass(frozen=True)
class _Model:
    """The model as arrays.

    Attributes:
        moves: next state by a state's row and the byte read. rows: where each state's row begins.
        features: each state's feature; a state without one has the last, whose weights are nought.
        weights: by feature and language, less the feature's mean, which changes no probability and keeps sums small;
            in 32 bits, since no processor multiplies fast in the 16 that they are stored in.
        prior: by language. languages: their ISO 639-1 codes. aliases: pairs of places of one language.
    """

    moves: npt.NDArray[np.unsignedinteger[Any]]
    rows: npt.NDArray[np.int64]
    features: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float32]
    prior: npt.NDArray[np.float64]
    languages: Sequence[str]
    aliases: Sequence[tuple[int, int]]


_shelf: Shelf | None = None


def share_model(shelf: Shelf) -> None:
    """Let the processes that have this shelf have one model in memory: 95 MB, and a third of a second to unpack.

    It is loaded at once, unless another of them is at it.
    """
    global _shelf
    _shelf = shelf
    if shelf.lock.acquire(block=False):
        try:
            _put_model(shelf.handle)
        finally:
            shelf.lock.release()


@functools.cache
def _model() -> _Model:
    if _shelf is None:
        return _load_model()
    with _shelf.lock:
        is_there = _put_model(_shelf.handle)
    return _mapped_model(_shelf.handle) if is_there else _load_model()


def _put_model(handle: int) -> bool:
    """Fill an empty shelf; False where there is no room. First stand the length of what is small, then this, pickled;
    then the two large arrays, each from a whole page on."""
    if os.pread(handle, 1, 0):
        return True
    model = _load_model()
    moves, weights = model.moves, model.weights
    small = pickle.dumps((replace(model, moves=moves[:0], weights=weights[:0]), len(moves), weights.shape))
    after = _on_page(8 + len(small))
    try:
        _write(handle, weights, _on_page(after + _write(handle, moves, after)))
        _write(handle, len(small).to_bytes(8) + small, 0)
    except OSError:
        os.ftruncate(handle, 0)
        return False
    return True


def _mapped_model(handle: int) -> _Model:
    """The model on a filled shelf."""
    data = mmap.mmap(handle, 0, prot=mmap.PROT_READ)
    end = 8 + int.from_bytes(data[:8])
    small, n_moves, shape = pickle.loads(data[8:end])
    moves = np.frombuffer(data, small.moves.dtype, n_moves, _on_page(end))
    at = _on_page(_on_page(end) + moves.nbytes)
    weights = np.frombuffer(data, small.weights.dtype, shape[0] * shape[1], at)
    return replace(small, moves=moves, weights=weights.reshape(shape))


def _on_page(place: int) -> int:
    """The next place at which a page of memory begins."""
    return place + -place % mmap.PAGESIZE


def _write(handle: int, data: Any, place: int) -> int:
    """Write all of the data at a place of a file; returns how many bytes these are."""
    left = memoryview(data).cast("B")
    size = len(left)
    while left:
        done = os.pwrite(handle, left, place)
        place, left = place + done, left[done:]
    return size


def _load_model() -> _Model:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    read = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    n_features, n_languages = read.nb_ptc.shape
    features = np.array(read.tk_output, np.int32)
    features[features < 0] = n_features
    # Whole lines of cache for each feature: a third faster to collect.
    weights = _in_lines(n_features + 1, -(-n_languages // ROW) * ROW)
    weights[:-1, :n_languages] = read.nb_ptc
    weights[:-1, :n_languages] -= weights[:-1, :n_languages].mean(axis=1, keepdims=True)
    return _Model(
        np.asarray(read.tk_nextmove),
        np.array(read.tk_row, np.int64) << 8,
        features,
        weights,
        read.nb_pc.astype(np.float64),
        read.nb_classes,
        read._alias_pairs,
    )


def _in_lines(n_rows: int, width: int) -> npt.NDArray[np.float32]:
    """Noughts that begin where a line of cache begins."""
    room = np.zeros(n_rows * width + ROW, np.float32)
    first = -(room.ctypes.data // 4) % ROW
    return room[first : first + n_rows * width].reshape(n_rows, width)


def detect_language(text: str) -> tuple[str | None, float | None]:
    """ISO 639-1 code and confidence (0 to 1) of a text's language; two Nones where it is too short to say."""
    return detect_languages([text])[0]


def detect_languages(texts: Sequence[str]) -> list[tuple[str | None, float | None]]:
    """The same for many texts at once, far faster; what stands beside a text does not change its answer."""
    samples = [text[:MAX_CHARS] for text in texts]
    found = _detect([_excerpt(sample) for sample in samples])
    doubtful = [
        number
        for number, (_, score) in enumerate(found)
        if len(samples[number]) > EXCERPT_CHARS and (score is None or score < SURE)
    ]
    for number, answer in zip(doubtful, _detect([samples[number] for number in doubtful]), strict=True):
        found[number] = answer
    return found


def _excerpt(text: str) -> str:
    """Stretches of a long text's beginning, middle and end."""
    if len(text) <= EXCERPT_CHARS:
        return text
    each = EXCERPT_CHARS // 3
    middle = (len(text) - each) // 2
    return f"{text[:each]} {text[middle : middle + each]} {text[-each:]}"


def _detect(texts: Sequence[str]) -> list[tuple[str | None, float | None]]:
    """The answers by all of each text."""
    found: list[tuple[str | None, float | None]] = [(None, None)] * len(texts)
    for numbers, encoded in _batches(texts):
        languages, scores = _classify(encoded)
        for number, language, score in zip(numbers, languages, scores, strict=True):
            found[number] = _model().languages[language], round(score, SCORE_DECIMALS)
    return found


def _batches(texts: Sequence[str]) -> Iterator[tuple[list[int], list[bytes]]]:
    """Numbers of the texts that are long enough, and their bytes as the model reads them, `AT_ONCE` or so at a time."""
    from py3langid.langid import LanguageIdentifier

    numbers: list[int] = []
    encoded: list[bytes] = []
    size = 0
    for number, text in enumerate(texts):
        if _LETTERS_ENOUGH.match(text):
            numbers.append(number)
            encoded.append(LanguageIdentifier._encode(text))
            size += len(encoded[-1])
        if size >= AT_ONCE:
            yield numbers, encoded
            numbers, encoded, size = [], [], 0
    if numbers:
        yield numbers, encoded


def _classify(encoded: Sequence[bytes]) -> tuple[list[int], list[float]]:
    """Place of the likeliest language and its probability, as `LanguageIdentifier.classify` has them, for each text."""
    model = _model()
    lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
    weighed, is_any = _weigh(encoded, lengths)
    scores = weighed[:, : len(model.languages)] + model.prior
    scores[~is_any] = 0.0
    scores /= np.sqrt(lengths)[:, np.newaxis]
    np.exp(scores - scores.max(axis=1, keepdims=True), out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    for first, again in model.aliases:
        scores[:, first] += scores[:, again]
        scores[:, again] = 0.0
    best = scores.argmax(axis=1)
    return best.tolist(), scores[np.arange(len(best)), best].tolist()


def _weigh(
    encoded: Sequence[bytes], lengths: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """For each text the sum of its features' weights, each times log(1 + how often it was met), and has it any?"""
    model = _model()
    met = _walk(encoded)
    ends = np.cumsum(lengths + 1) - 1  # a byte that is none parts two texts
    for start, end in zip((ends - lengths).tolist(), ends.tolist(), strict=True):
        met[start:end].sort()
    is_first = np.empty(len(met), bool)
    np.not_equal(met[1:], met[:-1], out=is_first[1:])
    is_first[ends - lengths] = is_first[ends] = True
    firsts = np.flatnonzero(is_first)
    features = met[firsts].astype(np.int64)
    logs = np.log1p(np.diff(firsts, append=len(met)).astype(np.float32))
    bounds = np.searchsorted(firsts, ends)
    width = model.weights.shape[1]
    collected = _in_lines(int(np.diff(bounds, prepend=-1).max()), width)
    # All are multiplied at one place in memory, lest the last digits hang on where it is.
    shares = _in_lines(1, len(collected))[0]
    weighed = _in_lines(len(encoded), width)
    take, begin = model.weights.take, 0
    for row, end in zip(weighed, bounds.tolist(), strict=True):
        n = end - begin
        take(features[begin:end], axis=0, out=collected[:n], mode="clip")
        shares[:n] = logs[begin:end]
        np.dot(shares[:n], collected[:n], out=row)
        begin = end + 1
    begins = np.append(0, bounds[:-1] + 1)
    return weighed, features[begins] != len(model.weights) - 1


def _walk(encoded: Sequence[bytes]) -> npt.NDArray[np.int32]:
    """The feature met at each byte of the texts, which are parted, and followed, by one byte that is none.

    Each stretch of the bytes is walked for itself, from the end of the one before, so that one step is made in all of
    them at once.
    """
    model = _model()
    n_bytes = sum(map(len, encoded)) + len(encoded)
    n_stretches = -(-n_bytes // STRETCH)
    padding = NO_BYTE * (n_stretches * STRETCH - n_bytes + 1)
    whole = np.frombuffer(NO_BYTE * RUN_UP + NO_BYTE.join(encoded) + padding, np.uint8)
    by_stretch = np.lib.stride_tricks.sliding_window_view(whole, STRETCH + RUN_UP)[::STRETCH]
    by_step = np.ascontiguousarray(by_stretch.T)
    states = np.empty((STRETCH + RUN_UP, n_stretches), model.moves.dtype)
    places = np.zeros(n_stretches, np.int64)
    for step, read in enumerate(by_step):
        places += read
        # The modes are those that look for no error, which there is none of.
        model.moves.take(places, out=states[step], mode="clip")
        model.rows.take(states[step], out=places, mode="clip")
    return model.features.take(states[RUN_UP:].T, mode="clip").ravel()[:n_bytes]
