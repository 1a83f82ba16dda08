import csv
import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import maps
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradeflows.model import schema
from tradeflows.model.errors import CodeError, LayoutError, SchemaError, TradeflowsError
from tradeflows.model.keys import Keys
from tradeflows.model.source import Source
from tradeflows.publishers import tidy
from tradeflows.publishers.tidy import columns, forms, mapping

SOURCE = Source(
    id="demo",
    path="demo/demo.csv",
    publisher="demo",
    title="Invented",
    kind="transcribed",
    licence="not stated",
    vintage="2024-05",
    retrieved=date(2024, 6, 30),
    sha256="0" * 64,
    bytes=1,
    table="trade",
    cleaner="",
    rank=1,
)

FX = "ECB euro reference rates, eurofxref-hist.csv (cross rate via EUR where not EUR-based)"
CLAIM = (
    "share of Russia-China trade settled in roubles AND yuan (national currencies), "
    "official claim, not a statistic"
)

# Each cleaner on a few invented records, by the header and the quirks of its file.
SAMPLES = {
    "gacc_energy_imports_from_russia": """\
period,product,hs_scope,net_wgt_kg,value_usd
2021-12,coal,2701,900,90
2021-12,coking_coal,270112 coking,300,40
2021-12,steam_coal,270112/270119 thermal,600,50
2021-12,lng,27111100,20,8
2021-12,lpg,2711 LPG,5,
2021-12,pipeline_gas,27112100,70,30
2022-01,pipeline_gas,27112100,,31
2022-01,crude_oil,27090000,1000,500
""",
    "gacc_energy_imports_from_world": """\
period,product,unit,ytd,month,months_covered
2020-01,crude_oil,tonnes,40,40,1
2020-02,crude_oil,tonnes,85,45,1
2020-02,coal_and_lignite,tonnes,,17.5,1
2020-02,natural_gas_pipeline_plus_lng,m3,2463,2463,2
2020-02,oil_products,tonnes,9,,2
""",
    "gacc_china_russia_trade": """\
month,series,value_bn_usd,method,n_months,source_url,publication_date,flag
2021-01..2021-02,china_exports_to_russia,8.1,multi_month_block,2,http://x,2021-03,
2021-03,china_exports_to_russia,4.88,reported_single_month,1,http://x,2021-04,rounded
2021-03,china_imports_from_russia,5.2,difference_of_YTD,1,http://x,2021-04,
2021-11..2021-12,total,31.287,multi_month_block,2,http://x,2022-01,YTD difference gives 31.2
""",
    "comtrade_energy_imports_from_russia": """\
period,reporter,product,hs_scope,net_wgt_kg,value_usd
2019-12,EU28,crude_oil,2709,900,450
2020-01,EU27,crude_oil,2709,1000,500
2020-02,EU27,crude_oil,2709,960,480
2020-02,IND,crude_oil,2709,50,25
2020-02,JPN,coal,2701+2704+2706,0,25
2020-02,KOR,lng,271111,0,0
""",
    "eu_pipeline_gas_from_russia_bounds": """\
period,reporter,gas_2711_plus_271121_kg,lng_271111_kg,pipeline_271121_upper_bound_kg,comext_271121_kg
2020-01,EU27,7000,1000,3000,2800
2020-02,EU27,6000,,3000,
""",
    "comtrade_china_russia_totals_2017_2024": """\
period,flow,value_usd,path
2021-01,export,3335331793.0,"processed panel, rounded upstream"
2021-01,import,3159813913,raw reply
""",
    "baci_hs17_china_russia_2017_2023": """\
year,exporter,importer,hs6,value_usd_thousand,quantity_tonnes
2021,CHN,RUS,010620,48.641,3.124
2021,RUS,CHN,852580,1.5,
""",
    "comtrade_china_drone_exports_2022_2025": """\
year,partner_code,hs6,value_usd
2024,0,880621,700
2025,0,880621,900
2025,643,880621,10
2025,344,880621,890
""",
    "rus_customs_trade_by_partner_2006_2021": """\
period,partner,flow,value_usd_million
2021-12,CHN,export,233.09597
2021-12,CHN,import,71.09017
""",
    "transit_trade_kaz_kgz_uzb_annual": """\
year,reporter,partner,flow,value_usd_thousand,publication
2021,KAZ,CHN,import,412664.2,"Office, edition 2022"
2021,KGZ,RUS,export,0,"Office, edition 2022"
""",
    "india_dgcis_imports_by_partner_fiscal_year": """\
fiscal_year,hs,partner,value_usd_million,partial
2022-23,2709,IRAQ,30,True
2022-23,2709,GUYANA,,True
2022-23,2709,Total,40,True
2022-23,2709,India's Total Imports,100,True
2022-23,2709,%Share,40,True
2021-22,2709,Total,60,False
2021-22,2709,India's Total Import,200,False
2021-22,2701,Total,6,False
2021-22,2701,India's Total Import,200,False
2021-22,2701,%Share,3,False
""",
    "mgimo_russia_oil_gas_volume_by_partner_2020_2026": """\
period,partner,product,thousand_tonnes
2024-01,CHN,OIL_AND_PRODUCTS,9000.001
2024-01,OTHER,NATURAL_GAS,0
""",
    "comext_energy_imports_2019_2021": """\
REPORTER,PARTNER,PRODUCT,FLOW,PERIOD,VALUE_EUR,QUANTITY_KG
DE,RU,2711,1,202012,500,1000
DE,RU,271121,1,202012,400,0
DE,RU,271111,1,202012,0,0
EU27_2020,RU,2709,1,202101,50,100
EU,RU,2709,1,202101,60,120
DE,EU27_2020_INTRA,2709,1,202101,7,9
""",
    "eurostat_nrg_ti_imports_by_partner_2019_2022": """\
period,reporter,partner,commodity,unit,value
2022-01,Germany,Russia,crude_oil,tonne,264000.5
2022-01,Germany,Russia,gas_all,m3,5000
2022-01,Germany,Russia,gas_all,TJ,180
2022-01,Belgium,Russia,lng,m3,700
2022-01,Turkey,Russia,crude_oil,tonne,9
""",
    "eurostat_nrg_ti_gasm_from_russia_2018_2025": """\
period,geo,siec,unit,value,flag
2020-01,EL,G3000,MIO_M3,,
2020-01,EL,G3200,MIO_M3,0.000,
2023-08,FI,G3000,MIO_M3,14.003,p
""",
    "eurostat_nrg_ti_coifpm_eu_crude_total": """\
period,volume_kbbl,value_kusd
2019-01,358222.0,20979063.0
2019-02,310894.0,19578473.0
""",
    "bruegel_eu_gas_imports_by_route_quarterly": """\
period,supplier_route,volume_mm3,vintage,incomplete_quarter
2022-Q4,Nord Stream,0,2025-10,False
2022-Q4,"Yamal (BY,PL)",0.5,2025-10,False
2022-Q4,Russia LNG,5000,2025-10,False
2022-Q4,Russia LNG,5100,2024-01,True
""",
    "fx_monthly": f"""\
month,series,value,n_days,statistic,source,flag
2022-02,usd_per_eur,1.1342,20,mean of daily rates,"{FX}",
2022-02,eur_per_usd,0.8817,,monthly average,US Federal Reserve H.10 via FRED,inverse of usd_per_eur
2022-03,rub_per_usd,104.5,1,mean of daily rates,"{FX}",one day only
""",
    "eia_brent_monthly": """\
period,usd_per_barrel
2020-01,63.65
2020-02,55.66
""",
    "cbr_settlement_currency_shares": """\
period,period_type,flow,region,currency_group,value_pct,qualifier,measure,vintage,derivation,source_url,publication_date,outlet,underlying,flag
2023-01,month,export,total,CNY,16,at_most,"risk_review: share of settlements",first_release,,http://x,2023-03,One,Bank of Russia,
2024-07,month,import,total,RUB,43.7,exact,"statistics_cur_str: share",first_release,,http://x,2024-09,One,Bank of Russia,
2024-07,month,import,total,RUB,45.9,exact,"statistics_cur_str: share",revised,,http://x,2024-10,One,Bank of Russia,rounded
2024-Q2,quarter,import,total,RUB,44,about,"statistics_cur_str: share",derived,40+4,http://y,2024-10,Two,Bank of Russia,CONFLICT with One
2023,year,import,Asia,RUB,30,exact,"statistics_cur_str_pre2022: share",preliminary,,http://y,2024-01,Two,Bank of Russia,
""",  # noqa: E501
    "moex_otc_yuan_share": """\
period,segment,indicator,value,unit,qualifier,derivation,source_url,publication_date,outlet,underlying,flag
2024-05,OTC,eur_share,9.2,%,exact,,http://x,2024-06,One,Bank of Russia,
2023,exchange (MOEX),yuan_turnover,34.15,trn RUB,exact,,http://x,2024-01,One,Bank of Russia,
""",
    "swift_rmb_share": """\
month,rmb_share_pct,rank,share_ex_eurozone_pct,qualifier,derivation,source_url,publication_date,outlet,underlying,flag,n_sources
2019-01,2.15,5,,exact,,http://x,2019-02,One,SWIFT RMB Tracker,year inferred,1
2023-06,2.77,5,1.6,rounded,,http://x,2023-07,One,SWIFT RMB Tracker,,2
""",
    "settlement_statements": f"""\
statement_date,as_of,value_pct,qualifier,measure,speaker,source_url,outlet,flag
2020-12,first 9 months 2020,25,about,"{CLAIM}",An ambassador,http://x,One,year inferred
2023-03,recently,,qualitative,"{CLAIM}",A minister,http://y,Two,
2023-12,2023-H1,80,greater_than,share of Russia-China trade settled in YUAN ONLY,A bank,http://z,Two,
""",
    "published_figures_dual_use": """\
id,topic,exporter,importer,product,hs_codes,period_start,period_end,freq,value,unit,qualifier,underlying_statistic,publisher,publication_date,source_url,confidence,notes
D01,drones+parts,CHN,RUS,drones and parts,8806,2022-02-24,2023-03,cumulative,12000000,USD,>,Russian customs records,A paper,2023-03-21,http://x,high,
D02,drones,CHN,RUS,drones,,2023-01,2023-06,cumulative,11500000,USD,11-12M,GACC (Chinese customs),B paper,2023-07,http://y,low,
D03,drones,WLD,RUS,drones,,spring,not stated,,100,units,~,not stated in stored excerpt,C paper,,,medium,vague
""",  # noqa: E501
    "odni_claims": """\
claim_id,section,claim,figure,unit,period,secondary_source_url,publication_date,reproducible_from
O01,dual-use,Drones shipped,12000000,USD (>),2022-02-24..2023-03,http://x,2023-07-27,records
O02,energy,Barrels a day,1650000,bbl/day,2023-03,http://x,2023-07-27,customs
O03,economy,Growing ties,,qualitative,2022-2023,http://x,2024-01-27,nothing
""",
}
FIELDS = {"published_figures_dual_use": {"repeats": None}}  # whose ids the samples do not have
NUMBERS = {
    "net_wgt_kg",
    "value_usd",
    "ytd",
    "month",
    "value_bn_usd",
    "pipeline_271121_upper_bound_kg",
    "value_usd_thousand",
    "quantity_tonnes",
    "value_usd_million",
    "thousand_tonnes",
    "VALUE_EUR",
    "QUANTITY_KG",
    "value",
    "volume_kbbl",
    "value_kusd",
    "volume_mm3",
    "usd_per_barrel",
    "value_pct",
    "rmb_share_pct",
    "share_ex_eurozone_pct",
    "figure",
}
PERIODS = {"period", "year", "PERIOD", "fiscal_year"}
EACH = pytest.mark.parametrize("name", SAMPLES)


