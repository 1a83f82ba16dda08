"""The ledger over invented figures: another subject than the project's own, the same code."""

import json
import math
import random
import re
import shutil
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import maps
import pandas as pd
import pytest
import twins

from tradeflows import claims, cli, tables
from tradeflows.claims import Reading, advice, evaluate
from tradeflows.model import units
from tradeflows.model.errors import LedgerError
from tradeflows.report import claim_cards
from tradeflows.retrieval import adding
from tradeflows.retrieval.project import Project
from tradeflows.tables import checks

MONTHS = [f"{year}-{month:02d}" for year in (2020, 2021) for month in range(1, 13)]
FIGURES = (
    "id,topic,exporter,importer,product,hs_codes,period_start,period_end,freq,value,unit,qualifier,"
    "underlying_statistic,publisher,publication_date,source_url,confidence,notes\n"
)
PRINTED = [
    ("F1", "12000000", "USD", ">"),
    ("F2", "12000000", "USD", "="),  # repeats F1
    ("F3", "30000000", "USD", ">"),
    ("F4", "31000000", "USD", "="),  # repeats F3
    ("F5", "50", "percent", "="),
]


def customs(scale=1.0, halves=("KAZ",), order=None):
    """Russia's trade: 1 million USD a month in 2020, 1.5 in 2021, in equal parts by partner."""
    lines = []
    for month in MONTHS:
        for flow, factor in (("import", 1.0), ("export", 2.0)):
            value = factor * scale * (1.0 if month < "2021" else 1.5) / len(halves)
            lines += [f"{month},{partner},{flow},{value!r}" for partner in halves]
    if order is not None:
        random.Random(order).shuffle(lines)
    return "period,partner,flow,value_usd_million\n" + "\n".join(lines) + "\n"


@pytest.fixture
def build(make_root):
    return builder(make_root)


def builder(make_root):
    """Give what builds a project of invented customs and figures, and returns its folder."""

    def make(older=None, **changes):
        mapped = maps.tidy("rus_customs_trade_by_partner_2006_2021")
        first = {"older": {**mapped, "text": customs(older)}} if older else {}
        figures = FIGURES + "".join(
            f"{name},goods,RUS,KAZ,goods,,2020-01,2020-12,annual,{value},{unit},{sign},records,"
            f"Gazette,2021-05,example.org/{name},high,\n"
            for name, value, unit, sign in PRINTED
        )
        root = make_root(
            {
                **first,
                "customs": {**mapped, **dict.fromkeys(["supersedes"] if older else [], "older")}
                | {"text": customs(**changes)},
                "figures": {
                    **maps.tidy("published_figures_dual_use", repeats=REPEATS, **COUNTED),
                    "text": figures,
                },
                "prices": {},
                "shares": {
                    **maps.tidy("swift_rmb_share"),
                    "text": SHARES,
                },
            }
        )
        tables.build(root)
        return root

    return make


REPEATS = {"column": "id", "words": {"F2": "F1", "F4": "F3"}, "others": ""}
COUNTED = {
    "collector": {"column": "id", "words": {"F4": ""}, "others": "the Gazette"},
    "witness": "measured",
    "measure": {"column": "unit", "words": {"USD": "value", "percent": "growth of value"}},
    "base_start": None,
    "base_end": None,
}
SHARES = (
    "month,rmb_share_pct,rank,share_ex_eurozone_pct,qualifier,derivation,source_url,"
    "publication_date,outlet,underlying,flag,n_sources\n"
    "2020-01,2.0,5,,exact,,a,2020-02,Gazette,Tracker,,1\n"
    "2021-01,2.5,5,,exact,,b,2021-02,Gazette,Tracker,,1\n"
)


@pytest.fixture(scope="module")
def built(root_maker, tmp_path_factory):
    return builder(partial(root_maker, tmp_path_factory.mktemp("built")))()


@pytest.fixture
def ledger(tmp_path):
    def make(text):
        path = tmp_path / "other.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture
def judge(built, ledger):
    return lambda text, root=built: {
        each.claim.id: each for each in claims.verdicts(ledger(text), root)
    }


@pytest.fixture
def run(built, ledger, capsys):
    """Run a verb on a ledger: the status, what was printed, and what was complained."""

    def call(text, *words, root=built):
        code = cli.main(["--root", str(root), *words, "--ledger", str(ledger(text))])
        return code, *capsys.readouterr()

    return call


IMPORTS = 'read = { reporter = "RUS", partner = "KAZ", flow = "M", product = "TOTAL" }'
YEAR = '["total", { value = "value_reported", start = "2020", end = "2020" }]'


