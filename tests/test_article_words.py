"""The package knows of no article: its words stand in code lists, publishers and examples alone."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "tradeflows"
FILES = sorted(
    path
    for path in SOURCE.rglob("*")
    if path.suffix in (".py", ".j2", ".js", ".css") and "codelists" not in path.parts
)
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
    "retrieval/customs_form.py": "the form of one office of customs",
    "retrieval/sketch": "words for currencies in the files of users",
    "tables/choose_statement.py": "two currencies in one file of customs",
}


def where(path):
    return path.relative_to(SOURCE).as_posix()


@pytest.mark.parametrize("path", FILES, ids=where)
def test_no_word_of_the_article(path):
    assert ARTICLE.findall(path.read_text(encoding="utf-8")) == []


def plain(text):
    """Lines of a file that are no example and no output of one."""
    kept, in_example = [], False
    for line in text.splitlines():
        in_example = bool(line.strip()) and (in_example or bool(EXAMPLE.search(line)))
        if not in_example:
            kept.append(line)
    return "\n".join(kept)


def test_countries_stand_in_lists_and_examples():
    found = {where(path) for path in FILES if COUNTRIES.search(plain(path.read_text("utf-8")))}
    unnamed = [name for name in found if not name.startswith(tuple(NAMED))]
    assert sorted(unnamed) == []


def test_an_example_is_told_from_plain_words():
    assert plain("a\n>>> tf.flow('oil', 'China')\nChina 1\n\nb") == "a\n\nb"
