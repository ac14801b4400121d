"""Findings: what is wrong with a run, how grave it is, and what was decided about it."""

import streamlit as st

from app import formats, parts, session
from app.cards import finding as cards

audit = session.open_audit()
parts.heading("findings")
run = session.need_run(audit)
report = session.need_report(audit, run)
register = audit.findings(run.id)

parts.verbatim(register.sentence)
with st.container(horizontal=True, gap="small"):
    cards.add(audit, report)
    cards.review(audit, run.id)

found = cards.narrowed(register.findings)
parts.quiet(f"{formats.of(len(found), len(register.findings), 'findings')} shown, gravest first")
for finding in parts.page_of(found, parts.pager(len(found), key="page")):
    cards.card(audit, run.id, finding)

parts.section("Take it with you")
cards.downloads(audit, run.id)
parts.command(
    f"cje-audit findings list {run.id} --csv findings.csv",
    f"cje-audit findings add {run.id} TITLE --evidence TEXT --by NAME",
    f"cje-audit findings set {run.id} ID --status accepted --reason WHY --by NAME",
)
