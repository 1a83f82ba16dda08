"""Ledgers that lie, each in one way over the project's own tables, and what comes of it.

A lie is refused in one sentence, or decides nothing, or its verdict is right and says the trick.
Those that are honest show that it is the lie that is refused.
"""

import json
import re
from pathlib import Path

import pytest

from tradeflows import claims
from tradeflows.claims import verdict_rule as rule
from tradeflows.model.errors import LedgerError

ROOT = Path(__file__).parents[1]
KG, USD = "net_wgt_kg", "value_reported"

# --- what is read, and how ------------------------------------------------------------------------


def read(reporter="CHN", partner="RUS", flow="M", product="2709", **more):
    return {"reporter": reporter, "partner": partner, "flow": flow, "product": product} | more


COMTRADE = {"freq": "M", "source": "comtrade_energy_imports_from_russia"}
CRUDE, LNG, COAL, BOTH, LISTED, FUELS = (
    read(product=goods, publisher="gacc")
    for goods in (
        *("2709", "27111100", "2701"),
        *(["2709", "27111100"], ["2709", "8806"], ["2709", "27111100", "2701"]),
    )
)
INDIA, EU, CHINA = (read(area, **COMTRADE) for area in ("IND", "EU27_2020", "CHN"))
PRODUCTS = read(product="2710", **COMTRADE)
GAINED_AND_LOST = read(["IND", "EU27_2020"], **COMTRADE)
WORLD = read(partner="W00", source="gacc_crude_imports_from_world_value_2021_2024")
BOUGHT, SOLD = (
    read(flow=flow, product="TOTAL", freq="M", source="comtrade_china_russia_totals_2017_2024")
    for flow in "MX"
)
RUSSIA = {
    "reporter": "RUS",
    "flow": "X",
    "product": "TOTAL",
    "freq": "M",
    "source": "rus_customs_trade_by_partner_2006_2021",
}
EU_SOLD = read("EU27_2020", flow="X", product="TOTAL", freq="M") | {
    "source": "eurostat_eu_exports_to_russia_and_neighbours_2019_2024"
}
DRONES = read(flow="X", product="8806", freq="A", source="baci_hs22_china_russia_hs4_2023")


def total(value, start, end=None, **more):
    return ["total", {"value": value, "start": start, "end": end or start, **more}]


def growth(value=KG, year=2022, base=2021):
    return ["growth", {"value": value, "year": year, "base": base}]


def reading(read, *steps, result, name="the count", **more):
    return {"name": name, "read": read, "steps": list(steps), "result": result, **more}


def of(read, value=KG, start="2022", end=None, **more):
    return reading(read, total(value, start, end), result=value, **more)


def grown(read=CRUDE, *years, value=KG, result="growth_pct"):
    return reading(read, growth(value, *years), result=result)


def term(read, value=KG, start="2022", end=None):
    return {"read": read, "steps": [total(value, start, end)], "result": value}


def printed(name, **more):
    item = {"name": f"printed {name}", "read": {"table": "figures", "id": name}, "result": "value"}
    return item | more


def made(how, *terms, **more):
    return {"name": "made of several", "combine": how, "terms": list(terms), **more}


def against(read, other, start="2022", base="2021", result="growth_pct"):
    """A reading of one frame against another."""
    steps = total(KG, *start.split("..")), ["difference", {"value": KG}]
    below = {"other": other, "other_steps": [total(KG, *base.split(".."))]}
    return reading(read, *steps, result=result, **below)


def barrels(start, end=None, counted=None, **more):
    steps = total(KG, start, end), ["barrels_per_day", counted or {}]
    return reading(CRUDE, *steps, result="barrels_per_day", **more)


def peak(start, end, read=CRUDE, step="peak"):
    steps = [total(KG, start, end, every=12), [step, {"value": KG}]]
    return {"read": read, "steps": steps, "result": KG}


def leads(member, result="lead", read=RUSSIA, **more):
    year = total(USD, "2021", by=["partner_iso"])
    return reading(read, year, ["lead", {"value": USD, "member": member}], result=result, **more)


# --- what is claimed ------------------------------------------------------------------------------


