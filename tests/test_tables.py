import os
import re
import signal
import subprocess
import sys
import time
from datetime import date
from functools import cache, partial

import maps
import pandas as pd
import pytest
from comtrade_twin import envelope, row
from pyarrow import parquet

from tradeflows import cli, tables
from tradeflows.model import codes, contracts, schema
from tradeflows.model.errors import (
    BuildError,
    CodeError,
    LayoutError,
    QueryError,
    SchemaError,
    SourceError,
)
from tradeflows.retrieval import adding, catalogue

PART_FIELDS = ("rows", "records", "left_out", "value", "empty", "sorted")
BRENT = "period,usd_per_barrel\n2020-01,63.65\n2020-02,55.66\n"
LATER = "period,usd_per_barrel\n2020-01,63.65\n2020-02,55.66\n2020-03,32.01\n"
OTHER = '[publisher.other]\nname = "Second Office"\nshort = "Second"\nhome = ""\n'


def trade(name, *records, **more):
    """Catalogue a file that is read as `name` is, of a header and some records."""
    return maps.tidy(name) | {"text": "\n".join(records) + "\n"} | more


comtrade = partial(
    trade,
    "comtrade_energy_imports_from_russia",
    "period,reporter,product,hs_scope,net_wgt_kg,value_usd",
)
china = partial(
    trade, "gacc_energy_imports_from_russia", "period,product,hs_scope,net_wgt_kg,value_usd"
)
comext = partial(
    trade,
    "comext_energy_imports_2019_2021",
    "REPORTER,PARTNER,PRODUCT,FLOW,PERIOD,VALUE_EUR,QUANTITY_KG",
)
panel = partial(
    trade,
    "eurostat_nrg_ti_imports_by_partner_2019_2022",
    "period,reporter,partner,commodity,unit,value",
)
routes = partial(
    trade,
    "bruegel_eu_gas_imports_by_route_quarterly",
    "period,supplier_route,volume_mm3,vintage,incomplete_quarter",
)
press = partial(
    trade,
    "gacc_china_russia_trade",
    "month,series,value_bn_usd,method,n_months,source_url,publication_date,flag",
    vintage="by row",
)
world = partial(
    trade, "gacc_energy_imports_from_world", "period,product,unit,ytd,month,months_covered"
)
drones = partial(trade, "comtrade_china_drone_exports_2022_2025", "year,partner_code,hs6,value_usd")
settlement = partial(
    trade,
    "cbr_settlement_currency_shares",
    "period,period_type,flow,region,currency_group,value_pct,qualifier,measure,vintage,"
    "derivation,source_url,publication_date,outlet,underlying,flag",
    table="settlement",
)


def refusal(action, *arguments, error=QueryError, **more):
    with pytest.raises(error) as caught:
        action(*arguments, **more)
    assert "\n" not in str(caught.value), "one line"
    return str(caught.value)


def held(root):
    """Bytes of all that lies in the folder of built tables."""
    return {path.name: path.read_bytes() for path in (root / "data" / "processed").iterdir()}


# --- build ---------------------------------------------------------------------------------------


def test_build_twice_same_bytes(make_root):
    root = make_root({"oil": {}, "crude": comtrade("2020-02,IND,crude_oil,2709,50,25")})
    tables.build(root)
    first = held(root)
    tables.build(root)
    assert held(root) == first
    assert set(first) == {".build.lock", *(f"{name}.parquet" for name in schema.TABLES)}
    read = parquet.read_schema(tables.processed(root, "rates"))
    assert schema.describe(read) == schema.describe(schema.STORED["rates"])
    assert read.metadata[b"table"] == b"rates"


