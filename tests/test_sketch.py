"""A sketch proposes a map from what a file shows, and marks what it does not know."""

import re
import tomllib
from pathlib import Path

import pytest
from maps import WHEAT_MAP
from workbook_twin import workbook

from tradeflows import cli, measures, tables
from tradeflows.model.errors import CatalogueError, LayoutError, QueryError, SourceError
from tradeflows.retrieval import catalogue, maps
from tradeflows.retrieval.sketch import UNKNOWN, agreement, sketch

WHEAT = (
    "month,reporter,partner,flow,hs6,value_usd_thousand,weight_t,estimated,mood\n"
    "2023-01,USA,China,export,100199,12.5,40,False,good\n"
    "2023-01,USA,Ruritania,export,100199,2.5,8,True,bad\n"
    "2023-02,USA,Egypt,export,100111,7,0,False,good\n"
)


@pytest.fixture
def saved(tmp_path):
    """Save a text as a file."""

    def save(text, name="usda_wheat.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return save


def entry_of(text):
    [entry] = tomllib.loads(text)["source"].values()
    return entry


def fields_of(text):
    return entry_of(text)["arguments"]["fields"]


def test_what_a_file_shows_is_filled_in(saved):
    assert fields_of(sketch(saved(WHEAT))) == {
        "ref_period": {"column": "month", "form": UNKNOWN},
        "reporter_iso": {"column": "reporter", "areas": UNKNOWN},
        "partner_iso": {
            "column": "partner",
            "words": {"China": "CHN", "Ruritania": UNKNOWN, "Egypt": "EGY"},
        },
        "flow_code": {"column": "flow", "words": {"export": "X"}},
        "cmd_code": {"column": "hs6"},
        "classification_code": UNKNOWN,
        "value_reported": {"column": "value_usd_thousand", "times": UNKNOWN},
        "currency": "USD",
        "net_wgt_kg": UNKNOWN,
    }


BRAZIL = (
    "CO_ANO;CO_MES;NCM;PAIS;VL_FOB;KG\n2023;01;12019000;China;1.234.567,5;2\n"
    "2023;12;12019000;China;10,25;3\n"
)


def test_an_open_mark_is_refused(saved, tmp_path):
    path = tmp_path / "wheat.toml"
    path.write_text(sketch(saved(WHEAT)), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    lines = [at for at, line in enumerate(text.splitlines(), 1) if '"???"' in line.split("#")[0]]
    with pytest.raises(
        CatalogueError, match=r"line 6: name is still \?\?\?; write whose"
    ) as refused:
        maps.read(path)
    assert f"in line {', '.join(map(str, lines[1:]))})" in str(refused.value)
    path.write_text(re.sub("^(name|short|title|steps) = .*", r'\1 = "x"', text, flags=re.M))
    with pytest.raises(CatalogueError, match=r"line 29: ref_period is still .*write \"month\" \(a"):
        maps.read(path)


def test_marks_of_a_file_are_seen(saved):
    arguments = entry_of(sketch(saved(BRAZIL)))["arguments"]
    assert [arguments[key] for key in ("separator", "decimal", "grouping")] == [*";,."]
    assert arguments["fields"]["value_reported"] == {"column": "VL_FOB", "times": UNKNOWN}


@pytest.mark.parametrize(
    "text",
    [
        'year,reporter,partner,usd\n2023,USA,EGY,"1,234"\n',
        "year;reporter;partner;usd\n2023;USA;EGY;1.234\n",
    ],
)
def test_marks_of_two_meanings_are_open(saved, text):
    arguments = entry_of(sketch(saved(text)))["arguments"]
    assert arguments["decimal"] == arguments["grouping"] == UNKNOWN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty; save it again"),
        ("a;b\n1;2;3\n", "expected lines of 2 cells, found 3 in record 1"),
        ("a,b\n", "found a header alone"),
        ("a,a\n1,2\n", "'a' twice"),
        ("<html>", "a page of HTML"),
        ('{"a": 1}', "found JSON"),
        ("PK\x03\x04", "a whole .xlsx"),
    ],
)
def test_what_is_no_csv_is_said(saved, text, message):
    with pytest.raises((LayoutError, SourceError), match=message):
        sketch(saved(text))


def test_a_known_file_needs_no_map(saved):
    path = saved("Date, USD,\n2023-01-02,1.1,\n", "eurofxref.csv")
    with pytest.raises(QueryError, match="reads it without a map"):
        sketch(path)


