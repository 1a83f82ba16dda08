"""One figure beside another: shares of a whole, growth, and two statements of one flow."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tradeflows.measures.common import (
    UNITS,
    computed,
    figures_of,
    grain_of,
    grouped,
    groups_of,
    listed,
    numbers_of,
    overlaps,
    require_columns,
    require_single_value,
    spread,
    unique,
    unit_of,
    with_lineage,
    words,
)
from tradeflows.measures.zeros import with_zeros
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import PLACE, Formula, Role
from tradeflows.model.periods import require_whole_periods, runs_of

_KEYS_OF_GAP = (
    "ref_period",
    "n_months",
    "reporter_iso",
    "partner_iso",
    "cmd_code",
    "cumulation",
    "breakdown",
)
CIF_BAND = (1.00, 1.10)  # importer's over exporter's value: the IMF adds 6 %, formerly 10 %


def share(
    part: pd.DataFrame, whole: pd.DataFrame, value: str, by: Sequence[str] = ()
) -> pd.DataFrame:
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
    """
    keys = ["ref_period", "n_months", *by]
    part, whole = with_zeros(part, value), with_zeros(whole, value)
    require_columns(part, *keys, value)
    require_columns(whole, *keys, value)
    same = [
        column
        for column in ("flow_code", "cumulation", *UNITS.get(value, ()))
        if column in part and column in whole and column not in by
    ]
    require_single_value(
        pd.concat([frame.loc[frame[value].notna(), same] for frame in (part, whole)]), same
    )
    require_single_value(whole, [column for column in grain_of(whole, value) if column not in by])
    _within(part, whole, by)
    unique(whole, keys)
    places = whole[keys].assign(_at=np.arange(len(whole)))
    at = part[keys].merge(places, on=keys, how="left")["_at"].fillna(-1).to_numpy("int64")
    lost = part.loc[at < 0, keys]
    if len(lost):
        cells = ", ".join(" ".join(words(row)) for row in lost.head(5).to_numpy())
        raise QueryError(
            f"the whole lacks {len(lost)} cells of the part ({cells}): read it for "
            "the same periods, or keep those of the part that it has"
        )
    places_of_whole = whole[[column for column in PLACE if column in whole]]
    result = part.assign(**places_of_whole.iloc[at].set_axis(part.index).add_suffix("_whole"))
    roles = {"part": figures_of(part, value), "whole": figures_of(whole, value, at)}
    formulas = {
        "share_pct": Formula("100 * part / whole", roles),
        f"{value}_whole": Formula("whole", roles),
    }
    result = computed(result, formulas, f"{value}_whole", "share_pct")
    return with_lineage(result, part, whole, formulas=formulas, kept=[Role(part)])


def _within(part: pd.DataFrame, whole: pd.DataFrame, by: Sequence[str]) -> None:
    """Refuse members of `part` that have nothing to do with the one value of `whole`."""
    names = ["reporter_iso", "partner_iso"]
    systems = [set(side.get("classification_code", ())) for side in (part, whole)]
    names += ["cmd_code"] * (systems[0] == systems[1])  # else levels of two lists are compared
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


def yoy(frame: pd.DataFrame, value: str) -> pd.DataFrame:
    """Compare each period with the same months of the year before, in the same cell.

    A block is compared with the months that make it up, or they with it, where one side's
    periods tile the other's.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``<value>_base``, ``yoy_pct`` (%) and ``missing``, the months for want of which
        ``yoy_pct`` is null.

    Raises
    ------
    QueryError
        Two periods of one cell overlap.
    """
    frame = with_zeros(frame, value)
    require_columns(frame, "ref_period", "n_months", value)
    figures = numbers_of(frame, value)
    cell = groups_of(frame, grain_of(frame, value))
    if "cumulation" in frame:  # years to date overlap by their nature: each length by itself
        cell = cell + len(frame) * (frame["n_months"] * frame["cumulation"].eq("ytd")).to_numpy()
    lines = spread(frame, cell, figures.notna().to_numpy())
    base = lines.loc[lines["stated"], ["cell", "month", "row"]].rename(columns={"row": "base"})
    pairs = lines.merge(base.assign(month=base["month"] + 12), on=["cell", "month"], how="left")
    length = frame["n_months"].to_numpy("int64")
    matched = pairs.groupby(["row", "base"])["month"].transform("size")
    # a base period counts only when all of its months fall into the period compared
    pairs["tiled"] = matched.eq(pairs["base"].map(pd.Series(length)))
    whole = pairs.groupby("row")["tiled"].all()
    used = pairs[pairs["row"].map(whole)].drop_duplicates(["row", "base"]).astype("int64")
    absent = pd.concat(
        [
            lines.loc[~lines["stated"], ["row", "month"]],
            pairs.loc[~pairs["tiled"], ["row", "month"]].assign(
                month=lambda gone: gone["month"] - 12
            ),
        ]
    )
    earlier = figures_of(frame, value, used["base"].to_numpy(), used["row"].to_numpy())
    roles = {"value": figures_of(frame, value), "base": earlier}
    formulas = {
        "yoy_pct": Formula("100 * (value / base - 1)", roles),
        f"{value}_base": Formula("base", roles),
    }
    result = computed(frame, formulas, f"{value}_base", "yoy_pct")
    result["missing"] = runs_of(absent.groupby("row")["month"], len(frame))
    return with_lineage(result, frame, kept=[Role(frame)], formulas=formulas)


