"""Kills of every verb at random times, by each signal: what is left behind, and what it says.

usage: python tests/crash.py [KILLS [VERB …]]    of each verb by each signal, 200 unless said

A small project of many files, with a claim and notebooks, is made once and copied for each kill.
After a kill no file that the catalogues name may be missing or cut, no entry gone, no table, page,
notebook or list half-written, and no process left. SIGINT and SIGTERM must end the verb within two
seconds, with one line and status 130 or 143; on a machine that others keep busy a second is longer,
by as many times as a whole run takes longer than its processor time.

A signal that comes before our first import or after the end is no kill: another is sent. There are
rounds of forty kills. Two of a round are of whole processes, whose modules load and whose kernels
start; the others are of forks of a process that has loaded all that (`nursery.py`). After the first
kill of a round the verb is run to its end: it must end well and leave nothing that a kill left.
`make crash` runs it; `make test` does not.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import twins
from comext_twin import month
from comtrade_twin import Twin, row, serve
from synthetic import save_notebook

from tradeflows.retrieval import catalogue

# A shell lets what it runs in the background ignore Ctrl-C, and so would the verbs.
signal.signal(signal.SIGINT, signal.default_int_handler)

SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
SECONDS = 2.0  # within which a verb ends
PATIENCE = 8.0  # within which what it started has ended too
FILES = 20  # that the project holds
NOTEBOOKS = 3
ROUND = 40  # kills of each verb by each signal, after the first of which it is run to its end
WHOLE = 20  # one kill in so many is of a whole process, the others are of forks
# Too early is a signal that Python meets before our first import has been made.
GOOD = ("ended", "done before", "too early")
BAD = ("other status", "not one line", "late", "half-written", "lost", "orphan", "fails again")
BAD += ("left behind",)
MAIN = "import sys; from tradeflows import cli; sys.exit(cli.main())"  # as the command does
# A grammar of addresses, which takes longer to load than the rest and which no verb needs.
WITHOUT_GRAMMAR = "import sys; sys.modules['rfc3987_syntax'] = None\n"
WITHOUT_PAUSE = """
from tradeflows.cli import interrupts
def watch(ending, watch=interrupts.watch):
    watch(ending)  # before more is imported, as a signal may come at any time
    from dataclasses import replace
    from tradeflows.retrieval.comtrade import planning
    planning.PREVIEW = replace(planning.PREVIEW, pause=0.0)
interrupts.watch = watch
"""
UNSET = ("COMTRADE_KEY", "TRADEFLOWS_ROOT", "PYTHONDONTWRITEBYTECODE")
IS_WHOLE = {  # how the end of a file shows that all of it was written
    ".parquet": lambda raw: raw.endswith(b"PAR1"),
    ".html": lambda raw: raw.rstrip().endswith(b"</html>"),
    ".csv": lambda raw: raw.endswith(b"\n"),
    ".toml": lambda raw: isinstance(tomllib.loads(raw.decode()), dict),
    ".ipynb": lambda raw: "cells" in json.loads(raw),
    ".json": lambda raw: json.loads(raw) is not None,
}


@dataclass(frozen=True)
class Verb:
    """A verb: its name, and the arguments of a run in a project's folder."""

    name: str
    arguments: Callable[[Path], Sequence[str]]
    script: str = MAIN


@dataclass(frozen=True)
class End:
    """How a run ended at a signal: its status, what it said, and after how many seconds.

    A signal that no line of ours has met came too early or, in the second half, after the end.
    """

    number: signal.Signals
    status: int
    message: str
    seconds: float
    is_first_half: bool

    @property
    def kind(self):
        """Whether the run was ended, and if not, why."""
        if self.status == SIGNALS[self.number]:
            return "ended"
        if self.status == 0:
            return "done before"
        is_ours = "tradeflows: " in self.message or "tradeflows/cli" in self.message
        return "too early" if self.is_first_half and not is_ours else "other status"

    def faults(self, busy):
        """Yield what is wrong with the end, by kind, on a machine so busy."""
        n_lines = self.message.count("tradeflows: interrupted")
        is_one_line = n_lines == (self.number != signal.SIGKILL) and "Traceback" not in self.message
        if self.kind == "other status":
            yield self.kind, f"{self.status}"
        if self.kind == "ended" and not is_one_line:
            yield "not one line", f"{n_lines} lines"
        if self.seconds > SECONDS * busy:
            yield "late", f"{self.seconds:.1f} s"


