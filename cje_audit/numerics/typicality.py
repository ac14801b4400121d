"""Whether the logged responses are what the target policy would typically write, by its surprisal per token."""

import numpy as np

from cje_audit.numerics.arrays import Bools, Floats
from cje_audit.numerics.quantile import weighted_quantile
from cje_audit.numerics.weights import relative_weights

MASS = 0.9


def typical_rows(weight: Floats, surprisal: Floats, *, mass: float = MASS) -> Bools:
    r"""Mark the logged responses that the target policy finds no more surprising than `mass` of its own, bool (n,).

    `surprisal` is :math:`-\log\pi(a\mid x)/|a|` under the target (nats per token), `weight` on any scale, shape (n,)
    each. Its own responses are not there, so their quantile is the weighted one of the logged rows: the target-typical
    region of Landesberg & Narayan 2025 (arXiv 2512.11150, target-typicality coverage), on the scale of surprisal.

    Examples
    --------
    >>> typical_rows(np.array([8.0, 1.0, 1.0]), np.array([1.0, 2.0, 3.0]), mass=0.9).tolist()
    [True, True, False]
    """
    typical: Bools = surprisal <= weighted_quantile(surprisal, weight, mass)
    return typical


def typicality(log_ratio: Floats, surprisal: Floats, *, mass: float = MASS) -> float:
    """Return the share of logged responses that are typical of the target policy; `mass` for equal policies.

    It falls towards 0 as the target concentrates on text the logs hardly contain. It says nothing where the target
    spreads wider than the logs: then all of them are typical of it (read the overlap checks as well).

    Examples
    --------
    >>> typicality(np.zeros(10), np.arange(10.0))
    0.9
    """
    return float(np.mean(typical_rows(relative_weights(log_ratio), surprisal, mass=mass)))
