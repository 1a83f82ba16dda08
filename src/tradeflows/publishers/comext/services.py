"""Eurostat Comext as its services send it: SDMX-CSV, Easy Comext's xlsx and its relational view.

All three are cut out of the same statistics by whoever asks, and become the same rows as the files
in bulk: values in whole euros, imports CIF and exports FOB, weights in kilograms. They differ in
what they say. Figures are totals over customs procedures and kinds of trade unless a procedure or
a mode of transport is named, which ``breakdown`` then holds. Whether goods of a member state come
from where they were sent, not from their origin, follows from who was a member then. Levels of the
nomenclature and groups of countries stand side by side, as in the file, and are never added. The
unit of a supplementary quantity is not stated, so the quantity is kept in ``note``.

Sources: Eurostat, https://ec.europa.eu/eurostat/api/comext/dissemination (SDMX-CSV) and
https://ec.europa.eu/eurostat/comext/newxtweb (xlsx and relational view).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from tradeflows.model import codes
from tradeflows.model.codelists import publisher_words
from tradeflows.model.errors import (
    CodeError,
    LayoutError,
    QueryError,
    SchemaError,
    TradeflowsError,
)
from tradeflows.model.periods import NAMES, Form, Period
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, cubes, reading
from tradeflows.publishers.comext import layouts
from tradeflows.publishers.comext.bulk import (
    LARGEST,
    ROWS,
    WITHHELD,
    area_of,
    is_confidential,
    is_within,
)
from tradeflows.publishers.comext.layouts import INDICATORS

CELL = ("reporter", "partner", "product", "flow", "stat_procedure", "transport_mode", "time")
MEASURES = ("value_reported", "net_wgt_kg", "qty")
FLOWS = {"1": "M", "import": "M", "2": "X", "export": "X"}
# What each code or label says of the break-down; empty where all are in one figure.
BREAKDOWNS = {
    kind: {"": "", "total": ""}
    | {
        word: f"{kind}={code}"
        for code, label in publisher_words(f"comext {kind}").items()
        for word in (code, label)
    }
    for kind in ("procedure", "mode")
}
YEAR = r"(?P<y>(?:19|20)\d\d)"
PERIODS = (
    rf"(?:A |Jan\.-Dec\. )?{YEAR}",
    f"(?:M )?{YEAR}-{{month}}",
    rf"(?P<m>{'|'.join(name[:3].title() for name in NAMES.split())})\.? {YEAR}",
)
PERIOD = Form("a month such as 2023-09 or Sep. 2023, or a year", 0, "M", PERIODS)
DAY = r"(?P<d>\d\d)/{month}/(?:20)?(?P<y>\d\d)(?: \d\d:\d\d(?::\d\d)?)?"
UPDATE = Form("a day such as 15/09/26", 0, "D", (DAY,))
HIDDEN = "Countries and territories not specified for commercial or military reasons"


Cells = dict[tuple[str, ...], dict[str, Any]]  # rows, by their words


def clean(path: Path, source: Source, product: str = "") -> Iterator[Part]:
    """Trade rows of one answer of Comext's services.

    Parameters
    ----------
    path
        SDMX-CSV of DS-045409, DS-059322, DS-059334 or DS-059341, codes alone or ``label=both``; an
        xlsx of Easy Comext; or the CSV of its relational view.
    source
        Its catalogue entry. The day of the file's own "last update" is the vintage, if it has one.
    product
        The code of the file's one product, where it has a label alone.

    Returns
    -------
    iterator of Part
        A row a cell, however many records state its value, weight and quantity, in the order of the
        file. ``source_row`` is the first of these records and ``source_field`` names the others, or
        in a workbook all cells. Places without a figure are counted; one with a flag is kept.

    Raises
    ------
    LayoutError
        Another header, data set, indicator, number, flow, procedure, mode or period, or a workbook
        that is damaged, too large or has no sheets of figures. The message names record and field.
    CodeError
        A reporter, partner or product is in no list; the nearest are offered.
    SchemaError
        Two records state one figure.
    """
    read = layouts.reader(path)
    if read is None:
        raise LayoutError(path, "an SDMX-CSV, an .xlsx or a relational view of Comext", "another")
    system = "eurostat" if read is layouts.sdmx else "comext label"
    cells, records, releases, empty = _read(path, read(path), system, product)
    if product and len({key[2] for key in cells}) > 1:
        raise QueryError(
            f"{path}: --product {product} names one product, and the file has several; "
            "leave it out, or export one at a time"
        )
    if len(releases) > 1:
        raise LayoutError(path, "figures of one release", " and ".join(map(str, releases)))
    shared = reading.A_FLOW | {"source_id": source.id, "area_system": system, "currency": "EUR"}
    shared["vintage"] = str(next(iter(releases), source.vintage))
    rows = (shared | _finished(row) for row in cells.values())
    for _ in range(0, max(len(cells), 1), ROWS):
        table = pa.Table.from_pylist([*islice(rows, ROWS)], TRADE)
        batch = reading.rows(source, TRADE, dict(zip(TRADE.names, table.columns, strict=True)))
        yield Part(batch, records, {}, empty=empty)
        records = empty = 0  # they are counted once


def _read(
    path: Path, figures: layouts.Figures, system: str, product: str
) -> tuple[Cells, int, set[date], int]:
    """Return all cells, and how many records there are, of which days, and without a figure."""
    cells: Cells = {}
    records, releases, empty = set(), set[date](), 0
    for figure in figures:
        row, field = figure["row"], figure.get("field", "")
        records.add((row, field.partition("!")[0]))
        if figure["value"] is None and not figure.get("flag"):
            empty += 1
            continue
        place = field or f"record {row}"
        key = tuple(figure.get(name, "") for name in CELL)
        try:
            if key not in cells:
                cells[key] = _row(key, system, product) | {"source_row": row, "places": {}}
            _add(cells[key], figure, place)
            if figure.get("LAST UPDATE"):
                releases.add(_period("LAST_UPDATE", UPDATE, figure["LAST UPDATE"]).first)
        except TradeflowsError as error:
            error.args = (f"{path}: {place}, {error}",)
            raise
    return cells, len(records), releases, empty


def _add(row: dict[str, Any], figure: layouts.Figure, place: str) -> None:
    """Add a figure to the row of its cell."""
    measure, factor = _meaning("INDICATORS", INDICATORS, figure["indicators"])
    value = figure["value"]
    if abs(value or 0) > LARGEST:
        raise LayoutError(measure, "at most 2^53", f"{value:,.0f}")
    if measure in row["places"]:
        words = " ".join(figure[name] for name in CELL if figure.get(name))
        raise SchemaError(f"the same figure as {row['places'][measure]} ({words})")
    row["places"][measure] = place
    row["flags"] |= {_meaning("FLAG", cubes.FLAGS, letter) for letter in figure.get("flag", "")}
    row[measure] = None if value is None else round(value * factor, 6)


def _row(key: tuple[str, ...], system: str, product: str) -> dict[str, Any]:
    """Return what the words of a cell mean, in those of our columns."""
    reporter, partner, goods, way, procedure, mode, time = key
    flow = _meaning("FLOW", FLOWS, way)
    kinds = [
        _meaning("STAT_PROCEDURE", BREAKDOWNS["procedure"], procedure),
        _meaning("TRANSPORT_MODE", BREAKDOWNS["mode"], mode),
    ]
    period = _period("TIME_PERIOD", PERIOD, time)
    code = _product(product, goods)
    area, role = _area("PARTNER", partner, system, period.first)
    is_hidden = partner in WITHHELD or partner.startswith(HIDDEN)
    return {
        "flow_code": flow,
        "valuation": "FOB" if flow == "X" else "CIF",
        "breakdown": ",".join(filter(None, kinds)) or "total",
        "ref_period": period.first,
        "n_months": period.months,
        "freq_code": "A" if period.months == 12 else "M",
        "classification_code": f"CN{period.first.year}",
        "cmd_code": code,
        "reporter_iso": _area("REPORTER", reporter, system, period.first)[0],
        "reporter_code": reporter,
        "partner_iso": area,
        "partner_code": partner,
        "partner_role": "destination" if flow == "X" else role,
        "note": WITHHELD["QX"] if is_hidden else None,
        "flags": {"confidential"} if is_confidential(code) else set(),
    }


def _finished(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with what follows from its figures together, and where they stand."""
    places = [row["places"][measure] for measure in MEASURES if measure in row["places"]]
    records = [place.removeprefix("record ") for place in places]
    if records == places:  # cells of a workbook
        field = " ".join(places)
    else:
        others = [number for number in records if number != str(row["source_row"])]
        field = f"with {', '.join(others)}" if others else ""
    if row.get("net_wgt_kg") == 0 and row.get("value_reported"):
        row["net_wgt_kg"] = None
    if row.get("qty"):
        amount = str(row["qty"]).removesuffix(".0")
        amount = f"supplementary quantity {amount} in a unit not stated"
        row["note"] = f"{row['note']}; {amount}" if row["note"] else amount
    return row | {"qty": None, "source_field": field, "flags": " ".join(sorted(row["flags"]))}


