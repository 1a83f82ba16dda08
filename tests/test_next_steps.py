"""What a user does next with each kind of answer works, and keeps the figures."""

import io
import pickle
from functools import cache

import numpy as np
import pandas as pd
import pytest
import test_oracles_read as invented

import tradeflows as tf
from tradeflows import measures

VALUE = "value_reported"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """An invented project of one file, in which a month of China has no figure."""
    common = {"source": "file0", "rank": 1, "part": "total", "unit": "none", "product": "2709"}
    common |= {"vintage": "2022-01-15", "partner": "RUS", "length": 1}
    lines = [
        common
        | {"reporter": reporter, "month": invented.FIRST + month, "weight": 20.0 + month}
        | {"value": None if (reporter, month) == ("CHN", 3) else 10.0 + month}
        for reporter in ("CHN", "IND", "DEU")
        for month in range(12)
    ]
    return invented.project_of(tmp_path_factory.mktemp("next"), {"file0": lines}, [])


def both(root):
    return tf.flow("2709", ["China", "India"], "Russia", root=root)


def side(root):
    return tf.flow("2709", "China", "Russia", root=root)


def bought():
    return tf.flow("total", "China", "Russia", start="2022", end="2023")


def comparison(root):
    """Where two answers differ, under the names of one."""
    china = side(root)
    compared = china.compare(china.assign(value=2 * china["value"]))["value"]
    return compared.rename(columns={"self": "value"}).reset_index()


@cache
def rerouted():
    return tf.rerouting("crude oil", "Russia", "EU", ["China", "India"], event="2022-02")


ANSWERS = {  # of an invented or of this project, each with its figure
    "read": (lambda root: tf.read(reporter=["CHN", "IND"], root=root), VALUE),
    "flow": (both, "value"),
    "by": (lambda root: both(root).by("reporter", every=3), "value"),
    "share": (lambda root: both(root).share(), "value"),
    "balance": (lambda _: bought().balance(), "value"),
    "hhi": (lambda root: both(root).hhi(), "value"),
    "to": (lambda _: bought().to("EUR"), "value"),
    "unit_value": (lambda root: both(root).unit_value(), "value"),
    "yoy": (lambda _: bought().yoy(), "value"),
    "gap": (lambda root: side(root).gap(side(root)), "value"),
    "compare": (comparison, "value"),
    "trace": (lambda root: tf.trace(both(root), root=root), "value"),
    "find": (lambda root: tf.find("crude oil", root=root), "rows"),
    "products": (lambda root: tf.products("2709", root=root), "rows"),
    "areas": (lambda root: tf.areas("OPEC", root=root), "reports"),
    "sources": (lambda root: tf.sources(root=root), "rows"),
    "figures": (lambda _: tf.figures("drone", above=12e6), "value"),
    "settlement": (lambda _: tf.settlement("yuan"), "value"),
    "rerouting": (lambda _: rerouted().buyers, "value"),
}


def saved_as_csv(frame):
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)))


def saved_as_parquet(frame):
    file = io.BytesIO()
    frame.to_parquet(file)
    return pd.read_parquet(file)


def by_row(frame, figure):
    placed = frame.assign(place=range(len(frame)), shown=frame[figure])
    return placed.pivot(index="place", columns=frame.columns[0], values="shown")


def merged(frame):
    place = range(len(frame))
    return frame.assign(place=place).merge(frame[[]].assign(place=place), on="place")


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
    "merge": (lambda frame, _: merged(frame), 1),
    "none": (lambda frame, _: frame.iloc[:0], 0),
    "filter": (lambda frame, figure: frame[frame[figure].notna()], 1),
    "scale": (lambda frame, figure: measures.scale(frame, figure, 1, figure), 1),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_next_step(name, project):
    ask, figure = ANSWERS[name]
    frame = ask(project)
    for step, (after, times) in STEPS.items():
        result = after(frame, figure)
        numbers = result[[figure]] if figure in result else result
        expected = times * np.nansum(frame[figure])
        assert np.nansum(numbers.to_numpy("float64")) == pytest.approx(expected), step
        repr(result)


# --- answers that are no frames -------------------------------------------------------------------


def test_what_a_card_of_rerouting_adds_up_is_traced():
    buyers = rerouted().buyers
    assert len(buyers.trace()) > len(buyers)
