"""European Central Bank: euro reference rates, from the historical file or the file of one day.

Source: European Central Bank, euro foreign exchange reference rates (eurofxref-hist.zip or .csv,
and eurofxref.csv in a zip or by itself).
"""

from __future__ import annotations

import re
import zipfile
from collections import defaultdict
from collections.abc import Collection, Iterator
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
    reading.require_utf8(path, raw)
    head = [cell.strip() for cell in reading.header(path, raw=raw)]
    currencies = head[1:-1]
    if head != ["Date", *currencies, ""]:
        todo = "save the file as the bank publishes it"
        raise LayoutError(path, "a header from Date to a last comma", f"{head[:5]}", todo)
    known = [word for word in currencies if re.fullmatch("[A-Z]{3}", word)]
    if currencies != list(dict.fromkeys(known)):
        raise CodeError(f"{path}: {currencies}: not each a currency, once")
    cells = reading.block(path, head, raw).cells
    trimmed = [pc.utf8_trim(cell, " \t") for cell in cells.columns]
    block = reading.Block.of(path, pa.record_batch(trimmed, head))
    end, day = block.text(""), block.text("Date")
    block.require(pc.equal(end, ""), "nothing after the last comma", end)
    form = "%Y-%m-%d"
    if len(block) == 1 and ONE_DAY.fullmatch(day[0].as_py()):
        form = "%d %B %Y"
    else:
        block.demand("Date", ISO_DAY, DAY)
    try:
        days = pd.DataFrame({"day": pd.to_datetime(day.to_pandas(), format=form)})
    except ValueError as error:
        raise LayoutError(path, DAY, str(error)) from error
    block.require(pa.array(~days["day"].duplicated()), "each day once", day, todo="obtain it again")
    # Each month is named by its first record in the file, whatever that says of a currency.
    month = days["day"].dt.to_period("M").dt.start_time
    days["source_row"] = pd.Series(block.records).groupby(month).transform("min")
    for currency in currencies:
        rate = block.number(currency, absent=(NONE,))
        expected = f"rates of {currency} above 0, or {NONE}"
        block.require(pc.greater(rate, 0), expected, block.text(currency))
        days[currency] = rate.to_numpy(zero_copy_only=False)
    rates = days.melt(["day", "source_row"], currencies, "currency", "rate")
    rates["currency"] = pd.Categorical(rates["currency"], currencies)
    stated = rates.dropna(subset="rate")
    means = daily_rates.monthly(stated)
    months = means["month"].to_numpy().astype("datetime64[M]")
    first_weekday = np.busday_offset(months, 0, "forward")
    is_partial = means["n_days"] < means["month"].map(month.value_counts())
    is_partial |= np.maximum(first_weekday, BEGUN) < days["day"].min()
    is_partial |= np.busday_offset(months + 1, -1, "forward") > days["day"].max()
    quote = means["currency"].astype(str)
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
    yield Part(rows, len(block), {}, empty=len(rates) - len(stated))


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Lines of all days of the month that each record begins, as they stand in the CSV."""
    member, raw = _unzipped(path)
    days = reading.table(path, BytesIO(raw))
    lines = defaultdict(list)
    for day in days.values():
        lines[day.text.lstrip(' "')[:7]].append(day.text)
    whole = {}
    for row in days.keys() & wanted:
        day = days[row]
        whole[row] = reading.Record(day.line, "\n".join(lines[day.text.lstrip(' "')[:7]]), member)
    return whole


def _unzipped(path: Path) -> tuple[str, bytes]:
    """Name and bytes of the CSV in a zip; without a name where the file is the CSV itself."""
    raw = reading.whole(path, LARGEST)
    if not raw.startswith(b"PK"):
        return "", raw
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
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
