"""What a release changed against the one before, for every publisher whose releases are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tradeflows.model.lineage import full_number

if TYPE_CHECKING:
    import pyarrow as pa
    from pandas import DataFrame


@dataclass(frozen=True)
class Change:
    """One figure that differs between two releases; of a row that came or went the first.

    `what` is its cell and its name for a reader; `old` and `new` are None where there is none, and
    `kind` says whether the newer release added, changed or withdrew the row.
    """

    what: str
    old: float | None
    new: float | None
    old_release: str
    new_release: str
    unit: str = ""
    kind: str = "changed"

    def __str__(self) -> str:
        """Say the change in a line."""
        old, new = in_words(self.old, self.unit), in_words(self.new, self.unit)
        what = f"{self.kind}: {self.what}"
        return f"{what}: {old} ({self.old_release}) -> {new} ({self.new_release})"


def in_words(figure: float | None, unit: str) -> str:
    """A figure in words."""
    return "nothing" if figure is None else f"{full_number(figure)} {unit}"


def largest_first(changes: Iterable[Change]) -> list[Change]:
    """`changes` by their size, those of one size in the order in which they came."""
    return sorted(changes, key=lambda change: -abs((change.new or 0.0) - (change.old or 0.0)))


def changed(old: pa.Table, new: pa.Table, cell: Sequence[str], figures: Sequence[str]) -> DataFrame:
    """Cells of which a figure differs between two tables, or that only one of them has.

    Parameters
    ----------
    cell
        Columns of text that identify a row; rows of one cell are compared in their order.
    figures
        Columns of numbers.

    Returns
    -------
    DataFrame, one row a changed cell, in the order of its words
        `cell`, ``kind`` (added, changed, withdrawn), and ``…_old`` and ``…_new`` of each figure,
        None where there is none.
    """
    words = [*cell]
    rows = []
    for table in (old, new):
        frame = table.select([*words, *figures]).to_pandas()
        frame = frame.astype(dict.fromkeys(words, "object") | dict.fromkeys(figures, "float64"))
        rows.append(frame.assign(nth=frame.groupby(words, sort=False).cumcount()))
    of_both = rows[0].merge(
        rows[1], on=[*words, "nth"], how="outer", suffixes=("_old", "_new"), indicator="kind"
    )
    kinds = {"left_only": "withdrawn", "right_only": "added", "both": "changed"}
    of_both["kind"] = of_both["kind"].map(kinds).astype("str")
    pairs = [(of_both[f"{name}_old"], of_both[f"{name}_new"]) for name in figures]
    is_same = [was.eq(now) | (was.isna() & now.isna()) for was, now in pairs]
    differs = of_both["kind"].ne("changed") | ~np.logical_and.reduce(is_same)
    found = of_both[differs].sort_values([*words, "nth"], ignore_index=True)
    columns = [f"{name}_{side}" for name in figures for side in ("old", "new")]
    stated = found[columns].astype("object")
    found[columns] = stated.where(stated.notna(), None)
    return found.astype(dict.fromkeys(words, "str"))[[*words, "kind", *columns]]
