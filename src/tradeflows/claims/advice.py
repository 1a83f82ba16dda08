"""What the author of a claim may do where a reading lacks months of its window."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from tradeflows.claims.ledger import Reading
from tradeflows.model.periods import first_month, month_text, runs, span
from tradeflows.model.source import Source

if TYPE_CHECKING:
    import pandas as pd

# What an answer says of a source that states the same for other months.
PASSED_OVER = re.compile(r"(\S+) \(([^)]*)\) states this too and was passed over")


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
    ids = sorted(set(rows["source_id"].astype("str")))
    names, ends = " or ".join(ids), _ends(reading)
    months = range(span(ends[0])[0], span(ends[1])[1]) if ends else range(0)
    later = range(max(months.start, last + 1), months.stop) if last is not None else range(0)
    texts = []
    if later:
        texts.append(
            f"{names} ends with {month_text(last or 0)}: a claim of later months, where the office "
            'has not published them yet, has no reading but `not_tested = "not public"`; where it '
            "has, `tradeflows update` takes its newer file"
        )
        if len(later) == len(months) or lacking == runs(later):
            return texts[0]
    held_back = _without_figure(rows, measured, months)
    if held_back:
        texts.append(
            f"the publisher states no figure for {held_back}, which is no zero; a claim that needs "
            "it cannot be decided from this source"
        )
    if not held_back or held_back != (lacking or runs(months)):
        is_declared = any(sources[name].absent for name in ids if name in sources)
        texts.append(_on_absent(names, reading, is_declared=is_declared))
    return "; ".join([*texts, *_passed_over(rows)])


def _passed_over(rows: pd.DataFrame) -> list[str]:
    """Each source that states the same, and how it is asked instead."""
    return [
        f'{name} was passed over and states {stated}: write source = "{name}" into `read` for it'
        for name, stated in PASSED_OVER.findall(" ".join(rows.attrs.get("caveats", ())))
    ]


def _without_figure(rows: pd.DataFrame, measured: Collection[str], window: Collection[int]) -> str:
    """The months of a window, or all, whose rows have none of the figures that are measured."""
    columns = [name for name in measured if name in rows]
    empty = rows[rows[columns].isna().all(axis="columns")] if columns else rows[:0]
    months = map(int, first_month(empty))
    return runs(month for month in months if not window or month in window)


def _on_absent(names: str, reading: Reading, *, is_declared: bool) -> str:
    """What an absent row may be declared, or asked, to mean."""
    if not is_declared:
        return (
            f"if the file of {names} holds every row that its publisher issued, a month without "
            "one was a zero: declare that by `absent` in its entry of data/raw/sources.toml"
        )
    if {"start", "end"} <= reading.read.keys():
        return (
            f"{names} has no row of anybody in these months, so `absent` makes no zeros of them: "
            "a later file may have them"
        )
    ends = _ends(reading)
    window = f'start = "{ends[0]}", end = "{ends[1]}"' if ends else "start and end"
    return (
        f"what {names} declares by `absent` to be zero counts before the first row and after the "
        f"last only where `read` asks for its months: write {window} into `read`"
    )


def _ends(reading: Reading) -> tuple[str, str] | None:
    """The start and the end of the measures; nothing where they name none."""
    for _, arguments in reading.steps:
        start = arguments.get("start", arguments.get("year"))
        if start is not None:
            return str(start), str(arguments.get("end", start))
    return None
