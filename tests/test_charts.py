from dataclasses import fields
from datetime import date
from itertools import combinations
from types import SimpleNamespace

import matplotlib as mpl
import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection, QuadMesh
from matplotlib.colors import to_hex, to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

import tradeflows as tf
from tradeflows import charts, measures
from tradeflows.charts import colours, layout, options, spans
from tradeflows.charts.marks import told
from tradeflows.model import units
from tradeflows.model.errors import CatalogueError, QueryError
from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue

LOOK = {"title": "China bought more", "unit": "Mt a month", "source": "made up for a test"}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def monthly(**series):
    """Series of numbers from January 2022 on, in long form; None where nothing is published."""
    return pd.DataFrame(
        [
            {
                "ref_period": pd.Timestamp("2022-01-01") + pd.DateOffset(months=i),
                "who": who,
                "mt": v,
            }
            for who, values in series.items()
            for i, v in enumerate(values)
        ]
    )


def lines(frame, **more):
    return charts.lines(frame, y="mt", by="who", **LOOK | more)


def statements(*rows):
    frame = pd.DataFrame(rows, columns=["ref_period", "currency", "value", "qualifier"])
    return frame.assign(ref_period=pd.to_datetime(frame["ref_period"]))


def points(frame, **more):
    return charts.points(frame, y="value", by="currency", **LOOK | more)


def blocks(*rows, **more):
    frame = pd.DataFrame(rows, columns=["ref_period", "n_months", "flow", "usd"])
    frame["ref_period"] = pd.to_datetime(frame["ref_period"])
    frame["flags"] = ""
    return charts.blocks(frame, y="usd", by="flow", **LOOK | more)


BASKETS = pd.DataFrame(
    {
        "basket": ["crude", "all", "new code", "nothing"],
        "usd": [50.6, 81.34567, np.nan, np.nan],
        "least": [np.nan, 80, 40, np.nan],
        "most": [np.nan, 83, 55, np.nan],
        "qualifier": ["~", "=", "=", "="],
    }
)


def bars(frame=BASKETS, **more):
    return charts.bars(frame, y="usd", by="basket", **LOOK | more)


FIGURES = pd.DataFrame(
    {
        "id": ["D01", "D06", "D20"],
        "window_start": pd.to_datetime(["2022-02-24", "2022-03-01", "2022-01-01"]),
        "window_end": pd.to_datetime(["2023-03-31", "2023-05-31", "2022-12-31"]),
        "value": [12.0, 32.0, np.nan],
        "low": [np.nan, np.nan, 1.0],
        "high": [np.nan, np.nan, 1.6],
        "qualifier": [">", ">", "="],
    }
)


def windows(frame=FIGURES, **more):
    return charts.windows(frame, span=("low", "high"), **LOOK | more)


def panels(frame=None, **more):
    frame = (
        pd.concat(
            [
                monthly(CHN=[1, 2, 2], IND=[3, 4, 4]).assign(what=w, mt=lambda f, k=k: f["mt"] * k)
                for w, k in (("Price", 10), ("Quantity", 1))
            ]
        )
        if frame is None
        else frame
    )
    return charts.lines(frame, y="mt", by="who", panel="what", **LOOK | more)


SHARES = pd.DataFrame(
    [
        ("SVK", "2709", 100.0, "1.00"),
        ("SVK", "2701", 43.9, "0.25–0.28"),
        ("CZE", "2709", 50.2, ""),
        ("CZE", "2701", None, ""),
    ],
    columns=["member", "fuel", "pct", "hhi"],
)


def cells(frame=SHARES, across="fuel", **more):
    return charts.cells(frame, y="pct", by="member", across=across, **LOOK | more)


def strips(**series):
    return cells(monthly(**series).rename(columns={"who": "member", "mt": "pct"}), "ref_period")


HELD = pd.DataFrame({"months": ["2019-01 to 2021-12, 2022-03", "2023-01"]})


def coverage(frame=HELD, **more):
    names = ["Crude oil, an office", "Coal, another office"]
    return charts.coverage(frame, held="months", by=names, **LOOK | more)


def two_sides(china=(3, 4, 5, 5, None), russia=(2, None, None, 5, 6), **more):
    """Draw synthetic figures of two sides as `gap` puts them side by side, a row a month."""
    months = pd.date_range("2022-01-01", periods=len(china), freq="MS")
    frame = pd.DataFrame({"ref_period": months, "n_months": 1, "usd_m": china, "usd_x": russia})
    look = LOOK | {"of": ("CHN", "RUS"), "band": (1.0, 1.1)} | more
    return charts.sides(frame.astype({"usd_m": "float", "usd_x": "float"}), y="usd", **look)


TOLD = pd.DataFrame(
    {
        "of": ["report", "report", "report", "article", "article"],
        "word": ["holds", "leans yes", "cannot be told", "holds", "depends"],
        "claims": [12, 1, 7, 3, 2],
    }
)


def parts_of_wholes(frame=TOLD, **more):
    frame = frame.assign(says=frame["of"] + ", " + frame["word"])
    look = {"y": "claims", "by": "says", "whole": "of", "part": "word"} | LOOK
    return charts.strips(frame, **look | more)


EVERY_CHART = {
    "lines": lambda: lines(monthly(CHN=[1, 2, 3], IND=[3, 2, 1]), reference={"cap": 2.0}),
    "points": lambda: points(statements(("2022-01", "CNY", 4, "="), ("2022-03", "RUB", 9, "~"))),
    "blocks": lambda: blocks(("2022-01", 2, "X", 8), ("2022-03", 1, "X", 5)),
    "bars": bars,
    "windows": windows,
    "panels": panels,
    "cells": lambda: cells(words="hhi"),
    "months": lambda: strips(CHN=[30, 20, 10], IND=[0, None, 40]),
    "sides": two_sides,
    "coverage": coverage,
    "strips": parts_of_wholes,
}


# --- what is drawn --------------------------------------------------------------------------------


def test_parts_of_a_whole_stand_one_behind_the_other():
    axes = parts_of_wholes()
    table = charts.drawn(axes)
    assert table["value"].to_dict() == {
        "report, holds": 12,
        "report, leans yes": 1,
        "report, cannot be told": 7,
        "article, holds": 3,
        "article, depends": 2,
    }
    boxes = [patch for patch in axes.patches if "|bar|" in str(patch.get_gid())]
    starts = [(round(box.get_y() + box.get_height() / 2), box.get_x()) for box in boxes]
    assert starts == [(0, 0), (0, 12), (0, 13), (1, 0), (1, 3)]
    day = [to_hex(box.get_facecolor()) for box in boxes]
    assert day == [colours.VERDICTS[word] for word in TOLD["word"]]
    assert min(colours.contrast(colours.letters_on(colour), colour) for colour in day) > 4.5


def test_lines_are_read_back_by_month():
    table = charts.drawn(lines(monthly(IND=[1, 2, 3], CHN=[3.14159, 4, 5])))
    assert table.columns.tolist() == ["IND", "CHN"]
    assert table.index.name == "ref_period"
    assert table.loc["2022-01-01"].tolist() == [1, 3.142]
    assert [*table.index] == [*pd.date_range("2022-01-01", periods=3, freq="MS")]


