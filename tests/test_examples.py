"""The worked examples: each is whole, right, and knows nothing of the first article."""

import re
from pathlib import Path

import pandas as pd
import pytest
from links import dead_links

from tradeflows import claims
from tradeflows.report import accept, notebooks, pages

PROJECT = Path(__file__).parents[1]
SOYBEANS = PROJECT / "examples" / "soybeans"
CARRIED = "data/raw/comtrade/comtrade_"


def judged(root):
    verdicts = {verdict.claim.id: verdict for verdict in claims.verdicts(root=root)}
    rows = [row for verdict in verdicts.values() for row in claims.verdict_rows(verdict)]
    assert accept.verdicts(root) == rows
    return verdicts


@pytest.fixture(scope="module")
def verdicts(soybeans):
    return judged(soybeans)


# --- the same numbers by pandas alone -------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    names = ("china_soybean_imports_2016_2024", "soybean_exports_2015_2025")
    paths = [f"{SOYBEANS}/{CARRIED}{name}.csv" for name in names]
    return pd.concat(pd.read_csv(path, dtype={"hs6": str}) for path in paths)


KG, USD = "net_wgt_kg", "value_usd"
GRAIN, WITH_SEED = ["120190"], ["120190", "120110"]
BUSHEL = 27.2155422  # kilograms


def year(of):
    return f"{of}-01", f"{of}-12"


CHINAS, AMERICAN = ("2018-10", "2019-06"), ("2018-09", "2019-05")
FISCAL_2021, FISCAL_2022 = ("2020-10", "2021-09"), ("2021-10", "2022-09")


def added(rows, reporter, partner, window, column, codes=GRAIN):
    is_asked = (rows["reporter"] == reporter) & (rows["partner"] == partner)
    is_asked &= rows["hs6"].isin(codes) & rows["period"].between(*window)
    return rows.loc[is_asked, column].sum()


def tonnes(*asked):
    return lambda rows: added(rows, *asked, KG) / 1000


def bushels(*asked, codes):
    return lambda rows: added(rows, *asked, KG, codes) / BUSHEL


def share(reporter, partner, window, column):
    def percent(rows):
        part, whole = (added(rows, reporter, of, window, column) for of in (partner, "W00"))
        return 100 * part / whole

    return percent


def over_the_best(reporter, partner, windows, column):
    """How far the last of several windows is over the best of those before."""

    def percent(rows):
        *before, last = (added(rows, reporter, partner, window, column) for window in windows)
        return 100 * (last / max(before) - 1)

    return percent


def growth(reporter, partner, window, base, column):
    return over_the_best(reporter, partner, [base, window], column)


# Of claims of each kind, the readings in their order. What all come to is in the verdicts.
PLAIN = {
    "C01a": [tonnes("CHN", "USA", year(2018))],
    "C03a": [tonnes("CHN", "USA", ("2018-11", "2018-11"))],
    "C02b": [share("CHN", "BRA", ("2018-07", "2018-11"), KG)],
    "C06a": [share("CHN", "USA", year(2017), column) for column in (KG, USD)],
    "C06b": [share("CHN", "BRA", some, of) for some in (CHINAS, AMERICAN) for of in (KG, USD)],
    "C08b": [lambda rows: added(rows, "BRA", "CHN", year(2017), USD)],
    "C12a": [tonnes("CHN", "USA", year(2018)), tonnes("USA", "W00", year(2018))],
    "C15a": [
        tonnes("CHN", "W00", year(2024)),
        over_the_best("CHN", "W00", [*map(year, range(2016, 2025))], KG),
    ],
    "C15f": [growth("CHN", "USA", year(2024), year(2023), KG)],
    "C18b": [growth("USA", "CHN", FISCAL_2022, FISCAL_2021, USD)],
    "C20a": [
        growth("USA", "CHN", year(2018), year(2017), KG),
        growth("USA", "CHN", year(2018), year(2017), USD),
        growth("USA", "CHN", ("2018-01", "2018-09"), ("2017-01", "2017-09"), USD),
        growth("USA", "W00", year(2018), year(2017), USD),
    ],
    "C21a": [share("BRA", "CHN", ("2019-01", "2023-12"), USD)],
    "C21c": [bushels("BRA", "W00", year(2023), codes=codes) for codes in (WITH_SEED, GRAIN)],
}


