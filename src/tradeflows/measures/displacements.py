"""What old buyers gave up and new buyers took."""

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
from tradeflows.measures.zeros import with_zeros
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
    buyers = frame[frame[by].isin(list(role))]
    require_disjoint(buyers, by)
    over = [name for name in ("cmd_code", "classification_code") if name in frame and name != by]
    for _, rows in buyers.groupby(by):
        # Buyers may hold a product at different levels, each of them at one.
        require_single_value(rows, over[:1])
    shared, notes = _shared_months(buyers, value, by, over, base, after)
    result, formulas, missing = _means(role, shared, (base, after), value, by, over)
    is_new = result["role"].eq("new")
    table = with_lineage(result.copy(), formulas=formulas)
    ratios = _ratios(table, is_new)
    for name, formula in ratios.items():
        result[name] = formula.numbers(len(result))
    result["part"] = result["part"].where(is_new)
    change_of_old = result.loc[~is_new, "change"].sum()
    if change_of_old >= 0:  # the old buyers together lost nothing
        result["displacement_net"] = np.nan
    result["missing"] = missing
    result["complete"] = result["missing"].eq("")
    before, since = window_text(base), window_text(after)
    caveats = [f"{value} as means of the months with a figure, {before} and {since}", *notes]
    for buyer, months in zip(result[by], missing, strict=True):
        if months:
            caveats.append(f"{buyer} lacks {months}")
    order = [by, "role", f"{value}_base", "months_base", f"{value}_after", "months_after"]
    order += ["change", "part", "displacement", "displacement_net", "missing", "complete"]
    return with_lineage(result[order], frame, caveats=caveats, formulas=ratios | formulas)


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
        at = pd.Index(sums[by]).get_indexer(result[by])
        names[name] = Role(sums, value, at)
        of_buyer = sums.iloc[at]
        _require_figures(of_buyer, value, by, window)
        names[count] = of_buyer["n_stated"].to_numpy()
        result[f"months_{name}"] = names[count]
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
    gain, loss = _in_each(table, is_new), _in_each(table, ~is_new)
    sides = {"change": Role(table, "change"), "gain": gain, "loss": loss}
    ratios = {"displacement": Formula(f"{_GAIN} / {_LOSS}", sides)}
    ratios["displacement_net"] = Formula("gain / -loss", sides)
    ratios["part"] = Formula(f"max(0, change) / {_LOSS}", sides)
    return ratios


def _roles(
    frame: DataFrame, by: str, old: str | Sequence[str], new: str | Sequence[str]
) -> dict[str, str]:
    """Each buyer and whether it is old or new, if `frame` has them all."""
    role = dict.fromkeys(_tuple(old), "old")
    role |= dict.fromkeys(_tuple(new), "new")
    named = _tuple(old) + _tuple(new)
    if len(role) < len(named):
        raise QueryError(f"a buyer is named twice among {', '.join(named)}")
    absent = [buyer for buyer in role if buyer not in set(frame[by])]
    if absent:
        raise QueryError(f"{by} has no {', '.join(absent)}; it has {listed(frame, by)}")
    return role


def _require_figures(sums: DataFrame, value: str, by: str, window: Window) -> None:
    """Refuse a buyer without any figure in `window`."""
    empty = sums.loc[sums["n_stated"] == 0, by]
    if len(empty):
        start, end = ends_of(window)
        raise QueryError(
            f"{empty.iloc[0]} has no {value} from {start} to {end}: choose "
            "another window or leave the buyer out"
        )


