"""The explorer on the committed data: each question is one call, and pandas still works."""

import re
import subprocess
import sys

import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import tradeflows as tf
from tradeflows import charts
from tradeflows.model.errors import QueryError

MANY_IDS = ["EU27_2020", r"\bCHN\b", r"\bRUS\b", r"\bIND\b", r"\bUSA\b"]


@pytest.fixture(autouse=True)
def committed(embedded, monkeypatch):
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(embedded))
    yield
    plt.close("all")


@pytest.fixture
def crude():
    return tf.flow(reporter="CHN", partner="RUS", product="crude oil", start="2019")


# --- five questions, each one call ----------------------------------------------------------------


def test_every_drone_figure_above_12_million_dollars():
    found = tf.figures("drone", above=12e6)
    assert found["value"].ge(12e6).all()
    caveats = found.attrs["caveats"]
    assert "O01 repeats D01, so it confirms nothing" in caveats
    assert any(caveat.startswith("D27 is in GBP") for caveat in caveats)


# --- what an answer can do ------------------------------------------------------------------------


def test_each_answer_draws_itself_in_the_house_style(crude):
    both = tf.flow("crude oil", ["China", "India"], "Russia", start="2022", end="2023")
    axes = {
        "lines": crude.plot(title="So"),
        "two lines": both.plot(title="Two buyers"),
        "bars": both.by("reporter").plot(title="So"),
        "shares": both.share().plot(title="So"),
        "points": tf.settlement("yuan").plot(title="So"),
        "windows": tf.figures("drone", above=12e6).plot(title="So"),
        "strips": tf.find("LNG").plot(title="So"),
        "a card": tf.rerouting("crude oil", "Russia", "EU", ["China", "India"], "2022-02").plot(),
        "blocks": tf.flow("total", "China", "Russia", flow="MX", publisher="gacc").plot(title="So"),
    }
    coded = re.compile(r"\w=|\b\d{6,}\b|\b[A-Z]\d{2}\b|O4100|\d{4}-\d{2}|_")
    for name, each in axes.items():
        assert isinstance(each, Axes), name
        assert len(charts.drawn(each)), name
        words = [text.get_text() for text in each.figure.findobj(Text)]
        assert "Source: " in "".join(words), name
        assert [text for text in words if coded.search(text)] == [], name
    assert charts.alt(axes["two lines"]).startswith("Two buyers. Million tonnes a month.")
    gaps = charts.drawn(axes["strips"])["printed"]
    assert gaps["LNG: Bruegel, with many partners"] == "2019-01 to 2019-12, 2022-10 to 2026-03"


def test_it_shows_units_caveats_and_source_above_and_below_a_tidy_table(crude):
    text, page = repr(crude.head(2)), crude.head(2)._repr_html_()
    first, *caveats, head, january, _, source = text.splitlines()
    assert first == "Crude oil, imports of China from Russia; tonnes"
    assert len(caveats) == len(crude.attrs["caveats"])
    assert head.split() == ["period", "value"]
    assert january.split() == ["2019-01", "6,964,065"]
    assert source == "Source: China Customs, via CREA (as of 25 January 2025)"
    assert page.index("<li>") < page.index("<table") < page.index("Source: ")
    assert "source_row" not in page
    crude.attrs["caveats"] = ("<b>&",)
    page = crude.head(2).assign(own=1.5, note2=["<i>", "$81 billion (and $52"])._repr_html_()
    assert page.startswith('<div class="tex2jax_ignore mathjax_ignore">')
    assert page.endswith("</div>")
    assert "<li>&lt;b&gt;&amp;</li>" in page
    assert "&lt;i&gt;" in page


