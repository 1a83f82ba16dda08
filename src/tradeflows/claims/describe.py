"""Verdicts in lines, as plain values, as a table, and the raw lines of each number."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tradeflows import measures
from tradeflows.claims import verdict_rule
from tradeflows.claims.evaluate import ReadingResult, Verdict, evaluate_all
from tradeflows.claims.ledger import (
    ANNEX,
    CORE,
    FOLDED,
    REASONS,
    VERSION,
    Claim,
    load,
    lookup,
    of_theme,
)
from tradeflows.claims.verdict_text import COLOURS, MARKS, NEAR, asked, in_full
from tradeflows.model import lineage
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import COUNT, Formula, Role, full_number
from tradeflows.tables.trace import trace

if TYPE_CHECKING:
    import pandas as pd

WIDEST = 24  # letters of "38 % more than claimed", with room
WIDEST_MARK = max(map(len, MARKS.values()))
YEAR = re.compile(r"\b\d{4}\b")
PARTS = {
    CORE: "",
    ANNEX: "published figures that something here tests or bounds",
    FOLDED: "claims that nothing held here tests",
}

# --- in lines -------------------------------------------------------------------------------------


def line(verdict: Verdict, *, colour: bool = False) -> str:
    """One claim in one line: id, sign, verdict or deviation, statement, what else is to be said.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.line(verdict)
    'O08    ✓   holds                    China bought crude oil, coal, ...'
    """
    text = verdict.text
    words = f"{text.sign:{WIDEST_MARK}} {text.short:{WIDEST}}"
    if colour:
        words = f"\x1b[{0 if text.is_near else COLOURS[verdict.group]}m{words}\x1b[0m"
    said = [*[text.sentence] * (text.sentence != text.short), *verdict.claim.minds]
    tail = f" [{'; '.join(said)}]" if said else ""
    return f"{verdict.claim.id:6} {words} {verdict.claim.statement}{tail}"


def overview(judged: Iterable[Verdict], *, everything: bool, colour: bool = False) -> list[str]:
    """The ledger in lines: the core, and with `everything` the annex and the folded list too.

    The last says what the signs mean.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.overview([verdict], everything=False)[-1]
    '✓ holds'
    """
    judged, lines = list(judged), []
    parts = [part for part in PARTS if any(item.claim.place == part for item in judged)]
    for part in parts:
        here = [verdict for verdict in judged if verdict.claim.place == part]
        if everything or part == CORE or CORE not in parts:
            lines += [line(verdict, colour=colour) for verdict in here]
        else:
            lines.append(f"and {len(here)} {PARTS[part]}: `tradeflows claims --all`")
    key = "; ".join(f"{sign} {meaning}" for sign, meaning in signs(judged).items())
    return [*lines, key] if key else lines


def signs(judged: Iterable[Verdict]) -> dict[str, str]:
    """What the signs mean that these verdicts have, by sign.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.signs([verdict])
    {'✓': 'holds'}
    """
    used = {part.text.sign for verdict in judged for part in (verdict, *verdict.parts)}
    meanings = {sign: group for group, sign in MARKS.items()}
    meanings[NEAR] = f"nearly: less than {verdict_rule.SMALL:.0f} % off"
    return {sign: meaning for sign, meaning in meanings.items() if sign in used}


def explain(verdict: Verdict) -> list[str]:
    """One claim in full, in lines: what was claimed by whom, each reading's number, the caveats.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.explain(verdict)[2].strip()
    'verdict: holds'
    """
    claim, digits, claimed = verdict.claim, _digits(verdict.claim), "in words"
    if claim.figure is not None:
        claimed = f"{claim.qualifier} {in_full(claim.figure, claim.unit, digits)}"
        if claim.kg_per_unit is not None:
            claimed += f", one of them taken as {full_number(claim.kg_per_unit)} kg"
        is_tested = bool(claim.readings or claim.parts)
        if is_tested and claim.low > -math.inf and claim.high < math.inf:
            claimed += f", so {full_number(claim.low, digits)} to {full_number(claim.high, digits)}"
            claimed += f", since {claim.printed_because}" * bool(claim.printed_because)
    lines = [
        f"{claim.id}: {claim.statement}",
        f"  claimed by {claim.who} ({claim.where}), for {claim.window}: {claimed}",
        f"  verdict: {verdict.text.label}",
    ]
    for part in verdict.each:
        if verdict.parts:
            lines.append(f"  part: {part.claim.words}: {part.text.label}")
        lines += _explained(part)
    todos = dict.fromkeys(reading.todo for reading in verdict.readings if reading.todo)
    lines += [f"  to do: {todo}" for todo in todos]
    return lines + [f"  mind: {caveat}" for caveat in (*claim.minds, *verdict.caveats)]


def _explained(part: Verdict) -> list[str]:
    """One part of a claim in lines: what follows, what is open, what each reading says."""
    claim, lines = part.claim, []
    if part.text.sentence != part.verdict:
        lines.append(f"  that is: {part.text.sentence}")
    if claim.readings:
        lines.append(f"  asked: {asked(claim)}")
    if part.reason:
        lines.append(f"  because: {part.reason}, that is, {REASONS[part.reason]}")
    if part.band and part.band.releases:
        several = f"{len(part.band.releases)} releases held"
        lines.append(f"  band: ±{part.band.width:.2g} {part.band.unit}, from {several}")
    lines += [f"  open: {text}" for text in part.text.open]
    for item in part.readings:
        number = item.bound + in_full(item.value, item.unit, _digits(claim))
        covered = f" ({item.coverage})" if item.coverage else ""
        lines.append(f"  {item.role}: {item.name}: {number}{covered}: {item.text.finding}")
        if item.rest:
            lines.append(f"    what it leaves out: {item.rest}")
    if part.verdict == verdict_rule.NOT_DECIDED and claim.settles:
        lines.append(f"  would settle it: {claim.settles}")
    return lines


def _digits(claim: Claim) -> int:
    """Twelve digits where six would make both ends of the printed step alike, else six."""
    is_exact = claim.low < claim.high and full_number(claim.low, 6) == full_number(claim.high, 6)
    return 12 if is_exact else 6


# --- as plain values ------------------------------------------------------------------------------

OF_CLAIM = ("id", "theme", "statement", "figure", "unit", "qualifier", "window", "who", "where")
OF_READING = ("name", "role", "value", "unit", "deviation", "fits", "fits_band", "decides", "note")
OF_ROW = ("value", "unit", "role", "fits", "vote", "decides")  # of a reading, in data/verdicts.csv


def as_json(verdict: Verdict) -> dict[str, Any]:
    """One claim with its verdict as plain values, for ``--json`` and the report.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.as_json(verdict)["verdict"]
    'holds'
    """
    claim = verdict.claim
    return _values(claim, OF_CLAIM) | {
        "version": VERSION,
        "core": claim.core,
        "part": claim.place,
        "verdict": verdict.verdict,
        "public_word": verdict.group,
        "sentence": verdict.text.sentence,
        "deviation": verdict.deviation,
        "deviation_unit": verdict_rule.DIFFERENCES.get(claim.unit, "%"),
        "decided_by": list(verdict.decided_by),
        "caveats": [*claim.minds, *verdict.caveats],
        "parts": [
            _values(part.claim, ("words", "figure", "unit", "qualifier"))
            | {
                "asks": {key: value for key, value in vars(part.claim.asks).items() if value},
                "open": {key: list(admitted) for key, admitted in part.claim.open.items()},
                "open_because": part.text.open,
                "verdict": part.verdict,
                "public_word": part.group,
                "sentence": part.text.sentence,
                "votes": {family: sorted(said) for family, said in part.votes.items()},
                "deviation": part.deviation,
                "band": part.band and vars(part.band) | {"releases": list(part.band.releases)},
                "not_tested": part.reason,
                "settles": part.claim.settles,
                "readings": [
                    _values(reading, OF_READING)
                    | {
                        "differs_in": list(reading.differs_in),
                        "witness": reading.witness.kind,
                        "counted_by": reading.witness.family,
                        "vote": reading.vote,
                        "rest": reading.rest,
                        "bound": reading.bound.strip(),
                        "finding": reading.text.finding,
                        "coverage": reading.coverage,
                        "flags": list(reading.flags),
                        "rows": reading.rows,
                        "sources": list(reading.sources),
                    }
                    for reading in part.readings
                ],
            }
            for part in verdict.each
        ],
    }


def _values(record: object, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def verdict_rows(verdict: Verdict) -> list[dict[str, str]]:
    """One claim as rows of ``data/verdicts.csv``: a row a reading, numbers in full.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> claims.verdict_rows(verdict)[-1]["decides"]
    'True'
    """
    rows = []
    for part in verdict.each:
        head = {"claim": verdict.claim.id, "verdict": verdict.verdict}
        head |= {"part": part.claim.words, "of_part": part.verdict, "not_tested": part.reason}
        for item in part.readings:
            values = {name: str(getattr(item, name)) for name in OF_ROW}
            counted = {"witness": item.witness.kind, "counted_by": item.witness.family}
            rows.append(head | {"reading": item.name} | values | counted)
        if not part.readings:
            rows.append(head | dict.fromkeys(("reading", *OF_ROW, "witness", "counted_by"), ""))
    return rows


# --- the raw lines --------------------------------------------------------------------------------

TERM_COLUMNS = [
    *("role", "value", "unit", "sign", "source_id", "source_field", "path", "line", "text"),
    *("publisher", "address", "declared_zero", "ref_period", "raw_column"),
]


def terms(reading: ReadingResult, root: Path | None = None) -> dict[str, Any]:
    """The raw lines that the number of one reading was made of, and the formula over them.

    Returns
    -------
    dict
        ``definition``, ``value``, ``unit``, ``formula`` and ``terms``, a list of dicts with
        ``role``, ``value``, ``unit``, ``sign``, ``source_id``, ``path``, ``line``, ``text``,
        ``publisher``, ``address``, ``declared_zero``, ``ref_period`` and ``raw_column``, as
        :func:`tradeflows.trace` has them. A role in the formula is the sum of its terms.

    Raises
    ------
    SourceError
        A raw file is missing or altered.
    QueryError
        The lines do not come to the number.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> made = claims.terms(verdict.readings[0])
    >>> made["formula"], len(made["terms"])
    ('value', 12)
    """
    traced = trace(reading.first_row, reading.traced, root)
    formula = traced["formula"].iloc[0]
    return {
        "definition": reading.name,
        "value": reading.value,
        "unit": reading.unit,
        "formula": formula if reading.scale == 1.0 else f"({formula}) * {reading.scale!r}",
        "terms": traced[TERM_COLUMNS].to_dict("records"),
    }


def chosen(verdict: Verdict, name: str | None) -> list[ReadingResult]:
    """All readings of a claim, or the one called `name`.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> [reading.name for reading in claims.chosen(verdict, "crude oil alone")]
    ['crude oil alone']
    """
    if name is None:
        return list(verdict.readings)
    names = {reading.name: reading for reading in verdict.readings}
    return [lookup("definition", name, names, QueryError)]


# --- as a frame -----------------------------------------------------------------------------------

NUMBERS = ("value", "low", "high", "ratio", "deviation")
ANSWERS = ("fits", "decides")
TABLE_READING = ("role", *NUMBERS, *ANSWERS, "note")
TYPES = dict.fromkeys(("figure", *NUMBERS), "float64") | dict.fromkeys(
    (*ANSWERS, "agrees"), "boolean"
)


def table(judged: Iterable[Verdict] | None = None, *, theme: str | None = None) -> pd.DataFrame:
    """The ledger as a frame, for notebooks and charts.

    Parameters
    ----------
    judged
        As :func:`verdicts` gives them; all of the project's own where not given.
    theme
        Only the claims of this theme.

    Returns
    -------
    DataFrame, one row a reading (one a claim without any)
        ``id``, ``theme``, ``statement``, ``figure``, ``unit``, ``qualifier``, ``window``, ``who``,
        ``part``, ``verdict``, ``group``, ``sentence``, ``reason``, ``reading``, ``role``,
        ``value``, ``low``, ``high``, ``ratio`` (value over figure), ``deviation``, ``fits`` and
        ``decides`` (nullable), ``note``, and ``agrees``: whether a reading that decides holds, null
        where it decides nothing. ``attrs["sources"]`` names all sources used.

    Raises
    ------
    QueryError
        There is no such theme.
    LedgerError
        As :func:`evaluate_claim`.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdict = claims.evaluate_claim(claims.load()["O08"])
    >>> frame = claims.table([verdict])
    >>> frame[frame["agrees"].notna()]["reading"].item()
    'crude oil, coal, pipeline gas and LNG'
    """
    import pandas as pd

    given = None if judged is None else {verdict.claim.id: verdict for verdict in judged}
    known = load() if given is None else {name: each.claim for name, each in given.items()}
    listed = of_theme(known, theme)
    shown = evaluate_all(listed.values()) if given is None else [given[name] for name in listed]
    pairs = [(verdict, item) for verdict in shown for item in verdict.readings or (None,)]
    frame = pd.DataFrame([_table_row(*pair) for pair in pairs]).astype(TYPES)
    sources = dict.fromkeys(name for _, item in pairs if item for name in item.sources)
    frame.attrs = {"sources": tuple(sources), "caveats": ()}
    lineage.record(frame, _formulas(pairs))
    return frame


def _formulas(pairs: Iterable[tuple[Verdict, ReadingResult | None]]) -> dict[str, Formula]:
    """How each row's number came about, for a trace of the table."""
    names: dict[str, Role] = {}
    values, ratios = [], []
    for i, (verdict, item) in enumerate(pairs):
        text, figure = f"r{i}", item.claim.figure if item else verdict.claim.figure
        if item and item.traced != item.result:  # a date, which no sum comes to
            text = repr(item.value)
        elif item:
            names[text] = Role(item.first_row, item.result, slot=np.array([i]))
            text += "" if item.scale == 1.0 else f" * {item.scale!r}"
        values.append(text)
        ratios.append(f"{text} / {figure!r}")
    which = np.arange(len(values))
    return {"value": Formula(values, names, which), "ratio": Formula(ratios, names, which)}


