"""What the explorer answers with beside its oracles, on random rows."""

import ast
import csv
import inspect
import io
import itertools
import math
import tempfile
from contextlib import contextmanager
from pathlib import Path

import maps
import numpy as np
import oracles
import pandas as pd
import pytest
import test_oracles_read as invented
from comtrade_twin import Twin, project_of, row
from hypothesis import assume, given
from hypothesis import strategies as st
from random_tables import JANUARY, frame_of, fuzz, months_in, tables, typed, without_zeros
from test_oracles import CELL, alike, answer_or_refusal

import tradeflows as tf
from tradeflows import codes, measures
from tradeflows.claims import verdict_rule
from tradeflows.explore.answer import Answer, answer
from tradeflows.model.absence import DECLARED
from tradeflows.model.errors import QueryError, SourceError

TESTS = Path(__file__).parent
# Public functions that give no figure: of what is built, of the project, or the method of pandas.
NO_FIGURE = {"build", "project", "compare", "round", "slim", "to_csv", "to_parquet"}
# Rooms whose functions hand on, name or draw figures that another function made.
NO_FIGURES = {"charts", "claims", "tables", "codes", "schema", "catalogue", "comtrade"}


def functions_of(room):
    """Public functions or methods that a module or class has of its own."""
    names = vars(room) if inspect.isclass(room) else room.__all__
    public = {name: getattr(room, name) for name in names if not name.startswith("_")}
    return {name for name, thing in public.items() if inspect.isfunction(thing)}


def oracles_asked(files):
    """Oracles that the tests of some files call."""
    asked = set()
    for path in TESTS.glob(files):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "oracles":
                asked.add(node.attr)
    return asked


def test_every_public_function_has_an_oracle():
    public, methods = functions_of(tf) | functions_of(measures), functions_of(Answer)
    assert public - NO_FIGURE - oracles_asked("test_oracles*.py") == set()
    assert methods - NO_FIGURE - oracles_asked("test_oracles_explorer.py") == set()
    assert public | methods >= NO_FIGURE
    modules = {name for name in tf.__all__ if inspect.ismodule(getattr(tf, name))}
    assert modules == NO_FIGURES | {"measures"}


# --- answers --------------------------------------------------------------------------------------


def answer_of(rows):
    """What `flow` makes of raw rows: values in one unit, the declared zeros among them."""
    frame = frame_of(rows)
    frame = frame.assign(value=frame["value_reported"], unit="USD", publisher="demo")
    return answer(frame)


@fuzz(8)
@given(tables(), st.sets(st.sampled_from(["reporter", "partner", "product"])))
@pytest.mark.parametrize("every", [None, 3, 12])
def test_by(every, rows, words):
    assume(rows)
    shown = answer_of(rows)
    both = answer_or_refusal(
        lambda: oracles.by(rows, "value", sorted(words), every),
        lambda: shown.by(*sorted(words), every=every),
    )
    if not both or not both[1]:
        return
    cells = dict(zip(["reporter", "partner", "product"], CELL, strict=True))
    expected = {(start, *key): found for start, of in both[1].items() for key, found in of.items()}
    for line in both[0].to_dict("records"):
        figure, n = expected.pop((month_of(line), *(line[cells[word]] for word in sorted(words))))
        assert alike(line["value"], figure)
        assert line["n_stated"] == n
    assert not expected


@fuzz(8)
@given(tables(partners=["RUS"], products=["2709"], blocks=False))
def test_share_among_reporters(rows):
    assume(len({row["reporter"] for row in rows}) > 1)
    shown = answer_of(rows)
    shares = shown.share("reporter")
    for _, month in shares.groupby("ref_period"):
        of_month = shown[shown["ref_period"].eq(month["ref_period"].iloc[0])]
        figures = dict(zip(of_month["reporter_iso"], of_month["value"], strict=True))
        known = [None if math.isnan(figure) else figure for figure in figures.values()]
        expected = dict(zip(figures, oracles.shares(known), strict=True))
        for name, number in zip(month["reporter_iso"], month["value"], strict=True):
            assert alike(number, expected[name])


