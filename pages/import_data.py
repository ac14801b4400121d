"""Import: what is in this file, and what can be checked with it?"""

import streamlit as st

from app import cards, forms, parts, session

audit = session.open_audit()
parts.heading("import", "Bring a dataset with responses and log-probabilities. You see what is in it before anything is stored.")

files = st.file_uploader(
    "Data files: JSONL, CSV or Parquet, 500 MB at most", type=list(forms.DATA_TYPES), accept_multiple_files=True, key="data"
)
draws = st.file_uploader(
    "Fresh draws, if you have them: responses the target policies wrote themselves",
    type=list(forms.DATA_TYPES),
    accept_multiple_files=True,
    key="draws",
)
choices = forms.import_choices()

if not files:
    parts.quiet("Choose a file to begin. Nothing leaves this computer.")
    parts.command("cje-audit import data.jsonl")
    st.stop()

paths = [session.store_upload(audit, file) for file in files]
folder = session.store_uploads_together(audit, draws) if draws else None
st.subheader("What would be imported", anchor=False)
cards.dry_run(audit.dry_run(paths, choices.options))

if st.button("Import", type="primary", icon=":material/upload_file:"):
    run = audit.import_files(paths, choices.options, fresh_draws=folder, name=choices.name or files[0].name)
    session.go("live", run=run)

parts.command(forms.import_command([f.name for f in files], choices, with_draws=bool(draws)))
parts.glossary("logging policy", "target policy", "clone", "log-probability", "judge score", "fresh draws", "quarantined line")
