"""What old buyers gave up and new buyers took."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tradeflows.measures.common import (
    listed,
    require_columns,
    require_disjoint,
    require_single_value,
    with_lineage,
)
from tradeflows.measures.sums import stack, total
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import Window, ends_of, span, window_text

_GAIN = "sum([max(0, c) for c in gain])"
_LOSS = "sum([max(0, -c) for c in loss])"


def displacement(
    frame: pd.DataFrame,
    value: str,
    old: str | Sequence[str],
    new: str | Sequence[str],
    base: Window,
    after: Window,
    by: str = "reporter_iso",
) -> pd.DataFrame:
    """Divide new buyers' gain, ``Σ max(0, q1 - q0)``, by old buyers' loss, ``Σ max(0, q0 - q1)``.

    Above 1, more was gained than lost. The net form lets a new buyer's fall count against the
    others' gain: ``Σ_new (q1 - q0) / Σ_old (q0 - q1)``.

    Parameters
    ----------
    old, new
        Buyers, as codes of the column `by`.
    base, after
        Windows compared; q0 and q1 are means over the months with a figure, so that windows of
        different length compare.

    Returns
    -------
    DataFrame, one row a buyer
        `by`, ``role``, ``<value>_base`` and ``<value>_after`` (a month), ``change``, ``part``
        (the new buyer's part of the ratio), ``displacement`` and ``displacement_net`` (the same
        in all rows; null where nothing was lost), ``months_base``, ``months_after``,
        ``complete`` and ``missing``.

    Raises
    ------
    QueryError
        A buyer is absent, in both roles, part of another, or has no figure in a window.
    """
    require_columns(frame, by, value)
    role = {
        buyer: name for name, buyers in (("old", old), ("new", new)) for buyer in _tuple(buyers)
    }
    if len(role) < len(_tuple(old)) + len(_tuple(new)):
        raise QueryError(f"a buyer is named twice among {', '.join(_tuple(old) + _tuple(new))}")
    if absent := [buyer for buyer in role if buyer not in set(frame[by])]:
        raise QueryError(f"{by} has no {', '.join(absent)}; it has {listed(frame, by)}")
    buyers = frame[frame[by].isin(list(role))]
    require_disjoint(buyers, by)
    over = [name for name in ("cmd_code", "classification_code") if name in frame and name != by]
    for _, one in buyers.groupby(by):
        require_single_value(
            one, over[:1]
        )  # buyers may hold a product at different levels, each at one
    result = pd.DataFrame({by: role.keys(), "role": role.values()})
    missing, names = [], dict[str, Any]()
    for name, window, count in (("base", base, "m"), ("after", after, "n")):
        start, end = ends_of(window)
        sums = total(buyers, value, [by], over, start, end)
        at = pd.Index(sums[by]).get_indexer(result[by])
        names[name], sums = Role(sums, value, at), sums.iloc[at]
        if len(empty := sums.loc[sums["n_stated"] == 0, by]):
            raise QueryError(
                f"{empty.iloc[0]} has no {value} from {start} to {end}: choose "
                "another window or leave the buyer out"
            )
        result[f"{value}_{name}"] = (sums[value] / sums["n_stated"]).to_numpy()
        result[f"months_{name}"] = names[count] = sums["n_stated"].to_numpy()
        missing.append(sums["missing"].to_list())
    result["change"] = result[f"{value}_after"] - result[f"{value}_base"]
    formulas = {
        f"{value}_base": Formula("base / m", names),
        f"{value}_after": Formula("after / n", names),
        "change": Formula("after / n - base / m", names),
    }
    table = with_lineage(result.copy(), formulas=formulas)
    won, lost = result["role"].eq("new"), -result.loc[result["role"].eq("old"), "change"]
    loss = lost.clip(lower=0).sum() or np.nan
    result["part"] = result["change"].clip(lower=0).where(won) / loss
    result["displacement"] = result["part"].sum(min_count=1)
    net = lost.sum() if lost.sum() > 0 else np.nan
    result["displacement_net"] = result.loc[won, "change"].sum() / net
    result["missing"] = [", ".join(filter(None, found)) for found in zip(*missing, strict=True)]
    result["complete"] = result["missing"].eq("")
    spans = f"{window_text(base)} and {window_text(after)}"
    caveats = [f"{value} as means of the months with a figure, {spans}"]
    if len({frozenset(month % 12 for month in range(*span(each))) for each in (base, after)}) > 1:
        caveats.append("the two windows hold different months of the year")
    caveats += [
        f"{buyer} lacks {found}"
        for buyer, found in zip(result[by], result["missing"], strict=True)
        if found
    ]
    sides = {
        "change": Role(table, "change"),
        "gain": _in_each(table, won),
        "loss": _in_each(table, ~won),
    }
    ratios = {
        "displacement": Formula(f"{_GAIN} / {_LOSS}", sides),
        "displacement_net": Formula("gain / -loss", sides),
        "part": Formula(f"max(0, change) / {_LOSS}", sides),
    }
    return with_lineage(result, frame, caveats=caveats, formulas=ratios | formulas)


def _in_each(table: pd.DataFrame, side: pd.Series) -> Role:
    """The change of every buyer of one side, which enters each row."""
    buyers = np.flatnonzero(side)
    n = len(table)
    return Role(table, "change", np.tile(buyers, n), np.arange(n).repeat(len(buyers)))


def displacement_over(
    frame: pd.DataFrame,
    value: str,
    old: str | Sequence[str],
    new: str | Sequence[str],
    windows: Mapping[str, tuple[Window, Window]],
    event: str | None = None,
    by: str = "reporter_iso",
) -> pd.DataFrame:
    """Apply :func:`displacement` to several windows: a range instead of one number.

    Parameters
    ----------
    windows
        Name of each comparison, with its base and its after window.
    event
        Month of the event; a comparison that ends before it is a placebo.

    Returns
    -------
    DataFrame, one row a comparison
        ``window``, ``base``, ``after``, ``placebo``, ``<value>_gain`` and ``<value>_loss`` (a
        month), ``displacement``, ``displacement_net``, ``part_<buyer>`` of each new buyer and
        ``complete``.

    Raises
    ------
    QueryError
        As :func:`displacement`, naming the window.
    """
    rows, inputs = [], {}
    for name, (base, after) in windows.items():
        try:
            one = displacement(frame, value, old, new, base, after, by)
        except QueryError as error:
            raise QueryError(f"{name}: {error}") from error
        won = one["role"].eq("new")
        rows.append(
            {
                "window": name,
                "base": window_text(base),
                "after": window_text(after),
                "placebo": event is not None and span(after)[1] <= span(event)[0],
                f"{value}_gain": one.loc[won, "change"].clip(lower=0).sum(),
                f"{value}_loss": -one.loc[~won, "change"].clip(upper=0).sum(),
                **one.loc[0, ["displacement", "displacement_net"]],
                **one[won].set_index(by)["part"].add_prefix("part_"),
                "complete": one["complete"].all(),
            }
        )
        inputs[name] = one
    every, n = stack(inputs, "window"), len(one)  # n buyers a window
    won, row = every["role"].eq("new").to_numpy(), np.arange(len(every))
    gain, loss = (Role(every, "change", row[side], row[side] // n) for side in (won, ~won))
    places = {name: (name, row[::n]) for name in ("displacement", "displacement_net")}
    places |= {f"part_{buyer}": ("part", row[every[by].eq(buyer)]) for buyer in _tuple(new)}
    formulas = {
        name: Formula("ratio", {"ratio": Role(every, column, at)})
        for name, (column, at) in places.items()
    }
    formulas[f"{value}_gain"] = Formula(_GAIN, {"gain": gain})
    formulas[f"{value}_loss"] = Formula(_LOSS, {"loss": loss})
    return with_lineage(pd.DataFrame(rows), frame, every, formulas=formulas)


def _tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
