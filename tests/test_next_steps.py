"""What a user does next with the answer of each public function works, and keeps the figures."""

import contextlib
import inspect
import io
import pickle

import numpy as np
import pandas as pd
import pytest
import test_oracles_read as invented
from random_tables import JANUARY, frame_of
from test_oracles import rates_of

import tradeflows as tf
from tradeflows import measures
from tradeflows.model.errors import QueryError

VALUE, KG = "value_reported", "net_wgt_kg"
CELLS = [("CHN", "RUS"), ("CHN", "USA"), ("IND", "RUS"), ("DEU", "RUS")]


def stated(reporter, partner, month, product="2709"):
    figure = 10.0 + month + len(reporter + partner) + ord(reporter[0])
    row = {"reporter": reporter, "partner": partner, "product": product, "flags": "", "length": 1}
    is_hole = (reporter, month) == ("CHN", 3)
    value = None if is_hole else figure
    return row | {"month": JANUARY + month, "value": value, "weight": 2 * figure, "zero": False}


ROWS = [stated(*cell, month) for cell in CELLS for month in range(24)]
FRAME = frame_of(ROWS)
RUSSIAN = FRAME[FRAME["partner_iso"].eq("RUS")]
KNOWN = RUSSIAN[RUSSIAN["ref_period"].ne("2021-04-01")]
CHINA = RUSSIAN[RUSSIAN["reporter_iso"].eq("CHN")]
WORLD = CHINA.assign(partner_iso="W00", value_reported=1000.0)
YUAN = CHINA.assign(currency="CNY")
DOLLARS = CHINA.assign(primary_value_usd=CHINA[VALUE] * 1e6, currency="USD")
RATES = rates_of({JANUARY + month: 1.1 for month in range(24)})
ROUBLES = rates_of({JANUARY + month: 70.0 for month in range(24)}, "USD", "RUB")
WINDOWS = {"war": ("2021", "2022"), "back": ("2022", "2021")}
CODES = frame_of([stated("CHN", "RUS", month, "11111111") for month in range(12)])
LINKS = [{"period": "20212022", "predecessor": "11111111", "successor": "22222222"}]
FIGURES = pd.DataFrame(
    {
        "window_start": pd.to_datetime(["2021-01-01", "2022-01-01"]),
        "window_end": pd.to_datetime(["2021-12-31", "2022-06-30"]),
        "value": [12.0, 9.0],
        "unit": "USD",
    }
)
JANUARIES = CHINA.iloc[[0, 0]].reset_index(drop=True)
IN_PARTS = JANUARIES.assign(breakdown=["regime=1", "regime=2"])
MEASURES = {  # what each gives, and the column of its figure
    "barrels_per_day": (lambda: measures.barrels_per_day(FRAME), "barrels_per_day"),
    "baskets": (
        lambda: measures.baskets(CHINA, VALUE, {"crude": ["2709"], "all": ["2709"]}),
        VALUE,
    ),
    "chained": (lambda: measures.chained(CODES, LINKS, 2022), "high"),
    "convert": (lambda: measures.convert(FRAME.assign(currency="EUR"), RATES), "primary_value_usd"),
    "count": (lambda: measures.count(KNOWN, VALUE, by=["reporter_iso"]), "count"),
    "cross": (lambda: measures.cross(ROUBLES, ROUBLES.assign(quote="CNY", rate=7.0)), "rate"),
    "customs_rate": (lambda: measures.customs_rate(YUAN, DOLLARS), "rate"),
    "difference": (
        lambda: measures.difference(CHINA.iloc[[0]], CHINA.iloc[[1]], VALUE),
        "change",
    ),
    "displacement": (
        lambda: measures.displacement(RUSSIAN, VALUE, "DEU", ["CHN", "IND"], "2021", "2022"),
        "change",
    ),
    "displacement_over": (
        lambda: measures.displacement_over(RUSSIAN, VALUE, "DEU", ["CHN", "IND"], WINDOWS),
        f"{VALUE}_gain",
    ),
    "from_members": (lambda: measures.from_members(RUSSIAN, VALUE, "EU27_2020"), VALUE),
    "gap": (lambda: measures.gap(CHINA, CHINA.assign(flow_code="M"), VALUE), "ratio"),
    "growth": (lambda: measures.growth(FRAME, VALUE, 2022, 2021), "growth_pct"),
    "hhi": (
        lambda: measures.hhi(FRAME, VALUE, of="reporter_iso", by=["partner_iso", "ref_period"]),
        "hhi",
    ),
    "index_to_base": (lambda: measures.index_to_base(RUSSIAN, VALUE, "2021"), "base_pct"),
    "last_active_month": (
        lambda: measures.last_active_month(RUSSIAN, VALUE, "2021"),
        f"{VALUE}_base",
    ),
    "lead": (lambda: measures.lead(KNOWN, VALUE, "CHN", "reporter_iso", ["ref_period"]), "lead"),
    "peak": (lambda: measures.peak(CHINA, VALUE), VALUE),
    "per_month": (lambda: measures.per_month(FIGURES), "value_per_month"),
    "price_quantity": (
        lambda: measures.price_quantity(
            RUSSIAN[RUSSIAN["reporter_iso"].eq("IND")], VALUE, KG, "2021", "2022"
        ),
        "change",
    ),
    "scale": (lambda: measures.scale(FRAME, KG, 1000, "tonnes"), "tonnes"),
    "share": (lambda: measures.share(CHINA, WORLD, VALUE), "share_pct"),
    "shares": (
        lambda: measures.shares(FRAME, VALUE, by=["reporter_iso", "ref_period"]),
        "share_pct",
    ),
    "stack": (lambda: measures.stack({"one": FRAME, "two": FRAME}), VALUE),
    "sum_parts": (lambda: measures.sum_parts(IN_PARTS, VALUE), VALUE),
    "total": (
        lambda: measures.total(RUSSIAN, VALUE, ["reporter_iso"], every=12),
        VALUE,
    ),
    "unit_value": (lambda: measures.unit_value(FRAME, VALUE), "unit_value_per_tonne"),
    "yoy": (lambda: measures.yoy(FRAME, VALUE), "yoy_pct"),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each function answers, `read` and `flow` in an invented project."""
    lines = [
        {"source": "file0", "rank": 1, "part": "total", "unit": "none", "vintage": "2022-01-15"}
        | stated(reporter, partner, month % 12)
        | {"month": invented.FIRST + month % 12}
        for reporter, partner in CELLS
        for month in range(12)
    ]
    root = invented.project_of(tmp_path_factory.mktemp("next"), {"file0": lines}, [])
    question = {"partner": ["RUS"], "product": "2709", "root": root}
    return {
        "read": (tf.read(reporter=["CHN", "IND"], **question), VALUE),
        "flow": (tf.flow(reporter=["China", "India"], **question), "value"),
        **{name: (measure(), figure) for name, (measure, figure) in MEASURES.items()},
    }


def saved_as_csv(frame):
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)))


def saved_as_parquet(frame):
    file = io.BytesIO()
    frame.to_parquet(file)
    return pd.read_parquet(file)


def by_row(frame, figure):
    return frame.assign(row=range(len(frame)), shown=frame[figure]).pivot(
        index="row", columns=frame.columns[0], values="shown"
    )


# Each with how often the sum of the figures is in what it gives.
STEPS = {
    "two columns": (lambda frame, figure: frame[[frame.columns[0], figure]], 1),
    "sort": (lambda frame, figure: frame.sort_values(figure), 1),
    "two answers": (lambda frame, _: pd.concat([frame, frame], ignore_index=True), 2),
    "csv": (lambda frame, _: saved_as_csv(frame), 1),
    "parquet": (lambda frame, _: saved_as_parquet(frame), 1),
    "pickle": (lambda frame, _: pickle.loads(pickle.dumps(frame)), 1),
    "group": (lambda frame, figure: frame.groupby(frame.columns[0])[[figure]].sum(), 1),
    "pivot": (by_row, 1),
    "merge": (
        lambda frame, figure: frame.assign(row=range(len(frame))).merge(
            frame[[]].assign(row=range(len(frame))), on="row"
        ),
        1,
    ),
    "none": (lambda frame, _: frame.iloc[:0], 0),
    "filter": (lambda frame, figure: frame[frame[figure].notna()], 1),
    "scale": (lambda frame, figure: measures.scale(frame, figure, 1, figure), 1),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", ["read", "flow", *MEASURES])
def test_next_step(name, step, answers):
    frame, figure = answers[name]
    after, times = STEPS[step]
    result = after(frame, figure)
    numbers = result[[figure]] if figure in result else result
    expected = times * np.nansum(frame[figure])
    assert np.nansum(numbers.to_numpy("float64")) == pytest.approx(expected)
    repr(result)


@pytest.mark.parametrize("name", ["read", "flow", *MEASURES])
def test_one_row_summed(name, answers):
    # A measure of a measure gives a frame, or says why it does not.
    frame, figure = answers[name]
    is_whole = frame.get("complete", True)
    row = frame[frame[figure].notna() & is_whole].head(1)
    with contextlib.suppress(QueryError):
        result = measures.total(row, figure)
        assert result[figure].tolist() == pytest.approx(row[figure].tolist())


def test_every_measure_has_next_steps():
    public = {name for name in measures.__all__ if inspect.isfunction(getattr(measures, name))}
    assert public == {*MEASURES}
