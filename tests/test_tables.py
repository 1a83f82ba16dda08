import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import maps
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tradeflows import cli, tables
from tradeflows.model import codes, contracts, schema
from tradeflows.model.errors import (
    BuildError,
    CatalogueError,
    CodeError,
    LayoutError,
    QueryError,
    SchemaError,
    SourceError,
)
from tradeflows.retrieval import catalogue
from tradeflows.tables import building, choose_level, write

PART_FIELDS = ("rows", "records", "left_out", "value", "empty", "sorted")
BRENT = "period,usd_per_barrel\n2020-01,63.65\n2020-02,55.66\n"
LATER = "period,usd_per_barrel\n2020-01,63.65\n2020-02,55.66\n2020-03,32.01\n"
OTHER = '[publisher.other]\nname = "Second Office"\nshort = "Second"\nhome = ""\n'


def trade(name, *records, **more):
    """A catalogued file of trade as `name` is read: its header and some records."""
    return maps.tidy(name) | {"text": "\n".join(records) + "\n"} | more


def comtrade(*records, **more):
    head = "period,reporter,product,hs_scope,net_wgt_kg,value_usd"
    return trade("comtrade_energy_imports_from_russia", head, *records, **more)


def china(*records, **more):
    head = "period,product,hs_scope,net_wgt_kg,value_usd"
    return trade("gacc_energy_imports_from_russia", head, *records, **more)


def comext(*records, **more):
    head = "REPORTER,PARTNER,PRODUCT,FLOW,PERIOD,VALUE_EUR,QUANTITY_KG"
    return trade("comext_energy_imports_2019_2021", head, *records, **more)


def panel(*records, **more):
    head = "period,reporter,partner,commodity,unit,value"
    return trade("eurostat_nrg_ti_imports_by_partner_2019_2022", head, *records, **more)


def routes(*records, **more):
    head = "period,supplier_route,volume_mm3,vintage,incomplete_quarter"
    return trade("bruegel_eu_gas_imports_by_route_quarterly", head, *records, **more)


def press(*records, **more):
    head = "month,series,value_bn_usd,method,n_months,source_url,publication_date,flag"
    return trade("gacc_china_russia_trade", head, *records, vintage="by row", **more)


def world(*records, **more):
    return trade(
        "gacc_energy_imports_from_world",
        "period,product,unit,ytd,month,months_covered",
        *records,
        **more,
    )


def drones(*records, **more):
    return trade(
        "comtrade_china_drone_exports_2022_2025",
        "year,partner_code,hs6,value_usd",
        *records,
        **more,
    )


def settlement(*records, **more):
    head = (
        "period,period_type,flow,region,currency_group,value_pct,qualifier,measure,vintage,"
        "derivation,source_url,publication_date,outlet,underlying,flag"
    )
    return trade("cbr_settlement_currency_shares", head, *records, **{"table": "settlement"} | more)


@pytest.fixture
def ask(make_root):
    """Build invented files, then ask: ``ask({"a": comtrade(...)})(product="crude")``."""

    def build(sources, table="trade"):
        root = make_root(sources, head=OTHER)
        tables.build(root)
        return lambda **filters: tables.read(table, root=root, **filters)

    return build


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


@pytest.mark.skipif(os.name == "nt", reason="it replaces no file that is open")
def test_who_reads_keeps_the_table_that_was_opened(make_root):
    root = make_root({"oil": {}})
    tables.build(root)
    opened = tables.stored(root, "rates")
    before = opened.to_table()
    path = tables.processed(root, "rates")
    path.with_suffix(".new").write_bytes(b"PAR1 of a build that goes on")
    path.with_suffix(".new").replace(path)
    assert opened.to_table() == before
    with pytest.raises(BuildError, match="not a Parquet file"):
        tables.stored(root, "rates")


def test_build_counts_records_and_rows(make_root):
    crude = world("2020-01,crude_oil,tonnes,40,40,1", "2020-02,crude_oil,tonnes,85,,1")
    root = make_root({"oil": {}, "all": crude})
    seen = []
    built = {each.table: dict(each.counts) for each in tables.build(root, seen.append)}
    assert built["trade"] == {"records": 2, "rows": 3, "left out: no figure in month": 1}
    assert built["rates"] == {"records": 2, "rows": 2}
    assert built["figures"] == {}
    assert seen == ["all", "oil"]


def test_table_carries_its_contract(make_root):
    root = make_root({"oil": {}})
    tables.build(root)
    read = parquet.read_schema(tables.processed(root, "rates"))
    assert schema.describe(read) == schema.describe(schema.STORED["rates"])
    assert read.metadata[b"table"] == b"rates"
    assert write.metadata_of(tables.processed(root, "rates"))[b"fingerprint"]


