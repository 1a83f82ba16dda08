"""Each decided part of the report: one change of what it asks, leaves open, or of who counted.

A change of the question or of what is open is judged anew from the tables. A change of a witness is
judged by the rule alone, over the same readings.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from tradeflows import claims
from tradeflows.claims import evaluate
from tradeflows.claims import verdict_rule as rule

ROOT = Path(__file__).parents[1]
BAND = "series"

# By claim and part: what is changed to what, and the verdict then.
ASKED = {
    ("O01", ""): ({"partner": "BLR"}, claims.NOT_DECIDED),
    ("O02", "reached $190 billion"): ({"flow": "M"}, claims.NOT_DECIDED),
    ("O02", "a record"): ({"base": "2020-01..2020-12"}, claims.NOT_DECIDED),
    ("O03", ""): ({BAND: None}, claims.DIFFERS),
    ("O04", ""): ({"flow": "X"}, claims.NOT_DECIDED),
    ("O05", ""): ({"base": "2020-01..2020-12"}, claims.NOT_DECIDED),
    ("O06", ""): ({"reporter": "RUS"}, claims.NOT_DECIDED),
    ("O07", ""): ({"measure": "growth of weight"}, claims.LEANS_YES),
    ("O08", ""): ({"goods": "2709"}, claims.DIFFERS),
    ("O09", ""): ({"goods": "2709"}, claims.DIFFERS),
    ("O10", ""): ({"measure": "barrels a month"}, claims.NOT_DECIDED),
    ("O11", ""): ({"start": "2023-01"}, claims.BOTH_WAYS),
    ("O12", ""): ({"start": "2023-04"}, claims.LEANS_YES),
    ("O14", ""): ({"measure": "weight"}, claims.NOT_DECIDED),
    ("O15", ""): ({"measure": "weight"}, claims.NOT_DECIDED),
    ("O21", ""): ({"base": "2019-01..2019-12"}, claims.DEPENDS),
    ("O22", "of exports"): ({"partner": "China"}, claims.NOT_DECIDED),
    ("O22", "of imports"): ({"partner": "China"}, claims.NOT_DECIDED),
    ("O25", "the largest buyer of Russian crude"): ({"goods": "2701"}, claims.NOT_DECIDED),
    ("O25", "overtaken India as the largest buyer"): ({"goods": "2701"}, claims.NOT_DECIDED),
    ("O26", ""): ({"start": "2021-01", "end": "2021-12"}, claims.HOLDS),
    ("O27", "bought more Russian oil"): ({"partner": "KAZ"}, claims.NOT_DECIDED),
    ("O27", "discounts"): ({"partner": "KAZ"}, claims.NOT_DECIDED),
    ("O27", "above all after the price cap"): ({"partner": "KAZ"}, claims.NOT_DECIDED),
    ("A01", "Russian oil"): ({"reporter": "IND"}, claims.NOT_DECIDED),
    ("A01", "Russian gas, liquefied"): ({"goods": "271112"}, claims.NOT_DECIDED),
    ("A01", "piped"): ({"partner": "TKM"}, claims.NOT_DECIDED),
    ("A02", "less Russian oil"): ({"reporter": "TUR"}, claims.NOT_DECIDED),
    ("A02", "less Russian gas"): ({"partner": "NOR"}, claims.NOT_DECIDED),
    ("A04", "provides Russia with dual-use technology"): ({"partner": "BLR"}, claims.NOT_DECIDED),
}
# By claim and part: what else its words would leave open, and the verdict then.
OPEN = {
    ("O04", ""): ({"flow": ("X",)}, claims.LEANS_YES),
    ("O10", ""): ({}, claims.DIFFERS),
    ("O11", ""): ({}, claims.DIFFERS),
    ("O12", ""): ({"measure": ("share of weight",)}, claims.DEPENDS),
    ("O26", ""): ({}, claims.HOLDS),
    ("A01", "Russian oil"): ({"measure": ("growth of volume",)}, claims.LEANS_YES),
}
TELLER = rule.Witness(rule.RELAY)
SELLER = {"interested": True}
# By claim and part: who would have counted, of readings by family, and the verdict then.
COUNTED = {
    ("O01", ""): ("China Customs", {"kind": rule.RELAY}, claims.NOT_DECIDED),
    ("O04", ""): ("China Customs", {"kind": rule.MEASURED}, claims.LEANS_YES),
    ("O10", ""): ("Vortexa", {"kind": rule.RELAY}, claims.LEANS_NO),
    ("O17", ""): ("law", {"kind": rule.RELAY}, claims.NOT_DECIDED),
    ("O26", ""): ("IMF", {"kind": rule.MEASURED}, claims.BOTH_WAYS),
    ("A01", "piped"): ("China Customs", SELLER, claims.LEANS_YES),
    ("A02", "less Russian gas"): ("IEA", {"family": "network operators"}, None),
    ("O25", "the largest buyer of Russian crude"): ("Vortexa", {"family": ""}, claims.LEANS_YES),
    ("O25", "overtaken India as the largest buyer"): (
        "Vortexa",
        {"kind": rule.RELAY},
        claims.LEANS_NO,
    ),
}


@pytest.fixture(scope="module")
def parts(ledger_verdicts):
    core = [verdict for verdict in ledger_verdicts if verdict.claim.core]
    return {(one.claim.id, part.claim.words): part for one in core for part in one.each}


def test_every_decided_part_has_a_move(parts):
    decided = {name for name, part in parts.items() if part.decided_by}
    assert decided - {("O17", "")} == set(ASKED), "a law says so whatever is asked"
    assert (OPEN.keys() | COUNTED.keys()) <= decided


@pytest.mark.parametrize("name", ASKED, ids=" ".join)
def test_another_question(parts, name):
    old, (change, expected) = parts[name], ASKED[name]
    asks = replace(old.claim.asks, **{key: text for key, text in change.items() if key != BAND})
    series = change.get(BAND, old.claim.series)
    [new] = claims.evaluate_all([replace(old.claim, asks=asks, series=series)], ROOT)
    assert new.verdict == expected
    assert (new.verdict, new.decided_by) != (old.verdict, old.decided_by)


@pytest.mark.parametrize("name", OPEN, ids=" ".join)
def test_other_words(parts, name):
    admitted, expected = OPEN[name]
    [new] = claims.evaluate_all([replace(parts[name].claim, open=admitted)], ROOT)
    assert new.verdict == expected != parts[name].verdict


@pytest.mark.parametrize("name", COUNTED, ids=" ".join)
def test_another_witness(parts, name):
    family, change, expected = COUNTED[name]
    part = parts[name]
    asked = evaluate.open_readings(part.claim, part.readings)
    evidence = [reading.evidence for reading in part.readings]
    assert rule.decide(evidence, asked).verdict == part.verdict
    moved = [
        replace(item, witness=replace(item.witness, **change))
        if item.witness.family == family
        else item
        for item in evidence
    ]
    new = rule.decide(moved, asked)
    if expected is None:  # one family less, and still two
        assert set(new.votes) == set(part.votes) - {family}
    else:
        assert new.verdict == expected != part.verdict
