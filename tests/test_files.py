"""What a killed run was writing is removed by the next; what another run may write stays."""

import os
import subprocess
import sys
import time

import pytest

from tradeflows.model import files

HOUR = 3700


def ended():
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("machine", "process", "age", "stays"),
    [
        (None, "ended", 0, False),
        (None, "alive", 0, True),
        (None, "alive", HOUR, False),
        ("0123abcd", "ended", 0, True),  # its processes are not seen from here
        ("0123abcd", "ended", HOUR, False),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="asking after a process would end it there")
def test_who_writes_decides(tmp_path, monkeypatch, machine, process, age, stays):
    if machine:
        monkeypatch.setattr(files, "MACHINE", machine)
    number = ended() if process == "ended" else os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: number)
    path = files.temporary(tmp_path / "trade.parquet")
    monkeypatch.undo()
    path.write_bytes(b"half")
    os.utime(path, (time.time() - age,) * 2)
    files.sweep(tmp_path)
    assert path.exists() == stays


def test_foreign_files_stay(tmp_path):
    path = tmp_path / ".notes.tmp"
    path.write_bytes(b"mine")
    os.utime(path, (0, 0))
    files.sweep(tmp_path)
    assert path.exists()
