"""Areas: one id for what each publisher writes in its own way.

``areas.csv`` has one row an area id (ISO 3166 alpha-3 where there is one); its ``members`` are area
ids, ``*`` for all, or ``!id`` for all outside id. ``area_codes.csv`` says what a publisher's code
means in that publisher's system and nowhere else: 344 is Hong Kong in ``comtrade`` and Russia in
``gacc``. ``area_years.csv`` has the codes that mean one area for some years alone, such as
Eurostat's CS. Where each list is from, and its licence, is in ``codelists/README.md``.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tradeflows.model import groups as country_groups
from tradeflows.model.codelists import rows_by, rows_of
from tradeflows.model.errors import CodeError, QueryError, near
from tradeflows.model.groups import is_within
from tradeflows.model.words import fold, simpler

if TYPE_CHECKING:
    import pyarrow as pa

WORLD = "W00"  # the id of the world as a whole
# What a person may type for an area, apart from ids and names.
TYPED = ("iso3", "eurostat", "eurostat label", "words")
AREAS = rows_by("areas.csv", "area")


@cache
def area_codes(system: str, year: int | None = None) -> dict[str, str]:
    """Every code of a publisher's `system` with the id of its area; CodeError if there is none.

    Of a `year`, with what its codes meant then; without, with what they mean in any year.
    """
    rows = [row for row in rows_of("area_codes.csv") if row["system"] == system]
    if not rows:
        systems = {row["system"] for row in rows_of("area_codes.csv")}
        raise CodeError(f"no system {system!r} in area_codes.csv{near(system, systems)}")
    codes = {row["code"]: row["area"] for row in rows}
    changed = [row for row in rows_of("area_years.csv") if year and row["system"] == system]
    for row in changed:
        codes.pop(row["code"], None)
    codes |= {row["code"]: row["area"] for row in changed if is_within(row, year or 0)}
    return codes | {area: area for area in AREAS if system == "iso3"}


def areas(
    values: pa.Array | pa.ChunkedArray, system: str, path: Path | str, year: int | None = None
) -> pa.Array:
    """Translate a publisher's area codes into area ids, in the order of `values`.

    Several codes may share an id, so keep the codes beside them.

    Parameters
    ----------
    values
        n codes as the publisher writes them, text or integer.
    system
        Whose codes they are: a system of ``area_codes.csv``.
    path
        File that they came from, for the message.
    year
        When they were written, where the meaning of a code depends on it.

    Raises
    ------
    CodeError
        A code is null or unknown in `system`, or there is no such system. No row is dropped.
    """
    import pyarrow as pa

    known = area_codes(system, year)
    array = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    coded = array.cast(pa.string()).dictionary_encode(null_encoding="encode")
    codes = coded.dictionary.to_pylist()
    unknown = [code for code in codes if code not in known]
    if unknown:
        then = f" in {year}" if year else ""
        raise CodeError(
            f"{path}: {len(unknown)} of {len(codes)} area codes are not in system {system!r}"
            f"{then}: {', '.join(map(repr, unknown[:5]))}{near(unknown[0] or '', known)}; add it "
            "to area_codes.csv, never drop the row"
        )
    return pa.array(map(known.get, codes), pa.string()).take(coded.indices)


def codes_of(area: str, system: str) -> list[str]:
    """Codes that a publisher's `system` has for an area id, in their order; empty where none."""
    return [code for code, meant in area_codes(system).items() if meant == area]


@cache
def area_words() -> dict[str, str]:
    """Every word that a person may type for an area, folded, with the id of its area."""
    words = [(row["name"], area) for area, row in AREAS.items()]
    words += (pair for system in TYPED for pair in area_codes(system).items())
    folded = {fold(word): area for word, area in words}
    return {word.replace("-", " "): area for word, area in folded.items()} | folded


