"""`read` beside its oracle: random tables of up to three files, and random questions to them."""

import csv
import io
import tempfile
from pathlib import Path

import maps
import numpy as np
import oracles
from hypothesis import assume, example, given
from hypothesis import strategies as st
from random_tables import fuzz, months_in, typed

import tradeflows as tf
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import NothingStatedError, QueryError

QUESTIONS = 6  # to each table
FIRST, LAST = 12 * 2021, 12 * 2022 - 1
REPORTERS, PARTNERS = ["CHN", "IND", "DEU"], ["RUS", "USA", "KAZ", "W00"]
PRODUCTS = ["2709", "270900", "2710", "271012", "271019"]
COLUMNS = ["month", "reporter", "partner", "product", "part", "unit", "vintage", "value", "kg"]
PUBLISHERS = ["demo", "other"]
RELEASES = ["2022-01-15", "2022-03-15"]
SPAN = {"along": "partner_iso", "from": "2021-01", "until": "2021-12"}
KINDS = {"qty_unit": "unit", "freq_code": "rhythm"}
WORDS = {
    "nothing": "nothing in trade matches",
    "not known": "nothing of this was known by",
    "superseded": "the newest release states nothing of this",
    "several sources": "several sources",
    "contains": "contains",
    "mixed parts": "mix values of breakdown",
    "mixed units": "mix values of qty_unit",
    "nothing is held": "nothing is held",
    "a part alone": "so it does not stand for it",
    "no figure": "states no figure",
}
OFFICES = {"demo": "Office of Invention", "other": "Second Office of Invention"}
FIELDS = {"cmd_code": "product", "vintage": "vintage", "breakdown": "part", "qty_unit": "unit"}
FIELDS |= {"value_reported": "value", "net_wgt_kg": "kg"}
ENTRY = {
    "vintage": "by row",
    "table": "trade",
    "cleaner": "tidy.clean",
    "arguments": {
        "columns": COLUMNS,
        "fields": {name: {"column": column} for name, column in FIELDS.items()}
        | {name: {"column": "month", "form": "months"} for name in ("ref_period", "n_months")}
        | {f"{name}_iso": {"column": name, "areas": "iso3"} for name in ("reporter", "partner")}
        | {"qty": {"column": "value", "where": {"column": "unit", "matches": "[^n].*"}}}
        | {"flow_code": "M", "currency": "USD", "valuation": "CIF"},
    },
}


def rows_of(random, name, rank, publisher="demo"):
    """Rows of one file: some cells in some months, now and then a null, a zero or two releases.

    January and February of a cell may be one block; a file may state each flow in two units, and
    cells by two regimes instead of, or beside, their total.
    """
    goods = [["2709"], ["270900"], ["2709", "2710"], ["2710", "271012"], ["271012", "271019"]]
    goods = goods[random.integers(5)]
    partners = random.choice(PARTNERS, random.integers(1, 4), replace=False)
    start, stop = sorted(random.integers(FIRST, LAST + 2, 2))
    start = FIRST if random.random() < 0.4 else start
    units = [["none"], ["none"], ["TJ"], ["TJ", "m3"]][random.integers(4)]
    share_in_parts = random.choice([0.0, 0.0, 0.5])
    rows = []
    for reporter in random.choice(REPORTERS, random.integers(1, 3), replace=False):
        n_releases = 1 + (random.random() < 0.5)
        for partner in partners:
            for product in goods:
                cell = {"reporter": reporter, "partner": partner, "product": product}
                for month, length in periods_of(random, start, max(stop, start + 1)):
                    parts = ["total"]
                    if random.random() < share_in_parts:
                        parts = ["regime=1", "regime=2", "total"][: random.integers(1, 4)]
                    period = {"source": name, "rank": rank, "publisher": publisher}
                    period |= {"month": int(month), "length": length}
                    rows += statements(random, cell | period, parts, units, n_releases)
    return rows


def periods_of(random, start, stop):
    """Months from `start` to `stop`, January and February now and then as one."""
    has_block = random.random() < 0.4 and start == FIRST and stop > FIRST + 1
    months = [(FIRST, 2)] if has_block else []
    return months + [(month, 1) for month in range(start + 2 * has_block, stop)]


def statements(random, place, parts, units, n_releases):
    """Rows that state one cell and period, or some of them."""
    rows = []
    for part in parts:
        for vintage in RELEASES[:n_releases]:
            if random.random() < 0.25:
                continue
            figures = [None, 0.0, float(random.integers(1, 999))]
            figure = figures[random.choice(3, p=[0.1, 0.1, 0.8])]
            row = {**place, "part": part, "vintage": vintage, "value": figure, "weight": figure}
            rows += [row | {"unit": unit} for unit in units]
    return rows


