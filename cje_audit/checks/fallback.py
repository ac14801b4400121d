"""Find fallback constants among log-probs: numbers someone's code wrote where a measurement failed."""

from dataclasses import dataclass

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.frame import Bools, Floats, Ints
from cje_audit.checks.resolution import Crowd, crowding, grid_size, n_cells

KNOWN = np.array(
    [-10, -20, -50, -100, -200, -500, -999, -1000, -9999, -10_000, -99_999, -1e5, -1e6, -1e9, -1e10]
    + [np.log(10.0**-k) for k in (6, 7, 8, 9, 10, 12, 15, 16, 20, 30)]
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Measured:
    """The cells to look at: log-probs (nats, below 0), the text's key and its length in characters, shape (n,)."""

    values: Floats
    text_key: Ints
    chars: Ints


@dataclass(frozen=True, eq=False)
class Ties:
    """The distinct values, ascending, with the number of rows, of texts and of text lengths that share each."""

    distinct: Floats
    place: Ints
    rows: Ints
    texts: Ints
    lengths: Ints


def fallback_constants(cells: Measured) -> Bools:
    """Mark the cells that hold a fallback constant, bool (n,).

    Three ways to be one: a value that different texts share more often than the column's resolution and local density
    explain (a negative-binomial tail, corrected for the number of values); a known constant where the column is too
    fine to hit it by chance, or that cannot be this text's log-prob; and a sum that holds a clamped minus infinity.
    """
    if not len(cells.values):
        return np.zeros(0, dtype=bool)
    ties = count_ties(cells)
    crowd = crowding(ties.distinct, ties.rows)
    grid = np.maximum(grid_size(ties.distinct), measured_resolution(ties, crowd))
    found = known_beyond_chance(ties, crowd, np.maximum(grid, thresholds.EXACT_FLOOR)) | commonest(ties, grid)
    if n_cells(cells.values, grid) >= thresholds.MIN_CELLS:
        found |= shared_beyond_chance(ties, crowd, np.maximum(grid, thresholds.RESOLUTION_FLOOR))
    short = (cells.values > -thresholds.NEAR_ZERO) & (cells.chars < thresholds.LONG_TEXT)
    odd = is_known(ties.distinct) & (expected_hits(crowd, grid) < thresholds.MISFIT_HITS)
    flagged: Bools = (found[ties.place] & ~short) | (odd[ties.place] & misfit(cells))
    return flagged | (clamped(cells) & misfit(cells))


def count_ties(cells: Measured) -> Ties:
    """Count rows, different texts and different lengths per value; near 0 only long texts count."""
    distinct, place, rows = np.unique(cells.values, return_inverse=True, return_counts=True)
    texts, lengths = np.ones(len(distinct), dtype=np.int64), np.ones(len(distinct), dtype=np.int64)
    tied = rows[place] > 1
    counted = tied & ((cells.values <= -thresholds.NEAR_ZERO) | (cells.chars >= thresholds.LONG_TEXT))
    texts[np.unique(place[tied])] = 0
    lengths[np.unique(place[tied])] = 0
    for counts, what in ((texts, cells.text_key), (lengths, cells.chars)):
        pairs = np.unique(np.stack([place[counted], what[counted]]), axis=1)
        np.add.at(counts, pairs[0], 1)
    return Ties(distinct, place, rows, texts, lengths)


def measured_resolution(ties: Ties, crowd: Crowd) -> float:
    """Return the resolution (nats) at which as many values would tie as do; the first three ties are not counted."""
    away = ties.distinct <= -thresholds.NEAR_ZERO
    n_tied = int(np.count_nonzero((ties.texts > 1) & away))
    density = float(np.sum(crowd.mass[away] / np.maximum(crowd.width[away], thresholds.EXACT_FLOOR)))
    if n_tied <= 3 or density <= 0:
        return thresholds.EXACT_FLOOR
    return 2 * (n_tied - 3) / density


def shared_beyond_chance(ties: Ties, crowd: Crowd, grid: Floats) -> Bools:
    """Mark the distinct values that more texts share than their neighbourhood explains."""
    enough = (ties.texts >= 2) & ((ties.lengths >= 2) | (ties.texts > thresholds.FEW_SHARERS))
    enough &= ties.texts > thresholds.TIE_LIFT * crowd.typical
    chosen = np.flatnonzero(enough)
    chance = tail_probability(ties.texts[chosen], crowd.mass[chosen], grid[chosen], crowd.width[chosen])
    chance *= roundness(ties.distinct[chosen], grid[chosen]) * len(ties.distinct)
    found = np.zeros(len(ties.distinct), dtype=bool)
    found[chosen[chance < thresholds.TIE_P]] = True
    return found


def roundness(values: Floats, grid: Floats) -> Floats:
    """Chance that a value of this grid has at most three significant digits, where it has; 1 elsewhere.

    Examples
    --------
    >>> roundness(np.array([-37.5, -37.512]), np.array([0.001, 0.001])).tolist()
    [0.01, 1.0]
    """
    unit = 10.0 ** (np.floor(np.log10(-values)) - 2)
    steps = values / unit
    is_round = np.abs(steps - np.round(steps)) <= 1e-12 * np.abs(steps)
    return np.where(is_round, np.minimum(grid / unit, 1.0), 1.0)


def commonest(ties: Ties, grid: Floats) -> Bools:
    """Mark a value that more than half of all texts share, of five lengths or more, in a column that is not coarse."""
    top = int(np.argmax(ties.texts))
    found = np.zeros(len(ties.distinct), dtype=bool)
    others = np.delete(ties.distinct, top)
    fine = not len(others) or n_cells(others, np.delete(grid, top)) >= thresholds.MIN_CELLS
    most = ties.texts[top] > 0.5 * np.sum(ties.texts) and ties.lengths[top] > thresholds.FEW_SHARERS
    found[top] = bool(most and fine and ties.distinct[top] <= -thresholds.NEAR_ZERO)
    return found


def tail_probability(k: Ints, mass: Floats, grid: Floats, width: Floats) -> Floats:
    """Chance that an occupied cell of the grid holds at least k values, when `mass` lie in `width` nats around it.

    Predictive (negative-binomial) tail P(X ≥ k) / P(X ≥ 1) with P(X ≥ k) = I_p(k, mass), p = grid/(grid + width);
    0 for k ≥ 2 where no value is near.

    Examples
    --------
    >>> tail_probability(np.array([2]), np.array([1.0]), np.array([1.0]), np.array([1.0])).tolist()
    [0.5]
    """
    from scipy.special import betainc  # a third of a second that few columns need

    near = mass > 0
    p = (grid / (grid + width))[near]
    chance = np.zeros(len(k))
    chance[near] = betainc(k[near].astype(np.float64), mass[near], p) / betainc(1.0, mass[near], p)
    return chance


def is_known(values: Floats) -> Bools:
    """Mark values that equal a known fallback constant."""
    known: Bools = (np.abs(values[:, None] - KNOWN) <= 1e-12 * np.abs(KNOWN)).any(axis=1)
    return known


def expected_hits(crowd: Crowd, grid: Floats) -> Floats:
    """Return how many values the neighbourhood of each value leads one to expect in its cell of the grid."""
    hits: Floats = crowd.mass * grid / np.maximum(crowd.width, np.maximum(grid, thresholds.EXACT_FLOOR))
    return hits


def known_beyond_chance(ties: Ties, crowd: Crowd, grid: Floats) -> Bools:
    """Mark known constants that a clean column of this resolution would hardly ever hit."""
    fine = expected_hits(crowd, grid) * len(KNOWN) < thresholds.KNOWN_P
    return is_known(ties.distinct) & fine & (crowd.mass > 0)


def misfit(cells: Measured) -> Bools:
    """Mark cells that are far too unlikely for their length, by the robust spread of log(nats per character)."""
    log_density = np.log(-cells.values / np.maximum(cells.chars, 1))
    centre = float(np.median(log_density))
    spread = max(1.4826 * float(np.median(np.abs(log_density - centre))), 0.2)
    far: Bools = log_density - centre > thresholds.MISFIT_Z * spread
    return far


def clamped(cells: Measured) -> Bools:
    """Mark sums that hold a clamped minus infinity."""
    found: Bools = (cells.values <= -thresholds.CLAMP) & (
        -cells.values / np.maximum(cells.chars, 1) > thresholds.CLAMP_DENSITY
    )
    return found
