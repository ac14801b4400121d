"""Validation: which checks did this run pass, and which rows broke them?"""

import streamlit as st

from app import cards, parts, session, words

audit = session.open_audit()
parts.heading("validation", "Can these data carry a conclusion? Every check says what it measured and which rows are behind it.")
run = session.need_run(audit)
report = session.need_report(audit, run)

cards.stage_strip(report.stages)
only = st.query_params.get("check")
if only:
    parts.quiet(f"Only the check {only} is shown.")
    parts.link("validation", "Show all checks", run=run.id)

for stage in report.stages:
    checks = [c for c in stage.checks if only in (None, c.id)]
    if only and not checks:
        continue
    st.header(words.stage_title(stage.name), divider="gray", anchor=stage.name)
    parts.quiet(words.stage_purpose(stage.name))
    cards.stage_facts(stage)
    open_checks, passed = cards.by_severity(checks)
    for index, check in enumerate(open_checks):
        cards.check_card(check, run.id, f"{stage.name}-{index}")
    cards.passed_checks(passed, stage.name, expanded=only is not None)
    if not checks:
        parts.quiet("No check belongs to this stage in this run.")
    if stage.name == "dataset":
        cards.quarantined(audit.quarantine(run.id))

parts.command(f"cje-audit report {run.id} --json")
parts.glossary("check", "quarantined line", "teacher forcing", "mean weight", "noise floor", "effective sample size", "Pareto k̂")
