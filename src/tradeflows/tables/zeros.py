"""Which cells and periods of an answer are zeros, as their source declares in the catalogue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from tradeflows.model import codes, schema
from tradeflows.model.absence import AXES, DECLARED, ZEROS, Absence, Zeros, absence
from tradeflows.model.periods import first_month
from tradeflows.model.source import Source
from tradeflows.tables.query import Question

if TYPE_CHECKING:
    import pandas as pd

PERIOD = ["ref_period", "n_months", "freq_code"]
FIGURES = ["value_reported", "primary_value_usd", "net_wgt_kg", "qty"]
WORLD = "W00"
Wanted = Mapping[str, Sequence[str]]  # column: values of it that were asked for


def of_answer(frame: pd.DataFrame, asked: Question, *, splice: bool = False) -> Zeros | None:
    """The declared zeros of an answer, if there are any.

    Parameters
    ----------
    frame
        Rows of ``trade`` as they are to be answered.
    asked
        What they answer.
    splice
        Whether they are parts of several sources, one after the other: then a source has no zeros
        in the months of another one's part.
    """
    rows = _all_zeros(frame, asked, list(frame["source_id"].unique()))
    if rows is not None and splice:
        rows = rows[~_in_part_of_another(rows, frame)].reset_index(drop=True)
    return None if rows is None or rows.empty else Zeros(rows, _cells(frame))


def only_zeros(empty: pd.DataFrame, asked: Question) -> pd.DataFrame | None:
    """An `empty` answer with its zeros, where all that was asked for is declared to be none."""
    chosen = asked.conditions.get("source_id", asked.sources)
    ranked = sorted(asked.sources.values(), key=lambda source: source.rank)
    for source in ranked:
        rows = _all_zeros(empty, asked, [source.id]) if source.id in chosen else None
        if rows is not None and rows["freq_code"].nunique() == 1:
            answer = empty.copy()
            names = tuple(sorted(rows["source_id"].unique()))
            answer.attrs = {"sources": names, "caveats": (f"no row: {summary(rows)}",)}
            answer.attrs[ZEROS] = Zeros(rows, _cells(empty))
            return answer
    return None


def summary(rows: pd.DataFrame) -> str:
    """One line that says which `rows` count as none, and who declares it."""
    who = ", ".join(sorted(rows["source_id"].unique()))
    months = sorted(set(rows["ref_period"].dt.strftime("%Y-%m")))
    when = ", ".join(months[:3]) + (" …" if len(months) > 3 else "")
    column = rows["along"].iloc[0]
    members = sorted(rows[column].unique())
    names = ", ".join(members[:3]) + (" …" if len(members) > 3 else "")
    return f"{len(rows)} absent rows ({names}; {when}) are zeros, as {who} declares"


def _all_zeros(frame: pd.DataFrame, asked: Question, names: Sequence[str]) -> pd.DataFrame | None:
    """The zeros that the sources of these `names` declare."""
    import pandas as pd

    declaring = [asked.sources[name] for name in names if asked.sources[name].absent]
    parts = []
    for source in declaring:
        mine = frame[frame["source_id"].eq(source.id)]
        lines = _lines(source, mine, asked)
        for entry in source.absent:
            zeros = _zeros(absence(entry), mine, lines, asked)
            if len(zeros):
                parts.append(zeros)
    if not parts:
        return None
    rows = pd.concat(parts, ignore_index=True).drop_duplicates([*AXES, *PERIOD])
    rows = _disjoint(rows[~_stated(rows, frame)])
    return rows if len(rows) else None


def _disjoint(rows: pd.DataFrame) -> pd.DataFrame:
    """Zeros of which none has a month of another: a block of months before a month of it."""
    import pandas as pd

    if rows["n_months"].nunique() < 2:
        return rows.reset_index(drop=True)
    kept = rows.iloc[:0]
    for _, some in sorted(rows.groupby("n_months"), reverse=True):
        kept = pd.concat([kept, some[~_stated(some, kept)]])
    return kept.sort_index().reset_index(drop=True)


def _in_part_of_another(rows: pd.DataFrame, frame: pd.DataFrame) -> pd.Series:
    """Whether each of the zeros `rows` lies between the first and the last row of another source.

    Only rows of the same reporter and flow of the answer `frame` are looked at.
    """
    import pandas as pd

    keys = ["reporter_iso", "flow_code"]
    first = first_month(frame)
    spans = frame[[*keys, "source_id"]].assign(begin=first, end=first + frame["n_months"] - 1)
    spans = spans.groupby([*keys, "source_id"], as_index=False).agg({"begin": "min", "end": "max"})
    zeros = rows[[*keys, "source_id"]].assign(place=range(len(rows)), month=first_month(rows))
    pairs = zeros.merge(spans, on=keys, suffixes=("", "_other"))
    pairs = pairs[pairs["source_id"].ne(pairs["source_id_other"])]
    length = rows["n_months"].to_numpy()[pairs["place"]]
    is_within = pairs["month"].le(pairs["end"]) & (pairs["month"] + length).gt(pairs["begin"])
    return pd.Series(range(len(rows)), rows.index).isin(pairs.loc[is_within, "place"])


def _lines(source: Source, mine: pd.DataFrame, asked: Question) -> pd.DataFrame:
    """All lines of a file whose reporter, flow and partner can speak for the answer."""
    held = asked.stored()
    where = pc.field("source_id") == source.id
    along = {entry["along"] for entry in source.absent}
    for column in {"reporter_iso", "flow_code"} - along:
        values = mine[column].unique().tolist()
        if not len(mine):
            values = list(asked.conditions.get(column, ()))
        if values and values != ["countries"]:
            where &= pc.field(column).isin(values)
    columns = [name for name in schema.TRADE.names if name in held.schema.names]
    lines = asked.known(held.to_table(columns=columns, filter=where))
    rows = lines.to_pandas()
    rows["ref_period"] = rows["ref_period"].astype("datetime64[us]")
    return rows


def _zeros(
    declared: Absence, mine: pd.DataFrame, lines: pd.DataFrame, asked: Question
) -> pd.DataFrame:
    """The zeros that one declaration makes, each as the line that shows the reporter's report."""
    for column, value in declared.where.items():
        lines, mine = lines[lines[column].eq(value)], mine[mine[column].eq(value)]
    cells = _candidates(declared.along, mine, lines, asked.conditions)
    of_file = lines  # a block that the window cuts states its months too
    lines = _within(lines, declared, mine, asked.window.half_open)
    if not len(cells) or not len(lines):
        return lines.iloc[:0]
    rest = [name for name in AXES if name != declared.along]
    lines = lines.assign(
        world=lines["partner_iso"].map(_is_aggregate),
        derived=lines["flags"].str.contains("derived"),
    ).sort_values(["world", "derived", "source_row"], kind="stable")
    # The same goods first; else any line that the reporter sent of that flow and period.
    loose = [name for name in ("reporter_iso", "flow_code", "cumulation") if name in rest]
    near = lines.drop_duplicates([*rest, *PERIOD])
    any_line = lines.drop_duplicates([*loose, *PERIOD])
    matched = cells.merge(near, on=rest, how="inner", suffixes=("", "_line"))
    others = cells.merge(any_line, on=loose, how="inner", suffixes=("", "_line"))
    import pandas as pd

    zeros = pd.concat([matched, others], ignore_index=True).drop_duplicates([*AXES, *PERIOD])
    zeros = zeros.drop(columns=[name for name in zeros if name.endswith("_line")])
    zeros = zeros[~_stated(zeros, of_file)].drop(columns=["world", "derived"])
    zeros = zeros.assign(flags="", note=None, qualifier="=", along=declared.along)
    for name in FIGURES:  # of a figure that the file never states nothing is known
        zeros[name] = 0.0 if of_file[name].notna().any() else np.nan
    return zeros.assign(**{DECLARED: True})


