"""How trade is spread over its members."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pandas import DataFrame

from tradeflows.measures.common import (
    computed,
    figures_of,
    grain_of,
    grouped,
    numbers_of,
    require_absent,
    require_columns,
    require_disjoint,
    require_single_value,
    unique,
    with_lineage,
    words,
)
from tradeflows.measures.zeros import with_zeros
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role


def shares(
    frame: DataFrame,
    value: str,
    of: str = "partner_iso",
    by: Sequence[str] = ("ref_period",),
    whole: str = "",
) -> DataFrame:
    """Each member's share in the sum of the members that `frame` lists.

    Parameters
    ----------
    value
        Column of the figures.
    of, by
        Columns of the members, and those that set groups of them apart.
    whole
        The code in `of` of the row that states the whole of each group, where the members listed
        are only some of its parts; shares are in that.

    Returns
    -------
    DataFrame, rows and columns of `frame` but for those of the whole
        With ``share_pct`` (%); null for a whole group of `by` where one of its members is null.

    Raises
    ------
    QueryError
        A whole (the world, a group) beside its members, a member twice, or mixed units. Also:
        members without a row of their `whole`, or members that come to more than it.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> year = {"ref_period": pd.Timestamp("2023-01-01"), "n_months": 12}
    >>> sellers = pd.DataFrame({**year, "partner_iso": ["BRA", "USA"], "net_wgt_kg": [75.0, 25.0]})
    >>> measures.shares(sellers, "net_wgt_kg")[["partner_iso", "share_pct"]]
      partner_iso  share_pct
    0         BRA       75.0
    1         USA       25.0
    """
    frame, sums, group = _wholes(frame, value, of, by, whole)
    names = {"value": figures_of(frame, value), "whole": Role(sums, value, group)}
    formulas = {"share_pct": Formula("100 * value / whole", names)}
    result = computed(frame, formulas)
    return with_lineage(result, frame, kept=[Role(frame)], formulas=formulas)


def hhi(
    frame: DataFrame,
    value: str,
    of: str = "partner_iso",
    by: Sequence[str] = ("ref_period",),
    whole: str = "",
    member: str = "",
    absent: str = "unknown",
) -> DataFrame:
    """Sum squared shares, ``Σ s²`` (Herfindahl and Hirschman): from 1/n (even) to 1 (one member).

    The list behind it is :func:`shares`, with the same arguments and the same errors.

    Parameters
    ----------
    member
        Of which the share in a `whole` is to stand beside the index, as ``share_pct`` (%).
    absent
        What a group without a row of `member` stands for that its source does not declare:
        ``unknown``, and the share is null; or ``zero``.

    Returns
    -------
    DataFrame, one row a group of `by`
        `by`, ``hhi`` and ``n_members``. With a `whole`, of which no member may be known, the index
        is an interval: ``hhi`` is the least that it can be, the rest being spread over very many,
        ``hhi_most`` the most, the rest being one member, and ``rest_pct`` (%) is the rest.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> year = {"ref_period": pd.Timestamp("2023-01-01"), "n_months": 12}
    >>> sellers = pd.DataFrame({**year, "partner_iso": ["BRA", "USA"], "net_wgt_kg": [75.0, 25.0]})
    >>> measures.hhi(sellers, "net_wgt_kg")["hhi"].item()
    0.625
    """
    require_absent(absent)
    _, heads = grouped(frame, by)
    frame, sums, group = _wholes(frame, value, of, by, whole)
    figures = numbers_of(frame, value)
    is_full = figures.notna().groupby(group).all()
    known = is_full.reindex(heads.index, fill_value=bool(whole))
    members = figures_of(frame, value, slot=group)
    if whole:
        members = replace(members, empty=0.0)  # of no member, the rest is all
        formulas = _bounds(members, Role(sums, value))
        if member:
            part = _figure_of(member, frame, value, of, heads)
            if absent == "zero":
                part = replace(part, empty=0.0)
            names = {"part": part, "whole": Role(sums, value)}
            formulas["share_pct"] = Formula("100 * part / whole", names)
    else:
        squares = "sum([v ** 2 for v in value]) / value ** 2"
        formulas = {"hhi": Formula(squares, {"value": members})}
    result = computed(heads, formulas)
    for name in formulas:
        result[name] = result[name].where(known)
    size = figures.groupby(group).size()
    size = size.reindex(heads.index, fill_value=0)
    result.insert(len(heads.columns) + 1, "n_members", size)
    return with_lineage(result, frame, sums, formulas=formulas)


def _figure_of(member: str, frame: DataFrame, value: str, of: str, heads: DataFrame) -> Role:
    """The figure of one member in each group of `heads`, a declared zero among them."""
    counted = with_zeros(frame, value)
    is_member = counted[of].eq(member)
    row = np.flatnonzero(is_member)
    by = list(heads.columns)
    if not by:
        single = np.zeros(len(row), "int64")
        return figures_of(counted, value, row, single)
    numbered = heads.assign(_slot=np.arange(len(heads)))
    groups = counted[by].iloc[row]
    placed = groups.merge(numbered, on=by, how="left")
    slot = placed["_slot"]
    is_known = slot.notna().to_numpy()
    known = slot[is_known].to_numpy("int64")
    return figures_of(counted, value, row[is_known], known)


def _bounds(members: Role, whole: Role) -> dict[str, Formula]:
    """The least and the most of the index where some members of the whole are not known."""
    names = {"value": members, "whole": whole}
    most = "(sum([v ** 2 for v in value]) + (whole - value) ** 2) / whole ** 2"
    formulas = {"hhi": Formula("sum([v ** 2 for v in value]) / whole ** 2", names)}
    formulas["hhi_most"] = Formula(most, names)
    formulas["rest_pct"] = Formula("100 * (whole - value) / whole", names)
    return formulas


def _wholes(
    frame: DataFrame, value: str, of: str, by: Sequence[str], whole: str
) -> tuple[DataFrame, DataFrame, np.ndarray]:
    """The members, a frame with the whole of each group of `by`, and the group of each member."""
    require_columns(frame, value, of, *by)
    columns = (*grain_of(frame, value), "n_months")
    fixed = [column for column in columns if column not in {of, *by}]
    require_single_value(frame, fixed)
    unique(frame, [*by, of])
    group, heads = grouped(frame, by)
    figures = numbers_of(frame, value)
    if not whole:
        require_disjoint(frame, of, by)
        is_full = figures.notna().groupby(group).all()
        sums = figures.groupby(group).sum()
        sums = sums.where(is_full).to_frame(value)
        role = Role(frame, value, slot=group)
        formulas = {value: Formula("value", {"value": role})}
        sums = with_lineage(sums, formulas=formulas)
        return frame, sums, group
    is_whole = frame[of].eq(whole).to_numpy()
    row = np.flatnonzero(~is_whole)
    members = with_lineage(frame[~is_whole], frame, kept=[Role(frame, row=row)])
    require_disjoint(members, of, by)
    group_of_member = group[~is_whole]
    by_group = np.argsort(group[is_whole])
    order = np.flatnonzero(is_whole)[by_group]

    def cell_of(place: int) -> str:
        return " ".join(words(heads.iloc[place])) if len(by) else value

    lost = set(range(len(heads))) - set(group[order])
    if lost:
        cell = cell_of(min(lost))
        raise QueryError(f"{cell} has no row of {whole}: read it beside its members")
    figure_of_whole = figures.iloc[order].to_numpy()
    sums = DataFrame({value: figure_of_whole})
    parts = figures[~is_whole].groupby(group_of_member).sum()
    parts = parts.reindex(sums.index, fill_value=0.0)
    over = parts[parts > sums[value] * (1 + 1e-9)]
    if len(over):
        place = over.index[0]
        cell = cell_of(place)
        raise QueryError(
            f"the members of {cell} come to {parts[place]:.6g}, more than "
            f"the {sums[value][place]:.6g} of {whole}: choose a window in "
            "which both are stated"
        )
    role = Role(frame, value, order)
    formulas = {value: Formula("value", {"value": role})}
    sums = with_lineage(sums, formulas=formulas)
    return members, sums, group_of_member
