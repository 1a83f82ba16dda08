"""A chart to take along: picture, drawing, numbers and raw lines, with units, sources, licences.

In a kernel, :func:`hook` adds to each chart that is displayed what :func:`files` later writes; the
notebook that is committed never holds it.
"""

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
from tradeflows.model.source import Publisher, Source
from tradeflows.tables.write import FORMULA

MIME = "application/vnd.tradeflows.chart+json"
START = (
    "from tradeflows.report import chart_files, facts; "
    "chart_files.hook(get_ipython()); facts.hook(get_ipython())"
)
DPI = 200  # twice what a notebook shows
CARD = 1200, 630
COLOURS = 32  # of a card
LARGE = 300_000  # bytes of raw lines, above which they are packed
# Whose letters are as wide, for readers without the font that the chart was set in.
FONTS = "'DejaVu Sans', Verdana, sans-serif"
# The white edge of letters, which in SVG is a rule of style: what is replaced, and by what.
SVG_HALO = ("</style>", "text{paint-order:stroke;stroke:#fff;stroke-width:3px}</style>")
PNG = "image/png"
NUMBER = r"[-+]?[\d.,]+(e[-+]?\d+)?"


def hook(shell: Any) -> None:
    """Let the kernel's `shell` draw every figure finer, and add its :func:`bundle`."""
    shell.config.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "dpi": DPI}
    shell.display_formatter.mimebundle_formatter.for_type_by_name(
        "matplotlib.figure", "Figure", bundle
    )


def bundle(figure: Any, **_: Any) -> dict[str, Any]:
    """The chart in `figure` under :data:`MIME`; nothing for one that :mod:`charts` did not draw.

    Returns
    -------
    dict
        ``title``, ``unit`` (by panel, where there are panels), ``alt``, ``sources`` (ids),
        ``caveats``, ``svg``, ``rows`` (of the numbers drawn, a header first) and ``lines`` (those
        of the raw files, likewise).
    """
    import matplotlib.pyplot as plt
    from matplotlib.text import Text

    from tradeflows import charts
    from tradeflows.charts import layout, raw_lines

    if not (shown := vars(figure).get("tradeflows")):
        return {}
    axes = figure.axes[0] if len(figure.axes) == 1 else figure.axes
    table = charts.drawn(axes)
    if table.columns.nlevels > 1:
        table.columns = [": ".join(map(str, column)) for column in table.columns]
    alt, svg = charts.alt(axes), io.BytesIO()
    fixed: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "tradeflows"}
    haloed = [text for text in figure.findobj(Text) if text.get_path_effects()]
    with layout.style(), plt.rc_context(fixed):
        about = {"Date": None, "Title": shown["title"], "Description": alt}
        for text in haloed:  # which would be drawn as curves, and not stay text
            text.set_path_effects([])
        figure.savefig(svg, format="svg", bbox_inches="tight", metadata=about)
        for text in haloed:
            text.set_path_effects(layout.HALO)
    chart = {
        "title": shown["title"],
        "unit": shown["unit"],
        "alt": alt,
        "sources": list(shown["attrs"]["sources"]),
        "caveats": list(shown["attrs"]["caveats"]),
        "svg": svg.getvalue().decode().replace(f"'{layout.FONT}'", FONTS).replace(*SVG_HALO),
        "rows": list(csv.reader(io.StringIO(table.to_csv()))),
        "lines": raw_lines.table(figure) if "of" in shown else [],
    }
    return {MIME: chart}


