"""China's customs: the CSV that the online query exports, and the English monthly tables.

Source: General Administration of Customs of China, http://stats.customs.gov.cn (query) and
http://english.customs.gov.cn (tables 13 and 14 of the monthly bulletin).
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError, QueryError
from tradeflows.model.periods import first_day, parse_period_or_window
from tradeflows.model.schema import TRADE
from tradeflows.model.source import Source
from tradeflows.publishers import Part, delimited, raw_records
from tradeflows.publishers.gacc import monthly

CUT_OFF = 10_000  # lines, after which the query's export stops without a word
REIMPORTS = "142"  # China as the origin of what China imports
HEADINGS = {
    "month": ("数据年月", "Date of data"),
    "product": ("商品编码", "Commodity code"),
    "product name": ("商品名称", "Commodity"),
    "partner": ("贸易伙伴编码", "Trading partner code"),
    "partner name": ("贸易伙伴名称", "Trading partner"),
    "regime": ("贸易方式编码", "Customs Regime code"),
    "regime name": ("贸易方式名称", "Customs Regime"),
    "province": ("注册地编码", "Locations of importers and exporters code"),
    "province name": ("注册地名称", "Locations of importers and exporters"),
    "quantity": ("第一数量", "Quantity"),
    "unit": ("第一计量单位", "Unit"),
    "second quantity": ("第二数量", "Supplementary Quantity", "Supplimentary Quantity"),
    "second unit": ("第二计量单位", "Supplementary Unit", "Supplimentary Unit"),
    "USD": ("美元", "US dollar"),
    "CNY": ("人民币", "Renminbi Yuan"),
}
FIELDS = {heading: field for field, headings in HEADINGS.items() for heading in headings}
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
ENDS = {"M": ("CIF", "origin"), "X": ("FOB", "destination")}
NO_UNIT, LOST = "?", "quantity that has no unit, or a second one in the first one's"


def clean(
    path: Path,
    source: Source | None = None,
    *,
    flow: str = "",
    period: str = "",
    product: str = "",
    partner: str = "",
) -> Iterator[Part]:
    """Trade of China by product, partner and month.

    Parameters
    ----------
    path
        A CSV as the query exports it (GB18030, any choice and order of columns, Chinese or
        English), or a page with the table (13) or (14).
    source
        Its catalogue entry, if it has one.
    flow
        M or X: the query's file does not say which. Imports of origin China become RM.
    period
        2023, 2023-05 or 2023-01/2023-05, where the query's file has no month.
    product, partner
        What the query was asked for, where its file has no such column: a code, or TOTAL; an area
        by id, code of the customs or name, or World.

    Yields
    ------
    Part
        Rows of :data:`~tradeflows.model.schema.TRADE`, values in the currency of their heading;
        a file with both has yuan as reported and dollars beside. Quantities in kilograms are net
        weights, others stand in their own unit; where a record has two others, the second is a
        row of its own, without value. Regimes and provinces are break-downs, and nothing is added
        up. A zero quantity beside a value is "not published" and becomes null.

    Raises
    ------
    QueryError
        An option is lacking or wrong, or the file says it itself.
    LayoutError
        Another layout, or exactly 10,000 lines: there the site cuts off.
    CodeError
        A partner is in no code list.
    """
    if flow not in ("", *ENDS):
        raise QueryError(f"flow {flow!r}: expected M for imports or X for exports")
    source = source or delimited.uncatalogued(path, "gacc", "trade")
    page = _page(path)
    asked = {"period": period, "product": product, "partner": partner}
    for option in filter(asked.get, asked):
        if page:
            raise QueryError(f"{path}: the page says that itself; leave --{option} out")
    yield from (
        monthly.clean(path, source, flow=flow) if page else _query(path, source, flow, asked)
    )


def records(path: Path, wanted: Collection[int]) -> dict[int, raw_records.Record]:
    """Lines of the query's file, or rows of a page's table, as they stand."""
    if _page(path):
        return monthly.records(path, wanted)
    with path.open("rb") as file:
        return raw_records.table(path, file, wanted, "gb18030")


def _page(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(512).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")


def _query(path: Path, source: Source, flow: str, asked: dict[str, str]) -> Iterator[Part]:
    names = _names(path)
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
    base = _asked(path, flow, **asked)
    wanted = [name for name in names if not name.endswith("name")]
    records = 0
    for block in delimited.blocks(path, names, wanted, utf8=False):
        if pc.any(pc.not_equal(block.text("end"), "")).as_py():
            raise LayoutError(path, "nothing after the last comma", "a cell more")
        records += len(block)
        yield _flows(block, source, flow, base)
    # Not the line ends: an editor may have changed them, or added some.
    if records in (CUT_OFF - 1, CUT_OFF):
        raise LayoutError(
            path,
            f"fewer than {CUT_OFF:,} lines",
            f"{records:,} below the header, where the site cuts off",
            "ask it for less at a time (tradeflows guide gacc)",
        )


def _asked(path: Path, flow: str, period: str, product: str, partner: str) -> dict[str, Any]:
    """What all rows have in common, since the query was asked for it and its file does not say."""
    base: dict[str, Any] = {"flow_code": flow}
    if period:
        window = parse_period_or_window(period, "period")
        start, months = first_day(window.start), len(window)
        year = months == 12 and start.month == 1
        base |= {
            "ref_period": pa.scalar(start, pa.date32()),
            "n_months": months,
            "freq_code": "A" if year else "M",
            "flags": "" if year or months == 1 else "block",
        }
    if product:
        if product != "TOTAL" and not re.match(DIGITS["product"], product):
            raise QueryError(
                f"--product {product}: expected an HS code of 2 to 10 digits, or TOTAL"
            )
        base["cmd_code"] = product
    if partner:
        base |= _asked_partner(path, flow, partner)
    return base


def _asked_partner(path: Path, flow: str, partner: str) -> dict[str, Any]:
    """Return the partner that a query was asked for, and the flow, which it may make another."""
    area = codes.area_codes("gacc").get(partner) or codes.area(partner)
    here = ["all"] if area == "W00" else codes.codes_of(area, "gacc")
    if not here:
        raise QueryError(f"{path}: --partner {partner}: {area} has no code at China's customs")
    are_reimports = flow == "M" and here == [REIMPORTS]
    return {
        "partner_iso": area,
        "partner_code": ",".join(here),
        "flow_code": "RM" if are_reimports else flow,
    }


def _names(path: Path) -> list[str]:
    """Our names of the columns, in the file's order; the empty one after the last comma is end."""
    with path.open("rb") as file:
        head = file.readline(4_096)
    if any(chinese.encode() in head for chinese, *_ in HEADINGS.values()):
        raise LayoutError(
            path,
            "GB18030, in which the site's files are written",
            "UTF-8",
            "give the file as it came, before any program saved it",
        )
    row_heads = [heading.strip() for heading in delimited.header(path, "gb18030")]
    if not row_heads or row_heads[-1]:
        raise LayoutError(
            path,
            "a comma at the end of the header",
            repr(row_heads[-1:])[:99],
            "save the file as the site exports it",
        )
    return [*_known_names(path, row_heads), "end"]