@pytest.fixture
def clean(tmp_path):
    """Run a cleaner on a text, its own sample by default; rows as dicts, in the file's order."""

    def run(name, text=None, **fields):
        path = tmp_path / f"{name}.csv"
        content = SAMPLES[name] if text is None else text
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        entry = maps.tidy(name, **(FIELDS.get(name, {}) | fields))
        source = replace(SOURCE, table=entry["table"], arguments=entry["arguments"])
        parts = list(tidy.clean(path, source, **entry["arguments"]))
        run.left_out = {why: n for part in parts for why, n in part.left_out.items()}
        run.records = sum(part.records for part in parts)
        run.batches = [part.rows for part in parts]
        return [row for part in parts for row in part.rows.to_pylist()]

    return run


def table(name):
    """Header and records of a cleaner's sample, as lists of cells."""
    head, *records = csv.reader(io.StringIO(SAMPLES[name]))
    return head, records


def text(head, records):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([head, *records])
    return out.getvalue()


def change(name, record, **cells):
    """The sample of a cleaner with cells of one record (1 is the first) replaced."""
    head, records = table(name)
    records[record - 1] = [
        cells.get(column, cell) for column, cell in zip(head, records[record - 1], strict=True)
    ]
    return text(head, records)


def refusal(action, *arguments, error=TradeflowsError, **more):
    with pytest.raises(error) as caught:
        action(*arguments, **more)
    assert "\n" not in str(caught.value), "one line"
    return str(caught.value)


