"""Values in US dollars, at a published rate or the one that customs used; cross rates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy import ndarray
from pandas import DataFrame, Series

from tradeflows.measures.common import (
    CELL,
    LABELS,
    add_flag,
    computed,
    figures_of,
    grouped,
    groups_of,
    listed,
    numbers_of,
    require_columns,
    require_single_value,
    spread,
    unique,
    with_lineage,
    without_attrs,
)
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role

LEAST = 10_000.0  # dollars of a cell, below which whole dollars are too coarse for a rate
PERIOD, VALUE = ["ref_period", "n_months"], "primary_value_usd"
STATISTIC = "rate of customs, from cells stated in yuan and in dollars"


def convert(frame: DataFrame, rates: DataFrame) -> DataFrame:
    """Put ``value_reported`` into US dollars at a named monthly rate.

    Parameters
    ----------
    rates
        Rows of the table ``rates`` from or to USD, of one publisher and statistic, or what
        :func:`customs_rate` gave.

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
    names: dict[str, Any] = {}
    names["value"] = figures_of(frame, "value_reported")
    names["rate"] = known.role(frame, currency.to_numpy())
    names["months"] = frame["n_months"].to_numpy()
    which = np.where(is_usd, 0, 1).astype("int8")
    if "primary_value_usd" in frame:
        given = numbers_of(frame, "primary_value_usd")
        which[given.notna()] = 2
        names["given"] = Role(frame, "primary_value_usd")
    texts = ["value", f"value * {known.mean}", "given"]
    formulas = {"primary_value_usd": Formula(texts, names, which)}
    formulas["rate"] = Formula([known.mean, "1"], names, is_usd.astype("int8"))
    result = computed(frame, formulas)
    if result["rate"].isna().all():
        stated = listed(frame, "currency")
        raise QueryError(
            f"no rate from {stated} to USD for any month of the "
            "frame: read the rates for its currency and months"
        )
    has_dollars = result["primary_value_usd"].notna().to_numpy()
    is_converted = (which == 1) & has_dollars
    owner = Series(known.name, frame.index, dtype="str")
    result["rate_of"] = owner.where(is_converted)
    if "flags" in frame:
        result["flags"] = add_flag(frame["flags"], "derived", is_converted)
    caveat = f"converted to USD at monthly rates ({known.name})"
    return with_lineage(
        result, frame, rates, caveats=[caveat], kept=[Role(frame)], formulas=formulas
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
    column = "quote" if known.inverse else "base"
    require_single_value(rates, [column])
    money = str(rates[column].iloc[0])
    names: dict[str, Any] = {"value": figures_of(frame, "primary_value_usd")}
    names["rate"] = known.role(frame, np.full(len(frame), money, object))
    names["months"] = frame["n_months"].to_numpy()
    formulas = {"value_reported": Formula(f"value / ({known.mean})", names)}
    result = computed(frame, formulas).assign(currency=money)
    if "flags" in frame:
        result["flags"] = add_flag(frame["flags"], "derived")
    caveat = f"converted to {money} at monthly rates ({known.name})"
    return with_lineage(
        result, frame, rates, caveats=[caveat], kept=[Role(frame)], formulas=formulas
    )


@dataclass(frozen=True, eq=False)
class _Rates:
    """Rates from or to the dollar: the row of `frame` for each of a currency's months."""

    frame: DataFrame
    table: pd.MultiIndex
    row: ndarray
    inverse: bool

    @property
    def name(self) -> str:
        """Whose rate it is."""
        names = []
        for column in ("publisher", "statistic"):
            if column in self.frame:
                first = self.frame[column].iloc[0]
                names.append(str(first))
        return " ".join(names) or "not named"

    @property
    def mean(self) -> str:
        """The formula of dollars for one unit over some months."""
        rates = "sum([1 / r for r in rate])" if self.inverse else "rate"
        return f"{rates} / months"

    def role(self, frame: DataFrame, money: ndarray) -> Role:
        """The rates of `money` that enter each row of `frame`: one a month, NaN where one lacks."""
        n = len(frame)
        lines = spread(frame, np.arange(n), np.ones(n, bool))
        row = lines["row"].to_numpy()
        wanted = pd.MultiIndex.from_arrays([money[row], lines["month"]])
        place = self.table.get_indexer(wanted)
        at = np.where(place < 0, -1, self.row[place])
        rate = numbers_of(self.frame, "rate")
        positive = rate.where(rate > 0)
        return Role(self.frame, "rate", at, row, positive.to_numpy())


def _known_rates(rates: DataFrame) -> _Rates:
    require_columns(rates, "base", "quote", "ref_period", "rate")
    is_from_usd = rates["base"].eq("USD")
    inverse = bool(is_from_usd.all())
    if not inverse:
        require_single_value(rates, ["quote"])
    require_single_value(rates, ["publisher", "statistic", "n_months"])
    quote = rates["quote"].iloc[0]
    if not inverse and quote != "USD":
        raise QueryError(
            f"the rates are quoted in {quote}: read those with quote='USD', or with base='USD'"
        )
    money = "quote" if inverse else "base"
    unique(rates, [money, "ref_period"])
    timed = rates if "n_months" in rates else rates.assign(n_months=1)
    group = groups_of(rates, [money])
    has_value = np.ones(len(rates), bool)
    lines = spread(timed, group, has_value)
    row = lines["row"].to_numpy()
    names = rates[money].iloc[row]
    table = pd.MultiIndex.from_arrays([names, lines["month"]])
    return _Rates(rates, table, row, inverse)


def customs_rate(
    yuan: DataFrame,
    dollars: DataFrame | None = None,
    published: DataFrame | None = None,
    least: float = LEAST,
) -> DataFrame:
    """Rate at which customs put yuan into dollars: the sums of the cells that it states in both.

    Parameters
    ----------
    yuan
        Trade with ``value_reported`` in CNY.
    dollars
        The same trade with ``primary_value_usd``; `yuan` itself where one file has both.
    published
        Rows of the table ``rates`` between USD and CNY, to stand beside.
    least
        Smallest value in dollars of a cell that is used: values are whole dollars, so the rate of
        a small one is the rounding's.

    Returns
    -------
    DataFrame, one row a period
        In the manner of the table ``rates``, so that :func:`convert` takes it: ``base`` (CNY),
        ``quote`` (USD), ``publisher``, ``statistic``, ``ref_period``, ``n_months`` and ``rate``.
        Besides ``low`` and ``high`` (of the rates of single cells) and ``cells`` (how many). With
        `published` also ``published`` (dollars for one yuan, the mean of its months) and
        ``over_published_pct``.

    Raises
    ------
    QueryError
        No cell is stated in both currencies, one is stated twice, or reporters or cumulations are
        mixed.

    Examples
    --------
    >>> import pandas as pd
    >>> from tradeflows import measures
    >>> may = {"ref_period": pd.to_datetime(["2023-05-01"]), "n_months": 1}
    >>> cell = {**may, "reporter_iso": "CHN", "partner_iso": "RUS", "flow_code": "M",
    ...         "cmd_code": "2709"}
    >>> yuan = pd.DataFrame({**cell, "value_reported": 700_000.0, "currency": "CNY"})
    >>> dollars = pd.DataFrame({**cell, "primary_value_usd": 100_000.0})
    >>> measures.customs_rate(yuan, dollars)["rate"].round(4).item()
    0.1429
    """
    side = yuan if dollars is None else dollars
    require_columns(yuan, "value_reported", "currency", *PERIOD)
    require_columns(side, VALUE, *PERIOD)
    shared = set(yuan) & set(side)
    columns = (*CELL, *LABELS, "partner_code", *PERIOD)
    keys = [name for name in columns if name in shared]
    currency = yuan["currency"]
    is_in_yuan = currency.eq("CNY").to_numpy("bool", na_value=False)
    of_yuan = _stated(yuan, "value_reported", keys, is_in_yuan)
    of_dollars = _stated(side, VALUE, keys)
    both = of_yuan.merge(of_dollars, on=keys, suffixes=("", "_usd"))
    is_large = both["number_usd"] >= least
    large = both[is_large]
    used = large.sort_values(PERIOD, ignore_index=True)
    if used.empty:
        raise QueryError(
            f"no cell of {least:,.0f} dollars or more is stated in yuan and in dollars"
            ": read the same products, partners and months in both"
        )
    group, heads = grouped(used, PERIOD)
    single = used["number_usd"] / used["number"]
    rates_of_cells = single.groupby(group)
    entered = {"rate": np.arange(len(used))}
    entered["low"] = rates_of_cells.idxmin().to_numpy()
    entered["high"] = rates_of_cells.idxmax().to_numpy()
    at_yuan = used["at"].to_numpy()
    at_dollars = used["at_usd"].to_numpy()
    formulas = {}
    for name, at in entered.items():
        slot = group[at]
        dollars_of = Role(side, VALUE, at_dollars[at], slot)
        yuan_of = Role(yuan, "value_reported", at_yuan[at], slot)
        formulas[name] = Formula("dollars / yuan", {"dollars": dollars_of, "yuan": yuan_of})
    publisher = str(yuan["publisher"].iloc[0]) if "publisher" in yuan else "customs"
    named = {"base": "CNY", "quote": "USD", "publisher": publisher, "statistic": STATISTIC}
    plain = heads.assign(**named)
    plain = plain[[*named, *PERIOD]]
    result = computed(plain, formulas)
    result["cells"] = rates_of_cells.size()
    n_small = len(both) - len(used)
    caveats = [
        f"customs rate from {len(used)} cells of {least:,.0f} dollars or more; "
        f"{n_small} smaller ones were left out"
    ]
    inputs = [yuan]
    if dollars is not None:
        inputs.append(dollars)
    if published is not None:
        known = _known_rates(published)
        money = np.full(len(result), "CNY")
        names: dict[str, Any] = {"rate": known.role(result, money)}
        names["months"] = result["n_months"].to_numpy()
        names |= formulas["rate"].names
        over = f"100 * (dollars / yuan / ({known.mean}) - 1)"
        formulas["published"] = Formula(known.mean, names)
        formulas["over_published_pct"] = Formula(over, names)
        result = computed(result, formulas, "published", "over_published_pct")
        caveats.append(f"beside the rate of customs: {known.name}")
        inputs.append(published)
    return with_lineage(result, *inputs, caveats=caveats, formulas=formulas)


def _stated(
    frame: DataFrame, value: str, keys: Sequence[str], good: ndarray | bool = True
) -> DataFrame:
    """Cells that state a positive `value`, each once: where they stand, and their number."""
    figures = numbers_of(frame, value).to_numpy()
    is_positive = figures > 0
    at = np.flatnonzero(good & is_positive)
    rows = without_attrs(frame.iloc[at])
    require_single_value(rows, ["publisher", "reporter_iso", "cumulation"])
    unique(rows, keys)
    return rows[[*keys]].assign(at=at, number=figures[at])


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
    lengths = [side[["n_months"]] for side in (rates, other)]
    require_single_value(pd.concat(lengths), ["n_months"])
    base = rates["base"].iloc[0]
    base_of_other = other["base"].iloc[0]
    if base != base_of_other:
        raise QueryError(
            f"one side is for {base} and the other for {base_of_other}: read both for one"
        )
    places = pd.Index(other["ref_period"])
    at = places.get_indexer(rates["ref_period"])
    is_shared = at >= 0
    if not is_shared.any():
        raise QueryError("the two sides share no month: read both for the same time")
    names = {"rate": figures_of(rates, "rate")}
    names["other"] = figures_of(other, "rate", at)
    formulas = {"rate": Formula("rate / other", names)}
    quote = rates["quote"].iloc[0]
    quote_of_other = other["quote"].iloc[0]
    plain = rates[["quote", "ref_period", "n_months"]]
    plain = plain.assign(base=quote_of_other)
    result = computed(plain, formulas)
    for name in ("publisher", "statistic"):
        if name in rates and name in other:
            both = zip(rates[name], other[name].iloc[at], strict=True)
            result[name] = [" / ".join(dict.fromkeys(pair)) for pair in both]
    caveat = f"{quote} for {quote_of_other} through {base}"
    return with_lineage(result, rates, other, caveats=[caveat], formulas=formulas)
