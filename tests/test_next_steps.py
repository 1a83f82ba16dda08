"""What a user does next with the answer of each public function works, and keeps the figures."""

import contextlib
import dataclasses
import io
import pickle
from functools import cache

import numpy as np
import pandas as pd
import pytest
import test_oracles_read as invented
from comtrade_twin import Twin, project_of, row
from matplotlib import pyplot as plt
from random_tables import JANUARY
from test_charts import EVERY_CHART
from test_oracles_explorer import functions_of
from test_trace import EVERY, KG, SOURCES, columns_of, crude

import tradeflows as tf
from tradeflows import charts, claims, measures
from tradeflows.explore.answer import Answer
from tradeflows.model.errors import QueryError

VALUE = "value_reported"
CELLS = [("CHN", "RUS"), ("CHN", "USA"), ("IND", "RUS"), ("DEU", "RUS")]


def stated(reporter, partner, month, product="2709"):
    figure = 10.0 + month + len(reporter + partner) + ord(reporter[0])
    row = {"reporter": reporter, "partner": partner, "product": product, "flags": "", "length": 1}
    is_hole = (reporter, month) == ("CHN", 3)
    value = None if is_hole else figure
    return row | {"month": JANUARY + month, "value": value, "weight": 2 * figure, "zero": False}


PARTS = ["regime=1", "regime=2"]
# A measure of each name: those that are traced to their files, and these.
OTHERS = {
    "count": lambda: measures.count(crude(), KG, by=["reporter_iso"]),
    "lead": lambda: measures.lead(crude(), KG, "CHN", "reporter_iso", ["ref_period"]),
    "peak": lambda: measures.peak(crude(reporter="CHN"), KG),
    "scale": lambda: measures.scale(crude(), KG, 1000, "tonnes"),
    "sum_parts": lambda: measures.sum_parts(crude().iloc[[0, 0]].assign(breakdown=PARTS), KG),
}
MEASURES = {name: EVERY[name] for name in measures.__all__ if name in EVERY} | OTHERS
OF_MEASURES = [f"measures.{name}" for name in MEASURES]


EXPLORED = {  # what the explorer gives of an invented or of this project, and its figure
    "read": (lambda root: tf.read(reporter=["CHN", "IND"], **asked(root)), VALUE),
    "flow": (lambda root: both(root), "value"),
    "by": (lambda root: both(root).by("reporter", every=3), "value"),
    "share": (lambda root: both(root).share(), "value"),
    "balance": (lambda _: bought().balance(), "value"),
    "growth": (lambda _: bought().growth(), "value"),
    "hhi": (lambda root: both(root).hhi(), "value"),
    "rank": (lambda root: both(root).rank(), "value"),
    "to": (lambda _: bought().to("EUR"), "value"),
    "unit_value": (lambda root: both(root).unit_value(), "value"),
    "yoy": (lambda _: bought().yoy(), "value"),
    "gap": (lambda root: side("China", root).gap(side("China", root)), "value"),
    "compare": (lambda root: comparison(root), "value"),
    "trace": (lambda root: tf.trace(both(root), root=root), "value"),
    "find": (lambda root: tf.find("crude oil", root=root), "rows"),
    "products": (lambda root: tf.products("2709", root=root), "rows"),
    "areas": (lambda root: tf.areas("OPEC", root=root), "reports"),
    "sources": (lambda root: tf.sources(root=root), "rows"),
    "figures": (lambda _: tf.figures("drone", above=12e6), "value"),
    "settlement": (lambda _: tf.settlement("yuan"), "value"),
    "ask": (lambda _: live()["ask"], "value"),
    "available": (lambda _: live()["available"], "n_held"),
    "rerouting": (lambda _: rerouted().buyers, "value"),
}
KEPT = ["read", "flow", "by", "share", "gap", "settlement", "rerouting", "ask", *OF_MEASURES]


def asked(root):
    return {"partner": ["RUS"], "product": "2709", "root": root}


