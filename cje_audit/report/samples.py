"""The rows an estimate rests on, its point from them, and its place in the report."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np

from cje_audit.checks.frame import Bools, Column, Floats, Ints
from cje_audit.checks.weight_checks import Pairing
from cje_audit.domain.report import Estimate
from cje_audit.numerics.anytime import look_level
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.bounds import Missing
from cje_audit.numerics.calibration import Calibration, Placed
from cje_audit.numerics.inference import LEVEL
from cje_audit.numerics.ips import ips
from cje_audit.numerics.point import Inferred, Point
from cje_audit.numerics.prompts import Prompts
from cje_audit.numerics.snips import snips
from cje_audit.numerics.weights import relative_weights
from cje_audit.report.facts import RunFacts

Array = TypeVar("Array", Floats, Ints)


class Bound(Protocol):
    """Bounds from log ratios (nats), rewards, what is missing, and the scale; see `snips_bounds`."""

    def __call__(
        self, log_ratio: Floats, reward: Floats, missing: Missing, scale: Pair, *, relative: Floats | None = None
    ) -> Pair | None:
        """Return the bounds."""
        ...


@dataclass(frozen=True, eq=False)
class Sample:
    """The rows one estimate rests on, and those it lost.

    `used`, bool (n,), marks rows with a weight and a reward; `log_ratio` (nats), `reward`, `cluster` have shape (m,),
    and `prompts` groups them. `on_a_line` is the calibrated reward by a straight line in place of the curve. `whole` is
    the part of the planned rows that is in.
    """

    name: str
    used: Bools
    log_ratio: Floats
    reward: Floats
    cluster: Ints
    prompts: Prompts
    missing: Missing
    scale: Pair | None
    placed: Placed | None = None
    calibration: Calibration | None = None
    on_a_line: Floats | None = None
    paired: Pairing | None = None
    whole: float = 1.0

    @cached_property
    def relative(self) -> Floats:
        """The weights divided by the largest one, computed once; those of the pairing where the rows are the same."""
        known = self.paired
        return (
            known.relative if known is not None and known.ratio is self.log_ratio else relative_weights(self.log_ratio)
        )

    def replicates(self, share: Floats) -> Floats | None:
        """Return the value without each fold of labels, of an estimate that gives row i the share s_i; see there."""
        if self.calibration is None or self.placed is None:
            return None
        return self.calibration.replicates(self.placed, share)

    @cached_property
    def normalised_replicates(self) -> Floats | None:
        """SNIPS without each fold of labels, computed once; None where the reward is not calibrated."""
        return None if self.calibration is None else self.replicates(self.relative / self.relative.sum())

    def made_at(self, level: float = LEVEL) -> float:
        """Return the level an interval is made at so that it holds at `level`: stricter while rows are to come."""
        return look_level(self.whole, level)

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
    is_logging = policy == facts.logging.name
    weighted = np.ones(facts.rows.n, dtype=bool) if is_logging else facts.has_weight(policy)
    used = weighted & column.ok
    if not used.any():
        return None
    ratio, lost = _log_ratios(facts, policy, weighted, used)
    cluster = kept(facts.rows.cluster, used)
    sample = Sample(
        name=reward,
        used=used,
        log_ratio=ratio,
        reward=kept(column.values, used),
        cluster=cluster,
        prompts=facts.rows.prompts if len(cluster) == facts.rows.n else facts.rows.prompts.of(used, cluster),
        missing=_missing(column, lost, weighted, reward),
        scale=facts.reward_scale(reward),
        paired=facts.pairings.get(policy),
        whole=facts.whole,
    )
    return _with_calibration(facts, sample) if reward == "calibrated" else sample


def _log_ratios(facts: RunFacts, policy: str, weighted: Bools, used: Bools) -> tuple[Floats, Floats]:
    """Return the log ratios (nats) of the used rows, and of those with a weight whose reward is lost."""
    if policy == facts.logging.name:
        n_used = int(np.count_nonzero(used))
        return np.zeros(n_used), np.zeros(len(used) - n_used)
    paired = facts.pairings.get(policy)
    if paired is not None and np.count_nonzero(used) == len(paired.ratio):
        return paired.ratio, np.zeros(0)
    ratio = facts.log_ratio(policy)
    return ratio[used], ratio[weighted & ~used]


def _with_calibration(facts: RunFacts, sample: Sample) -> Sample:
    """Add where the rows' judge scores lie on the calibration's curve."""
    found = facts.calibrated
    if found is None:
        return sample
    placed = Placed(kept(found.placed.left, sample.used), kept(found.placed.part, sample.used))
    line = kept(found.on_a_line, sample.used)
    return replace(sample, calibration=found.calibration, placed=placed, on_a_line=line)


def kept(values: Array, used: Bools) -> Array:
    """Return the used rows of an array; the array itself, not a copy, where all are used."""
    return values if used.all() else values[used]


def _missing(column: Column, lost: Floats, weighted: Bools, reward: str) -> Missing:
    if reward == "oracle":
        return Missing(np.zeros(0), int(np.count_nonzero(column.ok & ~weighted)))
    return Missing(lost, int(np.count_nonzero(~weighted)))


def snips_point(sample: Sample) -> Point:
    """Return the point estimate that comparisons use: SNIPS, which with equal weights is the plain mean."""
    point = snips(sample.log_ratio, sample.reward, relative=sample.relative)
    return point if sample.calibration is None else replace(point, replicates=sample.normalised_replicates)


def line_value(sample: Sample) -> float | None:
    """Return what SNIPS answers with a straight line in place of the calibration curve; None where there is none."""
    return (
        None if sample.on_a_line is None else snips(sample.log_ratio, sample.on_a_line, relative=sample.relative).value
    )


def ips_point(sample: Sample) -> Point:
    """Return IPS; its labels' uncertainty is added where float64 can hold the weights."""
    point = ips(sample.log_ratio, sample.reward, relative=sample.relative)
    normalised = sample.normalised_replicates
    if normalised is None or point.influence is None:
        return point
    mean_weight = float(np.exp(sample.log_ratio.max())) * float(sample.relative.mean())
    return replace(point, replicates=normalised * mean_weight)


def looked_at(method: str, whole: float) -> str:
    """Name an interval's method, and that it holds at every look where rows are to come.

    Examples
    --------
    >>> looked_at("Student t", 1.0), looked_at("Student t", 0.1)
    ('Student t', 'Student t, valid at every look')
    """
    return method if whole >= 1 else f"{method}, valid at every look"


def _bounds(sample: Sample, value: float | None, bound: Bound | None) -> Pair | None:
    """Return the bounds, with the estimate itself inside in spite of rounding; None where nothing bounds it."""
    if value is None or not sample.missing.n:
        return None if value is None else (value, value)
    if bound is None or sample.scale is None:
        return None
    found = bound(sample.log_ratio, sample.reward, sample.missing, sample.scale, relative=sample.relative)
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
        interval_method=None if got.interval is None or method is None else looked_at(method, sample.whole),
        n_used=got.n,
        missing_bounds=_bounds(sample, got.value, bound),
        primary=primary,
        note=note,
    )
