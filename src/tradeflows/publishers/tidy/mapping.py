"""The map of a tidy CSV, as a catalogue entry writes it, checked before any cell is read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from itertools import chain
from typing import Annotated, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from tradeflows.model import contracts, schema
from tradeflows.model.codelists import rows_of
from tradeflows.model.errors import CatalogueError, near
from tradeflows.model.periods import FORMS, YEAR_AND_MONTH
from tradeflows.model.source import Source
from tradeflows.publishers import reading
from tradeflows.publishers.reading import Marks

SEPARATORS = (",", ";", "\t", "|")
# Scales by which numbers may be multiplied; more zeros would be no unit that a publisher prints in.
POWERS = {10**zeros: zeros for zeros in range(15)}
# What a heading or a unit says of its figures, in the languages of trade statistics' columns.
PRINTED_IN = {"thousand": 1000, "million": 10**6, "billion": 10**9}
PRINTED = re.compile(r"(?<![a-z])(thousand|million|billion)s?(?![a-z])", re.IGNORECASE)

OWN = {"source_id", "source_row"}  # fields that every cleaner fills alike
UNSAID = (
    "exporter importer hs_codes freq low high repeats confidence published address measure route "
    "base_start base_end"
)
DEFAULTS: Mapping[str, Mapping[str, Any]] = {  # what a map need not say
    "trade": {**reading.A_FLOW, "area_system": "iso3"},
    "settlement": {**reading.PLAIN, "low": None, "high": None, "statement": "", "unit": "%"},
    "rates": {"source_field": "", "n_months": 1, "flags": "", "note": None, "n_days": None},
    "figures": {
        **reading.PLAIN,
        **dict.fromkeys(UNSAID.split()),
        **{"collector": "", "witness": "relay", "interested": False, "forecast": False},
    },
}
# What follows from other fields.
FOLLOWS = {"trade": ("reporter_code", "partner_code", "vintage")}


Word = str | int | bool
FILLED = msgspec.Meta(min_length=1)
Name = Annotated[str, FILLED]
KINDS = {  # what msgspec says of a map, in words
    "Expected": "must be",
    "got": "not",
    "Object": "it",
    "float": "a decimal",
    "null": "nothing",
    "str": "a text",
    "int": "a whole number",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}


class Texts(tuple[str, ...]):
    """One or more texts; in a map one may stand alone."""

    __slots__ = ()


class Scales(dict[str, dict[str, int]]):
    """By the words of a column the scale of each; where one column has no name, of any."""

    __slots__ = ()


HELD: Mapping[Any, Any] = {
    Texts: Annotated[tuple[str, ...], FILLED],
    Scales: Annotated[dict[str, dict[str, int]], msgspec.Meta(min_length=1, max_length=1)],
}


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
    times: Scales = Scales({"": {"": 1}})
    where: Condition | None = None
    agrees: Value | None = None
    instead: Value | None = None

    @property
    def meanings(self) -> dict[str, Any]:
        """What each text means by `words` and `listed`."""
        listed = {text: word for word, texts in self.listed.items() for text in texts}
        return {**self.words, **listed}


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
        the column without which there is no such row.
    left_out
        A list of tables, each of a condition and a reason: records that reach no row.
    title_lines
        How many lines stand above the header, empty ones among them.
    footnotes_from
        How the first line below the table begins, such as "Source:"; it and what follows is no
        record.
    """

    columns: Texts
    left_out: list[LeftOut] = msgspec.field(default_factory=list)
    title_lines: Annotated[int, msgspec.Meta(ge=0)] = 0
    footnotes_from: str = ""


FIGURES = {
    field.name for table in schema.TABLES.values() for field in table if field.type == pa.float64()
}
# What a constant is by the type of its field; a day has none.
CONSTANTS: Mapping[pa.DataType, Any] = {
    pa.string(): str,
    pa.date32(): str,
    pa.float64(): int,
    pa.int64(): int,
    pa.bool_(): bool,
}
COLUMNS = ("column", "text", "differs", "length", "month", "same", "times", "needs")
LISTS: Mapping[str, tuple[str, Collection[str]]] = {  # what a key names, but for columns
    "form": ("form", FORMS),
    "areas": ("system", {row["system"] for row in rows_of("area_codes.csv")}),
    "flag": ("flag", contracts.FLAGS),
    "separator": ("mark", SEPARATORS),
    "decimal": ("mark", (".", ",")),
    "grouping": ("mark", (",", ".", " ", "'")),
}


def read_map(source: Source, **arguments: Any) -> tuple[Map, list[tuple[dict[str, Field], str]]]:
    """Return the map that the arguments of an entry write, and the rows that a record gives.

    Of each row its fields, and the column without which there is no such row.

    Raises
    ------
    CatalogueError
        An unknown key, field, column, form or system of codes, a value of another kind, or a field
        of the table that nothing fills. One line that names the place in the map, and what would
        do.
    """
    contract = schema.TABLES[source.table]
    names = [name for name in contract.names if name not in OWN]
    kinds = {name: CONSTANTS[contract.field(name).type] | Value | UnsetType for name in names}
    kinds["flags"] |= list[Flag]
    defined = partial(msgspec.defstruct, kw_only=True, forbid_unknown_fields=True)
    fields = defined("Fields", [(*kind, UNSET) for kind in kinds.items()])
    row = defined("Row", [("needs", str, "")], bases=(fields,))
    whole = defined("Whole", [("fields", fields), ("rows", list[row], [])], bases=(Map,))  # type: ignore[valid-type]
    asked = _checked(arguments, whole, names)
    filled = {*DEFAULTS[source.table], *FOLLOWS.get(source.table, ())}
    rows = []
    for override in asked.rows or [row()]:
        own = _given(override)
        needs = own.pop("needs")
        stated = _given(asked.fields) | own
        if asked.rows and "source_field" not in stated:
            # The column of the figure by which a row is told from the others of its record.
            told = [getattr(value, "column", "") for name, value in own.items() if name in FIGURES]
            stated["source_field"] = next(filter(None, told), needs)
        lacking = ", ".join(name for name in names if name not in filled | stated.keys())
        if lacking:
            raise _fault("fields", f"lacks {lacking}; give each a column or a constant")
        rows.append((stated, needs))
    return asked, rows


