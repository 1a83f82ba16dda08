"""A plugin of pytest (``-p no_posix``): what only POSIX has is away, as on Windows.

It writes to the file ``TRADEFLOWS_VERBS`` which verbs ended well, and imports all modules. What the
standard library itself needs of POSIX here stays, and so do locks of files, which every system has
of its own.
"""

import importlib
import os
import signal
import sys
from pathlib import Path

import filelock  # noqa: F401  (which looks at the system when it is imported)

MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
SIGNALS = ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGUSR1", "SIGUSR2")
CALLS = ("alarm", "pthread_kill", "pthread_sigmask", "setitimer", "sigpending", "sigwait")

for module in MODULES:
    sys.modules[module] = None
for name in SIGNALS + CALLS:
    delattr(signal, name)

from tradeflows import cli  # noqa: E402  (without them)
from tradeflows.cli.arguments import GROUPS, names_of  # noqa: E402

VERBS = {name for members in GROUPS.values() for name in names_of(members)}
done = set()
main = cli.main


def noted(argv=None):
    """Run the command, and note its verb if it ends well."""
    status = main(argv)
    if status == 0:
        done.update(VERBS.intersection(argv or ()))
    return status


cli.main = noted


def pytest_sessionfinish():
    """Import what no verb did, and write down the verbs."""
    package = Path(__file__).parents[1] / "src" / "tradeflows"
    for path in package.rglob("*.py"):
        if path.name != "__main__.py":
            parts = path.relative_to(package.parent).with_suffix("").parts
            importlib.import_module(".".join(part for part in parts if part != "__init__"))
    text = "\n".join(sorted(done))
    Path(os.environ["TRADEFLOWS_VERBS"]).write_text(text, encoding="utf-8")
