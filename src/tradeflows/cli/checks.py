"""What can be refused before work begins and anything heavy is loaded.

Each refuses by a QueryError (the command is wrong) or a SourceError (a file is), whose message
names what is in the way and what to do.
"""

import os
import shutil
from collections.abc import Iterable, Sequence
from errno import ENOENT
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile

from tradeflows.cli.terminal import say
from tradeflows.model.contracts import require_columns
from tradeflows.model.errors import QueryError, SourceError, nearest, there_are
from tradeflows.model.periods import parse_period
from tradeflows.model.source import require_table
from tradeflows.model.words import count_of, direction

LEDGER = Path("data", "claims.toml")
CHART_SCRIPT = Path("assets", "chart.js")  # which every report has
PAGES = (".html", ".css", ".js", ".json")
# What a person may name a column of trade, and the column.
NAMED = {
    "reporter": "reporter_iso",
    "partner": "partner_iso",
    "product": "cmd_code",
    "flow": "flow_code",
    "source": "source_id",
}
SEVERAL = {*NAMED.values(), "month"}  # whose values have no comma of their own


def require_folder(to: Path) -> None:
    """Refuse a folder that cannot be made or written."""
    place = next(folder for folder in (to, *to.absolute().parents) if folder.exists())
    if not place.is_dir():
        raise QueryError(f"{to}: cannot be written, since {place} is a file; name another folder")
    try:  # what a system says of rights is not all that decides, above all on Windows
        with TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise QueryError(
            f"{to}: cannot be written, since {place} takes no new file ({error.strerror}); "
            "name another folder"
        ) from error


def require_output(to: Path, suffixes: Iterable[str]) -> None:
    """Refuse a file (by its suffix) or a folder that cannot be written."""
    is_file = to.suffix in suffixes
    if is_file and to.is_dir():
        raise QueryError(f"{to}: cannot be written, since it is a folder; name a file")
    require_folder(to.parent if is_file else to)


def require_new_file(to: Path, suffix: str) -> None:
    """Refuse a file that cannot be written, or that is there."""
    require_output(to, [suffix])
    if to.exists():
        raise QueryError(f"{to}: it is there already, and is not overwritten; name another file")


def require_folder_of_pages(to: Path, root: Path) -> None:
    """Refuse a folder of pages that cannot be written, or that holds what is not of a report."""
    require_folder(to)
    for path in sorted(to.glob("*.*")):
        if path.suffix in PAGES and path.is_dir():
            raise QueryError(
                f"{path}: cannot be written, since it is a folder; move it away, or name another "
                "folder by --to"
            )
    is_of_data = to.resolve().is_relative_to((root / "data").resolve())
    is_foreign = to.is_dir() and any(to.iterdir()) and not (to / CHART_SCRIPT).is_file()
    if is_of_data or is_foreign:
        raise QueryError(
            f"{to}: lies in data, or holds other files than a report's; name a new folder, or an "
            "empty one, by --to"
        )


def require_address(root: Path) -> None:
    """Refuse a project whose report has no address on the web."""
    from tradeflows.retrieval import project

    if not project.load(root).address:
        raise SourceError(
            f"{root / project.FILE}: no address of the report, without which no review can be "
            'found; add one, such as address = "https://example.org/report/"'
        )


def require_ledger(path: Path | None, root: Path) -> None:
    """Refuse a ledger that is named and is not there; the nearest one is said."""
    if path is None or path.is_file():
        return
    files = [*path.parent.glob("*.toml"), *(root / LEDGER.parent).glob("*.toml")]
    known = [str(file) for file in files if "[claim." in file.read_text("utf-8", "replace")]
    raise QueryError(f"{path}: no such ledger; {_nearest_file(path, known)}")


def lines_of(path: Path | None) -> int:
    """How many claims a file of lines has, if there is one; what is none is refused."""
    if path is None:
        return 0
    from tradeflows.claims import lines

    if path.suffix not in lines.SUFFIXES:
        raise QueryError(f"{path}: expected a file of lines, such as article.csv or article.xlsx")
    require_file(path)
    return len(lines.read(path))


def not_kept(new: Path | None, errors: Sequence[Exception]) -> list[str]:
    """Keep no new file of lines of which some are wrong, and say so."""
    if not (new and errors):
        return []
    new.unlink()
    return [f"{new}: not kept; mend the wrong lines, and type this again"]


