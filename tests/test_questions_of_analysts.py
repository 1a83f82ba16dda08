"""What an analyst asks beside the notebooks: gaps, wholes, periods, refusals that help."""

import datetime
import pickle

import pandas as pd
import pytest
from matplotlib.text import Text

import tradeflows as tf
from tradeflows import charts, measures
from tradeflows.explore.answer import answer
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import parse_period


@pytest.fixture(scope="module")
def crude():
    return tf.flow("crude oil", "China", "Russia", start="2021", end="2023")


YEAR = {"start": "2023", "end": "2023"}


def test_members_of_a_group_that_are_not_there_are_named():
    months = tf.flow("crude oil", "Germany", "OPEC", start="2022-01", end="2022-08")
    [told] = [text for text in months.caveats if "partners asked for" in text]
    lacking = 13 - months["partner_iso"].nunique()
    assert f"{lacking} of the 13 partners asked for, so they are in no sum" in told
    assert "Iran" in told
    assert told in months.by("partner").caveats


def test_goods_that_are_not_quite_the_same_are_said_in_sums_and_shares():
    text = "The goods are not quite the same"
    gas = tf.flow("natural gas", ["EU", "China"], "Russia", start="2021", end="2021", unit="tonnes")
    apart = gas["cmd_code"].str[:4].groupby(gas["reporter_iso"]).unique().str.join(" ").nunique()
    for shown in (gas, gas.by("reporter"), gas.by("reporter").share()):
        assert any(text in note for note in shown.caveats) == (apart > 1)


def test_a_share_names_its_measure_and_its_whole(crude):
    months = crude.share()
    assert set(months["unit"]) == {"% by weight (tonnes), of World"}
    world = tf.flow("27090000", "China", "World", start="2021", end="2023")
    both = pd.DataFrame(crude).merge(pd.DataFrame(world), on="ref_period")
    expected = (100 * both["value_x"] / both["value_y"]).tolist()
    assert months["value"].tolist() == pytest.approx(expected)
    assert crude.share("World")["value"].tolist() == months["value"].tolist()
    assert "; % by weight (tonnes), of World" in repr(months).splitlines()[0]


def test_one_member_has_no_share_in_itself():
    piped = tf.flow("pipeline gas", "EU", "Russia", start="2021", end="2021", publisher="eurostat")
    for refused in (piped.by("reporter").share, piped.hhi, lambda: piped.share("reporter")):
        with pytest.raises(QueryError, match=r"name one (partner|reporter), (Russia|EU27)"):
            refused()


def test_a_sum_keeps_value_and_weight(crude):
    year = crude.by("year")
    plain = pd.DataFrame(crude).groupby(crude["ref_period"].dt.year)
    assert year["net_wgt_kg"].tolist() == pytest.approx(plain["net_wgt_kg"].sum().tolist())
    dollars = plain["primary_value_usd"].sum()
    assert year["primary_value_usd"].tolist() == pytest.approx(dollars.tolist())
    assert year.trace()["line"].nunique() == len(crude)
    assert measures.unit_value(year)["unit_value_per_tonne"].notna().all()
    assert crude.by("quarter")["n_months"].unique().tolist() == [3]


def test_annual_data_have_their_own_length():
    years = tf.flow("total", "China", "Russia", freq="A", start="2020")
    assert set(years.by("period")["n_months"]) == {12}
    with pytest.raises(QueryError, match=r"figures are of 12 months each.*by\('period'\)"):
        years.by("quarter")


@pytest.mark.parametrize(
    ("typed", "first", "length"),
    [
        (pd.Timestamp("2023-05-31"), 5, 1),
        (datetime.date(2023, 5, 1), 5, 1),
        (pd.Period("2023Q2"), 4, 3),
        (pd.Period("2024", freq="Y-MAR"), 4, 12),
        ("2023-Q4", 10, 3),
        ("2023q2", 4, 3),
    ],
)
def test_periods_as_they_are_typed(typed, first, length):
    months = parse_period(typed)
    assert (months[0] - 12 * 2023 + 1, len(months)) == (first, length)


def test_flow_and_read_take_periods_as_they_are_typed():
    ends = {"start": pd.Period("2023Q1"), "end": datetime.date(2023, 5, 3)}
    shown = tf.flow("crude oil", "China", "Russia", **ends)
    assert shown["period"].tolist() == [f"2023-{month:02}" for month in range(1, 6)]
    rows = tf.read(product="2709", reporter="CHN", partner="RUS", publisher="gacc", **ends)
    assert len(rows) == 5
    for wrong in (pd.NaT, "2023Q5", "2023-05-01", 2023.5):
        with pytest.raises(QueryError, match="expected a month such as 2023-05"):
            tf.flow("crude oil", "China", "Russia", start=wrong)


def flow(partner="Russia", product="crude oil", reporter="China", **more):
    return tf.flow(product, reporter, partner, **more)


def two(**more):
    return tf.flow("crude oil", ["China", "India"], "Russia", **more)


