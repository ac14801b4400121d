"""Validation: which checks a run passed, and which rows broke the others."""

from app import forms, parts, session
from app.cards import check as cards
from app.cards import decision, repair

audit = session.open_audit()
parts.heading("validation")
run = session.need_run(audit)
report = session.need_report(audit, run)

entries = audit.decisions(run.id)
cards.stage_strip(report.stages)
only = forms.only_check()

for stage in report.stages:
    cards.stage_checks(stage, run.id, only, lambda check: decision.on_check(audit, run.id, check, entries))
    if stage.name == "dataset" and only in (None, "dataset.schema"):
        cards.quarantined(audit.quarantine(run.id))
if only is None:
    repair.before_and_after(report, audit.revealed(run.id))

parts.command(
    f"cje-audit report {run.id} --json", f"cje-audit override {run.id} CHECK --policy POLICY --reason TEXT --by NAME"
)
