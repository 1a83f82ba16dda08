"""The explorer on the committed data: each question is one call, and pandas still works."""

import re
import subprocess
import sys

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.text import Text
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

import tradeflows as tf
from tradeflows import charts, tables
from tradeflows.charts import raw_lines
from tradeflows.explore import answer as explorer
from tradeflows.explore import flow, naming
from tradeflows.measures.comparisons import ALIKE
from tradeflows.model.errors import CatalogueError, QueryError

MANY_IDS = ["EU27_2020", r"\bCHN\b", r"\bRUS\b", r"\bIND\b", r"\bUSA\b"]
FOUR = ["EU", "China", "India", "Türkiye"]


@pytest.fixture(autouse=True)
def committed(embedded, monkeypatch):
    """Ask the tables of the committed data; close what was drawn."""
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(embedded))
    yield
    plt.close("all")


@pytest.fixture
def crude():
    """China's crude from Russia, month by month."""
    return tf.flow(reporter="CHN", partner="RUS", product="crude oil", start="2019")


# --- five questions, each one call ----------------------------------------------------------------


def test_chinas_crude_from_russia_by_month_in_tonnes(crude):
    assert crude["unit"].unique().tolist() == ["tonnes"]
    assert len(crude) == 72
    assert crude["value"].equals(crude["net_wgt_kg"] / 1000)
    may = crude.loc[crude["ref_period"].eq("2023-05-01"), "value"].item()
    assert may == pytest.approx(9_704_130, rel=1e-6)


def test_the_eus_top_five_gas_suppliers_in_2021():
    top = tf.flow("natural gas", "EU", start="2021", end="2021").by("partner").head(5)
    assert top["partner_iso"].tolist() == ["RUS", "DZA", "NOR", "USA", "QAT"]
    assert top["value"].is_monotonic_decreasing
    assert top["unit"].eq("tonnes").all()
    assert any("partners are a selection" in caveat for caveat in top.attrs["caveats"])


def test_indias_share_of_russias_crude_to_the_four_buyers_in_2023():
    shares = tf.flow("crude oil", FOUR, "Russia", start="2023", end="2023").by("reporter").share()
    india = shares.set_index("reporter_iso")["value"]["IND"]
    alone = [tf.flow("crude oil", each, "Russia", start="2023", end="2023") for each in FOUR[:3]]
    raw = pd.concat(alone).groupby("reporter_iso")["net_wgt_kg"].sum()
    assert india == pytest.approx(100 * raw["IND"] / raw.sum())
    assert round(india) == 41
    # No fourth buyer states 2023, and the answer says so rather than count it as nothing.
    assert any(caveat.startswith("Türkiye states nothing") for caveat in shares.attrs["caveats"])


def test_settlement_takes_a_window_and_a_family_as_read_does():
    june = tf.settlement("yuan", start="2023-06", end="2023-06")  # of which one family says nothing
    assert set(june["measure"]) == {"risk_review"}
    assert set(tf.settlement("yuan", measure="risk_review")["measure"]) == {"risk_review"}
    both = tf.settlement("yuan", ["export settlement", "import settlement"])
    assert set(both["concept"]) == {"export settlement", "import settlement"}


def test_the_unit_is_that_of_the_rows_with_a_figure():
    none = dict.fromkeys(("net_wgt_kg", "primary_value_usd", "value_reported"), float("nan"))
    gas = pd.DataFrame({"qty": [None, 5.0], "qty_unit": ["none", "m3"], "currency": None, **none})
    assert list(flow._units(gas)) == ["m3"]
    money = gas.assign(qty=None, value_reported=[None, 5.0], currency=[None, "EUR"])
    assert list(flow._units(money)) == ["EUR"]


def test_every_drone_figure_above_12_million_dollars():
    found = tf.figures("drone", above=12e6)
    assert found["value"].ge(12e6).all()
    caveats = found.attrs["caveats"]
    assert "O01 repeats D01, so it confirms nothing" in caveats
    assert any(caveat.startswith("D27 is in GBP") for caveat in caveats)


# --- what an answer can do ------------------------------------------------------------------------


