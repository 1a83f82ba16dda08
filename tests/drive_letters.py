"""Use a project as on Windows, ``drive_letters.py FOLDER``: paths have a drive and backslashes.

To the package a path is ``C:\\home\\x`` as text, and such a text is a path; what Python and the
system are asked for stays as it is. So whatever keeps a path as text, in a file or on a page,
shows the drive or a backslash.
"""

import os
import pathlib
import sys

PACKAGE = pathlib.Path(__file__).parents[1] / "src" / "tradeflows"
DRIVE = "C:"
OF_PACKAGE = os.fspath(PACKAGE)
written = pathlib.PosixPath.__str__


def plain(part):
    """The text of a path as this system has it."""
    return part.removeprefix(DRIVE).replace("\\", "/") if isinstance(part, str) else part


def fspath(path):
    """What the system is asked for."""
    return plain(written(path))


def as_posix(path):
    """The path with forward slashes, which to the package has a drive if it is absolute."""
    text = fspath(path)
    is_asked_here = sys._getframe(1).f_code.co_filename.startswith(OF_PACKAGE)
    return DRIVE + text if is_asked_here and path.is_absolute() else text


def text(path):
    """The path as text, which to the package is that of Windows."""
    if not sys._getframe(1).f_code.co_filename.startswith(OF_PACKAGE):
        return fspath(path)
    drive = DRIVE if path.is_absolute() else ""
    return drive + fspath(path).replace("/", "\\")


def pretend():
    """Let the paths of this process be so."""
    pathlib.PosixPath.__fspath__ = fspath
    pathlib.PosixPath.__str__ = text
    pathlib.PosixPath.as_posix = as_posix
    if sys.version_info < (3, 12):
        parse = pathlib.PurePath._parse_args.__func__
        pathlib.PosixPath._parse_args = classmethod(
            lambda cls, parts: parse(cls, [*map(plain, parts)])
        )
    else:
        make = pathlib.PosixPath.__init__
        pathlib.PosixPath.__init__ = lambda path, *parts: make(path, *map(plain, parts))


def use(folder):
    """Make a project in `folder`; add, build, ask, trace and report in it."""
    from comtrade_twin import Twin, row, serve
    from maps import WHEAT_MAP
    from test_init import EXPORTS

    from tradeflows import cli, tables
    from tradeflows.explore.ask import ask
    from tradeflows.tables.trace import trace

    def do(*words):
        status = cli.main([*words])
        assert status == 0, words

    os.chdir(folder)
    do("init", "wheat")
    root = folder / "wheat"
    os.chdir(root)
    (folder / "exports.csv").write_text(EXPORTS, encoding="utf-8")
    (folder / "map.toml").write_text(WHEAT_MAP, encoding="utf-8")
    typed = [
        f"{DRIVE}{os.fspath(folder / name)}".replace("/", "\\")
        for name in ("exports.csv", "map.toml")
    ]
    do("add", typed[0], "--map", typed[1], "--commit")
    with serve(Twin([row(period="202501", product="1001", flow="M")], gap=0.0)) as base:
        os.environ |= {"TRADEFLOWS_COMTRADE_URL": base, "COMTRADE_KEY": ""}
        ask("1001", "China", "Russia", start="2025-01", end="2025-01", root=root)
    do("build")
    do("sources")
    do("doctor")
    rows = tables.read(source="exports", root=root)
    trace(rows, "value_reported", root).to_csv(root / "traced.csv")
    do("accept")
    do("report")


if __name__ == "__main__":
    sys.path.insert(0, os.fspath(pathlib.Path(__file__).parent))
    pretend()
    use(pathlib.Path(sys.argv[1]))
