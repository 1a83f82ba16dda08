"""The verbs: each is one function that calls one function of the package and prints its answer."""

from __future__ import annotations

import io
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stdout, suppress
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from tradeflows.cli import checks, terminal
from tradeflows.cli.terminal import note, say, say_done, say_json
from tradeflows.model.errors import (
    BuildError,
    LedgerError,
    QueryError,
    SourceError,
    TradeflowsError,
    near,
)
from tradeflows.model.periods import parse_period, parse_window
from tradeflows.model.words import count_of, direction

if TYPE_CHECKING:
    import pandas as pd

    from tradeflows.explore.answer import Answer
    from tradeflows.model.source import Source

CHANGES = ("added", "changed", "withdrawn")
NO_FILE = "no file is catalogued yet; next: `tradeflows add FILE`, or `tradeflows fetch --help`"


@dataclass(frozen=True)
class Common:
    """What may be said before or after each verb."""

    root: Path | None = None
    quiet: bool = False
    json: bool = False

    def folder(self) -> Path:
        """The project's folder: as the command names it, else found by itself."""
        from tradeflows.retrieval import catalogue

        return catalogue.root(self.root)

    def progress(
        self, unit: str, total: float = 0, **options: Any
    ) -> AbstractContextManager[terminal.Step]:
        """How far the work is, unless nothing is to be said of it."""
        return terminal.progress(total, unit, **{"quiet": self.quiet, **options})

    def in_turn(self) -> AbstractContextManager[terminal.Step]:
        """A line for each notebook that was run, and for each other step, on a terminal too."""
        return self.progress("steps", patience=0, keeps_lines=True)

    @contextmanager
    def listing(self) -> Iterator[None]:
        """Say, where it takes its time, that a publisher is asked what is out."""
        with self.progress("steps") as step:
            from tradeflows.retrieval.call_words import LISTING

            step("", words=LISTING)
            yield

    @contextmanager
    def calls(self, total: int) -> Iterator[Callable[[Any], None]]:
        """How far some calls are, from the first on; nothing where there are none to make."""
        with self.progress("calls", total, quiet=self.quiet or not total, patience=0) as step:
            yield _by_call(step, "call")


@Parameter(name="*")
@dataclass(frozen=True)
class Unsaid:
    """What a user may tell of files that do not say it themselves."""

    flow: Annotated[str, Parameter(help="imports or exports, such as M; where unsaid")] = ""
    period: Annotated[str, Parameter(help="such as 2023, 2023-05 or 2023-01/2023-05, likewise")] = (
        ""
    )
    product: Annotated[str, Parameter(help="a code, such as 2709, or TOTAL, likewise")] = ""
    partner: Annotated[str, Parameter(help="such as Russia or World, likewise")] = ""

    def told(self) -> dict[str, str]:
        """What was told."""
        told = {name: value for name, value in asdict(self).items() if value}
        return told | ({"flow": direction(self.flow)} if self.flow else {})


@Parameter(name="*")
@dataclass(frozen=True)
class About:
    """What a user tells of where a file is from."""

    title: Annotated[
        str, Parameter(help='such as "Wheat exports by partner: tonnes, by month"')
    ] = ""
    steps: Annotated[
        str, Parameter(help='how it was got, such as "queried by month, downloaded"')
    ] = ""
    address: Annotated[
        str, Parameter(help="the page it is from, such as https://example.org/wheat")
    ] = ""
    licence: Annotated[str, Parameter(help='such as "CC BY 4.0"; default: not stated')] = ""


Said = Annotated[Common, Parameter(parse=False)]
LOCAL = "with the files that you fetched or added, or without; default: "
With = Annotated[bool, Parameter(negative="--no-local", help=LOCAL + "with")]
Without = Annotated[bool, Parameter(negative="--no-local", help=LOCAL + "without")]
All = Annotated[bool, Parameter(name="--all", help="also those that are not of the core")]
ClaimReview = Annotated[
    bool, Parameter(negative="", help="as ClaimReview of schema.org; needs address in project.toml")
]
Every = Annotated[bool, Parameter(name="--all", help="every finding, not ten of each kind")]
Ledger = Annotated[Path | None, Parameter(help="such as article.csv or mine.toml; else the own")]
Lines = Annotated[
    Path | None,
    Parameter(name="--from", help="claims in a line each, such as article.csv or article.xlsx"),
]
Article = Annotated[
    Path | None,
    Parameter(help="an article, such as article.txt: its sentences that state trade, a line each"),
]
To = Annotated[Path | None, Parameter(help="with --propose: the lines' file, such as article.csv")]
Start = Annotated[str, Parameter(help="first month or year, such as 2023")]
End = Annotated[str, Parameter(help="the last, such as 2023-12")]
DryRun = Annotated[bool, Parameter(help="say what would be asked")]
Flow = Annotated[str, Parameter(help="imports or exports; default: imports")]
Reporter = Annotated[str, Parameter(help="whose figures, such as China or China,India")]
Unit = Annotated[str, Parameter(help="such as tonnes or USD; else the first stated")]
Notebooks = Annotated[
    Path, Parameter(help="such as notebooks/01_first_look.ipynb; all of notebooks/ if none")
]
Files = Annotated[list[Path], Parameter(help="such as downloads/*.csv")]
Table = Annotated[str, Parameter(help="such as trade; else settlement, rates or figures")]
Rhythm = Annotated[Literal["M", "A"], Parameter(help="default: M, by month")]
Edition = Annotated[str, Parameter(help="an edition of the HS, such as H5; default: HS")]
Vintage = Annotated[
    str,
    Parameter(help="of the publisher's release, such as 2024-03-20, 2024-03 or 2024"),
]


