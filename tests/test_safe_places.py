"""What is read is a file of a disk, and what is written lies where it harms nothing else."""

import os

import pytest
from maps import WHEAT_MAP

from tradeflows import cli, tables
from tradeflows.model.errors import BuildError
from tradeflows.report import pages


@pytest.fixture
def wheat(new_project):
    root = new_project("wheat")
    (root / "wheat.csv").write_text("month,usd\n2023-01,5\n")
    return root


@pytest.mark.skipif(os.name == "nt", reason="it has no such files")
@pytest.mark.parametrize("file", ["pipe"])
@pytest.mark.parametrize(
    "verb", [["add"], ["sketch"], ["clean", "gacc", "--to", "x.csv"], ["update", "wheat"]]
)
def test_what_may_never_end_is_not_read(wheat, verb, file, capsys):
    os.mkfifo("pipe")
    assert cli.main([*verb, file]) == 1
    assert f"{file}: is no file of a disk" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["local", "CON", ".hidden", "a/b"])
def test_a_publisher_has_a_name_that_a_folder_may_have(wheat, name, capsys):
    text = WHEAT_MAP.replace("publisher.office", f"publisher.'{name}'")
    (wheat / "map.toml").write_text(text.replace('"office"', f'"{name}"'))
    assert cli.main(["add", "wheat.csv", "--map", "map.toml"]) == 1
    assert f"map.toml: publisher {name}: " in capsys.readouterr().err
    assert not (wheat / "data/raw/local").exists()


@pytest.mark.parametrize("to", ["/", "data/raw/new", "."])
def test_a_report_overwrites_nothing_else(wheat, to, capsys):
    assert cli.main(["report", "--to", to]) == 2
    assert "holds other files than a report's" in capsys.readouterr().err


@pytest.mark.parametrize(("options", "to"), [([], "wheat/report"), (["--to", "pages"], "pages")])
def test_a_report_lies_in_its_project(wheat, monkeypatch, options, to):
    asked = []
    monkeypatch.setattr(pages, "write", lambda files, to, *_, **__: asked.append(to) or [])
    monkeypatch.chdir(wheat.parent)
    assert cli.main(["--root", "wheat", "report", *options]) == 0
    assert asked[0].resolve() == (wheat.parent / to).resolve()


@pytest.mark.parametrize("folder", ["processed", "processed/local"])
def test_a_link_out_of_the_tables_is_not_followed(wheat, tmp_path, folder):
    (tmp_path / "elsewhere").mkdir()
    link = wheat / "data" / folder
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    with pytest.raises(BuildError, match="is a link"):
        tables.build(wheat)
    assert not any((tmp_path / "elsewhere").iterdir())