REFUSALS = [
    (lambda c: c.head(11).by("year"), r"end in 2021-11, so no 12 months .*by\('period'\)"),
    (lambda c: measures.total(c.head(11), "value", every=12), "figures end in 2021-11, and"),
    (lambda _: flow("Kyrgyzstan", "8457", "EU"), "these goods are held: exports of China"),
    (lambda _: flow(flow="exports"), "these goods are held"),
    (
        lambda _: tf.flow("850760", "China", flow="exports", start="2025").share("World"),
        "nothing is held of 850760, exports of China to World",
    ),
    (
        lambda _: tf.flow("8507", "China", "Kazakhstan", flow="exports"),
        "850760 is not all of 8507, .* part that is held: product='850760'",
    ),
    (lambda _: total().balance(flow(product="total", flow="exports")).yoy(), "are below zero"),
    (lambda _: flow(product="all HS6", reporter="Serbia"), "no HS code of that level is held of"),
    (lambda c: c.share(c.head(30)), r"lacks 6 cells .*part\[part\['ref_period'\]\.isin"),
    (lambda _: flow(start="2023", unit="barrels"), r"ask for unit='tonnes'.*barrels_per_day"),
    (lambda _: flow(start="2023", unit="EUR"), r"ask for unit='USD', and to\('EUR'\) converts"),
    (lambda c: total().gap(total().to("EUR")), r"one is in USD and the other in EUR: to\('EUR'\)"),
    (lambda c: c.to("tonnes of gold"), "no change of currency"),
    (
        lambda _: tf.flow("crude oil", "Spain", start="2021", end="2021"),
        r"add source=.* the first is [+-]\d+\.\d % off the second by net_wgt_kg",
    ),
    (lambda c: measures.convert(c), r"rates are lacking: convert\(frame, tf\.read\('rates'"),
    (lambda _: measures.hhi(pd.DataFrame({"net_wgt_kg": [1.0]})), "no column value"),
    (lambda _: measures.yoy(pd.DataFrame({"net_wgt_kg": [1.0]})), "figures are in net_wgt_kg"),
    (lambda c: measures.total(c, []), "no column of figures is named"),
    (lambda _: tf.read("trade", "China"), "stands without a name.*reporter='China'"),
    (lambda _: flow(product="coal", start="2021").balance(), "of 12 months each: sum this one"),
    (lambda c: c["value"] / c.head(3).assign(ref_period=c["ref_period"].iloc[9])["value"], "per"),
    (lambda c: c[:0].share(), "the answer has no rows"),
    (lambda c: c[:0].growth(), "the answer has no figures"),
    (lambda c: c.balance(5), "balance takes another answer, .*; 5 is none"),
    (lambda c: c.growth("20x3"), "year='20x3': expected a year such as 2023"),
    (lambda c: c.by("qarter"), "did you mean 'quarter'"),
    (lambda c: c.by("year").unit_value().to("EUR"), "comes before unit_value"),
    (lambda _: flow(product="all HS2", flow="X", start="2022"), "held too: .*'all HS6'; name"),
    (lambda _: tf.find("Kyrgyzstan"), r"is a place.*flow\('total', 'Kyrgyzstan'\)"),
    (lambda _: tf.figures("lng", unit="t"), "is in tonnes; there are USD, m3, percent"),
    (
        lambda _: tf.settlement("yuan", "export settlement").wide(),
        "several rows of one period: keep one of each",
    ),
    (lambda _: two(start="2023").by("reporter", "year").balance(), "do not say their product"),
    # of what is held: figures of years alone, a hole, and parts of a whole
    (
        lambda _: flow("China", reporter="Russia", start="2023-05", end="2023-05", flow="exports"),
        r"held by longer periods alone, .*2017-01 to 2023-12",
    ),
    (
        lambda _: flow(product="LNG", reporter="EU", publisher="bruegel", start="2021", end="2021"),
        r"a hole in what is held: 2019-01 to 2019-12, 2022-10",
    ),
    (
        lambda _: flow(product="natural gas", reporter="EU", start="2023"),
        "a part that is held: product='271111' or '271121'",
    ),
    (
        lambda _: tf.flow("LNG", ["Belgium", "China"], "Russia", start="2021", end="2021"),
        "^they share no unit: Belgium in m3; .*; ask for each by itself$",
    ),
    # a price whose sums lack a month, and money beside pieces
    (
        lambda _: flow(product="oil products", reporter="India", **YEAR).by("year").unit_value(),
        r"India: no value of 2023-09, so the sum has none; unit_value\(\) before by\(\)",
    ),
    (lambda _: drones().by("year").unit_value(), "no weight: leave unit= out for a price"),
    (lambda _: drones().unit_value(), "no weight: leave unit= out for a price"),
    # a next call is named where it works, and no other
    (lambda _: total().unit_value(), "have no weight: ask by publisher="),
    (lambda c: c.to("THB"), "^'tonnes' to 'THB' is no change of currency$"),
    (lambda c: c.to("RUB"), r"currency: flow\(…, unit='USD'\).to\('RUB'\) has the value in it$"),
    (lambda c: c.to("USD"), r"currency: flow\(…, unit='USD'\) has the value in it$"),
    (lambda _: flow(start="2023", unit="THB"), "ask for unit='tonnes' or unit='USD'$"),
    (lambda c: c.gap(total()), "and the other in USD: ask flow for both in one unit=$"),
    (lambda c: c.share("OPEC"), "a group of 12 areas that no publisher states as one"),
    (lambda c: c.share("Russia"), r"Russia already: share\(other\)"),
    (lambda _: total().head(1).share("Russia"), r"Russia already: share\('total'\)"),
    (lambda c: c.hhi("partner"), r"100 %: share\('World'\) has its part"),
    (
        lambda _: flow(product="LNG", reporter="Belgium", start="2021", end="2021").share(),
        "100 %: ask flow for several of partner$",
    ),
    (lambda c: c.by("seller"), "there are period, reporter, partner, .*, heading, chapter$"),
    (lambda _: two(start="2023").series(), r"of several reporters: wide\('reporter'\) has each$"),
    (lambda _: tf.figures("drone").rank(), "the rows are of no periods"),
    (lambda _: tf.find("OPEC"), r"a group of places: tf.areas\('OPEC'\) lists its members"),
]


@pytest.mark.parametrize("ask", [tf.find, tf.figures])
def test_a_word_is_found_with_and_without_its_hyphen(ask):
    assert len(ask("dual use")) == len(ask("dual-use")) > 0


def test_a_price_of_rows_of_the_eu_says_that_a_member_may_state_no_weight():
    """Of 2021 France states the value of its LNG alone: 696 in place of 481 euros a tonne."""
    asked = {"product": "LNG", "partner": "RUS", "start": "2021", "end": "2021"}
    rows = tf.read(reporter="EU27_2020", publisher="eurostat", **asked)
    year = measures.total(rows, ["value_reported", "net_wgt_kg"], every=12)
    said = "a member that states no weight is in the value alone"
    for prices in (
        measures.unit_value(rows, "value_reported"),
        measures.unit_value(year.assign(reporter_iso="EU27_2020"), "value_reported"),
    ):
        assert any(said in note for note in prices.attrs["caveats"])
    shown = tf.flow("LNG", "EU", "Russia", start="2021", end="2021").by("year").unit_value()
    assert not any(said in note for note in shown.caveats)
    spain = tf.read(reporter="ESP", publisher="eurostat", **asked)
    assert not any(
        said in note for note in measures.unit_value(spain, "value_reported").attrs["caveats"]
    )


def drones(unit="USD"):
    asked = {"flow": "exports", "start": "2025", "end": "2025"}
    return flow(product="drones", reporter="Thailand", **asked, unit=unit)


def total():
    return flow(product="total", start="2023")


@pytest.mark.parametrize(("ask", "says"), REFUSALS)
def test_a_refusal_names_the_cause_and_what_works(crude, ask, says):
    with pytest.raises(QueryError, match=says) as refused:
        ask(crude)
    assert "nor of these goods at all" not in str(refused.value)


# What is asked, and what is said of it.
SAID = [
    (
        lambda _: sold("8507", start="2023"),
        "850760 is not all of 8507, so it does not stand for it",
    ),
    (lambda _: sold("8526", ["EU", "China"], freq="A"), "no row is of 8526 as a whole"),
    (lambda _: sold("8471", "EU"), "84715000, 84718000 stands for it, 2 of its 8 parts"),
    (lambda _: flow(start="2022", end="2024-08").growth(), "2024 (8 of 12 months); growth(2024)"),
    (lambda _: years_of_coal("270112").share("World"), "which holds more goods than bituminous"),
]


