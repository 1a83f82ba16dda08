"""The map of a tidy CSV, as a catalogue entry writes it, checked before any cell is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, TypeVar, get_type_hints

import msgspec
import pyarrow as pa

from tradeflows.model import codes, contracts
from tradeflows.model.errors import CatalogueError, CodeError, near
from tradeflows.publishers.tidy.forms import FORMS, YEAR_AND_MONTH

SEPARATORS = (",", ";", "\t", "|")
MARKS = {
    "separator": SEPARATORS,
    "decimal": (".", ","),
    "grouping": ("", ",", ".", " ", "'"),
}
BLANKS = "[ \u00a0\u202f]"
MOST_ZEROS = 15  # of a scale: more would be no unit that a publisher prints in
# What a heading says of its figures, in the languages of trade statistics' columns.
PRINTED_IN = {"thousand": 3, "million": 6, "billion": 9}
OWN = {"source_id", "source_row"}  # fields that every cleaner fills alike

Texts = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]
Table = dict[str, Any]
Word = str | int | bool
# What a key of a map may hold, in words.
KINDS: Mapping[Any, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    int | None: "a whole number",
    Texts: "a text or a list of texts",
    Table: "a table",
    Table | None: "a table",
    int | Table: "a whole number or a table",
    Word | None: "a text, a whole number or true or false",
}


class Condition(msgspec.Struct, frozen=True):
    """Which records something holds for, by the text of one column.

    Attributes
    ----------
    column
        A column of the file.
    equals
        One of these texts.
    otherwise
        The only other texts that may stand there: one that neither lists is refused.
    matches
        A regular expression that the text holds, in any case of letters.
    above
        A number that the column's is larger than.
    since
        The text is not before this one, by the order of letters.
    until
        The text is not after this one, likewise.
    filled
        The cell is not empty.
    differs
        Another column, whose text is not the same.
    also
        A second condition, which must hold too.
    """

    column: str = ""
    equals: Texts = ()
    otherwise: Texts = ()
    matches: str = ""
    above: int | None = None
    since: str = ""
    until: str = ""
    filled: bool = False
    differs: str = ""
    also: Condition | None = None


class Flag(Condition, frozen=True):
    """A word of FLAGS, and the records that it is for; without a column, all.

    Attributes
    ----------
    flag
        A word of the list of flags.
    """

    flag: str = ""


class LeftOut(Condition, frozen=True):
    """Records that reach no row, and the reason under which they are counted.

    Attributes
    ----------
    reason
        Under which they are counted, in words.
    same
        Columns in which each must say what a record that stays says, as where a line is printed
        again.
    """

    reason: str = ""
    same: Texts = ()


class Value(msgspec.Struct, frozen=True):
    """Where the values of one field come from.

    Attributes
    ----------
    column
        A column of the file.
    text
        In place of a column: a text in which columns stand in braces; with a form it is a period.
    before
        Only what stands before the first of this mark is read.
    matches
        What the text must look like, as a regular expression.
    means
        The same in words, for the message.
    one_of
        The only texts that may stand there.
    rename
        Texts that mean another; any other stays as it is.
    words
        What each text means; one that is not listed is refused, unless `others` says what it means.
        In a field of numbers only the marks among them: ``{ "-" = 0, "c" = "" }``, where 0 is
        none and "" is not known, as the publisher says.
    listed
        The same the other way round: each meaning, and the texts that have it.
    others
        What any text means that `words` does not list.
    areas
        The system of area codes that the column is in.
    form
        How periods are written, a name of the list of forms.
    length
        The column of the number of months, where the text names the last of several.
    month
        The column of the month, as a number or a name, where `column` has the year alone.
    times
        A power of ten by which numbers are multiplied; or a column, and that of each of its words.
    where
        The records that have a value; the others are null.
    agrees
        The same, as another column states it: the two may not differ.
    instead
        Where the value of a record that has none comes from, by the same keys.
    """

    column: str = ""
    text: str = ""
    before: str = ""
    matches: str = ""
    means: str = ""
    one_of: Texts = ()
    rename: Table | None = None
    words: Table | None = None
    listed: Table | None = None
    others: Word | None = None
    areas: str = ""
    form: str = ""
    length: str = ""
    month: str = ""
    times: int | Table = 1
    where: Condition | None = None
    agrees: Value | None = None
    instead: Value | None = None


Field = Word | Value | tuple[Flag, ...]
Record = TypeVar("Record", bound="Condition | Value")


class Rows(msgspec.Struct, frozen=True):
    """What makes one row of each record: the fields by name, and a column that must be filled."""

    fields: Mapping[str, Field]
    needs: str = ""


class Marks(msgspec.Struct, frozen=True):
    """The marks of a file.

    Attributes
    ----------
    separator
        Between cells: a comma, else a semicolon, a tab or an upright stroke.
    decimal
        Before decimals: a point, else a comma.
    grouping
        Between thousands: none, else a comma, a point, a blank or an apostrophe.
    """

    separator: str = ","
    decimal: str = "."
    grouping: str = ""

    @property
    def example(self) -> str:
        """A number in these marks, such as 1.234,5."""
        return f"1{self.grouping}234{self.decimal}5"

    @property
    def between_thousands(self) -> str:
        """The pattern of the mark between thousands; a blank may be one that breaks no line."""
        return BLANKS if self.grouping == " " else re.escape(self.grouping)

    @property
    def pattern(self) -> str:
        """The pattern of a whole number cell."""
        whole = r"\d+"
        if self.grouping:
            whole = rf"(\d{{1,3}}({self.between_thousands}\d{{3}})+|\d+)"
        return rf"^-?{whole}({re.escape(self.decimal)}\d+)?$"


class Map(msgspec.Struct, frozen=True):
    """A whole map: the file's marks and columns, the rows of each record, and what is left out."""

    marks: Marks
    columns: tuple[str, ...]
    rows: tuple[Rows, ...]
    left_out: tuple[LeftOut, ...]
    title_lines: int = 0
    footnotes_from: str = ""


