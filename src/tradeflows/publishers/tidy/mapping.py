"""The map of a tidy CSV, as a catalogue entry writes it, checked before any cell is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import pyarrow as pa

from tradeflows.model import codes, contracts
from tradeflows.model.errors import CatalogueError, CodeError, near
from tradeflows.publishers.tidy.forms import FORMS, YEAR_AND_MONTH
from tradeflows.publishers.tidy.named import NAMED

SEPARATORS = (",", ";", "\t", "|")
DECIMALS = (".", ",")
GROUPINGS = ("", ",", ".", " ", "'")
BLANKS = "[ \u00a0\u202f]"
MOST_ZEROS = 15  # of a scale: more would be no unit that a publisher prints in
OWN = {"source_id", "source_row"}  # fields that every cleaner fills alike


@dataclass(frozen=True)
class Condition:
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
    also
        A second condition, which must hold too.
    """

    column: str = ""
    equals: tuple[str, ...] = ()
    otherwise: tuple[str, ...] = ()
    matches: str = ""
    above: int | None = None
    since: str = ""
    until: str = ""
    filled: bool = False
    also: Condition | None = None


@dataclass(frozen=True)
class Flag(Condition):
    """A word of FLAGS, and the records that it is for; without a column, all.

    Attributes
    ----------
    flag
        A word of the list of flags.
    """

    flag: str = ""


@dataclass(frozen=True)
class LeftOut(Condition):
    """Records that reach no row, and the reason under which they are counted.

    Attributes
    ----------
    reason
        Under which they are counted, in words.
    """

    reason: str = ""


@dataclass(frozen=True)
class Value:
    """Where the values of one field come from.

    Attributes
    ----------
    column
        A column of the file.
    text
        In place of a column: a text in which columns stand in braces; with a form it is a period.
    function
        In place of a column: a function of :mod:`~tradeflows.publishers.tidy.named`, by name.
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
    function: str = ""
    before: str = ""
    matches: str = ""
    means: str = ""
    one_of: tuple[str, ...] = ()
    rename: Mapping[str, Any] | None = None
    words: Mapping[str, Any] | None = None
    listed: Mapping[str, Any] | None = None
    others: str | int | bool | None = None
    areas: str = ""
    form: str = ""
    length: str = ""
    month: str = ""
    times: int | Mapping[str, Any] = 1
    where: Condition | None = None
    agrees: Value | None = None
    instead: Value | None = None


Field = str | int | bool | Value | tuple[Flag, ...]
Record = TypeVar("Record", Condition, Flag, LeftOut, Value)


@dataclass(frozen=True)
class Rows:
    """What makes one row of each record: the fields by name, and a column that must be filled."""

    fields: Mapping[str, Field]
    needs: str = ""


@dataclass(frozen=True)
class Marks:
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


@dataclass(frozen=True)
class Map:
    """A whole map: the file's marks and columns, the rows of each record, and what is left out."""

    marks: Marks
    columns: tuple[str, ...]
    rows: tuple[Rows, ...]
    left_out: tuple[LeftOut, ...]
    title_lines: int = 0
    footnotes_from: str = ""


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
        An unknown key, field, column, form, function or system of codes, or a value of another
        kind. One line that names the entry, the place in it, and what would do.
    """
    names = _texts(f"{where}: columns", columns)
    common = _fields(f"{where}: fields", fields, contract, names)
    every = []
    for number, override in enumerate(rows or [{}], start=1):
        place = f"{where}: rows, {number}"
        changes = dict(_table(place, override))
        needs = changes.pop("needs", "")
        if needs:
            _known(f"{place}: needs", needs, names, "column")
        differing = _fields(place, changes, contract, names)
        if override and "source_field" not in {**common, **differing}:
            differing["source_field"] = _column_of(differing, needs, contract)
        every.append(Rows({**common, **differing}, needs))
    left = [
        _record(f"{where}: left_out, {number}", entry, LeftOut, names)
        for number, entry in enumerate(left_out, start=1)
    ]
    _kind(f"{where}: title_lines", title_lines, "int")
    _kind(f"{where}: footnotes_from", footnotes_from, "str")
    around = max(title_lines, 0), footnotes_from
    return Map(_marks(where, marks), names, tuple(every), tuple(left), *around)


def _column_of(differing: Mapping[str, Field], needs: str, contract: pa.Schema) -> str:
    """The column of the figure by which a row is told from the others of its record."""
    for name, entry in differing.items():
        if isinstance(entry, Value) and entry.column and contract.field(name).type == pa.float64():
            return entry.column
    return needs


def _marks(where: str, marks: Mapping[str, Any]) -> Marks:
    """The marks of a file, if they are marks and tell decimals from thousands."""
    possible = {"separator": SEPARATORS, "decimal": DECIMALS, "grouping": GROUPINGS}
    for name, mark in marks.items():
        if mark not in possible[name]:
            choices = ", ".join(repr(known) for known in possible[name])
            raise CatalogueError(f"{where}: {name}: must be one of {choices}, not {mark!r}")
    made = Marks(**marks)
    if made.decimal == made.grouping:
        raise CatalogueError(
            f"{where}: grouping: {made.grouping!r} is the mark of decimals too; write another"
        )
    return made


def _fields(
    where: str, entries: Any, contract: pa.Schema, columns: tuple[str, ...]
) -> dict[str, Field]:
    possible = [name for name in contract.names if name not in OWN]
    made: dict[str, Field] = {}
    for name, entry in _table(where, entries).items():
        place = f"{where}.{name}"
        _known(place, name, possible, "field")
        if isinstance(entry, list) and name == "flags":
            made[name] = tuple(_record(place, flag, Flag, columns) for flag in entry)
        elif isinstance(entry, dict):
            value = _record(place, entry, Value, columns)
            if contract.field(name).type == pa.float64():
                _require_marks(place, value)
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
    table = dict(_table(where, entry))
    keys = {field.name: str(field.type) for field in fields(kind)}
    for key, value in table.items():
        _known(where, key, keys, "key")
        place = f"{where}: {key}"
        if keys[key] == "tuple[str, ...]":
            table[key] = _texts(place, value)
        elif keys[key] == "Condition | None":
            table[key] = _record(place, value, Condition, columns)
        elif keys[key] == "Value | None":
            table[key] = _record(place, value, Value, columns)
        else:
            _kind(place, value, keys[key])
    if table.get("listed"):
        table["words"] = _turned(where, table.pop("listed"), table.get("words", {}))
    made = kind(**table)
    _names(where, made, columns)
    return made


def _turned(where: str, listed: Mapping[str, Any], written: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return words with the texts that are listed by their meaning; none may have two."""
    words = dict(written)
    for meaning, entry in listed.items():
        for text in _texts(f"{where}: listed.{meaning}", entry):
            if words.setdefault(text, meaning) != meaning:
                both = f"{words[text]!r} and {meaning!r}"
                raise CatalogueError(f"{where}: listed: {text!r} means {both}; leave one out")
    return words


