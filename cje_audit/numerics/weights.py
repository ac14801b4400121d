"""Raw importance weights and what they say about overlap. Log scale throughout; nothing is ever clipped here."""

import math
from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Floats, Ints, Pair, finite_pair, scaled
from cje_audit.numerics.inference import LEVEL, clustered_standard_error, squares_about_mean, t_quantile
from cje_audit.numerics.prompts import Prompts, by_prompt
from cje_audit.numerics.tail import Tail, tail_of_sorted

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
    """Everything the health checks look at, for one policy's raw weights.

    `half_rows` is how many of the heaviest rows together carry half of all weight; `upper_spread` see there.
    """

    n: int
    mean: MeanWeight
    ess: float
    max_share: float
    top5_share: float
    half_rows: int
    near_zero_share: float
    n_exact_one: int
    sqrt_overlap: float
    tail: Tail
    log_ratio: LogRatios
    histogram: Histogram
    upper_spread: float

    @property
    def log_normal_rows(self) -> float:
        r"""What the sample is worth if the weights are log-normal: :math:`n e^{-s^2}` equally weighted rows.

        `s` is the spread of the upper half of the log ratios. Unlike the sample's own effective size it does not grow
        when the heaviest rows happen not to be drawn (for log-normal weights :math:`E[w^2]/E[w]^2 = e^{s^2}`).
        """
        return self.n * math.exp(-(self.upper_spread**2))

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
    relative: Floats = log_ratios - log_ratios.max()
    return np.exp(relative, out=relative)


def mean_weight(log_ratios: Floats, cluster: Ints | Prompts, *, relative: Floats | None = None) -> MeanWeight:
    r"""Mean of :math:`w=\exp(\text{log ratio})` by log-sum-exp, with its clustered standard error.

    Under the logging policy :math:`E[w]=1` exactly, so the mean weight tests the log-probs themselves. `relative` are
    the `relative_weights`, where they are known already.

    Examples
    --------
    >>> got = mean_weight(np.log(np.array([0.5, 1.5])), np.array([0, 1]))
    >>> round(got.value, 12), round(got.standard_error, 12)
    (1.0, 0.5)
    """
    relative = relative_weights(log_ratios) if relative is None else relative
    mean, prompts = float(relative.mean()), by_prompt(cluster)
    error = clustered_standard_error(relative if prompts.place is None else relative - mean, prompts)
    level = float(log_ratios.max()) + math.log(mean)
    return MeanWeight(level, None if error is None else error / mean, prompts.groups)


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
    rising = np.sort(relative_weights(log_ratios))
    return _half_rows(rising, float(rising.sum()))


def upper_spread(ordered: Floats) -> float:
    """Return the root mean square distance of the upper half of rising log ratios from their median (nats).

    Of normal log ratios it is their standard deviation, whatever happens to the weights near zero.

    Examples
    --------
    >>> upper_spread(np.array([-900.0, 0.0, 3.0]))
    3.0
    """
    middle = len(ordered) // 2
    above = ordered[len(ordered) - max(middle, 1) :] - quantile_of_sorted(ordered, 0.5)
    return math.sqrt(float(above @ above) / len(above))


def _half_rows(rising: Floats, total: float) -> int:
    """Return how many of the rising weights, the largest first, make half of `total`; sums whole blocks first."""
    n = len(rising)
    block = max(1, math.isqrt(n))
    begins = np.arange(0, n, block)
    held = np.cumsum(np.add.reduceat(rising[::-1], begins))
    last = min(int(np.searchsorted(held, 0.5 * total)), len(begins) - 1)
    before = float(held[last - 1]) if last else 0.0
    inside = np.cumsum(rising[::-1][begins[last] : begins[last] + block])
    return int(begins[last]) + min(int(np.searchsorted(inside, 0.5 * total - before)), len(inside) - 1) + 1


def describe_log_ratios(log_ratios: Floats) -> LogRatios:
    """Summarise the log ratios (nats)."""
    return _described(np.sort(log_ratios))


def _described(ordered: Floats) -> LogRatios:
    low, p05, p50, p95, high = (quantile_of_sorted(ordered, q) for q in (0.0, 0.05, 0.5, 0.95, 1.0))
    n = len(ordered)
    sd = math.sqrt(squares_about_mean(ordered) / (n - 1)) if n > 1 else None
    return LogRatios(low, p05, p50, p95, high, float(ordered.mean()), sd)


def quantile_of_sorted(ordered: Floats, level: float) -> float:
    """Return a quantile of rising values, linear between the two nearest (NumPy's default).

    Examples
    --------
    >>> quantile_of_sorted(np.array([0.0, 1.0, 3.0]), 0.75)
    2.0
    """
    place = level * (len(ordered) - 1)
    left = int(place)
    low, high = float(ordered[left]), float(ordered[min(left + 1, len(ordered) - 1)])
    return low + (high - low) * (place - left)


def histogram(log_ratios: Floats, bins: int = HISTOGRAM_BINS) -> Histogram:
    """Count the log ratios (nats) in equal bins from the smallest to the largest; one bin if all are equal.

    Examples
    --------
    >>> histogram(np.zeros(3)).counts
    (3,)
    """
    return _counted(np.sort(log_ratios), bins)


def _counted(ordered: Floats, bins: int) -> Histogram:
    low, high = float(ordered[0]), float(ordered[-1])
    if not high - low > 1e-9 * max(abs(low), abs(high), 1.0):
        return Histogram((low - 0.5, high + 0.5), (len(ordered),))
    edges = np.linspace(low, high, bins + 1)
    begins = np.concatenate([[0], np.searchsorted(ordered, edges[1:-1]), [len(ordered)]])
    return Histogram(tuple(map(float, edges)), tuple(map(int, np.diff(begins))))


def summarise(log_ratios: Floats, cluster: Ints | Prompts, *, relative: Floats | None = None) -> WeightSummary:
    """Describe raw weights. `log_ratios` in nats and `cluster`, shape (n,), n ≥ 1, no missing values.

    The log ratios are sorted once, and everything but the clustered error is read off them in that order. `relative`
    are the `relative_weights`, where they are known already.
    """
    ordered, prompts = np.sort(log_ratios), by_prompt(cluster)
    rising = relative_weights(ordered)
    mean = mean_weight(log_ratios, prompts, relative=rising if prompts.place is None else relative)
    n, total = len(ordered), float(rising.sum())
    ones = np.searchsorted(ordered, 0.0, side="right") - np.searchsorted(ordered, 0.0)
    return WeightSummary(
        n=n,
        mean=mean,
        ess=total**2 / float(rising @ rising),
        max_share=1 / total,
        top5_share=float(rising[-5:].sum()) / total,
        half_rows=_half_rows(rising, total),
        near_zero_share=float(np.searchsorted(ordered, NEAR_ZERO_LOG)) / n,
        n_exact_one=int(ones),
        sqrt_overlap=float(np.sqrt(rising, out=rising).sum()) / math.sqrt(n * total),
        tail=tail_of_sorted(ordered),
        log_ratio=_described(ordered),
        histogram=_counted(ordered, HISTOGRAM_BINS),
        upper_spread=upper_spread(ordered),
    )
