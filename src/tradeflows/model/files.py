"""Temporary files: where they lie, and what becomes of those that a killed process left."""

import time
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


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


def sweep(folder: Path, pattern: str = ".*.tmp") -> None:
    """Remove what a killed process left: temporary files more than an hour old."""
    for path in folder.glob(pattern):
        with suppress(FileNotFoundError):  # renamed or removed by its owner meanwhile
            if time.time() - path.stat().st_mtime > 3600:
                path.unlink()
