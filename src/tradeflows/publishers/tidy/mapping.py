"""The map of a tidy CSV, as a catalogue entry writes it, checked before any cell is read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import contracts, schema
from tradeflows.model.codelists import rows_of
from tradeflows.model.errors import CatalogueError, near
from tradeflows.model.periods import FORMS, YEAR_AND_MONTH
from tradeflows.model.source import Source
from tradeflows.publishers import reading

SEPARATORS = (",", ";", "\t", "|")
MARKS = {
    "separator": SEPARATORS,
    "decimal": (".", ","),
    "grouping": ("", ",", ".", " ", "'"),
}
BLANKS = "[ \u00a0\u202f]"
# Scales by which numbers may be multiplied; more zeros would be no unit that a publisher prints in.
POWERS = {10**zeros: zeros for zeros in range(15)}
# What a heading or a unit says of its figures, in the languages of trade statistics' columns.
PRINTED_IN = {"thousand": 1000, "million": 10**6, "billion": 10**9}

OWN = {"source_id", "source_row"}  # fields that every cleaner fills alike
PLAIN: Mapping[str, Any] = {"source_field": "", "flags": "", "note": None, "qualifier": "="}
UNSAID = (
    "exporter importer hs_codes freq low high repeats confidence published address measure route "
    "base_start base_end"
)
DEFAULTS: Mapping[str, Mapping[str, Any]] = {  # what a map need not say
    "trade": {**reading.A_FLOW, "area_system": "iso3"},
    "settlement": {**PLAIN, "low": None, "high": None, "statement": "", "unit": "%"},
    "rates": {"source_field": "", "n_months": 1, "flags": "", "note": None, "n_days": None},
    "figures": {
        **PLAIN,
        **dict.fromkeys(UNSAID.split()),
        **{"collector": "", "witness": "relay", "interested": False, "forecast": False},
    },
}
# What follows from other fields.
FOLLOWS = {"trade": ("reporter_code", "partner_code", "vintage")}


Word = str | int | bool
FILLED, ONE = msgspec.Meta(min_length=1), msgspec.Meta(min_length=1, max_length=1)
Name = Annotated[str, FILLED]
KINDS = {  # what stands in a map, in words
    "str": "a text",
    "int": "a whole number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


class Texts(tuple[str, ...]):
    """One or more texts; in a map one may stand alone."""

    __slots__ = ()


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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

    column: Name
    equals: Texts = Texts()
    otherwise: Texts = Texts()
    matches: str = ""
    above: int | None = None
    since: str = ""
    until: str = ""
    filled: bool = False
    differs: Name = ""
    also: Condition | None = None


class Flag(Condition, frozen=True, kw_only=True):
    """A word of FLAGS, and the records that it is for; without a column, all.

    Attributes
    ----------
    flag
        A word of the list of flags.
    """

    flag: Name
    column: Name = ""


class LeftOut(Condition, frozen=True, kw_only=True):
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
    same: Texts = Texts()


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
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

    column: Name = ""
    text: str = ""
    before: str = ""
    matches: str = ""
    means: str = ""
    one_of: Texts = Texts()
    rename: Annotated[dict[str, str], FILLED] = {}
    words: Annotated[dict[str, Any], FILLED] = {}
    listed: Annotated[dict[str, Texts], FILLED] = {}
    others: Word | None = None
    areas: Name = ""
    form: Name = ""
    length: Name = ""
    month: Name = ""
    times: int | Annotated[dict[str, dict[str, int]], ONE] = 1
    where: Condition | None = None
    agrees: Value | None = None
    instead: Value | None = None

    @property
    def scales(self) -> list[tuple[str, int]]:
        """The power of ten of the column, or of each word of another."""
        if isinstance(self.times, int):
            return [(self.column, self.times)]
        return [scale for scales in self.times.values() for scale in scales.items()]

    @property
    def meanings(self) -> dict[str, Any]:
        """What each text means by `words` and `listed`."""
        listed = {text: word for word, texts in self.listed.items() for text in texts}
        return {**self.words, **listed}


class Marks(msgspec.Struct, frozen=True, kw_only=True):
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
        whole = rf"(\d{{1,3}}({self.between_thousands}\d{{3}})+|\d+)" if self.grouping else r"\d+"
        return rf"^-?{whole}({re.escape(self.decimal)}\d+)?$"


Field = Word | Value | list[Flag]


class Map(Marks, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole map: the file's marks and columns, the rows of each record, and what is left out.

    Attributes
    ----------
    columns
        The header of the file, exactly.
    fields
        For each field of the table a constant, or a table of the keys of a field; for ``flags``
        also a list of tables, each of a flag.
    rows
        Where a record gives several rows, the fields that differ, a table a row; ``needs`` names
        the column without which there is no such row. As :func:`read_map` returns them, all
        fields of each row, and that column.
    left_out
        A list of tables, each of a condition and a reason: records that reach no row.
    title_lines
        How many lines stand above the header, empty ones among them.
    footnotes_from
        How the first line below the table begins, such as "Source:"; it and what follows is no
        record.
    """

    columns: Texts
    fields: dict[str, Any]
    rows: list[Any] = []
    left_out: list[Any] = []
    title_lines: Annotated[int, msgspec.Meta(ge=0)] = 0
    footnotes_from: str = ""