def test_every_number_can_be_traced(crude):
    share = crude.share(tf.flow("crude oil", "China", "World", start="2019", end="2024"))
    answers = {
        "a flow": crude.tail(2),
        "a sum": crude.by("reporter", every=12).tail(1),
        "a share of the world": share.tail(1),
        "a share among buyers": tf.flow("crude oil", FOUR, "Russia", start="2023", end="2023")
        .by("reporter")
        .share(),
        "a ratio": crude.gap(tf.flow("crude oil", "China", "Russia", publisher="comtrade"))
        .dropna(subset="value")
        .tail(1),
        "a settlement": tf.settlement("yuan").head(1),
        "a figure": tf.figures("drone", above=12e6).head(1),
        "a card": tf.rerouting("crude oil", "Russia", "EU", "India", "2022-02").ratios.head(1),
    }
    for name, each in answers.items():
        lines = each.trace()
        assert len(lines) >= len(each), name
        assert type(lines) is pd.DataFrame, name


def test_each_answer_draws_itself_in_the_house_style(crude):
    both = tf.flow("crude oil", ["China", "India"], "Russia", start="2022", end="2023")
    axes = {
        "lines": crude.plot(),
        "two lines": both.plot(title="Two buyers"),
        "bars": both.by("reporter").plot(),
        "shares": both.share().plot(),
        "points": tf.settlement("yuan").plot(),
        "windows": tf.figures("drone", above=12e6).plot(),
        "strips": tf.find("LNG").plot(),
        "a card": tf.rerouting("crude oil", "Russia", "EU", ["China", "India"], "2022-02").plot(),
        "blocks": tf.flow("total", "China", "Russia", flow="MX", publisher="gacc").plot(),
    }
    for name, each in axes.items():
        assert isinstance(each, Axes), name
        assert len(charts.drawn(each)), name
        assert "Source: " in "".join(text.get_text() for text in each.figure.texts), name
    assert charts.alt(axes["two lines"]).startswith("Two buyers. Million tonnes a month.")
    gaps = charts.drawn(axes["strips"])["printed"]
    assert gaps["LNG: Bruegel, with many partners"] == "2019-01 to 2019-12, 2022-10 to 2026-03"


def test_two_sources_of_one_name_say_what_they_state():
    axes = tf.find("crude oil").plot()
    names = [label.get_text().replace("\n", " ") for label in axes.get_yticklabels()]
    assert len(set(names)) == len(names)
    assert {
        "China Customs, with all partners (weight)",
        "China Customs, with all partners (value and weight)",
    } <= {*names}


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


def test_a_page_holds_no_formula(crude):
    page = crude.head(2).assign(note2="$81 billion (and $52")._repr_html_()
    assert page.startswith('<div class="tex2jax_ignore mathjax_ignore">')
    assert page.endswith("</div>")


def test_one_row_of_what_is_held_shows():
    shown = repr(tf.find("Brent"))
    assert "BRENT" in shown.splitlines()[-2]
    assert "2010-01 to" in shown


def test_a_count_of_rows_has_no_line(embedded):
    with pytest.raises(QueryError, match=r"it counts rows.*read\(source="):
        tf.find("LNG", root=embedded).trace("rows")


def test_a_project_without_settlement(make_root):
    root = make_root({"oil": {}})
    tables.build(root)
    assert tf.find("brent", root=root)["held"].tolist() == ["2020-01 to 2020-02"]
    assert len(tf.find(root=root)) == 1


def test_an_empty_project_says_what_to_do(make_root):
    root = make_root({})
    tables.build(root)
    with pytest.raises(QueryError, match="holds no rows yet"):
        tf.find(root=root)


@pytest.mark.parametrize(
    ("tonnes", "number", "unit"),
    [
        (913_722, 913.722, "Thousand tonnes a month"),
        (12_300, 12.3, "Thousand tonnes a month"),
        (9_100, 9_100, "Tonnes a month"),
        (9.1e6, 9.1, "Million tonnes a month"),
        (4e9, 4, "Billion tonnes a month"),
    ],
)
def test_a_drawn_number_times_its_word(crude, tonnes, number, unit):
    axes = explorer.answer(crude.head(3).assign(value=float(tonnes))).plot()
    assert charts.drawn(axes)["CHN"].unique().tolist() == [pytest.approx(number, rel=1e-3)]
    assert axes.yaxis.get_label_text() == unit


def test_no_event_unless_it_is_named(crude):
    words = [text.get_text() for text in crude.plot().texts]
    assert not any("nvasion" in text or "mbargo" in text for text in words)