ASKS = (
    'asks = { goods = "TOTAL", reporter = "RUS", partner = "KAZ", flow = "M", measure = "value", '
    'start = "2020", end = "2020" }\n'
)
SOLD = ASKS.replace('"TOTAL"', '"goods"').replace('"M"', '"X"')
GROWN = ASKS.replace('"value"', '"growth of value"').replace('"2020" }', '"2021", base = "2020" }')
GROWN = GROWN.replace('start = "2020"', 'start = "2021"')
SHARES_GREW = (
    'asks = { measure = "change of global payments", start = "2021-01", '
    'end = "2021-01", base = "2020-01" }\n'
)


def claim_of_nothing(**absent):
    """A project whose customs state Kazakhstan in 2021 alone and Armenia in both years."""
    lines = [
        f"{month},{partner},import,1.0"
        for month in MONTHS
        for partner in ("KAZ", "ARM")
        if partner == "ARM" or month > "2021"
    ]
    text = "period,partner,flow,value_usd_million\n" + "\n".join(lines) + "\n"
    return {
        "customs": maps.tidy("rus_customs_trade_by_partner_2006_2021") | {"text": text} | absent
    }


def claim(
    value, *readings, name="C1", unit="USD", qualifier="=", printed_to=0.0, asks=ASKS, **more
):
    extra = asks + "".join(f'{key} = "{text}"\n' for key, text in more.items())
    head = (
        f'[claim.{name}]\ntheme = "goods"\nstatement = "So it is said."\n'
        f'who = "Gazette"\nwhere = "example.org"\nprinted_to = {printed_to}\n'
        f'printed_because = "so it is said"\n'
        f'claimed = {{ value = {value}, unit = "{unit}", qualifier = "{qualifier}" }}\n{extra}'
    )
    return head + "".join(f"\n[[claim.{name}.reading]]\n{reading}\n" for reading in readings)


def reading(name="imports", read=IMPORTS, steps=YEAR, result="value_reported", more=""):
    return f'name = "{name}"\n{read}\nsteps = [{steps}]\nresult = "{result}"\n{more}'


def figure(name, more=""):
    return (
        f'name = "{name}"\nread = {{ table = "figures", id = "{name}" }}\nresult = "value"\n{more}'
    )


EXPORTS = reading("exports", IMPORTS.replace('"M"', '"X"'))


NONE_ISSUED = [{"along": "partner_iso", "from": "2020-01", "until": "2021-12"}]


@pytest.mark.parametrize(
    ("absent", "window", "verdict"),
    [
        (NONE_ISSUED, ', start = "2020", end = "2020" }', claims.HOLDS),
        (NONE_ISSUED, " }", claims.NOT_DECIDED),
        ([], ', start = "2020", end = "2020" }', claims.NOT_DECIDED),
    ],
)
def test_absence_moves_a_verdict(make_root, ledger, absent, window, verdict):
    """Of two partners one has no row in 2020: a zero where that is declared, else unknown.

    Before the first row of a partner it is one where the window is named.
    """
    root = make_root(claim_of_nothing(**({"absent": absent} if absent else {})))
    tables.build(root)
    read = IMPORTS.replace('partner = "KAZ"', 'partner = ["KAZ", "ARM"]').replace(" }", window)
    both = YEAR.replace('"value_reported",', '"value_reported", over = ["partner_iso"],')
    asks = ASKS.replace('partner = "KAZ"', 'partner = ["KAZ", "ARM"]')
    text = claim(12e6, reading(read=read, steps=both), asks=asks)
    [judged] = claims.verdicts(ledger(text), root)
    assert judged.verdict == verdict


@pytest.mark.parametrize(
    ("given", "claimed", "factor"),
    [
        ("USD", "billion USD", 1e-9),
        ("USD", "million US dollars", 1e-6),
        ("JPY", "billion yen", 1e-9),
        ("GBP", "pounds", None),  # a weight, too: pounds sterling says which
        ("GBP", "pounds sterling", 1),
        ("m3", "million kilolitres", 1e-6),
        ("L", "m3", 1e-3),
    ],
)
def test_a_claim_is_in_words_of_money_and_volume(given, claimed, factor):
    assert units.factor(given, claimed) == (factor and pytest.approx(factor))