def values(rows, *names):
    return [tuple(row[name] for name in names) for row in rows]


# --- every cleaner -------------------------------------------------------------------------------


def test_every_sample_has_a_map():
    assert set(SAMPLES) <= set(maps.MAPPED)


@EACH
def test_records_are_rows_or_left_out(name, clean):
    rows = clean(name)
    assert clean.records == len(table(name)[1])
    held = {row["source_row"] for row in rows}
    assert max(held) <= clean.records
    left = clean.records - len(held)
    assert left <= sum(clean.left_out.values())


@EACH
def test_rows_keep_the_contract(name, clean):
    clean(name)
    contract = next(
        each for each in schema.TABLES.values() if each.names == clean.batches[0].schema.names
    )
    keys = Keys(contract)
    for batch in clean.batches:
        keys.add(batch)
    keys.check({name: name})


@pytest.mark.slow
@EACH
@given(order=st.randoms(use_true_random=False))
@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_order_of_lines_does_not_matter(name, clean, order):
    def facts(rows):
        return sorted(str({**row, "source_row": 0}) for row in rows)

    head, records = table(name)
    order.shuffle(records)
    assert facts(clean(name, text(head, records))) == facts(clean(name))


@EACH
def test_the_columns_may_not_change(name, clean):
    head, records = table(name)
    short = text(head[:-1], [record[:-1] for record in records])
    assert head[-1] in refusal(clean, name, short, error=LayoutError)
    long = text([*head, "remark"], [[*record, "x"] for record in records])
    assert "besides ['remark']" in refusal(clean, name, long, error=LayoutError)
    swapped = text(head[::-1], [record[::-1] for record in records])
    assert "restore the header" in refusal(clean, name, swapped, error=LayoutError)


@EACH
def test_no_such_file_is_refused(name, clean):
    head, records = table(name)
    for content, found in (
        (text(head, []), "a header alone"),
        ("", "an empty file"),
        ("<!DOCTYPE html>\n<html><body>Not found</body></html>\n", "a page of HTML or XML"),
        ("\ufeff\n <?xml version='1.0'?>\n", "a page of HTML or XML"),
        (text(head, [*records, records[0][:-1]]), "expected lines of"),
        (text(head, [*records, ["Türkiye"] * len(head)]).encode("cp1252"), "another encoding"),
        (text(head, records).encode("utf-16"), "another encoding"),
    ):
        message = refusal(clean, name, content, error=LayoutError)
        assert f"{name}.csv: expected " in message
        assert found in message


ODD = (
    "",
    "x",
    "-1",
    "nan",
    "1e999",
    "1,5",
    " 3",
    "00",
    "é",
    "True",
    "１２",
    "2023-02-30",
    "24-25",
    "Infinity",
    "0x1p3",
    "9" * 25,
    "two\nlines",
    '"',
)


