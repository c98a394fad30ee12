"""The texts of a release that people read: dataset card, data dictionary, citation."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from ..checks.packaged import FULL, TEXT_FREE
from ..codebook.dataset import Dataset
from ..tables import TableSchema
from .flavours import WITHHELD, hash_column
from .state import State

_TEXTS = {
    FULL: """\
`DATA_DICTIONARY.md` explains each column, `datapackage.json` says the same to programs. All offsets are half-open and
count Unicode code points: `documents.text[start:end]` is the row's `text` in every table but `quarantine`.""",
    TEXT_FREE: """\
`DATA_DICTIONARY.md` explains each column, `datapackage.json` says the same to programs. **This package holds no words
of the articles**: columns of quotes are null, and each has a column of SHA-256 hashes beside it (`text_sha256` is that
of `text`, in UTF-8). All offsets are half-open and count Unicode code points of a document's text. Where somebody's own
words quoted an article, the place of the quote stands instead: `⟦doc_id:start-end⟧`.

Who has the articles puts the words back, in whatever format and under whatever name they are kept:

```
stancewire rebuild THIS_FOLDER --sources MY_ARTICLES --out rebuilt
```

`documents.source_path`, `url`, `outlet`, `date`, `raw_sha256` (of the file) and `text_sha256` (of its text: UTF-8, line
breaks as LF) say which articles these are. Each quote is checked against its hash; what no copy was found of stays
null, and is listed.""",
}
_SOURCES = {
    FULL: """\
The sources (`corpus/sources`) are kept byte for byte; `corpus/documents.parquet` holds their canonical texts.
Annotators worked in Label Studio by `schema/labeling/guidelines.md`, each blind to the others, in two passes: entities,
then stances. Their stored exports (`annotations/exports`) became `judgements`; the gold tables are a function of these
and of the written decisions in `annotations/adjudications.jsonl`. `conflicts` lists what they differed about, decided
or not.""",
    TEXT_FREE: """\
The sources are kept byte for byte by those who made the dataset; `corpus/documents.parquet` says what they are.
Annotators worked in Label Studio by `schema/labeling/guidelines.md`, each blind to the others, in two passes: entities,
then stances. What they entered became `judgements`; the gold tables are a function of these and of the written
decisions in `annotations/adjudications.jsonl`. `conflicts` lists what they differed about, decided or not.""",
}
_RIGHTS = {
    FULL: "Tables that hold article text say\nso in `datapackage.json`.",
    TEXT_FREE: "No table of this package holds article text.",
}
_PEOPLE = "Annotators are pseudonyms; times are cut to the day."
_SIZES = (("n<1K", 1_000), ("1K<n<10K", 10_000), ("10K<n<100K", 100_000), ("100K<n<1M", 1_000_000))


def _quoted(text: str) -> str:
    """A string as YAML reads it, whatever is in it: JSON strings are YAML."""
    return json.dumps(text, ensure_ascii=False)


def dataset_card(state: State, version: str, tables: dict[str, pa.Table], flavour: str = FULL) -> str:
    """README.md of a release, with the YAML head that Hugging Face reads."""
    dataset, rows = state.dataset, {name: table.num_rows for name, table in tables.items()}
    stances = rows["stances"]
    size = next((name for name, limit in _SIZES if stances < limit), "n>1M")
    head = ["---", f"pretty_name: {_quoted(dataset.title)}"]
    if dataset.languages:
        head += ["language:", *(f"- {language}" for language in dataset.languages)]
    head += ["license: other", "license_name: annotations-cc-by-4.0-texts-not-licensed", "license_link: README.md"]
    head += ["task_categories:", "- text-classification", "- token-classification"]
    head += ["tags:", *(f"- {_quoted(word)}" for word in dataset.keywords)]
    head += ["size_categories:", f"- {size}", "configs:"]
    for name, table in tables.items():
        default = ["  default: true"] if name == "stances_wide" else []
        folder = "corpus" if name in _corpus_tables() else "annotations"
        if table.num_rows:
            head += [f"- config_name: {name}", *default, f"  data_files: {folder}/{name}.parquet"]
    head.append("---")
    return "\n".join(head) + "\n\n" + _body(state, version, tables, flavour)


def _corpus_tables() -> tuple[str, ...]:
    from ..project import CORPUS_TABLES

    return CORPUS_TABLES


def _body(state: State, version: str, tables: dict[str, pa.Table], flavour: str) -> str:
    dataset = state.dataset
    n = {name: f"{table.num_rows:,}" for name, table in tables.items()}
    licence = dataset.annotations_licence
    return f"""\
# {dataset.title}

Version {version}. {dataset.description}

## What is in it

| | |
|--|--|
| documents | {n["documents"]} |
| stories | {_distinct(tables["stories"], "story_id"):,} |
| mentions of entities | {n["mentions"]} |
| entities | {n["entities"]} |
| attributed stances: who holds which stance on what, in which words, and who reports it | {n["stances"]} |
| document stances: the author's own voice | {n["document_stances"]} |
| judgements behind them | {n["judgements"]} |
| annotators | {_distinct(tables["judgements"], "annotator_id"):,} |

```python
import pandas as pd

stances = pd.read_parquet("annotations/stances_wide.parquet")
```

`annotations/stances_wide.parquet` is the one file for a first look; `csv/` holds every table for spreadsheets.
{_TEXTS[flavour]}

## How it was made

{_SOURCES[flavour]}

## Who annotated

{_annotators(tables["annotators"])}

## What the numbers are not

{_caveats(tables)}

## Rights

The annotations are under {licence.title} ({licence.path}). {dataset.text_statement} {_RIGHTS[flavour]} {_PEOPLE}

## Checking and citing it

`sha256sum --check SHA256SUMS`, or `stancewire verify` on this folder or its zip. `CITATION.cff` says how to cite it. A
version never changes: what differs from the version before is listed in `annotations/changes.parquet`.

## CSV

The files in `csv/` are UTF-8 with a byte order mark, so that spreadsheets know the encoding. A text that begins with
`=`, `+`, `-`, `@`, `'`, a tab or a line break has one `'` put before it, so that no spreadsheet takes it for a formula;
to read it back, take one leading `'` away from every text that has one. A null is an empty cell, an empty text is `""`.
"""


