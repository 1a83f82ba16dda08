"""The layout of the package: its rooms, their floors, and how dense a function may be."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "tradeflows"
FLOOR = {
    "model": 0,
    "publishers": 1,
    "measures": 1,
    "retrieval": 2,
    "tables": 3,
    "charts": 4,
    "claims": 4,
    "explore": 5,
    "report": 6,
    "cli": 7,
}
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_rooms(path):
    """The rooms that a file imports from, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tradeflows"):
            parts = node.module.split(".")[1:]
            names = parts[:1] or [name.name for name in node.names]
            yield from (name for name in names if name in FLOOR)
        elif isinstance(node, ast.Import):
            for name in node.names:
                parts = name.name.split(".")
                if parts[0] == "tradeflows" and len(parts) > 1:
                    yield parts[1]


def test_the_package_has_these_rooms_and_no_others():
    found = {path.name for path in PACKAGE.iterdir()} - {"__pycache__", "py.typed", "__main__.py"}
    assert {name.removesuffix(".py") for name in found} == {*FLOOR, "__init__"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_floor_imports_only_those_below(path):
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return
    wrong = {
        other for other in imported_rooms(path) if other != room and FLOOR[other] >= FLOOR[room]
    }
    assert not wrong


def test_the_formatter_is_never_switched_off():
    switches = ("fmt: " + word for word in ("skip", "off"))
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    assert not any(switch in text for switch in switches)


def density(path):
    """Complexity and lines of body of each function of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = node.end_lineno - body[0].lineno + 1 if body else 0
            yield node.name, complexity(node), lines


def complexity(function):
    branches = (
        ast.If,
        ast.For,
        ast.AsyncFor,
        ast.While,
        ast.IfExp,
        ast.ExceptHandler,
        ast.comprehension,
        ast.match_case,
        ast.Assert,
    )
    count = 1
    for node in ast.walk(function):
        count += isinstance(node, branches)
        if isinstance(node, ast.BoolOp):
            count += len(node.values) - 1
    return count


@pytest.mark.parametrize("room", sorted(FLOOR))
def test_no_function_is_long(room):
    files = [path for path in FILES if room_of(path) == room]
    found = [(path.name, *each) for path in files for each in density(path)]
    assert [each for each in found if each[2] > 13 or each[3] > 60] == []
