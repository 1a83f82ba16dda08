"""Tables (13) and (14) of the monthly bulletin of China's customs, as pages of the English site."""

import re
from collections.abc import Collection, Iterator
from datetime import date
from html import unescape
from pathlib import Path

import pyarrow as pa
from bs4 import BeautifulSoup
from bs4.exceptions import ParserRejectedMarkup

from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, delimited, raw_records

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
    words = " ".join(re.sub(r"<[^>]*>", " ", unescape(text)).split())
    titles = {found.groups() for found in TITLE.finditer(words)}
    other = [said for said in SAID.findall(words) if not MONEY.match(said)]
    if len(titles) != 1 or other or not MONEY.search(words):
        money = repr(other[0]) if other else f"{'' if MONEY.search(words) else 'no '}US$1,000"
        raise LayoutError(
            path,
            "one table (13) or (14) with its month, in US$1,000",
            f"{len(titles)} such titles, {money}",
        )
    number, way, first, last, year = titles.pop()
    named, stated, valuation, role = FLOWS[number]
    months = int(last or first) - int(first) + 1
    if way != named or not 1 <= int(first) <= int(last or first) <= 12:
        raise LayoutError(path, "a title that agrees with itself", f"({number}) {way}port {words}")
    if flow not in ("", stated):
        raise QueryError(f"{path}: the page says {way}ports, not --flow {flow}; leave it out")
    start, january = date(int(year), int(first), 1), date(int(year), 1, 1)
    known = [KNOWN.get(name.casefold(), ("GACC", _slug(name))) for name, *_ in table]
    units = [_unit(f"{path}: {name}", unit) for name, unit, *_ in table]
    for at, field, cumulation, begin, length in (
        (2, "month", "period", start, months),
        (4, "year to date", "ytd", january, int(last or first)),
    ):
        amounts = [
            _number(f"{path}: {line[0]}", line[at], unit[1])
            for line, unit in zip(table, units, strict=True)
        ]
        values = [_number(f"{path}: {line[0]}", line[at + 1], 1000.0) for line in table]
        kept = [
            i for i, pair in enumerate(zip(amounts, values, strict=True)) if pair != (None,) * 2
        ]
        heavy = [units[i][0] == "kg" for i in kept]
        value = pa.array([values[i] for i in kept], pa.float64())
        amount = [amounts[i] for i in kept]
        rows = delimited.rows(
            source,
            TRADE,
            delimited.A_FLOW
            | {
                "source_row": pa.array([i + 1 for i in kept], pa.int64()),
                "source_field": field,
                "reporter_iso": "CHN",
                "reporter_code": "142",
                "area_system": "gacc",
                "partner_iso": "W00",
                "partner_code": "all",
                "partner_role": role,
                "flow_code": stated,
                "valuation": valuation,
                "vintage": source.vintage,
                "classification_code": pa.array([known[i][0] for i in kept], pa.string()),
                "cmd_code": pa.array([known[i][1] for i in kept], pa.string()),
                "ref_period": pa.scalar(begin, pa.date32()),
                "n_months": length,
                "cumulation": cumulation,
                "flags": "block" if field == "month" and length > 1 else "",
                "value_reported": value,
                "currency": "USD",
                "primary_value_usd": value,
                "net_wgt_kg": pa.array(
                    [a if h else None for a, h in zip(amount, heavy, strict=True)], pa.float64()
                ),
                "qty": pa.array(
                    [None if h else a for a, h in zip(amount, heavy, strict=True)], pa.float64()
                ),
                "qty_unit": pa.array(
                    ["none" if units[i][0] == "kg" else units[i][0] for i in kept], pa.string()
                ),
            },
        )
        yield Part(rows, len(table) if field == "month" else 0, {}, empty=len(table) - len(kept))


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
    opened, closed = (
        [len(re.findall(rf"<{slash}{tag}[\s>]", text, re.IGNORECASE)) for tag in TAGS]
        for slash in ("", "/")
    )
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
    rows = [
        [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")]
        for row in page.find_all("tr")
    ]
    # A heading has few figures, if any: May, 1-5, the year before.
    figures = [[cell for cell in row if FIGURE.fullmatch(cell)] for row in rows]
    kept = [
        (match, row)
        for match, row, some in zip(ROW.finditer(text), rows, figures, strict=True)
        if row
        and row[0].casefold() not in HEADS
        and (len(row) == COLUMNS or len(some) > 2 or "," in "".join(some))
    ]
    odd = [row for _, row in kept if len(row) != COLUMNS or not row[0] or not row[1]]
    if odd or not kept:
        raise LayoutError(path, f"rows of {COLUMNS} cells, commodity and unit first", f"{odd[:1]}")
    return kept


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
