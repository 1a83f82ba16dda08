"""What the explorer answers with: a pandas frame that shows itself, and knows what to ask next."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
from pandas.plotting import PlotAccessor

from tradeflows import measures
from tradeflows.measures.common import LABELS, listed, require_single_value, with_lineage
from tradeflows.model.errors import QueryError
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.schema import TRADE, allowed
from tradeflows.retrieval import catalogue
from tradeflows.tables.display import (
    SERIES,
    WORDS,
    as_html,
    as_page,
    as_text,
    heading,
    name_of,
    source_line,
    tidy,
)

SPANS = {1: " a month", 3: " a quarter", 12: " a year"}
RATIOS = ("%", "percent", "times")


def answer(frame: pd.DataFrame, title: str = "") -> "Answer":
    """Turn a frame that has ``value`` and ``unit`` into an answer, with all that it carries."""
    result = Answer(frame)
    result.attrs = {**frame.attrs, **({"title": title} if title else {})}
    return result


class Answer(pd.DataFrame):
    """A pandas frame with a number in each row's ``value``, and what it counts in ``unit``.

    Every operation of pandas works on it and gives an Answer, or a plain frame once ``unit`` is
    gone; ``pd.DataFrame(answer)`` is a plain frame at once. ``plot.bar`` and the like, ``plot``
    with ``kind``, ``x`` or ``y``, and ``compare`` with a plain frame are those of pandas.

    Examples
    --------
    >>> import tradeflows as tf
    >>> crude = tf.flow("crude oil", "China", "Russia", start="2023", end="2023")
    >>> crude.by("reporter")
    Crude oil, imports of China from Russia; tonnes; 2023
    - gacc_energy_imports_from_russia: Coking and steam coal are parts of coal, ...
    - CHN: comtrade_energy_imports_from_russia (2023-01 to 2023-12) states this too and was ...
    - gacc_energy_imports_from_russia: 27090000 in the place of 2709, a level that it does not hold
          value
    107,024,517
    Source: China Customs (vintage 2025-01-25)
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return _again

    @property
    def plot(self) -> "Plot":
        """Draw it in the house style: ``answer.plot(title="…")``; see :class:`Plot`."""
        return Plot(self)

    def by(self, *columns: str, every: int | None = None, absent: str = "unknown") -> "Answer":
        """Sum over all but the `columns`, largest first: over the whole time, or `every` n months.

        Parameters
        ----------
        columns
            ``reporter``, ``partner``, ``product``, ``flow``, or names of columns.
        every
            12 for years, 3 for quarters.
        absent
            What no row stands for where others of the same group have one: ``unknown`` or
            ``zero``. What its source declares to be zero is so without it.

        Raises
        ------
        QueryError
            What would be summed does not add up, or as :func:`tradeflows.measures.total`.

        Examples
        --------
        >>> import tradeflows as tf
        >>> coal = tf.flow("coal", ["China", "India"], "Russia", start="2022", end="2023")
        >>> coal.by("reporter", every=12)[["reporter_iso", "value"]].round(-6)
          reporter_iso       value
        0          CHN   64000000.0
        2          IND   18000000.0
        1          CHN  102000000.0
        3          IND   27000000.0
        """
        names = [column_of(self, word) for word in columns]
        if set(self["unit"]) & {*RATIOS}:
            raise QueryError("shares and ratios do not add up: sum what they were made of")
        labels = ["classification_code"] if "tonnes" in set(self["unit"]) else LABELS
        over = [
            column
            for column in ("reporter_iso", "partner_iso", "cmd_code", "breakdown", *labels)
            if column not in names and column in self and self[column].nunique(dropna=False) > 1
        ]
        sums = measures.total(self, "value", names, over, every=every, absent=absent)
        # The labels stay as they are, since a trace goes by them.
        sums = sums.sort_values(["ref_period", "value"], ascending=[True, False])
        return answer(sums, heading(self))

    def share(self, of: str | pd.DataFrame = "") -> "Answer":
        """Per cent that each row has, period by period: of all rows, or of another answer.

        Parameters
        ----------
        of
            Whose shares, as a word of :meth:`by` (by default the one that differs); or the whole,
            such as the same flow from the world.

        Raises
        ------
        QueryError
            As :func:`tradeflows.measures.shares` and :func:`tradeflows.measures.share`.

        Examples
        --------
        >>> import tradeflows as tf
        >>> russian = tf.flow("crude oil", "China", "Russia", start="2023-05", end="2023-05")
        >>> world = tf.flow("crude oil", "China", "World", start="2023-05", end="2023-05")
        >>> russian.share(world)["value"].round(1).item()
        18.9
        """
        if isinstance(of, pd.DataFrame):
            whole = [name for name in ("reporter_iso",) if of[name].nunique() > 1]
            made = measures.share(self, of, "value", whole)
        else:
            require_single_value(self, ["n_months"])
            member = column_of(self, of) if of else _series(self)[0]
            rows = (
                self
                if set(self["unit"]) & {*RATIOS} or not _several(self, member)
                else (self.by(member, every=int(self["n_months"].iloc[0])))
            )
            made = measures.shares(rows, "value", member)
            if (
                _money(self)
                and rows.get("valuation", pd.Series(dtype=str)).nunique(dropna=False) > 1
            ):
                said = f"valuation differs within the whole: {listed(rows, 'valuation')}"
                made.attrs["caveats"] = (*made.attrs["caveats"], said)
        if nulls := int(made["share_pct"].isna().sum()):
            said = f"{nulls} of {len(made)} rows have no share: of a whole, a member lacks a figure"
            made.attrs["caveats"] = (*made.attrs["caveats"], said)
        return as_value(made, "share_pct", "%", f"Shares: {heading(self)}")

    def compare(self, other: pd.DataFrame, *arguments: Any, **options: Any) -> pd.DataFrame:
        """Set two statements of one flow side by side: the importer's, or this one, over the other.

        With a plain frame, or with options, this is ``DataFrame.compare``.

        Raises
        ------
        QueryError
            As :func:`tradeflows.measures.gap`.

        Examples
        --------
        >>> import tradeflows as tf
        >>> own = tf.flow("crude oil", "China", "Russia", start="2024", publisher="gacc")
        >>> un = tf.flow("crude oil", "China", "Russia", start="2024", publisher="comtrade")
        >>> gap = own.compare(un)
        >>> gap["value"].round(3).unique()
        array([1.])
        """
        if arguments or options or not isinstance(other, Answer):
            return pd.DataFrame(self).compare(pd.DataFrame(other), *arguments, **options)
        flows = [set(side["flow_code"]) for side in (self, other)]
        sides = (other, self) if flows == [{"X"}, {"M"}] else (self, other)
        band = measures.CIF_BAND if _money(self) and flows[0] != flows[1] else (1.0, 1.0)
        title = " over ".join(", ".join(sorted(set(side["publisher"]))) for side in sides)
        return as_value(
            measures.gap(*sides, "value", band), "ratio", "times", f"{heading(self)}: {title}"
        )

    def trace(self, column: str = "value") -> pd.DataFrame:
        """Lines of the raw files that each number was made of; see :func:`tradeflows.tables.trace`.

        Examples
        --------
        >>> import tradeflows as tf
        >>> may = tf.flow("crude oil", "China", "Russia", start="2023-05", end="2023-05")
        >>> may.trace()[["formula", "value", "unit", "line"]]
                formula         value unit  line
        0  weight / 1000  9.704130e+09   kg   522
        """
        from tradeflows.tables.trace import trace

        return trace(self, column)

    def __repr__(self) -> str:
        """Its heading, its caveats, the tidy table, and the source."""
        if not _is_tidy(self):
            return super().__repr__()
        notes = [f"- {note}" for note in self.attrs.get("caveats", ())]
        head, table = tidy(self)
        return "\n".join([head, *notes, as_text(table), *source_line(self)])

    def _repr_html_(self) -> str | None:
        if not _is_tidy(self):
            return super()._repr_html_()
        head, table = tidy(self)
        return as_page(head, self.attrs.get("caveats", ()), as_html(table), source_line(self))


