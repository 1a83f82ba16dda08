"""What a reading of several numbers answers, from what each of them does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from tradeflows.claims import questions
from tradeflows.claims.answers import NAMEABLE, as_lead, in_whole, named_beside, require_alike
from tradeflows.claims.questions import AMOUNTS, PLACES
from tradeflows.claims.verdict_rule import Question
from tradeflows.claims.word_lists import Table
from tradeflows.model.errors import LedgerError
from tradeflows.model.periods import month_text, runs

DIRECTIONS = {"M": "imports", "X": "exports"}
NO_SUM = ("growth of", "price", "mean of", "month of", "largest", "rank", "share of")


def combined(
    how: str, terms: Sequence[Question], named: Table, *, at_least: bool = False
) -> Question:
    """What a reading of several numbers answers, from what each of them does.

    A share has the keys of its part. What differs between the others stands joined, so that a
    difference of two countries is a question of both, the first before the second.

    Parameters
    ----------
    at_least
        Whether its number is a lower bound, so that more may be taken off than was there.

    Raises
    ------
    LedgerError
        The terms do not go together, or its `keys` contradict what follows.
    """
    first, *others = terms
    if how == "share":
        keys = _share(first, others)
    elif how == "sum":
        keys = summed(terms)
    else:
        keys = _compared(how, first, summed(others), at_least=at_least)
    return named_beside(keys, named, NAMEABLE)


def lacking(how: str, terms: Sequence[Question]) -> str:
    """The months within what is summed that no term states, in words."""
    parts = terms if how == "sum" else terms[1:]
    windows = [questions.months_of(item.start, item.end) for item in parts if item.start]
    stated = {month for window in windows for month in window}
    return runs(set(range(min(stated), max(stated) + 1)) - stated) if stated else ""


# --- sums -----------------------------------------------------------------------------------------


def summed(terms: Sequence[Question]) -> Question:
    """What a sum is of: terms that differ in one key, and have nothing in common."""
    first, *others = terms
    if not others:
        return first
    if len({(item.measure, item.base) for item in terms}) > 1:
        listed = " and ".join(dict.fromkeys(item.measure for item in terms))
        raise LedgerError(f"adds up {listed}: a sum is of one measure")
    if first.measure.startswith(NO_SUM):
        raise LedgerError(f"adds up {first.measure}: there is no such sum")
    _require_apart(terms)
    windows = {(item.start, item.end) for item in terms}
    if len(windows) > 1 and first.measure not in AMOUNTS:
        raise LedgerError(f"adds up {first.measure} of several times: there is no such sum")
    joined = {key: questions.joined(getattr(item, key) for item in terms) for key in PLACES}
    start = min(item.start for item in terms)
    return replace(first, **joined, start=start, end=max(item.end for item in terms))


def _require_apart(terms: Sequence[Question]) -> None:
    """Refuse terms of a sum that have something in common, or that differ in several keys."""
    for one, other in combinations(terms, 2):
        if questions.overlap(one, other):
            common = f"{one.goods or 'the same'} of {questions.words(one)}"
            if (one.start, one.end) != (other.start, other.end):
                months = {*questions.months_of(one.start, one.end)}
                common = runs(months & {*questions.months_of(other.start, other.end)})
            raise LedgerError(f"takes {common} twice: two of its terms have it in common")
    windows = {(item.start, item.end) for item in terms}
    apart = [key for key in PLACES if len({getattr(item, key) for item in terms}) > 1]
    apart += ["months"] * (len(windows) > 1)
    if len(apart) > 1:
        raise LedgerError(
            f"adds up terms that differ in {' and '.join(apart)}: let them differ in one, so that "
            "it is plain what the sum is of"
        )


# --- shares ---------------------------------------------------------------------------------------


def _share(part: Question, wholes: Sequence[Question]) -> Question:
    """What a share asks: of the same amount of more, or of an amount of another kind."""
    for whole in wholes:
        if (whole.start, whole.end) != (part.start, part.end):
            one, other = (questions.words(item) for item in (part, whole))
            raise LedgerError(f"is no share: it takes {one} in {other}, which must be the same")
    if all(whole.measure == part.measure and whole.flow == part.flow for whole in wholes):
        if len(wholes) > 1:
            raise LedgerError("is no share: it has several wholes; give one")
        if not questions.covers(wholes[0], part):
            raise LedgerError("is no share: the second term is no whole of the first")
        return replace(part, measure=f"share of {part.measure}{in_whole(part, wholes[0])}")
    strange = {whole.reporter for whole in wholes} - {part.reporter, ""}
    if strange:
        raise LedgerError(f"is no share: it takes what {part.reporter} states in {min(strange)}'s")
    if len(set(wholes)) < len(wholes):
        raise LedgerError("is no share: a term of its whole stands there twice")
    among = " and ".join(
        sorted(DIRECTIONS.get(x.flow * (x.measure in AMOUNTS), x.measure) for x in wholes)
    )
    return replace(part, measure=f"share of {part.measure} in {among}")


# --- growth, differences and ratios ---------------------------------------------------------------


def _compared(how: str, first: Question, other: Question, *, at_least: bool) -> Question:
    """What a growth, a difference or a ratio of two numbers asks."""
    is_one_measure = other.measure in (first.measure, f"largest {first.measure}")
    if not is_one_measure and how != "ratio":
        raise LedgerError(
            f"compares {first.measure} with {other.measure}: both must be of one measure"
        )
    to = "" if is_one_measure else f" to {other.measure}"
    if (first.start, first.end) == (other.start, other.end):
        if first == other:
            raise LedgerError("compares a term with itself: its two terms are the same")
        words = f"ratio of {first.measure}{to}" if how == "ratio" else f"lead by {first.measure}"
        return as_lead(replace(first, measure=words), [other])
    base = f"{other.start}..{other.end}"
    if how == "ratio":
        lead = as_lead(replace(first, measure=f"ratio of {first.measure}{to}"), [other])
        return replace(lead, base=base)
    is_apart = other.end < first.start or first.end < other.start
    if how == "difference" and not is_apart:
        return _left(first, other, at_least=at_least)
    if not is_apart:
        raise LedgerError("compares two windows that overlap: choose a base outside of the window")
    require_alike(first, other)
    kind = "growth" if how == "growth" else "change"
    return replace(first, measure=f"{kind} of {first.measure}", base=base)


def _left(whole: Question, part: Question, *, at_least: bool) -> Question:
    """What is left of an amount of which the months at one end are taken off."""
    alike = [key for key in PLACES if getattr(whole, key) != getattr(part, key)]
    if alike or whole.measure not in AMOUNTS:
        words = " and ".join(alike) or f"months of {whole.measure}"
        raise LedgerError(f"takes off other {words}: months are taken off an amount of the same")
    is_within = whole.start <= part.start and part.end <= whole.end
    if not (is_within or at_least):
        raise LedgerError(
            f"takes off {questions.words(part)}, more months than there are: what is left is at "
            "least so much, so say at_least"
        )
    months = questions.months_of(part.start, part.end)
    if whole.start < part.start and whole.end <= part.end:
        return replace(whole, end=month_text(months.start - 1))
    if part.start <= whole.start and part.end < whole.end:
        return replace(whole, start=month_text(months.stop))
    raise LedgerError(
        f"takes {questions.words(part)} out of {questions.words(whole)}: take off months at one "
        "end, so that it is plain which are left"
    )
