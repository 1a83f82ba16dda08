"""The contracts of the four tables, as Arrow schemas that travel inside the Parquet files.

One contract is written in one place: a field's name, type, unit, meaning, SDMX concept, allowed
values and whether it is part of the key. :func:`conform` is the only door into a table.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import source
from tradeflows.model.codelists import rows_of
from tradeflows.model.errors import SchemaError

TEXT, NUMBER, COUNT, DAY = pa.string(), pa.float64(), pa.int64(), pa.date32()

# Supplementary units of the Combined Nomenclature that have no plainer name.
CN_UNITS = (
    "CEEL",
    "CGT",
    "CTL",
    "G",
    "GI_FS",
    "GRT",
    "GT",
    "KG",
    "KG_90PCT_SDT",
    "KG_ACT_SUBST",
    "KG_AL2O3",
    "KG_B2O3",
    "KG_BACO3",
    "KG_C5H14CLNO",
    "KG_CL",
    "KG_F",
    "KG_H2O2",
    "KG_H2SO4",
    "KG_HCL",
    "KG_HF",
    "KG_K2CO3",
    "KG_K2O",
    "KG_KOH",
    "KG_MET_AM",
    "KG_N",
    "KG_NA2CO3",
    "KG_NA2S2O5",
    "KG_NAOH",
    "KG_NET_EDA",
    "KG_P2O5",
    "KG_PBO",
    "KG_S",
    "KG_SIO2",
    "KG_SO2",
    "KG_TIO2",
    "KG_U",
    "KW",
    "L_ALC_100PCT",
    "T_CO2",
)
CURRENCIES = tuple(row["code"] for row in rows_of("currencies.csv"))
FEW = 60  # values, so many that a message may list them all
QUALIFIERS = ("=", "~", "<", "≤", ">", "≥")


@dataclass(frozen=True)
class Field:
    """What a contract says of one field, apart from its name.

    Attributes
    ----------
    dtype, note
        Its type, and what it means.
    is_key, is_required
        Whether it identifies a row, and whether it may be null.
    unit, sdmx
        Of its numbers, and the SDMX concept that it is.
    allowed, least
        The only values that it may have, and the smallest.
    """

    dtype: pa.DataType
    note: str
    is_key: bool = False
    is_required: bool = False
    unit: str = ""
    sdmx: str = ""
    allowed: tuple[str, ...] = ()
    least: float | None = None

    def named(self, name: str) -> pa.Field:
        """Return the field as Arrow has it."""
        metadata = {"note": self.note, "key": "yes" if self.is_key else ""}
        metadata |= {"unit": self.unit, "sdmx": self.sdmx}
        if self.allowed:
            metadata["allowed"] = json.dumps(self.allowed, ensure_ascii=False)
        if self.least is not None:
            metadata["least"] = repr(self.least)
        may_be_null = not (self.is_key or self.is_required)
        return pa.field(name, self.dtype, nullable=may_be_null, metadata=metadata)


def _field(dtype: pa.DataType, note: str, *, required: bool = False, **more: Any) -> Any:
    return Field(dtype, note, is_required=required, **more)


def _key(dtype: pa.DataType, note: str, **more: Any) -> Any:
    return Field(dtype, note, is_key=True, **more)


def _contract(contract: type, table: str) -> pa.Schema:
    """Return the contract that a class writes, the fields of its base first."""
    fields = []
    for part in reversed(contract.__mro__):
        for name, field in vars(part).items():
            if isinstance(field, Field):
                fields.append(field.named(name))
    about = (contract.__doc__ or contract.__name__).rstrip(".")
    about = about[0].lower() + about[1:]
    return pa.schema(fields, metadata={"table": table, "version": "1", "about": about})


class Provenance:
    """Where a row stands in a raw file."""

    source_id = _key(TEXT, "entry of sources.toml that the row came from", sdmx="DATA_PROVIDER")
    source_row = _field(
        COUNT,
        "ordinal of the record in the raw file: 1 is the first below the first line of the file, a "
        "title or the header; an empty line is none",
        required=True,
        least=1,
    )
    source_field = _field(
        TEXT,
        "column of the raw file, where one record gives several rows; the "
        "other records, where several give one; else empty",
        required=True,
    )


class Trade(Provenance):
    """One publisher's statement of one flow of one product over one period."""

    reporter_iso = _key(
        TEXT,
        "who states the flow: ISO 3166 alpha-3 where there is one, "
        "else an area of areas.csv such as EU27_2020",
        sdmx="REF_AREA",
    )
    reporter_code = _key(TEXT, "the reporter as the publisher writes it")
    partner_iso = _key(
        TEXT,
        "the other side, as reporter_iso; W00 is the world, _X is unspecified",
        sdmx="COUNTERPART_AREA",
    )
    partner_code = _key(
        TEXT,
        "the partner as the publisher writes it (ISO is no key: 756 and 757 are both CHE); by a "
        "map the id of partner_iso, unless it has partner_code = { column = … }",
    )
    area_system = _key(TEXT, "system of the two publisher's codes, in area_codes.csv")
    partner_role = _key(
        TEXT,
        "what the partner is to the goods",
        sdmx="COUNTERPART_ROLE",
        allowed=("origin", "destination", "consignment", "last border", "route"),
    )
    flow_code = _key(
        TEXT,
        "M imports, X exports, RM and RX re-imports and re-exports, MX "
        "both directions in one figure",
        sdmx="FLOW",
        allowed=("M", "X", "RM", "RX", "MX"),
    )
    classification_code = _key(
        TEXT,
        "system of cmd_code: HS (edition not stated), H5 = HS "
        "2017, H6 = HS 2022, SIEC, or a publisher's own list",
        sdmx="PRODUCT_CLASSIFICATION",
    )
    cmd_code = _key(
        TEXT,
        "product code, as text; TOTAL is all goods; a+b is the union that the source states as one",
        sdmx="PRODUCT",
    )
    freq_code = _key(
        TEXT,
        "rhythm of the series: M, Q, A; a block of months in a monthly "
        "series is M with n_months above 1",
        sdmx="FREQ",
        allowed=("M", "Q", "A"),
    )
    ref_period = _key(DAY, "first day of the period", sdmx="TIME_PERIOD")
    n_months = _key(COUNT, "length of the period", unit="months", least=1)
    cumulation = _key(TEXT, "the period alone, or the year to its end", allowed=("period", "ytd"))
    breakdown = _key(TEXT, "total, or the part that the row is, as dimension=value")
    qty_unit = _key(
        TEXT,
        "unit of qty, and part of the key since one flow may be stated in "
        "two; none where the row has no quantity",
        sdmx="UNIT_MEASURE",
        allowed=(
            "none",
            "m3",
            "TJ",
            "items",
            "bbl",
            "m",
            "m2",
            "L",
            "carat",
            "pairs",
            "packs",
            "kWh",
            *CN_UNITS,
        ),
    )
    vintage = _key(TEXT, "release that the figure is from, as the source dates it")
    value_reported = _field(
        NUMBER, "value as published, in whole units of currency", unit="currency"
    )
    currency = _field(
        TEXT,
        "ISO 4217 code of value_reported",
        sdmx="CURRENCY",
        allowed=CURRENCIES,
    )
    valuation = _field(
        TEXT,
        "CIF or FOB; null where the source does not say",
        sdmx="VALUATION",
        allowed=("CIF", "FOB"),
    )
    primary_value_usd = _field(
        NUMBER,
        "value in US dollars where so stated; null until a rate is named",
        unit="USD, current",
    )
    net_wgt_kg = _field(
        NUMBER, "net weight; null, never 0, where not published", unit="kg", least=0.0
    )
    qty = _field(
        NUMBER, "quantity in qty_unit; null where not published", unit="qty_unit", least=0.0
    )
    qualifier = _field(
        TEXT,
        "how the figures are to be taken: =, ~ about, ≤ at most, …",
        required=True,
        allowed=QUALIFIERS,
    )
    flags = _field(
        TEXT, "words of FLAGS, blank-separated and sorted", required=True, sdmx="OBS_STATUS"
    )
    note = _field(TEXT, "what the source says beside the figure")