# --- answers --------------------------------------------------------------------------------------


def claims(
    claim: str | None = None,
    /,
    *,
    everything: All = False,
    theme: str | None = None,
    readings: bool = False,
    article: Lines = None,
    propose: Article = None,
    to: To = None,
    ledger: Ledger = None,
    local: Without = False,
    claimreview: ClaimReview = False,
    common: Said,
) -> None:
    """Judge the ledger: each claim with its verdict, or one claim in full.

    Parameters
    ----------
    claim
        id of one claim, such as O08, to see it in full
    theme
        the claims of one theme alone, such as energy
    readings
        the TOML that the line of a claim stands for, to be kept and edited
    """
    if propose or to:
        _propose(propose, to, common)
        return
    root = common.folder()
    new = checks.take_lines(article, root)
    checks.require_ledger(ledger, root)
    if claimreview:
        checks.require_address(root)
    if readings:
        _say_readings(claim, root, ledger, local=local)
        return
    asked, judged, errors = _judged(claim, theme, ledger, common, local=local)
    from tradeflows import claims

    verdicts = judged.verdicts
    if claimreview:
        from tradeflows.retrieval import project

        say_json(claims.claim_reviews(verdicts, project.load(root)))
    elif common.json:
        say_json([claims.as_json(verdict) for verdict in verdicts])
    elif not asked and not errors:
        path = ledger or claims.path(root)
        say(f"no claim yet in {path}; next: write one there, as the head of a new ledger shows")
    elif not claim:
        colour = terminal.uses_colour()
        lines = claims.overview(verdicts, everything=everything or bool(theme), colour=colour)
        say(*terminal.folded(lines, terminal.width()))
    else:
        say(*map("\n".join, map(claims.explain, verdicts)))
    errors += judged.errors
    say(*checks.not_kept(new, errors))
    terminal.fail([*errors, *_altered(root, local=local)])


def _judged(
    claim: str | None, theme: str | None, ledger: Path | None, common: Common, *, local: bool
) -> tuple[Iterable[str], Any, list[TradeflowsError]]:
    """The claims that are asked for, what became of them, and what is wrong with the ledger."""
    root = common.folder()
    with common.progress("claims") as step:
        from tradeflows import claims

        entries = claims.read_ledger(ledger, root, local=local)
        asked, errors = claims.of_theme(entries.claims, theme), [*entries.errors.values()]
        if claim:
            asked, errors = {claim: claims.named(entries, claim)}, []
        in_turn = terminal.counted(asked, step)
        judged = claims.judge((asked[name] for name in in_turn), root, local=local)
    return asked, judged, [*errors]


def _propose(article: Path | None, to: Path | None, common: Common) -> None:
    """Write the lines that an article states, or print them."""
    if not article:
        raise QueryError(
            "--to is where --propose writes: name the article, by --propose article.txt"
        )
    checks.require_file(article)
    if to and to.suffix != ".csv":
        raise QueryError(f"{to}: lines are written as CSV, which Excel opens: name a file .csv")
    if to:
        checks.require_new_file(to, ".csv")
    from tradeflows.claims import open_words, propose, sentence
    from tradeflows.model.files import save

    try:
        text = propose.read(article)
        rows = propose.proposed(text, common.root)
    except QueryError as error:
        raise QueryError(f"{article}: {str(error).removeprefix(f'{article}: ')}") from error
    silent = {*sentence.sentences(text)} - {row["sentence"] for row in rows}
    count = sum(any(x.is_counted for x in open_words.numbers_in(some)) for some in silent)
    none = f"; {count_of(count, 'sentence')} with figures gave none" * bool(count)
    is_open = sum(propose.OPEN in f"{row['figure']} {row['asks']}" for row in rows)
    if common.json:
        say_json(rows)
    elif not rows:
        such = "a figure, a change, a rank or a record of trade"
        say(f"{article}: no sentence of it states {such}{none}")
    elif not to:
        say(propose.as_csv(rows).rstrip())
        note(f"{article}: {count_of(len(rows), 'line')}{none}")
    else:
        save({to: "\ufeff" + propose.as_csv(rows)})
        lines = count_of(len(rows), "line")
        say(
            f"{to}: {lines} of {article.name}; {is_open} ask what their sentence does not say whole"
            f"{none}"
        )
        say(f"next: fill each {propose.OPEN}, then `tradeflows claims --from {to}`")


