"""Areas and products: one id for what each publisher writes in its own way.

The lists lie in ``codelists/``. ``areas.csv`` has one row an area id (ISO 3166 alpha-3 where there
is one); its ``members`` are area ids, ``*`` for all, or ``!id`` for all outside id.
``area_codes.csv`` says what a publisher's code means in that publisher's system and nowhere else:
344 is Hong Kong in ``comtrade`` and Russia in ``gacc``. ``area_years.csv`` has the codes that mean
one area for some years alone, such as Eurostat's CS. ``products.csv`` names products; its
``parent`` is filled only where the code does not spell it. ``product_words.csv`` says which codes
a plain word stands for.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tradeflows.model.errors import CodeError, LayoutError, QueryError, SourceError, near

if TYPE_CHECKING:
    import pyarrow as pa

LISTS = Path(__file__).with_name("codelists")

# Chapter to national line; Comext ends the 8-digit code of confidential goods in letters.
# There is no chapter 00, and 77 is reserved.
HS = re.compile(r"(?!00|77)((\d\d){1,5}|\d\d[0-9A-Z]{6})", re.ASCII)

# Goods that a publisher names and gives no code: GACC:soya_beans.
UNCODED = "GACC:"

# What a person may type for an area, apart from ids and names.
TYPED = ("iso3", "eurostat", "eurostat label", "words")


@cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    with (LISTS / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


@cache
def _areas() -> dict[str, dict[str, str]]:
    return {row["area"]: row for row in _rows("areas.csv")}


@cache
def area_codes(system: str, year: int | None = None) -> dict[str, str]:
    """Every code of a publisher's `system` with the id of its area; CodeError if there is none.

    Of a `year`, with what its codes meant then; without, with what they mean in any year.
    """
    codes = {row["code"]: row["area"] for row in _rows("area_codes.csv") if row["system"] == system}
    if not codes:
        systems = sorted({row["system"] for row in _rows("area_codes.csv")})
        raise CodeError(f"no system {system!r} in area_codes.csv; it has: {', '.join(systems)}")
    if year is not None:
        dated = [row for row in _rows("area_years.csv") if row["system"] == system]
        for row in dated:
            codes.pop(row["code"], None)
        codes |= {
            row["code"]: row["area"]
            for row in dated
            if int(row["first"] or 0) <= year <= int(row["last"] or 9999)
        }
    return codes | {area: area for area in _areas()} if system == "iso3" else codes


def areas(
    values: pa.Array | pa.ChunkedArray, system: str, path: Path | str, year: int | None = None
) -> pa.Array:
    """Translate a publisher's area codes into area ids.

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

    Returns
    -------
    Array of text, n ids
        In the order of `values`. Several codes may share an id, so keep the codes beside them.

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
    if unknown := [code for code in codes if code not in known]:
        shown = ", ".join(
            f"{code!r} ({near(code or '', known).removeprefix('; ')})" for code in unknown[:5]
        )
        raise CodeError(
            f"{path}: {len(unknown)} of {len(codes)} area codes are not in system {system!r}"
            f"{'' if year is None else f' in {year}'}: "
            f"{shown}; add it to area_codes.csv, never drop the row"
        )
    return pa.array([known[code] for code in codes], pa.string()).take(coded.indices)


def codes_of(area: str, system: str) -> list[str]:
    """Codes that a publisher's `system` has for an area id, in their order; empty where none."""
    return [code for code, each in area_codes(system).items() if each == area]


@cache
def _typed() -> dict[str, str]:
    words = {word: area for system in TYPED for word, area in area_codes(system).items()}
    words |= {row["name"]: area for area, row in _areas().items()}
    return {word.casefold(): area for word, area in words.items()}


def area(word: str) -> str:
    """Return the id of the area that `word` is: an id, an ISO alpha-2 code or a name, in any case.

    Raises
    ------
    QueryError
        There is no such area; the message offers the nearest, none is guessed.
    """
    if found := _typed().get(word.strip().casefold()):
        return found
    names = [*_typed(), *(row["name"] for row in _areas().values())]
    raise QueryError(f"no area {word!r} in areas.csv{near(word, names)}")


def _area(area: str) -> dict[str, str]:
    if area not in _areas():
        raise CodeError(f"no area id {area!r} in areas.csv{near(area, _areas())}")
    return _areas()[area]


@cache
def named(name: str) -> str:
    """Return the id of the area whose plain name `name` is, in any case; empty where none is."""
    names = {row["name"].casefold(): area for area, row in _areas().items()}
    return names.get(name.strip().casefold(), "")


def area_name(area: str) -> str:
    """Return the short English name of an area id; CodeError where `area` is not one."""
    return _area(area)["name"]


