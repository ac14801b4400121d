"""Inverse propensity scoring."""

import numpy as np

from cje_audit.numerics.arrays import Floats, scaled
from cje_audit.numerics.point import Point
from cje_audit.numerics.weights import relative_weights


def ips(log_ratio: Floats, reward: Floats, *, relative: Floats | None = None) -> Point:
    r"""Importance-weighted mean :math:`\frac1n\sum w_i r_i`, influence :math:`w_i r_i - \hat\psi`.

    `log_ratio` (nats, target − logging) and `reward`, shape (n,), n ≥ 1, no missing values; `relative` are the
    `relative_weights`, where they are known already. Unbiased where the weights are right, but it leaves the reward's
    scale whenever the mean weight is not 1. Value and influence are None where float64 cannot hold them.
    Horvitz & Thompson 1952.

    Examples
    --------
    >>> ips(np.log(np.array([2.0, 1.0])), np.array([0.5, 1.0])).value
    1.0
    >>> ips(np.array([900.0, 0.0]), np.array([1.0, 1.0])).value is None
    True
    """
    shift = float(log_ratio.max())
    terms = (relative_weights(log_ratio) if relative is None else relative) * reward
    mean = float(terms.mean())
    value = scaled(shift, mean)
    if value is None or shift > 350.0:
        return Point(value, None)
    terms -= mean
    terms *= np.exp(shift)
    return Point(value, terms)
