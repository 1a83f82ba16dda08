"""What a map cannot say in a readable line: functions that an entry calls by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.model import codes
from tradeflows.model.errors import LayoutError

if TYPE_CHECKING:
    from tradeflows.publishers.tidy.columns import Cells


def eu_of_its_month(cells: Cells) -> pa.Array:
    """Return the reporters; what is called EU27 in January 2020 still holds the United Kingdom."""
    area = codes.areas(cells.text("reporter"), "iso3", cells.path)
    mixed = pc.and_(pc.equal(area, "EU27_2020"), pc.less(cells.text("period"), "2020-02"))
    return pc.if_else(mixed, "EU", area)


def heading_or_all_goods(cells: Cells) -> pa.Array:
    """Return the heading of each record of India's imports, TOTAL where it is of all goods.

    All goods stand under each heading, and all printings must agree to be one statement.
    """
    heading = cells.text("hs")
    all_goods = pc.match_substring_regex(cells.text("partner"), "(?i)^India's Total Imports?$")
    printed = cells.table.filter(all_goods).group_by("fiscal_year")
    values = printed.aggregate([("value_usd_million", "count_distinct")])
    if pc.max(values["value_usd_million_count_distinct"]).as_py() not in (None, 1):
        raise LayoutError(cells.path, "one figure a year for all goods", "two that differ")
    return pc.if_else(all_goods, "TOTAL", heading)


def note_and_formula(cells: Cells) -> pa.Array:
    """Return what the source remarks, and how the figure was computed where it was."""
    note, formula = cells.filled("flag"), cells.filled("derivation")
    both = pc.binary_join_element_wise(note, formula, "; computed as ")
    computed = pc.binary_join_element_wise("computed as ", formula, "")
    return pc.coalesce(both, note, computed)


def window_of_two_ends(cells: Cells) -> pa.Array:
    """Return the window in words: one end where the other is the same, or not stated."""
    starts, ends = cells.text("period_start"), cells.text("period_end")
    single = pc.or_(pc.equal(starts, ends), pc.equal(ends, ""))
    return pc.if_else(single, starts, pc.binary_join_element_wise(starts, ends, " to "))


@dataclass(frozen=True)
class Statement:
    """What an official or a working paper says of currencies, in fields of the table."""

    concept: str
    measure: str
    region: str
    currency_group: str


OFFICIALS, INVOICES = "officials' statements", "EBRD working paper, customs records"
TRADE, INVOICING = "trade settlement", "import invoicing"
PAPER = (
    'EBRD WP "Exorbitant privilege and economic sanctions": share of Russian IMPORTS '
    "INVOICED in currency (customs records, not payments) - "
)
STATEMENTS: Mapping[str, Statement] = {
    "share of Russia-China trade settled in roubles AND yuan (national currencies), "
    "official claim, not a statistic": Statement(TRADE, OFFICIALS, "China", "RUB_PLUS_CNY"),
    "share of Russia-China trade settled in YUAN ONLY": Statement(TRADE, OFFICIALS, "China", "CNY"),
    "share of yuan in Russian settlements with countries OTHER than China": Statement(
        TRADE, OFFICIALS, "all but China", "CNY"
    ),
    "share of ALL Russian foreign-trade settlements in roubles + friendly currencies": Statement(
        TRADE, OFFICIALS, "total", "RUB_PLUS_FRIENDLY"
    ),
    f"{PAPER}yuan, all imports": Statement(INVOICING, INVOICES, "total", "CNY"),
    f"{PAPER}yuan, imports from China": Statement(INVOICING, INVOICES, "China", "CNY"),
    f"{PAPER}USD+EUR, all imports": Statement(INVOICING, INVOICES, "total", "USD_PLUS_EUR"),
}


def stated(field: str, cells: Cells) -> pa.Array:
    """Return a field of the statement that each record's measure is, in the outlet's words."""
    words = {text: getattr(statement, field) for text, statement in STATEMENTS.items()}
    return cells.words("measure", words)


NAMED: Mapping[str, Callable[[Cells], pa.Array]] = {
    "eu_of_its_month": eu_of_its_month,
    "heading_or_all_goods": heading_or_all_goods,
    "note_and_formula": note_and_formula,
    "window_of_two_ends": window_of_two_ends,
    "stated_concept": partial(stated, "concept"),
    "stated_measure": partial(stated, "measure"),
    "stated_region": partial(stated, "region"),
    "stated_currencies": partial(stated, "currency_group"),
}
