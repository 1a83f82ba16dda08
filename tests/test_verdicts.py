"""The project's own ledger: what it must hold, and that no verdict moves unannounced."""

import math
import re
from collections import defaultdict
from itertools import combinations
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from tradeflows import claims, tables
from tradeflows.charts import colours
from tradeflows.claims import verdict_rule
from tradeflows.model import lineage
from tradeflows.report import accept, claim_cards, claim_picture, front
from tradeflows.report.site import render
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.project import load as read_project

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def verdicts():
    """Judge the project's own ledger by the tables as they are built."""
    return claims.verdicts(root=ROOT)


@pytest.fixture(scope="module")
def by_id(verdicts):
    return {verdict.claim.id: verdict for verdict in verdicts}


def test_nothing_moved_unannounced(verdicts):
    old, new = (
        accept.verdicts(ROOT),
        [row for each in verdicts for row in claims.verdict_rows(each)],
    )
    if old != new:
        lines = "\n".join(accept.verdict_changes(old, new))
        pytest.fail(f"the ledger moved unannounced (make accept)\n{lines}", pytrace=False)


# What is typed or kept in files, and is no English: dates, arguments, ids, a file in a repository.
MACHINE = re.compile(
    r"\b[12]\d{3}-\d\d\b|\w=|not stated|approx|\w_\w|\b[A-Z]\d{2}\b|\b[A-Z]\d{4}\b"
    r"|\b\d{7,}\b|@|\bUSD\b"
)


def test_a_reader_of_the_ledger_meets_words_alone(verdicts):
    for verdict in verdicts:
        claim = verdict.claim
        texts = [claim.window, claim.statement, claim_cards.claimed_figure(claim)]
        told = [part.text for part in verdict.each]
        texts += [
            words for text in told for words in (text.verdict, text.rest, text.figure, *text.limits)
        ]
        used = [source for reading in verdict.readings for source in reading.sources]
        known = catalogue.entries(used, ROOT)
        texts += claim_cards.named_in_print(verdict.caveats, known, ROOT)
        where = claim_cards.IN_A_REPOSITORY.sub("https://", claim.where)
        texts += [] if where.startswith("https://") else [where]
        assert [text for text in texts if MACHINE.search(text)] == [], claim.id


FORMULA = re.compile(
    r'<p class="formula" .*? data-formula="(.*?)">(.*?)(?: =|:) (.*?)</p>(.*?)</details>'
)
LINE = re.compile(
    r'<tr(?: data-role="(\w+)")?><td>(?:(?!</tr>).)*?'
    r"<td>(-?[\d.,]+(?:e-\d+)?)(?: [^<]*)?</td><td><code>"
)
NAME = re.compile("[a-z]\\w*")
CODE = re.compile(r"[\[\]_*/]|\w\(|(?<![,.\d])\d{4}|\d\.0\b|</")
EVERY_KIND = ("O01", "O10", "O12", "O21", "O22", "O26", "O27", "P05", "U20")


def test_a_formula_is_words_and_comes_to_its_number(by_id):
    """From the card alone: the formula that it carries, over the lines that it shows."""
    for verdict in map(by_id.get, EVERY_KIND):
        page = render("cards", {}, cards=[claim_cards.card(verdict, ROOT, 10**6)])
        shown = FORMULA.findall(page.replace("\n", " "))
        for (formula, number, words, table), reading in zip(shown, verdict.readings, strict=True):
            assert not CODE.search(words)
            assert number == reading.text.figure
            values = defaultdict(list)
            for role, value in LINE.findall(table):
                values[role or NAME.search(formula)[0]].append(float(value.replace(",", "")))
            sums = {role: math.fsum(numbers) for role, numbers in values.items()}
            again, _ = lineage.evaluate(formula, sums)
            assert again == pytest.approx(reading.value, rel=1e-9)


def test_each_verdict_says_once_what_it_rests_on(verdicts):
    for verdict in verdicts:
        assert bool(verdict.readings) != (verdict.reason != "")
        assert all(item.sources for item in verdict.readings)
        assert verdict.verdict in claims.VERDICTS
        assert bool(verdict.decided_by) == (verdict.group != "cannot be told")
        assert verdict.claim.settles or verdict.group != "cannot be told"
        for text in (part.text for part in verdict.each):
            assert not text.because.startswith((text.word, *claims.PUBLIC_WORDS))


def test_what_is_claimed_in_words(by_id):
    findings = [reading.text.finding for reading in by_id["A01"].readings]
    assert "says nothing: other goods" in findings
    assert not [text for text in findings if "than claimed" in text]  # of a mere increase
    said = [claim_cards.claimed_figure(part.claim) for part in by_id["A02"].parts]
    assert said == ["a decrease", "a decrease", "no figure"]  # a part of what was lost is no change
    assert claim_cards.claimed_figure(by_id["D12"].claim) == "about $3.3 million"


