"""Files that a sketch, or a person in a hurry, could read wrong: refused or right, never wrong.

Each file is sketched, and its ``???`` are filled in by several persons: one who knows what the
file means, one who takes whatever is offered, and those who write the usual constants. What `add`
then takes must be what the file means, and the one who knows is not refused.
"""

import copy
import re
import tomllib
from dataclasses import replace
from functools import cache

import pytest
import tomlkit
from maps import INVENTED

from tradeflows.model.errors import TradeflowsError
from tradeflows.model.periods import FORMS
from tradeflows.publishers.tidy import clean
from tradeflows.retrieval import maps
from tradeflows.retrieval.sketch import UNKNOWN, sketch
from tradeflows.retrieval.sketch.agreement import require_agreement, require_sizes

CONSTANTS = {"ref_period": {"column": "month", "form": "month"}, "reporter_iso": "USA"}
CONSTANTS |= {"partner_iso": "EGY", "flow_code": "X", "cmd_code": "100199"}
CONSTANTS |= {"classification_code": "HS"}
# Header, currency and factor of its values; no currency where it is no value in whole.
MONEY = [
    ("$m", "USD", 10**6),
    ("INR crore", "INR", 10**7),
    ("USD per tonne", "", 1),
    ("Value in 1,000 USD", "USD", 10**3),
    ("US$ '000", "USD", 10**3),
    ("€k", "EUR", 10**3),
    ("10^6 USD", "USD", 10**6),
    ("Wert in Tausend Euro", "EUR", 10**3),
    ("miles de millones de euros", "EUR", 10**9),
    ("Valor FOB (mil USD)", "USD", (10**3, 10**6)),
    ("金额(万美元)", "USD", 10**4),
    ("тыс. долл. США", "USD", 10**3),
    ("thousand million USD", "USD", 10**9),
    ("Trade Value (US$)", "USD", 1),
    ("Value (A$ million)", "AUD", 10**6),
    ("Unit value (USD/kg)", "", 1),
    ("Share of value (%)", "", 1),
    ("Customs duty (USD)", "", 1),
    ("Value YTD (USD)", "", 1),
    ("Value of previous year (USD)", "", 1),
    ("$/bbl", "", 1),
]
# Header, and how many kilograms one is; none where it is no net weight.
WEIGHTS = [
    ("lb", None),
    ("quintals", 100),
    ("Mt", 10**9),
    ("Net weight (MT)", 10**3),
    ("thousand tonnes", 10**6),
    ("Net weight, '000 t", 10**6),
    ("Gross weight (kg)", None),
    ("净重(万吨)", 10**7),
    ("毛重(千克)", None),
    ("Eigenmasse (dt)", 100),
    ("KG_LIQUIDO", 1),
    ("Number of pieces", None),
    ("Weight change (%)", None),
]


