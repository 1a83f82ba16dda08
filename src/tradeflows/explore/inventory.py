"""What is held: of which goods, for which months, in which unit, from whom."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows import tables
from tradeflows.explore.answer import Answer, answer
from tradeflows.explore.hints import AREAS, PERIOD, example_call
from tradeflows.model import codes, groups, schema, words
from tradeflows.model.currencies import currency
from tradeflows.model.errors import CatalogueError, QueryError, near, require_text
from tradeflows.model.lineage import COUNT, PLACE, Formula, Role, record
from tradeflows.model.periods import month_of, runs
from tradeflows.model.words import fold, in_plain_letters
from tradeflows.retrieval import catalogue, own_words

# By table: the columns that name what a figure is about, and the one of its unit.
NAMED_BY = {
    "trade": (["cmd_code"], "units"),
    "settlement": (["concept", "currency_group"], "unit"),
    "figures": (["topic"], "unit"),
    "rates": (["base", "statistic"], "quote"),
}
LONG_ENOUGH = 3  # letters of a word that is looked for at the beginning of others
FEW_NAMES = 3


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
    plain = word.casefold()
    with suppress(QueryError):  # gold is both
        plain = currency(word).casefold()
    sources = catalogue.load(root, local=local)
    titles = {name: source.title for name, source in sources.items()}
    parts: list[pd.DataFrame] = []
    entries: list[dict[str, Any]] = []
    for table, (by, _) in NAMED_BY.items():
        stored = tables.stored(root, table, local=local)
        is_trade = table == "trade"
        if is_trade:
            rows = _traded(stored, word.casefold(), root)
        else:
            rows = _named(stored, plain, table, titles)
        slot = rows.groupby(["source_id", *by]).ngroup() + len(entries)
        parts.append(rows.assign(slot=slot).dropna(subset="n_months"))
        entries += _entries(table, rows)
    if not entries:
        raise QueryError(_nothing_of(word, root))
    order = np.argsort(_are_named_by_chance(entries, word, root), kind="stable")
    inventory = pd.DataFrame([entries[place] for place in order])
    inventory["publisher"] = [sources[name].publisher for name in inventory["source_id"]]
    inventory.attrs = {"sources": tuple(dict.fromkeys(inventory["source_id"])), "caveats": ()}
    counted = pd.concat([part for part in parts if len(part)], ignore_index=True)
    slot = np.argsort(order)[counted.pop("slot")]
    role = Role(counted, slot=slot)
    record(inventory, {"rows": Formula(COUNT, {"value": role})})
    return answer(inventory, f"What is held{word and f' of {word}'}", named)


def _entries(table: str, rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """What the rows of each source and product, or other name, come to."""
    by, is_trade = ["source_id", *NAMED_BY[table][0]], table == "trade"
    distinct = [
        rows.drop_duplicates([*by, *columns]).groupby(by)[columns].agg(list)
        for columns in (["units"], *([area] for area in AREAS), PERIOD)
    ]
    counts = rows.groupby(by).size().rename("rows")
    entries = pd.concat([*distinct, counts], axis="columns").to_dict("index")
    for (source, *names), cells in entries.items():
        units = {unit for text in cells["units"] for unit in text.split("|")} - {""}
        reporters, partners = (
            _few(codes.area_name(area) for area in cells[column] if area) for column in AREAS
        )
        periods = zip(*(cells[name] for name in PERIOD), strict=True)
        months = (range(month_of(day), month_of(day) + int(n)) for day, n in periods if n == n)
        yield {
            "name": codes.product_name(names[0]) if is_trade else ", ".join(names),
            "code": names[0] if is_trade else "",
            "reporters": reporters,
            "partners": partners,
            "unit": ", ".join(sorted(units)) if is_trade else _few(units),
            "held": runs(chain.from_iterable(months)),
            "rows": cells["rows"],
            "table": table,
            "source_id": source,
        }


def _are_named_by_chance(entries: Iterable[dict[str, Any]], word: str, root: Path) -> list[bool]:
    """Whether goods have the word in their official name alone: oil seeds are no oil."""
    folded, typed = fold(word), _words_by_code(root)
    by_chance = []
    for entry in entries:
        code = entry["code"]
        plain = [codes.plain_product_name(code), *typed.get(code, ())] if code else []
        is_named = any(_has_word(fold(text), folded) for text in plain)
        begins_so = code.casefold().startswith(folded)
        by_chance.append(bool(word and code) and not is_named and not begins_so)
    return by_chance


def _nothing_of(word: str, root: Path) -> str:
    if not word:
        return "this project holds no rows yet; add a file, then `tradeflows build`"
    if groups.group_of(word):
        return f"{word!r} is a group of places: {words.call('areas', word)} lists its members"
    with suppress(QueryError):
        name = codes.area_name(own_words.area_id(word, root))
        return (
            f"{word!r} is a place, and goods, currencies or prices are found: "
            f"{words.call('flow', 'total', name)} asks what it reports of its trade"
        )
    add = "`tradeflows add FILE` takes a file of yours"
    call = example_call(word, root)
    fetch = f"{call} gets a flow of it, with areas and year as examples; {add}" if call else add
    try:
        names = [codes.product_name(code) for code in own_words.product(word, root)]
    except QueryError:
        hint = near(word, own_words.product_words(root)).removesuffix("; nothing is near")
        see = f"see {words.call('sources')}"
        with suppress(QueryError):  # no file has the word either
            files = words.count_of(len(sources(word, root=root)), "file")
            see = f"{words.call('sources', word)} lists {files} on it"
        return f"nothing is held of {word!r} ({see}); {fetch}{hint}"
    return f"nothing is held of {word!r} ({', '.join(dict.fromkeys(names))}); {fetch}"


def _traded(stored: Any, word: str, root: Path) -> pd.DataFrame:
    """Rows of trade of the products that a word names, with the units that each states."""
    held = pc.unique(stored.to_table(["cmd_code"])["cmd_code"]).to_pylist()
    matching = pa.array(_matching(word, sorted(held), root), pa.string())
    measured = tables.MEASURES["trade"]
    columns = [*PLACE, "cmd_code", *AREAS, *PERIOD, "qty_unit", "currency", *measured]
    rows = stored.to_table(columns, filter=pc.field("cmd_code").isin(matching)).to_pandas()
    rows["units"] = ""
    for column, unit in measured.items():
        texts = rows[unit].fillna("") if unit in rows else unit
        rows["units"] += np.where(rows[column].notna(), texts + "|", "")
    return rows


def _named(stored: Any, word: str, table: str, titles: Mapping[str, str]) -> pd.DataFrame:
    """Rows of another table whose words have each of `word`; of rates also what a file is of."""
    by, unit = NAMED_BY[table]
    rows = stored.to_table().to_pandas()
    rows = rows.assign(units=rows[unit], reporter_iso="", partner_iso="")
    if table == "figures":
        start, end = (pd.to_datetime(rows[f"window_{side}"]).dt for side in ("start", "end"))
        n_months = 1 + 12 * (end.year - start.year) + end.month - start.month
        rows = rows.assign(ref_period=rows["window_start"], n_months=n_months)
    named = rows[[*by, *rows.columns.intersection(["product", "quote"])]]
    if table == "rates":
        named = named.assign(title=rows["source_id"].map(titles))
    texts = (in_plain_letters(" ".join(map(str, row))) for row in named.itertuples(index=False))
    asked = in_plain_letters(word).split()
    return rows[np.array([all(part in text for part in asked) for text in texts], bool)]


def _words_by_code(root: Path | None) -> dict[str, list[str]]:
    """What a person may type for each product."""
    words: dict[str, list[str]] = {}
    for text, listed in own_words.product_words(root).items():
        for code in listed:
            words.setdefault(code, []).append(text)
    return words


def _matching(word: str, among: Sequence[str], root: Path | None) -> list[str]:
    """Codes that begin with `word`, are named by it, or lie within what is; as in `among`."""
    folded = fold(word)
    words = own_words.product_words(root)
    named = {code for text in words if _has_word(text, folded) for code in words[text]}
    wholes = named - {tables.ALL_GOODS}

    def is_meant(code: str) -> bool:
        if code in named or code.casefold().startswith(folded):
            return True
        if any(codes.is_under(code, whole) for whole in wholes):
            return True
        # Its plain or official name may have the word; a union has none.
        names = {codes.plain_product_name(code), codes.product_description(code)}
        is_coded = folded.isdigit() or "+" in code
        return not is_coded and any(_has_word(fold(name), folded) for name in names)

    order = {code: place for place, code in enumerate(words.get(folded, ()))}
    first = len(order)
    return sorted(filter(is_meant, among), key=lambda c: (order.get(c, first), c not in named))


def _has_word(text: str, word: str) -> bool:
    """Whether a word of `text` begins with `word`: "lathes" with "lathe"."""
    return re.search(rf"\b{re.escape(word)}", text) is not None


def _few(names: Iterable[str]) -> str:
    listed = sorted({*names})
    more = len(listed) - FEW_NAMES
    return ", ".join(listed[:FEW_NAMES]) + (f" and {more} more" if more > 0 else "")


def _counted(root: Path | None, column: str, *, local: bool) -> dict[str, int]:
    """Rows of trade by a column; none without a project or a source, which code lists need not."""
    try:
        folder = root or catalogue.root()
        has_sources = bool(catalogue.load(folder, local=local))
    except CatalogueError:
        has_sources = False
    if not has_sources:
        return {}
    cells = tables.stored(folder, "trade", local=local).to_table([column])[column]
    return {entry["values"]: entry["counts"] for entry in pc.value_counts(cells).to_pylist()}


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
    counts, words = _counted(root, "cmd_code", local=local), _words_by_code(root)
    known = sorted({*codes.all_products(), *counts, *words})
    matching = _matching(word, known, root)
    if not matching and len(word) > LONG_ENOUGH and word.endswith("s"):
        matching = _matching(word.removesuffix("s"), known, root)
    if not matching:
        raise QueryError(f"no product {word!r}{near(word, own_words.product_words(root))}")
    rows = []
    for code in matching:
        name = codes.plain_product_name(code) or codes.product_description(code)
        rows.append((name, ", ".join(words.get(code, [])), counts.get(code, 0)))
    index = pd.Index(matching, name="code")
    return pd.DataFrame(rows, columns=["name", "words", "rows"], index=index)


def areas(word: str = "", *, local: bool = False, root: Path | None = None) -> pd.DataFrame:
    """Areas whose id, name or other word has `word`; of a group such as the EU, its members.

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
    reports, partner = (_counted(root, column, local=local) for column in AREAS)
    rows = []
    for area in ids:
        counts = reports.get(area, 0), partner.get(area, 0)
        rows.append((codes.area_name(area), codes.area_kind(area), *counts))
    index = pd.Index(ids, name="area")
    return pd.DataFrame(rows, columns=["name", "kind", "reports", "partner"], index=index)


