"""UN Comtrade: a reply of the API, a bulk file or the site's ``TradeData.csv`` in, trade rows out.

Values are current US dollars, as a rule CIF for imports and FOB for exports; weights kilograms.
World, groups and unspecified areas stay. Left out are break-downs (by second partner, customs
procedure, mode of transport or of supply, and the flows that are part of imports or exports), each
only where its total stands beside it. What the publisher marks as estimated by a boolean is
flagged; a zero quantity or weight beside a value means "not published" and becomes null.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv
from pyarrow import json as pajson

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, delimited, raw_records, workbooks
from tradeflows.publishers.bounds import LARGEST, require_modest_gzip, require_shallow
from tradeflows.publishers.comtrade_checks import (
    OPTIONAL,
    Amounts,
    Values,
    contradictory,
    require_agreement,
    require_products,
)

if TYPE_CHECKING:
    import pandas as pd

ALL = "all"
ROWS = 1 << 16  # in a part

CAPS = (500, 100_000, 250_000)  # rows: preview, and the two that are told of a key
FLOWS = ("M", "X", "RM", "RX")
# Flows inside imports and exports: foreign and domestic, for and after processing.
PART_OF = {"FM": "M", "MIP": "M", "MOP": "M", "DX": "X", "XIP": "X", "XOP": "X"}
NEEDED = (
    "typecode",
    "freqcode",
    "period",
    "reportercode",
    "flowcode",
    "partnercode",
    "partner2code",
    "classificationcode",
    "cmdcode",
    "customscode",
    "moscode",
    "motcode",
    "qtyunitcode",
    "qty",
    "isqtyestimated",
    "netwgt",
    "isnetwgtestimated",
    "cifvalue",
    "fobvalue",
    "primaryvalue",
)
# What a code looks like, as a regular expression and in words.
GRAMMAR = {
    "typecode": ("^C$", "goods (C)"),
    "freqcode": ("^[AM]$", "A or M"),
    "classificationcode": (r"^H(\d|S)$", "HS (H0, H1, …)"),
    "flowcode": (f"^({'|'.join([*FLOWS, *PART_OF])})$", "a flow of the publisher's list"),
    "period": (r"^[12]\d{3}(0[1-9]|1[0-2])?$", "a year or a month such as 202305"),
}
# The codes of a whole: "0 " and "0" are one, and only services have a mode of supply.
WHOLE = {
    "partner2code": ["0"],
    "customscode": ["C00"],
    "motcode": ["0"],
    "moscode": ["0", "-1", "", None],
}
FIGURES = ("qty", "netwgt", "cifvalue", "fobvalue", "primaryvalue")
CODED = pa.dictionary(pa.int32(), pa.string())
# What a file may be asked to part its totals by: the field, and the word in ``breakdown``.
PARTED_BY = {
    "second partner": ("partner2code", "partner2"),
    "procedure": ("customscode", "procedure"),
    "transport": ("motcode", "transport"),
}
CELL = ["period", "reportercode", "flowcode", "partnercode", "classificationcode", "cmdcode"]


@dataclass(frozen=True)
class Asked:
    """What a reply was asked for, in the publisher's codes; ``all`` is every one."""

    reporters: tuple[str, ...]
    periods: tuple[str, ...]
    partners: tuple[str, ...]
    products: tuple[str, ...]
    flows: tuple[str, ...]


@dataclass(frozen=True)
class Reply:
    """What one file holds: `rows` by lower-case field name, and the `error` that it reports."""

    rows: pa.Table
    error: str