def _say_readings(claim: str | None, root: Path, ledger: Path | None, *, local: bool) -> None:
    """Print the TOML of a claim, with the readings that its line stands for."""
    if not claim:
        raise QueryError("--readings is of one claim: name it, such as `claims C01 --readings`")
    from tradeflows import claims

    say(claims.as_toml(claim, ledger, root, local=local))


def _altered(root: Path, *, local: bool) -> Iterator[TradeflowsError]:
    """A line for each raw file that is no longer as it was when the tables were built."""
    from tradeflows.tables.files import altered

    for state in altered(root, local=local):
        yield SourceError(
            f"{state.id}: its raw file is {state.state} since the build, and the verdicts are of "
            f"the build: {state.detail}"
        )


def trace(
    claim: str,
    /,
    *,
    definition: str | None = None,
    ledger: Ledger = None,
    local: Without = False,
    common: Said,
) -> None:
    """Follow the number behind each reading of a claim to the raw lines it was made of.

    Parameters
    ----------
    claim
        id of the claim, such as O08, as `tradeflows claims` lists it
    definition
        the name of one reading, such as "crude oil alone"
    """
    root = common.folder()
    checks.require_ledger(ledger, root)
    with common.progress("numbers") as step:
        from tradeflows import claims

        asked = claims.named(claims.read_ledger(ledger, root, local=local), claim)
        step("", words=f"judging {claim}")
        verdict = claims.evaluate_claim(asked, root, local=local)
        step("", words="finding the raw lines")
        chosen = claims.chosen(verdict, definition)
        numbers = [claims.terms(reading, root) for reading in chosen]
    if common.json:
        say_json(numbers)
    elif not numbers:
        say(f"{claim} has no reading to trace: {verdict.reason}")
    else:
        for number in numbers:
            say(*_traced(number))


def _traced(number: dict[str, Any]) -> Iterator[str]:
    """The formula of one number, its raw lines, and whose they are."""
    from tradeflows.model.absence import NO_ROW
    from tradeflows.model.lineage import full_number

    value = full_number(number["value"])
    yield f"{number['definition']}: {value} {number['unit']} = {number['formula']}"
    roles = list(dict.fromkeys(term["role"] for term in number["terms"]))
    names = ("ref_period", "path", "line", "raw_column")

    def place(term: Mapping[str, Any]) -> tuple[Any, ...]:
        return roles.index(term["role"]), *(term[name] for name in names)

    shown = set()
    for term in sorted(number["terms"], key=place):
        line = where = f"{term['path']}:{term['line']}"
        if term["raw_column"]:  # of several in its line
            where = ", ".join(filter(None, [line, term["ref_period"], term["raw_column"]]))
        elif re.search("[A-Za-z]", term["source_field"]):
            where = f"{line}, row of {term['source_field']}"
        where = f"{NO_ROW} {where}" if term["declared_zero"] else where
        text = "the same line" if line in shown else term["text"]
        shown.add(line)
        value = full_number(term["value"])
        yield f"  {term['role']:12} {value:>22} {term['unit']}  {where}: {text}"
    for name, address in dict.fromkeys((t["publisher"], t["address"]) for t in number["terms"]):
        yield f"  from {name}: {address}"


def report(
    *notebook: Notebooks,
    ledger: Ledger = None,
    local: Without = False,
    to: Path | None = None,
    common: Said,
) -> None:
    """Run notebooks and write a page each, with a front page, into a folder.

    Parameters
    ----------
    to
        a folder, such as pages; default: report, in the project's folder
    """
    root = common.folder()
    files = checks.notebooks(notebook, root)
    checks.require_ledger(ledger, root)
    to = to or root / "report"
    checks.require_folder_of_pages(to, root)
    errors: list[TradeflowsError] = []
    with common.progress("steps"):  # what lacks is said before the work
        from tradeflows.report import pages
    _build_if_stale(common, root)
    with common.in_turn() as progress:
        progress(f"running {len(files)} notebooks" if files else "running the notebooks")
        written = pages.write(
            files, to, root, progress, ledger=ledger, local=local, wrong=errors.append
        )
    say(*written)
    terminal.fail(errors)


# --- what is held ---------------------------------------------------------------------------------


def sources(word: str = "", /, *, common: Said) -> None:
    """List the catalogue: each raw file's id, table, vintage, licence and title.

    Parameters
    ----------
    word
        of an id, a publisher or a title, such as gacc; else all
    """
    from tradeflows.retrieval import catalogue

    names = ("id", "table", "vintage", "licence", "title")
    root = common.folder()
    held = catalogue.load(root, local=True)
    publishers = catalogue.publishers(root, local=True)
    entries = []
    for source in held.values():
        entry = {name: getattr(source, name) for name in names}
        whose = publishers[source.publisher]
        texts = [*map(str, entry.values()), whose.id, whose.short, whose.name]
        if word.casefold() in "\n".join(texts).casefold():
            entries.append(entry)
    if word and not entries:
        hint = near(word, [*held, *publishers])
        raise SourceError(f"no file has {word!r} in its id, publisher, table or title{hint}")
    if common.json:
        say_json(entries)
    elif not entries:
        say(NO_FILE)
    else:
        rows = [[*map(str, entry.values())] for entry in entries]
        say(*terminal.table(rows, terminal.width()))


