"""The chart that an answer draws of itself."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Real
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from tradeflows import charts, measures
from tradeflows.charts import spans
from tradeflows.charts.names import entity_name
from tradeflows.charts.options import size_in
from tradeflows.explore.answer import PANDAS_PLOT, RATIOS, series_columns
from tradeflows.explore.naming import TYPED, in_print, publisher_name, with_names
from tradeflows.measures.common import UNIT_IN, UNIT_OF, require_single_value, unit_of
from tradeflows.model import units
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import dates_in_words, months_of, runs
from tradeflows.model.sealed import UNKNOWN, as_read, left_out
from tradeflows.tables.display import MEASURE, caveats_of, heading, name_of

# Words of the caveats that name what a chart does not show.
NOT_DRAWN = (
    "where the other side",
    "no row in",
    "figures end",
    "left out",
    "nothing of this",
    "this seam",
    "in no sum",
)
LENGTHS = {1: " a month", 3: " a quarter", 12: " a year"}
# What only who writes code has a use for: arguments, codes of goods, counts of rows.
CODED = re.compile(r"\b\d{6,}\b|\w+=|\d+ of \d+ rows|^value as|\b[A-Z]\d{2}\b")
# How a chart says what an answer says of its sources.
ALOUD = {
    re.compile(r"^([^:]*: )?(.*?) \([^)]*\) states this too and was passed over.*"): (
        r"\1\2 has the same months and is not drawn"
    ),
    re.compile(r", which `missing` names(; nothing was put in their place)?"): "",
    re.compile(r"(?<=\w) states? nothing of this.*"): ": no figures, so left out",
}
OF_SUMS = re.compile(" lack months|: no row in ")  # which the names of the months stand for
MOST = 4  # series that a note names
NO_SUM = re.compile("|".join([*map(re.escape, (*RATIOS, UNKNOWN)), ".*/"]))  # units, and prices
SIDES = ("value", "value_m", "value_x")
NAMED_BY_CHARTS = ("reporter_iso", "partner_iso")  # of which a chart has its own names


def draw(frame: pd.DataFrame, options: Mapping[str, Any]) -> Axes:
    """Draw an answer.

    Parameters
    ----------
    options
        Of :class:`tradeflows.charts.ChartOptions` and of the chart that fits; ``y`` names a column.

    Raises
    ------
    QueryError
        The column has no unit, several units are mixed, or as the chart that fits.
    """
    look = dict(options)
    column = look.get("y", "value")
    plain = as_read(frame, SIDES if "both" in frame.attrs and "y" not in look else (column,))
    if UNKNOWN in set(plain.get("unit", ())):
        plain["unit"] = UNKNOWN  # of all that one axis is of
    if "y" not in look and _is_of_two_sides(plain):
        return _two_sides(plain, look)
    look.pop("y", None)
    if "held" in frame:
        return _held_months(frame, look)
    if column != "value":
        plain = _with_value_of(plain, column, str(look.get("unit", "")))
    if "value" not in plain or not pd.api.types.is_numeric_dtype(plain["value"]):
        raise QueryError(f"the answer has no numbers in a column value to draw; {PANDAS_PLOT}")
    require_single_value(plain, ["unit"])
    rows, named, divisor = _scaled(plain, str(options.get("unit", "")))
    look["reference"] = _compared(plain, options, divisor)
    measure = str(plain.attrs.get(MEASURE, ""))
    if "title" in look and measure:  # which the heading would say
        named = f"{named}, {measure[:1].lower()}{measure[1:]}"
    look = {"title": heading(plain), "unit": named, "caveats": _left_out(plain), **look}
    if "window_start" in plain:
        return _windows(rows, look)
    return _over_time(rows, look, has_own_unit="unit" not in options)


def _is_of_two_sides(frame: pd.DataFrame) -> bool:
    """Whether it is of two statements of one flow, over several periods of one length."""
    sides = ["value_m", "value_x"]
    if "both" not in frame.attrs or not {*sides} <= {*frame} or len(frame) < 2:
        return False
    axes = [name for name in ("n_months", "reporter_iso", "partner_iso") if name in frame]
    is_one_flow = (
        len(frame) > 2 and frame["ref_period"].is_unique and frame[axes].nunique().eq(1).all()
    )
    return bool(is_one_flow and frame[sides].notna().any().all())


def _two_sides(frame: pd.DataFrame, look: dict[str, Any]) -> Axes:
    """Both statements of one flow, with the band that freight and insurance explain.

    The sides are named by their areas or, of one area, by their publishers.
    """
    both = frame.attrs["both"]
    unit = str(pd.concat([frame["unit_m"], frame["unit_x"]]).dropna().iloc[0])
    if UNKNOWN in {*frame["unit"]}:
        raise QueryError(f"a side was {UNKNOWN}: plot(y='value') draws the ratio")
    divisor, word = units.scale(frame[["value_m", "value_x"]].abs().max(axis=None))
    divisor = size_in(unit, str(look.get("unit", ""))) or divisor
    rows, flows, names = frame, [], [*both["names"]]
    for side in "mx":
        rows = measures.scale(rows, f"value_{side}", divisor, f"drawn_{side}")
        flows.append({*frame[f"flow_code_{side}"].dropna()})
    if flows[0] != flows[1]:
        names = [frame["reporter_iso"].iloc[0], frame["partner_iso"].iloc[0]]
    elif names[0] == names[1]:
        names[1] += ", the other answer"
    named = units.axis_label(word, unit) + LENGTHS.get(frame["n_months"].iloc[0], "")
    look = {"title": both["title"], "unit": named, "caveats": _left_out(frame), **look}
    return charts.sides(rows, y="drawn", of=(names[0], names[1]), band=both["band"], **look)


def _with_value_of(frame: pd.DataFrame, column: str, unit: str) -> pd.DataFrame:
    """`frame` with another column in the place of its value, and its unit or else the one given."""
    if column not in frame:
        names = ", ".join(str(name) for name in frame.columns)
        raise QueryError(f"no column {column!r} to draw; there are {names}")
    if column not in UNIT_OF and column not in UNIT_IN and not unit:
        raise QueryError(
            f"the unit of {column} is not known, and a chart says its unit: put it into value and "
            f"unit with assign(value=…, unit=…); {PANDAS_PLOT}"
        )
    if frame[column].notna().any():
        unit = unit_of(frame[frame[column].notna()], column) or unit
    if UNKNOWN in set(frame.get("unit", ())):  # of whose rows this column was changed
        unit = UNKNOWN
    result = frame.assign(value=frame[column], unit=unit)
    result.attrs = dict(frame.attrs)
    return result.drop(columns=["low", "high"], errors="ignore")


def _scaled(frame: pd.DataFrame, wanted: str) -> tuple[pd.DataFrame, str, float]:
    """Rows with what is drawn in the column ``drawn``, in a `wanted` unit if it is one of theirs.

    With them go the words of the unit, and how much of the answer's own it is.
    """
    unit = str(frame["unit"].iloc[0]) if len(frame) else ""
    numbers = [name for name in ("value", "low", "high") if name in frame]
    largest = 0.0 if unit == UNKNOWN else frame[numbers].abs().max(axis=None)
    divisor, word = units.scale(largest)
    divisor = size_in("" if unit == UNKNOWN else unit, wanted) or divisor
    rows = measures.scale(frame, "value", divisor, "drawn")
    for end in numbers[1:]:
        rows = measures.scale(rows, end, divisor, end)
    return rows, units.axis_label(word, unit), divisor


def _compared(frame: pd.DataFrame, options: Mapping[str, Any], divisor: float) -> dict[str, Any]:
    """What is drawn to compare with; unless the chart's unit is named it is in the answer's own."""
    given = options.get("reference") or frame.attrs.get("reference", {})
    size = 1 if "unit" in options else divisor
    return {text: x / size if isinstance(x, Real) else x for text, x in given.items()}


def _left_out(frame: pd.DataFrame) -> list[str]:
    """Caveats for below the chart, where few have room: what is not drawn comes first.

    The notes of the catalogue on a whole source stay above the table.
    """
    notes = tuple(f"{source}: " for source in frame.attrs.get("sources", ()))
    texts = [text for text in caveats_of(frame) if not text.startswith(notes)]
    texts.sort(key=lambda text: not any(word in text for word in NOT_DRAWN))
    named = with_names(texts)
    printed = in_print(text for text in named if not CODED.search(TYPED.sub("", text)))
    for pattern, words in ALOUD.items():
        printed = [pattern.sub(words, text) for text in printed]
    return printed


def _held_months(frame: pd.DataFrame, look: dict[str, Any]) -> Axes:
    """What is held, as a strip of months a source and product."""
    frame = frame.sort_values("held", kind="stable")  # who begins first stands first
    has_one_good = frame["name"].nunique() == 1  # which the title names
    strips = []
    for row in frame.itertuples():
        partners = {"World": "all partners"}.get(row.partners, row.partners)
        partners = "many partners" if "," in partners else partners
        name = publisher_name(str(row.publisher)) + (f", with {partners}" if partners else "")
        strips.append(name if has_one_good else f"{row.name}: {name}")
    named = []
    for name, listed in zip(strips, frame["unit"], strict=True):
        stated = {"weight" if unit == "kg" else "value" for unit in listed.split(", ")}
        is_twice = strips.count(name) > 1  # which what they state tells apart
        named.append(f"{name} ({' and '.join(sorted(stated))})" if is_twice else name)
    publishers = tuple(look.pop("highlight", ()))
    chosen = [name for name in named if name.startswith(publishers)]
    options = {"title": heading(frame), "unit": "Months that are held", "highlight": chosen, **look}
    return charts.coverage(frame, held="held", by=named, counted="rows", **options)


def _windows(rows: pd.DataFrame, look: dict[str, Any]) -> Axes:
    """Published figures, each over the window that it is of."""
    is_vague = rows[["window_start", "window_end"]].isna().any(axis="columns")
    if is_vague.any():
        vague = ", ".join(dict.fromkeys(rows["publisher"][is_vague]))
        note = f"Not drawn, since its window is vague: {vague}"
        look = {"note": note, **look}
    rows = rows[~is_vague]
    names = {}
    for row in rows.to_dict("records"):
        sides = [row.get("exporter"), row.get("importer")]
        is_known = all(isinstance(side, str) and side for side in sides)
        ends = " to ".join(name_of("partner_iso", side) for side in sides)
        names[row["id"]] = f"{row['publisher']}, {ends}" if is_known else str(row["publisher"])
    span = [end for end in ("low", "high") if end in rows]
    options = {"names": names, "log": True, **look}
    return charts.windows(rows, y="drawn", label="id", span=span, **options)


def _over_time(rows: pd.DataFrame, look: dict[str, Any], *, has_own_unit: bool) -> Axes:
    """Lines, blocks, points, or bars where there is one period."""
    if "ref_period" not in rows:
        rows["ref_period"] = ""
    rows = rows.dropna(subset=["ref_period"])
    taken_out = left_out(rows)
    rows, names = _named_series(rows)
    rows, notes = _with_figures(rows, names, look["caveats"])
    look["caveats"] = notes
    look = {"names": names, **look} if names else look
    if "concept" in rows:
        ends = [end for end in ("low", "high") if end in rows]
        rows = rows.dropna(subset=["value", *ends], how="all")
        return charts.points(rows, y="drawn", by="series", span=ends, **look)
    lengths = set(rows.get("n_months", [1]))
    if rows["ref_period"].nunique() == 1 == len(lengths):
        return charts.bars(rows, y="drawn", by="series", **look)
    adds_up = not NO_SUM.match(str(rows["unit"].iloc[0]))
    if has_own_unit and adds_up:
        is_one_length = len(lengths) == 1
        look["unit"] += LENGTHS.get(max(lengths), "") if is_one_length else " a month"
    if len(lengths) == 1 and rows.groupby("series")["drawn"].count().max() == 2:
        return _pairs(rows, look)
    if len(taken_out):  # what was read between them is no hole
        note = f"Read and not drawn: {runs(months_of(taken_out)[1].tolist())}"
        look["caveats"] = [dates_in_words(note), *look["caveats"]]
        return charts.points(rows, y="drawn", by="series", **look)
    if len(lengths) == 1:
        return charts.lines(rows, y="drawn", by="series", **look)
    return charts.blocks(rows, y="drawn", by="series", per_month=adds_up, **look)


def _with_figures(
    rows: pd.DataFrame, names: Mapping[str, str], caveats: Sequence[str]
) -> tuple[pd.DataFrame, list[str]]:
    """Rows of the series that have a figure, all where none has; who lacks some or all, first."""
    has_figures = rows["drawn"].notna().groupby(rows["series"]).transform("any")
    empty = rows.loc[~has_figures, "series"].unique() if has_figures.any() else []
    several = [names.get(code) or entity_name(code) for code in empty[:MOST]]
    more = " and others" * (len(empty) > MOST)
    notes = [f"No figure at all: {', '.join(several)}{more}"] if several else []
    lacking = rows[rows["missing"].astype(bool)] if "missing" in rows else rows[:0]
    for row in lacking.itertuples():
        name = names.get(row.series) or entity_name(row.series)
        notes.append(f"{name}: without {dates_in_words(row.missing)}")
    notes += [text for text in caveats if lacking.empty or not OF_SUMS.search(text)]
    return rows[has_figures] if several else rows, notes


def _pairs(rows: pd.DataFrame, look: dict[str, Any]) -> Axes:
    """Bars of series of two periods, each below its name: a line would say what lies between."""
    names, lit = look.pop("names", {}), {*look.pop("highlight", ())}
    look = {
        name: option for name, option in look.items() if name in charts.ChartOptions.__annotations__
    }
    heads = rows["series"].map(lambda code: names.get(code) or entity_name(code))
    periods = zip(rows["ref_period"], rows.get("n_months", pd.Series(1, rows.index)), strict=True)
    bars = heads + [f", {spans.text(day, int(n))}" for day, n in periods]
    drawn = rows.assign(bar=bars, head=heads, entity=rows["series"]).sort_values(
        ["head", "ref_period"], kind="stable"
    )
    highlight = [*drawn["bar"][drawn["series"].isin(lit)]]
    options = {"entity": "entity", "heading": "head", "highlight": highlight, **look}
    return charts.bars(drawn, y="drawn", by="bar", **options)


def _named_series(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Rows with the series that each is of, and what readers see for a series."""
    columns = series_columns(rows)
    if not columns:
        named = str(rows.attrs.get(MEASURE, "")) or heading(rows)
        return rows.assign(series="value"), {"value": named.partition(" by ")[0]}
    # Of a splice each part bears the name of its publisher.
    if "publisher" in rows and rows.groupby(columns)["publisher"].nunique().max() > 1:
        columns = [*columns, "publisher"]
    if len(columns) > 1:
        cells = [
            map(publisher_name if column == "publisher" else partial(name_of, column), rows[column])
            for column in columns
        ]
        return rows.assign(series=[*map(", ".join, zip(*cells, strict=True))]), {}
    first = columns[0]
    rows = rows.assign(series=rows[first])
    if first in NAMED_BY_CHARTS:
        return rows, {}
    words = {
        code: dates_in_words(name_of(first, code).replace("_", " ")) for code in {*rows[first]}
    }
    return rows, {code: text[:1].upper() + text[1:] for code, text in words.items()}
