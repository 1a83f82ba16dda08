"""A proposal for the catalogue: the entry of a CSV of a publisher that is not known, with its map.

What the file itself tells is filled in, by its header and its cells; whatever it does not tell
stands as ``???`` with a remark, for a person to write. Nothing is guessed in silence.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from tradeflows.model.errors import QueryError
from tradeflows.model.source import require_table
from tradeflows.publishers import reading, registry
from tradeflows.retrieval import entry_text
from tradeflows.retrieval.sketch.columns import OWN_CLEANER, Sheet, read
from tradeflows.retrieval.sketch.guesses import UNKNOWN, Guesses, guess

__all__ = ["UNKNOWN", "sketch"]

# What a person may add to a source of trade; the file tells nothing of it.
ABSENT = (
    "# Only if the file has every row that there is of these months, so that none means no trade:",
    '# absent = [{ along = "partner_iso", from = "2023-01", until = "2023-12" }]',
)
NEED_NOT_BE_SAID = (
    "# Need not be said: partner_role (the origin of imports, the destination of exports) and",
    '# classification_code ("HS", of no certain edition; "H6" is HS 2022).',
)


def sketch(path: Path, *, publisher: str = "", table: str = "", known: Collection[str] = ()) -> str:
    """The entry that the catalogue would have of the CSV at `path`, as TOML with remarks.

    Parameters
    ----------
    path
        A CSV in UTF-8 with one header, its cells between commas, semicolons, tabs or strokes.
    publisher
        Short name of whose statistic it is; else the first word of the file's name.
    table
        trade, rates, settlement or figures; by default what the columns look like.
    known
        Publishers that the catalogue has, and needs no entry of.

    Returns
    -------
    str
        A ``[publisher.…]``, unless it is known, and a ``[source.…]``. What the file does not
        tell is :data:`UNKNOWN`.

    Raises
    ------
    QueryError
        No such table; or the file is one that `tradeflows add` reads without a map.
    SourceError, LayoutError
        The file cannot be read, or is no such CSV.
    """
    if table:
        require_table(table)
    like = [] if table else registry.recognise(path)
    if like:
        raise QueryError(
            f"{path} looks like a file of {registry.KNOWN[like[0]].about}: `tradeflows add` reads "
            "it without a map; --table sketches one all the same"
        )
    sheet = read(path)
    table = table or _table(sheet)
    owner = publisher or re.split(r"[^a-z0-9]+", path.stem.lower())[0] or "publisher"
    lines = [*_head(path, sheet), ""]
    if owner not in known:
        lines += [*_publisher(owner), ""]
    lines += _source(path, owner, table, sheet, guess(sheet, table))
    return "\n".join(lines) + "\n"


def _table(sheet: Sheet) -> str:
    """The table that the columns are of: rates where there is no area but periods and numbers."""
    has_area = any(column.area_system() or column.areas_by_name() for column in sheet.columns)
    is_short = len(sheet.columns) <= 3
    has_period = any(column.form() for column in sheet.columns)
    return "rates" if is_short and has_period and not has_area else "trade"


def _head(path: Path, sheet: Sheet) -> Iterator[str]:
    count = f"{sheet.records:,}{'' if sheet.is_whole else ' and more'}"
    yield f"# {path.name}: {count} records, {len(sheet.columns)} columns."
    yield f"# Write what stands as {UNKNOWN}, read the rest again, then:"
    yield "#   tradeflows add FILE --map THIS_FILE"


def _publisher(owner: str) -> Iterator[str]:
    yield f"[publisher.{owner}]  # {owner}: your short name for them; a folder, and publisher="
    yield from _lines({"name": UNKNOWN}, "whose statistic it is, in full")
    yield from _lines({"short": UNKNOWN}, "as the foot of a chart names them")
    yield from _lines({"home": ""}, "their web site, https://…; empty if there is none")


def _source(path: Path, owner: str, table: str, sheet: Sheet, guesses: Guesses) -> Iterator[str]:
    loose = reading.uncatalogued(path, owner, table)
    name = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_") or owner
    yield f"[source.{name}]"
    yield from _lines({"publisher": owner}, "whose statistic it is: a [publisher.…], here or held")
    yield from _lines({"title": UNKNOWN}, "what one row is: unit, rhythm, first and last period")
    yield from _lines({"kind": "published"}, "as they made it; or transcribed: somebody copied it")
    yield from _lines({"address": ""}, "the page that it is from, https://…; empty if it has none")
    yield from _lines({"steps": UNKNOWN}, "how it was got, so that another can get it again")
    yield from _lines({"licence": "not stated"})
    yield from _lines(
        {"vintage": "not stated"}, 'day of the release such as "2024-01-30", month or year'
    )
    yield from _lines({"retrieved": loose.retrieved, "sha256": loose.sha256, "bytes": loose.bytes})
    yield from _lines({"table": table, "cleaner": "tidy.clean", "rank": 1})
    if table == "trade":
        yield from ABSENT
    yield from _lines({"arguments.columns": [column.name for column in sheet.columns]})
    yield from _marks(sheet)
    if guesses.left_out.value:
        keys = {"arguments.left_out": guesses.left_out.value}
        yield from _lines(keys, guesses.left_out.remark)
    yield ""
    yield f"[source.{name}.arguments.fields]"
    for field, guessed in guesses.fields.items():
        yield from _lines({field: guessed.value}, guessed.remark)
    if table == "trade":
        yield from NEED_NOT_BE_SAID
    yield from (f"# {remark}" for remark in guesses.remarks)
    for number, row in enumerate(guesses.rows):
        yield ""
        yield f"[[source.{name}.arguments.rows]]"
        for field, guessed in row.items():
            yield from _lines({field: guessed.value}, "" if number else guessed.remark)


def _marks(sheet: Sheet) -> Iterator[str]:
    """The marks of a file, where they are not those of most."""
    if sheet.title_lines:
        yield from _lines({"arguments.title_lines": sheet.title_lines}, "above the header")
    if sheet.footnotes_from:
        remark = "how the first line below the table begins; it and what follows is no record"
        yield from _lines({"arguments.footnotes_from": sheet.footnotes_from}, remark)
    if sheet.separator != ",":
        yield from _lines({"arguments.separator": sheet.separator})
    ways = sheet.ways()
    if len(ways) > 1:
        choices = " or ".join(f"{way.decimal} as in {way.example}" for way in ways)
        yield from _lines({"arguments.decimal": UNKNOWN}, choices)
        yield from _lines({"arguments.grouping": UNKNOWN}, 'between thousands; "" if nothing is')
        return
    if not ways:
        yield f"# Its numbers are written in several ways, which no map reads: {OWN_CLEANER}."
        return
    if ways[0].decimal != ".":
        yield from _lines({"arguments.decimal": ways[0].decimal})
    if ways[0].grouping:
        yield from _lines({"arguments.grouping": ways[0].grouping})


def _lines(keys: dict[str, Any], remark: str = "") -> Iterator[str]:
    """Keys with their values, a line each, and the remark behind them."""
    for key, value in keys.items():
        text = entry_text.toml_item(value).as_string()
        yield f"{key} = {text}{f'  # {remark}' if remark else ''}"