@pytest.mark.slow
@EACH
@given(draw=st.data())
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_cell_gives_one_line_at_worst(name, clean, draw):
    head, records = table(name)
    cell = draw.draw(st.sampled_from(ODD) | st.text(max_size=5).filter(lambda s: "\0" not in s))
    column = draw.draw(st.sampled_from(head))
    try:
        clean(name, change(name, draw.draw(st.integers(1, len(records))), **{column: cell}))
    except TradeflowsError as error:
        assert "\n" not in str(error).replace(cell, "")  # noqa: PT017
        assert ".csv: " in str(error)  # noqa: PT017


NUMBER_CELLS = [
    (name, column)
    for name in SAMPLES
    for column in table(name)[0]
    if column in NUMBERS
    and not (
        name in ("gacc_china_russia_trade", "fx_monthly", "swift_rmb_share") and column == "month"
    )
]


@pytest.mark.parametrize(("name", "column"), NUMBER_CELLS)
def test_text_for_a_number_is_refused(name, column, clean):
    for word in ("n/a", "1,5", "1 000", "0x10", "nan"):
        message = refusal(clean, name, change(name, 1, **{column: word}), error=LayoutError)
        found = f"{name}.csv: record 1: expected a number in {column}, found {word!r}"
        assert f"{found}; if it is a mark, write what the publisher means by it" in message


@pytest.mark.parametrize(
    ("name", "column"),
    [
        (name, column)
        for name, column in NUMBER_CELLS
        if any(word in column.lower() for word in ("kg", "tonnes", "volume", "barrel", "pct"))
    ],
)
def test_negative_weight_is_refused(name, column, clean):
    message = refusal(clean, name, change(name, 1, **{column: "-1"}), error=SchemaError)
    assert message.startswith("demo/demo.csv: ")
    assert "below 0" in message
    assert "in record 1)" in message


MONTHS = [
    (name, column)
    for name in SAMPLES
    for column in table(name)[0]
    if (
        column in PERIODS
        and name not in ("odni_claims", "india_dgcis_imports_by_partner_fiscal_year")
    )
    or (column == "month" and name in ("fx_monthly", "swift_rmb_share"))
]


@pytest.mark.parametrize(("name", "column"), MONTHS)
def test_impossible_period_is_refused(name, column, clean):
    for word in ("2023-00", "2023-1", "Jan 2023", "", "２０２３-01"):
        message = refusal(clean, name, change(name, 2, **{column: word}), error=LayoutError)
        assert f"{name}.csv: record 2: expected a " in message
        assert message.endswith(f" in {column}, found {word!r}")


@pytest.mark.parametrize(
    ("name", "column", "code"),
    [
        ("comtrade_energy_imports_from_russia", "reporter", "ABC"),
        ("eu_pipeline_gas_from_russia_bounds", "reporter", "EU26"),
        ("baci_hs17_china_russia_2017_2023", "exporter", "XYZ"),
        ("baci_hs17_china_russia_2017_2023", "importer", ""),
        ("comtrade_china_drone_exports_2022_2025", "partner_code", "12345"),
        ("rus_customs_trade_by_partner_2006_2021", "partner", "China"),
        ("transit_trade_kaz_kgz_uzb_annual", "reporter", "XXX"),
        ("transit_trade_kaz_kgz_uzb_annual", "partner", "XXX"),
        ("india_dgcis_imports_by_partner_fiscal_year", "partner", "ATLANTIS"),
        ("mgimo_russia_oil_gas_volume_by_partner_2020_2026", "partner", "FRA"),
        ("comext_energy_imports_2019_2021", "REPORTER", "Greece"),
        ("comext_energy_imports_2019_2021", "PARTNER", "RUS"),
        ("eurostat_nrg_ti_imports_by_partner_2019_2022", "reporter", "Ruritania"),
        ("eurostat_nrg_ti_imports_by_partner_2019_2022", "partner", "RU"),
        ("eurostat_nrg_ti_gasm_from_russia_2018_2025", "geo", "Greece"),
        ("bruegel_eu_gas_imports_by_route_quarterly", "supplier_route", "Nord Stream 3"),
    ],
)
def test_unknown_area_is_refused(name, column, code, clean):
    message = refusal(clean, name, change(name, 1, **{column: code}), error=CodeError)
    assert repr(code) in message
    assert f"{name}.csv" in message


