import csv
import io
import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import py7zr
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tradeflows import cli, measures, tables
from tradeflows.model import schema
from tradeflows.model.errors import CodeError, LayoutError, QueryError, SchemaError, SourceError
from tradeflows.model.keys import Keys
from tradeflows.publishers import archives, bytewise, comext, reading
from tradeflows.publishers.comext import numbers
from tradeflows.retrieval import adding
from tradeflows.tables import clean

NEW, OLD = comext.SINCE_2002.split(","), comext.UNTIL_2001.split(",")
COMMAND = [sys.executable, "-m", "tradeflows.cli", "clean", "comext"]
LINE = "AT,RU,E,27090090,33300,0610,0610,321,110000,05,1,1,NO_SU,202402,1000,1000,5,0"
OLD_LINE = "001,FR,0003,NL,I,01012100,00150,0122,0143,.....,111,01,1,1,A,200101,2580,600,1"
ROW = dict(zip(NEW, LINE.split(","), strict=True))
OLD_ROW = dict(zip(OLD, OLD_LINE.split(","), strict=True))


def twin(*changes, base=ROW, columns=NEW):
    """Make the text of a file; each argument overrides fields of one row."""
    lines = [",".join(columns)]
    for change in changes:
        row = base | change
        if "VALUE_NAC" in row and "VALUE_NAC" not in change:  # the euro is Austria's currency
            row["VALUE_NAC"] = row["VALUE_EUR"]
        lines.append(",".join(str(row[name]) for name in columns))
    return ("\n".join(lines) + "\n").encode(errors="surrogateescape")


@cache
def packed(raw):
    """An archive whose one member is `raw`."""
    to = io.BytesIO()
    with py7zr.SevenZipFile(to, "w", filters=[{"id": py7zr.FILTER_LZMA2, "preset": 1}]) as archive:
        archive.writestr(raw, "full_202402.dat")
    return to.getvalue()


@pytest.fixture
def saved(tmp_path):
    """Save bytes as they are, or as the one member of an archive where the name ends in .7z."""

    def save(raw, name="full_202402.dat"):
        path = tmp_path / name
        path.write_bytes(packed(raw) if name.endswith(".7z") else raw)
        return path

    return save


def table(path):
    parts = list(comext.clean(path, reading.uncatalogued(path, "comext", "trade")))
    assert sum(part.records for part in parts) == sum(len(part.rows) for part in parts)
    return pa.concat_tables(
        [pa.Table.from_batches([part.rows]).cast(schema.TRADE) for part in parts]
    )


def rows(path):
    return table(path).to_pylist()


def run(*arguments, **more):
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


DECODERS = [
    pytest.param(False, id="py7zr"),
    pytest.param(
        True,
        id="7z",
        marks=pytest.mark.skipif(
            not (shutil.which("7z") or shutil.which("7zz")), reason="no 7z here"
        ),
    ),
]


