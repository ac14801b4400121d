"""The estimates of a report as CSV, safe to open in a spreadsheet: no cell of text can be a formula."""

import csv
import io
from collections.abc import Mapping

from cje_audit.domain.checks import Verdict
from cje_audit.domain.report import Estimate, PolicyReport, Report
from cje_audit.domain.views import Reveal

COLUMNS = (
    "policy", "verdict", "estimator", "reward", "primary", "value", "standard_error", "interval_low", "interval_high",
    "n_used", "n_total", "counted", "bound_low", "bound_high", "revealed_by", "revealed_because",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def estimates_csv(report: Report, revealed: Mapping[str, Reveal]) -> str:
    """Return one line per estimate that may be shown; a refused policy's only where someone revealed them."""
    out = io.StringIO()
    lines = csv.writer(out, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for policy in report.policies:
        reveal = revealed.get(policy.name)
        if reveal is not None or policy.verdict in (Verdict.REPORT, Verdict.RANK_ONLY):
            lines.writerows(_line(policy, e, reveal) for e in policy.estimates if e.value is not None)
    return out.getvalue()


def _line(policy: PolicyReport, estimate: Estimate, reveal: Reveal | None) -> list[object]:
    low, high = estimate.interval or (None, None)
    worst, best = estimate.missing_bounds or (None, None)
    told = (reveal.by, reveal.reason) if reveal is not None else ("", "")
    return [
        cell(policy.name), str(policy.verdict), estimate.estimator, estimate.reward, estimate.primary, estimate.value,
        estimate.standard_error, low, high, estimate.n_used,
        policy.n_total if estimate.n_total is None else estimate.n_total, estimate.counted, worst, best,
        *map(cell, told),
    ]  # fmt: skip


def cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    Examples
    --------
    >>> cell("=cmd()"), cell("near")
    ("'=cmd()", 'near')
    """
    return f"'{text}" if text.startswith(FORMULA) else text
