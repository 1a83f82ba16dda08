"""A synthetic Comext month of the published layout, for the benchmark; no figure in it is real."""

import re
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as pacsv

from tradeflows.model import codes
from tradeflows.publishers.comext import SINCE_2002

NAMES = SINCE_2002.split(",")
EU = re.findall("..", "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISK")
UNITS = ["NO_SU"] * 14 + ["PST", "PST", "PST", "PA", "L", "M2", "M3", "1000_PST"]


def partners(year: int) -> list[str]:
    """All two-letter codes of Eurostat's system in a year, the unspecified ones among them."""
    known = codes.area_codes("eurostat", year)
    return [code for code in known if len(code) == 2 and code not in ("EU", "EL", "UK")][:240]


def write(path: Path, period: str, rows: int, seed: int = 0) -> None:
    """Write about `rows` distinct cells in the publisher's order: reporter, partner, product."""
    draw = np.random.default_rng(seed)
    products = np.random.default_rng(1)  # the same nomenclature every month
    chapters = [c for c in range(1, 98) if c != 77]
    goods = sorted(
        {f"{products.choice(chapters):02}{products.integers(10**6):06}" for _ in range(9_300)}
        | {f"{c:02}XXXXXX" for c in chapters}
    )
    n, who = len(goods), partners(int(period[:4]))
    weight = 1 / np.arange(1, n + 1) ** 0.8
    weight = products.permutation(weight)
    size = 1 / np.arange(1, len(who) + 1) ** 0.9
    size = products.permutation(size)
    own = 1 / np.arange(1, 28) ** 0.7
    cell = np.zeros(0, np.int64)
    while len(cell) < rows:  # distinct cells: reporter, partner, product, flow, procedure
        more = int((rows - len(cell)) * 1.5) + 1000
        reporter = draw.choice(27, more, p=own / own.sum())
        partner = draw.choice(len(who), more, p=size / size.sum())
        product = draw.choice(n, more, p=weight / weight.sum())
        flow = draw.integers(0, 2, more)
        procedure = draw.choice(4, more, p=[0.9, 0.02, 0.01, 0.07])
        new = (((reporter * len(who) + partner) * n + product) * 2 + flow) * 4 + procedure
        cell = np.unique(np.concatenate([cell, new]))
    cell = np.sort(draw.choice(cell, rows, replace=False))
    rest, procedure = np.divmod(cell, 4)
    rest, flow = np.divmod(rest, 2)
    rest, product = np.divmod(rest, n)
    reporter, partner = np.divmod(rest, len(who))
    value = np.maximum(1, draw.lognormal(8.5, 2.6, rows)).astype(np.int64)
    kilograms = (
        value / products.lognormal(1.5, 1.2, n)[product] * draw.lognormal(0, 0.7, rows)
    ).astype(np.int64)
    unit = products.integers(0, len(UNITS), n)[product]
    has = np.array([u != "NO_SU" for u in UNITS])[unit]
    quantity = np.where(has, kilograms // 3 + 1, 0)
    digits = [products.integers(10**4, 10**5, n).astype(str) for _ in range(5)]

    def coded(index: np.ndarray, words: list[str] | np.ndarray) -> pa.Array:
        return pa.array(words, pa.string()).take(pa.array(index))

    chapter = np.array([int(code[:2]) for code in goods])
    intra = np.isin(who, EU)[partner].astype(int)
    columns = [
        coded(reporter, EU),
        coded(partner, who),
        coded(intra, ["E", "I"]),
        coded(product, goods),
        coded(product, digits[0]),
        *(coded(product, np.array([w[:4] for w in d])) for d in digits[1:3]),
        coded(product, [w[:3] for w in digits[3]]),
        coded(product, [w + "0" for w in digits[4]]),
        coded(product, [f"{c // 5 + 1:02}" for c in chapter]),
        coded(flow, ["1", "2"]),
        coded(procedure, ["1", "2", "3", "9"]),
        coded(unit, UNITS),
        pa.repeat(period, rows),
        pa.array(value),
        pa.array(value),
        pa.array(kilograms),
        pa.array(quantity),
    ]
    options = pacsv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        file.write((",".join(NAMES) + "\n").encode())
        pacsv.write_csv(pa.Table.from_arrays(columns, NAMES), file, options)


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[2]))
