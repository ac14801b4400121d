"""Charts and tables of estimates: one line per policy, with interval, bounds and truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from app import formats, words
from app.charts.base import BLUE, GREY, ORANGE, Chart, empty_figure, lines_of_names, short
from cje_audit.domain.checks import Verdict
from cje_audit.domain.report import Estimate, PolicyReport, Report, Truth

AGREEMENT: dict[bool | None, str] = {True: "yes", False: "no: a miss", None: formats.MISSING}


UNDRAWN: dict[str, str] = {Verdict.RANK_ONLY: "order only", Verdict.REFUSE: "no number"}
KEY = "A dot is an estimate, the line through it its 95 % interval, a diamond the truth where it is known."


@dataclass(frozen=True)
class Head:
    """A policy with the estimate that may stand for it."""

    policy: PolicyReport
    estimate: Estimate
    value: float

    @property
    def name(self) -> str:
        """The policy's name as Plotly may print it."""
        return formats.chart_text(self.policy.name)


def shown(policy: PolicyReport) -> bool:
    """Return whether a page may print this policy's level: not where it is refused, nor where only the order stands."""
    return policy.verdict == Verdict.REPORT


def truth_for(policy: PolicyReport, estimate: Estimate) -> Truth | None:
    """Return what is known of the policy's value for the reward of this estimate."""
    return next((t for t in policy.truths if t.reward == estimate.reward), None)


def heads(report: Report) -> tuple[Head, ...]:
    """Return the headline estimate of every policy that may show one."""
    pairs = [(p, e) for p in report.policies if shown(p) for e in p.estimates if e.primary]
    return tuple(Head(p, e, e.value) for p, e in pairs if e.value is not None)


def forest(report: Report) -> Chart | None:
    """Draw each policy's headline estimate with its interval, bounds for missing rows, and truth where known."""
    drawn = heads(report)
    if not drawn:
        return None
    figure = empty_figure(104 + 48 * len(report.policies))
    _bounds(figure, drawn)
    _dots(figure, drawn)
    _truths(figure, drawn)
    _axes(figure, report, drawn)
    told = report.summary.numbers or KEY
    return Chart(figure, told, estimates_table(report.policies, headline_only=True))


def _axes(figure: go.Figure, report: Report, drawn: Sequence[Head]) -> None:
    shown = {p.name: short(p.name) for p in report.policies}
    lines_of_names(figure, shown, showgrid=False, range=[-0.6, len(shown) - 0.4])
    rewards = sorted({words.REWARDS.get(h.estimate.reward, h.estimate.reward).lower() for h in drawn})
    figure.update_xaxes(title=f"Policy value ({', '.join(rewards)})")
    for policy in report.policies:
        if policy.name not in {h.policy.name for h in drawn}:
            figure.add_annotation(
                y=formats.chart_text(policy.name),
                xref="paper",
                x=0.01,
                text=UNDRAWN.get(policy.verdict, "not evaluated"),
                showarrow=False,
                xanchor="left",
            )


def _bounds(figure: go.Figure, drawn: Sequence[Head]) -> None:
    """Draw all bounds as one broken line, so that the legend names them once."""
    every = [(h, h.estimate.missing_bounds) for h in drawn if h.estimate.missing_bounds is not None]
    known = [(h, bounds) for h, bounds in every if bounds[0] < bounds[1]]
    if known:
        figure.add_scatter(
            x=[x for _, (low, high) in known for x in (low, high, None)],
            y=[y for h, _ in known for y in (h.name, h.name, None)],
            mode="lines",
            line={"color": GREY, "width": 10},
            opacity=0.35,
            name="Bounds for missing rows",
            hoverinfo="skip",
        )


def _dots(figure: go.Figure, drawn: Sequence[Head]) -> None:
    ends = [h.estimate.interval or (h.value, h.value) for h in drawn]
    figure.add_scatter(
        x=[h.value for h in drawn],
        y=[h.name for h in drawn],
        error_x={
            "type": "data",
            "symmetric": False,
            "thickness": 2,
            "array": [high - h.value for (_, high), h in zip(ends, drawn, strict=True)],
            "arrayminus": [h.value - low for (low, _), h in zip(ends, drawn, strict=True)],
        },
        mode="markers",
        marker={"color": BLUE, "size": 12},
        name="Estimate with interval",
        customdata=[_hover(h) for h in drawn],
        hovertemplate="%{y}: %{customdata[0]}<br>interval %{customdata[1]}<br>%{customdata[2]} used<extra></extra>",
    )


