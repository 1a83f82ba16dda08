"""Figures copied from public statistics and publications: one tidy CSV in, rows of a table out.

Every function here is a cleaner: it takes the file and its catalogue entry, and yields
:class:`~tradeflows.publishers.Part`. A cleaner may rename, type, scale to whole units (thousand
dollars to dollars, tonnes to kilograms) and turn "not published" into null. It does not convert
currencies, add up, fill or drop. Each file has a fixed header; another header, a number that is
text, a month that does not exist or an unknown code is a :class:`LayoutError` or
:class:`CodeError` that names the record.
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tradeflows import codes
from tradeflows.catalogue import Source
from tradeflows.errors import CodeError, LayoutError, SchemaError
from tradeflows.publishers import Part
from tradeflows.schema import FIGURES, RATES, SETTLEMENT, TRADE, conform

NUMBER, COUNT = r"^-?\d+(\.\d+)?$", r"^\d{1,4}$"
MONTH, YEAR = r"^[12]\d{3}-(0[1-9]|1[0-2])$", r"^[12]\d{3}$"
QUALIFIER = {
    "exact": "=", "rounded": "=", "about": "~", "greater_than": ">", "less_than": "<",
    "at_most": "≤", "at_least": "≥", "qualitative": "=",
}  # fmt: skip


# --- one raw CSV as text, and its columns as types -----------------------------------------------


def read_text(path: Path, columns: list[str]) -> pa.Table:
    """All records of a CSV as text, if its header is exactly `columns`.

    Raises
    ------
    LayoutError
        Not UTF-8, not a CSV (an HTML page, say), another header, no record, or a record with
        more or fewer fields than the header.
    """
    with path.open("rb") as file:
        head = file.read(200).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] == b"<":
        raise LayoutError(path, "a CSV file", "a page of HTML or XML", "fetch the data, not a page")
    another = LayoutError(path, "UTF-8 text", "another encoding", "save it as UTF-8")
    if b"\0" in head:
        raise another
    try:
        table = csv.read_csv(
            path,
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        reason = str(error).splitlines()[0]
        if "UTF8" in reason or isinstance(error, UnicodeDecodeError):
            raise another from error
        raise LayoutError(path, f"a CSV of {len(columns)} columns", reason) from error
    found = table.column_names
    if found != columns:
        lacking = [name for name in columns if name not in found]
        stray = [name for name in found if name not in columns]
        raise LayoutError(
            path,
            f"the columns {','.join(columns)}",
            f"none of {lacking} and besides {stray}" if lacking or stray else ",".join(found),
            "restore the header, or write a cleaner for the new layout",
        )
    if not len(table):
        raise LayoutError(path, "at least one record", "a header alone")
    return table.combine_chunks()


def number(path: Path, table: pa.Table, name: str, power: Any = 0) -> pa.Array:
    """Column `name` as float64, times ten to `power` (one or an array); an empty field is null."""
    text = _filled(table, name)
    _demand(path, name, text, NUMBER, "a number")
    # The power of ten joins the decimal, so that only the result is rounded to a binary float.
    decimal = pc.binary_join_element_wise(text, pc.cast(power, pa.string()), "e")
    return pc.cast(decimal, pa.float64())


def count(path: Path, table: pa.Table, name: str) -> pa.Array:
    """Column `name` (of months, of days) as int64; an empty field is null."""
    text = _filled(table, name)
    _demand(path, name, text, COUNT, "a whole number")
    return pc.cast(text, pa.int64())


def month(path: Path, table: pa.Table, name: str) -> pa.Array:
    """Column `name` (2023-05) as the first day of the month."""
    text = table[name].combine_chunks()
    _demand(path, name, text, MONTH, "a month such as 2023-05")
    return _day(pc.binary_join_element_wise(text, "01", "-"))


def year(path: Path, table: pa.Table, name: str) -> pa.Array:
    """Column `name` (2023) as the first day of the year."""
    text = table[name].combine_chunks()
    _demand(path, name, text, YEAR, "a year such as 2023")
    return _day(pc.binary_join_element_wise(text, "01-01", "-"))


def words(path: Path, table: pa.Table, name: str, meaning: Mapping[str, Any]) -> pa.Array:
    """Column `name` with each word replaced by its meaning; another word is refused."""
    encoded = pc.dictionary_encode(table[name].combine_chunks())
    known = encoded.dictionary.to_pylist()
    if strange := [word for word in known if word not in meaning]:
        raise LayoutError(
            path, f"in {name} one of {', '.join(meaning)}", ", ".join(map(repr, strange[:5]))
        )
    return pa.array([meaning[word] for word in known]).take(encoded.indices)


def _filled(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks()
    return pc.if_else(pc.equal(column, ""), None, column)


def _demand(path: Path, name: str, text: pa.Array, pattern: str, what: str) -> None:
    bad = pc.invert(pc.fill_null(pc.match_substring_regex(text, pattern), True))
    if pc.any(bad).as_py():
        row = pc.index(bad, True).as_py()
        raise LayoutError(f"{path}: record {row + 1}", f"{what} in {name}", repr(text[row].as_py()))


def _day(text: pa.Array) -> pa.Array:
    return pc.cast(pc.cast(text, pa.timestamp("s")), pa.date32())


# --- rows of a table -----------------------------------------------------------------------------

PLAIN: dict[str, Any] = {"source_field": "", "flags": "", "note": None, "qualifier": "="}
A_FLOW: dict[str, Any] = PLAIN | {
    "area_system": "iso3", "partner_role": "origin", "classification_code": "HS",
    "freq_code": "M", "n_months": 1, "cumulation": "period", "breakdown": "total",
    "qty_unit": "none", "value_reported": None, "currency": None, "valuation": None,
    "primary_value_usd": None, "net_wgt_kg": None, "qty": None,
}  # fmt: skip
A_STATEMENT: dict[str, Any] = PLAIN | {"low": None, "high": None, "statement": "", "unit": "%"}


def _part(
    source: Source,
    table: pa.Table,
    schema: pa.Schema,
    columns: Mapping[str, Any],
    rows: pa.Array | None = None,
    left_out: Mapping[str, int] | None = None,
) -> Part:
    """Rows of `schema` from the raw records `rows` (all of them unless named)."""
    n = len(table)
    ordinal = pa.array(range(1, n + 1)) if rows is None else rows
    try:
        batch = conform({"source_id": source.id, "source_row": ordinal, **columns}, schema)
    except SchemaError as error:
        raise SchemaError(f"{source.path}: {error}") from error
    return Part(batch, n, left_out or {})


def _flows(source: Source, table: pa.Table, **columns: Any) -> Part:
    """Trade rows, one a record; a zero weight beside a value means "not published"."""
    full = A_FLOW | {"vintage": source.vintage} | columns
    _known(source, full["cmd_code"])
    for side in ("reporter", "partner"):
        full.setdefault(f"{side}_code", full[f"{side}_iso"])
    if full["currency"] == "USD":
        full["primary_value_usd"] = full["value_reported"]
    weight, value = full["net_wgt_kg"], full["value_reported"]
    if weight is not None and value is not None:
        unknown = pc.and_(pc.equal(weight, 0), pc.not_equal(value, 0))
        full["net_wgt_kg"] = pc.if_else(pc.fill_null(unknown, False), None, weight)
    return _part(source, table, TRADE, full)


def _known(source: Source, products: pa.Array | str) -> None:
    """Refuse a product code that is neither HS nor in ``products.csv``."""
    distinct = [products] if isinstance(products, str) else pc.unique(products).to_pylist()
    try:
        for code in distinct:
            codes.level(code)
    except CodeError as error:
        raise CodeError(f"{source.path}: {error}") from error


def _chosen(part: Part, keep: pa.Array, reason: str) -> Part:
    """`part` without the rows where `keep` is false, which are counted under `reason`."""
    rows = part.rows.filter(keep)
    dropped = len(part.rows) - len(rows)
    return Part(rows, part.records, dict(part.left_out) | ({reason: dropped} if dropped else {}))


def _flag(*marks: tuple[str, pa.Array]) -> pa.Array:
    """Flags of each row, sorted and blank-separated, from one boolean array a word."""
    flags = pc.if_else(pc.fill_null(marks[0][1], False), "", "")
    for word, where in sorted(marks, key=lambda mark: mark[0]):
        flags = pc.binary_join_element_wise(
            flags, pc.if_else(pc.fill_null(where, False), f" {word}", ""), ""
        )
    return pc.utf8_trim_whitespace(flags)


def _has(text: pa.Array, pattern: str) -> pa.Array:
    return pc.match_substring_regex(text, pattern, ignore_case=True)


# --- trade: China's customs ----------------------------------------------------------------------


def gacc_energy_from_russia(path: Path, source: Source) -> Iterator[Part]:
    """China's energy imports from Russia, a month and product: USD CIF and kilograms.

    Steam and coking coal are parts of 2701; LNG, LPG and pipeline gas are parts of 2711. The
    quantity of pipeline gas is null from January 2022, LPG has no value.
    """
    table = read_text(path, ["period", "product", "hs_scope", "net_wgt_kg", "value_usd"])
    scope = {
        "2701": "2701", "270112 coking": "2701:coking", "270112/270119 thermal": "2701:thermal",
        "27090000": "27090000", "27111100": "27111100", "27112100": "27112100",
        "2711 LPG": "2711:LPG",
    }  # fmt: skip
    yield _flows(
        source,
        table,
        reporter_iso="CHN",
        partner_iso="RUS",
        flow_code="M",
        cmd_code=words(path, table, "hs_scope", scope),
        ref_period=month(path, table, "period"),
        value_reported=number(path, table, "value_usd"),
        currency="USD",
        valuation="CIF",
        net_wgt_kg=number(path, table, "net_wgt_kg"),
    )


def gacc_energy_from_world(path: Path, source: Source) -> Iterator[Part]:
    """China's energy imports from everywhere: the month and the year to date, two rows a record.

    Natural gas is in cubic metres, the rest in tonnes. January and February may be one figure.
    """
    table = read_text(path, ["period", "product", "unit", "ytd", "month", "months_covered"])
    product = {
        "crude_oil": "2709", "oil_products": "oil_products", "coal_and_lignite": "2701+2702",
        "natural_gas_pipeline_plus_lng": "271111+271121",
    }  # fmt: skip
    end = month(path, table, "period")
    covered = count(path, table, "months_covered")
    cubic = words(path, table, "unit", {"tonnes": False, "m3": True})
    start_of_year = _day(pc.strftime(end, format="%Y-01-01"))
    # A figure for two months is the year's first two: it begins in January.
    start = pc.if_else(pc.equal(covered, 1), end, start_of_year)
    for field, cumulation, first, length in (
        ("month", "period", start, covered),
        ("ytd", "ytd", start_of_year, pc.cast(pc.month(end), pa.int64())),
    ):
        amount = number(path, table, field)
        part = _flows(
            source,
            table,
            source_field=field,
            reporter_iso="CHN",
            partner_iso="W00",
            flow_code="M",
            classification_code=pc.if_else(
                pc.equal(table["product"], "oil_products"), "GACC", "HS"
            ),
            cmd_code=words(path, table, "product", product),
            ref_period=first,
            n_months=length,
            cumulation=cumulation,
            net_wgt_kg=pc.if_else(cubic, None, number(path, table, field, 3)),
            qty=pc.if_else(cubic, amount, None),
            qty_unit=pc.if_else(cubic, "m3", "none"),
            flags=_flag(("block", pc.greater(covered, 1))) if field == "month" else "",
        )
        part = _chosen(part, pc.is_valid(amount), f"no figure in {field}")
        yield part if field == "month" else part._replace(records=0)


def gacc_china_russia_trade(path: Path, source: Source) -> Iterator[Part]:
    """China–Russia goods trade as the press carried it: single months and blocks, USD."""
    table = read_text(path, ["month", "series", "value_bn_usd", "method", "n_months", "source_url",
                             "publication_date", "flag"])  # fmt: skip
    flow = {"china_exports_to_russia": "X", "china_imports_from_russia": "M", "total": "MX"}
    single, block, ytd, rest = (
        "reported_single_month", "multi_month_block", "difference_of_YTD",
        "YTD_difference_minus_reported_months",
    )  # fmt: skip
    derived = words(path, table, "method", {single: False, block: False, ytd: True, rest: True})
    first = table.append_column("first", pc.utf8_slice_codeunits(table["month"], 0, 7))
    length = count(path, table, "n_months")
    flow_code = words(path, table, "series", flow)
    note = table["flag"].combine_chunks()
    yield _flows(
        source,
        table,
        reporter_iso="CHN",
        partner_iso="RUS",
        flow_code=flow_code,
        partner_role=words(path, table, "series", dict.fromkeys(flow, "origin")
                           | {"china_exports_to_russia": "destination"}),
        cmd_code="TOTAL",
        ref_period=month(path, first, "first"),
        n_months=length,
        vintage=table["publication_date"],
        value_reported=number(path, table, "value_bn_usd", 9),
        currency="USD",
        valuation=words(path, table, "series", {
            "china_exports_to_russia": "FOB", "china_imports_from_russia": "CIF", "total": None}),
        flags=_flag(
            ("block", pc.greater(length, 1)),
            ("conflict", _has(note, r"^YTD difference|; YTD difference")),
            ("derived", pc.or_(derived, _has(note, "DERIVED|computed from parts|total-exports"))),
            ("rounded", _has(note, "rounded")),
            ("second-hand", pc.is_valid(table["month"].combine_chunks())),
        ),
        note=_filled(table, "flag"),
    )  # fmt: skip


# --- trade: UN Comtrade, BACI and national offices -----------------------------------------------


def comtrade_energy_from_russia(path: Path, source: Source) -> Iterator[Part]:
    """Imports of energy from Russia by reporter and month: USD CIF and kilograms.

    What the file calls EU27 in January 2020 still holds the United Kingdom, so that month's
    reporter is EU (changing composition).
    """
    columns = ["period", "reporter", "product", "hs_scope", "net_wgt_kg", "value_usd"]
    table = read_text(path, columns)
    scope = ["2709", "2710", "271111", "2701+2704+2706"]
    period = month(path, table, "period")
    yield _flows(
        source,
        table,
        reporter_iso=_eu_of_its_month(path, table, period),
        reporter_code=table["reporter"],
        partner_iso="RUS",
        flow_code="M",
        cmd_code=words(path, table, "hs_scope", dict(zip(scope, scope, strict=True))),
        ref_period=period,
        value_reported=number(path, table, "value_usd"),
        currency="USD",
        valuation="CIF",
        net_wgt_kg=number(path, table, "net_wgt_kg"),
    )


def eu_pipeline_gas_bounds(path: Path, source: Source) -> Iterator[Part]:
    """An upper bound for the EU's pipeline gas from Russia, kilograms a month."""
    table = read_text(path, ["period", "reporter", "gas_2711_plus_271121_kg", "lng_271111_kg",
                             "pipeline_271121_upper_bound_kg", "comext_271121_kg"])  # fmt: skip
    period = month(path, table, "period")
    no_lng = pc.equal(table["lng_271111_kg"].combine_chunks(), "")
    yield _flows(
        source,
        table,
        source_field="pipeline_271121_upper_bound_kg",
        reporter_iso=_eu_of_its_month(path, table, period),
        reporter_code=table["reporter"],
        partner_iso="RUS",
        flow_code="M",
        cmd_code="271121",
        ref_period=period,
        net_wgt_kg=number(path, table, "pipeline_271121_upper_bound_kg"),
        qualifier="≤",
        flags="bound derived",
        note=pc.if_else(no_lng, "LNG not published, so half of it is inside too", None),
    )


