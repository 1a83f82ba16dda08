import re
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import test_oracles_read as random_files
from hypothesis import given
from hypothesis import strategies as st
from maps import WHEAT_MAP
from random_tables import fuzz

import tradeflows as tf
from tradeflows import cli, tables
from tradeflows.model.errors import QueryError
from tradeflows.retrieval import catalogue, releases
from tradeflows.tables.files import rows_of


def table(*rows):
    names = ["good", "area", "value"]
    kinds = [pa.string(), pa.string(), pa.float64()]
    return pa.table(dict(zip(names, map(pa.array, zip(*rows, strict=True), kinds), strict=True)))


def changed(old, new):
    frame = releases.changed(table(*old), table(*new), ["good", "area"], ["value"])
    return [*frame.itertuples(index=False, name=None)]


def test_change_has_both_figures_and_rows_of_one_cell_are_in_order():
    twice = [("a", "x", 1.0), ("a", "x", 2.0), ("b", "x", 9.0)]
    one = [("a", "x", "changed", 2.0, 5.0)]
    assert changed(twice, [("a", "x", 1.0), ("b", "x", 9.0), ("a", "x", 5.0)]) == one
    old = [("a", "x", 1.0), ("a", "y", 2.0), ("b", "x", None), ("c", "x", None)]
    new = [("a", "x", 1.5), ("b", "x", 3.0), ("d", "z", None), ("a", "z", 4.0)]
    assert changed(old, new) == [
        ("a", "x", "changed", 1.0, 1.5),
        ("a", "y", "withdrawn", 2.0, None),
        ("a", "z", "added", None, 4.0),
        ("b", "x", "changed", None, 3.0),
        ("c", "x", "withdrawn", None, None),
        ("d", "z", "added", None, None),
    ]


# --- a newer release of an added file -------------------------------------------------------------


@pytest.fixture
def wheat(new_project, capsys):
    """A project with one file of three months, and a way to save a newer one beside it."""
    root = new_project("wheat")
    (root / "map.toml").write_text(WHEAT_MAP)

    def save(**usd):
        lines = [f"2023-{month[1:]},{value}" for month, value in usd.items()]
        (root / "new.csv").write_text("\n".join(["month,usd", *lines, ""]))
        return root

    save(m01=5, m02=6, m03=7)
    assert cli.main(["add", "new.csv", "--map", "map.toml"]) == 0
    capsys.readouterr()
    return save


@pytest.mark.parametrize(
    ("usd", "found"),
    [
        ({"m05": 9}, "expected all periods of exports, found none of 2023-01, 2023-02, 2023-03;"),
        ({"m01": 5e3, "m02": 6e3, "m03": 7e3}, "found value_reported 1e+03 times as large"),
    ],
)
def test_what_does_not_follow_is_refused_unless_told(wheat, capsys, usd, found):
    root = wheat(**usd)
    assert cli.main(["update", "exports", "new.csv", "--no-accept"]) == 1
    said = capsys.readouterr().err
    assert found in said
    assert "add --force" in said
    assert [*catalogue.load(root, local=True)] == ["exports"]
    assert cli.main(["update", "exports", "new.csv", "--no-accept", "--force"]) == 0


def test_what_an_added_release_changed_is_shown(wheat, capsys):
    root = wheat(m01=5, m02=6.5, m03=7, m04=8)
    assert cli.main(["update", "exports", "new.csv", "--no-accept"]) == 0
    [new] = catalogue.load(root, local=True).keys() - {"exports"}
    capsys.readouterr()
    for name in ("exports", new):
        assert cli.main(["diff", name]) == 0
        shown = [line.split(" (")[0] for line in capsys.readouterr().out.splitlines()]
        cell = "United States, exports of wheat to Egypt"
        assert shown[0] == f"added: {cell}, April 2023: value_reported: nothing"
        assert shown[1] == f"changed: {cell}, February 2023: value_reported: 6 USD"
        assert shown[-1] == "1 added, 1 changed, 0 withdrawn"
    assert cli.main(["diff", new, "2023-02"]) == 0
    assert "0 added, 1 changed, 0 withdrawn" in capsys.readouterr().out


def test_a_published_figure_that_changed_is_in_its_own_unit(capsys):
    assert cli.main(["diff", "published_figures_energy_20261130"]) == 0
    lines = capsys.readouterr().out.splitlines()[:-1]
    units = [re.search(r" ([^ ]+) \([^(]*$", line)[1] for line in lines]
    assert {"USD", "m3", "percent", "vessels"} < {*units}
    assert units == sorted(units)  # of which none is compared with another
    assert "258,300,000,000 USD" in lines[0]


def test_a_release_is_read_from_the_table_and_else_from_its_file(wheat, capsys, monkeypatch):
    root = wheat(m01=5, m02=6, m03=7)
    [source] = catalogue.load(root, local=True).values()
    names = ["ref_period", "value_reported", "source_row"]
    cleaned = releases.rows(source, root, names)

    def unread(source, root):
        raise QueryError("cleaned again")

    with monkeypatch.context() as patched:
        patched.setattr(catalogue, "cleaner", unread)
        assert rows_of(source, root, names) == cleaned
        tables.processed(root, "trade", local=True).unlink()
        with pytest.raises(QueryError, match="cleaned again"):
            rows_of(source, root, names)
    assert rows_of(source, root, names) == cleaned


