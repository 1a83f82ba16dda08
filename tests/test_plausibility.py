"""Figures that can hardly be meant are flagged, and stay."""

from datetime import date

import pyarrow as pa
import pytest

from tradeflows import tables
from tradeflows.model import schema
from tradeflows.publishers import plausibility, reading


def trade(**columns):
    """Return rows of trade, all of one flow and product unless a column says otherwise."""
    n = max(len(values) for values in columns.values())
    kinds = {field.name: field.type for field in schema.TRADE}
    plain = reading.A_FLOW | {
        "source_id": "demo",
        "source_row": pa.array(range(1, n + 1)),
        "reporter_iso": "CHN",
        "reporter_code": "156",
        "partner_iso": "RUS",
        "partner_code": "643",
        "area_system": "comtrade",
        "flow_code": "M",
        "cmd_code": "2709",
        "ref_period": pa.repeat(pa.scalar(date(2023, 5, 1)), n),
        "vintage": "x",
        "currency": "USD",
    }
    arrays = {name: pa.array(values, kinds[name]) for name, values in columns.items()}
    return schema.conform(plain | arrays, schema.TRADE)


def flags(batch):
    return plausibility.flagged(batch)["flags"].to_pylist()


VALUES = [100_000.0 + i for i in range(14)]


@pytest.mark.parametrize("amount", [{"net_wgt_kg": 1}, {"qty": 1}])
def test_unit_value_far_from_the_median(amount):
    [name] = amount
    amounts = [10.0] * 13 + [0.1]
    more = {"qty_unit": ["m3"] * 14} if name == "qty" else {}
    batch = trade(value_reported=VALUES, **{name: amounts}, **more)
    assert flags(batch) == [""] * 13 + ["implausible"]
    assert plausibility.flagged(batch).drop_columns(["flags"]) == batch.drop_columns(["flags"])


def test_few_rows_have_no_median():
    batch = trade(value_reported=VALUES[:9], net_wgt_kg=[10.0] * 8 + [0.001])
    assert flags(batch) == [""] * 9


def test_small_rows_do_not_matter():
    values = [*VALUES[:13], 9_000.0]
    assert flags(trade(value_reported=values, net_wgt_kg=[10.0] * 13 + [0.001])) == [""] * 14


def test_other_goods_have_another_median():
    goods = ["2709"] * 13 + ["7108"] * 13
    weights = [10.0] * 13 + [0.01] * 13
    batch = trade(value_reported=VALUES[:13] * 2, net_wgt_kg=weights, cmd_code=goods)
    assert flags(batch) == [""] * 26


def test_wide_spreads_are_no_contradiction():
    weights = [10.0**i for i in range(14)]
    assert flags(trade(value_reported=[1e6] * 14, net_wgt_kg=weights))[:13] == [""] * 13


def test_values_below_zero_and_beyond_all_trade():
    assert flags(trade(value_reported=[-5.0, 5.0, 1e15])) == ["implausible", "", "implausible"]


def test_words_of_flags_stay_sorted():
    batch = trade(value_reported=[-5.0, -5.0], flags=["provisional", "estimated"])
    assert flags(batch) == ["implausible provisional", "estimated implausible"]


def test_coded_flags_stay_coded():
    batch = trade(value_reported=[-5.0, 5.0], flags=["", ""])
    place = batch.schema.get_field_index("flags")
    coded = batch.set_column(place, "flags", batch["flags"].dictionary_encode())
    kept = plausibility.flagged(coded)
    assert pa.types.is_dictionary(kept["flags"].type)
    assert kept["flags"].to_pylist() == ["implausible", ""]


def rates(*figures, base="USD"):
    n = len(figures)
    months = [date(2023, i + 1, 1) for i in range(n)]
    columns = {
        "source_id": "demo",
        "source_row": pa.array(range(1, n + 1)),
        "source_field": "",
        "base": base,
        "quote": "RUB",
        "publisher": "x",
        "statistic": "mean",
        "ref_period": pa.array(months),
        "n_months": 1,
        "rate": pa.array(figures),
        "n_days": None,
        "flags": "",
        "note": None,
    }
    return schema.conform(columns, schema.RATES)


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ((70.0, 7.1, 72.0), ["", "implausible", ""]),
        ((70.0, 200.0, 72.0, 71.0), ["", "implausible", "", ""]),
        ((70.0, 110.0, 72.0), ["", "", ""]),
        ((60.0, 110.0, 130.0), ["", "", ""]),
        ((70.0, 7.0), ["", ""]),
    ],
)
def test_rate_against_its_neighbours(figures, expected):
    assert flags(rates(*figures)) == expected


def test_figures_copied_by_hand_pass_the_gate():
    """The project's own files: rows that no reader would take for meant, and still there."""
    stored = tables.read(
        source="comext_energy_imports_2019_2021",
        reporter="FRA",
        partner="RUS",
        product="2711",
        flow="M",
        start="2020-02",
        end="2020-02",
    )
    assert stored["net_wgt_kg"].tolist() == [1.0]  # a kilogram for 49 million euros
    assert stored["flags"].tolist() == ["implausible"]
    assert any("1 of 1 rows implausible" in caveat for caveat in stored.attrs["caveats"])
