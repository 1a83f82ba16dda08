"""Of products stated at several levels, and of totals and their parts, those that answer."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np

from tradeflows.model import codes, schema
from tradeflows.model.errors import QueryError
from tradeflows.model.source import Source
from tradeflows.tables.choose_statement import Choice, any_source
from tradeflows.tables.filters import ALL_GOODS
from tradeflows.tables.releases import family

if TYPE_CHECKING:
    from pandas import DataFrame

ADD_UP = "measures.sum_parts adds them up"
SHOWN = 6  # codes that a caveat names


def one_level(frame: DataFrame, products: list[list[str]]) -> Choice:
    """One level of product: the code asked for or, where a source lacks it, what lies under it.

    Adds ``asked``: the place of the product in the question, by which sources are compared.
    """
    if not products:
        return Choice(frame.assign(asked=0))
    cells = [*zip(frame["source_id"], frame["reporter_iso"], frame["cmd_code"], strict=True)]
    chosen: dict[tuple[str, str, str], int] = {}
    caveats: dict[str, None] = {}
    codes_of: dict[tuple[str, str], set[str]] = {}
    for source, reporter, code in dict.fromkeys(cells):
        codes_of.setdefault((source, reporter), set()).add(code)
    for (source, reporter), stated in codes_of.items():
        for place, alternatives in enumerate(products):
            taken = _levels(stated, alternatives)
            under = set() if taken else _under(stated, alternatives)
            if under:
                text = f"{source}: {', '.join(sorted(under))} is not all of {alternatives[0]}"
                caveats[f"{text}, so it does not stand for it"] = None
            for code in taken:
                other = chosen.setdefault((source, reporter, code), place)
                if other != place:
                    raise QueryError(
                        f"product={products[other][0]!r} and {alternatives[0]!r} "
                        f"share {code} in {source}; ask for one"
                    )
    if not chosen:
        parts = " or ".join(map(repr, sorted({*frame["cmd_code"]})))
        raise QueryError(f"{'; '.join(caveats)}; ask for a part that is held: product={parts}")
    answered = {*chosen.values()}
    silent = [each[0] for place, each in enumerate(products) if place not in answered]
    places = np.array([chosen.get(cell, -1) for cell in cells], "int64")
    kept = frame.assign(asked=places)[places >= 0]
    return Choice(kept, [*caveats, *(f"no row states {code}" for code in silent)])


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
    for (place, source), cells in groupby(rows, itemgetter(0, 1)) if products else ():
        stated = [code for *_, code in cells]
        if not {*stated}.intersection(products[place]):
            shown = ", ".join(stated[:SHOWN]) + " …" * (len(stated) > SHOWN)
            whole = products[place][0]
            caveats.append(f"{source}: no row is of {whole} as a whole; {shown} stands for it")
    return caveats


def total_or_parts(frame: DataFrame, sources: Mapping[str, Source]) -> Choice:
    """Of each cell of a source the total or, where it states none, the parts.

    What a user got from one publisher in many files is one source.
    """
    apart = ("source_id", "breakdown", "qty_unit")
    cell = [family(frame, sources)]
    cell += [frame[name] for name in schema.key(schema.TRADE) if name not in apart]
    is_total = frame["breakdown"].eq("total")
    kept = frame[is_total | ~is_total.groupby(cell).transform("any")]
    # By regime, by province; the number of a residual sets rows apart and is no way to part them.
    ways = kept["breakdown"].str.replace(r",residual=\d+|=[^,]*", "", regex=True)
    is_mixed = ways.groupby([column[kept.index] for column in cell]).transform("nunique").gt(1)
    if is_mixed.any():
        several = " or ".join(sorted(ways[is_mixed].unique()))
        choice = any_source(kept[is_mixed])
        raise QueryError(f"a cell is parted by {several}, each of which is all of it; add {choice}")
    parts = kept["breakdown"][kept["breakdown"].ne("total")]
    if parts.empty:
        return Choice(kept)
    names = sorted(parts.unique())
    some = ", ".join(names[:4]) + " …" * (len(names) > 4)
    return Choice(kept, [f"{len(parts)} rows are parts of what they state ({some}); {ADD_UP}"])
