"""Numbers that the method and the report lean on, worked out again from the raw files alone.

Plain pandas: nothing here comes from the package, so that a slip in it cannot hide here too. A
number of a claim is that of one of its readings, and one that a notebook writes agrees to the last
digit; a sum needs each month of its window.
"""

import csv
import json
import math
import re
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

PROJECT = Path(__file__).parents[1]
CODES = dict.fromkeys(("hs4", "hs6", "PRODUCT", "PERIOD"), str)
KG, USD = "net_wgt_kg", "value_usd"
BARRELS_A_TONNE = 7.33
H1_2022, H1_2023 = "2022-01..2022-06", "2023-01..2023-06"
TO_INVASION = "2021-03..2022-02"
TO_REPORT = "2022-07..2023-06"
CAP, BEFORE_CAP = "2022-12..2023-05", "2022-03..2022-11"
FIVE = ["ARM", "GEO", "KAZ", "KGZ", "UZB"]
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


def shares_from_outside(codes, window="2020-12..2021-11"):
    """Russia's shares of the EU's imports from outside it; December 2021 lacks the whole."""
    table = rows("comext_energy_imports_2019_2021")
    table = table[(table["REPORTER"] == "EU27_2020") & table["PRODUCT"].isin(codes)]
    period = table["PERIOD"].str[:4] + "-" + table["PERIOD"].str[4:]
    sums = table.groupby([table["PARTNER"], period])[["QUANTITY_KG", "VALUE_EUR"]].sum()
    russia, outside = (sums.loc[name] for name in ("RU", "EU27_2020_EXTRA"))
    return [100 * over(russia[name], window) / over(outside[name], window) for name in sums]


# --- figures in print -----------------------------------------------------------------------------


def printed(figure):
    name = "published_figures_energy" if figure[0] in "NQGTLI" else "published_figures_dual_use"
    return rows(name).set_index("id")["value"][figure]


def released(series, end, column="value_bn_usd"):
    """What the office's release printed for the time since January."""
    table = rows("gacc_releases_year_to_date")
    table = table[(table["series"] == series) & (table["end"] == end)]
    return table[column].item()


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


def at_most(*codes):
    """The same as a ceiling: rounded up."""
    return math.ceil(10 * heading(*codes)) / 10


def listed():
    """China's exports to Russia of what the priority list has, by code."""
    table = exports_by_code()
    return table[table.index.isin(rows("chpl_codes")["hs6"])]


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


# --- the claims -----------------------------------------------------------------------------------

