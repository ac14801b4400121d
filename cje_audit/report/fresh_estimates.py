"""Estimates from a policy's own fresh draws. They need no overlap, and are listed as what they are."""

import numpy as np

from cje_audit.checks.frame import Floats
from cje_audit.domain.report import Estimate
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.fresh import MIN_LABELS, Scored, Spread, calibrated_mean, doubly_robust
from cje_audit.numerics.mean import plain_mean
from cje_audit.numerics.point import Inferred, infer
from cje_audit.report.facts import FreshDraws, RunFacts
from cje_audit.report.intervals import t_method

MEAN_NOTE = "The plain mean of the policy's own fresh draws; it needs no weights."


def fresh_estimates(facts: RunFacts, policy: str) -> list[Estimate]:
    """Return the fresh-draw mean per reward, the calibrated mean, and the doubly robust estimate, where possible."""
    draws = facts.fresh_draws.get(policy)
    if draws is None:
        return []
    found = [*_means(facts, draws), *_calibrated(facts, draws)]
    return found + (_doubly_robust(facts, policy, draws) if policy != facts.logging.name else [])


def _means(facts: RunFacts, draws: FreshDraws) -> list[Estimate]:
    columns: tuple[tuple[str, Floats], ...] = (("judge", draws.judge), ("oracle", draws.oracle))
    known = [(reward, values, ~np.isnan(values)) for reward, values in columns]
    return [
        _estimate(
            "fresh_draw_mean",
            reward,
            plain_mean(values[there], draws.cluster[there], scale=facts.reward_scale(reward)),
            facts.reward_scale(reward),
            MEAN_NOTE,
            len(values),
        )
        for reward, values, there in known
        if there.any()
    ]


def scored_draws(facts: RunFacts, draws: FreshDraws) -> Scored | None:
    """Return the draws with a score, predicted by the calibration; None without either."""
    there = ~np.isnan(draws.judge)
    if facts.calibrated is None or not there.any():
        return None
    score, cluster = draws.judge[there], draws.cluster[there]
    return Scored(score, draws.oracle[there], facts.calibrated.predict(score, cluster), cluster)


def _calibrated(facts: RunFacts, draws: FreshDraws) -> list[Estimate]:
    scored = scored_draws(facts, draws)
    if scored is None or facts.calibrated is None:
        return []
    got = calibrated_mean(scored, facts.calibrated.calibration)
    n_labels = int(np.count_nonzero(~np.isnan(scored.label)))
    said = (
        f"Corrected by the {n_labels:,} labelled draws."
        if got.corrected
        else f"Not corrected: {n_labels:,} of its own draws are labelled, {MIN_LABELS} are needed."
    )
    note = f"Judge scores of its own fresh draws, mapped to labels. {said}"
    return [_spread("calibrated_fresh_draw_mean", facts, got, note, len(draws.judge))]


def _doubly_robust(facts: RunFacts, policy: str, draws: FreshDraws) -> list[Estimate]:
    scored = scored_draws(facts, draws)
    if scored is None or facts.calibrated is None or facts.judge is None or facts.oracle is None:
        return []
    used = facts.has_weight(policy) & facts.judge.ok & facts.oracle.ok
    if not used.any():
        return []
    logged = Scored(
        facts.judge.values[used],
        facts.oracle.values[used],
        facts.calibrated.column.values[used],
        facts.rows.cluster[used],
    )
    got = doubly_robust(scored, logged, facts.log_ratio(policy)[used], facts.calibrated.calibration)
    note = (
        f"Mapped scores of {len(scored.score):,} fresh draws, corrected by the weighted label residuals of "
        f"{int(used.sum()):,} logged rows."
    )
    found = _spread("doubly_robust", facts, got, note, len(draws.judge) + facts.rows.n)
    used_both = len(scored.score) + int(used.sum())
    return [found.model_copy(update={"n_used": used_both, "counted": "fresh draws and rows"})]


def _spread(name: str, facts: RunFacts, got: Spread, note: str, n_total: int) -> Estimate:
    scale = facts.reward_scale("calibrated")
    return _estimate(name, "calibrated", infer(got.point, got.cluster, scale=scale), scale, note, n_total)


def _estimate(name: str, reward: str, got: Inferred, scale: Pair | None, note: str, n_total: int) -> Estimate:
    """Write an estimate from fresh draws; its denominator are the draws that are there, not the run's rows."""
    return Estimate(
        estimator=name,
        reward=reward,
        value=got.value,
        standard_error=got.standard_error,
        interval=got.interval,
        interval_method=None if got.interval is None else t_method(scale),
        n_used=got.n,
        n_total=n_total,
        counted="fresh draws",
        missing_bounds=None,
        primary=False,
        note=note,
    )
