"""The ledger read from its file: claims, their readings, what a printed figure stands for."""

from __future__ import annotations

import inspect
import math
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tradeflows import catalogue, measures, schema, tables
from tradeflows.errors import LedgerError, QueryError, TradeflowsError, near

REASONS = {
    "not a trade statistic": "it is not about goods that cross a border",
    "no code": "no customs code holds the goods and nothing else",
    "publisher stopped": "the office that would know no longer publishes",
    "not public": "the records behind it are not public",
    "needs a live query": "public statistics could tell, but not those held here",
    "only bounds": "what is held bounds the figure and cannot settle it",
}
SAME_UNIT = {"%": "percent", "percent y/y": "percent", "percent vs 2021": "percent"}


class Reading(NamedTuple):
    """One way to read a claim: what to ask, what to measure, which column has the number.

    Attributes
    ----------
    read, beside
        Filters of :func:`tradeflows.read`, with ``table`` where it is not trade; `beside` is the
        second frame of a measure that compares two.
    steps, beside_steps
        Measures with their arguments, applied one after the other.
    result
        Column of the last frame, which must have one row, or rows of one value.
    scale, per
        A factor on the result, and what it stands for.
    at_most
        Whether the result bounds the claimed figure from above, and so cannot confirm it.
    """

    name: str
    read: Mapping[str, Any]
    result: str
    steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    beside: Mapping[str, Any] = {}
    beside_steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    scale: float = 1.0
    per: str = ""
    at_most: bool = False


class Claim(NamedTuple):
    """One claim as the ledger states it; `figure` and `low` to `high` are in `unit`."""

    id: str
    theme: str
    statement: str
    figure: float | None
    low: float
    high: float
    unit: str
    qualifier: str
    window: str
    who: str
    where: str
    reason: str
    cites: str
    readings: tuple[Reading, ...]


CLAIM_KEYS = {
    "theme", "statement", "figure", "claimed", "printed_to", "window", "who", "where", "reason",
    "reading",
}  # fmt: skip
CLAIMED_KEYS = {"value", "unit", "qualifier", "low", "high"}
READING_KEYS = {"name", "read", "steps", "beside", "beside_steps", "result", "scale", "per",
                "at_most"}  # fmt: skip


def path(root: Path) -> Path:
    """Where the project's own ledger lies below `root`."""
    return root / "data" / "claims.toml"


