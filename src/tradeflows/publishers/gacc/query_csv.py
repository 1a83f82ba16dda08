"""China's customs: the CSV that the online query exports, and the English monthly tables.

Source: General Administration of Customs of China, http://stats.customs.gov.cn (query) and
http://english.customs.gov.cn (tables 13 and 14 of the monthly bulletin).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.periods import first_day, parse_period_or_window
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, delimited, raw_records, workbooks
from tradeflows.publishers.gacc import monthly
from tradeflows.publishers.gacc.agreement import Names, require_one_value

CUT_OFF = 10_000  # lines, after which the query's export stops without a word
REIMPORTS = "142"  # China as the origin of what China imports
HEADINGS = {
    "month": ("数据年月", "Date of data"),
    "product": ("商品编码", "Commodity code"),
    "product name": ("商品名称", "Commodity"),
    "partner": ("贸易伙伴编码", "Trading partner code"),
    "partner name": ("贸易伙伴名称", "Trading partner"),
    "regime": ("贸易方式编码", "Customs Regime code"),
    "regime name": ("贸易方式名称", "Customs Regime"),
    "province": ("注册地编码", "Locations of importers and exporters code"),
    "province name": ("注册地名称", "Locations of importers and exporters"),
    "quantity": ("第一数量", "Quantity"),
    "unit": ("第一计量单位", "Unit"),
    "second quantity": ("第二数量", "Supplementary Quantity", "Supplimentary Quantity"),
    "second unit": ("第二计量单位", "Supplementary Unit", "Supplimentary Unit"),
    "USD": ("美元", "US dollar"),
    "CNY": ("人民币", "Renminbi Yuan"),
}
FIELDS = {heading: field for field, headings in HEADINGS.items() for heading in headings}
DIGITS = {
    "month": r"^[12]\d{3}(0[1-9]|1[0-2])$",
    "product": r"^(\d\d){1,5}$",
    "partner": r"^\d{3}$",
    "regime": r"^\d\d$",
    "province": r"^\d{2,5}$",
}
OPTIONS = {  # what the file may not say: its name there, and an example
    "period": ("month", "2023-01/2023-05"),
    "product": ("product", "2709, or TOTAL"),
    "partner": ("partner", "RUS, or World"),
}
NEEDS = {  # what a heading is of no use without
    "product name": "product",
    "partner name": "partner",
    "regime name": "regime",
    "province name": "province",
    "quantity": "unit",
    "second quantity": "second unit",
}
ENDS = {"M": ("CIF", "origin"), "X": ("FOB", "destination")}
OTHER_CURRENCY = 5.0  # times what goods are worth, as yuan are under the heading of dollars
MOST = 64 << 20  # bytes of a file that is held whole
NO_UNIT, LOST = "?", "quantity that has no unit, or a second one in the first one's"


def clean(
    path: Path,
    source: Source | None = None,
    *,
    flow: str = "",
    period: str = "",
    product: str = "",
    partner: str = "",
) -> Iterator[Part]:
    """Trade of China by product, partner and month.

    Parameters
    ----------
    path
        A CSV as the query exports it (GB18030, any choice and order of columns, Chinese or
        English), or saved anew in UTF-8 or as a workbook, which the note of its rows says; or a
        page with the table (13) or (14).
    source
        Its catalogue entry, if it has one.
    flow
        M or X: the query's file does not say which. Imports of origin China become RM.
    period
        2023, 2023-05 or 2023-01/2023-05, where the query's file has no month.
    product, partner
        What the query was asked for, where its file has no such column: a code, or TOTAL; an area
        by id, code of the customs or name, or World.

    Yields
    ------
    Part
        Rows of :data:`~tradeflows.model.schema.TRADE`, values in the currency of their heading;
        a file with both has yuan as reported and dollars beside. Quantities in kilograms are net
        weights, others stand in their own unit; where a record has two others, the second is a
        row of its own, without value. Regimes and provinces are break-downs, and nothing is added
        up. A zero quantity beside a value is "not published" and becomes null.

    Raises
    ------
    QueryError
        An option is lacking or wrong, or the file says it itself.
    LayoutError
        Another layout, or exactly 10,000 lines: there the site cuts off. Or a name of another
        code than the one beside it, or two values that no rate of exchange connects.
    CodeError
        A partner is in no code list.
    """
    if flow not in ("", *ENDS):
        raise QueryError(f"flow {flow!r}: expected M for imports or X for exports")
    source = source or delimited.uncatalogued(path, "gacc", "trade")
    page = _page(path)
    asked = {"period": period, "product": product, "partner": partner}
    for option in filter(asked.get, asked):
        if page:
            raise QueryError(f"{path}: the page says that itself; leave --{option} out")
    if page:
        yield from monthly.clean(path, source, flow=flow)
    else:
        yield from _query(path, source, flow, asked)


def records(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Lines of the query's file, or rows of a page's table, as they stand."""
    if _page(path):
        return monthly.records(path, wanted)
    if workbooks.is_workbook(path):
        return raw_records.of_workbook(path, wanted)
    with path.open("rb") as file:
        return raw_records.table(path, file, wanted, "utf-8-sig" if _in_utf8(path) else "gb18030")


