"""The life of a source: added by a map, committed, and superseded by its newer release."""

import shutil

import pytest
from maps import WHEAT_MAP

from tradeflows import charts, claims, cli, tables
from tradeflows.report import accept
from tradeflows.report.claim_cards import cards
from tradeflows.retrieval import catalogue

HEAD = "month,hs6,usd\n"
JANUARY = HEAD + "2023-01,100199,100\n2023-02,100199,200\n"
MARCH = JANUARY.replace(",200", ",210") + "2023-03,100199,300\n"
UNFINISHED = HEAD + "2023-01,100199,5\n2023-01,100111,6\n2023-02,100199,0\n2023-02,100111,0\n"
MAP = WHEAT_MAP.replace('"usd"]', '"hs6", "usd"]').replace('"1001"', '{ column = "hs6" }')
MAP = MAP.replace("source.exports", "source.{0}")
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


def save(folder, text, name):
    path = folder.parent / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def add(folder, text, name):
    """Commit a file under a name, by its map."""
    made = save(folder, MAP.replace("{0}", name), "wheat.toml")
    return cli.main(["add", save(folder, text, f"{name}.csv"), "--map", made, "--commit"])


@pytest.fixture
def held(new_project):
    """A project with the first release."""
    root = new_project("wheat")
    assert add(root, JANUARY, "exports") == 0
    return root


def total(root):
    frame = tables.read(
        "trade", root=root, reporter="USA", partner="EGY", flow="X", product="100199"
    )
    return frame["value_reported"].sum()


def test_last_months_of_zeros_are_asked_about_when_they_come(held, capsys):
    """By ``add`` and by ``update``, in the line that ``doctor`` has."""
    asked = "each figure of 2023-02 is 0: a zero, or not out yet? If not out, `where` in the map"
    assert asked not in capsys.readouterr().out
    assert add(held, UNFINISHED, "open") == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if asked in line]
    assert line.startswith("zero: open: ")
    assert cli.main(["doctor"]) == 0
    assert line in capsys.readouterr().out.splitlines()
    newer = save(held, UNFINISHED.replace(",5", ",7"), "newer.csv")
    assert cli.main(["update", "open", newer, "--no-accept"]) == 0
    assert capsys.readouterr().out.count(asked) == 1


def test_a_commit_asks_for_steps(held, capsys, monkeypatch):
    raw = save(held, "Date, USD,\n2023-01-02,1.1,\n", "eurofxref-hist.csv")
    assert cli.main(["add", raw, "--commit"]) == 2
    assert "needs its steps or its address" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda: "downloaded by hand")
    assert cli.main(["add", raw, "--commit"]) == 0
    assert [*catalogue.load(held).values()][-1].steps == "downloaded by hand"


# --- a newer release ------------------------------------------------------------------------------


@pytest.fixture
def claimed(held):
    """Write a claim on the first release."""
    (held / "data/claims.toml").write_text(CLAIM, encoding="utf-8")
    return held


def test_a_month_is_appended_by_one_command(claimed, capsys):
    (claimed / "notebooks/01_first_look.ipynb").unlink()  # which test_accept and test_init run
    assert cli.main(["accept"]) == 0
    assert accept.verdicts(claimed)[0]["verdict"] != "holds"
    new = save(claimed, MARCH, "new.csv")
    capsys.readouterr()
    assert cli.main(["update", "exports", new, "--vintage", "2023-05-01"]) == 0
    out = capsys.readouterr().out
    assert "it supersedes exports" in out
    assert "claim C01: " in out
    assert total(claimed) == 610
    assert accept.verdicts(claimed)[0]["verdict"] == "holds"
    [verdict] = claims.verdicts(root=claimed)
    assert verdict.readings[0].sources == ("exports_20230501",)
    totals = {cell[1] for cell in accept.committed(claimed) if cell[0] == "trade"}
    assert totals == {"exports", "exports_20230501"}
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
    pinned.write_text(text.replace(cell, "\"tf.read(source='exports')\""), encoding="utf-8")
    new = save(claimed, MARCH, "new.csv")
    assert cli.main(["update", "exports", new, "--no-accept"]) == 0
    out = capsys.readouterr().out
    assert "02_pinned.ipynb names exports, and still reads the old release: tf.read(" in out
    assert "01_first_look.ipynb names" not in out


@pytest.mark.parametrize("is_in_part", [False, True])
def test_a_claim_follows_its_source(claimed, capsys, is_in_part):
    ledger = claimed / "data/claims.toml"
    text = ledger.read_text().replace("read = {", 'read = { source = ["exports"],')
    if is_in_part:
        text = text.replace(
            "[[claim.C01.reading]]", "[[claim.C01.part]]\n[[claim.C01.part.reading]]"
        )
    ledger.write_text(text)
    new = save(claimed, MARCH, "new.csv")
    words = ["update", "exports", new, "--vintage", "2023-05", "--no-accept"]
    assert cli.main(words) == 0
    assert "claim C01 reads exports_202305 now" in capsys.readouterr().out
    assert ledger.read_text() == text.replace('"exports"', '"exports_202305"')
