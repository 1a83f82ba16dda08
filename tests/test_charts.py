from functools import partial
from itertools import combinations

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
from tradeflows.charts.bars import BAR
from tradeflows.charts.marks import told
from tradeflows.model import units
from tradeflows.model.errors import CatalogueError, QueryError
from tradeflows.retrieval import catalogue

LOOK = {"title": "China bought more", "unit": "Mt a month", "source": "made up for a test"}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def monthly(**series):
    """Series of numbers from January 2022 on, in long form; None where nothing is published."""
    rows = [(i, who, v) for who, values in series.items() for i, v in enumerate(values)]
    frame = pd.DataFrame(rows, columns=["ref_period", "who", "mt"])
    days = [pd.Timestamp(2022 + i // 12, i % 12 + 1, 1) for i in frame["ref_period"]]
    return frame.assign(ref_period=pd.DatetimeIndex(days))


def lines(frame, **more):
    return charts.lines(frame, y="mt", by="who", **LOOK | more)


def statements(*rows, months=1):
    frame = pd.DataFrame(rows, columns=["ref_period", "currency", "value", "qualifier"])
    return frame.assign(ref_period=pd.to_datetime(frame["ref_period"]), n_months=months)


def points(frame, **more):
    return charts.points(frame, y="value", by="currency", **LOOK | more)


def blocks(*rows, **more):
    frame = pd.DataFrame(rows, columns=["ref_period", "n_months", "flow", "usd"])
    frame = frame.assign(ref_period=pd.to_datetime(frame["ref_period"]), flags="")
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


def bars_of(values, **columns):
    frame = pd.DataFrame({"usd": values, "basket": list("abcdefgh"[: len(values)])} | columns)
    return partial(bars, frame)


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


def panels(**more):
    one = monthly(CHN=[1, 2, 2], IND=[3, 4, 4])
    both = pd.concat([one.assign(what="Price", mt=10 * one["mt"]), one.assign(what="Quantity")])
    return charts.lines(both, y="mt", by="who", panel="what", **LOOK | more)


SHARES = pd.DataFrame(
    [
        ("SVK", "2709", 100.0, "1.00"),
        ("SVK", "2701", 43.9, "0.25–0.28"),
        ("CZE", "2709", 50.2, ""),
        ("CZE", "2701", None, ""),
    ],
    columns=["member", "fuel", "pct", "hhi"],
)


def cells(frame=SHARES, **more):
    return charts.cells(frame, y="pct", by="member", across="fuel", **LOOK | more)


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
    "sides": two_sides,
    "coverage": coverage,
    "strips": parts_of_wholes,
}


# --- what is drawn --------------------------------------------------------------------------------

HOLE = monthly(CHN=[1, 2, None, 4, 5])
RANGES = statements(*((f"2022-0{month}", "CNY", None, "=") for month in (1, 2, 3)))
RANGES = RANGES.assign(value=[None, None, 15.0], a=[12, 20, 10], b=[18, None, None])
JOINED = [("2022-01", 1), ("2022-05", 4), ("2022-05", 5), ("2022-03", 3)]
JOINED = statements(*((month, "CNY", value, "=") for month, value in JOINED))
STATED = [("2022-01", "CNY", 0.4, "="), ("2022-01", "CNY", 0.5, "≤"), ("2022-03", "CNY", None, "=")]
MAY = {"Office, May": (2.0, "2022-02", "2022-02")}


def read(axes, *names):
    """Columns of a chart's table, with -1 where nothing is drawn."""
    table = charts.drawn(axes)
    return [table[name].astype(object).fillna(-1).tolist() for name in names]


def test_what_is_drawn_is_read_back():
    axes = lines(monthly(IND=[1, 2, 3], CHN=[3.14159, 4, 5]), said=MAY)
    assert read(axes, "IND", "CHN", "Office, May") == [[1, 2, 3], [3.142, 4, 5], [2, 2, 2]]
    assert charts.drawn(axes).index.name == "ref_period"
    assert [*charts.drawn(axes).index] == [*pd.date_range("2022-01-01", periods=3, freq="MS")]
    for frame in (HOLE, HOLE.dropna()):  # a gap is no zero, whether its row is there or not
        assert read(lines(frame), "CHN") == [[1, 2, -1, 4, 5]]
    assert read(points(statements(*STATED)), "value", "mark") == [[0.4, 0.5, -1], ["", "▼", ""]]
    low, high, value, mark = read(points(RANGES, span=("a", "b")), "low", "high", "value", "mark")
    assert (low, high) == ([12, -1, 10], [18, -1, 15])
    assert (value, mark) == ([-1, 20, 15], ["", "▲", ""])  # half a range is a bound
    means = blocks(("2022-01", 2, "X", 8), ("2022-03", 11, "X", 55))
    assert read(means, "n_months", "value") == [[2, 11], [4, 5]]
    assert read(blocks(("2022-01", 3, "X", 33), per_month=False), "value") == [[33]]
    axes = bars(span=("least", "most"), reference={"$81 bn, the claim": 81})
    printed = ["about 50.6", "81.3 (80.0 to 83.0)", "40 to 55", "not published"]
    assert read(axes, "printed", "value") == [printed, [50.6, 81.35, -1, -1]]
    assert read(axes, "high", "$81 bn, the claim") == [[-1, 83, 55, -1], [81] * 4]
    assert charts.drawn(axes).index.tolist() == BASKETS["basket"].tolist()


def test_what_is_drawn_in_boxes_is_read_back():
    for log in (False, True):
        table = charts.drawn(windows(log=log, reference={"claim": 12.0}))
        assert table["start"].tolist() == FIGURES["window_start"].tolist()
        assert table["end"].tolist() == FIGURES["window_end"].tolist()
        assert table["printed"].tolist() == ["more than 12", "more than 32", "1.00 to 1.60"]
        assert table["claim"].tolist() == [12] * 3
    assert read(cells(SHARES.head(3)), "2709", "2701") == [[100, 50.2], [43.9, -1]]
    axes = cells(words="hhi")
    table = charts.drawn(axes)
    assert (table.index.tolist(), [*table][:2]) == (["SVK", "CZE"], ["2709", "2701"])
    assert read(axes, "2701", "2709, printed") == [[43.9, -1], ["1.00", ""]]
    grid = panels(unit={"Price": "USD a barrel", "Quantity": "Mt"})
    assert read(grid, ("Price", "IND"), ("Quantity", "CHN")) == [[30, 40, 40], [1, 2, 2]]
    assert [axes.get_ylabel() for axes in grid] == ["Price, USD a barrel", "Quantity, Mt"]
    assert grid[1].table["CHN"].tolist() == [1, 2, 2]
    assert grid.table.equals(charts.drawn(grid))
    china, russia, high = read(two_sides(), "CHN", "RUS", "RUS, high")
    assert (china, russia) == ([3, 4, 5, 5, -1], [2, -1, -1, 5, 6])
    assert high == pytest.approx([2.2, -1, -1, 5.5, 6.6])
    assert read(parts_of_wholes(), "value") == [[12, 1, 7, 3, 2]]


PRINTED = [  # values, their qualifiers, a unit, and what stands beside the bars
    ([18.684, 32.5], ">=", "Mt", ["more than 18.6", "32.5"]),  # never rounded beyond a bound
    ([18.6, 32.5], "≥=", "Mt", ["at least 18.6", "32.5"]),
    ([13.315, 32.5], "≤=", "Mt", ["at most 13.4", "32.5"]),
    ([13.3, 32.5], "<=", "Mt", ["less than 13.3", "32.5"]),
    ([18.684, 32.5], "~=", "Mt", ["about 18.7", "32.5"]),
    ([-3.38, 32.5], "≤=", "Mt", ["at most −3.3", "32.5"]),
    ([3.21, 0.3], "==", "Mt", ["3.21", "0.30"]),
    ([45.9 - 42.7, 0.3], "==", "Mt", ["3.2", "0.3"]),
    ([414.2, 0.48], "==", "Mt", ["414", "0.480"]),
    ([14.8, 0.0206], "~=", "Million US dollars a month", ["about $14.8 million", "$20,600"]),
    ([14.8, 2.42], "~=", "Million US dollars a month", ["about 14.8", "2.4"]),
    ([14.8, 0.0206], "~=", "Million tonnes", ["about 14.8", "0.0206"]),
    ([14.8, 0.5], "~=", "US dollars a barrel", ["about 14.8", "0.500"]),
]


@pytest.mark.parametrize(("values", "signs", "unit", "printed"), PRINTED)
def test_a_bar_prints_its_figure(values, signs, unit, printed):
    table = charts.drawn(bars_of(values, qualifier=[*signs])(unit=unit))
    assert table["printed"].tolist() == printed


SMALL = {0: "0", 0.004: "< 0.1", 0.06: "0.1", 9.14: "9.1", 24.52: "25", 99.78: "99.8", 100: "100"}


@pytest.mark.parametrize(("value", "text"), SMALL.items())
def test_a_cell_prints_two_figures(value, text):
    axes = cells(SHARES.head(1).assign(pct=float(value)))
    assert text in [one.get_text() for one in axes.texts]


def foot(axes):
    return np.ravel(axes)[0].figure.texts[-1].get_text().replace("\n", " ")


FAR = [("2022-01", "CNY", 1, "≤"), ("2023-01", "CNY", 4, "≤"), ("2024-01", "CNY", 5, "=")]
NEAR = statements(("2022-01", "CNY", 1, "="), ("2022-02", "CNY", 4, "="))
SETTLED = {"flags": ["provisional", ""]}, {"flags": ["provisional"] * 2}
NO_SHADES = SHARES.assign(pct=[190.3, 29.3, 76.12, 4.0])


def test_a_foot_explains_what_is_drawn():
    assert "dotted" in foot(points(statements(*FAR), joined=True))
    assert "dotted" not in foot(points(NEAR, joined=True))
    assert "Lines join figures" in foot(points(NEAR, joined=True))
    assert "Thin line: the months that a figure is of" in foot(points(NEAR.assign(n_months=9)))
    assert "Thin line" not in foot(points(NEAR))
    assert "Faintest colour: 0 · strongest: 100" in foot(cells())
    assert "strongest: 50 and more" in foot(cells(full=50.0))
    assert "strongest" not in foot(cells(NO_SHADES, full=float("inf")))
    assert "Hatched: no figure" in foot(cells())
    assert "Hatched" not in foot(cells(SHARES.head(2)))
    assert "Band: Russia plus 0 to 10\N{NO-BREAK SPACE}% for freight" in foot(two_sides())
    assert "Shaded: one side alone states a figure" in foot(two_sides())
    assert "Shaded" not in foot(two_sides((3, 4, 5), (3, 4, 5)))


def test_holes_and_caveats_are_said():
    frame = monthly(CHN=[1, None, None, 4, None, 6], IND=[1] * 6)
    axes = lines(frame, caveats=["Türkiye is left out", "b", "c", "d", "e"])
    assert axes.figure.texts[-1].get_text().split("\n") == [
        "No figure: China, February to March 2022, May 2022.",
        *("Türkiye is left out.", "B.", "C.", "and 2 more"),
        "Source: made up for a test",
    ]


UNSTATED = statements(("2022-01", "CNY", None, "="), ("2022-05", "CNY", 3, "="))


def test_alt_text_has_both_ends():
    axes = lines(monthly(CHN=[1, 5, 2], IND=[None, 7, None]), reference={"the cap": 6.0}, said=MAY)
    assert charts.alt(axes) == (
        "China bought more. Mt a month. China: 1 in January 2022, 2 in March 2022. "
        "India: 7 in February 2022. Line at 2: Office, May. Line at 6: the cap."
    )
    axes = points(UNSTATED.assign(a=[1, None], b=[2, None]), span=("a", "b"))
    assert charts.alt(axes).endswith("Yuan: 1 to 2 in January 2022, 3 in May 2022.")
    assert "Yuan: at most 1 in January 2022, 5 in January 2024" in charts.alt(
        points(statements(*FAR))
    )
    assert "crude: about 50.6. all: 81.3." in charts.alt(bars())
    assert "China: 10 in January 2022, 20 in March 2022." in charts.alt(panels())
    assert "Slovakia: Crude oil 100, Coal 43.9. Czechia: Crude oil 50.2." in charts.alt(cells())
    assert "Russia, with the most freight: 2.2 in January 2022" in charts.alt(two_sides())


def test_parts_of_a_whole_stand_one_behind_the_other():
    boxes = [one for one in parts_of_wholes().patches if "|bar|" in str(one.get_gid())]
    starts = [(round(box.get_y() + box.get_height() / 2), box.get_x()) for box in boxes]
    assert starts == [(0, 0), (0, 12), (0, 13), (1, 0), (1, 3)]
    two = [parts_of_wholes(TOLD.iloc[[0, 3]].assign(word=[word, "holds"])) for word in ("", "low")]
    silent, said = (np.diff(axes.get_yticks())[0] for axes in two)
    assert said - silent == pytest.approx(layout.LINE), "no room below a strip without words"
    day = [to_hex(box.get_facecolor()) for box in boxes]
    assert day == [colours.VERDICTS[word] for word in TOLD["word"]]
    assert min(colours.contrast(colours.letters_on(colour), colour) for colour in day) > 4.5


def test_a_lone_point_is_a_marker_and_a_long_statement_has_a_line():
    line = lines(monthly(CHN=[1, None, 3, None, 5, 6])).lines[0]
    assert (line.get_marker(), line.get_markevery()) == ("o", [0, 2])
    axes = points(statements(("2022-01", "CNY", 1, "="), months=9))
    assert "n_months" not in charts.drawn(axes)  # a marker at its first month, and a thin line
    assert pd.Timestamp("2022-10-01") in pd.DatetimeIndex(axes.lines[1].get_xdata(orig=True))


def test_a_year_is_joined_to_the_next_and_stands_over_its_own_span():
    event = mdates.date2num(pd.Timestamp("2022-02-24"))
    january = monthly(CHN=[1] * 25).iloc[::12]
    assert lines(january).lines[0].get_markevery() == [0, 12, 24]
    for axes in (lines(january.assign(n_months=12)), lines(january, every=12)):
        assert axes.lines[0].get_marker() == ""
        x = axes.lines[0].get_xdata(orig=False)
        assert x[0] == mdates.date2num(pd.Timestamp("2022-07-01")) > event
        assert axes.get_xlim()[0] < x[0] < axes.get_xlim()[0] + 60
        assert axes.get_xlim()[1] < mdates.date2num(pd.Timestamp("2024-09-01"))
        assert charts.drawn(axes).index[0] == pd.Timestamp("2022-01-01")
        ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
        found = [(mdates.num2date(at).month, text.get_text()) for at, text in ticks]
        assert found == [(7, "2022"), (7, "2023"), (7, "2024")]


def test_unsettled_figures_are_hollow():
    flags, signs = ["", "provisional rounded", ""], ["=", "=", "≤"]
    axes = lines(monthly(CHN=[1, 2, 3]).assign(flags=flags, qualifier=signs))
    overlays = {line.get_marker(): line.get_mfc() for line in axes.lines[1:] if line.get_gid()}
    assert overlays == {"o": "white", "v": colours.of_entity("CHN", "")}
    assert "▼ at most this · Hollow: provisional Source: made up for a test" in foot(axes)
    assert "China\n(at most)" in {text.get_text() for text in axes.texts}
    for flags, said in zip(
        SETTLED, ("Hollow: provisional", "All figures: provisional"), strict=True
    ):
        axes = bars_of([2.0, 1.0], **flags)()
        assert said in foot(axes)
        faces = {to_hex(patch.get_facecolor()) for patch in axes.patches}
        assert ("#ffffff" in faces) == said.startswith("Hollow")


def test_statements_are_joined_where_asked_but_bounds_and_far_ones_by_no_line():
    found = {}
    for name, frame in (("joined", JOINED), ("far", statements(*FAR))):
        axes = points(frame, joined=True)
        guides = [line for line in axes.lines if line.get_gid() == "guide"]
        found[name] = [[*guide.get_ydata()] for guide in guides]
        assert (guides[0].get_linestyle() == "-") == (name == "joined")
    assert found == {"joined": [[1, 3], [3, 4]], "far": [[4, 5]]}
    alone = points(JOINED).lines
    assert {line.get_linestyle() for line in alone if "|point|" in line.get_gid()} == {"None"}
    assert "guide" not in {line.get_gid() for line in alone}


CHINA, INDIA = (to_hex(colours.of_entity(code, "")) for code in ("CHN", "IND"))
GREY, INK = (to_hex(colour) for colour in (colours.GREY, colours.INK))
OF_THREE = bars_of([1.0, 2.0, 3.0], basket=["CHN", "all", "some"])
BY_ENTITY = bars_of([1.0, 2.0], basket=["China, 2021", "India, 2021"], of=["CHN", "IND"])
THREE = monthly(CHN=[1, 2, 3], all=[3, 4, 5], some=[5, 6, 7])
COLOURED = {
    "bars": (OF_THREE, [CHINA, GREY, GREY]),
    "one bar": (lambda: OF_THREE(highlight=["all"]), [GREY, INK, GREY]),
    "an entity": (lambda: OF_THREE(highlight=["CHN"]), [CHINA, GREY, GREY]),
    "by entity": (lambda: BY_ENTITY(entity="of"), [CHINA, INDIA]),
    "a strip": (lambda: coverage(highlight=["Coal, another office"]), [GREY, INK]),
    "an entity's line": (lambda: lines(THREE, highlight=["CHN"]), [CHINA, GREY, GREY]),
}


@pytest.mark.parametrize("what", COLOURED)
def test_what_is_highlighted_alone_has_colour(what):
    draw, expected = COLOURED[what]
    axes = draw()
    by_name = {
        str(artist.get_gid()).rpartition("|")[2]: to_hex(
            artist.get_color() if isinstance(artist, Line2D) else artist.get_facecolor()
        )
        for artist in [*axes.lines, *axes.patches]
    }
    assert [*by_name.values()] == expected


def test_a_line_of_no_entity_has_colour_where_it_is_highlighted():
    of = [to_hex(line.get_color()) for line in lines(THREE, highlight=["all"]).lines]
    assert (of[0], of[2]) == (GREY, GREY)
    assert of[1] not in (GREY, CHINA)
    [line] = lines(monthly(made_up=[1, 2, 3]), highlight=["made_up"]).lines
    assert line.get_color() != colours.GREY


def test_a_table_of_numbers_that_do_not_compare_has_no_shades():
    axes = cells(NO_SHADES, full=float("inf"))
    assert {"190", "29.3", "76.1"} <= {text.get_text() for text in axes.texts}
    shades = {mesh.to_rgba(value) for mesh in axes.collections[:2] for value in (190.3, 4.0)}
    assert [to_hex(shade) for shade in shades] == [colours.PAPER]
    assert [patch for patch in cells().patches if patch.get_hatch()]


def test_figures_of_negative_bars_stand_at_their_ends():
    axes = bars_of([-93.0, 84.0], basket=["EU27_2020", "IND"])()
    assert charts.drawn(axes)["printed"].tolist() == ["−93", "84"]
    [lost] = [text for text in axes.texts if text.get_text().startswith("−93")]
    axes.figure.draw_without_rendering()
    assert lost.get_window_extent().x1 < axes.transData.transform((-93, 0))[0]
    assert lost.get_window_extent().x0 > axes.transAxes.transform((0, 0))[0] - 1


def test_headings_set_rows_apart():
    axes = bars(BASKETS.assign(group=["Crude"] * 3 + ["All"]), heading="group")
    down = [*axes.get_yticks()]
    apart = np.diff(down)
    assert apart[-1] > apart[1] == pytest.approx(apart[0])
    long = bars_of([1.0, 2.0, 3.0], basket=["Oman", "the United Arab Emirates and others", "Oil"])()
    assert np.diff(long.get_yticks()) == pytest.approx(apart[0] + layout.LINE / 2)
    assert all(bar.get_height() == pytest.approx(BAR) for bar in [*long.patches, *axes.patches])
    bold = [text.get_text() for text in axes.texts if text.get_fontweight() == "bold"]
    assert {"Crude", "All"} <= set(bold)
    assert overlapping(axes.figure) == []
    assert len(charts.drawn(axes)) == len(down)


def test_a_bar_says_its_period_unless_its_name_does():
    days = pd.to_datetime(["2022-01-01", "2023-01-01", "2023-03-01"])
    names, values = ["Coal", "Coal in 2023", "India"], [1.0, 2.0, 3.0]
    dated = bars_of(values, basket=names, ref_period=days, n_months=[12, 12, 3])()
    assert [*told(dated.figure)["words"]] == [
        *("Coal, 2022: 1", "Coal in 2023: 2", "India, March to May 2023: 3")
    ]
    growth = bars_of(values, basket=names, window_text=["2022 vs 2021", "2021", ""])()
    said = [*told(growth.figure)["words"]]
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
    change = measures.growth(rows[rows["cmd_code"] == "2709"], "net_wgt_kg", 2023, 2021)
    axes = charts.bars(change, y="growth_pct", by="partner_iso", **LOOK)
    said = [*told(axes.figure)["words"].str.rpartition(":")[0]]
    assert said == ["China, 2021 and 2023", "India, 2021 and 2023"]
    # A month that has no line, since nothing was bought, is one of the year nevertheless.
    is_none = rows["partner_iso"].eq("IND") & rows["ref_period"].eq("2022-05-01")
    by = ["partner_iso", "cmd_code"]
    year = measures.total(
        rows[~is_none], "net_wgt_kg", by, start="2021-12", end="2022-11", absent="zero", alike=[]
    )
    spread = measures.hhi(year, "net_wgt_kg", by=["cmd_code"], absent="zero")
    fuels = spread.assign(who="India", fuel=["Coal", "Crude oil"])
    fuels = fuels.assign(hhi=fuels["hhi"].where(fuels["fuel"] == "Coal"))
    axes = charts.cells(fuels, y="hhi", by="who", across="fuel", **LOOK)
    coal, crude = told(axes.figure)["words"]
    period = "December 2021 to November 2022"
    assert coal.startswith(f"India, Coal, {period}: ")
    assert crude == f"India, Crude oil, {period}: no figure"


def test_many_runs_of_months_are_said_by_their_ends():
    assert spans.of_number("2021-01 to 2021-12, 2023-01 to 2023-12") == "2021 and 2023"
    assert spans.of_number("2021-01, 2021-03, 2021-05") == "January 2021, March 2021 and May 2021"
    some = "2021-01, 2021-03, 2021-05 to 2021-06, 2021-08"
    assert spans.of_number(some) == "some months from January 2021 to August 2021"
    assert spans.beyond("ODNI, 2023", "May 2023") == "May 2023"
    assert spans.beyond("2021 → 2023", "2021 and 2023") == ""
    assert spans.text(pd.Timestamp("2020-01-01"), 36) == "2020 to 2022"


def test_what_was_said_stands_over_its_own_months():
    said = MAY | {"Office, a year": (3.0, "2022-01", "2022-04")}
    axes = lines(monthly(CHN=[1, 2, 3, 4, 5, 6]), said=said)
    marked, line = (line for line in axes.lines if "reference" in str(line.get_gid()))
    assert (len(marked.get_xdata()), marked.get_marker()) == (1, "D")
    days = [f"{day:%Y-%m}" for day in mdates.num2date(line.get_xdata(orig=False))]
    assert (days[0], days[-1]) == ("2022-01", "2022-05")
    assert overlapping(axes.figure) == []


@pytest.mark.parametrize("alike", [True, False])
def test_boxes_that_are_compared_have_one_axis(alike):
    parts = {"a": monthly(CHN=[1, 2, 2]), "b": monthly(CHN=[1, 9, 1])}
    both = pd.concat([part.assign(what=what) for what, part in parts.items()])
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
    plt.close("all")
    with pytest.raises(QueryError, match="in 'IND'"):
        lines(HOLE, callouts={"IND": "x"})
    assert plt.get_fignums() == []


def test_both_sides_are_shaded_where_one_is_alone():
    axes = two_sides()
    shaded = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    ends = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in shaded]
    days = [[f"{mdates.num2date(day):%Y-%m-%d}" for day in pair] for pair in ends]
    assert days == [["2022-02-01", "2022-04-01"], ["2022-05-01", "2022-06-01"]]
    axes = two_sides((3, 4, 5), (3, 4, 5), band=(1.0, 1.0))  # both state all, and no freight
    assert ([*charts.drawn(axes)], [*axes.patches]) == (["CHN", "RUS"], [])


