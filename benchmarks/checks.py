"""What the checks of figures cost: a synthetic month of Comext and the project's own build.

Each is done with the checks (what a file states twice, figures that can hardly be meant, grammar of
codes) and without them, in turn, in one process; the median of the paired ratios of processor
seconds is what they cost.

    python benchmarks/checks.py [--rows 500000] [--runs 7]
"""

import argparse
import itertools
import shutil
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "src")]

import comext_month  # noqa: E402

from tradeflows.publishers import comtrade, eurostat_energy, reading  # noqa: E402
from tradeflows.publishers.comext import bulk  # noqa: E402
from tradeflows.publishers.gacc import query_csv  # noqa: E402
from tradeflows.tables import building, clean  # noqa: E402


def nothing(*_: object, **__: object) -> None:
    """Check nothing."""


CHECKS = {  # where each check is called, and what stands there without it
    (reading.plausibility, "flagged"): lambda batch, *_: batch,
    (bulk, "_contradictory"): lambda *_: [],
    (bulk, "_require_trade"): nothing,
    (query_csv, "_names_beside"): lambda block: np.zeros(len(block), bool),
    (comtrade, "PAIRS"): (),
    (eurostat_energy, "require_agreement"): lambda *_: set(),
}


def seconds(work: object, is_checked: bool) -> float:
    """Processor seconds of some work, with the checks or without."""
    with ExitStack() as stack:
        for (place, name), instead in CHECKS.items() if not is_checked else ():
            stack.enter_context(patch.object(place, name, instead))
        began = time.process_time()
        work()
        return time.process_time() - began


def cost(work: object, runs: int) -> tuple[float, float]:
    """What the checks add, in per cent of the work without them, and the seconds of the whole."""
    work()
    ratios, whole = [], []
    for turn in range(runs):
        order = (True, False) if turn % 2 else (False, True)
        used = {is_checked: seconds(work, is_checked) for is_checked in order}
        ratios.append(used[True] / used[False])
        whole.append(used[True])
    return 100 * (statistics.median(ratios) - 1), statistics.median(whole)


def main() -> None:
    """Print the cost of both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=7)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder, "full_v2_202402.dat")
        comext_month.write(raw, "202402", wanted.rows)
        number = itertools.count()

        def clean_month() -> None:
            clean.clean("comext", [raw], Path(folder, f"{next(number)}.parquet"))

        project = Path(folder, "project")
        shutil.copytree(ROOT / "data", project / "data")

        def build() -> None:
            building.build(project, local=False)

        for name, work in (("Comext month", clean_month), ("this project's build", build)):
            per_cent, whole = cost(work, wanted.runs)
            print(f"{name}: the checks add {per_cent:.1f} % ({whole:.2f} s of processor)")


if __name__ == "__main__":
    main()