def _page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(512).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")


def _query(path: Path, source: Source, flow: str, asked: dict[str, str]) -> Iterator[Part]:
    saved = _saved(path)
    names = _names(path, saved.raw)
    if not flow:
        raise QueryError(
            f"{path}: the file does not say whether these are imports or exports; "
            "add --flow M or --flow X"
        )
    for option, (name, example) in OPTIONS.items():
        if name not in names and not asked[option]:
            raise QueryError(f"{path}: the file has no {name}; add --{option}, such as {example}")
        if name in names and asked[option]:
            raise QueryError(f"{path}: the file has its {name}; leave --{option} out")
    base = {**_asked(path, flow, **asked), "note": saved.note}
    known = Names()
    records = 0
    for block in delimited.blocks(path, names, names, utf8=False, raw=saved.raw):
        if arrow.is_any(pc.not_equal(block.text("end"), "")):
            raise LayoutError(path, "nothing after the last comma", "a cell more")
        records += len(block)
        part = _flows(block, source, flow, base)
        known.require_same(block)
        yield part
    # Not the line ends: an editor may have changed them, or added some.
    if records in (CUT_OFF - 1, CUT_OFF):
        raise LayoutError(
            path,
            f"fewer than {CUT_OFF:,} lines",
            f"{records:,} below the header, where the site cuts off",
            "ask it for less at a time (tradeflows guide gacc)",
        )


def _asked(path: Path, flow: str, period: str, product: str, partner: str) -> dict[str, Any]:
    """What all rows have in common, since the query was asked for it and its file does not say."""
    base: dict[str, Any] = {"flow_code": flow}
    if period:
        base |= _asked_period(period)
    if product:
        if product != "TOTAL" and not re.match(DIGITS["product"], product):
            raise QueryError(
                f"--product {product}: expected an HS code of 2 to 10 digits, or TOTAL"
            )
        base["cmd_code"] = product
    if partner:
        base |= _asked_partner(path, flow, partner)
    return base


def _asked_period(period: str) -> dict[str, Any]:
    """Return the period that a query was asked for."""
    window = parse_period_or_window(period, "period")
    start, months = first_day(window.start), len(window)
    is_year = months == 12 and start.month == 1
    return {
        "ref_period": pa.scalar(start, pa.date32()),
        "n_months": months,
        "freq_code": "A" if is_year else "M",
        "flags": "" if is_year or months == 1 else "block",
    }


def _asked_partner(path: Path, flow: str, partner: str) -> dict[str, Any]:
    """Return the partner that a query was asked for, and the flow, which it may make another."""
    area = codes.area_codes("gacc").get(partner) or codes.area(partner)
    here = ["all"] if area == codes.WORLD else codes.codes_of(area, "gacc")
    if not here:
        raise QueryError(f"{path}: --partner {partner}: {area} has no code at China's customs")
    are_reimports = flow == "M" and here == [REIMPORTS]
    return {
        "partner_iso": area,
        "partner_code": ",".join(here),
        "flow_code": "RM" if are_reimports else flow,
    }


@dataclass(frozen=True)
class Saved:
    """What a program that saved the file anew changed.

    Attributes
    ----------
    raw
        The bytes that the site had written; None where the file has them.
    note
        What is to be said of it beside its figures.
    """

    raw: bytes | None = None
    note: str | None = None


