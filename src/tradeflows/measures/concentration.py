"""How trade is spread over its members."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pandas import DataFrame

from tradeflows.measures.common import (
    computed,
    figures_of,
    grouped,
    numbers_of,
    require_absent,
    with_lineage,
)
from tradeflows.measures.shares import SHARE, wholes_of
from tradeflows.measures.zeros import with_zeros
from tradeflows.model.lineage import Formula, Role


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
    frame, sums, group = wholes_of(frame, value, of, by, whole)
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
            formulas["share_pct"] = Formula(SHARE, names)
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