def card(figure: Any) -> bytes:
    """The chart as a PNG of :data:`CARD` pixels, as pages that link to another show them."""
    import matplotlib.pyplot as plt

    wide, high = CARD
    room = min((wide - 40) / figure.get_figwidth(), (high - 40) / figure.get_figheight())
    drawn, card = io.BytesIO(), Image.new("RGB", CARD, "white")
    figure.savefig(drawn, format="png", dpi=room)
    plt.close(figure)
    chart = Image.open(drawn)
    card.paste(chart, ((wide - chart.width) // 2, (high - chart.height) // 2))
    light = io.BytesIO()
    card.quantize(COLOURS, dither=Image.Dither.NONE).save(light, "png", optimize=True)
    return light.getvalue()


def files(
    output: NotebookNode, name: str, sources: Mapping[str, Source], who: Mapping[str, Publisher]
) -> tuple[dict[str, Any], dict[str, bytes | str]]:
    """What a page says of the picture in `output`, and the files to take along.

    Parameters
    ----------
    output
        Of a cell that was run with :data:`START`, or without.
    name
        Path of the files within the report, without a suffix.
    sources, who
        The catalogue.

    Returns
    -------
    dict
        ``picture`` (its path), ``width`` and ``height`` in pixels of the page; for a chart of
        this project ``alt``, ``cite`` and ``take`` (paths by what they hold).
    dict
        Contents by path.
    """
    chart = output.data.get(MIME)
    png = base64.b64decode(output.data[PNG])
    scale = DPI // 100 if chart else 1
    width, height = (side // scale for side in Image.open(io.BytesIO(png)).size)
    shown: dict[str, Any] = {"picture": f"{name}.png", "width": width, "height": height}
    contents: dict[str, bytes | str] = {f"{name}.png": png}
    if chart:
        used = [sources[source] for source in chart["sources"] if source in sources]
        cite = cited(chart["title"], used, who)
        contents |= {f"{name}.svg": chart["svg"], f"{name}.csv": _csv(chart, cite, used, who)}
        take = {"PNG": f"{name}.png", "SVG": f"{name}.svg", "numbers (CSV)": f"{name}.csv"}
        if chart["lines"]:
            lines, packed = _table(chart["lines"]).encode(), ""
            if len(lines) > LARGE:
                lines, packed = gzip.compress(lines, mtime=0), ".gz"
            contents[f"{name}-lines.csv{packed}"] = lines
            take["raw lines (CSV)"] = f"{name}-lines.csv{packed}"
        shown |= {"alt": chart["alt"], "cite": cite, "take": take}
    return shown, contents


def cited(title: str, used: Sequence[Source], who: Mapping[str, Publisher]) -> str:
    """One line by which a chart is cited: title, whose data, when obtained, made with what."""
    names = ", ".join(dict.fromkeys(who[source.publisher].name for source in used))
    newest = max((source.retrieved for source in used), default="")
    data = f"Data: {names}, obtained by {newest}. " if used else ""
    return f"“{title.rstrip('.')}”. {data}Chart: tradeflows {__version__}."


def _csv(
    chart: Mapping[str, Any], cite: str, used: Sequence[Source], who: Mapping[str, Publisher]
) -> str:
    unit = chart["unit"]
    units = [unit] if isinstance(unit, str) else [f"{name}: {text}" for name, text in unit.items()]
    head = [
        chart["title"],
        *(f"unit: {entry}" for entry in units),
        "numbers: as drawn, to four significant figures; empty is not published, never zero",
        *(
            f"source: {entry.id}: {who[entry.publisher].name}; {entry.title}; "
            f"vintage {entry.vintage}; "
            f"obtained {entry.retrieved}; licence: {entry.licence}; "
            f"{entry.address or who[entry.publisher].home}".rstrip("; ")
            for entry in used
        ),
        *(f"mind: {entry}" for entry in chart["caveats"]),
        f"cite as: {cite}",
    ]
    return "".join(f"# {' '.join(line.split())}\n" for line in head) + _table(chart["rows"])


def _table(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([*map(_plain, row)] for row in rows)
    return text.getvalue()


def _plain(cell: str) -> str:
    """`cell`, begun with an apostrophe if a spreadsheet would compute it; a number is one."""
    return f"'{cell}" if re.match(FORMULA, cell) and not re.fullmatch(NUMBER, cell) else cell
