"""Shares of a part or of each member in a whole, how they are spread, and who leads."""

from dataclasses import replace

import numpy as np
from numpy import ndarray
from pandas import DataFrame, concat

from tradeflows.measures.common import (
    UNITS,
    Columns,
    cell_text,
    column_of_codes,
    computed,
    figures_of,
    formulas_of,
    grain_of,
    grouped,
    groups_of,
    have_figures,
    join_flags,
    join_qualifiers,
    names_of,
    numbers_of,
    overlaps,
    places_in,
    prepared,
    require_absent,
    require_disjoint,
    require_single_value,
    unique,
    unit_of,
    with_lineage,
)
from tradeflows.model import codes
from tradeflows.model.errors import QueryError, there_are
from tradeflows.model.lineage import PLACE, Formula, Role
from tradeflows.model.sealed import LESS, NAMED

# The words for what the columns have in which a part differs from its whole.
NAMES = {
    "reporter_iso": codes.area_name,
    "partner_iso": codes.area_name,
    "cmd_code": codes.product_name,
}
SHARE = "100 * part / whole"
_SQUARES = "sum([v ** 2 for v in value])"


def share(part: DataFrame, whole: DataFrame, value: str, by: str | Columns = ()) -> DataFrame:
    """Share of `part` in `whole`, period by period.

    `whole` has one row a period and `by`, the columns in which the two must agree beside the
    period; `part` may have several (all suppliers).

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
    by = names_of(by)
    part, whole, at = _part_and_whole(part, whole, value, by)
    places = whole[[name for name in PLACE if name in whole]].iloc[at].set_axis(part.index)
    names = {"part": figures_of(part, value), "whole": figures_of(whole, value, at)}
    formulas = formulas_of(names, share_pct=SHARE, **{f"{value}_whole": "whole"})
    result = part.assign(**places.add_suffix("_whole"))
    result = computed(result, formulas, f"{value}_whole", "share_pct")
    return with_lineage(result, part, whole, formulas=formulas, kept=[Role(part)])


def rest(
    whole: DataFrame, part: DataFrame, value: str | Columns, by: str | Columns = ()
) -> DataFrame:
    """Take a part out of its whole, period by period, such as one supplier out of all imports.

    Either side has one row a period and `by`, the columns in which the two must agree.

    Returns
    -------
    DataFrame, one row a cell of `part`
        The period, `by`, what both sides share (such as the reporter and the currency), and each
        `value` of the whole less that of the part (null where either is null), with the
        ``flags`` of both.

    Raises
    ------
    QueryError
        As :func:`share`; also a cell that `part` states twice, or a figure that is bounded only.

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
    by = names_of(by)
    part, whole, at = _part_and_whole(part, whole, value, by)
    keys = ["ref_period", "n_months", *by]
    unique(part, keys)
    for side in (part, whole):
        bounds = join_qualifiers(side.get("qualifier", ()))
        if bounds not in ("=", "~"):
            raise QueryError(f"a side has a figure that is {bounds}: a rest needs whole figures")
    columns = [*keys]
    for name in grain_of(whole, value):
        if name not in keys and {*part.get(name, ())} == {*whole[name]}:
            columns.append(name)
    result = part[columns]
    flags = [side["flags"] for side in (part, whole.iloc[at]) if "flags" in side]
    if flags:
        result = result.assign(flags=[join_flags(row) for row in zip(*flags, strict=True)])
    formulas = {}
    for name in names_of(value):
        names = {"whole": figures_of(whole, name, at), "part": figures_of(part, name)}
        formulas[name] = Formula("whole - part", names)
    result = computed(result, formulas)
    result.attrs |= _less(whole, part)
    return with_lineage(result, whole, part, formulas=formulas)


def _less(whole: DataFrame, part: DataFrame) -> dict[str, object]:
    """What a rest is of, for its heading: the whole in names, and what was taken out of it."""
    apart = {
        column: [name_of(side[column].iloc[0]) for side in (whole, part)]
        for column, name_of in NAMES.items()
        if column in part and column in whole and {*part[column]}.isdisjoint(whole[column])
    }
    less = [out for of, out in apart.values() if of != out]
    if not less:
        return {}
    named = {column: of for column, (of, _) in apart.items()}
    return {NAMED: whole.attrs.get(NAMED, {}) | named, LESS: ", ".join(less)}


