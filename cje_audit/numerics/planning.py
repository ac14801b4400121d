"""How much more data a wanted half-width needs: fresh draws, logged rows, or labels."""

import math

from cje_audit.numerics.inference import LEVEL, t_quantile

MOST = 10**9


def draws_for(spread: float, half_width: float, *, level: float = LEVEL) -> int:
    r"""Return the least n whose mean of independent draws is known to ± `half_width`.

    The least n with :math:`t_{n-1}\,s/\sqrt n\le h` (Student t at `level`); `spread` is the standard deviation s of a
    draw, in the reward's unit. It plans for the expected interval: half of all samples come out a little wider.

    Examples
    --------
    >>> draws_for(0.5, 0.1), draws_for(0.0, 0.1)
    (99, 2)
    """
    low, high = 2, 2
    while high < MOST and _half_width(spread, high, level) > half_width:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _half_width(spread, middle, level) <= half_width else (middle + 1, high)
    return high


def _half_width(spread: float, n: int, level: float) -> float:
    return t_quantile(n, level) * spread / math.sqrt(n)


def rows_for(
    n: int, standard_error: float, half_width: float, *, label_share: float | None = None, level: float = LEVEL
) -> int | None:
    r"""Return how many rows like these n give ± `half_width`, from the error that the n rows give.

    An error that falls like :math:`1/\sqrt n` makes :math:`\mathrm{SE}\sqrt n` the spread of one row. It holds where
    the weights have a finite variance; where the tail is heavy it promises too much. The part `label_share` (0 to 1)
    of the variance is the labels' own and stays, so :math:`n' = n\,V_R/(h^2/z^2-V_L)`; None where it alone is too much.

    Examples
    --------
    >>> rows_for(100, 0.05, 0.05) == draws_for(0.5, 0.05)
    True
    """
    if not label_share:
        return draws_for(standard_error * math.sqrt(n), half_width, level=level)
    labels, rows = standard_error**2 * label_share, standard_error**2 * (1 - label_share)
    left = (half_width / t_quantile(math.inf, level)) ** 2 - labels
    return math.ceil(n * rows / left) if left > 0 else None


def labels_for(n_labels: int, standard_error: float, label_share: float, half_width: float) -> int | None:
    r"""Return how many labels in all give ± `half_width` on the rows there are, or None where no number can.

    The labels' part of the variance, `label_share` (0 to 1), falls like 1 / labels; the rows' part stays:
    :math:`m' = m\,V_L/(h^2/z^2-V_R)`.

    Examples
    --------
    >>> labels_for(100, 0.02, 0.5, 1.96 * 3e-4**0.5), labels_for(100, 0.02, 0.0, 0.01) is None
    (200, True)
    """
    z = t_quantile(math.inf, LEVEL)
    labels, rows = standard_error**2 * label_share, standard_error**2 * (1 - label_share)
    left = (half_width / z) ** 2 - rows
    return math.ceil(n_labels * labels / left) if left > 0 else None
