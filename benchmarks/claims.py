"""A long ledger: `tradeflows claims --json` of so many claims over the project's own tables.

Claims are made up: sums and growths of the flows below over windows of 1 to 24 months, each with a
figure of its own, a third of them with a second reading. One whole process, wall and processor
seconds. The tables must be built.

    python benchmarks/claims.py [--claims 5000]
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Reporter, partner, flow, product and source of monthly flows without a hole from 2019 to 2023.
FLOWS = (
    ("CHN", "RUS", "M", "2709", "gacc_energy_imports_from_russia"),
    ("CHN", "RUS", "M", "2709", "comtrade_energy_imports_from_russia"),
    ("CHN", "RUS", "M", "2710", "comtrade_energy_imports_from_russia"),
    ("CHN", "RUS", "M", "TOTAL", "comtrade_china_russia_totals_2017_2024"),
    ("CHN", "RUS", "X", "TOTAL", "comtrade_china_russia_totals_2017_2024"),
)
FIRST, LAST = 2019 * 12, 2023 * 12 + 11


def main() -> None:
    """Write a ledger, judge it, and print what that took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--claims", type=int, default=5000, help="number of claims")
    wanted = parser.parse_args().claims
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder, "long.toml")
        ledger.write_text("\n".join(itertools.islice(claims(), wanted)), encoding="utf-8")
        began = time.perf_counter()
        command = [sys.executable, "-m", "tradeflows", "--root", str(ROOT), "claims", "--json"]
        environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(
            [*command, "--ledger", str(ledger)], env=environment, capture_output=True, check=True
        )
        wall = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    judged = json.loads(done.stdout)
    readings = sum(len(one["readings"]) for one in judged)
    cpu = used.ru_utime + used.ru_stime
    print(f"{len(judged)} claims, {readings} readings: {wall:.1f} s, {cpu:.1f} s of processor")
    print(f"at most {used.ru_maxrss / 1024:.0f} MiB")


def claims():
    """Claims without end, as TOML, no two of one window, flow and measure in the first 5,000."""
    spans = itertools.product(range(1, 25), FLOWS, range(FIRST, LAST - 23))
    for number, (length, flow, first) in enumerate(itertools.cycle(spans)):
        yield claim(number, length, flow, first)


def claim(number: int, length: int, flow: tuple[str, ...], first: int) -> str:
    """One claim with a reading, every third with a second over a window that is one longer."""
    reporter, partner, direction, product, source = flow
    asks = (
        f'goods = "{product}", reporter = "{reporter}", partner = "{partner}", '
        f'flow = "{direction}", measure = "value", start = "{month(first)}", '
        f'end = "{month(first + length - 1)}"'
    )
    text = (
        f'[claim.N{number}]\ntheme = "long"\nstatement = "Number {number}."\nwho = "nobody"\n'
        f'where = "made up"\nprinted_to = 1e8\nclaimed = {{ value = {(number + 1) * 1e6}, '
        f'unit = "USD" }}\nasks = {{ {asks} }}\n'
    )
    for more in range(1 + (number % 3 == 0)):
        text += (
            f'[[claim.N{number}.reading]]\nname = "reading {more}"\n'
            f'read = {{ reporter = "{reporter}", partner = "{partner}", flow = "{direction}", '
            f'product = "{product}", freq = "M", source = "{source}" }}\n'
            f'steps = [["total", {{ value = "value_reported", start = "{month(first)}", '
            f'end = "{month(first + length - 1 + more)}" }}]]\nresult = "value_reported"\n'
        )
    return text


def month(place: int) -> str:
    """A month counted from year 0 as 2022-03."""
    return f"{place // 12}-{place % 12 + 1:02}"


if __name__ == "__main__":
    main()