@dataclass
class Seen:
    """What was seen of one verb and signal, with the seconds of the slowest end.

    And those that a process that is not killed takes.
    """

    counts: Counter = field(default_factory=Counter)
    slowest: float = 0.0
    whole: float = 0.0

    @property
    def kills(self):
        """How many runs met the signal."""
        return self.counts["ended"] + self.counts["other status"]

    def note(self, end, wrong):
        """Count a run and what is wrong after it."""
        self.slowest = max(self.slowest, end.seconds)
        self.counts.update({end.kind, *(kind for kind, _ in wrong)})


# --- the project and the verbs -------------------------------------------------------------------

CLAIM = """
[claim.A1]
theme = "oil"
statement = "A made-up sum."
who = "nobody"
where = "made up"
printed_to = 1e9
printed_because = "it is made up"
claimed = { value = 35e9, unit = "CNY" }
asks = { goods = "2709", reporter = "CHN", partner = "RUS", flow = "M", measure = "value", \
start = "2000-01", end = "2000-01" }
[[claim.A1.reading]]
name = "the customs"
read = { reporter = "CHN", partner = "RUS", flow = "M", product = "2709", source = "SOURCE" }
steps = [["total", { value = "value_reported", start = "2000-01", end = "2000-01" }]]
result = "value_reported"
"""
COUNTED = (
    "n = len(tf.catalogue.load(tf.catalogue.root()))\nassert n\nf'{n} that many are catalogued'"
)


def saved(root, name, content):
    """Save a file that a user downloaded, and return its path."""
    path = root / "downloads" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return str(path)


def customs(n, first=0):
    """Make a file of the customs' of `n` months, invented."""
    lines = []
    for number in range(first, first + n):
        year, place = divmod(number, 12)
        value = f"{35_031_234_567 + number:,}"
        lines.append(twins.CARGO | {"month": f"{2000 + year}{place + 1:02}", "CNY": value})
    return twins.gacc(lines, [*lines[0]])


def project(folder):
    """Make a project of many files with a claim and a notebook, all of it accepted."""
    root = folder / "template"
    root.mkdir()
    do(root, "init", str(root))
    shutil.rmtree(root / "notebooks")
    save_notebooks(root)
    files = [saved(root, f"oil_{i}.csv", customs(3, i)) for i in range(FILES)]
    told = ("--flow", "M", "--vintage", "2024-05-01", "--commit", "--steps", "made up")
    do(root, "add", *files, *told)
    ledger = root / "data" / "claims.toml"
    ledger.write_text(CLAIM.replace("SOURCE", first_held(root)), encoding="utf-8")
    do(root, "accept")
    return root


def save_notebooks(root):
    """Save notebooks that have not been run."""
    texts = ("# How many files?", "import tradeflows as tf", "## There are many", COUNTED)
    for i in range(NOTEBOOKS):
        save_notebook(root / "notebooks" / f"{i}_oil.ipynb", *texts)


def do(root, *arguments):
    """Run to the end what must succeed."""
    errors = root.parent / "errors"
    status = start(arguments, root, errors, environment()).wait()
    if status:
        raise SystemExit(f"{' '.join(arguments)}: {errors.read_text()}")


def first_held(root):
    return next(iter(catalogue.load(root)))


def comext_files(root):
    names = [f"2023{number:02}" for number in range(1, 7)]
    return [saved(root, f"full_v2_{name}.dat", month(period=name)) for name in names]


def new_files(root):
    return [saved(root, f"new_{i}.csv", customs(5, 100 + i)) for i in range(10)]


def newer(root):
    return [first_held(root), saved(root, "newer.csv", customs(4)), "--vintage", "2024-06-01"]


def unaccepted(root):
    """Let all that `accept` writes be of another day."""
    save_notebooks(root)
    for name in ("data/control_totals.csv", "data/verdicts.csv", "datapackage.json"):
        path = root / name
        text = path.read_text()
        path.write_text(text + "\n" if path.suffix == ".json" else text.partition("\n")[0] + "\n")
    return ["accept"]


