"""One endpoint as the asking loop sees it: whether a request may leave now, and what its end says about it."""

from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Any

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.experiment import EndpointLimits
from cje_audit.providers.base import Answer
from cje_audit.stages.asking.breaker import Breaker
from cje_audit.stages.asking.concurrency import Concurrency
from cje_audit.stages.asking.pace import Allowance, Crowding, Pace

STOPPING = (FailureCode.AUTH, FailureCode.NOT_FOUND, FailureCode.QUOTA)  # these concern every request there is
STOPPING_KIND = (FailureCode.ECHO_UNSUPPORTED,)  # this one every request of its kind
BROKEN = (FailureCode.TIMEOUT, FailureCode.CONNECTION, FailureCode.SERVER_ERROR)
SUSPECT = (*BROKEN, FailureCode.BAD_RESPONSE)  # many of these, too, mean that the endpoint is broken
NEVER_ANSWERED_S, ANSWERED_S = 60.0, 600.0  # how long an endpoint may stay broken before its questions end
SPEEDS = 50


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave to ask: when it was given (loop's clock), and whether the request is a probe of a broken endpoint."""

    began: float
    probe: bool


@dataclass(frozen=True, slots=True)
class Stop:
    """Why an endpoint is asked no more."""

    code: FailureCode
    detail: str


class Gate:
    """Concurrency, pace, budgets and breaker of one endpoint. Times are of the loop's clock, in seconds.

    The first request goes alone. `wait_s` and `enter` before a request, `leave` after it.
    """

    def __init__(self, name: str, most: int, limits: EndpointLimits | None = None) -> None:
        self.name = name
        self.in_flight = 0
        self.concurrency = Concurrency(most)
        self.breaker, self.pace = Breaker(), Pace()
        self._crowding = Crowding()
        self._requests = None if limits is None else _allowance(limits.requests_per_minute)
        self._tokens = None if limits is None else _allowance(limits.tokens_per_minute)
        self._stops: dict[str | None, Stop] = {}
        self._proved = False
        self._locked_until = float("-inf")
        self._seconds: deque[float] = deque(maxlen=SPEEDS)
        self._last: Stop | None = None

    def stopped(self, kind: str, now: float) -> Stop | None:
        """Return why questions of a kind are not asked any more, or None while they are."""
        since, last = self.breaker.since, self._last
        if since is not None and last is not None and None not in self._stops:
            patience = ANSWERED_S if self._proved else NEVER_ANSWERED_S
            if now - since > patience:
                detail = f"not asked: the endpoint has been failing for {patience:g} s ({last.detail})"
                self._stops[None] = Stop(last.code, detail)
        return self._stops.get(None) or self._stops.get(kind)

    def wait_s(self, now: float) -> float | None:
        """Return the seconds until a request may leave; None: only after another one's end."""
        if self.in_flight >= (self.concurrency.limit if self._proved else 1):
            return None
        broken = self.breaker.wait_s(now)
        if broken is None:
            return None
        waits = [broken, self.pace.wait_s(now), self._locked_until - now]
        if self._requests is not None:
            waits.append(self._requests.wait_s(now))
        if self._tokens is not None:
            waits.append(self._tokens.wait_s(now))
        return max(0.0, *waits)

    def enter(self, now: float, tokens: int) -> Pass:
        """Note that a request of about so many tokens leaves."""
        self.in_flight += 1
        self.pace.leave(now)
        if self._requests is not None:
            self._requests.spend(now)
        if self._tokens is not None:
            self._tokens.spend(now, tokens)
        return Pass(now, self.breaker.enter())

    def leave(self, leaving: Pass, kind: str, answer: Answer[Any], now: float, *, first: bool) -> None:
        """Note how a request ended; `first` says that its row had not failed before, so it is not to blame."""
        code = answer.result.code
        self._stop(kind, code, answer.result.detail)
        failed = code in SUSPECT
        if failed and code is not None:
            self._last = Stop(code, answer.result.detail or "no detail")
        else:
            self._proved = True
        if first or leaving.probe or not failed:
            broken = code in BROKEN
            self.breaker.leave(failed=failed, in_a_row=broken, began=leaving.began, now=now, probe=leaving.probe)
        self._note_speed(leaving, code, answer.retry.after_s, now)

    @property
    def is_broken(self) -> bool:
        """Whether the next request is a probe."""
        return self.breaker.state == "open"

    @property
    def has_room(self) -> bool:
        """Whether more than one further request may be in flight."""
        return self._proved and self.in_flight + 1 < self.concurrency.limit

    def released(self) -> None:
        """Note that a place is free: the answer is stored."""
        self.in_flight -= 1

    def _stop(self, kind: str, code: FailureCode | None, detail: str | None) -> None:
        if code in STOPPING and code is not None:
            self._stops.setdefault(None, Stop(code, f"not asked: {detail or code}"))
        if code in STOPPING_KIND and code is not None:
            self._stops.setdefault(kind, Stop(code, f"not asked: {detail or code}"))

    def _note_speed(self, leaving: Pass, code: FailureCode | None, after_s: float | None, now: float) -> None:
        limited = code is FailureCode.RATE_LIMITED
        self._crowding.note(limited)
        if limited:
            self._refused(leaving, after_s, now)
            return
        self.pace.passed(now)
        if code not in SUSPECT:
            self._seconds.append(now - leaving.began)
            self.concurrency.answered(now - leaving.began, now)

    def _refused(self, leaving: Pass, after_s: float | None, now: float) -> None:
        crowded = self._crowding.is_crowded(now)
        if not self.pace.refused(now, self._crowding.share, crowded=crowded):
            self._crowding.is_chance(now)
        elif crowded:
            self.concurrency.crowded(leaving.began, now)
        if after_s is not None and self._crowding.locked:
            self._locked_until = max(self._locked_until, now + after_s)

    def facts(self) -> dict[str, Any]:
        """Return how the endpoint is this moment, as JSON data."""
        seconds = list(self._seconds)
        stop = self._stops.get(None) or next(iter(self._stops.values()), None)
        return {
            "name": self.name,
            "state": self.breaker.state if stop is None else "stopped",
            "in_flight": self.in_flight,
            "limit": self.concurrency.limit if self._proved else 1,
            "paced_per_s": self.pace.rate,
            "median_s": median(seconds) if seconds else None,
            "stopped_by": None if stop is None else str(stop.code),
        }


def _allowance(per_minute: float | None) -> Allowance | None:
    return None if per_minute is None else Allowance(per_minute)
