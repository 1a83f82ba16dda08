"""Bank of Russia: official rates of the rouble, from the XML of one day or of one currency.

Source: Bank of Russia, https://www.cbr.ru/scripts/XML_daily.asp and XML_dynamic.asp. The shares of
currencies in settlements have no published layout that is known, so they stay transcribed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path
from xml.etree.ElementTree import ParseError

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
# Days without a new rate at the end of a month, as weekend and holidays may make.
QUIET = pd.Timedelta(days=5)
MARKS = reading.Marks(decimal=",")
DAY = (r"\d\d[./]\d\d[./][12]\d{3}", "03.03.2026")
FORMS = {  # of what a record states or the file says of it, each with an example
    "DateRange1": DAY,
    "DateRange2": DAY,
    "Date": DAY,
    "Value": (r"\d{1,12}(,\d{1,9})?", "77,1734"),
    "Nominal": (r"[1-9]\d{0,8}", "10"),
    "VunitRate": (r"(\d{1,12}(,\d{1,20})?)?", "11,0248"),
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
    block = _records(path)
    table, todo = block.cells.to_pandas(), "ask for the rates again"
    for name, (pattern, example) in FORMS.items():
        block.demand(name, f"^({pattern})$", f"one such as {example}", todo=todo)
    unknown = table["CharCode"][~table["CharCode"].str.fullmatch("[A-Z]{3}")].unique().tolist()
    if unknown:
        raise CodeError(f"{path}: no currency {unknown}; add it to cbr_currencies.csv")
    value, nominal, stated = (
        block.number(name, marks=MARKS).to_pandas() for name in ("Value", "Nominal", "VunitRate")
    )
    block.require(pa.array(value > 0), "one Value above 0", block.text("Value"), todo=todo)
    rate = value / nominal
    # Newer answers state the rate of one unit too.
    room = 0.51 * 10.0 ** -table["VunitRate"].str.partition(",")[2].str.len() + 1e-9 * rate
    is_one = pa.array(~((stated - rate).abs() > room))
    expected = "a VunitRate that is Value by Nominal"
    block.require(is_one, expected, block.text("VunitRate"), todo=todo)
    first, last, day = (
        pd.to_datetime(table[name].str.replace("/", "."), format="%d.%m.%Y", errors="coerce")
        for name in ("DateRange1", "DateRange2", "Date")
    )
    rates = table.assign(currency=table["CharCode"], day=day, rate=rate, source_row=block.records)
    is_new = pa.array(day.between(first, last) & ~rates.duplicated(["currency", "day"]))
    block.require(is_new, "each day of the span once", block.text("Date"), todo=todo)
    means = daily_rates.monthly(rates)
    # A file may be asked for days to come, and then ends with the last that has a rate.
    end = means["month"] + pd.offsets.MonthEnd()
    is_whole = means["month"].ge(first[0]) & end.le(last[0]) & (end - means["last"]).le(QUIET)
    rows = daily_rates.rows(
        source,
        means,
        ~is_whole,
        source_field="Value",
        base=means["currency"],
        quote=np.where(means["month"] >= NEW, "RUB", "RUR"),
        publisher="Bank of Russia",
        statistic="mean of official rates over the days on which a new one took effect",
    )
    yield Part(rows, len(block), {})


def _records(path: Path) -> reading.Block:
    """Return the texts of each record, with what the file says of all."""
    try:
        tree = ElementTree.fromstring(reading.whole(path, LARGEST), forbid_dtd=True)
    except (ParseError, ValueError, LookupError, DefusedXmlException) as error:
        reason = f"{type(error).__name__} {error}"
        raise LayoutError(path, "XML without a document type", reason) from error
    day, own = tree.get("Date", ""), tree.get("ID", "").strip()
    tag = "Valute" if day else "Record"
    is_good = [
        record.tag == tag
        and own in (record.get("Id", own).strip(), "")
        and len(record) == len({part.tag for part in record})
        for record in tree
    ]
    if tree.tag != "ValCurs" or set(is_good) != {True}:
        expected = f"<ValCurs> with <{tag}> of {own} alone, each of its fields once"
        found = f"<{tree.tag}> with others or none"
        raise LayoutError(path, expected, found, "ask for days on which a rate was set")
    known = {row["code"]: row["currency"] for row in rows_of("cbr_currencies.csv")}
    about = {"DateRange1": day, "DateRange2": day, "CharCode": known.get(own, own)}
    lines = [
        {**about, **tree.attrib, **record.attrib}
        | {part.tag: (part.text or "").strip() for part in record}
        for record in tree
    ]
    table = pd.DataFrame(lines, columns=[*FORMS, "CharCode"]).fillna("")
    return reading.Block.of(path, pa.RecordBatch.from_pandas(table))


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Records as they stand in the XML: one of a day, or all of the month that it begins."""
    raw = reading.whole(path, LARGEST)
    declared = re.match(rb"<\?xml[^>]*encoding=[\"']([\w-]+)", raw)
    text = raw.decode(declared[1].decode() if declared else "utf-8")
    matches = dict(enumerate(reading.numbered(text, RECORD.finditer(text)), start=1))
    texts: dict[str, list[str]] = defaultdict(list)
    for record, (_, match) in matches.items():
        texts[match["month"] or str(record)].append(match[0])
    return {
        record: reading.Record(line, "\n".join(texts[match["month"] or str(record)]))
        for record, (line, match) in matches.items()
        if record in wanted
    }
