"""Daily rates of exchange as rows of monthly means, whichever bank publishes them."""

from __future__ import annotations

from math import fsum
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tradeflows.model.schema import RATES
from tradeflows.model.source import Source
from tradeflows.publishers import reading


def monthly(rates: pd.DataFrame) -> pd.DataFrame:
    """Means of the rates of each currency and month, in the order of the currencies.

    Parameters
    ----------
    rates
        One row a rate: ``currency``, ``day`` (datetime64), ``rate``, ``source_row``.

    Returns
    -------
    DataFrame
        ``currency``, ``month`` (its first day), ``source_row`` (the first record), ``rate`` (the
        mean), ``n_days`` (rates in it) and ``last`` (their last day).
    """
    month = rates["day"].dt.to_period("M").dt.start_time
    months = rates.assign(month=month).groupby(["currency", "month"], observed=True)
    means = months.agg(
        source_row=("source_row", "min"),
        rate=("rate", lambda of_month: fsum(of_month) / len(of_month)),  # rounded once
        n_days=("rate", "size"),
        last=("day", "max"),
    )
    return means.reset_index()


def rows(source: Source, means: pd.DataFrame, is_partial: Any, **columns: Any) -> pa.RecordBatch:
    """A row of :data:`~tradeflows.model.schema.RATES` for each of the `means`, with `columns`."""
    figures = means[["source_row", "rate", "n_days"]].to_dict("series")
    flags = np.where(is_partial, "partial", "")
    about = {"ref_period": means["month"], "n_months": 1, "flags": flags, "note": None}
    return reading.rows(source, RATES, {**figures, **about, **columns})
