"""A rank test with ties: whether two groups of rows differ, and by how much."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr
from scipy.stats import rankdata

from cje_audit.numerics.arrays import Floats


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
    ranks = rankdata(np.concatenate([first, second]))
    superiority = float((ranks[:m].sum() - m * (m + 1) / 2) / (m * n))
    variance = float(np.var(ranks)) * m * n / (m + n - 1)
    if variance == 0:
        return RankTest(superiority, 1.0)
    z = (superiority - 0.5) * m * n / math.sqrt(variance)
    return RankTest(superiority, float(2 * ndtr(-abs(z))))