@pytest.mark.parametrize(
    ("name", "column", "code", "error"),
    [
        ("baci_hs17_china_russia_2017_2023", "hs6", "85258", LayoutError),
        ("baci_hs17_china_russia_2017_2023", "hs6", "000000", CodeError),
        ("baci_hs17_china_russia_2017_2023", "hs6", "770000", CodeError),
        ("comtrade_china_drone_exports_2022_2025", "hs6", "8806", LayoutError),
        ("comtrade_china_drone_exports_2022_2025", "hs6", "009999", CodeError),
        ("comext_energy_imports_2019_2021", "PRODUCT", "27", LayoutError),
        ("comext_energy_imports_2019_2021", "PRODUCT", "7709", CodeError),
        ("india_dgcis_imports_by_partner_fiscal_year", "hs", "crude", CodeError),
        ("gacc_energy_imports_from_russia", "hs_scope", "2703", LayoutError),
        ("gacc_energy_imports_from_world", "product", "peat", LayoutError),
        ("comtrade_energy_imports_from_russia", "hs_scope", "2708", LayoutError),
        ("mgimo_russia_oil_gas_volume_by_partner_2020_2026", "product", "COAL", LayoutError),
        ("eurostat_nrg_ti_imports_by_partner_2019_2022", "commodity", "peat", LayoutError),
        ("eurostat_nrg_ti_gasm_from_russia_2018_2025", "siec", "G4000", LayoutError),
    ],
)
def test_unknown_product_is_refused(name, column, code, error, clean):
    message = refusal(clean, name, change(name, 1, **{column: code}), error=error)
    assert repr(code) in message
    assert ".csv" in message


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("gacc_energy_imports_from_world", "unit"),
        ("gacc_china_russia_trade", "series"),
        ("gacc_china_russia_trade", "method"),
        ("comtrade_china_russia_totals_2017_2024", "flow"),
        ("comtrade_china_russia_totals_2017_2024", "path"),
        ("rus_customs_trade_by_partner_2006_2021", "flow"),
        ("transit_trade_kaz_kgz_uzb_annual", "flow"),
        ("india_dgcis_imports_by_partner_fiscal_year", "partial"),
        ("comext_energy_imports_2019_2021", "FLOW"),
        ("eurostat_nrg_ti_imports_by_partner_2019_2022", "unit"),
        ("eurostat_nrg_ti_gasm_from_russia_2018_2025", "unit"),
        ("eurostat_nrg_ti_gasm_from_russia_2018_2025", "flag"),
        ("bruegel_eu_gas_imports_by_route_quarterly", "incomplete_quarter"),
        ("fx_monthly", "series"),
        ("fx_monthly", "source"),
        ("cbr_settlement_currency_shares", "flow"),
        ("cbr_settlement_currency_shares", "qualifier"),
        ("cbr_settlement_currency_shares", "vintage"),
        ("moex_otc_yuan_share", "segment"),
        ("moex_otc_yuan_share", "indicator"),
        ("moex_otc_yuan_share", "unit"),
        ("settlement_statements", "measure"),
        ("published_figures_dual_use", "qualifier"),
        ("odni_claims", "unit"),
    ],
)
def test_unlisted_word_is_refused(name, column, clean):
    message = refusal(clean, name, change(name, 1, **{column: "bushel"}), error=LayoutError)
    assert f"in {column} one of " in message
    assert "found 'bushel'" in message


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("gacc_energy_imports_from_world", "months_covered"),
        ("gacc_china_russia_trade", "n_months"),
        ("fx_monthly", "n_days"),
    ],
)
def test_length_is_a_whole_number(name, column, clean):
    for word in ("1.5", "two", "-1", "99999999999999999999"):
        message = refusal(clean, name, change(name, 1, **{column: word}), error=LayoutError)
        assert f"record 1: expected a whole number in {column}" in message
    message = refusal(clean, name, change(name, 1, **{column: "0"}))
    assert "below 1" in message or "expected the same in n_months and month" in message


# --- numbers and months --------------------------------------------------------------------------

DECIMALS = st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", fullmatch=True)


def cells_of(*texts):
    table = pa.table({"cell": pa.array(texts, pa.string())})
    return columns.Cells(Path("x.csv"), table, mapping.Marks(), pa.array(range(1, len(table) + 1)))


@given(DECIMALS, st.integers(0, 12))
def test_scaled_decimal_is_exact(decimal, power):
    (found,) = cells_of(decimal).number("cell", power).to_pylist()
    assert found == float(Decimal(decimal).scaleb(power))


@given(st.text(max_size=9).filter(lambda text: text and "\0" not in text))
def test_any_other_text_is_no_number(word):
    found = None
    try:
        (found,) = cells_of(word).number("cell").to_pylist()
    except LayoutError as error:
        said = "x.csv: record 1: expected a number in cell, found "
        assert str(error).startswith(said)  # noqa: PT017
    assert found is None or (found == float(word) and set(word.strip()) <= set("-.0123456789"))


def test_empty_cell_is_null():
    found = cells_of("", "0", "-0.5").number("cell")
    assert found.to_pylist() == [None, 0.0, -0.5]


def first_days(text, form="month"):
    found = forms.periods("x.csv: record 1".format, "cell", pa.array([text]), form)
    return [period and period.first for period in found]


@given(st.dates(date(1000, 1, 1), date(2999, 12, 1)))
def test_a_month_is_its_first_day(day):
    assert first_days(f"{day:%Y-%m}") == [day.replace(day=1)]


@given(st.text("0123456789-QH ", max_size=8))
def test_any_other_text_is_no_month(word):
    year, dash, month = word[:4], word[4:5], word[5:]
    valid = (
        len(word) == 7
        and dash == "-"
        and year.isdigit()
        and month.isdigit()
        and (year[0] in "12" and 1 <= int(month) <= 12)
    )
    if valid:
        assert first_days(word)
    else:
        message = refusal(first_days, word, error=LayoutError)
        assert message == (
            f"x.csv: record 1: expected a month such as 2023-05 in cell, found {word!r}"
        )


# --- what each file has in it for the unwary -----------------------------------------------------


def test_pipeline_gas_has_value_alone(clean):
    gas = [row for row in clean("gacc_energy_imports_from_russia") if row["cmd_code"] == "27112100"]
    assert values(gas, "ref_period", "net_wgt_kg", "value_reported") == [
        (date(2021, 12, 1), 70, 30),
        (date(2022, 1, 1), None, 31),
    ]