@pytest.mark.parametrize("absent", [True, False], ids=["row absent", "value null"])
def test_a_gap_is_a_gap_and_never_a_zero(absent):
    frame = monthly(CHN=[1, 2, None, 4, 5])
    axes = lines(frame.dropna() if absent else frame)
    assert np.isnan(axes.lines[0].get_ydata()).tolist() == [False, False, True, False, False]
    assert charts.drawn(axes)["CHN"].isna().tolist() == [False, False, True, False, False]


def test_a_lone_point_is_a_marker():
    line = lines(monthly(CHN=[1, None, 3, None, 5, 6])).lines[0]
    assert (line.get_marker(), line.get_markevery()) == ("o", [0, 2])


def test_years_are_joined():
    frame = monthly(CHN=[1] * 25).iloc[::12].assign(n_months=12)
    assert lines(frame).lines[0].get_marker() == ""
    assert lines(frame.drop(columns="n_months"), every=12).lines[0].get_marker() == ""
    assert lines(monthly(CHN=[1] * 25).iloc[::12]).lines[0].get_markevery() == [0, 12, 24]


def test_unsettled_figures_are_hollow():
    frame = monthly(CHN=[1, 2, 3]).assign(
        flags=["", "provisional rounded", ""], qualifier=["=", "=", "≤"]
    )
    axes = lines(frame)
    overlays = {line.get_marker(): line.get_mfc() for line in axes.lines[1:] if line.get_gid()}
    assert overlays == {"o": "white", "v": colours.of_entity("CHN", "")}
    said = [text.get_text() for text in axes.figure.texts]
    assert "▼ at most this · Hollow: provisional\nSource: made up for a test" in said
    assert "China\n(at most)" in {text.get_text() for text in axes.texts}


def test_points_keep_each_statement():
    rows = [
        ("2022-01", "CNY", 0.4, "="),
        ("2022-01", "CNY", 0.5, "≤"),
        ("2022-03", "CNY", None, "="),
    ]
    axes = points(statements(*rows))
    table = charts.drawn(axes)
    assert table["value"].fillna(-1).tolist() == [0.4, 0.5, -1]
    assert table["mark"].tolist() == ["", "▼", ""]
    drawn = [line for line in axes.lines if "|point|" in (line.get_gid() or "")]
    assert {line.get_linestyle() for line in drawn} == {"None"}


def test_half_a_range_is_a_bound():
    frame = statements(
        ("2022-01", "CNY", None, "="), ("2022-02", "CNY", None, "="), ("2022-03", "CNY", 15, "=")
    )
    table = charts.drawn(points(frame.assign(a=[12, 20, 10], b=[18, None, None]), span=("a", "b")))
    assert table["low"].fillna(-1).tolist() == [12, -1, 10]
    assert table["high"].fillna(-1).tolist() == [18, -1, 15]
    assert table["value"].fillna(-1).tolist() == [-1, 20, 15]
    assert table["mark"].tolist() == ["", "▲", ""]


def test_a_long_statement_has_a_line():
    table = charts.drawn(points(statements(("2022-01", "CNY", 1, "=")).assign(n_months=9)))
    assert "n_months" not in table.columns  # a marker at its first month, and a thin line
    axes = points(statements(("2022-01", "CNY", 1, "=")).assign(n_months=9))
    assert pd.Timestamp("2022-10-01") in pd.DatetimeIndex(axes.lines[1].get_xdata(orig=True))


def test_a_block_shows_its_mean():
    axes = blocks(("2022-01", 2, "X", 8), ("2022-03", 11, "X", 55))
    table = charts.drawn(axes)
    assert table["n_months"].tolist() == [2, 11]
    assert table["value"].tolist() == [4, 5]
    assert charts.drawn(blocks(("2022-01", 3, "X", 33), per_month=False))["value"].tolist() == [33]


def test_bars_print_qualifier_and_range():
    table = charts.drawn(bars(span=("least", "most"), reference={"$81 bn, the claim": 81}))
    assert table.index.tolist() == ["crude", "all", "new code", "nothing"]
    assert table["printed"].tolist() == [
        "about 50.6",
        "81.3 (80.0 to 83.0)",
        "40 to 55",
        "not published",
    ]
    assert table["value"].fillna(-1).tolist() == [50.6, 81.35, -1, -1]
    assert table["high"].fillna(-1).tolist() == [-1, 83, 55, -1]
    assert table["$81 bn, the claim"].tolist() == [81] * 4


def colours_of(axes):
    """The colours of what is drawn, by name."""
    return {
        str(artist.get_gid()).rpartition("|")[2]: to_hex(
            artist.get_color() if isinstance(artist, Line2D) else artist.get_facecolor()
        )
        for artist in [*axes.lines, *axes.patches]
    }


CHINA, INDIA = (colours.of_entity(code, "") for code in ("CHN", "IND"))
OF_THREE = pd.DataFrame({"basket": ["CHN", "all", "some"], "usd": [1.0, 2.0, 3.0]})
OF_TWO = pd.DataFrame({"basket": ["China, 2021", "India, 2021"], "usd": [1.0, 2.0]})
COLOURED = {
    "bars": (lambda: bars(OF_THREE), [CHINA, colours.GREY, colours.GREY]),
    "one bar": (
        lambda: bars(OF_THREE, highlight=["all"]),
        [colours.GREY, colours.INK, colours.GREY],
    ),
    "an entity": (
        lambda: bars(OF_THREE, highlight=["CHN"]),
        [CHINA, colours.GREY, colours.GREY],
    ),
    "by entity": (lambda: bars(OF_TWO.assign(of=["CHN", "IND"]), entity="of"), [CHINA, INDIA]),
    "a strip": (lambda: coverage(highlight=["Coal, another office"]), [colours.GREY, colours.INK]),
}


@pytest.mark.parametrize("what", COLOURED)
def test_what_is_highlighted_alone_has_colour(what):
    draw, expected = COLOURED[what]
    assert [*colours_of(draw()).values()] == [to_hex(colour) for colour in expected]


def test_a_highlighted_line_alone_has_colour():
    frame = monthly(CHN=[1, 2, 3], all=[3, 4, 5], some=[5, 6, 7])
    found = colours_of(lines(frame, highlight=["all"]))
    assert found["CHN"] == found["some"] == to_hex(colours.GREY)
    assert found["all"] not in (to_hex(colours.GREY), CHINA)
    [line] = lines(monthly(made_up=[1, 2, 3]), highlight=["made_up"]).lines
    assert line.get_color() != colours.GREY


def test_figures_of_negative_bars_stand_at_their_ends():
    frame = pd.DataFrame({"basket": ["EU27_2020", "IND"], "usd": [-93.0, 84.0]})
    axes = bars(frame)
    assert charts.drawn(axes)["value"].tolist() == [-93, 84]
    assert charts.drawn(axes)["printed"].tolist() == ["−93", "84"]
    [lost] = [text for text in axes.texts if text.get_text().startswith("−93")]
    axes.figure.draw_without_rendering()
    assert lost.get_window_extent().x1 < axes.transData.transform((-93, 0))[0]
    assert lost.get_window_extent().x0 > axes.transAxes.transform((0, 0))[0] - 1


