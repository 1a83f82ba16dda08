"""A small server on this machine that offers Comext's archives as Eurostat does, invented rows in
them. It is the twin of UN Comtrade with a directory in the place of replies."""

import io
from functools import cache
from urllib.parse import parse_qs, quote, unquote, urlsplit

import comtrade_twin
import py7zr

from tradeflows.publishers.comext import SINCE_2002, UNTIL_2001

LINE = "AT,RU,E,27090090,33300,0610,0610,321,110000,05,1,1,NO_SU,202402,1000,1000,5,0"
ROW = dict(zip(SINCE_2002.split(","), LINE.split(","), strict=True))
OLD_LINE = "001,FR,0003,NL,I,01012100,00150,0122,0143,.....,111,01,1,1,A,200112,2580,600,1"
OLD_ROW = dict(zip(UNTIL_2001.split(","), OLD_LINE.split(","), strict=True))
PRODUCTS = "comext/COMEXT_DATA/PRODUCTS"
HISTORICAL = "comext/COMEXT_HISTORICAL_DATA/PRODUCTS_1988_2001"
RELEASED = "2024-04-15T11:00:00"


def month(*changes, period="202402", base=ROW):
    """Text of a month's file; each argument overrides fields of one row."""
    lines = [",".join(base)]
    for change in changes or ({},):
        row = base | {"PERIOD": period} | change
        if "VALUE_NAC" in row and "VALUE_NAC" not in change:  # the euro is Austria's currency
            row["VALUE_NAC"] = row["VALUE_EUR"]
        lines.append(",".join(str(row[name]) for name in base))
    return ("\n".join(lines) + "\n").encode(errors="surrogateescape")


@cache
def archive(raw):
    to = io.BytesIO()
    with py7zr.SevenZipFile(to, "w", filters=[{"id": py7zr.FILTER_LZMA2, "preset": 1}]) as packed:
        packed.writestr(raw, "full.dat")
    return to.getvalue()


class Directory(comtrade_twin.Twin):
    """The server's state: what is listed, what is offered, how often it breaks off."""

    def __init__(self, *periods):
        super().__init__(gap=0.0)
        self.listing, self.date, self.cuts = {}, "LAST_MODIFIED", []
        for period in periods:
            self.publish(archive(month(period=period)), period)

    def publish(
        self, content, period="202402", released=RELEASED, *, size=None, name="", offered=True
    ):
        """List a file, and offer it under its address unless it is not there yet."""
        folder = HISTORICAL if period < "200201" else PRODUCTS
        name = name or f"full_v2_{period}.7z"
        self.listing[folder, name] = (len(content) if size is None else size, released)
        path = f"/files?file={quote(f'{folder}/{name}', safe='')}"
        self.offers.pop(path, None)
        if offered:
            self.offers[path] = (content, self.cuts)

    @property
    def downloads(self):
        return [path.rpartition("%2F")[2] for path in self.paths if "file=" in path]

    def reply(self, path, headers):
        query = parse_qs(urlsplit(path).query)
        if "dir" not in query:
            return 404, {}, b"<html>not found</html>"
        lines = [f"NAME,SIZE,TYPE,{self.date}"]
        lines += [
            f"{name},{size},7z,{released}"
            for (folder, name), (size, released) in self.listing.items()
            if folder == query["dir"][0]
        ]
        return 200, {"Content-Type": "text/csv"}, ("\n".join(lines) + "\n").encode()


INDICATORS = ("VALUE_IN_EUROS", "QUANTITY_IN_100KG", "SUPPLEMENTARY_QUANTITY")
HEADER = "DATAFLOW,LAST UPDATE,freq,reporter,partner,product,flow,indicators,TIME_PERIOD,OBS_VALUE"
SOAP = (
    '<?xml version="1.0"?><S:Fault xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">'
    "<faultcode>{code}</faultcode><faultstring>{words}</faultstring></S:Fault>"
)


# The partners of DS-045409, as a public user of the service took them from its answers.
CODES = """
    AD AE AF AG AI AL AM AN AO AQ AR AS AT AU AW AZ BA BB BD BE BF BG BH BI BJ
    BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR
    CS CU CV CW CX CY CZ DD DE DJ DK DM DO DZ EC EE EG EH ER ES ET EXT_EA
    EXT_EA21 EXT_EU EXT_EU27_2020 FI FJ FK FM FO FR GA GB GD GE GF GH GI GL GM
    GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IN INT_EA INT_EA21
    INT_EU INT_EU27_2020 IO IQ IR IS IT JM JO JP KE KG KH KI KM KN KP KR KW KY
    KZ LA LB LC LI LK LR LS LT LU LV LY MA MD ME MG MH MK ML MM MN MO MP MQ MR
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG
    PH PK PL PM PN PS PT PW PY QA QP QQ QR QS QU QV QW QX QY QZ RE RO RU RW SA
    SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SU SV SX SY SZ TC TD TF TG
    TH TJ TK TL TM TN TO TP TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN
    VU WF WORLD WS XA XB XC XK XL XM XO XP XR XS XZ YD YE YT YU ZA ZM ZW
"""
PARTNERS = CODES.split()
MEMBERS = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
REPORTERS = [*MEMBERS.split(), "GB", "EU27_2020"]
NOTHING = SOAP.format(code=100, words="NO_RESULTS").encode()


class Service(Directory):
    """The directory, and the filtered service beside it with its limits.

    `figures` by reporter, partner, product, flow, indicator and period; an answer of more than
    `most` cells is queued, of more than ten times as many refused. `nothing` is the status and the
    body where there is no figure. A code that the service has not is refused.
    """

    def __init__(self, *periods, figures=(), most=500_000):
        super().__init__(*periods)
        self.figures, self.most = dict(figures), most
        self.nothing = 404, NOTHING

    @property
    def questions(self):
        return [path for path in self.paths if "/sdmx/2.1/data/" in path]

    def reply(self, path, headers):
        if "/sdmx/2.1/data/DS-045409/" not in path:
            return super().reply(path, headers)
        if len(path) > 4095:
            return 414, {}, b"too long"
        parts = urlsplit(path)
        key = [text.split("+") for text in unquote(parts.path).rpartition("/")[2].split(".")]
        strange = {*key[1]} - {*REPORTERS, ""} | {*key[2]} - {*PARTNERS, ""}
        if strange:
            return 400, {}, SOAP.format(code=140, words=f"no such code: {strange}").encode()
        query = parse_qs(parts.query)
        start, end = query["startPeriod"][0], query["endPeriod"][0]
        chosen = [
            (cell, value)
            for cell, value in self.figures.items()
            if start <= cell[-1] <= end
            and all(
                one in some or some == [""] for one, some in zip(cell[:5], key[1:], strict=True)
            )
        ]
        if len(chosen) > 10 * self.most:
            return 413, {}, SOAP.format(code=413, words="EXTRACTION_TOO_BIG: try later").encode()
        if len(chosen) > self.most:
            return 200, {}, b"<queued><id>abc</id><status>SUBMITTED</status></queued>"
        if not chosen:
            status, body = self.nothing
            return status, {}, body
        lines = [HEADER]
        for cell, value in chosen:
            words = ["ESTAT:DS-045409(1.0)", "15/04/24 11:00:00", key[0][0], *cell, value]
            lines.append(",".join(words))
        body = "\r\n".join([*lines, ""]).encode()
        return 200, {}, body
