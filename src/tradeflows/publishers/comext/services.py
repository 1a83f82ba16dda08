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
from tradeflows.publishers.comext.layouts import INDICATORS, Figure
from tradeflows.publishers.comext.membership import is_within

ROWS = 1 << 16  # in a part
LARGEST = 2**53 - 1  # a float64 holds whole numbers up to here
MEASURES = ("value_reported", "net_wgt_kg", "qty")
CELL = ("reporter", "partner", "product", "flow", "stat_procedure", "transport_mode", "time")
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
HIDDEN = ("QX", "QY", "QZ")
WITHHELD = "Countries and territories not specified for commercial or military reasons"
Place = tuple[int, str]  # of a figure: its record, and its cell in a workbook
# The row of each cell, and where its figures stand, by what they measure.
Cells = dict[tuple[str, ...], tuple[dict[str, Any], dict[str, Place]]]


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
    cells: Cells = {}
    records, releases, empty = set(), set(), 0
    for figure in read(path):
        records.add((figure["row"], figure["field"].partition("!")[0]))
        if figure["value"] is None and not figure["flag"]:
            empty += 1
            continue
        try:
            releases.add(_add(cells, figure, system, product))
        except TradeflowsError as error:
            error.args = (f"{path}: {_name(figure['row'], figure['field'])}, {error}",)
            raise
    if product and len({key[2] for key in cells}) > 1:
        raise QueryError(
            f"{path}: --product {product} names one product, and the file has several; "
            "leave it out, or export one at a time"
        )
    stated = sorted(releases - {""})
    if len(stated) > 1:
        raise LayoutError(path, "figures of one release", f"{stated[:5]}")
    shared = reading.A_FLOW | {"source_id": source.id, "area_system": system, "currency": "EUR"}
    shared["vintage"] = next(iter(stated), source.vintage)
    rows = (shared | _row(row, places) for row, places in cells.values())
    for _ in range(0, max(len(cells), 1), ROWS):
        table = pa.Table.from_pylist([*islice(rows, ROWS)], TRADE)
        batch = reading.rows(source, TRADE, dict(zip(TRADE.names, table.columns, strict=True)))
        yield Part(batch, len(records), {}, empty=empty)
        records, empty = set(), 0  # they are counted once


def _name(row: int, field: str) -> str:
    return field or f"record {row}"


def _add(cells: Cells, figure: Figure, system: str, product: str) -> str:
    """Add a figure to its cell; return the day of the release that it is of, if it says so."""
    key = tuple(figure.get(name, "") for name in CELL)
    measure, factor = _meaning("INDICATORS", INDICATORS, figure["indicators"])
    value, update = figure["value"], figure.get("LAST UPDATE")
    if abs(value or 0) > LARGEST:
        raise LayoutError(measure, "at most 2^53", f"{value:,.0f}")
    if key not in cells:
        cells[key] = _words(key, system, product) | {"source_row": figure["row"]}, {}
    row, places = cells[key]
    if measure in places:
        words = " ".join(filter(None, key))
        raise SchemaError(f"the same figure as {_name(*places[measure])} ({words})")
    places[measure] = figure["row"], figure["field"]
    row["flags"] |= {_meaning("FLAG", cubes.FLAGS, letter) for letter in figure["flag"]}
    row[measure] = None if value is None else round(value * factor, 6)
    return str(_period("LAST_UPDATE", UPDATE, update).first) if update else ""


def _words(key: tuple[str, ...], system: str, given: str) -> dict[str, Any]:
    """Return what the words of a cell mean."""
    reporter, partner, product, flow, procedure, mode, time = key
    is_export = _meaning("FLOW", FLOWS, flow) == "X"
    code = _product(product, given)
    kinds = [
        _meaning("STAT_PROCEDURE", BREAKDOWNS["procedure"], procedure),
        _meaning("TRANSPORT_MODE", BREAKDOWNS["mode"], mode),
    ]
    period = _period("TIME_PERIOD", PERIOD, time)
    first, months = period.first, period.months
    origin = _area("PARTNER", partner, system, first.year)
    area = _area("REPORTER", reporter, system, first.year)
    if area not in codes.groups() and not codes.contains("EU28", area):
        raise CodeError(f"REPORTER: {reporter} is neither a member state nor a group")
    source_role = "consignment" if is_within(origin, str(first)) else "origin"
    is_hidden = partner in HIDDEN or partner.startswith(WITHHELD)
    return {
        "flow_code": "X" if is_export else "M",
        "cmd_code": code,
        "breakdown": ",".join(filter(None, kinds)) or "total",
        "ref_period": first,
        "n_months": months,
        "freq_code": "A" if months == 12 else "M",
        "classification_code": f"CN{first.year}",
        "reporter_iso": area,
        "partner_iso": origin,
        "reporter_code": reporter,
        "partner_code": partner,
        "partner_role": "destination" if is_export else source_role,
        "valuation": "FOB" if is_export else "CIF",
        "note": "partner withheld for commercial or military reasons" if is_hidden else None,
        "flags": set() if code.isdigit() or code == "TOTAL" else {"confidential"},
    }


def _row(row: dict[str, Any], places: Mapping[str, Place]) -> dict[str, Any]:
    """Return a row with what follows from its figures together, and where they stand."""
    there = [places[measure] for measure in MEASURES if measure in places]
    field = " ".join(field for _, field in there).strip()  # empty but in a workbook
    others = [str(number) for number, _ in there if number != row["source_row"]]
    if others and not field:
        field = f"with {', '.join(others)}"
    if row.get("net_wgt_kg") == 0 and row.get("value_reported"):
        row["net_wgt_kg"] = None
    qty = row.pop("qty", None)
    amount = f"supplementary quantity {str(qty).removesuffix('.0')} in a unit not stated"
    notes = filter(None, [row["note"], amount if qty else None])
    row["note"] = "; ".join(notes) or None
    return row | {"source_field": field, "flags": " ".join(sorted(row["flags"]))}


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
def _area(side: str, word: str, system: str, year: int) -> str:
    return str(codes.areas(pa.array([word]), system, side, year)[0])


def _product(word: str, given: str) -> str:
    """Return the code that a word of the file is, or the `given` one of a label."""
    if word.upper() == "TOTAL":
        return "TOTAL"
    if given and not word[:2].isdigit() and not word.startswith("CPA"):
        return _product(given, "")
    if len(word) <= 8 and codes.HS.fullmatch(word):
        return word
    if word.isdigit():
        raise CodeError(f"PRODUCT: {codes.impossible(word)}")
    what = "is no code of the Combined Nomenclature; give that of a label with --product"
    if word.startswith("CPA"):
        what = "is a product of the CPA, by activity; ask for a data set by CN or HS"
    raise CodeError(f"PRODUCT: {word[:60]!r} {what}")
