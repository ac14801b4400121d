"""What the jackknife counts twice of a curve's uncertainty: the part in which two folds of labels act together."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.optimize import isotonic_regression

from cje_audit.numerics.arrays import Bools, Floats, Ints

MOST_LABELS = 1000
"""With more labels the part is too small a share of the variance to be worth 190 more fits."""

LEAST_LEFT = 0.5


@dataclass(frozen=True, eq=False)
class PairCurves:
    """Curves at the nodes, fitted without two folds each, float64 (pairs, u).

    `first` and `second`, int64 (pairs,), are the folds' places among the labelled ones.
    """

    curves: Floats
    first: Ints
    second: Ints


def pair_curves(score: Floats, label: Floats, fold: Ints, nodes: Floats, labelled: Bools) -> PairCurves | None:
    """Fit the monotone curve without each pair of labelled folds; None with too few folds, or too many labels.

    `nodes`, shape (u,), are the distinct scores, rising; `labelled`, bool (folds,), marks the folds that hold a label.
    """
    folds = np.flatnonzero(labelled)
    if len(folds) < 3 or len(label) > MOST_LABELS:
        return None
    u, n_folds = len(nodes), len(labelled)
    cell = fold * u + np.searchsorted(nodes, score)
    sums = np.bincount(cell, weights=label, minlength=n_folds * u).reshape(n_folds, u)[folds]
    counts = np.bincount(cell, minlength=n_folds * u).reshape(n_folds, u)[folds]
    pairs = np.array(list(combinations(range(len(folds)), 2)), dtype=np.int64)
    total, number = sums.sum(axis=0), counts.sum(axis=0)
    curves = [_curve(total - sums[a] - sums[b], number - counts[a] - counts[b], nodes) for a, b in pairs.tolist()]
    return PairCurves(np.stack(curves), pairs[:, 0], pairs[:, 1])


def _curve(total: Floats, count: Ints, nodes: Floats) -> Floats:
    seen = count > 0
    fitted = isotonic_regression(total[seen] / count[seen], weights=count[seen].astype(np.float64)).x
    curve: Floats = np.interp(nodes, nodes[seen], fitted)
    return curve


def without_interaction(replicates: Floats, whole: float, pairs: Floats, first: Ints, second: Ints) -> Floats:
    r"""Draw replicates towards their mean, so that their jackknife variance leaves out the interaction of folds.

    `replicates`, shape (J,), are an estimate without each fold, `whole` is it with all, `pairs` without two each. The
    jackknife counts the part of the variance that two folds share twice (Efron & Stein 1981, Annals of Statistics
    9:586); it is estimated by :math:`\sum (Q_{kl}-\bar Q)^2 (J-2)^2/J^4` with
    :math:`Q_{kl}=J\psi-(J-1)(\psi_{-k}+\psi_{-l})+(J-2)\psi_{-kl}`, and taken off once. At least half of the variance
    is left: an interaction beyond that is noise.

    Examples
    --------
    >>> r = np.array([1.0, 2.0, 3.0])  # a sum: no fold acts through another
    >>> without_interaction(r, 2.0, np.array([0.0, 2.0, 4.0]), np.array([0, 0, 1]), np.array([1, 2, 2])).tolist()
    [1.0, 2.0, 3.0]
    """
    j, mean = len(replicates), replicates.mean()
    variance = (j - 1) / j * float(np.square(replicates - mean).sum())
    if not variance:
        return replicates
    together = j * whole - (j - 1) * (replicates[first] + replicates[second]) + (j - 2) * pairs
    shared = float(np.square(together - together.mean()).sum()) * (j - 2) ** 2 / j**4
    drawn: Floats = mean + (replicates - mean) * max(1 - shared / variance, LEAST_LEFT) ** 0.5
    return drawn
