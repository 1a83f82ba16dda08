"""Check what a project announces: its raw files, control totals, verdicts and notebooks."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tradeflows import claims, tables
from tradeflows.model.errors import SourceError, TradeflowsError
from tradeflows.report import accept
from tradeflows.retrieval import catalogue

# One outcome on every machine, whatever the user's own settings.
SETTINGS = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
UNSET = ("MATPLOTLIBRC", "MPLBACKEND", "PYTEST_ADDOPTS", "PYTHONHOME")
STRICT = ("--nbval", "--nbval-current-env", "-q", "-p", "no:cacheprovider", "--tb=short")
SHOWN = 5  # lines of a notebook's failure


@dataclass(frozen=True)
class Outcome:
    """What one check found, in words for a reader."""

    name: str
    agrees: bool
    words: str


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
        One for the raw files, the control totals, the verdicts and each notebook.

    Raises
    ------
    TradeflowsError
        Tables cannot be built, the ledger cannot be judged, or nbval is not installed.
    """
    paths = list(notebooks) or sorted((root / "notebooks").glob("*.ipynb"))
    if paths and not find_spec("nbval"):
        raise TradeflowsError("nbval is not installed; pip install 'tradeflows[check]'")
    raw_files = _raw_files(root)
    yield raw_files
    if not raw_files.agrees:
        return
    tables.build(root, local=False)
    yield _control_totals(root)
    yield _verdicts(root)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        yield from pool.map(lambda path: _notebook(path, root), paths)


def _raw_files(root: Path) -> Outcome:
    try:
        states = catalogue.verify(root, local=False)
    except SourceError as error:
        return Outcome("raw files", False, str(error))
    return Outcome("raw files", True, f"{len(states)} are as catalogued")


def _control_totals(root: Path) -> Outcome:
    is_new = not (root / accept.TOTALS).is_file() and not catalogue.load(root)
    if is_new:
        return Outcome("control totals", True, "no file is catalogued yet")
    announced = accept.committed(root)
    present = accept.keyed(tables.control_totals(root))
    changes = list(accept.changed(announced, present))
    return _compared("control totals", len(present), changes)


def _verdicts(root: Path) -> Outcome:
    announced = accept.verdicts(root)
    judged = claims.verdicts(root=root) if claims.path(root).is_file() else []
    present = [row for verdict in judged for row in claims.verdict_rows(verdict)]
    changes = accept.verdict_changes(announced, present) if announced != present else []
    return _compared("verdicts", len(judged), changes)


def _compared(name: str, count: int, changes: Sequence[str]) -> Outcome:
    if not changes:
        return Outcome(name, True, f"{count} as announced")
    lines = [f"{len(changes)} changed; `tradeflows accept` announces them", *changes[:SHOWN]]
    return Outcome(name, False, "\n  ".join(lines))


def _notebook(path: Path, root: Path) -> Outcome:
    """Run one notebook under nbval's strict comparison, in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *STRICT, f"--rootdir={root}", "-c", os.devnull, str(path)],
        env=kept | SETTINGS | {"TRADEFLOWS_ROOT": str(root.resolve())},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    last = lines[-1].strip("= ") if lines else "nothing was run"
    if done.returncode == 0:
        return Outcome(path.name, True, last)
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    return Outcome(path.name, False, "\n  ".join([last, *failed[:SHOWN]]))
