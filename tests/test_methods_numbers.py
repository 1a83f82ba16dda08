"""Numbers that the method and the report lean on, worked out again from the raw files alone.

Plain pandas: nothing here comes from the package, so that a slip in it cannot hide here too. Each
number has to agree to the last digit that is written, and a sum needs each month of its window.
"""

import math
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

PROJECT = Path(__file__).parents[1]
CODES = dict.fromkeys(("hs4", "hs6", "PRODUCT", "PERIOD"), str)
KG, USD = "net_wgt_kg", "value_usd"
BARRELS_A_TONNE = 7.33
H1_2021, H1_2022, H1_2023 = (f"{year}-01..{year}-06" for year in (2021, 2022, 2023))
TO_INVASION = "2021-03..2022-02"
TO_REPORT = "2022-07..2023-06"
CAP, BEFORE_CAP = "2022-12..2023-05", "2022-03..2022-11"
FIVE = ["ARM", "GEO", "KAZ", "KGZ", "UZB"]
PANELS = ["901380", "852990"]  # listed codes that HS 2022 took the flat panels out of
OFFICE = ["851762", "850440", "847150", "847180"]
MACHINE_TOOLS = ["845710", "845811", "845891", "845961", "846693"]


# --- reading --------------------------------------------------------------------------------------


@cache
def rows(name):
    """A raw file, found by its name; of several releases, which end in a day, the newest."""
    folders = PROJECT / "data" / "raw", PROJECT / "examples"
    releases = f"{name}.csv", f"{name}_{'[0-9]' * 8}.csv"
    found = [path for folder in folders for each in releases for path in folder.rglob(each)]
    return pd.read_csv(max(found, key=lambda path: path.stem), dtype=CODES)


def months(window):
    """The months of "2022" or of "2023-01..2023-05"."""
    first, _, last = window.partition("..")
    last = last or first
    ends = first if "-" in first else f"{first}-01", last if "-" in last else f"{last}-12"
    return pd.period_range(*ends, freq="M").astype(str)


def over(series, window):
    """The sum of a series by month, none of whose months may lack."""
    found = series.reindex(months(window))
    assert found.notna().all(), f"{series.name}: a month lacks in {window}"
    return found.sum()


def like(written):
    """A number as it is written: what agrees with each of its digits."""
    decimals = len(written.partition(".")[2])
    return pytest.approx(float(written), abs=0.5 / 10**decimals, rel=1e-12)


def growth(new, old):
    return 100 * (new / old - 1)


# --- energy ---------------------------------------------------------------------------------------


@cache
def imports(buyer, goods="crude_oil", column=KG):
    """A buyer's imports from Russia by month; China's from its own customs."""
    if buyer == "CHN":
        table = rows("gacc_energy_imports_from_russia")
    else:
        table = rows("comtrade_energy_imports_from_russia")
        table = table[table["reporter"] == buyer]
    return table[table["product"] == goods].set_index("period")[column]


def bought(buyer, window, goods="crude_oil", column=KG):
    """Million tonnes or billion dollars."""
    return over(imports(buyer, goods, column), window) / 1e9


def grew(buyer, new, old, goods="crude_oil", column=KG):
    return growth(bought(buyer, new, goods, column), bought(buyer, old, goods, column))


def more(buyer, new, old):
    return bought(buyer, new) - bought(buyer, old)


def rerouted(new, old):
    return 100 * more("CHN", new, old) / -more("EU27", new, old)


def barrels(buyer, window):
    """Million barrels a day."""
    days = sum(pd.Period(month).days_in_month for month in months(window))
    return bought(buyer, window) * BARRELS_A_TONNE / days


def lead_over_india(column=KG):
    """China's lead in crude, in the months that both state."""
    return (imports("CHN", column=column) - imports("IND", column=column)).dropna()


def basket(year):
    goods = "crude_oil", "coal", "pipeline_gas", "lng"
    return sum(bought("CHN", year, each, USD) for each in goods)