def growth(frame: pd.DataFrame, value: str, year: int, base: int) -> pd.DataFrame:
    """Growth of a year on another, over the months that both have.

    Returns
    -------
    DataFrame, one row a cell of `frame`
        The grain, `value` and ``<value>_base`` (sums over the shared months), ``change`` (the one
        less the other), ``growth_pct`` (%), ``n_months`` and ``months``, which they are; null and
        "" where they share none.

    Raises
    ------
    QueryError
        Two periods of one cell overlap, or one crosses the turn of either year.
    """
    frame = with_zeros(frame, value)
    require_columns(frame, "ref_period", "n_months", value)
    figures = numbers_of(frame, value)
    grain = grain_of(frame, value)
    cell, result = grouped(frame, grain)
    lines = spread(frame, cell, figures.notna().to_numpy())
    row, month = (lines.loc[lines["stated"], name].to_numpy() for name in ("row", "month"))
    within = np.where(np.isin(month // 12, (year, base)), month // 12, -1)
    require_whole_periods(row, month, within)
    place = cell[row] * 12 + month % 12
    kept = within >= 0
    alone = kept
    while alone.any():  # dropping a block takes its other months from the other year
        both = np.intersect1d(*(place[kept & (within == side)] for side in (year, base)))
        alone = kept & ~np.isin(place, both)
        kept &= ~np.isin(row, row[alone])
    roles = {}
    for name, side in (("value", year), ("base", base)):
        entered = np.unique(row[kept & (within == side)])
        roles[name] = figures_of(frame, value, entered, cell[entered])
    formulas = {
        "growth_pct": Formula("100 * (value / base - 1)", roles),
        "change": Formula("value - base", roles),
        value: Formula("value", roles),
        f"{value}_base": Formula("base", roles),
    }
    result = computed(result, formulas, value, f"{value}_base", "change", "growth_pct")
    shared = np.unique(place[kept])
    result["n_months"] = np.bincount(shared // 12, minlength=len(result))
    months = pd.Series(12 * year + shared % 12).groupby(shared // 12)
    result["months"] = runs_of(months, len(result))
    partial = dict.fromkeys(result.loc[result["n_months"] < 12, "months"])
    caveats = [f"{year} against {base} over {months or 'no month'} only" for months in partial]
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)


def difference(
    frame: pd.DataFrame, base: pd.DataFrame, value: str, base_value: str | None = None
) -> pd.DataFrame:
    """Compare one figure with another: by how much it is higher, and by how many per cent.

    Parameters
    ----------
    frame, base
        One row each, or several that state one figure.
    value, base_value
        Columns of the figures; the second, unless given, is the first. They may differ, such as
        ``value`` of a published figure and ``value_reported`` of a sum.

    Returns
    -------
    DataFrame, one row
        `value`, ``<value>_base``, ``change``, ``growth_pct`` (%, null where the base is 0) and
        ``unit``, of the change: percentage points where the figures are in per cent; and where a
        side has one ``qualifier``: what is above a figure that is at most so much is at least that
        much above.

    Raises
    ------
    QueryError
        A side states several figures or none, or the two differ in unit.
    """
    sides = {"value": (frame, value), "base": (base, base_value or value)}
    units = set()
    for name, (side, column) in sides.items():
        require_columns(side, column)
        n = numbers_of(side, column).nunique()
        if n != 1 or pd.isna(side[column].iloc[0]):
            raise QueryError(f"{name} must be one figure, and {column} has {n}: keep one row")
        units |= {unit_of(side, column)} - {""}
    if len(units) > 1:
        raise QueryError(f"the two differ in unit ({', '.join(sorted(units))})")
    at = np.zeros(1, "int64")  # of rows that repeat one another the first
    roles = {name: figures_of(side, column, at) for name, (side, column) in sides.items()}
    formulas = {
        "change": Formula("value - base", roles),
        "growth_pct": Formula("100 * (value / base - 1)", roles),
        value: Formula("value", roles),
        f"{value}_base": Formula("base", roles),
    }
    result = computed(pd.DataFrame(index=[0]), formulas, value, f"{value}_base", "change")
    per_cent = units & {"%", "percent"}
    result["unit"] = "percentage points" if per_cent else "".join(units)
    result = computed(result, formulas, "growth_pct")
    if "qualifier" in frame or "qualifier" in base:
        first, second = (side.get("qualifier", pd.Series("=")).iloc[0] for side in (frame, base))
        result["qualifier"] = _between(first, second)
    return with_lineage(result, frame, base, formulas=formulas)


def _between(first: str, second: str) -> str:
    """The qualifier of a difference of two figures that have these."""
    least = first in (">", "≥") or second in ("<", "≤")
    most = first in ("<", "≤") or second in (">", "≥")
    if least == most:
        return "=" if first == second == "=" else "~"
    return "≥" if least else "≤"


def gap(
    m: pd.DataFrame, x: pd.DataFrame, value: str, band: tuple[float, float] | None = None
) -> pd.DataFrame:
    """Gap between two statements of one flow, ``ln(M / X)``, beside the CIF band.

    Parameters
    ----------
    m, x
        The importer's and the exporter's statement; or two publishers' of the same side, for
        which a band of (1.0, 1.0) is the fair one.
    band
        Least and most M / X that freight and insurance explain; unless given, :data:`CIF_BAND`, and
        (1.0, 1.0) for weights and quantities, to which they add nothing.

    Returns
    -------
    DataFrame, one row a cell that either side states
        From the side of `m`: the cell, both sides' columns (``_m``, ``_x``) but for the place in
        the raw file, ``ratio``, ``gap`` and ``outside`` (of the band); null where one side is
        silent or not above 0.

    Raises
    ------
    QueryError
        A side states a cell twice, the two differ in unit, or they share no cell.
    """
    require_columns(m, "ref_period", "n_months", value)
    require_columns(x, "ref_period", "n_months", value)
    shared = set(m) & set(x)
    units = [name for name in UNITS.get(value, ()) if name in shared - {"valuation"}]
    require_single_value(pd.concat([m[units], x[units]]), units)
    exporter = _as_importer(m, x)
    keys = [name for name in _KEYS_OF_GAP if name in shared]
    band = band or ((1.0, 1.0) if value in ("net_wgt_kg", "qty") else CIF_BAND)
    caveats = _caveats_of_band(m, x, band)
    if "cmd_code" in keys and m["cmd_code"].nunique() == 1 == x["cmd_code"].nunique():
        goods = m["cmd_code"].iloc[0], x["cmd_code"].iloc[0]
        if overlaps("cmd_code", frozenset(goods)):  # one product at two levels
            keys.remove("cmd_code")
            caveats.append(f"{goods[0]} compared with {goods[1]}")
    unique(m, keys)
    unique(exporter, keys)
    # The place in the raw file is left out, since the lineage knows it.
    left, right = (
        side.drop(columns=[*PLACE], errors="ignore").assign(_at=np.arange(len(side)))
        for side in (m, exporter)
    )
    left[value], right[value] = numbers_of(m, value), numbers_of(exporter, value)
    result = left.merge(right, on=keys, how="outer", suffixes=("_m", "_x"))
    at_m, at_x = (result.pop(f"_at_{name}").fillna(-1).to_numpy("int64") for name in "mx")
    if not ((at_m >= 0) & (at_x >= 0)).any():
        first = [" ".join(words(side[keys].iloc[0])) for side in (m, exporter)]
        raise QueryError(
            f"the two sides share no cell ({first[0]}; {first[1]}): read the same "
            "flow over the same periods"
        )
    roles = {"m": _above_zero(m, value, at_m), "x": _above_zero(x, value, at_x)}
    ratios = {"gap": Formula("log(m / x)", roles), "ratio": Formula("m / x", roles)}
    result = computed(result, ratios, "ratio", "gap")
    inside = result["ratio"].between(*band).astype("boolean")
    result["outside"] = (~inside).mask(result["ratio"].isna())
    sides = {f"{value}_m": Formula("m", roles), f"{value}_x": Formula("x", roles)}
    return with_lineage(result, m, x, caveats=caveats, formulas=ratios | sides)


def _as_importer(m: pd.DataFrame, x: pd.DataFrame) -> pd.DataFrame:
    """`x` with its partner as the reporter, if the two sides are of different flows."""
    flows = [set(side["flow_code"].unique()) for side in (m, x) if "flow_code" in side]
    if len(flows) < 2 or flows[0] == flows[1]:
        return x
    return x.rename(columns={"reporter_iso": "partner_iso", "partner_iso": "reporter_iso"})


def _caveats_of_band(m: pd.DataFrame, x: pd.DataFrame, band: tuple[float, float]) -> list[str]:
    """What the band is, and whether values are as it takes them to be."""
    text = f"band of M / X {band[0]:.2f} to {band[1]:.2f}"
    if band != CIF_BAND:
        return [text]
    caveats = [f"{text}: the IMF takes imports CIF for 1.06, formerly 1.10, times exports FOB"]
    usual = [(side, name) for side, name in ((m, "CIF"), (x, "FOB")) if "valuation" in side]
    stated = [(listed(side, "valuation"), name) for side, name in usual]
    others = [f"{values} for {name}" for values, name in stated if values != name]
    if others:
        caveats.append(f"the band may not fit, since values are {' and '.join(others)}")
    return caveats


def _above_zero(frame: pd.DataFrame, value: str, row: np.ndarray) -> Role:
    """The figures of `value` above 0, as a role."""
    figures = numbers_of(frame, value)
    return Role(frame, value, row, values=figures.where(figures > 0).to_numpy())
