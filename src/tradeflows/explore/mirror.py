"""The other side of a flow: what the partner states of it."""

from typing import Any

import pandas as pd

from tradeflows.explore.answer import Answer
from tradeflows.explore.flow import flow
from tradeflows.explore.hints import MIRRORED
from tradeflows.model import codes
from tradeflows.model.errors import NothingStatedError, QueryError
from tradeflows.model.periods import first_month, month_text
from tradeflows.retrieval import catalogue

EU, EXTRA_EU = "EU27_2020", "EU27_2020_EXTRA"
DIGITS = (10, 8, 6, 4)  # of an HS code; who does not hold the finer one may hold the coarser


def other_side(side: pd.DataFrame) -> Answer:
    """The partner's statement of the flow that an answer states, over the same months.

    Raises
    ------
    QueryError
        The answer is of no single flow of trade, or the partner states nothing of it.
    """
    way = MIRRORED[one_direction(side)]
    reporter, partner = (sorted(side[name].unique()) for name in ("partner_iso", "reporter_iso"))
    words = {"flow": way, "freq": side["freq_code"].iloc[0]}
    return at_a_level(side, reporter=reporter, partner=partner, **words)


def at_a_level(side: pd.DataFrame, **words: Any) -> Answer:
    """:func:`asked_again` for the same goods or, where nothing is held of these, coarser ones."""
    for level in _levels(sorted(side["cmd_code"].unique())):
        try:
            return asked_again(side, product=level, **words)
        except (QueryError, NothingStatedError) as error:
            reason = error
    raise reason


def one_direction(side: pd.DataFrame) -> str:
    """M or X, of which alone an answer is.

    Raises
    ------
    QueryError
        It is of another direction, or of several.
    """
    ways = side["flow_code"].unique().tolist() if "flow_code" in side else []
    if len(ways) != 1 or ways[0] not in MIRRORED:
        raise QueryError(
            "the other side is that of imports or of exports: ask flow for one of them, or give "
            "another answer"
        )
    return str(ways[0])


def the_whole(side: pd.DataFrame, area: str = "") -> Answer | None:
    """What the reporters state of the same goods from an `area`, over periods of the same length.

    Without one it is the world, of the EU what is outside of it, from the same publishers; None
    where these do not state it of every period.

    Raises
    ------
    QueryError
        Of an area that was named nothing is held.
    """
    if not area and not {"reporter_iso", "cmd_code", "flow_code"} <= set(side):
        return None
    entries = catalogue.load(catalogue.root(), local=True)
    used = {entries[name].publisher for name in side.attrs.get("sources", ()) if name in entries}
    outside = [EXTRA_EU] * (set(side.get("reporter_iso", ())) == {EU})
    partners = [area] if area else [*outside, codes.WORLD]
    tries: list[dict[str, Any]] = [{"partner": name, "publisher": [*used]} for name in partners]
    reason: Exception = QueryError("nothing is held of it")
    for words in [*tries * bool(used), *[{"partner": area}] * bool(area)]:
        try:
            stated = asked_again(side, **words)
            by = [name for name in ("reporter", "partner") if name in stated]
            whole = stated.by(*by, every=int(side["n_months"].iloc[0]))
        except (QueryError, NothingStatedError) as error:
            reason = error
            continue
        if area or _states_all(whole, side):
            return whole
    if area:
        raise reason
    return None


def _states_all(whole: pd.DataFrame, side: pd.DataFrame) -> bool:
    """Whether `whole` has a figure for each reporter and period of `side`."""
    keys = ["reporter_iso", "ref_period"]
    known = whole.loc[whole["value"].notna() & whole["complete"], keys]
    asked = set(pd.DataFrame(side)[keys].itertuples(index=False, name=None))
    return asked <= set(pd.DataFrame(known).itertuples(index=False, name=None))


def asked_again(side: pd.DataFrame, **words: Any) -> Answer:
    """The question that an answer is of, over the same months, with other `words`.

    Raises
    ------
    QueryError
        The rows do not say whose flow of what they are; or as :func:`tradeflows.flow`.
    """
    axes = {"product": "cmd_code", "reporter": "reporter_iso", "partner": "partner_iso"}
    lacking = [name for name, column in axes.items() if name not in words and column not in side]
    if lacking or "ref_period" not in side:
        raise QueryError(
            f"the rows do not say their {' or '.join(lacking) or 'period'}, so nothing can be "
            "asked beside them: give another answer"
        )
    first = first_month(side)
    committed = catalogue.load(catalogue.root())
    used = side["source_id"] if "source_id" in side else side.attrs.get("sources", ())
    question = {
        **{name: sorted(side[axes[name]].unique()) for name in axes.keys() - words.keys()},
        "flow": side["flow_code"].iloc[0] if "flow_code" in side else "M",
        "start": month_text(int(first.min())),
        "end": month_text(int((first + side["n_months"]).max()) - 1),
        "unit": side["unit"].iloc[0],
        "local": not set(used) <= {*committed},
    }
    return flow(**{**question, **words})


def _levels(goods: list[str]) -> list[list[str]]:
    """The goods as they are, then, where all are of HS, at coarser levels."""
    levels = [goods]
    if all(codes.HS.fullmatch(code) and code.isdigit() for code in goods):
        for digits in DIGITS:
            coarser = sorted({code[:digits] for code in goods})
            levels.append(coarser)
    return [level for place, level in enumerate(levels) if level not in levels[:place]]
