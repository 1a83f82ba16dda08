"""Words of a question into ids: areas and groups, directions, rhythms, units.

What is no such word is refused by a QueryError.
"""

import re
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tradeflows.model import codes, groups
from tradeflows.model.currencies import currency
from tradeflows.model.errors import QueryError, require_text
from tradeflows.model.words import Words, fold, texts_of
from tradeflows.retrieval import own_words

RHYTHMS = {"monthly": "M", "quarterly": "Q", "yearly": "A", "annual": "A"}
NEWEST_YEAR = 9999
SUCH_AS = {"product": "wheat", "reporter": "China", "partner": "Russia"}  # words such as one types


# What is typed for the name of an argument, and those that there are.
INSTEAD = {
    **dict.fromkeys(("goods", "commodity", "hs"), "product= says of what, such as product='wheat'"),
    **dict.fromkeys(
        ("country", "area"), "reporter= says whose figures, and partner= of trade with whom"
    ),
    **dict.fromkeys(
        ("year", "years", "period", "begin", "since", "until"),
        "start= and end= say when, such as start='2023', end='2023'",
    ),
}


class Areas(NamedTuple):
    """Areas that words name, or ``countries``, and how groups were taken, a sentence each."""

    ids: list[str]
    caveats: list[str]


def listed(name: str, words: Words) -> list[str]:
    """The words of the argument `name`, one at least and none of them empty."""
    texts = texts_of(name, words, SUCH_AS[name])
    if not all(map(str.strip, texts)):
        raise QueryError(
            f"{name}={words!r}: a name is empty; expected a text such as {SUCH_AS[name]!r}"
        )
    return texts


def require_no_more(more: Sequence[Any], filters: Collection[str] = ()) -> None:
    """Refuse what stands behind product, reporter and partner without a name, or has another."""
    for name in filters:
        if name in INSTEAD:
            raise QueryError(f"{name}=: {INSTEAD[name]}")
    if more:
        raise QueryError(
            f"{more[0]!r}: product, reporter and partner alone stand without a name; name what "
            "follows, such as start='2023'"
        )


def areas_of(
    words: Words,
    start: Any = None,
    end: Any = None,
    root: Path | None = None,
    name: str = "partner",
) -> Areas:
    """Areas that the words of the argument `name` are; of a group that nobody states, its members.

    A group has the members that it had at the end of the window, in all of it. Of None there are
    none.
    """
    ids: list[str] = []
    caveats: list[str] = []
    first, last = (re.match(r"\d{4}", str(text or "")) for text in (start, end))
    last_year = int(last[0]) if last else NEWEST_YEAR
    for word in () if words is None else listed(name, words):
        group = groups.group_of(word)
        if group:
            members = groups.members(group, last_year)
            ids += members
            when = f"{last_year}" if last else "today"
            text = f"{groups.group_name(group)}: its {len(members)} members of {when}, in all years"
            changes = groups.changes(group, int(first[0]), last_year) if first else []
            named = (re.sub(r"^\w+", lambda m: codes.area_name(m[0]), text) for text in changes)
            caveats.append(f"{text}; it had {', '.join(named)}" if changes else text)
        else:
            ids.append("countries" if word == "countries" else own_words.area_id(word, root))
    return Areas(list(dict.fromkeys(ids)), caveats)


def area_ids(words: Words, root: Path | None = None, name: str = "partner") -> list[str]:
    """Ids of the areas that words name."""
    return areas_of(words, root=root, name=name).ids


def rhythm(word: str | None) -> str | None:
    """The code of a frequency: M, Q or A."""
    if word is None or word in ("M", "Q", "A"):
        return word
    require_text("freq", word, "M")
    code = RHYTHMS.get(fold(word)) or fold(word).upper()
    if code not in ("M", "Q", "A"):
        raise QueryError(f"freq={word!r}: expected 'M' (months), 'Q' (quarters) or 'A' (years)")
    return code


def unit_of_words(word: str, known: Sequence[str] = ()) -> str:
    """The unit that a word asks for: tonnes, the code of a currency, or a quantity as it is."""
    if not word or word in known:
        return word
    from tradeflows.model import units  # with numpy, while areas are looked up without

    require_text("unit", word, "tonnes")
    if fold(word) in ("barrel", "barrels"):
        return "bbl"
    if fold(word) in units.TONNES:
        return "tonnes"
    try:
        return currency(word)
    except QueryError:
        return word
