"""The difference of two headlines, with an interval that holds where a few rows carry the weight."""

from dataclasses import dataclass, replace
from functools import cached_property

from cje_audit.numerics.arrays import Floats, Pair
from cje_audit.numerics.compare import p_of_interval, recovered_interval, two_sided_p
from cje_audit.numerics.inference import LEVEL, t_interval
from cje_audit.numerics.point import Inferred, Point, infer
from cje_audit.report.intervals import Interval, snips_interval
from cje_audit.report.samples import Sample

RECOVERED = "the interval is recovered from both policies' own, since few rows carry the weight"


@dataclass(frozen=True, eq=False)
class Headline:
    """A headline estimate, and the rows it rests on."""

    sample: Sample
    point: Point

    @cached_property
    def inferred(self) -> Inferred:
        """Its t inference."""
        return infer(self.point, self.sample.prompts, scale=self.sample.scale, level=self.sample.made_at())

    @cached_property
    def interval(self) -> Interval:
        """Its 95 % interval, as the report prints it."""
        return self.interval_at(LEVEL)

    def interval_at(self, level: float) -> Interval:
        """Return the interval that holds at a level, by the same choice of method."""
        got, sample = self.inferred, self.sample
        level = sample.made_at(level)
        ends = t_interval(got.value, got.standard_error, got.degrees + 1, level=level, scale=sample.scale)
        moved = replace(got, interval=ends)
        return snips_interval(
            self.point, moved, sample.log_ratio, sample.reward, sample.cluster, sample.scale, level=level
        )

    @property
    def stretch(self) -> float:
        """How many times as wide as its t interval its own interval is; at least 1."""
        own, tame = self.interval.ends, self.inferred.interval
        if own is None or tame is None or not tame[1] > tame[0]:
            return 1.0
        return max((own[1] - own[0]) / (tame[1] - tame[0]), 1.0)


@dataclass(frozen=True)
class Gap:
    """A difference a − b with interval and p-value; `note` says how the interval was made where it is not t."""

    value: float | None
    interval: Pair | None
    p_value: float | None
    note: str | None = None


def gap_of(
    got: Inferred, headlines: tuple[Headline, Headline], correlation: float | None, *, level: float = LEVEL
) -> Gap:
    """Return the gap of two headlines; `got` is the t inference of their difference, paired by prompt.

    Where the weights of either are heavy, a t interval of the difference covers too little (simulated: 88 to 92 %).
    Then the interval is recovered from both policies' own intervals, and is never narrower than t. While rows are to
    come, both are made to hold at every look.
    """
    made_at = max(h.sample.made_at(level) for h in headlines)
    plain = t_interval(got.value, got.standard_error, got.degrees + 1, level=made_at)
    tame = _tame(got, plain, level, early=made_at > level)
    if correlation is None or plain is None or not got.standard_error or not any(h.interval.note for h in headlines):
        return tame
    own = [h.interval if level == LEVEL else h.interval_at(level) for h in headlines]
    found = _recovered(headlines, own, correlation)
    if found is None or got.value is None:
        return tame
    ends = (min(found[0], plain[0]), max(found[1], plain[1]))
    return Gap(got.value, ends, p_of_interval(got.value, ends, got.degrees, level=level), RECOVERED)


def _tame(got: Inferred, plain: Pair | None, level: float, *, early: bool) -> Gap:
    """Return the gap by t; while rows are to come, with the p-value that goes with the widened interval."""
    if not early or got.value is None or plain is None or not got.standard_error:
        return Gap(got.value, plain, two_sided_p(got))
    return Gap(got.value, plain, p_of_interval(got.value, plain, got.degrees, level=level))


def _recovered(headlines: tuple[Headline, Headline], own: list[Interval], correlation: float) -> Pair | None:
    (one, two), (a, b) = (i.ends for i in own), (h.point.value for h in headlines)
    if one is None or two is None or a is None or b is None:
        return None
    return recovered_interval((a, b), (one, two), correlation)


def correlation_of(covariance: Floats) -> float | None:
    """Return the correlation of two estimates, None where one has no error.

    Examples
    --------
    >>> import numpy as np
    >>> correlation_of(np.array([[4.0, 1.0], [1.0, 1.0]])), correlation_of(np.zeros((2, 2))) is None
    (0.5, True)
    """
    size = float(covariance[0, 0] * covariance[1, 1])
    return float(covariance[0, 1]) / size**0.5 if size > 0 else None
