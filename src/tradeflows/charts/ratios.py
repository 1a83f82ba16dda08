"""Each reading of a claim, as a ratio to the claimed figure."""

from collections.abc import Mapping
from typing import Any, Unpack

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import ticker
from matplotlib.axes import Axes

from tradeflows.charts import colours, layout
from tradeflows.charts.layout import Label
from tradeflows.charts.options import (
    ChartOptions,
    complete_options,
    drawable_rows,
    finish,
    named,
    redrawable,
    refuse,
)
from tradeflows.model.errors import QueryError

SILENT = "decides nothing"
# What a reading says of a claim, by the face and the edge of its marker.
SAYS = {
    "agrees": (colours.INK, colours.INK),
    "disagrees": ("white", colours.AGAINST),
    SILENT: (colours.MUTE, colours.MUTE),
}


@redrawable
def ratios(
    frame: pd.DataFrame,
    *,
    by: str = "id",
    ratio: str = "ratio",
    agrees: str = "agrees",
    verdict: str = "verdict",
    **options: Unpack[ChartOptions],
) -> Axes:
    """Compare what was found with what was claimed: a row a claim, a marker a reading, 1 the claim.

    Parameters
    ----------
    frame
        One row a reading, as ``claims.table`` gives them; a claim without any is left out, and
        counted in the note. Heeded where present: ``statement`` (stands above the row, on two
        lines at most), ``qualifier`` (of the claim; what "more than" allows is shaded), ``value``
        with ``low`` and ``high`` (a reading that is a bound is a triangle), ``unit`` (for a claim
        without ratios, whose values stand there in figures).
    by, verdict
        Columns of the claims, in the order of the rows, and of the words at the end of each.
    ratio
        Column of what was found, divided by what was claimed. One that is not positive stands in
        figures at the left edge.
    agrees
        Column that says whether a reading agrees (filled) or disagrees (hollow); null where it
        decides nothing (grey).
    **options
        There are no events, and a ``reference`` is an upright line beside that of the claim.

    Raises
    ------
    QueryError
        As every chart (see :func:`lines`), but for two values at one point and for a series
        without any. Also: a claim with two verdicts, no claim with a reading, or a reference
        that is not positive.
    """
    shown = complete_options(frame, options, [ratio], [by])
    shown["reference"] = {"As claimed": 1.0} | shown["reference"]
    rows = _readings(frame, ratio, by, agrees, verdict)
    tested = (rows["found"].notna() | rows["says"].ne(SILENT)).groupby(rows["name"])
    if without := int((~tested.any()).sum()):
        shown["note"] = f"{shown['note']} Not shown: {without} without any reading.".strip()
    rows = rows[tested.transform("any")].reset_index(drop=True)
    if rows.empty:
        raise QueryError("nothing to draw: no claim has a reading")
    shown["names"] = dict(zip(rows["name"], rows["statement"], strict=True)) | shown["names"]
    counted = rows.loc[rows["counted"] & ~rows["value"].le(0), ["value", "low", "high"]]
    known = [0.5, 2.0, *shown["reference"].values(), *counted.stack()]
    first, last = min(known), max(known)
    if first <= 0:
        raise QueryError("no place on a logarithmic axis for a reference that is not positive")
    rows["beyond"] = np.select([rows["value"] < first, rows["value"] > last], [-1, 1], 0)
    claims = {str(name): part for name, part in rows.groupby("name", sort=False)}
    start, inches = _fit(claims, first, last)
    ends, floor, narrow = [], 0.0, layout.page() is layout.NARROW
    with layout.style():
        _, axes = plt.subplots()
        axes.set_xscale("log")
        axes.set_xlim(start, start * np.exp(_room(rows) / inches))
        left, right = axes.get_xlim()
        steps = _steps(last / first, right / left)
        axes.xaxis.set_major_locator(ticker.LogLocator(subs=steps))
        axes.xaxis.set_minor_locator(ticker.NullLocator())
        for name, part in claims.items():
            sentence = named(name, shown)
            if narrow:
                sentence += f" ({part['panel'].iloc[0]})"
            text = layout.clip(sentence, layout.page().sentence, 4 if narrow else 2)
            layout.write_above(axes, text, floor)
            middle = floor + layout.LINE * (text.count("\n") + 1) + 0.16
            _claim(axes, part, middle, inches)
            colour = _verdict_colour(part)
            if not narrow:  # where the verdict stands after the sentence
                ends.append(
                    Label(
                        part["panel"].iloc[0],
                        axes.get_xlim()[1],
                        middle,
                        colour,
                        f"{part.index[0]}|verdict|{name}",
                    )
                )
            floor = middle + 0.24
        axes.set_yticks([])
        axes.set_ylim(floor, 0)
        finish([axes], "ratios", shown, rows, [ends], False, floor, _key(rows))
    return axes


