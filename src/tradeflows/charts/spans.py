"""Where a period stands on an axis of days: over its own months, and a figure in their middle."""

from typing import Any

import matplotlib.dates as mdates
import numpy as np
import pandas as pd

HALF_A_MONTH = 15  # days from the first of a month of any length to its middle


def middle(first_day: pd.Timestamp, months: int) -> pd.Timestamp:
    """The day on which a figure stands that is of so many months from `first_day` on.

    Counted in whole months and half a month, so that :func:`first_day` finds the way back.
    """
    day = first_day + pd.DateOffset(months=months // 2)
    return day + pd.Timedelta(days=HALF_A_MONTH) if months % 2 else day


def first_day(middle: pd.Timestamp, months: int) -> pd.Timestamp:
    """The first day of the period of so many months in whose `middle` a figure stands."""
    day = middle - pd.Timedelta(days=HALF_A_MONTH) if months % 2 else middle
    return (day - pd.DateOffset(months=months // 2)).as_unit("s")


def days(places: Any) -> pd.DatetimeIndex:
    """The days of `places` on a matplotlib axis of dates."""
    whole = np.round(np.asarray(places, dtype="float64"))
    return pd.DatetimeIndex(np.datetime64(mdates.get_epoch(), "s") + whole.astype("timedelta64[D]"))


def whole_months(start: float, end: float) -> tuple[pd.Timestamp, int]:
    """The first day and the months of a period, by where it starts and ends on an axis of dates."""
    first, after = days([start, end])
    n_days = (after - first).days
    return first, round(n_days / 30.44)


def year_ticks(first: float, last: float, step: int) -> dict[float, str]:
    """Each year, or every other, by the middle of what an axis from `first` to `last` shows of it.

    A year of which less than five months are shown has no room for its number.
    """
    ends, ticks = days([first, last]), {}
    for year in range(ends[0].year, ends[1].year + 1):
        start = max(first, mdates.date2num(pd.Timestamp(year, 1, 1)))
        end = min(last, mdates.date2num(pd.Timestamp(year + 1, 1, 1)))
        if year % step == 0 and end - start > 150:
            ticks[(start + end) / 2] = str(year)
    return ticks


def month_ticks(first: float, last: float, step: int) -> dict[float, str]:
    """Every so many months between `first` and `last`, each by its middle."""
    ends = days([first, last])
    months = pd.date_range(ends[0].to_period("M").to_timestamp(), ends[1], freq="MS")
    named = months[months.month % step == 1 % step]
    places = mdates.date2num([middle(day, 1) for day in named])
    texts = named.strftime("%b %Y")
    return {
        place: text for place, text in zip(places, texts, strict=True) if first <= place <= last
    }


def text(first_day: pd.Timestamp, months: int) -> str:
    """A period as a reader says it: "May 2023", "2023", "January to March 2023"."""
    last = first_day + pd.DateOffset(months=months - 1)
    if months == 1:
        return f"{first_day:%B %Y}"
    if months == 12 and first_day.month == 1:
        return f"{first_day:%Y}"
    start = f"{first_day:%B}" if first_day.year == last.year else f"{first_day:%B %Y}"
    return f"{start} to {last:%B %Y}"


def runs(first_days: pd.DatetimeIndex, chosen: np.ndarray, months: int) -> list[str]:
    """The periods `chosen` of those that follow one another, in words, those in a row as one."""
    edges = np.flatnonzero(np.diff([0, *chosen.astype(int), 0]))
    return [
        text(first_days[start], months * int(end - start))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]
