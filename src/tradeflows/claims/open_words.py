"""What the words of a claim leave open, and to which step its number is printed."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from tradeflows.claims.verdict_rule import Question
from tradeflows.model import units

# A number as print has it, with the word that it is counted by.
NUMBER = re.compile(
    r"(?P<about>\b(?:about|around|nearly|roughly|some)\s+)?(?:[$€£]|US\$)?"
    r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:[ \u00a0](?P<word>thousand|million|billion|trillion|bn|mn)\b)?",
    re.IGNORECASE,
)
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
        if not _has(statement, self.words) or _has(statement, self.unless):
            return False
        goods = asked.goods.split("+")
        if self.goods and not all(code.startswith(self.goods) for code in goods):
            return False
        return not self.measures or any(
            re.fullmatch(_pattern(measure), asked.measure) for measure in self.measures
        )


def _has(statement: str, words: Sequence[str]) -> bool:
    return any(re.search(rf"(?<!\w){_pattern(word)}(?!\w)", statement, re.I) for word in words)


def _pattern(word: str) -> str:
    """A word in which a star stands for any letters."""
    return re.escape(word).replace(r"\*", r".*" if word.endswith(" *") else r"\w*")


@cache
def table() -> tuple[Row, ...]:
    """The rows of the table, in their order."""
    text = resources.files(__package__).joinpath("open_words.toml").read_text(encoding="utf-8")
    return tuple(Row(**row) for row in tomllib.loads(text)["row"])


def rows_of(statement: str, asked: Question) -> list[Row]:
    """The rows of the table that are about a claim."""
    return [row for row in table() if row.applies(statement, asked)]


def left_open(statement: str, asked: Question) -> dict[str, tuple[str, ...]]:
    """What the words of a claim leave open by the table: by key, what they admit beside `asked`.

    Examples
    --------
    >>> from tradeflows.claims.open_words import left_open
    >>> from tradeflows.claims.verdict_rule import Question
    >>> left_open("Brazil's share rose to 71 %.", Question(goods="1201", measure="share of weight"))
    {'measure': ('share of value',)}
    """
    admitted: dict[str, tuple[str, ...]] = {}
    for row in rows_of(statement, asked):
        for key, values in row.leaves.items():
            filled = [value.format(year=asked.start[:4]) for value in values]
            others = tuple(value for value in filled if value != getattr(asked, key))
            if others or not values:
                admitted[key] = others
    return admitted


# --- the step of a printed number -----------------------------------------------------------------


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
    _, size = units.sized(unit)
    for match in NUMBER.finditer(statement):
        digits = match["digits"].replace(",", "")
        counted_by = units.COUNTED_BY.get((match["word"] or "").lower(), 1.0)
        for scale in dict.fromkeys((counted_by, counted_by / size, 1.0)):
            if math.isclose(float(digits) * scale, abs(figure), rel_tol=1e-9):
                return _step(digits, is_about=is_about or bool(match["about"])) * scale
    return 0.0


def _step(digits: str, *, is_about: bool) -> float:
    whole, _, decimals = digits.partition(".")
    if not is_about:
        return 10.0 ** -len(decimals)
    significant = decimals.rstrip("0")
    if significant:
        return 10.0 ** -len(significant)
    noughts = len(whole) - len(whole.rstrip("0"))
    is_half = not noughts and whole.endswith("5")
    return float(HALF if is_half else 10**noughts)


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