FLAGS = {
    "provisional": "the publisher calls the figure provisional",
    "estimated": "weight or value estimated by the publisher",
    "rounded": "printed with fewer digits than the publisher holds",
    "derived": "computed by whoever carried it, from published figures; the note says how",
    "bound": "a bound, not a value",
    "block": "several months in one figure",
    "rebuilt": "built from the partners' statistics, so no independent witness",
    "reconciled": "a value between the two sides' reports, so neither side's own",
    "one-sided": "a reconciled series, but here one side alone reported, so no second witness",
    "partial": "the period is not complete",
    "second-hand": "copied from a publication that quotes the publisher",
    "confidential": "the publisher holds the figure back",
    "break": "the series is not comparable with what precedes it",
    "unreliable": "the publisher calls the figure of low reliability, or not significant",
    "definition": "the publisher's definition differs here",
    "conflict": "another publication of the same office prints another number",
    "own-release": "the office's own release, whoever relays it",
    "contradictory": "the publisher states the figure twice, and differently",
    "unequal": "a whole that its parts, as the publisher lists them, do not add up to",
    "implausible": "far from the like figures of its file, or beyond what can be",
}


class Settlement(Provenance):
    """One statement about the currency in which trade or turnover was paid."""

    concept = _key(
        TEXT,
        "what is being paid for, or traded",
        allowed=(
            "export settlement",
            "import settlement",
            "import invoicing",
            "trade settlement",
            "exchange turnover",
            "over-the-counter turnover",
            "global payments",
        ),
    )
    measure = _key(TEXT, "the publisher's family of figures: two families are never one line")
    region = _key(TEXT, "with whom: total, a region, or a country")
    currency_group = _key(TEXT, "the currency or group that has the share")
    period_text = _key(TEXT, "the period as the source words it")
    vintage = _key(
        TEXT,
        "first release or a later one",
        allowed=(
            "first release",
            "second release",
            "revised",
            "preliminary",
            "derived",
            "statement",
        ),
    )
    outlet = _key(TEXT, "the publication that carried the number")
    unit = _key(TEXT, "% or roubles", allowed=("%", "RUB"))
    statement = _key(TEXT, "sets apart what one outlet prints twice: its address")
    ref_period = _field(
        DAY, "first day of the period; null where the source is vague", sdmx="TIME_PERIOD"
    )
    n_months = _field(
        COUNT, "length of the period; null where the source is vague", unit="months", least=1
    )
    value = _field(
        NUMBER, "the share or the turnover; null for a statement in words", unit="unit", least=0.0
    )
    low = _field(NUMBER, "lower end, where the source gives a range or a bound", unit="unit")
    high = _field(NUMBER, "upper end, likewise", unit="unit")
    qualifier = _field(TEXT, "how the value is to be taken", required=True, allowed=QUALIFIERS)
    flags = _field(TEXT, "words of FLAGS, blank-separated and sorted", required=True)
    underlying = _field(TEXT, "the statistic behind the number")
    published = _field(TEXT, "date of publication, as far as it is known")
    address = _field(TEXT, "where the number was read")
    note = _field(TEXT, "what the source says beside the figure")