def _steps(reach: float, whole: float) -> tuple[float, ...]:
    """Numbers of each decade that have a mark on the axis.

    The greatest figure is `reach` times the least, and the end of the axis `whole` times its start.
    """
    if layout.page() is layout.NARROW and whole > 100:
        return (1,)
    return (1, 2, 5) if reach > 10 else (1, 1.5, 2, 3, 5, 7)


def _verdict_colour(part: pd.DataFrame) -> str:
    """The colour of a claim's verdict, by what its readings say."""
    says = set(part["says"])
    if "agrees" in says:
        return colours.INK
    return colours.AGAINST if "disagrees" in says else colours.SOFT


def _readings(frame: pd.DataFrame, ratio: str, by: str, agrees: str, verdict: str) -> pd.DataFrame:
    """The rows of :func:`ratios`: `panel` is the verdict, `low` to `high` a range divided."""
    rows = drawable_rows(frame, y=ratio, by=by, when="", panel=verdict)
    if agrees not in frame:
        raise QueryError(f"the frame has no column {agrees}")
    verdicts = rows.groupby("name")["panel"].transform("nunique")
    refuse(rows[verdicts > 1], "two verdicts for one claim")
    frame = frame.reset_index(drop=True)
    says = frame[agrees].astype("boolean").map({True: "agrees", False: "disagrees"}).fillna(SILENT)
    reading, least_found, most_found = (
        frame.get(column, rows["value"]).astype("float64") for column in ("value", "low", "high")
    )
    figure = reading / rows["value"]
    low, high = least_found / figure.fillna(1), most_found / figure.fillna(1)
    low, high = np.minimum(low, high), np.maximum(low, high)  # a figure may be negative
    sign = np.select([low.lt(high) & high.eq(np.inf), low.lt(high) & low.le(0)], [">", "<"], "o")
    ranged = low.lt(high) & (sign == "o")
    least = rows["qualifier"].isin([">", "≥"]), rows["qualifier"].isin(["<", "≤"])
    return rows.assign(
        statement=frame.get("statement", rows["name"]).str.removesuffix("."),
        says=says,
        counted=says.ne(SILENT) | says.eq(SILENT).groupby(rows["name"]).transform("all"),
        sign=sign,
        low=low.where(ranged),
        high=high.where(ranged),
        allowed=np.select(least, [1, -1], 0) * np.sign(figure),
        found=reading,
        unit=frame.get("unit", ""),
    )


def _room(rows: pd.DataFrame) -> float:
    """Inches between the left edge of the box and the verdicts."""
    if layout.page() is layout.NARROW:
        return layout.page().width - 0.55
    return layout.page().width - 0.55 - max(layout.size(text)[0] for text in rows["panel"])


def _fit(claims: Mapping[str, pd.DataFrame], first: float, last: float) -> tuple[float, float]:
    """Where the axis begins, and how long on it a factor of e is so that all figures fit."""
    wide = {
        side: max(
            (
                layout.size(_figure(row))[0] + 0.3
                for part in claims.values()
                for row in part[part["beyond"] == side].itertuples()
            ),
            default=0.0,
        )
        for side in (-1, 1)
    }
    before = 0.3 + wide[-1]
    room = min(_room(part) for part in claims.values()) - before
    inches = (room - 0.3) / np.log(last / first)
    for part in claims.values():
        outermost = part["value"].where(part["beyond"] == 0).max()
        if outermost > first:
            needed = layout.size(_span(part, "value"))[0] + 0.3
            needed += wide[1] if part["beyond"].eq(1).any() else 0.0
            inches = min(inches, (room - needed) / np.log(outermost / first))
    return first * np.exp(-before / inches), inches


