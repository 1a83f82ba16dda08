"""A claim as a picture to share: whether it holds, who said what, what the figures show."""

import io
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from tradeflows import claims
from tradeflows.charts import colours, layout
from tradeflows.claims import Claim, ReadingResult, Verdict, verdict_rule
from tradeflows.report import claim_cards, front
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.project import Project

SIZE = 1200, 630  # pixels, as pages that link to another show a picture
DPI = 100
COLOURS = 64
LEFT = 44  # pixels of margin
WIDE = SIZE[0] - 2 * LEFT
TEXT, LARGE, VERDICT = 38, 42, 48  # sizes of letters in pixels; a phone shows a third of them
LEADING = 1.25  # from line to line, as part of the size
BAND = 88  # pixels of the verdict's band along the upper edge
BAR, THIN, APART = 44, 16, 12  # pixels of a bar at most and at least, and between rows
MOST = 2  # alternatives beside the figure that was claimed
EXACT = ("=", "~")  # qualifiers of a figure that a number can miss
# Codes of goods in the name of a reading; "HS 2017" is a whole nomenclature.
CODED = re.compile(r" ?\(HS [^)]*\)|HS (?!20\d\d )[\d.]+(?: and [\d.]+)?(?: alone)?,? *")
VERDICT_COLOURS = {
    "holds": "#0b6b3a",
    "holds with a caveat": "#8a5a00",
    "differs": "#a3241c",
    "cannot be told": colours.SOFT,
}


@dataclass(frozen=True)
class Bar:
    """One figure of the picture: whose, how it is printed, and how long its bar is."""

    name: str
    figure: str
    value: float
    colour: str


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
    claim = verdict.claim
    with layout.style():
        figure = plt.figure(figsize=(SIZE[0] / DPI, SIZE[1] / DPI), dpi=DPI)
        _box(figure, (0, 0, SIZE[0], BAND), _colour(verdict))
        _text(figure, headline(verdict), BAND / 2, VERDICT, colours.PAPER, **BOLD, va="center")
        said = f"{_speaker(verdict, project)}: {claim.statement}"
        below = _paragraph(figure, said, BAND + 16, TEXT, colours.SOFT)
        lacking = missing(verdict)
        if lacking:
            below = _paragraph(figure, lacking, below + 10, LARGE, colours.INK, "bold")
        rows = [_row(bar) for bar in bars(verdict, project, root)]
        tall = sum(row.tall + THIN + APART for row in rows)
        lines = 2 if below + tall + 14 < SIZE[1] - 2 * TEXT * LEADING else 1
        foot = _fitting(_credits(verdict, project, root), lines)
        top = SIZE[1] - 8 - _height(foot, TEXT)
        _text(figure, foot, top, TEXT, colours.SOFT)
        _draw(figure, rows, below + 14, top)
    return _drawn(figure)


def _colour(verdict: Verdict) -> str:
    """The colour of a verdict; a miss below 1 % raises no alarm."""
    return colours.INK if claims.is_near(verdict) else VERDICT_COLOURS[verdict.group]


def _speaker(verdict: Verdict, project: Project) -> str:
    return project.speaker.get(verdict.claim.who, verdict.claim.who)


def headline(verdict: Verdict) -> str:
    """The verdict in a few words, with how far the figure is from the claim where that is told."""
    words = claims.short(verdict)
    match verdict.verdict:
        case claims.HOLDS:
            reading = front.decisive(verdict)
            is_exact = verdict.claim.qualifier in EXACT and reading is not None
            if not is_exact or reading is None or reading.deviation is None:
                return "Holds"
            return f"Holds: {claims.miss(reading.deviation, reading.unit)}"
        case claims.HOLDS_WITHIN_REVISIONS:
            return f"Holds: revisions reach {claim_cards.claimed_figure(verdict.claim)}"
        case claims.DIFFERS:
            return f"Nearly right: {words}" if claims.is_near(verdict) else f"Differs: {words}"
        case claims.CONTRADICTED:
            return f"Cannot be: {words}"
        case claims.DEPENDS:
            return "Depends on what is counted"
        case claims.NOT_DECIDED:
            return "Cannot be told from these figures"
    return "Not tested"


def missing(verdict: Verdict) -> str:
    """Why a claim cannot be told, in a sentence; empty where it can."""
    if verdict.verdict != claims.NOT_DECIDED:
        return ""
    if verdict.claim.settles:
        return f"Missing: {verdict.claim.settles}."
    return "Missing: a figure of just what the claim is about."


def _whose(reading: ReadingResult, root: Path) -> str:
    """Whose figures a reading rests on; through whose hands they came stands at the foot."""
    known = catalogue.entries(reading.sources, root).values()
    names = list(dict.fromkeys(publisher.short for _, publisher in known))
    return " and ".join(names) if len(names) < 3 else f"{names[0]} and others"


def _shown(verdict: Verdict) -> list[ReadingResult]:
    """The readings that have a bar: those that decided, of each side one, else the nearest.

    Of what is as stated, which are releases of one number, the nearest is enough.
    """
    deciding = [reading for reading in verdict.readings if reading.name in verdict.decided_by]
    deciding.sort(key=lambda reading: abs(reading.deviation or 0.0))
    if verdict.verdict == claims.DEPENDS:
        sides = {bool(reading.fits or reading.fits_band): reading for reading in deciding[::-1]}
        return [sides[side] for side in (True, False)]
    if deciding:
        is_stated = deciding[0].role == verdict_rule.AS_STATED
        return deciding[: 1 if is_stated else MOST]
    reading = front.decisive(verdict)
    return [reading] if reading else []


