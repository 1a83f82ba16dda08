"""European Central Bank: euro reference rates, from the historical file or the file of one day.

Source: European Central Bank, euro foreign exchange reference rates (eurofxref-hist.zip or .csv,
and eurofxref.csv in a zip or by itself).
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.model.schema import RATES
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, delimited, raw_records

LARGEST = 32 << 20  # bytes; all days since 1999 are some 2 MB
AT_ONCE, ROWS = 1 << 17, 3 << 10  # bytes read and rows given at a time
NONE = "N/A"
STATISTIC = "mean of daily rates"
BEGUN = date(1999, 1, 4)  # the first day with rates
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
    source = source or delimited.uncatalogued(path, "ecb", "rates")
    _, raw = _unzipped(path)
    _require_digits(path, raw)
    head = [cell.strip() for cell in delimited.header(path, raw=raw)]
    currencies = _currencies(path, head)
    days: list[np.ndarray] = []
    months: dict[Any, Month] = {}
    empty = 0
    blocks = delimited.blocks(
        path, head, head, raw=raw, numbers=currencies, missing=NONE, most=AT_ONCE
    )
    for block in blocks:
        if arrow.is_any(pc.not_equal(pc.ascii_trim_whitespace(block.text("")), "")):
            raise LayoutError(path, "nothing after the last comma", "a cell more")
        days.append(_days(block))
        rates, lacking = _rates(block, currencies)
        empty += lacking
        _add(months, days[-1], block.first, rates)
    every = np.concatenate(days)
    distinct, times = np.unique(every, return_counts=True)
    if times.max() > 1:
        repeated = f"{distinct[times > 1][0]} again"
        raise LayoutError(path, "each day once", repeated, "obtain it again")
    records = len(every)
    for rows in _rows(source, currencies, months, every.min().item(), every.max().item()):
        yield Part(rows, records, {}, empty=empty)
        records = empty = 0  # they are counted once


def _require_digits(path: Path, raw: bytes | None) -> None:
    """Refuse a number with an exponent, which a spreadsheet has rounded."""
    text = path.read_bytes() if raw is None else raw
    match = re.search(rb"\d[eE][+-]?\d", text)
    if match:
        record = text.count(b"\n", 0, match.start())
        place = f"{path}: record {record}"
        raise LayoutError(place, "all digits of a rate", repr(match[0].decode()), "obtain it again")


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


def records(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Lines of all days of the month that each record begins, as they stand in the CSV."""
    member, raw = _unzipped(path)
    with path.open("rb") if raw is None else BytesIO(raw) as file:
        days = raw_records.table(path, file)
    months: dict[str, list[str]] = {}
    for day in days.values():
        months.setdefault(_month(day), []).append(day.text)
    lines = {}
    for row in wanted:
        if row in days:
            text = "\n".join(months[_month(days[row])])
            lines[row] = raw_records.Record(days[row].line, text, member)
    return lines


def _month(day: raw_records.Record) -> str:
    return day.text.lstrip(' "')[:7]


@dataclass(frozen=True)
class Month:
    """Days of one month: the first one's record, how many, and by currency the rates' sum."""

    row: int
    days: int
    sums: np.ndarray
    stated: np.ndarray

    def __add__(self, other: Month) -> Month:
        """Return the month with more of its days."""
        days = self.days + other.days
        return Month(self.row, days, self.sums + other.sums, self.stated + other.stated)


def _rates(block: delimited.Block, currencies: list[str]) -> tuple[np.ndarray, int]:
    """A line a currency and a column a day, not a number where there is no rate; how many lack."""
    columns = [block.cells[currency] for currency in currencies]
    rates = np.array([column.to_numpy(zero_copy_only=False) for column in columns])
    lacking = sum(column.null_count for column in columns)
    is_good = (rates > 0) & np.isfinite(rates)
    if is_good.sum() != rates.size - lacking:
        for currency, column, row in zip(currencies, columns, is_good, strict=True):
            if row.sum() != len(column) - column.null_count:
                raise LayoutError(block.path, f"rates of {currency} above 0, or {NONE}", "another")
    return rates, lacking