def test_a_sketch_needs_no_project(saved, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TRADEFLOWS_ROOT", raising=False)
    path = saved(WHEAT)
    assert cli.main(["sketch", str(path), "--to", "wheat.toml"]) == 0
    assert capsys.readouterr().out == "wheat.toml\n"
    assert (tmp_path / "wheat.toml").read_text(encoding="utf-8").startswith("# usda_wheat.csv")


@pytest.mark.parametrize(
    ("old", "new", "file", "message"),
    [
        ('"usd" }', '"usdd" }', "map.toml", "its map: fields.value_reported: column: no column"),
        ('title = "Wheat', 'kind = "foo"\ntitle = "Wheat', "map.toml", "no such kind as 'foo'"),
        ("steps = ", "note = ", "map.toml", "lacks address or steps"),
        (
            'title = "',
            'address = "a.org"\ntitle = "',
            "map.toml",
            "not 'a.org'; leave it out if there",
        ),
        ('= "office"', '= "offic"', "map.toml", "no such publisher as 'offic'"),
        ('"EGY"', '"EGX"', "usda_wheat.csv", "partner_iso: no area id 'EGX'"),
        ('"1001"', '"101"', "usda_wheat.csv", "'101' is no HS code"),
        ('"X"', '"Y"', "usda_wheat.csv", "flow_code: not one of M, X, RM, RX"),
        ('form = "month"', 'form = "yyyymm"', "usda_wheat.csv", "record 1: expected a month"),
    ],
)
def test_a_wrong_map_names_the_users_file(saved, new_project, capsys, old, new, file, message):
    root = new_project("wheat_maps")
    path = saved("month,usd\n2023-01,5\n")
    written = root / "map.toml"
    written.write_text(WHEAT_MAP.replace(old, new), encoding="utf-8")
    assert cli.main(["add", str(path), "--map", str(written), "--commit"]) == 1
    named, _, said = capsys.readouterr().err.removeprefix("tradeflows: ").partition(": ")
    assert named == str(written if file == "map.toml" else path)
    assert message in said


def test_a_factor_taken_out_of_a_map_is_said(new_project, capsys):
    """By ``add``, unless a person confirms it, and by ``doctor`` where it is taken out later."""
    root = new_project("wheat")
    right = 'net_wgt_kg = { column = "Weight (100 kg)", times = 100 }'
    wheat = WHEAT_MAP.replace('"usd"]', '"Weight (100 kg)"]')
    wheat = wheat.replace('value_reported = { column = "usd" }', right)
    wrong = wheat.replace(", times = 100", "")
    confirmed = 'confirmed.net_wgt_kg = "the office says that its header is out of date"\n'
    (root / "wheat.csv").write_text("month,Weight (100 kg)\n2023-01,5\n", encoding="utf-8")

    def add(text):
        (root / "map.toml").write_text(text, encoding="utf-8")
        return cli.main(["add", "wheat.csv", "--map", "map.toml"])

    assert add(wrong) == 1
    said = capsys.readouterr().err
    assert "net_wgt_kg: times is 1, and the header 'Weight (100 kg)' says 100; mend it" in said
    assert add(wrong.replace("arguments.col", f"{confirmed}arguments.col")) == 0
    assert cli.main(["doctor"]) == cli.main(["remove", "exports"]) == add(wheat) == 0
    assert "map: " not in capsys.readouterr().out
    [local] = (root / "data/raw/local").rglob("*.toml")
    local.write_text(local.read_text(encoding="utf-8").replace("times = 100", "times = 1000"))
    assert cli.main(["build"]) == cli.main(["doctor"]) == 0
    told = (
        "map: exports: net_wgt_kg: times is 1,000, and the header 'Weight (100 kg)' says 100; mend"
    )
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("period,sold to China in USD,sold to Egypt in USD", "countries"),
        ("country,2018-09,2018-10", "months"),
        ("country,Exports FOB (USD),Imports CIF (USD)", "imports and exports"),
    ],
)
def test_rows_that_are_columns_lead_to_the_how_to(saved, header, what):
    first = "2023-05" if header.startswith("period") else "Egypt"
    text = sketch(saved(f"{header}\n{first},1,2\n"))
    assert f"# Its columns are {what}, and each is a row of its own" in text
    assert fields_of(text)["value_reported"] == UNKNOWN
    assert "Its columns are" not in sketch(saved(WHEAT))


