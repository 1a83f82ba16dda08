"""Plain delimited text to numbers, by arithmetic on its bytes: a tenth of a nanosecond counts here.

A line is a fixed number of fields with commas between and no quotes, as statistical offices write
their bulk files. Where the commas lie is found once; a word of up to eight letters is a number as
it stands in memory, and so are eight digits, after three multiplications. What is not so plain
(quotes, a carriage return, a sign, a fraction) is rewritten, or read one by one.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np

from tradeflows.model.errors import LayoutError

BLOCK = 1 << 19  # bytes at a time, which the processor's cache holds with all that is made of them
LONGEST = 1 << 14  # bytes in a line
SPARE = 8  # bytes after a block, since words are read eight bytes at a time
LARGEST = 2**53 - 1  # a float64 holds whole numbers up to here
COMMA, END = ord(","), ord("\n")
Array = np.ndarray[Any, Any]


def _eight(*some: int) -> np.uint64:
    return np.uint64(int.from_bytes(bytes(some * (8 // len(some))), "little"))


FIRST = np.array([(1 << 8 * n) - 1 for n in range(9)], np.uint64)  # the first n of eight bytes
ZEROS, SIXES, HIGH = _eight(ord("0")), _eight(0x76), _eight(0x80)
PAIRS = _eight(0xFF, 0, 0, 0)


def blocks(path: Path, stream: IO[bytes]) -> Iterator[Array]:
    """Whole lines, about :data:`BLOCK` bytes at a time, and `SPARE` bytes; all in one place.

    Raises
    ------
    LayoutError
        A line is longer than :data:`LONGEST`.
    """
    room, end = np.empty(BLOCK + SPARE, np.uint8), 0
    while True:
        while end < BLOCK:
            came = stream.readinto(room.data[end:BLOCK])  # type: ignore[attr-defined]
            if not came:
                break
            end += came
        if end < BLOCK:
            if end:
                room[end] = END
                yield room[: end + (room[end - 1] != END) + SPARE]
            return
        cut = BLOCK - LONGEST + bytes(room[BLOCK - LONGEST : BLOCK]).rfind(b"\n") + 1
        if cut <= BLOCK - LONGEST:
            raise LayoutError(path, "lines", f"one above {LONGEST >> 10} KiB")
        yield room[: cut + SPARE]
        end = BLOCK - cut
        room[:end] = room[cut:BLOCK]


def fields(path: Path, text: Array, names: list[str], first: int) -> tuple[Array, Array]:
    """The text, rewritten where it was not plain, and where in it fields, down, end in each line.

    Raises
    ------
    LayoutError
        A line has more or fewer fields than `names`, or a sign in one; records are counted from
        `first`.
    """
    lines = text[:-SPARE]
    width = len(names)
    marks = np.flatnonzero(lines <= COMMA)  # nothing below a comma is in plain words and numbers
    commas = np.count_nonzero(lines == COMMA)
    if commas % (width - 1) == 0 and commas + commas // (width - 1) == len(marks):
        ends = np.ascontiguousarray(marks.reshape(-1, width).T)
        if (lines[ends[-1]] == END).all():
            return text, ends
    rewritten = _rewritten(path, lines, names, first)
    return fields(path, np.frombuffer(rewritten, np.uint8), names, first)


def _rewritten(path: Path, lines: Array, names: list[str], first: int) -> bytes:
    """Return lines without quotes and carriage returns, as plain as a reader wants them."""
    text = lines.tobytes().decode("utf-8", "surrogateescape")
    rewritten = []
    for record, line in enumerate(text.splitlines(), start=first):
        place = f"{path}: record {record}"
        row = _row(place, line)
        if len(row) != len(names):
            raise LayoutError(place, f"{len(names)} fields", f"{len(row)}")
        for name, cell in zip(names, row, strict=True):
            if min(cell, default="0") <= ",":  # a blank, a quote, a plus
                raise LayoutError(place, f"plain letters in {name}", repr(cell[:40]))
        rewritten.append(",".join(row) + "\n")
    rewritten.append("0" * SPARE)
    return "".join(rewritten).encode("utf-8", "surrogateescape")


def _row(place: str, line: str) -> list[str]:
    """Return the cells of one line by itself, since an open quote would take in what follows."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error as error:
        raise LayoutError(place, "cells between commas", str(error)) from error


def eights(text: Array) -> Array:
    """The eight bytes from each place on, as a number."""
    return np.ndarray(len(text) - 7, "<u8", text.data, strides=(1,))


