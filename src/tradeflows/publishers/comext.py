"""Eurostat Comext in bulk: a month's ``full_….7z`` (or ``.dat``, ``.csv``) in, trade rows out.

One raw row is what one member state reports of one CN8 product, partner, direction and customs
procedure in a month, or in a year (``…52``). Values are whole euros, imports CIF and exports FOB;
weights kilograms. All rows stay: the residuals of confidential goods (39XXXXXX: what no other row
holds, so it is added and not a total), TOTAL, the unspecified partners and the EU's aggregates. A
zero weight or quantity beside a value means "not published". ``breakdown`` names the procedure and
the trade type, which add up; a residual that a file splits further is numbered there. Of no use to
the table, and so not kept, are the product's codes in other classifications, which follow from
CN8, and the value in national currency.

The file is decoded, parsed and reduced to numbers as it streams, some forty bytes a row; only then,
when the decoder has vouched for all of it, is it sorted by product and partner and handed out.
"""

import csv as text_csv
import json
import re
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tradeflows import codes
from tradeflows.catalogue import Source
from tradeflows.errors import CodeError, LayoutError, SchemaError, TradeflowsError
from tradeflows.publishers import Part, archives, comext_exports, comext_formats, reading
from tradeflows.schema import TRADE

BLOCK = 1 << 21  # bytes parsed at a time
LONGEST = 1 << 14  # bytes in a line
ROWS = 1 << 16  # in a part
AHEAD = 4  # blocks and parts that may wait
LARGEST = 2**53 - 1  # a float64 holds whole numbers up to here
SINCE_2002 = (
    "REPORTER,PARTNER,TRADE_TYPE,PRODUCT_NC,PRODUCT_SITC,PRODUCT_CPA21,PRODUCT_CPA22,PRODUCT_BEC,"
    "PRODUCT_BEC5,PRODUCT_SECTION,FLOW,STAT_PROCEDURE,SUPPL_UNIT,PERIOD,VALUE_EUR,VALUE_NAC,"
    "QUANTITY_KG,QUANTITY_SUPPL_UNIT"
)
UNTIL_2001 = (
    "DECLARANT,DECLARANT_ISO,PARTNER,PARTNER_ISO,TRADE_TYPE,PRODUCT_NC,PRODUCT_SITC,"
    "PRODUCT_cpa2002,PRODUCT_cpa2008,PRODUCT_CPA2_1,PRODUCT_BEC,PRODUCT_SECTION,FLOW,STAT_REGIME,"
    "SUPP_UNIT,PERIOD,VALUE_IN_EUROS,QUANTITY_IN_KG,SUP_QUANTITY"
)
# The columns that are read, by their place in the sort, then what they measure.
WORDS = ("product", "partner", "reporter", "flow", "procedure", "type", "unit", "period")
NUMBERS = ("value", "kg", "qty")
NAMES = {
    SINCE_2002: ("PRODUCT_NC", "PARTNER", "REPORTER", "FLOW", "STAT_PROCEDURE", "TRADE_TYPE",
                 "SUPPL_UNIT", "PERIOD", "VALUE_EUR", "QUANTITY_KG", "QUANTITY_SUPPL_UNIT"),
    UNTIL_2001: ("PRODUCT_NC", "PARTNER_ISO", "DECLARANT_ISO", "FLOW", "STAT_REGIME", "TRADE_TYPE",
                 "SUPP_UNIT", "PERIOD", "VALUE_IN_EUROS", "QUANTITY_IN_KG", "SUP_QUANTITY"),
}  # fmt: skip
FLOWS = {"1": "M", "2": "X"}
SPELT = {"flow": "[12]", "procedure": "[1235679]", "type": "[IELM]",
         "period": r"(19|20)\d\d(0[1-9]|1[0-2]|52)"}  # fmt: skip
WITHHELD = {"QX", "QY", "QZ"}  # partners, "for commercial or military reasons"


class Layout(NamedTuple):
    """How a file is laid out: all columns, and our name of each that is read with theirs."""

    columns: list[str]
    names: dict[str, str]
    old: bool


class Month(NamedTuple):
    """A whole file as numbers: for each word its place in the sorted `words`, and the figures."""

    words: dict[str, list[str]]
    coded: dict[str, np.ndarray]
    figures: dict[str, np.ndarray]


