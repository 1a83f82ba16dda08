"""The life of a source: added by a map, committed, and superseded by its newer release."""

import shutil
from dataclasses import replace

import pytest

from tradeflows import charts, claims, cli, tables
from tradeflows.model.errors import CatalogueError, QueryError
from tradeflows.report import accept, pins
from tradeflows.report.claim_cards import cards
from tradeflows.retrieval import adding, catalogue, maps
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


COMPLETED = {
    "form": '"month"',
    "areas": '"iso3"',
    "times": "1",
    "classification_code": '"HS"',
    "X": '"X"',
}


def complete(path, folder):
    """Complete the sketch of a file as a person would."""
    text = sketch(path).replace('title = "???"', 'title = "Wheat exports: USD, by month"')
    text = text.replace('steps = "???"', 'steps = "Made up for a test."')
    text = text.replace('name = "???"', 'name = "Office of Invention"')
    for key, value in COMPLETED.items():
        text = text.replace(f'{key} = "???"', f"{key} = {value}")
    file = folder.parent / "wheat.toml"
    file.write_text(text.replace('short = "???"', 'short = "Invention"'), encoding="utf-8")
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


def test_a_mapped_file_is_committed_and_built(held, capsys):
    [source] = catalogue.load(held).values()
    assert (source.id, source.path) == ("usda_wheat", "usda/usda_wheat.csv")
    assert source.file(held).read_text() == JANUARY
    assert catalogue.publishers(held)["usda"].short == "Invention"
    assert total(held) == 300
    assert cli.main(["verify"]) == 0


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


def test_absent_beyond_the_file_is_said_when_it_comes(project, held, capsys):
    file = save(project, UNFINISHED, "usda_open.csv")
    made = complete(file, project)
    text = made.read_text(encoding="utf-8")
    absent = 'absent = [{ along = "partner_iso", from = "2023-01", until = "2023-MM" }]\n'
    told = "usda_open: the file ends with 2023-02, and `absent` with 2023-12: it makes no zeros of"
    for until, said in (("02", 0), ("12", 1)):
        made.write_text(
            text.replace("arguments.columns", absent.replace("MM", until) + "arguments.columns", 1),
            encoding="utf-8",
        )
        assert cli.main(["add", str(file), "--map", str(made)]) == 0
        assert capsys.readouterr().out.count(told) == said
        [name] = catalogue.load(project, local=True).keys() - catalogue.load(project).keys()
        assert cli.main(["remove", name]) == 0


def test_a_known_file_is_passed_over(held, capsys):
    before = (held / "data/raw/sources.toml").read_bytes()
    first, more = held.parent / "usda_wheat.csv", save(held, MARCH, "usda_more.csv")
    words = ["add", str(first), str(more), "--map", "../wheat.toml", "--rank", "5"]
    assert cli.main(words) == 0
    out = capsys.readouterr().out
    assert "usda_wheat: held already, as usda/usda_wheat.csv" in out
    assert (held / "data/raw/sources.toml").read_bytes() == before
    assert len(catalogue.load(held, local=True)) == 2


def test_ones_own_file_is_committed_later(held):
    more = save(held, MARCH, "usda_more.csv")
    assert cli.main(["add", str(more), "--map", "../wheat.toml"]) == 0
    [name] = catalogue.load(held, local=True).keys() - catalogue.load(held).keys()
    assert cli.main(["add", str(more), "--map", "../wheat.toml", "--commit"]) == 0
    assert name in catalogue.load(held)
    assert not list((held / "data/raw/local/usda").glob("*.csv"))


def test_a_commit_asks_for_steps(held, capsys, monkeypatch):
    raw = save(held, "Date, USD,\n2023-01-02,1.1,\n", "eurofxref-hist.csv")
    assert cli.main(["add", str(raw), "--commit"]) == 2
    assert "needs its steps or its address" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda: "downloaded by hand")
    assert cli.main(["add", str(raw), "--commit"]) == 0
    assert [*catalogue.load(held).values()][-1].steps == "downloaded by hand"


