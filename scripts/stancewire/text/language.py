"""Which language a text is in, with the detector's confidence."""

from __future__ import annotations

import functools
import re
from typing import Any

# Fewer letters say nothing; more than these many characters say nothing new.
MIN_LETTERS = 20
MAX_CHARS = 4000
SCORE_DECIMALS = 4  # the model computes in 32 bits, whose last digits are the machine's


_NOT_LETTERS = re.compile(r"[\W\d_]+")


@functools.cache
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect_language(text: str) -> tuple[str | None, float | None]:
    """ISO 639-1 code and confidence (0 to 1) of a text's language; two Nones where it is too short to say."""
    sample = text[:MAX_CHARS]
    if len(_NOT_LETTERS.sub("", sample)) < MIN_LETTERS:
        return None, None
    language, score = _identifier().classify(sample)
    return language, round(float(score), SCORE_DECIMALS)
