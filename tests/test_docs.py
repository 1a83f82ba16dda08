"""The documentation site is whole, its examples run, and the tutorial works as it stands."""

import contextlib
import doctest
import importlib
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tomllib
import venv
from itertools import pairwise
from pathlib import Path

import flit_core.buildapi
import pytest
from links import dead_links
from tutorial import FENCE, PAGE, Tutorial

import tradeflows as tf
from tradeflows import cli, tables
from tradeflows.cli import arguments

PROJECT = Path(__file__).parents[1]
DOCS = PROJECT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


def names(page):
    return page.relative_to(DOCS).as_posix()


def test_the_site_is_whole(tmp_path):
    to = tmp_path / "site"
    sphinx = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", tmp_path / "seen"]
    done = subprocess.run([*sphinx, DOCS, to], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    pages = [page.relative_to(to).as_posix() for page in to.rglob("*.html")]
    assert len(pages) > len(PAGES)
    dead = {page: dead_links(to, page) for page in pages}
    assert {page: links for page, links in dead.items() if links} == {}

    menu = (to / "index.html").read_text(encoding="utf-8")
    inner = [name for name in map(names, PAGES) if name != "index.md"]
    assert [name for name in inner if f'href="{name.removesuffix(".md")}.html"' not in menu] == []


@pytest.fixture
def listings(monkeypatch):
    """What the pages list out of the code."""
    monkeypatch.syspath_prepend(DOCS)
    return importlib.import_module("from_code").LISTINGS


def test_each_target_of_make_has_plain_commands_of_any_system(listings):
    lines = [*listings["make-targets"]()]
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    targets = {*re.findall(r"^([a-z]+):.*## ", makefile, flags=re.M)} - {"help"}
    assert {line[9:-1] for line in lines if line.startswith("## ")} == targets
    programs = {"python", "tradeflows", "ruff", "mypy", "jupyter", "sphinx-build", "uv"}
    after = [following for line, following in pairwise(lines) if line == "```sh"]
    assert len(after) == len(targets)
    assert {line.split()[0] for line in after} <= programs
    assert not [line for line in lines if "$" in line or line.endswith("\\")]
    scripts = [word for line in lines for word in line.split() if word.endswith(".py")]
    assert [name for name in scripts if not (PROJECT / name).is_file()] == []


def test_the_first_page_has_the_six_words_of_the_reference(listings):
    [_, _, *rows] = listings["public-words"]()
    first_page = (PROJECT / "README.md").read_text(encoding="utf-8")
    assert [f"{row}\n" in first_page for row in rows] == [True] * 6


def examples_of(page):
    """Run the examples of a page, and return what is not as it says."""
    text = page.read_text(encoding="utf-8")
    code = "\n".join(body for kind, body in FENCE.findall(text) if kind == "pycon")
    test = doctest.DocTestParser().get_doctest(code, {}, page.name, str(page), 0)
    said = []
    doctest.DocTestRunner(verbose=False, optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    return "".join(said)


@pytest.mark.parametrize("page", [page for page in PAGES if page != PAGE], ids=names)
def test_examples_of_a_page_run(page, embedded, monkeypatch):
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(embedded))
    assert examples_of(page) == ""


# --- files that a page has us write ---------------------------------------------------------------


SOURCE, PUBLISHER = (DOCS / "how-to" / f"{name}.md" for name in ("source", "publisher"))


def bodies(page, kind):
    fences = FENCE.findall(page.read_text(encoding="utf-8"))
    return [body for of_kind, body in fences if of_kind == kind]


def commands(page):
    """Lines of a page that a shell would run."""
    shell = "\n".join(bodies(page, "sh"))
    return [line for line in shell.splitlines() if line and not line.startswith("#")]


def add_as_told(page, file, texts):
    """Write these texts into files, and add one by the command of the page."""
    for name, text in texts.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    [command] = [line for line in commands(page) if file in line]
    assert cli.main(shlex.split(command)[1:]) == 0


def entry_of(name):
    [entry] = [body for body in bodies(SOURCE, "toml") if f"\n[source.{name}]" in body]
    return entry


def test_a_file_of_sums_and_columns_is_added(new_project, capsys):
    new_project("wide")
    [table, *_] = bodies(SOURCE, "")
    capsys.readouterr()
    add_as_told(SOURCE, "wide", {"wide.csv": table, "autumn.toml": entry_of("autumn")})
    [shown] = bodies(SOURCE, "text")
    assert capsys.readouterr().out.startswith(shown)
    rows = tables.read(reporter="CHN", partner="USA", flow="M", product="120190")
    assert rows["net_wgt_kg"].tolist() == [132_248_000, 66_955_000, 69_299_000]
    assert tf.trace(rows, "net_wgt_kg")["line"].tolist() == [2, 3, 5]


def test_printed_figures_are_added_with_who_counted(new_project, capsys):
    root = new_project("prints")
    [*_, table] = bodies(SOURCE, "")
    add_as_told(SOURCE, "prints", {"prints.csv": table, "prints.toml": entry_of("prints")})
    names = ("id", "collector", "witness", "interested", "forecast", "route", "value")
    rows = tables.stored(root, "figures").to_table().to_pylist()
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("S1", "Shiptrack", "measured", False, False, "by sea", 5_100_000),
        ("S2", "China Customs", "office", False, False, None, 10_200_000),
        ("S3", "the growers' union", "measured", True, False, None, 9_900_000),
        ("S4", "", "relay", False, True, None, 75_000_000),
    ]
    catalogue = root / "data" / "raw" / "sources.toml"
    entries = catalogue.read_text(encoding="utf-8")
    assert entries.count("S4 = ") == 1
    catalogue.write_text(entries.replace("S4 = ", "S5 = "), encoding="utf-8")
    capsys.readouterr()
    assert cli.main(["build"]) == 1
    assert "confirmed.S4" in capsys.readouterr().err