def test_parts_of_coal_and_gas(clean):
    codes = {row["cmd_code"] for row in clean("gacc_energy_imports_from_russia")}
    assert {"2701", "2701:coking", "2701:thermal", "2711:LPG"} <= codes


def test_lpg_has_tonnes_and_no_value(clean):
    (lpg,) = (
        row for row in clean("gacc_energy_imports_from_russia") if row["cmd_code"] == "2711:LPG"
    )
    assert (lpg["net_wgt_kg"], lpg["value_reported"], lpg["primary_value_usd"]) == (5, None, None)


def test_two_months_are_a_block(clean):
    rows = clean("gacc_energy_imports_from_world")
    (gas,) = (row for row in rows if row["flags"] == "block")
    assert (gas["ref_period"], gas["n_months"], gas["cumulation"]) == (
        date(2020, 1, 1),
        2,
        "period",
    )
    assert clean.left_out == {"no figure in month": 1, "no figure in ytd": 1}


def test_year_to_date_is_apart(clean):
    crude = [row for row in clean("gacc_energy_imports_from_world") if row["cmd_code"] == "2709"]
    assert values(crude, "source_field", "cumulation", "ref_period", "n_months", "net_wgt_kg") == [
        ("month", "period", date(2020, 1, 1), 1, 40_000),
        ("month", "period", date(2020, 2, 1), 1, 45_000),
        ("ytd", "ytd", date(2020, 1, 1), 1, 40_000),
        ("ytd", "ytd", date(2020, 1, 1), 2, 85_000),
    ]


def test_gas_is_in_cubic_metres(clean):
    for row in clean("gacc_energy_imports_from_world"):
        gas = row["cmd_code"] == "271111+271121"
        assert (row["qty_unit"] == "m3") == gas
        assert (row["net_wgt_kg"] is None) == gas
        assert (row["qty"] is None) != gas


def test_coal_with_lignite_is_a_union(clean):
    (coal,) = (row for row in clean("gacc_energy_imports_from_world") if "2701" in row["cmd_code"])
    assert (coal["cmd_code"], coal["net_wgt_kg"]) == ("2701+2702", 17_500)


def test_blocks_and_differences(clean):
    rows = clean("gacc_china_russia_trade")
    assert values(rows, "flow_code", "ref_period", "n_months", "flags", "valuation") == [
        ("X", date(2021, 1, 1), 2, "block second-hand", "FOB"),
        ("X", date(2021, 3, 1), 1, "rounded second-hand", "FOB"),
        ("M", date(2021, 3, 1), 1, "derived second-hand", "CIF"),
        ("MX", date(2021, 11, 1), 2, "block conflict second-hand", None),
    ]
    assert [row["vintage"] for row in rows] == ["2021-03", "2021-04", "2021-04", "2022-01"]
    assert rows[3]["value_reported"] == 31_287_000_000


def test_eu27_of_january_2020(clean):
    for name in ("comtrade_energy_imports_from_russia", "eu_pipeline_gas_from_russia_bounds"):
        areas = {
            row["ref_period"]: row["reporter_iso"]
            for row in clean(name)
            if row["reporter_code"].startswith("EU")
        }
        assert areas[date(2020, 1, 1)] == "EU"
        assert areas[date(2020, 2, 1)] == "EU27_2020"
        assert areas.get(date(2019, 12, 1), "EU28") == "EU28"


def test_zero_weight_beside_a_value(clean):
    rows = clean("comtrade_energy_imports_from_russia")
    assert values(rows[-2:], "reporter_iso", "net_wgt_kg", "value_reported") == [
        ("JPN", None, 25),
        ("KOR", 0, 0),
    ]
    comext = clean("comext_energy_imports_2019_2021")
    assert values(comext[1:3], "cmd_code", "net_wgt_kg", "value_reported") == [
        ("271121", None, 400),
        ("271111", 0, 0),
    ]


def test_a_true_zero_value_stays_a_zero(clean):
    assert clean("transit_trade_kaz_kgz_uzb_annual")[1]["value_reported"] == 0
    assert clean("mgimo_russia_oil_gas_volume_by_partner_2020_2026")[1]["net_wgt_kg"] == 0


def test_union_keeps_its_code(clean):
    assert clean("comtrade_energy_imports_from_russia")[4]["cmd_code"] == "2701+2704+2706"


def test_bound_of_pipeline_gas(clean):
    rows = clean("eu_pipeline_gas_from_russia_bounds")
    assert (
        values(rows, "cmd_code", "net_wgt_kg", "qualifier", "flags")
        == [("271121", 3000, "≤", "bound derived")] * 2
    )
    assert rows[0]["note"] is None
    assert "LNG" in rows[1]["note"]


def test_rounded_exports_are_flagged(clean):
    rows = clean("comtrade_china_russia_totals_2017_2024")
    assert values(rows, "flow_code", "flags", "valuation", "partner_role") == [
        ("X", "rounded", "FOB", "destination"),
        ("M", "", "CIF", "origin"),
    ]


def test_baci_is_reconciled(clean):
    rows = clean("baci_hs17_china_russia_2017_2023")
    assert values(rows, "classification_code", "cmd_code", "value_reported", "net_wgt_kg") == [
        ("H5", "010620", 48_641, 3124),
        ("H5", "852580", 1500, None),
    ]
    assert {row["flags"] for row in rows} == {"reconciled"}
    assert {row["valuation"] for row in rows} == {"FOB"}


