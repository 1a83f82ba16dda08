"""Tables (13) and (14) of the monthly bulletin of China's customs, as pages of the English site."""

import re
from collections import Counter
from collections.abc import Collection
from datetime import date
from html import unescape
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from bs4 import BeautifulSoup, Tag
from bs4.exceptions import ParserRejectedMarkup

from tradeflows.model import codes
from tradeflows.model.codelists import publisher_words
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
HEADS = ("commodity", "commodities")  # of the header's rows
TAGS = ("table", "tr", "td")
NESTED = re.compile(r"<(/?)(table|tr|td)[\s>]", re.IGNORECASE)
ROW = re.compile(r"<tr[\s>].*?(</tr\s*>|\Z)", re.IGNORECASE | re.DOTALL)
FIGURE = re.compile(reading.WITH_COMMAS.pattern, re.ASCII)
NONE = ("-", "", "–", "—")


def part(path: Path, source: Source, flow: str) -> Part:
    """China's trade with the world by commodity: the month, and the year to date.

    Two rows a commodity: dollars (the page prints thousands) and kilograms, or the unit that the
    page prints. A title such as 1-2.2020 makes a block of January and February. The changes on the
    year before are left aside: they are ratios of kept figures.

    Raises
    ------
    LayoutError
        No title, no "US$1,000", a table that is not whole, or an unknown unit.
    QueryError
        `flow` contradicts the title.
    """
    text = _text(path)
    lines = [cells for _, cells in _rows(path, text)]
    number, first, last, year = _title(path, text)
    way, sent, valuation, role = FLOWS[number]
    if flow not in ("", sent):
        raise QueryError(f"{path}: the page says {way}ports, not --flow {flow}; leave it out")
    names, units, *figures = map(arrow.texts, zip(*lines, strict=True))
    units = pc.utf8_upper(pc.replace_substring_regex(units, r"\s+", ""))
    units = pc.replace_substring(units, ",000", "000")
    batches = []
    for field, cumulation, start in (("month", "period", first), ("year to date", "ytd", 1)):
        amount, value = figures[:2] if field == "month" else figures[2:4]
        columns = reading.A_FLOW | _goods(path, names, units, amount, value)
        columns |= {
            "vintage": source.vintage,
            "reporter_iso": "CHN",
            "reporter_code": "142",
            "area_system": "gacc",
            "partner_iso": codes.WORLD,
            "partner_code": "all",
            "partner_role": role,
            "flow_code": sent,
            "valuation": valuation,
            "currency": "USD",
            "source_row": pa.array(range(1, len(lines) + 1)),
            "source_field": field,
            "cumulation": cumulation,
            "ref_period": date(year, start, 1),
            "n_months": last - start + 1,
            "flags": "block" if field == "month" and last > first else "",
        }
        batch = reading.rows(source, TRADE, columns)
        amounts = pc.coalesce(batch["net_wgt_kg"], batch["qty"], batch["value_reported"])
        batches.append(batch.filter(amounts.is_valid()))
    rows = pa.concat_batches(batches)
    return Part(rows, len(lines), {}, empty=2 * len(lines) - len(rows))


def _title(path: Path, text: str) -> tuple[str, int, int, int]:
    """Return the number of the table, its first month and its last, and their year."""
    words = " ".join(re.sub(r"<[^>]*>", " ", unescape(text)).split())
    titles = set(TITLE.findall(words))
    others = [unit for unit in SAID.findall(words) if not MONEY.match(unit)]
    if len(titles) != 1 or others or not MONEY.search(words):
        expected = "one table (13) or (14) with its month, in US$1,000"
        money = others or "no US$1,000 or that"
        raise LayoutError(path, expected, f"{len(titles)} such titles, {money}")
    [(number, way, opens, closes, year)] = titles
    first, last = int(opens), int(closes or opens)
    if way != FLOWS[number][0] or not 1 <= first <= last <= 12:
        raise LayoutError(path, "a title that agrees with itself", f"({number}) {way}port {words}")
    return number, first, last, int(year)


