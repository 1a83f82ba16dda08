"""What project.toml may say, and how a wrong one is named."""

import re

import pandas as pd
import pytest
from maps import WHEAT_MAP

import tradeflows as tf
from tradeflows import charts, cli
from tradeflows.charts import colours
from tradeflows.explore import ask
from tradeflows.model.errors import CatalogueError, QueryError
from tradeflows.retrieval import comtrade, project

MENDED = "title = 'x'\n[[correction]]\nwrong = 'a'\nright = 'b'\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = 1", "title must be text, not 1"),
        ("subtitle = 'x'", "lacks title"),
        ("title = 'x'\nanswer = {txt = 'a'}", "answer: no key 'txt' exists; did you mean 'text'?"),
        ("title = 'x'\n[[do_not_write]]\ntext = 'a'", "do_not_write: lacks because"),
        ("title = 'x'\n[colours]\nCHN = 'red'", 'expected one such as BRA = "#18a35f", found'),
        ("title = 'x'\n[events]\n2024-13-01 = 'x'", "found 2024-13-01 = 'x'"),
        ("title = 'x'\nthemes = 'a'", "themes must be a list of texts, not 'a'"),
        ("title = 'x'\n[event_groups]\nwar = ['2024-01-01']", "war = ['2024-01-01']"),
        ("title = 'x'\naddress = 'javascript:a'", "address: expected an address of the web"),
        (
            f"{MENDED}since = '2024-05-09'\ndate = '2024-05-01'",
            "found '2024-05-09' and '2024-05-01'",
        ),
        (
            "title = 'x'\n[[correction]]\ntouched = 'a page'",
            "correction: lacks date, since, wrong, right",
        ),
        ("title = 'x'\n[products]\nsoy = ['120']", "products: soy: '120' "),
        ("title = 'x'\n[areas]\nbrasil = 'BR'", "areas: brasil: no area id 'BR'"),
    ],
)
def test_a_wrong_project_file(tmp_path, text, message):
    (tmp_path / "project.toml").write_text(text)
    with pytest.raises(CatalogueError, match=re.escape(message)):
        project.load(tmp_path)


TEXT = """
title = "Wheat"
[events]
2023-02-01 = "New tariff"
[colours]
CHN = "#123456"
"""


@pytest.fixture
def here(make_root, monkeypatch):
    """Stand in a project that has events and colours."""
    root = make_root({"oil": {}})
    (root / "project.toml").write_text(TEXT, encoding="utf-8")
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(root))
    return root


def flow(*areas):
    days = pd.to_datetime(["2023-01-01", "2023-02-01", "2023-03-01"])
    frames = [pd.DataFrame({"ref_period": days, "area": area, "usd": 1.0}) for area in areas]
    return pd.concat(frames)


def drawn(**look):
    look = {"title": "Wheat", "unit": "USD", "source": "Made up"} | look
    return charts.lines(flow("CHN", "BRA"), y="usd", by="area", **look)


def test_colours_and_events_of_the_project_are_drawn(here):
    def words(axes):
        return " ".join(text.get_text() for text in axes.texts)

    axes = drawn()
    assert "#123456" in {line.get_color() for line in axes.lines}
    assert "New tariff" not in words(axes)
    assert "New tariff" in words(drawn(events=tf.project().events))
    first, second, third = colours.PALETTE[:3]
    (here / "project.toml").write_text(f"title = 'x'\n[colours]\nBRA = '{first}'")
    looks = colours.of_series(["CHN", "BRA", "other"])
    named = {"BRA": first, "CHN": second, "other": third}  # a named colour is for no other
    assert {name: look.colour for name, look in looks.items()} == named


# --- words of one's own ---------------------------------------------------------------------------

WORDS = """
title = "Wheat"
[products]
"Durum-Weizen" = ["100119", "100111"]
[areas]
"Misr" = "EGY"
"""
EXPORTS = "ref_period,partner,usd\n2023-01,EGY,5\n"
MAP = (
    WHEAT_MAP.replace('"month", "usd"', '"ref_period", "partner", "usd"')
    .replace('"EGY"', '{ column = "partner" }')
    .replace('"1001"', '"100119"')
    .replace('column = "month"', 'column = "ref_period"')
)


@pytest.fixture
def wheat(new_project, monkeypatch):
    """Build a project with words of its own, and stand outside of it."""
    root = new_project("wheat_words")
    (root / "project.toml").write_text(WORDS, encoding="utf-8")
    (root / "exports.csv").write_text(EXPORTS, encoding="utf-8")
    (root / "map.toml").write_text(MAP, encoding="utf-8")
    assert cli.main(["add", "exports.csv", "--map", "map.toml", "--commit"]) == 0
    monkeypatch.chdir(root.parent)
    return root


def test_own_words_are_taken(wheat):
    held = tf.read(product="durum-weizen", partner="MISR", root=wheat)
    assert held["value_reported"].tolist() == [5]
    answer = tf.flow("Durum-Weizen", "USA", "Misr", flow="exports", root=wheat)
    assert answer["value"].tolist() == [5]
    assert tf.find("durum-weizen", root=wheat)["code"].tolist() == ["100119"]
    assert tf.products("durum-weizen", root=wheat).index.tolist() == ["100119", "100111"]
    assert tf.areas("misr", root=wheat).index.tolist() == ["EGY"]


def test_own_words_reach_a_fetch(wheat):
    with pytest.raises(QueryError, match="name one: 100119, 100111"):
        comtrade.request("USA", "Misr", "X", "Durum-Weizen", "2023-01", "2023-01", root=wheat)
    asked = comtrade.request("USA", "Misr", "X", "100119", "2023-01", "2023-01", root=wheat)
    assert asked.partners == ("818",)
    assert ask.hs_codes("durum-weizen", root=wheat) == ("100119",)
