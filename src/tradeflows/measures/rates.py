"""Values in US dollars at a published rate, dollars in another currency, and cross rates."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    computed,
    figures_of,
    flagged_derived,
    groups_of,
    listed,
    numbers_of,
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

    Parameters
    ----------
    rates
        Rows of the table ``rates`` from or to USD, of one publisher and statistic.

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
    >>> rates = pd.DataFrame({**may, "base": "EUR", "quote": "USD", "rate": 1.1, "publisher": "ECB",
    ...                       "statistic": "mean of daily rates"})
    >>> measures.convert(sold, rates)["primary_value_usd"].round(2).item()
    110.0
    """
    require_columns(frame, "ref_period", "n_months", "value_reported", "currency")
    known = _known_rates(rates)
    currency = frame["currency"]
    is_usd = currency.eq("USD").to_numpy("bool", na_value=False)
    names: dict[str, Any] = {"value": figures_of(frame, "value_reported")}
    names |= known.names_in(frame, currency.to_numpy())
    which = np.where(is_usd, 0, 1).astype("int8")
    if "primary_value_usd" in frame:
        which[numbers_of(frame, "primary_value_usd").notna()] = 2
        names["given"] = Role(frame, "primary_value_usd")
    texts = ["value", f"value * {known.mean}", "given"]
    formulas = {"primary_value_usd": Formula(texts, names, which)}
    formulas["rate"] = Formula([known.mean, "1"], names, is_usd.astype("int8"))
    result = computed(frame, formulas)
    if result["rate"].isna().all():
        raise QueryError(
            f"no rate from {listed(frame, 'currency')} to USD for any month of the "
            "frame: read the rates for its currency and months"
        )
    is_converted = (which == 1) & result["primary_value_usd"].notna().to_numpy()
    result["rate_of"] = Series(known.name, frame.index, dtype="str").where(is_converted)
    result = flagged_derived(result, is_converted)
    caveats = [f"converted to USD at monthly rates ({known.name})"]
    return with_lineage(
        result, frame, rates, caveats=caveats, kept=[Role(frame)], formulas=formulas
    )


def from_dollars(frame: DataFrame, rates: DataFrame) -> DataFrame:
    """Put ``primary_value_usd`` into the one other currency of `rates`, month by month.

    Parameters
    ----------
    rates
        As for :func:`convert`, from or to USD, of one currency.

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
    >>> rates = pd.DataFrame({**may, "base": "EUR", "quote": "USD", "rate": 1.1, "publisher": "ECB",
    ...                       "statistic": "mean of daily rates"})
    >>> measures.from_dollars(sold, rates)[["value_reported", "currency"]].round(2)
       value_reported currency
    0           100.0      EUR
    """
    require_columns(frame, "ref_period", "n_months", "primary_value_usd")
    known = _known_rates(rates)
    require_single_value(rates, [known.column])
    money = str(rates[known.column].iloc[0])
    names: dict[str, Any] = {"value": figures_of(frame, "primary_value_usd")}
    names |= known.names_in(frame, np.full(len(frame), money, object))
    formulas = {"value_reported": Formula(f"value / ({known.mean})", names)}
    result = flagged_derived(computed(frame, formulas).assign(currency=money))
    caveats = [f"converted to {money} at monthly rates ({known.name})"]
    return with_lineage(
        result, frame, rates, caveats=caveats, kept=[Role(frame)], formulas=formulas
    )


@dataclass(frozen=True, eq=False)
class _Rates:
    """Rates from or to the dollar.

    Attributes
    ----------
    frame, column
        The rates, and their column of the other currency.
    table, row
        Each currency and month that they are of, and the row of each.
    mean
        The formula of dollars for one unit over some months.
    name
        Whose rate it is.
    """

    frame: DataFrame
    column: str
    table: pd.MultiIndex
    row: ndarray
    mean: str
    name: str

    def names_in(self, frame: DataFrame, money: ndarray) -> dict[str, Any]:
        """The names in `mean`, for `money` in each row of `frame`: one rate a month, or NaN."""
        n = len(frame)
        lines = spread(frame, np.arange(n), np.ones(n, bool))
        row = lines["row"].to_numpy()
        place = self.table.get_indexer(pd.MultiIndex.from_arrays([money[row], lines["month"]]))
        at = np.where(place < 0, -1, self.row[place])
        rate = numbers_of(self.frame, "rate")
        role = Role(self.frame, "rate", at, row, rate.where(rate > 0).to_numpy())
        return {"rate": role, "months": frame["n_months"].to_numpy()}