def load(
    ledger: Path | None = None, root: Path | None = None, *, local: bool = False
) -> dict[str, Claim]:
    """Read a ledger.

    Parameters
    ----------
    ledger
        A TOML file; the project's own where not given.
    root
        The project's folder, found by itself where not given.
    local
        With the user's own sources; the project's own ledger is of the committed ones alone.

    Returns
    -------
    dict of Claim
        By id, in the order of the file.

    Raises
    ------
    LedgerError
        The file cannot be read, or a claim has an unknown or missing key, a figure that the table
        does not hold, a reason that is none, a repeated name, or neither readings nor a reason.
    """
    root = root or catalogue.root()
    ledger = ledger or path(root)
    try:
        contents = tomllib.loads(ledger.read_text(encoding="utf-8"))
    except OSError as error:
        raise LedgerError(f"{ledger}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LedgerError(f"{ledger}: {error}; each claim stands once, as [claim.ID]") from error
    _known(ledger.name, contents, {"claim"})
    figures = {row["id"]: row for row in published(root, local)}
    return {
        name: _claim(f"{ledger.name}: claim {name}", name, entry, figures)
        for name, entry in contents.get("claim", {}).items()
    }


def published(root: Path, local: bool) -> list[dict[str, Any]]:
    """All published figures, none where the project has none."""
    found: list[dict[str, Any]] = tables.stored(root, "figures", local=local).to_table().to_pylist()
    return found


def _claim(where: str, name: str, entry: Any, figures: Mapping[str, Any]) -> Claim:
    _known(where, entry, CLAIM_KEYS)
    _required(where, entry, ("theme", "statement"))
    if ("figure" in entry) == ("claimed" in entry):
        raise LedgerError(f"{where}: needs either figure, an id in the table figures, or claimed")
    if "figure" in entry:
        row = the_one(where, "figure", entry["figure"], figures)
        said = {key: row[key] for key in ("value", "unit", "qualifier", "low", "high")}
        cited = {"window": row["window_text"], "who": row["publisher"], "where": row["address"]}
    else:
        _known(f"{where}, claimed", entry["claimed"], CLAIMED_KEYS)
        said = {"value": None, "unit": "", "qualifier": "=", **entry["claimed"]}
        cited = {}
    cited = {key: entry.get(key, cited.get(key, "")) for key in ("window", "who", "where")}
    _required(where, {key: value for key, value in cited.items() if value}, tuple(cited))
    if said["qualifier"] not in schema.QUALIFIERS:
        raise LedgerError(f"{where}: no qualifier {said['qualifier']!r}; there are "
                          f"{' '.join(schema.QUALIFIERS)}")  # fmt: skip
    value = said["value"] if said["value"] is not None and said["value"] == said["value"] else None
    low, high = interval(value, said, entry.get("printed_to", 0.0))
    readings = tuple(_reading(where, each) for each in entry.get("reading", ()))
    names = [each.name for each in readings]
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise LedgerError(f"{where}: two readings are called {twice[0]!r}")
    reason = entry.get("reason", "")
    if bool(readings) == bool(reason):
        raise LedgerError(f"{where}: needs either readings, or the reason why there are none")
    if reason:
        the_one(where, "reason", reason, REASONS)
    if readings and value is None:
        raise LedgerError(f"{where}: has readings but no figure for them to agree with")
    unit = SAME_UNIT.get(said["unit"], said["unit"])
    return Claim(name, entry["theme"], entry["statement"], value, low, high, unit,
                 said["qualifier"], cited["window"], cited["who"], cited["where"], reason,
                 entry.get("figure", ""), readings)  # fmt: skip


def _reading(where: str, entry: Any) -> Reading:
    _required(where, entry, ("name", "read", "result"))
    where = f"{where}, reading {entry['name']!r}"
    _known(where, entry, READING_KEYS)
    steps = {}
    for key in ("steps", "beside_steps"):
        steps[key] = tuple((name, arguments) for name, arguments in entry.get(key, ()))
        for name, arguments in steps[key]:
            measure = the_one(where, "measure", name, every_measure())
            options = set(inspect.signature(measure).parameters)
            _known(f"{where}, {name}", arguments, options)
    return Reading(**entry | steps)


def every_measure() -> dict[str, Any]:
    """The functions of :mod:`tradeflows.measures` by name."""
    return {name: one for name, one in vars(measures).items()
            if inspect.isfunction(one) and not name.startswith("_")}  # fmt: skip


def interval(
    value: float | None, said: Mapping[str, Any], printed_to: float
) -> tuple[float, float]:
    """All numbers that a printed figure may stand for."""
    if value is None:
        return -math.inf, math.inf
    low, high = said.get("low"), said.get("high")
    if low is not None and high is not None and low == low and high == high:
        return low, high
    match said["qualifier"]:
        case ">" | "≥":
            return value, math.inf
        case "<" | "≤":
            return -math.inf, value
    return value - printed_to / 2, value + printed_to / 2


def _known(where: str, entry: Any, keys: set[str]) -> None:
    if not isinstance(entry, dict):
        raise LedgerError(f"{where}: must be a table of keys, not {entry!r}")
    for key in entry:
        if key not in keys:
            raise LedgerError(f"{where}: no key {key!r}{near(key, keys)}")


def _required(where: str, entry: Mapping[str, Any], keys: Iterable[str]) -> None:
    if lacking := [key for key in keys if key not in entry]:
        raise LedgerError(f"{where}: lacks {', '.join(lacking)}")


def the_one(
    where: str, what: str, word: str, among: Mapping[str, Any],
    error: type[TradeflowsError] = LedgerError,
) -> Any:  # fmt: skip
    """What is called `word` among those of a kind, or an error with the nearest name."""
    if word not in among:
        raise error(f"{where}: no {what} {word!r}{near(word, among)}")
    return among[word]


def named(claims: Mapping[str, Any], name: str) -> Any:
    """What is called `name` among `claims`, or a QueryError with the nearest name."""
    return the_one("the ledger", "claim", name, claims, QueryError)