def test_months_and_blocks_from_one_day_on_are_not_bars_side_by_side(crude):
    two = crude.head(2).assign(
        ref_period=crude["ref_period"].iloc[0],
        n_months=[2, 1],
        reporter_iso=["CHN", "IND"],
        value=[20.0, 10.0],
    )
    shown = charts.drawn(explorer.answer(two).plot())
    assert shown[["series", "n_months", "value"]].to_numpy().tolist() == [
        ["CHN", 2, 10.0],
        ["IND", 1, 10.0],
    ]


def test_two_currencies_stand_in_the_table_and_not_above_it(crude):
    both = crude.head(2).assign(unit=["USD", "EUR"])
    head, _, dollars, euros, *_ = [line for line in repr(both).splitlines() if line[:1] != "-"]
    assert "CIF" not in head
    assert dollars.endswith("USD") and euros.endswith("EUR")  # noqa: PT018


def test_what_a_user_adds_is_shown_and_markup_is_escaped(crude):
    crude.attrs["caveats"] = ("<b>&",)
    page = crude.assign(own=1.5).head(2).assign(note2=["<i>", "x"])._repr_html_()
    assert "note2" in page
    assert "<li>&lt;b&gt;&amp;</li>" in page
    assert "&lt;i&gt;" in page


def test_the_plots_and_the_comparison_of_pandas_are_still_there(crude):
    assert len(crude.plot.bar(x="ref_period", y="value").patches) == len(crude)
    assert len(crude.plot(x="ref_period", y="value", title="Mine").lines) == 1
    assert crude.pivot(index="ref_period", columns="reporter_iso", values="value").plot().lines
    other = pd.DataFrame(crude).assign(value=1.0)
    assert crude.compare(other).columns.get_level_values(0).unique().tolist() == ["value"]
    assert crude.compare(crude, keep_shape=True).isna().all(axis=None)


def test_two_sides_of_one_flow_are_compared_as_importer_over_exporter():
    months = {"start": "2021-01", "end": "2021-03"}
    china = tf.flow("total", "China", "Russia", flow="exports", **months)
    russia = tf.flow("total", "Russia", "China", unit="USD", **months)
    both, turned = china.gap(russia), russia.gap(china)
    assert both["value"].tolist() == turned["value"].tolist()
    assert both["value"].iloc[0] == both["value_m"].iloc[0] / both["value_x"].iloc[0]
    assert any("CIF" in caveat for caveat in both.attrs["caveats"])


def test_both_sides_of_a_flow_in_one_call():
    imports = tf.flow("total", "China", "Russia", start="2021-07", end="2022-03", unit="USD")
    gap = imports.gap()
    assert {"value_m", "value_x", "outside"} <= {*gap}
    assert gap["value"].notna().sum() == 6
    alone = "Russia has no figure of 2022-01 to 2022-03 by itself, where the other side does"
    assert alone in gap.caveats
    axes = gap.plot()
    drawn = charts.drawn(axes)
    assert drawn["CHN"].tolist() == pytest.approx(gap["value_m"] / 1e9, rel=1e-3)
    both = drawn.dropna()
    assert (both["RUS, high"] / both["RUS, low"]).tolist() == pytest.approx([1.1] * 6, rel=1e-3)
    assert drawn["RUS"].isna().sum() == 3
    lines = charts.raw_lines.terms(axes.figure)
    assert len(lines) == gap[["value_m", "value_x"]].count().sum() == 15
    assert lines.attrs["untraced"] == {}
    ratios = charts.drawn(gap.plot(y="value"))
    assert ratios["CIF over FOB, most"].iloc[0] > ratios["CIF over FOB, least"].iloc[0]
    said = " ".join(text.get_text() for text in axes.figure.texts).replace("\n", " ")
    assert "Russia has no figure of January 2022 to March 2022 by itself, where the" in said


def test_two_publishers_of_one_side_have_their_names_in_the_picture(crude):
    nations = tf.flow("crude oil", "China", "Russia", start="2023", publisher="comtrade")
    table = charts.drawn(crude.gap(nations).plot())
    assert [*table] == ["China Customs", "UN Comtrade"]
    same = charts.drawn(crude.gap(crude).plot())
    assert [*same] == ["China Customs", "China Customs, the other answer"]


def test_several_flows_are_drawn_as_ratios(crude):
    months = crude.head(3)
    both = pd.concat([months, months.assign(reporter_iso="IND")], ignore_index=True)
    table = charts.drawn(both.gap(both).plot())
    assert table[["CHN", "IND"]].to_numpy().tolist() == [[1, 1]] * 3


