"""From influence values to an error: clustered standard errors and t intervals."""

import math

from scipy.special import stdtrit

from cje_audit.numerics.arrays import Floats, Ints, Pair, finite, finite_pair
from cje_audit.numerics.prompts import Prompts, by_prompt

LEVEL = 0.95


def cluster_sums(values: Floats, cluster: Ints | Prompts) -> Floats:
    """Return the sum of `values` in each cluster, shape (G,); the order is the same for all values of the same rows.

    Examples
    --------
    >>> import numpy as np
    >>> cluster_sums(np.array([1.0, 2.0, 4.0]), np.array([7, 9, 7])).tolist()
    [5.0, 2.0]
    """
    return by_prompt(cluster).sums(values)


def n_clusters(cluster: Ints | Prompts) -> int:
    """Return how many different prompts there are."""
    return by_prompt(cluster).groups


def clustered_standard_error(influence: Floats, cluster: Ints | Prompts) -> float | None:
    r"""Return the standard error of a mean of influence values that are dependent within a prompt.

    :math:`\sqrt{G/(G-1) \cdot \sum_g (\varphi_g - \bar\varphi)^2} / n`, where :math:`\varphi_g` sums the influence
    values of prompt g (Liang & Zeger 1986, the one-way cluster sandwich). With one row per prompt it is
    :math:`s/\sqrt n` with the n − 1 standard deviation. None with fewer than two prompts.

    Examples
    --------
    >>> import numpy as np
    >>> clustered_standard_error(np.array([1.0, -1.0]), np.array([0, 1]))
    1.0
    >>> clustered_standard_error(np.array([1.0, -1.0]), np.array([0, 0])) is None
    True
    """
    sums = cluster_sums(influence, cluster)
    groups = len(sums)
    if groups < 2:
        return None
    return finite(math.sqrt(groups / (groups - 1) * squares_about_mean(sums)) / len(influence))


def squares_about_mean(values: Floats) -> float:
    """Return the sum of squared deviations from the mean.

    By moments, without a copy, where at most 999 parts in 1,000 of the squares cancel: then 13 digits are left.

    Examples
    --------
    >>> import numpy as np
    >>> squares_about_mean(np.array([1.0, -1.0])), squares_about_mean(np.array([101.0, 99.0]))
    (2.0, 2.0)
    """
    squares, level = float(values @ values), float(values.mean())
    common = level * level * len(values)
    if common <= 0.999 * squares:
        return squares - common
    centred = values - level
    return float(centred @ centred)


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