def _shared_months(
    buyers: DataFrame, value: str, by: str, over: Sequence[str], base: Window, after: Window
) -> tuple[list[DataFrame], list[str]]:
    """Rows to compare in either window: of each buyer the months that it states in both.

    Windows that hold different months of the year have none in common: then all rows, and a caveat.
    """
    spans = [span(window) for window in (base, after)]
    places = [{month % 12 for month in range(*ends)} for ends in spans]
    if places[0] != places[1]:
        return [buyers, buyers], ["the two windows hold different months of the year"]
    lengths = {stop - begin for begin, stop in spans}
    cycle = lengths.pop() if len(lengths) == 1 else 12
    group = groups_of(buyers, [by])
    goods = [name for name in over if name not in LABELS]
    cell = groups_of(buyers, [by, *goods])
    has_value = numbers_of(buyers, value).notna().to_numpy()
    lines = spread(buyers, cell, has_value)
    lines = lines[lines["stated"]]
    lines = lines.assign(buyer=group[lines["row"]])
    sides = []
    for begin, stop in spans:
        inside = lines[lines["month"].between(begin, stop - 1)]
        first = begin if cycle % 12 == 0 and cycle > 12 else 0
        sides.append(inside.assign(place=(inside["month"] - first) % cycle))
    cells = lines.groupby("buyer")["cell"].nunique()
    kept = _in_both(sides, cells)
    return _rows_kept(buyers, by, sides, kept)


def _in_both(sides: list[DataFrame], cells: Series) -> list[DataFrame]:
    """Lines of the places in the year that a buyer states in full on both sides.

    A block goes as a whole, and takes its other months from the other side.
    """
    while True:
        stated = []
        for lines in sides:
            count = lines.groupby(["buyer", "month", "place"])["cell"].nunique().reset_index()
            full = count[count["cell"].eq(count["buyer"].map(cells))]
            stated.append(pd.MultiIndex.from_frame(full[["buyer", "place"]]))
        both = stated[0].intersection(stated[1])
        left = []
        for lines in sides:
            shared = pd.MultiIndex.from_frame(lines[["buyer", "place"]]).isin(both)
            left.append(lines[~lines["row"].isin(lines.loc[~shared, "row"])])
        if all(len(now) == len(then) for now, then in zip(left, sides, strict=True)):
            return left
        sides = left


def _rows_kept(
    buyers: DataFrame, by: str, sides: list[DataFrame], kept: list[DataFrame]
) -> tuple[list[DataFrame], list[str]]:
    """The rows of `buyers` without those that only one side states, and which months are left."""
    frames, caveats = [], []
    names = buyers[by].to_numpy()
    stated = [set(names[lines["row"]]) for lines in sides]
    for lines, left in zip(sides, kept, strict=True):
        dropped = np.setdiff1d(lines["row"], left["row"])
        for buyer in dict.fromkeys(names[dropped]):
            months = left.loc[names[left["row"]] == buyer, "month"]
            if months.empty and all(buyer in some for some in stated):
                raise QueryError(
                    f"{buyer} states no month of the year in both windows: choose other "
                    "windows or leave the buyer out"
                )
            if months.empty:  # it has nothing in one window, which is refused by name
                dropped = dropped[names[dropped] != buyer]
                continue
            n, which = months.nunique(), runs(months)
            caveats.append(f"{buyer} is compared over {n} months that both windows have: {which}")
        frames.append(buyers[~np.isin(np.arange(len(buyers)), dropped)])
    return frames, caveats


def _in_each(table: DataFrame, side: Series) -> Role:
    """The change of every buyer of one side, which enters each row."""
    buyers = np.flatnonzero(side)
    n = len(table)
    return Role(table, "change", np.tile(buyers, n), np.arange(n).repeat(len(buyers)))


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
    of_new, of_old = row[is_new], row[~is_new]
    gain = Role(table, "change", of_new, of_new // n)
    loss = Role(table, "change", of_old, of_old // n)
    sums = {f"{value}_gain": Formula(_GAIN, {"gain": gain})}
    sums[f"{value}_loss"] = Formula(_LOSS, {"loss": loss})
    result = DataFrame({"window": list(inputs)})
    pairs = list(windows.values())
    result["base"] = [window_text(base) for base, _ in pairs]
    result["after"] = [window_text(after) for _, after in pairs]
    result["placebo"] = [_ends_before(after, event) for _, after in pairs]
    result = computed(result, sums | ratios)
    result["complete"] = [part["complete"].all() for part in inputs.values()]
    return with_lineage(result, frame, table, formulas=ratios | sums)


def _ends_before(window: Window, event: str | None) -> bool:
    """Whether a window is over when an event comes."""
    return event is not None and span(window)[1] <= span(event)[0]


def _tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
