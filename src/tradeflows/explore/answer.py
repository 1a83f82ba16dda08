"""What the explorer answers with: a pandas frame that shows itself, and knows what to ask next."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.plotting import PlotAccessor

from tradeflows import measures, tables
from tradeflows.explore.hints import AREAS, PERIOD, held, is_converted
from tradeflows.explore.naming import in_print, publisher_name, with_names
from tradeflows.explore.questions import unit_of_words
from tradeflows.measures.common import (
    LABELS,
    computed,
    figures_of,
    join_qualifiers,
    listed,
    numbers_of,
    overlaps,
    places_in,
    require_single_value,
    unit_of,
    with_lineage,
)
from tradeflows.measures.comparisons import qualifier_of_change
from tradeflows.model import codes, groups
from tradeflows.model.attached import ROOT
from tradeflows.model.contracts import CURRENCIES
from tradeflows.model.errors import NothingStatedError, QueryError, near, nearest, require_text
from tradeflows.model.lineage import Formula, Role, lineage_of
from tradeflows.model.periods import (
    first_day,
    first_month,
    month_text,
    months_of,
    parse_period,
    require_months,
    runs,
)
from tradeflows.model.sealed import (
    LESS,
    NAMED,
    Column,
    as_read,
    bounded,
    join_seals,
    require_as_read,
    seal,
    with_periods,
    with_signs,
)
from tradeflows.model.words import MIRRORED, call, in_a_sentence
from tradeflows.retrieval import catalogue, own_words
from tradeflows.tables.display import (
    CHOSEN,
    MEASURE,
    SERIES,
    SHORT_NAMES,
    as_html,
    as_page,
    as_text,
    caveats_of,
    heading,
    name_of,
    set_heading,
    set_names,
    slim_table,
    source_line,
    tidy,
    with_short_names,
    without_short_names,
)

CODE_COLUMNS = {short: column for column, short in SHORT_NAMES.items()} | {"route": "partner_code"}
RATIOS = ("%", "percent", "times", "ratio", "rank")
OF_HEADING = ("title", MEASURE, NAMED, LESS)  # what joined answers keep where it is the same
OF_ROW = ("source_id", "reporter_iso", "id")  # whose codes begin a caveat
SPANS = {"year": 12, "quarter": 3, "month": 1}  # words of `by` for a length in months
LEVELS = {"heading": 4, "chapter": 2}  # words of `by` for goods by the digits of their codes
GOODS_GONE = "its goods were added up, so give the whole, such as flow(…, 'World', …).by('year')"
RATES_OF = ("European Central Bank", "Bank of Russia")  # the first where both state as much
YEAR = 2000  # any, for the names of months
UNSPECIFIED = "_X"
FEW = 5  # codes that a message names
MONEY = ("primary_value_usd", "value_reported")
AMOUNTS = (*MONEY, "net_wgt_kg")  # what stands beside the value of a sum
OURS = ("zero", "every", "highlight", "y")  # options of our charts, beside those of their look
NO_BOUND = "~ marks what is made of figures that are not exact: it is about so much, and no bound"
PANDAS_PLOT = "pandas.DataFrame(answer).plot draws any column as it is"


def answer(
    frame: pd.DataFrame,
    title: str = "",
    root: Path | None = None,
    of: pd.DataFrame | None = None,
) -> "Answer":
    """Turn a frame that has ``value`` and ``unit`` into an answer, with all that it carries.

    With the `root` that a user named it is drawn and traced from any folder. Of what is measured
    of other rows, `title` is the measure.
    """
    result = Answer(with_short_names(pd.DataFrame(frame)))
    result.attrs = {name: kept for name, kept in frame.attrs.items() if name != CHOSEN}
    if of is not None:
        set_heading(result, title, of)
    elif title:
        result.attrs["title"] = title
    if root is not None:
        result.attrs[ROOT] = str(root.resolve())
    seal(result)
    return result


class Answer(pd.DataFrame):
    """A pandas frame with a number in each row's ``value``, and what it counts in ``unit``.

    It has the codes of the tables (``reporter_iso``, ``ref_period``) and beside them the names
    that it shows (``reporter``, ``period``). Every operation of pandas works on it and gives an
    Answer, or a plain frame once ``unit`` is gone; ``pd.DataFrame(answer)`` is a plain frame.
    A figure that is not exact is shown and saved with its sign, whatever columns were chosen.

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
        return Answer if bounded(self) else _answer_or_frame  # which shows the sign of a bound

    @property
    def _constructor_sliced(self) -> Callable[..., pd.Series]:
        return Column

    def _arith_method(self, other: Any, op: Any) -> Any:
        if "unit" not in self:
            return super()._arith_method(other, op)
        raise QueryError(
            "an answer is a table of texts and numbers: a.series() - b.series() goes by period, "
            "and answer['value'] is a column to count with"
        )

    def __getitem__(self, key: Any) -> Any:
        """What pandas takes; a column knows its periods, and columns what they are of."""
        taken = super().__getitem__(key)
        if isinstance(taken, Answer) and isinstance(key, list) and len({*taken}) < len({*self}):
            set_names(taken, self)
            taken.attrs[CHOSEN] = True
        return with_periods(taken, self)

    def __finalize__(self, other: Any, method: str | None = None, **options: Any) -> "Answer":
        """What pandas passes on and, of answers that are joined, their sources and project.

        Of fewer rows the sources and caveats of the others go, and rows are counted anew; each
        group of many keeps them, since looking for those of all rows a group at a time takes
        minutes.
        """
        super().__finalize__(other, method, **options)
        is_part = method != "groupby" and isinstance(other, Answer) and len(self) < len(other)
        if is_part and ({"source_id", "source_row"} <= {*self} or "id" in self):
            self.attrs |= _said_of_part(pd.DataFrame(other), pd.DataFrame(self), self.attrs)
        inputs = [*getattr(other, "input_objs", ())]
        if any(each.attrs != inputs[0].attrs for each in inputs):  # pandas keeps what is equal
            shared = _shared_heading([each.attrs for each in inputs if isinstance(each, Answer)])
            self.attrs.clear()
            self.attrs |= shared
            with_lineage(self, *inputs)
            join_seals(self, inputs)
        return self

    @property
    def plot(self) -> "Plot":
        """Draw it in the house style: ``answer.plot(title="…")``; see :class:`Plot`."""
        return Plot(self)

    @property
    def caveats(self) -> tuple[str, ...]:
        """What to mind of these figures, a sentence each, as shown above the table."""
        with catalogue.within(self.attrs):
            return tuple(with_names(caveats_of(as_read(self))))

    def by(
        self, *columns: str | Sequence[str], every: int | None = None, absent: str = "unknown"
    ) -> "Answer":
        """Sum over all but the `columns`, largest first: over the whole time, or `every` n months.

        Parameters
        ----------
        columns
            ``reporter``, ``partner``, ``product``, ``flow``, or names of columns; also as a list.
            ``heading`` and ``chapter`` are goods by the first four or two digits of their codes.
            ``year``, ``quarter`` and ``month`` are sums for each; ``period`` for each period as it
            is stated, or for each `every` months. Beside ``value`` stand the sums of the value in
            its currency, in dollars, and of the weight, where they are whole.
        every
            12 for years, 3 for quarters; months at the ends that fill none are in no sum, and a
            caveat names them.
        absent
            What no row stands for in a month that is stated of another partner: ``unknown`` or
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
        words = _listed_words(columns)
        frame = _with_levels(_codes_alone(self), words)
        spans = [SPANS[word] for word in words if word in SPANS and word not in frame]
        named = [column_of(frame, word) for word in words if word not in SPANS or word in frame]
        kept = [column for column in named if column != "ref_period"]
        if every is None and (spans or len(kept) < len(named)):
            every = spans[0] if spans else _length(frame)
        if _is_ratio(frame):
            raise QueryError("shares and ratios do not add up: sum what they were made of")
        window, caveats = _whole_windows(frame, every)
        result = _sums(frame, kept, {"every": every, "absent": absent, **window})
        finest = max({*words} & {*LEVELS}, key=lambda word: LEVELS[word], default="")
        if finest and "cmd_code" not in result:  # a level is goods, too
            result["cmd_code"] = result[finest]
        # The labels stay as they are, since a trace goes by them.
        result = result.sort_values(["ref_period", "value"], ascending=[True, False])
        return with_caveats(answer(result, of=self), caveats)

    def share(self, of: str | pd.DataFrame = "") -> "Answer":
        """Per cent that each row has, period by period; the unit names the measure and the whole.

        Parameters
        ----------
        of
            Whose shares, as a word of :meth:`by` (by default the one that differs); or the whole:
            an area, such as ``World``, or another answer. Of partners the whole is the world (of
            the EU, what is outside) where the same source states it, else all that are named.

        Raises
        ------
        QueryError
            One member alone has no share; or as :func:`tradeflows.measures.shares` and
            :func:`tradeflows.measures.share`.

        Examples
        --------
        >>> import tradeflows as tf
        >>> russian = tf.flow("crude oil", "China", "Russia", start="2023-05", end="2023-05")
        >>> russian.share("World")[["value", "unit"]].round(1).values.tolist()
        [[18.9, '% by weight (tonnes), of World']]
        """
        require_as_read(self)
        if _is_ratio(self):
            raise QueryError(
                "a share of shares or ratios says nothing: share what they are made of"
            )
        caveats = []
        if _is_money(self) and _differs(self, "valuation"):
            caveats = [f"valuation differs within the whole: {listed(self, 'valuation')}"]
        with catalogue.within(self.attrs):
            of = _all_goods_of(self) if isinstance(of, str) and of.casefold() == "total" else of
            member, whole = _member_or_whole(self, of)
            if whole is None:
                rows, member = _members(self, member)
                shares = measures.shares(_codes_alone(rows), "value", member)
                name = _named_members(rows, member)
                caveats += _not_of_all(rows, member)
                caveats += [_of_named(self)] * (member == "partner_iso")
            else:
                shares, name = _in_whole(self, whole, is_given=whole is of)
        caveats += _without_share(shares, self, member)
        unit = f"% by {_measure(self)}, of {name}"
        result = as_value(shares, "share_pct", unit, "Shares", self)
        return with_caveats(result, caveats)

    def hhi(self, of: str = "") -> "Answer":
        """Concentration, period by period; see :func:`tradeflows.measures.hhi`.

        Beside the index of some partners stand, where the same source states the total, the least
        and most that the index of all can be, ``hhi_least`` (the rest being very many) and
        ``hhi_most`` (the rest being one), and ``rest_pct``, the rest in per cent of the total.

        Parameters
        ----------
        of
            Whose shares are squared, as a word of :meth:`by`; by default the one that differs.

        Examples
        --------
        >>> import tradeflows as tf
        >>> coal = tf.flow("coal", ["China", "India"], "Russia", start="2021", end="2021")
        >>> coal.by("reporter", "year").hhi()["value"].round(2).item()
        0.77
        """
        from tradeflows.explore.mirror import the_whole

        rows, member = _members(self, of)
        frame = _codes_alone(rows)
        notes = _unspecified(rows, member, "so the index may be too high")
        found = measures.hhi(frame, "value", member, PERIOD)
        if member == "partner_iso":
            with catalogue.within(self.attrs):
                whole = the_whole(self, is_part_enough=True)
            found, of_all = _with_bounds(found, frame, whole) if whole is not None else (found, "")
            notes.append(of_all or _of_named(self))
        title = f"Concentration by {_measure(self)}, of {_named_members(rows, member)}"
        result = as_value(found, "hhi", "ratio", title, self)
        return with_caveats(result, [*notes, *_not_of_all(rows, member), *_lacking(rows, member)])

    def rank(self, member: Any = "", of: str = "", **options: Any) -> Any:
        """Where each member stands in its period, 1 being the largest, or where one stands.

        With options of pandas it is ``DataFrame.rank``; see :func:`tradeflows.measures.lead`.

        Parameters
        ----------
        member
            A name or code; of none all of them.
        of
            What is ranked, as a word of :meth:`by`; by default what differs.

        Examples
        --------
        >>> import tradeflows as tf
        >>> coal = tf.flow("coal", ["China", "India"], "Russia", start="2023", end="2023")
        >>> coal.by("reporter").rank("China")["value"].item()
        1.0
        """
        if options or not isinstance(member, str):
            return super().rank(**options, **({} if member == "" else {"axis": member}))
        rows, column = _members(self, of)
        frame = _codes_alone(rows)
        notes = [*_unspecified(rows, column, "so its rank is none"), *_not_of_all(rows, column)]
        is_hole = frame["ref_period"].isin(frame["ref_period"][frame["value"].isna()])
        if is_hole.any() and not is_hole.all():
            months = runs(months_of(frame[is_hole])[1].tolist())
            notes.append(f"nobody's rank is known of {months}: who has no figure may be anywhere")
            frame, rows = frame[~is_hole], rows[~is_hole]
        if "complete" in frame and not frame["complete"].all():
            short = in_a_sentence(
                [*dict.fromkeys(map(str, rows[column][~frame["complete"]]))][:FEW]
            )
            notes.append(f"sums that lack months may stand higher, and others lower: {short}")
            frame = _as_stated(frame)
        word = SHORT_NAMES.get(column, column)
        is_asked = frame[column].isin([member, _code_of(column, member)])
        is_asked |= rows.get(word, frame[column]).eq(member)
        leads = {}
        for name in frame[column][is_asked if member else slice(None)].unique():
            periods = frame["ref_period"][frame[column].eq(name)]
            beside = frame[frame["ref_period"].isin(periods)]
            beside.attrs = frame.attrs
            leads[str(name)] = measures.lead(beside, "value", name, column, PERIOD)
        if not leads:
            raise QueryError(f"no {word} {member!r} among the rows")
        ranks = measures.stack(leads, "ranked")
        if not member:
            ranks.attrs["caveats"] = frame.attrs.get("caveats", ())  # without who is beside whom
        title = f"Rank by {_measure(self)}, of {_named_members(rows, column)}"
        ranks = ranks.drop(columns=["ranked", "value", "unit", "value_next", "lead", "lead_pct"])
        ranks["next"] = [name_of(column, code) for code in ranks["next"]]
        return with_caveats(as_value(ranks, "rank", "rank", title, self), notes)

    def yoy(self) -> "Answer":
        """Per cent by which each period is above the same months of the year before.

        See :func:`tradeflows.measures.yoy`.

        Examples
        --------
        >>> import tradeflows as tf
        >>> crude = tf.flow("crude oil", "China", "Russia", start="2022", end="2023")
        >>> crude.by("year").yoy()["value"].round(1).tolist()
        [nan, 24.1]
        """
        found = measures.yoy(_codes_alone(self), "value")
        result = as_value(found, "yoy_pct", _per_cent(self), "Change on the year before", self)
        return with_caveats(result.drop(columns="value_base"), _goods_apart(self))

    def growth(self, year: int | str | None = None, base: int | str | None = None) -> "Answer":
        """Growth of a `year` on another in per cent, over the months that both have.

        By default it is the last year of which most months are stated, on the one before where
        that is stated; see :func:`tradeflows.measures.growth`.

        Examples
        --------
        >>> import tradeflows as tf
        >>> crude = tf.flow("crude oil", "China", "Russia", start="2021", end="2023")
        >>> crude.growth()["value"].round(1).item()
        24.1
        """
        frame = _codes_alone(self)
        stated = frame.reindex(columns=["value", *PERIOD]).dropna()
        if stated.empty:
            raise QueryError("the answer has no figures by period")
        notes = _goods_apart(self)
        if year is None:
            years = Counter(month // 12 for month in {*months_of(stated)[1].tolist()})
            based = {name: n for name, n in years.items() if base or name - 1 in years} or years
            year = max(based, key=lambda name: (based[name], name))
            later = [name for name in sorted(years) if name > year]
            text = ", ".join(f"{name} ({years[name]} of 12 months)" for name in later)
            if later:
                of_it = f"growth({later[-1]}) is of its months"
                notes.append(f"passed over, since fewer months are stated: {text}; {of_it}")
        if base is None:
            base = parse_period(year, "year", grain="year")[0] // 12 - 1
        found = measures.growth(frame, "value", year, base)
        measure = "" if _is_ratio(self) else f", by {_measure(self)}"
        title = f"Growth of {year} on {base}{measure}"
        result = as_value(found, "growth_pct", _per_cent(self), title, self)
        return with_caveats(result.drop(columns=["value_base", "change"]), notes)

    def unit_value(self, value: str = "") -> "Answer":
        """Value over weight, a tonne; a barrel too, where the rows say that they are crude oil.

        Where the answer is in another quantity, such as barrels or cubic metres, it is over that.

        Parameters
        ----------
        value
            ``primary_value_usd`` or ``value_reported``; by default the values of the answer where
            they are money, else dollars where they are stated.

        Raises
        ------
        QueryError
            The rows do not state both; or as :func:`tradeflows.measures.unit_value`.

        Examples
        --------
        >>> import tradeflows as tf
        >>> crude = tf.flow("crude oil", "China", "Russia", start="2023", end="2023")
        >>> crude.by("year").unit_value()[["value", "unit"]].round(0).values.tolist()
        [[567.0, 'USD/t']]
        """
        frame = _codes_alone(self)
        money = [name for name in MONEY if name in frame and frame[name].notna().any()]
        money += ["value"] * _is_money(frame)
        quantity, of = _priced(frame)
        _require_both(frame, money, quantity)
        value = value or ("value" if _is_money(frame) else money[0])
        groups = series_columns(frame)[:1]
        prices = measures.unit_value(frame, value, by=groups, quantity=quantity)
        column = "unit_value" if "unit_value" in prices else "unit_value_per_tonne"
        is_crude = all(map(codes.is_crude, {*frame.get("cmd_code", ["TOTAL"])}))
        if of == "t" and not is_crude:
            prices = prices.drop(columns="unit_value_per_barrel")
            texts = prices.attrs["caveats"]
            prices.attrs["caveats"] = tuple(t for t in texts if not t.endswith("barrels a tonne"))
        unit = f"{prices['unit_value_in'].iloc[0]}/{of}"
        result = as_value(prices, column, unit, "Unit value", self)
        notes = _lacked(frame, [value, quantity]) if result["value"].isna().any() else []
        return with_caveats(result.drop(columns="unit_value_in"), notes)

    def balance(self, other: "Answer | None" = None) -> "Answer":
        """Exports less imports, period by period.

        Parameters
        ----------
        other
            The other direction; unless given, what the same reporter states of it.

        Examples
        --------
        >>> import tradeflows as tf
        >>> bought = tf.flow("total", "China", "Russia", start="2023", end="2023")
        >>> bought.by("year").balance()["value"].round(-9).item()
        -18000000000.0
        """
        from tradeflows.explore.mirror import at_a_level, one_direction

        if other is None:
            with catalogue.within(self.attrs):
                way = MIRRORED[one_direction(self)]
                other = _of_length(at_a_level(self, flow=way), self)
        _require_answer("balance", other, "the other direction of these flows")
        sides = {next(iter({*side.get("flow_code", ())}), ""): side for side in (self, other)}
        if {*sides} != {"M", "X"}:
            raise QueryError("a balance is of exports and imports: give it the other direction")
        keys = [name for name in (*PERIOD, *AREAS, "cmd_code") if name in self and name in other]
        sold, bought = _codes_alone(sides["X"]), _codes_alone(sides["M"])
        found = measures.difference(sold, bought, "value", by=keys)
        unit = found.pop("unit").iloc[0]
        found = found.drop(columns="valuation", errors="ignore")  # of neither side
        result = as_value(found, "change", unit, "Exports less imports", self)
        unused = ["flow", "value_base", "growth_pct"]
        result = result.drop(columns=unused, errors="ignore")
        notes = ["exports are as valued by the seller, imports as at the border of the buyer"]
        alone = {*sold["ref_period"]} ^ {*bought["ref_period"]}
        if alone:
            notes += [f"{len(alone)} periods are left out, which one direction alone states"]
        return with_caveats(result, notes)

    def to(self, currency: str) -> "Answer":
        """The values in another currency, at the monthly mean rates that are held.

        See :func:`tradeflows.measures.convert` and :func:`tradeflows.measures.from_dollars`.

        Raises
        ------
        QueryError
            The answer or `currency` is no money, or no rate is held.

        Examples
        --------
        >>> import tradeflows as tf
        >>> bought = tf.flow("total", "China", "Russia", start="2023-05", end="2023-05")
        >>> bought.to("EUR")["value"].round(-8).item()
        10500000000.0
        """
        with catalogue.within(self.attrs):
            return _converted(self, currency)

    def round(self, decimals: Any = 0, *more: Any, **options: Any) -> Any:
        """The figures rounded as pandas does; not the places of rows and the lengths of periods.

        Examples
        --------
        >>> import tradeflows as tf
        >>> crude = tf.flow("crude oil", "China", "Russia", start="2023-05", end="2023-05")
        >>> crude.round(-3)["value"].item()
        9704000.0
        """
        if isinstance(decimals, int):
            decimals = dict.fromkeys(self.select_dtypes("float"), decimals)
        return super().round(decimals, *more, **options)

    def series(self) -> pd.Series:
        """The values by period, for arithmetic: two of them are paired period by period.

        What no row states, and a sum that lacks months, is NaN.

        Raises
        ------
        QueryError
            There are several series, or periods of several lengths.

        Examples
        --------
        >>> import tradeflows as tf
        >>> crude = tf.flow("crude oil", "China", "Russia", start="2023-05", end="2023-06")
        >>> crude.series().round(-3)
        period
        2023-05     9704000.0
        2023-06    10494000.0
        Freq: M, Name: value, dtype: float64
        """
        _length(self)  # which refuses rows without periods
        columns = [name for name in series_columns(self) if _differs(self, name)]
        words = [SHORT_NAMES.get(name, name) for name in columns]
        if words or self["ref_period"].duplicated().any():
            is_wide = len(words) == 1 and not self.duplicated(["ref_period", *columns]).any()
            todo = f"wide({words[0]!r}) has each" if is_wide else "keep one row of a period"
            several = f" of several {' and '.join(words)}s" * bool(words)
            raise QueryError(f"there are several rows or series, not one{several}: {todo}")
        frame = self._by_period()
        values = Column(frame["value"].reindex(_every_period(frame.index)))
        values.attrs = dict(frame.attrs)
        return values

    def wide(self, of: str = "") -> pd.DataFrame:
        """The values by period, as `series` has them, a column for each member.

        Parameters
        ----------
        of
            As a word of :meth:`by`; by default what tells the rows apart.

        Raises
        ------
        QueryError
            A member has two rows of a period, or periods are of several lengths.

        Examples
        --------
        >>> import tradeflows as tf
        >>> coal = tf.flow("coal", ["China", "India"], "Russia", start="2023-05", end="2023-06")
        >>> coal.wide("reporter").round(-5).loc["2023-05"].to_dict()
        {'China': 8800000.0, 'India': 3100000.0}
        """
        _length(self)  # which refuses rows without periods
        column = _member_column(self, of, ": series() gives them by period")
        word = SHORT_NAMES.get(column, column)
        word = word if word in self else column
        frame = self._by_period(column)
        if pd.DataFrame({"period": frame.index, word: frame[word].array}).duplicated().any():
            adds_up = f"by({word!r}, 'period') adds them up, or "
            raise QueryError(
                f"a {word} has several rows of one period: {adds_up * (not _is_ratio(self))}keep "
                "one of each"
            )
        wide = frame.set_index(word, append=True)["value"].unstack()
        wide = wide.reindex(_every_period(wide.index))
        wide.attrs = frame.attrs
        return wide

    def _by_period(self, of: str = "") -> pd.DataFrame:
        """A plain frame on an index of periods, its values of one unit and family of figures."""
        frame = as_read(self)
        if "value" not in frame:
            raise QueryError("the answer has no values by period")
        one = [name for name in ("unit", "concept", "measure") if name != of]
        require_single_value(frame, one)
        length = _length(frame)
        last = int(first_month(frame).iloc[0]) + length - 1
        quarters = f"Q-{first_day(12 * YEAR + last % 3 + 9):%b}".upper()  # of the calendar Q-DEC
        years = "Y-DEC" if last % 12 == 11 else "12M"  # which names the first month of its year
        freq = {1: "M", 3: quarters, 12: years}.get(length, f"{length}M")
        index = pd.PeriodIndex(frame["ref_period"], freq=freq, name="period")
        if (index.start_time != frame["ref_period"]).any():
            raise QueryError(f"the periods of {length} months do not begin at one time of the year")
        result = frame.assign(value=numbers_of(frame, "value")).set_index(index)
        bounds = frame[frame.get("qualifier", pd.Series("=", frame.index)).fillna("=").ne("=")]
        signs = zip(bounds["period"], bounds.get("qualifier", ()), bounds["value"], strict=True)
        notes = [f"{period}: {sign} {value:,.6g}" for period, sign, value in signs]
        result.attrs = {
            "sources": frame.attrs.get("sources", ()),
            "caveats": (*frame.attrs.get("caveats", ()), *notes),
            "unit": frame["unit"].iloc[0],
        }
        return result.sort_index()

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
        if other is None:
            from tradeflows.explore.mirror import other_side

            with catalogue.within(self.attrs):
                other = _of_length(other_side(self), self)
        _require_answer("gap", other, "the same flow as somebody else states it")
        sides = [_codes_alone(self), _codes_alone(other)]
        one, two = ({*side["unit"].dropna()} for side in sides)
        if one.isdisjoint(two):
            money = ", ".join(sorted(two))
            to_one = f"to({money!r}) converts money" if one | two <= {*CURRENCIES} else ""
            raise QueryError(
                f"one is in {', '.join(sorted(one))} and the other in {money}: "
                f"{to_one or 'ask flow for both in one unit='}"
            )
        flows = [{*side.get("flow_code", ())} for side in sides]
        if flows == [{"X"}, {"M"}]:
            sides.reverse()
        has_freight = _is_money(self) and flows[0] != flows[1]
        band = measures.CIF_BAND if has_freight else (1.0, 1.0)
        ratios = measures.gap(sides[0], sides[1], "value", band)
        with catalogue.within(self.attrs):
            names = [", ".join(sorted({*map(publisher_name, publishers_of(s))})) for s in sides]
        title = f"{heading(self)}: {{}} {{}} {{}}"
        result = as_value(ratios, "ratio", "times", title.format(names[0], "over", names[1]))
        if has_freight:
            named = ("CIF over FOB, least", "CIF over FOB, most")
            result.attrs["reference"] = dict(zip(named, band, strict=True))
        title = title.format(names[0], "and", names[1])
        result.attrs["both"] = {"title": title, "band": band, "names": names}
        return with_caveats(result, _stated_by_one(result, sides, names))

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

    def to_csv(self, path_or_buf: Any = None, **options: Any) -> Any:
        """As ``DataFrame.to_csv``, of what a reader needs: see :meth:`slim`."""
        return self.slim().to_csv(path_or_buf, **{"index": False, **options})

    def to_parquet(self, path: Any = None, **options: Any) -> Any:
        """As ``DataFrame.to_parquet``, of what a reader needs: see :meth:`slim`.

        Heading, caveats and source are in its metadata, the ``attrs`` of who reads it back with
        pandas; :func:`tradeflows.trace` follows its ``value``.
        """
        return self.slim().to_parquet(path, **{"index": False, **options})

    def slim(self) -> pd.DataFrame:
        """A plain frame to keep: period, names, value and unit, and the place in the raw file.

        Its ``attrs`` are ``title``, ``caveats``, ``sources`` and ``source``, which are plain text.

        Examples
        --------
        >>> import tradeflows as tf
        >>> may = tf.flow("crude oil", "China", "Russia", start="2023-05", end="2023-05").slim()
        >>> may[["period", "reporter", "unit", "source_row"]].values.tolist()
        [['2023-05', 'China', 'tonnes', 521]]
        """
        with catalogue.within(self.attrs):
            frame = _as_shown(self)
            table = slim_table(frame)
            table.attrs = {
                "title": heading(frame),
                "caveats": with_names(caveats_of(frame)),
                "sources": [*frame.attrs.get("sources", ())],
                "source": source_line(frame),
            }
        return table

    def __repr__(self) -> str:
        """Its heading, its caveats, the tidy table, and the source."""
        with catalogue.within(self.attrs):
            if is_presentable(self):
                return as_lines(self)
            notes = [f"- {note}" for note in self.caveats if bounded(self)]
            return "\n".join([*notes, repr(with_signs(self))])

    def _repr_html_(self) -> str | None:
        if not is_presentable(self):
            table = with_signs(self)._repr_html_()
            return as_page("", self.caveats, table, ()) if table and bounded(self) else table
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

        if "unit" not in self._parent:
            return super().__call__(*arguments, **options)
        ours = {*charts.ChartOptions.__annotations__, *OURS}
        others = sorted(set(options) - ours)
        for name in others:
            if nearest(name, ours):
                raise QueryError(f"no option {name!r} of a chart{near(name, ours)}")
        if arguments or {"kind", "x"} & {*others}:
            if not {*arguments[1:2]} and options.get("y") is None and "value" in self._parent:
                options["y"] = "value"  # and no number of a row in its file
            return super().__call__(*arguments, **options)
        if others:
            raise QueryError(
                f"{others[0]}= is an option of pandas, and this chart is in the house style: "
                f"answer.wide().plot({others[0]}=…) draws the values by period with pandas, and "
                "of this chart's figure answer.plot().figure takes what matplotlib can do"
            )
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
                f"over time; {PANDAS_PLOT}"
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
    head, table = tidy(_as_shown(shown))
    notes = in_print(shown.caveats) if in_words else shown.caveats
    return as_page(in_words(head) if in_words else head, notes, as_table(table), source_line(shown))


def _as_shown(frame: pd.DataFrame) -> pd.DataFrame:
    """A plain frame as it was read, in which what a user made the index stands as a column."""
    plain = as_read(frame)
    twins = SHORT_NAMES | CODE_COLUMNS
    named = [name for name in plain.index.names if name is not None]
    return plain.reset_index(level=[n for n in named if not {n, twins.get(n)} & {*plain}])


def as_lines(shown: Answer, root: Path | None = None, room: int | None = None) -> str:
    """An answer as text, with the names that the project in `root` has for its sources.

    With `room`, the letters to a line, the longest cells are cut.
    """
    frame = _as_shown(shown)
    notes = [f"- {note}" for note in with_names(caveats_of(frame), root)]
    head, table = tidy(frame)
    return "\n".join([head, *notes, as_text(table, room), *source_line(shown, root)])


# --- what an answer is made with ------------------------------------------------------------------


def _listed_words(columns: Sequence[Any]) -> list[str]:
    """Words for columns that are given one by one, in a list, or in both ways."""
    words: list[str] = []
    for column in columns:
        words += column if isinstance(column, list | tuple) else [column]
    for word in words:
        require_text("by", word, "reporter")
    return words


def _with_levels(frame: pd.DataFrame, words: list[str]) -> pd.DataFrame:
    """`frame` with the heading or chapter of its goods, where `words` ask for these."""
    for word in words:
        if word in LEVELS and word not in frame:
            goods = frame[column_of(frame, "product")]
            level = goods.str.extract(rf"^(\d{{{LEVELS[word]}}})\d*$", expand=False)
            if level.isna().any():
                others = sorted({*goods[level.isna()]})
                raise QueryError(f"of no {word} of the HS: {', '.join(others[:FEW])}")
            frame = frame.assign(**{word: level})
    return frame


def column_of(frame: pd.DataFrame, word: str) -> str:
    """The column of codes that `word` names, or the column of that name."""
    named = {short: code for short, code in CODE_COLUMNS.items() if code in frame}
    if "route" not in {*frame.get("partner_role", ())}:  # the code is that of an area
        named.pop("route", None)
    column = named.get(word, word)
    if column in frame:
        return column
    shorts = [*named, *[*SPANS, *LEVELS] * ("ref_period" in frame)]
    names = [str(name) for name in frame.columns if name not in shorts]
    close = nearest(str(word), [*shorts, *names])
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(shorts or names)}"
    raise QueryError(f"no column {word!r}; {hint}")


def series_columns(frame: pd.DataFrame) -> list[str]:
    """The fewest columns that tell apart the rows of one period; none where nothing does."""
    present = [name for name in SERIES if name in frame]
    chosen: list[str] = []
    for name in present:
        is_new = _differs(frame, name)
        if is_new and (not chosen or frame.duplicated(["ref_period", *chosen]).any()):
            chosen.append(name)
    return chosen or present[:1]


def as_value(
    frame: pd.DataFrame, column: str, unit: str, title: str, of: pd.DataFrame | None = None
) -> Answer:
    """Make one column of a measure's result the value of an answer."""
    result = frame.assign(value=frame[column], unit=unit).drop(columns=column)
    signs = _qualifiers(frame, column)
    if signs:
        result["qualifier"] = signs
    if "~" in signs and "flags" in result:
        unbound = result["flags"].str.replace(r"\bbound ?", "", regex=True)
        result["flags"] = result["flags"].where(result["qualifier"].ne("~"), unbound)
    formulas = {"value": Formula("value", {"value": Role(frame, column)})}
    made = with_lineage(result, frame, formulas=formulas, kept=[Role(frame)])
    return with_caveats(answer(made, title, of=of), [NO_BOUND] * ("~" in signs))


