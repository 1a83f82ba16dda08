"""The second worked example: it is whole, right, and knows nothing of the first article."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from links import dead_links

from tradeflows import claims, tables
from tradeflows.report import accept, notebooks, pages

PROJECT = Path(__file__).parents[1]
SOYBEANS = PROJECT / "examples" / "soybeans"
CARRIED = "data/raw/comtrade/comtrade_"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Build the example in a folder of its own."""
    root = tmp_path_factory.mktemp("example") / "soybeans"
    shutil.copytree(SOYBEANS, root, ignore=shutil.ignore_patterns("processed", "report"))
    tables.build(root)
    return root


@pytest.fixture(scope="module")
def verdicts(root):
    return {verdict.claim.id: verdict for verdict in claims.verdicts(root=root)}


def test_control_totals_are_as_announced(root):
    def own(totals):
        return {key: total for key, total in totals.items() if key[0] != tables.totals.CODES}

    assert own(accept.keyed(tables.control_totals(root))) == own(accept.committed(root))


def test_verdicts_are_as_announced(root, verdicts):
    present = [row for verdict in verdicts.values() for row in claims.verdict_rows(verdict)]
    assert accept.verdicts(root) == present


def test_six_of_seven_verdicts_occur(verdicts):
    occurring = {verdict.verdict for verdict in verdicts.values()}
    # Of each flow one release is held, so none can hold within revisions.
    assert set(claims.VERDICTS) - occurring == {claims.HOLDS_WITHIN_REVISIONS}
    assert len(verdicts) == 35


# --- the same numbers by pandas alone -------------------------------------------------------------


@pytest.fixture(scope="module")
def grain():
    """Return both files as they are, soybeans as grain alone."""
    names = ("china_soybean_imports_2016_2024", "soybean_exports_2015_2025")
    frames = [pd.read_csv(f"{SOYBEANS}/{CARRIED}{name}.csv", dtype={"hs6": str}) for name in names]
    rows = pd.concat(frames)
    return rows[rows["hs6"] == "120190"]


def added(rows, reporter, partner, start, end, column):
    one = rows[(rows["reporter"] == reporter) & (rows["partner"] == partner)]
    return one.loc[one["period"].between(start, end), column].sum()


KG, USD = "net_wgt_kg", "value_usd"
LEVELS = {
    "C01a": ("CHN", "USA", "2018-01", "2018-12", KG),
    "C01b": ("CHN", "BRA", "2018-01", "2018-12", KG),
    "C01d": ("CHN", "BRA", "2019-01", "2019-12", KG),
    "C02c": ("CHN", "USA", "2017-01", "2017-11", KG),
    "C03a": ("CHN", "USA", "2018-11", "2018-11", KG),
    "C03b": ("CHN", "BRA", "2018-11", "2018-11", KG),
    "C08a": ("USA", "CHN", "2017-01", "2017-12", USD),
    "C10a": ("CHN", "W00", "2020-01", "2020-12", KG),
    "C13d": ("CHN", "USA", "2022-12", "2022-12", KG),
    "C15a": ("CHN", "W00", "2024-01", "2024-12", KG),
    "C18a": ("USA", "CHN", "2021-10", "2022-09", USD),
    "C18e": ("USA", "CHN", "2022-01", "2022-12", USD),
}
SHARES = {
    "C02a": ("CHN", "BRA", "2018-01", "2018-11", KG),
    "C02b": ("CHN", "BRA", "2018-07", "2018-11", KG),
    "C06a": ("CHN", "USA", "2017-01", "2017-12", KG),
    "C06b": ("CHN", "BRA", "2018-10", "2019-06", KG),
    "C15e": ("CHN", "USA", "2024-01", "2024-12", KG),
    "C21a": ("BRA", "CHN", "2019-01", "2023-12", USD),
    "C21b": ("USA", "CHN", "2019-01", "2023-12", USD),
}
GROWTHS = {
    "C15f": ("CHN", "USA", "2024", "2023", KG),
    "C15g": ("CHN", "BRA", "2024", "2023", KG),
    "C20a": ("USA", "CHN", "2018", "2017", KG),
}


