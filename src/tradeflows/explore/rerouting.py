"""One question put whole: who gave up a flow, who took it, and what the figures cannot say."""

import html
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from tradeflows import measures
from tradeflows.explore.answer import Answer, as_value
from tradeflows.explore.flow import flow
from tradeflows.explore.hints import held
from tradeflows.explore.questions import area_ids
from tradeflows.model import codes
from tradeflows.model.errors import QueryError
from tradeflows.model.periods import month_text, span
from tradeflows.retrieval import catalogue
from tradeflows.tables.display import as_html, as_text, source_line, tidy

KG, USD = "net_wgt_kg", "primary_value_usd"
ROLES = {
    "origin": "Goods blended or relabelled on the way stand under another origin",
    "last border": "The partner is the last border crossed, not where the goods are from",
    "route": "The partner is a route, neither origin nor border",
}


class Card(NamedTuple):
    """What :func:`rerouting` found; a notebook shows it whole.

    Attributes
    ----------
    title
        The finding in a sentence.
    buyers
        One row a buyer: ``value`` is the change a month, between the means ``value_base`` and
        ``value_after``; a new buyer's ``part`` is of what the old gave up.
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
        """Draw the ratio of each comparison; options of :class:`tradeflows.charts.Look`."""
        unit = str(self.buyers["unit"].iloc[0]).removesuffix(" a month")
        options = {
            "title": self.title,
            "unit": f"How many {unit} were gained for each lost",
            "reference": {"All that was lost": 1.0},
            **look,
        }
        return self.ratios.plot(**options)

    def _tables(self) -> Iterator[tuple[str, pd.DataFrame]]:
        parts = self.buyers, self.ratios, self.prices
        return (tidy(part) for part in parts if part is not None)

    def __repr__(self) -> str:
        """The card as text."""
        told = [f"{head}\n{as_text(table)}" for head, table in self._tables()]
        unseen = "\n".join(["What this cannot show", *(f"- {each}" for each in self.unseen)])
        return "\n\n".join([self.title, *told, unseen, *source_line(self.buyers)])

    def _repr_html_(self) -> str:
        told = "".join(
            f"<p><b>{html.escape(head)}</b></p>{as_html(table)}" for head, table in self._tables()
        )
        unseen = "".join(f"<li>{html.escape(each)}</li>" for each in self.unseen)
        foot = html.escape("".join(source_line(self.buyers)))
        return (
            f"<h3>{html.escape(self.title)}</h3>{told}<p><b>What this cannot show</b></p>"
            f"<ul>{unseen}</ul><p><small>{foot}</small></p>"
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
    """Who gave up a flow after an event and who took it: one card.

    The year before the event is compared with the first and the second full year after it; other
    bases (two years before that, and the twelve months to the event) give a range, and pairs of
    years before the event are placebos. A buyer's series is that of the source that reaches
    furthest; another one stands in for the months outside it.

    Parameters
    ----------
    product, origin
        As ``product`` and ``partner`` of :func:`tradeflows.flow`.
    old, new
        Buyers that gave the flow up, and that are said to have taken it.
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
    own = {"flow", "freq", "reporter", "partner", "start", "end"}
    if odd := sorted(own & {*filters}):
        raise QueryError(f"{odd[0]}= is set by the question itself: leave it out")
    root = root or catalogue.root()
    olds, news = area_ids(old), area_ids(new)
    month = span(event)[0]
    year, after = month // 12, month // 12 + bool(month % 12)
    unseen = ["What would have been bought without the event: the ratio follows no cargo"]
    series: dict[str, pd.DataFrame] = {}
    for buyer in (*olds, *news):
        series[buyer], said = _series(root, product, origin, buyer, str(after), filters)
        unseen += said
    frame = measures.stack(series, "buyer")
    main = (str(year - 1), str(after))
    moved = measures.displacement(frame, "value", olds, news, *main)
    ratios = _over(frame, olds, news, event, _windows(month, year, after), unseen)
    unit = frame["unit"].iloc[0]
    goods = f"{product} from {codes.area_name(area_ids(origin)[0])}"
    title = f"Change of {goods}, {main[0]} to {main[1]}, means of the months stated"
    buyers = as_value(moved, "change", f"{unit} a month", title)
    ratios = as_value(ratios, "displacement", "times", f"Gained for each of the {unit} lost")
    unseen += _others(root, product, origin, {*olds, *news}, event, filters)
    unseen += [text for role, text in ROLES.items() if role in set(frame["partner_role"])]
    goods_of = {buyer: ", ".join(sorted(set(one["cmd_code"]))) for buyer, one in series.items()}
    if len({code[:4] if code.isdigit() else code for code in goods_of.values()}) > 1:
        unseen.append(
            "The goods are not quite the same: "
            + "; ".join(f"{codes.area_name(buyer)} {code}" for buyer, code in goods_of.items())
        )
    prices = _prices(series, main, unseen)
    told = tuple(dict.fromkeys(unseen))
    return Card(_sentence(goods, buyers, ratios), buyers, ratios, prices, told)