def asks(measure="weight", start="2022", end=None, **more):
    keys = {"goods": "2709", "reporter": "CHN", "partner": "RUS", "flow": "M"}
    return keys | {"measure": measure, "start": start, "end": end or start} | more


WORTH = asks("value")
TWO_GOODS = asks("value", goods=["2709", "271111"])
GROWN = asks("growth of weight", base="2021")
EU_FELL = asks("growth of value", goods="TOTAL", reporter="EU27_2020", flow="X", base="2021")
A_DAY, BY_SEA = (asks("barrels a day", "2023-03", **way) for way in ({}, {"route": "by sea"}))
SEA_2023 = BY_SEA | {"start": "2023-01", "end": "2023-09"}
DRONES_ASKED = asks("value", "2022-03", "2023-05", goods="8806", flow="X")
RUSSIA_SOLD = asks("value", "2021", goods="TOTAL", reporter="RUS", partner="CHN", flow="X")
RANKED = RUSSIA_SOLD | {"measure": "rank by value"}
PIPED = asks("volume", goods="271121", route="by pipe")
FIGURE = re.compile(r"\{(more than |about |at least |)(\$?)([\d.]+) (.*?)\}")
QUALIFIERS = {"": "=", "more than ": ">", "about ": "~", "at least ": "≥"}
UNITS = {"per cent": "percent", "billion cubic metres": "billion m3"}


def claimed(statement):
    """The figure that stands in braces in a statement; without one, that something rose."""
    found = FIGURE.search(statement)
    if not found:
        return {"value": 0, "unit": "percent", "qualifier": ">"}
    than, money, number, unit = found.groups()
    unit = UNITS.get(unit, unit) + " a day" * (" a day" in statement)
    value = float(number) * {"$billion": 1e9, "$million": 1e6}.get(money + unit, 1)
    return {"value": value, "unit": "USD" if money else unit, "qualifier": QUALIFIERS[than]}


def claim(statement, *readings, asked=None, number=(), **more):
    """A claim; `number` is what is said of its figure otherwise than in its statement."""
    if isinstance(statement, dict):  # which is made already
        return statement
    entry = {"theme": "lies", "statement": re.sub("[{}]", "", statement), "who": "nobody"}
    entry |= {"where": "example.org/lie", "asks": asked or asks()}
    if "figure" not in more:
        entry["claimed"] = claimed(statement) | dict(number)
    return entry | more | {"reading": list(readings)}


def no(words, *args, **more):
    """A lie that is refused: the words of the message."""
    return claim(*args, **more), None, words


def nothing(shown, *args, **more):
    """A lie of which nothing is decided: the words beside that."""
    return claim(*args, **more), rule.NOT_DECIDED, shown


def holds(shown, *args, **more):
    return claim(*args, **more), rule.HOLDS, shown


def leans(shown, *args, verdict=rule.LEANS_YES, **more):
    return claim(*args, **more), verdict, shown


def tonnes(number, words="crude oil", when="2022", who="China"):
    return f"{who} bought {{{number} million tonnes}} of {words} from Russia in {when}."


def dollars(number, words="crude oil"):
    return f"China bought {words} worth {{${number} billion}} from Russia in 2022."


def a_day(number, when="in March 2023"):
    return f"China imported {{{number} million barrels}} of Russian crude a day {when}."


def grew(how="grew by"):
    return f"China's imports of Russian crude oil by weight {how} {{8 per cent}} in 2022."


def parted(statement, *parts):
    head = {"theme": "lies", "statement": statement, "who": "nobody", "where": "example.org/lie"}
    return head | {"part": list(parts)}


def part(words, name="a", asked=GROWN, item=None, **number):
    item = (item or grown()) | {"name": name}
    number = number or {"value": 0, "unit": "percent", "qualifier": ">"}
    return {"words": words, "claimed": number, "asks": asked, "reading": [item]}


WEIGHT, VALUE = of(CRUDE), of(CRUDE, USD)
MORE = "China bought more crude oil by weight from Russia in 2022."
LESS = MORE.replace("more", "less")
RECORD = "China bought a record amount of crude oil by weight from Russia in 2022."
ROUGH = {"printed_because": "it is a rough figure of the press"}
FEWER = {"number": {"qualifier": "<"}}
OF_KG = {"number": {"unit": "kg"}, "asked": asks("lead by weight")}


