"""Comext months as one task each on Dask: two workers, one, and the path without a cluster.

Whole processes, one run each, with all their children: wall seconds, processor seconds, and the
most memory that all of them held at one time (proportional set size, looked at five times a
second). The months are synthetic. A worker is single-threaded; "one core" binds it and its decoder
to one, since a decoder beside it is a second thread. From what was measured follows what all months
since 1988 would cost, each as large as the published example: an upper bound, since earlier months
are smaller.

    python benchmarks/cluster.py [--folder F] [--rows 1000000] [--months 12] [--until 2025-12]
"""

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "src")]

import comext_month  # noqa: E402

# full_v2_202512.7z as published: bytes, and the rows in it.
EXAMPLE = {"bytes": 45_431_111, "rows": 4_902_194}
FIRST = 1988 * 12
DISTINCT = 2  # the other months repeat their rows
CORES = sorted(os.sched_getaffinity(0))
# Bytecode is kept, as it is once a package has been used; here in a folder of its own.
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT / "src")}
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)


class Used(NamedTuple):
    """Wall and processor seconds, peak MiB of all processes, and the records of each file."""

    wall: float
    cpu: float
    peak: float
    said: list[str]


def months(folder: Path, number: int, rows: int) -> list[Path]:
    """Archives of so many months, made once and kept in `folder`."""
    made = []
    for place in range(number):
        period = f"{2020 + place // 12}{place % 12 + 1:02}"
        raw, seven = folder / f"full_{period}.dat", folder / f"full_v2_{period}.7z"
        made.append(seven)
        if seven.exists():
            continue
        base = folder / f"base_{place % DISTINCT}.dat"
        if not base.exists():
            comext_month.write(base, "000000", rows, place)
        raw.write_bytes(base.read_bytes().replace(b",000000,", f",{period},".encode()))
        subprocess.run(["7z", "a", "-mx=1", "-bso0", "-bsp0", str(seven), str(raw)], check=True)
        raw.unlink()
    return made


def held(session: int) -> float:
    """MiB that all processes of a session hold now, what they share counted once."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if int((process / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                text = (process / "smaps_rollup").read_text()
                total += int(text.partition("\nPss:")[2].split()[0])
        except (OSError, IndexError):  # it ended meanwhile
            continue
    return total / 1024


def run(archives: list[Path], to: Path, *more: str, cores: list[int], **variables: str) -> Used:
    """One whole command on some cores, and what it used with its children."""
    start, peak = time.perf_counter(), 0.0
    command = [
        sys.executable,
        "-m",
        "tradeflows",
        "clean",
        "comext",
        *map(str, archives),
        "--to",
        str(to),
        *more,
    ]
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(
            command,
            stdout=said,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=ENVIRONMENT | variables,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
        )
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            peak = max(peak, held(process.pid))
            time.sleep(0.2)
        wall = time.perf_counter() - start
        if status:
            sys.exit(f"{command[:5]} {more} failed: run it by itself to see why")
        said.seek(0)
        return Used(wall, used.ru_utime + used.ru_stime, peak, said.read().splitlines())


def line(what: str, used: Used, *more: str) -> None:
    print(f"{what:46} {used.wall:7.2f} s {used.cpu:7.2f} s cpu {used.peak:6.0f} MiB", *more)


def same(one: Path, other: Path) -> None:
    """Stop unless two folders hold the same files with the same bytes."""
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted(path.name for path in other.iterdir())
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def cost(until: str, rows: int, number: int, one: Used, two: Used, again: Used, size: int) -> None:
    """What all months until then would take, from a month's share of what was measured."""
    year, month = map(int, until.split("-"))
    all_months = year * 12 + month - FIRST
    scale = EXAMPLE["rows"] / rows
    efficiency = (one.wall - again.wall) / (two.wall - again.wall) / 2
    core = (two.cpu - again.cpu) / number * scale  # processor seconds of one month
    alone = (one.wall - again.wall) / number * scale  # wall seconds of it on one core
    read = all_months * EXAMPLE["bytes"] / 1e9
    written = all_months * EXAMPLE["rows"] * size / (rows * number) / 1e9
    print(
        f"\n1988-01 to {until}: {all_months} months, each as full_v2_202512.7z "
        f"({EXAMPLE['rows']:,} rows): {all_months * core / 3600:.2f} core-hours, "
        f"{read:.1f} GB of .7z in, {written:.1f} GB of Parquet out"
    )
    print(
        f"a month takes {alone:.1f} s on one core; two workers were {efficiency:.0%} efficient, "
        f"which is taken for more; start-up {again.wall:.1f} s"
    )
    print("| cores | wall | reads | memory |\n|---|---|---|---|")
    for cores in (1, 8, 64):
        rounds = math.ceil(all_months / cores)
        wall = again.wall + rounds * alone / (1 if cores == 1 else efficiency)
        memory = cores * (two.peak - one.peak) + (2 * one.peak - two.peak)
        print(
            f"| {cores} | {wall / 60:.1f} min | {1000 * read / wall:.0f} MB/s | "
            f"{memory / 1024:.1f} GiB at {rows:,} rows a month |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--until", default="2025-12", help="the last month of the cost")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        archives = months(folder, args.months, args.rows)
        out = {name: folder / name for name in ("plain", "one", "loose", "two")}
        for each in out.values():
            shutil.rmtree(each, ignore_errors=True)
        print(
            f"{args.months} months of {args.rows:,} rows, "
            f"{sum(path.stat().st_size for path in archives) / 1e6:.0f} MB of .7z; load of the "
            f"machine before: {os.getloadavg()[0]:.1f} on {len(CORES)} cores"
        )
        pair = CORES[:2]
        ENVIRONMENT["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
        run(archives[:1], out["one"], "--cluster", cores=pair)
        shutil.rmtree(out["one"])
        plain = run(archives, out["plain"], cores=pair)
        line("one process, two cores", plain)
        two = run(archives, out["two"], "--cluster", cores=pair)
        line("two workers, a core each", two)
        again = run(archives, out["two"], "--cluster", cores=pair)
        assert all(text.endswith("held already") for text in again.said[:-1])
        line("the same command again: nothing to do", again)
        one = run(archives, out["one"], "--cluster", cores=CORES[:1])
        line("one worker, one core", one)
        loose = run(archives, out["loose"], "--cluster", cores=pair, OMP_NUM_THREADS="1")
        line("one worker, its decoder on the second core", loose)
        for name in ("one", "loose", "two"):
            same(out["plain"], out[name])
        print(
            f"the bytes are the same; two workers are {one.wall / two.wall:.2f} times faster "
            f"than one (reach 1.7; {loose.wall / two.wall:.2f} where it has a core for its "
            f"decoder), at {two.wall / plain.wall:.2f} of one process (reach 1)"
        )
        size = sum(path.stat().st_size for path in out["two"].iterdir())
        cost(args.until, args.rows, args.months, one, two, again, size)


if __name__ == "__main__":
    main()
