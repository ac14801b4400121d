"""Taking a run home: the report as HTML or JSON, its estimates, its rows, or all of it as one bundle; and back in."""

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from app import parts
from cje_audit.audit import Audit
from cje_audit.domain.report import Report

PARQUET = "application/vnd.apache.parquet"


def downloads(audit: Audit, report: Report) -> None:
    """Print the buttons; each file is made when its button is pressed."""
    run = report.run.id
    files = (
        ("HTML report", f"{run}.html", "text/html", lambda: audit.html(run)),
        ("HTML report, redacted", f"{run}-redacted.html", "text/html", lambda: audit.html(run, redact=True)),
        ("Report as JSON", f"{run}.json", "application/json", lambda: audit.json(run)),
        ("Estimates as CSV", f"{run}-estimates.csv", "text/csv", lambda: audit.estimates_csv(run)),
        ("Estimates as Parquet", f"{run}-estimates.parquet", PARQUET, lambda: audit.estimates_parquet(run)),
        ("Rows as CSV", f"{run}-rows.csv", "text/csv", lambda: audit.rows_csv(run)),
        ("Rows as Parquet", f"{run}-rows.parquet", PARQUET, lambda: audit.rows_parquet(run)),
        ("Whole run as a bundle", f"{run}.zip", "application/zip", lambda: audit.bundle(run)),
    )
    with st.container(horizontal=True, gap="small"):
        for label, name, kind, make in files:
            st.download_button(
                label, make, name, kind, key=f"download-{name}", icon=":material/download:", on_click="ignore"
            )
    parts.quiet(
        "Redacted leaves out row ids and whatever quotes a row. HTML and bundle are checked by cje-audit verify."
    )
    parts.command(f"cje-audit export {run} --out {run}.zip", f"cje-audit verify {run}.zip")


def bundle_in() -> UploadedFile | None:
    """Show where a bundle of another workspace goes in; return it once it is to be imported."""
    with st.expander("A whole run from another workspace", icon=":material/inventory_2:"):
        parts.quiet("A bundle written by cje-audit export. Its numbers are computed again before it is kept.")
        file = st.file_uploader("Bundle (zip)", type=["zip"], key="bundle")
        wanted = file is not None and st.button("Import the bundle", icon=":material/upload_file:")
        parts.command("cje-audit import RUN.zip")
    return file if wanted else None
