"""Calibrated weights: the raw ones projected on the judge score, so that only what the score explains is left."""

import numpy as np
from scipy.optimize import isotonic_regression

from cje_audit.numerics.arrays import Floats, Ints


def projected_weights(log_ratio: Floats, score: Floats, fold: Ints) -> Floats:
    """Project weights on monotone functions of the score, cross-fitted over two halves of the prompts; mean 1.

    Rising and falling functions are both fitted, and the direction that predicts the other half's weights better is
    taken. `log_ratio` (nats), `score` and `fold` have shape (n,); even and odd folds are the halves. After the
    projection of van der Laan et al. 2024 and the SIMCal weights of the CJE project, without their variance cap.

    Known failure: weights that do not depend on the score become equal, and the estimate is then the logging policy's
    own value at a handsome effective sample size, whatever the target does.

    Examples
    --------
    >>> projected_weights(np.zeros(4), np.array([0.1, 0.2, 0.3, 0.4]), np.array([0, 1, 0, 1])).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    weight = np.exp(log_ratio - log_ratio.max())
    at, place = np.unique(score, return_inverse=True)
    half = fold % 2
    rising, falling = (_cross_fitted(weight, place, half, len(at), sign) for sign in (True, False))
    errors = [float(np.square(weight - fitted).sum()) for fitted in (rising, falling)]
    best = rising if errors[0] <= errors[1] else falling
    mean = float(best.mean())
    projected: Floats = best / mean if mean > 0 else np.ones(len(best))
    return projected


def _cross_fitted(weight: Floats, place: Ints, half: Ints, n_levels: int, rising: bool) -> Floats:
    """Return each row's projected weight by the function fitted on the other half; all rows where one half is empty."""
    fitted = np.empty(len(weight))
    for side in (0, 1):
        mine, others = half == side, half != side
        source = others if others.any() else mine
        fitted[mine] = _levels(weight[source], place[source], n_levels, rising)[place[mine]]
    return fitted


def _levels(weight: Floats, place: Ints, n_levels: int, rising: bool) -> Floats:
    count = np.bincount(place, minlength=n_levels)
    seen = np.flatnonzero(count)
    mean = np.bincount(place, weights=weight, minlength=n_levels)[seen] / count[seen]
    found = isotonic_regression(mean, weights=count[seen].astype(np.float64), increasing=rising).x
    levels: Floats = np.interp(np.arange(n_levels), seen, found)
    return levels
