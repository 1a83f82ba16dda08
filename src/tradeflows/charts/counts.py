"""Raw lines of what a chart counts: the first of each claim; the first and the last of each run."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from tradeflows.model.periods import first_month, span
from tradeflows.model.words import count_of
from tradeflows.tables import trace

Term = dict[str, Any]  # of a number, by names of trace.COLUMNS
SAID = re.compile(r"[\d,]+ (?:row|claim)s?")  # how many there are, in place of a formula
NOTHING: Term = dict.fromkeys(trace.COLUMNS[1:], "")  # a term of no line
NOTHING |= {"value": np.nan, "source_row": -1, "declared_zero": False}


def lines(frame: DataFrame, column: str) -> Iterator[tuple[int, str, float, Term]]:
    """The lines of each number of a column that counts rows: its row, its period, it, and a term.

    Where the frame has ``held``, runs of months, each run is a number of its own, whose lines are
    its first and its last; else what is counted has a line each, its name as its role, and the id
    of a claim in ``claim``. One that has no figure is there without a line.
    """
    rows, members = trace.counted(frame, column)
    if "held" in frame:
        yield from _of_runs(frame["held"], rows, members)
        return
    terms = _first_terms(rows, np.concatenate(members))
    names = rows.get("claim", rows.get("statement", pd.Series("", rows.index))).astype(str)
    ids = rows.get("id", pd.Series("", rows.index)).astype(str)
    word = "claim" if "id" in rows else "row"
    for i, at in enumerate(members):
        formula = count_of(len(at), word)
        for place in at.tolist():
            of_claim = {"role": names.iloc[place], "claim": ids.iloc[place]}
            term = terms.get(place, NOTHING)
            yield i, "", float(len(at)), {**term, **of_claim, "formula": formula, "sign": 0}


def _of_runs(
    held: Sequence[str], rows: DataFrame, members: Sequence[np.ndarray]
) -> Iterator[tuple[int, str, float, Term]]:
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
    terms = _first_terms(rows, np.array([at for *_, ends in runs for at in ends], "int64"))
    for i, run, n, ends in runs:
        for place, role in zip(ends, ("first", "last") if len(ends) > 1 else ("",), strict=True):
            yield i, run, float(n), terms[place] | {"role": role, "formula": count_of(n, "row")}


def _first_terms(rows: DataFrame, places: np.ndarray) -> dict[int, Term]:
    """The first line of the first figure of each of the rows at `places`, if any that is a row."""
    known: dict[int, Term] = {}
    for column in trace.traceable(rows):
        is_stated = rows[column].notna().to_numpy()
        left = [place for place in dict.fromkeys(places.tolist()) if place not in known]
        at = [place for place in left if is_stated[place]]
        for i, *line in trace.followed(rows.iloc[at], column):
            term = dict(zip(trace.COLUMNS[1:], line, strict=True)) | {"sign": 0, "claim": ""}
            if at[i] not in known or (known[at[i]]["declared_zero"] and not term["declared_zero"]):
                known[at[i]] = term
    return known
