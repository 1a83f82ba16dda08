"""Which statement stood on a day: from when each row was known, and when another replaced it.

It is settled when the tables are built, over all rows of a source or, of a user's own files, of a
publisher; a question has but to ask for a day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tradeflows.model import schema
from tradeflows.model.periods import is_day
from tradeflows.model.source import Source, bulk_month, released
from tradeflows.retrieval import catalogue
from tradeflows.tables.files import numbered

if TYPE_CHECKING:
    from pandas import DataFrame, Series

DATE_COLUMNS = ("vintage", "published")  # which may say the day of a row, the better one last
PERIOD = ["reporter_iso", "flow_code", "ref_period", "n_months", "cumulation"]
GOODS = ["partner_code", "classification_code", "cmd_code"]
COLUMNS = ["source_id", "vintage", *PERIOD, *GOODS, "reporter_code", "freq_code"]
NEVER = np.iinfo(np.int64).max
DAY = "datetime64[D]"


def family_of(source: Source) -> str:
    """What a source counts as, beside others: itself or, of a user's, all of its publisher's.

    Whole months of Comext and its answers to questions are two: they state goods at two levels.
    """
    if source.kind not in ("fetched", "published"):
        return source.id
    whole = ", whole months" if bulk_month(source) else ""
    return f"{source.publisher}, {source.kind}{whole}"


def family(frame: DataFrame, sources: Mapping[str, Source]) -> Series:
    """The source of each row; what a user got from one publisher in many files is one."""
    names = {name: family_of(source) for name, source in sources.items()}
    return frame["source_id"].astype("str").map(names)


def with_days(rows: pa.Table, days: pa.Table) -> pa.Table:
    """Rows of a table beside the columns that :func:`days` gives of them."""
    for field in days.schema:
        rows = rows.append_column(field, days[field.name])
    return rows


def days(stored: ds.Dataset, sources: Mapping[str, Source]) -> pa.Table:
    """When each row was known, and when and by which file it was replaced.

    A row is known from the day of its publication or release or, where none is stated, of its
    file's retrieval. It is replaced on the day that a newer release became known:

    - of the whole file, where another one `supersedes` it;
    - of a source's whole period, as a reporter states a flow of it: what the newer release of the
      source does not repeat, it withdraws;
    - of a user's own files of one publisher, which hold some products and partners alone, of the
      cell; and of all that a question to UN Comtrade asked for, also where no row came.

    Parameters
    ----------
    stored
        All rows of one table that a release of the `sources` may be among.
    sources
        Entries of the catalogue by id, those alone that may replace one another.

    Returns
    -------
    Table
        :data:`tradeflows.model.schema.DAYS`, in the order of the rows.
    """
    dated = [name for name in DATE_COLUMNS if name in stored.schema.names]
    rows = numbered(stored, ["source_id", *dated]).combine_chunks()
    names = rows["source_id"].combine_chunks().dictionary_encode()
    of_row, held = names.indices.to_numpy(), names.dictionary.to_pylist()
    known = np.array([sources[name].retrieved for name in held], DAY)[of_row]
    for column in rows.columns[1:]:
        stated = _days_stated(column)
        known = np.where(np.isnat(stated), known, stated)
    # A day and a file are one number, the day first, so that the earliest of several is the least.
    places = {name: place for place, name in enumerate(sources)}

    def ended(day: str, by: str) -> int:
        return int(np.datetime64(day, "D").astype("int64")) * len(places) + places[by]

    by_file: dict[str, int] = {}
    for new in sources.values():
        end = ended(released(new), new.id)
        by_file[new.supersedes] = min(end, by_file.get(new.supersedes, NEVER))
    ends = np.array([by_file.get(name, NEVER) for name in held], "int64")[of_row]
    is_trade = "cmd_code" in stored.schema.names
    # Of two releases of a whole month of Comext the newer file supersedes the older.
    pairs = rows.group_by(["source_id", "vintage"]).aggregate([]) if is_trade else rows.slice(0, 0)
    pairs = pairs["source_id"].to_pylist()
    families = {name: family_of(sources[name]) for name in pairs if not bulk_month(sources[name])}
    counts = Counter(families[name] for name in pairs if name in families)
    several = [name for name, whose in families.items() if counts[whose] > 1]
    if several:
        frame = stored.to_table(columns=COLUMNS, filter=pc.field("source_id").isin(several))
        frame = frame.to_pandas()
        is_several = np.isin(held, several)[of_row]
        begins = frame["source_id"].map(places) + known[is_several].astype("int64") * len(places)
        by_release = _ends_by_release(frame, begins, sources)
        by_reply = _ends_by_reply(frame, sources, ended)
        ends[is_several] = np.minimum(ends[is_several], np.minimum(by_release, by_reply))
    stands = ends == NEVER
    until = (ends // max(1, len(places))).astype(DAY)
    by = pa.array(ends % max(1, len(places)), mask=stands)
    columns = [pa.array(known), pa.array(until, mask=stands)]
    return pa.table([*columns, pa.array(sources, pa.string()).take(by)], schema.DAYS)


def _days_stated(column: pa.ChunkedArray) -> np.ndarray:
    """The day that each text is; none where it is another."""
    texts = column.combine_chunks().dictionary_encode()
    words = [*texts.dictionary.to_pylist(), ""]  # the last stands for none
    days = np.array([word if is_day(word) else "NaT" for word in words], DAY)
    return days[texts.indices.fill_null(len(words) - 1).to_numpy()]


def _ends_by_release(frame: DataFrame, begins: Series, sources: Mapping[str, Source]) -> np.ndarray:
    """When a newer release of its period, or of a user's of its cell, replaced each row.

    `begins` has the day from which each row was known, with its file.
    """
    whose, release = family(frame, sources), frame["vintage"]
    is_own = whose.ne(frame["source_id"])
    # A release was fetched for some products and partners, so it is the newest of these alone.
    goods = [frame[name].where(is_own, "") for name in GOODS]
    period = frame.groupby([whose, *goods, *(frame[name] for name in PERIOD)]).ngroup()
    undated = is_own & release.eq(catalogue.UNDATED[0])
    if undated.any():
        dates = frame["source_id"].map({name: released(each) for name, each in sources.items()})
        release = release.mask(undated & release.groupby(period).transform("nunique").gt(1), dates)
    # A file that supersedes another is the newer one, whatever their dates.
    dated = release
    for new in filter(lambda source: source.supersedes, sources.values()):
        older = [new.supersedes]  # itself or through another
        while older[-1] in sources and sources[older[-1]].supersedes not in [new.id, *older]:
            older.append(sources[older[-1]].supersedes)
        is_new, is_old = (frame["source_id"].isin(names) for names in ([new.id], older))
        if (is_new & is_own).any() and is_old.any():
            newest = period.map(dated[is_old].groupby(period[is_old]).max())
            release = release.mask(is_new & newest.gt(release), newest)
    newest_first = begins.groupby([period, release]).min().iloc[::-1]
    least = newest_first.groupby(level=0).cummin()
    ends = least.groupby(level=0).shift(fill_value=NEVER).rename("end")
    stated = frame[[]].assign(period=period, release=release)
    return stated.join(ends, ["period", "release"])["end"].to_numpy("int64")


def _ends_by_reply(
    frame: DataFrame, sources: Mapping[str, Source], ended: Callable[[str, str], int]
) -> np.ndarray:
    """When a newer reply was asked for what each row states, whether it has such a row or not.

    A reply of UN Comtrade knows the release of each reporter and period in it.
    """
    ends = np.full(len(frame), NEVER)
    replies = catalogue.by_release(sources.values())
    if not replies:
        return ends
    from tradeflows.retrieval.comtrade.planning import box_of  # which loads what speaks HTTP

    publisher = frame["source_id"].map({name: each.publisher for name, each in sources.items()})
    period = frame["ref_period"].astype("str").str.replace("-", "").str[:6]
    period = period.mask(frame["freq_code"].eq("A"), period.str[:4])
    rows = frame.groupby([publisher, frame["reporter_code"] + " " + period]).indices
    names = frame["source_id"].tolist()
    asked = frame[["partner_code", "cmd_code", "flow_code"]].to_numpy().tolist()
    for cell in replies.keys() & rows.keys():
        older: set[str] = set()
        for day, some in replies[cell]:
            for newer in some:
                known = day if is_day(day) else f"{newer.retrieved}"
                box, end = box_of(newer), ended(known, newer.id)
                for row in rows[cell]:
                    if names[row] in older and box.covers(*asked[row]):
                        ends[row] = min(ends[row], end)
            older |= {source.id for source in some}
    return ends
