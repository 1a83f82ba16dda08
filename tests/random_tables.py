"""Random tables for the oracles: raw rows as dicts, and the frame that `read` gives of them."""

import os

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from tradeflows.model.absence import DECLARED

JANUARY = 12 * 2021
YEARS = range(JANUARY, JANUARY + 24)
REPORTERS, PARTNERS, PRODUCTS = ("CHN", "IND", "DEU"), ("RUS", "USA"), ("2709", "2710")
FIGURE = st.one_of(
    st.none(), st.just(0.0), st.integers(1, 999).map(float), st.floats(0.5, 1e6, allow_nan=False)
)
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink]  # explaining takes minutes
HEALTH = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def fuzz(few, many=2000):
    """Settings of a test: `few` examples in `make test`, `many` in `make fuzz`, some in `quick`."""
    few = max(2, int(few * float(os.environ.get("TRADEFLOWS_FEW", "1"))))
    wanted = os.environ.get("TRADEFLOWS_FUZZ")
    examples = few if not wanted else max(few, int(many * float(wanted)))
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=HEALTH, phases=PHASES
    )


@st.composite
def tables(draw, reporters=REPORTERS, partners=PARTNERS, products=PRODUCTS, blocks=True):
    """Rows of some cells over two years: stated, null or absent months, blocks, declared zeros."""
    every = [(r, p, g) for r in reporters for p in partners for g in products]
    n = draw(st.integers(1, min(4, len(every))))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    share_absent = random.choice([0.0, 0.05, 0.3])
    rows = []
    for place in random.choice(len(every), n, replace=False):
        cell = dict(zip(("reporter", "partner", "product"), every[place], strict=True))
        mine = _rows_of(random, cell, share_absent, blocks)
        if any(not row["zero"] for row in mine):
            rows += mine
    return rows


def _rows_of(random, cell, share_absent, blocks):
    """Rows of one cell: what it states of each month, in turn."""
    is_declared = random.random() < 0.5
    share_null = random.choice([0.0, 0.1])
    share_block = random.choice([0.0, 0.1]) if blocks else 0.0
    rows, until = [], YEARS[0]
    for month in YEARS:
        if month < until:
            continue
        length = 2 if random.random() < share_block and month % 12 < 11 else 1
        if random.random() < share_absent:
            zero = {"value": 0.0, "weight": 0.0, "flags": "", "zero": True}
            rows += [{**cell, "month": month, "length": 1, **zero}] * is_declared
            continue
        value = None if random.random() < share_null else _figure(random)
        flags = str(random.choice(["", "", "estimated", "rounded"]))
        figures = {"value": value, "weight": _figure(random), "flags": flags, "zero": False}
        rows.append({**cell, "month": month, "length": length, **figures})
        until = month + length
    return rows


def _figure(random):
    kind = random.random()
    if kind < 0.05:
        return None
    return 0.0 if kind < 0.15 else float(random.choice([random.integers(1, 999), kind * 1e6]))


def typed(month):
    """A month as a user types it."""
    return f"{month // 12}-{month % 12 + 1:02d}"


def months_in(frame):
    """The first month of each row of a frame, counted from year 0."""
    return frame["ref_period"].dt.year * 12 + frame["ref_period"].dt.month - 1


def without_zeros(rows):
    return [row for row in rows if not row["zero"]]


def frame_of(rows):
    """The frame that `read` gives of raw rows, the declared zeros among them."""
    return pd.DataFrame(
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
                "flags": DECLARED if row["zero"] else row["flags"],
                "qualifier": "=",
            }
            for number, row in enumerate(rows, start=1)
        ]
    ).astype({"value_reported": "float64", "net_wgt_kg": "float64"})
