"""From one unit to another: barrels a day, a month, dollars at a published rate and back."""

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    computed,
    figures_of,
    flagged_derived,
    formulas_of,
    groups_of,
    have_figures,
    listed,
    numbers_of,
    prepared,
    require_single_value,
    spread,
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


# --- at a published rate --------------------------------------------------------------------------


def convert(frame: DataFrame, rates: DataFrame | None = None) -> DataFrame:
    """Put ``value_reported`` into US dollars at a named monthly rate.

    `rates` are rows of the table of that name from or to USD, of one publisher and statistic.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``primary_value_usd`` where it was null, ``rate`` (dollars for one unit, over several
        months the plain mean of theirs; null where one is missing or the currency has none) and
        ``rate_of``: publisher and statistic of the rate where it made the dollars, else null. Such
        rows are flagged derived, if there are flags.

    Raises
    ------
    QueryError
        `rates` mixes publishers, statistics or quotes, states a month twice, or has no rate for
        any of the rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> may = {"ref_period": pd.to_datetime(["2023-05-01"]), "n_months": 1}
    >>> sold = pd.DataFrame({**may, "value_reported": 100.0, "currency": "EUR"})
    >>> rates = pd.DataFrame({**may, "base": "EUR", "quote": "USD", "rate": 1.1})
    >>> measures.convert(sold, rates)["primary_value_usd"].round(2).item()
    110.0
    """
    if rates is None:
        raise QueryError(
            "rates are lacking: convert(frame, tf.read('rates', base='EUR', quote='USD', "
            "stated_by='European Central Bank')); of an answer to('USD') takes them by itself"
        )
    prepared(frame, "ref_period", "n_months", "value_reported", "currency")
    names, mean, owner = _rates_of(frame, frame["currency"], rates)
    names = {"value": figures_of(frame, "value_reported"), **names}
    is_usd = frame["currency"].eq("USD").to_numpy("bool", na_value=False)
    which = np.where(is_usd, 0, 1)
    if "primary_value_usd" in frame:
        which[have_figures(frame, "primary_value_usd")] = 2
        names["given"] = Role(frame, "primary_value_usd")
    formulas = {
        "primary_value_usd": Formula(["value", f"value * {mean}", "given"], names, which),
        "rate": Formula([mean, "1"], names, np.where(is_usd, 1, 0)),
    }
    result = computed(frame, formulas)
    if result["rate"].isna().all():
        raise QueryError(
            f"no rate from {listed(frame, 'currency')} to USD for any month of the "
            "frame: read the rates for its currency and months"
        )
    is_converted = (which == 1) & result["primary_value_usd"].notna().to_numpy()
    result["rate_of"] = Series(owner, frame.index, dtype="str").where(is_converted)
    result = flagged_derived(result, is_converted)
    caveats = [f"converted to USD at monthly rates ({owner})"]
    kept = [Role(frame)]
    return with_lineage(result, frame, rates, caveats=caveats, kept=kept, formulas=formulas)


def from_dollars(frame: DataFrame, rates: DataFrame) -> DataFrame:
    """Put ``primary_value_usd`` into the one other currency of `rates`, month by month.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``value_reported`` in that currency, null where a month has no rate, and ``currency``.
        Rows are flagged derived, if there are flags.

    Raises
    ------
    QueryError
        `rates` mixes currencies, publishers or statistics, or states a month twice.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> may = {"ref_period": pd.to_datetime(["2023-05-01"]), "n_months": 1}
    >>> sold = pd.DataFrame({**may, "primary_value_usd": 110.0})
    >>> rates = pd.DataFrame({**may, "base": "EUR", "quote": "USD", "rate": 1.1})
    >>> measures.from_dollars(sold, rates)["value_reported"].round(2).item()
    100.0
    """
    prepared(frame, "ref_period", "n_months", "primary_value_usd")
    names, mean, owner = _rates_of(frame, None, rates)
    names = {"value": figures_of(frame, "primary_value_usd"), **names}
    formulas = formulas_of(names, value_reported=f"value / ({mean})")
    result = computed(frame, formulas)
    money = rates[_column_of(rates)].iloc[0]
    result["currency"] = str(money)
    result = flagged_derived(result)
    caveats = [f"converted to {money} at monthly rates ({owner})"]
    kept = [Role(frame)]
    return with_lineage(result, frame, rates, caveats=caveats, kept=kept, formulas=formulas)


def _column_of(rates: DataFrame) -> str:
    """The column of the other currency, in rates from or to the dollar."""
    prepared(rates, "base", "quote", "ref_period", "rate")
    if rates["base"].eq("USD").all():
        return "quote"
    quote = rates["quote"].iloc[0]
    if quote != "USD":
        raise QueryError(
            f"the rates are quoted in {quote}: read those with quote='USD', or with base='USD'"
        )
    return "base"


def _rates_of(
    frame: DataFrame, money: Series | None, rates: DataFrame
) -> tuple[dict[str, Role | ndarray], str, str]:
    """Names and formula of dollars for a unit of the `money` of each row, and whose rate it is."""
    column = _column_of(rates)
    if money is None:  # the one of all rates
        require_single_value(rates, [column])
        money = Series(rates[column].iloc[0], frame.index)
    require_single_value(rates, ["publisher"])
    prepared(rates, "rate", once=[column, "ref_period"])
    timed = rates if "n_months" in rates else rates.assign(n_months=1)
    known = spread(timed, groups_of(rates, [column]), np.ones(len(rates), bool))
    known["money"] = rates[column].array[known["row"]]
    asked = spread(frame, np.arange(len(frame)), np.ones(len(frame), bool))
    asked["money"] = money.array[asked["row"]]
    pairs = asked.merge(known, on=["money", "month"], how="left", suffixes=("", "_of_rate"))
    at = pairs["row_of_rate"].fillna(-1).to_numpy("int64")
    rate = numbers_of(rates, "rate")
    rate = rate.where(rate > 0).to_numpy()
    names: dict[str, Role | ndarray] = {
        "rate": Role(rates, "rate", at, pairs["row"].to_numpy(), rate),
        "months": frame["n_months"].to_numpy(),
    }
    mean = "sum([1 / r for r in rate]) / months" if column == "quote" else "rate / months"
    owner = [str(rates[name].iloc[0]) for name in ("publisher", "statistic") if name in rates]
    return names, mean, " ".join(owner) or "not named"
