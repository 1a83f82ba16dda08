"""China's customs: exports of the online query, and tables of the monthly bulletin.

Source: General Administration of Customs of China, http://stats.customs.gov.cn (query) and
http://english.customs.gov.cn (tables 13 and 14 of the monthly bulletin).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from tradeflows.model.errors import QueryError
from tradeflows.model.source import Source
from tradeflows.publishers import Part, reading
from tradeflows.publishers.gacc import monthly, query_csv


def clean(
    path: Path,
    source: Source | None = None,
    *,
    flow: str = "",
    period: str = "",
    product: str = "",
    partner: str = "",
) -> Iterator[Part]:
    """Trade of China by product, partner and month.

    Parameters
    ----------
    path
        A CSV as the query exports it (GB18030, any choice and order of columns, Chinese or
        English), or saved anew in UTF-8 or as a workbook, which the note of its rows says; or a
        page with the table (13) or (14).
    source
        Its catalogue entry, if it has one.
    flow
        M or X: the query's file does not say which. Imports of origin China become RM.
    period
        2023, 2023-05 or 2023-01/2023-05, where the query's file has no month.
    product, partner
        What the query was asked for, where its file has no such column: a code, or TOTAL; an area
        by id, code of the customs or name, or World.

    Yields
    ------
    Part
        Rows of :data:`~tradeflows.model.schema.TRADE`, values in the currency of their heading;
        a file with both has yuan as reported and dollars beside. Quantities in kilograms are net
        weights, others stand in their own unit; where a record has two others, the second is a
        row of its own, without value. Regimes and provinces are break-downs, and nothing is added
        up. A zero quantity beside a value is "not published" and becomes null.

    Raises
    ------
    QueryError
        An option is lacking or wrong, or the file says it itself.
    LayoutError
        Another layout, or 9,999 or 10,000 records: there the site cuts off. Or a name of another
        code than the one beside it, or two values that no rate of exchange connects.
    CodeError
        A partner is in no code list.
    """
    if flow not in ("", *query_csv.ENDS):
        raise QueryError(f"flow {flow!r}: expected M for imports or X for exports")
    source = source or reading.uncatalogued(path, "gacc", "trade")
    asked = {"period": period, "product": product, "partner": partner}
    if not _is_page(path):
        yield query_csv.part(path, source, flow, asked)
        return
    for option in filter(asked.get, asked):
        raise QueryError(f"{path}: the page says that itself; leave --{option} out")
    yield monthly.part(path, source, flow)


def records(path: Path, wanted: Collection[int]) -> dict[int, reading.Record]:
    """Lines of the query's file, or rows of a page's table, as they stand."""
    return (monthly if _is_page(path) else query_csv).records(path, wanted)


def _is_page(path: Path) -> bool:
    return reading.head(path).startswith(b"<")
