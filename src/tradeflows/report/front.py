"""The front page: the answer, the claims of the core by public word, and what not to write."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from tradeflows import claims
from tradeflows.charts.formula_words import in_words
from tradeflows.claims import Claim, ReadingResult, Verdict, verdict_rule
from tradeflows.claims.verdict_text import NEAR_TONE, TONES
from tradeflows.model import units
from tradeflows.model.errors import ReportError
from tradeflows.model.lineage import full_number
from tradeflows.model.words import count_of, in_a_sentence
from tradeflows.report import claim_cards
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.project import Project

NUMBER = re.compile(r"\{(\w+)(?:\.(deviation|claimed))?\}")
MOST = 1  # claims of a group that stand open; the others open at a click
NAMED = 3  # who made the claims beside the core; the others are counted
PLACE = 8  # letters of a hash that a reader is shown
# Of many claims, by their public word, and of one.
COUNTED = {
    claims.HOLDS: ("hold", "holds"),
    claims.LEANS_YES: ("lean yes", "leans yes"),
    claims.DEPENDS: ("depend", "depends"),
    claims.LEANS_NO: ("lean no", "leans no"),
    claims.DIFFERS: ("differ", "differs"),
    claims.CANNOT_BE_TOLD: ("cannot be told", "cannot be told"),
}
# What the first screen has an example of: right, wrong or in part, and open, the clearest first.
DIGEST = (
    (claims.HOLDS, claims.LEANS_YES),
    (claims.DIFFERS, claims.LEANS_NO, claims.DEPENDS),
    (claims.CANNOT_BE_TOLD,),
)
# Why a claim cannot be told, in the order of the list.
UNDECIDED = "figures do not decide"
NOT_PUBLIC = "not public, or no matter of figures"
REASONS = ("", UNDECIDED, NOT_PUBLIC, claims.NOT_LOOKED_UP)


def groups(
    verdicts: Iterable[Verdict], project: Project, root: Path
) -> dict[str, list[dict[str, Any]]]:
    """Rows of the core by public word, in the words' order, those that are nearly right last.

    What cannot be told begins with what figures do not decide, and ends with what nobody has
    looked up.

    Parameters
    ----------
    verdicts
        Of the whole ledger.
    project
        Whose names for the speakers are used.
    root
        The project's folder, whose catalogue names the publishers.
    """
    rows = [row(verdict, project, root) for verdict in verdicts if verdict.claim.core]
    counts = Counter(item["statement"] for item in rows)
    for item in rows:  # of a sentence of several claims, what each is about
        if counts[item["statement"]] > 1 and item["claimed"]:
            item["statement"] = f"{item['claimed']}, of: {item['statement']}"
    rows.sort(key=lambda item: (item["tone"] == NEAR_TONE, REASONS.index(item["untold"])))
    by_word = {word: [item for item in rows if item["group"] == word] for word in TONES}
    return {word: listed for word, listed in by_word.items() if listed}


def score(verdicts: Iterable[Verdict]) -> str:
    """How many claims there are of each public word, in a sentence.

    Examples
    --------
    >>> from tradeflows import claims
    >>> from tradeflows.report.front import score
    >>> score([claims.evaluate_claim(claims.load()["O08"])])
    'Of 1 claim, 1 holds'
    """
    words = Counter(verdict.group for verdict in verdicts)
    counted = [
        f"{words[word]} {COUNTED[word][words[word] == 1]}" for word in COUNTED if words[word]
    ]
    whole = sum(words.values())
    return f"Of {count_of(whole, 'claim')}, {in_a_sentence(counted)}"


def digest(verdicts: Sequence[Verdict], project: Project) -> list[tuple[str, Claim, str]]:
    """Claims by which the first screen says what is right, wrong and open, with what was found.

    Each stands with its public word. They are the project's highlights; where it has none of a
    kind, the first of the core.

    Raises
    ------
    ReportError
        The project names a claim that is not in the ledger.
    """
    chosen = [_claim(verdicts, name) for name in project.highlights]
    core = [verdict for verdict in verdicts if verdict.claim.core]
    shown = []
    for words in DIGEST:
        named = [verdict for verdict in chosen if verdict.group in words]
        first = [verdict for word in words for verdict in core if verdict.group == word][:1]
        shown += [(item.group, item.claim, _found(item, words)) for item in named or first]
    return shown


def _found(verdict: Verdict, words: Collection[str]) -> str:
    """What was found of a claim, by its first part of such words: the figure and whose it is."""
    part = next((item for item in verdict.each if item.group in words), verdict.each[-1])
    if part.group == claims.DEPENDS:
        return "; ".join(
            f"{'yes' if side.text.says_yes else 'no'}, it is {side.text.figure} ({side.name})"
            for side in two_sides(part)
        )
    text = part.text
    if not text.figure or text.reading is None:
        return text.because
    return f"it is {text.figure} ({text.reading.name})"


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


def row(verdict: Verdict, project: Project, root: Path) -> dict[str, Any]:
    """One claim as plain values for the front page.

    Who said what, and the figure; the verdict on each of its parts, one sentence to print, and of
    what cannot be told why.
    """
    parts = [_part(verdict, part, root) for part in verdict.each]
    reasons = {part.reason for part in verdict.each}  # of its nearest part
    untold = claims.NOT_LOOKED_UP if claims.NOT_LOOKED_UP in reasons else NOT_PUBLIC
    untold = UNDECIDED if "" in reasons else untold
    return {
        **claim_cards.head(verdict, project),
        "claimed": claim_cards.claimed_figure(verdict.claim),
        "parts": parts,
        "quote": _quote(verdict, parts, project) if verdict.readings else "",
        "untold": untold if verdict.group == claims.CANNOT_BE_TOLD else "",
    }


def _part(verdict: Verdict, part: Verdict, root: Path) -> dict[str, Any]:
    """The verdict on one part of a claim, whose figure it rests on, and where its lines stand."""
    reading = part.text.reading
    if reading is None:
        return {"text": part.text, "source": "", "lines": ""}
    shown = two_sides(part) if part.group == claims.DEPENDS else [reading]
    sources = dict.fromkeys(claim_cards.source_of(item, root) for item in shown)
    lines = claim_cards.anchor(verdict, reading)
    return {"text": part.text, "source": " and ".join(sources), "lines": lines}


def _quote(verdict: Verdict, parts: Iterable[Mapping[str, Any]], project: Project) -> str:
    """One sentence to print: who said what, and what public figures make of it.

    A number stands as its office printed it.
    """
    speaker, claimed = project.named(verdict.claim.who), claim_cards.claimed_figure(verdict.claim)
    statement = verdict.claim.statement.removesuffix(".")
    words = f"{speaker}, in our words: {statement}"
    if not verdict.parts and claim_cards.is_printed(verdict.claim):
        words = f"{speaker} said {claimed}"
    for part in parts:
        text, source = part["text"], part["source"]
        words += f"; {text.words}: " if text.words else "; "
        if not text.figure:
            words += f"{'' if text.words else 'whether it holds '}{text.word}{text.rest}"
            continue
        number = text.figure if text.word.startswith(claims.DEPENDS) else text.exact
        has = "have" if " and " in source else "has"
        made = f"{source} {has} {number}"
        if text.reading is not None and "source_id" not in text.reading.frame:  # of several
            made = f"{number}, worked out from {source}"
        far = f", {text.far}" if text.far else ""
        words += f"{made}: {text.word}{far}{text.rest}"
    return f"{words}."


def two_sides(part: Verdict) -> Sequence[ReadingResult]:
    """One reading that bears a part out and one that does not, which differ in least else.

    Of pairs that differ in as much, the one with the nearest figures.
    """
    yes = [reading for reading in part.text.deciding if reading.text.says_yes]
    no = [reading for reading in part.text.deciding if not reading.text.says_yes]

    def apart(pair: tuple[ReadingResult, ReadingResult]) -> tuple[int, float]:
        keys = verdict_rule.differing(pair[0].question, pair[1].question)
        return len(keys), sum(abs(reading.deviation or 0.0) for reading in pair)

    return min(product(yes, no), key=apart)


def answer(verdicts: Sequence[Verdict], project: Project) -> str:
    """The project's answer with the numbers of its claims.

    Raises
    ------
    ReportError
        A claim that the sentence rests on has another public word, or no number; or a reading that
        it names is none.
    """
    for name, group in project.answer.rests_on.items():
        verdict = _claim(verdicts, name)
        if verdict.group != group:
            raise ReportError(
                f"project.toml: the answer rests on {name} being in {group!r}, and it is in "
                f"{verdict.group!r}; mend the sentence"
            )

    def number(match: re.Match[str]) -> str:
        if match[1] in project.answer.numbers:
            return _number_of(match[1], verdicts, project)
        verdict = _claim(verdicts, match[1])
        reading, claimed = verdict.text.reading, verdict.claim.figure
        if reading is None or claimed is None:
            raise ReportError(f"project.toml: the answer names {match[1]}, which has no number")
        if match[2] == "claimed":
            return claims.amount(claimed, verdict.claim.unit, claim_cards.DIGITS)
        if match[2]:
            return verdict.text.short.removesuffix(" than claimed")
        return reading.text.figure

    return NUMBER.sub(number, project.answer.text)


def _number_of(name: str, verdicts: Sequence[Verdict], project: Project) -> str:
    """The number of a reading that the answer names, without its sign, in the unit that it says."""
    where = f"project.toml: answer: numbers: {name}"
    wanted = project.answer.numbers[name]
    lacking = {"claim", "reading", "unit"} - wanted.keys()
    if lacking:
        raise ReportError(f"{where}: lacks {', '.join(sorted(lacking))}")
    verdict = _claim(verdicts, wanted["claim"])
    found = {item.name: item for item in verdict.readings}.get(wanted["reading"])
    if found is None:
        raise ReportError(f"{where}: {wanted['claim']} has no reading {wanted['reading']!r}")
    factor = units.factor(found.unit, wanted["unit"])
    if factor is None:
        raise ReportError(f"{where}: the reading is in {found.unit}, not in {wanted['unit']}")
    return f"{found.bound}{full_number(abs(found.value) * factor, 3)}"


def _claim(verdicts: Iterable[Verdict], name: str) -> Verdict:
    for verdict in verdicts:
        if verdict.claim.id == name:
            return verdict
    raise ReportError(f"project.toml: the ledger has no claim {name!r}")


def example(verdicts: Iterable[Verdict], project: Project, root: Path) -> dict[str, Any]:
    """The project's example of how a number is checked, on the page, by its lines, in the raw file.

    Empty where the project names none.

    Raises
    ------
    ReportError
        The claim is not in the ledger, or has no number.
    """
    if not project.example:
        return {}
    verdict = _claim(verdicts, project.example)
    reading = verdict.text.reading
    if reading is None:
        raise ReportError(f"project.toml: the example {project.example} has no number")
    made = claims.terms(reading, root)
    first = made["terms"][0]
    source, publisher = catalogue.entries([first["source_id"]], root)[first["source_id"]]
    return {
        **first,
        "lines": claim_cards.anchor(verdict, reading),
        "statement": verdict.claim.statement,
        "figure": reading.text.figure,
        "formula": in_words(made["formula"]),
        "count": len(made["terms"]),
        "number": claims.amount(first["value"], first["unit"], 4),
        "publisher": publisher.short,
        "sha256": source.sha256[:PLACE],
    }
