"""The ledger over invented figures: another subject than the project's own, the same code."""

import json
import math
import random
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
def judge(built, tmp_path):
    """Judge a ledger given as TOML text, over the invented figures."""
    root = shutil.copytree(built, tmp_path / "project")

    def make(text, root=root):
        ledger = tmp_path / "other.toml"
        ledger.write_text(text, encoding="utf-8")
        return {each.claim.id: each for each in claims.verdicts(ledger, root)}

    return make


IMPORTS = 'read = { reporter = "RUS", partner = "KAZ", flow = "M", product = "TOTAL" }'
YEAR = '["total", { value = "value_reported", start = "2020", end = "2020" }]'


ASKS = (
    'asks = { goods = "TOTAL", reporter = "RUS", partner = "KAZ", flow = "M", measure = "value", '
    'start = "2020", end = "2020" }\n'
)
EITHER_FLOW = ASKS + 'open = { flow = ["X"] }\nopen_because = "it says trade"\n'
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
    entry = maps.tidy("rus_customs_trade_by_partner_2006_2021") | {"text": text} | absent
    return {"customs": entry}


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
def test_absence_moves_a_verdict(make_root, tmp_path, absent, window, verdict):
    """Of two partners one has no row in 2020: a zero where that is declared, else unknown.

    Before the first row of a partner it is one where the window is named.
    """
    root = make_root(claim_of_nothing(**({"absent": absent} if absent else {})))
    tables.build(root)
    read = IMPORTS.replace('partner = "KAZ"', 'partner = ["KAZ", "ARM"]').replace(" }", window)
    both = YEAR.replace('"value_reported",', '"value_reported", over = ["partner_iso"],')
    asks = ASKS.replace('partner = "KAZ"', 'partner = ["KAZ", "ARM"]')
    ledger = tmp_path / "absent.toml"
    ledger.write_text(claim(12e6, reading(read=read, steps=both), asks=asks), encoding="utf-8")
    [judged] = claims.verdicts(ledger, root)
    assert judged.verdict == verdict


@pytest.mark.parametrize(
    ("given", "claimed", "factor"),
    [
        ("USD", "billion USD", 1e-9),
        ("USD", "mn USD", 1e-6),
        ("USD", "million US dollars", 1e-6),
        ("JPY", "billion yen", 1e-9),
        ("VND", "dong", 1),
        ("GBP", "pounds", None),  # a weight, too: pounds sterling says which
        ("GBP", "pounds sterling", 1),
        ("XOF", "CFA francs", None),  # of two banks
        ("m3", "million kilolitres", 1e-6),
        ("m3", "litres", 1000),
        ("L", "m3", 1e-3),
    ],
)
def test_a_claim_is_in_words_of_money_and_volume(given, claimed, factor):
    assert units.factor(given, claimed) == (factor and pytest.approx(factor))


def peak_of(value, unit="month", **more):
    """A claim on the month in which imports were largest."""
    steps = '["peak", { value = "value_reported" }]'
    asks = ASKS.replace('"value"', '"month of the largest value"').replace(
        'end = "2020"', 'end = "2021"'
    )
    item = reading(steps=steps, result="ref_period")
    text = claim(f'"{value}"', item, unit=unit, asks=asks, **more)
    return text.replace("printed_to = 0.0\n", "")


@pytest.mark.parametrize(
    ("month", "verdict", "words"),
    [
        ("2021-01", claims.HOLDS, "holds"),
        ("2020-11", claims.DIFFERS, "2 months later than claimed"),
        ("2021-02", claims.DIFFERS, "1 month earlier than claimed"),
    ],
)
def test_a_month_is_claimed(judge, build, month, verdict, words):
    judged = judge(peak_of(month))["C1"]
    assert (judged.verdict, judged.text.sentence) == (verdict, words)
    [item] = judged.readings
    assert claims.amount(item.value, item.unit) == "January 2021"
    assert claims.terms(item, build())["terms"][0]["text"].startswith("2021-01,KAZ,import")


@pytest.mark.parametrize("word", ["2021", "spring"])
def test_no_month_is_refused(judge, word):
    with pytest.raises(LedgerError, match=r"claimed: .*(is no month|2022-03|window)"):
        judge(peak_of(word))