@pytest.fixture(params=DECODERS)
def decoder(request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(archives.shutil, "which", lambda _: None)


# --- what a row becomes --------------------------------------------------------------------------


def test_import_is_cif_export_fob(saved):
    bought, sold = rows(saved(twin({}, {"FLOW": 2})))
    assert bought | {"source_id": ""} == {
        "source_id": "",
        "source_row": 1,
        "source_field": "",
        "reporter_iso": "AUT",
        "reporter_code": "AT",
        "partner_iso": "RUS",
        "partner_code": "RU",
        "area_system": "eurostat",
        "partner_role": "origin",
        "flow_code": "M",
        "classification_code": "CN2024",
        "cmd_code": "27090090",
        "freq_code": "M",
        "ref_period": date(2024, 2, 1),
        "n_months": 1,
        "cumulation": "period",
        "breakdown": "procedure=1,type=E",
        "qty_unit": "none",
        "vintage": "not stated",
        "value_reported": 1000.0,
        "currency": "EUR",
        "valuation": "CIF",
        "primary_value_usd": None,
        "net_wgt_kg": 5.0,
        "qty": None,
        "qualifier": "=",
        "flags": "",
        "note": None,
    }
    assert (sold["flow_code"], sold["valuation"], sold["partner_role"]) == (
        "X",
        "FOB",
        "destination",
    )


def test_goods_within_are_consigned(saved):
    [row] = rows(saved(twin({"PARTNER": "DE", "TRADE_TYPE": "I"})))
    assert row["partner_role"] == "consignment"


@pytest.mark.parametrize(
    ("kind", "partner", "period"),
    [("I", "RU", "202402"), ("E", "DE", "202402"), ("E", "PL", "200502"), ("I", "US", "200202")],
)
def test_kind_of_trade_against_partner(saved, kind, partner, period):
    raw = twin({}, {"TRADE_TYPE": kind, "PARTNER": partner}).replace(b"202402", period.encode())
    with pytest.raises(LayoutError, match=rf"record 2: .* TRADE_TYPE .* {kind} beside {partner}"):
        rows(saved(raw, f"full_{period}.dat"))


@pytest.mark.parametrize(
    ("kind", "partner", "period"),
    [("I", "GB", "201902"), ("E", "GB", "202102"), ("E", "PL", "200302"), ("I", "QV", "202402")],
)
def test_kinds_of_trade_that_may_be(saved, kind, partner, period):
    raw = twin({"TRADE_TYPE": kind, "PARTNER": partner}).replace(b"202402", period.encode())
    assert len(rows(saved(raw, f"full_{period}.dat"))) == 1


@pytest.mark.parametrize(
    ("change", "flags"),
    [
        ({"VALUE_NAC": 999}, ""),  # a rounding
        ({"VALUE_NAC": 1002}, "contradictory"),
        ({"VALUE_NAC": 10000}, "contradictory"),
        ({"VALUE_EUR": 10**12 + 5, "VALUE_NAC": 2 * 10**12 + 5}, "contradictory"),
        ({"REPORTER": "PL", "VALUE_NAC": 4300}, ""),
        ({"REPORTER": "HR", "VALUE_NAC": 7500}, "contradictory"),
    ],
)
def test_value_in_national_currency(saved, change, flags):
    kept = rows(saved(twin({"PRODUCT_NC": "01012100"}, change)))
    assert {row["source_row"]: row["flags"] for row in kept} == {1: "", 2: flags}


def test_currency_before_the_euro(saved):
    raw = twin({"REPORTER": "HR", "VALUE_NAC": 7500}).replace(b"202402", b"202202")
    assert [row["flags"] for row in rows(saved(raw, "full_202202.dat"))] == [""]


def test_layout_until_2001(saved):
    [row] = rows(saved(twin({}, base=OLD_ROW, columns=OLD), "full_200101.dat"))
    assert (row["reporter_iso"], row["partner_iso"], row["cmd_code"]) == ("FRA", "NLD", "01012100")
    assert (row["value_reported"], row["net_wgt_kg"]) == (2580.0, 600.0)
    assert (row["qty"], row["note"]) == (None, "qty 1 in unit A")
    assert row["classification_code"] == "CN2001"


@pytest.mark.parametrize("product", ["39XXXXXX", "99RRR100"])
def test_confidential_goods(saved, product):
    confidential = {"PRODUCT_NC": product, "VALUE_EUR": 89}
    found = rows(saved(twin(confidential, confidential | {"PRODUCT_SITC": "583XX"}, {})))
    secret = [row for row in found if row["cmd_code"] == product]
    assert [row["flags"] for row in found].count("confidential") == 2
    assert [row["breakdown"] for row in secret] == [
        "procedure=1,type=E",
        "procedure=1,type=E,residual=2",
    ]


def test_split_residual(make_root):
    secret = {"PRODUCT_NC": "39XXXXXX", "VALUE_EUR": 89}
    text = twin(secret, secret | {"PRODUCT_SITC": "583XX", "VALUE_EUR": 11}, {}).decode()
    entry = {"table": "trade", "cleaner": "comext.clean", "text": text}
    root = make_root({"full_202402": entry})
    tables.build(root)
    found = tables.read(product="39XXXXXX", breakdown="parts", root=root)
    assert measures.sum_parts(found, "value_reported")["value_reported"].tolist() == [100]


def test_no_dictionary_says_a_word_twice_since_pyarrow_would_write_stray_memory(saved):
    path = saved(twin({"PARTNER": "QU"}, {"PARTNER": "QX"}, {"REPORTER": "DE"}))
    [part] = comext.clean(path, reading.uncatalogued(path, "comext", "trade"))
    coded = [
        each.dictionary.to_pylist()
        for each in part.rows.columns
        if pa.types.is_dictionary(each.type)
    ]
    assert coded
    assert [words for words in coded if len(words) != len(set(words))] == []


def test_residuals_are_numbered(saved, monkeypatch):
    monkeypatch.setattr(comext, "ROWS", 2)
    found = rows(saved(twin(*({"PRODUCT_NC": "39XXXXXX", "VALUE_EUR": i} for i in range(7)))))
    assert [row["value_reported"] for row in found] == [*range(7)]
    kind = "procedure=1,type=E"
    assert [row["breakdown"] for row in found] == [
        kind,
        *(f"{kind},residual={k}" for k in range(2, 8)),
    ]


def test_same_cell_twice_is_refused(saved, monkeypatch):
    monkeypatch.setattr(comext, "ROWS", 1)
    with pytest.raises(
        SchemaError, match=r"records 1 and 3 state the same cell \(27090090 1 AT RU"
    ):
        rows(saved(twin({}, {"PARTNER": "CN"}, {})))


def test_withheld_partners(saved):
    codes = ["QP", "QQ", "QR", "QS", "QU", "QV", "QW", "QX", "QY", "QZ"]
    found = rows(saved(twin(*({"PARTNER": code} for code in codes))))
    assert [row["partner_code"] for row in found] == codes
    assert [row["partner_iso"] for row in found] == [
        "XZ",
        "X1",
        "_X_INTRA",
        "_X_EXTRA",
        "_X",
        "_X_INTRA",
        "_X_EXTRA",
        "_X",
        "_X_INTRA",
        "_X_EXTRA",
    ]
    assert [row["partner_code"] for row in found if row["note"]] == ["QX", "QY", "QZ"]


def test_the_two_parts_of_the_united_kingdom_and_the_whole_are_three_areas(saved):
    found = rows(saved(twin(*({"PARTNER": code} for code in ("GB", "XI", "XU")))))
    assert [row["partner_iso"] for row in found] == ["GBR", "XI", "XU"]


def test_totals_are_kept(saved):
    found = rows(
        saved(
            twin(
                {"PRODUCT_NC": "TOTAL", "REPORTER": "EU27_2020"},
                {"PARTNER": "EU27_2020_EXTRA"},
                {"PARTNER": "WORLD"},
            )
        )
    )
    assert {row["cmd_code"] for row in found} == {"TOTAL", "27090090"}
    assert {row["reporter_iso"] for row in found} == {"EU27_2020", "AUT"}
    assert {row["partner_iso"] for row in found} == {"RUS", "EU27_2020_EXTRA", "W00"}


@pytest.mark.parametrize(
    ("value", "kilograms", "weight"), [(9, 0, None), (0, 0, 0.0), (0, 3, 3.0), (9, 3, 3.0)]
)
def test_zero_weight_beside_a_value(saved, value, kilograms, weight):
    [row] = rows(saved(twin({"VALUE_EUR": value, "QUANTITY_KG": kilograms})))
    assert (row["value_reported"], row["net_wgt_kg"]) == (value, weight)


@pytest.mark.parametrize(
    ("unit", "amount", "qty", "ours"),
    [
        ("PST", 7, 7, "items"),
        ("1000_M3", 7, 7000, "m3"),
        ("KG_N", 7, 7, "KG_N"),
        ("NO_SU", 0, None, "none"),
        ("NO_SU", 7, None, "none"),
        ("PST", 0, None, "none"),
    ],
)
def test_supplementary_units_are_kept(saved, unit, amount, qty, ours):
    [row] = rows(saved(twin({"SUPPL_UNIT": unit, "QUANTITY_SUPPL_UNIT": amount})))
    assert (row["qty"], row["qty_unit"]) == (qty, ours)


def test_a_year_is_twelve_months(saved):
    [row] = rows(saved(twin({"PERIOD": "202352"}), "full_v2_202352.dat"))
    assert (row["freq_code"], row["n_months"]) == ("A", 12)
    assert row["ref_period"] == date(2023, 1, 1)


@pytest.mark.parametrize("name", ["sample_eb248852.dat", "sample_12248852.dat", "sample.dat"])
def test_hash_is_no_month(saved, name):
    [row] = rows(saved(twin({"PERIOD": "202402"}), name))
    assert row["ref_period"] == date(2024, 2, 1)


def test_the_month_of_a_file_added_by_hand_stands_before_its_hash(saved):
    path = saved(twin({"PERIOD": "202403"}), "full_v2_202402_eb248852.dat")
    with pytest.raises(LayoutError, match="expected PERIOD 202402, the file's, found 202403"):
        rows(path)


SORTED = ("cmd_code", "flow_code", "reporter_code", "partner_code")


def test_rows_come_sorted(saved):
    found = rows(saved(twin({"PRODUCT_NC": "27112100"}, {"PARTNER": "US"}, {})))
    assert [(row["cmd_code"], row["partner_code"]) for row in found] == [
        ("27090090", "RU"),
        ("27090090", "US"),
        ("27112100", "RU"),
    ]
    assert [row["source_row"] for row in found] == [3, 2, 1]


@pytest.mark.parametrize("most", [numbers.NOWHERE, 3], ids=["few products", "too many"])
def test_rows_out_of_the_publishers_order_come_as_those_in_it(saved, monkeypatch, most):
    monkeypatch.setattr(comext, "NOWHERE", most)
    names = ("REPORTER", "PARTNER", "PRODUCT_NC", "FLOW")
    goods = ["01012100", "27090090", "27112100"]
    places = itertools.product(["AT", "DE"], ["CN", "RU"], goods, "12")
    listed = [dict(zip(names, place, strict=True)) for place in places]
    found = []
    for some in (listed, listed[::-1], listed[1::2] + listed[::2]):
        cells = [{name: row[name] for name in SORTED} for row in rows(saved(twin(*some)))]
        found.append(cells)
    expected = sorted(found[0], key=lambda cell: list(cell.values()))
    assert found == [expected] * 3


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw,
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw[:-1],
        lambda raw: raw.replace(b"RU", b'"RU"'),
    ],
)
def test_line_ends_do_not_matter(saved, change):
    assert len(rows(saved(change(twin({}, {"FLOW": 2}))))) == 2


