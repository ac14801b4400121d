"""Checks: a stage's strip and figures, one card per check, and the lines that were set aside."""

from collections.abc import Callable, Sequence

import streamlit as st

from app import formats, parts, words
from cje_audit.domain.checks import SEVERITY, Check, CheckStatus
from cje_audit.domain.report import StageReport
from cje_audit.domain.views import QuarantinedLine

ABOUT_LINES = ("dataset.schema", "dataset.duplicate_ids")  # their examples are lines that never became rows


def stage_strip(stages: Sequence[StageReport]) -> None:
    """Print the stages side by side: status and how many rows ended well."""
    with st.container(horizontal=True, gap="small"):
        for stage in stages:
            with st.container(border=True, width=168, key=f"strip-{stage.name}"):
                st.markdown(f"**{words.stage_title(stage.name)}**")
                parts.badge(words.STATUS[stage.status])
                parts.quiet(_counts(stage).split(" · ")[0])


def _counts(stage: StageReport) -> str:
    if stage.n_in is None or stage.n_ok is None:
        return "did not run"
    took = f" · {formats.duration(stage.seconds)}" if stage.seconds is not None else ""
    return f"{formats.of(stage.n_ok, stage.n_in, 'ok')}{took}"


def stage_checks(stage: StageReport, run: str, only: str | None, extra: Callable[[Check], None]) -> None:
    """Print a stage's checks: those to look at first, worst on top, with `extra`; those that passed folded away."""
    checks = [c for c in stage.checks if only in (None, c.id)]
    if only and not checks:
        return
    parts.section(words.stage_title(stage.name), stage.name)
    parts.quiet(f"{words.stage_purpose(stage.name)} {_counts(stage)}.")
    looked_at = [c for c in checks if c.status in (CheckStatus.FAIL, CheckStatus.WARN)]
    for index, check in enumerate(sorted(looked_at, key=lambda c: -SEVERITY[c.status])):
        card(check, run, f"{stage.name}-{index}", extra)
    for status in (CheckStatus.NOT_EVALUATED, CheckStatus.PASS):
        folded(
            [c for c in checks if c.status == status], f"{status}-{stage.name}", expanded=only is not None, extra=extra
        )
    if not checks:
        parts.quiet("No check of this stage ran.")


def card(check: Check, run: str, key: str, extra: Callable[[Check], None] | None = None) -> None:
    """Print one check: badge, question, sentence, who overrode it, measured value, what to do, its rows, `extra`."""
    with st.container(border=True, key=f"check-{check.status}-{key}"):
        _head(check)
        parts.verbatim(check.sentence)
        if check.override:
            parts.verbatim(check.override.sentence)
        parts.quiet(_measured(check))
        if check.what_to_do:
            parts.verbatim(f"What to do: {check.what_to_do}")
        if check.example_ids and check.id in ABOUT_LINES:
            parts.quiet(f"Behind it: {', '.join(check.example_ids)}")
        elif check.example_ids:
            parts.quiet("Rows behind it")
            parts.row_links(run, check.example_ids)
        if extra is not None:
            extra(check)


def _head(check: Check) -> None:
    with parts.line():
        parts.badge(words.STATUS[check.status])
        question = words.QUESTIONS.get(check.id) or words.PROBES.get(check.id)
        st.markdown(f"**{words.check_title(check.id)}**", width="content", help=question)
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


def folded(checks: Sequence[Check], key: str, *, expanded: bool, extra: Callable[[Check], None] | None = None) -> None:
    """Print checks of one status, folded away until someone asks, and what `extra` adds under each."""
    if not checks:
        return
    kind = words.STATUS[checks[0].status]
    with st.expander(
        f"{formats.plural(len(checks), 'check')}: {kind.label.lower()}", expanded, icon=kind.icon, key=f"folded-{key}"
    ):
        for check in checks:
            with st.container():
                _head(check)
                parts.verbatim(check.sentence)
                parts.quiet(_measured(check))
                if check.what_to_do:
                    parts.verbatim(f"What to do: {check.what_to_do}")
                if extra is not None:
                    extra(check)


def quarantined(lines: Sequence[QuarantinedLine]) -> None:
    """Print the lines that were set aside, with their line number and the reason."""
    if not lines:
        return
    parts.section("Quarantined lines")
    rows = [
        {
            "Line": f"{x.line:,}",
            "Reason": x.reason,
            "Code": x.code,
            "Begins with": formats.excerpt(x.excerpt),
            "File": x.source,
        }
        for x in lines
    ]
    parts.table(rows, "Lines of the file that could not be read as a row, with their line number and the reason.")
