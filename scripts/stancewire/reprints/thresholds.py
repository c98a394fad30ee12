"""What makes two texts reprints of each other: one rule for detection, and for the border that a split must keep.

The thresholds stand between what reprints show (the seeds: Jaccard 0.48, containment 0.74 before folding) and what
independent reports of one event share (quotes and names: Jaccard below 0.21, containment up to 0.36, and less than half
of the words in order). Of rewritten articles with containment 0.59 on average the first two conditions find 0.95, with
the third 0.99; on generated articles no independent report meets any of them. This module imports nothing, so that
`verify`, which applies the rule too, needs no more than it did.
"""

from __future__ import annotations

CONTAINMENT = 0.5  # verified by this alone
LOW_CONTAINMENT = 0.38  # or by this with ALIGNED of the shorter text's words in order
ALIGNED = 0.65
LOW_ALIGNED = 0.5  # or by this and LOW_CONTAINMENT, where the two also have REWRITTEN of their wording in common:
REWRITTEN = 0.22  # a Jaccard index of texts that differ in wording, not in length
FEWEST_WORDS = 12  # a shorter text is a reprint only of its equals


def is_reprint(jaccard: float, containment: float, aligned_share: float) -> bool:
    """Do the thresholds hold?

    Args:
        jaccard: of the sets of folded word 5-grams.
        containment: share of the smaller set that is in the larger.
        aligned_share: share of the shorter text's words that stand in the longer in the same order.
    """
    return is_plain_reprint(containment, aligned_share) or (
        jaccard >= REWRITTEN and containment >= LOW_CONTAINMENT and aligned_share >= LOW_ALIGNED
    )


def is_plain_reprint(containment: float, aligned_share: float) -> bool:
    """Do they hold whatever the Jaccard index is?"""
    return containment >= CONTAINMENT or (containment >= LOW_CONTAINMENT and aligned_share >= ALIGNED)
