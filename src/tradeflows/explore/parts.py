"""Totals by their parts: the second partner, the customs procedure or the mode of transport."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from tradeflows import measures
from tradeflows.explore.answer import Answer, answer, with_caveats
from tradeflows.explore.flow import flow
from tradeflows.explore.hints import held
from tradeflows.model import codes
from tradeflows.model.codelists import publisher_words
from tradeflows.model.errors import NothingStatedError
from tradeflows.publishers.comtrade import BREAKDOWNS

CELL = ["reporter_iso", "partner_iso", "flow_code", "cmd_code", "ref_period", "n_months"]


def parts_of(breakdown: str, asked: Mapping[str, Any], unit: str = "") -> Answer:
    """The parts of a flow's totals by one break-down, with their names in ``part``.

    A mode of transport that contains another one of its cell is left out, so that nothing counts
    twice. A caveat says how much of the total the parts are.

    Parameters
    ----------
    breakdown
        Of :data:`tradeflows.publishers.comtrade.BREAKDOWNS`.
    asked
        The question, as :func:`tradeflows.flow` takes it.

    Raises
    ------
    NothingStatedError
        The reporter states the totals alone.
    QueryError
        As :func:`tradeflows.flow`.
    """
    total = flow(**asked, unit=unit)
    _, word, _ = BREAKDOWNS[breakdown]
    rows = held(columns=["breakdown"], **{**asked, "breakdown": None})
    stated = sorted(set(rows["breakdown"].to_pylist()))
    parts = [text for text in stated if text.startswith(f"{word}=")]
    if not parts:
        raise NothingStatedError(
            f"no part by {breakdown} is stated of this; without breakdown= the total"
        )
    shared = total["unit"].iloc[0]
    frames = {text: flow(**{**asked, "breakdown": text}, unit=shared) for text in parts}
    whole = measures.stack(frames, "part")
    kept = whole[~_is_group(whole)]
    kept.attrs = whole.attrs
    names = [_name(text) for text in kept["part"]]
    named = kept.assign(part=names)
    named.attrs = whole.attrs
    per_cent = 100 * named["value"].sum() / total["value"].sum()
    note = f"by {breakdown}, the parts add up to {per_cent:.1f} % of the total"
    return with_caveats(answer(named), [note])


def _is_group(rows: pd.DataFrame) -> pd.Series:
    """Whether a row is of a mode of transport whose own modes stand in the same cell."""
    cells = rows.groupby(CELL, dropna=False).ngroup()
    modes = rows["part"].str.partition("=")[2]
    groups: set[tuple[int, str]] = set()
    for cell, mode, part in zip(cells, modes, rows["part"], strict=True):
        if part.startswith("transport="):
            for group in (f"{mode[:1]}000", f"{mode[:2]}00"):  # of sea, 2100: water, 2000
                if group != mode and group in publisher_words("comtrade transport"):
                    groups.add((cell, group))
    is_group = [pair in groups for pair in zip(cells, modes, strict=True)]
    return pd.Series(is_group, rows.index)


def _name(part: str) -> str:
    """What readers see for a part such as transport=2100."""
    word, _, code = part.partition("=")
    if word == "partner2":
        area = codes.area_codes("comtrade").get(code)
        return codes.area_name(area) if area else code
    names = publisher_words(f"comtrade {word}")
    return names.get(code, code)
