"""What lineage costs: each measure over a million synthetic rows with and without provenance.

With provenance columns a measure records its lineage, without it does not. The two run in turn,
each in a process of its own: processor seconds of the measure alone, and MiB of the whole process
at its peak. Then the time to trace one number back to lines, on the embedded data. Run it with
``make bench``.
"""

import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd

import tradeflows as tf
from tradeflows import measures

ROWS, LIMIT, SECONDS = 1_000_000, 1.2, 1.0
SLACK = 0.1  # seconds or MiB that are no matter: a process differs by more from run to run
PLACE = ["source_id", "source_row", "source_field"]
KG, USD, EUR = "net_wgt_kg", "primary_value_usd", "value_reported"


def synthetic(rows: int) -> pd.DataFrame:
    """Months of 2010 to 2019 of invented flows between invented areas."""
    random = np.random.default_rng(1)
    month, flow = np.arange(rows) % 120, np.arange(rows) // 120
    areas = np.array([f"{a}{b}{c}" for a in "ABCD" for b in "PQRSTU" for c in "VWXYZ"])
    frame = pd.DataFrame(
        {
            "source_id": "synthetic",
            "source_row": np.arange(rows) + 1,
            "source_field": "",
            "reporter_iso": areas[flow % 100],
            "partner_iso": areas[flow // 100 % 100],
            "flow_code": "M",
            "cmd_code": "2709",
            "currency": "EUR",
            "ref_period": (480 + month).astype("datetime64[M]").astype("datetime64[us]"),
            "n_months": 1,
            EUR: random.uniform(1e3, 1e6, rows),
            USD: random.uniform(1e3, 1e6, rows),
            KG: random.uniform(1e3, 1e6, rows),
            "flags": "",
            "qualifier": "=",
        }
    )
    return frame.astype(dict.fromkeys(["reporter_iso", "partner_iso"], "str"))


def rates() -> pd.DataFrame:
    months = pd.date_range("2010-01", "2019-12", freq="MS")
    shared = {"base": "EUR", "quote": "USD", "publisher": "synthetic", "statistic": "mean"}
    return pd.DataFrame({"ref_period": months, "n_months": 1, "rate": 1.1, **shared})


PAIRS = ["reporter_iso", "partner_iso"]
MEASURES = {
    "total": lambda frame: measures.total(frame, KG, ["reporter_iso"], ["partner_iso"], every=12),
    "share": lambda frame: measures.share(frame, frame, KG, by=PAIRS),
    "yoy": lambda frame: measures.yoy(frame, KG),
    "growth": lambda frame: measures.growth(frame, KG, 2019, 2018),
    "shares": lambda frame: measures.shares(frame, KG, by=["reporter_iso", "ref_period"]),
    "hhi": lambda frame: measures.hhi(frame, KG, by=["reporter_iso", "ref_period"]),
    "unit_value": measures.unit_value,
    "barrels_per_day": measures.barrels_per_day,
    "convert": lambda frame: measures.convert(frame.drop(columns=USD), rates()),
    "gap": lambda frame: measures.gap(frame, frame, KG),
    "stack": lambda frame: measures.stack({"a": frame, "b": frame}),
}


def alone(name: str, columns: str) -> None:
    """Run one measure once in this process; print its seconds, and the peak in MiB."""
    frame = synthetic(ROWS)
    if columns == "without":
        frame = frame.drop(columns=PLACE)
    start = time.process_time()
    result = MEASURES[name](frame)
    seconds = time.process_time() - start
    assert ("made" in result.attrs) == (columns == "with")
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def run(name: str, columns: str) -> tuple[float, ...]:
    """The same in a process of its own."""
    child = subprocess.run(
        [sys.executable, __file__, name, columns], stdout=subprocess.PIPE, check=True, text=True
    )
    return tuple(map(float, child.stdout.split()))


def main(rounds: int = 3) -> int:
    """Print a line a measure; 1 if one is over the limit."""
    over = 0
    print(f"a measure over {ROWS:,} synthetic rows with and without lineage, at most {LIMIT}")
    for name in MEASURES:
        pairs = [(run(name, "with"), run(name, "without")) for _ in range(rounds)]
        shown = []
        for i, unit in ((0, "s"), (1, "MiB")):
            ours, theirs = ([pair[side][i] for pair in pairs] for side in (0, 1))
            # the least of some runs, since others' load only ever adds
            ratio = min(ours) / min(theirs)
            over += ratio > LIMIT and min(ours) - min(theirs) > SLACK
            shown.append(f"{min(ours):8.2f} {unit}{min(theirs):8.2f} {unit}{ratio:6.2f}")
        print(" ".join(shown), f" {name}")
    asked = {"partner": "RUS", "flow": "M", "freq": "M", "product": "2709", "start": "2021"}
    crude = tf.read(reporter="CHN", source="gacc_energy_imports_from_russia", **asked)
    year = measures.barrels_per_day(measures.total(crude, KG, start="2023", end="2023"))
    start = time.perf_counter()
    terms = tf.trace(year)
    seconds = time.perf_counter() - start
    print(f"{seconds:6.2f} s, at most {SECONDS:.0f}: one number traced to {len(terms)} lines")
    return int(over > 0 or seconds > SECONDS)


if __name__ == "__main__":
    sys.exit(alone(*sys.argv[1:]) if sys.argv[1:] else main())
