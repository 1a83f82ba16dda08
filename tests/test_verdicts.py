"""The project's own ledger: what it must hold, and that no verdict moves unannounced."""

import re
from pathlib import Path

import pytest

from tradeflows import claims, tables
from tradeflows.report import accept

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def verdicts():
    return claims.verdicts(root=ROOT)


def test_the_verdicts_and_numbers_are_those_last_announced(verdicts):
    old, new = (
        accept.verdicts(ROOT),
        [row for each in verdicts for row in claims.verdict_rows(each)],
    )
    if old != new:
        lines = "\n".join(accept.verdict_changes(old, new))
        pytest.fail(f"the ledger moved unannounced (make accept)\n{lines}", pytrace=False)


def test_every_claim_of_the_report_is_in_the_ledger(verdicts):
    report = set(tables.read("figures", publisher="ODNI", root=ROOT)["id"])
    held = {each.claim.cites or each.claim.id for each in verdicts} | {
        each.claim.id for each in verdicts
    }
    assert report <= held
    assert len(report) == 24


def test_every_published_figure_is_a_claim_or_the_reading_of_one(verdicts):
    figures = tables.read("figures", source="published_figures_dual_use", root=ROOT)
    cited = {each.claim.cites for each in verdicts} | {each.claim.id for each in verdicts}
    asked = {one.read.get("id") for each in verdicts for one in each.claim.readings}
    assert set(figures["id"]) <= cited | asked


def test_no_reading_is_the_claims_own_source(verdicts):
    own = {each.claim.id: one for each in verdicts for one in each.found if "own" in one.note}
    assert set(own) == {"O01"}
    assert own["O01"].agrees is None


def test_each_verdict_says_what_it_rests_on(verdicts):
    for each in verdicts:
        assert bool(each.found) != (each.claim.reason != "")
        assert all(one.sources for one in each.found)
        assert each.verdict != "not testable here" or each.reason in claims.REASONS


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("1.0", "1.1", ["claim A: x: 1.0 → 1.1"]),
        ("1.0", None, ["claim A: no → not in the ledger", "claim A: x: 1.0 → none"]),
    ],
)
def test_what_moved_is_told_by_claim(old, new, lines):
    def rows(value):
        head = {"claim": "A", "verdict": "no", "reason": "", "reading": "x"}
        return [head | {"value": value, "unit": "USD", "agrees": "True"}] if value else []

    assert accept.verdict_changes(rows(old), rows(new)) == lines


def test_the_flags_told_are_of_the_rows_that_the_numbers_were_made_of(verdicts):
    """China's exports of July 2023 are a line each of two files: no block, and no conflict."""
    for each in verdicts:
        told = [found for one in each.caveats if (found := re.match(r"(\d+) of (\d+) rows", one))]
        assert all(int(found[2]) <= sum(one.rows for one in each.found) for found in told)
        if each.claim.id == "U37":
            assert [found.string.partition(":")[0] for found in told] == [
                "1 of 2 rows derived",
                "1 of 2 rows rounded",
                "1 of 2 rows second-hand",
            ]
