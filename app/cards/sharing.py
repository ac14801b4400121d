"""Share links of a run: making one, the link itself once, and the list to withdraw them from."""

import streamlit as st

from app import formats, parts, rights, words
from cje_audit.audit import Audit
from cje_audit.domain.errors import AuditError
from cje_audit.domain.views import ShareLink, ShareView

MADE, SAID = "share-made", "share-said"


def links(audit: Audit, run: str) -> None:
    """Print the links of a run and the way to make another."""
    said = st.session_state.pop(SAID, None)
    if said:
        st.error(formats.literal(said), icon=":material/error:")
    made = st.session_state.get(MADE)
    if isinstance(made, ShareLink) and made.run == run:
        _made(made)
    for shared in audit.shares(run):
        _listed(audit, shared)
    if rights.denied(audit, "share", "Share this report", key="share", icon=":material/link:"):
        return
    with st.popover("Share this report", icon=":material/link:"):
        parts.quiet("Whoever has the link reads the redacted report, without an account, until it ends.")
        st.number_input("Open for how many days", 1, 365, 7, key="share-days")
        st.button("Make a link", type="primary", on_click=_share, args=(audit, run))


def _share(audit: Audit, run: str) -> None:
    try:
        days = st.session_state["share-days"]
        st.session_state[MADE] = audit.share(run, days, base=formats.origin(st.context.url))
    except AuditError as error:
        st.session_state[SAID] = error.sentence


def _revoke(audit: Audit, share: str) -> None:
    st.session_state.pop(MADE, None)
    try:
        audit.revoke_share(share)
    except AuditError as error:
        st.session_state[SAID] = error.sentence


def _made(made: ShareLink) -> None:
    with st.container(border=True, key="share-link"):
        parts.verbatim("The link is shown this once. Copy it now.")
        st.code(made.url, language=None, wrap_lines=True)
        parts.command(f"cje-audit share --revoke {made.id}")


def _listed(audit: Audit, shared: ShareView) -> None:
    with parts.line():
        parts.badge(words.SHARE[shared.state])
        parts.quiet(f"{shared.id} · by {shared.by} · until {formats.moment(shared.expires_at)} UTC")
        if shared.state == "open" and audit.why_not("revoke_share") is None:
            st.button("Withdraw", key=f"revoke-{shared.id}", on_click=_revoke, args=(audit, shared.id))