def text_of(rows):
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        ends = [row["month"], row["month"] + row["length"] - 1]
        period = "..".join(dict.fromkeys(map(typed, ends)))
        figures = ["" if row[name] is None else repr(row[name]) for name in ("value", "weight")]
        words = [row[name] for name in ("reporter", "partner", "product", "part", "unit")]
        writer.writerow([period, *words, row["vintage"], *figures])
    return file.getvalue()


def project_of(folder, files, declared, *, build=True):
    """Catalogue and build `files`, a list of rows by name."""
    raw = Path(folder) / "data" / "raw"
    raw.mkdir(parents=True, exist_ok=True)
    catalogue = [
        maps.table(f"publisher.{name}", {"name": office, "short": name, "home": ""})
        for name, office in OFFICES.items()
    ]
    for name, rows in files.items():
        first = {"publisher": "demo"} | rows[0]
        keys = {key: first[key] for key in ("rank", "publisher", "supersedes") if key in first}
        keys |= {"absent": [SPAN]} if name in declared else {}
        catalogue.append(maps.source(raw, "demo", name, ENTRY | keys | {"text": text_of(rows)}))
    (raw / "sources.toml").write_text("\n".join(catalogue), encoding="utf-8")
    if build:
        tf.build(Path(folder))
    return Path(folder)


def question_of(random, rows):
    """A question, mostly one that some of the rows are of."""
    row = {"reporter": "DEU", "partner": "KAZ", "product": "2711", "month": FIRST, "unit": "m3"}
    if random.random() < 0.9:
        row = rows[random.integers(len(rows))]
    partners = [["RUS"], ["USA"], ["RUS", "USA"], ["RUS", "USA", "KAZ"], ["W00"]]
    partners = [some for some in partners if row["partner"] in some]
    goods = [["2709"], ["2710"], ["27"], ["2709", "2710"], ["271012"], ["270900"]]
    goods = [some for some in goods if row["product"].startswith(tuple(some))]
    others = [str(name) for name in random.choice(REPORTERS, random.integers(0, 2), False)]
    first, last = sorted(int(month) for month in random.integers(FIRST, LAST + 1, 2))
    return {
        "reporters": [*dict.fromkeys([str(row["reporter"]), *others])],
        "partners": partners[random.integers(len(partners))],
        "products": goods[random.integers(len(goods))],
        "first": min(first, row["month"]) if random.random() < 0.6 else None,
        "last": max(last, row["month"]) if random.random() < 0.6 else None,
        "as_of": "2022-02-01" if random.random() < 0.1 else None,
        "part": [None, None, "parts", "total"][random.integers(4)],
        "unit": [None, None, None, row["unit"]][random.integers(4)],
        "rhythm": "A" if random.random() < 0.05 else None,
        "splice": bool(random.random() < 0.3),
    }


def words_of(question):
    """A question as keyword arguments of `read` and `flow`, but for its parts and reporters."""
    ends = {"start": question["first"], "end": question["last"]}
    ends = {name: month for name, month in ends.items() if month is not None}
    return {
        "partner": question["partners"],
        "product": question["products"],
        "as_of": question["as_of"],
        "qty_unit": question["unit"],
        "freq": question["rhythm"],
        "splice": question["splice"],
        **{name: typed(month) for name, month in ends.items()},
    }


def ask(root, question):
    reporters, part = question["reporters"], question["part"]
    return tf.read(reporter=reporters, breakdown=part, root=root, **words_of(question))


def ask_flow(root, question):
    reporters = question["reporters"]
    return tf.flow(reporter=reporters, unit="tonnes", root=root, **words_of(question))


def answer_or_message(ask, *arguments):
    """The answer to a question, or what its refusal says."""
    try:
        return ask(*arguments), ""
    except (NothingStatedError, QueryError) as error:
        return None, str(error)


def every_question(seed, n_files):
    """Yield the folder, rows and declared sources of a random project, and questions to it."""
    random = np.random.default_rng(seed)
    files = {}
    for name in [f"file{i}" for i in range(n_files)]:
        rank = int(random.integers(1, n_files + 2))
        publisher = str(random.choice(PUBLISHERS, p=[0.7, 0.3]))
        rows = rows_of(random, name, rank, publisher)
        if files and random.random() < 0.3:
            old = [*files][-1]
            rows = [row | {"supersedes": old} for row in rows]
        files |= {name: rows} if rows else {}
    assume(files)
    declared = {name for name in files if random.random() < 0.8}
    rows = numbered(files)
    with tempfile.TemporaryDirectory() as folder:
        root = project_of(folder, files, declared)
        for _ in range(QUESTIONS):
            yield root, rows, question_of(random, rows), declared


