"""What words leave open, and to which step they print."""

import pytest

from tradeflows.claims.open_words import left_open, printed_step, rows_of
from tradeflows.claims.verdict_rule import Question

CRUDE = Question("2709", "CHN", "RUS", "M", "", "barrels a day", "2023-03", "2023-03")


SHARE, SEA = Question(measure="share of weight"), {"route": ("by sea",)}
RUNS = Question("2709", measure="share of weight in refinery runs")


@pytest.mark.parametrize(
    ("statement", "asked", "admitted"),
    [
        ("China imported 2 barrels a day.", CRUDE, SEA),
        ("China imported 2 barrels a day by sea.", CRUDE, {}),
        ("By March China took it.", CRUDE, SEA | {"start": ("2023-01",)}),
        ("By March China imported it.", Question(measure="value", start="2023-03"), {}),
        ("It supplied 40 %.", SHARE, {"measure": ("share of value",)}),
        ("It supplied 40 % by weight.", SHARE, {}),
        ("China replaced it.", Question(measure="displacement of value"), {"measure": ()}),
        ("The largest trading partner.", Question(measure="lead by value"), {"partner": ()}),
        ("Of its demand.", RUNS, {"measure": ("share of weight in imports and output",)}),
        ("Imports grew.", Question("TOTAL", measure="growth of value"), {}),
    ],
)
def test_a_row_of_the_table(statement, asked, admitted):
    assert left_open(statement, asked) == admitted


def test_words_that_ask_a_measure():
    asked = Question("2709", measure="growth of value")
    [row] = rows_of("It stepped up imports.", asked)
    assert row.asks == ["weight", "volume"]
    assert rows_of("It stepped up imports worth much.", asked) == []


@pytest.mark.parametrize(
    ("statement", "figure", "unit", "step"),
    [
        ("It reached $190 billion.", 190e9, "USD", 1e9),
        ("It grew by 30 per cent.", 30, "percent", 1),
        ("It took 1.65 million barrels.", 1.65e6, "bbl/day", 1e4),
        ("It took 3,744 tonnes.", 3744, "tonnes", 1),
        ("It took 66.1 million tonnes.", 66.1, "million tonnes", 0.1),
        ("It fell by 54 per cent.", -54, "percent", 1),
        ("It was about 25 per cent.", 25, "percent", 5),
        ("It was around 140 billion.", 140e9, "m3", 1e10),
        ("It was nearly 2.5 million.", 2.5e6, "USD", 1e5),
        ("It was about 104 million.", 104e6, "USD", 1e6),
        ("It doubled.", 100, "percent", 0),
    ],
)
def test_the_step_that_words_print(statement, figure, unit, step):
    assert printed_step(statement, figure, unit) == pytest.approx(step)