def peak_of(value, unit="month", **more):
    steps = '["peak", { value = "value_reported" }]'
    asks = ASKS.replace('"value"', '"month of the largest value"').replace(
        'end = "2020"', 'end = "2021"'
    )
    item = reading(steps=steps, result="ref_period")
    text = claim(f'"{value}"', item, unit=unit, asks=asks, **more)
    return text.replace("printed_to = 0.0\n", "")


def test_a_month_is_claimed(judge, built):
    told = {
        "2021-01": (claims.HOLDS, "holds"),
        "2020-11": (claims.DIFFERS, "2 months later than claimed"),
        "2021-02": (claims.DIFFERS, "1 month earlier than claimed"),
    }
    judged = judge("".join(peak_of(month, name=f"C{i}") for i, month in enumerate(told)))
    assert [(each.verdict, each.text.sentence) for each in judged.values()] == [*told.values()]
    [item] = judged["C0"].readings
    assert claims.amount(item.value, item.unit) == "January 2021"
    assert claims.terms(item, built)["terms"][0]["text"].startswith("2021-01,KAZ,import")


def test_no_month_is_refused(judge):
    for word in ("2021", "spring"):
        with pytest.raises(LedgerError, match=r"claimed: .*(is no month|2022-03|window)"):
            judge(peak_of(word))


def test_one_wrong_claim_is_one_line(run):
    text = claim(12e6, reading()) + claim(1, reading(), name="C2", unit="kg")
    text += claim(1, reading(), name="C3").replace("theme", "teme")
    text += claim(24e6, EXPORTS, name="C4")
    code, out, err = run(text, "claims")
    assert (code, [line[:2] for line in out.splitlines()]) == (1, ["C1", "C4", "✓ "])
    assert [line.split(": ")[0] for line in err.splitlines()] == ["tradeflows"] * 2
    assert re.findall("C[1-4]", err) == ["C3", "C2"]
    asked = (["claims", "C1"], ["trace", "C4"], ["claims", "C3"])
    assert [run(text, *words)[0] for words in asked] == [0, 0, 1]


def test_claims_by_id_and_theme_in_full_and_as_json(run):
    text = claim(24e6, reading(), EXPORTS)
    text += claim(24e6, EXPORTS, name="C2").replace('"goods"', '"sales"', 1)
    assert "50 % less than claimed" in run(text, "claims")[1]
    _, out, _ = run(text, "claims", "c1")
    assert out.startswith("C1: So it is said.")
    assert "as stated: imports: 12,000,000 USD (12 of 12 months): 50 % less than claimed" in out
    [one] = json.loads(run(text, "claims", "--theme", "sales", "--json")[1])
    assert (one["id"], one["core"], one["verdict"]) == ("C2", False, "not decided")
    for words, said in (
        (["--theme", "sale"], "no theme 'sale'; did you mean 'sales'?"),
        (["C9"], "no claim 'C9'; `tradeflows claims --all` lists them"),
    ):
        code, _, err = run(text, "claims", *words)
        assert (code, said in err) == (2, True)


def test_windows_left_open_are_pairs(judge):
    """Of two years each is one reading, and none from the first to the second."""
    years = 'open = { start = ["2021"], end = ["2021"] }\nopen_because = "it names no year"\n'
    later = reading("2021", steps=YEAR.replace("2020", "2021"))
    verdict = judge(claim(12e6, reading(), later, qualifier="≥", asks=ASKS + years))["C1"]
    assert verdict.verdict == claims.HOLDS
    assert len(verdict.decided_by) == 2


def test_cards_of_another_ledger(built, ledger):
    mine = ledger(claim(12e6, reading()) + claim(1, reading(), name="C2").replace("theme", "teme"))
    assert "C1: So it is said." in repr(claim_cards.cards("C1", root=built, ledger=mine))
    with pytest.raises(LedgerError, match="teme"):
        claim_cards.cards("C2", root=built, ledger=mine)


def test_small_and_large_misses_look_apart(judge):
    told = {
        12.01e6: ("≈   0.08 % less than claimed", ""),
        20e6: ("✗   40 % less than claimed", "\x1b[31m"),
        12e6: ("✓   holds", "\x1b[32m"),
    }
    judged = judge("".join(claim(value, reading(), name=f"C{value:.0f}") for value in told))
    for value, (text, code) in told.items():
        coloured = claims.line(judged[f"C{value:.0f}"], colour=True)
        assert text in claims.line(judged[f"C{value:.0f}"])
        assert code in coloured
        assert ("\x1b[31m" in coloured) == (value == 20e6)


