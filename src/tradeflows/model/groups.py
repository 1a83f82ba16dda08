"""Groups of countries that no publisher states as one: who is a member, and in which years.

``area_groups.csv`` has a row a membership, with its first and last year where it began or ended;
regions are those of the United Nations' M49. ``group_names.csv`` has the words for each group; a
word without one names no list of countries, and the nearest group that does. As of 2025.
"""

from functools import cache

from tradeflows.model.codelists import rows_of
from tradeflows.model.words import fold


@cache
def _by_word() -> dict[str, str]:
    return {fold(row["word"]): row["group"] for row in rows_of("group_names.csv")}


@cache
def _names() -> dict[str, str]:
    """The name of each group: the second of its words in capitals or, where it has one, that."""
    names: dict[str, list[str]] = {}
    for row in rows_of("group_names.csv"):
        if row["word"][0].isupper():
            names.setdefault(row["group"], []).append(row["word"])
    return {group: words[min(1, len(words) - 1)] for group, words in names.items()}


def group_of(word: str) -> str:
    """The id of the group that `word` names; empty where it names none."""
    folded = fold(word).removeprefix("the ")
    return _by_word().get(folded, "")


def is_vague(word: str) -> bool:
    """Whether `word` speaks of countries without saying which: "the West"."""
    folded = fold(word)
    return any(_by_word().get(text) == "" for text in (folded, folded.removeprefix("the ")))


def nearest_group(word: str) -> str:
    """The group that is nearest to a vague `word`; empty where none is."""
    folded = fold(word).removeprefix("the ")
    near = {fold(row["word"]): row["near"] for row in rows_of("group_names.csv")}
    return near.get(folded, "")


def group_name(group: str) -> str:
    """The name of a group as a reader knows it."""
    return _names()[group]


def members(group: str, year: int | None = None) -> list[str]:
    """Ids of the members of a group at the end of `year`, or of its newest list."""
    when = year or 9999
    rows = [row for row in rows_of("area_groups.csv") if row["group"] == group]
    return [
        row["area"] for row in rows if int(row["first"] or 0) <= when <= int(row["last"] or 9999)
    ]


def changes(group: str, first: int, last: int) -> list[str]:
    """Who joined or left a group from the year `first` to the year `last`, as "QAT until 2018"."""
    texts = []
    for row in rows_of("area_groups.csv"):
        if row["group"] != group:
            continue
        if row["first"] and first < int(row["first"]) <= last:
            texts.append(f"{row['area']} from {row['first']}")
        if row["last"] and first <= int(row["last"]) < last:
            texts.append(f"{row['area']} until {row['last']}")
    return texts