def both(root):
    return tf.flow(reporter=["China", "India"], **asked(root))


def side(reporter, root):
    return tf.flow(reporter=reporter, **asked(root))


@cache
def bought():
    return tf.flow("total", "China", "Russia", start="2022", end="2023")


def comparison(root):
    """Where two answers differ, under the names of one."""
    china = side("China", root)
    doubled = china.assign(value=2 * china["value"])
    return china.compare(doubled)["value"].rename(columns={"self": "value"}).reset_index()


@cache
def rerouted():
    return tf.rerouting("crude oil", "Russia", "EU", ["China", "India"], event="2022-02")


@cache
def live():
    """What `ask` and `available` give of two months that a twin of UN Comtrade has."""
    rows = [row(period=f"20250{m}", product="1001", flow="M", netWgt=4e3 + m) for m in (1, 2)]
    window = {"start": "2025-01", "end": "2025-02"}
    with project_of(Twin(rows)) as project:
        answer = tf.ask("1001", "China", "Russia", **window, **project)
        listed = tf.available("China", "Russia", **project)
    return {"ask": answer, "available": listed.assign(n_held=listed["held"].str.len())}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """An invented project of one file."""
    lines = [
        {"source": "file0", "rank": 1, "part": "total", "unit": "none", "vintage": "2022-01-15"}
        | stated(reporter, partner, month % 12)
        | {"month": invented.FIRST + month % 12}
        for reporter, partner in CELLS
        for month in range(12)
    ]
    return invented.project_of(tmp_path_factory.mktemp("next"), {"file0": lines}, [])


@pytest.fixture(scope="module")
def answers(project, root_maker, tmp_path_factory):
    """What each function answers, asked when it is first wanted."""
    traced = root_maker(tmp_path_factory.mktemp("traced"), SOURCES)
    tf.build(traced)

    @cache
    def answer(name):
        if name in OF_MEASURES:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("TRADEFLOWS_ROOT", str(traced))
                result = MEASURES[name.removeprefix("measures.")]()
            return result, columns_of(result)[0]
        ask, figure = EXPLORED[name]
        return ask(project), figure

    return answer


def saved_as_csv(frame):
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)))


def saved_as_parquet(frame):
    file = io.BytesIO()
    frame.to_parquet(file)
    return pd.read_parquet(file)


def by_row(frame, figure):
    return frame.assign(place=range(len(frame)), shown=frame[figure]).pivot(
        index="place", columns=frame.columns[0], values="shown"
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
        lambda frame, figure: frame.assign(place=range(len(frame))).merge(
            frame[[]].assign(place=range(len(frame))), on="place"
        ),
        1,
    ),
    "none": (lambda frame, _: frame.iloc[:0], 0),
    "filter": (lambda frame, figure: frame[frame[figure].notna()], 1),
    "scale": (lambda frame, figure: measures.scale(frame, figure, 1, figure), 1),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("name", [*EXPLORED, *OF_MEASURES])
def test_next_step(name, step, answers):
    frame, figure = answers(name)
    after, times = STEPS[step]
    result = after(frame, figure)
    numbers = result[[figure]] if figure in result else result
    expected = times * np.nansum(frame[figure])
    assert np.nansum(numbers.to_numpy("float64")) == pytest.approx(expected)
    repr(result)


@pytest.mark.parametrize("name", KEPT)
def test_one_row_summed(name, answers):
    # A measure of a measure gives a frame, or says why it does not.
    frame, figure = answers(name)
    is_whole = frame.get("complete", True)
    row = frame[frame[figure].notna() & is_whole].head(1)
    with contextlib.suppress(QueryError):
        result = measures.total(row, figure)
        assert result[figure].tolist() == pytest.approx(row[figure].tolist())


# --- answers that are no frames -------------------------------------------------------------------