class Rates(Provenance):
    """One currency's rate, or one commodity's price, over one month."""

    base = _key(TEXT, "the unit that is priced: a currency (ISO 4217) or a commodity")
    quote = _key(TEXT, "the currency of the price", sdmx="CURRENCY")
    publisher = _key(TEXT, "who sets or computes the rate")
    statistic = _key(TEXT, "what kind of mean it is")
    ref_period = _key(DAY, "first day of the month", sdmx="TIME_PERIOD")
    n_months = _field(COUNT, "length of the period", unit="months", required=True, least=1)
    rate = _field(NUMBER, "units of quote for one unit of base", unit="quote per base", least=0.0)
    n_days = _field(
        COUNT, "days with a rate in the mean; null where not stated", unit="days", least=1
    )
    flags = _field(TEXT, "words of FLAGS, blank-separated and sorted", required=True)
    note = _field(TEXT, "what the source says beside the figure")


class Figures(Provenance):
    """One published number about a flow over a window."""

    id = _key(TEXT, "the figure's id")
    topic = _field(TEXT, "what the figure is about", required=True)
    exporter = _field(TEXT, "area that ships, as printed; WLD is the world")
    importer = _field(TEXT, "area that receives, as printed")
    product = _field(TEXT, "the goods, in words", required=True)
    hs_codes = _field(TEXT, "HS codes as far as the source states them")
    window_start = _field(DAY, "first day of the window; null where vague")
    window_end = _field(DAY, "last day of the window; null where vague")
    window_text = _field(TEXT, "the window as printed", required=True)
    freq = _field(TEXT, "what the window is: a month, year to date, cumulative, …")
    value = _field(NUMBER, "the number; null where the statement has none", unit="unit")
    low = _field(NUMBER, "lower end of a printed range", unit="unit")
    high = _field(NUMBER, "upper end of a printed range", unit="unit")
    unit = _field(TEXT, "unit of value, low and high", required=True)
    qualifier = _field(TEXT, "how the value is to be taken", required=True, allowed=QUALIFIERS)
    basis = _field(TEXT, "whose records the number rests on", required=True)
    publisher = _field(TEXT, "who printed it", required=True)
    published = _field(TEXT, "date of publication, as far as it is known")
    address = _field(TEXT, "where the number was read")
    repeats = _field(TEXT, "id of the figure that this one repeats, or whose number it is")
    confidence = _field(TEXT, "of the transcription", allowed=("high", "medium", "low"))
    flags = _field(TEXT, "words of FLAGS, blank-separated and sorted", required=True)
    note = _field(TEXT, "what must be said beside the figure")


TRADE = _contract(Trade, "trade")
SETTLEMENT = _contract(Settlement, "settlement")
RATES = _contract(Rates, "rates")
FIGURES = _contract(Figures, "figures")
TABLES = dict(zip(source.TABLES, (TRADE, SETTLEMENT, RATES, FIGURES), strict=True))


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