ONE = {"reporters": ["CHN"], "partners": ["RUS"], "products": ["2709"], "blocks": False}


@fuzz(8)
@given(tables(**ONE), tables(**ONE | {"partners": ["W00"]}))
def test_share_of_another_answer(part, whole):
    sides = [without_zeros(rows) for rows in (part, whole)]
    assume(all(sides))
    both = answer_or_refusal(
        lambda: oracles.share(*sides, "value"),
        lambda: answer_of(sides[0]).share(answer_of(sides[1])),
    )
    if both:
        assert all(map(alike, both[0]["value"], both[1]))


@fuzz(8)
@given(tables(**ONE), tables(**ONE))
def test_gap_of_two_answers(importer, exporter):
    sides = [without_zeros(rows) for rows in (importer, exporter)]
    figures = [{row["month"]: row["value"] for row in some} for some in sides]
    assume(set(figures[0]) & set(figures[1]))
    result = answer_of(sides[0]).gap(answer_of(sides[1]))
    months = set(figures[0]) | set(figures[1])
    for line in result.to_dict("records"):
        month = month_of(line)
        months.remove(month)
        gap = oracles.gap(*(side.get(month) for side in figures))
        assert alike(line["value"], None if gap is None else math.exp(gap))
    assert not months


# --- what an answer is measured by ----------------------------------------------------------------

REFUSED = {"several": "several (rows|series)", "one": "name one", "unknown": "nobody's rank"}


def month_of(line):
    return line["ref_period"].year * 12 + line["ref_period"].month - 1


def method_or_refusal(oracle, method):
    """Both answers; None where both refuse, for one cause."""
    try:
        expected = oracle()
    except oracles.NoAnswerError as refused:
        with pytest.raises(QueryError, match=REFUSED[str(refused)]):
            method()
        return None
    return method(), expected


@fuzz(8)
@given(tables(partners=["RUS"], products=["2709"], blocks=False))
def test_series_and_wide(rows):
    rows = without_zeros(rows)
    assume(rows)
    shown = answer(pd.DataFrame(answer_of(rows)).iloc[: len(rows)])
    both = method_or_refusal(lambda: oracles.series(rows), shown.series)
    if both:
        for period, number in both[0].items():
            assert alike(number, both[1].pop(period.year * 12 + period.month - 1, None))
        assert not both[1]
    wide, expected = method_or_refusal(
        lambda: oracles.wide(rows, "reporter"), lambda: shown.wide("reporter_iso")
    )
    known = {name: codes.area_name(name) for name in ("CHN", "IND", "DEU")}
    for (month, name), figure in expected.items():
        assert alike(wide.loc[typed(month), known[name]].item(), figure)
    assert wide.notna().sum().sum() == len([f for f in expected.values() if f is not None])


MEMBERS = st.dictionaries(
    st.sampled_from(["RUS", "USA", "SAU", "KAZ"]),
    st.none() | st.integers(0, 5).map(float),
    min_size=1,
)


@fuzz(8)
@given(MEMBERS)
def test_hhi_and_rank(figures):
    row = {"reporter": "CHN", "product": "2709", "month": JANUARY, "length": 1, "flags": ""}
    row |= {"weight": None, "zero": False}
    shown = answer_of([row | {"partner": name, "value": n} for name, n in figures.items()])
    both = method_or_refusal(lambda: oracles.rank(figures), lambda: shown.rank(of="partner"))
    if both:
        assert dict(zip(both[0]["partner_iso"], both[0]["value"], strict=True)) == both[1]
        assert set(both[0]["unit"]) == {"rank"}
    if len(figures) > 1:
        found = shown.hhi("partner")
        assert alike(found["value"].item(), oracles.hhi([*figures.values()]))
        assert found["unit"].item() == "ratio"
    else:
        with pytest.raises(QueryError, match="name one partner"):
            shown.hhi("partner")


