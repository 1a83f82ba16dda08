"""The rule for verdicts, line by line of its tables."""

import math
from dataclasses import replace

import pytest

from tradeflows.claims import verdict_rule
from tradeflows.claims.verdict_rule import Band, Evidence, Question, Range

ASKED = Question("2709", "CHN", "RUS", "M", "value", "2022-01", "2022-12")
GROWTH = replace(ASKED, measure="growth of value", base="2021-01..2021-12")


@pytest.mark.parametrize(
    ("change", "admitted", "role"),
    [
        ({}, {}, verdict_rule.AS_STATED),
        ({"measure": "weight"}, {"measure": ("weight",)}, verdict_rule.ALTERNATIVE),
        ({"goods": "2710"}, {"goods": ()}, verdict_rule.ALTERNATIVE),
        ({"goods": "2709+2710"}, {"goods": ("2709", "2710")}, verdict_rule.ALTERNATIVE),
        ({"goods": "2709+2701"}, {"goods": ("2709", "2710")}, verdict_rule.OTHER_CONCEPT),
        ({"measure": "price"}, {"measure": ("weight",)}, verdict_rule.OTHER_CONCEPT),
        ({"reporter": "RUS"}, {}, verdict_rule.OTHER_CONCEPT),
        ({"partner": "KAZ"}, {"goods": ()}, verdict_rule.OTHER_CONCEPT),
        ({"flow": "X"}, {"goods": ()}, verdict_rule.OTHER_CONCEPT),
        ({"start": "2022-02"}, {"end": ()}, verdict_rule.OTHER_CONCEPT),
        ({"start": "2022-02"}, {"start": ()}, verdict_rule.ALTERNATIVE),
        ({"measure": "weight", "end": "2023-01"}, {"measure": ()}, verdict_rule.OTHER_CONCEPT),
    ],
)
def test_role_by_keys(change, admitted, role):
    assert verdict_rule.role_of(ASKED, replace(ASKED, **change), admitted) == role


def test_another_base_is_no_such_growth():
    given = replace(GROWTH, base="2020-01..2020-12")
    assert verdict_rule.role_of(GROWTH, given, {}) == verdict_rule.OTHER_CONCEPT
    assert verdict_rule.role_of(GROWTH, given, {"base": ()}) == verdict_rule.ALTERNATIVE


@pytest.mark.parametrize(
    ("low", "high", "claimed", "expected"),
    [
        (80.5, 80.5, Range(80.5, 81.5), True),
        (81.6, 81.6, Range(80.5, 81.5), False),
        (12, 12, Range(12, math.inf), True),
        (12, 12, Range(12, math.inf, open_low=True), False),
        (13, 13, Range(-math.inf, 13, open_high=True), False),
        (0, 20, Range(12, math.inf), None),
        (0, 11, Range(12, math.inf), False),
        (0, 12, Range(12, math.inf, open_low=True), False),
        (0, 0.3, Range(-math.inf, 1, open_high=True), True),
        (0, 0, Range(0, 0), True),
        (1.065, 1.065, Range(1.07 - 0.005, 1.07 + 0.005), True),
        (1.075, 1.075, Range(1.07 - 0.005, 1.07 + 0.005), True),
        (1.0649, 1.0649, Range(1.07 - 0.005, 1.07 + 0.005), False),
        (0.1 + 0.2, 0.1 + 0.2, Range(0.3, math.inf, open_low=True), False),
        (-1.065, -1.065, Range(-1.07 - 0.005, -1.07 + 0.005), True),
    ],
)
def test_what_fits(low, high, claimed, expected):
    assert verdict_rule.fits(low, high, claimed) is expected


@pytest.mark.parametrize(
    ("value", "figure", "unit", "expected"),
    [
        (2.27, 1.65, "bbl/day", 37.576),
        (1.65, 2.27, "bbl/day", -27.313),
        (29.3, 30, "percent", -0.7),
        (5, 0, "units", None),
        (5, None, "", None),
    ],
)
def test_deviation_is_signed(value, figure, unit, expected):
    found = verdict_rule.deviation(value, figure, unit)
    assert found == (expected if expected is None else pytest.approx(expected, abs=1e-3))


def test_spread_of_releases():
    assert verdict_rule.spread([76.12, 75.54]) == pytest.approx(0.768, abs=1e-3)
    assert verdict_rule.spread([76.12]) == 0


