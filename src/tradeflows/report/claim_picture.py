"""A claim as a picture to share: whether it holds, who said what, what the figures show."""

import io
import math
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextToPath
from PIL import Image

from tradeflows import claims
from tradeflows.charts import colours, layout, spans
from tradeflows.charts.options import outlets, speakers
from tradeflows.claims import Claim, ReadingResult, Verdict, verdict_rule
from tradeflows.claims.verdict_text import EXACT, read_as, sizes
from tradeflows.measures import BARRELS_PER_TONNE
from tradeflows.model import codes
from tradeflows.model.units import COUNTED_BY
from tradeflows.report import claim_cards, front
from tradeflows.report.credits import joined
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.project import Project

SIZE = 1200, 630  # pixels, as pages that link to another show a picture
DPI = 100
COLOURS = 64
LEFT = 44  # pixels of margin
WIDE = SIZE[0] - 2 * LEFT
TEXT, LARGE, VERDICT = 38, 42, 48  # sizes of letters in pixels; a phone shows a third of them
HUGE = 104  # of a figure that stands alone
LEADING = 1.25  # from line to line, as part of the size
STEP = 1.1  # of it from line to line; the rest is room below a text
ASCENT = 0.78  # from the top of a line to its baseline, as part of the size
CLOSER = 1.19, 1.13  # where a picture is full
BAND = 88  # pixels of the verdict's band along the upper edge
BAR, THIN, APART = 44, 12, 12  # pixels of a bar at most and at least, and between rows
ROOM = 10  # pixels between the last bar and the source
STEPS = {1e9: "billion", 1e6: "million"}  # to which a claim that holds was rounded
CLAIMED = " than claimed"
RANGE = re.compile(r"\$?([\d.]+) to ([\d.]+) (\w+|%)")
CHANGES = ("percent", "percentage points")  # units of a change, which has its sign
ROSE = {">": "a rise", "<": "a fall"}  # what a claim without a figure says of a change
LINES = 3  # of the source at most
SEPARATE = re.compile(r"; (?![^(]*\))")  # what stands between two sources
DATED = re.compile(r"(.*) \((.*)\)")  # a source and its date
AGAIN = re.compile(r"\b([^,;()]+)(, [^;]*); \1, ")  # a publisher whose next file came otherwise
COPY = re.compile(r"(?<= copy) of [^ ;]+")  # what a copy is of
CARRIED = re.compile(r", (?:via|from) .*")  # through whose hands a source came
MOST = 2  # alternatives beside the figure that was claimed
MADE_OF = {"barrels_per_day": f"converted at {BARRELS_PER_TONNE} barrels a tonne"}
# Codes of goods in the name of a reading; "HS 2017" is a whole nomenclature.
CODED = re.compile(r" ?\(HS [^)]*\)|HS (?!20\d\d )[\d.]+(?: and [\d.]+)?(?: alone)?,? *")


@dataclass(frozen=True)
class Bar:
    """One figure of the picture: whose, how it is printed, and from where to where its bar is."""

    name: str
    figure: str
    value: float
    colour: str
    start: float = 0.0


def pictures(verdicts: Sequence[Verdict], project: Project, root: Path) -> dict[str, bytes]:
    """A PNG of :data:`SIZE` pixels for each claim that has a reading, by the claim's id.

    They are drawn one by one, and packed beside that on the other processors.
    """
    shown = [verdict for verdict in verdicts if verdict.readings]
    with ThreadPoolExecutor() as pool:
        packed = {
            verdict.claim.id: pool.submit(_png, _picture(verdict, project, root))
            for verdict in shown
        }
        return {name: png.result() for name, png in packed.items()}


