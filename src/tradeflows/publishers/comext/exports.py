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

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import cache, partial
from pathlib import Path
from re import ASCII, fullmatch
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import CodeError, LayoutError, QueryError, SchemaError
from tradeflows.model.keys import number_cells
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, cubes, delimited
from tradeflows.publishers.comext import layouts
from tradeflows.publishers.comext.layouts import CELL, INDICATORS

ROWS = 1 << 16  # in a part
LARGEST = 2**53 - 1  # a float64 holds whole numbers up to here
MEASURES = ("value", "kg", "qty")
FLOWS = {"1": "M", "import": "M", "2": "X", "export": "X"}
PROCEDURES = {"": "", "total": ""} | {
    word: code
    for code, label in (
        ("1", "normal"),
        ("2", "inward processing"),
        ("3", "outward processing"),
        ("5", "inward processing (suspension)"),
        ("6", "inward processing (drawback)"),
        ("7", "economic processing arrangements for textiles"),
        ("9", "not recorded from customs declarations"),
    )
    for word in (code, label)
}
MODES = {"": "", "total": ""} | {
    word: code
    for code, label in (
        ("0", "unknown"),
        ("1", "sea"),
        ("2", "rail"),
        ("3", "road"),
        ("4", "air"),
        ("5", "post"),
        ("7", "fixed mechanism"),
        ("8", "inland waterway"),
        ("9", "self propulsion"),
    )
    for word in (code, label)
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
JOINED = {  # after 1988, the first year that there is
    "AUT": date(1995, 1, 1),
    "FIN": date(1995, 1, 1),
    "SWE": date(1995, 1, 1),
    "BGR": date(2007, 1, 1),
    "ROU": date(2007, 1, 1),
    "HRV": date(2013, 7, 1),
} | dict.fromkeys(
    ("CYP", "CZE", "EST", "HUN", "LTU", "LVA", "MLT", "POL", "SVK", "SVN"), date(2004, 5, 1)
)
LEFT = {"GBR": date(2020, 2, 1)}
WITHHELD = "Countries and territories not specified for commercial or military reasons"

Figures = Mapping[str, pa.Array]


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
    service = layouts.reader(path)
    if service is None:
        raise LayoutError(path, "an SDMX-CSV, an .xlsx or a relational view of Comext", "another")
    read, system = service
    taken = list(read(path))
    table = pa.Table.from_batches([part.figures for part in taken]).unify_dictionaries()
    columns = _columns(
        path,
        source,
        {name: table[name].combine_chunks() for name in table.column_names},
        system,
        product,
    )
    counts = [
        sum(column) for column in zip(*((part.records, part.empty) for part in taken), strict=True)
    ]
    for start in range(0, max(len(columns["source_row"]), 1), ROWS):
        here = {
            name: column.slice(start, ROWS) if isinstance(column, pa.Array) else column
            for name, column in columns.items()
        }
        yield Part(delimited.rows(source, TRADE, here), counts[0], {}, empty=counts[1])
        counts = [0, 0]


# --- figures to rows -----------------------------------------------------------------------------


def _columns(
    path: Path, source: Source, figures: Figures, system: str, given: str = ""
) -> dict[str, Any]:
    """Columns of the table: a row for each cell, in the order of the file."""

    def meant(name: str, meaning: Callable[[str, str], Any]) -> list[Any]:
        """The meaning of each word of a column; a strange one is named with its first record."""
        words = figures[name]
        first = np.unique(words.indices.to_numpy(), return_index=True)[1]
        return [
            meaning(word, f"{_place(path, figures, at)}, {name.upper()}")
            for word, at in zip(words.dictionary.to_pylist(), first, strict=True)
        ]

    periods = meant("time_period", _period)
    measures, factors = (
        zip(*meant("indicators", _indicator), strict=True) if len(figures["row"]) else ((), ())
    )
    letters = pa.array(meant("flag", _letters), pa.string())
    first, cell = _cells(figures)
    at, amount = {}, {}
    indicator, value = figures["indicators"].indices.to_numpy(), figures["value"].to_numpy(False)
    if (far := np.abs(value) > LARGEST).any():
        where = _place(path, figures, int(far.argmax()))
        raise LayoutError(where, "at most 2^53", f"{value[far][0]:.0f}")
    for name in MEASURES:
        here = np.isin(indicator, [i for i, measure in enumerate(measures) if measure == name])
        at[name] = _one_each(path, figures, np.flatnonzero(here), cell, len(first))
        amount[name] = np.full(len(first), np.nan)
        some = at[name] >= 0
        place = at[name][some]
        amount[name][some] = np.round(value[place] * np.array(factors)[indicator[place]], 6)
    releases = set(meant("last_update", _release)) - {""}
    if len(releases) > 1:
        raise LayoutError(path, "figures of one release", f"{sorted(releases)[:5]}")
    heads = {name: figures[name].take(pa.array(first)) for name in CELL}

    def of(name: str, meanings: list[Any], kind: pa.DataType = None) -> pa.Array:
        return pa.array(meanings, kind or pa.string()).take(heads[name].indices)

    flow = of("flow", meant("flow", partial(_word, FLOWS)))
    labels = figures["product"].dictionary.to_pylist()
    if given and len(labels) > 1:
        raise QueryError(
            f"{path}: --product {given} names one product, and the file has {len(labels)}; "
            "leave it out, or export one at a time"
        )
    product = of("product", meant("product", partial(_product, given)))
    day = of("time_period", [start for start, _ in periods], pa.date32())
    months = of("time_period", [n for _, n in periods], pa.int64())

    def areas(name: str, meaning: Callable[[str, str, int], str]) -> pa.Array:
        """The areas of a column, whose codes mean what they meant in the year of their row."""
        pairs = heads[name].indices.to_numpy().astype(np.int64) * 10000 + pc.year(day).to_numpy()
        pair, at, place = np.unique(pairs, return_index=True, return_inverse=True)
        meanings = [
            meaning(
                figures[name].dictionary[int(pair_number) // 10000].as_py(),
                f"{_place(path, figures, first[here])}, {name.upper()}",
                int(pair_number) % 10000,
            )
            for pair_number, here in zip(pair, at, strict=True)
        ]
        return pa.array(meanings, pa.string()).take(pa.array(place))

    reporter = areas("reporter", partial(_reporter, system))
    partner = areas("partner", partial(_area, system))
    export = pc.equal(flow, "X")
    weight = np.where(
        (amount["kg"] == 0) & (np.nan_to_num(amount["value"]) != 0), np.nan, amount["kg"]
    )
    secret = pc.invert(pc.match_substring_regex(product, r"^(\d+|TOTAL)$"))
    marks = [letters.take(_at(figures["flag"].indices, measure)) for measure in at.values()]
    marks = _joined([*marks, pc.if_else(secret, "c", None)], "").dictionary_encode()
    flags = cubes.Flags()
    procedures = meant("stat_procedure", partial(_word, PROCEDURES))
    modes = meant("transport_mode", partial(_word, MODES))
    parts = _joined(
        [
            of("stat_procedure", [f"procedure={code}" if code else None for code in procedures]),
            of("transport_mode", [f"mode={code}" if code else None for code in modes]),
        ],
        ",",
    )
    withheld = [
        word in ("QX", "QY", "QZ") or word.startswith(WITHHELD)
        for word in figures["partner"].dictionary.to_pylist()
    ]
    return delimited.A_FLOW | {
        "source_row": figures["row"].take(pa.array(first)),
        "source_field": _fields(figures, first, [*at.values()]),
        "reporter_iso": reporter,
        "partner_iso": partner,
        "reporter_code": heads["reporter"].dictionary_decode(),
        "partner_code": heads["partner"].dictionary_decode(),
        "area_system": system,
        "partner_role": pc.if_else(
            export, "destination", pc.if_else(_within(partner, day), "consignment", "origin")
        ),
        "flow_code": flow,
        "cmd_code": product,
        "ref_period": day,
        "n_months": months,
        "classification_code": pc.binary_join_element_wise(
            "CN", pc.cast(pc.year(day), pa.string()), ""
        ),
        "freq_code": pc.if_else(pc.equal(months, 12), "A", "M"),
        "breakdown": pc.if_else(pc.equal(parts, ""), "total", parts),
        "currency": "EUR",
        "vintage": releases.pop() if releases else source.vintage,
        "value_reported": pa.array(amount["value"], from_pandas=True),
        "net_wgt_kg": pa.array(weight, from_pandas=True),
        "valuation": pc.if_else(export, "FOB", "CIF"),
        "flags": pa.array([flags[run] for run in marks.dictionary.to_pylist()], pa.string()).take(
            marks.indices
        ),
        "note": _notes(of("partner", withheld, pa.bool_()), amount["qty"]),
    }


def _at(values: pa.Array, place: np.ndarray) -> pa.Array:
    """`values` at each `place`, null at -1."""
    return values.take(pa.array(place, mask=place < 0))


def _joined(texts: list[pa.Array], between: str) -> pa.Array:
    """Texts of a row that are there, `between` them; pyarrow's own skipping loses empty rows."""
    led = [pc.fill_null(pc.binary_join_element_wise(between, text, ""), "") for text in texts]
    return pc.utf8_slice_codeunits(pc.binary_join_element_wise(*led, ""), len(between))


def _cells(figures: Figures) -> tuple[np.ndarray, np.ndarray]:
    """Where each cell is first stated, in the order of the file, and the cell of each figure."""
    columns = ((figures[name].indices.to_numpy(), len(figures[name].dictionary)) for name in CELL)
    cell = number_cells(columns, len(figures["row"]))
    _, first, inverse = np.unique(cell, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[inverse]


def _one_each(
    path: Path, figures: Figures, some: np.ndarray, cell: np.ndarray, n: int
) -> np.ndarray:
    """Which of the figures `some` each of n cells has, or -1; two are refused."""
    at = np.full(n, -1, np.int64)
    at[cell[some][::-1]] = some[::-1]
    if len(repeated := some[at[cell[some]] != some]):
        two = int(repeated[0])
        cell_words = " ".join(filter(None, (figures[name][two].as_py() for name in CELL)))
        earlier, later = (_place(path, figures, place) for place in (at[cell[two]], two))
        raise SchemaError(
            f"{earlier} and {later.removeprefix(f'{path}: ')} state the same figure "
            f"({cell_words}); {len(repeated)} are stated more than once"
        )
    return at


def _fields(figures: Figures, first: np.ndarray, at: list[np.ndarray]) -> pa.Array:
    """In a workbook the cells of each row, else the records that state it beside the first."""
    field, row = figures["field"], figures["row"].to_numpy()
    if field.dictionary.to_pylist() != [""]:
        cells = [_at(field, place).dictionary_decode() for place in at]
        return _joined(cells, " ")
    places = [np.where((place < 0) | (row[place] == row[first]), -1, place) for place in at]
    others = [pc.cast(_at(figures["row"], place), pa.string()) for place in places]
    joined = _joined(others, ", ")
    return pc.if_else(pc.equal(joined, ""), "", pc.binary_join_element_wise("with", joined, " "))


def _within(partner: pa.Array, day: pa.Array) -> pa.Array:
    """Tell whether each partner was of the Community then, as far as it lists its goods so."""
    coded = partner.dictionary_encode()
    inside = "EU27_2020_INTRA"
    areas = [
        area in (inside, *LEFT) or codes.contains(inside, area)
        for area in coded.dictionary.to_pylist()
    ]
    since = [JOINED.get(area, date.min) for area in coded.dictionary.to_pylist()]
    until = [LEFT.get(area, date.max) for area in coded.dictionary.to_pylist()]
    member, start, end = (
        pa.array(values, kind).take(coded.indices)
        for values, kind in ((areas, pa.bool_()), (since, pa.date32()), (until, pa.date32()))
    )
    return pc.and_(member, pc.and_(pc.less_equal(start, day), pc.less(day, end)))


def _notes(withheld: pa.Array, qty: np.ndarray) -> pa.Array:
    amount = pc.cast(pa.array(qty, mask=np.nan_to_num(qty) == 0), pa.string())
    quantity = pc.binary_join_element_wise(
        "supplementary quantity", amount, "in a unit not stated", " "
    )
    hidden = pc.if_else(withheld, "partner withheld for commercial or military reasons", None)
    joined = _joined([hidden, quantity], "; ")
    return pc.if_else(pc.equal(joined, ""), None, joined)


# --- what the words mean -------------------------------------------------------------------------


def _place(path: Path, figures: Figures, at: int) -> str:
    """Where a figure stands, for a message."""
    record = f"record {figures['row'][int(at)].as_py()}"
    return f"{path}: {figures['field'][int(at)].as_py() or record}"


def _word(known: Mapping[str, str], word: str, where: str) -> str:
    if word.casefold() not in known:
        raise LayoutError(where, f"one of {', '.join(filter(None, known))}", repr(word[:60]))
    return known[word.casefold()]


def _indicator(word: str, where: str) -> tuple[str, float]:
    if word not in INDICATORS:
        raise LayoutError(where, f"one of {', '.join(INDICATORS)}", repr(word[:60]))
    return INDICATORS[word]


def _area(system: str, word: str, where: str, year: int) -> str:
    known = _codes(system, year)
    return known.get(word) or str(codes.areas(pa.array([word]), system, where, year)[0])


@cache
def _codes(system: str, year: int) -> dict[str, str]:
    return codes.area_codes(system, year)


def _reporter(system: str, word: str, where: str, year: int) -> str:
    area = _area(system, word, where, year)
    if area not in codes.groups() and not codes.contains("EU28", area):
        raise CodeError(f"{where}: {word} is neither a member state nor a group")
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
    if match := fullmatch(r"(?:M )?((?:19|20)\d\d)-(0[1-9]|1[0-2])", word, ASCII):
        return date(int(match[1]), int(match[2]), 1), 1
    if match := fullmatch(r"(?:A |Jan\.-Dec\. )?((?:19|20)\d\d)", word, ASCII):
        return date(int(match[1]), 1, 1), 12
    match = fullmatch(r"([A-Z][a-z]{2})\.? ((?:19|20)\d\d)", word, ASCII)
    if match and match[1] in MONTHS:
        return date(int(match[2]), MONTHS.index(match[1]) + 1, 1), 1
    raise LayoutError(where, "a month such as 2023-09 or Sep. 2023, or a year", repr(word[:60]))


def _release(word: str, where: str) -> str:
    """The day of "15/09/26" or "15/09/2026 11:00" as 2026-09-15; nothing of nothing."""
    day = r"(\d\d)/(\d\d)/(?:20)?(\d\d)(?: \d\d:\d\d(?::\d\d)?)?"
    if not word:
        return ""
    with suppress(ValueError):
        if match := fullmatch(day, word, ASCII):
            return str(date(2000 + int(match[3]), int(match[2]), int(match[1])))
    raise LayoutError(where, "a day such as 15/09/26", repr(word[:60]))


def _letters(word: str, where: str) -> str:
    if word not in cubes.Flags():
        raise LayoutError(where, f"letters of {', '.join(cubes.FLAGS)}", repr(word[:60]))
    return word
