"""Row-level faults of a log-prob column: exactly the affected cells become missing, each with its code."""

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.fallback import Measured, fallback_constants
from cje_audit.checks.frame import Bools, Codes, Column, Floats, Rows, equals
from cje_audit.checks.resolution import grid_size
from cje_audit.domain.codes import FailureCode


def audit_column(rows: Rows, reported: Floats, codes: Codes) -> Column:
    """Find the faults of one log-prob column.

    Parameters
    ----------
    reported
        nats, shape (n,): what the file or provider gave; NaN or ±inf where it gave no number.
    codes
        object, shape (n,): failure codes already known; they stay. None elsewhere.

    Returns
    -------
    Column
        Values are NaN exactly where there is a code: `no_score` (nothing reported), `non_finite`, `empty_response`
        (a log-prob of no text), `positive_logprob`, `zero_on_text`, `sentinel`, in this order of precedence.
    """
    found = codes.copy()
    _mark(found, np.isnan(reported), FailureCode.NO_SCORE)
    _mark(found, np.isinf(reported), FailureCode.NON_FINITE)
    _mark(found, ~rows.has_response | rows.blank_response, FailureCode.EMPTY_RESPONSE)
    _mark(found, reported > 0, FailureCode.POSITIVE_LOGPROB)
    left = is_clean(found)
    _mark(found, left & zero_on_text(rows, reported, left), FailureCode.ZERO_ON_TEXT)
    _mark(found, sentinels(rows, reported, left & (reported < 0)), FailureCode.SENTINEL)
    values = np.where(is_clean(found), reported, np.nan)
    return Column(values=values, codes=found, reported=np.where(np.isfinite(reported), reported, np.nan))


def is_clean(codes: Codes) -> Bools:
    """Mark the cells without a code."""
    return equals(codes, None)


def has_code(column: Column, *codes: FailureCode) -> Bools:
    """Mark the cells of a column that carry one of the codes."""
    marked = np.zeros(len(column.codes), dtype=bool)
    for code in codes:
        marked |= equals(column.codes, str(code))
    return marked


def _mark(codes: Codes, mask: Bools, code: FailureCode) -> None:
    codes[mask & is_clean(codes)] = str(code)


def sentinels(rows: Rows, reported: Floats, mask: Bools) -> Bools:
    """Mark the fallback constants among the cells of `mask`."""
    found = np.zeros(rows.n, dtype=bool)
    long = np.where(
        np.isnan(rows.response_tokens),
        rows.response_chars >= thresholds.LONG_TEXT,
        rows.response_tokens >= thresholds.LONG_TOKENS,
    )
    cells = Measured(reported[mask], rows.text_key[mask], rows.response_chars[mask], long[mask])
    found[mask] = fallback_constants(cells)
    return found


def zero_on_text(rows: Rows, reported: Floats, mask: Bools) -> Bools:
    """Mark log-probs of 0 on real text.

    Always on 32 characters or 5 known tokens and more, also where they are closer to 0 than single precision tells.
    On shorter text 0 may be right (one forced word), unless nearly the whole column is 0 or `_zeros_by_fault` says
    otherwise. In a column rounded so coarsely that 0 is only a small number, nothing is marked but a column of zeros.
    """
    zero: Bools = mask & (reported == 0)
    if np.count_nonzero(zero) > thresholds.ZERO_ALL * np.count_nonzero(mask):
        return zero
    if is_coarse(reported[mask & (reported < 0)]):
        return np.zeros_like(zero)
    long: Bools = (rows.response_chars >= thresholds.ZERO_CHARS) | (rows.response_tokens >= thresholds.ZERO_TOKENS)
    practically: Bools = mask & (reported > -thresholds.ZERO_NATS) & long
    return practically | zero if _zeros_by_fault(rows, reported, mask, long) else practically


def _zeros_by_fault(rows: Rows, reported: Floats, mask: Bools, long: Bools) -> bool:
    """Say whether zeros on short texts are a fault too.

    They are when five different short texts and more have them, more than have values close to 0 as certain answers
    do, and when zeros do not keep to short texts: as many other short texts have none, or long texts have them half
    as often.
    """
    short, zero = mask & ~long, mask & (reported == 0)
    close = np.count_nonzero(mask & (reported < 0) & (reported > -thresholds.NEAR_ZERO))
    texts = len(np.unique(rows.text_key[short & zero]))
    if texts < max(float(thresholds.ZERO_TOKENS), float(close)):
        return False
    others = len(np.unique(rows.text_key[short & ~zero]))
    spread = 2 * np.mean(zero[mask & long]) >= np.mean(zero[short]) if np.any(mask & long) else False
    return bool(others >= texts or spread)


def is_coarse(values: Floats) -> bool:
    """Say whether a column of log-probs below 0 is rounded to a twentieth of a nat or worse."""
    distinct = np.unique(values)
    return len(distinct) > 0 and bool(np.median(grid_size(distinct)) >= thresholds.COARSE_ZERO)