def _picture(verdict: Verdict, project: Project, root: Path) -> Image.Image:
    """The picture of one claim.

    A claim that does not hold is never its headline: the verdict is, and the speaker comes next.
    """
    with layout.style():
        figure = plt.figure(figsize=(SIZE[0] / DPI, SIZE[1] / DPI), dpi=DPI)
        _box(figure, (0, 0, SIZE[0], BAND), _colour(verdict))
        words = headline(verdict)
        size = VERDICT * min(1.0, (WIDE - 6) / _width(words, VERDICT, "bold"))
        _text(figure, words, (BAND - size) / 2, size, colours.PAPER, **BOLD)
        page = _page(verdict, project, root)
        _write(figure, page, page.statement, BAND + 16, TEXT, colours.SOFT)
        weight = "bold" if page.is_missing else "normal"
        _write(figure, page, page.reason, page.of_reason, LARGE, colours.INK, weight=weight)
        _write(figure, page, page.foot, page.of_foot, TEXT, colours.SOFT)
        _draw(figure, page)
    return _drawn(figure)


def _colour(verdict: Verdict) -> str:
    """The colour of a verdict; a miss below 1 %, or one that revisions make up for, has none."""
    is_near = verdict.text.is_near or verdict.text.revision
    return colours.INK if is_near else colours.VERDICTS[verdict.group]


def _speaker(verdict: Verdict, project: Project) -> str:
    name = project.named(verdict.claim.who)
    return project.introduced.get(name, name)


def headline(verdict: Verdict) -> str:
    """The verdict in a few words, with how far the figure is from the claim where that is told."""
    if verdict.parts:
        return _of_parts(verdict)
    words = verdict.text.short
    match verdict.verdict:
        case claims.HOLDS:
            return _holds(verdict)
        case claims.HOLDS_WITHIN_REVISIONS:
            return _within_revisions(verdict)
        case claims.DIFFERS:
            return _differs(verdict, words)
        case claims.CONTRADICTED:
            return f"Differs: {words}".removesuffix(f": {claims.DIFFERS}")
        case claims.LEANS_YES | claims.LEANS_NO:
            return f"{_capital(verdict.group)}, {verdict.text.votes()}"
    return HEADLINES.get(verdict.verdict, _capital(verdict.text.label))


HEADLINES = {
    claims.DEPENDS: "Depends on what is counted",
    claims.BOTH_WAYS: "Depends on who counted",
    claims.NOT_DECIDED: "Cannot be told from these figures",
}


def _differs(verdict: Verdict, words: str) -> str:
    """The headline of what differs: how far off it is, or that each count held here does."""
    if verdict.text.is_near:
        return f"Nearly the same: {words}"
    if verdict.text.why:
        return "Differs from each count found here"
    return f"Differs: {_apart(verdict) or words}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _of_parts(verdict: Verdict) -> str:
    """The public word of a claim of several parts, or how many of them hold."""
    count = len(verdict.parts)
    if verdict.verdict != claims.IN_PART:
        every = "both" if count == 2 else f"all {count}"
        return f"{_capital(verdict.group)}, in {every} parts"
    holding = [part for part in verdict.parts if part.group == claims.HOLDS]
    if not holding:
        return "Depends on the part"
    return f"Depends: {len(holding)} of {count} parts {'holds' if len(holding) == 1 else 'hold'}"


def _drawn_part(verdict: Verdict) -> Verdict | None:
    """The part whose figures are drawn: the first that is decided and has a number to compare.

    A claim of one part is its own; of several without such a one each part has a line.
    """
    if not verdict.parts:
        return verdict
    compared = [part for part in verdict.parts if part.decided_by and part.claim.figure]
    return compared[0] if compared else None


def _within_revisions(verdict: Verdict) -> str:
    """That a claim holds, how far the figure is from it, and that it was revised by as much."""
    claim, reading = verdict.claim, verdict.text.reading
    if reading and verdict.text.revision:
        return f"Nearly the same: {figure_found(reading)}, not {_claimed(claim)}"
    words = claims.miss((reading.deviation or 0.0) if reading else 0.0, claim.unit)
    return f"Holds: {words.removesuffix(CLAIMED)}, within revisions"