GOODS = ("--reporter", "CHN", "--partner", "RUS", "--flow", "X", "--products", "880621")
WINDOW = ("--start", "2022-01", "--end", "2022-12")
VERBS = [
    Verb("build", lambda root: ["build"]),
    Verb("clean", lambda root: ["clean", "comext", *comext_files(root), "--to", f"{root}/cleaned"]),
    Verb("add", lambda root: ["add", *new_files(root), "--flow", "M"]),
    Verb("fetch", lambda root: ["fetch", "comtrade", *GOODS, *WINDOW], WITHOUT_PAUSE + MAIN),
    Verb("update", lambda root: ["update", *newer(root)], WITHOUT_GRAMMAR + MAIN),
    Verb("report", lambda root: ["report", "--to", f"{root}/report"], WITHOUT_GRAMMAR + MAIN),
    Verb("accept", unaccepted, WITHOUT_GRAMMAR + MAIN),
]


# --- a run, killed or whole ----------------------------------------------------------------------


class Nursery:
    """A process that forks each run; of the last one it knows number and processor seconds."""

    def __init__(self, base):
        command = [sys.executable, str(Path(__file__).with_name("nursery.py"))]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.environment = environment(base)
        self.process = subprocess.Popen(command, env=self.environment, **pipes)
        self.pid = 0
        self.seconds = 0.0

    def start(self, arguments, root, errors, *, is_forked=True):
        """Start a run in `root`, its errors into a file."""
        self.process.stdin.write(
            json.dumps([str(root), list(arguments), str(errors), is_forked]) + "\n"
        )
        self.process.stdin.flush()
        self.pid = int(self.process.stdout.readline())
        return self

    def wait(self):
        """Wait for the end of the run, and return its status."""
        status, seconds = self.process.stdout.readline().split()
        self.seconds = float(seconds)
        return int(status)


def environment(base=""):
    """Return what a run sees: this process's own, without proxies, keys and keyring."""
    kept = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and k not in UNSET}
    own = {
        "TRADEFLOWS_COMTRADE_URL": base,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    return kept | own


def start(arguments, root, errors, environment, script=MAIN):
    """Start a process in `root`, its errors into a file, and return it once Python runs in it."""
    ready, begins = os.pipe()
    begun = f"import os; os.write({begins}, b'.'); os.close({begins})\n"
    with errors.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", begun + script, *arguments],
            env=environment,
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=file,
            pass_fds=(begins,),
        )
    os.close(begins)
    os.read(ready, 1)
    os.close(ready)
    return process


def run_whole(verb, begin, root):
    """Run a verb to its end, and return the seconds that it took."""
    errors = root.parent / "errors"
    process = begin(verb.arguments(root), root, errors)
    begun = time.monotonic()
    if process.wait():
        raise SystemExit(f"{verb.name}: {errors.read_text()}")
    return time.monotonic() - begun


def killed(verb, begin, root, number, seconds):
    """Kill a run within so many seconds of its begin, and return how it ends."""
    errors = root.parent / "errors"
    errors.write_text("")  # a fork that ends before it writes would leave another's words
    process = begin(verb.arguments(root), root, errors)
    delay = random.uniform(0, seconds)
    time.sleep(delay)
    with suppress(ProcessLookupError):  # of a run that has ended
        os.kill(process.pid, number)
    begun = time.monotonic()
    status = process.wait()
    message = errors.read_text()
    return End(number, status, message, time.monotonic() - begun, delay < seconds / 2)


# --- what must hold ------------------------------------------------------------------------------


def problems(root, before):
    """Yield what is wrong with a project, by kind: what is gone, what was cut."""
    try:
        now = catalogue.load(root, local=True)
    except Exception as error:
        yield "half-written", str(error)
        return
    for name in before - set(now):
        yield "lost", name
    for name, source in now.items():
        try:
            catalogue.check(source, root)
        except Exception as error:
            yield "lost", f"{name}: {error}"
    for path in root.rglob("*"):
        is_whole = IS_WHOLE.get(path.suffix)
        if path.name.startswith(".") or not is_whole or "downloads" in path.parts:
            continue
        try:
            whole = is_whole(path.read_bytes())
        except ValueError:
            whole = False
        if not whole:
            yield "half-written", str(path)