def test_a_question_in_words_is_that_in_codes(judge):
    in_words = IMPORTS.replace("KAZ", "Kazakhstan, Rep. of").replace("RUS", "Russian Fed.")
    in_words = in_words.replace("TOTAL", "all goods")
    verdict = judge(claim(12e6, reading(read=in_words)))["C1"]
    assert verdict.readings[0].role == "as stated"
    asked = ASKS.replace("KAZ", "Kazakhstan").replace("RUS", "Russia").replace("TOTAL", "all goods")
    assert asked != ASKS
    verdict = judge(claim(12e6, reading(), asks=asked))["C1"]
    assert verdict.readings[0].role == "as stated"


def test_upper_bound_refutes_or_allows(judge):
    bound = reading(more="at_most = true")
    below = judge(claim(11e6, bound, qualifier=">"))["C1"]
    assert below.verdict == claims.NOT_DECIDED
    above = judge(claim(13e6, bound, figure("F1"), qualifier=">"))["C1"]
    assert above.verdict == claims.CONTRADICTED
    assert above.text.sentence == "the figure is at most $12 million"
    shown = "\n".join(claims.explain(above))
    assert ": F1: at least 12,000,000 USD" in shown
    assert ": imports: at most 12,000,000 USD" in shown


def test_print_is_a_vote(judge):
    """It printed more than 30 million, of which nobody knows whether it is more than 31."""
    both = [
        claim(n, figure("F3"), name=f"C{n:.0f}", qualifier=">", asks=SOLD) for n in (20e6, 31e6)
    ]
    yes, unknown = judge("".join(both)).values()
    assert (yes.verdict, yes.text.sentence) == (claims.LEANS_YES, "leans yes, 1 of 1: the Gazette")
    allows = "not decided; F3: at least $30 million, which allows it, and no vote"
    assert (unknown.verdict, unknown.text.sentence) == (claims.NOT_DECIDED, allows)


STEP = 'printed_to = 1\nprinted_because = "so it is said"\n'
OWN = '[claim.C2]\ntheme = "goods"\nstatement = "So it is said."\nfigure = "F2"\n' + ASKS


def test_own_source_and_repeats_say_so(judge):
    readings = [f"\n[[claim.C2.reading]]\n{figure(name)}\n" for name in ("F1", "F3", "F4")]
    results = judge(OWN + "printed_to = 0\n" + "".join(readings))["C2"].readings
    assert [one.note for one in results] == ["", "", "repeats a figure that stands above"]
    assert results[0].text.finding == "the claim's own source"


def test_own_source_however_asked(judge):
    for own, read in (("F2", 'id = ["F1"]'), ("F5", 'unit = "percent"')):
        asked = f'name = "own"\nread = {{ table = "figures", {read} }}\nresult = "value"\n'
        text = OWN.replace("F2", own) + f"{STEP}\n[[claim.C2.reading]]\n{asked}\n"
        [result] = judge(text)["C2"].readings
        assert result.text.finding == "the claim's own source"


def test_own_source_by_its_address(judge):
    both = claim(12e6, figure("F1"), figure("F3")) + claim(12e6, figure("F1"), name="C2")
    judged = judge(both.replace('"example.org"', '"example.org/F1"'))
    assert judged["C1"].readings[0].text.finding == "the claim's own source"
    assert judged["C1"].nearest.name == "F3"
    said = "not decided; only its own source says so: F1 (at least $12 million)"
    assert judged["C2"].text.sentence == said


def test_a_weight_that_two_sources_give_apart_decides_nothing(monkeypatch):
    monkeypatch.setattr(checks, "weights_apart", lambda _, flows, **__: frozenset(flows))
    verdict = claims.evaluate_claim(claims.load()["A01"])
    unsure = {one.name: one.decides for one in verdict.readings if one.note == evaluate.UNSURE}
    assert unsure
    assert not any(unsure.values())
    assert {one.name for one in verdict.readings if "tonnes" in one.name} >= {*unsure}
    assert {one.name for one in verdict.readings if "in tonnes" in one.name} <= {*unsure}


def test_rows_without_a_number_are_refused(judge):
    steps = '["yoy", { value = "value_reported" }]'  # of 2020 there is no year before
    with pytest.raises(LedgerError, match="one number, and 12 of its 24 rows have none"):
        judge(claim(50, reading(steps=steps, result="yoy_pct"), unit="percent"))


