"""Whether and when to ask again: the provider says whether it can help, this says when."""

from dataclasses import dataclass, field
from typing import Any

from tenacity import RetryCallState, wait_exponential, wait_random
from tenacity.wait import wait_base

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.base import Answer
from cje_audit.stages.asking.breaker import LONGEST_S
from cje_audit.stages.asking.jobs import Job

MOST_PROBES = 40  # after so many failed probes of one row, a further one counts against its attempts
MARGIN_S = 0.002  # a server's floor is kept by this much, so that no clock's rounding breaks it
BEHIND_S = LONGEST_S + 0.5  # after a failed probe, so that the next one is made with another row
PATIENCE = 5  # a row is given up when an endpoint has had too much to do for this many time limits of an attempt


@dataclass(frozen=True, slots=True)
class Rules:
    """When to stop asking for one row: attempts that count, and seconds under "too many requests"."""

    max_attempts: int = 6
    patience_s: float = 600.0
    pause: wait_base = field(default_factory=lambda: wait_exponential(multiplier=0.5, max=30) + wait_random(0, 0.5))

    def backoff_s(self, attempt: int) -> float:
        """Return the seconds to wait after this many failed attempts."""
        state = RetryCallState(None, None, (), {})  # type: ignore[arg-type]  # only the attempt's number is read
        state.attempt_number = attempt
        return float(self.pause(state))


def ask_again_at(job: Job, answer: Answer[Any], now: float, rules: Rules, *, probe: bool = False) -> float | None:
    """Return when a job may be asked again, or None when its answer is final; counts the attempt on the job.

    A server's own floor is kept to the moment: never undercut, and not overdone. "Too many requests" spends no attempt,
    but not without end; neither does a probe of an endpoint that is known to be broken.
    """
    code = answer.result.code
    if code is None or not answer.retry.again:
        return None
    floor = answer.retry.after_s
    pause = _pause(job, code, now, rules, probe=probe)
    if pause is None or (floor is not None and floor > rules.patience_s):
        return None
    at = now + (pause if floor is None else floor + MARGIN_S)
    return None if _too_long(job, at, rules) else at


def _pause(job: Job, code: FailureCode, now: float, rules: Rules, *, probe: bool) -> float | None:
    if code is FailureCode.RATE_LIMITED:
        job.limited += 1
        job.limited_since = now if job.limited_since is None else job.limited_since
        return rules.backoff_s(job.limited)
    job.limited_since = None
    if probe and job.probes < MOST_PROBES:
        job.probes += 1
        return BEHIND_S
    job.spent += 1
    return None if job.spent >= rules.max_attempts else rules.backoff_s(job.spent)


def _too_long(job: Job, at: float, rules: Rules) -> bool:
    return job.limited_since is not None and at - job.limited_since > rules.patience_s