@cache
def _leaves(area: str) -> frozenset[str]:
    members = _area(area)["members"]
    if members == "*":
        return frozenset(each for each, row in _areas().items() if not row["members"])
    if members.startswith("!"):
        return _leaves("W00") - _leaves(members[1:])
    return frozenset().union(*map(_leaves, members.split())) if members else frozenset({area})


def members(area: str) -> list[str]:
    """Ids of the areas that a group lists as its members, in their order.

    Raises
    ------
    CodeError
        `area` is no area id, or a group that has no list, as the world.
    """
    listed = _area(area)["members"].split()
    if not listed or listed[0][0] in "*!":
        raise CodeError(f"{area} has no list of members in areas.csv")
    return listed


def contains(whole: str, part: str) -> bool:
    """Tell whether all of area `part` is counted in area `whole`, so that adding them counts twice.

    An area does not contain itself. ``EU``, whose membership changed, is taken at its widest and
    so contains ``EU28`` and is contained in it.

    Raises
    ------
    CodeError
        `whole` or `part` is no area id.
    """
    return _leaves(part) <= _leaves(whole) and whole != part


def overlaps(whole: str, part: str) -> bool:
    """Tell whether `whole` contains some of area `part`, and is not itself within it.

    States that are no more apart: what they held in part was never stated beside them.

    Raises
    ------
    CodeError
        `whole` or `part` is no area id.
    """
    if contains(whole, part) or contains(part, whole) or whole == part:
        return contains(whole, part)
    former = "former" in (_area(whole)["kind"], _area(part)["kind"])
    return not former and not _leaves(whole).isdisjoint(_leaves(part))


@cache
def _products() -> dict[str, dict[str, str]]:
    return {row["code"]: row for row in _rows("products.csv")}


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
    if re.fullmatch(r"[1-9](\d\d){0,4}", code, re.ASCII):
        return (
            f"{code!r} is no HS code: its leading zero is lost, as a spreadsheet drops it; "
            f"0{code} may be meant"
        )
    return (
        f"{code!r} has not 2, 4, 6, 8 or 10 digits as an HS code has, and is not in products.csv "
        f"(add it there){near(code, _products())}"
    )


@cache
def _up(code: str) -> tuple[str, ...]:
    parent = _parent(code)
    return (code, *_up(parent)) if parent else (code,)


def is_under(code: str, ancestor: str) -> bool:
    """Tell whether all of product `code` lies within `ancestor`, in one classification.

    A union a+b lies within what holds all its parts; within it lie its parts and their
    descendants. No code is under itself.

    Raises
    ------
    CodeError
        A code is neither HS nor in ``products.csv``.
    """
    parts, wholes = set(code.split("+")), set(ancestor.split("+"))
    for whole in wholes:
        _parent(whole)
    return parts != wholes and all(wholes.intersection(_up(part)) for part in parts)


def level(code: str) -> int:
    """Return how fine `code` is: the digits of an HS code, 0 for TOTAL.

    A part that has no code of its own (2701:coking) is one finer than its parent, and so are the
    codes of other lists, which begin at 0; a union is as fine as its coarsest part.

    Raises
    ------
    CodeError
        `code` is neither HS nor in ``products.csv``.
    """
    parts = code.split("+")
    if len(parts) > 1:
        return min(map(level, parts))
    parent = _parent(code)
    return len(code) if HS.fullmatch(code) else level(parent) + 1 if parent else 0


def product(word: str) -> list[str]:
    """Return the codes that `word` stands for: a word of ``product_words.csv``, or a code itself.

    The codes of a word come from several classifications and definitions, the preferred first:
    they are alternatives, to be looked for in this order, never added.

    Raises
    ------
    QueryError
        `word` is neither; the message offers the nearest.
    """
    rows = _rows("product_words.csv")
    if codes := [row["code"] for row in rows if row["word"] == word.strip().casefold()]:
        return codes
    try:
        level(code := word.strip())
    except CodeError as error:
        known = [row["word"] for row in rows] + list(_products())
        raise QueryError(f"no product {word!r} in products.csv{near(word, known)}") from error
    return [code]


def product_name(code: str) -> str:
    """Return the plain name of a product, or its code where it has none; CodeError if invalid."""
    level(code)
    return _products().get(code, {}).get("name") or f"HS {code}"