KEYS = (*Map.__struct_fields__, *Value.__struct_fields__, *LeftOut.__struct_fields__, "flag")
COLUMNS = (
    "column",
    "text",
    "differs",
    "length",
    "month",
    "same",
    "times",
)  # keys that name columns
LISTS: Mapping[str, tuple[str, Collection[str]]] = {  # what others name
    "form": ("form", FORMS),
    "areas": ("system", {row["system"] for row in rows_of("area_codes.csv")}),
    "flag": ("flag", contracts.FLAGS),
}


def read_map(source: Source, **arguments: Any) -> Map:
    """Return the map that the arguments of an entry write.

    Raises
    ------
    CatalogueError
        An unknown key, field, column, form or system of codes, a value of another kind, or a field
        of the table that nothing fills. One line that names the place in the map, and what would
        do.
    """
    where = "its map"
    contract = schema.TABLES[source.table]
    asked: Map = _converted(where, arguments, Map)
    for name, known in MARKS.items():
        _known(f"{where}: {name}", "mark", getattr(asked, name), known)
    if asked.decimal == asked.grouping:
        raise CatalogueError(
            f"{where}: grouping: {asked.grouping!r} is the mark of decimals too; write another"
        )
    common = _fields(f"{where}: fields", asked.fields, contract, asked.columns)
    filled = {*OWN, *DEFAULTS[source.table], *FOLLOWS.get(source.table, ())}
    rows = []
    for number, override in enumerate(asked.rows or [{}], start=1):
        place = f"{where}: rows, {number}"
        changes = _converted(place, override, dict[str, Any])
        needs = changes.pop("needs", "")
        differing = _fields(place, changes, contract, asked.columns)
        fields = common | differing
        if needs:
            _known(f"{place}: needs", "column", needs, asked.columns)
        if override and "source_field" not in fields:
            # The column of the figure by which a row is told from the others of its record.
            figures = (
                value.column
                for name, value in differing.items()
                if isinstance(value, Value) and _is_figure(contract, name)
            )
            fields["source_field"] = next(filter(None, figures), needs)
        lacking = ", ".join(name for name in contract.names if name not in filled | fields.keys())
        if lacking:
            raise CatalogueError(
                f"{where}: fields: lacks {lacking}; give each a column or a constant"
            )
        rows.append((fields, needs))
    left_out = _converted(f"{where}: left_out", asked.left_out, list[LeftOut])
    for condition in left_out:
        _require(f"{where}: left_out", condition, asked.columns, is_figure=False)
    return msgspec.structs.replace(asked, rows=rows, left_out=left_out)


def _is_figure(contract: pa.Schema, name: str) -> bool:
    return bool(contract.field(name).type == pa.float64())


def _fields(
    where: str, entries: Mapping[str, Any], contract: pa.Schema, columns: Sequence[str]
) -> dict[str, Field]:
    """Return what each field is: a constant, flags, or where its values come from."""
    made: dict[str, Field] = {}
    for name, entry in entries.items():
        place = f"{where}.{name}"
        _known(place, "field", name, [name for name in contract.names if name not in OWN])
        kind = Word | Value | list[Flag] if name == "flags" else Word | Value
        made[name] = value = _converted(place, entry, kind)
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, msgspec.Struct):
                _require(place, part, columns, _is_figure(contract, name))
    return made