def _table_row(verdict: Verdict, item: ReadingResult | None) -> dict[str, Any]:
    head = _values(verdict.claim, OF_CLAIM[:-1]) | {
        "part": verdict.claim.place,
        "verdict": verdict.verdict,
        "group": verdict.group,
        "sentence": verdict.text.sentence,
        "reason": verdict.reason,
        "reading": item.name if item else "",
    }
    if item is None:
        return head | dict.fromkeys((*TABLE_READING, "agrees"))
    agrees = bool(item.fits or item.fits_band) if item.decides else None
    return head | _values(item, TABLE_READING) | {"agrees": agrees}


def tally(ledger: pd.DataFrame, by: str, printed: pd.DataFrame | None = None) -> pd.DataFrame:
    """How many claims there are of each kind, each with a raw line to see.

    Parameters
    ----------
    ledger
        Rows of :func:`table`, filtered and with more columns as you like.
    by
        Column of the kinds, the same in all rows of a claim; one that is listed under two counts
        in both.
    printed
        Figures of the table of that name, for claims that nothing tests: what was printed.

    Returns
    -------
    DataFrame, one row a kind, the most frequent first
        `by`, ``claims`` and ``window_text``, the years that their windows lie in. Below a chart of
        it stand the claims behind each number by their name (``claim``, else ``statement``), each
        with the first raw line of the figure that decides, else of the first that there is, else of
        what was printed, if anything is.

    Examples
    --------
    >>> from tradeflows import claims
    >>> verdicts = [claims.evaluate_claim(claims.load()[name]) for name in ("O08", "O09")]
    >>> claims.tally(claims.table(verdicts), "group")
       group  claims         window_text
    0  holds       2  2021-01 to 2022-12
    """
    rank = 2 * ledger["decides"].fillna(False).astype("int") + ledger["value"].notna()
    in_order = ledger.loc[rank.sort_values(ascending=False, kind="stable").index]
    first = in_order.drop_duplicates(["id", by]).sort_index()
    name = "claim" if "claim" in ledger else "statement"
    members = {"found": first[first["value"].notna()]}
    rest = first[first["value"].isna()]
    if printed is not None:
        of_rest = printed[printed["id"].isin(rest["id"]) & printed["value"].notna()]
        of_rest = of_rest.drop_duplicates("id")
        known = rest.drop_duplicates("id").set_index("id")
        columns = {column: of_rest["id"].map(known[column]) for column in (name, by)}
        members["printed"] = of_rest.assign(**columns)
        rest = rest[rest["id"].duplicated() | ~rest["id"].isin(of_rest["id"])]
    members["nothing"] = rest
    wanted = list(dict.fromkeys(["id", name, by, "value", *lineage.PLACE]))
    parts = {
        key: part[[column for column in wanted if column in part]]
        for key, part in members.items()
        if len(part)
    }
    each = measures.stack(parts, "from")
    kinds = first[by].value_counts()
    counts = kinds.rename_axis(by).reset_index(name="claims")
    years = first.groupby(by)["window"].agg(" ".join).map(YEAR.findall)
    texts = years.map(lambda each: f"{min(each)}-01 to {max(each)}-12" if each else "")
    counts["window_text"] = texts.reindex(kinds.index).array
    role = Role(each, "value", slot=kinds.index.get_indexer(each[by]))
    counts.attrs = {"sources": each.attrs["sources"], "caveats": ()}
    lineage.record(counts, {"claims": Formula(COUNT, {"value": role})})
    return counts
