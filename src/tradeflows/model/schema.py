"""The contracts of the four tables, as Arrow schemas that travel inside the Parquet files.

``contracts.toml`` has what they say. :func:`conform` is the only door into a table, and
:class:`tradeflows.model.keys.Keys` sees that no two rows of it share a key.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.contracts import ABOUT, FIELDS, FLAGS, WORDS
from tradeflows.model.contracts import DAYS as DAY_FIELDS
from tradeflows.model.errors import SchemaError

TEXT, NUMBER, DAY = pa.string(), pa.float64(), pa.date32()

FEW = 60  # values, so many that a message may list them all


def _field(name: str, entry: Mapping[str, Any]) -> pa.Field:
    """A field as Arrow has it, what its contract says of it in the metadata."""
    rule, words = entry.get("rule"), entry.get("allowed")
    metadata = {"note": entry["note"], "key": "yes" if rule == "key" else ""}
    metadata |= {item: entry.get(item, "") for item in ("unit", "sdmx")}
    if words:
        metadata["allowed"] = json.dumps(WORDS.get(str(words), words), ensure_ascii=False)
    if "least" in entry:
        metadata["least"] = repr(entry["least"])
    return pa.field(name, pa.type_for_alias(entry["dtype"]), not rule, metadata)


TABLES = {
    table: pa.schema(
        [_field(name, entry) for name, entry in fields.items()],
        {"table": table, "version": "1", "about": ABOUT[table]},
    )
    for table, fields in FIELDS.items()
}
TRADE, SETTLEMENT, RATES, FIGURES = TABLES.values()
# The same with each word of a column held once, which takes a fifth of the room.
CODED = {
    table: pa.schema(
        [
            field.with_type(pa.dictionary(pa.int32(), TEXT)) if field.type == TEXT else field
            for field in rows
        ],
        rows.metadata,
    )
    for table, rows in TABLES.items()
}
DAYS = pa.schema([_field(name, entry) for name, entry in DAY_FIELDS.items()])
# As the Parquet files have them: a cleaner does not know what other files state.
STORED = {table: pa.schema([*rows, *DAYS], rows.metadata) for table, rows in TABLES.items()}


def _about(field: pa.Field, item: str) -> str:
    return field.metadata.get(item.encode(), b"").decode()


def key(schema: pa.Schema) -> list[str]:
    """Names of the fields that identify a row of `schema`."""
    return [field.name for field in schema if _about(field, "key")]


def allowed(field: pa.Field) -> tuple[str, ...]:
    """Values that `field` may hold, empty where any will do."""
    return tuple(json.loads(_about(field, "allowed") or "[]"))


def _listed(values: tuple[str, ...]) -> str:
    """Values in words; of very many some, since no reader looks through them."""
    return ", ".join(values if len(values) <= FEW else (*values[:12], "…"))


def require_columns(table: str, columns: Collection[str], names: Collection[str]) -> None:
    """Refuse other columns than `names`."""
    differing = {"missing": {*names} - {*columns}, "unknown": {*columns} - {*names}}
    faults = [f"columns {word}: {', '.join(sorted(of))}" for word, of in differing.items() if of]
    if faults:
        raise SchemaError(f"{table}: {'; '.join(faults)}")


def conform(columns: Mapping[str, Any], schema: pa.Schema) -> pa.RecordBatch:
    """Return `columns` as a record batch that keeps the contract of `schema`.

    Parameters
    ----------
    columns
        A value for each field of `schema`, by name: an array or Series of n values, or a scalar
        (or None) that all n rows share. At least ``source_row`` is an array.
    schema
        One of :data:`TABLES`.

    Returns
    -------
    RecordBatch, n rows
        Columns in the order of `schema`, text dictionary-coded; whether the key is unique only
        :class:`~tradeflows.model.keys.Keys` can tell, since a table may come in many batches.

    Raises
    ------
    SchemaError
        A column is missing or unknown, a type would lose data, a value is null where it must not
        be, not among the allowed ones, below the least, or not finite. The message names the
        column and shows the first five offending records.
    """
    table = schema.metadata[b"table"].decode()
    require_columns(table, columns, schema.names)
    n, coded = len(columns["source_row"]), CODED[table]
    arrays = []
    shared: dict[Any, pa.Array] = {}  # by type and value, since each takes some bytes a row
    for field in coded:
        try:
            array = _array(columns[field.name], n, field.type, shared)
        except pa.ArrowException as error:
            raise SchemaError(f"{table}.{field.name}: {str(error).splitlines()[0]}") from error
        if len(array) != n:
            raise SchemaError(f"{table}.{field.name}: {len(array)} values for {n} records")
        arrays.append(array)
    batch = pa.record_batch(arrays, schema=coded)
    for field in coded:
        for problem, is_bad in _faults(field, batch[field.name]):
            if pc.any(is_bad).as_py():
                rows = batch.filter(is_bad)
                pairs = zip(
                    *(rows[name].to_pylist() for name in (field.name, "source_row")), strict=True
                )
                some = [f"{value!r} in record {row}" for value, row in pairs][:5]
                count = f"{len(rows)} of {n} rows ({', '.join(some)})"
                raise SchemaError(f"{field.name}: {problem} in {count}")
    return batch


def _array(values: Any, n: int, dtype: pa.DataType, shared: dict[Any, pa.Array]) -> pa.Array:
    if isinstance(values, pa.Scalar):
        values = values.as_py()
    if values is None or isinstance(values, str | int | float | date):
        if pa.types.is_dictionary(dtype) and values is not None:
            place = _array(0, n, dtype.index_type, shared)
            return pa.DictionaryArray.from_arrays(place, pa.array([values], dtype.value_type))
        if (dtype, values) not in shared:
            shared[dtype, values] = pa.repeat(pa.scalar(values, dtype), n)
        return shared[dtype, values]
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    array = values if isinstance(values, pa.Array) else pa.Array.from_pandas(values)
    if pa.types.is_dictionary(dtype) and not pa.types.is_dictionary(array.type):
        array = array.cast(TEXT)
    return array.cast(dtype)


def _faults(field: pa.Field, column: pa.Array) -> Iterator[tuple[str, pa.Array]]:
    """What `field` must not hold, in words, and where `column` does."""
    if not field.nullable:
        yield "no value", column.is_null()
    least = _about(field, "least")
    if least:
        yield f"below {float(least):g}", pc.less(column, float(least))
    if field.type == NUMBER:
        yield "not finite", pc.invert(pc.is_finite(column))
    among = allowed(field)
    if among or field.name == "flags":
        words = column.dictionary if pa.types.is_dictionary(column.type) else column.unique()
        known = among or [text for text in words.to_pylist() if FLAGS.keys() >= {*text.split()}]
        unknown = {*words.drop_null().to_pylist()}.difference(known)
        if unknown:  # each word is looked at once
            problem = (
                f"not one of {_listed(among)}" if among else "a word that FLAGS does not define"
            )
            yield problem, pc.is_in(column.cast(TEXT), pa.array(unknown, TEXT))


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
