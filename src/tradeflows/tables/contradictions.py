"""Figures that are many times apart: those of a month and its neighbours, or of two sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from math import fsum
from typing import TYPE_CHECKING, Any

import numpy as np

from tradeflows.model.absence import AXES
from tradeflows.model.areas import area_name
from tradeflows.model.keys import number_cells
from tradeflows.model.periods import first_month, month_text, runs
from tradeflows.model.products import plain_product_name

if TYPE_CHECKING:
    from pandas import DataFrame

JUMP = 10.0  # a figure that is so many times its neighbours, or another source's
CALM = 3.0  # where the two neighbours are within so many times of each other
HALF_A_YEAR = 6
STEADY, SPAN = 0.9, 12  # a series that has so great a part of its months, of so many at least
MOST = 6  # figures that a caveat names
SERIES = [*AXES, "partner_code", "qty_unit"]
FIGURES = {"net_wgt_kg": "weight", "value_reported": "value", "qty": "quantity"}
WAYS = {"M": "from", "X": "to"}


def jumps(series: np.ndarray, month: np.ndarray, figures: np.ndarray) -> np.ndarray:
    """Which figures are many times those of the month before and after, which are near each other.

    A figure like the others of half a year on either side is not: its neighbours are the odd ones.

    Parameters
    ----------
    series, month
        Of each row the number of its series and its month, in order of both.
    figures
        A row each, a column a kind of figure.
    """
    positive = np.where(figures > 0, figures, np.nan)
    is_next = np.zeros((len(series), 1), bool)
    is_next[1:, 0] = (np.diff(series) == 0) & (np.diff(month) == 1)
    before = np.where(is_next, np.roll(positive, 1, axis=0), np.nan)
    after = np.where(np.roll(is_next, -1, axis=0), np.roll(positive, -1, axis=0), np.nan)
    largest = np.maximum(before, after)
    is_calm = largest <= CALM * np.minimum(before, after)
    is_jump: np.ndarray = is_calm & (positive >= JUMP * largest)
    for at in np.flatnonzero(is_jump.any(axis=1)):
        around = slice(max(at - HALF_A_YEAR, 0), at + HALF_A_YEAR + 1)
        near = (series[around] == series[at]) & (abs(month[around] - month[at]) <= HALF_A_YEAR)
        year = positive[around][near][:, is_jump[at]]
        is_jump[at, is_jump[at]] = positive[at, is_jump[at]] > CALM * np.nanmedian(year, axis=0)
    return is_jump


def jumps_in_answer(frame: DataFrame) -> list[str]:
    """A line for each reporter with months in an answer that are many times their neighbours.

    Only of series that state most of a year or more: one that comes and goes has jumps by nature.
    """
    import pandas as pd

    is_month = frame["n_months"].eq(1) & frame["freq_code"].eq("M")
    rows = frame[is_month & frame["cumulation"].eq("period")]
    if len(rows) < STEADY * SPAN:
        return []
    coded = [pd.factorize(rows[name])[0] for name in SERIES]
    number = number_cells(((codes, int(codes.max()) + 1) for codes in coded), len(rows))
    rows = rows.assign(series=number, month=first_month(rows)).sort_values(["series", "month"])
    series, months = (rows[name].to_numpy() for name in ("series", "month"))
    figures = rows[[*FIGURES]].to_numpy("float64", na_value=np.nan)
    is_jump = jumps(series, months, figures)
    lines: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for at in np.flatnonzero(is_jump.any(axis=1)):
        stated = np.unique(months[series == series[at]])
        span = stated[-1] - stated[0] + 1
        if span >= SPAN and len(stated) >= STEADY * span:
            row = rows.iloc[at]
            what = " and ".join(np.array([*FIGURES.values()])[is_jump[at]])
            text = f"{what} of {_flow([row['cmd_code']], row['flow_code'], row['partner_iso'])}"
            size = float(np.nanmax(figures[at]))
            lines[row["reporter_iso"]].append((size, f"{text} in {month_text(months[at])}"))
    return [
        f"{reporter}: {JUMP:.0f} times the months around it, or more: {_largest(texts)}"
        for reporter, texts in sorted(lines.items())
    ]


def contradicted(frame: DataFrame, kept: Iterable[Any], passed: Sequence[Any]) -> list[str]:
    """A line for each source passed over of which figures are many times those kept, or a part.

    Of each period all goods are compared together, since two sources may state them by different
    codes: weights, and values in one currency.

    Parameters
    ----------
    frame
        The rows among which was chosen.
    kept, passed
        The numbers of its rows, with their flow, partner and months.
    """
    if not passed:
        return []
    names = ("partner_role", "currency", "cmd_code", "partner_code", "breakdown")
    words = [*zip(*(frame[name].tolist() for name in names), strict=True)]
    tonnes, values = (frame["net_wgt_kg"] / 1000).tolist(), frame["value_reported"].tolist()

    def stated(rows: Iterable[Any]) -> Iterator[tuple[Any, Any, float]]:
        """The cell and source, the goods and the figure of each row, of a weight and a value."""
        for row in rows:
            role, currency, *goods = words[row.number]
            for unit, figure in (("t", tonnes[row.number]), (currency, values[row.number])):
                if figure > 0:
                    cell = row.whole, row.partner, role, row.months, unit
                    yield (cell, row.source), (*goods,), figure

    # Of several releases the newest comes last.
    here: dict[Any, dict[Any, float]] = {}
    for (cell, _), goods, figure in stated(kept):
        here.setdefault(cell, {})[goods] = figure
    there: dict[Any, dict[Any, float]] = {}
    for place, goods, figure in stated(passed):
        if place[0] in here:
            there.setdefault(place, {})[goods] = figure
    lines: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for (cell, source), by_goods in there.items():
        (reporter, flow, *_), partner, _, months, unit = cell
        ours, theirs = fsum(here[cell].values()), fsum(by_goods.values())
        if max(ours, theirs) >= JUMP * min(ours, theirs):
            goods = sorted({code for code, *_ in here[cell]})[:2]
            text = (
                f"{_flow(goods, flow, partner)} in {runs(months)} {_number(theirs)} {unit} "
                f"against {_number(ours)} {unit}"
            )
            lines[reporter, source].append((abs(theirs - ours), text))
    return [
        f"{reporter}: figures of {source}, which was passed over, are {JUMP:.0f} or more times "
        f"apart from these: {_largest(texts)}"
        for (reporter, source), texts in sorted(lines.items())
    ]


def _flow(codes: Iterable[str], flow: str, partner: str) -> str:
    names = (plain_product_name(code) or f"HS {code}" for code in codes)
    goods = " and ".join(dict.fromkeys(names))
    return f"{goods} {WAYS.get(flow, f'{flow} with')} {area_name(partner)}"


def _number(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.3g}"


def _largest(texts: list[tuple[float, str]]) -> str:
    """The figures that weigh most, and how many more there are."""
    largest = [text for _, text in sorted(texts, reverse=True)[:MOST]]
    more = [f"and {len(texts) - MOST} more"] if len(texts) > MOST else []
    return "; ".join([*largest, *more])
