"""Rank, lead, peak and count, each worked by hand."""

import math

import pandas as pd
import pytest

from tradeflows import measures
from tradeflows.model.errors import QueryError


def rows(**columns):
    """Rows of trade with a figure each."""
    n = len(next(iter(columns.values())))
    base = {"ref_period": [pd.Timestamp("2021-01-01")] * n, "n_months": [1] * n}
    return pd.DataFrame(base | columns)


PARTNERS = rows(partner_iso=["CHN", "DEU", "NLD"], value_reported=[140.0, 57.0, 46.0])


def test_lead_by_group_and_any_index():
    later = PARTNERS.assign(ref_period=pd.Timestamp("2021-02-01"), value_reported=[1.0, 2.0, 3.0])
    frame = pd.concat([PARTNERS, later])
    found = measures.lead(frame, "value_reported", "CHN", by=["ref_period"])
    assert found["lead"].tolist() == [83.0, -2.0]
    assert found["next"].tolist() == ["DEU", "NLD"]
    assert found["rank"].tolist() == [1, 3]


def test_lead_names_who_is_in_the_group():
    later = PARTNERS[1:].assign(ref_period=pd.Timestamp("2021-02-01"))
    frame = pd.concat([PARTNERS, later])
    with pytest.raises(QueryError) as refused:
        measures.lead(frame, "value_reported", "CHN", by=["ref_period"])
    assert "did you mean 'CHN'" not in str(refused.value)


MONTHS = rows(value_reported=[1.0, 9.0, 9.0, math.nan]).assign(
    ref_period=pd.to_datetime(["2021-01", "2021-03", "2021-02", "2021-04"])
)


def test_peak_is_the_earliest_of_equals():
    row = measures.peak(MONTHS, "value_reported").iloc[0]
    assert (f"{row['ref_period']:%Y-%m}", row["value_reported"]) == ("2021-02", 9.0)
