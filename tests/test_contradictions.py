"""What an answer says of its own figures: jumps, and sources that were passed over."""

import numpy as np
import pandas as pd
import pytest

import tradeflows as tf
from tradeflows.tables.contradictions import jumps_in_answer

OIL_PRODUCTS = {"start": "2022-01", "end": "2022-12"}
SAID = "oil products from Russia in 2022-05 483,731 t against 3,627 t"


def test_a_source_passed_over_contradicts_a_month_of_the_answer():
    rows = tf.read(reporter="TUR", partner="RUS", flow="M", product="oil products", **OIL_PRODUCTS)
    other = "eurostat_nrg_ti_imports_by_partner_2019_2022, which was passed over"
    told = [text for text in rows.attrs["caveats"] if text.startswith("TUR: figures of")]
    assert len(told) == 1
    assert other in told[0]
    assert SAID in told[0]
    # Of June the neighbours are the odd ones.
    assert not any("times the months around" in text for text in rows.attrs["caveats"])


@pytest.mark.parametrize("asked", [{"start": "2022-02", "end": "2022-04"}, {"partner": "KAZ"}])
def test_no_word_of_what_is_not_of_the_answer(asked):
    question = {"reporter": "TUR", "partner": "RUS", "flow": "M", "product": "oil products"}
    rows = tf.read(**question | OIL_PRODUCTS | asked)
    assert not [text for text in rows.attrs["caveats"] if " times " in text]


def answer(values, n_months=1, **changes):
    months = pd.date_range("2020-01-01", periods=len(values), freq="MS")
    words = {"reporter_iso": "CHN", "partner_iso": "RUS", "partner_code": "RUS", "flow_code": "M"}
    words["partner_role"] = "origin"
    words |= {"cmd_code": "2709", "breakdown": "total", "qty_unit": "none", "freq_code": "M"}
    figures = {"value_reported": values, "net_wgt_kg": np.nan, "qty": np.nan}
    row = words | {"cumulation": "period", "n_months": n_months, "ref_period": months} | figures
    return pd.DataFrame(row | changes)


@pytest.mark.parametrize(
    ("rows", "n"),
    [
        (answer([1.0] * 6 + [10.0] + [1.0] * 6), 1),
        (answer([1.0] * 6 + [9.0] + [1.0] * 6), 0),
        (answer([10.0] * 6 + [1.0, 10.0, 1.0] + [10.0] * 6), 0),  # whose neighbours are the odd
        (answer([1.0] * 6 + [10.0, 1.0]), 0),  # a series of less than a year
        (answer([1.0] * 6 + [10.0] + [4.0] * 6), 0),  # no calm around it
        (answer([1.0] * 6 + [10.0] + [1.0] * 6, cumulation="ytd"), 0),
        (answer([1.0] * 6 + [10.0] + [1.0] * 6, n_months=2), 0),
        (answer([1.0] * 6 + [10.0] + [1.0] * 6, qty_unit=["L", "m3"] * 6 + ["L"]), 0),
        (answer([1.0] * 6 + [10.0] + [1.0] * 6).drop(index=[2, 3, 9]), 0),  # comes and goes
    ],
)
def test_a_month_ten_times_those_around_it(rows, n):
    assert len(jumps_in_answer(rows)) == n