def test_both_sides_of_a_flow_in_one_call():
    imports = tf.flow("total", "China", "Russia", start="2021-07", end="2022-03", unit="USD")
    gap = imports.gap()
    alone = "Russia has no figure of 2022-01 to 2022-03 by itself, where the other side does"
    assert alone in gap.caveats
    axes = gap.plot()
    assert charts.drawn(axes)["RUS"].isna().sum() == 3
    lines = charts.raw_lines.terms(axes.figure)
    assert len(lines) == gap[["value_m", "value_x"]].count().sum() == 15
    assert lines.attrs["untraced"] == {}
    ratios = charts.drawn(gap.plot(y="value"))
    assert ratios["CIF over FOB, most"].iloc[0] > ratios["CIF over FOB, least"].iloc[0]
    said = " ".join(text.get_text() for text in axes.figure.texts).replace("\n", " ")
    assert "Russia has no figure of January 2022 to March 2022 by itself, where the" in said


def test_two_publishers_of_one_side_have_their_names_in_the_picture():
    asked = {"start": "2023", "end": "2023-06"}
    crude = tf.flow("crude oil", "China", "Russia", **asked)
    nations = tf.flow("crude oil", "China", "Russia", **asked, publisher="comtrade")
    assert [*charts.drawn(crude.gap(nations).plot())] == ["China Customs", "UN Comtrade"]
    same = charts.drawn(crude.gap(crude).plot())
    assert [*same] == ["China Customs", "China Customs, the other answer"]
    with pytest.raises(QueryError, match="nothing is held of"):
        tf.flow("coal", "Ukraine", "Russia", start="2019").gap()


CALLS = [
    (
        lambda: tf.flow("wheat", "China", "Russia", start="2023"),
        r"tf\.ask\('wheat', 'China', 'Russia', start='2023'\) asks UN Comtrade for it; .*held",
    ),
    (
        lambda: tf.flow("natural gas", "Germany", "Norway", start="2023", end="2023-06"),
        r"'Germany', 'Norway', start='2023', end='2023-06'\) asks Eurostat for it; held for",
    ),
    (
        lambda: tf.flow("tin", "China", "Peru", flow="exports", freq="A", unit="usd"),
        r"'Peru', start='\d{4}', flow='exports', freq='A', unit='usd'\) asks",
    ),
    (
        lambda: tf.flow(["wheat", "maize"], ["Germany", "India"], "World", end="2020-05"),
        r"tf\.ask\(\['wheat', 'maize'\], 'Germany', start='2020', end='2020-05'\) asks .*"
        r"tf\.ask\(\['wheat', 'maize'\], 'India', start='2020', end='2020-05'\) asks",
    ),
]


@pytest.mark.parametrize(("question", "call"), CALLS)
def test_what_is_not_held_has_the_call_that_gets_it(question, call):
    with pytest.raises(QueryError, match=call):
        question()


@pytest.mark.parametrize(
    "words",
    [
        {"flow": "trade"},
        {"publisher": "gacc"},
        {"product": "27090090"},
        {"reporter": "Germany", "flow": "re-exports"},
        {"reporter": "World"},
    ],
)
def test_what_no_service_gives_has_no_call(words):
    question = {"product": "wheat", "reporter": "China", "partner": "Peru"} | words
    with pytest.raises(QueryError, match=r"nothing is held of (?!.*tf\.ask)"):
        tf.flow(**question)


def test_a_whole_is_no_zero_where_a_part_of_it_has_a_row():
    gas = tf.flow("natural gas", "EU", start="2021", end="2021").by("partner")
    assert gas.set_index("partner_iso")["missing"].loc["GBR"] == "2021-12"  # Ireland bought some
    assert gas.share()["value"].isna().all()


# --- one card -------------------------------------------------------------------------------------


def test_a_card_says_who_lost_who_gained_and_what_it_cannot_see():
    card = tf.rerouting("crude oil", "Russia", "EU", ["China", "India"], event="2022-02")
    for words in ("would have been bought", "stands in", "another origin", "not named"):
        assert any(words in each for each in card.unseen), words
    for text in (repr(card), card._repr_html_()):
        assert all(
            part in text
            for part in ("EU27", "Before the event, 2019 to 2021", "Source: ", "quantity")
        )
        assert "part of India" in text
        assert not re.search(r"value_|all_months|placebo|True|False", text)


