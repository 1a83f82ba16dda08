"""Raw files to Parquet (:func:`build`), and Parquet to a tidy frame (:func:`read`).

``build`` runs every catalogued file through its cleaner and writes one Parquet file a table;
``read`` answers a question from one table without mixing what must not be added up.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, reduce
from itertools import groupby
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyarrow import parquet

from tradeflows import catalogue, codes, schema
from tradeflows.catalogue import Source
from tradeflows.clean import fingerprint, sweep
from tradeflows.errors import BuildError, LayoutError, QueryError, near, nearest
from tradeflows.publishers import Part, control

if TYPE_CHECKING:
    import pandas as pd

Words = str | Iterable[str] | None
ROWS_A_GROUP = 4_096  # small enough that a question about one product touches few of them

# --- build --------------------------------------------------------------------------------------


class Built(NamedTuple):
    """What :func:`build` did with one table.

    Attributes
    ----------
    table, path
        The table and its file.
    counts
        ``records`` read, ``rows`` kept, and a count for each ``left out: reason``.
    """

    table: str
    path: Path
    counts: Counter[str]


def processed(root: Path, table: str, *, local: bool = False) -> Path:
    """Where the Parquet file of `table` lies below `root`; `local` for the user's own sources."""
    return root / "data" / "processed" / ("local" if local else "") / f"{table}.parquet"


def _catalogued(root: Path) -> dict[bool, dict[str, Source]]:
    """The committed sources under False, and the user's own under True."""
    committed, every = catalogue.load(root), catalogue.load(root, local=True)
    own = {name: source for name, source in every.items() if name not in committed}
    return {False: committed, True: own}


def build(root: Path | None = None, progress: Callable[[str], None] | None = None) -> list[Built]:
    """Clean every catalogued file into ``data/processed``; all tables, or none of them.

    The user's own sources go into ``data/processed/local``, so that the committed ones stay alone.

    Parameters
    ----------
    root
        The project's folder; found as :func:`tradeflows.catalogue.root` says.
    progress
        Called with the id of each source before it is read.

    Returns
    -------
    list of Built
        One entry a table. The same raw files give the same bytes again.

    Raises
    ------
    SourceError
        A raw file is missing or altered.
    LayoutError, CodeError, SchemaError
        A raw file is not as its cleaner expects it, its control totals are not the catalogued
        ones, or its rows break the contract.
    BuildError
        ``data/processed`` cannot be written. Whatever fails, the old files stay whole.
    """
    root = root or catalogue.root()
    written: list[tuple[Path, Built]] = []
    learnt: list[Source] = []
    try:
        for local, sources in _catalogued(root).items():
            folder = processed(root, "trade", local=local).parent
            if local and not sources and not folder.exists():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            sweep(folder)
            for name in schema.TABLES:
                built = Built(name, processed(root, name, local=local), Counter())
                temporary = folder / f".{name}.{os.getpid()}.tmp"
                written.append((temporary, built))
                new = _write(root, [*sources.values()], built, temporary, progress)
                learnt += new if local else []
        for temporary, built in written:
            temporary.replace(built.path)
        if learnt:
            from tradeflows.local import renew

            renew(root, learnt)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BuildError(f"{folder}: cannot be written ({reason}); make room or move what is in "
                         "the way, then run `tradeflows build`") from error  # fmt: skip
    finally:
        for temporary, _ in written:
            temporary.unlink(missing_ok=True)
    return [built for _, built in written]


