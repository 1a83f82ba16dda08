"""The command ``tradeflows``; exit 0 done, 1 the data are not as expected, 2 the command is not."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from tradeflows.model.errors import QueryError, SourceError, TradeflowsError

# Heavy modules are imported inside the verbs: `tradeflows --help` should answer at once.


def sources(args: argparse.Namespace) -> None:
    """List the catalogue: each raw file's id, table, vintage, licence and title."""
    from tradeflows.retrieval import catalogue

    for source in catalogue.load(args.root or catalogue.root(), local=True).values():
        print(
            f"{source.id:45} {source.table:10} {source.vintage:12} {source.licence[:28]:28} "
            f"{source.title}"
        )


def verify(args: argparse.Namespace) -> None:
    """Check every raw file against the size and sha256 that the catalogue records."""
    from tradeflows.retrieval import catalogue

    states = catalogue.verify(args.root or catalogue.root())
    print(f"{len(states)} raw files are as catalogued")


def build(args: argparse.Namespace) -> None:
    """Clean every catalogued file into data/processed, all tables or none."""
    from tradeflows import tables

    for built in tables.build(args.root):
        counts = dict(built.counts)
        records, rows = counts.pop("records", 0), counts.pop("rows", 0)
        left = "; ".join(f"{reason} ({count})" for reason, count in counts.items())
        print(f"{built.table:10} {records:8,} records in {rows:8,} rows out  {left}".rstrip())


def accept(args: argparse.Namespace) -> None:
    """Announce what changed: rebuild, run the notebooks, rewrite their outputs and the totals."""
    from tradeflows.report import accept

    for line in accept.accept(args.root):
        print(line)


def report(args: argparse.Namespace) -> None:
    """Run notebooks and write a page each, with an index, into a folder."""
    from tradeflows.report import pages

    for page in pages.write(args.notebook, args.to, args.root):
        print(page)


def claims(args: argparse.Namespace) -> None:
    """Judge the ledger: each claim with its verdict, or one claim in full."""
    from tradeflows import claims
    from tradeflows.retrieval import catalogue

    root = args.root or catalogue.root()
    ledger = claims.load(args.ledger, root, local=args.local)
    if args.claim:
        ledger = {args.claim: claims.named(ledger, args.claim)}
    found = claims.evaluate_all(ledger.values(), root, local=args.local)
    if args.json:
        import json

        print(json.dumps([claims.as_json(each) for each in found], ensure_ascii=False, indent=1))
    elif args.claim:
        print(*claims.explain(found[0]), sep="\n")
    else:
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        print(*(claims.line(each, colour=colour) for each in found), sep="\n")


def trace(args: argparse.Namespace) -> None:
    """Follow the number behind each reading of a claim to the raw lines it was made of."""
    from tradeflows import claims
    from tradeflows.model import lineage
    from tradeflows.retrieval import catalogue

    root = args.root or catalogue.root()
    claim = claims.named(claims.load(args.ledger, root, local=args.local), args.claim)
    verdict = claims.evaluate_claim(claim, root, local=args.local)
    found = [claims.terms(one, root) for one in claims.chosen(verdict, args.definition)]
    if args.json:
        import json

        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    if not found:
        print(f"{args.claim} has no reading to trace: {verdict.reason}")
    for one in found:
        number = lineage.full_number(one["value"])
        print(f"{one['definition']}: {number} {one['unit']} = {one['formula']}")
        for term in one["terms"]:
            print(
                f"  {term['role']:12} {lineage.full_number(term['value']):>22} {term['unit']}  "
                f"{term['path']}:{term['line']}: {term['text']}"
            )
        for name, address in {(t["publisher"], t["address"]): None for t in one["terms"]}:
            print(f"  from {name}: {address}")


def fetch(args: argparse.Namespace) -> None:
    """Ask a publisher's service for what is not held yet, and keep all that comes whole."""
    from tradeflows.retrieval import catalogue

    args.ask(args, args.root or catalogue.root())


