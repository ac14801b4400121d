"""New run: what should be asked of which policies, as a form or as the experiment file itself."""

import streamlit as st

from app import draft, forms, parts, session
from app.cards import doctor, experiment_form, launching

audit = session.open_audit()
parts.heading("new_run")

forms.pick_example({t.name: t for t in audit.templates()})
as_form, as_file = st.tabs(["Form", "Experiment file"])
with as_file:
    forms.experiment_text()
with as_form:
    experiment_form.form(audit)
text = draft.text()
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

launching.said(audit, checked, text, base)
anyway = doctor.card(audit, text, base) if checked.ok else None
launched = launching.buttons(audit, checked, text, base) or anyway
if launched:
    session.go("live", run=launched)

st.download_button(
    "Download this file", text, "experiment.yaml", "application/yaml", icon=":material/download:", on_click="ignore"
)
parts.command("cje-audit run experiment.yaml", "cje-audit run experiment.yaml --pilot 50")
