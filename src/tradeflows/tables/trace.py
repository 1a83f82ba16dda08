"""From a number back to the lines of raw files that it was made of.

:func:`trace` follows the lineage that measures record (:mod:`tradeflows.model.lineage`) down to
rows of a table, those to the lines of the catalogued files, and then computes the number again
from them.
"""

import ast
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from pandas import DataFrame, Series

from tradeflows import tables
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import (
    COUNT,
    MADE,
    PLACE,
    Formula,
    Lineage,
    Role,
    evaluate,
    ids,
    lineage_of,
    parse,
    record,
)
from tradeflows.model.memory import once
from tradeflows.model.periods import ends_text, month_of
from tradeflows.model.source import Source
from tradeflows.publishers import registry
from tradeflows.retrieval import catalogue

COLUMNS = [
    "row",
    "formula",
    "role",
    "value",
    "unit",
    "sign",
    *PLACE,
    "path",
    "line",
    "text",
    "publisher",
    "address",
    "declared_zero",
    "ref_period",
    "raw_column",
]
EXACT = 1e-12  # of the largest part of a number: what sums in another order may differ by
# What tells rows apart: as long as a frame has these, they must be as the measure gave them.
_KEYS = (*PLACE, "reporter_iso", "partner_iso", "flow_code", "cmd_code", "ref_period", "n_months")
_TODO = "trace before that, or apply the measure after it"


@dataclass(frozen=True, order=True)
class Line:
    """One number of a table, by its place in the raw file.

    Of a declared zero (`is_zero`) it is the reporter's other line of that period.
    """

    source_id: str
    source_row: int
    source_field: str
    column: str
    value: float
    is_zero: bool = False

    @property
    def place(self) -> tuple[int, str]:
        """Which record of its file, and which field of it."""
        return self.source_row, self.source_field

    @property
    def row(self) -> tuple[str, int, str]:
        """Which row of its table, by :data:`tradeflows.model.lineage.PLACE`."""
        return self.source_id, *self.place


@dataclass(frozen=True)
class Number:
    """A number as a formula over roles, and the lines that each role is the sum of."""

    formula: ast.expr
    roles: Mapping[str, list[Line]]

    @property
    def plain(self) -> bool:
        """Whether it is a sum of lines and no more."""
        return isinstance(self.formula, ast.Name)


def trace(frame: DataFrame, column: str | None = None, root: Path | None = None) -> DataFrame:
    """Raw lines that the numbers of a frame were made of, and the formula that makes them again.

    Parameters
    ----------
    frame
        What :func:`tradeflows.read` or a measure returned, filtered, sorted and with more columns
        as you like.
    column
        The column to follow; by default the one that the measure is named for.
    root
        The project's folder; of an answer the one that it was asked of, else found as
        :func:`tradeflows.retrieval.catalogue.root` says.

    Returns
    -------
    DataFrame, one row a term of each number that is not null
        ``row`` (its label in `frame`), ``formula``, ``role`` (the name in the formula; a role is
        the sum of its terms), ``value`` in ``unit``, ``sign`` (1 where a larger term makes a
        larger number, -1 where a smaller one, 0 where it makes no difference), ``source_id``,
        ``source_row``, ``source_field``, ``path`` (of a zip ``file.zip!member``), ``line`` (from 1,
        the header is counted), ``text`` (as it stands: the line, all days of a monthly mean, the
        row of a page, the member of a reply, the cell of a cube), ``publisher``, ``address`` (or
        the steps to obtain the file, where it has none), ``declared_zero``: the value 0 stands
        for an absent row, as the source declares, and the line is the reporter's other one of that
        period; ``ref_period`` (as text, "" where it has none), and ``raw_column``, where the figure
        stands in a line of several. The order of input rows does not matter.

    Raises
    ------
    QueryError
        The frame cannot be traced: the message says what took its lineage, and what to do. Or the
        terms do not come to the number, to 12 figures of its largest part.
    SourceError
        A raw file is missing or altered.
    BuildError
        The tables are absent or older than their sources.

    Examples
    --------
    >>> import tradeflows as tf
    >>> asked = {"product": "27090000", "reporter": "China", "partner": "Russia", "start": "2023"}
    >>> year = tf.measures.total(tf.read(**asked, end="2023", publisher="gacc"), "net_wgt_kg")
    >>> tf.trace(year)[["value", "unit", "line"]].tail(2)
                   value unit  line
    10  8.999569e+09   kg   528
    11  9.561014e+09   kg   529
    """
    column = _main(frame) if column is None else column
    if column not in frame:
        raise QueryError(f"the frame has no column {column}")
    with catalogue.within(frame.attrs):
        rows = [(frame.index[at], *term) for at, *term in followed(frame, column, root)]
    if not rows:
        raise QueryError(f"{column} holds no number, so there is nothing to trace")
    terms = DataFrame(rows, columns=COLUMNS)
    terms.attrs = {name: frame.attrs.get(name, ()) for name in ("sources", "caveats")}
    return terms


