"""The contracts of the four tables as they are written, which needs no Arrow to be read.

One contract is written in one place: a field's name, type, unit, meaning, SDMX concept, allowed
values and whether it is part of the key. :mod:`tradeflows.model.schema` keeps them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tradeflows.model import source
from tradeflows.model.codelists import rows_of
from tradeflows.model.errors import QueryError, near

TEXT, NUMBER, COUNT, DAY, FLAG = "string", "float64", "int64", "date32", "bool"

# Supplementary units of the Combined Nomenclature that have no plainer name.
CN_UNITS = (
    "CEEL",
    "CGT",
    "CTL",
    "G",
    "GI_FS",
    "GRT",
    "GT",
    "KG",
    "KG_90PCT_SDT",
    "KG_ACT_SUBST",
    "KG_AL2O3",
    "KG_B2O3",
    "KG_BACO3",
    "KG_C5H14CLNO",
    "KG_CL",
    "KG_F",
    "KG_H2O2",
    "KG_H2SO4",
    "KG_HCL",
    "KG_HF",
    "KG_K2CO3",
    "KG_K2O",
    "KG_KOH",
    "KG_MET_AM",
    "KG_N",
    "KG_NA2CO3",
    "KG_NA2S2O5",
    "KG_NAOH",
    "KG_NET_EDA",
    "KG_P2O5",
    "KG_PBO",
    "KG_S",
    "KG_SIO2",
    "KG_SO2",
    "KG_TIO2",
    "KG_U",
    "KW",
    "L_ALC_100PCT",
    "T_CO2",
)
CURRENCIES = tuple(row["code"] for row in rows_of("currencies.csv"))
QUALIFIERS = ("=", "~", "<", "≤", ">", "≥")
# How a number came about: the kinds of those who say it.
WITNESSES = ("office", "as printed", "measured", "reworked", "law", "relay")


@dataclass(frozen=True)
class Field:
    """What a contract says of one field, apart from its name.

    Attributes
    ----------
    dtype, note
        Its type as Arrow calls it, and what it means.
    is_key, is_required
        Whether it identifies a row, and whether it may be null.
    unit, sdmx
        Of its numbers, and the SDMX concept that it is.
    allowed, least
        The only values that it may have, and the smallest.
    """

    dtype: str
    note: str
    is_key: bool = False
    is_required: bool = False
    unit: str = ""
    sdmx: str = ""
    allowed: tuple[str, ...] = ()
    least: float | None = None


def _field(dtype: str, note: str, *, required: bool = False, **more: Any) -> Any:
    return Field(dtype, note, is_required=required, **more)


def _key(dtype: str, note: str, **more: Any) -> Any:
    return Field(dtype, note, is_key=True, **more)


class Provenance:
    """Where a row stands in a raw file."""

    source_id = _key(TEXT, "entry of sources.toml that the row came from", sdmx="DATA_PROVIDER")
    source_row = _field(
        COUNT,
        "ordinal of the record in the raw file: 1 is the first below the first line of the file, a "
        "title or the header; an empty line is none",
        required=True,
        least=1,
    )
    source_field = _field(
        TEXT,
        "column of the raw file, where one record gives several rows; the "
        "other records, where several give one; else empty",
        required=True,
    )


class Trade(Provenance):
    """One publisher's statement of one flow of one product over one period."""

    reporter_iso = _key(
        TEXT,
        "who states the flow: ISO 3166 alpha-3 where there is one, "
        "else an area of areas.csv such as EU27_2020",
        sdmx="REF_AREA",
    )
    reporter_code = _key(TEXT, "the reporter as the publisher writes it")
    partner_iso = _key(
        TEXT,
        "the other side, as reporter_iso; W00 is the world, _X is unspecified",
        sdmx="COUNTERPART_AREA",
    )
    partner_code = _key(
        TEXT,
        "the partner as the publisher writes it (ISO is no key: 756 and 757 are both CHE); by a "
        "map the id of partner_iso, unless it has partner_code = { column = … }",
    )
    area_system = _key(TEXT, "system of the two publisher's codes, in area_codes.csv")
    partner_role = _key(
        TEXT,
        "what the partner is to the goods",
        sdmx="COUNTERPART_ROLE",
        allowed=("origin", "destination", "consignment", "last border", "route"),
    )
    flow_code = _key(
        TEXT,
        "M imports, X exports, RM and RX re-imports and re-exports, MX "
        "both directions in one figure",
        sdmx="FLOW",
        allowed=("M", "X", "RM", "RX", "MX"),
    )
    classification_code = _key(
        TEXT,
        "system of cmd_code: HS (edition not stated), H5 = HS "
        "2017, H6 = HS 2022, SIEC, or a publisher's own list",
        sdmx="PRODUCT_CLASSIFICATION",
    )
    cmd_code = _key(
        TEXT,
        "product code, as text; TOTAL is all goods; a+b is the union that the source states as one",
        sdmx="PRODUCT",
    )
    freq_code = _key(
        TEXT,
        "rhythm of the series: M, Q, A; a block of months in a monthly "
        "series is M with n_months above 1",
        sdmx="FREQ",
        allowed=("M", "Q", "A"),
    )
    ref_period = _key(DAY, "first day of the period", sdmx="TIME_PERIOD")
    n_months = _key(COUNT, "length of the period", unit="months", least=1)
    cumulation = _key(TEXT, "the period alone, or the year to its end", allowed=("period", "ytd"))
    breakdown = _key(TEXT, "total, or the part that the row is, as dimension=value")
    qty_unit = _key(
        TEXT,
        "unit of qty, and part of the key since one flow may be stated in "
        "two; none where the row has no quantity",
        sdmx="UNIT_MEASURE",
        allowed=(
            "none",
            "m3",
            "TJ",
            "items",
            "bbl",
            "m",
            "m2",
            "L",
            "carat",
            "pairs",
            "packs",
            "kWh",
            *CN_UNITS,
        ),
    )
    vintage = _key(TEXT, "release that the figure is from, as the source dates it")
    value_reported = _field(
        NUMBER, "value as published, in whole units of currency", unit="currency"
    )
    currency = _field(
        TEXT,
        "ISO 4217 code of value_reported",
        sdmx="CURRENCY",
        allowed=CURRENCIES,
    )
    valuation = _field(
        TEXT,
        "CIF or FOB; null where the source does not say",
        sdmx="VALUATION",
        allowed=("CIF", "FOB"),
    )
    primary_value_usd = _field(
        NUMBER,
        "value in US dollars where so stated; null until a rate is named",
        unit="USD, current",
    )
    net_wgt_kg = _field(
        NUMBER, "net weight; null, never 0, where not published", unit="kg", least=0.0
    )
    qty = _field(
        NUMBER, "quantity in qty_unit; null where not published", unit="qty_unit", least=0.0
    )
    qualifier = _field(
        TEXT,
        "how the figures are to be taken: =, ~ about, ≤ at most, …",
        required=True,
        allowed=QUALIFIERS,
    )
    flags = _field(
        TEXT, "words of FLAGS, blank-separated and sorted", required=True, sdmx="OBS_STATUS"
    )
    note = _field(TEXT, "what the source says beside the figure")


