"""Raw lines of what a chart counts: the first of each claim; the first and the last of each run."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from tradeflows.model.periods import first_month, span
from tradeflows.model.words import count_of
from tradeflows.tables import trace

Term = tuple[Any, ...]
# A number that counts: its row, its period, it, how it is said, and the name and id of each line.
Counted = tuple[int, str, float, str, str, str, Term]

SAID = re.compile(r"[\d,]+ (?:row|claim)s?")  # how many there are, in place of a formula
IS_ZERO = trace.COLUMNS.index("declared_zero") - trace.COLUMNS.index("value")
NOTHING: Term = (np.nan, "", 0, "", -1, "", "", "", "", "", "", False, "", "")  # of no line


def lines(frame: DataFrame, column: str, root: Path | None) -> Iterator[Counted]:
    """The lines of each number of a column that counts rows.

    Where the frame has ``held``, runs of months, each run is a number of its own, whose lines are
    its first and its last; else what is counted has a line each, and its name in ``claim`` or
    ``statement``. One that has no figure is there without a line.
    """
    rows, members = trace.counted(frame, column)
    if "held" in frame:
        yield from _of_runs(frame["held"], rows, members, root)
        return
    terms = _first_terms(rows, np.concatenate(members), root)
    names = rows.get("claim", rows.get("statement", pd.Series("", rows.index))).astype(str)
    ids = rows.get("id", pd.Series("", rows.index)).astype(str)
    word = "claim" if "id" in rows else "row"
    for i, at in enumerate(members):
        said = count_of(len(at), word)
        for place in at.tolist():
            term = terms.get(place, NOTHING)
            yield i, "", float(len(at)), said, names.iloc[place], ids.iloc[place], term


def _of_runs(
    held: Sequence[str], rows: DataFrame, members: Sequence[np.ndarray], root: Path | None
) -> Iterator[Counted]:
    """The first and the last line of each run of months, and how many rows it is of."""
    has_figure = rows[trace.traceable(rows)].notna().any(axis="columns").to_numpy()
    month = first_month(rows).to_numpy()
    runs = []
    for i, (text, at) in enumerate(zip(held, members, strict=True)):
        in_order = at[np.argsort(month[at], kind="stable")]
        for run in text.split(", "):
            first, _, last = run.partition(" to ")
            start, after = span((first, last or first))
            within = in_order[(month[in_order] >= start) & (month[in_order] < after)]
            stated = within[has_figure[within]]
            runs.append((i, run, len(within), list(dict.fromkeys(stated[[0, -1]].tolist()))))
    ends = [place for *_, places in runs for place in places]
    terms = _first_terms(rows, np.array(ends, "int64"), root)
    for i, run, n, places in runs:
        for place, name in zip(
            places, ("first", "last") if len(places) > 1 else ("",), strict=True
        ):
            yield i, run, float(n), count_of(n, "row"), name, "", terms[place]


def _first_terms(rows: DataFrame, places: np.ndarray, root: Path | None) -> dict[int, Term]:
    """The first line of the first figure of each of the rows at `places`, if any that is a row."""
    known: dict[int, Term] = {}
    for column in trace.traceable(rows):
        is_stated = rows[column].notna().to_numpy()
        left = [place for place in dict.fromkeys(places.tolist()) if place not in known]
        at = [place for place in left if is_stated[place]]
        for i, _, _, value, unit, _, *line in trace.followed(rows.iloc[at], column, root):
            term = (value, unit, 0, *line)
            if at[i] not in known or (known[at[i]][IS_ZERO] and not term[IS_ZERO]):
                known[at[i]] = term
    return known
