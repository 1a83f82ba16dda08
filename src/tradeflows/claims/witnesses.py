"""The tables of a project, and who counted their rows: the kind of witness, and its family."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradeflows import tables
from tradeflows.claims.verdict_rule import KINDS, REWORKED, Witness
from tradeflows.claims.word_lists import Table, word_list
from tradeflows.model import codes
from tradeflows.model.errors import CodeError
from tradeflows.model.memory import once
from tradeflows.model.source import REPORTER, Source
from tradeflows.retrieval import catalogue
from tradeflows.tables import checks

if TYPE_CHECKING:
    import pandas as pd

    from tradeflows.tables.query import Question

EU = ("EU27_2020", "EU28", "EU")
EUROSTAT = "Eurostat"
BOTH_SIDES = "the reports of both sides"
UNDATED = re.compile("undated", re.IGNORECASE)
DATED = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True)
class Tables:
    """The tables of a project, asked each question once for all claims that are judged together.

    Where one claim is judged alone, whole tables are not read for it.
    """

    root: Path
    local: bool = False
    is_for_one_claim: bool = False

    def read(self, filters: Table) -> pd.DataFrame:
        """Rows that `filters` ask for."""
        asked = {"table": "trade", **filters, "root": self.root, "local": self.local}
        return once(self, repr(sorted(filters.items())), lambda: tables.read(**asked))

    def question(self, table: str = "trade", **filters: Any) -> Question:
        """What `filters` ask of a table."""
        return tables.question(table, root=self.root, local=self.local, **filters)

    @cached_property
    def sources(self) -> Mapping[str, Source]:
        """The catalogue, as it is when it is first asked."""
        return catalogue.load(self.root, local=self.local)

    @cached_property
    def restating(self) -> frozenset[str]:
        """The sources of trade that state anew what an older release had."""
        rows = self.question().held
        return frozenset(rows.to_table(columns=["replaced_by"])["replaced_by"].unique().to_pylist())

    @cached_property
    def figures(self) -> dict[str, dict[str, Any]]:
        """The published figures by id, but those of superseded releases."""
        asked = self.question("figures")
        rows = asked.matching()
        return {row["id"]: row for row in rows.filter(asked.stands(rows)).to_pylist()}

    def origin(self, name: str) -> str:
        """The figure at the end of a chain of figures that repeat one another."""
        while name in self.figures and self.figures[name]["repeats"]:
            name = self.figures[name]["repeats"]
        return name

    def is_unsure(self, flows: Collection[tuple[str, ...]]) -> bool:
        """Whether of one of these flows two sources agree in value and not in weight."""
        among = frozenset(flows) if self.is_for_one_claim else None
        weights = partial(checks.weights_apart, self.root, flows=among, local=self.local)
        return bool(flows) and not once(self, ("unsure", among), weights).isdisjoint(flows)


@cache
def office_of(area: str) -> str:
    """The office that states the trade of a country; one family with what others copy from it.

    Examples
    --------
    >>> from tradeflows.claims.witnesses import office_of
    >>> office_of("CHN"), office_of("DEU"), office_of("IND")
    ('China Customs', 'Eurostat', "India's customs")
    """
    offices: dict[str, str] = word_list("witnesses")["offices"]
    if area in offices:
        return offices[area]
    try:
        if area in EU or any(codes.contains(union, area) for union in EU):
            return EUROSTAT
        return f"{codes.area_name(area)}'s customs"
    except CodeError:
        return area


def witness_of(frames: Iterable[pd.DataFrame], sources: Mapping[str, Source]) -> Witness:
    """Who counted the rows of these frames: of the weakest kind among them, families joined.

    Rates of currencies are no witness.
    """
    found: dict[tuple[str, str, bool], None] = {}
    for rows in frames:
        if "collector" in rows:
            columns = rows[["witness", "collector", "interested"]].drop_duplicates()
            found |= dict.fromkeys(tuple(row) for row in columns.to_numpy().tolist())
        elif "quote" not in rows:
            found |= once(rows, "counted", partial(_of_rows, rows, sources))
    if not found:
        return Witness()
    kinds, families, interested = zip(*found, strict=True)
    kind = max(kinds, key=KINDS.index)
    names = sorted({name for family in families for name in family.split(" and ")})
    is_known = all(families)
    return Witness(kind, " and ".join(names) if is_known else "", any(interested))


def _of_rows(
    rows: pd.DataFrame, sources: Mapping[str, Source]
) -> dict[tuple[str, str, bool], None]:
    """Kind, family and interest of each source and reporter of some rows."""
    names = ("source_id", "reporter_iso", "flags")
    columns = (rows[name].tolist() if name in rows else [""] * len(rows) for name in names)
    found: dict[tuple[str, str, bool], None] = {}
    for name, reporter, flags in set(zip(*columns, strict=True)):
        source = sources[name]
        family = source.collector
        if source.witness == REWORKED and "reconciled" in str(flags):
            family = BOTH_SIDES
        elif family == REPORTER:
            family = office_of(str(reporter))
        found[source.witness, family, source.interested] = None
    return found


def is_placed(row: Mapping[str, object], every: Iterable[Mapping[str, object]]) -> bool:
    """Whether a printed figure can be placed in time.

    Its page has a day, month or year, or one of the page's figures is what a print that has one
    states too.

    Parameters
    ----------
    row, every
        A row of the table figures, and all rows of it.
    """
    if _is_dated(row):
        return True
    page, others = set(), set()
    for other in every:
        if other["address"] == row["address"]:
            page.add(_stated(other))
        elif _is_dated(other):
            others.add(_stated(other))
    return not page.isdisjoint(others)


STATED = ("window_start", "window_end", "unit", "value", "exporter", "importer")


def _stated(row: Mapping[str, object]) -> tuple[object, ...]:
    """What a figure states; what is null is like any other null."""
    return tuple(row[key] if row[key] == row[key] else None for key in STATED)


def _is_dated(row: Mapping[str, object]) -> bool:
    published = str(row["published"] or "")
    return bool(DATED.search(published)) and not UNDATED.search(published)
