"""UN Comtrade: calls made, speed and memory, and 300 random faults; all against the local twin.

The least possible number of calls is what one who knew every row beforehand would need under the
same limits: no more rows than the cap less one, no more periods and characters than a call takes;
plus one call for the list of data sets, without which no release is known. The field's clients make
one call for each reporter and period.

Of whole levels nobody knows the rows beforehand, and who does not know cannot promise the least.
The first question is chosen before any reply, and spans some share s of what is wanted. Where that
is all of it, there may be a little more than one cap: the call is lost. Where it is less, there may
be k caps with k < 1 / s: then it comes less than full, and the rest is more than k - 1. Either way
one call more than the least has to be made. Over draws of each world the calls made may be 1.2
times the least; where that is less than the one call more, because the least is below five, 1.2
times the bound, the least for one who cannot know.
"""

import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from comtrade_twin import FAULTS, KEY, Twin, row, serve  # noqa: E402

from tradeflows.model import codes  # noqa: E402
from tradeflows.retrieval import catalogue, comtrade  # noqa: E402
from tradeflows.retrieval.comtrade.packing import Queue, calls_of  # noqa: E402
from tradeflows.retrieval.fetching import Kept, Report  # noqa: E402
from tradeflows.retrieval.http import FetchError  # noqa: E402

HEAD = '[publisher.comtrade]\nname = "UN"\nshort = "UN Comtrade"\nhome = ""\n'
PATHS = ("CHN,KAZ,KGZ,ARM,TUR,UZB", "RUS,BLR,HKG,ARE,World")
# What, key, reporters, partners, products, first, last, how full the world is. One that is quite
# full has months of one size, as a server has whose cap is lower than it says: each is asked twice.
QUESTIONS = [
    ("drones, two partners, preview", "", "CHN", "RUS,KAZ", "8806,8807", "2022-01", "2024-12", 1),
    ("the same with a key", KEY, "CHN", "RUS,KAZ", "8806,8807", "2022-01", "2024-12", 1),
    ("six routes, preview", "", *PATHS, "8806,8807,852580,901310", "2022-01", "2024-12", 1),
    (
        "six routes with a key, half empty",
        KEY,
        *PATHS,
        "8806,8807,901310",
        "2022-01",
        "2024-12",
        0.5,
    ),
    ("all partners, preview", "", "CHN", "all", "880621", "2023-01", "2023-12", 0.9),
    (
        "all partners, a tenth of them trade, preview",
        "",
        "CHN",
        "all",
        "880621,880622,880623,880624",
        "2023-01",
        "2023-12",
        0.1,
    ),
    (
        "all partners, 40 codes, a key",
        KEY,
        "CHN",
        "all",
        ",".join(f"88{i:04}" for i in range(40)),
        "2022-01",
        "2023-12",
        0.9,
    ),
    ("all HS6 from one partner, a key", KEY, "CHN", "RUS", "AG6,TOTAL", "2022-01", "2023-12", 0.9),
]
CODES = 2_000  # HS6 codes in the last world
# All HS6 codes (5,000) and all partners (240 that trade). What, months, share of cells that trade,
# whether partners and months differ (partners by a log-normal, months by up to a fifth), row cap.
LEVELS = [
    ("sparse: half a cap a month", 24, 0.042, False, 100_000),
    ("the same, uneven", 24, 0.042, True, 100_000),
    ("sparse: a fifth of a cap a month, uneven", 24, 0.016, True, 100_000),
    ("dense: 3.3 caps a month", 6, 0.275, False, 100_000),
    ("the same, uneven", 6, 0.275, True, 100_000),
    ("one month of half a cap", 1, 0.042, True, 100_000),
    ("one month of 3.3 caps", 1, 0.275, False, 100_000),
    ("preview, 5 caps a month, uneven", 12, 0.0021, True, 500),
    ("one month of 1.3 caps, uneven", 1, 0.108, True, 100_000),
    ("a year of 1.6 caps, uneven", 12, 0.0111, True, 100_000),
]
DRAWS = 50  # of each: what a data set holds is 4 to 20 times what is asked for, give or take 5 %


def project(folder: str) -> Path:
    root = Path(folder)
    (root / "data" / "raw").mkdir(parents=True)
    (root / "data" / "raw" / "sources.toml").write_text(HEAD)
    return root


def ask(reporter: str, partner: str, products: str, start: str, end: str) -> comtrade.Request:
    return comtrade.request(reporter, partner, "X", products, start, end, today=date(2025, 11, 25))


def fetch(
    twin: Twin, asked: comtrade.Request, root: Path, key: str, cap: int | None = None
) -> Report:
    with serve(twin) as base:
        web, limits = comtrade.connect(base, key, twin.clock, cap)
        with web:
            return comtrade.fetch(comtrade.plan(asked, web, limits, root), web, root)


