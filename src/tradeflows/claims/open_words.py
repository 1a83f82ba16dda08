"""What the words of a claim leave open, and to which step its number is printed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest

from tradeflows.claims.verdict_rule import LOWER, UPPER, Question
from tradeflows.claims.word_lists import word_list
from tradeflows.model import units

SIGNS: Mapping[str, str] = word_list("open_words")["signs"]  # of money in print
SIGN = rf"(?:\b(?:{'|'.join(re.escape(sign) for sign in SIGNS if sign[1:])})|[$€£₹])"
COUNTED_BY = units.COUNTED_BY | {"m": 1e6}  # beside a sign of money, tonnes or barrels
ALIKE = {"percentage points": "percent", "bbl": "barrels"}  # units by the mark that they have
# Units that stand for a number of others, by how many.
SHORT = {"kt": 1e3, "Mt": 1e6, "bcm": 1e9, "kb/d": 1e3, "mb/d": 1e6}
SPELLED = re.compile(rf"\b(?:{'|'.join(units.NUMBER_WORDS)})\b", re.IGNORECASE)
FARTHEST = 1 / 5  # the greatest step of about so much, as a part of it
HALF = 5  # the step of a round number that ends with it, where it is about so much


@dataclass(frozen=True)
class Row:
    """One row of the table of open words, as its file explains it."""

    words: Sequence[str]
    because: str
    unless: Sequence[str] = ()
    measures: Sequence[str] = ()
    goods: str = ""
    asks: Sequence[str] = ()
    leaves: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def applies(self, statement: str, asked: Question) -> bool:
        """Whether it is about a claim of these words that asks this."""
        if not _any_of(*self.words).search(statement) or _any_of(*self.unless).search(statement):
            return False
        goods = asked.goods.split("+")
        if self.goods and not all(code.startswith(self.goods) for code in goods):
            return False
        return not self.measures or any(
            re.fullmatch(_pattern(measure), asked.measure) for measure in self.measures
        )


@cache
def _any_of(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_pattern, words)) or '(?!)'})(?!\w)", re.I)


def _pattern(word: str) -> str:
    """A word in which a star stands for any letters."""
    return re.escape(word).replace(r"\*", r".*" if word.endswith(" *") else r"\w*")


@cache
def table() -> tuple[Row, ...]:
    """The rows of the table, in their order."""
    return tuple(Row(**row) for row in word_list("open_words")["row"])


def said() -> Mapping[str, Sequence[str]]:
    """The words of print, as regular expressions, by what they say."""
    said: Mapping[str, Sequence[str]] = word_list("open_words")["said"]
    return said


@cache
def saying(pattern: str) -> re.Pattern[str]:
    """A pattern, in any case, in which {rose} is any of the words for it."""
    words = {key: f"(?:{'|'.join(listed)})" for key, listed in said().items()}
    return re.compile(re.sub(r"\{([a-z]+)\}", lambda name: words[name[1]], pattern), re.IGNORECASE)


# The qualifier of a claim by what a word before its figure says, and by that word or its own sign.
SIGN_OF = {"about": "~", "nearly": "~", "more": ">", "least": "≥", "less": "<", "most": "≤"}
QUALIFIERS = {
    **{"": "=", ">=": "≥", "<=": "≤", **{sign: sign for sign in SIGN_OF.values()}},
    **{word: sign for said_so, sign in SIGN_OF.items() for word in said()[said_so]},
}
FIRST_TEN = "first second third fourth fifth sixth seventh eighth ninth tenth"
ORDINALS = {word: place for place, word in enumerate(FIRST_TEN.split(), start=1)}


def rows_of(statement: str, asked: Question) -> list[Row]:
    """The rows of the table that are about a claim."""
    return [row for row in table() if row.applies(statement, asked)]


def left_open(statement: str, asked: Question) -> dict[str, tuple[str, ...]]:
    """What the words of a claim leave open by the table: by key, what they admit beside `asked`.

    Examples
    --------
    >>> from tradeflows.claims.open_words import left_open
    >>> from tradeflows.claims.verdict_rule import LOWER, UPPER, Question
    >>> left_open("Brazil's share rose to 71 %.", Question(goods="1201", measure="share of weight"))
    {'measure': ('share of value',)}
    """
    admitted: dict[str, tuple[str, ...]] = {}
    for row in rows_of(statement, asked):
        for key, values in row.leaves.items():
            filled = [value.format(year=asked.start[:4], end=asked.end) for value in values]
            others = tuple(value for value in filled if value != getattr(asked, key))
            if others or not values:
                admitted[key] = others
    return admitted


# --- the step of a printed number -----------------------------------------------------------------

# A number as print has it, with the word that it is counted by.
NUMBER = re.compile(
    rf"(?P<sign>{SIGN}|\bUSD\s|\bEUR\s)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?"
    r"|(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?"
    r"|\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})(?!\d)|\d+(?:\.\d+|,\d{1,2}(?![\d,]))?)"
    r"(?:[ \u00a0]?(?P<word>thousand|million|billion|trillion|bn|mn"
    r"|(?(sign)m|m(?= (?:barrels|tonnes)\b)))\b)?"
    r"(?:[ \u00a0]?(?P<unit>%|per cent\b|percent\b|tonnes\b|(?-i:Mt|kt)\b|kg\b|barrels\b|dollars\b"
    r"|euros\b|yuan\b|roubles\b|yen\b|(?:short|long) tons\b))?",
    re.IGNORECASE,
)
# What stands right before a number that is a threshold, or is about so much.
QUALIFIER = saying(
    r"(?:\b(?:(?P<above>{more}|{least}|{passed})"
    r"|(?P<below>{less}|(?!up to){most}|{uncrept}up to|(?:not|never) {passed})"
    r"|(?P<about>{about})|(?P<nearly>{nearly}))|~)\s*$"
)
SAID: dict[str, tuple[str, tuple[str, ...]]] = {
    "above": ("more than", LOWER),
    "below": ("less than", UPPER),
}
# Of a fall the change is the contrary of its size: to fall by more than half is less than -50 %.
SAID |= {"a fall above": ("more than", LOWER + UPPER), "a fall below": ("less than", UPPER + LOWER)}
FALL = saying(
    r"\b(?:{fell}|down|cut|lost|shed|reduced|lower|plummeted|dipped)(?: \w+ly)?(?: by| of)? $"
)
LESS = re.compile(r"[ \u00a0](?:less|lower|fewer|down)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Printed:
    """A number in print.

    Attributes
    ----------
    text, before
        The number with its signs, and what stands before it.
    digits, counted_by
        Its digits, and what its word counts.
    mark
        The unit that a sign or a word beside it says; empty where none does.
    said
        Whether it is above or below so much, about it, or nearly it; empty where it is that.
    """

    text: str
    before: str
    digits: str
    counted_by: float
    mark: str
    said: str = ""

    @property
    def is_counted(self) -> bool:
        """Whether a sign, a unit or a scale stands with it, so that it is no mere number."""
        return bool(self.mark) or self.counted_by > 1

    @property
    def is_about(self) -> bool:
        """Whether it is about so much."""
        return self.said in ("about", "nearly")

    @property
    def qualifiers(self) -> tuple[str, tuple[str, ...]]:
        """What the words before it say, and the qualifiers of a claim that say so."""
        return SAID.get(self.said) or (("about", ("~", "=")) if self.is_about else ("", ("=",)))

    def is_of(self, unit: str) -> bool:
        """Whether its mark, if it has any, is of such a unit."""
        return not self.mark or units.sized(self.mark)[0] == _marked(unit)[0]

    def means(self, figure: float, unit: str) -> bool:
        """Whether it is so many of a unit, on whichever side of nought."""
        return self._scale(figure, unit) > 0

    def step(self, figure: float, unit: str, *, is_about: bool = False) -> float:
        """The step to which it prints a figure that it means, of so much or about; 0 of another."""
        return step_of(self.digits, is_about=is_about) * self._scale(figure, unit)

    def _scale(self, figure: float, unit: str) -> float:
        """What its digits are multiplied by to come to a figure; 0 where they do not."""
        if self.mark:
            scales = [self.counted_by * units.sized(self.mark)[1] / _marked(unit)[1]]
        else:
            word, _, rest = unit.partition(" ")
            counted = units.COUNTED_BY.get(word, 1.0) if rest else SHORT.get(unit, 1.0)
            scales = [self.counted_by / counted, *([1.0] * (self.counted_by == 1.0))]
        number = float(self.digits)
        return next((s for s in scales if math.isclose(number * s, abs(figure), rel_tol=1e-9)), 0.0)


def _marked(unit: str) -> tuple[str, float]:
    """Of which unit a mark would be, and how many of it one is: of dollars a barrel, dollars."""
    base, size = units.sized(unit)
    head, of_head = units.sized(base.partition("/")[0])
    return ALIKE.get(head, head), size * of_head


def numbers_in(text: str) -> list[Printed]:
    """The numbers that a text prints, in digits or in words up to twenty.

    Examples
    --------
    >>> from tradeflows.claims.open_words import numbers_in
    >>> [(item.text, item.mark) for item in numbers_in("It paid more than $12 million for four.")]
    [('$12 million', 'USD'), ('four', '')]
    """
    found: dict[int, Printed] = {}
    matches = list(NUMBER.finditer(text))
    for match, following in zip_longest(matches, matches[1:]):
        found[match.start()] = _printed(text, match, following)
    for match in SPELLED.finditer(text):
        digits = str(units.NUMBER_WORDS[match[0].lower()])
        before, said = _before(text, *match.span())
        found[match.start()] = Printed(match[0], before, digits, 1.0, "", said)
    return [printed for _, printed in sorted(found.items())]


def plain_digits(text: str) -> str:
    """Digits with a point alone: of 16.400,5 as of 16,400.5, of 57,67 and of 1 300.

    Examples
    --------
    >>> from tradeflows.claims.open_words import plain_digits
    >>> plain_digits("16.400,5"), plain_digits("1,300"), plain_digits("57,67")
    ('16400.5', '1300', '57.67')
    """
    plain = re.sub(r"[ '\u00a0\u202f]", "", text).rstrip(".,")
    marks = re.findall("[.,]", plain)
    is_decimal = len(marks) == 1 and not re.fullmatch(r"[1-9]\d{0,2},\d{3}", plain)
    if is_decimal or len({*marks}) == 2:
        whole, _, decimals = plain.rpartition(marks[-1])
        return f"{re.sub('[.,]', '', whole)}.{decimals}"
    return re.sub("[.,]", "", plain)


def _mark(sign: str, unit: str) -> str:
    """The unit that a sign or a word says; money and per cent go by many."""
    base = units.sized(unit.lower())[0]
    word = base if base == "percent" or units.CURRENCY.fullmatch(base) else unit.lower()
    return SIGNS.get(sign, sign) or (unit if unit in SHORT else word)


def _before(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands before a number, without that it is about so much, and what that says of it."""
    words = QUALIFIER.search(text, 0, start)
    if not words:
        return text[:start], ""
    said = words.lastgroup or "about"
    if said in SAID and (FALL.search(text, 0, words.start()) or LESS.match(text, end)):
        said = f"a fall {said}"
    return text[: start if said in SAID else words.start()], said


