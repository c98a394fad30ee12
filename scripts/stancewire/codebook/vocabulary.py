"""Closed vocabularies of the tables' columns, in the order in which categories are stored.

Those that a corpus decides come from its codebook; the rest are the tool's own words and stand here.
`schema/tables/*.json` names one per column (`stancewire:vocabulary`); `stancewire codebook build` writes its values
beside it (`constraints.enum`).
"""

from __future__ import annotations

from .model import Codebook

FIXED: dict[str, tuple[str, ...]] = {
    "rights": ("open", "permitted", "restricted", "unknown"),
    "roles": ("header", "headline", "dateline", "byline", "body", "caption", "credit", "furniture"),
    "variant_kinds": (
        "punctuation",
        "orthography",
        "abbreviation",
        "lexis",
        "grammar",
        "insertion",
        "deletion",
        "omission",
        "order",
        "figure",
    ),
    "passes": ("entities", "stances"),
    "layers": ("mention", "stance", "document_stance", "flag"),
    "assignment_states": ("assigned", "draft", "submitted", "skipped"),
    "anchors": ("same", "moved", "lost"),
    "origins": ("manual", "accepted", "edited"),
    "judgement_statuses": ("current", "superseded", "deleted"),
    "methods": ("majority", "unanimous", "dawid_skene", "mace", "adjudicated"),
    "decided_by": ("single", "unanimous", "majority", "model", "adjudicated"),
    "conflict_fields": (
        "exists",
        "boundary",
        "label",
        "kind",
        "entity_id",
        "stance",
        "holder",
        "via",
        "attribution",
    ),
    "conflict_statuses": ("open", "decided", "stale"),
    "annotator_kinds": ("human", "model"),
    "splits": ("train", "dev", "test"),
    "changes": ("added", "removed", "changed"),
}


def vocabularies(codebook: Codebook) -> dict[str, tuple[str, ...]]:
    """Every closed vocabulary by name: the fixed ones and the codebook's."""
    return FIXED | {
        "mention_labels": tuple(choice.id for choice in codebook.mention_labels),
        "mention_kinds": tuple(choice.id for choice in codebook.mention_kinds),
        "targets": tuple(target.id for target in codebook.targets),
        "stances": tuple(choice.id for choice in codebook.stances),
        "document_stances": tuple(choice.id for choice in codebook.document_stances),
        "attributions": tuple(choice.id for choice in codebook.attributions),
        "holder_types": tuple(choice.id for choice in codebook.holder_types),
        "via_types": tuple(choice.id for choice in codebook.via_types),
        "flags": tuple(choice.id for choice in codebook.flags),
    }
