"""Totals by their parts: the second partner, the customs procedure or the mode of transport."""

from collections.abc import Mapping
from typing import Any

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

    `asked` is the question, as :func:`tradeflows.flow` takes it. A mode of transport that contains
    another one of its cell is left out, so that nothing counts twice. A caveat says how much of
    the total the parts are.

    Raises
    ------
    NothingStatedError
        The reporter states the totals alone.
    """
    total = flow(**asked, unit=unit)
    word = BREAKDOWNS[breakdown][1]
    rows = held(columns=["breakdown"], **{**asked, "breakdown": None})
    stated = sorted(rows["breakdown"].unique())
    parts = [text for text in stated if text.startswith(f"{word}=")]
    if not parts:
        raise NothingStatedError(
            f"no part by {breakdown} is stated of this; without breakdown= the total"
        )
    shared = total["unit"].iloc[0]
    frames = {text: flow(**{**asked, "breakdown": text}, unit=shared) for text in parts}
    whole = measures.stack(frames, "part")
    coded = whole["part"].str.removeprefix(f"{word}=")
    places = [*zip(whole.groupby(CELL, dropna=False).ngroup(), coded, strict=True)]
    groups: set[tuple[int, str]] = set()
    if word == "transport":  # of sea, 2100, the group is water, 2000
        for cell, mode in places:
            groups |= {(cell, f"{mode[:1]}000"), (cell, f"{mode[:2]}00")} - {(cell, mode)}
    names = publisher_words(f"comtrade {word}")
    if word == "partner2":
        areas = codes.area_codes("comtrade")
        names = {code: codes.area_name(area) for code, area in areas.items()}
    named = whole.assign(part=[names.get(code, code) for code in coded])
    named = named[[place not in groups for place in places]]
    named.attrs = whole.attrs
    per_cent = 100 * named["value"].sum() / total["value"].sum()
    note = f"by {breakdown}, the parts add up to {per_cent:.1f} % of the total"
    return with_caveats(answer(named), [note])
