"""The verbs: each is one function that calls one function of the package and prints its answer."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradeflows.cli import checks, terminal
from tradeflows.cli.terminal import note, say, say_json
from tradeflows.model.errors import BuildError, SourceError, TradeflowsError
from tradeflows.model.words import count_of

if TYPE_CHECKING:
    import pandas as pd

    from tradeflows.model.source import Source

# What a user may tell of files that do not say it themselves.
UNSAID = ("flow", "period", "product", "partner")
CHANGES = ("added", "changed", "withdrawn")
NO_FILE = "no file is catalogued yet; next: `tradeflows add FILE`, or `tradeflows fetch --help`"
GUIDED = ("product", "partner", "start", "end", "flow", "currency")


def root_of(args: argparse.Namespace) -> Path:
    """The project's folder: as the command names it, else found by itself."""
    from tradeflows.retrieval import catalogue

    return catalogue.root(args.root) if args.root else catalogue.root()


# --- answers --------------------------------------------------------------------------------------


def claims(args: argparse.Namespace) -> None:
    """Judge the ledger: each claim with its verdict, or one claim in full."""
    root = root_of(args)
    checks.require_ledger(args.ledger, root)
    if args.claim:
        checks.require_claim(args.claim, root, args.ledger)
    with terminal.progress(0, "claims", quiet=args.quiet) as step:
        from tradeflows import claims

        ledger = claims.read_ledger(args.ledger, root, local=args.local)
        asked, errors = dict(ledger.claims), list(ledger.errors.values())
        if args.claim:
            asked, errors = {args.claim: claims.named(ledger, args.claim)}, []
        in_turn = terminal.counted(asked, step)
        judged = claims.judge((asked[name] for name in in_turn), root, local=args.local)
    verdicts = judged.verdicts
    if args.json:
        say_json([claims.as_json(verdict) for verdict in verdicts])
    elif not asked and not errors:
        path = args.ledger or claims.path(root)
        say(f"no claim yet in {path}; next: write one there, as the head of a new ledger shows")
    elif not args.claim:
        colour = terminal.uses_colour()
        lines = claims.overview(verdicts, everything=args.all, colour=colour)
        say(*terminal.folded(lines, terminal.width()))
    elif verdicts:
        say(*claims.explain(verdicts[0]))
    terminal.fail([*errors, *judged.errors, *_altered(root, local=args.local)])


def _altered(root: Path, *, local: bool) -> Iterator[TradeflowsError]:
    """A line for each raw file that is no longer as it was when the tables were built."""
    from tradeflows.tables.files import altered

    for state in altered(root, local=local):
        yield SourceError(
            f"{state.id}: its raw file is {state.state} since the build, and the verdicts are of "
            f"the build: {state.detail}"
        )


def trace(args: argparse.Namespace) -> None:
    """Follow the number behind each reading of a claim to the raw lines it was made of."""
    root = root_of(args)
    checks.require_ledger(args.ledger, root)
    checks.require_claim(args.claim, root, args.ledger)
    with terminal.progress(0, "numbers", quiet=args.quiet) as step:
        from tradeflows import claims

        claim = claims.named(claims.read_ledger(args.ledger, root, local=args.local), args.claim)
        step("", words=f"judging {args.claim}")
        verdict = claims.evaluate_claim(claim, root, local=args.local)
        step("", words="finding the raw lines")
        chosen = claims.chosen(verdict, args.definition)
        numbers = [claims.terms(reading, root) for reading in chosen]
    if args.json:
        say_json(numbers)
    elif not numbers:
        say(f"{args.claim} has no reading to trace: {verdict.reason}")
    else:
        for number in numbers:
            say(*_traced(number))


def _place(term: Mapping[str, Any]) -> tuple[str, str, int, str]:
    return term["ref_period"], term["path"], term["line"], term["raw_column"]


def _row_of(term: Mapping[str, Any]) -> str:
    """Where in its line a term stands, if that states several: its period and its column."""
    if term["raw_column"]:
        return ", ".join(["", *filter(None, [term["ref_period"], term["raw_column"]])])
    field = term["source_field"]
    return f", row of {field}" if re.search("[A-Za-z]", field) else ""


