"""Dollars at a named rate, and the rate of customs, each against a case worked by hand."""

import pandas as pd
import pytest
import twins

from tradeflows import measures
from tradeflows.model.errors import QueryError
from tradeflows.publishers import gacc
from tradeflows.tables.trace import lines

USD = "primary_value_usd"
OIL = twins.CARGO
CELLS = [
    ("202305", "27090000", 7_000_000, 1_000_000),
    ("202305", "27111100", 1_420_000, 200_000),
    ("202305", "88061000", 72, 10),
    ("202306", "27090000", 720_000, 100_000),
]
MEAN = pd.DataFrame(
    {
        "base": "USD",
        "quote": "CNY",
        "publisher": "ECB",
        "statistic": "mean of daily rates",
        "ref_period": pd.to_datetime(["2023-05", "2023-06"]),
        "n_months": 1,
        "rate": [7.0, 7.2],
    }
)


@pytest.fixture
def frame(tmp_path):
    """Clean invented cells (month, product, yuan, dollars) that are stated in `currencies`."""

    def clean(*currencies, cells=CELLS, flow="M", name="a"):
        path = tmp_path / f"{name}.csv"
        records = [
            OIL | {"month": month, "product": product, "CNY": f"{yuan:,}", "USD": f"{usd:,}"}
            for month, product, yuan, usd in cells
        ]
        path.write_bytes(twins.gacc(records, [*OIL, *currencies]))
        rows = pd.concat(part.rows.to_pandas() for part in gacc.clean(path, flow=flow))
        return rows.assign(ref_period=pd.to_datetime(rows["ref_period"]), publisher="gacc")

    return clean


def test_customs_rate(frame):
    rates = measures.customs_rate(frame("CNY"), frame("USD", name="b"))
    assert rates["rate"].tolist() == pytest.approx([1_200_000 / 8_420_000, 100_000 / 720_000])
    assert rates["low"].tolist() == pytest.approx([200 / 1_420, 100 / 720])  # of one cell
    assert rates["high"].tolist() == pytest.approx([1 / 7, 100 / 720])
    assert rates["cells"].tolist() == [2, 1]
    assert rates[["base", "quote", "publisher"]].drop_duplicates().to_numpy().tolist() == [
        ["CNY", "USD", "gacc"]
    ]
    [caveat] = rates.attrs["caveats"]
    assert caveat == (
        "customs rate from 3 cells of 10,000 dollars or more; 1 smaller ones were left out"
    )


def test_customs_rate_of_one_file(frame):
    one = measures.customs_rate(frame("CNY", "USD"))
    two = measures.customs_rate(frame("CNY", cells=CELLS[::-1]), frame("USD", name="b"))
    pd.testing.assert_frame_equal(one, two, check_exact=False)


def test_customs_rate_of_one_currency(frame):
    rates = measures.customs_rate(frame("CNY", cells=CELLS[:1]), frame("USD", name="b"))
    assert rates[["rate", "cells"]].to_numpy().tolist() == [[pytest.approx(1 / 7), 1]]


def test_customs_rate_beside_published(frame):
    rates = measures.customs_rate(frame("CNY", "USD"), published=MEAN)
    assert rates["published"].tolist() == pytest.approx([1 / 7.0, 1 / 7.2])
    assert rates["over_published_pct"].tolist() == pytest.approx([100 * (8.4 / 8.42 - 1), 0])
    assert "beside the rate of customs: ECB mean of daily rates" in rates.attrs["caveats"]


def test_convert_at_either_rate(frame):
    yuan, customs = frame("CNY"), measures.customs_rate(frame("CNY", "USD", name="b"))
    by_customs, by_mean = measures.convert(yuan, customs), measures.convert(yuan, MEAN)
    assert by_customs[USD].iloc[0] == pytest.approx(7_000_000 * 1_200 / 8_420)
    assert by_mean[USD].tolist() == pytest.approx([1e6, 1_420_000 / 7, 72 / 7, 1e5])
    assert by_customs["rate_of"].iloc[0] == (
        "gacc rate of customs, from cells stated in yuan and in dollars"
    )
    assert by_mean["rate_of"].unique().tolist() == ["ECB mean of daily rates"]
    assert by_mean["flags"].unique().tolist() == ["derived"]
    assert by_mean["value_reported"].tolist() == yuan["value_reported"].tolist()
    assert by_mean.attrs["caveats"] == (
        "converted to USD at monthly rates (ECB mean of daily rates)",
    )


def test_convert_keeps_given_dollars(frame):
    both = measures.convert(frame("CNY", "USD"), MEAN)
    assert both[USD].tolist() == [1_000_000, 200_000, 10, 100_000]
    assert both["flags"].unique().tolist() == [""]
    assert both["rate_of"].isna().all()


def test_convert_a_block(frame):
    yuan = frame("CNY", cells=CELLS[:1]).assign(n_months=2)
    assert measures.convert(yuan, MEAN)[USD].tolist() == pytest.approx(
        [7e6 * (1 / 7 + 1 / 7.2) / 2]
    )
    half = measures.convert(frame("CNY"), MEAN.iloc[:1])
    assert half[USD].isna().tolist() == [False, False, False, True]
    assert half["flags"].tolist() == ["derived"] * 3 + [""]


def test_convert_at_a_quarterly_rate(frame):
    whole = MEAN.iloc[:1].assign(n_months=2)
    assert measures.convert(frame("CNY"), whole)["rate"].tolist() == pytest.approx([1 / 7] * 4)


def test_trace_of_a_customs_rate(frame):
    rates = measures.customs_rate(frame("CNY"), frame("USD", name="b"))
    assert [len(lines(rates, name)) for name in ("rate", "low", "high")] == [6, 4, 4]
    assert len(lines(measures.convert(frame("CNY", name="c"), rates), USD)) == 4 + 6


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f("USD"), f("USD", name="b")), "no cell of 10,000 dollars or more"),
        (lambda f: (f("CNY"), f("CNY", name="b")), "no cell of 10,000 dollars or more"),
        (lambda f: (f("CNY"), f("USD", name="b", flow="X")), "no cell of 10,000 dollars"),
        (lambda f: (f("CNY").iloc[:0], f("USD", name="b")), "the frame is empty"),
        (lambda f: (f("CNY", cells=CELLS[:1] * 2), f("USD", name="b")), "stated 2 times"),
        (
            lambda f: (f("CNY").assign(reporter_iso=["CHN", "HKG"] * 2), f("USD", name="b")),
            "reporter_iso is mixed",
        ),
        (lambda f: (f("CNY"), f("USD", name="b"), MEAN.assign(base="EUR")), "quoted in CNY"),
    ],
)
def test_what_customs_rate_refuses(frame, change, message):
    with pytest.raises(QueryError, match=message):
        measures.customs_rate(*change(frame))
