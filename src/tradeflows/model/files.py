"""Files that are written whole: where the temporary ones lie, and what a killed process left."""

import os
import platform
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from tradeflows.model.errors import ReportError, TradeflowsError

AN_HOUR = 3600
REMEDY = "or move what is in the way, and try again"
OURS = f".*.{'[0-9a-f]' * 8}-[0-9]*.tmp"
MACHINE = f"{zlib.crc32(platform.node().encode()):08x}"  # among others that share the folder
WRITER = re.compile(r"\.([0-9a-f]{8})-(\d+)\.")  # a machine and a process, in a file's name


@contextmanager
def writing(path: Path, error: type[TradeflowsError], todo: str) -> Iterator[None]:
    """Say of what cannot be written where it is and what `todo`, as an `error`."""
    try:
        yield
    except OSError as fault:
        reason = fault.strerror or str(fault)
        raise error(f"{path}: cannot be written ({reason}); make room {todo}") from fault


def beside(folder: Path) -> Path:
    """Where what goes into `folder` is written: next to it or, if that cannot be, within.

    So whoever opens the folder as one dataset meets nothing else there, also after a kill.
    """
    above = folder.absolute().parent
    tried = above / f".{uuid4().hex}.tmp"
    try:
        tried.touch()
        tried = tried.replace(folder / tried.name)  # not from one disk, or mount, to another
    except OSError:
        return folder
    finally:
        tried.unlink(missing_ok=True)
    return above


def temporary(path: Path, ending: str = "tmp") -> Path:
    """Where this process writes what goes to `path`: hidden beside it, named after who writes."""
    return path.with_name(f".{path.name}.{MACHINE}-{os.getpid()}.{ending}")


def sweep(folder: Path, pattern: str = OURS) -> None:
    """Remove temporary files whose process is no more, and any that are more than an hour old.

    In a folder that holds others' files too, those alone that are named as :func:`temporary` does.
    """
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):  # renamed or removed by its owner meanwhile
            if is_left(path):
                path.unlink()


def is_left(path: Path) -> bool:
    """Return whether nobody writes a temporary file any more, as far as can be known."""
    writer = WRITER.search(path.name)
    if writer and writer[1] == MACHINE and os.name != "nt":  # where asking would end it
        try:
            os.kill(int(writer[2]), 0)
        except ProcessLookupError:
            return True
        except (OSError, OverflowError):  # it is another user's, or no process has that number
            pass
    return time.time() - path.stat().st_mtime > AN_HOUR


def save(files: Mapping[Path, str | bytes]) -> None:
    """Write files by their paths, all of them or none; folders are made if need be.

    Raises
    ------
    ReportError
        One of them cannot be written.
    """
    written: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            with writing(path, ReportError, REMEDY):
                path.parent.mkdir(parents=True, exist_ok=True)
                aside = written[path] = temporary(path)
                aside.write_bytes(content.encode() if isinstance(content, str) else content)
        for path, aside in written.items():
            with writing(path, ReportError, REMEDY):
                aside.replace(path)
        for folder in {path.parent for path in written}:
            sweep(folder)
    finally:
        for aside in written.values():
            aside.unlink(missing_ok=True)