def test_no_other_side_is_said():
    with pytest.raises(QueryError, match="of 12 months each: sum this one"):
        tf.flow("crude oil", "China", "Russia", start="2023").gap()
    with pytest.raises(QueryError, match="nothing is held of"):
        tf.flow("coal", "Ukraine", "Russia", start="2019").gap()


CALLS = {
    "in a window": (
        lambda: tf.flow("wheat", "China", "Russia", start="2023"),
        r"tf\.ask\('wheat', 'China', 'Russia', start='2023'\) gets it from UN Comtrade; .*side",
    ),
    "at any time": (
        lambda: tf.flow("crude oil", "China", "Angola"),
        r"tf\.ask\('crude oil', 'China', 'Angola', start='\d{4}'\) gets it from UN Comtrade",
    ),
    "of a member state": (
        lambda: tf.flow("natural gas", "Germany", "Norway", start="2023", end="2023-06"),
        r"'Germany', 'Norway', start='2023', end='2023-06'\) gets it from Eurostat; held for",
    ),
    "another way, by year, in dollars": (
        lambda: tf.flow("tin", "China", "Peru", flow="exports", freq="A", unit="usd"),
        r"'Peru', start='\d{4}', flow='exports', freq='A', unit='usd'\) gets it",
    ),
    "of both kinds of reporters": (
        lambda: tf.flow(["wheat", "maize"], ["Germany", "India"], "World", end="2020-05"),
        r"tf\.ask\(\['wheat', 'maize'\], 'Germany', start='2020', end='2020-05'\) gets .*"
        r"tf\.ask\(\['wheat', 'maize'\], 'India', start='2020', end='2020-05'\) gets",
    ),
}


@pytest.mark.parametrize("what", CALLS)
def test_what_is_not_held_has_the_call_that_gets_it(what):
    question, call = CALLS[what]
    with pytest.raises(QueryError, match=call):
        question()


@pytest.mark.parametrize(
    "words",
    [
        {"flow": "trade"},
        {"freq": "Q"},
        {"publisher": "gacc"},
        {"product": "27090090"},
        {"reporter": "Germany", "flow": "re-exports"},
        {"reporter": "World"},
        {"start": "2999"},
    ],
)
def test_what_no_service_gives_has_no_call(words):
    question = {"product": "wheat", "reporter": "China", "partner": "Peru"} | words
    with pytest.raises(QueryError, match=r"nothing is held of (?!.*tf\.ask)"):
        tf.flow(**question)


def test_a_share_lacks_a_member(crude):
    same_day = crude["ref_period"].iloc[0]
    changes = {"reporter_iso": ["CHN", "IND"], "ref_period": same_day, "value": [None, 5.0]}
    shares = explorer.answer(crude.head(2).assign(**changes)).share()
    assert shares["value"].isna().all()
    assert shares.caveats[-1].startswith("2 of 2 rows have no share")


def test_declared_zeros_count_in_a_share():
    shares = tf.flow("natural gas", "EU", start="2020", end="2020").by("partner").share()
    assert shares["value"].sum() == pytest.approx(100)
    assert any("absent rows count as 0" in caveat for caveat in shares.caveats)


def test_a_whole_is_no_zero_where_a_part_of_it_has_a_row():
    gas = tf.flow("natural gas", "EU", start="2021", end="2021").by("partner")
    assert gas.set_index("partner_iso")["missing"].loc["GBR"] == "2021-12"  # Ireland bought some
    assert gas.share()["value"].isna().all()


def test_shares_of_values_at_the_border_and_at_the_quay_say_so(crude):
    both = crude.head(2).assign(
        reporter_iso=["CHN", "IND"],
        valuation=["CIF", "FOB"],
        unit="USD",
        ref_period=crude["ref_period"].iloc[0],
    )
    told = "valuation differs within the whole: CIF, FOB"
    assert told in explorer.answer(both).share().attrs["caveats"]
    assert told not in explorer.answer(both.assign(unit="tonnes")).share().attrs["caveats"]


def test_two_sides_in_tonnes_have_no_band_for_freight(crude):
    sold = crude.rename(columns={"reporter_iso": "partner_iso", "partner_iso": "reporter_iso"})
    gap = crude.gap(sold.assign(flow_code="X"))
    assert gap.attrs["caveats"][-1] == ALIKE