def test_headings_set_rows_apart():
    frame = BASKETS.copy()
    frame["group"] = [*["Crude"] * (len(frame) - 1), "All"]
    axes = bars(frame, heading="group")
    down = [*axes.get_yticks()]
    assert down[-1] - down[-2] > 1 == down[1] - down[0] if len(down) > 2 else True
    bold = [text.get_text() for text in axes.texts if text.get_fontweight() == "bold"]
    assert {"Crude", "All"} <= set(bold)
    assert overlapping(axes.figure) == []
    assert len(charts.drawn(axes)) == len(down)


def test_a_bar_says_its_period_unless_its_name_does():
    days = pd.to_datetime(["2022-01-01", "2023-01-01", "2023-03-01"])
    names = ["Coal", "Coal in 2023", "India"]
    rows = pd.DataFrame({"basket": names, "ref_period": days, "n_months": [12, 12, 3]})
    figure = bars(rows.assign(usd=[1.0, 2.0, 3.0])).figure
    said = [*told(figure)["words"]]
    assert said == ["Coal, 2022: 1", "Coal in 2023: 2", "India, March to May 2023: 3"]
    growth = rows[["basket"]].assign(window_text=["2022 vs 2021", "2021", ""], usd=[1.0, 2.0, 3.0])
    said = [*told(bars(growth).figure)["words"]]
    assert said == ["Coal, 2021 to 2022: 1", "Coal in 2023, 2021: 2", "India: 3"]


def bought(areas=("CHN", "IND"), years=3):
    """Each month's weight of two goods, as rows that say which line of a file they are."""
    index = pd.MultiIndex.from_product(
        [areas, ["2701", "2709"], pd.date_range("2021-01-01", periods=12 * years, freq="MS")],
        names=["partner_iso", "cmd_code", "ref_period"],
    )
    rows = index.to_frame(index=False).assign(net_wgt_kg=range(len(index)), n_months=1)
    place = {"source_id": "made-up", "source_row": range(len(index)), "source_field": ""}
    return rows.assign(flow_code="X", reporter_iso="RUS", **place)


def test_a_number_says_the_months_that_it_was_made_of():
    rows = bought()
    by = ["partner_iso", "cmd_code"]
    change = measures.growth(rows[rows["cmd_code"] == "2709"], "net_wgt_kg", 2023, 2021)
    axes = charts.bars(change, y="growth_pct", by="partner_iso", **LOOK)
    said = [*told(axes.figure)["words"].str.rpartition(":")[0]]
    assert said == ["China, 2021 and 2023", "India, 2021 and 2023"]
    # A month that has no line, since nothing was bought, is one of the year nevertheless.
    is_none = rows["partner_iso"].eq("IND") & rows["ref_period"].eq("2022-05-01")
    year = measures.total(
        rows[~is_none], "net_wgt_kg", by, start="2021-12", end="2022-11", absent="zero", alike=[]
    )
    spread = measures.hhi(year, "net_wgt_kg", by=["cmd_code"], absent="zero")
    assert "ref_period" not in spread
    fuels = spread.assign(who="India", fuel=["Coal", "Crude oil"])
    fuels = fuels.assign(hhi=fuels["hhi"].where(fuels["fuel"] == "Coal"))
    axes = charts.cells(fuels, y="hhi", by="who", across="fuel", **LOOK)
    said = [*told(axes.figure)["words"]]
    period = "December 2021 to November 2022"
    assert said[0].startswith(f"India, Coal, {period}: ")
    assert said[1] == f"India, Crude oil, {period}: no figure"


def test_many_runs_of_months_are_said_by_their_ends():
    assert spans.of_number("2021-01 to 2021-12, 2023-01 to 2023-12") == "2021 and 2023"
    assert spans.of_number("2021-01, 2021-03, 2021-05") == "January 2021, March 2021 and May 2021"
    some = "2021-01, 2021-03, 2021-05 to 2021-06, 2021-08"
    assert spans.of_number(some) == "some months from January 2021 to August 2021"
    assert spans.beyond("ODNI, 2023", "2023-05") == "May 2023"
    assert spans.beyond("2021 → 2023", "2021-01 to 2021-12, 2023-01 to 2023-12") == ""
    assert spans.text(pd.Timestamp("2020-01-01"), 36) == "2020 to 2022"


def test_a_chart_hands_over_the_claims_that_belong_below_it():
    sold = pd.DataFrame({"who": ["a"], "mt": [3.0]})
    axes = charts.bars(sold, y="mt", by="who", claims=["O08"], **LOOK)
    assert charts.hand_over(axes, "sold").claims == ("O08",)


def test_what_was_said_stands_over_its_own_months():
    said = {
        "Office, May": (2.0, "2022-02", "2022-02"),
        "Office, a year": (3.0, "2022-01", "2022-04"),
    }
    axes = lines(monthly(CHN=[1, 2, 3, 4, 5, 6]), said=said)
    marked, line = (line for line in axes.lines if "reference" in str(line.get_gid()))
    assert len(marked.get_xdata()) == 1
    assert marked.get_marker() == "D"
    first, last = (date.strftime("%Y-%m") for date in mdates.num2date(line.get_xdata(orig=False)))
    assert (first, last) == ("2022-01", "2022-05")
    assert set(charts.drawn(axes)["Office, May"]) == {2}
    assert "Line at 2: Office, May" in charts.alt(axes)
    assert overlapping(axes.figure) == []


def test_boxes_that_are_compared_have_one_axis():
    parts = {"a": monthly(CHN=[1, 2, 2]), "b": monthly(CHN=[1, 9, 1])}
    both = pd.concat([part.assign(what=what) for what, part in parts.items()])
    for alike in (True, False):
        look = {"y": "mt", "by": "who", "panel": "what", **LOOK, "unit": {"a": "Mt", "b": "Mt"}}
        first, second = charts.lines(both, alike=alike, **look)
        assert (first.get_ylim() == second.get_ylim()) == alike
        assert second.get_ylim()[1] > 9


def test_a_point_may_have_words():
    axes = lines(monthly(CHN=[-1, 2, -3]), callouts={"2022-02": "February: 2"}, zero=False)
    assert "February: 2" in {text.get_text() for text in axes.texts}
    assert [line for line in axes.lines if [*line.get_ydata()] == [0, 0]]  # what is nothing
    axes = lines(monthly(CHN=[1, 2, 3], IND=[3, 2, 1]), callouts={("IND", "2022-01"): "three"})
    assert [text.xy[1] for text in axes.texts if text.get_text() == "three"] == [3]
    axes = lines(monthly(CHN=[1, 2, 3]), callouts={"2022-03": "no figure after March"})
    assert {text.get_text() for text in axes.texts} == {"no figure\nafter March"}
    with pytest.raises(QueryError, match="in 'IND'"):
        lines(monthly(CHN=[1, 2, 3]), callouts={"IND": "x"})


@pytest.mark.parametrize("log", [False, True])
def test_windows_show_their_days(log):
    axes = windows(log=log, names={"D06": "D06 Nikkei"}, reference={"claim": 12.0})
    table = charts.drawn(axes)
    assert table["start"].tolist() == FIGURES["window_start"].tolist()
    assert table["end"].tolist() == FIGURES["window_end"].tolist()
    assert table["printed"].tolist() == ["more than 12", "more than 32", "1.00 to 1.60"]
    assert table["claim"].tolist() == [12] * 3
    assert "D06 Nikkei: more than 32" in {text.get_text() for text in axes.texts}