def by_four_routes(year):
    """Billion cubic metres of Russian gas piped to the EU."""
    if year < "2023":
        table = rows("bruegel_russian_gas_by_route_monthly_2019_2022")
        return over(table.groupby("period")["volume_mm3"].sum(), year) / 1e3
    table = rows("bruegel_eu_gas_imports_by_route_quarterly")
    routes = "Nord Stream", "Turkstream", "Ukraine Gas Transit", "Yamal (BY,PL)"
    table = table[table["supplier_route"].isin(routes) & table["period"].str.startswith(year)]
    table = table[table["vintage"] == "2024-04-16"]  # each quarter stands in up to three releases
    assert table["period"].nunique() == 4
    return table["volume_mm3"].sum() / 1e3


def lost_by_pipe():
    """Billion cubic metres that the EU no longer took by the four routes in 2023."""
    return by_four_routes("2021") - by_four_routes("2023")


def gained_by_pipe():
    """Billion cubic metres that China took more by its pipe in 2023 than in 2021, by Gazprom."""
    return (printed("G06") - printed("G02")) / 1e9


def gas_sample(formula):
    """Million tonnes of Russian gas in 2021 that the EU's members state by code."""
    table = rows("eu_pipeline_gas_from_russia_bounds")
    return table[table["period"].str.startswith("2021")].eval(formula).sum() / 1e9


def gas_more_by_quantity(price):
    """Billion dollars of the rise from 2021 to 2022 of China's piped gas, at one year's price."""
    old, new = printed("G02"), printed("G05")
    paid = {year: bought("CHN", year, "pipeline_gas", USD) for year in ("2021", "2022")}
    return paid[price] / {"2021": old, "2022": new}[price] * (new - old)


def discount(window):
    """Dollars a barrel of Russian crude above the rest of what China bought."""
    world = rows("gacc_crude_imports_from_world_value_2021_2024").set_index("period")
    value, weight = bought("CHN", window, column=USD), bought("CHN", window)
    rest = over(world[USD], window) / 1e9 - value, over(world[KG], window) / 1e9 - weight
    return (value / weight - rest[0] / rest[1]) * 1000 / BARRELS_A_TONNE


def all_crude(month):
    """China's crude imports from everywhere, million tonnes."""
    table = rows("gacc_energy_imports_from_world")
    return over(table[table["product"] == "crude_oil"].set_index("period")["month"], month) / 1e6


def from_outside(codes, column, window="2020-12..2021-11"):
    """Russia's share of the EU's imports from outside it; December 2021 lacks the whole."""
    table = rows("comext_energy_imports_2019_2021")
    table = table[(table["REPORTER"] == "EU27_2020") & table["PRODUCT"].isin(codes)]
    period = table["PERIOD"].str[:4] + "-" + table["PERIOD"].str[4:]
    sums = table.groupby([table["PARTNER"], period])[column].sum()
    return 100 * over(sums["RU"], window) / over(sums["EU27_2020_EXTRA"], window)


@cache
def liquefied(window):
    """The EU's LNG from Russia: UN Comtrade's value over Comext's, and both weights in Mt."""
    table = rows("comext_energy_imports_2019_2021")
    goods = (table["PRODUCT"] == "271111") & (table["PARTNER"] == "RU")
    table = table[goods & (table["REPORTER"] == "EU27_2020")]
    table = table.set_index(table["PERIOD"].str[:4] + "-" + table["PERIOD"].str[4:])
    dollars = over(table["VALUE_EUR"] * dollars_a_euro(), window) / 1e9
    weight = over(table["QUANTITY_KG"], window) / 1e9
    return bought("EU27", window, "lng", USD) / dollars, bought("EU27", window, "lng"), weight


# --- figures in print -----------------------------------------------------------------------------


def printed(figure):
    name = "published_figures_energy" if figure[0] in "NQGTLI" else "published_figures_dual_use"
    return rows(name).set_index("id")["value"][figure]


def released(series, end, column="value_bn_usd"):
    """What the office's release printed for the time since January."""
    table = rows("gacc_releases_year_to_date")
    table = table[(table["series"] == series) & (table["end"] == end)]
    return table[column].item()


def risen(series, end):
    """By how much, worked back from the growth that the release printed."""
    return released(series, end) * (1 - 1 / (1 + released(series, end, "growth_pct") / 100))


def month_number(dates):
    return 12 * dates.str[:4].astype(int) + dates.str[5:7].astype(int)