def calls() -> bool:
    """Calls made for each question; False where more than 1.2 times the least."""
    print(f"{'made':>6} {'least':>6} {'ratio':>6} {'field':>6}  calls for")
    good = True
    for what, key, reporters, partners, products, start, end, fill in QUESTIONS:
        asked, rng = ask(reporters, partners, products, start, end), random.Random(1)
        who = asked.partners if partners != "all" else tuple(codes.area_codes("comtrade"))[:240]
        many = [f"{i:06}" for i in range(10_000, 10_000 + CODES)]
        goods = [code for each in asked.products for code in (many if each == "AG6" else [each])]
        rows = [
            row(reporter=r, period=p, partner=q, product=c, aggrLevel=6 if len(c) == 6 else 0)
            for r in asked.reporters
            for p in asked.periods
            for q in who
            for c in goods
            if rng.random() < fill
        ]
        twin, limits = Twin(rows), comtrade.KEYED if key else comtrade.PREVIEW
        twin.others = 300_000  # rows of each data set that nobody asks for
        with tempfile.TemporaryDirectory() as folder:
            report = fetch(twin, asked, project(folder), key)
        assert report.rows == len(rows), (report.rows, len(rows))
        made = len(twin.paths)
        if limits.periods == 1:
            count = {p: sum(each["period"] == p for each in rows) for p in asked.periods}
            least = 1 + sum(math.ceil(n / (limits.cap - 1)) for n in count.values())
        else:
            least = 1 + max(
                math.ceil(len(asked.periods) / limits.periods),
                math.ceil(len(rows) / (limits.cap - 1)),
            )
        field = len(asked.reporters) * len(asked.periods)
        good &= made <= 1.2 * least
        print(f"{made:6} {least:6} {made / least:6.2f} {field:6}  {what} ({len(rows):,} rows)")
    return good


def levels() -> bool:
    """The same for whole levels, by counts of rows alone."""
    print(
        f"{'made':>6} {'least':>6} {'ratio':>6} {'of bound':>8} {'worst':>6} {'cut':>6}  "
        f"calls for all HS6 and all partners, mean of {DRAWS} draws"
    )
    good = True
    for what, months, fill, uneven, cap in LEVELS:
        sums = np.array([_draw(seed, months, fill, uneven, cap) for seed in range(DRAWS)])
        made, least, cut = sums.mean(axis=0)
        worst = (sums[:, 0] / sums[:, 1]).max()
        good &= made <= 1.2 * (least if least >= 5 else least + 1)
        print(
            f"{made:6.1f} {least:6.1f} {made / least:6.2f} {made / (least + 1):8.2f} "
            f"{worst:6.2f} {cut:6.1f}  {what}"
        )
    return good


def _draw(seed: int, months: int, fill: float, uneven: bool, cap: int) -> tuple[int, int, int]:
    """Calls made, the least, and those that were cut off, in one world."""
    rng, preview = np.random.default_rng(seed), cap == 500
    who = [code for code in codes.area_codes("comtrade") if code != "0"][:240]
    weight = rng.lognormal(-0.5, 1.0, len(who)) if uneven else np.ones(len(who))
    season = rng.uniform(0.8, 1.2, months) if uneven else np.ones(months)
    chance = np.minimum(1.0, np.outer(season, weight) * fill / weight.mean())
    table = rng.binomial(5_000, chance)
    periods = [f"{2022 + i // 12}{i % 12 + 1:02}" for i in range(months)]
    rows = {
        (p, q): int(n)
        for p, line in zip(periods, table, strict=True)
        for q, n in zip(who, line, strict=True)
    }
    times = 4 * 5 ** rng.random() * rng.lognormal(0.0, 0.05, months)
    records = {f"156 {p}": int(n) for p, n in zip(periods, table.sum(axis=1) * times, strict=True)}
    limits = replace(comtrade.PREVIEW if preview else comtrade.KEYED, cap=cap)
    box = comtrade.Call((), (), ("all",), ("AG6",), ("X",))
    queue = Queue(calls_of(box, records, records), records, limits)
    made, cut, whole = 1, 0, 0
    while queue.calls:
        call = queue.take()
        partners = who if call.partners == ("all",) else {*who} & {*call.partners}
        came = {("156", p, q): rows[p, q] for p in call.periods for q in partners}
        made += 1
        if (count := sum(came.values())) >= cap:
            cut += queue.cut(call, cap)
        else:
            whole += count
            by_partner = Counter()
            for (_, _, partner), n in came.items():
                by_partner[partner] += n
            queue.learn(Kept(call, None, count, by_partner))
    assert whole == table.sum(), (whole, table.sum())
    sizes = table.sum(axis=1) if preview else [table.sum()]
    least = max(math.ceil(months / limits.periods), sum(math.ceil(n / (cap - 1)) for n in sizes))
    return made, 1 + least, cut


