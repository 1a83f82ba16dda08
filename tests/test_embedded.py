"""What the committed figures say, and the traps in them, checked from raw line to answer."""

import csv
import re
from decimal import Decimal
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import parquet

from tradeflows import tables
from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError
from tradeflows.retrieval import catalogue

PROJECT = Path(__file__).parents[1]
SOURCES = {
    name: source
    for name, source in catalogue.load(PROJECT).items()
    if source.table != catalogue.CODE_LIST
}
EACH = pytest.mark.parametrize("name", SOURCES)


@cache
def raw(name):
    with SOURCES[name].file(PROJECT).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def stored(embedded):
    """All rows of each table, by name."""
    frames = {}
    for table in schema.TABLES:
        frame = parquet.read_table(tables.processed(embedded, table)).to_pandas()
        for column in ("ref_period", "window_start", "window_end"):
            if column in frame:
                frame[column] = pd.to_datetime(frame[column])
        frames[table] = frame[frame["flags"].ne("declared-zero")] if "flags" in frame else frame
    return frames


@pytest.fixture
def rows(stored):
    """Rows of one source: ``rows("fx_monthly", base="USD")``."""

    def pick(name, **cells):
        frame = stored[SOURCES[name].table]
        frame = frame[frame["source_id"].eq(name)]
        for column, value in cells.items():
            frame = frame[frame[column].eq(value)]
        return frame

    return pick


@pytest.fixture
def ask(embedded):
    def read(table="trade", **filters):
        return tables.read(table, root=embedded, **filters)

    return read


def refusal(ask, **filters):
    with pytest.raises(QueryError) as caught:
        ask(**filters)
    return str(caught.value)


def months(frame):
    return sorted(frame["ref_period"].dt.strftime("%Y-%m"))


def lacking(frame, start, end):
    every = pd.period_range(start, end, freq="M").astype(str)
    return sorted(set(every) - set(months(frame)))


def yearly(frame, value):
    return frame.groupby(frame["ref_period"].dt.year)[value].sum()


# --- nothing is lost on the way ------------------------------------------------------------------


LEFT_OUT = {  # records that a map leaves out
    "india_dgcis_imports_by_partner_fiscal_year": 18,
    "baci_hs22_china_russia_hs4_2023": 165,
}


@pytest.mark.slow
@EACH
def test_every_raw_record_gives_a_row_or_is_left_out_for_a_reason(name, rows, embedded):
    held = rows(name)["source_row"]
    lost = set(range(1, len(raw(name)) + 1)) - set(held)
    assert len(lost) == LEFT_OUT.get(name, 0)
    assert held.between(1, len(raw(name))).all()


