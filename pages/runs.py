"""Runs: which experiments there are, and what was found."""

import streamlit as st

from app import filters, formats, forms, parts, rights, session
from app.cards import run as cards
from app.cards import tour

audit = session.open_audit()
parts.heading("runs")

runs = audit.runs()
with st.container(horizontal=True):
    parts.link("new_run", "Start a new run")
    parts.link("import", "Import a file")
    if not rights.denied(audit, "demo", "Open the demo", key="demo", icon=":material/play_circle:") and st.button(
        "Open the demo", icon=":material/play_circle:", help="A small real experiment that comes with this tool."
    ):
        session.open_demo(audit)
tour.stops(audit.demo_runs())

filters.undo(audit)
if not runs:
    filters.trash(audit)
    parts.empty(
        "No runs yet", "Open the demo to look around, import a file you have, or start a new run.", "import", "new_run"
    )
    parts.command("cje-audit demo")
    st.stop()

found = filters.wanted_runs(runs)
offset = parts.pager(len(found), key="page")
parts.quiet(f"{formats.of(len(found), len(runs), 'runs')}, newest first")
forms.tick_to_compare([run.id for run in runs])
for index, run in enumerate(parts.page_of(found, offset)):
    cards.listed(run, index, lambda run: filters.trash_button(audit, run))
if not found:
    parts.quiet("No run fits these filters. Clear them to see all.")
filters.trash(audit)

parts.command(
    "cje-audit runs",
    "cje-audit demo",
    "cje-audit trash RUN",
    "cje-audit restore RUN",
    "cje-audit compare RUN RUN",
)