def test_344_is_hong_kong_at_the_un(clean):
    rows = clean("comtrade_china_drone_exports_2022_2025")
    assert values(rows, "partner_code", "partner_iso") == [
        ("0", "W00"),
        ("0", "W00"),
        ("643", "RUS"),
        ("344", "HKG"),
    ]
    assert {row["area_system"] for row in rows} == {"comtrade"}


def test_partner_without_drones_has_no_row(clean):
    rows = clean("comtrade_china_drone_exports_2022_2025")
    assert [row["partner_iso"] for row in rows if row["ref_period"].year == 2024] == ["W00"]
    assert all(row["net_wgt_kg"] is None for row in rows)


def test_valuation_by_flow(clean):
    assert values(
        clean("rus_customs_trade_by_partner_2006_2021"), "flow_code", "valuation", "partner_role"
    ) == [
        ("X", "FOB", "destination"),
        ("M", "CIF", "origin"),
    ]
    assert {row["valuation"] for row in clean("transit_trade_kaz_kgz_uzb_annual")} == {None}


def test_edition_is_the_vintage(clean):
    assert {row["vintage"] for row in clean("transit_trade_kaz_kgz_uzb_annual")} == {
        "Office, edition 2022"
    }


def test_shares_are_left_out(clean):
    rows = clean("india_dgcis_imports_by_partner_fiscal_year")
    assert clean.left_out == {"a ratio of two kept rows": 2, "all goods, printed again": 1}
    assert values(rows, "partner_code", "cmd_code", "value_reported") == [
        ("IRAQ", "2709", 30e6),
        ("GUYANA", "2709", None),
        ("Total", "2709", 40e6),
        ("India's Total Imports", "TOTAL", 100e6),
        ("Total", "2709", 60e6),
        ("India's Total Import", "TOTAL", 200e6),
        ("Total", "2701", 6e6),
    ]


def test_two_printings_must_agree(clean):
    changed = change("india_dgcis_imports_by_partner_fiscal_year", 9, value_usd_million="201")
    message = refusal(
        clean, "india_dgcis_imports_by_partner_fiscal_year", changed, error=LayoutError
    )
    assert "fiscal_year and value_usd_million as in a record that stays" in message


def test_fiscal_year_begins_in_april(clean):
    rows = clean("india_dgcis_imports_by_partner_fiscal_year")
    spans = {(row["ref_period"], row["n_months"], row["flags"]) for row in rows}
    assert spans == {(date(2022, 4, 1), 5, "partial"), (date(2021, 4, 1), 12, "")}
    for word in ("2022", "2022-2023", "22-23", ""):
        changed = change("india_dgcis_imports_by_partner_fiscal_year", 1, fiscal_year=word)
        message = refusal(
            clean, "india_dgcis_imports_by_partner_fiscal_year", changed, error=LayoutError
        )
        assert "record 1: expected a fiscal year such as 2022-23" in message


def test_rebuilt_figures_are_flagged(clean):
    rows = clean("mgimo_russia_oil_gas_volume_by_partner_2020_2026")
    assert {row["flags"] for row in rows} == {"rebuilt"}
    assert values(rows, "partner_iso", "cmd_code", "net_wgt_kg") == [
        ("CHN", "OIL_AND_PRODUCTS", 9_000_001_000),
        ("_X", "NATURAL_GAS", 0),
    ]


def test_aggregates_have_own_ids(clean):
    rows = clean("comext_energy_imports_2019_2021")
    assert {row["reporter_iso"] for row in rows} == {"DEU", "EU27_2020", "EU"}
    (within,) = (row for row in rows if row["partner_iso"] == "EU27_2020_INTRA")
    assert within["partner_role"] == "consignment"
    assert {row["partner_role"] for row in rows if row is not within} == {"origin"}


def test_comext_is_in_euros(clean):
    rows = clean("comext_energy_imports_2019_2021")
    assert {(row["currency"], row["primary_value_usd"]) for row in rows} == {("EUR", None)}
    assert {row["ref_period"].year: row["flags"] for row in rows} == {2020: "", 2021: "provisional"}


def test_partner_of_gas_is_a_border(clean):
    for name in (
        "eurostat_nrg_ti_imports_by_partner_2019_2022",
        "eurostat_nrg_ti_gasm_from_russia_2018_2025",
    ):
        roles = {row["cmd_code"]: row["partner_role"] for row in clean(name)}
        assert roles["G3000"] == "last border"
        assert roles["G3200"] == "origin"


def test_gas_in_two_units_is_two_rows(clean):
    rows = clean("eurostat_nrg_ti_imports_by_partner_2019_2022")
    assert values(rows[:3], "qty_unit", "qty", "net_wgt_kg") == [
        ("none", None, 264_000_500),
        ("m3", 5000, None),
        ("TJ", 180, None),
    ]
    assert rows[4]["reporter_iso"] == "TUR"


def test_empty_month_is_not_zero(clean):
    rows = clean("eurostat_nrg_ti_gasm_from_russia_2018_2025")
    assert values(rows, "reporter_iso", "qty", "flags") == [
        ("GRC", None, ""),
        ("GRC", 0, ""),
        ("FIN", 14_003_000, "provisional"),
    ]


def test_barrels_are_barrels(clean):
    (row, _) = clean("eurostat_nrg_ti_coifpm_eu_crude_total")
    assert (row["qty"], row["qty_unit"], row["net_wgt_kg"]) == (358_222_000, "bbl", None)
    assert row["partner_iso"] == "W00"


