"""Opt-in transforms of the log ratio. They never touch the health checks, and what they change is counted."""

from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Floats

SHIFT_QUANTILE = 0.75


@dataclass(frozen=True, eq=False)
class Clipped:
    """Log ratios (nats) after clipping, how many changed, and the shift they were clipped around."""

    log_ratio: Floats
    n_clipped: int
    shift: float


def clip(log_ratio: Floats, limit: float) -> Clipped:
    """Clip log ratios to ± `limit` nats.

    Examples
    --------
    >>> got = clip(np.array([-30.0, 1.0, 25.0]), 20.0)
    >>> got.log_ratio.tolist(), got.n_clipped
    ([-20.0, 1.0, 20.0], 2)
    """
    return clip_around(log_ratio, limit, 0.0)


def clip_around_quantile(log_ratio: Floats, limit: float) -> Clipped:
    """Clip to ± `limit` nats around the 75th percentile, and move back: what is not clipped keeps its exact weight.

    Examples
    --------
    >>> got = clip_around_quantile(np.array([900.0, 901.0, 902.0, 950.0]), 20.0)
    >>> got.log_ratio.tolist(), got.n_clipped
    ([900.0, 901.0, 902.0, 934.0], 1)
    """
    return clip_around(log_ratio, limit, float(np.quantile(log_ratio, SHIFT_QUANTILE)))


def clip_around(log_ratio: Floats, limit: float, shift: float) -> Clipped:
    """Clip to ± `limit` nats around `shift` nats.

    Examples
    --------
    >>> clip_around(np.array([0.0, 9.0]), 2.0, 5.0).log_ratio.tolist()
    [3.0, 7.0]
    """
    kept = np.clip(log_ratio, shift - limit, shift + limit)
    return Clipped(kept, int(np.count_nonzero(kept != log_ratio)), shift)
