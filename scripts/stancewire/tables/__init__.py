"""Tables: their schemas, the one Parquet writer, row ids, content hashes, manifests."""

from .content import content_sha256
from .ids import number_repeats, row_id
from .read import decode_parquet, find_in_manifest, parse_table, read_table
from .schema import Field, TableSchema, read_table_schema, table_schema
from .write import (
    MANIFEST,
    file_sha256,
    make_table,
    read_manifest,
    write_bytes,
    write_parquet,
    write_stage,
    write_text,
)

__all__ = [
    "MANIFEST",
    "Field",
    "TableSchema",
    "content_sha256",
    "decode_parquet",
    "file_sha256",
    "find_in_manifest",
    "make_table",
    "number_repeats",
    "parse_table",
    "read_manifest",
    "read_table",
    "read_table_schema",
    "row_id",
    "table_schema",
    "write_bytes",
    "write_parquet",
    "write_stage",
    "write_text",
]
