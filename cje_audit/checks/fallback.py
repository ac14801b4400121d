"""Find fallback constants among log-probs: numbers someone's code wrote where a measurement failed."""

from dataclasses import dataclass, replace

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.carried_over import carried_over
from cje_audit.checks.frame import Bools, Floats, Ints
from cje_audit.checks.resolution import DECIMALS, SAMPLE, Crowd, crowding, grid_of, n_cells

KNOWN = np.sort(np.array(
    [-10, -20, -50, -100, -200, -500, -999, -1000, -9999, -10_000, -99_999, -1e5, -1e6, -1e9, -1e10]
    + [np.log(10.0**-k) for k in (6, 7, 8, 9, 10, 12, 15, 16, 20, 30)]
    + [-np.log(np.finfo(np.float32).max), np.log(np.finfo(np.float64).tiny), np.finfo(np.float32).min]
))  # fmt: skip


@dataclass(frozen=True, eq=False)
class Measured:
    """The cells to look at, shape (n,): log-probs (nats, below 0), the text's key, its length, whether it is long."""

    values: Floats
    text_key: Ints
    chars: Ints
    long: Bools


@dataclass(frozen=True, eq=False)
class Ties:
    """The distinct values, ascending, with the number of rows, of texts and of text lengths that share each.

    `unlike` says that those texts are not one response to two spellings of a prompt: they differ in length, or are
    many, or have a length that is common in the column.
    """

    distinct: Floats
    place: Ints
    rows: Ints
    texts: Ints
    lengths: Ints
    unlike: Bools


def fallback_constants(cells: Measured) -> Bools:
    """Mark the cells that hold a fallback constant, bool (n,).

    Four ways to be one: a value that different texts share more often than the column's resolution and local density
    explain (a negative-binomial tail, corrected for the number of values); a known constant where the column is too
    fine to hit it by chance, or that cannot be this text's log-prob; the value of the row before, on several rows; and
    a sum that holds a clamped minus infinity.
    """
    if not len(cells.values):
        return np.zeros(0, dtype=bool)
    ties = count_ties(cells)
    crowd = crowding(ties.distinct, ties.rows)
    grid, off = resolution(ties, crowd)
    ties = replace(ties, unlike=ties.unlike | off)  # one response to two spellings would be on the grid
    found = known_beyond_chance(ties, crowd, np.maximum(grid, thresholds.EXACT_FLOOR)) | commonest(ties, grid)
    if n_cells(cells.values, grid) >= thresholds.MIN_CELLS:
        found |= shared_beyond_chance(ties, crowd, np.maximum(grid, thresholds.RESOLUTION_FLOOR))
    short = (cells.values > -thresholds.NEAR_ZERO) & ~cells.long
    odd = is_known(ties.distinct) & (expected_hits(crowd, grid) < thresholds.MISFIT_HITS)
    flagged: Bools = (found[ties.place] & ~short) | (odd[ties.place] & misfit(cells))
    before = carried_over(cells.values, cells.text_key, cells.chars) & ~short
    return flagged | before | (clamped(cells) & misfit(cells))


def count_ties(cells: Measured) -> Ties:
    """Count rows and different texts per value; near 0 only long texts count."""
    distinct, place, rows = np.unique(cells.values, return_inverse=True, return_counts=True)
    tied = rows[place] > 1
    counted = tied & ((cells.values <= -thresholds.NEAR_ZERO) | cells.long)
    texts = _distinct_pairs(place, cells.text_key, tied, counted, len(distinct))
    lengths = _distinct_pairs(place, cells.chars, tied, counted, len(distinct))
    unlike = (lengths >= 2) | (texts > thresholds.FEW_SHARERS) | _of_common_length(cells, place, rows)
    return Ties(distinct, place, rows, texts, lengths, unlike)


def _distinct_pairs(place: Ints, what: Ints, tied: Bools, counted: Bools, n_values: int) -> Ints:
    """Count for each value how many different things share it; 1 where it is not tied."""
    counts = np.ones(n_values, dtype=np.int64)
    counts[np.unique(place[tied])] = 0
    pairs = np.unique(np.stack([place[counted], what[counted]]), axis=1)
    np.add.at(counts, pairs[0], 1)
    return counts


def _of_common_length(cells: Measured, place: Ints, rows: Ints) -> Bools:
    """Say for each value whether a hundredth of the other cells have the length of its first cell."""
    _, of_length, n_of_length = np.unique(cells.chars, return_inverse=True, return_counts=True)
    first = np.zeros(len(rows), dtype=np.int64)
    first[place[::-1]] = np.arange(len(place))[::-1]
    others = n_of_length[of_length[first]] - rows
    common: Bools = others >= thresholds.COMMON_LENGTH * len(place)
    return common


def resolution(ties: Ties, crowd: Crowd) -> tuple[Floats, Bools]:
    """Return the resolution (nats) of each distinct value, 0 where it lies off the column's grid, and where it does."""
    spacing, off = grid_of(ties.distinct)
    return np.where(off, 0.0, np.maximum(spacing, measured_resolution(ties, crowd))), off


def measured_resolution(ties: Ties, crowd: Crowd) -> float:
    """Return the resolution (nats) at which as many values would tie as do; the first three ties are not counted."""
    away = ties.distinct <= -thresholds.NEAR_ZERO
    n_tied = int(np.count_nonzero((ties.texts > 1) & away))
    density = float(np.sum(crowd.mass[away] / np.maximum(crowd.width[away], thresholds.EXACT_FLOOR)))
    if n_tied <= 3 or density <= 0:
        return 0.0
    return 2 * (n_tied - 3) / density


