"""Values in US dollars at a published rate, and dollars in another currency."""

import numpy as np
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
    with_lineage,
)
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role


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
    """Names and formula of dollars for one unit of the `money` of each row, and whose rate it is.

    Over several months it is the mean of theirs. Without `money` it is the one of all rates.
    """
    column = _column_of(rates)
    if money is None:
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
