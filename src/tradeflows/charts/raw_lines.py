"""What lies behind the numbers of a chart: the raw lines of each, to open or to take along."""

import html
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tradeflows.charts import layout
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import full_number
from tradeflows.retrieval import catalogue
from tradeflows.tables import display
from tradeflows.tables.trace import COLUMNS, floats, followed, traceable

LINES = 40  # that are shown of a chart; its file has all
ROUNDED = 0.0051  # what rounding to three figures, the fewest that a chart is given, may change
POWERS = [10.0**power for power in range(-12, 13)]
ENOUGH = 3  # numbers that have another factor in common: then it is no accident
ENTRY = "../data/raw/sources.toml#"  # where a notebook's reader finds a source's entry
NAMES = ["series", "period", "number", "factor"]


def terms(figure: Any, root: Path | None = None) -> pd.DataFrame:
    """Raw lines of the numbers that a chart was given.

    Parameters
    ----------
    figure
        Of a chart that :mod:`tradeflows.charts` drew, but for one of coverage.

    Returns
    -------
    DataFrame, one row a term
        ``series`` and ``period`` as drawn, ``number`` as the chart was given it, which is
        ``factor`` times what the formula comes to, but for rounding; then what
        :func:`tradeflows.tables.trace` gives. ``attrs["lost"]`` says of each series that cannot be
        followed why.

    Raises
    ------
    SourceError
        A raw file is missing or altered.
    """
    told = vars(figure)["tradeflows"]
    kept = told.setdefault("terms", {})  # the page and its files ask for the same
    if root not in kept:
        kept[root] = _terms(root, *told["of"])
    found: pd.DataFrame = kept[root]
    return found


def _terms(
    root: Path | None, frame: pd.DataFrame, numbers: list[str], names: list[str]
) -> pd.DataFrame:
    series = np.array([", ".join(map(layout.name, row)) for row in frame[names].astype(str).values])
    periods = _periods(frame)
    rows: list[tuple[Any, ...]] = []
    lost: dict[str, str] = {}
    for column in numbers:
        values = floats(frame[column])
        known = ~np.isnan(values)

        def follow(some: np.ndarray, column: str = column, values: np.ndarray = values) -> None:
            at = np.flatnonzero(some)
            if values[at].any():  # an end that is nothing throughout comes from no line
                rows.extend(
                    (series[at[i]], periods[at[i]], values[at[i]], *term)
                    for i, *term in _followed(frame.iloc[at], column, root)
                )

        try:
            follow(known)
        except QueryError:
            for name in dict.fromkeys(series):
                try:
                    follow(known & (series == name))
                except QueryError as error:
                    lost[name] = str(error)
    place = {name: i for i, name in enumerate(dict.fromkeys(series))}
    rows.sort(key=lambda row: place[row[0]])
    found = pd.DataFrame(rows, columns=[*NAMES, *COLUMNS[1:]])
    found.attrs["lost"] = lost
    return found


def _periods(frame: pd.DataFrame) -> list[str]:
    if "ref_period" not in frame:
        return list(frame.get("window_text", pd.Series("", frame.index)).fillna(""))
    lengths = frame.get("n_months", pd.Series(1, frame.index))
    days = pd.to_datetime(frame["ref_period"], errors="coerce")
    return [display.period(*each) for each in zip(days, lengths, strict=True)]


def _followed(frame: pd.DataFrame, column: str, root: Path | None) -> list[tuple[Any, ...]]:
    """Position, factor and term of `column`, or of the one that it is a multiple of."""
    can = traceable(frame)
    reason = f"{column} was computed in the notebook, from {', '.join(can) or 'no figure'}"
    values = floats(frame[column])
    factors = {
        name: 1.0 if name == column else _factor(values, floats(frame[name])) for name in can
    }
    tens = {name: factor in POWERS for name, factor in factors.items()}
    for name in sorted(can, key=lambda one: (one != column, not tens[one])):
        if tens[name] or (factors[name] and (values != 0).sum() >= ENOUGH):
            try:
                return [(i, factors[name], *term) for i, *term in followed(frame, name, root)]
            except QueryError as error:
                reason = str(error)
    raise QueryError(reason)


def _factor(values: np.ndarray, others: np.ndarray) -> float:
    """What `others` are to be multiplied by to give `values`; 0 where it is no single number."""
    some = values != 0
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = values[some] / others[some]
        exact = float(np.median(ratio))
        power = min(POWERS, key=lambda one: abs(one - exact) / one)
        same = [f for f in (power, exact) if (np.abs(ratio / f - 1) < ROUNDED).all()]
    return same[0] if same else 0.0


def shown(figure: Any) -> str:
    """The numbers of a chart as HTML, each of which opens its lines; no script is needed.

    Of many lines the first :data:`LINES` are there, with the count of all.
    """
    if "of" not in vars(figure)["tradeflows"]:
        return (
            "<p><small>No raw lines: this is which months are held, not what they say.</small></p>"
        )
    found = terms(figure)
    why: dict[str, list[str]] = {}
    for name, reason in found.attrs["lost"].items():
        why.setdefault(reason, []).append(name)
    lost = "".join(
        f"<p><small>No raw lines of {html.escape(', '.join(names))}: {html.escape(reason)}.</small>"
        "</p>"
        for reason, names in why.items()
    )
    if found.empty:
        return lost
    of = [*NAMES, "formula"]
    head = f"Raw lines: {len(found):,} behind {len(found[of].drop_duplicates()):,} numbers"
    head += f", the first {LINES} of them here" if len(found) > LINES else ""
    numbers = groupby(found.head(LINES).itertuples(index=False), lambda row: row[: len(of)])
    told = "".join(_number(*each) for each in numbers)
    used = entries(dict.fromkeys(found["source_id"]))
    return f"<details><summary>{head}</summary>{told}{used}</details>{lost}"


def _number(of: tuple[Any, ...], rows: Iterator[Any]) -> str:
    """One number, its formula and its lines."""
    series, period, number, factor, formula = of
    if factor != 1.0:
        formula = f"{formula if formula.isidentifier() else f'({formula})'} * {factor:.6g}"
    head = html.escape(", ".join(filter(None, (series, period))))
    lines = "".join(
        f"<tr><td>{row.source_id}, line {row.line}</td><td>{html.escape(row.role)}</td>"
        f"<td>{full_number(row.value)} {html.escape(row.unit)}</td>"
        f"<td><code>{html.escape(row.text)}</code></td></tr>"
        for row in rows
    )
    return (
        f"<details><summary>{head}: {layout.number(number)}</summary><p><code>"
        f"{html.escape(formula)}</code></p><table>{lines}</table></details>"
    )


def entries(used: Iterable[str]) -> str:
    """The catalogue's entries of sources as a list in HTML."""
    told = (
        f'<li><a href="{ENTRY}{source.id}">{source.id}</a>: '
        + html.escape(
            f"{publisher.name}; {source.title}; vintage {source.vintage}; licence: "
            f"{source.licence}; {source.address or source.steps or publisher.home}"
        )
        + "</li>"
        for source, publisher in catalogue.entries(used).values()
    )
    return f"<ul>{''.join(told)}</ul>"