FIGURES = {  # source: raw column, column of the table, power of ten between them
    "gacc_energy_imports_from_russia": [
        ("net_wgt_kg", "net_wgt_kg", 0),
        ("value_usd", "value_reported", 0),
    ],
    "comtrade_energy_imports_from_russia": [
        ("net_wgt_kg", "net_wgt_kg", 0),
        ("value_usd", "value_reported", 0),
    ],
    "comtrade_china_russia_totals_2017_2024": [("value_usd", "value_reported", 0)],
    "comtrade_china_drone_exports_2022_2025": [("value_usd", "value_reported", 0)],
    "eu_pipeline_gas_from_russia_bounds": [("pipeline_271121_upper_bound_kg", "net_wgt_kg", 0)],
    "comext_energy_imports_2019_2021": [
        ("VALUE_EUR", "value_reported", 0),
        ("QUANTITY_KG", "net_wgt_kg", 0),
    ],
    "eurostat_nrg_ti_gasm_from_russia_2018_2025": [("value", "qty", 6)],
    "eurostat_nrg_ti_coifpm_eu_crude_total": [
        ("volume_kbbl", "qty", 3),
        ("value_kusd", "value_reported", 3),
    ],
    "bruegel_eu_gas_imports_by_route_quarterly": [("volume_mm3", "qty", 6)],
    "bruegel_russian_gas_by_route_monthly_2019_2022": [("volume_mm3", "qty", 6)],
    "baci_hs22_china_russia_hs4_2023": [("value_usd", "value_reported", 0)],
    "comtrade_thailand_drones_annual_2022_2024": [
        ("value_usd", "value_reported", 0),
        ("pieces", "qty", 0),
        ("net_weight_kg", "net_wgt_kg", 0),
    ],
    "thailand_drones_monthly_by_partner_2022_2025": [
        ("value_usd", "value_reported", 0),
        ("pieces", "qty", 0),
    ],
    "published_figures_energy_20261130": [("value", "value", 0)],
    "india_dgcis_imports_by_partner_fiscal_year": [("value_usd_million", "value_reported", 6)],
    "gacc_china_russia_trade": [("value_bn_usd", "value_reported", 9)],
    "rus_customs_trade_by_partner_2006_2021": [("value_usd_million", "value_reported", 6)],
    "baci_hs17_china_russia_2017_2023": [
        ("value_usd_thousand", "value_reported", 3),
        ("quantity_tonnes", "net_wgt_kg", 3),
    ],
    "transit_trade_kaz_kgz_uzb_annual": [("value_usd_thousand", "value_reported", 3)],
    "mgimo_russia_oil_gas_volume_by_partner_2020_2026": [("thousand_tonnes", "net_wgt_kg", 6)],
    "eia_brent_monthly": [("usd_per_barrel", "rate", 0)],
    "fx_monthly": [("value", "rate", 0)],
    "cbr_settlement_currency_shares": [("value_pct", "value", 0)],
    "published_figures_dual_use": [("value", "value", 0)],
    "odni_claims": [("figure", "value", 0)],
    "settlement_statements": [("value_pct", "value", 0)],
    "gacc_crude_imports_from_world_value_2021_2024": [
        ("net_wgt_kg", "net_wgt_kg", 0),
        ("value_usd", "value_reported", 0),
    ],
    "china_russia_totals_other_releases": [("value_usd", "value_reported", 0)],
    "comtrade_china_exports_2025_batteries_excavators": [("value_usd", "value_reported", 0)],
    "eurostat_eu_exports_to_russia_and_neighbours_2019_2024": [("value_eur", "value_reported", 0)],
    "eurostat_eu27_exports_annual_2010_2023": [("value_eur", "value_reported", 0)],
    "eurostat_eu27_priority_goods_cn8_2020_2022": [("value_eur", "value_reported", 0)],
    "fts_russia_world_by_chapter_2021_2022": [("value_usd_mn", "value_reported", 6)],
    "published_figures_energy": [("value", "value", 0)],
}


@pytest.mark.parametrize(
    ("name", "column", "field", "power"),
    [(name, *each) for name, columns in FIGURES.items() for each in columns],
)
def test_every_number_is_the_one_of_its_raw_line(name, column, field, power, rows):
    frame = rows(name)
    printed = [raw(name)[row - 1][column] for row in frame["source_row"]]
    weights = field == "net_wgt_kg"
    values = frame.get("value_reported", pd.Series(0.0, frame.index)).fillna(0)
    for text, value, other in zip(printed, frame[field], values, strict=True):
        expected = float(Decimal(text).scaleb(power)) if text else None
        if weights and expected == 0 and other:
            expected = None  # a zero weight beside a value is "not published"
        assert value == expected or (pd.isna(value) and expected is None)


def test_the_world_groups_and_areas_without_a_name_stay(stored):
    held = set(stored["trade"]["partner_iso"]) | set(stored["trade"]["reporter_iso"])
    assert {"W00", "_X", "EU", "EU28", "EU27_2020", "EU27_2020_EXTRA", "EU27_2020_INTRA"} <= held


# --- the rules -----------------------------------------------------------------------------------


