"""The contracts of the four tables, as Arrow schemas that travel inside the Parquet files.

:mod:`tradeflows.model.contracts` has what they say. :func:`conform` is the only door into a table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.contracts import CONTRACTS, FLAGS, Field, fields_of
from tradeflows.model.errors import SchemaError

TEXT, NUMBER, COUNT, DAY = pa.string(), pa.float64(), pa.int64(), pa.date32()
FLAG = pa.bool_()

FEW = 60  # values, so many that a message may list them all


def _contract(table: str) -> pa.Schema:
    """The contract of a table as Arrow has it."""
    contract = CONTRACTS[table]
    fields = [_named(name, field) for name, field in fields_of(contract).items()]
    about = (contract.__doc__ or contract.__name__).rstrip(".")
    about = about[0].lower() + about[1:]
    return pa.schema(fields, metadata={"table": table, "version": "1", "about": about})


def _named(name: str, field: Field) -> pa.Field:
    """A field as Arrow has it."""
    metadata = {"note": field.note, "key": "yes" if field.is_key else ""}
    metadata |= {"unit": field.unit, "sdmx": field.sdmx}
    if field.allowed:
        metadata["allowed"] = json.dumps(field.allowed, ensure_ascii=False)
    if field.least is not None:
        metadata["least"] = repr(field.least)
    may_be_null = not (field.is_key or field.is_required)
    dtype = pa.type_for_alias(field.dtype)
    return pa.field(name, dtype, nullable=may_be_null, metadata=metadata)


TABLES = {table: _contract(table) for table in CONTRACTS}
TRADE, SETTLEMENT, RATES, FIGURES = TABLES.values()


def key(schema: pa.Schema) -> list[str]:
    """Names of the fields that identify a row of `schema`."""
    return [field.name for field in schema if _about(field, "key")]


def allowed(field: pa.Field) -> tuple[str, ...]:
    """Values that `field` may hold, empty where any will do."""
    return _words(_about(field, "allowed") or "[]")


@cache  # since each batch of a table asks for those of all its fields
def _words(listed: str) -> tuple[str, ...]:
    return tuple(json.loads(listed))


def _listed(values: tuple[str, ...]) -> str:
    """Return values in words; of very many some, since no reader looks through them."""
    return ", ".join(values if len(values) <= FEW else (*values[:12], "…"))


def _about(field: pa.Field, item: str) -> str:
    return field.metadata.get(item.encode(), b"").decode()


def conform(columns: Mapping[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """Return `columns` as a record batch that keeps the contract of `schema`.

    Parameters
    ----------
    columns
        A value for each field of `schema`, by name: an array or Series of n values, or a scalar
        (or None) that all n rows share. At least ``source_row`` is an array. Text may come
        dictionary-coded, and stays so.
    schema
        One of :data:`TABLES`.

    Returns
    -------
    RecordBatch, n rows
        Columns in the order of `schema`; whether the key is unique only
        :func:`check_key` can tell, since a table may come in many batches.

    Raises
    ------
    SchemaError
        A column is missing or unknown, a type would lose data, a value is null where it must not
        be, not among the allowed ones, below the least, or not finite. The message names the
        column and shows the first five offending records.
    """
    differing = sorted(set(columns) ^ set(schema.names))
    if differing:
        raise SchemaError(
            f"columns missing or unknown for {_table(schema)}: {', '.join(differing)}"
        )
    n = len(columns["source_row"])
    arrays = []
    for field in schema:
        try:
            arrays.append(_array(columns[field.name], n, field.type))
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            reason = str(error).splitlines()[0]
            raise SchemaError(f"{_table(schema)}.{field.name}: {reason}") from error
        if len(arrays[-1]) != n:
            counts = f"{len(arrays[-1])} values for {n} records"
            raise SchemaError(f"{_table(schema)}.{field.name}: {counts}")
    coded = [field.with_type(array.type) for field, array in zip(schema, arrays, strict=True)]
    batch = pa.record_batch(arrays, schema=pa.schema(coded, schema.metadata))
    for field, column in zip(schema, batch.columns, strict=True):
        _check(field, column, batch)
    return batch


def _array(values: Any, n: int, dtype: pa.DataType) -> pa.Array:
    if values is None or isinstance(values, str | int | float):
        return pa.repeat(pa.scalar(values, dtype), n)
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    array = values if isinstance(values, pa.Array) else pa.Array.from_pandas(values)
    coded = pa.types.is_dictionary(array.type) and array.type.value_type == dtype
    return array if coded or array.type == dtype else array.cast(dtype)


def _check(field: pa.Field, column: pa.Array, batch: pa.RecordBatch) -> None:
    """Refuse what the field must not hold."""
    if not field.nullable and column.null_count:
        _refuse(field, "no value", pc.is_null(column), batch)
    if field.type == TEXT:
        _check_words(field, column, batch)
    elif len(column):
        _check_numbers(field, column, batch)


def _check_words(field: pa.Field, column: pa.Array, batch: pa.RecordBatch) -> None:
    """Refuse a text that is none of the allowed ones; each word is looked at once."""
    among = allowed(field)
    if not among and field.name != "flags":
        return
    is_coded = pa.types.is_dictionary(column.type)
    words = column.dictionary if is_coded else pc.unique(column)
    distinct = [word for word in words.to_pylist() if word is not None]
    if among:
        problem = f"not one of {_listed(among)}"
        unknown = [word for word in distinct if word not in among]
    else:
        problem = "a word that FLAGS does not define"
        unknown = [word for word in distinct if not FLAGS.keys() >= set(word.split())]
    if unknown:
        bad = pc.is_in(words if is_coded else column, pa.array(unknown, TEXT))
        _refuse(field, problem, bad.take(column.indices) if is_coded else bad, batch)


def _check_numbers(field: pa.Field, column: pa.Array, batch: pa.RecordBatch) -> None:
    """Refuse a number below the least, or one that is none; the rows are searched only then."""
    least = _about(field, "least")
    if least:
        lowest = pc.min(column).as_py()
        if lowest is not None and lowest < float(least):
            bad = pc.less(column, float(least))
            _refuse(field, f"below {float(least):g}", bad, batch)
    if field.type == NUMBER and not isfinite(pc.sum(column).as_py() or 0):
        _refuse(field, "not finite", pc.invert(pc.is_finite(column)), batch)


def _refuse(field: pa.Field, problem: str, bad: pa.Array, batch: pa.RecordBatch) -> None:
    if pc.any(bad).as_py():
        bad = pc.fill_null(bad, False)
        values = batch[field.name].filter(bad)[:5].to_pylist()
        records = batch["source_row"].filter(bad)[:5].to_pylist()
        pairs = zip(values, records, strict=True)
        some = ", ".join(f"{value!r} in record {row}" for value, row in pairs)
        count = f"{bad.true_count} of {len(batch)} rows"
        raise SchemaError(f"{field.name}: {problem} in {count} ({some})")


def check_key(table: pa.Table, schema: pa.Schema) -> None:
    """Refuse a table in which two rows share a key.

    Raises
    ------
    SchemaError
        Two rows are alike in every key field; the message shows the first such records.
    """
    names = key(schema)
    counts = table.group_by(names).aggregate(
        [("source_row", "count"), ("source_row", "min"), ("source_row", "max")]
    )
    twice = counts.filter(pc.greater(counts["source_row_count"], 1)).sort_by(
        [("source_id", "ascending"), ("source_row_min", "ascending")]
    )
    if len(twice):
        [first] = twice.slice(0, 1).to_pylist()
        cell = " ".join(str(first[name]) for name in names if name != "source_id")
        low, high = first["source_row_min"], first["source_row_max"]
        raise SchemaError(
            f"{first['source_id']}: records {low} and {high} state the same cell of "
            f"{_table(schema)} ({cell}); {len(twice)} cells are stated more than once"
        )


def _table(schema: pa.Schema) -> str:
    return schema.metadata[b"table"].decode()


def describe(schema: pa.Schema) -> list[dict[str, str]]:
    """The data dictionary of `schema`: one entry a field, in order, all values text."""
    return [
        {
            "field": field.name,
            "type": str(field.type).replace("double", "float64").replace("string", "text"),
            "key": _about(field, "key"),
            "unit": _about(field, "unit"),
            "SDMX concept": _about(field, "sdmx"),
            "meaning": _about(field, "note"),
            "allowed": _listed(allowed(field)),
        }
        for field in schema
    ]
