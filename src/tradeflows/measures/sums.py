"""Sums over windows, of parts and of baskets of goods, and several answers in one frame."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame
from pandas.api.extensions import ExtensionArray

from tradeflows.measures.common import (
    CELL,
    LABELS,
    add_flag,
    combine_flags,
    grain_of,
    grouped,
    groups_of,
    listed,
    numbers_of,
    refuse_repeated,
    require_absent,
    require_columns,
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

_SUMMABLE = {
    "reporter_iso",
    "partner_iso",
    "flow_code",
    "cmd_code",
    "breakdown",
    *LABELS,
}

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
    values = tuple(_names(value))
    asked = _Asked(values, tuple(by), tuple(over), absent, tuple(by if alike is None else alike))
    rows = once(frame, asked, lambda: _rows_of(frame, asked))
    lines = rows.lines
    windows = _windows(lines.month, start, end, every)
    window = windows.place(lines.month)
    _require_in_one_window(lines, window)
    full = _stated_months(rows, windows, window)
    is_entered = lines.stated & (window >= 0)
    row, first_line = np.unique(lines.row[is_entered], return_index=True)
    slot = lines.group[is_entered] * windows.n + window[is_entered]
    slot = slot[first_line]

    columns = _sums_head(rows, windows)
    is_complete = np.asarray(full.all(axis=1))
    formulas = {}
    for name in values:
        role = Role(rows.frame, name, row, slot, rows.figures[name])
        formula = Formula("value", {"value": role})
        formulas[name] = formula
        sums = formula.numbers(len(full))
        is_none = is_complete & np.isnan(sums)
        columns[name] = np.where(is_none, 0.0, sums)
    columns["n_stated"] = full.sum(axis=1)
    columns["complete"] = is_complete
    columns["missing"] = _missing_months(full, windows, rows.n_groups)
    columns |= combine_flags(rows.frame, row, slot, len(full))
    result = DataFrame(columns)
    caveats = _caveats_of_sums(rows, row, is_complete)
    used = with_used_zeros(rows.frame, row)
    return with_lineage(result, used, caveats=caveats, formulas=formulas)


@dataclass(frozen=True)
class _Asked:
    """What is asked of sums beside their windows, as :func:`total` has it."""

    values: tuple[str, ...]
    by: tuple[str, ...]
    over: tuple[str, ...]
    absent: str
    alike_in: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Lines:
    """One line a month of each row, in the order of the rows.

    Attributes
    ----------
    row, month
        The row's position, and the month, counted from year 0.
    cell, group, stated
        The number of the row's cell and of its group, and whether it has a figure.
    """

    row: ndarray
    month: ndarray
    cell: ndarray
    group: ndarray
    stated: ndarray


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows that may be summed, and what of them no window changes.

    Attributes
    ----------
    asked, frame
        What is asked, and the rows with those of declared zeros.
    figures
        The numbers of each column to sum.
    head
        The columns that hold one value, a row a group.
    same
        The number of each group's set of groups that are alike.
    n_cells
        How many cells each group has.
    lines
        The months of the rows.
    """

    asked: _Asked
    frame: DataFrame
    figures: Mapping[str, ndarray]
    head: Mapping[str, ExtensionArray]
    same: ndarray
    n_cells: ndarray
    lines: _Lines

    @property
    def n_groups(self) -> int:
        """How many groups the rows have."""
        return len(self.n_cells)


def _rows_of(frame: DataFrame, asked: _Asked) -> _Rows:
    """The rows of `frame` as they are summed; refuses what must not be added up."""
    values = asked.values
    by = list(asked.by)
    over = list(asked.over)
    frame = with_zeros(frame, *values)
    _require_summable(frame, values, by, over)
    alike_in = _alike(asked.absent, asked.alike_in, by)
    figures = {}
    has_value = np.ones(len(frame), bool)
    for name in values:
        numbers = numbers_of(frame, name).to_numpy()
        figures[name] = numbers
        has_value &= ~np.isnan(numbers)
    fixed = _fixed_columns(frame, values, by, over, has_value)
    goods = [column for column in over if column not in LABELS]
    cell = groups_of(frame, [*by, *goods])
    group, heads = grouped(frame, by)
    by_month = spread(frame, cell, has_value)
    row = by_month["row"].to_numpy()
    month = by_month["month"].to_numpy()
    lines = _Lines(row, month, cell[row], group[row], has_value[row])
    _, first = np.unique(cell, return_index=True)
    n_cells = np.bincount(group[first], minlength=len(heads))
    repeated = [int(has_value.argmax())] * len(heads)
    shared = without_attrs(frame[fixed].iloc[repeated])
    joined = heads.join(shared.reset_index(drop=True))
    head = {name: column.array for name, column in joined.items()}
    return _Rows(asked, frame, figures, head, groups_of(heads, alike_in), n_cells, lines)


