"""Products: the codes of the Harmonized System and of other lists, their names and their order.

``products.csv`` names products; its ``parent`` is filled only where the code does not spell it.
``harmonized_system_2022.csv`` has the official name of every chapter, heading and subheading.
``product_words.csv`` says which codes a plain word stands for.
"""

from __future__ import annotations

import csv
import re
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path

from tradeflows.model.codelists import rows_by, rows_of
from tradeflows.model.errors import CodeError, LayoutError, QueryError, SourceError, near
from tradeflows.model.words import fold

# Chapter to national line; Comext ends the 8-digit code of confidential goods in letters.
# There is no chapter 00, and 77 is reserved.
HS = re.compile(r"(?!00|77)((\d\d){1,5}|\d\d[0-9A-Z]{6})", re.ASCII)
CRUDE = ("2709", "O4100_TOT")
UNCODED = "GACC:"  # how goods that a publisher names and gives no code begin: GACC:soya_beans
SHORT_NAME = 60  # characters of an official name that a heading or a chart has room for
PRODUCTS = rows_by("products.csv", "code")


@cache
def harmonized_system() -> dict[str, str]:
    """The official name of every chapter, heading and subheading of HS 2022, by code."""
    return {row["code"]: row["name"] for row in rows_of("harmonized_system_2022.csv")}


@cache
def all_products() -> list[str]:
    """Codes of ``products.csv`` and of HS 2022, in their order."""
    return sorted({*PRODUCTS, *harmonized_system()})


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
    row = PRODUCTS.get(code, {})
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
    is_odd = re.fullmatch(r"[1-9](\d\d){0,4}", code, re.ASCII)
    is_long = re.fullmatch(r"(\d\d){3}\d(\d\d)*|\d{12,}", code, re.ASCII)
    if is_odd and f"0{code}"[:4] in harmonized_system():
        may_be.append(f"its leading zero is lost, as a spreadsheet drops it; 0{code} may be meant")
    if is_long and code[:4] in harmonized_system():
        may_be.append(
            f"a country's own code of {len(code)} digits is mapped to six in the map of the file, "
            f'words = {{ "{code}" = "{code[:6]}" }}, and the note of the source says so'
        )
    if may_be:
        return f"{code!r} is no HS code: {'; or '.join(may_be)}"
    return (
        f"{code!r} has not 2, 4, 6, 8 or 10 digits as an HS code has, and is not in products.csv "
        f"(add it there){near(code, PRODUCTS)}"
    )


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


def classification(code: str) -> str:
    """The list of codes that `code` is of: HS, or the energy statistics' SIEC."""
    return PRODUCTS.get(code, {}).get("classification", "HS")


def is_crude(code: str) -> bool:
    """Whether all of a product is crude oil, of which a tonne has so many barrels."""
    return any(code == crude or is_under(code, crude) for crude in CRUDE)


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
        codes = [code for code, row in PRODUCTS.items() if fold(row["name"]) == folded]
        if len(codes) == 1:
            return codes
        raise QueryError(
            f"no product {word!r} in products.csv (tf.products({word!r}) looks in the names of all "
            f"codes){near(word, [*product_words(), *PRODUCTS])}"
        ) from error
    return [code]


def plain_product_name(code: str) -> str:
    """Return the name that ``products.csv`` gives a code; empty where it gives none."""
    return PRODUCTS.get(code, {}).get("name", "")


def product_name(code: str) -> str:
    """Return the short name of a product; CodeError if `code` is none.

    That of ``products.csv`` or else, of HS 2022, the beginning of the official name. A code that
    neither has bears the name of what it lies within: "of 271119: petroleum gases … (27111900)".
    """
    level(code)
    name = plain_product_name(code) or product_description(code)
    if code in PRODUCTS or (len(name) <= SHORT_NAME and not name.startswith("of ")):
        return name
    # Several official names begin alike or hold for all within, so the code tells them apart.
    start = name[: SHORT_NAME + 20]  # of some hundred letters most are cut off
    return f"{textwrap.shorten(start, SHORT_NAME, placeholder=' …')} ({code})"


def product_description(code: str) -> str:
    """Return the full official name of a product, by the same rule as :func:`product_name`."""
    level(code)
    if "+" in code and code not in PRODUCTS:
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
        table = csv.DictReader(file)
        rows, header = [*table], table.fieldnames or []
    missing = {"hs6", *key}.difference(header)
    if missing:
        raise LayoutError(path, f"columns {sorted(missing)}", f"{header}")
    if not rows or any(None in (*row, *row.values()) for row in rows):
        raise LayoutError(path, f"rows of {len(header)} cells", "none, or others")
    wrong = [row["hs6"] for row in rows if not re.fullmatch(r"[0-9]{6}", row["hs6"])]
    if wrong:
        raise CodeError(f"{path}: not six digits: {wrong[:5]}; mend the list")
    counts = Counter(" ".join(row[column] for column in key) for row in rows)
    twice = [cells for cells, count in counts.items() if count > 1]
    if twice:
        raise CodeError(f"{path}: listed more than once: {twice[:5]}; keep one row a key")
    return rows


@cache
def hs_parts(code: str) -> frozenset[str]:
    """The parts of an HS code, one level below it, that HS 2022 lists."""
    return frozenset(part for part in harmonized_system() if part[:-2] == code)


def parts_among(code: str, stated: Iterable[str]) -> set[str]:
    """The parts of an HS code, one level below it, of which some codes are.

    Examples
    --------
    >>> from tradeflows.model import codes
    >>> codes.parts_among("8526", ["85269120", "85269180"]), len(codes.hs_parts("8526"))
    ({'852691'}, 3)
    """
    below = len(code) + 2
    within = {each for each in stated if each.startswith(code)} - {code}
    # A kind, such as 2711:LPG, is a part that the HS does not list.
    return {each[:below] if each[:below].isdigit() else each for each in within}


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
    return {other for other, row in PRODUCTS.items() if row["parent"] == parent}


def nested(products: Iterable[str], wholes: Collection[str]) -> list[tuple[str, str]]:
    """Each of some products, with each of `wholes` within which it lies.

    Examples
    --------
    >>> from tradeflows.model import codes
    >>> codes.nested(["270900", "2711"], {"27", "2709"})
    [('270900', '27'), ('270900', '2709'), ('2711', '27')]
    """
    among = {*wholes}
    unions = [code for code in among if "+" in code]
    pairs = []
    for code in products:
        above = among.intersection(*map(_up, code.split("+"))) - {code}
        above.update(union for union in unions if is_under(code, union))
        pairs += [(code, whole) for whole in sorted(above)]
    return pairs
