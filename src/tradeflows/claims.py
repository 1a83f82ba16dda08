"""The ledger: what was claimed, how it can be read, and the verdict that follows by rule.

A ledger is a TOML file. A claim has a statement in our own words, a figure, how far it was printed,
and one or more readings: a question to :func:`tradeflows.read`, then measures. The rule:

* a claim and a reading are intervals ("$81 billion" printed to the billion is 80.5 to 81.5, "more
  than 12" is all above 12, an upper bound is all below it);
* a reading agrees where its interval lies within the claim's, disagrees where the two are apart,
  and says nothing where they overlap in part;
* all that say something agree: *reproduced*; some do: *depends on the definition*; none does: *not
  reproduced*; nobody says anything: *not testable here*, with a reason from :data:`REASONS`.

A figure that repeats the claim's own source says nothing, and figures that repeat one another
count once.
"""

from __future__ import annotations

import inspect
import math
import tomllib
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tradeflows import catalogue, lineage, measures, schema, tables
from tradeflows.errors import LedgerError, TradeflowsError, near
from tradeflows.lineage import Formula, Role
from tradeflows.trace import count, trace

if TYPE_CHECKING:
    import pandas as pd

REASONS = {
    "not a trade statistic": "it is not about goods that cross a border",
    "no code": "no customs code holds the goods and nothing else",
    "publisher stopped": "the office that would know no longer publishes",
    "not public": "the records behind it are not public",
    "needs a live query": "public statistics could tell, but not those held here",
    "only bounds": "what is held bounds the figure and cannot settle it",
}
REPRODUCED, DEPENDS, NOT_REPRODUCED, NOT_TESTABLE = (
    "reproduced", "depends on the definition", "not reproduced", "not testable here",
)  # fmt: skip

# The unit of a column that a measure gives; a column not listed has that of its rows.
UNITS = {
    "primary_value_usd": "USD", "net_wgt_kg": "kg", "growth_pct": "percent", "yoy_pct": "percent",
    "share_pct": "percent", "barrels_per_day": "bbl/day", "unit_value_per_barrel": "USD/bbl",
    "displacement": "ratio", "displacement_net": "ratio", "ratio": "ratio", "gap": "ratio",
    "hhi": "ratio",
}  # fmt: skip
ROW_UNIT = {"value_reported": "currency", "qty": "qty_unit", "rate": "quote"}
SAME_UNIT = {"%": "percent", "percent y/y": "percent", "percent vs 2021": "percent"}
FACTORS = {("kg", "tonnes"): 1e-3}  # what may stand between a measure's unit and the claim's


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