def test_row_names_file_and_record(ask):
    later, earlier = "2020-03,IND,crude_oil,2709,1,1", "2020-02,IND,crude_oil,2709,2,2"
    rows = ask({"crude": comtrade(later, earlier)})(product="crude")
    assert rows["source_id"].tolist() == ["crude", "crude"]
    assert rows.set_index("ref_period")["source_row"].to_dict() == {
        pd.Timestamp("2020-02-01"): 2,
        pd.Timestamp("2020-03-01"): 1,
    }


@pytest.mark.parametrize(
    "bad",
    [
        {"sha256": "0" * 64},
        {"text": BRENT + "2020-03,none\n"},
        {"text": BRENT + "2020-02,55.66\n"},
        {"text": None},
    ],
)
def test_a_bad_own_file_stops_no_build(make_root, bad):
    root = make_root({"oil": {}}, local={"mine": {"text": LATER, "rank": 2}, "bad": bad})
    built = tables.build(root)
    assert [[*each.refused] for each in built if each.refused] == [["bad"]]
    assert tables.read("rates", root=root)["source_id"].unique().tolist() == ["oil"]
    own = tables.read("rates", local=True, root=root, source=["oil", "mine"], start="2020-03")
    assert own["source_id"].tolist() == ["mine"]
    assert "bad is not here, since the last build refused it: " in own.attrs["caveats"][-1]


def test_a_bad_own_file_ends_the_verb_with_1(make_root, capsys):
    root = make_root({"oil": {}}, local={"bad": {"sha256": "0" * 64}})
    assert cli.main(["--root", str(root), "build"]) == 1
    out, err = capsys.readouterr()
    assert "rates             2 records in        2 rows out" in out
    assert "refused: bad: " in out
    assert err.startswith("tradeflows: 1 of your own files are in no table (bad); ")


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


def test_an_unreadable_own_catalogue(make_root):
    root = make_root({"oil": {}}, local={})
    (root / "data/raw/local").mkdir()
    (root / "data/raw/local/own.csv.toml").write_text("[source", encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"own.csv.toml"):
        tables.build(root)
    assert len(tables.read("rates", root=root)) == 2


def test_parquet_is_written_in_one_place():
    package = Path(tables.__file__).parents[1]
    writers = ("ParquetWriter(", ".write_table(", "to_parquet(")
    files = {
        path.name
        for path in package.rglob("*.py")
        if any(f"{writer}" in path.read_text(encoding="utf-8") for writer in writers)
    }
    assert files == {"write.py", "answer.py"}  # an answer hands a user's own file to pandas


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"sha256": "0" * 64}, SourceError, "changed: .*expected 50 bytes of sha256 000"),
        ({"path": "demo/no.csv"}, SourceError, r"missing: .*no.csv .*restore it with `git restore"),
        ({"text": "a,b\n1,2\n"}, LayoutError, r"expected the columns period,usd_per_barrel"),
        ({"text": BRENT.replace("63.65", "dear")}, LayoutError, "record 1: expected a number"),
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


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt, MemoryError, OSError])
@pytest.mark.parametrize("table", schema.TABLES)
def test_stopped_build_changes_nothing(make_root, monkeypatch, table, fault):
    root = make_root({"oil": {}})
    tables.build(root)
    before = held(root)
    make_root({"oil": {"text": LATER}})
    write = building._write_table

    def stop(root, sources, empty, path, progress):
        built = write(root, sources, empty, path, progress)
        if built.table == table:
            raise fault("stopped")
        return built

    monkeypatch.setattr(building, "_write_table", stop)
    with pytest.raises(BuildError if fault is OSError else fault, match="stopped"):
        tables.build(root)
    assert held(root) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from tradeflows import tables
moment, root = sys.argv[1], Path(sys.argv[2])
def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)
calls = []
def second(function):
    def call(*arguments):
        calls.append(0)
        return kill() if len(calls) == 2 else function(*arguments)
    return call
if moment == "second fsync":
    os.fsync = second(os.fsync)
elif moment == "second replace":
    Path.replace = second(Path.replace)
