"""What a claim asks and what a reading answers, in the same eight keys.

A claim's keys stand in the ledger. Those of a reading follow from its filters and its measures, so
that nobody types them twice; a reading names only what does not follow (`keys`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tradeflows.claims.verdict_rule import Question
from tradeflows.model import codes
from tradeflows.model.errors import CodeError, QueryError
from tradeflows.model.memory import once
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
OWN_RELEASE = "own-release"  # flag of a printed figure that is the office's release itself
RECONCILED = "reconciled"  # reporter of a value between the two sides' reports


def question(entry: Mapping[str, Any]) -> Question:
    """What a claim asks, from its table of keys."""
    return _with_windows(Question(**{key: _normal(key, value) for key, value in entry.items()}))


def _normal(key: str, value: Any) -> str:
    match key:
        case "goods":
            return goods(value)
        case "reporter" | "partner":
            return areas(value)
        case "flow":
            return _flow(value)
        case "base":
            return _listed(value, "..")
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


def of_reading(reading: Reading, frame: pd.DataFrame) -> Question:
    """What `reading` answers, from its filters, its measures and the rows that were read."""
    table = reading.read.get("table", "trade")
    if table == "figures":
        keys = _of_figure(frame)
    elif table == "settlement":
        keys = _of_settlement(reading)
    else:
        keys = _of_rows(reading, frame)
    named = {key: _normal(key, value) for key, value in reading.keys.items()}
    return _with_windows(replace(keys, **named))


def _of_rows(reading: Reading, frame: pd.DataFrame) -> Question:
    filters = reading.read
    is_reconciled = once(frame, "reconciled", lambda: _is_reconciled(frame))
    start, end, base = _windows(reading, frame)
    column = _value_column(reading)
    quantity = QUANTITIES.get(column, column)
    reporter = RECONCILED if is_reconciled else areas(filters.get("reporter", ""))
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


def _is_reconciled(frame: pd.DataFrame) -> bool:
    flags = " ".join(frame["flags"]) if "flags" in frame else ""
    return re.search(r"\b(reconciled|one-sided)\b", flags) is not None


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


def _of_figure(frame: pd.DataFrame) -> Question:
    """Of a printed figure; the reporter of an office's own release is the side that it counts."""
    row = frame.iloc[0]
    sides = [str(row[name] or "") for name in ("exporter", "importer")]
    home, _, away = sides[0].partition("<->")
    is_growth = str(row["unit"]).startswith(("percent", "%"))
    start, end = (f"{row[name]:%Y-%m}" if row[name] == row[name] else "" for name in _ENDS)
    if away:
        reporter, partner, flow = home, away, "M+X"
    elif OWN_RELEASE in str(row.get("flags")) and sides[1] == "CHN":
        reporter, partner, flow = sides[1], sides[0], "M"
    else:
        reporter, partner, flow = sides[0], sides[1], "X"
    measure = "growth of value" if is_growth else "value"
    base = _year_before(start, end) if is_growth and start and end else ""
    return Question(
        goods=goods(str(row["hs_codes"] or row["product"])),
        reporter=reporter,
        partner=partner,
        flow=flow,
        measure=measure,
        start=start,
        end=end,
        base=base,
    )


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
    return f"{words}, {reading.per}" if reading.per else words


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