FLAGS = {
    "provisional": "the publisher calls the figure provisional",
    "estimated": "weight or value estimated by the publisher",
    "rounded": "printed with fewer digits than the publisher holds",
    "derived": "computed by whoever carried it, from published figures; the note says how",
    "bound": "a bound, not a value",
    "block": "several months in one figure",
    "rebuilt": "built from the partners' statistics, so no independent witness",
    "reconciled": "a value between the two sides' reports, so neither side's own",
    "one-sided": "a reconciled series, but here one side alone reported, so no second witness",
    "partial": "the period is not complete",
    "second-hand": "copied from a publication that quotes the publisher",
    "confidential": "the publisher holds the figure back",
    "break": "the series is not comparable with what precedes it",
    "unreliable": "the publisher calls the figure of low reliability, or not significant",
    "definition": "the publisher's definition differs here",
    "conflict": "another publication of the same office prints another number",
    "own-release": "the office's own release, whoever relays it",
    "contradictory": "the publisher states the figure twice, and differently",
    "unequal": "a whole that its parts, as the publisher lists them, do not add up to",
    "implausible": "far from the like figures of its file, or beyond what can be",
}


class Settlement(Provenance):
    """One statement about the currency in which trade or turnover was paid."""

    concept = _key(
        TEXT,
        "what is being paid for, or traded",
        allowed=(
            "export settlement",
            "import settlement",
            "import invoicing",
            "trade settlement",
            "exchange turnover",
            "over-the-counter turnover",
            "global payments",
        ),
    )
    measure = _key(TEXT, "the publisher's family of figures: two families are never one line")
    region = _key(TEXT, "with whom: total, a region, or a country")
    currency_group = _key(TEXT, "the currency or group that has the share")
    period_text = _key(TEXT, "the period as the source words it")
    vintage = _key(
        TEXT,
        "first release or a later one",
        allowed=(
            "first release",
            "second release",
            "revised",
            "preliminary",
            "derived",
            "statement",
        ),
    )
    outlet = _key(TEXT, "the publication that carried the number")
    unit = _key(TEXT, "% or roubles", allowed=("%", "RUB"))
    statement = _key(TEXT, "sets apart what one outlet prints twice: its address")
    ref_period = _field(
        DAY, "first day of the period; null where the source is vague", sdmx="TIME_PERIOD"
    )
    n_months = _field(
        COUNT, "length of the period; null where the source is vague", unit="months", least=1
    )
    value = _field(
        NUMBER, "the share or the turnover; null for a statement in words", unit="unit", least=0.0
    )
    low = _field(NUMBER, "lower end, where the source gives a range or a bound", unit="unit")
    high = _field(NUMBER, "upper end, likewise", unit="unit")
    qualifier = _field(TEXT, "how the value is to be taken", required=True, allowed=QUALIFIERS)
    flags = _field(TEXT, "words of FLAGS, blank-separated and sorted", required=True)
    underlying = _field(TEXT, "the statistic behind the number")
    published = _field(TEXT, "date of publication, as far as it is known")
    address = _field(TEXT, "where the number was read")
    note = _field(TEXT, "what the source says beside the figure")


