"""Prices at the border: value over weight, and what of a change in value is price."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tradeflows.measures.common import (
    UNIT_IN,
    UNIT_OF,
    UNITS,
    groups_of,
    numbers_of,
    require_columns,
    require_single_value,
    unique,
    unit_of,
    with_lineage,
)
from tradeflows.measures.sums import total
from tradeflows.measures.units import BARRELS_PER_TONNE
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
        With ``unit_value_per_tonne`` and ``unit_value_per_barrel`` (in the value's currency, which
        ``unit_value_in`` names if it is known; null where the weight is null, 0 or flagged
        estimated) and ``outlier``: further than 3.5 scaled median absolute deviations from the
        median.

    Raises
    ------
    QueryError
        `value` is in several currencies or valuations, or `weight` in another unit than kilograms.
    """
    require_columns(frame, value, weight, *by)
    if (unit := unit_of(frame, weight)) not in ("kg", ""):
        raise QueryError(
            f"{weight} is in {unit}, and a unit value a tonne is of kilograms: give the net weight"
        )
    figures = numbers_of(frame, value)
    units = [column for column in UNITS.get(value, ()) if column in frame and column not in by]
    require_single_value(frame.loc[figures.notna(), units], units)
    price = figures / (_weight(frame, weight) / 1000)
    groups = groups_of(frame, by)
    middle = price.groupby(groups).transform("median")
    away = (price - middle).abs()
    spread = away.groupby(groups).transform("median") / 0.6745  # 0.6745 for a standard normal
    # rounding in the last bits is no deviation where most unit values are the same
    far = away.gt(OUTLIER * spread) & away.gt(1e-9 * middle.abs())
    result = frame.assign(
        unit_value_per_tonne=price, unit_value_per_barrel=price / barrels_per_tonne, outlier=far
    )
    currency = UNIT_OF.get(value, frame.get(UNIT_IN.get(value, "unit")))
    if currency is not None:
        result = result.assign(unit_value_in=currency)
    caveats = [f"{barrels_per_tonne:g} barrels a tonne"]
    names, tonnes = {"value": Role(frame, value), "weight": Role(frame, weight)}, "weight / 1000"
    return with_lineage(
        result,
        frame,
        caveats=caveats,
        kept=[Role(frame)],
        formulas={
            "unit_value_per_tonne": Formula(f"value / ({tonnes})", names),
            "unit_value_per_barrel": Formula(f"value / ({tonnes}) / {barrels_per_tonne!r}", names),
        },
    )


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
    if index not in _PRICES:
        raise QueryError(f"no index {index!r}: choose fisher or tornqvist")
    spans = [span(window) for window in (base, after)]
    if spans[0][1] - spans[0][0] != spans[1][1] - spans[1][0]:
        raise QueryError(
            f"{window_text(base)} and {window_text(after)} differ in length: choose equal windows"
        )
    require_columns(frame, value, quantity, good)
    amounts = frame.assign(**{quantity: _weight(frame, quantity)})
    sides: dict[str, tuple[pd.DataFrame, str]] = {}
    for i, window in enumerate((base, after)):
        worth = total(amounts, value, [good], (), *ends_of(window))
        if not worth["complete"].all():
            hole = worth[~worth["complete"]].iloc[0]
            raise QueryError(
                f"{hole[good]} has no {value} for {hole['missing']}: leave the good "
                "out or choose another window"
            )
        units = [column for column in ("qty_unit",) if quantity == "qty" and column in amounts]
        amount = total(amounts, quantity, [good, *units], (), *ends_of(window))
        unique(amount, [good])
        sides |= {f"v{i}": (worth, value), f"q{i}": (amount, quantity)}
    table = pd.DataFrame(
        {name: numbers_of(sums.set_index(good), column) for name, (sums, column) in sides.items()}
    )
    fit = table.gt(0).all(axis="columns")
    apart = table[~fit]
    changes = apart["v1"] - apart["v0"]
    rows = [("unsplit", name, change, np.nan) for name, change in changes.items()]
    texts = [("v1 - v0", "0")] * len(rows)
    if fit.any():
        v0, q0, v1, q1 = (table[fit][name] for name in ("v0", "q0", "v1", "q1"))
        if index == "fisher":
            prices = ((v1 / q1 * q0).sum() / v0.sum() * v1.sum() / (v0 / q0 * q1).sum()) ** 0.5
        else:
            weights = (v0 / v0.sum() + v1 / v1.sum()) / 2
            prices = np.exp((weights * np.log((v1 / q1) / (v0 / q0))).sum())
        ratio, change = v1.sum() / v0.sum(), v1.sum() - v0.sum()
        same = np.isclose(ratio, 1, rtol=1e-12)
        mean = v0.sum() if same else change / np.log(ratio)
        effect = mean * np.log(prices)
        rows = [
            ("price", "", effect, prices),
            ("quantity", "", change - effect, ratio / prices),
            *rows,
        ]
        mean_text = "v0" if same else "(v1 - v0) / log(v1 / v0)"
        price_text = f"{mean_text} * log({_PRICES[index]})"
        texts = [
            (price_text, _PRICES[index]),
            (f"v1 - v0 - {price_text}", f"v1 / v0 / {_PRICES[index]}"),
            *texts,
        ]
    result = pd.DataFrame(rows, columns=["effect", good, "change", "index"])
    caveats = [
        f"change of {value} from {window_text(base)} to {window_text(after)}, "
        f"{index.capitalize()} index"
    ]
    if len(apart):
        caveats.append(f"not split for want of {quantity}: {', '.join(map(str, apart.index))}")
    # every good of the split enters both of its rows, and each of the others one row
    n, m = fit.sum(), len(apart)
    goods = [*table.index[fit], *table.index[fit], *apart.index]
    slot = np.arange(len(rows)).repeat([n] * (len(rows) - m) + [1] * m)
    names = {
        name: Role(sums, column, pd.Index(sums[good]).get_indexer(goods), slot)
        for name, (sums, column) in sides.items()
    }
    formulas = {
        column: Formula(each, names)
        for column, each in zip(("change", "index"), zip(*texts, strict=True), strict=True)
    }
    return with_lineage(result, frame, caveats=caveats, formulas=formulas)


def _weight(frame: pd.DataFrame, weight: str) -> pd.Series:
    numbers = numbers_of(frame, weight)
    numbers = numbers.where(numbers > 0)
    if "flags" not in frame:
        return numbers
    return numbers.mask(frame["flags"].str.contains(r"\bestimated\b", na=False).astype("bool"))
