"""China's customs: the CSV that the online query exports."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.codelists import publisher_words, rows_of
from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.periods import first_day, parse_period_or_window
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, plausibility, reading, workbooks

CUT_OFF = 10_000  # lines, after which the query's export stops without a word
REIMPORTS = "142"  # China as the origin of what China imports
FIELDS = publisher_words("gacc heading")
HEADINGS = {field: heading for heading, field in reversed(FIELDS.items())}  # the Chinese ones
FIGURES = ("CNY", "USD", "quantity")
DIGITS = {
    "month": r"^[12]\d{3}(0[1-9]|1[0-2])$",
    "product": r"^(\d\d){1,5}$",
    "partner": r"^\d{3}$",
    "regime": r"^\d\d$",
    "province": r"^\d{2,5}$",
}
OPTIONS = {  # what the file may not say: its name there, and an example
    "period": ("month", "2023-01/2023-05"),
    "product": ("product", "2709, or TOTAL"),
    "partner": ("partner", "RUS, or World"),
}
NEEDS = {  # what a heading is of no use without
    "product name": "product",
    "partner name": "partner",
    "regime name": "regime",
    "province name": "province",
    "quantity": "unit",
    "second quantity": "second unit",
    "second unit": "unit",
}
ENDS = {"M": ("CIF", "origin"), "X": ("FOB", "destination")}
OTHER_CURRENCY = 5.0  # times what goods are worth, as yuan are under the heading of dollars
YUAN = (1.4, 9.0)  # for a dollar, ever since 1980, with some room
SMALL = 1_000.0  # a value whose rounding to whole units a rate would show
MOST = 64 << 20  # bytes of a file
# How names begin that several products may well have.
REMAINDER = re.compile(r"\s*(其他|其它|未列名|other)", re.ASCII | re.IGNORECASE)
AGAIN = "obtain the file again"
NO_UNIT, LOST = "?", "quantity that has no unit, or a second one in the first one's"


def part(path: Path, source: Source, flow: str, asked: Mapping[str, str]) -> Part:
    """The rows of a file, whose query was `asked` for what the file does not say.

    Raises
    ------
    QueryError
        What was asked for is lacking or wrong, or the file says it itself.
    LayoutError, CodeError
        As :func:`tradeflows.publishers.gacc.clean`.
    """
    raw, note = _utf8(path)
    names = _names(path, raw)
    if not flow:
        raise QueryError(
            f"{path}: the file does not say whether these are imports or exports; "
            "add --flow M or --flow X"
        )
    for option, (name, example) in OPTIONS.items():
        if name not in names and not asked[option]:
            raise QueryError(f"{path}: the file has no {name}; add --{option}, such as {example}")
        if name in names and asked[option]:
            raise QueryError(f"{path}: the file has its {name}; leave --{option} out")
    row = _asked(path, flow, **asked) | {"note": note, "vintage": source.vintage}
    block = reading.block(path, names, raw)
    end = block.text("end")
    block.require(pc.equal(end, ""), "nothing after the last comma", end)
    # Not the line ends: an editor may have changed them, or added some.
    if len(block) in (CUT_OFF - 1, CUT_OFF):
        raise LayoutError(
            path,
            f"fewer than {CUT_OFF:,} lines",
            f"{len(block):,} below the header, where the site cuts off",
            "ask it for fewer months, one partner or a longer code at a time",
        )
    for name, digits in DIGITS.items():
        if name in names:
            what = "a month such as 202305" if name == "month" else "a code"
            block.demand(HEADINGS[name], digits, what, block.text(name))
    table = _stated(block, flow)
    amounts, second, lost = _amounts(block, table.get("value_reported", pd.Series(0, table.index)))
    table = table.assign(source_field="", is_twice=_names_beside(block), **amounts)
    without = ["net_wgt_kg", "value_reported", "primary_value_usd"]
    more = table.loc[second.index].assign(source_field="second quantity", **second)
    more[table.columns.intersection(without)] = np.nan
    table = pd.concat([table, more])
    is_twice = table.pop("is_twice").to_numpy()
    row |= {name: pa.array(column, from_pandas=True) for name, column in table.items()}
    rows = reading.rows(source, TRADE, row, factor=OTHER_CURRENCY)
    rows = plausibility.with_flag(rows, is_twice, plausibility.TWICE)
    return Part(rows, len(block), {LOST: lost} if lost else {})


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Lines of the file as they stand."""
    if workbooks.is_workbook(path):
        return workbooks.records(path, wanted)
    return reading.table(path, BytesIO(_utf8(path)[0]), wanted)


