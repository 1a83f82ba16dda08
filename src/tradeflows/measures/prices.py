"""Prices at the border: value over weight, and what of a change in value is price."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    UNIT_IN,
    UNIT_OF,
    UNITS,
    computed,
    figures_of,
    groups_of,
    numbers_of,
    require_columns,
    require_single_value,
    unique,
    unit_of,
    with_lineage,
)
from tradeflows.measures.scaling import BARRELS_PER_TONNE
from tradeflows.measures.sums import total
from tradeflows.measures.zeros import in_windows, with_used_zeros, with_zeros
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import Window, ends_of, span, window_text

OUTLIER = 3.5  # modified z-score of Iglewicz and Hoaglin (1993)
_PRICES = {  # index of prices from the values a, b and the quantities p, q of each good
    "fisher": "(sum([b / q * p for b, p, q in zip(v1, q0, q1)]) / v0 * v1"
    " / sum([a / p * q for a, p, q in zip(v0, q0, q1)])) ** 0.5",
    "tornqvist": "exp(sum([(a / v0 + b / v1) / 2 * log(b / q / (a / p))"
    " for a, b, p, q in zip(v0, v1, q0, q1)]))",
}


def unit_value(
    frame: DataFrame,
    value: str = "primary_value_usd",
    weight: str = "net_wgt_kg",
    barrels_per_tonne: float = BARRELS_PER_TONNE,
    by: Sequence[str] = (),
) -> DataFrame:
    """Value over weight, per tonne and per barrel.

    Parameters
    ----------
    by
        Columns within which a unit value is judged an outlier.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``unit_value_per_tonne`` and ``unit_value_per_barrel`` (in the value's currency, which
        ``unit_value_in`` names if it is known; null where the weight is null, 0 or flagged
        estimated) and ``outlier``: further than 3.5 scaled median absolute deviations from the
        median.

    Raises
    ------
    QueryError
        `value` is in several currencies or valuations, or `weight` in another unit than kilograms.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> may = {"ref_period": pd.to_datetime(["2023-05-01"]), "n_months": 1}
    >>> bought = pd.DataFrame({**may, "primary_value_usd": 500_000.0, "net_wgt_kg": 1e6})
    >>> measures.unit_value(bought)["unit_value_per_tonne"].item()
    500.0
    """
    require_columns(frame, value, weight, *by)
    unit = unit_of(frame, weight)
    if unit not in ("kg", ""):
        raise QueryError(
            f"{weight} is in {unit}, and a unit value a tonne is of kilograms: give the net weight"
        )
    figures = numbers_of(frame, value)
    units = [column for column in UNITS.get(value, ()) if column in frame and column not in by]
    stated = frame.loc[figures.notna(), units]
    require_single_value(stated, units)
    weights = _weight(frame, weight)
    kilograms = Role(frame, weight, values=weights.to_numpy())
    names = {"value": figures_of(frame, value), "weight": kilograms}
    per_tonne = "value / (weight / 1000)"
    per_barrel = f"{per_tonne} / {barrels_per_tonne!r}"
    formulas = {"unit_value_per_tonne": Formula(per_tonne, names)}
    formulas["unit_value_per_barrel"] = Formula(per_barrel, names)
    result = computed(frame, formulas)
    group = groups_of(frame, by)
    result["outlier"] = _is_outlier(result["unit_value_per_tonne"], group)
    column_of_unit = UNIT_IN.get(value, "unit")
    currency = UNIT_OF.get(value, frame.get(column_of_unit))
    if currency is not None:
        result = result.assign(unit_value_in=currency)
    caveats = [f"{barrels_per_tonne:g} barrels a tonne"]
    return with_lineage(result, frame, caveats=caveats, kept=[Role(frame)], formulas=formulas)


def _is_outlier(price: Series, groups: np.ndarray) -> Series:
    """Whether each price is too far from the median of its group, in scaled median deviations."""
    middle = price.groupby(groups).transform("median")
    away = (price - middle).abs()
    deviation = away.groupby(groups).transform("median")
    spread = deviation / 0.6745  # 0.6745 for a standard normal
    is_far = away.gt(OUTLIER * spread)
    # Rounding in the last bits is no deviation where most unit values are the same.
    rounding = 1e-9 * middle.abs()
    return is_far & away.gt(rounding)


def price_quantity(
    frame: DataFrame,
    value: str,
    quantity: str,
    base: Window,
    after: Window,
    good: str = "cmd_code",
    index: str = "fisher",
) -> DataFrame:
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

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> years = pd.to_datetime(["2021-01-01", "2022-01-01"])
    >>> crude = pd.DataFrame({"cmd_code": "2709", "ref_period": years, "n_months": 12,
    ...                       "primary_value_usd": [100.0, 300.0], "net_wgt_kg": [10.0, 15.0]})
    >>> split = measures.price_quantity(crude, "primary_value_usd", "net_wgt_kg", "2021", "2022")
    >>> split[["effect", "index"]]
         effect  index
    0     price    2.0
    1  quantity    1.5
    """
    if index not in _PRICES:
        raise QueryError(f"no index {index!r}: choose fisher or tornqvist")
    begin, stop = span(base)
    begin_after, stop_after = span(after)
    if stop - begin != stop_after - begin_after:
        raise QueryError(
            f"{window_text(base)} and {window_text(after)} differ in length: choose equal windows"
        )
    frame = with_zeros(frame, value, quantity)
    require_columns(frame, value, quantity, good)
    sides = _sides(frame, value, quantity, good, (base, after))
    columns = {}
    for name, (sums, column) in sides.items():
        columns[name] = numbers_of(sums.set_index(good), column)
    table = DataFrame(columns)
    is_split = table.gt(0).all(axis="columns")
    split = table.index[is_split]
    apart = table.index[~is_split]
    rows = [("unsplit", name) for name in apart]
    texts = [("v1 - v0", "0")] * len(rows)
    # Every good of the split enters both of its rows, and each of the others one row.
    n_goods = [1] * len(apart)
    if len(split):
        rows = [("price", ""), ("quantity", ""), *rows]
        texts = [*_texts(table[is_split], index), *texts]
        n_goods = [len(split), len(split), *n_goods]
    goods = [*split, *split, *apart]
    slot = np.arange(len(rows)).repeat(n_goods)
    names = {}
    for name, (sums, column) in sides.items():
        places = pd.Index(sums[good])
        at = places.get_indexer(goods)
        names[name] = Role(sums, column, at, slot)
    changes, indices = zip(*texts, strict=True)
    formulas = {"change": Formula(changes, names), "index": Formula(indices, names)}
    heads = DataFrame(rows, columns=["effect", good])
    result = computed(heads, formulas)
    is_unsplit = result["effect"].eq("unsplit")
    result.loc[is_unsplit, "index"] = np.nan
    before = window_text(base)
    since = window_text(after)
    caveats = [f"change of {value} from {before} to {since}, {index.capitalize()} index"]
    if len(apart):
        listed = ", ".join(map(str, apart))
        caveats.append(f"not split for want of {quantity}: {listed}")
    used = with_used_zeros(frame, in_windows(frame, base, after))
    return with_lineage(result, used, caveats=caveats, formulas=formulas)


