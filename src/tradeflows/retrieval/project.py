"""The project file, ``project.toml`` in the project's folder: what its report is about.

It holds what differs from one checked article to the next, so that the package itself knows of
none. A project without it has a front page with the folder's name.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from tradeflows.model import codes, toml
from tradeflows.model.errors import CatalogueError, CodeError, near
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
KINDS = {"str": "text", "list": "a list", "dict": "a table"}


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
    """What the figures forbid to write, and where a reader sees why.

    Attributes
    ----------
    text
        The sentence that is wrong.
    because
        What is right, in words without a number.
    link
        A page of the report, with an anchor or without.
    """

    text: str
    because: str
    link: str = ""


@dataclass(frozen=True)
class Correction:
    """What a published report had wrong: readers who used it are told.

    Attributes
    ----------
    date, since
        The day on which it was found, and the one since which it was wrong.
    wrong, right
        What was wrong and what is right now, in sentences.
    touched
        What of the report it was in, a phrase each.
    claims
        Those whose cards lead to it.
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
        Of the front page: what is asked, and what the project is, a sentence each. How many claims
        hold is said behind it.
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
    products
        The project's own words for goods, each with the codes that it stands for, the preferred
        first. They come before the words that the package knows.
    areas
        The project's own words for areas, each with the id of its area.
    do_not_write
        What the figures forbid.
    correction
        What the report had wrong before, each with its day: the page of corrections has them.
    events
        Words by day, for the charts of those questions that they belong to: ``events=`` of a
        chart takes them, and no chart marks any by itself.
    colours
        Of series in all charts, such as ``#0072b2``, by the id of an area or a code.
    links
        Addresses on the web by their words, for the foot of each page.
    cleaners
        Files of the folder ``cleaners/``, without their ending, that may be run: they are code.
    address
        Folder of the web where the report is published, with a slash at its end; its pages name
        themselves and their pictures by it.
    """

    title: str
    subtitle: str = ""
    short: str = ""
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

    Raises
    ------
    CatalogueError
        There is no project, or as :func:`load`.

    Examples
    --------
    >>> import tradeflows as tf
    >>> tf.project().short
    'China and Russia, checked'
    """
    return load(root or catalogue.root())


def own_colours() -> Mapping[str, str]:
    """The colours that the project has for its charts; none where there is no project."""
    here = load_if_any()
    return here.colours if here else {}


def load_if_any(root: Path | None = None) -> Project | None:
    """As :func:`load`, of the project in `root` or that you stand in; None where there is none."""
    try:
        folder = root or catalogue.root()
    except CatalogueError:
        return None
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
        return _parsed(path, path.read_bytes())
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror})") from error


@lru_cache(maxsize=4)  # each chart asks for its colours
def _parsed(path: Path, text: bytes) -> Project:
    try:
        content = toml.loads(text.decode())
    except ValueError as error:
        raise CatalogueError(f"{path}: cannot be read as TOML: {error}") from error
    _require_known(path, "project.toml", content, Project)
    if not isinstance(content.get("title"), str):
        raise CatalogueError(f'{path}: expected a title; write title = "What is asked?"')
    content["short"] = content.get("short") or content["title"]
    answer = content.pop("answer", {})
    warnings = content.pop("do_not_write", [])
    mended = content.pop("correction", [])
    for name, entry, record in [
        ("answer", answer, Answer),
        *(("do_not_write", warning, Forbidden) for warning in warnings),
        *(("correction", correction, Correction) for correction in mended),
    ]:
        _require_known(path, name, entry, record)
    _require_days(path, mended)
    for key, (is_right, example) in TEXTS.items():
        _require_texts(path, key, content.get(key, {}), is_right, example)
    _require_links(path, content.get("address", ""), warnings)
    if content.get("address"):
        content["address"] = content["address"].rstrip("/") + "/"
    words = {word: tuple(others) for word, others in content.pop("words", {}).items()}
    products = _own_products(path, content.pop("products", {}))
    areas = _own_areas(path, content.pop("areas", {}))
    try:
        return Project(
            answer=Answer(**answer),
            do_not_write=tuple(Forbidden(**warning) for warning in warnings),
            correction=tuple(_correction(entry) for entry in mended),
            words=words,
            products=products,
            areas=areas,
            themes=tuple(content.pop("themes", ())),
            highlights=tuple(content.pop("highlights", ())),
            cleaners=tuple(content.pop("cleaners", ())),
            **content,
        )
    except TypeError as error:  # a key of a warning or correction is missing
        raise CatalogueError(f"{path}: {error}") from error


