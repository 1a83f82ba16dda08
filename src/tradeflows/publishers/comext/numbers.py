"""A Comext file as numbers: both layouts since 1988, and the words that may stand in them.

Twenty-odd bytes a row: the ordinal, the cell (which product, flow, partner, …) and the figures.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.publishers import archives, bytewise, delimited

PIECE = 1 << 18  # rows that are kept together while the file is read
PLACE = np.uint16  # numbers the words of a column
TOTAL = 100  # the chapter of all goods, after the others
Array = np.ndarray[Any, Any]
SINCE_2002 = (
    "REPORTER,PARTNER,TRADE_TYPE,PRODUCT_NC,PRODUCT_SITC,PRODUCT_CPA21,PRODUCT_CPA22,PRODUCT_BEC,"
    "PRODUCT_BEC5,PRODUCT_SECTION,FLOW,STAT_PROCEDURE,SUPPL_UNIT,PERIOD,VALUE_EUR,VALUE_NAC,"
    "QUANTITY_KG,QUANTITY_SUPPL_UNIT"
)
UNTIL_2001 = (
    "DECLARANT,DECLARANT_ISO,PARTNER,PARTNER_ISO,TRADE_TYPE,PRODUCT_NC,PRODUCT_SITC,"
    "PRODUCT_cpa2002,PRODUCT_cpa2008,PRODUCT_CPA2_1,PRODUCT_BEC,PRODUCT_SECTION,FLOW,STAT_REGIME,"
    "SUPP_UNIT,PERIOD,VALUE_IN_EUROS,QUANTITY_IN_KG,SUP_QUANTITY"
)
# The columns that are read, by their place in the sort, then what they measure.
WORDS = ("product", "flow", "partner", "reporter", "procedure", "type", "unit", "period")
CELL, NUMBERS = WORDS[:-1], ("value", "kg", "qty")
NAMES = {
    SINCE_2002: (
        "PRODUCT_NC",
        "FLOW",
        "PARTNER",
        "REPORTER",
        "STAT_PROCEDURE",
        "TRADE_TYPE",
        "SUPPL_UNIT",
        "PERIOD",
        "VALUE_EUR",
        "QUANTITY_KG",
        "QUANTITY_SUPPL_UNIT",
    ),
    UNTIL_2001: (
        "PRODUCT_NC",
        "FLOW",
        "PARTNER_ISO",
        "DECLARANT_ISO",
        "STAT_REGIME",
        "TRADE_TYPE",
        "SUPP_UNIT",
        "PERIOD",
        "VALUE_IN_EUROS",
        "QUANTITY_IN_KG",
        "SUP_QUANTITY",
    ),
}
FLOWS = {"1": "M", "2": "X"}
LETTERS = {"flow": "12", "procedure": "1235679", "type": "EILM"}
PERIOD = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2]|52)", re.ASCII)
# A file's month stands last in its name, or before the hash of one that was added by hand, whose
# own end may be six digits too.
NAMED = re.compile(r"(?<!\d)(?<!_[0-9a-f]{2})\d{6}(?=(_[0-9a-f]{8})?\.\w+$)", re.ASCII)


class Layout(NamedTuple):
    """How a file is laid out: all columns, and our name of each that is read with theirs."""

    columns: list[str]
    names: dict[str, str]
    old: bool


class Piece(NamedTuple):
    """Some rows, by chapter: their ordinals, cells as one number each, and figures.

    A cell is the places of its :data:`CELL` words, side by side; the figures of a row are its
    :data:`NUMBERS`; `ends` says where each chapter ends, and `sums` are rows, EUR and kg by flow.
    """

    rows: Array
    cells: Array
    figures: Array
    ends: Any = None
    sums: Any = None

    def take(self, order: Array) -> "Piece":
        """The rows in another order."""
        return Piece(self.rows[order], self.cells[order], self.figures.take(order, 0))


def _layout(path: Path, line: bytes) -> Layout:
    """The layout whose header `line` is."""
    text = line.decode("utf-8-sig", "replace").strip().replace('"', "")
    if text not in NAMES:
        given = text.split(",")
        near = max(NAMES, key=lambda known: len({*known.split(",")} & {*given}))
        lacking = [name for name in near.split(",") if name not in given]
        stray = [name for name in given if name not in near.split(",")]
        differences = f"none of {lacking[:20]} and besides {[name[:40] for name in stray[:20]]}"
        raise LayoutError(
            path, f"the header {near}", differences if lacking or stray else f"{text[:300]}"
        )
    names = dict(zip(WORDS + NUMBERS, NAMES[text], strict=True))
    return Layout(text.split(","), names, text == UNTIL_2001)


class Words:
    """The words of a file, each with its place in a list: the publisher's, or that of those seen.

    Attributes
    ----------
    listed
        The words of each column that are known.
    bits
        How many bits tell their places apart.
    places
        The places of those that the file has, by the number that spells the word.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        named = NAMED.search(path.name)
        self.path, self.layout, self.long = path, layout, dict[bytes, int]()
        areas = sorted(codes.area_codes("eurostat", int(named[0][:4]) if named else None))
        self.listed = {name: [*LETTERS.get(name, "")] for name in WORDS} | {
            "partner": areas,
            "reporter": [*areas],
            "unit": [] if layout.old else sorted({"NO_SU", *delimited.units("comext")}),
            "period": [named[0]] if named else [],
        }
        self.bits = {name: (len(self.listed[name]) - 1).bit_length() for name in CELL}
        self.bits |= {"product": 16} | ({"unit": 8} if layout.old else {})
        self.places: dict[str, dict[int, int]] = {name: {} for name in WORDS}
        self._chapters: list[int] = []

    def areas(self, words: list[str], where: str) -> pa.Array:
        """The areas that these words were codes of in the file's year."""
        return codes.areas(pa.array(words), "eurostat", where, int(self.listed["period"][0][:4]))

    def chapters(self) -> Array:
        """The chapter of each product, the last of which is that of all goods."""
        new = self.listed["product"][len(self._chapters) :]
        self._chapters += [int(word[:2]) if word[0].isdigit() else TOTAL for word in new]
        return np.array(self._chapters, np.uint8)

    def low(self, name: str) -> int:
        """How many bits of a cell lie below the place of column `name`."""
        return sum(self.bits[below] for below in CELL[CELL.index(name) + 1 :])

    def place(self, name: str, cells: Array) -> Array:
        """The places of column `name` in cells."""
        return (cells >> np.uint64(self.low(name))).astype(PLACE) & PLACE(
            (1 << self.bits[name]) - 1
        )

    def placed(self, name: str, numbers: Array, first: int) -> Array:
        """The places of a column's words; these are as :func:`bytewise.words` gives them.

        Raises
        ------
        LayoutError, CodeError
            A word is in no list; the message names the record, counted from `first`, and field.
        """
        are_equal = (numbers == numbers[0]).all()
        encoded = pa.array(numbers[:1] if are_equal else numbers).dictionary_encode()
        spelled, places = encoded.dictionary.to_pylist(), self.places[name]
        for number in spelled:
            if number not in places:

                def where(number: int = number) -> str:
                    return f"{self.path}: record {first + int(np.argmax(numbers == number))}"

                places[number] = self._place(name, bytewise.spelt(number, self.long), where)
        placed = np.array([places[number] for number in spelled], PLACE)
        return np.broadcast_to(placed, len(numbers)) if are_equal else placed[encoded.indices]

    def _place(self, name: str, raw: bytes, where: Callable[[], str]) -> int:
        field, listed, old = self.layout.names[name], self.listed[name], self.layout.old
        word = raw.decode("ascii", "backslashreplace")
        if not raw.isascii():
            raise LayoutError(where(), f"plain letters in {field}", repr(word))
        if name in ("partner", "reporter"):
            area = self.areas([word], f"{where()}, {field}")[0].as_py()
            if (
                name == "reporter"
                and area not in codes.groups()
                and not codes.contains("EU28", area)
            ):
                raise CodeError(f"{where()}: {field} {word} is neither a member state nor a group")
        if name != "product" and word in listed:
            return listed.index(word)
        if name in LETTERS:
            raise LayoutError(where(), f"{field} like [{LETTERS[name]}]", repr(word))
        if name == "period" and (listed or not PERIOD.fullmatch(word)):
            known = f"{listed[0]}, the file's" if PERIOD.fullmatch(word) else "like 202402"
            raise LayoutError(where(), f"{field} {known}", word)
        if name == "product" and word != "TOTAL" and not codes.HS.fullmatch(word):
            raise CodeError(f"{where()}: {field} {word!r} is no code of the Combined Nomenclature")
        if name == "unit" and not old:
            raise CodeError(f"{where()}: {field} {word!r} is not in units.csv; add it there")
        if name in self.bits and len(listed) >> self.bits[name]:
            raise LayoutError(where(), f"at most {len(listed)} words in {field}", "more")
        listed.append(word)
        return len(listed) - 1


