"""Series across the years of a nomenclature whose codes change: followed, or bounded."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np
from pandas import DataFrame

from tradeflows.measures.common import (
    combine_flags,
    computed,
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
    frame: DataFrame,
    relations: Iterable[Mapping[str, str]] | DataFrame,
    base_year: int,
    value: str = "value_reported",
    whole: bool = False,
) -> DataFrame:
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

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> years = pd.to_datetime(["2021-01-01", "2022-01-01"])
    >>> chips = pd.DataFrame({"cmd_code": ["85423190", "85423191"], "ref_period": years,
    ...                       "n_months": 12, "value_reported": [100.0, 120.0], "currency": "EUR"})
    >>> change = {"period": "20212022", "predecessor": "85423190", "successor": "85423191"}
    >>> measures.chained(chips, [change], 2022)[["cmd_code", "value_reported"]]
       cmd_code  value_reported
    0  85423191           100.0
    1  85423191           120.0
    """
    require_columns(frame, "cmd_code", "ref_period", "n_months", value)
    year = _years(frame, value)
    named = ("cmd_code", "classification_code")
    keys = [name for name in grain_of(frame, value) if name not in named]
    keys += ["ref_period", "n_months"]
    unique(frame, [*keys, "cmd_code"])

    by_year = frame["cmd_code"].groupby(year)
    codes_of_year = by_year.agg(set).to_dict()
    steps = _steps(relations, codes_of_year)
    links = _links(codes_of_year, base_year, steps)
    absent = _absent(links, codes_of_year, base_year, steps)
    if whole:
        names = _closed(links)
        links = {place: {names[min(some)]} for place, some in links.items()}
    places = zip(year, frame["cmd_code"], strict=True)
    targets = [sorted(links[place]) for place in places]
    count = np.array([len(some) for some in targets])
    place = np.arange(len(frame))
    row = np.repeat(place, count)
    is_sole = count[row] == 1
    plain = without_attrs(frame)
    lines = plain[keys].iloc[row]
    lines = lines.reset_index(drop=True)
    lines["cmd_code"] = [*chain.from_iterable(targets)]
    slot, result = grouped(lines, list(lines))
    n = len(result)
    result.insert(0, "classification_code", f"CN{base_year}")

    figures = numbers_of(frame, value).to_numpy()
    has_value = ~np.isnan(figures[row])
    has_hole = np.bincount(slot, ~has_value, n) > 0

    def sum_of(entered: np.ndarray, empty: float = np.nan) -> Formula:
        some = entered & has_value
        role = Role(frame, value, row[some], slot[some], figures, empty)
        return Formula("value", {"value": role})

    low = sum_of(is_sole, empty=0.0)
    high = sum_of(~has_hole[slot])
    most = sum_of(has_value)
    is_interval = low.numbers(n) < most.numbers(n)
    is_unknown = has_hole | is_interval
    formulas = {value: sum_of(~is_unknown[slot])}
    formulas["low"] = low
    formulas["high"] = high
    result = computed(result, formulas)
    flags = combine_flags(frame, row, slot, n)
    result = result.assign(**flags)
    caveats = []
    vague = int(is_interval.sum())
    if vague:
        caveats.append(f"{vague} of {n} figures of {value} are intervals, since codes were split")
    if absent:
        first = ", ".join(absent[:5])
        more = " …" if len(absent) > 5 else ""
        caveats.append(
            f"{len(absent)} codes that belong to these have no row and count as none: {first}{more}"
        )
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)


def _links(
    codes_of_year: Mapping[int, set[str]],
    base_year: int,
    steps: Mapping[tuple[int, int], Step],
) -> dict[tuple[int, str], set[str]]:
    """The codes of the base year that may share goods with each year's codes."""
    links = {}
    for year, codes in codes_of_year.items():
        walked = _walk(codes, year, base_year, steps)
        for code, successors in walked.items():
            links[year, code] = successors
    return links