def _write(
    root: Path, sources: list[Source], built: Built, path: Path,
    progress: Callable[[str], None] | None,
) -> list[Source]:  # fmt: skip
    """Write one table, a source at a time, each sorted by its key; only one is in memory.

    Returns the sources whose control totals were not known, with them.
    """
    contract = schema.TABLES[built.table]
    order = [(name, "ascending") for name in schema.key(contract)]
    digest = {"fingerprint": fingerprint(sources, built.table)}
    stamped = contract.with_metadata(dict(contract.metadata) | digest)
    learnt = []
    with parquet.ParquetWriter(path, stamped, compression="zstd") as writer:
        for source in sources:
            if source.table != built.table:
                continue
            if progress:
                progress(source.id)
            parts, totals = [], dict[str, Any]()
            for part in _clean(root, source):
                if not totals and (totals := control(part)):
                    _agree(source, totals, root)
                built.counts.update(records=part.records, rows=len(part.rows))
                built.counts.update({f"left out: {why}": n for why, n in part.left_out.items()})
                if part.sorted:  # a file of any size, whose cleaner has looked for doubles
                    rows = pa.Table.from_batches([part.rows]).cast(contract)
                    writer.write_table(rows, row_group_size=ROWS_A_GROUP)
                else:
                    parts.append(part.rows)
            if totals and not source.control:
                learnt.append(source._replace(control=totals))
            rows = pa.Table.from_batches(parts, contract)
            schema.check_key(rows, contract)  # a key begins with the source, so it ends with it
            writer.write_table(rows.sort_by(order), row_group_size=ROWS_A_GROUP)
        writer.add_key_value_metadata({"counts": json.dumps(built.counts)})
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return learnt


def _agree(source: Source, totals: Mapping[str, Any], root: Path) -> None:
    """Refuse a file whose control totals are not those of its entry."""
    if source.control and dict(source.control) != totals:
        expected, found = (
            "; ".join(f"{flow} " + ", ".join(f"{name} {n:,.0f}" for name, n in sums.items())
                      for flow, sums in each.items()) for each in (source.control, totals)
        )  # fmt: skip
        raise LayoutError(source.file(root), f"the control totals in its entry, {expected}", found,
                          f"mend `control` of {source.id}, or what reads it")  # fmt: skip


def _clean(root: Path, source: Source) -> Iterable[Part]:
    path = catalogue.check(source, root)
    clean = catalogue.cleaner(source)
    try:
        yield from clean(path, source)
    except pa.ArrowInvalid as error:
        reason = str(error).splitlines()[0]
        raise LayoutError(path, f"what {source.cleaner} reads", reason) from error


# --- control totals -----------------------------------------------------------------------------

MEASURES = {  # column: the column that says its unit, or the unit itself
    "trade": {"value_reported": "currency", "primary_value_usd": "USD", "net_wgt_kg": "kg",
              "qty": "qty_unit"},
    "settlement": {"value": "unit", "low": "unit", "high": "unit"},
    "rates": {"rate": "quote", "n_days": "days"},
    "figures": {"value": "unit", "low": "unit", "high": "unit"},
}  # fmt: skip


def control_totals(root: Path | None = None) -> list[dict[str, str]]:
    """Counts and exact sums by table, source, year and measure, and of each raw column.

    Returns
    -------
    list of dict
        Keys table, source_id, year, measure, unit, count, total; sorted. Table "raw" has the
        number columns of the raw files as they stand, also those that reach no table.
    """
    root = root or catalogue.root()
    rows = []
    for name, measures in MEASURES.items():
        table = stored(root, name).to_table()
        period = "window_start" if name == "figures" else "ref_period"
        years = pc.fill_null(pc.cast(pc.year(table[period]), pa.string()), "none")
        for measure, unit in measures.items():
            units = table[unit] if unit in table.column_names else [unit] * len(table)
            rows += _sums(name, table["source_id"], years, measure, units, table[measure])
    for source in catalogue.load(root).values():
        rows += _raw_sums(source, catalogue.check(source, root))
    return sorted(rows, key=lambda row: tuple(row.values()))


def _sums(table: str, sources: Any, years: Any, measure: str, units: Any, values: Any) -> Any:
    cells: dict[tuple[str, str, str], list[float]] = {}
    texts = [c.to_pylist() if hasattr(c, "to_pylist") else c for c in (sources, years, units)]
    for source, year, unit, value in zip(*texts, values.to_pylist(), strict=True):
        if value is not None:
            cells.setdefault((source, year, unit or ""), []).append(value)
    return [
        {"table": table, "source_id": source, "year": year, "measure": measure, "unit": unit,
         "count": str(len(held)), "total": repr(math.fsum(held))}
        for (source, year, unit), held in cells.items()
    ]  # fmt: skip