# --- what the words mean -------------------------------------------------------------------------


def _meaning(name: str, known: Mapping[str, Any], word: str) -> Any:
    meaning = known.get(word, known.get(word.casefold()))
    if meaning is None:
        raise LayoutError(name, f"one of {', '.join(filter(None, known))}", repr(word[:60]))
    return meaning


@cache
def _period(name: str, form: Form, word: str) -> Period:
    period = form.read(word)
    if not period:
        raise LayoutError(name, form.what, repr(word[:60]))
    return period


@cache
def _area(side: str, word: str, system: str, day: date) -> tuple[str, str]:
    """Return an area, and its role where goods come from it."""
    area = area_of(word, system, side, day.year, reports=side == "REPORTER")
    return area, "consignment" if is_within(area, str(day)) else "origin"


@cache
def _product(given: str, word: str) -> str:
    """Return the code that a word of the file is, or the `given` one of a label."""
    if word.upper() == "TOTAL":
        return "TOTAL"
    if given and not word[:2].isdigit() and not word.startswith("CPA"):
        return _product("", given)
    if len(word) <= 8 and codes.HS.fullmatch(word):
        return word
    if word.isdigit():
        raise CodeError(f"PRODUCT: {codes.impossible(word)}")
    what = "is no code of the Combined Nomenclature; give that of a label with --product"
    if word.startswith("CPA"):
        what = "is a product of the CPA, by activity; ask for a data set by CN or HS"
    raise CodeError(f"PRODUCT: {word[:60]!r} {what}")
