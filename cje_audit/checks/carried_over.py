"""Values carried over from the row before: what a cache that is read too early writes."""

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.frame import Bools, Floats, Ints
from cje_audit.checks.resolution import grid_of, n_cells


def carried_over(values: Floats, text_key: Ints, chars: Ints) -> Bools:
    """Mark the values that are those of the row before, bool (n,); nothing where neighbours tie by chance.

    `values` are log-probs (nats) in file order. Neighbours of different texts and lengths may tie as often as they miss
    each other by any of the smallest steps. Of a column that is sorted, or of fewer than fifty steps, nothing is said.
    """
    found = np.zeros(len(values), dtype=bool)
    apart = np.abs(np.diff(values))
    other = (np.diff(text_key) != 0) & (np.diff(chars) != 0)
    same = other & (apart == 0)
    k = int(np.count_nonzero(same))
    if k >= thresholds.CARRIED_ROWS and _tail(k, expected_ties(values, apart)) < thresholds.CARRIED_P:
        found[1:] = same
    return found


def expected_ties(values: Floats, apart: Floats) -> float:
    """Return how many neighbours one expects to tie, from how many miss each other by little; `apart` is (n − 1,)."""
    spacing, _ = grid_of(np.unique(values))
    step = max(float(np.median(spacing)), thresholds.EXACT_FLOOR)
    missed = apart[apart > 0]
    usual = float(np.subtract(*np.quantile(values, (0.75, 0.25))))
    coarse = n_cells(values, np.full(1, step)) < thresholds.MIN_CELLS
    if coarse or not len(missed) or np.median(missed) < thresholds.CARRIED_ALIKE * usual:
        return float(len(apart))
    beside = np.count_nonzero(missed <= thresholds.CARRIED_STEPS * step * 1.05) / thresholds.CARRIED_STEPS
    reach = max(float(np.quantile(missed, 0.05)), step)
    return float(max(beside, np.mean(missed <= reach) * len(missed) * step / reach))


def _tail(k: int, mean: float) -> float:
    from scipy.special import gammainc  # a third of a second that few columns need

    return float(gammainc(k, mean))
