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


@pytest.mark.parametrize(
    ("member", "rank", "lead", "after"),
    [("CHN", 1, 83.0, "DEU"), ("DEU", 2, -83.0, "CHN"), ("NLD", 3, -94.0, "CHN")],
)
def test_lead_over_the_next(member, rank, lead, after):
    row = measures.lead(PARTNERS, "value_reported", member).iloc[0]
    assert (row["rank"], row["lead"], row["next"], row["n_members"]) == (rank, lead, after, 3)
    assert row["lead_pct"] == pytest.approx(100 * lead / (row["value_reported"] - lead))


def test_equals_share_the_better_rank():
    frame = PARTNERS.assign(value_reported=[5.0, 5.0, 1.0])
    assert measures.lead(frame, "value_reported", "DEU")["rank"].item() == 1
    assert measures.lead(frame, "value_reported", "NLD")["rank"].item() == 3


def test_lead_by_group_and_any_index():
    later = PARTNERS.assign(ref_period=pd.Timestamp("2021-02-01"), value_reported=[1.0, 2.0, 3.0])
    frame = pd.concat([PARTNERS, later])
    found = measures.lead(frame, "value_reported", "CHN", by=["ref_period"])
    assert found["lead"].tolist() == [83.0, -2.0]
    assert found["next"].tolist() == ["DEU", "NLD"]
    assert found["rank"].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("frame", "member", "message"),
    [
        (PARTNERS, "CHE", "no row has partner_iso 'CHE'; there are CHN, .*"),
        (PARTNERS.iloc[:1], "CHN", "stands alone"),
        (PARTNERS.assign(value_reported=[1.0, math.nan, 2.0]), "CHN", "DEU has no value_reported"),
        (PARTNERS.assign(partner_iso=["CHN", "DEU", "DEU"]), "CHN", "stated 2 times"),
    ],
)
def test_lead_refuses(frame, member, message):
    with pytest.raises(QueryError, match=message):
        measures.lead(frame, "value_reported", member)


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


def test_peak_of_nothing_is_refused():
    with pytest.raises(QueryError, match="none is the largest"):
        measures.peak(MONTHS.iloc[3:], "value_reported")


@pytest.mark.parametrize(("above", "number"), [(0.0, 3), (46.0, 2), (140.0, 0)])
def test_count_above_a_bound(above, number):
    row = measures.count(PARTNERS, "value_reported", above).iloc[0]
    assert (row["count"], row["n_members"]) == (number, 3)


def test_count_of_the_unknown_is_refused():
    with pytest.raises(QueryError, match="1 rows have no value_reported"):
        measures.count(MONTHS, "value_reported")
