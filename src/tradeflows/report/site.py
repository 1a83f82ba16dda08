"""What every page of the report shares: the frame around it, the sources, and how it is saved."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from jinja2 import Environment, FileSystemLoader
from pyarrow import compute

from tradeflows import __version__, charts, tables
from tradeflows.charts.options import WORDS
from tradeflows.claims import Verdict
from tradeflows.claims.verdict_text import TONES
from tradeflows.model import contracts, schema
from tradeflows.model.periods import dates_in_words, day_in_words
from tradeflows.model.source import with_carrier
from tradeflows.report.frames import with_areas
from tradeflows.retrieval import catalogue, project

TEMPLATES = Path(__file__).parent / "templates"
ASSETS = Path("assets")  # what all pages share
# What a page may load: its own files, also from disk, where no page has an origin.
POLICY = (
    "default-src 'none'; script-src 'self' file:; style-src 'self' file:; "
    "img-src 'self' file: data:; base-uri 'none'; form-action 'none'"
)
# What a witness is to a reader, by its word in the catalogue.
WITNESSES = {
    "office": "the numbers of an office",
    "as printed": "an office’s numbers, summed or picked by who printed them",
    "measured": "measured, and no office’s numbers",
    "reworked": "an office’s numbers, reworked by others",
    "relay": "statements passed on",
}
NUMBER = re.compile(r"^\d+_")  # of a notebook among the others
PAGES = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
PAGES.filters["in_words"] = lambda text: with_areas(dates_in_words(str(text)))
PAGES.filters["unbroken"] = lambda text: str(text).replace(" %", "\u00a0%")
PERIOD = {"figures": "window_start"}  # the column that dates a row, where it is not ref_period


def render(template: str, site: Mapping[str, Any], **content: Any) -> str:
    """A page from the template of that name, `site` (see :func:`frame`) and its own content."""
    return PAGES.get_template(f"{template}.html.j2").render(**site, **content) + "\n"


def frame(
    root: Path, notebooks: Iterable[str], verdicts: Sequence[Verdict] = (), *, local: bool = False
) -> dict[str, Any]:
    """What every page is given.

    The catalogue, the project, labels of its `notebooks` by name, and how many claims there are.
    """
    sources = catalogue.load(root, local=local)
    about = project.load(root)
    days = [source.retrieved for source in sources.values()]
    return {
        "sources": sources,
        "publishers": catalogue.publishers(root),
        "with_carrier": with_carrier,
        "newest": day_in_words(max(days)) if days else "",
        "version": __version__,
        "menu": {name: NUMBER.sub("", name).replace("_", " ").capitalize() for name in notebooks},
        "project": about,
        "corrections": sorted(about.correction, key=lambda entry: entry.date, reverse=True),
        "total": len(verdicts),
        "tones": TONES,
        "how_counted": WITNESSES,
        "policy": POLICY,
    }


def assets() -> dict[Path, str | bytes]:
    """The rules of style and the scripts of all pages."""
    files: dict[Path, str | bytes] = {
        ASSETS / name: (TEMPLATES / name).read_text(encoding="utf-8")
        for name in ("page.css", "page.js")
    }
    return files | {ASSETS / "chart.css": charts.css(), ASSETS / "chart.js": charts.script()}


# --- what the pages of reference hold -------------------------------------------------------------


def dictionary() -> dict[str, Any]:
    """Contracts, flags and qualifiers, for the data dictionary."""
    tables = schema.TABLES
    return {
        "tables": {name: schema.describe(table) for name, table in tables.items()},
        "about": {name: table.metadata[b"about"].decode() for name, table in tables.items()},
        "flags": contracts.FLAGS,
        "qualifiers": {sign: WORDS.get(sign, "as stated") for sign in contracts.QUALIFIERS},
    }


def rows(root: Path, *, local: bool = False) -> dict[str, dict[str, int]]:
    """Rows of each source by year, "" where its rows have no date.

    Raises
    ------
    BuildError
        The tables are absent.
    """
    counts: dict[str, dict[str, int]] = {}
    for name in schema.TABLES:
        day = PERIOD.get(name, "ref_period")
        stored = tables.stored(root, name, local=local).to_table(["source_id", day])
        years = pa.table({"source": stored["source_id"], "year": compute.year(stored[day])})
        counted = years.group_by(["source", "year"]).aggregate([([], "count_all")])
        for row in counted.to_pylist():
            counts.setdefault(row["source"], {})[str(row["year"] or "")] = row["count_all"]
    return {source: dict(sorted(years.items())) for source, years in counts.items()}
