"""Sums over windows, of parts and of baskets of goods; peaks, means and counts."""

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    CELL,
    LABELS,
    UNITS,
    Columns,
    cell_text,
    combine_flags,
    computed,
    figures_of,
    formulas_of,
    grain_of,
    grouped,
    groups_of,
    have_figures,
    listed,
    names_of,
    numbers_of,
    overlaps,
    prepared,
    require_absent,
    require_disjoint,
    require_single_value,
    spread,
    unique,
    unit_of,
    with_lineage,
)
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import COUNT, Formula, Role
from tradeflows.model.periods import (
    days,
    first_month,
    month_text,
    months_of,
    require_months,
    require_whole_periods,
    runs,
    span,
)

_SUMMABLE = {"reporter_iso", "partner_iso", "flow_code", "cmd_code", "breakdown", *LABELS}
_NO_SUM = ("%", "percent", "ratio", "times")
# Dimensions of `breakdown` whose parts are without overlap, and the values of which that is known:
# Eurostat's L and M repeat for Northern Ireland and Great Britain what I and E have.
# A map calls `part` what its author knows to be without overlap.
ADDITIVE = {
    "procedure": "[1235679]",
    "type": "[IE]",
    "regime": r"\d+",
    "province": r"\d+",
    "part": ".+",
}
_NUMBERED = "residual"  # sets apart rows of one cell, and is no dimension
_OF_ROW = (
    "source_row",
    "source_field",
    "flags",
    "qualifier",
    "note",
    "qty_unit",
    "breakdown",
    "value_reported",
    "primary_value_usd",
    "net_wgt_kg",
    "qty",
)


def total(
    frame: DataFrame,
    value: str | Columns,
    by: str | Columns = (),
    over: str | Columns = (),
    start: str | None = None,
    end: str | None = None,
    every: int | None = None,
    absent: str = "unknown",
    alike: Columns | None = None,
) -> DataFrame:
    """Sum `value` over a window, or over each `every` months of it.

    Parameters
    ----------
    value
        Column to sum. Of several only rows that state all are summed, so that the sums can be
        divided by one another.
    by, over
        Columns that set sums apart, and those that are summed over: ``partner_code`` where every
        partner is a route. Any other column of the grain must hold one value.
    start, end
        First and last year or month; by default those of `frame`.
    every
        Length of each sum in months: 12 for years, 1 to join products month by month.
    absent
        What an absent row stands for that its source does not declare: ``unknown``, and the sum
        lacks it; or ``zero``, where another cell of its group states the month.
    alike
        Columns of `by`, with ``absent="zero"``: any group that is alike in them states the month,
        as where a reporter has published it, and one of the suppliers is not in it.

    Returns
    -------
    DataFrame, one row a group of `by` and a window
        `by`, the columns that hold one value, ``ref_period``, ``n_months`` (expected), `value`
        (the sum of what is stated), ``n_stated`` (months that every cell of the group states),
        ``complete``, ``missing`` (the other months), ``flags`` and ``qualifier`` joined.

    Raises
    ------
    QueryError
        Mixed grain or units, shares or rates, a whole beside its part, overlapping periods, or a
        period that crosses the edge of a window.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> months = pd.to_datetime(["2023-01-01", "2023-02-01", "2023-04-01"])
    >>> tonnes = pd.DataFrame({"ref_period": months, "n_months": 1, "net_wgt_kg": [1.0, 2.0, 4.0]})
    >>> quarter = measures.total(tonnes, "net_wgt_kg", start="2023-01", end="2023-03")
    >>> quarter[["net_wgt_kg", "complete", "missing"]]
       net_wgt_kg  complete  missing
    0         3.0     False  2023-03
    """
    by, over = names_of(by), names_of(over)
    values, alike = names_of(value), by if alike is None else alike
    has_value, fixed = _summable(frame, values, by, over, absent, alike)
    group, heads = grouped(frame, by)
    cell = groups_of(frame, [*by, *{*over}.difference(LABELS)])
    lines = spread(frame, cell, has_value)
    row, month = lines[["row", "month"]].to_numpy().T
    stated = lines["stated"].to_numpy()
    begin = month.min() if start is None else span(start)[0]
    stop = month.max() + 1 if end is None else span(end)[1]
    require_months(every)
    every = every or max(stop - begin, 1)
    if stop <= begin or (stop - begin) % every:
        cause = f"the figures end in {month_text(stop - 1)}, and " * (end is None)
        raise QueryError(
            f"{cause}{month_text(begin)} to {month_text(stop - 1)} is no whole number of "
            f"{every} months: choose start= and end= so that it is"
        )
    n = (stop - begin) // every
    is_inside = (month >= begin) & (month < stop)
    window = np.where(is_inside, (month - begin) // every, -1)
    require_whole_periods(row[stated], month[stated], window[stated])
    entered = np.flatnonzero(stated & is_inside)
    row, first_line = np.unique(row[entered], return_index=True)
    slot = group[row] * n + window[entered[first_line]]
    same = groups_of(heads, alike)
    inside = _at_other_levels(lines[is_inside], frame, cell, by, over)
    full = _stated_months(inside, cell, group, same, range(begin, stop), absent)
    full = full.reshape(-1, every)
    is_complete = full.all(axis=1)
    starts = np.tile(np.arange(begin, stop, every), len(heads))
    repeated = np.repeat(np.arange(len(heads)), n)
    columns = dict(heads.take(repeated).reset_index(drop=True).items())
    one = np.full(len(full), has_value.argmax())
    columns |= {name: frame[name].array.take(one) for name in fixed}
    columns["ref_period"] = days(starts).astype("datetime64[us]")
    columns["n_months"] = np.full(len(full), every)
    formulas = {}
    for name in values:
        formulas[name] = Formula("value", {"value": figures_of(frame, name, row, slot)})
        numbers = formulas[name].numbers(len(full))
        columns[name] = np.where(is_complete & np.isnan(numbers), 0.0, numbers)
    columns["n_stated"] = full.sum(axis=1)
    columns["complete"] = is_complete
    months = starts[:, None] + np.arange(every)
    columns["missing"] = [runs(some[~has]) for some, has in zip(months, full, strict=True)]
    result = DataFrame(columns | combine_flags(frame, row, slot, len(full)))
    caveats = [
        f"{column} differs within the sum: {listed(frame.iloc[row], column)}"
        for column in over
        if column in LABELS and frame[column].iloc[row].nunique(dropna=False) > 1
    ]
    if not is_complete.all():
        of_some = " of some of what they add up" * (not {*over} <= {*LABELS})
        caveats.append(
            f"{(~is_complete).sum()} of {len(full)} sums of {', '.join(values)} lack "
            f"months{of_some}, which `missing` names; nothing was put in their place"
        )
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)


