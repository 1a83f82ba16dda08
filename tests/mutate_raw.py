"""Mutated raw files of this project: refused, named by a digest, or silent.

usage: python tests/mutate_raw.py [FILES]    a raw file in all kinds, 300 unless said otherwise

Every raw file is changed in thirteen ways, as somebody would who also wrote the new hash into the
catalogue. What is not refused is cleaned, and its control totals are compared with those of the
file as it is. A change may pass where the file says the same as before, or where it lies in rows or
columns that reach no table; any other that passes is silent, and none may be. `make fuzz` runs it;
`make test` does not run it.
"""

import csv
import io
import itertools
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from tradeflows.model import schema
from tradeflows.model.errors import TradeflowsError
from tradeflows.model.keys import Keys
from tradeflows.publishers import cleaned, registry
from tradeflows.retrieval import catalogue
from tradeflows.tables import totals

ROOT = Path(__file__).parents[1]
OUTCOMES = ("refused", "digest", "says the same", "in no table", "silent", "traceback")


@dataclass(frozen=True, eq=False)
class Raw:
    """A raw file: its entry, and its rows as texts, the heading first."""

    source: object
    rows: list

    @cached_property
    def numeric(self):
        """Places of the columns of numbers that are no codes, periods or serial numbers."""
        places = []
        for place, name in enumerate(self.rows[0]):
            cells = [row[place] for row in self.rows[1:] if row[place]]
            is_figure = cells and all(map(is_number, cells))
            is_label = any(word in name for word in ("code", "period", "year", "month", "hs", "id"))
            if is_figure and not is_label:
                places.append(place)
        return places

    @cached_property
    def labels(self):
        """Places of the other columns, of those that hold more than one value."""
        return [
            place
            for place in range(len(self.rows[0]))
            if place not in self.numeric and len({row[place] for row in self.rows[1:]}) > 1
        ]


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


# --- the mutations: rows below the heading, which of them were changed, and in which column -------


def dropped(raw, rows, rng):
    i = rng.randrange(len(rows))
    return [*rows[:i], *rows[i + 1 :]], [i], None


def repeated(raw, rows, rng):
    i = rng.randrange(len(rows))
    return [*rows[: i + 1], rows[i], *rows[i + 1 :]], [i], None


def exchanged(places, rows, rng):
    """The cells of two rows that differ in one of these columns."""
    if not places:
        return None
    place, i = rng.choice(places), rng.randrange(len(rows))
    others = [j for j, row in enumerate(rows) if row[place] != rows[i][place]]
    if not others:
        return None
    j = rng.choice(others)
    rows = [[*row] for row in rows]
    rows[i][place], rows[j][place] = rows[j][place], rows[i][place]
    return rows, [i, j], place


def months_rotated(raw, rows, rng):
    words = ("period", "month", "date", "ref_year", "year", "window")
    places = [p for p in raw.labels if any(word in raw.rows[0][p] for word in words)]
    if not places:
        return None
    place = rng.choice(places)
    values = sorted({row[place] for row in rows if row[place]})
    if len(values) < 2:
        return None
    turn = dict(zip(values, [*values[1:], values[0]], strict=True))
    rows = [[*row[:place], turn.get(row[place], row[place]), *row[place + 1 :]] for row in rows]
    return rows, list(range(len(rows))), place


def changed(raw, rows, rng, change, places=None):
    places = raw.numeric if places is None else places
    cells = [(i, p) for p in places for i, row in enumerate(rows) if row[p].strip("-0.")]
    if not cells:
        return None
    i, place = rng.choice(cells)
    rows = [[*row] for row in rows]
    rows[i][place] = change(rows[i][place])
    return rows, [i], place


def sums_compensated(raw, rows, rng):
    if not raw.numeric:
        return None
    place = rng.choice(raw.numeric)
    stated = [i for i, row in enumerate(rows) if row[place]]
    if len(stated) < 2:
        return None
    i, j = rng.sample(stated, 2)
    rows = [[*row] for row in rows]
    rows[i][place] = repr(float(rows[i][place]) + 1)
    rows[j][place] = repr(float(rows[j][place]) - 1)
    return rows, [i, j], place


def units(raw, rows, rng):
    words = ("unit", "currency", "basis", "valuation")
    places = [p for p in range(len(raw.rows[0])) if any(w in raw.rows[0][p] for w in words)]
    places = [p for p in places if p not in raw.numeric]
    if places and rng.random() < 0.5:
        return changed(raw, rows, rng, lambda _: rng.choice(["kg", "USD", "t", "EUR"]), places)
    return changed(raw, rows, rng, lambda text: repr(float(text) * 1000))


def signs(raw, rows, rng):
    return changed(raw, rows, rng, lambda text: text[1:] if text.startswith("-") else f"-{text}")


def separators(raw, rows, rng):
    """A decimal comma, or a comma between thousands that a decimal comma may be meant by."""

    def change(text):
        return text.replace(".", ",") if "." in text else f"{text[:-3] or '0'},{text[-3:]}"

    return changed(raw, rows, rng, change)


def digits(raw, rows, rng):
    def change(text):
        places = [i for i, letter in enumerate(text) if letter.isdigit()]
        i = rng.choice(places)
        return f"{text[:i]}{(int(text[i]) + rng.randint(1, 9)) % 10}{text[i + 1 :]}"

    return changed(raw, rows, rng, change)


