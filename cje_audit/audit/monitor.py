"""The failure monitor: what asking is doing this moment."""

import time

from cje_audit.domain.views import EndpointView, MinuteView, MonitorView
from cje_audit.store.answers import AnswerStore
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
