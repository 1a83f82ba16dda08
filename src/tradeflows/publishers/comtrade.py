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
import zlib
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, reading, workbooks
from tradeflows.publishers.comtrade_checks import (
    COMPARED,
    MARKS,
    contradictory,
    is_near,
    require_agreement,
    text,
)

if TYPE_CHECKING:
    import pandas as pd

ALL = "all"
ROWS = 1 << 16  # in a part
GZIP = b"\x1f\x8b"
BLANKS = BOM_UTF8 + b" \t\r\n"
LARGEST = 112 << 20  # bytes of an unpacked table, which takes 2.5 times as much while it is read
SWELLING = 200  # times its packed size; tables of figures swell ten- to fortyfold

CAPS = (500, 100_000, 250_000)  # rows: preview, and the two that are told of a key
FLOWS = ("M", "X", "RM", "RX")
# Flows inside imports and exports: foreign and domestic, for and after processing.
PART_OF = {"FM": "M", "MIP": "M", "MOP": "M", "DX": "X", "XIP": "X", "XOP": "X"}
# The fields that a file must have, in lower case, since their case differs by channel.
FIGURES = ("qty", "netwgt", "cifvalue", "fobvalue", "primaryvalue")
ESTIMATED = ("isqtyestimated", "isnetwgtestimated")
CELL = ["period", "reportercode", "flowcode", "partnercode", "classificationcode", "cmdcode"]
OTHER_CODES = ("typecode", "freqcode", "partner2code", "customscode", "moscode", "motcode")
NEEDED = (*OTHER_CODES, *CELL, "qtyunitcode", *ESTIMATED, *FIGURES)
# What JSON may have in a field: true is no number, and no code.
FIGURE, CODE, MARK = float | int | None, int | str | None, bool | int | str | None
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
# What a file may be asked to part its totals by: the field, and the word in ``breakdown``.
PARTED_BY = {
    "second partner": ("partner2code", "partner2"),
    "procedure": ("customscode", "procedure"),
    "transport": ("motcode", "transport"),
}


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


class Envelope(msgspec.Struct, rename={"total": "totalRecords"}):
    """A reply as JSON, each row as it stands: a trace shows it so."""

    data: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET
    count: int | msgspec.UnsetType = msgspec.UNSET
    total: int | msgspec.UnsetType = msgspec.UNSET
    error: Any = None
    message: Any = None


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
    caps = [int(cap)] if cap else CAPS
    if records and records in caps and not _begins(path, GZIP):  # a file in bulk has no cap
        problem = f"{records} records, which is a row cap"
        raise LayoutError(path, "a whole reply", problem, "ask for less at once")
    rows = reply.rows if records else _typed(path, dict.fromkeys(NEEDED, ()))
    del reply  # which a large file needs the room of
    ordinal = pa.array(range(1, records + 1), pa.int64())
    rows = rows.append_column("ordinal", ordinal).combine_chunks()
    for name, (pattern, what) in GRAMMAR.items():
        values = pc.unique(text(rows, name))
        is_good = arrow.is_true(pc.match_substring_regex(values, pattern))
        unexpected = values.filter(pc.invert(is_good)).to_pylist()
        if unexpected:
            shown = ", ".join(repr(value) for value in unexpected[:5])
            raise LayoutError(path, f"{what} in {name}", shown)
    require_agreement(path, rows)
    totals, left_out, value = _totals(path, rows, breakdown)
    for start in range(0, max(len(totals), 1), ROWS):
        some = totals.slice(start, ROWS)
        columns = _columns(path, source, some, releases or {}, unequal)
        if breakdown:
            columns["breakdown"] = _part_of_total(some)
        yield Part(reading.rows(source, TRADE, columns), records, left_out, value)
        records, left_out, value = 0, {}, {}  # they are counted once


def asked(source: Source) -> Asked:
    """What the reply of `source` was asked for; its address says it."""
    query = parse_qs(urlsplit(source.address).query)
    names = ("reporterCode", "period", "partnerCode", "cmdCode", "flowCode")
    return Asked(*(tuple(query.get(name, [ALL])[0].split(",")) for name in names))


def covers(source: Source, rows: pd.DataFrame) -> pd.Series:
    """Whether the reply of `source` was asked for each of `rows`, periods and reporters apart."""
    box, goods = asked(source), rows["cmd_code"]
    level = "AG" + goods.str.len().astype("str")
    has_product = goods.isin(box.products) | level.isin(box.products)
    is_asked = has_product & rows["flow_code"].isin(box.flows)
    return is_asked if ALL in box.partners else is_asked & rows["partner_code"].isin(box.partners)


