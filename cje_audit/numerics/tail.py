"""The upper tail of the weights: Pareto k̂ and the Hill index."""

import math
from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Floats

MIN_TAIL = 30
MIN_DISTINCT_SHARE = 0.9


@dataclass(frozen=True)
class Tail:
    """The shape of the upper tail, or the reason why none is given.

    `pareto_khat` is large for heavy tails, `hill_alpha` (its inverse in spirit) is small for them.
    """

    pareto_khat: float | None
    hill_alpha: float | None
    n_tail: int
    reason: str | None = None


def khat_threshold(n: int) -> float:
    """Return the largest k̂ at which n rows still suffice, `min(1 − 1/log10 n, 0.7)` (Vehtari et al. 2024, eq. 13).

    Examples
    --------
    >>> khat_threshold(100), khat_threshold(100_000)
    (0.5, 0.7)
    """
    return min(1 - 1 / math.log10(max(n, 2)), 0.7)


def tail_size(n: int) -> int:
    """Return how many of n weights make the tail: `⌈min(n/5, 3√n)⌉` (Vehtari et al. 2024)."""
    return math.ceil(min(0.2 * n, 3 * math.sqrt(n)))


def generalised_pareto_shape(excess: Floats) -> float:
    """Return the shape k alone; see `fit_generalised_pareto`.

    Examples
    --------
    >>> p = (np.arange(1, 2001) - 0.5) / 2000
    >>> round(generalised_pareto_shape(((1 - p) ** -0.5 - 1) / 0.5), 2)
    0.5
    """
    return fit_generalised_pareto(excess)[0]


def fit_generalised_pareto(excess: Floats) -> tuple[float, float]:
    r"""Fit shape k and scale σ of a generalised Pareto distribution to sorted positive excesses, shape (m,).

    Zhang & Stephens 2009 (Technometrics 51:316): the posterior mean of :math:`\theta=-k/\sigma` over a fixed grid,
    with their data-based prior. The grid has :math:`30+\lfloor\sqrt m\rfloor` points; k is then drawn towards ½ with
    the weight of ten observations (Vehtari et al., arXiv 1507.02646, appendix C); σ goes with the undrawn k.

    Examples
    --------
    >>> p = (np.arange(1, 2001) - 0.5) / 2000
    >>> [round(x, 1) for x in fit_generalised_pareto(((1 - p) ** -0.5 - 1) / 0.5)]
    [0.5, 1.0]
    """
    m = len(excess)
    points = 30 + int(math.sqrt(m))
    quartile = excess[int(m / 4 + 0.5) - 1]
    grid = 1 / excess[-1] + (1 - np.sqrt(points / (np.arange(1, points + 1) - 0.5))) / (3 * quartile)
    shape = np.log1p(-grid[:, None] * excess).mean(axis=1)
    likelihood = m * (np.log(-grid / shape) - shape - 1)
    weight = np.exp(likelihood - likelihood.max())
    theta = float(np.dot(grid, weight) / weight.sum())
    k = float(np.log1p(-theta * excess).mean())
    return (k * m + 0.5 * 10) / (m + 10), -k / theta


def upper_tail(log_ratio: Floats) -> Tail:
    """Describe the tail of the weights `exp(log_ratio)`; `log_ratio` in nats, shape (n,), no missing values.

    Both numbers are None, with a reason, when fewer than 30 weights make the tail or when tail weights are tied:
    a tail of equal weights has no shape.

    Examples
    --------
    >>> upper_tail(np.zeros(10)).reason
    'only 2 of 10 weights make the tail, 30 are needed'
    >>> upper_tail(np.zeros(1000)).reason
    'only 1 of the 95 largest weights are distinct'
    """
    n, m = len(log_ratio), tail_size(len(log_ratio))
    return tail_of_sorted(log_ratio if m < MIN_TAIL else np.sort(np.partition(log_ratio, n - m - 1)[n - m - 1 :]), n)


def tail_of_sorted(ordered: Floats, n: int | None = None) -> Tail:
    """Describe the tail as `upper_tail` does, from rising log ratios: all n of them, or the largest ones alone."""
    n = len(ordered) if n is None else n
    m = tail_size(n)
    if m < MIN_TAIL:
        return Tail(None, None, m, f"only {m} of {n} weights make the tail, {MIN_TAIL} are needed")
    top = ordered[-m - 1 :]
    distinct = len(np.unique(top[1:]))
    if distinct < MIN_DISTINCT_SHARE * m or top[1] == top[0]:
        return Tail(None, None, m, f"only {distinct} of the {m} largest weights are distinct")
    return _fit(top[1:], float(top[0]), m)


def _fit(top: Floats, cut: float, m: int) -> Tail:
    """Fit both indices to the sorted log weights above the cut-off."""
    hill = 1 / float(np.mean(top - cut))
    excess = np.exp(top - top[-1]) - math.exp(cut - top[-1])
    if not excess[0] > 0 or excess[int(m / 4 + 0.5) - 1] < 1e-290:
        return Tail(None, hill, m, "the tail spans more than float64 can hold")
    return Tail(generalised_pareto_shape(excess), hill, m)