def _hover(head: Head) -> list[str]:
    estimate = head.estimate
    used = estimate.used(head.policy.n_total)
    return [formats.number(head.value), formats.interval(estimate.interval), used]


def _truths(figure: go.Figure, drawn: Sequence[Head]) -> None:
    known = [(h, t) for h in drawn if (t := truth_for(h.policy, h.estimate)) is not None]
    if known:
        figure.add_scatter(
            x=[t.value for _, t in known],
            y=[h.name for h, _ in known],
            mode="markers",
            marker={"color": ORANGE, "size": 13, "symbol": "diamond-open", "line": {"width": 3}},
            name="Truth, where known",
            customdata=[[formats.number(t.value), formats.number(t.standard_error), f"{t.n:,}"] for _, t in known],
            hovertemplate="%{y}: truth %{customdata[0]}<br>standard error %{customdata[1]}"
            "<br>%{customdata[2]} responses<extra></extra>",
        )


def estimates_table(policies: Sequence[PolicyReport], *, headline_only: bool = False) -> pd.DataFrame:
    """List the estimates that may be shown, each with interval, bounds and rows used of all rows."""
    listed = [(p, e) for p in policies if shown(p) for e in p.estimates if e.primary or not headline_only]
    table = pd.DataFrame([_estimate_row(p, e) for p, e in listed])
    unsaid = [] if any(p.truths for p, _ in listed) else ["Truth", "Agrees with truth"]
    return table.drop(columns=[*unsaid, "Standard error"] if headline_only else unsaid, errors="ignore")


def revealed_table(policy: PolicyReport) -> pd.DataFrame:
    """List the estimates of a refused policy, for a page that says who revealed them and why."""
    rows = [_estimate_row(policy, e) for e in policy.estimates if e.value is not None]
    unsaid = ["Truth", "Agrees with truth"]
    return pd.DataFrame(rows).drop(columns=unsaid, errors="ignore")


def _estimate_row(policy: PolicyReport, estimate: Estimate) -> dict[str, str]:
    truth = truth_for(policy, estimate) if estimate.primary else None
    return {
        "Policy": formats.visible(policy.name),
        "Estimate": formats.number(estimate.value),
        "Interval": formats.interval(estimate.interval),
        "Rows used": estimate.used(policy.n_total),
        "Bounds for missing rows": bounds_text(estimate),
        "Truth": formats.number(truth.value if truth else None),
        "Agrees with truth": AGREEMENT[truth.agrees if truth else None],
        "Reward": words.REWARDS.get(estimate.reward, estimate.reward),
        "Estimator": words.ESTIMATORS.get(estimate.estimator, estimate.estimator),
        "Standard error": formats.number(estimate.standard_error),
    }


def bounds_text(estimate: Estimate) -> str:
    """Return an estimate's bounds for missing rows in words: none is missing where the two are one."""
    bounds = estimate.missing_bounds
    return "no row is missing" if bounds is not None and bounds[0] == bounds[1] else formats.interval(bounds)


def truths_table(policies: Sequence[PolicyReport]) -> pd.DataFrame:
    """List what is known of the policies that may show a number, and whether the estimate of that reward agrees."""
    return pd.DataFrame([_truth_row(p, t) for p in policies if shown(p) for t in p.truths])


def _truth_row(policy: PolicyReport, truth: Truth) -> dict[str, str]:
    return {
        "Policy": formats.visible(policy.name),
        "Reward": words.REWARDS.get(truth.reward, truth.reward),
        "Truth": formats.number(truth.value),
        "Standard error": formats.number(truth.standard_error),
        "Known from": f"{truth.n:,} {truth.source}",
        "Estimate minus truth": formats.number(truth.difference),
        "Combined standard error": formats.number(truth.combined_standard_error),
        "Agrees (at most 3 apart)": AGREEMENT[truth.agrees],
    }
