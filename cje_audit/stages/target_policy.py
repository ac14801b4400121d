"""The target_policy stage: the same responses, teacher-forced through every target policy."""

from collections.abc import Sequence

import polars as pl

from cje_audit.checks.frame import PolicyFacts, Rows
from cje_audit.checks.target_policy import check_target_policies
from cje_audit.domain.backups import BackupUse
from cje_audit.domain.experiment import Experiment
from cje_audit.stages.asking import Asker
from cje_audit.stages.base import StageContext, StageOutcome
from cje_audit.stages.columns import read_logprobs, read_rows, read_texts
from cje_audit.stages.logprobs import Scored, asked_scores, imported_scores
from cje_audit.store.tables import TableWrite

STAGE = "target_policy"


def run(context: StageContext) -> StageOutcome:
    """Score every response under every target policy, and check each column."""
    rows, sample = read_rows(context.tables)
    targets = context.tables.read(
        "select name, role, identity_hash from policy where role <> 'logging' order by position"
    )
    logging_name = str(context.facts("dataset")["logging_name"])
    logging = read_logprobs(context.tables, logging_name, rows.n)
    scored, backups = _scores(context, rows, sample, targets)
    reused = {name: s.from_stored_answers for name, s in scored.items()}
    facts = policy_facts(targets, reused)
    checks = check_target_policies(rows, logging, {n: s.column for n, s in scored.items()}, facts, None)
    n_in = rows.n * len(scored)
    n_ok = sum(s.column.n_ok for s in scored.values())
    frames = [s.frame for s in scored.values()]
    return StageOutcome(
        n_in=n_in,
        n_ok=n_ok,
        n_failed=n_in - n_ok,
        writes=[
            TableWrite("logprob", pl.concat(frames, how="diagonal") if frames else pl.DataFrame(), ("stage", STAGE))
        ],
        checks={STAGE: checks},
        facts={
            "from_stored_answers": reused,
            "rescoring": [s.note for s in scored.values() if s.note],
            "backups": [use.model_dump() for use in backups],
        },
    )


def policy_facts(targets: pl.DataFrame, reused: dict[str, bool]) -> dict[str, PolicyFacts]:
    """Return what the checks need to know of each target policy.

    A policy's column comes from the logging policy's stored answers only when both share identity and replicate;
    a clone is asked anew, so this is never so in a launched run.
    """
    return {
        r["name"]: PolicyFacts(r["name"], r["role"], r["identity_hash"], from_stored_answers=False)
        for r in targets.iter_rows(named=True)
    }


def _scores(
    context: StageContext, rows: Rows, sample: pl.DataFrame, targets: pl.DataFrame
) -> tuple[dict[str, Scored], Sequence[BackupUse]]:
    if not isinstance(context.spec, Experiment):
        context.progress.total(rows.n * targets.height)
        return {name: imported_scores(context, rows, name, STAGE) for name in targets["name"]}, []
    texts = read_texts(context.tables).with_columns(sample["response_code"])
    with Asker(context, context.spec.execution) as asker:
        found = {p.name: asked_scores(context, asker, p, rows, texts, STAGE) for p in context.spec.target_policies}
        return found, asker.backups
