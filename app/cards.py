"""Cards: one verdict, one check, one run, one stage at work. What they say comes ready-made from the front door."""

from collections.abc import Sequence

import streamlit as st

from app import formats, parts, words
from app.charts.estimates import heads, truth_sentence
from cje_audit.domain.checks import SEVERITY, Check, CheckStatus
from cje_audit.domain.report import PolicyReport, Report, StageReport
from cje_audit.domain.views import DryRunView, FailedCell, LiveStage, LiveView, RunRow


def verdict_cards(report: Report) -> None:
    """Print the verdict of every policy: badge, name, its one sentence, why, and what next."""
    for index, policy in enumerate(report.policies):
        with st.container(border=True, key=f"verdict-{policy.verdict}-{index}"):
            _verdict_head(policy, index)
            parts.verbatim(policy.sentence)
            _verdict_foot(report, policy)


def _verdict_head(policy: PolicyReport, index: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        parts.badge(words.VERDICT[policy.verdict])
        with st.container(key=f"name-{index}", width="content"):
            parts.verbatim(policy.name)
        st.caption(words.ROLES.get(policy.role, policy.role), width="content")


def _verdict_foot(report: Report, policy: PolicyReport) -> None:
    parts.quiet(words.VERDICT[policy.verdict].meaning)
    for head in heads(report):
        if head.policy.name == policy.name and (known := truth_sentence(policy, head.estimate)) is not None:
            parts.verbatim(known)
    if policy.next_step and policy.next_step not in policy.sentence:
        parts.verbatim(f"Next: {policy.next_step}")
    if policy.reasons:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption("Because of", width="content")
            for reason in policy.reasons:
                parts.link("validation", words.check_title(reason), run=report.run.id, check=reason)


def stage_strip(stages: Sequence[StageReport]) -> None:
    """Print the five stages side by side: status and how many rows ended well."""
    for column, stage in zip(st.columns(max(1, len(stages)), gap="small"), stages, strict=False):
        with column, st.container(border=True):
            st.markdown(f"**{words.stage_title(stage.name)}**")
            parts.badge(words.STATUS[stage.status])
            parts.quiet(_stage_counts(stage))


def _stage_counts(stage: StageReport) -> str:
    if stage.n_in is None or stage.n_ok is None:
        return "no rows counted"
    return f"{formats.of(stage.n_ok, stage.n_in)} ok"


def by_severity(checks: Sequence[Check]) -> tuple[list[Check], list[Check]]:
    """Split checks into those to look at, worst first, and those that passed."""
    open_checks = [c for c in checks if c.status != CheckStatus.PASS]
    ranked = sorted(open_checks, key=lambda c: -SEVERITY[c.status])
    return ranked, [c for c in checks if c.status == CheckStatus.PASS]


def check_card(check: Check, run: str, key: str) -> None:
    """Print one check: badge, question, sentence, value against threshold, what to do, its rows."""
    with st.container(border=True, key=f"check-{check.status}-{key}"):
        _check_head(check)
        parts.verbatim(check.sentence)
        if measured := _measured(check):
            parts.quiet(measured)
        if check.what_to_do and check.status != CheckStatus.PASS:
            parts.verbatim(f"What to do: {check.what_to_do}")
        if check.example_ids:
            st.caption("Rows behind it")
            parts.row_links(run, check.example_ids)


def _check_head(check: Check) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        parts.badge(words.STATUS[check.status])
        st.markdown(f"**{words.check_title(check.id)}**", width="content", help=words.QUESTIONS.get(check.id))
        if check.policy:
            parts.quiet(f"policy {check.policy}")


def _measured(check: Check) -> str:
    told = []
    if check.value is not None:
        told.append(f"measured {formats.number(check.value)}")
    if check.threshold is not None:
        told.append(f"threshold {formats.number(check.threshold)}")
    if check.n_affected:
        told.append(f"rows affected {formats.count(check.n_affected)}")
    return " · ".join([*told, check.id])


def passed_checks(checks: Sequence[Check], stage: str) -> None:
    """Print the checks that passed, folded away until someone asks."""
    if not checks:
        return
    noun = "check" if len(checks) == 1 else "checks"
    with st.expander(f"{len(checks)} {noun} passed", icon=":material/check_circle:", key=f"passed-{stage}"):
        for check in checks:
            _check_head(check)
            parts.verbatim(check.sentence)


def run_card(run: RunRow, index: int) -> None:
    """Print one run of the list: name, status, what it found, and where to go on."""
    with st.container(border=True, key=f"run-{index}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            with st.container(key=f"name-run-{index}", width="content"):
                parts.verbatim(run.name)
            parts.badge(words.RUN[run.status])
            parts.quiet(f"{words.KINDS[run.kind]} · {formats.duration(run.age_s)} ago · {run.id}")
        if run.sentence or run.error:
            parts.verbatim(run.sentence or run.error or "")
        _run_verdicts(run)
        with st.container(horizontal=True):
            for place in ("live",) if run.status in ("queued", "running") else ("results", "validation", "live"):
                parts.link(place, run=run.id)


def _run_verdicts(run: RunRow) -> None:
    if run.verdicts:
        with st.container(horizontal=True, gap="small"):
            for policy, verdict in run.verdicts.items():
                kind = words.VERDICT[verdict]
                parts.badge(kind, f"{formats.literal(formats.excerpt(policy, 30))}: {kind.label.lower()}")
    elif run.progress is not None and run.status in ("queued", "running"):
        st.progress(min(1.0, max(0.0, run.progress)))


def worker_line(view: LiveView) -> None:
    """Print how the run and its worker are, in words."""
    kind = words.WORKER[view.worker]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        parts.badge(words.RUN[view.run.status])
        parts.badge(kind)
        if view.heartbeat_age_s is not None and not view.final:
            parts.quiet(f"last heartbeat {formats.duration(view.heartbeat_age_s)} ago")
        if view.last_event_age_s is not None and not view.final:
            parts.quiet(f"last event {formats.duration(view.last_event_age_s)} ago")
    if view.worker in ("stalled", "lost"):
        st.warning(kind.meaning, icon=kind.icon)
    if view.run.error:
        st.error(formats.literal(view.run.error), icon=":material/cancel:")


def live_stage(stage: LiveStage) -> None:
    """Print one stage at work: rows done of rows in all, failed, rate and time left."""
    with st.container(border=True, key=f"stage-{stage.name}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**{words.stage_title(stage.name)}**", width="content", help=words.STAGES.get(stage.name, ("", ""))[1])
            parts.badge(words.STAGE_STATE[stage.state])
            parts.quiet(_pace(stage))
        if stage.n_total and stage.n_done is not None and stage.state != "skipped":
            st.progress(min(1.0, stage.n_done / stage.n_total), text=formats.of(stage.n_done, stage.n_total))


def _pace(stage: LiveStage) -> str:
    told = []
    if stage.n_failed:
        told.append(f"{stage.n_failed:,} failed")
    if stage.n_reused:
        told.append(f"{stage.n_reused:,} reused")
    if stage.state == "running" and stage.rate_per_s is not None:
        told.append(f"{formats.number(stage.rate_per_s)} rows per second")
    if stage.state == "running" and stage.eta_s is not None:
        told.append(f"about {formats.duration(stage.eta_s)} left")
    if stage.state in ("done", "failed") and stage.seconds is not None:
        told.append(f"took {formats.duration(stage.seconds)}")
    return " · ".join(told)


def failed_cell(cell: FailedCell, run: str, index: int) -> None:
    """Print one failed cell: its row, where it failed, its code, and the first words of its prompt."""
    with st.container(border=True, key=f"failed-{index}"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            parts.row_links(run, [cell.row_id])
            st.badge(formats.literal(cell.code), color="orange", help=cell.sentence)
            parts.quiet(" · ".join(x for x in (words.stage_title(cell.stage), cell.policy) if x))
        if cell.detail:
            parts.verbatim(formats.excerpt(cell.detail, 240))
        parts.quiet(formats.excerpt(cell.prompt, 120))


def dry_run(view: DryRunView) -> None:
    """Print what an import would read, stage by stage, before anything is stored."""
    parts.facts(
        [
            ("Rows", formats.count(view.n_rows), None),
            ("Quarantined lines", formats.count(view.n_quarantined), "quarantined line"),
            ("Layout", view.layout, None),
            ("Target policies", formats.count(len(view.policies)), "target policy"),
        ]
    )
    if view.policies:
        parts.verbatim(f"Target policies: {', '.join(view.policies)}")
    for stage in view.stages:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            parts.badge(words.READY[stage.ready])
            st.markdown(f"**{words.stage_title(stage.stage)}**", width="content")
            parts.verbatim(stage.sentence)
    for problem in view.problems:
        st.warning(formats.literal(problem), icon=":material/warning:")
    for note in view.notes:
        parts.quiet(note)
