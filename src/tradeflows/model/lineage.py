"""What a number was made of: a formula over roles, kept in ``frame.attrs["made"]``.

A measure writes a formula once: :meth:`Formula.numbers` computes it over arrays, and
:func:`tradeflows.trace` explains a number by it.

A role is a name in a formula; it stands for the sum of the numbers that entered under it. A
formula is Python arithmetic: ``+ - * / **``, ``abs exp log max min round sqrt``, ``sum([…])``, and
two forms that take a role number by number, ``sum([v ** 2 for v in value])`` and
``sum([p * q for p, q in zip(price, amount)])``.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tradeflows.model.attached import Attached
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
    row: np.ndarray | None = None
    slot: np.ndarray | None = None
    values: np.ndarray | None = None
    empty: float = math.nan

    def input_rows(self, wanted: np.ndarray) -> list[np.ndarray]:
        """Rows that entered each of the result's rows `wanted`."""
        if self.slot is None:
            row = wanted if self.row is None else self.row[wanted]
            return [row[i : i + 1] if row[i] >= 0 else row[:0] for i in range(len(row))]
        order = np.argsort(self.slot, kind="stable")
        slot = self.slot[order]
        row = order if self.row is None else self.row[order]
        starts = np.searchsorted(slot, wanted, "left")
        stops = np.searchsorted(slot, wanted, "right")
        return [row[a:b] for a, b in zip(starts, stops, strict=True)]

    def entries(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The numbers that entered a result of `n` rows, NaN for none, and the row of each."""
        figures = self.values
        if figures is None:
            figures = self.frame[self.column].to_numpy("float64", na_value=np.nan)
        row = np.arange(len(figures)) if self.row is None else self.row
        known = np.append(figures, np.nan)[row]  # place -1 is none
        slot = np.arange(n) if self.slot is None else self.slot
        return known[slot >= 0], slot[slot >= 0]

    def sums(self, n: int) -> np.ndarray:
        """The sum of what entered each of `n` rows, `empty` where nothing did."""
        numbers, slot = self.entries(n)
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
    names: Mapping[str, Role | np.ndarray]
    which: np.ndarray | None = None

    def of(self, rows: np.ndarray) -> list[str]:
        """The formula of each of `rows`."""
        if isinstance(self.text, str):
            return [self.text] * len(rows)
        return [self.text[i] for i in (rows if self.which is None else self.which[rows])]

    def numbers(self, n: int) -> np.ndarray:
        """What the formula comes to in each of `n` rows.

        NaN where a number is missing, a divisor is 0 or a root or logarithm has no value.
        """
        if isinstance(self.text, str):
            return _column(parse(self.text), self.names, n)
        which = np.arange(n) if self.which is None else self.which
        result = np.full(n, np.nan)
        for i, text in enumerate(self.text):
            if (which == i).any():
                result = np.where(which == i, _column(parse(text), self.names, n), result)
        return result


class Lineage(Attached):
    """The lineage of a frame; its text is the formulas.

    Attributes
    ----------
    result
        The frame as the measure gave it, to tell whether a later one is still of its rows.
    formulas
        By column.
    kept
        Frames whose other columns were passed on, row by row.
    """

    result: pd.DataFrame
    formulas: Mapping[str, Formula]
    kept: Sequence[Role]

    def __new__(
        cls, result: pd.DataFrame, formulas: Mapping[str, Formula], kept: Sequence[Role]
    ) -> Self:
        """Take the parts, and the formulas as the text."""
        texts = []
        for name, formula in formulas.items():
            text = formula.text if isinstance(formula.text, str) else " or ".join(formula.text)
            texts.append(f"{name} = {text}")
        made = super().__new__(cls, "; ".join(texts) or "rows as they came")
        made.result, made.formulas, made.kept = result, formulas, kept
        return made


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
    roles = [role for role in (*named, *kept) if isinstance(role, Role)]
    frames = {id(role.frame): role.frame for role in roles}
    copies = {key: _copy_of(frame) for key, frame in frames.items()}
    if not any(lineage_of(copy) or set(PLACE) <= set(copy) for copy in copies.values()):
        return

    def frozen(role: Any) -> Any:
        return replace(role, frame=copies[id(role.frame)]) if isinstance(role, Role) else role

    shown = result.copy(deep=False)
    shown.attrs = {}
    kept_formulas = {}
    for name, formula in formulas.items():
        names = {key: frozen(role) for key, role in formula.names.items()}
        kept_formulas[name] = replace(formula, names=names)
    result.attrs[MADE] = Lineage(shown, kept_formulas, [frozen(role) for role in kept])
    once(result, MADE, lambda: True)  # that nobody has changed it since


def _copy_of(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame as it is now, one and the same for all that is made of it."""
    return once(frame, "copy", lambda: frame.copy(deep=False))


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

Slopes = Mapping[str, float]
_FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "abs": (abs, lambda x: math.copysign(1.0, x)),
    "exp": (math.exp, math.exp),
    "log": (math.log, lambda x: 1 / x),
    "sqrt": (math.sqrt, lambda x: 0.5 / math.sqrt(x)),
}


@lru_cache(4096)
def parse(formula: str) -> ast.expr:
    """The expression that `formula` is, or QueryError."""
    try:
        return ast.parse(formula, mode="eval").body
    except SyntaxError as error:
        raise QueryError(f"{formula!r} is no formula: {error.msg}") from error


