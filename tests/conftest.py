"""What several test files share."""

import os
import shutil
import signal
from functools import partial
from pathlib import Path

import maps
import pytest
import words
from hypothesis import settings

# How long an example takes is the machine's, and no fault of what is tested. A change is red for
# what it changed: `make fuzz` alone asks new questions each time.
FUZZ = "TRADEFLOWS_FUZZ" in os.environ
settings.register_profile("project", deadline=None, derandomize=not FUZZ)
settings.load_profile("project")

# A shell lets what it runs in the background ignore Ctrl-C, and so would what tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

PROJECT = Path(__file__).parents[1]
# Files whose tests make a page, a kernel, a project or a process each, or judge the whole ledger:
# `make quick` leaves them out, as it does single tests marked `slow`.
SLOW = [
    "accept",
    "ask",
    "behind",
    "chart_files",
    "charts",
    "cleaned",
    "cluster",
    "comext_fetch",
    "comtrade",
    "comtrade_calls",
    "docs",
    "doctests",
    "doctor",
    "examples",
    "explore",
    "frames",
    "front",
    "hostile",
    "init",
    "interrupts",
    "lab",
    "live_notebook",
    "look",
    "lying_ledgers",
    "next_steps",
    "notebooks",
    "platforms",
    "project",
    "releases",
    "report",
    "two_directions",
    "verdicts",
    "zeros_of_answers",
]


def pytest_collection_modifyitems(items):
    """Mark what stands in a slow file; a file that is new is a quick one until it is listed."""
    if gone := [name for name in SLOW if not (PROJECT / f"tests/test_{name}.py").is_file()]:
        raise pytest.UsageError(f"SLOW of tests/conftest.py lists files that are gone: {gone}")
    for item in items:
        if item.path.stem.removeprefix("test_") in SLOW:
            item.add_marker(pytest.mark.slow)


def pytest_terminal_summary(terminalreporter):
    """Say which charts have too many words, where notebooks were tested; it is no failure."""
    reports = [each for some in terminalreporter.stats.values() for each in some]
    if any("test_notebooks" in getattr(each, "nodeid", "") for each in reports):
        said = words.in_notebooks(PROJECT / "notebooks")
        terminalreporter.write_line(f"{len(said)} charts have too many words", yellow=bool(said))
        for line in said:
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory):
    """Build the committed raw data afresh, and return the project folder that holds the tables."""
    from tradeflows import tables

    root = tmp_path_factory.mktemp("embedded")
    (root / "data").mkdir()
    (root / "data" / "raw").symlink_to(PROJECT / "data" / "raw", target_is_directory=True)
    tables.build(root)
    return root


@pytest.fixture
def new_project(tmp_path, monkeypatch):
    """Make a new project as a user does, stand in it, and return its folder."""
    from tradeflows import cli

    def make(name):
        monkeypatch.delenv("TRADEFLOWS_ROOT", raising=False)
        monkeypatch.chdir(tmp_path)
        assert cli.main(["init", name]) == 0
        monkeypatch.chdir(tmp_path / name)
        return tmp_path / name

    return make


@pytest.fixture
def make_root(tmp_path, root_maker):
    """Give `make` of `root_maker`, for this test's own folder."""
    return partial(root_maker, tmp_path)


@pytest.fixture(scope="session")
def root_maker():
    """Build a project folder with a catalogue of invented files, and return it.

    ``make(folder, {"oil": {}})`` catalogues one small file of prices that verifies. Keys given for
    an id replace the entry's, None removes one, and ``text`` is what the file holds (None: no
    file). ``local`` does the same for the user's own catalogue; `head` goes to the top of the
    committed one.
    """

    def make(folder, sources, *, local=None, head=""):
        root = folder / "project"
        raw = root / "data" / "raw"
        raw.mkdir(parents=True, exist_ok=True)
        demo = maps.table(
            "publisher.demo", {"name": "Office of Invention", "short": "Demo", "home": ""}
        )
        committed = [head, demo, *(maps.source(raw, "demo", *item) for item in sources.items())]
        (raw / "sources.toml").write_text("\n".join(committed), encoding="utf-8")
        if local is not None:
            for name, changes in local.items():
                entry = maps.source(raw, "local", name, changes)
                (raw / "local").mkdir(exist_ok=True)
                (raw / "local" / f"{name}.csv.toml").write_text(entry, encoding="utf-8")
        return root

    return make


def example(name, tmp_path_factory):
    """Build a worked example in a folder of its own."""
    from tradeflows import tables

    root = tmp_path_factory.mktemp("example") / name
    ignored = shutil.ignore_patterns("processed", "report")
    shutil.copytree(PROJECT / "examples" / name, root, ignore=ignored)
    tables.build(root)
    return root


@pytest.fixture(scope="session")
def soybeans(tmp_path_factory):
    """The second worked example."""
    return example("soybeans", tmp_path_factory)


@pytest.fixture(scope="session")
def neighbours(tmp_path_factory):
    """The third, of lines alone."""
    return example("neighbours", tmp_path_factory)
