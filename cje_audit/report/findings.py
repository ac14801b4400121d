"""What a person should decide on: every check that fails or warns opens one finding, the same on every re-run."""

from collections.abc import Sequence

from cje_audit.checks.verdicts import is_blocking
from cje_audit.checks.words import number
from cje_audit.domain.checks import Check, CheckStatus
from cje_audit.domain.report import Finding

ORDER = ("critical", "high", "medium")


def findings_of(checks: Sequence[Check]) -> tuple[Finding, ...]:
    """Return one open finding per check that speaks, gravest first."""
    speaking = [c for c in checks if c.status in (CheckStatus.FAIL, CheckStatus.WARN)]
    found = [finding(c) for c in speaking]
    return tuple(sorted(found, key=lambda f: ORDER.index(f.severity)))


def finding_id(check: Check) -> str:
    """Return an id that depends on check and policy alone.

    Examples
    --------
    >>> finding_id(Check(id="estimation.ess", policy="near", status=CheckStatus.WARN, sentence="Few rows."))
    'estimation.ess:near'
    """
    return check.id if check.policy is None else f"{check.id}:{check.policy}"


def severity(check: Check) -> str:
    """Return `critical` (nothing can be computed), `high` (no headline number) or `medium` (a warning)."""
    if is_blocking(check):
        return "critical"
    return "high" if check.status is CheckStatus.FAIL else "medium"


def finding(check: Check) -> Finding:
    """Return the finding that a check opens."""
    about = f" ({check.policy})" if check.policy else ""
    return Finding(
        id=finding_id(check),
        severity=severity(check),
        status="open",
        title=f"{check.id}{about} {'fails' if check.status is CheckStatus.FAIL else 'warns'}",
        evidence=_evidence(check),
        source="check",
    )


def _evidence(check: Check) -> str:
    parts = [check.sentence]
    if check.value is not None and check.threshold is not None:
        parts.append(f"Value {number(check.value)}, threshold {number(check.threshold)}.")
    if check.example_ids:
        parts.append(f"Rows: {', '.join(check.example_ids[:5])}{' …' if len(check.example_ids) > 5 else ''}.")
    return " ".join(parts)
