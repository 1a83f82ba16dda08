"""The ledger read from its file: claims, their readings, what a printed figure stands for."""

from __future__ import annotations

import inspect
import math
import reprlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin

from tradeflows import measures, tables
from tradeflows.model import schema
from tradeflows.model.errors import LedgerError, QueryError, TradeflowsError, near
from tradeflows.retrieval import catalogue

REASONS = {
    "not a trade statistic": "it is not about goods that cross a border",
    "no code": "no customs code holds the goods and nothing else",
    "publisher stopped": "the office that would know no longer publishes",
    "not public": "the records behind it are not public",
    "needs a live query": "public statistics could tell, but not those held here",
    "only bounds": "what is held bounds the figure and cannot settle it",
    "only its source": "what is held repeats the claim's own source",
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


# The keys of each table, with what stands under them.
CLAIM_KEYS = {
    "theme": str,
    "statement": str,
    "figure": str,
    "claimed": dict,
    "printed_to": float,
    "window": str,
    "who": str,
    "where": str,
    "reason": str,
    "reading": list,
}
CLAIMED_KEYS = {"value": float, "unit": str, "qualifier": str, "low": float, "high": float}
READING_KEYS = {
    "name": str,
    "read": dict,
    "steps": list,
    "beside": dict,
    "beside_steps": list,
    "result": str,
    "scale": float,
    "per": str,
    "at_most": bool,
}
# What TOML gives where a parameter of a measure takes one of these, and how to say so.
KINDS: dict[Any, tuple[Any, str]] = {
    str: (str, "a text"),
    bool: (bool, "true or false"),
    int: (int, "a whole number"),
    float: ((int, float), "a number"),
    list: (list, "a list"),
    dict: (dict, "a table of keys"),
    tuple: (list, "a pair"),
    Sequence: (list, "a list"),
    Iterable: (list, "a list"),
    Mapping: (dict, "a table of keys"),
}


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
    _known(ledger.name, contents, {"claim": dict})
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
        row = lookup(where, "figure", entry["figure"], figures)
        said = {key: row[key] for key in ("value", "unit", "qualifier", "low", "high")}
        cited = {"window": row["window_text"], "who": row["publisher"], "where": row["address"]}
    else:
        _known(f"{where}, claimed", entry["claimed"], CLAIMED_KEYS)
        said = {"value": None, "unit": "", "qualifier": "=", **entry["claimed"]}
        cited = {}
        if (ends := {"low", "high"} & said.keys()) and (
            len(ends) == 1 or said["low"] > said["high"]
        ):
            raise LedgerError(f"{where}, claimed: needs low and high, the lower first, or neither")
    cited = {key: entry.get(key, cited.get(key, "")) for key in ("window", "who", "where")}
    _required(where, {key: value for key, value in cited.items() if value}, tuple(cited))
    if said["qualifier"] not in schema.QUALIFIERS:
        raise LedgerError(
            f"{where}: no qualifier {said['qualifier']!r}; there are {' '.join(schema.QUALIFIERS)}"
        )
    value = said["value"] if said["value"] is not None and said["value"] == said["value"] else None
    printed_to = entry.get("printed_to", 0.0)
    if printed_to < 0:
        raise LedgerError(f"{where}: printed_to must be a step of 0 or more, not {printed_to:g}")
    low, high = interval(value, said, printed_to)
    readings = tuple(_reading(where, each) for each in entry.get("reading", ()))
    names = [each.name for each in readings]
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise LedgerError(f"{where}: two readings are called {twice[0]!r}")
    reason = entry.get("reason", "")
    if bool(readings) == bool(reason):
        raise LedgerError(f"{where}: needs either readings, or the reason why there are none")
    if reason:
        lookup(where, "reason", reason, REASONS)
    if readings and value is None:
        raise LedgerError(f"{where}: has readings but no figure for them to agree with")
    if readings and low == high and "printed_to" not in entry:
        raise LedgerError(f"{where}: lacks printed_to, the step to which its figure was printed")
    unit = SAME_UNIT.get(said["unit"], said["unit"])
    return Claim(
        name,
        entry["theme"],
        entry["statement"],
        value,
        low,
        high,
        unit,
        said["qualifier"],
        cited["window"],
        cited["who"],
        cited["where"],
        reason,
        entry.get("figure", ""),
        readings,
    )


def _reading(where: str, entry: Any) -> Reading:
    _known(f"{where}, reading", entry, READING_KEYS)
    _required(f"{where}, reading", entry, ("name", "read", "result"))
    where = f"{where}, reading {entry['name']!r}"
    steps = {}
    for key in ("steps", "beside_steps"):
        steps[key] = tuple(_step(f"{where}, {key}", each) for each in entry.get(key, ()))
    return Reading(**entry | steps)


def _step(where: str, entry: Any) -> tuple[str, Mapping[str, Any]]:
    if not isinstance(entry, list) or [type(each) for each in entry] != [str, dict]:
        raise LedgerError(
            f"{where}: a step is a measure with its arguments, such as "
            f'["total", {{ value = "qty" }}], not {reprlib.repr(entry)}'
        )
    name, arguments = entry
    measure = lookup(where, "measure", name, every_measure())
    options = inspect.signature(measure).parameters.values()
    kinds = {each.name: each.annotation for each in options if _kinds(each.annotation)}
    _known(f"{where}, {name}", arguments, kinds)
    return name, arguments


def every_measure() -> dict[str, Any]:
    """The functions of :mod:`tradeflows.measures` that take one frame or two, by name."""
    return {
        name: one
        for name, one in vars(measures).items()
        if inspect.isfunction(one) and not name.startswith("_") and name != "stack"
    }


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


def _known(where: str, entry: Any, keys: Mapping[str, Any]) -> None:
    if not isinstance(entry, dict):
        raise LedgerError(f"{where}: must be a table of keys, not {reprlib.repr(entry)}")
    for key, value in entry.items():
        if key not in keys:
            raise LedgerError(f"{where}: no key {key!r}{near(key, keys)}")
        kinds = _kinds(keys[key])
        if not any(_is(value, each) for each in kinds):
            told = " or ".join(dict.fromkeys(KINDS[get_origin(each) or each][1] for each in kinds))
            raise LedgerError(f"{where}: {key} must be {told}, not {reprlib.repr(value)}")


def _kinds(annotation: Any) -> list[Any]:
    """What TOML can give of an annotation; of a frame, nothing."""
    parts = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return [each for each in parts if (get_origin(each) or each) in KINDS]


def _is(value: Any, kind: Any) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    if get_origin(kind) is tuple and isinstance(value, list) and len(value) != len(get_args(kind)):
        return False
    given, _ = KINDS[get_origin(kind) or kind]
    return isinstance(value, given) and isinstance(value, bool) == (kind is bool)


def _required(where: str, entry: Mapping[str, Any], keys: Iterable[str]) -> None:
    if lacking := [key for key in keys if key not in entry]:
        raise LedgerError(f"{where}: lacks {', '.join(lacking)}")


def lookup(
    where: str,
    what: str,
    word: str,
    among: Mapping[str, Any],
    error: type[TradeflowsError] = LedgerError,
) -> Any:
    """What is called `word` among those of a kind, or an error with the nearest name."""
    if word not in among:
        raise error(f"{where}: no {what} {word!r}{near(word, among)}")
    return among[word]


def named(claims: Mapping[str, Any], name: str) -> Any:
    """What is called `name` among `claims`, or a QueryError with the nearest name."""
    return lookup("the ledger", "claim", name, claims, QueryError)
