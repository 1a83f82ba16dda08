"""What a row of UN Comtrade states twice, compared: a contradiction is an error, or a flag."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.publishers import arrow

# The publisher's signs for the units that goods come in; the others are rare, and pass.
UNITS = {
    "n/a": "-1",
    "m²": "2",
    "1000 kwh": "3",
    "m": "4",
    "u": "5",
    "2u": "6",
    "l": "7",
    "kg": "8",
    "1000u": "9",
    "12u": "11",
    "m³": "12",
    "carat": "13",
    "km": "14",
    "g": "15",
    "1000 m³": "17",
    "tj": "18",
    "bbl": "19",
}
FLOW_NAMES = {
    "import": "M",
    "export": "X",
    "re-import": "RM",
    "re-export": "RX",
    "foreign import": "FM",
    "domestic export": "DX",
    "import of goods for inward processing": "MIP",
    "import of goods after outward processing": "MOP",
    "export of goods after inward processing": "XIP",
    "export of goods for outward processing": "XOP",
}
ALL_GOODS = "all commodities"
NEAR = 1e-6  # of a figure: what rounding to a binary number may make of it


def _same_country(code: str, other: str) -> bool:
    """Return whether an area may stand beside a code: it is not another country."""
    area = codes.area_codes("comtrade").get(code, "")
    both = bool(area and other) and codes.is_country(area) and codes.is_country(other)
    return not both or area == other


def _is_iso(code: str, iso: str) -> bool:
    """Return whether an ISO code may stand beside a code; special areas share those of others."""
    return _same_country(code, iso if iso in codes.area_codes("iso3") else "")


def _is_name(code: str, name: str) -> bool:
    return _same_country(code, codes.named(name))


# Two fields that state one thing, and whether their texts go together. A year has the month 52.
PAIRS = (
    ("period", "refyear", lambda period, year: period[:4] == year),
    ("period", "refmonth", lambda period, month: (period[4:] or "52") == month.zfill(2)),
    ("period", "refperiodid", lambda period, day: f"{period}0101"[:8] == day),
    ("reportercode", "reporteriso", _is_iso),
    ("partnercode", "partneriso", _is_iso),
    ("reportercode", "reporterdesc", _is_name),
    ("partnercode", "partnerdesc", _is_name),
    ("flowcode", "flowdesc", lambda code, name: FLOW_NAMES.get(name.casefold(), code) == code),
    ("qtyunitcode", "qtyunitabbr", lambda code, sign: UNITS.get(sign.casefold(), code) == code),
)
MARKS = ("isreported", "isaggregate")  # who made the row: its country, or the publisher
COMPARED = (*(second for _, second, _ in PAIRS), "cmddesc", *MARKS)  # where a file has them


def text(rows: pa.Table, name: str) -> pa.Array:
    """Codes as text: one channel writes a number where another writes a word, or adds a blank."""
    return pc.utf8_trim_whitespace(pc.cast(rows[name].combine_chunks(), pa.string()))


def require_agreement(path: Path, rows: pa.Table) -> None:
    """Refuse a row whose fields contradict one another, and an impossible product.

    Compared are the :data:`PAIRS`, as far as the file has them.

    Raises
    ------
    LayoutError
        The message names the record and both fields.
    CodeError
        No edition of the Harmonized System can have a product's code; the message says so where
        it has lost its leading zero.
    """
    for first, second, agree in PAIRS:
        if second not in rows.column_names:
            continue
        columns = {name: text(rows, name) for name in (first, second)}
        pairs = pa.table(columns | {"ordinal": rows["ordinal"]})
        for pair in pairs.group_by([first, second]).aggregate([("ordinal", "min")]).to_pylist():
            code, other = pair[first], pair[second]
            if other and code and not agree(code, other):
                place = f"{path}: record {pair['ordinal_min']}"
                expected = f"{first} and {second} that state the same"
                stated = f"{code!r} and {other!r}"
                raise LayoutError(place, expected, stated, "ask for the reply again")
    for code in pc.unique(text(rows, "cmdcode")).drop_null().to_pylist():
        if code != "TOTAL" and not codes.HS.fullmatch(code):
            raise CodeError(f"{path}: {codes.impossible(code)}")


@cache
def _codes_by_name() -> dict[str, set[str]]:
    """Return the codes of each official name of goods; several share names such as "other"."""
    names: dict[str, set[str]] = defaultdict(set, {ALL_GOODS: {"TOTAL"}})
    for code, name in codes.harmonized_system().items():
        names[name.casefold()].add(code)
    return names


def contradictory(rows: pa.Table) -> pa.Array:
    """Return which rows have the name of other goods, or of two makers or none."""
    is_odd = pa.repeat(False, len(rows))
    if "cmddesc" in rows.column_names:
        both = pc.binary_join_element_wise(text(rows, "cmdcode"), text(rows, "cmddesc"), "\t")
        is_odd = arrow.meanings(both, _is_of_other_goods, pa.bool_())
    if {*MARKS} <= {*rows.column_names}:
        made_by = [pc.utf8_lower(text(rows, name)) for name in MARKS]
        is_odd = pc.or_(is_odd, arrow.is_true(pc.equal(*made_by)))
    return is_odd


def _is_of_other_goods(both: str | None) -> bool:
    code, _, name = (both or "").partition("\t")
    return code not in _codes_by_name().get(name.casefold(), {code})


def is_near(first: pa.Array, second: pa.Array) -> pa.Array:
    """Return where two figures are the same, but for what rounding makes of them."""
    apart = pc.abs(pc.subtract(first, second))
    return arrow.is_true(pc.less_equal(apart, pc.multiply(pc.abs(first), NEAR)))