@pytest.mark.parametrize("claim", PLAIN)
def test_the_same_numbers_by_pandas(claim, rows, verdicts):
    plain = [reckon(rows) for reckon in PLAIN[claim]]
    values = [reading.value for reading in verdicts[claim].readings]
    assert values == pytest.approx(plain, rel=1e-12)


def test_an_estimated_weight_decides_nothing(verdicts):
    """Weights of 2017 are estimates of the UN."""
    assert verdicts["C02c"].verdict == claims.NOT_DECIDED
    assert "estimated" in verdicts["C02c"].readings[0].note


# --- the third example, of lines alone ------------------------------------------------------------


def test_the_third_example_is_what_its_lines_say(neighbours):
    verdicts = judged(neighbours)
    assert not (neighbours / "data/claims.toml").exists()
    kinds = {verdict.verdict for verdict in verdicts.values()}
    right_or_wrong = {claims.HOLDS, claims.DIFFERS, claims.LEANS_YES, claims.LEANS_NO}
    assert kinds == right_or_wrong | {claims.NOT_TESTED}
    file = pd.read_csv(neighbours / "data/raw/eurostat/eu_exports_to_neighbours.csv")

    def euros(reporter, partners, start, end, flow="X"):
        is_asked = file["reporter"].eq(reporter) & file["partner"].isin(partners.split())
        is_asked &= file["flow"].eq(flow) & file["period"].between(start, end)
        return file.loc[is_asked, "value_eur"].sum()

    def of_year(reporter, partners, of, flow="X"):
        return euros(reporter, partners, f"{of}-01", f"{of}-12", flow)

    def change(reporter, partner, new, old):
        return 100 * (of_year(reporter, partner, new) / of_year(reporter, partner, old) - 1)

    both = [of_year("EU27", partner, 2023) for partner in ("KAZ", "KGZ")]
    plain = {
        "N01": of_year("EU27", "RUS", 2021) / 1e9,
        "N03": change("EU27", "RUS", 2023, 2021),
        "N06": euros("EU27", "KGZ", "2024-03", "2024-03") / 1e6,
        "N07": of_year("LTU", "KGZ", 2023) / 1e6,
        "N08": change("POL", "KGZ", 2023, 2022),
        "N11": euros("EU27", "KAZ", "2024-01", "2024-08") / 1e9,
        "N12": of_year("EU27", "KAZ KGZ ARM GEO UZB", 2023) / 1e9,
        "N13": both[0] / 12e9,
        "N14": 1,
        "N15": (both[0] - both[1]) / 1e9,
        "N16": of_year("EU27", "KGZ", 2023, "M") / 1e6,
    }
    found = {name: verdicts[name].readings[0].value for name in plain}
    assert found == pytest.approx(plain, rel=1e-12)


# --- its report -----------------------------------------------------------------------------------


def test_its_front_page_has_no_dead_link_and_no_word_of_the_first(soybeans, tmp_path, monkeypatch):
    """Of notebooks as they are saved; the pictures to share are drawn by a browser."""
    monkeypatch.setattr(pages, "run", lambda paths, *_: [notebooks.load(p) for p in paths])
    monkeypatch.setattr(pages.claim_picture, "pictures", lambda *_: {})
    pages.write([], tmp_path, soybeans)
    assert [link for link in dead_links(tmp_path, "index.html") if "cards/" not in link] == []
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    foreign = r"ODNI|Russia|yuan|drone|crude oil|\bgas\b|invasion"
    assert re.findall(foreign, page, re.IGNORECASE) == []