def _utf8(path: Path) -> tuple[bytes, str | None]:
    """Return the file in UTF-8 with a comma at each line's end, and a note if it was saved anew.

    Bytes that are no GB18030 are shown as such: a name that is not needed may hold some.
    """
    if workbooks.is_workbook(path):
        lines = workbooks.table(path)
        width = len([heading for heading in lines[0] if heading])
        raw = workbooks.as_csv([*line[:width], ""] for line in lines)
        return raw, "re-encoded: saved as a workbook"
    raw = reading.whole(path, MOST)
    if not any(heading.encode() in raw[:4_096] for heading in HEADINGS.values()):
        return raw.decode("gb18030", "backslashreplace").encode(), None
    try:
        return raw.decode("utf-8-sig").encode(), "re-encoded: saved as UTF-8"
    except UnicodeDecodeError as error:
        raise LayoutError(path, "GB18030 or UTF-8", "both", AGAIN) from error


def _names(path: Path, raw: bytes) -> list[str]:
    """Our names of the columns, in the file's order; the empty one after the last comma is end."""
    *headings, last = [heading.strip() for heading in reading.header(path, raw=raw)] or [""]
    if last:
        todo = "save the file as the site exports it"
        raise LayoutError(path, "a comma at the end of the header", repr(last)[:99], todo)
    names = [FIELDS.get(heading, f"heading {heading}") for heading in headings]
    needed = [code for name, code in NEEDS.items() if name in names]
    reading.require_header(path, names, needed, HEADINGS, "choose the columns of the query anew")
    if not {*FIGURES} & {*names}:
        raise LayoutError(path, "a value or a quantity", f"{headings}")
    return [*names, "end"]


def _asked(path: Path, flow: str, period: str, product: str, partner: str) -> dict[str, Any]:
    """What all rows have in common, since the query was asked for it and its file does not say."""
    base = reading.A_FLOW | {
        "flow_code": flow,
        "partner_role": ENDS[flow][1],
        "reporter_iso": "CHN",
        "reporter_code": REIMPORTS,
        "area_system": "gacc",
    }
    if period:
        window = parse_period_or_window(period, "period")
        is_year = len(window) == 12 and window.start % 12 == 0
        base |= {
            "ref_period": first_day(window.start),
            "n_months": len(window),
            "freq_code": "A" if is_year else "M",
            "flags": "" if is_year or len(window) == 1 else "block",
        }
    if product:
        if product != "TOTAL" and not re.match(DIGITS["product"], product):
            expected = "expected an HS code of 2 to 10 digits, or TOTAL"
            raise QueryError(f"--product {product}: {expected}")
        base["cmd_code"] = product
    return base | (_asked_partner(path, flow, partner) if partner else {})


def _asked_partner(path: Path, flow: str, partner: str) -> dict[str, str]:
    """Return the partner that a query was asked for, and the flow, which it may make another."""
    area = codes.area_codes("gacc").get(partner) or codes.area(partner)
    here = ["all"] if area == codes.WORLD else codes.codes_of(area, "gacc")
    if not here:
        raise QueryError(f"{path}: --partner {partner}: {area} has no code at China's customs")
    flow = "RM" if flow == "M" and here == [REIMPORTS] else flow
    return {"partner_iso": area, "partner_code": ",".join(here), "flow_code": flow}


# --- what a line states twice, and what it may not state -----------------------------------------