class Found(NamedTuple):
    """What one reading gave; `agrees` is None where it says nothing, and `note` says why.

    `value` is `scale` times the number in the column `result` of `frame`, whose lines
    :func:`terms` follows.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    ratio: float | None
    agrees: bool | None
    note: str
    caveats: tuple[str, ...]
    sources: tuple[str, ...]
    frame: pd.DataFrame
    result: str
    scale: float

    @property
    def rows(self) -> int:
        """How many numbers of raw files it was made of."""
        return count(self.frame, self.result)


class Verdict(NamedTuple):
    """The verdict on one claim, with what every reading gave."""

    claim: Claim
    verdict: str
    reason: str
    found: tuple[Found, ...]

    @property
    def caveats(self) -> tuple[str, ...]:
        """The caveats of all readings, each once."""
        return tuple(dict.fromkeys(caveat for one in self.found for caveat in one.caveats))


# --- the ledger -----------------------------------------------------------------------------------

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
    figures = {row["id"]: row for row in _figures(root, local)}
    return {
        name: _claim(f"{ledger.name}: claim {name}", name, entry, figures)
        for name, entry in contents.get("claim", {}).items()
    }


def _figures(root: Path, local: bool) -> list[dict[str, Any]]:
    """All published figures, none where the project has none."""
    found: list[dict[str, Any]] = tables.stored(root, "figures", local=local).to_table().to_pylist()
    return found


def _claim(where: str, name: str, entry: Any, figures: Mapping[str, Any]) -> Claim:
    _known(where, entry, CLAIM_KEYS)
    _required(where, entry, ("theme", "statement"))
    if ("figure" in entry) == ("claimed" in entry):
        raise LedgerError(f"{where}: needs either figure, an id in the table figures, or claimed")
    if "figure" in entry:
        row = _chosen(where, "figure", entry["figure"], figures)
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
    low, high = _interval(value, said, entry.get("printed_to", 0.0))
    readings = tuple(_reading(where, each) for each in entry.get("reading", ()))
    names = [each.name for each in readings]
    if twice := sorted({each for each in names if names.count(each) > 1}):
        raise LedgerError(f"{where}: two readings are called {twice[0]!r}")
    reason = entry.get("reason", "")
    if bool(readings) == bool(reason):
        raise LedgerError(f"{where}: needs either readings, or the reason why there are none")
    if reason:
        _chosen(where, "reason", reason, REASONS)
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
            measure = _chosen(where, "measure", name, _measures())
            options = set(inspect.signature(measure).parameters)
            _known(f"{where}, {name}", arguments, options)
    return Reading(**entry | steps)


def _measures() -> dict[str, Any]:
    return {name: one for name, one in vars(measures).items()
            if inspect.isfunction(one) and not name.startswith("_")}  # fmt: skip


def _interval(
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


def _chosen(where: str, what: str, word: str, among: Mapping[str, Any]) -> Any:
    if word not in among:
        raise LedgerError(f"{where}: no {what} {word!r}{near(word, among)}")
    return among[word]


# --- verdicts -------------------------------------------------------------------------------------


Asked = dict[str, Any]  # frames that were read, by their question: each is asked once
Read = partial[Any]  # of :func:`tradeflows.read`, told of which project and sources


def judge(
    claim: Claim, root: Path | None = None, asked: Asked | None = None, *, local: bool = False
) -> Verdict:
    """Evaluate every reading of `claim` and give the verdict by the rule above.

    Parameters
    ----------
    claim
        As :func:`load` gives it.
    root
        The project's folder, found by itself where not given.
    asked
        Answers to keep and use again, where several claims are judged in turn.
    local
        With the user's own sources, as for :func:`load`.

    Raises
    ------
    LedgerError
        A reading matches no row, mixes what must not be mixed, gives several numbers or none, or
        a unit other than the claim's. The message names the claim and the reading.
    """
    asked = {} if asked is None else asked
    read = partial(tables.read, root=root or catalogue.root(), local=local)
    if "repeats" not in asked:
        asked["repeats"] = {row["id"]: row["repeats"] for row in _figures(**read.keywords)
                            if row["repeats"]}  # fmt: skip
    repeats = asked["repeats"]
    own = _origin(claim.cites, repeats)
    found: list[Found] = []
    counted = {own}
    for reading in claim.readings:
        where = f"claim {claim.id}, reading {reading.name!r}"
        try:
            one = _evaluate(reading, claim, read, asked)
        except (TradeflowsError, TypeError, ValueError) as error:
            raise LedgerError(f"{where}: {error}") from error
        if reading.read.get("table") == "figures":
            origin = _origin(str(reading.read.get("id", "")), repeats)
            if origin in counted:
                why = "the claim's own source" if origin == own else "repeats a figure counted"
                one = one._replace(agrees=None, note=why)
            counted.add(origin)
        found.append(one)
    said = [one.agrees for one in found if one.agrees is not None]
    if not said:
        return Verdict(claim, NOT_TESTABLE, claim.reason or "only bounds", tuple(found))
    verdict = REPRODUCED if all(said) else DEPENDS if any(said) else NOT_REPRODUCED
    return Verdict(claim, verdict, "", tuple(found))


def _origin(figure: str, repeats: Mapping[str, str]) -> str:
    """The figure at the end of a chain of figures that repeat one another."""
    while figure in repeats:
        figure = repeats[figure]
    return figure


def _evaluate(reading: Reading, claim: Claim, read: Read, asked: Asked) -> Found:
    frame = _steps(reading.read, reading.steps, reading, read, asked)
    if reading.result not in frame:
        columns = [name for name in frame if frame[name].dtype.kind in "fi"]
        raise LedgerError(f"no result {reading.result!r}{near(reading.result, columns)}")
    if "complete" in frame and not frame["complete"].all():
        lacking = ", ".join(dict.fromkeys(frame.loc[~frame["complete"], "missing"]))
        raise LedgerError(f"the table does not cover the window; it lacks {lacking}")
    numbers = frame[reading.result].dropna().unique()
    if len(numbers) != 1:
        listed = ", ".join(f"{number:.6g}" for number in numbers[:5]) or "none"
        raise LedgerError(f"must give one number, and gives {len(numbers)} ({listed})")
    unit = _unit(frame, reading.result)
    factor = 1.0 if unit == claim.unit else FACTORS.get((unit, claim.unit))
    if factor is None:
        raise LedgerError(f"gives {unit}, and the claim is in {claim.unit}")
    value = float(numbers[0]) * reading.scale * factor
    said = {"qualifier": "="} | {
        key: frame[key].iloc[0] for key in ("qualifier", "low", "high") if key in frame
    }
    if reading.scale != 1.0 or reading.result != "value":
        said = {"qualifier": said["qualifier"]}
    if reading.at_most:
        said["qualifier"] = "≤"
    low, high = _interval(value, said, 0.0)
    if said["qualifier"] in ("≤", "<"):
        low = 0.0 if value >= 0 else low
    return Found(
        reading.name, value, low, high, claim.unit, value / claim.figure if claim.figure else None,
        _agrees(low, high, claim),
        "bound" if low != high else "",
        _caveats(frame, **read.keywords), tuple(frame.attrs.get("sources", ())), frame,
        reading.result, reading.scale * factor,
    )  # fmt: skip


def _agrees(low: float, high: float, claim: Claim) -> bool | None:
    open_below, open_above = claim.qualifier == ">", claim.qualifier == "<"
    within = claim.low <= low and high <= claim.high
    if within and not (open_below and low <= claim.low) and not (open_above and high >= claim.high):
        return True
    if high < claim.low or low > claim.high or (open_below and high <= claim.low) or (
        open_above and low >= claim.high
    ):  # fmt: skip
        return False
    # A single number is inside or outside; only an interval can be partly both.
    return None if low != high else False


def _read(filters: Mapping[str, Any], read: Read, asked: Asked) -> pd.DataFrame:
    question = _question(filters)
    if question not in asked:
        asked[question] = read(**{"table": "trade", **filters})
    return asked[question]


def _question(filters: Mapping[str, Any]) -> str:
    return repr(sorted(filters.items()))


def _steps(
    filters: Mapping[str, Any], steps: Iterable[tuple[str, Mapping[str, Any]]], reading: Reading,
    read: Read, asked: Asked,
) -> pd.DataFrame:  # fmt: skip
    """Read what `filters` ask for and apply `steps`; each question and each step is done once."""
    frame, done = _read(filters, read, asked), _question(filters)
    for name, arguments in steps:
        measure = _measures()[name]
        frames = [frame]
        for second in [*inspect.signature(measure).parameters.values()][1:2]:
            if "DataFrame" not in str(second.annotation) or second.name in arguments:
                continue
            if reading.beside:
                alone = reading._replace(beside={})
                frames.append(_steps(reading.beside, reading.beside_steps, alone, read, asked))
            elif second.default is second.empty:
                raise LedgerError("lacks beside, the second frame of its measure")
        done += repr((name, arguments))
        done += repr((reading.beside, reading.beside_steps)) * len(frames[1:])
        if done not in asked:
            given = {key: _window(value) for key, value in arguments.items()}
            asked[done] = measure(*frames, **given)
        frame = asked[done]
    return frame


def _window(value: Any) -> Any:
    """A pair of months in TOML is a list, and a window in a measure a tuple."""
    pair = isinstance(value, list) and len(value) == 2 and all(
        isinstance(each, str) and each[:4].isdigit() for each in value
    )  # fmt: skip
    return tuple(value) if pair else value


def _unit(frame: pd.DataFrame, result: str) -> str:
    if result in UNITS:
        return UNITS[result]
    column = ROW_UNIT.get(result, "unit")
    if column not in frame:
        raise LedgerError(f"cannot tell the unit of {result}: the frame has no {column}")
    return SAME_UNIT.get(str(frame[column].iloc[0]), str(frame[column].iloc[0]))


def _caveats(frame: pd.DataFrame, root: Path, local: bool) -> tuple[str, ...]:
    """What the measures and the rows' flags say, and what is true of the sources as a whole."""
    catalogued = catalogue.load(root, local=local)
    sources = [catalogued[name] for name in frame.attrs.get("sources", ()) if name in catalogued]
    copied = "transcribed, not the publisher’s own file. "
    notes = [
        f"{source.id}: {copied * (source.kind == 'transcribed')}{source.note}".rstrip()
        for source in sources
        if source.note or source.kind == "transcribed"
    ]
    words = sorted({word for text in frame.get("flags", ()) for word in str(text).split()})
    known = [f"{word}: {schema.FLAGS[word]}" for word in words if word in schema.FLAGS]
    return tuple(dict.fromkeys([*frame.attrs.get("caveats", ()), *known, *notes]))


