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

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from re import ASCII, fullmatch
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError, QueryError, SchemaError
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, arrow, cubes, reading
from tradeflows.publishers.comext import layouts
from tradeflows.publishers.comext.layouts import CELL, INDICATORS
from tradeflows.publishers.comext.membership import is_within

ROWS = 1 << 16  # in a part
LARGEST = 2**53 - 1  # a float64 holds whole numbers up to here
MEASURES = ("value", "kg", "qty")
FLOWS = {"1": "M", "import": "M", "2": "X", "export": "X"}
PERIOD = pa.struct({"ref_period": pa.date32(), "n_months": pa.int64()})


def _by_code_or_label(kind: str, labels: Mapping[str, str]) -> dict[str, str | None]:
    """Return the break-down of each code and label; none where all are in one figure."""
    meaning: dict[str, str | None] = {"": None, "total": None}
    for code, label in labels.items():
        meaning[code] = meaning[label] = f"{kind}={code}"
    return meaning


PROCEDURES = {
    "1": "normal",
    "2": "inward processing",
    "3": "outward processing",
    "5": "inward processing (suspension)",
    "6": "inward processing (drawback)",
    "7": "economic processing arrangements for textiles",
    "9": "not recorded from customs declarations",
}
MODES = {
    "0": "unknown",
    "1": "sea",
    "2": "rail",
    "3": "road",
    "4": "air",
    "5": "post",
    "7": "fixed mechanism",
    "8": "inland waterway",
    "9": "self propulsion",
}
BREAKDOWNS = {
    "stat_procedure": _by_code_or_label("procedure", PROCEDURES),
    "transport_mode": _by_code_or_label("mode", MODES),
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HIDDEN = ("QX", "QY", "QZ")
WITHHELD = "Countries and territories not specified for commercial or military reasons"


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
    taken = list(read(path))
    figures = Figures(path, pa.concat_batches([part.figures for part in taken]))
    system = "eurostat" if read is layouts.sdmx else "comext label"
    cells = _cells(figures)
    constants = reading.A_FLOW | _constants(figures, source, system, product)
    columns = _columns(figures, cells, system, product)
    records = sum(part.records for part in taken)
    empty = sum(part.empty for part in taken)
    for start in range(0, max(len(columns["source_row"]), 1), ROWS):
        here = {name: column.slice(start, ROWS) for name, column in columns.items()}
        rows = reading.rows(source, TRADE, constants | here)
        yield Part(rows, records, {}, empty=empty)
        records = empty = 0  # they are counted once


# --- figures to rows -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """Figures of a file, or the first of each of its cells, as :class:`layouts.Taken` has them."""

    path: Path
    rows: pa.RecordBatch

    def place(self, at: int) -> str:
        """Return where a figure stands, for a message."""
        record = f"record {self.rows['row'][at]}"
        return f"{self.path}: {self.rows['field'][at].as_py() or record}"

    def text(self, name: str) -> pa.Array:
        """Return a column of words."""
        return self.rows[name].cast(arrow.TEXT)

    def meanings(
        self,
        name: str,
        meaning: Callable[[str, str], Any],
        kind: pa.DataType = arrow.TEXT,
        year: pa.Array | None = None,
    ) -> pa.Array:
        """Return what each word of a column means, where it stands first; or in each `year`."""
        text = self.text(name)
        if year is not None:
            text = pc.binary_join_element_wise(year, text, " ")
        encoded = text.dictionary_encode()
        _, firsts = np.unique(encoded.indices, return_index=True)
        known = []
        for word, at in zip(encoded.dictionary.to_pylist(), firsts.tolist(), strict=True):
            known.append(meaning(word, f"{self.place(at)}, {name.upper()}"))
        return pa.array(known, kind).take(encoded.indices)


@dataclass(frozen=True)
class Cells:
    """Where the cells of a file are first stated; by measure which figure does, or -1, and what."""

    first: np.ndarray
    at: Mapping[str, np.ndarray]
    amounts: Mapping[str, np.ndarray]


def _cells(figures: Figures) -> Cells:
    """Return the cells of a file in the order of their first figures; two of one are refused."""
    text, value = figures.text("indicators"), figures.rows["value"]
    measures = {word: measure for word, (measure, _) in INDICATORS.items()}
    measure = reading.words(figures.place, "INDICATORS", text, measures, todo="")
    factor = arrow.meanings(text, lambda word: INDICATORS[word][1], pa.float64())
    is_exact = pc.less_equal(pc.abs(value), LARGEST)
    reading.require(figures.place, is_exact, "at most 2^53", value)
    keys = figures.rows.select([*CELL]).to_pandas()
    cell = keys.groupby([*CELL], sort=False, observed=True).ngroup()
    frame = pd.DataFrame({"cell": cell, "measure": measure.to_pandas()})
    is_repeated = frame.duplicated().to_numpy()
    if is_repeated.any():
        two = int(is_repeated.argmax())
        one = int((frame == frame.loc[two]).all(axis=1).argmax())
        words = " ".join(filter(None, keys.loc[two]))
        later = figures.place(two).removeprefix(f"{figures.path}: ")
        raise SchemaError(
            f"{figures.place(one)} and {later} state the same figure ({words}); "
            f"{is_repeated.sum()} are stated more than once"
        )
    first = np.flatnonzero(~frame["cell"].duplicated())
    amounts, at = {}, {}
    amount = pc.multiply(value, factor).to_numpy(zero_copy_only=False)
    rounded = np.append(np.round(amount, 6), np.nan)  # the last is that of no figure
    for name in MEASURES:
        places = np.flatnonzero(frame["measure"] == name)
        at[name] = np.full(len(first), -1)
        at[name][cell[places]] = places
        amounts[name] = rounded[at[name]]
    return Cells(first, at, amounts)


def _constants(figures: Figures, source: Source, system: str, given: str) -> dict[str, Any]:
    """Return the columns that all rows share; a code is `given` to one product alone."""
    several = len(figures.text("product").unique())
    if given and several > 1:
        raise QueryError(
            f"{figures.path}: --product {given} names one product, and the file has {several}; "
            "leave it out, or export one at a time"
        )
    releases = set(figures.meanings("last_update", _release).to_pylist()) - {""}
    if len(releases) > 1:
        raise LayoutError(figures.path, "figures of one release", f"{sorted(releases)[:5]}")
    vintage = next(iter(releases), source.vintage)
    return {"area_system": system, "currency": "EUR", "vintage": vintage}


def _columns(figures: Figures, cells: Cells, system: str, given: str) -> dict[str, pa.Array]:
    """Return the columns in which rows differ: a row for each cell, in the order of the file."""
    heads = Figures(figures.path, figures.rows.take(pa.array(cells.first)))
    is_export = pc.equal(heads.meanings("flow", partial(_word, FLOWS)), "X")
    products = heads.meanings("product", partial(_product, given))
    breakdown = arrow.joined(
        [heads.meanings(name, partial(_word, known)) for name, known in BREAKDOWNS.items()], ","
    )
    days, months = heads.meanings("time_period", _period, PERIOD).flatten()
    year = pc.cast(pc.year(days), arrow.TEXT)
    partners = heads.meanings("partner", partial(_area, system), year=year)
    dated = pc.binary_join_element_wise(pc.cast(days, arrow.TEXT), partners, " ")
    within = arrow.meanings(
        dated, lambda key: is_within(key[11:], date.fromisoformat(key[:10])), pa.bool_()
    )
    source_role = pc.if_else(within, "consignment", "origin")
    expected = f"letters of {', '.join(cubes.FLAGS)}"
    letters = figures.text("flag")
    reading.demand(figures.place, "FLAG", letters, f"^[{''.join(cubes.FLAGS)}]*$", expected)
    is_plain = pc.match_substring_regex(products, r"^(\d+|TOTAL)$")
    flags = [arrow.at(letters, places) for places in cells.at.values()]
    flags.append(pc.if_else(is_plain, None, "c"))
    value, weight = cells.amounts["value"], cells.amounts["kg"]
    is_unstated = (weight == 0) & (np.nan_to_num(value) != 0)
    return {
        "source_row": heads.rows["row"],
        "source_field": _fields(figures, cells),
        "flow_code": pc.if_else(is_export, "X", "M"),
        "cmd_code": products,
        "breakdown": pc.if_else(pc.equal(breakdown, ""), "total", breakdown),
        "ref_period": days,
        "n_months": months,
        "freq_code": pc.if_else(pc.equal(months, 12), "A", "M"),
        "classification_code": pc.binary_join_element_wise("CN", year, ""),
        "reporter_iso": heads.meanings("reporter", partial(_reporter, system), year=year),
        "partner_iso": partners,
        "reporter_code": heads.text("reporter"),
        "partner_code": heads.text("partner"),
        "partner_role": pc.if_else(is_export, "destination", source_role),
        "valuation": pc.if_else(is_export, "FOB", "CIF"),
        "value_reported": pa.array(value, from_pandas=True),
        "net_wgt_kg": pa.array(np.where(is_unstated, np.nan, weight), from_pandas=True),
        "note": _notes(heads, cells.amounts["qty"]),
        "flags": cubes.flag_words(heads.place, arrow.joined(flags, "")),
    }


def _fields(figures: Figures, cells: Cells) -> pa.Array:
    """Return in a workbook the cells of each row, else the other records that state it."""
    field, row = figures.text("field"), figures.rows["row"]
    if pc.any(pc.not_equal(field, "")).as_py():
        return arrow.joined([arrow.at(field, places) for places in cells.at.values()], " ")
    others = []
    for places in cells.at.values():
        other = arrow.at(row, places)
        is_first = pc.equal(other, row.take(pa.array(cells.first)))
        others.append(pc.cast(arrow.without(other, is_first), arrow.TEXT))
    records = arrow.joined(others, ", ")
    with_others = pc.binary_join_element_wise("with", records, " ")
    return pc.if_else(pc.equal(records, ""), "", with_others)


def _notes(heads: Figures, qty: np.ndarray) -> pa.Array:
    """Return what is said beside the figures: of a hidden partner, and of a quantity."""
    partner = heads.text("partner")
    is_hidden = pc.or_(pc.is_in(partner, arrow.texts(HIDDEN)), pc.starts_with(partner, WITHHELD))
    hidden = arrow.only("partner withheld for commercial or military reasons", is_hidden)
    amount = pc.cast(pa.array(qty, mask=np.nan_to_num(qty) == 0), arrow.TEXT)
    unit = "in a unit not stated"
    quantity = pc.binary_join_element_wise("supplementary quantity", amount, unit, " ")
    note = arrow.joined([hidden, quantity], "; ")
    return arrow.without(note, pc.equal(note, ""))


# --- what the words mean -------------------------------------------------------------------------


def _word(known: Mapping[str, Any], word: str, where: str) -> Any:
    if word.casefold() not in known:
        raise LayoutError(where, f"one of {', '.join(filter(None, known))}", repr(word[:60]))
    return known[word.casefold()]


def _area(system: str, dated: str, where: str) -> str:
    """Return the area of a word that stands behind its year."""
    year, _, word = dated.partition(" ")
    return str(codes.areas(pa.array([word]), system, where, int(year))[0])


def _reporter(system: str, dated: str, where: str) -> str:
    area = _area(system, dated, where)
    if area not in codes.groups() and not codes.contains("EU28", area):
        raise CodeError(f"{where}: {dated[5:]} is neither a member state nor a group")
    return area


def _product(given: str, word: str, where: str) -> str:
    """Return the code that a word of the file is, or the `given` one of a label."""
    is_label = not word[:2].isdigit() and not word.startswith("CPA")
    if given and is_label and word.upper() != "TOTAL":
        return _product("", given, "--product")
    if word.upper() == "TOTAL":
        return "TOTAL"
    if len(word) <= 8 and codes.HS.fullmatch(word):
        return word
    if word.startswith("CPA"):
        raise CodeError(
            f"{where}: {word[:60]!r} is a product of the CPA, by activity, which is no goods code; "
            "ask for a data set by CN or HS"
        )
    if word.isdigit():
        raise CodeError(f"{where}: {codes.impossible(word)}")
    raise CodeError(
        f"{where}: {word[:60]!r} is no code of the Combined Nomenclature; a label alone is none: "
        "give its code with --product"
    )


def _period(word: str, where: str) -> tuple[date, int]:
    """First day and months of "M 2023-09", "2023-09", "Sep. 2023", "A 2023" or "Jan.-Dec. 2023"."""
    year = "((?:19|20)[0-9]{2})"
    match = fullmatch(f"(?:M )?{year}-(0[1-9]|1[0-2])", word)
    if match:
        return date(int(match[1]), int(match[2]), 1), 1
    match = fullmatch(rf"(?:A |Jan\.-Dec\. )?{year}", word)
    if match:
        return date(int(match[1]), 1, 1), 12
    match = fullmatch(rf"({'|'.join(MONTHS)})\.? {year}", word)
    if match:
        return date(int(match[2]), MONTHS.index(match[1]) + 1, 1), 1
    raise LayoutError(where, "a month such as 2023-09 or Sep. 2023, or a year", repr(word[:60]))


def _release(word: str, where: str) -> str:
    """The day of "15/09/26" or "15/09/2026 11:00" as 2026-09-15; nothing of nothing."""
    pattern = r"(\d\d)/(\d\d)/(?:20)?(\d\d)(?: \d\d:\d\d(?::\d\d)?)?"
    match = fullmatch(pattern, word, ASCII)
    if match:
        day, month, year = (int(number) for number in match.groups())
        with suppress(ValueError):
            return str(date(2000 + year, month, day))
    if word:
        raise LayoutError(where, "a day such as 15/09/26", repr(word[:60]))
    return ""