def test_two_units_never_share_a_column(stored):
    trade = stored["trade"]
    assert (trade["value_reported"].isna() | trade["currency"].notna()).all()
    assert trade.loc[trade["qty_unit"].eq("none"), "qty"].isna().all()
    dollars = trade["primary_value_usd"].notna()
    assert trade.loc[dollars, "currency"].eq("USD").all()
    assert trade.loc[dollars, "primary_value_usd"].eq(trade.loc[dollars, "value_reported"]).all()
    assert stored["settlement"]["unit"].isin(["%", "RUB"]).all()


def test_no_zero_weight_stands_beside_a_value_and_true_zeros_are_kept(stored, rows):
    trade = stored["trade"]
    assert not (trade["net_wgt_kg"].eq(0) & trade["value_reported"].fillna(0).ne(0)).any()
    name = "eurostat_nrg_ti_gasm_from_russia_2018_2025"
    zeros = sum(record["value"] != "" and float(record["value"]) == 0 for record in raw(name))
    assert rows(name)["qty"].eq(0).sum() == zeros > 1000
    assert rows(name)["qty"].isna().sum() == sum(not record["value"] for record in raw(name)) > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"reporter": "CHN"},
        {"reporter": "CHN", "partner": "RUS"},
        {"product": "crude"},
        {"partner": "RUS", "product": "crude", "freq": "M"},
        {"publisher": "eurostat", "product": "natural gas"},
        {"reporter": "EU27_2020", "product": "crude", "freq": "M"},
        {"publisher": "gacc", "product": "TOTAL"},
        {"reporter": "RUS"},
    ],
)
def test_a_question_that_would_add_what_must_not_be_added_is_refused(ask, filters):
    message = refusal(ask, **filters)
    assert re.search(r"\w+='", message), "it names the filter that makes it right"


def test_codes_are_text_and_a_system_is_part_of_a_code(stored, rows):
    assert {"010620", "852580"} <= set(rows("baci_hs17_china_russia_2017_2023")["cmd_code"])
    drones = rows("comtrade_china_drone_exports_2022_2025", partner_code="344")
    assert set(drones["partner_iso"]) == {"HKG"}
    assert set(drones["area_system"]) == {"comtrade"}


def test_every_code_of_the_table_is_a_product_that_has_a_name(stored):
    for code in stored["trade"]["cmd_code"].unique():
        assert codes.product_name(code)


def test_a_release_stands_beside_the_one_that_it_revised(rows):
    gas = rows(
        "bruegel_eu_gas_imports_by_route_quarterly",
        partner_code="Norway",
        ref_period=pd.Timestamp("2024-01-01"),
    )
    assert len(gas) == gas["vintage"].nunique() > 1
    roubles = rows(
        "cbr_settlement_currency_shares",
        concept="import settlement",
        period_text="2024-07",
        currency_group="RUB",
        region="total",
    )
    assert set(roubles.loc[roubles["value"].eq(43.7), "vintage"]) == {"first release"}
    assert set(roubles.loc[roubles["value"].eq(45.9), "vintage"]) == {"revised"}


def test_cif_or_fob_is_a_fact_of_the_row(stored):
    trade = stored["trade"]
    stated = trade.groupby("source_id")["valuation"].apply(lambda found: set(found.dropna()))
    assert stated["transit_trade_kaz_kgz_uzb_annual"] == set()
    assert stated["rus_customs_trade_by_partner_2006_2021"] == {"CIF", "FOB"}
    assert stated["baci_hs17_china_russia_2017_2023"] == {"FOB"}
    assert not (trade["valuation"].eq("CIF") & trade["flow_code"].eq("X")).any()


def test_no_module_averages_duplicates_in_silence():
    for path in (PROJECT / "src").rglob("*.py"):
        assert "pivot_table(" not in path.read_text(encoding="utf-8"), path


# --- the traps -----------------------------------------------------------------------------------


def test_china_states_no_quantity_of_pipeline_gas_since_2022(rows):
    gas = rows("gacc_energy_imports_from_russia", cmd_code="27112100")
    since = gas["ref_period"].ge("2022-01-01")
    assert gas.loc[since, "net_wgt_kg"].isna().all()
    assert gas.loc[since, "value_reported"].notna().all()
    assert gas.loc[~since, "net_wgt_kg"].notna().all()


