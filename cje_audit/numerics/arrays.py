"""Array types, and the one door by which a computed number may leave: finite, or None."""

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Pair = tuple[float, float]


def finite(value: float) -> float | None:
    """Return the value as a float, or None where it is infinite or NaN.

    Examples
    --------
    >>> finite(2.5), finite(float("inf"))
    (2.5, None)
    """
    return float(value) if math.isfinite(value) else None


def finite_pair(low: float, high: float) -> Pair | None:
    """Return (low, high), or None where either end is infinite or NaN."""
    return (float(low), float(high)) if math.isfinite(low) and math.isfinite(high) else None


def scaled(shift: float, value: float) -> float | None:
    """Return `exp(shift) · value`, or None where float64 cannot hold it (too large, or non-zero and too small).

    Examples
    --------
    >>> scaled(0.0, 2.0)
    2.0
    >>> scaled(900.0, 1.0) is None, scaled(-900.0, 1.0) is None, scaled(-900.0, 0.0)
    (True, True, 0.0)
    """
    if value == 0:
        return 0.0
    size = shift + math.log(abs(value))
    if not math.isfinite(size) or not -745.0 < size < 709.0:
        return None
    return math.exp(shift) * value if abs(shift) < 700 else math.copysign(math.exp(size), value)
