"""The examples of the docstrings, run on the tables as they are built."""

import doctest
import inspect

import pytest

import tradeflows as tf
from tradeflows import measures, tables
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
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF


@pytest.mark.parametrize("test", [*EXAMPLES, *MEASURES])
def test_the_example_gives_what_it_says(test, embedded, monkeypatch):
    monkeypatch.setenv("TRADEFLOWS_ROOT", str(embedded))
    said = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=said.append)
    assert not said, "".join(said)


def test_every_public_function_of_the_explorer_has_an_example():
    shown = {param.values[0].name.rpartition(".")[2] for param in EXAMPLES}
    assert {
        "flow",
        "settlement",
        "figures",
        "find",
        "products",
        "areas",
        "sources",
        "rerouting",
        "by",
        "share",
        "gap",
        "trace",
    } <= shown


def test_each_public_function_has_an_example():
    functions = [getattr(tf, name) for name in tf.__all__ if inspect.isfunction(getattr(tf, name))]
    functions += [getattr(measures, param.id) for param in MEASURES]
    assert len(MEASURES) > 20
    assert [each.__name__ for each in functions if ">>> " not in (each.__doc__ or "")] == []
