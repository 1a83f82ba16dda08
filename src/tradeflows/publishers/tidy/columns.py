"""The cells of a tidy CSV as text, and columns of them as numbers, days, words and areas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError
from tradeflows.publishers import arrow, reading
from tradeflows.publishers.tidy.forms import ends, periods
from tradeflows.publishers.tidy.mapping import Condition, Map, Marks, Value, zeros

COUNT = r"^\d{1,4}$"
MARK = (
    "if it is a mark, write what the publisher means by it in the map of the field, such as "
    'words = { "-" = 0, "c" = "" } for none and for not known'
)
MOST_TITLE_LINES = 40  # that are looked through for the header
LAST_DAY = "window_end"  # the field that has the last day of a period, not the first


@dataclass(frozen=True)
class Cells:
    """Cells of a file, as text.

    Attributes
    ----------
    records
        The ordinal of each record in the file.
    below
        Lines below the table that are no records.
    """

    path: Path
    table: pa.Table
    marks: Marks
    records: pa.Array
    below: int = 0

    def __len__(self) -> int:
        """Count the records."""
        return len(self.table)

    def kept(self, these: pa.Array) -> Cells:
        """The records that `these` are true of."""
        records = self.records.filter(these)
        return replace(self, table=self.table.filter(these), records=records)

    def record(self, at: int) -> str:
        """The record at a place, as a message names it."""
        return f"{self.path}: record {self.records[at].as_py()}"

    def text(self, name: str) -> pa.Array:
        """Column `name` as it stands."""
        return self.table[name].combine_chunks()

    def number(self, name: str, power: Any = 0, words: Mapping[str, Any] | None = None) -> pa.Array:
        """Column `name` as float64, times ten to `power` (one, or an array).

        `words` stand among the numbers, and each means 0, or "" where it is not known.
        """
        stated = _filled(pc.utf8_trim_whitespace(self.text(name)))  # spreadsheets pad their numbers
        text, marks = stated, self.marks
        for word, meaning in (words or {}).items():
            number = None if meaning == "" else "0"
            is_word = arrow.is_true(pc.equal(stated, word.strip()))
            text = pc.if_else(is_word, number, text)
        what = "a number" if marks == Marks() else f"a number such as {marks.example}"
        reading.demand(self.record, name, text, marks.pattern, what, MARK)
        if marks.grouping:
            text = pc.replace_substring_regex(text, marks.between_thousands, "")
        text = pc.replace_substring(text, marks.decimal, ".")
        # The power of ten joins the decimal, so that only the result is rounded to a binary float.
        decimal = pc.binary_join_element_wise(text, pc.cast(power, pa.string()), "e")
        figures = pc.cast(decimal, pa.float64())
        expected = f"a number in {name} that a double holds"
        reading.require(self.record, pc.is_finite(figures), expected, text)
        return figures

    def count(self, name: str) -> pa.Array:
        """Column `name` (of months, of days) as int64."""
        text = _filled(self.text(name))
        reading.demand(self.record, name, text, COUNT, "a whole number")
        return pc.cast(text, pa.int64())

    def words(
        self,
        name: str,
        meaning: Mapping[str, Any],
        kind: pa.DataType | None = None,
        text: pa.Array | None = None,
    ) -> pa.Array:
        """Column `name`, or its `text`, each word replaced by its meaning; another is refused."""
        text = self.text(name) if text is None else text
        return reading.words(self.record, name, text, meaning, kind, "list it in the map")

    def are(self, condition: Condition) -> pa.Array:
        """Return which records meet `condition`; all where it has no column."""
        name = condition.column
        text = self.text(name) if name else arrow.texts(["all"] * len(self))
        if condition.otherwise:
            listed = dict.fromkeys(condition.otherwise, False)
            those = self.words(name, listed | dict.fromkeys(condition.equals, True))
        elif condition.equals:
            those = pc.is_in(text, arrow.texts(condition.equals))
        elif condition.matches:
            those = pc.match_substring_regex(text, condition.matches, ignore_case=True)
        elif condition.differs:
            those = pc.not_equal(text, self.text(condition.differs))
        elif condition.above is not None:
            those = pc.greater(self.number(name), condition.above)
        elif condition.since or condition.until:
            last = condition.until or "\U0010ffff"
            those = pc.and_(pc.greater_equal(text, condition.since), pc.less_equal(text, last))
        else:
            those = pc.not_equal(text, "")
        return pc.and_(those, self.are(condition.also)) if condition.also else those


def _filled(text: pa.Array) -> pa.Array:
    """Return texts, null where one is empty."""
    return pc.if_else(pc.equal(text, ""), None, text)


def read_cells(path: Path, asked: Map) -> Cells:
    """Return all cells of a CSV, if its header is exactly the columns of the map `asked`.

    Raises
    ------
    LayoutError
        Not UTF-8, not a CSV (an HTML page, say), another header, no record, or a record with
        more or fewer fields than the header.
    """
    with path.open("rb") as file:
        head = file.read(200).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"<":
        raise LayoutError(path, "a CSV file", "a page of HTML or XML", "fetch the data, not a page")
    columns, marks = asked.columns, asked.marks
    raw, above, below = _table_alone(path, asked)
    names = reading.header(path, delimiter=marks.separator, raw=raw)
    if names != list(columns):
        lacking = [name for name in columns if name not in names]
        stray = [name for name in names if name not in columns]
        differs = f"none of {lacking} and besides {stray}"
        raise LayoutError(
            path,
            f"the columns {marks.separator.join(columns)}",
            differs if lacking or stray else marks.separator.join(names),
            _where_header(path, asked)
            or "restore the header, or write the new one in `columns` of the entry",
        )
    blocks = reading.blocks(path, columns, columns, delimiter=marks.separator, raw=raw, above=above)
    table = pa.Table.from_batches([block.cells for block in blocks])
    records = pa.array(range(above + 1, above + len(table) + 1))
    return Cells(path, table.combine_chunks(), marks, records, below=below)


def _table_alone(path: Path, asked: Map) -> tuple[bytes | None, int, int]:
    """Return the bytes between title lines and footnotes, and how many lines those are.

    Without either there are no bytes: the file is read as it stands. Empty lines do not count,
    since a trace does not count them.
    """
    if not (asked.title_lines or asked.footnotes_from):
        return None, 0, 0
    content = path.read_bytes()
    try:
        content.decode()
    except UnicodeDecodeError as error:
        raise reading.not_utf8(path) from error
    lines = content.splitlines(keepends=True)
    rest = lines[asked.title_lines :]
    end = len(rest)
    if asked.footnotes_from:
        mark = asked.footnotes_from.encode()
        starts = [at for at, line in enumerate(rest) if line.lstrip(b'"').startswith(mark) and at]
        if not starts:
            raise LayoutError(
                path,
                f"a line below the table that begins with {asked.footnotes_from!r}",
                "none",
                "mend footnotes_from of the map, or leave it out",
            )
        end = starts[0]
    above, below = (
        sum(bool(line.rstrip(b"\r\n")) for line in some)
        for some in (lines[: asked.title_lines], rest[end:])
    )
    return b"".join(rest[:end]), above, below


def _where_header(path: Path, asked: Map) -> str:
    """Return what to write where the header stands in another line; empty if it is in none."""
    lines = path.read_bytes()[: reading.BLOCK].splitlines()
    for at, line in enumerate(lines[:MOST_TITLE_LINES]):
        with suppress(LayoutError):  # an empty line, or a quote that does not close
            names = reading.header(path, delimiter=asked.marks.separator, raw=line)
            if names == list(asked.columns):
                return f"the header is line {at + 1}: write title_lines = {at} in the map"
    return ""


def values(cells: Cells, value: Value, field: pa.Field) -> pa.Array:
    """Return the values of `field`, one a record, as `value` says.

    Raises
    ------
    LayoutError
        A cell is no number, day, period or listed word, or does not look as it must.
    CodeError
        An area code is in no list.
    """
    if value.text:
        pieces = [piece for piece in re.split(r"(\{.*?\})", value.text) if piece]
        texts = [cells.text(piece[1:-1]) if piece.startswith("{") else piece for piece in pieces]
        made = pc.binary_join_element_wise(*texts, "")
        if isinstance(made, pa.Scalar):
            made = pa.repeat(made, len(cells))
        if value.form:
            made = _period(cells, value, field, made)
    else:
        made = _column(cells, value, field)
    if value.where:
        made = pc.if_else(cells.are(value.where), made, None)
    if value.instead:
        made = pc.coalesce(made, values(cells, value.instead, field))
    if value.agrees:
        second = value.agrees.column
        is_same = pc.equal(made, values(cells, value.agrees, field))
        expected = f"the same in {value.column} and {second}"
        stated = [cells.text(name) for name in (value.column, second)]
        reading.require(cells.record, is_same, expected, *stated, todo="mend the one that is wrong")
    return made


def _column(cells: Cells, value: Value, field: pa.Field) -> pa.Array:
    """Return the values of a field that a column states, read as the type of the field."""
    name = value.column
    text = cells.text(name)
    if value.before:
        text = pc.replace_substring_regex(text, f"{re.escape(value.before)}.*$", "")
    if value.matches:
        what = value.means or "another text"
        reading.demand(cells.record, name, text, value.matches, what)
    if value.one_of:
        cells.words(name, dict.fromkeys(value.one_of, True), text=text)
    for word, meaning in (value.rename or {}).items():
        text = pc.if_else(pc.equal(text, word), meaning, text)
    return _read(cells, value, field, text)


def _read(cells: Cells, value: Value, field: pa.Field, text: pa.Array) -> pa.Array:
    """Return the texts of a column as numbers, words, areas, periods, counts or texts."""
    name = value.column
    if field.type == pa.float64() and value.others is None:
        return cells.number(name, _power(cells, value), value.words)
    if value.words is not None:
        words = dict(value.words)
        if value.others is not None:
            words = dict.fromkeys(text.unique().to_pylist(), value.others) | words
        if field.nullable:  # an empty meaning is none
            words = {word: None if meaning == "" else meaning for word, meaning in words.items()}
        return cells.words(name, words, field.type, text)
    if value.areas:
        return codes.areas(text, value.areas, cells.path)
    if value.form:
        return _period(cells, value, field, cells.text(name))
    if field.type == pa.int64():
        return cells.count(name)
    return _filled(text) if field.nullable else text


def _power(cells: Cells, value: Value) -> Any:
    """Return the power of ten of a scale: one for all records, or one a record."""
    if isinstance(value.times, int):
        return zeros("times", value.times)
    [(name, scales)] = value.times.items()
    powers = {word: zeros("times", scale) for word, scale in scales.items()}
    text = cells.text(name)
    if value.where and powers:  # of a record that the field does not take the unit is another's
        is_taken = arrow.is_true(cells.are(value.where))
        text = pc.if_else(is_taken, text, next(iter(powers)))
    return cells.words(name, powers, text=text)


def _period(cells: Cells, value: Value, field: pa.Field, text: pa.Array) -> pa.Array:
    """Return the first day of each period, its last, or its length in months, by the field."""
    if value.month:
        text = pc.binary_join_element_wise(text, cells.text(value.month), "-")
    last = field.name == LAST_DAY
    if value.form == "printed":
        text = pa.array([ends(cell)[last] for cell in text.to_pylist()], pa.string())
    lengths = cells.count(value.length) if value.length else None
    made = periods(cells.record, value.column or value.text, text, value.form, lengths)
    if field.type == pa.int64():
        return pa.array([period and period.months for period in made], pa.int64())
    days = (period and (period.last() if last else period.first) for period in made)
    return pa.array(days, pa.date32())
