"""Mutated files of every format, cleaned: refused, the same rows, flagged, or others in silence.

usage: python tests/fuzz_files.py [FILES]    files a format, 1,000 unless said otherwise

Half of the files of a format have one field changed that the file states twice: none of these may
give other rows in silence. The others have bytes changed anywhere, which may make another file that
says nothing wrong. Neither may end in a traceback. `make fuzz` runs it; `make test` does not.
"""

import itertools
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import twins
from comext_twin import ROW as COMEXT_ROW
from comext_twin import month
from comtrade_twin import envelope
from comtrade_twin import row as comtrade_row
from test_comext_exports import FIGURES, sdmx, view, workbook

from tradeflows.model.errors import TradeflowsError
from tradeflows.publishers import cbr, comext, comtrade, ecb, eurostat_energy, gacc, reading

FLAGS = ("contradictory", "implausible")
OUTCOMES = ("refused", "identical", "flagged", "different", "silent", "traceback")


@dataclass(frozen=True)
class Format:
    """A format: how records are written and read, and changes that make one contradict itself."""

    name: str
    file: str
    records: list
    write: Callable
    clean: Callable
    options: dict = field(default_factory=dict)
    twice: dict = field(default_factory=dict)  # a field, and what stands there in its place


def rows(form, path):
    source = reading.uncatalogued(path, form.clean.__module__.split(".")[2], "trade")
    parts = form.clean(path, source, **form.options)
    return [row | {"source_id": ""} for part in parts for row in part.rows.to_pylist()]


# --- the formats ---------------------------------------------------------------------------------

PARTNERS = {"344": "俄罗斯联邦", "410": "巴西", "502": "美国"}
CUSTOMS = [
    {
        "month": f"2023{month:02}",
        "partner": code,
        "partner name": name,
        "product": "27090000",
        "product name": "原油",
        "quantity": f"{9_709_870_000 + month}",
        "unit": "千克",
        "USD": f"{5_031_234_567 + month:,}",
        "CNY": f"{35_031_234_567 + month:,}",
    }
    for month in (5, 6)
    for code, name in PARTNERS.items()
]
PAGE = [
    ["Crude petroleum oils", "10000T", "5144.0", "26,330,011", "23000.1", "120,330,011", "1", "-5"],
    ["Soya beans", "10000T", "-", "-", "10", "1,000", "3", "4"],
]
TITLE = "(14) Major Import Commodities in Quantity and Value,5.2023"
DOLLARS = [
    {"day": f"{day:02}.03.2026", "nominal": 10, "value": f"77{day},1734", "unit": f"77,{day}1734"}
    for day in (3, 4, 5)
]
ENERGY = [
    {"siec": siec, "unit": unit, "month": month, "value": value}
    for month in ("2023-01", "2023-02")
    for siec, unit, value in (
        ("G3000", "MIO_M3", "1000"),
        ("G3200", "MIO_M3", "400"),
        ("G3000", "TJ_GCV", "39000"),
    )
]
KILOGRAMS = {"qty": 50.0, "qtyUnitCode": 8, "qtyUnitAbbr": "kg", "netWgt": 50.0}
CHINA = {"reporterISO": "CHN", "reporterDesc": "China"}
NAMES = [
    ("643", "RUS", "Russian Federation"),
    ("76", "BRA", "Brazil"),
    ("398", "KAZ", "Kazakhstan"),
]
REPLY = [
    comtrade_row(partner=partner, flow="M", value=1000.0 + i)
    | {"partnerISO": iso, "partnerDesc": name, **CHINA, **KILOGRAMS}
    for i, (partner, iso, name) in enumerate(NAMES)
]
BULK = [
    COMEXT_ROW
    | {"PARTNER": partner, "TRADE_TYPE": kind, "VALUE_EUR": 1000 + i, "VALUE_NAC": 1000 + i}
    for i, (partner, kind) in enumerate([("RU", "E"), ("CN", "E"), ("DE", "I"), ("US", "E")])
]


def customs(records):
    return twins.gacc(records, [*CUSTOMS[0]])


def page(records):
    return twins.gacc_page(TITLE, records)


def dollars(records):
    text = "".join(
        f'<Record Date="{record["day"]}" Id="R01235"><Nominal>{record["nominal"]}</Nominal>'
        f"<Value>{record['value']}</Value><VunitRate>{record['unit']}</VunitRate></Record>"
        for record in records
    )
    return (
        '<?xml version="1.0" encoding="windows-1251"?><ValCurs ID="R01235" '
        f'DateRange1="01.03.2026" DateRange2="31.03.2026" name="x">{text}</ValCurs>'
    ).encode("cp1251")


def bulk(records):
    return month(*records)


def euros(records):
    return twins.ecb(["USD", "JPY"], records)


def energy(form):
    def write(records):
        series = list(dict.fromkeys(("M", r["siec"], "RU", r["unit"], "DE") for r in records))
        months = sorted({r["month"] for r in records})
        cells = {
            (("M", r["siec"], "RU", r["unit"], "DE"), r["month"]): str(r["value"]) for r in records
        }
        return getattr(twins, form)(series, months, cells)

    return write


def figures(form):
    return lambda records: form(dict(records))


def one_of(*values):
    """A change to another of these values."""
    return lambda old, rng: rng.choice([value for value in values if value != old])


def times(*factors):
    return lambda old, rng: old * rng.choice(factors)


def spelt_times(*factors):
    return lambda old, rng: f"{int(old.replace(',', '')) * rng.choice(factors):,}"


def other_rate(old, rng):
    return f"{int(old[:2]) + rng.randint(1, 20)}{old[2:]}"