def test_one_wrong_claim_is_one_line(build, tmp_path, capsys):
    root = build()
    ledger = tmp_path / "mixed.toml"
    text = claim(12e6, reading()) + claim(1, reading(), name="C2", unit="kg")
    text += claim(1, reading(), name="C3").replace("theme", "teme")
    ledger.write_text(text + claim(24e6, EXPORTS, name="C4"), encoding="utf-8")
    assert cli.main(["--root", str(root), "claims", "--ledger", str(ledger)]) == 1
    out, err = capsys.readouterr()
    assert [line[:2] for line in out.splitlines()] == ["C1", "C4", "✓ "]
    assert [line.split(": ")[0] for line in err.splitlines()] == ["tradeflows"] * 2
    assert "C3" in err.splitlines()[0]
    assert "C2" in err.splitlines()[1]
    assert cli.main(["--root", str(root), "claims", "C1", "--ledger", str(ledger)]) == 0
    assert cli.main(["--root", str(root), "trace", "C4", "--ledger", str(ledger)]) == 0
    assert cli.main(["--root", str(root), "claims", "C3", "--ledger", str(ledger)]) == 1


def test_an_id_in_any_case_and_one_theme(build, tmp_path, capsys):
    root, ledger = build(), tmp_path / "two.toml"
    other = claim(24e6, EXPORTS, name="C2").replace('"goods"', '"sales"', 1)
    ledger.write_text(claim(12e6, reading()) + other, encoding="utf-8")
    common = ["--root", str(root), "claims", "--ledger", str(ledger)]
    assert cli.main([*common, "c1"]) == 0
    assert capsys.readouterr().out.startswith("C1: So it is said.")
    assert cli.main([*common, "--theme", "sales", "--json"]) == 0
    assert [(one["id"], one["core"]) for one in json.loads(capsys.readouterr().out)] == [
        ("C2", False)
    ]
    assert cli.main([*common, "--theme", "sale"]) == 2
    assert "no theme 'sale'; did you mean 'sales'?" in capsys.readouterr().err


def test_windows_left_open_are_pairs(judge):
    """Of two years each is one reading, and none from the first to the second."""
    years = 'open = { start = ["2021"], end = ["2021"] }\nopen_because = "it names no year"\n'
    later = reading("2021", steps=YEAR.replace("2020", "2021"))
    verdict = judge(claim(12e6, reading(), later, qualifier="≥", asks=ASKS + years))["C1"]
    assert verdict.verdict == claims.HOLDS
    assert len(verdict.decided_by) == 2


def test_cards_of_another_ledger(build, tmp_path):
    root = build()
    ledger = tmp_path / "mine.toml"
    wrong = claim(1, reading(), name="C2").replace("theme", "teme")
    ledger.write_text(claim(12e6, reading()) + wrong, encoding="utf-8")
    assert "C1: So it is said." in repr(claim_cards.cards("C1", root=root, ledger=ledger))
    with pytest.raises(LedgerError, match="teme"):
        claim_cards.cards("C2", root=root, ledger=ledger)


@pytest.mark.parametrize(
    ("value", "text", "code"),
    [
        (12.01e6, "≈   0.08 % less than claimed", ""),
        (20e6, "✗   40 % less than claimed", "\x1b[31m"),
        (12e6, "✓   holds", "\x1b[32m"),
    ],
)
def test_small_and_large_misses_look_apart(judge, value, text, code):
    judged = judge(claim(value, reading()))["C1"]
    assert text in claims.line(judged)
    assert code in claims.line(judged, colour=True)
    assert ("\x1b[31m" in claims.line(judged, colour=True)) == (value == 20e6)


def test_a_question_in_words_is_that_in_codes(judge):
    in_words = IMPORTS.replace("KAZ", "Kazakhstan, Rep. of").replace("RUS", "Russian Fed.")
    in_words = in_words.replace("TOTAL", "all goods")
    verdict = judge(claim(12e6, reading(read=in_words)))["C1"]
    assert verdict.readings[0].role == "as stated"
    asked = ASKS.replace("KAZ", "Kazakhstan").replace("RUS", "Russia").replace("TOTAL", "all goods")
    assert asked != ASKS
    verdict = judge(claim(12e6, reading(), asks=asked))["C1"]
    assert verdict.readings[0].role == "as stated"


