"""Declared zeros of answers that are cut, spliced or of an earlier day; found by the oracles."""

import pytest
import test_oracles_read as invented

import tradeflows as tf
from tradeflows import charts
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import QueryError

JANUARY = invented.FIRST


def line(month, partner="RUS", length=1, source="file0", **changes):
    row = {"source": source, "rank": 1, "reporter": "CHN", "partner": partner, "product": "2709"}
    row |= {"month": JANUARY + month, "length": length, "part": "total", "unit": "none"}
    return row | {"vintage": "2022-01-15", "value": 5.0, "weight": 5.0} | changes


@pytest.fixture
def ask(tmp_path):
    """Ask what China bought from Russia, of lines of files that declare their partners."""

    def read(*files, declared=("file0", "file1"), **window):
        named = {f"file{number}": lines for number, lines in enumerate(files)}
        root = invented.project_of(tmp_path, named, declared)
        frame = tf.read(reporter="CHN", partner="RUS", product="2709", root=root, **window)
        zeros = frame[frame["flags"].eq(DECLARED)]
        return [*zip(zeros["ref_period"].dt.month, zeros["n_months"], strict=True)]

    return read


def test_blocks_and_zeros_do_not_overlap(ask):
    # Russia's figure of January and February is stated as one, so neither month is a zero.
    lines = [line(0, length=2), line(2), line(0, "USA"), line(1, "USA"), line(2, "USA")]
    assert ask(lines, start="2021-02", end="2021-03") == []
    lines = [line(2), line(0, "USA", 2), line(0, "KAZ"), line(1, "KAZ")]
    assert ask(lines, start="2021-01", end="2021-03") == [(1, 2)]


def test_each_release_of_a_period_declares_its_zeros(ask):
    # The newest release of February has other goods alone.
    newest = line(1, "USA", product="2710", vintage="2022-03-15")
    lines = [line(0), line(2), line(1, "USA"), newest]
    assert ask(lines) == ask(lines, as_of="2022-02-01") == [(2, 1)]


def test_a_flow_in_two_units_has_its_zeros_in_each(ask):
    lines = [line(month, unit=unit) for month in (0, 2) for unit in ("TJ", "m3")]
    lines.append(line(1, "USA", unit="TJ"))
    assert ask(lines, qty_unit="TJ") == ask(lines, qty_unit="m3") == [(2, 1)]


def test_a_zero_of_an_answer_has_its_raw_line(tmp_path):
    lines = [line(0), line(0, "USA"), line(1, "USA", weight=None)]
    root = invented.project_of(tmp_path, {"file0": lines}, ["file0"])
    asked = {"unit": "tonnes", "start": "2021-01", "end": "2021-02", "root": root}
    partners = tf.flow("2709", "China", ["Russia", "USA"], **asked).by("partner")
    terms = partners.trace()
    russian = terms[terms["row"].eq(partners.index[partners["partner_iso"].eq("RUS")].item())]
    assert russian["formula"].unique().tolist() == ["sum([weight_1 / 1000, weight_2 / 1000])"]
    assert russian[["value", "unit", "declared_zero"]].values.tolist() == [
        [5.0, "kg", False],
        [0.0, "kg", True],
    ]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, {"freq": "A"}),
        ({}, {"vintage": "1999"}),
        ({}, {"partner_code": "XXX"}),
        ({"unit": "TJ"}, {"qty_unit": "m3"}),
        ({"product": "270900"}, {"qty_unit": "m3"}),
        ({"part": "regime=1"}, {"breakdown": "regime=2"}),
    ],
)
def test_what_is_stated_in_another_way_is_no_zero(ask, changes, asked):
    # The file has Russia's month, though not as it is asked for; of the USA it has nothing else.
    lines = [line(0, **changes), line(0, "USA", unit="m3"), line(0, "USA", part="regime=2")]
    with pytest.raises(QueryError, match="nothing in trade matches"):
        ask(lines, start="2021-01", end="2021-01", **asked)


def test_a_heading_of_which_a_file_has_the_subheadings(tmp_path):
    lines = [line(0, "USA", product="270900"), line(1, product="270900")]
    root = invented.project_of(tmp_path, {"file0": lines}, ["file0"])
    asked = {"start": "2021-01", "end": "2021-01", "root": root}
    none = tf.flow("2709", "China", "Russia", **asked)
    assert none[["cmd_code", "value"]].to_numpy().tolist() == [["270900", 0.0]]
    with pytest.raises(QueryError, match="nothing is held"):
        tf.flow("2710", "China", "Russia", **asked)


def test_a_declared_zero_is_drawn_as_one(tmp_path):
    lines = [line(0), line(2), line(3), line(1, "USA")]
    for declared, drawn in (["file0"], [5.0, 0.0, 5.0, 5.0]), ([], [5.0, None, 5.0, 5.0]):
        root = invented.project_of(tmp_path, {"file0": lines}, declared)
        axes = tf.flow("2709", "China", "Russia", unit="USD", root=root).plot(source="invented")
        table = charts.drawn(axes).astype(object)
        assert table.where(table.notna(), None)["CHN"].tolist() == drawn
