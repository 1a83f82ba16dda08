"""Verdicts in words, as plain values, as a table, and the raw lines of each number."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tradeflows.claims.evaluate import (
    DEPENDS,
    NOT_REPRODUCED,
    NOT_TESTABLE,
    REPRODUCED,
    ReadingResult,
    Verdict,
    verdicts,
)
from tradeflows.claims.ledger import REASONS, lookup
from tradeflows.model import lineage
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role, full_number
from tradeflows.tables.trace import trace

if TYPE_CHECKING:
    import pandas as pd


def as_json(verdict: Verdict) -> dict[str, Any]:
    """One claim with its verdict as plain values, for ``--json`` and the report."""
    claim = verdict.claim
    return {
        "id": claim.id,
        "theme": claim.theme,
        "statement": claim.statement,
        "figure": claim.figure,
        "unit": claim.unit,
        "qualifier": claim.qualifier,
        "window": claim.window,
        "who": claim.who,
        "where": claim.where,
        "verdict": verdict.verdict,
        "reason": verdict.reason,
        "caveats": list(verdict.caveats),
        "definitions": [
            {
                "name": one.name,
                "value": one.value,
                "unit": one.unit,
                "ratio": one.ratio,
                "agrees": one.agrees,
                "rows": one.rows,
                "note": one.note,
                "sources": list(one.sources),
            }
            for one in verdict.found
        ],
    }


COLOUR = {REPRODUCED: 32, DEPENDS: 33, NOT_REPRODUCED: 31, NOT_TESTABLE: 90}  # of a terminal


def line(verdict: Verdict, *, colour: bool = False) -> str:
    """One claim in one line: id, verdict, what agrees, statement."""
    agree = sum(one.agrees is True for one in verdict.found)
    said = sum(one.agrees is not None for one in verdict.found)
    count = f"{agree} of {said}" if said else ""
    word = f"{verdict.verdict:25}"
    if colour:
        word = f"\x1b[{COLOUR[verdict.verdict]}m{word}\x1b[0m"
    return f"{verdict.claim.id:7} {word} {count:7} {verdict.claim.statement}"


def explain(verdict: Verdict) -> list[str]:
    """One claim in full, in lines: what was said by whom, each reading's number, the caveats."""
    claim = verdict.claim
    exact = claim.low < claim.high and full_number(claim.low, 6) == full_number(claim.high, 6)
    digits = 12 if exact else 6
    said = (
        "in words"
        if claim.figure is None
        else f"{claim.qualifier} {full_number(claim.figure, digits)} {claim.unit}"
    )
    if claim.readings and claim.low > -math.inf and claim.high < math.inf:
        said += f", so {full_number(claim.low, digits)} to {full_number(claim.high, digits)}"
    lines = [
        f"{claim.id}: {claim.statement}",
        f"  said by {claim.who} ({claim.where}), for {claim.window}: {said}",
        f"  verdict: {verdict.verdict}",
    ]
    if verdict.reason:
        lines.append(f"  because: {verdict.reason}, that is, {REASONS[verdict.reason]}")
    for one in verdict.found:
        agrees = {True: "agrees", False: "disagrees", None: f"says nothing ({one.note})"}
        ratio = "" if one.ratio is None else f", {times(one.ratio)} of the claim"
        told = f"{one.bound}{full_number(one.value, digits)} {one.unit}{ratio}"
        lines.append(f"  {agrees[one.agrees]}: {one.name}: {told}")
    return lines + [f"  mind: {caveat}" for caveat in verdict.caveats]


def times(ratio: float) -> str:
    """`ratio` in three figures, or in as many as tell it from 1."""
    digits = next((n for n in range(3, 12) if float(f"{ratio:.{n}g}") != 1), 3)
    return f"{ratio:.{digits}g}"


def terms(found: ReadingResult, root: Path | None = None) -> dict[str, Any]:
    """The raw lines that the number of one reading was made of, and the formula over them.

    Returns
    -------
    dict
        ``definition``, ``value``, ``unit``, ``formula`` and ``terms``, a list of dicts with
        ``role``, ``value``, ``unit``, ``sign``, ``source_id``, ``path``, ``line``, ``text``,
        ``publisher``, ``address`` and ``declared_zero``. A role in the formula is the sum of its
        terms.

    Raises
    ------
    SourceError
        A raw file is missing or altered.
    QueryError
        The lines do not come to the number.
    """
    traced = trace(_first(found), found.result, root)
    formula = traced["formula"].iloc[0]
    if found.scale != 1.0:
        formula = f"({formula}) * {found.scale!r}"
    columns = [
        "role",
        "value",
        "unit",
        "sign",
        "source_id",
        "path",
        "line",
        "text",
        "publisher",
        "address",
        "declared_zero",
    ]
    return {
        "definition": found.name,
        "value": found.value,
        "unit": found.unit,
        "formula": formula,
        "terms": traced[columns].to_dict("records"),
    }