def record(base, *terms):
    """A claim that no year from one to another was larger."""
    asked = asks("growth of weight", base=base)
    return claim(RECORD, made("growth", *terms), asked=asked, superlative=True)


HONEST = {
    "a weight": holds("asked: weight; crude oil; imports of China", tonnes(86), WEIGHT),
    "a growth": holds("", grew(), grown(), asked=GROWN),
    "a record": holds("", record(["2017", "2021"], term(CRUDE), peak("2017", "2021"))),
    "what is left": holds(
        "",
        tonnes(45, when="July to December 2022"),
        made("difference", term(CRUDE), term(CRUDE, KG, "2022-01", "2022-06"), unit="kg"),
        asked=asks("weight", "2022-07", "2022-12"),
    ),
}

NUMBERS = {
    "a step as large as the figure": no(
        "beyond the first digit", dollars(81), VALUE, asked=WORTH, printed_to=81e9, **ROUGH
    ),
    "a step of which the figure is no multiple": no(
        "no multiple of it", dollars(61), VALUE, asked=WORTH, printed_to=10e9, **ROUGH
    ),
    "low and high without the value": no(
        "low to high must hold the value", tonnes(90), WEIGHT, number={"low": 80, "high": 88}
    ),
    "low and high that are not printed": no(
        "which its words do not print", tonnes(90), WEIGHT, number={"low": 70, "high": 110}
    ),
    "another number than the sentence's": no(
        "its words print $90 billion", dollars(90), VALUE, asked=WORTH, number={"value": 58e9}
    ),
    "about, of an exact one": no(
        "its qualifier is '~': it must be =", tonnes(90), WEIGHT, number={"qualifier": "~"}
    ),
    "exact, of more than": no(
        "it must be > or ≥", tonnes("more than 50"), WEIGHT, number={"qualifier": "="}
    ),
    "euros for dollars": no(
        "claim the currency that they print",
        "The EU sold goods worth {$89 billion} to Russia in 2021.",
        of(EU_SOLD, USD, "2021"),
        number={"unit": "EUR"},
        asked=EU_FELL | {"measure": "value", "start": "2021", "end": "2021", "base": ""},
    ),
    "a growth in euros for dollars": nothing(
        "another measure",
        "The EU's sales of goods to Russia, in dollars, fell by {38 per cent} in 2022.",
        reading(EU_SOLD, total(USD, "2021", "2022", every=12), growth(USD), result="growth_pct"),
        number={"value": -38},
        asked=EU_FELL,
    ),
    "a rise for a fall": no("its words say a fall", grew("fell by"), grown(), asked=GROWN),
    "a month that the sentence does not name": no(
        "its words say March 2022",
        "China's imports of Russian crude oil were largest in March 2022.",
        reading(CRUDE, ["peak", {"value": KG}], result="ref_period"),
        number={"value": "2022-05", "unit": "month", "qualifier": "="},
        asked=asks("month of the largest weight"),
    ),
    "kg_per_unit of money": no("kg_per_unit is of a volume", tonnes(86), WEIGHT, kg_per_unit=1.0),
    "a barrel of 50 kg": no(
        "a barrel of oil has 110 to 175 kg",
        "China bought {1.7 billion barrels} of crude oil from Russia in 2022.",
        WEIGHT,
        kg_per_unit=50.0,
    ),
    "a barrel of 125 kg": holds(
        "one of them taken as 125 kg",
        "China bought {0.69 billion barrels} of crude oil from Russia in 2022.",
        WEIGHT,
        kg_per_unit=125.0,
    ),
    "the figure of another year": no(
        "its figure is of 2023-01 to 2023-12",
        "China's exports to Russia grew by 46.9 per cent in 2022.",
        grown(SOLD, 2023, 2022, value=USD),
        figure="U35",
        asked=asks("growth of value", goods="TOTAL", flow="X", base="2021"),
    ),
}