def followed(frame: DataFrame, column: str, root: Path | None = None) -> Iterator[tuple[Any, ...]]:
    """Each term of each number in `column`: the row's position, then :data:`COLUMNS` but ``row``.

    Raises
    ------
    QueryError, SourceError, BuildError
        As :func:`trace`.
    """
    frame = _found_again(frame, column, root)
    values = floats(frame[column])
    at = np.flatnonzero(~np.isnan(values))
    numbers = _numbers(frame, column, at) if len(at) else []
    raw = _raw({line for number in numbers for line in _lines(number)}, root)
    for i, number in zip(at.tolist(), numbers, strict=True):
        formula = ast.unparse(number.formula)
        sums = {
            role: math.fsum(line.value for line in lines) for role, lines in number.roles.items()
        }
        result, slopes = evaluate(formula, sums)
        value = values[i]
        parts = [abs(slope * sums[role]) for role, slope in slopes.items()]
        largest = max([abs(value), *parts])
        if not abs(result - value) <= EXACT * largest:
            label = frame.index[i]
            raise QueryError(
                f"{column} of row {label} is {value}, but its lines come to {result} by {formula}"
            )
        for role, lines in number.roles.items():
            sign = int(np.sign(slopes.get(role, 0.0)))
            for line in lines:
                unit, *rest = raw[line]
                yield i, formula, role, line.value, unit, sign, *rest


def _found_again(frame: DataFrame, column: str, root: Path | None) -> DataFrame:
    """`frame` and, if it is an answer that was saved, what its values were made of, by place."""
    if column != "value" or lineage_of(frame) or not {*PLACE, "unit"} <= {*frame}:
        return frame
    root = root or catalogue.root()
    entries = catalogue.load(root, local=True)
    names = [name for name in frame["source_id"].unique() if name in entries]
    if any(entries[name].table != "trade" for name in names):  # whose own column value is
        return frame
    places = frame[[*PLACE, "unit", *({"flags"} & {*frame})]].reset_index(drop=True)
    fields = places["source_field"].astype(object)  # a CSV gives a null for ""
    places["source_field"] = fields.where(fields.notna(), "")
    is_wanted = pc.field("source_id").isin(names)
    is_wanted &= pc.field("source_row").isin(places["source_row"].dropna().unique().tolist())
    stored = tables.stored(root, "trade", local=True)
    figures = [*tables.MEASURES["trade"], "currency", "qty_unit"]
    rows = stored.to_table([*PLACE, *figures], filter=is_wanted).to_pandas()
    rows = places.merge(rows, on=[*PLACE], how="left")
    if "flags" in rows:  # the place of a declared zero is that of its evidence
        rows.loc[rows["flags"].eq(DECLARED), [*tables.MEASURES["trade"]]] = 0.0
    units = [rows["unit"].eq(name) for name in ("tonnes", rows["currency"], "USD")]
    columns = ("net_wgt_kg", "value_reported", "primary_value_usd", "qty")
    texts = ("weight", "reported", "dollars", "quantity")
    roles = {text: Role(rows, column) for text, column in zip(texts, columns, strict=True)}
    formula = Formula(["weight / 1000", *texts[1:]], roles, np.select(units, [0, 1, 2], 3))
    result = frame.copy(deep=False)
    record(result, {"value": formula})
    return result


