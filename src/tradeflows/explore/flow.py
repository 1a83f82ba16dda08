"""The explorer: words in, an answer out that shows itself, draws itself and can be traced."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from numbers import Real
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tradeflows import measures, tables
from tradeflows.explore.answer import Answer, answer
from tradeflows.explore.hints import NothingHeldError, held, months_beside, nothing_held
from tradeflows.explore.naming import goods_apart
from tradeflows.explore.questions import (
    areas_of,
    listed,
    require_no_more,
    rhythm,
    unit_of_words,
)
from tradeflows.measures.common import unit_of, with_lineage
from tradeflows.model import codes, contracts
from tradeflows.model.currencies import currency as currency_of
from tradeflows.model.errors import NothingStatedError, QueryError, require_text
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import first_month, month_text, period_typed
from tradeflows.model.words import direction
from tradeflows.retrieval import catalogue
from tradeflows.tables import Words
from tradeflows.tables.choose_publisher import OF_THE_WINDOW

MANY = 4  # reporters, above which it is said how many of them state nothing
SURELY_ABOVE, MAY_BE_BELOW = (">",), ("<", "≤")


def flow(
    product: Words = None,
    reporter: Words = None,
    partner: Words = None,
    *more: Any,
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
    *more
        Nothing: all that follows is named.
    start, end
        First and last year or month. Of several publishers the one answers that states most of
        them or, where neither is given, of all that is held.
    flow
        ``imports`` or ``exports``, or their codes ``M`` and ``X``.
    freq
        ``M``, ``Q`` or ``A``; unless given, the first of these that is held.
    unit
        ``tonnes``, a quantity (``m3``, ``TJ``, …) or a currency; unless given, the first in this
        order that all reporters state.
    splice
        Whether the months that a publisher lacks come from the next one; the chart gives each
        part its name.
    **filters
        As for :func:`tradeflows.read`, such as ``publisher`` (its name), ``source`` (the id of a
        file; see :func:`sources`) or ``local``.

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
    NothingStatedError
        Rows are held, and no figure stands in any.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.flow("crude oil", "China", "Russia", start="2023-05", end="2023-06")
    Crude oil, imports of China from Russia; tonnes
    - China Customs: Coking and steam coal are parts of coal, LNG and LPG parts of HS 2711: ...
    - China: UN Comtrade (2023-05 to 2023-06) states this too and was ... source= chooses
    - China Customs: no row is of 2709 as a whole; 27090000 stands for it
    period       value
    2023-05  9,704,130
    2023-06 10,493,989
    Source: China Customs, via CREA (as of 25 January 2025)
    >>> tf.flow("crude oyl", "China")
    Traceback (most recent call last):
    tradeflows.model.errors.QueryError: no product 'crude oyl' in products.csv ...
    """
    require_no_more(more)
    start, end = period_typed(start, "start"), period_typed(end, "end", last=True)
    named, root = root, root or catalogue.root()
    reporters = areas_of(_or_countries(reporter), start, end, root, "reporter")
    partners = areas_of(_or_countries(partner), start, end, root)
    _require_words(product, unit)
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
    other_months = months_beside(root, {**asked, "reporter": reporters.ids})
    rows = _candidates(root, reporters.ids, asked)
    asked["freq"], caveats = _chosen_rhythm(rows, asked["freq"])
    none = _declared_none(root, [area for area in reporters.ids if area not in rows], asked)
    if not rows and not none:
        raise NothingHeldError(nothing_held(root, {**asked, "reporter": reporters.ids}, unit))
    stated = [area for area in rows if asked["freq"] in rows[area]["freq_code"].to_pylist()]
    wanted = unit_of_words(unit, _quantities(rows.values()))
    asked |= _defaults(rows.values(), wanted, filters)
    frames = {area: _stated(root, area, rows[area], asked) for area in stated} | none
    caveats = [*reporters.caveats, *partners.caveats, *caveats]
    caveats += other_months
    caveats += _notes_of_sources(root, frames.values(), filters)
    caveats += _silent(reporters.ids, frames) + _ends_apart(frames)
    caveats += _partners_lacking(partners.ids, frames) + _goods_of(frames)
    if reporters.ids == ["countries"]:
        caveats += _groups_left_out(root, asked)
    chosen = _shared_unit(frames, wanted)
    return answer(_valued([*frames.values()], chosen, caveats), root=named)


