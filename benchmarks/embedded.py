"""Speed and memory on the embedded data, each beside what a user would do instead.

Every pair runs in turn (ours, theirs, ours, …) as whole processes, so that a machine whose speed
drifts changes both; the ratio is the median of the pairs. Run it with ``make bench``.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable
READ_ALL = """
import pathlib, pandas, pyarrow
from pyarrow import csv
for path in pathlib.Path("data/raw").rglob("*.csv"):
    csv.read_csv(path)
"""
PAIRS = [  # what, ours, theirs, the most that the ratio may be
    (
        "build / import pandas, pyarrow and read the CSVs",
        ["-m", "tradeflows", "build"],
        ["-c", READ_ALL],
        3.0,
    ),
    (
        "import tradeflows / import pandas",
        ["-c", "import tradeflows"],
        ["-c", "import pandas"],
        1.2,
    ),
    (
        "import tradeflows, its read and charts / import pandas, matplotlib",
        ["-c", "import tradeflows as tf; tf.read, tf.charts"],
        ["-c", "import pandas, matplotlib.pyplot"],
        1.2,
    ),
    ("tradeflows --help / python -c pass", ["-m", "tradeflows", "--help"], ["-c", "pass"], 6.0),
]
PEAK_MIB = 400
ABOVE_PANDAS = [  # what, ours, the most seconds beside `import pandas`
    ("every claim of the ledger", ["-m", "tradeflows", "claims"], 2.0),
    ("the trace of one claim", ["-m", "tradeflows", "trace", "O08"], 1.0),
]


def run(arguments: list[str]) -> tuple[float, float]:
    """Wall seconds and peak MiB of one Python process."""
    start = time.perf_counter()
    process = subprocess.Popen([PYTHON, *arguments], cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{arguments} failed: run it by itself to see why")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main(rounds: int = 7) -> int:
    """Time every pair and print a line each; 1 if one is over its limit."""
    over = 0
    print(f"{'ours':>8} {'theirs':>8} {'ratio':>6} {'limit':>6}  what")
    for what, ours, theirs, limit in PAIRS:
        run(ours), run(theirs)  # once to warm the disk's cache
        pairs = [(run(ours), run(theirs)) for _ in range(rounds)]
        a, b = ([pair[side][0] for pair in pairs] for side in (0, 1))
        ratio = statistics.median(x / y for x, y in zip(a, b, strict=True))
        over += ratio > limit
        print(
            f"{statistics.median(a):7.2f}s {statistics.median(b):7.2f}s {ratio:6.2f} "
            f"{limit:6.2f}  {what}"
        )
        if ours[-1] == "build":
            peak = max(pair[0][1] for pair in pairs)
            over += peak > PEAK_MIB
            print(f"{peak:6.0f} MiB {'':8} {'':6} {PEAK_MIB:6}  the build's peak memory")
    for what, ours, limit in ABOVE_PANDAS:
        pairs = [(run(ours), run(["-c", "import pandas"])) for _ in range(rounds)]
        a, b = ([pair[side][0] for pair in pairs] for side in (0, 1))
        more = statistics.median(x - y for x, y in zip(a, b, strict=True))
        over += more > limit
        print(
            f"{statistics.median(a):7.2f}s {statistics.median(b):7.2f}s {more:+5.2f}s "
            f"{limit:5.1f}s  {what} / import pandas"
        )
    return int(over > 0)


if __name__ == "__main__":
    sys.exit(main())
