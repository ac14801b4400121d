"""Calibrated weights: the raw ones projected on the judge score, so that only what the score explains is left."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from cje_audit.numerics.arrays import Bools, Floats, Ints
from cje_audit.numerics.weights import relative_weights


@dataclass(frozen=True, eq=False)
class Levels:
    """The rank of each row's score among the `n` distinct ones, int64 (n_rows,)."""

    place: Ints
    n: int

    def of(self, rows: Bools) -> "Levels":
        """Return the ranks of some rows among themselves: the scores of other rows leave no gap.

        Examples
        --------
        >>> levels_of(np.array([0.1, 0.2, 0.3])).of(np.array([True, False, True])).place.tolist()
        [0, 1]
        """
        if rows.all():
            return self
        place = self.place[rows]
        present = np.bincount(place, minlength=self.n) > 0
        return Levels((np.cumsum(present) - 1)[place], int(np.count_nonzero(present)))


def levels_of(score: Floats) -> Levels:
    """Rank scores without missing values; equal scores share a rank.

    Examples
    --------
    >>> levels_of(np.array([0.5, 0.1, 0.5])).place.tolist()
    [1, 0, 1]
    """
    at, place = np.unique(score, return_inverse=True)
    return Levels(place, len(at))


def projected_weights(log_ratio: Floats, score: Floats | Levels, fold: Ints) -> Floats:
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
    levels = score if isinstance(score, Levels) else levels_of(score)
    weight = relative_weights(log_ratio)
    cell = levels.place + (fold % 2) * levels.n
    count = np.bincount(cell, minlength=2 * levels.n).reshape(2, levels.n)
    total: Floats = np.bincount(cell, weights=weight, minlength=2 * levels.n).astype(np.float64, copy=False)
    total = total.reshape(2, levels.n)
    curves = [_cross_fitted(total, count, rising) for rising in (True, False)]
    errors = [float((curve * (curve * count - 2 * total)).sum()) for curve in curves]
    best = curves[0 if errors[0] <= errors[1] else 1].ravel()[cell]
    mean = float(best.mean())
    projected: Floats = best / mean if mean > 0 else np.ones(len(best))
    return projected


def _cross_fitted(total: Floats, count: Ints, rising: bool) -> Floats:
    """Return the curve for each half, float64 (2, levels), fitted on the other half; on its own where that is empty."""
    fitted = [_curve(total[side], count[side], rising) if count[side].any() else None for side in (0, 1)]
    own = [fitted[other] if fitted[other] is not None else fitted[1 - other] for other in (1, 0)]
    return np.stack([curve for curve in own if curve is not None])


def _curve(total: Floats, count: Ints, rising: bool) -> Floats:
    """Fit one monotone curve of mean weight on score level; linear between the levels that have rows."""
    seen = np.flatnonzero(count)
    mean, rows = total[seen] / count[seen], count[seen].astype(np.float64)
    found = isotonic_regression(mean, weights=rows, increasing=rising).x
    levels: Floats = found if len(seen) == len(count) else np.interp(np.arange(len(count)), seen, found)
    return levels
