"""Kills of every verb at random times, by each signal: what is left behind, and what it says.

usage: python tests/crash.py [KILLS [VERB …]]    of each verb by each signal, 200 unless said

A small project of many files, with a claim and a notebook, is made once and copied for each kill.
After a kill no file that the catalogues name may be missing or cut, no entry gone, no table, page,
notebook or list half-written, and no process left. SIGINT and SIGTERM must end the verb within two
seconds, with one line and status 130 or 143; on a machine that others keep busy a second is longer,
by as many times as a whole run takes longer than its processor time. There are rounds of ten kills;
after the first of a round the verb is run to its end: it must end well and leave nothing that a
kill left. `make crash` runs it; `make test` does not.
"""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
ROUND = 10  # kills of each verb by each signal, after the first of which it is run to its end
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


@dataclass
class Seen:
    """What was seen of one verb and signal, and how long the slowest took to end."""

    kills: int = 0
    counts: Counter = field(default_factory=Counter)
    slowest: float = 0.0


# --- the project and the verbs -------------------------------------------------------------------

CLAIM = """
[claim.A1]
theme = "oil"
statement = "A made-up sum."
who = "nobody"
where = "made up"
printed_to = 1e9
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
    do(folder, "init", str(root))
    shutil.rmtree(root / "notebooks")
    texts = ("# How many files?", "import tradeflows as tf", "## There are many", COUNTED)
    save_notebook(root / "notebooks" / "01_oil.ipynb", *texts)
    files = [saved(root, f"oil_{i}.csv", customs(3, i)) for i in range(FILES)]
    told = ("--flow", "M", "--vintage", "2024-05-01", "--commit", "--steps", "made up")
    do(root, "add", *files, *told)
    ledger = root / "data" / "claims.toml"
    ledger.write_text(CLAIM.replace("SOURCE", first_held(root)), encoding="utf-8")
    do(root, "accept")
    return root


def do(root, *arguments):
    """Run to the end what must succeed."""
    _, message = run_whole(root, arguments)
    if message:
        raise SystemExit(f"{' '.join(arguments)}: {message}")


def first_held(root):
    return next(iter(catalogue.load(root)))


def comext_files(root):
    names = [f"2023{number:02}" for number in range(1, 7)]
    return [saved(root, f"full_v2_{name}.dat", month(period=name)) for name in names]


def new_files(root):
    return [saved(root, f"new_{i}.csv", customs(5, 100 + i)) for i in range(10)]


def newer(root):
    return [first_held(root), saved(root, "newer.csv", customs(4)), "--vintage", "2024-06-01"]


GOODS = ("--reporter", "CHN", "--partner", "RUS", "--flow", "X", "--products", "880621")
WINDOW = ("--start", "2022-01", "--end", "2023-12")
VERBS = [
    Verb("build", lambda root: ["build"]),
    Verb("clean", lambda root: ["clean", "comext", *comext_files(root), "--to", f"{root}/cleaned"]),
    Verb("add", lambda root: ["add", *new_files(root), "--flow", "M"]),
    Verb("fetch", lambda root: ["fetch", "comtrade", *GOODS, *WINDOW], WITHOUT_PAUSE + MAIN),
    Verb("update", lambda root: ["update", *newer(root)], WITHOUT_GRAMMAR + MAIN),
    Verb("report", lambda root: ["report", "--to", f"{root}/report"], WITHOUT_GRAMMAR + MAIN),
    Verb("accept", lambda root: ["accept"], WITHOUT_GRAMMAR + MAIN),
]


# --- a run, killed or whole ----------------------------------------------------------------------


def start(script, arguments, root, base, errors):
    """Start a run in `root`, its errors into a file, and return it once Python has come to it."""
    kept = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and k not in UNSET}
    own = {
        "TRADEFLOWS_COMTRADE_URL": base,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    ready, begins = os.pipe()
    begun = f"import os; os.write({begins}, b'.'); os.close({begins})\n"
    process = subprocess.Popen(
        [sys.executable, "-c", begun + script, *arguments],
        env=kept | own,
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
        pass_fds=(begins,),
    )
    os.close(begins)
    os.read(ready, 1)
    os.close(ready)
    return process


def run_whole(root, arguments, script=MAIN, base=""):
    """Run to the end, and return the seconds that it took and, of one that failed, its message."""
    with tempfile.TemporaryFile() as errors:
        process = start(script, arguments, root, base, errors)
        begun = time.monotonic()
        status = process.wait()
        seconds = time.monotonic() - begun
        errors.seek(0)
        message = errors.read().decode() if status else ""
    return seconds, message


def processor_seconds():
    """Return the processor seconds of all processes that have been started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def killed(verb, root, base, number, delay, busy, seen):
    """Kill one run, note how it ends, and return what it said and what is wrong with that."""
    with tempfile.TemporaryFile() as errors:
        process = start(verb.script, verb.arguments(root), root, base, errors)
        time.sleep(delay)
        process.send_signal(number)
        begun = time.monotonic()
        status = process.wait()
        seconds = time.monotonic() - begun
        errors.seek(0)
        message = errors.read().decode()
    seen.slowest = max(seen.slowest, seconds)
    is_python_alone = "tradeflows" not in message and status != SIGNALS[number]
    if status == 0:
        seen.counts["done before"] += 1
    elif status == SIGNALS[number]:
        seen.counts["ended"] += 1
    elif is_python_alone:
        seen.counts["too early"] += 1
    wrong = []
    if status not in (0, SIGNALS[number]) and not is_python_alone:
        wrong.append(("other status", f"{status}"))
    n_lines = message.count("tradeflows: interrupted")
    lines_expected = int(number != signal.SIGKILL)
    is_said = status != SIGNALS[number] or n_lines == lines_expected
    if not is_said or ("Traceback" in message and not is_python_alone):
        wrong.append(("not one line", f"{n_lines} lines"))
    if seconds > SECONDS * busy:
        wrong.append(("late", f"{seconds:.1f} s"))
    return message, wrong


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


