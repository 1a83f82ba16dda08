import csv
import io
import itertools
import shutil
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from comext_twin import LINE, OLD_ROW, archive, month
from hypothesis import given, settings
from hypothesis import strategies as st

from tradeflows import cli
from tradeflows.model import schema
from tradeflows.model.errors import CodeError, LayoutError, SchemaError, SourceError
from tradeflows.publishers import archives, comext, reading
from tradeflows.publishers.comext import bulk
from tradeflows.tables import clean


@pytest.fixture
def saved(tmp_path):
    """Save bytes as they are, or as the one member of an archive where the name ends in .7z."""

    def save(raw, name="full_202402.dat"):
        path = tmp_path / name
        path.write_bytes(archive(raw) if name.endswith(".7z") else raw)
        return path

    return save


def rows(path):
    parts = list(comext.clean(path, reading.uncatalogued(path, "comext", "trade")))
    assert sum(part.records for part in parts) == sum(len(part.rows) for part in parts)
    tables = [pa.Table.from_batches([part.rows]).cast(schema.TRADE) for part in parts]
    return pa.concat_tables(tables).to_pylist()


@pytest.fixture(params=["py7zr", "7z"])
def decoder(request, monkeypatch):
    if request.param == "py7zr":
        monkeypatch.setattr(archives.shutil, "which", lambda _: None)
    elif not (shutil.which("7z") or shutil.which("7zz")):
        pytest.skip("no 7z here")


# --- what a row becomes --------------------------------------------------------------------------


def test_import_is_cif_export_fob(saved):
    bought, sold = rows(saved(month({}, {"FLOW": 2})))
    assert " ".join(map(str, [*bought.values()][1:])) == (
        "1  AUT AT RUS RU eurostat origin M CN2024 27090090 M 2024-02-01 1 period "
        "procedure=1,type=E none not stated 1000.0 EUR CIF None 5.0 None =  None"
    )
    told = (sold["flow_code"], sold["valuation"], sold["partner_role"])
    assert told == ("X", "FOB", "destination")


@pytest.mark.parametrize(
    ("kind", "partner", "period", "role"),
    [
        ("I", "DE", "202402", "consignment"),
        ("I", "GB", "201902", "consignment"),
        ("E", "GB", "202102", "origin"),
        ("E", "PL", "200302", "origin"),
        ("I", "QV", "202402", "consignment"),
        ("I", "RU", "202402", None),
        ("E", "DE", "202402", None),
    ],
)
def test_kind_of_trade_against_partner(saved, kind, partner, period, role):
    raw = month({}, {"TRADE_TYPE": kind, "PARTNER": partner}).replace(b"202402", period.encode())
    path = saved(raw, f"full_{period}.dat")
    if role:
        assert {row["source_row"]: row["partner_role"] for row in rows(path)}[2] == role
        return
    with pytest.raises(LayoutError, match=rf"record 2: .* TRADE_TYPE .* {kind} beside {partner}"):
        rows(path)


@pytest.mark.parametrize(
    ("change", "period", "flags"),
    [
        ({"VALUE_NAC": 999}, "202402", ""),  # a rounding
        ({"VALUE_NAC": 1002}, "202402", "contradictory"),
        ({"VALUE_NAC": 4300, "PRODUCT_NC": "39XXXXXX"}, "202402", "confidential contradictory"),
        ({"REPORTER": "PL", "VALUE_NAC": 4300}, "202402", ""),
        ({"REPORTER": "HR", "VALUE_NAC": 7500}, "202402", "contradictory"),
        ({"REPORTER": "HR", "VALUE_NAC": 7500}, "202202", ""),  # before it had the euro
    ],
)
def test_value_in_national_currency(saved, change, period, flags):
    raw = month({"PRODUCT_NC": "01012100"}, change).replace(b"202402", period.encode())
    kept = rows(saved(raw, f"full_{period}.dat"))
    assert {row["source_row"]: row["flags"] for row in kept} == {1: "", 2: flags}