def _correction(entry: Mapping[str, Any]) -> Correction:
    lists = {key: tuple(entry.get(key, ())) for key in ("touched", "claims")}
    return Correction(**{**entry, **lists})


def _require_days(path: Path, corrections: Iterable[Mapping[str, Any]]) -> None:
    """Refuse a correction whose days are none, or that was found before it was wrong."""
    for entry in corrections:
        for key in ("touched", "claims"):
            if not all(isinstance(item, str) for item in entry.get(key, ())):
                raise CatalogueError(f"{path}: correction: {key} must be a list of texts")
        days = [entry.get(key, "") for key in ("since", "date")]
        if not all(map(is_day, days)) or days != sorted(days):
            raise CatalogueError(
                f'{path}: correction: expected days such as since = "2024-05-01" and a later '
                f'date = "2024-05-09", found {days[0]!r} and {days[1]!r}'
            )


def _own_products(path: Path, entries: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The codes of each word for goods, the words folded."""
    products = {}
    for word, listed in entries.items():
        if not isinstance(listed, list) or not listed:
            raise CatalogueError(
                f'{path}: products: expected codes such as "green coffee" = ["090111"], '
                f"found {word} = {listed!r}"
            )
        _require_codes(path, f"products: {word}", codes.level, map(str, listed))
        products[fold(word)] = tuple(listed)
    return products


def _own_areas(path: Path, entries: Mapping[str, Any]) -> dict[str, str]:
    """The id of each word for an area, the words folded."""
    for word, area in entries.items():
        _require_codes(path, f"areas: {word}", codes.area_kind, [str(area)])
    return {fold(word): area for word, area in entries.items()}


def _require_codes(
    path: Path, where: str, check: Callable[[str], object], listed: Iterable[str]
) -> None:
    """Refuse what is no code, as `check` says."""
    try:
        for code in listed:
            check(code)
    except CodeError as error:
        raise CatalogueError(f"{path}: {where}: {error}") from error


def _require_links(path: Path, address: str, warnings: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a link that is neither of the web nor a page of the report: it might be a script."""
    links = [("address", address), *(("link", entry.get("link", "")) for entry in warnings)]
    for key, link in links:
        is_page = key == "link" and re.fullmatch(r"[\w.-]+(#[^\s:]*)?", link)
        if link and not is_page and not is_web_address(link):
            what = "a page of the report" if key == "link" else "an address of the web"
            raise CatalogueError(f"{path}: {key}: expected {what}, found {link!r}")


def _require_texts(
    path: Path,
    key: str,
    entries: Mapping[str, Any],
    is_right: Callable[[str], object],
    example: str,
) -> None:
    """Refuse an entry of the table `key` that is not as in `example`."""
    for name, text in entries.items():
        dated = name if key == "events" else text
        if not (isinstance(text, str) and is_right(str(dated))):
            raise CatalogueError(
                f"{path}: {key}: expected one such as {example}, found {name} = {text!r}"
            )


def _require_known(path: Path, where: str, entry: Any, record: type) -> None:
    """Refuse a key that `record` does not have, and a value of another kind than its default."""
    if not isinstance(entry, dict):
        raise CatalogueError(f"{path}: expected a table in {where}, found {entry!r}")
    kinds = {item.name: _kind(item) for item in fields(record)}
    for key, value in entry.items():
        if key not in kinds:
            raise CatalogueError(f"{path}: {where} has no key {key!r}{near(key, kinds)}")
        if not isinstance(value, kinds[key]):
            expected = KINDS[kinds[key].__name__]
            raise CatalogueError(f"{path}: expected {expected} in {key}, found {value!r}")


def _kind(item: Field[Any]) -> type:
    """What TOML has for a field: a list for a tuple, a table for a record or mapping, else text."""
    if isinstance(item.default, tuple):
        return list
    return str if item.default_factory is MISSING else dict
