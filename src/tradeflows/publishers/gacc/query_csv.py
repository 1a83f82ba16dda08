"""China's customs: the CSV that the online query exports, and the English monthly tables.

Source: General Administration of Customs of China, http://stats.customs.gov.cn (query) and
http://english.customs.gov.cn (tables 13 and 14 of the monthly bulletin).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.codelists import rows_of
from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.periods import first_day, parse_period_or_window
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, plausibility, reading, workbooks
from tradeflows.publishers.gacc import monthly

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
    "second unit": "unit",
}
ENDS = {"M": ("CIF", "origin"), "X": ("FOB", "destination")}
OTHER_CURRENCY = 5.0  # times what goods are worth, as yuan are under the heading of dollars
YUAN = (1.4, 9.0)  # for a dollar, ever since 1980, with some room
SMALL = 1_000.0  # a value whose rounding to whole units a rate would show
MOST = 64 << 20  # bytes of a file
REMAINDER = r"(?i)\s*(其他|其它|未列名|other)"  # names that several products may well have
AGAIN = "obtain the file again"
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
    source = source or reading.uncatalogued(path, "gacc", "trade")
    asked = {"period": period, "product": product, "partner": partner}
    if _is_page(path):
        for option in filter(asked.get, asked):
            raise QueryError(f"{path}: the page says that itself; leave --{option} out")
        yield from monthly.clean(path, source, flow=flow)
        return
    raw, note = _utf8(path)
    names = _names(path, raw)
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
    base = {**_asked(path, flow, **asked), "note": note}
    block = reading.block(path, names, raw)
    end = block.text("end")
    block.require(pc.equal(end, ""), "nothing after the last comma", end)
    # Not the line ends: an editor may have changed them, or added some.
    if len(block) in (CUT_OFF - 1, CUT_OFF):
        raise LayoutError(
            path,
            f"fewer than {CUT_OFF:,} lines",
            f"{len(block):,} below the header, where the site cuts off",
            "ask it for less at a time (tradeflows guide gacc)",
        )
    yield _part(block, source, flow, base)


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Lines of the query's file, or rows of a page's table, as they stand."""
    if _is_page(path):
        return monthly.records(path, wanted)
    if workbooks.is_workbook(path):
        return workbooks.records(path, wanted)
    with path.open("rb") as file:
        return reading.table(path, file, wanted, "utf-8-sig" if _in_utf8(path) else "gb18030")


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(512).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")


def _in_utf8(path: Path) -> bool:
    """Whether the header is in UTF-8, as a program writes that saved the file anew."""
    with path.open("rb") as file:
        head = file.readline(4_096)
    return any(chinese.encode() in head for chinese, *_ in HEADINGS.values())


def _utf8(path: Path) -> tuple[bytes, str | None]:
    """Return the file in UTF-8 with a comma at each line's end, and a note if it was saved anew.

    Bytes that are no GB18030 are shown as such: a name that is not needed may hold some.
    """
    if workbooks.is_workbook(path):
        text = StringIO()
        lines = workbooks.table(path)
        width = len([heading for heading in lines[0] if heading])
        csv.writer(text, lineterminator="\n").writerows([*line[:width], ""] for line in lines)
        return text.getvalue().encode(), "re-encoded: saved as a workbook"
    raw = reading.whole(path, MOST)
    if not _in_utf8(path):
        return raw.decode("gb18030", "backslashreplace").encode(), None
    try:
        return raw.decode("utf-8-sig").encode(), "re-encoded: saved as UTF-8"
    except UnicodeDecodeError as error:
        raise LayoutError(path, "GB18030 or UTF-8", "both", "obtain it again") from error


def _names(path: Path, raw: bytes) -> list[str]:
    """Our names of the columns, in the file's order; the empty one after the last comma is end."""
    *headings, last = [heading.strip() for heading in reading.header(path, raw=raw)] or [""]
    if last:
        todo = "save the file as the site exports it"
        raise LayoutError(path, "a comma at the end of the header", repr(last)[:99], todo)
    unlisted = [heading for heading in headings if heading not in FIELDS]
    if unlisted:
        raise LayoutError(path, "headings of the customs query", f"{unlisted[:5]}")
    names = [FIELDS[heading] for heading in headings]
    has_figure = not {"USD", "CNY", "quantity"}.isdisjoint(names)
    if len(set(names)) < len(names) or not has_figure:
        raise LayoutError(path, "each heading once, and a value or a quantity", f"{headings}")
    for name, code in NEEDS.items():
        if name in names and code not in names:
            expected = f"the heading {HEADINGS[code][0]}"
            raise LayoutError(path, expected, f"{HEADINGS[name][0]} alone")
    return [*names, "end"]


