"""`read` beside its oracle: random tables of two sources, and random questions to them."""

import csv
import hashlib
import io
import json
import tempfile
from pathlib import Path

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_tables import fuzz

import tradeflows as tf
from tradeflows.model.absence import zeros_of
from tradeflows.model.errors import QueryError

QUESTIONS = 25  # to each table
FIRST, LAST = 12 * 2021, 12 * 2022 - 1
REPORTERS, PARTNERS = ["CHN", "IND", "DEU"], ["RUS", "USA", "KAZ", "W00"]
PRODUCTS = ["2709", "270900", "2710", "271012", "271019"]
COLUMNS = ["month", "reporter", "partner", "product", "vintage", "value", "kg"]
SPAN = {"along": "partner_iso", "from": "2021-01", "until": "2021-12"}
WORDS = {
    "nothing": "nothing in trade matches",
    "several sources": "would come from several sources",
}
HEAD = """\
[publisher.demo]
name = "Office of Invention"
short = "Demo"
home = ""
"""
ENTRY = """
[source.{name}]
path = "demo/{name}.csv"
publisher = "demo"
title = "Invented"
kind = "transcribed"
steps = "Made up for a test."
licence = "not stated"
vintage = "by row"
retrieved = 2024-06-30
sha256 = "{sha256}"
bytes = {size}
table = "trade"
cleaner = "tidy.clean"
rank = {rank}
{absent}
arguments.columns = {columns}

[source.{name}.arguments.fields]
reporter_iso = {{ column = "reporter", areas = "iso3" }}
partner_iso = {{ column = "partner", areas = "iso3" }}
flow_code = "M"
cmd_code = {{ column = "product" }}
ref_period = {{ column = "month", form = "month" }}
vintage = {{ column = "vintage" }}
value_reported = {{ column = "value" }}
currency = "USD"
valuation = "CIF"
net_wgt_kg = {{ column = "kg" }}
"""


def rows_of(random, name, rank):
    """Rows of one file: some cells in some months, now and then a null, a zero or two vintages."""
    goods = [["2709"], ["270900"], ["2709", "2710"], ["271012", "271019"]][random.integers(4)]
    partners = random.choice(PARTNERS, random.integers(1, 4), replace=False)
    start, stop = sorted(random.integers(FIRST, LAST + 2, 2))
    rows = []
    for reporter in random.choice(REPORTERS, random.integers(1, 3), replace=False):
        has_releases = random.random() < 0.3
        for month in range(start, max(stop, start + 1)):
            for partner in partners:
                for product in goods:
                    for vintage in ["2022-01-15", "2022-03-15"][: 1 + has_releases]:
                        if random.random() < 0.25:
                            continue
                        figure = [None, 0.0, float(random.integers(1, 999))][
                            random.choice(3, p=[0.1, 0.1, 0.8])
                        ]
                        row = {"source": name, "rank": rank, "reporter": reporter, "length": 1}
                        row |= {"partner": partner, "product": product, "month": month}
                        rows.append(row | {"vintage": vintage, "value": figure})
    return rows


def text_of(rows):
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        month = f"{row['month'] // 12}-{row['month'] % 12 + 1:02d}"
        figure = "" if row["value"] is None else repr(row["value"])
        cell = row["reporter"], row["partner"], row["product"]
        writer.writerow([month, *cell, row["vintage"], figure, figure])
    return file.getvalue().encode()


def project_of(folder, files, declared):
    """Catalogue and build `files`, a list of rows by name."""
    raw = Path(folder) / "data" / "raw"
    (raw / "demo").mkdir(parents=True)
    catalogue = HEAD
    absent = "absent = [{ " + ", ".join(f'{k} = "{v}"' for k, v in SPAN.items()) + " }]"
    for name, rows in files.items():
        text = text_of(rows)
        (raw / "demo" / f"{name}.csv").write_bytes(text)
        catalogue += ENTRY.format(
            name=name,
            sha256=hashlib.sha256(text).hexdigest(),
            size=len(text),
            rank=rows[0]["rank"],
            columns=json.dumps(COLUMNS),
            absent=absent if name in declared else "",
        )
    (raw / "sources.toml").write_text(catalogue, encoding="utf-8")
    tf.build(Path(folder))
    return Path(folder)