def read(path: Path) -> tuple[Words, list[Piece]]:
    """All of a file.

    Raises
    ------
    LayoutError
        The archive is damaged, the header is another, a row has another number of fields, or a
        word or a number is none; messages name record and field.
    CodeError
        A reporter, partner, product or unit is in no list.
    """
    with archives.opened(path) as stream:
        layout = _layout(path, stream.readline(1 << 16))
        words = Words(path, layout)
        pieces = [*_pieces(path, stream, words)]
    if not pieces:
        raise LayoutError(path, "at least one record", "a header alone")
    return words, pieces


def _pieces(path: Path, stream: IO[bytes], words: Words) -> Iterator[Piece]:
    """The whole file as numbers, some blocks of text at a time."""
    blocks: list[dict[str, Array]] = []
    first = upto = 1
    for block in bytewise.blocks(path, stream):
        text, ends = bytewise.fields(path, block, words.layout.columns, upto)
        blocks.append({})
        for name, field in words.layout.names.items():
            place = words.layout.columns.index(field)
            start = (ends[:, place - 1] if place else np.append(-1, ends[:-1, -1])) + 1
            if name in WORDS:
                numbers = bytewise.words(text, start, ends[:, place], words.long)
            else:
                numbers = bytewise.figures(path, field, text, start, ends[:, place], upto)
            blocks[-1][name] = numbers
        upto += len(ends)
        if upto - first >= PIECE:
            yield _piece(words, first, blocks)
            first, blocks = upto, []
    if blocks:
        yield _piece(words, first, blocks)


