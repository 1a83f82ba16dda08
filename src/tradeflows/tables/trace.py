"""From a number back to the lines of raw files that it was made of.

:func:`trace` follows the lineage that measures record (:mod:`tradeflows.model.lineage`) down to
rows of a table, those to the lines of the catalogued files, and then computes the number again
from them.
"""

import ast
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from tradeflows import tables
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import PLACE, Formula, Lineage, Role, evaluate, lineage_of, parse
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
]
EXACT = 1e-12  # of the largest part of a number: what sums in another order may differ by
# What tells rows apart: as long as a frame has these, they must be as the measure gave them.
_KEYS = (*PLACE, "reporter_iso", "partner_iso", "flow_code", "cmd_code", "ref_period", "n_months")
_NAME = re.compile(r"\b[A-Za-z_]\w*")
_EACH = re.compile(r"sum\(\[([^\[\]]+) for ([\w, ]+) in (?:zip\(([\w, ]+)\)|(\w+))\]\)")


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
        return self.source_id, self.source_row, self.source_field


@dataclass(frozen=True)
class Number:
    """A number as a formula over roles, and the lines that each role is the sum of."""

    text: str
    roles: Mapping[str, list[Line]]

    @property
    def plain(self) -> bool:
        """Whether it is a sum of lines and no more."""
        return self.text in self.roles


def trace(frame: pd.DataFrame, column: str | None = None, root: Path | None = None) -> pd.DataFrame:
    """Raw lines that the numbers of a frame were made of, and the formula that makes them again.

    Parameters
    ----------
    frame
        What :func:`tradeflows.read` or a measure returned, filtered, sorted and with more columns
        as you like.
    column
        The column to follow; by default the one that the measure is named for.
    root
        The project's folder; found as :func:`tradeflows.retrieval.catalogue.root` says.

    Returns
    -------
    DataFrame, one row a term of each number that is not null
        ``row`` (its label in `frame`), ``formula``, ``role`` (the name in the formula; a role is
        the sum of its terms), ``value`` in ``unit``, ``sign`` (1 where a larger term makes a
        larger number, -1 where a smaller one, 0 where it makes no difference), ``source_id``,
        ``source_row``, ``source_field``, ``path`` (of a zip ``file.zip!member``), ``line`` (from 1,
        the header is counted), ``text`` (as it stands: the line, all days of a monthly mean, the
        row of a page, the member of a reply, the cell of a cube), ``publisher``, ``address`` (or
        the steps to obtain the file, where it has none), and ``declared_zero``: the value 0 stands
        for an absent row, as the source declares, and the line is the reporter's other one of that
        period. The order of input rows does not matter.

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
    >>> year = measures.total(crude, "net_wgt_kg", start="2023", end="2023")
    >>> trace(year)[["value", "unit", "path", "line", "text"]]
    """
    column = _main(frame) if column is None else column
    if column not in frame:
        raise QueryError(f"the frame has no column {column}")
    rows = [(frame.index[at], *term) for at, *term in followed(frame, column, root)]
    if not rows:
        raise QueryError(f"{column} holds no number, so there is nothing to trace")
    terms = pd.DataFrame(rows, columns=COLUMNS)
    terms.attrs = {name: frame.attrs.get(name, ()) for name in ("sources", "caveats")}
    return terms


def followed(
    frame: pd.DataFrame, column: str, root: Path | None = None
) -> Iterator[tuple[Any, ...]]:
    """Each term of each number in `column`: the row's position, then :data:`COLUMNS` but ``row``.

    Raises
    ------
    QueryError, SourceError, BuildError
        As :func:`trace`.
    """
    values = floats(frame[column])
    at = np.flatnonzero(~np.isnan(values))
    numbers = _numbers(frame, column, at) if len(at) else []
    raw = _raw({line for one in numbers for lines in one.roles.values() for line in lines}, root)
    for i, number in zip(at.tolist(), numbers, strict=True):
        formula = ast.unparse(parse(number.text))
        sums = {
            role: math.fsum(line.value for line in lines) for role, lines in number.roles.items()
        }
        found, slopes = evaluate(formula, sums)
        parts = [abs(slope * sums[role]) for role, slope in slopes.items()]
        if not abs(found - values[i]) <= EXACT * max([abs(values[i]), *parts]):
            raise QueryError(
                f"{column} of row {frame.index[i]} is {values[i]}, but its lines come "
                f"to {found} by {formula}"
            )
        for role, lines in number.roles.items():
            for line in lines:
                yield i, formula, role, line.value, *_signed(raw[line], slopes.get(role, 0.0))


