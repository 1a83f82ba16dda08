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
from tradeflows.measures.zeros import in_windows, with_used_zeros
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import Window, ends_of, runs, span, window_text

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
    frame = prepared(frame, value, by, zeros=True)
    named = [*names_of(old), *names_of(new)]
    role = dict.fromkeys(named, "new") | dict.fromkeys(names_of(old), "old")
    if len(role) < len(named):
        raise QueryError(f"a buyer is named twice among {', '.join(named)}")
    absent = {*named} - {*frame[by]}
    if absent:
        raise QueryError(f"{by} has no {', '.join(sorted(absent))}; it has {listed(frame, by)}")
    is_buyer = frame[by].isin(named).to_numpy()
    buyers = frame[is_buyer]
    require_disjoint(buyers, by)
    goods = ("cmd_code", "classification_code")
    over = [name for name in goods if name in frame and name != by]
    for _, rows in buyers.groupby(by):
        # Buyers may hold a product at different levels, each of them at one.
        require_single_value(rows, over[:1])
    shared, notes = _rows_to_compare(buyers, value, by, (base, after))
    result = DataFrame({by: named, "role": role.values()})
    means, result["missing"] = _means(result, shared, (base, after), value, by, over)
    result = computed(result, means)
    table = with_lineage(result.copy(), formulas=means)
    is_new = result["role"].eq("new")
    names = {"change": Role(table, "change")}
    for name, side in (("gain", is_new), ("loss", ~is_new)):  # its buyers enter each row
        pairs = np.argwhere(np.tile(side, (len(table), 1)))
        names[name] = Role(table, "change", pairs[:, 1], pairs[:, 0])
    ratios = formulas_of(
        names,
        displacement=f"{_GAIN} / {_LOSS}",
        displacement_net="gain / -loss",
        part=f"max(0, change) / {_LOSS}",
    )
    result = computed(result, ratios)
    result["part"] = result["part"].where(is_new)
    if result.loc[~is_new, "change"].sum() >= 0:  # the old buyers together lost nothing
        result["displacement_net"] = np.nan
    result["complete"] = result["missing"].eq("")
    windows = f"{window_text(base)} and {window_text(after)}"
    lacking = result.loc[~result["complete"], [by, "missing"]]
    caveats = [f"{value} as means of the months with a figure, {windows}", *notes]
    caveats += [f"{buyer} lacks {months}" for buyer, months in lacking.to_numpy()]
    order = [by, "role", f"{value}_base", "months_base", f"{value}_after", "months_after"]
    order += ["change", "part", "displacement", "displacement_net", "missing", "complete"]
    used = with_used_zeros(frame, is_buyer & in_windows(frame, base, after))
    return with_lineage(result[order], used, caveats=caveats, formulas=ratios | means)


def _means(
    result: DataFrame,
    shared: Sequence[DataFrame],
    windows: Sequence[Window],
    value: str,
    by: str,
    over: Columns,
) -> tuple[dict[str, Formula], list[str]]:
    """The formulas of each buyer's means, whose months `result` gets, and the months it lacks."""
    missing = []
    names: dict[str, Any] = {}
    for name, window, rows, count in zip(("base", "after"), windows, shared, "mn", strict=True):
        start, end = ends_of(window)
        sums = total(rows, value, [by], over, start, end)
        at = places_in(sums, result, [by])
        n_stated = sums["n_stated"].to_numpy()[at]
        if not n_stated.all():
            raise QueryError(
                f"{result[by][n_stated.argmin()]} has no {value} from {start} to {end}: "
                "choose another window or leave the buyer out"
            )
        names |= {name: Role(sums, value, at), count: n_stated}
        result[f"months_{name}"] = n_stated
        missing.append(sums["missing"].iloc[at])
    means = {f"{value}_base": "base / m", f"{value}_after": "after / n"}
    formulas = formulas_of(names, **means, change="after / n - base / m")
    return formulas, [", ".join(filter(None, pair)) for pair in zip(*missing, strict=True)]


def _rows_to_compare(
    buyers: DataFrame, value: str, by: str, windows: Sequence[Window]
) -> tuple[list[DataFrame], list[str]]:
    """Rows to compare in either window: of each buyer the months that it states in both.

    Windows that hold different months of the year have none in common: then all rows, and a caveat.
    """
    spans = [range(*span(window)) for window in windows]
    first, second = ({month % 12 for month in months} for months in spans)
    if first != second:
        return [buyers, buyers], ["the two windows hold different months of the year"]
    lines = spread(buyers, groups_of(buyers, [by]), have_figures(buyers, value))
    # Long windows go month by month from their first, others by the month of the year.
    is_long = len(spans[0]) == len(spans[1]) > 12
    sides = []
    for months in spans:
        side = lines[lines["stated"] & lines["month"].isin(months)]
        place = side["month"] - months[0] if is_long else side["month"] % 12
        sides.append(side.assign(place=place))
    frames, caveats = [], []
    names = buyers[by].to_numpy()
    before, since = (set(names[side["row"]]) for side in sides)
    for side, kept in zip(sides, shared_months(sides), strict=True):
        dropped = np.setdiff1d(side["row"], kept["row"])
        # Who has nothing in one window is refused by name.
        dropped = dropped[np.isin(names[dropped], [*(before & since)])]
        for buyer in dict.fromkeys(names[dropped]):
            months = kept.loc[names[kept["row"]] == buyer, "month"]
            if months.empty:
                raise QueryError(
                    f"{buyer} states no month of the year in both windows: choose other "
                    "windows or leave the buyer out"
                )
            over_months = f"{months.nunique()} months that both windows have: {runs(months)}"
            caveats.append(f"{buyer} is compared over {over_months}")
        frames.append(buyers.iloc[np.setdiff1d(np.arange(len(buyers)), dropped)])
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
    row = np.arange(len(table))
    window = row // (len(table) // len(inputs))
    heads = row[:: len(table) // len(inputs)]
    picked = {name: Role(table, name, heads) for name in ("displacement", "displacement_net")}
    for buyer in names_of(new):
        picked[f"part_{buyer}"] = Role(table, "part", row[table[by].eq(buyer)])
    ratios = {name: Formula("ratio", {"ratio": role}) for name, role in picked.items()}
    is_new = table["role"].eq("new")
    gain, loss = (Role(table, "change", row[side], window[side]) for side in (is_new, ~is_new))
    sums = {
        f"{value}_gain": Formula(_GAIN, {"gain": gain}),
        f"{value}_loss": Formula(_LOSS, {"loss": loss}),
    }
    bases, afters = zip(*windows.values(), strict=True)
    before = 0 if event is None else span(event)[0]
    columns = {
        "window": list(inputs),
        "base": map(window_text, bases),
        "after": map(window_text, afters),
        "placebo": [span(after)[1] <= before for after in afters],
    }
    result = computed(DataFrame(columns), sums | ratios)
    result["complete"] = [part["complete"].all() for part in inputs.values()]
    return with_lineage(result, frame, table, formulas=ratios | sums)