# --- the forms of a file -------------------------------------------------------------------------


def read(path: Path) -> Reply:
    """Every row of a reply or export; names in lower case, since their case differs by channel.

    Raises
    ------
    LayoutError
        The file is no JSON reply and no table of fields, is cut off, or holds another number of
        rows than it says.
    """
    with path.open("rb") as file:
        first = file.read(512).lstrip(BLANKS)[:1]
    try:
        if _begins(path, GZIP):
            return Reply(_table(path, "gzip"), "")
        if workbooks.is_workbook(path):
            return Reply(_workbook(path), "")
        if first == b"<":
            raise LayoutError(path, "JSON or a table", "a page of HTML or XML", "fetch the data")
        return _json(path) if first in (b"{", b"") else Reply(_table(path, None), "")
    except MemoryError as error:
        size = f"{path.stat().st_size >> 20} MiB"
        expected = "a file that fits into memory"
        raise LayoutError(path, expected, size, "ask for less at once") from error


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Lines of an export, or members of the list ``data`` of a reply, as they stand."""
    if workbooks.is_workbook(path):
        return workbooks.records(path, wanted)
    with gzip.open(path) if _begins(path, GZIP) else path.open("rb") as file:
        head = file.read(512).lstrip(BLANKS)
        file.seek(0)
        if not head.startswith(b"{"):
            quoted = b"\t" not in head.partition(b"\n")[0]
            return reading.table(path, file, wanted, quoted=quoted)
    content, reply = _envelope(path)
    last = max(wanted)
    if not reply.data or last > len(reply.data):
        raise LayoutError(path, f"a reply with a list of data of {last} rows", "less")
    members = {}
    at = content.index(b'"data"')
    for record, raw in enumerate(reply.data[:last], start=1):
        member = bytes(raw)
        at = content.index(member, at)
        if record in wanted:
            line = content.count(b"\n", 0, at) + 1
            members[record] = reading.Record(line, member.decode())
        at += len(member)
    return members


def _begins(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(mark)) == mark


def _envelope(path: Path) -> tuple[bytes, Envelope]:
    """Return the bytes of a JSON reply, and the reply."""
    content = path.read_bytes().removeprefix(BOM_UTF8)
    try:
        content.decode()  # what is not read is text as well
        return content, msgspec.json.decode(content, type=Envelope)
    except UnicodeDecodeError as error:
        raise LayoutError(path, "names and messages in UTF-8", str(error)) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise LayoutError(path, "a whole JSON reply", str(error), "ask again") from error


def _json(path: Path) -> Reply:
    """Return the rows and the message of a JSON reply."""
    reply = _envelope(path)[1]
    message = str(reply.error or reply.message or "")
    if not isinstance(reply.data, list):
        if message or (reply.data is None and reply.count == 0):
            return Reply(pa.table({}), message)
        raise LayoutError(path, "an object with a list of data", "none")
    for counted in (reply.count, reply.total):
        if counted not in (msgspec.UNSET, len(reply.data)):
            raise LayoutError(path, f"the {counted} rows that it counts", f"{len(reply.data)}")
    return Reply(_rows_of(path, reply.data) if reply.data else pa.table({}), message)


def _rows_of(path: Path, data: Sequence[msgspec.Raw]) -> pa.Table:
    """Return the fields that are read of the rows of a JSON reply."""
    rows: list[tuple[Any, ...]] = []
    try:
        names = {name.lower(): name for name in msgspec.json.decode(data[0], type=dict[str, Any])}
        kept = _fields(path, names)
        kinds = dict.fromkeys(FIGURES, FIGURE) | dict.fromkeys((*ESTIMATED, *MARKS), MARK)
        fields = [(name, kinds.get(name, CODE)) for name in kept]
        row = msgspec.defstruct("Row", fields, rename={name: names[name] for name in kept})
        decoder = msgspec.json.Decoder(row)
        for raw in data:
            rows.append(msgspec.structs.astuple(decoder.decode(raw)))
    except (msgspec.DecodeError, RecursionError) as error:
        expected = "an object with a number or a text in each field"
        raise LayoutError(f"{path}: record {len(rows) + 1}", expected, str(error)) from error
    return _typed(path, dict(zip(kept, zip(*rows, strict=True), strict=True)))


def _workbook(path: Path) -> pa.Table:
    """Return the fields that are read of the site's workbook."""
    head, *lines = workbooks.table(path)
    names = [name.lower() for name in head]
    kept = _fields(path, names)
    columns = dict(zip(names, zip(*lines, strict=True), strict=True)) if lines else {}
    cells = {name: [cell or None for cell in columns.get(name, ())] for name in kept}
    return _typed(path, cells)