def _piece(words: Words, first: int, blocks: list[dict[str, Array]]) -> Piece:
    """Some blocks in one, with as few bytes a row as will do."""
    columns = {
        name: np.concatenate([column[name] for column in blocks]) for name in WORDS + NUMBERS
    }
    places = {
        name: words.placed(name, columns.pop(name), first) for name in ("period", *CELL)
    }  # the year first, since areas depend on it
    cells = np.zeros(len(places["flow"]), np.uint64)
    for name in CELL:
        cells <<= np.uint64(words.bits[name])
        cells |= places[name]
    sums = [
        np.bincount(places["flow"], weights, len(FLOWS))
        for weights in (None, columns["value"], columns["kg"])
    ]
    small = all(column.dtype == np.uint64 and column.max() < 1 << 32 for column in columns.values())
    figures = np.empty((len(cells), len(NUMBERS)), np.uint32 if small else np.float64)
    for place, name in enumerate(NUMBERS):
        figures[:, place] = columns[name]
    chapters = words.chapters()[places["product"]]
    piece = Piece(np.arange(first, first + len(cells), dtype=np.uint32), cells, figures)
    piece = piece.take(np.argsort(chapters, kind="stable"))  # fast, of numbers of one byte
    return piece._replace(ends=np.cumsum(np.bincount(chapters, minlength=TOTAL + 1)), sums=sums)
