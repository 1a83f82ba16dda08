"""Prices at the border: value over weight, and what of a change in value is price."""

import numpy as np
import pandas as pd
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    UNIT_IN,
    UNIT_OF,
    UNITS,
    Columns,
    computed,
    figures_of,
    formulas_of,
    groups_of,
    have_figures,
    names_of,
    numbers_of,
    prepared,
    require_single_value,
    unique,
    with_lineage,
)
from tradeflows.measures.scaling import BARRELS_PER_TONNE
from tradeflows.measures.sums import total
from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import Window, ends_of, span, window_text
from tradeflows.model.sealed import SEAL

OUTLIER = 3.5  # modified z-score of Iglewicz and Hoaglin (1993)
# Fisher's index of prices, from the values v and the quantities q of each good.
_PRICES = (
    "(sum([b / q * p for b, p, q in zip(v1, q0, q1)]) / v0 * v1"
    " / sum([a / p * q for a, p, q in zip(v0, q0, q1)])) ** 0.5"
)


def unit_value(
    frame: DataFrame,
    value: str = "primary_value_usd",
    barrels_per_tonne: float = BARRELS_PER_TONNE,
    by: str | Columns = (),
    quantity: str = "net_wgt_kg",
) -> DataFrame:
    """Value over net weight, per tonne and per barrel, or over another quantity.

    Parameters
    ----------
    quantity
        The column of a quantity in one unit, such as ``qty``, in place of the weight.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``unit_value_per_tonne`` and ``unit_value_per_barrel``, or ``unit_value`` of another
        quantity (in the value's currency, which ``unit_value_in`` names if it is known; null where
        the quantity is null, 0 or flagged estimated) and ``outlier``: further than 3.5 scaled
        median absolute deviations from the median of its group of `by`.

    Raises
    ------
    QueryError
        `value` is in several currencies or valuations, or the quantity in several units.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> may = {"ref_period": pd.to_datetime(["2023-05-01"]), "n_months": 1}
    >>> bought = pd.DataFrame({**may, "primary_value_usd": 500_000.0, "net_wgt_kg": 1e6})
    >>> measures.unit_value(bought)["unit_value_per_tonne"].item()
    500.0
    """
    by = names_of(by)
    prepared(frame, value, quantity, *by)
    for column in (value, quantity):
        units = [name for name in UNITS.get(column, ()) if name not in by]
        require_single_value(frame[have_figures(frame, column)], units)
    weight = Role(frame, quantity, values=_measured(frame, quantity).to_numpy())
    names = {"value": figures_of(frame, value), "weight": weight}
    prices, caveats = {"unit_value": "value / weight"}, _of_unlike_members(frame)
    if quantity == "net_wgt_kg":
        per_tonne = "value / (weight / 1000)"
        per_barrel = f"{per_tonne} / {barrels_per_tonne!r}"
        prices = {"unit_value_per_tonne": per_tonne, "unit_value_per_barrel": per_barrel}
        caveats.append(f"{barrels_per_tonne:g} barrels a tonne")
    formulas = formulas_of(names, **prices)
    result = computed(frame, formulas)
    price = result[next(iter(prices))]
    group = groups_of(frame, by)
    middle = price.groupby(group).transform("median")
    away = (price - middle).abs()
    deviation = away.groupby(group).transform("median") / 0.6745  # as of a standard normal
    # Rounding in the last bits is no deviation where most unit values are the same.
    result["outlier"] = away.gt(OUTLIER * deviation) & away.gt(1e-9 * middle.abs())
    currency = UNIT_OF.get(value, frame.get(UNIT_IN.get(value, "unit")))
    if currency is not None:
        result["unit_value_in"] = currency
    return with_lineage(result, frame, caveats=caveats, kept=[Role(frame)], formulas=formulas)


