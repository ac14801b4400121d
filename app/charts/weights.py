"""Charts of importance weights: how many rows have which weight, how far the tail reaches, who carries it."""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app import formats
from app.charts.base import BLUE, GREY, Chart, empty_figure, short
from cje_audit.domain.report import Histogram, PolicyReport
from cje_audit.domain.views import HeavyRow, WeightView

NARROWEST, THINNEST = 0.02, 0.006  # nats, share of the axis: the thinnest mark that can still be seen


def weight_histogram(policy: PolicyReport, clone: PolicyReport | None, *, as_weight: bool) -> Chart | None:
    """Draw how many rows have which log ratio, or which weight on a log scale, with the clone as noise floor."""
    bins = _histogram(policy)
    if bins is None:
        return None
    figure = empty_figure(320, bargap=0.02)
    _bars(figure, bins, short(policy.name), as_weight=as_weight)
    ends = [bins.edges[0], bins.edges[-1]]
    floor = noise_floor(clone) if clone is not None and clone.name != policy.name else None
    if floor is not None and clone is not None:
        _band(
            figure,
            floor,
            max(bins.counts),
            f"{short(clone.name)}: 9 of 10 rows (noise floor)",
            ends[1] - ends[0],
        )
        ends += floor
    _ratio_axis(figure, min(ends), max(ends), as_weight=as_weight)
    figure.update_yaxes(title="Rows")
    figure.add_vline(x=0, line={"dash": "dot", "color": GREY})
    return Chart(figure, _histogram_sentence(bins, as_weight=as_weight), _bin_table(bins, as_weight=as_weight))


@dataclass(frozen=True)
class Bar:
    """One bar of the histogram: its log ratios (nats; `closed` counts the upper end in), its rows, and its name."""

    low: float
    high: float
    closed: bool
    n: int
    name: str


def bars(policy: PolicyReport) -> tuple[Bar, ...]:
    """Return the bars of a policy's weight histogram, lightest first."""
    bins = _histogram(policy)
    if bins is None:
        return ()
    last = len(bins.counts) - 1
    ends = enumerate(zip(bins.edges, bins.edges[1:], bins.counts, strict=False))
    return tuple(
        Bar(a, b, i == last, n, f"{_bin_text(a, b, as_weight=False)}: {formats.plural(n, 'row')}")
        for i, (a, b, n) in ends
    )


def noise_floor(clone: PolicyReport) -> tuple[float, float] | None:
    """Return where 9 of 10 of the clone's log ratios lie: weights that differ by no more than this differ by noise."""
    told = None if clone.weights is None else clone.weights.log_ratio
    return None if told is None else (told.p05, told.p95)


def _band(figure: go.Figure, ends: tuple[float, float], height: float, name: str, span: float) -> None:
    half = max(NARROWEST, THINNEST * span) / 2
    low, high = ends[0] - half, ends[1] + half
    figure.add_scatter(
        x=[low, low, high, high],
        y=[0, height, height, 0],
        fill="toself",
        mode="lines",
        line={"width": 1, "color": GREY},
        fillcolor="rgba(136, 147, 162, 0.35)",
        name=name,
        hoverinfo="skip",
    )


def _histogram(policy: PolicyReport) -> Histogram | None:
    """Return the policy's histogram; of one single value, a bin that is no wider than that value."""
    if policy.weights is None or policy.weights.histogram is None:
        return None
    told, bins = policy.weights.log_ratio, policy.weights.histogram
    if told is not None and told.min == told.max:
        return Histogram(edges=(told.min, told.max), counts=(sum(bins.counts),))
    return bins


def _bars(figure: go.Figure, bins: Histogram, name: str, *, as_weight: bool) -> None:
    edges = bins.edges
    figure.add_bar(
        x=[(a + b) / 2 for a, b in itertools.pairwise(edges)],
        width=[max(b - a, NARROWEST) for a, b in itertools.pairwise(edges)],
        y=list(bins.counts), name=name, marker={"color": BLUE, "line": {"width": 0}},
        customdata=[_bin_text(a, b, as_weight=as_weight) for a, b in itertools.pairwise(edges)],
        hovertemplate="%{y} rows with %{customdata}<extra></extra>",
    )  # fmt: skip


def _bin_text(low: float, high: float, *, as_weight: bool) -> str:
    if as_weight:
        return f"weight {weight_text(low)} to {weight_text(high)}"
    return f"log ratio {formats.number(low)} to {formats.number(high)}"


def weight_text(log_ratio: float) -> str:
    """Return the weight exp(log ratio) in words, also where float64 cannot hold it.

    Examples
    --------
    >>> weight_text(0.0), weight_text(2.302585), weight_text(2000.0)
    ('1', '10', '3.88 × 10⁸⁶⁸')
    """
    if abs(log_ratio) < 650:
        return formats.number(math.exp(log_ratio))
    exponent, rest = divmod(log_ratio / math.log(10), 1)
    return formats.number(float(f"{10**rest:.3g}")) + f" × 10{formats.superscript(int(exponent))}"


def _ratio_axis(figure: go.Figure, lowest: float, highest: float, *, as_weight: bool) -> None:
    middle = (lowest + highest) / 2
    lowest, highest = min(lowest, middle - 1), max(highest, middle + 1)
    figure.update_xaxes(range=[lowest, highest])
    if not as_weight:
        figure.update_xaxes(title="Log ratio, target − logging (nats)")
        return
    ticks = _weight_ticks(lowest / math.log(10), highest / math.log(10))
    figure.update_xaxes(
        title="Weight (log scale)",
        tickvals=[t * math.log(10) for t in ticks],
        ticktext=[_power_text(t) for t in ticks],
    )


