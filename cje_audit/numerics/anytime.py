"""Intervals that may be looked at before all rows are in: how much stricter each look must be."""

import math

from scipy.special import ndtr

from cje_audit.numerics.inference import LEVEL

TIGHTEST = 0.1
"""Part of the planned rows at which the looks are tightest; fixed beforehand, whatever the size of a pilot."""


def anytime_level(fraction: float, level: float = LEVEL) -> float:
    r"""Return the level at which one look's interval must be made, so that all looks together keep `level`.

    `fraction` (0 to 1] of the planned rows is in. The asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha,
    Kennedy & Ramdas 2024 (Annals of Statistics 52:2613, a normal mixture) is :math:`\pm\,\mathrm{SE}\cdot
    \sqrt{2\frac{n\rho^2+1}{n\rho^2}\log\frac{\sqrt{n\rho^2+1}}{\alpha}}`, tightest at :math:`n_0` rows with
    :math:`n_0\rho^2=-2\log\alpha+\log(1-2\log\alpha)`. Its factor is a normal quantile, whose level is returned: a t or
    a Cressie–Read interval at that level then holds at every look.

    Examples
    --------
    >>> round(anytime_level(0.1), 4), round(anytime_level(1.0), 4), round(anytime_level(0.01), 5)
    (0.9976, 0.9988, 0.99988)
    """
    alpha = 1 - level
    spent = fraction / TIGHTEST * (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha)))
    factor = math.sqrt(2 * (spent + 1) / spent * math.log(math.sqrt(spent + 1) / alpha))
    return 1 - 2 * float(ndtr(-factor))


def look_level(fraction: float, level: float = LEVEL) -> float:
    """Return the level of one look's interval: the level itself where no row is to come, a stricter one otherwise.

    Examples
    --------
    >>> look_level(1.0), look_level(0.5) > 0.99
    (0.95, True)
    """
    return level if fraction >= 1 else anytime_level(fraction, level)
