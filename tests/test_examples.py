"""The worked examples: each is whole, right, and knows nothing of the first article."""

import re
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
def root(soybeans):
    return soybeans


@pytest.fixture(scope="module")
def verdicts(root):
    return {verdict.claim.id: verdict for verdict in claims.verdicts(root=root)}


@pytest.mark.parametrize("name", ["soybeans", "neighbours"])
def test_control_totals_are_as_announced(name, request):
    root = request.getfixturevalue(name)

    def own(totals):
        return {key: total for key, total in totals.items() if key[0] != tables.totals.CODES}

    assert own(accept.keyed(tables.control_totals(root))) == own(accept.committed(root))


def test_verdicts_are_as_announced(root, verdicts):
    present = [row for verdict in verdicts.values() for row in claims.verdict_rows(verdict)]
    assert accept.verdicts(root) == present


# --- the same numbers by pandas alone -------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    """Return both files as they are."""
    names = ("china_soybean_imports_2016_2024", "soybean_exports_2015_2025")
    paths = [f"{SOYBEANS}/{CARRIED}{name}.csv" for name in names]
    return pd.concat(pd.read_csv(path, dtype={"hs6": str}) for path in paths)


KG, USD = "net_wgt_kg", "value_usd"
Y2017, Y2018 = ("2017-01", "2017-12"), ("2018-01", "2018-12")


def added(rows, reporter, partner, window, column):
    is_asked = (rows["reporter"] == reporter) & (rows["partner"] == partner)
    is_asked &= rows["hs6"].eq("120190") & rows["period"].between(*window)
    return rows.loc[is_asked, column].sum()


def test_the_known_numbers(rows, verdicts):
    paid = [added(rows, "CHN", "USA", year, USD) for year in (Y2017, Y2018)]
    assert round(100 * (paid[1] / paid[0] - 1), 2) == -49.35
    sold = [added(rows, "USA", "CHN", year, USD) for year in (Y2017, Y2018)]
    assert round(sold[1] / 1e9, 3) == 3.119
    assert round(100 * (sold[1] / sold[0] - 1), 2) == -74.54
    assert verdicts["C03a"].readings[0].value == 0
    # Weights of 2017 are estimates of the UN.
    assert verdicts["C02c"].verdict == claims.NOT_DECIDED
    assert "estimated" in verdicts["C02c"].readings[0].note


# --- the third example, of lines alone ------------------------------------------------------------


def test_the_third_example_is_what_its_lines_say(neighbours):
    verdicts = {verdict.claim.id: verdict for verdict in claims.verdicts(root=neighbours)}
    rows = [row for verdict in verdicts.values() for row in claims.verdict_rows(verdict)]
    assert accept.verdicts(neighbours) == rows
    assert not (neighbours / "data/claims.toml").exists()
    kinds = {verdict.verdict for verdict in verdicts.values()}
    right_or_wrong = {claims.HOLDS, claims.DIFFERS, claims.LEANS_YES, claims.LEANS_NO}
    assert kinds == right_or_wrong | {claims.NOT_TESTED}
    file = pd.read_csv(neighbours / "data/raw/eurostat/eu_exports_to_neighbours.csv")

    def euros(reporter, partners, start, end, flow="X"):
        is_asked = file["reporter"].eq(reporter) & file["partner"].isin(partners.split())
        is_asked &= file["flow"].eq(flow) & file["period"].between(start, end)
        return file.loc[is_asked, "value_eur"].sum()

    def year(reporter, partners, of, flow="X"):
        return euros(reporter, partners, f"{of}-01", f"{of}-12", flow)

    def change(reporter, partner, new, old):
        return 100 * (year(reporter, partner, new) / year(reporter, partner, old) - 1)

    both = [year("EU27", partner, 2023) for partner in ("KAZ", "KGZ")]
    plain = {
        "N01": year("EU27", "RUS", 2021) / 1e9,
        "N02": year("EU27", "RUS", 2023) / 1e9,
        "N03": change("EU27", "RUS", 2023, 2021),
        "N04": both[1] / 1e9,
        "N05": change("EU27", "KGZ", 2023, 2021),
        "N06": euros("EU27", "KGZ", "2024-03", "2024-03") / 1e6,
        "N07": year("LTU", "KGZ", 2023) / 1e6,
        "N08": change("POL", "KGZ", 2023, 2022),
        "N09": change("EU27", "ARM", 2023, 2021),
        "N10": year("ITA", "GEO", 2023) / 1e6,
        "N11": euros("EU27", "KAZ", "2024-01", "2024-08") / 1e9,
        "N12": year("EU27", "KAZ KGZ ARM GEO UZB", 2023) / 1e9,
        "N13": both[0] / 12e9,
        "N14": 1,
        "N15": (both[0] - both[1]) / 1e9,
        "N16": year("EU27", "KGZ", 2023, "M") / 1e6,
    }
    found = {name: each.readings[0].value for name, each in verdicts.items() if each.readings}
    assert found == pytest.approx(plain, rel=1e-12)


# --- its report -----------------------------------------------------------------------------------


def test_its_front_page_has_no_dead_link_and_no_word_of_the_first(root, tmp_path, monkeypatch):
    """Of notebooks as they are saved; the pictures to share are drawn by a browser."""
    monkeypatch.setattr(pages, "run", lambda paths, *_: [notebooks.load(p) for p in paths])
    monkeypatch.setattr(pages, "_shared_pictures", lambda *_: {})
    pages.write([], tmp_path, root)
    assert [link for link in dead_links(tmp_path, "index.html") if "cards/" not in link] == []
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    foreign = r"ODNI|Russia|yuan|drone|crude oil|\bgas\b|invasion"
    assert re.findall(foreign, page, re.IGNORECASE) == []
