"""From a chart's numbers, and a claim's, to the raw lines that a notebook opens; invented files."""

import csv
import gzip
import html
import re
import shutil
from dataclasses import replace
from pathlib import Path

import maps
import matplotlib.pyplot as plt
import pandas as pd
import pytest
from test_report import FIGURES
from test_report import LEDGER as OF_REPORT

import tradeflows as tf
from tradeflows import charts, claims, measures
from tradeflows.charts import colours, raw_lines
from tradeflows.claims.verdict_text import TONES
from tradeflows.model.errors import QueryError, SourceError
from tradeflows.report import (
    chart_downloads,
    chart_hook,
    chart_html,
    claim_cards,
    claim_picture,
    front,
)
from tradeflows.report.site import render
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.project import Project

KG = "net_wgt_kg"
FLOWS = "period,reporter,product,hs_scope,net_wgt_kg,value_usd\n" + "".join(
    f"2021-0{month},{area},crude_oil,2709,{1000 * month * size},{(6 + month) * month * size}\n"
    for area, size in (("CHN", 5), ("IND", 11))
    for month in (1, 2, 3)
)
PRICES = "period,usd_per_barrel\n2021-01,50\n2021-02,120\n2021-03,70\n"
# Claimed is more than 55 dollars; the months had 50 and 120.
LEDGER = OF_REPORT.replace("2020", "2021").replace("60", "55")
LEDGER = LEDGER.replace('printed_because = "the Gazette says so below"\n', "")


def ledger_of(value, sign, more=""):
    """The ledger with another number claimed, in the figure as in the words."""
    stated = f'claimed = {{ value = {value}, unit = "USD", qualifier = "{sign}" }}{more}'
    original = 'claimed = { value = 55, unit = "USD", qualifier = ">" }'
    word = {">": "more than ", "<": "less than "}.get(sign, "")
    return LEDGER.replace(original, stated).replace("was above 55", f"was {word}{value} dollars")


@pytest.fixture(scope="module", autouse=True)
def built(root_maker, tmp_path_factory):
    printed = maps.tidy("published_figures_dual_use", repeats=None) | {"text": FIGURES}
    flows = maps.tidy("comtrade_energy_imports_from_russia") | {"text": FLOWS}
    sources = {"flows": flows, "oil": {"text": PRICES}, "printed": printed}
    folder = root_maker(tmp_path_factory.mktemp("built"), sources)
    (folder / "data" / "claims.toml").write_text(LEDGER)
    tf.build(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRADEFLOWS_ROOT", str(folder))
        yield folder


@pytest.fixture
def root(built, tmp_path, monkeypatch):
    folder = shutil.copytree(built, tmp_path / "project")
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(folder))
    return folder


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def whole(built):
    """The chart of all lines, as a page has it."""
    return charts.hand_over(lines(crude()), "crude")


@pytest.fixture(scope="module")
def bundle(built):
    return chart_hook.bundle(lines(crude()).figure, "crude")


@pytest.fixture(scope="module")
def verdict(built):
    return claim_cards.cards("P1").verdicts[0]


def crude():
    return tf.read(product="2709")


def lines(frame, y=KG, by="reporter_iso", **look):
    return charts.lines(frame, y=y, by=by, title="Crude", unit="kg", **look)


def of_area(area):
    return crude().query(f"reporter_iso == '{area}'")


def bars(frame, y=KG, by="reporter_iso", **look):
    return charts.bars(frame, y=y, by=by, **{"title": "Crude", "unit": "kg"} | look)


def test_each_number_has_its_raw_line():
    found = raw_lines.terms(lines(crude()).figure)
    assert found[["series", "period", "number", "line"]].values.tolist() == [
        [area, f"2021-0{month}", 1000.0 * month * size, first + month]
        for area, size, first in (("China", 5, 1), ("India", 11, 4))
        for month in (1, 2, 3)
    ]
    assert set(found["formula"]) == {KG}
    assert found["text"].tolist() == FLOWS.splitlines()[1:]


def test_a_scaled_number_is_followed():
    sums = measures.total(crude(), KG, over=["reporter_iso"], every=3)
    pace = measures.scale(sums, KG, 1e6, "pace", decimals=4).assign(by="both")
    look = {"y": "pace", "by": "by", "title": "Crude", "unit": "kt"}
    found = raw_lines.terms(charts.blocks(pace, per_month=False, **look).figure)
    assert found["formula"].unique().tolist() == ["round(value / 1000000, 4)"]
    assert found["value"].sum() == pytest.approx(found["number"].iloc[0] * 1e6)


