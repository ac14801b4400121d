"""Before and after: each repair of a run with every estimate as it was and as it is."""

from collections.abc import Collection

import streamlit as st

from app import formats, parts, words
from cje_audit.domain import spoken
from cje_audit.domain.repair import EstimateChange, Repair, Stood
from cje_audit.domain.report import Report
from cje_audit.domain.titles import REWARDS

TITLES = {"left_out": "damaged values left out", "asked_again": "failed cells asked again"}


def before_and_after(report: Report, revealed: Collection[str], acts: Collection[str] = tuple(TITLES)) -> None:
    """Print every repair of these kinds: its sentence, and the estimates whose level may be shown."""
    if not any(repair.act in acts for repair in report.repairs):
        return
    parts.section("Before and after", "repairs")
    for index, repair in enumerate(report.repairs):
        if repair.act in acts:
            _card(report, repair, revealed, index)


def _card(report: Report, repair: Repair, revealed: Collection[str], index: int) -> None:
    with st.container(border=True, key=f"repair-{repair.act}-{index}"):
        st.markdown(f"**{TITLES[repair.act].capitalize()}**")
        for told in (repair.sentence, *repair.notes):
            parts.verbatim(told)
        shown = spoken.changes(report, repair, revealed)
        hidden = {c.policy for c in repair.estimates}.difference(c.policy for c in shown)
        moved = [_line(c) for c in shown if c.moved]
        if moved:
            parts.table(moved, "Every estimate that moved, before and after, with interval and rows used.")
        parts.quiet(spoken.unmoved(shown) or "")
        if hidden:
            parts.quiet(f"No number may be shown for: {', '.join(sorted(hidden))}.")


def _line(change: EstimateChange) -> dict[str, str]:
    return {
        "Policy": change.policy,
        "Method": words.ESTIMATORS.get(change.estimator, change.estimator),
        "Measured as": REWARDS[change.reward],
        "Before": _value(change.before),
        "After": _value(change.after),
        "Rows before": _rows(change.before),
        "Rows after": _rows(change.after),
    }


def _value(stood: Stood | None) -> str:
    if stood is None or stood.value is None:
        return "no number"
    return f"{formats.number(stood.value)} ({formats.interval(stood.interval)})"


def _rows(stood: Stood | None) -> str:
    return formats.MISSING if stood is None else formats.of(stood.n_used, stood.n_total, stood.counted)