def _traced(number: dict[str, Any]) -> Iterator[str]:
    """The formula of one number, its raw lines, and whose they are."""
    from tradeflows.model.absence import NO_ROW
    from tradeflows.model.lineage import full_number

    value = full_number(number["value"])
    yield f"{number['definition']}: {value} {number['unit']} = {number['formula']}"
    roles = list(dict.fromkeys(term["role"] for term in number["terms"]))
    shown = set()
    for term in sorted(
        number["terms"], key=lambda term: (roles.index(term["role"]), *_place(term))
    ):
        value = full_number(term["value"])
        line = f"{term['path']}:{term['line']}"
        place = f"{line}{_row_of(term)}"
        if term["declared_zero"]:
            place = f"{NO_ROW} {place}"
        text = "the same line" if line in shown else term["text"]
        shown.add(line)
        yield f"  {term['role']:12} {value:>22} {term['unit']}  {place}: {text}"
    owners = {(term["publisher"], term["address"]): None for term in number["terms"]}
    for name, address in owners:
        yield f"  from {name}: {address}"


def report(args: argparse.Namespace) -> None:
    """Run notebooks and write a page each, with a front page, into a folder."""
    root = root_of(args)
    files = checks.notebooks(args.notebook, root)
    checks.require_ledger(args.ledger, root)
    to = args.to or root / "report"
    checks.require_folder_of_pages(to, root)
    errors: list[TradeflowsError] = []
    asked = {"ledger": args.ledger, "local": args.local, "wrong": errors.append}
    with terminal.progress(0, "steps", quiet=args.quiet):  # what lacks is said before the work
        from tradeflows.report import pages
    _build_if_stale(args, root)
    with _notebooks_in_turn(args) as progress:
        progress(f"running {len(files)} notebooks" if files else "running the notebooks")
        written = pages.write(files, to, root, progress, **asked)
    say(*written)
    terminal.fail(errors)


def _notebooks_in_turn(args: argparse.Namespace) -> AbstractContextManager[terminal.Step]:
    """A line for each notebook that was run, and for each other step, on a terminal too."""
    return terminal.progress(0, "steps", quiet=args.quiet, patience=0, keeps_lines=True)


# --- what is held ---------------------------------------------------------------------------------


def sources(args: argparse.Namespace) -> None:
    """List the catalogue: each raw file's id, table, vintage, licence and title."""
    from tradeflows.retrieval import catalogue

    names = ("id", "table", "vintage", "licence", "title")
    entries = [
        {name: getattr(source, name) for name in names}
        for source in catalogue.load(root_of(args), local=True).values()
    ]
    if args.json:
        say_json(entries)
    elif not entries:
        say(NO_FILE)
    else:
        rows = [[str(source[name]) for name in names] for source in entries]
        say(*terminal.table(rows, terminal.width()))


def rows(args: argparse.Namespace) -> None:
    """Show rows of a table as they are stored, by column=value or month=2023-05."""
    wanted = checks.conditions(args.table, args.column)
    with terminal.progress(0, "rows", quiet=args.quiet):
        from tradeflows.tables.checks import rows

        frame = rows(root_of(args), args.table, wanted, local=args.local)
    frame = _with_days(frame)
    if args.json:
        _say_rows(frame)
        return
    shared = [name for name in frame if frame[name].nunique(dropna=False) == 1]
    values = frame[shared].iloc[0].dropna().astype("str")
    common = "; ".join(f"{name} {value}" for name, value in values.items() if value)
    say(f"in {len(frame)} rows: {common}")
    if len(shared) < len(frame.columns):
        differing = frame.drop(columns=shared)
        say(differing.to_string(index=False, na_rep="", line_width=terminal.width()))


