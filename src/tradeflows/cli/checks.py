"""What can be refused before work begins and anything heavy is loaded."""

from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryFile

from tradeflows.model.errors import QueryError, near

LEDGER = Path("data", "claims.toml")


def require_folder(to: Path) -> None:
    """Refuse a folder that cannot be made or written.

    Raises
    ------
    QueryError
        The message names what is in the way.
    """
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
    """Refuse a file (by its suffix) or a folder that cannot be written; errors as above."""
    if to.suffix not in suffixes:
        require_folder(to)
    elif to.is_dir():
        raise QueryError(f"{to}: cannot be written, since it is a folder; name a file")
    else:
        require_folder(to.parent)


def require_new_folder(to: Path) -> None:
    """Refuse a folder in which there are files, or that cannot be made; errors as above."""
    require_folder(to)
    if to.is_dir() and any(to.iterdir()):
        raise QueryError(f"{to}: there are files in it; name a new folder")


def require_ledger(path: Path | None) -> None:
    """Refuse a ledger that is named and is not there.

    Raises
    ------
    QueryError
        The message has the nearest file of its folder.
    """
    if path is not None and not path.is_file():
        known = [file.name for file in path.parent.glob("*.toml")]
        raise QueryError(f"{path}: no such ledger{near(path.name, known)}")


def require_notebooks(paths: Iterable[Path], root: Path) -> None:
    """Refuse a notebook that is not there.

    Raises
    ------
    QueryError
        The message has the nearest notebook of the project.
    """
    for path in paths:
        if not path.is_file():
            known = [file.name for file in (root / "notebooks").glob("*.ipynb")]
            raise QueryError(f"{path}: no such notebook{near(path.name, known)}")


def require_claim(name: str, root: Path, ledger: Path | None) -> None:
    """Refuse a claim that the ledger does not have; a ledger that cannot be read is left to others.

    Raises
    ------
    QueryError
        The message has the nearest claim.
    """
    import tomllib

    path = ledger or root / LEDGER
    try:
        known = tomllib.loads(path.read_text(encoding="utf-8")).get("claim", {})
    except (OSError, ValueError):
        return
    if isinstance(known, dict) and name not in known:
        raise QueryError(f"the ledger: no claim {name!r}{near(name, known)}")