def clean(path: Path, source: Source) -> Iterator[Part]:
    """Trade rows of one file, sorted by product, partner, reporter, flow and break-down.

    Parameters
    ----------
    path
        ``.7z`` as published, or the ``.dat`` or ``.csv`` that it holds; any layout since 1988. What
        Comext's services send is handed to :mod:`tradeflows.publishers.comext_exports`.

    Returns
    -------
    iterator of Part
        Of up to :data:`ROWS` rows, text dictionary-coded. The metadata of their schema hold under
        ``control`` the file's rows, EUR and kg by flow.

    Raises
    ------
    LayoutError
        The archive is damaged, the header is another, or a row has another number of fields, a
        word or a number that the layout does not know, or another period than the file. Nothing
        has been yielded then.
    CodeError
        A reporter, partner, product or unit is in no list. Messages name record and field.
    SchemaError
        Two rows state one cell.
    """
    if comext_formats.reader(path):
        yield from comext_exports.clean(path, source)
        return
    with archives.opened(path) as stream:
        layout = _layout(path, stream.readline(1 << 16))
        month = _read(path, stream, layout)
    order, numbered = _sorted(path, month)
    with ThreadPoolExecutor(1) as one:  # the next parts are made while the caller writes this one
        waiting: deque[Future[Part]] = deque()
        for batch in _batches(source, layout, month, order, numbered):
            waiting.append(one.submit(batch))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


# --- the bytes -----------------------------------------------------------------------------------


def _layout(path: Path, line: bytes) -> Layout:
    """The layout whose header `line` is."""
    text = line.decode("utf-8-sig", "replace").strip().replace('"', "")
    if text not in NAMES:
        found = text.split(",")
        near = max(NAMES, key=lambda known: len({*known.split(",")} & {*found}))
        lacking = [name for name in near.split(",") if name not in found]
        stray = [name for name in found if name not in near.split(",")]
        odd = f"none of {lacking[:20]} and besides {[name[:40] for name in stray[:20]]}"
        raise LayoutError(path, f"the header {near}", odd if lacking or stray else f"{text[:300]}")
    names = dict(zip(WORDS + NUMBERS, NAMES[text], strict=True))
    return Layout(text.split(","), names, text == UNTIL_2001)


def _blocks(path: Path, stream: IO[bytes]) -> Iterator[memoryview]:
    """Whole lines, about :data:`BLOCK` bytes at a time."""
    rest = b""
    while True:
        room = np.empty(BLOCK, np.uint8)  # read into, since copies of it all would cost a tenth
        view, end = room.data, len(rest)
        view[:end] = rest
        while end < BLOCK and (came := stream.readinto(view[end:])):  # type: ignore[attr-defined]
            end += came
        if end < BLOCK:
            if end:
                yield view[:end]
            return
        tail = bytes(view[-LONGEST:])
        cut = BLOCK - LONGEST + tail.rfind(b"\n") + 1
        if cut <= BLOCK - LONGEST:
            raise LayoutError(path, "lines", f"one above {LONGEST >> 10} KiB")
        rest = tail[cut - BLOCK :] if cut < BLOCK else b""
        yield view[:cut]


# --- text to numbers -----------------------------------------------------------------------------


