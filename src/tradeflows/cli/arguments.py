"""The parser: which verbs there are, in which groups, and the arguments of each."""

import argparse
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from tradeflows import __version__
from tradeflows.cli import terminal, verbs
from tradeflows.model.errors import QueryError, near
from tradeflows.model.words import direction

Parser = argparse.ArgumentParser
Verb = Callable[[argparse.Namespace], None]

GROUPS: dict[str, tuple[Verb, ...]] = {
    "Answers": (verbs.claims, verbs.trace, verbs.report),
    "What is held": (verbs.sources, verbs.rows, verbs.doctor),
    "More figures": (
        verbs.ask,
        verbs.available,
        verbs.fetch,
        verbs.sketch,
        verbs.add,
        verbs.update,
        verbs.remove,
        verbs.clean,
        verbs.guide,
        verbs.diff,
    ),
    "The project": (
        verbs.init,
        verbs.build,
        verbs.verify,
        verbs.check,
        verbs.accept,
        verbs.migrate,
        verbs.completion,
    ),
}
EXAMPLES = {
    "tradeflows claims": "every claim with its verdict",
    "tradeflows trace CLAIM": "the raw lines behind the numbers of one claim",
    "tradeflows report --to report": "run the notebooks and write all pages",
}
INVALID = re.compile(r"argument (\S+): invalid choice: '?(.*?)'? \(choose from (.*)\)")
GOES_ON = "the same command again asks only for what is missing"
LISTS = ("ask", "available", "sources", "claims", "trace", "doctor", "diff", "rows")


