"""Every attempt at one row, with what went over the wire."""

from typing import Any

from cje_audit.domain.views import AttemptView
from cje_audit.store.answers import AnswerStore, unpacked
from cje_audit.store.workspace import iso

LONGEST = 20_000  # characters of a body that are shown


def attempts_at(answers: AnswerStore, run: str, row_id: str) -> tuple[AttemptView, ...]:
    """Return the attempts at one row's questions, oldest first."""
    return tuple(_view(row) for row in answers.attempts_at(run, row_id))


def _view(row: dict[str, Any]) -> AttemptView:
    request, response = _text(row["request"]), _text(row["response"])
    return AttemptView(
        run=row["run"], stage=row["stage"], policy=row["policy"], at=iso(row["started_at"]),
        seconds=None if row["ended_at"] is None else max(row["ended_at"] - row["started_at"], 0.0),
        status=row["status"], code=row["code"], detail=row["detail"],
        request=_shown(request), response=_shown(response),
        endpoint=row["endpoint"],
        cut=max(len(request or ""), len(response or "")) > LONGEST,
    )  # fmt: skip


def _shown(text: str | None) -> str | None:
    return None if text is None else text[:LONGEST]


def _text(body: bytes | None) -> str | None:
    raw = unpacked(body)
    return None if raw is None else raw.decode("utf-8", errors="replace")