def months_late(figures):
    """How long after its single month a figure was printed."""
    table = rows("published_figures_dual_use").set_index("id").loc[figures]
    assert table["period_start"].eq(table["period_end"]).all()
    return month_number(table["publication_date"]) - month_number(table["period_end"])


def yuan(flow, month):
    """The yuan's share of the settlement of Russia's trade, as the first source has it."""
    table = rows("cbr_settlement_currency_shares")
    table = table[table["measure"].str.startswith("risk_review") & (table["region"] == "total")]
    table = table[(table["flow"] == flow) & (table["currency_group"] == "CNY")]
    return table.loc[table["period"] == month, "value_pct"].iloc[0]


# --- all goods ------------------------------------------------------------------------------------


@cache
def china_with_russia(flow):
    table = rows("comtrade_china_russia_totals_2017_2024")
    return table[table["flow"] == flow].set_index("period")[USD] / 1e9


def both_ways(year):
    return over(china_with_russia("export"), year) + over(china_with_russia("import"), year)


@cache
def eu_exports(partner):
    table = rows("eurostat_eu_exports_to_russia_and_neighbours_2019_2024")
    table = table[(table["reporter"] == "EU27") & (table["flow"] == "X")]
    return table[table["partner"] == partner].set_index("period")["value_eur"] / 1e9


@cache
def dollars_a_euro():
    table = rows("fx_monthly")
    return table[table["series"] == "usd_per_eur"].set_index("month")["value"]


def replaced(new, old, money="USD"):
    """China's gain over the EU's loss in sales to Russia, per cent."""
    rate = dollars_a_euro()
    china, europe = china_with_russia("export"), eu_exports("RUS")
    china, europe = (china, europe * rate) if money == "USD" else (china / rate, europe)
    return 100 * (over(china, new) - over(china, old)) / (over(europe, old) - over(europe, new))


def way_round(base):
    """The EU's gain in five neighbours from a year to 2023, over its loss in Russia, per cent."""
    table = rows("eurostat_eu27_exports_annual_2010_2023")
    table = table.pivot(index="year", columns="partner", values="value_eur")
    gain = table.loc[2023, FIVE].sum(skipna=False) - table.loc[base, FIVE].sum(skipna=False)
    return 100 * gain / (table.loc[base, "RUS"] - table.loc[2023, "RUS"])


def growth_at_most():
    """The growth of trade in 2022 with the band of the releases of both years."""
    bands = (released("total", f"{year}-12") / both_ways(f"{year}") - 1 for year in (2021, 2022))
    grown = released("total", "2022-12", "growth_pct")
    return grown + (100 + grown) * sum(bands)


# --- goods by code --------------------------------------------------------------------------------


@cache
def exports_by_code():
    """China's exports to Russia, million dollars by code of HS 2017 and year."""
    table = rows("baci_hs17_china_russia_2017_2023")
    table = table[table["exporter"] == "CHN"]
    return table.pivot(index="hs6", columns="year", values="value_usd_thousand").fillna(0) / 1e3


def sold(year, *starts):
    """Million dollars of all codes that begin so."""
    table = exports_by_code()
    return table.loc[table.index.str.startswith(starts), year].sum()


def heading(*codes):
    """Million dollars of headings of HS 2022, in 2023."""
    table = rows("baci_hs22_china_russia_hs4_2023").set_index("hs4")[USD]
    return table.loc[list(codes)].sum() / 1e6


def listed(*without):
    """China's exports to Russia of what the priority list has, by code."""
    table = exports_by_code()
    codes = set(rows("chpl_codes")["hs6"]) - set(without)
    return table[table.index.isin(codes)]


def chinese_drones(partner):
    """What China declared as sold to a partner in 2025, million dollars, by the UN's code."""
    table = rows("comtrade_china_drone_exports_2022_2025")
    return table.loc[(table["year"] == 2025) & (table["partner_code"] == partner), USD].sum() / 1e6


@cache
def thai_exports(year, last=12):
    table = rows("thailand_drones_monthly_by_partner_2022_2025")
    table = table[(table["flow"] == "export") & (table["year"] == year)]
    return table[table["month"] <= last]


@cache
def to_russia():
    """Thailand's drones to Russia, January to November 2025, by month."""
    table = thai_exports(2025, 11)
    return table[table["partner_iso2"] == "RU"].set_index("month")