def _part_and_whole(
    part: DataFrame, whole: DataFrame, values: str | Columns, by: Columns
) -> tuple[DataFrame, DataFrame, ndarray]:
    """Both sides, if the one is within the other, and the row of `whole` for each of `part`."""
    keys = ["ref_period", "n_months", *by]
    part, whole = (prepared(side, values, *keys) for side in (part, whole))
    shared = {*part} & {*whole} - {*by}
    for value in names_of(values):
        columns = ("flow_code", "cumulation", *UNITS.get(value, ()))
        same = [name for name in columns if name in shared]
        sides = [side.loc[side[value].notna(), same] for side in (part, whole)]
        require_single_value(concat(sides), same)
    prepared(whole, values, once=keys)
    lists = [{*side.get("classification_code", ())} for side in (part, whole)]
    # Levels of two lists cannot be compared.
    axes = ("reporter_iso", "partner_iso", "cmd_code")[: 3 if lists[0] == lists[1] else 2]
    for name in shared & {*axes}:
        container = whole[name].iloc[0]
        for member in {*part[name]} - {container}:
            if not overlaps(name, frozenset((member, container))):
                raise QueryError(
                    f"{name} {member} of the part is not in {container}, the whole: read the "
                    "two for what belongs together"
                )
    at = places_in(whole, part, keys)
    lost = part[at < 0]
    if len(lost):
        cells = ", ".join(cell_text(lost, keys, place) for place in range(min(5, len(lost))))
        raise QueryError(
            f"the whole lacks {len(lost)} cells of the part, each a period and its months "
            f"({cells}): read it for the same periods, or keep those of the part that it has, "
            "part[part['ref_period'].isin(whole['ref_period'])]"
        )
    return part, whole, at


def shares(
    frame: DataFrame,
    value: str = "value",
    of: str = "partner_iso",
    by: str | Columns = ("ref_period",),
    whole: str = "",
) -> DataFrame:
    """Each member's share in the sum of the members that `frame` lists.

    Members are of the column `of`, in groups of `by`. Where they are only some of the parts of a
    whole, `whole` is the code in `of` of the row that states it.

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
    >>> measures.shares(sellers, "net_wgt_kg")["share_pct"].tolist()
    [75.0, 25.0]
    """
    by, of = names_of(by), column_of_codes(frame, of)
    members, sums, group = _members_and_wholes(frame, value, of, by, whole)
    names = {"part": figures_of(members, value), "whole": Role(sums, value, group)}
    formulas = formulas_of(names, share_pct=SHARE)
    result = computed(members, formulas)
    return with_lineage(result, members, kept=[Role(members)], formulas=formulas)


