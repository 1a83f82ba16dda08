"""The other side of a flow: what the partner states of it."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import pandas as pd

from tradeflows.explore.answer import Answer, publishers_of
from tradeflows.explore.flow import flow
from tradeflows.explore.hints import ONE_SIDED, NothingHeldError
from tradeflows.explore.naming import area_names, publisher_name
from tradeflows.model import codes
from tradeflows.model.contracts import CURRENCIES
from tradeflows.model.errors import NothingStatedError, QueryError
from tradeflows.model.periods import first_month, month_text, months_of, runs
from tradeflows.model.words import MIRRORED
from tradeflows.retrieval import catalogue

EU, EXTRA_EU = "EU27_2020", "EU27_2020_EXTRA"
DIGITS = (10, 8, 6, 4)  # of an HS code; who does not hold the finer one may hold the coarser
AXES = {"product": "cmd_code", "reporter": "reporter_iso", "partner": "partner_iso"}


def other_side(side: pd.DataFrame) -> Answer:
    """The partner's statement of the flow that an answer states, over the same months.

    Raises
    ------
    QueryError
        The answer is of no single flow of trade, or the partner states nothing of it.
    """
    way = MIRRORED[one_direction(side)]
    _require_axes(side)
    reporter, partner = (sorted(side[name].unique()) for name in ("partner_iso", "reporter_iso"))
    words = {"reporter": reporter, "partner": partner, "flow": way}
    # Who states it by months states it by years, too; and money may be in dollars alone.
    rhythm = {"freq": side["freq_code"].iloc[0]} if "freq_code" in side else {}
    is_money = {*side["unit"]} <= {*CURRENCIES} - {"USD"}
    try:
        stated = _in_any_money(side, words | rhythm, is_money=is_money)
    except NothingHeldError:
        stated = _in_any_money(side, words, is_money=is_money)
    made = stated[stated["flags"].str.contains(ONE_SIDED)]
    if len(made):
        raise QueryError(
            f"{area_names(reporter)} does not state {runs(months_of(made)[1].tolist())} itself: "
            f"what {publisher_name(made['publisher'].iloc[0])} has of these months was made of one "
            "country's reports; ask for others, or give another answer"
        )
    return stated


def _in_any_money(side: pd.DataFrame, words: Mapping[str, Any], *, is_money: bool) -> Answer:
    """What answers a question or, where nothing does, the same in dollars."""
    try:
        return at_a_level(side, **words)
    except (QueryError, NothingStatedError):
        if is_money:
            with suppress(QueryError, NothingStatedError):
                return at_a_level(side, **words, unit="USD")
        raise


def at_a_level(side: pd.DataFrame, **words: Any) -> Answer:
    """:func:`asked_again` for the same goods or, where nothing is held of these, coarser ones."""
    _require_axes(side, words)
    *finer, coarsest = _levels(side)
    for level in finer:
        with suppress(QueryError, NothingStatedError):
            return asked_again(side, product=level, **words)
    return asked_again(side, product=coarsest, **words)


def _levels(side: pd.DataFrame) -> list[list[str]]:
    """The goods of an answer, and the coarser ones that these are in, the finest first."""
    goods = sorted(side["cmd_code"].unique())
    levels = [goods]
    if all(codes.HS.fullmatch(code) and code.isdigit() for code in goods):
        levels += [sorted({code[:digits] for code in goods}) for digits in DIGITS]
    return [level for place, level in enumerate(levels) if level not in levels[:place]]


def one_direction(side: pd.DataFrame) -> str:
    """M or X, of which alone an answer is; of another or of several it is refused."""
    ways = side["flow_code"].unique().tolist() if "flow_code" in side else []
    if len(ways) != 1 or ways[0] not in MIRRORED:
        raise QueryError(
            "the other side is that of imports or of exports: ask flow for one of them, or give "
            "another answer"
        )
    return str(ways[0])


def the_whole(side: pd.DataFrame, area: str = "", *, is_part_enough: bool = False) -> Answer | None:
    """What the reporters state of the same goods from an `area`, over periods of the same length.

    Without one it is the world, of the EU what is outside of it, from the same publishers; None
    where these do not state it of every period, unless a part of them is enough.

    Raises
    ------
    QueryError
        Of an area that was named nothing is held.
    """
    if not area and not {"reporter_iso", "cmd_code", "flow_code"} <= {*side}:
        return None
    if area:
        _require_axes(side)
    faults: list[Exception] = []  # the first is of the goods that are asked
    wholes = []
    for words in _wholes_of(side, area):
        try:
            whole = _asked_for_whole(side, words)
        except (QueryError, NothingStatedError) as error:
            faults.append(error)
            continue
        # Of each reporter, good and period of the side a figure is wanted.
        known = whole[whole["value"].notna() & whole["complete"]]
        cells = whole.columns.intersection(["reporter_iso", "cmd_code", "ref_period"])
        if _cells(side, cells).isin(_cells(known, cells)).all():
            return whole
        wholes.append(whole)
    if area and not wholes:
        raise faults[0]
    # Of a part that is enough the measure says what it lacks.
    return wholes[0] if wholes and (area or is_part_enough) else None


def _cells(frame: pd.DataFrame, columns: pd.Index) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(pd.DataFrame(frame)[[*columns]])


def _asked_for_whole(side: pd.DataFrame, words: Mapping[str, Any]) -> Answer:
    """The answer to other words, period by period; of coarser goods it says that they are more."""
    axes = ["reporter", "partner", *["product"] * (side["cmd_code"].nunique() > 1)]
    whole = asked_again(side, **words).by(*axes, every=int(side["n_months"].iloc[0]))
    if "product" not in words:
        return whole
    goods, coarser = sorted(side["cmd_code"].unique()), words["product"]
    whole = whole.drop(columns=["cmd_code", "product"])
    if any(code.rstrip("0") not in coarser for code in goods):  # 270900 is all of 2709
        both = (", ".join(map(codes.product_name, some)) for some in (coarser, goods))
        text = "the whole is of {}, which holds more goods than {}".format(*both)
        whole.attrs["caveats"] = (*whole.attrs["caveats"], text)
    return whole


def _wholes_of(side: pd.DataFrame, area: str) -> list[dict[str, Any]]:
    """The words by which the whole of a side is asked for, the best first."""
    used = publishers_of(side)
    of_the_eu = {*side.get("reporter_iso", ())} == {EU}
    partners = [area] if area else [*[EXTRA_EU] * of_the_eu, codes.WORLD]
    words: list[dict[str, Any]] = []
    if used:
        words = [{"partner": name, "publisher": used} for name in partners]
    if area:
        words.append({"partner": area})
        if side["cmd_code"].nunique() == 1:  # who does not hold the finer goods holds the coarser
            words += [{"partner": area, "product": level} for level in _levels(side)[1:]]
    return words


def _require_axes(side: pd.DataFrame, words: Iterable[str] = ()) -> None:
    """Refuse rows that do not say whose flow of what they are, where `words` do not."""
    lacking = [name for name, column in AXES.items() if name not in words and column not in side]
    if lacking or "ref_period" not in side:
        raise QueryError(
            f"the rows do not say their {' or '.join(lacking) or 'period'}, so nothing can be "
            f"asked beside them: keep it, as by({', '.join(map(repr, lacking or ['period']))}, …) "
            "does, or give another answer"
        )


def asked_again(side: pd.DataFrame, **words: Any) -> Answer:
    """The question that an answer is of, over the same months, with other `words`.

    Raises
    ------
    QueryError
        The rows do not say whose flow of what they are; or as :func:`tradeflows.flow`.
    """
    _require_axes(side, words)
    first = first_month(side)
    used = side["source_id"] if "source_id" in side else side.attrs.get("sources", ())
    question = {
        **{name: sorted(side[AXES[name]].unique()) for name in AXES.keys() - words.keys()},
        "flow": side["flow_code"].iloc[0] if "flow_code" in side else "M",
        "start": month_text(int(first.min())),
        "end": month_text(int((first + side["n_months"]).max()) - 1),
        "unit": side["unit"].iloc[0],
        "local": not {*used} <= {*catalogue.load(catalogue.root())},
    }
    return flow(**{**question, **words})