def _raw_sums(source: Source, path: Path) -> list[dict[str, str]]:
    from pyarrow import csv

    raw = csv.read_csv(path, convert_options=csv.ConvertOptions(timestamp_parsers=["-"]))
    rows = []
    for name in raw.column_names:
        if pa.types.is_integer(raw[name].type) or pa.types.is_floating(raw[name].type):
            held = [float(value) for value in raw[name].drop_null().to_pylist()]
            rows.append({"table": "raw", "source_id": source.id, "year": "", "measure": name,
                         "unit": "", "count": str(len(held)),
                         "total": repr(math.fsum(held))})  # fmt: skip
    return rows


# --- read -----------------------------------------------------------------------------------------

FEW = 8  # values of a filter that are compared one by one
FILTERS: dict[str, dict[str, str]] = {  # table: each filter's column
    "trade": {
        "reporter": "reporter_iso", "partner": "partner_iso", "product": "cmd_code",
        "flow": "flow_code", "freq": "freq_code", "classification": "classification_code",
        "partner_role": "partner_role", "partner_code": "partner_code",
        "cumulation": "cumulation", "breakdown": "breakdown", "currency": "currency",
        "qty_unit": "qty_unit", "valuation": "valuation", "vintage": "vintage",
        "source": "source_id",
    },
    "settlement": {
        "concept": "concept", "measure": "measure", "region": "region",
        "currency_group": "currency_group", "vintage": "vintage", "outlet": "outlet",
        "unit": "unit", "source": "source_id",
    },
    "rates": {
        "base": "base", "quote": "quote", "publisher": "publisher", "statistic": "statistic",
        "source": "source_id",
    },
    "figures": {
        "id": "id", "topic": "topic", "exporter": "exporter", "importer": "importer",
        "unit": "unit", "basis": "basis", "publisher": "publisher", "source": "source_id",
    },
}  # fmt: skip

