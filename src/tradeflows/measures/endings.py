"""When a flow came to an end."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    computed,
    figures_of,
    grouped,
    groups_of,
    require_columns,
    require_single_value,
    unique,
    with_lineage,
)
from tradeflows.measures.sums import total
from tradeflows.measures.zeros import with_zeros
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import Window, days, ends_of, first_month, runs, span


def last_active_month(
    frame: DataFrame,
    value: str,
    base: Window,
    part: float = 0.5,
    by: Sequence[str] = ("reporter_iso",),
) -> DataFrame:
    """Find the last month in which each cell still had a `part` of its mean month in the base.

    A month below it counts for nothing as long as a later one is not, so that a ship in every
    third month is no end.

    Parameters
    ----------
    base
        Window whose mean month, over the months with a figure, is 100 per cent.
    part
        What must be reached of that mean: 0.5 is half.

    Returns
    -------
    DataFrame, one row a cell that has had something in the base
        `by`, ``<value>_base`` (a month), ``months_base``, ``last`` (the month), ``last_any`` (the
        last month with anything), ``until`` (the last month with a figure), ``ended`` (whether
        ``last`` lies before it) and ``missing``, the months from the base on without a figure. The
        list behind it is :func:`index_to_base`.

    Raises
    ------
    QueryError
        A period longer than a month, a month twice, mixed units, a base without any figure, or
        a `part` that is not above 0 and at most 1.
    """
    if not 0 < part <= 1:  # more than the mean may never have been reached, and so not end
        raise QueryError(f"part is {part}: the part of the base is above 0 and at most 1")
    listed = index_to_base(frame, value, base, by)
    month, pct = first_month(listed), listed["base_pct"]
    group, result = grouped(listed, by)
    result[f"{value}_base"] = listed.groupby(group)[f"{value}_base"].first()
    result["months_base"] = listed.groupby(group)["months_base"].first()
    conditions = {"last": pct >= 100 * part, "last_any": pct > 0, "until": pct.notna()}
    for name, holds in conditions.items():
        last = month[holds].groupby(group[holds]).max().reindex(result.index)
        first_days = Series(pd.NaT, result.index, "datetime64[s]")
        known = last.notna()
        first_days[known] = days(last[known].to_numpy("int64")).astype("datetime64[s]")
        result[name] = first_days
    result["ended"] = result["last"] < result["until"]
    begin = span(base)[0]
    result["missing"] = [
        runs(set(range(begin, int(month.max()) + 1)) - set(month[pct.notna() & (group == i)]))
        for i in range(len(result))
    ]
    role = Role(listed, f"{value}_base", np.unique(group, return_index=True)[1])
    caveats = [
        f"{name}: no {value} in {months}"
        for name, months in zip(result[by[0]], result["missing"], strict=True)
        if months
    ]
    formulas = {f"{value}_base": Formula("base", {"base": role})}
    return with_lineage(result, listed, caveats=caveats, formulas=formulas)


def index_to_base(
    frame: DataFrame, value: str, base: Window, by: Sequence[str] = ("reporter_iso",)
) -> DataFrame:
    """Put each month as a percentage of the mean month of the same cell in a base window.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``<value>_base``, ``months_base`` and ``base_pct`` (%), from the base on; cells whose
        base has nothing in it are left out.

    Raises
    ------
    QueryError
        As :func:`last_active_month`.
    """
    frame = with_zeros(frame, value)
    require_columns(frame, "ref_period", "n_months", value, *by)
    unit = [c for c in ("cmd_code", "qty_unit", "currency") if c in frame and c not in by]
    require_single_value(frame.loc[frame[value].notna(), unit], unit)
    if (frame["n_months"] != 1).any():
        raise QueryError("periods of more than a month have no last month: keep n_months == 1")
    unique(frame, [*by, "ref_period"])
    start, end = ends_of(base)
    sums = total(frame, value, by, start=start, end=end)
    group = groups_of(frame, by)
    stated, base_sum = sums["n_stated"].to_numpy("int64"), sums[value].to_numpy()
    mean = np.where(stated > 0, base_sum / np.where(stated > 0, stated, 1), np.nan)
    kept = np.flatnonzero((mean > 0)[group] & (first_month(frame) >= span(base)[0]).to_numpy())
    if not len(kept):
        raise QueryError(f"nothing had any {value} in the base {runs(range(*span(base)))}")
    cell = group[kept]
    names = {
        "value": figures_of(frame, value, kept),
        "base": Role(sums, value, cell),
        "n": stated[cell],
    }
    formulas = {
        f"{value}_base": Formula("base / n", names),
        "base_pct": Formula("100 * value / (base / n)", names),
    }
    result = computed(frame.iloc[kept], formulas, f"{value}_base")
    result["months_base"] = stated[cell]
    result = computed(result, formulas, "base_pct")
    order = {name: formulas[name] for name in ("base_pct", f"{value}_base")}
    return with_lineage(result, frame, kept=[Role(frame, row=kept)], formulas=order)