def _eu_of_its_month(path: Path, table: pa.Table, period: pa.Array) -> pa.Array:
    area = codes.areas(table["reporter"], "iso3", path)
    mixed = pc.and_(pc.equal(area, "EU27_2020"), pc.less(period, pa.scalar("2020-02-01").cast(
        pa.date32())))  # fmt: skip
    return pc.if_else(mixed, "EU", area)


def comtrade_china_russia_totals(path: Path, source: Source) -> Iterator[Part]:
    """All goods between China and Russia as China reports them, USD a month."""
    table = read_text(path, ["period", "flow", "value_usd", "path"])
    rounded = words(path, table, "path", {"raw reply": False,
                                          "processed panel, rounded upstream": True})  # fmt: skip
    yield _flows(
        source,
        table,
        reporter_iso="CHN",
        partner_iso="RUS",
        cmd_code="TOTAL",
        ref_period=month(path, table, "period"),
        value_reported=number(path, table, "value_usd"),
        currency="USD",
        flags=_flag(("rounded", rounded)),
        note=table["path"],
        **_direction(path, table),
    )


def _direction(path: Path, table: pa.Table) -> dict[str, pa.Array]:
    """Flow, valuation and partner role by the word import or export."""
    return {
        "flow_code": words(path, table, "flow", {"import": "M", "export": "X"}),
        "valuation": words(path, table, "flow", {"import": "CIF", "export": "FOB"}),
        "partner_role": words(path, table, "flow", {"import": "origin", "export": "destination"}),
    }


