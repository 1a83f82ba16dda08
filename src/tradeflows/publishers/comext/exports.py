"""Eurostat Comext as its services send it: SDMX-CSV, Easy Comext's xlsx and its relational view.

All three are cut out of the same statistics by whoever asks, and become the same rows as the files
in bulk: values in whole euros, imports CIF and exports FOB, weights in kilograms. They differ in
what they say. Figures are totals over customs procedures and kinds of trade unless a procedure or
a mode of transport is named, which ``breakdown`` then holds. Whether goods of a member state come
from where they were sent, not from their origin, follows from who was a member then. Levels of the
nomenclature and groups of countries stand side by side, as in the file, and are never added. The
unit of a supplementary quantity is not stated, so the quantity is kept in ``note``.

Sources: Eurostat, https://ec.europa.eu/eurostat/api/comext/dissemination (SDMX-CSV) and
https://ec.europa.eu/eurostat/comext/newxtweb (xlsx and relational view).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from pathlib import Path
from re import ASCII, fullmatch
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError, QueryError, SchemaError
from tradeflows.model.keys import number_cells
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, cubes, reading
from tradeflows.publishers.comext import layouts
from tradeflows.publishers.comext.layouts import CELL, INDICATORS
from tradeflows.publishers.comext.membership import is_listed_within, span_within

ROWS = 1 << 16  # in a part
LARGEST = 2**53 - 1  # a float64 holds whole numbers up to here
MEASURES = ("value", "kg", "qty")
FLOWS = {"1": "M", "import": "M", "2": "X", "export": "X"}


def _by_code_or_label(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the code of each code and label; nothing where all are in one figure."""
    codes_of = {"": "", "total": ""}
    for code, label in labels.items():
        codes_of[code] = codes_of[label] = code
    return codes_of


