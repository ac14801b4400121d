"""Quality: what the texts and log-probs of a run look like, flaw by flaw, with distributions and rows."""

import streamlit as st

from app import forms, parts, session
from app.cards import quality as cards

audit = session.open_audit()
parts.heading("qc")
run = session.need_run(audit)
report = session.need_report(audit, run)

if not report.quality:
    parts.empty(
        "This run has no figures of quality",
        "It was made by an earlier version. Import or run it again; stored answers are reused.",
        "import",
        "validation",
        run=run.id,
    )
    st.stop()

cards.strip(report.quality)
for figure in report.quality:
    if figure.policy is None:
        cards.card(figure, run.id)

margins = {figure.policy: figure for figure in report.quality if figure.policy is not None}
if margins:
    policy = forms.pick_policy([p for p in report.policies if p.name in margins])
    cards.card(margins[policy.name], run.id)
else:
    parts.quiet("There are no log-prob margins: they need both log-probabilities of a row.")

parts.command(f"cje-audit report {run.id} --json", "cje-audit gate DATASET --quality")
