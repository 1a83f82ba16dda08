"""Random tables for the oracles: raw rows as dicts, and the frame that `read` gives of them."""

import os

import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tradeflows.model.absence import AXES, DECLARED, ZEROS, Zeros

JANUARY = 12 * 2021
YEARS = range(JANUARY, JANUARY + 24)
REPORTERS, PARTNERS, PRODUCTS = ("CHN", "IND", "DEU"), ("RUS", "USA"), ("2709", "2710")
FIGURE = st.one_of(
    st.none(), st.just(0.0), st.integers(1, 999).map(float), st.floats(0.5, 1e6, allow_nan=False)
)
HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def fuzz(few, many=2000):
    """Settings of a test: `few` examples in `make test`, `many` in `make fuzz`."""
    wanted = os.environ.get("TRADEFLOWS_FUZZ")
    examples = few if not wanted else max(few, int(many * float(wanted)))
    return settings(max_examples=examples, deadline=None, suppress_health_check=HEALTH)


@st.composite
def tables(draw, reporters=REPORTERS, partners=PARTNERS, products=PRODUCTS, blocks=True):
    """Rows of some cells over two years: stated, null or absent months, blocks, declared zeros."""
    every = [(r, p, g) for r in reporters for p in partners for g in products]
    rows = []
    for reporter, partner, product in draw(
        st.lists(st.sampled_from(every), min_size=1, max_size=4, unique=True)
    ):
        here = {"reporter": reporter, "partner": partner, "product": product, "length": 1}
        is_declared = draw(st.booleans())
        states = draw(st.lists(st.sampled_from("svvvvna"), min_size=24, max_size=24))
        mine = []
        for month, state in zip(YEARS, states, strict=True):
            if mine and month in range(mine[-1]["month"], mine[-1]["month"] + mine[-1]["length"]):
                continue
            if state == "a":
                mine += [_row(here, month, 0.0, 0.0) | {"zero": True}] * is_declared
                continue
            value = None if state == "n" else draw(FIGURE)
            row = _row(here, month, value, draw(FIGURE))
            row["flags"] = draw(st.sampled_from(["", "", "estimated", "rounded"]))
            if blocks and state == "s" and month % 12 < 11:
                row["length"] = 2
            mine.append(row)
        real = [row for row in mine if not row["zero"]]
        rows += mine if real else []
    return rows


def _row(here, month, value, weight):
    return {**here, "month": month, "value": value, "weight": weight, "flags": "", "zero": False}


def frame_of(rows):
    """The frame that `read` gives of raw rows, with the declared zeros among them apart."""
    table = pd.DataFrame(
        [
            {
                "source_id": "demo",
                "source_row": number,
                "source_field": "",
                "reporter_iso": row["reporter"],
                "partner_iso": row["partner"],
                "partner_role": "origin",
                "flow_code": "M",
                "cmd_code": row["product"],
                "cumulation": "period",
                "breakdown": "total",
                "classification_code": "H6",
                "valuation": "CIF",
                "currency": "USD",
                "ref_period": pd.Timestamp(row["month"] // 12, row["month"] % 12 + 1, 1),
                "n_months": row["length"],
                "freq_code": "M",
                "value_reported": row["value"],
                "net_wgt_kg": row["weight"],
                "flags": row["flags"],
                "qualifier": "=",
                DECLARED: row["zero"],
            }
            for number, row in enumerate(rows, start=1)
        ]
    ).astype({"value_reported": "float64", "net_wgt_kg": "float64"})
    zeros = table[table[DECLARED]].assign(along="partner_iso")
    frame = table[~table[DECLARED]].drop(columns=DECLARED).reset_index(drop=True)
    if len(zeros):
        first = frame["ref_period"].dt.year * 12 + frame["ref_period"].dt.month - 1
        ends = frame[[*AXES]].assign(first=first, last=first + frame["n_months"] - 1)
        ends = ends.groupby([*AXES], as_index=False).agg({"first": "min", "last": "max"})
        frame.attrs[ZEROS] = Zeros(zeros.reset_index(drop=True), ends)
    return frame
