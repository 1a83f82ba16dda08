"""Tasks of test_cluster.py: its workers import this, and not all that the tests need."""

import os
import signal

from tradeflows.tables import cluster, write

TASK = cluster._task


def killed(path, publisher, to, **more):
    """A task whose worker is killed over one file, before the last bytes are written."""
    if path.name == "full_202402.dat":
        write.TableWriter.describe = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
    return TASK(path, publisher, to, **more)


def killed_once(path, publisher, to, **more):
    mark = to.with_name(f"tried {path.name}")
    task = TASK if mark.exists() else killed
    mark.touch()
    return task(path, publisher, to, **more)


def apart(path, publisher, to, **more):
    """A task that writes where only its worker sees it."""
    return TASK(path, publisher, to.with_name("elsewhere"), **more)
