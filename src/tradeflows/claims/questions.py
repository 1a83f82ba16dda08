"""What a claim asks and what a reading answers, in the same nine keys.

A claim's keys stand in the ledger. Those of a reading follow (:mod:`tradeflows.claims.answers`),
and two questions are compared here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

from tradeflows.claims.verdict_rule import Question, differing
from tradeflows.claims.word_lists import Table
from tradeflows.model import codes, toml
from tradeflows.model.errors import CodeError, QueryError
from tradeflows.model.periods import month_text, span, window_in_words
from tradeflows.model.words import MIRRORED
from tradeflows.retrieval import own_words

AMOUNTS = ("value", "weight", "volume", "quantity", "number")  # what adds up over months and goods
OF_UNITS = {"kg": "weight", "m3": "volume", "units": "number"}  # amounts by their unit
PLACES = ("goods", "reporter", "partner", "flow", "route")  # the keys of what flows where
SIDES = ("goods", "reporter", "partner")
WORLD = codes.WORLD
# Of these two sides are told apart by their order: who leads whom, who gained what the other lost.
LEAD = re.compile(r"(?:change of )?lead by ")
ORDERED = re.compile(rf"{LEAD.pattern}|rank by |(?:net )?displacement of ")


def question(entry: Table) -> Question:
    """What a claim asks, from its table of keys."""
    measure = str(entry.get("measure", ""))
    forms = {key: normal(key, value, measure) for key, value in entry.items()}
    return with_windows(Question(**forms))


def normal(key: str, value: Any, measure: str = "") -> str:
    """What stands under a key of a question, in the one form in which two are compared.

    Of a lead and of a displacement the sides keep their order.
    """
    if key in SIDES and isinstance(value, list) and ORDERED.match(measure):
        return in_order(normal(key, side) for side in value)
    toml.typed(value, str | tuple[str, ...], key)
    match key:
        case "goods":
            return goods(value)
        case "reporter" | "partner":
            return areas(value)
        case "flow":
            return flow_of(value)
        case "base":
            return base_text(text_of(value, ".."))
        case "start" | "end":
            return _month(str(value), last=key == "end")
    return text_of(value)


def goods(words: str | list[str], held: Collection[str] = ()) -> str:
    """Codes, or words for them, as one text, each without the zeros that only lengthen it.

    A word of several classifications is what `held` has of it, or else the preferred code.
    """
    listed = [words] if isinstance(words, str) else list(words)
    return "+".join(sorted({_short(_code(word, held)) for word in listed}))


def _code(word: str, held: Collection[str]) -> str:
    """The code that a word for goods stands for; what is no such word stays."""
    try:
        codes.level(word)
    except CodeError:
        with suppress(QueryError):
            known = own_words.product(word)
            return next((code for code in known if code in held), known[0])
    return word


def areas(words: str | list[str]) -> str:
    """Ids of areas, or words for them, as one text."""
    listed = [words] if isinstance(words, str) else list(words)
    return text_of([_area(str(word)) for word in listed])


def _area(word: str) -> str:
    """The id of an area that a word stands for; what is no such word stays."""
    try:
        codes.area_kind(word)
    except CodeError:
        with suppress(QueryError):
            return own_words.area(word)
    return word


def text_of(value: Any, between: str = "+") -> str:
    """One text of several, sorted where their order says nothing."""
    if isinstance(value, list | tuple):
        parts = [str(part) for part in value]
        return between.join(parts if between != "+" else sorted(parts))
    return str(value)


def joined(values: Iterable[str]) -> str:
    """One text of what several have under a key, each once and sorted."""
    return "+".join(sorted(in_order(values).split("+")))


def in_order(values: Iterable[str]) -> str:
    """As :func:`joined`, in the order in which they stand."""
    parts = [part for value in values for part in value.split("+") if part]
    return "+".join(dict.fromkeys(parts))


def flow_of(flow: str | list[str]) -> str:
    """The letters of the directions that words for a flow have."""
    listed = [flow] if isinstance(flow, str) else list(flow)
    return "+".join(sorted({letter for word in listed for letter in re.findall("R?[MX]", word)}))


def _short(code: str) -> str:
    """A code without pairs of zeros at its end, down to a heading: 27090000 is 2709."""
    while len(code) > 4 and code.isdigit() and code.endswith("00"):
        code = code[:-2]
    return code


def with_windows(keys: Question) -> Question:
    """With windows to the month, so that 2022 and January to December are one."""
    start = _month(keys.start) if keys.start else ""
    end = _month(keys.end, last=True) if keys.end else ""
    base = base_text(keys.base)
    is_own_window = base == f"{start}..{end}"  # two figures of one window have no base
    return replace(keys, start=start, end=end, base="" if is_own_window else base)


@cache
def _month(period: str, *, last: bool = False) -> str:
    """The first or the last month of a period."""
    return month_text(span(period)[last] - last)


@cache
def base_text(base: str) -> str:
    """A base to the month, from first to last; empty where there is none."""
    if not base:
        return ""
    first, _, last = base.partition("..")
    months = span((first, last or first))
    return f"{month_text(months[0])}..{month_text(months[1] - 1)}"


def months_of(start: str, end: str) -> range:
    """The months of a window, counted from year 0."""
    return range(*span((start, end)))


def covers(whole: Question, part: Question) -> bool:
    """Whether an amount of `whole` has all of `part` in it: its goods, countries and months."""
    if (whole.measure, whole.base) != (part.measure, part.base):
        return False
    if whole.measure not in AMOUNTS and differing(whole, part):
        return False
    if not {*part.flow.split("+")} <= {*whole.flow.split("+")}:
        return False
    if whole.route not in ("", part.route) or part.start < whole.start or whole.end < part.end:
        return False
    return all(_has_all(key, getattr(whole, key), getattr(part, key)) for key in SIDES)


def _has_all(key: str, whole: str, part: str) -> bool:
    """Whether all that stands under a key is or lies in what stands there in a whole."""
    wholes = whole.split("+")
    return all(any(is_part(key, other, one) for other in wholes) for one in part.split("+"))


def is_part(key: str, whole: str, part: str) -> bool:
    """Whether one code or area is another, or lies in it."""
    if whole == part or (key == "goods" and whole == "TOTAL"):
        return True
    try:
        return codes.is_under(part, whole) if key == "goods" else codes.contains(whole, part)
    except CodeError:
        return False


def overlap(one: Question, other: Question) -> bool:
    """Whether two amounts have something in common, so that their sum has it twice."""
    if (one.measure, one.base) != (other.measure, other.base):
        return False
    if len({one.route, other.route} - {""}) > 1 or one.end < other.start or other.end < one.start:
        return False
    if {*one.flow.split("+")}.isdisjoint(other.flow.split("+")):
        return False
    return all(
        any(
            is_part(key, a, b) or is_part(key, b, a)
            for a in getattr(one, key).split("+")
            for b in getattr(other, key).split("+")
        )
        for key in SIDES
    )


def is_stated(name: str, word: str, stated: Collection[str]) -> bool:
    """Whether a code or an area that a filter names is among those that rows have."""
    if name != "product":
        area = areas(word)
        return any(is_part(name, area, other) for other in stated)
    code = goods(word, stated)
    return any(is_part("goods", code, _short(other)) for other in stated)


def mirrored(keys: Question) -> Question:
    """The same flow from its other side."""
    flow = MIRRORED.get(keys.flow, keys.flow)
    return replace(keys, reporter=keys.partner, partner=keys.reporter, flow=flow)


def in_other_measure(asked: Question, given: Question) -> bool:
    """Whether two questions differ in this alone, that one weighs and the other values."""
    if differing(asked, given) != ("measure",):
        return False
    kinds = [
        re.sub(r"\b(value|weight|volume)\b", "amount", item.measure) for item in (asked, given)
    ]
    return kinds[0] == kinds[1]


def within(asked: Question, given: Question, *, with_rest: bool) -> bool:
    """Whether a question is asked of some months, or of some goods, of what a claim asks.

    With a word on the rest it may be asked of some of the goods, offices or partners, or of a lead
    over some of the rivals; whose lead it is stays.
    """
    apart = set(differing(asked, given))
    if with_rest:
        apart -= {key for key in ("reporter", "partner") if _is_some(asked, given, key)}
        if not asked.route:
            apart.discard("route")
        if _has_all("goods", asked.goods, given.goods):
            apart.discard("goods")
    if apart & {"start", "end"} and asked.start <= given.start and given.end <= asked.end:
        apart -= {"start", "end"}
        changes = [item for item in (asked, given) if item.base]
        # The bases of two changes that lie as long before their windows are alike.
        back = [span(item.start)[0] - span(item.base[:7])[0] for item in changes]
        if len(back) == 2 and back[0] == back[1]:
            apart.discard("base")
    return not apart


def _is_some(asked: Question, given: Question, key: str) -> bool:
    """Whether the offices or partners are some of those asked, or fewer rivals of the same one."""
    wholes, parts = (getattr(item, key) for item in (asked, given))
    if LEAD.match(asked.measure):
        return bool(wholes.partition("+")[0] == parts.partition("+")[0])
    return _has_all(key, wholes, parts)


def words(keys: Question) -> str:
    """The window of a question in words: 2022 on 2021, January to May 2023."""
    window = window_in_words(keys.start, keys.end)
    if not keys.base:
        return window
    return f"{window} on {window_in_words(*keys.base.split('..'))}"