def floats(column: pd.Series) -> np.ndarray:
    """A column as numbers, NaN where it has none."""
    return pd.to_numeric(column, errors="coerce").to_numpy("float64", na_value=np.nan)


def traceable(frame: pd.DataFrame) -> list[str]:
    """The columns that :func:`trace` may follow: those that a measure made, then those as read."""
    lineage = lineage_of(frame)
    if not lineage:
        return [name for name in frame if name in _figures(frame)]
    passed = {name for role in lineage.kept for name in traceable(role.frame)}
    own = dict.fromkeys([*lineage.formulas, *(name for name in frame if name in passed)])
    return [name for name in own if name in frame]


def lines(frame: pd.DataFrame, column: str) -> set[Line]:
    """The numbers of raw files that a column was made of, without a look at the files.

    Raises
    ------
    QueryError
        As :func:`trace`, where the lineage is lost.
    """
    at = np.flatnonzero(frame[column].notna().to_numpy())
    return {line for one in _numbers(frame, column, at) for line in _lines(one)}


def recombine(terms: pd.DataFrame, formula: str) -> float:
    """Compute a number again from the terms of one row of :func:`trace` and their formula.

    Raises
    ------
    QueryError
        The formula is no arithmetic, or names a role that has no term.
    """
    return evaluate(formula, terms.groupby("role")["value"].agg(math.fsum).to_dict())[0]


def _signed(raw: tuple[Any, ...], slope: float) -> tuple[Any, ...]:
    unit, *rest = raw
    return unit, int(math.copysign(1, slope)) if slope else 0, *rest


def _main(frame: pd.DataFrame) -> str:
    """The column that the last measure is named for."""
    if lineage := lineage_of(frame):
        if lineage.formulas:
            return next(iter(lineage.formulas))
        below = {_main(role.frame) for role in lineage.kept}
    else:
        below = {column for column in _figures(frame) if frame[column].notna().any()}
    if len(below) != 1:
        raise QueryError(f"name the column to trace: {' or '.join(sorted(below)) or 'it has none'}")
    return below.pop()


def _figures(frame: pd.DataFrame) -> set[str]:
    """Columns that hold figures of a table."""
    return {column for each in tables.MEASURES.values() for column in each} & set(frame)


# --- from a frame to lines ------------------------------------------------------------------------


def _numbers(frame: pd.DataFrame, column: str, at: np.ndarray) -> list[Number]:
    """What the rows `at` of a column were made of."""
    lineage = lineage_of(frame)
    if lineage and column in lineage.formulas:
        return _composed(lineage.formulas[column], _places(frame, lineage, column, at))
    kept = [role for role in lineage.kept if column in role.frame] if lineage else []
    if lineage and kept:
        return _kept(kept, column, _places(frame, lineage, column, at))
    if missing := [name for name in PLACE if name not in frame]:
        ours = f"; it has {', '.join(lineage.formulas)}" if lineage and lineage.formulas else ""
        raise QueryError(
            f"{column} cannot be traced: no measure made it here and the rows have no "
            f"{', '.join(missing)}{ours}. Trace the column that a measure gave; join frames with "
            "measures.stack, since concat, merge, groupby and saving lose what they were made of"
        )
    cells = frame[[*PLACE, column]].iloc[at]
    is_zero = frame[DECLARED].iloc[at] if DECLARED in frame else [False] * len(cells)
    return [
        Number(column, {column: [Line(str(source), int(row), str(field), column, *stated)]})
        for source, row, field, *stated in zip(
            cells["source_id"],
            cells["source_row"],
            cells["source_field"].astype("object").fillna(""),  # a CSV gives a null for ""
            cells[column].map(float),
            map(bool, is_zero),
            strict=True,
        )
    ]