def _table(path: Path, compression: str | None) -> pa.Table:
    """Return the fields that are read of an export; all are ASCII, so Latin-1 is no matter."""
    most, size = LARGEST, path.stat().st_size
    try:
        if compression:  # nothing that it unpacks to is kept
            most = min(LARGEST, max(1 << 20, SWELLING * size))
            size = 0
            with gzip.open(path) as file:
                while size <= most and (chunk := file.read(1 << 20)):
                    size += len(chunk)
        with pa.input_stream(path, compression=compression) as stream:
            top = stream.read(16_384).decode("latin-1").lstrip("ï»¿").splitlines()
    except (OSError, EOFError, zlib.error) as error:
        raise LayoutError(path, "a whole gzip file", str(error), "fetch it again") from error
    if size > most:
        expected = f"a table of at most {most >> 20} MiB unpacked"
        raise LayoutError(path, expected, "more", "ask for less at once")
    delimiter = "\t" if top and "\t" in top[0] else ","
    head, line = (next(csv.reader([line], delimiter=delimiter), []) for line in [*top, "", ""][:2])
    names = [name.strip().lower() for name in head]
    if len(line) == len(names) + 1 and line[-1] == "":
        names.append("")  # a last field without a name; a reader that guesses shifts every column
    kept = _fields(path, names)
    # A word that stands in many rows is kept once, or a large file would take six times its size.
    coded = pa.dictionary(pa.int32(), pa.string())
    conversion = pacsv.ConvertOptions(
        include_columns=kept,
        column_types=dict.fromkeys(kept, coded) | dict.fromkeys(FIGURES, pa.string()),
        strings_can_be_null=True,
        null_values=["", "null"],
    )
    reading = pacsv.ReadOptions(column_names=names, skip_rows=1, encoding="latin-1")
    try:
        with pa.input_stream(path, compression=compression) as stream:
            parsing = pacsv.ParseOptions(delimiter=delimiter)
            table = pacsv.read_csv(stream, reading, parsing, conversion).unify_dictionaries()
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        raise LayoutError(path, f"{len(names)} fields a row", str(error).splitlines()[0]) from error
    return _typed(path, dict(zip(kept, table.columns, strict=True)))


def _fields(path: Path, names: Collection[str]) -> list[str]:
    """Return the fields that are read, of those that a file has; none may be missing."""
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise LayoutError(path, f"the fields {', '.join(NEEDED)}", f"no {', '.join(missing)}")
    return [name for name in (*NEEDED, *COMPARED) if name in names]


