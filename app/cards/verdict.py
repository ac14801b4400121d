"""The verdict cards of a report, and where its numbers come from."""

from collections.abc import Callable

import streamlit as st

from app import formats, parts, words
from app.charts.estimates import heads, truth_sentence
from cje_audit.domain.report import PolicyReport, Report


def summary(report: Report) -> None:
    """Print the run in one sentence, and every policy's verdict at a glance."""
    with st.container(border=True, key="summary"):
        parts.verbatim(report.summary.sentence)
        parts.verdict_badges({p.name: p.verdict for p in report.policies})


def rule(report: Report) -> None:
    """Print the decision rule that was fixed before the run, and what it says now."""
    if report.decision is None:
        return
    with st.container(border=True, key="decision-rule"):
        with parts.line():
            parts.badge(words.OUTCOME[report.decision.outcome])
            parts.quiet("by the rule that was fixed before the run")
        parts.verbatim(report.decision.sentence)


def verdicts(report: Report, extra: Callable[[PolicyReport], None]) -> None:
    """Print the verdict of every policy: badge, name, its one sentence, why, what next, and what `extra` adds."""
    for index, policy in enumerate(report.policies):
        with st.container(border=True, key=f"verdict-{policy.verdict}-{index}"):
            _head(policy, index)
            parts.verbatim(policy.sentence)
            _foot(report, policy)
            extra(policy)


def _head(policy: PolicyReport, index: int) -> None:
    with parts.line():
        parts.badge(words.VERDICT[policy.verdict])
        parts.name(policy.name, f"policy-{index}")
        parts.quiet(words.ROLES.get(policy.role, policy.role))


def _foot(report: Report, policy: PolicyReport) -> None:
    parts.quiet(words.VERDICT[policy.verdict].meaning)
    for head in heads(report):
        if head.policy.name == policy.name and (known := truth_sentence(policy, head.estimate)) is not None:
            parts.verbatim(known)
    if policy.first_try is not None:
        parts.verbatim(policy.first_try.sentence)
    if policy.next_step and policy.next_step not in policy.sentence:
        parts.quiet("What would make it reportable")
        parts.verbatim(policy.next_step)
    if policy.probability_best is not None:
        parts.quiet(f"Chance of being best: {formats.percent(policy.probability_best)}")
    if policy.reasons:
        with parts.line():
            parts.quiet("Because of")
            for reason in policy.reasons:
                parts.link("validation", words.check_title(reason), run=report.run.id, check=reason)


def provenance(report: Report) -> None:
    """Print from what this report was made, so that it can be made again."""
    run = report.run
    told = {
        "Run": run.id,
        "Made at": run.created_at,
        "Configuration": run.config_hash,
        "Data": run.data_hash or formats.MISSING,
        "Engine version": run.engine_version,
        "Engine commit": run.git_commit or formats.MISSING,
        "Report hash": report.report_hash(),
    }
    with st.expander("Run, hashes and versions", icon=":material/fingerprint:"):
        for label, text in told.items():
            parts.quiet(label)
            parts.verbatim(text)