def _require_in_one_window(lines: _Lines, window: ndarray) -> None:
    """Refuse a stated period that crosses the edge of a window."""
    stated = lines.stated
    require_whole_periods(lines.row[stated], lines.month[stated], window[stated])


def _sums_head(rows: _Rows, windows: "_Windows") -> dict[str, Any]:
    """The columns of a row a group and window: its group, what all rows share, and its period."""
    columns: dict[str, Any] = {**rows.head}
    if windows.n > 1:
        group = np.arange(rows.n_groups).repeat(windows.n)
        columns = {name: values.take(group) for name, values in rows.head.items()}
    starts = np.tile(windows.starts, rows.n_groups)
    columns["ref_period"] = days(starts).astype("datetime64[us]")
    columns["n_months"] = np.full(len(starts), windows.every)
    return columns


def _missing_months(full: ndarray, windows: "_Windows", n_groups: int) -> list[str]:
    """In words the months of each sum that are not stated."""
    starts = np.tile(windows.starts, n_groups)
    missing = []
    for begin, has_month in zip(starts, full, strict=True):
        offset = np.flatnonzero(~has_month)
        months = runs(begin + offset)
        missing.append(months)
    return missing


def _names(value: str | Sequence[str]) -> list[str]:
    if isinstance(value, str):
        return [value]
    return list(value)


def _require_summable(
    frame: DataFrame, values: Sequence[str], by: Sequence[str], over: Sequence[str]
) -> None:
    """Refuse columns that have no sum, or that may not be summed over."""
    require_columns(frame, "ref_period", "n_months", *values, *by, *over)
    columns_of_period = {"ref_period", "n_months"}
    if columns_of_period & set(by):
        raise QueryError("sums are of windows: give every=1 rather than ref_period in `by`")
    for name in values:
        unit = unit_of(frame, name)
        if unit in _NO_SUM or name == "rate":
            column = f"{name} ({unit})" if unit else name
            raise QueryError(
                f"there is no sum of {column}: sum what it was made of, or take the mean"
            )
    others = set(over) - _SUMMABLE
    if _are_routes(frame):
        others.discard("partner_code")
    barred = sorted(others)
    if barred:
        raise QueryError(f"{barred[0]} cannot be summed over: name it in `by`, or keep one value")


def _are_routes(frame: DataFrame) -> bool:
    """Whether every partner is a way that goods came by, so that one partner has several."""
    return "partner_role" in frame and bool(frame["partner_role"].eq("route").all())


def _alike(absent: str, alike: Sequence[str], by: Sequence[str]) -> list[str]:
    """The columns of `by` in which groups are alike, once `absent` is known to be right."""
    require_absent(absent)
    others = set(alike) - set(by)
    stray = sorted(others)
    if stray:
        raise QueryError(f"alike names {stray[0]}, which is not among `by`")
    return list(alike)


def _fixed_columns(
    frame: DataFrame,
    values: Sequence[str],
    by: Sequence[str],
    over: Sequence[str],
    has_value: ndarray,
) -> list[str]:
    """Columns of the grain that hold one value in all rows with a figure; refuses others."""
    grain: dict[str, None] = {}
    for name in values:
        columns = grain_of(frame, name)
        grain |= dict.fromkeys(columns)
    free = {*by, *over}
    if "flow_code" in free:
        free.add("partner_role")  # the role follows from the flow
    fixed = [column for column in grain if column not in free]
    used = dict.fromkeys([*by, *over, *fixed])
    rows = frame[list(used)]
    if not has_value.all():
        rows = rows[has_value]
    require_single_value(rows, fixed, "or name it in `by` or `over`")
    for column in over:
        require_disjoint(rows, column, by)
    return fixed


