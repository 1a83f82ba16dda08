"""Trade: one publisher's statement of one flow, copied into a tidy CSV."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError
from tradeflows.model.source import Source
from tradeflows.publishers import Part
from tradeflows.publishers.transcribed.tidy import (
    as_day,
    chosen,
    count,
    demand,
    filled,
    flagged,
    flows,
    has,
    month,
    number,
    read_text,
    words,
    year,
)

# --- trade: China's customs ----------------------------------------------------------------------


def gacc_energy_from_russia(path: Path, source: Source) -> Iterator[Part]:
    """China's energy imports from Russia, a month and product: USD CIF and kilograms.

    Steam and coking coal are parts of 2701; LNG, LPG and pipeline gas are parts of 2711. The
    quantity of pipeline gas is null from January 2022, LPG has no value.
    """
    table = read_text(path, ["period", "product", "hs_scope", "net_wgt_kg", "value_usd"])
    scope = {
        "2701": "2701",
        "270112 coking": "2701:coking",
        "270112/270119 thermal": "2701:thermal",
        "27090000": "27090000",
        "27111100": "27111100",
        "27112100": "27112100",
        "2711 LPG": "2711:LPG",
    }
    yield flows(
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
        "crude_oil": "2709",
        "oil_products": "oil_products",
        "coal_and_lignite": "2701+2702",
        "natural_gas_pipeline_plus_lng": "271111+271121",
    }
    end = month(path, table, "period")
    covered = count(path, table, "months_covered")
    cubic = words(path, table, "unit", {"tonnes": False, "m3": True})
    start_of_year = as_day(pc.strftime(end, format="%Y-01-01"))
    # A figure for two months is the year's first two: it begins in January.
    start = pc.if_else(pc.equal(covered, 1), end, start_of_year)
    for field, cumulation, first, length in (
        ("month", "period", start, covered),
        ("ytd", "ytd", start_of_year, pc.cast(pc.month(end), pa.int64())),
    ):
        amount = number(path, table, field)
        part = flows(
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
            flags=flagged(("block", pc.greater(covered, 1))) if field == "month" else "",
        )
        part = chosen(part, pc.is_valid(amount), f"no figure in {field}")
        yield part if field == "month" else part._replace(records=0)


def gacc_china_russia_trade(path: Path, source: Source) -> Iterator[Part]:
    """China–Russia goods trade as the press carried it: single months and blocks, USD."""
    table = read_text(
        path,
        [
            "month",
            "series",
            "value_bn_usd",
            "method",
            "n_months",
            "source_url",
            "publication_date",
            "flag",
        ],
    )
    flow = {"china_exports_to_russia": "X", "china_imports_from_russia": "M", "total": "MX"}
    single, block, ytd, rest = (
        "reported_single_month",
        "multi_month_block",
        "difference_of_YTD",
        "YTD_difference_minus_reported_months",
    )
    derived = words(path, table, "method", {single: False, block: False, ytd: True, rest: True})
    first = table.append_column("first", pc.utf8_slice_codeunits(table["month"], 0, 7))
    length = count(path, table, "n_months")
    flow_code = words(path, table, "series", flow)
    note = table["flag"].combine_chunks()
    yield flows(
        source,
        table,
        reporter_iso="CHN",
        partner_iso="RUS",
        flow_code=flow_code,
        partner_role=words(
            path,
            table,
            "series",
            dict.fromkeys(flow, "origin") | {"china_exports_to_russia": "destination"},
        ),
        cmd_code="TOTAL",
        ref_period=month(path, first, "first"),
        n_months=length,
        vintage=table["publication_date"],
        value_reported=number(path, table, "value_bn_usd", 9),
        currency="USD",
        valuation=words(
            path,
            table,
            "series",
            {"china_exports_to_russia": "FOB", "china_imports_from_russia": "CIF", "total": None},
        ),
        flags=flagged(
            ("block", pc.greater(length, 1)),
            ("conflict", has(note, r"^YTD difference|; YTD difference")),
            ("derived", pc.or_(derived, has(note, "DERIVED|computed from parts|total-exports"))),
            ("rounded", has(note, "rounded")),
            ("second-hand", pc.is_valid(table["month"].combine_chunks())),
        ),
        note=filled(table, "flag"),
    )


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
    yield flows(
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
    table = read_text(
        path,
        [
            "period",
            "reporter",
            "gas_2711_plus_271121_kg",
            "lng_271111_kg",
            "pipeline_271121_upper_bound_kg",
            "comext_271121_kg",
        ],
    )
    period = month(path, table, "period")
    no_lng = pc.equal(table["lng_271111_kg"].combine_chunks(), "")
    yield flows(
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
    mixed = pc.and_(
        pc.equal(area, "EU27_2020"), pc.less(period, pa.scalar("2020-02-01").cast(pa.date32()))
    )
    return pc.if_else(mixed, "EU", area)


def comtrade_china_russia_totals(path: Path, source: Source) -> Iterator[Part]:
    """All goods between China and Russia as China reports them, USD a month."""
    table = read_text(path, ["period", "flow", "value_usd", "path"])
    rounded = words(
        path, table, "path", {"raw reply": False, "processed panel, rounded upstream": True}
    )
    yield flows(
        source,
        table,
        reporter_iso="CHN",
        partner_iso="RUS",
        cmd_code="TOTAL",
        ref_period=month(path, table, "period"),
        value_reported=number(path, table, "value_usd"),
        currency="USD",
        flags=flagged(("rounded", rounded)),
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


RUSSIA_REPORTED_TO = 2021  # the last year of Russia's reports to UN Comtrade, which BACI draws on


def baci_china_russia(path: Path, source: Source) -> Iterator[Part]:
    """Reconciled trade between China and Russia by HS 2017 subheading, USD FOB and kg a year.

    The value lies between what the two sides report, so it is stated as the exporter's and
    flagged reconciled; after the last year that Russia reported it is one-sided.
    """
    table = read_text(
        path, ["year", "exporter", "importer", "hs6", "value_usd_thousand", "quantity_tonnes"]
    )
    demand(path, "hs6", table["hs6"].combine_chunks(), r"^\d{6}$", "six digits")
    period = year(path, table, "year")
    two_sides = pc.less_equal(pc.year(period), RUSSIA_REPORTED_TO)
    yield flows(
        source,
        table,
        reporter_iso=codes.areas(table["exporter"], "iso3", path),
        partner_iso=codes.areas(table["importer"], "iso3", path),
        partner_role="destination",
        flow_code="X",
        classification_code="H5",
        cmd_code=table["hs6"],
        freq_code="A",
        ref_period=period,
        n_months=12,
        value_reported=number(path, table, "value_usd_thousand", 3),
        currency="USD",
        valuation="FOB",
        net_wgt_kg=number(path, table, "quantity_tonnes", 3),
        flags=pc.if_else(two_sides, "reconciled", "one-sided"),
    )


def comtrade_drone_exports(path: Path, source: Source) -> Iterator[Part]:
    """China's exports of unmanned aircraft by partner, USD FOB a year, HS 2022."""
    table = read_text(path, ["year", "partner_code", "hs6", "value_usd"])
    demand(path, "hs6", table["hs6"].combine_chunks(), r"^\d{6}$", "six digits")
    yield flows(
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
    yield flows(
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
    yield flows(
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
    demand(path, "fiscal_year", fiscal_year, r"^\d{4}-\d\d$", "a fiscal year such as 2022-23")
    partner = table["partner"].combine_chunks()
    all_goods = has(partner, "^India's Total Imports?$")
    ratio = pc.equal(partner, "%Share")
    # All goods stand under each heading, and both printings must agree to be one statement.
    again = pc.and_(all_goods, pc.equal(table["hs"].combine_chunks(), "2701"))
    _same_under_each_heading(path, table, all_goods)
    partial = words(path, table, "partial", {"True": True, "False": False})
    partner = pc.if_else(ratio, "UNSPECIFIED", partner)
    april = pc.binary_join_element_wise(pc.utf8_slice_codeunits(fiscal_year, 0, 4), "04-01", "-")
    part = flows(
        source,
        table,
        reporter_iso="IND",
        partner_iso=codes.areas(partner, "dgcis", path),
        partner_code=partner,
        area_system="dgcis",
        flow_code="M",
        cmd_code=pc.if_else(all_goods, "TOTAL", table["hs"].combine_chunks()),
        freq_code="A",
        ref_period=as_day(april),
        # The last year was printed for April to August alone.
        n_months=pc.if_else(partial, 5, 12),
        value_reported=number(path, table, "value_usd_million", 6),
        currency="USD",
        valuation="CIF",
        flags=flagged(("partial", partial)),
    )
    part = chosen(part, pc.invert(pc.or_(ratio, again)), "ratio")
    counts = {
        "a ratio of two kept rows": pc.sum(ratio).as_py(),
        "all goods, printed again": pc.sum(again).as_py(),
    }
    yield part._replace(left_out=counts)


def _same_under_each_heading(path: Path, table: pa.Table, chosen: pa.Array) -> None:
    printed = (
        table.filter(chosen)
        .group_by("fiscal_year")
        .aggregate([("value_usd_million", "count_distinct")])
    )
    if pc.max(printed["value_usd_million_count_distinct"]).as_py() not in (None, 1):
        raise LayoutError(path, "one figure a year for all goods", "two that differ")


def mgimo_oil_gas(path: Path, source: Source) -> Iterator[Part]:
    """Russia's exports of oil (with products) and gas by partner, rebuilt from partners, kg."""
    table = read_text(path, ["period", "partner", "product", "thousand_tonnes"])
    product = ["OIL_AND_PRODUCTS", "NATURAL_GAS"]
    yield flows(
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
    table = read_text(
        path, ["REPORTER", "PARTNER", "PRODUCT", "FLOW", "PERIOD", "VALUE_EUR", "QUANTITY_KG"]
    )
    demand(
        path,
        "PERIOD",
        table["PERIOD"].combine_chunks(),
        r"^\d{4}(0[1-9]|1[0-2])$",
        "a month such as 202305",
    )
    demand(path, "PRODUCT", table["PRODUCT"].combine_chunks(), r"^\d{4}(\d\d)?$", "an HS code")
    period = as_day(
        pc.replace_substring_regex(
            table["PERIOD"].combine_chunks(), r"^(\d{4})(\d\d)$", r"\1-\2-01"
        )
    )
    within = pc.equal(table["PARTNER"].combine_chunks(), "EU27_2020_INTRA")
    yield flows(
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
        flags=flagged(("provisional", pc.equal(pc.year(period), 2021))),
    )


def nrg_ti_by_partner(path: Path, source: Source) -> Iterator[Part]:
    """Energy imports by partner: kilograms of oil; cubic metres and terajoules of gas, a month.

    The partner of gas is the last border that it crossed, but of LNG the origin. All gas contains
    LNG. Beside EU members the panel holds others (Türkiye, Norway, …).
    """
    table = read_text(path, ["period", "reporter", "partner", "commodity", "unit", "value"])
    code = {"crude_oil": "O4100_TOT", "oil_products": "O4600", "gas_all": "G3000", "lng": "G3200"}
    tonnes = words(path, table, "unit", {"tonne": True, "m3": False, "TJ": False})
    amount = number(path, table, "value")
    yield flows(
        source,
        table,
        reporter_iso=codes.areas(table["reporter"], "eurostat label", path),
        reporter_code=table["reporter"],
        partner_iso=codes.areas(table["partner"], "eurostat label", path),
        partner_code=table["partner"],
        area_system="eurostat label",
        partner_role=words(
            path, table, "commodity", dict.fromkeys(code, "origin") | {"gas_all": "last border"}
        ),
        flow_code="M",
        classification_code="SIEC",
        cmd_code=words(path, table, "commodity", code),
        ref_period=month(path, table, "period"),
        net_wgt_kg=pc.if_else(tonnes, number(path, table, "value", 3), None),
        qty=pc.if_else(tonnes, None, amount),
        qty_unit=words(path, table, "unit", {"tonne": "none", "m3": "m3", "TJ": "TJ"}),
    )


def nrg_ti_gas_from_russia(path: Path, source: Source) -> Iterator[Part]:
    """Gas that EU members imported from Russia, m3 a month; an empty month is not published."""
    table = read_text(path, ["period", "geo", "siec", "unit", "value", "flag"])
    words(path, table, "unit", {"MIO_M3": 1})
    yield flows(
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
    yield flows(
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
    demand(path, "period", period, r"^\d{4}-Q[1-4]$", "a quarter such as 2023-Q2")
    starts = {"Q1": "01", "Q2": "04", "Q3": "07", "Q4": "10"}
    quarter = pa.table({"quarter": pc.utf8_slice_codeunits(period, 5, 7)})
    first = pc.binary_join_element_wise(
        pc.utf8_slice_codeunits(period, 0, 4), words(path, quarter, "quarter", starts), "01", "-"
    )
    route = table["supplier_route"].combine_chunks()
    yield flows(
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
        cmd_code=pc.if_else(has(route, "LNG"), "G3200", "G3000:pipeline"),
        freq_code="Q",
        ref_period=as_day(first),
        n_months=3,
        vintage=table["vintage"],
        qty=number(path, table, "volume_mm3", 6),
        qty_unit="m3",
        flags=flagged(
            ("partial", words(path, table, "incomplete_quarter", {"True": True, "False": False}))
        ),
    )