@fuzz(8)
@given(tables())
def test_growth_and_yoy(rows):
    assume(rows)
    shown = answer_of(rows)
    expected = oracles.growth(rows, "value", 2022, 2021)
    for line in shown.growth(2022, 2021).to_dict("records"):
        assert alike(line["value"], expected.pop(tuple(line[name] for name in CELL))[2])
    assert not expected
    places = [(oracles.cell(row), row["month"]) for row in rows]
    expected = dict(zip(places, oracles.yoy(rows, "value"), strict=True))
    result = shown.yoy()
    assert set(result["unit"]) == {"%"}
    for line in result.to_dict("records"):
        place = tuple(line[name] for name in CELL), month_of(line)
        assert alike(line["value"], expected.pop(place))
    assert not expected


@fuzz(8)
@given(tables(**ONE))
def test_unit_value(rows):
    rows = without_zeros(rows)
    assume(rows and any(row["value"] is not None for row in rows))
    result = answer_of(rows).unit_value()
    by_month = {month_of(line): line["value"] for line in result.to_dict("records")}
    for one in rows:
        expected = oracles.unit_value(one["value"], one["weight"], one["flags"] == "estimated")
        assert alike(by_month[one["month"]], expected)
    assert set(result["unit"]) == {"USD/t"}
    assert "unit_value_per_barrel" in result
    other = answer_of([one | {"product": "2710"} for one in rows]).unit_value()
    assert "unit_value_per_barrel" not in other


@fuzz(8)
@given(tables(**ONE), tables(**ONE))
def test_balance(sold, bought):
    sides = [without_zeros(rows) for rows in (sold, bought)]
    figures = [{row["month"]: row["value"] for row in rows} for rows in sides]
    expected = oracles.balance(*figures)
    assume(expected)
    exports = answer(pd.DataFrame(answer_of(sides[0])).assign(flow_code="X", flow="exports"))
    imports = answer_of(sides[1])
    for result in (imports.balance(exports), exports.balance(imports)):
        assert {month_of(line) for line in result.to_dict("records")} == {*expected}
        for line in result.to_dict("records"):
            assert alike(line["value"], expected[month_of(line)])


@fuzz(4)
@given(tables(**ONE), st.booleans())
def test_to(rows, dollars):
    rows = without_zeros(rows)
    assume(rows)
    stored = pd.read_parquet(TESTS.parent / "data" / "processed" / "rates.parquet")
    of_euro = stored.query("base == 'EUR' and quote == 'USD'")
    rates = {month_of(line): line["rate"] for line in of_euro.to_dict("records")}
    frame = pd.DataFrame(answer_of(rows)).assign(unit="USD" if dollars else "EUR")
    result = answer(frame).to("EUR" if dollars else "USD")
    assert set(result["unit"]) == {"EUR" if dollars else "USD"}
    for number, one in zip(result["value"], rows, strict=True):
        assert alike(number, oracles.to(one["value"], one, rates, dollars))


# --- back to the files ----------------------------------------------------------------------------


@fuzz(2, many=80)
@given(st.integers(0, 2**32 - 1), st.integers(1, 2))
def test_trace(seed, n_files):
    for root, rows, question, _ in invented.every_question(seed, n_files):
        found, _ = invented.answer_or_message(invented.ask, root, question)
        if found is not None and found["value_reported"].notna().any():
            terms = tf.trace(found, "value_reported", root)
            is_zero = terms["declared_zero"].astype(bool)
            n_zeros = found["value_reported"][found["flags"].eq(DECLARED)].notna().sum()
            assert is_zero.sum() == n_zeros
            assert terms["value"][is_zero].eq(0).all()
            if not is_zero.all():
                lines = oracles.stated(oracles.read(rows, question))
                require_lines(terms[~is_zero], lines, "value", root)
        flowed, _ = invented.answer_or_message(invented.ask_flow, root, question)
        if flowed is None or flowed["flags"].eq(DECLARED).any() or flowed["value"].isna().all():
            continue
        lines = oracles.stated(oracles.flow(rows, question), "weight")
        require_lines(tf.trace(flowed, "value", root), lines, "weight", root)