def _require_words(product: Words, unit: str) -> None:
    """Refuse goods or a unit that are no text, before anything is looked for."""
    if product is None:
        raise QueryError(
            "product is lacking: name goods, such as 'wheat', or 'total' for all goods in one "
            "figure; tf.find() lists what is held"
        )
    listed("product", product)
    unit_of_words(unit)


def _or_countries(words: Words) -> Words:
    """Every country where no area is named."""
    return "countries" if words is None else words


def _stated(root: Path, area: str, rows: pa.Table, asked: Mapping[str, Any]) -> pd.DataFrame:
    """What one reporter states, the parts of each cell added up.

    Without a window the source is taken that states most of all that is held.
    """
    if asked["start"] or asked["end"]:
        return _with_parts_summed(tables.read(reporter=area, root=root, **asked))
    is_of_rhythm = pc.equal(rows["freq_code"], asked["freq"])
    first = pc.min(rows.filter(is_of_rhythm)["ref_period"]).as_py()
    frame = tables.read(reporter=area, root=root, **{**asked, "start": f"{first:%Y-%m}"})
    # Nobody asked for a window, so there are no months that it lacks.
    caveats = [text for text in frame.attrs["caveats"] if OF_THE_WINDOW not in text]
    frame.attrs["caveats"] = tuple(caveats)
    return _with_parts_summed(frame)


def _declared_none(
    root: Path, reporters: Sequence[str], asked: Mapping[str, Any]
) -> dict[str, pd.DataFrame]:
    """Of reporters that state no row, those whose source declares that to be zero: its zeros."""
    frames = {}
    for area in reporters:
        with suppress(QueryError):  # of the others it is said that they state nothing
            frames[area] = _with_parts_summed(tables.read(reporter=area, root=root, **asked))
    return frames


def _candidates(root: Path, reporters: list[str], asked: Mapping[str, Any]) -> dict[str, pa.Table]:
    """Of each reporter that states something, the rows that an answer may come from."""
    columns = ["freq_code", "cumulation", "qty_unit", "ref_period"]
    rows = {area: held(root, columns, reporter=area, **asked) for area in reporters}
    return {area: table for area, table in rows.items() if len(table)}


def _chosen_rhythm(rows: Mapping[str, pa.Table], freq: str | None) -> tuple[str | None, list[str]]:
    """The rhythm that most reporters state, months before quarters before years."""
    if freq is not None or not rows:
        return freq, []
    counts = Counter[str]()
    for table in rows.values():
        counts.update(set(table["freq_code"].to_pylist()))
    chosen = max("MQA", key=lambda kind: counts[kind])
    others = sorted(counts.keys() - {chosen})
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
    kinds: set[str] = set()
    for table in tables_of_rows:
        kinds.update(table["cumulation"].to_pylist())
    if not filters.get("cumulation") and "period" in kinds:
        chosen["cumulation"] = "period"
    return chosen


def _notes_of_sources(
    root: Path, frames: Iterable[pd.DataFrame], filters: Mapping[str, Any]
) -> list[str]:
    entries = catalogue.load(root, local=filters.get("local", False))
    used: set[str] = set()
    for frame in frames:
        used.update(frame.attrs["sources"])
    notes = []
    for name in sorted(used):
        note = " ".join(entries[name].note.split())
        if note:
            notes.append(f"{name}: {note}")
    return notes


