"""A small server on this machine that answers as UN Comtrade's API does, with its quirks.

Time stands still unless somebody sleeps: ``twin.clock`` is handed to the code under test. Faults
are served in turn, one a call, before anything else is looked at; None is a call without a fault.
"""

import gzip
import json
import sys
import tempfile
import threading
import time
import zlib
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tradeflows.retrieval.http import Clock

OFFICES = "".join(
    f'[publisher.{name}]\nname = "{name}"\nshort = "{name}"\nhome = ""\n'
    for name in ("comtrade", "eurostat")
)
NOON = 1_764_072_000.0  # 2025-11-25 12:00 UTC
KEY = "k3y-0f-n0b0dy-4t-4ll"
PARTNERS = {"0": "W00", "156": "CHN", "643": "RUS", "398": "KAZ", "490": "S19", "757": "CHE"}
FAULTS = ["429", "429 bare", "429 date", "503", "html", "truncated", "drop", "slow"]
FAULTS += ["miscounted", "gzip broken", "wait in error"]
FIELDS = {"reporterCode", "period", "partnerCode", "cmdCode", "flowCode"}
FIELDS |= {"partner2Code", "customsCode", "motCode"}


# One row as the API gives it with ``includeDesc=false``, all 47 fields.
ROW = json.loads("""
{"typeCode": "C", "freqCode": "M", "refPeriodId": 20220101, "refYear": 2022, "refMonth": 1,
"period": "202201", "reporterCode": 156, "reporterISO": null, "reporterDesc": null,
"flowCode": "X", "flowDesc": null, "partnerCode": 643, "partnerISO": null, "partnerDesc": null,
"partner2Code": 0, "partner2ISO": null, "partner2Desc": null, "classificationCode": "H6",
"classificationSearchCode": "HS", "isOriginalClassification": true, "cmdCode": "880621",
"cmdDesc": null, "aggrLevel": 6, "isLeaf": true, "customsCode": "C00", "customsDesc": null,
"mosCode": "0", "motCode": 0, "motDesc": null, "qtyUnitCode": 5, "qtyUnitAbbr": "u", "qty": 7,
"isQtyEstimated": false, "altQtyUnitCode": -1, "altQtyUnitAbbr": "N/A", "altQty": null,
"isAltQtyEstimated": false, "netWgt": 12.5, "isNetWgtEstimated": false, "grossWgt": null,
"isGrossWgtEstimated": false, "cifvalue": null, "fobvalue": 1000.0, "primaryValue": 1000.0,
"legacyEstimationFlag": 0, "isReported": true, "isAggregate": false}
""")


def row(reporter="156", period="202201", partner="643", product="880621", flow="X", **changes):
    """A row of a cell, with changes: those of ``value`` are of the values by valuation too."""
    value = changes.pop("value", 1000.0)
    if "qtyUnitCode" in changes:  # whose sign is another then
        changes = {"qtyUnitAbbr": None} | changes
    imports = flow in ("M", "RM")
    when = {"freqCode": "M" if len(period) == 6 else "A", "refPeriodId": int(f"{period}0101"[:8])}
    when |= {"refYear": int(period[:4]), "refMonth": int(period[4:] or 52), "period": period}
    cell = {"reporterCode": int(reporter), "partnerCode": int(partner), "flowCode": flow}
    cell |= {"cmdCode": product, "aggrLevel": 0 if product == "TOTAL" else len(product)}
    values = {"cifvalue": value if imports else None, "fobvalue": None if imports else value}
    return ROW | when | cell | values | {"primaryValue": value} | changes


class Twin:
    """The server's state: rows, caps, faults to come, and the calls that it saw."""

    def __init__(self, rows=(), *, cap=None, quota=10**9, gap=1.0):
        self.rows, self.cap, self.quota, self.gap = list(rows), cap, quota, gap
        self.faults, self.seen, self.paths, self.releases = [], [], [], {}
        self.now, self.last, self.served, self.extra = NOON, float("-inf"), 0, set()
        self.more = []  # data sets besides those that the rows make
        self.offers, self.ignores, self.others, self.times = {}, set(), 0, 1
        self.lag = 0.0  # real seconds before a reply
        self.lock = threading.Lock()

    @property
    def clock(self):
        return Clock(lambda: self.now, self.sleep)

    def sleep(self, seconds):
        self.now += seconds

    @property
    def asked(self):
        """The paths of the calls for rows, without those for the list of data sets."""
        return [path for path in self.paths if "getDa" not in path]

    def release(self, cell, when, checksum):
        self.releases[cell] = (when, checksum)

    def datasets(self, query):
        cells = {}
        for each in self.rows:
            cell = (str(each["reporterCode"]), each["period"])
            cells[cell] = cells.get(cell, 0) + 1
        cells |= dict.fromkeys(self.extra, 0)
        wanted = query.get("reporterCode")
        return self.more + [
            {
                "datasetCode": int(f"{reporter}{period}"),
                "reporterCode": int(reporter),
                "period": period,
                "classificationCode": "H6",
                "totalRecords": count * self.times + self.others,
                "datasetChecksum": self.releases.get(f"{reporter} {period}", ("", 11))[1],
                "firstReleased": "2024-01-15T00:00:00",
                "lastReleased": self.releases.get(f"{reporter} {period}", ("2025-01-15",))[0]
                + "T00:00:00",
            }
            for (reporter, period), count in sorted(cells.items())
            if not wanted or reporter in wanted
        ]

    def select(self, query):
        for each in self.rows:
            if all(
                str(each[name]) in values
                or (name == "cmdCode" and f"AG{each['aggrLevel']}" in values)
                for name, values in query.items()
                if name in FIELDS - self.ignores
            ):
                yield each

    def reply(self, path, headers):
        parts = urlsplit(path)
        query = {name: value[0].split(",") for name, value in parse_qs(parts.query).items()}
        keyed = parts.path.startswith("/data/")
        if len(path) > 4096:
            return 414, {}, b"too long"
        if keyed and headers.get("Ocp-Apim-Subscription-Key") != KEY:
            return error(401, f"Access denied: {headers.get('Ocp-Apim-Subscription-Key')} is wrong")
        if self.now - self.last < self.gap:
            return error(429, "Rate limit is exceeded. Try again in 1 seconds.")
        self.last = self.now
        self.served += 1
        if self.served > self.quota:
            return error(403, "Out of call volume quota. Quota will be replenished in 03:14:17.")
        if "getDa" in parts.path:
            return 200, {}, envelope(self.datasets(query))
        most = 12 if keyed else 1
        if len(query["period"]) > most:
            return error(400, f"Maximum number of periods is {most}")
        cap = self.cap or (100_000 if keyed else 500)
        return 200, {}, envelope(list(self.select(query))[:cap])


