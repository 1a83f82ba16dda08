"""The examples of the docstrings, run on the tables as they are built."""

import doctest
import inspect
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

import tradeflows as tf
from tradeflows import charts, claims, measures, tables
from tradeflows.claims import ledger
from tradeflows.explore import answer, flow, inventory, rerouting

EXAMPLES = [
    pytest.param(test, id=test.name.removeprefix("tradeflows."))
    for module in (answer, rerouting, flow, inventory, tables)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module)
    if test.examples
]
MEASURES = [
    pytest.param(test, id=test.name)
    for name in ledger.every_measure() | {"stack": None}
    for test in doctest.DocTestFinder().find(getattr(measures, name), name)
]
FUNCTIONS = [  # of the rooms that a notebook uses
    pytest.param(test, id=test.name)
    for room in (charts, claims)
    for name in room.__all__
    if inspect.isfunction(getattr(room, name))
    for test in doctest.DocTestFinder().find(
        getattr(room, name), f"{room.__name__}.{name}", module=False
    )
]
PROJECT = Path(__file__).parents[1]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF


@pytest.fixture(scope="module")
def with_ledger(embedded, tmp_path_factory):
    """Lay the project's ledger beside the tables."""
    root = tmp_path_factory.mktemp("with_ledger")
    (root / "data").mkdir()
    for name in ("raw", "processed"):
        (root / "data" / name).symlink_to(embedded / "data" / name, target_is_directory=True)
    for name in ("claims.toml", "claims.csv"):
        (root / "data" / name).symlink_to(PROJECT / "data" / name)
    return root


@pytest.mark.parametrize("test", [*EXAMPLES, *MEASURES, *FUNCTIONS])
def test_the_example_gives_what_it_says(test, with_ledger, monkeypatch):
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(with_ledger))
    said = []
    doctest.DocTestRunner(verbose=False, optionflags=OPTIONS).run(test, out=said.append)
    plt.close("all")
    assert not said, "".join(said)


def test_every_public_function_of_the_explorer_has_an_example():
    shown = {param.values[0].name.rpartition(".")[2] for param in EXAMPLES}
    assert {"flow", "settlement", "figures", "find", "products", "areas", "sources"} <= shown
    assert {"rerouting", "by", "share", "gap", "trace"} <= shown


def test_each_public_function_has_an_example():
    functions = [getattr(tf, name) for name in tf.__all__ if inspect.isfunction(getattr(tf, name))]
    functions += [getattr(measures, param.id) for param in MEASURES]
    functions += [
        getattr(room, name)
        for room in (charts, claims)
        for name in room.__all__
        if inspect.isfunction(getattr(room, name))
    ]
    assert len(MEASURES) > 20
    assert [each.__name__ for each in functions if ">>> " not in (each.__doc__ or "")] == []
