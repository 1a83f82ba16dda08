"""The command line: which verbs there are, in which groups, and what a command's words ask for."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import (
    App,
    Argument,
    CycloptsError,
    Group,
    Parameter,
    UnknownCommandError,
    UnusedCliTokensError,
)
from rich.console import Console

from tradeflows import __version__
from tradeflows.cli import verbs
from tradeflows.cli.verbs import Common
from tradeflows.model.errors import QueryError, near

Verb = Callable[..., None]

FETCH = App(
    name="fetch",
    help="Ask a publisher's service for what is not held yet, and keep all that comes whole.",
)
FETCH.command(verbs.comtrade)
FETCH.command(verbs.comext)
GROUPS: dict[str, tuple[Verb | App, ...]] = {
    "Answers": (verbs.claims, verbs.trace, verbs.report),
    "What is held": (verbs.find, verbs.flow, verbs.read, verbs.sources, verbs.rows, verbs.doctor),
    "More figures": (
        verbs.ask,
        verbs.available,
        FETCH,
        verbs.sketch,
        verbs.add,
        verbs.update,
        verbs.remove,
        verbs.clean,
        verbs.diff,
    ),
    "The project": (
        verbs.init,
        verbs.build,
        verbs.verify,
        verbs.check,
        verbs.accept,
        verbs.completion,
    ),
}
EXAMPLES = """Examples:

tradeflows claims: every claim with its verdict

tradeflows trace CLAIM: the raw lines behind the numbers of one claim

tradeflows report --to report: run the notebooks and write all pages"""
OPTIONS = Group("Options, before or after the verb", sort_key=9)
GOES_ON = "the same command again asks only for what is missing"
# What may be trusted in after an interrupt, where the verb has its own word for it.
INTERRUPTED = {
    verbs.ask: GOES_ON,
    verbs.comtrade: GOES_ON,
    verbs.comext: GOES_ON,
    verbs.clean: "the same command again does only what is missing",
}
LISTS = (
    verbs.ask,
    verbs.available,
    verbs.claims,
    verbs.diff,
    verbs.doctor,
    verbs.find,
    verbs.flow,
    verbs.read,
    verbs.rows,
    verbs.sources,
    verbs.trace,
)


PLAIN = Parameter(negative=(), show_default=False)  # the defaults are said in words


def names_of(verbs: Iterable[Verb | App]) -> list[str]:
    """The names of some verbs."""
    return [each.name[0] if isinstance(each, App) else each.__name__ for each in verbs]


def arguments_of(verb: App) -> list[Argument]:
    """What a verb takes, without what every verb does."""
    if verb.default_command is None:  # one that asks for another word first
        return []
    found = verb.assemble_argument_collection(default_parameter=PLAIN, parse_docstring=True)
    return [each for each in found if each.show]


def command() -> App:
    """The command with all verbs: each a function of :mod:`verbs`, whose docstring is its help."""
    app = App(
        name="tradeflows",
        version=f"tradeflows {__version__}",
        help="From a publisher's raw row to a checked sentence.",
        help_format="plaintext",
        help_epilogue=EXAMPLES,
        default_parameter=PLAIN,
    )
    app["--help"].group = app["--version"].group = (OPTIONS,)
    for place, (name, members) in enumerate(GROUPS.items()):
        group = Group(name, sort_key=place)
        for verb in members:
            if isinstance(verb, App):
                verb.group, verb.help_epilogue = (group,), ""
                app.command(verb)
            else:
                app.command(verb, group=group, help_epilogue="")
    return app


def parsed(words: list[str]) -> tuple[Verb, Callable[[], None]]:
    """The verb that `words` ask for, and what does it.

    Raises
    ------
    QueryError
        No such verb, argument or value; or ``--json`` of a verb that lists nothing.
    """
    app = command()
    app.meta.group_parameters = OPTIONS
    said = io.StringIO()  # what the library prints says nothing of a full disk
    room = shutil.get_terminal_size().columns
    app.console = Console(file=said, width=room, force_terminal=sys.stdout.isatty())

    @app.meta.default
    def called(
        *words: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
        root: Annotated[
            Path | None,
            Parameter(
                help="the project's folder, such as ~/trade; else TRADEFLOWS_ROOT, else found"
            ),
        ] = None,
        quiet: Annotated[bool, Parameter(help="say nothing of how far the work is")] = False,
        json: Annotated[bool, Parameter(help="of what is listed everything, as JSON")] = False,
    ) -> tuple[Verb, Callable[[], None]]:
        verb, bound, unsaid = app.parse_args(words, print_error=False, exit_on_error=False)
        if json and verb not in LISTS:
            listing = ", ".join(each.__name__ for each in LISTS)
            raise QueryError(f"--json is for verbs that list something: {listing}")
        common = Common(root, quiet, json)
        return verb, partial(verb, *bound.args, **bound.kwargs, **dict.fromkeys(unsaid, common))

    try:
        done: Any = app.meta(
            words, print_error=False, exit_on_error=False, result_action="return_value"
        )
    except CycloptsError as error:
        chain = " ".join(["tradeflows", *(error.command_chain or ())])
        raise QueryError(f"{_refusal(error)} `{chain} --help`") from error
    verb, run = done or (app.help_print, lambda: None)  # what it had to say is said

    def carried_out() -> None:
        run()
        sys.stdout.write(said.getvalue())

    return verb, carried_out


def _refusal(error: CycloptsError) -> str:
    """What is wrong with a command, in one line."""
    words = getattr(error, "unused_tokens", None) or [""]
    if isinstance(error, UnknownCommandError) and error.app:
        kind = "option" if words[0].startswith("-") else "verb"
        known = [*error.app, "--root", "--quiet", "--json"]
        known = [name for name in known if name.startswith("-") == (kind == "option")]
        text = f"no {kind} {words[0]!r}{near(words[0], known)}"
    elif isinstance(error, UnusedCliTokensError):
        text = f"not understood: {' '.join(words)}"
    else:
        text = " ".join(str(error).split()).rstrip(".")
    return f"{text} See" if text.endswith("?") else f"{text}; see"