def rows(table: Table, column: list[str], /, *, local: With = True, common: Said) -> None:
    """Show rows of a table as they are stored, by column=value or month=2023-05.

    Parameters
    ----------
    column
        such as cmd_code=2709 partner=Russia,China month=2023-05; several values with commas
    """
    wanted = checks.conditions(table, column, common.root)
    with common.progress("rows"):
        from tradeflows.tables.checks import rows

        frame = rows(common.folder(), table, wanted, local=local)
    _say_rows(frame, common)


def read(
    table: Table,
    column: list[str],
    /,
    *,
    start: Start | None = None,
    end: End | None = None,
    local: Without = False,
    common: Said,
) -> None:
    """Read rows that may be added up: of one publisher, level and release; from what is held.

    Parameters
    ----------
    column
        such as reporter=China partner=Russia product=2709 flow=imports; several values with commas
    """
    words = checks.pairs(column)
    for name in {"local", "root", "splice"} & {*words}:
        raise QueryError(f"{name}= is no filter; `tradeflows read --help` has the options")
    asked: dict[str, Any] = {"start": start, "end": end}
    for name, value in words.items():
        asked[name] = value if name in ("start", "end", "as_of") else value.split(",")
    with common.progress("rows"):
        from tradeflows.tables.select import read

        frame = read(table, local=local, root=common.folder(), **asked)
    if not common.json:
        notes = [f"- {caveat}" for caveat in frame.attrs["caveats"]]
        say(*terminal.folded(notes, terminal.width()))
    _say_rows(frame, common)


def find(word: str = "", /, *, local: With = True, common: Said) -> None:
    """List what is held of the goods, currencies or prices that a word names.

    Parameters
    ----------
    word
        such as "crude oil", 2709 or yuan; else all that is held
    """
    with common.progress("tables"):
        from tradeflows.explore.inventory import find

        found = find(word, local=local, root=common.folder())
    _say_answer(found, common)
    if not common.json:
        say(f"{count_of(len(found), 'line')}, one a source and product, topic or concept")


def flow(
    product: str,
    reporter: Reporter,
    partner: str | None = None,
    /,
    *,
    start: Start | None = None,
    end: End | None = None,
    flow: Flow = "imports",
    freq: Literal["M", "Q", "A"] | None = None,
    unit: Unit = "",
    splice: bool = False,
    publisher: str | None = None,
    source: str | None = None,
    local: With = True,
    common: Said,
) -> None:
    """Show what areas report of their trade in a product, from what is held.

    Parameters
    ----------
    product
        such as "crude oil", 2709 or wheat,maize
    partner
        such as Russia, countries or OPEC; else all that is stated
    freq
        such as M, by month; else the first of M, Q and A that is held
    publisher
        whose figures are taken, such as eurostat, where several state the flow
    source
        the id of a file, such as `tradeflows sources` lists
    splice
        whether months that a publisher lacks come from the next one
    """
    root = common.folder()
    whose = checks.areas(reporter, partner, root)
    with common.progress("rows"):
        from tradeflows.explore.flow import flow as asked

        answer = asked(
            product.split(","),
            *whose,
            start=start,
            end=end,
            flow=flow,
            freq=freq,
            unit=unit,
            splice=splice,
            publisher=publisher,
            source=source,
            local=local,
            root=root,
        )
    _say_answer(answer, common)


def _say_answer(answer: Answer, common: Common) -> None:
    """Print an answer as a notebook shows it, or for a program."""
    from tradeflows.explore.answer import as_lines

    if common.json:
        _say_rows(answer, common)
    else:
        room = terminal.width()
        say(*terminal.folded(as_lines(answer, common.folder(), room).splitlines(), room))


def _say_rows(frame: pd.DataFrame, common: Common) -> None:
    """Print rows, what all of them share in one line above; or for a program."""
    from tradeflows.tables.display import fitted

    days = frame.select_dtypes("datetime")
    frame = frame.assign(**{name: days[name].dt.strftime("%Y-%m-%d") for name in days})
    if common.json:
        say(frame.to_json(orient="records", force_ascii=False, indent=1))
        return
    shared = [name for name in frame if frame[name].nunique(dropna=False) == 1]
    values = frame[shared].iloc[0].dropna().astype("str")
    said = "; ".join(f"{name} {value}" for name, value in values.items() if value)
    say(*terminal.folded([f"in {len(frame)} rows: {said}"], terminal.width()))
    if len(shared) < len(frame.columns):
        say(fitted(frame.drop(columns=shared), terminal.width(), na_rep=""))


def doctor(*, local: With = True, everything: Every = False, common: Said) -> None:
    """Look for what is wrong in everything catalogued; the ten worst of each kind, or all."""
    root = common.folder()
    with common.progress("checks", patience=0) as step:
        from tradeflows.retrieval import catalogue
        from tradeflows.tables import checks

        findings = [*checks.look(root, local=local, progress=step)]
    if common.json:
        say_json([{"kind": item.kind, "text": item.text, "show": item.show} for item in findings])
        return
    if not findings and not catalogue.load(root, local=local):
        say(NO_FILE)
        return
    say(*checks.summary(findings, len(findings) if everything else checks.SHOWN))


