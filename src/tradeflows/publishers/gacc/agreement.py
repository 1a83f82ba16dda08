"""What a line of China's customs states twice, compared: codes and names, dollars and yuan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model.codelists import rows_of
from tradeflows.model.errors import LayoutError
from tradeflows.publishers import arrow, delimited

YUAN = (1.4, 9.0)  # for a dollar, ever since 1980, with some room
SMALL = 1_000.0  # a value whose rounding to whole units a rate would show


class Names:
    """The names that stand beside codes, learnt as a file is read.

    A product's name may change from year to year, so it is compared within a month.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], str] = {}

    def require_same(self, block: delimited.Block) -> None:
        """Refuse a code with the name of another, or with two names.

        Raises
        ------
        LayoutError
            The message names the record, the code and the name.
        """
        names = block.cells.schema.names
        if "partner name" in names:
            self._require_partners(block)
            self._require_one_name(block, "partner")
        if "product name" in names:
            self._require_one_name(block, "product")

    def _require_partners(self, block: delimited.Block) -> None:
        for record, (code, name) in _distinct(block, ["partner", "partner name"]):
            meant = partner_names().get(name, code)
            if meant != code:
                raise _other(block, record, f"partner {code}", f"{name!r}, which is {meant}")

    def _require_one_name(self, block: delimited.Block, column: str) -> None:
        names = block.cells.schema.names
        within = ["month"] if "month" in names else []
        for record, (*cell, name) in _distinct(block, [*within, column, f"{column} name"]):
            earlier = self._known.setdefault((column, *cell), name)
            if earlier != name:
                expected = f"{column} {cell[-1]} and its name {earlier!r}"
                raise _other(block, record, expected, repr(name))


def _distinct(block: delimited.Block, names: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield each combination of words in some columns, after the record that has it first."""
    columns = {name: block.text(name).cast(pa.binary()) for name in names}
    table = pa.table({**columns, "record": block.rows()})
    distinct = table.group_by(names).aggregate([("record", "min")]).sort_by("record_min")
    for words in distinct.to_pylist():
        yield words["record_min"], [_text(words[name]) for name in names]


def _text(raw: bytes) -> str:
    """Return a cell as text; bytes of another encoding are no name, and are shown as such."""
    return raw.decode("gb18030", "backslashreplace")


def _other(block: delimited.Block, record: int, expected: str, name: str) -> LayoutError:
    place = f"{block.path}: record {record}"
    return LayoutError(place, f"{expected} beside each other", name, "obtain the file again")


@cache
def partner_names() -> Mapping[str, str]:
    """Return the customs' code of each area, by its usual Chinese or English name."""
    return {row["name"]: row["code"] for row in rows_of("gacc_partner_names.csv")}


def require_one_value(block: delimited.Block, values: Mapping[str, pa.Array]) -> None:
    """Refuse a record whose value in yuan is none that its value in dollars may be.

    Raises
    ------
    LayoutError
        The message names the record and both values.
    """
    dollars, yuan = values["USD"], values["CNY"]
    rate = pc.divide(yuan, dollars)
    is_rate = pc.and_(pc.greater(rate, YUAN[0]), pc.less(rate, YUAN[1]))
    is_large = pc.or_(pc.greater(dollars, SMALL), pc.greater(yuan, SMALL))
    is_wrong = pc.and_(is_large, pc.invert(arrow.is_true(is_rate)))
    is_wrong = pc.and_(is_wrong, pc.and_(dollars.is_valid(), yuan.is_valid()))
    if arrow.is_any(is_wrong):
        at = arrow.first_true(is_wrong)
        raise LayoutError(
            f"{block.path}: record {block.first + at}",
            "a value in yuan that is its value in dollars at some rate",
            f"{yuan[at].as_py():,.0f} yuan and {dollars[at].as_py():,.0f} dollars",
            "obtain the file again",
        )
