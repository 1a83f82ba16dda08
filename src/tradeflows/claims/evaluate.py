"""Each reading evaluated over the tables, and the verdict by rule."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tradeflows import tables
from tradeflows.claims.ledger import (
    SAME_UNIT,
    Claim,
    Reading,
    every_measure,
    interval,
    load,
    published,
)
from tradeflows.measures.common import UNIT_IN, unit_of
from tradeflows.model import schema
from tradeflows.model.errors import LedgerError, TradeflowsError, near
from tradeflows.model.lineage import PLACE
from tradeflows.model.periods import first_month, runs, span
from tradeflows.retrieval import catalogue
from tradeflows.tables.trace import Line, lines

if TYPE_CHECKING:
    import pandas as pd

REPRODUCED, DEPENDS, NOT_REPRODUCED, NOT_TESTABLE = (
    "reproduced",
    "depends on the definition",
    "not reproduced",
    "not testable here",
)
FACTORS = {("kg", "tonnes"): 1e-3}  # what may stand between a measure's unit and the claim's


class ReadingResult(NamedTuple):
    """What one reading gave; `agrees` is None where it says nothing, and `note` says why.

    `value` is `scale` times the number in the column `result` of `frame`, whose lines
    :func:`terms` follows; `read` are the frames that it was made of, and `mind` what the measures
    say and what is true of the sources.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    ratio: float | None
    agrees: bool | None
    note: str
    mind: tuple[str, ...]
    sources: tuple[str, ...]
    read: tuple[pd.DataFrame, ...]
    frame: pd.DataFrame
    result: str
    scale: float

    @property
    def bound(self) -> str:
        """What stands before the number where it is a bound: "at most", "at least", or nothing."""
        if self.high == math.inf:
            return "at least "
        return "at most " if self.low < self.high == self.value and self.low <= 0 else ""

    @property
    def lines(self) -> set[Line]:
        """The numbers of raw files that it was made of."""
        return lines(self.frame, self.result)

    @property
    def rows(self) -> int:
        """How many these are."""
        return len(self.lines)


class Verdict(NamedTuple):
    """The verdict on one claim, with what every reading gave."""

    claim: Claim
    verdict: str
    reason: str
    found: tuple[ReadingResult, ...]

    @property
    def caveats(self) -> tuple[str, ...]:
        """What the rows used are flagged as, and what else to mind of a reading, each once."""
        if not self.found:
            return ()
        import pandas as pd

        used = {line.row for one in self.found for line in one.lines if not line.is_zero}
        frames = {id(frame): frame for one in self.found for frame in one.read}.values()
        rows = pd.concat([frame[[*PLACE, *({"flags"} & set(frame))]] for frame in frames])
        rows = rows[pd.MultiIndex.from_frame(rows[[*PLACE]]).isin(used)].drop_duplicates([*PLACE])
        flags = tables.flags_present(rows.fillna({"flags": ""}))
        return tuple(dict.fromkeys([*flags, *(each for one in self.found for each in one.mind)]))


Asked = dict[str, Any]  # frames that were read, by their question: each is asked once
Read = partial[Any]  # of :func:`tradeflows.read`, told of which project and sources


