"""Whether someone clipped or filled the log ratios before us: pile-ups at a constant."""

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples, not_evaluated
from cje_audit.checks.fallback import tail_probability
from cje_audit.checks.frame import Bools, Column, Floats, Ints, PolicyFacts, Rows
from cje_audit.checks.resolution import crowding, grid_size, n_cells
from cje_audit.checks.words import count, number
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.numerics.weights import log_ratio

CHECK = "target_policy.preclipped"


def preclipped(rows: Rows, policy: PolicyFacts, logging: Column, target: Column) -> Check:
    """Ask whether log ratios pile up at a constant; a clone's zeros and nearly certain answers are no sign."""
    ratio = log_ratio(target.values, logging.values)
    usable = ~np.isnan(ratio)
    usable[usable] = (logging.values[usable] < -thresholds.CERTAIN) & (target.values[usable] < -thresholds.CERTAIN)
    n = int(np.count_nonzero(usable))
    if n < thresholds.DENSITY_ROWS:
        return not_evaluated(CHECK, f"only {count(n, rows.n)} rows have a log ratio to look at", policy.name)
    piles = pile_ups(ratio[usable], rows.text_key[usable])
    if policy.role == "clone" or np.mean(np.abs(ratio[usable]) <= thresholds.TIED_NATS) >= thresholds.TIED:
        piles = piles[np.abs(piles) > thresholds.TIED_NATS]  # equal weights are the business of uniform_weights
    mask: Bools = np.zeros(rows.n, dtype=bool)
    mask[usable] = np.isin(rounded(ratio[usable]), piles)
    return _check(rows, policy.name, mask, piles, n)


def _check(rows: Rows, name: str, mask: Bools, piles: Floats, n: int) -> Check:
    k = int(mask.sum())
    status = CheckStatus.PASS if not k else CheckStatus.FAIL if k > thresholds.PILE_FAIL * n else CheckStatus.WARN
    at = " and ".join(f"{number(float(p))} nats" for p in piles[:3])
    return Check(
        id=CHECK,
        policy=name,
        status=status,
        value=k / n,
        threshold=thresholds.PILE_FAIL,
        n_affected=k,
        sentence=f"{count(k, n)} log ratios of {name} pile up at {at}: they were clipped or filled in."
        if k
        else f"The log ratios of {name} pile up nowhere.",
        what_to_do="Import the log-probs as they were measured; clipping is done here, counted and shown."
        if k
        else None,
        example_ids=examples(rows, mask),
    )


def rounded(ratio: Floats) -> Floats:
    """Return log ratios to the ninth decimal, so that two equal differences of floats are equal."""
    return np.asarray(np.round(ratio, 9) + 0.0, dtype=np.float64)


def pile_ups(ratio: Floats, text_key: Ints) -> Floats:
    """Return the values at which log ratios (nats, (n,), no NaN) pile up beyond what their neighbourhood explains.

    At exactly 0 two texts suffice: it is where a missing value was filled in with the logging policy's.
    """
    values = rounded(ratio)
    distinct, place = np.unique(values, return_inverse=True)
    if len(distinct) < 2:
        return distinct
    pairs = np.unique(np.stack([place, text_key]), axis=1)
    texts = np.bincount(pairs[0], minlength=len(distinct)).astype(np.int64)
    crowd = crowding(distinct, texts)
    grid = _grid(distinct)
    if n_cells(distinct, grid) < thresholds.MIN_CELLS:
        return distinct[:0]
    least = np.where(distinct == 0, thresholds.PILE_ZEROS, thresholds.PILE_ROWS)
    many = (texts >= least) & (texts > thresholds.TIE_LIFT * crowd.typical)
    chosen = np.flatnonzero(many)
    chance = tail_probability(texts[chosen], crowd.mass[chosen], grid[chosen], crowd.width[chosen])
    chance *= np.where(distinct[chosen] == 0, 1, len(distinct))
    return distinct[chosen[chance < thresholds.PILE_P]]


def _grid(distinct: Floats) -> Floats:
    grid = np.full(len(distinct), thresholds.EXACT_FLOOR)
    others = distinct != 0
    grid[others] = np.maximum(grid_size(distinct[others]), thresholds.EXACT_FLOOR)
    grid[~others] = float(np.median(grid[others]))
    return grid
