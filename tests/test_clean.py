import errno
import json
import os
import time
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import twins
from comtrade_twin import envelope, row
from pyarrow import parquet

from tradeflows import cli
from tradeflows.model import schema
from tradeflows.model.errors import LayoutError, QueryError, SchemaError, SourceError
from tradeflows.publishers import cleaned, ecb, registry
from tradeflows.tables import clean, write

OIL = twins.OIL
COLUMNS = [*OIL]
RATES = twins.cbr("R01235", "01.03.2026", "31.03.2026", [("03.03.2026", 1, "77,1734")])
EURO = twins.ecb(["USD", "JPY"], [["2022-03-01", "1.1", "N/A"]])
GAS = ("M", "G3000", "RU", "MIO_M3", "DE")
ENERGY = ([GAS], ["2023-01"], {(GAS, "2023-01"): "1"})


@pytest.fixture
def saved(tmp_path):
    """Save bytes under a name that says nothing."""

    def save(raw, name="download"):
        path = tmp_path / name
        path.write_bytes(raw)
        return path

    return save


@pytest.mark.parametrize(
    ("raw", "publisher"),
    [
        (twins.gacc([OIL], COLUMNS), "gacc"),
        (twins.gacc_page("(14) Major Import Commodities in Quantity and Value,5.2023", []), "gacc"),
        (RATES, "cbr"),
        (EURO, "ecb"),
        (twins.tsv(*ENERGY), "eurostat_energy"),
        (twins.json_stat(*ENERGY), "eurostat_energy"),
        (b'{"elapsedTime":"0.2 secs","count":0,"data":[],"error":""}', "comtrade"),
        (b'"typeCode","freqCode","refPeriodId"\n', "comtrade"),
        (b"REPORTER,PARTNER,TRADE_TYPE,PRODUCT_NC\n", "comext"),
        (b"Country,Commodity codes,2023\n", ""),
    ],
)
def test_file_recognised_by_its_start(saved, raw, publisher):
    assert registry.recognise(saved(raw)) == list(filter(None, [publisher]))


def test_files_become_one_table(saved, tmp_path):
    stray = OIL | {"month": "202306", "second quantity": "5", "second unit": "?"}
    paths = [saved(twins.gacc([OIL], COLUMNS)), saved(twins.gacc([stray], [*stray]), "more")]
    to = tmp_path / "out" / "oil.parquet"
    told = clean.clean("gacc", paths, to, flow="M")
    table = parquet.read_table(to)
    assert table.schema.equals(schema.TRADE)
    assert len(table) == 2
    about = json.loads(parquet.read_metadata(to).metadata[b"sources"])
    assert [each["left_out"] for each in about] == [told[0].left_out, told[1].left_out]
    assert sum(about[1]["left_out"].values()) == 1
    assert "quantity that has no unit" in cleaned.lines(told)[1]
    assert cleaned.lines(told)[2] == "2 files: 2 records, 2 rows"


