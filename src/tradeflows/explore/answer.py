"""What the explorer answers with: a pandas frame that shows itself, and knows what to ask next."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.plotting import PlotAccessor

from tradeflows import measures
from tradeflows.explore.naming import in_print, publisher_name, with_names
from tradeflows.measures.common import LABELS, listed, require_single_value, with_lineage
from tradeflows.model import codes
from tradeflows.model.attached import ROOT
from tradeflows.model.contracts import CURRENCIES
from tradeflows.model.errors import QueryError, near, nearest, require_text
from tradeflows.model.lineage import Formula, Role
from tradeflows.model.periods import first_month, month_text, require_months, runs
from tradeflows.retrieval import catalogue
from tradeflows.tables.display import (
    SERIES,
    SHORT_NAMES,
    as_html,
    as_page,
    as_text,
    caveats_of,
    heading,
    source_line,
    tidy,
    with_short_names,
    without_short_names,
)

CODE_COLUMNS = {short: column for column, short in SHORT_NAMES.items()}
RATIOS = ("%", "percent", "times")
OURS = ("zero", "every", "highlight", "y")  # options of our charts, beside those of their look
PANDAS_PLOT = "pandas.DataFrame(answer).plot draws any column as it is"


def answer(frame: pd.DataFrame, title: str = "", root: Path | None = None) -> "Answer":
    """Turn a frame that has ``value`` and ``unit`` into an answer, with all that it carries.

    With the `root` that a user named it is drawn and traced from any folder.
    """
    named = with_short_names(pd.DataFrame(frame).copy(deep=False))
    result = Answer(named)
    result.attrs = dict(frame.attrs)
    if title:
        result.attrs["title"] = title
    if root is not None:
        result.attrs[ROOT] = str(root.resolve())
    return result


class Answer(pd.DataFrame):
    """A pandas frame with a number in each row's ``value``, and what it counts in ``unit``.

    It has the codes of the tables (``reporter_iso``, ``ref_period``) and beside them the names
    that it shows (``reporter``, ``period``). Every operation of pandas works on it and gives an
    Answer, or a plain frame once ``unit`` is gone; ``pd.DataFrame(answer)`` is a plain frame.

    Examples
    --------
    >>> import tradeflows as tf
    >>> crude = tf.flow("crude oil", "China", "Russia", start="2023", end="2023")
    >>> crude.by("reporter")
    Crude oil, imports of China from Russia; tonnes; 2023
    - China Customs: Coking and steam coal are parts of coal, LNG and LPG parts of HS 2711: ...
    - China: UN Comtrade (2023-01 to 2023-12) states this too and was passed over; ...
    - China Customs: no row is of 2709 as a whole; 27090000 stands for it
          value
    107,024,517
    Source: China Customs, via CREA (as of 25 January 2025)
    >>> crude.set_index("period")["value"].round(-3).head(2)
    period
    2023-01    7990000.0
    2023-02    7683000.0
    Name: value, dtype: float64
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return _answer_or_frame

    def __finalize__(self, other: Any, method: str | None = None, **options: Any) -> "Answer":
        """What pandas passes on and, of answers that are joined, their sources and project."""
        super().__finalize__(other, method, **options)
        if method == "concat" and not self.attrs:  # which pandas keeps where they are equal
            with_lineage(self, *other.objs)
        return self

    @property
    def plot(self) -> "Plot":
        """Draw it in the house style: ``answer.plot(title="…")``; see :class:`Plot`."""
        return Plot(self)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What to mind of these figures, a sentence each, as shown above the table."""
        with catalogue.within(self.attrs):
            return tuple(with_names(caveats_of(self)))

    def by(
        self, *columns: str | Sequence[str], every: int | None = None, absent: str = "unknown"
    ) -> "Answer":
        """Sum over all but the `columns`, largest first: over the whole time, or `every` n months.

        Parameters
        ----------
        columns
            ``reporter``, ``partner``, ``product``, ``flow``, or names of columns; also as a list.
            ``period`` is a sum for each month, or for each `every` months.
        every
            12 for years, 3 for quarters; months at the ends that fill none are in no sum, and a
            caveat names them.
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
        frame = _codes_alone(self)
        named = [column_of(self, word) for word in _listed_words(columns)]
        kept = [column for column in named if column != "ref_period"]
        if every is None and len(kept) < len(named):
            every = 1
        if _is_ratio(frame):
            raise QueryError("shares and ratios do not add up: sum what they were made of")
        window, caveats = _whole_windows(frame, every)
        options: dict[str, Any] = {"every": every, "absent": absent, **window}
        sums = measures.total(frame, "value", kept, _summed_over(frame, kept), **options)
        # The labels stay as they are, since a trace goes by them.
        sums = sums.sort_values(["ref_period", "value"], ascending=[True, False])
        return with_caveats(answer(sums, heading(self)), caveats)

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
            shares = _shares_of(self, of)
            caveats: list[str] = []
        else:
            shares, caveats = _shares_among(self, of)
        nulls = int(shares["share_pct"].isna().sum())
        if nulls:
            caveats.append(
                f"{nulls} of {len(shares)} rows have no share: of a whole, a member lacks a figure"
            )
        result = as_value(shares, "share_pct", "%", f"Shares: {heading(self)}")
        return with_caveats(result, caveats)

    def gap(self, other: "Answer | None" = None) -> "Answer":
        """Divide two statements of one flow: this one by the other, or the importer's by the other.

        Both stand beside the ratio, as ``value_m`` and ``value_x``; a caveat names the periods
        that one side alone states. The chart draws both sides, shades those periods and, of values
        at the border and at the quay, has a band for what freight and insurance explain; of the
        ratio with ``plot(y="value")``, and where there are several flows.

        Parameters
        ----------
        other
            Another answer; unless given, what the partner states of the same flow.

        Raises
        ------
        QueryError
            As :func:`tradeflows.measures.gap`, or the partner states nothing of it.

        Examples
        --------
        >>> import tradeflows as tf
        >>> customs = tf.flow("crude oil", "China", "Russia", start="2024", publisher="gacc")
        >>> nations = tf.flow("crude oil", "China", "Russia", start="2024", publisher="comtrade")
        >>> customs.gap(nations)["value"].round(3).unique()
        array([1.])
        >>> goods = tf.flow("total", "China", "Russia", start="2021-05", end="2021-06")
        >>> goods.gap()[["value_m", "value_x"]].round(-9)
                value_m       value_x
        0  6.000000e+09  5.000000e+09
        1  6.000000e+09  6.000000e+09
        """
        with catalogue.within(self.attrs):
            return self._gap(other)

    def _gap(self, other: "Answer | None") -> "Answer":
        if other is None:
            from tradeflows.explore.mirror import other_side

            other = other_side(self)
        if not isinstance(other, Answer):
            raise QueryError("gap takes another answer: the same flow as somebody else states it")
        over, under = _codes_alone(self), _codes_alone(other)
        flows = [set(side.get("flow_code", ())) for side in (over, under)]
        if flows == [{"X"}, {"M"}]:
            over, under = under, over
        has_freight = _is_money(self) and flows[0] != flows[1]
        band = measures.CIF_BAND if has_freight else (1.0, 1.0)
        ratios = measures.gap(over, under, "value", band)
        title = f"{heading(self)}: {_publishers(over)} over {_publishers(under)}"
        result = as_value(ratios, "ratio", "times", title)
        if has_freight:
            least, most = band
            result.attrs["reference"] = {"CIF over FOB, least": least, "CIF over FOB, most": most}
        both = f"{heading(self)}: {_publishers(over)} and {_publishers(under)}"
        result.attrs["both"] = {"title": both, "band": band}
        sides = {"value_m": over, "value_x": under}
        notes = [_one_sided(result, lacking, rows) for lacking, rows in sides.items()]
        return with_caveats(result, [note for note in notes if note])

    def compare(self, other: pd.DataFrame, *arguments: Any, **options: Any) -> pd.DataFrame:
        """Differences from another frame, as ``DataFrame.compare``; see :meth:`gap` for flows."""
        return pd.DataFrame(self).compare(pd.DataFrame(other), *arguments, **options)

    def trace(self, column: str = "value") -> pd.DataFrame:
        """Lines of the raw files that each number was made of; see :func:`tradeflows.trace`.

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
        with catalogue.within(self.attrs):
            return as_lines(self) if is_presentable(self) else super().__repr__()

    def _repr_html_(self) -> str | None:
        if not is_presentable(self):
            return super()._repr_html_()
        with catalogue.within(self.attrs):
            return page_of(self, as_html)


class Plot(PlotAccessor):
    """``answer.plot()``: the chart of :mod:`tradeflows.charts` that fits; the rest is pandas' own.

    Months are lines, blocks of months bars as long as they are, one period is bars side by side,
    shares of settlement points, published figures windows, and what is held a picture of months.
    ``y`` names another column that has a unit. With ``kind``, ``x`` or another option of pandas it
    is the plot of pandas.
    """

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Draw the answer; options as of the chart, such as ``title``, ``events``, ``zero``."""
        from tradeflows import charts
        from tradeflows.explore.drawing import draw

        ours = {*charts.ChartOptions.__annotations__, *OURS}
        for name in sorted(set(options) - ours):
            if nearest(name, ours):
                raise QueryError(f"no option {name!r} of a chart{near(name, ours)}")
        if arguments or set(options) - ours:
            return super().__call__(*arguments, **options)
        with catalogue.within(self._parent.attrs):
            return draw(self._parent, options)

    def bar(self, x: Any = None, y: Any = None, **options: Any) -> Any:
        """Draw bars side by side, of one period; with an `x` it is the plot of pandas.

        Raises
        ------
        QueryError
            There are several periods.
        """
        if x is not None:
            return super().bar(x=x, y=y, **options)
        periods = self._parent.get("ref_period", pd.Series(dtype=object)).nunique()
        if periods > 1:
            raise QueryError(
                f"bars side by side are of one period, and there are {periods}: plot() draws them "
                f"over time, by('reporter').plot.bar() their sums; {PANDAS_PLOT}"
            )
        return self(**options, **({} if y is None else {"y": y}))

    barh = bar  # our bars lie