def _silent(reporters: list[str], frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say of each reporter that states nothing that it is in no sum."""
    named = [area for area in reporters if area != "countries"]
    silent = [codes.area_name(area) for area in named if area not in frames]
    if not silent:
        return []
    names = ", ".join(silent)
    if len(silent) == 1:
        return [f"{names} states nothing of this, so it is in no sum or share here"]
    of = f", {len(silent)} of the {len(named)} asked for," if len(named) > MANY else ""
    return [f"{names}{of} state nothing of this, so they are in no sum or share here"]


def _partners_lacking(partners: list[str], frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say of each reporter which of several partners it states nothing of."""
    named = [area for area in partners if area != "countries"]
    who: dict[tuple[str, ...], list[str]] = {}
    for reporter, frame in frames.items() if len(named) > 1 else ():
        stated = {*frame["partner_iso"]}
        who.setdefault(tuple(area for area in named if area not in stated), []).append(reporter)
    texts = []
    for lacking, reporters in who.items():
        names = ", ".join(map(codes.area_name, lacking))
        of = ", ".join(map(codes.area_name, reporters)) + ": " if len(who) > 1 else ""
        they_are = "they are" if len(lacking) > 1 else "it is"
        text = f"{of}no row with {names}, {len(lacking)} of the {len(named)} partners asked for"
        texts += [f"{text}, so {they_are} in no sum or share here"] if lacking else []
    return texts


def _goods_of(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say where several reporters state other goods than one another."""
    series: dict[str, pd.DataFrame] = {}
    for frame in frames.values():
        series |= {str(name): rows for name, rows in frame.groupby("reporter_iso")}
    return goods_apart(series)


def _ends_apart(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say of several reporters whose figures end in different months where each ends."""
    ends = {}
    for area, frame in frames.items():
        if len(frame) and area != "countries":
            last = (first_month(frame) + frame["n_months"]).max() - 1
            ends[codes.area_name(area)] = month_text(int(last))
    if len(set(ends.values())) < 2:
        return []
    texts = [f"{end} ({name})" for name, end in ends.items()]
    return [f"the figures end in {', '.join(texts)}"]


def _groups_left_out(root: Path, asked: Mapping[str, Any]) -> list[str]:
    """Say which groups state the flow as one, beside the countries that were asked for."""
    rows = held(root, ["reporter_iso"], **asked)
    reporters = set(rows["reporter_iso"].to_pylist())
    wholes = sorted(reporters & {*codes.groups()})
    groups = [area for area in wholes if not codes.is_country(area)]
    if not groups:
        return []
    names = ", ".join(codes.area_name(area) for area in groups)
    return [f"countries alone: {names} as a whole is left out; reporter={groups[0]!r} asks for it"]


def _shared_unit(frames: Mapping[str, pd.DataFrame], unit: str) -> str:
    """The unit asked for, or the first that all reporters state."""
    units = {area: _units(frame) for area, frame in frames.items()}
    if not any(units.values()):
        raise NothingStatedError(_no_figure(frames))
    first = next(iter(units.values()))
    shared = [name for name in first if all(name in others for others in units.values())]
    if unit in shared:
        return unit
    if shared and not unit:
        return shared[0]
    stated = []
    for area, names in units.items():
        who = "the countries" if area == "countries" else codes.area_name(area)
        stated.append(f"{who} in {' or '.join(names) or 'none'}")
    raise QueryError(f"unit={unit!r} is not stated: {'; '.join(stated)}; {_way_out(units, unit)}")


def _way_out(units: Mapping[str, Mapping[str, Any]], unit: str) -> str:
    """What to ask for in place of a `unit` that not all of these reporters state."""
    if unit.casefold().startswith(("barrel", "bbl")):
        return (
            "ask for unit='tonnes', of which measures.barrels_per_day makes barrels a day of crude"
        )
    if len(units) > 1:
        return "choose another unit, or ask for fewer reporters"
    return " or ".join(f"unit={name!r}" for some in units.values() for name in some)


def _no_figure(frames: Mapping[str, pd.DataFrame]) -> str:
    """Say of rows in which every amount is empty that they are held all the same."""
    named = ["the countries" if area == "countries" else codes.area_name(area) for area in frames]
    return (
        f"{', '.join(named)}: what is held of this states no figure, since value, weight and "
        "quantity are empty in every row"
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


def _valued(frames: Sequence[pd.DataFrame], unit: str, caveats: Sequence[str]) -> pd.DataFrame:
    """Frames of trade as one, its ``value`` in `unit`."""
    parts = []
    for frame in frames:
        column, text = _units(frame)[unit]
        is_weight = unit == "tonnes"
        divisor = 1000 if is_weight else 1
        part = frame.assign(value=frame[column] / divisor, unit=unit)
        roles = {"weight" if is_weight else "value": Role(frame, column)}
        formulas = {"value": Formula(text, roles)}
        parts.append(with_lineage(part, frame, formulas=formulas, kept=[Role(frame)]))
    whole = parts[0]
    if len(parts) > 1:
        named = {str(place): part for place, part in enumerate(parts)}
        whole = measures.stack(named, "asked").drop(columns="asked")
    texts = [*caveats, *whole.attrs["caveats"]]
    nulls = int(whole["value"].isna().sum())
    if nulls:
        texts.append(f"{nulls} of {len(whole)} rows state no {unit}")
    whole.attrs["caveats"] = tuple(dict.fromkeys(texts))
    return whole


def settlement(
    currency: str,
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
        A word, such as ``yuan``, or a group of the table (``CNY``, ``UNFRIENDLY``).
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
    named, root = root, root or catalogue.root()
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
    parts = []
    for name in families:
        asked["measure"] = name
        parts.append(tables.read("settlement", root=root, **asked))
    joined = pd.concat(parts, ignore_index=True)
    whole = with_lineage(joined, *parts)
    if len(families) > 1:
        whole.attrs["caveats"] = (
            "families of figures count differently and are never one line",
            *whole.attrs["caveats"],
        )
    return answer(whole, root=named)


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
    require_text("word", word, "drone")
    if above is not None and not isinstance(above, Real):
        raise QueryError(f"above={above!r}: expected an amount, such as 12e6")
    rows = tables.read("figures", root=root, **filters)
    unit = unit_of_words(unit)
    about = rows["topic"] + " " + rows["product"]
    is_about = about.str.casefold().str.contains(word.casefold(), regex=False)
    chosen = rows[is_about]
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
    return answer(chosen, f"Published figures{word and f' about {word}'}", root)


def _not_compared(figures: pd.DataFrame, unit: str) -> list[str]:
    """Say which figures are in another currency than the amount that they would be above."""
    is_money = figures["unit"].isin(contracts.CURRENCIES)
    is_other = figures["unit"].ne(unit)
    texts = []
    for row in figures[is_other & is_money].itertuples():
        texts.append(f"{row.id} is in {row.unit} ({row.value:,.0f}), so not compared")
    return texts


def _surely_above(figures: pd.DataFrame, above: float, unit: str, word: str) -> pd.DataFrame:
    """Figures that are above an amount, whatever their qualifier leaves open."""
    rows = figures[figures["unit"].eq(unit)]
    value, qualifier = rows["value"], rows["qualifier"]
    is_larger = value.gt(above) & ~qualifier.isin(MAY_BE_BELOW)
    is_more_than = value.eq(above) & qualifier.isin(SURELY_ABOVE)
    is_above = is_larger | is_more_than
    if is_above.any():
        return rows[is_above]
    largest = f"none is in {unit}"
    if value.notna().any():
        largest = f"the largest is {value.max():,.0f}"
    raise QueryError(f"no figure about {word!r} is above {above:,.0f} {unit}; {largest}")
