"""Kills of every verb at random times, by each signal: what is left behind, and what it says.

usage: python tests/crash.py [KILLS [VERB …]]    of each verb by each signal, 20 unless said

A small project of many files, with a claim and notebooks, is made once and copied for each kill.
After a kill no file that the catalogues name may be missing or cut, no entry gone, no table, page,
notebook or list half-written, and no process left. SIGINT and SIGTERM must end the verb within two
seconds, with one line and status 130 or 143; on a machine that others keep busy a second is longer,
by as many times as a whole run takes longer than its processor time.

A signal that comes before our first import or after the end is no kill: another is sent. After the
first kill of a verb by a signal it is run to its end: it must end well and leave nothing that a
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
from contextlib import suppress
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
# Too early is a signal that Python meets before our first import has been made.
GOOD = ("ended", "done before", "too early")
BAD = ("other status", "not one line", "late", "half-written", "lost", "orphan", "fails again")
BAD += ("left behind",)
RUN = """
import sys
sys.modules["rfc3987_syntax"] = None  # a grammar that no verb needs takes long to load
from tradeflows import cli
from tradeflows.cli import interrupts
def watch(ending, watch=interrupts.watch):
    watch(ending)  # before more is imported, as a signal may come at any time
    if "fetch" in sys.argv:
        from dataclasses import replace
        from tradeflows.retrieval.comtrade import planning
        planning.PREVIEW = replace(planning.PREVIEW, pause=0.0)
interrupts.watch = watch
sys.exit(cli.main())
"""
IS_WHOLE = {  # how the end of a file shows that all of it was written
    ".parquet": lambda raw: raw.endswith(b"PAR1"),
    ".html": lambda raw: raw.rstrip().endswith(b"</html>"),
    ".csv": lambda raw: raw.endswith(b"\n"),
    ".toml": lambda raw: isinstance(tomllib.loads(raw.decode()), dict),
    ".ipynb": lambda raw: "cells" in json.loads(raw),
    ".json": lambda raw: json.loads(raw) is not None,
}
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


# --- the project and the verbs -------------------------------------------------------------------


def saved(root, name, content):
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


def project(folder, environment):
    """Make a project of many files with a claim and notebooks, all of it accepted."""
    root = folder / "template"
    root.mkdir()
    finish(["init", str(root)], root, environment)
    shutil.rmtree(root / "notebooks")
    save_notebooks(root)
    files = [saved(root, f"oil_{i}.csv", customs(3, i)) for i in range(FILES)]
    told = ("--flow", "M", "--vintage", "2024-05-01", "--commit", "--steps", "made up")
    finish(["add", *files, *told], root, environment)
    ledger = root / "data" / "claims.toml"
    ledger.write_text(CLAIM.replace("SOURCE", first_held(root)), encoding="utf-8")
    finish(["accept"], root, environment)
    return root


def save_notebooks(root):
    texts = ("# How many files?", "import tradeflows as tf", "## There are many", COUNTED)
    for i in range(NOTEBOOKS):
        save_notebook(root / "notebooks" / f"{i}_oil.ipynb", *texts)


def first_held(root):
    return next(iter(catalogue.load(root)))


def unaccepted(root):
    """Let all that `accept` writes be of another day."""
    save_notebooks(root)
    for name in ("data/control_totals.csv", "data/verdicts.csv"):
        path = root / name
        text = path.read_text()
        path.write_text(text.partition("\n")[0] + "\n")
    return ["accept"]


def to_clean(root):
    names = [f"2023{number:02}" for number in range(1, 7)]
    files = [saved(root, f"full_v2_{name}.dat", month(period=name)) for name in names]
    return ["clean", "comext", *files, "--to", f"{root}/cleaned"]


def to_add(root):
    files = [saved(root, f"new_{i}.csv", customs(5, 100 + i)) for i in range(10)]
    return ["add", *files, "--flow", "M"]


def to_update(root):
    newer = saved(root, "newer.csv", customs(4))
    return ["update", first_held(root), newer, "--vintage", "2024-06-01"]


FETCH = "fetch comtrade --reporter CHN --partner RUS --flow X --products 880621"
VERBS = {  # the arguments of a run in a project's folder
    "build": lambda root: ["build"],
    "clean": to_clean,
    "add": to_add,
    "fetch": lambda root: f"{FETCH} --start 2022-01 --end 2022-12".split(),
    "update": to_update,
    "report": lambda root: ["report", "--to", f"{root}/report"],
    "accept": unaccepted,
}


# --- a run, killed or whole ----------------------------------------------------------------------


def environment_of(base):
    """Return what a run sees: this process's own, without proxies, keys and keyring."""
    unset = ("COMTRADE_KEY", "TRADEFLOWS_ROOT", "PYTHONDONTWRITEBYTECODE")
    kept = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and k not in unset}
    keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    return kept | keyring | {"TRADEFLOWS_COMTRADE_URL": base}