def _holds(verdict: Verdict) -> str:
    """That a claim holds, and how far the figure is from it where it was said to be just that."""
    claim, reading = verdict.claim, verdict.text.reading
    if claim.figure == 0 and claim.qualifier in ROSE and claim.asks.base:
        return f"Holds: {ROSE[claim.qualifier]}"
    if claim.qualifier not in EXACT or reading is None or reading.deviation is None:
        return "Holds"
    step, rounds = STEPS.get(claim.high - claim.low), reading.text.rounds
    if step:
        return f"Holds: the same, to the {step}"
    if rounds:
        return f"Holds: {figure_found(reading)} {rounds}"
    return f"Holds: {claims.miss(reading.deviation, reading.unit)}"


def _apart(verdict: Verdict) -> str:
    """How far several figures are from the claim, where all miss it on one side; else nothing."""
    misses = [reading.deviation for reading in verdict.readings if reading.decides]
    known = [miss for miss in misses if miss is not None]
    is_one_sided = len({miss > 0 for miss in known}) == 1
    if len(known) < 2 or not is_one_sided:
        return ""
    unit = verdict.claim.unit
    _, _, side = claims.miss(known[0], unit).split(" ", 2)
    return f"{sizes(known, unit)} {side}"


def _whose(reading: ReadingResult, root: Path) -> str:
    """Whose figures a reading rests on; through whose hands they came stands at the foot."""
    known = catalogue.entries(reading.sources, root).values()
    names = list(dict.fromkeys(publisher.short for _, publisher in known))
    return " and ".join(names) if len(names) < 3 else f"{names[0]} and others"


def _shown(verdict: Verdict) -> list[ReadingResult]:
    """The readings that have a bar: those that decided, of each side one, else the nearest.

    Of what is as stated, which are releases of one number, the nearest is enough, unless it is
    their distance that bears the claim out: then each that is another number stands. Where nothing
    decides and the nearest would bear the claim out, one that would not stands beside it.
    """
    deciding = [reading for reading in verdict.readings if reading.decides]
    deciding.sort(key=lambda reading: abs(reading.deviation or 0.0))
    if verdict.verdict in (claims.DEPENDS, claims.BOTH_WAYS):
        return [*front.two_sides(deciding)]
    if verdict.text.revision:
        return _releases(verdict)
    reading = verdict.text.reading
    if deciding:
        first = reading or deciding[0]
        others = [item for item in deciding if item.unit == first.unit and item is not first]
        is_stated = first.role == verdict_rule.AS_STATED
        return [first, *([] if is_stated else others[: MOST - 1])]
    return [] if reading is None else [reading, *_across(verdict, reading)[:1]]


def _across(verdict: Verdict, reading: ReadingResult) -> list[ReadingResult]:
    """Readings like one that would bear a claim out, which would not."""
    if not reading.fits:
        return []
    alike = [other for other in verdict.readings if other.role == reading.role and not other.note]
    return [other for other in alike if other.fits is False]


def _releases(verdict: Verdict) -> list[ReadingResult]:
    """The first of all releases of the claimed number that give the same figure."""
    first: dict[str, ReadingResult] = {}
    for reading in verdict.readings:
        if reading.role == verdict_rule.AS_STATED:
            first.setdefault(figure_found(reading), reading)
    return [*first.values()]


def bars(verdict: Verdict, project: Project, root: Path) -> list[Bar]:
    """The figure that was claimed, and those that were found; or one of each part of a claim."""
    part = _drawn_part(verdict)
    if part is None:
        return _bars_of_parts(verdict)
    readings = _shown(part)
    figures = _claimed_bar(part, _speaker(verdict, project))
    found = [reading for reading in readings if reading.role != verdict_rule.BOUND]
    is_one_number = len(found) == 1 or part.text.revision
    is_plain = bool(is_one_number) and part.verdict != claims.NOT_DECIDED and not part.votes
    if part.text.ends:  # one of several is named, unless it is by whom it is
        deciding = [_whose(item, root) for item in part.readings if item.decides]
        is_plain = is_plain and len(set(deciding)) == len(deciding)
    names = _names(readings, project)
    for reading, words in zip(readings, names, strict=True):
        name = _name(reading, words, part, root, is_plain=is_plain)
        figures.append(Bar(name, figure_found(reading), reading.value, _colour(part)))
    return figures