# --- more figures ---------------------------------------------------------------------------------


def comtrade(
    *,
    reporter: str,
    partner: str,
    flow: str,
    products: str,
    start: Start,
    end: End,
    freq: Rhythm = "M",
    classification: Edition = "HS",
    cap: int | None = None,
    dry_run: DryRun = False,
    common: Said,
) -> None:
    """Ask UN Comtrade for a flow, whole, or say what is missing.

    Parameters
    ----------
    reporter
        such as China,DEU or all
    partner
        such as Russia,World or all
    flow
        such as imports, or imports,exports
    products
        such as 2709,TOTAL, or AG2, AG4, AG6
    cap
        rows that your key may have a call, such as 250000; default: 100000
    """
    parse_window(start, end)
    root = common.folder()
    from tradeflows.retrieval import comtrade

    asked = comtrade.request(
        reporter,
        partner,
        flow,
        products,
        start,
        end,
        freq,
        classification=classification,
        root=root,
    )
    web, limits = comtrade.connect(cap=cap)
    with web:
        with common.listing():
            plan = comtrade.plan(asked, web, limits, root)
        if dry_run:
            say(*plan.calls, plan, *plan.lacking())
            return
        note(plan)
        with common.calls(len(plan.calls)) as show:
            outcome = comtrade.fetch(plan, web, root, show)
    _say_outcome(outcome, "cells")


def comext(*, start: Start, end: End, dry_run: DryRun = False, common: Said) -> None:
    """Download the months of Eurostat Comext that are lacking, whole, or say what is missing."""
    parse_window(start, end)
    root = common.folder()
    from tradeflows.retrieval import comext
    from tradeflows.retrieval.fetching import Progress

    months = comext.months(start, end)
    with comext.connect() as web:
        with common.listing():
            plan = comext.plan(months, web, root)
        if dry_run:
            say(*plan.lines())
            return
        note(plan)
        sizes = [file.bytes for file in plan.files]
        with common.progress("B", sum(sizes), patience=0) as step:

            def show(now: Progress) -> None:
                line = "" if now.bytes else f"{now.call}; {now.left} left"
                so_far = sum(sizes[: now.done]) + now.bytes
                left = sum(sizes) - so_far >> 20
                step(line, so_far, sum(sizes), f"{now.call.name}, {left:,} MiB left")

            outcome = comext.fetch(plan, web, root, show)
    _say_outcome(outcome, "months")


def _say_outcome(outcome: Any, what: str) -> None:
    """Say what became of a fetch."""
    say(*outcome.lines())
    if outcome.missing:
        raise SourceError(f"{outcome.missing} {what} are missing, named above")


def _by_call(step: terminal.Step, what: str) -> Callable[[Any], None]:
    """Show progress that counts calls or files, and rows."""

    def show(now: Any) -> None:
        line = f"{now.done} done, {now.left} left, {now.rows:,} rows: {now.call}"
        words = f"{now.rows:,} rows, {count_of(now.left, what)} left"
        step(line, now.done, now.done + now.left, words)

    return show


def ask(
    product: str,
    reporter: Reporter,
    partner: str | None = None,
    /,
    *,
    start: Start,
    end: End | None = None,
    flow: Flow = "imports",
    freq: Rhythm = "M",
    unit: Unit = "",
    classification: Edition = "HS",
    breakdown: str = "",
    refresh: bool = False,
    common: Said,
) -> None:
    """Ask for a flow, fetch and keep what is lacking, and answer: all in one.

    Parameters
    ----------
    product
        such as wheat, 1001 or wheat,maize
    partner
        such as Russia; else the world as a whole
    breakdown
        the parts of each total, such as transport, procedure or 'second partner'
    refresh
        look for a newer release of what is held
    """
    parse_window(start, start if end is None else end)
    root = common.folder()
    whose = checks.areas(reporter, partner, root)
    with common.progress("steps"):
        from tradeflows.explore import ask as live

    answer = live.ask(
        product.split(","),
        *whose,
        start=start,
        end=end,
        flow=flow,
        freq=freq,
        unit=unit,
        classification=classification,
        breakdown=breakdown,
        refresh=refresh,
        root=root,
        say=(lambda line: None) if common.quiet else note,
        bar=lambda calls: common.calls(calls) if calls else common.listing(),
    )
    _say_answer(answer, common)


def available(
    reporter: str, partner: str | None = None, /, *, freq: Rhythm = "M", common: Said
) -> None:
    """List the periods that are out, since when, and what of them is held.

    Parameters
    ----------
    reporter
        whose figures, such as China, several with commas, or OPEC
    partner
        such as Russia; else any
    """
    root = common.folder()
    whose = checks.areas(reporter, partner, root)
    with common.listing():
        from tradeflows.explore import ask as live

        frame = live.available(*whose, freq=freq, root=root)
    if common.json:
        say_json(frame.to_dict("records"))
        return
    if frame.empty:
        period, other = ("month", "A") if freq == "M" else ("year", "M")
        say(f"no {period} of {reporter} is out; next: --freq {other}")
        return
    rows = [[str(cell or "") for cell in row] for row in frame.itertuples(index=False)]
    say(*terminal.table([[*frame.columns], *rows], terminal.width()))


