"""The failure tracker: every ended attempt of a run, for whoever looks at what the failed ones have in common."""

import numpy as np

from cje_audit.checks.failure_patterns import Attempts
from cje_audit.store.answers import AnswerStore
from cje_audit.store.tables import RunTables


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
