"""Worst and best case over rows that could not be used."""

from dataclasses import dataclass

import numpy as np

from cje_audit.numerics.arrays import Floats, Pair, finite_pair


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


def _masses(log_ratio: Floats, reward: Floats, missing: Missing) -> tuple[float, float, float, float]:
    """Return Σ w r and Σ w of the kept rows, the lost mass, and the shift (nats) all three are scaled by."""
    lost = missing.log_ratio_of_lost_scores
    shift = float(max(log_ratio.max(), lost.max())) if len(lost) else float(log_ratio.max())
    weight = np.exp(log_ratio - shift)
    lost_mass = float(np.exp(lost - shift).sum()) + missing.n_without_logprob * float(weight.mean())
    return float(np.dot(weight, reward)), float(weight.sum()), lost_mass, shift


def snips_bounds(log_ratio: Floats, reward: Floats, missing: Missing, scale: Pair) -> Pair | None:
    """Bounds of the self-normalised estimate if every lost row had the lowest, or the highest, reward of the scale.

    A lost score keeps its known weight; a row without a log-prob gets the kept mean weight ("if failed rows weigh like
    the others"). With nothing missing both ends equal the estimate. Manski 1989 bounds, on the weighted rows.

    Examples
    --------
    >>> snips_bounds(np.zeros(3), np.array([1.0, 1.0, 0.0]), Missing(np.zeros(1), 0), (0.0, 1.0))
    (0.5, 0.75)
    """
    kept, mass, lost, _ = _masses(log_ratio, reward, missing)
    return finite_pair((kept + lost * scale[0]) / (mass + lost), (kept + lost * scale[1]) / (mass + lost))


def ips_bounds(log_ratio: Floats, reward: Floats, missing: Missing, scale: Pair) -> Pair | None:
    """Bounds of the importance-weighted mean over all rows, kept and lost, as in `snips_bounds`.

    The mean over all rows need not surround the mean over the kept ones (lost rows may be light); the bounds are
    widened to hold the kept estimate too. None where float64 cannot hold them.

    Examples
    --------
    >>> ips_bounds(np.zeros(3), np.array([1.0, 1.0, 0.0]), Missing(np.zeros(1), 0), (0.0, 1.0))
    (0.5, 0.75)
    """
    kept, _, lost, shift = _masses(log_ratio, reward, missing)
    n = len(reward) + missing.n
    ends = ((kept + lost * scale[0]) / n, (kept + lost * scale[1]) / n, kept / len(reward))
    with np.errstate(over="ignore", invalid="ignore"):
        factor = float(np.exp(shift))
    return finite_pair(min(ends) * factor, max(ends) * factor)
