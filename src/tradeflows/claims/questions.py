"""What a claim asks and what a reading answers, in the same eight keys.

A claim's keys stand in the ledger. Those of a reading follow from its filters and its measures, so
that nobody types them twice; a reading names only what does not follow (`keys`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tradeflows.claims.verdict_rule import OFFICE, Question, differing
from tradeflows.claims.witnesses import office_of
from tradeflows.model import codes, units
from tradeflows.model.errors import CodeError, LedgerError, QueryError
from tradeflows.model.periods import first_month, month_text, span, window_in_words
from tradeflows.retrieval import own_words

if TYPE_CHECKING:
    import pandas as pd

    from tradeflows.claims.ledger import Reading

QUANTITIES = {
    "value_reported": "value",
    "primary_value_usd": "value",
    "net_wgt_kg": "weight",
    "qty": "quantity",
}
OF_UNITS = {"m3": "volume", "items": "number", "units": "number", "TJ": "energy"}  # of a quantity
# What a measure makes of the quantity that it is given; of one that is not here, its own name does.
WORDS = {
    "baskets": "{}",
    "chained": "{}",
    "convert": "{}",
    "from_dollars": "{}",
    "from_members": "{}",
    "scale": "{}",
    "stack": "{}",
    "sum_parts": "{}",
    "total": "{}",
    "growth": "growth of {}",
    "yoy": "growth of {}",
    "share": "share of {}",
    "shares": "share of {}",
    "difference": "change of {}",
    "displacement": "displacement of {}",
    "barrels_per_day": "barrels a day",
    "unit_value": "price",
    "per_month": "{} a month",
    "lead": "lead by {}",
    "peak": "month of the largest {}",
    "count": "count by {}",
}
# Measures of which one result column is another thing than the measure's name says.
OF_RESULT = {"growth_pct": "growth of {}", "ratio": "ratio of {}", "part": "displacement of {}"}
OF_LAST = {"rank": "rank by {}", "count": "count by {}"}  # likewise, whatever the measure
OWN_RELEASE = "own-release"  # flag of a printed figure that is the office's release itself
RECONCILED = "reconciled"  # reporter of a value between the two sides' reports


def question(entry: Mapping[str, Any]) -> Question:
    """What a claim asks, from its table of keys."""
    return _with_windows(Question(**{key: normal(key, value) for key, value in entry.items()}))


def normal(key: str, value: Any) -> str:
    """What stands under a key of a question, in the one form in which two are compared."""
    match key:
        case "goods":
            return goods(value)
        case "reporter" | "partner":
            return areas(value)
        case "flow":
            return _flow(value)
        case "base":
            return base_text(_listed(value, ".."))
        case "start":
            return month_text(span(str(value))[0])
        case "end":
            return month_text(span(str(value))[1] - 1)
    return _listed(value)


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
    return _listed([_area(str(word)) for word in listed])


def _area(word: str) -> str:
    """The id of an area that a word stands for; what is no such word stays."""
    try:
        codes.area_kind(word)
    except CodeError:
        with suppress(QueryError):
            return own_words.area(word)
    return word


def of_reading(
    reading: Reading, frames: Sequence[pd.DataFrame], asked: Question, flags: Collection[str] = ()
) -> Question:
    """What `reading` answers, from its filters, its measures and the rows that were read.

    Parameters
    ----------
    frames
        The rows that it asked for, the first question's first.
    asked
        What the claim asks, whose side a printed figure is seen from.
    flags
        Of the rows that its number was made of.

    Raises
    ------
    LedgerError
        Its `keys` contradict what follows from its filters.
    """
    table = reading.read.get("table", "trade")
    if table == "figures":
        keys = _of_figure(reading, frames, asked)
    elif table == "settlement":
        keys = _of_settlement(reading)
    else:
        keys = _of_rows(reading, frames[0], flags)
    return named_beside(keys, reading.keys)


def named_beside(keys: Question, named: Mapping[str, Any]) -> Question:
    """A question with the keys that do not follow from its filters.

    Raises
    ------
    LedgerError
        One contradicts what does.
    """
    keys = _with_windows(keys)
    forms = {key: normal(key, value) for key, value in named.items()}
    for key, value in forms.items():
        follows = getattr(keys, key)
        if follows not in ("", value):
            raise LedgerError(
                f"keys has {key} {value!r}, and by its filters it is {follows!r}: leave it out"
            )
    return _with_windows(replace(keys, **forms))


def combined(how: str, terms: Sequence[Question], named: Mapping[str, Any]) -> Question:
    """What a reading of several numbers answers, from what each of them does.

    A share has the keys of its part. What differs between the others stands joined, so that a
    difference of two countries is a question of both.

    Raises
    ------
    LedgerError
        The parts of a share are no parts, or its `keys` contradict what follows.
    """
    first, *others = terms
    if how == "share":
        return named_beside(_share(first, others), named)
    keys = {key: _joined([getattr(item, key) for item in terms]) for key in AREA_KEYS}
    (start, end), base = _combined_windows(how, first, others)
    measure = first.measure
    if how == "ratio":
        measure = f"ratio of {measure}"
    elif how != "sum" and base:
        measure = f"{'growth' if how == 'growth' else 'change'} of {measure}"
    elif how != "sum" and _same_window(terms):
        measure = f"lead by {measure}"
    keys |= {"measure": measure, "start": start, "end": end, "base": base}
    return named_beside(Question(**keys), named)


def _share(part: Question, wholes: Sequence[Question]) -> Question:
    """What a share asks: of the same amount of more, or of an amount of another kind."""
    measure = part.measure
    if all(whole.measure == measure and whole.flow == part.flow for whole in wholes):
        if not all(covers(whole, part) for whole in wholes):
            raise LedgerError("is no share: the second term is no whole of the first")
        return replace(part, measure=f"share of {measure}")
    among = " and ".join(sorted(map(_as_whole, wholes)))
    return replace(part, measure=f"share of {measure} in {among}")


def _same_window(terms: Sequence[Question]) -> bool:
    return len({(item.start, item.end) for item in terms}) == 1


def _combined_windows(
    how: str, first: Question, others: Sequence[Question]
) -> tuple[tuple[str, str], str]:
    """The window of what is combined, and the base of a change.

    A sum from which later or earlier months are taken off is of those that are left.
    """
    window = (first.start, first.end)
    if how in ("ratio", "share") or _same_window([first, *others]):
        return window, ""
    if how == "sum":
        every = [first, *others]
        return (min(item.start for item in every), max(item.end for item in every)), ""
    [other, *_] = others
    is_apart = other.end < first.start or first.end < other.start
    if how == "growth" or is_apart:
        return window, f"{other.start}..{other.end}"
    months = span((other.start, other.end))
    if first.start < other.start:
        return (first.start, month_text(months[0] - 1)), ""
    return (month_text(months[1]), first.end), ""


AREA_KEYS = ("goods", "reporter", "partner", "flow", "route")
AMOUNTS = ("value", "weight", "volume", "quantity", "number")  # what adds up over months and goods
DIRECTIONS = {"M": "imports", "X": "exports"}


def _as_whole(keys: Question) -> str:
    """What a whole is called of which a share is taken."""
    return DIRECTIONS.get(keys.flow, keys.measure) if keys.measure in AMOUNTS else keys.measure


def _joined(values: Iterable[str]) -> str:
    parts = {part for value in values for part in value.split("+") if part}
    return "+".join(sorted(parts))


def covers(whole: Question, part: Question) -> bool:
    """Whether an amount of `whole` has all of `part` in it: its goods, countries and months."""
    same = ("measure", "base")
    if any(getattr(whole, key) != getattr(part, key) for key in same):
        return False
    if not _listed_in(whole.flow, part.flow) or whole.route not in ("", part.route):
        return False
    if whole.measure not in AMOUNTS and differing(whole, part):
        return False
    if not (whole.start <= part.start and part.end <= whole.end):
        return False
    sides = (whole.reporter, part.reporter), (whole.partner, part.partner)
    return _has_goods(whole, part) and all(_has_areas(*side) for side in sides)


def _listed_in(whole: str, part: str) -> bool:
    return set(part.split("+")) <= set(whole.split("+"))


def _has_goods(whole: Question, part: Question) -> bool:
    if "TOTAL" in whole.goods.split("+") or whole.goods == part.goods:
        return True
    wholes = whole.goods.split("+")
    return all(
        any(code == other or _is_under(code, other) for other in wholes)
        for code in part.goods.split("+")
    )


def _is_under(code: str, ancestor: str) -> bool:
    try:
        return codes.is_under(code, ancestor)
    except CodeError:
        return False


def _has_areas(whole: str, part: str) -> bool:
    wholes = whole.split("+")
    return all(
        any(area == other or _contains(other, area) for other in wholes) for area in part.split("+")
    )


def _contains(whole: str, part: str) -> bool:
    try:
        return codes.contains(whole, part)
    except CodeError:
        return False


def mirrored(keys: Question) -> Question:
    """The same flow from its other side."""
    flow = {"M": "X", "X": "M"}.get(keys.flow, keys.flow)
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
    """Whether a question is asked of some months, or of some goods, of what a claim asks."""
    apart = set(differing(asked, given))
    if with_rest:  # of some rivals, of one route, or of some goods
        apart -= {key for key in ("reporter", "partner") if _share_some(asked, given, key)}
        if not asked.route:
            apart.discard("route")
        if _has_goods(asked, given):
            apart.discard("goods")
    if apart & {"start", "end"} and asked.start <= given.start and given.end <= asked.end:
        apart -= {"start", "end"}
        if _is_as_far_back(asked, given):
            apart.discard("base")
    return not apart


def _share_some(asked: Question, given: Question, key: str) -> bool:
    """Whether two questions have a country in common under a key."""
    return not set(getattr(asked, key).split("+")).isdisjoint(getattr(given, key).split("+"))


def _is_as_far_back(asked: Question, given: Question) -> bool:
    """Whether the bases of two changes lie as long before their windows."""
    back = [
        span(item.start)[0] - span(item.base.partition("..")[0])[0]
        for item in (asked, given)
        if item.base
    ]
    return len(back) == 2 and back[0] == back[1]


def _of_rows(reading: Reading, frame: pd.DataFrame, flags: Collection[str]) -> Question:
    filters = reading.read
    start, end, base = _windows(reading, frame)
    column = _value_column(reading)
    quantity = QUANTITIES.get(column, column)
    if column == "qty" and "qty_unit" in frame:
        quantity = OF_UNITS.get(str(frame["qty_unit"].iloc[0]), quantity)
    reporter = areas(filters.get("reporter", ""))
    # Of a reconciled series, what one side alone reported is that side's.
    if "reconciled" in flags or ("one-sided" in flags and reporter == "RUS"):
        reporter = RECONCILED
    if reading.also is not None:
        reporter = _joined([reporter, areas(reading.also.read.get("reporter", ""))])
    stated = set(frame["cmd_code"]) if "cmd_code" in frame else ()
    return Question(
        goods=goods(filters.get("product", ""), stated),
        reporter=reporter,
        partner=areas(filters.get("partner", "")),
        flow=_flow(filters.get("flow", "")),
        measure=_measure(reading, quantity),
        start=start,
        end=end,
        base=base,
    )


def _of_settlement(reading: Reading) -> Question:
    filters = reading.read
    base = str(reading.other.get("start", ""))
    start = str(filters.get("start", ""))
    end = str(filters.get("end", ""))
    concept = str(filters.get("concept", ""))
    currency = _listed(filters.get("currency_group", ""))
    region = areas(filters.get("region", ""))
    measure = _measure(reading, concept)
    return Question(
        goods=currency, partner=region, measure=measure, start=start, end=end, base=base
    )


def _of_figure(reading: Reading, frames: Sequence[pd.DataFrame], asked: Question) -> Question:
    """Of a printed figure, seen from the side that a claim asks; an office's own from its side."""
    row = frames[0].iloc[0]
    start, end = (f"{row[name]:%Y-%m}" if row[name] == row[name] else "" for name in _ENDS)
    quantity = _text(row, "measure") or measure_of_unit(_text(row, "unit"))
    base = _base_of_figure(row, quantity, (start, end))
    if len(frames) > 1 and _compares_windows(reading):
        ends = [f"{frames[1].iloc[0][name]:%Y-%m}" for name in _ENDS]
        base = "..".join(ends)
    reporter, partner, flow = _sides_of_figure(row, asked)
    return Question(
        goods=goods(_codes_of_figure(row)),
        reporter=reporter,
        partner=partner,
        flow=flow,
        route=_text(row, "route"),
        measure=_measure(reading, quantity),
        start=start,
        end=end,
        base=base,
    )


