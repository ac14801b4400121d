"""What a wanted precision takes: a policy, a half-width, and the ways to get there with their price."""

import streamlit as st

from app import formats, parts
from cje_audit.audit import Audit
from cje_audit.domain.errors import AuditError
from cje_audit.domain.report import Report
from cje_audit.domain.wanted import WantedLine


def wanted(audit: Audit, report: Report) -> None:
    """Let a person name a half-width for one policy, and say what it takes."""
    names = [p.name for p in report.policies if p.basis is not None]
    if not names:
        return
    parts.section("How much more data", anchor="plan")
    parts.quiet("Choose how narrow the interval is to be. Nothing is started by it.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        policy = st.selectbox("Policy", names, key="plan_policy", format_func=formats.visible, width=240)
        half = st.number_input(
            "Half-width (±)", min_value=0.0, value=0.02, step=0.005, format="%.3f", key="plan_half", width=170
        )
        price = st.number_input(
            "Price of one label", min_value=0.0, value=None, key="plan_price", placeholder="not known", width=170
        )
    try:
        found = audit.plan(report.run.id, policy, half, label_price=price)
    except AuditError as error:
        st.warning(formats.literal(f"{error.sentence} {error.what_to_do or ''}"), icon=":material/warning:")
        return
    parts.verbatim(found.sentence)
    for line in found.lines:
        parts.verbatim(line.sentence)
    parts.table([_row(line) for line in found.lines], f"Ways to an interval of this width. {found.sentence}")
    parts.command(f"cje-audit plan {report.run.id} {policy} --half-width {half:g}")


def _row(line: WantedLine) -> dict[str, str]:
    return {
        "Way": line.way.capitalize(),
        "Here already": formats.count(line.n_present),
        "More needed": "no number suffices" if line.n_more is None else formats.count(line.n_more),
        "Price": f"not known: {line.no_cost}" if line.cost is None else formats.number(line.cost),
    }
