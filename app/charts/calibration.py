"""Chart of the calibration: labels against judge scores, the curve through them, and a straight line beside it."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app import formats
from app.charts.base import BLUE, GREY, ORANGE, Chart, empty_figure
from cje_audit.domain.curve import CalibrationCurve
from cje_audit.domain.labels import LabelledRow


def calibration(found: CalibrationCurve | None, rows: Sequence[LabelledRow]) -> Chart | None:
    """Draw the curve from judge score to oracle label over the labelled rows, and their means in bins."""
    if found is None:
        return None
    figure = empty_figure(380)
    if rows:
        figure.add_scatter(
            x=[row.score for row in rows],
            y=[row.label for row in rows],
            mode="markers",
            marker={"color": GREY, "size": 5, "opacity": 0.45},
            name="Labelled rows",
            hovertemplate="score %{x}, label %{y}<extra></extra>",
        )
    _line(figure, found)
    _curve(figure, found)
    _means(figure, found)
    figure.update_xaxes(title="Judge score")
    figure.update_yaxes(title="Oracle label")
    return Chart(figure, found.sentence, bins_table(found))


def _curve(figure: go.Figure, found: CalibrationCurve) -> None:
    figure.add_scatter(
        x=[score for score, _ in found.curve],
        y=[label for _, label in found.curve],
        mode="lines",
        line={"color": BLUE, "width": 3},
        name="Calibration curve",
        hovertemplate="score %{x:.3f} goes with label %{y:.3f}<extra></extra>",
    )


def _line(figure: go.Figure, found: CalibrationCurve) -> None:
    (intercept, slope), ends = found.line, (found.curve[0][0], found.curve[-1][0])
    figure.add_scatter(
        x=list(ends),
        y=[intercept + slope * end for end in ends],
        mode="lines",
        line={"color": GREY, "width": 2, "dash": "dash"},
        name="A straight line instead",
        hoverinfo="skip",
    )


def _means(figure: go.Figure, found: CalibrationCurve) -> None:
    ends = [b.interval or (b.label, b.label) for b in found.bins]
    figure.add_scatter(
        x=[b.score for b in found.bins],
        y=[b.label for b in found.bins],
        error_y={
            "type": "data",
            "symmetric": False,
            "thickness": 2,
            "array": [high - b.label for b, (_, high) in zip(found.bins, ends, strict=True)],
            "arrayminus": [b.label - low for b, (low, _) in zip(found.bins, ends, strict=True)],
        },
        mode="markers",
        marker={"color": ORANGE, "size": 10},
        name="Mean label of rows with about this score",
        customdata=[[formats.number(b.label), formats.interval(b.interval), f"{b.n:,}"] for b in found.bins],
        hovertemplate="%{customdata[2]} rows: mean label %{customdata[0]}<br>interval %{customdata[1]}<extra></extra>",
    )


def bins_table(found: CalibrationCurve) -> pd.DataFrame:
    """List the labelled rows in bins of their judge score."""
    return pd.DataFrame(
        [
            {
                "Judge score, mean": formats.number(b.score),
                "Label, mean": formats.number(b.label),
                "Interval": formats.interval(b.interval),
                "Labelled rows": f"{b.n:,}",
            }
            for b in found.bins
        ]
    )
