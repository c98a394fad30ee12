"""Where detection did not compare all with all, so that no corpus makes it slow: said in one line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from .candidates import FREQUENT
from .groups import WITNESSES
from .stories import ALL_PAIRS, Grouping, headings_of
from .witness import Witness

CHECK = "reprints-capped"


def describe_caps(witnesses: Sequence[Witness], grouping: Grouping) -> Iterator[str]:
    """What was capped in this corpus, and what follows from it; nothing where nothing was."""
    measured = grouping.measured
    if measured.n_frequent:
        yield (
            f"{measured.n_frequent:,} of the sampled passages stand in more than {FREQUENT} documents or stories each: "
            "by them, documents were compared with the first and the next alone that have them"
        )
    sizes = grouping.stories.sizes
    large = np.flatnonzero(sizes > ALL_PAIRS)
    if len(large):
        n_most = int(sizes[large].max())
        most = max(grouping.stories[number].story_id for number in np.flatnonzero(sizes == n_most).tolist())
        yield (
            f"{len(large):,} {'story has' if len(large) == 1 else 'stories have'} more than {ALL_PAIRS} versions "
            f"(most: {most}, {n_most:,}): each version is listed with the head, not with all others"
        )
        if n_most > WITNESSES:
            yield (
                f"what joined a story of more than {WITNESSES} distinct versions was held against {WITNESSES} of them, "
                "not against all"
            )
    if grouping.bounded:
        headings = headings_of(witnesses)
        a, b = (headings[number].doc_id for number in grouping.bounded[0])
        number = len(grouping.bounded)
        yield (
            f"{number:,} {'pair is' if number == 1 else 'pairs are'} too long to align word by word "
            f"(first: {a} - {b}): the aligned share is the least that it can be"
        )