def baci_china_russia(path: Path, source: Source) -> Iterator[Part]:
    """Reconciled trade between China and Russia by HS 2017 subheading, USD FOB and kg a year.

    The value lies between what the two sides report, so it is stated as the exporter's and
    flagged reconciled.
    """
    table = read_text(path, ["year", "exporter", "importer", "hs6", "value_usd_thousand",
                             "quantity_tonnes"])  # fmt: skip
    _demand(path, "hs6", table["hs6"].combine_chunks(), r"^\d{6}$", "six digits")
    yield _flows(
        source,
        table,
        reporter_iso=codes.areas(table["exporter"], "iso3", path),
        partner_iso=codes.areas(table["importer"], "iso3", path),
        partner_role="destination",
        flow_code="X",
        classification_code="H5",
        cmd_code=table["hs6"],
        freq_code="A",
        ref_period=year(path, table, "year"),
        n_months=12,
        value_reported=number(path, table, "value_usd_thousand", 3),
        currency="USD",
        valuation="FOB",
        net_wgt_kg=number(path, table, "quantity_tonnes", 3),
        flags="reconciled",
    )


def comtrade_drone_exports(path: Path, source: Source) -> Iterator[Part]:
    """China's exports of unmanned aircraft by partner, USD FOB a year, HS 2022."""
    table = read_text(path, ["year", "partner_code", "hs6", "value_usd"])
    _demand(path, "hs6", table["hs6"].combine_chunks(), r"^\d{6}$", "six digits")
    yield _flows(
        source,
        table,
        reporter_iso="CHN",
        reporter_code="156",
        partner_iso=codes.areas(table["partner_code"], "comtrade", path),
        partner_code=table["partner_code"],
        area_system="comtrade",
        partner_role="destination",
        flow_code="X",
        classification_code="H6",
        cmd_code=table["hs6"],
        freq_code="A",
        ref_period=year(path, table, "year"),
        n_months=12,
        value_reported=number(path, table, "value_usd"),
        currency="USD",
        valuation="FOB",
    )


