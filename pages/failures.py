"""Failures: what did not work, why, and what can be done."""

from app import formats, forms, parts, session
from app.cards import failure as cards
from app.cards import repair, retry, tracker

audit = session.open_audit()
parts.heading("failures")
run = session.need_run(audit)
report = session.need_report(audit, run)
rates = audit.failure_rates(run.id)

if not report.failures:
    parts.empty("Nothing failed", "Every cell of this run has its value.", "results", run=run.id)

repair.before_and_after(report, audit.revealed(run.id), ("asked_again",))
retry.cells(audit, run.id)
cards.groups(report.failures, run.id)
launched = audit.failure_policy(run.id)
if rates:
    tracker.patterns(audit.failure_patterns(run.id), rates)
    tracker.rates(rates)
    tracker.effects(launched)

if report.failures:
    parts.section("The rows", "rows")
    chosen = forms.failure_filter(report.failures)
    if launched and retry.ask_again(audit, run.id, chosen.choice, searched=bool(chosen.search)):
        session.go("live", run=run.id)
    if not launched and retry.ask_provider(audit, run.id, chosen.choice, session.storing(audit)):
        session.go("live", run=run.id)
    total = forms.failed_cells(audit, run.id, chosen, limit=1).total
    page = forms.failed_cells(audit, run.id, chosen, offset=parts.pager(total, key="page"))
    parts.quiet(f"{formats.count(page.total)} failed cells under this filter, {len(page.rows)} shown")
    for index, cell in enumerate(page.rows):
        cards.cell(cell, run.id, index, asked=bool(launched))
    if not page.rows:
        parts.quiet("No failed cell fits this filter. Choose another one above.")

parts.command(f"cje-audit report {run.id} --json")