QUERY = {"partner": one_of(*PARTNERS), "partner name": one_of(*PARTNERS.values())}
QUERY |= {"product name": one_of("煤"), "CNY": spelt_times(7, 100), "USD": spelt_times(7, 100)}
BANK = {"nominal": one_of(1, 100), "value": other_rate, "unit": other_rate}
BANK |= {"day": one_of("03.04.2026", "32.03.2026")}
GAS = {"value": lambda old, rng: str(int(float(old) * rng.choice([1000, 10000])) + 5_000_000)}
NATIONS = {"period": one_of("202302", "202101"), "partnerCode": one_of(643, 76, 398)}
NATIONS |= {"refYear": lambda old, rng: old + rng.choice([-1, 1])}
NATIONS |= {"refPeriodId": lambda old, rng: old + rng.choice([-100, 100])}
NATIONS |= {"partnerISO": one_of("RUS", "BRA"), "reporterISO": one_of("RUS")}
NATIONS |= {"reporterDesc": one_of("Brazil"), "qtyUnitAbbr": one_of("u", "l")}
NATIONS |= {"qtyUnitCode": one_of(5, 7)}
NATIONS |= dict.fromkeys(["qty", "netWgt", "primaryValue", "cifvalue"], times(10, 0.5))
MEMBERS = {"TRADE_TYPE": one_of("E", "I"), "PERIOD": one_of("202403", "202302")}
MEMBERS |= {"PARTNER": lambda old, rng: "FR" if old != "DE" else "UA"}
MEMBERS |= dict.fromkeys(["VALUE_EUR", "VALUE_NAC"], times(10, 3))
EUROPE = [["2022-03-02", "1.1", "130"], ["2022-03-01", "1.12", "128"], ["2022-02-28", "1.1", "129"]]
SOLD, IMPORTS = [*FIGURES.items()], {"flow": "M"}
CLEAN_GAS = eurostat_energy.clean
FORMATS = [
    Format("customs of China, query", "a.csv", CUSTOMS, customs, gacc.clean, IMPORTS, QUERY),
    Format("customs of China, page", "a.html", PAGE, page, gacc.clean),
    Format("Bank of Russia", "a.xml", DOLLARS, dollars, cbr.clean, {}, BANK),
    Format("European Central Bank", "a.csv", EUROPE, euros, ecb.clean),
    Format("Eurostat energy, TSV", "a.tsv", ENERGY, energy("tsv"), CLEAN_GAS, IMPORTS, GAS),
    Format("Eurostat energy, SDMX", "a.csv", ENERGY, energy("sdmx"), CLEAN_GAS, {}, GAS),
    Format("Eurostat energy, JSON", "a.json", ENERGY, energy("json_stat"), CLEAN_GAS, {}, GAS),
    Format("UN Comtrade, reply", "a.json", REPLY, envelope, comtrade.clean, {}, NATIONS),
    Format("Comext, bulk", "full_202402.dat", BULK, bulk, comext.clean, {}, MEMBERS),
    Format("Comext, SDMX", "a.csv", SOLD, figures(sdmx), comext.clean),
    Format("Comext, relational view", "a.csv", SOLD, figures(view), comext.clean),
    Format("Comext, workbook", "a.xlsx", SOLD, figures(workbook), comext.clean),
]


# --- the mutations -------------------------------------------------------------------------------


def contradicting(form, rng):
    """Yield files without end in which one field contradicts another."""
    while form.twice:
        records = [dict(record) for record in form.records]
        record = rng.choice(records)
        name = rng.choice(list(form.twice))
        if form.twice is GAS:  # the part above its whole, or energy that is none of its volume
            record = next(r for r in records if r["siec"] == "G3200" or r["unit"] == "TJ_GCV")
        record[name] = form.twice[name](record[name], rng)
        yield form.write(records)


def read(form, path):
    """Return how a file is taken, "refused", "traceback", "flagged" or "accepted", and its rows."""
    try:
        found = rows(form, path)
    except TradeflowsError:
        return "refused", []
    except Exception as error:
        print(f"{form.name}: {type(error).__name__}: {error}"[:200])
        return "traceback", []
    is_flagged = any(flag in row["flags"].split() for row in found for flag in FLAGS)
    return "flagged" if is_flagged else "accepted", found


def outcome(form, path, before, contradicts):
    taken, after = read(form, path)
    if taken in ("refused", "traceback"):
        return taken
    if after == before:
        return "identical"
    if taken == "flagged":
        return taken
    return "silent" if contradicts else "different"


def mutated(form, n, seed=1):
    """Return `n` files of a format as bytes, with whether each contradicts itself, as half do."""
    half = n // 2 if form.twice else 0
    wrong = itertools.islice(contradicting(form, random.Random(seed)), half)
    files = [(raw, True) for raw in wrong]
    raw = form.write(form.records)
    return files + [(other, False) for other in twins.mutations(raw, n - half, seed)]


def counts(form, folder, n, seed=1):
    path = folder / form.file
    path.write_bytes(form.write(form.records))
    before = rows(form, path)
    found = Counter()
    for raw, contradicts in mutated(form, n, seed):
        path.write_bytes(raw)
        found[outcome(form, path, before, contradicts)] += 1
    return found


def main(n=1000):
    """Print a line a format; 1 where a file was silent or ended in a traceback."""
    print(f"{'format':26}{'files':>7}" + "".join(f"{name:>11}" for name in OUTCOMES))
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMATS:
            found = counts(form, Path(folder), n)
            print(f"{form.name:26}{n:7}" + "".join(f"{found[name]:11}" for name in OUTCOMES))
            bad += found["silent"] + found["traceback"]
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