def _comtrade(args: argparse.Namespace, root: Path) -> None:
    """Ask UN Comtrade for a flow, whole, or say what is missing."""
    from tradeflows.retrieval import comtrade

    asked = comtrade.request(
        args.reporter, args.partner, args.flow, args.products, args.start, args.end, args.freq
    )
    web, limits = comtrade.connect(args.url, cap=args.cap)
    with web:
        plan = comtrade.plan(asked, web, limits, root)
        told = [*plan.calls, plan, *plan.lacking()]

        def get() -> comtrade.Report:
            with _bar(len(plan.calls)) as bar:

                def show(now: comtrade.Progress) -> None:
                    line = f"{now.done} done, {now.left} left, {now.rows:,} rows: {now.call}"
                    told = f"{now.rows:,} rows, {now.left} calls left"
                    _move(bar, line, now.done, now.done + now.left, told)

                return comtrade.fetch(plan, web, root, show)

        _fetch(args, told, plan, "cells", get)


def _comext(args: argparse.Namespace, root: Path) -> None:
    """Download the months of Eurostat Comext that are lacking, whole, or say what is missing."""
    from tradeflows.retrieval import comext

    months = comext.months(args.start, args.end)
    with comext.connect(args.url) as web:
        plan = comext.plan(months, web, root)
        sizes = [each.bytes for each in plan.files]

        def get() -> comext.Report:
            with _bar(sum(sizes)) as bar:

                def show(now: comext.Progress) -> None:
                    line = "" if now.bytes else f"{now.listed}; {now.left} left"
                    so_far = sum(sizes[: now.done]) + now.bytes
                    told = f"{now.listed.name}, {sum(sizes) - so_far >> 20:,} MiB left"
                    _move(bar, line, so_far, sum(sizes), told)

                return comext.fetch(plan, web, root, show)

        _fetch(args, plan.lines(), plan, "months", get)


def _fetch(
    args: argparse.Namespace, told: Iterable[Any], plan: Any, what: str, get: Callable[[], Any]
) -> None:
    """Say a plan, or carry it out by `get` and say what became of it."""
    if args.dry_run:
        print(*told, sep="\n")
        return
    print(plan, file=sys.stderr)
    try:
        report = get()
    except KeyboardInterrupt:
        print("the same command again asks only for what is missing", file=sys.stderr)
        raise
    print(*report.lines(), sep="\n")
    if missing := len(report.absent) + len(report.failed):
        raise SourceError(f"{missing} {what} are missing, named above")


def _bar(total: int) -> Any:
    """A bar on a terminal; elsewhere :func:`_move` prints lines."""
    from tqdm import tqdm

    form = "{percentage:3.0f} % |{bar}| {desc}, {remaining} to go"
    return tqdm(total=total, disable=None if total else True, bar_format=form)


def _move(bar: Any, line: str, done: int, total: int, told: str) -> None:
    """Set a bar or, where there is no terminal, print `line` unless it is empty."""
    if not bar.disable:
        bar.total = total
        bar.set_description_str(told, refresh=False)
        bar.update(done - bar.n)
    elif line:
        print(line, file=sys.stderr)


def diff(args: argparse.Namespace) -> None:
    """Show what the newest release of fetched data changed against the one before."""
    from importlib import import_module

    from tradeflows.retrieval import catalogue

    publisher = import_module(f"tradeflows.retrieval.{args.publisher}")
    changes = publisher.diff(args.root or catalogue.root(), args.period)
    shown = changes[: args.most or None]
    kinds = [
        sum(each.kind == kind for each in changes) for kind in ("added", "changed", "withdrawn")
    ]
    rest = len(changes) - len(shown)
    print(
        *shown,
        "{} added, {} changed, {} withdrawn".format(*kinds)
        + (f"; {rest} of them not shown" if rest else ""),
        sep="\n",
    )


def clean(args: argparse.Namespace) -> None:
    """Turn a publisher's own files into a Parquet file, a CSV or a folder of Parquet files."""
    from tradeflows.publishers import cleaned
    from tradeflows.tables import clean

    given = {"strict": args.strict} | _given(args)
    if args.cluster is None:
        files = clean.clean(args.publisher, args.file, args.to, **given)
    else:
        from tradeflows.tables import cluster

        try:
            with _bar(len(args.file)) as bar:

                def show(now: cluster.Progress) -> None:
                    line = f"{now.done} done, {now.left} left, {now.rows:,} rows: {now.call}"
                    told = f"{now.rows:,} rows, {now.left} files left"
                    _move(bar, line, now.done, now.done + now.left, told)

                files = cluster.spread(
                    args.publisher, args.file, args.to, address=args.cluster, progress=show, **given
                )
        except KeyboardInterrupt:
            print("the same command again does only what is missing", file=sys.stderr)
            raise
    print(*cleaned.lines(files), *clean.restated(args.to), sep="\n")


