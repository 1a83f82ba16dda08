"""The lists of words that the room keeps as TOML, beside the modules that read them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

Table = Mapping[str, Any]  # of TOML, or a row or filters as TOML has them


@cache
def word_list(name: str) -> dict[str, Any]:
    """The tables of ``name.toml``."""
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