def clean(
    path: Path,
    source: Source,
    releases: Mapping[str, str] | None = None,
    cap: int = 0,
    unequal: Sequence[str] = (),
    breakdown: str = "",
) -> Iterator[Part]:
    """Trade rows of one saved reply or export, some at a time.

    Parameters
    ----------
    path
        JSON reply, bulk file (tab separated, gzip), ``TradeData.csv`` or its workbook, unedited.
    releases
        For "reporter period" (both in the publisher's codes) the date of the release, a blank and
        the data set's checksum; a row without gets the source's vintage.
    cap
        Row cap under which the reply was asked for; 0 means that any known cap is refused.
    unequal
        Wholes, as "reporter period flow partner product", that their parts do not add up to.
    breakdown
        Of :data:`PARTED_BY`, the one whose parts stay beside their totals.

    Raises
    ------
    LayoutError
        Not such a file, a reply that reports an error or stops at a row cap, services, a
        classification that is not HS, a break-down without its total, or a text for a number.
    CodeError
        An area or flow is in no list.
    """
    reply = read(path)
    if reply.error:
        raise LayoutError(path, "a reply with data", repr(reply.error), "ask again")
    records = len(reply.rows)
    _require_whole(path, records, int(cap))
    rows = _numbered(reply.rows)
    del reply  # which a large file needs the room of
    for name, (pattern, what) in GRAMMAR.items():
        _demand(path, rows, name, pattern, what)
    require_agreement(path, rows)
    require_products(path, _text(rows, "cmdcode"))
    totals = _totals(path, rows, breakdown)
    left_out, value = totals.left_out, totals.value
    for start in range(0, max(len(totals.rows), 1), ROWS):
        some = totals.rows.slice(start, ROWS)
        columns = _columns(path, source, some, releases or {}, unequal)
        if breakdown:
            columns["breakdown"] = _part_of_total(some)
        yield Part(delimited.rows(source, TRADE, columns), records, left_out, value)
        records, left_out, value = 0, {}, {}  # they are counted once


def _require_whole(path: Path, records: int, cap: int) -> None:
    """Refuse a reply of as many records as a cap allows; a file in bulk has none."""
    caps = {cap} if cap else set(CAPS)
    if records and records in caps and not _gzip(path):
        problem = f"{records} records, which is a row cap"
        raise LayoutError(path, "a whole reply", problem, "ask for less at once")


def _numbered(rows: pa.Table) -> pa.Table:
    """Return the fields of a reply's rows that are read, and the ordinal of each row."""
    n = len(rows)
    if not n:
        rows = pa.table({name: arrow.texts([]) for name in NEEDED})
    ordinal = pa.array(range(1, n + 1), pa.int64())
    names = [name for name in (*NEEDED, *OPTIONAL) if name in rows.column_names]
    return rows.select(names).append_column("ordinal", ordinal).combine_chunks()


def asked(source: Source) -> Asked:
    """What the reply of `source` was asked for; its address says it."""
    query = parse_qs(urlsplit(source.address).query)
    words = []
    for name in ("reporterCode", "period", "partnerCode", "cmdCode", "flowCode"):
        values = query.get(name, [ALL])
        words.append(tuple(values[0].split(",")))
    return Asked(*words)


def covers(source: Source, rows: pd.DataFrame) -> pd.Series:
    """Whether the reply of `source` was asked for each of `rows`, periods and reporters apart."""
    box, goods = asked(source), rows["cmd_code"]
    level = "AG" + goods.str.len().astype("str")
    has_product = goods.isin(box.products) | level.isin(box.products)
    is_asked = has_product & rows["flow_code"].isin(box.flows)
    return is_asked if ALL in box.partners else is_asked & rows["partner_code"].isin(box.partners)


