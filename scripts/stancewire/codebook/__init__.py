"""Room: codebook. codebook.yaml → `Codebook` → interfaces, guidelines, JSON Schemas, the categories of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..on_demand import on_demand

if TYPE_CHECKING:
    from .build import BuildResult, build_codebook_files, write_codebook_files
    from .campaign import Annotator, Campaign, Round, check_campaign, read_campaign
    from .dataset import Dataset, check_dataset, keep_columns, read_dataset
    from .model import Choice, Codebook, Entity, Example, Pass, Rules, Target
    from .offers import entity_choices, holder_choices, via_choices
    from .read import check_codebook, read_codebook
    from .vocabulary import vocabularies

__all__ = [
    "Annotator",
    "BuildResult",
    "Campaign",
    "Choice",
    "Codebook",
    "Dataset",
    "Entity",
    "Example",
    "Pass",
    "Round",
    "Rules",
    "Target",
    "build_codebook_files",
    "check_campaign",
    "check_codebook",
    "check_dataset",
    "entity_choices",
    "holder_choices",
    "keep_columns",
    "read_campaign",
    "read_codebook",
    "read_dataset",
    "via_choices",
    "vocabularies",
    "write_codebook_files",
]

__getattr__ = on_demand(
    __name__,
    {
        "build": "BuildResult build_codebook_files write_codebook_files",
        "campaign": "Annotator Campaign Round check_campaign read_campaign",
        "dataset": "Dataset check_dataset keep_columns read_dataset",
        "model": "Choice Codebook Entity Example Pass Rules Target",
        "offers": "entity_choices holder_choices via_choices",
        "read": "check_codebook read_codebook",
        "vocabulary": "vocabularies",
    },
)
