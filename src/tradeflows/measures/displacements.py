"""What old buyers no longer received and new buyers took."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pandas import DataFrame

from tradeflows.measures.common import (
    Columns,
    computed,
    formulas_of,
    groups_of,
    have_figures,
    listed,
    names_of,
    places_in,
    prepared,
    require_disjoint,
    require_single_value,
    shared_months,
    spread,
    with_lineage,
)
from tradeflows.measures.sums import stack, total
from tradeflows.model.codes import name_or_code
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import Window, ends_of, months_of, runs, span, window_text

_GAIN = "sum([max(0, c) for c in gain])"
_LOSS = "sum([max(0, -c) for c in loss])"


def displacement(
    frame: DataFrame,
    value: str,
    old: str | Columns,
    new: str | Columns,
    base: Window,
    after: Window,
    by: str = "reporter_iso",
) -> DataFrame:
    """Divide new buyers' gain, ``Σ max(0, q1 - q0)``, by old buyers' loss, ``Σ max(0, q0 - q1)``.

    Above 1, more was gained than lost. The net form lets a new buyer's fall count against the
    others' gain: ``Σ_new (q1 - q0) / Σ_old (q0 - q1)``.

    Buyers are codes of the column `by`; q0 and q1 are means over the months of either window that
    have a figure, so that windows of different length compare. Where both hold the same months of
    the year, those that a buyer states in one window alone are left out for that buyer.

    Returns
    -------
    DataFrame, one row a buyer
        `by`, ``role``, ``<value>_base`` and ``<value>_after`` (a month), ``change``, ``part``
        (the new buyer's part of the ratio), ``displacement`` and ``displacement_net`` (the same
        in all rows; null where nothing was lost), ``months_base``, ``months_after``,
        ``complete`` and ``missing``, the months without a figure.

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
    prepared(frame, value, by)
    named = [*names_of(old), *names_of(new)]
    role = dict.fromkeys(named, "new") | dict.fromkeys(names_of(old), "old")
    if len(role) < len(named):
        raise QueryError(f"a buyer is named twice among {', '.join(map(name_or_code, named))}")
    absent = {*named} - {*frame[by]}
    if absent:
        raise QueryError(f"{by} has no {', '.join(sorted(absent))}; it has {listed(frame, by)}")
    is_buyer = frame[by].isin(named).to_numpy()
    buyers = frame[is_buyer]
    result = DataFrame({by: named, "role": role.values()})
    windows = (base, after)
    sides, notes = _rows_to_compare(buyers, value, by, windows)
    over = [name for name in ("cmd_code", "classification_code") if name in frame and name != by]
    names: dict[str, Any] = {}
    for name, n, window, rows in zip(("base", "after"), "mn", windows, sides, strict=True):
        start, end = ends_of(window)
        sums = total(rows, value, [by], over, start, end)
        at = places_in(sums, result, [by])
        months = sums["n_stated"].to_numpy()[at]
        if not months.all():
            raise QueryError(
                f"{name_or_code(named[months.argmin()])} has no {value} from {start} to {end}: "
                "choose another window or leave the buyer out"
            )
        names |= {name: Role(sums, value, at), n: months}
        result[f"months_{name}"] = months
    result["missing"] = _not_stated(buyers, value, by, named, windows)
    result["complete"] = result["missing"].eq("")
    means = {f"{value}_base": "base / m", f"{value}_after": "after / n"}
    formulas = formulas_of(names, **means, change="after / n - base / m")
    table = with_lineage(computed(result, formulas), formulas=formulas)
    names = {"change": Role(table, "change")}
    is_new = table["role"].eq("new")
    for name, side in (("gain", is_new), ("loss", ~is_new)):  # its buyers enter each row
        slot, row = np.argwhere(np.tile(side, (len(table), 1))).T
        names[name] = Role(table, "change", row, slot)
    ratios = formulas_of(
        names,
        displacement=f"{_GAIN} / {_LOSS}",
        displacement_net="gain / -loss",
        part=f"max(0, change) / {_LOSS}",
    )
    result = computed(table, ratios)
    result["part"] = result["part"].where(is_new)
    if result.loc[~is_new, "change"].sum() >= 0:  # the old buyers together lost nothing
        result["displacement_net"] = np.nan
    text = f"{value} as means of the months with a figure"
    caveats = [f"{text}, {window_text(base)} and {window_text(after)}", *notes]
    lacking = result.loc[~result["complete"], [by, "missing"]]
    caveats += [f"{buyer} lacks {months}" for buyer, months in lacking.to_numpy()]
    order = [by, "role", f"{value}_base", "months_base", f"{value}_after", "months_after"]
    order += ["change", "part", "displacement", "displacement_net", "missing", "complete"]
    return with_lineage(result[order], frame, caveats=caveats, formulas=ratios | formulas)


