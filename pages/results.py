"""Results: what was found for each policy, how sure it is, and what comes next."""

import streamlit as st

from app import parts, session
from app.cards import calibration, comparison, decision, download, pilot, planning, sharing
from app.cards import verdict as cards
from app.charts import estimates as charts

audit = session.open_audit()
parts.heading("results")
run = session.need_run(audit)
report = session.need_report(audit, run)

if pilot.verdict(audit, audit.pilot(run.id), run.id):
    session.go("live", run=audit.run_rest(run.id))
cards.summary(report)
cards.rule(report)
if not report.policies:
    parts.empty("No policy was judged", "See which stage is missing.", "validation", run=run.id)

parts.section("The numbers", "numbers")
nothing = report.summary.numbers or "No policy of this run may show a number; the cards below say why."
parts.chart(charts.forest(report), nothing, key="forest", wide=True)
parts.quiet(charts.KEY)
every = charts.estimates_table(report.policies)
if len(every):
    with st.expander("All estimates", icon=":material/table_rows:"):
        parts.table(every, "Every estimate with its interval, bounds for missing rows, and what it rests on.")

shown = audit.revealed(run.id)
cards.verdicts(report, lambda policy: decision.on_policy(audit, run.id, policy, shown.get(policy.name)))

calibration.curve(audit, report)
known = charts.truths_table(report.policies)
if len(known):
    parts.section("Against what is known")
    parts.table(known, "What is known of each policy from outside the estimate, and whether the estimate agrees.")

comparison.within(report)
planning.wanted(audit, report)

parts.section("Sign-off")
decision.sign_off(audit, report)
parts.section("Notes")
decision.notes(audit, run.id, audit.decisions(run.id), decision.places_of(report))
parts.section("Share")
sharing.links(audit, run.id)
parts.section("Take it with you")
download.downloads(audit, report)

parts.section("Where these numbers come from")
cards.provenance(report)
parts.command(
    f"cje-audit report {run.id}",
    f"cje-audit report {run.id} --html report.html --redact",
    f"cje-audit sign {run.id} --decision approve --by NAME",
    f"cje-audit share {run.id} --days 7",
)