def test_alternatives_that_part_make_it_depend(judge):
    asks = EITHER_FLOW.replace('"value"', '"weight"').replace("flow = [", "measure = [], flow = [")
    verdict = judge(claim(24e6, reading(), EXPORTS, asks=asks))["C1"]
    assert verdict.verdict == claims.DEPENDS
    assert verdict.text.sentence == "yes if exports ($24 million); no if imports ($12 million)"


@pytest.mark.parametrize(
    ("qualifier", "value", "fits"),
    [
        (">", 11e6, True),
        (">", 12e6, False),
        ("≥", 12e6, True),
        ("≥", 13e6, False),
        ("<", 13e6, True),
        ("<", 12e6, False),
        ("≤", 12e6, True),
        ("≤", 11e6, False),
    ],
)
def test_inequality_has_one_side(judge, qualifier, value, fits):
    [result] = judge(claim(value, reading(), qualifier=qualifier))["C1"].readings
    assert result.fits is fits


def test_upper_bound_refutes_or_allows(judge):
    bound = reading(more="at_most = true")
    below = judge(claim(11e6, bound, qualifier=">"))["C1"]
    assert below.verdict == claims.NOT_DECIDED
    above = judge(claim(13e6, bound, qualifier=">"))["C1"]
    assert above.verdict == claims.CONTRADICTED
    assert above.text.sentence == "the figure is at most $12 million"


@pytest.mark.parametrize(
    ("number", "verdict", "words"),
    [
        (20e6, claims.LEANS_YES, "leans yes, 1 of 1: the Gazette"),
        (
            31e6,
            claims.NOT_DECIDED,
            "not decided; F3: at least $30 million, which allows it, and no vote",
        ),
    ],
)
def test_print_is_a_vote(judge, number, verdict, words):
    """It printed more than 30 million, of which nobody knows whether it is more than 31."""
    text = claim(number, figure("F3"), qualifier=">", asks=SOLD)
    judged = judge(text)["C1"]
    assert (judged.verdict, judged.text.sentence) == (verdict, words)


STEP = 'printed_to = 1\nprinted_because = "so it is said"\n'
OWN = '[claim.C2]\ntheme = "goods"\nstatement = "So it is said."\nfigure = "F2"\n' + ASKS


def test_own_source_and_repeats_say_so(judge):
    readings = [f"\n[[claim.C2.reading]]\n{figure(name)}\n" for name in ("F1", "F3", "F4")]
    results = judge(OWN + "printed_to = 0\n" + "".join(readings))["C2"].readings
    assert [one.note for one in results] == ["", "", "repeats a figure that stands above"]
    assert results[0].text.finding == "the claim's own source"


@pytest.mark.parametrize(("own", "read"), [("F2", 'id = ["F1"]'), ("F5", 'unit = "percent"')])
def test_own_source_however_asked(judge, own, read):
    asked = f'name = "own"\nread = {{ table = "figures", {read} }}\nresult = "value"\n'
    text = OWN.replace("F2", own) + f"{STEP}\n[[claim.C2.reading]]\n{asked}\n"
    [result] = judge(text)["C2"].readings
    assert result.text.finding == "the claim's own source"


def test_own_source_by_its_address(judge):
    text = claim(12e6, figure("F1"), figure("F3")).replace('"example.org"', '"example.org/F1"')
    verdict = judge(text)["C1"]
    assert verdict.readings[0].text.finding == "the claim's own source"
    assert verdict.nearest.name == "F3"


def test_only_its_own_source(judge):
    text = claim(12e6, figure("F1")).replace('"example.org"', '"example.org/F1"')
    verdict = judge(text)["C1"]
    assert verdict.verdict == claims.NOT_DECIDED
    assert (
        verdict.text.sentence
        == "not decided; only its own source says so: F1 (at least $12 million)"
    )


def test_a_weight_that_two_sources_give_apart_decides_nothing(monkeypatch):
    monkeypatch.setattr(checks, "weights_apart", lambda _, flows, **__: frozenset(flows))
    verdict = claims.evaluate_claim(claims.load()["A01"])
    by_unsure = {True: [], False: []}
    for one in verdict.readings:
        by_unsure[one.note == evaluate.UNSURE].append(one)
    assert by_unsure[True]
    assert not any(one.decides for one in by_unsure[True])
    assert all("tonnes" in one.name for one in by_unsure[True])
    assert not any("in tonnes" in one.name for one in by_unsure[False])


