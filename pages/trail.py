"""Audit trail: who decided what, when, and why."""

import streamlit as st

from app import formats, forms, parts, session
from app.cards import acts
from app.cards import decision as cards

audit = session.open_audit()
parts.heading("trail")

names = {run.id: run.name for run in audit.runs()}
only = forms.trail_scope(names, st.session_state.get(session.CURRENT))
total = audit.trail(only, limit=1).total
page = audit.trail(only, offset=parts.pager(total, key="page"), limit=parts.PAGE_SIZE)
if page.rows:
    parts.quiet(f"{formats.of(len(page.rows), page.total, 'entries')} shown, newest first")
for entry in page.rows:
    cards.entry(entry, key=str(entry.id), with_run=names[entry.run])
if not page.rows:
    parts.empty(
        "Nobody has decided anything yet",
        "Reveal a refused number, sign a report or write a note on the Results page of a run.",
        "results",
        "runs",
    )
acts.everything(audit)
parts.command("cje-audit sign RUN --decision approve --by NAME", "cje-audit note RUN TEXT --by NAME")