def sketch(
    file: Path, /, *, publisher: str = "", table: str = "", to: Path | None = None, common: Said
) -> None:
    """Propose the catalogue's entry of a CSV, with its map, and mark what the file does not say.

    Parameters
    ----------
    file
        a CSV in UTF-8 or a workbook, such as downloads/wheat.csv
    publisher
        your short name for whose statistic it is, such as usda; else the file's first word
    table
        such as trade, rates, settlement or figures; else trade
    to
        a file, such as wheat.toml; else printed
    """
    if to:
        checks.require_new_file(to, ".toml")  # a map is a person's work
    checks.require_file(file)
    from tradeflows.model.errors import CatalogueError
    from tradeflows.model.files import save
    from tradeflows.retrieval import catalogue
    from tradeflows.retrieval.sketch import sketch as proposal

    options: dict[str, Any] = {"publisher": publisher, "table": table}
    with suppress(CatalogueError):  # a file can be looked at without a project
        root = common.folder()
        options["known"] = [*catalogue.publishers(root, local=True)]
        options["held"] = [*catalogue.load(root, local=True).values()]
    text = proposal(file, **options)
    if to:
        save({to: text})
    say(to or text.rstrip("\n"))


def add(
    file: Files,
    /,
    *,
    unsaid: Unsaid = Unsaid(),
    map: Path | None = None,
    commit: bool = False,
    vintage: Vintage = "not stated",
    rank: int | None = None,
    about: About = About(),
    common: Said,
) -> None:
    """Check files that you saved, catalogue them, and build; known ones are passed over.

    Parameters
    ----------
    map
        a completed sketch, such as wheat.toml
    commit
        into the project's own catalogue, data/raw/sources.toml, beside its other files
    rank
        which of two that state one cell is taken, the smallest; default: of the map, else 1 with
        --commit or of a whole month of Comext, else 9
    """
    root = common.folder()
    checks.require_file(file[0])  # the others are looked at in their turn
    without_pandas()
    from tradeflows.retrieval import adding, maps

    template = maps.read(map) if map else None
    if commit and not (template or about.steps or about.address) and sys.stdin.isatty():
        note("How was it got, so that others can get it again? For example: queried by month")
        about = replace(about, steps=input())
    new: list[Source] = []
    for path in file:  # one by one, so that what is kept is said before what is refused
        with common.progress("files") as step:
            step("", words=f"checking {path.name}")
            checks.require_file(path)
            [added] = adding.add(
                [path],
                root,
                vintage=vintage,
                rank=rank,
                template=template,
                commit=commit,
                about=asdict(about),
                **unsaid.told(),
            )
        if added.is_earlier:
            say_done(f"{added.source.id}: held already, as {added.source.path}")
        else:
            say_done(f"{added.source.id}: {added.line()}")
            new.append(added.source)
    _build_if_stale(common, root)
    _say_of_figures(root, new)


def update(
    source: str,
    file: Path,
    /,
    *,
    vintage: Vintage = "not stated",
    about: About = About(),
    force: bool = False,
    no_accept: bool = False,
    common: Said,
) -> None:
    """Take a source's newer release: catalogue it, build, and announce what moved with it.

    Parameters
    ----------
    source
        as `tradeflows sources` lists it, such as eia_brent_monthly
    file
        the newer release, such as brent_2024.csv
    force
        though it lacks periods of the older one, or its figures are of another size
    no_accept
        leave notebooks, verdicts and control totals to `tradeflows accept`
    """
    checks.require_file(file)
    from tradeflows.retrieval import catalogue

    root = common.folder()
    catalogue.named(source, catalogue.load(root, local=True))
    if not no_accept:  # what this needs is not found lacking after the work
        import_module("tradeflows.report.accept")
    from tradeflows.report import pins
    from tradeflows.retrieval import adding

    with common.progress("files") as step:
        step("", words=f"checking {file.name}")
        told = asdict(about)
        updated = adding.update(source, file, root, vintage=vintage, about=told, force=force)
    new = updated.source
    if updated.is_earlier:
        say_done(f"{new.id}: held already, as {new.path}")
    else:
        say_done(f"{new.id}: {updated.line()}; it supersedes {source}")
    _build_if_stale(common, root)
    if not updated.is_earlier:
        _say_of_figures(root, [new])
    is_own = new.path.startswith("local/")
    if not is_own:
        followed = pins.follow(root, source, new.id)
        say(*(f"claim {claim} reads {new.id} now" for claim in followed))
    old = catalogue.load(root, local=True)[source]
    for place, text in pins.pins(root, old):
        say(f"{place} names {source}, and still reads the old release: {text}")
    if no_accept or is_own:
        return
    try:
        accept(common=common)
    except TradeflowsError:
        note(f"{new.id} is catalogued and built; mend this, then `tradeflows accept`:")
        raise