def test_report_is_in_the_ledger(verdicts):
    report = set(tables.read("figures", stated_by="ODNI", root=ROOT)["id"])
    core = {one.claim.id for one in verdicts if one.claim.core}
    assert report <= core


def test_each_sentence_of_the_article(verdicts):
    """Maps to a claim, a notebook, or is a judgement on which trade has nothing to say."""
    known = {one.claim.id for one in verdicts}
    assert len(claims.sentences(root=ROOT)) == 10
    for sentence in claims.sentences(root=ROOT):
        assert sentence.claims or sentence.notebook or sentence.judgement, sentence.words
        assert set(sentence.claims) <= known
        notebook = ROOT / "notebooks" / f"{sentence.notebook}.ipynb"
        assert notebook.is_file() or not sentence.notebook
    covered = {name for sentence in claims.sentences(root=ROOT) for name in sentence.claims}
    assert {name for name in known if name.startswith("A")} <= covered


def test_own_release_is_traced(by_id):
    [release] = [item for item in by_id["O02"].readings if item.own_release]
    [term] = claims.terms(release, ROOT)["terms"]
    assert term["text"].startswith("2022-01,2022-12,total,190.271")


def test_published_figures_of_claims(verdicts):
    """Every published figure is a claim or a reading, but for rows of a database."""
    figures = tables.read("figures", source="published_figures_dual_use", root=ROOT)
    claimed = figures[~figures["publisher"].isin(["UN Comtrade export", "IMF"])]
    parts = [part.claim for one in verdicts for part in one.each]
    cited = {claim.cites for claim in parts} | {claim.id for claim in parts}
    asked = {item.read.get("id") for claim in parts for item in claim.readings}
    assert set(claimed["id"]) <= cited | asked


def test_no_other_side_decides(verdicts):
    """What decides is reported by whom the claim asks, or by one that its words leave open."""
    parts = [part for one in verdicts for part in one.each]
    deciding = [(part.claim, item) for part in parts for item in part.readings if item.decides]
    for claim, item in deciding:
        admitted = claim.open.get("reporter", ())
        is_asked = item.question.reporter == claim.asks.reporter
        is_left_open = "reporter" in claim.open and item.question.reporter in admitted
        is_other = item.role in (verdict_rule.BOUND, verdict_rule.WITHIN)
        is_law = item.witness.kind == verdict_rule.LAW
        assert is_asked or is_left_open or is_other or is_law, item.name
        assert item.role != verdict_rule.OTHER_CONCEPT


def test_a_claim_alone_is_judged_as_among_all(by_id):
    alone = claims.evaluate_claim(by_id["A02"].claim, ROOT)
    assert [item.note for item in alone.readings] == [item.note for item in by_id["A02"].readings]


def test_what_moved_by_claim():
    head = {"claim": "A", "verdict": "no", "reason": "", "reading": "x", "unit": "USD"}
    one, other = ([head | {"fits": "True", "value": value}] for value in ("1.0", "1.1"))
    assert accept.verdict_changes(one, other) == ["claim A: x: 1 → 1.1"]
    gone = ["claim A: no → no longer judged", "claim A: x: 1 → none"]
    assert accept.verdict_changes(one, []) == gone
    new = ["claim A: not announced before → no", "claim A: x: none → 1"]
    assert accept.verdict_changes([], one) == new


def test_flags_are_of_the_rows_used(verdicts):
    """China's exports of July 2023 are a line each of two files: no block, and no conflict."""
    for verdict in verdicts:
        counts = [re.match(r"(\d+) of (\d+) rows", text) for text in verdict.caveats]
        counts = [match for match in counts if match]
        rows = sum(item.rows for item in verdict.readings)
        assert all(int(match[2]) <= rows for match in counts)
        if verdict.claim.id == "U37":
            assert [match.string.partition(":")[0] for match in counts] == [
                "1 of 2 rows derived",
                "1 of 2 rows rounded",
                "1 of 2 rows second-hand",
            ]


def test_a_claim_that_needs_a_revision_is_not_green(by_id):
    verdict = by_id["O03"]
    assert claim_picture.headline(verdict) == "Holds within revisions (−0.7 points)"
    revised = verdict.readings[0].value + verdict.band.width
    assert f"at the highest, {revised:.1f} %, it rounds to the 30 % claimed" in verdict.text.why
    _, *found = claim_picture.bars(verdict, read_project(ROOT))
    assert [(bar.figure, bar.colour) for bar in found] == [("29.3 %", colours.INK)]