# Synthetic: the shape of an office that prints a record a year, and 0 before a month is out.
SYNTHETIC_YEARS = """\
Year,HS,Unit,Quantity-Nov,Value-Nov,Quantity-Dec,Value-Dec
2022,270900900,KL,7,70,8,80
2022,271111000,MT,5,50,6,60
2023,270900900,KL,3,30,0,0
2023,271111000,MT,2,20,0,0
"""
SYNTHETIC_UNITS = "Year,HS,Unit,Quantity\n2022,270900900,KL,7\n2022,271111000,MT,5\n"
SYNTHETIC_OFFICE = """
[publisher.office]
name = "A synthetic office"
short = "Synthetic"
home = ""
[source.oil]
publisher = "office"
title = "Synthetic imports"
steps = "Written for a test."
arguments.columns = {columns}
[source.oil.arguments.fields]
reporter_iso = "JPN"
partner_iso = "RUS"
flow_code = "M"
currency = "JPY"
valuation = "CIF"
cmd_code.column = "HS"
cmd_code.words = {{ "270900900" = "270900", "271111000" = "271111" }}
"""


def added(table, fields):
    """Add a synthetic file to the project that one stands in, and return its rows."""
    columns = table.splitlines()[0].split(",")
    Path("oil.csv").write_text(table, encoding="utf-8")
    entry = SYNTHETIC_OFFICE.format(columns=columns) + fields
    Path("oil.toml").write_text(entry, encoding="utf-8")
    assert cli.main(["add", "oil.csv", "--map", "oil.toml", "--commit"]) == 0
    rows = tables.read(reporter="JPN", flow="M", freq=None).sort_values(["cmd_code", "ref_period"])
    return rows.assign(kg=rows["net_wgt_kg"].fillna(-1), yen=rows["value_reported"].fillna(-1))


def test_units_and_months_in_columns_are_read_as_a_page_says(new_project):
    entries = bodies(SOURCE, "toml")
    [units] = [body for body in entries if body.startswith("qty =")]
    new_project("units")
    rows = added(SYNTHETIC_UNITS, 'ref_period = { column = "Year", form = "year" }\n' + units)
    assert rows["cmd_code"].tolist() == ["270900", "271111"]
    assert rows["qty"].fillna(-1).tolist() == [7, -1]
    assert rows["qty_unit"].tolist() == ["m3", "none"]
    assert rows["kg"].tolist() == [-1, 5000]
    maps = "\n".join(body for body in entries if "[[source.oil.arguments.rows]]" in body)
    new_project("months")
    rows = added(SYNTHETIC_YEARS, 'qty_unit = "none"\n' + maps)
    months = [f"{month:%Y-%m}" for month in rows["ref_period"]]
    assert months[:4] == ["2022-11", "2022-12", "2023-11", "2023-12"]
    assert rows["yen"].tolist() == [70_000, 80_000, 30_000, -1, 50_000, 60_000, 20_000, -1]
    assert rows["kg"].tolist() == [-1, -1, -1, -1, 5000, 6000, 2000, -1]


