"""What a number was made of: a formula over roles, kept in ``frame.attrs["made"]``.

A measure writes a formula once: :meth:`Formula.numbers` computes it over arrays, and
:func:`tradeflows.trace` explains a number by it.

A role is a name in a formula; it stands for the sum of the numbers that entered under it. A
formula is Python arithmetic: ``+ - * /``, ``**`` with a constant, ``exp log round``, ``max`` of
two, ``sum([…])``, and two forms that take a role number by number, ``sum([v ** 2 for v in value])``
and ``sum([p * q for p, q in zip(price, amount)])``.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from tradeflows.model.attached import Kept
from tradeflows.model.errors import QueryError
from tradeflows.model.memory import once

if TYPE_CHECKING:
    import pandas as pd

PLACE = ("source_id", "source_row", "source_field")  # what follows a row to its raw line
MADE = "made"
COUNT = "sum([v ** 0 for v in value])"  # of rows, each by its figure


# --- what a measure records -----------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Role:
    """Numbers that enter a result under one name.

    Attributes
    ----------
    frame, column
        Where they stand; no `column` means the one that is asked for.
    row, slot
        The row ``row[i]`` of `frame` enters the row ``slot[i]`` of the result, both by position
        and -1 for none. Without `row` it is row ``i``, and without `slot` result row ``i``.
    values
        The figures of all rows of `frame`, where a measure takes some of the column's for null.
    empty
        What it comes to in a row of the result that nothing entered.
    """

    frame: pd.DataFrame
    column: str = ""
    row: ndarray | None = None
    slot: ndarray | None = None
    values: ndarray | None = None
    empty: float = math.nan

    def _rows_and_slots(self) -> tuple[ndarray, ndarray]:
        row = np.arange(len(self.frame)) if self.row is None else self.row
        return row, np.arange(len(row)) if self.slot is None else self.slot

    def input_rows(self, wanted: ndarray) -> list[ndarray]:
        """Rows that entered each of the result's rows `wanted`."""
        row, slot = self._rows_and_slots()
        order = np.argsort(slot, kind="stable")
        order = order[row[order] >= 0]
        starts, stops = (np.searchsorted(slot[order], wanted, side) for side in ("left", "right"))
        return [row[order[a:b]] for a, b in zip(starts, stops, strict=True)]

    def entries(self) -> tuple[ndarray, ndarray]:
        """The numbers that entered, NaN for none, and the row of the result of each."""
        row, slot = self._rows_and_slots()
        figures = self.values
        if figures is None:
            figures = self.frame[self.column].to_numpy("float64", na_value=np.nan)
        known = np.append(figures, np.nan)[row]  # place -1 is none
        return known[slot >= 0], slot[slot >= 0]

    def sums(self, n: int) -> ndarray:
        """The sum of what entered each of `n` rows, `empty` where nothing did."""
        numbers, slot = self.entries()
        sums = np.bincount(slot, numbers, minlength=n)
        return np.where(np.bincount(slot, minlength=n) > 0, sums, self.empty)


@dataclass(frozen=True, eq=False)
class Formula:
    """How one column came about.

    Attributes
    ----------
    text
        The formula of all rows, or several.
    names
        The role behind each name, or an array of one constant a row. No name has an underscore.
    which
        Of several formulas, the one that holds for each row.
    """

    text: str | Sequence[str]
    names: Mapping[str, Role | ndarray]
    which: ndarray | None = None

    def of(self, rows: ndarray) -> list[str]:
        """The formula of each of `rows`."""
        if isinstance(self.text, str):
            return [self.text] * len(rows)
        return [self.text[i] for i in (rows if self.which is None else self.which[rows])]

    def numbers(self, n: int) -> ndarray:
        """What the formula comes to in each of `n` rows.

        NaN where a number is missing, a divisor is 0 or a root or logarithm has no value.
        """
        texts = np.array(self.of(np.arange(n)), object)
        result = np.full(n, np.nan)
        for text in dict.fromkeys(texts):
            with np.errstate(all="ignore"):
                numbers = _array(parse(text), self.names, n)
            result = np.where((texts == text) & np.isfinite(numbers), numbers, result)
        return result