def _known_names(path: Path, row_heads: list[str]) -> list[str]:
    """Return our names of the headings, if each code that a name needs is among them."""
    if unlisted := [heading for heading in row_heads[:-1] if heading not in FIELDS]:
        raise LayoutError(path, "headings of the customs query", f"{unlisted[:5]}")
    names = [FIELDS[heading] for heading in row_heads[:-1]]
    if len(set(names)) < len(names) or not {"USD", "CNY", "quantity"} & set(names):
        raise LayoutError(path, "each heading once, and a value or a quantity", f"{row_heads}")
    needs = [
        (f"{part_name} name", part_name)
        for part_name in ("product", "partner", "regime", "province")
    ]
    needs += [("quantity", "unit"), ("second quantity", "second unit"), ("second unit", "unit")]
    for name, code in needs:
        if name in names and code not in names:
            raise LayoutError(
                path, f"the heading {HEADINGS[code][0]}", f"{HEADINGS[name][0]} alone"
            )
    return names


def _flows(block: delimited.Block, source: Source, flow: str, base: dict[str, Any]) -> Part:
    names, n = block.cells.schema.names, len(block)
    for name in DIGITS.keys() & set(names):
        what = "a month such as 202305" if name == "month" else "a code"
        block.demand(HEADINGS[name][0], block.text(name), DIGITS[name], what)
    values = {c: block.number(c, delimited.WITH_COMMAS) for c in ("CNY", "USD") if c in names}
    reported = next(iter(values.values()), pa.nulls(n, pa.float64()))
    valuation, role = ENDS[flow]
    row = (
        delimited.A_FLOW
        | base
        | {
            "reporter_iso": "CHN",
            "reporter_code": REIMPORTS,
            "area_system": "gacc",
            "source_row": block.rows(),
            "partner_role": role,
            "vintage": source.vintage,
            "valuation": valuation if values else None,
            "value_reported": reported,
            "currency": next(iter(values), None),
            "primary_value_usd": values.get("USD"),
        }
    )
    if "partner" in names:
        partner = block.text("partner")
        row |= {"partner_code": partner, "partner_iso": codes.areas(partner, "gacc", block.path)}
        if flow == "M":
            row["flow_code"] = pc.if_else(pc.equal(partner, REIMPORTS), "RM", "M")
    if "product" in names:
        row["cmd_code"] = block.text("product")
    if "month" in names:
        row["ref_period"] = delimited.months(block.text("month"))
    parts = [
        pc.binary_join_element_wise(f"{name}=", block.text(name), "")
        for name in ("province", "regime")
        if name in names
    ]
    if parts:
        row["breakdown"] = pc.binary_join_element_wise(*parts, ",")
    return _quantities(block, source, row, reported)


