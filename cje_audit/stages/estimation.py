"""The estimation stage: raw weights, their checks, the estimates, and the report that says what they are worth."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from cje_audit.checks.frame import Column, Floats, PolicyFacts
from cje_audit.domain.backups import BackupUse
from cje_audit.domain.checks import STAGES, Check
from cje_audit.domain.experiment import Experiment
from cje_audit.domain.pilot import PilotSize
from cje_audit.domain.repair import Snapshot
from cje_audit.domain.report import Comparison, Estimate, PolicyReport, Report
from cje_audit.numerics.weights import log_ratio
from cje_audit.report.assemble import assemble, run_checks
from cje_audit.report.facts import FreshDraws, RunFacts, StageFacts
from cje_audit.report.skipping import without_skipped
from cje_audit.stages.base import StageContext, StageOutcome
from cje_audit.stages.columns import (
    as_floats,
    nullable,
    read_asked_again,
    read_judge_noise,
    read_judgements,
    read_labels,
    read_logprobs,
    read_rows,
    read_token_counts,
)
from cje_audit.stages.dataset import dataset_facts_from_tables
from cje_audit.stages.judge import judge_scale
from cje_audit.stages.pricing import unit_costs
from cje_audit.stages.provenance import run_header
from cje_audit.stages.quality import quality_frame, text_figures_of
from cje_audit.stages.retries import settled
from cje_audit.store.tables import RunTables, TableWrite
from cje_audit.store.workspace import RunRecord

LARGEST_EXPONENT = float(np.log(np.finfo(np.float64).max))


def run(context: StageContext) -> StageOutcome:
    """Compute weights, estimates and the report's content from the stored tables."""
    facts = run_facts(context)
    checks = run_checks(facts)
    header = run_header(context.record, context.spec, dict(context.facts("dataset")), context.folder)
    report = assemble(header, facts, checks)
    n_in = facts.rows.n * len(facts.targets)
    n_ok = sum(p.n_used for p in report.policies if p.role != "logging")
    return StageOutcome(
        n_in=n_in,
        n_ok=n_ok,
        n_failed=n_in - n_ok,
        writes=[
            TableWrite("weight", weight_frame(without_skipped(facts))),
            TableWrite("estimate", estimate_frame(report)),
            TableWrite("comparison", comparison_frame(report)),
            TableWrite("quality", quality_frame(report)),
            settled(context),
        ],
        checks=by_stage(checks),
        facts={
            "report": report.document(),
            "unit_costs": {name: [c.cost, c.why_not, c.row] for name, c in facts.unit_costs.items()},
        },
    )


def run_facts(context: StageContext) -> RunFacts:
    """Read everything the report is made of from the run's tables."""
    tables = context.tables
    rows, sample = read_rows(tables)
    policies = tables.read("select name, role, identity_hash from policy order by position").rows(named=True)
    logging, *targets = [PolicyFacts(p["name"], p["role"], p["identity_hash"]) for p in policies]
    judge, oracle = read_judgements(tables, rows.n), read_labels(tables, rows.n)
    return RunFacts(
        rows=rows,
        logging=with_sampling(logging, context.spec),
        logging_column=read_logprobs(tables, logging.name, rows.n),
        targets={t.name: t for t in targets},
        target_columns={t.name: read_logprobs(tables, t.name, rows.n) for t in targets},
        judge=judge,
        oracle=oracle if oracle.n_ok else None,
        asked_labels=oracle if _asks_for_labels(context.spec) else None,
        scale=judge_scale(context.spec),
        dataset=dataset_facts_from_tables(tables, context.facts("dataset"), sample),
        stages=tuple(stage_facts(tables)),
        fresh_draws=fresh_draws(tables, sample),
        unit_costs=unit_costs(context),
        asked_again=read_asked_again(tables, rows.n, logging.name, [t.name for t in targets]),
        token_counts={t.name: read_token_counts(tables, t.name, rows.n) for t in targets},
        judge_noise=read_judge_noise(tables),
        texts=text_figures_of(sample),
        retries=tuple(Snapshot.model_validate_json(text) for text in tables.remembered()),
        rescored=tuple(note for done in tables.done().values() for note in done.facts.get("rescoring", ())),
        backups=backup_uses(context),
        pilot=pilot_size(context.facts("dataset"), rows.n, context.spec),
        **asked_of_estimation(context.spec),
    )


def backup_uses(context: StageContext) -> tuple[BackupUse, ...]:
    """Return what the asking stages noted of backups; nothing where a run is older than backups."""
    noted = (context.facts(stage).get("backups", ()) for stage in ("logging_policy", "target_policy", "judge"))
    return tuple(BackupUse.model_validate(use) for uses in noted for use in uses)


def asked_of_estimation(spec: object) -> dict[str, Any]:
    """Return what the experiment asks of the estimates; an import asks nothing and skips nothing."""
    if not isinstance(spec, Experiment):
        return {}
    asked = spec.estimation
    return {
        "estimators": tuple(asked.estimators),
        "wanted_reward": None if asked.reward == "auto" else asked.reward,
        "log_ratio_clip": asked.log_ratio_clip,
        "clip_around_quantile": asked.log_ratio_clip_around == "p75",
        "decision_rule": asked.decision,
        "oracle_scale": None if spec.oracle.judge is None else spec.oracle.judge.scale,
        "skip_stages": frozenset(stage for stage, word in spec.execution.on_failure_of().items() if word == "skip_row"),
    }


def _asks_for_labels(spec: object) -> bool:
    return isinstance(spec, Experiment) and spec.oracle.judge is not None


