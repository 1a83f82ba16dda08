"""Areas and products: one id for what each publisher writes in its own way.

The lists lie in ``codelists/``. ``areas.csv`` has one row an area id (ISO 3166 alpha-3 where there
is one); its ``members`` are area ids, ``*`` for all, or ``!id`` for all outside id.
``area_codes.csv`` says what a publisher's code means in that publisher's system and nowhere else:
344 is Hong Kong in ``comtrade`` and Russia in ``gacc``. ``area_years.csv`` has the codes that mean
one area for some years alone, such as Eurostat's CS. ``products.csv`` names products; its
``parent`` is filled only where the code does not spell it. ``harmonized_system_2022.csv`` has the
official name of every chapter, heading and subheading. ``product_words.csv`` says which codes a
plain word stands for. Where each list is from, and its licence, is in ``codelists/README.md``.
"""

from __future__ import annotations

import csv
import re
import textwrap
from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from tradeflows.model import groups as country_groups
from tradeflows.model.codelists import rows_by, rows_of
from tradeflows.model.errors import CodeError, LayoutError, QueryError, SourceError, near
from tradeflows.model.groups import is_within
from tradeflows.model.words import fold, simpler

if TYPE_CHECKING:
    import pyarrow as pa

# Chapter to national line; Comext ends the 8-digit code of confidential goods in letters.
# There is no chapter 00, and 77 is reserved.
HS = re.compile(r"(?!00|77)((\d\d){1,5}|\d\d[0-9A-Z]{6})", re.ASCII)

WORLD = "W00"  # the id of the world as a whole

# Goods that a publisher names and gives no code: GACC:soya_beans.
UNCODED = "GACC:"

# What a person may type for an area, apart from ids and names.
TYPED = ("iso3", "eurostat", "eurostat label", "words")


_areas = partial(rows_by, "areas.csv", "area")
_products = partial(rows_by, "products.csv", "code")


# --- areas ----------------------------------------------------------------------------------------


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
    return codes | {area: area for area in _areas() if system == "iso3"}


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
        then = "" if year is None else f" in {year}"
        raise CodeError(
            f"{path}: {len(unknown)} of {len(codes)} area codes are not in system {system!r}"
            f"{then}: {', '.join(map(repr, unknown[:5]))}{near(unknown[0] or '', known)}; add it "
            "to area_codes.csv, never drop the row"
        )
    return pa.array([known[code] for code in codes], pa.string()).take(coded.indices)


def codes_of(area: str, system: str) -> list[str]:
    """Codes that a publisher's `system` has for an area id, in their order; empty where none."""
    return [code for code, meant in area_codes(system).items() if meant == area]


@cache
def area_words() -> dict[str, str]:
    """Every word that a person may type for an area, folded, with the id of its area."""
    words = [(row["name"], area) for area, row in _areas().items()]
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
    known = area_words()
    spellings = [fold(word), *simpler(fold(word))]
    area, at = next(
        ((known[text], at) for at, text in enumerate(spellings) if text in known), ("", 0)
    )
    if area and (not at or is_country(area)):  # "Ireland (Northern)" is no Ireland
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
    hint = near(first_part, [row["name"] for row in _areas().values()])
    raise QueryError(f"no area {word!r} in areas.csv{hint}")


def area_kind(area: str) -> str:
    """Return what an area is: country, group, world, former, part or unspecified."""
    return _area(area)["kind"]


def _area(area: str) -> dict[str, str]:
    if area not in _areas():
        raise CodeError(f"no area id {area!r} in areas.csv{near(area, _areas())}")
    return _areas()[area]


def named(name: str) -> str:
    """Return the id of the area whose plain name `name` is, in any case; empty where none is."""
    folded = name.strip().casefold()
    return next((area for area, row in _areas().items() if row["name"].casefold() == folded), "")


def area_name(area: str) -> str:
    """Return the short English name of an area id; CodeError where `area` is not one."""
    return _area(area)["name"]


@cache
def _leaves(area: str) -> frozenset[str]:
    members = _area(area)["members"]
    if members == "*":
        return frozenset(leaf for leaf, row in _areas().items() if not row["members"])
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
    return [area for area, row in _areas().items() if row["members"]]


def is_country(area: str) -> bool:
    """Tell whether `area` is a country, be it one whose parts have ids too (the United Kingdom)."""
    return area_kind(area) == "country"