def orphans(root, busy):
    """Yield processes that still stand in `root` some seconds later, of a machine so busy."""
    until = time.monotonic() + PATIENCE * busy
    while found := list(_standing_in(root)):
        if time.monotonic() > until:
            for process in found:
                os.kill(process, signal.SIGKILL)
            yield from found
            return
        time.sleep(0.1)


def _standing_in(root):
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if (folder / "cwd").readlink().is_relative_to(root):
                yield int(folder.name)
        except OSError:  # it has ended, or is another user's
            continue


def after(verb, nursery, root):
    """Run the verb again to its end, and yield what is wrong then, by kind."""
    arguments = ["accept"] if verb.name == "update" else verb.arguments(root)
    errors = root.parent / "errors"
    if nursery.start(arguments, root, errors).wait():
        yield "fails again", errors.read_text()[-500:]
    for path in root.rglob("*"):
        if path.name.endswith((".tmp", ".part")):
            yield "left behind", str(path)


def copied(template):
    root = template.parent / "project"
    shutil.rmtree(root, ignore_errors=True)
    return shutil.copytree(template, root)


def kill_often(verb, number, kills, template, nursery, seen):
    """Kill a verb so often, at times all over its run, and note what is seen."""

    def whole(arguments, root, errors):
        return start(arguments, root, errors, nursery.environment, verb.script)

    seen.whole = seen.whole or run_whole(verb, whole, copied(template))
    forked = run_whole(verb, nursery.start, copied(template))
    busy = max(1.0, forked / nursery.seconds)
    before = set(catalogue.load(template, local=True))
    last = seen.kills + kills
    is_first = True
    while seen.kills < last:
        is_fork = seen.kills % WHOLE
        root = copied(template)
        begin, seconds = (nursery.start, forked) if is_fork else (whole, seen.whole)
        end = killed(verb, begin, root, number, seconds)
        wrong = [*end.faults(busy)]
        wrong += [("orphan", str(process)) for process in orphans(root, busy)]
        wrong += problems(root, before)
        if is_first:
            wrong += after(verb, nursery, root)
        is_first = False
        seen.note(end, wrong)
        for kind, what in wrong:
            fork = "fork" if is_fork else "whole"
            print(verb.name, number.name, fork, kind, what, end.message[:1500], flush=True)


def table(seen_of):
    """Return a line a verb and signal."""
    columns = "".join(f"{name:>13}" for name in (*GOOD, *BAD))
    lines = [f"{'verb':8}{'signal':>8}{'kills':>6}{columns}   slowest end"]
    for (verb, number), seen in seen_of.items():
        counts = "".join(f"{seen.counts[name]:13}" for name in (*GOOD, *BAD))
        lines.append(f"{verb.name:8}{number.name:>8}{seen.kills:6}{counts}{seen.slowest:12.2f} s")
    return "\n".join(lines)


def main(kills=200, *names):
    """Print a table after each round; 1 where anything but the first three was seen."""
    verbs = [verb for verb in VERBS if not names or verb.name in names]
    seen_of = {(verb, number): Seen() for verb in verbs for number in SIGNALS}
    months = [f"2022{i:02}" for i in range(1, 13)]
    twin = Twin([row(period=name, value=float(name)) for name in months], gap=0)
    with tempfile.TemporaryDirectory() as folder, serve(twin) as base:
        template = project(Path(folder).resolve())
        nursery = Nursery(base)
        for verb in verbs:
            run_whole(verb, partial(nursery.start, is_forked=False), copied(template))
        for done in range(0, kills, ROUND):
            for (verb, number), seen in seen_of.items():
                kill_often(verb, number, min(ROUND, kills - done), template, nursery, seen)
                print(verb.name, number.name, dict(+seen.counts), flush=True)
            print(table(seen_of), flush=True)
        nursery.process.stdin.close()
        nursery.process.wait()
    return int(any(seen.counts[name] for seen in seen_of.values() for name in BAD))


if __name__ == "__main__":
    kills, *names = sys.argv[1:] or ["200"]
    sys.exit(main(int(kills), *names))