def march_price(month):
    """How many times a month's price of a drone that of March 2025 was."""
    price = to_russia()[USD] / to_russia()["pieces"]
    return price[3] / price[month]


def thai_without_three_rows():
    """Less three rows, since no column says re-export.

    They are what the exports by code that the same carrier has of Thai customs lack, to the baht.
    """
    table = thai_exports(2022)
    left_out = [("SG", 3), ("IL", 9), ("IN", 9)]
    keys = pd.MultiIndex.from_frame(table[["partner_iso2", "month"]])
    return table.loc[~keys.isin(left_out), USD].sum()


def soybeans(column, year, partner="USA"):
    table = rows("comtrade_china_soybean_imports_2016_2024")
    table = table[(table["partner"] == partner) & table["period"].str.startswith(year)]
    return table[column].sum()


# --- the claims -----------------------------------------------------------------------------------


def test_a01_china_took_more_crude_by_weight_over_each_pair_of_windows():
    assert grew("CHN", "2022", "2021") == like("8.3")
    assert grew("CHN", H1_2023, H1_2022) == like("27.3")
    assert grew("CHN", H1_2023, H1_2021) == like("32.3")
    assert grew("CHN", TO_REPORT, TO_INVASION) == like("24.4")


def test_a01_chinas_crude_cost_less_in_the_first_half_of_2023():
    assert grew("CHN", H1_2023, H1_2022, column=USD) == like("-2.3")


def test_a01_china_took_more_gas_in_2022():
    assert grew("CHN", "2022", "2021", "lng") == like("43.6")
    assert grew("CHN", "2022", "2021", "pipeline_gas", USD) == like("164")
    assert printed("G02") / 1e9 == like("10.4")
    assert printed("G05") / 1e9 == like("15.4")
    assert growth(printed("G05"), printed("G02")) == like("48")


def test_a02_the_eu_took_less_crude_by_weight_and_paid_more_in_2022():
    assert grew("EU27", "2022", "2021") == like("-16")
    assert grew("EU27", H1_2023, H1_2022) == like("-81")
    assert grew("EU27", "2022", "2021", column=USD) == like("2.6")


def test_a02_the_eu_took_less_gas_by_four_routes_and_more_lng():
    assert by_four_routes("2021") == like("143.8")
    assert by_four_routes("2022") == like("64.9")
    assert by_four_routes("2023") == like("27.3")
    assert by_four_routes("2022") - by_four_routes("2021") == like("-79")
    assert printed("G15") / 1e9 == like("13.5")
    assert printed("G16") / 1e9 == like("19.3")
    assert (printed("G16") - printed("G15")) / 1e9 == like("6")
    assert printed("G18") / 1e9 == like("-60")
    assert printed("G19") == like("-71")


def test_a02_at_most_36_per_cent_of_the_crude_was_rerouted_to_china():
    assert more("CHN", "2022", "2021") == like("6.6")
    assert more("EU27", "2022", "2021") == like("-18.4")
    assert rerouted("2022", "2021") == like("36")
    assert more("CHN", "2023", "2021") == like("27.4")
    assert more("EU27", "2023", "2021") == like("-93.2")
    assert rerouted("2023", "2021") == like("29.4")


def test_a02_at_most_a_ninth_of_the_piped_gas_was_rerouted_by_2023():
    assert printed("G06") / 1e9 == like("22.7")
    assert gained_by_pipe() == like("12.3")
    assert lost_by_pipe() == like("116.5")
    assert 100 * gained_by_pipe() / lost_by_pipe() == like("11")


def test_china_and_india_gained_more_crude_than_the_eu_lost_by_2023():
    gained = more("CHN", "2023", "2021") + more("IND", "2023", "2021")
    assert more("IND", "2023", "2021") == like("84")
    assert gained / -more("EU27", "2023", "2021") == like("1.20")


def test_the_first_half_of_2023_against_that_of_2021():
    assert more("EU27", H1_2023, H1_2021) == like("-43.9")
    assert more("CHN", H1_2023, H1_2021) == like("12.8")
    assert more("IND", H1_2023, H1_2021) == like("46.6")


