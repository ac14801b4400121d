"""The failure monitor and tracker: what asking is doing this moment, and what its failures have in common."""

import time

import numpy as np

from cje_audit.checks.failure_patterns import Attempts
from cje_audit.domain.views import EndpointView, MinuteView, MonitorView
from cje_audit.store.answers import AnswerStore
from cje_audit.store.tables import RunTables
from cje_audit.store.workspace import RunRecord, Workspace, iso

MINUTES = 15
FACTS = (
    "stage", "in_flight", "waiting", "retry_after_waits", "longest_retry_after_s", "spent", "max_cost",
)  # fmt: skip


def monitor_view(workspace: Workspace, answers: AnswerStore, record: RunRecord) -> MonitorView:
    """Return the failure monitor of a run, from the small SQLite side only."""
    now = time.time()
    minutes = tuple(
        MinuteView(at=iso(60 * minute), n=sum(codes.values()), failures={c: n for c, n in codes.items() if c != "ok"})
        for minute, codes in answers.per_minute(record.id, now - 60 * MINUTES).items()
    )
    facts = workspace.asking(record.id)
    if facts is None:
        return MonitorView(run=record.id, minutes=minutes)
    endpoints = tuple(EndpointView.model_validate(e) for e in facts["endpoints"])
    speeds = {e.name: e.median_s for e in endpoints if e.median_s is not None}
    return MonitorView(
        run=record.id,
        age_s=max(now - facts["at"], 0.0),
        endpoints=endpoints,
        slowest=max(speeds, key=lambda name: speeds[name]) if speeds else None,
        minutes=minutes,
        **{name: facts[name] for name in FACTS},
    )


def attempts_of(answers: AnswerStore, tables: RunTables, run: str) -> Attempts:
    """Return every ended attempt of a run with the length of its row's text, in characters."""
    ended = answers.ended_attempts(run)
    rows = tables.read("select row_id, length(prompt) + response_chars as chars from sample")
    chars = dict(zip(rows["row_id"].to_list(), rows["chars"].to_list(), strict=True))
    lengths = [chars.get(attempt.row_id) for attempt in ended]
    return Attempts(
        codes=np.array([a.code for a in ended], dtype=object),
        stages=np.array([a.stage for a in ended], dtype=object),
        policies=np.array([a.policy for a in ended], dtype=object),
        lengths=np.array([np.nan if n is None else float(n) for n in lengths], dtype=float),
        at=np.array([a.ended_at for a in ended], dtype=float),
    )
