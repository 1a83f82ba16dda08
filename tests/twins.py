"""Byte-exact twins of publishers' files from plain values, naive readers, and mutations.

The naive readers know the formats and nothing of the package: they are what its cleaners are
compared with on bytes that a mutation has changed.
"""

import io
import itertools
import json
import random
import zipfile
from contextlib import suppress
from decimal import Decimal

from tradeflows.model.errors import TradeflowsError

HEADINGS = {
    "month": ("数据年月", "Date of data"),
    "partner": ("贸易伙伴编码", "Trading partner code"),
    "partner name": ("贸易伙伴名称", "Trading partner"),
    "product": ("商品编码", "Commodity code"),
    "product name": ("商品名称", "Commodity"),
    "regime": ("贸易方式编码", "Customs Regime code"),
    "regime name": ("贸易方式名称", "Customs Regime"),
    "province": ("注册地编码", "Locations of importers and exporters code"),
    "quantity": ("第一数量", "Quantity"),
    "unit": ("第一计量单位", "Unit"),
    "second quantity": ("第二数量", "Supplimentary Quantity"),
    "second unit": ("第二计量单位", "Supplimentary Unit"),
    "USD": ("美元", "US dollar"),
    "CNY": ("人民币", "Renminbi Yuan"),
}
# A month of crude oil from Russia, without a value and with one in dollars.
CARGO = {
    "month": "202305",
    "partner": "344",
    "product": "27090000",
    "quantity": "9709870000",
    "unit": "千克",
}
OIL = CARGO | {"USD": "5,031,234,567"}


def gacc(records, columns, language=0):
    """The customs query's CSV: GB18030, each cell quoted, a comma at the end of each line."""
    lines = [[HEADINGS[name][language] for name in columns]]
    lines += [[record[name] for name in columns] for record in records]
    return "".join("".join(f'"{cell}",' for cell in line) + "\n" for line in lines).encode(
        "gb18030"
    )


def gacc_page(title, lines):
    """A page of the English site with one monthly table."""
    rows = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in line) + "</tr>\n" for line in lines)
    return (
        f"<html><head><title>{title}</title></head><body><div>{title}</div>"
        f"<p>Unit: US$1,000</p><table><tr><td>Commodity</td></tr>\n{rows}</table></body></html>"
    ).encode()


def cbr(currency, first, last, rates):
    """Rates of one currency as the Bank of Russia sends them; `rates`: day, nominal, value."""
    records = "".join(
        f'<Record Date="{day}" Id="{currency}"><Nominal>{nominal}</Nominal>'
        f"<Value>{value}</Value>{_for_one(nominal, value)}</Record>"
        for day, nominal, value in rates
    )
    return (
        f'<?xml version="1.0" encoding="windows-1251"?><ValCurs ID="{currency}" '
        f'DateRange1="{first}" DateRange2="{last}" name="Foreign Currency Market Dynamic">'
        f"{records}</ValCurs>"
    ).encode("cp1251")


def cbr_day(day, rates):
    """All rates of one day; `rates`: code, nominal, name, value."""
    records = "".join(
        f'<Valute ID="R0"><NumCode>1</NumCode><CharCode>{code}</CharCode><Nominal>{nominal}'
        f"</Nominal><Name>{name}</Name><Value>{value}</Value>{_for_one(nominal, value)}</Valute>"
        for code, nominal, name, value in rates
    )
    return (
        f'<?xml version="1.0" encoding="windows-1251"?><ValCurs Date="{day}" '
        f'name="Foreign Currency Market">{records}</ValCurs>'
    ).encode("cp1251")


def _for_one(nominal, value):
    rate = Decimal(value.replace(",", ".")) / int(nominal)
    return f"<VunitRate>{format(rate.normalize(), 'f').replace('.', ',')}</VunitRate>"


def ecb(currencies, days, gap=""):
    """eurofxref: a line a day, a comma at the end; `gap` is a blank in the file of one day."""
    lines = [["Date", *currencies], *days]
    return "".join(f",{gap}".join([*line, ""]) + "\n" for line in lines).encode()


def zipped(name, content):
    """A zip of one file, of the same bytes at any time: a test may be named by them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


DIMENSIONS = ("freq", "siec", "partner", "unit", "geo")


def tsv(series, months, cells):
    """Eurostat's TSV; `cells` by (series, month), absent is ":"."""
    lines = ["\t".join([",".join(DIMENSIONS) + "\\TIME_PERIOD", *(f"{m} " for m in months)])]
    lines += [
        "\t".join([",".join(one), *(cells.get((one, m), ": ") for m in months)]) for one in series
    ]
    return ("\n".join(lines) + "\n").encode()


def sdmx(series, months, cells):
    """SDMX-CSV of the same."""
    lines = ["DATAFLOW,LAST UPDATE,freq,siec,partner,unit,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG"]
    for one in series:
        for month in months:
            value, _, flag = cells.get((one, month), ": ").partition(" ")
            if value != ":" or flag:
                value = value.replace(":", "")
                cell = f"ESTAT:NRG_TI_GASM(1.0),15/09/26 23:00:00,{','.join(one)},{month}"
                lines.append(f"{cell},{value},{flag}")
    return ("\n".join(lines) + "\n").encode()


def json_stat(series, months, cells):
    """JSON-stat of the same, sparse."""
    axes = [sorted({one[i] for one in series}) for i in range(5)] + [months]
    value, status = {}, {}
    for place, at in enumerate(itertools.product(*axes)):
        text, _, flag = cells.get((at[:5], at[5]), ": ").partition(" ")
        if text != ":":
            value[str(place)] = float(text)
        if flag:
            status[str(place)] = flag
    names = [*DIMENSIONS, "time"]
    indices = [{label: i for i, label in enumerate(axis)} for axis in axes]
    listed = {
        name: {"category": {"index": index}} for name, index in zip(names, indices, strict=True)
    }
    head = {"version": "2.0", "class": "dataset", "label": "Imports", "source": "ESTAT"}
    head |= {"updated": "2026-09-15", "extension": {"id": "NRG_TI_GASM"}}
    head |= {"id": names, "size": [*map(len, axes)], "dimension": listed}
    return json.dumps(head | {"value": value, "status": status}).encode()


def mutations(raw, count, seed=0):
    """`count` files that cut, flip or splice bytes of `raw`."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(raw)
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            at, to = sorted(chance.randrange(len(data) + 1) for _ in range(2))
            match chance.randrange(5):
                case 0:
                    data = data[:at] or data
                case 1:
                    data[at:at] = data[at : min(to, at + 40)]
                case 2:
                    del data[at : min(to, at + chance.randrange(1, 12))]
                case _:
                    place = min(at, len(data) - 1)
                    flipped = data[place] ^ (1 << chance.randrange(8))
                    data[place] = chance.choice((flipped, chance.choice(b'0123456789,"\n <>:.')))
            data = data or bytearray(raw)
        yield bytes(data)


def rows_of(clean, path, raw, **options):
    """Rows that a cleaner makes of these bytes."""
    path.write_bytes(raw)
    return [row for part in clean(path, **options) for row in part.rows.to_pylist()]


def rows_of_mutations(clean, path, raw, count=100):
    """Of each mutated file that is not refused its rows, and its bytes."""
    for data in mutations(raw, count):
        with suppress(TradeflowsError):
            yield rows_of(clean, path, data), data
