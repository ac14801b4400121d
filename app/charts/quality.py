"""Charts of quality figures: how often a measured value occurs, or which kinds of a flaw there are."""

from math import ceil

import pandas as pd

from app import formats
from app.charts.base import BLUE, GREY, Chart, empty_figure
from cje_audit.domain.quality import Distribution, QualityFigure

HEIGHT = 260


def figure_chart(figure: QualityFigure) -> Chart | None:
    """Draw a figure's distribution, None where it has none or one value alone; the sentence is the figure's own."""
    shape = figure.distribution
    if shape is None or (len(shape.counts) == 1 and not shape.labels):
        return None
    return _kinds(figure.sentence, shape) if shape.labels else _bins(figure.sentence, shape)


def _kinds(sentence: str, shape: Distribution) -> Chart:
    drawn = empty_figure(HEIGHT)
    labels = [formats.chart_text(formats.excerpt(label, 40)) for label in shape.labels]
    rows = [formats.plural(n, "row") for n in shape.counts]
    drawn.add_bar(
        y=labels, x=shape.counts, orientation="h", marker={"color": BLUE}, customdata=rows,
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )  # fmt: skip
    drawn.update_layout(showlegend=False)
    drawn.update_xaxes(title="Rows", rangemode="tozero")
    drawn.update_yaxes(type="category", autorange="reversed")
    whole = sum(shape.counts)
    table = [
        {"Kind": formats.visible(label), "Rows": formats.of(n, whole, "")}
        for label, n in zip(shape.labels, shape.counts, strict=True)
    ]
    return Chart(drawn, sentence, pd.DataFrame(table))


def _bins(sentence: str, shape: Distribution) -> Chart:
    drawn = empty_figure(HEIGHT, bargap=0.04)
    names = bin_names(shape)
    middles = [(a + b) / 2 for a, b in zip(shape.edges, shape.edges[1:], strict=False)]
    widths = [b - a for a, b in zip(shape.edges, shape.edges[1:], strict=False)]
    rows = [[name, formats.plural(n, "row")] for name, n in zip(names, shape.counts, strict=True)]
    drawn.add_bar(
        x=middles, y=shape.counts, width=widths, marker={"color": BLUE}, customdata=rows,
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
    )  # fmt: skip
    drawn.update_layout(showlegend=False)
    drawn.update_xaxes(title=shape.unit.capitalize())
    drawn.update_yaxes(title="Rows", rangemode="tozero")
    if shape.edges[0] < 0 < shape.edges[-1]:
        drawn.add_vline(x=0, line={"dash": "dot", "color": GREY})
    whole = sum(shape.counts)
    told = [
        {shape.unit.capitalize(): name, "Rows": formats.of(n, whole, "")}
        for name, n in zip(names, shape.counts, strict=True)
        if n
    ]
    return Chart(drawn, sentence, pd.DataFrame(told))


def bin_names(shape: Distribution) -> list[str]:
    """Return each bin as words; the outer ones also hold what lies beyond, up to the ends.

    Examples
    --------
    >>> from cje_audit.domain.quality import Spread
    >>> ends = {"p05": 1, "p50": 2, "p95": 5, "mean": 2}
    >>> far, near = Spread(min=1, max=9, **ends), Spread(min=1, max=6, **ends)
    >>> bin_names(Distribution(unit="tokens", counts=(1, 2), edges=(0.5, 1.5, 5.5), spread=far))
    ['1', '2 and more']
    >>> bin_names(Distribution(unit="tokens", counts=(1, 2), edges=(0.5, 3.5, 6.5), spread=near))
    ['1 to 3', '4 to 6']
    >>> bin_names(Distribution(unit="nats", counts=(1, 2, 3), edges=(0.0, 0.5, 1.0, 1.5)))
    ['up to 0.500', '0.500 to 1', '1 and more']
    """
    pairs = list(zip(shape.edges, shape.edges[1:], strict=False))
    whole = all(edge % 1 == 0.5 for edge in shape.edges)
    names = [_whole(a, b) if whole else formats.interval((a, b)) for a, b in pairs]
    told = shape.spread
    if told is None or told.min < shape.edges[0]:
        names[0] = f"up to {_last(pairs[0][1]) if whole else formats.number(pairs[0][1])}"
    if told is None or told.max > shape.edges[-1]:
        names[-1] = f"{_first(pairs[-1][0]) if whole else formats.number(pairs[-1][0])} and more"
    return names


def _whole(low: float, high: float) -> str:
    """Return the whole numbers between two ends as words."""
    first, last = _first(low), _last(high)
    return first if first == last else f"{first} to {last}"


def _first(low: float) -> str:
    return formats.count(ceil(low))


def _last(high: float) -> str:
    return formats.count(ceil(high) - 1)
