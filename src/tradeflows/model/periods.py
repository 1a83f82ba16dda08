"""Months and windows, counted from year 0: what a row covers, what overlaps, what is cut."""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd

from tradeflows.model.errors import QueryError

Window = str | tuple[str, str]


def first_month(frame: pd.DataFrame) -> pd.Series:
    """Months from year 0 to the first of each period."""
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


def month_text(month: int) -> str:
    """A month as 2023-05."""
    return f"{month // 12}-{month % 12 + 1:02d}"


def runs(months: Iterable[int]) -> str:
    """Months in words, those in a row as a range."""
    found = groupby(enumerate(sorted(set(map(int, months)))), key=lambda pair: pair[1] - pair[0])
    ends = [[month_text(month) for _, month in run] for _, run in found]
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in ends)


def runs_of(months: Any, n: int) -> list[str]:
    """Months of each of n groups in words, of a grouped Series."""
    texts = {group: runs(found) for group, found in months}
    return [texts.get(i, "") for i in range(n)]


def ends_of(window: Window) -> tuple[str, str]:
    """The first and the last year or month of `window`."""
    return (window, window) if isinstance(window, str) else window


def span(window: Window) -> tuple[int, int]:
    """First month of `window`, and the month after its last."""
    ends = [re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", text) for text in ends_of(window)]
    if not all(ends):
        raise QueryError(f"no window {window!r}: write a year as 2021, a month as 2021-02")
    (first, since), (last, until) = (end.groups() for end in ends if end)
    found = int(first) * 12 + int(since or 1) - 1, int(last) * 12 + int(until or 12)
    if found[0] >= found[1]:
        raise QueryError(f"window {window!r} ends before it starts: turn it round")
    return found


def window_text(window: Window) -> str:
    """A window in words."""
    return runs(range(*span(window)))
