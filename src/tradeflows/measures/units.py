"""From one unit to another: barrels a day, US dollars, cross rates, a month."""

import numpy as np
import pandas as pd

from tradeflows.errors import QueryError
from tradeflows.lineage import Formula, Role
from tradeflows.measures.common import carry, listed, need, numbers_of, one_value, unique
from tradeflows.measures.months import days, first_month, spread

BARRELS_PER_TONNE = 7.33  # of crude, the usual world mean
DAYS_PER_MONTH = 30.4375
_ADD_UP = ("USD", "EUR", "GBP", "units", "tonnes", "shipments", "km")  # units of flows


def barrels_per_day(
    frame: pd.DataFrame, barrels_per_tonne: float = BARRELS_PER_TONNE
) -> pd.DataFrame:
    """Net weight as barrels a day, over the days of each period.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``barrels_per_day``; null where the weight is.
    """
    need(frame, "ref_period", "n_months", "net_wgt_kg")
    first = first_month(frame).to_numpy()
    length = days(first + frame["n_months"].to_numpy("int64")) - days(first)
    length = length.astype("int64")
    barrels = numbers_of(frame, "net_wgt_kg") / 1000 * barrels_per_tonne
    caveats = [f"{barrels_per_tonne:g} barrels a tonne"]
    text = f"weight / 1000 * {barrels_per_tonne!r} / days"
    formula = Formula(text, {"weight": Role(frame, "net_wgt_kg"), "days": length})
    return carry(frame.assign(barrels_per_day=barrels / length), frame, caveats=caveats,
                 formulas={"barrels_per_day": formula}, kept=[Role(frame)])  # fmt: skip


def convert(frame: pd.DataFrame, rates: pd.DataFrame) -> pd.DataFrame:
    """Put ``value_reported`` into US dollars at a named monthly rate.

    Parameters
    ----------
    rates
        Rows of the table ``rates`` quoted in USD, of one publisher and statistic.

    Returns
    -------
    DataFrame, rows and columns of `frame`
        With ``primary_value_usd`` where it was null, and ``rate``: over several months the plain
        mean of theirs, null where one is missing or the currency has none.

    Raises
    ------
    QueryError
        `rates` mixes publishers, statistics or quotes, states a month twice, or has no rate for
        any of the rows.
    """
    need(frame, "ref_period", "n_months", "value_reported", "currency")
    need(rates, "base", "quote", "ref_period", "rate")
    one_value(rates, ["quote", "publisher", "statistic", "n_months"])
    if (quote := rates["quote"].iloc[0]) != "USD":
        raise QueryError(f"the rates are quoted in {quote}: read those with quote='USD'")
    unique(rates, ["base", "ref_period"])
    table = pd.MultiIndex.from_arrays([rates["base"], first_month(rates)])
    lines = spread(frame, np.arange(len(frame)), np.ones(len(frame), bool))
    row = lines["row"].to_numpy()
    money = frame["currency"].iloc[row].to_numpy()
    at = table.get_indexer(pd.MultiIndex.from_arrays([money, lines["month"]]))
    found = numbers_of(rates, "rate").to_numpy()[at]
    found[at < 0] = np.nan
    monthly = pd.Series(np.where(money == "USD", 1.0, found)).groupby(row)
    rate = monthly.mean().where(monthly.count() == monthly.size()).set_axis(frame.index)
    if rate.isna().all():
        raise QueryError(f"no rate from {listed(frame, 'currency')} to USD for any month of the "
                         "frame: read the rates for its currency and months")  # fmt: skip
    dollars = numbers_of(frame, "value_reported") * rate
    as_is = frame["currency"].eq("USD").to_numpy("bool", na_value=False)
    which = np.where(as_is, 0, 1).astype("int8")
    names = {"value": Role(frame, "value_reported"), "rate": Role(rates, "rate", at, row),
             "months": frame["n_months"].to_numpy()}  # fmt: skip
    if "primary_value_usd" in frame:
        given = numbers_of(frame, "primary_value_usd")
        dollars = given.fillna(dollars)
        which[given.notna()] = 2
        names["given"] = Role(frame, "primary_value_usd")
    who = " ".join(str(rates[name].iloc[0]) for name in ("publisher", "statistic") if name in rates)
    result = frame.assign(primary_value_usd=dollars, rate=rate)
    caveat = f"converted to USD at monthly rates{who and f' ({who})'}"
    return carry(result, frame, rates, caveats=[caveat], kept=[Role(frame)], formulas={
        "primary_value_usd": Formula(["value", "value * rate / months", "given"], names, which),
        "rate": Formula(["rate / months", "1"], names, as_is.astype("int8")),
    })  # fmt: skip