def test_cells_are_read_back():
    table = charts.drawn(cells(words="hhi"))
    assert table.index.tolist() == ["SVK", "CZE"]
    assert table["2701"].tolist()[0] == 43.9
    assert table["2709, printed"].tolist() == ["1.00", ""]
    assert charts.drawn(cells()).columns.tolist() == ["2709", "2701"]


def test_an_empty_cell_is_hatched():
    axes = cells()
    assert np.isnan(charts.drawn(axes).loc["CZE", "2701"])
    assert [patch for patch in axes.patches if patch.get_hatch()]
    assert "Hatched: no figure" in [text.get_text() for text in axes.figure.texts][-1]
    whole = cells(SHARES.head(3))
    assert charts.drawn(whole).equals(charts.drawn(axes)), "an absent row and a null are alike"
    assert "Hatched" not in [t.get_text() for t in cells(SHARES.head(2)).figure.texts][-1]


def test_cells_say_what_their_shades_mean():
    def said(axes):
        return [text.get_text() for text in axes.figure.texts][-1]

    assert "Faintest colour: 0 · strongest: 100" in said(cells())
    assert "strongest: 50 and more" in said(cells(full=50.0))
    assert "Faintest colour: 0 · strongest: 100 and more" in said(strips(CHN=[140, 0]))
    assert "Red: less · blue: more · strongest colour: 100" in said(cells(signed=True))


def test_a_table_of_numbers_that_do_not_compare_has_no_shades():
    axes = cells(SHARES.assign(pct=[190.3, 29.3, 76.12, 4.0]), full=float("inf"))
    assert {"190", "29.3", "76.1"} <= {text.get_text() for text in axes.texts}
    colours = {mesh.to_rgba(value) for mesh in axes.collections[:2] for value in (190.3, 4.0)}
    assert len(colours) == 1
    assert "strongest" not in [text.get_text() for text in axes.figure.texts][-1]


def test_bars_of_which_all_may_change_are_filled():
    frame = pd.DataFrame({"who": ["a", "b"], "mt": [2.0, 1.0], "flags": ["provisional"] * 2})
    look = {"title": "One", "unit": "Mt", "source": "made up for a test"}
    for flags, key in ((["provisional"] * 2, "All figures"), (["provisional", ""], "Hollow")):
        axes = charts.bars(frame.assign(flags=flags), y="mt", by="who", **look)
        faces = {to_hex(patch.get_facecolor()) for patch in axes.patches}
        assert ("#ffffff" in faces) == (key == "Hollow")
        assert f"{key}: provisional" in [text.get_text() for text in axes.figure.texts][-1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.004, "< 0.1"),
        (0.06, "0.1"),
        (9.14, "9.1"),
        (24.52, "25"),
        (99.78, "99.8"),
        (100, "100"),
    ],
)
def test_a_cell_prints_two_figures(value, text):
    axes = cells(SHARES.head(1).assign(pct=float(value)))
    assert text in [one.get_text() for one in axes.texts]


def test_losses_and_gains_have_signs():
    changes = SHARES.assign(pct=[-93.2, 47.0, 0.4, None], hhi=["", "", "", "not held"])
    axes = cells(changes, words="hhi", signed=True)
    assert {"−93", "+47", "+0.4", "not held"} <= {text.get_text() for text in axes.texts}
    assert charts.drawn(axes).loc["SVK", "2709"] == -93.2
    loss, gain = (mesh.to_rgba(value) for mesh in axes.collections[:1] for value in (-90, 90))
    assert loss[0] > loss[2], "red"
    assert gain[2] > gain[0], "blue"


def test_months_keep_their_holes():
    table = charts.drawn(strips(EST=[70, None, 0], LVA=[11, 3, None]))
    assert table.index.tolist() == list(pd.date_range("2022-01-01", periods=3, freq="MS"))
    assert table.isna().to_numpy().tolist() == [[False, False], [True, False], [False, True]]
    assert table["EST"].iloc[2] == 0


def test_panels_are_read_by_name():
    grid = panels(unit={"Price": "USD a barrel", "Quantity": "Mt"})
    table = charts.drawn(grid)
    assert table["Price", "IND"].tolist() == [30, 40, 40]
    assert table["Quantity", "CHN"].tolist() == [1, 2, 2]
    assert [axes.get_ylabel() for axes in grid] == ["Price, USD a barrel", "Quantity, Mt"]
    assert grid[1].table["CHN"].tolist() == [1, 2, 2]
    assert grid.table.equals(table)


def double(axes):
    """Double whatever carries a number, without touching the data."""
    upright = axes.get_gid() in layout.UPRIGHT
    for artist in axes.get_children():
        if isinstance(artist, Line2D) and upright:
            artist.set_xdata(2 * np.asarray(artist.get_xdata(), dtype=float))
        elif isinstance(artist, Line2D):
            artist.set_ydata(2 * np.asarray(artist.get_ydata(), dtype=float))
        elif isinstance(artist, QuadMesh):
            artist.set_array(2 * artist.get_array())
        elif isinstance(artist, Rectangle) and upright and artist.get_gid():
            artist.set_width(2 * artist.get_width())
        elif isinstance(artist, Rectangle) and artist.get_gid():
            artist.set(y=2 * artist.get_y(), height=2 * artist.get_height())
        elif isinstance(artist, PolyCollection):
            artist.set_verts([path.vertices * [1, 2] for path in artist.get_paths()])


def test_both_sides_the_band_and_the_months_of_one_alone():
    axes = two_sides()
    table = charts.drawn(axes)
    assert table["CHN"].dropna().tolist() == [3, 4, 5, 5]
    assert table["RUS"].dropna().tolist() == table["RUS, low"].dropna().tolist() == [2, 5, 6]
    assert table["RUS, high"].dropna().tolist() == pytest.approx([2.2, 5.5, 6.6])
    shaded = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    ends = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in shaded]
    days = [[mdates.num2date(day).strftime("%Y-%m-%d") for day in pair] for pair in ends]
    assert days == [["2022-02-01", "2022-04-01"], ["2022-05-01", "2022-06-01"]]
    said = " ".join(text.get_text() for text in axes.figure.texts).replace("\n", " ")
    assert "Shaded: one side alone states a figure" in said
    assert "Band: Russia plus 0 to 10\N{NO-BREAK SPACE}% for freight" in said
    assert "Russia, with the most freight: 2.2 in January 2022" in charts.alt(axes)
    axes = two_sides((3, 4, 5), (3, 4, 5), band=(1.0, 1.0))  # both state all, and no freight
    assert [*charts.drawn(axes)] == ["CHN", "RUS"]
    assert not axes.patches
    assert "Shaded" not in " ".join(text.get_text() for text in axes.figure.texts)


@pytest.mark.parametrize("chart", EVERY_CHART)
def test_doubling_what_is_drawn_is_refused(chart):
    if chart == "coverage":  # which has no numbers
        return
    axes = EVERY_CHART[chart]()
    assert len(charts.drawn(axes))
    for one in np.ravel(axes):
        double(one)
    with pytest.raises(QueryError, match="drawn elsewhere than its figure says"):
        charts.drawn(axes)