class Lineage(Kept):
    """The lineage of a frame; its text is the formulas.

    Attributes
    ----------
    result
        The frame as the measure gave it, to tell whether a later one is still of its rows; one of
        ``frames`` where it has a unit.
    formulas
        By column.
    kept
        Frames whose other columns were passed on, row by row.
    """

    result: pd.DataFrame
    formulas: Mapping[str, Formula]
    kept: Sequence[Role]


def lineage_of(frame: pd.DataFrame) -> Lineage | None:
    """The lineage of `frame`, if a measure made it and nothing has taken it since."""
    lineage = frame.attrs.get(MADE)
    return lineage if isinstance(lineage, Lineage) else None


def record(
    result: pd.DataFrame, formulas: Mapping[str, Formula], kept: Sequence[Role] = ()
) -> None:
    """Set the lineage of `result`, if any input leads to a raw line or to a lineage.

    Frames are held as they are now, which costs nothing until somebody changes them.
    """
    result.attrs.pop(MADE, None)
    named = [role for formula in formulas.values() for role in formula.names.values()]
    frames = [role.frame for role in (*named, *kept) if isinstance(role, Role)]
    if not any(lineage_of(frame) or set(PLACE) <= set(frame) for frame in frames):
        return

    def frozen(role: Any) -> Any:
        if not isinstance(role, Role):
            return role
        copied = once(role.frame, "copy", partial(role.frame.copy, deep=False))
        once(copied, MADE, lambda: once(role.frame, MADE, lambda: False))
        return replace(role, frame=copied)

    made = {
        column: replace(formula, names={key: frozen(role) for key, role in formula.names.items()})
        for column, formula in formulas.items()
    }
    shown = result.copy(deep=False)
    shown.attrs = {}
    texts = [f"{name} = {formula.text}" for name, formula in formulas.items()]
    roles = [frozen(role) for role in kept]
    held = (shown,) * ("unit" in shown)
    text = "; ".join(texts) or "rows as they came"
    result.attrs[MADE] = Lineage(text, frames=held, result=shown, formulas=made, kept=roles)
    once(result, MADE, lambda: True)  # that nobody has changed it since


def full_number(value: float, digits: int = 15) -> str:
    """A number to so many figures, by default all that a float holds, its thousands set apart."""
    text = f"{float(f'{value:.{digits}g}'):,.15g}"
    return f"{value:,.0f}" if "e+" in text else text


def padded_number(value: float, digits: int = 3) -> str:
    """A number to just so many figures, its last zeros kept: 47.0, as 79.2 stands beside it.

    Examples
    --------
    >>> from tradeflows.model.lineage import padded_number
    >>> [padded_number(value) for value in (47, 79.2, 0.13, 4798, 0)]
    ['47.0', '79.2', '0.130', '4,800', '0']
    """
    rounded = float(f"{value:.{digits}g}")
    if not rounded or not math.isfinite(rounded):
        return f"{abs(rounded):g}"
    before = math.floor(math.log10(abs(rounded))) + 1
    return f"{rounded:,.{max(0, digits - before)}f}"


# --- what a formula comes to ----------------------------------------------------------------------

Names = Mapping[str, Role | ndarray]
_STEP = 1e-170  # its square is no number any more


@lru_cache(4096)
def parse(formula: str) -> ast.expr:
    """The expression that `formula` is, or QueryError."""
    try:
        return ast.parse(formula, mode="eval").body
    except SyntaxError as error:
        raise QueryError(f"{formula!r} is no formula: {error.msg}") from error