HELD = {  # of each claim, numbers that its readings have, in any power of ten of their unit
    "A01": lambda: [
        *(grew("CHN", *years) for years in (("2022", "2021"), (H1_2023, H1_2022))),
        grew("CHN", TO_REPORT, TO_INVASION),
        grew("CHN", "2022", "2021", "lng"),
        grew("CHN", "2022", "2021", "pipeline_gas", USD),
        growth(printed("G05"), printed("G02")),
    ],
    "A02": lambda: [
        grew("EU27", H1_2023, H1_2022),
        grew("EU27", "2022", "2021", column=USD),
        by_four_routes("2022") - by_four_routes("2021"),
        printed("G16") - printed("G15"),
        *(bought(buyer, "2023") - bought(buyer, "2021") for buyer in ("EU27", "IND")),
    ],
    "A04": lambda: [listed()[2022].sum(), listed()[2023].sum()],
    "D11": lambda: [heading("8806"), heading("8806", "8807"), printed("D06"), printed("D17")],
    "E01": lambda: shares_from_outside(["2709"]) + shares_from_outside(["2709", "2710"]),
    "E02": lambda: shares_from_outside(["2701"]),
    "O02": lambda: [growth(both_ways("2022"), max(map(both_ways, map(str, range(2017, 2022)))))],
    "O03": lambda: [released("total", "2022-12", "growth_pct")],
    "O04": lambda: [released("china_imports_from_russia", "2022-12")],
    "O06": lambda: [released("china_exports_to_russia", "2022-12")],
    "O08": lambda: [basket("2022")],
    "O10": lambda: [barrels("CHN", "2023-03"), printed("N08")],
    "O11": lambda: [barrels("CHN", "2023-05"), barrels("CHN", "2023-01..2023-05")],
    "O12": lambda: [
        bought("CHN", "2023-05") / printed("Q01"),
        bought("CHN", "2023-05") / (printed("Q02") + printed("Q03")),
        bought("CHN", "2023-05") / all_crude("2023-05"),
    ],
    "O25": lambda: [printed("N11") - printed("N08") - printed("N10"), printed("N23")],
    "O27": lambda: [discount(CAP), discount(BEFORE_CAP), discount("2022-11"), discount("2023-05")],
    "D22": lambda: [to_russia()[USD].sum()],
    "D24": lambda: [thai_exports(2022)[USD].sum()],
    "U27": lambda: [sold(2022, "8542"), printed("U25")],
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


WRITTEN = [  # what a notebook says beside them, each number in braces
    (
        "01_energy_rerouting",
        "China led India by customs, {2.27} million barrels a day against {2.01}, and by Vortexa's "
        "ships, {1.65} against {1.43}",
        lambda: [
            barrels("CHN", "2023-03"),
            barrels("IND", "2023-03"),
            printed("N08") / 1e6,
            printed("N10") / 1e6,
        ],
    ),
    (
        "01_energy_rerouting",
        "the discount, {18.7} dollars at its peak, had shrunk to {3.5} by November 2022, before "
        "the cap, and was {8.7} in May 2023, under it. Over the whole year Russian crude cost "
        "China {6.9} dollars a barrel less in 2022, {5.4} in 2023 and {2.1} in 2024. The months of "
        "2021, without any reason for a discount, lie between −{2.6} and +{2.2}",
        lambda: [
            -min(map(discount, months("2021..2024"))),
            *(-discount(each) for each in ("2022-11", "2023-05", "2022", "2023", "2024")),
            max(map(discount, months("2021"))),
            -min(map(discount, months("2021"))),
        ],
    ),
    (
        "02_yuan_settlement",
        "to a peak of {40.8} % of payments for exports and {38.5} % for imports in January 2024. "
        "Two years before it was at most {0.5} % of those for exports and {4} % for imports; a "
        "month later {30.2} and {32.3} %",
        lambda: [
            yuan(flow, month)
            for month in ("2024-01", "2022-01", "2024-02")
            for flow in ("export", "import")
        ],
    ),
    (
        "03_drone_parts",
        "32 less {13.4}, is at least {18.6} million, within the claim's months",
        lambda: [at_most("8806"), printed("D06") / 1e6 - at_most("8806")],
    ),
    (
        "03_drone_parts",
        "a piece cost {13} to {17} times",
        lambda: [march_price(1), march_price(2)],
    ),
    (
        "04_dual_use",
        "in 2023, after {3.5} billion in 2022. Of these, machine tools rose {3.7}-fold",
        lambda: [
            listed()[2022].sum() / 1e3,
            sold(2023, *MACHINE_TOOLS) / sold(2022, *MACHINE_TOOLS),
        ],
    ),
    (
        "05_trade_as_a_whole",
        "for {33.9} % of the EU's lost sales to Russia in dollars and {60.5} in euros; "
        "against 2019, for {81.5} and {103}",
        lambda: [
            replaced("2022-05..2023-04", base, money)
            for base in ("2021-02..2022-01", "2019")
            for money in ("USD", "EUR")
        ],
    ),
    (
        "05_trade_as_a_whole",
        "{258} to {180} billion dollars; in 2023 China led by {231} to {88}",
        lambda: [printed(figure) / 1e9 for figure in ("I02", "I01", "I04", "I05")],
    ),
    (
        "06_energy_dependence",
        "fell from {144} billion m³ in 2021 to {64.9} in 2022 and {27} in 2023",
        lambda: [by_four_routes(year) for year in ("2021", "2022", "2023")],
    ),
    (
        "07_the_way_round",
        "{27} to {35} %, if all that these five bought",
        lambda: [change(map(way_round, range(2017, 2022))) for change in (min, max)],
    ),
]


@cache
def words_of(page):
    notebook = json.loads((PROJECT / "notebooks" / f"{page}.ipynb").read_text(encoding="utf-8"))
    return " ".join(" ".join("".join(cell["source"]) for cell in notebook["cells"]).split())


@pytest.mark.parametrize(("page", "phrase", "numbers"), WRITTEN)
def test_what_is_written_beside_a_claim(page, phrase, numbers):
    assert re.sub("[{}]", "", phrase) in words_of(page)
    for number, written in zip(numbers(), re.findall("{(.*?)}", phrase), strict=True):
        assert number == like(written)


# --- firsts, records and bounds -------------------------------------------------------------------


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