def test_a04_goods_of_the_priority_list_in_2022_and_2023():
    assert len(listed()) == 44
    assert listed()[2022].sum() / 1e3 == like("3.5")
    assert listed()[2023].sum() / 1e3 == like("4.8")
    assert sold(2023, *MACHINE_TOOLS) / sold(2022, *MACHINE_TOOLS) == like("3.7")


def test_o01_drones_of_march_to_december_2022_are_what_2023_cannot_hold():
    assert printed("D06") / 1e6 == like("32")
    assert math.ceil(10 * heading("8806")) / 10 == like("13.4")
    assert math.floor(10 * (printed("D06") / 1e6 - heading("8806"))) / 10 == like("18.6")


def test_o02_to_o07_the_office_released_the_totals_and_growth_of_2022():
    assert released("total", "2022-12") == like("190")
    assert released("total", "2022-12", "growth_pct") == like("29.3")
    assert released("china_imports_from_russia", "2022-12") == like("114")
    assert released("china_imports_from_russia", "2022-12", "growth_pct") == like("43")
    assert released("china_exports_to_russia", "2022-12") == like("76")
    assert released("china_exports_to_russia", "2022-12", "growth_pct") == like("13")


def test_o02_2022_was_the_record_of_chinas_series_since_2017():
    years = [both_ways(str(year)) for year in range(2017, 2023)]
    assert max(years) == years[-1]


def test_o03_revisions_leave_the_growth_of_2022_below_30():
    assert growth_at_most() == like("29.62")


def test_o08_o09_the_basket_of_crude_coal_piped_gas_and_lng():
    assert basket("2021") == like("52")
    assert basket("2022") == like("81")


def test_o10_o11_barrels_a_day_in_march_and_may_2023():
    assert barrels("CHN", "2023-03") == like("2.27")
    assert barrels("CHN", "2023-05") == like("2.29")
    assert barrels("CHN", "2023-01..2023-05") == like("2.04")
    assert printed("N08") / 1e6 == like("1.65")
    assert printed("N20") / 1e6 == like("0.80")


def test_o12_russian_crude_in_what_china_refined_took_in_and_imported_in_may_2023():
    bought_in_may = 100 * bought("CHN", "2023-05")
    runs, intake = printed("Q01") / 1e6, (printed("Q02") + printed("Q03")) / 1e6
    assert bought_in_may / runs == like("15.7")
    assert bought_in_may / intake == like("14.0")
    assert bought_in_may / all_crude("2023-05") == like("18.9")
    assert 12.5 < bought_in_may / intake < bought_in_may / runs < 17.5


def test_o14_o15_o17_tankers_expected_for_2023_and_the_cap():
    assert printed("T02") == like("18")
    assert printed("T03") == like("16")
    assert printed("L01") == like("60")


def test_o21_china_had_not_replaced_the_eu_by_april_2023():
    year = "2022-05..2023-04"
    assert replaced(year, "2021-02..2022-01") == like("33.9")
    assert replaced(year, "2021-02..2022-01", "EUR") == like("60.5")
    assert replaced(year, "2019") == like("81.5")
    assert replaced(year, "2019", "EUR") == like("103")


def test_o21_the_last_three_months_against_those_of_2021():
    assert replaced("2023-02..2023-04", "2021-02..2021-04") == like("81")
    assert replaced("2023-02..2023-04", "2021-02..2021-04", "EUR") == like("109")


def test_o22_the_yuan_settled_more_of_both_flows_by_december_2022_and_june_2023():
    assert yuan("export", "2022-01") == like("0.5")
    assert yuan("import", "2022-01") == like("4")
    assert yuan("export", "2022-12") > yuan("export", "2022-01")
    assert yuan("import", "2022-12") > yuan("import", "2022-01")
    assert yuan("export", "2023-06") == like("25")
    assert yuan("import", "2023-06") == like("34")


def test_o25_the_buyers_of_march_2023_and_what_the_two_largest_leave():
    assert barrels("IND", "2023-03") == like("2.01")
    assert printed("N12") == like("91")
    assert printed("N11") / 1e8 * (100 - printed("N12")) == like("0.30")
    assert (printed("N11") - printed("N08") - printed("N10")) / 1e6 == like("0.30")


