"""What travels with a frame in its ``attrs``: as text where the frame is saved."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pandas import DataFrame

ROOT = "root"  # the folder of the project that an answer was asked of, where a user named it


class Attached(str):
    """A text with `parts` behind it, of which a copy is itself.

    It is a text so that a frame with it can still be saved, to Parquet or as a pickle, and the
    text is what remains there.
    """

    def __new__(cls, text: str, **parts: Any) -> Self:
        """Take the text, and the parts as attributes."""
        attached = super().__new__(cls, text)
        vars(attached).update(parts)
        return attached

    def __copy__(self) -> Self:
        """Itself, as pandas copies attrs at every step."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Itself."""
        return self

    def __eq__(self, other: object) -> bool:
        """Whether it is the same, as pandas keeps the attrs that all frames it joins share."""
        return self is other

    __hash__ = object.__hash__

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """Its text, so that a saved frame takes nothing along that lies behind it."""
        return str, (str(self),)


class Kept(Attached):
    """What holds `frames` as they were, which nobody changes."""

    frames: tuple[DataFrame, ...]

    @cached_property
    def inexact(self) -> list[DataFrame]:
        """The rows whose figures are not exact, which each step of pandas asks for."""
        inexact = []
        for rows in self.frames:
            if "qualifier" in rows:
                is_inexact = rows["qualifier"].fillna("=").ne("=")
                inexact.append(rows[is_inexact & rows["value"].notna()])
        return [rows for rows in inexact if len(rows)]