def test_layout_until_2001(saved):
    [row] = rows(saved(month(base=OLD_ROW, period="200101"), "full_200101.dat"))
    assert (row["reporter_iso"], row["partner_iso"], row["cmd_code"]) == ("FRA", "NLD", "01012100")
    assert (row["value_reported"], row["net_wgt_kg"]) == (2580.0, 600.0)
    assert (row["qty"], row["qty_unit"], row["note"]) == (None, "none", "qty 1 in unit A")
    assert row["classification_code"] == "CN2001"


def test_residuals_are_numbered(saved, monkeypatch):
    monkeypatch.setattr(bulk, "ROWS", 2)
    secret = [{"PRODUCT_NC": "99RRR100", "VALUE_EUR": i} for i in range(7)]
    found = rows(saved(month(*secret, {})))[1:]
    assert [row["value_reported"] for row in found] == [*range(7)]
    assert {row["flags"] for row in found} == {"confidential"}
    kind = "procedure=1,type=E"
    numbered = [f"{kind},residual={k}" for k in range(2, 8)]
    assert [row["breakdown"] for row in found] == [kind, *numbered]


def test_partners_that_are_no_country(saved):
    pairs = (
        "GB GBR, QP XZ, QQ X1, QU _X, QV _X_INTRA, QW _X_EXTRA, QX _X, QY _X_INTRA, QZ _X_EXTRA, "
        "WORLD W00, XI XI, XU XU"
    )
    areas = dict(pair.split() for pair in pairs.split(", "))
    changes = [{"PARTNER": code} for code in areas]
    found = rows(saved(month(*changes, {"PRODUCT_NC": "TOTAL", "REPORTER": "EU27_2020"})))
    assert {row["partner_code"]: row["partner_iso"] for row in found[:-1]} == areas
    assert [row["partner_code"] for row in found if row["note"]] == ["QX", "QY", "QZ"]
    assert (found[-1]["cmd_code"], found[-1]["reporter_iso"]) == ("TOTAL", "EU27_2020")
    assert found[-1]["flags"] == ""


@pytest.mark.parametrize(
    ("name", "period", "expected"),
    [
        ("full_v2_202352.dat", "202352", ("A", 12, date(2023, 1, 1))),
        ("sample_12248852.dat", "202402", ("M", 1, date(2024, 2, 1))),  # a hash is no month
        ("sample.dat", "202412", ("M", 1, date(2024, 12, 1))),
        ("full_v2_202402_eb248852.dat", "202403", None),  # added by hand, the month before a hash
    ],
)
def test_period(saved, name, period, expected):
    path = saved(month({"PERIOD": period}), name)
    if not expected:
        with pytest.raises(LayoutError, match="expected PERIOD 202402, the file's, found 202403"):
            rows(path)
        return
    [row] = rows(path)
    assert (row["freq_code"], row["n_months"], row["ref_period"]) == expected


def test_rows_out_of_the_publishers_order_come_as_those_in_it(saved):
    names = ("REPORTER", "PARTNER", "PRODUCT_NC", "FLOW")
    goods = ["01012100", "27090090", "27112100"]
    places = itertools.product(["AT", "DE"], ["CN", "RU"], goods, "12")
    listed = [dict(zip(names, place, strict=True)) for place in places]
    ordered = ("cmd_code", "flow_code", "reporter_code", "partner_code")
    found = []
    for some in (listed[::-1], listed[1::2] + listed[::2]):
        found.append([tuple(row[name] for name in ordered) for row in rows(saved(month(*some)))])
    assert found == [sorted(found[0])] * 2


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw[:-1],
        lambda raw: raw.replace(b",", b'","').replace(b"\n", b'"\n"')[:-1].replace(b"RE", b'"RE'),
    ],
)
def test_line_ends_and_quotes_do_not_matter(saved, change):
    assert len(rows(saved(change(month({}, {"FLOW": 2}))))) == 2