def envelope(data, **changes):
    return json.dumps(
        {"elapsedTime": "0.1 secs", "count": len(data), "data": data, "error": ""} | changes
    ).encode()


def error(status, message):
    return status, {}, json.dumps({"statusCode": status, "message": message}).encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        twin = self.server.twin
        if self.server.gone:
            self.close_connection = True
            return
        with twin.lock:
            twin.paths.append(self.path)
            twin.seen.append(dict(self.headers))
            if self.path in twin.offers:
                self.offer(*twin.offers[self.path])
                return
            fault = twin.faults.pop(0) if twin.faults else None
            status, headers, body = twin.reply(self.path, self.headers)
        time.sleep(twin.lag)
        self.fail(fault, status, headers, body) if fault else self.send(status, headers, body)

    def send(self, status, headers, body, length=None):
        if "gzip" in self.headers.get("Accept-Encoding", "") and "Content-Encoding" not in headers:
            body, headers = gzip.compress(body, 1), headers | {"Content-Encoding": "gzip"}
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        with suppress(BrokenPipeError, ConnectionResetError):  # the client was killed
            self.wfile.write(body)

    def fail(self, fault, status, headers, body):
        limit = "Rate limit is exceeded. Try again in"
        replies = {
            "429": (429, {"Retry-After": "7"}, b""),
            "429 bare": error(429, f"{limit} 3 seconds."),
            "429 date": (429, {"Retry-After": "Tue, 25 Nov 2025 12:00:00 GMT"}, b""),
            "wait in error": (200, {}, envelope([], error=f"{limit} 4 seconds.")),
            "html": (200, {}, b"<!DOCTYPE html><title>We are working on it</title>"),
            "truncated": (status, headers, body[:-9]),
            "miscounted": (200, {}, envelope([], count=3)),
            "gzip broken": (200, {"Content-Encoding": "gzip"}, zlib.compress(body)),
        }
        if isinstance(fault, tuple):  # a status, headers and a body of the test's own
            self.send(*fault)
        elif callable(fault):
            fault(self)
        elif fault in replies:
            self.send(*replies[fault])
        elif fault == "drop":
            self.send(200, {"Content-Encoding": "identity"}, body[:20], length=len(body))
            self.close_connection = True
            self.wfile.flush()
            self.connection.close()
        elif fault == "slow":
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            for i in range(30):
                self.server.twin.sleep(40.0)
                try:
                    self.wfile.write(body[len(body) * i // 30 : len(body) * (i + 1) // 30])
                    self.wfile.flush()
                except OSError:  # the client has lost patience
                    return
        else:
            status, _, body = error(int(fault), "a fault")
            there = {"Location": "https://elsewhere.example"} if fault == "302" else {}
            self.send(status, there, body)

    def offer(self, content, cut):
        """A file; `cut` is a list of bytes after which to break off."""
        some = cut.pop(0) if cut else len(content)
        self.send(200, {"Content-Encoding": "identity"}, content[:some], length=len(content))
        if some < len(content):
            self.close_connection = True


@contextmanager
def serve(twin):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.twin, server.gone = True, twin, False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.gone = True
        server.shutdown()
        server.server_close()
        thread.join()


def empty_project(root):
    (root / "data" / "raw").mkdir(parents=True)
    (root / "data" / "raw" / "sources.toml").write_text(OFFICES, encoding="utf-8")
    return root


def hide_settings(patch):
    for name in ("COMTRADE_KEY", "TRADEFLOWS_COMEXT_URL"):
        patch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        patch.delenv(name, raising=False)
        patch.delenv(name.upper(), raising=False)
    patch.setitem(sys.modules, "keyring", None)  # not installed


@contextmanager
def project_of(twin):
    """An empty project whose questions a twin answers, as arguments of `ask`."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = empty_project(Path(folder))
        hide_settings(patch)
        with serve(twin) as base:
            patch.setenv("TRADEFLOWS_COMTRADE_URL", base)
            yield {"root": root, "clock": twin.clock}
