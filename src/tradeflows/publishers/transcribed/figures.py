"""Numbers that others printed, and the claims of the report."""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from tradeflows.model.errors import SchemaError
from tradeflows.model.schema import FIGURES
from tradeflows.model.source import Source
from tradeflows.publishers import Part
from tradeflows.publishers.transcribed.tidy import as_day, filled, number, part_of, read_text, words

# --- figures -------------------------------------------------------------------------------------


def published_figures(path: Path, source: Source, repeats: Mapping[str, str]) -> Iterator[Part]:
    """Numbers that others printed about drones, dual-use goods and trade as a whole."""
    table = read_text(
        path,
        [
            "id",
            "topic",
            "exporter",
            "importer",
            "product",
            "hs_codes",
            "period_start",
            "period_end",
            "freq",
            "value",
            "unit",
            "qualifier",
            "underlying_statistic",
            "publisher",
            "publication_date",
            "source_url",
            "confidence",
            "notes",
        ],
    )
    qualifier = {
        "=": "=",
        "exact": "=",
        "~": "~",
        "~+": "~",
        "+": "≥",
        ">": ">",
        ">=": "≥",
        "<": "<",
        "<~": "≤",
        "<= for nearly all codes": "≤",
        "derived ~ (100M/30)": "~",
        "11-12M": "~",
        "5-7M": "~",
        "2-3M": "~",
    }
    printed = table["qualifier"].to_pylist()
    ranges = [re.match(r"^(\d+)-(\d+)M$", text) for text in printed]
    starts, ends = table["period_start"].to_pylist(), table["period_end"].to_pylist()
    window = [
        text if text == end or not end else f"{text} to {end}"
        for text, end in zip(starts, ends, strict=True)
    ]
    yield part_of(
        source,
        table,
        FIGURES,
        {
            **{
                name: table[name]
                for name in ("id", "topic", "product", "unit", "publisher", "confidence")
            },
            **{name: filled(table, name) for name in ("exporter", "importer", "hs_codes", "freq")},
            "source_field": "",
            "window_start": _first_day(starts),
            "window_end": _last_day(ends),
            "window_text": pa.array(window),
            "value": number(path, table, "value"),
            "low": pa.array([float(r[1]) * 1e6 if r else None for r in ranges], pa.float64()),
            "high": pa.array([float(r[2]) * 1e6 if r else None for r in ranges], pa.float64()),
            "qualifier": words(path, table, "qualifier", qualifier),
            "basis": table["underlying_statistic"],
            "published": filled(table, "publication_date"),
            "address": filled(table, "source_url"),
            "repeats": _repeats(source, repeats, table["id"]),
            "flags": "",
            "note": filled(table, "notes"),
        },
    )


def odni_claims(path: Path, source: Source, repeats: Mapping[str, str]) -> Iterator[Part]:
    """The figures of the report behind the article; a claim in words has no number."""
    table = read_text(
        path,
        [
            "claim_id",
            "section",
            "claim",
            "figure",
            "unit",
            "period",
            "secondary_source_url",
            "publication_date",
            "reproducible_from",
        ],
    )
    unit = {
        name: name
        for name in ("USD", "percent", "bbl/day", "vessels", "tonnes/yr", "USD/bbl", "qualitative")
    }
    unit |= {"USD (>)": "USD", "vessels (>=)": "vessels", "USD (hundreds of millions)": "USD"}
    sign = dict.fromkeys(unit, "=") | {
        "USD (>)": ">",
        "vessels (>=)": "≥",
        "USD (hundreds of millions)": "≥",
    }
    periods = table["period"].to_pylist()
    pairs = [re.split(r"\.\.|(?<=\d{4})-(?=\d{4}$)", text, maxsplit=1) for text in periods]
    area = pa.array([None] * len(table), pa.string())
    yield part_of(
        source,
        table,
        FIGURES,
        {
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
            "flags": "",
            "note": table["reproducible_from"],
        },
    )


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
    return as_day(pa.array(days, pa.string()))


def _last_day(texts: list[str]) -> pa.Array:
    """Last day of a printed year, month or day; null where the text is vague."""
    days: list[str | None] = []
    for found in map(EXACT.match, texts):
        if found:
            year, month, day = found[1], found[2] or "12", found[3]
            days.append(f"{year}-{month}-{day or monthrange(int(year), int(month))[1]}")
        else:
            days.append(None)
    return as_day(pa.array(days, pa.string()))
