"""A claim as a picture to share: who said what, what the figures show, and whether it holds."""

import io
import re
from collections.abc import Sequence
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
from tradeflows.claims import ReadingResult, Verdict
from tradeflows.report import claim_cards, front
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.project import Project

SIZE = 1200, 630  # pixels, as pages that link to another show a picture
DPI = 100
COLOURS = 64
LEFT = 56  # pixels of margin
HEADLINE = (44, 38, 33, 29)  # sizes in pixels, the largest that fits is taken
LETTER = 0.66  # width of a bold letter, in the mean, as part of its size
EXACT = ("=", "~")  # qualifiers of a figure that a number can miss
# Codes of goods in the name of a reading; "HS 2017" is a whole nomenclature.
CODED = re.compile(r" ?\(HS [^)]*\)|HS (?!20\d\d )[\d.]+(?: and [\d.]+)?(?: alone)?,? *")
NAME = 92  # letters of a bar's name that have room
STEP = 64  # pixels that a bar with its name needs
MOST = 3  # bars beside that of the claim
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

    A claim that does not hold is never its headline: the speaker and the verdict are.
    """
    colour = _colour(verdict)
    with layout.style():
        figure = plt.figure(figsize=(SIZE[0] / DPI, SIZE[1] / DPI), dpi=DPI)
        _text(figure, project.short, 34, 22, colours.SOFT)
        _rule(figure, colour)
        below = _headline(figure, headline(verdict, project, root), 84, colour)
        below = _paragraph(figure, f"The claim: {verdict.claim.statement}", below + 14, 26, 76)
        bars = _bars(verdict, project, root)
        _draw(figure, bars, below + 26, 530)
        sources = {name: None for reading in _shown(verdict) for name in reading.sources}
        _paragraph(figure, f"Source: {catalogue.credit(sources, root)}", 556, 19, 104)
    return _drawn(figure)


def _colour(verdict: Verdict) -> str:
    """The colour of a verdict; a miss below 1 % raises no alarm."""
    return colours.INK if claims.is_near(verdict) else VERDICT_COLOURS[verdict.group]


def headline(verdict: Verdict, project: Project, root: Path) -> str:
    """What was said, what the figures show, and the verdict, with the deviation in words."""
    claim = verdict.claim
    speaker = project.speaker.get(claim.who, claim.who)
    claimed = claim_cards.claimed_figure(claim)
    words = f"{speaker} said {claimed}" if claim.figure else f"{speaker} spoke of {claimed}"
    if claimed == claim_cards.NO_FIGURE:
        words = f"{speaker}’s statement"
    reading = front.decisive(verdict)
    if reading is None:
        return f"{words} · {verdict.group}"
    shown = f"{_whose(reading, root)}: {claims.figure_of(reading, claim)}"
    if verdict.verdict == claims.NOT_DECIDED:
        shown = f"Nearest figure found: {claims.figure_of(reading, claim)}"
    return f"{words} · {shown} · {outcome(verdict, reading)}"


def _whose(reading: ReadingResult, root: Path) -> str:
    """Whose figures a reading rests on; through whose hands they came stands below the picture."""
    known = catalogue.entries(reading.sources, root).values()
    names = list(dict.fromkeys(publisher.short for _, publisher in known))
    return " and ".join(names) if len(names) < 3 else f"{names[0]} and others"


def outcome(verdict: Verdict, reading: ReadingResult) -> str:
    """The verdict in words, with how far the figure is from the claim where that is told."""
    sentence = claims.sentence(verdict)
    match verdict.verdict:
        case claims.HOLDS:
            is_exact = verdict.claim.qualifier in EXACT and reading.deviation is not None
            words = claims.miss(reading.deviation or 0.0, reading.unit)
            return f"holds, {words}" if is_exact else "holds"
        case claims.DIFFERS:
            return sentence if claims.is_near(verdict) else f"differs: {sentence}"
        case claims.CONTRADICTED:
            return f"cannot be: {claims.short(verdict)}"
        case claims.DEPENDS:
            return "depends on what is counted"
        case claims.NOT_DECIDED:
            return "cannot be told"
    return sentence


def _shown(verdict: Verdict) -> list[ReadingResult]:
    """The readings that have a bar: those that decided, of each side one, else the nearest."""
    deciding = [reading for reading in verdict.readings if reading.name in verdict.decided_by]
    if verdict.verdict == claims.DEPENDS:
        sides = {bool(reading.fits or reading.fits_band): reading for reading in deciding[::-1]}
        return [sides[side] for side in (True, False)]
    if deciding:
        return deciding[:MOST]
    reading = front.decisive(verdict)
    return [reading] if reading else []


def _bars(verdict: Verdict, project: Project, root: Path) -> list[Bar]:
    """The figure that was claimed, and those that were found."""
    claim = verdict.claim
    readings = _shown(verdict)
    bars = []
    if claim.figure:  # an increase or a decrease has none
        speaker = project.speaker.get(claim.who, claim.who)
        figure = claim_cards.claimed_figure(claim)
        bars.append(Bar(f"{speaker} said", figure, claim.figure, colours.MUTE))
    is_plain = len(readings) == 1 and verdict.verdict != claims.NOT_DECIDED
    for reading, words in zip(readings, _names(readings), strict=True):
        name = _whose(reading, root) if is_plain else words
        colour = _colour(verdict)
        bars.append(Bar(name, claims.figure_of(reading, claim), reading.value, colour))
    return bars


def _names(readings: Sequence[ReadingResult]) -> list[str]:
    """What each reading counts, without codes of goods where the rest tells them apart."""
    shorter = [CODED.sub("", reading.name).strip(" ,") for reading in readings]
    if len(set(shorter)) < len(shorter):
        shorter = [reading.name for reading in readings]
    return [name[:1].upper() + name[1:] for name in shorter]


def _draw(figure: Figure, bars: list[Bar], top: float, bottom: float) -> None:
    """Draw the bars from zero, each with its name above and its figure at its end."""
    bars = bars[: max(1, int((bottom - top) // STEP))]
    if len(bars) < 2:  # a bar beside none says nothing
        for bar in bars:
            below = _paragraph(figure, f"{bar.name}:", top + 16, 26, 76)
            _text(figure, bar.figure, below + 8, 44, bar.colour, weight="bold")
        return
    values = [0.0, *(bar.value for bar in bars)]
    low, high = min(values), max(values)
    room = 0.62 * (SIZE[0] - 2 * LEFT)
    step = min((bottom - top) / len(bars), 112)
    scale = room / ((high - low) or 1.0)
    zero = LEFT - low * scale
    for number, bar in enumerate(bars):
        y = top + number * step
        _text(figure, layout.clip(bar.name, NAME, 1), y, 19, colours.SOFT)
        ends = sorted((zero, zero + bar.value * scale))
        height = min(54.0, step - 40)
        _box(figure, (ends[0], y + 28, max(ends[1] - ends[0], 3), height), bar.colour)
        place = (ends[1] + 14, y + 28 + height / 2)
        _text(figure, bar.figure, place[1], 26, colours.INK, x=place[0], va="center", weight="bold")


def _headline(figure: Figure, words: str, top: float, colour: str) -> float:
    """Set each part of the headline on a line of its own, and return the lower end of all.

    The letters are the largest in which no part needs two lines; the last part is the verdict,
    and has its colour.
    """
    parts = words.split(" · ")
    wide = SIZE[0] - 2 * LEFT
    longest = max(map(len, parts))
    fitting = [size for size in HEADLINE if longest * LETTER * size <= wide]
    size = fitting[0] if fitting else HEADLINE[-1]
    y = top
    for part in parts:
        text = layout.clip(part, int(wide / (LETTER * size)), 2)
        shade = colour if part == parts[-1] else colours.INK
        _text(figure, text, y, size, shade, weight="bold")
        y += size * 1.3 * (text.count("\n") + 1)
    return y


def _paragraph(figure: Figure, words: str, top: float, size: float, letters: int) -> float:
    """Set a text on three lines at most, and return its lower end."""
    text = layout.clip(words, letters, 3)
    _text(figure, text, top, size, colours.SOFT)
    return top + size * 1.3 * (text.count("\n") + 1)


def _text(
    figure: Figure, words: str, top: float, size: float, colour: str, x: float = LEFT, **more: Any
) -> Any:
    """Write `words` at so many pixels from the upper left corner."""
    place = (x / SIZE[0], 1 - top / SIZE[1])
    style: dict[str, Any] = {"va": "top", "linespacing": 1.25, **more}
    return figure.text(*place, words, size=size * 72 / DPI, color=colour, **style)


def _box(figure: Figure, place: tuple[float, float, float, float], colour: str) -> None:
    """Fill a box: its left and upper end, width and height in pixels."""
    left, top, width, height = place
    corner = (left / SIZE[0], 1 - (top + height) / SIZE[1])
    size = (width / SIZE[0], height / SIZE[1])
    figure.add_artist(Rectangle(corner, *size, color=colour, lw=0, transform=figure.transFigure))


def _rule(figure: Figure, colour: str) -> None:
    """A band in the verdict's colour along the upper edge."""
    _box(figure, (0, 0, SIZE[0], 14), colour)


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
