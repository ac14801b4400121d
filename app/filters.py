"""Which runs the list shows: words, state and verdict, all in the address; and the way into the trash and back."""

from collections.abc import Sequence

import streamlit as st

from app import formats, parts, words
from cje_audit.audit import Audit
from cje_audit.domain.views import RunRow

TRASHED = "just_trashed"


def wanted_runs(runs: Sequence[RunRow]) -> list[RunRow]:
    """Show the filters; return the runs that fit all of them."""
    text = st.text_input(
        "Find a run by name, id or what it says", key="find", bind="query-params", icon=":material/search:"
    )
    with st.container(horizontal=True):
        states = st.pills(
            "State", list(words.RUN), selection_mode="multi", key="state", bind="query-params", format_func=_state
        )
        verdicts = st.pills(
            "Holds a policy with the verdict", list(words.VERDICT), selection_mode="multi", key="verdict",
            bind="query-params", format_func=_verdict,
        )  # fmt: skip
    return [run for run in runs if fits(run, text, states, verdicts)]


def fits(run: RunRow, text: str, states: Sequence[str], verdicts: Sequence[str]) -> bool:
    """Say whether a run has these words in it, is in one of the states, and holds one of the verdicts."""
    said = " ".join((run.name, run.id, run.sentence or "", run.error or "")).lower()
    return (
        text.strip().lower() in said
        and (not states or run.status in states)
        and (not verdicts or bool(set(verdicts) & set(run.verdicts.values())))
    )


def _state(state: str) -> str:
    return words.RUN[state].label


def _verdict(verdict: str) -> str:
    return words.VERDICT[verdict].label.capitalize()


def trash_button(audit: Audit, run: RunRow) -> None:
    """Show the button that puts a run into the trash."""
    st.button(
        "Trash", key=f"trash-{run.id}", icon=":material/delete:", type="tertiary",
        help="Puts the run into the trash. Nothing of it is removed; it can be taken out again.",
        on_click=_put, args=(audit, run),
    )  # fmt: skip


def _put(audit: Audit, run: RunRow) -> None:
    audit.trash(run.id)
    st.session_state[TRASHED] = (run.id, run.name)


def _take(audit: Audit, run: str) -> None:
    audit.restore(run)
    st.session_state.pop(TRASHED, None)


def undo(audit: Audit) -> None:
    """Say which run was put into the trash last, with a button that takes it out again."""
    run, name = st.session_state.get(TRASHED, (None, ""))
    if run is None:
        return
    with parts.line():
        parts.verbatim(f"{name} is in the trash.")
        st.button("Undo", icon=":material/undo:", on_click=_take, args=(audit, run))


def trash(audit: Audit) -> None:
    """List what is in the trash, each with a button that takes it out."""
    runs = audit.runs(trashed=True)
    if not runs:
        return
    with st.expander(f"Trash: {formats.plural(len(runs), 'run')}", icon=":material/delete:"):
        for run in runs:
            with parts.line():
                parts.verbatim(run.name)
                parts.quiet(f"{formats.moment(run.created_at)} · {run.id}")
                st.button("Take out", key=f"restore-{run.id}", on_click=_take, args=(audit, run.id))