def years_of_coal(code):
    source = "india_dgcis_imports_by_partner_fiscal_year"
    coal = tf.flow("coal", "India", "Russia", source=source).query("n_months == 12")
    return coal.assign(cmd_code=code)


def sold(product, reporter="China", **more):
    return tf.flow(product, reporter, "Russia", flow="exports", **more)


@pytest.mark.parametrize(("ask", "says"), SAID)
def test_what_is_not_all_that_was_asked_for_is_said(crude, ask, says):
    assert says in " ".join(ask(crude).caveats)


@pytest.mark.parametrize("word", ["chips", "microchips", "integrated circuits"])
def test_figures_are_found_by_every_word_for_their_goods(word):
    assert tf.figures(word)["id"].tolist() == tf.figures("semiconductors")["id"].tolist()


def test_an_index_of_some_partners_has_the_bounds_of_that_of_all():
    eu = tf.flow("crude oil", "EU", "countries", start="2021-10", end="2021-12")
    whole = tf.flow("crude oil", "EU", "EU27_2020_EXTRA", start="2021-10", end="2021-11")
    index = eu.hhi()
    october = eu[eu["period"].eq("2021-10")]["value"]
    parts, rest = october / whole["value"].iloc[0], 1 - october.sum() / whole["value"].iloc[0]
    expected = [(parts**2).sum(), (parts**2).sum() + rest**2, 100 * rest]
    bounds = index[["hhi_least", "hhi_most", "rest_pct"]]
    assert bounds.iloc[0].tolist() == pytest.approx(expected)
    assert bounds.iloc[2].isna().all()  # of which no total is stated
    assert index.trace("hhi_most")["line"].nunique() > len(october)
    quarter = eu.by("partner", "quarter").hhi()
    assert any("whole is the partners named" in text for text in quarter.caveats)


def test_a_balance_is_of_months_and_of_longer_periods_alike():
    bought = tf.flow("total", "China", "Russia", publisher="gacc")
    sold_ = tf.flow("total", "China", "Russia", flow="exports", publisher="gacc")
    assert bought["n_months"].nunique() > 1
    plain = [pd.DataFrame(side).set_index("ref_period")["value"] for side in (sold_, bought)]
    assert bought.balance()["value"].tolist() == (plain[0] - plain[1]).tolist()
    years = bought.by("year")
    both = [years.balance(), years.balance(sold_.by("year"))]
    assert both[0]["value"].head(2).tolist() == both[1]["value"].head(2).tolist()


@pytest.mark.parametrize("method", ["share", "hhi", "rank"])
def test_months_without_a_row_of_each_member_are_named(method):
    named = ["Türkiye", "Brazil", "Singapore"]
    buyers = tf.flow("oil products", named, "Russia", start="2023", end="2023")
    text = "in 2023-07, 2023-11 some of the 3 reporters named have no row"
    assert any(text in note for note in getattr(buyers, method)().tail(3).caveats)


def test_what_was_saved_is_traced(crude, tmp_path):
    path, text = tmp_path / "crude.parquet", tmp_path / "crude.csv"
    crude.to_parquet(path)
    crude.to_csv(text)
    lines = crude.trace()[["line", "value", "text"]]
    for frame in (pickle.loads(pickle.dumps(crude)), pd.read_parquet(path), pd.read_csv(text)):
        terms = tf.trace(frame.reset_index(drop=True), "value")[["line", "value", "text"]]
        pd.testing.assert_frame_equal(terms, lines, check_like=True)
        with pytest.raises(QueryError, match="but its lines come to"):
            tf.trace(pd.DataFrame(frame).assign(value=1.0), "value")
    kept = pd.read_parquet(path)
    assert [*kept][:2] == ["period", "reporter"]
    assert "value_reported" not in kept
    assert kept.attrs["title"] == "Crude oil, imports of China from Russia"
    assert kept.attrs["sources"] == [*crude.attrs["sources"]]


@pytest.mark.slow
def test_all_goods_of_a_level_and_up():
    asked = {"flow": "exports", "start": "2023", "end": "2023"}
    goods = tf.flow(None, "China", "Russia", unit="USD", **asked)
    assert goods["cmd_code"].str.fullmatch(r"\d{6}").all()
    assert tf.flow("all HS6", "China", "Russia", unit="USD", **asked).equals(goods)
    assert any("4,054 codes of 6 digits" in text for text in goods.caveats)
    plain = pd.DataFrame(goods)
    for word, digits in (("heading", 4), ("chapter", 2)):
        sums = goods.by(word).set_index(word)["value"].sort_index()
        expected = plain.groupby(plain["cmd_code"].str[:digits])["value"].sum()
        assert sums.tolist() == pytest.approx(expected.tolist())
        assert [*sums.index] == [*expected.index]
    with pytest.raises(QueryError, match="of no heading of the HS: 2701"):
        tf.flow("coal", ["China", "India"], "Russia", start="2021", end="2021").by("heading")


def test_two_families_of_figures_are_never_one_column():
    yuan = tf.settlement("yuan", "export settlement", start="2022", end="2023")
    assert yuan["measure"].nunique() > 1
    alone = yuan.drop_duplicates("ref_period")
    assert alone["measure"].nunique() > 1
    for mixed in (alone.series, yuan.series, lambda: alone.wide("concept")):
        with pytest.raises(QueryError, match=r"several rows or series|measure is mixed"):
            mixed()
    for refused in (yuan.by, tf.figures("drone").by):
        with pytest.raises(QueryError):
            refused()
    months = yuan.drop_duplicates(["ref_period", "measure"])
    assert [*months[months["n_months"].eq(1)].wide("measure")] != ["value"]


def test_quarters_are_those_of_the_calendar():
    exports = tf.flow("total", "China", "Russia", flow="exports", start="2022", end="2023")
    by_quarter = exports.by("quarter").series()
    assert [*map(str, by_quarter.index[[0, -1]])] == ["2022Q1", "2023Q4"]
    last = exports[exports["period"].str[:7].isin(["2022-10", "2022-11", "2022-12"])]
    assert by_quarter["2022Q4"] == pytest.approx(last["value"].sum())
    later = exports[exports["ref_period"] >= "2022-04"].by("quarter").series()
    assert (by_quarter - later).dropna().eq(0).sum() == len(later) == 7


