"""The text of a file that may be a ``.7z`` archive, decoded as it is read: never on disk, or whole.

``7z`` decodes where it is installed, else py7zr in a thread, at about half the speed. How many
threads it may use is what pyarrow may: ``pyarrow.cpu_count()``.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, Any

import pyarrow as pa

from tradeflows.model.errors import LayoutError

MARK = b"7z\xbc\xaf\x27\x1c"
PIPE = 1 << 20  # what a decoder may be ahead of its reader, so that neither waits


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a file, or of the one member of an archive; leaving the block reads to its end.

    Raises
    ------
    LayoutError
        The archive is damaged, or has several members, one of which would be taken for rows of
        the other. It may have decoded to nonsense, so its fault goes before whatever
        was wrong within the block; not before Ctrl-C, which ends the decoder too.
    """
    with path.open("rb") as file:
        if file.read(len(MARK)) != MARK:
            file.seek(0)
            yield file
            return
    seven = shutil.which("7z") or shutil.which("7zz")
    stream, verdict = _binary(seven, path) if seven else _py7zr(path)
    wrong = None
    try:
        with stream:
            try:
                yield stream
            except Exception as error:
                wrong = error
            while stream.read(PIPE):
                pass
    finally:  # its end has no reader then, which ends a decoder
        reason = verdict()
    if reason:
        raise LayoutError(
            path, "a whole .7z archive of one file", reason, "fetch it again"
        ) from None
    if wrong:
        raise wrong


def _binary(seven: str, path: Path) -> tuple[IO[bytes], Callable[[], str]]:
    """A stream, and a function that says at its end what was wrong; empty where nothing was."""
    name = str(path.resolve())
    command = [seven, "x", "-so", "-bd", f"-mmt={pa.cpu_count()}", "--", name]
    null = subprocess.DEVNULL
    pipes: dict[str, Any] = {"stdin": null, "stdout": subprocess.PIPE, "stderr": null}
    try:
        process = subprocess.Popen(command, pipesize=PIPE, **pipes)
    except PermissionError:  # Linux gives a user only so much for larger pipes
        process = subprocess.Popen(command, **pipes)
    assert process.stdout

    def verdict() -> str:
        if process.wait():
            return "one that 7z cannot decode"
        listed = subprocess.run(
            [seven, "l", "-ba", "-slt", "--", name], capture_output=True, stdin=null, check=False
        )
        return _several(sum(line.startswith(b"Path = ") for line in listed.stdout.splitlines()))

    return process.stdout, verdict


def _py7zr(path: Path) -> tuple[IO[bytes], Callable[[], str]]:
    """The same without a program."""
    from py7zr import SevenZipFile
    from py7zr.io import HashIO, WriterFactory

    class Sink(HashIO, WriterFactory):
        def create(self, filename: str) -> HashIO:
            return self

        def write(self, s: bytes | bytearray) -> int:
            return sink.write(s)

    def decode() -> None:
        try:
            with sink, SevenZipFile(path) as archive:
                wrong.append(_several(len(archive.getnames())))
                if not wrong[0]:
                    archive.extractall(factory=Sink(""))
        except Exception as error:  # whatever a decoder says of damaged bytes
            wrong.append(f"{type(error).__name__} {error}".strip().splitlines()[0])

    def verdict() -> str:
        thread.join()
        return "".join(wrong)

    source, into = os.pipe()
    sink, wrong, thread = os.fdopen(into, "wb"), list[str](), Thread(target=decode, daemon=True)
    thread.start()
    return os.fdopen(source, "rb"), verdict


def _several(members: int) -> str:
    """What is wrong with an archive of so many members; empty for one."""
    return "" if members == 1 else f"{members} files"
