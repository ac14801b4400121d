"""Runs: which experiments there are, and what was found."""

import streamlit as st

from app import formats, forms, parts, session
from app.cards import run as cards
from app.cards import tour

audit = session.open_audit()
parts.heading("runs")

runs = audit.runs()
with st.container(horizontal=True):
    parts.link("new_run", "Start a new run")
    parts.link("import", "Import a file")
    if st.button(
        "Open the demo", icon=":material/play_circle:", help="A small real experiment that comes with this tool."
    ):
        session.open_demo(audit)
tour.stops(audit.demo_runs())

if not runs:
    parts.empty(
        "No runs yet", "Open the demo to look around, import a file you have, or start a new run.", "import", "new_run"
    )
    parts.command("cje-audit demo")
    st.stop()

search = st.text_input("Find a run by name", key="find", bind="query-params", icon=":material/search:")
found = [run for run in runs if search.lower() in run.name.lower()]
offset = parts.pager(len(found), key="page")
parts.quiet(f"{formats.of(len(found), len(runs), 'runs')}, newest first")
forms.tick_to_compare([run.id for run in runs])
for index, run in enumerate(parts.page_of(found, offset)):
    cards.listed(run, index)
if not found:
    parts.quiet("No run has such a name. Clear the search to see all.")

parts.command("cje-audit runs")
