"""China's customs: the CSV that the online query exports, and the English monthly tables.

Source: General Administration of Customs of China, http://stats.customs.gov.cn (query) and
http://english.customs.gov.cn (tables 13 and 14 of the monthly bulletin).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterator
from io import BytesIO, StringIO
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
from tradeflows.publishers import Part, plausibility, reading, workbooks
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
# How names begin that several products may well have.
REMAINDER = re.compile(r"\s*(其他|其它|未列名|other)", re.ASCII | re.IGNORECASE)
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
    base = _asked(path, flow, **asked) | {"note": note}
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
    return reading.table(path, BytesIO(_utf8(path)[0]), wanted)


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(512).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")


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
    if not any(chinese.encode() in raw[:4_096] for chinese, *_ in HEADINGS.values()):
        return raw.decode("gb18030", "backslashreplace").encode(), None
    try:
        return raw.decode("utf-8-sig").encode(), "re-encoded: saved as UTF-8"
    except UnicodeDecodeError as error:
        raise LayoutError(path, "GB18030 or UTF-8", "both", AGAIN) from error


def _names(path: Path, raw: bytes) -> list[str]:
    """Our names of the columns, in the file's order; the empty one after the last comma is end."""
    *headings, last = [heading.strip() for heading in reading.header(path, raw=raw)] or [""]
    if last:
        todo = "save the file as the site exports it"
        raise LayoutError(path, "a comma at the end of the header", repr(last)[:99], todo)
    names = [FIELDS.get(heading, "") for heading in headings]
    lacking = [
        HEADINGS[name][0] for name, code in NEEDS.items() if name in names and code not in names
    ]
    has_figure = not {"USD", "CNY", "quantity"}.isdisjoint(names)
    if "" in names or lacking or len(set(names)) < len(names) or not has_figure:
        expected = "headings of the customs query, each once, and a value or a quantity"
        found = f"{headings}" + (f", and {lacking} alone" if lacking else "")
        raise LayoutError(path, expected, found)
    return [*names, "end"]


def _asked(path: Path, flow: str, period: str, product: str, partner: str) -> dict[str, Any]:
    """What all rows have in common, since the query was asked for it and its file does not say."""
    base = reading.A_FLOW | {"flow_code": flow, "partner_role": ENDS[flow][1]}
    if period:
        window = parse_period_or_window(period, "period")
        is_year = len(window) == 12 and window.start % 12 == 0
        base |= {
            "ref_period": pa.scalar(first_day(window.start), pa.date32()),
            "n_months": len(window),
            "freq_code": "A" if is_year else "M",
            "flags": "" if is_year or len(window) == 1 else "block",
        }
    if product:
        if product != "TOTAL" and not re.match(DIGITS["product"], product):
            expected = "expected an HS code of 2 to 10 digits, or TOTAL"
            raise QueryError(f"--product {product}: {expected}")
        base["cmd_code"] = product
    return base | (_asked_partner(path, flow, partner) if partner else {})


def _asked_partner(path: Path, flow: str, partner: str) -> dict[str, str]:
    """Return the partner that a query was asked for, and the flow, which it may make another."""
    area = codes.area_codes("gacc").get(partner) or codes.area(partner)
    here = ["all"] if area == codes.WORLD else codes.codes_of(area, "gacc")
    if not here:
        raise QueryError(f"{path}: --partner {partner}: {area} has no code at China's customs")
    flow = "RM" if flow == "M" and here == [REIMPORTS] else flow
    return {"partner_iso": area, "partner_code": ",".join(here), "flow_code": flow}


# --- what a line states twice, and what it may not state -----------------------------------------


def _names_beside(block: reading.Block) -> pd.Series:
    """Return which records have the name of a product that stands beside another code too.

    The name of another code, a second name of a code and a second code of a partner are refused.
    All are compared within a month, since a product's name may change from year to year.
    """
    partners = {row["name"]: row["code"] for row in rows_of("gacc_partner_names.csv")}
    cells = block.cells.to_pandas()
    month = cells.get("month", pd.Series("", cells.index))
    is_twice = pd.Series(False, cells.index)
    for side, usual in (("partner", partners), ("product", {})):
        if f"{side} name" not in cells:
            continue
        code, name = cells[side], cells[f"{side} name"]
        earlier = name.groupby([month, code]).transform("first")
        is_shared = code.groupby([month, name]).transform("nunique") > 1
        is_own = [usual.get(*pair) == pair[1] for pair in zip(name, code, strict=True)]
        is_good = (earlier == name) & np.array(is_own, bool)
        if side == "partner":
            is_good &= ~is_shared
        shown = pa.array(code), pa.array(name)
        expected = f"one {side} and one name beside each other"
        block.require(pa.array(is_good), expected, *shown, todo=AGAIN)
        is_twice = is_shared & ~name.str.match(REMAINDER)
    return is_twice


