"""A verdict in words, told once: what each page, card and picture says of a part of a claim."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tradeflows import claims
from tradeflows.charts.options import outlets, speakers
from tradeflows.claims import Claim, ReadingResult, Verdict, verdict_rule
from tradeflows.claims.open_words import numbers_in
from tradeflows.model import units
from tradeflows.model.lineage import full_number
from tradeflows.model.source import with_carrier
from tradeflows.retrieval import catalogue

# The colour of each public word, by its name in the rules of style.
TONES = {
    claims.HOLDS: "yes",
    claims.LEANS_YES: "lean-yes",
    claims.DEPENDS: "partly",
    claims.LEANS_NO: "lean-no",
    claims.DIFFERS: "no",
    claims.CANNOT_BE_TOLD: "open",
}
NEAR = "near"  # the tone of a miss that raises no alarm
NEARLY = "nearly the same"  # its word
EXACT_DIGITS = 12  # of a number that stands as its office printed it
# Keys by which a reading may differ from what a claim asks and still speak against it.
BESIDE = {"measure", "start", "end", "base"}
OFFICIAL = (verdict_rule.LAW, verdict_rule.OFFICE, verdict_rule.AS_PRINTED)


@dataclass(frozen=True)
class VerdictText:
    """What a reader is told of the verdict on one part of a claim.

    Attributes
    ----------
    words
        The part of the statement that it is about; empty where that is the whole.
    word, sign, tone
        The public word with what kind of it this is, its sign and its colour.
    off
        How far an office's figure is from the claimed one, signed; empty where that is none.
    because, is_voted
        What the verdict rests on: votes, sides, the range of all readings, what is missing; and
        whether it begins with votes.
    needs
        What would test it, where nothing held does.
    figure
        The number shown, with what it bounds; of what depends, from where to where they go.
    exact
        The same, as its office printed it.
    limits
        What changes or bounds the number: what is open, left out, said otherwise.
    reading
        The one that has the number; None where there is none.
    """

    words: str
    word: str
    sign: str
    tone: str
    off: str = ""
    because: str = ""
    needs: str = ""
    is_voted: bool = False
    figure: str = ""
    exact: str = ""
    limits: tuple[str, ...] = ()
    reading: ReadingResult | None = None

    @property
    def verdict(self) -> str:
        """The word with how far off the figure is: holds (+0.1 %)."""
        return f"{self.word} ({self.off})" if self.off else self.word

    @property
    def far(self) -> str:
        """How far off the figure is, in words: 7.2 % less than claimed; empty as `off` is."""
        if not self.off or self.reading is None or self.reading.deviation is None:
            return ""
        return claims.miss(self.reading.deviation, self.reading.claim.unit)

    @property
    def rest(self) -> str:
        """What stands behind that, with what parts the two: ", 1 of 1: Chinese customs"."""
        return f"{',' if self.is_voted else ':'} {self.because}" if self.because else ""

    @property
    def sentence(self) -> str:
        """The word and what it rests on, after the part that it is about."""
        told = f"{self.verdict}{self.rest}"
        return f"{self.words}: {told}" if self.words else told


def text_of(part: Verdict) -> VerdictText:
    """What a reader is told of one part of a claim."""
    reading = decisive(part)
    is_decided = part.group != claims.CANNOT_BE_TOLD
    shown = reading if is_decided else None
    return VerdictText(
        words=part.claim.words,
        word=_word(part),
        sign=claims.mark(part),
        tone=tone_of(part),
        off=_off(part, shown),
        because=_because(part, shown),
        needs="" if part.readings else claims.because(part),
        is_voted=bool(part.votes) or part.verdict == claims.CONTRADICTED,
        figure=_figure(part, shown),
        exact=exact(shown) if shown else "",
        limits=tuple(_limits(part)),
        reading=reading,
    )


def _word(part: Verdict) -> str:
    """The public word of a part, with what kind of it that is where it is decided."""
    if claims.is_near(part):
        return NEARLY
    return part.group if part.group == claims.CANNOT_BE_TOLD else claims.label(part)


def tone_of(verdict: Verdict) -> str:
    """The colour of a verdict; a miss below 1 % raises no alarm."""
    return NEAR if claims.is_near(verdict) else TONES[verdict.group]


def decisive(part: Verdict) -> ReadingResult | None:
    """The reading of a part that a reader is shown; None without any.

    The one as asked, where it decided; else the nearest that did; else a bound that allows the
    claim, or what is nearest. Of a claim of several parts it is that of the first that is decided.
    """
    if part.parts:
        decided = [item for item in part.parts if item.decided_by]
        return decisive((decided or list(part.parts))[0])
    deciding = [item for item in part.readings if item.decides]
    asked = [item for item in deciding if item.role == verdict_rule.AS_STATED]
    if deciding:
        return min(asked or deciding, key=lambda item: abs(item.deviation or 0.0))
    bounds = [item for item in part.readings if item.role == verdict_rule.BOUND and not item.note]
    return next(filter(None, [*bounds, part.nearest, *part.readings]), None)


def says_yes(reading: ReadingResult) -> bool:
    """Whether a reading that decides, or votes, bears the claim out."""
    if reading.witness.kind == verdict_rule.SOURCE:  # which is met, or printed another fact
        return reading.vote != verdict_rule.NO
    return bool(reading.fits or reading.fits_band) or reading.vote == verdict_rule.YES


def _figure(part: Verdict, shown: ReadingResult | None) -> str:
    """The number that stands for a part; of two sides, from where to where they go."""
    if shown is None:
        return ""
    if part.group == claims.DEPENDS:
        ends = claims.from_to(part).partition(" readings ")[2] or claims.figure_of(shown)
        return ends if part.claim.figure else ""  # two leads, each over another, are no range
    return claims.figure_of(shown)


def _off(part: Verdict, shown: ReadingResult | None) -> str:
    """The signed deviation where offices decided alone; never of a vote, nor of a law."""
    is_told = not part.votes and part.group in (claims.HOLDS, claims.DIFFERS)
    if shown is None or not is_told or shown.witness.kind == verdict_rule.LAW:
        return ""
    return claims.signed(shown)


def _because(part: Verdict, shown: ReadingResult | None) -> str:
    """What a verdict rests on, after its word and its figure."""
    words = claims.because(part)
    match part.verdict:
        case claims.DEPENDS | claims.BOTH_WAYS | claims.NOT_DECIDED:
            return words
        case claims.NOT_TESTED:
            return f"{part.reason}; {words}"
        case _ if len(part.votes) > 1:  # each voter has his own number
            return words
        case claims.CONTRADICTED:
            words = "" if part.deviation is None else claims.short(part)
        case claims.DIFFERS if part.deviation is None:
            return _name_and_pair(shown)
        case claims.DIFFERS:
            words = "" if _off(part, shown) else claims.short(part)
    ends = claims.from_to(part)
    is_named = ends or part.claim.superlative
    return "; ".join(filter(None, (words, _name_and_pair(shown, is_named=bool(is_named)), ends)))


def _name_and_pair(shown: ReadingResult | None, *, is_named: bool = True) -> str:
    """The name of a reading, unless it is just what is asked, and the two numbers that it is of."""
    if shown is None:
        return ""
    name = shown.name if is_named or not _is_plain(shown) else ""
    return "; ".join(filter(None, (name, claims.compared(shown))))


def _is_plain(reading: ReadingResult) -> bool:
    """Whether a reading is an office's figure of just what is asked: its source names it."""
    is_official = reading.witness.kind in (*OFFICIAL, verdict_rule.REWORKED)
    return reading.role == verdict_rule.AS_STATED and is_official


