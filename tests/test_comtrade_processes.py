"""Fetching in processes of its own, which are killed, run side by side and sit at a terminal."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import time

import pytest
from comtrade_twin import Twin, row, serve
from test_comtrade import project

from tradeflows.retrieval import catalogue

MONTHS = [f"{year}{month:02}" for year in (2022, 2023) for month in range(1, 13)]
# The command as it is, but for the second that it keeps between two calls.
CODE = """
import sys
from dataclasses import replace
from tradeflows import cli
from tradeflows.retrieval.comtrade import planning
planning.PREVIEW = replace(planning.PREVIEW, pause=0.0)
sys.exit(cli.main(["fetch", "comtrade", "--reporter", "CHN", "--partner", "RUS", "--flow", "X",
                   "--products", "880621", "--start", "2022-01", "--end", "2023-12"]))
"""


@pytest.fixture
def root(tmp_path):
    return project(tmp_path / "project")


@pytest.fixture
def twin():
    twin = Twin([row(period=period, value=float(period)) for period in MONTHS], gap=0)
    twin.lag = 0.003
    return twin


def start(root, base, **streams):
    environment = {
        name: value
        for name, value in os.environ.items()
        if "proxy" not in name.lower() and name != "COMTRADE_KEY"
    }
    environment |= {
        "TRADEFLOWS_ROOT": str(root),
        "TRADEFLOWS_COMTRADE_URL": base,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    return subprocess.Popen([sys.executable, "-c", CODE], env=environment, text=True, **streams)


def wait_for(twin, calls):
    limit = time.monotonic() + 30
    while len(twin.asked) < calls:
        assert time.monotonic() < limit
        time.sleep(0.001)


def asked(paths):
    return [re.search(r"period=(\d+)", path)[1] for path in paths]


def held(root):
    """The months of every catalogued reply; each must be whole."""
    months = []
    for source in catalogue.load(root, local=True).values():
        data = json.loads(catalogue.check(source, root).read_bytes())["data"]
        months += [each["period"] for each in data]
    return months


def test_killed_at_random_nothing_is_lost(root, twin):
    rng = random.Random(6)
    with serve(twin) as base:
        for _ in range(2):
            before, sent = held(root), len(twin.asked)
            child = start(root, base)
            wait_for(twin, sent + rng.randint(1, 4))
            time.sleep(rng.random() * 0.01)
            child.send_signal(signal.SIGKILL)
            child.communicate()
            assert not {*asked(twin.asked[sent:])} & {*before}
            assert {state.state for state in catalogue.states(root)} <= {"ok"}
        before, sent = held(root), len(twin.asked)
        out, _ = (child := start(root, base)).communicate(timeout=60)
    assert child.returncode == 0
    assert "24 rows held for 24 cells" in out
    assert sorted(asked(twin.asked[sent:])) == sorted({*MONTHS} - {*before})
    assert sorted(held(root)) == MONTHS
