"""What an import would read, before anything is stored."""

import streamlit as st

from app import formats, parts, words
from cje_audit.domain.views import DryRunView


def preview(view: DryRunView) -> None:
    """Print rows, policies and, stage by stage, whether the file holds what it needs."""
    parts.facts(
        [
            ("Rows", formats.count(view.n_rows), None),
            ("Quarantined lines", formats.count(view.n_quarantined), "quarantined line"),
            ("Target policies", formats.count(len(view.policies)), "target policy"),
        ]
    )
    for file in view.files:
        parts.verbatim(file.sentence)
    parts.verbatim(f"Layout: {view.layout}")
    if view.policies:
        parts.verbatim(f"Target policies: {', '.join(view.policies)}")
    for stage in view.stages:
        with parts.line():
            parts.badge(words.READY[stage.ready])
            st.markdown(f"**{words.stage_title(stage.stage)}**", width="content")
            parts.verbatim(stage.sentence)
    for problem in view.problems:
        st.warning(formats.literal(problem), icon=":material/warning:")
    for note in view.notes:
        parts.quiet(note)
    parts.quiet(f"Columns: {', '.join(view.columns)}")
