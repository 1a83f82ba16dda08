import hashlib
from datetime import date
from pathlib import Path

import pytest

from tradeflows.model.errors import CatalogueError, SourceError
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue

PROJECT = Path(__file__).parents[1]


def say(root, name="oil", file="sources.toml"):
    """How a message about one entry begins."""
    return f"{root / 'data' / 'raw' / file}: source {name}: "


def refusal(action, *args, **options):
    with pytest.raises((CatalogueError, SourceError)) as caught:
        action(*args, **options)
    return str(caught.value)


# --- the committed catalogue ---------------------------------------------------------------------


def test_every_raw_file_is_as_catalogued():
    assert [state for state in catalogue.states(PROJECT, local=False) if state.state != "ok"] == []
    for source in catalogue.load(PROJECT).values():
        assert source.address.startswith(("http://", "https://")) or source.steps, source
        assert source.path == f"{source.publisher}/{source.id}{source.file(PROJECT).suffix}"
        assert source.kind == "code list" or callable(registry.cleaner(source)), source


# --- the project folder --------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def nowhere_in_particular(monkeypatch, tmp_path):
    monkeypatch.delenv("TRADEFLOWS_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)


def test_the_root_is_found_from_below(make_root, monkeypatch):
    root = make_root({"oil": {}})
    notebooks = root / "notebooks" / "live"
    notebooks.mkdir(parents=True)
    monkeypatch.chdir(notebooks)
    assert catalogue.root() == root
    assert catalogue.root(notebooks) == root


def test_outside_of_a_project_it_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "__file__", str(tmp_path / "site-packages" / "catalogue.py"))
    found = refusal(catalogue.root)
    assert found.startswith(f"no data/raw/sources.toml in {tmp_path} or ")
    assert "TRADEFLOWS_ROOT" in found
    assert refusal(catalogue.root, tmp_path).startswith(f"no data/raw/sources.toml in {tmp_path} ")


# --- reading the catalogue -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"licens": "MIT"}, "no key 'licens' exists; did you mean 'licence'?"),
        ({"title": None, "rank": None}, "lacks title, rank"),
        ({"supersedes": "gas"}, "no such supersedes as 'gas'; there are other"),
        ({"steps": None}, "lacks address or steps: say where the file comes from"),
        ({"sha256": "abc"}, "sha256 must be 64 hexadecimal digits in lower case, not 'abc'"),
        ({"bytes": 0}, "bytes and rank must be 1 or more"),
        (
            {"cleaner": "gacc.clean", "table": "trade", "arguments": {"flow": 3}},
            "arguments: flow must be text, not 3",
        ),
        ({"title": ""}, "title is empty"),
        ({"address": "javascript:a()"}, "address must begin with https:// or http://"),
        (
            {"retrieved": "2024-06-30"},
            "retrieved must be a date such as 2026-11-25, not '2024-06-30'",
        ),
        ({"cleaner": ""}, "a code list has no cleaner, and every other file has one"),
        ({"path": "demo/other.csv"}, "demo/other.csv is the file of other already"),
        *(
            ({"path": path}, f"path {path!r} must be a plain path below data/raw, such as gacc/")
            for path in ("/etc/passwd", "../oil.csv", "demo\\oil.csv", "oil.csv", "demo/oil\0.csv")
        ),
        ({"cleaner": "tidy.clean"}, "its map: it missing required field `columns`"),
        ({"cleaner": "tidy.claen"}, "no cleaner 'tidy.claen'; did you mean 'tidy.clean'?"),
        ({"cleaner": "arrow.TEXT"}, "no cleaner 'arrow.TEXT'; there are cbr.clean, comext.clean"),
    ],
)
def test_a_faulty_entry_is_refused(make_root, changes, message):
    root = make_root({"other": {}, "oil": changes})
    found = refusal(catalogue.verify, root)
    assert found.startswith(say(root) + message)
    assert "\n" not in found


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (
            '[outlet]\n"tass.com" = 1',
            "outlet: expected a web site and whose it is, such as "
            '"tass.com" = "TASS", found tass.com = 1',
        ),
        ("[sources.oil]", "no section 'sources'; did you mean 'source'?"),
        ("source = 3", "source must be a table such as [source.NAME]"),
        ("[source]\noil = 3", "source oil: must be a table of keys"),
        ("[source]\n[source]", "not a TOML file: Cannot declare ('source',) twice"),
        ("[source.'Crude oil']", "source Crude oil: an id is made of a-z, 0-9 and _"),
        (
            "[publisher.x]\nname = 'X'\nshort = 'X'\nhome = 'data:x'",
            "publisher x: home must begin with https://, not 'data:x'",
        ),
    ],
)
def test_a_faulty_file_is_refused(make_root, head, message):
    root = make_root({}, head=head)
    found = refusal(catalogue.load, root)
    assert found.startswith(f"{root / 'data' / 'raw' / 'sources.toml'}: {message}")
    assert "\n" not in found


