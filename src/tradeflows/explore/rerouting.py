"""One question put whole: who no longer took a flow, who did, and what the figures cannot say."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tradeflows import measures
from tradeflows.explore.answer import Answer, as_value
from tradeflows.explore.flow import flow
from tradeflows.explore.hints import held
from tradeflows.explore.naming import goods_apart, with_names
from tradeflows.explore.questions import area_ids
from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import month_text, span, window_in_words
from tradeflows.retrieval import catalogue
from tradeflows.tables.display import as_html, as_text, source_line, tidy

KG, USD = "net_wgt_kg", "primary_value_usd"
ROLES = {
    "origin": "Goods blended or relabelled on the way stand under another origin",
    "last border": "The partner is the last border crossed, not where the goods are from",
    "route": "The partner is a route, neither origin nor border",
}
NO_COUNTERFACTUAL = "What would have been bought without the event: the ratio follows no cargo"
PRICES_HOLD = (
    "Prices are values over weights at the importer's border: they hold freight and insurance "
    "where CIF, and do not tell a discount from a grade"
)
SET_BY_THE_QUESTION = {"flow", "freq", "reporter", "partner", "start", "end"}


@dataclass(frozen=True)
class Card:
    """What :func:`rerouting` found; a notebook shows it whole.

    Attributes
    ----------
    title
        The finding in a sentence.
    buyers
        One row a buyer: ``value`` is the change a month, between the means ``value_base`` and
        ``value_after``; a new buyer's ``part`` is of what the old no longer took.
    ratios
        One row a comparison: ``value`` is the gain of the new buyers for each unit that the old
        lost, with each one's part; ``placebo`` where both windows lie before the event.
    prices
        One row a buyer and effect: how much of the change in value is price, how much quantity.
    unseen
        What these figures cannot show, in sentences.
    """

    title: str
    buyers: Answer
    ratios: Answer
    prices: Answer | None
    unseen: tuple[str, ...]

    def plot(self, **look: Any) -> Any:
        """Draw the ratio of each comparison; options of :class:`tradeflows.charts.ChartOptions`."""
        unit = str(self.buyers["unit"].iloc[0]).removesuffix(" a month")
        options = {
            "title": self.title,
            "unit": f"How many {unit} were gained for each lost",
            "reference": {"All that was lost": 1.0},
            **look,
        }
        return self.ratios.plot(**options)

    def _tables(self) -> list[tuple[str, pd.DataFrame]]:
        answers = [self.buyers, self.ratios]
        if self.prices is not None:
            answers.append(self.prices)
        return [tidy(answer) for answer in answers]

    def __repr__(self) -> str:
        """The card as text."""
        tables = [f"{head}\n{as_text(table)}" for head, table in self._tables()]
        unseen = "\n".join(["What this cannot show", *(f"- {text}" for text in self.unseen)])
        return "\n\n".join([self.title, *tables, unseen, *source_line(self.buyers)])

    def _repr_html_(self) -> str:
        return self.as_page(as_html)

    def as_page(self, as_table: Callable[[pd.DataFrame], str]) -> str:
        """The card as HTML, of whose tables `as_table` makes it."""
        tables = [
            f"<p><b>{html.escape(head)}</b></p>{as_table(table)}" for head, table in self._tables()
        ]
        unseen = "".join(f"<li>{html.escape(text)}</li>" for text in self.unseen)
        foot = html.escape("".join(source_line(self.buyers)))
        return (
            f"<h3>{html.escape(self.title)}</h3>{''.join(tables)}<p><b>What this cannot show</b>"
            f"</p><ul>{unseen}</ul><p><small>{foot}</small></p>"
        )


def rerouting(
    product: str,
    origin: str,
    old: str | Sequence[str],
    new: str | Sequence[str],
    event: str,
    *,
    root: Path | None = None,
    **filters: Any,
) -> Card:
    """Who no longer took a flow after an event and who took it: one card.

    The year before the event is compared with the first and the second full year after it; other
    bases (two years before that, and the twelve months to the event) give a range, and pairs of
    years before the event are placebos. A buyer's series is that of the source that reaches
    furthest; another one stands in for the months outside it.

    Parameters
    ----------
    product, origin
        As ``product`` and ``partner`` of :func:`tradeflows.flow`.
    old, new
        Buyers that no longer took the flow, and that are said to have taken it.
    event
        Month of the event, such as ``2022-02``.
    **filters
        As for :func:`tradeflows.read`, but for those that the question sets: imports, by month.

    Raises
    ------
    QueryError
        A buyer states nothing of the year before or the year after, or a filter is set already.

    Examples
    --------
    >>> import tradeflows as tf
    >>> card = tf.rerouting("crude oil", "Russia", "EU", ["China", "India"], event="2022-02")
    >>> card.ratios[["window", "value", "placebo"]].round(2).head(2)
             window  value  placebo
    0  2021 to 2023   1.20    False
    1  2021 to 2024   1.15    False
    """
    already_set = sorted(SET_BY_THE_QUESTION & {*filters})
    if already_set:
        raise QueryError(f"{already_set[0]}= is set by the question itself: leave it out")
    asked = _Question(root or catalogue.root(), product, origin, event, filters)
    olds, news = area_ids(old, asked.root), area_ids(new, asked.root)
    years = _years_around(event)
    stated = {buyer: _series(asked, buyer, years.after) for buyer in [*olds, *news]}
    series = {buyer: entry.rows for buyer, entry in stated.items()}
    months = measures.stack(series, "buyer")
    changes = measures.displacement(months, "value", olds, news, *years.main)
    comparisons = _comparisons(months, olds, news, event, years)
    split = _prices(series, years.main)
    unit = months["unit"].iloc[0]
    goods = f"{product} from {codes.area_name(area_ids(origin, asked.root)[0])}"
    window = " to ".join(years.main)
    title = f"Change of {goods}, {window}, means of the months stated"
    buyers = as_value(changes, "change", f"{unit} a month", title)
    title = f"Gained for each of the {unit} lost"
    ratios = as_value(comparisons.rows, "displacement", "times", title)
    unseen = [NO_COUNTERFACTUAL]
    for entry in stated.values():
        unseen += entry.notes
    unseen += [*comparisons.notes, _other_buyers(asked, {*series})]
    unseen += [text for role, text in ROLES.items() if role in set(months["partner_role"])]
    unseen += goods_apart(series)
    unseen += split.notes
    texts = tuple(with_names(dict.fromkeys(unseen), asked.root))
    prices = None if split.rows is None else _as_prices(split.rows, window)
    return Card(_finding(goods, buyers, ratios), buyers, ratios, prices, texts)


@dataclass(frozen=True)
class _Question:
    """What is asked: of which goods, from where, about which event."""

    root: Path
    product: str
    origin: str
    event: str
    filters: Mapping[str, Any]


@dataclass(frozen=True)
class _Found:
    """Rows, and what to say of them; None where there are none."""

    rows: Any
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class _Years:
    """The month of an event, the year before it, and the first full year after it."""

    month: int
    before: int
    after: int

    @property
    def main(self) -> tuple[str, str]:
        """The two years that are compared first."""
        return str(self.before), str(self.after)


def _years_around(event: str) -> _Years:
    month = span(event)[0]
    year = month // 12
    is_january = month % 12 == 0
    return _Years(month, year - 1, year if is_january else year + 1)


def _windows(years: _Years) -> dict[str, tuple[Any, Any]]:
    """The pairs of windows that are compared, by name; those before the event are placebos."""
    before, after = years.before, years.after
    windows: dict[str, tuple[Any, Any]] = {}
    for base, later in ((before, after), (before, after + 1), (before - 2, after)):
        windows[f"{base} to {later}"] = (str(base), str(later))
    twelve = month_text(years.month - 12), month_text(years.month - 1)
    windows[f"{window_in_words(*twelve)}, to {after}"] = (twelve, str(after))
    for base in (before - 2, before - 3):
        windows[f"Before the event, {base} to {base + 2}"] = (str(base), str(base + 2))
    return windows


def _series(asked: _Question, buyer: str, after: int) -> _Found:
    """One buyer's months, each from one source, and what to say of that."""
    parts = _statements(asked, buyer)
    entries = catalogue.load(asked.root, local=asked.filters.get("local", False))

    def preference(part: Answer) -> tuple[int, int, int]:
        reaches = part["ref_period"].max().year >= after
        return -int(reaches), -len(part), entries[_source_of(part)].rank

    first, *others = sorted(parts, key=preference)
    whole = {_source_of(first): _plain(first)}
    begins, ends = first["ref_period"].min(), first["ref_period"].max()
    for other in others:
        has_same_goods = all(set(other[name]) == set(first[name]) for name in ("unit", "cmd_code"))
        is_outside = ~other["ref_period"].between(begins, ends)
        if has_same_goods and is_outside.any():
            whole[_source_of(other)] = other[is_outside]
            note = _stand_in(buyer, first, other)
            return _Found(measures.stack(whole, "from"), [note])
    return _Found(measures.stack(whole, "from"))