def start(arguments, root, environment):
    """Start a process in `root`, its errors into a file, and return it once Python runs in it."""
    ready, begins = os.pipe()
    begun = f"import os; os.write({begins}, b'.'); os.close({begins})\n"
    with (root.parent / "errors").open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", begun + RUN, *arguments],
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


def finish(arguments, root, environment):
    """Run what must succeed to its end, and return its seconds, by the clock and of processors."""
    spent = processor_seconds()
    process = start(arguments, root, environment)
    begun = time.monotonic()
    if process.wait():
        raise SystemExit(f"{' '.join(arguments)}: {(root.parent / 'errors').read_text()}")
    return time.monotonic() - begun, processor_seconds() - spent


def processor_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def killed(arguments, root, environment, number, seconds, busy):
    """Kill a run within so many seconds of its begin; how it ended, when, and what is wrong."""
    process = start(arguments, root, environment)
    delay = random.uniform(0, seconds)
    time.sleep(delay)
    with suppress(ProcessLookupError):  # of a run that has ended
        os.kill(process.pid, number)
    begun = time.monotonic()
    status = process.wait()
    took = time.monotonic() - begun
    message = (root.parent / "errors").read_text()
    is_ours = "tradeflows: " in message or "tradeflows/cli" in message
    kind = {SIGNALS[number]: "ended", 0: "done before"}.get(status, "other status")
    if kind == "other status" and delay < seconds / 2 and not is_ours:
        kind = "too early"
    n_lines = message.count("tradeflows: interrupted")
    is_one_line = n_lines == (number != signal.SIGKILL) and "Traceback" not in message
    wrong = [("other status", f"{status}: {message[:1500]}")] * (kind == "other status")
    wrong += [("not one line", message[:1500])] * (kind == "ended" and not is_one_line)
    wrong += [("late", f"{took:.1f} s")] * (took > SECONDS * busy)
    return kind, took, wrong


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
                yield "orphan", str(process)
            return
        time.sleep(0.1)


def _standing_in(root):
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended, or is another user's
            if (folder / "cwd").readlink().is_relative_to(root):
                yield int(folder.name)


def after(verb, root, environment):
    """Run the verb again to its end, and yield what is wrong then, by kind."""
    arguments = ["accept"] if verb == "update" else VERBS[verb](root)
    try:
        finish(arguments, root, environment)
    except SystemExit as error:
        yield "fails again", str(error)[-500:]
    for path in root.rglob("*"):
        if path.name.endswith((".tmp", ".part")):
            yield "left behind", str(path)


def copied(template):
    root = template.parent / "project"
    shutil.rmtree(root, ignore_errors=True)
    return shutil.copytree(template, root)


def kill_often(verb, number, kills, template, environment):
    """Kill a verb so often, at times all over its run, and print a line of what was seen."""
    root = copied(template)
    seconds, spent = finish(VERBS[verb](root), root, environment)
    busy = max(1.0, seconds / spent)
    before = set(catalogue.load(template, local=True))
    seen, slowest = Counter(), 0.0
    while seen["ended"] + seen["other status"] < kills:
        root = copied(template)
        arguments = VERBS[verb](root)
        kind, took, wrong = killed(arguments, root, environment, number, seconds, busy)
        wrong += [*orphans(root, busy), *problems(root, before)]
        if not seen:
            wrong += after(verb, root, environment)
        seen.update({kind, *(fault for fault, _ in wrong)})
        slowest = max(slowest, took)
        for fault, what in wrong:
            print(verb, number.name, fault, what, flush=True)
    counts = ", ".join(f"{name} {seen[name]}" for name in (*GOOD, *BAD) if seen[name])
    print(f"{verb:8}{number.name:>8}  {counts}; slowest end {slowest:.2f} s", flush=True)
    return seen


def main(kills=20, *names):
    """Print a line a verb and signal; 1 where anything but the first three was seen."""
    months = [f"2022{i:02}" for i in range(1, 13)]
    twin = Twin([row(period=name, value=float(name)) for name in months], gap=0)
    with tempfile.TemporaryDirectory() as folder, serve(twin) as base:
        environment = environment_of(base)
        template = project(Path(folder).resolve(), environment)
        seen = [
            kill_often(verb, number, kills, template, environment)
            for verb in names or VERBS
            for number in SIGNALS
        ]
    return int(any(counts[name] for counts in seen for name in BAD))


if __name__ == "__main__":
    kills, *names = sys.argv[1:] or ["20"]
    sys.exit(main(int(kills), *names))