# Header, cells, and what else the file says above, below or in the header of its figures; then the
# first months of the periods, by what they are called, and how long they are. None may be read.
PERIODS = [
    ("Year", ["2009-10", "2010-11"], "", "value usd", ("2009-04", 12)),
    ("Fiscal year", ["2009-10"], "", "value usd", ("2009-04", 12)),
    ("Period", ["2009-10"], "Fiscal years, April to March", "value usd", ("2009-04", 12)),
    ("Year", ["2022", "2023"], "Fiscal years, July to June", "value usd", None),
    ("Marketing year", ["2022-23", "2023-24"], "October to September", "value usd", None),
    ("Period", ["2009-10", "2010-11"], "", "value usd", ("2009-04", 12)),
    ("Season", ["2022"], "", "value usd", None),
    ("Month", ["2023-01", "2023-02"], "Cumulative figures", "value usd", ("2023-01", "ytd")),
    ("Month", ["2023-01", "2023-02"], "", "value usd ytd", ("2023-01", "ytd")),
    ("YTD month", ["2023-01", "2023-02"], "", "value usd", ("2023-01", "ytd")),
    ("Month", ["2023-01", "2023-02"], "1-2月累计", "value usd", ("2023-01", "ytd")),
    ("Month", [f"2023-{n:02}" for n in range(1, 10)], "", "value usd rising", ("2023-01", "ytd")),
    ("Week", ["2023-01-02", "2023-01-09"], "", "value usd", None),
    ("Date", ["2023-01-06", "2023-01-13"], "", "value usd", None),
    ("Month", ["2023-01", "2023-02"], "", "value usd yr", None),
    ("Year", ["2023-01"], "", "value usd", None),
    ("Month", ["2023-05", "2023-06"], "", "value usd", ("2023-05", 1)),
    ("Month", ["2023M05", "2023M06"], "", "value usd", ("2023-05", 1)),
    ("Quarter", ["2023-Q2", "2023-Q3"], "", "value usd", ("2023-04", 3)),
    ("Year", ["2023", "2024"], "", "value usd", ("2023-01", 12)),
]
# Header of codes and of a second column, if there is one, the cells of both, what stands above, and
# the areas that are meant.
AREAS = [
    ("Country", "Country name", ["GM AU CH", "Germany|Austria|China"], "", "DEU AUT CHN"),
    ("Partner (FIPS)", "", ["GM AU CH"], "", "DEU AUT CHN"),
    ("Country code", "Country", ["004 052 276", "Germany|Turkey|China"], "", "DEU TUR CHN"),
    ("Partner code", "Partner", ["410 344 145", "Brazil|Russia|Kazakhstan"], "", "BRA RUS KAZ"),
    ("National country code", "", ["156 276"], "", "FRA DEU"),
    ("CTY_CODE", "CTY_NAME", ["4280 5700", "Germany|China"], "", "DEU CHN"),
    ("Origin code", "Origin", ["AT DE", "Australia|Germany"], "", "AUS DEU"),
    ("Partner", "Partner label", ["CHN EGY", "Egypt|China"], "", "EGY CHN"),
    ("Partner M49", "Partner", ["156 818", "Egypt|China"], "", "EGY CHN"),
    ("Partner", "", ["China|Egypt"], "", "CHN EGY"),
]
# Header, cells, what stands above and a column of names; whether they are of the HS.
GOODS = [
    ("SITC", ["333", "334"], "", False),
    ("Product", ["33", "34"], "By SITC division", False),
    ("Commodity", ["3330", "3344", "2223"], "", False),
    ("Code", ["33300", "33440"], "", False),
    ("NAICS", ["211120", "324110"], "", False),
    ("Commodity", ["21", "32"], "Exports by NAICS sector", False),
    ("Product", ["0610", "1920"], "ISIC Rev. 4", False),
    ("HS code", ["2709", "2710"], "", True),
    ("CN8", ["27090010", "27101943"], "", True),
]
# What stands above or below the table, or in a column of its own, and by what its values are
# counted; the field is value_reported or net_wgt_kg.
AROUND = [
    ("Values in thousand USD", "Value", "value_reported", 1000),
    ("Exports of wheat", "Value (thousands)", "value_reported", 1000),
    ("Value: thousand USD; weight: tonnes", "Value", "value_reported", 1000),
    ("Value: thousand USD; weight: tonnes", "Net weight", "net_wgt_kg", 1000),
    ("Quantity in tonnes, values in USD", "Quantity", "net_wgt_kg", 1000),
    ("单位:万美元", "金额", "value_reported", 10000),
    ("US$ million", "Exports", "value_reported", 10**6),
    ("Weights in thousand tonnes", "Net weight", "net_wgt_kg", 10**6),
    ("Gross weight in kg", "Weight", "net_wgt_kg", None),
    ("Net weight in lb", "Weight", "net_wgt_kg", None),
]
UNIT_COLUMNS = [
    ("Value", "Unit", ["USD thousand"], "value_reported", {"USD thousand": 1000}),
    ("Value", "Unit", ["USD", "USD million"], "value_reported", {"USD": 1, "USD million": 10**6}),
    ("OBS_VALUE", "UNIT_MULT", ["6"], "value_reported", {"6": 10**6}),
    ("Quantity", "Unit", ["t"], "net_wgt_kg", {"t": 1000}),
    ("Quantity", "Unit", ["lb"], "net_wgt_kg", None),
    ("Quantity", "Unit", ["pieces", "kg"], "net_wgt_kg", None),
]