def _statements(asked: _Question, buyer: str) -> list[Answer]:
    """A buyer's monthly imports as each source states them."""
    question = {
        "product": asked.product,
        "reporter": buyer,
        "partner": asked.origin,
        "freq": "M",
        **asked.filters,
    }
    coded = {**question, "partner": area_ids(asked.origin, asked.root), "flow": "M"}
    ids = held(asked.root, ["source_id"], **coded)
    names = sorted(set(ids["source_id"].to_pylist())) or [None]  # of none, flow says why
    return [flow(**{**question, "source": name, "root": asked.root}) for name in names]


def _plain(answer: Answer) -> pd.DataFrame:
    frame = pd.DataFrame(answer)
    frame.attrs = answer.attrs
    return frame


def _source_of(rows: pd.DataFrame) -> str:
    return str(rows["source_id"].iloc[0])


def _stand_in(buyer: str, first: Answer, other: Answer) -> str:
    """Say which source stands in outside the months of the first, and how far they differ."""
    both = other.merge(first, on=["ref_period", "n_months"])
    overlap = "they share no month"
    if len(both):
        difference = 100 * (both["value_x"] / both["value_y"] - 1).abs().max()
        overlap = f"they differ by at most {difference:.1f} % in {len(both)} months"
    return (
        f"{codes.area_name(buyer)}: {_source_of(other)} stands in outside the months of "
        f"{_source_of(first)}; {overlap}"
    )