def rus_customs_by_partner(path: Path, source: Source) -> Iterator[Part]:
    """Russia's own statement of its trade with 29 partners, USD a month, to December 2021."""
    table = read_text(path, ["period", "partner", "flow", "value_usd_million"])
    yield _flows(
        source,
        table,
        reporter_iso="RUS",
        partner_iso=codes.areas(table["partner"], "iso3", path),
        cmd_code="TOTAL",
        ref_period=month(path, table, "period"),
        value_reported=number(path, table, "value_usd_million", 6),
        currency="USD",
        **_direction(path, table),
    )


def transit_trade(path: Path, source: Source) -> Iterator[Part]:
    """Trade of Kazakhstan, Kyrgyzstan and Uzbekistan by partner, USD a year; valuation unstated."""
    columns = ["year", "reporter", "partner", "flow", "value_usd_thousand", "publication"]
    table = read_text(path, columns)
    yield _flows(
        source,
        table,
        reporter_iso=codes.areas(table["reporter"], "iso3", path),
        partner_iso=codes.areas(table["partner"], "iso3", path),
        cmd_code="TOTAL",
        freq_code="A",
        ref_period=year(path, table, "year"),
        n_months=12,
        vintage=table["publication"],
        value_reported=number(path, table, "value_usd_thousand", 3),
        currency="USD",
        **_direction(path, table) | {"valuation": None},
    )


def dgcis_by_fiscal_year(path: Path, source: Source) -> Iterator[Part]:
    """India's imports by partner and fiscal year (April to March), USD.

    The partner's share is left out (a ratio of two rows that are kept), and so is the second
    printing of India's imports of all goods.
    """
    table = read_text(path, ["fiscal_year", "hs", "partner", "value_usd_million", "partial"])
    fiscal_year = table["fiscal_year"].combine_chunks()
    _demand(path, "fiscal_year", fiscal_year, r"^\d{4}-\d\d$", "a fiscal year such as 2022-23")
    partner = table["partner"].combine_chunks()
    all_goods = _has(partner, "^India's Total Imports?$")
    ratio = pc.equal(partner, "%Share")
    # All goods stand under each heading, and both printings must agree to be one statement.
    again = pc.and_(all_goods, pc.equal(table["hs"].combine_chunks(), "2701"))
    _same_under_each_heading(path, table, all_goods)
    partial = words(path, table, "partial", {"True": True, "False": False})
    partner = pc.if_else(ratio, "UNSPECIFIED", partner)
    april = pc.binary_join_element_wise(pc.utf8_slice_codeunits(fiscal_year, 0, 4), "04-01", "-")
    part = _flows(
        source,
        table,
        reporter_iso="IND",
        partner_iso=codes.areas(partner, "dgcis", path),
        partner_code=partner,
        area_system="dgcis",
        flow_code="M",
        cmd_code=pc.if_else(all_goods, "TOTAL", table["hs"].combine_chunks()),
        freq_code="A",
        ref_period=_day(april),
        # The last year was printed for April to August alone.
        n_months=pc.if_else(partial, 5, 12),
        value_reported=number(path, table, "value_usd_million", 6),
        currency="USD",
        valuation="CIF",
        flags=_flag(("partial", partial)),
    )
    part = _chosen(part, pc.invert(pc.or_(ratio, again)), "ratio")
    counts = {
        "a ratio of two kept rows": pc.sum(ratio).as_py(),
        "all goods, printed again": pc.sum(again).as_py(),
    }
    yield part._replace(left_out=counts)


def _same_under_each_heading(path: Path, table: pa.Table, chosen: pa.Array) -> None:
    printed = table.filter(chosen).group_by("fiscal_year").aggregate(
        [("value_usd_million", "count_distinct")]
    )  # fmt: skip
    if pc.max(printed["value_usd_million_count_distinct"]).as_py() not in (None, 1):
        raise LayoutError(path, "one figure a year for all goods", "two that differ")


