"""The logging_policy stage: the responses, and their log-probs under the policy that wrote them."""

from collections.abc import Sequence

import polars as pl

from cje_audit.checks.frame import PolicyFacts, Rows
from cje_audit.checks.logging_policy import check_logging_policy
from cje_audit.domain.experiment import Experiment
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import ResponseResult
from cje_audit.providers.base import Provider
from cje_audit.stages.asking import Asked, Asker
from cje_audit.stages.base import StageContext, StageOutcome
from cje_audit.stages.columns import build_rows, read_rows, text_features
from cje_audit.stages.logprobs import Scored, asked_scores, imported_scores
from cje_audit.store.answers import Question
from cje_audit.store.tables import TableWrite

STAGE = "logging_policy"


def run(context: StageContext) -> StageOutcome:
    """Write responses where there are none, score them under the logging policy, and check the column."""
    if isinstance(context.spec, Experiment):
        rows, scored, facts, writes = _launched(context, context.spec)
    else:
        rows, scored, facts, writes = _imported(context)
    n_ok = scored.column.n_ok
    return StageOutcome(
        n_in=rows.n,
        n_ok=n_ok,
        n_failed=rows.n - n_ok,
        writes=[*writes, TableWrite("logprob", scored.frame, ("stage", STAGE))],
        checks={STAGE: check_logging_policy(rows, scored.column, facts)},
        facts={"from_stored_answers": scored.from_stored_answers, "rescoring": [scored.note] if scored.note else []},
    )


Stage = tuple[Rows, Scored, PolicyFacts, list[TableWrite]]


def _imported(context: StageContext) -> Stage:
    rows, _ = read_rows(context.tables)
    name = str(context.facts("dataset")["logging_name"])
    context.progress.total(rows.n)
    return rows, imported_scores(context, rows, name, STAGE), PolicyFacts(name, "logging"), []


def _launched(context: StageContext, spec: Experiment) -> Stage:
    policy = spec.logging_policy
    sample = context.tables.table("sample").sort("row")
    with Asker(context, spec.execution) as asker:
        provider = asker.provider(policy)
        if sample["response"].null_count() == sample.height:
            sample = text_features(_write_responses(context, asker, provider, policy, sample))
        rows = build_rows(sample)
        scored = asked_scores(context, asker, provider, policy, rows, sample, STAGE)
    sampling = {"temperature": policy.temperature, "top_p": policy.top_p}
    facts = PolicyFacts(policy.name, "logging", policy.identity_hash(), scored.from_stored_answers, sampling)
    return rows, scored, facts, [TableWrite("sample", sample)]


def _write_responses(
    context: StageContext, asker: Asker, provider: Provider, policy: Policy, sample: pl.DataFrame
) -> pl.DataFrame:
    items = list(sample.select("prompt", "draw", "row_id").iter_rows(named=True))
    context.progress.total(len(items))
    identity, version = policy.identity_hash(), provider.scorer_version
    questions = [
        Question("generate", identity, version, 0, (r["prompt"], r["draw"]), STAGE, policy.name, r["row_id"])
        for r in items
    ]

    async def ask(index: int) -> object:
        return await provider.generate(policy, items[index]["prompt"], draw=items[index]["draw"])

    return sample.with_columns(response_columns(asker.ask_all(questions, ask, provider)))


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