def add(args: argparse.Namespace) -> None:
    """Check files that you saved, and catalogue them beside the committed ones."""
    from tradeflows.retrieval import catalogue, comext, user_files

    root = args.root or catalogue.root()
    for path in args.file:  # one by one, so that what is kept is said before what is refused
        [added] = user_files.add([path], root, vintage=args.vintage, rank=args.rank, **_given(args))
        print(
            f"{added.source.id}: {added.line()}", *comext.known_totals(added.source, root), sep="\n"
        )


def without_pandas() -> None:
    """Let pyarrow not import pandas with its first array, which takes longer than most cleaning."""
    import warnings

    import pyarrow as pa

    if "pandas" not in sys.modules:
        old = ModuleType("pandas")
        old.__version__ = "0"  # type: ignore[attr-defined]
        sys.modules["pandas"] = old
        with warnings.catch_warnings():  # it asks once, and says that this one is too old
            warnings.simplefilter("ignore")
            pa.array([""])
        del sys.modules["pandas"]


def _given(args: argparse.Namespace) -> dict[str, str]:
    names = ("flow", "period", "product", "partner")
    return {name: value for name in names if (value := getattr(args, name))}


def guide(args: argparse.Namespace) -> None:
    """Print how a person gets a file from a site that forbids machines."""
    from tradeflows.retrieval import customs_form

    names = ("product", "partner", "start", "end", "flow", "currency")
    for line in customs_form.gacc(
        **{name: getattr(args, name) for name in names if getattr(args, name)}
    ):
        print(line)


def doctor(args: argparse.Namespace) -> None:
    """Look for what is wrong in everything catalogued; one line a finding."""
    from tradeflows.retrieval import catalogue
    from tradeflows.tables import checks

    found = list(checks.look(args.root or catalogue.root(), local=args.local))
    kinds = Counter(line.split(":")[0] for line in found)
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
    print(*found, f"{len(found)} findings{counts and f': {counts}'}", sep="\n")


def rows(args: argparse.Namespace) -> None:
    """Show rows of a table as they are stored, by column=value or month=2023-05."""
    from tradeflows.retrieval import catalogue
    from tradeflows.tables import checks

    wanted = dict(each.partition("=")[::2] for each in args.column)
    frame = checks.rows(args.root or catalogue.root(), args.table, wanted, local=args.local)
    for name in frame.select_dtypes("datetime"):
        frame[name] = frame[name].dt.strftime("%Y-%m-%d")
    alike = [name for name in frame if frame[name].nunique(dropna=False) == 1]
    told = frame[alike].iloc[0].dropna().astype("str")
    print(
        f"in {len(frame)} rows:", "; ".join(f"{name} {said}" for name, said in told.items() if said)
    )
    if len(alike) < len(frame.columns):
        print(frame.drop(columns=alike).to_string(index=False, na_rep=""))


