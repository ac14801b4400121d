"""Worst and best case over rows that could not be used."""

from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Floats, Pair, finite_pair
from cje_audit.numerics.weights import relative_weights


@dataclass(frozen=True, eq=False)
class Missing:
    """The rows an estimate had to leave out.

    `log_ratio_of_lost_scores` (nats, shape (m,)) are rows whose weight is known but whose score is lost;
    `n_without_logprob` counts rows without a weight.
    """

    log_ratio_of_lost_scores: Floats
    n_without_logprob: int

    @property
    def n(self) -> int:
        """How many rows were left out."""
        return len(self.log_ratio_of_lost_scores) + self.n_without_logprob


def _masses(
    log_ratio: Floats, reward: Floats, missing: Missing, relative: Floats | None
) -> tuple[float, float, float, float]:
    """Return Σ w r and Σ w of the kept rows, the lost mass, and the shift (nats) all three are scaled by."""
    lost, highest = missing.log_ratio_of_lost_scores, float(log_ratio.max())
    shift = max(highest, float(lost.max())) if len(lost) else highest
    weight, down = relative_weights(log_ratio) if relative is None else relative, np.exp(highest - shift)
    mass = float(weight.sum()) * float(down)
    lost_mass = float(np.exp(lost - shift).sum()) + missing.n_without_logprob * mass / len(log_ratio)
    return float(np.dot(weight, reward)) * float(down), mass, lost_mass, shift


def weighted_bounds(weight: Floats, reward: Floats, n_lost: int, scale: Pair) -> Pair | None:
    """Bounds of a weighted mean, weights ≥ 0 given as they are, if lost rows weigh like the others.

    Examples
    --------
    >>> weighted_bounds(np.array([2.0, 2.0, 2.0]), np.array([1.0, 1.0, 0.0]), 1, (0.0, 1.0))
    (0.5, 0.75)
    """
    kept, mass = float(weight @ reward), float(weight.sum())
    lost = n_lost * mass / len(weight)
    return finite_pair((kept + lost * scale[0]) / (mass + lost), (kept + lost * scale[1]) / (mass + lost))


def snips_bounds(
    log_ratio: Floats, reward: Floats, missing: Missing, scale: Pair, *, relative: Floats | None = None
) -> Pair | None:
    """Bounds of the self-normalised estimate if every lost row had the lowest, or the highest, reward of the scale.

    A lost score keeps its known weight; a row without a log-prob gets the kept mean weight ("if failed rows weigh like
    the others"). With nothing missing both ends equal the estimate. Manski 1989 bounds, on the weighted rows.
    `relative` are the `relative_weights` of the kept rows, where they are known already.

    Examples
    --------
    >>> snips_bounds(np.zeros(3), np.array([1.0, 1.0, 0.0]), Missing(np.zeros(1), 0), (0.0, 1.0))
    (0.5, 0.75)
    """
    kept, mass, lost, _ = _masses(log_ratio, reward, missing, relative)
    return finite_pair((kept + lost * scale[0]) / (mass + lost), (kept + lost * scale[1]) / (mass + lost))


def ips_bounds(
    log_ratio: Floats, reward: Floats, missing: Missing, scale: Pair, *, relative: Floats | None = None
) -> Pair | None:
    """Bounds of the importance-weighted mean over all rows, kept and lost, as in `snips_bounds`.

    The mean over all rows need not surround the mean over the kept ones (lost rows may be light); the bounds are
    widened to hold the kept estimate too. None where float64 cannot hold them.

    Examples
    --------
    >>> ips_bounds(np.zeros(3), np.array([1.0, 1.0, 0.0]), Missing(np.zeros(1), 0), (0.0, 1.0))
    (0.5, 0.75)
    """
    kept, _, lost, shift = _masses(log_ratio, reward, missing, relative)
    n = len(reward) + missing.n
    ends = ((kept + lost * scale[0]) / n, (kept + lost * scale[1]) / n, kept / len(reward))
    with np.errstate(over="ignore", invalid="ignore"):
        factor = float(np.exp(shift))
    return finite_pair(min(ends) * factor, max(ends) * factor)