def _claim(axes: Axes, part: pd.DataFrame, middle: float, inches: float) -> None:
    """Draw one claim's readings, and in figures the span of those that count."""
    name, edges = part["name"].iloc[0], axes.get_xlim()
    label = f"{part.index[0]}|label|{name}"
    if part["value"].isna().all():
        counted = part[part["counted"]]
        agree = f"{counted['says'].eq('agrees').sum()} of {len(counted)} agree"
        span = _span(part, "found")
        text = f"found {span} {part['unit'].iloc[0]}".strip() + ": " if span else ""
        layout.write_beside(axes, text + agree, edges[0], middle, 1, label, over=True)
        return
    if allowed := part["allowed"].iloc[0]:
        axes.fill_between(
            [1, edges[int(allowed > 0)]], middle - 0.13, middle + 0.13, color=colours.SHADE, lw=0
        )
    for i, row in part[part["beyond"] != 0].iterrows():
        text = _figure(row)
        text, edge = (f"◄ {text}", edges[0]) if row["beyond"] < 0 else (f"{text} ►", edges[1])
        layout.write_beside(axes, text, edge, middle, -row["beyond"], f"{i}|beyond|{name}")
    placed = part[part["beyond"].eq(0) & part["value"].notna()].sort_values("value")
    if placed.empty:
        return
    values = placed["value"].to_numpy()
    axes.plot(values[[0, -1]], [middle] * 2, color=colours.GREY, lw=0.8)
    heights = layout.heights_apart(inches * np.log(values), 0.12)
    for (i, row), up in zip(placed.iterrows(), heights, strict=True):
        face, colour = SAYS[row["says"]]
        axes.plot(
            [row["low"], row["high"]],
            [middle + up] * 2,
            color=colour,
            lw=1.5,
            gid=f"{i}|range|{name}",
        )
        axes.plot(
            [row["value"]],
            [middle + up],
            ls="none",
            marker=row["sign"],
            ms=7,
            mfc=face,
            mec=colour,
            mew=1.6,
            zorder=3,
            gid=f"{i}|reading|{name}",
        )
    ends = placed["value"][placed["counted"]]
    if len(ends):
        layout.write_outside(
            axes, _span(part, "value"), values, ends.min(), ends.max(), middle, inches, label
        )


def _figure(row: Any, column: str = "value") -> str:
    """One reading in figures, closer where it is close to 1, and never 1 where it disagrees."""
    value = getattr(row, column)
    digits = 3
    if 0.99 < value < 1.01:
        wrong = row.says == "disagrees"
        digits = next((n for n in range(4, 12) if not wrong or round(value, n) != 1), 4) + 1
        value = round(value, digits - 1)
    return {"<": "≤ ", ">": "≥ "}.get(row.sign, "") + layout.number(value, digits)


def _span(part: pd.DataFrame, column: str) -> str:
    """The least and the greatest of the readings that count, in figures."""
    part = part[part["counted"]].dropna(subset=column).sort_values(column)
    ends = [*part.head(1).itertuples(), *part.tail(1).itertuples()]
    return " to ".join(dict.fromkeys(_figure(row, column) for row in ends))


def _key(rows: pd.DataFrame) -> str:
    """What the markers and the shades mean, as far as they are there."""
    placed = rows[rows["value"].notna()]
    silent = f"grey: {SILENT} (a bound, another concept, or the claim’s own source)"
    meanings = {
        "● agrees": placed["says"].eq("agrees"),
        "○ disagrees": placed["says"].eq("disagrees"),
        silent: placed["says"].eq(SILENT),
        "◄ at most": placed["sign"].eq("<"),
        "► at least": placed["sign"].eq(">"),
        "shaded: within the claim": placed["allowed"].ne(0),
    }
    shown = [words for words, is_there in meanings.items() if is_there.any()]
    parts = [_unbroken(f"{words} ·") for words in shown]
    return " ".join(parts).removesuffix("·").rstrip()


def _unbroken(words: str) -> str:
    """Words that stay on one line, if the paper has room for them."""
    return "\xa0".join(words.split()) if len(words) <= layout.page().foot else words
