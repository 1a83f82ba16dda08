"""Where a member stands, when a flow was largest and when it ended, means and counts."""

from dataclasses import replace

import numpy as np
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    UNITS,
    Columns,
    column_of_codes,
    computed,
    figures_of,
    formulas_of,
    grouped,
    groups_of,
    have_figures,
    names_of,
    numbers_of,
    prepared,
    require_disjoint,
    require_single_value,
    unique,
    unit_of,
    with_lineage,
)
from tradeflows.measures.sums import total
from tradeflows.model import codes
from tradeflows.model.errors import QueryError, there_are
from tradeflows.model.lineage import COUNT, Role
from tradeflows.model.periods import Window, ends_of, first_month, span, window_text


def lead(
    frame: DataFrame,
    value: str,
    member: str,
    of: str = "partner_iso",
    by: str | Columns = (),
) -> DataFrame:
    """Lead of one member of `of` over the largest of the others, and its rank among all listed.

    Returns
    -------
    DataFrame, one row a group of `by`
        `by`, `of`, ``next`` (the largest of the others), `value`, ``<value>_next``, ``lead`` (below
        0 where another is larger), ``lead_pct`` (%), ``rank`` (1 is the largest; equals share the
        better one), ``n_members`` and ``unit``.

    Raises
    ------
    QueryError
        The member is not listed or is alone; a member without a figure or stated twice; a group
        beside its members; mixed units.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> year = {"ref_period": pd.Timestamp("2023-01-01"), "n_months": 12}
    >>> sellers = pd.DataFrame({**year, "partner_iso": ["BRA", "USA"], "net_wgt_kg": [75.0, 25.0]})
    >>> measures.lead(sellers, "net_wgt_kg", "BRA")["lead"].item()
    50.0
    """
    by, of = names_of(by), column_of_codes(frame, of)
    prepared(frame, value, once=[*by, of], choice=", or name it in by=")
    require_disjoint(frame, of, by)
    figures = numbers_of(frame, value).reset_index(drop=True)
    is_unknown = figures.isna()
    if is_unknown.any():
        unknown = frame[of].iloc[is_unknown.argmax()]
        raise QueryError(f"{unknown} has no {value}, so that nobody's rank is known: leave it out")
    group = groups_of(frame, by)
    sizes = np.bincount(group)
    is_member = frame[of].eq(member).to_numpy()
    for lacking in sorted({*group} - {*group[is_member]}):
        members = frame[of][group == lacking].astype(str)
        raise QueryError(f"no row has {of} {member!r}; {there_are(members)}")
    if sizes.min() < 2:
        raise QueryError(f"{member} stands alone, so that it leads nobody: read the others too")
    chosen, largest = (
        figures[some].groupby(group[some]).idxmax().to_numpy() for some in (is_member, ~is_member)
    )
    is_above = figures.gt(figures.to_numpy()[chosen][group])
    ahead = np.flatnonzero(is_above | np.isin(np.arange(len(frame)), chosen))
    leading = figures_of(frame, value, ahead, group[ahead])  # itself among them
    formulas = formulas_of({"leading": leading}, rank="sum([v ** 0 for v in leading])")
    names = {"value": figures_of(frame, value, chosen), "next": figures_of(frame, value, largest)}
    texts = {"lead": "value - next", "lead_pct": "100 * (value / next - 1)"}
    texts |= {value: "value", f"{value}_next": "next"}
    formulas |= formulas_of(names, **texts)
    others = frame[of].to_numpy()[largest]
    result = frame[[*by, of]].iloc[chosen].reset_index(drop=True).assign(next=others)
    result = computed(result, formulas).assign(n_members=sizes, unit=unit_of(frame, value))
    name_of = codes.area_name if of in ("partner_iso", "reporter_iso") else str
    caveats = [
        f"the largest besides {name_of(member)}, of {size}, is {name_of(other)}"
        for size, other in zip(sizes, others, strict=True)
    ]
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)


def peak(frame: DataFrame, value: str, by: str | Columns = ()) -> DataFrame:
    """The period with the largest figure, the earlier one of equals.

    Returns
    -------
    DataFrame, one row a group of `by`
        `by`, ``ref_period``, ``n_months`` and `value`.

    Raises
    ------
    QueryError
        Two rows of one period, periods of unequal length, mixed units, or no figure at all.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> months = pd.to_datetime(["2023-01-01", "2023-02-01"])
    >>> tonnes = pd.DataFrame({"ref_period": months, "n_months": 1, "net_wgt_kg": [2.0, 5.0]})
    >>> measures.peak(tonnes, "net_wgt_kg")["ref_period"].dt.strftime("%Y-%m").item()
    '2023-02'
    """
    by = names_of(by)
    prepared(frame, value, "n_months", once=[*by, "ref_period"])
    order = np.argsort(frame["ref_period"], kind="stable")
    figures = Series(numbers_of(frame, value).to_numpy()[order], order)
    by_group = figures.groupby(groups_of(frame, by)[order])
    if not by_group.count().all():
        raise QueryError(f"no {value} is stated, so that none is the largest: read a longer span")
    at = by_group.idxmax().to_numpy()
    formulas = formulas_of({"value": figures_of(frame, value, at)}, **{value: "value"})
    units = [name for name in UNITS.get(value, ()) if name in frame]
    columns = dict.fromkeys([*by, "ref_period", "n_months", *units])
    result = frame[[*columns]].iloc[at].reset_index(drop=True)
    return with_lineage(computed(result, formulas), frame, formulas=formulas)


