"""New run: what should be asked of which policies."""

import streamlit as st

from app import forms, parts, rights, session

audit = session.open_audit()
parts.heading("new_run")

templates = {t.name: t for t in audit.templates()}
text = forms.experiment_text(templates)
prompts = st.file_uploader(
    "Your own prompts, if you have them: one JSON object with prompt_id and prompt on each line",
    type=list(forms.DATA_TYPES),
    key="prompts",
    disabled=audit.why_not("upload_path") is not None,
)
base = session.store_upload(audit, prompts).parent if prompts else None
if prompts and base:
    forms.how_to_name(audit, base)
checked = audit.validate(text, base=base) if text.strip() else None

if checked is None:
    parts.quiet("Pick an example above, or paste an experiment file.")
    st.stop()

if checked.ok:
    st.success("The experiment file is valid.", icon=":material/check_circle:")
    parts.verbatim(checked.sentence)
else:
    st.error("The experiment file is not valid yet.", icon=":material/cancel:")
    parts.verbatim(checked.sentence)
if checked.what_to_do:
    parts.verbatim(f"What to do: {checked.what_to_do}")
for line in checked.summary:
    parts.verbatim(line)

if not rights.denied(audit, "launch", "Launch", key="launch", icon=":material/rocket_launch:") and st.button(
    "Launch", type="primary", icon=":material/rocket_launch:", disabled=not checked.ok
):
    session.go("live", run=audit.launch(text, base=base))

st.download_button(
    "Download this file", text, "experiment.yaml", "application/yaml", icon=":material/download:", on_click="ignore"
)
parts.command("cje-audit run experiment.yaml")