@cache
def sketched(path, text):
    """The sketch of a text, parsed."""
    path.write_text(text, encoding="utf-8")
    return tomllib.loads(sketch(path, publisher="office", table="trade"))


def proposed(path, text):
    """The fields that a sketch proposes."""
    return sketched(path, text)["source"]["file"]["arguments"]["fields"]


def rows_of(path, entry):
    """The rows that `add` takes of a file by its completed map."""
    require_agreement(path, entry)
    parts = clean(path, entry, **entry.arguments)
    return [row for part in require_sizes(parts, path, entry) for row in part.rows.to_pylist()]


def completed(path, text, **answers):
    """The map that a person completed: None leaves a field out."""
    contents = copy.deepcopy(sketched(path, text))
    source = contents["source"]["file"]
    left_open = source["arguments"]["fields"]
    fields = {**left_open, **CONSTANTS, **answers}
    is_open = {name for name, value in fields.items() if value is None or UNKNOWN in f"{value}"}
    fields = {name: fields[name] for name in fields if name not in is_open}
    source["arguments"]["fields"] = fields
    return contents


def refused_or(is_right, path, text, **answers):
    """Whether a file is refused; what is taken must be right."""
    arguments = completed(path, text, **answers)["source"]["file"]["arguments"]
    try:
        rows = rows_of(path, replace(INVENTED, arguments=arguments))
    except TradeflowsError:
        return True
    assert is_right(rows), f"taken and wrong: {answers}: {rows}"
    return False


def accepted(path, text, **answers):
    """The rows that `add` takes of a file whose map is right, written as TOML and read again."""
    contents = completed(path, text, **answers)
    contents["publisher"]["office"] = {"name": "Office", "short": "Office", "home": ""}
    contents["source"]["file"] |= {"title": "Invented", "steps": "Invented"}
    written = path.with_suffix(".toml")
    written.write_text(tomlkit.dumps(contents), encoding="utf-8")
    return rows_of(path, maps.read(written).source)


def of_header(header, cells=("120", "45")):
    body = "".join(f'2023-0{at},"{cell}"\n' for at, cell in enumerate(cells, start=1))
    return f'month,"{header}"\n{body}'


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.csv"


def values(rows, field="value_reported"):
    return [row[field] for row in rows]


@pytest.mark.parametrize(("header", "currency", "factor"), MONEY, ids=[row[0] for row in MONEY])
def test_money(path, header, currency, factor):
    text, factors = of_header(header), factor if isinstance(factor, tuple) else (factor,)

    def is_right(rows):
        is_value = any(values(rows) == [120 * factor, 45 * factor] for factor in factors)
        return values(rows) == [None, None] or (rows[0]["currency"] == currency and is_value)

    answers = [(times, currency or "USD") for times in (1, 10**3, 10**6, 10**9)]
    for times, code in (*answers, (factors[0], "EUR"), (factors[0], "USD")):
        value = {"column": header, "times": times}
        refused_or(is_right, path, text, value_reported=value, currency=code)
    fields = proposed(path, text)
    value = fields.get("value_reported", UNKNOWN)
    assert value == UNKNOWN or value["times"] == UNKNOWN
    assert fields.get("currency", UNKNOWN) in (UNKNOWN, currency)
    if currency:
        value = {"column": header, "times": factors[0]}
        assert is_right(accepted(path, text, value_reported=value, currency=currency))


@pytest.mark.parametrize(("header", "factor"), WEIGHTS, ids=[row[0] for row in WEIGHTS])
def test_weights(path, header, factor):
    text = of_header(header)

    def is_right(rows):
        return bool(factor) and values(rows, "net_wgt_kg") == [120 * factor, 45 * factor]

    # A file's mt may be millions of tonnes, as only its publisher knows.
    for times in (1, 10, 100, 10**3, 10**6, *([10**9] if header[-3:-1].lower() != "mt" else [])):
        refused_or(is_right, path, text, net_wgt_kg={"column": header, "times": times})
    weight = proposed(path, text).get("net_wgt_kg", UNKNOWN)
    assert weight == UNKNOWN or (factor and weight["times"] == UNKNOWN)
    if factor:
        assert is_right(accepted(path, text, net_wgt_kg={"column": header, "times": factor}))