def test_growth_and_change(judge):
    growth = reading("growth", steps=GROWTH, result="growth_pct")
    share = 'table = "settlement", concept = "global payments", measure = "share by value"'
    risen = (
        f'name = "risen"\nread = {{ {share}, start = "2021-01", end = "2021-01" }}\n'
        f'other = {{ {share}, start = "2020-01", end = "2020-01" }}\n'
        'steps = [["difference", { value = "value" }]]\nresult = "change"'
    )
    points = {"unit": "percentage points", "qualifier": ">", "asks": SHARES_GREW}
    text = claim(50, growth, unit="percent", asks=GROWN) + claim(0, risen, name="C2", **points)
    judged = judge(text)
    assert judged["C1"].verdict == judged["C2"].verdict == claims.HOLDS
    assert judged["C2"].readings[0].value == 0.5


def test_less_than_the_window_decides_nothing(judge):
    asks = ASKS.replace('end = "2020"', 'end = "2022"')
    steps = YEAR.replace('end = "2020"', 'end = "2022"')
    verdict = judge(claim(30e6, reading(steps=steps), asks=asks))["C1"]
    assert verdict.verdict == claims.NOT_DECIDED
    [result] = verdict.readings
    assert result.fits is True
    assert result.coverage == "24 of 36 months"
    assert "it lacks 2022-01 to 2022-12" in result.note
    text = "\n".join(claims.explain(verdict))
    assert "says nothing: covers less than its window" in text
    assert (
        "  to do: customs ends with 2021-12: a claim of later months, where the office has" in text
    )
    assert "declare that by `absent`" not in text
    assert "to do" not in repr(claim_cards.Cards((verdict,), Path()))


def _rows(**columns):
    rows = pd.DataFrame({"source_id": "oil", "cmd_code": "2709", "value_reported": [1.0, None]})
    return rows.assign(ref_period=pd.to_datetime(["2023-01", "2023-02"]), n_months=1, **columns)


def _advice(rows, lacking="", absent=(), start="2023-01", **window):
    total = ("total", {"value": "value_reported", "start": start, "end": "2023-04"})
    reading = Reading("a", window and {"start": start, **window}, "value_reported", steps=(total,))
    sources = {"oil": SimpleNamespace(absent=absent)}
    return advice.on_missing_months(reading, rows, {"value_reported"}, sources, lacking)


def test_a_figure_held_back_is_no_zero_to_be_declared():
    assert _advice(_rows(), "2023-02").startswith("the publisher states no figure for 2023-02")
    assert "absent" not in _advice(_rows(), "2023-02")
    assert "declare that by `absent`" in _advice(_rows(), "2023-02 to 2023-04")
    assert "no figure" not in _advice(_rows(), start="2023-03"), "of another month"
    alone = _rows().assign(ref_period=pd.to_datetime(["2022-12", "2023-04"]))
    assert "absent" not in _advice(alone, start="2023-04"), "which has no other month"


def test_what_to_write_for_a_source_passed_over_and_for_zeros_after_the_last_row():
    rows = _rows()
    rows.attrs["caveats"] = (
        "CHN: un (2023-02) states this too and was passed over; source= chooses",
    )
    assert 'write source = "un" into `read`' in _advice(rows, "2023-02 to 2023-03")
    assert "passed over" not in _advice(_rows(), "2023-02 to 2023-03")
    rows, absent = _rows().head(1), [{"along": "partner_iso"}]
    assert 'write start = "2023-01", end = "2023-04" into `read`' in _advice(rows, absent=absent)
    assert "no row of anybody in these months" in _advice(rows, absent=absent, end="2023-04")


SERIES = f"""
[series.imports]
goods = "TOTAL"
reporter = "RUS"
partner = "KAZ"
flow = "M"
measure = "value"
[[series.imports.release]]
name = "months"
{IMPORTS}
[[series.imports.release]]
name = "in print"
read = {{ table = "figures", id = "F2" }}
"""


def test_a_release_and_the_one_that_it_supersedes_are_a_band(judge, build):
    text = claim(12.02e6, reading()) + claim(12.1e6, reading(), name="C2")
    within, outside = judge(text, build(older=1.0, scale=1.003)).values()
    assert (within.verdict, outside.verdict) == (claims.HOLDS_WITHIN_REVISIONS, claims.DIFFERS)
    assert within.band.width == pytest.approx(0.3)
    assert within.band.releases == ("the newest release", "older")


