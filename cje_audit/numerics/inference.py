"""From influence values to an error: clustered standard errors and t intervals."""

import math

import numpy as np
from scipy.special import stdtrit

from cje_audit.numerics.arrays import Floats, Ints, Pair, finite, finite_pair

LEVEL = 0.95


def cluster_sums(values: Floats, cluster: Ints) -> Floats:
    """Return the sum of `values` in each cluster, shape (G,), in the order of the cluster numbers.

    Examples
    --------
    >>> cluster_sums(np.array([1.0, 2.0, 4.0]), np.array([7, 9, 7])).tolist()
    [5.0, 2.0]
    """
    dense = _dense(cluster)
    size = np.bincount(dense)
    sums: Floats = np.bincount(dense, weights=values).astype(np.float64)
    return sums[size > 0]


def _dense(cluster: Ints) -> Ints:
    """Return cluster numbers that are small enough to count by; the order stays."""
    if len(cluster) and cluster.min() >= 0 and cluster.max() <= 4 * len(cluster):
        return cluster
    return np.unique(cluster, return_inverse=True)[1]


def n_clusters(cluster: Ints) -> int:
    """Return how many different prompts there are."""
    return int(np.count_nonzero(np.bincount(_dense(cluster))))


def clustered_standard_error(influence: Floats, cluster: Ints) -> float | None:
    r"""Return the standard error of a mean of influence values that are dependent within a prompt.

    :math:`\sqrt{G/(G-1) \cdot \sum_g (\varphi_g - \bar\varphi)^2} / n`, where :math:`\varphi_g` sums the influence
    values of prompt g (Liang & Zeger 1986, the one-way cluster sandwich). With one row per prompt it is
    :math:`s/\sqrt n` with the n − 1 standard deviation. None with fewer than two prompts.

    Examples
    --------
    >>> clustered_standard_error(np.array([1.0, -1.0]), np.array([0, 1]))
    1.0
    >>> clustered_standard_error(np.array([1.0, -1.0]), np.array([0, 0])) is None
    True
    """
    sums = cluster_sums(influence, cluster)
    groups = len(sums)
    if groups < 2:
        return None
    spread = math.sqrt(groups / (groups - 1) * float(np.sum(np.square(sums - sums.mean()))))
    return finite(spread / len(influence))


def t_quantile(groups: float, level: float = LEVEL) -> float:
    """Two-sided Student t quantile with G − 1 degrees of freedom.

    Examples
    --------
    >>> round(t_quantile(11), 3)
    2.228
    """
    return float(stdtrit(groups - 1, 0.5 + level / 2))


def t_interval(
    value: float | None, standard_error: float | None, groups: float, *, level: float = LEVEL, scale: Pair | None = None
) -> Pair | None:
    """Return `value ± t · standard_error` with G − 1 degrees of freedom; clipped to `scale` where one is given.

    None where value or error is missing.

    Examples
    --------
    >>> t_interval(0.9, 0.1, 11, scale=(0.0, 1.0))[1]
    1.0
    """
    if value is None or standard_error is None or groups < 2:
        return None
    half = t_quantile(groups, level) * standard_error
    low, high = value - half, value + half
    if scale is not None:
        low, high = min(max(low, scale[0]), scale[1]), max(min(high, scale[1]), scale[0])
    return finite_pair(low, high)