@pytest.mark.parametrize(("header", "cells", "line", "figure", "meant"), PERIODS)
def test_periods(path, header, cells, line, figure, meant):
    numbers = [100 * at for at in range(1, 20)] if "rising" in figure else [90, 80]
    figure = figure.removesuffix(" rising")
    body = "".join(f"{cell},{n}\n" for cell, n in zip(cells, numbers, strict=False))
    text = f"{f'{line}' if line else 'Exports'},\n{header},{figure}\n{body}"

    def is_right(rows):
        first = rows[0]
        length = "ytd" if first["cumulation"] == "ytd" else first["n_months"]
        if meant and meant[1] == "ytd":
            length = "ytd" if values(rows, "n_months")[:2] == [1, 2] else length
        return meant == (f"{first['ref_period']:%Y-%m}", length)

    number = {"column": figure, "times": 1}
    for form in FORMS:
        period = {"column": header, "form": form}
        if form != "year and month":
            refused_or(
                is_right, path, text, ref_period=period, value_reported=number, currency="USD"
            )
    period = proposed(path, text)["ref_period"]
    assert period == UNKNOWN or period["form"] == UNKNOWN
    usual = {
        ("ytd"): "year to month",
        3: "quarter",
        12: "year" if "-" not in cells[0] else "april year",
    }
    if meant and meant[1] in usual:
        period = {"column": header, "form": usual[meant[1]]}
        sums = {"n_months": period, "cumulation": "ytd"} if meant[1] == "ytd" else {}
        rows = accepted(
            path, text, ref_period=period, value_reported=number, currency="USD", **sums
        )
        assert is_right(rows)


@pytest.mark.parametrize(("header", "second", "cells", "line", "meant"), AREAS)
def test_areas(path, header, second, cells, line, meant):
    columns = [
        re.split("[ |]" if "|" not in cells[0] else "[|]", cells[0]),
        *(part.split("|") for part in cells[1:]),
    ]
    body = "".join(f"2023-01,{','.join(row)},5\n" for row in zip(*columns, strict=True))
    names = ",".join(filter(None, ["month", header, second, "value usd"]))
    text = f"{names}\n{body}"

    def is_right(rows):
        return values(rows, "partner_iso") == meant.split()

    number = {"value_reported": {"column": "value usd", "times": 1}, "currency": "USD"}
    for system in ("iso3", "eurostat", "comtrade", "gacc"):
        refused_or(is_right, path, text, partner_iso={"column": header, "areas": system}, **number)
    side = proposed(path, text)["partner_iso"]
    if side != UNKNOWN:
        right = dict(
            zip(columns[bool(second) and side["column"] == second], meant.split(), strict=True)
        )
        assert side.get("areas") == UNKNOWN or {**right, **side["words"]}.keys() == right.keys()
        for text_of, area in side.get("words", {}).items():
            assert area in (UNKNOWN, right[text_of])
    words = dict(zip(columns[0], meant.split(), strict=True))
    assert is_right(accepted(path, text, partner_iso={"column": header, "words": words}, **number))


@pytest.mark.parametrize(("header", "cells", "line", "is_hs"), GOODS)
def test_goods(path, header, cells, line, is_hs):
    body = "".join(f"2023-01,{cell},{at}\n" for at, cell in enumerate(cells, 5))
    text = f"{line or 'Exports'},,\nmonth,{header},value usd\n{body}"
    number = {"value_reported": {"column": "value usd", "times": 1}, "currency": "USD"}
    fields = proposed(path, text)
    assert fields["classification_code"] == UNKNOWN
    for system in ("HS", "H6", "H5"):
        code = {"cmd_code": {"column": header}, "classification_code": system}
        assert refused_or(lambda rows: is_hs, path, text, **code, **number) is not is_hs
    if is_hs:
        assert (
            values(accepted(path, text, cmd_code={"column": header}, **number), "cmd_code") == cells
        )