def qualifiers(raw, rows, rng):
    words = ("qualifier", "flag", "note", "status", "estimated", "confidence", "quality")
    places = [p for p in range(len(raw.rows[0])) if any(w in raw.rows[0][p] for w in words)]
    places = [p for p in places if any(row[p] for row in rows)]
    if places:
        return changed(raw, rows, rng, lambda text: "=" if text != "=" else "~", places)
    return changed(raw, rows, rng, lambda text: f">{text}")


def headings_exchanged(raw, rows, rng):
    if len(raw.numeric) < 2:
        return None
    first, second = rng.sample(raw.numeric, 2)
    rows = [[*row] for row in rows]
    for row in rows:
        row[first], row[second] = row[second], row[first]
    return rows, list(range(len(rows))), None


KINDS = {
    "rows dropped": dropped,
    "rows repeated": repeated,
    "numbers exchanged": lambda raw, *more: exchanged(raw.numeric, *more),
    "labels exchanged": lambda raw, *more: exchanged(raw.labels, *more),
    "months rotated": months_rotated,
    "sums compensated": sums_compensated,
    "units": units,
    "signs": signs,
    "separators": separators,
    "digits": digits,
    "qualifiers": qualifiers,
    "headings exchanged": headings_exchanged,
    "encodings": None,  # of the whole file
}


# --- what becomes of them ------------------------------------------------------------------------


def written(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def what_it_says(path, source):
    """Return digests, and which rows of the file reach a table."""
    if source.table == catalogue.CODE_LIST:
        return sorted(totals.list_numbers(path)), None
    keys = Keys(schema.TABLES[source.table])
    parts = list(cleaned.through(registry.cleaner(source)(path, source), keys))
    keys.check({source.id: path})
    table = pa.Table.from_batches([part.rows for part in parts])
    numbers = sorted(totals.row_numbers(table))
    return numbers, set(table["source_row"].to_pylist())


def reach_a_table(raw, touched, place, path, before):
    """Whether it would show if the cells that were changed were empty."""
    rows = [[*row] for row in raw.rows]
    for i in touched:
        rows[i + 1][place] = ""
    path.write_bytes(written(rows))
    try:
        return what_it_says(path, raw.source)[0] != before[0]
    except TradeflowsError:
        return True


def compared(path, raw, before):
    """Return how a changed file is noticed, or "" for not at all, and what it says."""
    try:
        after = what_it_says(path, raw.source)
    except TradeflowsError:
        return "refused", None
    except Exception as error:
        print(f"{raw.source.id}: {type(error).__name__}: {error}"[:200])
        return "traceback", None
    return "digest" if after[0] != before[0] else "", after


def outcome(raw, mutation, path, before):
    """Return what became of one mutated file, and what it says where it was taken."""
    rows, touched, place = mutation
    same = sorted(map(tuple, rows)) == sorted(map(tuple, raw.rows[1:]))
    if same:
        return "says the same", None
    path.write_bytes(written([raw.rows[0], *rows]))
    noticed, after = compared(path, raw, before)
    if noticed:
        return noticed, after
    reached = before[1]
    if reached is not None and not reached & set(touched):
        return "in no table", after
    if place is not None and not reach_a_table(raw, touched, place, path, before):
        return "in no table", after
    column = "" if place is None else raw.rows[0][place]
    print(f"silent: {raw.source.id}: rows {touched[:3]}: {column}")
    return "silent", after


ENCODINGS = ("utf-16", "gb18030", "cp1251", "utf-8-sig", "cp037")


def encoded(raw, path, rng, before):
    """Return what became of a file in another encoding, and what it says where it was taken."""
    name = rng.choice(ENCODINGS)
    content = raw.source.file(ROOT).read_bytes()
    changed = content.decode("utf-8-sig").encode(name, "replace")
    if changed == content:
        return "says the same", None
    path.write_bytes(changed)
    noticed, after = compared(path, raw, before)
    if noticed:
        return noticed, after
    return "says the same" if name == "utf-8-sig" else "in no table", after


def outcomes(n, of=None):
    """Yield what became of `n` files or a few more a raw file: source, kind, number, outcome.

    The last is what a file says where it was taken. `of` has the sources; None stands for all.
    """
    each = -(-n // len(KINDS))
    with tempfile.TemporaryDirectory() as folder:
        sources = catalogue.load(ROOT)
        for source in map(sources.get, sources if of is None else of):
            text = source.file(ROOT).read_text(encoding="utf-8-sig")
            raw = Raw(source, list(csv.reader(io.StringIO(text, newline=""))))
            before = what_it_says(source.file(ROOT), source)
            path = Path(folder) / Path(source.path).name
            for (kind, mutate), i in itertools.product(KINDS.items(), range(each)):
                rng = random.Random(f"{source.id} {kind} {i}")
                if mutate is None:
                    yield source.id, kind, i, *encoded(raw, path, rng, before)
                elif mutation := mutate(raw, raw.rows[1:], rng):
                    yield source.id, kind, i, *outcome(raw, mutation, path, before)


def main(n=300):
    """Print a line a kind; 1 where a change was silent or ended in a traceback."""
    found = {kind: Counter() for kind in KINDS}
    for _, kind, _, result, _ in outcomes(n):
        found[kind][result] += 1
    print(f"{'kind':20}{'files':>7}" + "".join(f"{name:>15}" for name in OUTCOMES))
    for kind, counts in {**found, "all": sum(found.values(), Counter())}.items():
        line = "".join(f"{counts[name]:15}" for name in OUTCOMES)
        print(f"{kind:20}{counts.total():7}{line}")
    return int(any(counts["silent"] + counts["traceback"] for counts in found.values()))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
