"""Failures: what did not work, why, and what can be done?"""

import streamlit as st

from app import cards, forms, formats, parts, session

audit = session.open_audit()
parts.heading("failures", "What has no value, why, and what can be done? A failure is never counted as a score.")
run = session.need_run(audit)
report = session.need_report(audit, run)

if not report.failures:
    parts.empty("Nothing failed", "Every cell of this run has its value.", "results", run=run.id)
    st.stop()

cards.failure_groups(report.failures)
st.header("The rows", divider="gray", anchor=False)
chosen = forms.failure_filter(report.failures)
offset = parts.pager(chosen.total_in(report.failures), key="page")
page = audit.failures(
    run.id, stage=chosen.stage, policy=chosen.policy, code=chosen.code, search=chosen.search,
    offset=offset, limit=parts.PAGE_SIZE,
)  # fmt: skip
parts.quiet(f"{formats.count(page.total)} failed cells under this filter, {len(page.rows)} shown")
for index, cell in enumerate(page.rows):
    cards.failed_cell(cell, run.id, index)
if not page.rows:
    parts.quiet("No failed cell fits this filter. Choose another one above.")

parts.command(f"cje-audit report {run.id} --json")