def test_coarser_figures_that_were_passed_over_are_named():
    caveats = tf.flow("crude oil", "India", "Russia", start="2021", end="2022").attrs["caveats"]
    assert "freq='M' of what is held; freq='A' too" in caveats


# --- what is held ---------------------------------------------------------------------------------


def test_a_word_finds_goods_figures_and_settlement():
    assert {"trade", "figures"} <= set(tf.find("drone")["table"])
    assert set(tf.find("yuan")["table"]) == {"settlement"}
    assert set(tf.find("Brent")["table"]) == {"rates"}
    assert set(tf.products("8806").index) >= {"8806", "880621"}
    assert tf.areas("congo").index.tolist() == ["COD", "COG"]
    assert len(tf.sources()) == len(tf.catalogue.load(tf.catalogue.root()))


# --- one card -------------------------------------------------------------------------------------


def test_a_card_says_who_lost_who_gained_and_what_it_cannot_see():
    card = tf.rerouting("crude oil", "Russia", "EU", ["China", "India"], event="2022-02")
    change = card.buyers.set_index("reporter_iso")["value"] * 12 / 1e6
    assert change.round().to_dict() == {"EU27_2020": -93.0, "CHN": 27.0, "IND": 84.0}
    tested = card.ratios[~card.ratios["placebo"]]
    assert tested["value"].between(0.9, 1.3).all()
    assert card.ratios[card.ratios["placebo"]]["value"].max() < 0.2
    price = card.prices.pivot(index="reporter_iso", columns="effect", values="value")
    assert price.loc["IND", "quantity"] > 10 * price.loc["IND", "price"] > 0
    for words in ("would have been bought", "stands in", "another origin", "not named"):
        assert any(words in each for each in card.unseen), words
    for text in (repr(card), card._repr_html_()):
        assert all(
            part in text
            for part in ("EU27", "Before the event, 2019 to 2021", "Source: ", "quantity")
        )


def test_a_card_says_where_goods_or_months_differ():
    card = tf.rerouting("coal", "Russia", "EU", ["China", "India"], event="2022-08")
    assert any("not quite the same" in each for each in card.unseen)
    assert any("price and quantity not split" in each for each in card.unseen)
    assert any(each.startswith("Left out, Before the event") for each in card.unseen)


def test_without_values_a_card_has_no_prices():
    card = tf.rerouting(
        "crude oil",
        "Russia",
        "Germany",
        "Turkey",
        "2021-02",
        source="eurostat_nrg_ti_imports_by_partner_2019_2022",
    )
    assert card.prices is None
    assert "index" not in repr(card)


# --- what it refuses, in one sentence -------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: tf.flow("crude oyl", "China"), "; did you mean 'crude oil'"),
        (lambda: tf.flow("crude oil", "Chna"), "no area 'Chna' in areas.csv; did you mean 'China'"),
        (lambda: tf.flow("crude oil", "China", start="May"), "start='May': expected a month"),
        (lambda: tf.flow("crude oil", "China", "Russia", publishr="gacc"), "did you mean"),
        (lambda: tf.flow("crude oil", "China", "Russia", unit="m3"), "China in tonnes or USD"),
        (lambda: tf.flow("crude oil", "China", "Peru"), "nothing is held of crude oil, imports of"),
        (lambda: tf.settlement("yuan", "barter"), "concept other than barter"),
        (lambda: tf.figures("unicorn"), "no figure about 'unicorn'; topics: "),
        (lambda: tf.figures("drone", above=1e12), "the largest is 577,000,000"),
        (
            lambda: tf.figures("drone", above=1.0, unit="RUB"),
            "about 'drone' is in RUB; there are",
        ),
        (lambda: tf.find("unicorn"), "nothing is held of 'unicorn'"),
        (lambda: tf.products("unicorn"), "no product 'unicorn'"),
        (lambda: tf.areas("Atlantis"), "no area 'Atlantis'"),
        (lambda: tf.sources("unicorn"), "no source 'unicorn'"),
        (lambda: tf.settlement("yuan").by("measure"), "do not add up"),
        (lambda: tf.flow("crude oil", "China", "Russia").by("colour"), "no column 'colour'"),
        (
            lambda: tf.flow("crude oil", "China", "Russia").by("country"),
            "no column 'country'; there are period, reporter",
        ),
        (lambda: tf.flow("crude oil", "China", "Russia").by(5), "by=5: expected a text such as"),
        (lambda: tf.flow("natural gas", "EU").plot(), "told apart: filter the frame"),
        (lambda: tf.find("84").plot(), "a picture takes 1 to 40: filter the frame"),
        (lambda: tf.rerouting("crude oil", "Russia", "EU", "Peru", "2022-02"), "nothing is held"),
        (
            lambda: tf.rerouting("crude oil", "Russia", "EU", "India", "then"),
            "='then': expected a month",
        ),
        (
            lambda: tf.rerouting("crude oil", "Russia", "EU", "India", "2022-02", freq="M"),
            "freq= is set by the question itself",
        ),
    ],
)
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


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: tf.find(27), "word=27: expected a text such as 'crude oil'"),
        (lambda: tf.products(2709), "word=2709: expected a text such as '2709'"),
        (lambda: tf.areas(643), "word=643: expected a text"),
        (lambda: tf.sources(None), "word=None: expected a text"),
        (lambda: tf.cards(["O08"]), r"names=\['O08'\]: expected a text such as 'C01'"),
        (lambda: tf.figures("drone", above="many"), "above='many': expected an amount"),
        (lambda: tf.figures("drone").by("topik"), "no column 'topik'; did you mean 'topic'"),
        (lambda: tf.figures("drone").plot(titel="x"), "no option 'titel' .* did you mean 'title'"),
    ],
)
def test_what_is_no_word_is_refused(ask, words):
    with pytest.raises(QueryError, match=words):
        ask()