# What one answer may hold one value of; each is named after the filter that sets it right.
ONE_OF = {
    "trade": ("freq", "cumulation", "partner_role", "breakdown", "qty_unit", "currency"),
    "settlement": ("measure", "unit"),
    "rates": ("base", "quote", "publisher"),
    "figures": (),
}
PARTS = "parts"  # of a breakdown, where there is no total
ADD_UP = "measures.sum_parts adds them up"
ALL_GOODS = "TOTAL"  # no goods below it stand for it: a file of some goods does not state all
_OPTIONS = ("start", "end", "as_of", "local", "root")  # of `read`, beside the filters
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
        A day (``2024-06-01``): only what had been released by then or, where a source states no
        release, retrieved.
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
        ``attrs["caveats"]`` says what was preferred, what was passed over and what to mind.

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
    """  # fmt: skip
    if table not in FILTERS:
        raise QueryError(f"no table {table!r}{near(table, FILTERS)}")
    if publisher is not None:
        filters["publisher"] = publisher
    root = root or catalogue.root()
    sources = catalogue.load(root, local=local)
    asked = {name: _texts(name, value) for name, value in filters.items() if value is not None}
    products = [codes.product(word) for word in asked.get("product", ())]
    wanted = _wanted(table, asked, products, sources)
    first, last = _month(start, "start"), _month(end, "end", last=True)
    held = stored(root, table, local=local)
    rows = _scan(held, table, wanted, first, last)
    if not len(rows):
        raise QueryError(_nothing(held, table, wanted, first, last))
    frame = _frame(rows, table, sources)
    caveats: list[str] = []
    if as_of is not None:
        frame = _known_by(frame, as_of, sources)
    if table == "trade":
        if local and not {"vintage", "source"} & {*asked}:
            frame = _current(frame, as_of, sources, caveats)
        if not {"vintage", "source"} & asked.keys():
            frame = _not_superseded(frame, as_of, sources, caveats)
        if asked.get("breakdown") == [PARTS]:
            frame = _total_or_parts(frame, caveats)
        frame = _preferred(_grain(frame, products), sources, caveats)
        caveats += _stand_ins(frame, products)
        frame = frame.drop(columns="asked")
        if "vintage" not in asked:
            frame = _newest(frame, sources, caveats)
        no_nesting(frame)
    _one_each(frame, table, asked)
    if table == "settlement":
        caveats += _restated(frame)
    if first is not None or last is not None:
        caveats += _undated(held, table, wanted)
    caveats += _flags_present(frame)
    frame.attrs = {
        "sources": tuple(sorted(frame["source_id"].unique())), "caveats": tuple(caveats)
    }  # fmt: skip
    return frame


def _texts(name: str, value: Any) -> list[str]:
    texts = [value] if isinstance(value, str) or not isinstance(value, Iterable) else [*value]
    if not texts or not all(isinstance(text, str) for text in texts):
        raise QueryError(f"{name}={value!r}: expected a text such as '2709', or a list of them")
    return texts


def _wanted(
    table: str,
    asked: Mapping[str, list[str]],
    products: list[list[str]],
    sources: Mapping[str, Source],
) -> dict[str, list[str]]:
    """Column and values of each filter; words become codes."""
    known = {"publisher": "source_id"} | FILTERS[table]
    wanted: dict[str, list[str]] = {}
    for name, values in asked.items():
        if name not in known:
            raise QueryError(f"no filter {name!r} for {table}{near(name, [*known, *_OPTIONS])}")
        column = known[name]
        if name in ("reporter", "partner") and values != ["countries"]:
            values = [codes.area(each) for each in values]
        elif name == "product":
            values = [code for alternatives in products for code in alternatives]
        elif name == "publisher" and column == "source_id":
            values = _sources_of(values, table, sources)
        held = wanted.get(column)
        wanted[column] = values if held is None else [each for each in values if each in held]
        if not wanted[column]:
            raise QueryError(f"{name}={asked[name]} has no {column} in common with the other "
                             f"filters, which leave {_some(held or (), '')}")  # fmt: skip
    return wanted


def _sources_of(values: list[str], table: str, sources: Mapping[str, Source]) -> list[str]:
    held = {each.publisher for each in sources.values() if each.table == table}
    for value in values:
        if value not in held:
            raise QueryError(f"no publisher {value!r} of {table}{near(value, held)}")
    return [s.id for s in sources.values() if s.table == table and s.publisher in values]


def _month(text: str | None, name: str, *, last: bool = False) -> Any:
    if text is None:
        return None
    if not (found := re.fullmatch(r"([1-9][0-9]{3})(?:-(0[1-9]|1[0-2]))?", str(text))):
        said = re.fullmatch(
            r"([1-9][0-9]{3})\D?(0?[1-9]|1[0-2])(?:-[0-3]?[0-9])?", str(text).strip()
        )
        hint = f"; did you mean '{said[1]}-{int(said[2]):02}'?" if said else ""
        raise QueryError(f"{name}={text!r}: expected a month such as 2023-05, or a year{hint}")
    month = found[2] or ("12" if last else "01")
    return pa.scalar(f"{found[1]}-{month}-01").cast(pa.date32())


def stored(root: Path, table: str, *, local: bool = False) -> ds.Dataset:
    """The Parquet file of `table`, and the one of the user's own sources where there are any."""
    if not local:
        return _opened(processed(root, table), table, catalogue.load(root))
    return ds.dataset([
        _opened(processed(root, table, local=own), table, sources)
        for own, sources in _catalogued(root).items() if not own or sources
    ])  # fmt: skip


def _opened(path: Path, table: str, sources: Mapping[str, Source]) -> ds.Dataset:
    try:
        written = path.stat()
        dataset = _dataset(path, written.st_mtime_ns, written.st_size)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BuildError(f"{path}: absent; run `tradeflows build`") from error
    except (pa.ArrowInvalid, OSError) as error:
        raise BuildError(f"{path}: not a Parquet file; run `tradeflows build`") from error
    digest = (dataset.schema.metadata or {}).get(b"fingerprint", b"").decode()
    if digest != fingerprint(sources.values(), table):
        raise BuildError(f"{path}: older than its sources or its code; run `tradeflows build`")
    return dataset.replace_schema(schema.TABLES[table])


@lru_cache(maxsize=16)
def _dataset(path: Path, *written: int) -> ds.Dataset:
    """The file as it was `written`."""
    return ds.dataset(path, format="parquet")


