"""Numbers that the method and the report lean on, worked out again from the raw files alone.

Plain pandas: nothing here comes from the package, so that a slip in it cannot hide here too. A
number of a claim is that of one of its readings, and any other agrees to the last digit that is
written; a sum needs each month of its window.
"""

import csv
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


# --- the claims -----------------------------------------------------------------------------------

HELD = {  # of each claim, numbers that its readings have, in any power of ten of their unit
    "A01": lambda: [
        grew("CHN", "2022", "2021"),
        grew("CHN", H1_2023, H1_2022),
        grew("CHN", H1_2023, H1_2021),
        grew("CHN", TO_REPORT, TO_INVASION),
        grew("CHN", H1_2023, H1_2022, column=USD),
        grew("CHN", "2022", "2021", "lng"),
        grew("CHN", "2022", "2021", "pipeline_gas", USD),
        growth(printed("G05"), printed("G02")),
    ],
    "A02": lambda: [
        grew("EU27", "2022", "2021"),
        grew("EU27", H1_2023, H1_2022),
        grew("EU27", "2022", "2021", column=USD),
        by_four_routes("2022") - by_four_routes("2021"),
        printed("G16") - printed("G15"),
        printed("G18"),
        printed("G19"),
        more("EU27", "2023", "2021"),
        more("IND", "2023", "2021"),
    ],
    "A04": lambda: [listed()[2022].sum(), listed()[2023].sum()],
    "O01": lambda: [heading("8806"), printed("D17")],
    "D11": lambda: [heading("8806"), heading("8806", "8807"), printed("D06"), printed("D17")],
    "O02": lambda: [released("total", "2022-12")],
    "O03": lambda: [released("total", "2022-12", "growth_pct")],
    "O04": lambda: [released("china_imports_from_russia", "2022-12")],
    "O05": lambda: [released("china_imports_from_russia", "2022-12", "growth_pct")],
    "O06": lambda: [released("china_exports_to_russia", "2022-12")],
    "O07": lambda: [released("china_exports_to_russia", "2022-12", "growth_pct")],
    "O08": lambda: [basket("2022")],
    "O09": lambda: [basket("2021")],
    "O10": lambda: [barrels("CHN", "2023-03"), printed("N08")],
    "O11": lambda: [barrels("CHN", "2023-05"), barrels("CHN", "2023-01..2023-05")],
    "O12": lambda: [
        bought("CHN", "2023-05") / printed("Q01"),
        bought("CHN", "2023-05") / (printed("Q02") + printed("Q03")),
        bought("CHN", "2023-05") / all_crude("2023-05"),
    ],
    "O14": lambda: [printed("T02")],
    "O15": lambda: [printed("T03")],
    "O17": lambda: [printed("L01")],
    "O25": lambda: [printed("N11") - printed("N08") - printed("N10"), printed("N23")],
    "O27": lambda: [discount(CAP), discount(BEFORE_CAP), discount("2022-11"), discount("2023-05")],
    "D22": lambda: [to_russia()[USD].sum()],
    "D24": lambda: [thai_exports(2022)[USD].sum()],
    "U27": lambda: [sold(2022, "8542"), printed("U25")],
    "U28": lambda: [sold(2021, "8542")],
}


@cache
def readings(claim):
    path = PROJECT / "data" / "verdicts.csv"
    with path.open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["claim"] == claim]
    return [float(line["value"]) for line in lines if line["value"]]


@pytest.mark.parametrize("claim", HELD)
def test_a_claim_has_the_number_of_plain_pandas(claim):
    for number in HELD[claim]():
        scaled = [number * 10.0**power for power in range(-9, 10)]
        assert any(math.isclose(a, b, rel_tol=1e-9) for a in scaled for b in readings(claim)), (
            number
        )