def _goods(path: Path, names: pa.Array, units: pa.Array, *figures: pa.Array) -> dict[str, Any]:
    """Return what lines say of their products: which they are, and their amounts and values."""

    def rounded(column: pa.Array) -> pa.Array:
        texts = column.to_pylist()
        return pa.array([n if n is None else round(n, 6) for n in texts], pa.float64())

    def product(name: str) -> str:
        slug = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
        return publisher_words("gacc commodity").get(name.casefold(), f"GACC GACC:{slug}")

    how: dict[str, Any] = {"absent": NONE, "marks": reading.WITH_COMMAS, "what": "a number or -"}
    cells = dict(zip(("quantity", "value", "unit"), (*figures, units), strict=True))
    block = reading.Block(path, names, pa.record_batch(cells))
    amount, value = (block.number(name, **how) for name in ("quantity", "value"))
    known = reading.units("gacc monthly") | dict.fromkeys(NONE, ("none", 1.0))
    amount, unit = block.quantity("unit", amount, known)
    value = rounded(pc.multiply(value, 1000.0))
    products = [product(name).split() for name in names.to_pylist()]
    system, code = map(arrow.texts, zip(*products, strict=True))
    return {
        "classification_code": system,
        "cmd_code": code,
        "value_reported": value,
        "primary_value_usd": value,
        **reading.weight_or_quantity(rounded(amount), unit),
    }


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Rows of the table as they stand in the page."""
    text = _text(path)
    starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
    records_of = {}
    for record, (row, _) in enumerate(_rows(path, text), start=1):
        line = row.sourceline or 0
        match = ROW.match(text, starts[line - 1] + (row.sourcepos or 0))
        if match and record in wanted:
            records_of[record] = reading.Record(line, match[0])
    return records_of


def _text(path: Path) -> str:
    raw = reading.whole(path, LARGEST)
    reading.require_utf8(path, raw)
    return raw.decode("utf-8-sig")


def _page(path: Path, text: str) -> BeautifulSoup:
    """Return the page; one whose tags do not close is refused, not mended."""
    if text.count("<") > MARKUP:
        raise LayoutError(path, f"a page of at most {MARKUP:,} tags", "more", "save it again")
    tags = NESTED.findall(text)
    if max(accumulate(-1 if slash else 1 for slash, _ in tags), default=0) > DEEPEST:
        expected = f"at most {DEEPEST} tables, rows and cells within one another"
        raise LayoutError(path, expected, "more")
    counts = Counter(slash + tag.lower() for slash, tag in tags)
    try:
        page = BeautifulSoup(text, "html.parser")
    except ParserRejectedMarkup as error:
        raise LayoutError(path, "HTML", "markup that no parser takes", "save it again") from error
    if any({counts[tag], counts[f"/{tag}"]} != {len(page.find_all(tag))} for tag in TAGS):
        expected = f"as many <{'>, <'.join(TAGS)}> closed as opened"
        raise LayoutError(path, expected, f"{dict(counts)}", "save the page whole")
    return page


def _rows(path: Path, text: str) -> list[tuple[Tag, list[str]]]:
    """Return each commodity's row, and its cells."""
    kept = []
    for row in _page(path, text).find_all("tr"):
        cells = [" ".join(cell.get_text(" ").split()) for cell in row.find_all("td")]
        # A heading has few figures, if any: May, 1-5, the year before.
        figures = [cell for cell in cells if FIGURE.fullmatch(cell)]
        is_row = len(cells) == COLUMNS or len(figures) > 2 or "," in "".join(figures)
        if is_row and cells[0].casefold() not in HEADS:
            kept.append((row, cells))
    broken = [cells for _, cells in kept if len(cells) != COLUMNS or not all(cells[:2])]
    if broken or not kept:
        expected = f"rows of {COLUMNS} cells, commodity and unit first"
        raise LayoutError(path, expected, f"{broken[:1]}")
    return kept