def _typed(path: Path, columns: Mapping[str, Any]) -> pa.Table:
    """Return the columns of a file: its figures as float64, any other as text."""
    made = {}
    for name, values in columns.items():
        is_figure = name in FIGURES
        try:
            column = values if isinstance(values, pa.ChunkedArray) else pa.array(values)
            if is_figure and pa.types.is_string(column.type):
                reading.demand(
                    lambda at: f"{path}: record {at + 1}",
                    name,
                    column,
                    reading.PLAIN_NUMBER,
                    "a number",
                    "export the file again; a spreadsheet rounds a number such as 1.6E+11",
                )
            is_coded = pa.types.is_dictionary(column.type)
            kind = pa.float64() if is_figure else pa.string()
            made[name] = column if is_coded else pc.cast(column, kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            what = "a number" if is_figure else "texts or numbers alone"
            raise LayoutError(path, f"{what} in {name}", str(error).splitlines()[0]) from error
    return pa.table(made)


# --- from records to rows ------------------------------------------------------------------------


def _totals(
    path: Path, rows: pa.Table, breakdown: str
) -> tuple[pa.Table, dict[str, int], dict[str, float]]:
    """Return the total rows and the parts by one break-down, and what was left out, by reason.

    Each part needs its total among them. What was left out is counted, and valued.
    """
    flow = text(rows, "flowcode")
    is_flow = pc.is_in(flow, arrow.texts(FLOWS))
    is_whole = {name: pc.is_in(text(rows, name), arrow.texts(of)) for name, of in WHOLE.items()}
    is_total = reduce(pc.and_, is_whole.values(), is_flow)
    if pc.all(is_total, min_count=0).as_py():
        return rows, {}, {}
    is_part = pc.invert(is_total)
    cells = {name: text(rows, name) for name in CELL} | {"ordinal": rows["ordinal"]}
    cells["flowcode"] = arrow.meanings(flow, lambda word: PART_OF.get(word, word))
    parts = pa.table(cells)
    wholes = parts.filter(is_total).select(CELL)
    orphans = parts.filter(is_part).join(wholes, keys=CELL, join_type="left anti")
    if len(orphans):
        raise LayoutError(
            f"{path}: record {pc.min(orphans['ordinal']).as_py()}",
            "a total beside each break-down",
            f"{len(orphans)} break-downs without one",
            "ask for partner2Code=0, customsCode=C00 and motCode=0 too",
        )
    kept = [rows.filter(is_total)]
    if breakdown:
        name, _ = PARTED_BY[breakdown]
        is_wanted = reduce(
            pc.and_, (is_whole | {name: pc.invert(is_whole[name])}).values(), is_flow
        )
        kept.append(rows.filter(is_wanted))
        is_part = pc.and_(is_part, pc.invert(is_wanted))
    left_out, value = {}, {}
    is_inside = pc.is_in(flow, arrow.texts(list(PART_OF)))
    for reason, where in (
        ("break-down whose total is kept", pc.invert(is_inside)),
        ("flow inside imports or exports", is_inside),
    ):
        worths = rows["primaryvalue"].filter(pc.and_(is_part, where))
        if len(worths):
            left_out[reason] = len(worths)
        if len(worths.drop_null()):
            value[reason] = pc.sum(worths).as_py()
    return pa.concat_tables(kept).combine_chunks(), left_out, value


def _columns(
    path: Path, source: Source, rows: pa.Table, releases: Mapping[str, str], unequal: Sequence[str]
) -> dict[str, Any]:
    """Return the columns of the trade table from total rows."""
    reporter, partner, period, flow, goods, freq = (
        text(rows, name)
        for name in ("reportercode", "partnercode", "period", "flowcode", "cmdcode", "freqcode")
    )
    is_annual = pc.equal(freq, "A")
    if arrow.is_any(pc.not_equal(pc.equal(pc.utf8_length(period), 4), is_annual)):
        raise LayoutError(path, "years where freqcode is A and months where it is M", "a mixture")
    month = pc.if_else(is_annual, "01", pc.utf8_slice_codeunits(period, 4, 6))
    year = pc.utf8_slice_codeunits(period, 0, 4)
    imports = pc.is_in(flow, arrow.texts(["M", "RM"]))
    values, other_value, is_value_odd = _values(rows, imports)
    amounts, other_unit, is_amount_odd = _amounts(rows)
    dataset = pc.binary_join_element_wise(reporter, period, " ")
    days = {name: words.split()[0] for name, words in releases.items()}
    cell = pc.binary_join_element_wise(dataset, flow, partner, goods, " ")
    estimated = []
    for name, amount in zip(ESTIMATED, ("qty", "net_wgt_kg"), strict=True):
        is_marked = pc.is_in(pc.utf8_lower(text(rows, name)), arrow.texts(["true", "1"]))
        estimated.append(pc.and_(is_marked, amounts[amount].is_valid()))
    notes = pc.binary_join_element_wise(other_value, other_unit, "; ")
    odd = [is_value_odd, is_amount_odd, contradictory(rows)]
    return {
        **reading.A_FLOW,
        **values,
        **amounts,
        "source_row": rows["ordinal"],
        "reporter_iso": codes.areas(reporter, "comtrade", path),
        "reporter_code": reporter,
        "partner_iso": codes.areas(partner, "comtrade", path),
        "partner_code": partner,
        "area_system": "comtrade",
        "partner_role": pc.if_else(imports, "origin", "destination"),
        "flow_code": flow,
        "classification_code": text(rows, "classificationcode"),
        "cmd_code": goods,
        "freq_code": freq,
        "ref_period": reading.days(pc.binary_join_element_wise(year, month, "01", "-")),
        "n_months": pc.if_else(is_annual, pa.scalar(12, pa.int64()), pa.scalar(1, pa.int64())),
        "vintage": arrow.meanings(dataset, lambda name: days.get(name, source.vintage)),
        "flags": reading.flags(
            len(rows),
            contradictory=reduce(pc.or_, odd),
            estimated=pc.or_(*estimated),
            unequal=pc.is_in(cell, arrow.texts(list(unequal))),
        ),
        "note": pc.coalesce(notes, other_value, other_unit),
    }


def _part_of_total(rows: pa.Table) -> pa.Array:
    """Return the part that each row is, such as transport=2100, or total."""
    names = arrow.texts(["total"] * len(rows))
    for field, word in PARTED_BY.values():
        code = text(rows, field)
        part = pc.binary_join_element_wise(word, code, "=")
        names = pc.if_else(pc.is_in(code, arrow.texts(WHOLE[field])), names, part)
    return names


def _published(rows: pa.Table, name: str) -> pa.Array:
    """Return a figure; a zero beside a value is null, since it means "not published"."""
    figure, value = rows[name].combine_chunks(), rows["primaryvalue"].combine_chunks()
    return arrow.without(figure, pc.and_(pc.not_equal(value, 0), pc.equal(figure, 0)))


def _values(rows: pa.Table, imports: pa.Array) -> tuple[dict[str, Any], pa.Array, pa.Array]:
    """Return the value of each row, that on the other side of the border, and which are odd.

    The value that is not the primary one is null in older rows and 0.0 in newer ones. Odd is one
    that is neither its CIF nor its FOB value, and an export of which the CIF value alone is stated.
    """
    primary = rows["primaryvalue"].combine_chunks()
    cif, fob = _published(rows, "cifvalue"), _published(rows, "fobvalue")
    is_fob = arrow.is_true(pc.equal(primary, fob))
    is_cif = pc.and_(arrow.is_true(pc.equal(primary, cif)), pc.or_(imports, pc.invert(is_fob)))
    fob_or_none = pc.if_else(is_fob, "FOB", pa.scalar(None, pa.string()))
    has_cif, has_fob = cif.is_valid(), fob.is_valid()
    is_either = pc.or_(is_near(primary, cif), is_near(primary, fob))
    other_value = pc.and_not(pc.or_(has_cif, has_fob), is_either)
    other_side = pc.and_not(pc.and_not(has_cif, has_fob), imports)
    other = arrow.only(pc.if_else(is_cif, fob, cif), pc.or_(is_cif, is_fob))
    note = pc.binary_join_element_wise(
        pc.if_else(is_cif, "FOB", "CIF"), pc.cast(other, pa.string()), " "
    )
    columns = {
        "value_reported": primary,
        "primary_value_usd": primary,
        "currency": "USD",
        "valuation": pc.if_else(is_cif, "CIF", fob_or_none),
    }
    return columns, note, pc.or_(other_value, other_side)


def _amounts(rows: pa.Table) -> tuple[dict[str, Any], pa.Array, pa.Array]:
    """Return the quantities of each row, one in an unknown unit as a note, and which are odd.

    A quantity in kilograms is the weight where no net weight is stated, and odd beside another.
    """
    code = text(rows, "qtyunitcode")
    known = reading.units("comtrade")
    unit = arrow.meanings(code, lambda word: known.get(word, ("", 1.0))[0])
    scale = arrow.meanings(code, lambda word: known.get(word, ("", 1.0))[1], pa.float64())
    weight = _published(rows, "netwgt")
    quantity = arrow.without(_published(rows, "qty"), pc.equal(code, "-1"))
    scaled = pc.round(pc.multiply(quantity, scale), 6)
    is_weight, is_foreign = pc.equal(unit, "kg"), pc.equal(unit, "")
    weighed = arrow.only(scaled, is_weight)
    qty = arrow.without(scaled, pc.or_(is_weight, is_foreign))
    number = pc.cast(arrow.only(quantity, is_foreign), pa.string())
    note = pc.binary_join_element_wise("qty", number, "in unit", code, " ")
    columns = {
        "net_wgt_kg": pc.coalesce(weight, weighed),
        "qty": qty,
        "qty_unit": pc.if_else(qty.is_valid(), unit, "none"),
    }
    are_both = pc.and_(weighed.is_valid(), weight.is_valid())
    return columns, note, pc.and_not(are_both, is_near(weighed, weight))