def _places(frame: pd.DataFrame, lineage: Lineage, column: str, at: np.ndarray) -> np.ndarray:
    """Where the rows `at` of `frame` stand in the result that the measure gave."""
    labels, known = frame.index[at], lineage.result.index
    todo = "trace before that, or apply the measure after it"
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
            f"the measure gave no row {labels[rows < 0][0]!r}: rows were added, or "
            f"labelled anew by set_index, groupby or the like; {todo}"
        )
    for name in (column, *_KEYS):
        if name in frame and name in lineage.result:
            now = frame[name].iloc[at].to_numpy(object)
            then = lineage.result[name].iloc[rows].to_numpy(object)
            differs = (now != then) & ~(pd.isna(now) & pd.isna(then))
            if differs.any():
                i = differs.argmax()
                raise QueryError(
                    f"{name} of row {labels[i]} is {now[i]} and was {then[i]}: it "
                    "was changed, or rows were labelled anew (reset_index); "
                    f"{todo}"
                )
    return np.asarray(rows)


def _kept(roles: Sequence[Role], column: str, rows: np.ndarray) -> list[Number]:
    """Numbers that a measure passed on."""
    found: dict[int, Number] = {}
    for role in roles:
        held = {i: row[0] for i, row in enumerate(role.input_rows(rows)) if len(row)}
        numbers = _numbers(role.frame, column, np.array(list(held.values()), "int64"))
        found |= zip(held, numbers, strict=True)
    return [found[i] for i in range(len(rows))]


def _composed(formula: Formula, rows: np.ndarray) -> list[Number]:
    """Numbers that a measure made, with the formulas of what it made them from put in."""
    texts = formula.of(rows)
    found: list[dict[str, Any]] = [{} for _ in rows]
    for name, behind in formula.names.items():
        users = [i for i, each in enumerate(texts) if name in _names(each)]
        if not isinstance(behind, Role):
            for i in users:
                found[i][name] = behind[rows[i]]
            continue
        entered = behind.input_rows(rows[users])
        distinct, place = np.unique(np.concatenate([*entered, rows[:0]]), return_inverse=True)
        numbers = _numbers(behind.frame, behind.column, distinct) if len(distinct) else []
        start = 0
        for i, each in zip(users, entered, strict=True):
            found[i][name] = [numbers[j] for j in place[start : start + len(each)]]
            start += len(each)
    return [_expanded(each, below) for each, below in zip(texts, found, strict=True)]


@lru_cache(1024)
def _names(text: str) -> frozenset[str]:
    return frozenset(_NAME.findall(text))


def _expanded(text: str, below: Mapping[str, Any]) -> Number:
    """`text` over lines, given the numbers or the constant behind each of its names."""
    zipped = {name for match in _EACH.finditer(text) if match[3] for name in match[3].split(", ")}
    apart = zipped | {match[4] for match in _EACH.finditer(text)}
    roles: dict[str, list[Line]] = {}
    single: dict[str, str] = {}
    each: dict[str, list[str]] = {}
    for name, numbers in below.items():
        if not isinstance(numbers, list):
            number = float(numbers)
            single[name] = repr(int(number) if number.is_integer() else number)
            continue
        if name not in zipped:
            numbers = sorted(numbers, key=lambda one: sorted(_lines(one)))
        if name not in apart and all(one.plain for one in numbers):
            roles[name] = [line for one in numbers for line in _lines(one)]
            single[name] = name
            continue
        parts = each[name] = []
        for i, one in enumerate(numbers, start=1):
            end = f"_{i}" if len(numbers) > 1 or name in apart else ""
            head = "" if name == text else f"{name}_"
            new = {
                role: f"{name}{end}" if one.plain else f"{head}{role}{end}" for role in one.roles
            }
            roles |= {new[role]: lines for role, lines in one.roles.items()}
            inner = _renamed(one.text, new)
            parts.append(inner if one.plain else f"({inner})")
        single[name] = parts[0] if len(parts) == 1 else f"sum([{', '.join(parts)}])"

    def listed(match: re.Match[str]) -> str:
        targets, over = match[2].split(", "), (match[3] or match[4]).split(", ")
        items = zip(*(each[name] for name in over), strict=True)
        terms = (_renamed(match[1], dict(zip(targets, item, strict=True))) for item in items)
        return f"sum([{', '.join(terms)}])"

    return Number(_renamed(_EACH.sub(listed, text), single), roles)


