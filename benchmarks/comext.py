"""Eurostat Comext: a synthetic month of 5 million rows, and what a user would run instead.

Whole processes, one run each: wall seconds, processor seconds with those of the decoder, and the
largest resident set of one process. The archive is packed at 7z's own level, as the publisher's
are. The rivals first unpack to disk with ``7z``; none of them checks anything. On a machine that
others use, compare processor seconds. ``--kill N`` ends a run by SIGKILL at N random moments and
looks at the dataset after each.

    python benchmarks/comext.py [--folder F] [--rows 5000000] [--query 12] [--kill 50]
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "src")]

import comext_month  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

TEXT = [name for name in comext_month.NAMES if name.startswith("PRODUCT")]
TYPES = dict.fromkeys(comext_month.NAMES[:13], "category") | dict.fromkeys(
    comext_month.NAMES[13:], "int64"
)
RIVALS = {
    "polars scan_csv, sink_parquet": "import polars as pl; pl.scan_csv({raw!r}, schema_overrides="
    "dict.fromkeys({text}, pl.String)).sink_parquet({out!r})",
    "pandas, typed": "import pandas as pd; pd.read_csv({raw!r}, dtype={dtypes})"
    ".to_parquet({out!r})",
    "DuckDB COPY": "import duckdb; duckdb.sql(\"copy (from read_csv('{raw}', types={types}))"
    " to '{out}' (format parquet)\")",
}
REACH = {"polars": 0.75, "pandas": 0.25, "DuckDB": 0.6}
FLOOR = {  # processor seconds of each alone; those of the imports are counted once
    "imports": """
from tradeflows.model import schema
from tradeflows.publishers import comext
from tradeflows.tables import clean, write
""",
    "decoding": """