def test_fractions_are_numbers(saved):
    [row] = rows(saved(twin({"QUANTITY_KG": "0.5"})))
    assert row["net_wgt_kg"] == 0.5


def test_control_totals_travel(saved):
    path = saved(twin({}, {"FLOW": 2, "VALUE_EUR": 7}, {"PARTNER": "CN", "VALUE_EUR": 2}))
    [part] = comext.clean(path, reading.uncatalogued(path, "comext", "trade"))
    assert json.loads(part.rows.schema.metadata[b"control"]) == {
        "M": {"rows": 2, "EUR": 1002, "kg": 10},
        "X": {"rows": 1, "EUR": 7, "kg": 5},
    }


cells = st.fixed_dictionaries(
    {
        "REPORTER": st.sampled_from(["AT", "DE", "XI", "EU27_2020"]),
        "PARTNER": st.sampled_from(["RU", "CN", "QZ", "WORLD", "EU27_2020_EXTRA"]),
        "TRADE_TYPE": st.sampled_from("IE"),
        "PRODUCT_NC": st.sampled_from(["27090090", "39XXXXXX", "TOTAL", "01012100"]),
        "FLOW": st.sampled_from("12"),
        "STAT_PROCEDURE": st.sampled_from("1239"),
        "SUPPL_UNIT": st.sampled_from(["NO_SU", "PST", "1000_M3", "KG_90PCT_SDT"]),
        "VALUE_EUR": st.integers(0, 2**53 - 1),
        "QUANTITY_KG": st.integers(0, 2**53 - 1),
        "QUANTITY_SUPPL_UNIT": st.integers(0, 10**9),
    }
).filter(lambda cell: cell["PARTNER"] not in ("RU", "CN") or cell["TRADE_TYPE"] == "E")
KEY = ["REPORTER", "PARTNER", "TRADE_TYPE", "PRODUCT_NC", "FLOW", "STAT_PROCEDURE", "SUPPL_UNIT"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        cells, min_size=1, max_size=40, unique_by=lambda cell: tuple(cell[name] for name in KEY)
    ),
    st.integers(300, 5000),
)
def test_nothing_is_lost_or_changed_wherever_the_blocks_end(tmp_path_factory, drawn, block):
    path = tmp_path_factory.mktemp("drawn") / "full_202402.dat"
    path.write_bytes(twin(*drawn))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bytewise, "BLOCK", block)
        patch.setattr(bytewise, "LONGEST", 250)
        patch.setattr(numbers, "PIECE", 5)
        patch.setattr(comext, "ROWS", 7)
        found = sorted(rows(path), key=lambda row: row["source_row"])
    for ordinal, (row, naive) in enumerate(
        zip(found, csv.DictReader(io.StringIO(twin(*drawn).decode())), strict=True), start=1
    ):
        assert row["source_row"] == ordinal
        assert row["reporter_code"] == naive["REPORTER"]
        assert row["partner_code"] == naive["PARTNER"]
        assert row["cmd_code"] == naive["PRODUCT_NC"]
        assert row["flow_code"] == {"1": "M", "2": "X"}[naive["FLOW"]]
        assert row["breakdown"] == f"procedure={naive['STAT_PROCEDURE']},type={naive['TRADE_TYPE']}"
        value, weight = int(naive["VALUE_EUR"]), int(naive["QUANTITY_KG"])
        assert row["value_reported"] == value
        assert row["net_wgt_kg"] == (None if value and not weight else weight)
        amount = int(naive["QUANTITY_SUPPL_UNIT"])
        stated = naive["SUPPL_UNIT"] != "NO_SU" and not (value and not amount)
        factor = 1000 if naive["SUPPL_UNIT"] == "1000_M3" else 1
        assert row["qty"] == (amount * factor if stated else None)


