"""Live: how far is the run, and is it healthy?"""

import streamlit as st

from app import cards, forms, parts, session

audit = session.open_audit()
parts.heading("live", "How far is this run? Closing this page does not stop it.")
run = session.need_run(audit)


def show() -> None:
    """Draw the run as it is this moment."""
    with session.guarded():
        view = audit.live(run.id)
        cards.worker_line(view)
        for stage in view.stages:
            cards.live_stage(stage)
        parts.facts(
            [
                ("Asked of models", f"{view.n_asked:,}", None),
                ("Reused answers", f"{view.n_reused:,}", "reused answer"),
                ("Possibly paid twice", f"{view.possibly_paid_twice:,}", "possibly paid twice"),
            ]
        )
        forms.run_buttons(audit, view)
        cards.failure_counts(view)
        cards.events(view)
        if view.final and moving:
            st.rerun()


moving = run.status in ("queued", "running")
st.fragment(show, run_every=2 if moving else None)()

if not moving:
    with st.container(horizontal=True):
        for place in ("results", "validation", "failures"):
            parts.link(place, run=run.id)
parts.command(*forms.run_commands(run))
parts.glossary("worker", "heartbeat", "reused answer", "possibly paid twice", "teacher forcing")
