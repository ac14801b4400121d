"""One run in the list, and one run at work."""

from collections.abc import Callable

import streamlit as st

from app import formats, parts, words
from cje_audit.domain.codes import CODES, FailureCode
from cje_audit.domain.views import LiveStage, LiveView, RunRow

OPEN = ("queued", "running")


def listed(run: RunRow, index: int, extra: Callable[[RunRow], None]) -> None:
    """Print one run of the list: name, status, what it found, where to go on, and what `extra` adds to an ended one."""
    with st.container(border=True, key=f"run-{index}"):
        with parts.line():
            parts.name(run.name, f"run-{index}")
            parts.badge(words.RUN[run.status])
        parts.quiet(
            f"{words.KINDS[run.kind]} {formats.duration(run.age_s)} ago · by {words.owner(run.owner)} · {run.id}"
        )
        if said := run.error or run.sentence:
            parts.verbatim(said)
        _verdicts(run)
        with parts.line():
            for place in ("live",) if run.status in OPEN else ("results", "validation", "live"):
                parts.link(place, run=run.id)
            if run.status == "complete":
                st.checkbox("Compare", key=f"tick-{run.id}", persist_state="session")
            if run.status not in OPEN:
                extra(run)


def _verdicts(run: RunRow) -> None:
    if run.status in OPEN and run.progress is not None:
        st.progress(min(1.0, max(0.0, run.progress)), text=f"{formats.percent(run.progress)} done")
    parts.verdict_badges(run.verdicts)


def worker(view: LiveView) -> None:
    """Print how the run and its worker are, in words."""
    kind = words.WORKER[view.worker]
    with parts.line():
        parts.badge(kind)
        beats = () if view.final else _beats(view)
        parts.quiet(" · ".join(f"{what} {formats.duration(age)} ago" for what, age in beats if age is not None))
    if view.worker in ("slow", "stalled", "lost"):
        st.warning(kind.meaning, icon=kind.icon)
    if view.run.error:
        st.error(formats.literal(view.run.error), icon=":material/cancel:")


def _beats(view: LiveView) -> tuple[tuple[str, float | None], ...]:
    return (
        ("last heartbeat", view.heartbeat_age_s),
        ("last answer", view.answer_age_s),
        ("last event", view.last_event_age_s),
    )


def stage(at_work: LiveStage) -> None:
    """Print one stage at work: rows done of rows in all, failed, rate and time left."""
    with st.container(border=True, key=f"stage-{at_work.name}"):
        with parts.line():
            purpose = words.stage_purpose(at_work.name)
            st.markdown(f"**{words.stage_title(at_work.name)}**", width="content", help=purpose)
            parts.badge(words.STAGE_STATE[at_work.state])
            parts.quiet(_pace(at_work))
        if at_work.n_total and at_work.n_done is not None and at_work.state != "skipped":
            st.progress(min(1.0, at_work.n_done / at_work.n_total), text=formats.of(at_work.n_done, at_work.n_total))


def _pace(at_work: LiveStage) -> str:
    told = []
    if at_work.n_failed:
        told.append(f"{at_work.n_failed:,} failed")
    if at_work.n_reused:
        told.append(f"{at_work.n_reused:,} reused")
    if at_work.state == "running":
        told += _forecast(at_work)
    if at_work.state in ("done", "failed") and at_work.seconds is not None:
        told.append(f"took {formats.duration(at_work.seconds)}")
    return " · ".join(told)


def _forecast(at_work: LiveStage) -> list[str]:
    told = []
    if at_work.rate_per_s is not None:
        told.append(f"{formats.number(at_work.rate_per_s)} rows per second")
    if at_work.eta_s is not None:
        told.append(f"about {formats.duration(at_work.eta_s)} left")
    return told


def spend(view: LiveView) -> None:
    """Print how often models were asked, and how often a stored answer was enough."""
    parts.facts(
        [
            ("Asked of models", formats.count(view.n_asked), None),
            ("Reused answers", formats.count(view.n_reused), "reused answer"),
            ("Possibly paid twice", formats.count(view.possibly_paid_twice), "possibly paid twice"),
        ]
    )


def failure_counts(view: LiveView) -> None:
    """Print how many cells failed so far, by code, with what each code means."""
    parts.section("Failures by code")
    if not view.failures:
        parts.quiet("Nothing has failed.")
        return
    rows = [
        {"Code": code, "Cells": f"{n:,}", "What it means": CODES[FailureCode(code)].sentence}
        for code, n in view.failures.items()
    ]
    parts.table(rows, "Failed cells by code, with what each code means.")


def events(view: LiveView) -> None:
    """Print what happened last, newest first as the front door gives it."""
    if not view.events:
        return
    with st.expander("What happened", icon=":material/history:"):
        rows = [
            {"When": formats.second(e.at), "Stage": words.stage_title(e.stage or "run"), "What": e.text}
            for e in view.events
        ]
        parts.table(rows, "Events of this run with their time.")
