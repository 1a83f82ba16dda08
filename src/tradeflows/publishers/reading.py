"""From columns of text to rows of our tables: what several publishers' cleaners have in common.

Nothing is guessed: a column is text until :mod:`~tradeflows.publishers.numbers` or a function here
makes numbers, words or days of it, and the first record that is not as expected is refused by
:func:`~tradeflows.publishers.require.require`.
"""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.codelists import rows_of
from tradeflows.model.codes import HS, level
from tradeflows.model.errors import CodeError, SchemaError
from tradeflows.model.schema import FIGURES, TRADE, conform
from tradeflows.model.source import Source
from tradeflows.publishers import arrow, plausibility, print_dates
from tradeflows.publishers.delimited import Block, block, blocks, head, whole
from tradeflows.publishers.header import BLOCK, header, not_utf8, require_header
from tradeflows.publishers.numbers import PLAIN_NUMBER
from tradeflows.publishers.raw_lines import Record, numbered, records, table
from tradeflows.publishers.require import Namer, demand, require, words

__all__ = [
    "A_FLOW",
    "BLOCK",
    "PLAIN_NUMBER",
    "ZIP_FAULTS",
    "Block",
    "Namer",
    "Record",
    "block",
    "blocks",
    "demand",
    "flags",
    "head",
    "header",
    "months",
    "not_utf8",
    "numbered",
    "published",
    "quantity",
    "records",
    "require",
    "require_header",
    "rows",
    "table",
    "uncatalogued",
    "units",
    "weight_or_quantity",
    "whole",
    "words",
]

# What zipfile raises of a damaged or foreign archive: only its own kinds are documented as such.
_DAMAGED = (zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError)
ZIP_FAULTS = (zipfile.BadZipFile, zipfile.LargeZipFile, *_DAMAGED)
A_FLOW: dict[str, Any] = {
    "source_field": "",
    "flags": "",
    "note": None,
    "qualifier": "=",
    "partner_role": "origin",
    "classification_code": "HS",
    "freq_code": "M",
    "n_months": 1,
    "cumulation": "period",
    "breakdown": "total",
    "qty_unit": "none",
    "value_reported": None,
    "currency": None,
    "valuation": None,
    "primary_value_usd": None,
    "net_wgt_kg": None,
    "qty": None,
}


def quantity(
    record: Namer,
    name: str,
    text: pa.Array,
    number: pa.Array,
    known: Mapping[str, tuple[str, float]],
) -> tuple[pa.Array, pa.Array]:
    """Return `number` in our units and these, where `text` of column `name` is the publisher's."""
    kind = pa.struct({"unit": arrow.TEXT, "factor": pa.float64()})
    unit, factor = words(record, name, text, known, kind).flatten()
    return pc.multiply(number, factor), unit


def weight_or_quantity(amount: pa.Array, unit: pa.Array) -> dict[str, pa.Array]:
    """Return the columns of a weight where `unit` is kg, else those of a quantity."""
    is_weight = pc.equal(unit, "kg")
    return {
        "net_wgt_kg": arrow.only(amount, is_weight),
        "qty": arrow.without(amount, is_weight),
        "qty_unit": pc.if_else(is_weight, "none", unit),
    }


def published(amount: pa.Array, value: pa.Array) -> pa.Array:
    """`amount`, null where it is zero beside a `value`, which means "not published"."""
    return arrow.without(amount, pc.and_(pc.equal(amount, 0), pc.not_equal(value, 0)))


def months(text: pa.Array) -> pa.Array:
    """Texts such as 2023-05 or 202305, which were checked before, as the month's first day."""
    digits = pc.replace_substring(text, "-", "")
    return pc.cast(pc.strptime(digits, format="%Y%m", unit="s"), pa.date32())


def flags(n: int, **where: pa.Array) -> pa.Array:
    """Flags of n rows, sorted and blank-separated, from one boolean array a word."""
    marks = [arrow.only(word, where[word]) for word in sorted(where)]
    return arrow.joined([pa.nulls(n, arrow.TEXT), *marks], " ")


def rows(
    source: Source,
    schema: pa.Schema,
    columns: Mapping[str, Any],
    *,
    factor: float = plausibility.FACTOR,
    are_products_known: bool = False,
) -> pa.RecordBatch:
    """A batch of `schema`, a figure that can hardly be meant flagged.

    Raises
    ------
    SchemaError
        The columns break the contract of `schema`.
    CodeError
        A product code is neither HS nor in ``products.csv``; a lost leading zero is said.
    """
    n = len(columns["source_row"])
    spread: dict[str, Any] = {"source_id": source.id}
    for name, values in columns.items():
        spread[name] = values
        if isinstance(values, pa.Scalar):
            is_text = values.type == arrow.TEXT
            spread[name] = values.as_py() if is_text else pa.repeat(values, n)
    try:
        if schema is TRADE and not are_products_known:
            products = columns["cmd_code"]
            if isinstance(products, str | None):
                products = arrow.texts([products])
            for code in products.unique().drop_null().to_pylist():
                if not HS.fullmatch(code):  # of those that are it, there are thousands
                    level(code)
        batch = conform(spread, schema)
    except (CodeError, SchemaError) as error:
        raise type(error)(f"{source.path}: {error}") from error
    if schema is FIGURES:
        print_dates.require_placed(source.path, source, batch)
    return plausibility.flagged(batch, factor)


@cache
def units(system: str) -> dict[str, tuple[str, float]]:
    """What a publisher's words for units mean: our unit, kg among them, and a factor."""
    listed = [row for row in rows_of("units.csv") if row["system"] == system]
    return {row["word"]: (row["unit"], float(row["factor"])) for row in listed}


def uncatalogued(path: Path, publisher: str, table: str) -> Source:
    """An entry for a file that is in no catalogue: the cleaners need its id, path and vintage."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")
    written = path.stat()
    return Source(
        id=f"{name}_{sha256[:8]}",
        path=path.name,
        publisher=publisher,
        title=path.name,
        kind="published",
        licence="not stated",
        vintage="not stated",
        retrieved=date.fromtimestamp(written.st_mtime),
        sha256=sha256,
        bytes=written.st_size,
        table=table,
        cleaner=f"{publisher}.clean",
        rank=1,
    )
