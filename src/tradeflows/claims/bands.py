"""The band of a series: how far one office's releases of it are apart, from the releases held.

Which they are a ledger says, or the newer and older releases that the tables hold of one file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from tradeflows import measures
from tradeflows.claims import questions
from tradeflows.claims.verdict_rule import CONFLICT, Band, Question, band_of_growth, spread
from tradeflows.claims.word_lists import Table
from tradeflows.model.errors import LedgerError, QueryError
from tradeflows.model.periods import days, span

if TYPE_CHECKING:
    import pandas as pd

    from tradeflows.claims.witnesses import Tables

# Flags on rows of a release that is no witness of the office's number: it was patched.
PATCHED = frozenset({"derived", "estimated", "partial", "rebuilt"})
# A total that was printed with few digits is none either. A month that its carrier rounded to a
# thousand dollars is: that is far less than a revision.
ROUNDED = "rounded"
GROWTH = "growth of "
PRICE = "price"  # of these two
AMOUNTS = {"value": "value_reported", "weight": "net_wgt_kg"}
NEWEST = "the newest release"
OPTIONS = ("zeros", "splice")  # of a read, beside its filters

Read = Callable[[Table], "pd.DataFrame"]


@dataclass(frozen=True)
class Series:
    """One flow as one office measures it, and what to ask for each of its releases, by name."""

    asks: Question
    releases: Mapping[str, Table]


def series_of(asked: Question, known: tuple[Series, ...]) -> Series | None:
    """The series that a claim's question is about, whatever its window."""
    level = replace(asked, start="", end="", base="", measure=asked.measure.removeprefix(GROWTH))
    return next((series for series in known if series.asks == level), None)


def held(asked: Question, filters: Table, newest: pd.DataFrame, project: Tables) -> Series | None:
    """The releases that are held of rows of trade, where there are several.

    Parameters
    ----------
    filters
        What was read.
    newest
        The rows that it gave.
    """
    amount = asked.measure.removeprefix(GROWTH)
    if amount not in AMOUNTS or "cmd_code" not in newest or {"as_of", "vintage"} & filters.keys():
        return None
    question = {key: value for key, value in filters.items() if key not in OPTIONS}
    rows = project.question(**question).matching()
    gone = rows.filter(rows["known_until"].is_valid())
    names = ("source_id", "replaced_by", "known_until")
    releases = {NEWEST: filters}
    for old, new, day in sorted({*zip(*(gone[name].to_pylist() for name in names), strict=True)}):
        if old == new:  # one file has both
            before = f"{day - timedelta(days=1)}"
            releases[f"as of {before}"] = {**filters, "as_of": before}
        else:
            answering = {*newest["source_id"]} - {new} | {old}
            releases[old] = {**filters, "source": sorted(answering)}
    return Series(asked, releases) if len(releases) > 1 else None


def band_of(asked: Question, series: Series | None, figure: float | None, read: Read) -> Band:
    """The band of what a claim asks; no width where one release or none is held.

    Parameters
    ----------
    figure
        The growth rate that is claimed, where it is one.
    read
        Gives the rows of a release's question.
    """
    is_growth = asked.measure.startswith(GROWTH)
    unit = "points" if is_growth else "%"
    if series is None:
        return Band(0.0, unit)
    values = _values(series, (asked.start, asked.end), read)
    width = spread(list(values.values()))
    releases = [*values]
    if is_growth:
        first, last = asked.base.split("..")
        before = _values(series, (first, last), read)
        conflict = max(width, spread(list(before.values()))) > CONFLICT
        width = band_of_growth(figure or 0.0, width, spread(list(before.values())))
        releases = list(dict.fromkeys([*releases, *before]))
    else:
        conflict = width > CONFLICT
    return Band(width, unit, tuple(releases), conflict)


def _values(series: Series, window: tuple[str, str], read: Read) -> dict[str, float]:
    """What each release states for `window`, of those that state all of it in full digits."""
    values = {}
    amount, _, _ = series.asks.measure.removeprefix(GROWTH).partition(" in ")  # in euros, say
    columns = [*AMOUNTS.values()] if amount == PRICE else [AMOUNTS[amount]]
    first, last = days_of(*span(window))
    for name, filters in series.releases.items():
        frame = read(filters)
        if "window_start" not in frame:
            value = _summed(frame, columns, window)
        else:  # the number printed for just this window
            rows = frame[frame["window_start"].eq(first) & frame["window_end"].eq(last)]
            rows = rows[rows["unit"].eq("USD")]
            if "flags" in rows:
                rows = rows[~rows["flags"].str.contains(ROUNDED)]
            value = float(rows["value"].iloc[0]) if len(rows) else None
        if value is not None:
            values[name] = value
    return values


def days_of(first: int, after: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last day of the months from `first` to before `after`."""
    import pandas as pd

    begin, stop = days(np.array([first, after]))
    return pd.Timestamp(begin), pd.Timestamp(stop) - pd.Timedelta(days=1)


def _summed(frame: pd.DataFrame, columns: list[str], window: tuple[str, str]) -> float | None:
    """The sum of a window, or the ratio of two; none where months lack, or of no witness."""
    over = [name for name in ("flow_code", "valuation", "cmd_code") if frame[name].nunique() > 1]
    try:
        result = measures.total(frame, columns, [], over, *window)
    except QueryError:  # a block of months that crosses an end of the window
        return None
    row = result.iloc[0]
    is_witness = not PATCHED & set(str(row["flags"]).split())
    amounts = row[columns].astype(float)
    value = amounts.iloc[0] / amounts.iloc[1:].prod()  # of one, over nothing
    return float(value) if row["complete"] and is_witness else None


FILTERS = {"goods": "product", "reporter": "reporter", "partner": "partner", "flow": "flow"}


def parse(entry: Table, releases: Mapping[str, Table]) -> Series:
    """A series of its keys and its releases; one of something else is no revision.

    Raises
    ------
    LedgerError
        A release is of something else.
    """
    asks = questions.question(entry)
    exporters = {"M": asks.partner, "X": asks.reporter, "M+X": f"{asks.reporter}<->{asks.partner}"}
    wanted = {name: getattr(asks, key) for key, name in FILTERS.items()}
    wanted["exporter"] = exporters.get(asks.flow, "")
    for release, filters in releases.items():
        for key, name in {**FILTERS, "exporter": "exporter"}.items():
            value = filters.get(name, wanted[name])
            if name in filters and key in FILTERS:
                value = questions.normal(key, value)
            if value != wanted[name]:
                raise LedgerError(
                    f"release {release!r}: {name} is {value!r}, and its series is of "
                    f"{wanted[name]!r}: a band is how far releases of one number are apart"
                )
    return Series(asks, releases)