@dataclass(frozen=True)
class _Windows:
    """`n` windows of `every` months, the first of which begins in the month `begin`."""

    begin: int
    every: int
    n: int

    @property
    def length(self) -> int:
        """Months of all windows."""
        return self.n * self.every

    @property
    def starts(self) -> ndarray:
        """First month of each window."""
        return self.begin + self.every * np.arange(self.n)

    def place(self, month: ndarray) -> ndarray:
        """The window that each month lies in, -1 for none."""
        offset = month - self.begin
        is_inside = (offset >= 0) & (offset < self.length)
        window = offset // self.every
        return np.where(is_inside, window, -1)


def _windows(month: ndarray, start: str | None, end: str | None, every: int | None) -> _Windows:
    """The windows from `start` to `end`, by default those of all months."""
    begin = int(month.min()) if start is None else span(start)[0]
    stop = int(month.max()) + 1 if end is None else span(end)[1]
    length = stop - begin
    require_months(every)
    every = every or max(length, 1)
    n, rest = divmod(length, every)
    if length <= 0 or rest:
        first = month_text(begin)
        last = month_text(stop - 1)
        raise QueryError(
            f"{first} to {last} is no whole number of "
            f"{every} months: choose start and end so that it is"
        )
    return _Windows(begin, every, n)


def _stated_months(rows: _Rows, windows: _Windows, window: ndarray) -> ndarray:
    """Whether each sum has a month: one row a sum, one column a month of it."""
    is_inside = window >= 0
    if rows.asked.absent == "zero":
        return _months_of_any_cell(rows, windows, is_inside)
    return _months_of_all_cells(rows, windows, is_inside)


def _months_of_all_cells(rows: _Rows, windows: _Windows, is_inside: ndarray) -> ndarray:
    """Whether every cell of a group states a month."""
    lines = rows.lines
    n_groups = rows.n_groups
    entered = lines.stated & is_inside
    offset = lines.month[entered] - windows.begin
    place = lines.group[entered] * windows.length + offset
    count = np.bincount(place, minlength=n_groups * windows.length)
    count = count.reshape(-1, windows.every)
    n_cells = rows.n_cells.repeat(windows.n)
    return np.asarray(count == n_cells[:, None])


def _months_of_any_cell(rows: _Rows, windows: _Windows, is_inside: ndarray) -> ndarray:
    """As :func:`_months_of_all_cells`, where a cell without a row had nothing in a month.

    Some cell of a group that is alike states the month, and no cell of the group has a row without
    a figure for it.
    """
    lines = rows.lines
    offset = lines.month - windows.begin
    stated = lines.stated & is_inside
    known = np.zeros((rows.n_groups, windows.length), bool)
    known[rows.same[lines.group[stated]], offset[stated]] = True
    full = known[rows.same]
    place = lines.cell * windows.length + offset
    empty = ~lines.stated & is_inside
    empty[empty] = ~np.isin(place[empty], place[stated])
    full[lines.group[empty], offset[empty]] = False
    return full.reshape(-1, windows.every)


def _caveats_of_sums(rows: _Rows, row: ndarray, is_complete: ndarray) -> list[str]:
    """Which labels differ within the sums, and how many sums lack months."""
    caveats = []
    for column in [name for name in rows.asked.over if name in LABELS]:
        used = rows.frame[[column]].iloc[row]
        if used[column].nunique(dropna=False) > 1:
            stated = listed(used, column)
            caveats.append(f"{column} differs within the sum: {stated}")
    holes = int((~is_complete).sum())
    if holes:
        names = ", ".join(rows.asked.values)
        caveats.append(
            f"{holes} of {len(is_complete)} sums of {names} lack months, which "
            "`missing` names; nothing was put in their place"
        )
    return caveats


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
    values = _names(value)
    require_columns(frame, "breakdown", *values)
    parts = {text: _dimensions(text) for text in frame["breakdown"].unique()}
    named: dict[str, None] = {}
    for values_of in parts.values():
        named |= dict.fromkeys(values_of)
    named.pop(_NUMBERED, None)
    over = list(over or named)
    _require_additive(parts, over, list(named))
    left = {text: _without(values_of, over) for text, values_of in parts.items()}
    rest = frame["breakdown"].map(left)
    whole = frame.assign(breakdown=rest)
    whole = without_attrs(whole)
    not_shared = {*_OF_ROW, *values}
    keys = [name for name in whole if name not in not_shared]
    slot, result = grouped(whole, [*keys, "breakdown"])
    n = np.bincount(slot)
    _require_one_kind(frame, parts, slot, n)
    formulas = {}
    holes = []
    for name in values:
        role = Role(frame, name, None, slot)
        formula = Formula("value", {"value": role})
        formulas[name] = formula
        result[name] = formula.numbers(len(n))
        hole = _hole_of_parts(frame, name, slot, n)
        if hole:
            holes.append(hole)
    if "qty" in values:
        result["qty_unit"] = _unit_of_parts(frame, slot)
    result["n_parts"] = n
    row = np.arange(len(frame))
    flags = combine_flags(frame, row, slot, len(n))
    result = result.assign(**flags)
    caveats = _caveats_of_parts(frame, parts, over, n, holes)
    result = with_lineage(result, frame, caveats=caveats, formulas=formulas)
    zeros = zeros_of_wholes(frame, result, left)
    if zeros is not None:
        result.attrs[ZEROS] = zeros
    return result