@pytest.mark.parametrize("factor", [1, 1000])
def test_a_factor_is_never_guessed(factor):
    frame = crude().assign(part=lambda rows: rows[KG] / factor)
    found = raw_lines.terms(lines(frame, "part").figure)
    assert found.empty
    assert "part was computed in the notebook" in found.attrs["untraced"]["China"]


def test_a_series_has_its_own_column():
    weight = measures.scale(of_area("IND"), KG, 1000, "shown")
    both = {"price": measures.scale(tf.read("rates"), "rate", 1, "shown"), "weight": weight}
    found = raw_lines.terms(lines(measures.stack(both), "shown", "series").figure)
    of = found.groupby("series")["source_id"].first().to_dict()
    assert of == {"price": "oil", "weight": "flows"}


def test_a_computed_series_says_so():
    india = measures.scale(of_area("IND"), KG, 1, "shown")
    china = of_area("CHN").assign(shown=lambda rows: rows[KG] ** 2 / 7)
    frame = measures.stack({"CHN": china, "IND": india})
    page = raw_lines.shown(lines(frame, "shown").figure)
    assert "Raw lines: 3 rows of publishers’ files behind 3 numbers" in page
    assert "<p>Without a list: China, worked out from the sources" in page
    assert "worked out on this page" in raw_lines.shown(lines(china, "shown").figure)


def test_panels_and_ranges_are_followed():
    frame = crude().assign(good="crude")
    grid = lines(frame, by="good", panel="reporter_iso")
    assert [*raw_lines.terms(grid[0].figure)["series"].unique()] == ["China, crude", "India, crude"]
    ranged = frame.query("ref_period < '2021-02'").assign(value=float("nan"), low=0.0)
    drawn = bars(
        measures.scale(ranged, KG, 1000, "high"), y="value", span=["low", "high"], unit="t"
    )
    assert raw_lines.terms(drawn.figure)["number"].tolist() == [5.0, 11.0]


def test_a_drawn_table_opens_its_lines():
    drawn = charts.drawn(lines(crude()))
    page = drawn._repr_html_()
    assert "<summary>China, February 2021: 10,000</summary>" in page
    assert f'<a href="{raw_lines.ENTRY}flows">demo/flows.csv</a></caption>' in page
    marked = FLOWS.splitlines()[2].replace(",10000,", ",<mark>10000</mark>,")
    assert marked.replace(",", ",<wbr>") in page
    assert f'<a href="{raw_lines.ENTRY}flows">Invented prices</a>: Office of Invention' in page
    assert "script" not in page
    assert type(drawn * 2) is pd.DataFrame
    assert type(drawn.dropna()) is pd.DataFrame


def entries(chart):
    """The entries of a chart's raw lines by their ids, each as far as its own end."""
    parts = re.split(r'<details id="([^"]+)">', chart.evidence)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_each_mark_and_each_number_of_the_table_leads_to_its_lines(whole):
    marks = re.findall(r'data-entry="([^"]+)"><title>([^<]+)<', whole.wide)
    assert len(marks) == 6
    # A mark of the narrow drawing says what its twin in the wide one does.
    wide, narrow = (re.findall(r'data-at="(\d+)"', paper) for paper in (whole.wide, whole.narrow))
    assert wide == narrow
    opened = entries(whole)
    for entry, said in marks:
        assert opened[entry].startswith(f"<summary>{said}</summary><p>the number on ")
        area, month = re.match(r"(China|India), (\w+) 2021", said).groups()
        line = {"China": 2, "India": 5}[area] + ("January", "February", "March").index(month)
        assert f"<td>{line}</td>" in opened[entry]
    assert whole.table[0] == ["Period", "China", "India"]
    for (period, *cells), ids in zip(whole.table[1:], whole.entries, strict=True):
        for area, cell, entry in zip(whole.table[0][1:], cells, ids, strict=True):
            assert opened[entry].startswith(f"<summary>{area}, {period}: {float(cell):,.0f}<")


def crude_of(first):
    """All three months, or the second alone."""
    frame = crude()
    is_there = frame["ref_period"].eq(first) | (first == ALL)
    return frame[is_there]