def _columns(
    path: Path, source: Source, rows: pa.Table, releases: Mapping[str, str], unequal: Sequence[str]
) -> dict[str, Any]:
    """Return the columns of the trade table from total rows."""
    text = {name: _text(rows, name) for name in (*CELL, "freqcode", "qtyunitcode")}
    imports = pc.is_in(text["flowcode"], arrow.texts(["M", "RM"]))
    values = _values(path, rows, imports)
    amounts = _amounts(path, rows, text["qtyunitcode"], values.is_something)
    columns = dict(delimited.A_FLOW)
    columns["source_row"] = rows["ordinal"]
    for side in ("reporter", "partner"):
        codes_of = text[f"{side}code"]
        columns[f"{side}_iso"] = codes.areas(codes_of, "comtrade", path)
        columns[f"{side}_code"] = codes_of
    columns["area_system"] = "comtrade"
    columns["partner_role"] = pc.if_else(imports, "origin", "destination")
    columns["flow_code"] = text["flowcode"]
    columns["classification_code"] = text["classificationcode"]
    columns["cmd_code"] = text["cmdcode"]
    columns |= _period(path, text)
    dataset = pc.binary_join_element_wise(text["reportercode"], text["period"], " ")
    columns["vintage"] = _released(dataset, releases, source.vintage)
    columns["value_reported"] = columns["primary_value_usd"] = values.primary
    columns["currency"] = "USD"
    columns["valuation"] = values.valuation
    columns["net_wgt_kg"] = amounts.weight
    columns["qty"] = amounts.qty
    columns["qty_unit"] = pc.if_else(amounts.qty.is_valid(), amounts.unit, "none")
    cell = [dataset, text["flowcode"], text["partnercode"], text["cmdcode"]]
    names = pc.binary_join_element_wise(*cell, " ")
    columns["flags"] = delimited.flags(
        len(rows),
        contradictory=contradictory(values, amounts, imports),
        estimated=_estimated(rows, amounts),
        unequal=pc.is_in(names, arrow.texts(list(unequal))),
    )
    columns["note"] = _note(values, amounts)
    return columns


def _part_of_total(rows: pa.Table) -> pa.Array:
    """Return the part that each row is, such as transport=2100, or total."""
    names = arrow.texts(["total"] * len(rows))
    for field, word in PARTED_BY.values():
        code = _text(rows, field)
        part = pc.binary_join_element_wise(word, code, "=")
        names = pc.if_else(pc.is_in(code, arrow.texts(WHOLE[field])), names, part)
    return names


