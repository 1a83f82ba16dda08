"""How a person gets a file from a site that forbids machines: its form, box by box.

The site of China's customs asks a puzzle of whoever queries it, and its export stops at 10,000
lines without a word. The steps here are split so that none reaches that.
"""

import re
from datetime import date

from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import month_of, month_text, parse_period
from tradeflows.publishers.gacc.query_csv import CUT_OFF
from tradeflows.retrieval import own_words

SITE = "http://stats.customs.gov.cn"
MOST = CUT_OFF - 2  # lines of figures: with the header one fewer than where it stops
# More 8-digit lines than a code of so many digits has (the tariff has some 9,000 in 97 chapters),
# and more partners than the 243 that have a code; `add` refuses what is cut off all the same.
LINES = {2: 1200, 4: 120, 6: 30, 8: 1}
PARTNERS = 250
WAYS = {"M": "进口 / Import", "X": "出口 / Export"}
MONEY = {"USD": "美元 / US dollar", "CNY": "人民币 / Renminbi Yuan"}


def gacc(
    *,
    product: str,
    partner: str = "",
    start: str,
    end: str = "",
    flow: str = "M",
    currency: str = "USD",
) -> list[str]:
    """Lines with the steps in the form of China's customs, for a product and partner by month.

    Parameters
    ----------
    product, partner
        HS code of 2, 4, 6 or 8 digits; an area by id, code or name, all partners where empty.
    start, end
        Months such as 2023-01; without `end`, the last that is likely to be out.
    flow, currency
        M or X; USD or CNY.

    Raises
    ------
    QueryError
        A code, area, month, flow or currency that is none, or a query of which one month alone
        could reach 10,000 lines.
    """
    if not re.fullmatch(r"(\d\d){1,4}", product, re.ASCII):
        raise QueryError(f"--product {product}: the form takes HS codes of 2, 4, 6 or 8 digits")
    for option, word, valid in (("flow", flow, WAYS), ("currency", currency, MONEY)):
        if word not in valid:
            raise QueryError(f"--{option} {word}: expected {' or '.join(valid)}")
    partners, whom, code = PARTNERS, "all partners", "no code"
    if partner:
        try:
            area = own_words.area(partner)
        except QueryError as error:
            raise QueryError(f"--partner: {error}") from error
        own_codes = codes.codes_of(area, "gacc")
        name = codes.area_name(area)
        if not own_codes:
            raise QueryError(
                f"--partner {partner}: {name} has no code at China's customs; see area_codes.csv"
            )
        listed = ",".join(own_codes)
        partners, whom, code = len(own_codes), f"{name} ({listed})", f"with the code {listed}"
    queries = _queries(start, end, LINES[len(product)] * partners)
    return [
        f"{SITE}: 数据在线查询 / online query. {len(queries)} exports of {product}, {whom}.",
        "The site allows no machine: fill the form in yourself and move the puzzle's piece.",
        "",
        f"In each:  进出口类型 / Import or Export: {WAYS[flow]}",
        f"          币制 / Currency: {MONEY[currency]}",
        "          分月展示 / by month: 是 / yes, so that each line has its month",
        f"          输出字段 / output field 1: 商品 / Commodity, with the code {product}",
        f"          输出字段 / output field 2: 贸易伙伴 / Trading partner, {code}",
        "          output fields 3 and 4: none (贸易方式 / Customs Regime only splits the figures)",
        *(f"{number:3}. {query}" for number, query in enumerate(queries, start=1)),
        "",
        f"Then: tradeflows add --flow {flow} FILE…   (it refuses a file that was cut off)",
    ]


def _queries(start: str, end: str, a_month: int) -> list[str]:
    """The exports that are needed, none of which can be cut off."""
    first = parse_period(start, "start", grain="month").start
    today = date.today()
    # Figures by partner and code are out on the 20th of the month after.
    last = month_of(today) - (1 if today.day > 20 else 2)
    if end:
        last = parse_period(end, "end", grain="month").start
    if first > last:
        raise QueryError(f"the end {month_text(last)} is before the start {month_text(first)}")
    if a_month > MOST:
        raise QueryError(
            f"one month could have {a_month:,} lines, and the site stops at "
            f"{CUT_OFF:,}: name a partner, or a code of more digits"
        )
    # The header is a line too, and the form takes months of one year.
    at_once = min(12, MOST // a_month)
    queries = []
    while first <= last:
        year, month = divmod(first, 12)
        n = min(at_once, 12 - month, last - first + 1)
        queries.append(
            f"时间 / Date: {year}, months {month + 1} to {month + n} "
            f"(at most {n * a_month:,} lines); 查询 / query; 下载 / download"
        )
        first += n
    return queries
