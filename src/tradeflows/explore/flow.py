"""The explorer: words in, an answer out that shows itself, draws itself and can be traced."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from tradeflows import measures, tables
from tradeflows.explore.answer import Answer, answer
from tradeflows.measures.common import unit_of, with_lineage
from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.retrieval import catalogue
from tradeflows.tables import Words

DIRECTIONS = {"imports": "M", "exports": "X", "re-imports": "RM", "re-exports": "RX"}
CURRENCIES = {
    "yuan": "CNY",
    "renminbi": "CNY",
    "rouble": "RUB",
    "ruble": "RUB",
    "dollar": "USD",
    "euro": "EUR",
}
# The EU as most of its statistics have it; tradeflows.read takes "EU" for its changing membership.
EU = {"eu": "EU27_2020", "european union": "EU27_2020"}
SURELY_ABOVE, MAY_BE_BELOW = (">",), ("<", "≤")


def flow(
    product: str | Sequence[str],
    reporter: Words = None,
    partner: Words = None,
    *,
    start: str | None = None,
    end: str | None = None,
    flow: str = "imports",
    freq: str | None = None,
    unit: str = "",
    root: Path | None = None,
    **filters: Any,
) -> Answer:
    """What one or several areas report of their trade in a product, in one unit.

    Parameters
    ----------
    product
        A word (``crude oil``; see :func:`products`) or a code (``2709``).
    reporter, partner
        Names or codes (see :func:`areas`); every country held where not given. ``EU`` is the EU of
        27 members, ``World`` the total that the reporter states.
    start, end
        First and last year or month.
    flow
        ``imports`` or ``exports``, or a code.
    freq
        ``M``, ``Q`` or ``A``; unless given, the first of these that is held.
    unit
        ``tonnes``, a quantity (``m3``, ``TJ``, …) or a currency; unless given, the first in this
        order that all reporters state.
    **filters
        As for :func:`tradeflows.read`, such as ``publisher``, ``source`` or ``local``.

    Returns
    -------
    Answer
        The rows of :func:`tradeflows.read` with ``value`` and ``unit``. Of several reporters each
        is read by itself, and a caveat names the one that states nothing.

    Raises
    ------
    QueryError
        A word that is unknown (with the nearest), nothing held, or as :func:`tradeflows.read`.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.flow("crude oil", "China", "Russia", start="2023-05", end="2023-06")
    Crude oil, imports of China from Russia; tonnes
    - gacc_energy_imports_from_russia: Coking and steam coal are parts of coal, ...
    - CHN: comtrade_energy_imports_from_russia (2023-05 to 2023-06) ... source= chooses
    - gacc_energy_imports_from_russia: 27090000 in the place of 2709, a level that it does not hold
    period       value
    2023-05  9,704,130
    2023-06 10,493,989
    Source: China Customs (vintage 2025-01-25)
    >>> tf.flow("crude oyl", "China")
    Traceback (most recent call last):
    tradeflows.model.errors.QueryError: no product 'crude oyl' in products.csv; did you mean ...
    """
    asked = {
        "product": product,
        "partner": area_ids(partner) or "countries",
        "flow": DIRECTIONS.get(flow, flow),
        "start": start,
        "end": end,
        **filters,
    }
    root = root or catalogue.root()
    who = area_ids(reporter) or ["countries"]
    rows = {
        one: held(root, ["freq_code", "cumulation", "qty_unit"], reporter=one, **asked)
        for one in who
    }
    rhythms = {one: set(found["freq_code"].to_pylist()) for one, found in rows.items()}
    caveats = []
    if freq is None:
        freq = max("MQA", key=lambda each: sum(each in found for found in rhythms.values()))
        if more := sorted(set().union(*rhythms.values()) - {freq}):
            caveats.append(
                f"freq={freq!r} of what is held; freq={' or '.join(map(repr, more))} too"
            )
    asked["freq"] = freq
    if any(unit in found["qty_unit"].to_pylist() for found in rows.values()):
        asked["qty_unit"] = unit
    if not filters.get("cumulation") and any(
        "period" in found["cumulation"].to_pylist() for found in rows.values()
    ):
        asked["cumulation"] = "period"
    asked.setdefault("breakdown", tables.PARTS)
    stated = [one for one in who if freq in rhythms[one]] or who[:1]  # of none, read says why
    frames = {one: _whole(tables.read(reporter=one, root=root, **asked)) for one in stated}
    told = catalogue.load(root, local=filters.get("local", False))
    used = sorted({source for frame in frames.values() for source in frame.attrs["sources"]})
    caveats += [f"{name}: {' '.join(told[name].note.split())}" for name in used if told[name].note]
    caveats += [
        f"{codes.area_name(one)} states nothing of this, so it is in no sum or share here"
        for one in who
        if one not in frames
    ]
    units = {one: _units(frame) for one, frame in frames.items()}
    shared = [each for each in units[stated[0]] if all(each in found for found in units.values())]
    if not (shared if not unit else unit in shared):
        said = "; ".join(f"{one} in {' or '.join(found) or 'none'}" for one, found in units.items())
        raise QueryError(
            f"unit={unit!r} is not stated by all: {said}; choose another unit, or "
            "ask for fewer reporters"
        )
    return _valued([*frames.values()], unit or shared[0], caveats)


def _whole(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows that are parts of a cell, by procedure or regime, added up."""
    if frame["breakdown"].nunique() < 2:
        return frame
    told = [each for each in frame.attrs["caveats"] if not each.endswith(tables.ADD_UP)]
    frame = frame.copy(deep=False)
    frame.attrs = frame.attrs | {"caveats": tuple(told)}  # since it is done here
    return measures.sum_parts(frame, ["value_reported", "primary_value_usd", "net_wgt_kg", "qty"])