def _name(reading: ReadingResult, words: str, part: Verdict, root: Path, *, is_plain: bool) -> str:
    """What stands beside a figure that was found: whose it is or what it counts, and its limits."""
    name = words
    if is_plain:
        when = _when(reading) if part.verdict == claims.DIFFERS else ""
        made = MADE_OF.get(reading.result, "")
        name = ", ".join(filter(None, [_whose(reading, root), when, made]))
    elif reading.text.rounds:
        name = f"{words}; {reading.text.rounds}"
    elif "next" in reading.frame:
        name = f"{words}; next was {codes.area_name(reading.frame['next'].iloc[0])}"
    is_range = reading is part.text.reading and part.group != claims.DEPENDS
    return "; ".join(filter(None, [name, reading.rest, part.text.ends if is_range else ""]))


def _bars_of_parts(verdict: Verdict) -> list[Bar]:
    """A line of each part of a claim: its figure, where it has one, its words and its verdict."""
    lines = []
    for part in verdict.parts:
        text = part.text
        shown = text.figure or text.sign
        lines.append(Bar(f"{text.words}: {text.word}", shown, 0.0, _colour(part)))
    return lines


def _claimed_bar(verdict: Verdict, speaker: str) -> list[Bar]:
    """The bar of the figure that was claimed, as its sentence has it; none where it has none."""
    claim = verdict.claim
    figure = claim_cards.claimed_figure(claim)
    name, start, end = f"{speaker} said", 0.0, claim.figure or 0.0
    if not claim.figure or (claim.unit == "ratio" and claim.figure == 1):  # "fully" says all
        return []
    if claim_cards.is_printed(claim):
        figure = _claimed(claim)
    elif _range(claim):
        figure, start, end = _range(claim), claim.low, claim.high
    elif claim.asks.base and claim.unit == "percent" and claim.figure > 0:
        figure = re.sub(r"(?=\d)", "+", figure, count=1)
    else:
        name = f"{speaker}, in figures"
    return [Bar(name + _taken_as(verdict), figure, end, colours.MUTE, start)]


def _taken_as(part: Verdict) -> str:
    """From where to where a claimed figure reaches, if it is told or a miss seems the same."""
    claim, reading = part.claim, part.text.reading
    if claim.printed_because:
        return f", {read_as(claim)}"
    if part.verdict != claims.DIFFERS or reading is None or not math.isfinite(claim.high):
        return ""
    figure, number = (f"{amount:.1g}" for amount in (claim.figure, reading.value))
    if figure != number or float(figure) != claim.figure:
        return ""
    low, high = (claims.amount(end, claim.unit, 4).split()[0] for end in (claim.low, claim.high))
    return f", read as {low} to {high}"


def _when(reading: ReadingResult) -> str:
    """The period of a reading's figure, where it has one."""
    first = reading.frame.iloc[0]
    if "ref_period" not in reading.frame or "n_months" not in reading.frame:
        return ""
    return spans.text(first["ref_period"], int(first["n_months"]))


def _range(claim: Claim) -> str:
    """The range that a claim's sentence gives, such as "$5 to 7 million"; else nothing."""
    for match in RANGE.finditer(claim.statement):
        ends = [float(match[i]) * COUNTED_BY.get(match[3], 1.0) for i in (1, 2)]
        if ends == [claim.low, claim.high]:
            return match[0] + _a_month(claim)
    return ""


def _claimed(claim: Claim) -> str:
    """The figure as its sentence has it, which may say "about"."""
    figure = claim_cards.claimed_figure(claim)
    number = re.search(r"[\d.,]+", figure)
    is_about = number and f"about {number[0]}" in claim.statement
    return f"about {figure}" if is_about and claim.qualifier == "=" else figure


def _a_month(claim: Claim) -> str:
    """What a figure that is said to be one a month has after it."""
    return " a month" if claim.asks.measure.endswith(", a month") else ""


def figure_found(reading: ReadingResult) -> str:
    """A number with what it bounds; what grew has its sign where no sentence prints it."""
    claim = reading.claim
    number = reading.text.figure.removeprefix(reading.bound) + _a_month(claim)
    is_change = claim.asks.base and claim.unit in CHANGES and reading.value > 0
    if is_change and not number.startswith("+") and not claim_cards.is_printed(claim):
        number = f"+{number}"
    return reading.bound + number