HINTS: Mapping[Any, dict[str, Any]] = {
    kind: get_type_hints(kind, include_extras=True) for kind in (Condition, Flag, LeftOut, Value)
}
PARTS: Mapping[str, type[Condition | Value]] = {
    "also": Condition,
    "where": Condition,
    "agrees": Value,
    "instead": Value,
}
COLUMNS = ("column", "differs", "length", "month")  # keys that name a column


# --- from the catalogue's tables to a map --------------------------------------------------------


def read_map(
    where: str,
    contract: pa.Schema,
    columns: Any,
    fields: Any,
    rows: Any = (),
    left_out: Any = (),
    title_lines: Any = 0,
    footnotes_from: Any = "",
    **marks: Any,
) -> Map:
    """Return the map that the arguments of an entry write.

    Parameters
    ----------
    where
        The entry, for messages.
    contract
        The table that the rows are for.
    columns
        The header of the file, exactly.
    fields
        For each field of the table a constant, or a table of the keys of a field; for ``flags``
        also a list of tables, each of a flag.
    rows
        Where a record gives several rows, the fields that differ, a table a row; ``needs`` names
        the column without which there is no such row.
    left_out
        A list of tables, each of a condition and a reason: records that reach no row.
    title_lines
        How many lines stand above the header, empty ones among them.
    footnotes_from
        How the first line below the table begins, such as "Source:"; it and what follows is no
        record.
    **marks
        Those of :class:`Marks` that differ from its own.

    Raises
    ------
    CatalogueError
        An unknown key, field, column, form or system of codes, or a value of another
        kind. One line that names the entry, the place in it, and what would do.
    """
    names = _converted(f"{where}: columns", columns, Texts)
    common = _fields(f"{where}: fields", fields, contract, names)
    every = []
    for number, override in enumerate(rows or [{}], start=1):
        place = f"{where}: rows, {number}"
        changes = _converted(place, override, Table)
        needs = changes.pop("needs", "")
        if needs:
            _known(f"{place}: needs", needs, names, "column")
        differing = _fields(place, changes, contract, names)
        if override and "source_field" not in {**common, **differing}:
            # The column of the figure by which a row is told from the others of its record.
            figures = (
                value.column
                for name, value in differing.items()
                if isinstance(value, Value) and contract.field(name).type == pa.float64()
            )
            differing["source_field"] = next(filter(None, figures), needs)
        every.append(Rows({**common, **differing}, needs))
    left = [
        _record(f"{where}: left_out, {number}", entry, LeftOut, names)
        for number, entry in enumerate(left_out, start=1)
    ]
    above = max(_converted(f"{where}: title_lines", title_lines, int), 0)
    below = _converted(f"{where}: footnotes_from", footnotes_from, str)
    for name, mark in marks.items():
        if mark not in MARKS[name]:
            choices = ", ".join(repr(known) for known in MARKS[name])
            raise CatalogueError(f"{where}: {name}: must be one of {choices}, not {mark!r}")
    made = Marks(**marks)
    if made.decimal == made.grouping:
        raise CatalogueError(
            f"{where}: grouping: {made.grouping!r} is the mark of decimals too; write another"
        )
    return Map(made, names, tuple(every), tuple(left), above, below)


def _fields(
    where: str, entries: Any, contract: pa.Schema, columns: tuple[str, ...]
) -> dict[str, Field]:
    """Return what each field is: a constant, flags, or where its values come from."""
    possible = [name for name in contract.names if name not in OWN]
    made: dict[str, Field] = {}
    for name, entry in _converted(where, entries, Table).items():
        place = f"{where}.{name}"
        _known(place, name, possible, "field")
        if isinstance(entry, list) and name == "flags":
            made[name] = tuple(_record(place, flag, Flag, columns) for flag in entry)
        elif isinstance(entry, dict):
            value = _record(place, entry, Value, columns)
            if contract.field(name).type == pa.float64():
                _require_figures(place, value)
            made[name] = value
        elif type(entry) in (str, int, bool):
            made[name] = entry
        else:
            raise CatalogueError(
                f"{place}: must be a text, a whole number or a table such as "
                f"{{ column = {columns[0]!r} }}, not {entry!r}"
            )
    return made