def _asked(path: Path, flow: str, period: str, product: str, partner: str) -> dict[str, Any]:
    """What all rows have in common, since the query was asked for it and its file does not say."""
    base: dict[str, Any] = {"flow_code": flow}
    if period:
        window = parse_period_or_window(period, "period")
        start, months = first_day(window.start), len(window)
        is_year = months == 12 and start.month == 1
        base["ref_period"] = pa.scalar(start, pa.date32())
        base["n_months"] = months
        base["freq_code"] = "A" if is_year else "M"
        base["flags"] = "" if is_year or months == 1 else "block"
    if product:
        if product != "TOTAL" and not re.match(DIGITS["product"], product):
            raise QueryError(
                f"--product {product}: expected an HS code of 2 to 10 digits, or TOTAL"
            )
        base["cmd_code"] = product
    if partner:
        base |= _asked_partner(path, flow, partner)
    return base


def _asked_partner(path: Path, flow: str, partner: str) -> dict[str, Any]:
    """Return the partner that a query was asked for, and the flow, which it may make another."""
    area = codes.area_codes("gacc").get(partner) or codes.area(partner)
    here = ["all"] if area == codes.WORLD else codes.codes_of(area, "gacc")
    if not here:
        raise QueryError(f"{path}: --partner {partner}: {area} has no code at China's customs")
    are_reimports = flow == "M" and here == [REIMPORTS]
    flow = "RM" if are_reimports else flow
    return {"partner_iso": area, "partner_code": ",".join(here), "flow_code": flow}


# --- what a line states twice, and what it may not state -----------------------------------------


@cache
def partner_names() -> Mapping[str, str]:
    """Return the customs' code of each area, by its usual Chinese or English name."""
    return {row["name"]: row["code"] for row in rows_of("gacc_partner_names.csv")}


def _names_beside(block: reading.Block) -> np.ndarray:
    """Return which records have the name of a product that stands beside another code too.

    The name of another code, a second name of a code and a second code of a partner are refused.
    All are compared within a month, since a product's name may change from year to year.
    """
    cells = block.cells.to_pandas()
    months = cells["month"] if "month" in cells else pd.Series("", cells.index)
    for side in ("partner", "product"):
        if f"{side} name" not in cells:
            continue
        code, name = cells[side], cells[f"{side} name"]
        expected = f"one {side} and one name beside each other"
        meant = name.map(partner_names()).fillna(code) if side == "partner" else code
        earlier = name.groupby([months, code]).transform("first")
        for is_good, known in ((meant == code, meant), (earlier == name, earlier)):
            shown = [arrow.texts(column) for column in (code, name, known)]
            block.require(pa.array(is_good), expected, *shown, todo=AGAIN)
        is_shared = code.groupby([months, name]).transform("nunique") > 1
        if side == "partner":
            block.require(pa.array(~is_shared), expected, *shown, todo=AGAIN)
        elif not is_shared.empty:
            return (is_shared & ~name.str.match(REMAINDER)).to_numpy()
    return np.zeros(len(block), bool)


# --- rows of the table ---------------------------------------------------------------------------


def _part(block: reading.Block, source: Source, flow: str, base: dict[str, Any]) -> Part:
    """Return the rows of all records."""
    names = block.cells.schema.names
    for name, digits in DIGITS.items():
        if name in names:
            what = "a month such as 202305" if name == "month" else "a code"
            block.demand(HEADINGS[name][0], block.text(name), digits, what)
    is_shared = _names_beside(block)
    currencies = [currency for currency in ("CNY", "USD") if currency in names]
    values = {name: block.number(name, reading.WITH_COMMAS) for name in currencies}
    if len(values) == 2:
        yuan, dollars = values.values()
        rate = pc.divide(yuan, dollars)
        is_rate = pc.and_(pc.greater(rate, YUAN[0]), pc.less(rate, YUAN[1]))
        is_small = pc.and_(pc.less_equal(dollars, SMALL), pc.less_equal(yuan, SMALL))
        expected = "a value in yuan that is its value in dollars at some rate"
        block.require(pc.or_(is_rate, is_small), expected, yuan, dollars, todo=AGAIN)
    reported = next(iter(values.values()), pa.nulls(len(block), pa.float64()))
    valuation, role = ENDS[flow]
    row = reading.A_FLOW | base
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
    rows, lost = _with_quantities(block, source, row, reported)
    rows = plausibility.with_flag(
        rows, is_shared[rows["source_row"].to_numpy() - 1], plausibility.TWICE
    )
    return Part(rows, len(block), {LOST: lost} if lost else {})