def _hole_of_parts(frame: DataFrame, name: str, slot: ndarray, n: ndarray) -> str:
    """In words how many sums of `name` have a hole; empty where none has."""
    has_value = frame[name].notna()
    n_stated = np.bincount(slot, has_value, minlength=len(n))
    has_hole = (n_stated > 0) & (n_stated < n)
    if not has_hole.any():
        return ""
    n_sums = (n > 1).sum()
    return (
        f"{has_hole.sum()} of {n_sums} sums of {name} have a part that states "
        "none, so they are none"
    )


def _caveats_of_parts(
    frame: DataFrame,
    parts: Mapping[str, Mapping[str, str]],
    over: Sequence[str],
    n: ndarray,
    holes: Sequence[str],
) -> list[str]:
    """Which rows are sums of parts, which of these have a hole, and a part that stands alone."""
    caveats = []
    are_sums = n > 1
    if are_sums.any():
        names = " and ".join(over)
        stated = listed(frame, "breakdown")
        caveats.append(f"{are_sums.sum()} of {len(n)} rows are sums over {names} ({stated})")
    caveats += holes
    named = [text for text, values_of in parts.items() if values_of]
    if len(named) == 1:
        caveats.append(
            f"{named[0]} is the only part that is here; it is a total as far as there are no others"
        )
    return caveats


def _without(values_of: Mapping[str, str], over: Sequence[str]) -> str:
    """What is left of a value of `breakdown` when it is summed over some of its dimensions."""
    dropped = {*over, _NUMBERED}
    kept = []
    for name, part in values_of.items():
        if name not in dropped:
            kept.append(f"{name}={part}")
    return ",".join(kept) or "total"


def _require_additive(
    parts: Mapping[str, Mapping[str, str]], over: Sequence[str], named: Sequence[str]
) -> None:
    """Refuse a dimension that is not there, or a value of one that may overlap another."""
    for name in over:
        if name not in named:
            stated = ", ".join(named) or "none"
            raise QueryError(f"breakdown has no {name!r}; it has {stated}")
        known = ADDITIVE.get(name, "(?!)")
        values = {values_of[name] for values_of in parts.values() if name in values_of}
        unknown = [part for part in values if not re.fullmatch(known, part)]
        if unknown:
            part = f"{name}={min(unknown)}"
            kept = f"frame[~frame['breakdown'].str.contains('{part}')]"
            raise QueryError(
                f"{part} is not known to add up with the other parts: leave it out, as in {kept}"
            )


def _require_one_kind(
    frame: DataFrame,
    parts: Mapping[str, Mapping[str, str]],
    slot: ndarray,
    n: ndarray,
) -> None:
    """Refuse a cell that is stated as a whole and in parts, in parts of two kinds, or twice."""
    kinds = {}
    for text, values_of in parts.items():
        names = [name for name in values_of if name != _NUMBERED]
        kinds[text] = " ".join(names)
    breakdown = frame["breakdown"]
    kind = breakdown.map(kinds)
    n_kinds = kind.groupby(slot).nunique().to_numpy()
    n_texts = breakdown.groupby(slot).nunique().to_numpy()
    is_mixed = n_kinds > 1
    is_wrong = is_mixed
    if not is_mixed.any():
        is_wrong = n_texts < n  # a part is stated twice
    if not is_wrong.any():
        return
    rows = frame[slot == is_wrong.argmax()]
    columns = [name for name in (*CELL, "ref_period") if name in rows]
    named_by = [name for name in columns if name != "breakdown"]
    first = rows[named_by].iloc[0]
    cell = " ".join(words(first))
    if is_mixed.any():
        require_single_value(
            rows,
            ["breakdown"],
            what=f"{cell} is stated as a whole and in parts, or in parts of two kinds: ",
        )
    refuse_repeated(rows, cell)


