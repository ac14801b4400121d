"""The guided first visit: what to look at in the demo and its faulty siblings."""

from collections.abc import Mapping

import streamlit as st

from app import parts, words


def stops(runs: Mapping[str, str]) -> None:
    """Print the stops whose runs are there, each with one sentence and a link to the place it speaks of."""
    known = [stop for stop in words.TOUR if stop.run in runs]
    if not known:
        return
    with st.expander("A guided first visit: the demo and what goes wrong", expanded=True, icon=":material/tour:"):
        for index, stop in enumerate(known):
            with st.container(key=f"stop-{index}"):
                parts.link(stop.place, stop.title, run=runs[stop.run], **dict(stop.query))
                parts.verbatim(stop.look)
