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


@cache
def publisher_words(name: str) -> dict[str, str]:
    """What each word of a list of a publisher's words means, such as ``comtrade transport``."""
    return {
        row["word"]: row["meaning"] for row in rows_of("publisher_words.csv") if row["list"] == name
    }


@cache
def rows_by(name: str, column: str) -> dict[str, dict[str, str]]:
    """The rows of the list `name` by the value of a `column` that each has but once."""
    return {row[column]: row for row in rows_of(name)}