def _text(row: pd.Series, column: str) -> str:
    """The text of a row, empty where it has none."""
    value = row[column]
    return value if isinstance(value, str) else ""


def _codes_of_figure(row: pd.Series) -> list[str]:
    """The goods of a printed figure, without what its carrier says of the codes."""
    listed = _text(row, "hs_codes") or _text(row, "product")
    return [code.partition(" (")[0].strip() for code in listed.split(";")]


def _sides_of_figure(row: pd.Series, asked: Question) -> tuple[str, str, str]:
    """Reporter, partner and flow of a printed figure."""
    exporter, importer = (_text(row, name) for name in ("exporter", "importer"))
    home, _, away = exporter.partition("<->")
    if away:
        return home, away, "M+X"
    sides = {"M": (importer, exporter, "M"), "X": (exporter, importer, "X")}
    flow = "M" if asked.flow == "M" else "X"
    if row["witness"] == OFFICE:
        ours, theirs = sides[flow][:2]
        if row["collector"] == office_of(theirs) != office_of(ours):
            flow = "X" if flow == "M" else "M"
    return sides[flow]


def _base_of_figure(row: pd.Series, quantity: str, window: tuple[str, str]) -> str:
    """What a printed growth or change compares with: as its row says, else the year before."""
    if not quantity.startswith(("growth of", "change of")):
        return ""
    ends = [row[name] for name in ("base_start", "base_end")]
    if all(day == day and day is not None for day in ends):
        return "..".join(f"{day:%Y-%m}" for day in ends)
    return _year_before(*window) if all(window) else ""


