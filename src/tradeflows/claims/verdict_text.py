"""A verdict in words, told once, for page, card, terminal, notebook, picture and JSON."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from tradeflows.claims import bands, open_words, phrase, questions, verdict_rule
from tradeflows.claims.open_words import numbers_in
from tradeflows.claims.verdict_rule import NO, YES
from tradeflows.claims.word_lists import Table, word_list
from tradeflows.claims.wording import CHANGES
from tradeflows.model import codes, units
from tradeflows.model.errors import CodeError
from tradeflows.model.lineage import full_number
from tradeflows.model.periods import month_words
from tradeflows.model.units import amount
from tradeflows.model.words import count_of, in_a_sentence

if TYPE_CHECKING:
    from tradeflows.claims.evaluate import ReadingResult, Verdict
    from tradeflows.claims.ledger import Claim

AT_MOST, AT_LEAST = "at most ", "at least "
NEAR, NEARLY = "≈", "nearly the same"  # of a claim that is missed by less than a hundredth
PUBLIC_WORDS: Table = word_list("verdict_text")["public_words"]
MARKS = {word: sign for word, (sign, _, _) in PUBLIC_WORDS.items()}
TONES = {word: tone for word, (_, tone, _) in PUBLIC_WORDS.items()}
NEAR_TONE = "near"
COLOURS = {word: colour for word, (_, _, colour) in PUBLIC_WORDS.items()}
FEWEST, MOST = 3, 6  # digits of a number that stands beside its claim
EXACT_DIGITS = 12  # of a number that stands as its office printed it
# Keys by which a reading may differ from what a claim asks and still speak against it.
BESIDE = {"measure", "start", "end", "base"}
TIMES = 400.0  # per cent: what is so much more is told in times
EXACT = ("=", "~")  # qualifiers of a figure that a number can miss
# How the two numbers of a difference are rounded that is a bound, and what the second is.
OF_TERMS = {AT_LEAST: ("≥", "≤", AT_MOST), AT_MOST: ("≤", "≥", AT_LEAST)}
# How a deviation is called that is neither more nor less.
DIRECTIONS = {units.MONTH: ("later", "earlier"), units.RANK: ("lower", "higher")}
OFFICIAL = (verdict_rule.LAW, verdict_rule.OFFICE, verdict_rule.AS_PRINTED)
OF_SOURCE = {"": "the claim's own source", NO: "the claim's own source, which says no"}
OF_BOUND = {True: "confirms", False: "refutes", None: "allows it"}
SAYS_YES = "says yes"
NOBODY = "nobody is named who counted"
OF_SIDES = (verdict_rule.DEPENDS, verdict_rule.BOTH_WAYS, verdict_rule.NOT_DECIDED)
FEW = 4  # goods that are named; more are counted


# --- numbers --------------------------------------------------------------------------------------


def miss(deviation: float, unit: str) -> str:
    """A signed deviation in words: 38 % more than claimed, 0.4 % less than claimed.

    Examples
    --------
    >>> from tradeflows import claims
    >>> claims.miss(38.2, "USD"), claims.miss(-0.4, "USD")
    ('38 % more than claimed', '0.4 % less than claimed')
    """
    counted_in = verdict_rule.DIFFERENCES.get(unit, "%")
    if counted_in == "%" and deviation >= TIMES:
        return f"{full_number(1 + deviation / 100, 2)} times what was claimed"
    if not deviation:
        return "as claimed"
    more, less = DIRECTIONS.get(unit, ("more", "less"))
    digits = f"{abs(deviation):.0f}" if unit in DIRECTIONS else _rounded(abs(deviation))
    if digits == "1" and unit in DIRECTIONS:
        counted_in = counted_in.removesuffix("s")
    return f"{digits} {counted_in} {more if deviation > 0 else less} than claimed"


def sizes(deviations: Sequence[float], unit: str) -> str:
    """How far figures are from one claim, without the side: those of two, of more the ends."""
    ordered = sorted(deviations, key=lambda off: (abs(off), miss(off, unit)))
    texts = [miss(off, unit).replace("times what", "times its") for off in ordered]
    texts = [" ".join(text.split()[:2]) for text in texts]
    if len(texts) == 2:  # two counts are no range
        return " and ".join(dict.fromkeys(texts))
    least, most = texts[0], texts[-1]
    return most if least == most else f"{least.partition(' ')[0]} to {most}"


def _rounded(size: float) -> str:
    """One digit of what is below 1, one after the point below 10, none above."""
    if round(size, 1) < verdict_rule.SMALL:
        return f"{Decimal(f'{size:.1g}'):f}"
    return f"{size:.1f}" if size < 10 else f"{size:.0f}"


def in_full(value: float, unit: str, digits: int) -> str:
    """`value` with its unit as the ledger names it, to so many figures; a month as March 2022."""
    is_month = unit == units.MONTH
    return month_words(int(value)) if is_month else f"{full_number(value, digits)} {unit}"


def collector(family: str) -> str:
    """Who counted, in a reader's words; of a figure of several, each."""
    names = [word_list("witnesses")["collectors"].get(name, name) for name in family.split(" and ")]
    return " with ".join(names) or "an office"


