"""Judgements: every label anyone gave, as rows; what cannot be placed or understood, in quarantine with the reason."""

from .stage import Report, read_judgements, write_judgements

__all__ = ["Report", "read_judgements", "write_judgements"]
