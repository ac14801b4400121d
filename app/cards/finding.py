"""Findings: what is wrong, how one sees it, what was decided, and the forms to add one or to decide."""

from collections.abc import Callable, Sequence

import streamlit as st

from app import formats, parts, rights, words
from app.cards.decision import REASON, WHY, signed_form
from cje_audit.audit import Audit
from cje_audit.domain.register import SEVERITIES, STATUSES, Proposal, RegisterEntry, Severity
from cje_audit.domain.report import Report

ALL = "all"


def narrowed(findings: Sequence[RegisterEntry]) -> list[RegisterEntry]:
    """Show the filters, whose choices are in the address, and return the findings that pass them."""
    with st.container(horizontal=True, gap="small"):
        status = _choice("Status", STATUSES, "status", lambda s: words.FINDING_STATUS[s].label)
        severity = _choice("Severity", SEVERITIES, "severity", lambda s: words.SEVERITY[s].label)
    return [f for f in findings if status in (None, f.status) and severity in (None, f.severity)]


def _choice(label: str, options: Sequence[str], key: str, name: Callable[[str], str]) -> str | None:
    return st.selectbox(
        label, options, None, key=key, bind="query-params", placeholder=ALL, format_func=name, width=220
    )


def card(audit: Audit, run: str, finding: RegisterEntry) -> None:
    """Print one finding with links to what it is about, and the form that gives it another status."""
    with st.container(border=True, key=f"finding-{finding.key}"):
        with parts.line():
            parts.badge(words.SEVERITY[finding.severity])
            parts.badge(words.FINDING_STATUS[finding.status])
            parts.name(_title(finding), f"finding-{finding.key}")
        parts.verbatim(finding.evidence)
        with parts.line():
            parts.quiet(_origin(finding))
            if finding.check:
                parts.link("validation", "The check", run=run, check=finding.check)
        parts.row_links(run, finding.row_ids)
        if finding.decided_by and finding.decided_at:
            parts.verbatim(f"{finding.decided_by}, {formats.moment(finding.decided_at)} UTC: {finding.decision}")
        _decide(audit, run, finding)


def _title(finding: RegisterEntry) -> str:
    """Return a finding's title; that of a check in the check's own words."""
    if finding.source != "check" or finding.check is None:
        return finding.title
    about = f", policy {finding.policy}" if finding.policy else ""
    return f"{words.check_title(finding.check)}{about}"


def _origin(finding: RegisterEntry) -> str:
    by = finding.opened_by if finding.source != "check" else None
    effort = f"effort: {finding.effort}" if finding.effort else None
    return " · ".join(x for x in (finding.id, words.SOURCE[finding.source], by, effort) if x)


def _decide(audit: Audit, run: str, finding: RegisterEntry) -> None:
    if rights.denied(audit, "decide_finding", "Decide", key=f"decide-{finding.key}", icon=":material/task_alt:"):
        return
    with st.popover("Decide", icon=":material/task_alt:"):
        status = st.segmented_control(
            "Status", STATUSES, default=finding.status, key=f"status-{finding.key}",
            format_func=lambda s: words.FINDING_STATUS[s].label,
        )  # fmt: skip
        effort = st.text_input("Effort, if you know it", key=f"effort-{finding.key}", max_chars=120)
        signed_form(
            f"decide-{finding.key}", REASON, "Store",
            lambda by, reason: audit.decide_finding(
                run, finding.id, status or "", reason=reason, by=by, effort=effort or None
            ),
            "findings", "set", run, finding.id, "--status", status or finding.status, *WHY,
        )  # fmt: skip


def add(audit: Audit, report: Report) -> None:
    """Offer the form to add a finding of one's own."""
    if rights.denied(audit, "add_finding", "Add a finding", key="add-finding", icon=":material/add:"):
        return
    with st.popover("Add a finding", icon=":material/add:"):
        title = st.text_input("What is wrong", key="finding-title", max_chars=200)
        severity: Severity = st.selectbox(
            "Severity", SEVERITIES, 2, key="finding-severity", format_func=lambda s: words.SEVERITY[s].label
        )
        about = st.selectbox(
            "About",
            _places(report),
            None,
            key="finding-about",
            placeholder="the whole run",
            format_func=formats.visible,
        )
        signed_form(
            "add-finding", "How one can see it", "Add",
            lambda by, text: audit.add_finding(
                report.run.id,
                Proposal(title=title, severity=severity, evidence=text, about=(about,) if about else ()), by=by,
            ),
            "findings", "add", report.run.id, title or "TITLE", "--severity", severity,
            *(("--about", about) if about else ()), "--evidence", "TEXT", "--by", "NAME",
        )  # fmt: skip


def _places(report: Report) -> list[str]:
    return [*(p.name for p in report.policies), *dict.fromkeys(c.id for c in report.checks())]


def review(audit: Audit, run: str) -> None:
    """Offer to ask a review model; it sees the sentences of the checks, and no row."""
    if rights.denied(audit, "review", "Ask a review model", key="review", icon=":material/rate_review:"):
        return
    with st.popover("Ask a review model", icon=":material/rate_review:"):
        parts.quiet("It reads the sentences of checks and verdicts, and no prompt or response of a row.")
        with st.form("review", border=False):
            provider = st.text_input("Provider", "openai_compatible", key="review-provider")
            address = st.text_input("Address", key="review-address", placeholder="http://127.0.0.1:8801/v1")
            model = st.text_input("Model", key="review-model")
            key = st.text_input("Environment variable with the key", key="review-key", placeholder="none")
            asked = st.form_submit_button("Ask", type="primary")
        parts.command(f"cje-audit findings review {run} --model MODEL --base-url ADDRESS")
        if asked and model:
            audit.review(run, provider=provider, base_url=address or None, model=model, api_key_env=key or None)
            st.rerun()


def downloads(audit: Audit, run: str) -> None:
    """Print the buttons that take the register home."""
    files = (
        ("Findings as CSV", "csv", "text/csv", lambda: audit.findings_text(run, "csv")),
        ("Findings as Markdown", "md", "text/markdown", lambda: audit.findings_text(run, "markdown")),
    )
    with st.container(horizontal=True, gap="small"):
        for label, ending, kind, make in files:
            st.download_button(
                label, make, f"{run}-findings.{ending}", kind, key=f"findings-{ending}", icon=":material/download:",
                on_click="ignore",
            )  # fmt: skip
