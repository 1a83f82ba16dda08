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
from tradeflows.report import accept
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


def test_tables_built_afresh_have_the_totals_as_announced(embedded):
    def own(cells):
        return {key: total for key, total in cells.items() if key[0] != tables.totals.CODES}

    assert own(accept.keyed(tables.control_totals(embedded))) == own(accept.committed(PROJECT))


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
        {"product": "crude"},
        {"partner": "RUS", "product": "crude", "freq": "M"},
        {"publisher": "eurostat", "product": "natural gas"},
        {"publisher": "gacc", "product": "TOTAL"},
    ],
)
def test_a_question_that_would_add_what_must_not_be_added_is_refused(ask, filters):
    message = refusal(ask, **filters)
    assert re.search(r"\w+='", message), "it names the filter that makes it right"


def test_every_code_of_the_table_is_a_product_that_has_a_name(stored):
    for code in stored["trade"]["cmd_code"].unique():
        assert codes.product_name(code)


# --- the traps -----------------------------------------------------------------------------------


GAS = {"cmd_code": "27112100"}
CRUDE = {"cmd_code": "2709", "reporter_code": "EU27"}
ROUBLES = {"concept": "import settlement", "currency_group": "RUB", "region": "total"}


@pytest.mark.parametrize(
    ("name", "day", "cells", "column", "found"),
    [
        # China states no quantity of pipeline gas since 2022
        ("gacc_energy_imports_from_russia", "2021-12-01", GAS, "net_wgt_kg", 1),
        ("gacc_energy_imports_from_russia", "2022-01-01", GAS, "net_wgt_kg", 0),
        ("gacc_energy_imports_from_russia", "2022-01-01", GAS, "value_reported", 1),
        # the first two months may be one figure, and the last two of 2021 one of both directions
        ("gacc_china_russia_trade", "2021-11-01", {}, "flow_code", {"MX"}),
        ("gacc_china_russia_trade", "2021-11-01", {}, "n_months", {2}),
        ("gacc_china_russia_trade", "2021-12-01", {}, "flow_code", set()),
        # January 2020 has the United Kingdom in it
        ("comtrade_energy_imports_from_russia", "2020-01-01", CRUDE, "reporter_iso", {"EU"}),
        ("comtrade_energy_imports_from_russia", "2020-02-01", CRUDE, "reporter_iso", {"EU27_2020"}),
        # a hole is a month without a row, and a release stands beside the one that it revised
        ("comtrade_energy_imports_from_russia", "2022-02-01", {"reporter_iso": "IND"}, "qty", 0),
        (
            "cbr_settlement_currency_shares",
            "2024-07-01",
            ROUBLES,
            "vintage",
            {"first release", "revised"},
        ),
        (
            "comtrade_china_drone_exports_2022_2025",
            None,
            {"partner_code": "344"},
            "partner_iso",
            {"HKG"},
        ),
        ("rus_customs_trade_by_partner_2006_2021", None, {"flow_code": "X"}, "valuation", {"FOB"}),
        ("rus_customs_trade_by_partner_2006_2021", None, {"flow_code": "M"}, "valuation", {"CIF"}),
        ("transit_trade_kaz_kgz_uzb_annual", None, {}, "valuation", set()),
        ("odni_claims", None, {"id": "O01"}, "repeats", {"D01"}),
        (
            "eurostat_nrg_ti_gasm_from_russia_2018_2025",
            None,
            {"cmd_code": "G3000"},
            "partner_role",
            {"last border"},
        ),
        (
            "comext_energy_imports_2019_2021",
            None,
            {"partner_iso": "EU27_2020_INTRA"},
            "partner_role",
            {"consignment"},
        ),
        ("mgimo_russia_oil_gas_volume_by_partner_2020_2026", None, {}, "flags", {"rebuilt"}),
        ("eu_pipeline_gas_from_russia_bounds", None, {}, "qualifier", {"≤"}),
    ],
)
def test_a_trap_of_a_file(name, day, cells, column, found, rows):
    """Of a column the words that it has, or of numbers how many."""
    frame = rows(name, **cells, **({"ref_period": pd.Timestamp(day)} if day else {}))
    held = frame[column].dropna()
    assert (len(held) if isinstance(found, int) else set(held)) == found


# --- what a reader asks first --------------------------------------------------------------------