def pilot_size(facts: Mapping[str, Any], n: int, spec: object) -> PilotSize | None:
    """Return how many rows the pilot took of how many there are; None where the run is no pilot."""
    if not isinstance(spec, Experiment) or spec.execution.pilot is None:
        return None
    return PilotSize(n=n, n_total=facts["n_rows_found"])


def with_sampling(facts: PolicyFacts, spec: object) -> PolicyFacts:
    """Add what is known of how the logging policy sampled."""
    if not isinstance(spec, Experiment):
        return facts
    policy = spec.logging_policy
    return replace(facts, sampling={"temperature": policy.temperature, "top_p": policy.top_p})


def stage_facts(tables: RunTables) -> list[StageFacts]:
    """Return counts and times of the stages that are done, and an empty place for the others."""
    done = tables.done()
    empty = {name: StageFacts(name, None, None, None, None) for name in STAGES}
    found = {n: StageFacts(n, r.n_in, r.n_ok, r.n_failed, r.seconds) for n, r in done.items()}
    return [found[name] if name in found else empty[name] for name in STAGES]


def fresh_draws(tables: RunTables, sample: pl.DataFrame) -> dict[str, FreshDraws]:
    """Return the fresh draws of each policy; a prompt has the same cluster number as in the logged rows."""
    frame = tables.table("fresh_draw")
    number = dict(zip(sample["prompt_id"].to_list(), sample["cluster"].to_list(), strict=True))
    others = frame.filter(~pl.col("prompt_id").is_in(list(number)))["prompt_id"].unique().sort().to_list()
    number |= {prompt: sample.height + i for i, prompt in enumerate(others)}
    found: dict[str, FreshDraws] = {}
    for (policy,), part in frame.group_by("policy", maintain_order=True):
        cluster = np.array([number[p] for p in part["prompt_id"]], dtype=np.int64)
        found[str(policy)] = FreshDraws(as_floats(part["judge_score"]), as_floats(part["oracle_label"]), cluster)
    return found


def weight_frame(facts: RunFacts) -> pl.DataFrame:
    """Return the `weight` table: one row per row and target with both log-probs; an unrepresentable weight is null."""
    schema = {"row": pl.Int32, "policy": pl.String, "log_ratio": pl.Float64, "weight": pl.Float64}
    frames = [pl.DataFrame(schema=schema)]
    if facts.logging_column is not None:
        frames += [_weights_of(n, c, facts.logging_column) for n, c in facts.target_columns.items()]
    return pl.concat(frames)


def _weights_of(name: str, target: Column, logging: Column) -> pl.DataFrame:
    ratio = log_ratio(target.values, logging.values)
    kept = np.flatnonzero(~np.isnan(ratio))
    frame = pl.DataFrame(
        {
            "row": pl.Series(kept, dtype=pl.Int32),
            "log_ratio": ratio[kept],
            "weight": nullable(representable(ratio[kept])),
        }
    )
    return frame.select("row", pl.lit(name).alias("policy"), "log_ratio", "weight")


def representable(ratio: Floats) -> Floats:
    """Return exp(log ratio), NaN where float64 cannot hold it.

    Examples
    --------
    >>> representable(np.array([0.0, 900.0])).tolist()
    [1.0, nan]
    """
    fits = ratio <= LARGEST_EXPONENT
    weights = np.full(len(ratio), np.nan)
    weights[fits] = np.exp(ratio[fits])
    return weights


NO_PAIR = (None, None)


def estimate_frame(report: Report) -> pl.DataFrame:
    """Return the `estimate` table."""
    return pl.DataFrame([_estimate_row(p, e) for p in report.policies for e in p.estimates], infer_schema_length=None)


def _estimate_row(policy: PolicyReport, estimate: Estimate) -> dict[str, Any]:
    low, high = estimate.interval or NO_PAIR
    bound_low, bound_high = estimate.missing_bounds or NO_PAIR
    kept = estimate.model_dump(exclude={"interval", "missing_bounds", "primary", "note", "reason", "interval_reason"})
    return {
        "policy": policy.name,
        **kept,
        "n_total": policy.n_total if estimate.n_total is None else estimate.n_total,
        "low": low,
        "high": high,
        "bound_low": bound_low,
        "bound_high": bound_high,
        "is_primary": estimate.primary,
    }


def comparison_frame(report: Report) -> pl.DataFrame:
    """Return the `comparison` table."""
    return pl.DataFrame([_comparison_row(c) for c in report.comparisons], infer_schema_length=None)


def _comparison_row(comparison: Comparison) -> dict[str, Any]:
    low, high = comparison.interval or NO_PAIR
    return {**comparison.model_dump(exclude={"interval", "p_adjusted_bh", "interval_reason"}), "low": low, "high": high}


def by_stage(checks: list[Check]) -> Mapping[str, list[Check]]:
    """Group checks by the stage they belong to."""
    return {stage: [c for c in checks if c.stage == stage] for stage in STAGES}


def write_report(tables: RunTables, record: RunRecord, path: Path) -> Report:
    """Write report.json from what the estimation stage stored, with the stages' final counts and times."""
    document: dict[str, Any] = tables.done()["estimation"].facts["report"]
    times = {s.name: s for s in stage_facts(tables)}
    for stage in document["stages"]:
        fact = times[stage["name"]]
        stage.update({"n_in": fact.n_in, "n_ok": fact.n_ok, "n_failed": fact.n_failed, "seconds": fact.seconds})
    report = Report.model_validate(document)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(
        json.dumps(report.document(), ensure_ascii=False, indent=1, allow_nan=False), encoding="utf-8"
    )
    unfinished.replace(path)
    return report