@pytest.mark.parametrize("every", [0, -1, "12", 1.5])
def test_every_is_a_number_of_months(crude, every):
    with pytest.raises(QueryError, match="expected a number of months"):
        crude.by("reporter", every=every)


def test_a_card_of_what_was_not_lost():
    card = tf.rerouting("LNG", "Russia", "EU", "China", event="2022-02")
    assert "nothing was lost that others could have gained" in card.title
    assert "nan" not in card.title


def test_years_name_the_months_beside_them():
    goods = tf.flow("total", "China", "Russia", freq="A")
    assert any(".by('reporter', every=12) sums them to years" in text for text in goods.caveats)


def test_the_first_answer_loads_no_more_than_it_needs():
    spared = {"matplotlib", "tomlkit", "jinja2", "nbformat", "http.client", "openpyxl", "zipfile"}
    code = (
        "import sys, pandas; before = set(sys.modules); import tradeflows as tf; "
        "repr(tf.flow('crude oil', 'China', 'Russia', start='2023', end='2023')); "
        f"assert not {spared!r} & (set(sys.modules) - before), set(sys.modules) - before"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_drawn_number_is_traced(crude):
    drawn = crude.tail(2).plot()
    assert "No raw lines" not in raw_lines.shown(drawn.figure)


def test_another_column_with_a_unit_is_drawn(crude):
    axes = crude.plot(y="net_wgt_kg")
    assert axes.yaxis.get_label_text() == "Billion kg a month"


def test_a_column_without_a_unit_is_refused(crude):
    with pytest.raises(QueryError, match="the unit of barrels is not known"):
        crude.assign(barrels=1.0).plot(y="barrels")


def test_bars_are_of_one_period(crude):
    assert len(charts.drawn(crude.by("reporter").plot.bar())) == 1
    with pytest.raises(QueryError, match="of one period, and there are 72"):
        crude.plot.bar()


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda: tf.flow("crude oil", "China", "Russia", freq="A"),
            ["held by months", ".by('reporter', every=12)"],
        ),
        (
            lambda: tf.flow("drones", "China", "Russia", flow="exports", start="2024", end="2024"),
            # A row of a year has twelve months.
            ["a hole in what is held: 2023-01 to 2023-12, 2025-01 to 2025-12"],
        ),
        (
            lambda: tf.flow("total", "Russia", "China", flow="exports", start="2022"),
            ["China states it from the other side", "another window: 2006-01 to 2021-12"],
        ),
        (
            lambda: tf.flow("soybeans", "China", "USA"),
            [
                "these goods are held: exports",
                "tf.ask('soybeans', 'China', 'United States', start='",
            ],
        ),
        (lambda: tf.flow("rye", "China", "USA"), ["nor of these goods at all"]),
        (lambda: tf.find("1002"), ["tf.ask('1002', 'China', 'Russia', start='"]),
        (
            lambda: tf.flow("crude oil", "China", "Russia", breakdown="transport=2100"),
            ["held without breakdown='transport=2100'"],
        ),
        (
            lambda: tf.flow("crude oil", "China", "Russia", publisher="eurostat"),
            ["held without publisher='eurostat'"],
        ),
        (lambda: tf.flow("crude oil", "China", "Russia", flow="up"), ["'imports' (M)"]),
        (lambda: tf.flow("crude oil", "China", "Russia", freq="weekly"), ["'M' (months)"]),
        (lambda: tf.settlement("pound sterling"), ["currency_group other than GBP"]),
        (lambda: tf.areas("the West"), ["is no list of countries"]),
    ],
)
def test_nothing_says_what_is_held(ask, words):
    with pytest.raises(QueryError) as caught:
        ask()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_group_asks_for_its_members():
    years = {"start": "2018", "end": "2020", "freq": "A"}
    crude = tf.flow("crude oil", "India", "OPEC", **years)
    assert crude["partner_iso"].nunique() == 13
    assert crude.caveats[0].startswith("OPEC: its 13 members of 2020")
    assert "Qatar until 2018" in crude.caveats[0]


