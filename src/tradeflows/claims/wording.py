"""Whether what a ledger says of a claim is what its words print: number, sign, unit and parts."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tradeflows.claims import questions
from tradeflows.claims.open_words import Printed, numbers_in
from tradeflows.claims.verdict_rule import LOWER, UPPER, Question
from tradeflows.model import codes, units
from tradeflows.model.errors import LedgerError
from tradeflows.model.lineage import full_number
from tradeflows.model.periods import month_words, window_in_words
from tradeflows.retrieval import own_words

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
SUPERLATIVE = re.compile(r"\brecord\b|\b(?:most|least|first|last|best|worst|top|\w{3,}est)\b", re.I)
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


FIRST_TEN = (
    *("first", "second", "third", "fourth", "fifth"),
    *("sixth", "seventh", "eighth", "ninth", "tenth"),
)
ORDINALS = {word: place for place, word in enumerate(FIRST_TEN, 1)}
MONTHS = re.compile(rf"\b(?:{'|'.join(calendar.month_name[1:])}) \d{{4}}\b")


def require_exact(where: str, text: str, value: float, unit: str) -> None:
    """Refuse a month, a place or a count that is not the one in its words."""
    said: list[str] = []
    if unit == units.MONTH:
        said, claimed = MONTHS.findall(text), month_words(int(value))
    elif unit == units.RANK:
        said = [word for word in re.findall(r"\w+", text.lower()) if word in ORDINALS]
        claimed = next((word for word, number in ORDINALS.items() if number == value), "")
    else:
        said = [item.digits for item in numbers_in(text)]
        claimed = f"{value:g}"
    if said and claimed not in said:
        raise LedgerError(f"{where}: claims {claimed or value}, and its words say {said[0]}")


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


BARREL = (110, 175)  # kilograms, from the lightest condensate to the heaviest crude


def require_weight(where: str, unit: str, kilograms: float) -> None:
    """Refuse a weight of one unit of what is itself weighed, or is no thing, or of no barrel."""
    base, _ = units.sized(unit)
    if base in ("barrels", "bbl") and not BARREL[0] <= kilograms <= BARREL[1]:
        raise LedgerError(
            f"{where}: kg_per_unit is {kilograms:g}, and a barrel of oil has {BARREL[0]} to "
            f"{BARREL[1]} kg"
        )
    others = ("kg", "percent", "percentage points", "ratio", "bbl/day", *units.COUNTS[:2])
    if base in others or units.CURRENCY.fullmatch(base):
        raise LedgerError(
            f"{where}: kg_per_unit is of a volume or of pieces, and the claim is in {unit}: leave "
            "it out"
        )


def require_record(where: str, text: str, *, is_superlative: bool) -> None:
    """Refuse a record that nothing looks at, and a superlative that no word says."""
    if is_superlative and not SUPERLATIVE.search(text):
        raise LedgerError(f"{where}: superlative is true, and its words say none")
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
# What words say that it is measured by.
MEASURES = {
    "value": re.compile(r"\bby value\b|\bworth\b|\bdollars?\b|\beuros?\b|[$€£]", re.I),
    "weight": re.compile(r"\bby weight\b|\btonnes\b", re.I),
}


def require_admitted(
    where: str, text: str, asks: Question, admitted: Mapping[str, Sequence[str]]
) -> None:
    """Refuse an open key that admits the contrary of what the words say.

    That is the other direction where they say one, and another country than the one that they name.
    """
    if _is_one_way(text) and TURNED.get(asks.flow) in admitted.get("flow", ()):
        raise LedgerError(
            f"{where}, open: flow admits the other direction, and its words say which one"
        )
    said = [kind for kind, words in MEASURES.items() if words.search(text)]
    measures = admitted.get("measure")
    if len(said) == 1 and measures is not None:
        strange = [text for text in measures if said[0] not in text] or (not measures and ["any"])
        if strange:
            raise LedgerError(
                f"{where}, open: measure admits {strange[0]}, and its words say {said[0]}"
            )
    for key in ("reporter", "partner"):
        asked = getattr(asks, key)
        others = [other for other in admitted.get(key, ()) if _is_country(other)]
        if others and _names(text, asked):
            raise LedgerError(
                f"{where}, open: {key} admits {codes.area_name(others[0])}, and its words name "
                f"{codes.area_name(asked)}"
            )


def admitted(
    text: str, asks: Question, given: Question, left_open: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """What a claim leaves open of a reading: nothing that its words say is another thing.

    A key that admits anything does not admit other goods, another country or another time than the
    words name.
    """
    named = {
        "goods": _names_other_goods(text, given),
        "reporter": _names_side(text, asks, given, "reporter"),
        "partner": _names_side(text, asks, given, "partner"),
        "flow": given.flow != asks.flow and _is_one_way(text),
        "start": _names_window(text, asks, given),
        "end": _names_window(text, asks, given),
        "base": _names_year(text, asks.base[:4], given.base[:4]),
    }
    return {key: listed for key, listed in left_open.items() if listed or not named.get(key)}


def _names_other_goods(text: str, given: Question) -> bool:
    """Whether words name goods, and those of a reading are none of them."""
    parts = _goods_named(text)
    return bool(parts) and not any(_share(a, b) for a in parts for b in given.goods.split("+"))


def _names_side(text: str, asks: Question, given: Question, key: str) -> bool:
    """Whether words name a country that is asked, and a reading is of another; or another leads."""
    asked, other = (getattr(item, key).split("+") for item in (asks, given))
    if questions.LEAD.match(asks.measure):
        return asked[0] != other[0]
    return asked != other and any(_names(text, area) for area in asked)


def _names_window(text: str, asks: Question, given: Question) -> bool:
    """Whether words name the window that is asked, or its year, and a reading is of another."""
    if not asks.start or (given.start, given.end) == (asks.start, asks.end):
        return False
    window = re.escape(window_in_words(asks.start, asks.end))
    is_whole_year = asks.start[5:] == "01" and asks.end == f"{asks.start[:4]}-12"
    if not is_whole_year and re.search(rf"\b(?:in|of|for|from|during) {window}", text):
        return True
    year = asks.start[:4]
    years = {asks.end[:4], given.start[:4], given.end[:4]}
    return year in IN_YEAR.findall(text) and years != {year}


def _names_year(text: str, asked: str, given: str) -> bool:
    """Whether words name a year that is asked, and a reading has another."""
    return bool(asked) and asked != given and bool(re.search(rf"\b{asked}\b", text))


def _is_one_way(text: str) -> bool:
    """Whether words say one direction of trade alone."""
    return bool(BUYS.search(text)) != bool(SELLS.search(text))


def _is_country(area: str) -> bool:
    return area in own_words.area_words().values()


def _names(text: str, area: str) -> bool:
    """Whether a text names an area by one of its names."""
    return area in _named_in(text, own_words.area_words()).values()


def _named_in(text: str, words: Mapping[str, Any]) -> dict[str, Any]:
    """The words that a text has, of those that are longer than an abbreviation."""
    lowered = text.lower()
    return {
        word: meant
        for word, meant in words.items()
        if len(word) > SHORTEST and re.search(rf"\b{re.escape(word)}\b", lowered)
    }


SHORTEST = 3  # letters of what may be another word
OTHER_WORDS = ("lead", "total", "all goods")  # for goods, and for something else
IN_YEAR = re.compile(r"\bin (?:\w+ ){0,3}((?:19|20)\d\d)\b", re.I)


def require_asked(where: str, text: str, asks: Question) -> None:
    """Refuse what is asked where the words name other goods, another country or another year."""
    where = f"{where}, asks"
    _require_goods(where, text, asks.goods)
    known = _named_in(text, own_words.area_words()).values()
    sides = {area for side in (asks.reporter, asks.partner) for area in side.split("+")}
    unnamed = sorted(area for area in sides.difference(known) if _is_country(area))
    unnamed = [area for area in unnamed if codes.is_country(area)]
    strange = sorted(set(known) - sides)
    if unnamed and strange:
        one, other = (codes.area_name(areas[0]) for areas in (unnamed, strange))
        raise LedgerError(f"{where}: {one} is asked, and its words name {other}")
    years = {asks.start[:4], asks.end[:4], *re.findall(r"\b\d{4}\b", asks.base)}
    for year in IN_YEAR.findall(text):
        if asks.start and not min(years) <= year <= max(years):
            raise LedgerError(f"{where}: {asks.start} to {asks.end}, and its words say {year}")


def _require_goods(where: str, text: str, asked: str) -> None:
    """Refuse goods of which none is one that the words name."""
    parts = _goods_named(text)
    is_asked = any(_share(one, other) for one in parts for other in asked.split("+"))
    if asked and parts and not is_asked:
        word = next(word for word in _named_in(text, own_words.product_words()))
        raise LedgerError(f"{where}: goods are {asked}, and its words name {word}")


def _goods_named(text: str) -> set[str]:
    """The codes of the goods that words name."""
    named = _named_in(text, own_words.product_words())
    listed = [known for word, known in named.items() if word not in OTHER_WORDS]
    return {part for known in listed for code in known for part in code.split("+")}


def _share(one: str, other: str) -> bool:
    """Whether two codes of goods are one, or one lies in the other; all goods are none of these."""
    pairs = ((one, other), (other, one))
    return one == other or any(a != "TOTAL" and questions.is_part("goods", a, b) for a, b in pairs)


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