def numbered(files):
    """All rows of the files, each with its line; the header is line 1."""
    return [
        row | {"line": line} for some in files.values() for line, row in enumerate(some, start=2)
    ]


@fuzz(3, many=800)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@example(46, 4)  # two files declare a zero; a newer release has other goods alone; two units
def test_read(seed, n_files):
    for root, rows, question, declared in every_question(seed, n_files):
        require_same(root, rows, question, declared)


def require_same(root, rows, question, declared):
    """Refuse an answer that is not the oracle's, or a refusal of another cause."""
    cause, expected = "", []
    try:
        expected = oracles.read(rows, question)
    except oracles.NoAnswerError as refused:
        cause = WORDS[str(refused)]
    answer, message = answer_or_message(ask, root, question)
    if cause:
        assert cause in message or is_declared_none(answer, rows, question)
        return
    assert answer is not None, message
    lines = [line_of(row) for row in expected]
    zeros = answer[answer["flags"].eq(DECLARED)]
    answer = answer[answer["flags"].ne(DECLARED)]
    figures = [None if np.isnan(value) else value for value in answer["value_reported"]]
    columns = [answer[name] for name in ("source_id", "n_months", "qty_unit", "vintage")]
    listed = [*zip(*columns, places(answer), figures, strict=True)]
    assert sorted(listed, key=repr) == sorted(lines, key=repr)
    months = [(*place[:4], place[4] + after) for place, n in of_zeros(zeros) for after in range(n)]
    assert len(months) == len(set(months))
    made = oracles.zeros(expected, rows, question, declared)
    assert set(months) == made
    assert zeros[["value_reported", "net_wgt_kg"]].fillna(0).eq(0).all(axis=None)


def is_declared_none(answer, rows, question):
    """Whether an answer has no rows, and zeros of what was asked and is stated in no way."""
    zeros = answer
    asked = {"reporter_iso": question["reporters"], "partner_iso": question["partners"]}
    asked |= {name: [question[word]] for name, word in KINDS.items() if question[word]}
    return (
        zeros["flags"].eq(DECLARED).all()
        and all(zeros[name].isin(values).all() for name, values in asked.items())
        and zeros["cmd_code"].str.startswith(tuple(question["products"])).all()
        and not pairs_in(zeros) & oracles.stated_somehow(rows, question)
    )


def pairs_in(zeros):
    """Source, pair and month of each month of each zero."""
    cells = zip(zeros["source_id"], zeros["reporter_iso"], zeros["partner_iso"], strict=True)
    spans = zip(cells, months_in(zeros), zeros["n_months"], strict=True)
    return {(*cell, month + after) for cell, month, n in spans for after in range(n)}


def line_of(row):
    place = (*oracles.place_of(row), row["month"])
    return row["source"], row["length"], row["unit"], row["vintage"], place, row["value"]


def places(rows):
    """The cell of each row, and its first month."""
    cell = [rows[name] for name in ("reporter_iso", "partner_iso", "cmd_code", "breakdown")]
    return [*zip(*cell, months_in(rows), strict=True)]


def of_zeros(rows):
    """The cell and first month of each of some zeros, and how many months it is of."""
    return zip(places(rows), rows["n_months"], strict=True)


@fuzz(2, many=800)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_flow(seed, n_files):
    for root, rows, question, declared in every_question(seed, n_files):
        require_same_flow(root, rows, question, declared)


def require_same_flow(root, rows, question, declared):
    answer, message = answer_or_message(ask_flow, root, question)
    cause, expected = "", []
    try:
        expected = oracles.flow(rows, question)
    except oracles.NoAnswerError as refused:
        cause = WORDS[str(refused)]
    if cause:
        is_none = answer is not None and answer["flags"].eq(DECLARED).all() and bool(declared)
        assert cause in message or is_none
        if is_none:
            assert not pairs_in(answer) & oracles.stated_somehow(rows, question)
        return
    assert answer is not None, message
    answer = answer[answer["flags"].ne(DECLARED)]
    cell = [answer[name] for name in ("reporter_iso", "partner_iso", "cmd_code")]
    figures = [None if np.isnan(value) else value for value in answer["value"]]
    listed = [*zip(*cell, months_in(answer), answer["n_months"], figures, strict=True)]
    lines = [(*oracles.cell(row), row["month"], row["length"], row["tonnes"]) for row in expected]
    assert len(listed) == len(lines)
    assert {line[:5]: line[5] for line in listed} == {line[:5]: line[5] for line in lines}