ASKED = {
    "coal asked for crude": no(
        "its words name crude", dollars(12), of(COAL, USD), asked=asks("value", goods="2701")
    ),
    "another country asked than said": no("its words name India", tonnes(86, who="India"), WEIGHT),
    "a base after its year": no(
        "comes after", MORE, grown(CRUDE, 2022, 2023), asked=GROWN | {"base": "2023"}
    ),
    "a base that overlaps its window": no(
        "overlaps the window",
        MORE,
        against(CRUDE, CRUDE, "2022", "2021-07..2022-06"),
        asked=GROWN | {"base": ["2021-07", "2022-06"]},
    ),
    "a base that is longer": no(
        "6 months are compared with 12",
        "China bought less crude oil by weight from Russia in early 2023.",
        against(CRUDE, CRUDE, "2023-01..2023-06", "2022"),
        asked=asks("growth of weight", "2023-01", "2023-06", base="2022"),
        **FEWER,
    ),
    "a record that is no part": no(
        "a part of its own with superlative",
        tonnes(80, when="2021").replace("{", "a record {"),
        of(CRUDE, KG, "2021"),
        asked=asks("weight", "2021"),
    ),
    "a superlative that no word says": no(
        "its words say none", MORE, grown(), asked=GROWN, superlative=True
    ),
}

KEYS = {
    "keys against the filters": no(
        "by its filters and rows it is 'RUS'",
        tonnes(86).replace("Russia", "Saudi Arabia"),
        WEIGHT | {"keys": {"partner": "SAU"}},
        asked=asks(partner="SAU"),
    ),
    "by sea, of all routes": no(
        "which none of its rows says",
        a_day(2.27, "by sea in March 2023"),
        barrels("2023-03", keys={"route": "by sea"}),
        asked=BY_SEA,
    ),
    "one partner, of all": no(
        "leave it out",
        "Russia sold goods worth {$397 billion} to China in 2021.",
        of(RUSSIA, USD, "2021", keys={"partner": "CHN"})
        | {"steps": [total(USD, "2021", over=["partner_iso"])]},
        asked=RUSSIA_SOLD,
    ),
    "a base that a ratio has not": no(
        "it is '2020-01..2020-12'",
        "China bought more than half of the crude oil from Russia in 2022 that it had in 2021.",
        made("ratio", term(CRUDE), term(CRUDE, KG, "2020"), keys={"base": "2021"}),
        number={"value": 0.5, "unit": "ratio"},
        asked=asks("ratio of weight", base="2021"),
    ),
    "goods listed that no row has": nothing(
        "it lacks any row of 8806",
        dollars(58, "crude oil and drones"),
        reading(LISTED, total(USD, "2022", over=["cmd_code"]), result=USD),
        asked=asks("value", goods=["2709", "8806"]),
    ),
    "the lead of another member": no(
        "it is 'CHN+the next'",
        "Uzbekistan led all other buyers of Russian goods in 2021.",
        leads("CHN", keys={"partner": ["UZB", "the next"]}),
        number={"unit": "USD"},
        asked=RUSSIA_SOLD | {"measure": "lead by value", "partner": ["UZB", "the next"]},
    ),
    "a rank among two": nothing(
        "another partner",
        "China ranked first among the buyers of Russian goods in 2021.",
        leads("CHN", "rank", RUSSIA | {"partner": ["CHN", "KAZ"]}),
        number={"value": 1, "unit": "rank", "qualifier": "="},
        asked=RANKED,
    ),
}