def _summable(
    frame: DataFrame, values: Columns, by: Columns, over: Columns, absent: str, alike: Columns
) -> tuple[ndarray, list[str]]:
    """Which rows have all figures, and the columns that hold one value."""
    prepared(frame, values, "ref_period", "n_months", *by, *over)
    require_absent(absent)
    if {"ref_period", "n_months"} & {*by}:
        raise QueryError("sums are of windows: give every=1 rather than ref_period in `by`")
    for name in values:
        unit = unit_of(frame, name)
        if unit.startswith(_NO_SUM) or name == "rate":
            raise QueryError(
                f"there is no sum of {name} ({unit}): sum what it was made of, or take the mean"
            )
    barred = {*over} - _SUMMABLE
    if "partner_role" in frame and frame["partner_role"].eq("route").all():
        barred -= {"partner_code"}  # every partner is a way that goods came by
    for name in sorted(barred):
        raise QueryError(f"{name} cannot be summed over: name it in `by`, or keep one value")
    for name in sorted({*alike} - {*by}):
        raise QueryError(f"alike names {name}, which is not among `by`")
    has_value = have_figures(frame, values)
    stated = frame[has_value]
    free = {*by, *over}
    if "flow_code" in free:
        free.add("partner_role")
    fixed = [column for column in grain_of(frame, values) if column not in free]
    require_single_value(stated, fixed, ", or name it in `by` or `over`")
    for column in over:
        _require_apart(stated, column, by)
    return has_value, fixed


def _require_apart(stated: DataFrame, column: str, by: Columns) -> None:
    """Refuse a whole beside its part; of goods one may follow on the other."""
    if column != "cmd_code" or not overlaps(column, frozenset(stated[column].dropna().unique())):
        return require_disjoint(stated, column, by)
    row, month = months_of(stated)
    return require_disjoint(stated.iloc[row].assign(month=month), column, [*by, "month"])


