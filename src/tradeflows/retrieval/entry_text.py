"""Entries of the catalogue as the TOML that they are read from."""

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.items import Item, Table

from tradeflows.model.source import Publisher, Source
from tradeflows.model.toml import defaults


def block(section: str, entry: Publisher | Source) -> str:
    """`entry` as the catalogue has it, without the keys that are at rest."""
    table = tomlkit.table(is_super_table=True)
    table.add(entry.id, entry_table(entry))
    document = tomlkit.document()
    document.add(section, table)
    return tomlkit.dumps(document)


def entry_table(entry: Publisher | Source) -> Table:
    """The keys of `entry` that are not at rest, as a table of TOML."""
    table = tomlkit.table()
    at_rest = defaults(type(entry))
    for key, value in vars(entry).items():
        if key != "id" and value != at_rest.get(key):
            table.add(key, toml_item(value))
    return table


def toml_item(value: Any) -> Item:
    """A value as TOML has it."""
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        for key, item in value.items():
            inline.add(tomlkit.key(key), toml_item(item))
        return inline
    if isinstance(value, list | tuple):
        array = tomlkit.array()
        for item in value:
            array.append(toml_item(item))
        # Tables of which a person may have to change one stand in a line each.
        return array.multiline(len(value) > 1 and isinstance(value[0], Mapping))
    if isinstance(value, str):  # a file's name may hold bytes that are no UTF-8
        value = value.encode("utf-8", "replace").decode()
    return tomlkit.item(value)