def test_o25_by_sea_china_overtook_india_between_december_2022_and_march_2023():
    assert printed("N21") / 1e6 == like("0.77")
    assert printed("N22") / 1e6 == like("1.2")
    assert printed("N10") / 1e6 == like("1.43")
    assert printed("N13") / 1e6 == like("1.64")
    assert printed("N23") / 1e6 == like("1.9")


@pytest.mark.parametrize("column", [KG, USD])
def test_o25_by_customs_china_led_from_december_2021_to_march_2023(column):
    lead = lead_over_india(column)["2021-12":"2023-03"]
    assert len(lead) == 15, "India states no February 2022"
    assert (lead > 0).all()


def test_o25_india_led_in_april_2023_and_three_months_of_2024():
    lead = lead_over_india()
    assert list(lead.index[lead < 0]) == ["2023-04", "2024-05", "2024-07", "2024-10"]
    assert bought("IND", "2023-04") == like("7.47")
    assert bought("CHN", "2023-04") == like("7.11")


def test_o26_china_was_first_of_single_countries_and_not_of_the_eu_in_2022():
    assert printed("I01") / 1e9 == like("180")
    assert printed("I02") / 1e9 == like("258")
    assert printed("I04") / 1e9 == like("231")
    assert printed("I05") / 1e9 == like("88")
    assert printed("I01") > printed("I03")
    assert printed("I04") > printed("I06")


def test_o26_china_was_first_of_single_countries_in_russias_own_last_year():
    table = rows("rus_customs_trade_by_partner_2006_2021")
    year = table[table["period"].str.startswith("2021")]
    assert year.groupby("partner")["value_usd_million"].sum().idxmax() == "CHN"


def test_o27_china_bought_more_after_the_cap_at_a_discount_that_was_deeper_before():
    assert bought("CHN", CAP) > 1.05 * bought("CHN", "2021-12..2022-05")
    assert discount(CAP) == like("-7.6")
    assert discount(BEFORE_CAP) == like("-9.2")
    assert discount("2022-11") == like("-3.5")
    assert discount("2023-05") == like("-8.7")


@pytest.mark.parametrize(
    ("codes", "claimed", "by_weight", "by_value"),
    [(["2709"], 25, True, True), (["2709", "2710"], 25, False, False), (["2701"], 45, False, True)],
    ids=["E01, crude", "E01, crude and products", "E02, coal"],
)
def test_e01_e02_shares_of_the_year_to_november_2021(codes, claimed, by_weight, by_value):
    assert (abs(from_outside(codes, "QUANTITY_KG") - claimed) <= 2.5) == by_weight
    assert (abs(from_outside(codes, "VALUE_EUR") - claimed) <= 2.5) == by_value


def test_d11_drones_of_all_2023_and_parts_of_every_aircraft():
    assert heading("8806") == like("13.3")
    assert heading("8807") == like("170")
    assert heading("8806", "8807") == like("183")
    assert printed("D17") / 1e6 == like("14.5")
    assert printed("D17") / 1e6 > heading("8806")


def test_d11_the_bounds_that_these_headings_replace():
    assert sold(2023, "852580", "8802", "8803") == like("550")
    assert sum(sold(year, "852580", "8802", "8803") for year in (2022, 2023)) == like("860")


def test_d22_thailands_drones_to_russia_from_january_to_november_2025():
    whole = to_russia()[USD].sum()
    assert whole / 1e6 == like("124.6")
    assert 100 * whole / thai_exports(2025, 11)[USD].sum() == like("87.6")


def test_d22_half_of_it_is_march_2025():
    assert to_russia()[USD][3] / 1e6 == like("61.9")
    assert to_russia()["pieces"][3] == 1935
    assert 0.49 < to_russia()[USD][3] / to_russia()[USD].sum() < 0.51
    assert march_price(1) == like("13")
    assert march_price(2) == like("17")


def test_d24_thailands_drones_of_2022_with_re_exports_and_without():
    assert thai_exports(2022)[USD].sum() == like("1054863")
    assert thai_without_three_rows() == like("943363")


def test_chinas_declared_drones_of_2025_to_russia_and_elsewhere():
    assert chinese_drones(643) == like("0.48")
    assert chinese_drones(344) > 100, "Hong Kong"
    assert chinese_drones(784) > 100, "the Emirates"


# --- zeros and estimates --------------------------------------------------------------------------


