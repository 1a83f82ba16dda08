"""The project file, ``project.toml`` in the project's folder: what its report is about.

It holds what differs from one checked article to the next, so that the package itself knows of
none. A project without it has a front page with the folder's name.
"""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from tradeflows.model import codes, toml
from tradeflows.model.errors import CatalogueError, CodeError, QueryError, near
from tradeflows.model.periods import is_day
from tradeflows.model.words import fold
from tradeflows.retrieval import catalogue
from tradeflows.retrieval.catalogue import is_web_address

FILE = "project.toml"
TEXTS: Mapping[str, tuple[Callable[[str], object], str]] = {  # how the entries of these tables look
    "events": (is_day, '2024-01-01 = "New tariff"'),
    "colours": (re.compile(r"#[0-9a-fA-F]{6}").fullmatch, 'BRA = "#18a35f"'),
    "links": (re.compile(r"https?://\S+").fullmatch, '"About us" = "https://example.org"'),
}


@dataclass(frozen=True)
class Answer:
    """The answer in one sentence, with the verdicts that it rests on.

    Attributes
    ----------
    text
        ``{O02}`` stands for the number found for that claim, ``{O02.claimed}`` for the claimed
        one, ``{O02.deviation}`` for how far it is from the claim.
    rests_on
        The public word that each claim must have for the sentence to be true.
    numbers
        Names that stand for the number of one reading: its ``claim``, the ``reading`` and the
        ``unit`` that the sentence counts it in.
    """

    text: str = ""
    rests_on: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Forbidden:
    """A sentence that the figures forbid to write, what is right, and a page that shows why."""

    text: str
    because: str
    link: str = ""


@dataclass(frozen=True)
class Correction:
    """What a published report had `wrong` from one day to another: readers who used it are told.

    What of the report it `touched` is a phrase each; the cards of the `claims` lead to it.
    """

    date: str
    since: str
    wrong: str
    right: str
    touched: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


@dataclass(frozen=True)
class Project:
    """What the report of a project is about.

    Attributes
    ----------
    title, subtitle
        Of the front page: what is asked, and what the project is, a sentence each.
    byline, date
        Who answers for the report, and of which day it is.
    lead_chart
        The page whose first picture stands beside the answer.
    short
        The name in the menu; the title where it is left out.
    speaker
        Who said what is checked: names by the word that the ledger has for them.
    introduced
        Speakers' names where they stand alone, as on a picture to share, by those of `speaker`.
    answer
        The answer in one sentence.
    example
        A claim by which the front page shows how a number is checked.
    highlights
        Claims by which its first screen says what is right, wrong and open; those of the core
        that come first where it names none.
    themes
        In the order of the pages.
    words
        Words that a reader may search by; those of an entry stand for one another.
    products, areas
        The project's own words for goods, with their codes, the preferred first, and for areas.
        They come before the words that the package knows.
    do_not_write, correction
        What the figures forbid, and what the report had wrong before.
    events
        Words by day, for charts that ask for them by ``events=``.
    event_groups
        Days of these by a word, for which a chart asks by ``events="war"``.
    colours
        Of series in all charts, such as ``#0072b2``, by the id of an area or a code.
    links
        Addresses on the web by their words, for the foot of each page.
    cleaners
        Files of the folder ``cleaners/``, without their ending, that may be run: they are code.
    address
        Folder of the web where the report is published, with a slash at its end.
    """

    title: str
    subtitle: str = ""
    short: str = ""
    byline: str = ""
    date: datetime.date | None = None
    lead_chart: str = ""
    speaker: Mapping[str, str] = field(default_factory=dict)
    introduced: Mapping[str, str] = field(default_factory=dict)
    answer: Answer = field(default_factory=Answer)
    example: str = ""
    highlights: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    products: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    do_not_write: tuple[Forbidden, ...] = ()
    correction: tuple[Correction, ...] = ()
    events: Mapping[str, str] = field(default_factory=dict)
    event_groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    address: str = ""
    cleaners: tuple[str, ...] = ()

    def named(self, who: str) -> str:
        """Who said what the ledger has under `who`, as readers are told.

        Examples
        --------
        >>> Project("Oil", speaker={"Gazette (a copy)": "The Gazette"}).named("Gazette (a copy)")
        'The Gazette'
        """
        return self.speaker.get(who, who)


