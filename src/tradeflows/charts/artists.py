"""The artists of a chart that carry numbers: each says in its ``gid`` of which row and series."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D


@dataclass(frozen=True)
class Figured:
    """An artist that carries a number.

    Attributes
    ----------
    artist
        What matplotlib drew.
    row, part, name
        The row of the data that it is of, what of it it shows (``line``, ``bar``, …), the series.
    """

    artist: Any
    row: str
    part: str
    name: str


def name_gid(series: str) -> str:
    """The ``gid`` of the name of a series, which carries no number."""
    return f"|name|{series}"


def figured(axes: Axes) -> list[Figured]:
    """The artists of a box that carry numbers, in the order that they were drawn in."""
    shown = []
    for artist in axes.get_children():
        gid = str(artist.get_gid() or "")
        if "|" in gid and not gid.startswith("|"):
            row, part, name = gid.split("|", 2)
            shown.append(Figured(artist, row, part, name))
    return shown


def cells_of(mesh: Any) -> tuple[np.ndarray, np.ndarray]:
    """The values of a row of shaded cells, and where the cells begin and the last one ends."""
    shaded = mesh.get_array().astype("float64")
    values = np.ma.filled(shaded, np.nan).ravel()
    edges = mesh.get_coordinates()[0, :, 0]
    return values, edges


def band_of(artist: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where a band stands, and its lower and upper edge there, piece by piece."""
    is_line = isinstance(artist, Line2D)
    pieces = [artist.get_xydata()] if is_line else [path.vertices for path in artist.get_paths()]
    corners: np.ndarray = np.concatenate(pieces)
    x, place = np.unique(corners[:, 0], return_inverse=True)
    low, high = np.full(len(x), np.inf), np.full(len(x), -np.inf)
    np.minimum.at(low, place, corners[:, 1])
    np.maximum.at(high, place, corners[:, 1])
    return x, low, high


def significant(value: float, digits: int = 4) -> float:
    """So many significant figures, first finely, so that no two machines fall beside a tie."""
    fine = float(f"{value:.12g}")
    return float(f"{fine:.{digits}g}") + 0.0