def parser() -> argparse.ArgumentParser:
    """The command line; each verb is a function of this module and its docstring the help."""
    top = argparse.ArgumentParser(
        prog="tradeflows", description="From a publisher's raw row to a checked sentence."
    )
    top.add_argument("--root", type=Path, help="project folder (else TRADEFLOWS_ROOT, else found)")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    for verb in (
        sources,
        verify,
        build,
        accept,
        report,
        claims,
        trace,
        fetch,
        diff,
        clean,
        add,
        guide,
        doctor,
        rows,
    ):
        below = verbs.add_parser(verb.__name__, help=verb.__doc__, description=verb.__doc__)
        below.set_defaults(run=verb)
        if verb is report:
            below.add_argument("notebook", nargs="*", type=Path, help="all of notebooks/ if none")
            below.add_argument("--to", type=Path, default=Path("report"), help="default: report")
        if verb is trace:
            below.add_argument("claim", help="id of the claim")
            below.add_argument("--definition", help="the name of one reading")
        if verb is claims:
            below.add_argument("claim", nargs="?", help="id of one claim, to see it in full")
        if verb in (claims, trace):
            below.add_argument("--json", action="store_true", help="everything, for a program")
            below.add_argument("--ledger", type=Path, help="another ledger than data/claims.toml")
        if verb in (claims, trace, doctor, rows):
            below.add_argument(
                "--local",
                action=argparse.BooleanOptionalAction,
                default=verb in (doctor, rows),
                help="with the files that you fetched or added, or without; default: "
                f"{'with' if verb in (doctor, rows) else 'without'}",
            )
        if verb in (clean, add):
            if verb is clean:
                below.add_argument("publisher", help="gacc, cbr, ecb, eurostat_energy, …")
            below.add_argument("file", nargs="+", type=Path)
            below.add_argument("--flow", choices=["M", "X"], help="where the files do not say")
            below.add_argument("--period", help="2023, 2023-05 or 2023-01/2023-05, likewise")
            below.add_argument("--product", help="a code or TOTAL, likewise")
            below.add_argument("--partner", help="an area or World, likewise")
        if verb is clean:
            below.add_argument("--to", type=Path, required=True, help=".parquet, .csv or a folder")
            below.add_argument("--strict", action="store_true", help="leave nothing out")
            below.add_argument(
                "--cluster",
                nargs="?",
                const="",
                metavar="ADDRESS",
                help="a task a file on the Dask scheduler there, whose workers see FILE and the "
                "folder --to at the same place; without ADDRESS, a worker a core here",
            )
        if verb is add:
            below.add_argument(
                "--vintage",
                default="not stated",
                help="day, month or year of the publisher's release",
            )
            below.add_argument(
                "--rank",
                type=int,
                default=9,
                help="1 before all; default 9, of a whole month of Comext 1",
            )
        if verb is guide:
            below.add_argument("site", choices=["gacc"])
            below.add_argument("--product", required=True, help="HS code of 2 to 8 digits")
            below.add_argument("--start", required=True, help="first month, such as 2023-01")
            for name in ("partner", "end"):
                below.add_argument(f"--{name}")
            below.add_argument("--flow", choices=["M", "X"])
            below.add_argument("--currency", choices=["USD", "CNY"])
        if verb is rows:
            below.add_argument("table")
            below.add_argument("column", nargs="+", help="column=value")
        if verb is fetch:
            _ways(below)
        if verb is diff:
            below.add_argument(
                "publisher",
                nargs="?",
                choices=["comtrade", "comext"],
                default="comtrade",
                help="default: comtrade",
            )
            below.add_argument("period", nargs="?", default="", help="such as 2024-02; else all")
            below.add_argument(
                "--most",
                type=int,
                default=100,
                metavar="N",
                help="lines to print at most; 0 for all; default 100",
            )
    return top


def _ways(verb: argparse.ArgumentParser) -> None:
    """The publishers whose services ``fetch`` asks, each with its question."""
    ways = verb.add_subparsers(dest="publisher", required=True, metavar="PUBLISHER")
    spans = (("start", "first month, such as 2022-01, or year"), ("end", "the last"))
    for name, ask, options in (
        (
            "comtrade",
            _comtrade,
            (
                ("reporter", "ISO codes or names, with commas; or all"),
                ("partner", "the same"),
                ("flow", "M, X, RM, RX"),
                ("products", "HS codes, TOTAL, AG2, AG4, AG6"),
                *spans,
            ),
        ),
        ("comext", _comext, spans),
    ):
        way = ways.add_parser(name, help=ask.__doc__, description=ask.__doc__)
        way.set_defaults(ask=ask)
        for option, text in options:
            way.add_argument(f"--{option}", required=True, help=text)
        if name == "comtrade":
            way.add_argument("--freq", choices=["M", "A"], default="M", help="default: M")
            way.add_argument(
                "--cap", type=int, help="rows that your key may have a call, if not 100000"
            )
        way.add_argument("--url", help=f"base address, else TRADEFLOWS_{name.upper()}_URL")
        way.add_argument("--dry-run", action="store_true", help="say what would be asked")


def main(argv: list[str] | None = None) -> int:
    """Run one verb and return the exit status."""
    args = parser().parse_args(argv)
    try:
        if argv is None and args.run is clean:  # a process of its own
            from tradeflows.publishers import archives

            if args.cluster is None:
                archives.begin(args.file[0])
            without_pandas()
        args.run(args)
        sys.stdout.flush()
    except TradeflowsError as error:
        print(f"tradeflows: {error}", file=sys.stderr)
        return 2 if isinstance(error, QueryError) else 1
    except KeyboardInterrupt:
        print("tradeflows: interrupted; nothing half-written is left", file=sys.stderr)
        return 130
    except OSError as error:
        # What is left in the buffer cannot be written, and Python would try once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # a reader (head, less) that has seen enough
            print(f"tradeflows: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
