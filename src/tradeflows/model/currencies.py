"""Currencies by their codes of ISO 4217, their names, and the words that people use."""

from functools import cache

from tradeflows.model.codelists import rows_of
from tradeflows.model.errors import QueryError, near
from tradeflows.model.words import fold


@cache
def _by_word() -> dict[str, list[str]]:
    codes: dict[str, list[str]] = {}
    for row in rows_of("currencies.csv"):
        words = {fold(text) for text in (row["code"], row["name"], *row["words"].split("; "))}
        for word in words - {""}:
            codes.setdefault(word, []).append(row["code"])
    return codes


def currency(word: str) -> str:
    """The code of the currency that `word` is: a code, a name or a usual word, in any case.

    Raises
    ------
    QueryError
        There is none, or several go by that word.
    """
    codes = _by_word().get(fold(word), [])
    if len(codes) > 1:
        raise QueryError(f"several currencies are called {word!r}: {', '.join(codes)}; name one")
    if not codes:
        raise QueryError(f"no currency {word!r} in ISO 4217{near(fold(word), _by_word())}")
    return codes[0]


@cache
def plain_names() -> dict[str, str]:
    """What an amount in each currency is called, by its code: dong, Swiss francs."""
    return {row["code"]: row["plain"] or row["name"] for row in rows_of("currencies.csv")}