def test_all_codes_of_a_level_are_of_the_files_that_state_it():
    asked = {"flow": "exports", "start": "2023", "end": "2023", "unit": "USD"}
    headings = tf.flow("all HS4", "China", "Russia", **asked)
    assert {*headings["cmd_code"].str.len()} == {4}
    source = "baci_hs22_china_russia_hs4_2023"
    rows = tf.read("trade", source=source, reporter="CHN", partner="RUS", flow="X")
    assert headings["value"].sum() == pytest.approx(rows["primary_value_usd"].sum())
    chapters = tf.flow("all HS2", "Russia", "World", flow="exports", start="2022", end="2022")
    assert "01+02" in min(chapters["cmd_code"])
    total = tf.flow("total", "Russia", "World", flow="exports", start="2022", end="2022")
    coal = chapters.set_index("cmd_code")["value"]["27"]
    share = chapters.share("product").set_index("cmd_code")["value"]["27"]
    assert share == pytest.approx(100 * coal / chapters["value"].sum())
    assert chapters["value"].sum() < total["value"].sum()  # the office keeps some chapters back


def test_a_rest_is_named_by_what_was_taken_out():
    world, russia = (flow(name, **YEAR) for name in ("World", "Russia"))
    title = "Crude oil, imports of China from World, less Russia; tonnes"
    assert repr(measures.rest(world, russia, "value")).startswith(title)
    by_year = measures.rest(world.by("year"), russia.by("year"), "value")
    assert repr(by_year).startswith(title)


def test_a_difference_of_shares_is_in_points(crude):
    shares = crude.by("year").share("World")
    change = measures.difference(shares[-1:], shares[:1], "value")
    assert change["unit"].item() == "percentage points"
    assert "by %" not in repr(shares.growth(2023, 2022))


def test_a_unit_value_is_in_the_money_of_the_answer(crude):
    asked = {"start": "2023", "end": "2023", "unit": "USD"}
    euros = tf.flow("crude oil", "China", "Russia", **asked).to("EUR").by("year")
    price = euros.unit_value()
    assert price["unit"].item() == "EUR/t"
    weight = crude.query("ref_period >= '2023'")["value"].sum()
    assert price["value"].item() == pytest.approx(euros["value"].item() / weight)


def test_arithmetic_of_two_series_has_the_sources_of_both(crude):
    india = tf.flow("crude oil", "India", "Russia", start="2021", end="2023")
    one, two = crude.series(), india.series()
    assert {*(one - two).attrs["sources"]} == {*crude.attrs["sources"], *india.attrs["sources"]}
    assert (one - two).attrs["unit"] == "tonnes"
    for changed in (one / two, one * 2, 1 / one):
        assert "unit" not in changed.attrs
    with pytest.raises(QueryError, match=r"a.series\(\) - b.series\(\)"):
        crude - india


def test_a_series_has_its_holes_and_no_sum_that_lacks_months():
    india = tf.flow("crude oil", "India", "Russia", start="2021-10", end="2023-03")
    assert "2022-02" not in {*india["period"]}
    months = pd.period_range("2021-10", "2023-03", freq="M")
    by_year = pd.DataFrame(india.yoy()).set_index("period")["value"]
    for values in (india.series(), india.wide()["India"]):
        assert values.index.equals(months)
        assert pd.isna(values["2022-02"])
        change = 100 * values.pct_change(12, fill_method=None)["2023-01"]
        assert change == pytest.approx(by_year["2023-01"])
    whole = tf.flow("crude oil", "India", "Russia", start="2021", end="2023").by("year")
    assert whole["missing"].tolist() == ["", "2022-02", ""]
    assert whole.series().isna().tolist() == [False, True, False]


def test_a_price_is_of_the_quantity_of_the_answer():
    barrels = tf.flow("crude oil", "EU (changing membership)", "World", start="2022", unit="bbl")
    raw = tf.read("trade", source="eurostat_nrg_ti_coifpm_eu_crude_total", start="2022")
    year = raw[raw["ref_period"].dt.year == 2022][["primary_value_usd", "qty"]].sum()
    found = barrels[barrels["ref_period"].dt.year == 2022].by("year").unit_value()
    assert found["value"].item() == pytest.approx(year["primary_value_usd"] / year["qty"])
    assert set(found["unit"]) == {"USD/bbl"}
    assert tf.trace(found)["raw_column"].unique().tolist() == ["value_kusd", "volume_kbbl"]


def test_a_sum_without_any_month_of_a_value_is_sent_to_no_months():
    both = tf.flow("LNG", ["EU", "China"], "Russia", start="2021", end="2021", unit="tonnes")
    prices = both.by("reporter", "year").unit_value()
    [told] = [text for text in prices.caveats if "so the sum" in text]
    assert told == "EU27: no value of 2021-01 to 2021-12, so the sum has none"


def test_of_a_unit_that_is_asked_for_the_file_that_states_it_answers():
    asked = {"start": "2021", "end": "2021", "unit": "tonnes"}
    tonnes = tf.flow("LNG", "Belgium", "Russia", **asked)
    [source] = tonnes.attrs["sources"]
    assert source == "comext_energy_imports_2019_2021"
    assert tonnes["value"].sum() == pytest.approx(867_399.608)
    both = tf.flow("LNG", ["Belgium", "Spain"], "Russia", **asked)
    assert {*both["reporter"]} == {"Belgium", "Spain"}


def test_a_price_by_piece_is_there_without_a_unit():
    assert set(drones("").by("year").unit_value()["unit"]) == {"USD/items"}


@pytest.mark.parametrize(
    ("goods", "partner", "part"),
    [("LNG", "Russia", 30.9), ("LNG", "Algeria", 46.8), ("natural gas", "Russia", 8.49)],
)
def test_a_price_of_the_eu_is_of_the_members_that_state_a_weight(goods, partner, part):
    asked = {"start": "2021", "end": "2021", "publisher": "eurostat"}
    years = tf.flow(goods, "EU", partner, **asked).by("year")
    raw = pd.read_csv("data/raw/eurostat/comext_energy_imports_2019_2021.csv")
    raw = raw[raw["PARTNER"].eq({"Russia": "RU", "Algeria": "DZ"}[partner])]
    raw = raw[raw["PRODUCT"].isin([271111, *[271121] * (goods == "natural gas")])]
    raw = raw[raw["PERIOD"].between(202101, 202112) & ~raw["REPORTER"].isin(["EU", "EU27_2020"])]
    members = raw[raw["QUANTITY_KG"].gt(0)]
    expected = 1000 * members["VALUE_EUR"].sum() / members["QUANTITY_KG"].sum()
    assert years.unit_value()["value"].item() == pytest.approx(expected, rel=1e-3)
    told = f"France, {part} % of the value, states no weight"
    in_euros = tf.flow(goods, "EU", partner, **asked, unit="EUR")
    for shown in (years, years.unit_value(), in_euros.by("year")):
        assert any(told in text for text in shown.caveats)
    with pytest.raises(QueryError, match="no weight"):
        in_euros.by("year").unit_value()
    lines = years.trace("value_reported")
    assert (lines["value"] * lines["sign"]).sum() == pytest.approx(members["VALUE_EUR"].sum(), 1e-3)


