"""What all charts share: a figure with its sentence and table, the palette, the empty figure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app import formats

# Distinct for all common kinds of colour blindness, and readable on white and on near-black.
BLUE, ORANGE, GREEN, GREY = "#2f7fc1", "#d98200", "#1a9a76", "#8893a2"

SHORT = 22  # characters of a name beside or above a chart: more would leave no room on a phone


@dataclass(frozen=True)
class Chart:
    """A figure, what it says in one sentence, and its numbers as a table."""

    figure: go.Figure
    sentence: str
    table: pd.DataFrame


def empty_figure(height: int, **layout: Any) -> go.Figure:
    """Return a figure without data, transparent, so that the page's theme shows through."""
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 28, "b": 8},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
        showlegend=True,
        **layout,
    )
    figure.update_xaxes(automargin=True, zeroline=False)
    figure.update_yaxes(automargin=True, zeroline=False)
    return figure


def short(name: str) -> str:
    """Return a name as a chart shows it: as text, and its beginning where it is long.

    Examples
    --------
    >>> short("<b>"), short("a policy with quite a long name")
    ('&lt;b&gt;', 'a policy with quite a…')
    """
    return formats.chart_text(formats.excerpt(name, SHORT))


def lines_of_names(figure: go.Figure, shown: Mapping[str, str], **axis: Any) -> None:
    """Give every name a line of its own, the first on top; `shown` is what stands beside the line of each name.

    Names that begin alike keep their own lines, since only what is shown is short.
    """
    lines = [formats.chart_text(name) for name in shown]
    figure.update_yaxes(
        type="category", categoryorder="array", categoryarray=lines[::-1], tickmode="array", tickvals=lines,
        ticktext=list(shown.values()), **axis,
    )  # fmt: skip