def floats(column: Series) -> np.ndarray:
    """A column as numbers, NaN where it has none."""
    return pd.to_numeric(column, errors="coerce").to_numpy("float64", na_value=np.nan)


def traceable(frame: DataFrame) -> list[str]:
    """The columns that :func:`trace` may follow: those that a measure made, then those as read."""
    lineage = lineage_of(frame)
    if not lineage:
        return [name for name in frame if name in _figures(frame)]
    passed = {name for role in lineage.kept for name in traceable(role.frame)}
    names = [*lineage.formulas, *(name for name in frame if name in passed)]
    return [name for name in dict.fromkeys(names) if name in frame]


def lines(frame: DataFrame, column: str) -> set[Line]:
    """The numbers of raw files that a column was made of, without a look at the files.

    Raises
    ------
    QueryError
        As :func:`trace`, where the lineage is lost.
    """
    at = np.flatnonzero(pd.notna(frame[column].to_numpy()))
    numbers = _numbers(frame, column, at)
    return {line for number in numbers for line in _lines(number)}


def months(frame: DataFrame, column: str, at: np.ndarray) -> list[set[int]]:
    """The months, counted from year 0, that the numbers of a column are of in the rows `at`.

    They are those of the row's own period, else of what a measure made the number from; none where
    neither is known.
    """
    own = _own_months(frame, at)
    lineage = lineage_of(frame)
    if all(own) or not lineage:
        return own
    try:
        rows = _places(frame, lineage, column, at)
    except QueryError:
        return own
    if column in lineage.formulas:
        roles = [x for x in lineage.formulas[column].names.values() if isinstance(x, Role)]
    else:
        roles = [role for role in lineage.kept if column in role.frame]
    made: list[set[int]] = [set() for _ in own]
    for role in roles:
        entered = role.input_rows(rows)
        of_rows = iter(months(role.frame, role.column or column, np.concatenate(entered)))
        for some, inputs in zip(made, entered, strict=True):
            some.update(*islice(of_rows, len(inputs)))
    return [some or inputs for some, inputs in zip(own, made, strict=True)]


def _own_months(frame: DataFrame, at: np.ndarray) -> list[set[int]]:
    """The months that the rows `at` say themselves that they are of."""
    own: list[set[int]] = [set() for _ in at]
    if "ref_period" in frame:
        days = pd.to_datetime(frame["ref_period"].array.take(at), errors="coerce")
        lengths = frame["n_months"].array.take(at) if "n_months" in frame else np.ones(len(at))
        for of_row, day, length in zip(own, days, lengths, strict=True):
            if pd.notna(day) and pd.notna(length):
                of_row.update(range(month_of(day), month_of(day) + int(length)))
    return own


def counted(frame: DataFrame, column: str) -> tuple[DataFrame, list[np.ndarray]]:
    """The rows that a column of counts is of, and the places of those that each number counts.

    No rows where the column is no count.
    """
    lineage = lineage_of(frame)
    formula = lineage.formulas.get(column) if lineage else None
    if lineage is None or formula is None or formula.text != COUNT:
        return DataFrame(), []
    [role] = [role for role in formula.names.values() if isinstance(role, Role)]
    places = _places(frame, lineage, column, np.arange(len(frame)))
    return role.frame, role.input_rows(places)


def _main(frame: DataFrame) -> str:
    """The column that the last measure is named for."""
    lineage = lineage_of(frame)
    if lineage and lineage.formulas:
        return next(iter(lineage.formulas))
    if lineage:
        below = {_main(role.frame) for role in lineage.kept}
    else:
        below = {column for column in _figures(frame) if frame[column].notna().any()}
    if len(below) != 1:
        raise QueryError(f"name the column to trace: {' or '.join(sorted(below)) or 'it has none'}")
    return below.pop()


