"""What old buyers no longer received and new buyers took."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    LABELS,
    computed,
    groups_of,
    listed,
    numbers_of,
    require_columns,
    require_disjoint,
    require_single_value,
    spread,
    with_lineage,
)
from tradeflows.measures.sums import stack, total
from tradeflows.measures.zeros import in_windows, with_used_zeros, with_zeros
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import Window, ends_of, runs, span, window_text

_GAIN = "sum([max(0, c) for c in gain])"
_LOSS = "sum([max(0, -c) for c in loss])"


def displacement(
    frame: DataFrame,
    value: str,
    old: str | Sequence[str],
    new: str | Sequence[str],
    base: Window,
    after: Window,
    by: str = "reporter_iso",
) -> DataFrame:
    """Divide new buyers' gain, ``Σ max(0, q1 - q0)``, by old buyers' loss, ``Σ max(0, q0 - q1)``.

    Above 1, more was gained than lost. The net form lets a new buyer's fall count against the
    others' gain: ``Σ_new (q1 - q0) / Σ_old (q0 - q1)``.

    Parameters
    ----------
    old, new
        Buyers, as codes of the column `by`.
    base, after
        Windows compared; q0 and q1 are means over the months with a figure, so that windows of
        different length compare. Where both hold the same months of the year, those that a buyer
        states in one window alone are left out for that buyer.

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

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> years = pd.to_datetime(["2021-01-01", "2023-01-01"] * 2)
    >>> crude = pd.DataFrame({"reporter_iso": ["DEU"] * 2 + ["IND"] * 2, "ref_period": years,
    ...                       "n_months": 12, "net_wgt_kg": [120.0, 0.0, 0.0, 60.0]})
    >>> moved = measures.displacement(crude, "net_wgt_kg", "DEU", "IND", "2021", "2023")
    >>> moved["displacement"].tolist()
    [0.5, 0.5]
    """
    frame = with_zeros(frame, value)
    require_columns(frame, by, value)
    role = _roles(frame, by, old, new)
    is_buyer = frame[by].isin(list(role))
    buyers = frame[is_buyer]
    require_disjoint(buyers, by)
    goods = ("cmd_code", "classification_code")
    over = [name for name in goods if name in frame and name != by]
    for _, rows in buyers.groupby(by):
        # Buyers may hold a product at different levels, each of them at one.
        require_single_value(rows, over[:1])
    shared, notes = _shared_months(buyers, value, by, over, base, after)
    result, formulas, missing = _means(role, shared, (base, after), value, by, over)
    is_new = result["role"].eq("new")
    copied = result.copy()
    table = with_lineage(copied, formulas=formulas)
    ratios = _ratios(table, is_new)
    for name, formula in ratios.items():
        result[name] = formula.numbers(len(result))
    part = result["part"]
    result["part"] = part.where(is_new)
    change_of_old = result.loc[~is_new, "change"].sum()
    if change_of_old >= 0:  # the old buyers together lost nothing
        result["displacement_net"] = np.nan
    result["missing"] = missing
    result["complete"] = result["missing"].eq("")
    before = window_text(base)
    since = window_text(after)
    caveats = [f"{value} as means of the months with a figure, {before} and {since}", *notes]
    for buyer, months in zip(result[by], missing, strict=True):
        if months:
            caveats.append(f"{buyer} lacks {months}")
    order = [by, "role"]
    order += [f"{value}_base", "months_base"]
    order += [f"{value}_after", "months_after"]
    order += ["change", "part", "displacement", "displacement_net", "missing", "complete"]
    used = with_used_zeros(frame, is_buyer.to_numpy() & in_windows(frame, base, after))
    return with_lineage(result[order], used, caveats=caveats, formulas=ratios | formulas)


def _means(
    role: Mapping[str, str],
    shared: Sequence[DataFrame],
    windows: tuple[Window, Window],
    value: str,
    by: str,
    over: Sequence[str],
) -> tuple[DataFrame, dict[str, Formula], list[str]]:
    """A row a buyer with its means in both windows, their formulas, and the months it lacks."""
    result = DataFrame({by: role.keys(), "role": role.values()})
    missing = [""] * len(result)
    names: dict[str, Any] = {}
    sides = zip(("base", "after"), windows, shared, "mn", strict=True)
    for name, window, rows, count in sides:
        sums = total(rows, value, [by], over, *ends_of(window))
        places = pd.Index(sums[by])
        at = places.get_indexer(result[by])
        names[name] = Role(sums, value, at)
        of_buyer = sums.iloc[at]
        _require_figures(of_buyer, value, by, window)
        n_stated = of_buyer["n_stated"].to_numpy()
        names[count] = n_stated
        result[f"months_{name}"] = n_stated
        texts = zip(missing, of_buyer["missing"], strict=True)
        missing = [", ".join(filter(None, pair)) for pair in texts]
    formulas = {f"{value}_base": Formula("base / m", names)}
    formulas[f"{value}_after"] = Formula("after / n", names)
    formulas["change"] = Formula("after / n - base / m", names)
    for name, formula in formulas.items():
        result[name] = formula.numbers(len(result))
    return result, formulas, missing


def _ratios(table: DataFrame, is_new: Series) -> dict[str, Formula]:
    """The formulas of the displacement, its net form, and each buyer's part of it."""
    gain = _in_each(table, is_new)
    loss = _in_each(table, ~is_new)
    change = Role(table, "change")
    sides = {"change": change, "gain": gain, "loss": loss}
    ratios = {"displacement": Formula(f"{_GAIN} / {_LOSS}", sides)}
    ratios["displacement_net"] = Formula("gain / -loss", sides)
    ratios["part"] = Formula(f"max(0, change) / {_LOSS}", sides)
    return ratios