def _record(where: str, entry: Any, kind: type[Record], columns: tuple[str, ...]) -> Record:
    """Return a record of `kind` from a table of the catalogue, all its names checked."""
    table = dict(_converted(where, entry, Table))
    for key, value in table.items():
        place = f"{where}: {key}"
        _known(where, key, HINTS[kind], "key")
        if key in PARTS:
            table[key] = _record(place, value, PARTS[key], columns)
            continue
        table[key] = _converted(place, value, HINTS[kind][key])
        for name in [value] if key in COLUMNS else table[key] if key == "same" else []:
            _known(place, name, columns, "column")
    if kind in (Condition, LeftOut) and "column" not in table:
        raise CatalogueError(f"{where}: lacks column")
    try:
        re.compile(table.get("matches", ""))
    except re.error as error:
        pattern = table["matches"]
        raise CatalogueError(
            f"{where}: matches: {pattern!r} is no regular expression: {error}"
        ) from error
    if "listed" in table:
        table["words"] = _turned(where, table.pop("listed"), table.get("words", {}))
    made = kind(**table)
    if isinstance(made, Flag):
        _known(f"{where}: flag", made.flag, contracts.FLAGS, "flag")
    if isinstance(made, Value):
        _require_value(where, made, columns)
    return made


def _turned(where: str, listed: Table, written: Table) -> Table:
    """Return words with the texts that are listed by their meaning; none may have two."""
    words = dict(written)
    for meaning, texts in listed.items():
        for text in _converted(f"{where}: listed.{meaning}", texts, Texts):
            if words.setdefault(text, meaning) != meaning:
                both = f"{words[text]!r} and {meaning!r}"
                raise CatalogueError(f"{where}: listed: {text!r} means {both}; leave one out")
    return words


def _require_value(where: str, made: Value, columns: tuple[str, ...]) -> None:
    """Refuse names that the file or the code lists lack, and keys that do not go together."""
    if bool(made.column) == bool(made.text):
        origins = "both" if made.column else "neither"
        raise CatalogueError(f"{where}: needs one of column or text, not {origins}")
    for name in re.findall(r"\{(.*?)\}", made.text):
        _known(f"{where}: text", name, columns, "column")
    if made.areas:
        try:
            codes.area_codes(made.areas)
        except CodeError as error:
            raise CatalogueError(f"{where}: areas: {error}") from error
    if made.form:
        _known(f"{where}: form", made.form, FORMS, "form")
        for key in ("words", "rename"):
            if getattr(made, key) is not None:
                message = f"{where}: a form reads the text as it stands; leave {key} out"
                raise CatalogueError(message)
    if bool(made.month) != (made.form == YEAR_AND_MONTH):
        raise CatalogueError(
            f'{where}: form = "{YEAR_AND_MONTH}" and month, the column of that, go together'
        )
    if isinstance(made.times, int):
        zeros(f"{where}: times", made.times)
        return
    for name, scales in made.times.items():
        _known(f"{where}: times", name, columns, "column")
        for word, scale in _converted(f"{where}: times.{name}", scales, Table).items():
            zeros(f"{where}: times.{name}.{word}", scale)


def _require_figures(where: str, made: Value) -> None:
    """Refuse what is no meaning of a mark among numbers, and a scale that the heading denies."""
    if made.rename:
        raise CatalogueError(
            f'{where}: rename is of texts; write words = {{ "-" = 0, "c" = "" }} for marks among '
            'numbers: 0 is none, "" not known'
        )
    words = made.words if made.words and made.others is None else {}
    for word, meaning in words.items():
        if str(meaning) not in ("", "0", "0.0"):
            raise CatalogueError(
                f'{where}: words: {word!r} must be 0 (none) or "" (not known), not {meaning!r}'
            )
    for word, power in PRINTED_IN.items():
        is_printed_in = re.search(rf"(?<![a-z]){word}s?(?![a-z])", made.column, re.IGNORECASE)
        if is_printed_in and isinstance(made.times, int) and zeros(where, made.times) < power:
            raise CatalogueError(
                f"{where}: times: must be {10**power} or more, as {made.column!r} says, "
                f"not {made.times}"
            )
    for other in (made.agrees, made.instead):
        if other:
            _require_figures(where, other)


def zeros(where: str, scale: Any) -> int:
    """Return how many zeros the power of ten `scale` has."""
    if type(scale) is int and scale in {10**power for power in range(MOST_ZEROS)}:
        return len(str(scale)) - 1
    raise CatalogueError(f"{where}: must be a power of ten such as 1000, not {scale!r}")


def _known(where: str, name: Any, valid: Iterable[str], kind: str) -> None:
    names = list(valid)
    if name not in names:
        raise CatalogueError(f"{where}: no {kind} {name!r}{near(str(name), names)}")


def _converted(where: str, entry: Any, kind: Any) -> Any:
    """Return what a key of a map holds, if it is of the `kind` of the key."""
    try:
        return msgspec.convert([entry] if kind == Texts and isinstance(entry, str) else entry, kind)
    except msgspec.ValidationError as error:
        raise CatalogueError(f"{where}: must be {KINDS[kind]}, not {entry!r}") from error