def _years(frame: DataFrame, value: str) -> np.ndarray:
    """The year of each row, whose nomenclature it is in; refuses what cannot be followed."""
    others = {code for code in frame["cmd_code"] if len(code) != DIGITS}
    if others:
        first = min(others)
        query = "frame.query('cmd_code.str.len() == 8')"
        raise QueryError(f"cmd_code has {first}: keep codes of eight digits, such as {query}")
    numbers = numbers_of(frame, value)
    if (numbers < 0).any():
        least = numbers.min()
        raise QueryError(f"{value} has {least:g}, and what is below 0 bounds nothing")
    month = first_month(frame).to_numpy()
    length = frame["n_months"].to_numpy("int64")
    last = month + length - 1
    year = month // 12
    is_crossing = last // 12 != year
    if is_crossing.any():
        raise QueryError("a period crosses the end of a year: keep those within one nomenclature")
    return np.asarray(year)


def _steps(relations: Any, codes_of_year: Mapping[int, set[str]]) -> dict[tuple[int, int], Step]:
    """What each code becomes from a year to the next, and from a year to the one before.

    A code that the frame has on one side, and that the table names on the other side alone, is
    there on both: it goes on as itself too, whether or not the table says so.
    """
    table = DataFrame(relations)
    columns = ["period", "predecessor", "successor"]
    require_columns(table, *columns)
    steps: dict[tuple[int, int], dict[str, set[str]]] = {}
    for period, old, new in table[columns].itertuples(index=False):
        first = int(period[:4])
        last = int(period[4:])
        forward = steps.setdefault((first, last), {})
        forward.setdefault(old, set()).add(new)
        backward = steps.setdefault((last, first), {})
        backward.setdefault(new, set()).add(old)
    for (here, there), step in steps.items():
        back = steps[there, here]
        codes = codes_of_year.get(here, set())
        not_named = back.keys() - step.keys()
        for code in codes & not_named:
            step[code] = {code}
            back[code].add(code)
    return dict(steps)


def _walk(
    codes: Iterable[str], start: int, end: int, steps: Mapping[tuple[int, int], Step]
) -> dict[str, set[str]]:
    """The codes of the year `end` that may share goods with each of the year `start`."""
    direction = 1 if start < end else -1
    years = range(start, end, direction)
    pairs = [(year, year + direction) for year in years]
    for pair in pairs:
        if pair not in steps:
            first, last = sorted(pair)
            raise QueryError(
                f"the table says nothing of {first} to {last}: give "
                "one that does, or a nearer base_year"
            )
    walked = {}
    for code in codes:
        reached = {code}
        for pair in pairs:
            step = steps[pair]
            successors = [step.get(old, {old}) for old in reached]
            reached = set[str]().union(*successors)
        walked[code] = reached
    return walked


def _absent(
    links: Mapping[tuple[int, str], set[str]],
    codes_of_year: Mapping[int, set[str]],
    base: int,
    steps: Mapping[tuple[int, int], Step],
) -> list[str]:
    """Codes of a year that would add to what the frame has of that year, and are not in it."""
    absent = set()
    for year, codes in codes_of_year.items():
        successors = [links[year, code] for code in codes]
        reached = set[str]().union(*successors)
        walked = _walk(reached, base, year, steps)
        for some in walked.values():
            lacking = some - codes
            absent |= {f"{code} in {year}" for code in lacking}
    return sorted(absent)


def _closed(links: Mapping[tuple[int, str], set[str]]) -> dict[str, str]:
    """The name of the smallest group around each code that no figure leaves or enters."""
    groups: dict[str, set[str]] = {}
    for successors in links.values():
        neighbours = [groups.get(code, set()) for code in successors]
        joined = set().union(successors, *neighbours)
        groups |= dict.fromkeys(joined, joined)
    names = {}
    for code, group in groups.items():
        codes = sorted(group)
        names[code] = "+".join(codes)
    return names