def _roles(
    frame: DataFrame, by: str, old: str | Sequence[str], new: str | Sequence[str]
) -> dict[str, str]:
    """Each buyer and whether it is old or new, if `frame` has them all."""
    old_buyers = _tuple(old)
    new_buyers = _tuple(new)
    role = dict.fromkeys(old_buyers, "old")
    role |= dict.fromkeys(new_buyers, "new")
    named = old_buyers + new_buyers
    if len(role) < len(named):
        names = ", ".join(named)
        raise QueryError(f"a buyer is named twice among {names}")
    stated = set(frame[by])
    absent = [buyer for buyer in role if buyer not in stated]
    if absent:
        names = ", ".join(absent)
        raise QueryError(f"{by} has no {names}; it has {listed(frame, by)}")
    return role


def _require_figures(sums: DataFrame, value: str, by: str, window: Window) -> None:
    """Refuse a buyer without any figure in `window`."""
    is_empty = sums["n_stated"] == 0
    empty = sums.loc[is_empty, by]
    if len(empty):
        start, end = ends_of(window)
        buyer = empty.iloc[0]
        raise QueryError(
            f"{buyer} has no {value} from {start} to {end}: choose "
            "another window or leave the buyer out"
        )


def _shared_months(
    buyers: DataFrame, value: str, by: str, over: Sequence[str], base: Window, after: Window
) -> tuple[list[DataFrame], list[str]]:
    """Rows to compare in either window: of each buyer the months that it states in both.

    Windows that hold different months of the year have none in common: then all rows, and a caveat.
    """
    spans = [span(window) for window in (base, after)]
    months_of_base, months_of_after = (_months_of_year(ends) for ends in spans)
    if months_of_base != months_of_after:
        caveat = "the two windows hold different months of the year"
        return [buyers, buyers], [caveat]
    lengths = {stop - begin for begin, stop in spans}
    cycle = lengths.pop() if len(lengths) == 1 else 12
    is_of_years = cycle % 12 == 0 and cycle > 12
    group = groups_of(buyers, [by])
    goods = [name for name in over if name not in LABELS]
    cell = groups_of(buyers, [by, *goods])
    figures = numbers_of(buyers, value)
    has_value = figures.notna().to_numpy()
    lines = spread(buyers, cell, has_value)
    lines = lines[lines["stated"]]
    buyer_of = group[lines["row"]]
    lines = lines.assign(buyer=buyer_of)
    month = lines["month"]
    sides = []
    for begin, stop in spans:
        is_inside = month.between(begin, stop - 1)
        inside = lines[is_inside]
        first = begin if is_of_years else 0
        offset = inside["month"] - first
        side = inside.assign(place=offset % cycle)
        sides.append(side)
    cells = lines.groupby("buyer")["cell"].nunique()
    kept = _in_both(sides, cells)
    return _rows_kept(buyers, by, sides, kept)


def _months_of_year(ends: tuple[int, int]) -> set[int]:
    """The months of the year that lie between two months."""
    months = range(*ends)
    return {month % 12 for month in months}


def _in_both(sides: list[DataFrame], cells: Series) -> list[DataFrame]:
    """Lines of the places in the year that a buyer states in full on both sides.

    A block goes as a whole, and takes its other months from the other side.
    """
    while True:
        first, second = (_full_places(lines, cells) for lines in sides)
        both = first.intersection(second)
        left = []
        for lines in sides:
            places = pd.MultiIndex.from_frame(lines[["buyer", "place"]])
            is_shared = places.isin(both)
            dropped = lines.loc[~is_shared, "row"]
            is_dropped = lines["row"].isin(dropped)
            left.append(lines[~is_dropped])
        sizes = [len(lines) for lines in sides]
        sizes_left = [len(lines) for lines in left]
        if sizes_left == sizes:
            return left
        sides = left


