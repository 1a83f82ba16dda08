"""Past one machine: files of a publisher cleaned as one task each on Dask.

A task is :func:`tradeflows.tables.clean.clean` of one file into a folder that all workers share, on
one core, so the result is the same bytes as without a cluster. What is written stays whatever
becomes of the rest, and is not written again: the same command once more does only what is missing.
"""

import logging
import re
import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from importlib.util import find_spec
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa

from tradeflows.model.errors import QueryError, SourceError, TradeflowsError
from tradeflows.publishers import registry
from tradeflows.publishers.cleaned import Cleaned
from tradeflows.retrieval.fetching import Progress
from tradeflows.tables import clean, write

Result = Cleaned | TradeflowsError  # of one file
WAIT = 30  # seconds for a scheduler, and then for a worker, to answer
SETTINGS = {
    # No file waits at a busy worker, to be blamed with the one over which the worker dies.
    "distributed.scheduler.worker-saturation": 1.0,
    # Dask would have workers give freed pages back at once, which is a tenth of their time.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}


def spread(
    publisher: str,
    paths: Iterable[Path],
    to: Path,
    *,
    address: str = "",
    strict: bool = False,
    progress: Callable[[Progress], None] | None = None,
    **options: str,
) -> list[Cleaned]:
    """Clean files of one publisher into a folder with one Parquet file for each, on a cluster.

    Parameters
    ----------
    publisher, paths, strict, options
        As for :func:`tradeflows.tables.clean.clean`.
    to
        A folder. Workers on other machines see it, and the files, at the same place.
    address
        Of a Dask scheduler, such as ``tcp://10.0.0.1:8786``. Without it, workers are started here:
        single-threaded, one a core.
    progress
        Called after each file.

    Returns
    -------
    list of Cleaned
        One entry a file, in the order of the files.

    Raises
    ------
    QueryError
        Dask is not installed, `to` is no folder, no scheduler or worker answers, or a worker has
        another version of this package.
    LayoutError, CodeError, SchemaError, QueryError, SourceError
        A file is not as it should be, or one worker after the other died over it. All files are
        tried; the error is that of the first, and says how many were refused.
    SourceError
        The scheduler was lost, or `to` is not shared.
    """
    if find_spec("distributed") is None:
        raise QueryError("--cluster needs Dask, which is not here: pip install distributed")
    if clean.is_file(to):
        raise QueryError(f"--cluster writes a file for each: --to is a folder, not {to}")
    files = [path.absolute() for path in clean.listed(paths)]
    registry.publisher_cleaner(publisher, options)
    mark = uuid4().hex
    try:
        with _client(address, len(files)) as client:
            results = _run(
                client,
                files,
                progress,
                publisher=publisher,
                to=to.absolute(),
                strict=strict,
                options=options,
                mark=mark,
            )
    finally:
        if not address:  # what workers were writing when they died, or were ended by Ctrl-C
            for place in (to, to.absolute().parent):  # one of which files.beside names
                for path in place.glob(f".*.{mark}*.tmp"):
                    path.unlink(missing_ok=True)
    results = _checked(results, to)
    refused = [result for result in results.values() if isinstance(result, TradeflowsError)]
    if refused:
        if len(files) > 1:
            whole = f"{len(files) - len(refused)} whole, which stay"
            refused[0].args = (
                f"{refused[0]}; of {len(files)} files, {len(refused)} refused and {whole}",
            )
        raise refused[0]
    return [result for result in results.values() if isinstance(result, Cleaned)]


def _checked(results: Mapping[Path, Result], to: Path) -> dict[Path, Result]:
    """What became of each file; an error where its bytes come twice or its output is not there."""
    checked = {**results}
    path_of: dict[str, Path] = {}
    for path, result in results.items():
        if not isinstance(result, Cleaned):
            continue
        output = to / f"{result.source.id}.parquet"
        twin = path_of.setdefault(result.source.sha256, path)
        if twin != path:
            checked[path] = SourceError(f"{path}: the same bytes as {twin}; give a file once")
            first = checked[twin]
            if isinstance(first, Cleaned) and first.source.id != result.source.id:
                output.unlink(missing_ok=True)
        elif not output.exists():
            checked[path] = SourceError(
                f"{path}: what a worker made of it is not in {to}; give a "
                "folder that all machines share"
            )
    return checked


@contextmanager
def _client(address: str, files: int) -> Iterator[Any]:
    """A client of the scheduler at `address`, or of a cluster that is started here for it."""
    from distributed import Client
    from distributed.utils import silence_logging_cmgr

    with silence_logging_cmgr(logging.CRITICAL):  # one line says it, and not some dozen
        if not address:
            with local(files) as here, Client(here) as client:
                yield client
            return
        if not re.fullmatch(r"(\w+://)?[^/\s]+:\d+", address):
            raise QueryError(f"--cluster {address}: expected an address as tcp://10.0.0.1:8786")
        try:
            client = Client(address, timeout=WAIT)
        except OSError as error:
            raise QueryError(f"--cluster {address}: no scheduler answers there") from error
        with client:
            try:
                client.wait_for_workers(1, timeout=WAIT)
            except TimeoutError as error:
                raise QueryError(f"--cluster {address}: the scheduler has no workers") from error
            # Who would not write what this process would.
            here, there = write.code(), client.run(write.code, on_error="return")
            others = [worker for worker, code in there.items() if code != here]
            if others:
                raise QueryError(
                    f"--cluster {address}: {len(others)} of {len(there)} workers, {others[0]} the "
                    "first, have another tradeflows or pyarrow than this, or none; install "
                    "the same everywhere"
                )
            yield client


@contextmanager
def local(workers: int) -> Iterator[Any]:
    """A cluster of single-threaded processes, up to one a core, that hears this machine alone."""
    from dask import config
    from distributed import LocalCluster

    # Ctrl-C is for this process alone: what is started below inherits that it is blocked, but for
    # multiprocessing's own helper, which would undo that, and so comes first.
    resource_tracker.ensure_running()
    has_mask = hasattr(signal, "pthread_sigmask")  # Windows has none
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if has_mask else None
    try:
        with config.set(SETTINGS):
            cluster = LocalCluster(
                n_workers=min(workers, pa.cpu_count()),
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            )
    except RuntimeError as error:
        raise SourceError(
            "workers could not be started here, or died at once; the same command tries again"
        ) from error
    finally:
        if before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with cluster:
        yield cluster


def _run(
    client: Any, files: list[Path], progress: Callable[[Progress], None] | None, **same: Any
) -> dict[Path, Result]:
    """What became of each of `files`, in their order."""
    from distributed import KilledWorker

    # The largest first, so that no worker is left with one when the others have done.
    order = sorted(files, key=lambda path: -path.stat().st_size if path.is_file() else 0)
    tasks = client.map(_task, order, pure=False, **same)
    path_of = dict(zip(tasks, order, strict=True))
    results: dict[Path, Result] = {}
    rows = 0
    for task in _in_turn(client, tasks):
        path = path_of[task]
        try:
            result = task.result()
        except KilledWorker as error:
            deaths = error.allowed_failures + 1
            result = SourceError(
                f"{path}: the workers that took it died ({deaths}), for want of memory perhaps"
            )
        results[path] = result
        rows += result.rows if isinstance(result, Cleaned) else 0
        if progress:
            progress(Progress(len(results), len(files) - len(results), rows, path.name))
    return {path: results[path] for path in files}


def _in_turn(client: Any, tasks: Collection[Any]) -> Iterator[Any]:
    """Tasks as they are done; SourceError where the scheduler or the last worker is lost."""
    from distributed import wait

    left = {*tasks}
    while left:
        try:
            done, left = wait(left, WAIT, "FIRST_COMPLETED")
            yield from done
        except TimeoutError:  # one takes long, or nobody is left to take it
            try:
                client.wait_for_workers(1, timeout=WAIT)
            except TimeoutError as error:
                raise _lost("last worker", len(left), len(tasks)) from error
        except CancelledError as error:
            raise _lost("scheduler", len(left), len(tasks)) from error


def _lost(what: str, left: int, files: int) -> SourceError:
    return SourceError(
        f"the {what} was lost after {files - left} of {files} files; the same command does what "
        "is missing"
    )


def _task(
    path: Path, publisher: str, to: Path, strict: bool, options: Mapping[str, str], mark: str
) -> Result:
    """Clean one file; its fault is an answer, since only what dies is tried again."""
    pa.set_cpu_count(1)
    try:
        [cleaned] = clean.clean(
            publisher, [path], to, strict=strict, mark=mark, progress=None, **options
        )
    except TradeflowsError as error:
        return error
    return cleaned
