"""Ledgers that lie, each in one way over the project's own tables, and what comes of it.

A lie is refused in one sentence, or decides nothing, or its verdict is right and says the trick.
Those that are honest show that it is the lie that is refused.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tradeflows import claims
from tradeflows.claims import verdict_rule as rule
from tradeflows.model.errors import LedgerError

ROOT = Path(__file__).parents[1]
KG, USD = "net_wgt_kg", "value_reported"

# --- what is read ---------------------------------------------------------------------------------

CRUDE = {"reporter": "CHN", "partner": "RUS", "flow": "M", "product": "2709", "publisher": "gacc"}
LNG, COAL = (CRUDE | {"product": code} for code in ("27111100", "2701"))
BOTH = CRUDE | {"product": ["2709", "27111100"]}
COMTRADE = {
    "reporter": "CHN",
    "partner": "RUS",
    "flow": "M",
    "freq": "M",
    "source": "comtrade_energy_imports_from_russia",
}
PRODUCTS, INDIA, EU = (
    COMTRADE | {"reporter": area, "product": code}
    for area, code in (("CHN", "2710"), ("IND", "2709"), ("EU27_2020", "2709"))
)
GAINED_AND_LOST = COMTRADE | {"reporter": ["IND", "EU27_2020"], "product": "2709"}
WORLD = {
    "reporter": "CHN",
    "partner": "W00",
    "flow": "M",
    "product": "2709",
    "source": "gacc_crude_imports_from_world_value_2021_2024",
}
BOTH_WAYS = {
    "reporter": "CHN",
    "partner": "RUS",
    "product": "TOTAL",
    "freq": "M",
    "source": "comtrade_china_russia_totals_2017_2024",
}
BOUGHT, SOLD = (BOTH_WAYS | {"flow": flow} for flow in "MX")
RUSSIA = {
    "reporter": "RUS",
    "flow": "X",
    "product": "TOTAL",
    "freq": "M",
    "source": "rus_customs_trade_by_partner_2006_2021",
}
EU_SOLD = {
    "reporter": "EU27_2020",
    "partner": "RUS",
    "flow": "X",
    "product": "TOTAL",
    "freq": "M",
    "source": "eurostat_eu_exports_to_russia_and_neighbours_2019_2024",
}
DRONES = {
    "reporter": "CHN",
    "partner": "RUS",
    "flow": "X",
    "freq": "A",
    "product": "8806",
    "source": "baci_hs22_china_russia_hs4_2023",
}

# --- how it is read -------------------------------------------------------------------------------


def total(value, start, end=None, **more):
    return ["total", {"value": value, "start": start, "end": end or start, **more}]


def growth(value=KG, year=2022, base=2021):
    return ["growth", {"value": value, "year": year, "base": base}]


def reading(read, *steps, result, name="the count", **more):
    return {"name": name, "read": read, "steps": list(steps), "result": result, **more}


def of(read, value, start="2022", end=None, **more):
    return reading(read, total(value, start, end), result=value, **more)


def term(read, value=KG, start="2022", end=None):
    return {"read": read, "steps": [total(value, start, end)], "result": value}


def printed(name, **more):
    read = {"table": "figures", "id": name}
    return {"name": f"printed {name}", "read": read, "result": "value", **more}


def print_term(name):
    return {"read": {"table": "figures", "id": name}, "result": "value"}


def made(how, *terms, **more):
    return {"name": "made of several", "combine": how, "terms": list(terms), **more}


def against(read, other, start="2022", base="2021", result="growth_pct", **more):
    """A reading of one frame against another."""
    return reading(
        read,
        total(KG, *start.split("..")),
        ["difference", {"value": KG}],
        result=result,
        other=other,
        other_steps=[total(KG, *base.split(".."))],
        **more,
    )


def barrels(start, end=None, **more):
    return reading(
        CRUDE, total(KG, start, end), ["barrels_per_day", {}], result="barrels_per_day", **more
    )


def peak(start, end, every=12, read=CRUDE, value=KG):
    steps = [total(value, start, end, every=every), ["peak", {"value": value}]]
    return {"read": read, "steps": steps, "result": value}


def displaced(new, old, base, after, result="displacement"):
    sides = {"value": KG, "new": new, "old": old, "base": base, "after": after}
    return reading(GAINED_AND_LOST, ["displacement", sides], result=result)


def leads(member, result="lead", read=RUSSIA, **more):
    year = total(USD, "2021", by=["partner_iso"])
    return reading(read, year, ["lead", {"value": USD, "member": member}], result=result, **more)


# --- what is claimed ------------------------------------------------------------------------------


def asks(measure="weight", start="2022", end=None, **more):
    keys = {"goods": "2709", "reporter": "CHN", "partner": "RUS", "flow": "M"}
    return keys | {"measure": measure, "start": start, "end": end or start} | more


def claim(statement, value, unit, *readings, qualifier="=", asked=None, **more):
    entry = {"theme": "lies", "statement": statement, "who": "nobody", "where": "example.org/lie"}
    if "figure" not in more:
        number = {"value": value, "unit": unit, "qualifier": qualifier}
        entry["claimed"] = number | more.pop("ends", {})
    return entry | {"asks": asked or asks()} | more | {"reading": list(readings)}


def tonnes(number, *readings, words="crude oil", year="2022", by="bought", **more):
    statement = f"China {by} {number} million tonnes of {words} from Russia in {year}."
    return claim(statement, number, "million tonnes", *readings, **more)


def dollars(number, *readings, words="crude oil", asked=None, **more):
    statement = f"China bought {words} worth ${number} billion from Russia in 2022."
    asked = asked or asks("value")
    return claim(statement, number * 1e9, "USD", *readings, asked=asked, **more)


def a_day(number, *readings, when="in March 2023", **more):
    """A claim on barrels a day."""
    statement = f"China imported {number} million barrels of Russian crude a day {when}."
    asked = more.pop("asked", asks("barrels a day", "2023-03"))
    return claim(statement, number, "million barrels a day", *readings, asked=asked, **more)


def piped(number, *readings, year="2022", qualifier="=", **more):
    than = "more than " if qualifier == ">" else ""
    statement = f"Russia piped {than}{number} billion cubic metres of gas to China in {year}."
    asked = asks("volume", year, goods="271121", route="by pipe")
    return claim(
        statement, number, "billion m3", *readings, qualifier=qualifier, asked=asked, **more
    )


def rose(*readings, statement="China bought more crude oil by weight from Russia in 2022.", **more):
    asked = {"asked": more.pop("asked", GROWN), "qualifier": more.pop("qualifier", ">")}
    return claim(statement, 0, more.pop("unit", "percent"), *readings, **asked, **more)


def grew(number, *readings, how="grew by", **more):
    statement = f"China's imports of Russian crude oil by weight {how} {number} per cent in 2022."
    asked = more.pop("asked", GROWN)
    return claim(statement, more.pop("value", number), "percent", *readings, asked=asked, **more)


def record(*terms, base, year="2022", words="a record amount of crude oil", **more):
    statement = f"China bought {words} by weight from Russia in {year}."
    item = made("growth", *terms, **more.pop("of_reading", {}))
    asked = asks("growth of weight", year, base=base)
    return rose(item, statement=statement, superlative=True, asked=asked, **more)


def in_parts(statement, *parts):
    head = {"theme": "lies", "statement": statement, "who": "nobody", "where": "example.org/lie"}
    return head | {"part": list(parts)}


def part(words, name="the count", value=0, unit="percent", qualifier=">", item=None, **more):
    number = {"value": value, "unit": unit, "qualifier": qualifier}
    item = (item or reading(CRUDE, growth(), result="growth_pct")) | {"name": name}
    return {"words": words, "claimed": number, "asks": GROWN, "reading": [item], **more}


GROWN = asks("growth of weight", base="2021")
FELL = asks("growth of value", goods="TOTAL", reporter="EU27_2020", flow="X", base="2021")
BY_SEA = asks("barrels a day", "2023-03", route="by sea")
DRONES_ASKED = asks("value", "2022-03", "2023-05", goods="8806", flow="X")
RUSSIA_SOLD = asks("value", "2021", goods="TOTAL", reporter="RUS", partner="CHN", flow="X")
WEIGHT, VALUE = of(CRUDE, KG), of(CRUDE, USD)
ROUGH = "it is a rough figure of the press"


@dataclass(frozen=True)
class Lie:
    """A claim, and what comes of it: words of a message, or a verdict and words beside it."""

    entry: dict
    refused: str = ""
    verdict: str = ""
    shown: str = ""


def no(words, entry):
    """A lie that is refused."""
    return Lie(entry, refused=words)


def is_(verdict, entry, shown=""):
    """A lie that is judged, and a claim that is honest."""
    return Lie(entry, verdict=verdict, shown=shown)


def nothing(entry, shown=""):
    """A lie of which nothing is decided."""
    return is_(rule.NOT_DECIDED, entry, shown)


HONEST = {
    "a weight": is_(rule.HOLDS, tonnes(86, WEIGHT), "asked: weight; crude oil; imports of China"),
    "a growth": is_(rule.HOLDS, grew(8, reading(CRUDE, growth(), result="growth_pct"))),
    "a record": is_(rule.HOLDS, record(term(CRUDE), peak("2017", "2021"), base=["2017", "2021"])),
    "a lead": is_(
        rule.LEANS_YES,
        claim(
            "China bought more crude oil by weight from Russia than India in 2023.",
            0,
            "kg",
            made("difference", term(CRUDE, KG, "2023"), term(INDIA, KG, "2023"), unit="kg"),
            qualifier=">",
            asked=asks("lead by weight", "2023", reporter=["CHN", "IND"]),
        ),
    ),
    "what is left": is_(
        rule.HOLDS,
        claim(
            "China bought 45 million tonnes of crude oil from Russia in July to December 2022.",
            45,
            "million tonnes",
            made("difference", term(CRUDE), term(CRUDE, KG, "2022-01", "2022-06"), unit="kg"),
            asked=asks("weight", "2022-07", "2022-12"),
        ),
    ),
}

NUMBERS = {
    "a step as large as the figure": no(
        "beyond the first digit",
        dollars(81, VALUE, printed_to=81e9, printed_because=ROUGH),
    ),
    "a step of which the figure is no multiple": no(
        "no multiple of it",
        dollars(61, VALUE, printed_to=10e9, printed_because=ROUGH),
    ),
    "low and high without the value": no(
        "low to high must hold the value",
        tonnes(90, WEIGHT, ends={"low": 80, "high": 88}),
    ),
    "low and high that are not printed": no(
        "which its words do not print",
        tonnes(90, WEIGHT, ends={"low": 70, "high": 110}),
    ),
    "another number than the sentence's": no(
        "its words print $90 billion",
        dollars(90, VALUE, printed_to=1e9, printed_because=ROUGH)
        | {"claimed": {"value": 58e9, "unit": "USD"}},
    ),
    "about, of an exact one": no(
        "its qualifier is '~': it must be =", tonnes(90, WEIGHT, qualifier="~")
    ),
    "exact, of more than": no(
        "it must be > or ≥",
        tonnes("more than 50", WEIGHT)
        | {"claimed": {"value": 50, "unit": "million tonnes", "qualifier": "="}},
    ),
    "euros for dollars": no(
        "claim the currency that they print",
        claim(
            "The EU sold goods worth $89 billion to Russia in 2021.",
            89e9,
            "EUR",
            of(EU_SOLD, USD, "2021"),
            asked=FELL | {"measure": "value", "start": "2021", "end": "2021", "base": ""},
            printed_to=1e9,
            printed_because=ROUGH,
        ),
    ),
    "a growth in euros for dollars": nothing(
        claim(
            "The EU's sales of goods to Russia, in dollars, fell by 38 per cent in 2022.",
            -38,
            "percent",
            reading(
                EU_SOLD,
                total(USD, "2021", "2022", every=12),
                growth(USD),
                result="growth_pct",
            ),
            asked=FELL,
        ),
        "another measure",
    ),
    "a rise for a fall": no(
        "its words say a fall",
        grew(8, reading(CRUDE, growth(), result="growth_pct"), how="fell by"),
    ),
    "a month that the sentence does not name": no(
        "its words say March 2022",
        claim(
            "China's imports of Russian crude oil were largest in March 2022.",
            "2022-05",
            "month",
            reading(CRUDE, ["peak", {"value": KG}], result="ref_period"),
            asked=asks("month of the largest weight"),
        ),
    ),
    "a place that the sentence does not name": no(
        "its words say first",
        claim(
            "China ranked first among the buyers of Russian goods in 2021.",
            2,
            "rank",
            leads("CHN", "rank"),
            asked=RUSSIA_SOLD | {"measure": "rank by value"},
        ),
    ),
    "kg_per_unit of money": no("kg_per_unit is of a volume", dollars(86, WEIGHT, kg_per_unit=1.0)),
    "a barrel of 50 kg": no(
        "a barrel of oil has 110 to 175 kg",
        claim(
            "China bought 1.7 billion barrels of crude oil from Russia in 2022.",
            1.7,
            "billion barrels",
            WEIGHT,
            kg_per_unit=50.0,
        ),
    ),
    "a barrel of 125 kg": is_(
        rule.HOLDS,
        claim(
            "China bought 0.69 billion barrels of crude oil from Russia in 2022.",
            0.69,
            "billion barrels",
            WEIGHT,
            kg_per_unit=125.0,
        ),
        "one of them taken as 125 kg",
    ),
    "the figure of another year": no(
        "its figure is of 2023-01 to 2023-12",
        claim(
            "China's exports to Russia grew by 46.9 per cent in 2022.",
            0,
            "",
            reading(SOLD, growth(USD, 2023, 2022), result="growth_pct"),
            figure="U35",
            asked=asks("growth of value", goods="TOTAL", flow="X", base="2021"),
        ),
    ),
}

ASKED = {
    "coal asked for crude": no(
        "its words name crude", dollars(12, of(COAL, USD), asked=asks("value", goods="2701"))
    ),
    "another country asked than said": no(
        "its words name India",
        claim(
            "India bought 86 million tonnes of crude oil from Russia in 2022.",
            86,
            "million tonnes",
            WEIGHT,
        ),
    ),
    "a base after its year": no(
        "comes after",
        rose(
            reading(CRUDE, growth(KG, 2022, 2023), result="growth_pct"),
            asked=GROWN | {"base": "2023"},
        ),
    ),
    "a base that overlaps its window": no(
        "overlaps the window",
        rose(
            against(CRUDE, CRUDE, "2022", "2021-07..2022-06"),
            asked=GROWN | {"base": ["2021-07", "2022-06"]},
        ),
    ),
    "a base that is longer": no(
        "6 months are compared with 12",
        rose(
            against(CRUDE, CRUDE, "2023-01..2023-06", "2022"),
            statement="China bought less crude oil by weight from Russia in early 2023.",
            qualifier="<",
            asked=asks("growth of weight", "2023-01", "2023-06", base="2022"),
        ),
    ),
    "a record that is no part": no(
        "a part of its own with superlative",
        claim(
            "China bought a record 80 million tonnes of crude oil from Russia in 2021.",
            80,
            "million tonnes",
            of(CRUDE, KG, "2021"),
            asked=asks("weight", "2021"),
        ),
    ),
    "a superlative that no word says": no(
        "its words say none",
        rose(reading(CRUDE, growth(), result="growth_pct"), superlative=True),
    ),
}

KEYS = {
    "keys against the filters": no(
        "by its filters and rows it is 'RUS'",
        claim(
            "China bought 86 million tonnes of crude oil from Saudi Arabia in 2022.",
            86,
            "million tonnes",
            WEIGHT | {"keys": {"partner": "SAU"}},
            asked=asks(partner="SAU"),
        ),
    ),
    "by sea, of all routes": no(
        "which none of its rows says",
        a_day(
            2.27,
            barrels("2023-03", keys={"route": "by sea"}),
            when="by sea in March 2023",
            asked=BY_SEA,
        ),
    ),
    "one partner, of all": no(
        "leave it out",
        claim(
            "Russia sold goods worth $397 billion to China in 2021.",
            397e9,
            "USD",
            reading(
                RUSSIA,
                total(USD, "2021", over=["partner_iso"]),
                result=USD,
                keys={"partner": "CHN"},
            ),
            asked=RUSSIA_SOLD,
        ),
    ),
    "a base that a ratio has not": no(
        "it is '2020-01..2020-12'",
        claim(
            "China bought more than half of the crude oil from Russia in 2022 that it had in 2021.",
            0.5,
            "ratio",
            made("ratio", term(CRUDE), term(CRUDE, KG, "2020"), keys={"base": "2021"}),
            qualifier=">",
            asked=asks("ratio of weight", base="2021"),
        ),
    ),
    "goods listed that no row has": nothing(
        dollars(
            58,
            reading(
                CRUDE | {"product": ["2709", "8806"]},
                total(USD, "2022", over=["cmd_code"]),
                result=USD,
            ),
            words="crude oil and drones",
            asked=asks("value", goods=["2709", "8806"]),
        ),
        "it lacks any row of 8806",
    ),
    "the lead of another member": no(
        "it is 'CHN+the next'",
        claim(
            "Uzbekistan led all other buyers of Russian goods in 2021.",
            0,
            "USD",
            leads("CHN", keys={"partner": ["UZB", "the next"]}),
            qualifier=">",
            asked=RUSSIA_SOLD | {"measure": "lead by value", "partner": ["UZB", "the next"]},
        ),
    ),
    "a rank among two": nothing(
        claim(
            "China ranked first among the buyers of Russian goods in 2021.",
            1,
            "rank",
            leads("CHN", "rank", RUSSIA | {"partner": ["CHN", "KAZ"]}),
            asked=RUSSIA_SOLD | {"measure": "rank by value"},
        ),
        "another partner",
    ),
}

OTHERS = {
    "other goods": nothing(
        dollars(65, reading(BOTH, total(USD, "2022", over=["cmd_code"]), result=USD)), "other goods"
    ),
    "another office": nothing(tonnes(96, of(EU, KG)), "another office's figure"),
    "another month": nothing(a_day(2.29, barrels("2023-05")), "another window"),
    "another base": nothing(
        grew(8, reading(CRUDE, growth(), result="growth_pct"), asked=GROWN | {"base": "2020"}),
        "another base",
    ),
    "other goods as the base": no(
        "compares 2709 with 2710", rose(against(COMTRADE | {"product": "2709"}, PRODUCTS))
    ),
    "rows of other goods below": nothing(
        dollars(
            62,
            reading(
                CRUDE,
                total(USD, "2022", over=["cmd_code"]),
                result=USD,
                also={"read": CRUDE | {"product": "27112100"}},
            ),
        ),
        "other goods",
    ),
    "a lead the other way round": nothing(
        claim(
            "India bought more crude oil by weight from Russia than China in 2023.",
            0,
            "kg",
            made("difference", term(CRUDE, KG, "2023"), term(INDIA, KG, "2023"), unit="kg"),
            qualifier=">",
            asked=asks("lead by weight", "2023", reporter=["IND", "CHN"]),
        )
    ),
    "a net displacement": nothing(
        claim(
            "Of the crude oil that the EU lost in 2023, by weight, India took more than half.",
            0.5,
            "ratio",
            displaced("IND", "EU27_2020", "2021", "2023", "displacement_net"),
            qualifier=">",
            asked=asks(
                "displacement of weight", "2023", reporter=["IND", "EU27_2020"], base="2021"
            ),
        ),
        "another measure",
    ),
}

MEASURES = {
    "a level for a growth": no(
        "takes net_wgt_kg of growth", rose(reading(CRUDE, growth(), result=KG))
    ),
    "the base's level for a change": no(
        "takes net_wgt_kg_base of difference",
        tonnes(
            80,
            against(CRUDE, CRUDE, result="net_wgt_kg_base"),
            asked=asks("change of weight", base="2021"),
        ),
    ),
    "a weight doubled by scale": no(
        "scale is for charts",
        tonnes(
            172,
            reading(
                CRUDE,
                total(KG, "2022"),
                ["scale", {"column": KG, "divisor": 0.5, "into": KG}],
                result=KG,
            ),
        ),
    ),
    "a basket of some of the goods": nothing(
        dollars(
            58,
            reading(
                BOTH | {"start": "2022-01", "end": "2022-12"},
                ["baskets", {"value": USD, "goods": {"both": ["27090000"]}}],
                result=USD,
            ),
            words="crude oil and LNG",
            asked=asks("value", goods=["2709", "271111"]),
        ),
        "other goods",
    ),
    "barrels of another weight": no(
        "every claim counts 7.33",
        a_day(
            1.65,
            reading(
                CRUDE,
                total(KG, "2023-03"),
                ["barrels_per_day", {"barrels_per_tonne": 5.32}],
                result="barrels_per_day",
            ),
        ),
    ),
    "a count above another bound": nothing(
        claim(
            "Of three fuels from Russia three grew in value in 2024.",
            3,
            "count",
            reading(
                CRUDE | {"product": ["2709", "27111100", "2701"]},
                growth(USD, 2024, 2023),
                ["count", {"value": "growth_pct", "above": -100.0}],
                result="count",
            ),
            asked=asks(
                "count by growth of value", "2024", goods=["2709", "271111", "2701"], base="2023"
            ),
        ),
        "another measure",
    ),
    "absent months counted as nothing": nothing(
        tonnes(
            80,
            reading(BOTH, total(KG, "2019", over=["cmd_code"], absent="zero"), result=KG),
            words="crude oil and LNG",
            year="2019",
            asked=asks("weight", "2019", goods=["2709", "271111"]),
        ),
        "counts a row that is absent as nothing",
    ),
    "a window that lacks a month": nothing(
        claim(
            "India bought 37 million tonnes of crude oil from Russia in 2022.",
            37,
            "million tonnes",
            of(INDIA, KG),
            asked=asks(reporter="IND"),
        ),
        "it lacks 2022-02",
    ),
    "the high end of a printed range": no(
        "takes one end of a printed range",
        claim(
            "China exported ball bearings worth $7 million a month to Russia in 2023.",
            7e6,
            "USD",
            printed("U20") | {"result": "high"},
            asked=asks("value a month", "2023", goods="848210", flow="X"),
        ),
    ),
    "a share in all goods": nothing(
        claim(
            "Russia supplied 51 per cent of China's crude oil by value in 2022.",
            51,
            "percent",
            reading(
                CRUDE,
                total(USD, "2022"),
                ["share", {"value": USD}],
                result="share_pct",
                other=BOUGHT,
                other_steps=[total(USD, "2022")],
            ),
            asked=asks("share of value"),
        ),
        "another measure",
    ),
}


def share(number, *terms, asked=None, of_whom="China"):
    """A claim on Russia's share in somebody's crude oil."""
    statement = f"Russia supplied {number} per cent of {of_whom}'s crude oil by weight in 2022."
    asked = asked or asks("share of weight")
    return claim(statement, number, "percent", made("share", *terms), asked=asked)


COMBINED = {
    "a whole taken twice": no("several wholes", share(8.5, term(CRUDE), term(WORLD), term(WORLD))),
    "a month's share in a year": no(
        "it takes May 2022 in 2022",
        share(
            1.6, term(CRUDE, KG, "2022-05"), term(WORLD), asked=asks("share of weight", "2022-05")
        ),
    ),
    "a share of another country": no("no whole of the first", share(90, term(CRUDE), term(EU))),
    "a sum of a term twice": no(
        "twice", tonnes(172, made("sum", term(CRUDE), term(CRUDE), unit="kg"))
    ),
    "a sum over windows that overlap": no(
        "takes 2022-05 to 2022-08 twice",
        tonnes(
            116,
            made(
                "sum",
                term(CRUDE, KG, "2022-01", "2022-08"),
                term(CRUDE, KG, "2022-05", "2022-12"),
                unit="kg",
            ),
        ),
    ),
    "a sum with a hole": nothing(
        tonnes(
            41,
            made(
                "sum",
                term(CRUDE, KG, "2022-01", "2022-03"),
                term(CRUDE, KG, "2022-10", "2022-12"),
                unit="kg",
            ),
        ),
        "it lacks 2022-04 to 2022-09",
    ),
    "a sum of one good in some months and another in the others": no(
        "differ in goods and months",
        dollars(
            31,
            made(
                "sum",
                term(CRUDE, USD, "2022-01", "2022-06"),
                term(LNG, USD, "2022-07", "2022-12"),
                unit="USD",
            ),
            words="crude oil and LNG",
            asked=asks("value", goods=["2709", "271111"]),
        ),
    ),
    "units that do not go together": no(
        "they do not go together", tonnes(86, made("sum", term(CRUDE), term(LNG, USD), unit="kg"))
    ),
    "eleven terms": no(
        "10 at most",
        tonnes(
            86, made("sum", *[term(CRUDE, KG, f"2022-{m:02d}") for m in range(1, 12)], unit="kg")
        ),
    ),
    "a growth over two years": no(
        "compares 12 months with 24",
        rose(
            made("growth", term(CRUDE), term(CRUDE, KG, "2021"), term(CRUDE, KG, "2020")),
            statement="China bought less crude oil by weight from Russia in 2022.",
            qualifier="<",
        ),
    ),
    "a growth over a mean month": no(
        "compares weight with weight a month",
        rose(
            made(
                "growth",
                term(CRUDE),
                {
                    "read": CRUDE,
                    "steps": [total(KG, "2021"), ["per_month", {"value": KG}]],
                    "result": "value_per_month",
                },
            )
        ),
    ),
    "months taken out of the middle": no(
        "take off months at one end",
        tonnes(80, made("difference", term(CRUDE), term(CRUDE, KG, "2022-03"), unit="kg")),
    ),
    "more months taken off than there are": no(
        "so say at_least",
        tonnes(
            60, made("difference", term(CRUDE, KG, "2021-07", "2022-06"), term(CRUDE), unit="kg")
        ),
    ),
    "a term less itself": no(
        "compares a term with itself",
        rose(
            made("difference", term(CRUDE), term(CRUDE), unit="kg"),
            unit="kg",
            asked=asks("lead by weight"),
        ),
    ),
}


def sixty(*readings):
    return tonnes(60, *readings)


BOUNDS = {
    "at most, of other goods": nothing(sixty(of(LNG, KG, at_most=True)), "bounds other"),
    "at most, of a shorter window": nothing(
        tonnes(86, of(CRUDE, KG, "2022-01", "2022-06", at_most=True)), "bounds other"
    ),
    "at least, of a longer window": nothing(
        sixty(of(CRUDE, KG, "2022", "2023", at_least=True)), "bounds other"
    ),
    "at most, of a difference that is at least so much": no(
        "it cannot be at_most",
        claim(
            "China sold Russia drones worth more than $50 million from March to December 2022.",
            50e6,
            "USD",
            made(
                "difference", print_term("D06"), term(DRONES, USD, "2023"), unit="USD", at_most=True
            ),
            qualifier=">",
            asked=DRONES_ASKED | {"end": "2022-12"},
        ),
    ),
    "at most and at least": no(
        "a bound is of one side", sixty(of(CRUDE, KG, at_most=True, at_least=True))
    ),
    "a rest of blanks": no("needs a reason in words", sixty(WEIGHT | {"rest": " "})),
}


def largest(name, area, *reads):
    """A claim that somebody was the largest buyer in a month when India was."""
    return claim(
        f"{name} was the largest buyer of Russian crude by weight in October 2024.",
        0,
        "kg",
        made(
            "difference",
            *[term(read, KG, "2024-10") for read in reads],
            unit="kg",
            rest="all other buyers took far less",
        ),
        qualifier=">",
        superlative=True,
        asked=asks("lead by weight", "2024-10", reporter=[area, "all others"]),
    )


SHORT = "five whole years at least"
RECORDS = {
    "over four years": nothing(
        record(term(CRUDE), peak("2018", "2021"), base=["2018", "2021"]), SHORT
    ),
    "over a mean": no(
        "compares weight with mean of weight",
        record(
            term(CRUDE),
            peak("2017", "2021")
            | {"steps": [total(KG, "2017", "2021", every=12), ["mean", {"value": KG}]]},
            base=["2017", "2021"],
        ),
    ),
    "the largest, over a small rival": nothing(
        largest("China", "CHN", COMTRADE | {"product": "2709"}, EU),
        "India, which is held, is larger than the rival",
    ),
    "the largest, over the next": is_(
        rule.LEANS_YES, largest("India", "IND", INDIA, COMTRADE | {"product": "2709"})
    ),
    "over a series with a hole": nothing(
        record(
            term(INDIA, KG, "2023"),
            peak("2018", "2022", read=INDIA),
            base=["2018", "2022"],
            year="2023",
        )
        | {
            "statement": "India bought a record amount of crude oil from Russia in 2023.",
            "asks": asks("growth of weight", "2023", reporter="IND", base=["2018", "2022"]),
        },
        "it lacks",
    ),
}


def left_open(because="the buyer may be another one", **keys):
    return {"open": keys, "open_because": because}


OPEN = {
    "another buyer than the words name": no(
        "reporter admits EU27",
        tonnes(96, of(EU, KG, name="the EU"), WEIGHT, **left_open(reporter=["EU27_2020"])),
    ),
    "any buyer where one is named": nothing(
        tonnes(
            89,
            of(INDIA, KG, "2023"),
            year="2023",
            asked=asks("weight", "2023"),
            **left_open(reporter=[]),
        ),
        "another office's figure",
    ),
    "any measure where one is named": no(
        "its words say value",
        claim(
            "China's imports of Russian crude oil, in dollars, grew by 8 per cent in 2022.",
            8,
            "percent",
            reading(CRUDE, growth(), result="growth_pct"),
            asked=GROWN | {"measure": "growth of value"},
            **left_open(measure=[]),
        ),
    ),
    "any month where one is named": nothing(
        a_day(2.29, barrels("2023-05"), **left_open(start=[], end=[])), "another window"
    ),
    "the other direction": no(
        "flow admits the other direction",
        claim(
            "China sold goods worth $114 billion to Russia in 2022.",
            114e9,
            "USD",
            of(BOUGHT, USD),
            of(SOLD, USD, name="sold"),
            asked=asks("value", goods="TOTAL", flow="X"),
            **left_open("trade may go either way here", flow=["M"]),
        ),
    ),
    "what is narrowed is told": is_(
        rule.HOLDS,
        a_day(
            2.27,
            barrels("2023-03"),
            when="by March 2023",
            **left_open("all routes are meant, in the month itself", route="none", start="none"),
        ),
        "not left open here, though no route is named",
    ),
    "the sea asked where the words say nothing": is_(
        rule.LEANS_YES,
        a_day("more than 1.5", printed("N08"), asked=BY_SEA)
        | {"claimed": {"value": 1.5, "unit": "million barrels a day", "qualifier": ">"}},
        "open: no route is named",
    ),
    "since January asked where the words say by May": is_(
        rule.LEANS_YES,
        a_day(
            2.04,
            barrels("2023-01", "2023-05"),
            when="by May 2023",
            asked=asks("barrels a day", "2023-01", "2023-05"),
        ),
        "open: by a month: the month itself, or the mean since January",
    ),
}

ITS_SOURCE = "only its own source says so"
WITNESSES = {
    "its own figure": nothing(
        claim(
            "China shipped drones worth at least $14.5 million to Russia in early 2023.",
            0,
            "",
            printed("D17"),
            figure="D17",
            asked=DRONES_ASKED | {"start": "2023-01", "end": "2023-06"},
        ),
        ITS_SOURCE,
    ),
    "a forecast": nothing(
        claim(
            "India took about 1.9 million barrels of Russian crude a day by sea in March 2023.",
            1.9,
            "million barrels a day",
            printed("N23"),
            qualifier="~",
            asked=BY_SEA | {"reporter": "IND"},
        )
    ),
    "the seller alone": is_(
        rule.LEANS_YES, piped(12, printed("G05"), qualifier=">"), "1 of 1: Gazprom"
    ),
    "the seller and its government": is_(
        rule.LEANS_YES, piped(12, printed("G05"), printed("G04"), qualifier=">"), "2 of 2"
    ),
    "a pair beside one of the two": is_(
        rule.LEANS_YES,
        claim(
            "China took more than 1 million barrels of Russian crude a day by sea in 2023.",
            1,
            "million barrels a day",
            printed("N08"),
            printed("N19"),
            qualifier=">",
            asked=BY_SEA | {"start": "2023-01", "end": "2023-09"},
        ),
    ),
    "nobody who counted": nothing(
        claim(
            "China took about 0.8 million barrels of Russian crude a day by pipe in 2023.",
            0.8,
            "million barrels a day",
            printed("N20"),
            qualifier="~",
            asked=asks("barrels a day", "2023-01", "2023-09", route="by pipe"),
        )
    ),
    "a printed figure of another year": is_(
        rule.LEANS_NO, piped(22.7, printed("G06")), "the claim's own source, which says no"
    ),
    "a source that does not exist": no(
        "no figure 'N8'",
        a_day("more than 1.5", printed("N08"), source=["N8"], asked=BY_SEA)
        | {"claimed": {"value": 1.5, "unit": "million barrels a day", "qualifier": ">"}},
    ),
    "a witness against it called its source": is_(
        rule.LEANS_NO,
        a_day(2.2, printed("N08"), when="by sea in March 2023", source=["N08"], asked=BY_SEA),
        "says no",
    ),
}

MORE_CRUDE = "China bought more Russian crude and less Russian coal by weight in 2022."
PARTS = {
    "words that the statement has not": no(
        "do not stand so in the statement",
        in_parts(MORE_CRUDE, part("more Russian crude"), part("more Russian gas", "again")),
    ),
    "a part twice": no(
        "ask the same",
        in_parts(
            MORE_CRUDE, part("more Russian crude"), part("bought more Russian crude", "again")
        ),
    ),
    "one part of a sentence of two": no(
        "one part alone", in_parts(MORE_CRUDE, part("more Russian crude"))
    ),
    "a part of another number": no(
        "its words print $70 billion",
        in_parts(
            "China bought 86 million tonnes of crude oil worth $70 billion from Russia in 2022.",
            part("86 million tonnes", "a", 86, "million tonnes", "=", WEIGHT) | {"asks": asks()},
            part("worth $70 billion", "b", 58e9, "USD", "=", VALUE) | {"asks": asks("value")},
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


def ledger_of(entries):
    """A ledger of some claims, by their ids."""
    heads = [
        "\n".join([f"[claim.{name}]", *(f"{key} = {inline(item)}" for key, item in entry.items())])
        for name, entry in entries.items()
    ]
    return "\n\n".join(["version = 3", *heads])


CLAIM = re.compile(r"claim (L\d+),")  # at the start of what is wrong with one


def judged(lies, path):
    """What comes of each lie, by its name: an error or a verdict."""
    ids = {f"L{i}": name for i, name in enumerate(lies)}
    path.write_text(ledger_of({i: lies[name].entry for i, name in ids.items()}), encoding="utf-8")
    book = claims.read_ledger(path, ROOT)
    judgement = claims.judge(book.claims.values(), ROOT)
    found = {ids[i]: error for i, error in book.errors.items()}
    found |= {ids[verdict.claim.id]: verdict for verdict in judgement.verdicts}
    return found | {ids[CLAIM.match(str(error))[1]]: error for error in judgement.errors}


def is_as_said(lie, found):
    """Whether a lie is refused in one sentence that says why, or has its verdict and its words."""
    if lie.refused or isinstance(found, LedgerError):
        is_error = isinstance(found, LedgerError) and bool(lie.refused)
        return is_error and lie.refused in str(found) and "\n" not in str(found)
    return found.verdict == lie.verdict and lie.shown in "\n".join(claims.explain(found))


@pytest.mark.parametrize("group", GROUPS)
def test_what_comes_of_lies(group, tmp_path):
    found = judged(GROUPS[group], tmp_path / "lies.toml")
    wrong = {name for name, lie in GROUPS[group].items() if not is_as_said(lie, found[name])}
    assert {
        name: str(one) if isinstance(one, LedgerError) else claims.explain(one)
        for name, one in found.items()
        if name in wrong
    } == {}


ALIEN = """
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
    path.write_text(f"version = 3\n{ALIEN}", encoding="utf-8")
    with pytest.raises(LedgerError, match="product is '2709', and its series is of 'TOTAL'"):
        claims.read_ledger(path, ROOT)