def project(root: Path | None = None) -> Project:
    """What ``project.toml`` says of the project in `root`, or of the one that you stand in.

    Errors are those of :func:`load`, and a CatalogueError where there is no project.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.project().short
    'China and Russia, checked'
    """
    return load(root or catalogue.root())


def own_colours() -> Mapping[str, str]:
    """The colours that the project has for its charts; none where there is no project."""
    return load_if_any().colours


def events_of(group: str) -> dict[str, str]:
    """Words by day of a group of the events that ``project.toml`` has.

    Raises
    ------
    QueryError
        It has no such group; the message has those that it has.

    Examples
    --------
    >>> len(events_of("war"))
    2
    """
    here = load_if_any()
    groups = here.event_groups
    if group not in groups:
        known = ", ".join(groups) or "none"
        raise QueryError(
            f"no group of events {group!r}{near(group, groups)}; event_groups of {FILE} has {known}"
        )
    return {day: here.events[day] for day in groups[group]}


def load_if_any(root: Path | None = None) -> Project:
    """As :func:`load`, of the project in `root` or that you stand in; an empty one without any."""
    try:
        folder = root or catalogue.root()
    except CatalogueError:
        return Project("")
    return load(folder)


def load(root: Path) -> Project:
    """What ``project.toml`` says; a project of the folder's name where there is none.

    Raises
    ------
    CatalogueError
        The file cannot be read, has an unknown key or a value of another kind; the message has
        the nearest key.
    """
    path = root / FILE
    if not path.is_file():
        name = root.resolve().name.replace("_", " ").capitalize()
        return Project(title=name, short=name)
    try:
        return _parsed(path.read_bytes())
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise CatalogueError(f"{path}: {error}") from error


@lru_cache(maxsize=4)  # each chart asks for its colours
def _parsed(text: bytes) -> Project:
    read = toml.record(Project, toml.loads(text.decode()))
    _require_words(read)
    _require_days_and_links(read)
    for group, days in read.event_groups.items():
        unknown = sorted({*days} - {*read.events})
        if unknown or not days:
            raise ValueError(
                f'event_groups: expected days of events such as {group} = ["2024-01-01"], found '
                f"{group} = {unknown or [*days]!r}"
            )
    return replace(
        read,
        short=read.short or read.title,
        address=read.address and read.address.rstrip("/") + "/",
        products={fold(word): read.products[word] for word in read.products},
        areas={fold(word): read.areas[word] for word in read.areas},
    )


def _require_words(read: Project) -> None:
    """Refuse, in a ValueError, a text that is not of the kind that its table has."""
    for key, (is_right, example) in TEXTS.items():
        for name, text in getattr(read, key).items():
            if not is_right(name if key == "events" else text):
                raise ValueError(f"{key}: expected one such as {example}, found {name} = {text!r}")
    coded = {"products": (read.products, codes.level), "areas": (read.areas, codes.area_kind)}
    for key, (words, check) in coded.items():
        for word, listed in words.items():
            if not listed:
                raise ValueError(f"{key}: {word} = {listed!r} stands for nothing")
            try:
                for code in [listed] if isinstance(listed, str) else listed:
                    check(code)
            except CodeError as error:
                raise ValueError(f"{key}: {word}: {error}") from error


def _require_days_and_links(read: Project) -> None:
    """Refuse, in a ValueError, a correction before its fault, and a link that might be a script."""
    for mended in read.correction:
        if not (is_day(mended.since) and is_day(mended.date) and mended.since <= mended.date):
            raise ValueError(
                'correction: expected days such as since = "2024-05-01" and a later date = '
                f'"2024-05-09", found {mended.since!r} and {mended.date!r}'
            )
    if read.address and not is_web_address(read.address):
        raise ValueError(f"address: expected an address of the web, found {read.address!r}")
    for link in (warning.link for warning in read.do_not_write):
        is_page = re.fullmatch(r"[\w.-]+(#[^\s:]*)?", link)
        if link and not is_page and not is_web_address(link):
            raise ValueError(f"link: expected a page of the report, found {link!r}")
