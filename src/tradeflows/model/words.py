"""Words that a person types, folded: case, accents, dots and forms of state do not matter."""

import re
import unicodedata

_STATE = re.compile(
    r"(?:the )?(?:[a-z']+ )*?"
    r"(?:republic|kingdom|states?|principality|commonwealth|duchy|union|sultanate|federation)"
    r" of (?:the )?(.+)"
)


def fold(text: str) -> str:
    """`text` in lower case without accents, dots and blanks at its ends: "U.S." is "us"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    plain = letters.replace(".", "").replace("’", "'").replace("&", " and ")
    return " ".join(plain.split())


def simpler(folded: str) -> list[str]:
    """Other spellings of the name of a country, the nearest first; none of them need be one.

    "bolivia, plurinational state of" may be "plurinational state of bolivia" and "bolivia"; "the
    gambia" may be "gambia", "st lucia" "saint lucia", "cocos (keeling) islands" "cocos islands".
    """
    spellings = [folded]
    head, comma, tail = folded.rpartition(", ")
    if comma:
        spellings.append(f"{tail} {head}")
    spellings += [re.sub(r" ?\([^)]*\)", "", text) for text in spellings]
    spellings += [text.removeprefix("the ") for text in spellings]
    spellings += [re.sub(r"^st ", "saint ", text) for text in spellings]
    states = [_STATE.fullmatch(text) for text in spellings]
    spellings += [match[1] for match in states if match]
    return list(dict.fromkeys(spellings))[1:]
