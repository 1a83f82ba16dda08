"""What project.toml may say, and how a wrong one is named."""

import re

import pytest

from tradeflows.model.errors import CatalogueError
from tradeflows.retrieval import project


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title = 1", "expected text in title, found 1"),
        ("subtitle = 'x'", "expected a title"),
        ("title = 'x'\ntheme = []", "no key 'theme'; did you mean 'themes'?"),
        ("title = 'x'\nthemes = 'a'", "expected a list in themes"),
        ("title = 'x'\nwords = 'a'", "expected a table in words"),
        ("title = 'x'\nanswer = {txt = 'a'}", "answer has no key 'txt'; did you mean 'text'?"),
        ("title = 'x'\n[[do_not_write]]\ntext = 'a'", "because"),
        ("title = 'x", "cannot be read as TOML"),
    ],
)
def test_a_wrong_project_file(tmp_path, text, message):
    (tmp_path / "project.toml").write_text(text)
    with pytest.raises(CatalogueError, match=re.escape(message)):
        project.load(tmp_path)


def test_without_a_project_file(tmp_path):
    folder = tmp_path / "rice_prices"
    folder.mkdir()
    assert project.load(folder) == project.Project(title="Rice prices")
