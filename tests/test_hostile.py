"""Files made to exhaust whoever reads them: each is refused in 100 MiB above the imports."""

import gzip
import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import twins
from comtrade_twin import envelope, row
from test_comext_exports import FIGURES, book, grid, workbook

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")

MUCH = 128 << 20  # bytes, more than may be used; the benchmark takes 200 MB
READ = """
import resource, sys
from pathlib import Path
from tradeflows.tables import clean
from tradeflows.model.errors import TradeflowsError
folder, to = Path(sys.argv[1]), Path(sys.argv[1], "out.parquet")
options = {"gacc": {"flow": "M"}, "eurostat_energy": {"flow": "M"}}
for good in sorted((folder / "good").iterdir()):  # starts the threads and loads what is lazy
    clean.clean(good.name, [good], to, **options.get(good.name, {}))
held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (held + (100 << 20),) * 2)
for bad in sorted((folder / "bad").iterdir()):
    name = bad.name.partition(".")[0]
    try:
        clean.clean(name, [bad], to, **options.get(name, {}))
        print(bad.name, "was read")
    except TradeflowsError as error:
        print(bad.name, str(error).removeprefix(f"{bad}: "))
"""
OIL = twins.OIL
EURO = twins.ecb(["USD"], [["2022-03-01", "1.1"]])
GAS = ("M", "G3000", "RU", "MIO_M3", "DE")
ENERGY = ([GAS], ["2023-01"], {(GAS, "2023-01"): "1"})
GOOD = {
    "gacc": twins.gacc([OIL], [*OIL]),
    "cbr": twins.cbr("R01235", "01.03.2026", "31.03.2026", [("03.03.2026", 1, "77,1734")]),
    "ecb": twins.zipped("eurofxref-hist.csv", EURO),
    "eurostat_energy": twins.sdmx(*ENERGY),
    "comtrade": envelope([row()]),
    "comext": workbook(FIGURES),
}


def laughs() -> bytes:
    """Entities that say each other ten times over."""
    more = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 30))
    head = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">{more}]>'
    return f'{head}<ValCurs ID="R01235">&a29;</ValCurs>'.encode()


def bomb(size: int) -> bytes:
    """So many zeros, in a zip."""
    buffer = io.BytesIO()
    archive = zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with archive, archive.open("eurofxref-hist.csv", "w", force_zip64=True) as member:
        for _ in range(size >> 20):
            member.write(bytes(1 << 20))
    return buffer.getvalue()


def swelling(size: int) -> bytes:
    """The header of a bulk file, and so many zeros, packed."""
    return gzip.compress("\t".join(row()).encode() + b"\n" + bytes(size), 1)


def sheet(cells: str, **more: str) -> bytes:
    """A workbook with one more sheet of such cells."""
    far = f"<worksheet><sheetData><row>{cells}</row></sheetData></worksheet>"
    return book(grid(FIGURES), **{"xl/worksheets/sheet9.xml": far}, **more)


NESTED = "<tr><td>x" * 20_000 + "</td></tr>" * 20_000
SHARED = {"xl/sharedStrings.xml": f"<sst><si><t>{'x' * 30_000}</t></si></sst>"}
BAD = {  # name: how it begins, whether a line of many bytes follows, what is said
    "comtrade.json": (b'{"data":' + b"[" * 200_000, False, "a whole JSON reply"),
    "comtrade.objects": (b'{"data":' + b'{"a":' * 200_000, False, "a whole JSON reply"),
    "comtrade.line": (b'{"elapsedTime":"0", "data":[', True, "fits into memory"),
    "comtrade.table": ("\t".join(row()).encode() + b"\n", True, "at most 112 MiB"),
    "comtrade.gz": (swelling(96 << 20), False, "unpacked, found more"),
    "comext.tags": (sheet("<c/>" * 5_000_000), False, "at most 4,000,000 tags"),
    "comext.shared": (
        sheet('<c t="s"><v>0</v></c>' * 3_000, **SHARED),
        False,
        "at most 64,000,000 letters",
    ),
    "comext.grid": (sheet('<c r="A1"/><c r="XFD999"/>'), False, "at most 1,000,000 cells"),
    "gacc.rows": (f"<html>Commodities in Quantity and Value{NESTED}".encode(), False, "tags"),
    "gacc.deep": (
        f"<html>Commodities in Quantity and Value{'<tr><td>' * 900}".encode(),
        False,
        "within one another",
    ),
    "gacc.page": (b"<html>Commodities in Quantity and Value", True, "at most 2 MiB"),
    "cbr.entities": (laughs(), False, "DTDForbidden"),
    "ecb.bomb": (b"", False, "in the zip"),
    "ecb.climbs": (twins.zipped("../eurofxref-hist.csv", EURO), False, "one CSV in the zip"),
    "ecb.line": (EURO, True, "at most 32 MiB"),
    "gacc.head": (GOOD["gacc"].split(b"\n")[0][:-1], True, "at most 64 MiB"),
    "gacc.line": (GOOD["gacc"], True, "at most 64 MiB"),
    "eurostat_energy.tsv": (twins.tsv(*ENERGY), True, "one above 1024 KiB"),
    "eurostat_energy.sdmx": (GOOD["eurostat_energy"], True, "one above 1024 KiB"),
    "eurostat_energy.json": (
        b'{"class": "dataset", "source": "ESTAT", "siec": "TIME_PERIOD" ' + b'{"a":' * 100_000,
        False,
        "JSON-stat of one data set",
    ),
}


def write(folder: Path, much: int = MUCH) -> None:
    """Put the good files and the bad ones into `folder`; a long line takes no room on disk."""
    for kind in ("good", "bad"):
        (folder / kind).mkdir()
    for name, content in GOOD.items():
        (folder / "good" / name).write_bytes(content)
    for name, (content, long, _) in BAD.items():
        (folder / "bad" / name).write_bytes(content or bomb(much))
        if long:
            os.truncate(folder / "bad" / name, much)


def test_each_is_refused_in_100_mib(tmp_path):
    write(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert [*told] == sorted(BAD)
    assert not [name for name, said in told.items() if BAD[name][2] not in said]
    assert not (tmp_path / ".out.parquet").exists()