def _figures(frame: DataFrame) -> set[str]:
    """Columns that hold figures of a table."""
    return {*chain(*tables.MEASURES.values())} & {*frame}


# --- from a frame to lines ------------------------------------------------------------------------


def _numbers(frame: DataFrame, column: str, at: np.ndarray) -> list[Number]:
    """What the rows `at` of a column were made of."""
    lineage = lineage_of(frame)
    formulas = lineage.formulas if lineage else {}
    if lineage and column in formulas:
        return _composed(formulas[column], _places(frame, lineage, column, at))
    kept = [role for role in lineage.kept if column in role.frame] if lineage else []
    if lineage and kept:  # a measure passed it on
        rows = _places(frame, lineage, column, at)
        passed_on: dict[int, Number] = {}
        for role in kept:
            entered = {i: row[0] for i, row in enumerate(role.input_rows(rows)) if len(row)}
            numbers = _numbers(role.frame, column, np.array(list(entered.values()), "int64"))
            passed_on |= zip(entered, numbers, strict=True)
        return [*map(passed_on.__getitem__, range(len(rows)))]
    if any(name not in frame for name in PLACE):
        ours = f"; it has {', '.join(formulas)}" if formulas else ""
        raise QueryError(
            f"{column} cannot be traced: no measure made it here and the rows do not say which "
            f"lines they are from{ours}. Trace the column that a measure gave; join frames with "
            "measures.stack, since concat, merge, groupby and saving lose what they were made of"
        )
    return _as_stated(frame, column, at)


def _as_stated(frame: DataFrame, column: str, at: np.ndarray) -> list[Number]:
    """The figures of a table in the rows `at`, each of them a line by itself."""
    known: dict[int, Number] = once(frame, ("lines", column), dict)
    new = [i for i in at.tolist() if i not in known]
    if new and column not in frame:
        raise QueryError(
            "it counts rows, none of which has one figure to trace: read(source=…) gives the rows, "
            "whose value_reported, net_wgt_kg and qty can be traced"
        )
    names = (*PLACE, column, "flags") if "flags" in frame else (*PLACE, column)
    columns = (frame[name].array.take(new).tolist() for name in names if new)
    for i, source, row, field, value, *flags in zip(new, *columns, strict=True):
        place = str(source), int(row), "" if pd.isna(field) else str(field)  # "" is null in a CSV
        line = Line(*place, column, float(value), flags == [DECLARED])
        known[i] = Number(ast.Name(column), {column: [line]})
    return [known[i] for i in at.tolist()]


def _places(frame: DataFrame, lineage: Lineage, column: str, at: np.ndarray) -> np.ndarray:
    """Where the rows `at` of `frame` stand in the result that the measure gave."""
    if once(frame, MADE, lambda: False):
        return at
    labels, known = frame.index[at], lineage.result.index
    if known.is_unique:
        rows = known.get_indexer(labels)
    elif frame.index.equals(known):
        rows = at
    else:
        raise QueryError(
            "rows share a label, so they cannot be told apart: give the measure a "
            "frame after reset_index(drop=True)"
        )
    if (rows < 0).any():
        raise QueryError(
            f"the measure gave no row {_text(labels[rows < 0][0])}: rows were added, or "
            f"labelled anew by set_index, groupby or the like; {_TODO}"
        )
    shared = [name for name in (column, *_KEYS) if name in frame and name in lineage.result]
    for name in shared:
        now, then = (x[name].array.take(i) for x, i in ((frame, at), (lineage.result, rows)))
        if now.equals(then):
            continue
        now, then = now.to_numpy(object), then.to_numpy(object)
        differs = (now != then) & ~(pd.isna(now) & pd.isna(then))
        for i in np.flatnonzero(differs)[:1]:
            raise QueryError(
                f"{name} of row {_text(labels[i])} is {now[i]} and was {then[i]}: it was changed, "
                f"or rows were labelled anew (reset_index); {_TODO}"
            )
    return np.asarray(rows)


