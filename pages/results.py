"""Results: what was found for each policy, how sure is it, and what comes next?"""

import streamlit as st

from app import cards, parts, session
from app.charts import estimates as charts

audit = session.open_audit()
parts.heading("results", "What was found, how sure is it, and what comes next?")
run = session.need_run(audit)
report = session.need_report(audit, run)

with st.container(border=True, key="summary"):
    parts.verbatim(report.summary.sentence)
if not report.policies:
    parts.empty("No policy was judged", "See which stage is missing.", "validation", run=run.id)
cards.verdict_cards(report)

st.header("The numbers", divider="gray", anchor=False)
parts.chart(charts.forest(report), "No policy of this run may show a number; the cards above say why.", key="forest")
every = charts.estimates_table(report.policies)
if len(every):
    with st.expander("All estimates", icon=":material/table_rows:"):
        parts.table(every, "Every estimate with its interval, bounds for missing rows, and rows used of all rows.")

st.header("Where these numbers come from", divider="gray", anchor=False)
cards.provenance(report)
parts.command(f"cje-audit report {run.id}", f"cje-audit report {run.id} --json")
parts.glossary(
    "policy value", "estimate", "interval", "standard error", "rows used", "bounds for missing rows", "truth",
    "combined standard error", "IPS", "SNIPS", "judge score", "oracle label", "fresh draws",
)  # fmt: skip