def test_the_eu_is_listed_with_its_members():
    listed = tf.areas("EU")
    assert listed.index[0] == "EU27_2020"
    assert len(listed) == 28
    assert "DEU" in listed.index


def test_months_that_are_in_the_year_to_date_alone_are_said():
    asked = {"start": "2023", "end": "2023"}
    months = tf.flow("natural gas", "China", "World", **asked)
    [told] = [text for text in months.caveats if "cumulation='ytd'" in text]
    assert "2023-01" not in set(months["ref_period"].dt.strftime("%Y-%m"))
    assert told not in tf.flow("crude oil", "China", "Russia", **asked).caveats
    year = tf.flow("natural gas", "China", "World", **asked, cumulation="ytd").tail(1)
    assert year["value"].item() > months["value"].sum()


def test_a_partner_without_a_row_may_be_nothing_where_others_have_one():
    gas = tf.flow("natural gas", "Türkiye", start="2021", end="2021", unit="TJ")
    assert gas.by("partner", "year").share()["value"].isna().all()
    shares = gas.by("partner", "year", absent="zero").share()
    expected = 100 * gas.groupby("partner")["value"].sum() / gas["value"].sum()
    assert dict(zip(shares["partner"], shares["value"], strict=True)) == pytest.approx(
        expected.to_dict()
    )


def test_a_heading_is_of_the_rows_that_are_there():
    asked = {"start": "2024-01", "end": "2024-11"}
    products = tf.flow("oil products", ["Brazil", "Singapore", "Türkiye"], "Russia", **asked)
    quarters = products.by("reporter", "quarter")
    for shown in (quarters, quarters.share(), quarters.unit_value(), quarters.rank()):
        assert "imports of Brazil, Singapore, Türkiye from Russia" in repr(shown)
        one = shown.query("reporter == 'Brazil'")
        assert "imports of Brazil from Russia" in repr(one)
        assert repr(one).startswith(repr(shown).partition("Oil products")[0])
    assert "Oil products, imports of Brazil, Singapore, Türkiye" in repr(products.by())


def test_sums_have_another_side():
    goods = tf.flow("total", "China", "Russia", start="2021", end="2021")
    sold = tf.flow("total", "Russia", "China", flow="exports", start="2021", end="2021")
    found = goods.by("quarter").gap()
    sums = [one["value"].to_numpy().reshape(4, 3).sum(axis=1) for one in (goods, sold)]
    assert found["value"].tolist() == pytest.approx((sums[0] / sums[1]).tolist())
    assert "UN Comtrade over Russian customs" in repr(found)


def test_two_statements_of_one_office_are_named_by_who_carries_them():
    asked = {"flow": "exports", "start": "2022", "end": "2022"}
    one, two = (
        tf.flow("total", "China", "Russia", publisher=name, **asked)
        for name in ("gacc", "comtrade")
    )
    told = one.gap(two).caveats
    assert any(text.startswith("2022-01 to 2022-02 are months on one side") for text in told)
    early = tf.flow("total", "China", "Russia", publisher="comtrade", **asked | {"start": "2021"})
    assert any(text.startswith("China Customs has no figure") for text in one.gap(early).caveats)


def test_rates_are_of_who_states_the_months():
    goods = tf.flow("total", "Germany", "Russia", flow="exports", start="2022", end="2022")
    roubles = goods.to("RUB")
    assert roubles["value"].notna().all()
    rates = tf.read("rates", stated_by="Bank of Russia", start="2022", end="2022")
    dollars = goods.to("USD")
    expected = (dollars["value"].to_numpy() * rates["rate"].to_numpy()).sum()
    assert roubles.by("year")["value"].item() == pytest.approx(expected)


def test_months_without_a_rate_are_said():
    goods = tf.flow("total", "Russia", "Germany", flow="exports", start="2018", end="2019")
    euros = goods.to("EUR")
    assert any("no rate of USD for EUR is held of 2018-01 to 2018-12" in x for x in euros.caveats)
    year = euros.by("year")
    assert year[year["period"] == "2018"]["value"].isna().all()
    assert "2018-01 to 2018-12" in repr(year.head(1))  # what lacks is shown of one row, too


def test_a_mean_rate_of_several_months_is_said(crude):
    asked = {"start": "2023", "end": "2023", "unit": "USD"}
    dollars = tf.flow("crude oil", "China", "Russia", **asked)
    note = "of several months it is their mean rate: to() before by() goes by month"
    assert note in dollars.by("year").to("CNY").caveats
    assert note not in dollars.to("CNY").by("year").caveats


def test_another_rhythm_of_a_reporter_is_said():
    asked = {"flow": "exports", "start": "2021", "end": "2022"}
    shown = tf.flow("901310", ["EU", "China"], "Russia", **asked)
    assert any(text.startswith("China states this with freq='A' alone") for text in shown.caveats)


def test_a_reporter_without_figures_leaves_the_others():
    gas = tf.flow("natural gas", ["Austria", "Germany"], "Russia", start="2020", end="2020")
    assert {*gas["reporter"]} == {"Germany"}
    assert any(text.startswith("Austria states nothing of this") for text in gas.caveats)


def test_codes_of_two_reporters_add_up_and_those_of_one_do_not():
    asked = {"start": "2022-04", "end": "2022-12"}
    crude = tf.flow("crude oil", ["India", "China"], "Russia", **asked)
    assert crude["cmd_code"].nunique() == 2
    assert crude.by("quarter")["value"].sum() == pytest.approx(crude["value"].sum())
    one = crude.assign(reporter_iso="CHN", reporter="China")
    with pytest.raises(QueryError, match="2709, which overlaps 27090000"):
        measures.total(pd.DataFrame(one), "net_wgt_kg", over=["cmd_code", "partner_iso"])


def test_a_good_follows_on_its_parts_and_never_stands_beside_them():
    asked = {"flow": "exports", "start": "2022", "end": "2025", "splice": True}
    drones_sold = tf.flow("drones", "China", "Russia", **asked)
    assert {"8806", "880621"} <= {*drones_sold["cmd_code"]}
    years = drones_sold.by("year")
    each = pd.DataFrame(drones_sold).groupby(drones_sold["ref_period"].dt.year)["value"].sum()
    assert years["value"].dropna().tolist() == pytest.approx([*each])
    assert years["complete"].tolist() == [True, False, True]
    first, second = (
        tf.flow("crude oil", "China", "Russia", start=year, end=year, publisher=publisher)
        for year, publisher in (("2022", "gacc"), ("2023", "comtrade"))
    )
    both = pd.concat([first, second])
    sums = [first["value"].sum(), second["value"].sum()]
    assert both.by("year")["value"].tolist() == pytest.approx(sums)
    assert both.by("year")["complete"].all()
    for blank in (both.growth(), both.yoy()):
        assert any("2709, 27090000 are not compared" in text for text in blank.caveats)
    growth = both.by("reporter", "month").growth()
    assert growth["value"].item() == pytest.approx(100 * (sums[1] / sums[0] - 1))
    overlapping = pd.concat([both, second.head(1).assign(cmd_code="27090000")])
    with pytest.raises(QueryError, match="2709, which overlaps 27090000"):
        overlapping.by("year")


