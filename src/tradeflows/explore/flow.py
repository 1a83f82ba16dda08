"""The explorer: words in, an answer out that shows itself, draws itself and can be traced."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from numbers import Real
from pathlib import Path
from typing import Any

import pandas as pd

from tradeflows import measures, tables
from tradeflows.explore.answer import Answer, answer, counted
from tradeflows.explore.hints import (
    NothingHeldError,
    held,
    is_converted,
    months_beside,
    nothing_held,
)
from tradeflows.explore.naming import area_names, goods_apart
from tradeflows.explore.questions import (
    areas_of,
    listed,
    require_no_more,
    rhythm,
    unit_of_words,
)
from tradeflows.measures.common import computed, places_in, unit_of, with_lineage
from tradeflows.model import codes, contracts
from tradeflows.model.currencies import currency as currency_of
from tradeflows.model.errors import NothingStatedError, QueryError, require_text
from tradeflows.model.lineage import PLACE, Formula, Role
from tradeflows.model.periods import first_month, month_text, period_typed
from tradeflows.model.words import call, count_of, direction, in_plain_letters, option
from tradeflows.retrieval import catalogue, own_words
from tradeflows.tables import Words
from tradeflows.tables.choose_publisher import OF_THE_WINDOW
from tradeflows.tables.choose_statement import PartAloneError

ALL_OF_A_LEVEL = re.compile(r"all HS ?([246])?", re.IGNORECASE)
MANY = 4  # reporters, above which it is said how many of them state nothing
COLUMNS = [
    "reporter_iso",
    "partner_iso",
    "freq_code",
    "cumulation",
    "ref_period",
    "qty_unit",
    "currency",
]
# Columns that a value is taken from, the first that all reporters state.
AMOUNTS = ("net_wgt_kg", "qty", "primary_value_usd", "value_reported")
# A cell of one file, whoever reports it.
FLOW = ["source_id", "partner_code", "cmd_code", "flow_code", "ref_period", "n_months"]
SMALL = 0.01  # the part of a value without a weight that a price may be too high by


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
    root: Path | None = None,
    **filters: Any,
) -> Answer:
    """What one or several areas report of their trade in a product, in one unit.

    Parameters
    ----------
    product
        A word (``crude oil``; see :func:`products`) or a code (``2709``); ``all HS6``, ``all HS4``
        or ``all HS2`` is each code of that level, and None of the level that has most codes.
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
    **filters
        As for :func:`tradeflows.read`, such as ``publisher`` (its name), ``source`` (the id of a
        file; see :func:`sources`), ``local``, or ``splice`` for the months that a publisher lacks
        from the next one; the chart gives each part its name.

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
    require_no_more(more, filters)
    start, end = period_typed(start, "start"), period_typed(end, "end", last=True)
    named, root = root, root or catalogue.root()
    reporters = areas_of(_or_every(reporter), start, end, root, "reporter")
    partners = areas_of(_or_every(partner), start, end, root)
    unit_of_words(unit)
    asked: dict[str, Any] = {
        "partner": partners.ids,
        "flow": direction(flow),
        "start": start,
        "end": end,
        "freq": rhythm(freq),
        **filters,
    }
    goods, of_all = _goods(root, product, {**asked, "reporter": reporters.ids})
    asked |= goods
    whole = {**asked, "reporter": reporters.ids}
    caveats = [*reporters.caveats, *partners.caveats, *of_all]
    beside = months_beside(root, whole)
    rows = held(root, COLUMNS, **whole)
    wanted = unit_of_words(unit, [*rows["qty_unit"].unique()])
    is_every = reporters.ids == ["countries"]
    reporters = reporters._replace(ids=_read_apart(reporters.ids, rows, wanted))
    if reporters.ids == ["countries"]:  # who are read as one
        rows["reporter_iso"] = "countries"
    asked["freq"], others = _chosen_rhythm(rows, asked["freq"])
    none, stating = {}, {*rows["reporter_iso"]}
    # The source of those that state no row may declare that to be zero.
    for area in (area for area in reporters.ids if area not in stating):
        with suppress(QueryError):  # of the others it is said that they state nothing
            none[area] = _read(root, area, asked)
    if rows.empty and not none:
        raise NothingHeldError(nothing_held(root, {**whole, "freq": asked["freq"]}, unit))
    _set_defaults(asked, rows, wanted)
    frames, in_part = _frames(root, reporters.ids, rows, asked, wanted)
    frames |= none
    frames = {area: frame for area, frame in frames.items() if _units(frame)} or frames
    entries = catalogue.load(root, local=filters.get("local", False))
    used = sorted({name for frame in frames.values() for name in frame.attrs["sources"]})
    notes = [
        f"{name}: {' '.join(entries[name].note.split())}"
        for name in used
        if entries[name].note.strip()
    ]
    caveats += [*others, *beside, *in_part, *notes]
    caveats += _silent(reporters.ids, frames, rows, asked["freq"]) + _ends_apart(frames)
    caveats += _partners_lacking(partners.ids, frames) + goods_apart(frames.values())
    caveats += _to_date(rows, frames.values())
    if is_every:
        caveats += _groups_left_out(root, asked)
    unit = _shared_unit(root, frames, wanted)
    return answer(_valued(root, asked, frames, unit, caveats), root=named)


