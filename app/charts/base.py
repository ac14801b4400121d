"""What all charts share: a figure with its sentence and table, the palette, the empty figure."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

# Distinct for all common kinds of colour blindness, and readable on white and on near-black.
BLUE, ORANGE, GREEN, GREY = "#2f7fc1", "#d98200", "#1a9a76", "#8893a2"


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