def _windows(month: int, year: int, after: int) -> dict[str, tuple[Any, Any]]:
    twelve = month_text(month - 12), month_text(month - 1)
    pairs = {
        f"{a} to {b}": (str(a), str(b))
        for a, b in ((year - 1, after), (year - 1, after + 1), (year - 3, after))
    }
    placebos = {f"Placebo, {a} to {a + 2}": (str(a), str(a + 2)) for a in (year - 3, year - 4)}
    return {**pairs, f"12 months to {twelve[1]}, to {after}": (twelve, str(after)), **placebos}


def _series(
    root: Path, product: str, origin: str, buyer: str, after: str, filters: dict[str, Any]
) -> tuple[pd.DataFrame, list[str]]:
    """One buyer's months, each from one source, and what to say of that."""
    asked = {"product": product, "partner": origin, **filters}
    ids = held(
        root,
        ["source_id"],
        reporter=buyer,
        flow="M",
        freq="M",
        **{**asked, "partner": area_ids(origin)},
    )
    names = sorted(set(ids["source_id"].to_pylist())) or [None]  # of none, flow says why
    parts = [
        flow(**{**asked, "reporter": buyer, "freq": "M", "source": name, "root": root})
        for name in names
    ]
    told = catalogue.load(root, local=filters.get("local", False))
    first, *others = sorted(
        parts,
        key=lambda part: (
            -int(part["ref_period"].max().year >= int(after)),
            -len(part),
            told[part["source_id"].iloc[0]].rank,
        ),
    )
    whole, said = {first["source_id"].iloc[0]: pd.DataFrame(first)}, []
    whole[first["source_id"].iloc[0]].attrs = first.attrs
    for other in others:
        name = other["source_id"].iloc[0]
        if any(set(other[name]) != set(first[name]) for name in ("unit", "cmd_code")):
            continue  # another quantity, or other goods
        outside = ~other["ref_period"].between(first["ref_period"].min(), first["ref_period"].max())
        if not outside.any():
            continue
        both = other.merge(first, on=["ref_period", "n_months"])
        gap = 100 * (both["value_x"] / both["value_y"] - 1).abs().max()
        overlap = (
            f"they differ by at most {gap:.1f} % in {len(both)} months"
            if len(both)
            else ("they share no month")
        )
        said.append(
            f"{codes.area_name(buyer)}: {name} stands in outside the months of "
            f"{first['source_id'].iloc[0]}; {overlap}"
        )
        whole[name] = other[outside]
        break
    return measures.stack(whole, "from"), said


def _over(
    frame: pd.DataFrame,
    olds: list[str],
    news: list[str],
    event: str,
    windows: dict[str, tuple[Any, Any]],
    unseen: list[str],
) -> pd.DataFrame:
    """The ratio under each comparison that all buyers have figures for."""
    found = {}
    for name, pair in windows.items():
        try:
            found[name] = measures.displacement_over(
                frame, "value", olds, news, {name: pair}, event
            )
        except QueryError as error:
            unseen.append(f"Left out, {str(error).partition(': choose')[0]}")
    ratios = measures.stack(found, "window")
    return ratios.assign(all_months=ratios["complete"])


def _others(
    root: Path, product: str, origin: str, named: set[str], event: str, filters: dict[str, Any]
) -> list[str]:
    rows = held(
        root,
        ["reporter_iso"],
        product=product,
        partner=area_ids(origin),
        flow="M",
        reporter="countries",
        start=event,
        **filters,
    )
    others = [
        codes.area_name(each)
        for each in sorted(set(rows["reporter_iso"].to_pylist()) - named)
        if not any(codes.contains(whole, each) for whole in named)
    ]
    return [
        f"Buyers that are not named and state this flow after {event}: {', '.join(others)}"
        if others
        else "Other buyers: nothing of theirs is held"
    ]


def _prices(
    series: dict[str, pd.DataFrame], main: tuple[str, str], unseen: list[str]
) -> Answer | None:
    """Each buyer's change in value, split into price and quantity."""
    split = {}
    for buyer, frame in series.items():
        try:
            split[buyer] = measures.price_quantity(frame, USD, KG, *main)
        except QueryError as error:
            unseen.append(f"{codes.area_name(buyer)}: price and quantity not split, since {error}")
    if not split:
        return None
    unseen.append(
        "Prices are values over weights at the importer's border: they hold freight and "
        "insurance where CIF, and do not tell a discount from a grade"
    )
    whole = measures.stack(split, "reporter_iso").drop(columns="cmd_code")
    return as_value(whole, "change", "USD", f"Price against quantity, {main[0]} to {main[1]}")


def _sentence(goods: str, buyers: Answer, ratios: Answer) -> str:
    change = {
        codes.area_name(each): value
        for each, value in zip(buyers["reporter_iso"], buyers["value"], strict=True)
    }
    unit = buyers["unit"].iloc[0]
    told = ", ".join(f"{name} {value / 1e6:+,.1f}" for name, value in change.items())
    tested = ratios[~ratios["placebo"]]["value"]
    return (
        f"{goods[:1].upper()}{goods[1:]}, million {unit}: {told}; gained for each lost: "
        f"{tested.iloc[0]:.2f} ({tested.min():.2f} to {tested.max():.2f} over "
        f"{len(tested)} comparisons)"
    )