def _qualifiers(frame: pd.DataFrame, column: str) -> list[str]:
    """What the qualifiers of the figures behind a column come to; none where all are exact."""
    first, *others = _behind(frame, column) or [[]]
    if {*first}.union(*others) <= {"="}:
        return []
    second = map(join_qualifiers, zip(*(others or [first]), strict=True))
    return [*map(qualifier_of_change, first, second)]


def _behind(frame: pd.DataFrame, column: str) -> list[list[str]]:
    """Of each name in the formula of a column, the qualifier of what entered each row."""
    lineage = lineage_of(frame)
    formula = lineage.formulas.get(column) if lineage else None
    sides = []
    for role in formula.names.values() if formula else ():
        if isinstance(role, Role):
            signs = role.frame.get("qualifier")
            if signs is None:  # of sums that a measure made by the way
                signs = [*map(join_qualifiers, zip(*_behind(role.frame, role.column), strict=True))]
            stated = np.array([*signs] or ["="] * len(role.frame), object)
            rows = role.input_rows(np.arange(len(frame))) if {*stated} - {"="} else []
            sides.append([join_qualifiers(stated[some]) for some in rows] or ["="] * len(frame))
    return sides


def with_caveats(result: Answer, caveats: list[str]) -> Answer:
    """An answer with more to mind, each said once."""
    if caveats:
        result.attrs["caveats"] = tuple(dict.fromkeys([*caveats_of(result), *caveats]))
    return result


