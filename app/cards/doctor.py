"""The preflight on *New run*: a button that checks the endpoints, what was found, and how to launch anyway."""

from pathlib import Path

import streamlit as st

from app import formats, parts, rights, words
from app.cards import check, decision
from cje_audit.audit import Audit
from cje_audit.domain.checks import SEVERITY, CheckStatus
from cje_audit.domain.preflight import Preflight

ASIDE = ("run", "experiment.yaml", "--override-doctor", "REASON", "--by", "NAME")
FOUND, ANYWAY = "preflight", "preflight-anyway"
ABOUT = (
    "The preflight asks every endpoint a few known questions: does it score the text it was sent, token by token, and "
    "can the judge be read? It takes less than a minute and a few cents at most. Launch runs it first."
)


def card(audit: Audit, text: str, base: Path | None) -> str | None:
    """Print the button that checks the endpoints and what was found; return the id of a run launched anyway."""
    with st.container(border=True, key="preflight-card"):
        parts.section("Check the endpoints")
        parts.quiet(ABOUT)
        if not rights.denied(audit, "doctor", "Check the endpoints", key="doctor", icon=":material/stethoscope:") and (
            st.button("Check the endpoints", icon=":material/stethoscope:", key="preflight-button")
        ):
            _fly(audit, text, base)
        found = _known(text, base)
        if found is not None:
            _results(found)
            if found.blocks:
                _set_aside(audit, text, base, found)
        parts.command("cje-audit doctor experiment.yaml")
    started: str | None = st.session_state.pop(ANYWAY, None)
    return started


def launch(audit: Audit, text: str, base: Path | None, *, pilot: int | None = None) -> str:
    """Launch with the preflight of this text, run now where there is none; one that blocks is refused by the engine.

    Raises
    ------
    InputError
        When the preflight blocks.
    """
    found = _known(text, base)
    if found is None:
        found = _fly(audit, text, base)
        if found.blocks:
            st.rerun()
    return audit.launch(text, base=base, pilot=pilot, preflight=found)


def _known(text: str, base: Path | None) -> Preflight | None:
    """Return what was found for exactly this text and these files; an edit makes it a thing of the past."""
    about, found = st.session_state.get(FOUND, (None, None))
    return found if about == (text, base) else None


def _fly(audit: Audit, text: str, base: Path | None) -> Preflight:
    with st.spinner("Asking every endpoint a few known questions …"):
        found = audit.doctor(text, base=base)
    st.session_state[FOUND] = ((text, base), found)
    return found


def badge(found: Preflight) -> words.Badge:
    """Return the outcome's badge; without an answer to every probe it is not that of a preflight that is done."""
    return words.UNPROVED if found.unanswered and not found.blocks else words.PREFLIGHT[not found.blocks]


def _results(found: Preflight) -> None:
    """Print the outcome, the probes to look at first, and the others folded away."""
    with parts.line():
        parts.badge(badge(found))
        parts.quiet(formats.moment(found.at))
    parts.verbatim(found.sentence)
    spoken = [c for c in found.checks if c.status in (CheckStatus.FAIL, CheckStatus.WARN) or c in found.unanswered]
    for index, probe in enumerate(sorted(spoken, key=lambda c: -SEVERITY[c.status])):
        check.card(probe, "", f"probe-{index}")
    for status in (CheckStatus.NOT_EVALUATED, CheckStatus.PASS):
        others = [c for c in found.of(status) if c not in spoken]
        check.folded(others, f"{status}-probes", expanded=False)


def _set_aside(audit: Audit, text: str, base: Path | None, found: Preflight) -> None:
    """Offer to launch although a probe fails, by name and for a reason."""

    def anyway(by: str, reason: str) -> None:
        st.session_state[ANYWAY] = audit.launch(text, base=base, preflight=found, set_aside=reason, by=by)

    with st.expander("Launch anyway", icon=":material/flight_takeoff:", key="preflight-aside"):
        parts.quiet("Your name and your reason stand in the audit trail and at the top of the report.")
        decision.signed_form("preflight-aside", decision.REASON, "Launch anyway", anyway, *ASIDE)