def _sides(
    frame: DataFrame, value: str, quantity: str, good: str, windows: tuple[Window, Window]
) -> dict[str, tuple[DataFrame, str]]:
    """Sums of each good in either window by their name in a formula, and the column of each."""
    weights = _weight(frame, quantity)
    amounts = frame.assign(**{quantity: weights})
    columns = [good]
    if quantity == "qty" and "qty_unit" in amounts:
        columns.append("qty_unit")
    sides: dict[str, tuple[DataFrame, str]] = {}
    for i, window in enumerate(windows):
        start, end = ends_of(window)
        worth = total(amounts, value, [good], (), start, end)
        is_full = worth["complete"]
        if not is_full.all():
            hole = worth[~is_full].iloc[0]
            raise QueryError(
                f"{hole[good]} has no {value} for {hole['missing']}: leave the good "
                "out or choose another window"
            )
        amount = total(amounts, quantity, columns, (), start, end)
        unique(amount, [good])
        sides[f"v{i}"] = (worth, value)
        sides[f"q{i}"] = (amount, quantity)
    return sides


def _texts(table: DataFrame, index: str) -> list[tuple[str, str]]:
    """Formulas of change and index, of the price and of the quantity."""
    prices = _PRICES[index]
    before = table["v0"].sum()
    after = table["v1"].sum()
    mean = "(v1 - v0) / log(v1 / v0)"
    # The logarithmic mean of two values that are the same is that value.
    if np.isclose(after / before, 1, rtol=1e-12):
        mean = "v0"
    effect = f"{mean} * log({prices})"
    of_price = (effect, prices)
    of_quantity = (f"v1 - v0 - {effect}", f"v1 / v0 / {prices}")
    return [of_price, of_quantity]


def _weight(frame: DataFrame, weight: str) -> Series:
    numbers = numbers_of(frame, weight)
    numbers = numbers.where(numbers > 0)
    if "flags" not in frame:
        return numbers
    is_estimated = frame["flags"].str.contains(r"\bestimated\b", na=False)
    return numbers.mask(is_estimated.astype("bool"))
