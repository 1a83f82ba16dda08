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

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no signals between processes")

PROJECT = Path(__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(PROJECT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
ENDS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
LINE = "tradeflows: interrupted; nothing half-written is left\n"
AT_IMPORT = """
import os, sys

class Signals:
    @staticmethod
    def find_spec(name, *_):
        if name == module:
            os.kill(os.getpid(), number)

number, module = int(sys.argv[1]), sys.argv[2]
sys.argv[1:] = ["sources"]
from tradeflows.cli import main
sys.modules.pop(module, None)
sys.meta_path.insert(0, Signals)
sys.exit(main())
"""
AT_EXIT = """
import atexit, os, sys
from tradeflows.cli import main
number = int(sys.argv[1])
atexit.register(os.kill, os.getpid(), number)
sys.argv[1:] = ["sources"]
sys.exit(main())
"""
IN_LIBRARY = """
import ctypes, sys
from tradeflows.cli import main, verbs
def stuck(args):
    print("now", flush=True)
    ctypes.CDLL(None).sleep(60)  # in which no handler of Python's runs
verbs.checks.notebooks = lambda *_: stuck(None)
sys.argv[1:] = ["report"]
sys.exit(main())
"""

AT_FIRST_IMPORT = """
import os, sys
import tradeflows

class Signals:
    @staticmethod
    def find_spec(name, *_):
        if name == sys.argv[1]:
            os.kill(os.getpid(), 2)

sys.modules.pop(sys.argv[1], None)
sys.meta_path.insert(0, Signals)
from tradeflows.cli import main
"""
IN_FINALIZER = """
import os, sys, time
from tradeflows.cli import main, verbs
class Left:
    def __del__(self):
        os.kill(os.getpid(), int(sys.argv.pop()))
        time.sleep(0)  # here the handler's exception is raised, and cannot be passed on
def goes_on(*_):
    left = Left()
    del left
    time.sleep(60)
verbs.checks.notebooks = goes_on
sys.argv.insert(1, "report")
sys.exit(main())
"""


HALF_MADE = """
import os, sys
from tradeflows.cli import main, verbs
class Half:
    def __del__(self):
        raise AttributeError("as of a loop that an interrupt left half made")
def interrupted(*_):
    half = Half()
    os.kill(os.getpid(), int(sys.argv[-1]))
    sys.argv.append(half)
verbs.checks.notebooks = interrupted
sys.argv.insert(1, "report")
sys.exit(main())
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
    ("number", "status", "module"),
    [
        (*ENDS[0], "tradeflows.cli.command"),
        (*ENDS[1], "cyclopts"),
        (*ENDS[0], "tradeflows.cli.verbs"),
        (*ENDS[1], "hashlib"),
    ],
)
def test_a_signal_while_modules_load(number, status, module):
    assert ends(AT_IMPORT, int(number), module)[:2] == (status, LINE)


@pytest.mark.parametrize("module", ["signal", "tradeflows.cli.interrupts"])
def test_a_signal_at_the_first_import(module):
    assert ends(AT_FIRST_IMPORT, module)[:2] == (130, LINE)


def test_a_signal_before_it_is_heard(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(interrupts, "listen", interrupted)
    monkeypatch.setattr(interrupts, "leave", lambda status: None)
    assert cli.main() == 130
    assert capsys.readouterr().err == LINE


@pytest.mark.parametrize(("number", "status"), ENDS)
def test_a_signal_within_a_library(number, status):
    returned, err, seconds = ends(IN_LIBRARY, wait=True, number=number)
    assert (returned, err) == (status, LINE)
    assert seconds < 5  # 1.5 on an idle machine


@pytest.mark.parametrize(
    ("number", "status", "code"), [(*ENDS[0], HALF_MADE), (*ENDS[1], IN_FINALIZER)]
)
def test_a_signal_within_a_finalizer(number, status, code):
    assert ends(code, int(number))[:2] == (status, LINE)


def test_notebooks_take_no_signals(tmp_path, monkeypatch):
    """Neither the handler, nor what wakes the thread that ends a process whose handler waits."""
    paths = [tmp_path / f"{name}.ipynb" for name in "abc"]
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
        notebooks.run(paths, progress=note)
    finally:
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGTERM, before)
        receiver.close()
        sender.close()
    assert seen == [(note, ours)] * 9


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_after_the_work_is_done(number):
    """While Python ends, too late for a line, the status is that of the work."""
    assert ends(AT_EXIT, int(number))[:2] == (0, "")


def test_a_closed_output_is_no_fault():
    code = "import sys; from tradeflows.cli import main; sys.argv[1:] = ['{}']; sys.exit(main())"
    for verb in ("--version", "sources"):
        done = subprocess.run(
            ["sh", "-c", '"$0" -c "$1" >&- 2>&-', sys.executable, code.format(verb)],
            env=ENVIRONMENT,
            cwd=PROJECT,
        )
        assert done.returncode == 0, verb


@pytest.mark.parametrize("encoding", ["ascii"])
def test_any_encoding_of_the_output(encoding, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tradeflows", "--root", tmp_path / "Ü→\udcff", "sources"],
        env=ENVIRONMENT | {"PYTHONIOENCODING": encoding},
        capture_output=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(b"tradeflows: no data/raw/sources.toml in ")
    assert done.stderr.count(b"\n") == 1


def test_too_little_memory_is_one_line(monkeypatch, capsys):
    from tradeflows import cli
    from tradeflows.retrieval import catalogue

    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(catalogue, "load", full)
    assert cli.main(["sources"]) == 1
    assert capsys.readouterr().err.startswith("tradeflows: there is not enough memory; ")