def double(axes):
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


def hide(axes):
    for artist in axes.get_children():
        if str(artist.get_gid() or "").count("|") == 2:
            artist.set_visible(False)


@pytest.mark.parametrize("chart", EVERY_CHART.keys() - {"coverage"})  # which has no numbers
def test_a_figure_that_is_drawn_elsewhere_or_not_at_all_is_refused(chart):
    for change, message in (
        (double, "drawn elsewhere than"),
        (hide, "a figure of it is not drawn"),
    ):
        axes = EVERY_CHART[chart]()
        for one in np.ravel(axes):
            change(one)
        with pytest.raises(QueryError, match=message):
            charts.drawn(axes)


def test_words_and_markers_that_say_otherwise_are_refused():
    axes = bars()
    axes.texts[0].set_text("5.06")
    with pytest.raises(QueryError, match="crude: drawn elsewhere"):
        charts.drawn(axes)
    axes = lines(monthly(CHN=[1, 2, 3]).assign(qualifier=["=", "=", "~"]))
    axes.lines[0].set_ydata([1, 2, 4])
    with pytest.raises(QueryError, match="CHN: drawn elsewhere"):
        charts.drawn(axes)
    with pytest.raises(QueryError, match="not drawn by tradeflows"):
        charts.drawn(plt.subplots()[1])