def _stated(block: reading.Block, flow: str) -> dict[str, Any]:
    """Return what a record says of its partner, product, month and part, as far as it does."""
    names = block.cells.schema.names
    row: dict[str, Any] = {}
    if "partner" in names:
        partner = row["partner_code"] = block.text("partner")
        row["partner_iso"] = codes.areas(partner, "gacc", block.path)
        if flow == "M":
            row["flow_code"] = pc.if_else(pc.equal(partner, REIMPORTS), "RM", "M")
    if "product" in names:
        row["cmd_code"] = block.text("product")
    if "month" in names:
        row["ref_period"] = reading.months(block.text("month"))
    parts = [name for name in ("province", "regime") if name in names]
    if parts:
        texts = [pc.binary_join_element_wise(f"{name}=", block.text(name), "") for name in parts]
        row["breakdown"] = pc.binary_join_element_wise(*texts, ",")
    return row


def _quantity(
    block: reading.Block, name: str, unit_of: str, value: pa.Array
) -> tuple[pa.Array, pa.Array]:
    """Return a quantity in our unit, null where 0 stands for "not published"; and the unit."""
    if name not in block.cells.schema.names:
        return pa.nulls(len(block), pa.float64()), pa.repeat("none", len(block))
    known = reading.units("gacc") | {NO_UNIT: ("none", 1.0)}
    stated = block.number(name, reading.WITH_COMMAS)
    amount, unit = reading.quantity(block.record, unit_of, block.text(unit_of), stated, known)
    is_unknown = pc.and_(pc.equal(amount, 0), arrow.is_true(pc.not_equal(value, 0)))
    return arrow.without(amount, is_unknown), unit


def _with_quantities(
    block: reading.Block, source: Source, row: Mapping[str, Any], value: pa.Array
) -> tuple[pa.RecordBatch, int]:
    """Return rows with up to two quantities, a second row where both are in a unit of their own.

    Besides how many quantities that are not zero reach none.
    """
    first, unit = _quantity(block, "quantity", "unit", value)
    second, other = _quantity(block, "second quantity", "second unit", value)
    is_weight, has_none = pc.equal(unit, "kg"), pc.equal(unit, "none")
    is_free = pc.or_(is_weight, has_none)  # for the second one to stand in its place
    is_own = pc.invert(pc.is_in(other, arrow.texts(["kg", "none"])))
    is_second = pc.and_(is_free, is_own)
    amounts = {
        "net_wgt_kg": pc.if_else(is_weight, first, pc.if_else(pc.equal(other, "kg"), second, None)),
        "qty": pc.if_else(is_free, pc.if_else(is_second, second, None), first),
        "qty_unit": pc.if_else(is_free, pc.if_else(is_second, other, "none"), unit),
    }
    rows = reading.rows(source, TRADE, {**row, **amounts}, factor=OTHER_CURRENCY)
    is_apart = pc.and_(pc.and_(pc.invert(is_free), is_own), pc.not_equal(unit, other))
    if arrow.is_any(is_apart):
        amounts = {
            "source_field": "second quantity",
            "value_reported": None,
            "primary_value_usd": None,
            "qty": second,
            "qty_unit": pc.if_else(is_apart, other, "none"),
        }
        more = reading.rows(source, TRADE, {**row, **amounts}).filter(is_apart)
        rows = pa.concat_batches([rows, more])
    is_lost = pc.or_(pc.equal(other, "none"), pc.equal(unit, other))
    lost = 0
    for amount, where in ((first, has_none), (second, is_lost)):
        lost += pc.sum(pc.and_(where, pc.not_equal(amount, 0))).as_py() or 0
    return rows, lost
