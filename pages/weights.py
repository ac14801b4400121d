"""Weights: whether many rows speak for a policy, or a few decide everything."""

import streamlit as st

from app import forms, parts, session
from app.cards import weight as cards
from app.charts import weights as charts

audit = session.open_audit()
parts.heading("weights")
run = session.need_run(audit)
report = session.need_report(audit, run)

weighted = [p for p in report.policies if p.weights is not None]
if not weighted:
    parts.empty(
        "No weights were computed",
        "A weight needs both log-probabilities. See which stage lacks them.",
        "validation",
        run=run.id,
    )
    st.stop()

policy = forms.pick_policy(weighted)
clone = next((p for p in weighted if p.role == "clone"), None)
view = audit.weights(run.id, policy.name)
floor = audit.weights(run.id, clone.name) if clone else None

parts.verbatim(charts.half_weight_sentence(view))
cards.figures(policy)
cards.uniform(report, policy)

parts.section("How many rows have which log ratio")
parts.chart(
    charts.weight_histogram(policy, clone, as_weight=False),
    "There is no histogram for this policy.",
    key="ratio",
    picked=forms.bar_picked,
)
parts.section("How many rows have which weight")
parts.chart(
    charts.weight_histogram(policy, clone, as_weight=True),
    "There is no histogram for this policy.",
    key="weight",
    picked=forms.bar_picked,
)
bar = forms.pick_bar(charts.bars(policy))
if bar is not None:
    offset = parts.pager(bar.n, key="page")
    page = audit.weight_rows(run.id, policy.name, bar.low, bar.high, closed=bar.closed, offset=offset)
    cards.rows(page, run.id)
parts.section("How far the tail reaches")
parts.chart(charts.ccdf(view, floor), "There is no tail to draw for this policy.", key="tail")
parts.section("The heaviest rows")
parts.chart(charts.heaviest(view, floor), "No row carries any weight for this policy.", key="heavy")
parts.row_links(run.id, [row.row_id for row in view.heaviest])
cards.half(audit, run.id, view)
if clone is None:
    parts.quiet("This run has no clone, so the noise floor of its weights is unknown: add a policy with role clone.")
parts.command(f"cje-audit report {run.id} --json")