def area_ids(words: Words) -> list[str]:
    """Ids of the areas that words name."""
    listed = [words] if isinstance(words, str) else [*(words or ())]
    return [
        each if each == "countries" else codes.area(EU.get(each.casefold(), each))
        for each in listed
    ]


def held(root: Path, columns: list[str], table: str = "trade", **filters: Any) -> pa.Table:
    """Some columns of the rows of `table` that a question would be answered from."""
    filters.pop("splice", None)  # which of them are taken comes after
    return tables.candidates(tables.question(table, root=root, **filters)).select(columns)


def _units(frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Units that a frame of trade is stated in, each with its column and formula."""
    found: dict[str, tuple[str, str]] = {}
    for column in ("net_wgt_kg", "qty", "primary_value_usd", "value_reported"):
        stated = frame[frame[column].notna()]  # a row without a figure has a unit of none
        if column == "net_wgt_kg" and len(stated):
            found["tonnes"] = (column, "weight / 1000")
        elif len(stated):
            found.setdefault(unit_of(stated, column), (column, "value"))
    return found


def _valued(frames: Sequence[pd.DataFrame], unit: str, caveats: Sequence[str]) -> Answer:
    """Frames of trade as one answer in `unit`."""
    parts = []
    for frame in frames:
        column, text = _units(frame)[unit]
        part = frame.assign(value=frame[column] / (1000 if unit == "tonnes" else 1), unit=unit)
        name = "weight" if unit == "tonnes" else "value"
        formulas = {"value": Formula(text, {name: Role(frame, column)})}
        parts.append(with_lineage(part, frame, formulas=formulas, kept=[Role(frame)]))
    named = {str(place): part for place, part in enumerate(parts)}
    whole = parts[0] if len(parts) == 1 else measures.stack(named, "asked").drop(columns="asked")
    if nulls := int(whole["value"].isna().sum()):
        caveats = [*caveats, f"{nulls} of {len(whole)} rows state no {unit}"]
    whole.attrs["caveats"] = (*caveats, *whole.attrs["caveats"])
    return answer(whole)


def settlement(
    currency: str = "yuan",
    concept: str = "export settlement",
    region: str = "total",
    *,
    root: Path | None = None,
    **filters: Any,
) -> Answer:
    """Shares of a currency in payments, as published: each family of figures under its name.

    Parameters
    ----------
    currency
        A word (``yuan``) or a group of the table (``CNY``, ``UNFRIENDLY``).
    concept, region, **filters
        As for ``tradeflows.read("settlement")``; also ``start`` and ``end``.

    Raises
    ------
    QueryError
        Nothing held, with what is.

    Examples
    --------
    >>> import tradeflows as tf
    >>> yuan = tf.settlement("yuan", "export settlement")
    >>> yuan.groupby("measure")["value"].max()
    measure
    financial_stability_review    14.0
    official statement            34.5
    risk_review                   40.8
    Name: value, dtype: float64
    """
    root = root or catalogue.root()
    asked = {
        "concept": concept,
        "region": region,
        "unit": "%",
        **filters,
        "currency_group": CURRENCIES.get(currency.casefold(), currency),
    }
    rows = held(root, ["measure"], "settlement", **asked)
    # Of no family, read says why.
    families = sorted(set(rows["measure"].to_pylist())) or [asked.get("measure")]
    parts = [tables.read("settlement", root=root, **asked | {"measure": each}) for each in families]
    whole = with_lineage(
        pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True), *parts
    )
    if len(families) > 1:
        whole.attrs["caveats"] = (
            "families of figures count differently and are never one line",
            *whole.attrs["caveats"],
        )
    return answer(whole)


def figures(
    word: str = "",
    *,
    above: float | None = None,
    unit: str = "USD",
    root: Path | None = None,
    **filters: Any,
) -> Answer:
    """Published figures about goods that a word names, such as every one above an amount.

    Parameters
    ----------
    word
        Part of the topic or of the product, in any case.
    above
        The least amount in `unit`; "more than" so much is above it, "at most" never is.
    **filters
        As for ``tradeflows.read("figures")``.

    Raises
    ------
    QueryError
        No figure is of this word or above the amount.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.figures("drone", above=12e6)["id"].tolist()
    ['D01', 'D06', 'D11', 'D17', 'D22', 'D23', 'D25', 'D26', 'D28', 'D38', 'O01']
    """
    rows = tables.read("figures", root=root, **filters)
    about = (rows["topic"] + " " + rows["product"]).str.casefold()
    found = rows[about.str.contains(word.casefold(), regex=False)]
    if found.empty:
        raise QueryError(f"no figure about {word!r}; topics: {', '.join(sorted({*rows['topic']}))}")
    caveats = list(rows.attrs["caveats"])
    if above is not None:
        others = found[
            found["unit"].ne(unit) & found["unit"].isin(["USD", "EUR", "GBP", "CNY", "RUB"])
        ]
        caveats += [
            f"{one.id} is in {one.unit} ({one.value:,.0f}), so not compared"
            for one in others.itertuples()
        ]
        found = found[found["unit"].eq(unit)]
        sure = found["value"].gt(above) & ~found["qualifier"].isin(MAY_BE_BELOW)
        sure |= found["value"].eq(above) & found["qualifier"].isin(SURELY_ABOVE)
        if not sure.any():
            largest = (
                f"the largest is {found['value'].max():,.0f}"
                if found["value"].notna().any()
                else f"none is in {unit}"
            )
            raise QueryError(f"no figure about {word!r} is above {above:,.0f} {unit}; {largest}")
        found = found[sure]
    found = found.sort_values("id")
    repeats = found.loc[found["repeats"].notna(), ["id", "repeats"]].itertuples(index=False)
    caveats += [f"{one} repeats {other}, so it confirms nothing" for one, other in repeats]
    used = tuple(sorted(found["source_id"].unique()))
    found.attrs = {"sources": used, "caveats": tuple(caveats)}
    return answer(found, f"Published figures about {word}")
