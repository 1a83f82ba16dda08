"""Check what a project announces: its raw files, control totals, verdicts and notebooks."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from tradeflows import tables
from tradeflows.model.errors import LedgerError, SourceError
from tradeflows.model.words import count_of
from tradeflows.report import accept
from tradeflows.report.notebooks import NotebookError, code, load, of_project, run
from tradeflows.retrieval import catalogue

SHOWN = 5  # lines of what differs
STREAMS = ("stdout", "stderr")
ACCEPT = "`tradeflows accept` announces them"
PICTURES = ("image/png", "image/jpeg")  # whose bytes differ from one machine to another
Found = tuple[bool, str]  # whether all is as announced, and what was found


@dataclass(frozen=True)
class Outcome:
    """What one check found, in words for a reader, and the seconds that it took."""

    name: str
    agrees: bool
    words: str
    seconds: float


def outcomes(root: Path, notebooks: Sequence[Path] = ()) -> Iterator[Outcome]:
    """Check a project, the quick things first.

    Parameters
    ----------
    root
        The project's folder; its tables are built anew.
    notebooks
        Files; all of ``notebooks/`` if none are named.

    Yields
    ------
    Outcome
        One for the raw files, the tables, the control totals, the verdicts and each notebook.

    Raises
    ------
    TradeflowsError
        Tables cannot be built, or the ledger cannot be judged.
    """
    for name, step in STEPS.items():
        outcome = _outcome(name, partial(step, root))
        yield outcome
        if step is _raw_files and not outcome.agrees:
            return
    paths = _paths(root, notebooks)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda path: _outcome(path.name, partial(_notebook, root, path)), paths)


def _outcome(name: str, step: Callable[[], Found]) -> Outcome:
    began = time.monotonic()
    return Outcome(name, *step(), time.monotonic() - began)


def names(root: Path, notebooks: Sequence[Path] = ()) -> list[str]:
    """What :func:`outcomes` checks, in its order."""
    return [*STEPS, *(path.name for path in _paths(root, notebooks))]


def _paths(root: Path, notebooks: Sequence[Path]) -> list[Path]:
    return list(notebooks) or of_project(root)


def _tables(root: Path) -> Found:
    built = tables.build(root, local=False)
    rows = sum(table.counts["rows"] for table in built)
    return True, f"{rows:,} rows are built"


def _raw_files(root: Path) -> Found:
    try:
        states = catalogue.verify(root, local=False)
    except SourceError as error:
        return False, str(error)
    return True, f"{len(states)} are as catalogued"


def _control_totals(root: Path) -> Found:
    if not (root / accept.TOTALS).is_file() and not catalogue.load(root):
        return True, "no file is catalogued yet"
    present = accept.keyed(tables.control_totals(root))
    changes = accept.changed(accept.committed(root), present)
    return _compared(len(present), changes, root / accept.TOTALS)


def _verdicts(root: Path) -> Found:
    errors: list[LedgerError] = []
    present = accept.judged(root, wrong=errors.append)
    changes = accept.verdict_changes(accept.verdicts(root), present)
    count = len({row["claim"] for row in present})
    agrees, words = _compared(count, changes, accept.verdicts_path(root))
    if not errors:
        return agrees, words
    wrong = "1 claim is wrong" if len(errors) == 1 else f"{len(errors)} claims are wrong"
    return False, "\n  ".join([wrong, *map(str, errors), f"the others: {words}"])


def _compared(count: int, changes: Sequence[str], announced: Path) -> Found:
    if not changes:
        return True, f"{count} as announced"
    if not announced.is_file():
        return False, "none is announced yet; run `tradeflows accept` first"
    lines = [f"{len(changes)} changed; {ACCEPT}", *changes[:SHOWN]]
    return False, "\n  ".join(lines)


# What is checked before any notebook.
STEPS: dict[str, Callable[[Path], Found]] = {
    "raw files": _raw_files,
    "tables": _tables,
    "control totals": _control_totals,
    "verdicts": _verdicts,
}


def _notebook(root: Path, path: Path) -> Found:
    """Whether each cell of a notebook shows what it showed when it was last accepted, if it was."""
    try:
        saved = load(path)
        [ran] = run([path], root)
    except NotebookError as error:
        return False, str(error)
    pairs = [*zip(code(saved), code(ran), strict=True)]
    differing = [
        heading or "before the first claim"
        for (heading, old), (_, new) in pairs
        if old.execution_count and _shown(old) != _shown(new)
    ]
    if not differing:
        return True, f"{count_of(len(pairs), 'cell')} as announced"
    places = ", ".join(dict.fromkeys(differing))
    head = f"{len(differing)} of {count_of(len(pairs), 'cell')} differ ({places}); {ACCEPT}"
    return False, "\n  ".join([head, *accept.moved(path.stem, saved, ran)[:SHOWN]])


def _shown(cell: NotebookNode) -> tuple[Any, ...]:
    """What a cell prints, joined, and what it shows besides, without its pictures."""
    streams = [output for output in cell.outputs if output.output_type == "stream"]
    printed = ["".join(some.text for some in streams if some.name == name) for name in STREAMS]
    shown = [
        {mime: content for mime, content in output.data.items() if mime not in PICTURES}
        for output in cell.outputs
        if "data" in output
    ]
    return printed, shown
