"""From one unit to another: barrels a day, a month."""

import numpy as np
import pandas as pd
from pandas import DataFrame

from tradeflows.measures.common import (
    computed,
    figures_of,
    formulas_of,
    prepared,
    unit_of,
    with_lineage,
)
from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import days, first_month

BARRELS_PER_TONNE = 7.33  # of crude, the usual world mean
DAYS_PER_MONTH = 30.4375
_ADD_UP = ("USD", "EUR", "GBP", "units", "tonnes", "shipments", "km")  # units of flows


def barrels_per_day(frame: DataFrame, barrels_per_tonne: float | None = None) -> DataFrame:
    """Net weight as barrels a day, over the days of each period.

    Parameters
    ----------
    barrels_per_tonne
        Of these goods; of crude oil, unless given, :data:`BARRELS_PER_TONNE`.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``barrels_per_day``; null where the weight is.

    Raises
    ------
    QueryError
        Other goods than crude oil without a factor of their own.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> may = {"ref_period": pd.to_datetime(["2023-05-01"]), "n_months": 1, "net_wgt_kg": 31e6}
    >>> measures.barrels_per_day(pd.DataFrame(may))["barrels_per_day"].round().item()
    7330.0
    """
    prepared(frame, "net_wgt_kg", "ref_period", "n_months")
    others = [code for code in {*frame.get("cmd_code", ())} if not codes.is_crude(code)]
    if others and barrels_per_tonne is None:
        raise QueryError(
            f"{BARRELS_PER_TONNE:g} barrels a tonne are of crude oil, and these are "
            f"{', '.join(map(codes.product_name, sorted(others)[:3]))}: give barrels_per_tonne="
        )
    barrels_per_tonne = barrels_per_tonne or BARRELS_PER_TONNE
    first = first_month(frame).to_numpy()
    length = days(first + frame["n_months"].to_numpy("int64")) - days(first)
    names = {"weight": figures_of(frame, "net_wgt_kg"), "days": length.astype("int64")}
    text = f"weight / 1000 * {barrels_per_tonne!r} / days"
    formulas = formulas_of(names, barrels_per_day=text)
    caveats = [f"{barrels_per_tonne:g} barrels a tonne"]
    result = computed(frame, formulas)
    return with_lineage(result, frame, caveats=caveats, formulas=formulas, kept=[Role(frame)])


def per_month(figures: DataFrame, value: str = "value") -> DataFrame:
    """Bring published figures to a month by the length of their windows, or sums by theirs.

    Of rows of the table ``figures`` `value` is ``value``; of sums as :func:`total` gives them it
    is their column, such as ``value_reported``.

    Returns
    -------
    DataFrame, rows and columns of `figures`
        With ``months`` (whole calendar months counted, else days / 30.4375; 1 for a figure whose
        ``freq`` says that it is a month's already) and ``value_per_month``, ``low_per_month``,
        ``high_per_month`` in ``unit``; null where the window is vague or the unit does not add
        up over time (shares, growth rates, counts of firms). Of sums the months are those of their
        window, and a sum that is not ``complete`` has no mean.

    Raises
    ------
    QueryError
        A window ends before it starts, or `value` is no column.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> year = pd.to_datetime(["2022-01-01", "2022-12-31"])
    >>> figures = pd.DataFrame({"value": [12.0], "unit": "USD", "window_start": year[:1],
    ...                         "window_end": year[1:]})
    >>> measures.per_month(figures)["value_per_month"].item()
    1.0
    """
    if value == "value":
        prepared(figures, value, "window_start", "window_end", "unit")
        start = pd.to_datetime(figures["window_start"])
        stop = pd.to_datetime(figures["window_end"]) + pd.Timedelta(days=1)
        if (stop <= start).any():
            raise QueryError("a window ends before it starts: mend window_start and window_end")
        calendar = 12.0 * (stop.dt.year - start.dt.year) + stop.dt.month - start.dt.month
        is_whole = start.dt.day.eq(1) & stop.dt.day.eq(1)
        months = calendar.where(is_whole, (stop - start).dt.days / DAYS_PER_MONTH)
        if "freq" in figures:
            is_monthly = figures["freq"].astype("str").str.startswith("monthly")
            months = months.mask(is_monthly & months.notna(), 1.0)
        result = figures.assign(months=months)
        months = months.where(figures["unit"].isin(_ADD_UP))
        columns = [name for name in ("value", "low", "high") if name in figures]
        caveat = "published figures divided by the months of their windows"
    else:
        prepared(figures, value, "ref_period", "n_months")
        months = figures["n_months"].astype("float64")
        if "complete" in figures:
            months = months.where(figures["complete"])
        result = figures.assign(months=months, unit=unit_of(figures, value))
        columns = [value]
        caveat = f"{value} divided by the months of its window"
    formulas = {}
    for column in columns:
        name = column if column in ("low", "high") else "value"
        names = {"value": Role(figures, column), "months": months.to_numpy()}
        formulas[f"{name}_per_month"] = Formula("value / months", names)
    result = computed(result, formulas)
    return with_lineage(result, figures, caveats=[caveat], formulas=formulas, kept=[Role(figures)])


def scale(
    frame: DataFrame,
    column: str,
    divisor: float,
    into: str,
    *,
    decimals: int | None = None,
    figures: int | None = None,
) -> DataFrame:
    """Divide a column, such as kilograms into million tonnes, so that a chart knows whence it is.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With `into`, null where `column` is; where asked for, rounded to so many `decimals` or
        significant `figures`.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> measures.scale(pd.DataFrame({"net_wgt_kg": [5e9]}), "net_wgt_kg", 1e9, "mt")["mt"].item()
    5.0
    """
    prepared(frame, column)
    quotient = "value"
    if divisor != 1:
        factor = int(divisor) if divisor == int(divisor) else divisor
        quotient = f"value / {factor!r}"
    texts, rounded = [], []
    for number in frame[column].to_numpy("float64", na_value=np.nan) / divisor:
        places = decimals
        if figures is not None:
            size = np.floor(np.log10(abs(number))) if number and np.isfinite(number) else 0
            places = figures - 1 - int(size)
        texts.append(quotient if places is None else f"round({quotient}, {places})")
        is_exact = places is None or np.isnan(number)
        rounded.append(number if is_exact else round(float(number), places))
    which, kinds = pd.factorize(pd.Series(texts))
    formula = Formula([*kinds], {"value": Role(frame, column)}, which)
    result = frame.assign(**{into: rounded})
    return with_lineage(result, frame, formulas={into: formula}, kept=[Role(frame)])