def parts(area: str) -> list[str]:
    """Areas that some publishers state in the place of country `area`, if there are such."""
    return _area(area)["members"].split() if is_country(area) else []


# --- products -------------------------------------------------------------------------------------


@cache
def harmonized_system() -> dict[str, str]:
    """The official name of every chapter, heading and subheading of HS 2022, by code."""
    return {row["code"]: row["name"] for row in rows_of("harmonized_system_2022.csv")}


@cache
def all_products() -> list[str]:
    """Codes of ``products.csv`` and of HS 2022, in their order."""
    return sorted({*_products(), *harmonized_system()})


@cache
def product_words() -> dict[str, list[str]]:
    """The codes of each plain word, the preferred first."""
    words: dict[str, list[str]] = {}
    for row in rows_of("product_words.csv"):
        words.setdefault(row["word"], []).append(row["code"])
    return words


@cache
def _parent(code: str) -> str:
    """Code one step up; empty at the top of a classification."""
    row = _products().get(code, {})
    if row.get("parent"):
        return row["parent"]
    if HS.fullmatch(code):
        # The letters of a confidential code hide digits: 392XXXXX lies somewhere in 39.
        digits = len(re.split("[A-Z]", code)[0])
        return code[: min(digits, len(code) - 1) // 2 * 2] or "TOTAL"
    if row or code.startswith(UNCODED):
        return ""
    raise CodeError(impossible(code))


def impossible(code: str) -> str:
    """Return why `code` is no product code, and what it may be."""
    may_be = []
    if is_without_zero(code):
        may_be.append(f"its leading zero is lost, as a spreadsheet drops it; 0{code} may be meant")
    if is_national(code):
        may_be.append(
            f"a country's own code of {len(code)} digits is mapped to six in the map of the file, "
            f'words = {{ "{code}" = "{code[:6]}" }}, and the note of the source says so'
        )
    if may_be:
        return f"{code!r} is no HS code: {'; or '.join(may_be)}"
    return (
        f"{code!r} has not 2, 4, 6, 8 or 10 digits as an HS code has, and is not in products.csv "
        f"(add it there){near(code, _products())}"
    )


def is_without_zero(code: str) -> bool:
    """Whether `code` is an HS code when a zero, which a spreadsheet drops, stands before it."""
    is_odd = re.fullmatch(r"[1-9](\d\d){0,4}", code, re.ASCII)
    return bool(is_odd) and f"0{code}"[:4] in harmonized_system()


def is_national(code: str) -> bool:
    """Whether `code` has digits that a country adds to those of the HS, in a number that is not."""
    is_long = re.fullmatch(r"(\d\d){3}\d(\d\d)*|\d{12,}", code, re.ASCII)
    return bool(is_long) and code[:4] in harmonized_system()


@cache
def _up(code: str) -> tuple[str, ...]:
    parent = _parent(code)
    return (code, *_up(parent)) if parent else (code,)


def is_under(code: str, ancestor: str) -> bool:
    """Tell whether all of product `code` lies within `ancestor`, in one classification.

    A union a+b lies within what holds all its parts; within it lie its parts and their
    descendants. No code is under itself. CodeError if a code is neither HS nor in the list.
    """
    parts, wholes = set(code.split("+")), set(ancestor.split("+"))
    for whole in wholes:
        _parent(whole)
    return parts != wholes and all(wholes.intersection(_up(part)) for part in parts)


def level(code: str) -> int:
    """Return how fine `code` is: the digits of an HS code, 0 for TOTAL; CodeError if it is none.

    A part that has no code of its own (2701:coking) is one finer than its parent, and so are the
    codes of other lists, which begin at 0; a union is as fine as its coarsest part.
    """
    if "+" in code:
        return min(map(level, code.split("+")))
    if HS.fullmatch(code):
        return len(code)
    parent = _parent(code)
    return level(parent) + 1 if parent else 0


def product(word: str) -> list[str]:
    """Return the codes that `word` stands for: a plain word, a code itself, or the name of one.

    The codes of a word come from several classifications and definitions, the preferred first:
    they are alternatives, to be looked for in this order, never added.

    Raises
    ------
    QueryError
        `word` is neither; the message offers the nearest.
    """
    folded = fold(word)
    codes = product_words().get(folded)
    if codes:
        return codes
    code = word.strip()
    try:
        level(code)
    except CodeError as error:
        codes = [code for code, row in _products().items() if fold(row["name"]) == folded]
        if len(codes) == 1:
            return codes
        raise QueryError(
            f"no product {word!r} in products.csv (tf.products({word!r}) looks in the names of all "
            f"codes){near(word, [*product_words(), *_products()])}"
        ) from error
    return [code]


def plain_product_name(code: str) -> str:
    """Return the name that ``products.csv`` gives a code; empty where it gives none."""
    return _products().get(code, {}).get("name", "")


SHORT_NAME = 60  # characters of an official name that a heading or a chart has room for


def product_name(code: str) -> str:
    """Return the short name of a product; CodeError if `code` is none.

    That of ``products.csv`` or else, of HS 2022, the beginning of the official name. A code that
    neither has bears the name of what it lies within: "of 271119: petroleum gases …".
    """
    level(code)
    name = plain_product_name(code) or product_description(code)
    if code in _products() or len(name) <= SHORT_NAME:
        return name
    # Several official names begin alike, so the code tells them apart.
    return f"{textwrap.shorten(name, SHORT_NAME, placeholder=' …')} ({code})"


def product_description(code: str) -> str:
    """Return the full official name of a product, by the same rule as :func:`product_name`."""
    level(code)
    if "+" in code and code not in _products():
        return "; ".join(map(product_name, code.split("+")))
    for above in _up(code):
        name = harmonized_system().get(above) or plain_product_name(above)
        if name and above != "TOTAL":
            return name if above == code else f"of {above}: {name}"
    return f"HS {code}"


def codelist(path: Path, key: Sequence[str] = ("hs6",)) -> list[dict[str, str]]:
    """Rows of a list of HS subheadings, such as the common high priority goods, by column.

    Parameters
    ----------
    path
        CSV with a header and a column ``hs6``; one row a subheading, or one a basket and code.
    key
        Columns that no two rows may share.

    Raises
    ------
    SourceError
        There is no such file.
    LayoutError
        The file lacks a column or rows, or a row is longer or shorter than the header.
    CodeError
        A code has not six digits, or two rows share a key.
    """
    if not path.is_file():
        raise SourceError(f"{path}: no such file; restore it, or mend its path in sources.toml")
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *lines = [*csv.reader(file)] or [[]]
    missing = {"hs6", *key}.difference(header)
    if missing:
        raise LayoutError(path, f"columns {sorted(missing)}", f"{header}")
    try:
        rows = [dict(zip(header, line, strict=True)) for line in lines if line]
    except ValueError as error:
        raise LayoutError(path, f"{len(header)} cells a row", "another number in some") from error
    if not rows:
        raise LayoutError(path, "a row a code", "none")
    wrong = [row["hs6"] for row in rows if not re.fullmatch(r"[0-9]{6}", row["hs6"])]
    if wrong:
        raise CodeError(f"{path}: not six digits: {wrong[:5]}; mend the list")
    counts = Counter(" ".join(row[column] for column in key) for row in rows)
    twice = [cells for cells, count in counts.items() if count > 1]
    if twice:
        raise CodeError(f"{path}: listed more than once: {twice[:5]}; keep one row a key")
    return rows


@cache
def listed_under(code: str) -> list[str]:
    """Codes of ``products.csv`` that lie within `code`, whether or not their digits say so."""
    return [other for other in _products() if is_under(other, code)]


def kinds_beside(code: str) -> set[str]:
    """Of a part that is told from the others by its kind, such as by pipeline, all of them.

    It stands for its whole only together with these; of any other code there is none.

    Examples
    --------
    >>> from tradeflows.model import codes
    >>> sorted(codes.kinds_beside("G3000:pipeline")), codes.kinds_beside("270900")
    (['G3000:pipeline', 'G3200'], set())
    """
    if ":" not in code:
        return set()
    parent = _parent(code)
    return {other for other, row in _products().items() if row["parent"] == parent}


def wholes(code: str, among: set[str]) -> set[str]:
    """Those of `among` that contain product `code`."""
    unions = {union for union in among if "+" in union and is_under(code, union)}
    lines = [set(_up(part)) for part in code.split("+")]
    above = set.intersection(*lines) - {code}
    return unions | (above & among)
