"""One row: where it came from, its cells and weights as tables, the judge's own words."""

from collections.abc import Sequence

import streamlit as st

from app import formats, parts, words
from app.charts.weights import weight_text
from cje_audit.domain.row_search import FoundRow
from cje_audit.domain.views import AttemptView, CellView, RowView, RowWeight


def source(row: RowView) -> None:
    """Print where the row came from and how its response ended."""
    place = f"{row.source}, line {row.line:,}" if row.source and row.line is not None else row.source
    told = (
        ("row", row.row_id),
        ("prompt id", row.prompt_id),
        ("draw", f"{row.draw}"),
        ("from", place),
        ("ended by", row.finish_reason),
        ("oracle label", None if row.oracle_label is None else formats.number(row.oracle_label)),
    )
    parts.quiet(" · ".join(f"{label} {text}" for label, text in told if text))


def cells(row: RowView) -> list[dict[str, str]]:
    """List every measured cell of the row."""
    return [_cell(cell) for cell in row.cells]


def _cell(cell: CellView) -> dict[str, str]:
    return {
        "Stage": words.stage_title(cell.stage),
        "Policy": cell.policy or formats.MISSING,
        "Status": words.CELL[cell.status],
        "Value": formats.number(cell.value),
        "Code": cell.code or formats.MISSING,
        "Detail": formats.excerpt(cell.detail, 160),
        "Attempts": formats.count(cell.attempts),
    }


def weights(row: RowView) -> list[dict[str, str]]:
    """List the row's weight and its rank under every target policy."""
    return [_weight(weight) for weight in row.weights]


def _weight(weight: RowWeight) -> dict[str, str]:
    text = formats.number(weight.weight)
    if weight.weight is None and weight.log_ratio is not None:
        text = weight_text(weight.log_ratio)
    rank = formats.MISSING if weight.rank is None else formats.of(weight.rank, weight.n_ranked, "")
    return {
        "Policy": weight.policy,
        "Log ratio": formats.number(weight.log_ratio),
        "Weight": text,
        "Rank from the heaviest": rank,
    }


def scored(row: RowView) -> None:
    """Print, per policy, the exact text that was scored: what stood before the response, and the scored tokens."""
    known = [cell for cell in row.cells if cell.before is not None]
    if not known:
        parts.quiet("The text that was scored is stored for launched runs only.")
    for cell in known:
        with st.expander(formats.literal(f"{cell.policy}"), icon=":material/notes:"):
            parts.quiet("Before the response, as the model read it")
            parts.foreign(cell.before)
            parts.quiet("Scored")
            parts.foreign("".join(token.text for token in cell.tokens))


def judge(row: RowView) -> None:
    """Print the judge's score and its own words, as text."""
    replies = [cell for cell in row.cells if cell.stage == "judge"]
    if not replies:
        parts.quiet("No judge looked at this row.")
    for cell in replies:
        parts.quiet(f"score {formats.number(cell.value)}" if cell.code is None else f"no score: {cell.code}")
        if cell.raw:
            parts.foreign(cell.raw)
        elif cell.value is not None:
            parts.quiet("The judge's own words are not stored for this row.")


def found(row: FoundRow, run: str, index: int) -> None:
    """Print one row of a search: its id, how many of its cells failed, and the first words of both texts."""
    with st.container(border=True, key=f"found-{index}"):
        with parts.line():
            parts.row_link(run, row.row_id)
            if row.n_failed:
                st.badge(f"{formats.plural(row.n_failed, 'failed cell')}", color="orange", icon=":material/report:")
        parts.verbatim(f"Prompt: {formats.excerpt(row.prompt, 200)}")
        parts.verbatim(f"Response: {formats.excerpt(row.response, 200)}")


def attempts(found: Sequence[AttemptView], run: str) -> None:
    """Print every attempt at this row: when, how it ended, and what went over the wire, as text."""
    if not found:
        parts.quiet("No model was asked about this row in this run.")
    for attempt in found:
        with st.expander(_attempt_title(attempt, run), icon=words.ATTEMPT[attempt.status].icon):
            if attempt.detail:
                parts.verbatim(attempt.detail)
            if attempt.endpoint:
                parts.quiet(f"Asked: {attempt.endpoint}")
            if attempt.request is None and attempt.response is None:
                parts.quiet("Request and response were not kept for this attempt.")
                continue
            parts.quiet("Request")
            parts.foreign(attempt.request)
            parts.quiet("Response")
            parts.foreign(attempt.response)
            if attempt.cut:
                parts.quiet("Only the first 20,000 characters are shown.")


def _attempt_title(attempt: AttemptView, run: str) -> str:
    told = (
        words.stage_title(attempt.stage),
        attempt.policy,
        words.ATTEMPT[attempt.status].label,
        attempt.code,
        formats.moment(attempt.at),
        None if attempt.seconds is None else f"took {formats.duration(attempt.seconds)}",
        None if attempt.run == run else f"in run {attempt.run}",
    )
    return formats.literal(" · ".join(x for x in told if x))