def _names(readings: Sequence[ReadingResult], project: Project) -> list[str]:
    """What each reading counts, without codes of goods where the rest tells them apart.

    A publisher who is named at the end is introduced where he comes first, and then left out.
    """
    shorter = [CODED.sub("", reading.name).strip(" ,") for reading in readings]
    if len(set(shorter)) < len(shorter):
        shorter = [reading.name for reading in readings]
    known: set[str] = set()
    names = []
    for name in shorter:
        what, _, who = name.rpartition(", ")
        if who in project.introduced:
            name = what if who in known else f"{what}, {project.introduced[who]}"
            known.add(who)
        names.append(name)
    return names


def _credits(verdict: Verdict, project: Project, root: Path) -> Iterator[str]:
    """The foot of a picture: whose page it is of, and whose figures it shows, ever shorter."""
    part = _drawn_part(verdict)
    found = [item.text.reading for item in verdict.parts] if part is None else _shown(part)
    shown = [reading for reading in found if reading is not None]
    sources = {name: None for reading in shown for name in reading.sources}
    frames = [frame for reading in shown for frame in (*reading.read, reading.frame)]
    named = joined(speakers(frame) for frame in frames)
    carried = joined(outlets(frame, root) for frame in frames)
    credit = catalogue.credit(sources, root, named, carried)
    together = _together(credit)
    bare = [f"{CARRIED.sub('', name)} ({day.rpartition('; ')[2]})" for name, day in _dated(credit)]
    shorter = [f"{'; '.join(bare[:count])} and others" for count in range(len(bare) - 1, 0, -1)]
    for words in (credit, together, COPY.sub("", together), _together("; ".join(bare)), *shorter):
        yield f"{project.short}. Source: {words}"


def _dated(credit: str) -> list[tuple[str, str]]:
    """The sources of a foot, each with its date."""
    matches = map(DATED.fullmatch, SEPARATE.split(credit))
    return [(match[1], match[2]) for match in matches if match]


def _together(credit: str) -> str:
    """A foot in which sources of one date share it, and files of one publisher his name."""
    by_day: dict[str, list[str]] = {}
    for name, day in dict.fromkeys(_dated(credit)):
        by_day.setdefault(day, []).append(name)
    parts = []
    for day, names in by_day.items():
        count = {1: "", 2: "both "}.get(len(names), "all ")
        parts.append(f"{'; '.join(names)} ({count}{day})")
    return AGAIN.sub(r"\1\2 and ", "; ".join(parts))


@dataclass(frozen=True)
class Row:
    """A figure as it is set: its name in lines, from how far right on, or in lines of its own."""

    bar: Bar
    name: str
    left: float
    is_below: bool = False


@dataclass(frozen=True)
class Page:
    """What stands below the headline, in lines that are `leading` apart.

    The statement, the reason, which may be empty, the figures and the foot.
    """

    statement: str
    reason: str
    is_missing: bool
    rows: Sequence[Row]
    has_bars: bool
    foot: str = ""
    leading: float = LEADING

    def height(self, text: str, size: float) -> float:
        """How many pixels the lines of a text take."""
        return size * self.leading * (text.count("\n") + 1)

    @property
    def of_reason(self) -> float:
        """From where down the reason stands."""
        return BAND + 16 + self.height(self.statement, TEXT) + 10

    @property
    def of_rows(self) -> float:
        """From where down the figures stand."""
        reason = self.height(self.reason, LARGE) if self.reason else -10
        return self.of_reason + reason + 14

    @property
    def names(self) -> float:
        """How high the names of the figures are."""
        return sum(map(self.height_of, self.rows))

    def height_of(self, row: Row) -> float:
        """How high the figure and the name of a row are."""
        own_line = self.height(row.bar.figure, LARGE) if row.is_below else 0.0
        return own_line + self.height(row.name, TEXT)

    @property
    def for_bars(self) -> float:
        """How much room all bars take at least."""
        return len(self.rows) * (THIN + APART)

    @property
    def room(self) -> float:
        """How much of it is left to the foot."""
        bars = self.for_bars if self.has_bars else 0.0
        return SIZE[1] - self.of_rows - ROOM - self.names - bars

    @property
    def of_foot(self) -> float:
        """From where down the foot stands."""
        return SIZE[1] - 8 - self.height(self.foot, TEXT)


