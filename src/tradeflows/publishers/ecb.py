"""European Central Bank: euro reference rates, from the historical file or the file of one day.

Source: European Central Bank, euro foreign exchange reference rates (eurofxref-hist.zip or .csv,
and eurofxref.csv in a zip or by itself).
"""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from tradeflows.catalogue import Source
from tradeflows.errors import CodeError, LayoutError
from tradeflows.publishers import Part, reading
from tradeflows.schema import RATES

LARGEST = 32 << 20  # bytes; all days since 1999 are some 2 MB
NONE = "N/A"
STATISTIC = "mean of daily rates"
ONE_DAY = re.compile(r"\d\d? [A-Z][a-z]+ [12]\d{3}", re.ASCII)


def clean(path: Path, source: Source | None = None) -> Iterator[Part]:
    """Reference rates as means of a month: units of a currency for one euro.

    Parameters
    ----------
    path
        The zip or the CSV, of all days or of one.
    source
        Its catalogue entry, if it has one.

    Yields
    ------
    Part
        Rows of :data:`~tradeflows.schema.RATES`, each with the number of days in its mean. "N/A"
        (a currency that is not quoted yet, or no longer: the rouble ends on 2022-03-01) is no
        rate. Flagged partial: a month in which a currency has fewer days than the file, and the
        file's last month unless it reaches the last weekday.

    Raises
    ------
    LayoutError
        Another layout, a zip that is not one plain CSV, a day twice, or a rate that is none.
    CodeError
        A heading that is no currency.
    """
    source = source or reading.uncatalogued(path, "ecb", "rates")
    raw = _csv(path)
    head = [cell.strip() for cell in reading.header(path, raw=raw)]
    if head[:1] != ["Date"] or head[-1] != "":
        raise LayoutError(path, "a header from Date to a last comma", f"{head[:5]}")
    currencies = head[1:-1]
    odd = [each for each in currencies if not re.fullmatch("[A-Z]{3}", each)]
    if odd or len(set(currencies)) < len(currencies):
        raise CodeError(f"{path}: {odd or currencies}: not each a currency, once")
    cells = [block.cells for block in reading.blocks(path, head, head, raw=raw)]
    block = reading.Block(path, 1, pa.Table.from_batches(cells).combine_chunks().to_batches()[0])
    if pc.any(pc.not_equal(pc.ascii_trim_whitespace(block.text("")), "")).as_py():
        raise LayoutError(path, "nothing after the last comma", "a cell more")
    days = [_day(path, text) for text in block.text("Date").to_pylist()]
    if len(set(days)) < len(days):
        raise LayoutError(path, "each day once", "a day again")
    rates = {currency: _rates(block, currency) for currency in currencies}
    empty = sum(rate.null_count for rate in rates.values())
    yield Part(_rows(source, rates, days), len(days), {}, empty=empty)


def _rates(block: reading.Block, currency: str) -> pa.Array:
    """A currency's rate of each day, null where it has none."""
    text = pc.ascii_trim_whitespace(block.text(currency))
    stated = pc.if_else(pc.equal(text, NONE), "", text)
    here = reading.Block(block.path, 1, pa.record_batch({currency: stated}))
    rate = here.number(currency)
    none = pc.and_(rate.is_null(), pc.not_equal(text, NONE))
    if pc.any(pc.or_(none, pc.fill_null(pc.less_equal(rate, 0), False))).as_py():
        raise LayoutError(block.path, f"rates of {currency} above 0, or {NONE}", "another")
    return rate


def _rows(source: Source, rates: dict[str, pa.Array], days: list[date]) -> pa.RecordBatch:
    month = pa.array([day.replace(day=1) for day in days], pa.date32())
    by_month = pa.table({"month": month, "row": range(1, len(days) + 1), **rates}).group_by("month")
    wanted = [(name, kind) for name in rates for kind in ("mean", "count")]
    means = by_month.aggregate([("row", "count"), ("row", "min"), *wanted]).sort_by("month")
    newest = pc.equal(means["month"], means["month"][-1])
    if max(days) >= _last_weekday(max(days).replace(day=1)):
        newest = pc.and_(newest, False)
    tables = []
    for currency in rates:
        partial = pc.or_(newest, pc.less(means[f"{currency}_count"], means["row_count"]))
        tables.append(pa.table({
            "source_row": means["row_min"], "quote": pa.repeat(currency, len(means)),
            "ref_period": means["month"], "rate": means[f"{currency}_mean"],
            "n_days": means[f"{currency}_count"],
            "flags": pc.if_else(partial, "partial", ""),
        }).filter(pc.greater(means[f"{currency}_count"], 0)))  # fmt: skip
    table = pa.concat_tables(tables)
    return reading.rows(source, RATES, {
        **{name: table[name] for name in table.column_names}, "source_field": table["quote"],
        "base": "EUR", "publisher": "European Central Bank", "statistic": STATISTIC,
        "n_months": 1, "note": None,
    })  # fmt: skip


def _csv(path: Path) -> bytes:
    """The bytes of the CSV, out of its zip if it is in one."""
    with path.open("rb") as file:
        if file.read(2) != b"PK":
            return reading.whole(path, LARGEST)
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1 or not re.fullmatch(r"[\w.-]+\.csv", names[0], re.ASCII):
                raise LayoutError(path, "one CSV in the zip", f"{names[:3]}")
            with archive.open(names[0]) as member:
                raw = member.read(LARGEST + 1)  # the size that the zip declares proves nothing
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError,
            NotImplementedError, RuntimeError, ValueError) as error:  # fmt: skip
        raise LayoutError(path, "a whole zip", str(error), "obtain it again") from error
    if len(raw) > LARGEST:
        raise LayoutError(path, f"at most {LARGEST >> 20} MiB in the zip", "more")
    return raw


def _day(path: Path, text: str) -> date:
    text = text.strip()
    try:
        if len(text) == 10 and text[4] == text[7] == "-":
            return date.fromisoformat(text)
        if ONE_DAY.fullmatch(text):
            return datetime.strptime(text, "%d %B %Y").date()
    except ValueError:
        pass
    raise LayoutError(path, "a day such as 2023-04-03 or 3 April 2023", repr(text))


def _last_weekday(month: date) -> date:
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return last - timedelta(days=max(0, last.weekday() - 4))