# --- archives, and the dataset -------------------------------------------------------------------


@pytest.mark.usefixtures("decoder")
def test_an_archive_is_read_as_its_text(saved):
    raw = twin(*({"VALUE_EUR": i, "PARTNER": p} for i, p in enumerate(["RU", "CN", "US"])))
    packed, plain = rows(saved(raw, "full_v2_202402.7z")), rows(saved(raw))
    assert [row | {"source_id": ""} for row in packed] == [row | {"source_id": ""} for row in plain]


def many(n=40_000):
    draw = np.random.default_rng(1)
    return twin(
        *(
            {"PRODUCT_NC": f"27{i:06}", "VALUE_EUR": v, "QUANTITY_KG": v // 3}
            for i, v in enumerate(draw.integers(1, 10**9, n))
        )
    )


MANY = many()


@pytest.mark.usefixtures("decoder")
@pytest.mark.parametrize("harm", ["cut", "flip in the middle", "flip near the start", "cut early"])
def test_damaged_archive(saved, harm):
    path = saved(MANY, "full_v2_202402.7z")
    raw = bytearray(path.read_bytes())
    if harm.startswith("cut"):
        del raw[len(raw) // (2 if harm == "cut" else 20) :]
    else:
        raw[len(raw) // 2 if harm == "flip in the middle" else 200] ^= 4
    path.write_bytes(raw)
    with pytest.raises(LayoutError, match=r"full_v2_202402.7z: expected a whole .7z archive"):
        next(comext.clean(path, reading.uncatalogued(path, "comext", "trade")))


@pytest.mark.usefixtures("decoder")
def test_an_archive_of_two_members(saved):
    path = saved(MANY, "full_v2_202402.7z")
    with py7zr.SevenZipFile(path, "a") as archive:
        archive.writestr(b"REPORTER\n", "more.dat")
    with pytest.raises(LayoutError, match="found one of 2 members"):
        list(comext.clean(path, reading.uncatalogued(path, "comext", "trade")))


@pytest.mark.usefixtures("decoder")
def test_a_decoder_that_was_begun_before_is_taken_up_and_its_fault_found(saved):
    path = saved(MANY, "full_v2_202402.7z")
    archives.begin(path)
    assert len(rows(path)) == 40_000
    path.write_bytes(path.read_bytes()[:-9_000])
    archives.begin(path)
    with pytest.raises(LayoutError, match=r"expected a whole \.7z archive"):
        rows(path)
    assert not archives._begun


@pytest.mark.usefixtures("decoder")
def test_interrupt_of_an_archive(saved):
    path = saved(MANY, "full_v2_202402.7z")
    path.write_bytes(path.read_bytes()[:-9_000])  # since Ctrl-C ends the decoder, too

    def interrupted():
        with archives.opened(path):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()


@pytest.mark.usefixtures("decoder")
@pytest.mark.parametrize("threads", ["1", "4,2", ""])
def test_a_decoder_is_begun_whatever_the_threads(saved, monkeypatch, threads):
    path = saved(twin({}), "full_v2_202402.7z")
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    archives.begin(path)
    assert len(rows(path)) == 1


def test_what_is_no_archive_or_not_there_begins_nothing(saved, tmp_path):
    archives.begin(saved(MANY))
    archives.begin(tmp_path / "full_v2_202402.7z")
    assert not archives._begun


@pytest.mark.usefixtures("decoder")
def test_a_bad_row_of_a_whole_archive_is_blamed_on_the_row(saved):
    path = saved(MANY.replace(b",27012345,", b",2701234?,"), "full_v2_202402.7z")
    with pytest.raises(CodeError, match="record 12346: PRODUCT_NC '2701234\\?' is no code"):
        rows(path)


def test_the_dataset_opens_everywhere_as_it_is(saved, tmp_path):
    paths = [
        saved(twin({"PERIOD": p}, {"PERIOD": p, "PARTNER": "CN"}), f"full_v2_{p}.7z")
        for p in ("202401", "202402")
    ]
    to = tmp_path / "out"
    assert cli.main(["clean", "comext", *map(str, paths), "--to", str(to)]) == 0
    frame = pd.read_parquet(to)
    assert list(frame.columns) == schema.TRADE.names
    assert frame.groupby("ref_period").size().tolist() == [2, 2]
    pl, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    chinese = pl.scan_parquet(to / "*.parquet").filter(pl.col("partner_code") == "CN")
    assert chinese.collect().height == 2
    query = f"select count(*) from '{to}/*.parquet' where partner_iso = 'RUS'"
    assert duckdb.sql(query).fetchall() == [(2,)]


def test_two_releases_of_a_month_do_not_go_into_one_file(saved, tmp_path):
    old, new = saved(twin({})), saved(twin({"VALUE_EUR": 2}), "full_v2_202402.dat")
    to = tmp_path / "out.parquet"
    with pytest.raises(
        SchemaError, match=r"full_202402_\w+ and full_v2_202402_\w+ both state 2024"
    ):
        clean.clean("comext", [old, new], to)
    assert not to.exists()
    month = saved(twin({"PERIOD": "202403"}), "full_202403.dat")
    year = saved(twin({"PERIOD": "202452"}), "full_202452.dat")
    assert len(clean.clean("comext", [old, month, year], to)) == 3


def test_a_release_lies_beside_the_one_before_and_the_same_bytes_come_again(
    saved, tmp_path, capsys
):
    to = tmp_path / "out"
    for value in (1, 2, 1):
        path = saved(twin({"VALUE_EUR": value}))
        clean.clean("comext", [path], to)
    files = sorted(to.iterdir())
    assert len(files) == 2
    before = [file.read_bytes() for file in files]
    clean.clean("comext", [path], to)
    assert [file.read_bytes() for file in files] == before
    for name, said in (("full_v2_202403.dat", 2), ("20240515T110000_full_v2_202402.dat", 3)):
        again = saved(twin({"PERIOD": name[-10:-4], "VALUE_EUR": said}), name)
        assert cli.main(["clean", "comext", str(again), "--to", str(to)]) == 0
        assert capsys.readouterr().out.count("are releases of one month") == 1
        assert clean.restated(to)[0].count(".parquet") == said


def test_contract_in_parquet(saved, tmp_path):
    clean.clean("comext", [saved(MANY)], tmp_path / "out")
    [file] = (tmp_path / "out").iterdir()
    stored = parquet.read_table(file).cast(schema.TRADE)
    keys = Keys(schema.TRADE)
    for batch in stored.to_batches():
        keys.add(batch)
    keys.check({stored["source_id"][0].as_py(): file})
    told = json.loads(parquet.read_metadata(file).metadata[b"control"])
    assert told["M"]["rows"] == len(stored) == 40_000


def test_what_is_added_and_built_answers_questions_and_refuses_a_double_count(saved, tmp_path):
    root = tmp_path / "project"
    (root / "data" / "raw").mkdir(parents=True)
    (root / "data" / "raw" / "sources.toml").write_text(
        '[publisher.eurostat]\nname = "Eurostat"\nshort = "Eurostat"\nhome = ""\n'
    )
    others = (
        {"PRODUCT_NC": "27090010"},
        {"PRODUCT_NC": "TOTAL"},
        {"PARTNER": "WORLD"},
        {"REPORTER": "EU27_2020"},
    )
    path = saved(twin({}, *others), "full_v2_202402.7z")
    [added] = adding.add([path], root, vintage="2024-04-15")
    tables.build(root)
    ask = {"local": True, "root": root, "flow": "M"}
    crude = tables.read(product="2709", reporter="AUT", partner="RUS", **ask)
    assert crude["cmd_code"].tolist() == ["27090010", "27090090"]
    assert crude["source_id"].unique().tolist() == [added.source.id]
    for more, message in (
        ({"product": "2709", "reporter": "AUT"}, "partner W00 contains RUS"),
        ({"product": "2709", "partner": "RUS"}, "EU27_2020 contains AUT"),
        ({"reporter": "AUT", "partner": "RUS"}, "TOTAL contains 2709"),
    ):
        with pytest.raises(QueryError, match=message):
            tables.read(**ask, **more)


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"VALUE_EUR": "1O5"}, LayoutError, "record 2: expected a number in VALUE_EUR.*'1O5'"),
        ({"QUANTITY_KG": ""}, LayoutError, "record 2: expected a number in QUANTITY_KG, found ''"),
        ({"QUANTITY_KG": "nan"}, LayoutError, "record 2: expected a number in QUANTITY_KG"),
        ({"VALUE_EUR": 2**53}, LayoutError, r"record 2: expected at most 2\^53 in VALUE_EUR"),
        ({"VALUE_EUR": 10**30}, LayoutError, r"record 2: expected at most 2\^53 in VALUE_EUR"),
        ({"QUANTITY_KG": -1}, SchemaError, r"net_wgt_kg: below 0 .*record 2"),
        ({"PERIOD": "202403"}, LayoutError, "record 2: expected PERIOD 202402.*found 202403"),
        ({"PERIOD": "202413"}, LayoutError, "record 2: expected PERIOD like"),
        ({"REPORTER": "ZZ"}, CodeError, "record 2, REPORTER: .*'ZZ'"),
        ({"REPORTER": "RU"}, CodeError, "record 2: REPORTER RU is neither a member"),
        ({"PARTNER": "??"}, CodeError, "record 2, PARTNER: .*area_codes.csv"),
        ({"FLOW": 3}, LayoutError, "record 2: expected FLOW like .* found '3'"),
        ({"STAT_PROCEDURE": 4}, LayoutError, "record 2: expected STAT_PROCEDURE"),
        ({"TRADE_TYPE": "Z"}, LayoutError, "record 2: expected TRADE_TYPE"),
        ({"SUPPL_UNIT": "FURLONG"}, CodeError, "record 2: SUPPL_UNIT 'FURLONG' is not in units"),
        ({"PRODUCT_NC": "2709009"}, CodeError, "record 2: PRODUCT_NC '2709009' is no code"),
        ({"PRODUCT_NC": "\udcff"}, LayoutError, "record 2"),
        ({"REPORTER": "AT "}, LayoutError, "record 2: expected plain letters in REPORTER.*'AT '"),
        ({"VALUE_EUR": "+5"}, LayoutError, r"record 2: expected plain letters in VALUE_EUR.*'\+5'"),
        ({}, SchemaError, "records 1 and 2 state the same cell"),
    ],
)
def test_wrong_row_is_named(saved, change, error, message):
    path = saved(twin({}, {"PARTNER": "CN"} | change if change else {}))
    with pytest.raises(error, match=message) as raised:
        rows(path)
    assert "full_202402.dat" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_first_of_two_strange_words(saved):
    path = saved(twin({}, {"STAT_PROCEDURE": 8}, {"STAT_PROCEDURE": 4}))
    with pytest.raises(LayoutError, match=r"record 2: expected STAT_PROCEDURE.*found '8'"):
        rows(path)


