"""Whether one judge, on one scale, stands behind all scores, and whether labels are more than copies of them."""

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples, not_evaluated
from cje_audit.checks.frame import Bools, Column, Floats, Rows
from cje_audit.checks.resolution import grid_size, n_cells
from cje_audit.checks.scaled_copy import ScaledCopy, scaled_copy
from cje_audit.checks.words import count, percent, span
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.numerics.arrays import Pair

SINGLE = "judge.single_judge"
LEAK = "judge.oracle_leak"
NEAR_ROWS = 20
FACTORS = (5.0, 10.0, 20.0, 100.0)
ONE_SCALE = "Bring all scores to one scale, or judge all rows with one setting."


def single_judge(rows: Rows, column: Column, scale: Pair, labels: Floats | None = None) -> Check:
    """Ask whether all scores are on the declared scale, or some of them on one that is a multiple of it.

    `labels`, float64 (n,), NaN where there is none, help to tell low scores from scores of another unit.
    """
    given = column.reported
    if np.count_nonzero(~np.isnan(given)) < thresholds.DENSITY_ROWS:
        return not_evaluated(SINGLE, f"only {count(column.n_ok, rows.n)} rows have a score")
    mask, other = wider_scale(given, scale)
    low = _low_scores(rows, given, scale, _or_nan(labels, rows.n)) if other is None else None
    if low is not None:
        return low
    n = int(np.count_nonzero(mask))
    return Check(
        id=SINGLE,
        status=CheckStatus.FAIL if n else CheckStatus.PASS,
        value=n / rows.n,
        threshold=thresholds.SCALE_SHARE,
        n_affected=n,
        sentence=f"{count(n, rows.n)} scores look as if they were given on the scale {span(other)}, "
        f"not on {span(scale)}: more than one judge setting is behind them."
        if n
        else f"All scores look as if they were given on one scale, {span(scale)}.",
        what_to_do=ONE_SCALE if n else None,
        example_ids=examples(rows, mask),
    )


def _low_scores(rows: Rows, given: Floats, scale: Pair, labels: Floats) -> Check | None:
    """Return what the lowest scores say of another scale; None where they look like scores of this one."""
    copy = scaled_copy(given, scale[1], labels, FACTORS) if scale[0] == 0 else None
    if copy is not None:
        return _copied_scale(rows, copy, scale)
    finer = finer_scale(given, scale)
    return None if finer is None else _finer(rows, finer, scale)


def _or_nan(labels: Floats | None, n: int) -> Floats:
    return np.full(n, np.nan) if labels is None else labels


def _copied_scale(rows: Rows, copy: ScaledCopy, scale: Pair) -> Check:
    """Report scores that are a small copy of the others: a fault where more than their spread says so."""
    n, other = int(np.count_nonzero(copy.rows)), span((0.0, scale[1] / copy.factor))
    opening = f"look as if they were given on the scale {other}:"
    closing = "and they are written more finely than the others, or carry their labels"
    if not copy.sure:
        opening, closing = f"may have been given on the scale {other}:", "but poor responses may rightly score so"
    return Check(
        id=SINGLE,
        status=CheckStatus.FAIL if copy.sure else CheckStatus.WARN,
        value=n / rows.n,
        threshold=thresholds.SCALE_SHARE,
        n_affected=n,
        sentence=f"{count(n, rows.n)} scores {opening} times {copy.factor:g} they are spread like all others, with "
        f"hardly any between, {closing}.",
        what_to_do=ONE_SCALE if copy.sure else "Read some of these responses, or label them; scores were kept.",
        example_ids=examples(rows, copy.rows),
    )


def mixed_judges(n_first: int, n_backup: int) -> Check:
    """Say that the judge and its backup, which is another judge, both stand behind the scores."""
    total = n_first + n_backup
    return Check(
        id=SINGLE,
        status=CheckStatus.FAIL,
        value=n_backup / total,
        threshold=0.0,
        sentence=f"Two judges are behind the scores: {count(n_backup, total)} judgements came from the judge's backup, "
        "which is another judge.",
        what_to_do="Run again with one of the two as the only judge; what it was asked already is not asked again.",
    )


def _finer(rows: Rows, finer: Bools, scale: Pair) -> Check:
    """Report that the lowest scores are written more finely: another scale, or a judge who grades poor work so."""
    n = int(np.count_nonzero(finer))
    return Check(
        id=SINGLE,
        status=CheckStatus.WARN,
        value=n / rows.n,
        threshold=thresholds.SCALE_SHARE,
        n_affected=n,
        sentence=f"{count(n, rows.n)} scores, the lowest on {span(scale)}, are written more finely than all others: "
        "they may have been given on a narrower scale, or the judge tells poor responses apart more finely.",
        what_to_do="Read some of these responses, or label them; scores were kept.",
        example_ids=examples(rows, finer),
    )


def wider_scale(given: Floats, scale: Pair) -> tuple[Bools, Pair | None]:
    """Return the scores that belong to a wider scale, and that scale; `given` is NaN where nothing came."""
    low, high = scale
    over = given > high
    for factor in FACTORS:
        wider = (low, low + factor * (high - low))
        if _is_part(over, given) and np.all(given[over] <= wider[1]):
            return over, wider
    return np.zeros(len(given), dtype=bool), None


def finer_scale(given: Floats, scale: Pair) -> Bools | None:
    """Return the scores in the lowest part of the scale, where these are written more finely than all others."""
    low, high = scale
    parts = (_finer_part(given, scale, (low, low + (high - low) / factor)) for factor in FACTORS)
    return next((part for part in parts if part is not None), None)