def evaluate_claim(
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
        asked["repeats"] = {
            row["id"]: row["repeats"] for row in published(**read.keywords) if row["repeats"]
        }
    repeats = asked["repeats"]
    own = _origin(claim.cites, repeats)
    found: list[ReadingResult] = []
    counted = {own}
    for reading in claim.readings:
        where = f"claim {claim.id}, reading {reading.name!r}"
        try:
            one = _evaluate(reading, claim, read, asked)
        except (TradeflowsError, TypeError, ValueError) as error:
            raise LedgerError(f"{where}: {error}") from error
        if reading.read.get("table") == "figures":
            rows = _read(reading.read, read, asked)
            origins = {_origin(each, repeats) for each in rows["id"]}
            itself = own in origins or (not own and rows["address"].eq(claim.where).any())
            if itself or origins & counted:
                why = "the claim's own source" if itself else "repeats a figure counted"
                one = one._replace(agrees=None, note=why)
            counted |= origins
        found.append(one)
    said = [one.agrees for one in found if one.agrees is not None]
    if not said:
        bounds = any(one.note == "bound" for one in found)
        why = claim.reason or ("only bounds" if bounds else "only its source")
        return Verdict(claim, NOT_TESTABLE, why, tuple(found))
    verdict = REPRODUCED if all(said) else DEPENDS if any(said) else NOT_REPRODUCED
    return Verdict(claim, verdict, "", tuple(found))


def _origin(figure: str, repeats: Mapping[str, str]) -> str:
    """The figure at the end of a chain of figures that repeat one another."""
    while figure in repeats:
        figure = repeats[figure]
    return figure


def _evaluate(reading: Reading, claim: Claim, read: Read, asked: Asked) -> ReadingResult:
    frame = _steps(reading.read, reading.steps, reading, read, asked)
    if reading.result not in frame:
        columns = [name for name in frame if frame[name].dtype.kind in "fi"]
        raise LedgerError(f"no result {reading.result!r}{near(reading.result, columns)}")
    if "complete" in frame and not frame["complete"].all():
        lacking = ", ".join(dict.fromkeys(frame.loc[~frame["complete"], "missing"]))
        raise LedgerError(f"the table does not cover the window; it lacks {lacking}")
    numbers = frame[reading.result].dropna().unique()
    if len(numbers) > 1:
        listed = ", ".join(f"{number:.6g}" for number in numbers[:5])
        raise LedgerError(f"must give one number, and gives {len(numbers)} ({listed})")
    if not len(numbers):
        held = _read(reading.read, read, asked).get("ref_period")
        told = (
            ""
            if held is None
            else f"; what was read is of {held.min():%Y-%m} to {held.max():%Y-%m}"
        )
        raise LedgerError(f"must give one number, and gives none{told}")
    if nulls := int(frame[reading.result].isna().sum()):
        raise LedgerError(f"must give one number, and {nulls} of its {len(frame)} rows have none")
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
    low, high = interval(value, said, 0.0)
    if said["qualifier"] in ("≤", "<"):
        low = 0.0 if value >= 0 else low
    frames = tuple(_read(each, read, asked) for each in (reading.read, reading.beside) if each)
    return ReadingResult(
        reading.name,
        value,
        low,
        high,
        claim.unit,
        value / claim.figure if claim.figure else None,
        _agrees(low, high, claim),
        "bound" if low != high else "",
        _mind(frame, frames, **read.keywords),
        tuple(frame.attrs.get("sources", ())),
        frames,
        frame,
        reading.result,
        reading.scale * factor,
    )


def _agrees(low: float, high: float, claim: Claim) -> bool | None:
    open_below, open_above = claim.qualifier == ">", claim.qualifier == "<"
    within = claim.low <= low and high <= claim.high
    if within and not (open_below and low <= claim.low) and not (open_above and high >= claim.high):
        return True
    if (
        high < claim.low
        or low > claim.high
        or (open_below and high <= claim.low)
        or (open_above and low >= claim.high)
    ):
        return False
    # A single number is inside or outside; only an interval can be partly both.
    return None if low != high else False


def _read(filters: Mapping[str, Any], read: Read, asked: Asked) -> pd.DataFrame:
    question = _question(filters)
    if question not in asked:
        asked[question] = read(**{"table": "trade", **filters})
        if filters.get("table", "trade") == "trade":
            _reaches(asked[question], filters)
    return asked[question]


def _reaches(frame: pd.DataFrame, filters: Mapping[str, Any]) -> None:
    """Refuse rows that do not reach both ends of the window that was asked for."""
    first = first_month(frame)
    begin, stop = int(first.min()), int((first + frame["n_months"]).max())
    lacking = [
        *range(span(filters["start"])[0] if "start" in filters else begin, begin),
        *range(stop, span(filters["end"])[1] if "end" in filters else stop),
    ]
    if lacking:
        raise LedgerError(f"the table does not cover the window; it lacks {runs(lacking)}")


def _question(filters: Mapping[str, Any]) -> str:
    return repr(sorted(filters.items()))


def _steps(
    filters: Mapping[str, Any],
    steps: Iterable[tuple[str, Mapping[str, Any]]],
    reading: Reading,
    read: Read,
    asked: Asked,
) -> pd.DataFrame:
    """Read what `filters` ask for and apply `steps`; each question and each step is done once."""
    frame, done = _read(filters, read, asked), _question(filters)
    for name, arguments in steps:
        measure = every_measure()[name]
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
    pair = (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(each, str) and each[:4].isdigit() for each in value)
    )
    return tuple(value) if pair else value


def _unit(frame: pd.DataFrame, result: str) -> str:
    if unit := unit_of(frame, result):
        return SAME_UNIT.get(unit, unit)
    column = UNIT_IN.get(result, "unit")
    raise LedgerError(f"cannot tell the unit of {result}: the frame has no {column}")


def _mind(
    frame: pd.DataFrame, frames: Iterable[pd.DataFrame], root: Path, local: bool
) -> tuple[str, ...]:
    """What the measures say, their own flags, and the sources' notes; rows' flags are not here."""
    catalogued = catalogue.load(root, local=local)
    sources = [catalogued[name] for name in frame.attrs.get("sources", ()) if name in catalogued]
    copied = "transcribed, not the publisher’s own file. "
    notes = [
        f"{source.id}: {copied * (source.kind == 'transcribed')}{source.note}".rstrip()
        for source in sources
        if source.note or source.kind == "transcribed"
    ]
    flags = {said for each in frames for said in tables.flags_present(each)}
    told = [said for said in frame.attrs.get("caveats", ()) if said not in flags]
    of_rows = {word for each in frames for text in each.get("flags", ()) for word in text.split()}
    own = {word for text in frame.get("flags", ()) for word in str(text).split()} - of_rows
    known = [f"{word}: {schema.FLAGS[word]}" for word in sorted(own) if word in schema.FLAGS]
    return tuple(dict.fromkeys([*told, *known, *notes]))


def evaluate_all(
    claims: Iterable[Claim], root: Path | None = None, *, local: bool = False
) -> list[Verdict]:
    """Judge several claims in turn; a question that they share is asked once."""
    root = root or catalogue.root()
    asked: Asked = {}
    return [evaluate_claim(claim, root, asked, local=local) for claim in claims]


def verdicts(
    ledger: Path | None = None, root: Path | None = None, *, local: bool = False
) -> list[Verdict]:
    """Judge every claim of a ledger, in its order; parameters and errors as :func:`load`."""
    root = root or catalogue.root()
    return evaluate_all(load(ledger, root, local=local).values(), root, local=local)