def _page(verdict: Verdict, project: Project, root: Path) -> Page:
    """The page with the widest lines that has room for its whole foot; else for a shorter one."""
    rows = [_row(bar) for bar in bars(verdict, project, root)]
    statement = f"{_speaker(verdict, project)}: {verdict.claim.statement}"
    reason, is_missing = _reason(verdict), verdict.verdict == claims.NOT_DECIDED
    page = Page(
        _broken(statement, TEXT, "normal", WIDE),
        _broken(reason, LARGE, "bold" if is_missing else "normal", WIDE) if reason else "",
        is_missing,
        rows,
        has_bars=False,
    )
    has_bars = _has_bars(verdict, rows) and page.room - page.for_bars > TEXT * LEADING
    pages = [replace(page, has_bars=has_bars, leading=leading) for leading in (LEADING, *CLOSER)]
    for words in _credits(verdict, project, root):
        foot = _broken(words, TEXT, "normal", WIDE)
        for page in pages:
            has_room = page.height(foot, TEXT) <= page.room
            if has_room and foot.count("\n") < LINES:
                return replace(page, foot=foot)
    return replace(page, foot=foot)


def _reason(verdict: Verdict) -> str:
    """Why a verdict is what it is, below the statement: of a claim of parts the word of each.

    Nothing where the headline says it, or where each part has a line with its figure.
    """
    if verdict.verdict in (claims.LEANS_YES, claims.LEANS_NO) and not verdict.parts:
        return ""
    if not verdict.parts:
        return verdict.text.why
    if _drawn_part(verdict) is None:
        return ""
    texts = [part.text for part in verdict.parts]
    return _capital("; ".join(f"{text.words}: {text.word}" for text in texts)) + "."


def _row(bar: Bar) -> Row:
    inches, _ = layout.size(bar.figure, "bold")
    left = LEFT + LARGE * inches * 72 / 11 + 20
    name = _broken(bar.name, TEXT, "normal", LEFT + WIDE - left)
    if name.count("\n") < LINES:
        return Row(bar, name, left)
    return Row(bar, _broken(bar.name, TEXT, "normal", WIDE), LEFT, is_below=True)


def _has_bars(verdict: Verdict, rows: Sequence[Row]) -> bool:
    """Whether bars say something.

    A lone one does not, nor do two figures open at one end, nor what is found beside a claim that
    it does not decide.
    """
    part = _drawn_part(verdict)
    if part is None or part.group == claims.CANNOT_BE_TOLD:
        return False
    shown = _shown(part)
    if any(item.witness.kind == verdict_rule.SOURCE for item in shown) and part.votes:
        return False  # what was printed for another time says no, whatever its size
    bounds = [reading.bound for reading in shown]
    is_floor = part.claim.qualifier in (">", "≥") and any("least" in bound for bound in bounds)
    return len(rows) > 1 and not is_floor


def _draw(figure: Figure, page: Page) -> None:
    """Draw the figures, each with whose it is and a bar from zero, if bars say something."""
    top, bottom = page.of_rows, page.of_foot - ROOM
    if not page.has_bars and len(page.rows) == 1 and _draw_alone(figure, page.rows[0], top, bottom):
        return
    ends = [0.0, *(row.bar.value for row in page.rows)]
    low, high = min(ends), max(ends)
    scale = WIDE / ((high - low) or 1.0)
    zero = LEFT - low * scale
    spare = (bottom - top - page.names) / len(page.rows)
    high_bar = min(BAR, spare - APART)
    for row in page.rows:
        _text(figure, row.bar.figure, top - ASCENT * (LARGE - TEXT), LARGE, colours.INK, **BOLD)
        down = page.height(row.bar.figure, LARGE) if row.is_below else 0.0
        _write(figure, page, row.name, top + down, TEXT, colours.SOFT, x=row.left)
        top += page.height_of(row)
        if not page.has_bars:
            top += min(spare, APART)
            continue
        # A bar stands closer to its own name than to the next.
        upper = top - (1 - STEP / LEADING) * page.height(row.name, TEXT) + 2
        start, end = sorted((zero + row.bar.start * scale, zero + row.bar.value * scale))
        if row.bar.start:  # of a range; up to it the bar is pale, as long as the others are
            _box(figure, (zero, upper, start - zero, high_bar), colours.FAINT)
        _box(figure, (start, upper, max(end - start, 3), high_bar), row.bar.colour)
        top += high_bar + APART


