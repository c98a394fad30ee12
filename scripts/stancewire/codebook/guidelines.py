"""The codebook → `guidelines.md`."""

from __future__ import annotations

from .interface import MADE_BY
from .model import Codebook


def guidelines_markdown(codebook: Codebook) -> str:
    """The guidelines as Markdown."""
    return f"<!-- {MADE_BY} -->\n# {codebook.title}\n\n{codebook.introduction}\n"
