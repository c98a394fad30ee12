"""Tables: their schemas, the one Parquet writer, row ids, content hashes, manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..on_demand import on_demand

if TYPE_CHECKING:
    from .content import ContentHash, content_sha256
    from .find import find_rows, iter_table
    from .ids import number_repeats, row_id
    from .parquet import ParquetFile
    from .read import decode_parquet, find_in_manifest, parse_table, read_columns, read_table
    from .rows import shared_rows
    from .schema import Field, TableSchema, read_table_schema, table_schema
    from .write import (
        MANIFEST,
        Written,
        file_sha256,
        make_table,
        read_manifest,
        remove,
        shards_of,
        write_bytes,
        write_parquet,
        write_stage,
        write_text,
    )

__all__ = [
    "MANIFEST",
    "ContentHash",
    "Field",
    "ParquetFile",
    "TableSchema",
    "Written",
    "content_sha256",
    "decode_parquet",
    "file_sha256",
    "find_in_manifest",
    "find_rows",
    "iter_table",
    "make_table",
    "number_repeats",
    "parse_table",
    "read_columns",
    "read_manifest",
    "read_table",
    "read_table_schema",
    "remove",
    "row_id",
    "shards_of",
    "shared_rows",
    "table_schema",
    "write_bytes",
    "write_parquet",
    "write_stage",
    "write_text",
]

__getattr__ = on_demand(
    __name__,
    {
        "content": "ContentHash content_sha256",
        "find": "find_rows iter_table",
        "ids": "number_repeats row_id",
        "parquet": "ParquetFile",
        "read": "decode_parquet find_in_manifest parse_table read_columns read_table",
        "rows": "shared_rows",
        "schema": "Field TableSchema read_table_schema table_schema",
        "write": (
            "MANIFEST Written file_sha256 make_table read_manifest "
            "remove shards_of write_bytes write_parquet write_stage write_text"
        ),
    },
)
