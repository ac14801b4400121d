"""Self-normalised inverse propensity scoring."""

from cje_audit.numerics.arrays import Floats
from cje_audit.numerics.point import Point
from cje_audit.numerics.weights import relative_weights


def snips(log_ratio: Floats, reward: Floats, *, relative: Floats | None = None) -> Point:
    r"""Weighted mean :math:`\hat\psi=\sum w_i r_i/\sum w_i`, influence :math:`w_i(r_i-\hat\psi)/\bar w`.

    `log_ratio` (nats, target − logging) and `reward`, shape (n,), n ≥ 1, no missing values; `relative` are the
    `relative_weights`, where they are known already. Biased of order 1/n, never outside the range of the rewards, and
    blind to what the logging policy never wrote: with few effective rows it answers confidently and wrongly.
    Hájek 1971; Swaminathan & Joachims 2015.

    Examples
    --------
    >>> import numpy as np
    >>> snips(np.log(np.array([3.0, 1.0])), np.array([1.0, 0.0])).value
    0.75
    >>> snips(np.array([900.0, 900.0]), np.array([1.0, 0.0])).value
    0.5
    """
    weight = relative_weights(log_ratio) if relative is None else relative
    total = float(weight.sum())
    value = float(weight @ reward) / total
    influence = reward - value
    influence *= weight
    influence *= len(weight) / total
    return Point(value, influence)
