"""What a first visit would wait for, or find half imported: the server imports it before it answers."""

import pandas as pd
import pyarrow.pandas_compat  # noqa: F401  (loaded with the first table)

import cje_audit.audit.rooms  # noqa: F401  (the engine's larger half, more than a second)
from app.charts.base import empty_figure


def draw() -> None:
    """Draw a figure and a table and throw them away: only then does Plotly load most of itself (a third of a second).

    That has to be done on one thread, before two visits come side by side.
    """
    figure = empty_figure(200)
    figure.add_bar(x=[1], y=[1])
    figure.add_scatter(x=[1], y=[1])
    figure.update_xaxes(title="x")
    figure.update_yaxes(title="y")
    figure.to_json()
    pd.DataFrame({"text": ["a"]})


draw()