def price_quantity(
    frame: DataFrame,
    value: str,
    quantity: str,
    base: Window,
    after: Window,
    good: str = "cmd_code",
) -> DataFrame:
    """Split a change in value into price and quantity over several goods.

    The index P of prices and Q of quantities multiply to the ratio of values; each is given the
    part ``L ln P`` or ``L ln Q`` of the change, L being the logarithmic mean of the two values.

    The two windows are of the same length; the index is Fisher's, the geometric mean of those of
    Laspeyres and Paasche.

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
    >>> split["index"].tolist()
    [2.0, 1.5]
    """
    if np.ptp([np.ptp(span(window)) for window in (base, after)]):
        raise QueryError(
            f"{window_text(base)} and {window_text(after)} differ in length: choose equal windows"
        )
    prepared(frame, value, quantity, good)
    amounts = frame.assign(**{quantity: _measured(frame, quantity)})
    units = [name for name in UNITS.get(quantity, ()) if name in frame]
    sides: dict[str, tuple[DataFrame, str]] = {}
    for i, window in enumerate((base, after)):
        worth = total(amounts, value, [good], (), *ends_of(window))
        for _, hole in worth[~worth["complete"]].iterrows():
            raise QueryError(
                f"{hole[good]} has no {value} for {hole['missing']}: leave the good "
                "out or choose another window"
            )
        amount = total(amounts, quantity, [good, *units], (), *ends_of(window))
        unique(amount, [good])
        sides |= {f"v{i}": (worth, value), f"q{i}": (amount, quantity)}
    columns = {name: numbers_of(sums.set_index(good), c) for name, (sums, c) in sides.items()}
    table = DataFrame(columns)
    is_split = table.gt(0).all(axis="columns")
    split, apart = [*table.index[is_split]], [*table.index[~is_split]]
    # A row has its effect and good, the formulas of its change and index, and the goods in it.
    rows = [("unsplit", name, "v1 - v0", "0", [name]) for name in apart]
    if split:
        worth = table.loc[split, ["v0", "v1"]].sum()
        # The logarithmic mean of two values that are the same is that value.
        is_level = np.isclose(worth["v1"] / worth["v0"], 1, rtol=1e-12)
        mean = "v0" if is_level else "(v1 - v0) / log(v1 / v0)"
        effect = f"{mean} * log({_PRICES})"
        quantities = ("quantity", "", f"v1 - v0 - {effect}", f"v1 / v0 / {_PRICES}", split)
        rows = [("price", "", effect, _PRICES, split), quantities, *rows]
    effects, names, changes, indices, goods = zip(*rows, strict=True)
    slot = np.arange(len(rows)).repeat([*map(len, goods)])
    roles = {}
    for name, (sums, column) in sides.items():
        at = pd.Index(sums[good]).get_indexer(np.concatenate(goods))
        roles[name] = Role(sums, column, at, slot)
    formulas = {"change": Formula(changes, roles), "index": Formula(indices, roles)}
    result = computed(DataFrame({"effect": effects, good: names}), formulas)
    result["index"] = result["index"].mask(result["effect"].eq("unsplit"))
    windows = f"from {window_text(base)} to {window_text(after)}"
    caveats = [f"change of {value} {windows}, Fisher index", *_of_unlike_members(frame)]
    if apart:
        caveats.append(f"not split for want of {quantity}: {', '.join(map(str, apart))}")
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)


def _of_unlike_members(frame: DataFrame) -> list[str]:
    """Say of rows of a group that its value and its weight may be of other members.

    An answer has both of the same members already.
    """
    areas = {*frame.get("reporter_iso", ())} & {*codes.groups()}
    groups = [area for area in sorted(areas) if not codes.is_country(area)]
    if not groups or SEAL in frame.attrs:
        return []
    names = ", ".join(map(codes.area_name, groups))
    return [
        f"{names}: a member that states no weight is in the value alone, which makes the price too "
        "high; an answer of flow leaves it out of both"
    ]


def _measured(frame: DataFrame, quantity: str) -> Series:
    """Weights or quantities above 0, but for those that are flagged estimated."""
    numbers = numbers_of(frame, quantity)
    numbers = numbers.where(numbers > 0)
    if "flags" not in frame:
        return numbers
    is_estimated = frame["flags"].str.contains(r"\bestimated\b", na=False)
    return numbers.mask(is_estimated.astype("bool"))
