"""What old buyers no longer received and new buyers took."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from tradeflows.measures.common import (
    computed,
    formulas_of,
    groups_of,
    listed,
    names_of,
    numbers_of,
    prepared,
    require_disjoint,
    require_single_value,
    shared_months,
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
    frame = prepared(with_zeros(frame, value), value, by)
    role = _roles(frame, by, old, new)
    is_buyer = frame[by].isin(list(role)).to_numpy()
    buyers = frame[is_buyer]
    require_disjoint(buyers, by)
    goods = ("cmd_code", "classification_code")
    over = [name for name in goods if name in frame and name != by]
    for _, rows in buyers.groupby(by):
        # Buyers may hold a product at different levels, each of them at one.
        require_single_value(rows, over[:1])
    shared, notes = _rows_to_compare(buyers, value, by, (base, after))
    result, formulas, missing = _means(role, shared, (base, after), value, by, over)
    table = with_lineage(result.copy(), formulas=formulas)
    is_new = result["role"].eq("new").to_numpy()
    n = len(table)
    names = {"change": Role(table, "change")}
    for name, side in (("gain", is_new), ("loss", ~is_new)):  # its buyers enter each row
        row = np.flatnonzero(side)
        names[name] = Role(table, "change", np.tile(row, n), np.arange(n).repeat(len(row)))
    texts = {"displacement": f"{_GAIN} / {_LOSS}", "displacement_net": "gain / -loss"}
    ratios = formulas_of(names, texts | {"part": f"max(0, change) / {_LOSS}"})
    result = computed(result, ratios)
    result["part"] = result["part"].where(is_new)
    if result.loc[~is_new, "change"].sum() >= 0:  # the old buyers together lost nothing
        result["displacement_net"] = np.nan
    result["missing"] = missing
    result["complete"] = result["missing"].eq("")
    windows = f"{window_text(base)} and {window_text(after)}"
    caveats = [f"{value} as means of the months with a figure, {windows}", *notes]
    for buyer, months in zip(role, missing, strict=True):
        if months:
            caveats.append(f"{buyer} lacks {months}")
    order = [by, "role", f"{value}_base", "months_base", f"{value}_after", "months_after"]
    order += ["change", "part", "displacement", "displacement_net", "missing", "complete"]
    used = with_used_zeros(frame, is_buyer & in_windows(frame, base, after))
    return with_lineage(result[order], used, caveats=caveats, formulas=ratios | formulas)


def _roles(
    frame: DataFrame, by: str, old: str | Sequence[str], new: str | Sequence[str]
) -> dict[str, str]:
    """Each buyer and whether it is old or new, if `frame` has them all."""
    role = dict.fromkeys(names_of(old), "old") | dict.fromkeys(names_of(new), "new")
    named = names_of(old) + names_of(new)
    if len(role) < len(named):
        raise QueryError(f"a buyer is named twice among {', '.join(named)}")
    stated = set(frame[by])
    absent = [buyer for buyer in role if buyer not in stated]
    if absent:
        raise QueryError(f"{by} has no {', '.join(absent)}; it has {listed(frame, by)}")
    return role


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
        start, end = ends_of(window)
        sums = total(rows, value, [by], over, start, end)
        at = pd.Index(sums[by]).get_indexer(result[by])
        of_buyer = sums.iloc[at]
        n_stated = of_buyer["n_stated"].to_numpy()
        if not n_stated.all():
            raise QueryError(
                f"{of_buyer[by].iloc[n_stated.argmin()]} has no {value} from {start} to {end}: "
                "choose another window or leave the buyer out"
            )
        names[name] = Role(sums, value, at)
        names[count] = n_stated
        result[f"months_{name}"] = n_stated
        texts = zip(missing, of_buyer["missing"], strict=True)
        missing = [", ".join(filter(None, pair)) for pair in texts]
    means = {f"{value}_base": "base / m", f"{value}_after": "after / n"}
    formulas = formulas_of(names, means | {"change": "after / n - base / m"})
    return computed(result, formulas), formulas, missing


def _rows_to_compare(
    buyers: DataFrame, value: str, by: str, windows: tuple[Window, Window]
) -> tuple[list[DataFrame], list[str]]:
    """Rows to compare in either window: of each buyer the months that it states in both.

    Windows that hold different months of the year have none in common: then all rows, and a caveat.
    """
    spans = [span(window) for window in windows]
    first, second = ({month % 12 for month in range(*ends)} for ends in spans)
    if first != second:
        return [buyers, buyers], ["the two windows hold different months of the year"]
    has_value = numbers_of(buyers, value).notna().to_numpy()
    lines = spread(buyers, groups_of(buyers, [by]), has_value)
    sides = _sides(lines[lines["stated"]], spans)
    frames = []
    caveats = []
    names = buyers[by].to_numpy()
    before, since = (set(names[side["row"]]) for side in sides)
    for side, kept in zip(sides, shared_months(sides), strict=True):
        dropped = np.setdiff1d(side["row"], kept["row"])
        for buyer in dict.fromkeys(names[dropped]):
            months = kept.loc[names[kept["row"]] == buyer, "month"]
            if len(months):
                over_months = f"{months.nunique()} months that both windows have: {runs(months)}"
                caveats.append(f"{buyer} is compared over {over_months}")
            elif buyer in before & since:
                raise QueryError(
                    f"{buyer} states no month of the year in both windows: choose other "
                    "windows or leave the buyer out"
                )
            else:  # it has nothing in one window, which is refused by name
                dropped = dropped[names[dropped] != buyer]
        frames.append(buyers[~np.isin(np.arange(len(buyers)), dropped)])
    return frames, caveats


def _sides(lines: DataFrame, spans: Sequence[tuple[int, int]]) -> list[DataFrame]:
    """The lines in each window, with the place of their month in it that the other has too."""
    lengths = {stop - begin for begin, stop in spans}
    cycle = lengths.pop() if len(lengths) == 1 else 12
    # Windows of five months lie twelve apart, so their months have no place in a cycle of five.
    is_from_start = cycle > 12 or 12 % cycle != 0
    sides = []
    for begin, stop in spans:
        side = lines[lines["month"].between(begin, stop - 1)]
        place = (side["month"] - (begin if is_from_start else 0)) % cycle
        sides.append(side.assign(place=place + cycle * side["cell"]))
    return sides


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
    row = np.arange(len(table))
    window = row // (len(table) // len(inputs))
    heads = np.unique(window, return_index=True)[1]
    picked = {name: (name, heads) for name in ("displacement", "displacement_net")}
    for buyer in names_of(new):
        picked[f"part_{buyer}"] = ("part", row[table[by].eq(buyer)])
    ratios = {
        name: Formula("ratio", {"ratio": Role(table, column, some)})
        for name, (column, some) in picked.items()
    }
    is_new = table["role"].eq("new").to_numpy()
    gain = Role(table, "change", row[is_new], window[is_new])
    loss = Role(table, "change", row[~is_new], window[~is_new])
    sums = {f"{value}_gain": Formula(_GAIN, {"gain": gain})}
    sums[f"{value}_loss"] = Formula(_LOSS, {"loss": loss})
    bases, afters = zip(*windows.values(), strict=True)
    before = 0 if event is None else span(event)[0]
    result = DataFrame({"window": list(inputs)})
    result["base"] = [window_text(base) for base in bases]
    result["after"] = [window_text(after) for after in afters]
    result["placebo"] = [span(after)[1] <= before for after in afters]
    result = computed(result, sums | ratios)
    result["complete"] = [part["complete"].all() for part in inputs.values()]
    return with_lineage(result, frame, table, formulas=ratios | sums)
