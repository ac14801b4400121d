"""The figures of one policy's weights, and the message about uniform weights."""

import streamlit as st

from app import formats, parts
from app.cards import check
from app.charts.weights import half_weight_sentence, weight_text
from cje_audit.audit import Audit
from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.report import PolicyReport, Report
from cje_audit.domain.views import WeightView
from cje_audit.domain.weight_rows import WeightRowPage


def figures(policy: PolicyReport) -> None:
    """Print the health figures of a policy's raw weights; each label explains itself."""
    told = policy.weights
    if told is None:
        return
    parts.facts(
        [
            ("Rows used", formats.of(policy.n_used, policy.n_total, ""), "rows used"),
            ("Effective sample size", formats.number(told.ess), "effective sample size"),
            ("ESS fraction", formats.percent(told.ess_fraction), "ESS fraction"),
            ("Heaviest row", formats.percent(told.max_share), "share of the heaviest row"),
            ("Five heaviest rows", formats.percent(told.top5_share), "share of the heaviest row"),
            ("Mean weight", formats.number(told.mean), "mean weight"),
            ("Pareto k̂", formats.number(told.pareto_khat), "Pareto k̂"),
        ]
    )
    if told.mean_ci is not None:
        parts.quiet(f"Mean weight: interval {formats.interval(told.mean_ci)}.")


def rows(page: WeightRowPage, run: str, *, of: str = "of this bar", key: str = "bar-row") -> None:
    """Print the rows of one bar, or of another range of weights, heaviest first, each with a link to its page."""
    parts.verbatim(f"The heaviest first: {formats.of(len(page.rows), page.total)} {of} are shown.")
    for index, row in enumerate(page.rows):
        with st.container(border=True, key=f"{key}-{index}"):
            with parts.line():
                parts.row_link(run, row.row_id)
                weight = weight_text(row.log_ratio) if row.weight is None else formats.number(row.weight)
                parts.quiet(f"weight {weight} · log ratio {formats.number(row.log_ratio)} nats")
            parts.verbatim(formats.excerpt(row.prompt, 120))


def half(audit: Audit, run: str, view: WeightView) -> None:
    """Print the rows that together hold half of a policy's weight, page by page."""
    if view.half_weight_log_ratio is None or view.half_weight_rows is None:
        return
    with st.expander("The rows that hold half of all weight", icon=":material/list:"):
        parts.verbatim(half_weight_sentence(view))
        ends = (view.half_weight_log_ratio, view.ccdf_log_ratio[-1])
        offset = parts.pager(view.half_weight_rows, key="half")
        page = audit.weight_rows(run, view.policy, *ends, closed=True, offset=offset)
        rows(page, run, of="that hold half of all weight", key="half-row")


def uniform(report: Report, policy: PolicyReport) -> None:
    """Print what is known about exactly tied weights: expected for a clone, a fault for any other policy."""
    for found in report.checks():
        if found.id == "target_policy.uniform_weights" and found.policy == policy.name:
            if found.status == CheckStatus.PASS:
                with st.container(key="uniform"):
                    parts.quiet(found.sentence)
            else:
                check.card(found, report.run.id, "uniform")
