"""Values in US dollars at a published rate, dollars in another currency, and cross rates."""

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
    places_in,
    prepared,
    require_columns,
    require_single_value,
    spread,
    unique,
    with_lineage,
)
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role


def convert(frame: DataFrame, rates: DataFrame) -> DataFrame:
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
    require_columns(frame, "ref_period", "n_months", "value_reported", "currency")
    column = _column_of(rates)
    names, mean, owner = _rates_of(frame, frame["currency"], rates, column)
    is_usd = frame["currency"].eq("USD").to_numpy("bool", na_value=False)
    which = np.where(is_usd, 0, 1).astype("int8")
    names = {"value": figures_of(frame, "value_reported"), **names}
    if "primary_value_usd" in frame:
        which[have_figures(frame, "primary_value_usd")] = 2
        names["given"] = Role(frame, "primary_value_usd")
    formulas = {
        "primary_value_usd": Formula(["value", f"value * {mean}", "given"], names, which),
        "rate": Formula([mean, "1"], names, is_usd.astype("int8")),
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
    return with_lineage(
        result, frame, rates, caveats=caveats, kept=[Role(frame)], formulas=formulas
    )


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
    require_columns(frame, "ref_period", "n_months", "primary_value_usd")
    column = _column_of(rates)
    require_single_value(rates, [column])
    money = str(rates[column].iloc[0])
    names, mean, owner = _rates_of(frame, Series(money, frame.index), rates, column)
    names = {"value": figures_of(frame, "primary_value_usd"), **names}
    formulas = formulas_of(names, value_reported=f"value / ({mean})")
    result = flagged_derived(computed(frame, formulas).assign(currency=money))
    caveats = [f"converted to {money} at monthly rates ({owner})"]
    return with_lineage(
        result, frame, rates, caveats=caveats, kept=[Role(frame)], formulas=formulas
    )


def _column_of(rates: DataFrame) -> str:
    """The column of the other currency, in rates from or to the dollar."""
    require_columns(rates, "base", "quote", "ref_period", "rate")
    is_inverse = rates["base"].eq("USD").all()
    quote = rates["quote"].iloc[0]
    if not is_inverse and quote != "USD":
        raise QueryError(
            f"the rates are quoted in {quote}: read those with quote='USD', or with base='USD'"
        )
    return "quote" if is_inverse else "base"


def _rates_of(
    frame: DataFrame, money: Series, rates: DataFrame, column: str
) -> tuple[dict[str, Role | ndarray], str, str]:
    """Names and formula of dollars for one unit of the `money` of each row, and whose rate it is.

    Over several months it is the mean of theirs.
    """
    require_single_value(rates, ["publisher"])
    prepared(rates, "rate", once=[column, "ref_period"])
    timed = rates if "n_months" in rates else rates.assign(n_months=1)
    known = spread(timed, groups_of(rates, [column]), np.ones(len(rates), bool))
    asked = spread(frame, np.arange(len(frame)), np.ones(len(frame), bool))
    known["money"] = rates[column].array[known["row"]]
    asked["money"] = money.array[asked["row"]]
    place = places_in(known, asked, ["money", "month"])
    at = np.where(place < 0, -1, known["row"].to_numpy()[place])
    rate = numbers_of(rates, "rate")
    role = Role(rates, "rate", at, asked["row"].to_numpy(), rate.where(rate > 0).to_numpy())
    mean = "sum([1 / r for r in rate]) / months" if column == "quote" else "rate / months"
    owner = [str(rates[name].iloc[0]) for name in ("publisher", "statistic") if name in rates]
    names: dict[str, Role | ndarray] = {"rate": role, "months": frame["n_months"].to_numpy()}
    return names, mean, " ".join(owner) or "not named"


def cross(rates: DataFrame, other: DataFrame) -> DataFrame:
    """Cross rate of two currencies through the one that both are quoted for.

    Of rows with one base: roubles a dollar and yuan a dollar give roubles a yuan.

    Returns
    -------
    DataFrame, rows of `rates`
        ``base`` (the quote of `other`), ``quote``, ``publisher`` and ``statistic`` of both where
        they differ, ``ref_period``, ``n_months`` and ``rate``; null where `other` has none.

    Raises
    ------
    QueryError
        A side mixes bases, quotes or publishers or states a month twice, the bases or the lengths
        of the periods differ, or the sides share no month.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> may = {"ref_period": pd.to_datetime(["2023-05-01"]), "n_months": 1, "base": "USD"}
    >>> roubles = pd.DataFrame({**may, "quote": "RUB", "rate": 80.0})
    >>> yuan = pd.DataFrame({**may, "quote": "CNY", "rate": 8.0})
    >>> measures.cross(roubles, yuan)["rate"].item()
    10.0
    """
    sides = (rates, other)
    for side in sides:
        require_columns(side, "base", "quote", "ref_period", "n_months", "rate")
        require_single_value(side, ["base", "quote", "publisher", "n_months"])
        unique(side, ["ref_period"])
    require_single_value(pd.concat([side[["n_months"]] for side in sides]), ["n_months"])
    base, base_of_other = (side["base"].iloc[0] for side in sides)
    quote, quote_of_other = (side["quote"].iloc[0] for side in sides)
    if base != base_of_other:
        raise QueryError(
            f"one side is for {base} and the other for {base_of_other}: read both for one"
        )
    at = places_in(other, rates, ["ref_period"])
    if (at < 0).all():
        raise QueryError("the two sides share no month: read both for the same time")
    names = {"rate": figures_of(rates, "rate"), "other": figures_of(other, "rate", at)}
    formulas = formulas_of(names, rate="rate / other")
    plain = rates[["quote", "ref_period", "n_months"]].assign(base=quote_of_other)
    result = computed(plain, formulas)
    for name in ("publisher", "statistic"):
        if name in rates and name in other:
            both = zip(rates[name], other[name].iloc[at], strict=True)
            result[name] = [" / ".join(dict.fromkeys(pair)) for pair in both]
    caveats = [f"{quote} for {quote_of_other} through {base}"]
    return with_lineage(result, rates, other, caveats=caveats, formulas=formulas)
