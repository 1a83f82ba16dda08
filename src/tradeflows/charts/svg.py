"""A chart as inline SVG with real text: no style attributes, marks.

Matplotlib draws it; here its text stays text, its styles become attributes (which a strict content
policy allows), and each mark gets a title that says its series, its period and its value.
"""

import io
import re
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import matplotlib.pyplot as plt
from matplotlib.text import Text
from pandas import DataFrame

from tradeflows.charts import colours, layout, options
from tradeflows.charts.marks import DATED, unit_of

Entries = Callable[..., str]  # the id of the entry of a mark, "" without
SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
# Whose letters are as wide, for readers without the font that the chart was set in.
FONTS = "'DejaVu Sans', Verdana, sans-serif"
FIXED: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": "tradeflows"}
DROPPED = {"metadata", "style", "title"}  # the words of the whole are its label
HALO = {
    "paint-order": "stroke",
    "stroke": colours.PAPER,
    "stroke-width": "3",
    "stroke-linejoin": "round",
}
# The light edge of letters in a file of its own, which there is a rule of style.
EDGE = ("</style>", f"text{{paint-order:stroke;stroke:{colours.PAPER};stroke-width:3px}}</style>")
WORDS = f"{{{SVG}}}text"  # which stand in a group with their ground
PLACES = ("d", "x", "y", "width", "height")  # attributes that hold coordinates
_FONT = re.compile(r"(?:(italic|oblique) )?(?:(\d+|bold) )?([\d.]+)px (.+)")
_REFERENCE = re.compile(r'(?:url\(#|href="#)([^")]+)')
_MADE = re.compile(r'\bid="(\w*[0-9a-f]{10})"')
_LONG = re.compile(r"-?\d+\.\d{2,}")
_AROUND = re.compile(r" *([A-Za-z]) *")


def plain(figure: Any, alt: str) -> str:
    """The drawing as a file of its own, as matplotlib writes it, with text that stays text."""
    haloed = [text for text in figure.findobj(Text) if text.get_path_effects()]
    for text in haloed:  # which would be drawn as curves
        text.set_path_effects([])
    written = io.BytesIO()
    chart = vars(figure)["tradeflows"]
    about = {"Date": None, "Title": chart["title"], "Description": alt}
    about["Source"] = options.about(chart)
    with layout.style(), plt.rc_context(FIXED):
        figure.savefig(written, format="svg", metadata=about)
    for text in haloed:
        text.set_path_effects(layout.HALO)
    drawing = written.getvalue().decode()
    # Ids that matplotlib makes of coordinates are numbered: their last digit differs by Python.
    made = dict.fromkeys(_MADE.findall(drawing))
    number_of = {name: f"shape-{number}" for number, name in enumerate(made, start=1)}
    if made:
        drawing = re.sub("|".join(made), lambda match: number_of[match[0]], drawing)
    drawing = drawing.replace(f"'{layout.FONT}'", FONTS)
    return drawing.replace(*EDGE) if haloed else drawing


def inline(
    figure: Any, drawing: str, alt: str, prefix: str, marks: DataFrame, entries: Entries | None
) -> str:
    """The drawing as an element of a page.

    Parameters
    ----------
    drawing
        As :func:`plain` gives it.
    alt
        The chart in words.
    prefix
        Begins every id in the drawing, so that two of them on one page never share one.
    marks
        As :func:`tradeflows.charts.marks.told` gives them.
    entries
        The id of the entry of a number's raw lines, by its row and what it is, to which marks lead;
        None where marks say no more than which they are, since another drawing has their words.
    """
    texts = [text.get_text() for text in figure.findobj(Text) if text.get_path_effects()]
    haloed = {line.strip() for text in texts for line in text.split("\n")}  # as SVG sets them
    used = set(_REFERENCE.findall(drawing))
    tree = ElementTree.fromstring(drawing)
    for parent in list(tree.iter()):  # a page has no use for rules of style and a file's metadata
        parent[:] = [child for child in parent if child.tag.rpartition("}")[2] not in DROPPED]
    for element in tree.iter():
        _attributes(element)
        _own_ids(element, prefix, used)
        if element.tag == WORDS and "".join(element.itertext()).strip() in haloed:
            element.attrib.update(HALO)
    width, height = figure.get_size_inches() * 72
    tree.attrib.update({"role": "img", "aria-label": alt, "viewBox": f"0 0 {width:g} {height:g}"})
    for name in ("width", "height", "version"):
        tree.attrib.pop(name, None)
    _slim(tree)
    tree.set("font-family", FONTS)
    tree.append(_marks(figure, height, marks, entries))
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    text = ElementTree.tostring(tree, encoding="unicode")
    return re.sub(r"\s*\n\s*", "\n", text)