PROCEDURES = _by_code_or_label(
    {
        "1": "normal",
        "2": "inward processing",
        "3": "outward processing",
        "5": "inward processing (suspension)",
        "6": "inward processing (drawback)",
        "7": "economic processing arrangements for textiles",
        "9": "not recorded from customs declarations",
    }
)
MODES = _by_code_or_label(
    {
        "0": "unknown",
        "1": "sea",
        "2": "rail",
        "3": "road",
        "4": "air",
        "5": "post",
        "7": "fixed mechanism",
        "8": "inland waterway",
        "9": "self propulsion",
    }
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HIDDEN = ("QX", "QY", "QZ")
WITHHELD = "Countries and territories not specified for commercial or military reasons"


def clean(path: Path, source: Source, product: str = "") -> Iterator[Part]:
    """Trade rows of one answer of Comext's services.

    Parameters
    ----------
    path
        SDMX-CSV of DS-045409, DS-059322, DS-059334 or DS-059341, codes alone or ``label=both``; an
        xlsx of Easy Comext; or the CSV of its relational view.
    source
        Its catalogue entry. The day of the file's own "last update" is the vintage, if it has one.
    product
        The code of the file's one product, where it has a label alone.

    Returns
    -------
    iterator of Part
        A row a cell, however many records state its value, weight and quantity, in the order of the
        file. ``source_row`` is the first of these records and ``source_field`` names the others, or
        in a workbook all cells. Places without a figure are counted; one with a flag is kept.

    Raises
    ------
    LayoutError
        Another header, data set, indicator, number, flow, procedure, mode or period, or a workbook
        that is damaged, too large or has no sheets of figures. The message names record and field.
    CodeError
        A reporter, partner or product is in no list; the nearest are offered.
    SchemaError
        Two records state one figure.
    """
    service = layouts.reader(path)
    if service is None:
        raise LayoutError(path, "an SDMX-CSV, an .xlsx or a relational view of Comext", "another")
    taken = list(service.read(path))
    table = pa.Table.from_batches([part.figures for part in taken]).unify_dictionaries()
    file = File(path, {name: table[name].combine_chunks() for name in table.column_names})
    columns = _columns(file, source, service.system, product)
    records = sum(part.records for part in taken)
    empty = sum(part.empty for part in taken)
    for start in range(0, max(len(columns["source_row"]), 1), ROWS):
        here = {}
        for name, column in columns.items():
            is_column = isinstance(column, pa.Array)
            here[name] = column.slice(start, ROWS) if is_column else column
        yield Part(reading.rows(source, TRADE, here), records, {}, empty=empty)
        records = empty = 0  # they are counted once


# --- figures to rows -----------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """All figures of a file, their words dictionary-coded."""

    path: Path
    figures: Mapping[str, pa.Array]

    def words(self, name: str) -> list[str]:
        """Return the distinct words of a column."""
        return list(self.figures[name].dictionary.to_pylist())

    def indices(self, name: str) -> np.ndarray:
        """Return which word each figure has in a column."""
        return np.asarray(self.figures[name].indices.to_numpy())

    def numbers(self, name: str) -> np.ndarray:
        """Return a column of numbers."""
        return np.asarray(self.figures[name].to_numpy(zero_copy_only=False))

    def place(self, at: int) -> str:
        """Return where a figure stands, for a message."""
        record = f"record {self.figures['row'][int(at)].as_py()}"
        cell = self.figures["field"][int(at)].as_py()
        return f"{self.path}: {cell or record}"

    def meanings(self, name: str, meaning: Callable[[str, str], Any]) -> list[Any]:
        """Return what each word of a column means; a strange one is named with its first record."""
        _, firsts = np.unique(self.indices(name), return_index=True)
        known = []
        for word, at in zip(self.words(name), firsts, strict=True):
            known.append(meaning(word, f"{self.place(at)}, {name.upper()}"))
        return known


@dataclass(frozen=True)
class Cells:
    """The cells of a file, in the order in which they are first stated.

    Attributes
    ----------
    first
        The first figure of each cell.
    at
        By measure the figure that states it, or -1.
    amounts
        By measure the amounts, in our unit.
    """

    first: np.ndarray
    at: Mapping[str, np.ndarray]
    amounts: Mapping[str, np.ndarray]


def _cells(file: File) -> Cells:
    """Return the cells of a file, each figure at its own."""
    known = file.meanings("indicators", _indicator)
    measures = np.array([measure for measure, _ in known])
    factors = np.array([factor for _, factor in known])
    first, cell = _numbered(file)
    indicator = file.indices("indicators")
    value = file.numbers("value")
    _require_exact(file, value)
    at, amounts = {}, {}
    for name in MEASURES:
        here = np.flatnonzero(np.isin(indicator, np.flatnonzero(measures == name)))
        at[name] = _one_each(file, here, cell, len(first))
        has_figure = at[name] >= 0
        places = at[name][has_figure]
        amounts[name] = np.full(len(first), np.nan)
        scaled = value[places] * factors[indicator[places]] if len(places) else value[:0]
        amounts[name][has_figure] = np.round(scaled, 6)
    return Cells(first, at, amounts)


def _require_exact(file: File, value: np.ndarray) -> None:
    """Refuse a figure that no float holds exactly."""
    far = np.abs(value) > LARGEST
    if far.any():
        where = file.place(int(far.argmax()))
        raise LayoutError(where, "at most 2^53", f"{value[far][0]:.0f}")


def _numbered(file: File) -> tuple[np.ndarray, np.ndarray]:
    """Return where each cell is first stated, in the order of the file, and each figure's cell."""
    columns = ((file.indices(name), len(file.words(name))) for name in CELL)
    numbers = number_cells(columns, len(file.figures["row"]))
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[inverse]


def _one_each(file: File, some: np.ndarray, cell: np.ndarray, n: int) -> np.ndarray:
    """Return which of the figures `some` each of n cells has, or -1; two are refused."""
    at = np.full(n, -1, np.int64)
    at[cell[some][::-1]] = some[::-1]
    repeated = some[at[cell[some]] != some]
    if len(repeated):
        two = int(repeated[0])
        words = [file.figures[name][two].as_py() for name in CELL]
        earlier = file.place(at[cell[two]])
        later = file.place(two).removeprefix(f"{file.path}: ")
        raise SchemaError(
            f"{earlier} and {later} state the same figure ({' '.join(filter(None, words))}); "
            f"{len(repeated)} are stated more than once"
        )
    return at


@dataclass(frozen=True)
class Heads:
    """What stands beside the first figure of each cell."""

    file: File
    first: np.ndarray

    def column(self, name: str) -> pa.Array:
        """Return a column as it stands."""
        return self.file.figures[name].take(pa.array(self.first))

    def text(self, name: str) -> pa.Array:
        """Return a column as plain text."""
        return self.column(name).dictionary_decode()

    def spread(self, name: str, known: Sequence[Any], kind: pa.DataType = arrow.TEXT) -> pa.Array:
        """Return for each cell what is `known` of its word."""
        return pa.array(known, kind).take(self.column(name).indices)

    def meanings(self, name: str, meaning: Callable[[str, str], Any]) -> pa.Array:
        """Return what the words of a column mean, as text."""
        return self.spread(name, self.file.meanings(name, meaning))

    def areas(self, name: str, meaning: Callable[[str, str, int], str], days: pa.Array) -> pa.Array:
        """Return the areas of a column, whose codes mean what they did in the year of their row."""
        words = self.file.words(name)
        indices = self.column(name).indices.to_numpy().astype(np.int64)
        pairs = indices * 10000 + pc.year(days).to_numpy()
        distinct, firsts, place = np.unique(pairs, return_index=True, return_inverse=True)
        known = []
        for pair, at in zip(distinct, firsts, strict=True):
            index, year = divmod(int(pair), 10000)
            where = f"{self.file.place(self.first[at])}, {name.upper()}"
            known.append(meaning(words[index], where, year))
        return arrow.texts(known).take(pa.array(place))


def _columns(file: File, source: Source, system: str, given: str = "") -> dict[str, Any]:
    """Return the columns of the table: a row for each cell, in the order of the file."""
    cells = _cells(file)
    heads = Heads(file, cells.first)
    _require_one_product(file, given)
    columns = dict(reading.A_FLOW)
    columns["vintage"] = _vintage(file, source)
    columns["source_row"] = heads.column("row")
    columns["source_field"] = _fields(file, cells)
    columns["area_system"] = system
    columns["currency"] = "EUR"
    columns["flow_code"] = heads.meanings("flow", partial(_word, FLOWS))
    columns["cmd_code"] = heads.meanings("product", partial(_product, given))
    columns["breakdown"] = _breakdown(heads)
    columns |= _periods(heads)
    columns |= _sides(heads, system, columns)
    columns |= _amounts(heads, cells)
    columns["flags"] = _flags(file, cells, columns["cmd_code"])
    return columns


def _require_one_product(file: File, given: str) -> None:
    """Refuse the code of one product for a file of several."""
    labels = file.words("product")
    if given and len(labels) > 1:
        raise QueryError(
            f"{file.path}: --product {given} names one product, and the file has {len(labels)}; "
            "leave it out, or export one at a time"
        )


def _vintage(file: File, source: Source) -> str:
    """Return the day of the file's release, which it may state."""
    releases = set(file.meanings("last_update", _release)) - {""}
    if len(releases) > 1:
        raise LayoutError(file.path, "figures of one release", f"{sorted(releases)[:5]}")
    return releases.pop() if releases else source.vintage


def _breakdown(heads: Heads) -> pa.Array:
    """Return the procedure and the mode of transport that are named."""
    parts = []
    for name, word, known in (
        ("stat_procedure", "procedure", PROCEDURES),
        ("transport_mode", "mode", MODES),
    ):
        codes_of = heads.file.meanings(name, partial(_word, known))
        parts.append(heads.spread(name, [f"{word}={code}" if code else None for code in codes_of]))
    text = arrow.joined(parts, ",")
    return pc.if_else(pc.equal(text, ""), "total", text)


def _periods(heads: Heads) -> dict[str, pa.Array]:
    """Return what follows from the period of each cell."""
    known = heads.file.meanings("time_period", _period)
    days = heads.spread("time_period", [start for start, _ in known], pa.date32())
    months = heads.spread("time_period", [length for _, length in known], pa.int64())
    year = pc.cast(pc.year(days), pa.string())
    return {
        "ref_period": days,
        "n_months": months,
        "freq_code": pc.if_else(pc.equal(months, 12), "A", "M"),
        "classification_code": pc.binary_join_element_wise("CN", year, ""),
    }


def _sides(heads: Heads, system: str, columns: Mapping[str, Any]) -> dict[str, pa.Array]:
    """Return reporter and partner, and what the partner is to the goods."""
    days = columns["ref_period"]
    is_export = pc.equal(columns["flow_code"], "X")
    partner = heads.areas("partner", partial(_area, system), days)
    source = pc.if_else(_within(partner, days), "consignment", "origin")
    return {
        "reporter_iso": heads.areas("reporter", partial(_reporter, system), days),
        "partner_iso": partner,
        "reporter_code": heads.text("reporter"),
        "partner_code": heads.text("partner"),
        "partner_role": pc.if_else(is_export, "destination", source),
        "valuation": pc.if_else(is_export, "FOB", "CIF"),
    }


def _amounts(heads: Heads, cells: Cells) -> dict[str, pa.Array]:
    """Return values and weights, and quantities in a note; a zero beside a value is none."""
    value, weight = cells.amounts["value"], cells.amounts["kg"]
    is_unstated = (weight == 0) & (np.nan_to_num(value) != 0)
    return {
        "value_reported": pa.array(value, from_pandas=True),
        "net_wgt_kg": pa.array(np.where(is_unstated, np.nan, weight), from_pandas=True),
        "note": _notes(heads, cells.amounts["qty"]),
    }


def _flags(file: File, cells: Cells, products: pa.Array) -> pa.Array:
    """Return what the letters of all figures of a cell mean, and c where its goods are secret."""
    letters = arrow.texts(file.meanings("flag", _letters))
    indices = file.figures["flag"].indices
    marks = [letters.take(arrow.at(indices, places)) for places in cells.at.values()]
    is_plain = pc.match_substring_regex(products, r"^(\d+|TOTAL)$")
    marks.append(pc.if_else(is_plain, None, "c"))
    return cubes.flag_words(lambda _: str(file.path), arrow.joined(marks, ""))


def _fields(file: File, cells: Cells) -> pa.Array:
    """Return in a workbook the cells of each row, else the records that state it too."""
    field = file.figures["field"]
    if file.words("field") != [""]:
        names = [arrow.at(field, places).dictionary_decode() for places in cells.at.values()]
        return arrow.joined(names, " ")
    row = file.numbers("row")
    first = row[cells.first]
    others = []
    for places in cells.at.values():
        is_other = (places >= 0) & (row[places] != first)
        numbers = arrow.at(file.figures["row"], np.where(is_other, places, -1))
        others.append(pc.cast(numbers, pa.string()))
    records = arrow.joined(others, ", ")
    with_others = pc.binary_join_element_wise("with", records, " ")
    return pc.if_else(pc.equal(records, ""), "", with_others)


def _within(partner: pa.Array, day: pa.Array) -> pa.Array:
    """Return whether each partner was of the Community then, as far as it lists its goods so."""
    coded = partner.dictionary_encode()
    areas = coded.dictionary.to_pylist()
    spans = [span_within(area) for area in areas]
    is_member = pa.array([is_listed_within(area) for area in areas], pa.bool_())
    joined = pa.array([start for start, _ in spans], pa.date32())
    left = pa.array([end for _, end in spans], pa.date32())
    has_joined = pc.less_equal(joined.take(coded.indices), day)
    is_still = pc.less(day, left.take(coded.indices))
    return pc.and_(is_member.take(coded.indices), pc.and_(has_joined, is_still))


def _notes(heads: Heads, qty: np.ndarray) -> pa.Array:
    """Return what is said beside the figures: of a hidden partner, and of a quantity."""
    partners = heads.file.words("partner")
    is_hidden = [word in HIDDEN or word.startswith(WITHHELD) for word in partners]
    hidden = arrow.only(
        "partner withheld for commercial or military reasons",
        heads.spread("partner", is_hidden, pa.bool_()),
    )
    amount = pc.cast(pa.array(qty, mask=np.nan_to_num(qty) == 0), pa.string())
    unit = "in a unit not stated"
    quantity = pc.binary_join_element_wise("supplementary quantity", amount, unit, " ")
    note = arrow.joined([hidden, quantity], "; ")
    return arrow.without(note, pc.equal(note, ""))


# --- what the words mean -------------------------------------------------------------------------


def _word(known: Mapping[str, str], word: str, where: str) -> str:
    if word.casefold() not in known:
        raise LayoutError(where, f"one of {', '.join(filter(None, known))}", repr(word[:60]))
    return known[word.casefold()]


def _indicator(word: str, where: str) -> tuple[str, float]:
    if word not in INDICATORS:
        raise LayoutError(where, f"one of {', '.join(INDICATORS)}", repr(word[:60]))
    return INDICATORS[word]


def _area(system: str, word: str, where: str, year: int) -> str:
    known = _codes(system, year)
    if word in known:
        return known[word]
    return str(codes.areas(pa.array([word]), system, where, year)[0])


@cache
def _codes(system: str, year: int) -> dict[str, str]:
    return codes.area_codes(system, year)


def _reporter(system: str, word: str, where: str, year: int) -> str:
    area = _area(system, word, where, year)
    if area not in codes.groups() and not codes.contains("EU28", area):
        raise CodeError(f"{where}: {word} is neither a member state nor a group")
    return area


def _product(given: str, word: str, where: str) -> str:
    """Return the code that a word of the file is, or the `given` one of a label."""
    is_label = not word[:2].isdigit() and not word.startswith("CPA")
    if given and is_label and word.upper() != "TOTAL":
        return _product("", given, "--product")
    if word.upper() == "TOTAL":
        return "TOTAL"
    if len(word) <= 8 and codes.HS.fullmatch(word):
        return word
    if word.startswith("CPA"):
        raise CodeError(
            f"{where}: {word[:60]!r} is a product of the CPA, by activity, which is no goods code; "
            "ask for a data set by CN or HS"
        )
    if word.isdigit():
        raise CodeError(f"{where}: {codes.impossible(word)}")
    raise CodeError(
        f"{where}: {word[:60]!r} is no code of the Combined Nomenclature; a label alone is none: "
        "give its code with --product"
    )


def _period(word: str, where: str) -> tuple[date, int]:
    """First day and months of "M 2023-09", "2023-09", "Sep. 2023", "A 2023" or "Jan.-Dec. 2023"."""
    match = fullmatch(r"(?:M )?((?:19|20)\d\d)-(0[1-9]|1[0-2])", word, ASCII)
    if match:
        return date(int(match[1]), int(match[2]), 1), 1
    match = fullmatch(r"(?:A |Jan\.-Dec\. )?((?:19|20)\d\d)", word, ASCII)
    if match:
        return date(int(match[1]), 1, 1), 12
    match = fullmatch(r"([A-Z][a-z]{2})\.? ((?:19|20)\d\d)", word, ASCII)
    if match and match[1] in MONTHS:
        month = MONTHS.index(match[1]) + 1
        return date(int(match[2]), month, 1), 1
    raise LayoutError(where, "a month such as 2023-09 or Sep. 2023, or a year", repr(word[:60]))


def _release(word: str, where: str) -> str:
    """The day of "15/09/26" or "15/09/2026 11:00" as 2026-09-15; nothing of nothing."""
    pattern = r"(\d\d)/(\d\d)/(?:20)?(\d\d)(?: \d\d:\d\d(?::\d\d)?)?"
    if not word:
        return ""
    match = fullmatch(pattern, word, ASCII)
    if match:
        day, month, year = (int(number) for number in match.groups())
        with suppress(ValueError):
            return str(date(2000 + year, month, day))
    raise LayoutError(where, "a day such as 15/09/26", repr(word[:60]))


def _letters(word: str, where: str) -> str:
    if set(word) - set(cubes.FLAGS):
        raise LayoutError(where, f"letters of {', '.join(cubes.FLAGS)}", repr(word[:60]))
    return word
