"""The rule for verdicts, line by line of its table."""

import math
from dataclasses import replace

import pytest

from tradeflows.claims import verdict_rule as rule
from tradeflows.claims.verdict_rule import Band, Evidence, Question, Range, Witness
from tradeflows.claims.verdict_text import MARKS

ASKED = Question("2709", "CHN", "RUS", "M", "", "value", "2022-01", "2022-12")


@pytest.mark.parametrize(
    ("change", "admitted", "is_answered"),
    [
        ({}, {}, True),
        ({"goods": "2710"}, {"goods": ()}, True),
        ({"goods": "2710"}, {"goods": ("2709+2710",)}, False),
        ({"route": "by sea"}, {"route": ("by sea",)}, True),
        ({"route": "by sea"}, {}, False),
        ({"measure": "price"}, {"measure": ("weight",)}, False),
        ({"reporter": "RUS"}, {}, False),
        ({"start": "2022-02"}, {"end": ()}, False),
        ({"start": "2022-02"}, {"start": ()}, True),
        ({"measure": "weight", "end": "2023-01"}, {"measure": ()}, False),
    ],
)
def test_open_reading_by_keys(change, admitted, is_answered):
    given = replace(ASKED, **change)
    assert (rule.nearest_open(ASKED, given, admitted) == given) is is_answered


@pytest.mark.parametrize(
    ("low", "high", "claimed", "expected"),
    [
        (81.6, 81.6, Range(80.5, 81.5), False),
        (12, 12, Range(12, math.inf), True),
        (12, 12, Range(12, math.inf, open_low=True), False),
        (13, 13, Range(-math.inf, 13, open_high=True), False),
        (0, 20, Range(12, math.inf), None),
        (0, 11, Range(12, math.inf), False),
        (0, 0.3, Range(-math.inf, 1, open_high=True), True),
        (0, 0, Range(0, 0), True),
        (1.065, 1.065, Range(1.07 - 0.005, 1.07 + 0.005), True),
        (1.075, 1.075, Range(1.07 - 0.005, 1.07 + 0.005), True),
        (0.1 + 0.2, 0.1 + 0.2, Range(0.3, math.inf, open_low=True), False),
        (-1.065, -1.065, Range(-1.07 - 0.005, -1.07 + 0.005), True),
    ],
)
def test_what_fits(low, high, claimed, expected):
    assert rule.fits(low, high, claimed) is expected


ABOVE, BELOW = Range(12, math.inf, open_low=True), Range(-math.inf, 12, open_high=True)
RISE, POINT = Range(0, math.inf, open_low=True), Range(11.5, 12.5)


@pytest.mark.parametrize(
    ("low", "high", "claimed", "figure", "qualifier", "options", "said"),
    [
        # a threshold is passed by more than a twentieth, on either side
        (12.7, 12.7, ABOVE, 12, ">", {}, "yes"),
        (12.5, 12.5, ABOVE, 12, ">", {}, "near"),
        (11.3, 11.3, ABOVE, 12, ">", {}, "no"),
        (0, 860, ABOVE, 12, ">", {}, ""),
        (11, 11, BELOW, 12, "<", {}, "yes"),
        (14, 14, BELOW, 12, "<", {}, "no"),
        # a growth by five points, a difference by a twentieth of what it is to
        (6, 6, RISE, 0, ">", {"is_growth": True}, "yes"),
        (4, 4, RISE, 0, ">", {"is_growth": True}, "near"),
        (6, 6, RISE, 0, ">", {"base": 100}, "yes"),
        (4, 4, RISE, 0, ">", {"base": 100}, "near"),
        # a number in print: yes within the step, no beyond a tenth
        (12.4, 12.4, POINT, 12, "=", {}, "yes"),
        (13.1, 13.1, POINT, 12, "=", {}, "near"),
        (13.3, 13.3, POINT, 12, "=", {}, "no"),
        (15, math.inf, POINT, 12, "=", {}, "no"),
        (5, math.inf, POINT, 12, "=", {}, ""),
    ],
)
def test_a_vote(low, high, claimed, figure, qualifier, options, said):
    assert rule.vote(low, high, claimed, figure, qualifier, **options) == said


@pytest.mark.parametrize(
    ("value", "figure", "unit", "expected"),
    [
        (1.65, 2.27, "bbl/day", -27.313),
        (29.3, 30, "percent", -0.7),
        (5, 0, "units", None),
    ],
)
def test_deviation_is_signed(value, figure, unit, expected):
    found = rule.deviation(value, figure, unit)
    assert found == (expected if expected is None else pytest.approx(expected, abs=1e-3))


