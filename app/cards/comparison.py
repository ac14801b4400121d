"""Policies held against each other: within a run, and between two runs."""

import streamlit as st

from app import parts
from app.charts import differences as charts
from cje_audit.domain.comparison import ComparedPair, RunComparison
from cje_audit.domain.report import Report


def within(report: Report) -> None:
    """Print the comparisons of one run: the ranking in words, a chart, and every pair's sentence."""
    if not report.comparisons:
        return
    parts.section("Policies against each other")
    if report.summary.ranking:
        parts.verbatim(report.summary.ranking)
    nothing = "No two policies of this run may be compared; the sentences below say why."
    told = report.summary.pairs or nothing
    parts.chart(charts.differences(report.comparisons, told), nothing, key="differences", wide=True)
    with st.expander("Every pair in words", icon=":material/compare_arrows:"):
        for pair in report.comparisons:
            parts.verbatim(pair.sentence)


def between(found: RunComparison) -> None:
    """Print two runs held against each other: one sentence says what keeps them apart; then every pair."""
    with st.container(border=True, key="summary"):
        parts.verbatim(found.sentence)
    if not found.comparisons:
        return
    chart = charts.differences(found.comparisons, charts.KEY, label_a=found.a.label, label_b=found.b.label)
    parts.chart(chart, "No pair may be compared; the sentences below say why.", key="differences", wide=True)
    parts.section("Every pair")
    for index, pair in enumerate(found.comparisons):
        _pair(pair, index)


def _pair(pair: ComparedPair, index: int) -> None:
    with st.container(border=True, key=f"pair-{index}"):
        parts.verbatim(pair.sentence)
        for difference in pair.differs:
            parts.quiet(difference)