YEAR = re.compile(r"(?:19|20)\d\d")
BETWEEN = (" to ", " or ", "-", "–")  # the two ends of a range, of which the last has the word


def _printed(text: str, match: re.Match[str], following: re.Match[str] | None) -> Printed:
    """One number in print; the first end of a range is counted by the word of its last."""
    marked = match
    is_end = following is not None and text[match.end() : following.start()] in BETWEEN
    if following is not None and YEAR.fullmatch(match["digits"]):  # no end of "to 38.2 billion"
        is_end = bool(YEAR.fullmatch(following["digits"]))
    if following is not None and is_end and not (match["word"] or match["unit"]):
        marked = following
    before, said = _before(text, *match.span())
    return Printed(
        text=match[0].strip(),
        before=before,
        digits=plain_digits(match["digits"]),
        counted_by=COUNTED_BY.get((marked["word"] or "").lower(), 1.0),
        mark=_mark((match["sign"] or "").strip().upper(), marked["unit"] or ""),
        said=said,
    )


def printed_step(statement: str, figure: float, unit: str, *, is_about: bool = False) -> float:
    """The step to which a statement prints `figure`, in `unit`; 0 where it does not print it.

    The step is that of the last digit before the word that the number is counted by; of a number
    that is about so much, of its last digit that is not nought, and 5 where that is a 5 of the
    units.

    Examples
    --------
    >>> from tradeflows.claims.open_words import printed_step
    >>> printed_step("Trade reached $190 billion.", 190e9, "USD")
    1000000000.0
    >>> printed_step("Some 2.5 million tonnes came.", 2.5, "million tonnes")
    0.1
    >>> printed_step("Russia supplied about 25 per cent.", 25, "percent")
    5.0
    """
    steps = (
        item.step(figure, unit, is_about=is_about or item.is_about)
        for item in numbers_in(statement)
        if item.is_of(unit)
    )
    return next(filter(None, steps), 0.0)


