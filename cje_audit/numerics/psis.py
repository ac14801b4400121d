"""Pareto-smoothed weights: the tail replaced by what its fitted distribution leads one to expect."""

import math

import numpy as np

from cje_audit.numerics.arrays import Floats
from cje_audit.numerics.tail import MIN_TAIL, fit_generalised_pareto, tail_size, upper_tail


def smoothed_log_ratio(log_ratio: Floats) -> Floats | None:
    r"""Replace the m largest weights by the expected order statistics of their generalised Pareto fit.

    :math:`F^{-1}((j-\tfrac12)/m)` above the cut-off, never beyond the largest raw weight (Vehtari et al. 2024,
    arXiv 1507.02646). `log_ratio` in nats, shape (n,). None where the tail has no measurable shape, as in
    `upper_tail`. Less variance, but biased towards the bulk exactly where overlap is thin.

    Examples
    --------
    >>> smoothed_log_ratio(np.zeros(1000)) is None
    True
    """
    m = tail_size(len(log_ratio))
    if m < MIN_TAIL or upper_tail(log_ratio).pareto_khat is None:
        return None
    tail = np.argpartition(log_ratio, len(log_ratio) - m - 1)[-m - 1 :]
    tail = tail[np.argsort(log_ratio[tail], kind="stable")]
    top = log_ratio[tail[1:]]
    cut, highest = float(log_ratio[tail[0]]), float(top[-1])
    low = math.exp(cut - highest)
    k, sigma = fit_generalised_pareto(np.exp(top - highest) - low)
    beyond = -np.log1p(-(np.arange(1, m + 1) - 0.5) / m)
    excess = sigma * (np.expm1(k * beyond) / k if k else beyond)
    smoothed = log_ratio.copy()
    smoothed[tail[1:]] = np.minimum(np.log(low + excess), 0.0) + highest
    return smoothed