def test_band_of_two_releases(judge, build):
    """Months that add up to 12.1 million, and 12 million in print: 0.83 %."""
    text = claim(12.05e6, reading()) + claim(12.25e6, reading(), name="C2", printed_to=1e5)
    text += claim(12.3e6, reading(), name="C3") + SERIES
    verdict, rounded, outside = judge(text, build(scale=12.1 / 12)).values()
    assert verdict.verdict == claims.HOLDS_WITHIN_REVISIONS
    assert verdict.band.width == pytest.approx(0.8333, abs=1e-3)
    assert verdict.band.releases == ("months", "in print")
    words = "revisions of Russia's figures move the figure by up to 0.8 %"
    miss = "the figure is 0.4 % more than claimed"
    assert verdict.text.sentence == f"holds, since {words}; {miss}"
    assert verdict.text.why == f"R{words[1:]}; {miss}."
    end = "at the highest, $12.2 million, it rounds to the $12.25 million claimed"
    assert rounded.text.why == f"R{words[1:]}; {end}."
    assert verdict.text.revision == 0
    assert rounded.text.revision == pytest.approx(12.25e6 * 0.1 / 12)
    assert outside.verdict == claims.DIFFERS


def test_releases_too_far_apart(judge, build):
    verdict = judge(claim(13e6, reading()) + SERIES, build(scale=13 / 12))["C1"]
    assert verdict.verdict == claims.NOT_DECIDED
    assert "more than 2 % apart" in verdict.readings[0].note


def test_core_first_then_all(judge):
    text = claim(12e6, reading()).replace("[claim.C1]", "[claim.C1]\ncore = true")
    text += claim(12e6, reading(), name="C2")
    text += claim(4, name="C3", not_tested="not public")
    judged = [*judge(text).values()]
    assert [one.claim.place for one in judged] == ["core", "annex", "folded"]
    short = claims.overview(judged, everything=False)
    assert [line[:5].strip() for line in short] == ["C1", "and 1", "and 1", "✓ hol"]
    assert claims.overview(judged, everything=True)[3:] == ["✓ holds; ? cannot be told"]


def test_a_bound_that_refutes_has_its_size(judge):
    low = judge(claim(48e6, reading(more="at_most = true")))["C1"]
    high = judge(claim(3e6, reading(more="at_least = true")))["C1"]
    assert low.text.short == "at least 75 % less than claimed"
    assert high.text.short == "at least 300 % more than claimed"
    assert claims.line(low).startswith("C1     ✗   at least 75 % less than claimed")


@pytest.mark.parametrize(
    ("claimed", "value", "shown"),
    [
        (12.05e6, 12_000_012.0, "$12.00 million"),  # the zeros that tell the miss
        (11.9996e6, 12_000_012.0, "$12.0000 million"),
        (100e6, 12e6, "$12 million"),  # what was stated is not padded
        (12e6, 12_004_800.0, "$12.005 million"),  # the digits that tell it from what it misses
        (12e6, 11_999_999.999999998, "$12 million"),  # as a sum of decimals is
    ],
)
def test_a_number_has_the_digits_that_its_claim_calls_for(judge, claimed, value, shown):
    [result] = judge(claim(claimed, reading()))["C1"].readings
    told = {"fits": math.isclose(value, claimed), "deviation": 100 * (value / claimed - 1)}
    assert replace(result, value=value, **told).text.figure == shown