def require_lines(terms, rows, value, root):
    """Refuse other lines than the oracle's, or another text than stands in the file there."""
    named = zip(terms["source_id"], terms["line"], terms["value"], strict=True)
    expected = set().union(*(oracles.trace(row, value) for row in rows))
    assert sorted(named) == sorted(expected)
    for path, line, text in zip(terms["path"], terms["line"], terms["text"], strict=True):
        assert (root / path).read_text(encoding="utf-8").splitlines()[line - 1] == text


# --- what is held ---------------------------------------------------------------------------------


def spans(months):
    """Months as `find` writes them: the ends of each run."""
    runs = []
    for month in months:
        if runs and runs[-1][-1] == month - 1:
            runs[-1].append(month)
        else:
            runs.append([month])
    return ", ".join(" to ".join(dict.fromkeys([typed(run[0]), typed(run[-1])])) for run in runs)


@contextmanager
def random_project(seed):
    """Yield the folder of a random project of two files, and their rows."""
    random = np.random.default_rng(seed)
    files = {f"file{i}": invented.rows_of(random, f"file{i}", i + 1) for i in range(2)}
    files = {name: rows for name, rows in files.items() if rows}
    assume(files)
    with tempfile.TemporaryDirectory() as folder:
        yield invented.project_of(folder, files, []), invented.numbered(files)


@fuzz(2, many=500)
@given(st.integers(0, 2**32 - 1))
def test_what_is_held(seed):
    with random_project(seed) as (root, rows):
        listed = tf.sources(root=root)
        for name, (n, first, last) in oracles.sources(rows).items():
            line = listed.loc[name]
            assert (line["rows"], line["first"], line["last"]) == (n, typed(first), typed(last))
        for area in ("CHN", "RUS", "W00"):
            line = tf.areas(area, root=root).loc[area]
            assert (line["reports"], line["partner"]) == oracles.areas(rows, area)
        for word in ("27", "2709", "271012"):
            counts = tf.products(word, root=root)["rows"]
            assert counts[counts > 0].to_dict() == oracles.products(rows, word)
            require_found(rows, word, root)


def require_found(rows, word, root):
    expected = oracles.find(rows, word)
    if not expected:
        with pytest.raises(QueryError, match="nothing is held of"):
            tf.find(word, root=root)
        return
    for line in tf.find(word, root=root).to_dict("records"):
        reporters, partners, held, n = expected.pop((line["source_id"], line["code"]))
        assert (line["rows"], line["held"]) == (n, spans(held))
        assert line["reporters"] == ", ".join(sorted(map(codes.area_name, reporters)))
        names = sorted(map(codes.area_name, partners))
        others = f" and {len(names) - 3} more" * (len(names) > 3)
        assert line["partners"] == ", ".join(names[:3]) + others
    assert not expected


# --- who took what others no longer did -----------------------------------------------------------

BUYERS = ["DEU", "CHN", "IND"]
YEARS = range(12 * 2018, 12 * 2025)


def purchases(random):
    """Rows of two files in which three buyers take Russian crude, with holes and nulls."""
    files = {}
    for rank, name in enumerate(("file0", "file1"), start=1):
        rows = []
        for buyer in BUYERS:
            begin, end = random.choice([(0, 84), (0, 84), (0, 40), (36, 84)])
            share_absent = random.choice([0.0, 0.02, 0.3])
            for month in YEARS[begin:end]:
                if random.random() < share_absent or (rank == 2 and random.random() < 0.5):
                    continue
                figure = [None, 0.0, float(random.integers(1, 999))]
                weight = figure[random.choice(3, p=[0.02, 0.05, 0.93])]
                rows.append(
                    {"source": name, "rank": rank, "part": "total", "vintage": "2025-03-15"}
                    | {"reporter": buyer, "partner": "RUS", "product": "2709", "unit": "none"}
                    | {"month": month, "length": 1, "value": weight, "weight": weight}
                )
        if rows:
            files[name] = rows
    return files