def page_of(
    shown: Answer,
    as_table: Callable[[pd.DataFrame], str],
    in_words: Callable[[str], str] | None = None,
) -> str:
    """An answer as HTML, of whose table `as_table` makes it.

    With `in_words`, which makes a reader's words of the heading, it says nothing that only who
    writes code has a use for.
    """
    head, table = tidy(shown)
    notes = in_print(shown.caveats) if in_words else shown.caveats
    return as_page(in_words(head) if in_words else head, notes, as_table(table), source_line(shown))


def as_lines(shown: Answer, root: Path | None = None) -> str:
    """An answer as text, with the names that the project in `root` has for its sources."""
    notes = [f"- {note}" for note in with_names(caveats_of(shown), root)]
    head, table = tidy(shown)
    return "\n".join([head, *notes, as_text(table), *source_line(shown, root)])


# --- what an answer is made with ------------------------------------------------------------------


def _listed_words(columns: Sequence[Any]) -> list[str]:
    """Words for columns that are given one by one, in a list, or in both ways."""
    words: list[str] = []
    for column in columns:
        words += column if isinstance(column, list | tuple) else [column]
    for word in words:
        require_text("by", word, "reporter")
    return words


def column_of(frame: pd.DataFrame, word: str) -> str:
    """The column of codes that `word` names, or the column of that name."""
    column = CODE_COLUMNS.get(word, word)
    if column in frame:
        return column
    if word in frame:
        return word
    shorts = [short for short, code in CODE_COLUMNS.items() if code in frame]
    others = [str(name) for name in frame.columns if name not in shorts]
    close = nearest(str(word), [*shorts, *others])
    there = f"there are {', '.join([*shorts, *others])}"
    raise QueryError(f"no column {word!r}; {f'did you mean {close[0]!r}?' if close else there}")