@pytest.mark.parametrize("chart", EVERY_CHART)
def test_a_figure_that_is_not_drawn_is_refused(chart):
    axes = EVERY_CHART[chart]()
    box = np.ravel(axes)[0]
    for artist in box.get_children():
        if str(artist.get_gid() or "").count("|") == 2:
            artist.set_visible(False)
    if chart == "coverage":
        return
    with pytest.raises(QueryError, match="a figure of it is not drawn"):
        charts.drawn(axes)


def test_another_word_beside_a_bar_is_refused():
    axes = bars()
    axes.texts[0].set_text("5.06")
    with pytest.raises(QueryError, match="crude: drawn elsewhere"):
        charts.drawn(axes)


def test_line_and_markers_must_agree():
    axes = lines(monthly(CHN=[1, 2, 3]).assign(qualifier=["=", "=", "~"]))
    axes.lines[0].set_ydata([1, 2, 4])
    with pytest.raises(QueryError, match="CHN: drawn elsewhere"):
        charts.drawn(axes)


def test_other_axes_are_not_read():
    _, axes = plt.subplots()
    with pytest.raises(QueryError, match="not drawn by tradeflows"):
        charts.drawn(axes)


# --- sources --------------------------------------------------------------------------------------


def test_the_source_line_is_catalogued(monkeypatch):
    monkeypatch.setattr(
        catalogue, "credit", lambda ids, *_, **__: f"credit for {' and '.join(ids)}"
    )
    frame = monthly(CHN=[1, 2, 3])
    frame.attrs = {"sources": ("gacc", "comext"), "caveats": ("CIF beside FOB",)}
    axes = lines(frame, source="", note="Imports, CIF.")
    assert axes.figure.texts[-1].get_text() == "Imports, CIF.\nSource: credit for gacc and comext"
    assert charts.drawn(axes).attrs == frame.attrs


def test_sources_list_their_claims(monkeypatch):
    facts = dict.fromkeys((field.name for field in fields(Source)), "")
    known = {
        one: Source(
            **facts
            | {
                "id": one,
                "publisher": "p",
                "title": f"title of {one}",
                "retrieved": date(2026, 11, 25),
            }
        )
        for one in ("a", "b")
    }
    who = {"p": SimpleNamespace(name="The Office")}
    monkeypatch.setattr(catalogue, "_find_root", lambda: None)
    held = catalogue.Contents(who, known)
    monkeypatch.setattr(catalogue, "contents", lambda root, *, local=False: held)
    one, two = monthly(CHN=[1, 2, 3]), monthly(CHN=[1, 2, 3]).assign(what="Mt")
    one.attrs, two.attrs = {"sources": ("b",)}, {"sources": ("b", "a")}
    table = charts.sources({"claim 1": lines(one), "claim 2": panels(two)})
    assert table.index.tolist() == ["b", "a"]
    assert table["claims"].tolist() == ["claim 1, claim 2", "claim 2"]
    assert table.loc["a", ["publisher", "title", "retrieved"]].tolist() == [
        "The Office",
        "title of a",
        date(2026, 11, 25),
    ]
    with pytest.raises(QueryError, match="claim 3: its chart rests on no catalogued source"):
        charts.sources({"claim 3": lines(monthly(CHN=[1]))})
    one.attrs = {"sources": ("c",)}
    with pytest.raises(CatalogueError, match="no source 'c'; there are a, b"):
        charts.sources({"claim 4": lines(one)})


# --- what is refused ------------------------------------------------------------------------------

