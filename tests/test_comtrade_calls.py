"""How many calls ordinary questions take without a key, against the least that would do.

The least is what one who knew every row beforehand would need under the public service's limits:
of each period, which a call has one of, the rows by what fits below the row cap, and one call for
the list of data sets.
"""

import math
import sys
from collections import Counter
from datetime import date

import numpy as np
import pytest
from comtrade_twin import OFFICE, Twin, row, serve

from tradeflows.model import codes
from tradeflows.retrieval import comtrade
from tradeflows.retrieval.comtrade import packing
from tradeflows.retrieval.fetching import Kept

TODAY = date(2025, 11, 25)
MOST = 1.1  # calls made, for each one that is needed
OF_LEVELS = 1.6  # the same, where a word stands for thousands of codes
MONTHS = {"start": "2023-01", "end": "2024-12"}
YEAR = {"start": "2024-01", "end": "2024-12"}
GOODS = "1001,1005,1201,2709,2710"
CHAPTERS = ",".join(f"{chapter:02}" for chapter in range(1, 98) if chapter != 77)
HEADINGS = ",".join(f"{heading}" for heading in range(8401, 8411))
# What, then whose, with whom, of which goods, when and how many of a hundred cells trade.
QUESTIONS = {
    "five goods with all partners": ("CHN", "all", GOODS, MONTHS, 30),
    "six routes": ("CHN,KAZ,ARM", "RUS,BLR,World", "8517,8542,8471", MONTHS, 80),
    "ten goods by year": ("CHN", "all", HEADINGS, {"start": "2015", "end": "2024"}, 40),
    "every chapter from four partners": ("CHN", "RUS,KAZ,BLR,World", CHAPTERS, YEAR, 90),
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
    """Return the fewest calls that bring `rows`, the list of data sets being one of them."""
    periods = Counter(each["period"] for each in rows)
    return 1 + sum(math.ceil(n / (cap - 1)) for n in periods.values())


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("COMTRADE_KEY", "")
    monkeypatch.setitem(sys.modules, "keyring", None)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "data" / "raw" / "sources.toml").write_text(OFFICE, encoding="utf-8")
    return tmp_path


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


# Whole levels of the HS with all partners, with a key and without: reporters, level, codes, share
# that trades. Without, no partner has more rows than a call, since a level cannot be parted.
KEYED, PREVIEW = comtrade.KEYED, packing.PREVIEW
LEVELS = {
    "much of HS6, a year": ("156", "AG6", 5_000, 0.2, KEYED),
    "little of HS6": ("398", "AG6", 5_000, 0.004, KEYED),
    "headings, no key": ("156", "AG4", 1_200, 0.05, PREVIEW),
}


@pytest.mark.parametrize("what", LEVELS)
def test_whole_levels_take_few_calls(what):
    reporters, level, goods, share, limits = LEVELS[what]
    draw = np.random.default_rng(len(what))
    partners = [code for code in codes.area_codes("comtrade") if code != "0"][:230]
    rows = {}
    for reporter in reporters.split(","):
        sizes = draw.lognormal(0, 1.5, len(partners))
        for month in range(1, 13):
            often = np.minimum(1, share * sizes / sizes.mean() * draw.uniform(0.8, 1.2))
            often = np.minimum(often, 0.75 * limits.cap / goods)
            came = draw.binomial(goods, often).tolist()
            rows[f"{reporter} 2024{month:02}"] = Counter(dict(zip(partners, came, strict=True)))
    records = {cell: 7 * came.total() for cell, came in rows.items()}
    calls = packing.calls_of(comtrade.Call((), (), ("all",), (level,), ("M",)), rows, records)
    queue = packing.Queue(calls, records, limits)
    made = 0
    whole = Counter()
    while queue.calls:
        call = queue.take()
        made += 1
        of_partner = Counter()
        for cell in call.cells:
            for partner in packing.enumerated(call.partners):
                of_partner[partner] += rows[cell][partner]
        if of_partner.total() >= limits.cap:
            assert queue.cut(call, limits.cap)
        else:
            whole += of_partner
            queue.learn(Kept(call, None, of_partner.total(), of_partner))
    assert whole == sum(rows.values(), Counter())
    periods = rows.values() if limits is PREVIEW else [whole]
    fewest = sum(max(1, math.ceil(came.total() / (limits.cap - 1))) for came in periods)
    assert made <= OF_LEVELS * (fewest + 1)  # one shows how full the others come