def judged(
    claims: Iterable[Claim], root: Path | None = None, *, local: bool = False
) -> list[Verdict]:
    """Judge several claims in turn; a question that they share is asked once."""
    root = root or catalogue.root()
    asked: Asked = {}
    return [judge(claim, root, asked, local=local) for claim in claims]


def verdicts(
    ledger: Path | None = None, root: Path | None = None, *, local: bool = False
) -> list[Verdict]:
    """Judge every claim of a ledger, in its order; parameters and errors as :func:`load`."""
    root = root or catalogue.root()
    return judged(load(ledger, root, local=local).values(), root, local=local)


def named(claims: Mapping[str, Any], name: str) -> Any:
    """What is called `name` among `claims`, or a LedgerError with the nearest name."""
    return _chosen("the ledger", "claim", name, claims)


# --- what is printed and kept ---------------------------------------------------------------------


def as_json(verdict: Verdict) -> dict[str, Any]:
    """One claim with its verdict as plain values, for ``--json`` and the report."""
    claim = verdict.claim
    return {
        "id": claim.id, "theme": claim.theme, "statement": claim.statement,
        "figure": claim.figure, "unit": claim.unit, "qualifier": claim.qualifier,
        "window": claim.window, "who": claim.who, "where": claim.where,
        "verdict": verdict.verdict, "reason": verdict.reason, "caveats": list(verdict.caveats),
        "definitions": [
            {"name": one.name, "value": one.value, "unit": one.unit, "ratio": one.ratio,
             "agrees": one.agrees, "rows": one.rows, "note": one.note,
             "sources": list(one.sources)}
            for one in verdict.found
        ],
    }  # fmt: skip


