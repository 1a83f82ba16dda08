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
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv

from tradeflows.model import codes
from tradeflows.model.codelists import publisher_words
from tradeflows.model.errors import LayoutError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, reading, workbooks

ALL = "all"
ROWS = 1 << 16  # in a part
GZIP = b"\x1f\x8b"
LARGEST = 112 << 20  # bytes of an unpacked table, which takes 2.5 times as much while it is read
SWELLING = 200  # times its packed size; tables of figures swell ten- to fortyfold
NEAR = 1e-6  # of a figure: what rounding to a binary number may make of it

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
MADE_BY = ("isreported", "isaggregate")  # its country, or the publisher
# What a code looks like, as a regular expression and in words.
GRAMMAR = {
    "typecode": ("C", "goods (C)"),
    "freqcode": ("[AM]", "A or M"),
    "classificationcode": ("H[0-9S]", "HS (H0, H1, …)"),
    "flowcode": ("|".join([*FLOWS, *PART_OF]), "a flow of the publisher's list"),
    "period": ("[12][0-9]{3}(0[1-9]|1[0-2])?", "a year or a month such as 202305"),
}
# The codes of a whole; only services have a mode of supply.
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


def _same_country(code: str, other: str) -> bool:
    """Whether an area may stand beside a code: special areas have names and ISO codes of others."""
    area = codes.area_codes("comtrade").get(code, "")
    are_countries = all(each and codes.is_country(each) for each in (area, other))
    return area == other or not are_countries


def _is_iso(code: str, iso: str) -> bool:
    return _same_country(code, codes.area_codes("iso3").get(iso, ""))


def _is_name(code: str, name: str) -> bool:
    return _same_country(code, codes.named(name))


@cache
def _codes_by_name() -> dict[str, set[str]]:
    """The codes of each official name of goods; several share names such as "other"."""
    names: dict[str, set[str]] = defaultdict(set, {"all commodities": {"TOTAL"}})
    for code, name in codes.harmonized_system().items():
        names[name.casefold()].add(code)
    return names


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
    (
        "flowcode",
        "flowdesc",
        lambda code, name: (
            publisher_words("comtrade name of flow").get(name.casefold(), code) == code
        ),
        True,
    ),
    (
        "qtyunitcode",
        "qtyunitabbr",
        lambda code, sign: (
            publisher_words("comtrade sign of unit").get(sign.casefold(), code) == code
        ),
        True,
    ),
    (
        "cmdcode",
        "cmddesc",
        lambda code, name: code in _codes_by_name().get(name.casefold(), {code}),
        False,
    ),
    (*MADE_BY, lambda reported, built: reported.lower() != built.lower(), False),
)
READ = dict.fromkeys([*NEEDED, *(name for pair in PAIRS for name in pair[:2])])


class Asked(NamedTuple):
    """What a reply was asked for, in the publisher's codes; ``all`` is every one."""

    reporters: tuple[str, ...]
    periods: tuple[str, ...]
    partners: tuple[str, ...]
    products: tuple[str, ...]
    flows: tuple[str, ...]


class Reply(NamedTuple):
    """What one file holds: `rows` by lower-case field name, and the `error` that it reports."""

    rows: pd.DataFrame
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
    rows, message = read(path)
    if message:
        raise LayoutError(path, "a reply with data", repr(message), "ask again")
    records = len(rows)
    # A file in bulk has no cap.
    if records in ([cap] if cap else CAPS) and not _head(path).startswith(GZIP):
        problem = f"{records} records, which is a row cap"
        raise LayoutError(path, "a whole reply", problem, "ask for less at once")
    for name, (pattern, what) in GRAMMAR.items():
        odd = rows[name][~rows[name].str.fullmatch(pattern, na=False)]
        for record, code in odd.items():
            raise LayoutError(f"{path}: record {record}", f"{what} in {name}", repr(code))
    if (rows["period"].str.len().eq(4) != rows["freqcode"].eq("A")).any():
        raise LayoutError(path, "years where freqcode is A and months where it is M", "a mixture")
    rows["odd"] = _contradictory(path, rows)
    totals, left_out, value = _totals(path, rows, breakdown)
    del rows  # which a large file needs the room of
    cells = {tuple(words.split()) for words in unequal}
    days = {name: words.split()[0] for name, words in (releases or {}).items()}
    for start in range(0, max(len(totals), 1), ROWS):
        columns = _columns(path, totals[start : start + ROWS], cells)
        columns["vintage"] = [days.get(name, source.vintage) for name in columns["vintage"]]
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


