"""How much a judge's repeated draws differ, and how much of what tells rows apart that is."""

from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class DrawNoise:
    """Noise of repeated draws, over rows with at least two scores.

    `sd` is that of one draw about its row's mean, in the score's unit. `share` is the part of the variance of the rows'
    mean scores that this noise makes up; None where the means do not vary.
    """

    n_rows: int
    n_scores: int
    sd: float
    share: float | None


def draw_noise(scores: Floats, row: Ints) -> DrawNoise | None:
    r"""Return the noise between draws; `scores` and `row`, both of shape (m,), have one entry per score.

    One-way analysis of variance with random rows: :math:`s^2 = \sum_{ij}(x_{ij}-\bar x_i)^2 / \sum_i (k_i-1)`, and the
    noise of a row's mean is :math:`s^2/k_i`. Rows with a single score say nothing and are left out.

    Examples
    --------
    >>> noise = draw_noise(np.array([1.0, 3.0, 5.0, 7.0, 4.0]), np.array([0, 0, 1, 1, 2]))
    >>> noise.n_rows, noise.n_scores, round(noise.sd**2, 9), round(noise.share, 9)
    (2, 4, 2.0, 0.125)
    """
    _, place, count = np.unique(row, return_inverse=True, return_counts=True)
    several = count[place] >= 2
    if not several.any():
        return None
    _, place, count = np.unique(row[several], return_inverse=True, return_counts=True)
    kept = scores[several]
    means = np.bincount(place, kept) / count
    variance = float(np.sum((kept - means[place]) ** 2)) / float(np.sum(count - 1))
    spread = float(np.var(means, ddof=1)) if len(means) > 1 else 0.0
    share = float(np.mean(variance / count)) / spread if spread > 0 else None
    return DrawNoise(len(count), len(kept), variance**0.5, share)