@fuzz(2, many=500)
@given(st.integers(0, 2**32 - 1), st.sampled_from([12 * 2022 + 1, 12 * 2022]))
def test_rerouting(seed, event):
    files = purchases(np.random.default_rng(seed))
    assume(len(files) == 2)
    rows = [row for some in files.values() for row in some]
    with tempfile.TemporaryDirectory() as folder:
        root = invented.project_of(folder, files, [])
        both = answer_or_refusal(
            lambda: oracles.rerouting(rows, ["DEU"], ["CHN", "IND"], event),
            lambda: tf.rerouting(
                "crude oil", "Russia", "Germany", ["China", "India"], typed(event), root=root
            ),
        )
    if not both:
        return
    card, expected = both
    change, *_ = next(iter(expected.values()))
    for buyer, number in zip(card.buyers["reporter_iso"], card.buyers["value"], strict=True):
        assert number == pytest.approx(change[buyer] / 1000, rel=1e-9, abs=1e-6)
    assert card.ratios["window"].tolist() == [*expected]
    for number, (_, ratio, _) in zip(card.ratios["value"], expected.values(), strict=True):
        assert alike(number, ratio)


# --- what was printed -----------------------------------------------------------------------------


OF_SETTLEMENT = {
    **{name: {"column": "month", "form": "month"} for name in ("ref_period", "n_months")},
    "concept": {"column": "concept"},
    "measure": {"column": "family"},
    "currency_group": {"column": "currency"},
    "period_text": {"column": "month"},
    "value": {"column": "value"},
    "region": "total",
    "vintage": "first release",
    "qualifier": "=",
    "outlet": "Paper of Invention",
    "statement": "1",
    "address": "https://demo.example",
    "published": "2024-01",
    "underlying": "Invented",
}