def test_routes_and_releases(clean):
    rows = clean("bruegel_eu_gas_imports_by_route_quarterly")
    assert values(rows, "partner_code", "cmd_code", "qty", "vintage", "flags") == [
        ("Nord Stream", "G3000:pipeline", 0, "2025-10", ""),
        ("Yamal (BY,PL)", "G3000:pipeline", 500_000, "2025-10", ""),
        ("Russia LNG", "G3200", 5_000_000_000, "2025-10", ""),
        ("Russia LNG", "G3200", 5_100_000_000, "2024-01", "partial"),
    ]
    assert {row["partner_role"] for row in rows} == {"route"}
    assert {(row["ref_period"], row["n_months"]) for row in rows} == {(date(2022, 10, 1), 3)}
    assert {row["partner_iso"] for row in rows} == {"RUS"}


def test_rate_and_inverse_are_apart(clean):
    rows = clean("fx_monthly")
    assert values(rows, "base", "quote", "rate", "publisher") == [
        ("EUR", "USD", 1.1342, "European Central Bank"),
        ("USD", "EUR", 0.8817, "US Federal Reserve"),
        ("USD", "RUB", 104.5, "European Central Bank"),
    ]
    assert values(rows, "n_days", "flags") == [(20, ""), (None, ""), (1, "partial")]


def test_families_of_shares_are_apart(clean):
    rows = clean("cbr_settlement_currency_shares")
    assert values(rows, "concept", "measure", "vintage", "value", "qualifier", "flags") == [
        ("export settlement", "risk_review", "first release", 16, "≤", ""),
        ("import settlement", "statistics_cur_str", "first release", 43.7, "=", ""),
        ("import settlement", "statistics_cur_str", "revised", 45.9, "=", "rounded"),
        ("import settlement", "statistics_cur_str", "derived", 44, "~", "conflict derived"),
        ("import settlement", "statistics_cur_str_pre2022", "preliminary", 30, "=", "provisional"),
    ]
    assert rows[3]["note"] == "CONFLICT with One; computed as 40+4"


@pytest.mark.parametrize(
    ("printed", "first", "months"),
    [
        ("2023-01", date(2023, 1, 1), 1),
        ("2024-Q2", date(2024, 4, 1), 3),
        ("2023", date(2023, 1, 1), 12),
        ("2023-H2", date(2023, 7, 1), 6),
        ("first 9 months 2020", date(2020, 1, 1), 9),
        ("recently", None, None),
        ("2023-00", None, None),
        ("2023-13", None, None),
        ("2023-Q5", None, None),
    ],
)
def test_printed_period(printed, first, months, clean):
    row = clean("settlement_statements", change("settlement_statements", 1, as_of=printed))[0]
    assert (row["period_text"], row["ref_period"], row["n_months"]) == (printed, first, months)


def test_shares_and_roubles(clean):
    assert values(clean("moex_otc_yuan_share"), "concept", "currency_group", "value", "unit") == [
        ("over-the-counter turnover", "EUR", 9.2, "%"),
        ("exchange turnover", "CNY", 34_150_000_000_000, "RUB"),
    ]


def test_shares_without_the_euro_area(clean):
    rows = clean("swift_rmb_share")
    assert values(rows, "source_field", "value") == [
        ("rmb_share_pct", 2.15),
        ("rmb_share_pct", 2.77),
        ("share_ex_eurozone_pct", 1.6),
    ]
    assert len({row["measure"] for row in rows}) == 2
    assert clean.left_out == {"no figure in share_ex_eurozone_pct": 1}


def test_roubles_and_yuan_are_not_yuan(clean):
    rows = clean("settlement_statements")
    assert values(rows, "currency_group", "qualifier", "value") == [
        ("RUB_PLUS_CNY", "~", 25),
        ("RUB_PLUS_CNY", "=", None),
        ("CNY", ">", 80),
    ]
    assert {row["vintage"] for row in rows} == {"statement"}


def test_range_keeps_both_ends(clean):
    rows = clean("published_figures_dual_use")
    assert values(rows, "value", "qualifier", "low", "high") == [
        (12e6, ">", None, None),
        (11.5e6, "~", 11e6, 12e6),
        (100, "~", None, None),
    ]
    assert values(rows, "window_start", "window_end", "window_text") == [
        (date(2022, 2, 24), date(2023, 3, 31), "2022-02-24 to 2023-03"),
        (date(2023, 1, 1), date(2023, 6, 30), "2023-01 to 2023-06"),
        (None, None, "spring to not stated"),
    ]


def test_figure_that_repeats_another(clean):
    assert clean("odni_claims")[0]["repeats"] == "D01"
    name = "published_figures_dual_use"
    repeats = {"column": "id", "words": {"D02": "D01"}, "others": ""}
    assert [row["repeats"] for row in clean(name, repeats=repeats)] == [None, "D01", None]
    repeats["words"] = {"D99": "D01"}
    message = refusal(clean, name, repeats=repeats, error=SchemaError)
    assert "repeats names D99, which is no id there" in message


def test_claim_keeps_its_sign(clean):
    assert values(clean("odni_claims"), "value", "unit", "qualifier", "window_end") == [
        (12e6, "USD", ">", date(2023, 3, 31)),
        (1_650_000, "bbl/day", "=", date(2023, 3, 31)),
        (None, "qualitative", "=", date(2023, 12, 31)),
    ]