def _at_other_levels(
    lines: DataFrame, frame: DataFrame, cell: ndarray, by: Columns, over: Columns
) -> DataFrame:
    """`lines`, and one for each good that is stated as the part or the whole of another."""
    goods = frame["cmd_code"] if "cmd_code" in over else pd.Series(dtype=str)
    pairs = overlaps("cmd_code", frozenset(goods.dropna().unique()))
    if not pairs:
        return lines
    first = np.unique(cell, return_index=True)[1]
    place = groups_of(frame, [*by, *{*over}.difference(LABELS, ["cmd_code"])])
    of_row = DataFrame({"place": place, "good": goods.to_numpy(), "row": np.arange(len(frame))})
    others = DataFrame([*pairs, *(pair[::-1] for pair in pairs)], columns=["stated_good", "good"])
    stated = lines.loc[lines["stated"], ["row", "month", "stated"]]
    stated = stated.merge(of_row.rename(columns={"good": "stated_good"}), on="row")
    more = stated.drop(columns="row").merge(others).merge(of_row.iloc[first])
    more["cell"] = cell[more["row"]]
    return pd.concat([lines, more[[*lines]]]).drop_duplicates(["cell", "month", "stated"])


def _stated_months(
    lines: DataFrame, cell: ndarray, group: ndarray, same: ndarray, months: range, absent: str
) -> ndarray:
    """Whether each group states each of some months, of which `lines` are.

    Every cell of it does; or, where an absent row is zero, some cell of a group that is the `same`,
    and no cell of the group has a row without a figure for the month.
    """
    size = len(same), len(months)

    def counted(some: DataFrame, number: ndarray) -> ndarray:
        place = number[some["row"]] * size[1] + some["month"] - months[0]
        return np.bincount(place, minlength=size[0] * size[1]).reshape(size)

    stated = lines[lines["stated"]]
    if absent == "unknown":
        of_cell = np.unique(cell, return_index=True)[1]
        return counted(stated, group) == np.bincount(group[of_cell])[:, None]
    is_known = lines.groupby(["cell", "month"])["stated"].transform("any")
    holes = counted(lines[~is_known], group)
    return (counted(stated, same[group])[same] > 0) & (holes == 0)


def sum_parts(frame: DataFrame, value: str | Columns) -> DataFrame:
    """Sum `value` over parts of `breakdown`: procedures, trade types, regimes, provinces.

    `frame` is as ``read(breakdown="parts")`` gives it: of each cell its parts, or its total alone.
    What a map of one's own calls ``part`` is added up, too.

    Returns
    -------
    DataFrame, one row a cell and period
        The columns that say which, ``breakdown`` (total), each `value` (null where any part is: a
        sum with a hole is no figure), ``n_parts``, and ``flags`` and ``qualifier`` joined. Of
        ``qty`` also ``qty_unit``.

    Raises
    ------
    QueryError
        A part that is not known to add up with the rest, a total beside its parts, parts of
        different dimensions in one cell, a part stated twice, or two units.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> year = {"ref_period": pd.Timestamp("2023-01-01"), "n_months": 12}
    >>> parts = pd.DataFrame({**year, "breakdown": ["regime=1", "regime=4"],
    ...                       "net_wgt_kg": [2.0, 3.0]})
    >>> measures.sum_parts(parts, "net_wgt_kg")["net_wgt_kg"].item()
    5.0
    """
    values = names_of(value)
    prepared(frame, values, "breakdown")
    dimensions = {word: _dimensions(word) for word in frame["breakdown"].unique()}
    keys = [name for name in frame if name not in {*_OF_ROW, *values}]
    slot, result = grouped(frame, keys)
    kinds = frame["breakdown"].map(dimensions)
    is_mixed = kinds.groupby(slot).transform("nunique") > 1
    if is_mixed.any():
        rows = frame[slot == slot[is_mixed.argmax()]]
        cell = cell_text(rows, [name for name in (*CELL, "ref_period") if name in keys])
        what = f"{cell} is stated as a whole and in parts, or in parts of two kinds: "
        require_single_value(rows, ["breakdown"], what=what)
    unique(frame, [*keys, "breakdown"])
    result.attrs = {}
    result["breakdown"] = "total"
    formulas = {name: Formula("value", {"value": Role(frame, name, None, slot)}) for name in values}
    result = computed(result, formulas)
    n = np.bincount(slot)
    n_sums = (n > 1).sum()
    caveats = []
    if n_sums:
        names = " and ".join(dict.fromkeys(" ".join(dimensions.values()).split()))
        words = listed(frame, "breakdown")
        caveats.append(f"{n_sums} of {len(n)} rows are sums over {names} ({words})")
    for name in values:
        n_stated = np.bincount(slot, frame[name].notna())
        n_holes = ((n_stated > 0) & (n_stated < n)).sum()
        if n_holes:
            holes = "have a part that states none, so they are none"
            caveats.append(f"{n_holes} of {n_sums} sums of {name} {holes}")
    if "qty" in values:
        has_value = frame["qty"].notna()
        units = frame["qty_unit"].where(has_value).groupby(slot)
        if (units.nunique() > 1).any():
            what = "of parts that are summed, "
            require_single_value(frame[has_value], ["qty_unit"], what=what)
        result["qty_unit"] = units.first().fillna("none").to_numpy()
    result["n_parts"] = n
    result = result.assign(**combine_flags(frame, np.arange(len(frame)), slot, len(n)))
    alone = {*dimensions} - {"total"}
    if len(alone) == 1:
        hint = "is the only part that is here; it is a total as far as there are no others"
        caveats.append(f"{alone.pop()} {hint}")
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)


