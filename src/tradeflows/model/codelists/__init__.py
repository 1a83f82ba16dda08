"""Lists of codes and words that the package ships, as rows of text."""

import csv
from functools import cache
from pathlib import Path

LISTS = Path(__file__).resolve().parent


@cache
def rows_of(name: str) -> tuple[dict[str, str], ...]:
    """The rows of the list `name`, each by column."""
    with (LISTS / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
