import errno
import io
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import maps
import pytest
from maps import BRENT

import tradeflows
from tradeflows import cli
from tradeflows.cli import arguments, command, terminal
from tradeflows.model.errors import QueryError

PROJECT = Path(__file__).parents[1]
CRUDE = "period,reporter,product,hs_scope,net_wgt_kg,value_usd\n2020-02,IND,crude_oil,2709,50,25\n"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(PROJECT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
BUFFERED = {
    "env": {name: value for name, value in ENVIRONMENT.items() if name != "PYTHONUNBUFFERED"},
    "stderr": subprocess.PIPE,
    "text": True,
}


def trade(text, name="comtrade_energy_imports_from_russia"):
    return maps.tidy(name) | {"text": text}


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


def test_build_says_what_was_left_out(run):
    text = "period,product,unit,ytd,month,months_covered\n2020-02,crude_oil,tonnes,85,,2\n"
    status, out, _ = run({"a": trade(text, "gacc_energy_imports_from_world")}, "build")
    assert status == 0
    assert re.match(r"trade +1 records in +1 rows out +left out: no figure in month \(1\)\n", out)


def test_verify_counts_the_files(run):
    assert run({"oil": {}}, "verify") == (0, "1 raw files are as catalogued\n", "")


# --- the data are not as expected: 1 -------------------------------------------------------------

BAD = {  # which the tests of the catalogue and of each cleaner go on with
    "a missing raw file": ({"path": "demo/no.csv"}, "missing: {raw}/demo/no.csv"),
    "a misspelt key": ({"licens": "x"}, "no key 'licens' exists; did you mean 'licence'?"),
    "a stray column": ({"text": BRENT.replace(",", ",mood,")}, "besides ['mood']; restore"),
    "an unknown area": (trade(CRUDE.replace("IND", "IDN2")), "'IDN2'; did you mean 'IDN'"),
    "a negative weight": (trade(CRUDE.replace(",50,", ",-50,")), "below 0 in 1 of 1 rows (-50.0"),
    "a page of HTML": ({"text": "<!DOCTYPE html>\n<title>404</title>\n"}, "fetch the data, not a"),
    "a record cut short": ({"text": BRENT + "2020-03\n"}, "a.csv: expected lines of 2 cells"),
}


@pytest.mark.parametrize(("change", "message"), BAD.values(), ids=BAD)
def test_bad_data_are_one_line(run, tmp_path, change, message):
    status, out, err = run({"a": change}, "build")
    assert (status, out) == (1, "")
    (line,) = err.splitlines()
    assert line.startswith("tradeflows: ")
    assert message.format(raw=tmp_path / "project" / "data" / "raw") in line
    assert "a" in line


# --- the command is not as expected: 2 -----------------------------------------------------------


WRONG = {
    "a misspelt verb": (["biuld"], "no verb 'biuld'; did you mean 'build'?"),
    "rows of what lists none": (
        ["--json", "build"],
        "--json is for verbs that list something",
    ),
    "a stray word": (["build", "everything"], "not understood: everything"),
    "a misspelt option": (["--rot", "x", "build"], "no option '--rot'; did you mean '--root'?"),
    "a misspelt option of a verb": (["build", "--rot", "x"], "Unknown option: --rot; see"),
    "a value that is none": (["diff", "--most", "x"], 'unable to convert "x" into int'),
    "a choice that is none": (["completion", "bsh"], 'Choose from: "bash"'),
    "a column twice": (["rows", "rates", "quote=USD", "quote=EUR"], "quote= is given twice"),
    "an option as a filter": (["read", "rates", "quote=USD", "root=x"], "root= is no filter"),
    "a source that is none": (["diff", "comtrad"], "did you mean 'comtrade'?"),
    "no argument": (["trace"], "CLAIM requires an argument; see `tradeflows trace --help`"),
    "a notebook that is not there": (["report", "no.ipynb"], "no such notebook; the project has"),
    "a ledger that is not there": (["claims", "--ledger", "no.toml"], "ledger; there are {ledger}"),
    "a misspelt ledger": (["claims", "--ledger", "claim.toml"], "; did you mean {ledger}?"),
    "the same, to report": (["report", "--ledger", "no.toml"], "no.toml: no such ledger"),
    "a new project on files": (["init", "{full}"], "there are files in it; name a new folder"),
    "an unknown table": (
        ["rows", "trad", "month=2023-05"],
        "no table 'trad'; did you mean 'trade'",
    ),
    "a column by its two names": (
        ["rows", "trade", "reporter=China", "reporter_iso=IND"],
        "reporter_iso is asked twice",
    ),
    "no condition": (["rows", "rates", "USD"], "'USD': expected column=value, such as month=20"),
    "no month": (["rows", "rates", "month=2023"], "expected a month such as 2023-05"),
    "no year": (["ask", "wheat", "China", "--start", "20x3"], "start='20x3': expected a month"),
    "an end before the start": (
        ["fetch", "comext", "--start", "2023", "--end", "2022"],
        "the end 2022 is before the start 2023",
    ),
    "a folder in a page's place": (["report", "--to", "{pages}"], "index.html: cannot be written"),
    "a folder that is a file": (["report", "--to", "{file}"], "a file; name another folder"),
    "one below a file": (["clean", "gacc", "a", "--to", "{file}/a.csv"], "cannot be written"),
    "a file that is a folder": (["clean", "gacc", "a", "--to", "{folder}"], "name a file"),
}


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_command_is_status_2(run, make_root, tmp_path, words, message):
    file, folder = tmp_path / "file", tmp_path / "folder.csv"
    file.write_text("mine")
    folder.mkdir()
    pages = tmp_path / "pages"
    (pages / "index.html").mkdir(parents=True)
    ledger = make_root({"oil": {}}) / "data" / "claims.toml"
    ledger.write_text("[claim.X2]\n")
    named = {"file": file, "folder": folder, "full": tmp_path, "pages": pages, "ledger": ledger}
    words = [word.format(**named) for word in words]
    status, out, err = run({"oil": {}}, *words)
    assert (status, out) == (2, "")
    (line,) = err.splitlines()
    assert line.startswith("tradeflows")
    assert message.format(**named) in line


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder in which root may not write")
def test_a_folder_that_takes_no_file_is_refused(run):
    status, _, err = run({"oil": {}}, "report", "--to", "/proc/pages")
    assert status == 2
    assert "/proc takes no new file" in err


# --- help, interruptions, pipes ------------------------------------------------------------------

HEAVY = {"pandas", "pyarrow", "numpy", "matplotlib", "httpx", "tqdm"}
LIGHT = {
    "nothing": [],
    "help of a verb": ["clean", "--help"],
    "version": ["--version"],
    "a refused word": ["biuld"],
    "a refused output": ["clean", "gacc", "a", "--to", __file__],
    "a refused table": ["rows", "nosuch", "a=b"],
    "a refused period": ["ask", "wheat", "China", "--start", "20x3"],
    "a refused window": ["fetch", "comext", "--start", "20x3", "--end", "2024-01"],
    "a refused area": ["ask", "wheat", "Chnia", "Russia", "--start", "2023"],
    "a refused source": ["update", "nosuch", "a.csv"],
    "a refused period of releases": ["diff", "comext", "20x"],
    "a file that is not there": ["add", "nosuch.csv"],
}


STARTS = """
import logging, sys, threading, tradeflows
assert not logging.root.handlers and threading.active_count() == 1
from tradeflows import cli
for name, words in {light!r}.items():
    sys.argv[1:] = words
    try:
        cli.main()
    except SystemExit:
        pass
    if loaded := {heavy!r} & set(sys.modules):
        sys.exit(f"{{name}} loads {{loaded}}")
"""


@pytest.mark.slow
def test_the_start_is_light(tmp_path):
    script = STARTS.format(light=LIGHT, heavy=HEAVY)
    started = {"cwd": tmp_path, "stdout": subprocess.PIPE} | BUFFERED
    done = subprocess.run([sys.executable, "-c", script], **started)
    assert done.returncode == 0, done.stderr.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


TOP = arguments.command()
VERBS = {name: TOP[name] for name in TOP if not name.startswith("-")}
VERBS |= {name: VERBS["fetch"][name] for name in ("comtrade", "comext")}
LEDGER = (PROJECT / "data" / "claims.toml").read_text(encoding="utf-8")


def test_alone_it_lists_its_verbs(capsys):
    assert cli.main([]) == 0
    text = capsys.readouterr().out
    words = " ".join(re.sub("[│╭╮╰╯─]", " ", text).split())
    for group, members in arguments.GROUPS.items():
        assert group in text
        for name in arguments.names_of(members):
            assert f"│ {name} " in text
            assert f"{name} {VERBS[name].help.splitlines()[0]}" in words
    assert " ".join(arguments.EXAMPLES.split()) in words


def test_every_argument_has_help():
    for argument in (each for verb in VERBS.values() for each in arguments.arguments_of(verb)):
        told = argument.parameter.help
        assert told, argument.names
        for claim in re.findall(r"such as ([A-Z]\d\d)\b", told):
            assert f"[claim.{claim}]" in LEDGER, argument.names
        if argument.hint is not bool and not argument.get_choices():
            assert re.search("such as|default: ", told), argument.names


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are always Unicode")
@pytest.mark.parametrize(
    ("folder", "setting", "words"),
    [
        ("müller".encode(), {"LC_ALL": "C", "PYTHONUTF8": "0"}, "set PYTHONUTF8=1 and run it"),
        (b"m\xfcller", {"PYTHONUTF8": "1"}, "is no UTF-8; rename it"),
    ],
    ids=["ascii session", "Latin-1 name"],
)
def test_a_letter_of_a_folder_that_cannot_be_passed_on(new_project, folder, setting, words):
    root = new_project("office")
    other = root.rename(root.parent / os.fsdecode(folder))
    command = [sys.executable, "-m", "tradeflows", "build"]
    done = subprocess.run(command, capture_output=True, cwd=other, env=ENVIRONMENT | setting)
    assert done.returncode == 1
    said = done.stderr.decode()
    assert re.fullmatch(rf"tradeflows: \S*ller: .*{words}.*\n", said), said


def test_a_shell_completes_each_verb(capsys):
    for shell in ("bash", "powershell"):
        assert cli.main(["completion", shell]) == 0
        script = capsys.readouterr().out
        assert all(name in script for name in VERBS)


def test_options_stand_before_a_verb_and_after(run):
    after = run({"oil": {}}, "sources", "--json", "--quiet")
    before = run({"oil": {}}, "--json", "--quiet", "sources")
    assert before == after
    assert json.loads(before[1])[0]["id"]


def test_rows_that_are_not_there(run):
    run({"oil": {}}, "build")
    for words, said in (
        (["quote=USDD"], "no row of rates has quote=USDD; did you mean 'USD'?"),
        (["quote=USD", "month=2021-01"], "has all of quote=USD, month=2021-01; leave one of"),
    ):
        status, _, err = run({"oil": {}}, "rows", "rates", *words)
        assert (status, said in err) == (1, True)


def test_a_claim_that_the_ledger_does_not_have(run, make_root):
    run({"oil": {}}, "build")
    (make_root({"oil": {}}) / "data" / "claims.toml").write_text("[claim.X2]\n")
    for name, hint in (("X1", "`tradeflows claims --all` lists them"), ("X22", "you mean 'X2'?")):
        for verb in ("claims", "trace"):
            status, out, err = run({"oil": {}}, verb, name)
            assert (status, out) == (2, "")
            assert err.startswith(f"tradeflows: the ledger: no claim {name!r}; ")
            assert err.endswith(f"{hint}\n")


def test_sources_by_a_word(run):
    held = {"oil": {}, "gas": {}}
    assert run(held, "sources", "GAS")[1].split()[0] == "gas"
    status, out, err = run(held, "sources", "gsa")
    assert (status, out) == (1, "")
    assert "no file has 'gsa' in its id, publisher, table or title; did you mean 'gas'?" in err


HELD = [
    ["flow", "crude oil", "India", "--start", "2020-02"],
    ["find", "crude oil"],
    ["read", "trade", "reporter=India", "product=2709", "flow=imports", "start=2020"],
]
TWO_MONTHS = CRUDE + CRUDE.splitlines()[1].replace("-02", "-03")


def test_what_is_held_is_answered_without_a_network(run):
    held = {"crude": trade(CRUDE)}
    assert run(held, "build")[0] == 0
    for words in HELD:
        status, out, err = run(held, *words)
        assert (status, err) == (0, "")
        assert "2020-02" in out
        (row,) = json.loads(run(held, *words, "--json")[1])
        assert row.get("net_wgt_kg", 50) == 50


def test_no_line_is_wider_than_the_terminal(run, monkeypatch):
    held = {"crude": trade(TWO_MONTHS) | {"title": "x" * 90}}
    verbs = [*HELD, ["rows", "trade", "product=2709"], ["sources"]]
    run(held, "build")
    whole = [run(held, *words)[1] for words in verbs]
    monkeypatch.setattr(terminal, "width", lambda: 70)
    for words, wide in zip(verbs, whole, strict=True):
        assert max(map(len, run(held, *words)[1].splitlines())) <= 70
        assert words[0] in ("find", "flow") or max(map(len, wide.splitlines())) > 70


def test_a_message_has_the_call_of_who_reads_it(run, make_root):
    held = {"crude": trade(CRUDE)}
    run(held, "build")
    status, _, err = run(held, "flow", "crude oil", "India,China", "Russia", "--start", "2023")
    assert status == 2
    assert "`tradeflows ask 'crude oil' India,China Russia --start 2023` asks" in err
    assert "tf." not in err
    asked, root = (["crude oil"], ["India", "China"], "Russia"), make_root(held)
    with pytest.raises(QueryError, match=r"tf\.ask\('crude oil', \['India', 'China'\], 'Russia'"):
        tradeflows.flow(*asked, start="2023", root=root)


def test_rows_take_names_and_commas(run):
    held = {"crude": trade(CRUDE + CRUDE.splitlines()[1].replace("IND", "CHN"))}
    run(held, "build")
    by_code = ["reporter_iso=IND,CHN", "cmd_code=2709", "flow_code=M", "month=2020-02"]
    by_name = ["reporter=India,China", "product=crude oil", "flow=imports", "month=2020-02"]
    found = [
        json.loads(run(held, "rows", "trade", *words, "--json")[1]) for words in (by_code, by_name)
    ]
    assert len(found[0]) == 2
    assert found[0] == found[1]
    status, _, err = run(held, "rows", "trade", "reporter=Indai")
    assert (status, "did you mean 'India'" in err) == (2, True)


def test_a_table_fits_the_terminal():
    assert terminal.table([]) == []
    rows = [("a", "b" * 50, "c" * 90), ("aa", "b", "c")]
    assert max(map(len, terminal.table(rows))) == 146
    narrow = terminal.table(rows, 80)
    assert max(map(len, narrow)) <= 80
    assert narrow[0].startswith("a   bbb")
    assert narrow[0].endswith("…")
    five = [("a" * 50, "b" * 20, "c" * 20, "d" * 20, "e" * 90)]
    assert max(map(len, terminal.table(five, 60))) == 60
    assert max(map(len, terminal.table(five, 3))) == 13  # a letter a column


def test_a_long_last_column_goes_on_below():
    words = "crude oil by weight " * 20
    line = f"O08    \x1b[32m✓   holds\x1b[0m   {words.strip()}"
    first, *rest = terminal.folded([line], 80)
    assert first.startswith("O08    \x1b[32m✓   holds\x1b[0m   crude oil")
    assert all(text.startswith(" " * 19) and len(text) <= 80 for text in rest)
    assert " ".join(text.strip() for text in (first.partition("0m   ")[2], *rest)) == words.strip()
    assert terminal.folded(["O08  holds"], 80) == ["O08  holds"]
    assert terminal.folded([line]) == [line]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_no_color_is_heeded(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    for value, coloured in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", value)
        assert terminal.uses_colour() == coloured


def test_progress_waits_two_seconds(capsys):
    with terminal.progress(3, "files") as step:
        step("the first", 1, 3)
    with terminal.progress(3, "files", patience=0) as step:
        step("the second", 1, 3)
    with terminal.progress(3, "files", patience=0, quiet=True) as step:
        step("the third", 1, 3)
    assert capsys.readouterr().err == "the second\n"


def test_a_bar_has_rate_and_end(monkeypatch):
    for total, words in ((4, ["50 % |", "the second", "files/s", "to go"]), (0, ["2 files", "/s"])):
        monkeypatch.setattr(sys, "stderr", Terminal())
        with terminal.progress(total, "files", patience=0) as step:
            step("the first", 1, total)
            time.sleep(0.2)
            step("the second", 2, total)
        text = sys.stderr.getvalue()
        assert all(word in text for word in words)


def test_lines_may_stand_above_the_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    with terminal.progress(2, "steps", patience=0, keeps_lines=True) as step:
        step("", 0, 2, "running the first")
        assert "running the first" in sys.stderr.getvalue()  # though none is done
        step("the first: 1.2 s", 1, 2, "running the second")
    assert "the first: 1.2 s\n" in sys.stderr.getvalue()


def test_a_long_step_is_seen_to_go_on(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(terminal, "TICK", 0.05)
    with terminal.progress(2, "steps", patience=0.2) as step:
        step("", 0, 2, "the first")
        assert sys.stderr.getvalue() == ""
        time.sleep(0.6)
        drawn = sys.stderr.getvalue()
    assert drawn.count("the first, 00:00 so far") >= 2


LOADED = """
import os, sys
from tradeflows import cli
from tradeflows.cli import terminal
begun = []
shown = terminal.progress
terminal.progress = lambda *of, **more: (begun.append(of), shown(*of, **more))[1]
class Finder:
    def find_spec(name, *_):
        if name in ("numpy", "pandas", "pyarrow", "nbformat"):
            os._exit(7 if not begun else 0)
sys.meta_path.insert(0, Finder)
for words in {verbs!r}:
    if not (child := os.fork()):
        cli.main(words.split())
        os._exit(8)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status:
        sys.exit(words + (": nothing is shown" if status == 7 else ": nothing was loaded"))
"""
LOADING = [
    *("accept", "ask wheat China --start 2023", "available China", "build", "check", "claims"),
    *("diff comtrade", "doctor", "report", "rows trade month=2023-05", "trace O08"),
]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process for each verb is forked")
def test_progress_begins_before_anything_is_loaded():
    command = [sys.executable, "-c", LOADED.format(verbs=LOADING)]
    done = subprocess.run(command, cwd=PROJECT, **BUFFERED, stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")


def test_clean_shows_each_file(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(terminal.progress.__wrapped__.__kwdefaults__, "patience", 0)
    for name, rate in (("a.csv", "1.1"), ("b.csv", "1.2")):
        (tmp_path / name).write_text(f"Date, USD,\n2023-01-02,{rate},\n")
    paths = [str(tmp_path / name) for name in ("a.csv", "b.csv")]
    assert cli.main(["clean", "ecb", *paths, "--to", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().err.splitlines() == ["cleaning a.csv", "cleaning b.csv"]


def test_a_lacking_extra_is_one_line(make_root):
    script = (
        "import sys\nfrom tradeflows import cli\nsys.modules['nbconvert'] = None\n"
        f"sys.exit(cli.main(['--root', {str(make_root({'oil': {}}))!r}, 'report']))"
    )
    done = subprocess.run([sys.executable, "-c", script], **BUFFERED, stdout=subprocess.PIPE)
    said = "tradeflows: nbconvert is not installed; pip install 'tradeflows[report]'\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


@pytest.mark.slow
def test_cleaning_and_pyarrow_wait_for_no_pandas():
    script = (
        "import sys\nfrom tradeflows.cli.verbs import without_pandas\nwithout_pandas()\n"
        "from tradeflows.tables import clean\nimport pyarrow as pa\n"
        "assert 'pandas' not in sys.modules\n"
        "assert pa.table({'a': [1]}).to_pandas().shape == (1, 1)\nimport pandas"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (0, b"")


WRITES = pytest.mark.parametrize(  # by the parser, by rich, and by a verb, without a buffer
    ("words", "unbuffered"), [("--version", False), ("claims --help", False), ("sources", True)]
)


def written_to(stream, root, words, unbuffered):
    """Run the command with its answer going to `stream`: its status and what it complains of."""
    environment = BUFFERED["env"] | ({"PYTHONUNBUFFERED": "1"} if unbuffered else {})
    words = [sys.executable, "-m", "tradeflows", *words.split()]
    environment |= {"TRADEFLOWS_ROOT": str(root)}
    done = subprocess.run(words, stdout=stream, **BUFFERED | {"env": environment})
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("platform", "file", "status"), [("win32", None, 0), ("win32", "a:b", 1), ("linux", None, 1)]
)
def test_a_closed_pipe_of_windows_is_no_fault(monkeypatch, platform, file, status):
    def write(*_, **__):
        raise OSError(errno.EINVAL, "Invalid argument", file)

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(command, "say_no_more", lambda: None)
    monkeypatch.setattr(command, "parsed", write)
    assert cli.main(["sources"]) == status


@pytest.mark.slow
def test_a_fault_is_said_though_nobody_reads_the_answer(make_root):
    root = make_root({"oil": {}})
    (root / "data" / "claims.toml").write_text("[claim.X2]\n")
    reader, writer = os.pipe()
    os.close(reader)
    status, err = written_to(writer, root, "claims", unbuffered=False)
    os.close(writer)
    assert (status, err.count("\n")) == (1, 1)
    assert err.startswith("tradeflows: ")


@pytest.mark.slow
@WRITES
def test_an_answer_that_cannot_be_written(make_root, words, unbuffered):
    """A closed pipe is no fault, and a full disk is one line."""
    root = make_root({"oil": {}})
    reader, writer = os.pipe()
    os.close(reader)
    outcome = written_to(writer, root, words, unbuffered)
    os.close(writer)
    assert outcome == (0, "")
    if Path("/dev/full").exists():
        with Path("/dev/full").open("w") as full:
            status, err = written_to(full, root, words, unbuffered)
        (line,) = err.splitlines()
        assert (status, line.partition(": ")[0]) == (1, "tradeflows")
        assert "No space left" in line
