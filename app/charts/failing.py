"""Charts of failed attempts: what share of each group failed."""

from collections.abc import Sequence

import pandas as pd

from app import formats
from app.charts.base import ORANGE, Chart, empty_figure, lines_of_names, short
from cje_audit.domain.views import FailureRate

BY = {"code": "Code", "provider": "Provider", "policy": "Policy", "time": "Time", "length": "Length"}
UNITS = {"time": "time (UTC)", "length": "length of prompt and response (characters)"}


def failure_rates(rates: Sequence[FailureRate], by: str) -> Chart | None:
    """Draw what share of the attempts of each group failed; None where there is no such group."""
    chosen = [rate for rate in rates if rate.by == by and rate.n]
    if not chosen:
        return None
    figure = empty_figure(90 + 34 * len(chosen))
    figure.add_bar(
        y=[formats.chart_text(rate.group) for rate in chosen],
        x=[rate.n_failed / rate.n for rate in chosen],
        orientation="h", marker={"color": ORANGE}, customdata=[_of(rate) for rate in chosen],
        hovertemplate="%{y}: %{customdata}<extra></extra>",
    )  # fmt: skip
    figure.update_layout(showlegend=False)
    figure.update_xaxes(title="Share of attempts that failed", rangemode="tozero", tickformat=".0%")
    lines_of_names(figure, {rate.group: short(rate.group) for rate in chosen}, title=UNITS.get(by, "").capitalize())
    return Chart(figure, _sentence(chosen, by), _table(chosen, by))


def _sentence(rates: Sequence[FailureRate], by: str) -> str:
    worst = max(rates, key=lambda rate: rate.n_failed / rate.n)
    if not worst.n_failed:
        return "No attempt failed."
    if by == "code":
        return f"Most often: {formats.visible(worst.group)}, {_of(worst)}."
    where = UNITS.get(by, by)
    return f"By {where}, the largest share failed at {formats.visible(worst.group)}: {_of(worst)}."


def _of(rate: FailureRate) -> str:
    return f"{formats.of(rate.n_failed, rate.n, 'attempts')} ({formats.percent(rate.n_failed / rate.n)})"


def _table(rates: Sequence[FailureRate], by: str) -> pd.DataFrame:
    rows = [
        {
            UNITS.get(by, by).capitalize(): formats.visible(rate.group),
            "Failed": formats.of(rate.n_failed, rate.n, ""),
            "Share": formats.percent(rate.n_failed / rate.n),
        }
        for rate in rates
    ]
    return pd.DataFrame(rows)
