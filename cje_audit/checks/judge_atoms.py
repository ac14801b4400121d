"""Judge failures recorded as scores: isolated atoms that do not fit the scores around them."""

from dataclasses import dataclass

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.fallback import roundness, tail_probability
from cje_audit.checks.frame import Bools, Floats, Ints
from cje_audit.checks.resolution import crowding, grid_size, n_cells
from cje_audit.numerics.arrays import Pair
from cje_audit.numerics.association import dot, standard_ranks, upper_limit
from cje_audit.numerics.ranks import rank_test


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a score can be held against: columns of float64 (n,), NaN where unknown (labels, surprisal, length)."""

    columns: tuple[Floats, ...] = ()


def places(scale: Pair) -> tuple[float, ...]:
    """Return where failures are put by default: both ends, the middle, and 0 and −1 where they lie on the scale.

    Examples
    --------
    >>> places((0.0, 10.0))
    (0.0, 5.0, 10.0)
    """
    low, high = scale
    usual = {low, (low + high) / 2, high} | {v for v in (0.0, -1.0) if low <= v <= high}
    return tuple(sorted(usual))


def atoms(scores: Floats, evidence: Evidence, text_key: Ints, scale: Pair) -> Bools:
    """Mark scores that are failure defaults, bool (n,); `scores` is NaN where there is none.

    In a fine column a value that different texts share far beyond its neighbourhood, and that stands apart from it,
    is one. In a coarse column, where honest scores tie, an atom must also misfit: its rows' labels, surprisal or
    lengths lie on the side of the bulk, significantly so, when held against the scores next to it.
    """
    known = ~np.isnan(scores)
    found = np.zeros(len(scores), dtype=bool)
    if np.count_nonzero(known) < thresholds.ATOM_SCORES:
        return found
    values = scores[known]
    distinct, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) > thresholds.ATOM_FINE * len(values):
        found[known] = _crowded(distinct, place, text_key[known], scale)[place]
        return found
    once, usual = known & first_of_each(text_key), places(scale)
    for value in distinct[counts >= thresholds.ATOM_TEXTS]:
        at, level = scores == value, thresholds.ATOM_P if value in usual else thresholds.ATOM_P_ELSEWHERE
        if _stands_out(distinct, counts, value) and misfits(scores, at, once, evidence, level):
            found |= at
    return found


def _crowded(distinct: Floats, place: Ints, text_key: Ints, scale: Pair) -> Bools:
    """Mark the values of a fine column that too many texts share, away from saturated ends."""
    pairs = np.unique(np.stack([place, text_key]), axis=1)
    texts = np.bincount(pairs[0], minlength=len(distinct)).astype(np.int64)
    crowd = crowding(distinct, texts)
    width = scale[1] - scale[0]
    grid = np.full(len(distinct), thresholds.ATOM_GRID * width)
    grid[distinct != 0] = np.maximum(grid_size(distinct[distinct != 0]), thresholds.ATOM_GRID * width)
    if n_cells(distinct, grid) < thresholds.MIN_CELLS:
        return np.zeros(len(distinct), dtype=bool)
    chosen = np.flatnonzero((texts >= 2) & (texts > thresholds.TIE_LIFT * crowd.typical))
    chosen = chosen[~saturated(distinct, chosen, scale)]
    chance = tail_probability(texts[chosen], crowd.mass[chosen], grid[chosen], crowd.width[chosen]) * len(distinct)
    odd = roundness((distinct[chosen] - scale[0]) / width, grid[chosen] / width)
    chance *= odd
    chance[(texts[chosen] < thresholds.ATOM_TEXTS) & (odd >= thresholds.ODD_ROUND)] = 1.0
    found = np.zeros(len(distinct), dtype=bool)
    found[chosen[chance < thresholds.ATOM_TIE_P]] = True
    return found


def saturated(distinct: Floats, chosen: Ints, scale: Pair) -> Bools:
    """Mark ends of the scale that scores approach ever more closely: there they round to the end, rightly.

    Examples
    --------
    >>> near = np.array([0.0, 0.4, 0.7, 0.985, 0.99, 0.9995, 1.0])
    >>> saturated(near, np.array([0, 6]), (0.0, 1.0)).tolist()
    [False, True]
    """
    low, high = scale
    close = thresholds.ATOM_SATURATED * (high - low)
    n_low = np.count_nonzero((distinct > low) & (distinct <= low + close))
    n_high = np.count_nonzero((distinct < high) & (distinct >= high - close))
    many_low, many_high = n_low >= thresholds.ATOM_TEXTS, n_high >= thresholds.ATOM_TEXTS
    return np.asarray(((distinct[chosen] == low) & many_low) | ((distinct[chosen] == high) & many_high), dtype=np.bool_)


def lonely(scores: Floats, scale: Pair) -> Bools:
    """Mark the scores at the low end or in the middle that stand alone: four times as many as all within a tenth."""
    known = ~np.isnan(scores)
    width, n = scale[1] - scale[0], int(np.count_nonzero(known))
    found = np.zeros(len(scores), dtype=bool)
    if len(np.unique(scores[known])) < thresholds.ATOM_VALUES:
        return found
    for value in places(scale)[:-1]:
        at = scores == value
        near = known & ~at & (np.abs(scores - value) <= thresholds.ATOM_NEAR * width)
        k = int(np.count_nonzero(at))
        enough = k >= max(thresholds.TEXT_MARK_ROWS, thresholds.TEXT_MARK_SHARE * n)
        if enough and k > thresholds.ATOM_ALONE * np.count_nonzero(near):
            found |= at
    return found


def _stands_out(distinct: Floats, counts: Ints, value: float) -> bool:
    """Say whether a value of a coarse column is more frequent than the two on each side of it together suggest."""
    where = int(np.searchsorted(distinct, value))
    if where >= len(distinct) or distinct[where] != value or len(distinct) < thresholds.ATOM_VALUES:
        return False
    beside = np.concatenate([counts[max(where - 2, 0) : where], counts[where + 1 : where + 3]])
    return bool(counts[where] >= thresholds.ATOM_TEXTS and counts[where] > thresholds.TIE_LIFT * np.median(beside))


def first_of_each(text_key: Ints) -> Bools:
    """Mark the first row of every text: copies of a row are no further evidence."""
    first = np.zeros(len(text_key), dtype=bool)
    first[np.unique(text_key, return_index=True)[1]] = True
    return first


def misfits(scores: Floats, at: Bools, known: Bools, evidence: Evidence, p: float = thresholds.ATOM_P) -> bool:
    """Say whether any column of the evidence sets these rows apart from those scored next to them."""
    return any(_misfit(scores, at, known & ~np.isnan(column), column, p) for column in evidence.columns)


def _misfit(scores: Floats, at: Bools, usable: Bools, column: Floats, p: float) -> bool:
    rows, others = usable & at, usable & ~at
    n_rows = int(np.count_nonzero(rows))
    if n_rows < thresholds.ATOM_TEXTS or np.count_nonzero(others) < thresholds.ATOM_SCORES:
        return False
    n_others = int(np.count_nonzero(others))
    trend = dot(standard_ranks(scores[others]), standard_ranks(column[others]))
    if upper_limit(-abs(trend), n_others, thresholds.ATOM_LEVEL) >= 0:
        return False
    value = float(scores[rows][0])
    beside = others & (np.abs(scores - value) <= _reach(np.abs(scores[others] - value)))
    below_bulk = value < float(np.median(scores[others]))
    test = rank_test(column[rows], column[beside])
    toward = test.superiority - 0.5 if (trend > 0) == below_bulk else 0.5 - test.superiority
    return toward > thresholds.ATOM_SIZE and test.p_value < p


def _reach(distances: Floats) -> float:
    """Return how far one must go from an atom to meet enough of its neighbours."""
    wanted = min(len(distances), int(thresholds.ATOM_NEIGHBOURS))
    return float(np.partition(distances, wanted - 1)[wanted - 1])
