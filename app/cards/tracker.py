"""The failure tracker: what failed attempts share, how often attempts fail, and what that does to the estimates."""

from collections.abc import Sequence

import streamlit as st

from app import parts
from app.charts import failing as charts
from cje_audit.domain.on_failure import EFFECTS
from cje_audit.domain.views import FailurePattern, FailureRate


def patterns(found: Sequence[FailurePattern], rates: Sequence[FailureRate]) -> None:
    """Print what failures with one code have in common, and what to do about it; nothing where no attempt failed."""
    if not any(rate.n_failed for rate in rates):
        return
    parts.section("What they have in common")
    if not found:
        parts.quiet("Failed attempts share no length, no moment and no policy: they look like chance, or are too few.")
    for index, pattern in enumerate(found):
        with st.container(border=True, key=f"pattern-{index}"):
            parts.verbatim(pattern.sentence)
            parts.quiet(f"What to do: {pattern.what_to_do}")


def rates(found: Sequence[FailureRate]) -> None:
    """Print what share of the attempts failed, by code, provider, policy, time and length."""
    if not found:
        return
    parts.section("How often attempts fail")
    parts.quiet("An attempt is one request. A cell whose attempt failed may have been answered at a later one.")
    for tab, by in zip(st.tabs(list(charts.BY.values())), charts.BY, strict=True):
        with tab:
            parts.chart(charts.failure_rates(found, by), "There is nothing to tell apart here.", key=f"rates-{by}")


def effects(chosen: Sequence[str]) -> None:
    """Print what a failed row does to this run's estimates, and what the other two choices would do."""
    if not chosen:
        return
    parts.section("What a failed row does to the estimates")
    for told in chosen:
        parts.verbatim(told)
    with st.expander("The three choices (execution.on_failure)", icon=":material/rule:"):
        for word, told in EFFECTS.items():
            parts.verbatim(f"{word}: {told}")
