"""Ranks with ties, and a rank test: whether two groups of rows differ, and by how much."""

import math
from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Bools, Floats


def average_ranks(values: Floats) -> Floats:
    """Return the ranks 1 … n of values without NaN; equal values share the mean of their ranks.

    The same numbers as `scipy.stats.rankdata`, without the second that importing that package takes.

    Examples
    --------
    >>> average_ranks(np.array([3.0, 1.0, 3.0])).tolist()
    [2.5, 1.0, 2.5]
    """
    order = np.argsort(values)
    ordered = values[order]
    begins: Bools = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(values)]
    edges = np.append(np.flatnonzero(begins), len(values))
    ranks = np.empty(len(values), dtype=np.float64)
    ranks[order] = ((edges[:-1] + edges[1:] + 1) / 2)[np.cumsum(begins) - 1]
    return ranks


@dataclass(frozen=True)
class RankTest:
    """`superiority`: chance that a value of the first group exceeds one of the second (½: no difference), and p."""

    superiority: float
    p_value: float


def rank_test(first: Floats, second: Floats) -> RankTest:
    """Mann–Whitney test with the tie-corrected normal approximation, two-sided.

    `first` (m,) and `second` (n,) hold no missing values, m, n ≥ 1. All values equal: ½ and p = 1.

    Examples
    --------
    >>> rank_test(np.array([1.0, 2.0]), np.array([1.0, 2.0])).superiority
    0.5
    """
    m, n = len(first), len(second)
    ranks = average_ranks(np.concatenate([first, second]))
    superiority = float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    variance = float(np.var(ranks)) * m * n / (m + n - 1)
    if variance == 0:
        return RankTest(superiority, 1.0)
    z = (superiority - 0.5) * m * n / math.sqrt(variance)
    return RankTest(superiority, math.erfc(abs(z) / math.sqrt(2)))
