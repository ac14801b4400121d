"""From checks to one verdict per policy: report, rank_only, refuse or not_evaluated, with the checks that decide."""

from collections.abc import Sequence
from dataclasses import dataclass

from cje_audit.domain.checks import Check, CheckStatus, Verdict

BLOCKING = ("logging_policy.computed", "target_policy.computed", "estimation.required_stages")
DEMOTING_ALONE = ("estimation.ess", "target_policy.mean_weight", "estimation.calibration_range")
DEMOTING_TOGETHER = (
    "estimation.max_weight_share",
    "estimation.tail_index",
    "estimation.overlap",
    "estimation.near_zero_weights",
    "estimation.typicality",
)
TRANSPORT = "judge.transport"
OVERLAP_STAGE = "estimation"
NO_ROWS = ("target_policy.coverage", "judge.scored")
TWINS = "target_policy.identical_policies"


@dataclass(frozen=True)
class Decision:
    """A verdict and the checks behind it, gravest first; no check for a plain `report`."""

    verdict: Verdict
    because: tuple[Check, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Check ids, each once."""
        return tuple(dict.fromkeys(check.id for check in self.because))


@dataclass(frozen=True)
class Case:
    """What a verdict is about.

    The policy, its role, how many rows it can use, whether its headline rests on the judge, whether it has a twin.
    """

    policy: str
    role: str
    n_used: int
    on_judge: bool
    has_twin: bool = False


def is_blocking(check: Check) -> bool:
    """Say whether a check forbids computing anything (for its policy, or for all where it names none)."""
    if check.status is not CheckStatus.FAIL:
        return False
    if check.id in BLOCKING:
        return True
    empty = check.id == "judge.scored" and check.value == 0
    return empty or (check.id == "dataset.schema" and (check.value is None or check.value == 1))


def blocks(checks: Sequence[Check], policy: str | None) -> tuple[Check, ...]:
    """Return the failed checks that block this policy; of None, those that block every policy."""
    return tuple(c for c in checks if is_blocking(c) and c.policy in (None, policy))


def set_aside(case: Case, checks: Sequence[Check]) -> tuple[Check, ...]:
    """Return the failing checks about this policy's headline that a person overrode."""
    failed = (c for c in checks if c.status is CheckStatus.FAIL and c.override is not None)
    return tuple(c for c in failed if concerns(case, c))


def standing(checks: Sequence[Check]) -> tuple[Check, ...]:
    """Return the checks that nobody overrode."""
    return tuple(c for c in checks if c.override is None)


def decide(case: Case, checks: Sequence[Check]) -> Decision:
    """Return the verdict on one policy, with overridden checks set aside.

    Any failed check that concerns it refuses. Where none fails, the level may not stand (`rank_only`) when the
    effective sample or the mean weight warns, when the calibration it rests on leans, or when two other overlap checks
    warn together.
    """
    checks = standing(checks)
    blocked = blocks(checks, case.policy)
    if blocked:
        return Decision(Verdict.NOT_EVALUATED, blocked)
    if not case.n_used:
        return Decision(
            Verdict.NOT_EVALUATED, tuple(c for c in checks if c.id in NO_ROWS and c.policy in (None, case.policy))
        )
    failed = tuple(c for c in checks if c.status is CheckStatus.FAIL and concerns(case, c))
    if failed:
        return Decision(Verdict.REFUSE, failed)
    warned = [c for c in checks if c.status is CheckStatus.WARN and c.policy == case.policy]
    demoting = demotions([c for c in warned if c.id != TRANSPORT or case.on_judge])
    return Decision(Verdict.RANK_ONLY, demoting) if demoting else Decision(Verdict.REPORT)


def judge_failed(checks: Sequence[Check]) -> bool:
    """Say whether a check of the judge itself (not of one policy) failed."""
    own = [c for c in standing(checks) if c.stage == "judge" and c.policy is None]
    return any(c.status is CheckStatus.FAIL for c in own)


def concerns(case: Case, check: Check) -> bool:
    """Say whether a failed check speaks about this policy's headline."""
    if check.stage == "judge":
        return case.on_judge and check.policy in (None, case.policy)
    if check.id == TWINS:
        return case.has_twin
    if check.policy is not None:
        return check.policy == case.policy
    return check.stage == "dataset" or (case.role != "logging" and check.stage == "logging_policy")


def leans(check: Check) -> bool:
    """Say whether the calibration is off on the policy's own labels beyond chance, if perhaps by little."""
    return check.id == TRANSPORT and check.status is CheckStatus.WARN and check.threshold == 0


def demotions(warned: Sequence[Check]) -> tuple[Check, ...]:
    """Return the warnings that together leave only the order standing; none if they do not suffice."""
    alone = [c for c in warned if c.id in DEMOTING_ALONE or leans(c)]
    together = [c for c in warned if c.id in DEMOTING_TOGETHER]
    return tuple(alone + together) if alone or len(together) > 1 else ()
