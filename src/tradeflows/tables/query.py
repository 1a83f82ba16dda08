"""A question to one table: its words as conditions on columns, and the rows that may answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tradeflows.model import schema
from tradeflows.model.absence import DECLARED
from tradeflows.model.periods import parse_day
from tradeflows.model.source import Source, require_table
from tradeflows.model.words import Words, texts_of
from tradeflows.retrieval import catalogue, own_words
from tradeflows.tables.files import stored
from tradeflows.tables.filters import PARTS, Window, conditions, scan, window_of
from tradeflows.tables.releases import days, family_of, with_days


@dataclass(frozen=True)
class Question:
    """What is asked of one table.

    Attributes
    ----------
    table, root, local, as_of
        As for :func:`tradeflows.tables.read`.
    asked
        The filters as they were given, each a list of texts.
    products
        Of each product that was asked for its code, and what may stand for it.
    conditions
        Column and values of each filter; words have become codes.
    window
        The months that were asked for.
    sources
        The catalogue's entries.
    """

    table: str
    root: Path
    local: bool
    as_of: str | None
    asked: Mapping[str, list[str]]
    products: list[list[str]]
    conditions: Mapping[str, list[str]]
    window: Window
    sources: Mapping[str, Source]

    @cached_property
    def held(self) -> ds.Dataset:
        """The rows of files that may answer it."""
        return stored(self.root, self.table, local=self.local)

    def goods_of(self, source: str) -> set[str]:
        """The codes that a source states, whatever else is asked."""
        rows = self.held.to_table(["cmd_code"], filter=pc.field("source_id") == source)
        return {*pc.unique(rows["cmd_code"]).to_pylist()}

    def matching(self, *, zeros: bool = False) -> pa.Table:
        """Every row that meets the filters, known by the day or not; or each declared zero."""
        rows, is_zero = self._scanned, pc.equal(self._scanned["flags"], DECLARED)
        if not pc.any(is_zero).as_py():
            return rows.slice(0, 0) if zeros else rows
        return rows.filter(is_zero if zeros else pc.invert(is_zero))

    @cached_property
    def _scanned(self) -> pa.Table:
        """Rows and zeros that meet the filters, with the days on which each stood.

        The build has settled which release of each stands. Where sources are named, these alone
        replace one another; and it did not look at committed and a user's files together.
        """
        every = stored(self.root, self.table, local=self.local, zeros=True)
        rows = scan(every, self.table, self.conditions, self.window)
        named = self.asked.get("source")
        committed = catalogue.load(self.root) if self.local else {}
        families = {family_of(source) for source in committed.values()}
        is_settled = not any(
            each.supersedes in committed or family_of(each) in families
            for name, each in self.sources.items()
            if name not in committed
        )
        if is_settled and named:
            among = pa.array([*named, None], pa.string())
            is_settled = pc.all(pc.is_in(rows["replaced_by"], among)).as_py() is not False
        if is_settled:
            return rows
        whole = {"source_id", "reporter_iso", "flow_code"} & self.conditions.keys()
        wider = {column: self.conditions[column] for column in whole}
        stated = scan(every, self.table, wider, self.window, schema.TABLES[self.table].names)
        sources = {name: self.sources[name] for name in named or self.sources}
        stated = with_days(stated, days(ds.dataset(stated), sources))
        return scan(ds.dataset(stated), self.table, self.conditions, self.window)

    @property
    def is_of_parts(self) -> bool:
        """Whether each cell's total is asked for or, where there is none, its parts."""
        return self.table == "trade" and self.asked.get("breakdown") == [PARTS]

    def known(self, rows: pa.Table) -> pa.Table:
        """Those of `rows` that were known by the day, if one was asked for."""
        if self.as_of is None:
            return rows
        return rows.filter(pc.less_equal(rows["known_from"], parse_day(self.as_of)))

    def stands(self, rows: pa.Table) -> pa.Array:
        """Whether each of `rows` stood on the day; a release that is named always does."""
        if self.table == "trade" and "vintage" in self.asked:
            return pa.repeat(True, len(rows))
        until = rows["known_until"]
        if self.as_of is None:
            return until.is_null()
        return pc.fill_null(pc.greater(until, parse_day(self.as_of)), True)


def question(
    table: str = "trade",
    *,
    start: str | None = None,
    end: str | None = None,
    as_of: str | None = None,
    local: bool = False,
    root: Path | None = None,
    **filters: Words,
) -> Question:
    """A question to a table, its words turned into codes; else as for ``tables.read``."""
    require_table(table)
    root = root or catalogue.root()
    sources = catalogue.load(root, local=local)
    asked = {name: texts_of(name, value) for name, value in filters.items() if value is not None}
    products = [own_words.product(word, root) for word in asked.get("product", ())]
    for role in {"reporter", "partner"} & {*asked}:
        asked[role] = [own_words.id_or_word(text, root) for text in asked[role]]
    publishers = catalogue.publishers(root, local=local) if "publisher" in asked else {}
    wanted = conditions(table, asked, products, sources, publishers)
    window = window_of(start, end)
    return Question(table, root, local, as_of, asked, products, wanted, window, sources)


def candidates(asked: Question) -> pa.Table:
    """Every row that meets the filters of a question, before one statement of each is taken."""
    return asked.known(asked.matching())