KEY = ("REPORTER", "PARTNER", "TRADE_TYPE", "PRODUCT_NC", "FLOW", "STAT_PROCEDURE", "SUPPL_UNIT")
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


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.lists(cells, min_size=1, max_size=40, unique_by=lambda cell: tuple(map(cell.get, KEY))),
    st.integers(len(comext.SINCE_2002) + 1, 5000),
)
def test_nothing_is_lost_or_changed_wherever_the_blocks_end(tmp_path_factory, drawn, block):
    path = tmp_path_factory.mktemp("drawn") / "full_202402.dat"
    path.write_bytes(month(*drawn))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "BLOCK", block)
        patch.setattr(bulk, "ROWS", 7)
        found = sorted(rows(path), key=lambda row: row["source_row"])
    stated = csv.DictReader(io.StringIO(month(*drawn).decode()))
    for ordinal, (row, naive) in enumerate(zip(found, stated, strict=True), start=1):
        assert row["source_row"] == ordinal
        codes = (row["reporter_code"], row["partner_code"], row["cmd_code"])
        assert codes == (naive["REPORTER"], naive["PARTNER"], naive["PRODUCT_NC"])
        assert row["flow_code"] == {"1": "M", "2": "X"}[naive["FLOW"]]
        assert row["breakdown"] == f"procedure={naive['STAT_PROCEDURE']},type={naive['TRADE_TYPE']}"
        value, weight = int(naive["VALUE_EUR"]), int(naive["QUANTITY_KG"])
        assert row["value_reported"] == value
        assert row["net_wgt_kg"] == (None if value and not weight else weight)
        amount = int(naive["QUANTITY_SUPPL_UNIT"])
        is_stated = naive["SUPPL_UNIT"] != "NO_SU" and not (value and not amount)
        factor = 1000 if naive["SUPPL_UNIT"] == "1000_M3" else 1
        assert row["qty"] == (amount * factor if is_stated else None)


# --- archives, and the dataset -------------------------------------------------------------------