WORK = r"""
import json, re, sys, time
from pathlib import Path
import pandas, pyarrow, pyarrow.compute, pyarrow.csv, pyarrow.json, pyarrow.parquet
from tradeflows.model import schema
from tradeflows.publishers import comtrade
from tradeflows.model.keys import Keys
from tradeflows.model.source import Source
files, out = [Path(name) for name in sys.argv[2:-1]], sys.argv[-1]
warm = pandas.DataFrame({"a": ["1"]}).to_parquet(out)
def highest():  # not ru_maxrss: a child begins with its parent's
    return int(re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1])
before = highest()
start = time.process_time()
if sys.argv[1] == "ours":
    with pyarrow.parquet.ParquetWriter(out, schema.TRADE, compression="snappy") as writer:
        for file in files:
            entry = Source(file.stem, file.name, "comtrade", "", "fetched", "", "by row", None, "",
                           1, "trade", "comtrade.clean", 1)
            keys = Keys(schema.TRADE)
            for part in comtrade.clean(file, entry, cap=250_000):
                keys.add(part.rows)
                writer.write_batch(part.rows)
            keys.check({entry.id: file})
else:
    for file in files:
        pandas.DataFrame(json.loads(file.read_bytes())["data"]).to_parquet(out)
spent = time.process_time() - start
peak = highest() - before
print(json.dumps([spent, peak * 1024]))
"""


def speed(rows: int = 100_000, rounds: int = 5) -> bool:
    """Rows a second from reply to Parquet, and memory above the imports."""
    partners = [code for code in codes.area_codes("comtrade") if code != "97"][:200]
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder, "reply.json"), Path(folder, "out.parquet")
        data = [
            row(
                partner=partners[i % 200],
                product=f"{i // 200 + 10_000:06}",
                value=i * 1.37,
                netWgt=None if i % 3 else i * 0.5,
            )
            for i in range(rows)
        ]
        file.write_text(json.dumps({"elapsedTime": "1", "count": rows, "data": data, "error": ""}))
        size = file.stat().st_size

        def run(who: str, times: int = 1) -> tuple[float, float]:
            arguments = [sys.executable, "-c", WORK, who, *[str(file)] * times, str(out)]
            path = {"PYTHONPATH": str(ROOT / "src")}
            done = subprocess.run(arguments, env=os.environ | path, check=True, capture_output=True)
            spent, peak = json.loads(done.stdout)
            return spent, peak

        pairs = [(run("ours"), run("pandas")) for _ in range(rounds)]
        ratio = statistics.median(theirs[0] / ours[0] for ours, theirs in pairs)
        ours, theirs = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
        one, four = (run("ours", n)[1] / size for n in (1, 6))
        print(
            f"{rows / ours:,.0f} rows a processor second, pandas {rows / theirs:,.0f}: "
            f"{ratio:.2f} × as fast"
        )
        print(
            f"peak above the imports: {one:.2f} × a reply of {size >> 20} MiB; of six such "
            f"replies {four:.2f} × one; pandas {pairs[0][1][1] / size:.2f} ×"
        )
        return ratio >= 1 and max(one, four) <= 4


def faults(count: int = 300) -> bool:
    """Random faults: rows lost, rows twice, and whether the key is seen anywhere."""
    rng, served, lost, twice, seen, world = random.Random(6), 0, 0, 0, 0, 0
    while served < count:
        world += 1
        rows = [
            row(reporter=r, period=f"2022{m:02}", partner=q, product=c, value=float(world))
            for r in ("156", "398")
            for m in range(1, 13)
            for q in ("0", "643", "792")
            for c in ("880621", "880622")
            if rng.random() < 0.7
        ]
        twin = Twin(rows)
        key = rng.choice(["", KEY])
        with tempfile.TemporaryDirectory() as folder:
            root, said = project(folder), ""
            for _ in range(9):
                twin.faults = [
                    rng.choice(FAULTS) if rng.random() < 0.4 else None for _ in range(60)
                ]
                before = [fault for fault in twin.faults if fault]
                try:
                    report = fetch(
                        twin,
                        ask("CHN,KAZ", "RUS,TUR,World", "880621,880622", "2022-01", "2022-12"),
                        root,
                        key,
                    )
                except FetchError as error:
                    said += str(error)
                    continue
                finally:
                    served += len(before) - sum(map(bool, twin.faults))
                said += "".join(report.lines())
                if not report.failed:
                    break
            came = [
                (each["reporterCode"], each["period"], each["partnerCode"], each["cmdCode"])
                for source in catalogue.load(root, local=True).values()
                for each in json.loads(source.file(root).read_bytes())["data"]
            ]
            lost += len(rows) - len(set(came))
            twice += len(came) - len(set(came))
            said += "".join(file.read_text() for file in root.rglob("*") if file.is_file())
            seen += KEY in said + "".join(twin.paths)
    print(
        f"{served} faults in {world} worlds: {lost} rows lost, {twice} counted twice, "
        f"{seen} keys seen"
    )
    return not lost + twice + seen


def main() -> int:
    """Print the three figures; 1 if one is not as it should be."""
    os.environ.pop("COMTRADE_KEY", None)
    start = time.perf_counter()
    good = [calls(), levels(), speed(), faults()]
    print(f"{time.perf_counter() - start:.0f} s; {'as it should be' if all(good) else good}")
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main())