def _known_by(frame: pd.DataFrame, day: str, sources: Mapping[str, Source]) -> pd.DataFrame:
    """Rows whose release, or else whose file's retrieval, is of `day` or before."""
    if not re.fullmatch(r"[1-9]\d{3}-\d\d-\d\d", day):
        raise QueryError(f"as_of={day!r}: expected a day such as 2024-06-01")
    retrieved = frame["source_id"].map({n: f"{s.retrieved:%Y-%m-%d}" for n, s in sources.items()})
    released = frame.get("vintage", retrieved)
    dated = released.str.fullmatch(r"\d{4}-\d\d-\d\d")
    known = released.where(dated, retrieved)
    if frame[known.le(day)].empty:
        raise QueryError(f"nothing of this was known by {day}; the first is of {known.min()}")
    return frame[known.le(day)]


def _current(
    frame: pd.DataFrame, day: str | None, sources: Mapping[str, Source], caveats: list[str]
) -> pd.DataFrame:
    """Without what a newer release withdrew or restated by `day`.

    A fetched file knows the release of each reporter and period in it, and what it was asked for;
    of that nothing older holds, also where the newer release has no row.
    """
    places: dict[tuple[str, str], dict[str, int]] = {}  # publisher and cell: release: its place
    holds: dict[str, dict[str, str]] = {}
    for name, source in sources.items():
        releases: Mapping[str, str] = source.arguments.get("releases", {})
        known = {cell: text for cell, text in releases.items()
                 if day is None or (text[:10] if "/" not in text.split()[0] else
                                    f"{source.retrieved}") <= day}  # fmt: skip
        for cell, text in known.items():
            places.setdefault((source.publisher, cell), {}).setdefault(text, 0)
        holds |= {name: known} if known else {}
    for texts in places.values():  # of two releases of one day the one that came first is older
        order = sorted(texts, key=lambda text: text.split()[0])
        texts.update({text: place for place, text in enumerate(order)})
    if all(len(texts) == 1 for texts in places.values()):
        return frame
    month = frame["ref_period"].dt.strftime("%Y%m")
    cells = frame["reporter_code"] + " " + month.where(frame["freq_code"].ne("A"), month.str[:4])

    def place(name: str, cell: str) -> int:
        text = holds.get(name, {}).get(cell)
        return places[sources[name].publisher, cell][text] if text else -1

    own = [place(name, cell) for name, cell in zip(frame["source_id"], cells, strict=True)]
    own = frame.assign(own=own)["own"]
    gone = own.lt(-1)
    for name in holds:
        newer = cells.map({cell: place(name, cell) for cell in holds[name]})
        older = own.ge(0) & own.lt(newer) & frame["publisher"].eq(sources[name].publisher)
        if older.any():
            gone |= older & catalogue.covers(sources[name], frame)
    if gone.all():
        newest = max(frame["vintage"])
        raise QueryError(f"a newer release withdrew all of this, last stated by that of {newest}; "
                         "as_of= or vintage= shows it")  # fmt: skip
    if gone.any():
        caveats.append(f"{gone.sum()} rows of older releases, which a newer one restates or has "
                       "withdrawn, passed over; vintage= chooses")  # fmt: skip
    return frame[~gone]


def _not_superseded(
    frame: pd.DataFrame, day: str | None, sources: Mapping[str, Source], caveats: list[str]
) -> pd.DataFrame:
    """Without the rows of a source that another, known by `day`, supersedes as a whole."""
    old = {each.supersedes for each in sources.values()
           if day is None or catalogue.released(each) <= day}  # fmt: skip
    kept = frame[~frame["source_id"].isin(old)]
    if kept.empty:
        held = ", ".join(f"vintage={each!r}" for each in sorted(frame["vintage"].unique())[-4:])
        raise QueryError("the newest release states nothing of this; an older one does, which "
                         f"it supersedes: {held}")  # fmt: skip
    if len(kept) < len(frame):
        caveats.append(f"the newest release of each period: {len(frame) - len(kept)} rows of "
                       "superseded ones passed over; vintage= chooses")  # fmt: skip
    return kept


def family(frame: pd.DataFrame, sources: Mapping[str, Source]) -> pd.Series:
    """The source of each row; what a user got from one publisher in many files is one."""
    names = {n: f"{s.publisher}, {s.kind}" if s.kind in ("fetched", "published") else n
             for n, s in sources.items()}  # fmt: skip
    return frame["source_id"].astype("str").map(names)


