import os
import subprocess
import sys
from pathlib import Path

import pytest

from tradeflows import cli

PROJECT = Path(__file__).parents[1]
BRENT = "period,usd_per_barrel\n2020-01,63.65\n2020-02,55.66\n"
CRUDE = "period,reporter,product,hs_scope,net_wgt_kg,value_usd\n2020-02,IND,crude_oil,2709,50,25\n"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(PROJECT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
BUFFERED = {
    "env": {name: value for name, value in ENVIRONMENT.items() if name != "PYTHONUNBUFFERED"},
    "stderr": subprocess.PIPE,
    "text": True,
}
COMEXT = "REPORTER,PARTNER,PRODUCT,FLOW,PERIOD,VALUE_EUR,QUANTITY_KG\nDE,RU,2709,1,202001,9,9\n"


def trade(text, cleaner="comtrade_energy_from_russia"):
    return {"table": "trade", "cleaner": f"transcribed.{cleaner}", "text": text}


def command(root, verb):
    return [sys.executable, "-m", "tradeflows.cli", "--root", str(root), verb]


@pytest.fixture
def run(make_root, capsys):
    """Run a command on invented files: the status, what was printed, and what was complained."""

    def call(sources, *words, **more):
        root = make_root(sources, **more)
        try:
            status = cli.main(["--root", str(root), *words])
        except SystemExit as left:
            status = left.code
        return status, *capsys.readouterr()

    return call


# --- done ----------------------------------------------------------------------------------------


def test_build_prints_a_line_a_table(run):
    status, out, err = run({"oil": {}, "crude": trade(CRUDE)}, "build")
    assert (status, err) == (0, "")
    assert [" ".join(line.split()) for line in out.splitlines()] == [
        "trade 1 records in 1 rows out",
        "settlement 0 records in 0 rows out",
        "rates 2 records in 2 rows out",
        "figures 0 records in 0 rows out",
    ]


def test_build_says_what_was_left_out_and_why(run):
    text = "period,product,unit,ytd,month,months_covered\n2020-02,crude_oil,tonnes,85,,2\n"
    status, out, _ = run({"a": trade(text, "gacc_energy_from_world")}, "build")
    assert status == 0
    assert "left out: no figure in month (1)" in out.splitlines()[0]


def test_verify_counts_the_files(run):
    assert run({"oil": {}}, "verify") == (0, "1 raw files are as catalogued\n", "")


def test_sources_lists_each_file_with_its_licence(run):
    status, out, err = run({"oil": {}, "gas": {"licence": "public domain"}}, "sources")
    assert (status, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == ["oil", "gas"]
    assert "not stated" in out.splitlines()[0]
    assert "public domain" in out.splitlines()[1]


# --- the data are not as expected: 1 -------------------------------------------------------------

BAD = {
    "a missing raw file": ({"path": "demo/no.csv"}, "missing: {raw}/demo/no.csv"),
    "an altered raw file": ({"sha256": "0" * 64}, "changed: {raw}/demo/a.csv: expected 50 bytes"),
    "a misspelt key": ({"licens": "x"}, "no key 'licens' exists; did you mean 'licence'?"),
    "an unknown cleaner": (
        {"cleaner": "transcribed.eia_brant"},
        "no cleaner 'transcribed.eia_brant'; did you mean 'transcribed.eia_brent'?",
    ),
    "a column missing": (
        {"text": "period\n2020-01\n"},
        "a.csv: expected the columns period,usd_per_barrel, found none of ['usd_per_barrel']",
    ),
    "a stray column": (
        {"text": "period,usd_per_barrel,mood\n2020-01,63,low\n"},
        "besides ['mood']; restore",
    ),
    "a number that is text": (
        {"text": BRENT.replace("55.66", "n/a")},
        "a.csv: record 2: expected a number in usd_per_barrel, found 'n/a'",
    ),
    "a month that does not exist": (
        {"text": BRENT.replace("2020-02", "2023-13")},
        "a.csv: record 2: expected a month such as 2023-05 in period, found '2023-13'",
    ),
    "a repeated key": ({"text": BRENT + "2020-01,64\n"}, "a: records 1 and 3 state the same cell"),
    "an unknown area": (trade(CRUDE.replace("IND", "IDN2")), "'IDN2' (did you mean 'IDN'"),
    "an unknown product": (
        trade(COMEXT.replace("2709", "7709"), "comext_energy"),
        "a.csv: '7709' has not 2, 4, 6",
    ),
    "a negative weight": (
        trade(CRUDE.replace(",50,", ",-50,")),
        "net_wgt_kg: below 0 in 1 of 1 rows (-50.0 in record 1)",
    ),
    "a header alone": (
        {"text": "period,usd_per_barrel\n"},
        "expected at least one record, found a header alone",
    ),
    "a page of HTML": (
        {"text": "<!DOCTYPE html>\n<title>404</title>\n"},
        "expected a CSV file, found a page of HTML or XML; fetch the data, not a page",
    ),
    "a record cut short": ({"text": BRENT + "2020-03\n"}, "a.csv: expected lines of 2 cells"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_data_are_one_line_and_status_1(run, tmp_path, change, message):
    status, out, err = run({"a": change}, "build")
    assert (status, out) == (1, "")
    (line,) = err.splitlines()
    assert line.startswith("tradeflows: ")
    assert message.format(raw=tmp_path / "project" / "data" / "raw") in line
    assert "a" in line


@pytest.mark.parametrize("encoding", ["cp1251", "utf-16", "latin-1"])
def test_a_wrong_encoding_is_one_line_and_status_1(run, make_root, tmp_path, encoding):
    import hashlib

    words = {"cp1251": "Россия", "utf-16": "Россия", "latin-1": "Türkiye"}
    content = (BRENT + f"{words[encoding]},1\n").encode(encoding)
    file = make_root({"a": {}}) / "data" / "raw" / "demo" / "b.csv"
    file.write_bytes(content)
    about = {
        "path": "demo/b.csv",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
    status, out, err = run({"a": about}, "build")
    assert (status, out) == (1, "")
    assert err == (
        f"tradeflows: {file}: expected UTF-8 text, found another encoding; save it as UTF-8\n"
    )


def test_a_file_in_the_place_of_the_folder_is_one_line_and_status_1(run, make_root):
    place = make_root({"oil": {}}) / "data" / "processed"
    place.write_text("mine")
    status, _, err = run({"oil": {}}, "build")
    assert status == 1
    assert err.startswith(f"tradeflows: {place}: cannot be written (")
    assert place.read_text() == "mine"


def test_verify_names_each_file_that_is_not_as_catalogued(run, make_root):
    stray = make_root({"oil": {}}) / "data" / "raw" / "demo" / "stray.csv"
    stray.write_text("x")
    changes = {"oil": {}, "gas": {"sha256": "0" * 64}, "coal": {"path": "demo/no.csv"}}
    status, out, err = run(changes, "verify")
    assert (status, out) == (1, "")
    for said in ("changed: ", "missing: ", "uncatalogued: ", "stray.csv"):
        assert said in err


def test_outside_of_a_project_the_message_says_what_is_looked_for(tmp_path, capsys):
    assert cli.main(["--root", str(tmp_path), "build"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("tradeflows: ")
    assert "sources.toml" in line


# --- the command is not as expected: 2 -----------------------------------------------------------


@pytest.mark.parametrize("words", [[], ["biuld"], ["build", "everything"], ["--rot", "x", "build"]])
def test_a_wrong_command_is_status_2(run, words):
    status, out, err = run({"oil": {}}, *words)
    assert (status, out) == (2, "")
    assert err.startswith("usage: tradeflows")


# --- help, interruptions, pipes ------------------------------------------------------------------


def test_help_is_quick_for_it_loads_nothing_heavy():
    script = (
        "import sys\nfrom tradeflows import cli\ntry:\n    cli.main(['--help'])\n"
        "except SystemExit as left:\n    assert left.code == 0\n"
        "heavy = {'pandas', 'pyarrow', 'numpy', 'matplotlib', 'tomllib', 'httpx'}\n"
        "print('loaded:', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "loaded: []", done.stderr


def test_every_verb_says_what_it_does():
    text = cli.parser().format_help()
    for verb in (cli.sources, cli.verify, cli.build, cli.accept, cli.report):
        assert verb.__name__ in text
        assert verb.__doc__.split(":")[0].split(",")[0] in " ".join(text.split())


def test_importing_the_package_does_nothing(tmp_path):
    script = (
        "import logging, sys, threading, tradeflows\n"
        "assert not {'pandas', 'pyarrow', 'matplotlib'} & set(sys.modules)\n"
        "assert not logging.root.handlers and threading.active_count() == 1"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, env=ENVIRONMENT
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_build_says_so(run, monkeypatch):
    from tradeflows.tables import building

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(building, "_write", interrupt)
    status, out, err = run({"oil": {}}, "build")
    assert (status, out) == (130, "")
    assert err == "tradeflows: interrupted; nothing half-written is left\n"


@pytest.mark.parametrize("verb", ["sources", "verify"])
def test_a_reader_that_has_seen_enough_is_no_fault(make_root, verb):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command(make_root({"oil": {}}), verb), stdout=writer, **BUFFERED)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device on this system")
def test_output_that_cannot_be_written_is_one_line_and_status_1(make_root):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command(make_root({"oil": {}}), "sources"), stdout=full, **BUFFERED)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("tradeflows: ")
    assert "No space left" in line
