"""A Comext file as numbers: both layouts since 1988, and the words that may stand in them.

Twenty-odd bytes a row: the ordinal, the cell (which product, flow, partner, …) and the figures.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyarrow as pa

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError
from tradeflows.publishers import archives, bytewise, reading
from tradeflows.publishers.comext.membership import EURO_SINCE, is_of_other_trade, uses_euro

PIECE = 1 << 16  # rows that are kept together while the file is read
PLACE = np.uint16  # numbers the words of a column
SHORT = np.dtype(np.uint16)  # what spells a word of one letter or two
NOWHERE = np.iinfo(PLACE).max
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
WORDS = ("product", "flow", "reporter", "partner", "procedure", "type", "unit", "period")
CELL, NUMBERS = WORDS[:-1], ("value", "kg", "qty")
NAMES = {
    SINCE_2002: (
        "PRODUCT_NC",
        "FLOW",
        "REPORTER",
        "PARTNER",
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
        "DECLARANT_ISO",
        "PARTNER_ISO",
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


@dataclass(frozen=True)
class Layout:
    """How a file is laid out: all columns, and our name of each that is read with theirs."""

    columns: list[str]
    names: dict[str, str]
    is_old: bool

    def place(self, name: str) -> int:
        """Return the place of our column `name`."""
        return self.columns.index(self.names[name])


@dataclass(frozen=True)
class Piece:
    """Some rows, by chapter: their ordinals, cells as one number each, and figures.

    A cell is the places of its :data:`CELL` words, side by side; the figures of a row are its
    :data:`NUMBERS`; `ends` says where each chapter ends, and `sums` are rows, EUR and kg by flow.
    """

    rows: Array
    cells: Array
    figures: Array
    ends: Any = None
    sums: Any = None

    def take(self, order: Array) -> Piece:
        """Return the rows in another order."""
        return Piece(self.rows[order], self.cells[order], self.figures.take(order, 0))

    def part(self, rows: slice) -> Piece:
        """Return some of the rows."""
        return Piece(self.rows[rows], self.cells[rows], self.figures[rows])


def together(pieces: Sequence[Piece]) -> Piece:
    """Return the rows of `pieces` as one piece."""
    rows = np.concatenate([piece.rows for piece in pieces])
    cells = np.concatenate([piece.cells for piece in pieces])
    figures = np.concatenate([piece.figures for piece in pieces])
    return Piece(rows, cells, figures)


@dataclass(frozen=True)
class Contents:
    """All of a file: its words, its rows as numbers, and the records that contradict themselves."""

    words: Words
    pieces: list[Piece]
    contradictory: Array


def _layout(path: Path, line: bytes) -> Layout:
    """Return the layout whose header `line` is."""
    text = line.decode("utf-8-sig", "replace").strip().replace('"', "")
    if text in NAMES:
        names = dict(zip(WORDS + NUMBERS, NAMES[text], strict=True))
        return Layout(text.split(","), names, text == UNTIL_2001)
    given = text.split(",")
    near = max(NAMES, key=lambda known: len(set(known.split(",")) & set(given)))
    known = near.split(",")
    lacking = [name for name in known if name not in given]
    stray = [name[:40] for name in given if name not in known]
    differences = f"none of {lacking[:20]} and besides {stray[:20]}"
    is_other = bool(lacking or stray)
    raise LayoutError(path, f"the header {near}", differences if is_other else text[:300])


@dataclass
class Column:
    """The words of one column.

    Attributes
    ----------
    listed
        Those that are known.
    bits
        How many bits tell their places apart.
    places
        The places of those that the file has, by the number that spells the word.
    table
        The same of words of one letter or two, :data:`NOWHERE` where the file has not had it.
    """

    listed: list[str]
    bits: int
    places: dict[int, int] = field(default_factory=dict)
    table: Array = field(default_factory=lambda: np.full(1 << 16, NOWHERE, PLACE))
    _sorted: tuple[Array, Array] = (np.zeros(0, np.uint64), np.zeros(0, PLACE))

    def placed(self, spelled: Array) -> tuple[Array, Array]:
        """Return the places of some words, and which of them the file has had; others have none."""
        if len(self.places) != len(self._sorted[0]):
            known = np.array(list(self.places), np.uint64)
            order = np.argsort(known)
            self._sorted = known[order], np.array(list(self.places.values()), PLACE)[order]
        known, places = self._sorted
        if not len(known):
            return np.zeros(len(spelled), PLACE), np.zeros(len(spelled), bool)
        at = np.searchsorted(known, spelled)
        return places.take(at, mode="clip"), known.take(at, mode="clip") == spelled


def _columns(layout: Layout, period: str) -> dict[str, Column]:
    """Return what is known of the words of each column before a file is read."""
    areas = sorted(codes.area_codes("eurostat", int(period[:4]) if period else None))
    units = [] if layout.is_old else sorted({"NO_SU", *reading.units("comext")})
    listed = {name: list(letters) for name, letters in LETTERS.items()}
    listed |= {"partner": areas, "reporter": list(areas), "unit": units, "product": []}
    columns = {}
    for name, words in listed.items():
        columns[name] = Column(words, (len(words) - 1).bit_length())
    columns["product"].bits = 16
    columns["period"] = Column([period] if period else [], 0)
    if layout.is_old:
        columns["unit"].bits = 8
    return columns


class Words:
    """The words of a file, each with its place in a list: the publisher's, or that of those seen.

    Attributes
    ----------
    columns
        What is known of each column, by our name.
    """

    def __init__(self, path: Path, layout: Layout) -> None:
        named = NAMED.search(path.name)
        self.path = path
        self.layout = layout
        self.long: dict[bytes, int] = {}
        self.columns = _columns(layout, named[0] if named else "")
        self._chapters: list[int] = []

    def listed(self, name: str) -> list[str]:
        """Return the words of column `name` that are known."""
        return self.columns[name].listed

    @property
    def period(self) -> str:
        """The file's period, such as 202402."""
        return self.listed("period")[0]

    def areas(self, words: list[str], where: str) -> pa.Array:
        """Return the areas that these words were codes of in the file's year."""
        return codes.areas(pa.array(words), "eurostat", where, int(self.period[:4]))

    def chapters(self) -> Array:
        """Return the chapter of each product, the last of which is that of all goods."""
        new = self.listed("product")[len(self._chapters) :]
        self._chapters += [int(word[:2]) if word[0].isdigit() else TOTAL for word in new]
        return np.array(self._chapters, np.uint8)

    def low(self, name: str) -> int:
        """Return how many bits of a cell lie below the place of column `name`."""
        below = CELL[CELL.index(name) + 1 :]
        return sum(self.columns[other].bits for other in below)

    def place(self, name: str, cells: Array) -> Array:
        """Return the places of column `name` in cells."""
        mask = PLACE((1 << self.columns[name].bits) - 1)
        return (cells >> np.uint64(self.low(name))).astype(PLACE) & mask

    def placed(self, name: str, numbers: Array, first: int) -> Array:
        """Return the places of a column's words, numbered by :func:`bytewise.words`.

        Raises
        ------
        LayoutError, CodeError
            A word is in no list; the message names the record, counted from `first`, and field.
        """
        if numbers.itemsize <= SHORT.itemsize:
            return self._placed_by_table(name, numbers, first)
        are_equal = (numbers == numbers[0]).all()
        encoded = pa.array(numbers[:1] if are_equal else numbers).dictionary_encode()
        places = self._places(name, encoded.dictionary.to_numpy(), numbers, first)
        return np.broadcast_to(places, len(numbers)) if are_equal else places.take(encoded.indices)

    def _placed_by_table(self, name: str, numbers: Array, first: int) -> Array:
        """The same of words of one letter or two, for each of which there is room in a table."""
        table = self.columns[name].table
        placed = table.take(numbers)
        new = numbers[placed == NOWHERE]
        if not len(new):
            return placed
        _, firsts = np.unique(new, return_index=True)
        spelled = new[np.sort(firsts)]
        table[spelled] = self._places(name, spelled, numbers, first)
        return table.take(numbers)

    def _places(self, name: str, spelled: Array, numbers: Array, first: int) -> Array:
        """Return the places of some words, of which new ones are looked at in turn."""
        column = self.columns[name]
        places, is_known = column.placed(spelled)
        if is_known.all():
            return places
        for number in spelled[~is_known].tolist():
            where = partial(self._record, numbers, number, first)
            word = bytewise.spelt(number, self.long)
            column.places[number] = self._new_place(name, word, where)
        return column.placed(spelled)[0]

    def _record(self, numbers: Array, number: int, first: int) -> str:
        """Return where a word stands first."""
        return f"{self.path}: record {first + int(np.argmax(numbers == number))}"

    def _new_place(self, name: str, raw: bytes, where: Callable[[], str]) -> int:
        """Return the place of a word that the file has not had before."""
        listed = self.listed(name)
        word = raw.decode("ascii", "backslashreplace")
        if not raw.isascii():
            raise LayoutError(where(), f"plain letters in {self.layout.names[name]}", repr(word))
        if name in ("partner", "reporter"):
            self._require_area(name, word, where)
        if name != "product" and word in listed:
            return listed.index(word)
        self._require_new(name, word, where)
        bits = self.columns[name].bits
        if name in CELL and len(listed) >> bits:
            raise LayoutError(where(), f"at most {len(listed)} words in {name}", "more")
        listed.append(word)
        return len(listed) - 1

    def _require_area(self, name: str, word: str, where: Callable[[], str]) -> None:
        """Refuse a word that is no area, or a reporter that is none of the Community."""
        theirs = self.layout.names[name]
        area = self.areas([word], f"{where()}, {theirs}")[0].as_py()
        is_reporter = area in codes.groups() or codes.contains("EU28", area)
        if name == "reporter" and not is_reporter:
            raise CodeError(f"{where()}: {theirs} {word} is neither a member state nor a group")

    def _require_new(self, name: str, word: str, where: Callable[[], str]) -> None:
        """Refuse a word that column `name` cannot have, or no second one of."""
        theirs = self.layout.names[name]
        if name in LETTERS:
            raise LayoutError(where(), f"{theirs} like [{LETTERS[name]}]", repr(word))
        if name == "period":
            self._require_period(theirs, word, where)
        if name == "product" and word != "TOTAL" and not codes.HS.fullmatch(word):
            raise CodeError(f"{where()}: {theirs} {word!r} is no code of the Combined Nomenclature")
        if name == "unit" and not self.layout.is_old:
            raise CodeError(f"{where()}: {theirs} {word!r} is not in units.csv; add it there")

    def _require_period(self, theirs: str, word: str, where: Callable[[], str]) -> None:
        listed = self.listed("period")
        if not PERIOD.fullmatch(word):
            raise LayoutError(where(), f"{theirs} like 202402", word)
        if listed:
            raise LayoutError(where(), f"{theirs} {listed[0]}, the file's", word)


