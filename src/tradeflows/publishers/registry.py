"""Which publishers' files are known, how each begins, and the function that cleans it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

from tradeflows.model import toml
from tradeflows.model.errors import CatalogueError, LayoutError, QueryError, SourceError, near
from tradeflows.model.source import Source
from tradeflows.publishers import Part

HEAD = 1 << 16
OWN = "project."  # how the cleaners of a project begin, which no module here reads
_ZH = "|".join(("数据年月", "商品编码", "贸易伙伴编码", "第一数量", "美元", "人民币"))


@dataclass(frozen=True)
class Known:
    """A publisher whose files are recognised: what they are, their table, how they begin."""

    about: str
    table: str
    begins: re.Pattern[bytes]


KNOWN = {
    "gacc": Known(
        "China's customs (query CSV or .xlsx, or monthly table 13 or 14)",
        "trade",
        re.compile(
            rb"\A[^\r\n]*("
            + f"{_ZH}|".encode("gb18030")
            + f"{_ZH}|".encode()
            # As the name of a whole column: others write of US dollars too.
            + rb"(?<![^,;\t\"\xbf])(Commodity code|US dollar|Renminbi Yuan)(?![^,;\t\"\r\n]))|"
            rb"Commodities in Quantity and Value"
        ),
    ),
    "cbr": Known("the Bank of Russia (XML of rates)", "rates", re.compile(rb"<ValCurs\b")),
    "ecb": Known(
        "the European Central Bank (eurofxref zip or CSV)",
        "rates",
        re.compile(rb"\A(PK.{,200}eurofxref|(\xef\xbb\xbf)?Date, ?[A-Z]{3},)", re.DOTALL),
    ),
    "eurostat_energy": Known(
        "Eurostat's energy trade (TSV, SDMX-CSV or JSON-stat of nrg_ti_…m)",
        "trade",
        re.compile(rb"\A[^\r\n]*\bsiec\b[^\r\n]*\bTIME_PERIOD\b|\A\s*\{.*\bESTAT\b", re.DOTALL),
    ),
    "comtrade": Known(
        "UN Comtrade (JSON, bulk text, TradeData.csv or .xlsx)",
        "trade",
        re.compile(
            rb'\A(\xef\xbb\xbf)?\s*\{\s*"(elapsedTime|count|data)"\s*:|'
            rb"\A[^\r\n]*typeCode\W+freqCode",
            re.IGNORECASE,
        ),
    ),
    "comext": Known(
        "Eurostat Comext (full_….7z or .dat, SDMX-CSV, relational view or .xlsx)",
        "trade",
        re.compile(
            rb"\A(7z\xbc\xaf|(\xef\xbb\xbf)?((REPORTER|DECLARANT),(PARTNER|DECLARANT_ISO),|"
            rb"DATAFLOW[^\r\n]*\breporter\b[^\r\n]*\bindicators\b|"
            rb"[^\r\n]*\bREPORTER\b[^\r\n]*\b(VALUE_IN_EUR|QUANTITY_IN_100KG))|"
            rb"PK\x03\x04.{26}(\[Content_Types\]|_rels/|docProps/|xl/))",
            re.DOTALL,
        ),
    ),
}

MODULES = (*KNOWN, "tidy")  # those that have cleaners; the others help them


def _module(name: str) -> Any:
    """A module of this package, which is loaded when a file needs it."""
    return import_module(f"tradeflows.publishers.{name}")


def recognise(path: Path) -> list[str]:
    """Names of the publishers whose files begin as `path` does.

    Raises
    ------
    SourceError
        The file cannot be read, or is empty.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror})") from error
    if not head:
        raise SourceError(f"{path}: empty; save it again")
    if head.startswith(b"\x1f\x8b"):
        try:
            head = zlib.decompressobj(31).decompress(head, HEAD)
        except zlib.error as error:
            raise LayoutError(path, "a whole gzip file", str(error)) from error
    names = [name for name, known in KNOWN.items() if known.begins.search(head)]
    if names == ["comext"] and head.startswith(b"PK"):  # any workbook: its columns tell whose
        with suppress(LayoutError):  # of several sheets, or damaged: who cleans it says so
            columns = ",".join(_module("workbooks").table(path)[0]).encode()
            others = [name for name in ("comtrade", "gacc") if KNOWN[name].begins.search(columns)]
            return others[:1] or names  # Comext's have no columns that are alike
    return names


def publisher_cleaner(
    publisher: str, options: Collection[str], paths: Sequence[Path] = ()
) -> Callable[..., Iterator[Part]]:
    """The function that cleans `paths`, if they are of `publisher` and it takes all of `options`.

    Raises
    ------
    QueryError
        There is no such publisher or option; the message lists what there is.
    LayoutError
        A file begins as none of `publisher` does; the message says what it looks like.
    """
    if publisher not in KNOWN:
        raise QueryError(f"no publisher {publisher!r}{near(publisher, KNOWN)}")
    for path in paths:
        names = recognise(path)
        if publisher not in names:
            like = " or ".join(KNOWN[name].about for name in names) or "nothing that is known"
            todo = f"tradeflows clean {names[0]}" if names else "save it as the publisher sends it"
            raise LayoutError(path, KNOWN[publisher].about, f"what looks like {like}", todo)
    function: Callable[..., Iterator[Part]] = _module(publisher).clean
    for option in options:
        if option not in signature(function).parameters:
            where = "".join(f"{path}: " for path in paths[:1])
            raise QueryError(f"{where}files of {publisher} take no --{option}; leave it out")
    return function


def cleaner(source: Source) -> Callable[..., Any]:
    """The function of path and `source` that yields rows of its file, its arguments filled in.

    Raises
    ------
    CatalogueError
        There is no such function, it has no such argument, or it lacks one that it needs.
    """
    name = source.cleaner.removesuffix(".clean")
    if name not in MODULES or name == source.cleaner:
        known = [f"{module}.clean" for module in MODULES]
        raise CatalogueError(f"no cleaner {source.cleaner!r}{near(source.cleaner, known)}")
    function = _module(name).clean
    _, _, *takes = signature(function).parameters.values()
    names = [item.name for item in takes]
    try:
        if name == "tidy":
            _module(name).read_map(source, **source.arguments)
        else:
            needed = [item.name for item in takes if item.default is item.empty]
            toml.require_keys(dict(source.arguments), names, needed)
    except ValueError as error:
        listed = ", ".join(names) or "none"
        raise CatalogueError(f"{source.cleaner}: {error}; its arguments are {listed}") from error
    return partial(function, **source.arguments) if source.arguments else function


def records(source: Source, path: Path, places: Collection[Any]) -> dict[Any, Any]:
    """What stands in the file of `source` at each of `places`: a record's number, and a field."""
    name = source.cleaner.partition(".")[0]
    if name == "comext":  # where the field matters too
        return dict(_module(name).cells(path, places))
    wanted = {record for record, _ in places}
    if name in KNOWN:
        lines = _module(name).records(path, wanted)
    elif name == "tidy" and _module("workbooks").is_workbook(path):
        lines = _module("workbooks").records(path, wanted)
    else:  # read by a map, or by a cleaner of the project's own
        separator = source.arguments.get("separator", ",")
        lines = _module("reading").records(path, wanted, separator)
    return {place: lines[place[0]] for place in places if place[0] in lines}
