"""Tables (13) and (14) of the monthly bulletin of China's customs, as pages of the English site."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from html import unescape
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, delimited, raw_records

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
NESTED = re.compile(r"<(/?)(?:table|tr|td)[\s>]", re.IGNORECASE)
ROW = re.compile(r"(?=(<tr[\s>].*?(?:</tr\s*>|\Z)))", re.IGNORECASE | re.DOTALL)
FIGURE = re.compile(delimited.WITH_COMMAS, re.ASCII)
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
    table = [cells for _, cells in _rows(path, text)]
    title = _title(path, text)
    if flow not in ("", title.flow):
        way = "Imports" if title.flow == "M" else "Exports"
        raise QueryError(f"{path}: the page says {way}, not --flow {flow}; leave it out")
    yield _part(path, source, title, table, MONTH)
    yield _part(path, source, title, table, YEAR_TO_DATE)


@dataclass(frozen=True)
class Title:
    """What the title of a page says: the flow, and the first and last month of a year."""

    flow: str
    valuation: str
    role: str
    year: int
    first: int
    last: int


@dataclass(frozen=True)
class Figures:
    """Where in a row a quantity stands, with the value after it, and over what both are."""

    field: str
    cumulation: str
    column: int


MONTH = Figures("month", "period", 2)
YEAR_TO_DATE = Figures("year to date", "ytd", 4)


def _title(path: Path, text: str) -> Title:
    """Return what the one title of a page says.

    Raises
    ------
    LayoutError
        There is none or another, in another unit of money, or it contradicts itself.
    """
    plain = re.sub(r"<[^>]*>", " ", unescape(text))
    words = " ".join(plain.split())
    titles = {match.groups() for match in TITLE.finditer(words)}
    other = [unit for unit in SAID.findall(words) if not MONEY.match(unit)]
    has_money = MONEY.search(words)
    if len(titles) != 1 or other or not has_money:
        unit = "US$1,000" if has_money else "no US$1,000"
        money = repr(other[0]) if other else unit
        expected = "one table (13) or (14) with its month, in US$1,000"
        raise LayoutError(path, expected, f"{len(titles)} such titles, {money}")
    number, way, first, last, year = titles.pop()
    named, flow, valuation, role = FLOWS[number]
    title = Title(flow, valuation, role, int(year), int(first), int(last or first))
    if way != named or not 1 <= title.first <= title.last <= 12:
        raise LayoutError(path, "a title that agrees with itself", f"({number}) {way}port {words}")
    return title


@dataclass(frozen=True)
class Line:
    """A commodity's row with a quantity or a value, in our unit and in dollars."""

    record: int
    classification: str
    product: str
    unit: str
    amount: float | None
    value: float | None


def _lines(path: Path, table: list[list[str]], figures: Figures) -> Iterator[Line]:
    """Yield the rows that have a quantity or a value over the span of `figures`."""
    for record, cells in enumerate(table, start=1):
        name = cells[0]
        place = f"{path}: {name}"
        unit, factor = _unit(place, cells[1])
        amount = _number(place, cells[figures.column], factor)
        value = _number(place, cells[figures.column + 1], 1000.0)
        system, product = KNOWN.get(name.casefold(), ("GACC", _slug(name)))
        if (amount, value) != (None, None):
            yield Line(record, system, product, unit, amount, value)


def _part(
    path: Path, source: Source, title: Title, table: list[list[str]], figures: Figures
) -> Part:
    """Return a row of the table for each commodity that has a quantity or a value."""
    lines = list(_lines(path, table, figures))
    is_month = figures is MONTH
    months = title.last - title.first + 1 if is_month else title.last
    start = date(title.year, title.first if is_month else 1, 1)
    value = pa.array([line.value for line in lines], pa.float64())
    columns = dict(delimited.A_FLOW)
    columns["source_row"] = pa.array([line.record for line in lines], pa.int64())
    columns["source_field"] = figures.field
    columns["reporter_iso"] = "CHN"
    columns["reporter_code"] = "142"
    columns["area_system"] = "gacc"
    columns["partner_iso"] = codes.WORLD
    columns["partner_code"] = "all"
    columns["partner_role"] = title.role
    columns["flow_code"] = title.flow
    columns["valuation"] = title.valuation
    columns["vintage"] = source.vintage
    columns["classification_code"] = arrow.texts([line.classification for line in lines])
    columns["cmd_code"] = arrow.texts([line.product for line in lines])
    columns["ref_period"] = pa.scalar(start, pa.date32())
    columns["n_months"] = months
    columns["cumulation"] = figures.cumulation
    columns["flags"] = _flags(figures, months)
    columns["value_reported"] = value
    columns["currency"] = "USD"
    columns["primary_value_usd"] = value
    columns |= _quantities(lines)
    rows = delimited.rows(source, TRADE, columns)
    return Part(rows, len(table) if is_month else 0, {}, empty=len(table) - len(lines))