def test_words_for_direction_and_unit():
    asked = {"start": "2023-05", "end": "2023-05"}
    first = tf.flow("crude oil", "China", "Russia", unit="dollars", flow="M", **asked)
    second = tf.flow("crude oil", "China", "Russia", unit="USD", flow="import", **asked)
    assert first["value"].tolist() == second["value"].tolist()
    assert set(first["unit"]) == {"USD"}


def test_it_is_said_where_figures_end():
    months = tf.flow("crude oil", ["China", "India"], "Russia", start="2024")
    assert "the figures end in 2024-12 (China), 2025-09 (India)" in months.caveats


def test_months_that_fill_no_year_are_named():
    months = tf.flow("crude oil", ["China", "India"], "Russia", start="2024")
    years = months.by("reporter", every=12)
    assert set(years["period"]) == {"2024"}
    assert "2025-01 to 2025-09 fill no 12 months, so they are in no sum here" in years.caveats


def test_of_countries_the_groups_are_left_out():
    buyers = tf.flow("crude oil", partner="Russia", start="2023", end="2023").by("reporter")
    assert any("EU27 as a whole is left out" in caveat for caveat in buyers.caveats)


def test_goods_are_found_by_usual_words():
    assert tf.products("wheat").index[0] == "1001"
    assert tf.products("machine tools").index[0].startswith("8456+8457")
    assert tf.products("lathe").index[0] == "8458"
    assert tf.find("soybeans")["code"].tolist() == ["1201", "120110", "120190"]


def test_machine_tools_take_what_lies_under_them():
    tools = tf.flow("machine tools", "China", "Russia", flow="exports", start="2023")
    assert {code[:4] for code in tools["cmd_code"]} >= {"8456", "8458", "8463"}


def test_tab_shows_what_can_be_called():
    assert {"flow", "find", "rerouting"} <= {*dir(tf)}
    for room in (tf, charts, tf.measures):
        modules = {name for name in dir(room) if isinstance(getattr(room, name), type(tf))}
        assert modules <= {"charts", "measures"}


def test_what_needs_no_project(tmp_path, monkeypatch):
    monkeypatch.delenv("TRADEFLOWS_ROOT")
    monkeypatch.setattr(tf.catalogue, "root", no_project)
    assert tf.areas("UK").index.tolist() == ["GBR"]
    assert tf.products("wheat")["rows"].sum() == 0


def test_a_new_project_without_a_source_needs_no_build(new_project):
    new_project("fresh")
    pepper = tf.products("pepper")
    assert "0904" in pepper.index
    assert pepper["rows"].sum() == 0
    assert tf.areas("UK").index.tolist() == ["GBR"]


def no_project():
    raise CatalogueError("no project here")


def test_without_a_window_the_newest_is_held():
    crude = tf.flow("crude oil", "EU", "Russia")
    assert crude["publisher"].unique().tolist() == ["comtrade"]
    assert crude["period"].max() == "2025-12"
    assert "EU27: Eurostat (2019-01 to 2021-12) states this too" in " ".join(crude.caveats)
    assert not any("asked for" in text for text in crude.caveats)


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


def test_two_of_one_publisher_are_told_apart():
    lines = ["comtrade_energy_imports_from_russia: a", "eu_pipeline_gas_from_russia_bounds: b"]
    first, second = naming.with_names(lines)
    assert first.startswith("UN Comtrade (Imports of coal")
    assert second.startswith("UN Comtrade (Upper bound")


