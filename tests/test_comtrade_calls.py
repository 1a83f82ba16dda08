"""How many calls ordinary questions take without a key, against the least that would do.

The least is what one who knew every row beforehand would need under the public service's limits:
of each period, which a call has one of, the rows by what fits below the row cap, and one call for
the list of data sets.
"""

import math
from collections import Counter
from datetime import date

import numpy as np
import pytest
from comtrade_twin import Twin, empty_project, hide_settings, row, serve

from tradeflows.model import codes
from tradeflows.retrieval import comtrade

TODAY = date(2025, 11, 25)
MOST = 1.1  # calls made, for each one that is needed
MONTHS = {"start": "2024-01", "end": "2024-08"}
HALF = {"start": "2024-01", "end": "2024-06"}
GOODS = "1001,1005,1201,2709,2710"
CHAPTERS = ",".join(f"{chapter:02}" for chapter in range(1, 98) if chapter != 77)
HEADINGS = ",".join(f"{heading}" for heading in range(8401, 8411))
# What, then whose, with whom, of which goods, when and how many of a hundred cells trade.
QUESTIONS = {
    "five goods with all partners": ("CHN", "all", GOODS, MONTHS, 30),
    "six routes": ("CHN,KAZ,ARM", "RUS,BLR,World", "8517,8542,8471", MONTHS, 80),
    "ten goods by year": ("CHN", "all", HEADINGS, {"start": "2020", "end": "2024"}, 40),
    "every chapter from four partners": ("CHN", "RUS,KAZ,BLR,World", CHAPTERS, HALF, 90),
}


def world(asked, share, seed):
    """Return rows of a question: partners and goods differ in size, months by a fifth."""
    draw = np.random.default_rng(seed)
    partners = asked.partners
    if partners == ("all",):
        partners = ("0", *[code for code in codes.area_codes("comtrade") if code != "0"][:220])
    sizes = draw.lognormal(0, 1, (len(asked.reporters), len(partners), len(asked.products)))
    trades = np.minimum(1, share / 100 * sizes / sizes.mean())
    rows = []
    usual = draw.random(sizes.shape)
    for period in asked.periods:
        now = np.where(draw.random(sizes.shape) < 0.8, usual, draw.random(sizes.shape))
        stated = now < trades * draw.uniform(0.9, 1.1)
        for reporter, partner, good in np.argwhere(stated):
            cell = {"reporter": asked.reporters[reporter], "partner": partners[partner]}
            rows.append(row(period=period, product=asked.products[good], flow="M", **cell))
    return rows


def least(rows, cap):
    periods = Counter(each["period"] for each in rows)
    return 1 + sum(math.ceil(n / (cap - 1)) for n in periods.values())


@pytest.fixture
def root(tmp_path, monkeypatch):
    hide_settings(monkeypatch)
    return empty_project(tmp_path)


@pytest.mark.parametrize("what", QUESTIONS)
def test_calls_are_few(root, what):
    reporter, partner, goods, window, share = QUESTIONS[what]
    freq = "M" if "-" in window["start"] else "A"
    asked = comtrade.request(reporter, partner, "M", goods, **window, freq=freq, today=TODAY)
    rows = world(asked, share, seed=len(what))
    twin = Twin(rows)
    twin.times = 7  # as many rows of a data set are of other questions
    with serve(twin) as base:
        web, limits = comtrade.connect(base, "", twin.clock)
        with web:
            report = comtrade.fetch(comtrade.plan(asked, web, limits, root), web, root)
    assert (report.rows, report.failed) == (len(rows), {})
    assert len(twin.paths) <= MOST * least(rows, limits.cap)