def measure_of_unit(unit: str) -> str:
    """What a figure measures whose row does not say it, by its unit."""
    base, _ = units.sized(unit)
    if base == "percent":
        return "growth of value" if unit != "percent" else "share"
    of_base = {"kg": "weight", "m3": "volume", "bbl/day": "barrels a day", "units": "number"}
    return of_base.get(base, "value")


_ENDS = ("window_start", "window_end")


def _year_before(start: str, end: str) -> str:
    first, after = span((start, end))
    return f"{month_text(first - 12)}..{month_text(after - 13)}"


def _value_column(reading: Reading) -> str:
    """The column that the reading's measures work on."""
    named = [str(arguments["value"]) for _, arguments in reading.steps if "value" in arguments]
    return named[0] if named else reading.result


def _measure(reading: Reading, quantity: str) -> str:
    words = quantity
    for name, _ in reading.steps:
        words = WORDS.get(name, f"{name} of {{}}").format(words)
    if reading.steps and reading.steps[-1][0] == "difference" and reading.result in OF_RESULT:
        words = OF_RESULT[reading.result].format(quantity)
    return OF_LAST[reading.result].format(quantity) if reading.result in OF_LAST else words


def _windows(reading: Reading, frame: pd.DataFrame) -> tuple[str, str, str]:
    """First and last month that a reading is about, and the base of a change."""
    start, end = (str(reading.read.get(name, "")) for name in ("start", "end"))
    base = _base_of_other(reading) if _compares_windows(reading) else ""
    for _, arguments in reading.steps:
        start = str(arguments.get("start", start))
        end = str(arguments.get("end", end))
        after = arguments.get("year", arguments.get("after", ""))
        if after:
            first, last = after if isinstance(after, list) else (after, after)
            start, end = str(first), str(last)
            base = _listed(arguments["base"], "..")
    if "ref_period" in frame and not (start and end) and len(frame):
        first = first_month(frame)
        start = start or month_text(int(first.min()))
        end = end or month_text(int((first + frame["n_months"]).max()) - 1)
    return start, end, base


