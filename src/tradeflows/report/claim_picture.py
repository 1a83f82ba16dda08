"""A claim as a picture to share: whether it holds, who said what, what the figures show."""

import io
from collections.abc import Sequence
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
from tradeflows.charts import colours, layout
from tradeflows.claims import ReadingResult, Verdict, verdict_rule
from tradeflows.claims.verdict_text import read_as
from tradeflows.model.periods import is_day_or_month, release_in_words
from tradeflows.model.words import in_a_sentence
from tradeflows.report import claim_cards, front
from tradeflows.report.credits import publishers_of
from tradeflows.retrieval.project import Project

SIZE = 1200, 630  # pixels, as pages that link to another show a picture
DPI = 100
COLOURS = 64
LEFT = 44  # pixels of margin
WIDE = SIZE[0] - 2 * LEFT
TEXT, LARGE, VERDICT = 38, 42, 48  # sizes of letters in pixels; a phone shows a third of them
LEADING = 1.15  # from line to line, as part of the size
ASCENT = 0.78  # from the top of a line to its baseline, as part of the size
BAND = 88  # pixels of the verdict's band along the upper edge
BARS = (44, 28, 12)  # pixels of a bar, the most that there is room for
APART = 10  # pixels between a text and the next
MOST = 2  # figures beside the one that was claimed
CHANGES = ("percent", "percentage points")  # units of a change
HEADLINES = {
    claims.DEPENDS: "Depends on what is counted",
    claims.BOTH_WAYS: "Depends on who counted",
    claims.NOT_DECIDED: "Cannot be told from these figures",
}

# A text, how far right and down it begins, its size, its weight and its colour.
Text = tuple[str, float, float, float, str, str]
Box = tuple[float, float, float, float, str]  # left, top, width, height, colour


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
            verdict.claim.id: pool.submit(_png, _drawn(_picture(verdict, project, root)))
            for verdict in shown
        }
        return {name: png.result() for name, png in packed.items()}


def _picture(verdict: Verdict, project: Project, root: Path) -> Figure:
    """The picture of one claim: its verdict, who said what, the figures, and whose they are."""
    figures, words = bars(verdict, project), headline(verdict)
    weight = "bold" if verdict.verdict == claims.NOT_DECIDED else "normal"
    said = f"{_speaker(verdict, project)}: {verdict.claim.statement}"
    texts = [(said, TEXT, "normal"), (_reason(verdict), LARGE, weight)]
    short = [replace(bar, name=bar.name.partition(";")[0]) for bar in figures]
    heights = (*BARS, 0) if has_bars(verdict, figures) else (0,)
    for shown, height in [*((figures, height) for height in heights), (short, 0)]:
        lines, boxes, spare = _laid_out(texts, shown, foot(verdict, project, root), height)
        if spare >= 0:
            break
    size = VERDICT * min(1.0, (WIDE - 6) / _width(words, VERDICT, "bold"))
    lines.insert(0, (words, LEFT, (BAND - size) / 2, size, "bold", colours.PAPER))
    boxes.insert(0, (0, 0, SIZE[0], BAND, _colour(verdict)))
    with layout.style():
        figure = plt.figure(figsize=(SIZE[0] / DPI, SIZE[1] / DPI), dpi=DPI)
        for left, top, width, high, colour in boxes:
            corner = (left / SIZE[0], 1 - (top + high) / SIZE[1])
            sides = (width / SIZE[0], high / SIZE[1])
            patch = Rectangle(corner, *sides, color=colour, lw=0, transform=figure.transFigure)
            figure.add_artist(patch)
        for text, left, top, letters, boldness, colour in lines:
            for i, line in enumerate(text.splitlines()):
                down = 1 - (top + (ASCENT + i * LEADING) * letters) / SIZE[1]
                style: dict[str, Any] = {"va": "baseline", "color": colour, "weight": boldness}
                figure.text(left / SIZE[0], down, line, size=letters * 72 / DPI, **style)
    return figure


