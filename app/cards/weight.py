"""The figures of one policy's weights, and the message about uniform weights."""

import streamlit as st

from app import formats, parts
from app.cards import check
from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.report import PolicyReport, Report


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


def uniform(report: Report, policy: PolicyReport) -> None:
    """Print what is known about exactly tied weights: expected for a clone, a fault for any other policy."""
    for found in report.checks():
        if found.id == "target_policy.uniform_weights" and found.policy == policy.name:
            if found.status == CheckStatus.PASS:
                with st.container(key="uniform"):
                    parts.quiet(found.sentence)
            else:
                check.card(found, report.run.id, "uniform")
