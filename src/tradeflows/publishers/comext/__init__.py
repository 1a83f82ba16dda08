"""Eurostat Comext: a month's ``full_….7z`` (or ``.dat``, ``.csv``) or an extraction in, rows out.

One raw row in bulk is what one member state reports of one CN8 product, partner, direction and
customs procedure in a month, or in a year (``…52``). Values are whole euros, imports CIF and
exports FOB; weights kilograms. All rows stay: the residuals of confidential goods (39XXXXXX: what
no other row holds, so it is added and not a total), TOTAL, the unspecified partners and the EU's
aggregates. A zero weight or quantity beside a value means "not published". ``breakdown`` names the
procedure and the trade type, which add up; a residual that a file splits further is numbered there.
Of no use to the table, and so not kept, are the product's codes in other classifications, which
follow from CN8, and the value in national currency, which is compared where that is the euro.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

from tradeflows.model.errors import QueryError
from tradeflows.model.source import Source
from tradeflows.publishers import Part, archives, reading
from tradeflows.publishers.comext import bulk, layouts, services
from tradeflows.publishers.comext.bulk import SINCE_2002, UNTIL_2001

__all__ = ["SINCE_2002", "UNTIL_2001", "cells", "clean"]


def clean(path: Path, source: Source, *, product: str = "") -> Iterator[Part]:
    """Trade rows of one file, sorted by product, flow, reporter, partner and break-down.

    Parameters
    ----------
    path
        ``.7z`` as published, or the ``.dat`` or ``.csv`` that it holds; any layout since 1988. What
        Comext's services send is handed to :mod:`tradeflows.publishers.comext.services`.
    source
        Its catalogue entry.
    product
        The code of a product that an extraction names by its label alone.

    Returns
    -------
    iterator of Part
        Of some 65,000 rows, text dictionary-coded. The metadata of their schema hold under
        ``control`` the file's rows, EUR and kg by flow.

    Raises
    ------
    LayoutError, CodeError
        As :func:`tradeflows.publishers.comext.bulk.read` does; nothing has been yielded then.
    SchemaError
        Two rows state one cell that is no residual of confidential goods.
    """
    if layouts.reader(path):
        yield from services.clean(path, source, product)
        return
    if product:
        raise QueryError(f"{path}: a file in bulk states its products; leave --product out")
    yield from bulk.ahead(bulk.rows(path, source, bulk.read(path)))


def cells(path: Path, places: Collection[tuple[int, str]]) -> dict[tuple[int, str], reading.Record]:
    """Lines of the file as they stand, or of the one in its archive, which is read to the end.

    All lines that state a cell, where there are several; of a workbook the cells.
    """
    if layouts.reader(path) is layouts.workbook:
        return layouts.workbook_cells(path, places)
    stated = {place: [place[0], *map(int, re.findall(r"\d+", place[1]))] for place in places}
    with archives.opened(path) as stream:
        lines = reading.table(path, stream, set().union(*stated.values()))
    cells_of = {}
    for place, rows in stated.items():
        if all(row in lines for row in rows):
            text = "\n".join(lines[row].text for row in rows)
            cells_of[place] = replace(lines[rows[0]], text=text)
    return cells_of