def _known_rates(rates: DataFrame) -> _Rates:
    require_columns(rates, "base", "quote", "ref_period", "rate")
    is_inverse = bool(rates["base"].eq("USD").all())
    column = "quote" if is_inverse else "base"
    require_single_value(rates, ["publisher"])
    prepared(rates, "rate", cell=[column, "ref_period"])
    quote = rates["quote"].iloc[0]
    if not is_inverse and quote != "USD":
        raise QueryError(
            f"the rates are quoted in {quote}: read those with quote='USD', or with base='USD'"
        )
    timed = rates if "n_months" in rates else rates.assign(n_months=1)
    lines = spread(timed, groups_of(rates, [column]), np.ones(len(rates), bool))
    row = lines["row"].to_numpy()
    table = pd.MultiIndex.from_arrays([rates[column].iloc[row], lines["month"]])
    mean = "sum([1 / r for r in rate]) / months" if is_inverse else "rate / months"
    owner = [str(rates[name].iloc[0]) for name in ("publisher", "statistic") if name in rates]
    return _Rates(rates, column, table, row, mean, " ".join(owner) or "not named")


def cross(rates: DataFrame, other: DataFrame) -> DataFrame:
    """Cross rate of two currencies through the one that both are quoted for.

    Parameters
    ----------
    rates, other
        Rows of the table ``rates`` with one base: roubles a dollar and yuan a dollar give roubles
        a yuan.

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
    >>> may = {"ref_period": pd.to_datetime(["2023-05-01"]), "n_months": 1, "publisher": "A bank",
    ...        "statistic": "mean of daily rates"}
    >>> roubles = pd.DataFrame({**may, "base": "USD", "quote": "RUB", "rate": 80.0})
    >>> yuan = pd.DataFrame({**may, "base": "USD", "quote": "CNY", "rate": 8.0})
    >>> measures.cross(roubles, yuan)[["base", "quote", "rate"]]
      base quote  rate
    0  CNY   RUB  10.0
    """
    for side in (rates, other):
        require_columns(side, "base", "quote", "ref_period", "n_months", "rate")
        require_single_value(side, ["base", "quote", "publisher", "n_months"])
        unique(side, ["ref_period"])
    require_single_value(pd.concat([rates[["n_months"]], other[["n_months"]]]), ["n_months"])
    (base, quote), (base_of_other, quote_of_other) = (
        side[["base", "quote"]].iloc[0] for side in (rates, other)
    )
    if base != base_of_other:
        raise QueryError(
            f"one side is for {base} and the other for {base_of_other}: read both for one"
        )
    at = pd.Index(other["ref_period"]).get_indexer(rates["ref_period"])
    if not (at >= 0).any():
        raise QueryError("the two sides share no month: read both for the same time")
    names = {"rate": figures_of(rates, "rate"), "other": figures_of(other, "rate", at)}
    formulas = {"rate": Formula("rate / other", names)}
    plain = rates[["quote", "ref_period", "n_months"]].assign(base=quote_of_other)
    result = computed(plain, formulas)
    for name in ("publisher", "statistic"):
        if name in rates and name in other:
            both = zip(rates[name], other[name].iloc[at], strict=True)
            result[name] = [" / ".join(dict.fromkeys(pair)) for pair in both]
    caveats = [f"{quote} for {quote_of_other} through {base}"]
    return with_lineage(result, rates, other, caveats=caveats, formulas=formulas)