CARDS = {
    "shown": lambda cards: "O08" in repr(cards),
    "in a notebook": lambda cards: "<" in cards._repr_html_(),
    "its verdict": lambda cards: cards.verdicts[0].verdict in claims.VERDICTS,
    "as a table": lambda cards: set(claims.table(cards.verdicts)["id"]) == {"O08"},
    "its lines": lambda cards: claims.terms(cards.verdicts[0].readings[0])["terms"],
    "its rows": lambda cards: len(cards.verdicts[0].readings[0].read[0]) > 0,
    "drawn": lambda cards: drawn_claim(cards),
}
REROUTED = {
    "shown": lambda card: "What this cannot show" in repr(card),
    "in a notebook": lambda card: "<h3>" in card._repr_html_(),
    "its sentence": lambda card: "gained for each lost" in card.title,
    "a buyer": lambda card: len(card.buyers.query("reporter == 'China'")) == 1,
    "the placebos": lambda card: card.ratios["placebo"].any(),
    "what is unseen": lambda card: "ratio follows no cargo" in card.unseen[0],
    "prices": lambda card: set(card.prices["effect"]) == {"price", "quantity"},
    "drawn": lambda card: len(charts.drawn(card.plot())) == len(card.ratios),
    "its lines": lambda card: len(card.buyers.trace()) > len(card.buyers),
}
BUILT = {
    "the tables": lambda built: {one.table for one in built} >= {"trade", "figures"},
    "the files": lambda built: all(one.path.exists() for one in built),
    "what is left out": lambda built: not any("left out" in word for word in built[0].counts),
    "what is refused": lambda built: not any(one.refused for one in built),
    "read by pandas": lambda built: len(pd.read_parquet(built[0].path)) == built[0].counts["rows"],
    "shown": lambda built: "trade" in repr(built),
    "as a frame": lambda built: len(pd.DataFrame(map(dataclasses.asdict, built))) == len(built),
    "built again": lambda built: built_again(built),
}
PROJECT = {
    "its title": lambda project: project.title.startswith("What China buys"),
    "its short name": lambda project: project.short == "China and Russia, checked",
    "shown": lambda project: project.title in repr(project),
}
THINGS = {"cards": CARDS, "rerouting": REROUTED, "build": BUILT, "project": PROJECT}


def drawn_claim(cards):
    found = claims.table(cards.verdicts).assign(name=lambda rows: rows.index.astype(str))
    axes = charts.bars(found, y="ratio", by="name", title="One claim", unit="Times the claim")
    return len(charts.drawn(axes)) > 0


def built_again(built):
    """Whether a project that is built twice has the same counts."""
    root = built[0].path.parents[2]
    return [one.counts for one in tf.build(root)] == [one.counts for one in built]


@pytest.fixture(scope="module")
def thing(project):
    asks = {
        "cards": lambda: tf.cards("O08"),
        "rerouting": rerouted,
        "build": lambda: tf.build(project),
        "project": tf.project,
    }
    return cache(lambda name: asks[name]())


@pytest.mark.parametrize(
    ("name", "step"), [(name, step) for name, steps in THINGS.items() for step in steps]
)
def test_next_step_with(name, step, thing):
    assert THINGS[name][step](thing(name))
    plt.close("all")


# --- charts ---------------------------------------------------------------------------------------


# What pandas goes on with, which the tests of an answer that is saved or spread ask.
OF_PANDAS = {"round", "series", "slim", "to_csv", "to_parquet", "wide"}
# Functions of a chart that is drawn, which the steps above or the tests of the files ask.
OF_A_CHART = {"alt", "css", "drawn", "hand_over", "script", "sources"}


def test_every_function_has_next_steps():
    assert functions_of(measures) == {*MEASURES}
    assert functions_of(tf) | functions_of(Answer) == {*EXPLORED, *THINGS, *OF_PANDAS}
    drawing = {*EVERY_CHART} - {"months", "panels"}  # which are cells and lines too
    assert functions_of(charts) == drawing | OF_A_CHART
