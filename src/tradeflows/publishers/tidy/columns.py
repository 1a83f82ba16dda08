"""The cells of a tidy CSV as text, and columns of them as numbers, days, words and areas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError
from tradeflows.model.periods import FORMS, Period
from tradeflows.publishers import arrow, reading, workbooks
from tradeflows.publishers.tidy.mapping import POWERS, Condition, Map, Value

COUNT = r"^\d{1,4}$"
MARK = (
    "if it is a mark, write what the publisher means by it in the map of the field, such as "
    'words = { "-" = 0, "c" = "" } for none and for not known'
)
MOST_TITLE_LINES = 40  # that are looked through for the header
LINE_END = re.compile(rb"(?:\r\n?|\n)")
LAST_DAY = "window_end"  # the field that has the last day of a period, not the first
RANGE = re.compile(r"\.\.|(?<=\d{4})-(?=\d{4}$)", re.ASCII)


@dataclass(frozen=True)
class Cells(reading.Block):
    """Some records of a file, and the marks of its numbers.

    `below` counts the lines below its table. Of each form `periods` has what all blocks say.
    """

    marks: reading.Marks
    below: int = 0
    periods: dict[tuple[str, str], dict[str, Period]] = field(default_factory=dict)

    def kept(self, these: pa.Array) -> Cells:
        """The records that `these` are true of."""
        return replace(self, cells=self.cells.filter(these), records=self.records.filter(these))

    def figures(
        self, name: str, power: Any = None, words: Mapping[str, Any] | None = None
    ) -> pa.Array:
        """Column `name` as float64, times ten to `power` (one, or an array).

        `words` stand among the numbers, and each means 0, or "" where it is not known.
        """
        known = {word.strip(): None if mark == "" else "0" for word, mark in (words or {}).items()}
        text = arrow.filled(pc.utf8_trim_whitespace(self.cells[name]))  # spreadsheets pad numbers
        if known:
            text = arrow.meanings(text, lambda word: known.get(word, word))
        return self.number(
            name,
            text,
            self.marks,
            power=power,
            what=f"a number such as {self.marks.example}",
            todo=MARK,
        )

    def count(self, name: str) -> pa.Array:
        """Column `name` (of months, of days) as int64."""
        text = arrow.filled(self.cells[name])
        self.demand(name, COUNT, "a whole number", text)
        return pc.cast(text, pa.int64())

    def are(self, condition: Condition) -> pa.Array:
        """Return which records meet `condition`, all where it has no column."""
        if not condition.column:
            return pa.repeat(True, len(self.records))
        text, equals = self.cells[condition.column], condition.equals
        those = pc.not_equal(text, "")
        if condition.otherwise:
            self.words(condition.column, dict.fromkeys([*equals, *condition.otherwise]))
        if equals or condition.otherwise:
            those = pc.is_in(text, arrow.texts(equals))
        elif condition.matches:
            those = pc.match_substring_regex(text, condition.matches, ignore_case=True)
        elif condition.differs:
            those = pc.not_equal(text, self.cells[condition.differs])
        elif condition.above is not None:
            those = pc.fill_null(pc.greater(self.figures(condition.column), condition.above), False)
        elif condition.since or condition.until:
            last = condition.until or "\U0010ffff"
            those = pc.and_(pc.greater_equal(text, condition.since), pc.less_equal(text, last))
        return pc.and_(those, self.are(condition.also)) if condition.also else those

    def require_forms(self) -> None:
        """Refuse periods that can hardly be of their form, though each by itself may be."""
        fiscal = "april year"
        for (form, expected), known in self.periods.items():
            if FORMS[form].freq == "M" and len(known) > 1 and all(map(FORMS[fiscal].read, known)):
                todo = f'write form = "{fiscal}"'
                raise LayoutError(self.path, expected, "fiscal years such as 2009-10 alone", todo)
            if form == "day of the month" and len({*known.values()}) < len(known):
                raise LayoutError(
                    self.path, expected, "several days of one month", "keep one of them"
                )


def read_cells(path: Path, asked: Map) -> Iterator[Cells]:
    """Yield all cells of a CSV, or of the one sheet of a workbook, block by block.

    The header is exactly the columns of its map. Empty lines do not count, since a trace does not
    count them.

    Raises
    ------
    LayoutError
        Not UTF-8, not a CSV (an HTML page, say), another header, no record, a record with more or
        fewer fields than the header, or no footnotes where the map has them.
    """
    if reading.head(path).startswith(b"<"):
        raise LayoutError(path, "a CSV file", "a page of HTML or XML", "fetch the data, not a page")
    separator, first, below, raw = asked.separator, 0, 0, None
    if workbooks.is_workbook(path):
        separator, raw = ",", workbooks.as_csv(workbooks.table(path))
    if asked.title_lines or asked.footnotes_from:
        raw, first, below = _table_of(path, asked, raw)
    names, columns = reading.header(path, separator, raw), [*asked.columns]
    if names != columns:
        todo = "restore the header, or write the new one in `columns` of the entry"
        lines = (raw or path.read_bytes()).splitlines(keepends=True)
        for at, line in enumerate(lines[:MOST_TITLE_LINES]):
            with suppress(LayoutError):  # an empty line, or a quote that does not close
                if reading.header(path, separator, line) == columns:
                    todo = f"the header is line {at + 1}: write title_lines = {at} in the map"
        reading.require_header(path, names, columns, (), todo)
        raise LayoutError(path, f"the columns {separator.join(columns)}", "another order", todo)
    blocks = reading.blocks(path, names, names, separator, raw, first)
    if any(condition.same for condition in asked.left_out):  # which looks through all records
        blocks = iter([reading.block(path, names, raw, delimiter=separator, above=first)])
    periods: dict[tuple[str, str], dict[str, Period]] = {}
    for block in blocks:
        yield Cells(path, block.records, block.cells, asked, below, periods)


def _table_of(path: Path, asked: Map, raw: bytes | None) -> tuple[bytes, int, int]:
    """The bytes of a table, and how many lines stand above and below it, empty ones not counted."""
    if raw is None:
        reading.require_utf8(path)
    content = raw or path.read_bytes()
    titles = re.match(rb"([^\r\n]*(\r\n?|\n)){%d}" % asked.title_lines, content)
    start = titles.end() if titles else len(content)
    end = len(content)
    if asked.footnotes_from:
        note = re.compile(LINE_END.pattern + rb'"*+' + re.escape(asked.footnotes_from.encode()))
        first_note = note.search(content, start)
        if not first_note:
            raise LayoutError(
                path,
                f"a line below the table that begins with {asked.footnotes_from!r}",
                "none",
                "mend footnotes_from of the map, or leave it out",
            )
        end = LINE_END.match(content, first_note.start()).end()  # type: ignore[union-attr]
    above, below = (sum(map(bool, x.splitlines())) for x in (content[:start], content[end:]))
    return content[start:end], above, below


def values(cells: Cells, value: Value, field: pa.Field) -> pa.Array:
    """Return the values of `field`, one a record, as `value` says.

    Raises
    ------
    LayoutError
        A cell is no number, day, period or listed word, or does not look as it must.
    CodeError
        An area code is in no list.
    """
    taken = cells.are(value.where) if value.where else pa.scalar(True)
    if value.text and not value.form:
        made = _text(cells, value)
    elif value.form:
        made = _periods(cells, value, field)
    else:
        made = _column(cells, value, field, taken)
    made = arrow.only(made, taken)
    if value.instead:
        made = pc.coalesce(made, values(cells, value.instead, field))
    if value.agrees:
        names = [other.column for other in (value, value.agrees) if other.column]
        is_same = pc.equal(made, values(cells, value.agrees, field))
        expected, todo = f"the same in {' and '.join(names)}", "mend the one that is wrong"
        cells.require(is_same, expected, *map(cells.text, names), todo=todo)
    return made


def _text(cells: Cells, value: Value) -> pa.Array:
    """Return the text of a column as a field reads it, or of several columns joined."""
    if value.text:
        pieces = re.split(r"\{(.*?)\}", value.text)  # each second one is a column
        texts = [cells.text(piece) if at % 2 else piece for at, piece in enumerate(pieces)]
        return pc.binary_join_element_wise(pa.repeat("", len(cells.records)), *texts, "")
    name = value.column
    text = cells.text(name)
    if value.before:
        text = pc.replace_substring_regex(text, f"{re.escape(value.before)}.*$", "")
    if value.matches:
        cells.demand(name, value.matches, value.means or "another text", text)
    if value.one_of:
        cells.words(name, dict.fromkeys(value.one_of), text)
    if value.rename:
        text = arrow.meanings(text, lambda word: value.rename.get(word, word))
    return text


def _column(cells: Cells, value: Value, field: pa.Field, taken: Any) -> pa.Array:
    """Return the texts of a column as numbers, words, areas, counts or texts."""
    name, text, words = value.column, _text(cells, value), value.meanings
    if field.type == pa.float64() and value.others is None:
        [(unit, scales)] = value.times.items()
        powers: Any = {word: POWERS[scale] for word, scale in scales.items()}
        if not unit:
            return cells.figures(name, powers[""], words)
        # The unit of a record that the field does not take is another's.
        units = arrow.only(cells.text(unit), taken)
        return cells.figures(name, cells.words(unit, powers, units), words)
    if words:
        if value.others is not None:
            words = dict.fromkeys(text.unique().to_pylist(), value.others) | words
        if field.nullable:  # an empty meaning is none
            words = {word: None if meaning == "" else meaning for word, meaning in words.items()}
        return cells.words(name, words, text, field.type)
    if value.areas:
        return codes.areas(text, value.areas, cells.path)
    if field.type == pa.int64():
        return cells.count(name)
    return arrow.filled(text) if field.nullable else text


def _periods(cells: Cells, value: Value, field: pa.Field) -> pa.Array:
    """Return the first day of each period, its last, or its length in months, by the field."""
    form, is_last = FORMS[value.form], field.name == LAST_DAY
    text = _text(cells, value)
    if value.month:
        text = pc.binary_join_element_wise(text, cells.text(value.month), "-")
    if value.form == "printed":
        end = -1 if is_last else 0
        text = arrow.meanings(text, lambda cell: RANGE.split(cell, maxsplit=1)[end])
    read = {cell: form.read(cell) for cell in text.unique().to_pylist()}
    known = {cell: period for cell, period in read.items() if period}
    expected = f"{form.what} in {value.column or value.text}"
    cells.require(pc.is_in(text, arrow.texts([*known])), expected, text)
    cells.periods.setdefault((value.form, expected), {}).update(known)
    item = "months" if field.type == pa.int64() else "last" if is_last else "first"
    if not value.length:
        return arrow.meanings(text, lambda cell: getattr(known[cell], item), field.type)
    pairs = zip(text.to_pylist(), cells.count(value.length).to_pylist(), strict=True)
    return pa.array([getattr(known[cell].ending(n), item) for cell, n in pairs], field.type)
