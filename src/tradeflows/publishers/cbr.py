"""Bank of Russia: official rates of the rouble, from the XML of one day or of one currency.

Source: Bank of Russia, https://www.cbr.ru/scripts/XML_daily.asp and XML_dynamic.asp. The shares of
currencies in settlements have no published layout that is known, so they stay transcribed.
"""

import math
import re
from calendar import monthrange
from collections.abc import Collection, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError

import pyarrow as pa
from defusedxml import DefusedXmlException, ElementTree  # type: ignore[import-untyped]

from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.model.schema import RATES
from tradeflows.model.source import Source
from tradeflows.publishers import Part, delimited, raw_records

LARGEST = 16 << 20  # bytes; thirty years of one currency are 2 MB
# The file of one currency states the bank's own code alone.
CURRENCIES = {
    "R01010": "AUD",
    "R01020A": "AZN",
    "R01035": "GBP",
    "R01060": "AMD",
    "R01090B": "BYN",
    "R01100": "BGN",
    "R01115": "BRL",
    "R01135": "HUF",
    "R01150": "VND",
    "R01200": "HKD",
    "R01210": "GEL",
    "R01215": "DKK",
    "R01230": "AED",
    "R01235": "USD",
    "R01239": "EUR",
    "R01240": "EGP",
    "R01270": "INR",
    "R01280": "IDR",
    "R01335": "KZT",
    "R01350": "CAD",
    "R01355": "QAR",
    "R01370": "KGS",
    "R01375": "CNY",
    "R01500": "MDL",
    "R01530": "NZD",
    "R01535": "NOK",
    "R01565": "PLN",
    "R01585F": "RON",
    "R01589": "XDR",
    "R01625": "SGD",
    "R01670": "TJS",
    "R01675": "THB",
    "R01700J": "TRY",
    "R01710A": "TMT",
    "R01717": "UZS",
    "R01720": "UAH",
    "R01760": "CZK",
    "R01770": "SEK",
    "R01775": "CHF",
    "R01805F": "RSD",
    "R01810": "ZAR",
    "R01815": "KRW",
    "R01820": "JPY",
}
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
    daily = "Date" in tree.attrib
    dates = [tree.get("Date")] if daily else [tree.get("DateRange1"), tree.get("DateRange2")]
    first, last = (_day(path, day_text) for day_text in (dates[0], dates[-1]))
    rates: dict[tuple[str, date], list[tuple[int, float, date]]] = {}
    seen = set()
    for ordinal, record in enumerate(tree, start=1):
        if record.tag != ("Valute" if daily else "Record"):
            raise LayoutError(path, "records of rates", f"<{record.tag}>")
        day = first if daily else _day(path, record.get("Date"))
        code = _currency(path, tree, record, daily)
        if not first <= day <= last or (code, day) in seen:
            raise LayoutError(
                path, f"each day of {first} to {last} once", f"{day} again or besides"
            )
        seen.add((code, day))
        rate = _rate(path, record)
        rates.setdefault((code, day.replace(day=1)), []).append((ordinal, rate, day))
    if not rates:
        raise LayoutError(path, "at least one rate", "none", "ask for days on which one was set")
    yield Part(_rows(source, rates, first, last), len(tree), {})


def records(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Records as they stand in the XML: one of a day, or all of the month that it begins."""
    raw = delimited.whole(path, LARGEST)
    declared = re.match(rb"<\?xml[^>]*encoding=[\"']([\w-]+)", raw)
    text = raw.decode(declared[1].decode() if declared else "utf-8")
    matches = [*raw_records.numbered(text, RECORD.finditer(text))]
    months: dict[str, list[str]] = {}
    for i, (_, match) in enumerate(matches):
        months.setdefault(match["month"] or str(i), []).append(match[0])
    return {
        record: raw_records.Record(line, "\n".join(months[match["month"] or str(record - 1)]))
        for record, (line, match) in enumerate(matches, start=1)
        if record in wanted
    }


def _rows(source: Source, rates: dict[Any, Any], first: date, last: date) -> pa.RecordBatch:
    keys = sorted(rates)
    flags = []
    for code, month in keys:
        days = [day for *_, day in rates[code, month]]
        is_whole = _covers(month, days, first, last)
        flags.append("" if is_whole else "partial")
    means = [math.fsum(rate[1] for rate in rates[key]) / len(rates[key]) for key in keys]
    counts = [len(rates[key]) for key in keys]
    return delimited.rows(
        source,
        RATES,
        {
            "source_row": pa.array([rates[key][0][0] for key in keys], pa.int64()),
            "source_field": "Value",
            "base": pa.array([code for code, _ in keys]),
            "quote": pa.array(["RUB" if month >= NEW else "RUR" for _, month in keys]),
            "publisher": "Bank of Russia",
            "statistic": STATISTIC,
            "ref_period": pa.array([month for _, month in keys]),
            "n_months": 1,
            "rate": pa.array(means),
            "n_days": pa.array(counts),
            "flags": pa.array(flags),
            "note": None,
        },
    )


def _covers(month: date, days: list[date], first: date, last: date) -> bool:
    """Return whether a file from `first` to `last` has all rates of a month.

    It may be asked for days to come, and then ends with the last that has a rate.
    """
    end = month.replace(day=monthrange(month.year, month.month)[1])
    return first <= month and last >= end and (end - max(days)).days <= QUIET_DAYS


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


def _currency(path: Path, tree: Element, record: Element, daily: bool) -> str:
    if daily:
        code = (record.findtext("CharCode") or "").strip()
    else:
        bank_code = (tree.get("ID") or "").strip()
        if record.get("Id", bank_code).strip() != bank_code:
            raise LayoutError(path, f"the currency {bank_code} alone", f"{record.get('Id')}")
        code = CURRENCIES.get(bank_code, "")
        if not code:
            raise CodeError(f"{path}: no currency {bank_code!r}; add it to CURRENCIES of cbr.py")
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
        raise LayoutError(
            path,
            "a VunitRate that is Value by Nominal",
            f"{stated} beside {rate:.10g}",
            "ask for the rates again",
        )
    return rate


def _number(path: Path, record: Element, tag: str) -> float:
    elements = record.findall(tag)
    text = (elements[0].text or "").strip() if len(elements) == 1 else ""
    pattern = r"\d{1,12}(,\d{1,9})?" if tag == "Value" else r"[1-9]\d{0,8}"
    if not re.fullmatch(pattern, text, re.ASCII) or float(text.replace(",", ".")) == 0:
        raise LayoutError(
            path, f"one {tag} such as {'77,1734' if tag == 'Value' else '10'}", repr(text)
        )
    return float(text.replace(",", "."))


def _day(path: Path, text: str | None) -> date:
    if match := re.fullmatch(r"(\d\d)[./](\d\d)[./]([12]\d{3})", text or "", re.ASCII):
        try:
            return date(int(match[3]), int(match[2]), int(match[1]))
        except ValueError:
            pass
    raise LayoutError(path, "a day such as 03.03.2026", repr(text))
