"""The life of a source: added by a map, committed, and superseded by its newer release."""

import shutil

import pytest

from tradeflows import charts, claims, cli, tables
from tradeflows.report import accept
from tradeflows.report.claim_cards import cards
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.sketch import sketch

HEAD = "month,reporter,partner,flow,hs6,value_usd\n"
JANUARY = HEAD + "2023-01,USA,EGY,X,100199,100\n2023-02,USA,EGY,X,100199,200\n"
MARCH = JANUARY.replace(",200", ",210") + "2023-03,USA,EGY,X,100199,300\n"
CLAIM = """
[claim.C01]
theme = "grain"
core = true
statement = "The United States sold Egypt wheat worth more than $500 from January to March 2023."
claimed = { value = 500, unit = "USD", qualifier = ">" }
asks = { goods = "100199", reporter = "USA", partner = "EGY", flow = "X", measure = "value", \
start = "2023-01", end = "2023-03" }
who = "The Gazette"
where = "https://example.org/article"

[[claim.C01.reading]]
name = "wheat, as the seller reports it"
read = { reporter = "USA", partner = "EGY", flow = "X", product = "100199" }
steps = [["total", { value = "value_reported", start = "2023-01", end = "2023-03" }]]
result = "value_reported"
"""


@pytest.fixture
def project(new_project):
    """Make an empty project, stand in it, and return it."""
    return new_project("wheat")


def save(folder, text, name):
    path = folder.parent / name
    path.write_text(text, encoding="utf-8")
    return path


COMPLETED = {"form": "month", "areas": "iso3", "classification_code": "HS", "X": "X"}
COMPLETED |= {"title": "Wheat exports: USD, by month", "steps": "Made up for a test."}
COMPLETED |= {"name": "Office of Invention", "short": "Invention"}


def complete(path, folder):
    """Complete the sketch of a file as a person would."""
    text = sketch(path).replace('times = "???"', "times = 1")
    for key, value in COMPLETED.items():
        text = text.replace(f'{key} = "???"', f'{key} = "{value}"')
    file = folder.parent / "wheat.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def held(project):
    """Commit the first release by its map; the project."""
    first = save(project, JANUARY, "usda_wheat.csv")
    made = complete(first, project)
    assert cli.main(["add", str(first), "--map", str(made), "--commit"]) == 0
    return project


def total(root):
    frame = tables.read(
        "trade", root=root, reporter="USA", partner="EGY", flow="X", product="100199"
    )
    return frame["value_reported"].sum()


UNFINISHED = """month,reporter,partner,flow,hs6,value_usd
2023-01,USA,Egypt,export,100199,5
2023-01,USA,Egypt,export,100111,6
2023-02,USA,Egypt,export,100199,0
2023-02,USA,Egypt,export,100111,0
"""


def test_last_months_of_zeros_are_asked_about_when_they_come(project, held, capsys):
    """By ``add`` and by ``update``, in the line that ``doctor`` has."""
    asked = "each figure of 2023-02 is 0: a zero, or not out yet? If not out, `where` in the map"
    assert asked not in capsys.readouterr().out
    file = save(project, UNFINISHED, "usda_open.csv")
    assert cli.main(["add", str(file), "--map", str(complete(file, project)), "--commit"]) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if asked in line]
    assert line.startswith("zero: usda_open: ")
    assert cli.main(["doctor"]) == 0
    assert line in capsys.readouterr().out.splitlines()
    newer = save(project, UNFINISHED.replace(",5", ",7"), "usda_newer.csv")
    assert cli.main(["update", "usda_open", str(newer), "--no-accept"]) == 0
    assert capsys.readouterr().out.count(asked) == 1


def test_a_commit_asks_for_steps(held, capsys, monkeypatch):
    raw = save(held, "Date, USD,\n2023-01-02,1.1,\n", "eurofxref-hist.csv")
    assert cli.main(["add", str(raw), "--commit"]) == 2
    assert "needs its steps or its address" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda: "downloaded by hand")
    assert cli.main(["add", str(raw), "--commit"]) == 0
    assert [*catalogue.load(held).values()][-1].steps == "downloaded by hand"


# --- a newer release ------------------------------------------------------------------------------


@pytest.fixture
def claimed(held):
    """Write a claim and a notebook on the first release."""
    (held / "data/claims.toml").write_text(CLAIM, encoding="utf-8")
    notebook = held / "notebooks/01_first_look.ipynb"
    text = notebook.read_text(encoding="utf-8")
    text = text.replace("No file is catalogued", "Some files are catalogued")
    text = text.replace("assert len(files) == 0", "assert len(files) > 0")
    notebook.write_text(text, encoding="utf-8")
    return held


def test_a_month_is_appended_by_one_command(claimed, capsys):
    assert cli.main(["accept"]) == 0
    assert accept.verdicts(claimed)[0]["verdict"] != "holds"
    new = save(claimed, MARCH, "new.csv")
    capsys.readouterr()
    assert cli.main(["update", "usda_wheat", str(new), "--vintage", "2023-05-01"]) == 0
    out = capsys.readouterr().out
    assert "it supersedes usda_wheat" in out
    assert "claim C01: " in out
    assert total(claimed) == 610
    assert accept.verdicts(claimed)[0]["verdict"] == "holds"
    [verdict] = claims.verdicts(root=claimed)
    assert verdict.readings[0].sources == ("usda_wheat_20230501",)
    totals = {cell[1] for cell in accept.committed(claimed) if cell[0] == "trade"}
    assert totals == {"usda_wheat", "usda_wheat_20230501"}
    frame = tables.read("trade", root=claimed, reporter="USA", flow="X")
    axes = charts.lines(frame, y="value_reported", by="partner_iso", title="Wheat", unit="USD")
    assert charts.drawn(axes)["EGY"].tolist() == [100, 210, 300]
    assert "610" in cards("C01", root=claimed)._repr_html_()
    assert cli.main(["check"]) == 0


def test_a_pin_on_the_old_release_is_named(claimed, capsys):
    notebook = claimed / "notebooks/01_first_look.ipynb"
    shutil.copy(notebook, notebook.with_name("02_pinned.ipynb"))
    pinned = notebook.with_name("02_pinned.ipynb")
    text = pinned.read_text(encoding="utf-8")
    cell = '"import tradeflows as tf"'
    assert cell in text
    pinned.write_text(text.replace(cell, "\"tf.read(source='usda_wheat')\""), encoding="utf-8")
    new = save(claimed, MARCH, "new.csv")
    assert cli.main(["update", "usda_wheat", str(new), "--no-accept"]) == 0
    out = capsys.readouterr().out
    assert "02_pinned.ipynb names usda_wheat, and still reads the old release: tf.read(" in out
    assert "01_first_look.ipynb names" not in out


@pytest.mark.parametrize("is_in_part", [False, True])
def test_a_claim_follows_its_source(claimed, capsys, is_in_part):
    ledger = claimed / "data/claims.toml"
    text = ledger.read_text().replace("read = {", 'read = { source = ["usda_wheat"],')
    if is_in_part:
        text = text.replace(
            "[[claim.C01.reading]]", "[[claim.C01.part]]\n[[claim.C01.part.reading]]"
        )
    ledger.write_text(text)
    new = save(claimed, MARCH, "new.csv")
    words = ["update", "usda_wheat", str(new), "--vintage", "2023-05", "--no-accept"]
    assert cli.main(words) == 0
    assert "claim C01 reads usda_wheat_202305 now" in capsys.readouterr().out
    assert ledger.read_text() == text.replace('"usda_wheat"', '"usda_wheat_202305"')