def _fault(place: str, problem: str) -> CatalogueError:
    """Return what is said of a place in a map."""
    return CatalogueError(": ".join(filter(None, ("its map", place, problem))))


def _checked(arguments: Mapping[str, Any], kind: Any, names: Collection[str]) -> Any:
    """Return the map of an entry, each part a record; `names` are those of the fields."""
    try:
        asked = msgspec.convert(arguments, kind, dec_hook=_hook)
    except msgspec.ValidationError as error:
        said, *places = str(error).split(" - at `$")
        known = {*names, *Value.__struct_fields__, *LeftOut.__struct_fields__}
        hint = [near(word, known) for word in re.findall("unknown field `(.*)`", said)]
        said = re.sub(r"\w+", lambda word: KINDS.get(word[0], word[0]), said)
        raise _fault("".join(places[-1:]).strip(".`"), said + "".join(hint)) from error
    for path, part in _parts(asked):
        for is_broken, rule in _rules(part, asked.columns, not FIGURES.isdisjoint(path)):
            if is_broken:
                raise _fault(".".join(path), rule)
    return asked


def _given(record: Any) -> dict[str, Any]:
    """What a record of fields says."""
    return {name: value for name, value in asdict(record).items() if value is not UNSET}


def _hook(kind: Any, entry: Any) -> Any:
    """Return one text as a list of texts, and one scale as that of any word."""
    if isinstance(entry, str):
        entry = [entry]
    elif isinstance(entry, int):
        entry = {"": {"": entry}}
    try:
        return kind(msgspec.convert(entry, HELD[kind]))
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error  # to which msgspec adds the place


def _parts(made: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield each record of a map, after the place where it stands."""
    if isinstance(made, list):
        for number, part in enumerate(made, start=1):
            yield from _parts(part, *path, f"{number}")
    elif isinstance(made, msgspec.Struct):
        yield path, made
        for key in made.__struct_fields__:
            yield from _parts(getattr(made, key), *path, key)


def _rules(made: Any, columns: Collection[str], is_figure: bool) -> list[tuple[Any, str]]:
    """What a record must not name or say, and how that is said."""
    rules: list[tuple[Any, str]] = []
    lists = {**dict.fromkeys(COLUMNS, ("column", columns)), **LISTS}
    for key in filter(lists.__contains__, made.__struct_fields__):
        value, (what, known) = getattr(made, key), lists[key]
        if key == "text":
            value = re.findall(r"\{(.*?)\}", value)
        for name in filter(None, [value] if isinstance(value, str) else value):
            if name not in known:
                rules.append((True, f"{key}: no {what} {name!r}{near(name, known)}"))
    if isinstance(made, Marks):
        rules.append((made.decimal == made.grouping, "grouping: it is the mark of decimals too"))
    if isinstance(made, Flag):
        rules.append((not made.column and made != Flag(flag=made.flag), "lacks column"))
    if isinstance(made, Condition | Value):
        try:
            pc.match_substring_regex("", made.matches)
        except pa.ArrowInvalid as error:
            rules.append((True, f"matches: {made.matches!r} is no regular expression: {error}"))
    return rules + _rules_of_fields(made, is_figure) if isinstance(made, Value) else rules


def _rules_of_fields(made: Value, is_figure: bool) -> list[tuple[Any, str]]:
    """What the keys of a field must not say together."""
    meanings = made.meanings
    texts = Counter([*made.words, *chain.from_iterable(made.listed.values())])
    twice = [text for text, times in texts.items() if times > 1]
    marks = {str(meaning) for meaning in meanings.values()} - {"", "0", "0.0"}
    rules: list[tuple[Any, str]] = [
        (bool(made.column) == bool(made.text), "needs one of column or text"),
        (twice, f"listed: {', '.join(twice)} stands there twice; leave one out"),
        (
            made.form and (meanings or made.rename or made.areas),
            "a form reads the text as it stands; leave words, rename and areas out",
        ),
        (
            bool(made.month) != (made.form == YEAR_AND_MONTH),
            'form = "year and month" and month, the column of that, go together',
        ),
        (
            is_figure and made.rename,
            'rename is of texts; write words = { "-" = 0, "c" = "" } for marks among numbers: 0 is '
            'none, "" not known',
        ),
        (
            is_figure and made.others is None and marks,
            f'words: a mark must be 0 (none) or "" (not known), not {", ".join(sorted(marks))}',
        ),
    ]
    for word, scale in next(iter(made.times.values())).items():
        text = word or made.column
        least = max((PRINTED_IN[stated.lower()] for stated in PRINTED.findall(text)), default=1)
        wrong = f"times: must be {least} or more, as {text!r} says, not {scale}"
        rules.append((is_figure and scale < least, wrong))
        rules.append(
            (scale not in POWERS, f"times: must be a power of ten such as 1000, not {scale}")
        )
    return rules
