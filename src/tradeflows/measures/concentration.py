"""How trade is spread over its members."""

from dataclasses import replace

import numpy as np
from pandas import DataFrame

from tradeflows.measures.common import (
    Columns,
    computed,
    figures_of,
    formulas_of,
    have_figures,
    places_in,
    require_absent,
    with_lineage,
)
from tradeflows.measures.shares import SHARE, members_and_wholes
from tradeflows.measures.zeros import with_zeros
from tradeflows.model.lineage import Role

_SQUARES = "sum([v ** 2 for v in value])"


def hhi(
    frame: DataFrame,
    value: str,
    of: str = "partner_iso",
    by: Columns = ("ref_period",),
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
    members, sums = members_and_wholes(frame, value, of, by, whole)
    group = places_in(sums, members, by)
    names = {"value": figures_of(members, value, slot=group)}
    formulas = formulas_of(names, hhi=f"{_SQUARES} / value ** 2")
    if whole:  # some of its members are not known
        names = {"value": replace(names["value"], empty=0.0), "whole": Role(sums, value)}
        formulas = formulas_of(
            names,
            hhi=f"{_SQUARES} / whole ** 2",
            hhi_most=f"({_SQUARES} + (whole - value) ** 2) / whole ** 2",
            rest_pct="100 * (whole - value) / whole",
        )
    if whole and member:
        counted = with_zeros(members, value)  # a declared zero of the member is its figure
        row = np.flatnonzero(counted[of].eq(member))
        slot = places_in(sums, counted.iloc[row], by)
        part = figures_of(counted, value, row, slot)
        part = replace(part, empty=0.0) if absent == "zero" else part
        formulas |= formulas_of({"part": part, "whole": names["whole"]}, share_pct=SHARE)
    sizes = np.bincount(group, minlength=len(sums))
    result = computed(sums[[*by]], formulas)
    result.insert(len(by) + 1, "n_members", sizes)
    has_hole = np.bincount(group, ~have_figures(members, value), len(sums)) > 0
    result.loc[has_hole, [*formulas]] = np.nan
    return with_lineage(result, members, formulas=formulas)
