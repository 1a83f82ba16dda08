"""Of products stated at several levels, and of totals and their parts, those that answer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError
from tradeflows.model.source import Source
from tradeflows.tables.choose_release import Choice, any_source, family
from tradeflows.tables.filters import ALL_GOODS

if TYPE_CHECKING:
    from pandas import DataFrame

ADD_UP = "measures.sum_parts adds them up"


def one_level(frame: DataFrame, products: list[list[str]]) -> Choice:
    """One level of product: the code asked for or, where a source lacks it, what lies under it.

    Adds ``asked``: the place of the product in the question, by which sources are compared.
    """
    if not products:
        return Choice(frame.assign(asked=0))
    cells = [*zip(frame["source_id"], frame["reporter_iso"], frame["cmd_code"], strict=True)]
    codes_of: dict[tuple[str, str], set[str]] = {}
    for source, reporter, code in dict.fromkeys(cells):
        stated = codes_of.setdefault((source, reporter), set())
        stated.add(code)
    chosen: dict[tuple[str, str, str], int] = {}
    lacking: dict[str, None] = {}
    for (source, reporter), stated in codes_of.items():
        for place, alternatives in enumerate(products):
            taken = _levels(stated, alternatives)
            under = set() if taken else _under(stated, alternatives)
            if under:
                parts = ", ".join(sorted(under))
                text = (
                    f"{source}: {parts} is not all of {alternatives[0]}, "
                    "so it does not stand for it"
                )
                lacking[text] = None
            for code in taken:
                other = chosen.setdefault((source, reporter, code), place)
                if other != place:
                    first = products[other][0]
                    raise QueryError(
                        f"product={first!r} and {alternatives[0]!r} "
                        f"share {code} in {source}; ask for one"
                    )
    if not chosen:
        reasons = "; ".join(lacking)
        raise QueryError(f"{reasons}; ask for the part that is held")
    answered = {*chosen.values()}
    caveats = list(lacking)
    for place, alternatives in enumerate(products):
        if place not in answered:
            caveats.append(f"no row states {alternatives[0]}")
    place_of_rows = [chosen.get(cell, -1) for cell in cells]
    places = np.array(place_of_rows, "int64")
    placed = frame.assign(asked=places)
    return Choice(placed[places >= 0], caveats)


def _levels(found: set[str], alternatives: list[str]) -> set[str]:
    """The first of `alternatives` that is held, else the highest codes held under the first.

    For a union a+b stands what lies under it only where each of its parts has something there, and
    for a whole one of its kinds only beside the others: gas by pipeline is not all gas.
    """
    for code in alternatives:
        if code in found:
            return {code}
    for whole in alternatives:
        under = _under(found, [whole])
        if not all(codes.kinds_beside(code) <= under for code in under):
            continue
        if under and all(any(share(part, code) for code in under) for part in whole.split("+")):
            return {code for code in under if not codes.wholes(code, under)}
    return set()


def _under(found: set[str], alternatives: list[str]) -> set[str]:
    """Those of `found` that lie under one of `alternatives`."""
    return {code for code in found if codes.wholes(code, {*alternatives} - {ALL_GOODS})}


def share(one: str, other: str) -> bool:
    """Whether of two products one lies within the other, or is it."""
    return one == other or codes.is_under(one, other) or codes.is_under(other, one)


def stand_ins(frame: DataFrame, products: list[list[str]]) -> list[str]:
    """Where codes below the product stand for it, since the source holds no such level."""
    caveats = []
    rows = sorted(set(zip(frame["asked"], frame["source_id"], frame["cmd_code"], strict=True)))
    for (place, source), cells in groupby(rows, key=lambda row: row[:2]):
        stated = [code for *_, code in cells]
        alternatives = products[place] if products else stated
        if not set(stated) & set(alternatives):
            shown = ", ".join(stated[:6])
            if len(stated) > 6:
                shown += " …"
            caveats.append(
                f"{source}: no row is of {alternatives[0]} as a whole; {shown} stands for it"
            )
    return caveats


def total_or_parts(frame: DataFrame, sources: Mapping[str, Source]) -> Choice:
    """Of each cell of a source the total or, where it states none, the parts.

    What a user got from one publisher in many files is one source.
    """
    apart = ("source_id", "breakdown", "qty_unit")
    cell = [family(frame, sources)]
    cell += [frame[name] for name in schema.key(schema.TRADE) if name not in apart]
    is_total = frame["breakdown"].eq("total")
    has_total = is_total.groupby(cell).transform("any")
    kept = frame[is_total | ~has_total]
    # By regime, by province; the number of a residual sets rows apart and is no way to part them.
    ways = kept["breakdown"].str.replace(r",residual=\d+|=[^,]*", "", regex=True)
    cell_of_kept = [column[kept.index] for column in cell]
    n_ways = ways.groupby(cell_of_kept).transform("nunique")
    is_mixed = n_ways.gt(1)
    if is_mixed.any():
        several = " or ".join(sorted(ways[is_mixed].unique()))
        choice = any_source(kept[is_mixed])
        raise QueryError(f"a cell is parted by {several}, each of which is all of it; add {choice}")
    parts = sorted(set(kept["breakdown"]) - {"total"})
    if not parts:
        return Choice(kept)
    some = ", ".join(parts[:4])
    if len(parts) > 4:
        some += " …"
    n_parts = kept["breakdown"].ne("total").sum()
    are_parts = f"{n_parts} rows are parts of what they state ({some}); {ADD_UP}"
    return Choice(kept, [are_parts])
