"""The checks that the logging policy and every target policy share: range, fallback constants, zeros, density."""

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.build import Fault, none_evaluated, row_check
from cje_audit.checks.faults import has_code
from cje_audit.checks.frame import Column, Rows
from cje_audit.checks.units import logprob_density
from cje_audit.checks.words import count
from cje_audit.domain.checks import Check
from cje_audit.domain.codes import FailureCode

SHARED = ("logprob_range", "sentinel_values", "zero_logprobs", "logprob_density")


def check_logprob_column(
    stage: str, rows: Rows, column: Column | None, policy: str | None = None, logging: Column | None = None
) -> list[Check]:
    """Return `.logprob_range`, `.sentinel_values`, `.zero_logprobs` and `.logprob_density` of one column.

    `stage` is `logging_policy` or `target_policy`; `logging` is the column a target's unit is compared with.
    """
    if column is None or not np.any(~np.isnan(column.reported) | has_code(column, FailureCode.NON_FINITE)):
        return none_evaluated([f"{stage}.{name}" for name in SHARED], "no log-prob was reported", policy)
    return [
        row_check(
            range_fault(stage), rows, has_code(column, FailureCode.POSITIVE_LOGPROB, FailureCode.NON_FINITE), policy
        ),
        row_check(sentinel_fault(stage), rows, has_code(column, FailureCode.SENTINEL), policy),
        zero_logprobs(stage, rows, column, policy),
        logprob_density(stage, rows, column, policy, logging),
    ]


def range_fault(stage: str) -> Fault:
    """Return the fault `.logprob_range`."""
    return Fault(
        f"{stage}.logprob_range",
        "log-probs",
        "are above 0 or not finite, which no log-probability is",
        "Every log-prob is finite and at most 0.",
        "Check sign and unit of the column (nats, natural logarithm), then score these rows again.",
    )


def sentinel_fault(stage: str) -> Fault:
    """Return the fault `.sentinel_values`."""
    return Fault(
        f"{stage}.sentinel_values",
        "log-probs",
        "are no measurements: fallback constants, or the value of the row before",
        "No log-prob looks like a fallback constant.",
        "Remove the fallback from the scoring code and score these rows again.",
    )


def zero_logprobs(stage: str, rows: Rows, column: Column, policy: str | None) -> Check:
    """Ask for log-probs of exactly 0 on real text; if nearly all are, the server ignored the request."""
    mask = has_code(column, FailureCode.ZERO_ON_TEXT)
    n, n_reported = int(mask.sum()), int(np.count_nonzero(~np.isnan(column.reported)))
    fault = Fault(
        f"{stage}.zero_logprobs",
        "log-probs",
        "are exactly 0 on real text",
        "No real text has a log-prob of exactly 0.",
        "Check that the endpoint returns the log-probs of given text, then score these rows again.",
    )
    check = row_check(fault, rows, mask, policy)
    if n and n > thresholds.ZERO_ALL * n_reported:
        sentence = f"{count(n, rows.n)} log-probs are exactly 0: the server ignored the request for prompt log-probs."
        return check.model_copy(update={"sentence": sentence})
    return check
