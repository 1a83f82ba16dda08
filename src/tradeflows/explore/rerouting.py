"""One question put whole: who no longer took a flow, who did, and what the figures cannot say."""

import html
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tradeflows import measures
from tradeflows.explore.answer import Answer, as_value
from tradeflows.explore.flow import flow
from tradeflows.explore.hints import held
from tradeflows.explore.naming import area_names, goods_apart, with_names
from tradeflows.explore.questions import area_ids
from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import month_text, span, window_in_words
from tradeflows.retrieval import catalogue
from tradeflows.tables.display import as_html, as_text, source_line, tidy

KG, USD = "net_wgt_kg", "primary_value_usd"
IN_WORDS = {  # heads of a card's tables, by column
    "role": "buyer",
    "value_base": "before",
    "value_after": "after",
    "part": "part of what was lost",
    "window": "periods compared",
    "placebo": "before the event",
    "value_gain": "gained",
    "value_loss": "lost",
    "all_months": "all months stated",
    "months": "fewest months of a mean",
    "index": "times as much",
}
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
        tables = []
        for answer, value in (
            (self.buyers, "change"),
            (self.ratios, "ratio"),
            (self.prices, "change"),
        ):
            if answer is None:
                continue
            head, table = tidy(answer)
            for name in table.select_dtypes(bool):
                table[name] = table[name].map({True: "yes", False: "no"})
            table.columns = [
                f"part of {codes.area_name(name[5:])}" if name.startswith("part_") else name
                for name in table.rename(columns={**IN_WORDS, "value": value})
            ]
            tables.append((head, table))
        return tables

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
    event: str | None = None,
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
    for name in sorted(SET_BY_THE_QUESTION & {*filters}):
        raise QueryError(f"{name}= is set by the question itself: leave it out")
    if event is None:
        raise QueryError("event= is lacking: the month of the event, such as event='2022-02'")
    root = root or catalogue.root()
    asked = {"product": product, "partner": area_ids(origin, root), **filters}
    olds, news = area_ids(old, root), area_ids(new, root)
    month = span(event)[0]
    before, after = month // 12 - 1, -(-month // 12)  # the first full year after it
    main = str(before), str(after)
    series, unseen = {}, [NO_COUNTERFACTUAL]
    for buyer in [*olds, *news]:
        series[buyer], notes = _series(root, {**asked, "partner": origin}, buyer, after)
        unseen += notes
    months = measures.stack(series, "buyer")
    unit = months["unit"].iloc[0]
    goods = f"{product} from {codes.area_name(asked['partner'][0])}"
    title = f"Change of {goods}, {' to '.join(main)}, means of the months stated"
    changes = measures.displacement(months, "value", olds, news, *main)
    buyers = as_value(changes, "change", f"{unit} a month", title)
    for row in buyers[~buyers["complete"].astype(bool)].itertuples():
        most = buyers["months_base"].max()
        beside = f", beside means of {most} months," * bool(most > row.months_base)
        unseen.append(
            f"{row.reporter}: means of the {row.months_base} months that both years state{beside} "
            f"since {row.missing} are not stated: these months of the other year are left out"
        )
    over: dict[str, pd.DataFrame] = {}
    for name, pair in _windows(month, before, after).items():
        windows = {name: pair}
        try:
            over[name] = measures.displacement_over(months, "value", olds, news, windows, event)
        except QueryError as error:
            unseen.append(f"Left out, {str(error).partition(': choose')[0]}")
    rows = measures.stack(over, "window")
    rows = rows.assign(all_months=rows["complete"])
    ratios = as_value(rows, "displacement", "times", f"Gained for each of the {unit} lost")
    unseen.append(_other_buyers(root, asked, event, series))
    unseen += [text for role, text in ROLES.items() if role in {*months["partner_role"]}]
    prices, notes = _prices(series, main)
    unseen += [*goods_apart(series.values()), *notes]
    texts = tuple(with_names(dict.fromkeys(unseen), root))
    return Card(_finding(goods, buyers, ratios), buyers, ratios, prices, texts)


def _windows(month: int, before: int, after: int) -> dict[str, tuple[Any, Any]]:
    """The pairs of windows that are compared, by name; those before the event are placebos."""
    twelve = month_text(month - 12), month_text(month - 1)
    windows: dict[str, tuple[Any, Any]] = {
        f"{base} to {later}": (str(base), str(later))
        for base, later in ((before, after), (before, after + 1), (before - 2, after))
    }
    windows[f"{window_in_words(*twelve)}, to {after}"] = (twelve, str(after))
    for base in (before - 2, before - 3):
        windows[f"Before the event, {base} to {base + 2}"] = (str(base), str(base + 2))
    return windows


