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
import math
import zlib
from codecs import BOM_UTF8
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, reduce
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.codelists import publisher_words
from tradeflows.model.errors import LayoutError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, reading, workbooks

ROWS = 1 << 16  # in a part
GZIP = b"\x1f\x8b"
LARGEST = 112 << 20  # bytes of an unpacked table, which takes four times as much while it is read
SWELLING = 200  # times its packed size; tables of figures swell ten- to fortyfold
NEAR = 1e-6  # of a figure: what rounding to a binary number may make of it

CAPS = (500, 100_000, 250_000)  # rows: preview, and the two that are told of a key
FLOWS = ("M", "X", "RM", "RX")
# Flows inside imports and exports: foreign and domestic, for and after processing.
PART_OF = {"FM": "M", "MIP": "M", "MOP": "M", "DX": "X", "XIP": "X", "XOP": "X"}
# The fields that a file must have, in lower case, since their case differs by channel.
FIGURES = ("qty", "netwgt", "cifvalue", "fobvalue", "primaryvalue")
ESTIMATED = ("isqtyestimated", "isnetwgtestimated")
CELL = ("period", "reportercode", "flowcode", "partnercode", "classificationcode", "cmdcode")
OTHER_CODES = ("typecode", "freqcode", "partner2code", "customscode", "moscode", "motcode")
NEEDED = (*OTHER_CODES, *CELL, "qtyunitcode", *ESTIMATED, *FIGURES)
MADE_BY = ("isreported", "isaggregate")  # its country, or the publisher
# What a code looks like, as a regular expression and in words.
GRAMMAR = {
    "typecode": ("C", "goods (C)"),
    "freqcode": ("[AM]", "A or M"),
    "classificationcode": ("H[0-9S]", "HS (H0, H1, …)"),
    "flowcode": ("|".join([*FLOWS, *PART_OF]), "a flow of the publisher's list"),
    "period": ("[12][0-9]{3}(0[1-9]|1[0-2])?", "a year or a month such as 202305"),
}
# What totals may be parted by: the field, the word in ``breakdown``, and the code of the whole.
BREAKDOWNS = {
    "second partner": ("partner2Code", "partner2", "0"),
    "procedure": ("customsCode", "procedure", "C00"),
    "transport": ("motCode", "transport", "0"),
}
WHOLE: dict[str, list[str | None]] = {
    "moscode": ["0", "-1", "", None],  # the mode of supply, which services alone have
    **{field.lower(): [code] for field, _, code in BREAKDOWNS.values()},
}


def _is_area(area_of: Callable[[str], str]) -> Callable[[str, str], bool]:
    """Whether a text may stand beside a code: special areas have names and ISO codes of others."""

    def may_be(code: str, text: str) -> bool:
        areas = {codes.area_codes("comtrade").get(code, ""), area_of(text)}
        return len(areas) == 1 or not all(area and codes.is_country(area) for area in areas)

    return may_be


_is_iso = _is_area(lambda iso: codes.area_codes("iso3").get(iso, ""))
_is_name = _is_area(codes.named)


@cache
def _codes_by_name() -> dict[str, set[str]]:
    """The codes of each official name of goods; several share names such as "other"."""
    names: dict[str, set[str]] = defaultdict(set, {"all commodities": {"TOTAL"}})
    for code, name in codes.harmonized_system().items():
        names[name.casefold()].add(code)
    return names


def _means(name: str) -> Callable[[str, str], bool]:
    """Whether a word of the list `name`, if it is there, means a code."""
    return lambda code, word: publisher_words(name).get(word.casefold(), code) == code


# Two fields that state one thing; whether their texts go together; and whether a row in which they
# do not is refused, or flagged. A year has the month 52.
PAIRS: tuple[tuple[str, str, Callable[[str, str], bool], bool], ...] = (
    ("period", "refyear", lambda period, year: period[:4] == year, True),
    ("period", "refmonth", lambda period, month: (period[4:] or "52") == month.zfill(2), True),
    ("period", "refperiodid", lambda period, day: f"{period}0101"[:8] == day, True),
    ("reportercode", "reporteriso", _is_iso, True),
    ("partnercode", "partneriso", _is_iso, True),
    ("reportercode", "reporterdesc", _is_name, True),
    ("partnercode", "partnerdesc", _is_name, True),
    ("flowcode", "flowdesc", _means("comtrade name of flow"), True),
    ("qtyunitcode", "qtyunitabbr", _means("comtrade sign of unit"), True),
    (
        "cmdcode",
        "cmddesc",
        lambda code, name: code in _codes_by_name().get(name.casefold(), {code}),
        False,
    ),
    (*MADE_BY, lambda reported, built: reported.lower() != built.lower(), False),
)
READ = dict.fromkeys([*NEEDED, *(name for pair in PAIRS for name in pair[:2])])