def _scan(
    stored: ds.Dataset, table: str, wanted: Mapping[str, list[str]], first: Any, last: Any,
    columns: list[str] | None = None,
) -> pa.Table:  # fmt: skip
    where = pc.scalar(True)
    for column, values in wanted.items():
        where &= _matches(column, values)
    starts, ends = _dates(table)
    if first is not None:
        where &= pc.field(starts) >= first
    if last is not None:
        where &= pc.field(ends) <= _month_end(last)
    rows = stored.to_table(filter=where)
    if last is not None and "n_months" in rows.column_names:
        rows = rows.filter(_ends_by(rows, last))
    return rows.select(columns) if columns else rows


def _dates(table: str) -> tuple[str, str]:
    """Columns of the first and the last day that a row speaks of."""
    return ("window_start", "window_end") if table == "figures" else ("ref_period", "ref_period")


def _undated(stored: ds.Dataset, table: str, wanted: Mapping[str, list[str]]) -> list[str]:
    """What a window leaves out because its dates are vague."""
    starts, ends = _dates(table)
    if not (stored.schema.field(starts).nullable or stored.schema.field(ends).nullable):
        return []
    rows = _scan(stored, table, wanted, None, None, list({starts, ends}))
    vague = len(rows) - len(rows.drop_null())
    return [f"{vague} rows without exact dates are in no window, so not here"] if vague else []


def _month_end(day: Any) -> Any:
    from calendar import monthrange

    value = day.as_py()
    return pa.scalar(value.replace(day=monthrange(value.year, value.month)[1]), pa.date32())


def _ends_by(rows: pa.Table, last: Any) -> Any:
    """Whether each period of n months is over by the end of month `last`."""
    ordinal = pc.add(pc.multiply(pc.year(rows["ref_period"]), 12), pc.month(rows["ref_period"]))
    limit = last.as_py().year * 12 + last.as_py().month
    return pc.less_equal(pc.add(ordinal, pc.subtract(rows["n_months"], 1)), limit)


def _matches(column: str, values: list[str]) -> Any:
    field = pc.field(column)
    if values == ["countries"]:
        wholes = [area for area in codes.groups() if not codes.is_country(area)]
        return ~pc.is_in(field, pa.array(wholes, pa.string()))
    if column == "breakdown" and values == [PARTS]:
        return field.is_valid()
    heads: tuple[str, ...] = ()
    if column == "cmd_code":
        heads = tuple(value for value in values if value.isdigit())
        listed = {code for value in set(values) - {ALL_GOODS} for code in codes.listed_under(value)}
        values = values + sorted(code for code in listed if not code.startswith(heads))
    # Arrow skips row groups by comparisons alone, but makes each of them for every row.
    if len(values) <= FEW:
        equal = [field == value for value in values]
        return reduce(or_, equal + [(field >= f"{h}0") & (field < f"{h}[") for h in heads])
    among = pc.is_in(field, pa.array(values))
    if heads:
        among |= pc.match_substring_regex(field, f"^({'|'.join(heads)})[0-9:A-Z]")
    return (field >= min(values)) & (field < f"{max(values)}[") & among


def _nothing(
    stored: ds.Dataset, table: str, wanted: Mapping[str, list[str]], first: Any, last: Any
) -> str:
    """Which one filter would have to be another, and what it could be."""
    back = {column: name for name, column in FILTERS[table].items()}
    hints = []
    for column, values in wanted.items():
        others = {each: of for each, of in wanted.items() if each != column}
        rows = _scan(stored, table, others, first, last, [column])
        if held := pc.unique(rows[column]).drop_null().to_pylist():
            name = back[column]
            hints.append(f"{name} other than {'+'.join(values[:3])}: {_some(held, values[0])}")
    if first is not None or last is not None:
        rows = _scan(stored, table, wanted, None, None, ["ref_period"]) if "ref_period" in (
            stored.schema.names) else pa.table({})  # fmt: skip
        if len(rows):
            ends = pc.min_max(rows["ref_period"]).as_py()
            hints.append(f"another window: {ends['min']:%Y-%m} to {ends['max']:%Y-%m} is held")
    where = " or ".join(hints) if hints else "leave a filter out"
    return f"nothing in {table} matches; held with {where}" if hints else (
        f"nothing in {table} matches these filters together; {where}")  # fmt: skip


