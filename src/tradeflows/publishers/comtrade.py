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
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as pacsv
from pyarrow import json as pajson

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, delimited, raw_records
from tradeflows.publishers.bounds import require_modest_gzip, require_shallow
from tradeflows.publishers.comtrade_checks import (
    OPTIONAL,
    contradictory,
    require_agreement,
    require_products,
)

if TYPE_CHECKING:
    import pandas as pd

ALL = "all"

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
CELL = ["period", "reportercode", "flowcode", "partnercode", "classificationcode", "cmdcode"]


class Asked(NamedTuple):
    """What a reply was asked for, in the publisher's codes; ``all`` is every one."""

    reporters: tuple[str, ...]
    periods: tuple[str, ...]
    partners: tuple[str, ...]
    products: tuple[str, ...]
    flows: tuple[str, ...]


class Reply(NamedTuple):
    """What one file holds: `rows` by lower-case field name, and the `error` that it reports."""

    rows: pa.Table
    error: str


def clean(
    path: Path,
    source: Source,
    releases: Mapping[str, str] | None = None,
    cap: int = 0,
    unequal: Sequence[str] = (),
) -> Iterator[Part]:
    """Trade rows of one saved reply or export, one batch.

    Parameters
    ----------
    path
        JSON reply, bulk file (tab separated, gzip) or ``TradeData.csv``, unedited.
    releases
        For "reporter period" (both in the publisher's codes) the date of the release, a blank and
        the data set's checksum; a row without gets the source's vintage.
    cap
        Row cap under which the reply was asked for; 0 means that any known cap is refused.
    unequal
        Wholes, as "reporter period flow partner product", that their parts do not add up to.

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
    rows, records = reply.rows, len(reply.rows)
    if records and records in ({int(cap)} if cap else {*CAPS}) and not _gzip(path):
        raise LayoutError(
            path, "a whole reply", f"{records} records, which is a row cap", "ask for less at once"
        )
    if not records:
        rows = pa.table({name: pa.array([], pa.string()) for name in NEEDED})
    ordinal = pa.array(range(1, records + 1), pa.int64())
    names = [name for name in (*NEEDED, *OPTIONAL) if name in rows.column_names]
    rows = rows.select(names).append_column("ordinal", ordinal).combine_chunks()
    for name, pattern, what in (
        ("typecode", "^C$", "goods (C)"),
        ("freqcode", "^[AM]$", "A or M"),
        ("classificationcode", r"^H(\d|S)$", "HS (H0, H1, …)"),
        ("flowcode", f"^({'|'.join([*FLOWS, *PART_OF])})$", "a flow of the publisher's list"),
        ("period", r"^[12]\d{3}(0[1-9]|1[0-2])?$", "a year or a month such as 202305"),
    ):
        _demand(path, rows, name, pattern, what)
    require_agreement(path, rows)
    require_products(path, _text(rows, "cmdcode"))
    rows, left_out, value = _totals(path, rows)
    columns = _columns(path, source, rows, releases or {}, unequal)
    yield Part(delimited.rows(source, TRADE, columns), records, left_out, value)


def asked(source: Source) -> Asked:
    """What the reply of `source` was asked for; its address says it."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(source.address).query).items()}
    names = ("reporterCode", "period", "partnerCode", "cmdCode", "flowCode")
    return Asked(*(tuple(query.get(name, ALL).split(",")) for name in names))


def covers(source: Source, rows: pd.DataFrame) -> pd.Series:
    """Whether the reply of `source` was asked for each of `rows`, periods and reporters apart."""
    box, goods = asked(source), rows["cmd_code"]
    level = "AG" + goods.str.len().astype("str")
    is_asked = (goods.isin(box.products) | level.isin(box.products)) & rows["flow_code"].isin(
        box.flows
    )
    return is_asked if ALL in box.partners else is_asked & rows["partner_code"].isin(box.partners)