def _with_days(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows whose days are texts such as 2023-05-01."""
    days = frame.select_dtypes("datetime")
    return frame.assign(**{name: days[name].dt.strftime("%Y-%m-%d") for name in days})


def _say_rows(frame: pd.DataFrame) -> None:
    """Print rows for a program."""
    say(frame.to_json(orient="records", force_ascii=False, indent=1))


def doctor(args: argparse.Namespace) -> None:
    """Look for what is wrong in everything catalogued; the ten worst of each kind, or all."""
    root = root_of(args)
    with terminal.progress(0, "checks", quiet=args.quiet, patience=0) as step:
        from tradeflows.retrieval import catalogue
        from tradeflows.tables import checks

        findings = [*checks.look(root, local=args.local, progress=step)]
    if args.json:
        say_json([{"kind": item.kind, "text": item.text, "show": item.show} for item in findings])
        return
    if not findings and not catalogue.load(root, local=args.local):
        say(NO_FILE)
        return
    say(*checks.summary(findings, len(findings) if args.all else checks.SHOWN))


# --- more figures ---------------------------------------------------------------------------------


def fetch(args: argparse.Namespace) -> None:
    """Ask a publisher's service for what is not held yet, and keep all that comes whole."""
    checks.require_window(args.start, args.end)
    if args.dry_run:
        with _project_or_none(args) as root:
            args.ask(args, root)
    else:
        args.ask(args, root_of(args))


@contextmanager
def _project_or_none(args: argparse.Namespace) -> Iterator[Path]:
    """The project's folder or, where there is none, an empty one for as long as it is needed."""
    from tempfile import TemporaryDirectory

    from tradeflows.model.errors import CatalogueError

    try:
        root = root_of(args)
    except CatalogueError:
        if args.root:
            raise
        with TemporaryDirectory() as folder:
            root = Path(folder)
            listing = root / "data" / "raw" / "sources.toml"
            listing.parent.mkdir(parents=True)
            listing.touch()
            yield root
    else:
        yield root


def comtrade(args: argparse.Namespace, root: Path) -> None:
    """Ask UN Comtrade for a flow, whole, or say what is missing."""
    from tradeflows.retrieval import comtrade

    asked = comtrade.request(
        args.reporter,
        args.partner,
        args.flow,
        args.products,
        args.start,
        args.end,
        args.freq,
        classification=args.classification,
        root=root,
    )
    web, limits = comtrade.connect(args.url, cap=args.cap)
    with web:
        with _listing(args):
            plan = comtrade.plan(asked, web, limits, root)

        def get() -> comtrade.Report:
            with _calls_in_turn(args, len(plan.calls)) as show:
                return comtrade.fetch(plan, web, root, show)

        _carry_out(args, [*plan.calls, plan, *plan.lacking()], plan, "cells", get)


def comext(args: argparse.Namespace, root: Path) -> None:
    """Download the months of Eurostat Comext that are lacking, whole, or say what is missing."""
    from tradeflows.retrieval import comext

    months = comext.months(args.start, args.end)
    with comext.connect(args.url) as web:
        with _listing(args):
            plan = comext.plan(months, web, root)
        sizes = [file.bytes for file in plan.files]

        def get() -> comext.Report:
            with terminal.progress(sum(sizes), "B", quiet=args.quiet, patience=0) as step:

                def show(now: comext.Progress) -> None:
                    line = "" if now.bytes else f"{now.listed}; {now.left} left"
                    so_far = sum(sizes[: now.done]) + now.bytes
                    left = sum(sizes) - so_far >> 20
                    step(line, so_far, sum(sizes), f"{now.listed.name}, {left:,} MiB left")

                return comext.fetch(plan, web, root, show)

        _carry_out(args, plan.lines(), plan, "months", get)


@contextmanager
def _calls_in_turn(args: argparse.Namespace, calls: int) -> Iterator[Callable[[Any], None]]:
    """How far some calls are, from the first on; nothing where there are none to make."""
    quiet = args.quiet or not calls
    with terminal.progress(calls, "calls", quiet=quiet, patience=0) as step:
        yield _by_call(step, "call")


@contextmanager
def _listing(args: argparse.Namespace) -> Iterator[None]:
    """Say, where it takes its time, that a publisher is asked what is out."""
    with terminal.progress(0, "steps", quiet=args.quiet) as step:
        from tradeflows.retrieval.call_words import LISTING

        step("", words=LISTING)
        yield


def _by_call(step: terminal.Step, what: str) -> Callable[[Any], None]:
    """Show progress that counts calls or files, and rows."""

    def show(now: Any) -> None:
        line = f"{now.done} done, {now.left} left, {now.rows:,} rows: {now.call}"
        words = f"{now.rows:,} rows, {count_of(now.left, what)} left"
        step(line, now.done, now.done + now.left, words)

    return show


def _carry_out(
    args: argparse.Namespace,
    lines: Iterable[Any],
    plan: Any,
    what: str,
    get: Callable[[], Any],
) -> None:
    """Say a plan, or carry it out by `get` and say what became of it."""
    if args.dry_run:
        say(*lines)
        return
    note(plan)
    outcome = get()
    say(*outcome.lines())
    if outcome.missing:
        raise SourceError(f"{outcome.missing} {what} are missing, named above")


def ask(args: argparse.Namespace) -> None:
    """Ask for a flow, fetch and keep what is lacking, and answer: all in one."""
    checks.require_window(args.start, args.end)
    root = root_of(args)
    checks.require_areas(args.reporter, args.partner, root)
    with terminal.progress(0, "steps", quiet=args.quiet):
        from tradeflows.explore import ask as live
        from tradeflows.explore.answer import as_lines

    answer = live.ask(
        args.product.split(","),
        args.reporter.split(","),
        args.partner.split(",") if args.partner else None,
        start=args.start,
        end=args.end,
        flow=args.flow,
        freq=args.freq,
        unit=args.unit,
        classification=args.classification,
        breakdown=args.breakdown,
        refresh=args.refresh,
        root=root,
        say=(lambda line: None) if args.quiet else note,
        bar=lambda calls: _calls_in_turn(args, calls) if calls else _listing(args),
    )
    if args.json:
        _say_rows(_with_days(answer))
    else:
        say(as_lines(answer, root))


def available(args: argparse.Namespace) -> None:
    """List the periods that are out, since when, and what of them is held."""
    root = root_of(args)
    checks.require_areas(args.reporter, args.partner, root)
    with _listing(args):
        from tradeflows.explore import ask as live

        frame = live.available(
            args.reporter.split(","),
            args.partner.split(",") if args.partner else None,
            freq=args.freq,
            root=root,
        )
    if args.json:
        say_json(frame.to_dict("records"))
        return
    if frame.empty:
        period, other = ("month", "A") if args.freq == "M" else ("year", "M")
        say(f"no {period} of {args.reporter} is out; next: --freq {other}")
        return
    rows = [[str(cell or "") for cell in row] for row in frame.itertuples(index=False)]
    say(*terminal.table([[*frame.columns], *rows], terminal.width()))


def sketch(args: argparse.Namespace) -> None:
    """Propose the catalogue's entry of a CSV, with its map, and mark what the file does not say."""
    if args.to:
        checks.require_output(args.to, (".toml",))
        checks.require_new_file(args.to)  # a map is a person's work
        checks.require_name(args.file)  # which the entry has too
    checks.require_file(args.file)
    from tradeflows.model.errors import CatalogueError
    from tradeflows.retrieval import catalogue
    from tradeflows.retrieval.sketch import sketch as proposal

    try:
        known = [*catalogue.publishers(root_of(args), local=True)]
    except CatalogueError:  # a file can be looked at without a project
        known = []
    text = proposal(args.file, publisher=args.publisher, table=args.table, known=known)
    if args.to:
        args.to.write_text(text, encoding="utf-8")
    say(args.to or text.rstrip("\n"))


def add(args: argparse.Namespace) -> None:
    """Check files that you saved, catalogue them, and build; known ones are passed over."""
    root = root_of(args)
    checks.require_file(args.file[0])  # the others are looked at in their turn
    from tradeflows.retrieval import adding, comext, maps

    template = maps.read(args.map) if args.map else None
    if args.commit and not (template or args.steps or args.address) and sys.stdin.isatty():
        note("How was it got, so that others can get it again? For example: queried by month")
        args.steps = input()
    new: list[Source] = []
    for path in args.file:  # one by one, so that what is kept is said before what is refused
        with terminal.progress(0, "files", quiet=args.quiet) as step:
            step("", words=f"checking {path.name}")
            checks.require_file(path)
            [added] = adding.add(
                [path],
                root,
                vintage=args.vintage,
                rank=args.rank,
                template=template,
                commit=args.commit,
                about=_about(args),
                **_unsaid(args),
            )
        if added.is_earlier:
            say(f"{added.source.id}: held already, as {added.source.path}")
        else:
            say(f"{added.source.id}: {added.line()}", *comext.known_totals(added.source, root))
            say(*maps.other_scales(added.source))
            say(*(maps.unheeded_path(template, added.source) if template else ()))
            new.append(added.source)
    _build_if_stale(args, root)
    _say_of_ends(root, new)


def update(args: argparse.Namespace) -> None:
    """Take a source's newer release: catalogue it, build, and announce what moved with it."""
    checks.require_file(args.file)
    from tradeflows.retrieval import catalogue

    root = root_of(args)
    catalogue.named(args.source, catalogue.load(root, local=True))
    if not args.no_accept:  # what this needs is not found lacking after the work
        from tradeflows.report import accept
    from tradeflows.report import pins
    from tradeflows.retrieval import adding, maps

    with terminal.progress(0, "files", quiet=args.quiet) as step:
        step("", words=f"checking {args.file.name}")
        about = _about(args)
        updated = adding.update(
            args.source, args.file, root, vintage=args.vintage, about=about, force=args.force
        )
    new = updated.source
    if updated.is_earlier:
        say(f"{new.id}: held already, as {new.path}")
    else:
        say(f"{new.id}: {updated.line()}; it supersedes {args.source}", *maps.other_scales(new))
    _build_if_stale(args, root)
    if not updated.is_earlier:
        _say_of_ends(root, [new])
    is_own = new.path.startswith("local/")
    if not is_own:
        followed = pins.follow(root, args.source, new.id)
        say(*(f"claim {claim} reads {new.id} now" for claim in followed))
    old = catalogue.load(root, local=True)[args.source]
    for pin in pins.pins(root, old):
        say(f"{pin.place} names {args.source}, and still reads the old release: {pin.text}")
    if args.no_accept or is_own:
        return
    errors: list[TradeflowsError] = []
    with _notebooks_in_turn(args) as progress:
        try:
            lines = accept.accept(root, progress, wrong=errors.append)
        except TradeflowsError:
            note(f"{new.id} is catalogued and built; mend this, then `tradeflows accept`:")
            raise
    say(*lines)
    terminal.fail(errors)


def _say_of_ends(root: Path, new: Iterable[Source]) -> None:
    """Say what may be wrong with the last months of new files: zeros, or none that `absent` names.

    Whether zeros there are zeros or not out yet ``doctor`` asks too.
    """
    from tradeflows.tables import checks

    of_trade = [source for source in new if source.table == "trade"]
    if not of_trade:
        return
    with suppress(BuildError):  # another run has added files since, and builds them in its turn
        say(*checks.zeros_at_the_end(root, [source.id for source in of_trade]))
        say(*checks.absent_beyond_the_end(root, of_trade))


def _about(args: argparse.Namespace) -> dict[str, str]:
    """What the user tells of a file."""
    return {name: getattr(args, name) or "" for name in ("title", "steps", "address", "licence")}


def _build_if_stale(args: argparse.Namespace, root: Path) -> None:
    """Build the tables, unless they are of what is catalogued now."""
    from tradeflows import tables

    if not tables.is_current(root):
        _built(args, root)


def remove(args: argparse.Namespace) -> None:
    """Take files that you fetched or added out of your catalogue, and off the disk."""
    from tradeflows.retrieval import catalogue

    root = root_of(args)
    for name in args.id:
        catalogue.own_entries(name, root)
    from tradeflows.retrieval import user_files

    for name in args.id:
        say(f"{name}: removed, with {user_files.remove(name, root)}")


def clean(args: argparse.Namespace) -> None:
    """Turn a publisher's own files into a Parquet file, a CSV or a folder of Parquet files."""
    checks.require_output(args.to, (".parquet", ".csv"))
    for path in args.file:
        if path.exists():  # what is not there is said in its turn
            checks.require_file(path)
    if args.is_own_process:
        without_pandas()
    from tradeflows.publishers import cleaned
    from tradeflows.tables import clean

    options = {"strict": args.strict} | _unsaid(args)
    if args.cluster is None:
        with terminal.progress(len(args.file), "files", quiet=args.quiet) as step:
            show = _by_file(step)
            files = clean.clean(args.publisher, args.file, args.to, progress=show, **options)
    else:
        from tradeflows.tables import cluster

        with terminal.progress(len(args.file), "files", quiet=args.quiet, patience=0) as step:
            files = cluster.spread(
                args.publisher,
                args.file,
                args.to,
                address=args.cluster,
                progress=_by_call(step, "file"),
                **options,
            )
    say(*cleaned.lines(files), *clean.restated(args.to))


def _by_file(step: terminal.Step) -> Callable[[Path, int, int, int], None]:
    """Show progress by file, and by records within it."""
    seen: set[Path] = set()

    def show(path: Path, records: int, done: int, total: int) -> None:
        line = "" if path in seen else f"cleaning {path.name}"
        seen.add(path)
        step(line, done, total, f"{path.name}, {records:,} records")

    return show


def _unsaid(args: argparse.Namespace) -> dict[str, str]:
    """What the user tells of files that do not say it themselves."""
    values = {name: getattr(args, name) for name in UNSAID}
    return {name: value for name, value in values.items() if value}


def guide(args: argparse.Namespace) -> None:
    """Print how a person gets a file from a site that forbids machines."""
    from tradeflows.retrieval import customs_form

    values = {name: getattr(args, name) for name in GUIDED}
    say(*customs_form.gacc(**{name: value for name, value in values.items() if value}))


def diff(args: argparse.Namespace) -> None:
    """Show what the newest release of fetched data, or of a file, changed against the older one."""
    checks.require_period(args.period)
    with terminal.progress(0, "releases", quiet=args.quiet):
        from tradeflows.retrieval import catalogue, comext, comtrade, releases

        root = root_of(args)
        of: dict[str, Any] = {"comtrade": comtrade.diff, "comext": comext.diff}
        catalogue.named(args.source, of | catalogue.load(root, local=True))
        of_file = partial(releases.diff, args.source)
        changes = of.get(args.source, of_file)(root, args.period)
    shown = changes[: args.most or None]
    if args.json:
        names = ("kind", "what", "old", "new", "unit", "old_release", "new_release")
        say_json([{name: getattr(change, name) for name in names} for change in shown])
        return
    if not changes:
        say(
            f"no figure of {args.source} differs between two releases that are held here; "
            "next: `tradeflows fetch --help` says how to get newer ones"
        )
        return
    kinds = Counter(change.kind for change in changes)
    counts = ", ".join(f"{kinds[kind]} {kind}" for kind in CHANGES)
    rest = len(changes) - len(shown)
    say(*shown, counts + (f"; {rest} of them not shown" if rest else ""))


# --- the project ----------------------------------------------------------------------------------


def init(args: argparse.Namespace) -> None:
    """Make a project of your own in a new folder: catalogue, ledger, notebook, checks."""
    checks.require_new_folder(args.folder)
    from tradeflows.report import new_project

    title = args.title or new_project.title_of(args.folder)
    files = new_project.init(args.folder, title)
    say(*files, f"its report is called {title!r}: title, in project.toml")
    say(f"next: cd {args.folder}; tradeflows add FILE")


def build(args: argparse.Namespace) -> None:
    """Clean every catalogued file into data/processed; your own files stop no other."""
    refused = _built(args, root_of(args))
    if refused:
        raise TradeflowsError(
            f"{len(refused)} of your own files are in no table ({', '.join(refused)}); "
            "the committed tables and your other files are built"
        )


def _built(args: argparse.Namespace, root: Path) -> dict[str, str]:
    """Build, say what became of it, and return those of the user's files that are refused."""
    with terminal.progress(0, "files", quiet=args.quiet) as step:
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
    say(*(_table_line(table.table, dict(table.counts)) for table in built))
    refused = {name: reason for table in built for name, reason in table.refused.items()}
    say(*(f"refused: {name}: {reason}" for name, reason in refused.items()))
    return refused


def _table_line(table: str, counts: dict[str, int]) -> str:
    """How many records became how many rows of a table, and what was left out."""
    records = counts.pop("records", 0)
    rows = counts.pop("rows", 0)
    zeros = counts.pop("zeros", 0)
    made = f" and {zeros:,} declared zeros" if zeros else ""
    left_out = "; ".join(f"{reason} ({count})" for reason, count in counts.items())
    return f"{table:10} {records:8,} records in {rows:8,} rows{made} out  {left_out}".rstrip()


def verify(args: argparse.Namespace) -> None:
    """Check every raw file against the size and sha256 that the catalogue records."""
    from tradeflows.retrieval import catalogue

    states = catalogue.verify(root_of(args))
    say(f"{len(states)} raw files are as catalogued")


def check(args: argparse.Namespace) -> None:
    """Check all that is announced: raw files, control totals, verdicts and notebooks."""
    root = root_of(args)
    files = checks.notebooks(args.notebook, root)
    differing = 0
    with terminal.progress(0, "checks", quiet=args.quiet) as step:
        from tradeflows.report import check

        names = check.names(root, files)
        for done, outcome in enumerate(check.outcomes(root, files), 1):
            line = f"{outcome.name}: {outcome.words} ({outcome.seconds:.1f} s)"
            step("", done, len(names), ", ".join(names[done : done + 2]), answer=line)
            differing += not outcome.agrees
    if differing:
        raise TradeflowsError(f"{differing} of these are not as announced; see above")


def accept(args: argparse.Namespace) -> None:
    """Announce what changed: rebuild, run the notebooks, rewrite their outputs and the totals."""
    root = root_of(args)
    checks.require_ledger(args.ledger, root)
    with _notebooks_in_turn(args) as progress:
        from tradeflows.report import accept

        errors: list[TradeflowsError] = []
        asked = {"ledger": args.ledger, "local": args.local, "wrong": errors.append}
        lines = accept.accept(root, progress, **asked)
    say(*lines)
    terminal.fail(errors)


def migrate(args: argparse.Namespace) -> None:
    """Rewrite a ledger of an older version in the spelling of this one."""
    from tradeflows import claims
    from tradeflows.report.site import save

    ledger = args.ledger or claims.path(root_of(args))
    text = claims.migrated(ledger)
    if text == ledger.read_text(encoding="utf-8"):
        say(f"{ledger} is of this version already")
        return
    save({ledger: text})
    say(f"{ledger} is rewritten; next: `tradeflows claims --all`, then `tradeflows accept`")


def completion(args: argparse.Namespace) -> None:
    """Print a script by which a shell completes this command's words."""
    import shtab

    from tradeflows.cli.arguments import parser

    say(shtab.complete(parser(), args.shell))


def without_pandas() -> None:
    """Let pyarrow not import pandas with its first array, which takes longer than most cleaning.

    The import is refused for the one moment in which pyarrow asks for it; pyarrow goes on without,
    and imports pandas later if a frame is wanted.
    """
    import pyarrow as pa

    sys.meta_path.insert(0, RefusePandas)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(RefusePandas)


class RefusePandas:
    """A finder of modules that refuses to import pandas."""

    @staticmethod
    def find_spec(name: str, *_: Any) -> None:
        """Refuse pandas; leave every other module to the finders after this one."""
        if name == "pandas":
            raise ModuleNotFoundError("pandas is not wanted yet", name=name)