def shared_beyond_chance(ties: Ties, crowd: Crowd, grid: Floats) -> Bools:
    """Mark the distinct values that more texts share than their neighbourhood explains."""
    found = np.zeros(len(ties.distinct), dtype=bool)
    chosen = np.flatnonzero((ties.texts >= 2) & (ties.texts > thresholds.TIE_LIFT * crowd.typical))
    if not len(chosen):
        return found
    local = tail_probability(ties.texts[chosen], crowd.mass[chosen], grid[chosen], crowd.width[chosen])
    chance = np.minimum(local * len(ties.distinct), _anywhere(ties.texts[chosen], crowd, grid))
    odd = np.minimum(roundness(ties.distinct[chosen], grid[chosen]), renown(ties.distinct, chosen, grid[chosen]))
    unlike = ties.unlike[chosen] | (odd < thresholds.ODD_ROUND)
    suspects = chosen[unlike & (chance * odd < thresholds.TIE_P)]
    found[suspects[rounded_chance(ties, suspects, grid) < thresholds.TIE_P]] = True
    return found


def _anywhere(k: Ints, crowd: Crowd, grid: Floats) -> Floats:
    """Return how many values of a clean column one expects to be shared by at least k texts, for each k."""
    step = max(1, len(grid) // SAMPLE)
    mass, spacing, width = crowd.mass[::step], grid[::step], crowd.width[::step]
    counts, which = np.unique(k, return_inverse=True)
    expected = [step * tail_probability(np.full(len(mass), c), mass, spacing, width).sum() for c in counts]
    return np.asarray(expected)[which]


def rounded_chance(ties: Ties, suspects: Ints, grid: Floats) -> Floats:
    """Return how likely suspects are shared because a part of the column is rounded to few decimals; else 0."""
    chance = np.zeros(len(suspects))
    for unit in [10.0**-d for d in DECIMALS] if len(suspects) else ():
        part = _rounded_part(ties, unit, grid)
        inside = np.flatnonzero(part[suspects])
        if len(inside):
            crowd = crowding(ties.distinct[part], ties.rows[part])
            own = suspects[inside]
            place = np.searchsorted(ties.distinct[part], ties.distinct[own])
            spacing = np.full(len(inside), unit)
            explained = tail_probability(ties.texts[own], crowd.mass[place], spacing, crowd.width[place])
            chance[inside] = np.maximum(chance[inside], explained * part.sum())
    return chance


def _rounded_part(ties: Ties, unit: float, grid: Floats) -> Bools:
    """Mark the multiples of a unit where they are many more than the grid holds; nothing otherwise."""
    part = is_multiple(ties.distinct, unit)
    held = float(np.sum(ties.rows * np.minimum(grid / unit, 1.0)))
    expected = max(thresholds.ROUNDED_LIFT * held, thresholds.ROUNDED_PART * float(ties.rows.sum()))
    many = part.sum() >= thresholds.ROUNDED_VALUES and ties.rows[part].sum() >= expected
    marked: Bools = part & many
    return marked


def renown(distinct: Floats, chosen: Ints, grid: Floats) -> Floats:
    """Return the chance that a value of the column is, but for rounding, a known fallback constant, as these are.

    1 for those that are none; `grid` is the spacing at the chosen ones.
    """
    values = distinct[chosen]
    away = np.min(np.abs(KNOWN[:, None] - values[None, :]), axis=0)
    spread = max(float(np.subtract(*np.quantile(distinct, (0.9, 0.1)))), 1.0)
    known = away <= np.maximum(0.5 * grid, 1e-12 * np.abs(values))
    return np.where(known, np.minimum(len(KNOWN) * grid / spread, 1.0), 1.0)


def roundness(values: Floats, grid: Floats) -> Floats:
    """Return the chance that a value of this grid is written with as few digits as it is.

    Examples
    --------
    >>> roundness(np.array([-37.5, -37.512]), np.array([0.001, 0.001])).round(9).tolist()
    [0.01, 1.0]
    """
    chance = np.ones(len(values))
    for unit in 10.0 ** np.arange(-7, 4):
        chance = np.where(is_multiple(values, unit), np.minimum(chance, grid / unit), chance)
    return np.minimum(chance, 1.0)


def is_multiple(values: Floats, unit: float) -> Bools:
    """Mark the multiples of a power of ten; 0 is one of each."""
    steps = values / unit
    near = np.abs(steps - np.round(steps)) <= 1e-12 * np.maximum(np.abs(steps), 1e-3)
    found: Bools = near & ((np.round(steps) != 0) | (values == 0))
    return found


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
    place = np.searchsorted(KNOWN, values)
    above, below = KNOWN[np.minimum(place, len(KNOWN) - 1)], KNOWN[np.maximum(place - 1, 0)]
    known: Bools = np.minimum(np.abs(values - above), np.abs(values - below)) <= 1e-12 * np.abs(values)
    return known


def expected_hits(crowd: Crowd, grid: Floats) -> Floats:
    """Return how many values the neighbourhood of each value leads one to expect in its cell of the grid."""
    hits: Floats = crowd.mass * grid / np.maximum(crowd.width, np.maximum(grid, thresholds.EXACT_FLOOR))
    return hits


def known_beyond_chance(ties: Ties, crowd: Crowd, grid: Floats) -> Bools:
    """Mark known constants that a clean column of this resolution would hardly ever hit."""
    fine = expected_hits(crowd, grid) * len(KNOWN) < thresholds.KNOWN_P
    found = is_known(ties.distinct) & fine & (crowd.mass > 0)
    suspects = np.flatnonzero(found)
    found[suspects] = rounded_chance(ties, suspects, grid) < thresholds.TIE_P
    return found


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
