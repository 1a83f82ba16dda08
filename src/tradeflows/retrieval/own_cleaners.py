"""Cleaners of a project's own: Python in its folder ``cleaners/``, run with its consent alone.

An entry whose cleaner is ``project.NAME.FUNCTION`` is read by that function of
``cleaners/NAME.py``. A catalogue may come from a stranger, and code may do anything: the file is
loaded only if ``project.toml`` lists it, ``cleaners = ["NAME"]``.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from inspect import isfunction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from tradeflows.model import codes, schema
from tradeflows.model.errors import CatalogueError, LayoutError, SchemaError, TradeflowsError, near
from tradeflows.model.source import Source
from tradeflows.publishers import Part, reading
from tradeflows.publishers.tidy import ROLE
from tradeflows.publishers.tidy.mapping import DEFAULTS

FOLDER = "cleaners"
NAMED = re.compile(r"project\.([a-z][a-z0-9_]*)\.([a-z][a-z0-9_]*)")
EXAMPLE = "project.NAME.FUNCTION, such as project.newsroom.clean"
LONG = 5  # digits of a figure that hardly stand in a line by chance
TRIED, FEWEST = 200, 3  # rows that are looked up in their lines, at most and at least


def path_of(source: Source, root: Path) -> Path:
    """The file of the project's own cleaner that reads the file of `source`.

    Raises
    ------
    CatalogueError
        The cleaner is not named as one is, or there is no such file.
    """
    named = NAMED.fullmatch(source.cleaner)
    if not named:
        raise CatalogueError(f"no cleaner {source.cleaner!r}: expected {EXAMPLE}")
    path = root / FOLDER / f"{named[1]}.py"
    if not path.is_file():
        there = [file.stem for file in (root / FOLDER).glob("*.py")]
        raise CatalogueError(f"no file {FOLDER}/{named[1]}.py{near(named[1], there)}")
    return path


def cleaner(source: Source, root: Path, allowed: tuple[str, ...]) -> Callable[..., Iterator[Part]]:
    """The function that turns the file of `source` into rows, of a file that is `allowed`.

    It takes the file's path and `source`. What the project's function returns, a DataFrame of the
    table's columns or parts as the package's own cleaners yield, comes as parts. Of a DataFrame the
    columns that a map need not say may be lacking here too.

    Raises
    ------
    CatalogueError
        There is no such file or function, it takes other arguments, or the project has not
        consented to run it.
    """
    path = path_of(source, root)
    if path.stem not in allowed:
        raise CatalogueError(
            f"{FOLDER}/{path.name} is code that came with the project, and is not run: read it, "
            f'then write cleaners = ["{path.stem}"] at the head of project.toml'
        )
    module = _module(path, path.read_bytes())
    word = source.cleaner.rpartition(".")[2]
    function = vars(module).get(word)
    if not isfunction(function):
        functions = [name for name, value in vars(module).items() if isfunction(value)]
        raise CatalogueError(f"no function {word!r} in {FOLDER}/{path.name}{near(word, functions)}")
    try:
        inspect.signature(function).bind(Path(), source, **source.arguments)
    except TypeError as error:
        raise CatalogueError(f"{source.cleaner}: {error}") from error

    def clean(file: Path, source: Source) -> Iterator[Part]:
        try:
            cleaned = function(file, source, **source.arguments)
            if isinstance(cleaned, pd.DataFrame):
                part = _part(cleaned, source)
                _require_lines(file, part.rows, source, "source_row" in cleaned)
                yield part
            else:
                yield from cleaned
        except TradeflowsError:
            raise
        except Exception as error:  # whatever the project's function raises
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise LayoutError(file, f"what {source.cleaner} reads", reason) from error

    return clean


@lru_cache(maxsize=16)
def _module(path: Path, code: bytes) -> ModuleType:
    """The module whose `code` a file holds.

    It is run as it was read: Python's own cache takes two files of one second and size for one.
    """
    module = ModuleType(f"tradeflows_project_{path.stem}")
    module.__file__ = str(path)
    try:
        exec(compile(code, path, "exec"), vars(module))
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise CatalogueError(f"{path}: cannot be loaded ({reason}); mend it") from error
    return module


def _part(frame: pd.DataFrame, source: Source) -> Part:
    """Rows of the table's contract from a frame that has what differs between them.

    Of trade the columns are filled in that follow from others, and the areas are looked up.
    """
    given: dict[str, Any] = {str(name): pa.Array.from_pandas(frame[name]) for name in frame}
    ordinals = {"source_row": pa.array(range(1, len(frame) + 1))}
    columns = {**DEFAULTS[source.table], **ordinals, **given}
    if source.table == "trade":
        columns = {"vintage": source.vintage, **columns}
        for side in {"reporter_iso", "partner_iso"} & given.keys():
            columns[side] = codes.areas(given[side], "iso3", source.path)
            columns.setdefault(side.replace("iso", "code"), given[side])
        if "flow_code" in given and "partner_role" not in given:
            roles = [ROLE.get(flow, "origin") for flow in given["flow_code"].to_pylist()]
            columns["partner_role"] = pa.array(roles)
    contract = schema.TABLES[source.table]
    schema.require_columns(
        f"{source.path}: {source.table}", columns, {*contract.names} - {"source_id"}
    )
    return Part(reading.rows(source, contract, columns), len(frame), {})


def _require_lines(file: Path, rows: pa.RecordBatch, source: Source, is_named: bool) -> None:
    """Refuse rows whose figures stand in other lines of the file than those that they name.

    A figure that the cleaner computed stands in no line, and refuses nothing.
    """
    try:
        records = reading.records(file, ())
    except LayoutError:  # no table of lines, so none is shown wrongly
        return
    lines = {record: re.sub(r"\D", "", line.text) for record, line in records.items()}
    text = " ".join(lines.values())
    frame = rows.slice(0, TRIED).to_pandas()
    figures = []
    for name in frame.select_dtypes("float"):
        for record, value in zip(frame["source_row"].astype(int), frame[name], strict=True):
            digits = re.sub(r"\D", "", np.format_float_positional(value)).strip("0")
            if len(digits) >= LONG and digits in text:
                figures.append((record, digits))
    wrong = [(record, digits) for record, digits in figures if digits not in lines.get(record, "")]
    if len(figures) < FEWEST or 2 * len(wrong) <= len(figures):
        return
    record, digits = wrong[0]
    shown = records[record].text if record in records else "there is none"
    reason = "source_row counts the records below the file's first line, and an empty line is none"
    if not is_named:
        reason = "the frame has no source_row, so its rows were counted; give each its record"
    raise SchemaError(
        f"{file}: {source.cleaner} says that {digits} stands in record {record} ({shown}); "
        f"it stands in another: {reason}"
    )
