"""The rows an estimate rests on, its point from them, and its place in the report."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cje_audit.checks.frame import Bools, Column, Floats, Ints
from cje_audit.domain.report import Estimate
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.bounds import Missing
from cje_audit.numerics.calibration import Calibration, Placed
from cje_audit.numerics.ips import ips
from cje_audit.numerics.point import Inferred, Point
from cje_audit.numerics.snips import snips
from cje_audit.numerics.weights import relative_weights
from cje_audit.report.facts import RunFacts

Bound = Callable[[Floats, Floats, Missing, Pair], Pair | None]


@dataclass(frozen=True, eq=False)
class Sample:
    """The rows one estimate rests on, and those it lost.

    `used`, bool (n,), marks rows with a weight and a reward; `log_ratio` (nats), `reward`, `cluster` have shape (m,).
    `on_a_line` is the calibrated reward by a straight line in place of the curve.
    """

    name: str
    used: Bools
    log_ratio: Floats
    reward: Floats
    cluster: Ints
    missing: Missing
    scale: Pair | None
    placed: Placed | None = None
    calibration: Calibration | None = None
    on_a_line: Floats | None = None

    def replicates(self, share: Floats) -> Floats | None:
        """Return the value without each fold of labels, of an estimate that gives row i the share s_i; see there."""
        if self.calibration is None or self.placed is None:
            return None
        return self.calibration.replicates(self.placed, share)

    @property
    def n(self) -> int:
        """How many rows are used."""
        return len(self.reward)


def sample_of(facts: RunFacts, policy: str, reward: str) -> Sample | None:
    """Gather the rows for one policy and reward; None where there is no row to use.

    For `oracle` the unlabelled rows are no loss: the estimate is about the labelled ones.
    """
    column = facts.reward(reward)
    if column is None:
        return None
    if policy == facts.logging.name:
        ratio, weighted = np.zeros(facts.rows.n), np.ones(facts.rows.n, dtype=bool)
    else:
        ratio, weighted = facts.log_ratio(policy), facts.has_weight(policy)
    used = weighted & column.ok
    if not used.any():
        return None
    missing = _missing(column, ratio, weighted, reward)
    scale = facts.reward_scale(reward)
    sample = Sample(reward, used, ratio[used], column.values[used], facts.rows.cluster[used], missing, scale)
    return _with_calibration(facts, sample) if reward == "calibrated" else sample


def _with_calibration(facts: RunFacts, sample: Sample) -> Sample:
    """Add where the rows' judge scores lie on the calibration's curve."""
    if facts.calibrated is None or facts.judge is None:
        return sample
    calibration = facts.calibrated.calibration
    score = facts.judge.values[sample.used]
    line = calibration.predict_line(score)
    return replace(sample, calibration=calibration, placed=calibration.place(score), on_a_line=line)


def _missing(column: Column, ratio: Floats, weighted: Bools, reward: str) -> Missing:
    if reward == "oracle":
        return Missing(np.zeros(0), int(np.count_nonzero(column.ok & ~weighted)))
    return Missing(ratio[weighted & ~column.ok], int(np.count_nonzero(~weighted)))


def snips_point(sample: Sample) -> Point:
    """Return the point estimate that comparisons use: SNIPS, which with equal weights is the plain mean."""
    point = snips(sample.log_ratio, sample.reward)
    if sample.calibration is None:
        return point
    weight = relative_weights(sample.log_ratio)
    return replace(point, replicates=sample.replicates(weight / weight.sum()))


def line_value(sample: Sample) -> float | None:
    """Return what SNIPS answers with a straight line in place of the calibration curve; None where there is none."""
    return None if sample.on_a_line is None else snips(sample.log_ratio, sample.on_a_line).value


def ips_point(sample: Sample) -> Point:
    """Return IPS; its labels' uncertainty is added where float64 can hold the weights."""
    point = ips(sample.log_ratio, sample.reward)
    if sample.calibration is None or point.influence is None:
        return point
    return replace(point, replicates=sample.replicates(np.exp(sample.log_ratio) / sample.n))


def _bounds(sample: Sample, value: float | None, bound: Bound | None) -> Pair | None:
    """Return the bounds, with the estimate itself inside in spite of rounding; None where nothing bounds it."""
    if value is None or not sample.missing.n:
        return None if value is None else (value, value)
    if bound is None or sample.scale is None:
        return None
    found = bound(sample.log_ratio, sample.reward, sample.missing, sample.scale)
    return None if found is None else (min(found[0], value), max(found[1], value))


def estimate(
    name: str,
    sample: Sample,
    got: Inferred,
    method: str | None,
    bound: Bound | None,
    *,
    primary: bool = False,
    note: str | None = None,
) -> Estimate:
    """Write an inferred value as its part of the report, with bounds; without `bound`, only where no row is lost."""
    return Estimate(
        estimator=name,
        reward=sample.name,
        value=got.value,
        standard_error=got.standard_error,
        interval=got.interval,
        interval_method=None if got.interval is None else method,
        n_used=got.n,
        missing_bounds=_bounds(sample, got.value, bound),
        primary=primary,
        note=note,
    )