def _comparisons(
    months: pd.DataFrame, olds: list[str], news: list[str], event: str, years: _Years
) -> _Found:
    """The ratio under each comparison that all buyers have figures for."""
    ratios: dict[str, pd.DataFrame] = {}
    notes = []
    for name, pair in _windows(years).items():
        windows = {name: pair}
        try:
            ratio = measures.displacement_over(months, "value", olds, news, windows, event)
        except QueryError as error:
            reason = str(error).partition(": choose")[0]
            notes.append(f"Left out, {reason}")
        else:
            ratios[name] = ratio
    rows = measures.stack(ratios, "window")
    return _Found(rows.assign(all_months=rows["complete"]), notes)


def _other_buyers(asked: _Question, named: set[str]) -> str:
    """Say which other buyers state the flow after the event."""
    rows = held(
        asked.root,
        ["reporter_iso"],
        product=asked.product,
        partner=area_ids(asked.origin, asked.root),
        flow="M",
        reporter="countries",
        start=asked.event,
        **asked.filters,
    )
    stating = sorted(set(rows["reporter_iso"].to_pylist()) - named)
    others = []
    for area in stating:
        is_within = any(codes.contains(whole, area) for whole in named)
        if not is_within:
            others.append(codes.area_name(area))
    if not others:
        return "Other buyers: nothing of theirs is held"
    return f"Buyers that are not named and state this flow after {asked.event}: {', '.join(others)}"


def _prices(series: Mapping[str, pd.DataFrame], main: tuple[str, str]) -> _Found:
    """Each buyer's change in value, split into price and quantity."""
    split: dict[str, pd.DataFrame] = {}
    notes = []
    for buyer, rows in series.items():
        try:
            split[buyer] = measures.price_quantity(rows, USD, KG, *main)
        except QueryError as error:
            buyer_name = codes.area_name(buyer)
            notes.append(f"{buyer_name}: price and quantity not split, since {error}")
    if not split:
        return _Found(None, notes)
    rows = measures.stack(split, "reporter_iso").drop(columns="cmd_code")
    return _Found(rows, [*notes, PRICES_HOLD])


def _as_prices(rows: pd.DataFrame, window: str) -> Answer:
    return as_value(rows, "change", "USD", f"Price against quantity, {window}")


def _finding(goods: str, buyers: Answer, ratios: Answer) -> str:
    """The sentence above a card."""
    unit = buyers["unit"].iloc[0]
    changes = []
    for area, change in zip(buyers["reporter_iso"], buyers["value"], strict=True):
        changes.append(f"{codes.area_name(area)} {change / 1e6:+,.1f}")
    finding = f"{goods[:1].upper()}{goods[1:]}, million {unit}: {', '.join(changes)}"
    tested = ratios.loc[~ratios["placebo"], "value"]
    first = tested.iloc[0]
    if pd.isna(first):
        return f"{finding}; nothing was lost that others could have gained"
    known = tested.dropna()
    return (
        f"{finding}; gained for each lost: {first:.2f} ({known.min():.2f} to {known.max():.2f} "
        f"over {len(known)} comparisons)"
    )