def _converted(where: str, entry: Any, kind: Any) -> Any:
    """Return what stands in a map as a record of `kind`, or whatever else it should be."""
    try:
        return msgspec.convert(entry, kind, dec_hook=_texts)
    except msgspec.ValidationError as error:
        said = re.sub(r"\b(?<!\.)[a-z]+\b", lambda word: KINDS.get(word[0], word[0]), str(error))
        unknown = re.search(r"unknown field `([^`]*)`", str(error))
        hint = f"no key {unknown[1]!r}{near(unknown[1], KEYS)}" if unknown else said
        raise CatalogueError(f"{where}: {hint}") from error


def _texts(_: Any, entry: Any) -> Texts:
    """Return the texts of a list, or of one text."""
    listed = [entry] if isinstance(entry, str) else entry
    return Texts(msgspec.convert(listed, Annotated[tuple[str, ...], FILLED]))


def _require(where: str, made: Any, columns: Sequence[str], is_figure: bool) -> None:
    """Refuse a record that names what is not there, or whose keys do not go together."""
    lists = {**dict.fromkeys(COLUMNS, ("column", columns)), **LISTS}
    for key in made.__struct_fields__:
        value, (what, known) = getattr(made, key), lists.get(key, ("", ()))
        if isinstance(value, msgspec.Struct):
            _require(f"{where}: {key}", value, columns, is_figure)
        if key == "text":
            value = re.findall(r"\{(.*?)\}", value)
        names = [value] if isinstance(value, str) else [] if isinstance(value, int) else value
        for name in names if what and value else ():
            _known(f"{where}: {key}", what, name, known)
    try:
        pc.match_substring_regex("", made.matches)
    except pa.ArrowInvalid as error:
        problem = f"{made.matches!r} is no regular expression: {error}"
        raise CatalogueError(f"{where}: matches: {problem}") from error
    if isinstance(made, Flag) and not made.column and made != Flag(flag=made.flag):
        raise CatalogueError(f"{where}: lacks column")
    for is_broken, rule in _rules(made, is_figure) if isinstance(made, Value) else ():
        if is_broken:
            raise CatalogueError(f"{where}: {rule}")


def _rules(made: Value, is_figure: bool) -> list[tuple[Any, str]]:
    """What the keys of a field must not be together, and what is said of it."""
    meanings = made.meanings
    listed = [text for texts in made.listed.values() for text in texts]
    marks = {str(meaning) for meaning in meanings.values()} - {"", "0", "0.0"}
    rules: list[tuple[Any, str]] = [
        (bool(made.column) == bool(made.text), "needs one of column or text"),
        (len(listed) + len(made.words) > len(meanings), "words, listed: a text stands there twice"),
        (
            made.form and (meanings or made.rename or made.areas),
            "a form reads the text as it stands; leave words, rename and areas out",
        ),
        (
            bool(made.month) != (made.form == YEAR_AND_MONTH),
            "the form of a year and a month and month, the column of that, go together",
        ),
        (
            is_figure and made.rename,
            'rename is of texts; write words = { "-" = 0, "c" = "" } for marks among numbers: 0 is '
            'none, "" not known',
        ),
        (
            is_figure and made.others is None and marks,
            f'words: a mark must be 0 (none) or "" (not known), not {", ".join(marks)}',
        ),
    ]
    for text, scale in made.scales:
        rules.append((scale not in POWERS, f"times: must be a power of ten, not {scale}"))
        for word, least in PRINTED_IN.items():
            says_so = re.search(rf"(?<![a-z]){word}s?(?![a-z])", text, re.IGNORECASE)
            expected = f"times: must be {least} or more, as {text!r} says, not {scale}"
            rules.append((is_figure and says_so and scale < least, expected))
    return rules


def _known(where: str, what: str, name: Any, known: Collection[str]) -> None:
    if name not in known:
        raise CatalogueError(f"{where}: no {what} {name!r}{near(str(name), known)}")