@pytest.mark.parametrize("bad", [{"sha256": "0" * 64}, {"text": f"{BRENT}2020-02,55.66\n"}])
def test_a_bad_own_file_stops_no_build(make_root, bad, capsys):
    root = make_root({"oil": {}}, local={"mine": {"text": LATER, "rank": 2}, "bad": bad})
    assert cli.main(["--root", str(root), "build"]) == 1
    out, err = capsys.readouterr()
    assert "rates             2 records in        2 rows out" in out
    assert "refused: bad: " in out
    assert err.startswith("tradeflows: 1 of your own files are in no table (bad); ")
    assert tables.read("rates", root=root)["source_id"].unique().tolist() == ["oil"]
    own = tables.read("rates", local=True, root=root, source=["oil", "mine"], start="2020-03")
    assert own["source_id"].tolist() == ["mine"]
    assert "bad is not here, since the last build refused it: " in own.attrs["caveats"][-1]


def test_a_large_own_file_that_breaks_off(make_root, monkeypatch):
    # Its first rows are written when the fault shows: they are taken back.
    clean = catalogue.cleaner

    def in_pieces(source, root):
        def pieces(path, source):
            [part] = clean(source, root)(path, source)
            yield replace_part(part, sorted=True)
            if source.id == "bad":
                raise LayoutError(path, "an end", "none")

        return pieces

    def replace_part(part, **changes):
        return type(part)(**{name: getattr(part, name) for name in PART_FIELDS} | changes)

    monkeypatch.setattr(catalogue, "cleaner", in_pieces)
    root = make_root({"oil": {}}, local={"bad": {}, "mine": {"text": LATER}})
    built = [each for each in tables.build(root) if each.table == "rates"]
    assert [each.counts["rows"] for each in built] == [2, 3]
    own = tables.stored(root, "rates", local=True).to_table()["source_id"].to_pylist()
    assert own == ["oil"] * 2 + ["mine"] * 3


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"sha256": "0" * 64}, SourceError, "changed: .*expected 50 bytes of sha256 000"),
        ({"path": "demo/no.csv"}, SourceError, r"missing: .*no.csv .*restore it with `git restore"),
        ({"text": "a,b\n1,2\n"}, LayoutError, r"expected the columns period,usd_per_barrel"),
        ({"text": BRENT.replace("63.65", "-1")}, SchemaError, "rate: below 0 .*in record 1"),
        ({"text": BRENT + "2020-02,9\n"}, SchemaError, "oil: records 2 and 3 state the same cell"),
        (press("2020-13,total,1,reported_single_month,1,,2021,"), LayoutError, "such as 2023-05"),
        (drones("2024,344,990099,1", "2024,99999,880621,1"), CodeError, "'99999'"),
    ],
)
def test_failed_build_keeps_old_files(make_root, changes, error, message):
    root = make_root({"oil": {}})
    tables.build(root)
    before = held(root)
    make_root({"oil": changes})
    with pytest.raises(error, match=message):
        tables.build(root)
    assert held(root) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from tradeflows import tables
place, name = (os, "fsync") if sys.argv[1] == "second fsync" else (Path, "replace")
function, calls = getattr(place, name), []
def second(*arguments):
    calls.append(0)
    if len(calls) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return function(*arguments)
