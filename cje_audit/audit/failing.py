"""The failure tracker: every ended attempt of a run, for whoever looks at what the failed ones have in common."""

from collections.abc import Mapping

import numpy as np

from cje_audit.checks.failure_patterns import Attempts
from cje_audit.domain.codes import FailureCode
from cje_audit.domain.experiment import ORACLE_JUDGE, Experiment, Judge
from cje_audit.domain.policy import endpoint_name
from cje_audit.store.answers import AnswerStore
from cje_audit.store.tables import RunTables

CHARS = """
  select row_id, length(concat(prompt, response)) as chars from sample
  where row_id in (select unnest($asked::varchar[]))
"""

TOKEN = """
  select sum(response_chars) / sum(scored.n_tokens) as chars
  from logprob as scored join sample on scored."row" = sample."row"
  where scored.value is not null and scored.n_tokens > 0 and response_chars is not null
"""


def endpoints_of(spec: object) -> dict[tuple[str | None, bool], str]:
    """Return where each policy is asked first, by its name and whether the judge is meant; nothing for an import.

    It counts for attempts of older workspaces, which do not name their endpoint.
    """
    if not isinstance(spec, Experiment):
        return {}
    policies = (spec.logging_policy, *spec.target_policies)
    asked = {(p.name, False): endpoint_name(p.provider, p.base_url, p.model) for p in policies}
    marked = _name(spec.judge)
    second = spec.oracle.judge
    labelled = {} if second is None else {(ORACLE_JUDGE, True): _name(second)}
    return asked | {(name, True): marked for name in (None, *(p.name for p in policies))} | labelled


def _name(judge: Judge) -> str:
    return endpoint_name(judge.provider, judge.base_url, judge.model)


def attempts_of(
    answers: AnswerStore, tables: RunTables, run: str, endpoints: Mapping[tuple[str | None, bool], str]
) -> Attempts:
    """Return every attempt of a run that ended by itself, with its text's length (characters) and who was asked."""
    ended = [a for a in answers.ended_attempts(run) if a.code != FailureCode.CANCELLED]  # cut off by a person
    asked = sorted({attempt.row_id for attempt in ended})
    rows = tables.read_named(CHARS, {"asked": asked})
    chars = dict(zip(rows["row_id"].to_list(), rows["chars"].to_list(), strict=True))
    lengths = [chars.get(attempt.row_id) for attempt in ended]
    return Attempts(
        codes=np.array([a.code for a in ended], dtype=object),
        stages=np.array([a.stage for a in ended], dtype=object),
        endpoints=np.array(
            [a.endpoint or endpoints.get((a.policy, a.kind == "judge"), "") for a in ended], dtype=object
        ),
        policies=np.array([a.policy for a in ended], dtype=object),
        lengths=np.array([np.nan if n is None else float(n) for n in lengths], dtype=float),
        at=np.array([a.ended_at for a in ended], dtype=float),
        chars_per_token=tables.read(TOKEN)["chars"].item() if ended else None,  # a scan that few runs need
    )