tables.build(root, kill if moment == "first source" else None)
"""


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["first source", "second fsync", "second replace"])
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
@pytest.mark.parametrize("room", [0, 5000])
def test_full_disk_loses_nothing(make_root, room):
    root = make_root({"oil": {}})
    tables.build(root)
    before = held(root)
    many = "\n".join(
        f"{year}-{month:02},{year / month}" for year in range(1500, 2500) for month in range(1, 13)
    )
    make_root({"oil": {"text": f"period,usd_per_barrel\n{many}\n"}})
    done = subprocess.run(
        [sys.executable, "-c", FULL, root, str(room)], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"tradeflows: {root / 'data' / 'processed'}: cannot be written (")
    assert "large" in line
    assert "make room" in line
    assert held(root) == before


def test_file_in_place_of_folder(make_root):
    root = make_root({"oil": {}})
    place = root / "data" / "processed"
    place.write_text("mine")
    message = refusal(tables.build, root, error=BuildError)
    assert message.startswith(f"{place}: cannot be written (")
    assert "move what is in the way" in message
    assert place.read_text() == "mine"
    assert "absent; run `tradeflows build`" in refusal(
        tables.read, "rates", root=root, error=BuildError
    )


def test_folder_in_place_of_table(make_root):
    root = make_root({"oil": {}})
    (root / "data" / "processed" / "rates.parquet").mkdir(parents=True)
    assert "cannot be written" in refusal(tables.build, root, error=BuildError)


def test_read_only_folder(make_root, monkeypatch):
    def refuse(path, *_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    root = make_root({"oil": {}})
    monkeypatch.setattr(write.parquet, "ParquetWriter", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    assert "processed: cannot be written (Read-only" in refusal(
        tables.build, root, error=BuildError
    )


def test_running_build_keeps_temporary(make_root):
    root = make_root({"oil": {}})
    running = root / "data" / "processed" / ".rates.1.tmp"
    running.parent.mkdir()
    running.write_text("half")
    tables.build(root)
    assert running.exists()


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


def test_control_totals_of_all_columns(make_root):
    root = make_root({"oil": {}})
    tables.build(root)
    sums = [row for row in tables.control_totals(root) if row["measure"] != "digest"]
    assert sums == [
        {
            "table": table,
            "source_id": "oil",
            "year": year,
            "measure": measure,
            "unit": unit,
            "count": "2",
            "total": total,
        }
        for table, year, measure, unit, total in [
            ("rates", "2020", "rate", "USD", repr(63.65 + 55.66)),
            ("raw", "", "usd_per_barrel", "", repr(63.65 + 55.66)),
        ]
    ]


def test_control_total_without_table(make_root):
    head = (
        "period,reporter,gas_2711_plus_271121_kg,lng_271111_kg,"
        "pipeline_271121_upper_bound_kg,comext_271121_kg"
    )
    totals = []
    for reference in ("2800", "3080"):
        record = f"2020-02,EU27,7000,1000,3000,{reference}"
        root = make_root({"gas": trade("eu_pipeline_gas_from_russia_bounds", head, record)})
        tables.build(root)
        totals.append(tables.control_totals(root))
    changed = [row["measure"] for row in totals[0] if row not in totals[1]]
    assert changed == ["comext_271121_kg"]


# --- read: the frame -----------------------------------------------------------------------------

CRUDE = comtrade(
    "2019-12,EU28,crude_oil,2709,900,450",
    "2020-01,EU27,crude_oil,2709,1000,500",
    "2020-02,EU27,crude_oil,2709,960,480",
    "2020-02,IND,crude_oil,2709,50,25",
    "2020-03,IND,crude_oil,2709,60,30",
    "2020-03,IND,oil_products,2710,6,3",
)


def test_frame_columns(ask):
    frame = ask({"a": CRUDE})(reporter="IND", product="crude")
    assert [*frame.columns] == [*schema.TRADE.names, "publisher"]
    assert frame["ref_period"].dtype.kind == "M"
    assert frame["publisher"].tolist() == ["demo", "demo"]
    assert frame.attrs == {"sources": ("a",), "caveats": ()}
    assert frame.index.tolist() == [0, 1]


def test_area_by_id_letters_or_name(ask):
    read = ask({"a": CRUDE})
    for word in ("IND", "IN", "India", "india"):
        assert len(read(reporter=word, product="crude")) == 2


@pytest.mark.parametrize(
    ("window", "months"),
    [
        ({}, [2, 3]),
        ({"start": "2020-03"}, [3]),
        ({"end": "2020-02"}, [2]),
        ({"start": "2020", "end": "2020"}, [2, 3]),
        ({"start": 2020}, [2, 3]),
        ({"start": "2020-02", "end": "2020-02"}, [2]),
    ],
)
def test_window_holds_both_ends(ask, window, months):
    frame = ask({"a": CRUDE})(reporter="IND", product="crude", **window)
    assert frame["ref_period"].dt.month.tolist() == months


def test_period_ending_after_window(ask):
    read = ask(
        {
            "a": press(
                "2020-01..2020-02,china_imports_from_russia,9,multi_month_block,2,,2020-03,",
                "2020-03,china_imports_from_russia,5,reported_single_month,1,,2020-04,",
            )
        }
    )
    assert len(read(end="2020-02")) == 1
    assert "another window: 2020-01 to 2020-03 is held" in refusal(read, end="2020-01")
    assert read(start="2020-02")["ref_period"].dt.month.tolist() == [3]


@pytest.mark.parametrize(
    "month",
    [
        "2023-13",
        "2023-00",
        "0000",
        "2023-1",
        "23-01",
        "2023/01",
        "",
        "２０２３",
        "2023-01-01",
        "last year",
    ],
)
@pytest.mark.parametrize("end", ["start", "end"])
def test_month_that_does_not_exist(ask, month, end):
    found = refusal(ask({"a": CRUDE}), **{end: month})
    assert found.startswith(f"{end}={month!r}: expected a month such as 2023-05, or a year")


def test_figure_within_window(ask):
    head = (
        "id,topic,exporter,importer,product,hs_codes,period_start,period_end,freq,value,unit,"
        "qualifier,underlying_statistic,publisher,publication_date,source_url,confidence,notes"
    )
    records = [
        f"{name},drones,CHN,RUS,drones,,{start},{end},,1,USD,=,Russian customs records,A,,,high,"
        for name, start, end in [("D1", "2022-02-24", "2023-03"), ("D2", "spring", "summer")]
    ]
    figures = maps.tidy("published_figures_dual_use", repeats=None)
    figures["text"] = "\n".join([head, *records]) + "\n"
    read = ask({"a": figures}, "figures")
    assert read()["id"].tolist() == ["D1", "D2"]
    frame = read(start="2022-02", end="2023-03")
    assert frame["id"].tolist() == ["D1"]
    assert frame.attrs["caveats"] == ("1 rows without exact dates are in no window, so not here",)
    for window in ({"start": "2022-03"}, {"end": "2023-02"}):
        assert "nothing in figures matches" in refusal(read, **window)


# --- read: what is asked wrongly -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"prodct": "crude"}, "no filter 'prodct' for trade; did you mean 'product'?"),
        ({"colour": "red"}, "no filter 'colour' for trade; .*[Tt]here are as_of, breakdown, class"),
        ({"strat": "2023"}, "no filter 'strat' for trade; did you mean 'start'?"),
        ({"start": "2023-13"}, "expected a month such as 2023-05, or a year$"),
        ({"as_of": "2024-02-31"}, "as_of='2024-02-31': expected a day such as 2024-06-01"),
        ({"reporter": "Indai"}, "no area 'Indai' in areas.csv; did you mean .*India"),
        ({"product": "crud"}, r"codes\); did you mean 'crude'"),
        ({"publisher": "dem"}, "no publisher 'dem' of trade; did you mean 'demo'"),
        ({"product": 2709}, "product=2709: expected a text such as '2709', or a list of them"),
        ({"reporter": []}, "reporter=.*: expected a text"),
        ({"reporter": ["IND", None]}, "reporter=.*: expected a text"),
        (
            {"flow": "X", "reporter": "IND"},
            "nothing in trade matches; held with .*flow other than X: M",
        ),
        ({"partner": "CHN", "reporter": "IND"}, "held with partner other than CHN: RUS"),
        ({"source": "b"}, "held with source other than b: a"),
        ({"freq": "W"}, "held with freq other than W: M"),
        ({"start": "2021", "reporter": "IND"}, "another window: 2020-02 to 2020-03 is held"),
        (
            {"partner": "CHN", "flow": "X", "freq": "A"},
            "matches these filters together; leave a filter out",
        ),
        ({"product": "TOTAL", "reporter": "IND"}, "held with .*product other than TOTAL: 2709"),
        ({"source": "a", "publisher": "other"}, "no publisher 'other' of trade"),
    ],
)
def test_nothing_held_says_what_is(ask, filters, message):
    with pytest.raises(QueryError, match=message):
        ask({"a": CRUDE})(**filters)


@pytest.mark.parametrize("name", ["demo", "Demo", "office of invention", "DEMO"])
def test_publisher_by_its_name(ask, name):
    read = ask({"a": CRUDE, "b": CRUDE | {"publisher": "other", "rank": 2}})
    assert {*read(publisher=name, reporter="IND")["source_id"]} == {"a"}
    both = read(publisher=[name, "other"], reporter="IND")
    assert {*both["publisher"]} == {"demo"}


def test_publisher_that_is_not_there_is_answered_with_names(ask):
    read = ask({"a": CRUDE, "b": CRUDE | {"publisher": "other", "rank": 2}})
    assert "did you mean 'Second'?" in refusal(read, publisher="Secund")
    message = refusal(read, publisher="USDA")
    assert message == "no publisher 'USDA' of trade; there are Second, demo, other"


@pytest.mark.parametrize("table", ["settlement", "rates", "figures"])
def test_a_table_without_rows_says_so(make_root, table):
    root = make_root({"a": CRUDE})
    tables.build(root)
    message = refusal(tables.read, table, root=root, start="2020")
    assert message == f"no row of {table} is held; `tradeflows add FILE` takes a file of yours"


def test_publisher_without_source(ask):
    read = ask({"a": CRUDE, "b": CRUDE | {"publisher": "other"}})
    message = refusal(read, publisher="other", source="a")
    assert "has no source_id in common with the other filters" in message


def test_an_unknown_table_is_refused():
    assert "no table 'trad'; did you mean 'trade'?" in refusal(tables.read, "trad")


# --- read: absent and stale ----------------------------------------------------------------------


def test_read_before_build(make_root):
    root = make_root({"oil": {}})
    message = refusal(tables.read, "rates", root=root, error=BuildError)
    assert message == f"{tables.processed(root, 'rates')}: absent; run `tradeflows build`"


@pytest.mark.parametrize("change", [{"rank": 3}, {"text": LATER}, {"vintage": "2024-06"}])
def test_stale_table_refused(make_root, change):
    root = make_root({"oil": {}, "crude": CRUDE})
    tables.build(root)
    make_root({"oil": change, "crude": CRUDE})
    message = refusal(tables.read, "rates", root=root, error=BuildError)
    assert message.endswith("older than its sources or its code; run `tradeflows build`")
    assert len(tables.read("trade", reporter="IND", product="crude", root=root)) == 2
    tables.build(root)
    assert len(tables.read("rates", root=root)) >= 2


@pytest.mark.parametrize("content", [b"", b"PAR1", b"period,rate\n"])
def test_no_parquet_file(make_root, content):
    root = make_root({"oil": {}})
    tables.build(root)
    tables.processed(root, "rates").write_bytes(content)
    message = refusal(tables.read, "rates", root=root, error=BuildError)
    assert message.endswith("rates.parquet: not a Parquet file; run `tradeflows build`")


def test_foreign_parquet_is_stale(make_root):
    root = make_root({"oil": {}})
    tables.build(root)
    pd.DataFrame({"rate": [1.0]}).to_parquet(tables.processed(root, "rates"))
    assert "run `tradeflows build`" in refusal(tables.read, "rates", root=root, error=BuildError)


# --- read: products ------------------------------------------------------------------------------


def test_national_code_under_heading(ask):
    frame = ask({"a": china("2020-01,crude_oil,27090000,10,5")})(product="2709")
    assert frame["cmd_code"].tolist() == ["27090000"]
    (caveat,) = frame.attrs["caveats"]
    assert caveat == "a: no row is of 2709 as a whole; 27090000 stands for it"


def test_product_or_what_lies_under(ask):
    gas = ["DE,RU,2711,1,202001,9,9", "DE,RU,271111,1,202001,4,4", "DE,RU,271121,1,202001,5,5"]
    assert ask({"a": comext(*gas)})(product="2711")["cmd_code"].tolist() == ["2711"]
    parts = ask({"a": comext(*gas[1:])})(product="2711")
    assert parts["cmd_code"].tolist() == ["271111", "271121"]
    assert "2711 as a whole; 271111, 271121 stands for it" in parts.attrs["caveats"][0]


def test_part_is_not_its_union(ask):
    read = ask(
        {
            "a": comtrade("2020-02,EU27_2020,lng,271111,5,5", "2020-02,IND,lng,271111,7,7"),
            "b": comext(
                "EU27_2020,RU,271111,1,202002,9,5", "EU27_2020,RU,271121,1,202002,9,6", rank=2
            ),
        }
    )
    gas = read(product="natural gas")
    assert gas["cmd_code"].tolist() == ["271111", "271121"]
    assert gas.attrs["sources"] == ("b",)
    told = "a: 271111 is not all of 271111+271121, so it does not stand for it"
    assert told in gas.attrs["caveats"]
    assert told in refusal(read, product="natural gas", reporter="IND")


def test_unstated_product_is_named(ask):
    read = ask({"a": china("2020-01,crude_oil,27090000,10,5")})
    assert "no row states 2701" in read(product=["crude", "coal"]).attrs["caveats"]
    assert not any("no row states" in each for each in read(product="crude").attrs["caveats"])


def test_level_by_source(ask):
    read = ask(
        {
            "a": china("2020-01,crude_oil,27090000,10,5"),
            "b": comtrade("2020-01,IND,crude_oil,2709,7,3"),
        }
    )
    frame = read(product="crude")
    assert frame.set_index("reporter_iso")["cmd_code"].to_dict() == {
        "CHN": "27090000",
        "IND": "2709",
    }


@pytest.mark.parametrize("products", [None, ["2701", "2701:coking"], ["coal", "coking coal"]])
def test_product_beside_its_part(ask, products):
    read = ask({"a": china("2020-01,coal,2701,9,9", "2020-01,coking_coal,270112 coking,3,3")})
    message = refusal(read, product=products)
    assert "product 2701 contains 2701:coking" in message
    assert "add product='2701' or product='2701:coking'" in message
    assert len(read(product="coal")) == 1


def test_products_sharing_a_code(ask):
    read = ask({"a": comext("DE,RU,271111,1,202001,4,4")})
    assert "'2711' and '271111' share 271111 in a" in refusal(read, product=["2711", "LNG"])


def test_all_goods_are_only_all_goods(ask):
    sources = {
        "a": CRUDE,
        "b": press("2020-02,china_imports_from_russia,5,reported_single_month,1,,2020-04,"),
    }
    read = ask(sources)
    assert read(product="TOTAL")["reporter_iso"].tolist() == ["CHN"]
    assert "nothing in trade matches" in refusal(read, product="TOTAL", reporter="IND")


def test_union_is_not_its_part(ask):
    read = ask({"a": comtrade("2020-01,JPN,coal,2701+2704+2706,10,5")})
    assert len(read(product="2701+2704+2706")) == 1
    assert len(read(product="coal")) == 1
    assert "product other than 2701: 2701+2704+2706" in refusal(read, product="2701")
    many = ["2701", *(f"88{i:02}" for i in range(tables.FEW))]
    assert "nothing in trade matches" in refusal(read, product=many)


def test_lng_by_word_within_gas(ask):
    gas = "2022-01,Belgium,Russia,gas_all,m3,9", "2022-01,Belgium,Russia,lng,m3,7"
    read = ask({"a": panel(*gas)})
    assert read(product="lng")["cmd_code"].tolist() == ["G3200"]
    assert "product G3000 contains G3200" in refusal(read)


# --- read: publishers, vintages, areas -----------------------------------------------------------

TWO = {
    "own": china("2020-01,crude_oil,27090000,10,5", "2020-02,crude_oil,27090000,11,6"),
    "un": comtrade(
        "2020-01,CHN,crude_oil,2709,12,5",
        "2020-01,IND,crude_oil,2709,7,3",
        publisher="other",
        rank=2,
    ),
}


def test_preferred_publisher_is_taken(ask):
    frame = ask(TWO)(product="crude")
    assert frame.groupby("reporter_iso")["source_id"].unique().str.join("+").to_dict() == {
        "CHN": "own",
        "IND": "un",
    }
    assert frame.attrs["sources"] == ("own", "un")
    assert frame.attrs["caveats"][0] == (
        "CHN: un (2020-01) states this too and was passed over; publisher= or source= chooses"
    )


@pytest.mark.parametrize("choice", [{"publisher": "other"}, {"source": "un"}])
def test_publisher_and_source_choose(ask, choice):
    frame = ask(TWO)(product="crude", reporter="CHN", **choice)
    assert frame["net_wgt_kg"].tolist() == [12]
    assert frame.attrs["caveats"] == ()


def test_publishers_of_one_rank(ask):
    read = ask(TWO | {"un": TWO["un"] | {"rank": 1}})
    message = refusal(read, product="crude", reporter="CHN")
    assert message.startswith("what CHN reports would come from several sources")
    assert "; add source='own' or source='un'; " in message  # and by how much the two differ


def test_partners_of_two_publishers(ask):
    read = ask(
        {
            "one": comext("DE,RU,2709,1,202001,4,4", "DE,KZ,2709,1,202001,5,5"),
            "two": panel(
                "2020-01,Germany,Russia,crude_oil,tonne,4",
                "2020-01,Germany,Kuwait,crude_oil,tonne,1",
                rank=2,
            ),
        }
    )
    message = refusal(read, product="crude", reporter="DEU")
    assert "partner by partner" in message
    assert len(read(product="crude", reporter="DEU", source="one")) == 2
    assert len(read(product="crude", reporter="DEU", partner="RUS")) == 1


def test_newest_release_is_taken(ask):
    read = ask(
        {
            "a": routes(
                "2022-Q4,Nord Stream,1,2024-01,False",
                "2022-Q4,Nord Stream,2,2025-10,False",
                "2023-Q1,Nord Stream,3,2024-01,False",
            )
        }
    )
    frame = read()
    assert frame["qty"].tolist() == [2e6, 3e6]
    assert frame.attrs["caveats"] == (
        "the newest release of each period: 1 rows of older ones passed over; vintage= chooses",
        "a: the periods are from 2 releases",
    )
    assert read(vintage="2024-01")["qty"].tolist() == [1e6, 3e6]


def test_aggregate_beside_members(ask):
    read = ask({"a": comext("EU27_2020,RU,2709,1,202001,9,9", "DE,RU,2709,1,202001,4,4")})
    message = refusal(read, product="crude")
    assert "reporter EU27_2020 contains DEU" in message
    assert "add reporter='EU27_2020', reporter='DEU' or reporter='countries'" in message
    assert read(product="crude", reporter="countries")["reporter_iso"].tolist() == ["DEU"]
    assert len(read(product="crude", reporter="EU27")) == 1


def test_changing_union_beside_the_27(ask):
    read = ask({"a": comext("EU27_2020,RU,2709,1,202001,9,9", "EU,RU,2709,1,202001,9,9")})
    assert "reporter EU contains EU27_2020" in refusal(read, product="crude")


def test_world_beside_a_partner(ask):
    read = ask({"a": drones("2025,0,880621,9", "2025,643,880621,4", "2025,344,880621,5")})
    message = refusal(read, product="8806")
    assert "partner W00 contains HKG" in message
    assert read(product="8806", partner="countries")["value_reported"].sum() == 9
    assert read(product="8806", partner="W00")["value_reported"].sum() == 9


def test_extra_eu_beside_a_partner(ask):
    read = ask({"a": comext("DE,EU27_2020_EXTRA,2709,1,202001,9,9", "DE,RU,2709,1,202001,4,4")})
    assert "partner EU27_2020_EXTRA contains RUS" in refusal(read, product="crude")


def test_groups_sharing_a_member():
    frame = pd.DataFrame(
        {
            "reporter_iso": "USA",
            "partner_iso": ["EU28", "EU27_2020_EXTRA"],
            "cmd_code": "2709",
            "flow_code": "M",
        }
    )
    message = refusal(tables.no_nesting, frame)
    assert "partner EU27_2020_EXTRA contains some of EU28" in message


def test_superseded_prices_passed_over(ask):
    read = ask({"old": {"text": BRENT}, "new": {"text": LATER, "supersedes": "old"}}, "rates")
    prices = read(base="BRENT")
    assert prices["ref_period"].is_unique
    assert prices.attrs["sources"] == ("new",)
    assert "2 rows of superseded ones passed over; source= chooses" in prices.attrs["caveats"][0]
    assert read(source="old").attrs["sources"] == ("old",)
    assert "it supersedes or withdrew: source='old'" in refusal(
        ask({"old": {"text": LATER}, "new": {"text": BRENT, "supersedes": "old"}}, "rates"),
        start="2020-03",
    )


def test_both_directions_beside_one(ask):
    read = ask(
        {
            "a": press(
                "2021-11..2021-12,total,31.287,multi_month_block,2,,2022-01,",
                "2021-10,china_imports_from_russia,8,reported_single_month,1,,2021-11,",
            )
        }
    )
    assert "MX is both directions in one figure" in refusal(read, product="TOTAL")
    assert read(product="TOTAL", flow="MX")["value_reported"].tolist() == [31_287_000_000]


# --- read: what an answer may hold one of --------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name", "choices"),
    [
        (world("2020-01,crude_oil,tonnes,40,40,1"), "cumulation", ["period", "ytd"]),
        (
            panel("2022-01,Belgium,Russia,gas_all,m3,9", "2022-01,Belgium,Russia,gas_all,TJ,7"),
            "qty_unit",
            ["TJ", "m3"],
        ),
        (
            comext("DE,RU,2709,1,202001,9,9", "DE,EU27_2020_INTRA,2709,1,202001,9,9"),
            "partner_role",
            ["consignment", "origin"],
        ),
    ],
)
def test_mixture_names_the_filter(ask, source, name, choices):
    read = ask({"a": source})
    expected = ", ".join(f"{name}={choice!r}" for choice in choices)
    said = f"the answer would mix values of {name}; add one of {expected}"
    clue = " (where goods were made, or the country that they were last sent from)"
    assert refusal(read) == said + clue * (name == "partner_role")
    for choice in choices:
        assert len(read(**{name: choice})) == 1


def test_months_and_years_are_not_mixed(ask):
    head = "fiscal_year,hs,partner,value_usd_million,partial"
    read = ask(
        {
            "a": CRUDE,
            "b": trade(
                "india_dgcis_imports_by_partner_fiscal_year", head, "2021-22,2709,RUSSIA,9,False"
            ),
        }
    )
    assert "add one of freq='A', freq='M'" in refusal(read, product="2709", reporter="IND")
    assert read(product="2709", reporter="IND", freq="A")["n_months"].tolist() == [12]


def test_parts_without_total():
    cells = [("CHN", "total"), ("CHN", "regime=10"), ("IND", "regime=10"), ("IND", "regime=33")]
    same = dict.fromkeys(schema.key(schema.TRADE), "")
    frame = pd.DataFrame([same | {"reporter_iso": who, "breakdown": part} for who, part in cells])
    source = SimpleNamespace(kind="transcribed", id="")
    kept, caveats = choose_level.total_or_parts(frame, {"": source})
    assert [*zip(kept["reporter_iso"], kept["breakdown"], strict=True)] == [cells[0], *cells[2:]]
    assert caveats == [
        "2 rows are parts of what they state (regime=10, regime=33); "
        "measures.sum_parts adds them up"
    ]


def test_euros_and_dollars_are_not_mixed(ask):
    read = ask({"a": comext("DE,RU,2709,1,202001,9,9"), "b": CRUDE})
    message = refusal(read, product="crude", reporter=["DEU", "IND"])
    assert "add one of currency='EUR', currency='USD'" in message
    assert len(read(product="crude", reporter=["DEU", "IND"], currency="USD")) == 2


SHARES = settlement(
    "2023-01,month,export,total,CNY,16,exact,risk_review: x,first_release,,,2023,One,CBR,",
    "2023-01,month,export,total,CNY,17,exact,risk_review: x,revised,,,2023,One,CBR,",
    "2023-02,month,export,total,CNY,18,exact,risk_review: x,first_release,,,2023,One,CBR,",
    "2023-01,month,export,total,RUB,40,exact,statistics_cur_str: x,first_release,,,2023,One,CBR,",
    "2023-01,month,import,total,CNY,30,exact,risk_review: x,first_release,,,2023,One,CBR,",
)


def test_settlement_families_apart(ask):
    read = ask({"a": SHARES}, "settlement")
    export = {"concept": "export settlement", "region": "total"}
    message = refusal(read, **export, currency_group=["CNY", "RUB"])
    assert (
        "mix values of measure; add one of measure='risk_review', measure='statistics_cur_str'"
        in message
    )
    frame = read(**export, currency_group="CNY")
    assert frame.attrs["caveats"] == (
        "1 of 2 periods are stated more than once, by several releases or outlets; "
        "vintage= and outlet= choose",
    )
    assert read(**export, currency_group="CNY", vintage="revised").attrs["caveats"] == ()


def test_share_known_when_published(ask):
    line = "2023-0{m},month,export,total,CNY,16,exact,risk_review: x,first_release,,,{d},One,CBR,"
    days = {1: "2023-02-10", 2: "2023-03-10", 3: "March"}  # the last only from the retrieval on
    read = ask({"a": settlement(*(line.format(m=m, d=d) for m, d in days.items()))}, "settlement")
    assert len(read(as_of="2023-02-28")) == 1
    assert len(read(as_of="2023-12-31")) == 2
    assert len(read(as_of="2099-12-31")) == 3
    assert "the first is of 2023-02-10" in refusal(read, as_of="2023-01-31")


@pytest.mark.parametrize("name", ["concept", "currency_group"])
def test_concept_and_currency_named(ask, name):
    filters = {"concept": "export settlement", "currency_group": "CNY", "region": "total"}
    del filters[name]
    assert f"mix values of {name};" in refusal(ask({"a": SHARES}, "settlement"), **filters)


def test_rates_of_two_publishers(make_root):
    ecb = "ECB euro reference rates, eurofxref-hist.csv (cross rate via EUR where not EUR-based)"
    lines = [
        "month,series,value,n_days,statistic,source,flag",
        f'2022-02,usd_per_eur,1.13,20,mean,"{ecb}",',
        f'2022-02,rub_per_usd,76,20,mean,"{ecb}",',
        "2022-02,eur_per_usd,0.88,,mean,US Federal Reserve H.10 via FRED,",
        '2022-02,rub_per_usd,77,20,mean,"Bank of Russia official rate, R01235",',
    ]
    root = make_root({"fx": maps.tidy("fx_monthly") | {"text": "\n".join(lines)}})
    tables.build(root)
    assert "mix values of base" in refusal(tables.read, "rates", root=root)
    assert "mix values of quote" in refusal(tables.read, "rates", root=root, base="USD")
    question = {"root": root, "base": "USD", "quote": "RUB"}
    assert "mix values of stated_by" in refusal(tables.read, "rates", **question)
    assert len(tables.read("rates", **question, publisher="demo", stated_by="Bank of Russia")) == 1
    no_id = refusal(tables.read, "rates", **question, publisher="Bank of Russia")
    assert "no publisher 'Bank of Russia' of rates" in no_id
    assert "stated_by= takes a name" in no_id
    assert tables.read("rates", **question, stated_by="Bank of Russia")["rate"].tolist() == [77]


# --- read: caveats and order ---------------------------------------------------------------------


def test_flags_are_caveats(ask):
    frame = ask(
        {
            "a": press(
                "2020-01..2020-02,china_imports_from_russia,9,multi_month_block,2,,2020,",
                "2020-03,china_imports_from_russia,5,difference_of_YTD,1,,2020,rounded",
            )
        }
    )()
    assert frame.attrs["caveats"] == tuple(
        f"{count} of 2 rows {flag}: {contracts.FLAGS[flag]}"
        for flag, count in [("block", 1), ("derived", 1), ("rounded", 1), ("second-hand", 2)]
    )


LINES = (
    "2020-01,IND,crude_oil,2709,1,2",
    "2020-02,IND,crude_oil,2709,,4",
    "2020-02,JPN,lng,271111,5,6",
    "2020-03,JPN,lng,271111,7,8",
)


@given(lines=st.permutations(LINES))
@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_order_of_records_is_nothing(make_root, lines):
    def frame(records):
        root = make_root({"a": comtrade(*records)})
        tables.build(root)
        return tables.read(product=["crude", "lng"], root=root)

    found, expected = frame(lines), frame(LINES)
    pd.testing.assert_frame_equal(
        found.drop(columns="source_row"), expected.drop(columns="source_row")
    )
    assert found.attrs == expected.attrs


def test_filter_as_the_code_list(ask):
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
    read = ask({"a": china(*(f"2020-01,{each},1,1" for each in scope))})
    for product in ("2701", "2709", "2711", "271111", "27", "2701:coking", "27090000"):
        expected = [code for code in held if code == product] or [
            code
            for code in held
            if codes.is_under(code, product) and not codes.wholes(code, {*held} - {code})
        ]
        assert sorted(read(product=product)["cmd_code"]) == sorted(expected)
        among = [product, *(f"88{i:02}" for i in range(tables.FEW))]
        assert sorted(read(product=among)["cmd_code"]) == sorted(expected)


def test_united_kingdom_is_a_country(ask):
    read = ask({"a": drones("2025,0,880621,9", "2025,826,880621,4", "2025,344,880621,5")})
    found = read(product="8806", partner="countries")
    assert sorted(found["partner_iso"]) == ["GBR", "HKG"]