def group_of_mode(code: str) -> list[str]:
    """The modes of transport that contain one: of sea, 2100, water, 2000."""
    groups = [code[:1] + "000", code[:2] + "00"]
    return [
        group
        for group in groups
        if group != code and group in publisher_words("comtrade transport")
    ]


# --- the forms of a file -------------------------------------------------------------------------


def read(path: Path) -> Reply:
    """Every row of a reply or export, numbered from 1; names in lower case, as channels differ.

    Raises
    ------
    LayoutError
        The file is no JSON reply and no table of fields, is cut off, or holds another number of
        rows than it says.
    """
    head = _head(path)
    try:
        if head.startswith(workbooks.MARK):
            names, *lines = workbooks.table(path)
            columns = {
                name.lower(): [line[at] or None for line in lines] for at, name in enumerate(names)
            }
            return Reply(_typed(path, columns), "")
        if head.startswith(b"<"):
            raise LayoutError(path, "JSON or a table", "a page of HTML or XML", "fetch the data")
        if head.startswith(b"{") or not head:
            return _json(path)
        return Reply(_table(path), "")
    except MemoryError as error:
        size = f"{path.stat().st_size >> 20} MiB"
        expected = "a file that fits into memory"
        raise LayoutError(path, expected, size, "ask for less at once") from error


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Lines of an export, or members of the list ``data`` of a reply, as they stand."""
    head = _head(path)
    if head.startswith(workbooks.MARK):
        return workbooks.records(path, wanted)
    if not head.startswith(b"{"):
        with gzip.open(path) if head.startswith(GZIP) else path.open("rb") as file:
            quoted = b"\t" not in file.readline(1 << 14)
            file.seek(0)
            return reading.table(path, file, wanted, quoted=quoted)
    content, reply = _envelope(path)
    data = (reply.data or [])[: max(wanted)]
    if len(data) < max(wanted):
        raise LayoutError(path, f"a reply with a list of data of {max(wanted)} rows", "less")
    members, at = {}, content.index(b'"data"')
    for record, raw in enumerate(map(bytes, data), start=1):
        at = content.index(raw, at)
        if record in wanted:
            line = content.count(b"\n", 0, at) + 1
            members[record] = reading.Record(line, raw.decode())
        at += len(raw)
    return members


def _head(path: Path) -> bytes:
    """The first bytes of a file, without what may stand before any text."""
    with path.open("rb") as file:
        return file.read(512).lstrip(BOM_UTF8 + b" \t\r\n")


def _envelope(path: Path) -> tuple[bytes, Envelope]:
    """The bytes of a JSON reply, and the reply."""
    content = path.read_bytes().removeprefix(BOM_UTF8)
    try:
        content.decode()  # what is not read is text as well
        return content, msgspec.json.decode(content, type=Envelope)
    except UnicodeDecodeError as error:
        raise LayoutError(path, "names and messages in UTF-8", str(error)) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise LayoutError(path, "a whole JSON reply", str(error), "ask again") from error


def _json(path: Path) -> Reply:
    """The rows and the message of a JSON reply."""
    content, reply = _envelope(path)
    message = str(reply.error or reply.message or "")
    data, counts = reply.data, (reply.count, reply.total)
    stated = {count for count in counts if isinstance(count, int)}
    if not isinstance(data, list):
        if not message and (reply.count != 0 or data is msgspec.UNSET):
            raise LayoutError(path, "an object with a list of data", "none")
        data = []
    elif stated - {len(data)}:
        raise LayoutError(path, f"the {max(stated)} rows that it counts", f"{len(data)}")
    rows = _rows_of(path, content, data[0]) if data else dict.fromkeys(NEEDED, ())
    return Reply(_typed(path, rows), message)


def _rows_of(path: Path, content: bytes, first: msgspec.Raw) -> dict[str, Any]:
    """The fields that are read of the rows of a reply; which those are the `first` row says."""
    figure, mark, code = float | int | None, bool | int | str | None, int | str | None
    kinds = dict.fromkeys(FIGURES, figure) | dict.fromkeys((*ESTIMATED, *MADE_BY), mark)
    try:
        names = {name.lower(): name for name in msgspec.json.decode(first, type=dict[str, Any])}
        kept = _fields(path, names)
        fields = [(name, kinds.get(name, code)) for name in kept]
        row: Any = msgspec.defstruct("Row", fields, rename=names)
        reply_of: Any = msgspec.defstruct("Rows", [("data", list[row])])
        rows = msgspec.json.decode(content, type=reply_of).data
    except (msgspec.DecodeError, RecursionError) as error:
        expected = "objects with a number or a text in each field"
        raise LayoutError(path, expected, str(error)) from error
    for name in kept:  # of a field that stands twice in a row the parser takes the last
        if content.count(f'"{names[name]}"'.encode()) > len(rows):
            raise LayoutError(path, "each field of a row once", f"{names[name]} twice")
    columns = zip(*map(msgspec.structs.astuple, rows), strict=True)
    return dict(zip(kept, columns, strict=True))


def _table(path: Path) -> pd.DataFrame:
    """The fields that are read of an export; all are ASCII, so Latin-1 is no matter."""
    compression = "gzip" if _head(path).startswith(GZIP) else None
    most = min(LARGEST, max(1 << 20, SWELLING * path.stat().st_size))
    try:
        with gzip.open(path) if compression else path.open("rb") as file:
            top = chunk = file.read(1 << 14)
            size = len(top)
            while chunk and size <= most:  # nothing of it is kept
                chunk = file.read(1 << 20)
                size += len(chunk)
    except (OSError, EOFError, zlib.error) as error:
        raise LayoutError(path, "a whole gzip file", str(error), "fetch it again") from error
    if size > most:
        expected = f"a table of at most {most >> 20} MiB unpacked"
        raise LayoutError(path, expected, "more", "ask for less at once")
    lines = top.removeprefix(BOM_UTF8).decode("latin-1").splitlines()
    delimiter = "\t" if "\t" in lines[0] else ","
    head, line = (
        next(csv.reader([line], delimiter=delimiter), []) for line in [*lines, "", ""][:2]
    )
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
    parsing = pacsv.ParseOptions(delimiter=delimiter)
    try:
        with pa.input_stream(path, compression=compression) as stream:
            table = pacsv.read_csv(stream, reading, parsing, conversion)
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        raise LayoutError(path, f"{len(names)} fields a row", str(error).splitlines()[0]) from error
    return _typed(path, dict(zip(kept, table.columns, strict=True)))


def _fields(path: Path, names: Collection[str]) -> list[str]:
    """The fields that are read, of those that a file has; none may be missing."""
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise LayoutError(path, f"the fields {', '.join(NEEDED)}", f"no {', '.join(missing)}")
    return [name for name in READ if name in names]


def _typed(path: Path, columns: Mapping[str, Any]) -> pd.DataFrame:
    """The columns of a file that are read: figures as float64, others as words without blanks."""
    made = {}
    for name in _fields(path, columns):
        values = columns[name]
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
            column = pc.cast(column, pa.float64() if is_figure else pa.string())
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            what = "a number" if is_figure else "texts or numbers alone"
            raise LayoutError(path, f"{what} in {name}", str(error).splitlines()[0]) from error
        # One channel writes a number where another writes a word, or adds a blank.
        made[name] = column if is_figure else pc.utf8_trim_whitespace(column).dictionary_encode()
    rows = pa.table(made).to_pandas()
    rows.index += 1
    return rows


# --- from records to rows ------------------------------------------------------------------------


def _contradictory(path: Path, rows: pd.DataFrame) -> pd.Series:
    """Return which rows have a flag for fields that contradict one another, by :data:`PAIRS`.

    Raises
    ------
    LayoutError
        Some may not; the message names the record and both fields.
    """
    is_odd = pd.Series(False, rows.index)
    for first, second, agree, is_refused in PAIRS:
        if second not in rows:
            continue
        pairs = [*zip(rows[first].tolist(), rows[second].tolist(), strict=True)]
        # What is not stated is not a number, and so not itself.
        odd = {(a, b) for a, b in set(pairs) if a and b and a == a and b == b and not agree(a, b)}
        if not odd:
            continue
        are_odd = [pair in odd for pair in pairs]
        if is_refused:
            record = are_odd.index(True)
            raise LayoutError(
                f"{path}: record {record + 1}",
                f"{first} and {second} that state the same",
                "{!r} and {!r}".format(*pairs[record]),
                "ask for the reply again",
            )
        is_odd |= np.array(are_odd)
    return is_odd


def _totals(
    path: Path, rows: pd.DataFrame, breakdown: str
) -> tuple[pd.DataFrame, dict[str, int], dict[str, float]]:
    """The total rows, the parts by one break-down after them, and what was left out, by reason.

    Each part needs its total among them. What was left out is counted, and valued.
    """
    is_flow = rows["flowcode"].isin(FLOWS)
    is_whole = pd.DataFrame({name: rows[name].isin(of) for name, of in WHOLE.items()})
    is_total = is_flow & is_whole.all(axis=1)
    rows["breakdown"] = "total"
    if is_total.all():
        return rows, {}, {}
    flow = rows["flowcode"].map(lambda word: PART_OF.get(word, word))
    cell = rows[CELL].assign(flowcode=flow).groupby(CELL, observed=True, dropna=False).ngroup()
    orphans = rows.index[~cell.isin(cell[is_total])]
    if len(orphans):
        raise LayoutError(
            f"{path}: record {orphans[0]}",
            "a total beside each break-down",
            f"{len(orphans)} break-downs without one",
            "ask for partner2Code=0, customsCode=C00 and motCode=0 too",
        )
    is_kept, kept = is_total, [rows[is_total]]
    if breakdown:
        field, word = PARTED_BY[breakdown]
        is_wanted = is_flow & ~is_whole[field] & is_whole.drop(columns=field).all(axis=1)
        parts = rows[is_wanted]
        kept.append(parts.assign(breakdown=f"{word}=" + parts[field].astype(str)))
        is_kept |= is_wanted
    reasons = is_flow.map(
        {True: "break-down whose total is kept", False: "flow inside imports or exports"}
    )
    worths = rows["primaryvalue"][~is_kept].groupby(reasons)
    value = worths.sum(min_count=1).dropna().to_dict()
    return pd.concat(kept), worths.size().to_dict(), value


def _columns(
    path: Path, rows: pd.DataFrame, unequal: Collection[tuple[str, ...]]
) -> dict[str, Any]:
    """Return the columns of the trade table from total rows; for a vintage its data set."""
    reporter, partner, period, flow, goods = (
        rows[name] for name in ("reportercode", "partnercode", "period", "flowcode", "cmdcode")
    )
    is_import = flow.isin(["M", "RM"])
    is_annual = rows["freqcode"].eq("A")
    figures, is_estimated, is_odd = _figures(rows, is_import)
    names = zip(reporter, period, flow, partner, goods, strict=True)
    is_unequal = np.array([name in unequal for name in names], bool)
    marks = {
        "contradictory": is_odd,
        "estimated": is_estimated,
        "unequal": is_unequal & rows["breakdown"].eq("total"),
    }
    years, months = period.str[:4], period.str[4:].replace("", "01")
    return {
        **reading.A_FLOW,
        **figures,
        "source_row": rows.index,
        "reporter_iso": codes.areas(pa.array(reporter), "comtrade", path),
        "reporter_code": reporter,
        "partner_iso": codes.areas(pa.array(partner), "comtrade", path),
        "partner_code": partner,
        "area_system": "comtrade",
        "partner_role": np.where(is_import, "origin", "destination"),
        "flow_code": flow,
        "classification_code": rows["classificationcode"],
        "cmd_code": pa.array(goods),
        "breakdown": rows["breakdown"].tolist(),
        "freq_code": rows["freqcode"],
        "ref_period": pd.to_datetime(years + months, format="%Y%m"),
        "n_months": np.where(is_annual, 12, 1),
        "vintage": [" ".join(pair) for pair in zip(reporter, period, strict=True)],
        "flags": reading.flags(len(rows), **{word: pa.array(mark) for word, mark in marks.items()}),
    }


def _figures(
    rows: pd.DataFrame, is_import: pd.Series
) -> tuple[dict[str, Any], pd.Series, pd.Series]:
    """Return the figures of each row, which amounts are estimated, and which rows are odd.

    The value that is not the primary one is null in older rows and 0.0 in newer ones. Odd is one
    that is neither its CIF nor its FOB value, an export of which the CIF value alone is stated,
    and a quantity in kilograms, the weight where no net weight is stated, beside another.
    """
    primary = rows["primaryvalue"]
    cif, fob, weight, quantity = (
        rows[name].mask(rows[name].eq(0) & primary.fillna(0).ne(0))  # not published
        for name in ("cifvalue", "fobvalue", "netwgt", "qty")
    )
    is_fob = primary == fob
    is_cif = (primary == cif) & (is_import | ~is_fob)
    other = cif.mask(is_cif, fob).where(is_cif | is_fob)
    is_either = _is_near(primary, cif) | _is_near(primary, fob)
    is_odd = rows["odd"] | (cif.notna() | fob.notna()) & ~is_either
    is_odd |= cif.notna() & fob.isna() & ~is_import

    code = rows["qtyunitcode"].astype("str")
    known = reading.units("comtrade")
    unit = code.map({word: unit for word, (unit, _) in known.items()})
    scale = code.map({word: scale for word, (_, scale) in known.items()}).astype(float)
    stated = quantity.mask(code.eq("-1"))
    scaled = pd.Series(pc.round(pa.array(stated * scale, from_pandas=True), 6), rows.index, float)
    weighed = scaled.where(unit.eq("kg"))
    qty = scaled.mask(unit.eq("kg"))
    is_odd |= weighed.notna() & weight.notna() & ~_is_near(weighed, weight)

    side = _texts(other, np.where(is_cif, "FOB ", "CIF "))
    foreign = _texts(stated.where(unit.isna()), "qty ") + " in unit " + code
    # A weight for want of a net one is the quantity in kilograms, and as well estimated.
    amounts = qty.fillna(weighed.mask(weight.notna())), weight.fillna(weighed)
    is_estimated = [
        rows[name].str.lower().isin(["true", "1"]) & amount.notna()
        for name, amount in zip(ESTIMATED, amounts, strict=True)
    ]
    columns = {
        "value_reported": primary,
        "primary_value_usd": primary,
        "currency": "USD",
        "valuation": pd.Series("FOB", rows.index, object).where(is_fob).mask(is_cif, "CIF"),
        "net_wgt_kg": weight.fillna(weighed),
        "qty": qty,
        "qty_unit": unit.where(qty.notna(), "none"),
        "note": (side + "; " + foreign).fillna(side).fillna(foreign).astype(object),
    }
    return columns, is_estimated[0] | is_estimated[1], is_odd


def _is_near(first: pd.Series, second: pd.Series) -> pd.Series:
    """Where two figures are the same, but for what rounding makes of them."""
    return (first - second).abs() <= first.abs() * NEAR


def _texts(figures: pd.Series, before: Any) -> pd.Series:
    """Figures as texts, 100 for 100.0, after what stands `before`; null where there is none."""
    texts = pc.cast(pa.array(figures, from_pandas=True), pa.string())
    return before + pd.Series(texts.to_pylist(), figures.index, "str")
