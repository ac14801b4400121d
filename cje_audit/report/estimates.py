"""Estimates of one policy's value, with error, interval and bounds, for each reward there is."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.frame import Bools, Column, Floats, Ints
from cje_audit.checks.judge_calibration import labels_suffice
from cje_audit.domain.report import Estimate
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.bounds import Missing, ips_bounds, snips_bounds
from cje_audit.numerics.calibration import Calibration, Placed
from cje_audit.numerics.ips import ips
from cje_audit.numerics.point import Inferred, Point, infer
from cje_audit.numerics.snips import snips
from cje_audit.numerics.weights import relative_weights
from cje_audit.report.facts import RunFacts
from cje_audit.report.intervals import CLUSTERED_T, snips_interval, t_method

REWARDS = ("judge", "calibrated", "oracle")
Bound = Callable[[Floats, Floats, Missing, Pair], Pair | None]


@dataclass(frozen=True, eq=False)
class Sample:
    """The rows one estimate rests on, and those it lost.

    `used`, bool (n,), marks rows with a weight and a reward; `log_ratio` (nats), `reward`, `cluster` have shape (m,).
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
    return replace(sample, calibration=calibration, placed=calibration.place(facts.judge.values[sample.used]))


def _missing(column: Column, ratio: Floats, weighted: Bools, reward: str) -> Missing:
    if reward == "oracle":
        return Missing(np.zeros(0), int(np.count_nonzero(column.ok & ~weighted)))
    return Missing(ratio[weighted & ~column.ok], int(np.count_nonzero(~weighted)))


def primary_reward(facts: RunFacts, policy: str, *, judge_failed: bool = False) -> str:
    """Return the reward of the headline: calibrated where the labels suffice, oracle labels where there are a hundred.

    Otherwise the judge. Where the judge itself failed a check, nothing built on it is preferred to labels.
    """
    if not judge_failed and facts.calibrated is not None and labels_suffice(facts.calibrated.calibration):
        return "calibrated"
    labelled = sample_of(facts, policy, "oracle")
    return "oracle" if labelled is not None and labelled.n >= thresholds.LABELS_PRIMARY else "judge"


def estimates_of(facts: RunFacts, policy: str, *, headline: str | None) -> tuple[Estimate, ...]:
    """Return all estimates of a policy; `headline` names the reward whose SNIPS (or plain mean) is primary, if any."""
    found: list[Estimate] = []
    for reward in REWARDS:
        sample = sample_of(facts, policy, reward)
        if sample is None:
            continue
        if policy == facts.logging.name:
            found.append(_plain_mean(sample, primary=headline == reward))
        else:
            found += [_ips(sample), _snips(sample, primary=headline == reward)]
    return tuple(found)


def snips_point(sample: Sample) -> Point:
    """Return the point estimate that comparisons use: SNIPS, which with equal weights is the plain mean."""
    point = snips(sample.log_ratio, sample.reward)
    if sample.calibration is None:
        return point
    weight = relative_weights(sample.log_ratio)
    return replace(point, replicates=sample.replicates(weight / weight.sum()))


def ips_point(sample: Sample) -> Point:
    """Return IPS; its labels' uncertainty is added where float64 can hold the weights."""
    point = ips(sample.log_ratio, sample.reward)
    if sample.calibration is None or point.influence is None:
        return point
    return replace(point, replicates=sample.replicates(np.exp(sample.log_ratio) / sample.n))


def _ips(sample: Sample) -> Estimate:
    got = infer(ips_point(sample), sample.cluster)
    note = "Not clipped to the scale: IPS leaves it whenever the mean weight is not 1."
    return _estimate("ips", sample, got, CLUSTERED_T, ips_bounds, primary=False, note=note)


def _snips(sample: Sample, *, primary: bool) -> Estimate:
    point = snips_point(sample)
    got = infer(point, sample.cluster, scale=sample.scale)
    interval = snips_interval(point, got, sample.log_ratio, sample.reward, sample.cluster, sample.scale)
    got = replace(got, interval=interval.ends)
    return _estimate("snips", sample, got, interval.method, snips_bounds, primary=primary, note=interval.note)


def _plain_mean(sample: Sample, *, primary: bool) -> Estimate:
    got = infer(snips_point(sample), sample.cluster, scale=sample.scale)
    note = "The plain mean of the logged rows: every weight is 1."
    return _estimate("ips", sample, got, t_method(sample.scale), snips_bounds, primary=primary, note=note)


def _bounds(sample: Sample, value: float | None, bound: Bound) -> Pair | None:
    """Return the bounds, with the estimate itself inside in spite of rounding; None where nothing bounds it."""
    if value is None or not sample.missing.n:
        return None if value is None else (value, value)
    found = None if sample.scale is None else bound(sample.log_ratio, sample.reward, sample.missing, sample.scale)
    return None if found is None else (min(found[0], value), max(found[1], value))


def _estimate(
    name: str,
    sample: Sample,
    got: Inferred,
    method: str | None,
    bound: Bound,
    *,
    primary: bool,
    note: str | None = None,
) -> Estimate:
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
