"""A new project is made, and every verb works in it."""

import pytest

from tradeflows import cli
from tradeflows.report import new_project


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Make a project, and stand in it."""
    monkeypatch.delenv("TRADEFLOWS_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init", "wheat_prices"]) == 0
    monkeypatch.chdir(tmp_path / "wheat_prices")
    return tmp_path / "wheat_prices"


def test_a_new_project_has_its_files(root):
    made = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert made == set(new_project.FILES)
    assert 'title = "Wheat prices"' in (root / "project.toml").read_text()


def test_a_new_project_is_checked(root, capfd):
    assert cli.main(["build"]) == 0
    assert cli.main(["check"]) == 0
    assert "01_first_look.ipynb: 2 passed" in capfd.readouterr().out


def test_a_new_project_has_a_report(root, capfd):
    assert cli.main(["build"]) == 0
    assert cli.main(["claims"]) == 0
    assert cli.main(["report"]) == 0
    page = (root / "report" / "index.html").read_text()
    assert "<h1>Wheat prices</h1>" in page
    assert "What is held here?" in page
    assert "ledger.html" not in page


def test_a_full_folder_is_refused(root, capsys):
    assert cli.main(["init", str(root)]) == 2
    assert "there are files in it; name a new folder" in capsys.readouterr().err


def test_a_quotation_mark_is_refused(tmp_path, capsys):
    assert cli.main(["init", str(tmp_path / 'a"b')]) == 2
    assert "no quotation mark" in capsys.readouterr().err
