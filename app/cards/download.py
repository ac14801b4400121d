"""Taking a report home: one offline HTML file, JSON, or the estimates as CSV."""

import streamlit as st

from app import parts
from cje_audit.audit import Audit
from cje_audit.domain.report import Report


def downloads(audit: Audit, report: Report) -> None:
    """Print the buttons; each file is made when its button is pressed."""
    run = report.run.id
    files = (
        ("HTML report", f"{run}.html", "text/html", lambda: audit.html(run)),
        ("HTML report, redacted", f"{run}-redacted.html", "text/html", lambda: audit.html(run, redact=True)),
        ("Report as JSON", f"{run}.json", "application/json", lambda: audit.json(run)),
        ("Estimates as CSV", f"{run}-estimates.csv", "text/csv", lambda: audit.estimates_csv(run)),
    )
    with st.container(horizontal=True, gap="small"):
        for label, name, kind, make in files:
            st.download_button(
                label, make, name, kind, key=f"download-{name}", icon=":material/download:", on_click="ignore"
            )
    parts.quiet("Redacted leaves out row ids and whatever quotes a row. An HTML file is checked with cje-audit verify.")
