"""Estimates from a policy's own fresh draws. They need no overlap, and are listed as what they are."""

import numpy as np

from cje_audit.checks.frame import Bools, Floats, Ints
from cje_audit.domain.report import Estimate
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.fresh import MIN_LABELS, Scored, Spread, calibrated_mean, doubly_robust
from cje_audit.numerics.inference import LEVEL
from cje_audit.numerics.mean import plain_mean
from cje_audit.numerics.point import Inferred, infer
from cje_audit.report.facts import FreshDraws, RunFacts
from cje_audit.report.intervals import t_method
from cje_audit.report.samples import looked_at

MEAN_NOTE = "The plain mean of the policy's own fresh draws; it needs no weights."


def fresh_estimates(facts: RunFacts, policy: str) -> list[Estimate]:
    """Return the fresh-draw mean per reward, the calibrated mean, and the doubly robust estimate, where possible."""
    draws = facts.fresh_draws.get(policy)
    if draws is None:
        return []
    found = [*_means(facts, draws), *_calibrated(facts, draws)]
    return found + (_doubly_robust(facts, policy, draws) if policy != facts.logging.name else [])


def _means(facts: RunFacts, draws: FreshDraws) -> list[Estimate]:
    """Return the plain means; a draw without a label was not chosen for one, a draw without a score lost it."""
    columns: tuple[tuple[str, Floats], ...] = (("judge", draws.judge), ("oracle", draws.oracle))
    known = [(reward, values, ~np.isnan(values)) for reward, values in columns]
    return [
        _mean(facts, reward, values[there], draws.cluster[there], len(values))
        for reward, values, there in known
        if there.any()
    ]


def _mean(facts: RunFacts, reward: str, values: Floats, cluster: Ints, n_total: int) -> Estimate:
    scale = facts.reward_scale(reward)
    got = plain_mean(values, cluster, scale=scale, level=facts.made_at(LEVEL))
    bounds = bounds_of(got.value, got.n, n_total - got.n if reward == "judge" else 0, scale)
    found = _estimate("fresh_draw_mean", reward, got, scale, MEAN_NOTE, n_total, bounds)
    return _looked_at(facts, found)


def bounds_of(value: float | None, n: int, lost: int, scale: Pair | None) -> Pair | None:
    """Return what the mean of n draws would be if `lost` more had the lowest, or the highest, reward of the scale.

    Examples
    --------
    >>> bounds_of(0.5, 3, 1, (0.0, 1.0)), bounds_of(0.5, 3, 0, None)
    ((0.375, 0.625), (0.5, 0.5))
    """
    if value is None or (lost and scale is None):
        return None
    if not lost or scale is None:
        return (value, value)
    return ((value * n + lost * scale[0]) / (n + lost), (value * n + lost * scale[1]) / (n + lost))


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
    m, n = len(scored.score), len(draws.judge)
    bounds = bounds_of(got.point.value, m, n - m, facts.reward_scale("calibrated"))
    return [_spread("calibrated_fresh_draw_mean", facts, got, note, n, bounds)]


def _doubly_robust(facts: RunFacts, policy: str, draws: FreshDraws) -> list[Estimate]:
    scored = scored_draws(facts, draws)
    if scored is None or facts.calibrated is None or facts.judge is None or facts.oracle is None:
        return []
    used = labelled_rows(facts, policy)
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
    bounds = _doubly_robust_bounds(facts, policy, got, scored, len(draws.judge))
    found = _spread("doubly_robust", facts, got, note, len(draws.judge) + facts.rows.n, bounds)
    used_both = len(scored.score) + int(used.sum())
    return [found.model_copy(update={"n_used": used_both, "counted": "fresh draws and rows"})]


def _doubly_robust_bounds(facts: RunFacts, policy: str, got: Spread, scored: Scored, n_draws: int) -> Pair | None:
    """Add what lost draws, and labelled rows without a weight or a score, could change, at the kept mean weight."""
    value, scale, mean = got.point.value, facts.reward_scale("calibrated"), float(scored.predicted.mean())
    direct = bounds_of(mean, len(scored.score), n_draws - len(scored.score), scale)
    if value is None or direct is None or facts.oracle is None:
        return None
    corrects = labelled_rows(facts, policy)
    lost = facts.oracle.ok & ~corrects
    n, more = int(np.count_nonzero(corrects)), int(np.count_nonzero(lost))
    if not more:
        return (direct[0] + value - mean, direct[1] + value - mean)
    if scale is None:
        return None
    low, high = _residual_ends(facts, lost, scale)
    kept = (value - mean) * n
    return (direct[0] + (kept + more * low) / (n + more), direct[1] + (kept + more * high) / (n + more))


def _residual_ends(facts: RunFacts, rows: Bools, scale: Pair) -> Pair:
    """Return the mean of label − prediction on some rows if all their labels were lowest, or highest.

    A row without a score has no prediction: then the one that makes the end worse is taken.
    """
    if facts.calibrated is None:
        raise ValueError("A doubly robust estimate has a calibration.")
    predicted, (least, most) = facts.calibrated.column.values[rows], facts.calibrated.calibration.label_range
    low = scale[0] - float(np.where(np.isnan(predicted), most, predicted).mean())
    high = scale[1] - float(np.where(np.isnan(predicted), least, predicted).mean())
    return low, high


def labelled_rows(facts: RunFacts, policy: str) -> Bools:
    """Mark the logged rows that correct the doubly robust estimate: with weight, score and label, bool (n,)."""
    weighted = facts.has_weight(policy)
    if facts.judge is None or facts.oracle is None:
        return np.zeros_like(weighted)
    return weighted & facts.judge.ok & facts.oracle.ok


def _spread(name: str, facts: RunFacts, got: Spread, note: str, n_total: int, bounds: Pair | None) -> Estimate:
    scale = facts.reward_scale("calibrated")
    inferred = infer(got.point, got.cluster, scale=scale, level=facts.made_at(LEVEL))
    return _looked_at(facts, _estimate(name, "calibrated", inferred, scale, note, n_total, bounds))


def _looked_at(facts: RunFacts, found: Estimate) -> Estimate:
    """Say that an interval holds at every look, where rows are to come."""
    method = found.interval_method
    return found if method is None else found.model_copy(update={"interval_method": looked_at(method, facts.whole)})


def _estimate(
    name: str, reward: str, got: Inferred, scale: Pair | None, note: str, n_total: int, bounds: Pair | None
) -> Estimate:
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
        missing_bounds=bounds,
        primary=False,
        note=note,
    )
