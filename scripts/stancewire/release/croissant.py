"""croissant.json: the release as Croissant 1.0 (https://docs.mlcommons.org/croissant/docs/croissant-spec.html)."""

from __future__ import annotations

import json
from typing import Any

from ..codebook.dataset import Dataset
from .descriptor import TableFile

_TYPES = {
    "string": "sc:Text",
    "integer": "sc:Integer",
    "number": "sc:Float",
    "boolean": "sc:Boolean",
    "date": "sc:Date",
    "datetime": "sc:DateTime",
}
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def croissant(dataset: Dataset, tables: list[TableFile], version: str, created: str | None) -> str:
    """The description of a release's tables, each a file object and a record set."""
    described: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": dataset.name,
        "description": dataset.description,
        "version": version,
        "license": dataset.annotations_licence.path,
        "usageInfo": dataset.text_statement,
        "keywords": list(dataset.keywords),
        "creator": [{"@type": "sc:Organization", "name": item.title} for item in dataset.contributors],
        "citeAs": f"{', '.join(item.title for item in dataset.contributors)}. {dataset.title}. Version {version}.",
        "distribution": [_file(table) for table in tables],
        "recordSet": [_records(table) for table in tables],
    }
    if dataset.homepage is not None:
        described["url"] = dataset.homepage
    if created is not None:
        described["datePublished"] = created
    return json.dumps(described, ensure_ascii=False, indent=1) + "\n"


def _file(table: TableFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": table.path,
        "name": table.path,
        "description": table.schema.description,
        "contentUrl": table.path,
        "encodingFormat": "application/x-parquet",
        "sha256": table.sha256,
    }


def _records(table: TableFile) -> dict[str, Any]:
    name = table.schema.name
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": table.schema.description,
        "key": [{"@id": f"{name}/{column}"} for column in table.schema.key],
        "field": [
            {
                "@type": "cr:Field",
                "@id": f"{name}/{field.name}",
                "name": f"{name}/{field.name}",
                "description": field.description,
                "dataType": _TYPES[field.type],
                "source": {"fileObject": {"@id": table.path}, "extract": {"column": field.name}},
            }
            for field in table.schema.fields
        ],
    }