WRITTEN = {  # what the report says beside them: a number, and its digits as they are written
    "A01: gas piped to China": lambda: {
        printed("G02") / 1e9: "10.4",
        printed("G05") / 1e9: "15.4",
        over(imports("CHN", "pipeline_gas", USD), "2022") / 1e9
        - over(imports("CHN", "pipeline_gas", USD), "2021") / 1e9: "2.5",
        gas_more_by_quantity("2021"): "0.7",
        gas_more_by_quantity("2022"): "1.3",
    },
    "A02: gas of the EU": lambda: {
        by_four_routes("2021"): "143.8",
        by_four_routes("2022"): "64.9",
        by_four_routes("2023"): "27.3",
        printed("G15") / 1e9: "13.5",
        printed("G16") / 1e9: "19.3",
        printed("G06") / 1e9: "22.7",
        gained_by_pipe(): "12.3",
        lost_by_pipe(): "116.5",
        100 * gained_by_pipe() / lost_by_pipe(): "11",
    },
    "A02: what members state of it is a sample": lambda: {
        gas_sample("(gas_2711_plus_271121_kg - lng_271111_kg) / 2"): "39.7",
        gas_sample("comext_271121_kg"): "39",
        by_four_routes("2021")
        * bought("CHN", "2021", "pipeline_gas")
        * 1e9
        / printed("G02"): "104",
    },
    "A02: crude rerouted": lambda: {
        more("CHN", "2022", "2021"): "6.6",
        more("EU27", "2022", "2021"): "-18.4",
        rerouted("2022", "2021"): "36",
        more("CHN", "2023", "2021"): "27.4",
        rerouted("2023", "2021"): "29.4",
        -(more("CHN", "2023", "2021") + more("IND", "2023", "2021"))
        / more("EU27", "2023", "2021"): "1.20",
        more("EU27", H1_2023, H1_2021): "-43.9",
        more("CHN", H1_2023, H1_2021): "12.8",
        more("IND", H1_2023, H1_2021): "46.6",
    },
    "A04": lambda: {
        sold(2023, *MACHINE_TOOLS) / sold(2022, *MACHINE_TOOLS): "3.7",
        listed(*PANELS)[2021].sum() / 1e3: "3.80",
        listed(*PANELS)[2023].sum() / 1e3: "4.58",
        listed(*PANELS, *OFFICE)[2021].sum() / 1e3: "0.87",
        listed(*PANELS, *OFFICE)[2023].sum() / 1e3: "2.07",
        sold(2021, "901380"): "609",
        sold(2022, "901380"): "18",
        sold(2021, "852990"): "528",
        sold(2022, "852990"): "147",
    },
    "O01": lambda: {
        math.ceil(10 * heading("8806")) / 10: "13.4",
        math.floor(10 * (printed("D06") / 1e6 - heading("8806"))) / 10: "18.6",
    },
    "O03": lambda: {growth_at_most(): "29.62"},
    "O06": lambda: {
        over(china_with_russia("export"), "2022")
        - over(china_with_russia("export"), "2021"): "8.3",
        risen("china_exports_to_russia", "2022-12"): "8.6",
    },
    "O11": lambda: {printed("N20") / 1e6: "0.80"},
    "O21": lambda: {
        replaced("2022-05..2023-04", "2021-02..2022-01"): "33.9",
        replaced("2022-05..2023-04", "2021-02..2022-01", "EUR"): "60.5",
        replaced("2022-05..2023-04", "2019"): "81.5",
        replaced("2022-05..2023-04", "2019", "EUR"): "103",
        replaced("2023-02..2023-04", "2021-02..2021-04"): "81",
        replaced("2023-02..2023-04", "2021-02..2021-04", "EUR"): "109",
    },
    "O22": lambda: {
        yuan("export", "2022-01"): "0.5",
        yuan("import", "2022-01"): "4",
        yuan("export", "2023-06"): "25",
        yuan("import", "2023-06"): "34",
    },
    "O25": lambda: {
        barrels("IND", "2023-03"): "2.01",
        printed("N12"): "91",
        printed("N11") / 1e8 * (100 - printed("N12")): "0.30",
        printed("N21") / 1e6: "0.77",
        printed("N22") / 1e6: "1.2",
        printed("N10") / 1e6: "1.43",
        printed("N13") / 1e6: "1.64",
        bought("IND", "2023-04"): "7.47",
        bought("CHN", "2023-04"): "7.11",
    },
    "O26": lambda: {
        printed("I01") / 1e9: "180",
        printed("I02") / 1e9: "258",
        printed("I04") / 1e9: "231",
        printed("I05") / 1e9: "88",
    },
    "the discount": lambda: {
        discount("2021"): "0.8",
        discount("2022"): "-6.9",
        discount("2023"): "-5.4",
        discount("2024"): "-2.1",
        min(map(discount, months("2021..2024"))): "-18.7",
        min(map(discount, months("2021"))): "-2.2",
        max(map(discount, months("2021"))): "2.6",
    },
    "drones": lambda: {
        heading("8807"): "170",
        sold(2023, "852580", "8802", "8803"): "550",
        sold(2022, "852580", "8802", "8803") + sold(2023, "852580", "8802", "8803"): "860",
        100 * to_russia()[USD].sum() / thai_exports(2025, 11)[USD].sum(): "87.6",
        to_russia()[USD][3] / 1e6: "61.9",
        to_russia()["pieces"][3]: "1935",
        march_price(1): "13",
        march_price(2): "17",
        thai_without_three_rows(): "943363",
        chinese_drones(643): "0.48",
    },
    "chips": lambda: {printed("U26") / 1e6: "74"},
    "LNG": lambda: {
        liquefied("2020-02..2020-12")[0]: "1.000",
        liquefied("2020-02..2020-12")[1] / liquefied("2020-02..2020-12")[2]: "1.5",
        growth(liquefied("2021")[0], 1): "6",
        liquefied("2021")[1]: "10.57",
        liquefied("2021")[2]: "7.04",
    },
    "the way round": lambda: {
        over(eu_exports("RUS"), "2021"): "89.2",
        over(eu_exports("RUS"), "2022"): "55.0",
        over(eu_exports("RUS"), "2023"): "38.2",
        over(eu_exports("KAZ"), "2021"): "5.5",
        over(eu_exports("KAZ"), "2023"): "12.1",
        over(eu_exports("KGZ"), "2021"): "0.26",
        over(eu_exports("KGZ"), "2023"): "2.73",
        over(eu_exports("ARM"), "2021"): "0.76",
        over(eu_exports("ARM"), "2023"): "2.16",
        min(map(way_round, range(2017, 2022))): "27",
        max(map(way_round, range(2017, 2022))): "35",
    },
    "products to the USA": lambda: {bought("USA", "2021", "oil_products"): "29.1"},
    "corrected in March 2024": lambda: {
        printed("N01") / 1e6: "1.82",
        printed("N02") / 1e6: "1.36",
    },
}


