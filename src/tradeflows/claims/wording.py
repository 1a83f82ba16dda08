"""Whether what a ledger says of a claim is what its words print: number, sign, unit and parts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tradeflows.claims.open_words import Printed, numbers_in
from tradeflows.claims.verdict_rule import LOWER, UPPER, Question
from tradeflows.model import codes, units
from tradeflows.model.errors import LedgerError
from tradeflows.model.lineage import full_number

FEWEST_WORDS = 3  # of a reason
# What stands right before a number that is a threshold, or is about so much.
LESS = re.compile(
    r"\b(?:less than|fewer than|under|below|at most|up to|not? more than|no greater than)\s*$", re.I
)
MORE = re.compile(
    r"\b(?:more than|over|above|at least|exceed\w*|pass\w*|topp\w*|beyond|upwards? of"
    r"|not? (?:less|fewer) than)\s*$",
    re.I,
)
ABOUT = re.compile(r"(?:\b(?:approximately|almost|close to|circa|some)|~)\s*$", re.I)
WORDS_OF = {"more": "more than", "less": "less than", "about": "about"}
# What says that something rose, and that it fell.
ROSE = re.compile(
    r"\b(?:rose|ris\w+|grew|grow\w*|more|higher|increas\w+|gain\w*|stepped up|climb\w+|jump\w+"
    r"|soar\w+|expand\w+|doubl\w+|tripl\w+)\b",
    re.I,
)
FELL = re.compile(
    r"\b(?:fell|fall\w*|drop\w*|declin\w+|decreas\w+|shrank|shrunk|shrink\w*|less|lower|fewer|lost"
    r"|reduc\w+|plung\w+|slump\w*)\b",
    re.I,
)
CHANGES = ("growth of ", "change of ")
RECORD = re.compile(r"\b(?:a|an|all-time|new) record\b(?! of)|\brecord[- ](?:high|low)\b", re.I)
SKIPPED = 2  # words of a statement that the words of a part may leave out


def require_reasons(where: str, entry: Mapping[str, Any], keys: Iterable[str]) -> None:
    """Refuse a reason that says nothing: it is printed beside the number."""
    for key in keys:
        if key in entry and len(re.findall(r"\w+", str(entry[key]))) < FEWEST_WORDS:
            raise LedgerError(
                f"{where}: {key} is {entry[key]!r}, and its reader needs a reason in words"
            )


def require_number(
    where: str, texts: Sequence[str], value: float, stated: Mapping[str, Any], because: str
) -> None:
    """Refuse a claimed number that is not the one in its words, or is so otherwise.

    Parameters
    ----------
    texts
        The words of its part, and the statement.
    stated
        Its ``unit`` and ``qualifier``, and ``low`` and ``high`` where it is a range.
    because
        Why it is none of the words, where that is said.
    """
    unit, qualifier = stated["unit"], stated["qualifier"]
    numbers = [item for text in texts for item in numbers_in(text)]
    _require_currency(where, numbers, unit)
    found = [item for item in numbers if item.is_of(unit)]
    same = [item for item in found if item.means(value, unit)]
    others = [item for item in found if item.mark]
    low, high = (stated.get(key) for key in ("low", "high"))
    if low is not None and high is not None and not math.isnan(low):
        _require_ends(where, found, (low, high), unit)
        return
    if same:
        _require_qualifier(where, same[0], qualifier)
    elif others:
        raise LedgerError(
            f"{where}: claims {full_number(value)} {unit}, and its words print {others[0].text}: "
            "claim the number that they print"
        )
    elif qualifier in (*LOWER, *UPPER) and unit != "ratio" and not because:
        raise LedgerError(
            f"{where}: its words do not print {full_number(value)} {unit}: say in printed_because "
            "where it comes from"
        )


def _require_currency(where: str, numbers: Sequence[Printed], unit: str) -> None:
    """Refuse money of another currency than that of the words."""
    base = units.sized(unit)[0].partition("/")[0]
    money = [item for item in numbers if units.CURRENCY.fullmatch(item.mark)]
    if units.CURRENCY.fullmatch(base) and money and all(item.mark != base for item in money):
        raise LedgerError(
            f"{where}: claims {unit}, and its words print {money[0].text}: claim the currency that "
            "they print"
        )


def _require_ends(
    where: str, found: Sequence[Printed], ends: tuple[float, float], unit: str
) -> None:
    """Refuse a range whose ends the words do not print, though they print a number."""
    strange = [end for end in ends if not any(item.means(end, unit) for item in found)]
    if found and strange:
        raise LedgerError(
            f"{where}: low or high is {full_number(strange[0])} {unit}, which its words do not "
            "print: leave both out, and say of one number by printed_to how far it goes"
        )


def _require_qualifier(where: str, printed: Printed, qualifier: str) -> None:
    """Refuse a qualifier that says more or less of a number than its words."""
    said = _said_of(printed)
    allowed = {"more": LOWER, "less": UPPER, "about": ("~", "="), "": ("=",)}[said]
    if qualifier in allowed:
        return
    words = f"{WORDS_OF.get(said, '')} {printed.text}".strip()
    raise LedgerError(
        f"{where}: its words print {words!r}, and its qualifier is {qualifier!r}: it must be "
        f"{' or '.join(allowed)}"
    )


def _said_of(printed: Printed) -> str:
    """What words say of a number: that it is more, less, or about so much; empty of a plain one."""
    if LESS.search(printed.before):
        return "less"
    if MORE.search(printed.before):
        return "more"
    return "about" if printed.is_about or ABOUT.search(printed.before) else ""


def require_sign(
    where: str, texts: Sequence[str], value: float, qualifier: str, measure: str
) -> None:
    """Refuse a rise where the words say a fall, and a fall where they say a rise."""
    if not measure.startswith(CHANGES):
        return
    is_rise = value > 0 or (not value and qualifier in LOWER)
    is_fall = value < 0 or (not value and qualifier in UPPER)
    for text in texts:
        rose, fell = bool(ROSE.search(text)), bool(FELL.search(text))
        if rose == fell:
            continue
        if (is_rise and fell) or (is_fall and rose):
            said, claimed = ("a rise", "a fall") if rose else ("a fall", "a rise")
            raise LedgerError(f"{where}: its words say {said}, and it claims {claimed}")
        return


def require_step(where: str, step: float, printed: float, value: float) -> None:
    """Refuse a step beyond the first digit of a figure, or one that its digits deny."""
    if step < 0 or (value and step > abs(value)):
        raise LedgerError(f"{where}: printed_to must be a step from 0 to the figure, not {step:g}")
    if value and step > 10.0 ** math.floor(math.log10(abs(value))) * (1 + 1e-9):
        raise LedgerError(f"{where}: printed_to is {step:g}, beyond the first digit of the figure")
    if printed and step and not math.isclose(value, step * round(value / step)):
        raise LedgerError(
            f"{where}: printed_to is {step:g}, and its words print {full_number(value)}, which is "
            "no multiple of it"
        )


def require_weight(where: str, unit: str) -> None:
    """Refuse a weight of one unit of what is itself weighed, or is no thing."""
    base, _ = units.sized(unit)
    others = ("kg", "percent", "percentage points", "ratio", "bbl/day", *units.COUNTS[:2])
    if base in others or units.CURRENCY.fullmatch(base):
        raise LedgerError(
            f"{where}: kg_per_unit is of a volume or of pieces, and the claim is in {unit}: leave "
            "it out"
        )


def require_record(where: str, text: str, *, is_superlative: bool) -> None:
    """Refuse a record that nothing looks at."""
    if RECORD.search(text) and not is_superlative:
        raise LedgerError(
            f"{where}: its words say a record, which is a part of its own with superlative = true"
        )


# --- parts ----------------------------------------------------------------------------------------


def require_words(where: str, statement: str, words: str) -> None:
    """Refuse words of a part that the statement has not, in their order and all but together."""
    of_statement, of_part = _words_of(statement), _words_of(words)
    starts = [i for i, word in enumerate(of_statement) if of_part and word == of_part[0]]
    if any(_follow(of_statement[i:], of_part) for i in starts):
        return
    raise LedgerError(f"{where}: its words {words!r} do not stand so in the statement")


def _follow(text: Sequence[str], words: Sequence[str]) -> bool:
    """Whether `words` come one after the other from the start of `text`, with few between."""
    at = 0
    for word in words:
        try:
            at = text.index(word, at) + 1
        except ValueError:
            return False
    return at - len(words) <= SKIPPED


def _words_of(text: str) -> list[str]:
    return re.findall(r"[\w$€£%.'-]*\w", text.lower())


def require_apart(where: str, parts: Iterable[tuple[str, Question, object]]) -> None:
    """Refuse two parts that ask the same, so that one hides behind the other.

    Parameters
    ----------
    parts
        Of each its words, what it asks, and the number that it claims.
    """
    seen: dict[object, str] = {}
    for words, asks, claimed in parts:
        if not asks.measure:
            continue
        before = seen.setdefault((asks, claimed), words)
        if before != words:
            raise LedgerError(f"{where}: parts {before!r} and {words!r} ask the same: keep one")


def plain(name: str) -> str:
    """A name without what hides that two are one: capitals and spaces."""
    return " ".join(name.split()).casefold()


# --- what is open ---------------------------------------------------------------------------------

BUYS = re.compile(r"\b(?:bought|buy\w*|import\w*|purchas\w+|took|take\w*)\b", re.I)
SELLS = re.compile(r"\b(?:sold|sell\w*|sale\w*|export\w*|ship\w*|suppl\w+)\b", re.I)
TURNED = {"M": "X", "X": "M"}


def require_admitted(
    where: str, text: str, asks: Question, admitted: Mapping[str, Sequence[str]]
) -> None:
    """Refuse an open key that admits the contrary of what the words say.

    That is the other direction where they say one, and another country than the one that they name.
    """
    is_one_way = bool(BUYS.search(text)) != bool(SELLS.search(text))
    if is_one_way and TURNED.get(asks.flow) in admitted.get("flow", ()):
        raise LedgerError(
            f"{where}, open: flow admits the other direction, and its words say which one"
        )
    for key in ("reporter", "partner"):
        asked = getattr(asks, key)
        others = [other for other in admitted.get(key, ()) if _is_country(other)]
        if others and _names(text, asked):
            raise LedgerError(
                f"{where}, open: {key} admits {codes.area_name(others[0])}, and its words name "
                f"{codes.area_name(asked)}"
            )


def _is_country(area: str) -> bool:
    return area in codes.area_words().values()


def _names(text: str, area: str) -> bool:
    """Whether a text names an area by one of its names."""
    names = [name for name, known in codes.area_words().items() if known == area and len(name) > 3]
    return any(re.search(rf"\b{re.escape(name)}\b", text, re.I) for name in names)


# --- windows --------------------------------------------------------------------------------------


def require_own_window(where: str, row: Mapping[str, Any], asks: Question) -> None:
    """Refuse a printed figure that is of another time than what is asked of it."""
    start, end = (row.get(key) for key in ("window_start", "window_end"))
    if not (start and end and asks.start):
        return
    first, last = f"{start:%Y-%m}", f"{end:%Y-%m}"
    if last < asks.start or asks.end < first:
        raise LedgerError(
            f"{where}: its figure is of {first} to {last}, and it asks {asks.start} to {asks.end}"
        )