def _columns(
    path: Path, source: Source, rows: pa.Table, releases: Mapping[str, str], unequal: Sequence[str]
) -> dict[str, Any]:
    """The columns of the trade table from total rows."""
    text = {name: _text(rows, name) for name in (*CELL, "freqcode", "qtyunitcode")}
    value, cif, fob = (
        _number(path, rows, name) for name in ("primaryvalue", "cifvalue", "fobvalue")
    )
    imports = pc.is_in(text["flowcode"], pa.array(["M", "RM"]))
    something = pc.fill_null(pc.not_equal(value, 0), False)
    # The value that is not the primary one is null in older rows and 0.0 in newer ones.
    cif, fob = (
        pc.if_else(pc.and_(something, pc.equal(side, 0)), None, side) for side in (cif, fob)
    )
    is_cif, is_fob = (pc.fill_null(pc.equal(value, side), False) for side in (cif, fob))
    valuation = pc.if_else(
        pc.if_else(imports, is_cif, pc.and_(is_cif, pc.invert(is_fob))),
        "CIF",
        pc.if_else(is_fob, "FOB", pa.scalar(None, pa.string())),
    )
    other_side = pc.if_else(pc.equal(valuation, "CIF"), fob, cif)
    other = pc.if_else(pc.equal(valuation, "CIF"), "FOB ", "CIF ")

    code, amount, units = (
        text["qtyunitcode"],
        _number(path, rows, "qty"),
        delimited.units("comtrade"),
    )
    unit = _looked_up(code, {word: unit for word, (unit, _) in units.items()}, "")
    scale = _looked_up(code, {word: factor for word, (_, factor) in units.items()}, 1.0)
    weight = _number(path, rows, "netwgt")
    amount, weight = (
        pc.if_else(pc.and_(something, pc.equal(amounts, 0)), None, amounts)
        for amounts in (amount, weight)
    )
    amount = pc.if_else(pc.equal(code, "-1"), None, amount)
    weighed = pc.equal(unit, "kg")
    scaled = pc.round(pc.multiply(amount, scale), 6)
    twice = contradictory(value, cif, fob, pc.if_else(weighed, scaled, None), weight)
    weight = pc.coalesce(weight, pc.if_else(weighed, scaled, None))
    known = pc.invert(pc.or_(weighed, pc.equal(unit, "")))
    qty = pc.if_else(known, scaled, None)
    foreign = pc.if_else(pc.equal(unit, ""), amount, None)
    estimated = pc.or_(
        pc.and_(_true(rows, "isqtyestimated"), pc.is_valid(qty)),
        pc.and_(_true(rows, "isnetwgtestimated"), pc.is_valid(weight)),
    )
    dataset = pc.binary_join_element_wise(text["reportercode"], text["period"], " ")
    cell = pc.binary_join_element_wise(
        dataset, text["flowcode"], text["partnercode"], text["cmdcode"], " "
    )
    annual = pc.equal(text["freqcode"], "A")
    return delimited.A_FLOW | {
        "source_row": rows["ordinal"],
        "reporter_iso": codes.areas(text["reportercode"], "comtrade", path),
        "reporter_code": text["reportercode"],
        "partner_iso": codes.areas(text["partnercode"], "comtrade", path),
        "partner_code": text["partnercode"],
        "area_system": "comtrade",
        "partner_role": pc.if_else(imports, "origin", "destination"),
        "flow_code": text["flowcode"],
        "classification_code": text["classificationcode"],
        "cmd_code": text["cmdcode"],
        "freq_code": text["freqcode"],
        "ref_period": _first_day(path, text["period"], annual),
        "n_months": pc.if_else(annual, pa.scalar(12, pa.int64()), pa.scalar(1, pa.int64())),
        "qty_unit": pc.if_else(pc.is_valid(qty), unit, "none"),
        "vintage": _released(dataset, releases, source.vintage),
        "value_reported": value,
        "currency": "USD",
        "valuation": valuation,
        "primary_value_usd": value,
        "net_wgt_kg": weight,
        "qty": qty,
        "flags": delimited.flags(
            len(rows),
            contradictory=twice,
            estimated=estimated,
            unequal=pc.is_in(cell, pa.array(list(unequal), pa.string())),
        ),
        "note": _joined(
            pc.if_else(
                pc.is_valid(other_side),
                pc.binary_join_element_wise(other, pc.cast(other_side, pa.string()), ""),
                None,
            ),
            pc.if_else(
                pc.is_valid(foreign),
                pc.binary_join_element_wise(
                    "qty", pc.cast(foreign, pa.string()), "in unit", code, " "
                ),
                None,
            ),
        ),
    }