def _goods(
    root: Path, product: Words, asked: Mapping[str, Any]
) -> tuple[dict[str, Words], list[str]]:
    """The filters of goods, of ``all HS4`` each code and the files with them, and what to mind."""
    words = ["all HS"] if product is None else listed("product", product)
    levels = [*filter(None, (ALL_OF_A_LEVEL.fullmatch(word.strip()) for word in words))]
    if not levels:
        return {"product": words}, []
    if len(words) > 1:
        raise QueryError(f"{' and '.join(words)}: all codes of a level stand alone; ask for each")
    rows = held(root, ["cmd_code", "source_id"], **asked)
    # Several chapters in one figure are of the level of each.
    rows["digits"] = [_digits(code) for code in rows["cmd_code"]]
    wanted = levels[0][1]
    of_level = rows[rows["digits"].eq(int(wanted)) if wanted else rows["digits"].gt(0)]
    if of_level.empty:
        others = [f"'all HS{digits}'" for digits in sorted({*rows["digits"]} - {0})]
        held_too = f"held too: {' and '.join(others)}; " * bool(others)
        raise NothingHeldError(
            f"no HS code of that level is held of this flow and window; {held_too}name "
            "goods, such as 'wheat', or 'total' for all goods in one figure; "
            f"{call('find')} lists what is held"
        )
    counts = of_level.groupby(["digits", "source_id"])["cmd_code"].nunique()
    digits = counts.idxmax()[0]
    # A file that has a few of them beside another level answers for none.
    files = counts[digits][lambda some: some * 2 >= some.max()].index
    is_taken = of_level["digits"].eq(digits) & of_level["source_id"].isin(files)
    product = sorted({*of_level["cmd_code"][is_taken]})
    goods: dict[str, Words] = {"product": product}
    if not {"source", "publisher"} & asked.keys():
        goods["source"] = sorted(files)
    n = count_of(len(product), "code")
    text = f"all goods are {n} of {digits} digits here, as many as are held of this flow"
    return goods, [f"{text}; 'total' asks for the whole"]


def _digits(code: str) -> int:
    """How many digits an HS code has, or each code of a union; 0 of what is none or of several."""
    parts = code.split("+")
    lengths = {len(part) if part.isdigit() else 0 for part in parts}
    return lengths.pop() if lengths in ({2}, {4}, {6}) else 0


def _set_defaults(asked: dict[str, Any], rows: pd.DataFrame, wanted: str) -> None:
    """Add the filters that a question has unless it names them, and the quantity it asks for."""
    asked.setdefault("breakdown", tables.PARTS)
    if rows["qty_unit"].eq(wanted).any():
        asked["qty_unit"] = wanted
    if "period" in {*rows["cumulation"]} and not asked.get("cumulation"):
        asked["cumulation"] = "period"


def _to_date(rows: pd.DataFrame, frames: Iterable[pd.DataFrame]) -> list[str]:
    """That months which have no row may be in the figures of the year to date, which are held."""
    said = [text for frame in frames for text in frame.attrs["caveats"]]
    is_held = {"period", "ytd"} <= {*rows["cumulation"]}
    if not is_held or not any(OF_THE_WINDOW in text for text in said):
        return []
    return ["the figures of the year to date are held too: cumulation='ytd' has them"]


def _or_every(words: Words) -> Words:
    """Every country where no area is named."""
    return "countries" if words is None else words


