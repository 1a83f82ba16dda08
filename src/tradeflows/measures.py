"""Measures: pure functions from frame to frame, named as trade economists name them.

Inputs are frames as :func:`tradeflows.read` gives them, or with only the columns that a measure
needs; rules about a column hold where the column is there. A null stays a null, a sum over a
window with a hole is no figure for the measures that follow (``complete`` is False), and no
result is infinite. Every result carries the sources and the caveats of what it was made from.

A `Window` is a year (``"2021"``), a month (``"2022-02"``) or a pair of them, both ends included.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, permutations
from typing import Any

import numpy as np
import pandas as pd

from tradeflows import codes
from tradeflows.errors import QueryError

Window = str | tuple[str, str]

BARRELS_PER_TONNE = 7.33  # of crude, the usual world mean
CIF_BAND = (1.00, 1.10)  # importer's over exporter's value: the IMF adds 6 %, formerly 10 %
OUTLIER = 3.5  # modified z-score of Iglewicz and Hoaglin (1993)
DAYS_PER_MONTH = 30.4375

_CELL = (
    "reporter_iso", "partner_iso", "partner_role", "flow_code", "cmd_code", "cumulation",
    "breakdown", "concept", "measure", "region", "currency_group",
)  # fmt: skip
_LABELS = ("classification_code", "valuation")  # how a cell is stated, not which cell it is
_SUMMABLE = {"reporter_iso", "partner_iso", "flow_code", "cmd_code", "breakdown", *_LABELS}
_UNITS = {
    "value_reported": ("currency", "valuation"), "primary_value_usd": ("valuation",),
    "qty": ("qty_unit",), "value": ("unit",), "rate": ("base", "quote", "statistic"),
}  # fmt: skip
_ADD_UP = ("USD", "EUR", "GBP", "units", "tonnes", "shipments", "km")  # units of flows
_RIVALS = ("publisher", "vintage", "n_months", "freq_code", "qty_unit", "partner_code",
           "source_id", *_CELL, *_LABELS)  # fmt: skip
_PLACE = ("source_id", "source_row", "source_field")
_PARTS_OF_FLOW = {"MX": ("M", "X", "RM", "RX"), "M": ("RM",), "X": ("RX",)}


def total(
    frame: pd.DataFrame,
    value: str | Sequence[str],
    by: Sequence[str] = (),
    over: Sequence[str] = (),
    start: str | None = None,
    end: str | None = None,
    every: int | None = None,
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
    _need(frame, "ref_period", "n_months", *values, *by, *over)
    if {"ref_period", "n_months"} & set(by):
        raise QueryError("sums are of windows: give every=1 rather than ref_period in `by`")
    if odd := sorted(set(over) - _SUMMABLE):
        raise QueryError(f"{odd[0]} cannot be summed over: name it in `by`, or keep one value")
    numbers = pd.DataFrame({name: _figures(frame, name) for name in values})
    stated = numbers.notna().all(axis="columns").to_numpy()
    grain = dict.fromkeys(column for name in values for column in _grain(frame, name))
    fixed = [column for column in grain if column not in {*by, *over}]
    _one(frame[stated], fixed, "or name it in `by` or `over`")
    for column in over:
        _disjoint(frame[stated], column, by)

    cell = _ids(frame, [*by, *(column for column in over if column not in _LABELS)])
    lines = _spread(frame, cell, stated)
    begin = lines["month"].min() if start is None else _span(start)[0]
    stop = lines["month"].max() + 1 if end is None else _span(end)[1]
    every = every or max(stop - begin, 1)
    if stop <= begin or (stop - begin) % every:
        raise QueryError(f"{_label(begin)} to {_label(stop - 1)} is no whole number of {every} "
                         "months: choose start and end so that it is")  # fmt: skip
    n = (stop - begin) // every
    inside = lines["month"].between(begin, stop - 1)
    lines["window"] = ((lines["month"] - begin) // every).where(inside, -1)
    lines = lines[lines["stated"]]
    _uncut(lines, lines["window"])
    lines = lines[lines["window"] >= 0]

    group, heads = _ids(frame, by), _heads(frame, by)
    first = np.unique(cell, return_index=True)[1]
    cells = np.bincount(group[first], minlength=len(heads)).repeat(n)[:, None]
    place = group[lines["row"]] * (stop - begin) + lines["month"] - begin
    full = np.bincount(place, minlength=len(heads) * (stop - begin)).reshape(-1, every) == cells
    rows = lines.drop_duplicates("row")
    slot = (group[rows["row"]] * n + rows["window"]).to_numpy()
    used = frame.iloc[rows["row"]]

    result = heads.loc[heads.index.repeat(n)].reset_index(drop=True)
    known = frame[stated] if stated.any() else frame
    for column in fixed:
        result[column] = known[column].iloc[0]
    starts = np.tile(begin + every * np.arange(n), len(heads))
    result["ref_period"] = _days(starts).astype("datetime64[us]")
    result["n_months"] = every
    filled = np.bincount(slot, minlength=len(result)) > 0
    for name in values:
        sums = np.bincount(slot, numbers[name].iloc[rows["row"]], minlength=len(result))
        result[name] = np.where(filled, sums, np.nan)
    result["n_stated"] = full.sum(axis=1)
    result["complete"] = full.all(axis=1)
    result["missing"] = [
        _runs(month + np.flatnonzero(~there)) for month, there in zip(starts, full, strict=True)
    ]
    for column, join in (("flags", _join_flags), ("qualifier", _join_qualifiers)):
        if column in frame:
            found = used[column].fillna(join(set())).groupby(slot).agg(set)
            result[column] = [join(found.get(i, set())) for i in range(len(result))]
    caveats = [
        f"{column} differs within the sum: {_list(used, column)}"
        for column in over
        if column in _LABELS and used[column].nunique(dropna=False) > 1
    ]
    if holes := int((~result["complete"]).sum()):
        caveats.append(f"{holes} of {len(result)} sums of {', '.join(values)} lack months, which "
                       "`missing` names; nothing was put in their place")  # fmt: skip
    return _carry(result, frame, caveats=caveats)


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
        A cell of `part` is absent in `whole`, `whole` states one twice, or they differ in flow,
        cumulation or unit.
    """
    keys = ["ref_period", "n_months", *by]
    _need(part, *keys, value)
    _need(whole, *keys, value)
    same = [column for column in ("flow_code", "cumulation", *_UNITS.get(value, ()))
            if column in part and column in whole and column not in by]  # fmt: skip
    _one(pd.concat([frame.loc[frame[value].notna(), same] for frame in (part, whole)]), same)
    _one(whole, [column for column in _grain(whole, value) if column not in by])
    _unique(whole, keys)
    place = [column for column in _PLACE if column in whole]
    known = whole[[*keys, *place]].assign(**{value: _figures(whole, value)})
    known = known.rename(columns={name: f"{name}_whole" for name in [value, *place]})
    result = part.merge(known, on=keys, how="left", indicator="_side").set_axis(part.index)
    if len(lost := result[result.pop("_side").eq("left_only")]):
        cells = ", ".join(" ".join(_words(row)) for row in lost[keys].head(5).to_numpy())
        raise QueryError(f"the whole lacks {len(lost)} cells of the part ({cells}): read it for "
                         "the same periods, or keep those of the part that it has")  # fmt: skip
    result["share_pct"] = 100 * _ratio(_figures(part, value), result[f"{value}_whole"])
    return _carry(result, part, whole)


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
    _need(frame, "ref_period", "n_months", value)
    figures = _figures(frame, value)
    cell = _ids(frame, _grain(frame, value))
    if "cumulation" in frame:  # years to date overlap by their nature: each length by itself
        cell = cell + len(frame) * (frame["n_months"] * frame["cumulation"].eq("ytd")).to_numpy()
    lines = _spread(frame, cell, figures.notna().to_numpy())
    base = lines.loc[lines["stated"], ["cell", "month", "row"]].rename(columns={"row": "base"})
    pairs = lines.merge(base.assign(month=base["month"] + 12), on=["cell", "month"], how="left")
    length = frame["n_months"].to_numpy("int64")
    matched = pairs.groupby(["row", "base"])["month"].transform("size")
    # a base period counts only when all of its months fall into the period compared
    pairs["tiled"] = matched.eq(pairs["base"].map(pd.Series(length)))
    whole = pairs.groupby("row")["tiled"].all()
    used = pairs[pairs["row"].map(whole)].drop_duplicates(["row", "base"])
    sums = figures.iloc[used["base"].astype("int64")].groupby(used["row"].to_numpy()).sum()
    absent = pd.concat([lines.loc[~lines["stated"], ["row", "month"]],
                        pairs.loc[~pairs["tiled"], ["row", "month"]].assign(
                            month=lambda gone: gone["month"] - 12)])  # fmt: skip
    result = frame.copy()
    result[f"{value}_base"] = sums.reindex(range(len(frame))).to_numpy()
    result["yoy_pct"] = 100 * (_ratio(figures, result[f"{value}_base"]) - 1)
    result["missing"] = _named(absent.groupby("row")["month"], len(frame))
    return _carry(result, frame)


