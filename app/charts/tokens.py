"""The token strip: how much each policy expected each token of one response."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app import formats
from app.charts.base import Chart, empty_figure
from cje_audit.domain.views import CellView

SURPRISE = [[0.0, "#d6e6f5"], [0.35, "#7fb0dc"], [0.7, "#2f7fc1"], [1.0, "#0b3a66"]]


def token_strip(cells: Sequence[CellView]) -> Chart | None:
    """Draw each response token's log-probability, one line per policy: the darker, the less the policy expected it."""
    lines = [c for c in cells if c.tokens]
    if not lines:
        return None
    longest = max(len(c.tokens) for c in lines)
    figure = empty_figure(110 + 46 * len(lines))
    figure.add_heatmap(
        z=[[-t.logprob for t in c.tokens] + [None] * (longest - len(c.tokens)) for c in lines],
        x=list(range(1, longest + 1)),
        y=[_line_name(c) for c in lines],
        customdata=[_hovers(c, longest) for c in lines],
        hovertemplate="token %{x}: %{customdata[0]}<br>log-probability %{customdata[1]}<extra>%{y}</extra>",
        colorscale=SURPRISE,
        zmin=0,
        xgap=1,
        ygap=4,
        colorbar={"title": "nats lost", "thickness": 10},
    )
    _token_ticks(figure, lines)
    figure.update_yaxes(autorange="reversed", type="category")
    sentence = "Each square is one token of the response; the darker it is, the less the policy expected it."
    return Chart(figure, sentence, _token_table(lines, longest))


def _hovers(cell: CellView, length: int) -> list[list[str]]:
    told = [[token_text(t.text), formats.number(t.logprob)] for t in cell.tokens]
    return told + [["", ""]] * (length - len(told))


def _line_name(cell: CellView) -> str:
    return formats.chart_text(cell.policy or "logging policy")


def token_text(text: str) -> str:
    r"""Return a token so that blanks and line ends can be seen and nothing in it is read as a tag.

    Examples
    --------
    >>> token_text(" a\n<b>")
    '␣a↵&lt;b&gt;'
    """
    return formats.chart_text(text.replace(" ", "␣"))


def _token_ticks(figure: go.Figure, lines: Sequence[CellView]) -> None:
    texts = [[t.text for t in c.tokens] for c in lines]
    if len(texts[0]) > 40 or any(t != texts[0] for t in texts):
        figure.update_xaxes(title="Token number")
        return
    figure.update_xaxes(
        tickvals=list(range(1, len(texts[0]) + 1)),
        ticktext=[token_text(formats.excerpt(t, 14) if t.strip() else t) for t in texts[0]],
    )


def _token_table(lines: Sequence[CellView], longest: int) -> pd.DataFrame:
    return pd.DataFrame([_token_row(lines, i) for i in range(longest)])


def _token_row(lines: Sequence[CellView], index: int) -> dict[str, str]:
    having = [c for c in lines if index < len(c.tokens)]
    row = {
        "Token": f"{index + 1}",
        "Text": formats.visible(having[0].tokens[index].text).replace(" ", "␣").replace("\n", "↵"),
    }
    return row | {c.policy or "logging policy": formats.number(c.tokens[index].logprob) for c in having}