def _names_beside(block: reading.Block) -> Any:
    """Return which records have the name of a product that stands beside another code too.

    The name of another code, a second name of a code and a second code of a partner are refused.
    All are compared within a month, since a product's name may change from year to year.
    """
    partners = {row["name"]: row["code"] for row in rows_of("gacc_partner_names.csv")}
    cells = block.cells.to_pandas()
    month = cells.get("month", pd.Series("", cells.index))
    is_twice: Any = False
    for side, usual in (("partner", partners), ("product", {})):
        if f"{side} name" not in cells:
            continue
        code, name = cells[side], cells[f"{side} name"]
        earlier = name.groupby([month, code]).transform("first")
        is_shared = code.groupby([month, name]).transform("nunique") > 1
        is_own = [usual.get(*pair) == pair[1] for pair in zip(name, code, strict=True)]
        is_good = (earlier == name) & np.array(is_own, bool)
        if side == "partner":
            is_good &= ~is_shared
        expected = f"one {side} and one name beside each other"
        shown = block.text(side), block.text(f"{side} name")
        block.require(pa.array(is_good), expected, *shown, todo=AGAIN)
        is_twice = is_shared & ~name.str.match(REMAINDER)
    return is_twice


# --- rows of the table ---------------------------------------------------------------------------


def _stated(block: reading.Block, flow: str) -> pd.DataFrame:
    """Return what a record says of its value, partner, product, month and part, as far as it does.

    The value is in yuan where that is stated; beside them dollars must be it at some rate.
    """
    cells = block.cells.to_pandas()
    row: dict[str, Any] = {"source_row": block.records}
    values = {
        name: block.number(name, marks=reading.WITH_COMMAS).to_pandas()
        for name in ("CNY", "USD")
        if name in cells
    }
    for name, value in reversed(values.items()):
        row |= {"value_reported": value, "currency": name, "valuation": ENDS[flow][0]}
    if "USD" in values:
        row["primary_value_usd"] = values["USD"]
    if len(values) == 2:
        yuan, dollars = values.values()
        rate, is_small = yuan / dollars, np.maximum(yuan, dollars) <= SMALL
        is_good = pa.array(rate.isna() | rate.between(*YUAN, "neither") | is_small)
        expected = "a value in yuan that is its value in dollars at some rate"
        block.require(is_good, expected, *map(block.text, values), todo=AGAIN)
    if "partner" in cells:
        row["partner_code"] = cells["partner"]
        row["partner_iso"] = codes.areas(block.text("partner"), "gacc", block.path).to_pylist()
        if flow == "M":
            row["flow_code"] = np.where(cells["partner"] == REIMPORTS, "RM", "M")
    if "product" in cells:
        row["cmd_code"] = cells["product"]
    if "month" in cells:
        row["ref_period"] = pd.to_datetime(cells["month"], format="%Y%m")
    parts = [f"{name}=" + cells[name] for name in ("province", "regime") if name in cells]
    if parts:
        row["breakdown"] = [",".join(words) for words in zip(*parts, strict=True)]
    return pd.DataFrame(row)


def _amounts(block: reading.Block, values: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Return the weight and the quantity of each record, and those of a second unit of its own.

    Zero beside a value is null. Besides how many quantities that are not zero reach no row.
    """
    known = reading.units("gacc") | {NO_UNIT: ("none", 1.0)}
    stated = [pd.DataFrame({"qty_unit": pd.Series(dtype=str), "qty": pd.Series(dtype=float)})]
    for name, unit in (("quantity", "unit"), ("second quantity", "second unit")):
        if name in block.cells.schema.names:
            amount, word = block.quantity(
                unit, block.number(name, marks=reading.WITH_COMMAS), known
            )
            stated.append(pd.DataFrame({"qty_unit": word.to_pandas(), "qty": amount.to_pandas()}))
    amounts = pd.concat(stated).reset_index(names="at")
    is_lost = amounts["qty_unit"].eq("none") | amounts.duplicated(["at", "qty_unit"])
    lost = amounts["qty"][is_lost].fillna(0).ne(0).sum()
    amounts = amounts[~is_lost].set_index("at")
    is_said = amounts["qty"].ne(0) | values.reindex(amounts.index).fillna(0).eq(0)
    amounts["qty"] = amounts["qty"].where(is_said)
    is_weight = amounts["qty_unit"].eq("kg")
    others = amounts[~is_weight]
    nth = others.groupby(level="at").cumcount()
    firsts = others[nth.eq(0)].reindex(values.index).fillna({"qty_unit": "none"})
    firsts["net_wgt_kg"] = amounts["qty"][is_weight]
    return firsts, others[nth.eq(1)], int(lost)
