"""Series across the years of a nomenclature whose codes change: followed, or bounded."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tradeflows.measures.common import (
    combine_flags,
    grain_of,
    grouped,
    numbers_of,
    require_columns,
    unique,
    with_lineage,
    without_attrs,
)
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import first_month

Step = Mapping[str, set[str]]
DIGITS = 8


def chained(
    frame: pd.DataFrame,
    relations: Iterable[Mapping[str, str]] | pd.DataFrame,
    base_year: int,
    value: str = "value_reported",
    whole: bool = False,
) -> pd.DataFrame:
    """Put each year's codes of the Combined Nomenclature into those of one year.

    A code's goods go to all codes that the table says took its place. Where there is one, its
    figure moves there; where there are several, each of them has between nothing and all of it. A
    code that the table does not name goes on as itself, confidential ones among them, also where
    another is merged into it. A code without a row had no trade.

    Parameters
    ----------
    frame
        Codes of eight digits, each year's figures in its own nomenclature; no figure below 0.
    relations
        Of each pair of years in between, as :func:`tradeflows.model.codes.successors` reads them:
        ``period`` (20232024), ``predecessor``, ``successor``.
    base_year
        Whose codes the result is in.
    value
        Column of figures.
    whole
        Follow groups of codes that no figure leaves or enters, named 12345678+12345679, instead of
        single codes: then all is known, and the sum over all codes is the sum of `frame`.

    Returns
    -------
    DataFrame, one row a code of the base year (or a group) and a period
        The columns of the grain, `value` (null where it is an interval), ``low`` and ``high``, both
        the value where it is known, ``flags`` and ``qualifier`` joined. The bounds of a single code
        hold for it alone: those of several codes cannot all be reached at once.

    Raises
    ------
    QueryError
        Codes of other levels, a figure below 0, one stated twice, a period that crosses a year, or
        a pair of years of which the table says nothing.
    """
    require_columns(frame, "cmd_code", "ref_period", "n_months", value)
    if odd := sorted({code for code in frame["cmd_code"] if len(code) != DIGITS}):
        query = "frame.query('cmd_code.str.len() == 8')"
        raise QueryError(f"cmd_code has {odd[0]}: keep codes of eight digits, such as {query}")
    numbers = numbers_of(frame, value)
    if (numbers < 0).any():
        raise QueryError(f"{value} has {numbers.min():g}, and what is below 0 bounds nothing")
    month = first_month(frame)
    year = month.to_numpy() // 12
    if (year != (month.to_numpy() + frame["n_months"].to_numpy("int64") - 1) // 12).any():
        raise QueryError("a period crosses the end of a year: keep those within one nomenclature")
    named = ("cmd_code", "classification_code")
    keys = [name for name in grain_of(frame, value) if name not in named]
    keys += ["ref_period", "n_months"]
    unique(frame, [*keys, "cmd_code"])

    held = frame["cmd_code"].groupby(year).agg(set).to_dict()
    steps = _steps(relations, held)
    links = {
        (there, code): found
        for there, some in held.items()
        for code, found in _walk(some, there, base_year, steps).items()
    }
    absent = _absent(links, held, base_year, steps)
    if whole:
        names = _closed(links)
        links = {place: {names[min(found)]} for place, found in links.items()}
    found = [sorted(links[place]) for place in zip(year, frame["cmd_code"], strict=True)]
    count = np.array([len(each) for each in found])
    row = np.repeat(np.arange(len(frame)), count)
    sole = count[row] == 1
    lines = without_attrs(frame)[keys].iloc[row].reset_index(drop=True)
    lines["cmd_code"] = [code for each in found for code in each]
    slot, result = grouped(lines, list(lines))

    n, figures = len(result), numbers.to_numpy()[row]
    hole = np.bincount(slot, np.isnan(figures), n) > 0
    low, high = (
        np.bincount(slot[some], np.nan_to_num(figures[some]), n)
        for some in (sole, np.ones(len(row), bool))
    )
    result.insert(0, "classification_code", f"CN{base_year}")
    result[value] = np.where(hole | (low < high), np.nan, high)
    result["low"], result["high"] = low, np.where(hole, np.nan, high)
    result = result.assign(**combine_flags(frame, row, slot, n))

    def of(some: np.ndarray, which: np.ndarray) -> Formula:
        stated = some & ~np.isnan(figures) & which[slot]
        return Formula("value", {"value": Role(frame, value, row[stated], slot[stated])})

    caveats = []
    if vague := int((low < high).sum()):
        caveats.append(f"{vague} of {n} figures of {value} are intervals, since codes were split")
    if absent:
        caveats.append(
            f"{len(absent)} codes that belong to these have no row and count as none: "
            f"{', '.join(absent[:5])}{' …' if len(absent) > 5 else ''}"
        )
    every = np.ones(len(row), bool)
    return with_lineage(
        result,
        frame,
        caveats=caveats,
        formulas={
            value: of(every, result[value].notna().to_numpy()),
            "high": of(every, ~hole),
            "low": of(sole, np.ones(n, bool)),
        },
    )


def _steps(relations: Any, held: Mapping[int, set[str]]) -> dict[tuple[int, int], Step]:
    """What each code becomes from a year to the next, and from a year to the one before.

    A code that is `held` on one side, and that the table names on the other side alone, is there on
    both: it goes on as itself too, whether or not the table troubled to say so.
    """
    table = pd.DataFrame(relations)
    require_columns(table, "period", "predecessor", "successor")
    steps: dict[tuple[int, int], dict[str, set[str]]] = {}
    for period, old, new in table[["period", "predecessor", "successor"]].itertuples(index=False):
        first, last = int(period[:4]), int(period[4:])
        steps.setdefault((first, last), {}).setdefault(old, set()).add(new)
        steps.setdefault((last, first), {}).setdefault(new, set()).add(old)
    for (here, there), step in steps.items():
        for code in held.get(here, set()) & steps[there, here].keys() - step.keys():
            step[code] = {code}
            steps[there, here][code].add(code)
    return dict(steps)


def _walk(
    codes: Iterable[str], start: int, end: int, steps: Mapping[tuple[int, int], Step]
) -> dict[str, set[str]]:
    """The codes of the year `end` that may share goods with each of the year `start`."""
    way = range(start, end, 1 if start < end else -1)
    pairs = [(here, here + way.step) for here in way]
    if lacking := [pair for pair in pairs if pair not in steps]:
        raise QueryError(
            f"the table says nothing of {min(lacking[0])} to {max(lacking[0])}: give "
            "one that does, or a nearer base_year"
        )
    walked = {}
    for code in codes:
        found = {code}
        for pair in pairs:
            found = set[str]().union(*(steps[pair].get(each, {each}) for each in found))
        walked[code] = found
    return walked


def _absent(
    links: Mapping[tuple[int, str], set[str]],
    held: Mapping[int, set[str]],
    base: int,
    steps: Mapping[tuple[int, int], Step],
) -> list[str]:
    """Codes of a year that would add to what the frame has of that year, and are not in it."""
    found = set()
    for year, codes in held.items():
        reached = set[str]().union(*(links[year, code] for code in codes))
        for some in _walk(reached, base, year, steps).values():
            found |= {f"{code} in {year}" for code in some - codes}
    return sorted(found)


def _closed(links: Mapping[tuple[int, str], set[str]]) -> dict[str, str]:
    """The name of the smallest group around each code that no figure leaves or enters."""
    groups: dict[str, set[str]] = {}
    for found in links.values():
        joined = set().union(found, *(groups.get(code, set()) for code in found))
        groups.update(dict.fromkeys(joined, joined))
    return {code: "+".join(sorted(group)) for code, group in groups.items()}