def words(text: Array, start: Array, end: Array, long: dict[bytes, int]) -> Array:
    """A number for each word, which :func:`spell` turns back; `long` ones are numbered there."""
    size = end - start
    most, least = int(size.max()), int(size.min())
    if most == least == 1:
        return text[start]
    if most == least == 2:
        return text[start] | text[start + 1].astype(np.uint16) << np.uint16(8)
    numbers = eights(text)[start]
    numbers &= FIRST[most if most == least <= 8 else np.minimum(size, 8)]
    for at in np.flatnonzero(size > 8) if most > 8 else ():
        word = text[start[at] : end[at]].tobytes()
        numbers[at] = long.setdefault(word, 1 << 63 | len(long))
    return numbers.astype(np.uint8 if most < 2 else np.uint16 if most < 3 else np.uint64)


def spelt(number: int, long: dict[bytes, int]) -> bytes:
    """The word that has this number."""
    if number >> 63:
        return next(word for word, long_number in long.items() if long_number == number)
    return number.to_bytes(8, "little").rstrip(b"\0")


class Numbers:
    """Where the numbers of a column start and end in a text, and the last eight letters of each.

    Attributes
    ----------
    tails
        The last eight, or as many as there are, less the letter 0; the last one is the highest.
    blank
        Bits below those of :attr:`tails`.
    """

    def __init__(self, text: Array, start: Array, end: Array) -> None:
        self.start, self.end = start, end
        self.size = end - start
        self.blank = _blank(self.size)
        self.tails = _tails(text, end, self.blank)


def figures(path: Path, field: str, text: Array, numbers: Numbers, first: int) -> Array:
    """Numbers as float64, exact up to 2^53.

    Raises
    ------
    LayoutError
        A cell is no number, or above that. The message names record and field.
    """
    start, end, size = numbers.start, numbers.end, numbers.size
    number, irregular = _digits(numbers.tails)
    irregular |= (size < 1) | (size > 16)
    more = np.flatnonzero(size > 8)
    if len(more):
        above, wrong = _digits(_tails(text, end[more] - 8, _blank(size[more] - 8)))
        number[more] += above * np.uint64(10**8)
        irregular[more] |= wrong
    irregular |= number > LARGEST
    values = number.astype(np.float64) if irregular.any() else number
    for at in np.flatnonzero(irregular):
        cell = text[start[at] : end[at]].tobytes()
        values[at] = _irregular(f"{path}: record {first + at}", field, cell)
    return values


def _irregular(place: str, field: str, cell: bytes) -> float:
    """Return the number of a cell that is not all digits."""
    if not re.fullmatch(rb"-?\d+(\.\d+)?", cell):
        shown = cell.decode("utf-8", "replace")[:40]
        raise LayoutError(place, f"a number in {field}", repr(shown))
    number = float(cell)
    if abs(number) > LARGEST:
        raise LayoutError(place, f"at most 2^53 in {field}", cell[:40].decode())
    return number


def differ_from_next(text: Array, numbers: Numbers, next_end: Array) -> Array:
    """Return where the cells that follow after a comma, up to `next_end`, are written otherwise.

    Of cells above eight letters the first eight and the last eight are compared.
    """
    start, end, size = numbers.start, numbers.end, numbers.size
    differs = next_end - end != size + 1
    differs |= numbers.tails != _tails(text, next_end, numbers.blank)
    long = np.flatnonzero(size > 8)
    if len(long):
        first = eights(text)
        differs[long] |= first[start[long]] != first[end[long] + 1]
    return differs


def is_near(first: bytes, second: bytes) -> bool:
    """Return whether two words are numbers that rounding to a whole may have set apart."""
    try:
        return abs(float(first) - float(second)) <= 1
    except ValueError:
        return False


def _blank(size: Array) -> Array:
    """Return how many bits of eight letters are not of a cell of this size."""
    return (64 - 8 * np.minimum(size, 8)).astype(np.uint64)


def _tails(text: Array, end: Array, blank: Array) -> Array:
    """Return the last eight letters before each `end` less the letter 0, all but `blank` bits."""
    eight = eights(text)[end - 8]
    eight ^= ZEROS
    eight >>= blank
    eight <<= blank
    return eight


def _digits(eight: Array) -> tuple[Array, Array]:
    """What eight digits amount to; and where there are others."""
    wrong = ((eight + SIXES | eight) & HIGH) != 0
    # Neighbours are joined, tens and ones, then pairs, then fours: all lie in one number.
    eight = eight * np.uint64(10) + (eight >> np.uint64(8))
    first = (eight & PAIRS) * np.uint64(100 + (10**6 << 32))
    second = (eight >> np.uint64(16) & PAIRS) * np.uint64(1 + (10**4 << 32))
    return first + second >> np.uint64(32), wrong