def _printed(claim: Claim) -> str:
    return "it" if claim.figure is None else amount(claim.figure, claim.unit, MOST)


@dataclass(frozen=True)
class ReadingText:
    """What a reader is told of one reading."""

    of: ReadingResult

    @property
    def off(self) -> str:
        """How far its number is from the claim, in words; empty where that is not known."""
        return "" if self.of.deviation is None else miss(self.of.deviation, self.of.unit)

    @property
    def is_small(self) -> bool:
        """Whether it is so near its claim that it raises no alarm: within 1 % of the figure."""
        claim = self.of.claim
        return verdict_rule.is_small(self.of.deviation, claim.figure, claim.unit)

    @property
    def is_near(self) -> bool:
        """Whether it decides, and is so near its claim."""
        return self.of.decides and self.is_small

    @property
    def says_yes(self) -> bool:
        """Whether it bears the claim out, where it decides or votes."""
        if self.of.witness.kind == verdict_rule.SOURCE:  # which is met, or printed another fact
            return self.of.vote != NO
        return bool(self.of.fits or self.of.fits_band) or self.of.vote == YES

    @property
    def figure(self) -> str:
        """Its number as it stands beside the claim: 2.27 million tonnes, at most 8.29 %.

        What rose, beside a claim that says no more than that, has its sign: +8.29 %.
        """
        reading = self.of
        is_change = reading.question.measure.startswith(CHANGES) and not reading.claim.figure
        return f"{reading.bound}{'+' * (is_change and reading.value > 0)}{self._number}"

    @property
    def _number(self) -> str:
        """Its number without what it bounds.

        It has three digits, an amount near its claim four, or as many as the claim was printed to,
        or as tell it from the claim; but not more than six. A bound is not printed beyond itself.
        """
        reading, claim = self.of, self.of.claim
        qualifier = {AT_LEAST: "≥", AT_MOST: "≤"}.get(reading.bound, "=")
        bound = units.never_beyond(reading.value, qualifier, FEWEST)
        fewest = units.found_amount(bound, reading.unit, FEWEST)
        figure = claim.figure if claim.unit == reading.unit and not reading.bound else None
        if figure is None or math.isclose(reading.value, figure):  # sums of decimals are rarely so
            return fewest
        is_near, in_print = self.is_near, _printed(claim)
        has_more = is_near and claim.unit not in verdict_rule.DIFFERENCES
        for digits in range(FEWEST + has_more, MOST + 1):
            number, claimed = (
                amount(value, claim.unit, digits, padded=True) for value in (reading.value, figure)
            )
            is_in_full = amount(figure, claim.unit, digits) == in_print
            if is_in_full and number != claimed and self._comes_to(digits):
                break
        return number if is_near else units.found_amount(reading.value, claim.unit, digits)

    def _comes_to(self, digits: int) -> bool:
        """Whether so many digits of it are as far from the claim, in print, as it is."""
        reading, claim = self.of, self.of.claim
        if not self.is_near or reading.deviation is None or claim.unit in DIRECTIONS:
            return True
        value, unit = units.in_percent(reading.value, reading.unit)
        figure, _ = units.in_percent(claim.figure or 0.0, claim.unit)
        printed = float(f"{value:.{digits}g}")
        off = verdict_rule.deviation(printed, figure, claim.unit) or 0.0
        return miss(off, unit) == miss(reading.deviation, unit)

    @property
    def exact(self) -> str:
        """Its number for a quote: what an office printed stands as it did, unrounded."""
        reading = self.of
        if len(reading.lines) == 1 and reading.witness.kind in OFFICIAL:
            [line] = reading.lines
            if math.isclose(line.value * reading.scale, reading.value):
                return reading.bound + amount(reading.value, reading.unit, EXACT_DIGITS)
        return self.figure

    @property
    def pair(self) -> str:
        """The two numbers whose difference or growth it is; empty of any other."""
        *rounded, word = OF_TERMS.get(self.of.bound, ("=", "=", ""))
        digits = FEWEST if self.of.bound else FEWEST + 1
        texts = [
            units.found_amount(units.never_beyond(value, qualifier, digits), unit, digits)
            for (value, unit), qualifier in zip(self.of.compares, rounded, strict=False)
        ]
        return f" against {word}".join(texts)

    @property
    def full(self) -> str:
        """Its number with its name and the two numbers that it is of."""
        pair = f" ({self.pair})" if self.of.compares else ""
        return f"{self.figure}: {self.of.name}{pair}"

    @property
    def rounds(self) -> str:
        """That it rounds to the claimed figure, where it bears it out and is printed otherwise.

        A step that the claimed figure does not show, as 200 million does not show that it is
        rounded to the nearest 100 million, is named.
        """
        reading, claim = self.of, self.of.claim
        if claim.figure is None or reading.unit != claim.unit or claim.qualifier != "=":
            return ""
        figure = _printed(claim)
        is_rounded = math.isclose(claim.low + claim.high, 2 * claim.figure) and not reading.bound
        if not (is_rounded and reading.fits) or amount(reading.value, reading.unit, MOST) == figure:
            return ""
        step = claim.high - claim.low
        digits = "".join(filter(str.isdigit, figure)).lstrip("0")  # 0.5 has one
        if len(digits) <= len(f"{abs(claim.figure) / step:.0f}"):
            return f"rounds to {figure}"
        return f"rounds, to the nearest {amount(step, claim.unit, 1)}, to {figure}"

    @property
    def signed(self) -> str:
        """How far it is from the claim where it decides, with its sign: +38 %, −0.7 points.

        Empty where that is none to tell: of a bound, of what was claimed without a number or holds
        with less or more than one, of a month and of a place in an order.
        """
        reading, claim, off = self.of, self.of.claim, self.of.deviation
        can_miss = claim.qualifier in EXACT or not reading.fits
        is_told = claim.figure is not None and can_miss and reading.decides and not reading.bound
        if not is_told or off is None or claim.unit in DIRECTIONS:
            return ""
        counted_in = verdict_rule.DIFFERENCES.get(claim.unit, "%")
        if counted_in == "%" and off >= TIMES:
            return f"×{full_number(1 + off / 100, 2)}"
        digits = _rounded(abs(off))
        sign = ("+" if off > 0 else "−") if float(digits) else ""
        return f"{sign}{digits if sign else 0} {counted_in}"

    @property
    def apart(self) -> list[str]:
        """In what it is another thing than the claim, in words."""
        words = word_list("verdict_text")["apart"]
        return list(dict.fromkeys(words[key] for key in self.of.differs_in))

    @property
    def finding(self) -> str:
        """What it shows: that it holds, by how much it differs, why it decides nothing."""
        reading, kind, off = self.of, self.of.witness.kind, self.off
        if reading.note:
            return f"says nothing: {reading.note}"
        if kind == verdict_rule.SOURCE:
            return OF_SOURCE[reading.vote]
        if reading.role == verdict_rule.BOUND:
            return OF_BOUND[reading.fits]
        beside = f"; {off}" if off else ""
        if kind == verdict_rule.RELAY or reading.role == verdict_rule.OTHER_CONCEPT:
            why = NOBODY if kind == verdict_rule.RELAY else ", ".join(self.apart)
            return f"says nothing: {why}{beside}"
        if not reading.decides or kind in (verdict_rule.AS_PRINTED, verdict_rule.MEASURED):
            words = self._vote
            return words if words == SAYS_YES else f"{words}{beside}"
        miss = f"{off}, within revisions" if reading.fits_band else off or "differs"
        return {None: "says nothing: it lies partly within", True: "holds"}.get(reading.fits, miss)

    @property
    def _vote(self) -> str:
        """What it says where it votes, or that it is near and does not."""
        is_turned = self.of.witness.kind == verdict_rule.REWORKED and not self.of.is_robust
        if not self.of.decides and (is_turned or self.of.vote not in (YES, NO)):
            return "near, and no vote"
        return SAYS_YES if self.of.vote == YES else "says no"

    @property
    def says_nothing(self) -> str:
        """Why it decides nothing: that it is of something else, or what its note says."""
        is_relay = self.of.witness.kind == verdict_rule.RELAY
        if self.of.role == verdict_rule.OTHER_CONCEPT and not self.of.note:
            return f"is {in_a_sentence(self.apart)}"
        if self.of.note or is_relay:
            return f"says nothing: {self.of.note or NOBODY}"
        return f"{'is near' if self.of.vote == verdict_rule.NEAR else 'allows it'}, and no vote"


