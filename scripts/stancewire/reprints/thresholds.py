"""What makes two texts reprints of each other: one rule for detection, and for the border that a split must keep.

The thresholds stand between what reprints show (the seeds: Jaccard 0.48, containment 0.74 before folding) and what
independent reports of one event share (quotes and names: Jaccard below 0.21, containment up to 0.36). This module
imports nothing, so that `verify`, which applies the rule too, needs no more than it did.
"""

from __future__ import annotations

CONTAINMENT = 0.5  # verified by this alone
LOW_CONTAINMENT = 0.38  # or by this with ALIGNED of the shorter text's words in order
ALIGNED = 0.65
FEWEST_WORDS = 12  # a shorter text is a reprint only of its equals


def is_reprint(containment: float, aligned_share: float) -> bool:
    """Do the thresholds hold?

    Args:
        containment: share of the smaller set of folded word 5-grams that is in the larger.
        aligned_share: share of the shorter text's words that stand in the longer in the same order.
    """
    return containment >= CONTAINMENT or (containment >= LOW_CONTAINMENT and aligned_share >= ALIGNED)