def ends(reading: Reading) -> tuple[str, str]:
    """First and last month that a reading asks for or measures, as it names them."""
    start, end = (str(reading.read.get(name, "")) for name in ("start", "end"))
    for _, arguments in reading.steps:
        start = str(arguments.get("start", start))
        end = str(arguments.get("end", end))
    return start, end


def _compares_windows(reading: Reading) -> bool:
    return any(name == "difference" for name, _ in reading.steps)


def _base_of_other(reading: Reading) -> str:
    """The window of the second frame, as its question or its last measure names it."""
    window = {key: reading.other.get(key, "") for key in ("start", "end")}
    for _, arguments in reading.other_steps:
        window |= {key: arguments[key] for key in window if key in arguments}
    return _listed([text for text in window.values() if text], "..")


def _with_windows(keys: Question) -> Question:
    """With windows to the month, so that 2022 and January to December are one."""
    start = month_text(span(keys.start)[0]) if keys.start else ""
    end = month_text(span(keys.end)[1] - 1) if keys.end else ""
    base = base_text(keys.base)
    is_own_window = base == f"{start}..{end}"  # two figures of one window have no base
    return replace(keys, start=start, end=end, base="" if is_own_window else base)


def base_text(base: str) -> str:
    """A base to the month, from first to last; empty where there is none."""
    if not base:
        return ""
    first, _, last = base.partition("..")
    months = span((first, last or first))
    return f"{month_text(months[0])}..{month_text(months[1] - 1)}"


def _flow(flow: str | list[str]) -> str:
    listed = [flow] if isinstance(flow, str) else list(flow)
    return "+".join(sorted({letter for word in listed for letter in re.findall("R?[MX]", word)}))


def _listed(value: Any, between: str = "+") -> str:
    if isinstance(value, list | tuple):
        parts = [str(part) for part in value]
        return between.join(parts if between != "+" else sorted(parts))
    return str(value)


def _short(code: str) -> str:
    """A code without pairs of zeros at its end, down to a heading: 27090000 is 2709."""
    while len(code) > 4 and code.isdigit() and code.endswith("00"):
        code = code[:-2]
    return code


def words(keys: Question) -> str:
    """The window of a question in words: 2022 on 2021, January to May 2023."""
    window = window_in_words(keys.start, keys.end)
    if not keys.base:
        return window
    return f"{window} on {window_in_words(*keys.base.split('..'))}"
