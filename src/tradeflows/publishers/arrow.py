"""Steps on Arrow columns that several cleaners take, each with a name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

TEXT = pa.string()


def texts(values: Any) -> pa.Array:
    """Return `values` as a column of text."""
    return pa.array(values, TEXT)


def only(values: Any, where: pa.Array) -> pa.Array:
    """Return `values` where `where` is true, null elsewhere."""
    return pc.if_else(where, values, None)


def without(values: pa.Array, where: pa.Array) -> pa.Array:
    """Return `values`, null where `where` is true; where that is not known they stay."""
    return pc.if_else(pc.fill_null(where, False), None, values)


def filled(text: pa.Array, empty: Sequence[str] = ("",)) -> pa.Array:
    """Return `text`, null where it is one of `empty`."""
    return pc.if_else(pc.is_in(text, texts(empty)), None, text)


def meanings(words: pa.Array, meaning: Callable[[Any], Any], kind: pa.DataType = TEXT) -> pa.Array:
    """Return what each of `words` means; each distinct one is looked up once."""
    encoded = words.dictionary_encode(null_encoding="encode")
    known = [meaning(word) for word in encoded.dictionary.to_pylist()]
    return pa.array(known, kind).take(encoded.indices)


def joined(columns: Sequence[pa.Array], between: str) -> pa.Array:
    """Return the texts of each row that are there, `between` them; empty where none is.

    pyarrow's own way to skip what is null loses rows without any text.
    """
    led = [pc.fill_null(pc.binary_join_element_wise(between, text, ""), "") for text in columns]
    return pc.utf8_slice_codeunits(pc.binary_join_element_wise(*led, ""), len(between))
