"""Groups of countries that no publisher states as one: who is a member, and in which years.

``area_groups.csv`` has a row a membership, with its first and last year where it began or ended;
regions are those of the United Nations' M49. ``group_names.csv`` has the words for each group; a
word without one names no list of countries, and the nearest group that does. As of 2025.
"""

from collections.abc import Mapping
from functools import cache

from tradeflows.model.codelists import rows_of
from tradeflows.model.words import fold


@cache
def _rows() -> dict[str, Mapping[str, str]]:
    return {fold(row["word"]): row for row in rows_of("group_names.csv")}


def row_of(word: str) -> Mapping[str, str]:
    """The row of ``group_names.csv`` that `word` is, empty where it speaks of no countries."""
    folded = fold(word)
    return _rows().get(folded.removeprefix("the "), _rows().get(folded, {}))


def group_of(word: str) -> str:
    """The id of the group that `word` names; empty where it names none."""
    return row_of(word).get("group", "")


def group_name(group: str) -> str:
    """The name of a group as a reader knows it: the second of its words in capitals, if it has."""
    names = [row["word"] for row in rows_of("group_names.csv") if row["group"] == group]
    return [name for name in names if name[0].isupper()][:2][-1]


def is_within(row: Mapping[str, str], year: int) -> bool:
    """Whether a row that holds from its ``first`` year to its ``last`` does so in `year`."""
    return int(row["first"] or 0) <= year <= int(row["last"] or 9999)


def members(group: str, year: int | None = None) -> list[str]:
    """Ids of the members of a group at the end of `year`, or of its newest list."""
    rows = (row for row in rows_of("area_groups.csv") if row["group"] == group)
    return [row["area"] for row in rows if is_within(row, year or 9999)]


def changes(group: str, first: int, last: int) -> list[str]:
    """Who joined or left a group from the year `first` to the year `last`, as "QAT until 2018"."""
    texts = []
    for row in rows_of("area_groups.csv"):
        if row["group"] == group and first < int(row["first"] or first) <= last:
            texts.append(f"{row['area']} from {row['first']}")
        if row["group"] == group and first <= int(row["last"] or last) < last:
            texts.append(f"{row['area']} until {row['last']}")
    return texts
