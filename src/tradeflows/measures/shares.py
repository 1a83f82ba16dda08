"""Shares: of a part in a whole, of each member in the sum of all; and the rest of a whole."""

from collections.abc import Sequence

import numpy as np
from numpy import ndarray
from pandas import DataFrame, concat

from tradeflows.measures.common import (
    UNITS,
    computed,
    figures_of,
    formulas_of,
    grain_of,
    grouped,
    join_flags,
    join_qualifiers,
    names_of,
    numbers_of,
    overlaps,
    prepared,
    require_disjoint,
    require_single_value,
    unique,
    with_lineage,
    words,
)
from tradeflows.measures.zeros import with_zeros
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import PLACE, Formula, Role

SHARE = "100 * part / whole"


def share(part: DataFrame, whole: DataFrame, value: str, by: Sequence[str] = ()) -> DataFrame:
    """Share of `part` in `whole`, period by period.

    Parameters
    ----------
    part, whole
        `whole` has one row a period and `by`; `part` may have several (all suppliers).
    by
        Columns, beside the period, in which the two must agree.

    Returns
    -------
    DataFrame, rows and columns of `part`
        With ``<value>_whole`` and ``share_pct`` (%, null where either is null or the whole is 0).

    Raises
    ------
    QueryError
        A cell of `part` is absent in `whole`, `whole` states one twice, they differ in flow,
        cumulation or unit, or a reporter, partner or product of `part` is not in that of `whole`.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> month = {"ref_period": pd.to_datetime(["2023-05-01"]), "n_months": 1}
    >>> part = pd.DataFrame({**month, "partner_iso": "BRA", "net_wgt_kg": 75.0})
    >>> whole = pd.DataFrame({**month, "partner_iso": "W00", "net_wgt_kg": 100.0})
    >>> measures.share(part, whole, "net_wgt_kg")["share_pct"].item()
    75.0
    """
    keys = ["ref_period", "n_months", *by]
    part, whole = (prepared(with_zeros(side, value), value, *keys) for side in (part, whole))
    _require_same_flow(part, whole, value, by)
    prepared(whole, value, cell=keys)
    _require_within(part, whole, by)
    at = _places_in(whole, part, keys)
    columns = [column for column in PLACE if column in whole]
    of_whole = whole[columns].iloc[at].set_axis(part.index)
    names = {"part": figures_of(part, value), "whole": figures_of(whole, value, at)}
    formulas = formulas_of(names, {"share_pct": SHARE, f"{value}_whole": "whole"})
    result = part.assign(**of_whole.add_suffix("_whole"))
    result = computed(result, formulas, f"{value}_whole", "share_pct")
    return with_lineage(result, part, whole, formulas=formulas, kept=[Role(part)])


def rest(
    whole: DataFrame, part: DataFrame, value: str | Sequence[str], by: Sequence[str] = ()
) -> DataFrame:
    """Take a part out of its whole, period by period, such as one supplier out of all imports.

    Parameters
    ----------
    whole, part
        One row a period and `by` each.
    value
        One column of figures, or several, such as a value and its weight.
    by
        Columns, beside the period, in which the two must agree.

    Returns
    -------
    DataFrame, one row a cell of `part`
        The period, `by`, what both sides share (such as the reporter and the currency), and each
        `value` of the whole less that of the part (null where either is null), with the
        ``flags`` of both.

    Raises
    ------
    QueryError
        A side states a cell twice, a cell of `part` is absent in `whole`, they differ in flow,
        cumulation or unit, a reporter, partner or product of `part` is not in that of `whole`, or
        a figure is bounded only.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> month = {"ref_period": pd.to_datetime(["2023-05-01"]), "n_months": 1}
    >>> whole = pd.DataFrame({**month, "partner_iso": "W00", "net_wgt_kg": 100.0})
    >>> part = pd.DataFrame({**month, "partner_iso": "BRA", "net_wgt_kg": 75.0})
    >>> measures.rest(whole, part, "net_wgt_kg")["net_wgt_kg"].item()
    25.0
    """
    values = names_of(value)
    keys = ["ref_period", "n_months", *by]
    part, whole = (prepared(with_zeros(side, *values), values, *keys) for side in (part, whole))
    for name in values:
        _require_same_flow(part, whole, name, by)
    prepared(whole, values, cell=keys)
    _require_within(part, whole, by)
    unique(part, keys)
    for side in (part, whole):
        bounds = join_qualifiers(set(side.get("qualifier", ())))
        if bounds not in ("=", "~"):
            raise QueryError(f"a side has a figure that is {bounds}: a rest needs whole figures")
    at = _places_in(whole, part, keys)
    grain = dict.fromkeys(column for name in values for column in grain_of(whole, name))
    shared = [name for name in grain if name not in keys]
    same = [name for name in shared if set(part.get(name, ())) == set(whole[name])]
    formulas = {}
    for name in values:
        names = {"whole": figures_of(whole, name, at), "part": figures_of(part, name)}
        formulas[name] = Formula("whole - part", names)
    result = part[[*keys, *same]]
    flags = [side["flags"] for side in (part, whole.iloc[at]) if "flags" in side]
    if flags:
        result = result.assign(flags=[join_flags(row) for row in zip(*flags, strict=True)])
    return with_lineage(computed(result, formulas), whole, part, formulas=formulas)


