"""The examples of the docstrings, run on the tables as they are built."""

import doctest
import importlib
import inspect
import pkgutil
import re
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

import tradeflows as tf
from tradeflows import charts, claims, measures
from tradeflows.claims import ledger

PROJECT = Path(__file__).parents[1]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF
FIND = doctest.DocTestFinder(exclude_empty=True).find
MEASURES = {name: getattr(measures, name) for name in [*ledger.every_measure(), "stack"]}
FUNCTIONS = {  # of the rooms that a notebook uses
    f"{room.__name__}.{name}": getattr(room, name)
    for room in (charts, claims)
    for name in room.__all__
    if inspect.isfunction(getattr(room, name))
}
MODULES = [
    importlib.import_module(module.name)
    for module in pkgutil.walk_packages(tf.__path__, "tradeflows.")
    if not module.name.endswith("__main__")
]
FOUND = [test for module in MODULES for test in FIND(module)]
EXAMPLES = {test.name: test for test in FOUND if test.examples}


@pytest.fixture(scope="module")
def with_ledger(embedded, tmp_path_factory):
    """Lay the claims of the project's ledger that examples name beside the tables."""
    root = tmp_path_factory.mktemp("with_ledger")
    (root / "data").mkdir()
    for name in ("raw", "processed"):
        (root / "data" / name).symlink_to(embedded / "data" / name, target_is_directory=True)
    text = (PROJECT / "data" / "claims.toml").read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\[claim\.|\[\[sentence)", text)
    named = re.compile(r'(?!\[claim\.)|\[claim\.O(08|09|10)|.*theme = "shipping"', re.DOTALL)
    kept = "\n".join(block for block in blocks if named.match(block))
    (root / "data" / "claims.toml").write_text(kept, encoding="utf-8")
    for name in ("data/claims.csv", "project.toml"):
        (root / name).symlink_to(PROJECT / name)
    return root


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_gives_what_it_says(name, with_ledger, monkeypatch):
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(with_ledger))
    said = []
    runner = doctest.DocTestRunner(verbose=False, optionflags=OPTIONS)
    runner.run(EXAMPLES[name], out=said.append)
    plt.close("all")
    assert not said, "".join(said)


def test_each_public_function_has_an_example():
    assert len(MEASURES) > 20
    functions = MEASURES | FUNCTIONS | {name: getattr(tf, name) for name in tf.__all__}
    functions = {name: each for name, each in functions.items() if inspect.isfunction(each)}
    assert [name for name, each in functions.items() if ">>> " not in (each.__doc__ or "")] == []
    shown = {name.rpartition(".")[2] for name in EXAMPLES}
    assert {"rerouting", "by", "share", "gap", "trace"} <= shown  # of an answer