def _limits(part: Verdict) -> Iterable[str]:
    """What changes or bounds the number of a part, each in a few words."""
    if read_as(part.claim):
        yield read_as(part.claim)
    if part.claim.kg_per_unit is not None and part.readings:
        yield f"one of them taken as {full_number(part.claim.kg_per_unit)} kg"
    opened = "; ".join(claims.left_open(part)) if part.readings else ""
    if opened:
        yield f"unclear in the sentence: {opened}"
    deciding = [item for item in part.readings if item.decides]
    for rest in dict.fromkeys(item.rest for item in deciding if item.rest):
        yield f"left out: {rest}"
    yield from _beside(part)
    interested = [item.witness.family for item in deciding if item.witness.interested]
    for family in dict.fromkeys(interested):
        yield f"{claims.collector(family)} gains by the answer"


def _beside(part: Verdict) -> Iterable[str]:
    """The readings that go against a part, and those that its ledger puts beside it."""
    told: dict[str, list[str]] = {"otherwise": [], "beside it": []}
    for item in part.readings:
        is_otherwise = _says_otherwise(item, part)
        if is_otherwise or item.beside:
            pair = f" ({claims.compared(item)})" if item.compares else ""
            words = "otherwise" if is_otherwise else "beside it"
            told[words].append(f"{claims.figure_of(item)}: {item.name}{pair}")
    for words, texts in told.items():
        if texts:
            yield f"{words} {'; '.join(texts)}"