def _say_of_figures(root: Path, new: Iterable[Source]) -> None:
    """Say of new files what `doctor` would: zeros at their ends, and no order of two sources.

    And whether `absent` names months after the last one.
    """
    from tradeflows.tables import checks

    of_trade = [source for source in new if source.table == "trade"]
    if not of_trade:
        return
    with suppress(BuildError):  # another run has added files since, and builds them in its turn
        say(*checks.zeros_at_the_end(root, [source.id for source in of_trade]))
        say(*checks.absent_beyond_the_end(root, of_trade))
        say(*checks.equal_ranks(root, [source.id for source in of_trade]))


def _build_if_stale(common: Common, root: Path) -> None:
    """Build the tables, unless they are of what is catalogued now."""
    from tradeflows import tables

    if not tables.is_current(root):
        _built(common, root)


def remove(names: list[str], /, *, common: Said) -> None:
    """Take files that you fetched or added out of your catalogue, and off the disk.

    Parameters
    ----------
    names
        as `tradeflows sources` lists them, such as mine_3f2a
    """
    from tradeflows.retrieval import catalogue

    root = common.folder()
    for name in names:
        catalogue.own_entries(name, root)
    from tradeflows.retrieval import user_files

    for name in names:
        say_done(f"{name}: removed, with {user_files.remove(name, root)}")


def clean(
    publisher: str,
    file: Files,
    /,
    *,
    to: Path,
    unsaid: Unsaid = Unsaid(),
    strict: bool = False,
    cluster: str | None = None,
    common: Said,
) -> None:
    """Turn a publisher's own files into a Parquet file, a CSV or a folder of Parquet files.

    Parameters
    ----------
    publisher
        such as gacc, cbr, ecb, eurostat_energy, comext
    to
        such as out.parquet, out.csv or out/
    strict
        leave nothing out
    cluster
        a task a file on the Dask scheduler there, such as tcp://10.0.0.1:8786, whose workers see
        the files at the same place; `here` for a worker a core of this machine
    """
    checks.require_output(to, (".parquet", ".csv"))
    for path in file:
        if path.exists():  # what is not there is said in its turn
            checks.require_file(path)
    without_pandas()
    from tradeflows.publishers import cleaned
    from tradeflows.tables import clean

    options: dict[str, Any] = {"strict": strict} | unsaid.told()
    if cluster is None:
        seen: set[Path] = set()
        with common.progress("files", len(file)) as step:

            def show(path: Path, records: int, done: int, total: int) -> None:
                line = "" if path in seen else f"cleaning {path.name}"
                seen.add(path)
                step(line, done, total, f"{path.name}, {records:,} records")

            files = clean.clean(publisher, file, to, progress=show, **options)
    else:
        from tradeflows.tables.cluster import spread

        with common.progress("files", len(file), patience=0) as step:
            files = spread(
                publisher,
                file,
                to,
                address="" if cluster == "here" else cluster,
                progress=_by_call(step, "file"),
                **options,
            )
    say(*cleaned.lines(files), *clean.restated(to))


def diff(source: str = "comtrade", period: str = "", /, *, most: int = 100, common: Said) -> None:
    """Show what the newest release of fetched data, or of a file, changed against the older one.

    Parameters
    ----------
    source
        comtrade or comext, of what was fetched, or the id of a file; default: comtrade
    period
        such as 2024-02; else all
    most
        lines to print at most; 0 for all; default: 100
    """
    if period:
        parse_period(period, "period")
    with common.progress("releases"):
        from tradeflows.retrieval import releases
        from tradeflows.tables.files import rows_of

        changes = releases.diff(source, common.folder(), period, rows_of)
    shown = changes[: most or None]
    if common.json:
        names = ("kind", "what", "old", "new", "unit", "old_release", "new_release")
        say_json([{name: getattr(change, name) for name in names} for change in shown])
        return
    if not changes:
        say(
            f"no figure of {source} differs between two releases that are held here; "
            "next: `tradeflows fetch --help` says how to get newer ones"
        )
        return
    kinds = Counter(change.kind for change in changes)
    counts = ", ".join(f"{kinds[kind]} {kind}" for kind in CHANGES)
    rest = len(changes) - len(shown)
    say(*shown, counts + (f"; {rest} of them not shown" if rest else ""))


# --- the project ----------------------------------------------------------------------------------