def test_a_word_of_two_letters_after_many_of_one(saved):
    change = {"PARTNER": "CN", "STAT_PROCEDURE": 12}
    with pytest.raises(LayoutError, match=r"record 2: expected STAT_PROCEDURE.*found '12'"):
        rows(saved(twin({}, change)))


def test_short_row_is_named(saved):
    raw = MANY.replace(b"E,27012345,33300,", b"E,27012345,")
    with pytest.raises(LayoutError, match="record 12346: expected 18 fields, found 17"):
        rows(saved(raw))


def test_open_quote_is_named(saved):
    raw = MANY.replace(b"E,27012345,33300,", b'"E,27012345,33300,')
    with pytest.raises(LayoutError, match="record 12346: expected 18 fields, found 3"):
        rows(saved(raw))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty"),
        (b"<html><title>503</title></html>", "nothing that is known"),
        (twin({}).replace(b"VALUE_EUR", b"VALUE_USD"), r"none of \['VALUE_EUR'\].*'VALUE_USD'"),
        (twin(), "a header alone"),
        (twin({}) + b"x" * 40_000, "fields"),
    ],
)
@pytest.mark.parametrize("name", ["full_202402.dat", "full_v2_202402.csv"])
def test_no_such_file_is_refused(saved, tmp_path, capsys, raw, message, name):
    to = tmp_path / "out"
    assert cli.main(["clean", "comext", str(saved(raw, name)), "--to", str(to)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert not to.exists() or not list(to.iterdir())
    with pytest.raises((LayoutError, SourceError), match=message):
        clean.clean("comext", [tmp_path / name], to)


def test_a_page_under_the_name_of_an_archive_is_no_archive(tmp_path):
    path = tmp_path / "full_v2_202402.7z"
    path.write_bytes(b"<!DOCTYPE html><html>404</html>")
    with pytest.raises(LayoutError, match=r"full_v2_202402.7z: .*nothing that is known"):
        clean.clean("comext", [path], tmp_path / "out")


def test_file_given_twice(saved, tmp_path):
    path = saved(twin({}))
    (tmp_path / "copy").mkdir()
    for name in ("copy", "full_v2_202402.dat"):  # under its own name, and another
        copy = shutil.copy(path, tmp_path / name)
        with pytest.raises(SourceError, match="the same bytes as"):
            clean.clean("comext", [path, tmp_path / copy], tmp_path / "out")
    assert len(clean.clean("comext", [path, path], tmp_path / "out")) == 1


def test_full_disk_leaves_the_older(saved, tmp_path):
    to = tmp_path / "out"
    clean.clean("comext", [saved(twin({}))], to)
    before = {file.name: file.read_bytes() for file in to.iterdir()}
    full = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))  # noqa: E731
    # Bytecode that Python cuts at the limit is not found out before it is loaded again.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    path = saved(MANY, "full_v2_202402.dat")
    done = run(path, "--to", to, "--quiet", preexec_fn=full, env=environment)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "cannot be written" in done.stderr
    assert {file.name: file.read_bytes() for file in to.iterdir()} == before


def test_killed_run(saved, tmp_path):
    path, to = saved(MANY), tmp_path / "out"
    command = [*COMMAND, str(path), "--to", str(to)]
    for delay in (0.5, 0.9):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for file in to.glob("*.parquet") if to.exists() else ():
            assert parquet.read_metadata(file).num_rows == 40_000
    assert run(path, "--to", to).returncode == 0
    assert len(pd.read_parquet(to)) == 40_000


def test_two_runs_at_once(saved, tmp_path):
    path, to = saved(MANY), tmp_path / "out"
    command = [*COMMAND, str(path), "--to", str(to)]
    both = [subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ) for _ in "ab"]
    assert [process.wait() for process in both] == [0, 0]
    [file] = to.iterdir()
    assert parquet.read_metadata(file).num_rows == 40_000