def _parse(layout: Layout, block: memoryview) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The words of a block, numbered within it, and its figures."""

    def read(number: pa.DataType) -> pa.Table:
        kinds = {name: pa.binary() for name in WORDS} | dict.fromkeys(NUMBERS, number)
        return csv.read_csv(
            pa.BufferReader(pa.py_buffer(block)),
            csv.ReadOptions(use_threads=False, column_names=layout.columns,
                            block_size=len(block) + 1),
            csv.ParseOptions(quote_char='"' if quoted else False, ignore_empty_lines=False),
            csv.ConvertOptions(
                include_columns=list(layout.names.values()), null_values=[],
                strings_can_be_null=False,
                column_types={theirs: kinds[ours] for ours, theirs in layout.names.items()},
            ),
        )  # fmt: skip

    quoted = (np.frombuffer(block, np.uint8) == ord('"')).any()
    try:
        table = read(pa.int64())
    except pa.ArrowInvalid:  # a fraction, or what is no number
        table = read(pa.float64())
    columns = {ours: table[theirs].chunk(0) for ours, theirs in layout.names.items()}
    figures = {name: columns[name].to_numpy() for name in NUMBERS}
    if any(not (each.min() >= -LARGEST and each.max() <= LARGEST) for each in figures.values()):
        raise pa.ArrowInvalid("a number that float64 does not hold")
    return {name: _numbered(columns[name]) for name in WORDS}, figures


def _numbered(text: pa.Array) -> tuple[np.ndarray, np.ndarray, pa.Array]:
    """A number for each row, the numbers that occur, and the word of each of these."""
    _, ends, data = text.buffers()
    places = np.frombuffer(ends, np.int32, len(text) + 1)
    width = int(places[1] - places[0])
    if width not in (1, 2) or (np.diff(places) != width).any():
        encoded = text.dictionary_encode()
        return encoded.indices.to_numpy(), np.arange(len(encoded.dictionary)), encoded.dictionary
    numbers = np.frombuffer(data, f"<u{width}", len(text))  # one or two bytes are numbers already
    seen = np.flatnonzero(np.bincount(numbers))
    return numbers, seen, pa.array([each.to_bytes(width, "little") for each in seen.tolist()])


def _read(path: Path, stream: IO[bytes], layout: Layout) -> Month:
    """The whole file as numbers; blocks are parsed on all cores and joined in their order."""
    named = re.search(r"(?<!\d)\d{6}(?=\.\w+$)", path.name)
    known = {name: pa.array([], pa.binary()) for name in WORDS}
    if named:
        known["period"] = pa.array([named[0].encode()])
    pieces: dict[str, list[np.ndarray]] = {name: [] for name in WORDS + NUMBERS}
    waiting: deque[tuple[memoryview, Future[Any]]] = deque()
    first = 1

    def take() -> None:
        nonlocal first
        block, parsed = waiting.popleft()
        try:
            words, figures = parsed.result()
        except pa.ArrowInvalid as error:
            raise _blamed(path, layout, block, first, str(error)) from error
        for name in ("period", *WORDS[:-1]):  # the year comes first: areas depend on it
            numbers, seen, texts = words[name]
            if (new := pc.invert(pc.is_in(texts, known[name]))).true_count:
                for number, text in zip(seen[new.to_numpy(False)], texts.filter(new), strict=True):
                    record = first + int(np.argmax(numbers == number))
                    _admit(f"{path}: record {record}", name, layout, text.as_py(), known)
                known[name] = pa.concat_arrays([known[name], texts.filter(new)])
            place = np.zeros(int(seen[-1]) + 1, np.uint16)
            place[seen] = pc.index_in(texts, known[name]).to_numpy()
            if name != "period":
                pieces[name].append(place[numbers])
        for name, each in figures.items():
            pieces[name].append(each)
        first += len(each)

    with ThreadPoolExecutor(min(pa.cpu_count(), AHEAD)) as pool:
        for block in _blocks(path, stream):
            waiting.append((block, pool.submit(_parse, layout, block)))
            if len(waiting) > AHEAD:
                take()
        while waiting:
            take()
    if first == 1:
        raise LayoutError(path, "at least one record", "a header alone")
    words, coded = {"period": [text.decode() for text in known["period"].to_pylist()]}, {}
    for name in WORDS[:-1]:
        texts = [text.decode() for text in known[name].to_pylist()]
        words[name] = sorted(texts)
        place = {word: number for number, word in enumerate(words[name])}
        numbers = np.array([place[text] for text in texts], np.uint16)
        coded[name] = numbers[np.concatenate(pieces.pop(name))]  # pop, since memory is short
    return Month(words, coded, {name: np.concatenate(pieces.pop(name)) for name in NUMBERS})


def _admit(
    where: str, name: str, layout: Layout, raw: bytes, known: dict[str, pa.Array]
) -> None:  # fmt: skip
    """Refuse a word of column `name` that is in no list."""
    word, field = reading.text_of(Path(where), raw, "utf-8"), layout.names[name]
    if name in SPELT and not re.fullmatch(SPELT[name], word, re.ASCII):
        raise LayoutError(where, f"{field} like {SPELT[name]}", repr(word))
    [period] = known["period"].to_pylist() or [b""]
    if name == "period" and period:
        raise LayoutError(where, f"{field} {period.decode()}, the file's", word)
    if name in ("partner", "reporter"):
        year = int(period[:4])
        area = codes.areas(pa.array([word]), "eurostat", f"{where}, {field}", year)[0].as_py()
        if name == "reporter" and area not in codes.groups() and not codes.contains("EU28", area):
            raise CodeError(f"{where}: {field} {word} is neither a member state nor a group")
    if name == "product" and word != "TOTAL" and not codes.HS.fullmatch(word):
        raise CodeError(f"{where}: {field} {word!r} is no code of the Combined Nomenclature")
    if name == "unit" and not layout.old and word not in {"NO_SU", *reading.units("comext")}:
        raise CodeError(f"{where}: {field} {word!r} is not in units.csv; add it there")


def _blamed(
    path: Path, layout: Layout, block: memoryview, first: int, reason: str
) -> TradeflowsError:  # fmt: skip
    """The error that names the record and the field which could not be parsed."""
    wanted = {layout.columns.index(layout.names[name]): layout.names[name] for name in NUMBERS}
    lines = bytes(block).decode("utf-8", "replace").splitlines()
    for record, cells in enumerate(text_csv.reader(lines), start=first):
        where = f"{path}: record {record}"
        if len(cells) != len(layout.columns):
            return LayoutError(where, f"{len(layout.columns)} fields", f"{len(cells)}")
        for place, field in wanted.items():
            if not re.fullmatch(r"-?\d+(\.\d+)?", cells[place], re.ASCII):
                return LayoutError(where, f"a number in {field}", repr(cells[place][:40]))
            if abs(float(cells[place])) > LARGEST:
                return LayoutError(where, f"at most 2^53 in {field}", cells[place][:40])
    return LayoutError(f"{path}: records from {first}", "a table", reason.splitlines()[0][:200])


# --- numbers to rows -----------------------------------------------------------------------------


def _confidential(words: list[str]) -> np.ndarray:
    return np.array([not word.isdigit() and word != "TOTAL" for word in words])


def _sorted(path: Path, month: Month) -> tuple[np.ndarray, np.ndarray]:
    """Where each row of the sorted table lies, and how many rows of its cell lie before it."""
    n = len(month.figures["value"])
    cell, span = np.zeros(n, np.int64), 1
    for name in WORDS[:-1]:
        cell *= len(month.words[name])
        cell += month.coded[name]
        span *= len(month.words[name])
    if span * n < 2**63:  # one sort of plain numbers is several times faster than an argsort
        cell *= n
        cell += np.arange(n)
        cell.sort()
        order = (cell % n).astype(np.int32)
        cell //= n
    else:
        order = np.argsort(cell, kind="stable").astype(np.int32)
        cell = cell[order]
    again = np.zeros(n, np.int32)
    same = np.flatnonzero(cell[1:] == cell[:-1]) + 1
    for at in same:  # few: only residuals may
        again[at] = again[at - 1] + 1
        if not _confidential([month.words["product"][month.coded["product"][order[at]]]])[0]:
            first, second = order[at - 1] + 1, order[at] + 1
            text = " ".join(month.words[name][month.coded[name][order[at]]] for name in WORDS[:-1])
            raise SchemaError(f"{path}: records {first} and {second} state the same cell ({text}); "
                              f"{len(same)} cells are stated more than once")  # fmt: skip
    return order, again


def control(month: Month) -> str:
    """Rows, EUR and kg by flow, as JSON; exact up to 2^53."""
    totals = {}
    for place, word in enumerate(month.words["flow"]):
        here = month.coded["flow"] == place
        totals[FLOWS[word]] = {"rows": int(here.sum())} | {
            name: float(month.figures[of][here].sum()) for name, of in (("EUR", "value"),
                                                                        ("kg", "kg"))}  # fmt: skip
    return json.dumps(totals)


def _batches(
    source: Source, layout: Layout, month: Month, order: np.ndarray, numbered: np.ndarray
) -> Iterator[Any]:
    """A function for each part, in the order of the table."""
    words, figures = month.words, month.figures
    year, last = int(words["period"][0][:4]), words["period"][0][4:]
    metadata = dict(TRADE.metadata or {}) | {b"control": control(month).encode()}
    # Several codes share an id, and pyarrow writes stray memory for a dictionary that repeats one.
    iso = {name: codes.areas(pa.array(words[name]), "eurostat", "", year).dictionary_encode()
           for name in WORDS[1:3]}  # fmt: skip
    parts = [f"procedure={procedure},type={kind}" + (f",residual={k + 1}" if k else "")
             for k in range(int(numbered.max()) + 1) for procedure in words["procedure"]
             for kind in words["type"]]  # fmt: skip
    units = reading.units("comext") if not layout.old else {}
    unit = np.array([units.get(word, ("none",))[0] for word in words["unit"]])
    factor = np.array([units.get(word, ("", np.nan))[1] for word in words["unit"]])
    said = ["none", *sorted({*unit} - {"none"})]
    unit_place = np.array([said.index(word) for word in unit], np.int32)
    secret = _confidential(words["product"])
    withheld = np.array([word in WITHHELD for word in words["partner"]])
    none = np.zeros(ROWS, np.int32)
    constant = reading.A_FLOW | {
        "source_id": source.id, "area_system": "eurostat", "currency": "EUR",
        "classification_code": f"CN{year}", "freq_code": "A" if last == "52" else "M",
        "vintage": source.vintage, "note": None,
    }  # fmt: skip

    def coded(places: Any, some: Any, mask: Any = None) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32(), mask=mask), some)

    def part(at: np.ndarray, more: np.ndarray) -> Part:
        n = len(at)
        c = {name: month.coded[name][at].astype(np.int32) for name in WORDS[:-1]}
        value, kg, qty = (figures[name][at].astype(np.float64) for name in NUMBERS)

        def area(name: str) -> pa.Array:
            return coded(iso[name].indices.to_numpy()[c[name]], iso[name].dictionary)

        low, high = c["product"][0], c["product"][-1] + 1
        some = value != 0
        export = np.array([word == "2" for word in words["flow"]])[c["flow"]]
        intra = np.array([word == "I" for word in words["type"]])[c["type"]]
        stated = ~np.isnan(factor)[c["unit"]] & ~(some & (qty == 0))
        broken = c["procedure"] * len(words["type"]) + c["type"]
        broken += more * len(words["procedure"]) * len(words["type"])
        columns = {name: coded(none[:n], [each]) for name, each in constant.items()
                   if isinstance(each, str)} | {name: None for name, each in constant.items()
                                                if each is None}  # fmt: skip
        columns |= {
            "source_row": at.astype(np.int64) + 1,
            "reporter_iso": area("reporter"),
            "reporter_code": coded(c["reporter"], words["reporter"]),
            "partner_iso": area("partner"),
            "partner_code": coded(c["partner"], words["partner"]),
            "partner_role": coded(np.where(export, 0, 1 + intra),
                                  ["destination", "origin", "consignment"]),
            "flow_code": coded(export, ["M", "X"]),
            "cmd_code": coded(c["product"] - low, words["product"][low:high]),
            "ref_period": pa.repeat(date(year, 1 if last == "52" else int(last), 1), n),
            "n_months": 12 if last == "52" else 1,
            "breakdown": coded(broken, parts),
            "qty_unit": coded(np.where(stated, unit_place[c["unit"]], 0), said),
            "value_reported": value,
            "valuation": coded(export, ["CIF", "FOB"]),
            "net_wgt_kg": pa.array(kg, mask=some & (kg == 0)),
            "qty": pa.array(np.where(stated, qty * factor[c["unit"]], 0), mask=~stated),
            "flags": coded(secret[c["product"]], ["", "confidential"]),
        }  # fmt: skip
        if layout.old:  # whose letters for units no public list explains
            text = pa.array(words["unit"]).take(pa.array(c["unit"]))
            amount = pc.cast(pa.array(qty, mask=qty == 0), pa.string())
            columns["note"] = pc.binary_join_element_wise("qty", amount, "in unit", text, " ")
        elif withheld.any():
            columns["note"] = coded(none[:n], ["partner withheld for commercial or military "
                                               "reasons"], ~withheld[c["partner"]])  # fmt: skip
        rows = reading.rows(source, TRADE, columns)
        return Part(rows.replace_schema_metadata(metadata), n, {}, sorted=True)

    for start in range(0, len(order), ROWS):
        end = start + ROWS
        yield lambda at=order[start:end], more=numbered[start:end]: part(at, more)