def _laid_out(
    texts: Sequence[tuple[str, float, str]], shown: Sequence[Bar], words: str, height: float
) -> tuple[list[Text], list[Box], float]:
    """Texts and bars of `height` from the verdict down, the foot, and the room that is left."""
    lines: list[Text] = []
    boxes: list[Box] = []
    top = BAND + 16.0

    def write(text: str, left: float, size: float, weight: str, colour: str) -> float:
        """Set a text where the last one ended, and return how high it is."""
        broken = _broken(text, size, weight, LEFT + WIDE - left)
        lines.append((broken, left, top, size, weight, colour))
        return size * LEADING * (broken.count("\n") + 1)

    for text, size, weight in texts:
        if text:
            colour = colours.SOFT if size == TEXT else colours.INK
            top += write(text, LEFT, size, weight, colour) + APART
    ends = [0.0, *(bar.value for bar in shown)]
    scale = WIDE / ((max(ends) - min(ends)) or 1.0)
    zero = LEFT - min(ends) * scale
    for bar in shown:
        write(bar.figure, LEFT, LARGE, "bold", colours.INK)
        beside = LEFT + _width(bar.figure, LARGE, "bold") + 20
        top += write(bar.name, beside, TEXT, "normal", colours.SOFT) + APART
        if height:
            first, last = sorted((zero, zero + bar.value * scale))
            boxes.append((first, top - 4, max(last - first, 3), height, bar.colour))
            top += height + APART
    n_lines = _broken(words, TEXT, "normal", WIDE).count("\n") + 1
    spare = SIZE[1] - 8 - TEXT * LEADING * n_lines - top
    top += spare
    write(words, LEFT, TEXT, "normal", colours.SOFT)
    return lines, boxes, spare


def _colour(verdict: Verdict) -> str:
    """The colour of a verdict; a miss below 1 %, or one that revisions make up for, has none."""
    is_near = verdict.text.is_near or verdict.text.revision
    return colours.INK if is_near else colours.VERDICTS[verdict.group]


def _speaker(verdict: Verdict, project: Project) -> str:
    name = project.named(verdict.claim.who)
    return project.introduced.get(name, name)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def headline(verdict: Verdict) -> str:
    """The verdict as the cards have it, with how far off the figure is where that is told."""
    text, count = verdict.text, len(verdict.parts)
    if count and verdict.verdict == claims.IN_PART:
        holding = sum(part.group == claims.HOLDS for part in verdict.parts)
        told = f"Depends: {holding} of {count} parts {'holds' if holding == 1 else 'hold'}"
        return told if holding else "Depends on the part"
    if count:
        return f"{_capital(verdict.group)}, in {'both' if count == 2 else f'all {count}'} parts"
    if verdict.verdict in (claims.LEANS_YES, claims.LEANS_NO):
        return f"{_capital(verdict.group)}, {text.votes()}"
    is_apart = not text.off and text.short != verdict.group
    told = f"{verdict.group}: {text.short}" if is_apart else text.verdict
    return HEADLINES.get(verdict.verdict, _capital(told))


def _drawn_part(verdict: Verdict) -> Verdict | None:
    """The part whose figures are drawn: the first that is decided and has a number to compare.

    A claim of one part is its own; of several without such a one each part has a line.
    """
    compared = [part for part in verdict.parts if part.decided_by and part.claim.figure]
    return next(iter(compared), None) if verdict.parts else verdict


def _shown(part: Verdict) -> list[ReadingResult]:
    """The readings that have a bar: of each side one, or those that decided, or the nearest.

    Of what is as stated, which are releases of one number, the nearest is enough. Where nothing
    decides and the nearest would bear the claim out, one that would not stands beside it.
    """
    deciding, reading = part.text.deciding, part.text.reading
    if part.verdict in (claims.DEPENDS, claims.BOTH_WAYS):
        return [*front.two_sides(deciding)]
    if reading is None:
        return []
    if deciding:
        deciding = sorted(deciding, key=lambda item: abs(item.deviation or 0.0))
        others = [item for item in deciding if item.unit == reading.unit and item is not reading]
        is_stated = reading.role == verdict_rule.AS_STATED
        return [reading, *others[: 0 if is_stated else MOST - 1]]
    alike = [item for item in part.readings if item.role == reading.role and not item.note]
    return [reading, *(item for item in alike if reading.fits and item.fits is False)][:MOST]