def test_rows_without_a_number_are_refused(judge):
    steps = '["yoy", { value = "value_reported" }]'  # of 2020 there is no year before
    with pytest.raises(LedgerError, match="one number, and 12 of its 24 rows have none"):
        judge(claim(50, reading(steps=steps, result="yoy_pct"), unit="percent"))


def test_bounds_are_shown_as_such(judge):
    text = claim(12e6, figure("F1"), reading(more="at_most = true"), reading("customs"))
    shown = "\n".join(claims.explain(judge(text)["C1"]))
    assert ": F1: at least 12,000,000 USD" in shown
    assert ": imports: at most 12,000,000 USD" in shown
    assert ": customs: 12,000,000 USD" in shown


GROWTH = '["growth", { value = "value_reported", year = 2021, base = 2020 }]'


def test_growth_and_change(judge):
    growth = reading("growth", steps=GROWTH, result="growth_pct")
    share = 'table = "settlement", concept = "global payments", measure = "share by value"'
    risen = (
        f'name = "risen"\nread = {{ {share}, start = "2021-01", end = "2021-01" }}\n'
        f'other = {{ {share}, start = "2020-01", end = "2020-01" }}\n'
        'steps = [["difference", { value = "value" }]]\nresult = "change"'
    )
    text = claim(50, growth, unit="percent", asks=GROWN) + claim(
        0, risen, name="C2", unit="percentage points", qualifier=">", asks=SHARES_GREW
    )
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


def test_a_source_that_was_passed_over_is_named_with_the_line_that_takes_it():
    rows = _rows()
    rows.attrs["caveats"] = (
        "CHN: un (2023-02) states this too and was passed over; source= chooses",
    )
    assert 'write source = "un" into `read`' in _advice(rows, "2023-02 to 2023-03")
    assert "passed over" not in _advice(_rows(), "2023-02 to 2023-03")


def test_zeros_after_the_last_row_are_to_be_asked_for():
    rows = _rows().head(1)
    declared = [{"along": "partner_iso"}]
    assert 'write start = "2023-01", end = "2023-04" into `read`' in _advice(rows, absent=declared)
    asked = _advice(rows, absent=declared, end="2023-04")
    assert "has no row of anybody in these months" in asked


def test_a_sum_of_decimals_is_as_claimed(judge):
    verdict = judge(claim(12, reading(steps=YEAR), unit="million USD"))["C1"]
    result = replace(verdict.readings[0], value=11.999999999999998)
    assert result.text.figure == "$12 million"
    assert claims.amount(2.4, "bn VND") == "2.4 billion dong"


def test_doubt_decides_nothing(judge):
    verdict = judge(claim(12e6, reading(more='doubt = "two sources disagree"')))["C1"]
    assert verdict.verdict == claims.NOT_DECIDED
    assert verdict.readings[0].note == "two sources disagree"


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


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [(12.02e6, claims.HOLDS_WITHIN_REVISIONS), (12.1e6, claims.DIFFERS)],
)
def test_a_release_and_the_one_that_it_supersedes_are_a_band(judge, build, claimed, expected):
    root = build(older=1.0, scale=1.003)
    verdict = judge(claim(claimed, reading(), printed_to=0.0), root)["C1"]
    assert verdict.verdict == expected
    assert verdict.band.width == pytest.approx(0.3)
    assert verdict.band.releases == ("the newest release", "older")


