"""What words leave open, to which step they print, and an older ledger in the new spelling."""

import pytest

from tradeflows import claims, cli
from tradeflows.claims.open_words import left_open, printed_step, rows_of
from tradeflows.claims.verdict_rule import Question
from tradeflows.model.errors import LedgerError

CRUDE = Question("2709", "CHN", "RUS", "M", "", "barrels a day", "2023-03", "2023-03")


@pytest.mark.parametrize(
    ("statement", "asked", "admitted"),
    [
        ("China imported 2 barrels a day.", CRUDE, {"route": ("by sea",)}),
        ("China imported 2 barrels a day by sea.", CRUDE, {}),
        ("By March China took it.", CRUDE, {"route": ("by sea",), "start": ("2023-01",)}),
        ("By March China imported it.", Question(measure="value", start="2023-03"), {}),
        (
            "It supplied 40 %.",
            Question(measure="share of weight"),
            {"measure": ("share of value",)},
        ),
        ("It supplied 40 % by weight.", Question(measure="share of weight"), {}),
        ("China replaced it.", Question(measure="displacement of value"), {"measure": ()}),
        ("The largest trading partner.", Question(measure="lead by value"), {"partner": ()}),
        (
            "Of its demand.",
            Question("2709", measure="share of weight in refinery runs"),
            {"measure": ("share of weight in imports and output",)},
        ),
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


OLD = """# my ledger
[claim.C1]
theme = "oil"
statement = "Four ships came."
claimed = { value = 4, unit = "vessels" }
who = "A"
where = "B"
window = "2023"
reason = "not a trade statistic"  # why
open = { goods = [] }
"""


def test_an_older_ledger_is_refused_and_rewritten(make_root, tmp_path, capsys):
    root, ledger = make_root({"prices": {}}), tmp_path / "old.toml"
    ledger.write_text(OLD, encoding="utf-8")
    with pytest.raises(LedgerError, match=r"version 2, .* run `tradeflows migrate"):
        claims.read_ledger(ledger, root)
    assert cli.main(["--root", str(root), "migrate", str(ledger)]) == 0
    text = ledger.read_text(encoding="utf-8")
    assert text.startswith("# my ledger\n\nversion = 3\n[claim.C1]")
    assert 'not_tested = "not for statistics"' in text
    assert 'open_because = "' in text
    capsys.readouterr()
    assert cli.main(["--root", str(root), "migrate", str(ledger)]) == 0
    assert "is of this version already" in capsys.readouterr().out


def test_what_no_rewriting_keeps_is_named(tmp_path):
    ledger = tmp_path / "old.toml"
    reading = '[[claim.C1.reading]]\nname = "half"\nread = {}\nresult = "qty"\nscale = 0.5\n'
    ledger.write_text(OLD + reading, encoding="utf-8")
    with pytest.raises(LedgerError, match="claim C1, reading 'half': scale is gone"):
        claims.migrated(ledger)
    assert ledger.read_text(encoding="utf-8") == OLD + reading