# --- sources --------------------------------------------------------------------------------------


def test_the_source_line_is_catalogued(monkeypatch):
    monkeypatch.setattr(catalogue, "credit", lambda ids, *_, **__: f"credit for {ids}")
    frame = monthly(CHN=[1, 2, 3])
    frame.attrs = {"sources": ("gacc", "comext"), "caveats": ("CIF beside FOB",)}
    axes = lines(frame, source="", note="Imports, CIF.")
    assert "Imports, CIF.\nSource: credit for" in axes.figure.texts[-1].get_text()
    assert "gacc" in foot(axes)
    assert charts.drawn(axes).attrs == frame.attrs


def test_sources_list_their_claims():
    known = catalogue.load(catalogue.root())
    first, second = [*known][:2]
    one, two = monthly(CHN=[1, 2, 3]), monthly(CHN=[1, 2, 3]).assign(what="Mt")
    one.attrs, two.attrs = {"sources": (second,)}, {"sources": (second, first)}
    of_two = charts.lines(two, y="mt", by="who", panel="what", **LOOK)
    table = charts.sources({"claim 1": lines(one), "claim 2": of_two})
    assert table["claims"].to_dict() == {second: "claim 1, claim 2", first: "claim 2"}
    publisher = catalogue.publishers(catalogue.root())[known[first].publisher].name
    assert table.loc[first, ["publisher", "title", "retrieved"]].tolist() == [
        *(publisher, known[first].title, known[first].retrieved)
    ]
    with pytest.raises(QueryError, match="claim 3: its chart rests on no catalogued source"):
        charts.sources({"claim 3": lines(monthly(CHN=[1]))})
    one.attrs = {"sources": ("c",)}
    with pytest.raises(CatalogueError, match="no source 'c'"):
        charts.sources({"claim 4": lines(one)})