def test_band_of_a_growth_takes_both_ends():
    assert verdict_rule.band_of_growth(30, 0.2, 0.1) == pytest.approx(0.39)


def test_band_widens_both_ways():
    assert verdict_rule.widened(Range(29.5, 30.5), Band(0.4, "points"), 30) == Range(29.1, 30.9)
    wide = verdict_rule.widened(Range(189.5, 190.5), Band(1, "%"), 190)
    assert (wide.low, wide.high) == pytest.approx((187.6, 192.4))


STATED = Evidence("stated", verdict_rule.AS_STATED, fits=True, deviation=0.1)
OTHER = Evidence("other", verdict_rule.ALTERNATIVE, fits=True, deviation=0.2)
MISS = {"fits": False, "deviation": -9.0}
BOUND = Evidence("bound", verdict_rule.BOUND, fits=None)
CONCEPT = Evidence("concept", verdict_rule.OTHER_CONCEPT, fits=True)
PRINT = Evidence("print", verdict_rule.IN_PRINT, fits=True)
OWN = {"own_release": True}


@pytest.mark.parametrize(
    ("evidence", "verdict", "by"),
    [
        # contradicted: a bound refutes it, whatever else holds
        ([STATED, replace(BOUND, fits=False)], verdict_rule.CONTRADICTED, ["bound"]),
        # holds: as stated, within the step
        ([STATED], verdict_rule.HOLDS, ["stated"]),
        ([STATED, replace(OTHER, **MISS)], verdict_rule.HOLDS, ["stated"]),
        # holds: where nothing is as stated, all alternatives are
        ([OTHER, replace(OTHER, name="second")], verdict_rule.HOLDS, ["other", "second"]),
        # a bound confirms an inequality whose whole range lies on its side
        ([replace(BOUND, fits=True)], verdict_rule.HOLDS, ["bound"]),
        # holds within revisions: as stated, within step and band
        (
            [replace(STATED, **MISS, fits_band=True)],
            verdict_rule.HOLDS_WITHIN_REVISIONS,
            ["stated"],
        ),
        # the office's own release goes first
        (
            [replace(STATED, **MISS), replace(STATED, name="own", **OWN)],
            verdict_rule.HOLDS,
            ["own"],
        ),
        (
            [STATED, replace(STATED, name="own", **MISS, **OWN)],
            verdict_rule.DIFFERS,
            ["own"],
        ),
        # differs: as stated, outside; or all alternatives are
        ([replace(STATED, **MISS), OTHER], verdict_rule.DIFFERS, ["stated"]),
        ([replace(OTHER, **MISS)], verdict_rule.DIFFERS, ["other"]),
        # the band is of what is as stated alone
        ([replace(OTHER, **MISS, fits_band=True)], verdict_rule.DIFFERS, ["other"]),
        # depends: some alternatives hold and some do not
        ([OTHER, replace(OTHER, name="second", **MISS)], verdict_rule.DEPENDS, ["other", "second"]),
        # not decided: only other concepts, print, or bounds that allow it
        ([CONCEPT, PRINT, BOUND], verdict_rule.NOT_DECIDED, []),
        ([replace(STATED, silent="covers ten months")], verdict_rule.NOT_DECIDED, []),
        ([replace(BOUND, fits=False, silent="bounds a year")], verdict_rule.NOT_DECIDED, []),
        # what is silent leaves the others to decide
        ([replace(STATED, silent="estimated"), OTHER], verdict_rule.HOLDS, ["other"]),
        # not tested: nothing is held
        ([], verdict_rule.NOT_TESTED, []),
    ],
)
def test_first_line_that_applies(evidence, verdict, by):
    decision = verdict_rule.decide(evidence)
    assert (decision.verdict, list(decision.by)) == (verdict, by)


def test_deviation_of_the_nearest():
    far = replace(OTHER, name="far", fits=False, deviation=20.0)
    near = replace(OTHER, name="near", fits=False, deviation=-3.0)
    assert verdict_rule.decide([far, near]).deviation == -3.0


def test_each_verdict_has_a_group():
    groups = {"holds", "holds with a caveat", "differs", "cannot be told"}
    assert set(verdict_rule.GROUPS.values()) == groups
    assert len(verdict_rule.VERDICTS) == 7


@pytest.mark.parametrize(
    ("miss", "small"), [(0.004, True), (-0.99, True), (1, False), (None, False)]
)
def test_small_miss_raises_no_alarm(miss, small):
    assert verdict_rule.is_small(miss) is small