class Rates(Provenance):
    """One currency's rate, or one commodity's price, over one month."""

    base = _key(TEXT, "the unit that is priced: a currency (ISO 4217) or a commodity")
    quote = _key(TEXT, "the currency of the price", sdmx="CURRENCY")
    publisher = _key(TEXT, "who sets or computes the rate")
    statistic = _key(TEXT, "what kind of mean it is")
    ref_period = _key(DAY, "first day of the month", sdmx="TIME_PERIOD")
    n_months = _field(COUNT, "length of the period", unit="months", required=True, least=1)
    rate = _field(NUMBER, "units of quote for one unit of base", unit="quote per base", least=0.0)
    n_days = _field(
        COUNT, "days with a rate in the mean; null where not stated", unit="days", least=1
    )
    flags = _field(TEXT, "words of FLAGS, blank-separated and sorted", required=True)
    note = _field(TEXT, "what the source says beside the figure")


class Figures(Provenance):
    """One published number about a flow over a window."""

    id = _key(TEXT, "the figure's id")
    topic = _field(TEXT, "what the figure is about", required=True)
    exporter = _field(TEXT, "area that ships, as printed; WLD is the world")
    importer = _field(TEXT, "area that receives, as printed")
    product = _field(TEXT, "the goods, in words", required=True)
    hs_codes = _field(TEXT, "HS codes as far as the source states them")
    window_start = _field(DAY, "first day of the window; null where vague")
    window_end = _field(DAY, "last day of the window; null where vague")
    window_text = _field(TEXT, "the window as printed", required=True)
    freq = _field(TEXT, "what the window is: a month, year to date, cumulative, …")
    value = _field(NUMBER, "the number; null where the statement has none", unit="unit")
    low = _field(NUMBER, "lower end of a printed range", unit="unit")
    high = _field(NUMBER, "upper end of a printed range", unit="unit")
    unit = _field(TEXT, "unit of value, low and high", required=True)
    qualifier = _field(TEXT, "how the value is to be taken", required=True, allowed=QUALIFIERS)
    basis = _field(TEXT, "whose records the number rests on", required=True)
    publisher = _field(TEXT, "who printed it", required=True)
    published = _field(TEXT, "date of publication, as far as it is known")
    address = _field(TEXT, "where the number was read")
    repeats = _field(TEXT, "id of the figure that this one repeats, or whose number it is")
    confidence = _field(TEXT, "of the transcription", allowed=("high", "medium", "low"))
    collector = _field(
        TEXT,
        "who counted: all of one name are one family; empty where nobody is named as who counted",
        required=True,
    )
    witness = _field(
        TEXT,
        "how the number came about: office, a statistical, customs or central-bank office's own "
        "release; as printed, summed, converted or picked from an office's data by whoever printed "
        "it; measured, by trackers, network operators, agencies; reworked, an office's rows remade "
        "by others; law, a legal act; relay, none of these",
        required=True,
        allowed=WITNESSES,
    )
    interested = _field(FLAG, "whether who counted gains by the answer", required=True)
    measure = _field(
        TEXT,
        "what the number measures, in the words of a claim: value, weight, barrels a day, "
        "growth of volume, refinery runs, …; null where not stated",
    )
    route = _field(TEXT, "how the goods went; null for all routes", allowed=("by sea", "by pipe"))
    base_start = _field(DAY, "first day of the window that a growth or change compares with")
    base_end = _field(DAY, "last day of that window")
    forecast = _field(FLAG, "whether it is an expectation, and no count", required=True)
    flags = _field(TEXT, "words of FLAGS, blank-separated and sorted", required=True)
    note = _field(TEXT, "what must be said beside the figure")


CONTRACTS = dict(zip(source.TABLES, (Trade, Settlement, Rates, Figures), strict=True))


def fields_of(contract: type) -> dict[str, Field]:
    """The fields that a contract writes, those of its base first."""
    parts = [vars(part) for part in reversed(contract.__mro__)]
    written = [item for part in parts for item in part.items()]
    return {name: field for name, field in written if isinstance(field, Field)}


def require_columns(table: str, names: Iterable[str]) -> None:
    """Refuse a column that `table` does not have; a table of periods is asked by month, too.

    Raises
    ------
    QueryError
        The message has the nearest.
    """
    source.require_table(table)
    known = [*fields_of(CONTRACTS[table])]
    if "ref_period" in known:
        known.append("month")
    for name in names:
        if name not in known:
            raise QueryError(f"{table} has no column {name!r}{near(name, known)}")