# --- which statement stood on a day ---------------------------------------------------------------

KINDS = ["transcribed", "published", "fetched"]
RETRIEVED = ["2024-01-05", "2024-06-30", "2024-07-02"]
STATED = ["reporter_iso", "ref_period", "n_months"]


def stood(rows, entries, day):
    """Rows that stood on a day, as (source, row), by the catalogue's entries and the rows alone."""
    rows = rows.join(entries, on="source_id")
    is_dated = rows["vintage"].str.fullmatch(r"\d{4}-\d\d-\d\d")
    is_known = rows["vintage"].where(is_dated, rows["retrieved"]).le(day)
    is_own = rows["kind"].isin(["published", "fetched"])
    cell = [*STATED, "partner_iso", "cmd_code"]
    parts = [part for _, part in rows[~is_own].groupby(["source_id", *STATED])]
    parts += [part for _, part in rows[is_own].groupby(["publisher_of", "kind", *cell])]
    standing = []
    for part in parts:
        release = part["vintage"]
        if is_own[part.index].all() and release.nunique() > 1:
            release = release.where(release.ne("not stated"), part["retrieved"])
        dated = release.copy()
        for name in part["source_id"].unique():  # newer than what it supersedes
            older = [*superseded(name, entries)]
            others = dated[part["source_id"].isin(older)]
            if len(others):
                is_its = part["source_id"].eq(name)
                release = release.mask(is_its & release.lt(others.max()), others.max())
        release = release[is_known[part.index]]
        standing.append(part.loc[release.index[release.eq(release.max())]])
    kept = pd.concat(standing)
    kept = kept[~kept["source_id"].isin(entries.loc[entries["retrieved"].le(day), "supersedes"])]
    return {*zip(kept["source_id"], kept["source_row"], strict=True)}


def superseded(name, entries):
    while name := entries.loc[name, "supersedes"]:
        yield name


def project_of_releases(random, folder, kind):
    """Files of one kind, some without a day, some of which supersede another; and their entries."""
    entries, files = {}, {}
    for name in "abcd"[: random.integers(1, 5)]:
        rows = random_files.rows_of(random, name, 1, str(random.choice(random_files.PUBLISHERS)))
        if kind != "transcribed" and random.random() < 0.5:  # of a row stated twice the first
            alike = {"value": 0, "weight": 0, "vintage": "not stated"}
            cells = {repr([*(row | alike).items()]): row for row in reversed(rows)}
            rows = [row | {"vintage": "not stated"} for row in cells.values()]
        if files and random.random() < 0.5:
            rows = [row | {"supersedes": [*files][-1]} for row in rows]
        files |= {name: rows} if rows else {}
    random_files.project_of(folder, files, set(), build=False)
    path = Path(folder) / "data" / "raw" / "sources.toml"
    head, *sections = path.read_text(encoding="utf-8").split("\n[source.")
    sections = [text for text in sections if "path =" in text or "arguments" in text]
    text = head
    for section in sections:
        day = str(random.choice(RETRIEVED))
        section = section.replace('"transcribed"', f'"{kind}"').replace("2024-06-30", day)
        text += f"\n[source.{section}"
        if ".arguments." not in section.splitlines()[0]:
            name = section[0]
            first = {"supersedes": ""} | files[name][0]
            entries[name] = {"kind": kind, "retrieved": day, "publisher_of": first["publisher"]}
            entries[name]["supersedes"] = first["supersedes"]
    path.write_text(text, encoding="utf-8")
    tf.build(Path(folder))
    return pd.DataFrame.from_dict(entries, orient="index")


@fuzz(2, many=600)
@given(st.integers(0, 2**32 - 1), st.sampled_from(KINDS))
def test_what_stood_on_a_day(seed, kind):
    random = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        entries = project_of_releases(random, folder, kind)
        rows = tables.stored(Path(folder), "trade").to_table().to_pandas()
    for text in ["2022-01-14", "2022-01-15", "2022-04-01", *RETRIEVED, "2024-07-01", "2025-01-01"]:
        day = date.fromisoformat(text)
        is_known = rows["known_from"].le(day)
        stands = is_known & (rows["known_until"].isna() | rows["known_until"].gt(day))
        listed = {*zip(rows.loc[stands, "source_id"], rows.loc[stands, "source_row"], strict=True)}
        assert listed == stood(rows, entries, text)
    assert rows["replaced_by"].isna().equals(rows["known_until"].isna())


@pytest.mark.parametrize("kind", ["python", "sql"])
def test_code_of_the_page_gives_the_rows_of_read(monkeypatch, kind):
    root = catalogue.root()
    words = {"reporter": "CHN", "partner": "RUS", "product": "2709", "flow": "M"}
    expected = tf.read(**words, start="2023-01", end="2023-12")
    expected = expected[["ref_period", "net_wgt_kg", "value_reported"]].reset_index(drop=True)
    page = (root / "docs" / "reference" / "tables.md").read_text(encoding="utf-8")
    [code] = re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(root)
    if kind == "python":
        names = {}
        exec(code, names)
        rows = names["crude"][[*expected]].reset_index(drop=True)
    else:
        rows = pytest.importorskip("duckdb").sql(code).df()
    pd.testing.assert_frame_equal(rows, expected, check_dtype=False)
