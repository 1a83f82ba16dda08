"""Bank of Russia: official rates of the rouble, from the XML of one day or of one currency.

Source: Bank of Russia, https://www.cbr.ru/scripts/XML_daily.asp and XML_dynamic.asp. The shares of
currencies in settlements have no published layout that is known, so they stay transcribed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

import numpy as np
import pandas as pd
import pyarrow as pa
from defusedxml import DefusedXmlException, ElementTree  # type: ignore[import-untyped]

from tradeflows.model.codelists import rows_of
from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.model.source import Source
from tradeflows.publishers import Part, daily_rates, reading

LARGEST = 16 << 20  # bytes; thirty years of one currency are 2 MB
RECORD = re.compile(
    r"<(Record|Valute)\b(?:[^>]*\bDate\s*=\s*[\"']\d\d[./](?P<month>[\d./]+))?.*?"
    r"</\1\s*>",
    re.DOTALL,
)
NEW = "1998-01-01"  # the rouble of a thousand old ones
QUIET = pd.Timedelta(
    days=5
)  # days without a new rate at the end of a month, as weekend and holidays may make
FORMS = {  # of the numbers of a record, each with an example
    "Value": (r"\d{1,12}(,\d{1,9})?", "77,1734"),
    "Nominal": (r"[1-9]\d{0,8}", "10"),
}


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
    source = source or reading.uncatalogued(path, "cbr", "rates")
    tree = _tree(path)
    is_day = "Date" in tree.attrib
    first, last = (
        _day(path, tree.get("Date" if is_day else name)) for name in ("DateRange1", "DateRange2")
    )
    rates: dict[tuple[str, datetime], tuple[float, int]] = {}
    for ordinal, record in enumerate(tree, start=1):
        if record.tag != ("Valute" if is_day else "Record"):
            raise LayoutError(path, "records of rates", f"<{record.tag}>")
        day = first if is_day else _day(path, record.get("Date"))
        cell = _currency(path, tree, record, is_day), day
        if not first <= day <= last or cell in rates:
            expected = f"each day of {first:%Y-%m-%d} to {last:%Y-%m-%d} once"
            raise LayoutError(path, expected, f"{day:%Y-%m-%d} again or besides")
        rates[cell] = _rate(path, record), ordinal
    if not rates:
        raise LayoutError(path, "at least one rate", "none", "ask for days on which one was set")
    daily = pd.DataFrame([*rates], columns=["currency", "day"])
    daily["day"] = daily["day"].astype("datetime64[s]")
    daily[["rate", "source_row"]] = pd.DataFrame([*rates.values()])
    means = daily_rates.monthly(daily)
    # A file may be asked for days to come, and then ends with the last that has a rate.
    end = means["month"] + pd.offsets.MonthEnd()
    is_whole = means["month"].ge(first) & end.le(last) & (end - means["last"]).le(QUIET)
    rows = daily_rates.rows(
        source,
        means,
        ~is_whole,
        source_field="Value",
        base=pa.array(means["currency"], pa.string()),
        quote=pa.array(np.where(means["month"] >= NEW, "RUB", "RUR"), pa.string()),
        publisher="Bank of Russia",
        statistic="mean of official rates over the days on which a new one took effect",
    )
    yield Part(rows, len(tree), {})


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Records as they stand in the XML: one of a day, or all of the month that it begins."""
    raw = reading.whole(path, LARGEST)
    declared = re.match(rb"<\?xml[^>]*encoding=[\"']([\w-]+)", raw)
    text = raw.decode(declared[1].decode() if declared else "utf-8")
    matches = list(enumerate(reading.numbered(text, RECORD.finditer(text)), start=1))
    texts: dict[str, list[str]] = {}
    for record, (_, match) in matches:
        texts.setdefault(match["month"] or str(record), []).append(match[0])
    return {
        record: reading.Record(line, "\n".join(texts[match["month"] or str(record)]))
        for record, (line, match) in matches
        if record in wanted
    }


def _tree(path: Path) -> Element:
    raw = reading.whole(path, LARGEST)
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


def _currency(path: Path, tree: Element, record: Element, is_day: bool) -> str:
    if is_day:
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


def _number(path: Path, record: Element, tag: str) -> float:
    elements = record.findall(tag)
    text = (elements[0].text or "").strip() if len(elements) == 1 else ""
    pattern, example = FORMS[tag]
    is_number = re.fullmatch(pattern, text, re.ASCII)
    number = float(text.replace(",", ".")) if is_number else 0.0
    if number == 0:
        raise LayoutError(path, f"one {tag} such as {example}", repr(text))
    return number


def _day(path: Path, text: str | None) -> datetime:
    if re.fullmatch(r"\d\d[./]\d\d[./][12]\d{3}", text or "", re.ASCII):
        with suppress(ValueError):
            return datetime.strptime(str(text).replace("/", "."), "%d.%m.%Y")
    raise LayoutError(path, "a day such as 03.03.2026", repr(text))
