"""The traps in the committed figures; what each row says is in data/control_totals.csv."""

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


@pytest.fixture(scope="session")
def stored(embedded):
    frames = {}
    for table in schema.TABLES:
        frame = parquet.read_table(tables.processed(embedded, table)).to_pandas()
        if "ref_period" in frame:
            frame["ref_period"] = pd.to_datetime(frame["ref_period"])
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
    stated = pd.read_csv(SOURCES[name].file(PROJECT))["value"]
    assert rows(name)["qty"].eq(0).sum() == stated.eq(0).sum() > 1000
    assert rows(name)["qty"].isna().sum() == stated.isna().sum() > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "filters",
    [
        {"product": "crude"},
        {"partner": "RUS", "product": "crude", "freq": "M"},
        {"publisher": "eurostat", "product": "natural gas"},
        {"publisher": "gacc", "product": "TOTAL"},
    ],
)
def test_a_question_that_would_add_what_must_not_be_added_is_refused(embedded, filters):
    with pytest.raises(QueryError, match=r"\w+='"):  # the filter that makes it right
        tables.read("trade", root=embedded, **filters)


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