def _saved(path: Path) -> Saved:
    """The bytes of the query's file as the site writes them: GB18030, with a comma at the end."""
    if workbooks.is_workbook(path):
        text = StringIO()
        lines = workbooks.table(path)
        width = len([heading for heading in lines[0] if heading])
        csv.writer(text, lineterminator="\n").writerows([*line[:width], ""] for line in lines)
        return Saved(text.getvalue().encode("gb18030"), "re-encoded: saved as a workbook")
    if not _in_utf8(path):
        return Saved()
    try:
        whole = delimited.whole(path, MOST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LayoutError(path, "GB18030 or UTF-8", "both", "obtain it again") from error
    return Saved(whole.encode("gb18030"), "re-encoded: saved as UTF-8")


def _in_utf8(path: Path) -> bool:
    """Whether the header is in UTF-8, as a program writes that saved the file anew."""
    with path.open("rb") as file:
        head = file.readline(4_096)
    return any(chinese.encode() in head for chinese, *_ in HEADINGS.values())


def _names(path: Path, raw: bytes | None) -> list[str]:
    """Our names of the columns, in the file's order; the empty one after the last comma is end."""
    row_heads = [heading.strip() for heading in delimited.header(path, "gb18030", raw=raw)]
    if not row_heads or row_heads[-1]:
        raise LayoutError(
            path,
            "a comma at the end of the header",
            repr(row_heads[-1:])[:99],
            "save the file as the site exports it",
        )
    return [*_known_names(path, row_heads), "end"]


def _known_names(path: Path, row_heads: list[str]) -> list[str]:
    """Return our names of the headings, if each code that a name needs is among them."""
    headings = row_heads[:-1]
    unlisted = [heading for heading in headings if heading not in FIELDS]
    if unlisted:
        raise LayoutError(path, "headings of the customs query", f"{unlisted[:5]}")
    names = [FIELDS[heading] for heading in headings]
    has_figure = not {"USD", "CNY", "quantity"}.isdisjoint(names)
    if len(set(names)) < len(names) or not has_figure:
        raise LayoutError(path, "each heading once, and a value or a quantity", f"{row_heads}")
    for name, code in NEEDS.items():
        if name in names and code not in names:
            expected = f"the heading {HEADINGS[code][0]}"
            raise LayoutError(path, expected, f"{HEADINGS[name][0]} alone")
    if "second unit" in names and "unit" not in names:
        expected = f"the heading {HEADINGS['unit'][0]}"
        raise LayoutError(path, expected, f"{HEADINGS['second unit'][0]} alone")
    return names


# --- rows of the table ---------------------------------------------------------------------------


def _flows(block: delimited.Block, source: Source, flow: str, base: dict[str, Any]) -> Part:
    """Return the rows of some records."""
    names = block.cells.schema.names
    for name, digits in DIGITS.items():
        if name in names:
            what = "a month such as 202305" if name == "month" else "a code"
            block.demand(HEADINGS[name][0], block.text(name), digits, what)
    values = {}
    for currency in ("CNY", "USD"):
        if currency in names:
            values[currency] = block.number(currency, delimited.WITH_COMMAS)
    if len(values) == 2:
        require_one_value(block, values)
    reported = next(iter(values.values()), pa.nulls(len(block), pa.float64()))
    valuation, role = ENDS[flow]
    row = delimited.A_FLOW | base
    row["reporter_iso"] = "CHN"
    row["reporter_code"] = REIMPORTS
    row["area_system"] = "gacc"
    row["source_row"] = block.rows()
    row["partner_role"] = role
    row["vintage"] = source.vintage
    row["valuation"] = valuation if values else None
    row["value_reported"] = reported
    row["currency"] = next(iter(values), None)
    row["primary_value_usd"] = values.get("USD")
    row |= _stated(block, flow)
    return _quantities(block, source, row, _both(block, reported))


def _stated(block: delimited.Block, flow: str) -> dict[str, Any]:
    """Return what a record says of its partner, product, month and part, as far as it does."""
    names = block.cells.schema.names
    row: dict[str, Any] = {}
    if "partner" in names:
        partner = block.text("partner")
        row["partner_code"] = partner
        row["partner_iso"] = codes.areas(partner, "gacc", block.path)
        if flow == "M":
            row["flow_code"] = pc.if_else(pc.equal(partner, REIMPORTS), "RM", "M")
    if "product" in names:
        row["cmd_code"] = block.text("product")
    if "month" in names:
        row["ref_period"] = delimited.months(block.text("month"))
    parts = []
    for name in ("province", "regime"):
        if name in names:
            parts.append(pc.binary_join_element_wise(f"{name}=", block.text(name), ""))
    if parts:
        row["breakdown"] = pc.binary_join_element_wise(*parts, ",")
    return row


@dataclass(frozen=True)
class Quantity:
    """One of a record's quantities, in our unit; null where 0 stands for "not published"."""

    amount: pa.Array
    unit: pa.Array

    @property
    def is_weight(self) -> pa.Array:
        """Where it is a weight."""
        return pc.equal(self.unit, "kg")

    @property
    def has_no_unit(self) -> pa.Array:
        """Where no unit is stated."""
        return pc.equal(self.unit, "none")

    @property
    def is_plain(self) -> pa.Array:
        """Where it has a unit that is no weight's."""
        return pc.invert(pc.or_(self.is_weight, self.has_no_unit))

    def count(self, where: pa.Array) -> int:
        """Return how many of those `where` are stated and not zero."""
        is_stated = pc.and_(where, pc.not_equal(self.amount, 0))
        return pc.sum(is_stated).as_py() or 0


def _both(block: delimited.Block, value: pa.Array) -> tuple[Quantity, Quantity]:
    """Return the two quantities of each record."""
    first = _quantity(block, "quantity", "unit", value)
    return first, _quantity(block, "second quantity", "second unit", value)


def _quantity(block: delimited.Block, name: str, unit_of: str, value: pa.Array) -> Quantity:
    if name not in block.cells.schema.names:
        return Quantity(pa.nulls(len(block), pa.float64()), pa.repeat("none", len(block)))
    known = delimited.units("gacc") | {NO_UNIT: ("none", 1.0)}
    units = {word: unit for word, (unit, _) in known.items()}
    factors = {word: factor for word, (_, factor) in known.items()}
    unit = block.words(unit_of, units, arrow.TEXT, "gb18030")
    factor = block.words(unit_of, factors, pa.float64(), "gb18030")
    amount = pc.multiply(block.number(name, delimited.WITH_COMMAS), factor)
    has_value = arrow.is_true(pc.not_equal(value, 0))
    return Quantity(arrow.without(amount, pc.and_(pc.equal(amount, 0), has_value)), unit)


def _quantities(
    block: delimited.Block,
    source: Source,
    row: Mapping[str, Any],
    quantities: tuple[Quantity, Quantity],
) -> Part:
    """Return the rows with up to two quantities, a second row where neither is a weight."""
    first, second = quantities
    second_weight = arrow.only(second.amount, second.is_weight)
    is_free = pc.and_(second.is_plain, pc.invert(first.is_plain))
    free_amount = arrow.only(second.amount, is_free)
    free_unit = pc.if_else(is_free, second.unit, "none")
    amounts = {
        "net_wgt_kg": pc.if_else(first.is_weight, first.amount, second_weight),
        "qty": pc.if_else(first.is_plain, first.amount, free_amount),
        "qty_unit": pc.if_else(first.is_plain, first.unit, free_unit),
    }
    rows = delimited.rows(source, TRADE, {**row, **amounts}, factor=OTHER_CURRENCY)
    are_plain = pc.and_(first.is_plain, second.is_plain)
    is_apart = pc.and_(are_plain, pc.not_equal(first.unit, second.unit))
    if arrow.is_any(is_apart):
        rows = pa.concat_batches([rows, _second_rows(source, row, second, is_apart)])
    is_same = pc.and_(pc.equal(first.unit, second.unit), pc.invert(second.has_no_unit))
    lost = first.count(first.has_no_unit)
    lost += second.count(pc.or_(second.has_no_unit, is_same))
    return Part(rows, len(block), {LOST: lost} if lost else {})


def _second_rows(
    source: Source, row: Mapping[str, Any], second: Quantity, is_apart: pa.Array
) -> pa.RecordBatch:
    """Return the rows of second quantities, without values."""
    amounts = {
        "source_field": "second quantity",
        "value_reported": None,
        "primary_value_usd": None,
        "qty": second.amount,
        "qty_unit": pc.if_else(is_apart, second.unit, "none"),
    }
    return delimited.rows(source, TRADE, {**row, **amounts}).filter(is_apart)
