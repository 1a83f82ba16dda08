"""The other side of a flow: what the partner states of it."""

import pandas as pd

from tradeflows.explore.answer import Answer
from tradeflows.explore.flow import flow
from tradeflows.explore.hints import MIRRORED
from tradeflows.model import codes
from tradeflows.model.errors import NothingStatedError, QueryError
from tradeflows.model.periods import first_month, month_text
from tradeflows.retrieval import catalogue

DIGITS = (10, 8, 6, 4)  # of an HS code; who does not hold the finer one may hold the coarser


def other_side(side: pd.DataFrame) -> Answer:
    """The partner's statement of the flow that an answer states, over the same months.

    Raises
    ------
    QueryError
        The answer is of no single flow of trade, or the partner states nothing of it.
    """
    ways = side["flow_code"].unique().tolist() if "flow_code" in side else []
    if len(ways) != 1 or ways[0] not in MIRRORED:
        raise QueryError(
            "the other side is that of imports or of exports: ask flow for one of them, or give "
            "gap another answer"
        )
    goods = sorted(side["cmd_code"].unique())
    first = first_month(side)
    last = first + side["n_months"] - 1
    committed = catalogue.load(catalogue.root())
    question = {
        "reporter": sorted(side["partner_iso"].unique()),
        "partner": sorted(side["reporter_iso"].unique()),
        "flow": MIRRORED[ways[0]],
        "start": month_text(int(first.min())),
        "end": month_text(int(last.max())),
        "freq": side["freq_code"].iloc[0],
        "unit": side["unit"].iloc[0],
        "local": not set(side["source_id"]) <= {*committed},
    }
    for level in _levels(goods):
        try:
            return flow(level, **question)
        except (QueryError, NothingStatedError) as error:
            reason = error
    raise reason


def _levels(goods: list[str]) -> list[list[str]]:
    """The goods as they are, then, where all are of HS, at coarser levels."""
    levels = [goods]
    if all(codes.HS.fullmatch(code) and code.isdigit() for code in goods):
        for digits in DIGITS:
            coarser = sorted({code[:digits] for code in goods})
            levels.append(coarser)
    return [level for place, level in enumerate(levels) if level not in levels[:place]]