def test_no_rank_is_known_of_a_month_with_a_hole():
    asked = {"start": "2022", "end": "2022"}
    ranks = tf.flow("crude oil", ["India", "China"], "Russia", **asked).rank("India")
    assert len(ranks) == 11
    assert "nobody's rank is known of 2022-02" in " ".join(ranks.caveats)


def test_a_share_of_each_good_is_in_the_same_good():
    asked = {"flow": "exports", "start": "2025", "end": "2025"}
    drones = tf.flow("8806", "China", ["Kazakhstan", "Russia"], **asked).share()
    one = tf.flow("880622", "China", ["Kazakhstan", "Russia"], **asked).share()
    same = drones[drones["cmd_code"] == "880622"]
    assert same["value"].tolist() == pytest.approx(one["value"].tolist())


def test_a_number_to_compare_with_is_in_the_unit_of_the_answer(crude):
    axes = crude.plot(reference={"Mean": crude["value"].mean()})
    assert axes.get_ylim()[1] < 20  # million tonnes


def test_a_change_lacks_the_months_that_its_sums_lack():
    years = tf.flow("coal", "Ukraine", "Russia", start="2016", end="2021").by("year")
    lacking = years[years["missing"].ne("")]
    changes = years.yoy()
    assert lacking[["period", "missing"]].values.tolist() == [["2020", "2020-11"]]
    assert changes["missing"].tolist() == ["2015-01 to 2015-12", "", "", "", "2020-11", "2020-11"]


def test_a_chart_of_the_largest_months_calls_none_a_hole(crude):
    def words(axes):
        return " ".join(text.get_text() for text in axes.figure.texts)

    months = crude[crude["period"].between("2023-03", "2023-12")]
    largest = words(months.nlargest(8, "value").plot())
    assert "No figure" not in largest
    assert "Read and not drawn: April 2023, July 2023" in largest
    assert "Read and not drawn" not in words(months.plot())
    both = tf.flow("coal", ["China", "India"], "Russia", start="2023", end="2023")
    assert "Read and not drawn" not in words(both.hhi().head(5).plot())  # of no series


def test_total_is_all_goods_and_a_whole_is_no_part():
    fuels = tf.flow("27", "Russia", "World", start="2022", end="2022", flow="exports")
    assert fuels.share("total")["value"].item() == pytest.approx(100 * 383_730 / 591_460, abs=0.01)
    with pytest.raises(QueryError, match="are those of World already"):
        fuels.share("World")


def test_the_whole_is_the_coarser_goods_where_the_finer_ones_end(crude):
    long = tf.flow("crude oil", "China", "Russia", start="2019", end="2023")
    shares = long.share("World")
    assert shares["value"].notna().all()
    assert shares["value"].tail(12).tolist() == pytest.approx(
        crude[crude["period"].str[:4].eq("2023")].share("World")["value"].tolist(), rel=0.005
    )


def test_a_sum_is_a_declared_zero_only_where_all_of_it_is():
    source = "comext_energy_imports_2019_2021"
    oil = tf.flow("crude oil", ["Poland"], start="2020", end="2021", source=source, unit="EUR")
    sums = oil.by("partner", "year")
    is_zero = sums["flags"].str.contains("declared-zero")
    assert oil["flags"].str.contains("declared-zero").any()
    assert not sums["value"][is_zero].any()


def test_a_change_of_a_share_is_none_in_points():
    two = tf.flow("crude oil", ["China", "India"], "Russia", start="2022", end="2023")
    shares = two.by("reporter", "year").share()
    assert {*shares.yoy()["unit"]} == {"% of what it was, not points"}
    with pytest.raises(QueryError, match="a share of shares"):
        shares.share()


def test_who_lacks_months_is_ranked_by_what_is_stated():
    coal = tf.flow("coal", "countries", "Russia", start="2023", end="2023").by("reporter")
    rank = coal.rank("Japan")
    assert rank["value"].item() == 5
    assert "sums that lack months may stand higher, and others lower: Ukraine" in rank.caveats


def test_the_unit_of_a_chart_says_what_is_drawn(crude):
    prices = crude.by("year").unit_value().plot()
    assert "tonne a year" not in charts.alt(prices)
    assert "change on the year before" in charts.alt(crude.yoy().plot(title="Mine"))
    months = crude.assign(a_day=crude["value"] / 30)
    assert "tonnes a day" in charts.alt(months.plot(y="a_day", unit="tonnes a day", title="Mine"))
    gap = crude.head(3)
    both = pd.concat([gap, gap.assign(partner_iso="GAB", value=float("nan"), unit="tonnes")])
    assert charts.alt(both.plot()).count("Gabon") == 1


def test_a_card_says_of_which_months_its_means_are():
    card = tf.rerouting("coal", "Russia", "EU", ["China", "India"], event="2022-08")
    assert "EU27 -4.3 (4 months), China +3.9" in card.title
    [told] = [text for text in card.unseen if text.startswith("EU27: means of the 4 months")]
    assert "beside means of 12 months, since 2023-02, 2023-05" in told
    assert not any("lacks 2021" in text for text in card.buyers.caveats)
    assert not card.buyers["missing"].str.contains("2021").any()
    assert card.ratios["months"].tolist() == [4, 1, 4]
    assert "over 3 comparisons of 1 to 4 months" in card.title
    assert "fewest months" in repr(card)


def test_of_rows_that_stay_the_sources_stay():
    both = tf.flow("crude oil", ["China", "India"], "Russia", start="2023-01", end="2023-03")
    india = both[both["reporter"] == "India"]
    assert india.attrs["sources"] == ("comtrade_energy_imports_from_russia",)
    assert not [text for text in india.caveats if text.startswith("China")]
    assert len(both.attrs["sources"]) == 2
    # A group does not look for what the others have, which of thousands would take minutes.
    assert {rows.attrs["sources"] for _, rows in both.groupby("reporter")} == {
        both.attrs["sources"]
    }
    again = pd.concat([india, both.query("reporter == 'China'")])
    assert {*again.attrs["sources"]} == {*both.attrs["sources"]}
    euros = tf.flow("all goods", "EU27", "Kyrgyzstan", flow="exports", unit="EUR", start="2023").to(
        "USD"
    )
    assert {*euros.head(2).attrs["sources"]} == {*euros.attrs["sources"]}