@pytest.mark.parametrize("what", WRITTEN)
def test_what_is_written_beside_a_claim(what):
    for number, written in WRITTEN[what]().items():
        assert number == like(written)


# --- firsts, records and bounds -------------------------------------------------------------------


def test_o02_2022_was_the_record_of_chinas_series_since_2017():
    years = [both_ways(str(year)) for year in range(2017, 2023)]
    assert max(years) == years[-1]


@pytest.mark.parametrize("column", [KG, USD])
def test_o25_by_customs_china_led_from_december_2021_to_march_2023(column):
    lead = lead_over_india(column)["2021-12":"2023-03"]
    assert len(lead) == 15, "India states no February 2022"
    assert (lead > 0).all()
    weights = lead_over_india()
    assert list(weights.index[weights < 0]) == ["2023-04", "2024-05", "2024-07", "2024-10"]


def test_o26_china_was_first_of_single_countries_and_not_of_the_eu():
    assert printed("I01") > printed("I03")
    assert printed("I04") > printed("I06")
    table = rows("rus_customs_trade_by_partner_2006_2021")
    year = table[table["period"].str.startswith("2021")]
    assert year.groupby("partner")["value_usd_million"].sum().idxmax() == "CHN"


@pytest.mark.parametrize(
    ("codes", "claimed", "by_weight", "by_value"),
    [(["2709"], 25, True, True), (["2709", "2710"], 25, False, False), (["2701"], 45, False, True)],
    ids=["E01, crude", "E01, crude and products", "E02, coal"],
)
def test_e01_e02_shares_of_the_year_to_november_2021(codes, claimed, by_weight, by_value):
    assert (abs(from_outside(codes, "QUANTITY_KG") - claimed) <= 2.5) == by_weight
    assert (abs(from_outside(codes, "VALUE_EUR") - claimed) <= 2.5) == by_value