def months_as_cells(frame):
    named = frame.assign(month=frame["ref_period"].dt.strftime("of %d.%m."))
    return charts.cells(named, y=KG, by="reporter_iso", across="month", title="Crude", unit="kg")


FEBRUARY, ALL = "2021-02", "2021-01"
PERIODS = {
    "bars": (bars, FEBRUARY, ["Name", "Period", "kg"]),
    "cells": (months_as_cells, FEBRUARY, ["Name", "Period", "of 01.02."]),
    "cells of several": (months_as_cells, ALL, ["Name", "of 01.01.", "of 01.01.: period"]),
}


@pytest.mark.parametrize("kind", PERIODS)
def test_a_mark_s_period_is_in_the_table_and_in_the_file(kind):
    draw, since, head = PERIODS[kind]
    axes = draw(crude_of(since))
    chart = charts.hand_over(axes, "crude")
    assert chart.table[0][:3] == head
    titles = [html.unescape(text) for text in re.findall("<title>([^<]+)<", chart.wide)]
    said = {frozenset(re.split(r"[,:] ", text)) for text in titles}
    for rows in (chart.table, chart.rows):
        heads, *body = rows
        found = set()
        for name, *cells in body:
            row = dict(zip(heads[1:], cells, strict=True))
            area = {"CHN": "China", "IND": "India"}.get(name, name)
            for column, cell in row.items():
                if not re.fullmatch(r"kg|value|of [\d.]+", column):
                    continue
                periods = (f"{column}: period", f"{column}, period", "Period", "period")
                period = next(row[one] for one in periods if one in row)
                of = [column] if column.startswith("of") else []
                found.add(frozenset([area, *of, period, f"{float(cell):,.0f}"]))
        assert found == said
    assert not [name for name in charts.drawn(axes) if "period" in name]
    for row, ids in zip(chart.table[1:], chart.entries, strict=True):
        for name, cell, entry in zip(chart.table[0][1:], row[1:], ids, strict=True):
            is_number = re.fullmatch(r"[\d.]+", cell)
            assert bool(entry) == bool(is_number or cell.replace(",", "").isdigit()), name


def test_a_fall_as_it_is_printed_leads_to_its_lines():
    china = of_area("CHN")
    fall = measures.difference(china.head(1), china.tail(1), KG).assign(by="China")
    chart = charts.hand_over(bars(fall, y="change", by="by"), "fall")
    assert "−10,000" in chart.table[1]
    assert chart.table[0][1] == "Period"
    assert chart.entries == [["", "fall-n1", "fall-n1"]]


def test_each_number_has_its_first_lines_and_the_count_of_the_rest(monkeypatch, whole):
    assert whole.evidence.count("<td><code>") == 6
    assert "more, in the file" not in whole.evidence
    monkeypatch.setattr(raw_lines, "OPEN", 2)
    sums = measures.total(crude(), KG, over=["reporter_iso"], every=3).assign(by="both")
    summed = charts.blocks(sums, y=KG, by="by", title="Crude", unit="kg")
    chart = charts.hand_over(summed, "sum")
    assert chart.evidence.count("<td><code>") == 2
    assert "<p>and 4 more, in the file of raw lines</p>" in chart.evidence
    assert len(chart.lines) == 7
    monkeypatch.setattr(raw_lines, "NUMBERS", 4)
    few = charts.hand_over(lines(crude()), "crude")
    assert few.evidence.count("<td><code>") == 4
    assert "6 numbers, the first 4 numbers here" in few.evidence
    assert set(re.findall(r'data-entry="([^"]+)"', few.wide)) == {*entries(few)}
    monkeypatch.setattr(raw_lines, "LINES", 2)  # of a notebook
    page = raw_lines.shown(lines(crude()).figure)
    assert "6 rows of publishers’ files behind 6 numbers, the first 2 numbers here" in page
    assert page.count("<details>") == 2


def test_both_sides_of_a_difference_have_a_line():
    apart = measures.difference(of_area("IND"), of_area("CHN"), KG, by=["ref_period"])
    drawn = charts.hand_over(lines(apart.assign(by="apart"), "change", "by"), "apart")
    for entry, line in zip(entries(drawn).values(), (2, 3, 4), strict=True):
        assert f"<td>{line}</td>" in entry
        assert f"<td>{line + 3}</td>" in entry