SIDES = {"value": KG, "new": "IND", "old": "EU27_2020", "base": "2021", "after": "2023"}
OTHERS = {
    "other goods": nothing(
        "other goods",
        dollars(65),
        reading(BOTH, total(USD, "2022", over=["cmd_code"]), result=USD),
        asked=WORTH,
    ),
    "another office": nothing("another office's figure", tonnes(96), of(EU)),
    "another month": nothing("another window", a_day(2.29), barrels("2023-05"), asked=A_DAY),
    "another base": nothing("another base", grew(), grown(), asked=GROWN | {"base": "2020"}),
    "other goods as the base": no(
        "compares 2709 with 2710", MORE, against(CHINA, PRODUCTS), asked=GROWN
    ),
    "rows of other goods below": nothing(
        "other goods",
        dollars(62),
        reading(CRUDE, total(USD, "2022", over=["cmd_code"]), result=USD)
        | {"also": {"read": CRUDE | {"product": "27112100"}}},
        asked=WORTH,
    ),
    "a lead the other way round": nothing(
        "",
        "India bought more crude oil by weight from Russia than China in 2023.",
        made("difference", term(CRUDE, KG, "2023"), term(INDIA, KG, "2023"), unit="kg"),
        number={"unit": "kg"},
        asked=asks("lead by weight", "2023", reporter=["IND", "CHN"]),
    ),
    "a net displacement": nothing(
        "another measure",
        "Of the crude oil that the EU lost in 2023, by weight, India took more than half.",
        reading(GAINED_AND_LOST, ["displacement", SIDES], result="displacement_net"),
        number={"value": 0.5, "unit": "ratio"},
        asked=asks("displacement of weight", "2023", reporter=["IND", "EU27_2020"], base="2021"),
    ),
}

SCALED = ["scale", {"column": KG, "divisor": 0.5, "into": KG}]
BASKET = ["baskets", {"value": USD, "goods": {"both": ["27090000"]}}]
MEASURES = {
    "a level for a growth": no("takes net_wgt_kg of growth", MORE, grown(result=KG), asked=GROWN),
    "the base's level for a change": no(
        "takes net_wgt_kg_base of difference",
        tonnes(80),
        against(CRUDE, CRUDE, result="net_wgt_kg_base"),
        asked=asks("change of weight", base="2021"),
    ),
    "a weight doubled by scale": no(
        "scale is for charts", tonnes(172), reading(CRUDE, total(KG, "2022"), SCALED, result=KG)
    ),
    "a basket of some of the goods": nothing(
        "other goods",
        dollars(58, "crude oil and LNG"),
        reading(BOTH | {"start": "2022-01", "end": "2022-12"}, BASKET, result=USD),
        asked=TWO_GOODS,
    ),
    "barrels of another weight": no(
        "every claim counts 7.33",
        a_day(1.65),
        barrels("2023-03", counted={"barrels_per_tonne": 5.32}),
        asked=A_DAY,
    ),
    "a count above another bound": nothing(
        "another measure",
        "Of three fuels from Russia three grew in value in 2024.",
        reading(
            FUELS,
            growth(USD, 2024, 2023),
            ["count", {"value": "growth_pct", "above": -100.0}],
            result="count",
        ),
        number={"value": 3, "unit": "count", "qualifier": "="},
        asked=asks("count by growth of value", "2024", base="2023")
        | {"goods": ["2709", "271111", "2701"]},
    ),
    "absent months counted as nothing": nothing(
        "counts a row that is absent as nothing",
        tonnes(80, "crude oil and LNG", "2019"),
        reading(BOTH, total(KG, "2019", over=["cmd_code"], absent="zero"), result=KG),
        asked=asks("weight", "2019", goods=["2709", "271111"]),
    ),
    "the high end of a printed range": no(
        "takes one end of a printed range",
        "China exported ball bearings worth {$7 million} a month to Russia in 2023.",
        printed("U20", result="high"),
        asked=asks("value a month", "2023", goods="848210", flow="X"),
    ),
    "a share in all goods": nothing(
        "another measure",
        "Russia supplied {51 per cent} of China's crude oil by value in 2022.",
        reading(CRUDE, total(USD, "2022"), ["share", {"value": USD}], result="share_pct")
        | {"other": BOUGHT, "other_steps": [total(USD, "2022")]},
        asked=asks("share of value"),
    ),
}


def share(words, number, *terms, start="2022"):
    """A claim on Russia's share in China's crude oil that is refused."""
    said = f"Russia supplied {{{number} per cent}} of China's crude oil by weight in 2022."
    return no(words, said, made("share", *terms), asked=asks("share of weight", start))


def both(how, *terms, **more):
    return made(how, *terms, unit="kg", **more)