def _full_places(lines: DataFrame, cells: Series) -> pd.MultiIndex:
    """Buyers and places in the year of which all `cells` of the buyer are stated in a month."""
    months = lines.groupby(["buyer", "month", "place"])
    count = months["cell"].nunique().reset_index()
    n_cells = count["buyer"].map(cells)
    is_full = count["cell"].eq(n_cells)
    full = count[is_full]
    return pd.MultiIndex.from_frame(full[["buyer", "place"]])


def _rows_kept(
    buyers: DataFrame, by: str, sides: list[DataFrame], kept: list[DataFrame]
) -> tuple[list[DataFrame], list[str]]:
    """The rows of `buyers` without those that only one side states, and which months are left."""
    frames = []
    caveats = []
    names = buyers[by].to_numpy()
    place = np.arange(len(buyers))
    before, since = (set(names[lines["row"]]) for lines in sides)
    in_both = before & since
    for lines, left in zip(sides, kept, strict=True):
        dropped = np.setdiff1d(lines["row"], left["row"])
        name_of = names[left["row"]]
        for buyer in dict.fromkeys(names[dropped]):
            months = left.loc[name_of == buyer, "month"]
            if months.empty and buyer in in_both:
                raise QueryError(
                    f"{buyer} states no month of the year in both windows: choose other "
                    "windows or leave the buyer out"
                )
            if months.empty:  # it has nothing in one window, which is refused by name
                is_other = names[dropped] != buyer
                dropped = dropped[is_other]
                continue
            n = months.nunique()
            which = runs(months)
            caveats.append(f"{buyer} is compared over {n} months that both windows have: {which}")
        is_dropped = np.isin(place, dropped)
        frames.append(buyers[~is_dropped])
    return frames, caveats


def _in_each(table: DataFrame, side: Series) -> Role:
    """The change of every buyer of one side, which enters each row."""
    buyers = np.flatnonzero(side)
    n = len(table)
    row = np.tile(buyers, n)
    slot = np.arange(n).repeat(len(buyers))
    return Role(table, "change", row, slot)


def displacement_over(
    frame: DataFrame,
    value: str,
    old: str | Sequence[str],
    new: str | Sequence[str],
    windows: Mapping[str, tuple[Window, Window]],
    event: str | None = None,
    by: str = "reporter_iso",
) -> DataFrame:
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

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> years = pd.to_datetime(["2021-01-01", "2023-01-01"] * 2)
    >>> crude = pd.DataFrame({"reporter_iso": ["DEU"] * 2 + ["IND"] * 2, "ref_period": years,
    ...                       "n_months": 12, "net_wgt_kg": [120.0, 0.0, 0.0, 60.0]})
    >>> windows = {"2023 on 2021": ("2021", "2023")}
    >>> over = measures.displacement_over(crude, "net_wgt_kg", "DEU", "IND", windows)
    >>> over["displacement"].tolist()
    [0.5]
    """
    inputs: dict[str, DataFrame] = {}
    for name, (base, after) in windows.items():
        try:
            inputs[name] = displacement(frame, value, old, new, base, after, by)
        except QueryError as error:
            raise QueryError(f"{name}: {error}") from error
    table = stack(inputs, "window")
    n = len(table) // len(inputs)  # buyers of each window
    row = np.arange(len(table))
    ratios = {}
    for name in ("displacement", "displacement_net"):
        ratio = Role(table, name, row[::n])
        ratios[name] = Formula("ratio", {"ratio": ratio})
    for buyer in _tuple(new):
        is_buyer = table[by].eq(buyer)
        ratio = Role(table, "part", row[is_buyer])
        ratios[f"part_{buyer}"] = Formula("ratio", {"ratio": ratio})
    is_new = table["role"].eq("new").to_numpy()
    of_new = row[is_new]
    of_old = row[~is_new]
    gain = Role(table, "change", of_new, of_new // n)
    loss = Role(table, "change", of_old, of_old // n)
    sums = {f"{value}_gain": Formula(_GAIN, {"gain": gain})}
    sums[f"{value}_loss"] = Formula(_LOSS, {"loss": loss})
    result = DataFrame({"window": list(inputs)})
    bases = [base for base, _ in windows.values()]
    afters = [after for _, after in windows.values()]
    result["base"] = [window_text(base) for base in bases]
    result["after"] = [window_text(after) for after in afters]
    result["placebo"] = [_ends_before(after, event) for after in afters]
    result = computed(result, sums | ratios)
    result["complete"] = [part["complete"].all() for part in inputs.values()]
    return with_lineage(result, frame, table, formulas=ratios | sums)


def _ends_before(window: Window, event: str | None) -> bool:
    """Whether a window is over when an event comes."""
    if event is None:
        return False
    _, stop = span(window)
    begin, _ = span(event)
    return stop <= begin


def _tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str):
        return (names,)
    return tuple(names)
