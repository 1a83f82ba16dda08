"""The cleaners of publishers' files at a million rows, each beside what a user would do instead.

Every pair runs in turn as whole processes that have imported what they need before the clock
starts; the ratio is the median of the pairs. The other side of JSON-stat is pyjstat, which is no
dependency of the project: without it that pair is left out and said so.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROWS = 1_000_000
GACC = (
    "数据年月",
    "贸易伙伴编码",
    "贸易伙伴名称",
    "商品编码",
    "商品名称",
    "第一计量单位",
    "第二计量单位",
)
AREAS = "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI"
# The peak of this program; what getrusage says is also that of the one that started it.
PEAK = """
def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
"""
OURS = """
import sys, time
import pyarrow.csv, pyarrow.compute, pyarrow.parquet, pyarrow.acero, numpy, pandas
from pathlib import Path
from tradeflows.model.keys import Keys
from tradeflows.publishers import registry
from tradeflows.model import schema
from tradeflows.publishers import {module}
path, base = Path(sys.argv[1]), peak()
start = time.process_time()
keys, rows = Keys(schema.TABLES["{table}"]), 0
for part in {module}.clean(path, None, **{options}):
    keys.add(part.rows)
    rows += len(part.rows)
keys.check({{}})
print(time.process_time() - start, peak() - base)
"""
HOSTILE = """
import sys, time
import pyarrow.csv, pyarrow.compute, pyarrow.parquet, numpy
from pathlib import Path
from tradeflows.cli.verbs import without_pandas
from tradeflows.model.errors import TradeflowsError
from tradeflows.publishers import registry
from tradeflows.tables import clean
without_pandas()  # as the command does
bad, to = Path(sys.argv[1]), Path(sys.argv[1]).with_name("out.parquet")
name = bad.name.partition(".")[0]
options = {{"flow": "M"}} if name in ("gacc", "eurostat_energy") else {{}}
registry.publisher_cleaner(name, options)
base, start = peak(), time.process_time()
try:
    clean.clean(name, [bad], to, **options)
    sys.exit("it was read")
except TradeflowsError:
    print(time.process_time() - start, peak() - base)