def bars(verdict: Verdict, project: Project) -> list[Bar]:
    """The figure that was claimed, and those that were found; or one of each part of a claim."""
    part = _drawn_part(verdict)
    if part is None:
        texts = [(each.text, _colour(each)) for each in verdict.parts]
        return [
            Bar(f"{text.words}: {text.word}", text.figure or text.sign, 0.0, colour)
            for text, colour in texts
        ]
    claim, shown = part.claim, []
    if claim.figure and not (claim.unit == "ratio" and claim.figure == 1):  # "fully" says all
        by = "said" if claim_cards.is_printed(claim) else "in figures"
        taken = f", {read_as(claim).partition(', since ')[0]}" if claim.printed_because else ""
        name = f"{_speaker(verdict, project)}{' ' if by == 'said' else ', '}{by}{taken}"
        shown.append(Bar(name, claim_cards.claimed_figure(claim), claim.figure, colours.MUTE))
    for item in _shown(part):
        name = "; ".join(filter(None, (item.name, item.text.rounds, item.rest)))
        shown.append(Bar(name, item.text.figure, item.value, _colour(part)))
    return shown


def has_bars(verdict: Verdict, rows: Sequence[Bar]) -> bool:
    """Whether bars say something.

    A lone one does not, nor do two figures open at one end, nor what is found beside a claim that
    it does not decide, nor what was printed for another time, which says no whatever its size.
    """
    part = _drawn_part(verdict)
    if part is None or part.group == claims.CANNOT_BE_TOLD or len(rows) < 2:
        return False
    shown = _shown(part)
    if part.votes and any(item.witness.kind == verdict_rule.SOURCE for item in shown):
        return False
    has_floor = any("least" in reading.bound for reading in shown)
    return not (has_floor and part.claim.qualifier in verdict_rule.LOWER)


def _reason(verdict: Verdict) -> str:
    """Why a verdict is what it is, below the statement: of a claim of parts the word of each.

    Nothing where the headline says it, or where each part has a line with its figure.
    """
    if verdict.parts:
        words = "; ".join(f"{part.text.words}: {part.text.word}" for part in verdict.parts)
        return "" if _drawn_part(verdict) is None else f"{_capital(words)}."
    leans = (claims.LEANS_YES, claims.LEANS_NO)
    return "" if verdict.verdict in leans else verdict.text.why


def foot(verdict: Verdict, project: Project, root: Path) -> str:
    """Whose page a picture is of, and whose figures it shows, those of one date together."""
    part = _drawn_part(verdict)
    found = [item.text.reading for item in verdict.parts] if part is None else _shown(part)
    by_day: dict[str, dict[str, None]] = {}
    for reading in filter(None, found):
        for source, name in publishers_of(reading, root):
            day = f"as of {release_in_words(source.vintage)}"
            if not is_day_or_month(source.vintage):
                day = f"retrieved {release_in_words(f'{source.retrieved:%Y-%m}')}"
            by_day.setdefault(day, {})[name] = None
    count = {1: "", 2: "both "}
    dated = [
        f"{in_a_sentence([*names])} ({count.get(len(names), 'all ')}{day})"
        for day, names in by_day.items()
    ]
    return f"{project.short}. Source: {'; '.join(dated)}"


# --- letters --------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _width(words: str, size: float, weight: str) -> float:
    """How wide a line of letters of `size` is, in pixels."""
    prop = FontProperties(family=layout.FONT, weight=weight, size=size)
    width, _, _ = TextToPath().get_text_width_height_descent(words, prop, False)
    return float(width)


def _broken(words: str, size: float, weight: str, room: float) -> str:
    """`words` in lines, each as full as `room` allows; a per cent sign stays by its number."""
    lines: list[str] = []
    for word in words.replace(" %", "\u00a0%").split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width(longer, size, weight) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


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