def area(word: str) -> str:
    """Return the id of the area that `word` is: an id, an ISO alpha-2 code or a name, in any case.

    Raises
    ------
    QueryError
        There is no such area; the message offers the nearest, none is guessed. Or `word` is a
        group that no publisher states as one, or names no list of countries.
    """
    known, folded = area_words(), fold(word)
    if folded in known:
        return known[folded]
    area = next((known[text] for text in simpler(folded) if text in known), WORLD)
    if is_country(area):  # "Ireland (Northern)" is no Ireland
        return area
    group = country_groups.row_of(word)
    if group.get("group"):
        members = country_groups.members(group["group"])
        raise QueryError(
            f"{word!r} is a group of {len(members)} areas that no publisher states as one: ask for "
            f"its members, which tf.areas({word!r}) lists"
        )
    if group:
        name = group["near"] and repr(country_groups.group_name(group["near"]))
        hint = f"; {name} is one that is near" if name else ""
        raise QueryError(f"{word!r} is no list of countries: name those that you mean{hint}")
    first_part = re.split(r" ?[(,]", word)[0]
    hint = near(first_part, [row["name"] for row in AREAS.values()])
    raise QueryError(f"no area {word!r} in areas.csv{hint}")


def area_kind(area: str) -> str:
    """Return what an area is: country, group, world, former, part or unspecified."""
    return _area(area)["kind"]


def _area(area: str) -> dict[str, str]:
    if area not in AREAS:
        raise CodeError(f"no area id {area!r} in areas.csv{near(area, AREAS)}")
    return AREAS[area]


def named(name: str) -> str:
    """Return the id of the area whose plain name `name` is, in any case; empty where none is."""
    folded = name.strip().casefold()
    return next((area for area, row in AREAS.items() if row["name"].casefold() == folded), "")


def area_name(area: str) -> str:
    """Return the short English name of an area id; CodeError where `area` is not one."""
    return _area(area)["name"]


def name_or_code(code: str) -> str:
    """The name of an area; what is no id of one stays as it is."""
    return AREAS[code]["name"] if code in AREAS else code


@cache
def _leaves(area: str) -> frozenset[str]:
    members = _area(area)["members"]
    if members == "*":
        return frozenset(leaf for leaf, row in AREAS.items() if not row["members"])
    if members.startswith("!"):
        return _leaves(WORLD) - _leaves(members[1:])
    return frozenset().union(*map(_leaves, members.split())) if members else frozenset({area})


def members(area: str) -> list[str]:
    """Ids of the areas that a group lists as its members; CodeError if it has no list, as W00."""
    listed = _area(area)["members"].split()
    if not listed or listed[0][0] in "*!":
        raise CodeError(f"{area} has no list of members in areas.csv")
    return listed


def contains(whole: str, part: str) -> bool:
    """Tell whether all of area `part` is counted in area `whole`; CodeError if one is no area id.

    An area does not contain itself. ``EU``, whose membership changed, is taken at its widest and
    so contains ``EU28`` and is contained in it; what is outside such a group, at its narrowest.
    """
    return _leaves(part) <= _leaves(whole) and whole != part


def overlaps(whole: str, part: str) -> bool:
    """Tell whether `whole` contains some of area `part`, and is not itself within it.

    Not of states that are no more: what they held in part was never stated beside them.
    """
    if contains(whole, part) or contains(part, whole) or whole == part:
        return contains(whole, part)
    kinds = area_kind(whole), area_kind(part)
    return "former" not in kinds and not _leaves(whole).isdisjoint(_leaves(part))


@cache
def groups() -> list[str]:
    """Ids of the areas that contain others: the world and groups of countries."""
    return [area for area, row in AREAS.items() if row["members"]]


def is_country(area: str) -> bool:
    """Tell whether `area` is a country, be it one whose parts have ids too (the United Kingdom)."""
    return area_kind(area) == "country"


def parts(area: str) -> list[str]:
    """Areas that some publishers state in the place of country `area`, if there are such."""
    return _area(area)["members"].split() if is_country(area) else []
