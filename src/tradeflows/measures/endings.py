"""When a flow came to an end."""

import numpy as np
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    Columns,
    computed,
    figures_of,
    formulas_of,
    grouped,
    groups_of,
    prepared,
    require_single_value,
    unique,
    with_lineage,
)
from tradeflows.measures.sums import total
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Role
from tradeflows.model.periods import Window, days, ends_of, first_month, runs, span, window_text


def last_active_month(
    frame: DataFrame,
    value: str,
    base: Window,
    part: float = 0.5,
    by: Columns = ("reporter_iso",),
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

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> months = pd.date_range("2021-01-01", "2022-03-01", freq="MS")
    >>> gas = pd.DataFrame({"reporter_iso": "POL", "ref_period": months, "n_months": 1,
    ...                     "net_wgt_kg": [10.0] * 13 + [1.0] * 2})
    >>> measures.last_active_month(gas, "net_wgt_kg", "2021")["last"].dt.strftime("%Y-%m").item()
    '2022-01'
    """
    if not 0 < part <= 1:  # more than the mean may never have been reached, and so not end
        raise QueryError(f"part is {part}: the part of the base is above 0 and at most 1")
    listed = index_to_base(frame, value, base, by)
    base_name = f"{value}_base"
    month, pct = first_month(listed), listed["base_pct"]
    group, result = grouped(listed, [*by, base_name, "months_base"])
    day = Series(days(month.to_numpy()).astype("datetime64[s]"))
    for name, holds in (("last", pct >= 100 * part), ("last_any", pct > 0), ("until", pct.notna())):
        at = np.flatnonzero(holds)
        result[name] = day[at].groupby(group[at]).max()
    result["ended"] = result["last"] < result["until"]
    asked = {*range(span(base)[0], month.max() + 1)}
    stated = month[pct.notna()].groupby(group[pct.notna()]).agg(set)
    missing = [runs(asked - stated.get(number, set())) for number in result.index]
    result["missing"] = missing
    names = zip(result[by[0]], missing, strict=True)
    caveats = [f"{name}: no {value} in {months}" for name, months in names if months]
    base_role = Role(listed, base_name, np.unique(group, return_index=True)[1])
    formulas = formulas_of({"base": base_role}, **{base_name: "base"})
    return with_lineage(result, listed, caveats=caveats, formulas=formulas)


def index_to_base(
    frame: DataFrame, value: str, base: Window, by: Columns = ("reporter_iso",)
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

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> months = pd.to_datetime(["2021-12-01", "2022-01-01"])
    >>> tonnes = pd.DataFrame({"reporter_iso": "CHN", "ref_period": months, "n_months": 1,
    ...                        "net_wgt_kg": [80.0, 100.0]})
    >>> measures.index_to_base(tonnes, "net_wgt_kg", "2021-12")["base_pct"].tolist()
    [100.0, 125.0]
    """
    frame = prepared(frame, value, "ref_period", "n_months", *by, zeros=True)
    unit = [c for c in ("cmd_code", "qty_unit", "currency") if c in frame and c not in by]
    require_single_value(frame[frame[value].notna()], unit)
    if (frame["n_months"] != 1).any():
        raise QueryError("periods of more than a month have no last month: keep n_months == 1")
    unique(frame, [*by, "ref_period"])
    start, end = ends_of(base)
    sums = total(frame, value, by, start=start, end=end)
    group = groups_of(frame, by)
    has_base = (sums[value] > 0)[group].to_numpy()
    kept = np.flatnonzero(has_base & (first_month(frame) >= span(base)[0]))
    if not len(kept):
        raise QueryError(f"nothing had any {value} in the base {window_text(base)}")
    cell = group[kept]
    n_stated = sums["n_stated"].to_numpy("int64")[cell]
    names = {"value": figures_of(frame, value, kept), "base": Role(sums, value, cell)}
    base_name = f"{value}_base"
    formulas = formulas_of(
        {**names, "n": n_stated}, base_pct="100 * value / (base / n)", **{base_name: "base / n"}
    )
    result = computed(frame.iloc[kept], formulas, base_name).assign(months_base=n_stated)
    result = computed(result, formulas, "base_pct")
    return with_lineage(result, frame, kept=[Role(frame, row=kept)], formulas=formulas)
