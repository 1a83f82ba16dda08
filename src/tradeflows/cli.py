"""The command ``tradeflows``; exit 0 done, 1 the data are not as expected, 2 the command is not."""

import argparse
import sys
from pathlib import Path

from tradeflows.errors import TradeflowsError

# Heavy modules are imported inside the verbs: `tradeflows --help` should answer at once.


def sources(args: argparse.Namespace) -> None:
    """List the catalogue: each raw file's id, table, vintage, licence and title."""
    from tradeflows import catalogue

    for source in catalogue.load(args.root or catalogue.root(), local=True).values():
        print(f"{source.id:45} {source.table:10} {source.vintage:12} {source.licence[:28]:28} "
              f"{source.title}")  # fmt: skip


def verify(args: argparse.Namespace) -> None:
    """Check every raw file against the size and sha256 that the catalogue records."""
    from tradeflows import catalogue

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
    from tradeflows import accept

    for line in accept.accept(args.root):
        print(line)


def report(args: argparse.Namespace) -> None:
    """Run notebooks and write a page each, with an index, into a folder."""
    from tradeflows import report

    for page in report.write(args.notebook, args.to, args.root):
        print(page)


def parser() -> argparse.ArgumentParser:
    """The command line; each verb is a function of this module and its docstring the help."""
    top = argparse.ArgumentParser(
        prog="tradeflows", description="From a publisher's raw row to a checked sentence."
    )
    top.add_argument("--root", type=Path, help="project folder (else TRADEFLOWS_ROOT, else found)")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    for verb in (sources, verify, build, accept, report):
        below = verbs.add_parser(verb.__name__, help=verb.__doc__, description=verb.__doc__)
        below.set_defaults(run=verb)
        if verb is report:
            below.add_argument("notebook", nargs="*", type=Path, help="all of notebooks/ if none")
            below.add_argument("--to", type=Path, default=Path("report"), help="default: report")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one verb and return the exit status."""
    args = parser().parse_args(argv)
    try:
        args.run(args)
    except TradeflowsError as error:
        print(f"tradeflows: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("tradeflows: interrupted; nothing half-written is left", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader (head, less) has seen enough
        sys.stderr.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