def bars(verdict: Verdict, project: Project, root: Path) -> list[Bar]:
    """The figure that was claimed, and those that were found."""
    claim = verdict.claim
    readings = _shown(verdict)
    figures = []
    if claim.figure:  # an increase or a decrease has none
        figure = claim_cards.claimed_figure(claim)
        name = (
            f"{_speaker(verdict, project)} said" if _is_printed(claim) else "the claim in numbers"
        )
        figures.append(Bar(name, figure, claim.figure, colours.MUTE))
    is_plain = len(readings) == 1 and verdict.verdict != claims.NOT_DECIDED
    for reading, words in zip(readings, _names(readings), strict=True):
        name = (
            words if reading.role == verdict_rule.BOUND or not is_plain else _whose(reading, root)
        )
        figures.append(Bar(name, _figure(reading, claim), reading.value, _colour(verdict)))
    return figures


def _is_printed(claim: Claim) -> bool:
    """Whether the number of a claim stands in its sentence; else that says it in words."""
    number = re.search(r"[\d.,]+", claim_cards.claimed_figure(claim))
    return number is not None and number[0] in claim.statement


def _figure(reading: ReadingResult, claim: Claim) -> str:
    """A reading's number; what it bounds is not what it counts, whose name stands beside it."""
    figure = claims.figure_of(reading, claim)
    return figure.removeprefix(reading.bound) if reading.role == verdict_rule.BOUND else figure


def _names(readings: Sequence[ReadingResult]) -> list[str]:
    """What each reading counts, without codes of goods where the rest tells them apart."""
    shorter = [CODED.sub("", reading.name).strip(" ,") for reading in readings]
    if len(set(shorter)) < len(shorter):
        return [reading.name for reading in readings]
    return shorter


def _credits(verdict: Verdict, project: Project, root: Path) -> Iterator[str]:
    """The foot of a picture: whose page and whose figures it shows, ever shorter."""
    sources = {name: None for reading in _shown(verdict) for name in reading.sources}
    publishers = catalogue.credit(sources, root).replace("retrieved ", "").split("; ")
    yield f"{project.short}. Source: {'; '.join(publishers)}"
    for count in range(len(publishers) - 1, 0, -1):
        yield f"{project.short}. Source: {'; '.join(publishers[:count])} and others"
    yield f"Source: {publishers[0]}"


@dataclass(frozen=True)
class Row:
    """A figure as it is set: its name in lines, from how far right on and how high."""

    bar: Bar
    name: str
    left: float
    tall: float


def _row(bar: Bar) -> Row:
    inches, _ = layout.size(bar.figure, "bold")
    left = LEFT + LARGE * inches * 72 / 11 + 20
    name = _broken(bar.name, TEXT, "normal", LEFT + WIDE - left)
    return Row(bar, name, left, _height(name, TEXT))


def _draw(figure: Figure, rows: Sequence[Row], top: float, bottom: float) -> None:
    """Draw the figures, each with whose it is and, where there are several, a bar from zero."""
    values = [0.0, *(row.bar.value for row in rows)]
    low, high = min(values), max(values)
    scale = WIDE / ((high - low) or 1.0)
    zero = LEFT - low * scale
    texts = sum(row.tall for row in rows)
    high_bar = min(BAR, (bottom - top - texts) / len(rows) - APART)
    for row in rows:
        _text(figure, row.bar.figure, top - 3, LARGE, colours.INK, **BOLD)
        _text(figure, row.name, top, TEXT, colours.SOFT, x=row.left)
        top += row.tall
        if len(rows) > 1:  # a bar beside none says nothing
            ends = sorted((zero, zero + row.bar.value * scale))
            _box(figure, (ends[0], top + 2, max(ends[1] - ends[0], 3), high_bar), row.bar.colour)
            top += high_bar + APART


# --- letters --------------------------------------------------------------------------------------

BOLD: dict[str, Any] = {"weight": "bold"}
SPACE = 0.37  # width of a space, as part of the size


def _width(words: str, size: float, weight: str) -> float:
    """How wide a line of letters of `size` is, in pixels."""
    widths = [layout.size(word, weight)[0] * 72 / 11 for word in words.split()]
    return size * (sum(widths) + SPACE * (len(widths) - 1))


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
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer, size, weight) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _fitting(texts: Iterator[str], lines: int) -> str:
    """The first of some texts that takes no more than so many lines; else the last."""
    broken = ""
    for text in texts:
        broken = _broken(text, TEXT, "normal", WIDE)
        if broken.count("\n") < lines:
            return broken
    return broken


def _paragraph(
    figure: Figure, words: str, top: float, size: float, colour: str, weight: str = "normal"
) -> float:
    """Set a text in as many lines as it takes, and return its lower end."""
    text = _broken(words, size, weight, WIDE)
    _text(figure, text, top, size, colour, weight=weight)
    return top + _height(text, size)


def _height(text: str, size: float) -> float:
    """How many pixels the lines of a text take."""
    return size * LEADING * (text.count("\n") + 1)


def _text(
    figure: Figure, words: str, top: float, size: float, colour: str, x: float = LEFT, **more: Any
) -> None:
    """Write `words` at so many pixels from the upper left corner."""
    place = (x / SIZE[0], 1 - top / SIZE[1])
    style: dict[str, Any] = {"va": "top", "linespacing": 1.08, **more}
    figure.text(*place, words, size=size * 72 / DPI, color=colour, **style)


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