KINDS = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "int | None": (int,),
    "int | Mapping[str, Any]": (int, dict),
    "Mapping[str, Any] | None": (dict,),
    "str | int | bool | None": (str, int, bool),
}
IN_WORDS = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    dict: "a table",
}


def _kind(where: str, value: Any, kind: str) -> None:
    """Refuse a value that is not of the `kind` of its key."""
    kinds = KINDS[kind]
    if type(value) not in kinds:
        wanted = " or ".join(IN_WORDS[kind_of] for kind_of in kinds)
        raise CatalogueError(f"{where}: must be {wanted}, not {value!r}")


def _names(where: str, made: Condition | Value, columns: tuple[str, ...]) -> None:
    """Refuse a name that the file, the package or the code lists do not have."""
    if made.column:
        _known(f"{where}: column", made.column, columns, "column")
    elif type(made) in (Condition, LeftOut):
        raise CatalogueError(f"{where}: lacks column")
    if made.matches:
        _pattern(f"{where}: matches", made.matches)
    if isinstance(made, Flag):
        _known(f"{where}: flag", made.flag, contracts.FLAGS, "flag")
    if isinstance(made, Value):
        _value_names(where, made, columns)


def _value_names(where: str, made: Value, columns: tuple[str, ...]) -> None:
    origins = [key for key in ("column", "text", "function") if getattr(made, key)]
    if len(origins) != 1:
        raise CatalogueError(f"{where}: needs one of column, text or function, not {origins}")
    for name in re.findall(r"\{(.*?)\}", made.text):
        _known(f"{where}: text", name, columns, "column")
    if made.form:
        _form(where, made)
    for key in ("length", "month"):
        if getattr(made, key):
            _known(f"{where}: {key}", getattr(made, key), columns, "column")
    if made.function:
        _known(f"{where}: function", made.function, NAMED, "function")
    if made.areas:
        try:
            codes.area_codes(made.areas)
        except CodeError as error:
            raise CatalogueError(f"{where}: areas: {error}") from error
    if isinstance(made.times, int):
        zeros(f"{where}: times", made.times)
        return
    for name, scales in made.times.items():
        _known(f"{where}: times", name, columns, "column")
        for word, scale in _table(f"{where}: times.{name}", scales).items():
            zeros(f"{where}: times.{name}.{word}", scale)


def _require_marks(where: str, made: Value) -> None:
    """Refuse what is no meaning of a mark among numbers."""
    if made.rename:
        raise CatalogueError(
            f'{where}: rename is of texts; write words = {{ "-" = 0, "c" = "" }} for marks among '
            'numbers: 0 is none, "" not known'
        )
    if made.words is None or made.others is not None:
        return
    for word, meaning in made.words.items():
        if meaning != "" and (type(meaning) not in (int, float) or meaning != 0):
            raise CatalogueError(
                f'{where}: words: {word!r} must be 0 (none) or "" (not known), not {meaning!r}'
            )


def _form(where: str, made: Value) -> None:
    _known(f"{where}: form", made.form, FORMS, "form")
    if bool(made.month) != (made.form == YEAR_AND_MONTH):
        raise CatalogueError(
            f'{where}: form = "{YEAR_AND_MONTH}" and month, the column of the month, go together'
        )
    for key in ("words", "rename"):
        if getattr(made, key) is not None:
            raise CatalogueError(f"{where}: a form reads the text as it stands; leave {key} out")


def zeros(where: str, scale: Any) -> int:
    """Return how many zeros the power of ten `scale` has."""
    digits = str(scale)
    if type(scale) is int and re.fullmatch("10*", digits) and len(digits) <= MOST_ZEROS:
        return len(digits) - 1
    raise CatalogueError(f"{where}: must be a power of ten such as 1000, not {scale!r}")


def _pattern(where: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise CatalogueError(f"{where}: {pattern!r} is no regular expression: {error}") from error


def _known(where: str, name: Any, valid: Iterable[str], kind: str) -> None:
    names = list(valid)
    if name not in names:
        raise CatalogueError(f"{where}: no {kind} {name!r}{near(str(name), names)}")


def _table(where: str, entry: Any) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise CatalogueError(f"{where}: must be a table, not {entry!r}")
    return entry


def _texts(where: str, entry: Any) -> tuple[str, ...]:
    texts = [entry] if isinstance(entry, str) else entry
    if isinstance(texts, list) and texts and all(isinstance(text, str) for text in texts):
        return tuple(texts)
    raise CatalogueError(f"{where}: must be a text or a list of texts, not {entry!r}")
