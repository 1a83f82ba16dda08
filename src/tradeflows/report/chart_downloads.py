"""A chart to take along: drawings, numbers and raw lines, with units and sources."""

import base64
import csv
import gzip
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nbformat import NotebookNode
from PIL import Image

from tradeflows import __version__
from tradeflows.model.periods import day_in_words, release_in_words
from tradeflows.model.source import Publisher, Source, with_carrier
from tradeflows.report.chart_hook import DPI, MIME
from tradeflows.tables.write import FORMULA

LARGE = 300_000  # bytes of raw lines, above which they are packed
PNG = "image/png"
NUMBER = r"[-+]?[\d.,]+(e[-+]?\d+)?"

Files = dict[str, bytes | str]


def picture(output: NotebookNode, path: str) -> tuple[dict[str, Any], Files]:
    """Path and size of the picture in `output`, and its file."""
    png = base64.b64decode(output.data[PNG])
    scale = DPI // 100 if MIME in output.data else 1
    width, height = (side // scale for side in Image.open(io.BytesIO(png)).size)
    shown = {"picture": f"{path}.png", "width": width, "height": height}
    return shown, {f"{path}.png": png}


def to_take(
    chart: Mapping[str, Any], path: str, used: Sequence[Source], who: Mapping[str, Publisher]
) -> tuple[dict[str, str], Files]:
    """Files of a chart to take along.

    Parameters
    ----------
    chart
        What :func:`tradeflows.report.chart_hook.bundle` gave.
    path
        Of the files within the report, without a suffix; its PNG is there.
    used, who
        The chart's sources, and the catalogue's publishers.

    Returns
    -------
    dict, dict
        Paths by what they hold, in words; and contents by path.
    """
    head = [chart["title"]]
    head += [f"unit: {text}" for text in units(chart["unit"])]
    head.append("numbers: as shown, to three significant figures; empty is not held, never 0")
    for source in used:
        publisher = who[source.publisher]
        parts = [
            f"source: {with_carrier(source, publisher.name)}",
            source.title,
            f"vintage {release_in_words(source.vintage)}",
            f"obtained {day_in_words(source.retrieved)}",
            f"licence: {source.licence}",
            source.address or publisher.home,
        ]
        head.append("; ".join(filter(None, parts)))
    head += [f"note: {text}" for text in chart["caveats"]]
    head.append(f"cite as: {cited(chart['title'], used, who)}")
    above = "".join(f"# {' '.join(line.split())}\n" for line in head)
    files: Files = {f"{path}.svg": chart["file"], f"{path}-phone.svg": chart["phone"]}
    files[f"{path}.csv"] = above + _table(chart["rows"])
    take = {"PNG": f"{path}.png", "SVG": f"{path}.svg", "SVG for a phone": f"{path}-phone.svg"}
    take["numbers (CSV)"] = f"{path}.csv"
    if chart["lines"]:
        lines, packed = _table(chart["lines"]).encode(), ""
        if len(lines) > LARGE:
            lines, packed = _packed(lines), ".gz"
        files[f"{path}-lines.csv{packed}"] = lines
        take["raw lines (CSV)"] = f"{path}-lines.csv{packed}"
    return take, files


def _packed(content: bytes) -> bytes:
    """The same bytes on every day and by every Python, whose `gzip.compress` are not alike."""
    file = io.BytesIO()
    with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packer:
        packer.write(content)
    return file.getvalue()


def cited(title: str, used: Sequence[Source], who: Mapping[str, Publisher]) -> str:
    """One line by which a chart is cited: title, whose data, when obtained, made with what."""
    data = ""
    if used:
        names = dict.fromkeys(with_carrier(source, who[source.publisher].name) for source in used)
        newest = day_in_words(max(source.retrieved for source in used))
        data = f"Data: {', '.join(names)}, obtained by {newest}. "
    return f"“{title.rstrip('.')}”. {data}Chart: tradeflows {__version__}."


def units(unit: str | Mapping[str, str]) -> list[str]:
    """The unit of a chart, or those of its panels, in words."""
    if isinstance(unit, str):
        return [unit]
    return [f"{name}: {text}" for name, text in unit.items()]


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Rows as CSV; a cell that a spreadsheet would compute, and is no number, has an apostrophe."""

    def plain(cell: str) -> str:
        return f"'{cell}" if re.match(FORMULA, cell) and not re.fullmatch(NUMBER, cell) else cell

    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([*map(plain, row)] for row in rows)
    return text.getvalue()
