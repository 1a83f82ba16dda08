"""What every chart is asked for, and the frame behind it under fixed names."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from itertools import product
from typing import Any, ParamSpec, Required, TypedDict, TypeVar

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from pandas import DataFrame, Series

from tradeflows.charts import layout, spans
from tradeflows.charts.layout import Label
from tradeflows.charts.names import entity_name
from tradeflows.measures.common import UNIT_IN, UNIT_OF, require_single_value, unit_of
from tradeflows.measures.scaling import scale
from tradeflows.model import units
from tradeflows.model.attached import ROOT
from tradeflows.model.errors import QueryError, near, nearest
from tradeflows.retrieval import catalogue, project
from tradeflows.tables.select import read

Charts = Axes | Sequence[Axes] | np.ndarray
Chart = dict[str, Any]  # the options of a chart that was drawn, and what else its artists lack
MARKS = {"=": "o", "~": "D", "≤": "v", "<": "v", "≥": "^", ">": "^"}
SIGNS = {"D": "◆", "v": "▼", "^": "▲"}
WORDS = {"~": "about", "≤": "at most", "<": "less than", "≥": "at least", ">": "more than"}
BAND = "band"  # a mark at an edge of a band, which no pointer meets
VALUE = "value"  # the column of the figures of a table with a row a figure
SAID = 3  # caveats, and holes, that have room below a chart
SMALL = 1.0  # million or billion, below which money is said in full
TERMS = {  # of trade, for readers, where a unit names them
    "CIF": "CIF: with freight and insurance to the border.",
    "FOB": "FOB: without freight and insurance after the border.",
}
MARK = 30  # days beyond the mark of what somebody gave for a month
LONGEST = 4  # words of a unit, as of "million barrels a day"
SCALED = {*UNIT_OF, *UNIT_IN, "value", "low", "high", "change", "value_per_month"}  # by the unit
EXACT = 1e-9  # how near a number lies to one with fewer decimals that is the same
SITE = r"//(?:www\.)?([^/\s]+)"  # whose page an address is of
PICTURES = ("cells", "coverage")  # which have no axis of numbers
UNSETTLED = ("provisional", "partial")  # flags of a figure that may yet change


# What a mark has beside its figure and its period: its box, its column in a table, where it stands,
# and the words beside it.
BLANK: dict[str, Any] = dict.fromkeys(("box", "column", "part", "run", "printed"), "")
BLANK |= {"level": np.nan, "start": 0.0, "stop": np.nan}

P = ParamSpec("P")
Axis = TypeVar("Axis")


def figure_of(axes: Any) -> Any:
    """The figure of a chart, or of its boxes."""
    return np.ravel(np.asarray(axes, dtype=object))[0].figure


def redrawable(draw: Callable[P, Axis]) -> Callable[P, Axis]:
    """Draw a chart in our style, and let it know how, so that it can be set on another paper."""

    @wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Axis:
        with layout.style():
            axes = draw(*args, **kwargs)
        vars(figure_of(axes))["tradeflows"]["redraw"] = partial(drawn, *args, **kwargs)
        return axes

    return drawn


class ChartOptions(TypedDict, total=False):
    """What every chart takes beside its data, by keyword.

    Attributes
    ----------
    title
        The claim, as a sentence.
    unit
        What the axis counts: "Million tonnes a month"; for panels it may differ by panel. Numbers
        whose unit a table or a measure gives, such as ``net_wgt_kg``, are drawn in that which it
        names.
    source
        In place of the line that the catalogue gives for ``frame.attrs["sources"]``.
    sources
        Ids of sources that the frame does not name, such as that of a list of codes.
    note
        A line above the source.
    caveats
        What was left out, cut short or passed over, each a sentence above the source; of many the
        first three and the count of the others.
    events
        Words by day, each at an upright line; or the word of a group of days of ``project.toml``,
        such as "war". None unless given.
    reference
        Values to compare with, by their words; each is a line through the chart. In place of a
        value the id of a published figure or a claim brings it in the chart's unit, with its
        source; its words may hold it as "{:.0f}".
    said
        Values that somebody gave for some months, by their words, on an axis of days:
        ``{"The report, 2021": (52.0, "2021-01", "2021-12")}``. Each is a line over its own months,
        or a diamond where these are no longer than a period of the chart. An id stands for all
        three, as for a ``reference``.
    names
        What readers see in place of a code.
    claims
        Claims of the ledger, by id, whose verdicts stand below this chart in a report.
    """

    title: Required[str]
    unit: Required[str | Mapping[str, str]]
    source: str
    sources: Sequence[str]
    note: str
    caveats: Sequence[str]
    events: Mapping[str, str] | str
    reference: Mapping[str, float | str]
    said: Mapping[str, tuple[float, str, str] | str]
    names: Mapping[str, str]
    claims: Sequence[str]


def complete_options(
    frame: DataFrame,
    options: ChartOptions,
    numbers: Sequence[str] = (),
    names: Sequence[str] = (),
) -> tuple[DataFrame, list[str], Chart]:
    """Fill in the options and find the source line, before anything is drawn.

    `numbers` and `names` are columns that :mod:`tradeflows.charts.raw_lines` follows to raw lines.
    With the options come the frame in the unit of the axis, and where the numbers stand in it.
    """
    known = ChartOptions.__annotations__
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise TypeError(f"no option {', '.join(unknown)}; there are {', '.join(known)}")
    if not (options.get("title") and options.get("unit")):
        raise QueryError("a chart needs a title, which is the claim, and a unit")
    require_columns(frame, [*numbers, *filter(None, names)])
    caveats = tuple(frame.attrs.get("caveats", ()))
    shown: Chart = {"note": "", "caveats": (), "events": {}, "reference": {}}
    shown |= {"said": {}, "names": {}, "claims": (), "gaps": ()}
    shown |= options
    if isinstance(shown["events"], str):
        shown["events"] = project.events_of(shown["events"])
    shown["reference"], of_values = _looked_up(shown["reference"], shown["unit"])
    shown["said"], of_said = _looked_up(shown["said"], shown["unit"], windowed=True)
    figures = [*of_values, *of_said]
    given = [*frame.attrs.get("sources", ()), *options.get("sources", ())]
    ids = tuple(dict.fromkeys([*given, *(name for rows in figures for name in rows["source_id"])]))
    if not shown.get("source"):
        if not ids:
            raise QueryError('no source: frame.attrs["sources"] is empty, so say source="…"')
        with catalogue.within(frame.attrs):
            who = {name: by for rows in (*figures, frame) for name, by in speakers(rows).items()}
            of_rows = who, outlets(frame)
            shown["source"] = catalogue.credit(ids, None, *of_rows, dated=False)
            shown["dated"] = catalogue.credit(ids, None, *of_rows)
    asked = {ROOT: frame.attrs[ROOT]} if ROOT in frame.attrs else {}
    shown["attrs"] = {"sources": ids, "caveats": caveats, **asked}
    if not numbers:
        return frame, [], shown
    frame, columns = _in_unit(frame, numbers, shown["unit"])
    shown["of"] = frame, columns, [*names]
    return frame, columns, shown


def _looked_up(
    values: Mapping[str, Any], unit: str | Mapping[str, str], *, windowed: bool = False
) -> tuple[dict[str, Any], list[DataFrame]]:
    """Values to compare with, those given as ids of figures looked up; the rows of these."""
    if not isinstance(values, Mapping):
        raise QueryError(
            f"{values!r}: expected words with a value or the id of a figure, such as "
            "{'claimed': 'O08'}"
        )
    found, figures = {}, []
    for words, value in values.items():
        if not isinstance(value, str):
            found[words] = value
            continue
        figures.append(read("figures", id=value))
        figure = figures[-1].iloc[0]
        number = figure["value"] / (size_in(figure["unit"], str(unit)) or 1.0)
        ends = figure[["window_start", "window_end"]]
        if pd.isna(number) or (windowed and ends.isna().any()):
            raise QueryError(
                f"figure {value} has no number, or a vague window: write them yourself"
            )
        window = [f"{end:%Y-%m}" for end in ends if windowed]
        found[words.format(number)] = (number, *window) if windowed else number
    return found, figures


def _in_unit(
    frame: DataFrame, numbers: Sequence[str], unit: str | Mapping[str, str]
) -> tuple[DataFrame, list[str]]:
    """`frame` with its `numbers` in the unit of the axis, where theirs is known, in own columns."""
    columns = []
    for name in numbers:
        into, given = name, []
        if isinstance(unit, str) and name in SCALED and name in frame:
            stated = frame[frame[name].notna()]
            column = UNIT_IN.get(name, "unit")
            if name in UNIT_OF:
                given = [UNIT_OF[name]]
            elif column in stated:
                given = [unit_of(part, name) for _, part in stated.groupby(column)]
            if len(given) > 1:
                require_single_value(stated, [column])
            size = size_in(given[0], unit) if given else None
            if size not in (None, 1.0):
                into = f"drawn_{name}"
                frame = scale(frame, name, size, into)
        columns.append(into)
    return frame, columns


def size_in(given: str, text: str) -> float | None:
    """How many of the unit `given` one is of that which a text names; None where it names none.

    Raises
    ------
    QueryError
        The text counts by the million or so what `given` is not, or by a word like that.
    """
    words = [word.strip(",:;()") for word in text.split()] if given else []
    wanted = "percent" if given == "ratio" else given  # which an axis has as so many %
    for first, n in product(range(len(words)), range(LONGEST, 0, -1)):
        phrase = " ".join(words[first : first + n])
        lowered = phrase[:1].lower() + phrase[1:]
        size = units.factor(phrase, wanted) or units.factor(lowered, wanted)
        if size:
            before = words[first - 1].lower() if first else ""
            meant = near(before, units.COUNTED_BY)
            if nearest(before, units.COUNTED_BY):
                raise QueryError(f"{text!r}: {before!r} is no word of a unit{meant}")
            return size / 100 if given == "ratio" else size
    if given and not {*units.COUNTED_BY}.isdisjoint(map(str.lower, words)):
        raise QueryError(f"{text!r} names no unit of {given}; it may be {units.others(given)}")
    return None


def speakers(frame: DataFrame) -> dict[str, list[str]]:
    """Who published the rows of each source, where each row says so itself."""
    for column in ("outlet", "publisher"):
        if {column, "source_id"} <= set(frame):
            by_source = frame.dropna(subset=[column]).groupby("source_id")[column]
            return {str(name): [*rows.unique()] for name, rows in by_source}
    return {}


def outlets(frame: DataFrame) -> dict[str, list[str]]:
    """The outlets that carried the rows of each source, by name, or else by their web site."""
    if not {"source_id", "address"} <= set(frame):
        return {}
    sites = frame["address"].str.extract(SITE, expand=False)
    known = catalogue.contents(catalogue.root()).outlets
    sites = sites.map(known).fillna(sites)
    names = sites if "outlet" not in frame else frame["outlet"].str.partition(" (")[0]
    by_source = names.dropna().groupby(frame["source_id"])
    return {str(name): [*rows.unique()] for name, rows in by_source}


def refuse(rows: DataFrame, problem: str) -> None:
    """Say the `problem` of the first of `rows`, if there are any."""
    if len(rows):
        first = rows.iloc[0]
        name, day = first["name"], first["x"]
        where = f"{name} in {day:%Y-%m}" if pd.notna(day) else name
        raise QueryError(f"{problem}: {where} ({len(rows)} rows); filter the frame")


def refuse_repeated(rows: DataFrame, *columns: str) -> None:
    """Refuse two values for one point: rows that share `columns`."""
    is_repeated = rows.duplicated([*columns])
    refuse(rows[is_repeated], "two values for one point")


def drawable_rows(
    frame: DataFrame,
    *,
    y: str,
    by: str,
    when: str = "ref_period",
    length: str = "",
    panel: str = "",
    span: Sequence[str] = (),
    months: int = 1,
) -> DataFrame:
    """The frame's columns under fixed names, with what may be absent filled in: a row a mark.

    Half a range without a figure is a bound.
    """
    asked = [name for name in (by, when, length, panel) if name]
    require_columns(frame, [y, *asked, *span], asked)
    frame = frame.reset_index(drop=True)
    blank = Series(np.nan, frame.index)
    try:
        ends = [frame[name].astype("float64") for name in span] or [blank, blank]
        value, (low, high) = frame[y].astype("float64"), ends
        x = pd.to_datetime(frame[when] if when else blank)
        last = pd.to_datetime(frame[length]) if length == "window_end" else None
    except (TypeError, ValueError) as error:
        raise QueryError(
            f"{y} must hold numbers, and {when or by} what it says: {error}"
        ) from error
    is_bound = value.isna() & (low.isna() != high.isna())
    rows = DataFrame({"row": frame.index, "x": x, "name": frame[by].astype(str)}).assign(**BLANK)
    rows["panel"] = frame[panel].astype(str) if panel else ""
    rows["value"] = value.where(~is_bound, low.fillna(high))
    rows["low"] = low.fillna(value.where(high.notna())).mask(is_bound)
    rows["high"] = high.fillna(value.where(low.notna())).mask(is_bound)
    rows["n_months"] = frame.get("n_months", blank).fillna(months).astype(int)
    rows["flags"] = frame.get("flags", blank.astype(object)).fillna("")
    given = frame.get("qualifier", blank.astype(object)).fillna("=")
    rows["qualifier"] = given.mask(is_bound, Series(np.where(low.isna(), "≤", "≥"), frame.index))
    rows["mark"] = rows["qualifier"].map(MARKS)
    rows["hollow"] = [not {*UNSETTLED}.isdisjoint(flags.split()) for flags in rows["flags"]]
    periods = [*zip(x, rows["n_months"], strict=True)]
    after = [day + pd.DateOffset(months=n_months) for day, n_months in periods]
    rows["end"] = after if last is None else last
    rows["middle"] = [spans.middle(*period) for period in periods]
    rows["centre"] = rows["x"] + (rows["end"] - rows["x"]) / 2
    _require_drawable(rows, bool(when))
    return rows


def _require_drawable(rows: DataFrame, is_dated: bool) -> None:
    """Refuse figures that no chart can show."""
    numbers = rows[["value", "low", "high"]]
    refuse(rows[rows["mark"].isna()], f"a qualifier that is none of {' '.join(MARKS)}")
    refuse(rows[np.isinf(numbers).any(axis="columns")], "a value that is not finite")
    refuse(rows[rows["low"] > rows["high"]], "a range whose low end is above its high end")
    if is_dated:
        is_empty = numbers.isna().all(axis="columns").groupby([rows["panel"], rows["name"]])
        refuse(rows[is_empty.transform("all")], "a series without any value")


def require_columns(frame: DataFrame, needed: Sequence[str], asked: Sequence[str] = ()) -> None:
    """Refuse a frame without rows or columns, or with a null in a column of `asked`."""
    if frame.empty:
        raise QueryError("nothing to draw: the frame has no rows")
    missing = [column for column in dict.fromkeys(needed) if column not in frame]
    if missing:
        close = near(str(missing[0]), map(str, frame)) if len(frame.columns) else ""
        raise QueryError(f"the frame has no column {', '.join(missing)}{close}")
    for column in asked:
        n_null = frame[column].isna().sum()
        if n_null:
            raise QueryError(f"{column} is null in {n_null} of {len(frame)} rows; filter the frame")


def finish(
    grid: list[Axes],
    kind: str,
    shown: Chart,
    rows: DataFrame,
    ends: list[list[Label]],
    zero: bool = False,
    box: float = 3.0,
    key: str = "",
) -> None:
    """Axes, key, source line and all that stands beside the data; the rows are the marks."""
    marks, upright, keys = rows, kind in layout.UPRIGHT, [key]
    if kind in PICTURES:
        shown = shown | {"reference": {}, "said": {}}
    else:
        marks = rows.assign(mark=rows["mark"].map(SIGNS))
        keys += _keys(rows, kind)
    vars(grid[0].figure)["tradeflows"] = shown | {"marks": marks}
    for axes, texts in zip(grid, ends, strict=True):
        axes.set_gid(kind)
        texts += _draw_said(axes, rows, shown["said"])
        if upright:  # where each mark has its number
            axes.set_xticks([])
            axes.spines["bottom"].set_visible(False)
            axes.grid(visible=False)
        elif kind not in PICTURES:
            layout.number_axis(axes)
            _set_days(axes, rows, shown, kind)
        if zero:  # from zero to all that is drawn
            compared = [box.dataLim for box in axes.get_shared_y_axes().get_siblings(axes)]
            low, high = min(box.y0 for box in compared), max(box.y1 for box in compared)
            axes.set_ylim(min(0, low), max(0, high) or float(low == 0))
    units = [_unit_above(axes, shown, is_alone=len(grid) == 1) for axes in grid]
    shown = shown | {"foot": foot(shown, " · ".join(filter(None, keys)))}
    layout.finish(grid, ends, units, shown, box)


def _keys(rows: DataFrame, kind: str) -> list[str]:
    """What the marks of a chart mean."""
    qualifiers = [] if kind in ("bars", "windows") else dict.fromkeys(rows["qualifier"])
    keys = [f"{SIGNS[MARKS[sign]]} {WORDS[sign]} this" for sign in qualifiers if sign != "="]
    if kind == "points" and rows["n_months"].gt(1).any():
        keys.append("Thin line: the months that a figure is of")
    flags = " or ".join(flag for flag in UNSETTLED if rows["flags"].str.contains(flag).any())
    are_all = kind == "bars" and not rows["hollow"].any()
    word = "Dashed" if kind in ("blocks", "windows") else "All figures" if are_all else "Hollow"
    return [*keys, f"{word}: {flags}"] if flags else keys


def _unit_above(axes: Axes, shown: Chart, *, is_alone: bool) -> str:
    """The unit above a box, behind the name of one of several: "million tonnes", "MW"."""
    panel, unit = str(axes.get_label()), shown["unit"]
    unit = unit if isinstance(unit, str) else unit[panel]
    first = unit.partition(" ")[0]
    if len(first) > len("bcm") and first[1:].islower() and not is_alone:  # a word
        unit = unit[:1].lower() + unit[1:]
    return unit if is_alone else f"{named(panel, shown)}, {unit}"


def _draw_said(axes: Axes, rows: DataFrame, said: Mapping[str, Any]) -> list[Label]:
    """Draw what somebody gave for some months over these alone; the words of each."""
    texts = []
    for words, (value, first, last) in said.items():
        start = pd.Timestamp(first)
        months = 1 + (pd.Period(last, "M") - pd.Period(first, "M")).n
        ends = [start, start + pd.DateOffset(months=months)]
        look: dict[str, Any] = {"lw": 3, "solid_capstyle": "butt"}
        is_short = months <= rows["n_months"].max()
        if is_short:
            ends = [spans.middle(start, months)]
            look = {"marker": "D", "mfc": layout.PAPER, "ms": 8, "mew": 1.8, "zorder": 5}
        gid = f"0|reference|{words}"  # a small number's mark lies over the axis
        axes.plot(ends, [value] * len(ends), color=layout.INK, gid=gid, clip_on=False, **look)
        places = mdates.date2num(ends)
        # Its words have room above, and no edge cuts its mark.
        axes.update_datalim([(places[0], 1.15 * value), (places[-1] + MARK * is_short, value)])
        others = tuple((place, value) for place in places)
        text = layout.wrap(words, layout.page().name)
        texts.append(Label(text, *others[-1], layout.INK, clear=0.2, others=others))
    return texts


def _set_days(axes: Axes, rows: DataFrame, shown: Chart, kind: str) -> None:
    """Set an axis of days from the first to the last period, and make room for the references.

    Where each figure of a line is one a year, the axis has the middle of each from the first on.
    """
    ends, years = [rows["x"].min(), rows["end"].max()], []
    is_of_year = rows["n_months"].between(7, 12) & rows["x"].dt.month.eq(1)
    if kind == "lines" and is_of_year.all():
        n_months, a_month = int(rows["n_months"].max()), pd.DateOffset(months=1)
        days = pd.date_range(rows["x"].min(), rows["x"].max(), freq="YS")
        years = [spans.middle(day, n_months) for day in days]
        ends = [years[0] - a_month, years[-1] + a_month]
    corners = [(day, 0) for day in mdates.date2num(ends)]
    axes.update_datalim(corners, updatey=False)
    layout.day_axis(axes, years=years)
    axes.margins(y=0)
    for value in shown["reference"].values():
        axes.update_datalim([(axes.dataLim.x0, value)])


def foot(shown: Chart, key: str = "") -> list[str]:
    """Paragraphs below a chart: its key, its note, its holes, its caveats, its source.

    Holes are said once where all series have the same.
    """
    gaps = shown["gaps"]
    holes = f"No figure: {'; '.join(gaps)}" if gaps else ""
    periods = {gap.partition(", ")[2] for gap in gaps}
    if len(periods) == 1 < len(gaps):
        holes = f"No figure for {periods.pop()}"
    caveats = first_of([*map(_sentence, shown["caveats"])])
    parts = [key, shown["note"], _sentence(holes), *caveats, f"Source: {shown['source']}"]
    return [text for text in parts if text]


def about(shown: Chart) -> str:
    """What a chart has no room for: the terms of trade in its unit, and its sources with dates."""
    unit = shown["unit"]
    counted = unit if isinstance(unit, str) else " ".join(unit.values())
    terms = [words for term, words in TERMS.items() if term in counted]
    return " ".join([*terms, f"Source: {shown.get('dated', shown['source'])}."])


def _sentence(text: str) -> str:
    """`text` with a capital letter and a full stop."""
    end = "" if not text or text.endswith(".") else "."
    return f"{text[:1].upper()}{text[1:]}{end}"


def first_of(texts: Sequence[str]) -> list[str]:
    """The first :data:`SAID` of `texts`, and how many there are beside."""
    more = len(texts) - SAID
    return [*texts[:SAID], f"and {more} more"] if more > 0 else [*texts]


def named(name: str, shown: Chart) -> str:
    """What readers see in place of a code."""
    return shown["names"].get(name) or entity_name(name)


def in_full(unit: str, numbers: DataFrame) -> float:
    """How many dollars one of `unit` is, if its numbers are to be said in full; else 0.

    That is where one of them is below one million, or one billion.
    """
    word, _, money = unit.partition(" ")
    size = units.COUNTED_BY.get(word.lower(), 0.0)
    is_small = numbers.abs().lt(SMALL) & numbers.ne(0)
    return size if money.startswith(units.ALOUD["USD"]) and is_small.any(axis=None) else 0.0


def are_whole(rows: DataFrame) -> bool:
    """Whether all figures of a chart are whole numbers, as counts of things are."""
    numbers = rows[["value", "low", "high"]].stack().dropna()
    return bool(numbers.eq(numbers.round()).all())


def decimals_of(rows: DataFrame) -> int:
    """How many decimals all figures of a chart have; -1 where each is to have its own.

    They give the greatest three figures, as long as the least keeps two, or are as many as the
    numbers themselves have; where the greatest has no decimals, each has three figures, since 76.1
    is no 76 beside 190.
    """
    numbers = rows[["value", "low", "high"]].stack().dropna().abs()
    known = numbers[numbers > 0]
    if known.empty:
        return -1
    decimals = max(0, 2 - int(np.floor(np.log10(known.max()))))
    for fewer in range(1, decimals):
        if np.allclose(numbers, numbers.round(fewer), rtol=0, atol=EXACT):
            return fewer
    return decimals if decimals and known.min() * 10**decimals >= 9.5 else -1


def _said(value: float, money: float, whole: bool, decimals: int) -> str:
    """A number in three digits, or in so many decimals, or so much money."""
    if decimals >= 0 and not money and not whole and not np.isnan(value):
        return f"{value:,.{decimals}f}".replace("-", "−")
    if money:
        return units.found_amount(money * value, "USD", layout.DIGITS)
    return layout.number(value, layout.DIGITS) if whole else layout.figure(value, layout.DIGITS)


def printed(row: Any, money: float = 0.0, *, whole: bool = False, decimals: int = -1) -> str:
    """A figure in three digits with its sign, and its range in brackets; as `money`, if it is.

    Its last zeros are kept, unless all beside it are `whole`, or it was said to be about so much,
    more, less, or from one whole number to another. What is at least 18.68 is printed as at least
    18.6, since 18.7 would be more than is known; so with what is at most.
    """
    is_round = row.low % 1 == row.high % 1 == 0
    whole = whole or row.qualifier != "=" or (np.isnan(row.value) and is_round)
    low, high = (_said(end, money, whole, decimals) for end in (row.low, row.high))
    reach = "" if np.isnan(row.low) else f"{low} to {high}"
    if np.isnan(row.value):
        return reach or "not published"
    places = decimals if decimals >= 0 else None
    bound = units.never_beyond(row.value, row.qualifier, layout.DIGITS, places)
    text = f"{WORDS.get(row.qualifier, '')} {_said(bound, money, whole, decimals)}".strip()
    return f"{text} ({reach})" if reach else text