def hhi(
    frame: DataFrame,
    value: str = "value",
    of: str = "partner_iso",
    by: str | Columns = ("ref_period",),
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
    by, of = names_of(by), column_of_codes(frame, of)
    require_absent(absent)
    members, sums, group = _members_and_wholes(frame, value, of, by, whole)
    part = figures_of(members, value, slot=group)
    formulas = formulas_of({"value": part}, hhi=f"{_SQUARES} / value ** 2")
    if whole:  # some of its members are not known
        names = {"value": replace(part, empty=0.0), "whole": Role(sums, value)}
        formulas = formulas_of(
            names,
            hhi=f"{_SQUARES} / whole ** 2",
            hhi_most=f"({_SQUARES} + (whole - value) ** 2) / whole ** 2",
            rest_pct="100 * (whole - value) / whole",
        )
    if whole and member:
        row = np.flatnonzero(members[of].eq(member))
        slot = places_in(sums, members.iloc[row], by)
        part = figures_of(members, value, row, slot)
        if absent == "zero":
            part = replace(part, empty=0.0)
        formulas |= formulas_of({"part": part, "whole": names["whole"]}, share_pct=SHARE)
    result = computed(sums[[*by]], formulas)
    result.insert(len(by) + 1, "n_members", np.bincount(group, minlength=len(sums)))
    has_hole = np.bincount(group, ~have_figures(members, value), len(sums)) > 0
    result.loc[has_hole, [*formulas]] = np.nan
    return with_lineage(result, members, formulas=formulas)


def _members_and_wholes(
    frame: DataFrame, value: str, of: str, by: Columns, whole: str
) -> tuple[DataFrame, DataFrame, ndarray]:
    """The members, of each group its row of `whole` or else their sum, and each member's group."""
    prepared(frame, value, once=[*by, of], choice=", or name it in by=")
    group, sums = grouped(frame, by)
    is_whole = frame[of].eq(whole).to_numpy(bool)
    figures = numbers_of(frame, value)
    members, row = frame, np.arange(len(frame))
    if whole:
        at, row = np.flatnonzero(~is_whole), np.flatnonzero(is_whole)
        members = with_lineage(frame.iloc[at], frame, kept=[Role(frame, row=at)])
    require_disjoint(members, of, by)
    wholes = figures.iloc[row].groupby(group[row]).sum(skipna=False).reindex(sums.index)
    formulas = {value: Formula("value", {"value": Role(frame, value, row, group[row])})}
    result = with_lineage(sums.assign(**{value: wholes}), formulas=formulas)
    if not whole:
        return members, result, group
    for place in sums.index.difference(group[row]):
        cell = cell_text(sums, by, place) or value
        raise QueryError(f"{cell} has no row of {whole}: read it beside its members")
    parts = figures.iloc[at].groupby(group[at]).sum()
    for place in parts.index[parts > wholes[parts.index] * (1 + 1e-9)]:
        cell = cell_text(sums, by, place) or value
        raise QueryError(
            f"the members of {cell} come to {parts[place]:.6g}, more than the "
            f"{wholes[place]:.6g} of {whole}: choose a window in which both are stated"
        )
    return members, result, group[at]


def lead(
    frame: DataFrame,
    value: str,
    member: str,
    of: str = "partner_iso",
    by: str | Columns = (),
) -> DataFrame:
    """Lead of one member of `of` over the largest of the others, and its rank among all listed.

    Returns
    -------
    DataFrame, one row a group of `by`
        `by`, `of`, ``next`` (the largest of the others), `value`, ``<value>_next``, ``lead`` (below
        0 where another is larger), ``lead_pct`` (%), ``rank`` (1 is the largest; equals share the
        better one), ``n_members`` and ``unit``.

    Raises
    ------
    QueryError
        The member is not listed or is alone; a member without a figure or stated twice; a group
        beside its members; mixed units.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> year = {"ref_period": pd.Timestamp("2023-01-01"), "n_months": 12}
    >>> sellers = pd.DataFrame({**year, "partner_iso": ["BRA", "USA"], "net_wgt_kg": [75.0, 25.0]})
    >>> measures.lead(sellers, "net_wgt_kg", "BRA")["lead"].item()
    50.0
    """
    by, of = names_of(by), column_of_codes(frame, of)
    prepared(frame, value, once=[*by, of], choice=", or name it in by=")
    require_disjoint(frame, of, by)
    figures = numbers_of(frame, value).reset_index(drop=True)
    is_unknown = figures.isna()
    if is_unknown.any():
        who = codes.name_or_code(frame[of].iloc[is_unknown.argmax()])
        raise QueryError(f"{who} has no {value}, so that nobody's rank is known: leave it out")
    group = groups_of(frame, by)
    sizes = np.bincount(group)
    is_member = frame[of].eq(member).to_numpy()
    for lacking in sorted({*group} - {*group[is_member]}):
        members = frame[of][group == lacking].astype(str)
        raise QueryError(f"no row has {of} {member!r}; {there_are(members)}")
    if sizes.min() < 2:
        raise QueryError(f"{member} stands alone, so that it leads nobody: read the others too")
    chosen, largest = (
        figures[some].groupby(group[some]).idxmax().to_numpy() for some in (is_member, ~is_member)
    )
    is_above = figures.gt(figures.to_numpy()[chosen][group])
    ahead = np.flatnonzero(is_above | np.isin(np.arange(len(frame)), chosen))
    leading = figures_of(frame, value, ahead, group[ahead])  # itself among them
    formulas = formulas_of({"leading": leading}, rank="sum([v ** 0 for v in leading])")
    names = {"value": figures_of(frame, value, chosen), "next": figures_of(frame, value, largest)}
    texts = {"lead": "value - next", "lead_pct": "100 * (value / next - 1)"}
    texts |= {value: "value", f"{value}_next": "next"}
    formulas |= formulas_of(names, **texts)
    others = frame[of].to_numpy()[largest]
    result = frame[[*by, of]].iloc[chosen].reset_index(drop=True).assign(next=others)
    result = computed(result, formulas).assign(n_members=sizes, unit=unit_of(frame, value))
    name_of = codes.area_name if of in ("partner_iso", "reporter_iso") else str
    caveats = [
        f"the largest besides {name_of(member)}, of {size}, is {name_of(other)}"
        for size, other in zip(sizes, others, strict=True)
    ]
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)