def test_a_cleaner_of_a_page_reads_its_file(new_project):
    root = new_project("notes")
    [table], [code], [consent, entry] = (bodies(PUBLISHER, kind) for kind in ("", "python", "toml"))
    project = consent + (root / "project.toml").read_text(encoding="utf-8")
    texts = {"notes.csv": table, "notes.toml": entry, "project.toml": project}
    add_as_told(PUBLISHER, "notes", texts | {"cleaners/newsroom.py": code})
    rows = tables.read(reporter="CHN", partner="BRA", product="120190")
    assert rows["net_wgt_kg"].tolist() == [7_590_280_000, 6_530_680_000]
    assert tf.trace(rows, "net_wgt_kg")["text"].str.endswith(("7590280", "6530680")).all()


def test_claims_of_a_page_have_its_verdicts(tmp_path, capsys, soybeans):
    page = DOCS / "how-to" / "claim.md"
    ledger = tmp_path / "mine.toml"
    ledger.write_text("\n".join(bodies(page, "toml")), encoding="utf-8")
    assert cli.main(["--root", str(soybeans), "claims", "--ledger", str(ledger)]) == 0
    [shown] = bodies(page, "text")
    assert capsys.readouterr().out.split() == shown.split()


@pytest.mark.parametrize("page", [*PAGES, PROJECT / "README.md"], ids=lambda page: page.stem)
def test_toml_of_a_page_is_toml_and_its_commands_are_known(page):
    assert all(map(tomllib.loads, bodies(page, "toml")))
    for line in commands(page):
        program, *words = shlex.split(line)
        if program == "tradeflows":
            arguments.parsed(words)  # refuses what is none


# --- the tutorial, by a wheel in an environment of its own ----------------------------------------


@pytest.fixture
def python(tmp_path):
    """The Python of a fresh environment that has the wheel, and the packages of this one."""
    folder = tmp_path / "wheel"
    folder.mkdir()
    with contextlib.chdir(PROJECT):
        wheel = folder / flit_core.buildapi.build_wheel(str(folder))
    venv.create(folder / "env")
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", wheel], check=True)
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    own = subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip()
    Path(own, "others.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return str(python)


def test_the_tutorial_works_as_it_stands(python, tmp_path, monkeypatch):
    tutorial = Tutorial(python, tmp_path)
    # Templates and kernels of the packages that the fresh environment borrows.
    monkeypatch.setenv("JUPYTER_PATH", str(Path(sys.prefix, "share", "jupyter")))
    tutorial.do(PAGE.read_text(encoding="utf-8"))
    tutorial.run("tradeflows build")

    where = [python, "-I", "-c", "import tradeflows; print(tradeflows.__file__)"]
    told = subprocess.run(where, cwd=tutorial.root, capture_output=True, text=True, check=True)
    assert Path(told.stdout).is_relative_to(Path(python).parents[1]), "it is not the wheel"

    fences = FENCE.findall(PAGE.read_text(encoding="utf-8"))
    shown = [
        (commands.splitlines()[-1], output)
        for (kind, commands), (kind_after, output) in pairwise(fences)
        if (kind, kind_after) == ("sh", "text")
    ]
    assert len(shown) == 2
    for command, output in shown:
        # The width of columns is the terminal's.
        assert tutorial.printed[command].split() == output.split()
    assert "01_soybeans.ipynb: 5 passed" in tutorial.printed["tradeflows check"]

    monkeypatch.setenv("TRADEFLOWS_ROOT", str(tutorial.root))
    assert examples_of(PAGE) == ""
    page = (tutorial.root / "report" / "index.html").read_text(encoding="utf-8")
    assert "Did China stop buying American soybeans?" in page
    assert dead_links(tutorial.root / "report", "index.html") == []