# --- what it refuses, in one sentence -------------------------------------------------------------


CRUDE = ("crude oil", "China", "Russia")
REFUSED = [
    (lambda: tf.flow(*CRUDE, publishr="gacc"), "did you mean"),
    (lambda: tf.flow(*CRUDE, unit="m3"), "China in tonnes or USD"),
    (lambda: tf.figures("unicorn"), "no figure about 'unicorn'; topics: "),
    (lambda: tf.figures("drone", above=1e12), "the largest is 577,000,000"),
    (lambda: tf.figures("drone", above=1.0, unit="RUB"), "about 'drone' is in RUB; there are"),
    (lambda: tf.figures("drone", above="many"), "above='many': expected an amount"),
    (lambda: tf.figures("drone").plot(titel="x"), "did you mean 'title'"),
    (lambda: tf.find("unicorn"), "nothing is held of 'unicorn'"),
    (lambda: tf.flow("wheat", country="China"), "country=: reporter= says whose figures"),
    (lambda: tf.ask("wheat", "China", begin="2022"), "begin=: start= and end= say when"),
    (
        lambda: tf.flow("total", "China", "Russia", start="2023").to("THB"),
        "tf.find('exchange rate') lists what is, and",
    ),
    (lambda: tf.find(27), "word=27: expected a text such as 'crude oil'"),
    (lambda: tf.find("1002"), "tf.ask('1002', 'China', 'Russia', start='"),
    (lambda: tf.products("unicorn"), "no product 'unicorn'"),
    (lambda: tf.sources("eurostta"), "did you mean 'Eurostat'"),
    (lambda: tf.sources(None), "word=None: expected a text"),
    (lambda: tf.cards(["O08"]), "names=['O08']: expected a text such as 'C01'"),
    (lambda: tf.areas("the West"), "is no list of countries"),
    (lambda: tf.settlement("yuan").by("measure"), "do not add up"),
    (lambda: tf.flow(*CRUDE).by("colour"), "no column 'colour'"),
    (lambda: tf.flow(*CRUDE).by(5), "by=5: expected a text such as"),
    (lambda: tf.flow(*CRUDE).assign(barrels=1).plot(y="barrels"), "unit of barrels is not known"),
    (lambda: tf.flow("natural gas", "EU").plot(), "told apart: filter the frame"),
    (lambda: tf.find("84").plot(), "a picture takes 1 to 40: filter the frame"),
    (
        lambda: tf.rerouting("crude oil", "Russia", "EU", "India", "2022-02", freq="M"),
        "freq= is set by the question itself",
    ),
    (
        lambda: tf.rerouting("crude oil", "Russia", "EU", "India", before="2022-02"),
        "event= is lacking: the month of the event, such as event='2022-02'",
    ),
    (
        lambda: tf.rerouting("crude oil", "Russia", "EU", "India", "2022-02", befor="2020"),
        "there are breakdown, classification, cumulation, currency, partner_code",
    ),
    (
        lambda: tf.rerouting("crude oil", "Russia", "Germany", "India", "2022-02"),
        "Germany has no value from 2023",
    ),
    (
        lambda: tf.read(product="2709", reporter="Germany"),
        "add partner='Outside the EU27', partner=",
    ),
    (lambda: tf.flow(*CRUDE).to(5), "currency=5: expected a text such as 'EUR'"),
    (
        lambda: tf.flow(*CRUDE, unit="USD").to("tonnes"),
        "'USD' to 'tonnes' is no change of currency",
    ),
    (lambda: tf.flow(*CRUDE).hhi("route"), "no column 'route'; there are period, reporter"),
    (lambda: tf.figures("drone").series(), "the rows are of no periods"),
    (lambda: tf.find("84").growth(), "no figures by period"),
    (lambda: tf.settlement("yuan").series(), "of several measures: keep one row of a period"),
    (lambda: tf.settlement("yuan").plot.bar(), "plot() draws them over time; pandas"),
    # what is held instead
    (lambda: tf.flow(*CRUDE, freq="A"), "held by months"),
    (lambda: tf.flow(*CRUDE, freq="A"), ".by('reporter', every=12)"),
    (lambda: tf.flow("rye", "China", "USA"), "nor of these goods at all"),
    (lambda: tf.flow("soybeans", "China", "USA"), "these goods are held: exports"),
    (lambda: tf.flow(*CRUDE, breakdown="transport=2100"), "held without breakdown='transport=2100"),
    (
        lambda: tf.flow("drones", "China", "Russia", flow="exports", start="2024", end="2024"),
        "a hole in what is held: 2023-01 to 2023-12, 2025-01 to 2025-12",  # a row is of 12 months
    ),
    (
        lambda: tf.flow("total", "Russia", "China", flow="exports", start="2022"),
        "China states it from the other side",
    ),
]