def _flags(figures: Figures, months: int) -> str:
    """Return what is said of several months in one figure, which a year to date always is."""
    return "block" if figures is MONTH and months > 1 else ""


def _quantities(lines: list[Line]) -> dict[str, pa.Array]:
    """Return the weight or the quantity of each row, and its unit."""
    unit = arrow.texts([line.unit for line in lines])
    amount = pa.array([line.amount for line in lines], pa.float64())
    is_weight = pc.equal(unit, "kg")
    return {
        "net_wgt_kg": arrow.only(amount, is_weight),
        "qty": arrow.without(amount, is_weight),
        "qty_unit": pc.if_else(is_weight, "none", unit),
    }


def records(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Rows of the table as they stand in the page."""
    text = _text(path)
    rows = raw_records.numbered(text, (match for match, _ in _rows(path, text)))
    return {
        record: raw_records.Record(line, match[1])
        for record, (line, match) in enumerate(rows, start=1)
        if record in wanted
    }


def _text(path: Path) -> str:
    return delimited.text_of(path, delimited.whole(path, LARGEST), "utf-8-sig")


def _rows(path: Path, text: str) -> list[tuple[re.Match[str], list[str]]]:
    """Each commodity's row and its cells; a page whose tags do not close is refused, not mended."""
    _require_modest(path, text)
    page = _page(path, text)
    kept = []
    for match, row in zip(ROW.finditer(text), page.find_all("tr"), strict=True):
        texts = [cell.get_text(" ") for cell in row.find_all("td")]
        cells = [" ".join(text.split()) for text in texts]
        if _is_commodity(cells):
            kept.append((match, cells))
    broken = [cells for _, cells in kept if len(cells) != COLUMNS or not all(cells[:2])]
    if broken or not kept:
        raise LayoutError(
            path, f"rows of {COLUMNS} cells, commodity and unit first", f"{broken[:1]}"
        )
    return kept


def _page(path: Path, text: str) -> BeautifulSoup:
    """Return the page, if all its tables, rows and cells close."""
    opened, closed = _counts(text, ""), _counts(text, "/")
    try:
        page = BeautifulSoup(text, "html.parser") if opened == closed else None
    except ParserRejectedMarkup as error:
        raise LayoutError(path, "HTML", "markup that no parser takes", "save it again") from error
    if page is None or [len(page.find_all(tag)) for tag in TAGS] != opened:
        raise LayoutError(
            path,
            f"as many <{'>, <'.join(TAGS)}> closed as opened",
            f"{opened} opened, {closed} closed",
            "save the page whole",
        )
    return page


def _counts(text: str, slash: str) -> list[int]:
    """Return how many of each tag a page opens, or with a slash closes."""
    tags = (rf"<{slash}{tag}[\s>]" for tag in TAGS)
    return [len(re.findall(tag, text, re.IGNORECASE)) for tag in tags]


def _is_commodity(cells: list[str]) -> bool:
    """Return whether a row is of a commodity: a heading has few figures, if any."""
    if not cells or cells[0].casefold() in HEADS:
        return False
    figures = [cell for cell in cells if FIGURE.fullmatch(cell)]  # May, 1-5, the year before
    return len(cells) == COLUMNS or len(figures) > 2 or "," in "".join(figures)


def _require_modest(path: Path, text: str) -> None:
    """Refuse a page of which a parser would make far more than its size."""
    if text.count("<") > MARKUP:
        raise LayoutError(path, f"a page of at most {MARKUP:,} tags", "more", "save it again")
    depth = 0
    for match in NESTED.finditer(text):
        depth += -1 if match[1] else 1
        if depth > DEEPEST:
            raise LayoutError(
                path, f"at most {DEEPEST} tables, rows and cells within one another", "more"
            )


def _slug(name: str) -> str:
    return "GACC:" + re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")


def _unit(place: str, word: str) -> tuple[str, float]:
    if word in NONE:  # a group of goods that have no unit in common
        return "none", 1.0
    known = delimited.units("gacc monthly")
    unit = re.sub(r"\s+|(?<=\d),(?=000)", "", word).upper()
    if unit not in known:
        raise LayoutError(place, f"a unit of {', '.join(known)}", repr(word), "add it to units.csv")
    return known[unit]


def _number(place: str, text: str, factor: float) -> float | None:
    if text in NONE:
        return None
    if not FIGURE.fullmatch(text):
        raise LayoutError(place, "a number or -", repr(text))
    return round(float(text.replace(",", "")) * factor, 6)