import resource, subprocess
subprocess.run(["7z", "x", "-so", {seven!r}], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
""",
    "parsing the columns kept": """
import time
from pathlib import Path
from tradeflows.cli.verbs import without_pandas
from tradeflows.publishers.comext import bulk
without_pandas()
used = time.process_time()
bulk.read(Path({raw!r}))
print(time.process_time() - used)
""",
    "writing them": """
import time
from pathlib import Path
from tradeflows.model import schema
from tradeflows.publishers import comext, reading
from tradeflows.tables import write
raw = Path({raw!r})
parts = list(comext.clean(raw, reading.uncatalogued(raw, "comext", "trade")))
used = time.process_time()
with write.TableWriter(Path({out!r}), ".parquet", schema.TRADE) as sink:
    for part in parts:
        sink.write(part.rows)
print(time.process_time() - used)
""",
}
MADE = """
import time
from pathlib import Path
from tradeflows.cli.verbs import without_pandas
from tradeflows.publishers import reading
from tradeflows.publishers.comext import bulk
without_pandas()
raw = Path({raw!r})
parts = bulk.rows(raw, reading.uncatalogued(raw, "comext", "trade"), bulk.read(raw))
used = [time.process_time()]
next(parts)
used.append(time.process_time())
for _ in parts:
    pass
used.append(time.process_time())
"""
BEYOND = {  # what the floor leaves out; the first part is made when all is sorted
    "sorting, and no cell twice": MADE + "print(used[1] - used[0])",
    "rows, and their contract": MADE + "print(used[2] - used[1])",
}
COLUMNS = (
    "ref_period",
    "reporter_iso",
    "partner_iso",
    "flow_code",
    "cmd_code",
    "breakdown",
    "value_reported",
    "net_wgt_kg",
    "qty",
    "qty_unit",
    "flags",
)
QUERY = {
    "tradeflows.tables.bulk.rows": "from tradeflows.tables import bulk\n"
    "ask = lambda: bulk.rows({out!r}, {low!r}, partner='CHN', columns={columns})",
    "pyarrow into pandas": "import pyarrow.dataset as ds; import pyarrow.compute as pc\n"
    "ask = lambda: ds.dataset({out!r}).to_table(list({columns}), (ds.field('cmd_code') >= {low!r}) "
    "& (ds.field('cmd_code') < {high!r}) & (ds.field('partner_iso') == 'CHN')).to_pandas()",
    "DuckDB into pandas": 'import duckdb\nask = lambda: duckdb.sql("select {names} from '
    "'{out}/*.parquet' where cmd_code >= '{low}' and cmd_code < '{high}' and "
    "partner_iso = 'CHN'\").df()",
    "polars into pandas": "import polars as pl\nask = lambda: pl.scan_parquet('{out}/*.parquet')"
    ".filter((pl.col('cmd_code') >= {low!r}) & (pl.col('cmd_code') < {high!r})"
    " & (pl.col('partner_iso') == 'CHN')).select({columns}).collect().to_pandas()",
}


class Used(NamedTuple):
    """Wall and processor seconds, peak MiB, and what was printed."""

    wall: float
    cpu: float
    peak: float
    said: str


def run(*command: str) -> Used:
    """One whole process, and what it used with its children."""
    start = time.perf_counter()
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[:4]} failed: run it by itself to see why")
    return Used(
        time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said
    )


def python(code: str, **names: object) -> Used:
    """The same for a piece of Python."""
    return run(sys.executable, "-c", code.format(**names))


def line(what: str, used: Used, *more: str) -> None:
    print(f"{what:42} {used.wall:7.2f} s {used.cpu:7.2f} s cpu {used.peak:6.0f} MiB", *more)


def ours(archive: Path, to: Path) -> Used:
    return run(sys.executable, "-m", "tradeflows", "clean", "comext", str(archive), "--to", str(to))


def month(folder: Path, period: str, rows: int) -> tuple[Path, Path]:
    """A month as text and as an archive; made once and kept in `folder`.

    By a child, whose memory no later process inherits in what the kernel says was its largest.
    """
    raw, seven = folder / f"full_{period}.dat", folder / f"full_v2_{period}.7z"
    if not raw.exists():
        run(sys.executable, comext_month.__file__, str(raw), period, str(rows))
    if not seven.exists():
        subprocess.run(["7z", "a", "-bso0", "-bsp0", str(seven), str(raw)], check=True)
    return raw, seven


def conversion(folder: Path, rows: int) -> None:
    raw, seven = month(folder, "202402", rows)
    made, out, unpacked = folder / "ours", folder / "rival.parquet", folder / "unpacked"
    shutil.rmtree(made, ignore_errors=True)
    mine = ours(seven, made)
    [file] = made.glob("*.parquet")
    line("tradeflows clean, 7z", mine, f"{file.stat().st_size / 1e6:.0f} MB")
    slow = os.environ["PATH"]
    os.environ["PATH"] = "/nowhere"
    line("tradeflows clean, py7zr", ours(seven, folder / "py7zr"))
    shutil.rmtree(folder / "py7zr")
    os.environ["PATH"] = slow
    groups = pq.read_metadata(file)
    kept = sum(
        groups.row_group(g).column(c).total_compressed_size
        for g in range(groups.num_row_groups)
        for c in range(groups.num_columns)
        if not groups.schema.column(c).name.startswith("source_")
    )
    unpack = run("7z", "x", "-y", "-bso0", "-bsp0", f"-o{unpacked}", str(seven))
    line("7z x", unpack)
    types = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in TEXT) + "}"
    for what, code in RIVALS.items():
        rival = python(
            code, raw=str(unpacked / raw.name), out=str(out), types=types, text=TEXT, dtypes=TYPES
        )
        wall, cpu = unpack.wall + rival.wall, unpack.cpu + rival.cpu
        line(
            what,
            rival,
            f"ratio with 7z: wall {mine.wall / wall:.2f}, cpu {mine.cpu / cpu:.2f}, "
            f"memory {mine.peak / rival.peak:.2f} (reach {REACH[what.split()[0].rstrip(',')]}); "
            f"Parquet {kept / out.stat().st_size:.2f} of its size",
        )
    profile(mine, raw=str(raw), seven=str(seven), out=str(out))
    out.unlink()
    shutil.rmtree(unpacked)


def profile(mine: Used, **names: str) -> None:
    """Where the time goes, each part alone, against the floor and what two facts allow."""
    took = {}
    for what, code in (FLOOR | BEYOND).items():
        used = python(code, **names)
        took[what] = float(used.said or used.cpu)
        print(f"  {what}: {took[what]:.2f} s cpu{' beyond the floor' if what in BEYOND else ''}")
    cores = os.cpu_count() or 1
    print(
        f"  the rest (the pipe, the archive's hash, start and end): "
        f"{mine.cpu - sum(took.values()):.2f} s cpu; "
        f"idle {cores * mine.wall - mine.cpu:.2f} s of {cores} cores"
    )
    floor = sum(took[what] for what in FLOOR) / cores
    print(
        f"floor {floor:.2f} s on {cores} cores; ours is {mine.wall / floor:.2f} times that by "
        f"the clock, {mine.cpu / cores / floor:.2f} by processor seconds"
    )
    # An archive is one stream, no row has its place before the last one is known, and pyarrow
    # writes a file by one thread.
    writing = took["writing them"]
    after = max(writing, (writing + sum(took[what] for what in BEYOND)) / cores)
    least = took["decoding"] + after
    print(
        f"decoding, then sorting and writing at once: {least:.2f} s at the least, "
        f"{least / floor:.2f} times the floor"
    )


def query(folder: Path, months: int, rows: int) -> None:
    """One HS6 from one partner over some months; three questions to warm, then the median of 9.

    All ask for the same columns; ours alone checks what it finds.
    """
    out = folder / "months"
    for number in range(1, months + 1):
        period = f"2023{number:02}"
        raw = folder / f"full_{period}.dat"
        run(sys.executable, comext_month.__file__, str(raw), period, str(rows))
        ours(raw, out)
        raw.unlink()
    codes = pq.read_table(next(out.glob("*.parquet")), columns=["cmd_code"])["cmd_code"]
    code = codes[len(codes) // 2].as_py()
    for what, text in QUERY.items():
        timed = (
            "\nimport statistics, time\nfor _ in range(3): frame = ask()\ntook = []\n"
            "for _ in range(9):\n    start = time.perf_counter(); ask()\n"
            "    took.append(time.perf_counter() - start)\n"
            "print(f'{{1000 * statistics.median(took):.0f}} ms, {{len(frame)}} rows')"
        )
        used = python(
            text + timed,
            out=str(out),
            low=code[:6],
            high=code[:6] + ":",
            columns=COLUMNS,
            names=", ".join(COLUMNS),
        )
        print(f"{what:42} {used.said.strip()}")


def kill(folder: Path, times: int, rows: int = 200_000) -> None:
    """SIGKILL at random moments: what there is of the dataset must be whole after each."""
    raw, to = folder / "full_202301.dat", folder / "killed"
    run(sys.executable, comext_month.__file__, str(raw), "202301", str(rows))
    whole, whole_after = ours(raw, to).wall, 0
    command = [sys.executable, "-m", "tradeflows", "clean", "comext", str(raw), "--to", str(to)]
    for _ in range(times):
        for file in to.glob("*.parquet"):  # else it would be held, and nothing done
            file.unlink()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": str(ROOT / "src")}
        )
        time.sleep(random.uniform(0.3, 1.2) * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for file in to.glob("*.parquet"):
            assert pq.read_table(file).num_rows == rows
            whole_after += 1
    print(f"killed {times} times: whole {whole_after} times, and nothing else at the others")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--query", type=int, default=0, metavar="MONTHS")
    parser.add_argument("--query-rows", type=int, default=5_000_000)
    parser.add_argument("--kill", type=int, default=0, metavar="TIMES")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(exist_ok=True)
        print(f"load of the machine before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        if args.rows:
            conversion(folder, args.rows)
        if args.query:
            query(folder, args.query, args.query_rows)
        if args.kill:
            kill(folder, args.kill)


if __name__ == "__main__":
    main()