def _distinct(table: pa.Table, column: str) -> int:
    return pc.count_distinct(table.column(column)).as_py()


def _annotators(table: pa.Table) -> str:
    models = [row for row in table.to_pylist() if row["kind"] == "model"]
    lines = []
    for row in table.to_pylist():
        model = " ".join(part for part in (row["model"], row["model_version"]) if part)
        who = f"a language model ({model or 'unnamed'})" if row["kind"] == "model" else "a person"
        lines.append(
            f"- `{row['annotator_id']}`: {who}" + (f"; instructed by {row['training']}" if row["training"] else "")
        )
    if models and len(models) == table.num_rows:
        lines.append("\n**All annotators and adjudicators are language models. No human has reviewed their work.**")
    elif models:
        lines.append("\n**Some annotators are language models**; `annotators` says which.")
    return "\n".join(lines) or "Nobody yet."


def _caveats(tables: dict[str, pa.Table]) -> str:
    kinds = set(tables["annotators"].column("kind").to_pylist())
    said = []
    if kinds == {"model"}:
        said.append(
            "Agreement here is *agreement between model passes*: how far runs of language models give the same answer. "
            "It is not inter-annotator agreement and says nothing about how well people would agree, or whether "
            "the answers are right."
        )
        if len(set(tables["annotators"].column("model").to_pylist())) == 1:
            said.append("All are runs of one model, which makes them agree more than different models would.")
    if any(tables["assignments"].column("suggestions_shown").to_pylist()):
        said.append("Where suggestions were shown (`assignments.suggestions_shown`), they draw annotators together.")
    stories = _distinct(tables["stories"], "story_id")
    if stories < 10:
        said.append(
            f"With {stories} {'story' if stories == 1 else 'stories'} there is no sample: no share, count or "
            "coefficient describes news, outlets or the public, and no confidence interval is given. Reprints are not "
            "independent."
        )
    said.append("`p_favor` and its like are shares of votes, not probabilities that a label is true.")
    return " ".join(said)


def data_dictionary(schemas: Sequence[TableSchema]) -> str:
    """DATA_DICTIONARY.md: every table and column, from the table schemas."""
    parts = [
        "# Data dictionary\n\nFrom `schema/tables`. *Key* columns identify a row; *required* ones are never null.\n"
    ]
    for schema in schemas:
        licence = "not licensed (article text)" if schema.licence == "article_text" else "annotations' licence"
        parts.append(f"## {schema.name}\n\n{schema.description} Key: {', '.join(schema.key)}. Rights: {licence}.\n")
        lines = ["| column | type | | meaning |", "|--|--|--|--|"]
        for field in schema.fields:
            marks = ["key"] if field.name in schema.key else []
            marks += ["required"] if field.required and not marks else []
            words = f" One of: {', '.join(f'`{word}`' for word in field.categories)}." if field.categories else ""
            meaning = f"{field.description}{words}{_withheld(schema, field.name)}".replace("|", "\\|")
            lines.append(f"| {field.name} | {field.type} | {' '.join(marks)} | {meaning} |")
        for columns, other, keys in schema.foreign_keys:
            lines.append(f"\n`{', '.join(columns)}` refers to `{other}` ({', '.join(keys)}).")
        parts.append("\n".join(lines) + "\n")
    return "\n".join(parts)


def _withheld(schema: TableSchema, name: str) -> str:
    """What a text-free package does to a column, in words."""
    item = next(item for item in schema.descriptor["fields"] if item["name"] == name)
    if WITHHELD not in item:
        return ""
    how = "is null here" if item[WITHHELD] == "quote" else "has places here where it quotes"
    return f" This {how}; `{hash_column(name)}` has the hash."


def citation(dataset: Dataset, version: str, created: str | None) -> str:
    """CITATION.cff of the data."""
    lines = ["cff-version: 1.2.0", "message: If you use this dataset, please cite it as below.", "type: dataset"]
    lines += [f"title: {_quoted(dataset.title)}", f"version: {_quoted(version)}"]
    lines += [f"date-released: {created}"] if created is not None else []
    lines += ["authors:", *(f"  - name: {_quoted(item.title)}" for item in dataset.contributors)]
    lines += [f"license: {dataset.annotations_licence.name}", f"abstract: {_quoted(dataset.description)}"]
    if dataset.homepage is not None:
        lines.append(f"url: {_quoted(dataset.homepage)}")
    lines += ["keywords:", *(f"  - {_quoted(word)}" for word in dataset.keywords)] if dataset.keywords else []
    return "\n".join(lines) + "\n"