def _first(found: ReadingResult) -> pd.DataFrame:
    """The row that holds the number; others may repeat it."""
    return found.frame[found.frame[found.result].notna()].iloc[[0]]


def chosen(verdict: Verdict, name: str | None) -> list[ReadingResult]:
    """All that was found for a claim, or the one definition called `name`."""
    if name is None:
        return list(verdict.found)
    where = f"claim {verdict.claim.id}"
    names = {one.name: one for one in verdict.found}
    return [lookup(where, "definition", name, names, QueryError)]


def verdict_rows(verdict: Verdict) -> list[dict[str, str]]:
    """One claim as rows of ``data/verdicts.csv``: a row a reading, numbers in full."""
    rows = [
        {"reading": one.name, "value": repr(one.value), "unit": one.unit, "agrees": str(one.agrees)}
        for one in verdict.found
    ] or [{"reading": "", "value": "", "unit": "", "agrees": ""}]
    head = {"claim": verdict.claim.id, "verdict": verdict.verdict, "reason": verdict.reason}
    return [head | row for row in rows]


def table(found: Iterable[Verdict] | None = None, *, theme: str | None = None) -> pd.DataFrame:
    """The ledger as a frame, for notebooks and charts.

    Parameters
    ----------
    found
        As :func:`verdicts` gives them; all of the project's own where not given.
    theme
        Only the claims of this theme.

    Returns
    -------
    DataFrame, one row a reading (one a claim without any)
        ``id``, ``theme``, ``statement``, ``figure``, ``unit``, ``qualifier``, ``window``, ``who``,
        ``verdict``, ``reason``, ``reading``, ``value``, ``low``, ``high``, ``ratio`` (value over
        figure) and ``agrees`` (nullable). ``attrs["sources"]`` names all sources used.

    Raises
    ------
    QueryError
        There is no such theme.
    LedgerError
        As :func:`evaluate_claim`.
    """
    import pandas as pd

    shown = list(verdicts() if found is None else found)
    themes = {each.claim.theme: None for each in shown}
    if theme is not None:
        lookup("the ledger", "theme", theme, themes, QueryError)
        shown = [each for each in shown if each.claim.theme == theme]
    of_claim = ("id", "theme", "statement", "figure", "unit", "qualifier", "window", "who")
    of_reading = ("value", "low", "high", "ratio", "agrees")
    pairs = [(each, one) for each in shown for one in each.found or (None,)]
    frame = pd.DataFrame(
        [
            {name: getattr(each.claim, name) for name in of_claim}
            | {"verdict": each.verdict, "reason": each.reason, "reading": one.name if one else ""}
            | {name: getattr(one, name) if one else None for name in of_reading}
            for each, one in pairs
        ]
    ).astype(
        {
            "figure": "float64",
            "value": "float64",
            "low": "float64",
            "high": "float64",
            "ratio": "float64",
            "agrees": "boolean",
        }
    )
    sources = [name for _, one in pairs if one for name in one.sources]
    frame.attrs = {"sources": tuple(dict.fromkeys(sources)), "caveats": ()}
    lineage.record(frame, _formulas(pairs))
    return frame


def _formulas(pairs: Iterable[tuple[Verdict, ReadingResult | None]]) -> dict[str, Formula]:
    """How each row's number came about, for a trace of the table."""
    names: dict[str, Role] = {}
    values, ratios = [], []
    for i, (each, one) in enumerate(pairs):
        if one:
            names[f"r{i}"] = Role(_first(one), one.result, slot=np.array([i]))
        values.append(f"r{i}" if not one or one.scale == 1.0 else f"r{i} * {one.scale!r}")
        ratios.append(f"{values[-1]} / {each.claim.figure!r}")
    which = np.arange(len(values))
    return {"value": Formula(values, names, which), "ratio": Formula(ratios, names, which)}