def _require_same_flow(part: DataFrame, whole: DataFrame, value: str, by: Sequence[str]) -> None:
    """Refuse two sides that differ in flow, cumulation or unit."""
    columns = ("flow_code", "cumulation", *UNITS.get(value, ()))
    same = [name for name in columns if name in part and name in whole and name not in by]
    sides = [side.loc[side[value].notna(), same] for side in (part, whole)]
    require_single_value(concat(sides), same)


def _places_in(whole: DataFrame, part: DataFrame, keys: list[str]) -> ndarray:
    """The row of `whole` for each row of `part`; refuses a cell that the whole lacks."""
    places = whole[keys].assign(_at=np.arange(len(whole)))
    matched = part[keys].merge(places, on=keys, how="left")
    at = matched["_at"].fillna(-1).to_numpy("int64")
    lost = part.loc[at < 0, keys]
    if len(lost):
        cells = ", ".join(" ".join(words(row)) for row in lost.head(5).to_numpy())
        raise QueryError(
            f"the whole lacks {len(lost)} cells of the part ({cells}): read it for "
            "the same periods, or keep those of the part that it has"
        )
    return np.asarray(at)


def _require_within(part: DataFrame, whole: DataFrame, by: Sequence[str]) -> None:
    """Refuse members of `part` that have nothing to do with the one value of `whole`."""
    names = ["reporter_iso", "partner_iso"]
    systems = [set(side.get("classification_code", ())) for side in (part, whole)]
    if systems[0] == systems[1]:  # else levels of two lists would be compared
        names.append("cmd_code")
    for name in names:
        if name in by or name not in part or name not in whole:
            continue
        container = whole[name].iloc[0]
        for member in sorted(set(part[name]) - {container}):
            if not overlaps(name, frozenset((member, container))):
                raise QueryError(
                    f"{name} {member} of the part is not in {container}, the whole: read the "
                    "two for what belongs together"
                )


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
    frame, sums, group = wholes_of(frame, value, of, by, whole)
    names = {"value": figures_of(frame, value), "whole": Role(sums, value, group)}
    formulas = formulas_of(names, {"share_pct": "100 * value / whole"})
    result = computed(frame, formulas)
    return with_lineage(result, frame, kept=[Role(frame)], formulas=formulas)


def wholes_of(
    frame: DataFrame, value: str, of: str, by: Sequence[str], whole: str
) -> tuple[DataFrame, DataFrame, ndarray]:
    """The members, a frame with the whole of each group of `by`, and the group of each member."""
    prepared(frame, value, cell=[*by, of])
    group, heads = grouped(frame, by)
    figures = numbers_of(frame, value)
    if not whole:
        require_disjoint(frame, of, by)
        by_group = figures.groupby(group)
        sums = by_group.sum().where(by_group.count().eq(by_group.size())).to_frame(value)
        formulas = {value: Formula("value", {"value": Role(frame, value, slot=group)})}
        return frame, with_lineage(sums, formulas=formulas), group
    is_whole = frame[of].eq(whole).to_numpy()
    row = np.flatnonzero(~is_whole)
    members = with_lineage(frame[~is_whole], frame, kept=[Role(frame, row=row)])
    require_disjoint(members, of, by)
    order = np.flatnonzero(is_whole)[np.argsort(group[is_whole])]
    cells = [" ".join(words(head)) if len(by) else value for head in heads.to_numpy(object)]
    lost = set(range(len(heads))) - set(group[order])
    if lost:
        raise QueryError(f"{cells[min(lost)]} has no row of {whole}: read it beside its members")
    sums = DataFrame({value: figures.iloc[order].to_numpy()})
    parts = figures[~is_whole].groupby(group[row]).sum().reindex(sums.index, fill_value=0.0)
    over = parts[parts > sums[value] * (1 + 1e-9)]
    if len(over):
        place = over.index[0]
        raise QueryError(
            f"the members of {cells[place]} come to {parts[place]:.6g}, more than "
            f"the {sums[value][place]:.6g} of {whole}: choose a window in "
            "which both are stated"
        )
    formulas = {value: Formula("value", {"value": Role(frame, value, order)})}
    return members, with_lineage(sums, formulas=formulas), group[row]