def test_a_record_is_a_part_that_every_surface_names(by_id):
    """It is how far the best of all before is passed; the page says since when, the picture too."""
    for name, above in (("O02", "+29.4 %"), ("U07", "+4.96 %")):
        text = front.row(by_id[name], read_project(ROOT), ROOT)["parts"][1]["text"]
        assert (text.words, text.word, text.figure) == ("a record", "holds", above)
        assert "from 2017 on" in text.reading.name
        assert claim_picture._reason(by_id[name]).endswith("; a record: holds.")


def test_a_bar_says_how_its_number_is_read(by_id):
    """2.29 million of O11 would round to 2, had that not been read to the tenth."""
    project = read_project(ROOT)
    o10, o11 = (claim_picture.bars(by_id[name], project)[0].name for name in ("O10", "O11"))
    assert o11.endswith("said, read as 1.95 to 2.05 million barrels a day")
    assert o10.endswith("said")


def test_what_others_carried_is_said_with_its_lines_alone(verdicts):
    """No hand beside a figure; every source of rows at second hand names one above its lines."""
    project = read_project(ROOT)
    rows = {one.claim.id: front.row(one, project, ROOT) for one in verdicts if one.readings}
    assert rows["O02"]["parts"][0]["source"] == "China Customs"
    assert ": China Customs has $190.271 billion: holds" in rows["O02"]["quote"]
    sources = catalogue.load(ROOT)
    for verdict in verdicts:
        for reading in verdict.readings:
            credit = claim_cards.source_of(reading, ROOT)
            is_carried = any(sources[name].via for name in reading.sources)
            printed = [frame["publisher"] for frame in reading.read if "publisher" in frame]
            is_carried |= any(", via " in who for names in printed for who in names)
            assert not re.search(", (via|from) ", credit), credit
            assert is_carried or "second-hand" not in reading.flags


def test_a_foot_names_only_whose_rates_were_read(by_id):
    foot = claim_picture.foot(by_id["O21"], read_project(ROOT), ROOT)
    assert "European Central Bank" in foot
    assert "Federal Reserve" not in foot


CODE = re.compile(r"\bHS\b|\b\d{4}\.\d\d\b|\btier \d|\bchapter \d|\bFOB\b")


def test_no_code_names_what_was_read(verdicts):
    for verdict in verdicts:
        words = [verdict.claim.settles, *(reading.name for reading in verdict.readings)]
        assert not CODE.search(" ".join(words)), words


def test_pictures_to_share_can_be_read_on_a_phone(verdicts, monkeypatch):
    """Every text has room, and letters that are 11 pixels where a picture is 350 wide."""
    wrong = {}
    shown = []

    def looked(figure):
        renderer = figure.canvas.get_renderer()
        least = 11 * claim_picture.SIZE[0] / 350 * 72 / claim_picture.DPI
        boxes = [text.get_window_extent(renderer) for text in figure.texts]
        small = [text.get_text() for text in figure.texts if text.get_size() < least]
        outside = [
            text.get_text()
            for text, box in zip(figure.texts, boxes, strict=True)
            if box.x0 < 0 or box.y0 < 0 or box.x1 > figure.bbox.x1 - claim_picture.LEFT / 2
        ]
        over = [
            (figure.texts[i].get_text(), figure.texts[j].get_text())
            for i, j in combinations(range(len(boxes)), 2)
            if boxes[i].shrunk(0.98, 0.8).overlaps(boxes[j].shrunk(0.98, 0.8))
        ]
        shown.append(figure)
        if small or outside or over:
            wrong[figure.texts[1].get_text()] = (small, outside, over)
        plt.close(figure)
        return Image.new("RGB", (2, 2))

    monkeypatch.setattr(claim_picture, "_drawn", looked)
    project = read_project(ROOT)
    claim_picture.pictures(verdicts, project, ROOT)
    assert not wrong
    with_readings = [verdict for verdict in verdicts if verdict.readings]
    for verdict, figure in zip(with_readings, shown, strict=True):
        foot = claim_picture.foot(verdict, project, ROOT).replace(" %", "\u00a0%")
        assert foot in " ".join(text.get_text().replace("\n", " ") for text in figure.texts)
        assert foot.startswith(project.short)
        assert DATED_FOOT.fullmatch(foot), foot


# Each source has what its date is of; "and others" would hide one.
A_DATE = r"\((?:[^()]*; )?(?:both |all )?(?:as of|retrieved|version) [^()]*\d{4}\)"
DATED_FOOT = re.compile(rf"[^:]+\. Source: .+ {A_DATE}(?:(?:;| and) .+ {A_DATE})*")