class OneLineParser(argparse.ArgumentParser):
    """A parser whose refusals are one line, with the nearest valid word."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command, and end with status 2."""
        wrong = INVALID.match(message)
        if wrong:
            choices = [choice.strip("' ") for choice in wrong[3].split(",")]
            message = f"no {wrong[1].lower()} {wrong[2]!r}{near(wrong[2], choices)}"
        told = f"{message} See" if message.endswith("?") else f"{message}; see"
        self.exit(2, f"{self.prog}: {told} `{self.prog} --help`\n")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print a help text as any answer: what argparse does says nothing of a full disk."""
        if file is sys.stdout:
            file.write(message)
        else:
            super()._print_message(message, file)


class TopParser(OneLineParser):
    """The parser of the command itself, whose help lists the verbs in groups."""

    def format_help(self) -> str:
        """Verbs in groups, examples, options."""
        options = self._get_formatter()
        options.start_section("Options, before or after the verb")
        options.add_arguments(self._optionals._group_actions)
        options.end_section()
        return f"{overview()}\n\n{options.format_help()}"


def overview() -> str:
    """The verbs in groups with a line each, and three examples."""
    lines = ["From a publisher's raw row to a checked sentence.", ""]
    lines.append("usage: tradeflows VERB …; `tradeflows VERB --help` says more")
    for group, members in GROUPS.items():
        lines += ["", f"{group}:"]
        lines += listed({verb.__name__: first_line(verb) for verb in members})
    return "\n".join([*lines, "", "Examples:", *listed(EXAMPLES)])


def listed(words: Mapping[str, str]) -> list[str]:
    """Words with what each does, no wider than the terminal."""
    longest = max(len(verb.__name__) for members in GROUPS.values() for verb in members)
    rows = [(f"  {word.ljust(longest)}", what) for word, what in words.items()]
    return terminal.table(rows, terminal.width())


def first_line(verb: Callable[..., None]) -> str:
    """What a verb does, in one line."""
    return (verb.__doc__ or "").partition("\n")[0]


def parser() -> argparse.ArgumentParser:
    """The command line; each verb is a function of :mod:`verbs` and its docstring the help."""
    top = TopParser(prog="tradeflows", usage=argparse.SUPPRESS)
    top.add_argument("--version", action="version", version=f"tradeflows {__version__}")
    _everywhere(top, root=None, quiet=False)
    top.add_argument("--json", action="store_true", help="of what is listed everything, as JSON")
    below = top.add_subparsers(
        required=True,
        prog="tradeflows",
        metavar="VERB",
        dest="verb",
        parser_class=OneLineParser,
        help="what to do, such as claims",
    )
    for verb in (verb for members in GROUPS.values() for verb in members):
        name = verb.__name__
        below_verb = below.add_parser(name, help=first_line(verb), description=verb.__doc__)
        below_verb.set_defaults(run=verb)
        _everywhere(below_verb, root=argparse.SUPPRESS, quiet=argparse.SUPPRESS)
        if name in LISTS:
            below_verb.add_argument(
                "--json",
                action="store_true",
                default=argparse.SUPPRESS,
                help="everything, for a program",
            )
        if name in ARGUMENTS:
            ARGUMENTS[name](below_verb)
    return top


def parsed(words: list[str]) -> argparse.Namespace:
    """What a command says; ``--json`` of a verb that lists nothing is refused."""
    top = parser()
    found = top.parse_args(words)
    if found.json and found.verb not in LISTS:
        top.error(f"--json is for verbs that list something: {', '.join(LISTS)}")
    return found


def _everywhere(parser: Parser, *, root: Any, quiet: Any) -> None:
    """The options that may stand before or after the verb."""
    parser.add_argument(
        "--root",
        type=Path,
        default=root,
        metavar="FOLDER",
        help="the project's folder, such as ~/trade; else TRADEFLOWS_ROOT, else found",
    )
    parser.add_argument(
        "--quiet", action="store_true", default=quiet, help="say nothing of how far the work is"
    )


# --- the arguments of each verb -------------------------------------------------------------------


def _claims(verb: Parser) -> None:
    verb.add_argument("claim", nargs="?", help="id of one claim, such as O08, to see it in full")
    verb.add_argument("--all", action="store_true", help="also those that are not of the core")
    _ledger(verb)


def _trace(verb: Parser) -> None:
    verb.add_argument("claim", help="id of the claim, such as O08, as `tradeflows claims` lists it")
    verb.add_argument("--definition", help='the name of one reading, such as "crude oil alone"')
    _ledger(verb)


def _ledger(verb: Parser) -> None:
    verb.add_argument(
        "--ledger", type=Path, metavar="FILE", help="such as mine.toml; else data/claims.toml"
    )
    _local(verb, default=False)


def _local(verb: Parser, *, default: bool) -> None:
    usual = "with" if default else "without"
    verb.add_argument(
        "--local",
        action=argparse.BooleanOptionalAction,
        default=default,
        help=f"with the files that you fetched or added, or without; default: {usual}",
    )


def _report(verb: Parser) -> None:
    _notebooks(verb)
    _ledger(verb)
    verb.add_argument(
        "--to", type=Path, metavar="FOLDER", help="default: report, in the project's folder"
    )


def _notebooks(verb: Parser) -> None:
    verb.add_argument(
        "notebook",
        nargs="*",
        type=Path,
        help="such as notebooks/01_first_look.ipynb; all of notebooks/ if none",
    )


def _rows(verb: Parser) -> None:
    verb.add_argument("table", help="such as trade; else settlement, rates or figures")
    verb.add_argument(
        "column", nargs="+", help="such as cmd_code=2709 partner_iso=RUS month=2023-05"
    )
    _local(verb, default=True)


def _doctor(verb: Parser) -> None:
    _local(verb, default=True)
    verb.add_argument("--all", action="store_true", help="every finding, not ten of each kind")


def _ask(verb: Parser) -> None:
    verb.add_argument("product", help="such as wheat, 1001 or wheat,maize")
    verb.add_argument("reporter", help="whose figures, such as China or China,India")
    verb.add_argument("partner", nargs="?", help="such as Russia; else the world as a whole")
    verb.add_argument("--start", required=True, help="first month or year, such as 2023")
    verb.add_argument("--end", help="the last, such as 2023-12; else the last that is out")
    verb.add_argument("--flow", default="imports", help="imports or exports; default: imports")
    _rhythm(verb)
    verb.add_argument("--unit", default="", help="such as tonnes or USD; else the first stated")
    _edition(verb)
    verb.add_argument(
        "--breakdown",
        default="",
        help="the parts of each total, such as transport, procedure or 'second partner'",
    )
    verb.add_argument(
        "--refresh", action="store_true", help="look for a newer release of what is held"
    )
    verb.set_defaults(interrupted=GOES_ON)


def _available(verb: Parser) -> None:
    verb.add_argument("reporter", help="whose figures, such as China, several with commas, or OPEC")
    verb.add_argument("partner", nargs="?", help="such as Russia; else any")
    _rhythm(verb)


def _rhythm(verb: Parser) -> None:
    verb.add_argument("--freq", choices=["M", "A"], default="M", help="default: M, by month")


def _flow(verb: Parser, otherwise: str) -> None:
    verb.add_argument(
        "--flow",
        type=_direction,
        choices=["M", "X"],
        metavar="FLOW",
        help=f"imports or exports; {otherwise}",
    )


def _direction(word: str) -> str:
    try:
        return direction(word)
    except QueryError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _edition(verb: Parser) -> None:
    verb.add_argument(
        "--classification", default="HS", help="an edition of the HS, such as H5; default: HS"
    )


def _fetch(verb: Parser) -> None:
    """The publishers whose services ``fetch`` asks, each with its question."""
    ways = verb.add_subparsers(
        dest="publisher",
        required=True,
        metavar="PUBLISHER",
        parser_class=OneLineParser,
        help="whose service is asked, such as comtrade",
    )
    comtrade = _way(ways, verbs.comtrade)
    comtrade.add_argument("--reporter", required=True, help="such as China,DEU or all")
    comtrade.add_argument("--partner", required=True, help="such as Russia,World or all")
    comtrade.add_argument("--flow", required=True, help="such as imports, or imports,exports")
    comtrade.add_argument("--products", required=True, help="such as 2709,TOTAL, or AG2, AG4, AG6")
    _rhythm(comtrade)
    _edition(comtrade)
    comtrade.add_argument(
        "--cap",
        type=int,
        metavar="ROWS",
        help="rows that your key may have a call, such as 250000; default: 100000",
    )
    comext = _way(ways, verbs.comext)
    for way in (comtrade, comext):
        name = way.prog.split()[-1]
        way.add_argument("--start", required=True, help="first month or year, such as 2022-01")
        way.add_argument("--end", required=True, help="the last, such as 2023-12")
        way.add_argument(
            "--url", help=f"base address, such as a proxy's; else TRADEFLOWS_{name.upper()}_URL"
        )
        way.add_argument("--dry-run", action="store_true", help="say what would be asked")


def _way(ways: Any, ask: Callable[..., None]) -> Parser:
    way: Parser = ways.add_parser(ask.__name__, help=first_line(ask), description=ask.__doc__)
    way.set_defaults(ask=ask, interrupted=GOES_ON)
    return way


def _diff(verb: Parser) -> None:
    verb.add_argument(
        "source",
        nargs="?",
        default="comtrade",
        help="comtrade or comext, of what was fetched, or the id of a file; default: comtrade",
    )
    verb.add_argument("period", nargs="?", default="", help="such as 2024-02; else all")
    verb.add_argument(
        "--most",
        type=int,
        default=100,
        metavar="N",
        help="lines to print at most; 0 for all; default: 100",
    )


def _clean(verb: Parser) -> None:
    verb.add_argument("publisher", help="such as gacc, cbr, ecb, eurostat_energy, comext")
    _files(verb)
    verb.add_argument(
        "--to", type=Path, required=True, metavar="OUT", help="such as out.parquet, out.csv or out/"
    )
    verb.add_argument("--strict", action="store_true", help="leave nothing out")
    verb.add_argument(
        "--cluster",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="a task a file on the Dask scheduler there, such as tcp://10.0.0.1:8786, whose "
        "workers see FILE and OUT at the same place; without ADDRESS, a worker a core here",
    )
    verb.set_defaults(interrupted="the same command again does only what is missing")


def _add(verb: Parser) -> None:
    _files(verb)
    verb.add_argument(
        "--map", type=Path, metavar="FILE", help="a completed sketch, such as wheat.toml"
    )
    verb.add_argument(
        "--commit",
        action="store_true",
        help="into the project's own catalogue, data/raw/sources.toml, beside its other files",
    )
    _vintage(verb)
    verb.add_argument(
        "--rank",
        type=int,
        help="which of two that state one cell is taken, the smallest; default: of the map, else "
        "1 with --commit or of a whole month of Comext, else 9",
    )
    _about(verb)


def _vintage(verb: Parser) -> None:
    verb.add_argument(
        "--vintage",
        default="not stated",
        help="of the publisher's release, such as 2024-03-20, 2024-03 or 2024",
    )


def _about(verb: Parser) -> None:
    verb.add_argument("--title", help='such as "Wheat exports by partner: tonnes, by month"')
    verb.add_argument("--steps", help='how it was got, such as "queried by month, downloaded"')
    verb.add_argument("--address", help="the page it is from, such as https://example.org/wheat")
    verb.add_argument("--licence", help='such as "CC BY 4.0"; default: not stated')


def _update(verb: Parser) -> None:
    verb.add_argument("source", help="as `tradeflows sources` lists it, such as eia_brent_monthly")
    verb.add_argument("file", type=Path, help="the newer release, such as brent_2024.csv")
    _vintage(verb)
    _about(verb)
    verb.add_argument(
        "--force",
        action="store_true",
        help="though it lacks periods of the older one, or its figures are of another size",
    )
    verb.add_argument(
        "--no-accept",
        action="store_true",
        help="leave notebooks, verdicts and control totals to `tradeflows accept`",
    )


def _sketch(verb: Parser) -> None:
    verb.add_argument(
        "file", type=Path, help="a CSV in UTF-8 or a workbook, such as downloads/wheat.csv"
    )
    verb.add_argument(
        "--publisher",
        default="",
        help="your short name for whose statistic it is, such as usda; else the file's first word",
    )
    verb.add_argument(
        "--table",
        default="",
        help="such as trade, rates, settlement or figures; else trade",
    )
    verb.add_argument("--to", type=Path, metavar="FILE", help="such as wheat.toml; else printed")


def _remove(verb: Parser) -> None:
    verb.add_argument("id", nargs="+", help="as `tradeflows sources` lists it, such as mine_3f2a")


def _files(verb: Parser) -> None:
    verb.add_argument("file", nargs="+", type=Path, help="such as downloads/*.csv")
    _flow(verb, "where unsaid")
    verb.add_argument("--period", help="such as 2023, 2023-05 or 2023-01/2023-05, likewise")
    verb.add_argument("--product", help="a code, such as 2709, or TOTAL, likewise")
    verb.add_argument("--partner", help="such as Russia or World, likewise")


def _guide(verb: Parser) -> None:
    verb.add_argument("site", choices=["gacc"], help="gacc: China's customs")
    verb.add_argument("--product", required=True, help="HS code of 2 to 8 digits, such as 8806")
    verb.add_argument("--start", required=True, help="first month, such as 2023-01")
    verb.add_argument("--end", help="last month, such as 2023-12")
    verb.add_argument("--partner", help="such as Russia; else all")
    _flow(verb, "default: imports")
    verb.add_argument("--currency", choices=["USD", "CNY"], help="default: USD")


def _init(verb: Parser) -> None:
    verb.add_argument("folder", type=Path, help="to be made, such as wheat_prices")
    verb.add_argument(
        "--title", default="", help='of the report, such as "Wheat prices"; else the folder\'s name'
    )


def _migrate(verb: Parser) -> None:
    verb.add_argument(
        "ledger",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="such as mine.toml; else data/claims.toml",
    )


def _completion(verb: Parser) -> None:
    verb.add_argument(
        "shell",
        choices=["bash", "zsh", "tcsh"],
        help="such as bash: `tradeflows completion bash > ~/.local/share/bash-completion/"
        "completions/tradeflows`",
    )


ARGUMENTS: dict[str, Callable[[Parser], None]] = {
    "accept": _ledger,
    "add": _add,
    "ask": _ask,
    "available": _available,
    "check": _notebooks,
    "claims": _claims,
    "clean": _clean,
    "completion": _completion,
    "diff": _diff,
    "doctor": _doctor,
    "fetch": _fetch,
    "guide": _guide,
    "init": _init,
    "migrate": _migrate,
    "remove": _remove,
    "report": _report,
    "rows": _rows,
    "sketch": _sketch,
    "trace": _trace,
    "update": _update,
}