def _some(held: Iterable[str], word: str) -> str:
    """The values held that are nearest to `word`, at most eight."""
    listed = sorted(held)
    alike = [value for value in listed if value[:2] == word[:2]]
    return ", ".join(list(dict.fromkeys([*nearest(word, listed, 4), *alike, *listed]))[:8])


def _grain(frame: pd.DataFrame, products: list[list[str]]) -> pd.DataFrame:
    """One level of product: the code asked for or, where a source lacks it, what lies under it.

    Adds ``asked``: the place of the product in the question, by which sources are compared.
    """
    if not products:
        return frame.assign(asked=0)
    cells = [*zip(frame["source_id"], frame["reporter_iso"], frame["cmd_code"], strict=True)]
    held: dict[tuple[str, str], set[str]] = {}
    for source, reporter, code in dict.fromkeys(cells):
        held.setdefault((source, reporter), set()).add(code)
    chosen: dict[tuple[str, str, str], int] = {}
    for (source, reporter), found in held.items():
        for place, alternatives in enumerate(products):
            for code in _levels(found, alternatives):
                if (other := chosen.setdefault((source, reporter, code), place)) != place:
                    raise QueryError(f"product={products[other][0]!r} and {products[place][0]!r} "
                                     f"share {code} in {source}; ask for one")  # fmt: skip
    places = [chosen.get(cell, -1) for cell in cells]
    return frame.assign(asked=places)[[place >= 0 for place in places]]


def _levels(found: set[str], alternatives: list[str]) -> set[str]:
    """The first of `alternatives` that is held, else the highest codes held under the first."""
    for code in alternatives:
        if code in found:
            return {code}
    for whole in alternatives:
        if under := {code for code in found if codes.wholes(code, {whole} - {ALL_GOODS})}:
            return {code for code in under if not codes.wholes(code, under)}
    return set()


FLOW = ["reporter_iso", "partner_iso", "flow_code", "freq_code", "cumulation", "asked"]


def _preferred(
    frame: pd.DataFrame, sources: Mapping[str, Source], caveats: list[str]
) -> pd.DataFrame:
    """Of several sources that state one flow, the one that the catalogue ranks first."""
    if frame["source_id"].nunique() == 1:
        return frame
    frame = frame.assign(family=family(frame, sources))
    rank = frame["source_id"].map({name: source.rank - 0.5 * (source.kind == "fetched")
                                   for name, source in sources.items()})  # fmt: skip
    best = rank.groupby([frame[name] for name in FLOW]).transform("min")
    kept, passed = frame[rank.eq(best)], frame[rank.gt(best)]
    # Not by partner: two sources' partners side by side are no whole that shares could be of.
    whole = [name for name in FLOW if name != "partner_iso"]
    mixed = kept[kept.groupby(whole)["family"].transform("nunique").gt(1)]
    if len(mixed):
        who = ", ".join(sorted(mixed["reporter_iso"].unique()))
        choice = " or ".join(f"source={name!r}" for name in sorted(mixed["source_id"].unique()))
        raise QueryError(f"what {who} reports would come from several sources, partner by partner "
                         f"or of one rank; add {choice}")  # fmt: skip
    for name, rest in passed.groupby("source_id"):
        who = ", ".join(sorted(rest["reporter_iso"].unique()))
        caveats.append(f"{who}: {name} ({rest['ref_period'].min():%Y-%m} to "
                       f"{rest['ref_period'].max():%Y-%m}) states this too and was passed over; "
                       "publisher= or source= chooses")  # fmt: skip
    return kept.drop(columns="family")


def _stand_ins(frame: pd.DataFrame, products: list[list[str]]) -> list[str]:
    """Where codes below the product stand for it, since the source holds no such level."""
    caveats = []
    rows = sorted(set(zip(frame["asked"], frame["source_id"], frame["cmd_code"], strict=True)))
    for (place, source), cells in groupby(rows, key=lambda row: row[:2]):
        found = [code for *_, code in cells]
        alternatives = products[place] if products else found
        if not set(found) & set(alternatives):
            shown = ", ".join(found[:6]) + (" …" if len(found) > 6 else "")
            caveats.append(f"{source}: {shown} in the place of {alternatives[0]}, a level that it "
                           "does not hold")  # fmt: skip
    return caveats