def series_columns(frame: pd.DataFrame) -> list[str]:
    """The fewest columns that tell apart the rows of one period; none where nothing does."""
    present = [name for name in SERIES if name in frame]
    chosen: list[str] = []
    for name in present:
        is_new = frame[name].nunique(dropna=False) > 1
        if is_new and (not chosen or frame.duplicated(["ref_period", *chosen]).any()):
            chosen.append(name)
    return chosen or present[:1]


def as_value(frame: pd.DataFrame, column: str, unit: str, title: str) -> Answer:
    """Make one column of a measure's result the value of an answer."""
    result = frame.assign(value=frame[column], unit=unit).drop(columns=column)
    formulas = {"value": Formula("value", {"value": Role(frame, column)})}
    return answer(with_lineage(result, frame, formulas=formulas, kept=[Role(frame)]), title)


def with_caveats(result: Answer, caveats: list[str]) -> Answer:
    """An answer with more to mind, each said once."""
    if caveats:
        result.attrs["caveats"] = tuple(dict.fromkeys([*caveats_of(result), *caveats]))
    return result


def _answer_or_frame(*arguments: Any, **options: Any) -> pd.DataFrame:
    """What pandas makes of an answer: one too, as long as it knows its unit."""
    frame = pd.DataFrame(*arguments, **options)
    has_unit = frame.columns.nlevels == 1 and "unit" in frame.columns
    return Answer(frame) if has_unit else frame