def _areas_of(word: str, root: Path | None) -> list[str]:
    """A group with its members, or the area that `word` is and those with a word that begins so."""
    group = groups.group_of(word)
    if group:
        return groups.members(group)
    if groups.row_of(word):  # a word of countries that says not which
        return []
    folded = fold(word)
    try:
        exact = [own_words.area_id(word, root)] if word else []
    except QueryError:
        exact = []
    if exact and codes.area_kind(exact[0]) == "group":
        return [*exact, *codes.members(exact[0])]
    if word and len(folded) < LONG_ENOUGH:
        return exact
    typed = own_words.area_words(root)
    return sorted({*exact, *(area for text, area in typed.items() if _has_word(text, folded))})


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
    spans: dict[str, tuple[Any, ...]] = {}
    for table in schema.TABLES:
        day = tables.dates_of(table)[0]
        stored = tables.stored(root, table, local=local).to_table(["source_id", day])
        days = stored.to_pandas(date_as_object=False).groupby("source_id")[day]
        for name, first, last, count in days.agg(["min", "max", "count"]).itertuples():
            months = ("" if pd.isna(end) else f"{end:%Y-%m}" for end in (first, last))
            spans[name] = (count, *months)
    rows = {}
    for name, entry in entries.items():
        whose = publishers[entry.publisher]
        if word.casefold() in f"{name} {entry.title} {whose.id} {whose.name}".casefold():
            span = spans.get(name, (0, "", ""))
            retrieved = f"{entry.retrieved:%Y-%m-%d}"
            about = (whose.short, entry.title, entry.table)
            rows[name] = (*about, *span, entry.vintage, retrieved, entry.licence)
    if not rows:
        names = {name: None for whose in publishers.values() for name in (whose.id, whose.short)}
        raise QueryError(f"no source {word!r}{near(word, [*names, *entries])}")
    columns = ["publisher", "title", "table", "rows", "first", "last"]
    columns += ["vintage", "retrieved", "licence"]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return frame.rename_axis("source_id")