TWICE = pd.concat([monthly(CHN=[1, 2]), monthly(CHN=[3])])
DEFECTS = {
    "no rows": (lambda: lines(monthly(CHN=[1]).head(0)), "nothing to draw"),
    "no column": (lambda: lines(monthly(CHN=[1]).drop(columns="mt")), "no column mt"),
    "no span": (lambda: bars(span=("floor", "most")), "no column floor"),
    "no source": (lambda: lines(monthly(CHN=[1]), source=""), "no source: frame.attrs"),
    "no title": (lambda: lines(monthly(CHN=[1]), title=""), "needs a title"),
    "no unit": (lambda: lines(monthly(CHN=[1]), unit=""), "and a unit"),
    "two values": (lambda: lines(TWICE), "two values for one point: CHN in 2022-01"),
    "two bars": (lambda: bars(pd.concat([BASKETS, BASKETS])), "two values for one point: crude"),
    "two windows": (lambda: windows(pd.concat([FIGURES] * 2)), "two values for one point: D01"),
    "blocks overlap": (
        lambda: blocks(("2022-02", 1, "X", 1), ("2022-01", 2, "X", 1)),
        "two values for one point: X in 2022-02",
    ),
    "null key": (lambda: lines(monthly(CHN=[1]).assign(who=None)), "who is null in 1 of 1 rows"),
    "nothing known": (lambda: lines(monthly(CHN=[1], KOR=[None])), "without any value: KOR"),
    "infinite": (lambda: lines(monthly(CHN=[1, np.inf])), "not finite: CHN in 2022-02"),
    "text": (lambda: lines(monthly(CHN=["n/a"])), "mt must hold numbers"),
    "no month": (lambda: lines(monthly(CHN=[1]).assign(ref_period="2023-13")), "ref_period what"),
    "qualifier": (lambda: lines(monthly(CHN=[1]).assign(qualifier="?")), "none of = ~ ≤"),
    "mixed lengths": (lambda: lines(monthly(CHN=[1, 2]).assign(n_months=[1, 2])), "with blocks"),
    "off the grid": (
        lambda: lines(monthly(CHN=[1, 2, 3, 4]).iloc[[0, 1, 3]], every=3),
        "off the months of its series, see every=: CHN in 2022-02",
    ),
    "upside down": (
        lambda: bars(
            BASKETS.rename(columns={"least": "most", "most": "least"}), span=("least", "most")
        ),
        "low end is above its high end: all",
    ),
    "crowd": (lambda: lines(monthly(**{f"s{i}": [1] for i in range(7)})), "7 series without"),
    "panel without unit": (lambda: panels(unit={"Price": "USD"}), "no unit for Quantity"),
    "window backwards": (
        lambda: windows(FIGURES.assign(window_end=pd.Timestamp("2000-01-01"))),
        "ends before it starts",
    ),
    "vague window": (lambda: windows(FIGURES.assign(window_end=pd.NaT)), "window_end is null"),
    "no number": (lambda: windows(FIGURES.assign(low=np.nan, high=np.nan)), "any value: D20"),
    "two cells": (lambda: cells(pd.concat([SHARES, SHARES])), "two values for one point: SVK"),
    "no shade": (lambda: cells(SHARES.assign(pct=-1.0)), "no shade for a figure below zero: SVK"),
    "words in months": (
        lambda: cells(
            monthly(SVK=[1]).assign(member="SVK", pct=1, hhi=""), "ref_period", words="hhi"
        ),
        "months side by side have no room for hhi",
    ),
    "middle of a month": (
        lambda: cells(
            monthly(SVK=[1]).assign(member="SVK", pct=1, ref_period="2022-01-15"), "ref_period"
        ),
        "no first day of a month: SVK",
    ),
    "log of zero": (lambda: windows(FIGURES.assign(value=0.0), log=True), "no place on a log"),
    "a part of nothing": (lambda: parts_of_wholes(TOLD.assign(claims=0)), "no strip of nothing"),
    "sides of one": (lambda: two_sides(of=("CHN", "CHN")), "both sides are named CHN"),
    "no sides": (
        lambda: charts.sides(monthly(CHN=[1]), y="usd", of=("CHN", "RUS"), **LOOK),
        r"no column usd_m, usd_x: measures\.gap makes them",
    ),
    "no heading": (lambda: bars(heading="whu"), "column whu"),
    "no whole": (lambda: parts_of_wholes(whole="zz"), "column zz"),
    "no figure": (lambda: lines(monthly(CHN=[1, 2, 3]), reference="O99"), "'O99': expected"),
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_dishonest_chart_is_refused(defect):
    draw, message = DEFECTS[defect]
    with pytest.raises(QueryError, match=message):
        draw()
    assert plt.get_fignums() == []


def test_a_misspelt_option_is_named():
    with pytest.raises(TypeError, match="no option titel"):
        lines(monthly(CHN=[1]), titel="x")


# --- the look -------------------------------------------------------------------------------------


def test_names_and_events_are_drawn():
    frame = monthly(CHN=range(1, 15), other=range(14))
    events = {"2022-02-24": "Invasion", "2022-08-10": "EU coal ban"}
    axes = lines(frame, names={"other": "The others"}, events=events)
    said = {text.get_text() for text in axes.texts}
    assert said == {"China", "The others", "Invasion", "EU coal ban"}
    assert axes.figure.get_suptitle() == "China bought more"
    assert axes.get_ylabel() == "Mt a month"
    assert axes.get_ylim()[0] == 0


def test_a_year_stands_over_its_own_span():
    event = mdates.date2num(pd.Timestamp("2022-02-24"))
    years = monthly(CHN=[1] * 25).iloc[::12].assign(n_months=12)
    for axes in (lines(years), lines(years.drop(columns="n_months"), every=12)):
        x = axes.lines[0].get_xdata(orig=False)
        assert x[0] == mdates.date2num(pd.Timestamp("2022-07-01")) > event
        assert axes.get_xlim()[0] < x[0] < axes.get_xlim()[0] + 60
        assert axes.get_xlim()[1] < mdates.date2num(pd.Timestamp("2024-09-01"))
        assert charts.drawn(axes).index[0] == pd.Timestamp("2022-01-01")
    labels = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    assert [(mdates.num2date(at).month, text.get_text()) for at, text in labels] == [
        (7, "2022"),
        (7, "2023"),
        (7, "2024"),
    ]


@given(st.floats(1, 1e12), st.sampled_from(["USD", "kg", "tonnes", "m3", "pieces"]))
def test_drawn_times_word_is_the_value(value, unit):
    divisor, word = units.scale(value)
    words = {"": 1, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
    label = units.axis_label(word, unit)
    first, *rest = label.split()
    shown = float(layout.number(value / divisor, 6).replace(",", ""))
    assert shown * words.get(first.lower() if rest else "", 1) == pytest.approx(value, rel=1e-5)
    aloud = {"USD": "US dollars", "m3": "cubic metres"}.get(unit, unit)
    assert label.endswith(aloud) or label == aloud[:1].upper() + aloud[1:]


def test_a_title_has_two_lines_at_most():
    axes = lines(monthly(CHN=[1, 2, 3]), title="A claim so long that it needs lines " * 9)
    assert axes.figure.get_suptitle().count("\n") == 1
    assert axes.figure.get_suptitle().endswith("…")
    assert charts.alt(axes).startswith("A claim so long that it needs lines " * 9)


def test_holes_and_caveats_are_said():
    frame = monthly(CHN=[1, None, None, 4, None, 6], IND=[1] * 6)
    caveats = ["Türkiye is left out", "b", "c", "d", "e"]
    foot = lines(frame, caveats=caveats).figure.texts[-1].get_text().split("\n")
    assert foot == [
        "No figure: China, February to March 2022, May 2022.",
        "Türkiye is left out.",
        "B.",
        "C.",
        "and 2 more",
        "Source: made up for a test",
    ]


def test_alt_text_has_both_ends():
    axes = lines(monthly(CHN=[1, 5, 2], IND=[None, 7, None]), reference={"the cap": 6.0})
    assert charts.alt(axes) == (
        "China bought more. Mt a month. China: 1 in January 2022, 2 in March 2022. "
        "India: 7 in February 2022. Line at 6: the cap."
    )
    frame = statements(("2022-01", "CNY", None, "="), ("2022-05", "CNY", 3, "="))
    axes = points(frame.assign(a=[1, None], b=[2, None]), span=("a", "b"))
    assert charts.alt(axes).endswith("Yuan: 1 to 2 in January 2022, 3 in May 2022.")
    assert "crude: about 50.6. all: 81.3." in charts.alt(bars())
    assert "China: 10 in January 2022, 20 in March 2022." in charts.alt(panels())
    assert "Slovakia: Crude oil 100, Coal 43.9. Czechia: Crude oil 50.2." in charts.alt(cells())
    assert "China: 1 in January 2022, 2 in February 2022." in charts.alt(strips(CHN=[1, 2]))


def texts(figure):
    """Every text that a reader sees, without the ticks that lie outside the box."""
    yield from figure.texts
    for axes in figure.axes:
        yield from [*axes.texts, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for label, at in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=False):
                if low <= at <= high and label.get_visible():
                    yield label


def overlapping(figure):
    """Texts that leave the page, and pairs of texts that cover each other."""
    figure.canvas.draw()
    boxes = [(t.get_text(), Text.get_window_extent(t)) for t in texts(figure) if t.get_text()]
    width, height = figure.bbox.size
    cut = [t for t, b in boxes if b.x0 < 0 or b.x1 > width or b.y0 < 0 or b.y1 > height]
    pairs = [(t, u) for (t, a), (u, b) in combinations(boxes, 2) if a.padded(-2).overlaps(b)]
    return cut + pairs


CLOSE = {
    who: [*range(20), 20 + i / 10]
    for i, who in enumerate(
        ["EU27_2020", "CHN", "IND", "TUR", "KOR", "a publisher with a long name"]
    )
}


def of_windows(values, starts, days, **more):
    """Draw spans of so many days on an axis of powers of ten."""
    starts = pd.to_datetime(starts)
    frame = pd.DataFrame({"id": [f"Newspaper {i}, customs of a partner" for i in range(len(days))]})
    frame = frame.assign(value=values, window_start=starts)
    frame["window_end"] = starts + pd.to_timedelta(days, unit="D")
    return charts.windows(frame, log=True, **LOOK | more)


def of_cells(words, *heads):
    rows = [(by, at) for by in ("China", "India") for at in heads]
    frame = pd.DataFrame(rows, columns=["by", "at"]).assign(value=1.0, words=words)
    return charts.cells(frame, y="value", by="by", across="at", words="words", **LOOK)


CROWDED = {
    "long names": lambda: lines(monthly(**CLOSE), title="A claim so long that it needs lines " * 4),
    "near ends": lambda: lines(monthly(TUR=[1, 2, 3, 4], CHN=[4.1] * 20, IND=[1.9] * 20)),
    "a named line": lambda: lines(
        monthly(CHN=range(1, 200)), reference={"a line named at its end": 50.0}
    ),
    "near windows": lambda: windows(FIGURES.assign(value=[12, 12.4, 11.7]), log=True),
    "references": lambda: bars(
        span=("least", "most"), reference={"$52 bn": 52, "$81 bn, the claim": 81}
    ),
}
NARROW = {
    "windows": lambda: of_windows(
        [577.0, 100.0, 32.0, 14.5, 12.0, 2.0, 1.2, 0.103],
        ["2023-07", "2023-01", "2022-03", "2023-01", "2022-03", "2022-03", "2023-01", "2023-01"],
        [640, 210, 490, 210, 400, 370, 150, 150],
        reference={"The claim": 12.0},
        events={"2022-02-24": "Invasion"},
    ),
    "words in cells": lambda: of_cells("7.0 or 10.6 in 2021", "Crude oil", "Coal", "LNG", "LPG"),
    "heads of three lines": lambda: of_cells("1", "Coal, coke, tar and more", "LNG", "Crude oil"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", [*EVERY_CHART, *CROWDED])
def test_no_text_is_cut_or_covered(what):
    figure = np.ravel((EVERY_CHART | CROWDED)[what]())[0].figure
    assert overlapping(figure) == []
    assert figure.get_size_inches()[0] == 8
    has_rows = what == "bars" or not figure.axes[0].get_xticks().size
    assert figure.get_size_inches()[1] >= (2 if has_rows else 4.5)


@pytest.mark.slow
@pytest.mark.parametrize("what", NARROW)
def test_no_text_is_cut_or_covered_on_narrow_paper(what):
    with layout.on(layout.NARROW):
        axes = NARROW[what]()
    assert overlapping(axes.figure) == []


def test_two_dollar_signs_are_no_formula():
    said = "$52 bn in 2021, $81 bn in 2022"
    frame = pd.DataFrame({"basket": [said], "usd": [1.0]})
    figure = bars(frame, title=said, unit=said, reference={said: 1.0}).figure
    figure.canvas.draw()
    shown = [text for text in texts(figure) if text.get_text().split() == said.split()]
    assert len(shown) == 4
    assert not any(text.get_parse_math() for text in shown)


def test_global_settings_do_not_matter():
    with mpl.rc_context({"lines.linewidth": 9, "font.family": "serif", "figure.dpi": 30}):
        before = dict(mpl.rcParams)
        axes = lines(monthly(CHN=[1, 2, 3]))
        assert dict(mpl.rcParams) == before
        axes.figure.canvas.draw()
        assert axes.lines[0].get_linewidth() == layout.STYLE["lines.linewidth"]
        assert axes.figure.dpi == 100
        assert {t.get_fontfamily()[0] for t in axes.figure.findobj(Text)} == {layout.FONT}


# Machado, Oliveira and Fernandes (2009), full severity: how linear RGB looks to the three kinds.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}


def seen(kind):
    """Make the function from a colour to how it looks, in Lab, to one kind of eyes."""

    def lab(colour):
        rgb = np.array(to_rgb(colour))
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        shown = np.clip(np.array(BLINDNESS[kind]) @ linear, 0, 1)
        to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
        xyz = np.array(to_xyz) @ shown / [0.9505, 1, 1.089]
        x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
        return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])

    return lab


@pytest.mark.parametrize("kind", BLINDNESS)
def test_no_two_colours_look_alike(kind):
    lab = seen(kind)
    palette = {*colours.PALETTE, *colours.OTHERS, colours.INK}
    assert len(palette) == 15
    for one, other in combinations(sorted(palette), 2):
        assert np.linalg.norm(lab(one) - lab(other)) > 12, (one, other)


@pytest.mark.parametrize(
    ("n_months", "paper", "labels"),
    [(3, layout.WIDE, ["Jan 2022", "Feb 2022", "Mar 2022"]), (24, layout.NARROW, ["2022", "2023"])],
)
def test_an_axis_without_room_for_months_has_years(n_months, paper, labels):
    with layout.on(paper):
        axes = lines(monthly(CHN=range(1, n_months + 1)))
        assert [text.get_text() for text in axes.get_xticklabels()] == labels


def test_terms_of_trade_are_explained_where_they_stand():
    frame = monthly(CHN=[1, 2, 3])
    axes = lines(frame, unit="US dollars (CIF)")
    about = charts.hand_over(axes, "crude").about
    assert about.startswith("CIF: with freight")
    assert about.endswith("Source: made up for a test.")
    assert "FOB" not in about
    assert "freight" not in axes.figure.texts[-1].get_text()
    assert "CIF: with freight" in charts.hand_over(axes, "crude").file


def test_a_chart_is_drawn_in_the_unit_that_it_names():
    sold = pd.DataFrame({"who": ["CHN", "IND"], "net_wgt_kg": [75e9, 25.5e9]})
    look = LOOK | {"unit": "Crude by sea, million tonnes"}
    axes = charts.bars(sold, y="net_wgt_kg", by="who", **look)
    assert axes.table["value"].tolist() == [75, 25.5]
    assert axes.table["printed"].tolist() == ["75.0", "25.5"]
    as_is = charts.bars(sold, y="net_wgt_kg", by="who", **LOOK | {"unit": "Index"})
    assert as_is.table["value"].tolist() == [75e9, 25.5e9]
    for unit in ("Million barrels", "Milion tonnes", "Billion US dollars"):
        with pytest.raises(QueryError, match=r"names no unit of kg|no word of a unit.*million"):
            charts.bars(sold, y="net_wgt_kg", by="who", **LOOK | {"unit": unit})
    money = sold.assign(value_reported=[2e9, 3e9], currency=["USD", "EUR"])
    with pytest.raises(QueryError, match="currency is mixed"):
        charts.bars(money, y="value_reported", by="who", **LOOK | {"unit": "Billion euros"})


def test_a_figure_is_compared_with_by_its_id():
    frame = monthly(CHN=[1, 2, 3]).assign(barrels_per_day=[1.4e6, 1.6e6, 1.9e6])
    look = {"y": "barrels_per_day", "by": "who", "title": "More", "source": "made up"}
    look["unit"] = "Million barrels a day"
    axes = charts.lines(frame, said={"Vortexa: {:.2f}": "N08"}, reference={"It": "N08"}, **look)
    assert axes.table[["Vortexa: 1.65", "It"]].to_numpy().tolist() == [[1.65, 1.65]] * 3
    assert len(axes.table.attrs["sources"]) == 1
    with pytest.raises(QueryError, match="N0"):
        charts.lines(frame, reference={"It": "N0"}, **look)


def test_days_are_named_by_the_project():
    axes = lines(monthly(CHN=[1, 2, 3]), events="war")
    assert "Invasion" in {text.get_text() for text in axes.texts}
    with pytest.raises(QueryError, match=r"no group of events 'wars'.*war"):
        lines(monthly(CHN=[1, 2, 3]), events="wars")


def test_two_figures_make_no_line():
    with pytest.raises(QueryError, match=r"charts\.bars\(frame\.assign"):
        lines(monthly(CHN=[1, 2], IND=[None, 3]))
    crude = tf.flow("crude oil", "China", "Russia", start="2023-01", end="2023-02")
    axes = crude.plot(unit="Thousand tonnes", highlight=["CHN"], zero=False, events="war")
    assert axes.table.index.tolist() == ["China, January 2023", "China, February 2023"]
    with pytest.raises(QueryError, match="names no unit of tonnes"):
        crude.plot(unit="Million barrels")
    assert axes.table["value"].tolist() == (crude["value"] / 1000).round().tolist()


def test_a_chart_shows_itself_once(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    axes = lines(monthly(CHN=[1, 2, 3]))
    assert repr(axes) == "<chart: China bought more>"
    assert "2 boxes" in repr(panels())
    axes._ipython_display_()  # the notebook has yet to show its figure
    assert shown == []
    plt.close("all")
    axes._ipython_display_()
    assert shown == [axes.figure]


@pytest.mark.parametrize(
    ("qualifier", "value", "words"),
    [
        (">", 18.684, "more than 18.6"),
        ("≥", 18.6, "at least 18.6"),
        ("≤", 13.315, "at most 13.4"),
        ("<", 13.3, "less than 13.3"),
        ("~", 18.684, "about 18.7"),
        ("≤", -3.38, "at most −3.3"),
    ],
)
def test_a_bound_is_never_rounded_beyond_itself(qualifier, value, words):
    frame = pd.DataFrame(
        {"who": ["One", "Two"], "mt": [value, 32.5], "qualifier": [qualifier, "="]}
    )
    axes = charts.bars(frame, y="mt", by="who", **LOOK)
    assert charts.drawn(axes)["printed"]["One"] == words


@pytest.mark.parametrize(
    ("unit", "values", "printed"),
    [
        ("Million US dollars a month", [14.8, 0.0206], ["about $14.8 million", "$20,600"]),
        ("Million US dollars a month", [14.8, 2.42], ["about 14.8", "2.4"]),
        ("Million tonnes", [14.8, 0.0206], ["about 14.8", "0.0206"]),
        ("US dollars a barrel", [14.8, 0.5], ["about 14.8", "0.500"]),
    ],
)
def test_small_money_is_said_in_full(unit, values, printed):
    frame = pd.DataFrame({"basket": ["a", "b"], "usd": values, "qualifier": ["~", "="]})
    table = charts.drawn(bars(frame, unit=unit))
    assert table["printed"].tolist() == printed
    assert table["value"].tolist() == values


def test_statements_may_be_joined():
    frame = statements(
        ("2022-01", "CNY", 1, "="),
        ("2022-05", "CNY", 4, "="),
        ("2022-05", "CNY", 5, "="),
        ("2022-03", "CNY", 3, "="),
    )
    axes = points(frame, joined=True)
    guides = [line for line in axes.lines if line.get_gid() == "guide"]
    assert [[*guide.get_ydata()] for guide in guides] == [[1, 3], [3, 4]]
    assert charts.drawn(axes)["value"].tolist() == [1, 4, 5, 3]
    assert "Lines join figures" in axes.figure.texts[-1].get_text()
    assert [line for line in points(frame).lines if line.get_gid() == "guide"] == []


def test_far_statements_are_joined_by_dots_and_bounds_not_at_all():
    far = [("2022-01", "CNY", 1, "≤"), ("2023-01", "CNY", 4, "≤"), ("2024-01", "CNY", 5, "=")]
    guides = list(points(statements(*far), joined=True).lines)
    [guide] = [line for line in guides if line.get_gid() == "guide"]
    assert [*guide.get_ydata()] == [4, 5]
    assert guide.get_linestyle() != "-"
    near = statements(("2022-01", "CNY", 1, "="), ("2022-02", "CNY", 4, "="))
    feet = [
        points(frame, joined=True).figure.texts[-1].get_text() for frame in (statements(*far), near)
    ]
    assert ["dotted" in foot for foot in feet] == [True, False]


def test_figures_of_one_chart_have_equal_decimals():
    frame = pd.DataFrame({"basket": ["a", "b"], "usd": [3.21, 0.3], "qualifier": "="})
    assert charts.drawn(bars(frame))["printed"].tolist() == ["3.21", "0.30"]
    tenths = frame.assign(usd=[45.9 - 42.7, 0.3])
    assert charts.drawn(bars(tenths))["printed"].tolist() == ["3.2", "0.3"]
    far = frame.assign(usd=[414.2, 0.48])
    assert charts.drawn(bars(far))["printed"].tolist() == ["414", "0.480"]


def test_the_months_of_a_figure_are_explained():
    frame = statements(("2022-01", "CNY", 1, "="), ("2022-05", "CNY", 4, "="))
    foot = points(frame.assign(n_months=[12, 1])).figure.texts[-1].get_text()
    assert "Thin line: the months that a figure is of" in foot
    assert "Thin line" not in points(frame).figure.texts[-1].get_text()


@pytest.mark.parametrize("paper", [layout.WIDE, layout.NARROW])
def test_a_name_keeps_clear_of_events(paper):
    with layout.on(paper):
        frame = monthly(TUR=[5] * 9, CHN=[9.0] * 20)
        axes = lines(frame, events={"2022-10-01": "Embargo"})
        axes.figure.canvas.draw()
        [name] = [text for text in axes.texts if text.get_text() == "Türkiye"]
        box = Text.get_window_extent(name)
        event, _ = axes.transData.transform((mdates.datestr2num("2022-10-01"), 0))
        assert not box.x0 < event < box.x1


def test_a_name_stands_beside_its_line_where_its_end_has_no_room():
    months = ["2022-01", "2022-12", "2023-03", "2023-05", "2023-06", "2024-01", "2024-02"]
    shares = {
        "CNY": [4, 23, 27, 31, 34, 38.5, 32.3],
        "RUB": [29, 27, 28.5, 30, 30, 31.2, 38.1],
        "Unfriendly": [65, 46, 40, 35, 32],
    }
    rows = [
        (month, name, value, "=")
        for name, values in shares.items()
        for month, value in zip(months, values, strict=False)
    ]
    with layout.on(layout.NARROW):
        axes = points(statements(*rows), joined=True, events={"2023-07-15": "The report"})
        axes.figure.canvas.draw()
    [name] = [text for text in axes.texts if text.get_text() == "Unfriendly"]
    box = Text.get_window_extent(name)
    for line in axes.lines:
        if line.get_gid() == "guide":
            x, y = axes.transData.transform(line.get_xydata()).T
            along = np.linspace(box.x0, box.x1, 20)
            at = np.interp(along, x, y, left=np.nan, right=np.nan)
            assert not ((at > box.y0) & (at < box.y1)).any()


def test_an_outlet_is_known_by_its_name_or_its_site():
    rows = pd.DataFrame(
        {
            "source_id": ["a", "a", "b"],
            "address": ["https://www.x.org/1", "https://x.org (Y of 2022)", "http://y.org/2"],
        }
    )
    assert options.outlets(rows) == {"a": ["x.org"], "b": ["y.org"]}
    known = rows.assign(address="https://www.tass.com/economy/1")
    assert options.outlets(known) == {"a": ["TASS"], "b": ["TASS"]}
    named = rows.assign(outlet=["X (mirror)", "X", None])
    assert options.outlets(named) == {"a": ["X"]}
    assert options.outlets(rows[["source_id"]]) == {}
