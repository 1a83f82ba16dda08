"""The colours of charts: what each entity is drawn in.

An entity has the colour that ``project.toml`` names for it; the others take, in their order, those
of :data:`PALETTE` that the project has named for none.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import ListedColormap, to_hex, to_rgb

from tradeflows.model.errors import QueryError
from tradeflows.retrieval.project import own_colours

PAPER = "#ffffff"
LEGIBLE = 4.5  # the contrast that letters need, by WCAG
ON_SHADES = ("#010101", "#fefefe")  # letters on a part of a strip
# Of cells, from nothing to all: so pale that dark letters are read on all by day, and light ones in
# the dark, where a page turns its charts.
SHADES = ListedColormap(colormaps["Blues"](np.linspace(0.0, 0.5, 25)))
SOFT, EVENT, WINDOW = "#595959", "#a0a0a0", "#4d4d4d"
INK, GREY, FAINT, OWN = "#1a1a1a", "#767676", "#d9d9d9", "#741453"
MUTE, SHADE = "#b0b0b0", "#e9eef5"
# Of the words of verdicts, on the front page as in a chart; the three kinds of colour blindness
# tell them apart.
VERDICTS = {
    "holds": "#0b6b3a",
    "leans yes": "#077798",
    "depends": "#6e41cd",
    "leans no": "#ab5c08",
    "differs": "#7a0020",
    "cannot be told": "#5c5c57",
    "not looked up yet": "#82827d",  # of what cannot be told a part
}
# Of series; a test looks at them with three kinds of colour blindness.
PALETTE = (
    "#12479a",
    "#dd6010",
    "#18a35f",
    "#e047dd",
    "#3a7496",
    "#7225df",
    "#3f95ee",
    "#e93d35",
    "#704f34",
    "#0f6404",
    "#c374c1",
)
OTHERS = (GREY, OWN, "#41390e")  # of series beside those that have a colour of their own
DASHED = (0, (3, 1))


def of_entity(name: str, other: str) -> str:
    """The colour that the project has for an entity, `other` where it has none."""
    return own_colours().get(name, VERDICTS.get(name, other)).lower()


@dataclass(frozen=True)
class Look:
    """How a series is drawn: its colour, and the dashes of its line."""

    colour: str
    dash: Any = "-"


def of_series(names: Iterable[str], highlight: Collection[str] = ()) -> dict[str, Look]:
    """The look of each name: the project's, else in their order those that are free.

    Where some are to be seen before others, these are grey.

    Raises
    ------
    QueryError
        More names without a colour of their own than can be told apart.
    """
    shown = list(dict.fromkeys(names))
    plain = [name for name in shown if highlight and name not in highlight]
    of_verdicts = {name: VERDICTS[name] for name in shown if name in VERDICTS}
    known = {**of_verdicts, **own_colours()}
    named = {name: Look(colour.lower()) for name, colour in known.items()}
    taken = {look.colour for look in named.values()}
    others = [name for name in shown if name not in named and name not in plain]
    free = [colour for colour in PALETTE if colour not in taken]
    last = OTHERS[1:] if highlight else OTHERS  # the first is grey
    looks = [Look(colour) for colour in (*free, *last)]
    looks += [Look(colour, DASHED) for colour in last]
    if len(others) > len(looks):
        raise QueryError(
            f"{len(others)} series without a colour of their own, and {len(looks)} can be told "
            "apart: filter the frame or draw lines(panel=)"
        )
    return named | dict(zip(others, looks, strict=False)) | dict.fromkeys(plain, Look(GREY))


def luminance(colour: Any) -> float:
    """How light a colour is, from 0 to 1, as the rules for readable text count it."""
    parts = np.asarray(to_rgb(colour))
    dark = parts / 12.92
    light = ((parts + 0.055) / 1.055) ** 2.4
    linear = np.where(parts <= 0.04045, dark, light)
    return float(np.dot((0.2126, 0.7152, 0.0722), linear))


def contrast(one: Any, other: Any) -> float:
    """How far two colours stand apart, from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def letters_on(colour: Any) -> str:
    """The colour of letters upon `colour`: light as long as it is read, else dark."""
    dark, light = ON_SHADES
    return light if contrast(light, colour) > LEGIBLE else dark


def text_colour(colour: Any) -> str:
    """A colour's shade for letters, which are small and need more contrast than a line."""
    red, green, blue = (0.8 * part for part in to_rgb(colour))
    return to_hex((red, green, blue))
