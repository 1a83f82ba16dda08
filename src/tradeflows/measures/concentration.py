"""How trade is spread over its members."""

from collections.abc import Sequence

import pandas as pd

from tradeflows.lineage import Formula, Role
from tradeflows.measures.common import (
    carry,
    disjoint,
    divide,
    grain_of,
    groups_of,
    heads_of,
    need,
    numbers_of,
    one_value,
    unique,
)


def shares(
    frame: pd.DataFrame, value: str, of: str = "partner_iso", by: Sequence[str] = ("ref_period",)
) -> pd.DataFrame:
    """Each member's share in the sum of the members that `frame` lists.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``share_pct`` (%); null for a whole group of `by` where one of its members is null.

    Raises
    ------
    QueryError
        A whole (the world, a group) beside its members, a member twice, or mixed units.
    """
    need(frame, value, of, *by)
    disjoint(frame, of, by)
    fixed = [column for column in (*grain_of(frame, value), "n_months") if column not in {of, *by}]
    one_value(frame, fixed)
    unique(frame, [*by, of])
    figures, group = numbers_of(frame, value), groups_of(frame, by)
    sums = figures.groupby(group).sum().where(figures.notna().groupby(group).all()).to_frame(value)
    carry(sums, formulas={value: Formula("value", {"value": Role(frame, value, slot=group)})})
    wholes = sums[value].iloc[group].set_axis(frame.index)
    names = {"value": Role(frame, value), "whole": Role(sums, value, group)}
    return carry(
        frame.assign(share_pct=100 * divide(figures, wholes)), frame, kept=[Role(frame)],
        formulas={"share_pct": Formula("100 * value / whole", names)},
    )  # fmt: skip


def hhi(
    frame: pd.DataFrame, value: str, of: str = "partner_iso", by: Sequence[str] = ("ref_period",)
) -> pd.DataFrame:
    """Sum squared shares, ``Σ s²`` (Herfindahl and Hirschman): from 1/n (even) to 1 (one member).

    The list behind it is :func:`shares`, with the same arguments and the same errors.

    Returns
    -------
    DataFrame, one row a group of `by`
        `by`, ``hhi`` and ``n_members``.
    """
    listed = shares(frame, value, of, by)
    result, group = heads_of(frame, by), groups_of(frame, by)
    squares = ((listed["share_pct"] / 100) ** 2).groupby(group)
    result["hhi"] = squares.sum(min_count=1)
    result["n_members"] = squares.size()
    text = "sum([v ** 2 for v in value]) / value ** 2"
    formulas = {"hhi": Formula(text, {"value": Role(frame, value, slot=group)})}
    return carry(result, listed, formulas=formulas)