def test_each_run_of_a_strip_leads_to_its_first_and_its_last_line():
    frame = crude().query("reporter_iso == 'CHN' or ref_period != '2021-02'")
    held = measures.count(frame, KG, by=["reporter_iso"])
    held["months"] = ["2021-01 to 2021-03", "2021-01, 2021-03"]
    look = {"held": "months", "by": "reporter_iso", "counted": "count"}
    chart = charts.hand_over(charts.coverage(held, title="Held", unit="Months", **look), "held")
    opened = entries(chart)
    marks = re.findall(r'data-entry="([^"]+)"><title>([^<]+)<', chart.wide)
    assert [(said, re.findall(r"<td>(\d+)</td>", opened[entry])) for entry, said in marks] == [
        ("China: January to March 2021", ["2", "4"]),
        ("India: January 2021", ["5"]),
        ("India: March 2021", ["7"]),
    ]
    assert "<p>3 rows</p>" in opened[marks[0][0]]
    assert chart.entries == [["held-n1"], ["held-n2"]]


def test_a_count_of_claims_leads_to_a_line_of_each():
    look = {"y": "claims", "by": "group", "title": "Told", "unit": "Claims"}
    counts = claims.tally(claims.table(), "group")
    assert counts["claims"].tolist() == [1, 1]
    chart = charts.hand_over(charts.bars(counts, **look), "told")
    assert re.findall(r'data-entry="([^"]+)"><title>([^<]+)<', chart.wide) == [
        ("told-n1", "depends, 2021: 1"),
        ("told-n2", "cannot be told, 2021: 1"),
    ]
    spread = claims.table().assign(of="all", window=["2019 to 2020"] * 2 + ["March 2023"])
    assert claims.tally(spread, "of")["window_text"].tolist() == ["2019-01 to 2023-12"]
    assert claims.tally(spread.assign(window="to date"), "of")["window_text"].tolist() == [""]
    told, untold = entries(chart).values()
    stated = "The price of &lt;nothing&gt; was above 55."
    assert f'<a href="{raw_lines.CLAIM}P1">{stated}</a>' in told
    assert "<td>2</td><td>50 USD</td><td><code>2021-01,<wbr><mark>50</mark></code></td>" in told
    assert "<p>1 claim</p>" in told
    assert f'{raw_lines.CLAIM}P2">Nothing was sold.</a></td><td>no row of a file<' in untold
    counts = claims.tally(claims.table(), "group", tf.read("figures").assign(id="P2"))
    chart = charts.hand_over(charts.bars(counts, **look), "told")
    assert "demo/printed.csv</a></caption>" in [*entries(chart).values()][1]


def test_a_chart_of_another_project_opens_the_lines_of_that(root, monkeypatch):
    frame = crude()
    frame.attrs["root"] = str(root)
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(Path(__file__).parents[1]))
    axes = lines(frame)
    assert charts.sources({"Crude": axes}).index.tolist() == ["flows"]
    for page in (charts.drawn(axes)._repr_html_(), charts.hand_over(axes, "crude").evidence):
        assert "demo/flows.csv</a>" in page
        assert "<mark>10000</mark>" in page  # the figure of a raw line


def test_no_figure_leads_to_the_lines_of_another():
    alike = measures.scale(of_area("CHN"), KG, 1, "shown").assign(shown=5000.0)  # by the notebook
    both = measures.stack(
        {"India": measures.scale(of_area("IND"), KG, 1, "shown"), "others": alike}
    )
    chart = charts.hand_over(lines(both, "shown", "series"), "crude")
    assert chart.entries == [["crude-n1", ""], ["crude-n2", ""], ["crude-n3", ""]]


def test_an_altered_file_is_refused(root):
    figure = lines(crude()).figure
    (root / "data" / "raw" / "demo" / "flows.csv").write_text(FLOWS + "\n")
    with pytest.raises(SourceError, match="flows"):
        raw_lines.terms(figure)


def test_a_chart_of_claims_is_traced():
    ledger = claims.table()
    terms = tf.trace(ledger)
    assert terms[["formula", "value", "line"]].values.tolist() == [
        ["r0", 50.0, 2],
        ["r1", 120.0, 3],
    ]
    axes = charts.bars(ledger, y="ratio", by="reading", title="Claims", unit="times")
    assert raw_lines.terms(axes.figure)["number"].tolist() == pytest.approx([50 / 55, 120 / 55])