@pytest.mark.parametrize("place", ["above", "below"])
@pytest.mark.parametrize(("line", "header", "field", "factor"), AROUND)
def test_lines_around_a_table(path, place, line, header, field, factor):
    table, note = f"month,{header}\n2023-01,120\n2023-02,45\n", f'"{line}",\n'
    text = note + table if place == "above" else table + note

    def is_right(rows):
        return bool(factor) and values(rows, field) == [120 * factor, 45 * factor]

    currency = {"currency": "USD"} if field == "value_reported" else {}
    for times in (1, 100, 10**3, 10**6, 10**9):
        refused_or(is_right, path, text, **{field: {"column": header, "times": times}}, **currency)
    if factor:
        right = {field: {"column": header, "times": factor}}
        assert is_right(accepted(path, text, **right, **currency))
        wrong = {"currency": "EUR"} if currency and "USD" in line else {}
        assert not wrong or refused_or(is_right, path, text, **right, **wrong)


@pytest.mark.parametrize(("header", "unit", "units", "field", "scales"), UNIT_COLUMNS)
def test_columns_of_units(path, header, unit, units, field, scales):
    body = "".join(f"2023-0{at},12,{text}\n" for at, text in enumerate(units, 1))
    text = f"month,{header},{unit}\n{body}"

    def is_right(rows):
        return bool(scales) and values(rows, field) == [12 * size for size in scales.values()]

    currency = {"currency": "USD"} if field == "value_reported" else {}
    each = [{unit: dict.fromkeys(units, size)} for size in (1, 1000)]
    for times in (1, 100, 10**3, 10**6, 10**9, *each):
        refused_or(is_right, path, text, **{field: {"column": header, "times": times}}, **currency)
    if scales:
        right = {field: {"column": header, "times": {unit: scales}}}
        assert is_right(accepted(path, text, **right, **currency))


@pytest.mark.parametrize(
    ("value", "weight", "is_taken"),
    [
        ("5", "20000", False),  # thousands of dollars, and kilograms
        ("5000000", "20", False),  # dollars, and thousands of tonnes
        ("5000", "20000", True),
    ],
)
def test_what_a_kilogram_is_worth(path, value, weight, is_taken):
    text = f"month,Value,Net weight\n2023-01,{value},{weight}\n2023-02,{value},{weight}\n"
    value, weight = ({"column": name, "times": 1} for name in ("Value", "Net weight"))
    figures = {"value_reported": value, "net_wgt_kg": weight}
    assert refused_or(lambda rows: is_taken, path, text, currency="USD", **figures) is not is_taken


@pytest.mark.parametrize(
    ("header", "cells", "words"),
    [
        ("Sex", ["M", "X"], None),
        ("Flow", ["M", "X"], {"M": UNKNOWN, "X": UNKNOWN}),
        ("Direction", ["Imports", "Exports"], {"Imports": "M", "Exports": "X"}),
        ("Trade flow", ["Imports", "Mode X"], {"Imports": "M", "Mode X": UNKNOWN}),
        ("Flow", ["Imports minus exports", "Exports"], None),
    ],
)
def test_a_direction_is_said_by_words_alone(path, header, cells, words):
    text = f"month,{header},value usd\n" + "".join(f"2023-01,{cell},5\n" for cell in cells)
    flow = proposed(path, text)["flow_code"]
    if words:
        assert flow == {"column": header, "words": words}
    else:
        assert flow == UNKNOWN or UNKNOWN in flow["words"].values()


def test_units_of_several_kinds_are_read_where_they_are_their_own(path):
    text = "month,Quantity,Unit\n2023-01,12,KL\n2023-02,5,MT\n"
    where = {"column": "Unit", "equals": "MT", "otherwise": "KL"}
    weight = {"column": "Quantity", "times": 1000, "where": where}
    assert values(accepted(path, text, net_wgt_kg=weight), "net_wgt_kg") == [None, 5000]
    assert refused_or(lambda rows: False, path, text, net_wgt_kg=weight | {"times": 1})
