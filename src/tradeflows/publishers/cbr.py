"""Bank of Russia: official rates of the rouble, from the XML of one day or of one currency.

Source: Bank of Russia, https://www.cbr.ru/scripts/XML_daily.asp and XML_dynamic.asp. The shares of
currencies in settlements have no published layout that is known, so they stay transcribed.
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import pyarrow as pa
from defusedxml import DefusedXmlException, ElementTree  # type: ignore[import-untyped]

from tradeflows.model.codelists import rows_of
from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.model.schema import RATES
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, delimited, raw_records

LARGEST = 16 << 20  # bytes; thirty years of one currency are 2 MB
RECORD = re.compile(
    r"<(Record|Valute)\b(?:[^>]*\bDate\s*=\s*[\"']\d\d[./](?P<month>[\d./]+))?.*?"
    r"</\1\s*>",
    re.DOTALL,
)
NEW = date(1998, 1, 1)  # the rouble of a thousand old ones
QUIET_DAYS = 5  # days without a new rate at the end of a month, as weekend and holidays may make
STATISTIC = "mean of official rates over the days on which a new one took effect"


def clean(path: Path, source: Source | None = None) -> Iterator[Part]:
    """Official rates as means of a month: roubles for one unit of a currency.

    Parameters
    ----------
    path
        XML in windows-1251: all currencies of one day, or one currency over a span of days.
    source
        Its catalogue entry, if it has one.

    Yields
    ------
    Part
        Rows of :data:`~tradeflows.model.schema.RATES`. The value is divided by its nominal. Roubles
        of until 1997, of which a thousand made one, are quoted as RUR. The date is the one on which
        a rate takes effect; it holds until the next, and days without a new one do not enter the
        mean, whose ``n_days`` counts the rates. A month that the file does not cover, or that had
        not ended when it was asked for, is flagged partial.

    Raises
    ------
    LayoutError
        No such XML, a document type or entity in it, or a record that is not whole.
    CodeError
        A currency that is not known.
    """
    source = source or delimited.uncatalogued(path, "cbr", "rates")
    tree = _tree(path)
    span = _span(path, tree)
    rates: dict[Cell, list[Rate]] = {}
    seen = set()
    for ordinal, record in enumerate(tree, start=1):
        if record.tag != ("Valute" if span.is_day else "Record"):
            raise LayoutError(path, "records of rates", f"<{record.tag}>")
        day = span.first if span.is_day else _day(path, record.get("Date"))
        currency = _currency(path, tree, record, span.is_day)
        if not span.first <= day <= span.last or (currency, day) in seen:
            expected = f"each day of {span.first} to {span.last} once"
            raise LayoutError(path, expected, f"{day} again or besides")
        seen.add((currency, day))
        cell = Cell(currency, day.replace(day=1))
        rates.setdefault(cell, []).append(Rate(ordinal, _rate(path, record), day))
    if not rates:
        raise LayoutError(path, "at least one rate", "none", "ask for days on which one was set")
    yield Part(_rows(source, rates, span), len(tree), {})


@dataclass(frozen=True, order=True)
class Cell:
    """A currency, and the first day of a month."""

    currency: str
    month: date


@dataclass(frozen=True)
class Rate:
    """Roubles for one unit, from a day on."""

    record: int
    rate: float
    day: date


@dataclass(frozen=True)
class Span:
    """The days that a file covers; or the one of which it has all currencies."""

    first: date
    last: date
    is_day: bool

    def has_all_of(self, month: date, rates: list[Rate]) -> bool:
        """Return whether all rates of a month are there.

        A file may be asked for days to come, and then ends with the last that has a rate.
        """
        end = month.replace(day=monthrange(month.year, month.month)[1])
        quiet = end - max(rate.day for rate in rates)
        return self.first <= month and self.last >= end and quiet.days <= QUIET_DAYS


def _span(path: Path, tree: Element) -> Span:
    if "Date" in tree.attrib:
        day = _day(path, tree.get("Date"))
        return Span(day, day, is_day=True)
    first, last = tree.get("DateRange1"), tree.get("DateRange2")
    return Span(_day(path, first), _day(path, last), is_day=False)


def records(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Records as they stand in the XML: one of a day, or all of the month that it begins."""
    raw = delimited.whole(path, LARGEST)
    declared = re.match(rb"<\?xml[^>]*encoding=[\"']([\w-]+)", raw)
    text = raw.decode(declared[1].decode() if declared else "utf-8")
    matches = list(raw_records.numbered(text, RECORD.finditer(text)))
    months = [match["month"] or str(i) for i, (_, match) in enumerate(matches)]
    texts: dict[str, list[str]] = {}
    for month, (_, match) in zip(months, matches, strict=True):
        texts.setdefault(month, []).append(match[0])
    lines = {}
    for record, (line, _) in enumerate(matches, start=1):
        if record in wanted:
            lines[record] = raw_records.Record(line, "\n".join(texts[months[record - 1]]))
    return lines