def cross(rates: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
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
        A side mixes bases, quotes or publishers or states a month twice, the bases differ, or the
        sides share no month.
    """
    for side in (rates, other):
        need(side, "base", "quote", "ref_period", "n_months", "rate")
        one_value(side, ["base", "quote", "publisher", "n_months"])
        unique(side, ["ref_period"])
    if (base := rates["base"].iloc[0]) != (through := other["base"].iloc[0]):
        raise QueryError(f"one side is for {base} and the other for {through}: read both for one")
    at = pd.Index(other["ref_period"]).get_indexer(rates["ref_period"])
    if not (at >= 0).any():
        raise QueryError("the two sides share no month: read both for the same time")
    under = numbers_of(other, "rate").to_numpy()[at]
    under[at < 0] = np.nan
    result = rates[["quote", "ref_period", "n_months"]].assign(
        base=other["quote"].iloc[0], rate=numbers_of(rates, "rate") / under
    )
    for name in ("publisher", "statistic"):
        if name in rates and name in other:
            both = zip(rates[name], other[name].iloc[at], strict=True)
            result[name] = [" / ".join(dict.fromkeys(pair)) for pair in both]
    names = {"rate": Role(rates, "rate"), "other": Role(other, "rate", at)}
    caveat = f"{rates['quote'].iloc[0]} for {other['quote'].iloc[0]} through {base}"
    return carry(result, rates, other, caveats=[caveat],
                 formulas={"rate": Formula("rate / other", names)})  # fmt: skip


def per_month(figures: pd.DataFrame) -> pd.DataFrame:
    """Bring published figures to a month, by the length of their windows.

    Returns
    -------
    DataFrame, rows and columns of `figures`
        With ``months`` (whole calendar months counted, else days / 30.4375; 1 for a figure whose
        ``freq`` says that it is a month's already) and ``value_per_month``, ``low_per_month``,
        ``high_per_month`` in ``unit``; null where the window is vague or the unit does not add
        up over time (shares, growth rates, counts of firms).
    """
    need(figures, "window_start", "window_end", "value", "unit")
    start = pd.to_datetime(figures["window_start"])
    stop = pd.to_datetime(figures["window_end"]) + pd.Timedelta(days=1)
    if (stop <= start).any():
        raise QueryError("a window ends before it starts: mend window_start and window_end")
    calendar = 12.0 * (stop.dt.year - start.dt.year) + stop.dt.month - start.dt.month
    whole = start.dt.day.eq(1) & stop.dt.day.eq(1)
    months = calendar.where(whole, (stop - start).dt.days / DAYS_PER_MONTH)
    if "freq" in figures:
        monthly = figures["freq"].astype("str").str.startswith("monthly")
        months = months.mask(monthly & months.notna(), 1.0)
    divisor = months.where(figures["unit"].isin(_ADD_UP))
    result, formulas = figures.assign(months=months), {}
    for column in ("value", "low", "high"):
        if column in figures:
            result[f"{column}_per_month"] = figures[column].astype("float64") / divisor
            names = {"value": Role(figures, column), "months": months.to_numpy()}
            formulas[f"{column}_per_month"] = Formula("value / months", names)
    caveats = ["published figures divided by the months of their windows"]
    return carry(result, figures, caveats=caveats, formulas=formulas, kept=[Role(figures)])
