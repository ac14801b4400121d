"""How probably each of several policies is the best, from the joint error of their estimates."""

from collections.abc import Sequence

import numpy as np

from cje_audit.numerics.arrays import Floats, Ints
from cje_audit.numerics.inference import cluster_sums
from cje_audit.numerics.prompts import Prompts

DRAWS = 200_000
SEED = 20_260_101
BLOCK = 20_000


def joint_covariance(
    shares: Sequence[Floats], cluster: Ints | Prompts, replicates: Sequence[Floats] | None = None
) -> Floats:
    r"""Covariance of several estimates on the same prompts, float64 (k, k).

    :math:`\frac{G}{G-1}\sum_g(s_g-\bar s)(s_g-\bar s)^\top` with :math:`s_g` the estimates' shares (influence ÷ n, see
    `spread_influence`) summed over prompt g; each `shares` has shape (n,). `replicates`, shape (J,) each, are the
    values without each fold of labels: their delete-a-group jackknife covariance is added, since a label moves all
    estimates together. The diagonal is the square of the estimates' standard errors.

    Examples
    --------
    >>> s = np.array([0.5, -0.5])
    >>> joint_covariance([s, -s], np.array([0, 1])).tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    sums = np.stack([cluster_sums(s, cluster) for s in shares])
    groups = sums.shape[1]
    centred = sums - sums.mean(axis=1, keepdims=True)
    covariance: Floats = centred @ centred.T * (groups / max(groups - 1, 1))
    if replicates is not None:
        moved = np.stack(list(replicates))
        moved = moved - moved.mean(axis=1, keepdims=True)
        covariance = covariance + moved @ moved.T * ((moved.shape[1] - 1) / moved.shape[1])
    return covariance


def probability_best(values: Floats, covariance: Floats, *, draws: int = DRAWS) -> Floats:
    """Return how often each of k estimates comes out highest, float64 (k,); sums to 1.

    Share of `draws` from the normal distribution with these values and this covariance (the flat-prior posterior) in
    which the policy is highest; ties, as of two equal policies, are split. A fixed seed and pairs of opposite draws
    make the answer a function of the numbers alone, within ± .003.

    Examples
    --------
    >>> probability_best(np.array([0.0, 9.0]), np.eye(2)).tolist()
    [0.0, 1.0]
    >>> probability_best(np.zeros(2), np.ones((2, 2))).tolist()
    [0.5, 0.5]
    """
    spectrum, axes = np.linalg.eigh(covariance)
    root = (axes * np.sqrt(np.clip(spectrum, 0.0, None))) @ axes.T
    random = np.random.default_rng(SEED)
    wins: Floats = np.zeros(len(values))
    for _ in range(max(draws // (2 * BLOCK), 1)):
        moved = random.standard_normal((BLOCK, len(values))) @ root
        wins += _highest(values + moved) + _highest(values - moved)
    chances: Floats = wins / wins.sum()
    return chances


def _highest(drawn: Floats) -> Floats:
    """Count in how many rows each column is highest; near-ties (1e-9 of the row's size) are split."""
    top = drawn.max(axis=1, keepdims=True)
    tied = drawn >= top - 1e-9 * (np.abs(top) + 1e-300)
    counted: Floats = (tied / tied.sum(axis=1, keepdims=True)).sum(axis=0)
    return counted
