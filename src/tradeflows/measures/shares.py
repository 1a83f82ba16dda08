"""Shares: of a part in a whole, of each member in the sum of all; and the rest of a whole."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame

from tradeflows.measures.common import (
    UNITS,
    computed,
    figures_of,
    grain_of,
    grouped,
    join_flags,
    join_qualifiers,
    numbers_of,
    overlaps,
    require_columns,
    require_disjoint,
    require_members,
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
    part = with_zeros(part, value)
    whole = with_zeros(whole, value)
    require_columns(part, *keys, value)
    require_columns(whole, *keys, value)
    _require_one_unit(part, whole, value, by)
    fixed = [column for column in grain_of(whole, value) if column not in by]
    require_single_value(whole, fixed)
    _require_within(part, whole, by)
    unique(whole, keys)
    at = _places_in(whole, part, keys)
    of_whole = _places_of_whole(whole, at, part.index)
    result = part.assign(**of_whole)
    roles = {"part": figures_of(part, value), "whole": figures_of(whole, value, at)}
    share_of = Formula(SHARE, roles)
    stated = Formula("whole", roles)
    name = f"{value}_whole"
    formulas = {"share_pct": share_of, name: stated}
    result = computed(result, formulas, name, "share_pct")
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
    values = [value] if isinstance(value, str) else list(value)
    keys = ["ref_period", "n_months", *by]
    part = with_zeros(part, *values)
    whole = with_zeros(whole, *values)
    shared = []
    for name in values:
        require_columns(part, *keys, name)
        require_columns(whole, *keys, name)
        _require_one_unit(part, whole, name, by)
        shared += [column for column in grain_of(whole, name) if column not in keys]
    require_single_value(whole, list(dict.fromkeys(shared)))
    _require_within(part, whole, by)
    unique(whole, keys)
    unique(part, keys)
    at = _places_in(whole, part, keys)
    same = [name for name in dict.fromkeys(shared) if set(part.get(name, ())) == set(whole[name])]
    formulas = {}
    for name in values:
        roles = {"whole": figures_of(whole, name, at), "part": figures_of(part, name)}
        formulas[name] = Formula("whole - part", roles)
    result = part[[*keys, *same]].assign(**_marks_of_both(part, whole.iloc[at]))
    result = computed(result, formulas)
    return with_lineage(result, whole, part, formulas=formulas)


def _marks_of_both(part: DataFrame, whole: DataFrame) -> dict[str, list[str]]:
    """The flags of both sides, row by row; refuses a figure that is a bound."""
    frames = (part, whole)
    for frame in frames:
        bounds = join_qualifiers(set(frame.get("qualifier", ())))
        if bounds not in ("=", "~"):
            raise QueryError(f"a side has a figure that is {bounds}: a rest needs whole figures")
    flags = [frame["flags"].to_list() for frame in frames if "flags" in frame]
    return {"flags": [join_flags({*row}) for row in zip(*flags, strict=True)]} if flags else {}


def _require_one_unit(part: DataFrame, whole: DataFrame, value: str, by: Sequence[str]) -> None:
    """Refuse two sides that differ in flow, cumulation or unit."""
    shared = set(part) & set(whole)
    shared -= set(by)
    columns = ("flow_code", "cumulation", *UNITS.get(value, ()))
    same = [column for column in columns if column in shared]
    sides = []
    for frame in (part, whole):
        has_value = frame[value].notna()
        sides.append(frame.loc[has_value, same])
    require_single_value(pd.concat(sides), same)


def _places_in(whole: DataFrame, part: DataFrame, keys: list[str]) -> ndarray:
    """The row of `whole` for each row of `part`; refuses a cell that the whole lacks."""
    places = whole[keys].assign(_at=np.arange(len(whole)))
    matched = part[keys].merge(places, on=keys, how="left")
    at = matched["_at"].fillna(-1).to_numpy("int64")
    lost = part.loc[at < 0, keys]
    if len(lost):
        first = lost.head(5).to_numpy()
        cells = ", ".join(" ".join(words(row)) for row in first)
        raise QueryError(
            f"the whole lacks {len(lost)} cells of the part ({cells}): read it for "
            "the same periods, or keep those of the part that it has"
        )
    return np.asarray(at)


def _places_of_whole(whole: DataFrame, at: ndarray, index: pd.Index) -> DataFrame:
    """Where in its raw file the whole of each row of the part is stated."""
    columns = [column for column in PLACE if column in whole]
    rows = whole[columns].iloc[at]
    labelled = rows.set_axis(index)
    return labelled.add_suffix("_whole")


def _require_within(part: DataFrame, whole: DataFrame, by: Sequence[str]) -> None:
    """Refuse members of `part` that have nothing to do with the one value of `whole`."""
    names = ["reporter_iso", "partner_iso"]
    system = set(part.get("classification_code", ()))
    system_of_whole = set(whole.get("classification_code", ()))
    if system == system_of_whole:  # else levels of two lists would be compared
        names.append("cmd_code")
    for name in names:
        if name in by or name not in part or name not in whole:
            continue
        container = whole[name].iloc[0]
        members = set(part[name]) - {container}
        for member in sorted(members):
            both = frozenset((member, container))
            if not overlaps(name, both):
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
    frame, sums, group = wholes_of(frame, value, of, by, whole)
    names = {"value": figures_of(frame, value), "whole": Role(sums, value, group)}
    formulas = {"share_pct": Formula("100 * value / whole", names)}
    result = computed(frame, formulas)
    return with_lineage(result, frame, kept=[Role(frame)], formulas=formulas)


def wholes_of(
    frame: DataFrame, value: str, of: str, by: Sequence[str], whole: str
) -> tuple[DataFrame, DataFrame, np.ndarray]:
    """The members, a frame with the whole of each group of `by`, and the group of each member."""
    require_members(frame, value, of, by)
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
