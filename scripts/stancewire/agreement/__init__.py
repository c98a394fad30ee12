"""Agreement: units of several annotators' judgements, and how far they found the same and judged it alike."""

from .align import Span, align, jaccard
from .coefficients import krippendorff_alpha, percent_agreement
from .measure import measure_agreement
from .units import Unit, Vote, contradictions, make_units, may_vote

__all__ = [
    "Span",
    "Unit",
    "Vote",
    "align",
    "contradictions",
    "jaccard",
    "krippendorff_alpha",
    "make_units",
    "may_vote",
    "measure_agreement",
    "percent_agreement",
]
