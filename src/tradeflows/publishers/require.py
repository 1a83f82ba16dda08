"""One refusal: the first record that is not as expected, with what was found there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.errors import LayoutError
from tradeflows.publishers import arrow

Namer = Callable[[int], str]  # names a record by its place, as in "oil.csv: record 3"


def require(record: Namer, good: Any, expected: str, *shown: Any, todo: str = "") -> None:
    """Refuse the first record that is not `good`; where that is not known, it passes.

    Parameters
    ----------
    expected
        What a good record has.
    shown
        Columns whose cells of that record are what was found.

    Raises
    ------
    LayoutError
        A record is not good.
    """
    at = pc.index(pc.fill_null(good, True), False).as_py()
    if at >= 0:
        found = " beside ".join(repr(column[at].as_py()) for column in shown)
        raise LayoutError(record(at), expected, found, todo)


def demand(
    record: Namer, name: str, text: pa.Array, pattern: str, what: str, todo: str = ""
) -> None:
    """Refuse the first cell of a column that `pattern` does not match; nulls pass."""
    is_good = pc.match_substring_regex(text, pattern)
    require(record, is_good, f"{what} in {name}", text, todo=todo)


def words(
    record: Namer,
    name: str,
    text: pa.Array,
    meaning: Mapping[str, Any],
    kind: pa.DataType | None = None,
    todo: str = "add it to units.csv",
) -> pa.Array:
    """`text` of column `name`, each word replaced by its meaning; another word is refused."""
    is_listed = pc.is_in(text, arrow.texts([*meaning, None]))
    expected = f"in {name} one of {', '.join([*meaning][:20])}"
    require(record, is_listed, expected, text, todo=todo)
    return arrow.meanings(text, meaning.get, kind)
