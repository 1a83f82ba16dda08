"""What is held: of which goods, for which months, in which unit, from whom."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tradeflows import tables
from tradeflows.explore.answer import Answer, answer
from tradeflows.explore.hints import example_call, months_of_periods
from tradeflows.model import codes, groups, schema
from tradeflows.model.currencies import currency
from tradeflows.model.errors import CatalogueError, QueryError, near, require_text
from tradeflows.model.lineage import COUNT, PLACE, Formula, Role, record
from tradeflows.model.periods import runs
from tradeflows.model.words import fold
from tradeflows.retrieval import catalogue, own_words

# By table: the columns that name what a figure is about, and the one of its unit.
NAMED_BY = (
    ("settlement", ["concept", "currency_group"], "unit"),
    ("figures", ["topic"], "unit"),
    ("rates", ["base", "statistic"], "quote"),
)
LONG_ENOUGH = 3  # letters of a word that is looked for at the beginning of others
FEW_NAMES = 3

# What is held, a dict an entry, and its rows, with the place of their entry as ``slot``.
Held = tuple[list[dict[str, Any]], pd.DataFrame]


def find(word: str = "", *, local: bool = False, root: Path | None = None) -> Answer:
    """What is held of the goods, currencies or prices that a word names; ``.plot()`` draws it.

    Without a word, all that is held.

    Returns
    -------
    Answer, one row a source and product (or topic, or concept)
        ``name``, ``code``, ``reporters``, ``partners``, ``unit`` (all that is stated), ``held``
        (months, with their gaps), ``rows``, ``table``, ``publisher`` and ``source_id``.

    Raises
    ------
    QueryError
        Nothing is held of this word.

    Examples
    --------
    >>> import tradeflows as tf
    >>> gas = tf.find("LNG")
    >>> gas.query("publisher == 'bruegel'")[["code", "reporters", "held"]].iloc[0].tolist()
    ['G3200', 'EU27', '2019-01 to 2019-12, 2022-10 to 2026-03']
    """
    require_text("word", word, "crude oil")
    named, root = root, root or catalogue.root()
    sources = catalogue.load(root, local=local)
    goods, plain = word.casefold(), _as_currency(word).casefold()  # gold is both
    held = [_traded(tables.stored(root, "trade", local=local), goods, root)]
    for table, by, unit in NAMED_BY:
        stored = tables.stored(root, table, local=local).to_table().to_pandas()
        held.append(_named(stored, plain, table, by, unit))
    found: list[dict[str, Any]] = []
    parts = []
    for entries, part in held:
        parts.append(part.assign(slot=part["slot"] + len(found)))
        found += entries
    if not found:
        raise QueryError(_nothing_of(word, root))
    by_chance = [_is_named_by_chance(entry, goods, root) for entry in found]
    order = np.argsort(by_chance, kind="stable")
    inventory = pd.DataFrame([found[place] for place in order])
    inventory["publisher"] = [sources[name].publisher for name in inventory["source_id"]]
    used = tuple(dict.fromkeys(inventory["source_id"]))
    inventory.attrs = {"sources": used, "caveats": ()}
    counted = pd.concat([part for part in parts if len(part)], ignore_index=True)
    counted["slot"] = np.argsort(order)[counted["slot"]]
    counted = counted.sort_values("slot", kind="stable", ignore_index=True)
    role = Role(counted.drop(columns="slot"), slot=counted["slot"].to_numpy())
    record(inventory, {"rows": Formula(COUNT, {"value": role})})
    return answer(inventory, f"What is held{word and f' of {word}'}", named)


def _is_named_by_chance(row: Mapping[str, Any], word: str, root: Path) -> bool:
    """Whether goods have the word in their official name alone: oil seeds are no oil."""
    if row["table"] != "trade" or not word:
        return False
    code = row["code"]
    words = [text for text, listed in own_words.product_words(root).items() if code in listed]
    plain = [codes.plain_product_name(code), *words]
    folded = fold(word)
    is_named = any(_has_word(fold(text), folded) for text in plain)
    return not is_named and not code.casefold().startswith(folded)


def _nothing_of(word: str, root: Path) -> str:
    if not word:
        return "this project holds no rows yet; add a file, then `tradeflows build`"
    add = "`tradeflows add FILE` takes a file of yours"
    call = example_call(word, root)
    fetch = f"{call} gets a flow of it, with areas and year as examples; {add}" if call else add
    try:
        names = [codes.product_name(code) for code in own_words.product(word, root)]
    except QueryError:
        hint = near(word, own_words.product_words(root)).removesuffix("; nothing is near")
        return f"nothing is held of {word!r} (see tf.sources()); {fetch}{hint}"
    goods = ", ".join(dict.fromkeys(names))
    return f"nothing is held of {word!r} ({goods}); {fetch}"


def _as_currency(word: str) -> str:
    """The code of the currency that `word` names, or the word."""
    try:
        return currency(word)
    except QueryError:
        return word


def _traded(stored: Any, word: str, root: Path) -> Held:
    """What trade holds of the products that a word names, one entry a source and code."""
    by = ["source_id", "cmd_code"]
    areas = ["reporter_iso", "partner_iso"]
    measured = tables.MEASURES["trade"]
    columns = [*PLACE, "cmd_code", *areas, "ref_period", "n_months", "qty_unit", "currency"]
    held_codes = pc.unique(stored.to_table(["cmd_code"])["cmd_code"]).to_pylist()
    matching = _matching(word, sorted(held_codes), root)
    is_wanted = pc.field("cmd_code").isin(pa.array(matching, pa.string()))
    rows = stored.to_table([*columns, *measured], filter=is_wanted)
    units: dict[tuple[str, str], set[str]] = {}
    for column, unit in measured.items():
        stated = rows.filter(pc.is_valid(rows[column]))
        named = [unit] if unit in columns else []
        for row in stated.group_by([*by, *named]).aggregate([]).to_pylist():
            if row.get(unit, unit):
                key = row["source_id"], row["cmd_code"]
                units.setdefault(key, set()).add(row.get(unit, unit))
    of_entry = [([], "count_all"), *((area, "distinct") for area in areas)]
    periods: dict[tuple[str, str], list[tuple[date, int]]] = {}
    for row in rows.group_by([*by, "ref_period", "n_months"]).aggregate([]).to_pylist():
        *key, day, n_months = row.values()
        periods.setdefault((key[0], key[1]), []).append((day, n_months))
    entries = []
    in_order = [(name, "ascending") for name in by]
    for entry in rows.group_by(by).aggregate(of_entry).sort_by(in_order).to_pylist():
        key = source, code = entry["source_id"], entry["cmd_code"]
        stated = {
            "name": codes.product_name(code),
            "code": code,
            "reporters": _few(entry["reporter_iso_distinct"]),
            "partners": _few(entry["partner_iso_distinct"]),
            "unit": ", ".join(sorted(units.get(key, ()))),
            "held": runs(months_of_periods(periods[key])),
            "rows": entry["count_all"],
            "table": "trade",
            "source_id": source,
        }
        entries.append(stated)
    frame = rows.to_pandas()
    return entries, frame.assign(slot=frame.groupby(by).ngroup())


def _named(rows: pd.DataFrame, word: str, table: str, by: list[str], unit: str) -> Held:
    """What another table holds whose words have `word`, one entry a source and name."""
    columns = [*by, "product"] if "product" in rows else by
    has_word = []
    for cells in rows[columns].itertuples(index=False):
        text = " ".join(map(str, cells))
        has_word.append(word in text.casefold())
    rows = rows[np.array(has_word, bool)]
    if table == "figures":
        start = pd.to_datetime(rows["window_start"]).dt
        end = pd.to_datetime(rows["window_end"]).dt
        years = end.year - start.year
        n_months = 1 + 12 * years + end.month - start.month
        rows = rows.assign(ref_period=rows["window_start"], n_months=n_months)
    in_entries = rows.groupby(["source_id", *by])
    entries = []
    for (source, *names), part in in_entries:
        entry = {
            "name": ", ".join(names),
            "code": "",
            "reporters": "",
            "partners": "",
            "unit": _few(part[unit], str),
            "held": runs(months_of_periods(part[["ref_period", "n_months"]].dropna().to_numpy())),
            "rows": len(part),
            "table": table,
            "source_id": source,
        }
        entries.append(entry)
    return entries, rows.assign(slot=in_entries.ngroup()).dropna(subset="n_months")


def _matching(word: str, among: Sequence[str], root: Path | None) -> list[str]:
    """Codes that begin with `word`, are named by it, or lie within what is; as in `among`."""
    folded = fold(word)
    words = own_words.product_words(root)
    exact = words.get(folded, [])
    named: set[str] = set()
    for text, listed in words.items():
        if _has_word(text, folded):
            named.update(listed)
    wholes = named - {tables.ALL_GOODS}
    matching = []
    for code in among:
        is_named = code in named or code.casefold().startswith(folded)
        if (
            is_named
            or any(codes.is_under(code, whole) for whole in wholes)
            or _is_described(code, folded)
        ):
            matching.append(code)
    first = [code for code in exact if code in matching]
    rest = [code for code in matching if code not in first]
    return [*first, *rest]


def _is_described(code: str, word: str) -> bool:
    """Whether the plain or the official name of a product has `word`; a union has none."""
    if word.isdigit() or "+" in code:
        return False
    names = {codes.plain_product_name(code), codes.product_description(code)}
    return any(_has_word(fold(name), word) for name in names)


def _has_word(text: str, word: str) -> bool:
    """Whether a word of `text` begins with `word`: "lathes" with "lathe"."""
    return re.search(rf"\b{re.escape(word)}", text) is not None


def _few(values: Iterable[str], name: Any = codes.area_name) -> str:
    names = sorted({name(value) for value in values})
    listed = ", ".join(names[:FEW_NAMES])
    more = len(names) - FEW_NAMES
    return f"{listed} and {more} more" if more > 0 else listed


def _counts(column: pa.ChunkedArray) -> dict[str, int]:
    counts = pc.value_counts(column).to_pylist()
    return {entry["values"]: entry["counts"] for entry in counts}


def _stored_if_any(root: Path | None, table: str, local: bool) -> Any:
    """A table of the project; without a project or a source an empty one: code lists need none."""
    empty = ds.dataset(schema.TABLES[table].empty_table())
    try:
        folder = root or catalogue.root()
    except CatalogueError:
        return empty
    if not catalogue.load(folder, local=local):
        return empty
    return tables.stored(folder, table, local=local)


def products(word: str = "", *, local: bool = False, root: Path | None = None) -> pd.DataFrame:
    """Products whose code begins with `word`, or whose name or plain word has it.

    Returns
    -------
    DataFrame, indexed by ``code``
        ``name`` (of HS 2022 the official one), ``words`` (what :func:`flow` takes for it) and
        ``rows`` held. What a plain word stands for comes first.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.products("8806")[["name", "rows"]].head(3)
                                          name  rows
    code
    8806                                drones   965
    880610        drones that carry passengers     0
    880621  remote-controlled drones, to 250 g    92
    >>> tf.products("lathes").index[0]
    '8458'
    """
    require_text("word", word, "2709")
    stored = _stored_if_any(root, "trade", local)
    counts = _counts(stored.to_table(["cmd_code"])["cmd_code"])
    words: dict[str, list[str]] = {}
    for text, listed in own_words.product_words(root).items():
        for code in listed:
            words.setdefault(code, []).append(text)
    known = sorted({*codes.all_products(), *counts, *words})
    matching = _matching(word, known, root)
    if not matching and len(word) > LONG_ENOUGH and word.endswith("s"):
        matching = _matching(word.removesuffix("s"), known, root)
    if not matching:
        raise QueryError(f"no product {word!r}{near(word, own_words.product_words(root))}")
    rows = []
    for code in matching:
        name = codes.plain_product_name(code) or codes.product_description(code)
        typed = ", ".join(words.get(code, []))
        rows.append((name, typed, counts.get(code, 0)))
    index = pd.Index(matching, name="code")
    return pd.DataFrame(rows, columns=["name", "words", "rows"], index=index)


def areas(word: str = "", *, local: bool = False, root: Path | None = None) -> pd.DataFrame:
    """Areas whose id, name or other word has `word`; of a group such as OPEC, its members.

    Returns
    -------
    DataFrame, indexed by ``area``
        ``name``, ``kind``, ``reports`` and ``partner``: rows of trade that it states, and that are
        stated of it.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.areas("congo")[["name", "kind"]]
              name     kind
    area
    COD   DR Congo  country
    COG      Congo  country
    >>> len(tf.areas("OPEC"))
    12
    """
    require_text("word", word, "China")
    ids = _areas_of(word, root)
    if not ids:
        own_words.area(word, root)  # which says why there is none
    stored = _stored_if_any(root, "trade", local)
    table = stored.to_table(["reporter_iso", "partner_iso"])
    reports, partner = _counts(table["reporter_iso"]), _counts(table["partner_iso"])
    rows = []
    for area in ids:
        counts = reports.get(area, 0), partner.get(area, 0)
        rows.append((codes.area_name(area), codes.area_kind(area), *counts))
    index = pd.Index(ids, name="area")
    return pd.DataFrame(rows, columns=["name", "kind", "reports", "partner"], index=index)


def _areas_of(word: str, root: Path | None) -> list[str]:
    """The members of a group, or the area that `word` is and those with a word that begins so."""
    group = groups.group_of(word)
    if group:
        return groups.members(group)
    if groups.row_of(word):  # a word of countries that says not which
        return []
    folded = fold(word)
    try:
        exact = [own_words.area(word, root)] if word else []
    except QueryError:
        exact = []
    if word and len(folded) < LONG_ENOUGH:
        return exact
    typed = own_words.area_words(root)
    others = {area for text, area in typed.items() if _has_word(text, folded)}
    return sorted({*exact, *others})


def sources(word: str = "", *, local: bool = False, root: Path | None = None) -> pd.DataFrame:
    """Sources whose id, title or publisher has `word`: what each holds, and where it is from.

    Returns
    -------
    DataFrame, indexed by ``source_id``
        ``publisher``, ``title``, ``table``, ``rows``, ``first``, ``last`` (months),
        ``vintage``, ``retrieved`` and ``licence``.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.sources("swift")[["publisher", "table", "rows"]]
                    publisher       table  rows
    source_id
    swift_rmb_share     SWIFT  settlement    55
    """
    root = root or catalogue.root()
    require_text("word", word, "swift")
    entries = catalogue.load(root, local=local)
    publishers = catalogue.publishers(root, local=local)
    kept = {}
    for name, entry in entries.items():
        text = f"{name} {entry.title} {entry.publisher} {publishers[entry.publisher].name}"
        if word.casefold() in text.casefold():
            kept[name] = entry
    if not kept:
        raise QueryError(f"no source {word!r}{near(word, entries)}")
    extents: dict[str, tuple[int, str, str]] = {}
    for table in schema.TABLES:
        extents |= _extents(root, table, local)
    rows = []
    for name, entry in kept.items():
        count, first, last = extents.get(name, (0, "", ""))
        row = {
            "publisher": publishers[entry.publisher].short,
            "title": entry.title,
            "table": entry.table,
            "rows": count,
            "first": first,
            "last": last,
            "vintage": entry.vintage,
            "retrieved": f"{entry.retrieved:%Y-%m-%d}",
            "licence": entry.licence,
        }
        rows.append(row)
    return pd.DataFrame(rows, index=pd.Index(kept, name="source_id"))


def _extents(root: Path, table: str, local: bool) -> dict[str, tuple[int, str, str]]:
    """Rows, first month and last month of each source of a table."""
    day = tables.dates_of(table)[0]
    stored = tables.stored(root, table, local=local).to_table(["source_id", day])
    by_source = stored.group_by("source_id")
    summary = by_source.aggregate([(day, "min"), (day, "max"), (day, "count")])
    extents = {}
    for entry in summary.to_pylist():
        first, last = entry[f"{day}_min"], entry[f"{day}_max"]
        begins = f"{first:%Y-%m}" if first else ""
        ends = f"{last:%Y-%m}" if last else ""
        extents[entry["source_id"]] = (entry[f"{day}_count"], begins, ends)
    return extents
