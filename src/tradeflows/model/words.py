"""Words that a person types, folded: case, accents, dots and forms of state do not matter."""

import re
import shlex
import unicodedata
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from typing import Any

from tradeflows.model.errors import QueryError, require_text

Words = str | Iterable[str] | None
DIRECTIONS = {"imports": "M", "exports": "X", "re-imports": "RM", "re-exports": "RX", "trade": "MX"}
MIRRORED = {"M": "X", "X": "M"}  # the flow as the other side states it


def in_a_sentence(names: Sequence[str]) -> str:
    """Names one after another: A, B and C."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def count_of(count: int, word: str) -> str:
    """A count with its word: "1 row", "1,200 rows"."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


AT_A_SHELL = ContextVar("at a shell", default=False)  # where a message is read, else in Python


def option(name: str, value: Any) -> str:
    """An option as who reads a message would type it: ``flow='exports'``, ``--flow exports``."""
    if not AT_A_SHELL.get():
        return f"{name}={value!r}"
    return f"--{name}" if value is True else f"--{name} {_typed(value)}"


def call(verb: str, *words: Any, **options: Any) -> str:
    """A call as who reads a message would type it: of ``tf.ask``, or of ``tradeflows ask``."""
    named = [option(name, value) for name, value in options.items()]
    if AT_A_SHELL.get():
        return f"`{' '.join(['tradeflows', verb, *map(_typed, words), *named])}`"
    return f"tf.{verb}({', '.join([*map(repr, words), *named])})"


def _typed(words: Any) -> str:
    return shlex.quote(words if isinstance(words, str) else ",".join(words))


_STATE = (
    r"(?:the )?(?:[a-z']+ )*?"
    r"(?:republic|kingdom|states?|principality|commonwealth|duchy|union|sultanate|federation)"
    r" of (?:the )?(.+)"
)

# What lists of countries shorten, without dots.
_FULL = {
    "br": "british",
    "dem": "democratic",
    "fed": "federation",
    "isds": "islands",
    "isl": "islands",
    "isls": "islands",
    "n": "north",
    "rep": "republic",
    "s": "south",
    "st": "saint",
    "sts": "states",
    "terr": "territory",
    "u": "united",
}
# The form of a state behind its name without a mark: "korea republic of".
_FORM = (
    r"(?:(?:arab|democratic|federation|islamic|people's|united) )*"
    r"(?:republic|federation)(?: of)?(?: the)?"
)
# What brackets hold that is no other place.
_BY_NAME = (
    r"(?:(?:[a-z']+ )*(?:republic|kingdom|states?|federation)(?: of)?(?: the)?"
    r"|keeling|mainland|malvinas|the)"
)


_BEHIND = re.compile(r"([^(,]+?)(?: \(|, | (?=" + _FORM + r"$))([^(),]+)\)?")
_SIMPLER = ((rf" ?\({_BY_NAME}\)", ""), ("-", " "), ("^the ", ""), (rf"^{_STATE}$", r"\1"))


def fold(text: str) -> str:
    """`text` in lower case without accents, dots and blanks at its ends: "U.S." is "us"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    plain = letters.replace(".", "").replace("’", "'").replace("&", " and ")
    return " ".join(plain.split())


def in_plain_letters(text: str) -> str:
    """`text` folded, with blanks for hyphens, so that "dual use" is found in "dual-use"."""
    return fold(text.replace("-", " "))


def direction(word: str) -> str:
    """The code of a direction of trade.

    Raises
    ------
    QueryError
        It is neither a code nor a word for one.
    """
    require_text("flow", word, "imports")
    for name, code in DIRECTIONS.items():
        if fold(word) in (name, name.removesuffix("s"), code.casefold()):
            return code
    choices = ", ".join(f"{name!r} ({code})" for name, code in DIRECTIONS.items())
    raise QueryError(f"flow={word!r}: expected one of {choices}")


def simpler(folded: str) -> list[str]:
    """Other spellings of the name of a country, the nearest first; none of them need be one.

    "bolivia, plurinational state of" may be "plurinational state of bolivia" and "bolivia"; "the
    gambia" may be "gambia", "st lucia" "saint lucia", "cocos (keeling) islands" "cocos islands",
    "korea, rep of" and "korea (rep of)" "republic of korea". What stands in brackets is left out
    only where it is the form of a state or a known by-name: "sudan (south)" is not "sudan".
    """
    full = " ".join(_FULL.get(word, word) for word in re.findall(r"[(),]|[^\s(),]+", folded))
    full = re.sub(r" ?([,)])", r"\1", full).replace("( ", "(")
    spellings = [folded, full]
    behind = _BEHIND.fullmatch(full)
    if behind:  # which goes before the name: "iran (islamic republic of)"
        form = re.sub(r"( of)?( the)?$", "", behind[2])
        spellings += [f"{form} {behind[1]}", f"{form} of {behind[1]}"]
    for pattern, replacement in _SIMPLER:
        spellings += [re.sub(pattern, replacement, text) for text in spellings]
    return list(dict.fromkeys(spellings))[1:]


def texts_of(name: str, value: Any, example: str = "2709") -> list[str]:
    """One value or several of the filter `name`, as a list."""
    texts = [value] if isinstance(value, str) or not isinstance(value, Iterable) else [*value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise QueryError(
            f"{name}={value!r}: expected a text such as {example!r}, or a list of them"
        )
    return texts