# --- cards ----------------------------------------------------------------------------------------


def test_cards_are_shown_by_id_or_theme():
    cards = claim_cards.cards("prices", "P2", "P1")
    assert [each.claim.id for each in cards.verdicts] == ["P1", "P2"]
    page = cards._repr_html_()
    assert "<td><code>2021-01,<wbr><mark>50</mark></code></td>" in page
    assert f'href="{raw_lines.ENTRY}oil"' in page
    assert "alternative: second month: 120 USD: holds" in repr(cards)
    assert "script" not in page
    with pytest.raises(QueryError, match=r"no claim 'price'; did you mean 'prices'\?"):
        claim_cards.cards("price")


NO_PROJECT = Project(title="Prices", short="Prices, checked")


ROUND = '\nprinted_to = {}\nprinted_because = "it is a round sum"'
HEADLINES = [  # a value, its sign and step, what its picture says first, and how the claim is told
    (55, ">", 0, "Depends on what is counted", "more than $55"),
    (200, "<", 0, "Holds", "less than $200"),
    (500, ">", 0, "Differs (−90 %)", "more than $500"),
    (50.2, "=", 0, "Nearly the same (", "$50.2"),  # a small miss raises no alarm
    (70, "=", 0, "Differs (", "$70"),
    (100, "=", 50, "Depends on", "$100"),
    (100, "=", 100, "Holds (−50 %)", "$100"),
]


@pytest.mark.parametrize(("value", "sign", "step", "outcome", "claimed"), HEADLINES)
def test_the_verdict_is_the_headline(root, value, sign, step, outcome, claimed):
    stated = ledger_of(value, sign, ROUND.format(step) if step else "")
    (root / "data" / "claims.toml").write_text(stated)
    (verdict,) = claim_cards.cards("P1").verdicts
    assert claim_picture.headline(verdict).startswith(outcome)
    said, *shown = claim_picture.bars(verdict, NO_PROJECT)
    assert said.figure == claimed
    assert {bar.figure.removesuffix(".00") for bar in shown} <= {"$50", "$120"}
    is_alarm = colours.VERDICTS["differs"] in {bar.colour for bar in shown}
    assert is_alarm == outcome.startswith("Differs")
    rounds = f"rounds, to the nearest ${step}, to ${value}"
    assert (rounds in _words_of(verdict, root)) == bool(step)


def test_a_claim_that_cannot_be_told_says_what_is_missing(verdict, built):
    assert verdict.text.why == ""
    open_one = replace(verdict, verdict=claims.NOT_DECIDED)
    assert claim_picture.headline(open_one) == "Cannot be told from these figures"
    assert open_one.text.why == "Missing: a figure of just what the claim is about."
    settled = replace(open_one, claim=replace(verdict.claim, settles="the port's own books"))
    missing = "Missing: the port's own books."
    assert settled.text.why == chart_html.claim_line(settled, NO_PROJECT)["why"] == missing
    assert missing in _words_of(settled, built)


def test_a_claim_below_a_chart_says_what_is_in_doubt_and_what_revisions_reach():
    ours = Path(__file__).parents[1]
    known = claims.load(root=ours)
    about = {
        name: chart_html.claim_line(claims.evaluate_claim(known[name], ours), NO_PROJECT)
        for name in ("D22", "O02", "O03")
    }
    assert about["D22"]["beside"] == "; the same without March, half of it: $62.7 million"
    assert [about[name]["is_revised"] for name in ("O02", "O03")] == [False, True]
    shown, told = (
        {"take": {}, "heights": [1, 2]},
        {"base": "", "counted": front.COUNTED, "tones": TONES},
    )
    both = render("chart", {}, chart=shown, claims=[about["O02"], about["O03"]], **told)
    assert "2 claims; both <b" in both
    assert "hold</b>, 1 of them within later revisions" in both


