"""Differences between two policies' estimates on the same prompts, and many of them at once."""

import math
from collections.abc import Sequence

import numpy as np
from scipy.special import stdtr

from cje_audit.numerics.arrays import Bools, Floats, Ints, Pair
from cje_audit.numerics.inference import LEVEL, cluster_sums, n_clusters, t_quantile
from cje_audit.numerics.point import Inferred, with_labels
from cje_audit.numerics.prompts import Prompts


def spread_influence(influence: Floats, used: Bools) -> Floats:
    """Lay influence values of the used rows over all n rows as shares of the estimate's error (0: not in the estimate).

    Examples
    --------
    >>> spread_influence(np.array([1.0, -1.0]), np.array([True, False, True])).tolist()
    [0.5, 0.0, -0.5]
    """
    shares = np.zeros(len(used))
    shares[used] = influence / len(influence)
    return shares


def difference(
    value: float, shares_a: Floats, shares_b: Floats, cluster: Ints | Prompts, *, replicates: Floats | None = None
) -> Inferred:
    r"""Give a difference a − b its error from both estimates' shares on the same rows, summed by prompt.

    :math:`\sqrt{G/(G-1)\cdot\sum_g(s_g-\bar s)^2}` with s the difference of the shares. Prompts that both estimates
    use are thereby paired; the two may rest on different rows. `replicates`, shape (J,), are the differences without
    each fold of labels: a label moves both estimates together.

    Examples
    --------
    >>> same = np.array([0.5, -0.5])
    >>> difference(0.0, same, same, np.array([0, 1])).standard_error
    0.0
    """
    sums = cluster_sums(shares_a - shares_b, cluster)
    groups = len(sums)
    error = math.sqrt(groups / (groups - 1) * float(np.square(sums - sums.mean()).sum())) if groups > 1 else None
    return with_labels(value, error, replicates, cluster)


def shared_clusters(first: Ints, second: Ints) -> int:
    """Return how many prompts occur in both.

    Examples
    --------
    >>> shared_clusters(np.array([0, 0, 1]), np.array([1, 2]))
    1
    """
    return n_clusters(first) + n_clusters(second) - n_clusters(np.concatenate([first, second]))


def two_sided_p(got: Inferred) -> float | None:
    """Two-sided p-value of "the difference is 0", Student t with its degrees of freedom; None without an error."""
    if got.value is None or not got.standard_error:
        return None
    return float(2 * stdtr(got.degrees, -abs(got.value / got.standard_error)))


def recovered_interval(values: Pair, ends: tuple[Pair, Pair], correlation: float) -> Pair:
    r"""Return an interval of a − b from the interval of a and that of b, which may be skewed.

    The distances from each value to its ends take the place of standard errors: the lower end is
    :math:`a-b-\sqrt{(a-l_a)^2+(u_b-b)^2-2\rho(a-l_a)(u_b-b)}`, the upper one likewise (the method of variance
    estimates recovery, Zou & Donner 2008, Statistics in Medicine 27:1693; Zou 2007 with correlation). Of two symmetric
    intervals it is the usual paired one.

    Examples
    --------
    >>> recovered_interval((0.5, 0.25), ((0.25, 1.0), (0.25, 0.25)), 0.0)
    (0.0, 0.75)
    """
    (a, b), ((low_a, high_a), (low_b, high_b)) = values, ends
    below, above = (a - low_a, high_b - b), (high_a - a, b - low_b)
    half = [math.sqrt(max(p * p + q * q - 2 * correlation * p * q, 0.0)) for p, q in (below, above)]
    return a - b - half[0], a - b + half[1]


def p_of_interval(value: float, interval: Pair, degrees: float, *, level: float = LEVEL) -> float | None:
    """Return the two-sided p-value of "the difference is 0" that goes with an interval, which may be skewed.

    The distance to the end on the side of 0 counts as so many errors as a t interval has at `level`; so p is below
    1 − level just where the interval leaves out 0. None where that distance is 0.

    Examples
    --------
    >>> round(p_of_interval(1.0, (0.0, 9.0), 30), 9)
    0.05
    """
    away = value - interval[0] if value >= 0 else interval[1] - value
    if away <= 0:
        return None
    return float(2 * stdtr(degrees, -abs(value) * t_quantile(degrees + 1, level) / away))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (Holm 1979): each p is adjusted for all comparisons made.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted = [1.0] * len(p_values)
    running = 0.0
    for rank, i in enumerate(order):
        running = max(running, min(1.0, (len(p_values) - rank) * p_values[i]))
        adjusted[i] = running
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Benjamini and Hochberg's step-up adjustment (1995): below q, at most the share q of the claims is false.

    Weaker than Holm, which keeps the chance of any false claim. It holds for independent and for positively dependent
    comparisons (Benjamini & Yekutieli 2001).

    Examples
    --------
    >>> [round(p, 3) for p in benjamini_hochberg([0.01, 0.04, 0.03])]
    [0.03, 0.04, 0.04]
    """
    n = len(p_values)
    adjusted = [1.0] * n
    running = 1.0
    for rank, i in zip(range(n, 0, -1), sorted(range(n), key=lambda i: -p_values[i]), strict=True):
        running = min(running, p_values[i] * (n / rank))
        adjusted[i] = running
    return adjusted