def growth(frame: pd.DataFrame, value: str, year: int, base: int) -> pd.DataFrame:
    """Growth of a year on another, over the months that both have.

    Returns
    -------
    DataFrame, one row a cell of `frame`
        The grain, `value` and ``<value>_base`` (sums over the shared months), ``growth_pct`` (%),
        ``n_months`` and ``months``, which they are; null and "" where they share none.

    Raises
    ------
    QueryError
        Two periods of one cell overlap, or one crosses the turn of either year.
    """
    _need(frame, "ref_period", "n_months", value)
    figures = _figures(frame, value)
    grain = _grain(frame, value)
    cell = _ids(frame, grain)
    lines = _spread(frame, cell, figures.notna().to_numpy())
    lines = lines[lines["stated"]].assign(year=lambda all_: all_["month"] // 12)
    _uncut(lines, lines["year"].where(lines["year"].isin([year, base]), -1))
    lines = lines[lines["year"].isin([year, base])]
    lines["month"] %= 12
    size = -1
    while size != len(lines):  # dropping a block takes its other months from the other year
        size = len(lines)
        both = lines.groupby(["cell", "month"])["year"].transform("nunique").eq(2)
        lines = lines[both.groupby(lines["row"]).transform("all")]
    rows = lines.drop_duplicates("row")
    result = _heads(frame, grain)
    for name, side in ((value, year), (f"{value}_base", base)):
        chosen = rows[rows["year"] == side]
        sums = figures.iloc[chosen["row"]].groupby(chosen["cell"].to_numpy()).sum()
        result[name] = sums.reindex(result.index)
    result["growth_pct"] = 100 * (_ratio(result[value], result[f"{value}_base"]) - 1)
    shared = (lines["month"] + 12 * year).groupby(lines["cell"])
    result["n_months"] = shared.nunique().reindex(result.index, fill_value=0)
    result["months"] = _named(shared, len(result))
    partial = dict.fromkeys(result.loc[result["n_months"] < 12, "months"])
    caveats = [f"{year} against {base} over {months or 'no month'} only" for months in partial]
    return _carry(result, frame, caveats=caveats)


def displacement(
    frame: pd.DataFrame,
    value: str,
    old: str | Sequence[str],
    new: str | Sequence[str],
    base: Window,
    after: Window,
    by: str = "reporter_iso",
) -> pd.DataFrame:
    """Divide new buyers' gain, ``Σ max(0, q1 - q0)``, by old buyers' loss, ``Σ max(0, q0 - q1)``.

    Above 1, more was gained than lost. The net form lets a new buyer's fall count against the
    others' gain: ``Σ_new (q1 - q0) / Σ_old (q0 - q1)``.

    Parameters
    ----------
    old, new
        Buyers, as codes of the column `by`.
    base, after
        Windows compared; q0 and q1 are means over the months with a figure, so that windows of
        different length compare.

    Returns
    -------
    DataFrame, one row a buyer
        `by`, ``role``, ``<value>_base`` and ``<value>_after`` (a month), ``change``, ``part``
        (the new buyer's part of the ratio), ``displacement`` and ``displacement_net`` (the same
        in all rows; null where nothing was lost), ``months_base``, ``months_after``,
        ``complete`` and ``missing``.

    Raises
    ------
    QueryError
        A buyer is absent, in both roles, part of another, or has no figure in a window.
    """
    _need(frame, by, value)
    role = {
        buyer: name for name, buyers in (("old", old), ("new", new)) for buyer in _tuple(buyers)
    }
    if len(role) < len(_tuple(old)) + len(_tuple(new)):
        raise QueryError(f"a buyer is named twice among {', '.join(_tuple(old) + _tuple(new))}")
    if absent := [buyer for buyer in role if buyer not in set(frame[by])]:
        raise QueryError(f"{by} has no {', '.join(absent)}; it has {_list(frame, by)}")
    buyers = frame[frame[by].isin(list(role))]
    _disjoint(buyers, by)
    over = [name for name in ("cmd_code", "classification_code") if name in frame and name != by]
    for _, one in buyers.groupby(by):
        _one(one, over[:1])  # buyers may hold a product at different levels, each at one
    result = pd.DataFrame({by: role.keys(), "role": role.values()})
    missing = []
    for name, window in (("base", base), ("after", after)):
        start, end = _pair(window)
        sums = total(buyers, value, [by], over, start, end).set_index(by).loc[result[by]]
        if len(empty := sums.index[sums["n_stated"] == 0]):
            raise QueryError(f"{empty[0]} has no {value} from {start} to {end}: choose another "
                             "window or leave the buyer out")  # fmt: skip
        result[f"{value}_{name}"] = (sums[value] / sums["n_stated"]).to_numpy()
        result[f"months_{name}"] = sums["n_stated"].to_numpy()
        missing.append(sums["missing"].to_list())
    result["change"] = result[f"{value}_after"] - result[f"{value}_base"]
    won, lost = result["role"].eq("new"), -result.loc[result["role"].eq("old"), "change"]
    loss = lost.clip(lower=0).sum() or np.nan
    result["part"] = result["change"].clip(lower=0).where(won) / loss
    result["displacement"] = result["part"].sum(min_count=1)
    net = lost.sum() if lost.sum() > 0 else np.nan
    result["displacement_net"] = result.loc[won, "change"].sum() / net
    result["missing"] = [", ".join(filter(None, found)) for found in zip(*missing, strict=True)]
    result["complete"] = result["missing"].eq("")
    caveats = [f"{value} as means of the months with a figure, {_text(base)} and {_text(after)}"]
    if len({frozenset(month % 12 for month in range(*_span(each))) for each in (base, after)}) > 1:
        caveats.append("the two windows hold different months of the year")
    caveats += [f"{buyer} lacks {found}" for buyer, found in
                zip(result[by], result["missing"], strict=True) if found]  # fmt: skip
    return _carry(result, frame, caveats=caveats)


def displacement_over(
    frame: pd.DataFrame,
    value: str,
    old: str | Sequence[str],
    new: str | Sequence[str],
    windows: Mapping[str, tuple[Window, Window]],
    event: str | None = None,
    by: str = "reporter_iso",
) -> pd.DataFrame:
    """Apply :func:`displacement` to several windows: a range instead of one number.

    Parameters
    ----------
    windows
        Name of each comparison, with its base and its after window.
    event
        Month of the event; a comparison that ends before it is a placebo.

    Returns
    -------
    DataFrame, one row a comparison
        ``window``, ``base``, ``after``, ``placebo``, ``<value>_gain`` and ``<value>_loss`` (a
        month), ``displacement``, ``displacement_net``, ``part_<buyer>`` of each new buyer and
        ``complete``.

    Raises
    ------
    QueryError
        As :func:`displacement`, naming the window.
    """
    rows, inputs = [], []
    for name, (base, after) in windows.items():
        try:
            one = displacement(frame, value, old, new, base, after, by)
        except QueryError as error:
            raise QueryError(f"{name}: {error}") from error
        won = one["role"].eq("new")
        rows.append(
            {
                "window": name,
                "base": _text(base),
                "after": _text(after),
                "placebo": event is not None and _span(after)[1] <= _span(event)[0],
                f"{value}_gain": one.loc[won, "change"].clip(lower=0).sum(),
                f"{value}_loss": -one.loc[~won, "change"].clip(upper=0).sum(),
                **one.loc[0, ["displacement", "displacement_net"]],
                **one[won].set_index(by)["part"].add_prefix("part_"),
                "complete": one["complete"].all(),
            }
        )
        inputs.append(one)
    return _carry(pd.DataFrame(rows), frame, *inputs)


def unit_value(
    frame: pd.DataFrame,
    value: str = "primary_value_usd",
    weight: str = "net_wgt_kg",
    barrels_per_tonne: float = BARRELS_PER_TONNE,
    by: Sequence[str] = (),
) -> pd.DataFrame:
    """Value over weight, per tonne and per barrel.

    Parameters
    ----------
    by
        Columns within which a unit value is judged an outlier.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``unit_value_per_tonne`` and ``unit_value_per_barrel`` (in the value's currency; null
        where the weight is null, 0 or flagged estimated) and ``outlier``: further than 3.5 scaled
        median absolute deviations from the median.

    Raises
    ------
    QueryError
        `value` is in several currencies or valuations.
    """
    _need(frame, value, weight, *by)
    figures = _figures(frame, value)
    _one(frame[figures.notna()], [column for column in _UNITS.get(value, ()) if column not in by])
    price = figures / (_weight(frame, weight) / 1000)
    groups = _ids(frame, by)
    middle = price.groupby(groups).transform("median")
    away = (price - middle).abs()
    spread = away.groupby(groups).transform("median") / 0.6745  # 0.6745 for a standard normal
    # rounding in the last bits is no deviation where most unit values are the same
    far = away.gt(OUTLIER * spread) & away.gt(1e-9 * middle.abs())
    result = frame.assign(
        unit_value_per_tonne=price, unit_value_per_barrel=price / barrels_per_tonne, outlier=far
    )
    return _carry(result, frame, caveats=[f"{barrels_per_tonne:g} barrels a tonne"])


def price_quantity(
    frame: pd.DataFrame,
    value: str,
    quantity: str,
    base: Window,
    after: Window,
    good: str = "cmd_code",
    index: str = "fisher",
) -> pd.DataFrame:
    """Split a change in value into price and quantity over several goods.

    The index P of prices and Q of quantities multiply to the ratio of values; each is given the
    part ``L ln P`` or ``L ln Q`` of the change, L being the logarithmic mean of the two values.

    Parameters
    ----------
    base, after
        Windows of the same length.
    index
        ``fisher`` (the geometric mean of Laspeyres and Paasche) or ``tornqvist``.

    Returns
    -------
    DataFrame, rows ``price``, ``quantity`` and one ``unsplit`` a good set apart
        ``effect``, `good` ("" for the goods together), ``change`` of `value`, which adds up to the
        whole change, and ``index``. Unsplit is a good without a full, unestimated and positive
        quantity and value in either window.

    Raises
    ------
    QueryError
        Windows differ in length, a good's value has a hole in either, or units differ.
    """
    if index not in ("fisher", "tornqvist"):
        raise QueryError(f"no index {index!r}: choose fisher or tornqvist")
    spans = [_span(window) for window in (base, after)]
    if spans[0][1] - spans[0][0] != spans[1][1] - spans[1][0]:
        raise QueryError(f"{_text(base)} and {_text(after)} differ in length: choose equal windows")
    _need(frame, value, quantity, good)
    amounts = frame.assign(**{quantity: _weight(frame, quantity)})
    sides = []
    for window in (base, after):
        worth = total(amounts, value, [good], (), *_pair(window)).set_index(good)
        if not worth["complete"].all():
            hole = worth[~worth["complete"]].iloc[0]
            raise QueryError(f"{hole.name} has no {value} for {hole['missing']}: leave the good "
                             "out or choose another window")  # fmt: skip
        units = [column for column in ("qty_unit",) if quantity == "qty" and column in amounts]
        amount = total(amounts, quantity, [good, *units], (), *_pair(window))
        _unique(amount, [good])
        amount = amount.set_index(good)
        sides += [worth[value], _figures(amount, quantity)]
    table = pd.concat(sides, axis="columns", keys=["v0", "q0", "v1", "q1"])
    fit = table.gt(0).all(axis="columns")
    apart = table[~fit]
    changes = apart["v1"] - apart["v0"]
    rows = [("unsplit", name, change, np.nan) for name, change in changes.items()]
    if fit.any():
        v0, q0, v1, q1 = (table[fit][name] for name in ("v0", "q0", "v1", "q1"))
        if index == "fisher":
            prices = ((v1 / q1 * q0).sum() / v0.sum() * v1.sum() / (v0 / q0 * q1).sum()) ** 0.5
        else:
            weights = (v0 / v0.sum() + v1 / v1.sum()) / 2
            prices = np.exp((weights * np.log((v1 / q1) / (v0 / q0))).sum())
        ratio, change = v1.sum() / v0.sum(), v1.sum() - v0.sum()
        mean = v0.sum() if np.isclose(ratio, 1, rtol=1e-12) else change / np.log(ratio)
        effect = mean * np.log(prices)
        rows = [
            ("price", "", effect, prices),
            ("quantity", "", change - effect, ratio / prices),
            *rows,
        ]
    result = pd.DataFrame(rows, columns=["effect", good, "change", "index"])
    caveats = [
        f"change of {value} from {_text(base)} to {_text(after)}, {index.capitalize()} index"
    ]
    if len(apart):
        caveats.append(f"not split for want of {quantity}: {', '.join(map(str, apart.index))}")
    return _carry(result, frame, caveats=caveats)


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
    _need(frame, value, of, *by)
    _disjoint(frame, of, by)
    fixed = [column for column in (*_grain(frame, value), "n_months") if column not in {of, *by}]
    _one(frame, fixed)
    _unique(frame, [*by, of])
    figures, group = _figures(frame, value), _ids(frame, by)
    known = figures.notna().groupby(group).transform("all")
    sums = figures.groupby(group).transform("sum").where(known)
    return _carry(frame.assign(share_pct=100 * _ratio(figures, sums)), frame)


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
    result = _heads(frame, by)
    squares = ((listed["share_pct"] / 100) ** 2).groupby(_ids(frame, by))
    result["hhi"] = squares.sum(min_count=1)
    result["n_members"] = squares.size()
    return _carry(result, listed)


def barrels_per_day(
    frame: pd.DataFrame, barrels_per_tonne: float = BARRELS_PER_TONNE
) -> pd.DataFrame:
    """Net weight as barrels a day, over the days of each period.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``barrels_per_day``; null where the weight is.
    """
    _need(frame, "ref_period", "n_months", "net_wgt_kg")
    first = _first(frame).to_numpy()
    days = _days(first + frame["n_months"].to_numpy("int64")) - _days(first)
    barrels = _figures(frame, "net_wgt_kg") / 1000 * barrels_per_tonne
    result = frame.assign(barrels_per_day=barrels / days.astype("int64"))
    return _carry(result, frame, caveats=[f"{barrels_per_tonne:g} barrels a tonne"])


def gap(
    m: pd.DataFrame, x: pd.DataFrame, value: str, band: tuple[float, float] = CIF_BAND
) -> pd.DataFrame:
    """Gap between two statements of one flow, ``ln(M / X)``, beside the CIF band.

    Parameters
    ----------
    m, x
        The importer's and the exporter's statement; or two publishers' of the same side, for
        which a band of (1.0, 1.0) is the fair one.
    band
        Least and most M / X that freight and insurance explain.

    Returns
    -------
    DataFrame, one row a cell that either side states
        From the side of `m`: the cell, both sides' columns (``_m``, ``_x``), ``ratio``, ``gap``
        and ``outside`` (of the band); null where one side is silent or not above 0.

    Raises
    ------
    QueryError
        A side states a cell twice, the two differ in unit, or they share no cell.
    """
    keys = ["ref_period", "n_months"]
    _need(m, *keys, value)
    _need(x, *keys, value)
    shared = set(m) & set(x)
    units = [name for name in _UNITS.get(value, ()) if name in shared - {"valuation"}]
    _one(pd.concat([m[units], x[units]]), units)
    if "flow_code" in m and "flow_code" in x and set(m["flow_code"]) != set(x["flow_code"]):
        swap = {"reporter_iso": "partner_iso", "partner_iso": "reporter_iso"}
        x = x.rename(columns=swap)
    keys += [name for name in ("reporter_iso", "partner_iso", "cmd_code", "cumulation", "breakdown")
             if name in shared]  # fmt: skip
    caveats = [f"band of M / X {band[0]:.2f} to {band[1]:.2f}"]
    if band == CIF_BAND:
        caveats[0] += ": the IMF takes imports CIF for 1.06, formerly 1.10, times exports FOB"
    if "cmd_code" in keys and m["cmd_code"].nunique() == 1 == x["cmd_code"].nunique():
        goods = m["cmd_code"].iloc[0], x["cmd_code"].iloc[0]
        if _overlaps(
            "cmd_code", frozenset(goods)
        ):  # one product, which the sides hold at two levels
            keys.remove("cmd_code")
            caveats.append(f"{goods[0]} compared with {goods[1]}")
    _unique(m, keys)
    _unique(x, keys)
    m, x = (side.assign(**{value: _figures(side, value)}) for side in (m, x))
    result = m.merge(x, on=keys, how="outer", suffixes=("_m", "_x"), indicator="_side")
    if not result.pop("_side").eq("both").any():
        first = [" ".join(_words(side[keys].iloc[0])) for side in (m, x)]
        raise QueryError(f"the two sides share no cell ({first[0]}; {first[1]}): read the same "
                         "flow over the same periods")  # fmt: skip
    sides = [result[f"{value}_{side}"] for side in "mx"]
    sides = [side.where(side > 0) for side in sides]
    result["ratio"] = sides[0] / sides[1]
    result["gap"] = np.log(result["ratio"])
    inside = result["ratio"].between(*band).astype("boolean")
    result["outside"] = (~inside).mask(result["ratio"].isna())
    return _carry(result, m, x, caveats=caveats)


def convert(frame: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Put ``value_reported`` into US dollars at a named monthly rate.

    Parameters
    ----------
    rates
        Rows of the table ``rates`` quoted in USD, of one publisher and statistic.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``primary_value_usd`` where it was null, and ``rate``: over several months the plain
        mean of theirs, null where one is missing or the currency has none.

    Raises
    ------
    QueryError
        `rates` mixes publishers, statistics or quotes, states a month twice, or has no rate for
        any of the rows.
    """
    _need(frame, "ref_period", "n_months", "value_reported", "currency")
    _need(rates, "base", "quote", "ref_period", "rate")
    _one(rates, ["quote", "publisher", "statistic", "n_months"])
    if (quote := rates["quote"].iloc[0]) != "USD":
        raise QueryError(f"the rates are quoted in {quote}: read those with quote='USD'")
    _unique(rates, ["base", "ref_period"])
    table = pd.Series(rates["rate"].to_numpy("float64", na_value=np.nan),
                      pd.MultiIndex.from_arrays([rates["base"], _first(rates)]))  # fmt: skip
    lines = _spread(frame, np.arange(len(frame)), np.ones(len(frame), bool))
    money = frame["currency"].iloc[lines["row"]].to_numpy()
    found = table.reindex(pd.MultiIndex.from_arrays([money, lines["month"]])).to_numpy()
    monthly = pd.Series(np.where(money == "USD", 1.0, found)).groupby(lines["row"].to_numpy())
    rate = monthly.mean().where(monthly.count() == monthly.size()).set_axis(frame.index)
    if rate.isna().all():
        raise QueryError(f"no rate from {_list(frame, 'currency')} to USD for any month of the "
                         "frame: read the rates for its currency and months")  # fmt: skip
    dollars = _figures(frame, "value_reported") * rate
    if "primary_value_usd" in frame:
        dollars = _figures(frame, "primary_value_usd").fillna(dollars)
    who = " ".join(str(rates[name].iloc[0]) for name in ("publisher", "statistic") if name in rates)
    result = frame.assign(primary_value_usd=dollars, rate=rate)
    caveat = f"converted to USD at monthly rates{who and f' ({who})'}"
    return _carry(result, frame, rates, caveats=[caveat])


def per_month(figures: pd.DataFrame) -> pd.DataFrame:
    """Bring published figures to a month, by the length of their windows.

    Returns
    -------
    DataFrame, rows and columns of `figures`
        With ``months`` (whole calendar months counted, else days / 30.4375; 1 for a figure whose
        ``freq`` says that it is a month's already) and ``value_per_month``, ``low_per_month``,
        ``high_per_month`` in ``unit``; null where the window is vague or the unit does not add
        up over time (shares, growth rates, counts of firms).
    """
    _need(figures, "window_start", "window_end", "value", "unit")
    start = pd.to_datetime(figures["window_start"])
    stop = pd.to_datetime(figures["window_end"]) + pd.Timedelta(days=1)
    if (stop <= start).any():
        raise QueryError("a window ends before it starts: mend window_start and window_end")
    calendar = 12.0 * (stop.dt.year - start.dt.year) + stop.dt.month - start.dt.month
    whole = start.dt.day.eq(1) & stop.dt.day.eq(1)
    months = calendar.where(whole, (stop - start).dt.days / DAYS_PER_MONTH)
    if "freq" in figures:
        monthly = figures["freq"].astype("str").str.startswith("monthly")
        months = months.mask(monthly & months.notna(), 1.0)
    divisor = months.where(figures["unit"].isin(_ADD_UP))
    result = figures.assign(months=months)
    for column in ("value", "low", "high"):
        if column in figures:
            result[f"{column}_per_month"] = figures[column].astype("float64") / divisor
    return _carry(
        result, figures, caveats=["published figures divided by the months of their windows"]
    )


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
    named = [frame.assign(**{column: name}) for name, frame in frames.items()]
    return _carry(pd.concat([_bare(frame) for frame in named], ignore_index=True), *named)


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
                             f"it holds {_list(frame, of)}")  # fmt: skip
        sums[name] = total(frame[frame[of].isin(codes_)], value, over=[of], every=every)
    return stack(sums, "basket")


# --- what the measures share ----------------------------------------------------------------------


def _need(frame: pd.DataFrame, *columns: str) -> None:
    if missing := [column for column in columns if column not in frame]:
        raise QueryError(f"the frame has no column {', '.join(missing)}: pass one that has")
    if frame.empty:
        raise QueryError("the frame is empty: pass one with rows")


def _figures(frame: pd.DataFrame, value: str) -> pd.Series:
    """`value` as floats; a sum with a hole in it is no figure."""
    numbers = pd.Series(frame[value].to_numpy("float64", na_value=np.nan), frame.index)
    return numbers.where(frame["complete"].astype("bool")) if "complete" in frame else numbers


def _weight(frame: pd.DataFrame, weight: str) -> pd.Series:
    numbers = _figures(frame, weight)
    numbers = numbers.where(numbers > 0)
    if "flags" not in frame:
        return numbers
    return numbers.mask(frame["flags"].str.contains(r"\bestimated\b", na=False).astype("bool"))


def _ratio(over: pd.Series, under: pd.Series) -> pd.Series:
    return over / under.where(under != 0)


def _grain(frame: pd.DataFrame, value: str) -> list[str]:
    columns = (*_CELL, "classification_code", *_UNITS.get(value, ()))
    return [column for column in columns if column in frame]


def _ids(frame: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    if not columns:
        return np.zeros(len(frame), "int64")
    return frame.groupby(list(columns), dropna=False).ngroup().to_numpy()


def _heads(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """List the groups of :func:`_ids`, in its order."""
    first = np.unique(_ids(frame, columns), return_index=True)[1]
    return frame[list(columns)].iloc[first].reset_index(drop=True)


def _list(frame: pd.DataFrame, column: str) -> str:
    found = sorted({"not stated" if pd.isna(value) else str(value) for value in frame[column]})
    return ", ".join(found[:8]) + (" …" if len(found) > 8 else "")


def _one(frame: pd.DataFrame, columns: Iterable[str], choice: str = "", what: str = "") -> None:
    """Refuse a frame that mixes values of a column, with the filter that would make it right."""
    for column in columns:
        if column in frame and frame[column].nunique(dropna=False) > 1:
            value = min(frame[column].dropna(), key=str)
            query = f"frame.query({f'{column} == {value!r}'!r})"
            raise QueryError(f"{what}{column} is mixed ({_list(frame, column)}): keep one, such as "
                             f"{query}{choice and f', {choice}'}")  # fmt: skip


def _unique(frame: pd.DataFrame, keys: Sequence[str]) -> None:
    twice = frame.duplicated(list(keys), keep=False).to_numpy()
    if twice.any():
        cell = _ids(frame, keys)
        rows = frame[cell == cell[twice.argmax()]]
        _refuse_twice(rows, " ".join(_words(rows[list(keys)].iloc[0])))


def _refuse_twice(rows: pd.DataFrame, cell: str) -> None:
    _one(rows, _RIVALS, what=f"{cell} is stated {len(rows)} times, and ")
    raise QueryError(f"{cell} is stated {len(rows)} times: keep one row")


def _words(cells: Iterable[object]) -> list[str]:
    return [f"{cell:%Y-%m}" if isinstance(cell, pd.Timestamp) else str(cell) for cell in cells]


def _disjoint(frame: pd.DataFrame, column: str, by: Sequence[str] = ()) -> None:
    """Refuse values of `column` that overlap one another within a group of `by`."""
    groups = frame[column].groupby(_ids(frame, by))
    for held in {frozenset(found.dropna()) for _, found in groups}:
        for whole, part in _overlaps(column, held):
            query = f"frame.query({f'{column} != {whole!r}'!r})"
            raise QueryError(f"{column} has {whole}, which overlaps {part}: keep one, "
                             f"such as {query}")  # fmt: skip


def _overlaps(column: str, held: frozenset[str]) -> list[tuple[str, str]]:
    pairs = permutations(sorted(held), 2)
    if column == "cmd_code":
        unions = [(code, set(code.split("+"))) for code in held if "+" in code]
        among = set(held)
        nested = [(whole, code) for code in held for whole in codes.wholes(code, among)]
        return nested + [(a, b) for (a, one), (b, two) in permutations(unions, 2) if one & two]
    if column in ("reporter_iso", "partner_iso"):
        return [pair for pair in pairs if pair[0] in codes.groups() and codes.contains(*pair)]
    parts = {**_PARTS_OF_FLOW, "total": held}
    return [(whole, part) for whole, part in pairs if part in parts.get(whole, ())]


def _first(frame: pd.DataFrame) -> pd.Series:
    """Months from year 0 to the first of each period."""
    if frame["ref_period"].isna().any():
        raise QueryError("rows have no ref_period: keep frame.dropna(subset='ref_period')")
    return frame["ref_period"].dt.year * 12 + frame["ref_period"].dt.month - 1


def _days(months: np.ndarray) -> np.ndarray:
    """First days of months counted as by :func:`_first`."""
    return (months - 12 * 1970).astype("datetime64[M]").astype("datetime64[D]")


def _spread(frame: pd.DataFrame, cell: np.ndarray, stated: np.ndarray) -> pd.DataFrame:
    """One line a month of each row; refuses two stated periods of one cell that overlap."""
    first, length = _first(frame).to_numpy(), frame["n_months"].to_numpy("int64")
    row = np.repeat(np.arange(len(frame)), length)
    month = first[row] + np.arange(len(row)) - np.repeat(length.cumsum() - length, length)
    lines = pd.DataFrame({"cell": cell[row], "row": row, "month": month, "stated": stated[row]})
    said = lines[lines["stated"]]
    twice = said.duplicated(["cell", "month"], keep=False)
    if twice.any():
        one = said[twice].iloc[0]
        rows = said.loc[said["cell"].eq(one["cell"]) & said["month"].eq(one["month"]), "row"]
        _refuse_twice(frame.iloc[rows], f"periods overlap: {_label(one['month'])}")
    return lines


def _uncut(lines: pd.DataFrame, window: pd.Series) -> None:
    """Refuse a period that lies in two windows; -1 is outside of all."""
    cut = window.groupby(lines["row"]).transform("nunique") > 1
    if cut.any():
        period = _runs(lines.loc[lines["row"] == lines.loc[cut, "row"].iloc[0], "month"])
        raise QueryError(f"the figure for {period} crosses the edge of a window: choose windows "
                         "that hold it whole, or leave it out")  # fmt: skip


def _label(month: int) -> str:
    return f"{month // 12}-{month % 12 + 1:02d}"


def _runs(months: Iterable[int]) -> str:
    """Months in words, those in a row as a range."""
    runs = groupby(enumerate(sorted(set(map(int, months)))), key=lambda pair: pair[1] - pair[0])
    ends = [[_label(month) for _, month in run] for _, run in runs]
    return ", ".join(run[0] if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in ends)


def _named(months: Any, n: int) -> list[str]:
    """Months of each of n groups in words, of a grouped Series."""
    words = {group: _runs(found) for group, found in months}
    return [words.get(i, "") for i in range(n)]


def _pair(window: Window) -> tuple[str, str]:
    return (window, window) if isinstance(window, str) else window


def _span(window: Window) -> tuple[int, int]:
    """First month of `window`, and the month after its last."""
    ends = [re.fullmatch(r"(\d{4})(?:-(0[1-9]|1[0-2]))?", text) for text in _pair(window)]
    if not all(ends):
        raise QueryError(f"no window {window!r}: write a year as 2021, a month as 2021-02")
    (first, since), (last, until) = (end.groups() for end in ends if end)
    span = int(first) * 12 + int(since or 1) - 1, int(last) * 12 + int(until or 12)
    if span[0] >= span[1]:
        raise QueryError(f"window {window!r} ends before it starts: turn it round")
    return span


def _text(window: Window) -> str:
    return _runs(range(*_span(window)))


def _tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _join_flags(found: set[str]) -> str:
    return " ".join(sorted(set(" ".join(found).split())))


def _join_qualifiers(found: set[str]) -> str:
    odd = found - {"="}
    return "=" if not odd else odd.pop() if len(odd) == 1 else "~"


def _bare(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` without attrs, which pandas would compare at every step."""
    bare = frame.copy(deep=False)
    bare.attrs = {}
    return bare


def _carry(
    result: pd.DataFrame, *inputs: pd.DataFrame, caveats: Sequence[str] = ()
) -> pd.DataFrame:
    """Give `result` the sources and caveats of `inputs`, in order, each once."""
    for name, more in (("sources", ()), ("caveats", caveats)):
        items = [item for frame in inputs for item in frame.attrs.get(name, ())]
        result.attrs[name] = tuple(dict.fromkeys([*items, *more]))
    return result
