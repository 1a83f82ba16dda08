"""The explorer: words in, an answer out that shows itself, draws itself and can be traced."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from tradeflows import measures, tables
from tradeflows.explore.answer import Answer, answer
from tradeflows.explore.hints import held, nothing_held
from tradeflows.explore.questions import areas_of, direction, rhythm, unit_of_words
from tradeflows.measures.common import unit_of, with_lineage
from tradeflows.measures.zeros import with_zeros
from tradeflows.model import codes
from tradeflows.model.currencies import currency as currency_of
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import month_text
from tradeflows.retrieval import catalogue
from tradeflows.tables import Words

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
    splice: bool = False,
    root: Path | None = None,
    **filters: Any,
) -> Answer:
    """What one or several areas report of their trade in a product, in one unit.

    Parameters
    ----------
    product
        A word (``crude oil``; see :func:`products`) or a code (``2709``).
    reporter, partner
        Names or codes (see :func:`areas`); unless given ``"countries"``, which is every country
        held, without the world and groups. ``EU`` is the EU of 27 members, ``World`` the total that
        the reporter states, and ``OPEC`` or ``Africa`` the members of the group.
    start, end
        First and last year or month.
    flow
        ``imports`` or ``exports``, or their codes ``M`` and ``X``.
    freq
        ``M``, ``Q`` or ``A``; unless given, the first of these that is held.
    unit
        ``tonnes``, a quantity (``m3``, ``TJ``, …) or a currency; unless given, the first in this
        order that all reporters state.
    splice
        Whether the parts of several publishers stand one after the other, where none covers the
        window alone; the chart gives each part its name.
    **filters
        As for :func:`tradeflows.read`, such as ``publisher`` (its id), ``source`` or ``local``.

    Returns
    -------
    Answer
        The rows of :func:`tradeflows.read` with ``value`` and ``unit``. Of several reporters each
        is read by itself, and caveats name the one that states nothing or ends earlier.

    Raises
    ------
    QueryError
        A word that is unknown (with the nearest), nothing held (with what is), or as
        :func:`tradeflows.read`.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.flow("crude oil", "China", "Russia", start="2023-05", end="2023-06")
    Crude oil, imports of China from Russia; tonnes
    - gacc_energy_imports_from_russia: Coking and steam coal are parts of coal, ...
    - China: comtrade_energy_imports_from_russia (2023-05 to 2023-06) ... source= chooses
    - gacc_energy_imports_from_russia: 27090000 in the place of 2709, a level that it does not hold
    period       value
    2023-05  9,704,130
    2023-06 10,493,989
    Source: China Customs (vintage 2025-01-25)
    >>> tf.flow("crude oyl", "China")
    Traceback (most recent call last):
    tradeflows.model.errors.QueryError: no product 'crude oyl' in products.csv; did you mean ...
    """
    root = root or catalogue.root()
    reporters = areas_of(reporter or "countries", start, end)
    partners = areas_of(partner or "countries", start, end)
    asked = {
        "product": product,
        "partner": partners.ids,
        "flow": direction(flow),
        "start": start,
        "end": end,
        "freq": rhythm(freq),
        **({"splice": True} if splice else {}),
        **filters,
    }
    rows = _candidates(root, reporters.ids, asked)
    freq, caveats = _chosen_rhythm(rows, asked["freq"]) if rows else (asked["freq"], [])
    silent = [area for area in reporters.ids if area not in rows]
    of_none = _declared_none(root, silent, {**asked, "freq": freq})
    if not rows and not of_none:
        raise QueryError(nothing_held(root, {**asked, "reporter": reporters.ids}))
    asked["freq"] = freq
    stated = [area for area in rows if asked["freq"] in rows[area]["freq_code"].to_pylist()]
    wanted = unit_of_words(unit, _quantities(rows.values()))
    asked |= _defaults(rows.values(), wanted, filters)
    frames = {
        area: _with_parts_summed(tables.read(reporter=area, root=root, **asked)) for area in stated
    }
    frames |= of_none
    caveats = [*reporters.caveats, *partners.caveats, *caveats]
    caveats += _notes_of_sources(root, frames.values(), filters)
    caveats += _silent(reporters.ids, frames) + _ends_apart(frames)
    if reporters.ids == ["countries"]:
        caveats += _groups_left_out(root, asked)
    chosen = _shared_unit(frames, wanted)
    return _valued([*frames.values()], chosen, caveats)


def _candidates(root: Path, reporters: list[str], asked: Mapping[str, Any]) -> dict[str, pa.Table]:
    """Of each reporter that states something, the rows that an answer may come from."""
    columns = ["freq_code", "cumulation", "qty_unit"]
    rows = {area: held(root, columns, reporter=area, **asked) for area in reporters}
    return {area: table for area, table in rows.items() if len(table)}


def _declared_none(
    root: Path, reporters: list[str], asked: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """Of each reporter whose source declares that it had none of this, a row a period of 0."""
    frames = {}
    for area in reporters:
        try:
            frame = tables.read(reporter=area, root=root, **asked)
        except QueryError:  # it states nothing, and nothing is declared
            continue
        if frame.empty:
            frames[area] = with_zeros(frame)
            frames[area].attrs = frame.attrs  # whose caveat names the zeros
    return frames


def _chosen_rhythm(rows: Mapping[str, pa.Table], freq: str | None) -> tuple[str, list[str]]:
    """The rhythm that most reporters state, months before quarters before years."""
    kinds = {area: set(table["freq_code"].to_pylist()) for area, table in rows.items()}
    if freq is not None:
        return freq, []
    chosen = max("MQA", key=lambda kind: sum(kind in stated for stated in kinds.values()))
    others = sorted(set().union(*kinds.values()) - {chosen})
    if not others:
        return chosen, []
    choice = " or ".join(map(repr, others))
    return chosen, [f"freq={chosen!r} of what is held; freq={choice} too"]


def _quantities(rows: Iterable[pa.Table]) -> list[str]:
    return sorted({unit for table in rows for unit in table["qty_unit"].to_pylist()})


def _defaults(rows: Iterable[pa.Table], unit: str, filters: Mapping[str, Any]) -> dict[str, Any]:
    """Filters that a question has unless it names them."""
    tables_of_rows = list(rows)
    chosen: dict[str, Any] = {"breakdown": filters.get("breakdown", tables.PARTS)}
    if unit in _quantities(tables_of_rows):
        chosen["qty_unit"] = unit
    kinds = {kind for table in tables_of_rows for kind in table["cumulation"].to_pylist()}
    if not filters.get("cumulation") and "period" in kinds:
        chosen["cumulation"] = "period"
    return chosen


def _notes_of_sources(
    root: Path, frames: Iterable[pd.DataFrame], filters: Mapping[str, Any]
) -> list[str]:
    entries = catalogue.load(root, local=filters.get("local", False))
    used = sorted({source for frame in frames for source in frame.attrs["sources"]})
    return [
        f"{name}: {' '.join(entries[name].note.split())}" for name in used if entries[name].note
    ]


def _silent(reporters: list[str], frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say of each reporter that states nothing that it is in no sum."""
    named = [area for area in reporters if area != "countries"]
    silent = [codes.area_name(area) for area in named if area not in frames]
    if not silent:
        return []
    verb = "states" if len(silent) == 1 else "state"
    pronoun = "it is" if len(silent) == 1 else "they are"
    names = ", ".join(silent)
    return [f"{names} {verb} nothing of this, so {pronoun} in no sum or share here"]


