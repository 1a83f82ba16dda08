"""Sums over windows, of parts and of baskets of goods, and several answers in one frame."""

import re
from collections.abc import Mapping
from itertools import chain

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    CELL,
    LABELS,
    Columns,
    cell_text,
    combine_flags,
    computed,
    figures_of,
    flagged_derived,
    grain_of,
    grouped,
    groups_of,
    have_figures,
    listed,
    names_of,
    places_in,
    prepared,
    refuse_repeated,
    require_absent,
    require_disjoint,
    require_single_value,
    spread,
    unit_of,
    with_lineage,
)
from tradeflows.measures.zeros import (
    one_below,
    stacked_zeros,
    with_used_zeros,
    with_zeros,
    zeros_of_wholes,
)
from tradeflows.model import codes
from tradeflows.model.absence import ZEROS
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.memory import once
from tradeflows.model.periods import (
    days,
    month_text,
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
    by: Columns = (),
    over: Columns = (),
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
    key = (names_of(value), tuple(by), tuple(over), absent, tuple(by if alike is None else alike))
    frame, heads, lines = once(frame, ("rows to sum", *key), lambda: _rows_of(frame, *key))
    line_row, _, month, stated, group, _ = lines
    begin = int(month.min()) if start is None else span(start)[0]
    stop = int(month.max()) + 1 if end is None else span(end)[1]
    require_months(every)
    every = every or max(stop - begin, 1)
    n = (stop - begin) // every
    if stop <= begin or begin + n * every < stop:
        raise QueryError(
            f"{month_text(begin)} to {month_text(stop - 1)} is no whole number of "
            f"{every} months: choose start and end so that it is"
        )
    is_inside = (month >= begin) & (month < stop)
    window = np.where(is_inside, (month - begin) // every, -1)
    require_whole_periods(line_row[stated], month[stated], window[stated])
    entered = np.flatnonzero(stated & is_inside)
    row, first_line = np.unique(line_row[entered], return_index=True)
    slot = (group * n + window)[entered[first_line]]
    formulas = {
        name: Formula("value", {"value": figures_of(frame, name, row, slot)}) for name in key[0]
    }
    full = _stated_months(lines, begin, n * every, absent).reshape(-1, every)
    is_complete = full.all(axis=1)
    starts = np.tile(np.arange(begin, stop, every), len(heads))
    missing = [
        runs(first + np.flatnonzero(~has_month))
        for first, has_month in zip(starts, full, strict=True)
    ]
    result = heads.loc[heads.index.repeat(n)].reset_index(drop=True)
    result["ref_period"] = days(starts).astype("datetime64[us]")
    result = computed(result.assign(n_months=every), formulas)
    for name in formulas:
        result[name] = result[name].mask(is_complete & result[name].isna(), 0.0)
    result = result.assign(
        n_stated=full.sum(axis=1),
        complete=is_complete,
        missing=missing,
        **combine_flags(frame, row, slot, len(full)),
    )
    caveats = [
        f"{column} differs within the sum: {listed(frame.iloc[row], column)}"
        for column in over
        if column in LABELS and frame[column].iloc[row].nunique(dropna=False) > 1
    ]
    if not is_complete.all():
        caveats.append(
            f"{(~is_complete).sum()} of {len(full)} sums of {', '.join(formulas)} lack months, "
            "which `missing` names; nothing was put in their place"
        )
    return with_lineage(result, with_used_zeros(frame, row), caveats=caveats, formulas=formulas)


def _rows_of(
    frame: DataFrame, values: Columns, by: Columns, over: Columns, absent: str, alike: Columns
) -> tuple[DataFrame, DataFrame, tuple[ndarray, ...]]:
    """The rows that may be summed, what each group of them shares, and their lines of a month.

    Of each line: row, cell, month, whether it has all figures, group, and set of groups alike.
    """
    frame = prepared(frame, values, "ref_period", "n_months", *by, *over, zeros=True)
    require_absent(absent)
    if {"ref_period", "n_months"} & {*by}:
        raise QueryError("sums are of windows: give every=1 rather than ref_period in `by`")
    for name in values:
        unit = unit_of(frame, name)
        if unit in _NO_SUM or name == "rate":
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
    free = {*by, *over} | ({"partner_role"} if "flow_code" in (*by, *over) else set())
    fixed = [column for column in grain_of(frame, values) if column not in free]
    require_single_value(stated, fixed, ", or name it in `by` or `over`")
    for column in over:
        require_disjoint(stated, column, by)
    group, heads = grouped(frame, by)
    cell = groups_of(frame, [*by, *(column for column in over if column not in LABELS)])
    lines = spread(frame, cell, has_value)
    of_line = group[lines["row"]]
    lines = lines.assign(group=of_line, same=groups_of(heads, alike)[of_line])
    shared = frame[fixed].iloc[[int(has_value.argmax())] * len(heads)]
    heads = heads.join(shared.set_axis(heads.index))
    heads.attrs = {}
    return frame, heads, tuple(map(np.asarray, lines.to_dict("series").values()))


def _stated_months(lines: tuple[ndarray, ...], begin: int, length: int, absent: str) -> ndarray:
    """Whether each group states each of so many months.

    Every cell of it does; or, where an absent row is zero, some cell of a group that is alike,
    and no cell of the group has a row without a figure for the month.
    """
    _, cell, month, stated, group, same = lines
    offset = month - begin
    is_inside = (offset >= 0) & (offset < length)
    has, lacks = np.zeros((2, cell.max() + 1, length), bool)
    known = np.zeros((same.max() + 1, length), bool)
    at, silent = (np.flatnonzero(is_inside & some) for some in (stated, ~stated))
    has[cell[at], offset[at]] = True
    lacks[cell[silent], offset[silent]] = True
    known[same[at], offset[at]] = True
    # Cells are numbered group by group.
    first_line = np.unique(group, return_index=True)[1]
    first_cell = np.unique(group[np.unique(cell, return_index=True)[1]], return_index=True)[1]
    if absent == "unknown":
        return np.logical_and.reduceat(has, first_cell)
    holes = np.logical_or.reduceat(lacks & ~has, first_cell)
    return known[same[first_line]] & ~holes


def sum_parts(frame: DataFrame, value: str | Columns, over: Columns = ()) -> DataFrame:
    """Sum `value` over parts of `breakdown`: procedures, trade types, regimes, provinces.

    What a map of one's own calls ``part`` is added up, too.

    Parameters
    ----------
    frame
        As ``read(breakdown="parts")`` gives it: of each cell its parts, or its total alone.
    value
        Column to sum, or several, each by itself.
    over
        Dimensions to sum over, by default all; the others stay in ``breakdown``.

    Returns
    -------
    DataFrame, one row a cell and period
        The columns that say which, ``breakdown`` (what is left of it, or total), `value` (null
        where any part is: a sum with a hole is no figure), ``n_parts``, and ``flags`` and
        ``qualifier`` joined. Of ``qty`` also ``qty_unit``.

    Raises
    ------
    QueryError
        A dimension or a value of one that is not known to add up with the rest, a total beside
        its parts, parts of different dimensions in one cell, a part stated twice, or two units.

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
    over, parts, left = _parts_of(frame["breakdown"], over)
    whole = frame.assign(breakdown=frame["breakdown"].map(left))
    keys = [name for name in whole if name not in {*_OF_ROW, *values}]
    slot, result = grouped(whole, [*keys, "breakdown"])
    result.attrs = {}
    n = np.bincount(slot)
    _require_one_kind(frame, parts, slot, n)
    caveats = []
    n_sums = (n > 1).sum()
    if n_sums:
        names = f"{' and '.join(over)} ({listed(frame, 'breakdown')})"
        caveats.append(f"{n_sums} of {len(n)} rows are sums over {names}")
    formulas = {name: Formula("value", {"value": Role(frame, name, None, slot)}) for name in values}
    result = computed(result, formulas)
    for name in values:
        n_stated = np.bincount(slot, frame[name].notna())
        n_holes = ((n_stated > 0) & (n_stated < n)).sum()
        if n_holes:
            told = "have a part that states none, so they are none"
            caveats.append(f"{n_holes} of {n_sums} sums of {name} {told}")
    if "qty" in values:
        units = frame["qty_unit"].where(frame["qty"].notna()).groupby(slot)
        if (units.nunique() > 1).any():
            stated = frame[frame["qty"].notna()]
            require_single_value(stated, ["qty_unit"], what="of parts that are summed, ")
        result["qty_unit"] = np.asarray(units.first().fillna("none"))
    result["n_parts"] = n
    result = result.assign(**combine_flags(frame, np.arange(len(frame)), slot, len(n)))
    alone = [word for word in parts if word != "total"]
    if len(alone) == 1:
        told = "is the only part that is here; it is a total as far as there are no others"
        caveats.append(f"{alone[0]} {told}")
    result = with_lineage(result, frame, caveats=caveats, formulas=formulas)
    zeros = zeros_of_wholes(frame, result, left)
    if zeros is not None:
        result.attrs[ZEROS] = zeros
    return result


def _dimensions(word: str) -> dict[str, str]:
    """What a value of `breakdown` says, by dimension; nothing for total."""
    pairs = (part.partition("=") for part in word.split(","))
    return {name: value for name, _, value in pairs if name not in ("total", _NUMBERED)}


def _parts_of(
    breakdown: Series, over: Columns
) -> tuple[Columns, dict[str, dict[str, str]], dict[str, str]]:
    """The dimensions to sum over; what each value of `breakdown` says, and is when summed over.

    Refuses a dimension that is not there, or of which values may overlap.
    """
    parts = {word: _dimensions(word) for word in breakdown.unique()}
    named = [*dict.fromkeys(chain(*parts.values()))]
    over = over or named
    for name in over:
        if name not in named:
            raise QueryError(f"breakdown has no {name!r}; it has {', '.join(named) or 'none'}")
        for value in sorted({part_of[name] for part_of in parts.values() if name in part_of}):
            if not re.fullmatch(ADDITIVE.get(name, "(?!)"), value):
                part = f"{name}={value}"
                raise QueryError(
                    f"{part} is not known to add up with the other parts: leave it out, as in "
                    f"frame[~frame['breakdown'].str.contains('{part}')]"
                )
    left = {
        word: ",".join(f"{name}={value}" for name, value in part_of.items() if name not in over)
        for word, part_of in parts.items()
    }
    return over, parts, {word: text or "total" for word, text in left.items()}


def _require_one_kind(
    frame: DataFrame, parts: Mapping[str, Mapping[str, str]], slot: ndarray, n: ndarray
) -> None:
    """Refuse a cell that is stated as a whole and in parts, in parts of two kinds, or twice."""
    breakdown = frame["breakdown"]
    kinds = {word: " ".join(part_of) for word, part_of in parts.items()}
    is_mixed = breakdown.map(kinds).groupby(slot).nunique() > 1
    is_wrong = is_mixed if is_mixed.any() else breakdown.groupby(slot).nunique() < n
    if is_wrong.any():
        rows = frame[slot == is_wrong.idxmax()]
        keys = [name for name in (*CELL, "ref_period") if name in rows and name != "breakdown"]
        cell = cell_text(rows, keys)
        what = f"{cell} is stated as a whole and in parts, or in parts of two kinds: "
        require_single_value(rows if is_mixed.any() else rows[:0], ["breakdown"], what=what)
        refuse_repeated(rows, cell)


def from_members(
    frame: DataFrame, value: str, area: str = "EU27_2020", by: Columns = ()
) -> DataFrame:
    """Build the figure of a group of countries from those of its members, month by month.

    Parameters
    ----------
    frame
        Rows of members, and of others, which are left out and named in a caveat.
    area
        The group, by id or name.
    by
        Columns that set sums apart, such as ``partner_iso``.

    Returns
    -------
    DataFrame, one row a group of `by` and a month
        As :func:`total`, with ``reporter_iso`` (the group), ``n_members`` (those that state a
        figure) and ``of_members`` (all). A member whose figure is null or absent is not counted
        as nothing: ``complete`` is False then, and ``missing`` names the members.

    Raises
    ------
    QueryError
        No row of a member, or as :func:`total`.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> may = {"ref_period": pd.Timestamp("2023-05-01"), "n_months": 1}
    >>> members = pd.DataFrame({**may, "reporter_iso": ["DEU", "FRA"], "net_wgt_kg": [2.0, 3.0]})
    >>> measures.from_members(members, "net_wgt_kg")["n_members"].item()  # 25 state nothing
    2
    """
    prepared(frame, value, "reporter_iso", "ref_period", "n_months")
    group = codes.area(area)
    members = codes.members(group)
    frame = with_zeros(frame, value)
    kept = frame[frame["reporter_iso"].isin(members)]
    stated = kept[have_figures(kept, value)]
    if stated.empty:
        raise QueryError(f"no row of a member of {group} with a figure: read those of its members")
    period = kept["ref_period"]
    start, end = (f"{day:%Y-%m}" for day in (period.min(), period.max()))
    sums = total(stated, value, by, ["reporter_iso"], start, end, every=1, absent="zero")
    at = places_in(sums, stated, [*by, "ref_period"])
    stating = stated["reporter_iso"].groupby(at).agg(set)
    present = [stating.get(place, set()) for place in range(len(sums))]
    n_members = np.array([len(some) for some in present])
    is_full = n_members == len(members)
    result = flagged_derived(sums.drop(columns="n_stated")).assign(
        reporter_iso=group,
        n_members=n_members,
        of_members=len(members),
        complete=is_full,
        missing=[", ".join(who for who in members if who not in some) for some in present],
    )
    caveats = []
    if not is_full.all():
        caveats.append(
            f"{(~is_full).sum()} of {len(result)} sums are of fewer than the "
            f"{len(members)} members of {group}, of {n_members.min()} at least; "
            "`missing` names the others"
        )
    others = {*frame["reporter_iso"]} - {*members}
    if others:
        caveats.append(f"left out, since no member of {group}: {', '.join(sorted(others))}")
    return with_lineage(result, sums, caveats=caveats, kept=[Role(sums)])


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
    result = with_lineage(result, *inputs, kept=one_below(inputs))
    zeros = stacked_zeros(inputs)
    if zeros is not None:
        result.attrs[ZEROS] = zeros
    return result


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