def _not_stated(
    buyers: DataFrame, value: str, by: str, named: Columns, windows: Sequence[Window]
) -> list[str]:
    """The months of either window of which each buyer has no figure."""
    stated = buyers[have_figures(buyers, value)]
    row, month = months_of(stated)
    months = {buyer: {*month[stated[by].eq(buyer).to_numpy()[row]].tolist()} for buyer in named}
    lacking = [[sorted({*range(*span(w))} - months[b]) for w in windows] for b in named]
    return [", ".join(runs(some) for some in pair if some) for pair in lacking]


def _rows_to_compare(
    buyers: DataFrame, value: str, by: str, windows: Sequence[Window]
) -> tuple[list[DataFrame], list[str]]:
    """Rows to compare in either window, by buyer the months that it states in both; and caveats."""
    require_disjoint(buyers, by)
    for _, rows in buyers.groupby(by):
        # Buyers may hold a product at different levels, each of them at one.
        require_single_value(rows, {"cmd_code"} - {by})
    spans = [range(*span(window)) for window in windows]
    first, second = ({month % 12 for month in months} for months in spans)
    if first != second:
        return [buyers, buyers], ["the two windows hold different months of the year"]
    lines = spread(buyers, groups_of(buyers, [by]), have_figures(buyers, value))
    lines = shared_months(lines, spans)
    lines["buyer"] = buyers[by].to_numpy()[lines["row"]]
    # Who has nothing in one window is refused by name.
    lines = lines[lines.groupby("buyer")["side"].transform("nunique").eq(2)]
    frames, caveats = [], []
    for number in range(2):
        side = lines[lines["side"].eq(number)]
        dropped = side[~side["is_shared"]]
        for buyer in dropped["buyer"].unique():
            months = side.loc[side["buyer"].eq(buyer) & side["is_shared"], "month"]
            if months.empty:
                raise QueryError(
                    f"{name_or_code(buyer)} states no month of the year in both windows: choose "
                    "other windows or leave the buyer out"
                )
            over_months = f"{months.nunique()} months that both windows have: {runs(months)}"
            caveats.append(f"{buyer} is compared over {over_months}")
        frames.append(buyers[~np.isin(np.arange(len(buyers)), dropped["row"])])
    return frames, caveats


def displacement_over(
    frame: DataFrame,
    value: str,
    old: str | Columns,
    new: str | Columns,
    windows: Mapping[str, tuple[Window, Window]],
    event: str | None = None,
    by: str = "reporter_iso",
) -> DataFrame:
    """Apply :func:`displacement` to several windows: a range instead of one number.

    `windows` has a base and an after window by the name of the comparison; one that ends before
    the month of the `event` is a placebo.

    Returns
    -------
    DataFrame, one row a comparison
        ``window``, ``base``, ``after``, ``placebo``, ``<value>_gain`` and ``<value>_loss`` (a
        month), ``displacement``, ``displacement_net``, ``part_<buyer>`` of each new buyer,
        ``months`` (the fewest that a mean is of) and ``complete``.

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
    inputs = {}
    for name, (base, after) in windows.items():
        try:
            inputs[name] = displacement(frame, value, old, new, base, after, by)
        except QueryError as error:
            raise QueryError(f"{name}: {error}") from error
    table = stack(inputs, "window")
    row = np.arange(len(table)).reshape(len(inputs), -1)
    window = np.arange(len(inputs)).repeat(row.shape[1])
    is_new = table["role"].eq("new")
    formulas = {}
    for name in ("displacement", "displacement_net"):
        formulas[name] = Formula("ratio", {"ratio": Role(table, name, row[:, 0])})
    for buyer in names_of(new):
        part = Role(table, "part", np.flatnonzero(table[by].eq(buyer)))
        formulas[f"part_{buyer}"] = Formula("ratio", {"ratio": part})
    sums = {}
    for name, text, side in (("gain", _GAIN, is_new), ("loss", _LOSS, ~is_new)):
        change = Role(table, "change", np.flatnonzero(side), window[side])
        sums[f"{value}_{name}"] = Formula(text, {name: change})
    result = DataFrame({"window": [*inputs]})
    bases, afters = zip(*windows.values(), strict=True)
    result["base"] = [*map(window_text, bases)]
    result["after"] = [*map(window_text, afters)]
    before = 0 if event is None else span(event)[0]
    result["placebo"] = [span(after)[1] <= before for after in afters]
    result = computed(result, sums | formulas)
    result["months"] = table[["months_base", "months_after"]].min(axis=1).groupby(window).min()
    result["complete"] = table["complete"].groupby(window).all()
    return with_lineage(result, frame, table, formulas=formulas | sums)