def _frames(
    root: Path, areas: Iterable[str], rows: pd.DataFrame, asked: Mapping[str, Any], unit: str
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """What each reporter states, in the unit asked for, and of whom a part alone is held."""
    first = rows[rows["freq_code"].eq(asked["freq"])].groupby("reporter_iso")["ref_period"].min()
    frames = {}
    faults = []
    for area in filter(first.__contains__, areas):
        month = f"{first[area]:%Y-%m}"
        try:
            frames[area] = _read(root, area, asked, month)
        except PartAloneError as fault:  # the others answer
            faults.append(fault)
            continue
        if unit in ("tonnes", *contracts.CURRENCIES) and unit not in _units(frames[area]):
            with suppress(QueryError):  # a file that has weights alone, and another has values
                frames[area] = _read(root, area, _asked_in(root, area, asked, unit), month)
    if faults and not frames:
        raise faults[0]
    return frames, [*map(str, faults)]


def _asked_in(root: Path, area: str, asked: Mapping[str, Any], unit: str) -> dict[str, Any]:
    """The question, of the rows in a currency or the files that have weights."""
    if unit != "tonnes":
        return {"currency": unit, **asked}
    rows = held(root, ["source_id", "net_wgt_kg"], **{**asked, "reporter": area})
    return {**asked, "source": sorted({*rows["source_id"][rows["net_wgt_kg"].notna()]})}


def _read(root: Path, area: str, asked: Mapping[str, Any], first: str = "") -> pd.DataFrame:
    """What one reporter states, the parts of each cell added up.

    Without a window the source is taken that states most of what is held from the `first` month.
    """
    is_open = not (asked["start"] or asked["end"])
    window = {"start": first} if is_open and first else {}
    frame = tables.read(reporter=area, root=root, **{**asked, **window})
    is_in_parts = frame["breakdown"].nunique() > 1
    # Nobody asked for a window, so there are no months that it lacks; parts are added up here.
    done = [OF_THE_WINDOW] * is_open + [tables.ADD_UP] * is_in_parts
    texts = frame.attrs["caveats"]
    frame.attrs["caveats"] = tuple(t for t in texts if not any(words in t for words in done))
    return measures.sum_parts(frame, AMOUNTS) if is_in_parts else frame


def _read_apart(reporters: list[str], rows: pd.DataFrame, wanted: str) -> list[str]:
    """Of every country each by itself, where they state in several currencies or units."""
    is_of_unit = rows["qty_unit"].eq(wanted)
    of_unit = rows[is_of_unit] if is_of_unit.any() else rows
    is_mixed = of_unit[["currency", "qty_unit"]].nunique().max() > 1
    if reporters != ["countries"] or not is_mixed:
        return reporters
    return sorted(filter(codes.is_country, map(str, of_unit["reporter_iso"].unique())))


def _chosen_rhythm(rows: pd.DataFrame, freq: str | None) -> tuple[str | None, list[str]]:
    """The rhythm that most reporters state, months before quarters before years."""
    if freq is not None or rows.empty:
        return freq, []
    by_kind = rows.groupby("freq_code")
    counts, partners = by_kind["reporter_iso"].nunique(), by_kind["partner_iso"].agg(set)
    chosen = max("MQA", key=lambda kind: counts.get(kind, 0))
    others = []
    for kind, areas in partners.drop(chosen).items():
        more = sorted(areas - partners[chosen])
        some = f", with {area_names(more[:MANY])}{' and others' * (len(more) > MANY)}"
        others.append(f"freq={kind!r} too{some * bool(more)}")
    return chosen, [f"freq={chosen!r} of what is held; {'; '.join(others)}"] if others else []


def _silent(
    reporters: list[str], frames: Mapping[str, pd.DataFrame], rows: pd.DataFrame, freq: str | None
) -> list[str]:
    """Say of each reporter that states nothing, or that in another rhythm, that it is in no sum."""
    kinds = rows.groupby("reporter_iso")["freq_code"].unique()
    elsewhere = [area for area in reporters if area in kinds and freq not in kinds[area]]
    named = [area for area in reporters if area != "countries" and area not in elsewhere]
    texts = [
        f"{codes.area_name(area)} states this with "
        f"{' or '.join(option('freq', kind) for kind in kinds[area])} alone, so it is in no sum or "
        "share here"
        for area in elsewhere
    ]
    silent = [area for area in named if area not in frames]
    state = " states nothing of this, so it is" if len(silent) == 1 else ""
    of = f", {len(silent)} of the {len(named)} asked for," if len(named) > MANY else ""
    state = state or f"{of} state nothing of this, so they are"
    return [*texts, *[f"{area_names(silent)}{state} in no sum or share here"] * bool(silent)]


def _ends_apart(frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say of several reporters whose figures end in different months where each ends."""
    ends: dict[str, list[str]] = {}
    for area, frame in frames.items():
        if len(frame) and area != "countries":
            last = (first_month(frame) + frame["n_months"]).max() - 1
            ends.setdefault(month_text(int(last)), []).append(codes.area_name(area))
    most = max(ends.values(), key=len, default=[])
    names = {
        end: "the others" if len(some) > MANY and some is most else ", ".join(some)
        for end, some in ends.items()
    }
    texts = ", ".join(f"{end} ({some})" for end, some in names.items())
    return [f"the figures end in {texts}"] if len(ends) > 1 else []


def _partners_lacking(partners: list[str], frames: Mapping[str, pd.DataFrame]) -> list[str]:
    """Say of each reporter which of several partners it states nothing of."""
    named = [area for area in partners if area != "countries"]
    who: dict[str, list[str]] = {}
    for reporter, frame in frames.items() if len(named) > 1 else ():
        lacking = [area for area in named if area not in {*frame["partner_iso"]}]
        are = "they are" if len(lacking) > 1 else "it is"
        text = (
            f"no row with {area_names(lacking)}, {len(lacking)} of the {len(named)} partners "
            f"asked for, so {are} in no sum or share here"
        )
        who.setdefault(text if lacking else "", []).append(reporter)
    names = {text: f"{area_names(some)}: " if len(who) > 1 else "" for text, some in who.items()}
    return [f"{names[text]}{text}" for text in who if text]


def _groups_left_out(root: Path, asked: Mapping[str, Any]) -> list[str]:
    """Say which groups state the flow as one, beside the countries that were asked for."""
    reporters = {*held(root, ["reporter_iso"], **asked)["reporter_iso"]}
    groups = sorted(reporters & {*codes.groups()})
    groups = [area for area in groups if not codes.is_country(area)]
    if not groups:
        return []
    text = f"countries alone: {area_names(groups)} as a whole is left out"
    return [f"{text}; {option('reporter', groups[0])} asks for it"]


def _shared_unit(root: Path, frames: Mapping[str, pd.DataFrame], unit: str) -> str:
    """The unit asked for, or the first that all reporters state."""
    named = {"countries": "the countries"}
    units = {named.get(a) or codes.area_name(a): _units(frame) for a, frame in frames.items()}
    if not any(units.values()):
        raise NothingStatedError(
            f"{', '.join(units)}: what is held of this states no figure, since value, weight and "
            "quantity are empty in every row"
        )
    first, *others = units.values()
    shared = [name for name in first if all(name in other for other in others)]
    if unit in shared or (shared and not unit):
        return unit or shared[0]
    stated = "; ".join(f"{who} in {' or '.join(some) or 'none'}" for who, some in units.items())
    lacking = f"{option('unit', unit)} is not stated" if unit else "they share no unit"
    raise QueryError(f"{lacking}: {stated}; {_way_out(root, unit, shared, units)}")


def _way_out(
    root: Path, unit: str, shared: Sequence[str], units: Mapping[str, Iterable[str]]
) -> str:
    """What to ask for in place of a `unit` that not all of some reporters state."""
    if unit == "bbl" and "tonnes" in shared:
        tonnes = option("unit", "tonnes")
        return f"ask for {tonnes}, of which measures.barrels_per_day makes barrels a day of crude"
    if not shared:
        counts = Counter(name for some in units.values() for name in some)
        most = max(counts, key=lambda name: counts[name])
        who = ", ".join(area for area, some in units.items() if most in some)
        alone = f"{who} alone, in {option('unit', most)}, or for " * (counts[most] > 1)
        return f"ask for {alone}each by itself"
    of_money = [name for name in shared if name in contracts.CURRENCIES]
    if unit in contracts.CURRENCIES and of_money and is_converted(root, unit):
        return f"ask for {option('unit', of_money[0])}, and to({unit!r}) converts it"
    return f"ask for {' or '.join(option('unit', name) for name in shared)}"


def _units(frame: pd.DataFrame) -> dict[str, str]:
    """Units that a frame of trade is stated in, each with its column."""
    units: dict[str, str] = {}
    for column in AMOUNTS:
        stated = frame[frame[column].notna()]  # a row without a figure has a unit of none
        if len(stated):
            name = "tonnes" if column == "net_wgt_kg" else unit_of(stated, column)
            units.setdefault(name, column)
    return units


def _weighed(root: Path, asked: Mapping[str, Any], frame: pd.DataFrame, unit: str) -> pd.DataFrame:
    """Rows whose value and weight, where they are of a group, are of the same members.

    Where a member states no weight, beside the weight of the others stands their value, and beside
    the value of all no weight.
    """
    groups = {*frame["reporter_iso"]} & {*codes.groups()}
    if not groups or unit not in ("tonnes", *contracts.CURRENCIES):
        return frame
    question = {**asked, "reporter": "countries", "source": sorted({*frame["source_id"]})}
    rows = held(
        root, [*FLOW, *PLACE[1:], "reporter_iso", "value_reported", "net_wgt_kg"], **question
    )
    rows = rows[rows["net_wgt_kg"].isna() & rows["value_reported"].gt(0)]
    areas = {*rows["reporter_iso"]}
    who = sorted(a for a in areas if any(codes.contains(group, a) for group in groups))
    rows = rows[rows["reporter_iso"].isin(who)]
    periods = rows["ref_period"].astype(frame["ref_period"].dtype)
    slot = places_in(frame, rows.assign(ref_period=periods), FLOW)
    names = {
        "all": Role(frame, "value_reported"),
        "unweighed": Role(rows, "value_reported", None, slot, empty=0.0),
    }
    value, part = frame["value_reported"], names["unweighed"].sums(len(frame))
    is_short = frame["net_wgt_kg"].notna() & (part > SMALL * value)
    if not is_short.any():
        return frame
    text = (
        f"{area_names(who)}, {100 * part.sum() / value.sum():.3g} % of the value, "
        f"state{'s' * (len(who) == 1)} no weight"
    )
    if unit == "tonnes":
        formulas = {"value_reported": Formula("all - unweighed", names)}
        result, so = computed(frame, formulas), "weight and value are without it"
    else:
        formulas, so = {}, "none stands beside the value, and unit='tonnes' has that of the others"
        result = frame.assign(net_wgt_kg=frame["net_wgt_kg"].mask(is_short))
    return with_lineage(
        result, frame, caveats=[f"{text}: {so}"], formulas=formulas, kept=[Role(frame)]
    )


def _valued(
    root: Path,
    asked: Mapping[str, Any],
    frames: Mapping[str, pd.DataFrame],
    unit: str,
    caveats: Sequence[str],
) -> pd.DataFrame:
    """Frames of trade as one, its ``value`` in `unit`."""
    role, divisor, text = "value", 1, "value"
    if unit == "tonnes":
        role, divisor, text = "weight", 1000, "weight / 1000"
    parts = {}
    for area, rows in frames.items():
        frame = _weighed(root, asked, rows, unit)
        column = _units(frame)[unit]
        part = frame.assign(value=frame[column] / divisor, unit=unit)
        formulas = {"value": Formula(text, {role: Role(frame, column)})}
        parts[area] = with_lineage(part, frame, formulas=formulas, kept=[Role(frame)])
    whole = next(iter(parts.values()))
    if len(parts) > 1:
        whole = measures.stack(parts, "asked").drop(columns="asked")
    texts = [*caveats, *whole.attrs["caveats"], *counted(whole)]
    full = [name for name, column in _units(whole).items() if whole[column].notna().all()]
    if whole["value"].isna().any() and full:
        texts.append(f"every row states {' and '.join(full)}: {option('unit', full[0])}")
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
    try:
        currency = currency_of(currency)
    except QueryError:  # a group, as the table writes it
        currency = currency.upper()
    asked = {
        "concept": concept,
        "region": region,
        "unit": "%",
        **filters,
        "currency_group": currency,
    }
    rows = held(root, ["measure"], "settlement", **asked)
    # Of no family, read says why.
    families = sorted(rows["measure"].unique()) or [asked.get("measure")]
    parts = [tables.read("settlement", root=root, **asked | {"measure": name}) for name in families]
    for part in parts:
        of_part = tables.flags_present(part["flags"])  # which are counted in all rows
        part.attrs["caveats"] = tuple(t for t in part.attrs["caveats"] if t not in of_part)
    whole = with_lineage(pd.concat(parts, ignore_index=True), *parts)
    text = "families of figures count differently and are never one line"
    texts = [*[text] * (len(families) > 1), *whole.attrs["caveats"], *counted(whole)]
    whole.attrs["caveats"] = tuple(texts)
    return answer(whole, root=named)


def figures(
    word: str = "",
    *,
    above: float | None = None,
    unit: str | None = None,
    root: Path | None = None,
    **filters: Any,
) -> Answer:
    """Published figures about goods that a word names, such as every one above an amount.

    Parameters
    ----------
    word
        Part of the topic or of the product, in any case, or another word for the same goods.
    above
        The least amount in `unit`; "more than" so much is above it, "at most" never is.
    unit
        Figures in this unit alone; unless given, all, of which those in dollars may be `above`.
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
    wanted = unit_of_words(unit or "USD")
    is_of_unit = bool(unit) or above is not None
    # Of all figures read would count what was superseded, or has no dates.
    ids = _ids_about(word, wanted if is_of_unit else "", root, filters)
    rows = tables.read("figures", root=root, **{**filters, "id": ids})
    of_all = tables.flags_present(rows["flags"])
    caveats = [*filter(lambda text: text not in of_all, rows.attrs["caveats"])]
    others = chosen = rows[_is_about(rows, word, root)]
    if is_of_unit:
        chosen = others[others["unit"].eq(wanted)]
    if above is not None:
        others = others.drop(chosen.index)
        caveats += [
            f"{row.id} is in {row.unit} ({row.value:,.0f}), so not compared"
            for row in others[others["unit"].isin(contracts.CURRENCIES)].itertuples()
        ]
        value, qualifier = chosen["value"], chosen["qualifier"]
        # Surely above it, whatever the qualifier leaves open.
        is_above = value.gt(above) & ~qualifier.isin(["<", "≤"]) | value.eq(above) & qualifier.eq(
            ">"
        )
        if not is_above.any():
            most = f"the largest is {value.max():,.0f}"
            raise QueryError(f"no figure about {word!r} is above {above:,.0f} {wanted}; {most}")
        chosen = chosen[is_above]
    chosen = chosen.sort_values("id")
    caveats += tables.flags_present(chosen["flags"])
    repeats = chosen.loc[chosen["repeats"].notna(), ["id", "repeats"]].itertuples(index=False)
    caveats += [f"{name} repeats {other}, so it confirms nothing" for name, other in repeats]
    used = tuple(sorted({*chosen["source_id"]}))
    chosen.attrs = {"sources": used, "caveats": tuple(caveats)}
    return answer(chosen, f"Published figures{word and f' about {word}'}", root)


def _ids_about(word: str, unit: str, root: Path | None, filters: Mapping[str, Any]) -> list[str]:
    """Ids of figures about a word at any time, with a `unit` those in it and in other money.

    Where none is in the window, or none in the unit, it says what there is.
    """
    at_any_time = {**filters, "start": None, "end": None}
    columns, folder = ["id", "topic", "product", "unit"], root or catalogue.root()
    stated, dated_or_not = (
        rows[_is_about(rows, word, root)]
        for rows in (held(folder, columns, "figures", **asked) for asked in (filters, at_any_time))
    )
    if stated.empty:
        topics = {*tables.read("figures", root=root, **filters)["topic"]}
        raise QueryError(f"no figure about {word!r}; topics: {', '.join(sorted(topics))}")
    units = {*stated["unit"].dropna()}
    if unit and unit not in units:
        there_are = ", ".join(sorted(units))
        raise QueryError(f"no figure about {word!r} is in {unit}; there are {there_are}")
    is_asked = dated_or_not["unit"].isin([unit, *contracts.CURRENCIES])
    return [*dated_or_not["id"][is_asked if unit else slice(None)]]


def _is_about(figures: pd.DataFrame, word: str, root: Path | None) -> pd.Series:
    """Which published figures have `word`, or another for the same, in their topic or product."""
    about = (figures["topic"] + " " + figures["product"]).map(in_plain_letters)
    first, *others = map(re.escape, map(in_plain_letters, own_words.same_words(word, root)))
    whole = [rf"\b{text}s?\b" for text in others]  # a vessel is no part of another word
    return about.str.contains("|".join([first, *whole]))
