"""The token strip: how much each policy expected each token of one response."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from app import formats
from app.charts.base import Chart, empty_figure, lines_of_names, short
from cje_audit.domain.views import CellView

LESS_AND_MORE = [[0.0, "#b35806"], [0.5, "#f7f7f7"], [1.0, "#0b4f8a"]]
WORDS_FIT = 16  # tokens whose words can be read under their squares at the width of a phone
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
    _lines(figure, lines)
    sentence = "Each square is one token of the response; the darker it is, the less the policy expected it."
    return Chart(figure, sentence, _token_table(lines, longest))


def ratio_strip(cells: Sequence[CellView]) -> Chart | None:
    """Draw how much more, or less, each target policy expected each token than the logging policy did.

    Only policies whose tokens are the logging policy's own can be held against it token by token.
    """
    same = [c for c in cells if c.token_log_ratios]
    if not same:
        return None
    tokens = same[0].tokens
    reach = max(0.01, *(abs(r) for c in same for r in c.token_log_ratios))
    figure = empty_figure(110 + 46 * len(same))
    figure.add_heatmap(
        z=[list(c.token_log_ratios) for c in same],
        x=list(range(1, len(tokens) + 1)),
        y=[_line_name(c) for c in same],
        customdata=[
            [[token_text(t.text), formats.number(r)] for t, r in zip(c.tokens, c.token_log_ratios, strict=True)]
            for c in same
        ],
        hovertemplate="token %{x}: %{customdata[0]}<br>log ratio %{customdata[1]}<extra>%{y}</extra>",
        colorscale=LESS_AND_MORE,
        zmid=0,
        zmin=-reach,
        zmax=reach,
        xgap=1,
        ygap=4,
        colorbar={"title": "nats", "thickness": 10},
    )
    _token_ticks(figure, same)
    _lines(figure, same)
    sentence = (
        "Blue tokens are ones the policy expected more than the logging policy did, orange ones less; "
        "together they make the log ratio of the row. " + " ".join(f"{_mover(c)}." for c in same)
    )
    return Chart(figure, sentence, _ratio_table(same))


def _mover(cell: CellView) -> str:
    """Name the token that moved a policy's weight most, or say that none did."""
    at = max(range(len(cell.token_log_ratios)), key=lambda i: abs(cell.token_log_ratios[i]))
    ratio, policy = cell.token_log_ratios[at], cell.policy or "target policy"
    if ratio == 0:
        return f"No token moved the weight of {policy}"
    text = formats.excerpt(_shown(cell.tokens[at].text), 40)
    return f"Token {at + 1} ({text}) moved the weight of {policy} most: log ratio {formats.number(ratio)} nats"


def _ratio_table(same: Sequence[CellView]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"Token": f"{i + 1}", "Text": _shown(token.text)}
            | {c.policy or "target policy": formats.number(c.token_log_ratios[i]) for c in same}
            for i, token in enumerate(same[0].tokens)
        ]
    )


def _hovers(cell: CellView, length: int) -> list[list[str]]:
    told = [[token_text(t.text), formats.number(t.logprob)] for t in cell.tokens]
    return told + [["", ""]] * (length - len(told))


def _policy(cell: CellView) -> str:
    return cell.policy or "logging policy"


def _line_name(cell: CellView) -> str:
    return formats.chart_text(_policy(cell))


def _lines(figure: go.Figure, lines: Sequence[CellView]) -> None:
    lines_of_names(figure, {_policy(c): short(_policy(c)) for c in lines})


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
    if len(texts[0]) > WORDS_FIT or any(t != texts[0] for t in texts):
        figure.update_xaxes(title="Token number")
        return
    figure.update_xaxes(
        tickvals=list(range(1, len(texts[0]) + 1)),
        ticktext=[token_text(formats.excerpt(t, 14) if t.strip() else t) for t in texts[0]],
    )


def _token_table(lines: Sequence[CellView], longest: int) -> pd.DataFrame:
    return pd.DataFrame([_token_row(lines, i) for i in range(longest)])


def _shown(text: str) -> str:
    return formats.visible(text).replace(" ", "␣").replace("\n", "↵")


def _token_row(lines: Sequence[CellView], index: int) -> dict[str, str]:
    having = [c for c in lines if index < len(c.tokens)]
    row = {
        "Token": f"{index + 1}",
        "Text": _shown(having[0].tokens[index].text),
    }
    return row | {c.policy or "logging policy": formats.number(c.tokens[index].logprob) for c in having}
