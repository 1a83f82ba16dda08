"""What can go wrong, named for who must act. Every message is one line that says what to do."""

import copyreg
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

ALIKE = 0.76  # how near a word must be to be meant, or "Chad" would be offered for "Chna"
SHORT = 3  # letters, of which one exchanged makes another word
FEW = 40  # words, so many that some of them may be listed instead


def nearest(word: str, valid: Iterable[str], most: int = 3) -> list[str]:
    """Those of `valid` that `word` may be meant for, in any case of letters, the nearest first.

    Such a name is much like it, begins as `word` does, has its letters in another order, or has it
    among its words: a hint that is wrong helps less than none.
    """
    folded = {name.casefold(): name for name in sorted(valid, reverse=True) if name}
    asked = word.strip().casefold()
    close = get_close_matches(asked, folded, most, ALIKE)
    for name in sorted(folded, key=len):
        begins_so = len(asked) >= SHORT and name.startswith(asked)
        if begins_so or asked in name.split() or sorted(asked) == sorted(name):
            close.append(name)
    return [folded[name] for name in dict.fromkeys(close)][:most]


def near(word: str, valid: Iterable[str]) -> str:
    """The end of a message about `word`: the nearest of `valid`, or what there is, if it is few."""
    words = {*valid} - {""}
    close = nearest(word, words)
    if close:
        return f"; did you mean {' or '.join(map(repr, close))}?"
    return f"; {there_are(words)}" if 0 < len(words) <= FEW else "; nothing is near"


def there_are(valid: Iterable[str]) -> str:
    """The first twelve of `valid` by name."""
    words = sorted(set(valid))
    return f"there are {', '.join(words[:12])}{', …' if words[12:] else ''}"


def require_text(name: str, value: object, example: str) -> None:
    """Refuse a `value` that is no text; `name` is what it was given for."""
    if not isinstance(value, str):
        raise QueryError(f"{name}={value!r}: expected a text such as {example!r}")


class TradeflowsError(Exception):
    """Any error that this package raises on purpose; the data are not as expected (exit 1)."""

    def __reduce__(self) -> tuple[Any, ...]:
        """By its message, so that an error comes back from another process as it was."""
        return copyreg.__newobj__, (type(self), *self.args)  # type: ignore[attr-defined]

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in a notebook: the message, in place of the frames."""
        return [f"{type(self).__name__}: {self}"]


class CatalogueError(TradeflowsError):
    """The maintainer must mend ``sources.toml``: a key, a cleaner or an id is wrong."""


class SourceError(TradeflowsError):
    """A raw file is missing, altered or not catalogued; restore it or catalogue the new vintage."""


class LayoutError(TradeflowsError):
    """A raw file is not laid out as its publisher lays it out."""

    def __init__(self, path: Path | str, expected: str, found: str, todo: str = "") -> None:
        advice = f"; {todo}" if todo else ""
        super().__init__(f"{path}: expected {expected}, found {found}{advice}")


class CodeError(TradeflowsError):
    """A code of a publisher is in no code list; add it there, never drop the row."""


class SchemaError(TradeflowsError):
    """Rows break the contract of the table that they are meant for."""


class BuildError(TradeflowsError):
    """``data/processed`` is absent, stale or cannot be written; the message names the command."""


class QueryError(TradeflowsError, ValueError):
    """The question has no honest answer as it was put; the message says how to put it."""


class NothingStatedError(TradeflowsError):
    """The question was put well, and whose figures are asked for states none; nothing is amiss."""


class ReportError(TradeflowsError):
    """A page, a notebook or another file for a reader cannot be written."""


class LedgerError(TradeflowsError):
    """A claim of the ledger is wrong; the message names the claim and the nearest valid value."""