def test_band_of_two_releases(judge, build):
    """Months that add up to 12.1 million, and 12 million in print: 0.83 %."""
    root = build(scale=12.1 / 12)
    text = claim(12.05e6, reading(), printed_to=0.0) + SERIES
    verdict = judge(text, root)["C1"]
    assert verdict.verdict == claims.HOLDS_WITHIN_REVISIONS
    assert verdict.band.width == pytest.approx(0.8333, abs=1e-3)
    assert verdict.band.releases == ("months", "in print")
    words = "revisions of Russia's figures move the figure by up to 0.8 %"
    miss = "the figure is 0.4 % more than claimed"
    assert verdict.text.sentence == f"holds, since {words}; {miss}"
    assert verdict.text.why == f"R{words[1:]}; {miss}."
    rounded = judge(claim(12.25e6, reading(), printed_to=1e5) + SERIES, root)["C1"]
    end = "at the highest, $12.2 million, it rounds to the $12.25 million claimed"
    assert rounded.text.why == f"R{words[1:]}; {end}."
    assert verdict.text.revision == 0
    assert rounded.text.revision == pytest.approx(12.25e6 * 0.1 / 12)
    outside = judge(claim(12.3e6, reading(), printed_to=0.0) + SERIES, root)["C1"]
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
    ("claimed", "scale", "shown"),
    [
        (12.05e6, 1.000001, "$12.00 million"),  # the zeros that tell the miss
        (11.9996e6, 1.000001, "$12.0000 million"),
        (100e6, 1, "$12 million"),  # what was stated is not padded
        (12e6, 1.0004, "$12.005 million"),  # the digits that tell it from what it misses
    ],
)
def test_a_number_has_the_digits_that_its_claim_calls_for(judge, build, claimed, scale, shown):
    verdict = judge(claim(claimed, reading()), build(scale=scale))["C1"]
    assert verdict.readings[0].text.figure == shown


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            claim(1, reading()).replace("theme", "teme"),
            "no key 'teme' exists; did you mean",
        ),
        (claim(1, reading(), not_tested="not public"), "needs either readings, or not_tested"),
        (claim(1), "needs either readings, or not_tested"),
        (
            claim(1, not_tested="not pulic"),
            "no word for not_tested 'not pulic'; did you mean 'not public'?",
        ),
        (claim(1, reading(), reading()), "two readings are called 'imports'"),
        (claim(1, reading(), unit="kg"), "gives USD, and the claim is in kg"),
        (claim(1, reading(), qualifier="about"), "no qualifier 'about'"),
        (claim(1, reading(result="value_report")), "did you mean 'value_reported'?"),
        (claim(1, reading(steps='["totl", {}]')), "no measure 'totl'; did you mean 'total'?"),
        (claim(1, reading(steps=YEAR.replace("value =", "valu ="))), "no key 'valu'"),
        (
            claim(
                1,
                reading(
                    steps='["growth", { value = "value_reported", year = 2030, base = 2020 }]',
                    result="growth_pct",
                ),
                unit="percent",
            ),
            "must give one number, and gives none; what was read is of 2020-01 to 2021-12",
        ),
        (claim(1, reading(read=IMPORTS.replace("TOTAL", "wheaty"))), "no product 'wheaty'"),
        (claim(1, reading(read=IMPORTS.replace("KAZ", "FRA"))), "held with partner other than FRA"),
        (claim(1, reading(read=IMPORTS.replace('flow = "M", ', ""))), "is mixed"),
        (claim(1, reading(steps="")), "must give one number, and gives 2"),
        (claim(1, reading(steps='["share", { value = "value_reported" }]')), "lacks other"),
        (
            '[claim.C1]\ntheme = "a"\nstatement = "b"\nfigure = "F9"\nnot_tested = "not public"\n',
            "no figure 'F9'; there are F1, F2",
        ),
        (
            '[claim.C1]\ntheme = "a"\nstatement = "b"\nnot_tested = "not public"\n',
            "needs either figure",
        ),
        (claim(1, reading()) * 2, "claim C1: Cannot declare"),
        ("claims = 1\n", "no key 'claims' exists; did you mean 'claim'?"),
        (claim(1, reading()).replace("printed_to = 0.0\n", ""), "lacks printed_to, the step"),
        (
            claim(1, reading(), printed_to=-1),
            "printed_to must be a step from 0 to the figure, not -1",
        ),
        (claim(1, reading(), printed_to='"1e6"'), "printed_to must be a number, not '1e6'"),
        (claim('"12 million"', reading()), "value must be a number, not '12 million'"),
        (claim("nan", reading()), "nan is no number"),
        (claim("1, low = 0", reading()), "needs low and high, the lower first, or neither"),
        (
            claim(1, reading(), asks=ASKS.replace("goods", "good")),
            "no key 'good' exists",
        ),
        (claim(1, reading(), asks='window = "2020"\n'), "asks: lacks measure, start, end"),
        (claim(1, reading(), asks=GROWN.replace(', base = "2020"', "")), "asks: lacks base"),
        (claim(1, reading(), asks=ASKS.replace('"2020" }', '"may" }')), 'asks: window = "may"'),
        (claim(1, reading(more='at_most = "no"')), "at_most must be true or false, not 'no'"),
        ("version = 2\n", "a ledger of version 2, and this tradeflows reads version 3"),
        (claim(1, reading(more="scale = 2.0")), "no key 'scale' exists"),
        (claim(1, reading(read='read = "trade"')), "read must be a table, not 'trade'"),
        (claim(1, reading(steps='["total"]')), "a step is a measure with its arguments"),
        (claim(1, reading(steps=YEAR.replace('"2020"', "2020"))), "start must be text, not 2020"),
        (
            claim(1, reading(steps=YEAR.replace("value", "over = 5, value", 1))),
            "over must be text or a list of texts, not 5",
        ),
        (
            claim(1, reading(steps='["growth", { value = "qty", year = 2021.5, base = 2020 }]')),
            "year must be ",
        ),
        (claim(1, reading(steps='["stack", {}]')), "no measure 'stack'"),
        (claim(1, reading(steps='["total", {}]')), "total: lacks value"),
        (claim(1, reading()).replace("steps = [[", "steps = 5 # [["), "steps must be a list"),
        (
            claim(1, reading(more="keys = { goods = 5 }")),
            "goods must be text or a list of texts, not 5",
        ),
        (claim(1, reading(more="rest = 5")), "rest must be text, not 5"),
        (claim(1, reading(read="read = { product = [5] }")), "read: product must be text or a"),
        (
            claim(1, reading(), asks=ASKS.replace('"TOTAL"', "[5]")),
            "goods must be text or a list",
        ),
        (
            claim(1, reading(read='read = { product = "2709", as_of = 2024 }')),
            "as_of must be text, not 2024",
        ),
        (claim(1, reading(steps='["convert", { rates = 1 }]')), "no key 'rates'"),
    ],
)
def test_faults_name_the_claim(judge, text, message):
    with pytest.raises(LedgerError, match=r"[Cc]laim|claims stands|series|ledger") as error:
        judge(text)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_printed_to_the_dollar(judge, build):
    root = build()
    [verdict] = judge(claim(76_122_649_188, reading(), printed_to=1), root).values()
    assert "76,122,649,188 USD, so 76,122,649,187.5 to" in "\n".join(claims.explain(verdict))
    assert claim_cards.card(verdict, root, most=1)["said"] == "$76,122,649,188"