MEAN = [total(KG, "2021"), ["per_month", {"value": KG}]]
COMBINED = {
    "a whole taken twice": share("several wholes", 8.5, term(CRUDE), term(WORLD), term(WORLD)),
    "a month's share in a year": share(
        "takes May 2022 in 2022", 1.6, term(CRUDE, KG, "2022-05"), term(WORLD), start="2022-05"
    ),
    "a share of another country": share("no whole of the first", 90, term(CRUDE), term(EU)),
    "a sum of a term twice": no("twice", tonnes(172), both("sum", term(CRUDE), term(CRUDE))),
    "a sum over windows that overlap": no(
        "takes 2022-05 to 2022-08 twice",
        tonnes(116),
        both(
            "sum", *(term(CRUDE, KG, *w) for w in (("2022-01", "2022-08"), ("2022-05", "2022-12")))
        ),
    ),
    "a sum with a hole": nothing(
        "it lacks 2022-04 to 2022-09",
        tonnes(41),
        both(
            "sum", *(term(CRUDE, KG, *w) for w in (("2022-01", "2022-03"), ("2022-10", "2022-12")))
        ),
    ),
    "a sum of one good in some months and another in the others": no(
        "differ in goods and months",
        dollars(31, "crude oil and LNG"),
        both("sum", term(CRUDE, USD, "2022-01", "2022-06"), term(LNG, USD, "2022-07", "2022-12"))
        | {"unit": "USD"},
        asked=TWO_GOODS,
    ),
    "units that do not go together": no(
        "they do not go together", tonnes(86), both("sum", term(CRUDE), term(LNG, USD))
    ),
    "eleven terms": no(
        "10 at most",
        tonnes(86),
        both("sum", *[term(CRUDE, KG, f"2022-{m:02d}") for m in range(1, 12)]),
    ),
    "a growth over two years": no(
        "compares 12 months with 24",
        LESS,
        made("growth", term(CRUDE), term(CRUDE, KG, "2021"), term(CRUDE, KG, "2020")),
        asked=GROWN,
        **FEWER,
    ),
    "a growth over a mean month": no(
        "compares weight with weight a month",
        MORE,
        made("growth", term(CRUDE), {"read": CRUDE, "steps": MEAN, "result": "value_per_month"}),
        asked=GROWN,
    ),
    "months taken out of the middle": no(
        "take off months at one end",
        tonnes(80),
        both("difference", term(CRUDE), term(CRUDE, KG, "2022-03")),
    ),
    "more months taken off than there are": no(
        "so say at_least",
        tonnes(60),
        both("difference", term(CRUDE, KG, "2021-07", "2022-06"), term(CRUDE)),
    ),
    "a term less itself": no(
        "compares a term with itself", MORE, both("difference", term(CRUDE), term(CRUDE)), **OF_KG
    ),
}

D06 = {"read": {"table": "figures", "id": "D06"}, "result": "value"}
FIRST_HALF = of(CRUDE, KG, "2022-01", "2022-06", at_most=True)
BOUNDS = {
    "at most, of other goods": nothing("bounds other", tonnes(60), of(LNG, at_most=True)),
    "at most, of a shorter window": nothing("bounds other", tonnes(86), FIRST_HALF),
    "at most, of a difference that is at least so much": no(
        "it cannot be at_most",
        "China sold Russia drones worth {more than $50 million} from March to December 2022.",
        made("difference", D06, term(DRONES, USD, "2023"), unit="USD", at_most=True),
        asked=DRONES_ASKED | {"end": "2022-12"},
    ),
    "at most and at least": no(
        "a bound is of one side", tonnes(60), of(CRUDE, at_most=True, at_least=True)
    ),
    "a rest of blanks": no("needs a reason in words", tonnes(60), WEIGHT | {"rest": " "}),
}


def largest(name, area, *reads):
    """A claim that somebody was the largest buyer in a month when India was."""
    terms = [term(read, KG, "2024-10") for read in reads]
    return claim(
        f"{name} was the largest buyer of Russian crude by weight in October 2024.",
        both("difference", *terms, rest="all other buyers took far less"),
        number={"unit": "kg"},
        superlative=True,
        asked=asks("lead by weight", "2024-10", reporter=[area, "all others"]),
    )


