"""The ledger as pages and notebooks show it: a card a claim, down to the lines of each number."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tradeflows import claims
from tradeflows.charts import layout
from tradeflows.charts.raw_lines import ENTRY, entries
from tradeflows.claims import Claim, ReadingResult, Verdict
from tradeflows.model.lineage import full_number
from tradeflows.retrieval import catalogue
from tradeflows.tables.display import without_formulas

LINES = 40  # of a reading that the page prints; the command line shows all
TONES = {
    claims.HOLDS: "yes",
    claims.HOLDS_WITHIN_REVISIONS: "yes",
    claims.DEPENDS: "partly",
    claims.DIFFERS: "no",
    claims.CONTRADICTED: "no",
    claims.NOT_DECIDED: "open",
    claims.NOT_TESTED: "open",
}
WORDS = {">": "more than ", "≥": "at least ", "<": "less than ", "≤": "at most ", "~": "about "}
SIGNS = {">": "an increase", "<": "a decrease"}  # where the figure is zero
# What readers see of a unit, before and after the number; others stand after it as they are.
UNITS = {
    "USD": ("$", ""),
    "percent": ("", " %"),
    "%": ("", " %"),
    "ratio": ("", ""),
    "bbl/day": ("", " barrels a day"),
    "USD/bbl": ("$", " a barrel"),
    "USD/t": ("$", " a tonne"),
    "tonnes/yr": ("", " tonnes a year"),
    "times": ("", " times"),
    "units": ("", " pieces"),
}
STEPS = ((1e9, " billion"), (1e6, " million"))


def number(value: float, unit: str, digits: int = 4) -> str:
    """Print a number with its unit as a newspaper would: $81 billion, 43 %, 700 tonnes."""
    before, after = UNITS.get(unit, ("", f" {unit}"))
    size, word = next(((size, word) for size, word in STEPS if abs(value) >= size), (1.0, ""))
    text = layout.number(value / size, digits)
    return f"−{before}{text[1:]}{word}{after}" if value < 0 else f"{before}{text}{word}{after}"


class Cards(NamedTuple):
    """Claims with their verdicts; in a notebook each number opens its raw lines."""

    verdicts: tuple[Verdict, ...]
    root: Path

    def __repr__(self) -> str:
        """Each claim as ``tradeflows claims ID`` explains it, but for the caveats."""
        return "\n".join(
            line
            for each in self.verdicts
            for line in claims.explain(each)
            if not line.startswith("  mind:")
        )

    def _repr_html_(self) -> str:
        from tradeflows.report.site import render

        shown = [card(each, self.root) for each in self.verdicts]
        used = dict.fromkeys(
            name for each in self.verdicts for one in each.readings for name in one.sources
        )
        page = render("cards", {}, cards=shown, entry=ENTRY, entries=entries(used))
        return without_formulas(page)


def cards(*names: str, root: Path | None = None) -> Cards:
    """Claims of the ledger, tested against the data, as cards.

    Parameters
    ----------
    names
        Ids, such as ``"O08"``, or themes, such as ``"energy"``.
    root
        The project's folder, found by itself where not given.

    Raises
    ------
    QueryError
        A name is neither; the message has the nearest.
    LedgerError
        As :func:`tradeflows.claims.evaluate_claim`.
    """
    root = root or catalogue.root()
    known: dict[str, list[Claim]] = {}
    for one in claims.load(root=root).values():
        for name in (one.theme, one.id):
            known.setdefault(name, []).append(one)
    chosen = {one.id: one for name in names for one in claims.named(known, name)}
    return Cards(tuple(claims.evaluate_all(chosen.values(), root)), root)


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
    found: dict[str, list[dict[str, Any]]] = {}
    for verdict in verdicts:
        one = card(verdict, root) | {"links": links.get(verdict.claim.id, {})}
        found.setdefault(verdict.claim.theme, []).append(one)
    return {
        theme: sorted(cards, key=lambda one: not one["readings"]) for theme, cards in found.items()
    }


def card(verdict: Verdict, root: Path) -> dict[str, Any]:
    """One claim as plain values for the template."""
    claim = verdict.claim
    left, right = _scale(verdict)

    def at(value: float) -> float:
        return round(100 * (min(max(value, left), right) - left) / (right - left), 2)

    return {
        "id": claim.id,
        "statement": claim.statement,
        "who": claim.who,
        "where": claim.where,
        "window": claim.window.replace("..", " to "),
        "said": _said(claim),
        "verdict": verdict.verdict,
        "sentence": claims.sentence(verdict),
        "group": verdict.group,
        "tone": _tone_of(verdict),
        "reason": verdict.reason,
        "why": claims.REASONS.get(verdict.reason, ""),
        "caveats": verdict.caveats,
        "band": (at(claim.low), at(claim.high)),
        "zero": at(0),
        "readings": [_reading(one, claim, at, root) for one in verdict.readings],
        "links": {},
    }


def _tone_of(verdict: Verdict) -> str:
    """The colour of a verdict; a miss below 1 % raises no alarm."""
    is_alarm = verdict.verdict != claims.DIFFERS or not claims.is_small(verdict.deviation)
    return TONES[verdict.verdict] if is_alarm else "partly"


def picture(verdict: Verdict, root: Path) -> bytes:
    """A claim with readings as a picture to share, a PNG as large as a card; see :mod:`export`."""
    from tradeflows import charts
    from tradeflows.report import chart_files

    claim, rows = verdict.claim, claims.table([verdict])
    largest = max(rows["value"].abs().max(), abs(claim.figure or 0.0))
    size, word = next(((size, word) for size, word in STEPS if largest >= size), (1.0, ""))
    before, after = UNITS.get(claim.unit, ("", f" {claim.unit}"))
    counted = " ".join([*word.split(), *("dollars" * (before == "$") + after).split()])
    signs = {"at most ": "≤", "at least ": "≥", "": "="}
    axes = charts.bars(
        rows.assign(
            value=rows["value"] / size,
            qualifier=[signs[one.bound] for one in verdict.readings],
        ),
        y="value",
        by="reading",
        title=claim.statement,
        unit=f"{claims.sentence(verdict).capitalize()}; {counted or 'ratio'}",
        highlight=list(rows["reading"][rows["decides"].fillna(False)]),
        reference={f"Claimed: {_said(claim).partition(' (')[0]}": (claim.figure or 0.0) / size},
        note=f"tradeflows, claim {claim.id}",
        source=catalogue.credit(rows.attrs["sources"], root),
    )
    return chart_files.card(axes.figure)


def uses(verdicts: Iterable[Verdict]) -> dict[str, list[Claim]]:
    """The claims that each source is used for, by its id."""
    found: dict[str, dict[str, Claim]] = {}
    for verdict in verdicts:
        for source in {name for one in verdict.readings for name in one.sources}:
            found.setdefault(source, {})[verdict.claim.id] = verdict.claim
    return {source: list(each.values()) for source, each in found.items()}


def _said(claim: Claim) -> str:
    """The figure as it was claimed, and the numbers that agree with it."""
    if claim.figure is None:
        return "no figure"
    if not claim.figure and claim.qualifier in SIGNS:
        return SIGNS[claim.qualifier]
    said = WORDS.get(claim.qualifier, "") + number(claim.figure, claim.unit, 6)
    if math.isfinite(claim.low) and math.isfinite(claim.high) and claim.low < claim.high:
        low, high = (number(end, claim.unit, 8) for end in (claim.low, claim.high))
        if low == high:  # printed in full
            before, after = UNITS.get(claim.unit, ("", f" {claim.unit}"))
            return f"{WORDS.get(claim.qualifier, '')}{before}{claim.figure:,.0f}{after}"
        said += f" ({low} to {high})"
    return said


def _scale(verdict: Verdict) -> tuple[float, float]:
    """Both ends of the axis that the claim and its readings share; zero is on it."""
    claim = verdict.claim
    shown = [claim.low, claim.high, claim.figure or 0.0]
    shown += [value for one in verdict.readings for value in (one.value, one.low, one.high)]
    shown = [value for value in shown if math.isfinite(value)]
    left, right = min(0.0, *shown), max(0.0, *shown)
    room = 0.04 * (right - left) or 1.0  # so that what is open at an end reaches beyond all
    return left - room * (left < 0 or claim.low == -math.inf), right + room


def _reading(one: ReadingResult, claim: Claim, at: Any, root: Path) -> dict[str, Any]:
    return {
        "name": one.name,
        "value": one.bound + number(one.value, one.unit),
        "ratio": "",
        "says": claims.finding(one),
        "tone": _tone(one),
        "bar": sorted((at(0), at(one.value))),
        "bound": bool(one.bound),
    } | _lines(claims.terms(one, root), claim)


def _tone(one: ReadingResult) -> str:
    """The colour of a reading: only what decides has one, and a small miss raises no alarm."""
    if not one.decides:
        return "open"
    if one.fits or one.fits_band:
        return "yes"
    return "partly" if claims.is_small(one.deviation) else "no"


def _lines(terms: Mapping[str, Any], claim: Claim) -> dict[str, Any]:
    """The formula and the raw lines of one number, by file; not more than :data:`LINES`."""
    rows = terms["terms"]
    files: dict[str, dict[str, Any]] = {}
    for row in rows[:LINES]:
        file = files.setdefault(
            row["path"],
            {
                "source": row["source_id"],
                "rows": [],
                "publisher": row["publisher"],
                "address": row["address"],
            },
        )
        file["rows"].append(
            {
                "line": row["line"],
                "text": row["text"],
                "role": row["role"],
                "number": f"{full_number(row['value'])} {row['unit']}",
            }
        )
    command = f'tradeflows trace {claim.id} --definition "{terms["definition"]}"'
    return {
        "formula": terms["formula"],
        "lines": files,
        "count": len(rows),
        "roles": len({row["role"] for row in rows}) > 1,
        "more": len(rows) - min(len(rows), LINES),
        "command": command,
    }
