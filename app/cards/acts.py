"""What was done beside decisions: launches, imports, stops, accounts, and what was denied."""

import streamlit as st

from app import formats, parts
from cje_audit.audit import Audit


def everything(audit: Audit) -> None:
    """Print what people did and were not allowed to do, newest first, folded away under the decisions."""
    total = audit.acts(limit=1).total
    if not total:
        return
    with st.expander(f"Everything that was done: {formats.plural(total, 'act')}", icon=":material/list:"):
        page = audit.acts(offset=parts.pager(total, key="acts"), limit=parts.PAGE_SIZE)
        rows = [
            {
                "When (UTC)": formats.moment(act.at),
                "Who": formats.visible(act.by),
                "What": act.act.replace("_", " "),
                "About": formats.visible(act.subject or formats.MISSING),
                "Allowed": "yes" if act.allowed else "no",
            }
            for act in page.rows
        ]
        parts.table(rows, "What was done in this workspace, by whom and when, and what was denied.")