RECORDS = {
    "over four years": nothing(
        "five whole years at least",
        record(["2018", "2021"], term(CRUDE), peak("2018", "2021")),
    ),
    "over a mean": no(
        "compares weight with mean of weight",
        record(["2017", "2021"], term(CRUDE), peak("2017", "2021", step="mean")),
    ),
    "the largest, over a small rival": nothing(
        "India, which is held, is larger than the rival", largest("China", "CHN", CHINA, EU)
    ),
    "the largest, over the next": leans("", largest("India", "IND", INDIA, CHINA)),
    "over a series with a hole": nothing(
        "it lacks",
        "India bought a record amount of crude oil from Russia in 2023.",
        made("growth", term(INDIA, KG, "2023"), peak("2018", "2022", INDIA)),
        asked=asks("growth of weight", "2023", reporter="IND", base=["2018", "2022"]),
        superlative=True,
    ),
}


def left_open(because="the buyer may be another one", **keys):
    return {"open": keys, "open_because": because}


SINCE_JANUARY = "open: by a month: the month itself, or the mean since January"
OPEN = {
    "another buyer than the words name": no(
        "reporter admits EU27",
        tonnes(96),
        *(of(EU, name="the EU"), WEIGHT),
        **left_open(reporter=["EU27_2020"]),
    ),
    "any buyer where one is named": nothing(
        "another office's figure",
        tonnes(89, when="2023"),
        of(INDIA, KG, "2023"),
        asked=asks("weight", "2023"),
        **left_open(reporter=[]),
    ),
    "any measure where one is named": no(
        "its words say value",
        "China's imports of Russian crude oil, in dollars, grew by {8 per cent} in 2022.",
        grown(),
        asked=GROWN | {"measure": "growth of value"},
        **left_open(measure=[]),
    ),
    "any month where one is named": nothing(
        "another window",
        a_day(2.29),
        barrels("2023-05"),
        asked=A_DAY,
        **left_open(start=[], end=[]),
    ),
    "the other direction": no(
        "flow admits the other direction",
        "China sold goods worth {$114 billion} to Russia in 2022.",
        *(of(BOUGHT, USD), of(SOLD, USD, name="sold")),
        asked=asks("value", goods="TOTAL", flow="X"),
        **left_open("trade may go either way here", flow=["M"]),
    ),
    "what is narrowed is told": holds(
        "not left open here, though no route is named",
        a_day(2.27, "by March 2023"),
        barrels("2023-03"),
        asked=A_DAY,
        **left_open("all routes are meant, in the month itself", route="none", start="none"),
    ),
    "the sea asked where the words say nothing": leans(
        "open: no route is named", a_day("more than 1.5"), printed("N08"), asked=BY_SEA
    ),
    "since January asked where the words say by May": leans(
        SINCE_JANUARY,
        a_day(2.04, "by May 2023"),
        barrels("2023-01", "2023-05"),
        asked=A_DAY | {"start": "2023-01", "end": "2023-05"},
    ),
}


def piped(number, year="2022"):
    return f"Russia piped {{{number} billion cubic metres}} of gas to China in {year}."


def took(number, way, who="China", when="2023"):
    return f"{who} took {{{number} million barrels}} of Russian crude a day {way} in {when}."


ITS_OWN = "the claim's own source, which says no"
WITNESSES = {
    "its own figure": nothing(
        "only its own source says so",
        "China shipped drones worth at least $14.5 million to Russia in early 2023.",
        printed("D17"),
        figure="D17",
        asked=DRONES_ASKED | {"start": "2023-01", "end": "2023-06"},
    ),
    "a forecast": nothing(
        "",
        took("about 1.9", "by sea", "India", "March 2023"),
        printed("N23"),
        asked=BY_SEA | {"reporter": "IND"},
    ),
    "the seller alone": leans(
        "1 of 1: Gazprom", piped("more than 12"), printed("G05"), asked=PIPED
    ),
    "the seller and its government": leans(
        "2 of 2", piped("more than 12"), printed("G05"), printed("G04"), asked=PIPED
    ),
    "a pair beside one of the two": leans(
        "", took("more than 1", "by sea"), printed("N08"), printed("N19"), asked=SEA_2023
    ),
    "nobody who counted": nothing(
        "", took("about 0.8", "by pipe"), printed("N20"), asked=SEA_2023 | {"route": "by pipe"}
    ),
    "a printed figure of another year": leans(
        ITS_OWN, piped(22.7), printed("G06"), asked=PIPED, verdict=rule.LEANS_NO
    ),
    "a source that does not exist": no(
        "no figure 'N8'", a_day("more than 1.5"), printed("N08"), asked=BY_SEA, source=["N8"]
    ),
    "a witness against it called its source": leans(
        "says no",
        a_day(2.2, "by sea in March 2023"),
        printed("N08"),
        asked=BY_SEA,
        source=["N08"],
        verdict=rule.LEANS_NO,
    ),
}