def _weight_ticks(low: float, high: float) -> list[float]:
    """Return where to mark a log scale, in decades: powers of ten on a long one, 1-2-5 steps on a short one."""
    powers = range(math.floor(low), math.ceil(high) + 1)
    if high - low > 3:
        step = math.ceil((high - low) / 8)
        return [float(p) for p in powers if p % step == 0]
    steps = [0.0, math.log10(2), math.log10(5)] if high - low > 0.7 else [math.log10(n / 10) for n in range(10, 100, 2)]
    return [p + s for p in powers for s in steps if low <= p + s <= high]


def _power_text(decades: float) -> str:
    return f"{10.0**decades:,.2g}" if abs(decades) < 4 else f"10{formats.superscript(round(decades))}"


def _histogram_sentence(bins: Histogram, *, as_weight: bool) -> str:
    peak = max(range(len(bins.counts)), key=lambda i: bins.counts[i])
    where = _bin_text(bins.edges[peak], bins.edges[peak + 1], as_weight=as_weight)
    return (
        f"Most rows ({formats.of(bins.counts[peak], sum(bins.counts))}) have {where}; the dotted line marks weight 1."
    )


def _bin_table(bins: Histogram, *, as_weight: bool) -> pd.DataFrame:
    text = weight_text if as_weight else formats.number
    edges = zip(bins.edges, bins.edges[1:], bins.counts, strict=False)
    return pd.DataFrame([{"From": text(a), "To": text(b), "Rows": f"{n:,}"} for a, b, n in edges if n])


def ccdf(view: WeightView, clone: WeightView | None) -> Chart | None:
    """Draw which share of rows has at least a given weight, both axes logarithmic, with the clone as noise floor."""
    if not view.ccdf_log_ratio:
        return None
    figure = empty_figure(320)
    _tail(figure, view, short(view.policy), {"color": BLUE, "width": 3})
    ends = [view.ccdf_log_ratio[0], view.ccdf_log_ratio[-1]]
    if clone is not None and clone.policy != view.policy and clone.ccdf_log_ratio:
        _tail(
            figure,
            clone,
            f"{short(clone.policy)} (noise floor)",
            {"color": GREY, "width": 2, "dash": "dash"},
        )
        ends += [clone.ccdf_log_ratio[0], clone.ccdf_log_ratio[-1]]
    _ratio_axis(figure, min(ends), max(ends), as_weight=True)
    shares = [10.0**-power for power in range(8)]
    labels = [formats.percent(share) for share in shares]
    figure.update_yaxes(type="log", title="Share of rows at or above", tickvals=shares, ticktext=labels)
    sentence = "The tail: the further right the line goes before it drops, the more a few rows decide."
    return Chart(figure, sentence, _tail_table(view))


def _tail(figure: go.Figure, view: WeightView, name: str, line: dict[str, Any]) -> None:
    points = list(zip(view.ccdf_log_ratio, view.ccdf_share, strict=True))
    figure.add_scatter(
        x=[x for x, _ in points],
        y=[y for _, y in points],
        mode="lines",
        name=name,
        line=line,
        customdata=[[weight_text(x), formats.percent(y)] for x, y in points],
        hovertemplate="%{customdata[1]} of rows have weight %{customdata[0]} or more<extra></extra>",
    )


def _tail_table(view: WeightView) -> pd.DataFrame:
    pairs = list(zip(view.ccdf_log_ratio, view.ccdf_share, strict=True))
    every = max(1, len(pairs) // 20)
    return pd.DataFrame(
        [{"Weight at least": weight_text(x), "Share of rows": formats.percent(y)} for x, y in pairs[::-every]]
    )


def heaviest(view: WeightView, clone: WeightView | None) -> Chart | None:
    """Draw the share of all weight on each of the heaviest rows, from the heaviest down, with the clone's beside it."""
    if not view.heaviest:
        return None
    rows = view.heaviest[:20]
    figure = empty_figure(320)
    ranks = [f"#{i}" for i, _ in enumerate(rows, 1)]
    figure.add_bar(
        x=ranks,
        y=[row.share for row in rows],
        marker={"color": BLUE},
        name=short(view.policy),
        customdata=[[formats.chart_text(formats.excerpt(row.row_id, 40)), formats.percent(row.share)] for row in rows],
        hovertemplate="row %{customdata[0]}: %{customdata[1]} of all weight<extra></extra>",
    )
    if clone is not None and clone.policy != view.policy:
        shares = [row.share for row in clone.heaviest[: len(rows)]]
        name = f"{short(clone.policy)} (noise floor)"
        line = {"color": GREY, "width": 2, "dash": "dash"}
        figure.add_scatter(x=ranks[: len(shares)], y=shares, mode="lines", name=name, line=line, hoverinfo="skip")
    figure.update_yaxes(tickformat=".2~p", title="Share of all weight", rangemode="tozero")
    figure.update_xaxes(title="Rows, heaviest first", type="category")
    return Chart(figure, half_weight_sentence(view), pd.DataFrame([_heavy(i, row) for i, row in enumerate(rows, 1)]))


def half_weight_sentence(view: WeightView) -> str:
    """Say how many rows hold half of all weight."""
    if view.half_weight_rows is None:
        return "How many rows hold half of all weight could not be said."
    verb = "row holds" if view.half_weight_rows == 1 else "rows together hold"
    return f"{view.half_weight_rows:,} of {view.n:,} {verb} half of all weight."


def _heavy(rank: int, row: HeavyRow) -> dict[str, str]:
    weight = weight_text(row.log_ratio) if row.weight is None else formats.number(row.weight)
    return {
        "Rank": f"#{rank}",
        "Row": formats.excerpt(row.row_id, 40),
        "Weight": weight,
        "Share of all weight": formats.percent(row.share),
    }