"""
THEIRS = """
import sys, time
import {imports}
path, base = sys.argv[1], peak()
start = time.process_time()
{code}
print(time.process_time() - start, peak() - base)
"""


def gacc(path: Path) -> None:
    """A million lines of the customs query, as several exports put together."""
    line = (
        '"2020{:02}","{}","俄罗斯联邦","{:08}","石油原油及从沥青矿物提取的原油, 其他",'
        '"{}","千克","0","?","{:,}",\n'
    )
    with path.open("w", encoding="gb18030", newline="") as file:
        names = [*GACC[:5], "第一数量", GACC[5], "第二数量", GACC[6], "人民币"]
        file.write("".join(f'"{name}",' for name in names) + "\n")
        for i in range(ROWS):
            code = 1_000_000 + i // 48 * 7
            file.write(
                line.format(i % 12 + 1, (344, 110, 502, 145)[i // 12 % 4], code, i * 31, i * 977)
            )


def cube(count: int) -> tuple[list[str], list[str]]:
    """Series and months that make `count` cells."""
    months = [f"{2000 + i // 12}-{i % 12 + 1:02}" for i in range(240)]
    areas = AREAS.split()
    partners = [*areas[:24], "RU", "NO"]
    series = [
        f"M,{siec},{partner},{unit},{area}"
        for siec in ("G3000", "G3200", "O4630", "O4640")
        for partner in partners
        for unit in ("MIO_M3", "TJ_GCV")
        for area in areas
    ]
    return series[: count // len(months) + 1], months


def tsv(path: Path) -> None:
    """A million cells, a record a series."""
    series, months = cube(ROWS)
    with path.open("w", newline="") as file:
        file.write("freq,siec,partner,unit,geo\\TIME_PERIOD\t" + " \t".join(months) + " \n")
        for i, one in enumerate(series):
            cells = (f"{(i * 37 + j * 11) % 9999 / 10} {'p' * (j > 230)}" for j in range(240))
            file.write(one + "\t" + "\t".join(cells) + "\n")


def sdmx(path: Path) -> None:
    """A million records, one a cell."""
    series, months = cube(ROWS)
    with path.open("w", newline="") as file:
        file.write(
            "DATAFLOW,LAST UPDATE,freq,siec,partner,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG\n"
        )
        for i, one in enumerate(series):
            for j, month in enumerate(months):
                value = (i * 37 + j * 11) % 9999 / 10
                file.write(f"ESTAT:NRG_TI_GASM(1.0),15/09/26 23:00:00,{one},{month},{value},\n")


def json_stat(path: Path) -> None:
    """A cube of a million cells, all of them stated."""
    series, months = cube(ROWS)
    axes = [list(dict.fromkeys(one.split(",")[i] for one in series)) for i in range(5)] + [months]
    names = ["freq", "siec", "partner", "unit", "geo", "time"]
    size = [len(axis) for axis in axes]
    count = 1
    for each in size:
        count *= each
    path.write_text(
        json.dumps(
            {
                "version": "2.0",
                "class": "dataset",
                "label": "x",
                "source": "ESTAT",
                "updated": "2026",
                "value": {str(i): i * 7 % 9999 / 10 for i in range(count)},
                "id": names,
                "size": size,
                "dimension": {
                    name: {
                        "label": name,
                        "category": {
                            "index": {each: i for i, each in enumerate(axis)},
                            "label": {each: each for each in axis},
                        },
                    }
                    for name, axis in zip(names, axes, strict=True)
                },
                "extension": {"id": "NRG_TI_GASM"},
            }
        )
    )


def ecb(path: Path) -> None:
    """A million rates of 41 currencies as the bank sends them: three times what there is."""
    from datetime import date, timedelta

    days = [date(1999, 1, 4) + timedelta(days=i) for i in range(ROWS // 41 * 7 // 5)]
    codes = [f"{a}{b}X" for a in "ABCDEFG" for b in "ABCDEF"][:41]
    with path.open("w") as file:
        file.write(",".join(["Date", *codes]) + ",\n")
        for day in reversed([day for day in days if day.weekday() < 5]):
            file.write(
                f"{day},"
                + "".join(
                    "N/A," if i % 7 == 0 else f"{1 + (day.toordinal() * (i + 3)) % 9973 / 997:.4f},"
                    for i in range(41)
                )
                + "\n"
            )


PAIRS = [  # what, its file, ours, theirs, the most that time and memory may be
    (
        "gacc query CSV, 1 million records",
        gacc,
        ("gacc", "trade", {"flow": "M"}),
        (
            "pandas",
            "pandas.read_csv(path, encoding='gb18030', thousands=',', index_col=False, "
            f"dtype=dict.fromkeys({list(GACC)}, 'str'))",
        ),
        1.5,
        1.2,
    ),
    (
        "eurostat SDMX-CSV, 1 million records",
        sdmx,
        ("eurostat_energy", "trade", {}),
        (
            "pandas",
            "pandas.read_csv(path, dtype=dict.fromkeys(['DATAFLOW','LAST UPDATE','freq',"
            "'siec','partner','unit','geo','TIME_PERIOD','OBS_FLAG'], 'str') | "
            "{'OBS_VALUE': 'float64'})",
        ),
        1.5,
        1.2,
    ),
    (
        "eurostat TSV, 1 million cells",
        tsv,
        ("eurostat_energy", "trade", {"flow": "M"}),
        (
            "pandas",
            "frame = pandas.read_csv(path, sep='\\t', dtype='str')\n"
            "frame = frame.melt(frame.columns[0])\n"
            "frame[['value', 'flag']] = frame['value'].str.extract(r'^(\\S+) ?(\\w*)$')\n"
            "frame['value'] = pandas.to_numeric(frame['value'].replace(':', None))",
        ),
        1.5,
        1.2,
    ),
    (
        "ecb history, 1 million rates",
        ecb,
        ("ecb", "rates", {}),
        (
            "pandas",
            "frame = pandas.read_csv(path, na_values='N/A', parse_dates=['Date'])\n"
            "frame = frame.iloc[:, :-1]\n"
            "frame.groupby(frame.pop('Date').dt.to_period('M')).agg(['mean', 'count'])",
        ),
        1.5,
        1.2,
    ),
    (
        "eurostat JSON-stat, 1 million cells",
        json_stat,
        ("eurostat_energy", "trade", {}),
        (
            "pyjstat.pyjstat, pathlib",
            "pyjstat.pyjstat.Dataset.read(pathlib.Path(path).read_text()).write('dataframe')",
        ),
        1.0,
        1.2,
    ),
]


def run(code: str, path: Path) -> tuple[float, float]:
    """Seconds and MiB above the imports of one process that runs `code` on `path`."""
    folders = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, folders))}
    done = subprocess.run(
        [sys.executable, "-c", PEAK + code, str(path)],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{code}\nfailed:\n{done.stderr[-2000:]}")
    seconds, kib = map(float, done.stdout.split()[-2:])
    return seconds, kib / 1024


def hostile(folder: Path) -> int:
    """Files made to exhaust whoever reads them, lines of 200 MB among them; how many are over."""
    sys.path.append(str(ROOT / "tests"))
    import test_hostile

    test_hostile.write(folder, 200_000_000)
    over = 0
    for bad in sorted((folder / "bad").iterdir()):
        seconds, mib = run(HOSTILE.format(), bad)
        over += seconds > 1 or mib > 100
        print(f"{seconds:6.2f}s {mib:4.0f}MiB  limit 1.00s  100MiB  refused: {bad.name}")
    return over


def main(rounds: int = 5) -> int:
    """Time every pair and print a line each, then what is refused; 1 if one is over its limit."""
    over = 0
    print(f"{'ours':>15} {'theirs':>15} {'time':>5} {'limit':>5} {'memory':>6} {'limit':>5}  what")
    with tempfile.TemporaryDirectory() as folder:
        for what, write, (module, table, options), (imports, code), most, heap in PAIRS:
            needed = imports.partition(".")[0].partition(",")[0]
            if find_spec(needed) is None:
                print(f"left out, {needed} is not installed: {what}")
                continue
            write(path := Path(folder, write.__name__))
            ours = OURS.format(module=module, table=table, options=options)
            theirs = THEIRS.format(imports=imports, code=code)
            pairs = [(run(ours, path), run(theirs, path)) for _ in range(rounds)]
            ratios = [statistics.median(pair[0][i] / pair[1][i] for pair in pairs) for i in (0, 1)]
            a, b = (
                [statistics.median(pair[side][i] for pair in pairs) for i in (0, 1)]
                for side in (0, 1)
            )
            over += ratios[0] > most or ratios[1] > heap
            print(
                f"{a[0]:6.2f}s {a[1]:4.0f}MiB {b[0]:6.2f}s {b[1]:4.0f}MiB {ratios[0]:5.2f} "
                f"{most:5.2f} {ratios[1]:6.2f} {heap:5.2f}  {what}"
            )
            path.unlink()
        over += hostile(Path(folder))
    return int(over > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