def _add(months: dict[Any, Month], days: np.ndarray, first: int, rates: np.ndarray) -> None:
    """Put `rates`, a line a currency and a column a day, to `months`."""
    month_of = days.astype("datetime64[M]")
    is_new = month_of[1:] != month_of[:-1]
    begin = np.flatnonzero(np.append(True, is_new))  # of each run of days of one month
    length = np.diff(np.append(begin, len(month_of)))
    sums = np.add.reduceat(np.nan_to_num(rates), begin, axis=1).T
    stated = np.add.reduceat(np.isfinite(rates), begin, axis=1, dtype="int64").T
    for i, month in enumerate(month_of[begin]):
        new = Month(begin[i] + first, length[i], sums[i], stated[i])
        months[month] = months[month] + new if month in months else new


def _rows(
    source: Source, currencies: list[str], months: Mapping[Any, Month], oldest: date, newest: date
) -> Iterator[pa.RecordBatch]:
    """Yield a row for each currency and month, some at a time."""
    order = sorted(months)
    in_order = [months[month] for month in order]
    sums = np.array([month.sums for month in in_order]).T
    counts = np.array([month.stated for month in in_order]).T
    firsts = pa.array([month.row for month in in_order])
    starts = np.array(order, "datetime64[D]")
    is_partial = counts < [month.days for month in in_order]
    is_partial[:, 0] |= oldest > max(_first_weekday(oldest), BEGUN)
    is_partial[:, -1] |= newest < _last_weekday(newest.replace(day=1))
    currency_of, month_of = np.nonzero(counts)
    for at in range(0, max(len(month_of), 1), ROWS):
        currency, month = currency_of[at : at + ROWS], month_of[at : at + ROWS]
        quote = pa.array(currencies).take(pa.array(currency))
        rate = sums[currency, month] / counts[currency, month]
        columns = {
            "source_row": firsts.take(pa.array(month)),
            "source_field": quote,
            "base": "EUR",
            "quote": quote,
            "publisher": "European Central Bank",
            "statistic": STATISTIC,
            "ref_period": pa.array(starts[month]),
            "n_months": 1,
            "rate": pa.array(rate),
            "n_days": pa.array(counts[currency, month]),
            "flags": pc.if_else(pa.array(is_partial[currency, month]), "partial", ""),
            "note": None,
        }
        yield delimited.rows(source, RATES, columns)


def _unzipped(path: Path) -> tuple[str, bytes | None]:
    """Name and bytes of the CSV in a zip; None where the file is the CSV itself."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            delimited.fits(path, LARGEST)
            return "", None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1 or not re.fullmatch(r"[\w.-]+\.csv", names[0], re.ASCII):
                raise LayoutError(path, "one CSV in the zip", f"{names[:3]}")
            with archive.open(names[0]) as member:
                raw = member.read(LARGEST + 1)  # the size that the zip declares proves nothing
    except delimited.ZIP_FAULTS as error:
        raise LayoutError(path, "a whole zip", str(error), "obtain it again") from error
    if len(raw) > LARGEST:
        raise LayoutError(path, f"at most {LARGEST >> 20} MiB in the zip", "more")
    return names[0], raw


def _days(block: delimited.Block) -> np.ndarray:
    text = pc.ascii_trim_whitespace(block.text("Date"))
    first = text[0].as_py()
    if len(text) == 1 and ONE_DAY.fullmatch(first):
        with suppress(ValueError):
            day = datetime.strptime(first, "%d %B %Y").date()
            return np.array([day], "datetime64[D]")
    try:
        block.demand("Date", text, ISO_DAY, DAY)
        return delimited.days(text).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid as error:
        raise LayoutError(block.path, DAY, str(error)) from error


def _first_weekday(day: date) -> date:
    first = day.replace(day=1)
    return first + timedelta(days=(7 - first.weekday()) % 7 * (first.weekday() > 4))


def _last_weekday(month: date) -> date:
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return last - timedelta(days=max(0, last.weekday() - 4))
