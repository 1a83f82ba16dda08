"""The front page: the answer, the claims of the core in four groups, and what not to write."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from tradeflows import claims
from tradeflows.charts.formula_words import in_words
from tradeflows.claims import ReadingResult, Verdict, verdict_rule
from tradeflows.model.source import with_carrier
from tradeflows.model.words import in_a_sentence
from tradeflows.report import claim_cards
from tradeflows.report.site import TONES, ReportError
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.project import Project

NUMBER = re.compile(r"\{(\w+)(?:\.(deviation|claimed))?\}")
MOST = 10  # claims of a group that stand open; the others open at a click
NAMED = 3  # who made the claims beside the core; the others are counted
PLACE = 8  # letters of a hash that a reader is shown


@dataclass(frozen=True)
class Row:
    """One claim of the core as a line of the front page, in words for a reader.

    Attributes
    ----------
    speaker, statement, claimed
        Who said what, and the figure.
    figure, deviation
        The public figure, and what it makes of the claim, with the signed deviation where there
        is one; empty where there is none.
    source
        Whose figure it is, and through whose hands it came.
    quote
        One sentence to print.
    settles
        What would settle it, where nothing held does.
    sign
        Of the verdict; a miss that raises no alarm has its own.
    lines
        Where on the ledger's page the raw lines of the figure stand.
    """

    id: str
    tone: str
    speaker: str
    statement: str
    claimed: str
    figure: str = ""
    deviation: str = ""
    source: str = ""
    quote: str = ""
    settles: str = ""
    sign: str = ""
    lines: str = ""


@dataclass(frozen=True)
class Example:
    """How one number is checked: on the page, its lines, the raw file."""

    lines: str
    statement: str
    figure: str
    formula: str
    count: int
    path: str
    line: int
    text: str
    number: str
    publisher: str
    sha256: str
    source: str


def groups(verdicts: Iterable[Verdict], project: Project, root: Path) -> dict[str, list[Row]]:
    """Rows of the core by group, in the groups' order; what nothing tests comes last.

    Parameters
    ----------
    verdicts
        Of the whole ledger.
    project
        Whose names for the speakers are used.
    root
        The project's folder, whose catalogue names the publishers.
    """
    rows: dict[str, list[Row]] = {group: [] for group in TONES}
    for verdict in verdicts:
        if verdict.claim.core:
            rows[verdict.group].append(row(verdict, project, root))
    for members in rows.values():
        members.sort(key=lambda item: (not item.figure, item.tone == claim_cards.NEAR))
    return {group: members for group, members in rows.items() if members}


def other_speakers(verdicts: Iterable[Verdict], project: Project) -> str:
    """Who made the claims beside the core, those of most claims first; empty where there are none.

    Of many speakers the first :data:`NAMED` are named: "Politico, Bloomberg, NHK and 22 others".
    """
    beside = [verdict.claim for verdict in verdicts if not verdict.claim.core]
    counts = Counter(project.named(claim.who) for claim in beside)
    names = [name for name, _ in counts.most_common()]
    others = len(names) - NAMED
    if others > 1:
        names[NAMED:] = [f"{others} others"]
    return in_a_sentence(names)


def row(verdict: Verdict, project: Project, root: Path) -> Row:
    """One claim as a line of the front page."""
    claim = verdict.claim
    speaker = project.named(claim.who)
    claimed = claim_cards.claimed_figure(claim)
    reading = decisive(verdict)
    tone = claim_cards.NEAR if claims.is_near(verdict) else TONES[verdict.group]
    sign = claims.mark(verdict)
    if reading is None:
        reason = claims.REASONS.get(verdict.reason, verdict.reason)
        settles = claim.settles or reason
        return Row(claim.id, tone, speaker, claim.statement, claimed, settles=settles, sign=sign)
    figure = claims.figure_of(reading, claim)
    source = claim_cards.sources_of(reading, root)
    told = _told(verdict, reading)
    verb = "spoke of" if claimed in claim_cards.SIGNS.values() else "said"
    words = f"{speaker} {verb} {claimed}"
    if claimed == claim_cards.NO_FIGURE:
        words = f"{speaker}, in our words: {claim.statement.removesuffix('.')}"
    shown = f"{_as_subject(source)} {figure}: {told}"
    if verdict.verdict == claims.NOT_DECIDED:
        nearest = told if source in told else f"{told}; {source}"
        shown = f"whether it holds cannot be told. Nearest is {figure} ({nearest})"
    quote = f"{words}; {shown}."
    return Row(
        claim.id,
        tone,
        speaker,
        claim.statement,
        claimed,
        figure,
        _with_deviation(verdict, reading, told),
        source,
        quote,
        claim.settles,
        sign,
        lines_of(verdict, reading),
    )


def _as_subject(source: str) -> str:
    """Sources before the figure that they have; what stands apart by a comma ends with one."""
    return f"{source}{',' * (', ' in source)} {'have' if ' and ' in source else 'has'}"


def lines_of(verdict: Verdict, reading: ReadingResult) -> str:
    """The anchor of the raw lines of one reading on the ledger's page."""
    names = [item.name for item in verdict.readings]
    return f"{verdict.claim.id}-{1 + names.index(reading.name)}"


