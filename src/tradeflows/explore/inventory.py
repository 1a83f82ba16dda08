"""What is held: of which goods, for which months, in which unit, from whom."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows import tables
from tradeflows.explore.answer import Answer, answer
from tradeflows.explore.flow import CURRENCIES
from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError, near
from tradeflows.model.periods import runs
from tradeflows.retrieval import catalogue

# By table: the columns that name what a figure is about, and the one of its unit.
SAID = (
    ("settlement", ["concept", "currency_group"], "unit"),
    ("figures", ["topic"], "unit"),
    ("rates", ["base", "statistic"], "quote"),
)


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
    root = root or catalogue.root()
    told = catalogue.load(root, local=local)
    plain = CURRENCIES.get(word.casefold(), word).casefold()
    rows = [*_traded(tables.stored(root, "trade", local=local), plain)]
    for name, by, unit in SAID:
        rows += _said(
            tables.stored(root, name, local=local).to_table().to_pandas(), plain, name, by, unit
        )
    if not rows:
        if not word:
            raise QueryError("this project holds no rows yet; add a file, then `tradeflows build`")
        words = [row["word"] for row in codes._rows("product_words.csv")]
        raise QueryError(f"nothing is held of {word!r} (see tf.sources()){near(word, words)}")
    found = pd.DataFrame(rows)
    found["publisher"] = [told[name].publisher for name in found["source_id"]]
    found.attrs = {"sources": tuple(dict.fromkeys(found["source_id"])), "caveats": ()}
    return answer(found, f"What is held{word and f' of {word}'}")


def _traded(stored: Any, word: str) -> Iterator[dict[str, Any]]:
    """What trade holds of the products that a word names, one entry a source and code."""
    measured = tables.MEASURES["trade"]
    columns = [
        "source_id",
        "cmd_code",
        "reporter_iso",
        "partner_iso",
        "ref_period",
        "n_months",
        "qty_unit",
        "currency",
        *measured,
    ]
    found = _matching(word, pc.unique(stored.to_table(["cmd_code"])["cmd_code"]).to_pylist())
    here = pc.field("cmd_code").isin(pa.array(found, pa.string()))
    rows = stored.to_table(columns, filter=here).to_pandas()
    for (source, code), part in rows.groupby(["source_id", "cmd_code"]):
        stated = {column: unit for column, unit in measured.items() if part[column].notna().any()}
        units = [
            each
            for unit in stated.values()
            for each in (part[unit].dropna() if unit in part else [unit])
        ]
        yield {
            "name": codes.product_name(code),
            "code": code,
            "reporters": _few(part["reporter_iso"]),
            "partners": _few(part["partner_iso"]),
            "unit": ", ".join(sorted(set(units))),
            "held": _months(part),
            "rows": len(part),
            "table": "trade",
            "source_id": source,
        }


def _said(
    rows: pd.DataFrame, word: str, table: str, by: list[str], unit: str
) -> Iterator[dict[str, Any]]:
    columns = [*by, "product"] if "product" in rows else by
    texts = [" ".join(cells) for cells in rows[columns].itertuples(index=False)]
    rows = rows[[word in text.casefold() for text in texts]]
    if rows.empty:
        return
    if table == "figures":
        ends = [pd.to_datetime(rows[f"window_{end}"]).dt for end in ("start", "end")]
        rows = rows.assign(
            ref_period=rows["window_start"],
            n_months=1 + 12 * (ends[1].year - ends[0].year) + ends[1].month - ends[0].month,
        )
    for (source, *names), part in rows.groupby(["source_id", *by]):
        yield {
            "name": ", ".join(names),
            "code": "",
            "reporters": "",
            "partners": "",
            "unit": _few(part[unit], str),
            "held": _months(part.dropna(subset="n_months")),
            "rows": len(part),
            "table": table,
            "source_id": source,
        }


def _matching(word: str, among: Sequence[str]) -> list[str]:
    """Codes that begin with `word`, are named by it, or lie within what is."""
    named = {row["code"] for row in codes._rows("product_words.csv") if word in row["word"]}
    return [
        code
        for code in among
        if code in named
        or code.casefold().startswith(word)
        or word in codes.product_name(code).casefold()
        or any(codes.is_under(code, whole) for whole in named - {tables.ALL_GOODS})
    ]


def _few(values: pd.Series, name: Any = codes.area_name) -> str:
    names = sorted({name(each) for each in values})
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _months(rows: pd.DataFrame) -> str:
    """The months that rows are of, in words."""
    periods = rows[["ref_period", "n_months"]].drop_duplicates().itertuples(index=False)
    spans = ((12 * day.year + day.month - 1, int(n)) for day, n in periods)
    return runs(month for start, n in spans for month in range(start, start + n))


def products(word: str = "", *, local: bool = False, root: Path | None = None) -> pd.DataFrame:
    """Products whose code begins with `word`, or whose name or plain word has it.

    Returns
    -------
    DataFrame, indexed by ``code``
        ``name``, ``words`` (what :func:`flow` takes for it) and ``rows`` held.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.products("8806").head(3)
                                          name   words  rows
    code
    8806                                drones  drones     0
    880610        drones that carry passengers             0
    880621  remote-controlled drones, to 250 g            92
    """
    stored = tables.stored(root or catalogue.root(), "trade", local=local)
    held = {
        each["values"]: each["counts"]
        for each in pc.value_counts(stored.to_table(["cmd_code"])["cmd_code"]).to_pylist()
    }
    said: dict[str, list[str]] = {}
    for row in codes._rows("product_words.csv"):
        said.setdefault(row["code"], []).append(row["word"])
    found = _matching(word.casefold(), sorted({*codes._products(), *held}))
    if not found:
        raise QueryError(f"no product {word!r}{near(word, codes._products())}")
    return pd.DataFrame(
        [(codes.product_name(c), ", ".join(said.get(c, [])), held.get(c, 0)) for c in found],
        columns=["name", "words", "rows"],
        index=pd.Index(found, name="code"),
    )


def areas(word: str = "", *, local: bool = False, root: Path | None = None) -> pd.DataFrame:
    """Areas whose id, name or other word has `word`.

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
    """
    plain = word.casefold()
    found = sorted({area for said, area in codes._typed().items() if plain in said})
    if not found:
        raise QueryError(f"no area {word!r}{near(word, codes._typed())}")
    stored = tables.stored(root or catalogue.root(), "trade", local=local)
    table = stored.to_table(["reporter_iso", "partner_iso"])
    counts = [
        {each["values"]: each["counts"] for each in pc.value_counts(table[name]).to_pylist()}
        for name in table.column_names
    ]
    return pd.DataFrame(
        [
            (codes.area_name(a), codes._area(a)["kind"], *(each.get(a, 0) for each in counts))
            for a in found
        ],
        columns=["name", "kind", "reports", "partner"],
        index=pd.Index(found, name="area"),
    )


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
    told, who = catalogue.load(root, local=local), catalogue.publishers(root, local=local)
    kept = {
        name: each
        for name, each in told.items()
        if word.casefold() in f"{name} {each.title} {who[each.publisher].name}".casefold()
    }
    if not kept:
        raise QueryError(f"no source {word!r}{near(word, told)}")
    ends: dict[str, list[Any]] = {}
    for table in schema.TABLES:
        day = tables.dates_of(table)[0]
        held = tables.stored(root, table, local=local).to_table(["source_id", day])
        ends |= {
            each["source_id"]: [each[f"{day}_{name}"] for name in ("count", "min", "max")]
            for each in held.group_by("source_id")
            .aggregate([(day, "min"), (day, "max"), (day, "count")])
            .to_pylist()
        }
    return pd.DataFrame(
        [
            (
                who[each.publisher].short,
                each.title,
                each.table,
                *_ends(ends.get(name)),
                each.vintage,
                f"{each.retrieved:%Y-%m-%d}",
                each.licence,
            )
            for name, each in kept.items()
        ],
        columns=[
            "publisher",
            "title",
            "table",
            "rows",
            "first",
            "last",
            "vintage",
            "retrieved",
            "licence",
        ],
        index=pd.Index(kept, name="source_id"),
    )


def _ends(found: Sequence[Any] | None) -> Iterator[Any]:
    """Rows, first month and last month of a source."""
    rows, *days = found or (0, None, None)
    return iter((rows, *(f"{day:%Y-%m}" if day else "" for day in days)))