def _candidates(
    along: str, mine: pd.DataFrame, lines: pd.DataFrame, wanted: Wanted
) -> pd.DataFrame:
    """Cells that the answer is of, and those that were asked for and that the file names."""
    import pandas as pd

    rest = [name for name in AXES if name != along]
    named = pd.DataFrame({along: lines[along].unique()})
    asked = [value for value in wanted.get(along, ()) if value != "countries"]
    base = mine if len(mine) else _asked(lines, wanted, rest)
    cells = mine[[*AXES]].drop_duplicates()
    if asked or not len(mine):
        wider = base[rest].drop_duplicates().merge(named, how="cross")
        cells = pd.concat([cells, wider[wider[along].isin(asked)] if asked else wider])
    members = [code for code in named[along] if not _is_aggregate(code)]
    if asked and not len(mine):  # what else the file names was not asked for
        members = [code for code in members if code in asked]
    cells = cells[cells[along].isin(members)]
    return cells[[*AXES]].drop_duplicates()


def _asked(lines: pd.DataFrame, wanted: Wanted, columns: Sequence[str]) -> pd.DataFrame:
    """Lines that have a value that was asked for in each of `columns`."""
    for column in columns:
        values = wanted.get(column)
        if values and list(values) not in (["countries"], ["parts"]):
            lines = lines[lines[column].isin(list(values))]
    return lines