def question_of(random):
    partners = [["RUS"], ["USA"], ["RUS", "USA"], ["RUS", "USA", "KAZ"], ["W00"]]
    goods = [["2709"], ["2710"], ["27"], ["2709", "2710"], ["271012"], ["270900"]]
    first, last = sorted(int(month) for month in random.integers(FIRST, LAST + 1, 2))
    return {
        "reporters": [str(name) for name in random.choice(REPORTERS, random.integers(1, 3), False)],
        "partners": partners[random.integers(len(partners))],
        "products": goods[random.integers(len(goods))],
        "first": first if random.random() < 0.6 else None,
        "last": last if random.random() < 0.6 else None,
    }


def ask(root, question):
    ends = {
        name: None
        if question[key] is None
        else f"{question[key] // 12}-{question[key] % 12 + 1:02d}"
        for name, key in (("start", "first"), ("end", "last"))
    }
    return tf.read(
        reporter=question["reporters"],
        partner=question["partners"],
        product=question["products"],
        root=root,
        **ends,
    )


def answer_or_message(root, question):
    """The answer to a question, or what its refusal says."""
    try:
        return ask(root, question), ""
    except QueryError as error:
        return None, str(error)


@fuzz(2, many=800)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2))
def test_read(seed, n_files):
    random = np.random.default_rng(seed)
    files = {f"file{i}": rows_of(random, f"file{i}", i + 1) for i in range(n_files)}
    files = {name: rows for name, rows in files.items() if rows}
    if not files:
        return
    declared = {name for name in files if random.random() < 0.5}
    rows = [row for some in files.values() for row in some]
    with tempfile.TemporaryDirectory() as folder:
        root = project_of(folder, files, declared)
        for _ in range(QUESTIONS):
            require_same(root, rows, question_of(random), declared)


def require_same(root, rows, question, declared):
    """Refuse an answer that is not the oracle's, or a refusal of another cause."""
    cause, expected = "", []
    try:
        expected = oracles.read(rows, question)
    except oracles.NoAnswerError as refused:
        cause = WORDS[str(refused)]
    if cause:
        answer, message = answer_or_message(root, question)
        is_declared_none = answer is not None and answer.empty
        assert cause in message or (is_declared_none and set(answer.attrs["sources"]) <= declared)
        return
    if len({row["product"] for row in expected}) > 1 and _is_nested(expected):
        with pytest.raises(QueryError, match="contains"):
            ask(root, question)
        return
    answer = ask(root, question)
    lines = [(row["source"], cell_month(row), row["value"]) for row in expected]
    month = answer["ref_period"].dt.year * 12 + answer["ref_period"].dt.month - 1
    cells = zip(
        answer["reporter_iso"], answer["partner_iso"], answer["cmd_code"], month, strict=True
    )
    figures = [None if np.isnan(value) else value for value in answer["value_reported"]]
    found = list(zip(answer["source_id"], cells, figures, strict=True))
    assert sorted(found, key=repr) == sorted(lines, key=repr)
    zeros = zeros_of(answer)
    of_answer = {cell_month(row)[:3] for row in expected}
    stated = set() if zeros is None else zeros_in(zeros.rows, of_answer)
    assert stated == oracles.zeros(expected, rows, question, declared)


def cell_month(row):
    return (*oracles.cell(row), row["month"])


def zeros_in(rows, cells):
    month = rows["ref_period"].dt.year * 12 + rows["ref_period"].dt.month - 1
    listed = zip(rows["reporter_iso"], rows["partner_iso"], rows["cmd_code"], month, strict=True)
    return {line for line in listed if line[:3] in cells}


def _is_nested(rows):
    held = {}
    for row in rows:
        held.setdefault(row["reporter"], set()).add(row["product"])
    return any(
        part != whole and part.startswith(whole)
        for goods in held.values()
        for part in goods
        for whole in goods
    )
