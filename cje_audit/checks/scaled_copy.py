"""Scores of another unit below the rest: a small copy of the scores' own spread, where hardly any score would lie."""

import math
from dataclasses import dataclass

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.frame import Bools, Floats
from cje_audit.numerics.association import dot, standard_ranks, upper_limit
from cje_audit.numerics.ranks import rank_test

STEPS = tuple(m * 10.0**-d for d in range(-1, 4) for m in (5.0, 2.0, 1.0))


@dataclass(frozen=True, eq=False)
class ScaledCopy:
    """The scores that look divided by `factor`, bool (n,), and whether more than their spread says so."""

    rows: Bools
    factor: float
    sure: bool


def scaled_copy(scores: Floats, high: float, labels: Floats, factors: tuple[float, ...]) -> ScaledCopy | None:
    """Return the scores that were divided by one of the factors; None where nothing says so.

    `scores`, float64 (n,), lie on a scale from 0 to `high` and are NaN where there is none; `labels` (n,) likewise.
    Multiplied by the factor such scores are spread like all those above them, and hardly any lie below or in between.
    That alone is no proof: a group of poor answers may look so. It is one when they are also written more finely than
    the others, or carry the labels of the bulk; labels that fit the low scores acquit them.
    """
    found = [c for f in factors if (c := _copy(scores, high / f, f)) is not None]
    if not found:
        return None
    likeness, factor, low = max(found, key=lambda c: c[0])
    told = labels_say(scores, low, labels)
    if told == "low":
        return None
    finer = likeness > thresholds.COPY_CLOSE and written_finer(scores, low)
    return ScaledCopy(low, factor, finer or told == "bulk")


def _copy(scores: Floats, end: float, factor: float) -> tuple[float, float, Bools] | None:
    low: Bools = (scores > 0) & (scores <= end)
    raised, others = np.round(scores[low] * factor, 12), np.round(scores[~low & (scores > 0)], 12)
    if not _enough(raised, others):
        return None
    step = step_of(others)
    if not stands_apart(raised, others, factor, step):
        return None
    likeness = alike(raised, others, 0.0 if step is None else step / 2)
    return (likeness, factor, low) if likeness > thresholds.COPY_ALIKE else None


def _enough(raised: Floats, others: Floats) -> bool:
    """Say whether these are enough to be a part, of enough values to have a spread, and not the better half."""
    least = max(thresholds.SCALE_ROWS, thresholds.SCALE_SHARE * (len(raised) + len(others)))
    return least <= len(raised) < len(others) and len(np.unique(raised)) >= thresholds.COPY_VALUES


def alike(first: Floats, second: Floats, rounding: float = 0.0) -> float:
    """Return the p-value of a Kolmogorov–Smirnov test that two samples come from one spread.

    Stephens' small-sample form of the limit; ties make it larger, never smaller. Values up to `rounding` apart count
    as equal, since a coarser scale may have rounded them.

    References
    ----------
    Stephens, M. A. (1970). Use of the Kolmogorov–Smirnov statistics without extensive tables. JRSS B 32.

    Examples
    --------
    >>> alike(np.arange(20.0), np.arange(20.0)), alike(np.arange(20.0), np.arange(20.0) + 20) < 1e-8
    (1.0, True)
    """
    apart = max(_ahead(first, second, rounding), _ahead(second, first, rounding))
    root = math.sqrt(len(first) * len(second) / (len(first) + len(second)))
    from scipy.special import kolmogorov  # a third of a second that few columns need

    return float(kolmogorov((root + 0.12 + 0.11 / root) * apart))


def _ahead(first: Floats, second: Floats, rounding: float) -> float:
    """Return by how much more of the first sample than of the second lies below some value, at most."""
    ordered, reach = np.sort(first), np.sort(second)
    share = np.searchsorted(ordered, ordered, "right") / len(first)
    other = np.searchsorted(reach, ordered + rounding * (1 + 1e-9), "right") / len(second)
    return max(0.0, float(np.max(share - other)))


def stands_apart(raised: Floats, others: Floats, factor: float, step: float | None) -> bool:
    """Say whether the low scores are a group: fewer lie below and above its middle eight tenths than there.

    Both are scores times the factor, of the low ones and of all others; the others come in steps of `step`, or in none.
    Above is a stretch as wide as the middle, of one step at least where scores come in steps, and not into the bulk:
    honest scores grow more frequent towards it.
    """
    begin, end = (float(q) for q in np.quantile(others, (0.1, 0.9)))
    wide = 2 * end - begin
    until = min(begin * factor, wide if step is None else max(wide, end + step * factor))
    inside = int(np.count_nonzero((raised >= begin) & (raised <= end)))
    below = int(np.count_nonzero(raised < begin))
    between = np.concatenate([raised[raised > end], others * factor])
    above = int(np.count_nonzero(between <= until))
    width = end - begin
    apart = rarer(above, until - end, inside, width) < thresholds.COPY_GAP
    return apart and rarer(below, begin, inside, width) < thresholds.COPY_PEAK


def rarer(k: int, width: float, inside: int, own: float) -> float:
    """Return the chance that a stretch holds so few scores where it holds as many per width as the group or more.

    Examples
    --------
    >>> rarer(0, 1.0, 10, 1.0) < 0.001, rarer(10, 1.0, 10, 1.0) > 0.5
    (True, True)
    """
    if not inside or width <= 0 or own <= 0:
        return 1.0
    from scipy.special import betainc  # a third of a second that few columns need

    return float(betainc(inside, k + 1, own / (own + width)))


def written_finer(scores: Floats, low: Bools) -> bool:
    """Say whether most of the low scores lie between the steps of all others."""
    step = step_of(scores[~low & (scores > 0)])
    return step is not None and bool(np.mean(~_on(scores[low], step)) > 0.5)


def step_of(scores: Floats) -> float | None:
    """Return the widest step that all scores are multiples of; None where none is, or where scores seldom tie.

    Examples
    --------
    >>> step_of(np.array([0.85, 0.85, 0.85, 0.7, 0.7, 1.0]))
    0.05
    """
    if len(np.unique(scores)) > thresholds.ATOM_FINE * len(scores):
        return None
    return next((s for s in STEPS if np.all(_on(scores, s))), None)


def _on(values: Floats, step: float) -> Bools:
    on: Bools = np.abs(values / step - np.round(values / step)) < thresholds.OFF_GRID
    return on


def labels_say(scores: Floats, low: Bools, labels: Floats) -> str | None:
    """Return whose labels the low scores carry: `bulk`, `low`, or None where nothing can be told.

    Nothing, unless labels follow the other scores. `bulk`: better than those of the scores just above, as many and
    twenty at least. `low`: worse than those of all others.
    """
    known = ~np.isnan(labels) & (scores > 0)
    own, above = labels[known & low], known & ~low
    if len(own) < thresholds.SCALE_ROWS or np.count_nonzero(above) < thresholds.ATOM_SCORES:
        return None
    given, others = scores[above], labels[above]
    trend = dot(standard_ranks(given), standard_ranks(others))
    if upper_limit(-abs(trend), len(given), thresholds.ATOM_LEVEL) >= 0:
        return None
    own, others = (own, others) if trend > 0 else (-own, -others)
    beside = others[np.argsort(given, kind="stable")[: max(len(own), int(thresholds.ATOM_NEIGHBOURS))]]
    against_next, against_all = rank_test(own, beside), rank_test(own, others)
    if against_next.superiority > 0.5 and against_next.p_value < thresholds.COPY_LABELS:
        return "bulk"
    return "low" if against_all.superiority < 0.5 and against_all.p_value < thresholds.COPY_LABELS else None