def after(verb, root, base):
    """Run the verb again to its end, and yield what is wrong then, by kind."""
    arguments = ["accept"] if verb.name == "update" else verb.arguments(root)
    _, message = run_whole(root, arguments, verb.script, base)
    if message:
        yield "fails again", message[-500:]
    for path in root.rglob("*"):
        if path.name.endswith((".tmp", ".part")):
            yield "left behind", str(path)


def copied(template, to):
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(template, to)
    return to


def kill_often(verb, number, kills, template, base, seen):
    """Kill a verb so often, at times all over its run, and note what is seen."""
    rng = random.Random(f"{verb.name} {number} {seen.kills}")
    root = template.parent / "project"
    before = set(catalogue.load(template, local=True))
    used = processor_seconds()
    whole, message = run_whole(copied(template, root), verb.arguments(root), verb.script, base)
    if message:
        raise SystemExit(f"{verb.name}: {message}")
    busy = max(1.0, whole / (processor_seconds() - used))
    for i in range(kills):
        copied(template, root)
        delay = rng.uniform(0, whole)
        message, wrong = killed(verb, root, base, number, delay, busy, seen)
        wrong += [("orphan", str(process)) for process in orphans(root, busy)]
        wrong += problems(root, before)
        if i == 0:
            wrong += after(verb, root, base)
        seen.counts.update(kind for kind, _ in wrong)
        seen.kills += 1
        for kind, what in wrong:
            print(verb.name, number.name, kind, what, message[-500:], flush=True)


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
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PYTHONPYCACHEPREFIX"] = f"{folder}/bytecode"  # which the first runs write
        template = project(Path(folder).resolve())
        months = [f"{year}{i:02}" for year in (2022, 2023) for i in range(1, 13)]
        twin = Twin([row(period=name, value=float(name)) for name in months], gap=0)
        with serve(twin) as base:
            for done in range(0, kills, ROUND):
                for (verb, number), seen in seen_of.items():
                    kill_often(verb, number, min(ROUND, kills - done), template, base, seen)
                    print(verb.name, number.name, seen.kills, dict(+seen.counts), flush=True)
                print(table(seen_of), flush=True)
    return int(any(seen.counts[name] for seen in seen_of.values() for name in BAD))


if __name__ == "__main__":
    kills, *names = sys.argv[1:] or ["200"]
    sys.exit(main(int(kills), *names))
