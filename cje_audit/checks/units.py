"""Whether log-probs are sums over tokens, in nats: their density, growth with length, and ratio to another column."""

import math

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import examples, not_evaluated
from cje_audit.checks.frame import Bools, Column, Floats, Rows
from cje_audit.checks.words import count, number
from cje_audit.domain.checks import Check, CheckStatus


def logprob_density(stage: str, rows: Rows, column: Column, policy: str | None, logging: Column | None) -> Check:
    """Ask whether the nats per character are plausible and log-probs grow with length, as sums do."""
    check = f"{stage}.logprob_density"
    usable = column.ok & (rows.response_chars > 0) & (column.values < 0)
    if np.count_nonzero(usable) < thresholds.DENSITY_ROWS:
        return not_evaluated(
            check, f"{count(int(usable.sum()), rows.n)} rows have a log-prob below 0, too few to judge", policy
        )
    density = -column.values[usable] / rows.response_chars[usable]
    median = float(np.median(density))
    fault = _unit_fault(
        median, column.values[usable], rows.response_chars[usable].astype(np.float64), _ratio(column, logging)
    )
    return Check(
        id=check,
        policy=policy,
        status=CheckStatus.FAIL if fault else CheckStatus.PASS,
        value=median,
        threshold=thresholds.DENSITY_HIGH if median > thresholds.DENSITY_HIGH else thresholds.DENSITY_LOW,
        n_affected=int(usable.sum()) if fault else 0,
        sentence=f"The median log-prob is {number(-median)} nats per character of response{fault or ', as text has'}.",
        what_to_do="Give the log-prob as a sum over response tokens, in nats, and import again." if fault else None,
        example_ids=examples(rows, usable) if fault else (),
    )


def _unit_fault(median: float, values: Floats, chars: Floats, ratio: float | None) -> str | None:
    """Return what is wrong with the unit, as the end of a sentence, or None."""
    if median > thresholds.DENSITY_HIGH:
        return ", more than any text costs: the column is in another unit"
    if median < thresholds.DENSITY_LOW and not grows_with_length(-values, chars):
        return ", and does not grow with length: these are means, not sums"
    if ratio is not None and not 1 / thresholds.DENSITY_RATIO < ratio < thresholds.DENSITY_RATIO:
        return f", {number(ratio)} times the logging policy's: the two columns are in different units"
    return None


def grows_with_length(cost: Floats, chars: Floats) -> bool:
    """Say whether cost may grow like length: the 99 % upper limit of the exponent in cost ∝ length^b reaches ½.

    `cost` and `chars` are positive, shape (n,). True too where lengths are nearly equal: then nothing can be told.
    """
    low, high = np.quantile(chars, (0.1, 0.9))
    if high < 1.5 * low:
        return True
    x, y = np.log(chars) - np.log(chars).mean(), np.log(cost) - np.log(cost).mean()
    exponent = float(np.dot(x, y) / np.dot(x, x))
    error = math.sqrt(float(np.square(y - exponent * x).sum()) / (len(x) - 2) / float(np.dot(x, x)))
    return exponent + 2.326 * error >= thresholds.DENSITY_TREND


def _ratio(column: Column, logging: Column | None) -> float | None:
    """Return the median of target ÷ logging log-prob over rows below −1 nat; None with fewer than twenty."""
    if logging is None:
        return None
    both: Bools = column.ok & logging.ok
    both[both] = logging.values[both] < -1
    if np.count_nonzero(both) < thresholds.DENSITY_ROWS:
        return None
    return float(np.median(column.values[both] / logging.values[both]))