def mgimo_oil_gas(path: Path, source: Source) -> Iterator[Part]:
    """Russia's exports of oil (with products) and gas by partner, rebuilt from partners, kg."""
    table = read_text(path, ["period", "partner", "product", "thousand_tonnes"])
    product = ["OIL_AND_PRODUCTS", "NATURAL_GAS"]
    yield _flows(
        source,
        table,
        reporter_iso="RUS",
        partner_iso=codes.areas(table["partner"], "mgimo", path),
        partner_code=table["partner"],
        area_system="mgimo",
        partner_role="destination",
        flow_code="X",
        classification_code="MGIMO",
        cmd_code=words(path, table, "product", dict(zip(product, product, strict=True))),
        ref_period=month(path, table, "period"),
        net_wgt_kg=number(path, table, "thousand_tonnes", 6),
        flags="rebuilt",
    )


# --- trade: Eurostat and Bruegel -----------------------------------------------------------------


def comext_energy(path: Path, source: Source) -> Iterator[Part]:
    """Energy imports of EU members by partner, EUR CIF and kilograms a month; 2021 provisional."""
    table = read_text(path, ["REPORTER", "PARTNER", "PRODUCT", "FLOW", "PERIOD", "VALUE_EUR",
                             "QUANTITY_KG"])  # fmt: skip
    _demand(path, "PERIOD", table["PERIOD"].combine_chunks(), r"^\d{4}(0[1-9]|1[0-2])$",
            "a month such as 202305")  # fmt: skip
    _demand(path, "PRODUCT", table["PRODUCT"].combine_chunks(), r"^\d{4}(\d\d)?$", "an HS code")
    period = _day(pc.replace_substring_regex(table["PERIOD"].combine_chunks(),
                                             r"^(\d{4})(\d\d)$", r"\1-\2-01"))  # fmt: skip
    within = pc.equal(table["PARTNER"].combine_chunks(), "EU27_2020_INTRA")
    yield _flows(
        source,
        table,
        reporter_iso=codes.areas(table["REPORTER"], "eurostat", path),
        reporter_code=table["REPORTER"],
        partner_iso=codes.areas(table["PARTNER"], "eurostat", path),
        partner_code=table["PARTNER"],
        area_system="eurostat",
        # Among members the partner is where the goods were consigned from, not their origin.
        partner_role=pc.if_else(within, "consignment", "origin"),
        flow_code=words(path, table, "FLOW", {"1": "M", "2": "X"}),
        cmd_code=table["PRODUCT"],
        ref_period=period,
        value_reported=number(path, table, "VALUE_EUR"),
        currency="EUR",
        valuation="CIF",
        net_wgt_kg=number(path, table, "QUANTITY_KG"),
        flags=_flag(("provisional", pc.equal(pc.year(period), 2021))),
    )


def nrg_ti_by_partner(path: Path, source: Source) -> Iterator[Part]:
    """Energy imports by partner: kilograms of oil; cubic metres and terajoules of gas, a month.

    The partner of gas is the last border that it crossed, but of LNG the origin. All gas contains
    LNG. Beside EU members the panel holds others (Türkiye, Norway, …).
    """
    table = read_text(path, ["period", "reporter", "partner", "commodity", "unit", "value"])
    code = {"crude_oil": "O4100_TOT", "oil_products": "O4600", "gas_all": "G3000",
            "lng": "G3200"}  # fmt: skip
    tonnes = words(path, table, "unit", {"tonne": True, "m3": False, "TJ": False})
    amount = number(path, table, "value")
    yield _flows(
        source,
        table,
        reporter_iso=codes.areas(table["reporter"], "eurostat label", path),
        reporter_code=table["reporter"],
        partner_iso=codes.areas(table["partner"], "eurostat label", path),
        partner_code=table["partner"],
        area_system="eurostat label",
        partner_role=words(path, table, "commodity", dict.fromkeys(code, "origin")
                           | {"gas_all": "last border"}),
        flow_code="M",
        classification_code="SIEC",
        cmd_code=words(path, table, "commodity", code),
        ref_period=month(path, table, "period"),
        net_wgt_kg=pc.if_else(tonnes, number(path, table, "value", 3), None),
        qty=pc.if_else(tonnes, None, amount),
        qty_unit=words(path, table, "unit", {"tonne": "none", "m3": "m3", "TJ": "TJ"}),
    )  # fmt: skip


def nrg_ti_gas_from_russia(path: Path, source: Source) -> Iterator[Part]:
    """Gas that EU members imported from Russia, m3 a month; an empty month is not published."""
    table = read_text(path, ["period", "geo", "siec", "unit", "value", "flag"])
    words(path, table, "unit", {"MIO_M3": 1})
    yield _flows(
        source,
        table,
        reporter_iso=codes.areas(table["geo"], "eurostat", path),
        reporter_code=table["geo"],
        partner_iso="RUS",
        partner_code="RU",
        area_system="eurostat",
        partner_role=words(path, table, "siec", {"G3000": "last border", "G3200": "origin"}),
        flow_code="M",
        classification_code="SIEC",
        cmd_code=table["siec"],
        ref_period=month(path, table, "period"),
        qty=number(path, table, "value", 6),
        qty_unit="m3",
        flags=words(path, table, "flag", {"": "", "p": "provisional"}),
    )


def nrg_ti_coifpm_total(path: Path, source: Source) -> Iterator[Part]:
    """The EU's crude imports from all origins, barrels and USD a month."""
    table = read_text(path, ["period", "volume_kbbl", "value_kusd"])
    yield _flows(
        source,
        table,
        reporter_iso="EU",
        partner_iso="W00",
        flow_code="M",
        classification_code="SIEC",
        cmd_code="O4100_TOT",
        ref_period=month(path, table, "period"),
        value_reported=number(path, table, "value_kusd", 3),
        currency="USD",
        qty=number(path, table, "volume_kbbl", 3),
        qty_unit="bbl",
    )