COLOUR = {REPRODUCED: 32, DEPENDS: 33, NOT_REPRODUCED: 31, NOT_TESTABLE: 90}  # of a terminal


def line(verdict: Verdict, *, colour: bool = False) -> str:
    """One claim in one line: id, verdict, what agrees, statement."""
    agree = sum(one.agrees is True for one in verdict.found)
    said = sum(one.agrees is not None for one in verdict.found)
    count = f"{agree} of {said}" if said else ""
    word = f"{verdict.verdict:25}"
    if colour:
        word = f"\x1b[{COLOUR[verdict.verdict]}m{word}\x1b[0m"
    return f"{verdict.claim.id:7} {word} {count:7} {verdict.claim.statement}"


def explain(verdict: Verdict) -> list[str]:
    """One claim in full, in lines: what was said by whom, each reading's number, the caveats."""
    claim = verdict.claim
    said = (
        "in words"
        if claim.figure is None
        else f"{claim.qualifier} {claim.figure:,.6g} {claim.unit}"
    )
    if claim.readings and claim.low > -math.inf and claim.high < math.inf:
        said += f", so {claim.low:,.6g} to {claim.high:,.6g}"
    lines = [
        f"{claim.id}: {claim.statement}",
        f"  said by {claim.who} ({claim.where}), for {claim.window}: {said}",
        f"  verdict: {verdict.verdict}",
    ]
    if verdict.reason:
        lines.append(f"  because: {verdict.reason}, that is, {REASONS[verdict.reason]}")
    for one in verdict.found:
        agrees = {True: "agrees", False: "disagrees", None: f"says nothing ({one.note})"}
        ratio = "" if one.ratio is None else f", {one.ratio:.3f} of the claim"
        bound = "at most " if one.low == 0 and one.note == "bound" else ""
        lines.append(
            f"  {agrees[one.agrees]}: {one.name}: {bound}{one.value:,.6g} {one.unit}{ratio}"
        )
    return lines + [f"  mind: {caveat}" for caveat in verdict.caveats]