def test_a_picture_names_each_part(verdict, built):
    """Bars are of the part that has a figure to compare; without one each part has a line."""
    priced = replace(verdict, claim=replace(verdict.claim, words="cost"))
    untested = replace(priced.claim, words="was sold", not_tested="not public", figure=None)
    unsold = claims.Verdict(untested, claims.NOT_TESTED, ())
    whole = replace(verdict, verdict=claims.IN_PART, parts=(priced, unsold))
    assert claim_picture.headline(whole) == "Depends on the part"
    assert "Cost: depends; was sold: cannot be told." in _words_of(whole, built)
    assert [bar.figure for bar in claim_picture.bars(whole, NO_PROJECT)][1:] == [
        "$120",
        "$50",
    ]
    rising = replace(priced, verdict=claims.HOLDS, claim=replace(priced.claim, figure=0.0))
    whole = replace(whole, parts=(rising, unsold))
    assert claim_picture.headline(whole) == "Depends: 1 of 2 parts holds"
    told = [(bar.figure, bar.name) for bar in claim_picture.bars(whole, NO_PROJECT)]
    assert told == [("$50", "cost: holds"), ("?", "was sold: cannot be told")]
    assert not claim_picture.has_bars(whole, claim_picture.bars(whole, NO_PROJECT))
    alike = replace(verdict, verdict=claims.HOLDS, parts=(rising, rising))
    assert claim_picture.headline(alike) == "Holds, in both parts"


def test_a_picture_of_a_lean_has_its_votes_and_what_is_left_out(verdict, built):
    first, _ = verdict.readings
    floor = replace(first, fits=True, high=float("inf"), rest="barrels come on top")
    leaning = replace(
        verdict,
        verdict=claims.LEANS_YES,
        votes={"China Customs": frozenset({"yes"})},
        readings=(floor,),
    )
    assert claim_picture.headline(leaning) == "Leans yes, 1 of 1: Chinese customs"
    *_, bar = claim_picture.bars(leaning, NO_PROJECT)
    assert (bar.figure, bar.name) == ("at least $50", "first month; barrels come on top")
    assert not claim_picture.has_bars(leaning, [bar, bar])


def _words_of(verdict, root, drawn=claim_picture._drawn):
    figures = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            claim_picture, "_drawn", lambda figure: figures.append(figure) or drawn(figure)
        )
        claim_picture.pictures([verdict], NO_PROJECT, root)
    return " ".join(text.get_text().replace("\n", " ") for text in figures[0].texts)


def test_a_picture_of_what_depends_has_a_bar_of_each_side(verdict):
    known = replace(NO_PROJECT, introduced={verdict.claim.who: "A paper of record"})
    said, *bars = claim_picture.bars(verdict, known)
    assert said.name.startswith("A paper of record")
    assert [bar.value > 55 for bar in bars] == [True, False]
    line = chart_html.claim_line(verdict, NO_PROJECT)["why"]
    assert line == f"Yes for {bars[0].name}: $120. No for {bars[1].name}: $50."


# --- to take along --------------------------------------------------------------------------------


def test_haloed_letters_stay_text(bundle):
    assert {*re.findall(">(China|India)</text>", bundle["file"])} == {"India", "China"}
    assert "paint-order:stroke" in bundle["file"]
    assert any(one.get_path_effects() for one in lines(crude()).figure.findobj(plt.Text))
    head, *rows = bundle["lines"]
    first = dict(zip(head, rows[0], strict=True))
    assert (first["series"], first["line"], first["unit"]) == ("China", "2", "kg")
    assert next(csv.reader([first["text"]])) == FLOWS.splitlines()[1].split(",")


def test_a_file_of_numbers_names_its_sources_as_a_page_does(built, bundle):
    caveats = ["flows: no row in 2 of the months asked for: 2023-01 to 2023-02"]
    known = {"sources": catalogue.load(built), "publishers": catalogue.publishers(built)}
    _, files = chart_html._chart(bundle | {"caveats": caveats}, "a", "charts/a", known)
    head = [line for line in files["charts/a.csv"].splitlines() if line.startswith("#")]
    assert not [line for line in head if "flows:" in line or re.search(r"\d{4}-\d\d", line)]
    [source] = [line for line in head if line.startswith("# source: ")]
    assert known["sources"]["flows"].title in source


def test_large_raw_lines_are_packed(monkeypatch, bundle):
    taken = []
    for large in (10**6, 10):
        monkeypatch.setattr(chart_downloads, "LARGE", large)
        take, files = chart_downloads.to_take(bundle, "charts/a", [], {})
        taken.append((take["raw lines (CSV)"], files[take["raw lines (CSV)"]]))
    (plain, text), (packed, content) = taken
    assert (plain, packed) == ("charts/a-lines.csv", "charts/a-lines.csv.gz")
    assert gzip.decompress(content) == text
    assert text.decode().count("flows") == 6
