"""What `add` says at once: two sources of one rank, and a file for which memory does not do."""

import os
import re
import subprocess
import sys

import pytest
from maps import WHEAT_MAP

from tradeflows import cli, tables
from tradeflows.model.errors import QueryError
from tradeflows.retrieval import adding, catalogue

MONTHS = "month,usd\n" + "".join(f"2024-{month:02},{{}}\n" for month in range(1, 13))
WORDS = "state 12 cells both and have one rank, so a read of which neither states more months"


@pytest.fixture
def run(tmp_path, capsys):
    """Run a verb in a new project that holds the file of one office; what it printed."""
    root = tmp_path / "project"

    def run(*words, status=0):
        assert cli.main(["--root", str(root), *map(str, words)]) == status
        printed = capsys.readouterr()
        return printed.err if status else printed.out

    def add(name, number, text=WHEAT_MAP, **how):
        (tmp_path / f"{name}.csv").write_text(MONTHS.replace("{}", str(number)), encoding="utf-8")
        template = tmp_path / f"{name}.toml"
        text = text.replace("office", name).replace("exports", f"wheat_{name}")
        template.write_text(text, encoding="utf-8")
        return run("add", tmp_path / f"{name}.csv", "--map", template, **how)

    assert cli.main(["init", str(root)]) == 0
    capsys.readouterr()
    assert "rank" not in add("one", 100)
    run.add, run.root = add, root
    return run


def test_a_reader_who_left_does_not_end_the_adding(run, tmp_path, monkeypatch):
    files = [tmp_path / f"{name}.csv" for name in ("four", "five", "six")]
    for number, path in enumerate(files):
        path.write_text(MONTHS.replace("{}", str(number + 1)), encoding="utf-8")
    template = tmp_path / "four.toml"
    template.write_text(WHEAT_MAP.replace("office", "four"), encoding="utf-8")
    reader, writer = os.pipe()
    os.close(reader)
    words = [sys.executable, "-m", "tradeflows", "--root", run.root, "add", *files]
    command = subprocess.run([*words, "--map", template], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert command.returncode == 0, command.stderr
    assert len(catalogue.load(run.root, local=True)) == 4


def ask(root):
    return tables.read(reporter="USA", partner="EGY", product="1001", local=True, root=root)


def test_add_and_doctor_name_the_line_that_gives_two_sources_an_order(run):
    told = run.add("two", 105)
    assert f"rank: wheat_one and wheat_two {WORDS}" in told
    assert "rank: " in run("doctor")
    with pytest.raises(QueryError, match="of one rank"):
        ask(run.root)
    rank, name, file = re.search(r"write `rank = (\d+)` for (\w+) in (\S+),", told).groups()
    entry = run.root / file
    text = entry.read_text(encoding="utf-8")
    entry.write_text(re.sub(r"(?m)^rank = \d+", f"rank = {rank}", text), encoding="utf-8")
    run("build")
    other = {"wheat_one": "wheat_two", "wheat_two": "wheat_one"}[name]
    assert ask(run.root).attrs["sources"] == (other,)
    assert "rank: " not in run("doctor")


@pytest.mark.parametrize(("free", "is_refused"), [(1 << 10, True), (1 << 20, False)])
def test_a_file_for_which_memory_does_not_do_is_refused_at_once(run, free, is_refused, monkeypatch):
    monkeypatch.setattr(adding, "free_memory", lambda: free)
    told = run.add("two", 105, status=1 if is_refused else 0)
    assert ("13 lines, for which each build needs some" in told) == is_refused
    assert ("split it by years, and add the files with the same map" in told) == is_refused
    assert ("wheat_two" in catalogue.load(run.root, local=True)) != is_refused