def _unit_of_parts(frame: DataFrame, slot: ndarray) -> ndarray:
    """The unit of the quantity of each sum, which its parts share."""
    has_value = frame["qty"].notna()
    units = frame["qty_unit"].where(has_value)
    units_of_sum = units.groupby(slot)
    n_units = units_of_sum.nunique()
    if (n_units > 1).any():
        stated = frame[has_value]
        require_single_value(stated, ["qty_unit"], what="of parts that are summed, ")
    unit = units_of_sum.first()
    return np.asarray(unit.fillna("none"))


def _dimensions(word: str) -> dict[str, str]:
    """What a value of `breakdown` says, by dimension; nothing for total."""
    if word == "total":
        return {}
    parts = word.split(",")
    return dict(part.split("=", 1) for part in parts)


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
    require_columns(frame, "reporter_iso", "ref_period", "n_months", value)
    group = codes.area(area)
    members = codes.members(group)
    frame = with_zeros(frame, value)
    kept = frame[frame["reporter_iso"].isin(members)]
    stated = kept[numbers_of(kept, value).notna()]
    if stated.empty:
        raise QueryError(f"no row of a member of {group} with a figure: read those of its members")
    period = kept["ref_period"]
    start = f"{period.min():%Y-%m}"
    end = f"{period.max():%Y-%m}"
    sums = total(stated, value, by, ["reporter_iso"], start, end, every=1, absent="zero")
    present = _members_by_sum(stated, sums, [*by, "ref_period"])
    missing = []
    for some in present:
        lacking = [member for member in members if member not in some]
        missing.append(", ".join(lacking))
    result = sums.drop(columns="n_stated")
    result["reporter_iso"] = group
    result["n_members"] = [len(some) for some in present]
    result["of_members"] = len(members)
    result["complete"] = [not names for names in missing]
    result["missing"] = missing
    caveats = _caveats_of_members(frame, result, group, members)
    if "flags" in result:
        result["flags"] = add_flag(result["flags"], "derived")
    plain = without_attrs(result)
    return with_lineage(plain, sums, caveats=caveats, kept=[Role(sums)])


def _members_by_sum(stated: DataFrame, sums: DataFrame, keys: list[str]) -> list[set[str]]:
    """The members that state a figure, of each row of `sums`."""
    reporters = stated.groupby(keys, dropna=False)["reporter_iso"]
    states = reporters.agg(set)
    present = []
    for cell in sums[keys].itertuples(index=False, name=None):
        label = cell if len(keys) > 1 else cell[0]
        some = states.get(label, set())
        present.append(some)
    return present


def _caveats_of_members(
    frame: DataFrame, result: DataFrame, group: str, members: Sequence[str]
) -> list[str]:
    """How many sums lack members of the group, and which reporters are none of it."""
    caveats = []
    is_short = ~result["complete"]
    short = int(is_short.sum())
    if short:
        n_members = result["n_members"]
        least = int(n_members.min())
        caveats.append(
            f"{short} of {len(result)} sums are of fewer than the {len(members)} "
            f"members of {group}, of {least} at least; `missing` names the "
            "others"
        )
    others = set(frame["reporter_iso"]) - set(members)
    if others:
        names = ", ".join(sorted(others))
        caveats.append(f"left out, since no member of {group}: {names}")
    return caveats


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
    named = []
    kept = []
    begin = 0
    for name, frame in frames.items():
        labelled = frame.assign(**{column: name})
        named.append(without_attrs(labelled))
        end = begin + len(frame)
        role = Role(frame, slot=np.arange(begin, end))
        kept.append(role)
        begin = end
    inputs = [*frames.values()]
    joined = pd.concat(named, ignore_index=True)
    result = with_lineage(joined, *inputs, kept=kept)
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
            first = min(lacking)
            raise QueryError(
                f"basket {name!r} names {first}, which the frame does not hold; "
                f"it holds {listed(frame, of)}"
            )
        is_named = frame[of].isin(codes_)
        rows = frame[is_named]
        sums[name] = total(rows, value, over=[of], every=every)
    return stack(sums, "basket")