def _with_deviation(verdict: Verdict, reading: ReadingResult, told: str) -> str:
    """What is told of a verdict, with the sign and the size of a deviation, if there is one."""
    off = claims.signed(reading, verdict.claim)
    if not off or verdict.group == "cannot be told":
        return told
    if verdict.group == "differs":
        return f"{'nearly the same' if claims.is_near(verdict) else 'differs'} ({off})"
    return re.sub(r"^holds\b", f"holds ({off})", told)


def _told(verdict: Verdict, reading: ReadingResult) -> str:
    """How far the figure is from the claim, or what it is of, where that decides nothing."""
    if verdict.verdict in (claims.DIFFERS, claims.CONTRADICTED):
        return claims.short(verdict)
    if verdict.verdict == claims.NOT_DECIDED:
        return reading.name
    return claims.sentence(verdict)


def decisive(verdict: Verdict) -> ReadingResult | None:
    """The reading that a reader is shown: one that decided, else the nearest; None without any."""
    deciding = [item for item in verdict.readings if item.name in verdict.decided_by]
    if deciding:
        return min(deciding, key=lambda item: abs(item.deviation or 0.0))
    return verdict.nearest or next(iter(verdict.readings), None)


def two_sides(deciding: Sequence[ReadingResult]) -> Sequence[ReadingResult]:
    """One reading that bears the claim out and one that does not, which differ in least else.

    Of pairs that differ in as much, the one with the nearest figures.
    """
    sides: dict[bool, list[ReadingResult]] = {True: [], False: []}
    for reading in deciding:
        sides[bool(reading.fits or reading.fits_band)].append(reading)

    def apart(pair: tuple[ReadingResult, ReadingResult]) -> tuple[int, float]:
        keys = verdict_rule.differing(pair[0].question, pair[1].question)
        return len(keys), sum(abs(reading.deviation or 0.0) for reading in pair)

    return min(product(sides[True], sides[False]), key=apart)


def answer(verdicts: Sequence[Verdict], project: Project) -> str:
    """The project's answer with the numbers of its claims.

    Raises
    ------
    ReportError
        A claim that the sentence rests on has another verdict, or no number.
    """
    by_id = {verdict.claim.id: verdict for verdict in verdicts}
    for name, group in project.answer.rests_on.items():
        verdict = _claim(by_id, name)
        if verdict.group != group:
            raise ReportError(
                f"project.toml: the answer rests on {name} being in {group!r}, and it is in "
                f"{verdict.group!r}; mend the sentence"
            )

    def number(match: re.Match[str]) -> str:
        verdict = _claim(by_id, match[1])
        reading, claimed = decisive(verdict), verdict.claim.figure
        if reading is None or claimed is None:
            raise ReportError(f"project.toml: the answer names {match[1]}, which has no number")
        if match[2] == "claimed":
            return claims.amount(claimed, verdict.claim.unit, claim_cards.DIGITS)
        if match[2]:
            return claims.short(verdict).removesuffix(" than claimed")
        return claims.figure_of(reading, verdict.claim)

    return NUMBER.sub(number, project.answer.text)


def _claim(by_id: Mapping[str, Verdict], name: str) -> Verdict:
    if name not in by_id:
        raise ReportError(f"project.toml: the ledger has no claim {name!r}")
    return by_id[name]


def example(verdicts: Iterable[Verdict], project: Project, root: Path) -> Example | None:
    """The project's example of how a number is checked; None where it names none.

    Raises
    ------
    ReportError
        The claim is not in the ledger, or has no number.
    """
    if not project.example:
        return None
    verdict = _claim({verdict.claim.id: verdict for verdict in verdicts}, project.example)
    reading = decisive(verdict)
    if reading is None:
        raise ReportError(f"project.toml: the example {project.example} has no number")
    terms = claims.terms(reading, root)
    first = terms["terms"][0]
    source, publisher = catalogue.entries([first["source_id"]], root)[first["source_id"]]
    return Example(
        lines=lines_of(verdict, reading),
        statement=verdict.claim.statement,
        figure=claims.figure_of(reading, verdict.claim),
        formula=in_words(terms["formula"]),
        count=len(terms["terms"]),
        path=first["path"],
        line=first["line"],
        text=first["text"],
        number=claims.amount(first["value"], first["unit"], 4),
        publisher=with_carrier(source, publisher.short),
        sha256=source.sha256[:PLACE],
        source=source.id,
    )


def searched_words(project: Project) -> dict[str, Any]:
    """Words that a reader may search by, with those that stand for them, in small letters."""
    return {
        word.lower(): [other.lower() for other in others] for word, others in project.words.items()
    }
