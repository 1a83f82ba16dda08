"""Sums over windows, of parts and of baskets of goods, and several answers in one frame."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame
from pandas.api.extensions import ExtensionArray

from tradeflows.measures.common import (
    CELL,
    LABELS,
    combine_flags,
    flagged_derived,
    grain_of,
    grouped,
    groups_of,
    listed,
    names_of,
    numbers_of,
    prepared,
    refuse_repeated,
    require_absent,
    require_disjoint,
    require_single_value,
    spread,
    unit_of,
    with_lineage,
    without_attrs,
    words,
)
from tradeflows.measures.zeros import stacked_zeros, with_used_zeros, with_zeros, zeros_of_wholes
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
    value: str | Sequence[str],
    by: Sequence[str] = (),
    over: Sequence[str] = (),
    start: str | None = None,
    end: str | None = None,
    every: int | None = None,
    absent: str = "unknown",
    alike: Sequence[str] | None = None,
) -> DataFrame:
    """Sum `value` over a window, or over each `every` months of it.

    Parameters
    ----------
    value
        Column to sum. Of several columns only rows that state all are summed, so that the sums
        can be divided by one another.
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
    rows = once(frame, ("rows to sum", *key), lambda: _rows_of(frame, *key))
    begin, stop, every = _windows(rows.month, start, end, every)
    n = (stop - begin) // every
    is_inside = (rows.month >= begin) & (rows.month < stop)
    window = np.where(is_inside, (rows.month - begin) // every, -1)
    stated = rows.stated
    require_whole_periods(rows.row[stated], rows.month[stated], window[stated])
    full = _stated_months(rows, begin, stop, absent).reshape(-1, every)
    is_complete = full.all(axis=1)
    is_entered = stated & is_inside
    row, first_line = np.unique(rows.row[is_entered], return_index=True)
    slot = (rows.group * n + window)[is_entered][first_line]

    group = np.arange(len(rows.n_cells)).repeat(n)
    columns: dict[str, Any] = {name: column.take(group) for name, column in rows.head.items()}
    starts = begin + every * np.tile(np.arange(n), len(rows.n_cells))
    columns["ref_period"] = days(starts).astype("datetime64[us]")
    columns["n_months"] = np.full(len(starts), every)
    formulas = {}
    for name, figures in rows.figures.items():
        formulas[name] = Formula("value", {"value": Role(rows.frame, name, row, slot, figures)})
        sums = formulas[name].numbers(len(full))
        columns[name] = np.where(is_complete & np.isnan(sums), 0.0, sums)
    columns["n_stated"] = full.sum(axis=1)
    columns["complete"] = is_complete
    columns["missing"] = [
        runs(first + np.flatnonzero(~has_month))
        for first, has_month in zip(starts, full, strict=True)
    ]
    columns |= combine_flags(rows.frame, row, slot, len(full))
    caveats = []
    for column in [name for name in over if name in LABELS]:
        used = rows.frame[[column]].iloc[row]
        if used[column].nunique(dropna=False) > 1:
            caveats.append(f"{column} differs within the sum: {listed(used, column)}")
    if not is_complete.all():
        caveats.append(
            f"{(~is_complete).sum()} of {len(full)} sums of {', '.join(rows.figures)} lack months, "
            "which `missing` names; nothing was put in their place"
        )
    used = with_used_zeros(rows.frame, row)
    return with_lineage(DataFrame(columns), used, caveats=caveats, formulas=formulas)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows that may be summed, and what of them no window changes.

    Attributes
    ----------
    frame, figures
        The rows with those of declared zeros, and the numbers of each column to sum.
    head, same, n_cells
        Of each group: what all its rows share, its set of groups that are alike, and how many
        cells it has.
    row, month, cell, group, stated
        One line a month of each row, in the order of the rows: the row's position, the month from
        year 0, its cell and group, and whether it has all figures.
    """

    frame: DataFrame
    figures: Mapping[str, ndarray]
    head: Mapping[str, ExtensionArray]
    same: ndarray
    n_cells: ndarray
    row: ndarray
    month: ndarray
    cell: ndarray
    group: ndarray
    stated: ndarray


def _rows_of(
    frame: DataFrame,
    values: Sequence[str],
    by: Sequence[str],
    over: Sequence[str],
    absent: str,
    alike: Sequence[str],
) -> _Rows:
    """The rows of `frame` as they are summed; refuses what must not be added up."""
    frame = prepared(with_zeros(frame, *values), values, "ref_period", "n_months", *by, *over)
    _require_summable(frame, values, by, over)
    require_absent(absent)
    stray = sorted(set(alike) - set(by))
    if stray:
        raise QueryError(f"alike names {stray[0]}, which is not among `by`")
    figures = {name: numbers_of(frame, name).to_numpy() for name in values}
    has_value = np.logical_and.reduce([~np.isnan(numbers) for numbers in figures.values()])
    free = {*by, *over, *(["partner_role"] if "flow_code" in (*by, *over) else [])}
    grain = dict.fromkeys(column for name in values for column in grain_of(frame, name))
    fixed = [column for column in grain if column not in free]
    stated = frame.loc[has_value, list(dict.fromkeys([*by, *over, *fixed]))]
    require_single_value(stated, fixed, "or name it in `by` or `over`")
    for column in over:
        require_disjoint(stated, column, by)
    cell = groups_of(frame, [*by, *(column for column in over if column not in LABELS)])
    group, heads = grouped(frame, by)
    lines = spread(frame, cell, has_value)
    row = lines["row"].to_numpy()
    n_cells = np.bincount(group[np.unique(cell, return_index=True)[1]], minlength=len(heads))
    shared = without_attrs(frame[fixed].iloc[[int(has_value.argmax())] * len(heads)])
    joined = heads.join(shared.reset_index(drop=True))
    head = {name: column.array for name, column in joined.items()}
    same = groups_of(heads, alike)
    month = lines["month"].to_numpy()
    return _Rows(
        frame, figures, head, same, n_cells, row, month, cell[row], group[row], has_value[row]
    )


def _windows(
    month: ndarray, start: str | None, end: str | None, every: int | None
) -> tuple[int, int, int]:
    """First month of the windows, the month after their last, and the length of each."""
    begin = int(month.min()) if start is None else span(start)[0]
    stop = int(month.max()) + 1 if end is None else span(end)[1]
    require_months(every)
    every = every or max(stop - begin, 1)
    if stop <= begin or (stop - begin) % every:
        raise QueryError(
            f"{month_text(begin)} to {month_text(stop - 1)} is no whole number of "
            f"{every} months: choose start and end so that it is"
        )
    return begin, stop, every


def _require_summable(
    frame: DataFrame, values: Sequence[str], by: Sequence[str], over: Sequence[str]
) -> None:
    """Refuse columns that have no sum, or that may not be summed over."""
    if {"ref_period", "n_months"} & set(by):
        raise QueryError("sums are of windows: give every=1 rather than ref_period in `by`")
    for name in values:
        unit = unit_of(frame, name)
        if unit in _NO_SUM or name == "rate":
            column = f"{name} ({unit})" if unit else name
            raise QueryError(
                f"there is no sum of {column}: sum what it was made of, or take the mean"
            )
    barred = set(over) - _SUMMABLE
    if "partner_role" in frame and frame["partner_role"].eq("route").all():
        barred.discard("partner_code")  # every partner is a way that goods came by
    if barred:
        raise QueryError(f"{min(barred)} cannot be summed over: name it in `by`, or keep one value")


def _stated_months(rows: _Rows, begin: int, stop: int, absent: str) -> ndarray:
    """Whether each group states each month from `begin` to before `stop`.

    Every cell of it does; or, where an absent row is zero, some cell of a group that is alike,
    and no cell of the group has a row without a figure for the month.
    """
    length = stop - begin
    offset = rows.month - begin
    is_inside = (offset >= 0) & (offset < length)
    stated = rows.stated & is_inside
    if absent == "unknown":
        place = rows.group[stated] * length + offset[stated]
        count = np.bincount(place, minlength=len(rows.n_cells) * length)
        return np.asarray(count.reshape(-1, length) == rows.n_cells[:, None])
    known = np.zeros((len(rows.n_cells), length), bool)
    known[rows.same[rows.group[stated]], offset[stated]] = True
    full = known[rows.same]
    place = rows.cell * length + offset
    is_null = is_inside & ~rows.stated & ~np.isin(place, place[stated])
    full[rows.group[is_null], offset[is_null]] = False
    return full


def sum_parts(frame: DataFrame, value: str | Sequence[str], over: Sequence[str] = ()) -> DataFrame:
    """Sum `value` over parts of `breakdown`: procedures, trade types, regimes, provinces.

    What a map of one's own calls ``part`` is added up, too.

    Parameters
    ----------
    frame
        As ``read(breakdown="parts")`` gives it: of each cell its parts, or its total alone.
    value
        Column to sum, or several, each by itself.
    over
        Dimensions to sum over, all that are named where not given; the others stay in
        ``breakdown``.

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
    breakdown = frame["breakdown"]
    parts = {text: _dimensions(text) for text in breakdown.unique()}
    over = _summed_dimensions(parts, over)
    left = {text: _without(part_of, over) for text, part_of in parts.items()}
    whole = without_attrs(frame.assign(breakdown=breakdown.map(left)))
    keys = [name for name in whole if name not in {*_OF_ROW, *values}]
    slot, result = grouped(whole, [*keys, "breakdown"])
    n = np.bincount(slot)
    _require_one_kind(frame, parts, slot, n)
    caveats = []
    are_sums = n > 1
    if are_sums.any():
        names = f"{' and '.join(over)} ({listed(frame, 'breakdown')})"
        caveats.append(f"{are_sums.sum()} of {len(n)} rows are sums over {names}")
    formulas = {}
    for name in values:
        formulas[name] = Formula("value", {"value": Role(frame, name, None, slot)})
        result[name] = formulas[name].numbers(len(n))
        n_stated = np.bincount(slot, frame[name].notna(), minlength=len(n))
        has_hole = (n_stated > 0) & (n_stated < n)
        if has_hole.any():
            caveats.append(
                f"{has_hole.sum()} of {are_sums.sum()} sums of {name} have a part that states "
                "none, so they are none"
            )
    if "qty" in values:
        has_value = frame["qty"].notna()
        units = frame["qty_unit"].where(has_value).groupby(slot)
        if (units.nunique() > 1).any():
            stated = frame[has_value]
            require_single_value(stated, ["qty_unit"], what="of parts that are summed, ")
        result["qty_unit"] = np.asarray(units.first().fillna("none"))
    result["n_parts"] = n
    result = result.assign(**combine_flags(frame, np.arange(len(frame)), slot, len(n)))
    alone = [text for text, part_of in parts.items() if part_of]
    if len(alone) == 1:
        caveats.append(
            f"{alone[0]} is the only part that is here; it is a total as far as there are no others"
        )
    result = with_lineage(result, frame, caveats=caveats, formulas=formulas)
    zeros = zeros_of_wholes(frame, result, left)
    if zeros is not None:
        result.attrs[ZEROS] = zeros
    return result


def _dimensions(word: str) -> dict[str, str]:
    """What a value of `breakdown` says, by dimension; nothing for total."""
    return {} if word == "total" else dict(part.split("=", 1) for part in word.split(","))


def _without(part_of: Mapping[str, str], over: Sequence[str]) -> str:
    """What is left of a value of `breakdown` when it is summed over some of its dimensions."""
    kept = [f"{name}={part}" for name, part in part_of.items() if name not in (*over, _NUMBERED)]
    return ",".join(kept) or "total"


def _summed_dimensions(parts: Mapping[str, Mapping[str, str]], over: Sequence[str]) -> list[str]:
    """`over`, or all dimensions; refuses one that is not there, or of which values may overlap."""
    named = [name for name in dict.fromkeys(chain(*parts.values())) if name != _NUMBERED]
    over = list(over or named)
    for name in over:
        if name not in named:
            stated = ", ".join(named) or "none"
            raise QueryError(f"breakdown has no {name!r}; it has {stated}")
        known = ADDITIVE.get(name, "(?!)")
        values = {part_of[name] for part_of in parts.values() if name in part_of}
        unknown = [part for part in values if not re.fullmatch(known, part)]
        if unknown:
            part = f"{name}={min(unknown)}"
            kept = f"frame[~frame['breakdown'].str.contains('{part}')]"
            raise QueryError(
                f"{part} is not known to add up with the other parts: leave it out, as in {kept}"
            )
    return over


def _require_one_kind(
    frame: DataFrame, parts: Mapping[str, Mapping[str, str]], slot: ndarray, n: ndarray
) -> None:
    """Refuse a cell that is stated as a whole and in parts, in parts of two kinds, or twice."""
    breakdown = frame["breakdown"]
    kinds = {
        text: " ".join(name for name in part_of if name != _NUMBERED)
        for text, part_of in parts.items()
    }
    is_mixed = breakdown.map(kinds).groupby(slot).nunique().to_numpy() > 1
    is_repeated = breakdown.groupby(slot).nunique().to_numpy() < n
    is_wrong = is_mixed if is_mixed.any() else is_repeated
    if is_wrong.any():
        rows = frame[slot == is_wrong.argmax()]
        named_by = [name for name in (*CELL, "ref_period") if name in rows and name != "breakdown"]
        cell = " ".join(words(rows[named_by].iloc[0]))
        if is_mixed.any():
            what = f"{cell} is stated as a whole and in parts, or in parts of two kinds: "
            require_single_value(rows, ["breakdown"], what=what)
        refuse_repeated(rows, cell)


def from_members(
    frame: DataFrame, value: str, area: str = "EU27_2020", by: Sequence[str] = ()
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
    >>> eu = measures.from_members(members, "net_wgt_kg")
    >>> eu[["reporter_iso", "net_wgt_kg", "complete"]]  # 25 members state nothing
      reporter_iso  net_wgt_kg  complete
    0    EU27_2020         5.0     False
    """
    prepared(frame, value, "reporter_iso", "ref_period", "n_months")
    group = codes.area(area)
    members = codes.members(group)
    frame = with_zeros(frame, value)
    kept = frame[frame["reporter_iso"].isin(members)]
    stated = kept[numbers_of(kept, value).notna()]
    if stated.empty:
        raise QueryError(f"no row of a member of {group} with a figure: read those of its members")
    period = kept["ref_period"]
    start, end = (f"{day:%Y-%m}" for day in (period.min(), period.max()))
    sums = total(stated, value, by, ["reporter_iso"], start, end, every=1, absent="zero")
    keys = [*by, "ref_period"]
    numbered = sums[keys].assign(_sum=np.arange(len(sums)))
    stating = stated[keys].assign(_member=stated["reporter_iso"])
    by_sum = numbered.merge(stating, on=keys).groupby("_sum")["_member"].agg(set)
    present = [by_sum.get(number, set()) for number in range(len(sums))]
    result = flagged_derived(without_attrs(sums.drop(columns="n_stated")))
    result["reporter_iso"] = group
    result["n_members"] = [len(some) for some in present]
    result["of_members"] = len(members)
    result["complete"] = result["n_members"].eq(len(members))
    result["missing"] = [", ".join(who for who in members if who not in some) for some in present]
    caveats = []
    if not result["complete"].all():
        caveats.append(
            f"{(~result['complete']).sum()} of {len(result)} sums are of fewer than the "
            f"{len(members)} members of {group}, of {result['n_members'].min()} at least; "
            "`missing` names the others"
        )
    others = sorted(set(frame["reporter_iso"]) - set(members))
    if others:
        caveats.append(f"left out, since no member of {group}: {', '.join(others)}")
    return with_lineage(result, sums, caveats=caveats, kept=[Role(sums)])


def stack(frames: Mapping[str, DataFrame], column: str = "series") -> DataFrame:
    """Put several answers one below the other, each under its name, to draw them together.

    Parameters
    ----------
    frames
        The frames by name, such as one a publisher.
    column
        Column that is to hold the name.

    Returns
    -------
    DataFrame
        All rows in order; the sources and caveats are those of all frames.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> one = pd.DataFrame({"net_wgt_kg": [1.0]})
    >>> measures.stack({"China": one, "India": one})["series"].tolist()
    ['China', 'India']
    """
    inputs = [*frames.values()]
    named = [without_attrs(frame.assign(**{column: name})) for name, frame in frames.items()]
    ends = np.cumsum([len(frame) for frame in inputs])
    slots = [np.arange(end - len(frame), end) for frame, end in zip(inputs, ends, strict=True)]
    kept = [Role(frame, slot=slot) for frame, slot in zip(inputs, slots, strict=True)]
    result = with_lineage(pd.concat(named, ignore_index=True), *inputs, kept=kept)
    result.attrs.pop(ZEROS, None)
    zeros = stacked_zeros(inputs)
    if zeros is not None:
        result.attrs[ZEROS] = zeros
    return result


def baskets(
    frame: DataFrame,
    value: str,
    goods: Mapping[str, Sequence[str]],
    of: str = "cmd_code",
    every: int = 12,
) -> DataFrame:
    """Sum `value` over each of several declared baskets of goods, window by window.

    Parameters
    ----------
    goods
        Codes of the column `of` by the name of their basket.
    every
        Length of each window in months, as in :func:`total`.

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
    >>> goods = pd.DataFrame({**year, "cmd_code": ["2709", "2711"], "value_reported": [50.0, 30.0],
    ...                       "currency": "USD"})
    >>> of = {"oil": ["2709"], "both": ["2709", "2711"]}
    >>> sums = measures.baskets(goods, "value_reported", of)
    >>> sums[["basket", "value_reported"]]
      basket  value_reported
    0    oil            50.0
    1   both            80.0
    """
    sums = {}
    for name, codes_ in goods.items():
        lacking = set(codes_) - set(frame[of])
        if lacking:
            raise QueryError(
                f"basket {name!r} names {min(lacking)}, which the frame does not hold; "
                f"it holds {listed(frame, of)}"
            )
        sums[name] = total(frame[frame[of].isin(codes_)], value, over=[of], every=every)
    return stack(sums, "basket")
