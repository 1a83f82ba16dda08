"""How trade is spread over its members."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pandas import DataFrame

from tradeflows.measures.common import (
    computed,
    figures_of,
    formulas_of,
    grouped,
    numbers_of,
    require_absent,
    with_lineage,
)
from tradeflows.measures.shares import SHARE, wholes_of
from tradeflows.measures.zeros import with_zeros
from tradeflows.model.lineage import Role

_SQUARES = "sum([v ** 2 for v in value])"


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
    figures = numbers_of(frame, value).groupby(group)
    members = figures_of(frame, value, slot=group)
    texts = {"hhi": f"{_SQUARES} / value ** 2"}
    names = {"value": members}
    if whole:  # some of its members are not known
        names = {"value": replace(members, empty=0.0), "whole": Role(sums, value)}
        texts = {"hhi": f"{_SQUARES} / whole ** 2"}
        texts["hhi_most"] = f"({_SQUARES} + (whole - value) ** 2) / whole ** 2"
        texts["rest_pct"] = "100 * (whole - value) / whole"
    formulas = formulas_of(names, texts)
    if whole and member:
        counted = with_zeros(frame, value)  # a declared zero of the member is its figure
        row = np.flatnonzero(counted[of].eq(member))
        numbered = heads.assign(_all=0, _slot=np.arange(len(heads)))
        cells = counted[list(by)].iloc[row].assign(_all=0)
        slot = cells.merge(numbered, on=["_all", *by], how="left")["_slot"].to_numpy()
        is_known = ~np.isnan(slot)
        part = figures_of(counted, value, row[is_known], slot[is_known].astype("int64"))
        if absent == "zero":
            part = replace(part, empty=0.0)
        formulas |= formulas_of({"part": part, "whole": Role(sums, value)}, {"share_pct": SHARE})
    result = computed(heads, formulas)
    is_full = figures.count().eq(figures.size())
    known = is_full.reindex(heads.index, fill_value=bool(whole))
    for name in formulas:
        result[name] = result[name].where(known)
    size = figures.size().reindex(heads.index, fill_value=0)
    result.insert(len(heads.columns) + 1, "n_members", size)
    return with_lineage(result, frame, sums, formulas=formulas)