# --- verdicts -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VerdictText:
    """What a reader is told of the verdict on a claim, or on one part of it."""

    part: Verdict

    @cached_property
    def deciding(self) -> list[ReadingResult]:
        """The readings that the verdict rests on."""
        return [reading for reading in self.part.readings if reading.decides]

    @property
    def _nearest(self) -> ReadingResult:
        return min(self.deciding, key=lambda item: abs(item.deviation or 0.0))

    @cached_property
    def reading(self) -> ReadingResult | None:
        """The reading that a reader is shown; None without any.

        The one as asked, where it decided; else the nearest that did; else a bound that allows the
        claim, or what is nearest. Of a claim of several parts that of the first that is decided.
        """
        if self.part.parts:
            decided = [item for item in self.part.parts if item.decided_by]
            return (decided or list(self.part.parts))[0].text.reading
        asked = [item for item in self.deciding if item.role == verdict_rule.AS_STATED]
        if self.deciding:
            return min(asked or self.deciding, key=lambda item: abs(item.deviation or 0.0))
        shown = [*self._bounds, self.part.nearest, *self.part.readings]
        return next(filter(None, shown), None)

    @property
    def _bounds(self) -> list[ReadingResult]:
        readings = self.part.readings
        return [item for item in readings if item.role == verdict_rule.BOUND and not item.note]

    @property
    def _shown(self) -> ReadingResult | None:
        """That reading, where the verdict is told at all."""
        return None if self.part.group == verdict_rule.CANNOT_BE_TOLD else self.reading

    # --- its word -------------------------------------------------------------

    @property
    def words(self) -> str:
        """The part of the statement that it is about; empty where that is the whole."""
        return self.part.claim.words

    @property
    def is_near(self) -> bool:
        """Whether the claim differs by so little that it raises no alarm."""
        claim, off = self.part.claim, self.part.deviation
        is_miss = self.part.verdict == verdict_rule.DIFFERS
        return is_miss and verdict_rule.is_small(off, claim.figure, claim.unit)

    @property
    def sign(self) -> str:
        """✓ (✓) ± (✗) ✗ ?, and ≈ for a claim that is nearly right."""
        return NEAR if self.is_near else MARKS[self.part.group]

    @property
    def tone(self) -> str:
        """The name of its colour on pages."""
        return NEAR_TONE if self.is_near else TONES[self.part.group]

    @property
    def label(self) -> str:
        """The public word with what kind of it that is: depends: in part."""
        kind, group = self.part.verdict, self.part.group
        return kind if kind.startswith(group) else f"{group}: {kind}"

    @property
    def word(self) -> str:
        """The same where it is decided; of a claim that is nearly right, that."""
        if self.is_near:
            return NEARLY
        is_open = self.part.group == verdict_rule.CANNOT_BE_TOLD
        return self.part.group if is_open else self.label

    @property
    def short(self) -> str:
        """The public word, but of what differs how far off it is: 38 % more than claimed."""
        if self.part.deviation is not None and not self.part.parts:
            words = miss(self.part.deviation, self.part.claim.unit)
            if self.part.verdict == verdict_rule.DIFFERS:
                return words
            if self.part.verdict == verdict_rule.CONTRADICTED:
                return f"at least {words}"  # by a bound, beyond which the figure may lie as well
        return self.part.group

    @property
    def verdict(self) -> str:
        """The word with how far off the figure is: holds (+0.1 %)."""
        return f"{self.word} ({self.off})" if self.off else self.word

    @property
    def off(self) -> str:
        """The signed deviation where offices decided alone; never of a vote, nor of a law."""
        told = (verdict_rule.HOLDS, verdict_rule.DIFFERS)
        if self._shown is None or self.part.votes or self.part.group not in told:
            return ""
        return "" if self._shown.witness.kind == verdict_rule.LAW else self._shown.text.signed

    @property
    def far(self) -> str:
        """The same in words: 7.2 % less than claimed; empty as `off` is."""
        return self._shown.text.off if self.off and self._shown else ""

    # --- its figure -----------------------------------------------------------

    @property
    def figure(self) -> str:
        """The number shown, with what it bounds; of what depends, from where to where they go."""
        if self._shown is None:
            return ""
        if self.part.group == verdict_rule.DEPENDS:
            ends = self._range or self._shown.text.figure
            return ends if self.part.claim.figure else ""  # two leads over others are no range
        return self._shown.text.figure

    @property
    def exact(self) -> str:
        """The number shown as its office printed it."""
        return self._shown.text.exact if self._shown else ""

    @cached_property
    def _alike(self) -> list[ReadingResult]:
        """Those that the verdict rests on in the first one's unit and measure, by their number."""
        unit, other = [item.unit for item in self.deciding][:1], verdict_rule.OTHER_MEASURE
        alike = [item for item in self.deciding if item.unit in unit and item.role != other]
        return sorted(alike, key=lambda item: item.value)

    @property
    def ends(self) -> str:
        """From where to where the readings go that a part rests on: by both readings 14 to 15 %.

        Those of another unit or measure than the first are none of them; empty where they say one
        number.
        """
        n_alike, n_all = len(self._alike), len(self.deciding)
        count = {2: "both"}.get(n_all, f"all {n_all}")
        count = f"{n_alike} of {n_all}" if n_alike < n_all else count
        return f"by {count} readings {self._range}" if self._range else ""

    @cached_property
    def _range(self) -> str:
        """From where to where they go, and of how many months each end is where that differs."""
        alike = self._alike
        figures = [item.text.figure for item in alike]
        if len(set(figures)) < 2:
            return ""
        asked = [item.question for item in (alike[0], alike[-1])]
        months = [len(questions.months_of(item.start, item.end)) for item in asked]
        kinds = {item.measure.removeprefix("change of ") for item in asked}
        is_of_amounts = kinds <= {*questions.AMOUNTS} and months[0] != months[1]
        lengths = f", of {months[0]} and of {months[1]} months" if is_of_amounts else ""
        return f"{units.in_a_range(figures[0], figures[-1])}{lengths}"

    @property
    def revision(self) -> float:
        """How far a revision may bring the nearest figure towards its claim; 0 where none need."""
        claim, band = self.part.claim, self.part.band
        if self.part.verdict != verdict_rule.HOLDS_WITHIN_REVISIONS or band is None:
            return 0.0
        missed = self._nearest.deviation or 0.0
        if abs(missed) <= band.width:
            return 0.0
        width = band.width if band.unit == "points" else (claim.figure or 0.0) * band.width / 100
        return -math.copysign(width, missed)

    # --- what it rests on -----------------------------------------------------

    @property
    def sentence(self) -> str:
        """The verdict with what it rests on; of a claim of several parts, of each."""
        part = self.part
        if part.parts:
            return "; ".join(f"{each.claim.words}: {each.text.sentence}" for each in part.parts)
        words = self.grounds
        match part.verdict:
            case verdict_rule.HOLDS_WITHIN_REVISIONS if words:
                return f"holds, since {words}"
            case verdict_rule.NOT_DECIDED:
                return f"not decided; {words}"
            case (
                verdict_rule.CONTRADICTED
                | verdict_rule.DIFFERS
                | verdict_rule.DEPENDS
                | verdict_rule.NOT_TESTED
            ):
                return words
        return f"{part.verdict}, {words}" if words else part.verdict

    @cached_property
    def grounds(self) -> str:
        """What a verdict on one part rests on, without its word; empty where that says all.

        The votes, the sides of what depends, how far off the figure is, how far revisions go, or
        what is missing.
        """
        part = self.part
        match part.verdict:
            case verdict_rule.CONTRADICTED:
                return f"the figure is {self.deciding[0].text.figure}"
            case verdict_rule.HOLDS_WITHIN_REVISIONS if part.band:
                return self._revisions
            case verdict_rule.DIFFERS if part.deviation is None:
                return f"{self.deciding[0].text.figure} ({self.deciding[0].name})"
            case verdict_rule.DIFFERS:
                words = miss(part.deviation or 0.0, part.claim.unit)
                return "; ".join(filter(None, (words, self.ends)))
            case verdict_rule.DEPENDS:
                return self._depends
            case verdict_rule.NOT_DECIDED:
                return self._not_decided
            case verdict_rule.NOT_TESTED:
                return f"needs {part.claim.settles or 'what is not held here'}"
        return self.votes(figures=len(part.votes) > 1) if part.votes else ""

    def votes(self, *, figures: bool = False) -> str:
        """Who says what, where votes made a verdict: 1 of 1, Chinese customs.

        With `figures` each has the first of his numbers behind his name.
        """
        votes, told = self.part.votes.items(), dict[tuple[str, str], str]()
        for reading in self.deciding if figures else ():
            number = "; ".join(filter(None, (reading.text.figure, reading.text.pair)))
            told.setdefault((reading.witness.family, reading.vote), f" ({reading.name}: {number})")
        yes, no = (
            [collector(name) + told.get((name, vote), "") for name, of in votes if vote in of]
            for vote in (YES, NO)
        )
        if yes and no:
            return f"yes by {in_a_sentence(yes)}; no by {in_a_sentence(no)}"
        return f"{len(votes)} of {len(votes)}: {in_a_sentence(yes or no)}"

    @property
    def _revisions(self) -> str:
        """Whose figures were revised, by how much that moves the number, and that it suffices."""
        claim, band, reading = self.part.claim, self.part.band, self._nearest
        if band is None:
            return "the figures behind it were revised"
        moved = "the rate" if claim.asks.measure.startswith(bands.GROWTH) else "the figure"
        width = f"{band.width:.1g}" if band.width < 1 else f"{band.width:.2g}"
        unit = band.unit.removesuffix("s") if width == "1" else band.unit
        whose = _name_of(codes.area_name, claim.asks.reporter, "the office")
        words = f"revisions of {whose}'s figures move {moved} by up to {width} {unit}"
        if not self.revision:
            return f"{words}; {moved} is {miss(reading.deviation or 0.0, claim.unit)}"
        # What was rounded holds with all that rounds to it, and a revision comes as far as that.
        revised = units.found_amount(reading.value + self.revision, claim.unit, FEWEST)
        end = "highest" if self.revision > 0 else "lowest"
        return f"{words}; at the {end}, {revised}, it rounds to the {_printed(claim)} claimed"

    @property
    def _depends(self) -> str:
        """Which readings say yes, and which no, each with its number."""
        told: dict[object, tuple[bool, str]] = {}
        for reading in self.deciding:
            number = ", ".join(filter(None, (reading.text.figure, reading.text.rounds)))
            fits = bool(reading.fits or reading.fits_band)  # releases of one number say it once
            told.setdefault((reading.question, number), (fits, f"{reading.name} ({number})"))
        yes, no = (
            " or ".join(text for fits, text in told.values() if fits is side)
            for side in (True, False)
        )
        return f"yes if {yes}; no if {no}"

    @property
    def _not_decided(self) -> str:
        """What is held, and why it decides nothing; of bounds that allow the claim, all."""
        reading = self.part.nearest
        if reading is None:
            readings = self.part.readings
            own = [item for item in readings if item.witness.kind == verdict_rule.SOURCE]
            named = in_a_sentence([f"{item.name} ({item.text.figure})" for item in own])
            return "only its own source says so" + (f": {named}" if named else "")
        bounds = "; ".join(f"{item.text.figure} ({item.name})" for item in self._bounds)
        if bounds:
            return f"it may be so or not, within {bounds}"
        return f"{reading.name}: {reading.text.figure}, which {reading.text.says_nothing}"

    @property
    def why(self) -> str:
        """Why a verdict is what it is, where its word alone puzzles; empty where it does not.

        Of what cannot be told, what is missing; of what holds within revisions, whose and how
        large; of votes, whose; of what differs though nobody said whose figures it has, that each
        count held here does.
        """
        part = self.part
        if part.parts:
            return f"{self.sentence[0].upper()}{self.sentence[1:]}."
        match part.verdict:
            case verdict_rule.NOT_DECIDED | verdict_rule.NOT_TESTED:
                lacking = part.claim.settles or "a figure of just what the claim is about"
                return f"Missing: {lacking}."
            case verdict_rule.HOLDS_WITHIN_REVISIONS if part.band:
                return f"{self._revisions[0].upper()}{self._revisions[1:]}."
            case verdict_rule.DIFFERS if "reporter" in part.claim.open:
                misses = [item.deviation or 0.0 for item in self.deciding]
                if min(misses) < 0 < max(misses):
                    return ""
                side = "lower" if misses[0] < 0 else "higher"
                return (
                    f"{part.claim.who} did not say whose figures it used; each count found here "
                    f"is {side}, by {sizes(misses, part.claim.unit)}."
                )
        return f"Votes: {self.votes()}." if part.votes else ""

    @property
    def because(self) -> str:
        """What a verdict rests on as pages say it, after its word and its figure."""
        part, shown, words = self.part, self._shown, self.grounds
        if part.verdict == verdict_rule.NOT_TESTED:
            return f"{part.reason}; {words}"
        if part.verdict in OF_SIDES or len(part.votes) > 1:  # each has his own number
            return words
        if part.verdict in (verdict_rule.CONTRADICTED, verdict_rule.DIFFERS):
            words = "" if self.off or self.short == part.group else self.short
        if shown is None:
            return words
        is_alone = part.verdict == verdict_rule.DIFFERS and part.deviation is None
        is_official = shown.witness.kind in (*OFFICIAL, verdict_rule.REWORKED)
        is_plain = shown.role == verdict_rule.AS_STATED and is_official  # its source names it
        is_named = any([is_alone, self.ends, part.claim.superlative, not is_plain])
        ends = "" if is_alone else self.ends
        named = shown.name if is_named else ""
        return "; ".join(filter(None, (words, named, shown.text.pair, ends)))

    @property
    def rest(self) -> str:
        """The same with what parts it from the verdict: ", 1 of 1: Chinese customs"."""
        is_voted = self.part.votes or self.part.verdict == verdict_rule.CONTRADICTED
        return f"{',' if is_voted else ':'} {self.because}" if self.because else ""

    # --- what limits it -------------------------------------------------------

    @property
    def limits(self) -> tuple[str, ...]:
        """What changes or bounds the number: what is open, left out, said otherwise."""
        claim, readings = self.part.claim, self.part.readings
        texts = [*claim.minds, read_as(claim)]
        if claim.kg_per_unit is not None and readings:
            texts.append(f"one of them taken as {full_number(claim.kg_per_unit)} kg")
        opened = "; ".join(self.open) if readings else ""
        texts.append(f"unclear in the sentence: {opened}" * bool(opened))
        rests = dict.fromkeys(item.rest for item in self.deciding)
        texts += [f"left out: {rest}" for rest in rests if rest]
        against = [item for item in readings if self._is_otherwise(item)]
        beside = [item for item in readings if item.beside and item not in against]
        for words, items in (("otherwise ", against), ("beside it ", beside)):
            texts.append(words * bool(items) + "; ".join(item.text.full for item in items))
        gains = dict.fromkeys(x.witness.family for x in self.deciding if x.witness.interested)
        texts += [f"{collector(family)} gains by the answer" for family in gains]
        return tuple(filter(None, texts))

    def _is_otherwise(self, item: ReadingResult) -> bool:
        """Whether a reading of another measure or time, else alike, is on the other side."""
        part = self.part
        if item.decides or item.note or item.witness.kind == verdict_rule.RELAY:
            return False
        if item.fits_band and part.verdict == verdict_rule.HOLDS_WITHIN_REVISIONS:
            return False
        is_beside = set(item.differs_in) <= {*BESIDE, *part.claim.open}
        sides = {verdict_rule.HOLDS: False, verdict_rule.DIFFERS: True}
        return is_beside and part.group in sides and item.fits is sides[part.group]

    @cached_property
    def open(self) -> list[str]:
        """What the words leave open and why, in words; nothing where they leave nothing."""
        claim = self.part.claim
        rows = [row for row in open_words.rows_of(claim.text, claim.asks) if row.leaves]
        texts = [row.because for row in rows if set(row.leaves) & set(claim.open)]
        texts += [
            f"not left open here, though {row.because}"
            for row in rows
            if set(row.leaves) - set(claim.open)
        ]
        texts = list(dict.fromkeys(filter(None, [*texts, claim.open_because])))
        if not all(claim.open.values()):
            count = sum(bool(item.answers or item.decides) for item in self.part.readings)
            several = f"{count_of(count, 'reading')} stand for all"
            texts.append("one reading stands for all" if count == 1 else several)
        return texts


