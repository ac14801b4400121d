"""The end of a pilot: go or no go, why, what it would cost, and the button that runs the rest."""

import streamlit as st

from app import formats, parts, session, words
from cje_audit.audit import Audit
from cje_audit.domain.pilot import PilotReport


def verdict(audit: Audit, run: str) -> None:
    """Print what a finished pilot says; nothing where the run is no pilot."""
    found = audit.pilot(run)
    if found is None:
        return
    with st.container(border=True, key="pilot"):
        with parts.line():
            parts.badge(words.PILOT[found.outcome])
            parts.quiet(f"a pilot of {formats.of(found.size.n, found.size.n_total, 'rows')}")
        parts.verbatim(found.sentence)
        _reasons(found, run)
        parts.facts(
            [
                ("Cost so far", formats.number(found.cost), "spend"),
                ("Cost of the rest", formats.number(found.cost_of_rest), "spend"),
                ("Time of the rest", formats.duration(found.seconds_of_rest), None),
            ]
        )
        parts.table(
            [{"Flaw": name, "Share of the rows": formats.percent(share)} for name, share in found.quality.items()],
            "The share of the pilot's rows that has each flaw.",
        )
        if found.size.n_left and st.button("Run the rest", type="primary", icon=":material/rocket_launch:"):
            session.go("live", run=audit.run_rest(run))


def _reasons(found: PilotReport, run: str) -> None:
    with parts.line():
        for check in found.reasons:
            parts.link("validation", check, run=run, check=check)