def terms(found: Found, root: Path | None = None) -> dict[str, Any]:
    """The raw lines that the number of one reading was made of, and the formula over them.

    Returns
    -------
    dict
        ``definition``, ``value``, ``unit``, ``formula`` and ``terms``, a list of dicts with
        ``role``, ``value``, ``unit``, ``sign``, ``source_id``, ``path``, ``line``, ``text``,
        ``publisher`` and ``address``. A role in the formula is the sum of its terms.

    Raises
    ------
    SourceError
        A raw file is missing or altered.
    QueryError
        The lines do not come to the number.
    """
    traced = trace(_first(found), found.result, root)
    formula = traced["formula"].iloc[0]
    if found.scale != 1.0:
        formula = f"({formula}) * {found.scale!r}"
    columns = ["role", "value", "unit", "sign", "source_id", "path", "line", "text", "publisher",
               "address"]  # fmt: skip
    return {
        "definition": found.name, "value": found.value, "unit": found.unit, "formula": formula,
        "terms": traced[columns].to_dict("records"),
    }  # fmt: skip


def _first(found: Found) -> pd.DataFrame:
    """The row that holds the number; others may repeat it."""
    return found.frame[found.frame[found.result].notna()].iloc[[0]]


def chosen(verdict: Verdict, name: str | None) -> list[Found]:
    """All that was found for a claim, or the one definition called `name`."""
    if name is None:
        return list(verdict.found)
    where = f"claim {verdict.claim.id}"
    return [_chosen(where, "definition", name, {one.name: one for one in verdict.found})]


def announced(verdict: Verdict) -> list[dict[str, str]]:
    """One claim as rows of ``data/verdicts.csv``: a row a reading, numbers in full."""
    rows = [
        {"reading": one.name, "value": repr(one.value), "unit": one.unit, "agrees": str(one.agrees)}
        for one in verdict.found
    ] or [{"reading": "", "value": "", "unit": "", "agrees": ""}]
    head = {"claim": verdict.claim.id, "verdict": verdict.verdict, "reason": verdict.reason}
    return [head | row for row in rows]


def table(found: Iterable[Verdict] | None = None, *, theme: str | None = None) -> pd.DataFrame:
    """The ledger as a frame, for notebooks and charts.

    Parameters
    ----------
    found
        As :func:`verdicts` gives them; all of the project's own where not given.
    theme
        Only the claims of this theme.

    Returns
    -------
    DataFrame, one row a reading (one a claim without any)
        ``id``, ``theme``, ``statement``, ``figure``, ``unit``, ``qualifier``, ``window``, ``who``,
        ``verdict``, ``reason``, ``reading``, ``value``, ``low``, ``high``, ``ratio`` (value over
        figure) and ``agrees`` (nullable). ``attrs["sources"]`` names all sources used.

    Raises
    ------
    LedgerError
        As :func:`judge`, or there is no such theme.
    """
    import pandas as pd

    judged = list(verdicts() if found is None else found)
    themes = {each.claim.theme: None for each in judged}
    if theme is not None:
        _chosen("ledger", "theme", theme, themes)
        judged = [each for each in judged if each.claim.theme == theme]
    of_claim = ("id", "theme", "statement", "figure", "unit", "qualifier", "window", "who")
    of_reading = ("value", "low", "high", "ratio", "agrees")
    pairs = [(each, one) for each in judged for one in each.found or (None,)]
    frame = pd.DataFrame([
        {name: getattr(each.claim, name) for name in of_claim}
        | {"verdict": each.verdict, "reason": each.reason, "reading": one.name if one else ""}
        | {name: getattr(one, name) if one else None for name in of_reading}
        for each, one in pairs
    ]).astype({"figure": "float64", "value": "float64", "low": "float64", "high": "float64",
               "ratio": "float64", "agrees": "boolean"})  # fmt: skip
    sources = [name for _, one in pairs if one for name in one.sources]
    frame.attrs = {"sources": tuple(dict.fromkeys(sources)), "caveats": ()}
    lineage.record(frame, _formulas(pairs))
    return frame


def _formulas(pairs: Iterable[tuple[Verdict, Found | None]]) -> dict[str, Formula]:
    """How each row's number came about, for a trace of the table."""
    names: dict[str, Role] = {}
    values, ratios = [], []
    for i, (each, one) in enumerate(pairs):
        if one:
            names[f"r{i}"] = Role(_first(one), one.result, slot=np.array([i]))
        values.append(f"r{i}" if not one or one.scale == 1.0 else f"r{i} * {one.scale!r}")
        ratios.append(f"{values[-1]} / {each.claim.figure!r}")
    which = np.arange(len(values))
    return {"value": Formula(values, names, which), "ratio": Formula(ratios, names, which)}
