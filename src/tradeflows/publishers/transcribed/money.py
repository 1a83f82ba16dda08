"""Rates, and the currencies in which trade and turnover were paid."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.schema import RATES, SETTLEMENT
from tradeflows.model.source import Source
from tradeflows.publishers import Part
from tradeflows.publishers.transcribed.tidy import (
    PLAIN,
    as_day,
    chosen,
    count,
    demand,
    filled,
    flagged,
    has,
    month,
    number,
    part_of,
    read_text,
    words,
)

# --- rates ---------------------------------------------------------------------------------------


def fx_monthly(path: Path, source: Source) -> Iterator[Part]:
    """Exchange rates, a month: units of the quoted currency for one of the base."""
    columns = ["month", "series", "value", "n_days", "statistic", "source", "flag"]
    table = read_text(path, columns)
    series = ["cny_per_eur", "cny_per_usd", "eur_per_usd", "rub_per_usd", "usd_per_eur"]
    flag = table["flag"].combine_chunks()
    publisher = {
        "ECB euro reference rates, eurofxref-hist.csv "
        "(cross rate via EUR where not EUR-based)": "European Central Bank",
        "US Federal Reserve H.10 via FRED": "US Federal Reserve",
        "Bank of Russia official rate, R01235": "Bank of Russia",
    }
    yield part_of(
        source,
        table,
        RATES,
        PLAIN_RATE
        | {
            "base": words(path, table, "series", {name: name[-3:].upper() for name in series}),
            "quote": words(path, table, "series", {name: name[:3].upper() for name in series}),
            "publisher": words(path, table, "source", publisher),
            "statistic": table["statistic"],
            "ref_period": month(path, table, "month"),
            "rate": number(path, table, "value"),
            "n_days": count(path, table, "n_days"),
            "flags": flagged(("partial", has(flag, "partial month|one day only"))),
            "note": filled(table, "flag"),
        },
    )


def eia_brent(path: Path, source: Source) -> Iterator[Part]:
    """Brent, US dollars a barrel, the mean of a month."""
    table = read_text(path, ["period", "usd_per_barrel"])
    yield part_of(
        source,
        table,
        RATES,
        PLAIN_RATE
        | {
            "base": "BRENT",
            "quote": "USD",
            "publisher": "US Energy Information Administration",
            "statistic": "mean of daily spot prices, a barrel",
            "ref_period": month(path, table, "period"),
            "rate": number(path, table, "usd_per_barrel"),
            "n_days": None,
        },
    )


PLAIN_RATE: dict[str, Any] = {"source_field": "", "n_months": 1, "flags": "", "note": None}


QUALIFIER = {
    "exact": "=",
    "rounded": "=",
    "about": "~",
    "greater_than": ">",
    "less_than": "<",
    "at_most": "≤",
    "at_least": "≥",
    "qualitative": "=",
}
A_STATEMENT: dict[str, Any] = PLAIN | {"low": None, "high": None, "statement": "", "unit": "%"}


# --- settlement ----------------------------------------------------------------------------------


def cbr_settlement_shares(path: Path, source: Source) -> Iterator[Part]:
    """Shares of currency groups in what Russia is paid and pays, %, each release and outlet."""
    table = read_text(
        path,
        [
            "period",
            "period_type",
            "flow",
            "region",
            "currency_group",
            "value_pct",
            "qualifier",
            "measure",
            "vintage",
            "derivation",
            "source_url",
            "publication_date",
            "outlet",
            "underlying",
            "flag",
        ],
    )
    vintage = ["first_release", "second_release", "revised", "preliminary", "derived"]
    concept = {"export": "export settlement", "import": "import settlement"}
    flag = table["flag"].combine_chunks()
    demand(
        path,
        "period",
        table["period"].combine_chunks(),
        r"^\d{4}(-(0[1-9]|1[0-2])|-Q[1-4])?$",
        "a year, quarter or month",
    )
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
        flags=flagged(
            ("conflict", has(flag, "^CONFLICT")),
            ("derived", pc.not_equal(table["derivation"].combine_chunks(), "")),
            ("provisional", pc.equal(table["vintage"].combine_chunks(), "preliminary")),
            ("rounded", pc.equal(flag, "rounded")),
        ),
    )


def moex_turnover(path: Path, source: Source) -> Iterator[Part]:
    """Currencies' shares in Russian exchange and over-the-counter turnover, % and roubles."""
    table = read_text(
        path,
        [
            "period",
            "segment",
            "indicator",
            "value",
            "unit",
            "qualifier",
            "derivation",
            "source_url",
            "publication_date",
            "outlet",
            "underlying",
            "flag",
        ],
    )
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
    demand(
        path,
        "period",
        table["period"].combine_chunks(),
        r"^\d{4}(-(0[1-9]|1[0-2]))?$",
        "a year or month",
    )
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
        flags=flagged(("derived", pc.not_equal(table["derivation"].combine_chunks(), ""))),
    )


