"""Raw importance weights and what they say about overlap. Log scale throughout; nothing is ever clipped here."""

import math
from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Floats, Ints, Pair, finite_pair, scaled
from cje_audit.numerics.inference import LEVEL, clustered_standard_error, n_clusters, t_quantile
from cje_audit.numerics.tail import Tail, upper_tail

NEAR_ZERO_LOG = math.log(1e-6)
HISTOGRAM_BINS = 40


@dataclass(frozen=True)
class MeanWeight:
    """The mean raw weight with its clustered standard error; None where float64 cannot hold a number.

    `log_value` (nats) is always there. `relative_error` is standard error ÷ mean.
    """

    log_value: float
    relative_error: float | None
    groups: int

    @property
    def value(self) -> float | None:
        """The mean weight."""
        return scaled(self.log_value, 1.0)

    @property
    def standard_error(self) -> float | None:
        """Its clustered standard error."""
        return None if self.relative_error is None else scaled(self.log_value, self.relative_error)

    def interval(self, level: float = LEVEL) -> Pair | None:
        """Return the t interval at `level`."""
        value, error = self.value, self.standard_error
        if value is None or error is None:
            return None
        half = t_quantile(self.groups, level) * error
        return finite_pair(value - half, value + half)


@dataclass(frozen=True)
class LogRatios:
    """Quantiles, mean and n − 1 standard deviation of the log ratio, nats."""

    min: float
    p05: float
    p50: float
    p95: float
    max: float
    mean: float
    sd: float | None


@dataclass(frozen=True)
class Histogram:
    """Counts of the log ratio (nats) between edges; one more edge than counts."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class WeightSummary:
    """Everything the health checks look at, for one policy's raw weights."""

    n: int
    mean: MeanWeight
    ess: float
    max_share: float
    top5_share: float
    near_zero_share: float
    n_exact_one: int
    sqrt_overlap: float
    tail: Tail
    log_ratio: LogRatios
    histogram: Histogram

    @property
    def ess_fraction(self) -> float:
        """Effective sample size ÷ number of rows."""
        return self.ess / self.n


def log_ratio(target: Floats, logging: Floats) -> Floats:
    """Return target − logging in nats, shape (n,); NaN where either log-prob is missing.

    Examples
    --------
    >>> log_ratio(np.array([-1.0, np.nan]), np.array([-3.0, -1.0])).tolist()
    [2.0, nan]
    """
    difference: Floats = target - logging
    return difference


def relative_weights(log_ratios: Floats) -> Floats:
    """Return the weights divided by the largest one, shape (n,): at most 1, and safe at ±900 nats."""
    relative: Floats = np.exp(log_ratios - log_ratios.max())
    return relative


def mean_weight(log_ratios: Floats, cluster: Ints) -> MeanWeight:
    r"""Mean of :math:`w=\exp(\text{log ratio})` by log-sum-exp, with its clustered standard error.

    Under the logging policy :math:`E[w]=1` exactly, so the mean weight tests the log-probs themselves.

    Examples
    --------
    >>> got = mean_weight(np.log(np.array([0.5, 1.5])), np.array([0, 1]))
    >>> round(got.value, 12), round(got.standard_error, 12)
    (1.0, 0.5)
    """
    relative = relative_weights(log_ratios)
    mean = float(relative.mean())
    error = clustered_standard_error(relative - mean, cluster)
    level = float(log_ratios.max()) + math.log(mean)
    return MeanWeight(level, None if error is None else error / mean, n_clusters(cluster))


def effective_sample_size(log_ratios: Floats) -> float:
    r"""Kish effective sample size :math:`(\sum w)^2/\sum w^2`.

    Falls towards 1 as few rows carry all the weight; silent about responses the logging policy never gave.

    Examples
    --------
    >>> effective_sample_size(np.zeros(4))
    4.0
    """
    relative = relative_weights(log_ratios)
    return float(np.square(relative.sum()) / np.dot(relative, relative))


def sqrt_overlap(log_ratios: Floats) -> float:
    r"""Bhattacharyya overlap :math:`E[\sqrt w]/\sqrt{E[w]}`: 1 for equal policies, towards 0 as they part.

    Divided by the root of the mean weight, it does not move when all log ratios shift by a constant.

    Examples
    --------
    >>> sqrt_overlap(np.array([5.0, 5.0]))
    1.0
    """
    relative = relative_weights(log_ratios)
    return float(np.sqrt(relative).mean() / np.sqrt(relative.mean()))


def top_share(log_ratios: Floats, rows: int) -> float:
    """Return the share of all weight that the `rows` heaviest rows carry.

    Examples
    --------
    >>> top_share(np.zeros(10), 5)
    0.5
    """
    relative = relative_weights(log_ratios)
    k = min(rows, len(relative))
    heaviest = np.partition(relative, len(relative) - k)[len(relative) - k :]
    return float(np.sort(heaviest)[::-1].sum() / relative.sum())


def near_zero_share(log_ratios: Floats) -> float:
    """Return the share of rows whose raw weight is below 1e-6.

    Examples
    --------
    >>> near_zero_share(np.array([0.0, -20.0]))
    0.5
    """
    return float(np.mean(log_ratios < NEAR_ZERO_LOG))


def half_weight_rows(log_ratios: Floats) -> int:
    """Return how many of the heaviest rows together carry half of all weight.

    Examples
    --------
    >>> half_weight_rows(np.zeros(10)), half_weight_rows(np.array([9.0, 0.0, 0.0]))
    (5, 1)
    """
    falling = np.sort(relative_weights(log_ratios))[::-1]
    return int(np.searchsorted(np.cumsum(falling), 0.5 * float(falling.sum())) + 1)


def describe_log_ratios(log_ratios: Floats) -> LogRatios:
    """Summarise the log ratios (nats)."""
    low, p05, p50, p95, high = (float(q) for q in np.quantile(log_ratios, (0.0, 0.05, 0.5, 0.95, 1.0)))
    sd = float(log_ratios.std(ddof=1)) if len(log_ratios) > 1 else None
    return LogRatios(low, p05, p50, p95, high, float(log_ratios.mean()), sd)


def histogram(log_ratios: Floats, bins: int = HISTOGRAM_BINS) -> Histogram:
    """Count the log ratios (nats) in equal bins from the smallest to the largest; one bin if all are equal.

    Examples
    --------
    >>> histogram(np.zeros(3)).counts
    (3,)
    """
    low, high = float(log_ratios.min()), float(log_ratios.max())
    if not high - low > 1e-9 * max(abs(low), abs(high), 1.0):
        return Histogram((low - 0.5, high + 0.5), (len(log_ratios),))
    counts, edges = np.histogram(log_ratios, bins=bins, range=(low, high))
    return Histogram(tuple(map(float, edges)), tuple(map(int, counts)))


def summarise(log_ratios: Floats, cluster: Ints) -> WeightSummary:
    """Describe raw weights. `log_ratios` in nats and `cluster`, shape (n,), n ≥ 1, no missing values."""
    return WeightSummary(
        n=len(log_ratios),
        mean=mean_weight(log_ratios, cluster),
        ess=effective_sample_size(log_ratios),
        max_share=top_share(log_ratios, 1),
        top5_share=top_share(log_ratios, 5),
        near_zero_share=near_zero_share(log_ratios),
        n_exact_one=int(np.count_nonzero(log_ratios == 0)),
        sqrt_overlap=sqrt_overlap(log_ratios),
        tail=upper_tail(log_ratios),
        log_ratio=describe_log_ratios(log_ratios),
        histogram=histogram(log_ratios),
    )