class Reply(NamedTuple):
    """What one file holds: `rows` by lower-case field name, and its error or other `message`."""

    rows: pa.RecordBatch
    message: str


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
    source
        Its entry in the catalogue.
    releases
        For "reporter period" (both in the publisher's codes) the date of the release, a blank and
        the data set's checksum; a row without gets the source's vintage.
    cap
        Row cap under which the reply was asked for; 0 means that any known cap is refused.
    unequal
        Wholes, as "reporter period flow partner product", that their parts do not add up to.
    breakdown
        Of :data:`BREAKDOWNS`, the one whose parts stay beside their totals.

    Yields
    ------
    Part
        Rows of :data:`~tradeflows.model.schema.TRADE`.

    Raises
    ------
    LayoutError
        Not such a file, a reply that reports an error or stops at a row cap, services, a
        classification that is not HS, a break-down without its total, or a text for a number.
    CodeError
        An area or flow is in no list.
    """
    rows, message = read(path)
    if message:
        raise LayoutError(path, "a reply with data", repr(message), "ask again")
    records = len(rows)
    # A file in bulk has no cap.
    if records in ([cap] if cap else CAPS) and not reading.head(path).startswith(GZIP):
        problem = f"{records} records, which is a row cap"
        raise LayoutError(path, "a whole reply", problem, "ask for less at once")
    block = reading.Block.of(path, rows)
    for name, (pattern, what) in GRAMMAR.items():
        is_good = pc.fill_null(pc.match_substring_regex(rows[name], f"^({pattern})$"), False)
        block.require(is_good, f"{what} in {name}", rows[name])
    is_good = pc.equal(pc.equal(pc.utf8_length(rows["period"]), 4), pc.equal(rows["freqcode"], "A"))
    expected = "years where freqcode is A, and months where it is M"
    block.require(is_good, expected, rows["period"], rows["freqcode"])
    rows = rows.append_column("odd", _contradictory(block))
    rows = rows.append_column("record", block.records)
    totals, left_out, value = _totals(block, rows, breakdown)
    del rows, block
    days = {cell: release.split()[0] for cell, release in (releases or {}).items()}
    for start in range(0, max(len(totals), 1), ROWS):
        some = totals.slice(start, ROWS)
        reporter, partner, flow = (some[f"{side}code"] for side in ("reporter", "partner", "flow"))
        is_import = pc.is_in(flow, arrow.texts(["M", "RM"]))
        is_annual = pc.equal(some["freqcode"], "A")
        figures, marks = _figures(some, is_import)
        names = _joined(some, "reportercode", "period", "flowcode", "partnercode", "cmdcode")
        is_unequal = pc.is_in(names, arrow.texts(unequal))
        marks["unequal"] = pc.and_(is_unequal, pc.equal(some["breakdown"], "total"))
        month = pc.if_else(is_annual, "01", "")
        columns = {
            **reading.A_FLOW,
            **figures,
            "source_row": some["record"],
            "reporter_iso": codes.areas(reporter, "comtrade", path),
            "reporter_code": reporter,
            "partner_iso": codes.areas(partner, "comtrade", path),
            "partner_code": partner,
            "area_system": "comtrade",
            "partner_role": pc.if_else(is_import, "origin", "destination"),
            "flow_code": flow,
            "classification_code": some["classificationcode"],
            "cmd_code": some["cmdcode"],
            "breakdown": some["breakdown"],
            "freq_code": some["freqcode"],
            "ref_period": reading.months(pc.binary_join_element_wise(some["period"], month, "")),
            "n_months": pc.if_else(is_annual, 12, 1),
            "flags": reading.flags(len(some), **marks),
            "vintage": arrow.meanings(
                _joined(some, "reportercode", "period"), lambda cell: days.get(cell, source.vintage)
            ),
        }
        yield Part(reading.rows(source, TRADE, columns), records, left_out, value)
        records, left_out, value = 0, {}, {}  # they are counted once


# --- the forms of a file -------------------------------------------------------------------------


def read(path: Path) -> Reply:
    """Every row of a reply or export; names of fields in lower case, as channels differ.

    Raises
    ------
    LayoutError
        The file is no JSON reply and no table of fields, is cut off, or holds another number of
        rows than it says.
    """
    start = reading.head(path)
    try:
        if start.startswith(workbooks.MARK):
            columns = {
                name.lower(): arrow.filled(arrow.texts(cells))
                for name, *cells in zip(*workbooks.table(path), strict=True)
            }
            return Reply(_typed(path, {x: columns[x] for x in _fields(path, columns)}), "")
        if start.startswith(b"<"):
            raise LayoutError(path, "JSON or a table", "a page of HTML or XML", "fetch the data")
        return _json(path) if start.startswith(b"{") or not start else Reply(_table(path), "")
    except MemoryError as error:
        size = f"{path.stat().st_size >> 20} MiB"
        expected = "a file that fits into memory"
        raise LayoutError(path, expected, size, "ask for less at once") from error


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Lines of an export, or members of the list ``data`` of a reply, as they stand."""
    start = reading.head(path)
    if start.startswith(workbooks.MARK):
        return workbooks.records(path, wanted)
    if not start.startswith(b"{"):
        with gzip.open(path) if start.startswith(GZIP) else path.open("rb") as file:
            quoted = b"\t" not in file.readline(1 << 14)
            file.seek(0)
            return reading.table(path, file, wanted, quoted=quoted)
    content, data, _ = _envelope(path)
    if len(data) < max(wanted):
        raise LayoutError(path, f"a list of data of {max(wanted)} rows", f"{len(data)}")
    members, at = {}, content.index(b'"data"')
    for record, raw in enumerate(map(bytes, data[: max(wanted)]), start=1):
        at = content.index(raw, at)
        if record in wanted:
            line = content.count(b"\n", 0, at) + 1
            members[record] = reading.Record(line, raw.decode())
        at += len(raw)
    return members


def _envelope(path: Path) -> tuple[bytes, list[msgspec.Raw], str]:
    """The bytes of a JSON reply, its rows as they stand, and its message."""
    content = path.read_bytes().removeprefix(BOM_UTF8)
    try:
        content.decode()  # what is not read is text as well
        reply = msgspec.json.decode(content, type=Envelope)
    except UnicodeDecodeError as error:
        raise LayoutError(path, "names and messages in UTF-8", str(error)) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise LayoutError(path, "a whole JSON reply", str(error), "ask again") from error
    message = str(reply.error or reply.message or "")
    data, stated = reply.data, {reply.count, reply.total} - {msgspec.UNSET}
    if not isinstance(data, list):
        if not message and (reply.count != 0 or data is msgspec.UNSET):
            raise LayoutError(path, "an object with a list of data", "none")
        return content, [], message
    if stated - {len(data)}:
        raise LayoutError(path, f"the {max(map(str, stated))} rows that it counts", f"{len(data)}")
    return content, data, message


def _json(path: Path) -> Reply:
    """The rows and the message of a JSON reply; which fields are read its first row says."""
    content, data, message = _envelope(path)
    if not data:
        return Reply(_typed(path, dict.fromkeys(NEEDED, ())), message)
    figure, mark, code = float | int | None, bool | int | str | None, int | str | None
    kinds = dict.fromkeys(FIGURES, figure) | dict.fromkeys((*ESTIMATED, *MADE_BY), mark)
    try:
        names = {name.lower(): name for name in msgspec.json.decode(data[0], type=dict[str, Any])}
        kept = _fields(path, names)
        row: Any = msgspec.defstruct(
            "Row", [(name, kinds.get(name, code)) for name in kept], rename=names
        )
        rows_of: Any = msgspec.defstruct("Rows", [("data", list[row])])
        rows = msgspec.json.decode(content, type=rows_of).data
    except (msgspec.DecodeError, RecursionError) as error:
        expected = "objects with a number or a text in each field"
        raise LayoutError(path, expected, str(error)) from error
    for name in kept:  # of a field that stands twice in a row the parser takes the last
        if content.count(f'"{names[name]}"'.encode()) > len(rows):
            raise LayoutError(path, "each field of a row once", f"{names[name]} twice")
    columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
    return Reply(_typed(path, dict(zip(kept, columns, strict=True))), message)


def _table(path: Path) -> pa.RecordBatch:
    """The fields that are read of an export in Latin-1."""
    opened = gzip.open if reading.head(path).startswith(GZIP) else open
    size = path.stat().st_size
    most = min(LARGEST, max(1 << 20, SWELLING * size))
    try:
        with opened(path, "rb") as file:
            raw = b"" if size > most else file.read(most + 1).removeprefix(BOM_UTF8)
    except (OSError, EOFError, zlib.error) as error:
        raise LayoutError(path, "a whole gzip file", str(error), "fetch it again") from error
    if max(size, len(raw)) > most:
        expected = f"a table of at most {most >> 20} MiB unpacked"
        raise LayoutError(path, expected, "more", "ask for less at once")
    top = raw[: 1 << 14].decode("latin-1").splitlines()
    delimiter = "\t" if "\t" in top[0] else ","
    first, second = (next(csv.reader([line], delimiter=delimiter), []) for line in (*top, "")[:2])
    names = [name.strip().lower() for name in first]
    if len(second) == len(names) + 1 and second[-1] == "":
        names.append("")  # a last field without a name; a reader that guesses shifts every column
    kept = _fields(path, names)
    read = reading.blocks(path, names, kept, delimiter, raw, encoding="latin-1")
    parts = []
    for block in read:
        columns = {name: arrow.filled(block.text(name), ["", "null"]) for name in kept}
        parts.append(_typed(path, columns, block.records[0].as_py()))
    del raw  # which a large file needs the room of
    return pa.concat_batches(parts)


def _fields(path: Path, names: Collection[str]) -> list[str]:
    """The fields that are read, of those that a file has; none may be missing."""
    reading.require_header(path, [*names], NEEDED)
    return [name for name in READ if name in names]


def _typed(path: Path, columns: Mapping[str, Any], first: int = 1) -> pa.RecordBatch:
    """The columns of a file that are read: figures as float64, others as texts, null for none."""
    typed = {}
    for name, cells in columns.items():
        try:
            column = pa.array(cells)
            if name not in FIGURES:
                # One channel writes a number where another writes a word, or adds a blank.
                typed[name] = pc.utf8_trim_whitespace(pc.cast(column, arrow.TEXT))
            elif pa.types.is_string(column.type):
                todo = "export the file again; a spreadsheet rounds a number such as 1.6E+11"
                block = reading.Block.of(path, pa.record_batch({name: column}), first)
                typed[name] = block.number(name, todo=todo)
            else:
                typed[name] = pc.cast(column, pa.float64())
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            what = "a number" if name in FIGURES else "texts or numbers alone"
            raise LayoutError(path, f"{what} in {name}", str(error).splitlines()[0]) from error
    return pa.record_batch(typed)


# --- from records to rows ------------------------------------------------------------------------


def _contradictory(block: reading.Block) -> pa.Array:
    """Return which rows are flagged for fields that contradict one another, by :data:`PAIRS`."""
    rows = block.cells
    is_odd = pa.repeat(False, len(rows))
    for first, second, agree, is_refused in PAIRS:
        if not {first, second} <= {*rows.schema.names}:
            continue

        def is_one(texts: str | None, agree: Callable[[str, str], bool] = agree) -> bool:
            stated, _, other = (texts or "").partition("\0")
            return not (stated and other) or agree(stated, other)

        texts = pc.binary_join_element_wise(rows[first], rows[second], "\0")
        are_one = arrow.meanings(texts, is_one, pa.bool_())
        if is_refused:
            expected, todo = f"{first} and {second} that state the same", "ask for the reply again"
            shown = rows[first], rows[second]
            block.require(are_one, expected, *shown, todo=todo)
        is_odd = pc.or_(is_odd, pc.invert(are_one))
    return is_odd


def _joined(rows: pa.RecordBatch, *names: str) -> pa.Array:
    """The texts of several columns with blanks between, to compare them by."""
    how = {"null_handling": "replace", "null_replacement": "null"}
    return pc.binary_join_element_wise(*map(rows.column, names), " ", **how)


def _totals(
    block: reading.Block, rows: pa.RecordBatch, breakdown: str
) -> tuple[pa.RecordBatch, dict[str, int], dict[str, float]]:
    """The totals, after them the parts by one break-down; what is left out, counted and valued."""
    is_flow = pc.is_in(rows["flowcode"], arrow.texts(FLOWS))
    is_whole = {name: pc.is_in(rows[name], arrow.texts(of)) for name, of in WHOLE.items()}
    is_total = reduce(pc.and_, is_whole.values(), is_flow)
    flows = arrow.meanings(rows["flowcode"], lambda word: PART_OF.get(word, word))
    place = rows.schema.get_field_index("flowcode")
    cells = _joined(rows.set_column(place, "flowcode", flows), *CELL)
    has_total = pc.is_in(cells, cells.filter(is_total))
    todo = "ask for partner2Code=0, customsCode=C00 and motCode=0 too"
    block.require(has_total, "a total beside each break-down", cells, todo=todo)
    is_part = pa.repeat(False, len(rows))
    names = pa.repeat("total", len(rows))
    if breakdown:
        parameter, word, _ = BREAKDOWNS[breakdown]
        part = rows[parameter.lower()]
        is_own = is_whole.pop(parameter.lower())
        is_part = pc.and_not(reduce(pc.and_, is_whole.values(), is_flow), is_own)
        names = pc.if_else(is_part, pc.binary_join_element_wise(word, part, "="), names)
    rows = rows.append_column("breakdown", names)
    left_out, value = {}, {}
    gone = rows.filter(pc.invert(pc.or_(is_total, is_part)))
    is_inside = pc.is_in(gone["flowcode"], arrow.texts(PART_OF))
    for reason, worths in (
        ("break-down whose total is kept", gone.filter(pc.invert(is_inside))["primaryvalue"]),
        ("flow inside imports or exports", gone.filter(is_inside)["primaryvalue"]),
    ):
        if len(worths):
            left_out[reason] = len(worths)
        if worths.null_count < len(worths):
            value[reason] = math.fsum(worths.drop_null().to_pylist())
    totals = rows if pc.all(is_total).as_py() else rows.filter(is_total)
    if breakdown:
        totals = pa.concat_batches([totals, rows.filter(is_part)])
    return totals, left_out, value


def _figures(
    rows: pa.RecordBatch, is_import: pa.Array
) -> tuple[dict[str, Any], dict[str, pa.Array]]:
    """Return the figures of each row, and which rows are contradictory or have estimated amounts.

    The value that is not the primary one is null in older rows and 0.0 in newer ones. Odd is one
    that is neither its CIF nor its FOB value, an export of which the CIF value alone is stated,
    and a quantity in kilograms, the weight where no net weight is stated, beside another.
    """
    primary, code = rows["primaryvalue"], rows["qtyunitcode"]
    cif, fob, weight, quantity = (
        reading.published(rows[name], primary) for name in ("cifvalue", "fobvalue", "netwgt", "qty")
    )
    is_fob = pc.fill_null(pc.equal(primary, fob), False)
    is_cif = pc.and_(pc.equal(primary, cif), pc.or_(is_import, pc.invert(is_fob)))
    is_cif = pc.fill_null(is_cif, False)
    is_either = pc.or_kleene(_is_near(primary, cif), _is_near(primary, fob))
    has_either = pc.or_(cif.is_valid(), fob.is_valid())
    is_cif_alone = pc.and_(cif.is_valid(), fob.is_null())

    stated = arrow.without(quantity, pc.equal(code, "-1"))
    known = reading.units("comtrade")
    unit = arrow.meanings(code, lambda word: known.get(word, (None,))[0])
    factor = arrow.meanings(code, lambda word: known.get(word, (0, None))[1], pa.float64())
    scaled = pc.round(pc.multiply(stated, factor), 6)
    is_weight = pc.equal(unit, "kg")
    weighed, qty = arrow.only(scaled, is_weight), arrow.without(scaled, is_weight)
    is_odd = [
        rows["odd"],
        pc.and_not(has_either, pc.fill_null(is_either, False)),
        pc.and_not(is_cif_alone, is_import),
        pc.invert(_is_near(weighed, weight)),
    ]
    # A weight for want of a net one is the quantity in kilograms, and as well estimated.
    amounts = pc.coalesce(qty, arrow.only(weighed, weight.is_null())), pc.coalesce(weight, weighed)
    is_estimated = [
        pc.and_(pc.is_in(pc.utf8_lower(rows[name]), arrow.texts(["true", "1"])), amount.is_valid())
        for name, amount in zip(ESTIMATED, amounts, strict=True)
    ]
    other = pc.if_else(is_cif, fob, arrow.only(cif, is_fob))
    side = pc.binary_join_element_wise(
        pc.if_else(is_cif, "FOB", "CIF"), pc.cast(other, arrow.TEXT), " "
    )
    unlisted = pc.cast(arrow.only(stated, unit.is_null()), arrow.TEXT)
    foreign = pc.binary_join_element_wise("qty", unlisted, "in unit", code, " ")
    note = arrow.joined([side, foreign], "; ")
    columns = {
        "value_reported": primary,
        "primary_value_usd": primary,
        "currency": "USD",
        "valuation": pc.if_else(is_cif, "CIF", arrow.only("FOB", is_fob)),
        "net_wgt_kg": amounts[1],
        "qty": qty,
        "qty_unit": pc.if_else(qty.is_valid(), unit, "none"),
        "note": arrow.without(note, pc.equal(note, "")),
    }
    marks = {"contradictory": reduce(pc.or_kleene, is_odd), "estimated": pc.or_(*is_estimated)}
    return columns, marks


def _is_near(first: pa.Array, second: pa.Array) -> pa.Array:
    """Where two figures are the same, but for what rounding makes of them."""
    room = pc.multiply(pc.abs(first), NEAR)
    return pc.less_equal(pc.abs(pc.subtract(first, second)), room)
