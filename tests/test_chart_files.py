"""What a chart hands over to a page: two drawings, marks that answer, a table, colours by night."""

import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from test_charts import EVERY_CHART, LOOK, coverage, lines, monthly

from tradeflows import charts
from tradeflows.charts import colours, layout, svg
from tradeflows.charts.formula_words import in_words

SVG = "{http://www.w3.org/2000/svg}"
PIXELS = {"wide": (760, layout.WIDE), "narrow": (350, layout.NARROW)}


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def handed_over(axes, id="buyers"):
    """A chart whose data are invented, so that no raw line is looked for."""
    figure = np.ravel(np.asarray(axes, dtype=object))[0].figure
    vars(figure)["tradeflows"].pop("of", None)
    return charts.hand_over(axes, id)


@pytest.fixture(params=EVERY_CHART, scope="module")
def chart(request):
    return handed_over(EVERY_CHART[request.param]())


def drawings(chart):
    return {name: ElementTree.fromstring(getattr(chart, name)) for name in PIXELS}


def titles(drawing):
    return [title.text for title in drawing.iter(f"{SVG}title")]


def test_a_drawing_has_no_style_or_script(chart):
    for drawing in drawings(chart).values():
        tags = {element.tag.removeprefix(SVG) for element in drawing.iter()}
        names = {name for element in drawing.iter() for name in element.attrib}
        assert not tags & {"style", "script", "image"}
        assert not [name for name in names if name == "style" or name.startswith("on")]


def test_text_is_text_and_large_enough(chart):
    for name, drawing in drawings(chart).items():
        pixels, paper = PIXELS[name]
        sizes = [
            float(text.get("font-size").removesuffix("px")) for text in drawing.iter(f"{SVG}text")
        ]
        assert sizes
        assert min(sizes) * pixels / (72 * paper.width) >= 11


MANY = ", ".join(f"value_{i} / 1000" for i in range(1, 13))
FORMULAS = {  # as a measure writes them, and as a reader may say them
    "net_wgt_kg / 1e9": "net weight in kg ÷ 1,000,000,000",
    "100 * (value / base - 1)": "100 × (value ÷ base − 1)",
    "(value) * 0.08333333333333333": "value ÷ 12",
    "(value / 15) * 13.0": "value ÷ 15 × 13",
    "value * rate / 1 * 0.001": "value × rate ÷ 1,000",
    "r7 / 225000000.0": "figure 7 ÷ 225,000,000",
    "(r3_value - r3_base) / 0.01": "(value − base) × 100",
    "(r0 - r1) * -1.0": "(figure 0 − figure 1) × −1",
    "value / 6.7351129363449695": "value ÷ 6.73511",
    "value * 0.45359237": "value × 0.45359237",
    "value_value / (value_weight / 1000) - base_value": "value ÷ (weight ÷ 1,000) − base value",
    "sum([value_1, value_2])": "the sum of each value",
    "sum([part, whole * 2])": "the sum of part and whole × 2",
    "sum([a, b, c, d, e, f, g, h, i, j])": "the sum of a, … and j",
    f"100 * sum([{MANY}]) / 7": "100 × (the sum of each (value ÷ 1,000)) ÷ 7",
    f"sum([sum([{MANY}]), sum([{MANY}])])": "the sum of each (the sum of each (value ÷ 1,000))",
    "round(value / 1000, 1)": "value ÷ 1,000, rounded to 1 decimal",
    "round(value, 0) / 2": "(value, rounded to 0 decimals) ÷ 2",
    "1 + sum([larger_1 ** 0, larger_2 ** 0])": "1 + (the number of larger ones)",
    "sqrt(m / x) + m ** 2": "(the square root of (imports ÷ exports)) + imports²",
    "(m + x) ** 2": "(imports + exports)²",
    "x ** 3": "exports to the power of 3",
    "log(m / x)": "the logarithm of (imports ÷ exports)",
    "max(m, x) * min(m, 2)": "(the greater of imports and exports) × (the lesser of imports and 2)",
    "sum([x_value_1 * x_rate_1, x_value_2 * x_rate_2])": (
        "the sum of each (value of exports × rate of exports)"
    ),
    "sum([max(0, gain_after_1 - gain_base_1)]) / -loss_base": (
        "(the sum of each (the greater of 0 and new buyers’ figure after − new buyers’ figure "
        "before)) ÷ (−old buyers’ figure before)"
    ),
}


@pytest.mark.parametrize(("formula", "words"), FORMULAS.items())
def test_a_formula_is_said_in_words(formula, words):
    assert in_words(formula) == words


def test_one_name_is_its_lines():
    assert in_words("value", 1) == "the number on its line"
    assert in_words("weight / 1000", 1200) == "the sum of its 1,200 lines ÷ 1,000"
    assert in_words("round(value, 1)", 1) == "the number on its line, rounded to 1 decimal"
    assert in_words("100 * part / whole", 2) == "100 × part ÷ whole"
    assert in_words("12.5", 0) == "12.5"


def test_both_drawings_share_their_marks(chart):
    wide, narrow = drawings(chart).values()
    places = [[mark.get("data-at") for mark in one.iter(f"{SVG}circle")] for one in (wide, narrow)]
    assert places[0] == places[1]
    assert len(titles(wide)) == len(places[0]) > 0  # the narrow one has the words of its twin
    assert titles(narrow) == []


# Kinds whose names stand beside their figures.
NAMED = {"lines", "points", "blocks", "bars", "cells", "coverage"}


