"""What is computed of a frame, or of all tables, once while many questions are asked of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Result = TypeVar("Result")

_memory: ContextVar[dict[Any, Any] | None] = ContextVar("memory", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Keep what :func:`once` computes until the block ends; no frame may be changed in it."""
    token = _memory.set({})
    try:
        yield
    finally:
        _memory.reset(token)


def once(frame: object, key: Hashable, compute: Callable[[], Result]) -> Result:
    """What `compute` gives of `frame`, from memory where it is remembered under `key`.

    Outside of :func:`remembering` it is computed each time, since a frame may have changed.
    """
    memory = _memory.get()
    if memory is None:
        return compute()
    _, results = memory.setdefault(id(frame), (frame, {}))  # which keeps its id for it
    if key not in results:
        results[key] = compute()
    result: Result = results[key]
    return result