@contextmanager
def printed(rows):
    """Yield a project of one file of printed shares of settlement."""
    file = io.StringIO()
    writer = csv.DictWriter(file, [*rows[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    entry = {
        "table": "settlement",
        "cleaner": "tidy.clean",
        "vintage": "by row",
        "text": file.getvalue(),
    }
    entry |= {"arguments": {"columns": [*rows[0]], "fields": OF_SETTLEMENT}}
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "data" / "raw"
        raw.mkdir(parents=True)
        office = maps.table("publisher.demo", {"name": "Office", "short": "Demo", "home": ""})
        entries = [office, maps.source(raw, "demo", "printed", entry)]
        (raw / "sources.toml").write_text("\n".join(entries), encoding="utf-8")
        tf.build(Path(folder))
        yield Path(folder)


@pytest.mark.parametrize("unit", ["USD", "bbl/day", "m3"])
def test_figures(unit):
    rows = tf.read("figures").to_dict("records")
    amounts = sorted({row["value"] for row in rows if row["unit"] == unit})
    meant = {
        "": [""],
        "DRONE": ["drone", r"\buavs?\b", r"\bunmanned\b", r"\bquadcopters?\b"],
        "oil": ["oil", r"\bcrude\b", r"\bpetroleum\b"],
        "gas": ["gas"],
    }
    for word, above in itertools.product(meant, (0.0, *amounts[::5])):
        try:
            expected = oracles.figures(rows, meant[word], above, unit)
        except oracles.NoAnswerError:
            with pytest.raises(QueryError, match="no figure about"):
                tf.figures(word, above=above, unit=unit)
            continue
        assert sorted(tf.figures(word, above=above, unit=unit)["id"]) == expected


@fuzz(2, many=100)
@given(st.integers(0, 2**32 - 1))
def test_settlement(seed):
    random = np.random.default_rng(seed)
    kinds = ("export settlement", "import settlement")
    rows = [
        {"concept": concept, "family": family, "currency": currency, "month": typed(month)}
        | {"value": float(random.integers(0, 100))}
        for concept in kinds
        for family in ("review", "bulletin")
        for currency in ("CNY", "RUB")
        for month in range(JANUARY, JANUARY + 12)
        if random.random() < 0.5
    ]
    assume(rows)
    raw = [row | {"month": JANUARY + int(row["month"][5:]) - 1} for row in rows]
    with printed(rows) as root:
        for _ in range(20):
            concept, word = random.choice(kinds), ["yuan", "RUB"][random.integers(2)]
            first, last = sorted(random.integers(JANUARY, JANUARY + 12, 2).tolist())
            currency = {"yuan": "CNY"}.get(word, word)
            expected = oracles.settlement(raw, currency, concept, range(first, last + 1))
            asked = {"start": typed(first), "end": typed(last), "root": root}
            if not expected:
                with pytest.raises(QueryError, match="nothing in settlement matches"):
                    tf.settlement(word, concept, **asked)
                continue
            found = tf.settlement(word, concept, **asked)
            places = zip(found["measure"], months_in(found), strict=True)
            assert dict(zip(places, found["value"], strict=True)) == expected


# --- live figures ---------------------------------------------------------------------------------

MONTHS = [f"2025{month:02}" for month in range(1, 11)]


@fuzz(2, many=100)
@given(st.sets(st.sampled_from(MONTHS), min_size=1), st.integers(0, 9), st.integers(0, 9))
def test_ask_and_available(published, one, other):
    rows = [
        row(period=period, product="1001", flow="M", netWgt=100.0 + int(period))
        for period in sorted(published)
    ]
    first, last = sorted((one, other))
    window = MONTHS[first : last + 1]
    ends = {"start": dashed(window[0]), "end": dashed(window[-1])}
    with project_of(Twin(rows)) as project:
        try:
            expected = oracles.ask(rows, window)
        except oracles.NoAnswerError:
            with pytest.raises(SourceError, match="not published"):
                tf.ask("1001", "China", "Russia", **ends, **project)
            return
        found = tf.ask("1001", "China", "Russia", **ends, **project)
        listed = tf.available("China", "Russia", **project)
    assert found["value"].tolist() == [*expected.values()]
    held = dict(zip(listed["period"], listed["held"].ne(""), strict=True))
    assert held == {dashed(p): has for p, has in oracles.available(rows, window).items()}


def dashed(period):
    return f"{period[:4]}-{period[4:]}"


# --- the verdict ----------------------------------------------------------------------------------

OPEN = [verdict_rule.Question(goods=str(number)) for number in range(3)]
READING = st.fixed_dictionaries(
    {
        "role": st.sampled_from(verdict_rule.ROLES),
        "kind": st.sampled_from(verdict_rule.KINDS),
        "family": st.sampled_from(["A", "B", "A and B", ""]),
        "interested": st.booleans(),
        "answers": st.sets(st.integers(0, 2)),
        "fits": st.sampled_from([True, False, None]),
        "fits_band": st.booleans(),
        "is_robust": st.booleans(),
        "vote": st.sampled_from(["yes", "no", "near", ""]),
        "own_release": st.booleans(),
        "note": st.sampled_from(["", "", "covers ten months"]),
    }
)


@fuzz(200)
@given(st.lists(READING, max_size=4), st.integers(1, 3))
def test_verdict(readings, n_open):
    readings = [each | {"answers": {n for n in each["answers"] if n < n_open}} for each in readings]
    evidence = []
    for number, each in enumerate(readings):
        rest = {**each, "answers": tuple(OPEN[n] for n in sorted(each["answers"]))}
        witness = {name: rest.pop(name) for name in ("kind", "family", "interested")}
        rest["witness"] = verdict_rule.Witness(**witness)
        evidence.append(verdict_rule.Evidence(f"reading {number}", **rest))
    assert verdict_rule.decide(evidence, OPEN[:n_open]).verdict == oracles.cards(readings, n_open)
