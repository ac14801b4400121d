"""Live: how far a run is, and whether it is healthy."""

import streamlit as st

from app import forms, parts, session
from app.cards import monitor
from app.cards import run as cards

audit = session.open_audit()
parts.heading("live")
run = session.need_run(audit)
moving = run.status in cards.OPEN


def show() -> None:
    """Draw the run as it is this moment."""
    with session.guarded():
        view = audit.live(run.id)
        cards.worker(view)
        for stage in view.stages:
            cards.stage(stage)
        cards.spend(view)
        forms.run_buttons(audit, view)
        monitor.monitor(audit.monitor(run.id))
        cards.failure_counts(view)
        cards.events(view)
        if moving and view.run.status != run.status:  # the badge above says it too
            st.rerun()


st.fragment(show, run_every=2 if moving else None)()

if not moving:
    with st.container(horizontal=True):
        for place in ("results", "validation", "failures"):
            parts.link(place, run=run.id)
parts.command(*forms.run_commands(run))
