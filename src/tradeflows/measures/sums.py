"""Sums over windows, of parts and of baskets of goods, and several answers in one frame."""

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

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
    require_columns,
    require_disjoint,
    require_single_value,
    spread,
    unit_of,
    with_lineage,
    without_attrs,
    words,
)
from tradeflows.measures.zeros import with_zeros
from tradeflows.model import codes
from tradeflows.model.errors import QueryError, near
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import days, month_text, require_whole_periods, runs, span

_SUMMABLE = {"reporter_iso", "partner_iso", "flow_code", "cmd_code", "breakdown", *LABELS}

_NO_SUM = ("%", "percent", "ratio", "times")

# Dimensions of `breakdown` whose parts are without overlap, and the values of which that is known:
# Eurostat's L and M repeat for Northern Ireland and Great Britain what I and E have.
ADDITIVE = {"procedure": "[1235679]", "type": "[IE]", "regime": r"\d+", "province": r"\d+"}
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
    frame: pd.DataFrame,
    value: str | Sequence[str],
    by: Sequence[str] = (),
    over: Sequence[str] = (),
    start: str | None = None,
    end: str | None = None,
    every: int | None = None,
    absent: str = "unknown",
    alike: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Sum `value` over a window, or over each `every` months of it.

    Parameters
    ----------
    value
        Column to sum. Of several columns only rows that state all are summed, so that the sums
        can be divided by one another.
    by, over
        Columns that set sums apart, and those that are summed over. Any other column of the
        grain must hold one value.
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
    """
    values, by, over = [value] if isinstance(value, str) else list(value), list(by), list(over)
    frame = with_zeros(frame, *values)
    require_columns(frame, "ref_period", "n_months", *values, *by, *over)
    if {"ref_period", "n_months"} & set(by):
        raise QueryError("sums are of windows: give every=1 rather than ref_period in `by`")
    if absent not in ("unknown", "zero"):
        raise QueryError(f"absent={absent!r}{near(absent, ('unknown', 'zero'))}")
    alike = by if alike is None else list(alike)
    if stray := sorted(set(alike) - set(by)):
        raise QueryError(f"alike names {stray[0]}, which is not among `by`")
    for name in values:
        if (unit := unit_of(frame, name)) in _NO_SUM or name == "rate":
            told = f"{name} ({unit})" if unit else name
            raise QueryError(
                f"there is no sum of {told}: sum what it was made of, or take the mean"
            )
    if odd := sorted(set(over) - _SUMMABLE):
        raise QueryError(f"{odd[0]} cannot be summed over: name it in `by`, or keep one value")
    numbers = pd.DataFrame({name: numbers_of(frame, name) for name in values})
    stated = numbers.notna().all(axis="columns").to_numpy()
    grain = dict.fromkeys(column for name in values for column in grain_of(frame, name))
    free = {*by, *over}
    free |= {"partner_role"} if "flow_code" in free else set()  # which follows from the flow
    fixed = [column for column in grain if column not in free]
    said = frame[list(dict.fromkeys([*by, *over, *fixed]))]
    said = said if stated.all() else said[stated]
    require_single_value(said, fixed, "or name it in `by` or `over`")
    for column in over:
        require_disjoint(said, column, by)

    cell = groups_of(frame, [*by, *(column for column in over if column not in LABELS)])
    lines = spread(frame, cell, stated)
    row, month, told = (lines[name].to_numpy() for name in ("row", "month", "stated"))
    begin = month.min() if start is None else span(start)[0]
    stop = month.max() + 1 if end is None else span(end)[1]
    every = every or max(stop - begin, 1)
    if stop <= begin or (stop - begin) % every:
        raise QueryError(
            f"{month_text(begin)} to {month_text(stop - 1)} is no whole number of "
            f"{every} months: choose start and end so that it is"
        )
    n = (stop - begin) // every
    inside = (month >= begin) & (month < stop)
    window = np.where(inside, (month - begin) // every, -1)
    require_whole_periods(row[told], month[told], window[told])
    told, open_ = told & inside, ~told & inside  # a row without a figure, which is not no row

    group, heads = grouped(frame, by)
    first = np.unique(cell, return_index=True)[1]
    cells = np.bincount(group[first], minlength=len(heads)).repeat(n)[:, None]
    place, key = (each[row] * (stop - begin) + month - begin for each in (group, cell))
    count = np.bincount(place[told], minlength=len(heads) * (stop - begin)).reshape(-1, every)
    if absent == "zero":
        same = groups_of(heads, alike)
        known = np.zeros((len(heads), stop - begin), bool)
        np.logical_or.at(known, same, count.reshape(len(heads), -1) > 0)
        full = known[same].ravel()
        full[place[open_ & ~np.isin(key, key[told])]] = False
        full = full.reshape(-1, every)
    else:
        full = count == cells
    row, line = np.unique(row[told], return_index=True)
    slot = group[row] * n + window[told][line]

    starts = np.tile(begin + every * np.arange(n), len(heads))
    one = frame[fixed].iloc[[stated.argmax()] * len(starts)].reset_index(drop=True)
    one["ref_period"] = days(starts).astype("datetime64[us]")
    one["n_months"] = every
    result = heads.loc[heads.index.repeat(n)].reset_index(drop=True).join(without_attrs(one))
    filled = (np.bincount(slot, minlength=len(result)) > 0) | full.all(axis=1)
    for name in values:
        sums = np.bincount(slot, numbers[name].to_numpy()[row], minlength=len(result))
        result[name] = np.where(filled, sums, np.nan)
    result["n_stated"] = full.sum(axis=1)
    result["complete"] = full.all(axis=1)
    result["missing"] = [
        runs(month + np.flatnonzero(~there)) for month, there in zip(starts, full, strict=True)
    ]
    result = result.assign(**combine_flags(frame, row, slot, len(result)))
    used = frame[[column for column in over if column in LABELS]].iloc[row]
    caveats = [
        f"{column} differs within the sum: {listed(used, column)}"
        for column in used
        if used[column].nunique(dropna=False) > 1
    ]
    if holes := int((~result["complete"]).sum()):
        caveats.append(
            f"{holes} of {len(result)} sums of {', '.join(values)} lack months, which "
            "`missing` names; nothing was put in their place"
        )
    formulas = {name: Formula("value", {"value": Role(frame, name, row, slot)}) for name in values}
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)


def sum_parts(
    frame: pd.DataFrame, value: str | Sequence[str], over: Sequence[str] = ()
) -> pd.DataFrame:
    """Sum `value` over parts of `breakdown`: procedures, trade types, regimes, provinces.

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
    """
    values = [value] if isinstance(value, str) else list(value)
    require_columns(frame, "breakdown", *values)
    parts = {word: _dimensions(word) for word in frame["breakdown"].unique()}
    named = dict.fromkeys(name for each in parts.values() for name in each if name != _NUMBERED)
    over = list(over or named)
    for name in over:
        if name not in named:
            raise QueryError(f"breakdown has no {name!r}; it has {', '.join(named) or 'none'}")
        odd = sorted(
            {
                each[name]
                for each in parts.values()
                if name in each and not re.fullmatch(ADDITIVE.get(name, "(?!)"), each[name])
            }
        )
        if odd:
            kept = f"frame[~frame['breakdown'].str.contains('{name}={odd[0]}')]"
            raise QueryError(
                f"{name}={odd[0]} is not known to add up with the other parts: "
                f"leave it out, as in {kept}"
            )
    left = {
        word: ",".join(
            f"{name}={each}" for name, each in found.items() if name not in {*over, _NUMBERED}
        )
        or "total"
        for word, found in parts.items()
    }
    whole = without_attrs(frame.assign(breakdown=frame["breakdown"].map(left)))
    keys = [name for name in whole if name not in {*_OF_ROW, *values}] + ["breakdown"]
    slot, heads = grouped(whole, keys)
    n = np.bincount(slot)
    kinds = frame["breakdown"].map(
        {word: " ".join(k for k in each if k != _NUMBERED) for word, each in parts.items()}
    )
    mixed = (kinds.groupby(slot).nunique() > 1).to_numpy()
    twice = (frame["breakdown"].groupby(slot).nunique() < n).to_numpy()
    if (mixed | twice).any():
        rows = frame[slot == (mixed if mixed.any() else twice).argmax()]
        named_by = [name for name in (*CELL, "ref_period") if name in rows and name != "breakdown"]
        cell = " ".join(words(rows[named_by].iloc[0]))
        if mixed.any():
            require_single_value(
                rows,
                ["breakdown"],
                what=f"{cell} is stated as a whole and in parts, or in parts of two kinds: ",
            )
        refuse_repeated(rows, cell)
    result, formulas, caveats = heads.copy(), {}, []
    for name in values:
        numbers = frame[name].to_numpy("float64", na_value=np.nan)
        result[name] = np.bincount(slot, numbers, minlength=len(heads))  # NaN of a part stays
        formulas[name] = Formula("value", {"value": Role(frame, name, None, slot)})
        stated = np.bincount(slot, ~np.isnan(numbers), minlength=len(heads))
        if holes := int(((stated > 0) & (stated < n)).sum()):
            caveats.append(
                f"{holes} of {(n > 1).sum()} sums of {name} have a part that states "
                "none, so they are none"
            )
    if "qty" in values:
        stated = frame["qty_unit"].where(frame["qty"].notna())
        units = stated.groupby(slot)
        if (units.nunique() > 1).any():
            require_single_value(
                frame[frame["qty"].notna()], ["qty_unit"], what="of parts that are summed, "
            )
        result["qty_unit"] = units.first().fillna("none").to_numpy()
    result["n_parts"] = n
    result = result.assign(**combine_flags(frame, np.arange(len(frame)), slot, len(n)))
    sole = [word for word, each in parts.items() if each]
    if len(sole) == 1:
        caveats.append(
            f"{sole[0]} is the only part that is here; it is a total as far as there are no others"
        )
    if (n > 1).any():
        caveats.insert(
            0,
            f"{(n > 1).sum()} of {len(n)} rows are sums over {' and '.join(over)} "
            f"({listed(frame, 'breakdown')})",
        )
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)


def _dimensions(word: str) -> dict[str, str]:
    """What a value of `breakdown` says, by dimension; nothing for total."""
    return {} if word == "total" else dict(each.split("=", 1) for each in word.split(","))


def from_members(
    frame: pd.DataFrame, value: str, area: str = "EU27_2020", by: Sequence[str] = ()
) -> pd.DataFrame:
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
    """
    require_columns(frame, "reporter_iso", "ref_period", "n_months", value)
    group = codes.area(area)
    members = codes.members(group)
    kept = frame[frame["reporter_iso"].isin(members)]
    stated = kept[numbers_of(kept, value).notna()]
    if stated.empty:
        raise QueryError(f"no row of a member of {group} with a figure: read those of its members")
    ends = [f"{day:%Y-%m}" for day in (kept["ref_period"].min(), kept["ref_period"].max())]
    sums = total(stated, value, by, ["reporter_iso"], ends[0], ends[1], every=1, absent="zero")
    keys = [*by, "ref_period"]
    who = stated.groupby(keys, dropna=False)["reporter_iso"].agg(set)
    cells = sums[keys].itertuples(index=False, name=None)
    held = [who.get(cell if by else cell[0], set()) for cell in cells]
    missing = [[each for each in members if each not in here] for here in held]
    result = sums.drop(columns="n_stated").assign(
        reporter_iso=group,
        n_members=list(map(len, held)),
        of_members=len(members),
        complete=[not lacking for lacking in missing],
        missing=[", ".join(m) for m in missing],
    )
    caveats = []
    if short := int((~result["complete"]).sum()):
        least = int(result["n_members"].min())
        caveats.append(
            f"{short} of {len(result)} sums are of fewer than the {len(members)} "
            f"members of {group}, of {least} at least; `missing` names the "
            "others"
        )
    if others := sorted(set(frame["reporter_iso"]) - set(members)):
        caveats.append(f"left out, since no member of {group}: {', '.join(others)}")
    if "flags" in result:
        result["flags"] = add_flag(result["flags"], "derived")
    return with_lineage(without_attrs(result), sums, caveats=caveats, kept=[Role(sums)])


def stack(frames: Mapping[str, pd.DataFrame], column: str = "series") -> pd.DataFrame:
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
    """
    named = [without_attrs(frame.assign(**{column: name})) for name, frame in frames.items()]
    places = np.split(np.arange(sum(map(len, named))), np.cumsum([len(one) for one in named])[:-1])
    kept = [Role(frame, slot=place) for frame, place in zip(frames.values(), places, strict=True)]
    return with_lineage(pd.concat(named, ignore_index=True), *frames.values(), kept=kept)


def baskets(
    frame: pd.DataFrame,
    value: str,
    goods: Mapping[str, Sequence[str]],
    of: str = "cmd_code",
    every: int = 12,
) -> pd.DataFrame:
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
    """
    sums = {}
    for name, codes_ in goods.items():
        if lacking := sorted(set(codes_) - set(frame[of])):
            raise QueryError(
                f"basket {name!r} names {lacking[0]}, which the frame does not hold; "
                f"it holds {listed(frame, of)}"
            )
        sums[name] = total(frame[frame[of].isin(codes_)], value, over=[of], every=every)
    return stack(sums, "basket")
