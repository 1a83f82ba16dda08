"""What a row of UN Comtrade states twice, compared: a contradiction is an error, or a flag."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.publishers import arrow

OPTIONAL = (
    "refyear",
    "refperiodid",
    "reporteriso",
    "reporterdesc",
    "partneriso",
    "partnerdesc",
    "qtyunitabbr",
)
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
NEAR = 1e-6  # of a figure: what rounding to a binary number may make of it


def require_agreement(path: Path, rows: pa.Table) -> None:
    """Refuse a row whose fields contradict one another.

    Compared are the period with its year and its id, the codes of reporter and partner with their
    ISO code and name, and the code of a unit with its sign, as far as the reply has them.

    Raises
    ------
    LayoutError
        The message names the record and both fields.
    """
    for first, second, agree in (
        ("period", "refyear", _year_of),
        ("period", "refperiodid", _id_of),
        ("reportercode", "reporteriso", _is_area),
        ("partnercode", "partneriso", _is_area),
        ("reportercode", "reporterdesc", _is_named),
        ("partnercode", "partnerdesc", _is_named),
        ("qtyunitcode", "qtyunitabbr", _is_unit),
    ):
        if second in rows.column_names:
            _require(path, rows, first, second, agree)


def _require(
    path: Path, rows: pa.Table, first: str, second: str, agree: Callable[[str, str], bool]
) -> None:
    pairs = pa.table({name: _text(rows[name]) for name in (first, second)})
    pairs = pairs.append_column("ordinal", rows["ordinal"])
    distinct = pairs.group_by([first, second]).aggregate([("ordinal", "min")])
    for pair in distinct.to_pylist():
        code, other = pair[first], pair[second]
        if other and code and not agree(code, other):
            place = f"{path}: record {pair['ordinal_min']}"
            expected = f"{first} and {second} that state the same"
            stated = f"{code!r} and {other!r}"
            raise LayoutError(place, expected, stated, "ask for the reply again")


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.utf8_trim_whitespace(pc.cast(column, pa.string()))


def _year_of(period: str, year: str) -> bool:
    return period[:4] == year


def _id_of(period: str, identity: str) -> bool:
    return f"{period}0101"[:8] == identity


def _is_area(code: str, iso: str) -> bool:
    """Return whether an ISO code may stand beside a code; special areas share those of others."""
    return _same_country(code, iso if iso in codes.area_codes("iso3") else "")


def _is_named(code: str, name: str) -> bool:
    """Return whether a name may stand beside a code: it is not that of another country."""
    return _same_country(code, codes.named(name))


def _same_country(code: str, other: str) -> bool:
    area = codes.area_codes("comtrade").get(code, "")
    both = bool(area and other) and codes.is_country(area) and codes.is_country(other)
    return not both or area == other


def _is_unit(code: str, sign: str) -> bool:
    return UNITS.get(sign.casefold(), code) == code


def require_products(path: Path, products: pa.Array) -> None:
    """Refuse a product code that no edition of the Harmonized System can have.

    Raises
    ------
    CodeError
        The message says so where the code has lost its leading zero.
    """
    for code in pc.unique(products).drop_null().to_pylist():
        if code != "TOTAL" and not codes.HS.fullmatch(code):
            raise CodeError(f"{path}: {codes.impossible(code)}")


@dataclass(frozen=True)
class Values:
    """The values of n rows: the primary one, both sides of the border, and which side it is.

    `is_something` where the primary value is not zero.
    """

    primary: pa.Array
    cif: pa.Array
    fob: pa.Array
    valuation: pa.Array
    is_something: pa.Array


@dataclass(frozen=True)
class Amounts:
    """The quantities of n rows.

    Attributes
    ----------
    weight
        The net weight or, where none is stated, a quantity in kilograms.
    net_weight, weighed
        Both as they are stated.
    qty, unit
        A quantity in another unit, and that unit.
    foreign, code
        A quantity in a unit that units.csv does not have, and the code of the unit.
    """

    weight: pa.Array
    net_weight: pa.Array
    weighed: pa.Array
    qty: pa.Array
    unit: pa.Array
    foreign: pa.Array
    code: pa.Array


def contradictory(values: Values, amounts: Amounts, imports: pa.Array) -> pa.Array:
    """Return which rows contradict themselves in ways for which the publisher is known.

    That is a value that is neither its CIF nor its FOB one, an export of which the CIF value alone
    is stated, and a quantity in kilograms beside another net weight.
    """
    has_cif, has_fob = values.cif.is_valid(), values.fob.is_valid()
    is_either = pc.or_(_near(values.primary, values.cif), _near(values.primary, values.fob))
    other_value = pc.and_(pc.or_(has_cif, has_fob), pc.invert(is_either))
    cif_alone = pc.and_(has_cif, pc.invert(has_fob))
    other_side = pc.and_(cif_alone, pc.invert(imports))
    both = pc.and_(amounts.weighed.is_valid(), amounts.net_weight.is_valid())
    is_same = _near(amounts.weighed, amounts.net_weight)
    other_weight = pc.and_(both, pc.invert(is_same))
    return pc.or_(pc.or_(other_value, other_side), other_weight)


def _near(first: pa.Array, second: pa.Array) -> pa.Array:
    apart = pc.abs(pc.subtract(first, second))
    allowed = pc.multiply(pc.abs(first), NEAR)
    return arrow.is_true(pc.less_equal(apart, allowed))
