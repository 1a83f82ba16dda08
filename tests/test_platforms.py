"""The package on other systems: what only POSIX has is neither imported nor called for certain."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "src" / "tradeflows"
FILES = sorted(PACKAGE.rglob("*.py"))
ONLY_POSIX = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
IMPORT_ALL = """
import importlib, pathlib, signal, sys
for name in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[name] = None
for name in ("pthread_sigmask", "SIGKILL", "SIGHUP", "SIGUSR1", "SIGALRM", "setitimer", "alarm"):
    delattr(signal, name)
package = pathlib.Path(sys.argv[1])
for path in sorted(package.rglob("*.py")):
    if path.name != "__main__.py":
        parts = path.relative_to(package.parent).with_suffix("").parts
        importlib.import_module(".".join(part for part in parts if part != "__init__"))
"""


def test_all_imports_without_posix():
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, PACKAGE], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_of_posix_is_imported(path):
    imported = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module)
    assert not imported & ONLY_POSIX