RELEASE = ["family", "within", "reporter_iso", "flow_code", "ref_period", "n_months", "cumulation"]


def _newest(frame: pd.DataFrame, sources: Mapping[str, Source], caveats: list[str]) -> pd.DataFrame:
    """Of several releases of one period by one source, the newest."""
    if frame["vintage"].nunique() == 1 == frame["source_id"].nunique():
        return frame
    whose = family(frame, sources)
    fetched = whose.ne(frame["source_id"])
    # A release was fetched for some products and partners, so it is the newest of these alone.
    cell = frame["partner_code"] + " " + frame["classification_code"] + " " + frame["cmd_code"]
    frame = frame.assign(family=whose, within=cell.where(fetched, ""))
    newest = frame.groupby(RELEASE)["vintage"].transform("max")
    kept = frame[frame["vintage"].eq(newest)]
    if len(kept) < len(frame):
        caveats.append(f"the newest release of each period: {len(frame) - len(kept)} rows of "
                       "older ones passed over; vintage= chooses")  # fmt: skip
    for source, releases in kept.groupby("family")["vintage"].nunique().items():
        if releases > 1:
            caveats.append(f"{source}: the periods are from {releases} releases")
    # Two questions may have brought one row of one release twice.
    one = [name for name in schema.key(schema.TRADE) if name != "source_id"]
    again = kept["family"].ne(kept["source_id"]) & kept.duplicated(one)
    return kept[~again].drop(columns=["family", "within"])


def no_nesting(frame: pd.DataFrame) -> None:
    """Refuse rows of which some are counted in others: a whole beside its part."""
    held: dict[str, set[str]] = {}
    for reporter, code in set(zip(frame["reporter_iso"], frame["cmd_code"], strict=True)):
        held.setdefault(reporter, set()).add(code)
    for _, goods in sorted(held.items()):
        for part in sorted(goods):
            for whole in sorted(codes.wholes(part, goods)):
                raise QueryError(f"product {whole} contains {part}, so the answer would count it "
                                 f"twice; add product={whole!r} or product={part!r}")  # fmt: skip
    for name in ("reporter", "partner"):
        areas = sorted(frame[f"{name}_iso"].unique())
        for whole in set(areas).intersection(codes.groups()):
            for part in areas:
                if codes.contains(whole, part):
                    raise QueryError(f"{name} {whole} contains {part}, so the answer would count "
                                     f"it twice; add {name}={whole!r}, {name}={part!r} or "
                                     f"{name}='countries'")  # fmt: skip
    flows = set(frame["flow_code"])
    if "MX" in flows and flows - {"MX"}:
        raise QueryError("MX is both directions in one figure; add flow='M', 'X' or 'MX'")


def _by_flow(frame: pd.DataFrame, roles: pd.Series) -> bool:
    """Whether each flow has one role: goods come from an origin and go to a destination."""
    return roles.groupby(frame["flow_code"]).nunique().max() == 1


def _total_or_parts(frame: pd.DataFrame, caveats: list[str]) -> pd.DataFrame:
    """Of each cell of a source the total or, where it states none, the parts."""
    cell = [name for name in schema.key(schema.TRADE) if name not in ("breakdown", "qty_unit")]
    whole = frame["breakdown"].eq("total")
    stated = whole.groupby([frame[name] for name in cell]).transform("any")
    kept = frame[whole | ~stated]
    if found := sorted(set(kept["breakdown"]) - {"total"}):
        some = ", ".join(found[:4]) + (" …" if len(found) > 4 else "")
        caveats.append(f"{(~kept['breakdown'].eq('total')).sum()} rows are parts of what they "
                       f"state ({some}); {ADD_UP}")  # fmt: skip
    return kept


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
            raise QueryError(f"the answer would mix values of {name}; add one of {choice}{more}"
                             f"{parts}")  # fmt: skip


def _restated(frame: pd.DataFrame) -> list[str]:
    cell = ["concept", "measure", "region", "currency_group", "period_text"]
    statements = frame.groupby(cell).size()
    several = (statements > 1).sum()
    return [f"{several} of {len(statements)} periods are stated more than once, by several "
            "releases or outlets; vintage= and outlet= choose"] if several else []  # fmt: skip


def _flags_present(frame: pd.DataFrame) -> list[str]:
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