def test_command_lines_full_and_json(build, tmp_path, capsys):
    root, ledger = build(), tmp_path / "other.toml"
    ledger.write_text(claim(24e6, reading(), EXPORTS), encoding="utf-8")
    common = ["--root", str(root), "claims", "--ledger", str(ledger)]
    assert cli.main(common) == 0
    assert "50 % less than claimed" in capsys.readouterr().out
    assert cli.main([*common, "C1"]) == 0
    assert (
        "as stated: imports: 12,000,000 USD (12 of 12 months): 50 % less than claimed"
        in capsys.readouterr().out
    )
    assert cli.main([*common, "--json"]) == 0
    assert '"verdict": "differs"' in capsys.readouterr().out
    assert cli.main([*common, "C2"]) == 2
    assert "no claim 'C2'; `tradeflows claims --all` lists them" in capsys.readouterr().err


def json_of(judge, text):
    """What ``--json`` has of a claim."""
    return json.loads(json.dumps(claims.as_json(judge(text)["C1"])))


def test_json_of_a_miss(judge):
    shown = json_of(judge, claim(24e6, reading(), EXPORTS))
    assert (shown["verdict"], shown["public_word"]) == ("differs", "differs")
    assert (shown["deviation"], shown["deviation_unit"]) == (-50.0, "%")
    assert shown["sentence"] == "50 % less than claimed"
    assert shown["decided_by"] == ["imports"]
    [part] = shown["parts"]
    assert part["asks"]["start"] == "2020-01"
    first, second = part["readings"]
    assert (first["role"], second["role"]) == ("as stated", "other concept")
    assert (first["coverage"], first["deviation"]) == ("12 of 12 months", -50.0)
    assert (first["decides"], second["decides"]) == (True, False)
    assert second["differs_in"] == ["flow"]
    assert first["flags"] == []
    assert first["rows"] == 12
    assert first["sources"] == ["customs"]


LEFT = f"""name = "left"
combine = "difference"
terms = [
    {{ {IMPORTS.replace('"M"', '"X"')}, steps = [{YEAR}], result = "value_reported" }},
    {{ {IMPORTS}, steps = [{YEAR}], result = "value_reported" }},
]
"""


