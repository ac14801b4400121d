"""Means of one value in bins of another: what a curve between the two is held against."""

from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Floats, Ints, Pair
from cje_audit.numerics.mean import plain_mean


@dataclass(frozen=True)
class Bin:
    """The `n` rows of one bin: mean of x, mean of y, and the 95 % t interval of the latter (None for one prompt)."""

    x: float
    y: float
    interval: Pair | None
    n: int


def binned_means(x: Floats, y: Floats, cluster: Ints, bins: int) -> tuple[Bin, ...]:
    """Return the mean of y in up to `bins` bins of about equally many rows, rising in x; equal x share a bin.

    All have shape (n,), n ≥ 1, without missing values; the interval is clustered by prompt.

    Examples
    --------
    >>> [(b.x, b.y, b.n) for b in binned_means(np.array([0., 0., 1.]), np.array([1., 3., 5.]), np.arange(3), 2)]
    [(0.0, 2.0, 2), (1.0, 5.0, 1)]
    """
    inner = np.unique(np.quantile(x, np.linspace(0, 1, bins + 1)[1:-1], method="inverted_cdf"))
    place = np.searchsorted(inner, x, side="left")
    return tuple(_bin(x[place == k], y[place == k], cluster[place == k]) for k in np.unique(place).tolist())


def _bin(x: Floats, y: Floats, cluster: Ints) -> Bin:
    return Bin(float(x.mean()), float(y.mean()), plain_mean(y, cluster).interval, len(x))
