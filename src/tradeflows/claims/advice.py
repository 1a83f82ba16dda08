"""What the author of a claim may do where a reading lacks months of its window."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from tradeflows.claims.ledger import Reading
from tradeflows.model.periods import first_month, month_text, runs, span
from tradeflows.model.source import Source

if TYPE_CHECKING:
    import pandas as pd


def on_missing_months(
    reading: Reading,
    rows: pd.DataFrame,
    measured: Collection[str],
    sources: Mapping[str, Source],
    lacking: str = "",
    last: int | None = None,
) -> str:
    """What may be done about months without a figure; empty where the rows are not of trade.

    Parameters
    ----------
    reading, rows
        The reading, and the rows that its first question gave.
    measured
        The columns that it measures.
    sources
        The catalogue.
    lacking
        The months that it lacks, in words, where they are known.
    last
        The last month that the sources of `rows` state of anything, where it is known.
    """
    if "cmd_code" not in rows:
        return ""
    months = _months(reading)
    later = range(months.start if last is None else max(months.start, last + 1), months.stop)
    if last is None or not later:
        return _on_months_of_the_file(reading, rows, measured, sources, lacking)
    text = _on_later_months(rows, last)
    if len(later) == len(months) or lacking == runs(later):
        return text
    return f"{text}; {_on_months_of_the_file(reading, rows, measured, sources, lacking)}"


def _on_months_of_the_file(
    reading: Reading,
    rows: pd.DataFrame,
    measured: Collection[str],
    sources: Mapping[str, Source],
    lacking: str,
) -> str:
    """What may be done about months that the file could state; as :func:`on_missing_months`."""
    held_back = _without_figure(rows, measured, _months(reading))
    if held_back:
        text = f"the publisher states no figure for {held_back}, which is no zero; a claim that"
        text += " needs it cannot be decided from this source"
        is_all = held_back == (lacking or runs(_months(reading)))
        return text if is_all else f"{text}; {_on_absent(reading, rows, sources)}"
    return _on_absent(reading, rows, sources)


def _on_later_months(rows: pd.DataFrame, last: int) -> str:
    """What to do about months after the last one of a file."""
    names = " or ".join(sorted(set(rows["source_id"].astype("str"))))
    return (
        f"{names} ends with {month_text(last)}: a claim of later months, where the office has not "
        'published them yet, has no reading but `not_tested = "not public"`; where it has, '
        "`tradeflows update` takes its newer file"
    )


def _without_figure(rows: pd.DataFrame, measured: Collection[str], window: Collection[int]) -> str:
    """The months of a window, or all, whose rows have none of the figures that are measured."""
    columns = [name for name in measured if name in rows]
    if not columns:
        return ""
    empty = rows[rows[columns].isna().all(axis="columns")]
    months = [int(month) for month in first_month(empty)]
    return runs(month for month in months if not window or month in window)


def _on_absent(reading: Reading, rows: pd.DataFrame, sources: Mapping[str, Source]) -> str:
    """What an absent row may be declared, or asked, to mean."""
    ids = sorted(set(rows["source_id"].astype("str")))
    names = " or ".join(ids)
    if not any(sources[name].absent for name in ids if name in sources):
        return (
            f"if the file of {names} holds every row that its publisher issued, a month without "
            "one was a zero: declare that by `absent` in its entry of data/raw/sources.toml"
        )
    if {"start", "end"} <= reading.read.keys():
        return (
            f"{names} has no row of anybody in these months, so `absent` makes no zeros of them: "
            "a later file may have them"
        )
    return (
        f"what {names} declares by `absent` to be zero counts before the first row and after the "
        f"last only where `read` asks for its months: write {_window(reading)} into `read`"
    )


def _window(reading: Reading) -> str:
    """The start and the end of the measures, as `read` takes them."""
    ends = _ends(reading)
    return f'start = "{ends[0]}", end = "{ends[1]}"' if ends else "start and end"


def _months(reading: Reading) -> range:
    """The months that the measures are of; none where they name none."""
    ends = _ends(reading)
    return range(span(ends[0])[0], span(ends[1])[1]) if ends else range(0)


def _ends(reading: Reading) -> tuple[str, str] | None:
    for _, arguments in reading.steps:
        start = arguments.get("start", arguments.get("year"))
        if start is not None:
            return str(start), str(arguments.get("end", start))
    return None
