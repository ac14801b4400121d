"""Failures: groups by code with what to do, and one line per failed cell."""

from collections.abc import Sequence

import streamlit as st

from app import formats, parts, words
from app.cards.retry import choose_row
from cje_audit.domain.report import FailureGroup
from cje_audit.domain.views import FailedCell

NOT_ROWS = ("schema", "encoding", "duplicate")  # lines that never became rows


def groups(failures: Sequence[FailureGroup], run: str) -> None:
    """Print one card per code: how many cells, where, what it means, what to do."""
    for index, code in enumerate(dict.fromkeys(g.code for g in failures)):
        same = [g for g in failures if g.code == code]
        with st.container(border=True, key=f"failure-group-{index}"):
            with parts.line():
                st.badge(formats.literal(code), color="orange", icon=":material/report:")
                st.markdown(f"**{formats.plural(sum(g.count for g in same), 'cell')}**", width="content")
                parts.quiet("can be asked again" if same[0].retryable else "asking again does not help")
            parts.verbatim(same[0].sentence)
            parts.verbatim(f"What to do: {same[0].what_to_do}")
            parts.quiet("; ".join(f"{_where(g)}: {formats.count(g.count)}" for g in same))
            if code in NOT_ROWS:
                parts.link("validation", "The lines that were set aside", run=run, check="dataset.schema")
            else:
                st.button("Only these rows", key=f"only-{code}", on_click=_only, args=(code,))


def _only(code: str) -> None:
    """Set the page's code filter, which is in the address."""
    st.session_state["code"] = code


def _where(group: FailureGroup) -> str:
    return " · ".join(x for x in (words.stage_title(group.stage), group.policy) if x)


def cell(failed: FailedCell, run: str, index: int, *, asked: bool) -> None:
    """Print one failed cell: its row, where it failed, its code, and the first words of its prompt.

    `asked` says that a model was asked, so that it can be asked again.
    """
    with st.container(border=True, key=f"failed-{index}"):
        with parts.line():
            parts.row_link(run, failed.row_id)
            st.badge(formats.literal(failed.code), color="orange", help=failed.sentence)
            parts.quiet(" · ".join(x for x in (words.stage_title(failed.stage), failed.policy) if x))
            if asked:
                st.button("Choose for asking again", key=f"again-{index}", on_click=choose_row, args=(failed.row_id,))
        if failed.detail:
            parts.verbatim(formats.excerpt(failed.detail, 240))
        parts.verbatim(f"Prompt: {formats.excerpt(failed.prompt, 120)}")