def bruegel_gas_by_route(path: Path, source: Source) -> Iterator[Part]:
    """The EU's gas imports by route, m3 a quarter, in each release that was kept."""
    columns = ["period", "supplier_route", "volume_mm3", "vintage", "incomplete_quarter"]
    table = read_text(path, columns)
    period = table["period"].combine_chunks()
    _demand(path, "period", period, r"^\d{4}-Q[1-4]$", "a quarter such as 2023-Q2")
    starts = {"Q1": "01", "Q2": "04", "Q3": "07", "Q4": "10"}
    quarter = pa.table({"quarter": pc.utf8_slice_codeunits(period, 5, 7)})
    first = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(period, 0, 4), words(path, quarter, "quarter", starts), "01", "-"
    )
    route = table["supplier_route"].combine_chunks()
    yield _flows(
        source,
        table,
        reporter_iso="EU27_2020",
        reporter_code="EU",
        partner_iso=codes.areas(route, "bruegel", path),
        partner_code=route,
        area_system="bruegel",
        partner_role="route",
        flow_code="M",
        classification_code="SIEC",
        cmd_code=pc.if_else(_has(route, "LNG"), "G3200", "G3000:pipeline"),
        freq_code="Q",
        ref_period=_day(first),
        n_months=3,
        vintage=table["vintage"],
        qty=number(path, table, "volume_mm3", 6),
        qty_unit="m3",
        flags=_flag(
            ("partial", words(path, table, "incomplete_quarter", {"True": True, "False": False}))
        ),
    )


# --- rates ---------------------------------------------------------------------------------------


def fx_monthly(path: Path, source: Source) -> Iterator[Part]:
    """Exchange rates, a month: units of the quoted currency for one of the base."""
    columns = ["month", "series", "value", "n_days", "statistic", "source", "flag"]
    table = read_text(path, columns)
    series = ["cny_per_eur", "cny_per_usd", "eur_per_usd", "rub_per_usd", "usd_per_eur"]
    flag = table["flag"].combine_chunks()
    publisher = {
        "ECB euro reference rates, eurofxref-hist.csv (cross rate via EUR where not EUR-based)":
            "European Central Bank",
        "US Federal Reserve H.10 via FRED": "US Federal Reserve",
        "Bank of Russia official rate, R01235": "Bank of Russia",
    }  # fmt: skip
    yield _part(source, table, RATES, PLAIN_RATE | {
        "base": words(path, table, "series", {name: name[-3:].upper() for name in series}),
        "quote": words(path, table, "series", {name: name[:3].upper() for name in series}),
        "publisher": words(path, table, "source", publisher),
        "statistic": table["statistic"],
        "ref_period": month(path, table, "month"),
        "rate": number(path, table, "value"),
        "n_days": count(path, table, "n_days"),
        "flags": _flag(("partial", _has(flag, "partial month|one day only"))),
        "note": _filled(table, "flag"),
    })  # fmt: skip


def eia_brent(path: Path, source: Source) -> Iterator[Part]:
    """Brent, US dollars a barrel, the mean of a month."""
    table = read_text(path, ["period", "usd_per_barrel"])
    yield _part(source, table, RATES, PLAIN_RATE | {
        "base": "BRENT",
        "quote": "USD",
        "publisher": "US Energy Information Administration",
        "statistic": "mean of daily spot prices, a barrel",
        "ref_period": month(path, table, "period"),
        "rate": number(path, table, "usd_per_barrel"),
        "n_days": None,
    })  # fmt: skip


PLAIN_RATE: dict[str, Any] = {"source_field": "", "n_months": 1, "flags": "", "note": None}


# --- settlement ----------------------------------------------------------------------------------


def cbr_settlement_shares(path: Path, source: Source) -> Iterator[Part]:
    """Shares of currency groups in what Russia is paid and pays, %, each release and outlet."""
    table = read_text(path, ["period", "period_type", "flow", "region", "currency_group",
                             "value_pct", "qualifier", "measure", "vintage", "derivation",
                             "source_url", "publication_date", "outlet", "underlying",
                             "flag"])  # fmt: skip
    vintage = ["first_release", "second_release", "revised", "preliminary", "derived"]
    concept = {"export": "export settlement", "import": "import settlement"}
    flag = table["flag"].combine_chunks()
    _demand(path, "period", table["period"].combine_chunks(),
            r"^\d{4}(-(0[1-9]|1[0-2])|-Q[1-4])?$", "a year, quarter or month")  # fmt: skip
    yield _statements(
        path,
        source,
        table,
        period=table["period"],
        concept=words(path, table, "flow", concept),
        measure=pc.replace_substring_regex(table["measure"].combine_chunks(), ":.*$", ""),
        region=table["region"],
        currency_group=table["currency_group"],
        vintage=words(path, table, "vintage", {name: name.replace("_", " ") for name in vintage}),
        value=number(path, table, "value_pct"),
        flags=_flag(
            ("conflict", _has(flag, "^CONFLICT")),
            ("derived", pc.not_equal(table["derivation"].combine_chunks(), "")),
            ("provisional", pc.equal(table["vintage"].combine_chunks(), "preliminary")),
            ("rounded", pc.equal(flag, "rounded")),
        ),
    )