@pytest.mark.parametrize(("ask", "message"), REFUSED)
def test_a_question_without_an_honest_answer_is_refused_with_what_to_ask(ask, message):
    with pytest.raises(QueryError) as caught:
        ask()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_notebook_shows_an_error_as_one_sentence():
    asked = "import tradeflows as tf\ntf.flow('crude oyl', 'China')"
    notebook = new_notebook(cells=[new_code_cell(asked), new_code_cell("1 / 0")])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    ours, other = (cell.outputs[-1].traceback for cell in notebook.cells)
    assert len(ours) == 1
    assert ours[0].startswith("QueryError: no product 'crude oyl' in products.csv")
    assert "; did you mean 'crude oil'" in ours[0]
    assert "Traceback" in other[1]


def test_the_first_answer_loads_no_more_than_it_needs():
    spared = {"matplotlib", "tomlkit", "jinja2", "nbformat", "http.client", "openpyxl", "zipfile"}
    code = (
        "import sys, pandas; before = set(sys.modules); import tradeflows as tf; "
        "repr(tf.flow('crude oil', 'China', 'Russia', start='2023', end='2023')); "
        f"assert not {spared!r} & (set(sys.modules) - before), set(sys.modules) - before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_new_project_without_a_source_needs_no_build(new_project):
    new_project("fresh")
    pepper = tf.products("pepper")
    assert "0904" in pepper.index
    assert pepper["rows"].sum() == 0
    assert tf.areas("UK").index.tolist() == ["GBR"]


def test_without_a_window_the_newest_is_held():
    crude = tf.flow("crude oil", "EU", "Russia")
    assert crude["publisher"].unique().tolist() == ["comtrade"]
    assert crude["period"].max() == "2025-12"
    assert "EU27: Eurostat (2019-01 to 2021-12) states this too" in " ".join(crude.caveats)
    assert not any("asked for" in text for text in crude.caveats)


def test_oil_is_no_oil_seed():
    for words, of_what in (("rouble", "RUB"), ("exchange rates", "RUB"), ("oil price", "USD")):
        assert any(of_what in unit for unit in tf.find(words).query("table == 'rates'")["unit"])
    names = tf.find("oil")["name"]
    assert names.iloc[:10].str.contains("crude oil|oil products|Palm oil", regex=True).all()
    assert names.str.contains("Oil seeds").any()


def test_caveats_name_no_ids():
    answers = [
        tf.flow("crude oil", ["EU", "China", "India"], "Russia", start="2019"),
        tf.flow("natural gas", "EU", start="2021", end="2021").by("partner"),
        tf.flow("drones", "China", flow="exports"),
    ]
    answers.append(answers[0].by("reporter", every=12))
    ids = re.compile("|".join([*map(re.escape, tf.sources().index), *MANY_IDS]))
    for answer in answers:
        assert answer.caveats
        assert [text for text in answer.caveats if ids.search(text)] == []
        assert not ids.search(answer._repr_html_())