def _ends_apart(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say of several reporters whose figures end in different months where each ends."""
    ends = {}
    for area, frame in frames.items():
        if len(frame) and area != "countries":
            last = frame["ref_period"].max()
            length = int(frame.loc[frame["ref_period"].eq(last), "n_months"].max())
            ends[codes.area_name(area)] = month_text(12 * last.year + last.month - 2 + length)
    if len(set(ends.values())) < 2:
        return []
    return ["the figures end in " + ", ".join(f"{end} ({name})" for name, end in ends.items())]


def _groups_left_out(root: Path, asked: Mapping[str, Any]) -> list[str]:
    """Say which groups state the flow as one, beside the countries that were asked for."""
    rows = held(root, ["reporter_iso"], **asked)
    reporters = set(rows["reporter_iso"].to_pylist())
    groups = [area for area in sorted(reporters & {*codes.groups()}) if not codes.is_country(area)]
    if not groups:
        return []
    names = ", ".join(codes.area_name(area) for area in groups)
    return [f"countries alone: {names} as a whole is left out; reporter={groups[0]!r} asks for it"]


def _shared_unit(frames: Mapping[str, pd.DataFrame], unit: str) -> str:
    """The unit asked for, or the first that all reporters state."""
    units = {area: _units(frame) for area, frame in frames.items()}
    first = next(iter(units.values()))
    shared = [name for name in first if all(name in others for others in units.values())]
    if unit in shared or (shared and not unit):
        return unit or shared[0]
    stated = "; ".join(
        f"{'the countries' if area == 'countries' else codes.area_name(area)} in "
        f"{' or '.join(names) or 'none'}"
        for area, names in units.items()
    )
    raise QueryError(
        f"unit={unit!r} is not stated by all: {stated}; choose another unit, or "
        "ask for fewer reporters"
    )


def _with_parts_summed(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows that are parts of a cell, by procedure or regime, added up."""
    if frame["breakdown"].nunique() < 2:
        return frame
    caveats = [text for text in frame.attrs["caveats"] if not text.endswith(tables.ADD_UP)]
    frame = frame.copy(deep=False)
    frame.attrs = frame.attrs | {"caveats": tuple(caveats)}  # since it is done here
    return measures.sum_parts(frame, ["value_reported", "primary_value_usd", "net_wgt_kg", "qty"])


def _units(frame: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Units that a frame of trade is stated in, each with its column and formula."""
    units: dict[str, tuple[str, str]] = {}
    for column in ("net_wgt_kg", "qty", "primary_value_usd", "value_reported"):
        stated = frame[frame[column].notna()]  # a row without a figure has a unit of none
        if column == "net_wgt_kg" and len(stated):
            units["tonnes"] = (column, "weight / 1000")
        elif len(stated):
            units.setdefault(unit_of(stated, column), (column, "value"))
    return units


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
    texts = [*caveats, *whole.attrs["caveats"]]
    if nulls := int(whole["value"].isna().sum()):
        texts.append(f"{nulls} of {len(whole)} rows state no {unit}")
    whole.attrs["caveats"] = tuple(dict.fromkeys(_with_names(text) for text in texts))
    return answer(whole)


def _with_names(caveat: str) -> str:
    """A caveat that begins with ids of areas, with their names in the place of these."""
    match = re.match(r"([A-Z0-9_]{3,}(?:, [A-Z0-9_]{3,})*): ", caveat)
    if not match:
        return caveat
    try:
        names = [codes.area_name(area) for area in match[1].split(", ")]
    except codes.CodeError:
        return caveat
    return f"{', '.join(names)}: {caveat[match.end() :]}"


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
        "currency_group": _currency_group(currency),
    }
    rows = held(root, ["measure"], "settlement", **asked)
    # Of no family, read says why.
    families = sorted(set(rows["measure"].to_pylist())) or [asked.get("measure")]
    parts = [tables.read("settlement", root=root, **asked | {"measure": name}) for name in families]
    joined = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    whole = with_lineage(joined, *parts)
    if len(families) > 1:
        whole.attrs["caveats"] = (
            "families of figures count differently and are never one line",
            *whole.attrs["caveats"],
        )
    return answer(whole)


def _currency_group(word: str) -> str:
    """The code of a currency, or a group of currencies as it is written in the table."""
    try:
        return currency_of(word)
    except QueryError:
        return word


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
    unit = unit_of_words(unit)
    about = (rows["topic"] + " " + rows["product"]).str.casefold()
    chosen = rows[about.str.contains(word.casefold(), regex=False)]
    if chosen.empty:
        topics = ", ".join(sorted({*rows["topic"]}))
        raise QueryError(f"no figure about {word!r}; topics: {topics}")
    caveats = list(rows.attrs["caveats"])
    if above is not None:
        caveats += _not_compared(chosen, unit)
        chosen = _surely_above(chosen, above, unit, word)
    chosen = chosen.sort_values("id")
    repeats = chosen.loc[chosen["repeats"].notna(), ["id", "repeats"]].itertuples(index=False)
    caveats += [f"{name} repeats {other}, so it confirms nothing" for name, other in repeats]
    used = tuple(sorted(chosen["source_id"].unique()))
    chosen.attrs = {"sources": used, "caveats": tuple(caveats)}
    return answer(chosen, f"Published figures{word and f' about {word}'}")


def _not_compared(figures: pd.DataFrame, unit: str) -> list[str]:
    """Say which figures are in another currency than the amount that they would be above."""
    is_money = figures["unit"].isin(["USD", "EUR", "GBP", "CNY", "RUB"])
    others = figures[figures["unit"].ne(unit) & is_money]
    return [
        f"{row.id} is in {row.unit} ({row.value:,.0f}), so not compared"
        for row in others.itertuples()
    ]


def _surely_above(figures: pd.DataFrame, above: float, unit: str, word: str) -> pd.DataFrame:
    """Figures that are above an amount, whatever their qualifier leaves open."""
    rows = figures[figures["unit"].eq(unit)]
    sure = rows["value"].gt(above) & ~rows["qualifier"].isin(MAY_BE_BELOW)
    sure |= rows["value"].eq(above) & rows["qualifier"].isin(SURELY_ABOVE)
    if sure.any():
        return rows[sure]
    has_value = rows["value"].notna().any()
    largest = f"the largest is {rows['value'].max():,.0f}" if has_value else f"none is in {unit}"
    raise QueryError(f"no figure about {word!r} is above {above:,.0f} {unit}; {largest}")
