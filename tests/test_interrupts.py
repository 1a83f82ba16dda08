"""Ctrl-C and SIGTERM end the command with one line, from its first import on."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from synthetic import save_notebook

from tradeflows import cli
from tradeflows.cli import interrupts
from tradeflows.report import notebooks
from tradeflows.retrieval import catalogue

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")

PROJECT = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(PROJECT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
ENDS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
LINE = "tradeflows: interrupted; nothing half-written is left\n"
# What a process does once a module is looked for: at the first import of ours, and of a later one.
AT_IMPORT = """
import os, sys
import tradeflows

class Signals:
    @staticmethod
    def find_spec(name, *_):
        if name == module:
            os.kill(os.getpid(), number)

number, module = int(sys.argv[1]), sys.argv[2]
sys.argv[1:] = ["sources"]
%s
sys.modules.pop(module, None)
sys.meta_path.insert(0, Signals)
from tradeflows.cli import main
sys.exit(main())
"""
AT_EXIT = """
import atexit, os, sys
from tradeflows.cli import main
atexit.register(os.kill, os.getpid(), int(sys.argv[1]))
sys.argv[1:] = ["sources"]
sys.exit(main())
"""
# A report whose notebooks do something else: `work`, with the number of a signal.
IN_REPORT = """
import ctypes, os, sys, time
from tradeflows.cli import main, verbs
number = int(sys.argv[1])
%s
verbs.checks.notebooks = work
sys.argv[1:] = ["report"]
sys.exit(main())
"""
IN_LIBRARY = """
def work(*_):
    print("now", flush=True)
    ctypes.CDLL(None).sleep(60)  # in which no handler of Python's runs
"""
IN_FINALIZER = """
class Left:
    def __del__(self):
        os.kill(os.getpid(), number)
        time.sleep(0)  # here the handler's exception is raised, and cannot be passed on
def work(*_):
    left = Left()
    del left
    time.sleep(60)
"""
HALF_MADE = """
class Half:
    def __del__(self):
        raise AttributeError("as of a loop that an interrupt left half made")
def work(*_):
    half = Half()
    os.kill(os.getpid(), number)
    sys.argv.append(half)
"""


def ends(code, *words, wait=False, number=0):
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-c", code, *map(str, words)]
    with subprocess.Popen(command, env=ENVIRONMENT, **streams) as process:
        if wait:
            process.stdout.readline()
            process.send_signal(number)
        began = time.monotonic()
        _, err = process.communicate(timeout=60)
    return process.returncode, err, time.monotonic() - began


@pytest.mark.parametrize(
    ("number", "status", "module", "before"),
    [
        (*ENDS[0], "tradeflows.cli.interrupts", ""),
        (*ENDS[1], "cyclopts", "from tradeflows.cli import main"),
        (*ENDS[0], "tradeflows.cli.verbs", "from tradeflows.cli import main"),
    ],
)
def test_a_signal_while_modules_load(number, status, module, before):
    assert ends(AT_IMPORT % before, int(number), module)[:2] == (status, LINE)


def test_a_signal_before_it_is_heard(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(interrupts, "listen", interrupted)
    monkeypatch.setattr(interrupts, "leave", lambda status: None)
    assert cli.main() == 130
    assert capsys.readouterr().err == LINE


@pytest.mark.parametrize(("number", "status"), ENDS)
def test_a_signal_within_a_library(number, status):
    returned, err, seconds = ends(IN_REPORT % IN_LIBRARY, int(number), wait=True, number=number)
    assert (returned, err) == (status, LINE)
    assert seconds < 5  # 1.5 on an idle machine


@pytest.mark.parametrize(
    ("number", "status", "code"), [(*ENDS[0], HALF_MADE), (*ENDS[1], IN_FINALIZER)]
)
def test_a_signal_within_a_finalizer(number, status, code):
    assert ends(IN_REPORT % code, int(number))[:2] == (status, LINE)


def test_notebooks_take_no_signals(tmp_path, monkeypatch):
    """Neither the handler, nor what wakes the thread that ends a process whose handler waits."""
    paths = [tmp_path / f"{name}.ipynb" for name in "ab"]
    for path in paths:
        save_notebook(path, "# A", "1 + 1")
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    ours = sender.fileno()
    seen = []

    def note(*_):
        wakes = signal.set_wakeup_fd(ours, warn_on_full_buffer=False)
        seen.append((signal.getsignal(signal.SIGTERM), wakes))

    async def started(self, **options):
        note()
        await start(self, **options)

    start = notebooks.NotebookClient.async_start_new_kernel
    monkeypatch.setattr(notebooks.NotebookClient, "async_start_new_kernel", started)
    before = signal.signal(signal.SIGTERM, note)
    woken = signal.set_wakeup_fd(ours, warn_on_full_buffer=False)
    try:
        notebooks.run(paths, steps=notebooks.Steps(note, len(paths)))
    finally:
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGTERM, before)
        receiver.close()
        sender.close()
    assert seen == [(note, ours)] * 6


def test_a_signal_after_the_work_is_done():
    """While Python ends, too late for a line, the status is that of the work."""
    assert ends(AT_EXIT, int(signal.SIGTERM))[:2] == (0, "")


def test_a_closed_output_is_no_fault():
    code = "import sys; from tradeflows.cli import main; sys.argv[1:] = ['{}']; sys.exit(main())"
    for verb in ("--version", "sources"):
        done = subprocess.run(
            ["sh", "-c", '"$0" -c "$1" >&- 2>&-', sys.executable, code.format(verb)],
            env=ENVIRONMENT,
            cwd=PROJECT,
        )
        assert done.returncode == 0, verb


def test_any_encoding_of_the_output(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tradeflows", "--root", tmp_path / "Ü→\udcff", "sources"],
        env=ENVIRONMENT | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"tradeflows: no data/raw/sources.toml in ")
    assert done.stderr.count(b"\n") == 1


def test_too_little_memory_is_one_line(monkeypatch, capsys):
    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(catalogue, "load", full)
    assert cli.main(["sources"]) == 1
    assert capsys.readouterr().err.startswith("tradeflows: there is not enough memory; ")