GROWTH = '["growth", { value = "value_reported", year = 2021, base = 2020 }]'
BARE = '[claim.C1]\ntheme = "a"\nstatement = "b"\nnot_tested = "not public"\n'
FAULTS = [
    (claim(1, reading()).replace("theme", "teme"), "no key 'teme' exists; did you mean"),
    ("claims = 1\n", "no key 'claims' exists; did you mean 'claim'?"),
    ("version = 2\n", "a ledger of version 2, and this tradeflows reads version 3"),
    (claim(1, reading()) * 2, "claim C1: Cannot declare"),
    (claim(1, reading(), not_tested="not public"), "needs either readings, or not_tested"),
    (claim(1), "needs either readings, or not_tested"),
    (claim(1, not_tested="not pulic"), "no word for not_tested 'not pulic'; did you mean"),
    (claim(1, reading(), reading()), "two readings are called 'imports'"),
    (BARE, "needs either figure"),
    (f'{BARE}figure = "F9"\n', "no figure 'F9'; there are F1, F2"),
    # what is claimed
    (claim(1, reading(), unit="kg"), "gives USD, and the claim is in kg"),
    (claim(1, reading(), qualifier="about"), "no qualifier 'about'"),
    (claim('"12 million"', reading()), "value must be a number, not '12 million'"),
    (claim("nan", reading()), "nan is no number"),
    (claim("1, low = 0", reading()), "needs low and high, the lower first, or neither"),
    (claim(1, reading()).replace("printed_to = 0.0\n", ""), "lacks printed_to, the step"),
    (claim(1, reading(), printed_to=-1), "printed_to must be a step from 0 to the figure, not -1"),
    (claim(1, reading(), printed_to='"1e6"'), "printed_to must be a number, not '1e6'"),
    # what is asked
    (claim(1, reading(), asks=ASKS.replace("goods", "good")), "no key 'good' exists"),
    (claim(1, reading(), asks='window = "2020"\n'), "asks: lacks measure, start, end"),
    (claim(1, reading(), asks=GROWN.replace(', base = "2020"', "")), "asks: lacks base"),
    (claim(1, reading(), asks=ASKS.replace('"2020" }', '"may" }')), 'asks: window = "may"'),
    (claim(1, reading(), asks=ASKS.replace('"TOTAL"', "[5]")), "goods must be text or a list"),
    # what is read
    (claim(1, reading(read='read = "trade"')), "read must be a table, not 'trade'"),
    (claim(1, reading(read=IMPORTS.replace("TOTAL", "wheaty"))), "no product 'wheaty'"),
    (claim(1, reading(read=IMPORTS.replace("KAZ", "FRA"))), "held with partner other than France"),
    (claim(1, reading(read=IMPORTS.replace('flow = "M", ', ""))), "is mixed"),
    (claim(1, reading(read="read = { as_of = 2024 }")), "as_of must be text, not 2024"),
    (claim(1, reading(more='at_most = "no"')), "at_most must be true or false, not 'no'"),
    (claim(1, reading(more="scale = 2.0")), "no key 'scale' exists"),
    (claim(1, reading(more="keys = { goods = 5 }")), "goods must be text or a list of texts"),
    # what is made of it
    (claim(1, reading(result="value_report")), "did you mean 'value_reported'?"),
    (claim(1, reading(steps="")), "must give one number, and gives 2"),
    (claim(1, reading()).replace("steps = [[", "steps = 5 # [["), "steps must be a list"),
    (claim(1, reading(steps='["total"]')), "a step is a measure with its arguments"),
    (claim(1, reading(steps='["totl", {}]')), "no measure 'totl'; did you mean 'total'?"),
    (claim(1, reading(steps='["total", {}]')), "total: lacks value"),
    (claim(1, reading(steps='["share", { value = "value_reported" }]')), "lacks other"),
    (claim(1, reading(steps=YEAR.replace("value =", "valu ="))), "no key 'valu'"),
    (claim(1, reading(steps=YEAR.replace('"2020"', "2020"))), "start must be text, not 2020"),
    (claim(1, reading(steps=GROWTH.replace("2021", "2021.5"))), "year must be "),
    (
        claim(
            1, reading(steps=GROWTH.replace("2021", "2030"), result="growth_pct"), unit="percent"
        ),
        "must give one number, and gives none; what was read is of 2020-01 to 2021-12",
    ),
]