def _text(label: Any) -> str:
    """A row's label, of one part or several, as a reader would write it."""
    parts = label if isinstance(label, tuple) else (label,)
    return ", ".join(repr(part) if isinstance(part, str) else str(part) for part in parts)


def _composed(formula: Formula, rows: np.ndarray) -> list[Number]:
    """Numbers that a measure made, with the formulas of what it made them from put in."""
    texts = formula.of(rows)
    inputs: list[dict[str, Any]] = [{} for _ in rows]
    for name, behind in formula.names.items():
        users = [i for i, text in enumerate(texts) if name in _names(text)]
        if not isinstance(behind, Role):
            for i in users:
                inputs[i][name] = behind[rows[i]]
            continue
        entered = behind.input_rows(rows[users])
        everything = np.concatenate([*entered, rows[:0]])
        distinct, place = np.unique(everything, return_inverse=True)
        numbers = _numbers(behind.frame, behind.column, distinct) if len(distinct) else []
        places = iter(place.tolist())
        for i, some in zip(users, entered, strict=True):
            inputs[i][name] = [numbers[j] for j in islice(places, len(some))]
    return [_expanded(text, below) for text, below in zip(texts, inputs, strict=True)]


@lru_cache(1024)
def _names(text: str) -> frozenset[str]:
    return frozenset(ids(parse(text)))


def _expanded(text: str, inputs: Mapping[str, Any]) -> Number:
    """`text` over lines, given the numbers or the constant behind each of its names."""
    formula = parse(text)
    # Loops take a name number by number, some of them in step.
    loops = [ids(part.iter) for part in ast.walk(formula) if isinstance(part, ast.comprehension)]
    zipped = {name for loop in loops if loop[0] == "zip" for name in loop}
    apart = {*chain(*loops)}
    roles: dict[str, list[Line]] = {}
    single: dict[str, ast.expr] = {}
    terms: dict[str, list[ast.expr]] = {}
    for name, numbers in inputs.items():
        if not isinstance(numbers, list):
            number = float(numbers)
            single[name] = parse(repr(int(number) if number.is_integer() else number))
            continue
        if name not in zipped:
            numbers = sorted(numbers, key=lambda number: sorted(_lines(number)))
        if name not in apart and all(number.plain for number in numbers):
            roles[name] = [*chain.from_iterable(map(_lines, numbers))]
            continue
        is_numbered = len(numbers) > 1 or name in apart
        terms[name] = _put_in(numbers, name, is_numbered, name == text, roles)
        listed = ast.Call(ast.Name("sum"), [ast.List(terms[name])], [])
        single[name] = terms[name][0] if len(numbers) == 1 else listed
    return Number(_with(formula, single, terms), roles)


def _put_in(
    numbers: Sequence[Number],
    name: str,
    is_numbered: bool,
    is_all: bool,
    roles: dict[str, list[Line]],
) -> list[ast.expr]:
    """Numbers as they stand in the formula that they enter under `name`, their `roles` renamed."""
    terms = []
    for i, number in enumerate(numbers, start=1):
        head, end = "" if is_all else f"{name}_", f"_{i}" if is_numbered else ""
        new = {role: f"{name if number.plain else head + role}{end}" for role in number.roles}
        roles |= {new[role]: lines for role, lines in number.roles.items()}
        terms.append(_with(number.formula, {role: ast.Name(new[role]) for role in new}))
    return terms


def _with(
    node: Any, behind: Mapping[str, ast.expr], terms: Mapping[str, list[ast.expr]] | None = None
) -> Any:
    """A formula with what is `behind` its names; a sum over single numbers has its `terms`."""
    if isinstance(node, ast.Name):
        return behind.get(node.id, node)
    if isinstance(node, list):
        return [_with(part, behind, terms) for part in node]
    if isinstance(node, ast.ListComp) and terms:
        loop = node.generators[0]
        over = (terms[name] for name in ids(loop.iter) if name != "zip")
        each = (zip(ids(loop.target), items, strict=True) for items in zip(*over, strict=True))
        return ast.List([_with(node.elt, {**behind, **dict(items)}) for items in each])
    if not isinstance(node, ast.AST):
        return node
    return type(node)(**{name: _with(part, behind, terms) for name, part in ast.iter_fields(node)})


