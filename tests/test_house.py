"""The layout of the package: its rooms, their floors, how dense a function is, and no article.

Words of an article stand in code lists, publishers and examples alone.
"""

import ast
import re
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


def where(path):
    return path.relative_to(PACKAGE).as_posix()


TEXTS = {
    where(path): path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*"))
    if path.suffix in (".py", ".j2", ".js", ".css") and "codelists" not in path.parts
}
TREES = {name: ast.parse(text) for name, text in TEXTS.items() if name.endswith(".py")}


def room_of(name):
    return name.partition("/")[0].removesuffix(".py")


def imported_rooms(tree):
    """The rooms that a file imports from, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tradeflows"):
            parts = node.module.split(".")[1:]
            names = parts[:1] or [name.name for name in node.names]
            yield from (name for name in names if name in FLOOR)
        elif isinstance(node, ast.Import):
            parts = [name.name.split(".") for name in node.names]
            yield from (name[1] for name in parts if name[0] == "tradeflows" and len(name) > 1)


def test_the_package_has_these_rooms_and_no_others():
    found = {path.name for path in PACKAGE.iterdir()} - {"__pycache__", "py.typed", "__main__.py"}
    assert {name.removesuffix(".py") for name in found} == {*FLOOR, "__init__"}


@pytest.mark.parametrize("room", FLOOR)
def test_a_floor_imports_only_those_below(room):
    files = {name: tree for name, tree in TREES.items() if room_of(name) == room}
    others = [(name, other) for name, tree in files.items() for other in imported_rooms(tree)]
    assert [at for at in others if at[1] != room and FLOOR[at[1]] >= FLOOR[room]] == []


BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.IfExp, ast.ExceptHandler)
BRANCHES += (ast.comprehension, ast.match_case, ast.Assert)


def complexity(function):
    nodes = [*ast.walk(function)]
    joined = sum(len(node.values) - 1 for node in nodes if isinstance(node, ast.BoolOp))
    return 1 + joined + sum(isinstance(node, BRANCHES) for node in nodes)


@pytest.mark.parametrize("room", FLOOR)
def test_no_function_is_long(room):
    for name, tree in TREES.items():
        for node in ast.walk(tree) if room_of(name) == room else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                lines = node.end_lineno - body[0].lineno + 1 if body else 0
                assert complexity(node) <= 13, (name, node.name)
                assert lines <= 60, (name, node.name)


def test_the_formatter_is_never_switched_off():
    assert [name for name, text in TEXTS.items() if re.search("fmt: (skip|off)", text)] == []


# --- no article -----------------------------------------------------------------------------------

ARTICLE = re.compile(r"ODNI|invasion|2022-02-24", re.I)
COUNTRIES = re.compile(r"russia|china|chinese|yuan|renminbi", re.I)
EXAMPLE = re.compile(r"^\s*(>>>|\.\.\.) |such as|e\.g\.")
# Where such a word is the thing itself, and why.
NAMED = {
    "claims/": "offices by their names, and examples of what a ledger says",
    "report/templates/methods.html.j2": "families of those who counted",
    "charts/names.py": "short names of currencies, by their codes",
    "cli/verbs.py": "the name of an office, in the help",
    "model/areas.py": "an example of a code that means two areas",
    "publishers": "whose files they read, and the words of these files",
    "retrieval/user_files.py": "names of known publishers",
    "retrieval/catalogue.py": "an example of a credit",
    "retrieval/sketch": "words for currencies in the files of users",
    "tables/choose_statement.py": "two currencies in one file of customs",
}


def plain(text):
    """Lines of a file that are no example and no output of one."""
    kept, in_example = [], False
    for line in text.splitlines():
        in_example = bool(line.strip()) and (in_example or bool(EXAMPLE.search(line)))
        if not in_example:
            kept.append(line)
    return "\n".join(kept)


def test_the_package_knows_of_no_article():
    assert [name for name, text in TEXTS.items() if ARTICLE.search(text)] == []
    found = [name for name, text in TEXTS.items() if COUNTRIES.search(plain(text))]
    assert [name for name in found if not name.startswith(tuple(NAMED))] == []
    assert plain("a\n>>> tf.flow('oil', 'China')\nChina 1\n\nb") == "a\n\nb"
