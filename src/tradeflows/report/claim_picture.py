"""A claim as a picture to share: whether it holds, who said what, what the figures show."""

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
from matplotlib.transforms import Affine2D
from PIL import Image

from tradeflows import claims
from tradeflows.charts import colours, layout
from tradeflows.claims import ReadingResult, Verdict, verdict_rule
from tradeflows.claims.verdict_text import AT_LEAST, read_as
from tradeflows.model.periods import is_day_or_month, release_in_words
from tradeflows.model.words import in_a_sentence
from tradeflows.report import claim_cards, front
from tradeflows.report.notebooks import light_png
from tradeflows.retrieval.project import Project

SIZE = 1200, 630  # pixels, as pages that link to another show a picture
DPI = 100
LEFT = 44  # pixels of margin
WIDE = SIZE[0] - 2 * LEFT
TEXT, LARGE, VERDICT = 38, 42, 48  # sizes of letters in pixels; a phone shows a third of them
LEADING = 1.15  # from line to line, as part of the size
BAND = 88  # pixels of the verdict's band along the upper edge
THICK, THIN = 44, 12  # pixels of a bar, at most and at least
APART = 10  # pixels between a text and the next
MOST = 2  # figures beside the one that was claimed
HEADLINES = {
    claims.DEPENDS: "Depends on what is counted",
    claims.BOTH_WAYS: "Depends on who counted",
    claims.NOT_DECIDED: "Cannot be told from these figures",
}
PIXELS = Affine2D().scale(1, -1).translate(0, SIZE[1])  # from the upper left corner


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
    with ThreadPoolExecutor() as pool:
        packed = {
            verdict.claim.id: pool.submit(light_png, _drawn(_picture(verdict, project, root)))
            for verdict in verdicts
            if verdict.readings
        }
    return {name: done.result() for name, done in packed.items()}


def _picture(verdict: Verdict, project: Project, root: Path) -> Figure:
    """The picture of one claim: its verdict, who said what, the figures, and whose they are."""
    words, shown = headline(verdict), bars(verdict, project)
    weight = "bold" if verdict.verdict == claims.NOT_DECIDED else "normal"
    said = f"{_speaker(verdict, project)}: {verdict.claim.statement}"
    told: list[Any] = [
        (said, TEXT, "normal", colours.SOFT),
        (_reason(verdict), LARGE, weight, colours.INK),
    ]
    source = _broken(foot(verdict, project, root), TEXT)
    below = SIZE[1] - 8 - _height(source, TEXT)
    top = BAND + 16.0
    for cut in ("\n", ";"):  # where there is no room for all
        figures = [f"{bar.figure}  {bar.name}".partition(cut)[0] for bar in shown]
        rows = [*told, *((text, TEXT, "bold", colours.INK) for text in figures)]
        rows = [(_broken(text, *look), *look, colour) for text, *look, colour in rows if text]
        spare = below - top - sum(_height(lines, size) + APART for lines, size, *_ in rows)
        if spare >= 0:
            break
    thick = has_bars(verdict, shown) * min(THICK, spare / max(len(shown), 1) - APART)
    ends = [0.0, *(bar.value for bar in shown)]
    scale = WIDE / ((max(ends) - min(ends)) or 1.0)
    with layout.style():
        figure = plt.figure(figsize=(SIZE[0] / DPI, SIZE[1] / DPI), dpi=DPI)

        def write(down: float, lines: str, size: float, boldness: str, colour: str) -> None:
            look: dict[str, Any] = {"va": "top", "linespacing": 1.2, "transform": PIXELS}
            look |= {"size": size * 72 / DPI, "weight": boldness, "color": colour}
            figure.text(LEFT, down, lines, **look)

        def fill(left: float, down: float, width: float, high: float, colour: str) -> None:
            look: dict[str, Any] = {"color": colour, "lw": 0, "transform": PIXELS}
            figure.add_artist(Rectangle((left, down), width, high, **look))

        fill(0, 0, SIZE[0], BAND, _colour(verdict))
        size = VERDICT * min(1.0, WIDE / _width(words, VERDICT, "bold"))
        write((BAND - size) / 2, words, size, "bold", colours.PAPER)
        of_rows = [None] * (len(rows) - len(shown)) + shown
        for (lines, size, boldness, colour), bar in zip(rows, of_rows, strict=True):
            write(top, lines, size, boldness, colour)
            top += _height(lines, size) + APART
            if bar and thick >= THIN:
                first, last = sorted((0.0, bar.value))
                left, width = LEFT + (first - min(ends)) * scale, max((last - first) * scale, 3)
                fill(left, top - 4, width, thick, bar.colour)
                top += thick + APART
        write(below, source, TEXT, "normal", colours.SOFT)
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
        return [*front.two_sides(part)]
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
    has_floor = any(reading.bound == AT_LEAST for reading in shown)
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
        for source, name in claim_cards.publishers_of(reading, root):
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


def _height(lines: str, size: float) -> float:
    """How high lines of letters of `size` are, in pixels."""
    return size * LEADING * (lines.count("\n") + 1)


def _width(words: str, size: float, weight: str = "normal") -> float:
    """How wide a line of letters of `size` is, in pixels."""
    return layout.size(words, weight)[0] * 72 * size / 11


def _broken(words: str, size: float, weight: str = "normal", room: float = WIDE) -> str:
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
    return Image.fromarray(np.asarray(canvas.buffer_rgba()))