def test_an_absent_catalogue_is_named(tmp_path):
    file = tmp_path / "data" / "raw" / "sources.toml"
    found = refusal(catalogue.load, tmp_path)
    assert found == f"{file}: cannot be read (No such file or directory)"


# --- the user's own catalogue --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "message"),
    [
        ({"oil": {}}, "another entry has this id already; take another"),
        ({"own": {"path": "demo/oil.csv"}}, "path 'demo/oil.csv' must lie in local/"),
        ({"own": {"licens": ""}}, "no key 'licens' exists; did you mean 'licence'?"),
    ],
)
def test_a_fault_in_ones_own_catalogue_is_named(make_root, local, message):
    root = make_root({"oil": {}}, local=local)
    assert catalogue.load(root)
    [name] = local
    expected = say(root, name, file=f"local/{name}.csv.toml") + message
    assert refusal(catalogue.load, root, local=True) == expected


# --- the files themselves ------------------------------------------------------------------------


def test_a_changed_file_has_both_hashes(make_root):
    root = make_root({"oil": {}, "gas": {}})
    stray = root / "data" / "raw" / "demo" / "oil (1).csv"
    stray.touch()
    states = {state.id: state.state for state in catalogue.states(root)}
    assert states == {"oil": "ok", "gas": "ok", "demo/oil (1).csv": "uncatalogued"}
    source = catalogue.load(root)["oil"]
    source.file(root).write_text("<html>Not found</html>")
    found = refusal(catalogue.check, source, root)
    assert found.startswith(f"changed: {source.file(root)}: expected {source.bytes} bytes")
    page = hashlib.sha256(b"<html>Not found</html>").hexdigest()
    assert f"sha256 {source.sha256}, found 22 of {page}" in found
    assert "git restore data/raw/demo/oil.csv" in found
    assert "supersedes" in found
    assert "\n" not in found
    told = refusal(catalogue.verify, root).splitlines()[1:]
    assert told[0] == found
    assert told[1].startswith(f"uncatalogued: {stray}: it is in no catalogue")


# --- credit --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "outlets", "named"),
    [
        (["oil", "oil"], {}, "Demo (as of 1 May 2024)"),
        (["oil", "gas"], {}, "Demo (as of 1 March 2024, 1 May 2024)"),
        (["coal", "peat"], {}, "Demo (retrieved June 2024)"),
        (["oil", "coal"], {}, "Demo (as of 1 May 2024, retrieved June 2024)"),
        (["copy"], {"copy": ["TASS"]}, "Demo, from a saved copy of demo.org (as of 1 May 2024)"),
        (["news"], {}, "Demo, via news outlets (as of 1 May 2024)"),
        (["news"], {"news": ["RBC", "TASS"]}, "Demo, via RBC and TASS (as of 1 May 2024)"),
        (["news"], {"news": [*"ABCDE"]}, "Demo, via news outlets (as of 1 May 2024)"),
    ],
)
def test_credit_names_a_publisher_once_and_few_outlets(make_root, ids, outlets, named):
    files = {"oil": {}, "gas": {"vintage": date(2024, 3, 1)}, "coal": {"vintage": "not stated"}}
    files |= {"peat": {"vintage": "by row"}, "news": {"via": "news outlets"}}
    root = make_root(files | {"copy": {"via": "a saved copy of demo.org"}})
    assert catalogue.credit(ids, root, {}, outlets) == named


def test_credit_names_who_spoke():
    ids = ["published_figures_energy", "eia_brent_monthly"]
    spoken = {name: ["TASS", "MEES"] for name in ids}  # of the second the publisher is known
    brent = "US Energy Information Administration, via GitHub (retrieved November 2026)"
    assert (
        catalogue.credit(ids, speakers=spoken)
        == f"TASS and MEES (retrieved November 2026); {brent}"
    )
    undated = catalogue.credit(ids, speakers={ids[0]: ["IEA, via RBC", "NHK"]}, dated=False)
    assert undated == "IEA, via RBC; NHK; US Energy Information Administration, via GitHub"
    spoken[ids[0]] += ["CNBC", "NHK", "IMF", "RBC", "RT", "BBC", "CNN"]
    assert catalogue.credit(ids, speakers=spoken).startswith(
        "TASS, MEES, CNBC, NHK, IMF, RBC, RT, BBC and 1 more (retrieved"
    )