def test_what_is_typed_keeps_its_id():
    line = "add source='comext_energy_imports_2019_2021' or reporter='CHN', since CHN has it"
    assert naming.with_names([line]) == [line.removesuffix("CHN has it") + "China has it"]


def test_gas_by_pipeline_is_not_all_gas():
    """The routes have no LNG, so they do not stand for natural gas, whatever they cover."""
    routes = "bruegel_russian_gas_by_route_monthly_2019_2022"
    gas = tf.flow("natural gas", "EU", "Russia")
    assert set(gas["source_id"]) == {"comext_energy_imports_2019_2021"}
    assert any(f"{routes}: G3000:pipeline is not all of" in text for text in gas.attrs["caveats"])
    piped = tf.flow("pipeline gas", "EU", "Russia", start="2019", end="2022", source=routes)
    assert piped["value"].sum() / 1e9 == pytest.approx(542.66, abs=0.01)
    with_lng = tf.flow("natural gas", "EU", "Russia", publisher="bruegel", freq="Q")
    assert set(with_lng["cmd_code"]) == {"G3000:pipeline", "G3200"}


def test_oil_is_no_oil_seed():
    oil = tf.find("oil")
    is_oil = oil["name"].str.contains("crude oil|oil products|Palm oil", regex=True)
    assert is_oil.iloc[:10].all()
    assert oil["name"].str.contains("Oil seeds").any()


def test_a_declared_zero_is_an_answer():
    none = tf.flow("880621", "China", "Angola", start="2025", end="2025", flow="exports")
    assert none["value"].tolist() == [0.0]
    assert "1 absent row counts as 0" in " ".join(none.caveats)
    assert none.by("reporter")["value"].tolist() == [0.0]
    assert none.trace()["source_id"].tolist() == ["comtrade_china_drone_exports_2022_2025"]


def test_the_source_that_covers_the_window():
    crude = tf.flow("crude oil", FOUR[:3], "Russia", start="2019")
    eu = crude[crude["reporter_iso"].eq("EU27_2020")]
    assert eu["ref_period"].max() >= pd.Timestamp("2024-12-01")
    years = eu.by("reporter", every=12).set_index("period")["value"] / 1e6
    assert years["2021"] == pytest.approx(114.36, abs=0.01)
    assert years["2023"] == pytest.approx(21.17, abs=0.01)
    gap = "EU27: no row in 13 of the months asked for: 2019-01 to 2020-01"
    assert gap in crude.caveats
    drawn = crude.plot(title="Who took the crude")
    assert charts.drawn(drawn)["EU27_2020"].last_valid_index() >= pd.Timestamp("2024-12-01")
    below = " ".join(" ".join(text.get_text() for text in drawn.figure.texts).split())
    assert "no row in 13 of the months" in below


def test_the_parts_of_a_splice_have_two_names():
    crude = tf.flow("crude oil", ["EU", "China"], "Russia", start="2019", splice=True)
    names = set(charts.drawn(crude.plot(title="Two sources, two names")))
    assert {"EU27, Eurostat", "EU27, UN Comtrade"} <= names


def test_charts_of_answers_have_no_codes_or_arguments():
    drawn = {
        "a flow": tf.flow("crude oil", "China", "Russia", start="2023", end="2023"),
        "figures": tf.figures("drone", above=12e6),
        "strips": tf.find("crude oil"),
        "gas": tf.flow("natural gas", "EU", start="2021", end="2021").by("partner").head(5),
        "a card": tf.rerouting("crude oil", "Russia", "EU", ["China", "India"], "2022-02"),
    }
    coded = re.compile(r"\w=|\b\d{6,}\b|\b[A-Z]\d{2}\b|O4100|\d{4}-\d{2}|_")
    for name, answer in drawn.items():
        figure = answer.plot(title="So").figure
        words = [text.get_text() for text in figure.findobj(Text)]
        assert [text for text in words if coded.search(text)] == [], name


def test_a_printed_figure_is_named_by_its_flow():
    axes = tf.figures("drone", above=12e6).plot()
    words = " ".join(text.get_text() for text in axes.texts)
    assert "Bloomberg, China to Thailand: about 186" in words.replace("\n", " ")
    assert "ODNI: more than 12" in words