# --- what is refused ------------------------------------------------------------------------------

ONE = monthly(CHN=[1])
SWAPPED = BASKETS.rename(columns={"least": "most", "most": "least"})
DEFECTS = [
    (lambda: lines(ONE.head(0)), "nothing to draw"),
    (lambda: lines(ONE.drop(columns="mt")), "no column mt"),
    (lambda: lines(ONE, source=""), "no source: frame.attrs"),
    (lambda: lines(ONE, title=""), "needs a title"),
    (lambda: lines(ONE, unit=""), "and a unit"),
    (lambda: lines(pd.concat([ONE, ONE])), "two values for one point: CHN in 2022"),
    (
        lambda: blocks(("2022-02", 1, "X", 1), ("2022-01", 2, "X", 1)),
        "two values for one point: X in 2022-02",
    ),
    (lambda: lines(ONE.assign(who=None)), "who is null in 1 of 1 rows"),
    (lambda: lines(monthly(CHN=[1], KOR=[None])), "without any value: KOR"),
    (lambda: lines(monthly(CHN=[1, np.inf])), "not finite: CHN in 2022-02"),
    (lambda: lines(monthly(CHN=["n/a"])), "mt must hold numbers"),
    (lambda: lines(ONE.assign(ref_period="2023-13")), "ref_period what"),
    (lambda: lines(ONE.assign(qualifier="?")), "none of = ~ ≤"),
    (lambda: lines(monthly(CHN=[1, 2]).assign(n_months=[1, 2])), "with blocks"),
    (
        lambda: lines(monthly(CHN=[1, 2, 3, 4]).iloc[[0, 1, 3]], every=3),
        "off the months of its series, see every=: CHN in 2022-02",
    ),
    (lambda: bars(SWAPPED, span=("least", "most")), "low end is above its high end: all"),
    (lambda: lines(monthly(**{f"s{i}": [1] for i in range(7)})), "7 series without"),
    (lambda: panels(unit={"Price": "USD"}), "no unit for Quantity"),
    (
        lambda: windows(FIGURES.assign(window_end=pd.Timestamp("2000-01-01"))),
        "ends before it starts",
    ),
    (lambda: windows(FIGURES.assign(window_end=pd.NaT)), "window_end is null"),
    (lambda: windows(FIGURES.assign(low=np.nan, high=np.nan)), "any value: D20"),
    (lambda: cells(SHARES.assign(pct=-1.0)), "no shade for a figure below zero: SVK"),
    (lambda: windows(FIGURES.assign(value=0.0), log=True), "no place on a log"),
    (lambda: parts_of_wholes(TOLD.assign(claims=0)), "no strip of nothing"),
    (lambda: two_sides(of=("CHN", "CHN")), "both sides are named CHN"),
    (
        lambda: charts.sides(ONE, y="usd", of=("CHN", "RUS"), **LOOK),
        r"no column usd_m, usd_x: measures\.gap makes them",
    ),
    (lambda: parts_of_wholes(whole="zz"), "column zz"),
    (lambda: lines(HOLE, reference="O99"), "'O99': expected"),
    (lambda: lines(HOLE, reference={"It": "N0"}), "N0"),
    (lambda: lines(HOLE, events="wars"), r"no group of events 'wars'.*war"),
    (lambda: lines(monthly(CHN=[1, 2], IND=[None, 3])), r"bars\(frame\.assign"),
]