def _quantities(
    block: delimited.Block, source: Source, row: dict[str, Any], value: pa.Array
) -> Part:
    """Put up to two quantities into `row`, and a second row where neither is a weight."""
    (amount, unit), (amount_two, unit_two) = (
        _quantity(block, name, of, value)
        for name, of in (("quantity", "unit"), ("second quantity", "second unit"))
    )
    heavy, heavy_two = pc.equal(unit, "kg"), pc.equal(unit_two, "kg")
    none, none_two = pc.equal(unit, "none"), pc.equal(unit_two, "none")
    plain = pc.invert(pc.or_(heavy, none))
    plain_two = pc.invert(pc.or_(heavy_two, none_two))
    free = pc.and_(plain_two, pc.invert(plain))
    first = delimited.rows(
        source,
        TRADE,
        row
        | {
            "net_wgt_kg": pc.if_else(heavy, amount, pc.if_else(heavy_two, amount_two, None)),
            "qty": pc.if_else(plain, amount, pc.if_else(free, amount_two, None)),
            "qty_unit": pc.if_else(plain, unit, pc.if_else(free, unit_two, "none")),
        },
    )
    apart = pc.and_(pc.and_(plain, plain_two), pc.not_equal(unit, unit_two))
    same = pc.and_(pc.equal(unit, unit_two), pc.invert(none_two))
    lost = [(none, amount), (pc.or_(none_two, same), amount_two)]
    count = 0
    for where, quantity in lost:
        count += pc.sum(pc.and_(where, pc.not_equal(quantity, 0))).as_py() or 0
    if pc.any(apart).as_py():
        extra = delimited.rows(
            source,
            TRADE,
            row
            | {
                "source_field": "second quantity",
                "value_reported": None,
                "primary_value_usd": None,
                "qty": amount_two,
                "qty_unit": pc.if_else(apart, unit_two, "none"),
            },
        )
        first = pa.concat_batches([first, extra.filter(apart)])
    return Part(first, len(block), {LOST: count} if count else {})


def _quantity(
    block: delimited.Block, name: str, of: str, value: pa.Array
) -> tuple[pa.Array, pa.Array]:
    """A quantity in our unit, null where 0 stands for "not published", and the unit."""
    if name not in block.cells.schema.names:
        return pa.nulls(len(block), pa.float64()), pa.repeat("none", len(block))
    scale = delimited.units("gacc") | {NO_UNIT: ("none", 1.0)}
    unit, factor = (
        block.words(of, {word: meaning[i] for word, meaning in scale.items()}, kind, "gb18030")
        for i, kind in enumerate((pa.string(), pa.float64()))
    )
    amount = pc.multiply(block.number(name, delimited.WITH_COMMAS), factor)
    unstated = pc.and_(pc.equal(amount, 0), pc.fill_null(pc.not_equal(value, 0), False))
    return pc.if_else(pc.fill_null(unstated, False), None, amount), unit
