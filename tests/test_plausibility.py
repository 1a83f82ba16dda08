"""Figures that can hardly be meant are flagged, and stay."""

from datetime import date

import pyarrow as pa
import pytest

from tradeflows.model import schema
from tradeflows.publishers import plausibility, reading

VALUES = [100_000.0 + i for i in range(14)]


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


def rates(*figures):
    """Return rates of the months of a year, from January on."""
    plain = dict.fromkeys(schema.RATES.names, "x") | {"n_months": 1, "n_days": None, "flags": ""}
    months = [date(2023, i + 1, 1) for i in range(len(figures))]
    columns = {"source_row": pa.array(range(1, len(figures) + 1)), "ref_period": pa.array(months)}
    return schema.conform(plain | columns | {"rate": pa.array(figures)}, schema.RATES)


def gas(energy, unit="m3", **columns):
    """Return a volume of gas and what energy it has."""
    stated = {"qty": [1e9, energy], "qty_unit": [unit, "TJ"], "cmd_code": ["G3000"] * 2}
    return trade(classification_code=["SIEC"] * 2, **(stated | columns))


ODD, TWICE = "implausible", "contradictory"


@pytest.mark.parametrize(
    ("batch", "expected"),
    [
        (trade(value_reported=VALUES, net_wgt_kg=[10.0] * 13 + [0.1]), [""] * 13 + [ODD]),
        (
            trade(value_reported=VALUES, qty=[10.0] * 13 + [0.1], qty_unit=["m3"] * 14),
            [""] * 13 + [ODD],
        ),
        # Few rows have no median, small ones do not matter, and other goods have another.
        (trade(value_reported=VALUES[:9], net_wgt_kg=[10.0] * 8 + [0.001]), [""] * 9),
        (trade(value_reported=[*VALUES[:13], 2e4], net_wgt_kg=[10.0] * 13 + [0.001]), [""] * 14),
        (trade(value_reported=[9e3] * 14, net_wgt_kg=[10.0] * 13 + [0.001]), [""] * 14),
        (
            trade(
                value_reported=VALUES[:13] * 2,
                net_wgt_kg=[10.0] * 13 + [0.01] * 13,
                cmd_code=["2709"] * 13 + ["7108"] * 13,
            ),
            [""] * 26,
        ),
        # A row whose value is the median is large enough, in whichever group it is.
        (
            trade(
                value_reported=[123_457.0] * 42,
                net_wgt_kg=([10.0] * 13 + [0.001]) * 3,
                cmd_code=["2709"] * 14 + ["2710"] * 14 + ["2711"] * 14,
            ),
            ([""] * 13 + [ODD]) * 3,
        ),
        # Where rows lie far apart, one that does is no contradiction.
        (trade(value_reported=[1e6] * 13, net_wgt_kg=[10.0**i for i in range(13)]), [""] * 13),
        (trade(value_reported=[-5.0, 5.0, 1e15]), [ODD, "", ODD]),
        (trade(net_wgt_kg=[1e14, 1.0]), [ODD, ""]),
        (
            trade(value_reported=[-5.0, -5.0], flags=["provisional", "estimated"]),
            [f"{ODD} provisional", f"estimated {ODD}"],
        ),
        (gas(60_000.0), [TWICE] * 2),
        (gas(38_000.0), [""] * 2),
        (gas(60_000.0, cmd_code=["G3000", "G3200"]), [""] * 2),
        (rates(70.0, 7.1, 72.0), ["", ODD, ""]),
        (rates(70.0, 200.0, 72.0, 71.0), ["", ODD, "", ""]),
        (rates(70.0, 110.0, 72.0), [""] * 3),
        (rates(60.0, 110.0, 130.0), [""] * 3),
        (rates(60.0, 200.0, 90.0), [""] * 3),
        (rates(70.0, 71.0, 7.1, 72.0).take(pa.array([0, 2, 3])), [""] * 3),  # a month lacks
        (rates(70.0, 7.0), [""] * 2),
    ],
)
def test_flags(batch, expected):
    flagged = plausibility.flagged(batch)
    assert flagged["flags"].to_pylist() == expected
    assert flagged.drop_columns(["flags"]) == batch.drop_columns(["flags"])
    coded = batch.set_column(
        place := batch.schema.get_field_index("flags"),
        "flags",
        batch["flags"].cast(pa.dictionary(pa.int16(), pa.string())),
    )
    kept = plausibility.flagged(coded.replace_schema_metadata(batch.schema.metadata))
    assert kept.schema.field(place).type == coded.schema.field(place).type
    assert kept["flags"].to_pylist() == expected