def step_of(digits: str, *, is_about: bool) -> float:
    """The step to which digits are written; of about so much, of the last that is not nought.

    About so much is never a tenth more or less.

    Examples
    --------
    >>> from tradeflows.claims.open_words import step_of
    >>> step_of("57.67", is_about=False), step_of("140", is_about=True)
    (0.01, 10.0)
    >>> step_of("100", is_about=True)
    20.0
    """
    whole, _, decimals = digits.partition(".")
    if not is_about:
        return 10.0 ** -len(decimals)
    significant = decimals.rstrip("0")
    noughts = len(whole) - len(whole.rstrip("0"))
    is_half = not noughts and whole.endswith("5")
    step = 10.0 ** -len(significant) if significant else float(HALF if is_half else 10**noughts)
    return min(step, float(digits) * FARTHEST)


# --- the span of a record -------------------------------------------------------------------------

YEARS = re.compile(rf"\b(\d+|{'|'.join(units.NUMBER_WORDS)})(?:-| )years?\b", re.IGNORECASE)


def years_named(*texts: str) -> int:
    """For how many years a record is one, by the first text that says it; 0 where none does.

    Examples
    --------
    >>> from tradeflows.claims.open_words import years_named
    >>> years_named("", "the first in fifteen years"), years_named("a record")
    (15, 0)
    """
    for text in texts:
        found = YEARS.search(text)
        if found:
            word = found[1].lower()
            return units.NUMBER_WORDS.get(word) or int(word)
    return 0
