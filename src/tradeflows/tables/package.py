"""The project as a data package: its tables and sources by the Frictionless standard."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa

from tradeflows.model import schema
from tradeflows.model.source import Publisher, Source
from tradeflows.retrieval import catalogue, project
from tradeflows.tables.files import processed

FILE = "datapackage.json"
TYPES = {
    "string": "string",
    "int64": "integer",
    "double": "number",
    "date32[day]": "date",
    "bool": "boolean",
}


def descriptor(root: Path) -> dict[str, Any]:
    """Return what ``datapackage.json`` says of the project in `root`.

    Returns
    -------
    dict
        A Data Package: a resource for each of the four tables, whose fields and key are those of
        the contract, and a source for each raw file, with its licence.

    Raises
    ------
    CatalogueError
        The catalogue or ``project.toml`` cannot be read.
    """
    about = project.load(root)
    publishers = catalogue.publishers(root)
    files = catalogue.load(root).values()
    content = {
        "name": re.sub("[^a-z0-9]+", "-", about.title.lower()).strip("-"),
        "title": about.title,
        "description": about.subtitle,
        "homepage": about.address,
        "resources": [
            {
                "name": name,
                "description": contract.metadata[b"about"].decode(),
                "path": processed(root, name).relative_to(root).as_posix(),
                "format": "parquet",
                "mediatype": "application/vnd.apache.parquet",
                "schema": {
                    "fields": [_field(field) for field in contract],
                    "primaryKey": [field.name for field in contract if _metadata(field)["key"]],
                    "missingValues": [],
                },
            }
            for name, contract in schema.STORED.items()
        ],
        "sources": [_source(file, publishers[file.publisher]) for file in files],
    }
    return {key: value for key, value in content.items() if value != ""}


def text(root: Path) -> str:
    """The descriptor of the project in `root`, as its file has it."""
    return json.dumps(descriptor(root), ensure_ascii=False, indent=1) + "\n"


def _field(field: pa.Field) -> dict[str, Any]:
    metadata = _metadata(field)
    constraints: dict[str, Any] = {} if field.nullable else {"required": True}
    for item, name in (("allowed", "enum"), ("least", "minimum")):
        if item in metadata:
            constraints[name] = json.loads(metadata[item])
    type_ = TYPES[str(field.type)]
    is_number = type_ in ("number", "integer")
    content = {
        "name": field.name,
        "type": type_,
        "description": metadata["note"],
        "unit": metadata["unit"],
        # A reader that goes by pandas has a null among numbers as this.
        "missingValues": ["nan"] if is_number and field.nullable else [],
        "constraints": constraints,
    }
    return {key: value for key, value in content.items() if value}


def _metadata(field: pa.Field) -> dict[str, str]:
    """What a field's metadata say, as texts."""
    return {key.decode(): value.decode() for key, value in field.metadata.items()}


def _source(file: Source, publisher: Publisher) -> dict[str, str]:
    content = {
        "title": f"{publisher.name}: {file.title}",
        "path": file.address or publisher.home,
        "licence": file.licence,
        "version": file.vintage,
        "file": f"data/raw/{file.path}",
        "hash": f"sha256:{file.sha256}",
    }
    return {key: value for key, value in content.items() if value}
