"""The examples of the explorer's docstrings, run on the tables as they are built."""

import doctest

import pytest

from tradeflows import tables
from tradeflows.explore import answer, flow, inventory, rerouting

EXAMPLES = [
    pytest.param(test, id=test.name.removeprefix("tradeflows."))
    for module in (answer, rerouting, flow, inventory, tables)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module)
    if test.examples
]
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_NDIFF


@pytest.mark.parametrize("test", EXAMPLES)
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