def _period(path: Path, text: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
    """Return rhythm, first day and length of each row's period."""
    is_annual = pc.equal(text["freqcode"], "A")
    twelve, month = pa.scalar(12, pa.int64()), pa.scalar(1, pa.int64())
    return {
        "freq_code": text["freqcode"],
        "ref_period": _first_day(path, text["period"], is_annual),
        "n_months": pc.if_else(is_annual, twelve, month),
    }


def _values(path: Path, rows: pa.Table, imports: pa.Array) -> Values:
    """Return the values of each row, and on which side of the border the primary one is.

    The value that is not the primary one is null in older rows and 0.0 in newer ones.
    """
    primary = _number(path, rows, "primaryvalue")
    is_something = arrow.is_true(pc.not_equal(primary, 0))
    sides = []
    for name in ("cifvalue", "fobvalue"):
        side = _number(path, rows, name)
        sides.append(arrow.without(side, pc.and_(is_something, pc.equal(side, 0))))
    cif, fob = sides
    is_cif = arrow.is_true(pc.equal(primary, cif))
    is_fob = arrow.is_true(pc.equal(primary, fob))
    cif_alone = pc.and_(is_cif, pc.invert(is_fob))
    fob_or_none = pc.if_else(is_fob, "FOB", pa.scalar(None, pa.string()))
    valuation = pc.if_else(pc.if_else(imports, is_cif, cif_alone), "CIF", fob_or_none)
    return Values(primary, cif, fob, valuation, is_something)


def _amounts(path: Path, rows: pa.Table, code: pa.Array, is_something: pa.Array) -> Amounts:
    """Return the quantities of each row; a zero beside a value means "not published"."""
    known = delimited.units("comtrade")
    unit = _looked_up(code, {word: unit for word, (unit, _) in known.items()}, "")
    scale = _looked_up(code, {word: factor for word, (_, factor) in known.items()}, 1.0)
    stated = []
    for name in ("qty", "netwgt"):
        amount = _number(path, rows, name)
        stated.append(arrow.without(amount, pc.and_(is_something, pc.equal(amount, 0))))
    quantity, weight = stated
    quantity = arrow.without(quantity, pc.equal(code, "-1"))
    scaled = pc.round(pc.multiply(quantity, scale), 6)
    is_weight = pc.equal(unit, "kg")
    is_foreign = pc.equal(unit, "")
    weighed = arrow.only(scaled, is_weight)
    return Amounts(
        weight=pc.coalesce(weight, weighed),
        net_weight=weight,
        weighed=weighed,
        qty=arrow.without(scaled, pc.or_(is_weight, is_foreign)),
        unit=unit,
        foreign=arrow.only(quantity, is_foreign),
        code=code,
    )


def _estimated(rows: pa.Table, amounts: Amounts) -> pa.Array:
    """Return which rows have a quantity or a weight that the publisher calls estimated."""
    quantity = pc.and_(_true(rows, "isqtyestimated"), amounts.qty.is_valid())
    weight = pc.and_(_true(rows, "isnetwgtestimated"), amounts.weight.is_valid())
    return pc.or_(quantity, weight)


def _note(values: Values, amounts: Amounts) -> pa.Array:
    """Return the value on the other side of the border, and a quantity in a unit of its own."""
    is_cif = pc.equal(values.valuation, "CIF")
    side = pc.if_else(is_cif, "FOB ", "CIF ")
    value = pc.cast(pc.if_else(is_cif, values.fob, values.cif), pa.string())
    other = pc.binary_join_element_wise(side, value, "")
    number = pc.cast(amounts.foreign, pa.string())
    foreign = pc.binary_join_element_wise("qty", number, "in unit", amounts.code, " ")
    both = pc.binary_join_element_wise(other, foreign, "; ")
    return pc.coalesce(both, other, foreign)


def records(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Lines of an export, or members of the list ``data`` of a reply, as they stand."""
    if workbooks.is_workbook(path):
        return raw_records.of_workbook(path, wanted)
    with gzip.open(path) if _gzip(path) else path.open("rb") as file:
        head = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
        file.seek(0)
        if not head.startswith(b"{"):
            quoted = b"\t" not in head.partition(b"\n")[0]
            return raw_records.table(path, file, wanted, quoted=quoted)
        raw = file.read()
    require_shallow(path, raw)
    return _members(path, raw.decode("utf-8-sig"), wanted)


def _members(path: Path, text: str, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Return members of the list ``data``, as they stand."""
    start = re.search(r'"data"\s*:\s*\[', text)
    if not start:
        raise LayoutError(path, "a reply with a list of data", "none")
    decoder = json.JSONDecoder()
    between = re.compile(r"[\s,]*")
    members = {}
    at = start.end()
    try:
        for record in range(1, max(wanted) + 1):
            begin = between.match(text, at).end()  # type: ignore[union-attr]
            _, at = decoder.raw_decode(text, begin)
            if record in wanted:
                line = text.count("\n", 0, begin) + 1
                members[record] = raw_records.Record(line, text[begin:at])
    except json.JSONDecodeError as error:
        raise LayoutError(path, "a list of data", str(error)) from error
    return members


# --- the three forms of a file -------------------------------------------------------------------


def read(path: Path) -> Reply:
    """Every row of a reply or export; names in lower case, since their case differs by channel.

    Raises
    ------
    LayoutError
        The file is no JSON reply and no table of fields, is cut off, or holds another number of
        rows than it says.
    """
    if _gzip(path):
        return Reply(_table(path, "gzip"), "")
    if workbooks.is_workbook(path):
        return Reply(_workbook(path), "")
    with path.open("rb") as file:
        head = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"<":
        raise LayoutError(path, "JSON or a table", "a page of HTML or XML", "fetch the data")
    return _json(path) if head[:1] in (b"{", b"") else Reply(_table(path, None), "")


def _gzip(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _json(path: Path) -> Reply:
    require_shallow(path)
    whole = pajson.ReadOptions(block_size=path.stat().st_size + 1, use_threads=False)
    lines = pajson.ParseOptions(newlines_in_values=True)
    try:
        reply = pajson.read_json(path, read_options=whole, parse_options=lines)
    except MemoryError as error:
        raise _too_large(path) from error
    except pa.ArrowInvalid as error:
        raise LayoutError(path, "a whole JSON reply", str(error).splitlines()[0]) from error
    try:
        return _reply(path, reply)
    except UnicodeDecodeError as error:
        raise LayoutError(path, "names and messages in UTF-8", str(error)) from error


def _reply(path: Path, reply: pa.Table) -> Reply:
    """The rows and the message of a JSON reply."""
    names = reply.column_names
    first = {name: reply[name][0].as_py() for name in names if name != "data"}
    message = str(first.get("error") or first.get("message") or "")
    column = reply["data"].chunk(0) if "data" in names else None
    if column is None or not pa.types.is_list(column.type):
        if message or _counts_none(first, column):
            return Reply(pa.table({}), message)
        raise LayoutError(path, "an object with data", ", ".join(names) or "nothing")
    data = column.flatten()
    if len(data) != first.get("count", len(data)):
        raise LayoutError(path, f"the {first['count']} rows that it counts", f"{len(data)}")
    rows = _fields_of(path, data) if len(data) else pa.table({})
    return Reply(rows, message)


def _counts_none(first: Mapping[str, Any], column: pa.Array | None) -> bool:
    """Whether a reply has null in the place of rows, and says that there are none."""
    is_null = column is not None and pa.types.is_null(column.type)
    return is_null and first.get("count") == 0


def _fields_of(path: Path, data: pa.Array) -> pa.Table:
    """Return the fields of a reply's rows that are read, by their names in lower case."""
    if not pa.types.is_struct(data.type):
        raise LayoutError(path, "objects in data", str(data.type))
    names = [field.name.lower() for field in data.type]
    _demand_fields(path, names)
    fields = dict(zip(names, data.flatten(), strict=True))
    kept = [name for name in (*NEEDED, *OPTIONAL) if name in fields]
    for name in kept:
        if pa.types.is_nested(fields[name].type):
            raise LayoutError(path, f"a number or a text in {name}", str(fields[name].type))
    return pa.table({name: fields[name] for name in kept})


def _demand_fields(path: Path, names: Sequence[str]) -> None:
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise LayoutError(path, f"the fields {', '.join(NEEDED)}", f"no {', '.join(missing)}")


def _workbook(path: Path) -> pa.Table:
    """The needed columns of the site's workbook as text."""
    head, *lines = workbooks.table(path)
    names = [name.lower() for name in head]
    _demand_fields(path, names)
    columns = dict(zip(names, zip(*lines, strict=True), strict=True)) if lines else {}
    return pa.table(
        {
            name: pa.array([text or None for text in columns.get(name, ())], pa.string())
            for name in (*NEEDED, *OPTIONAL)
            if name in names
        }
    )


def _table(path: Path, compression: str | None) -> pa.Table:
    """The needed columns of an export as text; all of them are ASCII, so Latin-1 is no matter."""
    if compression:
        require_modest_gzip(path)
    else:
        delimited.fits(path, LARGEST)
    names, delimiter = _header(path, compression)
    _demand_fields(path, names)
    kept = [name for name in (*NEEDED, *OPTIONAL) if name in names]
    reading = pacsv.ReadOptions(column_names=names, skip_rows=1, encoding="latin-1")
    # A word that stands in many rows is kept once, or a large file would take six times its size.
    kinds = {name: pa.string() if name in FIGURES else CODED for name in kept}
    conversion = pacsv.ConvertOptions(
        include_columns=kept,
        column_types=kinds,
        strings_can_be_null=True,
        null_values=["", "null"],
    )
    try:
        with pa.input_stream(path, compression=compression) as stream:
            parsing = pacsv.ParseOptions(delimiter=delimiter)
            table = pacsv.read_csv(stream, reading, parsing, conversion)
            return table.unify_dictionaries()
    except MemoryError as error:
        raise _too_large(path) from error
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        raise LayoutError(path, f"{len(names)} fields a row", str(error).splitlines()[0]) from error


def _too_large(path: Path) -> LayoutError:
    """Return what is said of a file that memory does not hold."""
    size = f"{path.stat().st_size >> 20} MiB"
    return LayoutError(path, "a file that fits into memory", size, "ask for less at once")


def _header(path: Path, compression: str | None) -> tuple[list[str], str]:
    """Return the names of an export's fields, and what stands between them.

    A trailing delimiter below a header without one is a last field without a name; a reader that
    guesses shifts every column.
    """
    try:
        with pa.input_stream(path, compression=compression) as stream:
            top = stream.read(16_384).decode("latin-1").lstrip("ï»¿").splitlines()
    except OSError as error:
        raise LayoutError(path, "a whole gzip file", str(error)) from error
    delimiter = "\t" if top and "\t" in top[0] else ","
    lines = [*top, "", ""]
    head, first = (next(csv.reader([line], delimiter=delimiter), []) for line in lines[:2])
    names = [name.strip().lower() for name in head]
    if len(first) == len(names) + 1 and first[-1] == "":
        names.append("")
    return names, delimiter


# --- columns -------------------------------------------------------------------------------------


def _text(rows: pa.Table, name: str) -> pa.Array:
    """Codes as text: one channel writes a number where another writes a word, or adds a blank."""
    return pc.utf8_trim_whitespace(pc.cast(rows[name].combine_chunks(), pa.string()))


def _number(path: Path, rows: pa.Table, name: str) -> pa.Array:
    column = rows[name].combine_chunks()
    if pa.types.is_string(column.type):
        _demand_digits(path, rows, name, column)
    try:
        return pc.cast(rows[name].combine_chunks(), pa.float64())
    except pa.ArrowInvalid as error:
        raise LayoutError(path, f"a number in {name}", str(error).splitlines()[0]) from error


def _demand_digits(path: Path, rows: pa.Table, name: str, column: pa.Array) -> None:
    """Refuse a number with an exponent, which a spreadsheet has rounded."""
    is_rounded = arrow.is_true(pc.match_substring_regex(column, "[eE]"))
    if arrow.is_any(is_rounded):
        at = arrow.first_true(is_rounded)
        raise LayoutError(
            f"{path}: record {rows['ordinal'][at].as_py()}",
            f"all digits of a number in {name}",
            repr(column[at].as_py()),
            "export the file again; a spreadsheet has rounded this one",
        )


def _true(rows: pa.Table, name: str) -> pa.Array:
    text = pc.utf8_lower(_text(rows, name))
    return arrow.is_true(pc.is_in(text, arrow.texts(["true", "1"])))


def _demand(path: Path, rows: pa.Table, name: str, pattern: str, what: str) -> None:
    values = pc.unique(_text(rows, name))
    is_good = arrow.is_true(pc.match_substring_regex(values, pattern))
    unexpected = values.filter(pc.invert(is_good)).to_pylist()
    if unexpected:
        shown = ", ".join(repr(value) for value in unexpected[:5])
        raise LayoutError(path, f"{what} in {name}", shown)


@dataclass(frozen=True)
class _Totals:
    """The total rows, and what was left out, counted and valued by reason."""

    rows: pa.Table
    left_out: Mapping[str, int]
    value: Mapping[str, float]


def _totals(path: Path, rows: pa.Table, breakdown: str = "") -> _Totals:
    """Return the total rows and the parts by one break-down; each needs its total among them.

    The others are left out.
    """
    is_total = pc.is_in(_text(rows, "flowcode"), arrow.texts(FLOWS))
    for name, codes_of in WHOLE.items():
        is_whole = pc.is_in(_text(rows, name), arrow.texts(codes_of))
        is_total = pc.and_(is_total, is_whole)
    if pc.all(is_total, min_count=0).as_py():
        return _Totals(rows, {}, {})
    kept, parts = rows.filter(is_total), rows.filter(pc.invert(is_total))
    _require_totals(path, kept, parts, _text(parts, "flowcode"))
    is_wanted = _is_part(parts, breakdown)
    kept = pa.concat_tables([kept, parts.filter(is_wanted)])
    parts = parts.filter(pc.invert(is_wanted))
    flow = _text(parts, "flowcode")
    worth = _number(path, parts, "primaryvalue")
    is_inside = pc.is_in(flow, arrow.texts(list(PART_OF)))
    left_out, value = {}, {}
    for reason, where in (
        ("break-down whose total is kept", pc.invert(is_inside)),
        ("flow inside imports or exports", is_inside),
    ):
        worths = worth.filter(where)
        if len(worths):
            left_out[reason] = len(worths)
        if len(worths.drop_null()):
            value[reason] = pc.sum(worths).as_py()
    return _Totals(kept.combine_chunks(), left_out, value)


def _is_part(parts: pa.Table, breakdown: str) -> pa.Array:
    """Return which rows are parts by one break-down, and totals in all else."""
    if not breakdown:
        return pa.array([False] * len(parts), pa.bool_())
    parted, _ = PARTED_BY[breakdown]
    is_wanted = pc.is_in(_text(parts, "flowcode"), arrow.texts(FLOWS))
    for name, codes_of in WHOLE.items():
        is_whole = pc.is_in(_text(parts, name), arrow.texts(codes_of))
        is_wanted = pc.and_(is_wanted, pc.invert(is_whole) if name == parted else is_whole)
    return is_wanted


def _require_totals(path: Path, kept: pa.Table, parts: pa.Table, flow: pa.Array) -> None:
    """Refuse a break-down without its total."""
    main = arrow.meanings(flow, lambda word: PART_OF.get(word, word))
    cells = {name: _text(parts, name) for name in CELL}
    cells |= {"flowcode": main, "ordinal": parts["ordinal"]}
    wholes = pa.table({name: _text(kept, name) for name in CELL})
    orphans = pa.table(cells).join(wholes, keys=CELL, join_type="left anti")
    if len(orphans):
        record = pc.min(orphans["ordinal"]).as_py()
        raise LayoutError(
            f"{path}: record {record}",
            "a total beside each break-down",
            f"{len(orphans)} break-downs without one",
            "ask for partner2Code=0, customsCode=C00 and motCode=0 too",
        )


def _looked_up(values: pa.Array, meaning: Mapping[str, Any], other: Any) -> pa.Array:
    return arrow.meanings(values, lambda word: meaning.get(word, other), pa.scalar(other).type)


def _released(dataset: pa.Array, releases: Mapping[str, str], vintage: str) -> pa.Array:
    days = {name: text.split()[0] for name, text in releases.items()}
    return _looked_up(dataset, days, vintage)


def _first_day(path: Path, period: pa.Array, annual: pa.Array) -> pa.Array:
    is_year = pc.equal(pc.utf8_length(period), 4)
    if arrow.is_any(pc.not_equal(is_year, annual)):
        raise LayoutError(path, "years where freqcode is A and months where it is M", "a mixture")
    month = pc.if_else(annual, "01", pc.utf8_slice_codeunits(period, 4, 6))
    year = pc.utf8_slice_codeunits(period, 0, 4)
    return delimited.days(pc.binary_join_element_wise(year, month, "01", "-"))
