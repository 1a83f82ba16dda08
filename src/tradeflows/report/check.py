"""Check what a project announces: its raw files, control totals, verdicts and notebooks."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tradeflows import tables
from tradeflows.model.errors import LedgerError, SourceError, TradeflowsError
from tradeflows.report import accept
from tradeflows.report.notebooks import of_project
from tradeflows.retrieval import catalogue

# One outcome on every machine, whatever the user's own settings.
SETTINGS = {
    "PYTHONHASHSEED": "0",
    "TZ": "UTC",
    "LC_ALL": "C.UTF-8",
    "PYTHONUTF8": "1",
    "TQDM_DISABLE": "1",
}
UNSET = ("MATPLOTLIBRC", "MPLBACKEND", "PYTEST_ADDOPTS", "PYTHONHOME")
STRICT = ("--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", "--tb=short")
SHOWN = 5  # lines of a notebook's failure
Found = tuple[bool, str]  # whether all is as announced, and what was found


@dataclass(frozen=True)
class Outcome:
    """What one check found, in words for a reader, and the seconds that it took."""

    name: str
    agrees: bool
    words: str
    seconds: float = 0.0


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
        Tables cannot be built, the ledger cannot be judged, or nbval is not installed.
    """
    paths = _paths(root, notebooks)
    if paths and not find_spec("nbval"):
        raise TradeflowsError("nbval is not installed; pip install 'tradeflows[check]'")
    for name, step in STEPS.items():
        began = time.monotonic()
        agrees, words = step(root)
        yield Outcome(name, agrees, words, time.monotonic() - began)
        if step is _raw_files and not agrees:
            return
    runs = _Runs(root)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            yield from pool.map(runs.run, paths)
        except BaseException:  # an interrupt ends them too, and none begins any more
            runs.stop()
            raise


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
    lines = [f"{len(changes)} changed; `tradeflows accept` announces them", *changes[:SHOWN]]
    return False, "\n  ".join(lines)


# What is checked before any notebook.
STEPS: dict[str, Callable[[Path], Found]] = {
    "raw files": _raw_files,
    "tables": _tables,
    "control totals": _control_totals,
    "verdicts": _verdicts,
}


class _Runs:
    """Notebooks that run under nbval's strict comparison, each in a process of its own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._processes: set[subprocess.Popen[str]] = set()
        self._is_stopped = False

    def run(self, path: Path) -> Outcome:
        """What became of one notebook."""
        if self._is_stopped:
            return Outcome(path.name, False, "not run")
        began = time.monotonic()
        kept = {name: value for name, value in os.environ.items() if name not in UNSET}
        command = [sys.executable, "-m", "pytest", *STRICT, f"--rootdir={self._root}"]
        with subprocess.Popen(
            [*command, "-c", os.devnull, str(path)],
            env=kept | SETTINGS | {"TRADEFLOWS_ROOT": str(self._root.resolve())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        ) as process:
            self._processes.add(process)
            text, _ = process.communicate()
            self._processes.discard(process)
        lines = [line for line in text.splitlines() if line.strip()] or ["nothing was run"]
        last = re.sub(r" in [\d.]+s.*$", "", lines[-1].strip("= "))
        failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))][:SHOWN]
        words = "\n  ".join([last, *failed]) if process.returncode else last
        seconds = time.monotonic() - began
        return Outcome(path.name, not process.returncode, words, seconds)

    def stop(self) -> None:
        """End those that run; their kernels see it and end too."""
        self._is_stopped = True
        for process in [*self._processes]:
            process.kill()