def _series(
    root: Path, asked: Mapping[str, Any], buyer: str, after: int
) -> tuple[pd.DataFrame, list[str]]:
    """One buyer's months, each from one source, and what to say of that."""
    question = {"reporter": buyer, "freq": "M", **asked}
    coded = {**question, "partner": area_ids(asked["partner"], root), "flow": "M"}
    names = sorted(held(root, ["source_id"], **coded)["source_id"].unique())
    # Of none, flow says why.
    parts = {name: flow(**{**question, "source": name, "root": root}) for name in names or [None]}
    entries = catalogue.load(root, local=asked.get("local", False))

    def preference(name: Any) -> tuple[bool, int, int]:
        part = parts[name]
        return part["ref_period"].max().year < after, -len(part), entries[name].rank

    name, *others = sorted(parts, key=preference)
    first = parts[name]
    plain = pd.DataFrame(first)
    plain.attrs = first.attrs
    for other in others:
        part = parts[other]
        has_same_goods = all({*part[key]} == {*first[key]} for key in ("unit", "cmd_code"))
        is_outside = ~part["ref_period"].between(
            plain["ref_period"].min(), plain["ref_period"].max()
        )
        if has_same_goods and is_outside.any():
            both = part.merge(first, on=["ref_period", "n_months"])
            overlap = "they share no month"
            if len(both):
                difference = 100 * (both["value_x"] / both["value_y"] - 1).abs().max()
                overlap = f"they differ by at most {difference:.1f} % in {len(both)} months"
            note = (
                f"{codes.area_name(buyer)}: {other} stands in outside the months of {name}; "
                f"{overlap}"
            )
            return measures.stack({name: plain, other: part[is_outside]}, "from"), [note]
    return measures.stack({name: plain}, "from"), []


def _other_buyers(root: Path, asked: Mapping[str, Any], event: str, named: Collection[str]) -> str:
    """Say which other buyers state the flow after the event."""
    question = {**asked, "flow": "M", "reporter": "countries", "start": event}
    stating = {*held(root, ["reporter_iso"], **question)["reporter_iso"]}
    others = [
        area
        for area in sorted(stating - {*named})
        if not any(codes.contains(whole, area) for whole in named)
    ]
    if not others:
        return "Other buyers: nothing of theirs is held"
    return f"Buyers that are not named and state this flow after {event}: {area_names(others)}"


def _prices(
    series: Mapping[str, pd.DataFrame], main: tuple[str, str]
) -> tuple[Answer | None, list[str]]:
    """Each buyer's change in value, split into price and quantity, and why one's is not."""
    split: dict[str, pd.DataFrame] = {}
    notes = []
    for buyer, rows in series.items():
        try:
            split[buyer] = measures.price_quantity(rows, USD, KG, *main)
        except QueryError as error:
            name = codes.area_name(buyer)
            notes.append(f"{name}: price and quantity not split, since {error}")
    if not split:
        return None, notes
    rows = measures.stack(split, "reporter_iso").drop(columns="cmd_code")
    title = f"Price against quantity, {' to '.join(main)}"
    return as_value(rows, "change", "USD", title), [*notes, PRICES_HOLD]


def _finding(goods: str, buyers: Answer, ratios: Answer) -> str:
    """The sentence above a card."""
    changes = [
        f"{row.reporter} {row.value / 1e6:+,.1f}"
        + f" ({row.months_base} months)" * (not row.complete)
        for row in buyers.itertuples()
    ]
    unit = buyers["unit"].iloc[0]
    finding = f"{goods[:1].upper()}{goods[1:]}, million {unit}: {', '.join(changes)}"
    compared = ratios[~ratios["placebo"]]
    tested, months = compared["value"], compared["months"]
    if pd.isna(tested.iloc[0]):
        return f"{finding}; nothing was lost that others could have gained"
    of_few = f" of {months.min()} to {months.max()} months" * (not compared["complete"].all())
    return (
        f"{finding}; gained for each lost: {tested.iloc[0]:.2f} ({tested.min():.2f} to "
        f"{tested.max():.2f} over {tested.count()} comparisons{of_few})"
    )