# --- rows of the table ---------------------------------------------------------------------------


def _part(block: reading.Block, source: Source, flow: str, base: dict[str, Any]) -> Part:
    """Return the rows of all records."""
    lines = block.cells.to_pandas()
    for name, digits in DIGITS.items():
        if name in lines:
            what = "a month such as 202305" if name == "month" else "a code"
            block.demand(HEADINGS[name][0], block.text(name), digits, what)
    is_twice = np.array(_names_beside(block))
    none = pd.Series(np.nan, lines.index)
    values = {
        name: block.number(name, reading.WITH_COMMAS).to_pandas()
        for name in ("CNY", "USD")
        if name in lines
    }
    yuan, dollars = values.get("CNY", none), values.get("USD", none)
    rate, is_small = yuan / dollars, (yuan <= SMALL) & (dollars <= SMALL)
    is_good = pa.array(rate.isna() | rate.between(*YUAN, "neither") | is_small)
    expected = "a value in yuan that is its value in dollars at some rate"
    block.require(is_good, expected, pa.array(yuan), pa.array(dollars), todo=AGAIN)
    reported = next(iter(values.values()), none)
    amounts, lost = _amounts(block, reported)
    at = amounts.pop("at").to_numpy()
    is_first = np.arange(len(at)) < len(lines)
    row = base | amounts.to_dict("series")
    row |= {
        "valuation": ENDS[flow][0] if values else None,
        "reporter_iso": "CHN",
        "reporter_code": REIMPORTS,
        "area_system": "gacc",
        "vintage": source.vintage,
        "source_row": at + 1,
        "source_field": np.where(is_first, "", "second quantity"),
        "value_reported": reported[at].where(is_first),
        "currency": next(iter(values), None),
        "primary_value_usd": dollars[at].where(is_first),
    }
    row |= _stated(block.path, lines.iloc[at], flow)
    rows = reading.rows(source, TRADE, row, factor=OTHER_CURRENCY)
    rows = plausibility.with_flag(rows, is_twice[at], plausibility.TWICE)
    return Part(rows, len(block), {LOST: lost} if lost else {})


def _stated(path: Path, cells: pd.DataFrame, flow: str) -> dict[str, Any]:
    """Return what a record says of its partner, product, month and part, as far as it does."""
    row: dict[str, Any] = {}
    if "partner" in cells:
        partner = pa.array(cells["partner"])
        row |= {"partner_code": partner, "partner_iso": codes.areas(partner, "gacc", path)}
        if flow == "M":
            row["flow_code"] = np.where(cells["partner"] == REIMPORTS, "RM", "M")
    if "product" in cells:
        row["cmd_code"] = pa.array(cells["product"])
    if "month" in cells:
        row["ref_period"] = pd.to_datetime(cells["month"], format="%Y%m")
    parts = [f"{name}=" + cells[name] for name in ("province", "regime") if name in cells]
    if parts:
        row["breakdown"] = [",".join(words) for words in zip(*parts, strict=True)]
    return row


def _amounts(block: reading.Block, values: pd.Series) -> tuple[pd.DataFrame, int]:
    """Return the weight and the quantity of each record, then those of a second unit of its own.

    Zero beside a value is null. Besides how many quantities that are not zero reach no row.
    """
    known = reading.units("gacc") | {NO_UNIT: ("none", 1.0)}
    stated = []
    for name, unit in (("quantity", "unit"), ("second quantity", "second unit")):
        if name in block.cells.schema.names:
            number = block.number(name, reading.WITH_COMMAS)
            pair = reading.quantity(block.record, unit, block.text(unit), number, known)
            stated.append([*zip(*(column.to_pylist() for column in pair), strict=True)])
    lost, first, second = 0, [], []
    for at, value in enumerate(values.fillna(0)):
        units: dict[str, float | None] = {}
        for amount, unit in (pairs[at] for pairs in stated):
            if unit == "none" or unit in units:
                lost += bool(amount)
            else:
                units[unit] = None if value and not amount else amount
        weight = units.pop("kg", None)
        own, *more = [*units.items(), ("none", None)]
        first.append((at, weight, *own))
        second += [(at, None, *each) for each in more[:-1]]
    names = ["at", "net_wgt_kg", "qty_unit", "qty"]
    return pd.DataFrame(first + second, columns=names), lost