DRAW = np.random.default_rng(1).integers(1, 10**9, 16_000).tolist()
MANY = month(
    *(
        {"PRODUCT_NC": f"27{i:06}", "VALUE_EUR": v, "QUANTITY_KG": v // 3}
        for i, v in enumerate(DRAW)
    )
)


@pytest.mark.slow
@pytest.mark.usefixtures("decoder")
def test_an_archive_is_read_as_its_text(saved):
    packed, plain = rows(saved(MANY, "full_v2_202402.7z")), rows(saved(MANY))
    assert [row | {"source_id": ""} for row in packed] == [row | {"source_id": ""} for row in plain]
    path = saved(month(), "full_v2_202402.7z")
    assert comext.cells(path, [(1, "")])[1, ""].text == LINE


@pytest.mark.usefixtures("decoder")
@pytest.mark.parametrize("harm", ["cut", "flip in the middle"])
@pytest.mark.parametrize("raw", [MANY, MANY.replace(b",1,1,NO_SU", b",3,1,NO_SU")])
def test_the_fault_of_an_archive_goes_before_others(saved, harm, raw):
    path = saved(raw, "full_v2_202402.7z")
    raw = bytearray(path.read_bytes())
    if harm.startswith("cut"):
        del raw[len(raw) // (2 if harm == "cut" else 20) :]
    else:
        raw[len(raw) // 2 if harm == "flip in the middle" else 200] ^= 4
    path.write_bytes(raw)
    with pytest.raises(LayoutError, match=r"full_v2_202402.7z: expected a whole .7z archive"):
        next(comext.clean(path, reading.uncatalogued(path, "comext", "trade")))


@pytest.mark.usefixtures("decoder")
def test_a_bad_row_of_a_whole_archive_is_blamed_on_the_row(saved):
    with pytest.raises(CodeError, match="record 12346: PRODUCT_NC '2701234\\?' is no code"):
        rows(saved(MANY.replace(b",27012345,", b",2701234?,"), "full_v2_202402.7z"))


def test_two_releases_of_a_month_do_not_go_into_one_file(saved, tmp_path):
    old, new = saved(month()), saved(month({"VALUE_EUR": 2}), "full_v2_202402.dat")
    to = tmp_path / "out.parquet"
    with pytest.raises(SchemaError, match="both state 2024"):
        clean.clean("comext", [old, new], to)
    assert not to.exists()
    others = [saved(month(period=of), f"full_{of}.dat") for of in ("202403", "202452")]
    assert len(clean.clean("comext", [old, *others], to)) == 3


def test_a_release_lies_beside_the_one_before_and_the_same_bytes_come_again(
    saved, tmp_path, capsys
):
    to = tmp_path / "out"
    for value in (1, 2, 1):
        path = saved(month({"VALUE_EUR": value}))
        clean.clean("comext", [path], to)
    files = sorted(to.iterdir())
    assert len(files) == 2
    before = [file.read_bytes() for file in files]
    clean.clean("comext", [path], to)
    assert [file.read_bytes() for file in files] == before
    for name, said in (("full_v2_202403.dat", 2), ("20240515T110000_full_v2_202402.dat", 3)):
        again = saved(month({"PERIOD": name[-10:-4], "VALUE_EUR": said}), name)
        assert cli.main(["clean", "comext", str(again), "--to", str(to)]) == 0
        assert capsys.readouterr().out.count("are releases of one month") == 1
        assert clean.restated(to)[0].count(".parquet") == said


# --- bad input -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"VALUE_EUR": "1e5"}, LayoutError, "record 2: expected a number in VALUE_EUR.*'1e5'"),
        ({"QUANTITY_KG": ""}, LayoutError, "record 2: expected a number in QUANTITY_KG, found ''"),
        ({"VALUE_EUR": 2**53}, LayoutError, r"record 2: expected at most 2\^53 in VALUE_EUR"),
        ({"QUANTITY_KG": -1}, SchemaError, r"net_wgt_kg: below 0 .*record 2"),
        ({"PERIOD": "202413"}, LayoutError, "record 2: expected a month such as .* in PERIOD"),
        ({"REPORTER": "RU"}, CodeError, "record 2, REPORTER: RU is neither a member"),
        ({"FLOW": 3}, LayoutError, "record 2: expected 1 or 2 in FLOW, found '3'"),
        (
            {"STAT_PROCEDURE": 12},
            LayoutError,
            "record 2: expected 1, 2, .* in STAT_PROCEDURE, found '12'",
        ),
        ({"SUPPL_UNIT": "FURLONG"}, CodeError, "record 2: SUPPL_UNIT 'FURLONG' is not in units"),
        ({"PRODUCT_NC": "2709009"}, CodeError, "record 2: PRODUCT_NC '2709009' is no code"),
        ({"PRODUCT_NC": "\udcff"}, LayoutError, "expected UTF-8 text"),
        ({"VALUE_EUR": "+5"}, LayoutError, r"record 2: expected a number in VALUE_EUR.*'\+5'"),
        ({"PRODUCT_SITC": '"33'}, LayoutError, "lines of 18 cells, found 5 in record 2"),
        ({"PRODUCT_SITC": "3,3"}, LayoutError, "lines of 18 cells, found 19 in record 2"),
        ({"QUANTITY_SUPPL_UNIT": "0\n"}, LayoutError, "a record a line, found an empty line"),
        ({}, SchemaError, r"records 1 and 2 state the same cell \(27090090 1 AT RU"),
    ],
)
def test_wrong_row_is_named(saved, change, error, message):
    path = saved(month({}, {"PARTNER": "CN"} | change if change else {}, {"STAT_PROCEDURE": 3}))
    with pytest.raises(error, match=message) as raised:
        rows(path)
    assert "full_202402.dat" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "empty"),
        (b"<html><title>503</title></html>", "nothing that is known"),
        (month().replace(b"VALUE_EUR", b"VALUE_USD"), r"none of \['VALUE_EUR'\] in .*VALUE_USD"),
        (month().partition(b"\n")[0] + b"\n", "a header alone"),
        (month() + b"x" * 3_000_000, "lines"),
    ],
)
def test_no_such_file_is_refused(saved, tmp_path, capsys, raw, message):
    path, to = saved(raw), tmp_path / "out"
    assert cli.main(["clean", "comext", str(path), "--to", str(to)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert not to.exists() or not list(to.iterdir())
    with pytest.raises((LayoutError, SourceError), match=message):
        clean.clean("comext", [path], to)
