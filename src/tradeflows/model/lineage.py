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
from functools import lru_cache, partial, reduce
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
    frames = {id(role.frame): role.frame for role in (*named, *kept) if isinstance(role, Role)}
    copies = {key: _copy_of(frame) for key, frame in frames.items()}
    if not any(lineage_of(copy) or set(PLACE) <= set(copy) for copy in copies.values()):
        return

    def frozen(role: Any) -> Any:
        return replace(role, frame=copies[id(role.frame)]) if isinstance(role, Role) else role

    kept_formulas = {
        column: replace(formula, names={key: frozen(role) for key, role in formula.names.items()})
        for column, formula in formulas.items()
    }
    shown = result.copy(deep=False)
    shown.attrs = {}
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

Names = Mapping[str, Role | np.ndarray]
Numbers = Callable[[np.ndarray], np.ndarray]
# Each function of a formula, and its slope.
_FUNCTIONS: dict[str, tuple[Numbers, Numbers]] = {
    "abs": (np.abs, lambda x: np.copysign(1.0, x)),
    "exp": (np.exp, np.exp),
    "log": (np.log, np.reciprocal),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
}
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

    Each name takes a small imaginary step in turn, as in Squire and Trapp (1998): the real part of
    the result is the number, and its imaginary part is the slope, to the last digits.

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
    n = len(values)
    steps = 1j * _STEP * np.eye(n)
    columns = {
        name: value + step for (name, value), step in zip(values.items(), steps, strict=True)
    }
    try:
        with np.errstate(divide="raise", invalid="raise", over="raise"):
            numbers = _array(node, columns, {}, n)
    except (ArithmeticError, ValueError) as error:
        raise QueryError(f"{formula!r} has no value: {error}") from error
    if np.isnan(numbers).any():
        raise QueryError(f"{formula!r} has no value: a number is missing")
    slopes = np.broadcast_to(numbers.imag / _STEP, n)
    return float(numbers.real[0]), dict(zip(values, slopes.tolist(), strict=True))


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
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](numbers(left), numbers(right))
        case ast.Call(func=ast.Name(id="sum"), args=[ast.ListComp() as terms]):
            return _sum_of_terms(terms, columns, names, n)
        case ast.Call(func=ast.Name(id="sum"), args=[ast.List(elts=[_, *_] as items)]):
            table = np.stack(np.broadcast_arrays(*map(numbers, items)))
            return math.fsum(table.real[:, 0]) + 1j * table.imag.sum(axis=0)
        case ast.Call(func=ast.Name(id=("max" | "min") as name), args=[_, *_] as items):
            return reduce(partial(_extreme, name), map(numbers, items))
        case ast.Call(func=ast.Name(id="round"), args=[item, places]):
            exact = numbers(item)  # in which the slopes are, too
            return round(float(exact.real[0]), int(numbers(places)[0])) + 1j * exact.imag
        case ast.Call(func=ast.Name(id=name), args=[item], keywords=[]) if name in _FUNCTIONS:
            function, slope = _FUNCTIONS[name]
            return _moved(numbers(item), function, slope)
        case ast.Name(id=name):
            raise QueryError(f"no value for {name}; there are {', '.join(columns) or 'none'}")
    raise QueryError(f"{ast.unparse(node)!r} is no arithmetic of a formula")


def _moved(x: np.ndarray, function: Numbers, slope: Numbers) -> np.ndarray:
    """`function` of `x`, and of the steps in it what `slope` makes of them."""
    return function(x.real) + 1j * slope(x.real) * x.imag if np.iscomplexobj(x) else function(x)


def _extreme(name: str, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The larger or the smaller of two, the first of equals."""
    is_first = a.real >= b.real if name == "max" else a.real <= b.real
    return np.where(np.isnan(a) | np.isnan(b), np.nan, np.where(is_first, a, b))


def _power(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if np.iscomplexobj(b):
        raise QueryError("a formula has ** with a constant alone")
    return _moved(a, lambda x: x**b, lambda x: b * x ** (b - 1))


_OPERATORS: dict[type[ast.operator], Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: lambda a, b: a / np.where(b.real == 0, np.nan, b),
    ast.Pow: _power,
}


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
        role = names.get(ast.unparse(role_name))
        if not isinstance(role, Role):
            raise QueryError(f"{ast.unparse(role_name)} is no list of numbers")
        single[ast.unparse(variable)], slot = role.entries(n)
    whole = {name: np.broadcast_to(column, n)[slot] for name, column in columns.items()}
    each_term = _array(terms.elt, {**whole, **single}, {}, len(slot))
    return np.bincount(slot, np.broadcast_to(each_term, slot.shape), minlength=n)
