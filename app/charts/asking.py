"""Charts of asking: attempts that ended and failed, minute by minute."""

from collections.abc import Sequence

import pandas as pd

from app import formats
from app.charts.base import BLUE, GREEN, GREY, ORANGE, Chart, empty_figure
from cje_audit.domain.views import MinuteView

COLOURS = (ORANGE, BLUE, GREY, "#a5559b", "#7a6a00")  # by code, in the order of the codes


def failures_per_minute(minutes: Sequence[MinuteView]) -> Chart | None:
    """Draw how many attempts failed in each of the last minutes, by code, beside those that did not."""
    if not minutes:
        return None
    codes = sorted({code for minute in minutes for code in minute.failures})
    at = [formats.clock(minute.at) for minute in minutes]
    figure = empty_figure(240, barmode="stack", bargap=0.1)
    figure.add_bar(x=at, y=[m.n - sum(m.failures.values()) for m in minutes], name="answered", marker_color=GREEN)
    for index, code in enumerate(codes):
        counts = [minute.failures.get(code, 0) for minute in minutes]
        figure.add_bar(x=at, y=counts, name=code, marker_color=COLOURS[index % len(COLOURS)])
    figure.update_xaxes(title="Minute (UTC)", type="category", showgrid=False)
    figure.update_yaxes(title="Attempts", rangemode="tozero")
    return Chart(figure, _sentence(minutes), _table(minutes, codes))


def _sentence(minutes: Sequence[MinuteView]) -> str:
    failed, every = sum(sum(m.failures.values()) for m in minutes), sum(m.n for m in minutes)
    when = "minute" if len(minutes) == 1 else formats.plural(len(minutes), "minute")
    return f"In the last {when} with answers, {formats.of(failed, every, 'attempts')} failed."


def _table(minutes: Sequence[MinuteView], codes: Sequence[str]) -> pd.DataFrame:
    rows = [
        {"Minute (UTC)": formats.clock(m.at), "Attempts": m.n, **{code: m.failures.get(code, 0) for code in codes}}
        for m in minutes
    ]
    return pd.DataFrame(rows)