class Plot(PlotAccessor):
    """``answer.plot()``: the chart of :mod:`tradeflows.charts` that fits; the rest is pandas' own.

    Months are lines, blocks of months bars as long as they are, one period is bars side by side,
    shares of settlement points, published figures windows, and what is held a picture of months.
    """

    def __call__(self, *arguments: Any, **look: Any) -> Any:
        """Draw the answer; options as of the chart, such as ``title``, ``events``, ``zero``."""
        from tradeflows import charts

        if arguments or set(look) - {*charts.Look.__annotations__, "zero", "every", "highlight"}:
            return super().__call__(*arguments, **look)
        return draw(self._parent, look)


def draw(frame: pd.DataFrame, look: Mapping[str, Any]) -> Any:
    """Draw an answer, with options of :class:`tradeflows.charts.Look`."""
    from tradeflows import charts
    from tradeflows.charts import units

    if "held" in frame:
        who = catalogue.publishers(catalogue.root(), local=True)
        cells = zip(*(frame[each] for each in ("name", "code", "publisher")), strict=True)
        strips = [
            f"{name}{code and f' ({code})'}, {who[short].short}" for name, code, short in cells
        ]
        options = {"title": heading(frame), "unit": "Months held", **look}
        return charts.coverage(frame, held="held", by=strips, **options)
    require_single_value(frame, ["unit"])
    unit = str(frame["unit"].iloc[0])
    numbers = [column for column in ("value", "low", "high") if column in frame]
    divisor, word = units.scale(frame[numbers].abs().max().max())
    rows = pd.DataFrame(frame)
    rows.attrs = dict(frame.attrs)
    rows = measures.scale(rows, "value", divisor, "drawn")
    ends = numbers[1:]
    for end in ends:
        rows = measures.scale(rows, end, divisor, end)
    options = {"title": heading(frame), "unit": units.axis_label(word, unit), **look}
    noted = tuple(f"{source}: " for source in frame.attrs.get("sources", ()))
    caveats = [text for text in frame.attrs.get("caveats", ()) if not text.startswith(noted)]
    options = {"caveats": caveats, **options}
    if "window_start" in frame:
        vague = rows[["window_start", "window_end"]].isna().any(axis="columns")
        if vague.any():
            told = f"Not drawn, since its window is vague: {', '.join(rows['id'][vague])}"
            options = {"note": told, **options}
        rows = rows[~vague]
        names = dict(zip(rows["id"], rows["id"] + ", " + rows["publisher"], strict=True))
        options = {"names": names, "log": True, **options}
        return charts.windows(rows, y="drawn", label="id", span=[*ends], **options)
    if "ref_period" not in rows:
        rows["ref_period"] = ""
    rows = rows.dropna(subset=["ref_period"])
    first, *others = chosen = _series(rows)
    cells = zip(*(rows[name] for name in chosen), strict=True)
    rows["series"] = (
        [", ".join(map(name_of, chosen, one)) for one in cells] if others else rows[first]
    )
    names = {each: name_of(first, each).replace("_", " ") for each in set(rows["series"])}
    if first not in ("reporter_iso", "partner_iso"):  # of which the page has its own names
        options = {"names": names, **options}
    if "concept" in frame:
        known = rows[["value", *ends]].notna().any(axis="columns")
        return charts.points(rows[known], y="drawn", by="series", span=[*ends], **options)
    lengths = set(rows.get("n_months", [1]))
    if rows["ref_period"].nunique() == 1 == len(lengths):
        return charts.bars(rows, y="drawn", by="series", **options)
    adds_up = unit not in RATIOS
    if "unit" not in look and adds_up:
        options["unit"] += SPANS.get(max(lengths), "") if len(lengths) == 1 else " a month"
    if len(lengths) == 1:
        return charts.lines(rows, y="drawn", by="series", **options)
    return charts.blocks(rows, y="drawn", by="series", per_month=adds_up, **options)