def init(
    folder: Path,
    /,
    *file: Path,
    title: str = "",
    article: Lines = None,
    map: Path | None = None,
    common: Said,
) -> None:
    """Make a project of your own in a new folder: catalogue, ledger, notebook, checks.

    Parameters
    ----------
    folder
        to be made, such as wheat_prices
    file
        figures that it begins with, such as downloads/*.csv
    title
        of the report, such as "Wheat prices"; else the folder's name
    map
        a completed sketch of the files, such as wheat.toml
    """
    checks.require_folder(folder)
    for path in (*file, *filter(None, (article, map))):
        checks.require_file(path)
    from tradeflows.report import new_project

    title = title or new_project.title_of(folder)
    checks.lines_of(article)
    there, was_there = replace(common, root=folder), folder.exists()
    files = new_project.init(folder, title)  # all or none of them
    said = io.StringIO()
    try:
        with redirect_stdout(said):  # of files that are refused nothing is made, so nothing listed
            say(*files, f"its report is called {title!r}: title, in project.toml")
            lines = checks.take_lines(article, folder)
            if file:
                about = About(steps="" if map else "given to `tradeflows init`")
                add([*file], map=map, commit=True, about=about, common=there)
            if file and article:
                say(new_project.with_themes(folder))
    except TradeflowsError:
        checks.empty(folder)
        if not was_there:
            folder.rmdir()
        raise
    sys.stdout.write(said.getvalue())
    if not (file and article):
        say(f"next: cd {folder}; tradeflows {'claims' if file else 'add FILE'}")
        return
    with common.in_turn() as progress:
        from tradeflows.report import accept

        say(*accept.accept(folder, progress, wrong=lambda error: None))  # the report says it
    try:
        report(common=there)
    except LedgerError:
        say(f"next: mend these lines of {lines}; cd {folder}; tradeflows accept; tradeflows report")
        raise


def build(*, common: Said) -> None:
    """Clean every catalogued file into data/processed; your own files stop no other."""
    refused = _built(common, common.folder())
    if refused:
        raise TradeflowsError(
            f"{len(refused)} of your own files are in no table ({', '.join(refused)}); "
            "the committed tables and your other files are built"
        )


def _built(common: Common, root: Path) -> dict[str, str]:
    """Build, say what became of it, and return those of the user's files that are refused."""
    with common.progress("files") as step:
        from tradeflows import tables
        from tradeflows.retrieval import catalogue

        try:
            total = len(catalogue.load(root, local=True))
        except TradeflowsError:  # in the user's own catalogue: the committed files are built first
            total = len(catalogue.load(root))
        seen: set[str] = set()

        def show(source: str) -> None:
            seen.add(source)
            step(f"cleaning {source}", len(seen), total, source)

        built = tables.build(root, show)
    for table in built:  # how many records became how many rows of it, and what was left out
        counts = dict(table.counts)
        records, rows, zeros = (counts.pop(name, 0) for name in ("records", "rows", "zeros"))
        made = f" and {zeros:,} declared zeros" if zeros else ""
        left_out = "; ".join(f"{reason} ({count})" for reason, count in counts.items())
        line = f"{table.table:10} {records:8,} records in {rows:8,} rows{made} out  {left_out}"
        say(line.rstrip())
    refused = {name: reason for table in built for name, reason in table.refused.items()}
    say(*(f"refused: {name}: {reason}" for name, reason in refused.items()))
    return refused


def verify(*, common: Said) -> None:
    """Check every raw file against the size and sha256 that the catalogue records."""
    from tradeflows.retrieval import catalogue

    states = catalogue.verify(common.folder())
    say(f"{len(states)} raw files are as catalogued")


def check(*notebook: Notebooks, common: Said) -> None:
    """Check all that is announced: raw files, control totals, verdicts and notebooks."""
    root = common.folder()
    files = checks.notebooks(notebook, root)
    differing = 0
    with common.progress("checks") as step:
        from tradeflows.report import check

        names = check.names(root, files)
        for done, outcome in enumerate(check.outcomes(root, files), 1):
            line = f"{outcome.name}: {outcome.words} ({outcome.seconds:.1f} s)"
            step("", done, len(names), ", ".join(names[done : done + 2]), answer=line)
            differing += not outcome.agrees
    if differing:
        raise TradeflowsError(f"{differing} of these are not as announced; see above")


def accept(*, ledger: Ledger = None, local: Without = False, common: Said) -> None:
    """Announce what changed: rebuild, run the notebooks, rewrite their outputs and the totals."""
    root = common.folder()
    checks.require_ledger(ledger, root)
    with common.in_turn() as progress:
        from tradeflows.report import accept

        errors: list[TradeflowsError] = []
        lines = accept.accept(root, progress, ledger=ledger, local=local, wrong=errors.append)
    say(*lines)
    terminal.fail(errors)


def completion(shell: Literal["bash", "zsh", "fish", "powershell"], /, *, common: Said) -> None:
    """Print a script by which a shell completes this command's words.

    Parameters
    ----------
    shell
        such as bash: `tradeflows completion bash > ~/.local/share/bash-completion/completions/
        tradeflows`
    """
    from tradeflows.cli.arguments import command

    say(command().generate_completion(shell=shell))


def without_pandas() -> None:
    """Let pyarrow not import pandas with its first array, which takes longer than most cleaning.

    The import is refused for the one moment in which pyarrow asks for it; pyarrow goes on without,
    and imports pandas later if a frame is wanted.
    """
    import pyarrow as pa

    def refuse(name: str, *_: Any) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not wanted yet", name=name)

    finder: Any = SimpleNamespace(find_spec=refuse)
    sys.meta_path.insert(0, finder)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(finder)
