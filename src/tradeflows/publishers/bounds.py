"""Limits of what a foreign file may take: how deep it nests, and how large it unpacks."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from tradeflows.model.errors import LayoutError

DEEPEST = 64  # brackets within brackets; a reply has four
LARGEST = 512 << 20  # bytes of an unpacked text; a year of China's trade in all detail has less
SWELLING = 200  # times its packed size; tables of figures swell ten- to fortyfold
CHUNK = 1 << 20
BRACKETS = b'"[]{}'
REST = bytes(set(range(256)) - set(BRACKETS))


def require_shallow(path: Path, text: bytes | None = None) -> None:
    """Refuse JSON that nests deeper than any publisher's, before a parser meets it.

    A parser goes one call deeper for each bracket, and so far that the process ends.

    Parameters
    ----------
    path
        The file, for the message.
    text
        Its bytes, where they are read already.

    Raises
    ------
    LayoutError
        More than :data:`DEEPEST` brackets are open at one place.
    """
    depth = 0
    inside = False
    for chunk in _chunks(path) if text is None else [text]:
        marks = np.frombuffer(_marks(chunk), np.uint8)
        quoted = (np.cumsum(marks == ord('"')) + inside) & 1
        opens = (marks == ord("[")) | (marks == ord("{"))
        closes = (marks == ord("]")) | (marks == ord("}"))
        steps = np.where(quoted == 1, 0, opens.astype(np.int8) - closes.astype(np.int8))
        depths = np.cumsum(steps, dtype=np.int64) + depth
        if len(depths) and depths.max() > DEEPEST:
            raise LayoutError(
                path, f"at most {DEEPEST} brackets within brackets", "more", "ask again"
            )
        if len(depths):
            depth, inside = int(depths[-1]), bool(quoted[-1])


def _marks(chunk: bytes) -> bytes:
    """Return the quotes and brackets of some JSON, without those quotes that are escaped."""
    if b"\\" in chunk:
        chunk = chunk.replace(b"\\\\", b"").replace(b'\\"', b"")
    return chunk.translate(None, REST)


def _chunks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, no chunk ending within an escape."""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            while chunk.endswith(b"\\"):
                more = file.read(1)
                if not more:
                    break
                chunk += more
            yield chunk


def require_modest_gzip(path: Path) -> None:
    """Refuse a gzip file that unpacks to more than a table of figures does.

    Raises
    ------
    LayoutError
        The file is damaged, or unpacks to more than :data:`LARGEST` bytes or :data:`SWELLING`
        times its size. Nothing that it unpacks to is kept.
    """
    most = min(LARGEST, max(CHUNK, SWELLING * path.stat().st_size))
    with path.open("rb") as file:
        try:
            size = _unpacked(file, most)
        except zlib.error as error:
            raise LayoutError(path, "a whole gzip file", str(error), "fetch it again") from error
    if size > most:
        raise LayoutError(
            path, f"a table of at most {most >> 20} MiB unpacked", "more", "ask for less at once"
        )


def _unpacked(file: IO[bytes], most: int) -> int:
    """Return how many bytes a gzip file unpacks to, counted until they are above `most`."""
    size = 0
    decoder = zlib.decompressobj(31)
    rest = file.read(CHUNK)
    while rest and size <= most:
        size += len(decoder.decompress(rest, CHUNK))
        rest = decoder.unconsumed_tail
        if decoder.eof:  # the next of several members
            rest = decoder.unused_data
            decoder = zlib.decompressobj(31)
        rest = rest or file.read(CHUNK)
    return size
