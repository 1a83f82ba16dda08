"""TOML that a stranger may have written: whatever is wrong with it is one error of one line."""

import math
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from tradeflows.model.errors import near

Record = TypeVar("Record")
_types = cache(get_type_hints)
# What a value is called that is no text, list or table.
WORDS = {str: "text", int: "a whole number", bool: "true or false", float: "a number"}
WORDS |= {date: "a date such as 2026-11-25", Any: "anything"}


def loads(text: str) -> dict[str, Any]:
    """Tables of a TOML text.

    Raises
    ------
    ValueError
        It is no TOML, nests too deep, or has a number of more digits than Python reads or a
        double holds.

    Examples
    --------
    >>> from tradeflows.model import toml
    >>> toml.loads("scale = 1_000")
    {'scale': 1000}
    """
    try:
        return tomllib.loads(text, parse_float=_number)
    except RecursionError as error:
        raise ValueError("too many brackets within brackets") from error


def loads_apart(text: str, head: str) -> dict[str, Any]:
    """The same, where a wrong table ``[head.NAME]`` spoils no other: its error stands in its place.

    Raises
    ------
    ValueError
        Something outside of these tables is wrong.
    """
    try:
        return loads(text)
    except ValueError:
        lines, of = text.splitlines(keepends=True), [""]
    for line in lines:
        table = re.match(rf"\s*\[+({head}\.)?(\"[^\"]*\"|[\w-]+)[^,\[\]]*\]+\s*(#|$)", line)
        of.append((table[2] if table[1] else "") if table else of[-1])
    parts = {}
    for name in dict.fromkeys(of):  # each line keeps its number, which an error names
        pairs = zip(of[1:], lines, strict=True)
        parts[name] = "".join(line if owner == name else "\n" for owner, line in pairs)
    tables = loads(parts.pop("")) | {head: {}}
    for name, part in parts.items():
        try:
            tables[head] |= loads(part)[head]
        except ValueError as error:
            tables[head][name.strip('"')] = error
    return tables


def _number(text: str) -> float:
    """Return a float; infinite is only what says so."""
    number = float(text)
    if math.isinf(number) and not text.endswith("inf"):
        raise ValueError(f"a number beyond any double: {text[:20]}…")
    return number


def record(kind: type[Record], table: Any, **given: Any) -> Record:
    """Make a `kind`, which is a frozen dataclass, of a table and of the values `given` beside it.

    Raises
    ------
    ValueError
        A key is unknown or missing, or its value is not of the field's type.
    """
    types = {key: of for key, of in _types(cast(type, kind)).items() if key not in given}
    optional = defaults(kind)
    require_keys(table, types, [key for key in types if key not in optional])
    return kind(**{key: typed(table[key], types[key], key) for key in table}, **given)


def require_keys(
    table: Any, keys: Collection[str] | None = None, required: Iterable[str] = ()
) -> None:
    """Refuse, as ValueError, a table with another key than `keys`, if any, or without one."""
    if not isinstance(table, dict):
        raise ValueError(f"must be a table of keys, not {table!r}")
    for key in table:
        if keys is not None and key not in keys:
            raise ValueError(f"no key {key!r} exists{near(key, keys)}")
    lacking = [key for key in required if key not in table]
    if lacking:
        raise ValueError(f"lacks {', '.join(lacking)}")


def typed(value: Any, kind: Any, name: str) -> Any:
    """`value` if it is of type `kind`, where a list may be meant as a tuple, a table as a record.

    Raises
    ------
    ValueError
        It is not, or as :func:`record`; the message begins with `name`.
    """
    import msgspec  # which takes as long to load as all that a command's help needs

    origin, of = get_origin(kind), get_args(kind)
    if origin is tuple and is_dataclass(of[0]) and isinstance(value, list):
        return tuple(typed(item, of[0], name) for item in value)
    if origin is Mapping and isinstance(value, dict):
        return {key: typed(item, of[1], f"{name}: {key}") for key, item in value.items()}
    try:
        if is_dataclass(kind):
            return record(cast(type, kind), value)
        return msgspec.convert(value, kind, builtin_types=(date,))
    except msgspec.ValidationError as error:
        raise ValueError(f"{name} must be {in_words(kind)}, not {value!r}") from error
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error


def in_words(kind: Any) -> str:
    """What a value of a type is called, as in "a table of texts"."""
    origin, of = get_origin(kind), get_args(kind)
    if origin is UnionType and {*of} != {int, float}:
        return " or ".join(dict.fromkeys(in_words(each) for each in of if each is not NoneType))
    if origin not in (tuple, Sequence, Mapping):
        return WORDS.get(float if of else kind, "a table")
    one = in_words(of[origin is Mapping])
    several = {"text": " of texts", "a number": " of numbers", "anything": ""}
    return f"a {'table' if origin is Mapping else 'list'}{several.get(one, ', each ' + one)}"


def defaults(kind: type) -> dict[str, Any]:
    """What a table for the dataclass `kind` need not say, with the value that it has then."""
    values = {}
    for item in fields(kind):
        if item.default is not MISSING:
            values[item.name] = item.default
        elif item.default_factory is not MISSING:
            values[item.name] = item.default_factory()
    return values
