"""The end of a pilot: go or no go, why, what it would cost, and the button that runs the rest."""

import streamlit as st

from app import formats, parts, rights, words
from cje_audit.audit import Audit
from cje_audit.domain.pilot import PilotReport


def verdict(audit: Audit, found: PilotReport | None, run: str) -> bool:
    """Print what a finished pilot says, if the run is one; return whether a person asks for the rest."""
    if found is None:
        return False
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
        if not found.size.n_left:
            return False
        wanted = _rest(audit)
        parts.command(f"cje-audit rest {run}")
        return wanted


def _rest(audit: Audit) -> bool:
    icon = ":material/rocket_launch:"
    if rights.denied(audit, "run_rest", "Run the rest", key="rest", icon=icon):
        return False
    return st.button("Run the rest", type="primary", icon=icon)


def _reasons(found: PilotReport, run: str) -> None:
    with parts.line():
        for check in found.reasons:
            parts.link("validation", words.check_title(check), run=run, check=check)
