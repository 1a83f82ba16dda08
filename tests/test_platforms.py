"""The package on other systems: what only POSIX has is neither imported nor called for certain."""

import os
import re
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pandas as pd
import pyarrow.parquet as pq
import pytest

from tradeflows.cli.arguments import GROUPS, names_of
from tradeflows.retrieval import catalogue

PACKAGE = Path(__file__).parents[1] / "src" / "tradeflows"
FILES = sorted(PACKAGE.rglob("*.py"))
ONLY_POSIX = "fcntl|grp|posix|pty|pwd|resource|syslog|termios|tty"

VERBS_TESTS = (  # the smallest that have every verb
    "test_ask.py::test_the_verbs_answer",
    "test_claims.py::test_one_wrong_claim_is_one_line",
    "test_cli.py::test_a_shell_completes_each_verb",
    "test_cli.py::test_build_says_what_was_left_out",
    "test_cli.py::test_clean_shows_each_file",
    "test_cli.py::test_sources_by_a_word",
    "test_cli.py::test_verify_counts_the_files",
    "test_cli.py::test_what_is_held_is_answered_without_a_network",
    "test_comtrade.py::test_the_command_says_what_came",
    "test_revisions.py::test_what_an_added_release_changed_is_shown",
    "test_init.py::test_a_new_project_is_checked",
    "test_init.py::test_the_example_of_a_claim_is_right",
    "test_local.py::test_a_removed_file_is_gone",
    "test_local.py::test_doctor_and_rows_look_at_it",
    "test_releases.py::test_last_months_of_zeros_are_asked_about_when_they_come",
    "test_sketch.py::test_a_sketch_needs_no_project",
)


def test_every_verb_without_posix(tmp_path):
    tests = Path(__file__).parent
    done = tmp_path / "verbs"
    words = ["-q", "-p", "no_posix", "-p", "no:cacheprovider", *(tests / at for at in VERBS_TESTS)]
    paths = os.pathsep.join([str(tests), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": paths, "TRADEFLOWS_VERBS": str(done)}
    command = [sys.executable, "-m", "pytest", *words]
    ended = subprocess.run(command, env=env, cwd=tests.parent, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
    every = {name for members in GROUPS.values() for name in names_of(members)}
    assert every - set(done.read_text(encoding="utf-8").split()) == set()
    imports = re.compile(rf"^\s*(?:import|from) (?:{ONLY_POSIX})\b", re.MULTILINE)
    assert [path for path in FILES if imports.search(path.read_text(encoding="utf-8"))] == []


FOLDERS = "data|raw|processed|local|comtrade|office|notebooks|report|charts|wheat"
OF_WINDOWS = re.compile(rf"C:[\\/]|\b(?:{FOLDERS})\\+\w")


@pytest.mark.parametrize("text", ["C:\\x\\wheat", "C:/x", "raw\\office\\x.csv", r'"data\\raw"'])
def test_a_path_of_windows_is_known(text):
    assert OF_WINDOWS.search(text)


def kept(file):
    """What stands in a file, as text."""
    if file.suffix != ".parquet":
        return file.read_text(encoding="utf-8")
    table = pq.read_table(file)
    return f"{table.schema.metadata} {table.to_pylist()}"


@pytest.mark.skipif(os.name == "nt", reason="whose paths are so without a fake")
def test_what_is_kept_has_no_drive_and_no_backslash(tmp_path):
    script = Path(__file__).with_name("drive_letters.py")
    command = [sys.executable, script, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "report\\index.html" in done.stdout, "the fake was not there"

    root = tmp_path / "wheat"
    files = [file for file in root.rglob("*") if file.is_file()]
    shown = {file.relative_to(root): OF_WINDOWS.findall(kept(file)) for file in files}
    assert {file: found for file, found in shown.items() if found} == {}

    sources = catalogue.load(root, local=True).values()
    paths = [f"data/raw/{source.path}" for source in sources]
    paths += [*pd.read_csv(root / "traced.csv")["path"]]
    assert "data/raw/office/exports.csv" in paths
    assert [path for path in paths if not (root / path).is_file()] == []
    for path in paths:
        there = PureWindowsPath("D:/work", path)
        assert (there.drive, there.parts[2:]) == ("D:", PurePosixPath(path).parts)
