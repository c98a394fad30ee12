"""The language of a text is what py3langid says of it, however many texts are asked about at once."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from py3langid.langid import MODEL_FILE, LanguageIdentifier

from stancewire.engine import Shelf
from stancewire.text import language
from stancewire.text.language import (
    EXCERPT_CHARS,
    MAX_CHARS,
    SCORE_DECIMALS,
    SURE,
    detect_language,
    detect_languages,
)

sys.path.insert(0, str(Path(__file__).parent / "benchmarks"))

from news_files import make_articles

TEXTS = {
    "en": "The ministers of both countries met on Wednesday and said that the talks would go on next month.",
    "de": "Die Minister beider Länder trafen sich am Mittwoch; die Gespräche würden im nächsten Monat fortgesetzt.",
    "fr": "Les ministres des deux pays se sont rencontrés mercredi et les discussions se poursuivront, a-t-on appris.",
    "es": "Los ministros de ambos países se reunieron el miércoles y las conversaciones seguirán el próximo mes.",
    "ru": "Министры обеих стран встретились в среду и заявили, что переговоры продолжатся в следующем месяце.",
    "el": "Οι υπουργοί των δύο χωρών συναντήθηκαν την Τετάρτη και οι συνομιλίες θα συνεχιστούν τον άλλο μήνα.",
    "ja": "両国の閣僚は水曜日に会談し、協議を来月も続けると述べた。知事は記者会見で新しい規則を発表した。",
    "zh": "两国部长星期三举行会谈，并表示谈判将在下个月继续进行。市长在记者会上宣布了新的交通规则。",
    "ko": "양국 장관은 수요일에 만나 협의를 다음 달에도 계속하겠다고 밝혔다. 지사는 기자회견에서 말했다.",
    "ar": "التقى وزراء البلدين يوم الأربعاء وقالوا إن المحادثات ستستمر في الشهر المقبل وفق بيان مشترك.",
    "he": "שרי שתי המדינות נפגשו ביום רביעי ואמרו כי השיחות יימשכו גם בחודש הבא, כך נמסר בהודעה.",
    "hi": "दोनों देशों के मंत्रियों ने बुधवार को मुलाकात की और कहा कि बातचीत अगले महीने जारी रहेगी।",
    "tr": "İki ülkenin bakanları çarşamba günü bir araya geldi ve görüşmelerin gelecek ay süreceğini söyledi.",
    "sr": "Министри двеју земаља састали су се у среду и рекли да ће се преговори наставити следећег месеца.",
}
ODD = {
    "capitals": TEXTS["en"].upper(),
    "accents that follow their letters": unicodedata.normalize("NFD", TEXTS["fr"] + " Fête à l’école."),
    "letters that the model has no n-gram of": "\U00010900\U00010901\U00010902" * 20,
    "two languages": TEXTS["en"] + " " + TEXTS["de"],
    "longer than what is read": " ".join([TEXTS["fr"]] * 60) + TEXTS["ru"] * 5,
    "a single word": "Bundesverfassungsgericht",
    "numbers and a few words": "12 34 56 78 the results of the second round 90 12 34",
    "a lone surrogate": TEXTS["es"] + "\ud800",
}


@pytest.fixture(scope="module")
def plain() -> LanguageIdentifier:
    """The library as it is used without this module."""
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@pytest.mark.parametrize("expected", TEXTS)
def test_languages_are_recognised(expected: str) -> None:
    found, score = detect_language(TEXTS[expected])
    assert found == expected
    assert score is not None and score > 0.5


@pytest.mark.parametrize("name", [*TEXTS, *ODD])
def test_the_answer_is_that_of_the_library(name: str, plain: LanguageIdentifier) -> None:
    text = (TEXTS | ODD)[name][:EXCERPT_CHARS]
    found, score = detect_language(text)
    expected, confidence = plain.classify(text)
    assert found == expected
    assert score == pytest.approx(confidence, abs=10**-SCORE_DECIMALS)


LONG = {
    **{language: " ".join([text] * 60) for language, text in TEXTS.items()},
    "a foreign quotation": " ".join([TEXTS["fr"]] * 10 + [TEXTS["en"]] * 5 + [TEXTS["fr"]] * 10),
    "an end that is not read": " ".join([TEXTS["fr"]] * 60 + [TEXTS["ru"]] * 5),
    "letters that the model has no n-gram of": ODD["letters that the model has no n-gram of"] * 20,
}


@pytest.mark.parametrize("name", LONG)
def test_a_long_text_is_in_the_language_of_an_excerpt_if_that_leaves_no_doubt(
    name: str, plain: LanguageIdentifier
) -> None:
    text = LONG[name]
    found, score = detect_language(text)
    excerpt, confidence = plain.classify(language._excerpt(text[:MAX_CHARS]))
    expected, of_all = plain.classify(text[:MAX_CHARS])
    assert found == expected
    if round(float(confidence), SCORE_DECIMALS) >= SURE:
        assert found == excerpt
        assert score == pytest.approx(confidence, abs=10**-SCORE_DECIMALS)
    else:
        assert score == pytest.approx(of_all, abs=10**-SCORE_DECIMALS)


def test_two_languages_in_a_long_text_leave_a_doubt(plain: LanguageIdentifier) -> None:
    """All of what is read is weighed then, as it was for a text of any length."""
    text = " ".join([TEXTS["en"]] * 8 + [TEXTS["de"]] * 9)
    assert plain.classify(language._excerpt(text))[1] < SURE
    assert language._excerpt(text)[250] == language._excerpt(text)[501] == " "
    found, score = detect_language(text)
    expected, confidence = plain.classify(text)
    assert found == expected
    assert score == pytest.approx(confidence, abs=10**-SCORE_DECIMALS)


def test_an_excerpt_that_is_sure_is_of_the_language_of_the_whole() -> None:
    articles = [article.text for article in make_articles(1500, seed=5)]
    sure = 0
    for text, by_excerpt, by_all in zip(
        articles, language._detect([*map(language._excerpt, articles)]), language._detect(articles), strict=True
    ):
        assert len(text) < MAX_CHARS
        if by_excerpt[1] is not None and by_excerpt[1] >= SURE:
            assert by_excerpt[0] == by_all[0]
            sure += 1
    assert sure > 1200


def test_the_answer_is_the_same_in_any_company(monkeypatch: pytest.MonkeyPatch) -> None:
    alone = {text: detect_language(text) for text in (*TEXTS.values(), *ODD.values(), "", "Too short.")}
    texts = [*alone] * 30
    for seed, at_once in enumerate((language.AT_ONCE, 2000, 1)):
        monkeypatch.setattr(language, "AT_ONCE", at_once)
        random.Random(seed).shuffle(texts)
        assert detect_languages(texts) == [alone[text] for text in texts]


def test_texts_that_are_too_short_say_nothing() -> None:
    assert detect_languages([]) == []
    nothing, nineteen, twenty = (None, None), "1: nineteen__letters, abcd 9", "1: now twenty__letters, abcd 9"
    assert detect_languages(["", "1234567890 " * 50, nineteen]) == [nothing] * 3
    assert detect_languages(["", twenty]) == [nothing, detect_language(twenty)]
    assert detect_language(twenty) != nothing


def test_a_walk_in_stretches_meets_what_one_walk_meets(plain: LanguageIdentifier) -> None:
    chosen = random.Random(3)
    encoded = [text.encode("utf-8", "surrogatepass") for text in (*TEXTS.values(), *ODD.values())]
    encoded += [chosen.randbytes(n).replace(language.NO_BYTE, b" ") for n in (1, 2, 127, 128, 129, 5000)]
    found = language._walk(encoded)
    none = len(language._model().weights) - 1
    begin = 0
    for raw in encoded:
        state, expected = 0, []
        for byte in raw:
            state = plain.tk_nextmove[plain._rowbase[state] + byte]
            expected.append(plain.tk_output[state])
        assert np.array_equal(found[begin : begin + len(raw)], [none if f < 0 else f for f in expected])
        begin += len(raw)
        assert found[begin] == none
        begin += 1
    assert begin == len(found)


def test_the_longest_n_grams_are_no_longer_than_the_run_up_allows(plain: LanguageIdentifier) -> None:
    moves = np.asarray(plain.tk_nextmove).reshape(-1, 256)
    depths = np.full(len(plain.tk_row), -1)
    depths[0], edge = 0, np.array([0])
    rows = np.asarray(plain.tk_row)
    for depth in range(1, 100):
        edge = np.unique(moves[rows[edge]])
        edge = edge[depths[edge] < 0]
        if not len(edge):
            break
        depths[edge] = depth
    assert depths.max() == language.RUN_UP + 1
    assert not moves[:, language.NO_BYTE[0]].any()


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="there is no memory to share")
def test_a_shared_model_is_the_model() -> None:
    shelf = Shelf.make(multiprocessing.get_context("fork"))
    assert shelf is not None
    try:
        assert language._put_model(shelf.handle)
        size = os.fstat(shelf.handle).st_size
        assert language._put_model(shelf.handle) and os.fstat(shelf.handle).st_size == size  # it is not put there again
        shared, own = language._mapped_model(shelf.handle), language._model()
        for name, value in vars(own).items():
            found = getattr(shared, name)
            assert np.array_equal(found, value) if isinstance(value, np.ndarray) else found == value, name
    finally:
        os.close(shelf.handle)


def test_without_room_for_a_shared_model_each_process_has_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(handle: int, data: object, place: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", refuse)
    with open(tmp_path / "shelf", "w+b") as shelf:
        assert not language._put_model(shelf.fileno())
        assert os.fstat(shelf.fileno()).st_size == 0
