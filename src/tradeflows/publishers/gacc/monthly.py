"""Tables (13) and (14) of the monthly bulletin of China's customs, as pages of the English site."""

import re
from collections.abc import Collection, Iterator
from datetime import date
from html import unescape
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, reading

LARGEST = 2 << 20  # bytes; the pages have some 0.2 MB, and a parser makes a hundredfold of tags
TITLE = re.compile(
    r"[(（](13|14)[)）]\s*Major (Ex|Im)port Commodities in Quantity and Value\s*,\s*"
    r"(\d\d?)(?:\s*-\s*(\d\d?))?\s*\.\s*([12]\d{3})(?!\d|\s*\(\s*in (?!US))",
    re.ASCII,
)
MONEY = re.compile(r"US\$\s*1,?000\b(?!,?\d|\s*\w*illion)")
SAID = re.compile(r"\bUnit\s*[:：]\s*(.{0,20})")
FLOWS = {"13": ("Ex", "X", "FOB", "destination"), "14": ("Im", "M", "CIF", "origin")}
DEEPEST = 24  # tables, rows and cells within one another
MARKUP = 60_000  # tags; a page has some six thousand
COLUMNS = 8  # commodity, unit, two figures of the month, two of the year to date, two changes
# Commodities that are a product of products.csv; every other keeps its name.
KNOWN = {
    "crude petroleum oils": ("HS", "2709"),
    "crude petroleum oil": ("HS", "2709"),
    "coal and lignite": ("HS", "2701+2702"),
    "natural gases": ("HS", "271111+271121"),
    "natural gases in liquefied state": ("HS", "271111"),
    "refined petroleum products": ("GACC", "oil_products"),
}
HEADS = ("commodity", "commodities")  # of the header's rows
TAGS = ("table", "tr", "td")
SPANS = (("month", "period", 2), ("year to date", "ytd", 4))  # over what, from which column on
NESTED = re.compile(r"<(/?)(?:table|tr|td)[\s>]", re.IGNORECASE)
ROW = re.compile(r"<tr[\s>].*?(</tr\s*>|\Z)", re.IGNORECASE | re.DOTALL)
FIGURE = re.compile(reading.WITH_COMMAS, re.ASCII)
NONE = ("-", "", "–", "—")


def clean(path: Path, source: Source, *, flow: str = "") -> Iterator[Part]:
    """China's trade with the world by commodity: the month, and the year to date.

    Parameters
    ----------
    path
        The page with the table, as a browser saves it.
    source
        Its catalogue entry.
    flow
        Not needed, since the title says it; refused where it contradicts the title.

    Yields
    ------
    Part
        Two rows of :data:`~tradeflows.model.schema.TRADE` a commodity: dollars (the page prints
        thousands) and kilograms, or the unit that the page prints. A title such as 1-2.2020 makes
        a block of January and February. The changes on the year before are left aside: they are
        ratios of kept figures.

    Raises
    ------
    LayoutError
        No title, no "US$1,000", a table that is not whole, or an unknown unit.
    QueryError
        `flow` contradicts the title.
    """
    text = _text(path)
    lines = [cells for _, cells in _rows(path, text)]
    title, first, last = _title(path, text)
    if flow not in ("", title["flow_code"]):
        way = "Imports" if title["flow_code"] == "M" else "Exports"
        raise QueryError(f"{path}: the page says {way}, not --flow {flow}; leave it out")
    for field, cumulation, column in SPANS:
        is_month = cumulation == "period"
        start = first if is_month else first.replace(month=1)
        months = last - start.month + 1
        base = reading.A_FLOW | title
        base["source_field"] = field
        base["cumulation"] = cumulation
        base["vintage"] = source.vintage
        base["ref_period"] = pa.scalar(start, pa.date32())
        base["n_months"] = months
        base["flags"] = "block" if is_month and months > 1 else ""
        figures = _figures(path, lines, column)
        rows = reading.rows(source, TRADE, base | figures)
        yield Part(rows, len(lines) if is_month else 0, {}, empty=len(lines) - len(rows))


def _title(path: Path, text: str) -> tuple[dict[str, Any], date, int]:
    """Return what the one title of a page says of all rows, its first month and its last.

    Raises
    ------
    LayoutError
        There is none or another, in another unit of money, or it contradicts itself.
    """
    words = " ".join(re.sub(r"<[^>]*>", " ", unescape(text)).split())
    titles = {match.groups() for match in TITLE.finditer(words)}
    other = [unit for unit in SAID.findall(words) if not MONEY.match(unit)]
    has_money = MONEY.search(words)
    if len(titles) != 1 or other or not has_money:
        unit = "US$1,000" if has_money else "no US$1,000"
        expected = "one table (13) or (14) with its month, in US$1,000"
        money = repr(other[0]) if other else unit
        raise LayoutError(path, expected, f"{len(titles)} such titles, {money}")
    number, way, first, last, year = titles.pop()
    named, flow, valuation, role = FLOWS[number]
    last = int(last or first)
    if way != named or not 1 <= int(first) <= last <= 12:
        raise LayoutError(path, "a title that agrees with itself", f"({number}) {way}port {words}")
    columns = {
        "reporter_iso": "CHN",
        "reporter_code": "142",
        "area_system": "gacc",
        "partner_iso": codes.WORLD,
        "partner_code": "all",
        "partner_role": role,
        "flow_code": flow,
        "valuation": valuation,
        "currency": "USD",
    }
    return columns, date(int(year), int(first), 1), last