def test_written_once(saved, tmp_path, monkeypatch):
    path, to = saved(RATES), tmp_path / "out"
    written = []

    def run(**more):
        [told] = clean.clean("cbr", [path], to, **more)
        [file] = to.iterdir()
        written.append(file.stat().st_ino)
        return told, file

    first, file = run()
    before = file.read_bytes()
    again, _ = run()
    assert (first.is_earlier, again) == (False, replace(first, is_earlier=True))
    assert again.line() == first.line() + "; held already"
    assert written[0] == written[1]
    file.write_bytes(before[: len(before) // 2])  # no longer whole
    assert not run()[0].is_earlier
    assert file.read_bytes() == before
    monkeypatch.setattr(write, "code", lambda: b"another cleaner")
    assert not run()[0].is_earlier
    monkeypatch.undo()
    path.write_bytes(RATES + b" ")  # another release
    clean.clean("cbr", [path], to)
    assert len(list(to.iterdir())) == 2


def test_written_by_other_options(saved, tmp_path):
    stray = OIL | {"second quantity": "5", "second unit": "?"}
    path = saved(twins.gacc([OIL], COLUMNS))
    assert not clean.clean("gacc", [path], tmp_path / "out", flow="M")[0].is_earlier
    assert not clean.clean("gacc", [path], tmp_path / "out", flow="X")[0].is_earlier
    assert clean.clean("gacc", [path], tmp_path / "out", flow="X")[0].is_earlier
    path = saved(twins.gacc([stray], [*stray]))
    clean.clean("gacc", [path], tmp_path / "out", flow="M")
    with pytest.raises(SchemaError, match="--strict"):
        clean.clean("gacc", [path], tmp_path / "out", flow="M", strict=True)


def test_killed_run_is_swept(saved, tmp_path):
    of_another = "0123abcd-7.tmp"  # machine, whose processes are not seen from here
    old, new, foreign = f".old.parquet.{of_another}", f".new.parquet.{of_another}", ".notes.tmp"
    for name, age in ((old, 3700), (new, 10), (foreign, 3700)):
        saved(b"half", name)
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    clean.clean("cbr", [saved(RATES)], tmp_path / "out.parquet")
    assert sorted(path.name for path in tmp_path.glob(".*")) == [new, foreign]


def test_other_disk_writes_within(saved, tmp_path, monkeypatch):
    def other_disk(self, target):
        if self.parent != target.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return replace(self, target)

    replace = Path.replace
    monkeypatch.setattr(Path, "replace", other_disk)
    to = tmp_path / "out"
    clean.clean("cbr", [path := saved(RATES)], to)
    assert [each.suffix for each in to.iterdir()] == [".parquet"]
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(["out", path.name])


def test_no_formula_in_a_csv(tmp_path):
    contract = pa.schema([pa.field("name", pa.string()), pa.field("value", pa.float64())])
    texts = ["=1+1", "+1", "-1", "@x", "\tx", "\n=1", "=", "plain"]
    with write.TableWriter(tmp_path / "a.csv", ".csv", contract) as sink:
        sink.write(pa.record_batch([texts, [-1.0] * 8], schema=contract))
    lines = (tmp_path / "a.csv").read_text().replace("\n=", "=").splitlines()[1:]
    assert [line[1] for line in lines] == ["'"] * 6 + ["=", "p"]
    assert lines[0].endswith(",-1")


@pytest.mark.parametrize(
    ("publisher", "raw", "options", "error", "message"),
    [
        ("ecb", EURO, {"flow": "M"}, QueryError, "take no --flow"),
        ("customs", EURO, {}, QueryError, "there are cbr, comext"),
        ("ecb", RATES, {}, LayoutError, r"what looks like the Bank of Russia .* clean cbr"),
        # Another publisher's file is said before an option that this one does not take.
        ("ecb", twins.gacc([OIL], COLUMNS), {"flow": "M"}, LayoutError, "looks like China's"),
    ],
)
def test_what_it_refuses(saved, tmp_path, publisher, raw, options, error, message):
    with pytest.raises(error, match=message):
        clean.clean(publisher, [saved(raw)], tmp_path / "a.parquet", **options)


def test_what_an_output_may_be(saved, tmp_path):
    with pytest.raises(QueryError, match=r"--to .*o\.xlsx: expected ….parquet, ….csv or a folder"):
        clean.clean("ecb", [saved(EURO)], tmp_path / "o.xlsx")
    for to in ("o.parquet", "folder"):
        paths = [saved(EURO), saved(EURO, "download (1)")]
        with pytest.raises(SourceError, match=r"download \(1\): the same bytes as .*; give a"):
            clean.clean("ecb", paths, tmp_path / to)
    assert not (tmp_path / "o.xlsx").exists()


def test_verb_prints_a_line_a_file(saved, tmp_path, capsys):
    to, path = str(tmp_path / "o.parquet"), saved(twins.gacc([OIL], COLUMNS))
    assert cli.main(["clean", "gacc", str(path), "--to", to, "--flow", "M"]) == 0
    assert capsys.readouterr().out == "download: 1 records, 1 rows of trade; left out: nothing\n"
    assert cli.main(["clean", "gacc", str(path), "--to", to]) == 2
    assert "add --flow M" in capsys.readouterr().err
    by_sea = [row(value=value, motCode=mode) for value, mode in ((60, 2100), (40, 3100))]
    [told] = clean.clean("comtrade", [saved(envelope([row(value=100.0), *by_sea]))], Path(to))
    assert told.line().endswith("left out: break-down whose total is kept: 2 (value 100)")
    [about] = json.loads(parquet.read_metadata(to).metadata[b"sources"])
    assert about["left_out"] == {"break-down whose total is kept": 2}
    assert about["value"] == {"break-down whose total is kept": 100.0}


def test_missing_file_and_full_disk(saved, tmp_path, monkeypatch):
    with pytest.raises(SourceError, match="cannot be read"):
        clean.clean("ecb", [tmp_path / "none"], tmp_path / "a.parquet")
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="the folder is empty"):
        clean.clean("ecb", [tmp_path / "empty"], tmp_path / "a.parquet")
    with pytest.raises(SourceError, match="cannot be written"):
        clean.clean("ecb", [saved(EURO)], saved(b"x", "file") / "a.parquet")
    gone = saved(EURO)
    monkeypatch.setattr(ecb, "clean", lambda path, source: path.unlink() or path.open())
    with pytest.raises(SourceError, match=f"^{gone}: cannot be read"):
        clean.clean("ecb", [gone], tmp_path / "a.parquet")
    with pytest.raises(LayoutError, match="gzip"):
        registry.recognise(saved(b"\x1f\x8bxx"))