def _within(
    lines: pd.DataFrame,
    declared: Absence,
    mine: pd.DataFrame,
    window: tuple[int | None, int | None],
) -> pd.DataFrame:
    """Lines of the span that is declared and of the window that the answer is of."""
    if len(mine):
        begins = first_month(mine)
        lines = lines[lines["freq_code"].isin(mine["freq_code"].unique())]
        ends = int(begins.min()), int((begins + mine["n_months"]).max())
    else:
        ends = 0, 12 * 9999
    first = first_month(lines)
    begin = max(declared.first, ends[0] if window[0] is None else window[0])
    stop = min(declared.last + 1, ends[1] if window[1] is None else window[1])
    return lines[(first >= begin) & (first + lines["n_months"] <= stop)]


def _stated(zeros: pd.DataFrame, rows: pd.DataFrame) -> Any:
    """Whether `rows` state any month of each of `zeros`, with a figure or without."""
    import pandas as pd

    return pd.Series(_months(zeros).isin(_months(rows)), _repeated(zeros)).groupby(level=0).any()


def _repeated(rows: pd.DataFrame) -> pd.Index:
    return rows.index.repeat(rows["n_months"].to_numpy("int64"))


def _months(rows: pd.DataFrame) -> pd.MultiIndex:
    """Cell and month of each month of each of `rows`."""
    import pandas as pd

    length = rows["n_months"].to_numpy("int64")
    place = np.repeat(np.arange(len(rows)), length)
    after = np.arange(len(place)) - np.repeat(length.cumsum() - length, length)
    months = first_month(rows).to_numpy()[place] + after
    cells = rows[[*AXES]].iloc[place]
    return pd.MultiIndex.from_frame(cells.assign(month=months))


def _cells(frame: pd.DataFrame) -> pd.DataFrame:
    """First and last month of each cell of an answer."""
    first = first_month(frame)
    return (
        frame[[*AXES]]
        .assign(first=first, last=first + frame["n_months"] - 1)
        .groupby([*AXES], dropna=False, as_index=False)
        .agg({"first": "min", "last": "max"})
    )


def _is_aggregate(code: str) -> bool:
    """Whether a code stands for several areas or goods, of which a lack is never a zero."""
    if code in ("TOTAL", WORLD):
        return True
    return code in codes.groups() and not codes.is_country(code)
