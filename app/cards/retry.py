"""Asking again for what failed: what a retry would ask, the button that starts it, and what it recovered."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from app import formats, parts, rights, words
from cje_audit.audit import Audit
from cje_audit.domain.errors import AuditError
from cje_audit.domain.retry import RetriedCell, RetryChoice

ROW = "retry_row"
ICON = ":material/replay:"
FRESH = "#fresh"  # in the id of a fresh draw, which is no row of the data
SHOWN = 25  # rows of the list of what was asked again


def ask_again(audit: Audit, run: str, chosen: RetryChoice, *, searched: bool) -> bool:
    """Say what asking again under the page's filter means, and do it if a person wants it; return whether it began."""
    with st.container(border=True, key="retry"):
        row = st.text_input("Only this row (its id)", key=ROW, placeholder="all rows under the filter", width=360)
        choice = chosen.model_copy(update={"row": row.strip() or None})
        plan = audit.retryable(run, choice)
        parts.verbatim(plan.sentence)
        if searched:
            parts.quiet("The words above narrow the list of rows, not what is asked again.")
        began = bool(plan.n) and _pressed(audit) and bool(audit.start_retry(run, choice).n)
        parts.command(command(run, choice))
    return began


def ask_provider(audit: Audit, run: str, chosen: RetryChoice, store: Callable[[Any], Path]) -> bool:
    """Let a person name whom to ask for an import's failed cells, and do it; return whether it began.

    `store` keeps an uploaded file and returns its place.
    """
    with st.container(border=True, key="ask-provider"):
        st.markdown("**Ask a provider for these cells**")
        parts.quiet(
            "This run was imported. An experiment file says whom to ask: its policies are called as they are in the "
            "imported file, and its judge is asked for missing scores."
        )
        file = st.file_uploader("Experiment file (YAML or JSON)", type=["yaml", "yml", "json"], key="provider-file")
        row = st.text_input("Only this row (its id)", key=ROW, placeholder="all rows under the filter", width=360)
        choice = chosen.model_copy(update={"row": row.strip() or None})
        began = _asked(audit, run, choice, None if file is None else store(file))
        parts.command(f"{command(run, choice)} --with experiment.yaml")
    return began


def _asked(audit: Audit, run: str, choice: RetryChoice, file: Path | None) -> bool:
    """Say what would be asked, or what is wrong with the file, and begin where a person presses the button."""
    text = None if file is None else file.read_text(encoding="utf-8", errors="replace")
    base = None if file is None else file.parent
    try:
        plan = audit.retryable(run, choice, config=text, base=base)
    except AuditError as error:
        parts.verbatim(error.sentence)
        if error.what_to_do:
            parts.verbatim(f"What to do: {error.what_to_do}")
        return False
    parts.verbatim(plan.sentence)
    return bool(plan.n) and _pressed(audit) and bool(audit.start_retry(run, choice, config=text, base=base).n)


def _pressed(audit: Audit) -> bool:
    if rights.denied(audit, "start_retry", "Ask again", key="retry", icon=ICON):
        return False
    return st.button("Ask again", type="primary", icon=ICON, key="ask-again")


def command(run: str, choice: RetryChoice) -> str:
    """Return the command line that asks for the same again.

    Examples
    --------
    >>> command("r1", RetryChoice(code="timeout", row="a b"))
    "cje-audit retry r1 --code timeout --row 'a b'"
    """
    told = ["cje-audit", "retry", run]
    for name, value in choice.model_dump(exclude_none=True).items():
        told += [f"--{name}", value]
    return shlex.join(told)


def choose_row(row_id: str) -> None:
    """Take one row for asking again."""
    st.session_state[ROW] = row_id


def cells(audit: Audit, run: str) -> None:
    """List the questions that were asked again, the latest retry first, with whether each has an answer now."""
    page = audit.retried(run, limit=SHOWN)
    if not page.total:
        return
    told = formats.of(page.n_recovered, page.total, "questions")
    with st.expander(f"Which they were: {told} have an answer now", icon=":material/list:"):
        for cell in page.rows:
            _cell(cell, run)
        if page.total > len(page.rows):
            parts.quiet(f"{formats.of(len(page.rows), page.total, 'questions')} are listed, the recovered ones first.")


def _cell(cell: RetriedCell, run: str) -> None:
    with parts.line():
        parts.quiet(cell.row_id) if FRESH in cell.row_id else parts.row_link(run, cell.row_id)
        parts.badge(words.RECOVERED[bool(cell.recovered)])
        about = (words.stage_title(cell.stage), cell.policy, f"failed with {cell.code}")
        parts.quiet(" · ".join(told for told in about if told))
