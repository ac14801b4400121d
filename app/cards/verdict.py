"""The verdict cards of a report, and where its numbers come from."""

from collections.abc import Callable

import streamlit as st

from app import formats, parts, words
from cje_audit.domain import spoken
from cje_audit.domain.checks import CheckStatus
from cje_audit.domain.report import PolicyReport, Report


def summary(report: Report) -> None:
    """Print the run in one sentence, every policy's verdict at a glance, and what the answer hangs on."""
    with st.container(border=True, key="summary"):
        parts.verbatim(report.summary.sentence)
        parts.verdict_badges({p.name: p.verdict for p in report.policies})
    for index, warning in enumerate(report.summary.warnings):
        with st.container(border=True, key=f"warning-{index}"), parts.line():
            parts.badge(words.STATUS[CheckStatus.WARN], "Read with this in mind")
            parts.verbatim(warning)


def rule(report: Report) -> None:
    """Print the decision rule that was fixed before the run, and what it says now."""
    if report.decision is None:
        return
    with st.container(border=True, key="decision-rule"):
        with parts.line():
            parts.badge(words.OUTCOME[report.decision.outcome])
            parts.quiet("by the rule that was fixed before the run")
        for told in spoken.of_decision(report):
            parts.verbatim(told)


def verdicts(report: Report, extra: Callable[[PolicyReport], None]) -> None:
    """Print the verdict of every policy: badge, name, its one sentence, why, what next, and what `extra` adds."""
    parts.section("Each policy", "policies")
    for index, policy in enumerate(report.policies):
        with st.container(border=True, key=f"verdict-{policy.verdict}-{index}"):
            _head(policy, index)
            parts.verbatim(policy.sentence)
            _foot(report, policy, index)
            extra(policy)


def _head(policy: PolicyReport, index: int) -> None:
    with parts.line():
        parts.badge(words.VERDICT[policy.verdict])
        parts.name(policy.name, f"policy-{index}")
        parts.quiet(words.ROLES.get(policy.role, policy.role))
        if policy.probability_best is not None:
            parts.quiet(f"chance of being best {formats.percent(policy.probability_best)}")


def _foot(report: Report, policy: PolicyReport, index: int) -> None:
    known, first, step = spoken.headline_truth(policy), policy.first_try, spoken.next_step(policy)
    for told in (None if known is None else known.sentence, None if first is None else first.sentence):
        if told:
            parts.verbatim(told)
    if step:
        parts.quiet("What would make it reportable")
        parts.verbatim(step)
    reasons = spoken.why(policy)
    if reasons:
        with st.expander("Why this estimate and this interval", icon=":material/help:", key=f"why-{index}"):
            for told in reasons:
                parts.verbatim(told)
    if policy.reasons:
        with parts.line():
            parts.quiet("Because of")
            for reason in policy.reasons:
                parts.link("validation", words.check_title(reason), run=report.run.id, check=reason)
    _onward(report, policy)


def _onward(report: Report, policy: PolicyReport) -> None:
    """Print the links to where a reader goes from here: what carries the number, and what has none."""
    with parts.line():
        if policy.weights is not None:
            parts.link("weights", "Its weights", run=report.run.id, policy=policy.name)
        if policy.n_missing:
            missing = formats.of(policy.n_missing, policy.n_total)
            parts.link("failures", f"Not used: {missing}", run=report.run.id)


def provenance(report: Report) -> None:
    """Print from what this report was made, so that it can be made again."""
    run = report.run
    told = {
        "Run": run.id,
        "Made at": f"{formats.second(run.created_at)} UTC",
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