def read_as(claim: Claim) -> str:
    """From where to where a claimed number reaches, where it is read to another step than shown."""
    is_about = any(item.is_about for item in numbers_in(claim.statement))
    because = claim.printed_because or "it says “about”" * is_about
    if not because or not math.isfinite(claim.high):
        return ""
    low, high = (amount(end, claim.unit, 4) for end in (claim.low, claim.high))
    return f"read as {units.in_a_range(low, high)}, since {because}"


def asked(claim: Claim) -> str:
    """What a part asks, in words, so that a reader sees whether that is what its words ask."""
    asks = claim.asks
    goods = asks.goods.split("+") if asks.goods else []
    names = [_name_of(codes.product_name, code) for code in goods]
    listed = in_a_sentence(names) if len(names) <= FEW else f"{len(names)} goods"
    to, trade = phrase.WAYS.get(asks.flow.replace("+", ""), ("with", ""))
    home, away = (
        in_a_sentence([_name_of(codes.area_name, area) for area in side.split("+")])
        for side in (asks.reporter, asks.partner)
    )
    flow = f"{trade} of" if trade else ""
    sides = f"{flow} {home} {f'{to} {away}' if away else ''}".strip() if home or away else ""
    window = questions.words(asks)
    return "; ".join(filter(None, (asks.measure, listed, sides, asks.route, window)))


def _name_of(names: Callable[[str], str], code: str, otherwise: str | None = None) -> str:
    """What a code is called; what is no code stays."""
    try:
        return names(code)
    except CodeError:
        return code if otherwise is None else otherwise