def evaluate(formula: str, values: Mapping[str, float]) -> tuple[float, Slopes]:
    """What `formula` comes to, and its slope in each of its names.

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
    try:
        return _value(parse(formula), values)
    except (ArithmeticError, ValueError) as error:
        raise QueryError(f"{formula!r} has no value: {error}") from error


def _value(node: ast.expr, values: Mapping[str, float]) -> tuple[float, Slopes]:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number), {}
        case ast.Name(id=name) if name in values:
            return values[name], {name: 1.0}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            value, slopes = _value(operand, values)
            return -value, _mix((-1.0, slopes))
        case ast.BinOp(left=left, op=op, right=right):
            return _binary(op, *_value(left, values), *_value(right, values))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            result = _call(name, arguments, values)
            if result is not None:
                return result
        case ast.Name(id=name):
            raise QueryError(f"no value for {name}; there are {', '.join(values) or 'none'}")
    raise QueryError(f"{ast.unparse(node)!r} is no arithmetic of a formula")


def _call(
    name: str, arguments: Sequence[ast.expr], values: Mapping[str, float]
) -> tuple[float, Slopes] | None:
    """What a function of a formula comes to; nothing where it is none of a formula's."""
    match name, arguments:
        case "sum", [ast.List(elts=items)]:
            terms = [_value(item, values) for item in items]
            slopes = [(1.0, slopes) for _, slopes in terms]
            return math.fsum(value for value, _ in terms), _mix(*slopes)
        case (("max" | "min"), [_, *_]):
            choose = max if name == "max" else min
            return choose((_value(item, values) for item in arguments), key=itemgetter(0))
        case "round", [item, places]:
            value, slopes_of = _value(item, values)
            return round(value, int(_value(places, values)[0])), slopes_of
        case _, [item] if name in _FUNCTIONS:
            function, slope = _FUNCTIONS[name]
            value, slopes_of = _value(item, values)
            return function(value), _mix((slope(value), slopes_of)) if slopes_of else {}
    return None


def _binary(
    op: ast.operator, a: float, of_a: Slopes, b: float, of_b: Slopes
) -> tuple[float, Slopes]:
    match op:
        case ast.Add():
            return a + b, _mix((1.0, of_a), (1.0, of_b))
        case ast.Sub():
            return a - b, _mix((1.0, of_a), (-1.0, of_b))
        case ast.Mult():
            return a * b, _mix((b, of_a), (a, of_b))
        case ast.Div():
            return a / b, _mix((1 / b, of_a), (-a / b / b, of_b))
        case ast.Pow() if not of_b:
            return math.pow(a, b), _mix((b * math.pow(a, b - 1), of_a))
    raise QueryError("a formula has + - * / and ** with a constant")


def _mix(*parts: tuple[float, Slopes]) -> Slopes:
    """Slopes of a sum of parts, each with a factor."""
    total: dict[str, float] = {}
    for factor, slopes in parts:
        for name, slope in slopes.items():
            total[name] = total.get(name, 0.0) + factor * slope
    return total


# --- what a formula comes to over arrays ----------------------------------------------------------

Names = Mapping[str, Role | np.ndarray]
_ARRAYS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "abs": np.abs,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
}


def _column(node: ast.expr, names: Names, n: int) -> np.ndarray:
    """The numbers of all `n` rows; what has no value in a row is NaN."""
    columns = {}
    used = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    for name in used & set(names):
        behind = names[name]
        columns[name] = behind.sums(n) if isinstance(behind, Role) else behind.astype("float64")
    with np.errstate(all="ignore"):
        numbers = np.broadcast_to(_array(node, columns, names, n), n)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _array(node: ast.expr, columns: Mapping[str, np.ndarray], names: Names, n: int) -> np.ndarray:
    """What `node` comes to, given an array behind each of its names."""

    def numbers(part: ast.expr) -> np.ndarray:
        return _array(part, columns, names, n)

    match node:
        case ast.Constant(value=int() | float() as number):
            return np.float64(number) * np.ones(1)
        case ast.Name(id=name) if name in columns:
            return columns[name]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -numbers(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return _combine(op, numbers(left), numbers(right))
        case ast.Call(func=ast.Name(id="sum"), args=[ast.ListComp() as terms]):
            return _sum_of_terms(terms, columns, names, n)
        case ast.Call(func=ast.Name(id=("max" | "min") as name), args=[first, second]):
            choose = np.maximum if name == "max" else np.minimum
            return np.asarray(choose(numbers(first), numbers(second)))
        case ast.Call(func=ast.Name(id=name), args=[item]) if name in _ARRAYS:
            return _ARRAYS[name](numbers(item))
    raise QueryError(f"{ast.unparse(node)!r} is no arithmetic of a formula")


def _combine(op: ast.operator, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    match op:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
        case ast.Div():
            return a / np.where(b == 0, np.nan, b)
        case ast.Pow():
            return np.asarray(a**b)
    raise QueryError("a formula has + - * / and **")


def _sum_of_terms(
    terms: ast.ListComp, columns: Mapping[str, np.ndarray], names: Names, n: int
) -> np.ndarray:
    """The sum over the single numbers of a role, or of several that go together."""
    generator = terms.generators[0]
    over, target = generator.iter, generator.target
    lists = over.args if isinstance(over, ast.Call) else [over]
    variables = target.elts if isinstance(target, ast.Tuple) else [target]
    slot = np.zeros(0, "int64")
    single: dict[str, np.ndarray] = {}
    for variable, role_name in zip(variables, lists, strict=True):
        role = names[ast.unparse(role_name)]
        if not isinstance(role, Role):
            raise QueryError(f"{ast.unparse(role_name)} is one number a row, and no list")
        single[ast.unparse(variable)], slot = role.entries(n)
    whole = {name: np.broadcast_to(column, n)[slot] for name, column in columns.items()}
    each_term = _array(terms.elt, {**whole, **single}, {}, len(slot))
    return np.bincount(slot, np.broadcast_to(each_term, slot.shape), minlength=n)
