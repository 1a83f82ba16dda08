"""Which source answers a question: its window, a splice of several, editions of one cell."""

from datetime import date

import pytest
from comtrade_twin import envelope, row
from test_tables import OTHER, china, comtrade

from tradeflows import tables
from tradeflows.model.errors import QueryError
from tradeflows.retrieval import adding


def months(*named):
    """Records of China's crude, ten times the month each."""
    return [f"{month},crude_oil,27090000,{10 * int(month[-2:])},1" for month in named]


@pytest.fixture
def ask(make_root):
    """China's own office to 2020-03, and the UN from 2020-02 on, which a rank puts second."""
    un = ["2020-02,CHN,crude_oil,2709,7,1", "2020-03,CHN,crude_oil,2709,8,1"]
    un += ["2020-05,CHN,crude_oil,2709,9,1", "2020-06,CHN,crude_oil,2709,11,1"]
    sources = {
        "own": china(*months("2020-01", "2020-02", "2020-03")),
        "un": comtrade(*un, publisher="other", rank=2),
    }
    root = make_root(sources, head=OTHER)
    tables.build(root)
    return lambda **window: tables.read(product="crude", reporter="CHN", root=root, **window)


def labels(frame):
    return [*zip(frame["ref_period"].dt.strftime("%m"), frame["source_id"], strict=True)]


def test_who_covers_what_where_none_does(ask):
    frame = ask(start="2020", end="2020-06")
    assert {*frame["source_id"]} == {"un"}
    passed, gap = frame.attrs["caveats"]
    assert passed == (
        "CHN: own (2020-01 to 2020-03) states this too and was passed over; publisher= or "
        "source= chooses, splice=True adds 1 month"
    )
    assert gap == "CHN: no row in 2 of the months asked for: 2020-01, 2020-04"


def test_a_splice_has_each_month_once(ask):
    frame = ask(start="2020", end="2020-06", splice=True)
    names = ["own", "un", "un", "un", "un"]
    assert labels(frame) == [*zip(["01", "02", "03", "05", "06"], names, strict=True)]
    assert frame["publisher"].tolist() == ["demo", *["other"] * 4]
    seam, passed, _, gap = frame.attrs["caveats"]
    assert seam.startswith("CHN: own to 2020-01, then un from 2020-02: a change across this seam")
    assert passed.startswith("2 rows of months that the source before them states")
    assert gap.endswith("2020-04")


def test_a_window_cut_short_is_said(ask):
    [*_, gap] = ask(start="2020-02", end="2021", source="un").attrs["caveats"]
    assert gap == "CHN: no row in 19 of the months asked for: 2020-04, 2020-07 to 2021-12"
    frame = ask(start="2020-02", end="2020-02")
    assert "un (2020-02) states this too" in frame.attrs["caveats"][0]


# --- the months that a source states --------------------------------------------------------------


@pytest.fixture
def read(make_root):
    """Build files, and return a way to ask for China's crude."""

    def built(sources):
        root = make_root(sources, head=OTHER)
        tables.build(root)
        asked = {"product": "crude", "reporter": "CHN", "root": root}
        return lambda **more: tables.read(**{**asked, **more})

    return built


@pytest.mark.parametrize("day", [date(2024, 7, 1), date(2024, 6, 30)])
def test_a_cell_is_of_one_file(read, day):
    new = china("2020-02,crude_oil,27090000,7,1", "2020-03,crude_oil,27090000,8,1", retrieved=day)
    ask = read(
        {"old": china(*months("2020-01", "2020-02"), retrieved=date(2024, 6, 30)), "new": new}
    )
    if day.month == 7:  # of two of one rank the newer
        assert ask()["net_wgt_kg"].tolist() == [10, 7, 8]
    else:
        with pytest.raises(QueryError, match="of one rank; add source='new' or source='old'"):
            ask()


# --- editions ------------------------------------------------------------------------------------


@pytest.fixture
def editions(make_root, tmp_path):
    """Add replies whose rows are of the editions named, and return a way to read them."""

    def add(*replies):
        root = make_root({"oil": {}})
        for number, reply in enumerate(replies):
            path = tmp_path / f"{number}.json"
            rows = [row(product="854231", value=5.0, classificationCode=each) for each in reply]
            path.write_bytes(envelope(rows))
            adding.add([path], root)
        tables.build(root)
        asked = {"product": "854231", "local": True, "root": root}
        return root, lambda **more: tables.read(**asked, **more)

    return add


@pytest.mark.parametrize("replies", [[["H5", "H6"]], [["H5"], ["H6"]]])
def test_two_editions_are_one_cell(editions, replies):
    _, read = editions(*replies)
    frame = read()
    assert frame["classification_code"].tolist() == ["H6"]
    assert frame["value_reported"].sum() == 5
    assert "another edition of HS (H5) state the same trade" in frame.attrs["caveats"][0]
    assert read(classification="H5")["classification_code"].tolist() == ["H5"]
