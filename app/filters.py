"""Which runs and rows a list shows, all in the address; the trash; and the views that people keep."""

import shlex
from collections.abc import Sequence

import streamlit as st

from app import formats, parts, rights, words
from app.places import PLACES
from cje_audit.audit import Audit
from cje_audit.domain.row_search import RowQuery
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
        owners = _owners(runs)
    return [run for run in runs if fits(run, text, states, verdicts, owners)]


def _owners(runs: Sequence[RunRow]) -> Sequence[str]:
    """Show whose runs there are, where they are not all the same person's; return whose are wanted."""
    every = sorted({words.owner(run.owner) for run in runs})
    if len(every) == 1:
        return ()
    return st.pills(
        "Owner", every, selection_mode="multi", key="owner", bind="query-params", format_func=formats.literal
    )


def fits(run: RunRow, text: str, states: Sequence[str], verdicts: Sequence[str], owners: Sequence[str]) -> bool:
    """Say whether a run has these words in it, is in one of the states, holds one of the verdicts, and whose it is."""
    whose = words.owner(run.owner)
    said = " ".join((run.name, run.id, whose, run.sentence or "", run.error or "")).lower()
    return (
        text.strip().lower() in said
        and (not owners or whose in owners)
        and (not states or run.status in states)
        and (not verdicts or bool(set(verdicts) & set(run.verdicts.values())))
    )


def _state(state: str) -> str:
    return words.RUN[state].label


def _verdict(verdict: str) -> str:
    return words.VERDICT[verdict].label.capitalize()


def trash_button(audit: Audit, run: RunRow) -> None:
    """Show the button that puts a run into the trash."""
    why = audit.why_not("trash")
    st.button(
        "Trash", key=f"trash-{run.id}", icon=":material/delete:", type="tertiary", disabled=why is not None,
        help=why or "Puts the run into the trash. Nothing of it is removed; it can be taken out again.",
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
        parts.quiet(f"On the command line: cje-audit restore {run}")


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
                if not rights.denied(audit, "restore", "Take out", key=f"restore-{run.id}"):
                    st.button("Take out", key=f"restore-{run.id}", on_click=_take, args=(audit, run.id))


def row_query() -> RowQuery:
    """Show the search for rows; return what to look for."""
    text = st.text_input("Words in the rows", key="text", bind="query-params", icon=":material/search:")
    with parts.line():
        where = st.segmented_control(
            "Look in", list(words.LOOK_IN), default="both", required=True, key="where", bind="query-params",
            format_func=lambda place: words.LOOK_IN[place],
        )  # fmt: skip
        regex = st.toggle("Regular expression", key="regex", bind="query-params")
        failed = st.toggle("Only rows with a failure", key="failed", bind="query-params")
    return RowQuery(text=text, regex=regex, where=where or "both", failed_only=failed)


def row_command(run: str, query: RowQuery) -> str:
    """Return the command line that finds the same rows.

    Examples
    --------
    >>> row_command("r1", RowQuery(text="a b", regex=True, where="prompt"))
    "cje-audit rows r1 --text 'a b' --regex --where prompt"
    """
    told = ["cje-audit", "rows", run]
    told += ["--text", query.text] if query.text else []
    told += ["--regex"] if query.regex else []
    told += ["--where", query.where] if query.where != "both" else []
    told += ["--failed"] if query.failed_only else []
    return shlex.join(told)


def saved_views(audit: Audit, place: str) -> None:
    """Show, in the sidebar, the views that people kept, and keep the present one under a name."""
    with st.sidebar.popover("Saved views", icon=":material/bookmark:"):
        for index, view in enumerate(audit.saved_views()):
            with parts.line():
                if view.place in PLACES:
                    parts.link(view.place, view.name, **view.query)
                st.button(
                    "Forget", key=f"forget-view-{index}", type="tertiary", on_click=audit.drop_view,
                    args=(view.name,), disabled=audit.why_not("drop_view") is not None,
                )  # fmt: skip
        if rights.denied(audit, "keep_view", "Keep", key="keep-view"):
            return
        with st.form("keep-view", clear_on_submit=True):
            name = st.text_input("Keep this page and its filters as")
            if st.form_submit_button("Keep") and name.strip():
                audit.keep_view(name, place, st.query_params.to_dict())
                st.rerun()