setattr(place, name, second)
tables.build(Path(sys.argv[2]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["second fsync", "second replace"])
def test_killed_build_leaves_whole_tables(make_root, moment):
    root = make_root({"oil": {}, "crude": comtrade("2020-02,IND,crude_oil,2709,50,25")})
    tables.build(root)
    old = held(root)
    make_root({"oil": {"text": LATER}, "crude": comtrade("2020-02,IND,crude_oil,2709,51,25")})
    done = subprocess.run([sys.executable, "-c", KILLED, moment, root], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    killed = held(root)
    tables.build(root)
    new = held(root)
    for name in old:
        assert killed[name] in (old[name], new[name])
    if moment != "second replace":
        assert {name: killed[name] for name in old} == old
    for path in (root / "data" / "processed").glob(".*.tmp"):
        two_hours_ago = time.time() - 7200
        os.utime(path, (two_hours_ago, two_hours_ago))
    tables.build(root)
    assert set(held(root)) == set(old), "what a killed build left is swept in time"


FULL = """
import resource, sys
from tradeflows import cli
sys.dont_write_bytecode = True  # which Python would cut at the limit and load later
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
sys.exit(cli.main(["--quiet", "--root", sys.argv[1], "build"]))
"""


@pytest.mark.slow
def test_full_disk_loses_nothing(make_root):
    root = make_root({"oil": {}})
    tables.build(root)
    before = held(root)
    many = "\n".join(
        f"{year}-{month:02},{year / month}" for year in range(1500, 2500) for month in range(1, 13)
    )
    make_root({"oil": {"text": f"period,usd_per_barrel\n{many}\n"}})
    command = [sys.executable, "-c", FULL, root, "5000"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    place = root / "data" / "processed"
    assert re.fullmatch(
        rf"tradeflows: {place}: cannot be written \(.*large\); make.*\n", done.stderr
    )
    assert held(root) == before


def test_file_in_place_of_folder(make_root):
    root = make_root({"oil": {}})
    place = root / "data" / "processed"
    place.write_text("mine")
    message = refusal(tables.build, root, error=BuildError)
    assert message.startswith(f"{place}: cannot be written (")
    assert "move what is in the way" in message
    assert place.read_text() == "mine"


# --- control totals ------------------------------------------------------------------------------


def test_a_declared_control_total_is_checked(make_root):
    """Of a file whose cleaner states none, against its rows as they are written."""
    flows = maps.tidy("comtrade_china_drone_exports_2022_2025")
    flows["text"] = "year,partner_code,hs6,value_usd\n2024,0,880621,700\n2025,643,880621,10.5\n"
    control = {"X": {"rows": 2, "USD": 710.5}}
    tables.build(make_root({"flows": flows | {"control": control}}))
    for wrong in ({"rows": 3, "USD": 710.5}, {"rows": 2, "USD": 711}, {"rows": 2}):
        root = make_root({"flows": flows | {"control": {"X": wrong}}})
        with pytest.raises(LayoutError, match=r"the control totals in its entry.*X rows 2, USD 71"):
            tables.build(root)


# --- read ----------------------------------------------------------------------------------------

CRUDE = comtrade(
    "2019-12,EU28,crude_oil,2709,900,450",
    "2020-01,EU27,crude_oil,2709,1000,500",
    "2020-02,EU27,crude_oil,2709,960,480",
    "2020-02,IND,crude_oil,2709,50,25",
    "2020-03,IND,crude_oil,2709,60,30",
    "2020-03,IND,oil_products,2710,6,3",
)
TWO = {
    "own": china("2020-01,crude_oil,27090000,10,5", "2020-02,crude_oil,27090000,11,6"),
    "un": comtrade(
        "2020-01,CHN,crude_oil,2709,12,5",
        "2020-01,IND,crude_oil,2709,7,3",
        publisher="other",
        rank=2,
    ),
}
GAS = [
    "EU27_2020,RU,2711,1,202002,9,9",
    "EU27_2020,RU,271111,1,202002,9,5",
    "EU27_2020,RU,271121,1,202002,9,6",
]
SHARES = settlement(
    "2023-01,month,export,total,CNY,16,exact,risk_review: x,first_release,,,2023,One,CBR,",
    "2023-01,month,export,total,CNY,17,exact,risk_review: x,revised,,,2023,One,CBR,",
    "2023-02,month,export,total,CNY,18,exact,risk_review: x,first_release,,,2023,One,CBR,",
    "2023-01,month,export,total,RUB,40,exact,statistics_cur_str: x,first_release,,,2023,One,CBR,",
    "2023-01,month,import,total,CNY,30,exact,risk_review: x,first_release,,,2023,One,CBR,",
)
SHARE = "2023-0{m},month,export,total,CNY,16,exact,risk_review: x,first_release,,,{d},One,CBR,"
DAYS = {1: "2023-02-10", 2: "2023-03-10", 3: "March"}  # the last only from the retrieval on
ECB = "ECB euro reference rates, eurofxref-hist.csv (cross rate via EUR where not EUR-based)"
RATES = [
    "month,series,value,n_days,statistic,source,flag",
    f'2022-02,usd_per_eur,1.13,20,mean,"{ECB}",',
    f'2022-02,rub_per_usd,76,20,mean,"{ECB}",',
    "2022-02,eur_per_usd,0.88,,mean,US Federal Reserve H.10 via FRED,",
    '2022-02,rub_per_usd,77,20,mean,"Bank of Russia official rate, R01235",',
]
PRINTS = (
    "id,topic,exporter,importer,product,hs_codes,period_start,period_end,freq,value,unit,"
    "qualifier,underlying_statistic,publisher,publication_date,source_url,confidence,notes\n"
    "D1,drones,CHN,RUS,drones,,2022-02-24,2023-03,,1,USD,=,Russian customs records,A,,,high,\n"
    "D2,drones,CHN,RUS,drones,,spring,summer,,1,USD,=,Russian customs records,A,,,high,\n"
)
INDIA = "india_dgcis_imports_by_partner_fiscal_year"
# China's own office to 2020-03, and the UN from 2020-02 on, which a rank puts second.
SPANS = {
    "own": china(*(f"2020-0{month},crude_oil,27090000,{10 * month},1" for month in (1, 2, 3))),
    "un": comtrade(
        *(f"2020-0{month},CHN,crude_oil,2709,7,1" for month in (2, 3, 5, 6)),
        publisher="other",
        rank=2,
    ),
}
OLD = china(*(f"2020-0{month},crude_oil,27090000,{10 * month},1" for month in (1, 2)))
NEW = china(*(f"2020-0{month},crude_oil,27090000,7,1" for month in (2, 3)))
HELD = {
    "crude": {"a": CRUDE},
    "two": TWO,
    "one rank": TWO | {"un": TWO["un"] | {"rank": 1}},
    "two publishers": {"a": CRUDE, "b": CRUDE | {"publisher": "other", "rank": 2}},
    "coking": {"a": china("2020-01,coal,2701,9,9", "2020-01,coking_coal,270112 coking,3,3")},
    "gas": {"a": comext(*GAS)},
    "part and union": {
        "a": comtrade("2020-02,EU27_2020,lng,271111,5,5", "2020-02,IND,lng,271111,7,7"),
        "b": comext(*GAS[1:], rank=2),
    },
    "union": {"a": comtrade("2020-01,JPN,coal,2701+2704+2706,10,5")},
    "all goods": {
        "a": CRUDE,
        "b": press("2020-02,china_imports_from_russia,5,reported_single_month,1,,2020-04,"),
    },
    "gas in m3": {
        "a": panel("2022-01,Belgium,Russia,gas_all,m3,9", "2022-01,Belgium,Russia,lng,m3,7")
    },
    "partners of two": {
        "one": comext("DE,RU,2709,1,202001,4,4", "DE,KZ,2709,1,202001,5,5"),
        "two": panel(
            "2020-01,Germany,Russia,crude_oil,tonne,4",
            "2020-01,Germany,Kuwait,crude_oil,tonne,1",
            rank=2,
        ),
    },
    "releases": {
        "a": routes(
            "2022-Q4,Nord Stream,1,2024-01,False",
            "2022-Q4,Nord Stream,2,2025-10,False",
            "2023-Q1,Nord Stream,3,2024-01,False",
        )
    },
    "a member": {"a": comext("EU27_2020,RU,2709,1,202001,9,9", "DE,RU,2709,1,202001,4,4")},
    "world": {"a": drones("2025,0,880621,9", "2025,826,880621,4", "2025,344,880621,5")},
    "extra": {"a": comext("DE,EU27_2020_EXTRA,2709,1,202001,9,9", "DE,RU,2709,1,202001,4,4")},
    "superseded": {"old": {"text": BRENT}, "new": {"text": LATER, "supersedes": "old"}},
    "withdrawn": {"old": {"text": LATER}, "new": {"text": BRENT, "supersedes": "old"}},
    "both ways": {
        "a": press(
            "2021-11..2021-12,total,31.287,multi_month_block,2,,2022-01,",
            "2021-10,china_imports_from_russia,8,reported_single_month,1,,2021-11,",
        )
    },
    "a block": {
        "a": press(
            "2020-01..2020-02,china_imports_from_russia,9,multi_month_block,2,,2020,",
            "2020-03,china_imports_from_russia,5,difference_of_YTD,1,,2020,rounded",
        )
    },
    "to date": {"a": world("2020-01,crude_oil,tonnes,40,40,1")},
    "roles": {"a": comext("DE,RU,2709,1,202001,9,9", "DE,EU27_2020_INTRA,2709,1,202001,9,9")},
    "years": {
        "a": CRUDE,
        "b": trade(
            INDIA, "fiscal_year,hs,partner,value_usd_million,partial", "2021-22,2709,RUSSIA,9,False"
        ),
    },
    "euros": {"a": comext("DE,RU,2709,1,202001,9,9"), "b": CRUDE},
    "shares": {"a": SHARES},
    "days": {"a": settlement(*(SHARE.format(m=m, d=d) for m, d in DAYS.items()))},
    "rates": {"fx": maps.tidy("fx_monthly") | {"text": "\n".join(RATES)}},
    "spans": SPANS,
    "a newer file": {"old": OLD, "new": NEW | {"retrieved": date(2024, 7, 1)}},
    "a file of one day": {"old": OLD, "new": NEW},
    "prints": {"a": maps.tidy("published_figures_dual_use", repeats=None) | {"text": PRINTS}},
}
OF_TABLE = {"shares": "settlement", "days": "settlement", "prints": "figures"}
OF_TABLE |= dict.fromkeys(("superseded", "withdrawn", "rates"), "rates")
OIL, CHINA, INDIAN = {"product": "crude"}, {"reporter": "CHN"}, {"reporter": "IND"}
OF_TWO = {"reporter": ["DEU", "IND"], **OIL}
EXPORT = {"concept": "export settlement", "region": "total"}
YUAN = EXPORT | {"currency_group": "CNY"}
ROUBLES = {"base": "USD", "quote": "RUB"}
CLUE = " (where goods were made, or the country that they were last sent from)"
FLAGGED = [("block", 1), ("derived", 1), ("rounded", 1), ("second-hand", 2)]
MANY = [f"88{i:02}" for i in range(tables.FEW)]
# What is held, what is asked, and what is answered: words of a refusal, or cells by their column.
ANSWERS = [
    # areas, months and names
    ("crude", OIL | {"reporter": "india"}, {"net_wgt_kg": [50, 60], "publisher": ["demo"] * 2}),
    ("crude", OIL | INDIAN | {"start": "2020-02", "end": 2020}, {"net_wgt_kg": [50, 60]}),
    ("a block", {"end": "2020-02"}, {"n_months": [2]}),
    ("a block", {"end": "2020-01"}, "another window: 2020-01 to 2020-03 is held"),
    ("a block", {"start": "2020-02"}, {"n_months": [1]}),
    (
        "prints",
        {"start": "2022-02", "end": "2023-03"},
        {"id": ["D1"], "caveats": ["1 rows without"]},
    ),
    ("prints", {"start": "2022-03"}, "nothing in figures matches"),
    ("prints", {"end": "2023-02"}, "nothing in figures matches"),
    # goods
    ("two", OIL | CHINA | {"source": "own"}, {"caveats": ["27090000 stands for it"]}),
    ("two", {"product": ["crude", "coal"], **CHINA}, {"caveats": ["no row states 2701"]}),
    ("gas", {"product": ["2711", "LNG"]}, "product 2711 contains 271111"),
    (
        "part and union",
        {"product": "natural gas"},
        {"source_id": ["b", "b"], "caveats": ["a: 271111 is not all of 271111+271121, so it"]},
    ),
    ("part and union", {"product": "natural gas", **INDIAN}, "a: 271111 is not all of 271111+"),
    ("part and union", {"product": ["2711", "LNG"]}, "'2711' and '271111' share 271111 in b"),
    ("coking", {"product": ["coal", "coking coal"]}, "add product='2701' or product='2701:coking'"),
    ("all goods", {"product": "TOTAL"}, {"reporter_iso": ["CHN"]}),
    ("union", {"product": "coal"}, {"net_wgt_kg": [10]}),
    ("union", {"product": "2701"}, "product other than 2701: 2701+2704+2706"),
    ("union", {"product": ["2701", *MANY]}, "nothing in trade matches"),
    ("gas in m3", {}, "product G3000 contains G3200"),
    # publishers and releases
    ("two", OIL, {"source_id": ["own", "un", "own"], "caveats": ["un (2020-01) states this too"]}),
    ("two", OIL | CHINA | {"publisher": "other"}, {"net_wgt_kg": [12], "caveats": []}),
    ("one rank", OIL | CHINA, "; add source='own' or source='un'; "),
    ("two publishers", {"publisher": ["Demo", "other"], **INDIAN}, {"publisher": ["demo"] * 3}),
    ("two publishers", {"publisher": "Secund"}, "did you mean 'Second'?"),
    ("two publishers", {"publisher": "USDA"}, "no publisher 'USDA' of trade; there are Second, d"),
    ("two publishers", {"publisher": "other", "source": "a"}, "no source_id in common with the"),
    ("partners of two", OIL | {"reporter": "DEU"}, "each of other partners"),
    ("partners of two", OIL | {"partner": "RUS"}, {"source_id": ["one"]}),
    (
        "releases",
        {},
        {"qty": [2e6, 3e6], "caveats": ["1 rows of older ones passed over", "are from 2 releases"]},
    ),
    ("superseded", {"base": "BRENT"}, {"source_id": ["new"] * 3, "caveats": ["2 rows of super"]}),
    ("withdrawn", {"start": "2020-03"}, "it supersedes or withdrew: source='old'"),
    (
        "spans",
        OIL | CHINA | {"start": "2020", "end": "2020-06"},
        {
            "source_id": ["un"] * 4,
            "caveats": [
                "CHN: own (2020-01 to 2020-03) states this too",
                "in 2 of",
                "2020-01, 2020-04",
            ],
        },
    ),
    (
        "spans",
        OIL | CHINA | {"start": "2020", "end": "2020-06", "splice": True},
        {
            "net_wgt_kg": [10, 7, 7, 7, 7],
            "caveats": [
                "CHN: own to 2020-01, then un from 2020-02:",
                "2 rows of months",
                ": 2020-04",
            ],
        },
    ),
    (
        "spans",
        OIL | CHINA | {"start": "2020-02", "end": "2021", "source": "un"},
        {"caveats": ["CHN: no row in 19 of the months asked for: 2020-04, 2020-07 to 2021-12"]},
    ),
    (
        "spans",
        OIL | CHINA | {"start": 2020, "end": "2020-02"},
        {"caveats": ["un (2020-02) states"]},
    ),
    ("a newer file", OIL | CHINA, {"net_wgt_kg": [10, 7, 7]}),
    ("a file of one day", OIL | CHINA, "of one rank; add source='new' or source='old'"),
    # what overlaps
    ("a member", OIL, "add reporter='EU27', reporter='Germany' or reporter='countries'"),
    ("a member", OIL | {"reporter": "countries"}, {"reporter_iso": ["DEU"]}),
    (
        "world",
        {"product": "8806"},
        "so it does not stand for it; ask for a part that is held: product='880621'",
    ),
    ("world", {"product": "880621"}, "partner World contains United Kingdom"),
    ("world", {"product": "880621", "partner": "countries"}, {"partner_iso": ["GBR", "HKG"]}),
    ("extra", OIL, "partner Outside the EU27 contains Russia"),
    ("both ways", {"product": "TOTAL"}, "MX is both directions in one figure"),
    ("both ways", {"product": "TOTAL", "flow": "MX"}, {"value_reported": [31_287_000_000]}),
    # what an answer may hold one of
    ("to date", {}, "mix values of cumulation; add one of cumulation='period', cumulation='ytd'"),
    ("roles", {}, f"partner_role='consignment', partner_role='origin'{CLUE}"),
    ("years", {"product": "2709", **INDIAN}, "add one of freq='A', freq='M'"),
    ("euros", OF_TWO, "add one of currency='EUR', currency='USD'"),
    ("shares", EXPORT | {"currency_group": ["CNY", "RUB"]}, "mix values of measure; add one of"),
    ("shares", YUAN, {"caveats": ["1 of 2 periods are stated more than once"]}),
    ("shares", YUAN | {"vintage": "revised"}, {"value": [17], "caveats": []}),
    ("shares", {"currency_group": "CNY", "region": "total"}, "mix values of concept;"),
    ("days", {"as_of": "2023-02-28"}, {"value": [16]}),
    ("days", {"as_of": "2099-12-31"}, {"value": [16] * 3}),
    ("days", {"as_of": "2023-01-31"}, "the first is of 2023-02-10"),
    ("rates", {}, "mix values of base"),
    ("rates", ROUBLES, "mix values of stated_by"),
    ("rates", ROUBLES | {"publisher": "demo", "stated_by": "Bank of Russia"}, {"rate": [77]}),
    ("rates", ROUBLES | {"publisher": "Bank of Russia"}, "no publisher 'Bank of Russia' of rates"),
    ("a block", {}, {"caveats": [f"{n} of 2 rows {f}: {contracts.FLAGS[f]}" for f, n in FLAGGED]}),
    # what is asked wrongly, and what is held instead
    ("crude", {"prodct": "crude"}, "no filter 'prodct' for trade; did you mean 'product'?"),
    ("crude", {"colour": "red"}, "here are breakdown, class"),
    ("crude", {"start": "2023-13"}, "start='2023-13': expected a month such as 2023-05, or a year"),
    ("crude", {"as_of": "2024-02-31"}, "as_of='2024-02-31': expected a day such as 2024-06-01"),
    ("crude", {"reporter": "Indai"}, "no area 'Indai' in areas.csv; did you mean "),
    ("crude", {"product": "crud"}, "codes); did you mean 'crude'"),
    ("crude", {"product": 2709}, "product=2709: expected a text such as '2709', or a list of them"),
    ("crude", {"reporter": ["IND", None]}, "expected a text"),
    ("crude", {"partner": "CHN", **INDIAN}, "held with partner other than China: Russia"),
    ("crude", {"start": "2021", **INDIAN}, "another window: 2020-02 to 2020-03 is held"),
    ("crude", {"partner": "CHN", "flow": "X", "freq": "A"}, "filters together; leave a filter out"),
    ("crude", {"table": "trad"}, "no table 'trad'; did you mean 'trade'?"),
    ("crude", {"table": "rates"}, "no row of rates is held; `tradeflows add FILE` takes a file of"),
]


@pytest.fixture(scope="module")
def built_of(root_maker, tmp_path_factory):
    """Build what is held by a name, once."""

    @cache
    def build(name):
        root = root_maker(tmp_path_factory.mktemp("held"), HELD[name], head=OTHER)
        tables.build(root)
        return root

    return build


@pytest.mark.parametrize(("name", "filters", "found"), ANSWERS)
def test_what_is_answered(built_of, name, filters, found):
    asked = {"table": OF_TABLE.get(name, "trade"), "root": built_of(name)} | filters
    if isinstance(found, str):
        assert found in refusal(tables.read, **asked)
        return
    frame = tables.read(**asked)
    assert [*frame.index] == [*range(len(frame))]
    caveats = found.get("caveats")
    assert caveats != [] or frame.attrs["caveats"] == ()
    for caveat in caveats or ():
        assert any(caveat in text for text in frame.attrs["caveats"]), frame.attrs
    assert {each: frame[each].tolist() for each in found if each != "caveats"} == {
        each: cells for each, cells in found.items() if each != "caveats"
    }


@pytest.mark.parametrize("replies", [[["H5", "H6"]], [["H5"], ["H6"]]])
def test_two_editions_are_one_cell(make_root, tmp_path, replies):
    root = make_root({"oil": {}})
    for number, editions in enumerate(replies):
        path = tmp_path / f"{number}.json"
        path.write_bytes(envelope([row(value=5.0, classificationCode=each) for each in editions]))
        adding.add([path], root)
    tables.build(root)
    asked = {"product": "880621", "local": True, "root": root}
    frame = tables.read(**asked)
    assert frame["classification_code"].tolist() == ["H6"]
    assert frame["value_reported"].sum() == 5
    assert "another edition of HS (H5) state the same trade" in frame.attrs["caveats"][0]
    other = tables.read(**asked, classification="H5")
    assert other["classification_code"].tolist() == ["H5"]


def test_an_answer_is_a_tidy_frame(built_of):
    frame = tables.read(reporter="IND", product="crude", root=built_of("crude"))
    assert [*frame.columns] == [*schema.TRADE.names, "publisher"]
    assert frame["ref_period"].dtype.kind == "M"
    assert frame.attrs == {"sources": ("a",), "caveats": ()}
    assert frame.index.tolist() == [0, 1]


# --- read: absent and stale ----------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"rank": 3}, {"text": LATER}])
def test_stale_table_refused(make_root, change):
    root = make_root({"oil": {}, "crude": CRUDE})
    tables.build(root)
    make_root({"oil": change, "crude": CRUDE})
    message = refusal(tables.read, "rates", root=root, error=BuildError)
    assert message.endswith("older than its sources or its code; run `tradeflows build`")
    assert len(tables.read("trade", reporter="IND", product="crude", root=root)) == 2
    tables.build(root)
    assert len(tables.read("rates", root=root)) >= 2


def test_what_is_no_table_of_ours(make_root):
    root = make_root({"oil": {}})
    path = tables.processed(root, "rates")
    message = refusal(tables.read, "rates", root=root, error=BuildError)
    assert message == f"{path}: absent; run `tradeflows build`"
    tables.build(root)
    for content in (b"", b"period,rate\n"):
        path.write_bytes(content)
        message = refusal(tables.read, "rates", root=root, error=BuildError)
        assert message.endswith("rates.parquet: not a Parquet file; run `tradeflows build`")
    pd.DataFrame({"rate": [1.0]}).to_parquet(path)
    assert "run `tradeflows build`" in refusal(tables.read, "rates", root=root, error=BuildError)


# --- read: order and code lists ------------------------------------------------------------------


def test_filter_as_the_code_list(make_root):
    """Push-down compares texts, many of them at once; 27090 is not under 2709, and 2709:x is."""
    held = ["2701", "2701:coking", "2701:thermal", "27090000", "27111100", "27112100", "2711:LPG"]
    scope = [
        "coal,2701",
        "coking_coal,270112 coking",
        "steam_coal,270112/270119 thermal",
        "crude_oil,27090000",
        "lng,27111100",
        "pipeline_gas,27112100",
        "lpg,2711 LPG",
    ]
    root = make_root({"a": china(*(f"2020-01,{each},1,1" for each in scope))})
    tables.build(root)
    read = partial(tables.read, root=root)
    for product in ("2701", "2709", "2711", "271111", "27", "2701:coking", "27090000"):
        expected = [code for code in held if code == product] or [
            code
            for code in held
            if codes.is_under(code, product) and not codes.nested([code], {*held} - {code})
        ]
        assert sorted(read(product=product)["cmd_code"]) == sorted(expected)
        among = [product, *(f"88{i:02}" for i in range(tables.FEW))]
        assert sorted(read(product=among)["cmd_code"]) == sorted(expected)
