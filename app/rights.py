"""What the acting person may do: a button that is not theirs is greyed out, and the page says why."""

import streamlit as st

from app import parts
from cje_audit.audit import Audit


def denied(audit: Audit, act: str, label: str, *, key: str, icon: str | None = None) -> bool:
    """Where the acting person may not do this: print its button greyed out and why, and return True."""
    why = audit.why_not(act)
    if why is None:
        return False
    with parts.line():
        st.button(label, icon=icon, key=f"denied-{key}", disabled=True)
        parts.quiet(why)
    return True
