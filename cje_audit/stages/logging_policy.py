"""The logging_policy stage: the responses, and their log-probs under the policy that wrote them."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from cje_audit.checks.frame import PolicyFacts, Rows
from cje_audit.checks.logging_policy import check_logging_policy
from cje_audit.domain.experiment import Experiment
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import ResponseResult
from cje_audit.stages.asking import Asked, Asker
from cje_audit.stages.base import StageContext, StageOutcome
from cje_audit.stages.columns import build_rows, read_rows, text_features
from cje_audit.stages.generating import ToWrite, ask_to_write
from cje_audit.stages.logprobs import Scored, asked_scores, imported_scores
from cje_audit.store.tables import TableWrite

STAGE = "logging_policy"


def run(context: StageContext) -> StageOutcome:
    """Write responses where there are none, score them under the logging policy, and check the column."""
    found = _launched(context, context.spec) if isinstance(context.spec, Experiment) else _imported(context)
    rows, scored = found.rows, found.scored
    n_ok = scored.column.n_ok
    return StageOutcome(
        n_in=rows.n,
        n_ok=n_ok,
        n_failed=rows.n - n_ok,
        writes=[*found.writes, TableWrite("logprob", scored.frame, ("stage", STAGE))],
        checks={STAGE: check_logging_policy(rows, scored.column, found.facts)},
        facts={
            "from_stored_answers": scored.from_stored_answers,
            "rescoring": [scored.note] if scored.note else [],
            "backups": found.backups,
        },
    )


@dataclass(frozen=True)
class Stage:
    """What the stage has found out, and what its backup answered."""

    rows: Rows
    scored: Scored
    facts: PolicyFacts
    writes: Sequence[TableWrite] = ()
    backups: Sequence[dict[str, object]] = ()


def _imported(context: StageContext) -> Stage:
    rows, _ = read_rows(context.tables)
    name = str(context.facts("dataset")["logging_name"])
    context.progress.total(rows.n)
    return Stage(rows, imported_scores(context, rows, name, STAGE), PolicyFacts(name, "logging"))


def _launched(context: StageContext, spec: Experiment) -> Stage:
    policy = spec.logging_policy
    sample = context.tables.table("sample").sort("row")
    with Asker(context, spec.execution) as asker:
        if sample["response"].null_count() == sample.height:
            sample = text_features(_write_responses(context, asker, policy, sample))
        rows = build_rows(sample)
        scored = asked_scores(context, asker, policy, rows, sample, STAGE)
        backups = [use.model_dump() for use in asker.backups]
    sampling = {"temperature": policy.temperature, "top_p": policy.top_p}
    facts = PolicyFacts(policy.name, "logging", policy.identity_hash(), scored.from_stored_answers, sampling)
    return Stage(rows, scored, facts, [TableWrite("sample", sample)], backups)


def _write_responses(context: StageContext, asker: Asker, policy: Policy, sample: pl.DataFrame) -> pl.DataFrame:
    items = list(sample.select("prompt", "draw", "row_id").iter_rows(named=True))
    context.progress.total(len(items))
    draws = [ToWrite(r["prompt"], r["draw"], r["row_id"]) for r in items]
    return sample.with_columns(response_columns(ask_to_write(asker, policy, draws, STAGE)))


def response_columns(asked: Sequence[Asked]) -> list[pl.Series]:
    """Return the response columns of `sample` from generated answers; a failed one has a code and no text."""
    results: list[ResponseResult] = [a.result for a in asked]  # type: ignore[misc]  # asked with kind generate
    codes = [None if r.code is None else str(r.code) for r in results]
    return [
        pl.Series("response", [r.value for r in results], dtype=pl.String),
        pl.Series("response_code", codes, dtype=pl.String),
        pl.Series("response_detail", [r.detail for r in results], dtype=pl.String),
        pl.Series("finish_reason", [r.finish_reason for r in results], dtype=pl.String),
        pl.Series("n_tokens", [r.n_tokens for r in results], dtype=pl.Int32),
    ]