MORE_CRUDE = "China bought more Russian crude and less Russian coal by weight in 2022."
TONNES = {"value": 86, "unit": "million tonnes", "qualifier": "="}
PARTS = {
    "words that the statement has not": no(
        "do not stand so in the statement",
        parted(MORE_CRUDE, part("more Russian crude"), part("more Russian gas", "again")),
    ),
    "a part twice": no(
        "ask the same",
        parted(MORE_CRUDE, part("more Russian crude"), part("bought more Russian crude", "again")),
    ),
    "one part of a sentence of two": no(
        "one part alone", parted(MORE_CRUDE, part("more Russian crude"))
    ),
    "a part of another number": no(
        "its words print $70 billion",
        parted(
            "China bought 86 million tonnes of crude oil worth $70 billion from Russia in 2022.",
            part("86 million tonnes", "a", asks(), WEIGHT, **TONNES),
            part("worth $70 billion", "b", WORTH, VALUE, value=58e9, unit="USD", qualifier="="),
        ),
    ),
}

GROUPS = {
    "honest": HONEST,
    "number": NUMBERS,
    "asked": ASKED,
    "keys": KEYS,
    "other": OTHERS,
    "measure": MEASURES,
    "combined": COMBINED,
    "bound": BOUNDS,
    "record": RECORDS,
    "open": OPEN,
    "witness": WITNESSES,
    "part": PARTS,
}


# --- and what comes of it -------------------------------------------------------------------------


def inline(value):
    """A value as TOML has it on one line."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {inline(item)}' for key, item in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(inline, value))}]"
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def as_said(found, verdict, words):
    """Whether a lie is refused in one sentence that says why, or has its verdict and its words."""
    if verdict is None or isinstance(found, LedgerError):
        is_error = isinstance(found, LedgerError) and verdict is None
        return is_error and words in str(found) and "\n" not in str(found)
    return found.verdict == verdict and words in "\n".join(claims.explain(found))


@pytest.mark.parametrize("group", GROUPS)
def test_what_comes_of_lies(group, tmp_path):
    lies = {f"L{i}": (name, *lie) for i, (name, lie) in enumerate(GROUPS[group].items())}
    ledger = ["version = 3"]
    for i, (_, entry, *_) in lies.items():
        ledger += [f"[claim.{i}]", *(f"{key} = {inline(item)}" for key, item in entry.items())]
    path = tmp_path / "lies.toml"
    path.write_text("\n".join(ledger), encoding="utf-8")
    book = claims.read_ledger(path, ROOT)
    judgement = claims.judge(book.claims.values(), ROOT)
    found = {**book.errors} | {verdict.claim.id: verdict for verdict in judgement.verdicts}
    found |= {re.match(r"claim (L\d+),", str(error))[1]: error for error in judgement.errors}
    assert {
        name: str(found[i]) if isinstance(found[i], LedgerError) else claims.explain(found[i])
        for i, (name, _, verdict, words) in lies.items()
        if not as_said(found[i], verdict, words)
    } == {}


ALIEN = """version = 3
[series.alien]
goods = "TOTAL"
reporter = "CHN"
partner = "RUS"
flow = "M"
measure = "value"
[[series.alien.release]]
name = "crude alone"
read = { reporter = "CHN", partner = "RUS", flow = "M", product = "2709", publisher = "gacc" }
"""


def test_a_release_of_something_else_makes_no_band(tmp_path):
    path = tmp_path / "series.toml"
    path.write_text(ALIEN, encoding="utf-8")
    with pytest.raises(LedgerError, match="product is '2709', and its series is of 'TOTAL'"):
        claims.read_ledger(path, ROOT)
