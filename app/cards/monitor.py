"""The failure monitor: what asking is doing this moment, endpoint by endpoint."""

import streamlit as st

from app import formats, parts, words
from app.charts import asking as charts
from cje_audit.domain.views import EndpointView, MonitorView


def monitor(view: MonitorView) -> None:
    """Print what asking does: in flight, waiting, spend, every endpoint, and failures per minute."""
    if view.age_s is None and not view.minutes:
        return
    parts.section("Asking the models")
    parts.facts(_figures(view))
    for index, endpoint in enumerate(view.endpoints):
        _endpoint(endpoint, index, slowest=endpoint.name == view.slowest and len(view.endpoints) > 1)
    parts.chart(
        charts.failures_per_minute(view.minutes), "No attempt ended in the last minutes.", key="minutes", wide=True
    )


def _figures(view: MonitorView) -> list[tuple[str, str, str | None]]:
    told: list[tuple[str, str, str | None]] = [
        ("In flight", formats.count(view.in_flight), "in flight"),
        ("Waiting for another try", formats.count(view.waiting), None),
        ("Waits a server named", formats.count(view.retry_after_waits), "retry-after"),
        ("Longest such wait", formats.duration(view.longest_retry_after_s), None),
    ]
    cap = "" if view.max_cost is None else f" of {formats.number(view.max_cost)}"
    return [*told, ("Spent", f"{formats.number(view.spent)}{cap}", "spend")]


def _endpoint(endpoint: EndpointView, index: int, *, slowest: bool) -> None:
    with st.container(border=True, key=f"endpoint-{index}"), parts.line():
        parts.name(endpoint.name, f"endpoint-{index}")
        parts.badge(words.ENDPOINT[endpoint.state])
        told = [f"{formats.count(endpoint.in_flight)} in flight, at most {formats.count(endpoint.limit)}"]
        if endpoint.median_s is not None:
            told.append(f"an answer takes {formats.duration(endpoint.median_s)}{' (slowest)' if slowest else ''}")
        if endpoint.paced_per_s is not None:
            told.append(f"at most {formats.number(endpoint.paced_per_s)} requests per second")
        if endpoint.stopped_by is not None:
            told.append(f"stopped by {endpoint.stopped_by}")
        parts.quiet(" · ".join(told))
