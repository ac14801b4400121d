"""A weighted quantile in linear time: no row is sorted that cannot be it."""

import numpy as np

from cje_audit.numerics.arrays import Floats, Ints

BINS = 4096
FEW = 4096
ROUNDING = 1 - 1e-12


def weighted_quantile(values: Floats, weight: Floats, mass: float) -> float:
    """Return the least value at or below which `mass` (0 to 1) of all weight lies.

    `values` and `weight` (≥ 0, some > 0) have shape (n,), n ≥ 1, no missing values. Each round counts the weight in
    equal bins and goes on in the one bin that holds the quantile; a bin that a round does not shrink is sorted.

    Examples
    --------
    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 8.0, 1.0]), 0.9)
    2.0
    """
    wanted = mass * float(weight.sum()) * ROUNDING
    below = 0.0
    while len(values) > FEW:
        low, high = float(values.min()), float(values.max())
        place = _bins(values, low, high)
        reached = below + np.cumsum(np.bincount(place, weights=weight, minlength=BINS))
        at = min(int(np.searchsorted(reached, wanted)), int(place.max()))
        inside = place == at
        if inside.all():
            break
        below = float(reached[at - 1]) if at else below
        values, weight = values[inside], weight[inside]
    order = np.argsort(values)
    reached = below + np.cumsum(weight[order])
    return float(values[order[min(int(np.searchsorted(reached, wanted)), len(order) - 1)]])


def _bins(values: Floats, low: float, high: float) -> Ints:
    """Return the bin of each value; all in one where they do not differ measurably."""
    width = high - low
    if not width > 0 or not np.isfinite(width):
        return np.zeros(len(values), dtype=np.int64)
    scaled = values - low
    scaled *= (BINS - 1) / width
    return scaled.astype(np.int64)