def test_us_soybeans_fell_by_weight_and_by_value_in_2018():
    assert growth(soybeans(KG, "2018"), soybeans(KG, "2017")) == like("-46.32")
    assert growth(soybeans(USD, "2018"), soybeans(USD, "2017")) == like("-49.35")
    assert soybeans(KG, "2017", "W00") / 1e9 == like("89.2")


def test_lng_has_one_value_and_two_weights_in_february_to_december_2020():
    value, weight, other = liquefied("2020-02..2020-12")
    assert value == pytest.approx(1, abs=0.001)
    assert weight / other == like("1.5")


def test_lng_has_two_values_and_two_weights_in_2021():
    value, weight, other = liquefied("2021")
    assert growth(value, 1) == like("6")
    assert weight == like("10.57")
    assert other == like("7.04")


# --- what an expert looks for ---------------------------------------------------------------------


def test_products_that_the_usa_bought_in_2021():
    assert bought("USA", "2021", "oil_products") == like("29.1")


def test_the_discount_by_year_and_at_its_deepest():
    assert discount("2021") == like("0.8")
    assert discount("2022") == like("-6.9")
    assert discount("2023") == like("-5.4")
    assert discount("2024") == like("-2.1")
    by_month = {month: discount(month) for month in months("2021..2024")}
    assert min(by_month, key=by_month.get) == "2022-07"
    assert by_month["2022-07"] == like("-18.7")
    assert min(by_month[month] for month in months("2021")) == like("-2.2")
    assert max(by_month[month] for month in months("2021")) == like("2.6")


def test_the_eu_sold_russia_less_from_2021_to_2023_and_its_neighbours_more():
    assert over(eu_exports("RUS"), "2021") == like("89.2")
    assert over(eu_exports("RUS"), "2022") == like("55.0")
    assert over(eu_exports("RUS"), "2023") == like("38.2")
    assert over(eu_exports("KAZ"), "2021") == like("5.5")
    assert over(eu_exports("KAZ"), "2023") == like("12.1")
    assert over(eu_exports("KGZ"), "2021") == like("0.26")
    assert over(eu_exports("KGZ"), "2023") == like("2.73")
    assert over(eu_exports("ARM"), "2021") == like("0.76")
    assert over(eu_exports("ARM"), "2023") == like("2.16")


def test_china_sold_russia_more_in_2022_by_months_and_by_the_release():
    china = china_with_russia("export")
    assert over(china, "2022") - over(china, "2021") == like("8.3")
    assert risen("china_exports_to_russia", "2022-12") == like("8.6")


def test_the_way_round_could_carry_27_to_35_per_cent_by_2023():
    parts = [way_round(base) for base in range(2017, 2022)]
    assert min(parts) == like("27")
    assert max(parts) == like("35")


def test_flat_panels_left_two_listed_codes_in_2022():
    assert sold(2021, "901380") == like("609")
    assert sold(2022, "901380") == like("18")
    assert sold(2021, "852990") == like("528")
    assert sold(2022, "852990") == like("147")


def test_chips_were_reconciled_in_2021_and_chinas_alone_in_2022():
    assert sold(2021, "8542") == like("216")
    assert printed("U26") / 1e6 == like("74")
    assert sold(2022, "8542") == like("180")
    assert printed("U25") / 1e6 == like("179")


def test_the_list_without_the_codes_that_broke_from_2021_to_2023():
    some, fewer = listed(*PANELS), listed(*PANELS, *OFFICE)
    assert some[2021].sum() / 1e3 == like("3.80")
    assert some[2023].sum() / 1e3 == like("4.58")
    assert fewer[2021].sum() / 1e3 == like("0.87")
    assert fewer[2023].sum() / 1e3 == like("2.07")
    assert (len(some), (some[2023] > some[2021]).sum()) == (42, 32)


def test_of_the_rise_of_chinas_piped_gas_in_2022_a_third_to_a_half_is_quantity():
    paid = imports("CHN", "pipeline_gas", USD) / 1e9
    assert over(paid, "2022") - over(paid, "2021") == like("2.5")
    assert gas_more_by_quantity("2021") == like("0.7")
    assert gas_more_by_quantity("2022") == like("1.3")


