"""Import: what is in a file, and what can be checked with it."""

import streamlit as st

from app import forms, parts, rights, session
from app.cards import download
from app.cards.preview import preview

audit = session.open_audit()
parts.heading("import")
if rights.denied(audit, "import_files", "Import", key="import", icon=":material/upload_file:"):
    st.stop()

files = st.file_uploader(
    "Data files (JSONL, CSV, Parquet) or logs of Inspect, lm-evaluation-harness or promptfoo, 500 MB at most",
    type=list(forms.DATA_TYPES),
    accept_multiple_files=True,
    key="data",
)
beside = forms.files_beside()
paths = [session.store_upload(audit, file) for file in files]
mapping = forms.column_mapping(audit, audit.columns(paths)) if paths else {}
choices = forms.import_choices(mapping)

if not files:
    whole = download.bundle_in()
    if whole is not None:
        session.go("results", run=audit.import_bundle(session.store_upload(audit, whole)))
    parts.quiet("Choose a file to begin. Nothing leaves the computer that runs this dashboard.")
    parts.command("cje-audit import data.jsonl")
    st.stop()

draws = session.store_uploads_together(audit, beside.draws) if beside.draws else None
probes = session.store_uploads_together(audit, beside.probes) if beside.probes else None
manifest = session.store_upload(audit, beside.manifest) if beside.manifest else None
parts.section("What would be imported")
preview(audit.dry_run(paths, choices.options))

if st.button("Import", type="primary", icon=":material/upload_file:"):
    run = audit.import_files(
        paths,
        choices.options,
        fresh_draws=draws,
        probes=probes,
        manifest=manifest,
        name=choices.name or files[0].name,
    )
    session.go("live", run=run)

parts.command(forms.import_command([f.name for f in files], choices, beside=beside.options))