def empty(folder: Path) -> None:
    """Remove all that lies in a folder, such as what a command began that failed."""
    for path in folder.iterdir() if folder.is_dir() else ():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def take_lines(path: Path | None, root: Path) -> Path | None:
    """Keep a file of lines, if there is one, as the project's, say so, and return where it is new.

    A project that has other lines keeps them.
    """
    if path is None:
        return None
    count = count_of(lines_of(path), "line")
    from tradeflows.model.files import save

    to, raw = (root / LEDGER).with_suffix(path.suffix), path.read_bytes()
    is_new = not to.exists()
    if not is_new and to.read_bytes() != raw:
        raise QueryError(
            f"{to}: it is there already with other lines; edit it, or remove it before {path.name} "
            "takes its place"
        )
    save({to: raw})
    say(f"{to}: {count} of {path.name}")
    return to if is_new else None


def notebooks(paths: Iterable[Path], root: Path) -> list[Path]:
    """Files of notebooks, each of which may be named from here, or from the project's folder."""
    folder = root / "notebooks"
    files = []
    for path in paths:
        places = [place for place in (path, root / path, folder / path) if place.is_file()]
        if not places:
            known = [file.relative_to(root).as_posix() for file in folder.glob("*.ipynb")]
            raise QueryError(f"{path}: no such notebook; {_nearest_file(path, known)}")
        files.append(places[0])
    return files


def _nearest_file(path: Path, known: Iterable[str]) -> str:
    """The end of a message about a file that is not there: those with much the same name, or all.

    What all files of a kind end in makes no two of them alike.
    """
    by_stem = {Path(name).stem: name for name in known}
    close = [by_stem[stem] for stem in nearest(path.stem, by_stem)]
    if close:
        return f"did you mean {' or '.join(close)}?"
    return there_are(by_stem.values()) if by_stem else "the project has none"


def conditions(table: str, words: Iterable[str], root: Path | None = None) -> dict[str, list[str]]:
    """What rows of `table` are asked to have, by column: ids, or words that stand for them."""
    require_table(table)
    wanted: dict[str, list[str]] = {}
    for name, value in pairs(words).items():
        column = NAMED.get(name, name) if table == "trade" else name
        if column in wanted:
            raise QueryError(f"{column} is asked twice; give its values with commas")
        wanted[column] = value.split(",") if column in SEVERAL else [value]
    require_columns(table, wanted)
    for month in wanted.get("month", ()):
        parse_period(month, "month", grain="month")
    from tradeflows.retrieval import own_words

    def goods(word: str) -> Sequence[str]:
        try:
            return own_words.product(word, root)
        except QueryError:
            if word.islower():
                raise
            return [word]  # a code of another system is itself

    for name, values in wanted.items():
        if name == "cmd_code":
            wanted[name] = [*chain.from_iterable(map(goods, values))]
        elif name in ("reporter_iso", "partner_iso"):
            wanted[name] = [own_words.area(word, root) for word in values]
        elif name == "flow_code":
            wanted[name] = [*map(direction, values)]
    return wanted


def pairs(words: Iterable[str]) -> dict[str, str]:
    """Words such as ``month=2023-05`` by their name; what has no ``=`` is refused."""
    wanted = {}
    for word in words:
        column, equals, value = word.partition("=")
        if not equals:
            raise QueryError(f"{word!r}: expected column=value, such as month=2023-05")
        if column in wanted:
            raise QueryError(f"{column}= is given twice; several values stand with commas")
        wanted[column] = value
    return wanted


def areas(reporter: str, partner: str | None, root: Path) -> tuple[list[str], list[str] | None]:
    """Reporters and partners as words with commas name them; one that is none is refused."""
    from tradeflows.explore.questions import area_ids

    reporters, partners = reporter.split(","), partner.split(",") if partner else None
    area_ids(reporters, root, "reporter")
    area_ids(partners, root)
    return reporters, partners


def require_file(path: Path) -> None:
    """Refuse a file that is not there, or is none, such as a pipe that may never end."""
    if not path.exists():
        raise SourceError(f"{path}: cannot be read ({os.strerror(ENOENT)})")
    if not (path.is_file() or path.is_dir()):
        raise SourceError(f"{path}: is no file of a disk; save what it gives as one")