def _lines(number: Number) -> Iterator[Line]:
    return (line for lines in number.roles.values() for line in lines)


# --- from lines to raw files ----------------------------------------------------------------------


def _raw(lines: Collection[Line], root: Path | None) -> dict[Line, tuple[Any, ...]]:
    """Unit, place, path, line, text, publisher and address of each of `lines`."""
    root = root or catalogue.root()
    by_source: dict[str, list[Line]] = {}
    for line in sorted(lines):
        by_source.setdefault(line.source_id, []).append(line)
    raw: dict[Line, tuple[Any, ...]] = {}
    for name, (source, publisher) in catalogue.entries(by_source, root).items():
        of_source = by_source[name]
        path = catalogue.check(source, root)
        records = registry.records(source, path, {line.place for line in of_source})
        rows = _stated(source, root, of_source)
        for line in of_source:
            if line.place not in records:
                raise QueryError(
                    f"{path.relative_to(root).as_posix()} has no record {line.source_row}, of "
                    f"which {line.column} is said to be; mend source_row in {source.cleaner}"
                )
            record, row = records[line.place], rows[line.place]
            unit = tables.MEASURES[source.table][line.column]
            period = ""
            if row.get("ref_period"):
                first = month_of(row["ref_period"])
                period = ends_text(first, first + (row.get("n_months") or 1) - 1)
            member = f"!{record.member}" if record.member else ""
            raw[line] = (
                str((row[unit] or "") if unit in row else unit),
                *line.row,
                path.relative_to(root).as_posix() + member,
                record.line,
                record.text,
                publisher.name,
                source.address or source.steps,
                line.is_zero,
                period,
                _raw_column(source, line),
            )
    return raw


def _raw_column(source: Source, line: Line) -> str:
    """The column of the file that a number stands in, where the map of its file says so."""
    fields: dict[str, Any] = {**source.arguments.get("fields", {})}
    for row in source.arguments.get("rows", ()):
        columns = [entry.get("column") for entry in row.values() if isinstance(entry, Mapping)]
        if line.source_field in (row.get("source_field"), *columns, row.get("needs")):
            fields |= row
            break
    figure = fields.get(line.column)
    if figure is None and line.column == "primary_value_usd":  # which follows what is in US dollars
        figure = fields.get("value_reported")
    return str(figure.get("column", "")) if isinstance(figure, Mapping) else ""


def _stated(
    source: Source, root: Path, lines: Sequence[Line]
) -> dict[tuple[int, str], dict[str, Any]]:
    """The row of the table that was built that holds each line's number, by its place."""
    measures = tables.MEASURES.get(source.table, {})
    columns = sorted({line.column for line in lines})
    for column in columns:
        if column not in measures:
            raise QueryError(
                f"{column} is no figure of {source.table}, so somebody computed it: trace "
                f"what it was computed from, such as {', '.join(measures)}"
            )
    stored = tables.stored(root, source.table, local=catalogue.is_own(source))
    more = {"ref_period", "n_months", *(measures[column] for column in columns)}
    is_wanted = pc.field("source_id") == source.id
    is_wanted &= pc.field("source_row").isin(sorted({line.source_row for line in lines}))
    names = [*PLACE, *columns, *sorted(more.intersection(stored.schema.names))]
    table = stored.to_table(columns=names, filter=is_wanted)
    rows = {(row["source_row"], row["source_field"]): row for row in table.to_pylist()}
    for line in lines:
        row = rows.get(line.place)
        if row is None or not (line.is_zero or row[line.column] == line.value):
            raise QueryError(
                f"{line.column} is {line.value} in the frame, and not so in record "
                f"{line.source_row} of {source.id}: it was changed after it was read"
            )
    return rows
