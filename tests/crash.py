"""Kills of every verb at random times, by each signal: what is left behind, and what it says.

usage: python tests/crash.py [KILLS [VERB …]]    kills a verb and signal, 200 unless said otherwise

A verb is killed at some time of its run. Then no file that the catalogues name may be missing or
cut, no table half-written; SIGINT and SIGTERM must end it within two seconds, with one line and
status 130 or 143. The same verb again must end well and leave nothing that a kill left. `make
crash` runs it; `make test` does not.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import twins
from comext_twin import month
from comtrade_twin import Twin, row, serve

from tradeflows.retrieval import catalogue

ROOT = Path(__file__).parents[1]
SIGNALS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
SECONDS = 2.0  # within which a verb ends
OIL = twins.CARGO | {"CNY": "35,031,234,567"}
COMTRADE = """
import sys
from dataclasses import replace
from tradeflows import cli
from tradeflows.retrieval.comtrade import planning
planning.PREVIEW = replace(planning.PREVIEW, pause=0.0)
sys.exit(cli.main(sys.argv[1:]))
"""


@dataclass(frozen=True)
class Verb:
    """A verb: the arguments of a run, and what is done before each, both given the folder."""

    name: str
    arguments: Callable[[Path], Sequence[str]]
    before: Callable[[Path], object] = lambda root: None
    makes_project: bool = True
    script: str = "import sys; from tradeflows import cli; sys.exit(cli.main(sys.argv[1:]))"


def environment(root, base):
    kept = {k: v for k, v in os.environ.items() if "proxy" not in k.lower() and k != "COMTRADE_KEY"}
    return kept | {
        "TRADEFLOWS_ROOT": str(root),
        "TRADEFLOWS_COMTRADE_URL": base,
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }


def start(verb, root, base):
    command = [sys.executable, "-c", verb.script, *verb.arguments(root)]
    return subprocess.Popen(
        command,
        env=environment(root, base),
        cwd=root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


# --- the verbs -----------------------------------------------------------------------------------


def saved(root, name, content):
    """Save a file that a user downloaded, and return its path."""
    path = root / "downloads" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return str(path)


def customs(n=1):
    lines = [OIL | {"month": f"{2000 + i // 12}{i % 12 + 1:02}"} for i in range(n)]
    return twins.gacc(lines, [*OIL])


def gacc_file(root):
    return saved(root, "oil.csv", customs(200))


def add_some(root):
    """Catalogue a file of the user's own, for another verb to work on."""
    run = Verb("add", lambda root: ["add", gacc_file(root), "--flow", "M"])
    process = start(run, root, "")
    message = process.communicate()[1]
    assert process.returncode == 0, message


def own_source(root):
    return next(name for name in catalogue.load(root, local=True) if name.startswith("oil_"))


def comext_files(root):
    names = [f"2023{number:02}" for number in range(1, 7)]
    return [saved(root, f"full_v2_{name}.dat", month(period=name)) for name in names]


FETCH = ["--reporter", "CHN", "--partner", "RUS", "--flow", "X", "--products", "880621"]
VERBS = [
    Verb("build", lambda root: ["build"]),
    Verb(
        "clean",
        lambda root: ["clean", "comext", *comext_files(root), "--to", str(root / "cleaned")],
    ),
    Verb(
        "fetch",
        lambda root: ["update", own_source(root), saved(root, "newer.csv", customs(201))],
        add_some,
    ),
    Verb("report", lambda root: ["report", "--to", str(root / "report")]),
    Verb("accept", lambda root: ["accept"]),
]


# --- what must hold ------------------------------------------------------------------------------


def problems(root):
    """Yield what is wrong with a project: a catalogued file not as recorded, a table cut short."""
    for name, source in catalogue.load(root, local=True).items():
        try:
            catalogue.check(source, root)
        except Exception as error:
            yield f"{name}: {error}"
    for path in root.rglob("*.parquet"):
        if not path.name.startswith("."):
            try:
                pq.read_metadata(path)
            except Exception as error:
                yield f"{path.name}: {error}"


def leftovers(root):
    """Names of temporary files."""
    return [path.name for path in root.rglob("*") if path.name.endswith((".tmp", ".part"))]


def copied(template, to):
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(template, to)
    return to


def seconds_of(verb, root, base):
    """Return how long a run takes that is not killed."""
    verb.before(root)
    begun = time.monotonic()
    process = start(verb, root, base)
    message = process.communicate()[1]
    if process.returncode:
        raise SystemExit(f"{verb.name}: {message}")
    return time.monotonic() - begun


def killed(verb, root, base, number, delay):
    """Kill one run, and return what is to be said of it."""
    process = start(verb, root, base)
    time.sleep(delay)
    process.send_signal(number)
    begun = time.monotonic()
    message = process.communicate()[1]
    late = time.monotonic() - begun > SECONDS
    is_python_alone = "<frozen " in message and "tradeflows" not in message
    if process.returncode == 0:
        yield "done before"
    elif process.returncode in (SIGNALS[number], -number):
        yield "ended"
    elif is_python_alone:
        yield "too early"
    else:
        yield "other status"
        print(verb.name, number.name, process.returncode, message[-1500:])
    if "Traceback" in message and not is_python_alone:
        yield "traceback"
        print(verb.name, number.name, message[-1500:])
    if late:
        yield "late"
    for problem in problems(root):
        yield "half-written"
        print(verb.name, number.name, problem)


def rerun(verb, root, base):
    """Run the verb again to its end, and return what is wrong then."""
    try:
        arguments = verb.arguments(root)
    except StopIteration:  # what it works on is gone, as it should be
        return
    process = start(verb, root, base)
    message = process.communicate()[1]
    if process.returncode and "no source" not in message:
        yield "fails again"
        print(verb.name, arguments, message[-300:])
    for name in leftovers(root):
        yield "left behind"
        print(verb.name, name)


# Too early is a signal that Python meets before it has come to our code.
COLUMNS = ("ended", "done before", "too early", "other status", "traceback", "late", "half-written")
COLUMNS += ("fails again", "left behind")


def main(kills=200, *names):
    """Print a line a verb and signal; 1 where anything but the first three was seen."""
    print(f"{'verb':8}{'signal':>9}{'kills':>7}" + "".join(f"{name:>14}" for name in COLUMNS))
    bad = 0
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        template = project(Path(folder, "template"))
        months = [f"{year}{i:02}" for year in (2022, 2023) for i in range(1, 13)]
        twin = Twin([row(period=name, value=float(name)) for name in months], gap=0)
        with serve(twin) as base:
            for verb in VERBS:
                if names and verb.name not in names:
                    continue
                root = Path(folder, "project")
                whole = seconds_of(verb, copied(template, root), base)
                for number in SIGNALS:
                    found = Counter()
                    for _ in range(kills):
                        verb.before(copied(template, root))
                        delay = rng.uniform(0, whole)
                        found.update(killed(verb, root, base, number, delay))
                        found.update(rerun(verb, root, base))
                    counts = "".join(f"{found[name]:14}" for name in COLUMNS)
                    print(f"{verb.name:8}{number.name:>9}{kills:7}{counts}", flush=True)
                    bad += sum(found[name] for name in COLUMNS[3:])
    return int(bad > 0)


def project(root):
    """Make a project with a table, a claim and a notebook of the example's."""
    shutil.copytree(ROOT / "examples" / "soybeans", root)
    process = start(Verb("build", lambda root: ["build"]), root, "")
    message = process.communicate()[1]
    assert process.returncode == 0, message
    return root


if __name__ == "__main__":
    kills, *names = sys.argv[1:] or ["200"]
    sys.exit(main(int(kills), *names))