def _rows(source: Source, rates: Mapping[Cell, list[Rate]], span: Span) -> pa.RecordBatch:
    """Return a row for each currency and month."""
    cells = sorted(rates)
    firsts, means, counts, flags = [], [], [], []
    for cell in cells:
        of_month = rates[cell]
        firsts.append(of_month[0].record)
        means.append(math.fsum(rate.rate for rate in of_month) / len(of_month))
        counts.append(len(of_month))
        flags.append("" if span.has_all_of(cell.month, of_month) else "partial")
    columns = {
        "source_row": pa.array(firsts, pa.int64()),
        "source_field": "Value",
        "base": arrow.texts([cell.currency for cell in cells]),
        "quote": arrow.texts(["RUB" if cell.month >= NEW else "RUR" for cell in cells]),
        "publisher": "Bank of Russia",
        "statistic": STATISTIC,
        "ref_period": pa.array([cell.month for cell in cells]),
        "n_months": 1,
        "rate": pa.array(means),
        "n_days": pa.array(counts),
        "flags": arrow.texts(flags),
        "note": None,
    }
    return delimited.rows(source, RATES, columns)


def _tree(path: Path) -> Element:
    raw = delimited.whole(path, LARGEST)
    try:
        tree = ElementTree.fromstring(raw, forbid_dtd=True)
    except (ParseError, ValueError, LookupError, DefusedXmlException) as error:
        reason = type(error).__name__ if isinstance(error, DefusedXmlException) else str(error)
        raise LayoutError(path, "XML without a document type", reason) from error
    if tree.tag != "ValCurs":
        raise LayoutError(path, "<ValCurs>", f"<{tree.tag}>")
    return tree


@cache
def currencies() -> Mapping[str, str]:
    """Return the currency of each code of the bank's own, which a file of one currency has."""
    return {row["code"]: row["currency"] for row in rows_of("cbr_currencies.csv")}


def _currency(path: Path, tree: Element, record: Element, daily: bool) -> str:
    if daily:
        code = (record.findtext("CharCode") or "").strip()
    else:
        bank_code = (tree.get("ID") or "").strip()
        if record.get("Id", bank_code).strip() != bank_code:
            raise LayoutError(path, f"the currency {bank_code} alone", f"{record.get('Id')}")
        code = currencies().get(bank_code, "")
        if not code:
            raise CodeError(f"{path}: no currency {bank_code!r}; add it to cbr_currencies.csv")
    if not re.fullmatch("[A-Z]{3}", code):
        raise CodeError(f"{path}: {code!r} is no currency of ISO 4217")
    return code


def _rate(path: Path, record: Element) -> float:
    """Return roubles for one unit, which newer answers state beside value and nominal."""
    rate = _number(path, record, "Value") / _number(path, record, "Nominal")
    stated = (record.findtext("VunitRate") or "").strip()
    if not stated:
        return rate
    if not re.fullmatch(r"\d{1,12}(,\d{1,20})?", stated, re.ASCII):
        raise LayoutError(path, "a VunitRate such as 11,0248", repr(stated))
    digits = len(stated.partition(",")[2])
    apart = abs(float(stated.replace(",", ".")) - rate)
    if apart > 0.51 * 10.0**-digits + 1e-9 * rate:
        expected = "a VunitRate that is Value by Nominal"
        raise LayoutError(path, expected, f"{stated} beside {rate:.10g}", "ask for the rates again")
    return rate


FORMS = {  # of the numbers of a record, each with an example
    "Value": (r"\d{1,12}(,\d{1,9})?", "77,1734"),
    "Nominal": (r"[1-9]\d{0,8}", "10"),
}


def _number(path: Path, record: Element, tag: str) -> float:
    elements = record.findall(tag)
    text = (elements[0].text or "").strip() if len(elements) == 1 else ""
    pattern, example = FORMS[tag]
    is_number = re.fullmatch(pattern, text, re.ASCII)
    number = float(text.replace(",", ".")) if is_number else 0.0
    if number == 0:
        raise LayoutError(path, f"one {tag} such as {example}", repr(text))
    return number


def _day(path: Path, text: str | None) -> date:
    match = re.fullmatch(r"(\d\d)[./](\d\d)[./]([12]\d{3})", text or "", re.ASCII)
    if match:
        day, month, year = (int(number) for number in match.groups())
        with suppress(ValueError):
            return date(year, month, day)
    raise LayoutError(path, "a day such as 03.03.2026", repr(text))