def _lines(number: Number) -> Iterator[Line]:
    return (line for lines in number.roles.values() for line in lines)


def _renamed(text: str, names: Mapping[str, str]) -> str:
    return _NAME.sub(lambda match: names.get(match[0], match[0]), text)


# --- from lines to raw files ----------------------------------------------------------------------


def _raw(lines: Collection[Line], root: Path | None) -> dict[Line, tuple[Any, ...]]:
    """Unit, place, path, line, text, publisher and address of each of `lines`."""
    root = root or catalogue.root()
    wanted: dict[str, list[Line]] = {}
    for line in sorted(lines):
        wanted.setdefault(line.source_id, []).append(line)
    found: dict[Line, tuple[Any, ...]] = {}
    for name, (source, publisher) in catalogue.entries(wanted, root).items():
        held = wanted[name]
        path = catalogue.check(source, root)
        records = registry.records(source, path, {line.place for line in held})
        units = _units(source, root, held)
        for line in held:
            if line.place not in records:
                raise QueryError(f"{source.path} has no record {line.source_row}")
            record = records[line.place]
            where = path.relative_to(root).as_posix() + f"!{record.member}" * bool(record.member)
            found[line] = (
                units[line],
                *line.row,
                where,
                record.line,
                record.text,
                publisher.name,
                source.address or source.steps,
                line.is_zero,
            )
    return found


def _units(source: Source, root: Path, lines: Sequence[Line]) -> dict[Line, str]:
    """The unit of each line, if the table that was built holds its number."""
    measures = tables.MEASURES.get(source.table, {})
    columns = sorted({line.column for line in lines})
    if odd := [column for column in columns if column not in measures]:
        raise QueryError(
            f"{odd[0]} is no figure of {source.table}, so somebody computed it: trace "
            f"what it was computed from, such as {', '.join(measures)}"
        )
    own = source.path.startswith(f"{catalogue.LOCAL_FOLDER}/")
    stored = tables.stored(root, source.table, local=own)
    beside = sorted({measures[column] for column in columns} & set(stored.schema.names))
    here = (pc.field("source_id") == source.id) & pc.field("source_row").isin(
        sorted({line.source_row for line in lines})
    )
    rows = stored.to_table(columns=[*PLACE, *columns, *beside], filter=here).to_pylist()
    units = {
        Line(row["source_id"], row["source_row"], row["source_field"], column, row[column]): str(
            (row[measures[column]] or "") if measures[column] in beside else measures[column]
        )
        for row in rows
        for column in columns
        if row[column] is not None
    }
    by_row = {(row["source_row"], row["source_field"]): row for row in rows}
    for line in lines:
        if line.is_zero and line.place in by_row:
            unit = measures[line.column]
            units[line] = str((by_row[line.place][unit] or "") if unit in beside else unit)
    changed = [line for line in lines if line not in units]
    if changed:
        line = changed[0]
        raise QueryError(
            f"{line.column} is {line.value} in the frame, and not so in record {line.source_row} "
            f"of {source.id}: it was changed after it was read"
        )
    return units