def moex_turnover(path: Path, source: Source) -> Iterator[Part]:
    """Currencies' shares in Russian exchange and over-the-counter turnover, % and roubles."""
    table = read_text(path, ["period", "segment", "indicator", "value", "unit", "qualifier",
                             "derivation", "source_url", "publication_date", "outlet",
                             "underlying", "flag"])  # fmt: skip
    concept = {"exchange (MOEX)": "exchange turnover", "OTC": "over-the-counter turnover"}
    share = "share of turnover"
    indicator = {  # each: the measure, the currency group
        "yuan_share": (share, "CNY"),
        "eur_share": (share, "EUR"),
        "toxic_share": (share, "UNFRIENDLY"),
        "friendly_currencies_share": (share, "FRIENDLY_ALL_EX_RUB"),
        "usd_plus_eur_share": (share, "USD_PLUS_EUR"),
        "usd_rub_share": ("share of turnover, dollar-rouble pair", "USD"),
        "usd_share_spot": ("share of spot turnover", "USD"),
        "yuan_share_after_13_June": ("share of turnover from 13 June 2024", "CNY"),
        "yuan_share_TOM_main_currencies": ("share of next-day deals, main currencies", "CNY"),
        "turnover": ("turnover", "ALL"),
        "yuan_turnover": ("turnover", "CNY"),
        "usd_turnover": ("turnover", "USD"),
        "eur_turnover": ("turnover", "EUR"),
    }
    _demand(path, "period", table["period"].combine_chunks(), r"^\d{4}(-(0[1-9]|1[0-2]))?$",
            "a year or month")  # fmt: skip
    power = words(path, table, "unit", {"%": 0, "trn RUB": 12})
    yield _statements(
        path,
        source,
        table,
        period=table["period"],
        concept=words(path, table, "segment", concept),
        measure=words(path, table, "indicator", {k: v[0] for k, v in indicator.items()}),
        region="Russia",
        currency_group=words(path, table, "indicator", {k: v[1] for k, v in indicator.items()}),
        vintage="first release",
        unit=words(path, table, "unit", {"%": "%", "trn RUB": "RUB"}),
        value=number(path, table, "value", power),
        flags=_flag(("derived", pc.not_equal(table["derivation"].combine_chunks(), ""))),
    )


def swift_rmb_share(path: Path, source: Source) -> Iterator[Part]:
    """The renminbi's share in global payments by value, %; with and without the euro area.

    The rank is left out: an ordinal is no share.
    """
    table = read_text(path, ["month", "rmb_share_pct", "rank", "share_ex_eurozone_pct", "qualifier",
                             "derivation", "source_url", "publication_date", "outlet",
                             "underlying", "flag", "n_sources"])  # fmt: skip
    month(path, table, "month")
    for field, measure in (
        ("rmb_share_pct", "share by value"),
        ("share_ex_eurozone_pct", "share by value, payments within the euro area apart"),
    ):
        value = number(path, table, field)
        part = _statements(
            path,
            source,
            table,
            source_field=field,
            period=table["month"],
            concept="global payments",
            measure=measure,
            region="world",
            currency_group="CNY",
            vintage="first release",
            value=value,
            flags=_flag(
                ("derived", pc.not_equal(table["derivation"].combine_chunks(), "")),
                ("rounded", pc.equal(table["qualifier"].combine_chunks(), "rounded")),
            ),
        )
        part = _chosen(part, pc.is_valid(value), f"no figure in {field}")
        yield part if field == "rmb_share_pct" else part._replace(records=0)


def settlement_statements(path: Path, source: Source) -> Iterator[Part]:
    """What officials and one working paper said of roubles and yuan, %; words have no number."""
    table = read_text(path, ["statement_date", "as_of", "value_pct", "qualifier", "measure",
                             "speaker", "source_url", "outlet", "flag"])  # fmt: skip
    both = ("share of Russia-China trade settled in roubles AND yuan (national currencies), "
            "official claim, not a statistic")  # fmt: skip
    paper = ('EBRD WP "Exorbitant privilege and economic sanctions": share of Russian IMPORTS '
             "INVOICED in currency (customs records, not payments) - ")  # fmt: skip
    officials, invoices = "officials' statements", "EBRD working paper, customs records"
    meaning = {  # each: concept, measure, region, currency group
        both: ("trade settlement", officials, "China", "RUB_PLUS_CNY"),
        "share of Russia-China trade settled in YUAN ONLY":
            ("trade settlement", officials, "China", "CNY"),
        "share of yuan in Russian settlements with countries OTHER than China":
            ("trade settlement", officials, "all but China", "CNY"),
        "share of ALL Russian foreign-trade settlements in roubles + friendly currencies":
            ("trade settlement", officials, "total", "RUB_PLUS_FRIENDLY"),
        f"{paper}yuan, all imports": ("import invoicing", invoices, "total", "CNY"),
        f"{paper}yuan, imports from China": ("import invoicing", invoices, "China", "CNY"),
        f"{paper}USD+EUR, all imports": ("import invoicing", invoices, "total", "USD_PLUS_EUR"),
    }  # fmt: skip
    named = ("concept", "measure", "region", "currency_group")
    split = {
        name: words(path, table, "measure", {text: four[i] for text, four in meaning.items()})
        for i, name in enumerate(named)
    }
    table = (
        table.append_column("underlying", table["speaker"])
        .append_column("publication_date", table["statement_date"])
        .append_column("derivation", pa.array([""] * len(table)))
    )
    yield _statements(
        path,
        source,
        table,
        period=table["as_of"],
        vintage="statement",
        value=number(path, table, "value_pct"),
        **split,
    )


PERIOD = re.compile(r"^(?P<year>\d{4})(?:-(?P<kind>[QH]?)(?P<part>0?[1-9]|1[0-2]))?$")
FIRST_MONTHS = re.compile(r"^first (?P<n>\d+) months (?P<year>\d{4})$")


def _span(text: str) -> tuple[str | None, int | None]:
    """First day and length in months of a printed period; both null where it is vague."""
    if found := FIRST_MONTHS.match(text):
        return f"{found['year']}-01-01", int(found["n"])
    if not (found := PERIOD.match(text)):
        return None, None
    if not found["part"]:
        return f"{found['year']}-01-01", 12
    months = {"Q": 3, "H": 6, "": 1}[found["kind"]]
    first = (int(found["part"]) - 1) * months + 1
    return (f"{found['year']}-{first:02d}-01", months) if first <= 12 else (None, None)


def _statements(
    path: Path, source: Source, table: pa.Table, period: pa.ChunkedArray, **columns: Any
) -> Part:
    spans = [_span(text) for text in period.to_pylist()]
    start = pa.array([first for first, _ in spans], pa.string())
    full = A_STATEMENT | {
        "period_text": period,
        "ref_period": _day(start),
        "n_months": pa.array([months for _, months in spans], pa.int64()),
        "qualifier": words(path, table, "qualifier", QUALIFIER),
        "outlet": table["outlet"],
        "statement": table["source_url"],
        "underlying": table["underlying"],
        "published": table["publication_date"],
        "address": table["source_url"],
        "note": _either(_filled(table, "flag"), _filled(table, "derivation")),
    }  # fmt: skip
    full |= columns
    return _part(source, table, SETTLEMENT, full)