@pytest.mark.parametrize(("draw", "message"), DEFECTS)
def test_a_dishonest_chart_is_refused(draw, message):
    with pytest.raises(QueryError, match=message):
        draw()
    assert plt.get_fignums() == []


def test_a_misspelt_option_is_named():
    with pytest.raises(TypeError, match="no option titel"):
        lines(ONE, titel="x")


# --- the look -------------------------------------------------------------------------------------


def test_names_and_events_are_drawn():
    frame = monthly(CHN=range(1, 15), other=range(14))
    events = {"2022-02-24": "Invasion", "2022-08-10": "EU coal ban"}
    axes = lines(frame, names={"other": "The others"}, events=events, title="It rose " * 39)
    said = {text.get_text() for text in axes.texts}
    assert said == {"China", "The others", "Invasion", "EU coal ban"}
    assert (axes.get_ylabel(), axes.get_ylim()[0]) == ("Mt a month", 0)
    title = axes.figure.get_suptitle()
    assert " ".join(title.split()) == "It rose " * 38 + "It rose"
    of_project = lines(monthly(CHN=[1, 2, 3]), events="war")
    assert "Invasion" in {text.get_text() for text in of_project.texts}


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


def of_windows(values, starts, days):
    """Draw spans of so many days on an axis of powers of ten."""
    starts = pd.to_datetime(starts)
    frame = pd.DataFrame({"id": [f"Newspaper {i}, customs of a partner" for i in range(len(days))]})
    frame = frame.assign(value=values, window_start=starts)
    frame["window_end"] = starts + pd.to_timedelta(days, unit="D")
    look = LOOK | {"reference": {"The claim": 12.0}, "events": {"2022-02-24": "Invasion"}}
    return charts.windows(frame, log=True, **look)


