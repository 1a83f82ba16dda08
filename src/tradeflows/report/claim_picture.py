"""A claim as a picture to share: whether it holds, who said what, what the figures show."""

import io
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
from tradeflows.charts import colours, layout
from tradeflows.charts.options import outlets, speakers
from tradeflows.claims import ReadingResult, Verdict, verdict_rule
from tradeflows.claims.verdict_text import read_as
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
LEADINGS = 1.25, 1.19, 1.13  # from line to line, as part of the size; closer where it is full
STEP = 0.88  # of that from line to line; the rest is room below a text
ASCENT = 0.78  # from the top of a line to its baseline, as part of the size
BAND = 88  # pixels of the verdict's band along the upper edge
BAR, THIN, APART = 44, 12, 12  # pixels of a bar at most and at least, and between rows
LINES = 3  # of the foot, and of a name beside its figure, at most
MOST = 2  # figures beside the one that was claimed
CHANGES = ("percent", "percentage points")  # units of a change
SEPARATE = re.compile(r"; (?![^(]*\))")  # what stands between two sources
DATED = re.compile(r"(.*) \((.*)\)")  # a source and its date
AGAIN = re.compile(r"\b([^,;()]+)(, [^;]*); \1, ")  # a publisher whose next file came otherwise
COPY = re.compile(r"(?<= copy) of [^ ;]+")  # what a copy is of
CARRIED = re.compile(r", (?:via|from) .*")  # through whose hands a source came
HEADLINES = {
    claims.DEPENDS: "Depends on what is counted",
    claims.BOTH_WAYS: "Depends on who counted",
    claims.NOT_DECIDED: "Cannot be told from these figures",
}


@dataclass(frozen=True)
class Bar:
    """One figure of the picture: whose, how it is printed, and how long its bar is."""

    name: str
    figure: str
    value: float
    colour: str


@dataclass(frozen=True)
class Page:
    """What stands below the headline: texts with their sizes, figures with their names, the foot.

    Lines are `leading` apart; each of `rows` is a figure, its name in lines, and from how far right
    on these stand.
    """

    texts: Sequence[tuple[str, int, str]]
    rows: Sequence[tuple[Bar, str, float]]
    has_bars: bool
    foot: str = ""
    leading: float = LEADINGS[0]

    def height(self, text: str, size: float = TEXT) -> float:
        """How many pixels the lines of a text take."""
        return size * self.leading * (text.count("\n") + 1)

    @property
    def room(self) -> float:
        """How much of it is left to bars, or to nothing."""
        texts = sum(self.height(text, size) + 10 for text, size, _ in self.texts)
        names = sum(self.height(name) for _, name, _ in self.rows)
        return SIZE[1] - BAND - 28 - texts - names - self.height(self.foot)


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
    """The picture of one claim; its verdict is the headline, and the speaker comes next."""
    page, words = _page(verdict, project, root), headline(verdict)
    with layout.style():
        figure = plt.figure(figsize=(SIZE[0] / DPI, SIZE[1] / DPI), dpi=DPI)
        _box(figure, 0, 0, SIZE[0], BAND, _colour(verdict))
        size = VERDICT * min(1.0, (WIDE - 6) / _width(words, VERDICT, "bold"))
        _text(figure, words, (BAND - size) / 2, size, colours.PAPER, weight="bold")
        top: float = BAND + 16
        step = STEP * page.leading
        for text, letters, weight in page.texts:
            ink = colours.SOFT if letters == TEXT else colours.INK
            _text(figure, text, top, letters, ink, step=step, weight=weight)
            top += page.height(text, letters) + 10
        ends = [0.0, *(bar.value for bar, _, _ in page.rows)]
        scale = WIDE / ((max(ends) - min(ends)) or 1.0)
        zero, spare = LEFT - min(ends) * scale, page.room / max(len(page.rows), 1)
        for bar, name, left in page.rows:
            _text(figure, bar.figure, top - ASCENT * 4, LARGE, colours.INK, weight="bold")
            _text(figure, name, top, TEXT, colours.SOFT, x=left, step=step)
            top += page.height(name)
            if page.has_bars:
                start, end = sorted((zero, zero + bar.value * scale))
                height = min(BAR, spare - APART)
                _box(figure, start, top - 4, max(end - start, 3), height, bar.colour)
            top += min(spare, BAR + APART if page.has_bars else APART)
        down = SIZE[1] - 8 - page.height(page.foot)
        _text(figure, page.foot, down, TEXT, colours.SOFT, step=step)
    return figure


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


def _has_bars(verdict: Verdict, rows: Sequence[Any]) -> bool:
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


def _page(verdict: Verdict, project: Project, root: Path) -> Page:
    """The page with the widest lines that has room for its whole foot; else for a shorter one."""
    figures = bars(verdict, project)
    statement = f"{_speaker(verdict, project)}: {verdict.claim.statement}"
    weight = {claims.NOT_DECIDED: "bold"}.get(verdict.verdict, "normal")
    texts = [(statement, TEXT, "normal"), (_reason(verdict), LARGE, weight)]
    texts = [(_broken(words, size, by, WIDE), size, by) for words, size, by in texts if words]
    short = [replace(bar, name=bar.name.partition(";")[0]) for bar in figures]
    least = len(figures) * (THIN + APART)
    has_bars = _has_bars(verdict, figures)
    pages = [
        Page(texts, list(map(_row, shown)), has_bars=has_bars, leading=leading)
        for shown in (figures, short)
        for leading in LEADINGS
    ]
    if has_bars and pages[0].room - least <= TEXT * LEADINGS[0]:
        pages, least = [replace(page, has_bars=False) for page in pages], 0
    for words in _credits(verdict, project, root):
        foot = _broken(words, TEXT, "normal", WIDE)
        for page in (replace(each, foot=foot) for each in pages):
            if foot.count("\n") < LINES and page.room >= least * page.has_bars:
                return page
    return page


def _row(bar: Bar) -> tuple[Bar, str, float]:
    """A figure with its name in lines, and from how far right on these stand."""
    left = LEFT + _width(bar.figure, LARGE, "bold") + 20
    return bar, _broken(bar.name, TEXT, "normal", LEFT + WIDE - left), left


def _reason(verdict: Verdict) -> str:
    """Why a verdict is what it is, below the statement: of a claim of parts the word of each.

    Nothing where the headline says it, or where each part has a line with its figure.
    """
    if verdict.parts:
        words = "; ".join(f"{part.text.words}: {part.text.word}" for part in verdict.parts)
        return "" if _drawn_part(verdict) is None else f"{_capital(words)}."
    leans = (claims.LEANS_YES, claims.LEANS_NO)
    return "" if verdict.verdict in leans else verdict.text.why


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


def _text(
    figure: Figure,
    words: str,
    top: float,
    size: float,
    colour: str,
    *,
    x: float = LEFT,
    step: float = 1.1,
    weight: str = "normal",
) -> None:
    """Write `words` at so many pixels from the upper left corner, each line by its baseline."""
    style: dict[str, Any] = {
        "size": size * 72 / DPI,
        "color": colour,
        "va": "baseline",
        "weight": weight,
    }
    for i, line in enumerate(words.splitlines()):
        figure.text(x / SIZE[0], 1 - (top + (ASCENT + i * step) * size) / SIZE[1], line, **style)


def _box(figure: Figure, left: float, top: float, width: float, height: float, colour: str) -> None:
    """Fill a box: its left and upper end, width and height in pixels."""
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
