"""The calibration's checks, from the facts of a run."""

import numpy as np

from cje_audit.checks.frame import Floats
from cje_audit.checks.judge_calibration import (
    TargetScores,
    check_calibration,
    check_calibration_range,
    labels_suffice,
    transport,
)
from cje_audit.domain.checks import Check
from cje_audit.numerics.calibration import Calibration
from cje_audit.numerics.point import Inferred, Point, infer
from cje_audit.report.facts import FreshDraws, RunFacts


def calibration_checks(facts: RunFacts) -> list[Check]:
    """Return `judge.calibration`, `judge.transport` and `estimation.calibration_range`."""
    calibration = None if facts.calibrated is None else facts.calibrated.calibration
    in_use = calibration if calibration is not None and labels_suffice(calibration) else None
    scores = {name: target_scores(facts, name) for name in facts.targets}
    return [
        check_calibration(facts.rows, facts.oracle, calibration),
        *(_transport(facts, name, in_use) for name in facts.targets),
        *check_calibration_range(facts.rows, in_use, scores),
    ]


def target_scores(facts: RunFacts, policy: str) -> TargetScores:
    """Return the judge scores a target policy's estimate rests on."""
    weighted = facts.has_weight(policy)
    weighted = weighted & facts.judge.ok if facts.judge is not None else np.zeros_like(weighted)
    score: Floats = np.zeros(0) if facts.judge is None else facts.judge.values[weighted]
    draws = facts.fresh_draws.get(policy)
    fresh: Floats = np.zeros(0) if draws is None else draws.judge
    return TargetScores(weighted, facts.log_ratio(policy)[weighted], score, fresh)


def _transport(facts: RunFacts, policy: str, in_use: Calibration | None) -> Check:
    draws = facts.fresh_draws.get(policy)
    if in_use is None:
        return transport(policy, None, 0.0, "no headline rests on calibrated scores")
    residual = None if draws is None else transport_residual(facts, draws)
    scale = facts.label_scale or in_use.label_range
    return transport(policy, residual, scale[1] - scale[0], f"no fresh response of {policy} is labelled")


def transport_residual(facts: RunFacts, draws: FreshDraws) -> Inferred | None:
    """Return the mean of label − prediction on labelled fresh draws; None without such a draw or a calibration."""
    both = draws.both
    if facts.calibrated is None or not both.any():
        return None
    cluster = draws.cluster[both]
    residual = draws.oracle[both] - facts.calibrated.predict(draws.judge[both], cluster)
    calibration = facts.calibrated.calibration
    share = np.full(len(residual), -1 / len(residual))
    replicates = calibration.replicates(calibration.place(draws.judge[both]), share)
    mean = float(residual.mean())
    return infer(Point(mean, residual - mean, replicates), cluster)