def of_cells(words, *heads):
    rows = [(by, at) for by in ("China", "India") for at in heads]
    frame = pd.DataFrame(rows, columns=["by", "at"]).assign(value=1.0, words=words)
    return charts.cells(frame, y="value", by="by", across="at", words="words", **LOOK)


NAMES = ["EU27_2020", "CHN", "IND", "TUR", "KOR", "a publisher with a long name"]
CLOSE = {who: [*range(20), 20 + i / 10] for i, who in enumerate(NAMES)}
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
    "many windows": lambda: of_windows(
        [577.0, 100.0, 32.0, 14.5, 12.0, 2.0, 1.2, 0.103],
        ["2023-07", "2023-01", "2022-03", "2023-01", "2022-03", "2022-03", "2023-01", "2023-01"],
        [640, 210, 490, 210, 400, 370, 150, 150],
    ),
    "words in cells": lambda: of_cells("7.0 or 10.6 in 2021", "Crude oil", "Coal", "LNG", "LPG"),
    "heads of three lines": lambda: of_cells("1", "Coal, coke, tar and more", "LNG", "Crude oil"),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", [*EVERY_CHART, *CROWDED, *NARROW])
def test_no_text_is_cut_or_covered(what):
    with layout.on(layout.NARROW if what in NARROW else layout.WIDE):
        figure = np.ravel((EVERY_CHART | CROWDED | NARROW)[what]())[0].figure
    assert overlapping(figure) == []
    width, height = figure.get_size_inches()
    has_rows = what == "bars" or not figure.axes[0].get_xticks().size
    assert what in NARROW or (width, height >= (2 if has_rows else 4.5)) == (8, True)