def _codes_alone(frame: pd.DataFrame) -> pd.DataFrame:
    """A plain frame for a measure: codes without the names of them."""
    plain = pd.DataFrame(frame)
    plain.attrs = dict(frame.attrs)
    return without_short_names(plain)


def _one_sided(gaps: pd.DataFrame, lacking: str, rows: pd.DataFrame) -> str:
    """Say which periods one side does not state."""
    alone = gaps[gaps[lacking].isna()]
    if alone.empty:
        return ""
    months: set[int] = set()
    for first, length in zip(first_month(alone), alone["n_months"], strict=True):
        months.update(range(int(first), int(first) + int(length)))
    who = ", ".join(codes.area_name(area) for area in sorted(rows["reporter_iso"].unique()))
    return f"{who} states nothing of {runs(months)}, where the other side does"


def _publishers(frame: pd.DataFrame) -> str:
    """The names of who published the rows."""
    return ", ".join(sorted({publisher_name(name) for name in frame["publisher"]}))


def is_presentable(frame: pd.DataFrame) -> bool:
    """Whether a table with a heading and names can be made of `frame`."""
    has_plain_columns = frame.columns.nlevels == 1 and frame.columns.is_unique
    return has_plain_columns and "unit" in frame.columns and len(frame) > 0


def _is_ratio(frame: pd.DataFrame) -> bool:
    return bool(set(frame["unit"]) & {*RATIOS})


def _is_money(frame: pd.DataFrame) -> bool:
    return set(frame["unit"]) <= {*CURRENCIES}


def _differs(frame: pd.DataFrame, column: str) -> bool:
    return column in frame and frame[column].nunique(dropna=False) > 1


def _summed_over(frame: pd.DataFrame, kept: list[str]) -> list[str]:
    """Columns that a sum goes over: those that differ and are not `kept`."""
    labels = ["classification_code"] if "tonnes" in set(frame["unit"]) else LABELS
    columns = ("reporter_iso", "partner_iso", "cmd_code", "breakdown", *labels)
    return [column for column in columns if column not in kept and _differs(frame, column)]


def _whole_windows(frame: pd.DataFrame, every: int | None) -> tuple[dict[str, str], list[str]]:
    """Start and end of the windows of `every` months that are whole, and what is left over."""
    require_months(every)
    if not every or not {"ref_period", "n_months"} <= set(frame) or frame.empty:
        return {}, []
    first = first_month(frame)
    begins, ends = int(first.min()), int((first + frame["n_months"]).max())
    is_finer = frame["n_months"].max() < every
    # Months are summed to years and quarters of the calendar; a fiscal year stays one.
    start = -(-begins // every) * every if is_finer and 12 % every == 0 else begins
    stop = ends - (ends - start) % every
    left_over = [*range(begins, start), *range(stop, ends)]
    if stop <= start or not left_over:
        return {}, []
    caveat = f"{runs(left_over)} fill no {every} months, so they are in no sum here"
    return {"start": month_text(start), "end": month_text(stop - 1)}, [caveat]


def _shares_of(part: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    by = [name for name in ("reporter_iso",) if _differs(whole, name)]
    return measures.share(_codes_alone(part), _codes_alone(whole), "value", by)


def _shares_among(frame: Answer, word: str) -> tuple[pd.DataFrame, list[str]]:
    """Shares of each member in all rows of its period, and what to mind."""
    require_single_value(frame, ["n_months"])
    member = column_of(frame, word) if word else next(iter(series_columns(frame)), "")
    if not member:
        raise QueryError("no column tells the rows apart, so there is nothing to share out")
    rows: pd.DataFrame = frame
    if not _is_ratio(frame) and _has_several_rows(frame, member):
        rows = frame.by(member, every=int(frame["n_months"].iloc[0]))
    shares = measures.shares(_codes_alone(rows), "value", member)
    if _is_money(frame) and _differs(rows, "valuation"):
        return shares, [f"valuation differs within the whole: {listed(rows, 'valuation')}"]
    return shares, []


def _has_several_rows(frame: pd.DataFrame, member: str) -> bool:
    """Whether a member has several rows a period, or rows of several goods."""
    goods = [name for name in ("cmd_code", "classification_code") if name != member]
    if any(_differs(frame, name) for name in goods):
        return True
    return bool(frame.duplicated(["ref_period", member]).any())