def test_what_members_state_of_the_eus_gas_of_2021_is_a_sample():
    kilos_a_metre = bought("CHN", "2021", "pipeline_gas") * 1e9 / printed("G02")
    assert gas_sample("(gas_2711_plus_271121_kg - lng_271111_kg) / 2") == like("39.7")
    assert gas_sample("comext_271121_kg") == like("39")
    assert by_four_routes("2021") * kilos_a_metre == like("104")


# --- what the files hold and lack -----------------------------------------------------------------


def test_the_two_classifications_of_2023_add_up_to_the_same_dollar():
    whole = rows("baci_hs22_china_russia_hs4_2023")[USD].sum()
    assert whole == 110_013_940_831
    assert exports_by_code()[2023].sum() * 1e6 == pytest.approx(whole, abs=0.5)


def test_854150_has_no_row_in_2022_and_2023():
    table = rows("baci_hs17_china_russia_2017_2023")
    table = table[(table["hs6"] == "854150") & (table["exporter"] == "CHN")]
    assert set(table["year"]) == set(range(2017, 2022))


def test_six_listed_codes_have_no_row_at_all():
    lacking = set(rows("chpl_codes")["hs6"]) - set(exports_by_code().index)
    assert lacking == {"852589", "854149", "854151", "854159", "854800", "880730"}


def test_baci_has_rows_below_a_thousand_dollars():
    table = rows("baci_hs17_china_russia_2017_2023")
    small = table[table["value_usd_thousand"].between(0, 1, inclusive="neither")]
    assert len(small) == 4_269
    assert small.groupby(["exporter", "year"]).ngroups == 14, "both ways, each year"


def test_china_has_no_row_of_us_soybeans_in_november_2018_and_print_has_nought():
    table = rows("comtrade_china_soybean_imports_2016_2024")
    month = set(table.loc[table["period"] == "2018-11", "partner"])
    assert {"BRA", "W00"} <= month
    assert "USA" not in month
    assert rows("published_soybean_figures").set_index("key")["printed"]["C03a"] == 0


def test_each_weight_of_us_soybeans_in_2017_is_estimated_and_none_of_2018():
    table = rows("comtrade_china_soybean_imports_2016_2024")
    table = table[table["partner"] == "USA"]
    by_year = table.groupby(table["period"].str[:4])["wgt_estimated"]
    assert by_year.all()["2017"]
    assert not by_year.any()["2018"]


def test_files_end_when_their_zeros_do():
    members = rows("eurostat_eu_exports_to_russia_and_neighbours_2019_2024")
    assert members["period"].max() == "2024-08"
    soy = rows("comtrade_soybean_exports_2015_2025").query("reporter == 'USA' and partner == 'CHN'")
    assert soy["period"].max() == "2025-05"


def test_the_uk_reports_to_january_2020_and_tuerkiye_its_crude_to_july_2022():
    uk = rows("comext_energy_imports_2019_2021").query("REPORTER == 'GB'")
    assert uk["PERIOD"].max() == "202001"
    table = rows("eurostat_nrg_ti_imports_by_partner_2019_2022")
    table = table[table["reporter"].isin(["Türkiye", "Turkey"]) & (table["partner"] == "Russia")]
    crude = table[table["commodity"] == "crude_oil"].dropna(subset="value")
    assert crude["period"].max() == "2022-07"


def test_natural_gas_to_china_falls_in_2022_only_as_piped_gas_drops_out():
    table = rows("mgimo_russia_oil_gas_volume_by_partner_2020_2026")
    table = table[(table["partner"] == "CHN") & (table["product"] == "NATURAL_GAS")]
    year = table.groupby(table["period"].str[:4])["thousand_tonnes"].sum()
    assert year["2022"] < 0.6 * year["2021"]
    assert printed("G05") > printed("G02")


def test_the_corrected_figures_are_of_march_2024():
    table = rows("published_figures_energy").set_index("id")
    assert len(table) == 60
    assert set(table.loc[["N01", "N02"], "window"]) == {"2024-03"}
    assert printed("N01") / 1e6 == like("1.82")
    assert printed("N02") / 1e6 == like("1.36")


def test_single_months_were_printed_15_to_33_months_later():
    late = months_late(["D39", "U14", "U17", "U18"])
    assert (late.min(), late.max()) == (15, 33)