def _slim(element: ElementTree.Element) -> None:
    """Round coordinates to four digits, and take out groups that hold nothing or one thing."""
    for name in element.attrib.keys() & {*PLACES}:
        rounded = _LONG.sub(lambda match: f"{float(match[0]):.4g}", element.attrib[name])
        element.set(name, _AROUND.sub(r"\1", rounded).strip())
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    if element.get("font-family") == FONTS:
        del element.attrib["font-family"]
    parts: list[ElementTree.Element] = []
    for part in element:
        _slim(part)
        is_bare = part.tag == f"{{{SVG}}}g" and not part.attrib and len(part) < 2
        is_bare &= not len(part) or part[0].tag != WORDS
        parts += part if is_bare else [part]
    element[:] = parts


def _attributes(element: ElementTree.Element) -> None:
    """Turn an element's style into attributes."""
    style = {}
    for rule in element.attrib.pop("style", "").split(";"):
        name, colon, value = rule.partition(":")
        if colon:
            style[name.strip()] = value.strip()
    match = _FONT.fullmatch(style.pop("font", ""))
    if match:
        slant, weight, size, family = match.groups()
        style |= {"font-size": size, "font-family": family}
        style |= {"font-weight": weight} if weight else {}
        style |= {"font-style": slant} if slant else {}
    element.attrib.update(style)


def _own_ids(element: ElementTree.Element, prefix: str, used: set[str]) -> None:
    """Begin the ids that are used with `prefix`; an artist's name is its series."""
    name = element.attrib.pop("id", "")
    if "|" in name:
        _, _, series = name.split("|", 2)
        element.set("data-series", series)
    elif name in used:
        element.set("id", f"{prefix}-{name}")
    for key, value in element.attrib.items():
        if key.endswith("href") and value.startswith("#"):
            element.set(key, f"#{prefix}-{value[1:]}")
        elif value.startswith("url(#"):
            element.set(key, f"url(#{prefix}-{value[5:]}")


def _marks(
    figure: Any, height: float, marks: DataFrame, entries: Entries | None
) -> ElementTree.Element:
    """Places that answer to a pointer and to the keyboard, a group a series.

    Each leads to the entry of its number, where there is one; its group has the name, the unit and
    whether there are numbers below zero in its box, from which a page makes a sentence.
    """
    group = ElementTree.Element(f"{{{SVG}}}g", {"class": "chart-marks", "fill": "none"})
    kind, chart = str(figure.axes[0].get_gid()), vars(figure)["tradeflows"]
    if kind in DATED:
        group.set("class", "chart-marks chart-dated")
    boxes = list(marks["box"].unique())
    for (box, name), part in marks.groupby(["box", "name"], sort=False):
        attributes = {"data-series": name}
        if entries:
            attributes |= {"data-box": f"{boxes.index(box)}", "data-name": part["head"].iloc[0]}
            attributes["data-unit"] = "" if kind == "coverage" else unit_of(chart["unit"], box)
        if entries and marks.loc[marks["box"].eq(box), "value"].lt(0).any():
            attributes["data-signed"] = ""
        series = ElementTree.SubElement(group, f"{{{SVG}}}g", attributes)
        for at, mark in zip(part.index, part.itertuples(), strict=True):
            place = {"cx": f"{mark.right:.1f}", "cy": f"{height - mark.up:.1f}", "data-at": f"{at}"}
            circle = ElementTree.SubElement(series, f"{{{SVG}}}circle", place)
            if not entries:
                continue
            ElementTree.SubElement(circle, f"{{{SVG}}}title").text = mark.words
            if entry := entries(mark):
                circle.set("data-entry", entry)
    return group
