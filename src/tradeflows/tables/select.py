"""Parquet to a tidy frame, never a mixture that must not be added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError, near
from tradeflows.model.source import Source
from tradeflows.retrieval import catalogue
from tradeflows.tables import zeros
from tradeflows.tables.choose import (
    current,
    known_by,
    newest_release,
    not_superseded,
    one_level,
    one_rate,
    preferred,
    stand_ins,
    total_or_parts,
)
from tradeflows.tables.files import refused, stored
from tradeflows.tables.filters import (
    FILTERS,
    PARTS,
    Words,
    apart,
    conditions,
    months_of,
    nothing_held,
    scan,
    texts_of,
    undated,
)

if TYPE_CHECKING:
    import pandas as pd

# What one answer may hold one value of; each is named after the filter that sets it right.
ONE_OF = {
    "trade": ("freq", "cumulation", "partner_role", "breakdown", "qty_unit", "currency"),
    "settlement": ("measure", "unit"),
    "rates": ("base", "quote", "publisher"),
    "figures": (),
}
# These may be several where the question names them.
NAMED = {"settlement": ("concept", "region", "currency_group")}


def read(
    table: str = "trade",
    *,
    start: str | None = None,
    end: str | None = None,
    publisher: Words = None,
    as_of: str | None = None,
    local: bool = False,
    root: Path | None = None,
    **filters: Words,
) -> pd.DataFrame:
    """Rows of one table, never a mixture that must not be added up.

    Parameters
    ----------
    table
        ``trade``, ``settlement``, ``rates`` or ``figures``.
    start, end
        First and last month (``2019-01``) or year (``2019``); only periods that lie within.
    publisher
        Short name of the publisher in the catalogue; the preferred one where several state the
        same flow. In ``rates`` and ``figures`` the publisher's name.
    as_of
        A day (``2024-06-01``): only what had been published or released by then or, where no day
        is stated, retrieved.
    local
        With the user's own sources; what is fetched comes before a committed source of its rank,
        and its newest release before the older ones.
    root
        The project's folder, found by itself where not given.
    **filters
        One value or several each; see :data:`FILTERS`. Areas by id, two-letter code or name;
        ``partner="countries"`` leaves out the world and groups. `product` takes a code or a word;
        a code matches itself and, where a source holds no such level, what lies under it.
        ``breakdown="parts"`` takes each cell's total or, where a source states none, all its
        parts (procedures, regimes, …), for :func:`tradeflows.measures.sum_parts` to add up.

    Returns
    -------
    DataFrame
        The table's columns and ``publisher``; ``attrs["sources"]`` names the catalogue entries,
        ``attrs["caveats"]`` says what was preferred, what was passed over and what to mind, and
        ``attrs["zeros"]`` which absent rows are zeros, as their source declares; where there are
        only such, the frame has no row. Measures count them as 0.

    Raises
    ------
    QueryError
        An unknown table, filter or value, nothing that matches (with what is held), or an answer
        that would mix publishers of one rank, frequencies, cumulations, partner roles, units,
        currencies, levels, or an aggregate and its members (with the filter that sets it right).
    BuildError
        The Parquet file is absent or older than its sources.

    Examples
    --------
    >>> crude = read("trade", reporter="CHN", partner="RUS", product="2709", flow="M",
    ...              start="2023-01", end="2023-12")
    >>> len(crude), round(crude["net_wgt_kg"].sum() / 1e9)
    (12, 107)
    """
    if table not in FILTERS:
        raise QueryError(f"no table {table!r}{near(table, FILTERS)}")
    if publisher is not None:
        filters["publisher"] = publisher
    root = root or catalogue.root()
    sources = catalogue.load(root, local=local)
    asked = {name: texts_of(name, value) for name, value in filters.items() if value is not None}
    products = [codes.product(word) for word in asked.get("product", ())]
    wanted = conditions(table, asked, products, sources)
    first, last = months_of(start, end)
    held = stored(root, table, local=local)
    rows = scan(held, table, wanted, first, last)
    caveats = apart(held, wanted, first, last) if table == "trade" else []
    window = (first, None if last is None else last + 1)
    if not len(rows):
        none = _declared_none(rows, table, held, sources, wanted, window)
        if none is not None:
            return none
        raise QueryError("; ".join([nothing_held(held, table, wanted, first, last), *caveats]))
    frame = _frame(rows, table, sources)
    if as_of is not None:
        frame = known_by(frame, as_of, sources)
    if table == "trade":
        if local and not {"vintage", "source"} & {*asked}:
            frame = current(frame, as_of, sources, caveats)
        if not {"vintage", "source"} & asked.keys():
            frame = not_superseded(frame, as_of, sources, caveats)
        if asked.get("breakdown") == [PARTS]:
            frame = total_or_parts(frame, sources, caveats)
        frame = preferred(one_level(frame, products, caveats), sources, caveats)
        caveats += stand_ins(frame, products)
        frame = frame.drop(columns="asked")
        if "vintage" not in asked:
            frame = newest_release(frame, sources, caveats)
        no_nesting(frame)
    elif "source" not in asked:
        frame = not_superseded(frame, as_of, sources, caveats)
        if table == "rates":
            frame = one_rate(frame, sources, caveats)
    _one_each(frame, table, asked)
    if table == "settlement":
        caveats += _restated(frame)
    if first is not None or last is not None:
        caveats += undated(held, table, wanted)
    caveats += flags_present(frame)
    if local:
        caveats += [
            f"{name} is not here, since the last build refused it: {reason}"
            for name, reason in refused(root, table).items()
        ]
    frame.attrs = {"sources": tuple(sorted(frame["source_id"].unique())), "caveats": tuple(caveats)}
    if table == "trade":
        zeros.attach_zeros(frame, held, sources, wanted, window)
    return frame


def _declared_none(
    rows: pa.Table,
    table: str,
    held: ds.Dataset,
    sources: Mapping[str, Source],
    wanted: Mapping[str, list[str]],
    window: tuple[int | None, int | None],
) -> pd.DataFrame | None:
    """An answer without rows, where the sources declare that there was none of what was asked."""
    if table != "trade":
        return None
    chosen = wanted.get("source_id", sources)
    some = {name: source for name, source in sources.items() if name in chosen}
    return zeros.only_zeros(held, some, wanted, window, _frame(rows, table, sources))


def no_nesting(frame: pd.DataFrame) -> None:
    """Refuse rows of which some are counted in others: a whole beside its part."""
    held: dict[str, set[str]] = {}
    for reporter, code in set(zip(frame["reporter_iso"], frame["cmd_code"], strict=True)):
        held.setdefault(reporter, set()).add(code)
    for _, goods in sorted(held.items()):
        for part in sorted(goods):
            for whole in sorted(codes.wholes(part, goods)):
                raise QueryError(
                    f"product {whole} contains {part}, so the answer would count it "
                    f"twice; add product={whole!r} or product={part!r}"
                )
    for name in ("reporter", "partner"):
        areas = sorted(frame[f"{name}_iso"].unique())
        for whole in sorted(set(areas).intersection(codes.groups())):
            for part in areas:
                if codes.overlaps(whole, part) and not _in_turn(frame, name, whole, part):
                    has = "contains" if codes.contains(whole, part) else "contains some of"
                    raise QueryError(
                        f"{name} {whole} {has} {part}, so the answer would count "
                        f"it twice; add {name}={whole!r}, {name}={part!r} or "
                        f"{name}='countries'"
                    )
    flows = set(frame["flow_code"])
    if "MX" in flows and flows - {"MX"}:
        raise QueryError("MX is both directions in one figure; add flow='M', 'X' or 'MX'")


def _in_turn(frame: pd.DataFrame, name: str, whole: str, part: str) -> bool:
    """Whether a country and a part of it share no year, as GBR to 2020 and XI from 2021."""
    if not codes.is_country(whole):
        return False
    years = []
    for area in (whole, part):
        rows = frame[frame[f"{name}_iso"].eq(area)]
        first = rows["ref_period"].dt.year
        last = first + (rows["ref_period"].dt.month + rows["n_months"] - 2) // 12
        years.append({*first, *last})
    return years[0].isdisjoint(years[1])


def _by_flow(frame: pd.DataFrame, roles: pd.Series) -> bool:
    """Whether each flow has one role: goods come from an origin and go to a destination."""
    return roles.groupby(frame["flow_code"]).nunique().max() == 1


def _restating(frame: pd.DataFrame) -> bool:
    """Whether of two rows one restates the other in another unit."""
    cell = [name for name in schema.key(schema.TRADE) if name != "qty_unit"]
    return bool(frame.duplicated(cell).any())


def _one_each(frame: pd.DataFrame, table: str, asked: Mapping[str, list[str]]) -> None:
    unnamed = [name for name in NAMED.get(table, ()) if name not in asked]
    for name in (*unnamed, *ONE_OF[table]):
        values = frame[FILTERS[table][name]]
        held = sorted(values.dropna().unique())
        if name == "breakdown" and asked.get(name) == [PARTS]:
            continue
        if name == "qty_unit" and "none" in held and len(held) == 2 and not _restating(frame):
            continue  # rows without a quantity say nothing in another unit
        if len(held) > 1 and not (name == "partner_role" and _by_flow(frame, values)):
            choice = ", ".join(f"{name}={value!r}" for value in held[:8])
            more = f" … ({len(held)} in all)" if len(held) > 8 else ""
            parts = f", or breakdown={PARTS!r} for all, to add up" if name == "breakdown" else ""
            raise QueryError(
                f"the answer would mix values of {name}; add one of {choice}{more}{parts}"
            )


def _restated(frame: pd.DataFrame) -> list[str]:
    cell = ["concept", "measure", "region", "currency_group", "period_text"]
    statements = frame.groupby(cell).size()
    several = (statements > 1).sum()
    return (
        [
            f"{several} of {len(statements)} periods are stated more than once, by several "
            "releases or outlets; vintage= and outlet= choose"
        ]
        if several
        else []
    )


def flags_present(frame: pd.DataFrame) -> list[str]:
    """What the flags of a frame's rows say, each with the number of rows that have it."""
    if "flags" not in frame:
        return []
    counts = Counter(word for text in frame["flags"] for word in text.split())
    return [
        f"{count} of {len(frame)} rows {word}: {schema.FLAGS[word]}"
        for word, count in sorted(counts.items())
    ]


def _frame(rows: pa.Table, table: str, sources: Mapping[str, Source]) -> pd.DataFrame:
    contract = schema.TABLES[table]
    first = ["ref_period"] if "ref_period" in contract.names else []
    order = list(dict.fromkeys([*first, *schema.key(contract), "source_row"]))
    rows = rows.select(contract.names).sort_by([(name, "ascending") for name in order])
    for place, field in enumerate(contract):
        if field.type == schema.DAY:
            rows = rows.set_column(place, field.name, rows[field.name].cast(pa.timestamp("us")))
    if "publisher" not in rows.column_names:
        named = pc.index_in(rows["source_id"], value_set=pa.array(sources))
        publishers = pa.array([source.publisher for source in sources.values()])
        rows = rows.append_column("publisher", publishers.take(named))
    return rows.replace_schema_metadata(None).to_pandas()
