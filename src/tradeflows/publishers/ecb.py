"""European Central Bank: euro reference rates, from the historical file or the file of one day.

Source: European Central Bank, euro foreign exchange reference rates (eurofxref-hist.zip or .csv,
and eurofxref.csv in a zip or by itself).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.model.source import Source
from tradeflows.publishers import Part, daily_rates, reading

LARGEST = 32 << 20  # bytes; all days since 1999 are some 2 MB
NONE = "N/A"
BEGUN = np.datetime64("1999-01-04")  # the first day with rates
DAY, ISO_DAY = "a day such as 2023-04-03 or 3 April 2023", r"^[12]\d{3}-\d\d-\d\d$"
ONE_DAY = re.compile(r"\d\d? [A-Z][a-z]+ [12]\d{3}", re.ASCII)


def clean(path: Path, source: Source | None = None) -> Iterator[Part]:
    """Reference rates as means of a month: units of a currency for one euro.

    Parameters
    ----------
    path
        The zip or the CSV, of all days or of one.
    source
        Its catalogue entry, if it has one.

    Yields
    ------
    Part
        Rows of :data:`~tradeflows.model.schema.RATES`, with the number of days in its mean. "N/A"
        (a currency that is not quoted yet, or no longer: the rouble ends on 2022-03-01) is no
        rate. Flagged partial: a month in which a currency has fewer days than the file, the file's
        first month unless it has the first weekday (or the euro's first), and the last unless it
        reaches the last weekday.

    Raises
    ------
    LayoutError
        Another layout, a zip that is not one plain CSV, a day twice, or a rate that is none.
    CodeError
        A heading that is no currency.
    """
    source = source or reading.uncatalogued(path, "ecb", "rates")
    _, raw = _unzipped(path)
    head = [cell.strip() for cell in reading.header(path, raw=raw)]
    currencies = _currencies(path, head)
    cells = reading.block(path, head, raw).cells
    trimmed = [pc.utf8_trim(cell, " \t") for cell in cells.columns]
    block = reading.Block(path, 1, pa.record_batch(trimmed, head))
    end = block.text("")
    block.require(pc.equal(end, ""), "nothing after the last comma", end)
    days = pd.DataFrame({"day": _days(block), "source_row": block.rows()})
    is_new = pa.array(~days["day"].duplicated())
    block.require(is_new, "each day once", block.text("Date"), todo="obtain it again")
    for currency in currencies:
        rate = block.number(currency, absent=(NONE,))
        expected = f"rates of {currency} above 0, or {NONE}"
        block.require(pc.greater(rate, 0), expected, block.text(currency))
        days[currency] = rate.to_numpy(zero_copy_only=False)
    means, is_partial, empty = _means(days, currencies)
    quote = pa.array(means["currency"].astype(str), pa.string())
    rows = daily_rates.rows(
        source,
        means,
        is_partial,
        source_field=quote,
        base="EUR",
        quote=quote,
        publisher="European Central Bank",
        statistic="mean of daily rates",
    )
    yield Part(rows, len(block), {}, empty=empty)


def _means(days: pd.DataFrame, currencies: list[str]) -> tuple[pd.DataFrame, pd.Series[bool], int]:
    """Return the means of each month, which of them are partial, and how many rates lack.

    Each month is named by its first record in the file, whatever that says of a currency.
    """
    month = days["day"].dt.to_period("M").dt.start_time
    days["source_row"] = days.groupby(month)["source_row"].transform("min")
    rates = days.melt(["day", "source_row"], currencies, "currency", "rate")
    rates["currency"] = pd.Categorical(rates["currency"], currencies)
    stated = rates.dropna(subset="rate")
    means = daily_rates.monthly(stated)
    is_partial = means["n_days"] < means["month"].map(month.value_counts())
    oldest, newest = days["day"].min(), days["day"].max()
    first, end = np.array([oldest, newest], "datetime64[M]")
    if oldest > max(np.busday_offset(first, 0, roll="forward"), BEGUN):
        is_partial |= means["month"] == first
    if newest < np.busday_offset(end + 1, -1, roll="forward"):
        is_partial |= means["month"] == end
    return means, is_partial, len(rates) - len(stated)


def _currencies(path: Path, head: list[str]) -> list[str]:
    """Return the currencies of a header that runs from Date to a last comma."""
    if head[:1] != ["Date"] or head[-1] != "":
        expected = "a header from Date to a last comma"
        todo = "save the file as the bank publishes it"
        raise LayoutError(path, expected, f"{head[:5]}", todo)
    currencies = head[1:-1]
    unexpected = [entry for entry in currencies if not re.fullmatch("[A-Z]{3}", entry)]
    if unexpected or len(set(currencies)) < len(currencies):
        raise CodeError(f"{path}: {unexpected or currencies}: not each a currency, once")
    return currencies


def _days(block: reading.Block) -> np.ndarray:
    """Return the day of each record; a file of one day prints it in English."""
    text = block.text("Date")
    first = text[0].as_py()
    if len(text) == 1 and ONE_DAY.fullmatch(first):
        with suppress(ValueError):
            return np.array([datetime.strptime(first, "%d %B %Y")], "datetime64[s]")
    block.demand("Date", text, ISO_DAY, DAY)
    try:
        return reading.days(text).to_numpy(zero_copy_only=False).astype("datetime64[s]")
    except pa.ArrowInvalid as error:
        raise LayoutError(block.path, DAY, str(error)) from error


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Lines of all days of the month that each record begins, as they stand in the CSV."""
    member, raw = _unzipped(path)
    with path.open("rb") if raw is None else BytesIO(raw) as file:
        days = reading.table(path, file)
    months: dict[str, list[str]] = {}
    for day in days.values():
        months.setdefault(day.text.lstrip(' "')[:7], []).append(day.text)
    return {
        row: reading.Record(
            days[row].line, "\n".join(months[days[row].text.lstrip(' "')[:7]]), member
        )
        for row in wanted
        if row in days
    }


def _unzipped(path: Path) -> tuple[str, bytes | None]:
    """Name and bytes of the CSV in a zip; None where the file is the CSV itself."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            reading.fits(path, LARGEST)
            return "", None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1 or not re.fullmatch(r"[\w.-]+\.csv", names[0], re.ASCII):
                raise LayoutError(path, "one CSV in the zip", f"{names[:3]}")
            with archive.open(names[0]) as member:
                raw = member.read(LARGEST + 1)  # the size that the zip declares proves nothing
    except reading.ZIP_FAULTS as error:
        raise LayoutError(path, "a whole zip", str(error), "obtain it again") from error
    if len(raw) > LARGEST:
        raise LayoutError(path, f"at most {LARGEST >> 20} MiB in the zip", "more")
    return names[0], raw
