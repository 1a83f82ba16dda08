"""`tradeflows doctor`, and a question, on seven million rows of the user's own.

A new project is given three synthetic months of Comext, as `tradeflows add` takes them. The most
memory of a fresh process and its processor seconds are shown; the least of three runs counts of the
question, whose first row group is read from a cold file.

    python benchmarks/doctor.py [--rows 2340000] [--keep FOLDER]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "src")]

import comext_month  # noqa: E402

MEMORY, SECONDS = 1024, 2.0  # MiB of doctor, and seconds of a question, at most
MONTHS = ("202401", "202402", "202403")
MAIN = "import sys; from tradeflows.cli import main; sys.exit(main(sys.argv[1:]))"
READ = """
import sys, time
from pathlib import Path
from tradeflows import tables
begun = time.perf_counter()
used = time.process_time()
asked = dict(reporter="DEU", partner="CHN", flow="M", product="{product}", breakdown="parts")
frame = tables.read(**asked, local=True, root=Path(sys.argv[1]))
print(time.perf_counter() - begun, time.process_time() - used, len(frame))
"""


def run(code: str, *words: str) -> tuple[str, float, float]:
    """Run a process; what it printed, its most memory in MiB, and its processor seconds."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout
    printed = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{words}: {process.returncode}")
    return printed, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime


def project(folder: Path, rows: int) -> Path:
    """Make a project that holds so many rows a month."""
    root = folder / "project"
    run(MAIN, "init", str(root))
    files = []
    for month in MONTHS:
        file = folder / f"full_v2_{month}.dat"
        comext_month.write(file, month, rows, int(month))
        files.append(str(file))
    run(MAIN, "--root", str(root), "add", *files)
    run(MAIN, "--root", str(root), "build")
    return root


def main() -> None:
    """Print what doctor and a question take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_340_000)
    parser.add_argument("--keep", type=Path, help="make the project here once, and leave it")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.keep or Path(temporary)
        folder.mkdir(exist_ok=True)
        root = folder / "project"
        if not root.exists():
            project(folder, wanted.rows)
        begun = time.perf_counter()
        printed, memory, used = run(MAIN, "--root", str(root), "doctor")
        wall = time.perf_counter() - begun
        print(f"doctor: {memory:,.0f} MiB (at most {MEMORY:,}), {used:.1f} s of processor")
        print(f"    {wall:.1f} s in all; {printed.splitlines()[-1]}")
        for product in ("27", "85", "39"):  # chapters of a file made at random
            runs = [run(READ.format(product=product), str(root)) for _ in range(3)]
            figures = [list(map(float, printed.split())) for printed, *_ in runs]
            seconds, cpu, n = min(figures)
            print(f"read {product}: {seconds:.2f} s, {cpu:.2f} s of processor, {n:,.0f} rows")


if __name__ == "__main__":
    main()
