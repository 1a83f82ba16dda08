"""Months and windows: every one that a person types is parsed here, and what rows cover."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from numbers import Integral
from typing import TYPE_CHECKING, Any

from tradeflows.model.errors import QueryError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Window = str | tuple[str, str]

YEAR_OR_MONTH = re.compile(r"([1-9]\d{3})(?:-(0[1-9]|1[0-2]))?", re.ASCII)
# Near enough to a month to ask whether it was meant: 2023-5, 2023/05, 202305, 2023-05-17.
NEARLY_A_MONTH = re.compile(r"([1-9]\d{3})\D?(0?[1-9]|1[0-2])(?:-[0-3]?\d)?", re.ASCII)
MONTH_OF_A_RELEASE = re.compile(r"([1-9]\d{3})-?(0[1-9]|1[0-2])", re.ASCII)
DAY = re.compile(r"[1-9]\d{3}-\d\d-\d\d", re.ASCII)
MONTH_OR_DAY = re.compile(
    r"\b[12]\d{3}-(?:0[1-9]|1[0-2])(?:-[0-3]\d)?\b(?!-)", re.ASCII
)  # in a text
EXPECTED = {
    "month or year": "a month such as 2023-05, or a year",
    "month": "a month such as 2023-05",
    "year": "a year such as 2023",
}


def parse_period(text: object, name: str = "window", *, grain: str = "month or year") -> range:
    """Months, counted from year 0, of a month or a year that a person typed.

    Parameters
    ----------
    text
        ``2023-05`` or ``2023``.
    name
        What it is for, for the message: ``start``, ``period``, …
    grain
        Of :data:`EXPECTED`: which of the two it may be.

    Raises
    ------
    QueryError
        It is neither, or not of this `grain`.
    """
    typed = str(text)
    match = YEAR_OR_MONTH.fullmatch(typed.strip())
    if match is None or grain == ("month" if match[2] is None else "year"):
        nearly = None if match else NEARLY_A_MONTH.fullmatch(typed.strip())
        hint = f"; did you mean '{nearly[1]}-{int(nearly[2]):02}'?" if nearly else ""
        raise QueryError(f"{name}={typed!r}: expected {EXPECTED[grain]}{hint}")
    first = int(match[1]) * 12 + int(match[2] or 1) - 1
    return range(first, first + (1 if match[2] else 12))


def parse_window(start: object, end: object, *, grain: str = "month or year") -> range:
    """Months, counted from year 0, from one month or year that a person typed to another.

    Raises
    ------
    QueryError
        One of them is no month or year, or the end is before the start.
    """
    first = parse_period(start, "start", grain=grain)
    last = parse_period(end, "end", grain=grain)
    if last[-1] < first[0]:
        raise QueryError(f"the end {end} is before the start {start}")
    return range(first[0], last[-1] + 1)


def parse_period_or_window(text: str, name: str) -> range:
    """Months of ``2023``, ``2023-05`` or ``2023-01/2023-05``.

    Raises
    ------
    QueryError
        `text` is none of these, or ends before it starts.
    """
    start, slash, end = text.partition("/")
    try:
        return parse_window(start, end) if slash else parse_period(text, name)
    except QueryError as error:
        raise QueryError(f"{name}={text!r}: expected 2023, 2023-05 or 2023-01/2023-05") from error


def parse_day(text: str, name: str) -> date:
    """A day that a person typed as ``2024-06-01``.

    Raises
    ------
    QueryError
        There is no such day.
    """
    if not is_day(text):
        raise QueryError(f"{name}={text!r}: expected a day such as 2024-06-01")
    return date.fromisoformat(text)


def parse_release(text: str, name: str) -> str:
    """The day, month or year of a release, as it was typed.

    Raises
    ------
    QueryError
        It is none of these.
    """
    try:
        if text.count("-") == 2:
            parse_day(text, name)
        else:
            parse_period(text, name)
    except QueryError as error:
        raise QueryError(
            f"{name}={text!r}: expected the day, month or year of the release, such as 2024-07-20"
        ) from error
    return text


def day_in_words(day: date) -> str:
    """A day as print has it: 25 January 2025."""
    return f"{day.day} {day:%B %Y}"


def release_in_words(text: str) -> str:
    """A day or a month as print has it: 25 January 2025, June 2024; another text as it is."""
    if is_day(text):
        return day_in_words(date.fromisoformat(text))
    month = MONTH_OF_A_RELEASE.fullmatch(text)
    return month_words(12 * int(month[1]) + int(month[2]) - 1) if month else text


def dates_in_words(text: str) -> str:
    """A text whose days and months are as print has them: 2023-01 is January 2023."""
    return MONTH_OR_DAY.sub(lambda match: release_in_words(match[0]), text)


def window_in_words(first: str, last: str) -> str:
    """From a day, month or year to another: 2022, May 2023, January to May 2023.

    What is no date, such as a season, stays as it is.
    """
    year = first[:4]
    if year == last[:4] and first.endswith("-01") and last.endswith("-12"):
        return year
    start, end = dates_in_words(first), dates_in_words(last)
    if start in ("", end):
        return end
    if year == last[:4]:
        start = start.removesuffix(f" {year}")
    return f"{start} to {end}"


def is_day_or_month(text: str) -> bool:
    """Whether `text` is a day that exists, or a month, as 2024-06 or 202406."""
    return is_day(text) or MONTH_OF_A_RELEASE.fullmatch(text) is not None


def is_day(text: str) -> bool:
    """Whether `text` is a day that exists, as ``2024-06-01``."""
    try:
        return bool(DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def require_months(every: int | None) -> None:
    """Refuse a length of windows that is neither None nor a whole number of months."""
    is_number = isinstance(every, Integral) and not isinstance(every, bool)
    if every is not None and not (is_number and every > 0):
        raise QueryError(f"every={every!r}: expected a number of months, such as 12 for years")


def first_day(month: int) -> date:
    """The first day of a month that is counted from year 0."""
    return date(month // 12, month % 12 + 1, 1)


def month_of(day: date) -> int:
    """The month of a day, counted from year 0; the inverse of :func:`first_day`."""
    return 12 * day.year + day.month - 1


def month_words(month: int) -> str:
    """A month counted from year 0 as March 2022.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.month_words(2022 * 12 + 2)
    'March 2022'
    """
    return f"{first_day(month):%B %Y}"


def compact(month: int) -> str:
    """A month as 202305, as publishers have it in names of files and in questions."""
    return f"{month // 12}{month % 12 + 1:02d}"


def month_text(month: int) -> str:
    """A month as 2023-05."""
    return f"{month // 12}-{month % 12 + 1:02d}"


def ends_text(first: int, last: int) -> str:
    """Two months as 2023-05 to 2023-08, or the one that both are."""
    return " to ".join(dict.fromkeys([month_text(first), month_text(last)]))


def first_month(frame: pd.DataFrame) -> pd.Series:
    """Months from year 0 to the first of each period."""
    import pandas as pd

    if frame["ref_period"].isna().any():
        raise QueryError("rows have no ref_period: keep frame.dropna(subset='ref_period')")
    months = frame["ref_period"].to_numpy().astype("datetime64[M]").astype("int64")
    return pd.Series(months + 12 * 1970, frame.index)


def days(months: np.ndarray) -> np.ndarray:
    """First days of months counted as by :func:`first_month`."""
    return (months - 12 * 1970).astype("datetime64[M]").astype("datetime64[D]")


def require_whole_periods(row: np.ndarray, month: np.ndarray, window: np.ndarray) -> None:
    """Refuse a period, the months of a row, that lies in two windows; -1 is outside of all."""
    cut = (row[1:] == row[:-1]) & (window[1:] != window[:-1])
    if cut.any():
        period = runs(month[row == row[1:][cut][0]])
        raise QueryError(
            f"the figure for {period} crosses the edge of a window: choose windows "
            "that hold it whole, or leave it out"
        )


def runs(months: Iterable[int]) -> str:
    """Months in words, those in a row as a range."""
    ordered = enumerate(sorted(set(map(int, months))))
    in_a_row = groupby(ordered, key=lambda pair: pair[1] - pair[0])
    spans = ([month for _, month in run] for _, run in in_a_row)
    return ", ".join(ends_text(run[0], run[-1]) for run in spans)


def runs_of(months: Any, n: int) -> list[str]:
    """Months of each of n groups in words, of a grouped Series."""
    texts = {group: runs(members) for group, members in months}
    return [texts.get(i, "") for i in range(n)]


def ends_of(window: Window) -> tuple[str, str]:
    """The first and the last year or month of `window`."""
    return (window, window) if isinstance(window, str) else window


def span(window: Window) -> tuple[int, int]:
    """First month of `window`, and the month after its last."""
    months = parse_period(window) if isinstance(window, str) else parse_window(*window)
    return months.start, months.stop


def window_text(window: Window) -> str:
    """A window in words."""
    return runs(range(*span(window)))