@pytest.mark.parametrize("claim", LEVELS)
def test_levels_by_pandas_alone(claim, grain, verdicts):
    plain = added(grain, *LEVELS[claim])
    per = 1000 if LEVELS[claim][-1] == KG else 1
    assert verdicts[claim].readings[0].value == pytest.approx(plain / per, rel=1e-12)


@pytest.mark.parametrize("claim", SHARES)
def test_shares_by_pandas_alone(claim, grain, verdicts):
    reporter, partner, *window = SHARES[claim]
    part, whole = (added(grain, reporter, other, *window) for other in (partner, "W00"))
    assert verdicts[claim].readings[0].value == pytest.approx(100 * part / whole, rel=1e-12)


@pytest.mark.parametrize("claim", GROWTHS)
def test_growth_by_pandas_alone(claim, grain, verdicts):
    *sides, after, base, column = GROWTHS[claim]
    new, old = (added(grain, *sides, f"{y}-01", f"{y}-12", column) for y in (after, base))
    assert verdicts[claim].readings[0].value == pytest.approx(100 * (new / old - 1), rel=1e-12)


def test_the_known_numbers(grain, verdicts):
    paid = [added(grain, "CHN", "USA", f"{y}-01", f"{y}-12", USD) for y in (2017, 2018)]
    assert round(100 * (paid[1] / paid[0] - 1), 2) == -49.35
    sold = [added(grain, "USA", "CHN", f"{y}-01", f"{y}-12", USD) for y in (2017, 2018)]
    assert round(sold[1] / 1e9, 3) == 3.119
    assert round(100 * (sold[1] / sold[0] - 1), 2) == -74.54
    assert verdicts["C03a"].readings[0].value == 0
    # Weights of 2017 are estimates of the UN.
    assert verdicts["C02c"].verdict == claims.NOT_DECIDED
    assert "estimated" in verdicts["C02c"].readings[0].note


# --- its report, and that of the first article ----------------------------------------------------


@pytest.fixture(scope="module")
def sites(root, embedded, tmp_path_factory):
    """Write both reports, of notebooks as they are saved."""
    first = tmp_path_factory.mktemp("first")
    for name in ("notebooks", "project.toml"):
        (first / name).symlink_to(PROJECT / name)
    (first / "data").mkdir()
    for path in (PROJECT / "data").iterdir():
        if path.name != "processed":
            (first / "data" / path.name).symlink_to(path)
    (first / "data" / "processed").symlink_to(embedded / "data" / "processed")
    folders = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "run", lambda paths, *_: [notebooks.load(p) for p in paths])
        patch.setattr(pages, "_shared_pictures", lambda *_: {})
        for name, project in (("soybeans", root), ("first", first)):
            folders[name] = tmp_path_factory.mktemp(name)
            pages.write([], folders[name], project)
    return folders


@pytest.mark.parametrize("name", ["soybeans", "first"])
def test_no_link_of_a_front_page_is_dead(name, sites):
    # The pictures to share are drawn by a browser, which this test leaves out.
    dead = [link for link in dead_links(sites[name], "index.html") if "cards/" not in link]
    assert dead == []


def test_neither_front_page_knows_the_other(sites):
    words = {
        "soybeans": r"ODNI|Russia|yuan|drone|crude oil|\bgas\b|invasion",
        "first": r"soybean|Brazil|Argentina|tariff",
    }
    for name, foreign in words.items():
        page = (sites[name] / "index.html").read_text(encoding="utf-8")
        assert re.findall(foreign, page, re.I) == [], name


def test_the_notebook_passes_strictly(root):
    done = subprocess.run(
        [sys.executable, "-m", "tradeflows", "--root", str(root), "check"],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if "control totals" not in line]
    assert any(re.match(r"01_soybeans\.ipynb: 10 passed", line) for line in lines), done.stdout
