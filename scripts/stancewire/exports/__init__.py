"""The gold of a project or a release in the formats of other tools; `export_corpus` writes any of them."""

from .stage import FORMATS, ExportReport, export_corpus

__all__ = ["FORMATS", "ExportReport", "export_corpus"]