def evaluate(formula: str, values: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """What `formula` comes to, and its slope in each of its names.

    For the slopes each name takes a small imaginary step in turn, as in Squire and Trapp (1998):
    the imaginary part of the result is the slope, to the last digits.

    Parameters
    ----------
    formula
        Arithmetic, as this module describes it, without ``for``.
    values
        The number behind each name.

    Raises
    ------
    QueryError
        Anything but arithmetic, a name without a value, or no number as the result.
    """
    node = parse(formula)
    point = np.array([*values.values()], "float64")
    steps = point[:, None] + 1j * _STEP * np.eye(len(point))
    try:
        with np.errstate(divide="raise", invalid="raise", over="raise"):
            number = float(_array(node, dict(zip(values, point[:, None], strict=True)), 1)[0])
        with np.errstate(all="ignore"):
            moved = _array(node, dict(zip(values, steps, strict=True)), len(point))
    except (ArithmeticError, TypeError, ValueError) as error:
        raise QueryError(f"{formula!r} has no value: {error}") from error
    if math.isnan(number):
        raise QueryError(f"{formula!r} has no value: a number is missing")
    slopes = np.broadcast_to(moved.imag / _STEP, len(point))
    return number, dict(zip(values, slopes.tolist(), strict=True))


_OPERATORS: dict[type, Any] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: lambda a, b: a / np.where(b.real == 0, np.nan, b),
}
_FUNCTIONS: dict[str, Any] = {
    "exp": lambda x: np.exp(x),
    "log": lambda x: np.log(x),
    "max": lambda a, b: np.where(np.isnan(b) | (b.real > a.real), b, a),
    # Of one number alone, in whose imaginary part the slopes are.
    "round": lambda x, places: round(float(x.real[0]), int(places.real[0])) + (x - x.real),
}


def _array(node: ast.expr, names: Names, n: int) -> ndarray:
    """What `node` comes to in each of `n` rows, or one number for them all."""

    def numbers(part: ast.expr) -> ndarray:
        return _array(part, names, n)

    match node:
        case ast.Constant(value=int() | float() as number):
            return np.full(1, float(number))
        case ast.Name(id=name) if name in names:
            behind = names[name]
            return behind.sums(n) if isinstance(behind, Role) else behind * 1.0
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -numbers(operand)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant() as power):
            return np.power(numbers(left), numbers(power))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](numbers(left), numbers(right))
        case ast.Call(func=ast.Name(id="sum"), args=[ast.ListComp() as terms]):
            return _sum_of_terms(terms, names, n)
        case ast.Call(func=ast.Name(id="sum"), args=[ast.List(elts=[_, *_] as items)]):
            table = np.stack(np.broadcast_arrays(*map(numbers, items)))
            return math.fsum(table.real[:, 0]) + (table - table.real).sum(axis=0)
        case ast.Call(func=ast.Name(id=name), args=items, keywords=[]) if name in _FUNCTIONS:
            return _FUNCTIONS[name](*map(numbers, items))
    known = ", ".join(names) or "none"
    raise QueryError(f"{ast.unparse(node)!r} is no arithmetic of a formula over {known}")


def _sum_of_terms(terms: ast.ListComp, names: Names, n: int) -> ndarray:
    """The sum over the single numbers of a role, or of several that go together."""
    loop = terms.generators[0]
    lists = [names.get(name) for name in ids(loop.iter) if name != "zip"]
    entries = [role.entries() for role in lists if isinstance(role, Role)]
    if not entries or len(entries) != len(lists):
        raise QueryError(f"{ast.unparse(loop.iter)} is no list of numbers")
    slot = entries[0][1]
    known = {name: _array(ast.Name(name), names, n) for name in ids(terms.elt) if name in names}
    known = {name: np.broadcast_to(numbers, n)[slot] for name, numbers in known.items()}
    single = zip(ids(loop.target), (numbers for numbers, _ in entries), strict=True)
    numbers = _array(terms.elt, known | dict(single), len(slot))
    return np.bincount(slot, np.broadcast_to(numbers, slot.shape), minlength=n)


def ids(node: ast.expr) -> list[str]:
    """The names in a formula, or in a part of one."""
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name)]