def test_trace_comes_to_the_number(build, tmp_path, capsys):
    root, ledger = build(), tmp_path / "other.toml"
    growth = reading(
        "growth",
        steps='["growth", { value = "value_reported", year = 2021, base = 2020 }]',
        result="growth_pct",
    )
    text = claim(50, growth, unit="percent") + claim(1, LEFT, reading(), name="C2")
    ledger.write_text(text, encoding="utf-8")
    common = ["--root", str(root), "trace", "--ledger", str(ledger)]
    for name, definitions in (("C1", ["growth"]), ("C2", ["left", "imports"])):
        assert cli.main([*common, name, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert [one["definition"] for one in found] == definitions
        for one in found:
            sums = {}
            for term in one["terms"]:
                sums.setdefault(term["role"], []).append(term["value"])
                line = (root / term["path"]).read_text().splitlines()[term["line"] - 1]
                assert line == term["text"]
                assert float(line.split(",")[-1]) * 1e6 == term["value"]
            roles = {role: math.fsum(values) for role, values in sums.items()}
            assert eval(one["formula"], {}, roles) == pytest.approx(one["value"], rel=1e-12)
    assert cli.main([*common, "C2", "--definition", "left"]) == 0
    shown = capsys.readouterr().out
    assert "customs.csv:2, 2020-01, value_usd_million: 2020-01,KAZ,import,1.0" in shown
    assert cli.main([*common, "C2", "--definition", "letf"]) == 2
    assert "no definition 'letf'; did you mean 'left'?" in capsys.readouterr().err


ADDED = {
    "month": "202305",
    "partner": "344",
    "product": "27090000",
    "quantity": "9709870000",
    "unit": "千克",
    "USD": "5,031,234,567",
}


def test_added_files_only_if_asked(build, tmp_path, capsys):
    root, file, ledger = build(), tmp_path / "saved.csv", tmp_path / "own.toml"
    file.write_bytes(twins.gacc([ADDED], [*ADDED]))
    [added] = adding.add([file], root, flow="M")
    tables.build(root)
    ledger.write_text(
        """[claim.C1]
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
    )

    def run(*words):
        code = cli.main(["--root", str(root), *words, "--ledger", str(ledger)])
        told = capsys.readouterr()
        return code, told.out + told.err

    assert run("claims")[0] == run("trace", "C1")[0] == 1
    assert run("claims", "--local")[1].startswith("C1     ✓   holds  ")
    code, told = run("trace", "C1", "--local")
    assert (code, "5,031,234,567 USD" in told) == (0, True)
    assert f"data/raw/{added.source.path}:2: " in told
    assert '"202305","344","27090000"' in told
    [verdict] = claims.verdicts(ledger, root, local=True)
    assert verdict.readings[0].sources == (added.source.id,)


def test_claims_in_the_form_of_schema_org(judge):
    held = claim(12e6, reading())
    verdicts = judge(held + held.replace("C1", "C2").replace("12000000", "17000000"))
    untold = judge(claim(4, unit="vessels", not_tested="not for statistics")).values()
    published = Project(
        "Trade", byline="By the Gazette", address="https://example.org/r/", date=date(2024, 5, 1)
    )
    found = claims.claim_reviews([*verdicts.values(), *untold], published)
    assert [review["reviewRating"]["ratingValue"] for review in found] == [5, 1]
    assert [review["reviewRating"]["alternateName"] for review in found] == ["Holds", "Differs"]
    [review, _] = found
    assert review["url"] == "https://example.org/r/ledger.html#C1"
    assert (review["author"]["name"], review["datePublished"]) == ("the Gazette", "2024-05-01")
    assert review["itemReviewed"]["author"]["name"] == verdicts["C1"].claim.who
    assert claims.claim_reviews(verdicts.values(), Project("Trade")) == []


def test_reviews_need_the_address_of_the_report(build, capsys, tmp_path):
    root, ledger = build(), tmp_path / "one.toml"
    ledger.write_text(claim(12e6, reading()), encoding="utf-8")
    asked = ["--root", str(root), "claims", "--ledger", str(ledger), "--claimreview"]
    assert cli.main(asked) == 1
    assert "project.toml: no address of the report" in capsys.readouterr().err
    text = 'title = "Trade"\naddress = "https://example.org/r"\n'
    (root / "project.toml").write_text(text, encoding="utf-8")
    assert cli.main(asked) == 0
    [review] = json.loads(capsys.readouterr().out)
    assert review["url"] == "https://example.org/r/ledger.html#C1"