@pytest.mark.parametrize(("text", "message"), FAULTS)
def test_faults_name_the_claim(judge, text, message):
    with pytest.raises(LedgerError, match=r"[Cc]laim|claims stands|series|ledger") as error:
        judge(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_printed_to_the_dollar(judge, built):
    [verdict] = judge(claim(76_122_649_188, reading(), printed_to=1)).values()
    assert "76,122,649,188 USD, so 76,122,649,187.5 to" in "\n".join(claims.explain(verdict))
    assert claim_cards.card(verdict, built, most=1)["said"] == "$76,122,649,188"


def test_json_of_a_miss(judge):
    shown = json.loads(json.dumps(claims.as_json(judge(claim(24e6, reading(), EXPORTS))["C1"])))
    told = {"verdict": "differs", "public_word": "differs", "deviation": -50.0} | {
        "deviation_unit": "%",
        "sentence": "50 % less than claimed",
        "decided_by": ["imports"],
    }
    assert {key: shown[key] for key in told} == told
    [part] = shown["parts"]
    assert part["asks"]["start"] == "2020-01"
    first, second = part["readings"]
    told = {"role": "as stated", "coverage": "12 of 12 months", "deviation": -50.0, "flags": []}
    told |= {"decides": True, "rows": 12, "sources": ["customs"]}
    assert {key: first[key] for key in told} == told
    assert (second["role"], second["decides"]) == ("other concept", False)
    assert second["differs_in"] == ["flow"]


LEFT = f"""name = "left"
combine = "difference"
terms = [
    {{ {IMPORTS.replace('"M"', '"X"')}, steps = [{YEAR}], result = "value_reported" }},
    {{ {IMPORTS}, steps = [{YEAR}], result = "value_reported" }},
]
"""


def test_trace_comes_to_the_number(run, built):
    growth = reading("growth", steps=GROWTH, result="growth_pct")
    text = claim(50, growth, unit="percent") + claim(1, LEFT, reading(), name="C2")
    for name, definitions in (("C1", ["growth"]), ("C2", ["left", "imports"])):
        code, out, _ = run(text, "trace", name, "--json")
        found = json.loads(out)
        assert (code, [one["definition"] for one in found]) == (0, definitions)
        for one in found:
            sums = {}
            for term in one["terms"]:
                sums.setdefault(term["role"], []).append(term["value"])
                line = (built / term["path"]).read_text().splitlines()[term["line"] - 1]
                assert line == term["text"]
                assert float(line.split(",")[-1]) * 1e6 == term["value"]
            roles = {role: math.fsum(values) for role, values in sums.items()}
            assert eval(one["formula"], {}, roles) == pytest.approx(one["value"], rel=1e-12)
    _, shown, _ = run(text, "trace", "C2", "--definition", "left")
    assert "customs.csv:2, 2020-01, value_usd_million: 2020-01,KAZ,import,1.0" in shown
    code, _, err = run(text, "trace", "C2", "--definition", "letf")
    assert (code, "no definition 'letf'; did you mean 'left'?" in err) == (2, True)


OWN_CLAIM = """[claim.C1]
theme = "oil"
statement = "China paid five billion dollars."
claimed = { value = 5.0e9, unit = "USD" }
printed_to = 1e9
asks = { goods = "2709", measure = "value", start = "2023-05", end = "2023-05" }
open = { goods = [], reporter = [], partner = [], flow = [] }
open_because = "it names none"
printed_because = "so it is said"
who = "Somebody"
where = "somewhere"
[[claim.C1.reading]]
name = "as added"
read = { publisher = "gacc" }
result = "primary_value_usd"
"""


def test_added_files_only_if_asked(build, run, ledger, tmp_path):
    root, file = build(), tmp_path / "saved.csv"
    file.write_bytes(twins.gacc([twins.OIL], [*twins.OIL]))
    [added] = adding.add([file], root, flow="M")
    tables.build(root)
    for words in (["claims"], ["trace", "C1"]):
        assert run(OWN_CLAIM, *words, root=root)[0] == 1
    assert run(OWN_CLAIM, "claims", "--local", root=root)[1].startswith("C1     ✓   holds  ")
    code, told, _ = run(OWN_CLAIM, "trace", "C1", "--local", root=root)
    assert (code, "5,031,234,567 USD" in told) == (0, True)
    assert f"data/raw/{added.source.path}:2: " in told
    assert '"202305","344","27090000"' in told
    [verdict] = claims.verdicts(ledger(OWN_CLAIM), root, local=True)
    assert verdict.readings[0].sources == (added.source.id,)


def test_claims_in_the_form_of_schema_org(judge, run, built, tmp_path):
    held = claim(12e6, reading())
    verdicts = judge(held + held.replace("C1", "C2").replace("12000000", "17000000"))
    untold = judge(claim(4, unit="vessels", not_tested="not for statistics")).values()
    published = Project(
        "Trade", byline="By the Gazette", address="https://example.org/r/", date=date(2024, 5, 1)
    )
    found = claims.claim_reviews([*verdicts.values(), *untold], published)
    ratings = [review["reviewRating"] for review in found]
    assert [(one["ratingValue"], one["alternateName"]) for one in ratings] == [
        (5, "Holds"),
        (1, "Differs"),
    ]
    assert found[0]["url"] == "https://example.org/r/ledger.html#C1"
    assert (found[0]["author"]["name"], found[0]["datePublished"]) == ("the Gazette", "2024-05-01")
    assert found[0]["itemReviewed"]["author"]["name"] == verdicts["C1"].claim.who
    assert claims.claim_reviews(verdicts.values(), Project("Trade")) == []
    code, _, err = run(held, "claims", "--claimreview")
    assert (code, "project.toml: no address of the report" in err) == (1, True)
    root = shutil.copytree(built, tmp_path / "published")
    (root / "project.toml").write_text('title = "T"\naddress = "https://example.org/r"\n')
    [review] = json.loads(run(held, "claims", "--claimreview", root=root)[1])
    assert review["url"] == "https://example.org/r/ledger.html#C1"