def _draw_alone(figure: Figure, row: Row, top: float, bottom: float) -> bool:
    """Write a figure without a bar in large letters, if it has room; what it is stands below."""
    name = _broken(row.bar.name, TEXT, "normal", WIDE)
    tall = TEXT * LEADING * (name.count("\n") + 1)
    size = min(HUGE, (bottom - top - tall) / LEADING)
    if size < VERDICT:
        return False
    size *= min(1.0, WIDE / _width(row.bar.figure, size, "bold"))
    down = (bottom - top - size * LEADING - tall) / 3
    _text(figure, row.bar.figure, top + down, size, colours.INK, **BOLD)
    _text(figure, name, top + down + size * LEADING, TEXT, colours.SOFT)
    return True


# --- letters --------------------------------------------------------------------------------------

BOLD: dict[str, Any] = {"weight": "bold"}


@lru_cache(maxsize=4096)
def _width(words: str, size: float, weight: str) -> float:
    """How wide a line of letters of `size` is, in pixels."""
    prop = FontProperties(family=layout.FONT, weight=weight, size=size)
    width, _, _ = TextToPath().get_text_width_height_descent(words, prop, False)
    return float(width)


def _broken(words: str, size: float, weight: str, room: float) -> str:
    """`words` in the fewest lines that are no wider than `room`, all about as long."""
    lines = _lines(words, size, weight, room)
    fewest = len(lines)
    while room > size and len(lines) == fewest:
        even = lines
        room -= size / 2
        lines = _lines(words, size, weight, room)
    return "\n".join(even)


def _lines(words: str, size: float, weight: str, room: float) -> list[str]:
    """`words` in lines, each as full as `room` allows."""
    lines: list[str] = []
    for word in words.replace(" %", "\u00a0%").split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer, size, weight) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _write(figure: Figure, page: Page, words: str, top: float, *more: Any, **style: Any) -> None:
    """Write `words` in lines that are as far apart as those of the page."""
    _text(figure, words, top, *more, apart=STEP * page.leading / LEADING, **style)


def _text(
    figure: Figure,
    words: str,
    top: float,
    size: float,
    colour: str,
    *,
    x: float = LEFT,
    apart: float = STEP,
    **style: Any,
) -> None:
    """Write `words` at so many pixels from the upper left corner.

    Each line is set by its baseline, so that letters of two sizes stand on one.
    """
    for i, line in enumerate(words.splitlines()):
        down = top + (ASCENT + i * apart) * size
        place = (x / SIZE[0], 1 - down / SIZE[1])
        figure.text(*place, line, size=size * 72 / DPI, color=colour, va="baseline", **style)


def _box(figure: Figure, place: tuple[float, float, float, float], colour: str) -> None:
    """Fill a box: its left and upper end, width and height in pixels."""
    left, top, width, height = place
    corner = (left / SIZE[0], 1 - (top + height) / SIZE[1])
    size = (width / SIZE[0], height / SIZE[1])
    figure.add_artist(Rectangle(corner, *size, color=colour, lw=0, transform=figure.transFigure))


def _drawn(figure: Figure) -> Image.Image:
    """The pixels of the figure, which is closed."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    plt.close(figure)
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def _png(image: Image.Image) -> bytes:
    """An image as a PNG file of few colours."""
    light = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(light, "png", optimize=True)
    return light.getvalue()