def test_the_sheet_of_a_workbook_is_sketched_and_read_by_its_map(tmp_path, monkeypatch, capsys):
    """A trace has the sheet, the row as Excel numbers it, and the column."""
    lines = [["month", "usd"], ["2023-01", 5], [], ["2023-02", 7.5]]
    path, beside = tmp_path / "wheat.xlsx", tmp_path / "wheat.csv"
    path.write_bytes(workbook([], lines, names=["Notes", "Data"]))
    beside.write_text("month,usd\n2023-01,5\n2023-02,7.5\n", encoding="utf-8")
    sketched = [fields_of(sketch(each)) for each in (path, beside)]
    assert sketched[0] == sketched[1]
    assert sketched[0]["value_reported"] == {"column": "usd", "times": UNKNOWN}
    monkeypatch.chdir(tmp_path)
    Path("wheat.toml").write_text(WHEAT_MAP, encoding="utf-8")
    Path("lines.csv").write_text(
        "id,sentence,figure,asks,printed_by,date\n"
        'C1,It sold $7.5 of wheat.,7.5 USD,"value of wheat, USA to Egypt, 2023-02",A,2024\n'
    )
    add = ["--root", "project", "add", "wheat.xlsx", "--map", "wheat.toml", "--commit"]
    assert cli.main(["init", "project"]) == cli.main(add) == 0
    assert cli.main(["--root", "project", "claims", "--from", "lines.csv"]) == 0
    capsys.readouterr()
    assert cli.main(["--root", "project", "trace", "C1"]) == 0
    assert ".xlsx!Data:4, 2023-02, usd: 2023-02,7.5" in capsys.readouterr().out
    rows = tables.read("trade", root=Path("project"))
    assert rows["value_reported"].tolist() == [5, 7.5]


def test_the_committed_maps_say_what_their_files_say():
    root = catalogue.root()
    for source in catalogue.load(root).values():
        assert [*agreement.disagreements(source.file(root), source)] == []


PRINTED = """\
"Table 4. Invented exports of coffee, by month and market",,,,
Office of Invention,,,,
,,,,
Month,Market,HS code,Value,Unit
Jan-22,Germany,0901,"1,200.5",USD thousand
Jan-22,Japan,0901,-,USD thousand
Feb-22,Germany,0901,c,USD million
"c: held back, by law",,,,
Source: invented,,,,
"""


def test_titles_footnotes_and_marks_are_seen(saved):
    text = sketch(saved(PRINTED))
    arguments = entry_of(text)["arguments"]
    assert (arguments["title_lines"], arguments["footnotes_from"]) == (3, "c:")
    fields = arguments["fields"]
    assert fields["ref_period"] == {"column": "Month", "form": UNKNOWN}
    assert fields["partner_iso"]["words"] == {"Germany": "DEU", "Japan": "JPN"}
    assert fields["value_reported"] == {
        "column": "Value",
        "times": {"Unit": {"USD thousand": UNKNOWN, "USD million": UNKNOWN}},
        "words": {"-": UNKNOWN, "c": UNKNOWN},
    }
    assert fields["currency"] == "USD"
    assert "USD thousand: 1000?; USD million: 1000000?" in text


def test_records_of_parts_of_a_flow_may_be_told_apart(saved, new_project, capsys):
    """As the message about cells that are stated twice says."""
    root = new_project("parts")
    file = saved("month,usd,State\n2023-01,5,MT\n2023-01,6,PR\n")
    text = WHEAT_MAP.replace('"usd"]', '"usd", "State"]')
    (root / "map.toml").write_text(text, encoding="utf-8")
    assert cli.main(["add", str(file), "--map", "map.toml"]) == 1
    said = capsys.readouterr().err
    line = 'breakdown = { text = "part={State}" }'
    assert line in said
    (root / "map.toml").write_text(f"{text}{line}\n", encoding="utf-8")
    assert cli.main(["add", str(file), "--map", "map.toml", "--commit"]) == 0
    parts = tables.read(reporter="USA", flow="X", breakdown="parts")
    assert measures.sum_parts(parts, "value_reported")["value_reported"].tolist() == [11]
    with pytest.raises(QueryError, match="or add its parts up by sum_parts"):
        measures.total(parts, "value_reported", start="2023-01", end="2023-01")
