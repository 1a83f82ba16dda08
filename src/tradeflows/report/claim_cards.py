"""The ledger as pages and notebooks show it: a card a claim, down to the lines of each number."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tradeflows import claims
from tradeflows.charts.formula_words import WORDS as COLUMNS
from tradeflows.charts.formula_words import in_words
from tradeflows.charts.options import WORDS, speakers
from tradeflows.charts.raw_lines import BOX, LINES, counted_rows, entries, lines_alone
from tradeflows.claims import Claim, ReadingResult, Verdict, verdict_rule
from tradeflows.claims.verdict_text import NEAR_TONE, NOBODY, collector
from tradeflows.claims.wording import CHANGES
from tradeflows.explore.naming import in_print, with_names
from tradeflows.model import units
from tradeflows.model.errors import require_text
from tradeflows.model.periods import dates_in_words
from tradeflows.model.source import Publisher, Source, with_carrier
from tradeflows.retrieval import catalogue, project
from tradeflows.retrieval.project import Project
from tradeflows.tables.display import without_formulas

MOST = 100  # raw lines of a number on a page; a notebook has fewer, and a command for the rest
DIGITS = 6  # at most, of a figure as it was claimed
ABOUT = 2  # of one that was worked out and is about right
AUTHORS = ("  mind:", "  to do:")  # lines of `tradeflows claims ID` that are not a reader's
SIGNS = {">": "an increase", "<": "a decrease"}  # where the figure of a change is zero
NO_FIGURE = "no figure"
# How who counted is said, by the kind of witness; an office's figure is by its source alone.
KINDS = {
    verdict_rule.REWORKED: "figures of {who}, reworked",
    verdict_rule.AS_PRINTED: "from {who}, as printed",
    verdict_rule.MEASURED: "counted by {who}",
    verdict_rule.RELAY: "a relay of {who}",
}
IN_A_REPOSITORY = re.compile(r"^([\w.-]+/[\w.-]+):(\S+)@([0-9a-f]{7,40})$")


@dataclass(frozen=True)
class Cards:
    """Claims with their verdicts; in a notebook each number opens its raw lines."""

    verdicts: tuple[Verdict, ...]
    root: Path

    def __repr__(self) -> str:
        """Each claim as ``tradeflows claims ID`` explains it, but for caveats and what to do."""
        lines = [line for verdict in self.verdicts for line in claims.explain(verdict)]
        return "\n".join(line for line in lines if not line.startswith(AUTHORS))

    def _repr_html_(self) -> str:
        from tradeflows.report.site import render

        shown = [card(verdict, self.root, LINES) for verdict in self.verdicts]
        readings = [reading for verdict in self.verdicts for reading in verdict.readings]
        used = dict.fromkeys(source for reading in readings for source in reading.sources)
        page = render("cards", {}, cards=shown, entries=entries(used))
        return without_formulas(page)


def cards(
    *names: str, root: Path | None = None, ledger: Path | None = None, local: bool = False
) -> Cards:
    """Claims of the ledger, tested against the data, as cards.

    Parameters
    ----------
    names
        Ids, such as ``"O08"``, or themes, such as ``"energy"``; all claims where none is named.
    root
        The project's folder, found by itself where not given.
    ledger, local
        As :func:`tradeflows.claims.load` takes them.

    Raises
    ------
    QueryError
        A name is neither; the message has the nearest.
    LedgerError
        A claim that is asked for is wrong, or as :func:`tradeflows.claims.evaluate_claim`.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.cards("energy")  # doctest: +SKIP
    """
    for name in names:
        require_text("names", name, "C01")
    root = root or catalogue.root()
    book = claims.read_ledger(ledger, root, local=local)
    known: dict[str, Any] = {**book.errors}
    for claim in book.claims.values():
        known.setdefault(claim.theme, []).append(claim)
        known.setdefault(claim.id, []).append(claim)
    asked = names or (*book.errors, *book.claims)
    chosen = {claim.id: claim for name in asked for claim in claims.named(known, name)}
    return Cards(tuple(claims.evaluate_all(chosen.values(), root, local=local)), root)


def themes(
    verdicts: Iterable[Verdict], root: Path, links: Mapping[str, Mapping[str, str]]
) -> dict[str, list[dict[str, Any]]]:
    """Cards by theme, in the order of the ledger; those without a reading come last in each.

    Parameters
    ----------
    links
        Of each claim that has some, addresses by their words.

    Raises
    ------
    SourceError
        A raw file is missing or altered.
    QueryError
        A number cannot be followed to its lines.
    """
    by_theme: dict[str, list[dict[str, Any]]] = {}
    for verdict in verdicts:
        content = card(verdict, root, MOST)
        content["links"] = links.get(verdict.claim.id, {})
        by_theme.setdefault(verdict.claim.theme, []).append(content)
    for members in by_theme.values():
        members.sort(key=lambda content: not content["readings"])
    return by_theme


def head(verdict: Verdict, about: Project) -> dict[str, str]:
    """What each page says of a claim: who said what, and its public word with its colour."""
    claim = verdict.claim
    return {
        "id": claim.id,
        "speaker": about.named(claim.who),
        "statement": claim.statement,
        "group": verdict.group,
        "tone": verdict.text.tone,
    }


def card(verdict: Verdict, root: Path, most: int) -> dict[str, Any]:
    """One claim as plain values for the template, with at most so many raw lines a number.

    The readings are counted through all parts. Where nothing is decided there is nothing to
    compare, so it has no bars.
    """
    claim, text = verdict.claim, verdict.text
    parts, first = [], 1
    for part in verdict.each:
        ends = {item.unit: _axis(part, item.unit) for item in part.readings}
        parts.append(
            {
                "text": part.text,
                "said": _claimed_range(part.claim) if part.readings else "",
                "why": claims.REASONS.get(part.reason, ""),
                "settles": part.claim.settles if part.verdict == claims.NOT_DECIDED else "",
                "has_bars": part.group != claims.CANNOT_BE_TOLD,
                "first": first,
                "readings": [_reading(item, ends[item.unit], root, most) for item in part.readings],
            }
        )
        first += len(part.readings)
    has_months = any(part.claim.open.get("start") != () for part in verdict.each)
    used = [source for reading in verdict.readings for source in reading.sources]
    return {
        **head(verdict, project.load(root)),
        "who": claim.who,
        "where": IN_A_REPOSITORY.sub(r"https://github.com/\1/blob/\3/\2", claim.where),
        "window": claim.window if has_months else "",
        "said": "" if verdict.parts else _claimed_range(claim),
        "sign": text.sign,
        "word": text.label if verdict.parts else text.word,
        "caveats": named_in_print(verdict.caveats, catalogue.entries(used, root), root),
        "parts": parts,
        "readings": bool(verdict.readings),
        "links": {},
    }


def named_in_print(
    caveats: Iterable[str],
    known: Mapping[str, tuple[Source, Publisher]],
    root: Path | None = None,
) -> list[str]:
    """Caveats with names in place of the ids of `known` sources, of columns and codes of areas."""
    words = {
        name: with_carrier(source, publisher.short) for name, (source, publisher) in known.items()
    }
    words |= {column: text for column, text in COLUMNS.items() if "_" in column}
    words["USD"] = "US dollars"
    coded = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in words))
    named = [coded.sub(lambda match: words[match[0]], caveat) for caveat in caveats]
    return in_print(with_names(named, root))


def uses(verdicts: Iterable[Verdict]) -> dict[str, list[Claim]]:
    """The claims that each source is used for, by its id."""
    used: dict[str, list[Claim]] = {}
    for verdict in verdicts:
        sources = (source for reading in verdict.readings for source in reading.sources)
        for source in dict.fromkeys(sources):
            used.setdefault(source, []).append(verdict.claim)
    return used


def claimed_figure(claim: Claim) -> str:
    """The figure as it was claimed, in words; :data:`NO_FIGURE` where it is none to print."""
    if not claim.figure and claim.qualifier in SIGNS:
        return SIGNS[claim.qualifier] if claim.asks.measure.startswith(CHANGES) else NO_FIGURE
    if claim.figure is None:
        return NO_FIGURE
    is_whole = float(f"{claim.figure:.{DIGITS}g}") == claim.figure
    digits = DIGITS if is_whole or claim.qualifier != "~" else ABOUT  # worked out by whom we cite
    return _bound(claim) + claims.amount(claim.figure, claim.unit, digits)


def is_printed(claim: Claim) -> bool:
    """Whether the number of a claim stands in its sentence; else that says it in words."""
    if not claim.figure:  # an increase or a decrease has none
        return False
    number = re.search(r"[\d.,]+", claimed_figure(claim))
    return number is not None and number[0] in claim.statement


def _bound(claim: Claim) -> str:
    """What stands before the figure of a claim, with its blank; nothing before an exact one."""
    return f"{WORDS[claim.qualifier]} " if claim.qualifier in WORDS else ""


def _claimed_range(claim: Claim) -> str:
    """The figure as it was claimed, and the numbers that hold with it."""
    words = claimed_figure(claim)
    is_range = math.isfinite(claim.low) and math.isfinite(claim.high) and claim.low < claim.high
    if claim.figure is None or not is_range:
        return words
    low = claims.amount(claim.low, claim.unit, 8)
    high = claims.amount(claim.high, claim.unit, 8)
    if low == high:  # printed in full
        figure, unit = claims.in_percent(claim.figure, claim.unit)
        before, after = units.unit_words(unit)
        return f"{_bound(claim)}{before}{figure:,.0f}{after}"
    return f"{words} ({low} to {high})"


def _axis(part: Verdict, unit: str) -> tuple[float, float]:
    """Both ends of the axis that a part and its readings in one unit share; zero is on it."""
    claim = part.claim
    shown = [claim.low, claim.high, claim.figure or 0.0]
    for item in part.readings:
        shown += [item.value, item.low, item.high] if item.unit == unit else []
    finite = [0.0, *filter(math.isfinite, shown)]
    left, right = min(finite), max(finite)
    room = 0.04 * (right - left) or 1.0  # so that what is open at an end reaches beyond all
    is_open = left < 0 or claim.low == -math.inf
    return left - room if is_open else left, right + room


def _reading(
    reading: ReadingResult, ends: tuple[float, float], root: Path, most: int
) -> dict[str, Any]:
    """One reading with the first raw lines of its number; its bars in per cent of the axis."""
    left, right = ends

    def place(value: float) -> float:
        return round(100 * (min(max(value, left), right) - left) / (right - left), 2)

    claim, made = reading.claim, claims.terms(reading, root)
    rows, is_near = made["terms"], reading.text.is_small
    formula = in_words(made["formula"], len(rows))
    if len({row["role"] for row in rows}) > 1:
        formula += ", where each name is the sum of its lines"
    if reading.text.says_yes:
        tone = "yes"
    else:
        tone = NEAR_TONE if is_near and reading.witness.kind != verdict_rule.SOURCE else "no"
    return {
        "name": reading.name,
        "value": reading.text.figure,
        "says": dates_in_words(reading.text.finding),
        "counted_by": _counted_by(reading),
        "rest": reading.rest,
        "tone": tone if reading.decides else "open",  # only what decides has a colour
        "bar": sorted((place(0), place(reading.value))),
        "band": (place(claim.low), place(claim.high)),
        "zero": place(0),
        "bound": bool(reading.bound),
        "source": source_of(reading, root),
        "formula": formula,
        "code": made["formula"],
        "lines": f"{BOX}{lines_alone(rows[:most], root)}</div>",
        "counted": counted_rows(row["declared_zero"] for row in rows),
        "more": max(len(rows) - most, 0),
        "command": f'tradeflows trace {claim.id} --definition "{reading.name}"',
    }


def _counted_by(reading: ReadingResult) -> str:
    """Who counted, and how, where that is not the office whose figure it is."""
    witness = reading.witness
    words = KINDS.get(witness.kind, "")
    if not words:
        return ""
    if not witness.family:
        return NOBODY
    several = " and " in witness.family  # of a pair one may, as of Gazprom and the operators
    gains = f", {'of whom one' if several else 'who'} gains by the answer"
    return words.format(who=collector(witness.family)) + gains * witness.interested


# --- whose figures they are, and where their lines stand ------------------------------------------


def source_of(reading: ReadingResult, root: Path) -> str:
    """Whose figures a reading rests on; through whose hands they came is said with their lines."""
    return " and ".join(dict.fromkeys(name for _, name in publishers_of(reading, root)))


def publishers_of(reading: ReadingResult, root: Path) -> list[tuple[Source, str]]:
    """The sources of a reading, each with its publisher's short name, or those of its rows."""
    has_rows = "source_id" in reading.frame
    spoken: dict[str, list[str]] = {}
    for frame in [reading.frame] if has_rows else [*reading.read, reading.frame]:
        for source, names in speakers(frame).items():
            listed = spoken.setdefault(source, [])
            bare = dict.fromkeys(name.partition(", via ")[0] for name in names)
            listed += [name for name in bare if name not in listed]
    known = catalogue.entries(reading.sources, root).values()
    return [(source, catalogue.name_of(source, publisher, spoken)) for source, publisher in known]


def anchor(verdict: Verdict, reading: ReadingResult) -> str:
    """The place of the raw lines of one reading on the ledger's page."""
    names = [item.name for item in verdict.readings]
    return f"{verdict.claim.id}-{1 + names.index(reading.name)}"