def test_a_map_of_other_columns_is_refused(held):
    other = save(held, JANUARY.replace("month", "when"), "usda_other.csv")
    before = (held / "data/raw/sources.toml").read_bytes()
    assert cli.main(["add", str(other), "--map", "../wheat.toml", "--commit"]) == 1
    assert (held / "data/raw/sources.toml").read_bytes() == before
    assert len(list((held / "data/raw/usda").iterdir())) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"expected one \[source.NAME\], found none"),
        ("[source.a]\n[source.b]\n", "found 2 of them"),
        ("[source.a]\ntitel = 'x'\n", "no key 'titel' exists; did you mean 'title'"),
        (
            "[source.a]\ntitle = '???'\n",
            r"line 2: title is still \?\?\?; write what is right there",
        ),
        ("[source]\na = 1\n", "must be a table of keys"),
    ],
)
def test_a_wrong_map_is_named(tmp_path, text, message):
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(CatalogueError, match=message):
        maps.read(file)


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


def test_an_update_is_done_once(claimed, capsys):
    new = save(claimed, MARCH, "new.csv")
    words = ["update", "usda_wheat", str(new), "--no-accept"]
    assert cli.main(words) == 0
    before = (claimed / "data/raw/sources.toml").read_bytes()
    assert cli.main(words) == 0
    assert "held already" in capsys.readouterr().out
    assert (claimed / "data/raw/sources.toml").read_bytes() == before


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


@pytest.mark.parametrize("pin", ['"usda_wheat"', '["usda_wheat"]'])
def test_a_claim_follows_its_source(claimed, capsys, pin):
    ledger = claimed / "data/claims.toml"
    text = ledger.read_text().replace("read = {", f"read = {{ source = {pin},")
    ledger.write_text(text)
    new = save(claimed, MARCH, "new.csv")
    words = ["update", "usda_wheat", str(new), "--vintage", "2023-05", "--no-accept"]
    assert cli.main(words) == 0
    assert "claim C01 reads usda_wheat_202305 now" in capsys.readouterr().out
    assert ledger.read_text() == text.replace('"usda_wheat"', '"usda_wheat_202305"')


def test_a_claim_of_an_old_release_is_named(claimed):
    ledger = claimed / "data/claims.toml"
    text = ledger.read_text().replace("read = {", 'read = { vintage = "2023-03",')
    ledger.write_text(text)
    [source] = catalogue.load(claimed).values()
    assert pins.pins(claimed, replace(source, vintage="2023-03")) == [
        pins.Pin("claim C01", 'vintage = "2023-03"')
    ]
    assert pins.pins(claimed, source) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [("usda_weat", "no source 'usda_weat'; did you mean 'usda_wheat'"), ("usda_wheat", "")],
)
def test_what_can_be_updated(held, name, message):
    new = save(held, MARCH, "new.csv")
    if message:
        with pytest.raises(QueryError, match=message):
            adding.update(name, new, held)
        return
    adding.update(name, new, held)
    third = save(held, MARCH.replace("300", "301"), "third.csv")
    with pytest.raises(QueryError, match="is superseded by usda_wheat_"):
        adding.update(name, third, held)


def test_ones_own_source_is_updated(held):
    first = save(held, JANUARY.replace("EGY", "CHN"), "mine.csv")
    assert cli.main(["add", str(first), "--map", "../wheat.toml"]) == 0
    [name] = catalogue.load(held, local=True).keys() - catalogue.load(held).keys()
    new = save(held, MARCH.replace("EGY", "CHN"), "new.csv")
    assert cli.main(["update", name, str(new)]) == 0
    frame = tables.read("trade", root=held, local=True, partner="CHN", flow="X")
    assert frame["value_reported"].sum() == 610
