"""An interval for heavy-tailed weights that uses what must be true: the mean weight is 1."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import fdtri

from cje_audit.numerics.arrays import Floats, Ints, Pair, finite_pair
from cje_audit.numerics.inference import LEVEL, cluster_sums, n_clusters

LARGEST = 150.0


@dataclass(frozen=True)
class _Moments:
    """Sums over n prompts of a = Σw and b = Σwr per prompt, scaled so that a must average 1."""

    n: int
    a: float
    aa: float
    b: float
    ab: float
    bb: float

    def mirrored(self) -> "_Moments":
        """Return the moments of −r in place of r."""
        return _Moments(self.n, self.a, self.aa, -self.b, -self.ab, self.bb)


def _moments(log_ratio: Floats, reward: Floats, cluster: Ints) -> _Moments:
    groups = n_clusters(cluster)
    weight = np.exp(log_ratio) * (groups / len(reward))
    a, b = cluster_sums(weight, cluster), cluster_sums(weight * reward, cluster)
    return _Moments(groups, float(a.sum()), float(a @ a), float(b.sum()), float(a @ b), float(b @ b))


def _slack(m: _Moments) -> float:
    """Return how far the most likely distribution with mean weight 1 is from equal probabilities, times 1 + n.

    One unseen row may be added: of endless weight where the seen ones average below 1, of weight 0 otherwise.
    """
    if m.a < m.n:
        return 1 + 1 / m.n
    mean = m.a / (1 + m.n)
    variance = m.aa / (1 + m.n) - mean**2
    return (1 + m.n) * (mean - 1) ** 2 / variance if variance > 0 else math.inf


def _end(m: _Moments, lowest: float, budget: float) -> float:
    """Return the least mean of wr over distributions within `budget` whose mean weight is 1.

    A linear goal under one quadratic bound: the regression of wr on w, read at w = 1, less the residual spread times
    the root of what the constraint leaves of the budget; for an unseen row of weight 0, and of endless weight.
    """
    ends = []
    mean, level = m.a / (1 + m.n), m.b / (1 + m.n)
    variance, together = m.aa / (1 + m.n) - mean**2, m.ab / (1 + m.n) - mean * level
    if variance > 0:
        spread = m.bb / (1 + m.n) - level**2 - together**2 / variance
        left = budget - (1 - mean) ** 2 / variance
        if left >= 0:
            ends.append(level + (1 - mean) * together / variance - math.sqrt(max(spread, 0.0) * left))
    residual = m.b - lowest * m.a
    squares = m.bb - 2 * lowest * m.ab + lowest**2 * m.aa
    spread = squares / (1 + m.n) - residual**2 / (m.n * (1 + m.n))
    left = budget - 1 / m.n
    if left >= 0:
        ends.append(lowest + residual / m.n - math.sqrt(max(spread, 0.0) * left))
    return min(ends, default=-math.inf)


def cressie_read_interval(
    log_ratio: Floats, reward: Floats, cluster: Ints, scale: Pair, *, level: float = LEVEL
) -> Pair | None:
    r"""Interval of :math:`E[wr]` over all distributions near the data in which :math:`E[w]=1`, inside `scale`.

    Empirical likelihood with the Cressie–Read divergence of power −2 (the Euclidean one, which has a closed form), on
    the data and one unseen row with any weight and any reward of the scale; the budget is the F(1, n) quantile.
    Karampatziakis, Langford & Mineiro 2020 (arXiv 1906.03323), appendix on confidence intervals. Several rows of a
    prompt count as one draw of their sum. None with weights too large for float64.

    Examples
    --------
    >>> flat = np.zeros(4)
    >>> cressie_read_interval(np.array([400.0]), np.ones(1), np.zeros(1, dtype=int), (0.0, 1.0)) is None
    True
    >>> low, high = cressie_read_interval(flat, np.array([0.0, 1.0, 0.0, 1.0]), np.arange(4), (0.0, 1.0))
    >>> low < 0.5 < high
    True
    """
    if len(reward) == 0 or float(log_ratio.max()) > LARGEST:
        return None
    m = _moments(log_ratio, reward, cluster)
    budget = (_slack(m) + float(fdtri(1, m.n, level))) / (1 + m.n)
    low, high = _end(m, scale[0], budget), -_end(m.mirrored(), -scale[1], budget)
    return finite_pair(min(max(low, scale[0]), scale[1]), max(min(high, scale[1]), scale[0]))


def cressie_read_value(log_ratio: Floats, reward: Floats) -> float | None:
    r"""Return the most likely :math:`E[wr]` when :math:`E[w]=1`, by the same divergence.

    Where the seen weights average below 1, the unseen rest takes the plain mean reward. None with weights too large
    for float64, or with no spread of weights to reach a mean of 1.

    Examples
    --------
    >>> cressie_read_value(np.log(np.array([0.25, 0.75])), np.array([0.0, 1.0]))
    0.625
    """
    if float(log_ratio.max()) > LARGEST:
        return None
    m = _moments(log_ratio, reward, np.arange(len(reward)))
    if m.a < m.n:
        return m.b / m.n + (1 - m.a / m.n) * float(reward.mean())
    mean, level = m.a / (1 + m.n), m.b / (1 + m.n)
    variance = m.aa / (1 + m.n) - mean**2
    return level + (1 - mean) * (m.ab / (1 + m.n) - mean * level) / variance if variance > 0 else None
