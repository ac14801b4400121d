"""Before a launch: what the experiment would do and cost, and the buttons that start a pilot or the whole of it."""

from pathlib import Path

import streamlit as st

from app import formats, parts, rights
from app.cards import doctor
from cje_audit.audit import Audit
from cje_audit.domain.errors import AuditError
from cje_audit.domain.views import Validation

REMEMBERED_S = 60.0


def said(audit: Audit, checked: Validation, text: str, base: Path | None) -> None:
    """Print whether the text is valid, what is wrong with it, what it would do, and what that costs."""
    if checked.ok:
        st.success("The experiment file is valid.", icon=":material/check_circle:")
    else:
        st.error("The experiment file is not valid yet.", icon=":material/cancel:")
    parts.verbatim(checked.sentence)
    if checked.what_to_do:
        parts.verbatim(f"What to do: {checked.what_to_do}")
    for line in checked.summary:
        parts.verbatim(line)
    if checked.ok:
        _cost(audit, text, base)


def _cost(audit: Audit, text: str, base: Path | None) -> None:
    try:
        parts.verbatim(_priced(audit, text, base))
    except AuditError as error:
        st.warning(formats.literal(error.sentence), icon=":material/warning:")


@st.cache_data(show_spinner=False, ttl=REMEMBERED_S, max_entries=20)
def _priced(_audit: Audit, text: str, base: Path | None) -> str:
    """Return what an experiment will ask and cost, in words; its data file is not read again for every keystroke."""
    return str(_audit.estimate_cost(text, base=base).sentence)


def buttons(audit: Audit, checked: Validation, text: str, base: Path | None) -> str | None:
    """Show the buttons that start the experiment, whole or as a pilot; return the id of the run that was started."""
    if rights.denied(audit, "launch", "Launch", key="launch", icon=":material/rocket_launch:"):
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        whole = st.button("Launch", type="primary", icon=":material/rocket_launch:", disabled=not checked.ok)
        rows = st.number_input("Rows of the pilot", 1, 100_000, 50, 10, key="pilot_size", width=170)
        pilot = st.button("Launch a pilot", icon=":material/science:", disabled=not checked.ok)
    if whole or pilot:
        return doctor.launch(audit, text, base, pilot=int(rows) if pilot else None)
    return None
