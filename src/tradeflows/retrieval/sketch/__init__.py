"""A proposal for the catalogue: the entry of a CSV of a publisher that is not known, with its map.

Only what a header says whole is filled in. All else stands as ``???``, with what it may be and the
first cells beside it, for a person to write: by what numbers are counted, the form of periods and
the systems of codes always, since no header is proof of them.
"""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.source import Source, require_table
from tradeflows.publishers import reading, registry, workbooks
from tradeflows.retrieval.sketch.columns import OWN_CLEANER, Sheet, read
from tradeflows.retrieval.sketch.proposals import UNKNOWN, by_name, of_trade
from tradeflows.retrieval.user_files import toml_item

__all__ = ["UNKNOWN", "sketch"]

HEAD = """\
# {file}: {count:,} records, {width} columns.
# Write what stands as ???, read the rest again, then:
#   tradeflows add FILE --map THIS_FILE

"""
PUBLISHER = """\
[publisher.{owner}]  # {owner}: your short name for them; a folder, and publisher=
name = "???"  # whose statistic it is, in full
short = "???"  # as the foot of a chart names them
home = ""  # their web site, https://…; empty if there is none

"""
SOURCE = """\
[source.{name}]
publisher = "{owner}"  # whose statistic it is: a [publisher.…], here or held
title = "???"  # what one row is: unit, rhythm, first and last period
kind = "published"  # as they made it; or transcribed: somebody copied it
address = ""  # the page that it is from, https://…; empty if it has none
steps = "???"  # how it was got, so that another can get it again
licence = "not stated"
vintage = "not stated"  # day of the release such as "2024-01-30", month or year
retrieved = {loose.retrieved}
sha256 = "{loose.sha256}"
bytes = {loose.bytes}
table = "{table}"
cleaner = "tidy.clean"
rank = {rank}{after}
"""
ABSENT = """\
# Only if the file has every row of these months, so that none means no trade:
# absent = [{ along = "partner_iso", from = "2023-01", until = "2023-12" }]
"""
AFTER = "  # after what is held, of which the smallest answers"


def sketch(
    path: Path,
    *,
    publisher: str = "",
    table: str = "",
    known: Collection[str] = (),
    held: Collection[Source] = (),
) -> str:
    """The entry that the catalogue would have of the table at `path`, as TOML with remarks.

    Parameters
    ----------
    path
        A CSV in UTF-8 with one header, its cells between commas, semicolons, tabs or strokes; or
        a workbook with one sheet of the kind.
    publisher
        Short name of whose statistic it is; else the first word of the file's name.
    table
        trade, rates, settlement or figures; by default trade.
    known, held
        Publishers that the catalogue has, and needs no entry of; and its sources: the new one
        comes after those of other publishers, since a read refuses two of one rank.

    Returns
    -------
    str
        A ``[publisher.…]``, unless it is known, and a ``[source.…]``. What no header says whole
        is :data:`UNKNOWN`.

    Raises
    ------
    QueryError
        No such table; or the file is one that `tradeflows add` reads without a map.
    SourceError, LayoutError
        The file cannot be read, or is no such CSV.
    """
    if table:
        require_table(table)
    if not table:
        _require_unknown(path)
    sheet, table = read(path), table or "trade"
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")
    owner = publisher or re.split(r"[^a-z0-9]+", path.stem.lower())[0] or "publisher"
    ranks = (other.rank for other in held if other.table == table and other.publisher != owner)
    rank = max(ranks, default=0) + 1
    texts = {
        "file": path.name,
        "count": sheet.count,
        "width": len(sheet.names),
        "owner": owner,
        "name": name or owner,
        "loose": reading.uncatalogued(path, owner, table),
        "table": table,
        "rank": rank,
        "after": AFTER * (rank > 1),
    }
    fields, remarks = of_trade(sheet) if table == "trade" else (by_name(sheet, table), [])
    head = HEAD + PUBLISHER * (owner not in known) + SOURCE
    lines = [*_arguments(sheet), "", f"[source.{name or owner}.arguments.fields]"]
    lines += [_line(field, value, remark) for field, (value, remark) in fields.items()]
    lines += [f"# {remark}" for remark in remarks]
    return head.format(**texts) + ABSENT * (table == "trade") + "\n".join([*lines, ""])


def _require_unknown(path: Path) -> None:
    """Refuse a file that `tradeflows add` reads without a map."""
    like = registry.recognise(path)
    if like == ["comext"] and workbooks.is_workbook(path):  # so is any, but Comext's has several
        with suppress(LayoutError):
            like = like[bool(workbooks.table(path)) :]
    if like:
        raise QueryError(
            f"{path} looks like a file of {registry.KNOWN[like[0]].about}: `tradeflows add` reads "
            "it without a map; --table sketches one all the same"
        )


def _line(key: str, value: Any, remark: str = "") -> str:
    """A key with its value, and the remark behind it."""
    remarks = " ".join(["  #", *remark.split()]) if remark else ""
    return f"{key} = {toml_item(value).as_string()}{remarks}"


def _arguments(sheet: Sheet) -> Iterator[str]:
    """The columns of a file, its marks where they are not those of most, and what is left out."""
    yield _line("arguments.columns", [*sheet.names])
    note = "how the first line below the table begins; it and what follows is no record"
    for key, value, remark in (
        ("title_lines", sheet.title_lines, "above the header"),
        ("footnotes_from", sheet.footnotes_from, note),
        ("separator", sheet.separator.replace(",", ""), ""),
    ):
        if value:
            yield _line(f"arguments.{key}", value, remark)
    ways = sheet.ways(column for column in sheet.columns.values() if column.ways)
    if not ways:
        yield f"# Its numbers are written in several ways, which no map reads: {OWN_CLEANER}."
    elif len(ways) > 1:
        choices = " or ".join(f"{way.decimal} as in {way.example}" for way in ways)
        yield _line("arguments.decimal", UNKNOWN, choices)
        yield _line("arguments.grouping", UNKNOWN, 'between thousands; "" if nothing is')
    elif ways[0].decimal != "." or ways[0].grouping:
        yield _line("arguments.decimal", ways[0].decimal)
        yield _line("arguments.grouping", ways[0].grouping)
    for column in sheet.columns.values():
        if "month" in column.heading.says and column.is_of_months and column.sums:
            left_out = [{"column": column.name, "equals": column.sums, "reason": UNKNOWN}]
            yield _line("arguments.left_out", left_out, "no months; what are these records?")
