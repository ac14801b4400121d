"""Charts and tables of differences between policies: within a run, and between two runs."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from app import formats
from app.charts.base import BLUE, GREY, SHORT, Chart, empty_figure, lines_of_names, short
from cje_audit.domain.comparison import ComparedPair
from cje_audit.domain.report import Comparison

Compared = Comparison | ComparedPair
KEY = "A dot is a difference, the line through it its 95 % interval; the dotted line is no difference."


@dataclass(frozen=True)
class Drawn:
    """A pair that has a difference, with its interval."""

    pair: Compared
    name: str
    value: float
    interval: tuple[float, float]


def differences(pairs: Sequence[Compared], told: str, *, label_a: str = "", label_b: str = "") -> Chart | None:
    """Draw the difference of every comparable pair with its interval, and a line at no difference; `told` says it."""
    drawn = _drawn(pairs, label_a, label_b)
    if not drawn:
        return None
    figure = empty_figure(104 + 40 * len(drawn))
    figure.add_scatter(
        x=[d.value for d in drawn],
        y=[formats.chart_text(d.name) for d in drawn],
        error_x={
            "type": "data", "symmetric": False, "thickness": 2,
            "array": [d.interval[1] - d.value for d in drawn],
            "arrayminus": [d.value - d.interval[0] for d in drawn],
        },
        mode="markers", marker={"color": BLUE, "size": 11}, name="Difference with interval",
        customdata=[[formats.number(d.value), formats.interval(d.interval)] for d in drawn],
        hovertemplate="%{y}: %{customdata[0]}<br>interval %{customdata[1]}<extra></extra>",
    )  # fmt: skip
    figure.add_vline(x=0, line={"dash": "dot", "color": GREY})
    lines_of_names(figure, {d.name: _beside(d.pair, label_a, label_b) for d in drawn}, showgrid=False)
    figure.update_xaxes(title="Difference in policy value")
    return Chart(figure, told, table(pairs, label_a=label_a, label_b=label_b))


def _drawn(pairs: Sequence[Compared], label_a: str, label_b: str) -> list[Drawn]:
    return [
        Drawn(p, _name(p, label_a, label_b), p.difference, p.interval)
        for p in pairs
        if p.comparable and p.difference is not None and p.interval is not None
    ]


def _name(pair: Compared, label_a: str, label_b: str) -> str:
    return " − ".join(f"{policy} {label}".strip() for policy, label in ((pair.a, label_a), (pair.b, label_b)))


def _beside(pair: Compared, label_a: str, label_b: str) -> str:
    """Return a pair as its line shows it: on two lines where one would be long."""
    whole = _name(pair, label_a, label_b)
    both = [f"{short(policy)} {label}".strip() for policy, label in ((pair.a, label_a), (pair.b, label_b))]
    return " −<br>".join(both) if len(whole) > SHORT else formats.chart_text(whole)


def table(pairs: Sequence[Compared], *, label_a: str = "", label_b: str = "") -> pd.DataFrame:
    """List every pair: difference, interval, p-values adjusted in both ways, and pairs of rows."""
    return pd.DataFrame(
        [
            {
                "Pair": formats.visible(_name(p, label_a, label_b)),
                "Difference": formats.number(p.difference),
                "Interval": formats.interval(p.interval),
                "p, adjusted (Holm)": formats.number(p.p_adjusted),
                "p, adjusted (Benjamini–Hochberg)": formats.number(p.p_adjusted_bh),
                "Prompts in common": formats.count(p.n_pairs) if p.comparable else formats.MISSING,
            }
            for p in pairs
        ]
    )