def _is_part(mask: Bools, given: Floats) -> bool:
    """Say whether these are enough to be a part of the scores, and not all of them."""
    k, n = int(np.count_nonzero(mask)), int(np.count_nonzero(~np.isnan(given)))
    return thresholds.SCALE_ROWS <= k < n and k >= thresholds.SCALE_SHARE * n


def _finer_part(given: Floats, scale: Pair, narrower: Pair) -> Bools | None:
    """Return the scores in the lowest part of the scale when they are written more finely than all the others."""
    above = np.unique(given[(given > narrower[1]) & (given <= scale[1])])
    if len(above) < 3 or scale[0] != 0:
        return None
    step = float(np.median(grid_size(above)))
    inside = (given > scale[0]) & (given <= narrower[1])
    off: Bools = inside & (np.abs(given / step - np.round(given / step)) > 1e-9) if step > 0 else np.zeros_like(inside)
    coarse = step >= thresholds.SCALE_STEP * narrower[1]
    several = len(np.unique(given[off])) >= thresholds.COPY_VALUES
    return inside if coarse and several and _is_part(off, given) else None


def oracle_leak(rows: Rows, column: Column, oracle: Column | None) -> Check:
    """Ask whether labels are copies of the scores, as they are or stretched."""
    both = column.ok & oracle.ok if oracle is not None else np.zeros(rows.n, dtype=bool)
    n = int(np.count_nonzero(both))
    if oracle is None or n < thresholds.LEAK_ROWS:
        return not_evaluated(LEAK, f"{count(n, rows.n)} rows have both a score and a label")
    copies = np.zeros(rows.n, dtype=bool)
    copies[both] = copied(column.values[both], oracle.values[both])
    k = int(copies.sum())
    return Check(
        id=LEAK,
        status=CheckStatus.FAIL if k else CheckStatus.PASS,
        value=k / n,
        threshold=thresholds.LEAK_SHARE,
        n_affected=k,
        sentence=f"{count(k, n)} labels are copies of the judge's scores: they say nothing about the judge."
        if k
        else f"Labels are no copies of the scores: {percent(_equal_share(column, oracle, both))} of {n:,} are equal.",
        what_to_do="Take the labels from a source that does not know the scores." if k else None,
        example_ids=examples(rows, copies),
    )


def _equal_share(column: Column, oracle: Column, both: Bools) -> float:
    return float(np.mean(column.values[both] == oracle.values[both]))


def copied(scores: Floats, labels: Floats) -> Bools:
    """Mark labels that are copies of the scores; both of shape (n,), without NaN.

    All are, when they lie on one straight line (correlation 0.9999) through at least five values. Single ones are,
    when enough of them equal a score to the last of four or more decimals, which no second opinion does, or when far
    more of them hit the score exactly than miss it by any of the smallest steps.
    """
    enough = min(len(np.unique(scores)), len(np.unique(labels))) >= thresholds.LEAK_VALUES
    if enough and abs(float(np.corrcoef(scores, labels)[0, 1])) >= thresholds.LEAK_LINE:
        return np.ones(len(scores), dtype=bool)
    equal = scores == labels
    if enough and np.mean(equal) >= thresholds.LEAK_SHARE:
        return np.asarray(equal, dtype=np.bool_)
    fine: Bools = equal & (np.abs(scores * 1e3 - np.round(scores * 1e3)) > 1e-6)
    many = np.count_nonzero(fine) >= thresholds.LEAK_FEW
    return fine if many else equal & piled_on_scores(scores, labels)


def piled_on_scores(scores: Floats, labels: Floats) -> bool:
    """Say whether label − score piles up at 0 beyond what its neighbourhood explains.

    A second opinion misses a score by little about as often as it hits it, wherever it can miss it by less than it
    usually does; at values that many labels have anyway it hits more often. Both are allowed for.
    """
    equal = int(np.count_nonzero(scores == labels))
    missed, counts = np.unique(np.round(labels - scores, 9)[scores != labels], return_counts=True)
    if equal < thresholds.LEAK_FEW or len(missed) < thresholds.LEAK_CELLS:
        return False
    step = float(np.median(grid_size(missed)))
    reach = np.abs(missed) <= 10.5 * step
    if step <= 0 or n_cells(labels - scores, np.full(2, step)) < thresholds.LEAK_CELLS:
        return False
    beside = max([float(counts[reach].max(initial=0)), hit_by_habit(scores, labels), 1.0])
    return equal > thresholds.LEAK_LIFT * beside and upper_tail(equal, beside) < thresholds.LEAK_P


def hit_by_habit(scores: Floats, labels: Floats) -> float:
    """Return how many labels would hit their score if each were that of a row with another score close by."""
    order = np.argsort(scores, kind="stable")
    ordered, own = scores[order], labels[order]
    hits = 0.0
    for value in np.unique(ordered):
        low, high = np.searchsorted(ordered, value, "left"), np.searchsorted(ordered, value, "right")
        near = np.r_[own[max(low - NEAR_ROWS, 0) : low], own[high : high + NEAR_ROWS]]
        hits += (high - low) * float(np.mean(near == value)) if len(near) else 0.0
    return hits


def upper_tail(k: int, mean: float) -> float:
    """Return the Poisson chance of k and more.

    Examples
    --------
    >>> round(upper_tail(1, 1.0), 6)
    0.632121
    """
    from scipy.special import gammainc  # a third of a second that few columns need

    return float(gammainc(k, mean))
