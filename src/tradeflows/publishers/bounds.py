"""Limits of what a foreign file may take: how deep it nests, and how large it unpacks."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np

from tradeflows.model.errors import LayoutError

DEEPEST = 64  # brackets within brackets; a reply has four
LARGEST = 112 << 20  # bytes of an unpacked table, which takes 2.5 times as much while it is read
SWELLING = 200  # times its packed size; tables of figures swell ten- to fortyfold
CHUNK = 1 << 20
BRACKETS = b'"[]{}'
REST = bytes(set(range(256)) - set(BRACKETS))
QUOTE, OBJECT, COLON, BLANK = (ord(sign) for sign in '"{: ')
LONGEST_BLANK = 64  # blanks between a colon and a bracket, of those that are told from a longer run
LEVEL = (b"{}", b"[]", b'""')
TAKEN_OFF = 2  # innermost levels of brackets that are not counted one by one
STEPS = np.zeros(256, np.int8)  # what each byte adds to the depth
STEPS[[ord("["), ord("{")]] = 1
STEPS[[ord("]"), ord("}")]] = -1


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
    if _levels(path, text) <= DEEPEST:
        return
    depth = 0
    is_inside = False
    for chunk in _chunks(path) if text is None else [text]:
        marks = np.frombuffer(_marks(chunk), np.uint8)
        if not len(marks):
            continue
        is_quoted = (np.cumsum(marks == QUOTE) + is_inside) & 1
        steps = STEPS[marks]
        steps[is_quoted == 1] = 0
        depths = np.cumsum(steps, dtype=np.int64) + depth
        if depths.max() + TAKEN_OFF > DEEPEST:
            expected = f"at most {DEEPEST} brackets within brackets"
            raise LayoutError(path, expected, "more", "ask again")
        depth, is_inside = int(depths[-1]), bool(is_quoted[-1])


def _levels(path: Path, text: bytes | None) -> int:
    """Return a number of levels that JSON cannot nest deeper than, at little cost.

    Each level but the first is a list, an object in a list, or an object that is a member of
    another and so follows a colon; brackets within texts only make the number too large.
    """
    lists = members = 0
    for chunk in _chunks(path) if text is None else [text]:
        lists += chunk.count(b"[")
        signs = np.frombuffer(chunk, np.uint8)
        before = np.flatnonzero(signs == OBJECT) - 1
        for _ in range(LONGEST_BLANK):
            is_blank = (before >= 0) & (signs[before] <= BLANK)
            if not is_blank.any():
                break
            before = before - is_blank
        is_other = (before >= 0) & (signs[before] != COLON) & (signs[before] > BLANK)
        members += len(before) - int(is_other.sum())
    return 1 + 2 * lists + members


def _marks(chunk: bytes) -> bytes:
    """Return the quotes and brackets of some JSON, as few of them as tell how deep it nests.

    Without quotes that are escaped, and without texts and the two innermost levels, which leaves
    next to nothing of a list of records. Two quotes side by side change nothing of what is within
    a text, and neither do two brackets.
    """
    if b"\\" in chunk:
        chunk = chunk.replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = chunk.translate(None, REST)
    for pair in (b'""', *LEVEL * TAKEN_OFF):
        marks = marks.replace(pair, b"")
    return marks


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