def _shared_heading(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the heading of joined answers is made of, as far as it is the same of all."""
    first, *others = answers or [{}]
    same = (
        name for name in OF_HEADING if all(said.get(name) == first.get(name) for said in others)
    )
    return {name: first[name] for name in same if name in first}


def _said_of_part(
    whole: pd.DataFrame, part: pd.DataFrame, said: Mapping[str, Any]
) -> dict[str, tuple[str, ...]]:
    """The sources and the caveats of fewer rows, of those that are `said` of all, counted anew."""
    names = [name for name in OF_ROW if name in whole and name in part]
    both = ((whole[name].unique(), part[name].unique()) for name in names)
    left_out = {code for before, after in both for code in {*before} - {*after}}
    sources = (name for name in said.get("sources", ()) if name not in left_out)
    texts, counts = said.get("caveats", ()), counted(whole)
    kept = [text for text in texts if text.partition(" ")[0].rstrip(":") not in left_out]
    anew = counted(part) if {*counts} & {*texts} else []
    return {
        "sources": tuple(sources),
        "caveats": (*(text for text in kept if text not in counts), *anew),
    }


def counted(rows: pd.DataFrame) -> list[str]:
    """What to mind of how many rows: those with a flag, and those without a value."""
    texts = tables.flags_present(rows["flags"].tolist()) if "flags" in rows else []
    nulls = int(rows["value"].isna().sum()) if {"value", "unit"} <= {*rows} else 0
    what = rows["unit"].iloc[0] if nulls and rows["unit"].nunique() == 1 else "figure"
    text = f"{nulls} of {len(rows)} rows state no {what}" if nulls else ""
    return [*texts, *[text] * bool(nulls)]


def is_presentable(frame: pd.DataFrame) -> bool:
    """Whether a table with a heading and names can be made of `frame`."""
    has_plain_columns = frame.columns.nlevels == 1 and frame.columns.is_unique
    return has_plain_columns and "unit" in frame.columns and len(frame) > 0


def _answer_or_frame(*arguments: Any, **options: Any) -> pd.DataFrame:
    """What pandas makes of an answer: one too, as long as it knows its unit."""
    frame = pd.DataFrame(*arguments, **options)
    has_unit = frame.columns.nlevels == 1 and "unit" in frame.columns
    return Answer(frame) if has_unit else frame


def _every_period(index: Any) -> pd.PeriodIndex:
    """The periods of an index and those between them."""
    return pd.period_range(index[0], index[-1], freq=index.freq, name=index.name).union(index)


def _codes_alone(frame: pd.DataFrame) -> pd.DataFrame:
    """A plain frame for a measure, as it was read: codes without the names of them."""
    _units(frame)
    plain = with_signs(frame)
    if "value" in frame:
        # of numbers that were rounded
        plain.attrs["caveats"] = tuple(caveats_of(require_as_read(frame)))
    return without_short_names(plain)


def _require_answer(method: str, other: Any, what: str) -> None:
    if not isinstance(other, Answer):
        raise QueryError(f"{method} takes another answer, {what}; {other!r} is none")


def _units(frame: pd.DataFrame) -> set[Any]:
    """The units of the values, without which no measure is one."""
    if "unit" not in frame:
        raise QueryError("the rows do not say their unit: keep the column unit beside value")
    return {*frame["unit"]}


def _is_ratio(frame: pd.DataFrame) -> bool:
    return any(str(unit).startswith(RATIOS) for unit in _units(frame))


def _all_goods_of(frame: Answer) -> Answer:
    """The same flows of all goods, over periods of the same length."""
    from tradeflows.explore.mirror import asked_again

    stated = asked_again(frame, product="total")
    both = [", ".join(map(publisher_name, publishers_of(side))) for side in (frame, stated)]
    apart = f"the whole is as {both[1]} states it, and the part as {both[0]} does"
    whole = stated.by("reporter", "partner", every=_length(frame))
    return with_caveats(whole, [apart] * (both[0] != both[1]))


def _in_whole(frame: Answer, whole: pd.DataFrame, *, is_given: bool) -> tuple[pd.DataFrame, str]:
    """Shares in a whole, and what that is of; in one that was given over what differs in it."""
    by = sorted({"reporter_iso", "cmd_code"} & {*frame} & {*whole})
    if is_given:
        by = [name for name in AREAS if name in frame and _differs(whole, name)]
    shares = measures.share(_codes_alone(frame), _codes_alone(whole), "value", by)
    partners = {*whole.get("partner_iso", ())}
    is_wider = len(partners) == 1 and partners != {*frame.get("partner_iso", ())}
    return shares, codes.area_name(partners.pop()) if is_wider else heading(whole)


def _without_share(shares: pd.DataFrame, frame: Answer, member: str) -> list[str]:
    """Say how many rows have no share, and what may give them one."""
    nulls = int(shares["share_pct"].isna().sum())
    texts = [f"{nulls} of {len(shares)} rows have no share: of a whole, a member lacks a figure"]
    in_dollars = frame.get(MONEY[0], pd.Series([np.nan]))
    if nulls == len(shares) and not _is_money(frame) and in_dollars.notna().all():
        texts[0] += "; unit='USD' is stated of each"
    return [*texts, *_lacking(frame, member)] * bool(nulls)


def _lacking(frame: pd.DataFrame, member: str) -> list[str]:
    """Say which members lack a figure, without which no whole is known, and what may be done."""
    is_whole = frame["value"].notna() & frame.get("complete", True)
    rows = frame[~is_whole] if member in frame else frame[:0]
    names = [name_of(member, code) for code in dict.fromkeys(rows[member])] if len(rows) else []
    text = (
        f"a figure is lacking of {in_a_sentence(names[:FEW])}: by(…, absent='zero') takes a month "
        "without a row for nothing, and dropna(subset='value') before it a row without a figure"
    )
    return [text] * bool(names)


def _is_money(frame: pd.DataFrame) -> bool:
    return _units(frame) <= {*CURRENCIES}


def _per_cent(frame: pd.DataFrame) -> str:
    """The unit of a change: of what is in per cent itself it is none in points."""
    is_share = any(str(unit).startswith(RATIOS[:2]) for unit in _units(frame))
    return "% of what it was, not points" if is_share else "%"


def _priced(frame: pd.DataFrame) -> tuple[str, str]:
    """The column and the unit of what a price is over: the answer's quantity, or the weight."""
    is_own = not (_is_money(frame) or _is_ratio(frame) or {*frame["unit"]} <= {"tonnes"})
    return ("value", str(frame["unit"].iloc[0])) if is_own else ("net_wgt_kg", "t")


def _goods_apart(frame: pd.DataFrame) -> list[str]:
    """Say of a good and its parts that the one is not compared with the others."""
    goods = frozenset(frame["cmd_code"].dropna().unique()) if "cmd_code" in frame else frozenset()
    pairs = overlaps("cmd_code", goods)
    names = ", ".join(sorted({*chain(*pairs)})[:FEW])
    text = f"{names} are not compared with one another: by('reporter', 'month') joins them first"
    return [text] * bool(pairs)


def _require_both(frame: pd.DataFrame, money: Sequence[str], quantity: str) -> None:
    """Refuse rows without a price, and say what would have one."""
    if money and quantity in frame and frame[quantity].notna().any():
        return
    has_quantity = _is_money(frame) and ("qty" not in frame or bool(frame["qty"].notna().any()))
    others = "leave unit= out for a price of the quantity that they state, or " * has_quantity
    others += "ask by publisher= or source= for one who states both"
    why = "; ".join(_lacked(frame, [quantity] if money else MONEY)) or others
    lacking = "no weight" if money else "no value"
    raise QueryError(f"a value over a weight needs both, and these rows have {lacking}: {why}")


def _lacked(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """Say which months lack one of the `columns`, so that a sum of them is none."""
    made = lineage_of(frame)
    for name in columns:
        role = made.formulas[name].names.get("value") if made and name in made.formulas else None
        if isinstance(role, Role) and "missing" in role.frame:
            sums = role.frame[role.frame["missing"].ne("")]
            months = ", ".join(dict.fromkeys(sums["missing"]))
            what = "value" if name in (*MONEY, "value") else "weight"
            names = [*map(codes.area_name, dict.fromkeys(sums.get("reporter_iso", ())))]
            whose = f"{in_a_sentence(names)}: " * bool(names)
            text = f"{whose}no {what} of {months}, so the sum has none"
            finer = "; unit_value() before by() has the other months"
            finer *= bool(sums["n_stated"].any())
            return [f"{text}{finer}"] * bool(months)
    return []


def _differs(frame: pd.DataFrame, column: str) -> bool:
    return column in frame and frame[column].nunique(dropna=False) > 1


def _whole_windows(frame: pd.DataFrame, every: int | None) -> tuple[dict[str, str], list[str]]:
    """Start and end of the windows of `every` months that are whole, and what is left over."""
    require_months(every)
    if not every or not {*PERIOD} <= {*frame} or frame.empty:
        return {}, []
    first, length = first_month(frame), frame["n_months"]
    begins, ends = int(first.min()), int((first + length).max())
    # Months are summed to years and quarters of the calendar; a fiscal year stays one.
    is_finer = length.max() < every and 12 % every == 0
    start = -(-begins // every) * every if is_finer else begins
    stop = ends - (ends - start) % every
    if every < length.min():
        raise QueryError(
            f"the figures are of {length.min()} months each, so there is no sum of "
            f"{every}: by('period') takes each as it is"
        )
    if stop <= start:
        raise QueryError(
            f"the figures begin in {month_text(begins)} and end in {month_text(ends - 1)}, so no "
            f"{every} months of the calendar are whole: by('period') has each, by() their sum"
        )
    left_over = [*range(begins, start), *range(stop, ends)]
    if not left_over:
        return {}, []
    caveat = f"{runs(left_over)} fill no {every} months, so they are in no sum here"
    return {"start": month_text(start), "end": month_text(stop - 1)}, [caveat]


def _sums(frame: pd.DataFrame, kept: list[str], options: dict[str, Any]) -> pd.DataFrame:
    """Sums of the value and, beside them, of the amounts that all rows state."""
    given, frame = frame, _as_stated(frame)
    labels = ["classification_code"] if "tonnes" in {*frame["unit"]} else LABELS
    columns = (*AREAS, "cmd_code", "breakdown", *labels)
    if frame.get("partner_role", pd.Series(["none"])).eq("route").all():
        columns += ("partner_code",)  # every partner is a way that goods came by
    over = [column for column in columns if column not in kept and _differs(frame, column)]
    if options["absent"] == "zero":  # of a partner in a month that is stated of another
        options["alike"] = [name for name in kept if name not in ("partner_iso", "partner_code")]
    whole = measures.total(frame, "value", kept, over, **options)
    formulas = {"value": Formula("value", {"value": Role(whole, "value")})}
    beside: dict[str, Any] = {}
    for name in AMOUNTS:
        if name in frame and frame[name].notna().any():
            with suppress(QueryError):  # of several currencies there is no sum
                amounts = measures.total(frame, name, kept, over, **options)
                formulas[name] = Formula("value", {"value": figures_of(amounts, name)})
                beside |= dict(amounts.filter(["currency"]))
    result = computed(whole, formulas).assign(**beside)
    result = with_lineage(result, whole, formulas=formulas, kept=[Role(whole)])
    return _with_holes_of(result, given, kept)


def _as_stated(frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of which a sum that lacks months stands for those that it has."""
    if "complete" not in frame:
        return frame
    return with_lineage(frame.drop(columns="complete"), frame, kept=[Role(frame)])


def _with_holes_of(sums: pd.DataFrame, frame: pd.DataFrame, kept: list[str]) -> pd.DataFrame:
    """Sums of sums, which lack the months that each of these lacks; others as they are."""
    if "complete" not in frame:
        return sums
    cells = [name for name in kept if name in sums]
    lacking = frame[~frame["complete"].astype(bool) & frame["value"].notna()]
    first, length = first_month(sums), sums["n_months"].iloc[0]
    at = (first_month(lacking) - first.min()) // length * length + first.min()
    by = [*(lacking[name] for name in cells), at.rename("at")]
    holes = lacking["missing"].groupby(by, dropna=False).agg(", ".join).reset_index()
    texts = sums[cells].assign(at=first).merge(holes, how="left")["missing"]
    complete = sums["complete"].to_numpy(bool) & texts.isna().to_numpy()
    pairs = zip(sums["missing"], texts.fillna(""), strict=True)
    named = (f"{own}, {text}".split(", ") for own, text in pairs)
    missing = [", ".join(dict.fromkeys(filter(None, some))) for some in named]
    result = with_lineage(sums.assign(complete=complete, missing=missing), sums, kept=[Role(sums)])
    if not complete.all():
        text = f"{(~complete).sum()} of {len(sums)} sums are of sums that lack months"
        result.attrs["caveats"] = (*result.attrs["caveats"], f"{text}, which `missing` names")
    return result


def _length(frame: pd.DataFrame) -> int:
    """The length in months of the periods, which is one."""
    if "ref_period" not in frame:
        raise QueryError("the rows are of no periods, and this goes period by period")
    if "n_months" not in frame:
        raise QueryError("the rows do not say how long their periods are: keep n_months")
    if frame.empty:
        raise QueryError("the answer has no rows")
    require_single_value(frame, ["n_months"])
    return int(frame["n_months"].iloc[0])


def _of_length(other: Answer, frame: Answer) -> Answer:
    """What is stated beside an answer, summed to periods as long as its own where they differ."""
    if {*other["n_months"]} <= {*frame["n_months"]}:
        return other
    months, longest = _length(frame), other["n_months"].max()
    if longest > months:
        raise QueryError(
            f"what is stated beside it is of {longest} months each: sum this one to as "
            "many, as by('year') does, or give it another answer"
        )
    return other.by("reporter", "partner", "product", every=months)


def _stated_by_one(
    ratios: Answer, sides: Sequence[pd.DataFrame], publishers: Sequence[str]
) -> list[str]:
    """Say which periods one side of a gap alone has; sides of one office go by who carries them."""
    named = [
        ", ".join(map(codes.area_name, sorted(side["reporter_iso"].unique()))) for side in sides
    ]
    notes = []
    names = publishers if len({*named}) == 1 else named
    for letter, who, side in zip("mx", names, sides, strict=True):
        alone = ratios[ratios[f"value_{letter}"].isna()]
        lacking = {*months_of(alone)[1].tolist()} if len(alone) else set()
        others = side[side["value"].notna() & ~side["n_months"].isin(alone["n_months"])]
        within = lacking & {*(months_of(others)[1].tolist() if len(others) else ())}
        if within:
            text = f"{runs(within)} are months on one side and longer periods on the other"
            notes.append(f"{text}: sum both to one length, as by('quarter') or by('year') does")
        if lacking - within:
            text = f"{who} has no figure of {runs(lacking - within)} by itself"
            notes.append(f"{text}, where the other side does")
    return notes


def publishers_of(side: pd.DataFrame) -> list[str]:
    """The ids of those who state the rows."""
    if "publisher" in side:
        return sorted(side["publisher"].unique())
    held = catalogue.load(catalogue.root(), local=True)
    entries = [held[name] for name in side.attrs.get("sources", ()) if name in held]
    return sorted({entry.publisher for entry in entries if entry.table == "trade"})


def _measure(frame: pd.DataFrame) -> str:
    """What the values are of, in words: weight (tonnes)."""
    units = ", ".join(sorted({str(unit) for unit in frame["unit"].dropna()}))
    kind = "value" if _is_money(frame) else "weight" if units == "tonnes" else "quantity"
    return f"{kind} ({units})"


def _members(frame: Answer, word: str) -> tuple[pd.DataFrame, str]:
    """A row a period and member of the column that `word` names, of which there are several."""
    _length(frame)
    member = _member_column(frame, word, ", so there is nothing to share out")
    short = SHORT_NAMES.get(member, member)
    if not _differs(frame, member):
        name = frame.get(short, frame[member]).iloc[0]
        world = ""
        with suppress(QueryError, NothingStatedError):
            if member == "partner_iso" and len(frame.share("World")):
                world = "share('World') has its part of the world's; "
        raise QueryError(
            f"the rows name one {short}, {name}, whose share in itself is 100 %: {world}"
            f"ask flow for several of {short}"
        )
    goods = [name for name in ("cmd_code", "classification_code") if name != member]
    has_several = frame.duplicated(["ref_period", member]).any()
    if not _is_ratio(frame) and (has_several or any(_differs(frame, name) for name in goods)):
        return frame.by(member, every=_length(frame)), member
    return frame, member


def _code_of(column: str, word: str) -> str:
    """The id of an area, of which flow takes the `word` as well; any other word as it is."""
    try:
        return own_words.area_id(word) if column in AREAS else word
    except QueryError:
        return word


def _member_column(frame: pd.DataFrame, word: str, otherwise: str) -> str:
    """The column that `word` names, or the first that tells the rows apart."""
    column = column_of(frame, word) if word else next(iter(series_columns(frame)), "")
    if not column:
        raise QueryError(f"no column tells the rows apart{otherwise}")
    return column


def _unspecified(rows: pd.DataFrame, member: str, so: str) -> list[str]:
    """Say of what is known of no one country that it counts as one."""
    if UNSPECIFIED not in {*rows[member]}:
        return []
    short = SHORT_NAMES.get(member, member)
    return [f"{codes.area_name(UNSPECIFIED)} counts as one {short} and may be several, {so}"]


def _with_bounds(
    found: pd.DataFrame, members: pd.DataFrame, whole: Answer
) -> tuple[pd.DataFrame, str]:
    """An index of partners with what that of all may be, and what to mind of it."""
    known = whole[whole["value"].notna() & whole["complete"]]
    if known.empty:
        return found, ""
    total = _codes_alone(known.by("partner", every=_length(members)))
    members = members[members["ref_period"].isin(total["ref_period"])]
    columns = [*PERIOD, "partner_iso", "value", "unit", *{"complete"} & {*members}]
    both = measures.stack({"members": members[columns], "whole": total[columns]}, "side")
    try:
        bounds = measures.hhi(both, "value", "partner_iso", PERIOD, total["partner_iso"].iloc[0])
    except QueryError as fault:
        return found, f"the index is of the partners named: {fault}"
    at = places_in(bounds, found, PERIOD)
    texts = {"hhi_least": "hhi", "hhi_most": "hhi_most", "rest_pct": "rest_pct"}
    formulas = {
        name: Formula("bound", {"bound": Role(bounds, column, at)})
        for name, column in texts.items()
    }
    result = computed(found, formulas)
    formulas |= {"hhi": Formula("value", {"value": Role(found, "hhi")})}
    text = "the index is of the partners named; hhi_least and hhi_most are what that of all may be"
    return with_lineage(result, found, formulas=formulas, kept=[Role(found)]), text


def _of_named(frame: pd.DataFrame) -> str:
    """Say of partners that they are no more than those of the rows, and why."""
    why = "no total of every period is stated" if "cmd_code" in frame else GOODS_GONE
    return f"the whole is the partners named: {why}"


def _not_of_all(rows: pd.DataFrame, member: str) -> list[str]:
    """Say in which months a member has no row, so that the others alone are the whole."""
    counts = rows.groupby("ref_period")[member].nunique()
    months = months_of(rows[rows["ref_period"].map(counts) < rows[member].nunique()])[1]
    text = f"in {runs(months.tolist())} some of {_named_members(rows, member)} have no row"
    return [f"{text}: what is shown is of the others alone"] * bool(len(months))


def _named_members(rows: pd.DataFrame, member: str) -> str:
    return f"the {rows[member].nunique()} {SHORT_NAMES.get(member, member)}s named"


def _member_or_whole(frame: Answer, of: str | pd.DataFrame) -> tuple[str, pd.DataFrame | None]:
    """Whose shares are asked for and, where one is given, named or stated, the whole."""
    if isinstance(of, pd.DataFrame):
        return "", of
    from tradeflows.explore.mirror import the_whole

    require_text("of", of, "World")
    _length(frame)
    member = next(iter(series_columns(frame)), "")
    if not _differs(frame, member) and "partner_iso" in frame:
        member = "partner_iso"
    if of and CODE_COLUMNS.get(of, of) not in frame:
        try:
            area = own_words.area_id(of)
        except QueryError:
            if not groups.group_of(of):
                column_of(frame, of)  # which says what columns there are
            raise
        if {*frame.get("partner_iso", ())} == {area}:
            goods = "share('total') is their part of all goods, " * _is_money(frame)
            raise QueryError(
                f"the rows are those of {codes.area_name(area)} already: {goods}share(other) is "
                "their part of another answer"
            )
        return member, the_whole(frame, area)
    member = column_of(frame, of) if of else member
    return member, the_whole(frame) if member == "partner_iso" else None


def _converted(frame: Answer, word: str) -> Answer:
    require_text("currency", word, "EUR")
    wanted = unit_of_words(word)
    rows = _codes_alone(frame)
    require_single_value(rows, ["unit"])
    unit = rows["unit"].iloc[0] if len(rows) else ""
    if unit == wanted:
        return frame
    if not {unit, wanted} <= {*CURRENCIES}:
        raise QueryError(_no_money(rows, unit, wanted))
    if "USD" not in (unit, wanted):
        return _converted(_converted(frame, "USD"), wanted)
    money = wanted if unit == "USD" else unit
    base, quote = (money, "USD") if money == "EUR" else ("USD", money)
    rates, notes = _rates(base, quote, months_of(rows)[1])
    if rows["n_months"].gt(1).any():
        notes.append("of several months it is their mean rate: to() before by() goes by month")
    given, column = MONEY if unit == "USD" else MONEY[::-1]
    stated = measures.scale(rows.drop(columns=[*MONEY], errors="ignore"), "value", 1, given)
    if unit == "USD":
        found = measures.from_dollars(stated, rates)
    else:
        found = measures.convert(stated.assign(currency=unit), rates)
    return with_caveats(as_value(found, column, wanted, "", frame), notes)


def _no_money(rows: pd.DataFrame, unit: str, wanted: str) -> str:
    """Say that a unit is not converted to another, and which call has what is wanted."""
    is_money = wanted in CURRENCIES and is_converted(catalogue.root(), wanted)
    if is_money and unit.partition("/")[0] in {*CURRENCIES} - {unit}:
        return f"{unit!r} is a price: to({wanted!r}) comes before unit_value()"
    text = f"{unit!r} to {wanted!r} is no change of currency"
    if (unit, wanted) == ("tonnes", "bbl"):
        return f"{text}: measures.barrels_per_day makes barrels a day of tonnes of crude"
    whole = (name for name in MONEY if name in rows and rows[name].notna().all())
    stated = [unit_of(rows, name) for name in whole]
    if wanted in stated:
        return f"{text}: flow(…, unit={wanted!r}) has the value in it"
    if stated and is_money:
        return f"{text}: flow(…, unit={stated[0]!r}).to({wanted!r}) has the value in it"
    return text


def _rates(base: str, quote: str, months: np.ndarray) -> tuple[pd.DataFrame, list[str]]:
    """The rates of the statistic that has most of some months, and which of these it lacks."""
    ends: dict[str, Any] = {
        "start": month_text(int(months.min())),
        "end": month_text(int(months.max())),
    }
    found = []
    for office in RATES_OF:
        try:
            rates = tables.read("rates", stated_by=office, base=base, quote=quote, **ends)
        except QueryError:
            continue
        kinds = [rates[rates["statistic"] == kind] for kind in rates["statistic"].unique()]
        if not rates["ref_period"].duplicated().any() and len(kinds) > 1:  # one follows another
            joined = " and ".join(rates["statistic"].unique())
            whole = rates.assign(statistic=joined)
            kinds = [with_lineage(whole, rates, kept=[Role(rates)])]
        for some in kinds:
            found.append(({*months.tolist()} - {*months_of(some)[1].tolist()}, some))
    if not found:
        others = held(catalogue.root(), [*PERIOD], "rates", base=base, quote=quote)
        window = runs({*months_of(others)[1].tolist()})
        raise QueryError(
            f"no rate of {quote} for {base} is held of {runs(months)}"
            f"{f', but of {window}' * bool(window)}; {call('find', 'exchange rate')} lists what "
            "is, and `tradeflows add FILE` takes a file of rates"
        )
    lacking, rates = min(found, key=lambda pair: len(pair[0]))
    text = f"no rate of {quote} for {base} is held of {runs(lacking)}, so these have no value"
    return rates, [text] * bool(lacking)