def codelist(path: Path, key: Sequence[str] = ("hs6",)) -> list[dict[str, str]]:
    """Read a list of HS subheadings, such as the common high priority goods.

    Parameters
    ----------
    path
        CSV with a header and a column ``hs6``; one row a subheading, or one a basket and code.
    key
        Columns that no two rows may share.

    Returns
    -------
    list of dict
        One a row, by column, all values text.

    Raises
    ------
    SourceError
        There is no such file.
    LayoutError
        The file lacks a column or rows, or a row is longer or shorter than the header.
    CodeError
        A code has not six digits, or two rows share a key.
    """
    rows = _listed(path, {"hs6", *key})
    if odd := [row["hs6"] for row in rows if not re.fullmatch(r"[0-9]{6}", row["hs6"])]:
        raise CodeError(f"{path}: not six digits: {odd[:5]}; mend the list")
    counts = Counter(tuple(row[column] for column in key) for row in rows)
    if twice := [" ".join(cells) for cells, count in counts.items() if count > 1]:
        raise CodeError(f"{path}: listed more than once: {twice[:5]}; keep one row a key")
    return rows


def successors(path: Path) -> list[dict[str, str]]:
    """Read which codes of the Combined Nomenclature took the place of which.

    How the publisher lays out ``RELATIONS/CN8-PRED-SUCC.txt`` is documented nowhere that could be
    found, so that file is not read as it comes: give it one of the two headings below. The second
    is that of the spreadsheet of concordances which the publisher offers beside it.

    Parameters
    ----------
    path
        CSV with the columns ``period,predecessor,successor`` or ``Period,Origin code,Destination
        code``. A period of 20232024 is from 2023 to 2024; a code is not named in a period that
        leaves it unchanged, and named with each of its successors where it is split.

    Returns
    -------
    list of dict
        One a row: ``period``, ``predecessor``, ``successor``, all text. A code whose leading zero a
        spreadsheet took has it again.

    Raises
    ------
    SourceError, LayoutError
        As :func:`codelist`; or the years of a period do not follow one another.
    CodeError
        A code has not eight digits, or two rows are the same.
    """
    names = ("period", "predecessor", "successor")
    rows = _listed(path, set())
    theirs = next(
        (
            each
            for each in (names, ("Period", "Origin code", "Destination code"))
            if set(each) <= set(rows[0])
        ),
        None,
    )
    if not theirs:
        raise LayoutError(path, f"columns {','.join(names)}", f"{[*rows[0]]}")
    found = []
    for ordinal, row in enumerate(rows, start=1):
        period, *pair = (row[name].strip() for name in theirs)
        if not re.fullmatch(r"\d{8}", period, re.ASCII) or int(period[4:]) != int(period[:4]) + 1:
            raise LayoutError(
                f"{path}: record {ordinal}", "a period such as 20232024", repr(period)
            )
        pair = [code.zfill(8) if len(code) == 7 else code for code in pair]
        if odd := [code for code in pair if not re.fullmatch(r"\d{8}", code, re.ASCII)]:
            raise CodeError(f"{path}: record {ordinal}: {odd[0]!r} has not eight digits")
        found.append(dict(zip(names, (period, *pair), strict=True)))
    counts = Counter(tuple(row.values()) for row in found)
    if twice := [" ".join(cells) for cells, count in counts.items() if count > 1]:
        raise CodeError(f"{path}: listed more than once: {twice[:5]}; keep one row each")
    return found


def _listed(path: Path, columns: set[str]) -> list[dict[str, str]]:
    """Rows of a list, or why there are none."""
    if not path.is_file():
        raise SourceError(f"{path}: no such file; restore it, or mend its path in sources.toml")
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        rows, header = list(reader), reader.fieldnames or []
    if missing := columns - set(header):
        raise LayoutError(path, f"columns {sorted(missing)}", f"{header}")
    if not rows:
        raise LayoutError(path, "a row a code", "none")
    for ordinal, row in enumerate(rows, start=1):
        if None in row or None in row.values():
            raise LayoutError(path, f"{len(header)} cells a row", f"another number in {ordinal}")
    return rows


@cache
def groups() -> list[str]:
    """Ids of the areas that contain others: the world and groups of countries."""
    return [area for area, row in _areas().items() if row["members"]]


def is_country(area: str) -> bool:
    """Tell whether `area` is a country, be it one whose parts have ids too (the United Kingdom)."""
    return _area(area)["kind"] == "country"


def parts(area: str) -> list[str]:
    """Areas that some publishers state in the place of country `area`, if there are such."""
    return _area(area)["members"].split() if is_country(area) else []


@cache
def listed_under(code: str) -> list[str]:
    """Codes of ``products.csv`` that lie within `code`, whether or not their digits say so."""
    return [each for each in _products() if is_under(each, code)]


def wholes(code: str, among: set[str]) -> set[str]:
    """Those of `among` that contain product `code`."""
    unions = {each for each in among if "+" in each and is_under(code, each)}
    above = set.intersection(*(set(_up(part)) for part in code.split("+"))) - {code}
    return unions | (above & among)