def test_bands_of_releases():
    assert rule.spread([76.12, 75.54]) == pytest.approx(0.768, abs=1e-3)
    assert rule.spread([76.12]) == 0
    assert rule.band_of_growth(30, 0.2, 0.1) == pytest.approx(0.39)
    assert rule.widened(Range(29.5, 30.5), Band(0.4, "points"), 30) == Range(29.1, 30.9)
    wide = rule.widened(Range(189.5, 190.5), Band(1, "%"), 190)
    assert (wide.low, wide.high) == pytest.approx((187.6, 192.4))


SEA = replace(ASKED, route="by sea")
CUSTOMS = Witness(rule.OFFICE, "China Customs")
TRACKER, AGENCY = Witness(rule.MEASURED, "Vortexa"), Witness(rule.MEASURED, "IEA")

STATED = Evidence("stated", rule.AS_STATED, CUSTOMS, (ASKED,), fits=True, deviation=0.1)
MISS = {"fits": False, "deviation": -9.0, "vote": "no"}
BY_SEA = replace(STATED, name="sea", role=rule.ALTERNATIVE, answers=(SEA,))
BOUND = Evidence("bound", rule.BOUND, CUSTOMS, (ASKED,), fits=False)
CONCEPT = Evidence("concept", rule.OTHER_CONCEPT, CUSTOMS, fits=True, vote="yes")
SAYS = Evidence("says", rule.AS_STATED, TRACKER, (ASKED,), fits=True, vote="yes")


def noted(item, **change):
    return replace(item, name="other", **change)


NO, OTHER_SAYS = replace(STATED, **MISS), noted(SAYS, witness=AGENCY)


@pytest.mark.parametrize(
    ("evidence", "asked", "verdict", "by"),
    [
        ([STATED, BOUND], [ASKED], rule.CONTRADICTED, ["bound"]),
        ([STATED, BY_SEA, BOUND], [ASKED, SEA], rule.DEPENDS, ["stated", "bound", "sea"]),
        ([STATED, BY_SEA], [ASKED, SEA], rule.HOLDS, ["stated", "sea"]),
        # a release that was current on the claim's day goes first
        ([NO, noted(STATED, own_release=True)], [ASKED], rule.HOLDS, ["other"]),
        ([replace(NO, fits_band=True)], [ASKED], rule.HOLDS_WITHIN_REVISIONS, ["stated"]),
        ([STATED, noted(STATED, **MISS)], [ASKED], rule.DEPENDS, ["stated", "other"]),
        # an open reading that nothing judges makes no difference of the other: a vote
        ([NO], [ASKED, SEA], rule.LEANS_NO, ["stated"]),
        ([SAYS, OTHER_SAYS], [ASKED], rule.HOLDS_BY_MEASUREMENT, ["says", "other"]),
        ([SAYS, replace(OTHER_SAYS, **MISS)], [ASKED], rule.BOTH_WAYS, ["says", "other"]),
        ([replace(SAYS, **MISS)], [ASKED], rule.LEANS_NO, ["says"]),
        ([CONCEPT], [ASKED], rule.NOT_DECIDED, []),
    ],
)
def test_what_a_verdict_is_decided_by(evidence, asked, verdict, by):
    """Which verdict it is, of all that may be, the oracle asks."""
    decision = rule.decide(evidence, asked)
    assert (decision.verdict, list(decision.by)) == (verdict, by)


def test_deviation_of_the_reading_as_asked():
    far = replace(STATED, fits=False, deviation=20.0)
    near = replace(BY_SEA, fits=False, deviation=-3.0)
    assert rule.decide([near, far], [ASKED, SEA]).deviation == 20.0


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([rule.HOLDS, rule.HOLDS_BY_MEASUREMENT], rule.HOLDS_BY_MEASUREMENT),
        ([rule.HOLDS, rule.NOT_TESTED], rule.IN_PART),
        ([rule.DEPENDS, rule.BOTH_WAYS], rule.BOTH_WAYS),
        ([rule.NOT_DECIDED, rule.NOT_TESTED], rule.NOT_TESTED),
    ],
)
def test_a_claim_of_parts(parts, verdict):
    assert rule.of_parts(parts) == verdict


@pytest.mark.parametrize(
    ("miss", "figure", "unit", "is_small"),
    [
        (0.004, 5.0, "USD", True),
        (1, 5.0, "USD", False),
        (None, 5.0, "USD", False),
        (0.8, 22, "percent", False),
        (0.8, 90, "percent", True),
    ],
)
def test_small_miss_raises_no_alarm(miss, figure, unit, is_small):
    assert rule.is_small(miss, figure, unit) is is_small


def test_the_lists_of_words_have_each_verdict_and_witness():
    assert {*rule.WHEN} == {*rule.VERDICTS}
    assert {*rule.WITNESSES} == {*rule.KINDS}
    assert tuple(MARKS) == rule.PUBLIC_WORDS
    assert f"decides where {100 * rule.REWORKING:.0f} % more" in rule.WITNESSES[rule.REWORKED][1]
