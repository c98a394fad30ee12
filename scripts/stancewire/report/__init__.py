"""Reports: what the tables say, made to be looked at; in the terminal, and as one self-contained HTML page each."""

from __future__ import annotations

from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
"""The templates of pages that have a script of their own."""