def read_as(claim: Claim) -> str:
    """From where to where a claimed number reaches, where it is read to another step than shown."""
    is_about = any(item.is_about for item in numbers_in(claim.statement))
    because = claim.printed_because or "it says “about”" * is_about
    if not because or not math.isfinite(claim.high):
        return ""
    low, high = (claims.amount(end, claim.unit, 4) for end in (claim.low, claim.high))
    return f"read as {units.in_a_range(low, high)}, since {because}"


def _says_otherwise(item: ReadingResult, part: Verdict) -> bool:
    """Whether a reading of another measure or time lies on the other side of what a part comes to.

    It is of the same goods, office, partner, flow and route, and not a newspaper's own count.
    """
    if item.decides or item.note or item.witness.kind == verdict_rule.RELAY:
        return False
    if item.fits_band and part.verdict == claims.HOLDS_WITHIN_REVISIONS:
        return False
    is_beside = set(item.differs_in) <= {*BESIDE, *part.claim.open}
    other_side = {claims.HOLDS: False, claims.DIFFERS: True}.get(part.group)
    return is_beside and other_side is not None and item.fits is other_side


def exact(reading: ReadingResult) -> str:
    """A reading's number for a quote: what an office printed stands as it did, unrounded."""
    if len(reading.lines) == 1 and reading.witness.kind in OFFICIAL:
        [line] = reading.lines
        if math.isclose(line.value * reading.scale, reading.value):
            return reading.bound + claims.amount(reading.value, reading.unit, EXACT_DIGITS)
    return claims.figure_of(reading)


def source_of(reading: ReadingResult, root: Path) -> str:
    """Whose figures a reading rests on, each with the hand that they came through."""
    has_rows = "source_id" in reading.frame
    frames = [reading.frame] if has_rows else [*reading.read, reading.frame]
    spoken = joined(speakers(frame) for frame in frames)
    carried = joined(outlets(frame, root) for frame in frames)
    names = []
    for source, publisher in catalogue.entries(reading.sources, root).values():
        name = catalogue.name_of(source, publisher, spoken)
        names.append(with_carrier(source, name, carried))
    *others, last = dict.fromkeys(names) or [""]
    return "".join(f"{name}{',' * (', ' in name)} and " for name in others) + last


def joined(parts: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, list[str]]:
    """The names that several frames have of each source."""
    names: dict[str, list[str]] = {}
    for source, who in (pair for part in parts for pair in part.items()):
        names[source] = list(dict.fromkeys([*names.get(source, []), *who]))
    return names


def anchor(verdict: Verdict, reading: ReadingResult) -> str:
    """The place of the raw lines of one reading on the ledger's page."""
    names = [item.name for item in verdict.readings]
    return f"{verdict.claim.id}-{1 + names.index(reading.name)}"