def records(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Lines of an export, or members of the list ``data`` of a reply, as they stand."""
    with gzip.open(path) if _gzip(path) else path.open("rb") as file:
        head = file.read(512).lstrip(b"\xef\xbb\xbf \t\r\n")
        file.seek(0)
        if not head.startswith(b"{"):
            quoted = b"\t" not in head.partition(b"\n")[0]
            return raw_records.table(path, file, wanted, quoted=quoted)
        raw = file.read()
    require_shallow(path, raw)
    text = raw.decode("utf-8-sig")
    if not (start := re.search(r'"data"\s*:\s*\[', text)):
        raise LayoutError(path, "a reply with a list of data", "none")
    decoder, members, at = json.JSONDecoder(), dict[int, raw_records.Record](), start.end()
    try:
        for record in range(1, max(wanted) + 1):
            at = re.compile(r"[\s,]*").match(text, at).end()  # type: ignore[union-attr]
            begin, (_, at) = at, decoder.raw_decode(text, at)
            if record in wanted:
                members[record] = raw_records.Record(text.count("\n", 0, begin) + 1, text[begin:at])
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
    size = path.stat().st_size
    try:
        reply = pajson.read_json(
            path,
            read_options=pajson.ReadOptions(block_size=size + 1, use_threads=False),
            parse_options=pajson.ParseOptions(newlines_in_values=True),
        )
    except pa.ArrowInvalid as error:
        raise LayoutError(path, "a whole JSON reply", str(error).splitlines()[0]) from error
    first = {name: reply[name][0].as_py() for name in reply.column_names if name != "data"}
    message = str(first.get("error") or first.get("message") or "")
    data = reply["data"].chunk(0) if "data" in reply.column_names else None
    if data is None or not pa.types.is_list(data.type):
        if message:
            return Reply(pa.table({}), message)
        raise LayoutError(path, "an object with data", ", ".join(reply.column_names) or "nothing")
    data = data.flatten()
    if len(data) != first.get("count", len(data)):
        raise LayoutError(path, f"the {first['count']} rows that it counts", f"{len(data)}")
    rows = _fields_of(path, data) if len(data) else pa.table({})
    return Reply(rows, message)


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
    if missing := [name for name in NEEDED if name not in names]:
        raise LayoutError(path, f"the fields {', '.join(NEEDED)}", f"no {', '.join(missing)}")


def _table(path: Path, compression: str | None) -> pa.Table:
    """The needed columns of an export as text; all of them are ASCII, so Latin-1 is no matter."""
    if compression:
        require_modest_gzip(path)
    try:
        with pa.input_stream(path, compression=compression) as stream:
            top = stream.read(16_384).decode("latin-1").lstrip("ï»¿").splitlines()
    except OSError as error:
        raise LayoutError(path, "a whole gzip file", str(error)) from error
    tab = "\t" if top and "\t" in top[0] else ","
    first = [next(csv.reader([line], delimiter=tab), []) for line in [*top, "", ""][:2]]
    names = [name.strip().lower() for name in first[0]]
    # A trailing delimiter below a header without one: a reader that guesses shifts every column.
    ends_open = len(first[1]) == len(names) + 1 and first[1][-1] == ""
    names += [""] if ends_open else []
    _demand_fields(path, names)
    kept = [name for name in (*NEEDED, *OPTIONAL) if name in names]
    try:
        with pa.input_stream(path, compression=compression) as stream:
            table = pacsv.read_csv(
                stream,
                pacsv.ReadOptions(column_names=names, skip_rows=1, encoding="latin-1"),
                pacsv.ParseOptions(delimiter=tab),
                pacsv.ConvertOptions(
                    include_columns=kept,
                    column_types=dict.fromkeys(kept, pa.string()),
                    strings_can_be_null=True,
                    null_values=["", "null"],
                ),
            )
    except (pa.ArrowInvalid, OSError, EOFError) as error:
        raise LayoutError(path, f"{len(names)} fields a row", str(error).splitlines()[0]) from error
    return table


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
    rounded = pc.fill_null(pc.match_substring_regex(column, "[eE]"), False)
    if pc.any(rounded, min_count=0).as_py():
        at = pc.index(rounded, True).as_py()
        raise LayoutError(
            f"{path}: record {rows['ordinal'][at].as_py()}",
            f"all digits of a number in {name}",
            repr(column[at].as_py()),
            "export the file again; a spreadsheet has rounded this one",
        )


def _true(rows: pa.Table, name: str) -> pa.Array:
    text = pc.utf8_lower(_text(rows, name))
    return pc.fill_null(pc.is_in(text, pa.array(["true", "1"])), False)


def _demand(path: Path, rows: pa.Table, name: str, pattern: str, what: str) -> None:
    values = pc.unique(_text(rows, name))
    bad = pc.invert(pc.fill_null(pc.match_substring_regex(values, pattern), False))
    if unexpected := values.filter(bad).to_pylist():
        raise LayoutError(path, f"{what} in {name}", ", ".join(map(repr, unexpected[:5])))


def _totals(path: Path, rows: pa.Table) -> tuple[pa.Table, dict[str, int], dict[str, float]]:
    """The total rows; a break-down is left out, counted and valued if its total is among them."""
    flow = _text(rows, "flowcode")
    # "0 " and "0" are one code; only services have a mode of supply, so none or -1 will do.
    keep = pc.is_in(flow, pa.array(FLOWS))
    for name, total in (
        ("partner2code", ["0"]),
        ("customscode", ["C00"]),
        ("motcode", ["0"]),
        ("moscode", ["0", "-1", "", None]),
    ):
        keep = pc.and_(keep, pc.is_in(_text(rows, name), pa.array(total, pa.string())))
    kept, parts = rows.filter(keep), rows.filter(pc.invert(keep))
    if not len(parts):
        return rows, {}, {}
    flow, worth = _text(parts, "flowcode"), _number(path, parts, "primaryvalue")
    inside = pc.is_in(flow, pa.array(list(PART_OF)))
    main = pa.array(
        [PART_OF.get(flow_word, flow_word) for flow_word in flow.to_pylist()], pa.string()
    )
    place = parts.schema.get_field_index("flowcode")
    parts = parts.set_column(place, "flowcode", main).select([*CELL, "ordinal"])
    orphans = parts.join(kept.select(CELL), keys=CELL, join_type="left anti")
    if len(orphans):
        record = pc.min(orphans["ordinal"]).as_py()
        raise LayoutError(
            f"{path}: record {record}",
            "a total beside each break-down",
            f"{len(orphans)} break-downs without one",
            "ask for partner2Code=0, customsCode=C00 and motCode=0 too",
        )
    left = {
        "break-down whose total is kept": worth.filter(pc.invert(inside)),
        "flow inside imports or exports": worth.filter(inside),
    }
    return (
        kept.combine_chunks(),
        {why: len(worths) for why, worths in left.items() if len(worths)},
        {why: pc.sum(worths).as_py() for why, worths in left.items() if worths.drop_null()},
    )


def _looked_up(values: pa.Array, meaning: Mapping[str, Any], other: Any) -> pa.Array:
    coded = pc.dictionary_encode(values, null_encoding="encode")
    known = [meaning.get(word, other) for word in coded.dictionary.to_pylist()]
    return pa.array(known, pa.scalar(other).type).take(coded.indices)


def _released(dataset: pa.Array, releases: Mapping[str, str], vintage: str) -> pa.Array:
    return _looked_up(dataset, {name: text.split()[0] for name, text in releases.items()}, vintage)


def _first_day(path: Path, period: pa.Array, annual: pa.Array) -> pa.Array:
    if not pc.all(pc.equal(pc.equal(pc.utf8_length(period), 4), annual), min_count=0).as_py():
        raise LayoutError(path, "years where freqcode is A and months where it is M", "a mixture")
    month = pc.if_else(annual, "01", pc.utf8_slice_codeunits(period, 4, 6))
    year = pc.utf8_slice_codeunits(period, 0, 4)
    return delimited.days(pc.binary_join_element_wise(year, month, "01", "-"))


def _joined(first: pa.Array, second: pa.Array) -> pa.Array:
    return pc.coalesce(pc.binary_join_element_wise(first, second, "; "), first, second)
