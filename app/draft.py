"""The experiment text that is being written: one text in the session, changed by typing, form and examples."""

import streamlit as st

from cje_audit.audit import Audit

DRAFT = "experiment_draft"


def text() -> str:
    """Return the text as it stands."""
    return str(st.session_state.get(DRAFT, ""))


def replace(new: str) -> None:
    """Put another text in its place; only a callback may do so once the page shows it."""
    st.session_state[DRAFT] = new


def begin(first: str) -> None:
    """Put a first text there, where there is none yet."""
    st.session_state.setdefault(DRAFT, first)


def write(audit: Audit, place: tuple[str | int, ...], key: str) -> None:
    """Write what was filled in under a key to its place in the text."""
    value = st.session_state[key]
    replace(audit.with_value(text(), place, (value.strip() or None) if isinstance(value, str) else value))


def add_policy(audit: Audit) -> None:
    """Add a target policy to the text."""
    replace(audit.with_policy(text()))


def remove_policy(audit: Audit, index: int) -> None:
    """Take a target policy out of the text."""
    replace(audit.without_policy(text(), index))