# --- what they are made with ----------------------------------------------------------------------


def column_of(frame: pd.DataFrame, word: str) -> str:
    """The column that `word` names."""
    name = WORDS.get(word, word)
    if name not in frame:
        held = [word for word, column in WORDS.items() if column in frame]
        raise QueryError(f"no column {word!r}; there are {', '.join([*held, *frame.columns])}")
    return name


def _series(frame: pd.DataFrame) -> list[str]:
    """The fewest columns that tell apart the rows of one period."""
    differs = [name for name in SERIES if name in frame and frame[name].nunique(dropna=False) > 1]
    chosen: list[str] = []
    for name in differs:
        if not chosen or frame.duplicated(["ref_period", *chosen]).any():
            chosen.append(name)
    return chosen or [next(name for name in SERIES if name in frame)]


def _money(frame: pd.DataFrame) -> bool:
    return set(frame["unit"]) <= {*allowed(TRADE.field("currency"))}


def _several(frame: pd.DataFrame, member: str) -> bool:
    return bool(frame.duplicated(["ref_period", member]).any()) or any(
        frame[name].nunique(dropna=False) > 1
        for name in ("cmd_code", "classification_code")
        if name in frame and name != member
    )


def _is_tidy(frame: pd.DataFrame) -> bool:
    return frame.columns.nlevels == 1 and frame.columns.is_unique and len(frame) > 0


def _again(*arguments: Any, **options: Any) -> pd.DataFrame:
    """An Answer as long as it knows its unit: what pandas makes of one."""
    frame = pd.DataFrame(*arguments, **options)
    return Answer(frame) if frame.columns.nlevels == 1 and "unit" in frame.columns else frame


def as_value(frame: pd.DataFrame, column: str, unit: str, title: str) -> Answer:
    """Make one column of a measure's result the value of an answer."""
    result = frame.assign(value=frame[column], unit=unit).drop(columns=column)
    formulas = {"value": Formula("value", {"value": Role(frame, column)})}
    return answer(with_lineage(result, frame, formulas=formulas, kept=[Role(frame)]), title)