def _figures(path: Path, lines: list[list[str]], column: int) -> dict[str, pa.Array]:
    """Return the quantities and values from `column` on, as columns of the table."""
    known = reading.units("gacc monthly")
    figures = []
    for record, cells in enumerate(lines, start=1):
        name, word = cells[:2]
        unit = re.sub(r"\s+|(?<=\d),(?=000)", "", word).upper()
        if word not in NONE and unit not in known:
            expected = f"a unit of {', '.join(known)}"
            raise LayoutError(f"{path}: {name}", expected, repr(word), "add it to units.csv")
        # A group of goods may have no unit in common.
        unit, factor = ("none", 1.0) if word in NONE else known[unit]
        numbers = []
        for cell, times in zip(cells[column : column + 2], (factor, 1000.0), strict=True):
            if cell not in NONE and not FIGURE.fullmatch(cell):
                raise LayoutError(f"{path}: {name}", "a number or -", repr(cell))
            number = None if cell in NONE else round(float(cell.replace(",", "")) * times, 6)
            numbers.append(number)
        slug = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
        product = KNOWN.get(name.casefold(), ("GACC", f"GACC:{slug}"))
        if numbers != [None, None]:
            figures.append((record, *product, unit, *numbers))
    names = ["record", "system", "product", "unit", "amount", "value"]
    table = pd.DataFrame(figures, columns=names)
    value = pa.array(table["value"].astype("float64"), from_pandas=True)
    amount = pa.array(table["amount"].astype("float64"), from_pandas=True)
    return {
        "source_row": pa.array(table["record"], pa.int64()),
        "classification_code": arrow.texts(table["system"]),
        "cmd_code": arrow.texts(table["product"]),
        "value_reported": value,
        "primary_value_usd": value,
        **reading.weight_or_quantity(amount, arrow.texts(table["unit"])),
    }


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Rows of the table as they stand in the page."""
    text = _text(path)
    starts = np.cumsum([0, *(len(line) + 1 for line in text.split("\n"))])
    records_of = {}
    for record, (row, _) in enumerate(_rows(path, text), start=1):
        line = row.sourceline or 0
        match = ROW.match(text, int(starts[line - 1]) + (row.sourcepos or 0))
        if match and record in wanted:
            records_of[record] = reading.Record(line, match[0])
    return records_of


def _text(path: Path) -> str:
    try:
        return reading.whole(path, LARGEST).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise reading.not_utf8(path) from error


def _rows(path: Path, text: str) -> list[tuple[Tag, list[str]]]:
    """Each commodity's row and its cells; a page whose tags do not close is refused, not mended."""
    kept = []
    for row in _page(path, text).find_all("tr"):
        cells = [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")]
        if not cells or cells[0].casefold() in HEADS:
            continue
        # A heading has few figures, if any: May, 1-5, the year before.
        figures = [cell for cell in cells if FIGURE.fullmatch(cell)]
        if len(cells) == COLUMNS or len(figures) > 2 or "," in "".join(figures):
            kept.append((row, cells))
    broken = [cells for _, cells in kept if len(cells) != COLUMNS or not all(cells[:2])]
    if broken or not kept:
        expected = f"rows of {COLUMNS} cells, commodity and unit first"
        raise LayoutError(path, expected, f"{broken[:1]}")
    return kept


def _page(path: Path, text: str) -> BeautifulSoup:
    """Return the page, if a parser makes no more of it than its size, and all its tags close."""
    if text.count("<") > MARKUP:
        raise LayoutError(path, f"a page of at most {MARKUP:,} tags", "more", "save it again")
    steps = [-1 if match[1] else 1 for match in NESTED.finditer(text)]
    if max(accumulate(steps), default=0) > DEEPEST:
        expected = f"at most {DEEPEST} tables, rows and cells within one another"
        raise LayoutError(path, expected, "more")
    opened, closed = (
        [len(re.findall(rf"<{slash}{tag}[\s>]", text, re.IGNORECASE)) for tag in TAGS]
        for slash in ("", "/")
    )
    try:
        page = BeautifulSoup(text, "html.parser") if opened == closed else None
    except ParserRejectedMarkup as error:
        raise LayoutError(path, "HTML", "markup that no parser takes", "save it again") from error
    if page is None or [len(page.find_all(tag)) for tag in TAGS] != opened:
        expected = f"as many <{'>, <'.join(TAGS)}> closed as opened"
        tags = f"{opened} opened, {closed} closed"
        raise LayoutError(path, expected, tags, "save the page whole")
    return page