def test_two_dollar_signs_are_no_formula():
    said = "$52 bn in 2021, $81 bn in 2022"
    figure = bars_of([1.0], basket=[said])(title=said, unit=said, reference={said: 1.0}).figure
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
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, kind):
    """How a colour looks, in Lab, to one kind of eyes."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    shown = np.clip(np.array(BLINDNESS[kind]) @ linear, 0, 1)
    xyz = TO_XYZ @ shown / [0.9505, 1, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", BLINDNESS)
def test_no_two_colours_look_alike(kind):
    palette = {*colours.PALETTE, *colours.OTHERS, colours.INK}
    assert len(palette) == 15
    for some in (palette, colours.VERDICTS.values()):
        for one, other in combinations(sorted(some), 2):
            assert np.linalg.norm(lab(one, kind) - lab(other, kind)) > 11, (one, other)


@pytest.mark.parametrize(
    ("n_months", "paper", "labels"),
    [(3, layout.WIDE, ["Jan 2022", "Feb 2022", "Mar 2022"]), (24, layout.NARROW, ["2022", "2023"])],
)
def test_an_axis_without_room_for_months_has_years(n_months, paper, labels):
    with layout.on(paper):
        axes = lines(monthly(CHN=range(1, n_months + 1)))
        assert [text.get_text() for text in axes.get_xticklabels()] == labels


def named_ticks(axes):
    return [text.get_text() for text in axes.get_xticklabels()]


def test_an_axis_of_many_years_names_the_first():
    with layout.on(layout.NARROW):
        months = lines(monthly(CHN=range(1, 121)).query("ref_period >= '2023'"))
        assert named_ticks(months) == ["2023", "2025", "2027", "2029", "2031"]
        nineteen = monthly(CHN=range(1, 218)).iloc[::12].assign(n_months=12)
        assert named_ticks(lines(nineteen)) == ["2022", "2028", "2034", "2040"]


def test_a_year_stands_as_far_below_its_axis_as_a_month():
    places = []
    with layout.on(layout.NARROW):
        months = monthly(CHN=range(1, 26))
        for axes in (lines(months), lines(months.iloc[::12].assign(n_months=12))):
            axes.figure.canvas.draw()
            places.append(axes.bbox.y0 - axes.get_xticklabels()[0].get_window_extent().y1)
    assert places[1] == pytest.approx(places[0], abs=1)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([186, 144, 27], 0, 200),
        ([-5.3, 18.7, 2], -10, 20),
        ([2, 245, 228], 0, 250),
        ([2, 252, 228], 0, 300),
        ([-186, -30, -20], -200, 0),
    ],
)
def test_an_axis_of_numbers_ends_at_lines_beyond_all_points(values, low, high):
    assert lines(monthly(CHN=values)).get_ylim() == (low, high)


def test_a_chart_hands_over_its_terms_of_trade_and_its_claims():
    axes = lines(monthly(CHN=[1, 2, 3]), unit="US dollars (CIF)", claims=["O08"])
    handed = charts.hand_over(axes, "crude")
    assert handed.claims == ("O08",)
    assert handed.about.startswith("CIF: with freight")
    assert handed.about.endswith("Source: made up for a test.")
    assert "FOB" not in handed.about
    assert "CIF: with freight" in handed.file


def test_a_chart_is_drawn_in_the_unit_that_it_names():
    sold = pd.DataFrame({"who": ["CHN", "IND"], "net_wgt_kg": [75e9, 25.5e9]})

    def drawn(unit, y="net_wgt_kg", **more):
        return charts.bars(sold.assign(**more), y=y, by="who", **LOOK | {"unit": unit}).table

    assert drawn("Crude by sea, million tonnes")["printed"].tolist() == ["75.0", "25.5"]
    assert drawn("Index")["value"].tolist() == [75e9, 25.5e9]
    for unit in ("Million barrels", "Milion tonnes", "Billion US dollars"):
        with pytest.raises(QueryError, match=r"names no unit of kg|no word of a unit.*million"):
            drawn(unit)
    money = {"value_reported": [2e9, 3e9], "currency": ["USD", "EUR"]}
    with pytest.raises(QueryError, match="currency is mixed"):
        drawn("Billion euros", "value_reported", **money)


def test_a_figure_is_compared_with_by_its_id():
    frame = monthly(CHN=[1, 2, 3]).assign(barrels_per_day=[1.4e6, 1.6e6, 1.9e6])
    look = {"y": "barrels_per_day", "by": "who", "title": "More", "source": "made up"}
    look["unit"] = "Million barrels a day"
    axes = charts.lines(frame, said={"Vortexa: {:.2f}": "N08"}, reference={"It": "N08"}, **look)
    assert axes.table[["Vortexa: 1.65", "It"]].to_numpy().tolist() == [[1.65, 1.65]] * 3
    assert len(axes.table.attrs["sources"]) == 1


def test_two_figures_of_an_answer_are_bars():
    crude = tf.flow("crude oil", "China", "Russia", start="2023-01", end="2023-02")
    axes = crude.plot(unit="Thousand tonnes", highlight=["CHN"], zero=False, events="war")
    assert axes.table.index.tolist() == ["China, January 2023", "China, February 2023"]
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
    pages = ["https://www.x.org/1", "https://x.org (Y of 2022)", "http://y.org/2"]
    rows = pd.DataFrame({"source_id": ["a", "a", "b"], "address": pages})
    assert options.outlets(rows) == {"a": ["x.org"], "b": ["y.org"]}
    known = rows.assign(address="https://www.tass.com/economy/1")
    assert options.outlets(known) == {"a": ["TASS"], "b": ["TASS"]}
    assert options.outlets(rows.assign(outlet=["X (mirror)", "X", None])) == {"a": ["X"]}
    assert options.outlets(rows[["source_id"]]) == {}
