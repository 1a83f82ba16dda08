"""The header of a delimited file: its cells, and whether they are the columns that it must have."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Sequence
from io import BytesIO
from pathlib import Path

from tradeflows.model.errors import LayoutError

BLOCK = 1 << 20  # bytes, and no line may be longer


def not_utf8(path: Path) -> LayoutError:
    """The refusal of a file in another encoding."""
    return LayoutError(path, "UTF-8 text", "another encoding", "save it as UTF-8")


def header(path: Path, delimiter: str = ",", raw: bytes | None = None) -> list[str]:
    """Cells of the first line of the file, or of `raw`."""
    with path.open("rb") if raw is None else BytesIO(raw) as file:
        line = file.readline(BLOCK)
    if not line or line[BLOCK - 1 :] not in (b"", b"\n"):
        found = f"more than {BLOCK} bytes without a line's end" if line else "an empty file"
        raise LayoutError(path, "a header line", found)
    quote = None if delimiter == "\t" else '"'
    try:
        text = line.splitlines()[0].decode("utf-8-sig")
        return next(csv.reader([text], delimiter=delimiter, quotechar=quote, strict=True)) or [""]
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error
    except csv.Error as error:  # a quote that does not close, say
        raise LayoutError(path, "a header line", str(error)) from error


def require_header(
    path: Path | str,
    names: Sequence[str],
    needed: Collection[str],
    others: Collection[str] | None = None,
    todo: str = "",
) -> None:
    """Refuse a header without each column `needed`, or with others than `others` or one twice.

    Without `others` it may have any, and these are not looked at.

    Raises
    ------
    LayoutError
        The message lists what lacks, and what is one too many.
    """
    known = {*needed, *(names if others is None else others)}
    lacking = [name for name in needed if name not in names]
    stray = [name for name in names if name not in known]
    if others is not None:
        stray += [name for name, times in Counter(names).items() if times > 1]
    if lacking or stray:
        among = f", and of {', '.join(others)}, each once" if others else ""
        expected = f"the columns {','.join(needed)}{among}"
        besides = f" and besides {stray[:20]}" if stray else ""
        found = f"none of {lacking}{besides}"
        raise LayoutError(path, expected, found, todo)
