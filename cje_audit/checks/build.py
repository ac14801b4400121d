"""How a check is made: status, numbers, sentence, and the rows behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cje_audit.checks import thresholds
from cje_audit.checks.frame import Bools, Rows
from cje_audit.checks.words import count
from cje_audit.domain.checks import Check, CheckStatus


def examples(rows: Rows, mask: Bools) -> tuple[str, ...]:
    """Return the ids of the first twenty rows of a mask."""
    return tuple(str(i) for i in rows.row_ids[np.flatnonzero(mask)[: thresholds.EXAMPLES]])


def not_evaluated(check: str, why: str, policy: str | None = None, what_to_do: str | None = None) -> Check:
    """Say why a check has no answer."""
    return Check(
        id=check,
        policy=policy,
        status=CheckStatus.NOT_EVALUATED,
        sentence=f"Not evaluated: {why}.",
        what_to_do=what_to_do,
    )


def none_evaluated(checks: Sequence[str], why: str, policy: str | None = None) -> list[Check]:
    """Say for several checks why they have no answer."""
    return [not_evaluated(check, why, policy) for check in checks]


@dataclass(frozen=True)
class Fault:
    """A row-level fault: what the affected cells are, and what to do. `noun` names the cells, plural."""

    check: str
    noun: str
    fault: str
    clean: str
    what_to_do: str


def row_status(n_affected: int, n: int, fail: float = thresholds.ROW_FAULT_FAIL) -> CheckStatus:
    """Pass with none, warn up to the limit, fail above."""
    if not n_affected:
        return CheckStatus.PASS
    return CheckStatus.FAIL if n_affected > fail * n else CheckStatus.WARN


def row_check(
    fault: Fault, rows: Rows, mask: Bools, policy: str | None = None, fail: float = thresholds.ROW_FAULT_FAIL
) -> Check:
    """Report a row-level fault: `mask`, bool (n,), marks exactly the affected rows."""
    n = int(np.count_nonzero(mask))
    status = row_status(n, rows.n, fail)
    clean = status is CheckStatus.PASS
    return Check(
        id=fault.check,
        policy=policy,
        status=status,
        value=n / rows.n if rows.n else None,
        threshold=fail,
        n_affected=n,
        sentence=fault.clean if clean else f"{count(n, rows.n)} {fault.noun} {fault.fault}.",
        what_to_do=None if clean else fault.what_to_do,
        example_ids=examples(rows, mask),
    )