def test_sums_and_their_chart_say_which_months_one_lacks():
    crude = tf.flow("crude oil", ["China", "India", "Japan"], "Russia", start="2021", end="2022")
    years = crude.by("reporter", "year")
    text = "\n".join(each.get_text() for each in years.plot(title="It rose").figure.findobj(Text))
    assert "India: without February 2022." in text
    assert "Japan: no figures, so left out." in text
    two = crude[crude["reporter"] != "Japan"]
    twice, once = two.by("reporter", "year").by("year"), two.by("year")
    assert twice["value"].tolist() == pytest.approx(once["value"].tolist())
    assert twice["missing"].tolist() == once["missing"].tolist() == ["", "2022-02"]
    assert twice["complete"].tolist() == [True, False]
    assert len(twice.trace()) == 47


def test_a_side_that_was_made_of_ones_own_reports_is_no_other_side():
    gas = tf.flow("LNG", "China", "Russia", start="2021", end="2023", unit="USD").by("year")
    with pytest.raises(
        QueryError, match=r"Russia does not state 2022-01 to 2023-12 itself: what CE"
    ):
        gas.gap()
    with pytest.raises(QueryError, match="wheat, imports of China from Russia") as told:
        tf.flow("wheat", "China", "Russia", **YEAR)
    assert "states it from the other side" not in str(told.value)


def test_months_are_not_compared_with_blocks_of_months():
    year = {"start": "2021", "end": "2021"}
    blocks = tf.flow("total", "China", "Russia", publisher="gacc", **year)
    months = tf.flow("total", "Russia", "China", flow="exports", **year)
    [told] = [note for note in blocks.gap(months).caveats if "2021-01 to 2021-05" in note]
    assert "are months on one side and longer periods on the other: sum both to one len" in told
    ratios = blocks.by("quarter").gap(months.by("quarter"))
    assert "China has no figure of 2021-10 to 2021-12 by itself" in " ".join(ratios.caveats)
    euros = tf.flow("total", "Germany", "Russia", flow="exports", **year)
    with pytest.raises(QueryError, match=r"one is in EUR and the other in USD: to\('USD'\)"):
        euros.gap()


def test_a_month_less_a_later_print_is_not_known_on_its_own_day():
    asked = {"publisher": "gacc", "flow": "exports", "start": "2022-03", "end": "2022-04"}
    known = tf.flow("total", "China", "Russia", as_of="2022-07-20", **asked)
    assert known["period"].tolist() == ["2022-04"]
    assert len(tf.flow("total", "China", "Russia", **asked)) == 2


def test_codes_with_one_name_are_told_apart():
    chips = tf.flow("8542", "EU", "Armenia", flow="exports", start="2022", end="2022")
    assert chips["product"].nunique() == chips["cmd_code"].nunique() > 10
    assert {*chips.wide().columns} == {*chips["product"]}


def test_columns_that_are_chosen_are_shown_and_rows_counted_anew(crude):
    shown = repr(crude[["reporter", "value", "unit", "net_wgt_kg"]].head(1)).splitlines()
    assert shown[0].startswith("Crude oil, imports of China from Russia; tonnes")
    assert shown[-3].split() == ["reporter", "value", "net_wgt_kg"]
    goods = tf.flow("all HS6", "China", "Russia", flow="exports", **YEAR)
    few = goods[goods["cmd_code"].str.startswith("8542")]
    text = f"{len(few)} of {len(few)} rows one-sided"
    assert any(note.startswith(text) for note in few.caveats)
    assert not any("of 13" in note for note in few.caveats)


def test_words_and_bases_that_a_user_means(crude):
    drones = tf.flow("drones", "China", flow="exports", start="2025", end="2025").by("partner")
    assert drones.rank("UAE")["value"].item() == drones.rank("ARE")["value"].item()
    india = tf.flow("crude oil", "India", "Russia", start="2021", end="2022")
    assert india.growth()["value"].item() == india.growth(2022, 2021)["value"].item() > 0
    with pytest.raises(QueryError, match=r"year=: start= and end= say when"):
        tf.flow("crude oil", "China", "Russia", year=2023)
    late = tf.flow("total", "China", "Russia", flow="exports", start="2025", end="2025")
    with pytest.raises(QueryError, match=r"no rate of RUB for USD .*, but of 2019-01 to 2024-12"):
        late.to("RUB")
    cars = tf.flow("8703", "China", "Russia", flow="exports", unit="USD", **YEAR)
    apart = "the whole is as UN Comtrade states it, and the part as CEPII (BACI) does"
    assert apart in cars.by("heading", "year").share("total").caveats
    with pytest.raises(QueryError, match=r"keep it, as by\('partner', …\) does"):
        tf.flow("crude oil", "India", "OPEC", start="2021", end="2022").by("year").share("World")


def test_members_without_a_figure_are_named_beside_no_share():
    coal = tf.flow("coal", "EU", "countries", start="2021", end="2021")
    named = "a figure is lacking of United Kingdom and United Arab Emirates: by("
    for blank in (coal.by("partner").share(), coal.by("partner").hhi()):
        assert blank["value"].isna().all()
        assert any(note.startswith(named) for note in blank.caveats)
    whole = coal.dropna(subset="value").by("partner", absent="zero").share()
    assert whole["value"].sum() == pytest.approx(100)


def test_what_grew_from_nothing_is_said(crude):
    frame = pd.DataFrame(crude)[["ref_period", "n_months", "value", "unit"]].head(24)
    frame["value"] = frame["value"].where(frame["ref_period"].dt.year > 2021, 0.0)
    grown = measures.growth(frame, "value", 2022, 2021)
    assert grown["growth_pct"].isna().all()
    text = "1 of 1 rows were 0 in 2021, of which there is no growth"
    assert grown.attrs["caveats"] == (text,)


def test_every_country_is_read_by_itself_where_currencies_differ():
    of_all = tf.flow("crude oil", "countries", "Russia", start="2021", end="2021")
    sums = of_all.by("reporter").set_index("reporter_iso")["value"]
    assert {"CHN", "IND", "KOR", "NLD"} <= {*sums.index}
    assert set(of_all["unit"]) == {"tonnes"}
    alone = tf.flow(
        "crude oil", ["China", "India", "South Korea"], "Russia", start="2021", end="2021"
    )
    expected = alone.by("reporter").set_index("reporter_iso")["value"]
    assert sums[expected.index].tolist() == expected.tolist()
    assert "the figures end in 2021-12 (the others), 2021-11 (Norway)" in of_all.caveats