def test_january_and_february_may_be_one_figure_of_the_year_to_date(rows):
    blocks = [
        (record["period"], record["product"])
        for record in raw("gacc_energy_imports_from_world")
        if record["months_covered"] == "2"
    ]
    assert len(blocks) == 5
    assert {period[5:] for period, _ in blocks} == {"02"}
    gas = rows("gacc_energy_imports_from_world", cmd_code="271111+271121", cumulation="ytd")
    first = gas[gas["ref_period"].eq("2020-01-01") & gas["n_months"].eq(2)]
    assert first["qty"].tolist() == [24_630_000_000]


def test_the_eu27_begins_in_february_2020_since_january_has_the_united_kingdom_in_it(rows):
    comtrade = rows("comtrade_energy_imports_from_russia", cmd_code="2709")
    eu27 = comtrade[comtrade["reporter_iso"].eq("EU27_2020")]
    assert months(eu27)[0] == "2020-02"
    assert set(eu27["reporter_code"]) == {"EU27"}
    january = comtrade[comtrade["reporter_code"].eq("EU27") & comtrade["ref_period"].eq("2020-01")]
    comext = rows(
        "comext_energy_imports_2019_2021",
        cmd_code="2709",
        partner_iso="RUS",
        ref_period=pd.Timestamp("2020-01-01"),
    )
    union = comext.set_index("reporter_iso")["net_wgt_kg"]
    assert january["net_wgt_kg"].item() == pytest.approx(union["EU"], rel=1e-5)
    assert union["EU"] / union["EU27_2020"] == pytest.approx(1.037, abs=5e-4)


def test_only_comext_states_the_eu27_of_2019(ask):
    frame = ask(reporter="EU27_2020", partner="RUS", product="crude", freq="M", end="2019")
    assert set(frame["source_id"]) == {"comext_energy_imports_2019_2021"}
    assert len(frame) == 12


@pytest.mark.parametrize(
    ("reporter", "code", "start", "end", "holes"),
    [
        (
            "EU27_2020",
            "2701+2704+2706",
            "2020-02",
            "2024-05",
            "2022-10 2022-11 2022-12 2023-02 2023-05 2023-06 2023-08 2023-09 2023-10 2023-11 "
            "2023-12 2024-01 2024-02 2024-03 2024-04",
        ),
        (
            "IND",
            "2709",
            "2019-01",
            "2024-12",
            "2019-02 2019-03 2019-12 2020-02 2020-09 2020-10 2020-11 2022-02",
        ),
        ("KOR", "2709", "2022-10", "2022-12", "2022-12"),
        ("EU27_2020", "271111", "2022-07", "2022-10", "2022-08 2022-09"),
    ],
)
def test_a_hole_is_a_month_without_a_row_and_not_a_zero(reporter, code, start, end, holes, rows):
    frame = rows("comtrade_energy_imports_from_russia", reporter_iso=reporter, cmd_code=code)
    assert lacking(frame, start, end) == holes.split()
    assert not frame["net_wgt_kg"].eq(0).any()


def test_turkish_crude_stands_only_in_the_panel_until_july_2022(ask, rows):
    comtrade = rows("comtrade_energy_imports_from_russia", reporter_iso="TUR")
    assert not comtrade["cmd_code"].eq("2709").any()
    crude = ask(reporter="TUR", partner="RUS", product="crude")
    assert months(crude)[-1] == "2022-07"


def test_two_families_of_settlement_shares_are_never_one_line(ask, rows):
    message = refusal(
        lambda **f: ask("settlement", **f),
        concept="export settlement",
        region="total",
        currency_group="RUB",
    )
    assert "measure=" in message
    yuan = rows(
        "cbr_settlement_currency_shares",
        measure="risk_review",
        currency_group="CNY",
        concept="export settlement",
        region="total",
    )
    assert yuan["period_text"].max() == "2024-02"
    assert not rows(
        "cbr_settlement_currency_shares", measure="statistics_cur_str", currency_group="CNY"
    ).shape[0]


