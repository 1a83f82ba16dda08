"""Sums over windows, sums of baskets of goods, and several answers in one frame."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tradeflows.errors import QueryError
from tradeflows.lineage import Formula, Role
from tradeflows.measures.common import (
    LABELS,
    bare,
    carry,
    disjoint,
    grain_of,
    groups_of,
    heads_of,
    join_flags,
    join_qualifiers,
    listed,
    need,
    numbers_of,
    one_value,
)
from tradeflows.measures.months import days, month_text, runs, span, spread, uncut

_SUMMABLE = {"reporter_iso", "partner_iso", "flow_code", "cmd_code", "breakdown", *LABELS}


def total(
    frame: pd.DataFrame,
    value: str | Sequence[str],
    by: Sequence[str] = (),
    over: Sequence[str] = (),
    start: str | None = None,
    end: str | None = None,
    every: int | None = None,
    absent_is_none: bool | Sequence[str] = False,
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
    absent_is_none
        Whether a cell without a row in a month that another cell of its group states had no trade
        then, as in BACI, which has no rows for nothing. Else it is not known, and the sum lacks it.
        Or some of the columns of `by`: then any group that is alike in them states the month, as
        where a reporter has published it, and one of the suppliers is not in it.

    Returns
    -------
    DataFrame, one row a group of `by` and a window
        `by`, the columns that hold one value, ``ref_period``, ``n_months`` (expected), `value`
        (the sum of what is stated), ``n_stated`` (months that every cell of the group states),
        ``complete``, ``missing`` (the other months), ``flags`` and ``qualifier`` joined.

    Raises
    ------
    QueryError
        Mixed grain or units, a whole beside its part, overlapping periods, or a period that
        crosses the edge of a window.
    """
    values, by, over = [value] if isinstance(value, str) else list(value), list(by), list(over)
    need(frame, "ref_period", "n_months", *values, *by, *over)
    if {"ref_period", "n_months"} & set(by):
        raise QueryError("sums are of windows: give every=1 rather than ref_period in `by`")
    alike = by if isinstance(absent_is_none, bool) else list(absent_is_none)
    if strange := sorted(set(alike) - set(by)):
        raise QueryError(f"absent_is_none names {strange[0]}, which is not among `by`")
    if odd := sorted(set(over) - _SUMMABLE):
        raise QueryError(f"{odd[0]} cannot be summed over: name it in `by`, or keep one value")
    numbers = pd.DataFrame({name: numbers_of(frame, name) for name in values})
    stated = numbers.notna().all(axis="columns").to_numpy()
    grain = dict.fromkeys(column for name in values for column in grain_of(frame, name))
    said = {*by, *over}
    said |= {"partner_role"} if "flow_code" in said else set()  # which follows from the flow
    fixed = [column for column in grain if column not in said]
    one_value(frame.loc[stated, fixed], fixed, "or name it in `by` or `over`")
    for column in over:
        disjoint(frame.loc[stated, [*by, column]], column, by)

    cell = groups_of(frame, [*by, *(column for column in over if column not in LABELS)])
    lines = spread(frame, cell, stated)
    begin = lines["month"].min() if start is None else span(start)[0]
    stop = lines["month"].max() + 1 if end is None else span(end)[1]
    every = every or max(stop - begin, 1)
    if stop <= begin or (stop - begin) % every:
        raise QueryError(f"{month_text(begin)} to {month_text(stop - 1)} is no whole number of "
                         f"{every} months: choose start and end so that it is")  # fmt: skip
    n = (stop - begin) // every
    inside = lines["month"].between(begin, stop - 1)
    lines["window"] = ((lines["month"] - begin) // every).where(inside, -1)
    open_ = lines[~lines["stated"] & inside]  # a row without a figure, which is not no row
    lines = lines[lines["stated"]]
    uncut(lines, lines["window"])
    lines = lines[lines["window"] >= 0]

    group, heads = groups_of(frame, by), heads_of(frame, by)
    first = np.unique(cell, return_index=True)[1]
    cells = np.bincount(group[first], minlength=len(heads)).repeat(n)[:, None]
    place = group[lines["row"]] * (stop - begin) + lines["month"] - begin
    count = np.bincount(place, minlength=len(heads) * (stop - begin)).reshape(-1, every)
    if absent_is_none is not False:
        same = groups_of(heads, alike)
        known = np.zeros((len(heads), stop - begin), bool)
        np.logical_or.at(known, same, count.reshape(len(heads), -1) > 0)
        full = known[same]
        at, told = (pd.MultiIndex.from_frame(one[["cell", "month"]]) for one in (open_, lines))
        open_ = open_[~at.isin(told)]
        full[group[open_["row"]], open_["month"] - begin] = False
        full = full.reshape(-1, every)
    else:
        full = count == cells
    rows = lines.drop_duplicates("row")
    row = rows["row"].to_numpy()
    slot = group[row] * n + rows["window"].to_numpy()

    starts = np.tile(begin + every * np.arange(n), len(heads))
    one = frame[fixed].iloc[[stated.argmax()] * len(starts)].reset_index(drop=True)
    one["ref_period"] = days(starts).astype("datetime64[us]")
    one["n_months"] = every
    result = heads.loc[heads.index.repeat(n)].reset_index(drop=True).join(bare(one))
    filled = (np.bincount(slot, minlength=len(result)) > 0) | full.all(axis=1)
    for name in values:
        sums = np.bincount(slot, numbers[name].to_numpy()[row], minlength=len(result))
        result[name] = np.where(filled, sums, np.nan)
    result["n_stated"] = full.sum(axis=1)
    result["complete"] = full.all(axis=1)
    result["missing"] = [
        runs(month + np.flatnonzero(~there)) for month, there in zip(starts, full, strict=True)
    ]
    for column, join in (("flags", join_flags), ("qualifier", join_qualifiers)):
        if column in frame:
            found = frame[column].iloc[row].fillna(join(set())).groupby(slot).agg(set)
            result[column] = [join(found.get(i, set())) for i in range(len(result))]
    used = frame[[column for column in over if column in LABELS]].iloc[row]
    caveats = [
        f"{column} differs within the sum: {listed(used, column)}"
        for column in used
        if used[column].nunique(dropna=False) > 1
    ]
    if holes := int((~result["complete"]).sum()):
        caveats.append(f"{holes} of {len(result)} sums of {', '.join(values)} lack months, which "
                       "`missing` names; nothing was put in their place")  # fmt: skip
    formulas = {name: Formula("value", {"value": Role(frame, name, row, slot)}) for name in values}
    return carry(result, frame, caveats=caveats, formulas=formulas)


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
    named = [bare(frame.assign(**{column: name})) for name, frame in frames.items()]
    places = np.split(np.arange(sum(map(len, named))), np.cumsum([len(one) for one in named])[:-1])
    kept = [Role(frame, slot=place) for frame, place in zip(frames.values(), places, strict=True)]
    return carry(pd.concat(named, ignore_index=True), *frames.values(), kept=kept)


def baskets(
    frame: pd.DataFrame, value: str, goods: Mapping[str, Sequence[str]], of: str = "cmd_code",
    every: int = 12,
) -> pd.DataFrame:  # fmt: skip
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
        if absent := sorted(set(codes_) - set(frame[of])):
            raise QueryError(f"basket {name!r} names {absent[0]}, which the frame does not hold; "
                             f"it holds {listed(frame, of)}")  # fmt: skip
        sums[name] = total(frame[frame[of].isin(codes_)], value, over=[of], every=every)
    return stack(sums, "basket")
