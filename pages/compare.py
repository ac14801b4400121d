"""Compare: two runs, paired by prompt."""

import streamlit as st

from app import forms, parts, session
from app.cards import comparison as cards

audit = session.open_audit()
parts.heading("compare")

ended = [run for run in audit.runs() if run.status == "complete"]
if not ended:
    parts.empty("Nothing to compare yet", "Two runs with a report are needed.", "runs", "import", "new_run")
    st.stop()
first, second = forms.pick_two_runs(ended)
if first is None or second is None:
    parts.quiet("Pick two runs. They are paired by prompt, and every difference has its interval.")
    st.stop()
with st.spinner("Both runs are being read."):
    found = audit.compare(first, second)
cards.between(found)
with parts.line():
    parts.link("results", "Results of A", run=first)
    parts.link("results", "Results of B", run=second)
parts.command(f"cje-audit compare {first} {second}")