def test_the_last_months_of_2021_are_one_figure_for_both_directions(rows):
    blocks = rows("gacc_china_russia_trade", ref_period=pd.Timestamp("2021-11-01"))
    assert blocks[["flow_code", "n_months", "value_reported"]].to_numpy().tolist() == [
        ["MX", 2, 31_287_000_000]
    ]
    assert not len(rows("gacc_china_russia_trade", ref_period=pd.Timestamp("2021-12-01")))


def test_a_figure_that_repeats_another_confirms_nothing(stored):
    figures = stored["figures"].set_index("id")
    assert figures.loc["O01", "repeats"] == "D01"
    assert figures.loc["U42", "repeats"] == "U33"


def test_baci_is_reconciled_while_both_sides_report_and_states_no_drones(rows):
    baci = rows("baci_hs17_china_russia_2017_2023")
    side = baci["flags"].str.removeprefix("implausible ")
    flags = side.groupby(baci["ref_period"].dt.year.gt(2021)).unique()
    assert flags.map(list).to_dict() == {False: ["reconciled"], True: ["one-sided"]}
    assert not baci["cmd_code"].str.startswith(("8806", "8807")).any()
    assert {"852580", "880211", "880330"} <= set(baci["cmd_code"])
    value = baci[baci["ref_period"].dt.year.eq(2021)].groupby("reporter_iso")["value_reported"]
    assert (value.sum() / 1e9).round(1).to_dict() == {"CHN": 69.6, "RUS": 72.1}


def test_the_sixty_printed_numbers_say_what_each_is(rows):
    name = "published_figures_energy_20261130"
    printed = rows(name)
    assert len(printed) == 60
    told = ["topic", "exporter", "hs_codes", "freq", "collector", "witness", "measure", "route"]
    assert (printed[told].nunique(dropna=False) > 1).all()
    by_id = printed.set_index("id")
    march = by_id["window_start"].astype(str)
    assert march[["N01", "N02", "N08"]].to_list() == ["2024-03-01", "2024-03-01", "2023-03-01"]
    assert set(by_id.index[by_id["forecast"]]) == {"N23", "T02", "T03"}
    sellers = {"Gazprom", "Russia's government"}
    assert by_id["collector"].isin(sellers).eq(by_id["interested"]).all()
    assert by_id["collector"].eq("").le(by_id["witness"].eq("relay")).all()
    change = by_id["measure"].str.startswith(("growth", "change"))
    assert by_id["base_start"].notna().eq(change).all()
    gas = by_id.index.str.startswith("G")
    assert not by_id[gas]["hs_codes"].eq("2709").any()


def test_six_priority_codes_are_not_in_hs_2017(rows):
    baci = set(rows("baci_hs17_china_russia_2017_2023")["cmd_code"])
    file = PROJECT / "data" / "raw" / "bis" / "chpl_codes.csv"
    later = {row["hs6"] for row in codes.codelist(file) if row["hs6"] not in baci}
    assert {"854800", "852589", "854149", "854151", "854159", "880730"} <= later


def test_the_rebuilt_series_says_so_and_reaches_may_2026(ask):
    frame = ask(reporter="RUS", partner="CHN", product="oil and oil products")
    assert months(frame)[-1] == "2026-05"
    assert any("rebuilt" in caveat for caveat in frame.attrs["caveats"])


# --- what a reader asks first --------------------------------------------------------------------


def test_the_eu_lost_93_million_tonnes_of_crude_and_india_gained_84_and_china_27(ask):
    change = {}
    for reporter in ("EU27_2020", "CHN", "IND"):
        publisher = "gacc" if reporter == "CHN" else "comtrade"
        crude = ask(
            reporter=reporter,
            partner="RUS",
            product="crude",
            flow="M",
            freq="M",
            publisher=publisher,
            start="2021",
            end="2023",
        )
        year = yearly(crude, "net_wgt_kg") / 1e9
        change[reporter] = round(year[2023] - year[2021])
    assert change == {"EU27_2020": -93, "CHN": 27, "IND": 84}
