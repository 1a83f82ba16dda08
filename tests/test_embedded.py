"""What the committed figures say, from raw line to answer; each number is in the totals."""

import csv
import re
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


# --- what a reader asks first --------------------------------------------------------------------