def _dimensions(word: str) -> str:
    """The dimensions that a value of `breakdown` names; refuses a part that may overlap others."""
    names = []
    for part in word.split(","):
        name, _, value = part.partition("=")
        if name in ("total", _NUMBERED):
            continue
        if not re.fullmatch(ADDITIVE.get(name, "(?!)"), value):
            raise QueryError(
                f"{part} is not known to add up with the other parts: leave it out, as in "
                f"frame[~frame['breakdown'].str.contains('{part}')]"
            )
        names.append(name)
    return " ".join(names)


def stack(frames: Mapping[str, DataFrame], column: str = "series") -> DataFrame:
    """Put several answers one below the other, each under its name, to draw them together.

    All rows in order, with `column` for the name; the sources and caveats are those of all frames.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> one = pd.DataFrame({"net_wgt_kg": [1.0]})
    >>> measures.stack({"China": one, "India": one})["series"].tolist()
    ['China', 'India']
    """
    inputs = [*frames.values()]
    named = [frame.assign(**{column: name}) for name, frame in frames.items()]
    result = pd.concat(named, ignore_index=True)
    result.attrs = {}
    ends = np.cumsum([len(frame) for frame in inputs])
    slots = [np.arange(end - len(frame), end) for frame, end in zip(inputs, ends, strict=True)]
    kept = [Role(frame, slot=slot) for frame, slot in zip(inputs, slots, strict=True)]
    return with_lineage(result, *inputs, kept=kept)


def baskets(
    frame: DataFrame,
    value: str,
    goods: Mapping[str, Columns],
    of: str = "cmd_code",
    every: int = 12,
) -> DataFrame:
    """Sum `value` over each of several declared baskets of goods, window by window.

    `goods` has codes of the column `of` by the name of their basket.

    Returns
    -------
    DataFrame, one row a basket and a window
        ``basket`` and the columns of :func:`total`.

    Raises
    ------
    QueryError
        A basket names a code that `frame` does not hold, or as :func:`total`.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> year = {"ref_period": pd.Timestamp("2023-01-01"), "n_months": 12}
    >>> goods = pd.DataFrame({**year, "cmd_code": ["2709", "2711"], "net_wgt_kg": [5.0, 3.0]})
    >>> of = {"oil": ["2709"], "both": ["2709", "2711"]}
    >>> measures.baskets(goods, "net_wgt_kg", of)["net_wgt_kg"].tolist()
    [5.0, 8.0]
    """
    sums = {}
    for name, codes_ in goods.items():
        lacking = {*codes_} - {*frame[of]}
        if lacking:
            raise QueryError(
                f"basket {name!r} names {min(lacking)}, which the frame does not hold; "
                f"it holds {listed(frame, of)}"
            )
        sums[name] = total(frame[frame[of].isin(codes_)], value, over=[of], every=every)
    return stack(sums, "basket")


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