def _either(note: pa.Array, formula: pa.Array) -> pa.Array:
    both = pc.binary_join_element_wise(note, formula, "; computed as ")
    computed = pc.binary_join_element_wise("computed as ", formula, "")
    return pc.coalesce(both, note, computed)


# --- figures -------------------------------------------------------------------------------------


def published_figures(path: Path, source: Source, repeats: Mapping[str, str]) -> Iterator[Part]:
    """Numbers that others printed about drones, dual-use goods and trade as a whole."""
    table = read_text(path, ["id", "topic", "exporter", "importer", "product", "hs_codes",
                             "period_start", "period_end", "freq", "value", "unit", "qualifier",
                             "underlying_statistic", "publisher", "publication_date",
                             "source_url", "confidence", "notes"])  # fmt: skip
    qualifier = {
        "=": "=", "exact": "=", "~": "~", "~+": "~", "+": "≥", ">": ">", ">=": "≥", "<": "<",
        "<~": "≤", "<= for nearly all codes": "≤", "derived ~ (100M/30)": "~",
        "11-12M": "~", "5-7M": "~", "2-3M": "~",
    }  # fmt: skip
    printed = table["qualifier"].to_pylist()
    ranges = [re.match(r"^(\d+)-(\d+)M$", text) for text in printed]
    starts, ends = table["period_start"].to_pylist(), table["period_end"].to_pylist()
    window = [
        text if text == end or not end else f"{text} to {end}"
        for text, end in zip(starts, ends, strict=True)
    ]
    yield _part(source, table, FIGURES, {
        **{name: table[name] for name in ("id", "topic", "product", "unit", "publisher",
                                          "confidence")},
        **{name: _filled(table, name) for name in ("exporter", "importer", "hs_codes", "freq")},
        "source_field": "",
        "window_start": _first_day(starts),
        "window_end": _last_day(ends),
        "window_text": pa.array(window),
        "value": number(path, table, "value"),
        "low": pa.array([float(r[1]) * 1e6 if r else None for r in ranges], pa.float64()),
        "high": pa.array([float(r[2]) * 1e6 if r else None for r in ranges], pa.float64()),
        "qualifier": words(path, table, "qualifier", qualifier),
        "basis": table["underlying_statistic"],
        "published": _filled(table, "publication_date"),
        "address": _filled(table, "source_url"),
        "repeats": _repeats(source, repeats, table["id"]),
        "note": _filled(table, "notes"),
    })  # fmt: skip


def odni_claims(path: Path, source: Source, repeats: Mapping[str, str]) -> Iterator[Part]:
    """The figures of the report behind the article; a claim in words has no number."""
    table = read_text(path, ["claim_id", "section", "claim", "figure", "unit", "period",
                             "secondary_source_url", "publication_date",
                             "reproducible_from"])  # fmt: skip
    unit = {name: name for name in ("USD", "percent", "bbl/day", "vessels", "tonnes/yr", "USD/bbl",
                                    "qualitative")}  # fmt: skip
    unit |= {"USD (>)": "USD", "vessels (>=)": "vessels", "USD (hundreds of millions)": "USD"}
    sign = dict.fromkeys(unit, "=") | {"USD (>)": ">", "vessels (>=)": "≥",
                                       "USD (hundreds of millions)": "≥"}  # fmt: skip
    periods = table["period"].to_pylist()
    pairs = [re.split(r"\.\.|(?<=\d{4})-(?=\d{4}$)", text, maxsplit=1) for text in periods]
    area = pa.array([None] * len(table), pa.string())
    yield _part(source, table, FIGURES, {
        "id": table["claim_id"],
        "source_field": "",
        "topic": table["section"],
        "exporter": area,
        "importer": area,
        "product": table["claim"],
        "hs_codes": None,
        "window_start": _first_day([pair[0] for pair in pairs]),
        "window_end": _last_day([pair[-1] for pair in pairs]),
        "window_text": table["period"],
        "freq": None,
        "value": number(path, table, "figure"),
        "low": None,
        "high": None,
        "unit": words(path, table, "unit", unit),
        "qualifier": words(path, table, "unit", sign),
        "basis": "not stated by the report",
        "publisher": "ODNI",
        "published": table["publication_date"],
        "address": table["secondary_source_url"],
        "repeats": _repeats(source, repeats, table["claim_id"]),
        "confidence": None,
        "note": table["reproducible_from"],
    })  # fmt: skip


def _repeats(source: Source, whose: Mapping[str, str], ids: pa.ChunkedArray) -> pa.Array:
    """Whose number each figure is, where the catalogue says so: it confirms nothing."""
    if strange := sorted(set(whose) - set(ids.to_pylist())):
        raise SchemaError(
            f"{source.path}: repeats names {', '.join(strange)}, which is no id there"
        )
    return pa.array([whose.get(each) for each in ids.to_pylist()], pa.string())


EXACT = re.compile(r"^(\d{4})(?:-(0[1-9]|1[0-2])(?:-(\d\d))?)?$")


def _first_day(texts: list[str]) -> pa.Array:
    """First day of a printed year, month or day; null where the text is vague."""
    days = [f"{text}-01-01"[:10] if EXACT.match(text) else None for text in texts]
    return _day(pa.array(days, pa.string()))


def _last_day(texts: list[str]) -> pa.Array:
    """Last day of a printed year, month or day; null where the text is vague."""
    days: list[str | None] = []
    for found in map(EXACT.match, texts):
        if found:
            year, month, day = found[1], found[2] or "12", found[3]
            days.append(f"{year}-{month}-{day or monthrange(int(year), int(month))[1]}")
        else:
            days.append(None)
    return _day(pa.array(days, pa.string()))