def test_a_filter_that_is_proposed_keeps_most_of_the_year():
    to_date = tf.flow("natural gas", "China", "World", start="2023", end="2023", cumulation="ytd")
    with pytest.raises(QueryError, match="n_months == 12"):
        to_date.by("year")


def test_a_word_of_files_alone_leads_to_them():
    with pytest.raises(QueryError, match=r"tf\.sources\('priority'\) lists \d files on it"):
        tf.find("priority")


def d01():
    drones = tf.figures("drone", above=12e6)
    return drones[drones["id"] == "D01"]


def pipeline_gas():
    return flow("Russia", "pipeline gas", "EU", start="2021", end="2023")


def trade_settlement(**more):
    return tf.settlement("RUB_PLUS_CNY", "trade settlement", region="China", **more)


# Of what all rows share: what the heading says, the first row, and what the CSV has.
SHARED = [
    (
        lambda: tf.figures("excavator"),
        "; excavators; from China; to Russia; 2022-autumn (approx); Wall Street Journal",
        "> 3",
        "CHN,RUS,excavators,>,3.0,times,",
    ),
    (
        d01,
        "from China; to Russia; 2022-02-24 to 2023-03; New York Times",
        "> 12,000,000",
        "2022-02-24 to 2023-03,value,CHN,RUS,drones and drone parts,>,12000000.0,USD",
    ),
    (
        lambda: tf.figures("crude", above=1e6),
        "Russian energy 2022 (crude, coal, pipeline gas, LNG); 2022; ODNI",
        "81,000,000,000",
        "=,81000000000.0,USD",
    ),
    (
        lambda: trade_settlement(start="2023-04", end="2023-09"),
        "Trade settlement, RUB_PLUS_CNY, China; %; officials' statements",
        "2023-04 2023-04 > 70 SANA/TASS",
        "trade settlement,officials' statements,RUB_PLUS_CNY,China,>,70.0,%",
    ),
    (
        lambda: tf.settlement("dollar", start="2019-10", end="2019-12"),
        "Export settlement, USD, total; %; 2019-10 to 2019-12; ",
        "> 61",
        ",>,61.0,%",
    ),
    (pipeline_gas, "tonnes; bound derived", "2021-01 ≤ 3,785,880", ",≤,3785879.9,tonnes"),
]


@pytest.mark.parametrize(("ask", "heading", "row", "line"), SHARED)
def test_what_all_rows_share_is_in_the_heading_and_a_bound_in_each_row(ask, heading, row, line):
    shown = ask()
    first, *lines = repr(shown).splitlines()
    assert heading in first
    assert "nan" not in first
    assert row in [" ".join(line.split()) for line in lines]
    assert line in shown.to_csv().splitlines()[1]


def test_a_statement_without_a_figure_has_no_sign_before_it():
    shares = trade_settlement(start="2023")
    blank = shares["value"].isna()
    assert blank.sum() == 2
    rows = [line.split() for line in repr(shares[blank]).splitlines()]
    assert next(row[:2] for row in rows if row[0] == "2025-08") == ["2025-08", "2025-08"]
    assert not any("=" in row for row in rows[1:])
    assert ",=,," not in shares.to_csv()


def test_a_ratio_of_two_bounds_is_no_bound_and_one_of_a_bound_and_a_figure_is():
    bounds = pipeline_gas()
    years = bounds.by("year")
    assert {*years["qualifier"]} == {"≤"}
    whole = flow("Russia", "natural gas", "EU", start="2021", end="2021", publisher="eurostat")
    stated = flow("Russia", "pipeline gas", "EU", start="2021", end="2021", publisher="eurostat")
    first = years.head(1)
    of_both = [bounds.growth(), years.yoy().tail(2), first.gap(first), first.share(first)]
    for shown in of_both:
        assert {*shown["qualifier"]} == {"~"}
        assert "bound" not in " ".join(shown.get("flags", []))
        assert any(text.startswith("~ marks what is made of") for text in shown.caveats)
    assert first.share(whole.by("year"))["qualifier"].tolist() == ["≤"]
    assert stated.by("year").gap(first)["qualifier"].tolist() == ["≥"]
    members = answer(pd.concat([first, first.assign(partner_iso="NOR", qualifier="=")]))
    assert members.share("partner")["qualifier"].tolist() == ["~", "≥"]
    assert "~" in repr(members.hhi("partner"))
    assert "qualifier" not in repr(flow(start="2022", end="2023").yoy())


def test_what_a_user_put_beside_an_answer_is_shown_under_its_heading(crude):
    prices = crude.tail(12).unit_value()
    brent = tf.read("rates", base="BRENT", **YEAR)[["ref_period", "rate"]]
    heading, *lines = repr(prices.merge(brent, on="ref_period")).splitlines()
    assert heading == "Unit value: Crude oil, imports of China from Russia; USD/t"
    [columns] = [line.split() for line in lines if line.split()[0] == "period"]
    assert columns[-1] == "rate"
    euros = tf.flow("total", "Germany", "Russia", flow="exports", start="2022", end="2022")
    lines = [line.split() for line in repr(euros.to("USD")).splitlines()]
    assert ["period", "value", "rate_of"] in lines  # and no rate, which it names
    both = pd.concat([crude.head(12).growth(), crude.tail(12).unit_value()])
    assert "Unit value" not in repr(both).splitlines()[0]


@pytest.mark.parametrize(
    ("word", "more", "n"),
    [("semiconductor", {}, 0), ("crude", {}, 7), ("crude", {"above": 1e6}, 0)],
)
def test_figures_that_were_superseded_are_counted_among_those_asked_for(word, more, n):
    passed_over = [text for text in tf.figures(word, **more).caveats if "superseded" in text]
    assert [text.partition(": ")[2].split()[0] for text in passed_over] == [str(n)] * bool(n)


def test_figures_without_dates_are_counted_among_those_asked_for():
    [told] = [text for text in tf.figures("drone", start="2022").caveats if "no window" in text]
    assert told.startswith("1 rows without exact dates")
    with pytest.raises(QueryError, match="no figure about 'excavator'; topics: CHPL"):
        tf.figures("excavator", start="2022", end="2023")
    with pytest.raises(QueryError, match="held with exporter other than"):
        tf.figures("drone", exporter="XXX")


def test_rows_of_several_families_of_settlement_are_counted_together():
    roubles = tf.settlement("rouble", "export settlement", start="2023-06", end="2023-06")
    assert any(text.startswith("1 of 2 rows conflict") for text in roubles.caveats)
    others = tf.settlement("unfriendly", "export settlement", start="2023")
    assert any(text.startswith(f"1 of {len(others)} rows derived") for text in others.caveats)
    few = others.tail(3).caveats
    assert any(text.startswith("1 of 3 rows derived") for text in few)
    assert "2 of 9 rows state no %" in trade_settlement(start="2023").caveats