def read(path: Path) -> Contents:
    """Return all of a file.

    Raises
    ------
    LayoutError
        The archive is damaged, the header is another, a row has another number of fields, or a
        word or a number is none; or a kind of trade that the partner's does not agree with.
        Messages name record and field.
    CodeError
        A reporter, partner, product or unit is in no list.
    """
    with archives.opened(path) as stream:
        layout = _layout(path, stream.readline(1 << 16))
        contents = Reading(Words(path, layout))
        pieces = list(contents.pieces(stream))
    if not pieces:
        raise LayoutError(path, "at least one record", "a header alone")
    return Contents(contents.words, pieces, contents.contradictory())


class Reading:
    """A file while it is read, some blocks of text at a time."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._apart: list[tuple[int, bytes]] = []
        self._euro = [int.from_bytes(code.encode(), "little") for code in EURO_SINCE]
        self._wrong: Array | None = None

    def contradictory(self) -> Array:
        """Return the records whose value in national currency is another, though it is the euro."""
        year = int(self.words.period[:4])
        apart = [record for record, code in self._apart if uses_euro(code.decode(), year)]
        return np.array(apart, np.int64)

    def pieces(self, stream: IO[bytes]) -> Iterator[Piece]:
        """Yield the whole file as numbers."""
        path, columns = self.words.path, self.words.layout.columns
        blocks: list[Mapping[str, Array]] = []
        first = upto = 1
        for block in bytewise.blocks(path, stream):
            text, ends = bytewise.fields(path, block, columns, upto)
            blocks.append(self._block(text, ends, upto))
            upto += ends.shape[1]
            if upto - first >= PIECE:
                yield self._piece(first, blocks)
                first, blocks = upto, []
        if blocks:
            yield self._piece(first, blocks)

    def _block(self, text: Array, ends: Array, first: int) -> dict[str, Array]:
        """Return the columns of a block of text, words as the numbers that spell them."""
        layout = self.words.layout
        made = {}
        for name, theirs in layout.names.items():
            start, end = _span(ends, layout.place(name))
            if name in WORDS:
                made[name] = bytewise.words(text, start, end, self.words.long)
                continue
            numbers = bytewise.Numbers(text, start, end)
            made[name] = bytewise.figures(self.words.path, theirs, text, numbers, first)
            if name == "value" and not layout.is_old:  # what follows is that of the reporter
                national = ends[layout.place(name) + 1]
                self._apart += self._differing(text, numbers, national, made["reporter"], first)
        return made

    def _differing(
        self, text: Array, values: bytewise.Numbers, national: Array, reporters: Array, first: int
    ) -> Iterator[tuple[int, bytes]]:
        """Yield the records whose two values differ, with the reporter, if it may have the euro.

        Letters are compared, which is fast, and numbers only where these differ.
        """
        apart = np.flatnonzero(bytewise.differ_from_next(text, values, national))
        if not len(apart):
            return
        start, end = values.start, values.end
        for at in apart[np.isin(reporters[apart], self._euro)]:
            stated = text[start[at] : end[at]], text[end[at] + 1 : national[at]]
            if not bytewise.is_near(*(cell.tobytes() for cell in stated)):
                yield first + int(at), bytewise.spelt(int(reporters[at]), self.words.long)

    def _piece(self, first: int, blocks: list[Mapping[str, Array]]) -> Piece:
        """Return some blocks in one, with as few bytes a row as will do."""
        columns = {}
        for name in blocks[0]:
            columns[name] = np.concatenate([block[name] for block in blocks])
        places = {}
        for name in ("period", *CELL):  # the year first, since areas depend on it
            places[name] = self.words.placed(name, columns[name], first)
        self._require_trade(places, first)
        figures = _figures([columns[name] for name in NUMBERS])
        sums = []
        for weights in (None, columns["value"], columns["kg"]):
            sums.append(np.bincount(places["flow"], weights, len(FLOWS)))
        rows = np.arange(first, first + len(figures), dtype=np.uint32)
        chapters = self.words.chapters().take(places["product"])
        order = np.argsort(chapters, kind="stable")  # fast, of numbers of one byte
        piece = Piece(rows, self._cells(places), figures).take(order)
        ends = np.cumsum(np.bincount(chapters, minlength=TOTAL + 1))
        return replace(piece, ends=ends, sums=sums)

    def _cells(self, places: Mapping[str, Array]) -> Array:
        """Return the places of each row's words, side by side in one number."""
        cells = np.zeros(len(places["flow"]), np.uint64)
        for name in CELL:
            cells <<= np.uint64(self.words.columns[name].bits)
            cells |= places[name]
        return cells

    def _require_trade(self, places: Mapping[str, Array], first: int) -> None:
        """Refuse trade within the Community with a partner outside, or the other way round."""
        if self._wrong is None:
            self._wrong = self._other_trade()
        n_partners = self._wrong.shape[1]
        pairs = places["type"] * PLACE(n_partners) + places["partner"]
        is_wrong = self._wrong.ravel().take(pairs)
        if not is_wrong.any():
            return
        at = int(is_wrong.argmax())
        names = self.words.layout.names
        kind = self.words.listed("type")[places["type"][at]]
        partner = self.words.listed("partner")[places["partner"][at]]
        raise LayoutError(
            f"{self.words.path}: record {first + at}",
            f"a {names['type']} that agrees with {names['partner']}",
            f"{kind} beside {partner}",
            "obtain the file again",
        )

    def _other_trade(self) -> Array:
        """Return which kinds of trade, down, there cannot be with which partners, across."""
        words = self.words
        known = codes.area_codes("eurostat", int(words.period[:4]))
        areas = [known.get(code, "") for code in words.listed("partner")]
        kinds = words.listed("type")
        wrong = [[is_of_other_trade(kind, area, words.period) for area in areas] for kind in kinds]
        return np.array(wrong)


def _span(ends: Array, place: int) -> tuple[Array, Array]:
    """Return where the fields in column `place` start and end."""
    before = ends[place - 1] if place else np.append(-1, ends[-1, :-1])
    return before + 1, ends[place]


def _figures(columns: list[Array]) -> Array:
    """Return columns of numbers side by side, four bytes each where that will do."""
    is_small = all(column.dtype == np.uint64 and column.max() < 1 << 32 for column in columns)
    figures = np.empty((len(columns[0]), len(columns)), np.uint32 if is_small else np.float64)
    for place, column in enumerate(columns):
        figures[:, place] = column
    return figures