def swift_rmb_share(path: Path, source: Source) -> Iterator[Part]:
    """The renminbi's share in global payments by value, %; with and without the euro area.

    The rank is left out: an ordinal is no share.
    """
    table = read_text(
        path,
        [
            "month",
            "rmb_share_pct",
            "rank",
            "share_ex_eurozone_pct",
            "qualifier",
            "derivation",
            "source_url",
            "publication_date",
            "outlet",
            "underlying",
            "flag",
            "n_sources",
        ],
    )
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
            flags=flagged(
                ("derived", pc.not_equal(table["derivation"].combine_chunks(), "")),
                ("rounded", pc.equal(table["qualifier"].combine_chunks(), "rounded")),
            ),
        )
        part = chosen(part, pc.is_valid(value), f"no figure in {field}")
        yield part if field == "rmb_share_pct" else part._replace(records=0)


def settlement_statements(path: Path, source: Source) -> Iterator[Part]:
    """What officials and one working paper said of roubles and yuan, %; words have no number."""
    table = read_text(
        path,
        [
            "statement_date",
            "as_of",
            "value_pct",
            "qualifier",
            "measure",
            "speaker",
            "source_url",
            "outlet",
            "flag",
        ],
    )
    both = (
        "share of Russia-China trade settled in roubles AND yuan (national currencies), "
        "official claim, not a statistic"
    )
    paper = (
        'EBRD WP "Exorbitant privilege and economic sanctions": share of Russian IMPORTS '
        "INVOICED in currency (customs records, not payments) - "
    )
    officials, invoices = "officials' statements", "EBRD working paper, customs records"
    meaning = {  # each: concept, measure, region, currency group
        both: ("trade settlement", officials, "China", "RUB_PLUS_CNY"),
        "share of Russia-China trade settled in YUAN ONLY": (
            "trade settlement",
            officials,
            "China",
            "CNY",
        ),
        "share of yuan in Russian settlements with countries OTHER than China": (
            "trade settlement",
            officials,
            "all but China",
            "CNY",
        ),
        "share of ALL Russian foreign-trade settlements in roubles + friendly currencies": (
            "trade settlement",
            officials,
            "total",
            "RUB_PLUS_FRIENDLY",
        ),
        f"{paper}yuan, all imports": ("import invoicing", invoices, "total", "CNY"),
        f"{paper}yuan, imports from China": ("import invoicing", invoices, "China", "CNY"),
        f"{paper}USD+EUR, all imports": ("import invoicing", invoices, "total", "USD_PLUS_EUR"),
    }
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
        "ref_period": as_day(start),
        "n_months": pa.array([months for _, months in spans], pa.int64()),
        "qualifier": words(path, table, "qualifier", QUALIFIER),
        "outlet": table["outlet"],
        "statement": table["source_url"],
        "underlying": table["underlying"],
        "published": table["publication_date"],
        "address": table["source_url"],
        "note": _either(filled(table, "flag"), filled(table, "derivation")),
    }
    full |= columns
    return part_of(source, table, SETTLEMENT, full)


def _either(note: pa.Array, formula: pa.Array) -> pa.Array:
    both = pc.binary_join_element_wise(note, formula, "; computed as ")
    computed = pc.binary_join_element_wise("computed as ", formula, "")
    return pc.coalesce(both, note, computed)