def mean(frame: DataFrame, value: str, by: str | Columns = ()) -> DataFrame:
    """Mean of what has no sum, such as a price or a rate, over the periods that have a figure.

    Returns
    -------
    DataFrame, one row a group of `by`
        `by`, ``ref_period`` and ``n_months`` (from its first period to the end of its last),
        `value` and ``n_stated``, the periods with a figure.

    Raises
    ------
    QueryError
        Two rows of one period, periods of unequal length, or mixed units.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> months = pd.to_datetime(["2023-01-01", "2023-02-01"])
    >>> brent = pd.DataFrame({"ref_period": months, "n_months": 1, "rate": [80.0, 82.0]})
    >>> measures.mean(brent, "rate")["rate"].item()
    81.0
    """
    by = names_of(by)
    prepared(frame, "ref_period", "n_months", value, *by)
    group, result = grouped(frame, by)
    for _, rows in frame.groupby(group):  # groups may differ from one another
        prepared(rows, value, once=["ref_period"])
    row = np.flatnonzero(have_figures(frame, value))
    n_stated = np.bincount(group[row], minlength=len(result))
    figures = figures_of(frame, value, row, group[row])
    formulas = formulas_of({"value": figures, "n": n_stated}, **{value: "value / n"})
    after = first_month(frame) + frame["n_months"]
    result["ref_period"] = frame["ref_period"].groupby(group).min()
    result["n_months"] = after.groupby(group).max() - first_month(result)
    result = computed(result, formulas).assign(n_stated=n_stated)
    return with_lineage(result, frame, formulas=formulas)


def count(frame: DataFrame, value: str, above: float = 0.0, by: str | Columns = ()) -> DataFrame:
    """How many rows have a figure above a bound: products that rose, partners that were sold to.

    Returns
    -------
    DataFrame, one row a group of `by`
        `by`, ``count`` (of what is above the bound, not equal to it) and ``n_members``.

    Raises
    ------
    QueryError
        A row without a figure: whether it is above is not known.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> growth = pd.DataFrame({"cmd_code": ["8541", "8542"], "growth_pct": [-5.0, 20.0]})
    >>> measures.count(growth, "growth_pct")["count"].item()
    1.0
    """
    by = names_of(by)
    prepared(frame, value, *by)
    n_unknown = (~have_figures(frame, value)).sum()
    if n_unknown:
        raise QueryError(f"{n_unknown} rows have no {value}: leave them out")
    group, result = grouped(frame, by)
    row = np.flatnonzero(numbers_of(frame, value) > above)
    counted = replace(figures_of(frame, value, row, group[row]), empty=0.0)
    formulas = formulas_of({"value": counted}, count=COUNT)
    result = computed(result, formulas).assign(n_members=np.bincount(group))
    return with_lineage(result, frame, formulas=formulas)


def index_to_base(
    frame: DataFrame, value: str, base: Window, by: str | Columns = ("reporter_iso",)
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
        A period longer than a month, a month twice, mixed units, or a base without any figure.

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
    by = names_of(by)
    prepared(frame, value, "ref_period", "n_months", *by)
    units = {"cmd_code", "qty_unit", "currency"} - {*by}
    require_single_value(frame[frame[value].notna()], units)
    if (frame["n_months"] != 1).any():
        raise QueryError("an index is of months: keep n_months == 1")
    unique(frame, [*by, "ref_period"])
    start, end = ends_of(base)
    sums = total(frame, value, by, start=start, end=end)
    group = groups_of(frame, by)
    has_base = (sums[value] > 0)[group].to_numpy()
    kept = np.flatnonzero(has_base & (first_month(frame) >= span(base)[0]))
    if not len(kept):
        raise QueryError(f"nothing had any {value} in the base {window_text(base)}")
    cell = group[kept]
    n_stated = sums["n_stated"].to_numpy()[cell]
    names = {"value": figures_of(frame, value, kept), "base": Role(sums, value, cell)}
    texts = {"base_pct": "100 * value / (base / n)", f"{value}_base": "base / n"}
    formulas = formulas_of({**names, "n": n_stated}, **texts)
    result = computed(frame.iloc[kept], formulas, f"{value}_base")
    result["months_base"] = n_stated
    result = computed(result, formulas, "base_pct")
    return with_lineage(result, frame, kept=[Role(frame, row=kept)], formulas=formulas)