def test_the_name_of_a_series_belongs_to_it(chart):
    if chart.kind not in NAMED:
        return
    for drawing in drawings(chart).values():
        of_circles, of_words = set(), set()
        for group in drawing.iter(f"{SVG}g"):
            words = "".join(word for text in group.iter(f"{SVG}text") for word in text.itertext())
            if words.strip():
                of_words.add(group.get("data-series"))
            if group.find(f"{SVG}circle") is not None:
                of_circles.add(group.get("data-series"))
        assert of_circles - {None} <= of_words


def test_ids_are_told_apart(chart):
    ids = [element.get("id") for one in drawings(chart).values() for element in one.iter()]
    known = [name for name in ids if name]
    assert len(known) == len(set(known))
    assert all(name.startswith("buyers-") for name in known)
    for name, drawing in (("wide", chart.wide), ("narrow", chart.narrow)):
        targets = set(re.findall(r'(?:url\(#|href="#)([^")]+)', drawing))
        assert targets <= set(known), name


def test_no_id_is_made_of_coordinates(monkeypatch):
    """Their last digit is another by another Python, and so would be the hash of them."""
    figure = lines(monthly(China=[1, 2, 2], India=[3, 4, 4])).figure
    drawing = svg.plain(figure, "words")
    assert 'id="shape-1"' in drawing
    monkeypatch.setitem(svg.FIXED, "svg.hashsalt", "another")
    assert svg.plain(figure, "words") == drawing


def at_night(colour):
    """What a page makes of a colour in the dark: 0.92 of it inverted, and its hue turned back."""
    turned = [[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]]
    return np.clip(turned @ (0.92 - 0.84 * np.array(to_rgb(colour))), 0, 1)


def test_lines_and_letters_stand_out_by_day_and_at_night():
    night = at_night(colours.PAPER)
    for colour in {*colours.PALETTE, *colours.OTHERS, *colours.VERDICTS.values()}:
        assert colours.contrast(at_night(colour), night) >= 4.3
        letters = colours.text_colour(colour)
        assert colours.contrast(letters, colours.PAPER) >= 4.5
        assert colours.contrast(at_night(letters), night) >= 4.5
    assert colours.contrast(at_night(colours.SHADE), night) < 1.5, "a faint ground is faint"


def test_letters_are_read_on_all_cells_by_day_and_at_night():
    ink = colours.ON_SHADES[0]
    for cell in colours.SHADES(range(colours.SHADES.N)):
        assert colours.contrast(ink, cell[:3]) >= 4.5
        assert colours.contrast(at_night(ink), at_night(cell[:3])) >= 4.5


def test_a_figure_has_three_digits_and_no_power_of_ten():
    chart = handed_over(lines(monthly(CHN=[-6.236e-05, 0, 1365.4])))
    said = [text.rpartition(": ")[2] for text in titles(drawings(chart)["wide"])]
    assert said == ["−0.0000624", "0", "1,370"]
    assert [float(row[1]) for row in chart.rows[1:]] == [-6.24e-05, 0, 1370.0]
    assert chart.alt.endswith("China: −0.0000624 in January 2022, 1,370 in March 2022.")


def test_marks_table_and_file_of_lines_have_the_same_figures():
    frame = monthly(CHN=[1, 2.5, None, 1234.5], other=[3, 2, 1, 0])
    chart = handed_over(lines(frame, names={"other": "The others"}))
    figures = [["1.0", "3.0"], ["2.5", "2.0"], ["", "1.0"], ["1230.0", "0.0"]]
    assert [row[1:] for row in chart.rows] == [["CHN", "other"], *figures]
    assert [row[1:] for row in chart.table] == [["China", "The others"], *figures]
    assert [row[0] for row in chart.table[:2]] == ["Period", "January 2022"]
    assert [text.replace(" 2022: ", " ") for text in titles(drawings(chart)["wide"])] == [
        *("China, January 1", "China, February 2.5", "China, April 1,230"),
        *("The others, January 3", "The others, February 2"),
        *("The others, March 1", "The others, April 0"),
    ]


RAW_NAMES = ("value", "low", "high", "series", "mark", "says", "mt", "pct")


def test_no_mark_or_head_has_the_name_of_a_column(chart):
    said = [text for drawing in drawings(chart).values() for text in titles(drawing)]
    assert not [text for text in said if text.startswith(RAW_NAMES)]
    vague = {"Series", "Value", "Lowest", "Highest", "Sign", "Says", *RAW_NAMES}
    assert not vague & set(chart.table[0])


def test_the_head_of_a_number_is_what_is_counted_with_its_unit():
    claimed = monthly(CHN=[1, 2]).assign(low=[0.5, np.nan], high=[1.5, np.nan], qualifier="~")
    axes = charts.points(claimed, y="mt", by="who", span=["low", "high"], **LOOK)
    unit, sign = LOOK["unit"], "About, at most or at least"
    assert handed_over(axes).table == [
        ["Period", "Name", unit, f"{unit}: lowest", f"{unit}: highest", sign],
        ["January 2022", "China", "1.0", "0.5", "1.5", "about"],
        ["February 2022", "China", "2.0", "", "", "about"],
    ]


def test_each_strip_of_a_coverage_answers():
    chart = handed_over(coverage())
    assert titles(drawings(chart)["wide"]) == [
        "Crude oil, an office: 2019 to 2021",
        "Crude oil, an office: March 2022",
        "Coal, another office: January 2023",
    ]
    assert chart.table[1:] == [
        ["Crude oil, an office", "2019 to 2021, March 2022"],
        ["Coal, another office", "January 2023"],
    ]
    assert chart.rows[1] == ["Crude oil, an office", "2019-01 to 2021-12, 2022-03"]
    assert "Coal, another office: January 2023" in chart.alt
