"""Asks providers for the preflight: directly, without stored answers, within a time limit, a few tries each."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import AuditError
from cje_audit.domain.experiment import Judge
from cje_audit.domain.policy import Endpoint, Policy
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult
from cje_audit.providers.base import Answer, Overrunning, Provider, Tracing
from cje_audit.providers.registry import make_provider
from cje_audit.stages.doctor import limits
from cje_audit.stages.doctor.late import CODE

R = TypeVar("R", ResponseResult, LogProbResult, JudgementResult)
Key = tuple[str | None, ...]


def endpoint_key(asked: Endpoint | Judge) -> Key:
    """Return what makes an endpoint itself."""
    return (asked.provider, asked.base_url, asked.model, asked.revision, asked.api_key_env)


class Prober:
    """One provider per endpoint, and at most a few requests in flight at each. Used inside one event loop."""

    def __init__(self, seconds: float = limits.SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._providers: dict[Key, Provider] = {}
        self._places: dict[Key, asyncio.Semaphore] = {}
        self._answered: set[Key] = set()
        self._clock = clock
        self._began = clock()
        self._until = self._began + seconds

    async def score(self, policy: Policy, prompt: str, response: str) -> LogProbResult:
        """Teacher-force a response; every call asks anew."""

        async def ask() -> Answer[LogProbResult]:
            return await self._provider(policy).logprobs(policy, prompt, response, ended=False)

        return await self._ask(policy, ask, LogProbResult.failure)

    async def greedy(self, policy: Policy, prompt: str, begun: str = "") -> LogProbResult:
        """Have the likeliest tokens written after what has `begun`, with the log-probs they had while written."""

        async def ask() -> Answer[LogProbResult]:
            provider = self._provider(policy)
            if not isinstance(provider, Tracing):
                return Answer(LogProbResult.failure(FailureCode.BAD_REQUEST, "it does not tell them"))
            return await provider.greedy(policy, prompt, most=limits.WRITTEN, begun=begun)

        return await self._ask(policy, ask, LogProbResult.failure)

    async def judge(self, judge: Judge, prompt: str, response: str, other: str | None) -> JudgementResult:
        """Have a response judged."""

        async def ask() -> Answer[JudgementResult]:
            return await self._provider(judge).judge(judge, prompt, response, draw=0, other=other)

        return await self._ask(judge, ask, JudgementResult.failure)

    async def overrun(self, policy: Policy, prompt: str) -> int | None:
        """Return how many tokens came where none was asked for; None where nothing is known."""
        provider = self._provider(policy)
        if not isinstance(provider, Overrunning):
            return None
        try:
            async with asyncio.timeout(self._limit(endpoint_key(policy))):
                return await provider.overrun(policy, prompt)
        except TimeoutError:
            return None

    def at_least(self, seconds: float) -> None:
        """Let what is asked from now on take so many seconds."""
        self._until = max(self._until, self._clock() + seconds)

    async def aclose(self) -> None:
        """Close every provider."""
        await asyncio.gather(*(provider.aclose() for provider in self._providers.values()))

    def _provider(self, asked: Endpoint | Judge) -> Provider:
        key = endpoint_key(asked)
        if key not in self._providers:
            self._providers[key] = make_provider(asked)
        return self._providers[key]

    def _limit(self, key: Key) -> float:
        """Return the seconds for one answer; an endpoint that gave none yet may still be loading its model."""
        return min(limits.ONE_ANSWER, self._left()) if key in self._answered else self._left()

    def _left(self) -> float:
        return max(self._until - self._clock(), 0.0)

    async def _ask(
        self, asked: Endpoint | Judge, ask: Callable[[], Awaitable[Answer[R]]],
        failure: Callable[[FailureCode, str | None], R],
    ) -> R:  # fmt: skip
        """Make up to three attempts; what the server said last counts, and where it said nothing that time ran out."""
        key, said = endpoint_key(asked), None
        place = self._places.setdefault(key, asyncio.Semaphore(limits.AT_ONCE))
        for attempt in range(1, limits.ATTEMPTS + 1):
            async with place:
                answer = await self._once(key, ask, failure)
            if answer.result.code is CODE and said is not None:
                return said
            if not answer.retry.again or attempt == limits.ATTEMPTS:
                break
            floor, backoff = answer.retry.after_s, 0.25 * 2**attempt
            pause = backoff if floor is None else max(floor, backoff)
            if pause >= self._left():
                return answer.result if floor is None else failure(CODE, f"the server asked to wait {floor:.3g} s")
            said = None if answer.result.code is FailureCode.RATE_LIMITED else answer.result
            await asyncio.sleep(pause)
        return answer.result

    async def _once(
        self, key: Key, ask: Callable[[], Awaitable[Answer[R]]], failure: Callable[[FailureCode, str | None], R]
    ) -> Answer[R]:
        limit = self._limit(key)
        if not limit:
            return Answer(failure(CODE, f"the preflight's {self._allowed():.3g} s were over before it could be asked"))
        try:
            async with asyncio.timeout(limit) as own:
                answer = await ask()
            self._answered.add(key)
            return answer
        except TimeoutError as error:
            if not own.expired():
                return Answer(failure(FailureCode.TIMEOUT, str(error) or None))
            return Answer(failure(CODE, self._waited(limit)))
        except AuditError as error:
            return Answer(failure(FailureCode.BAD_REQUEST, error.sentence))

    def _allowed(self) -> float:
        return self._until - self._began

    def _waited(self, limit: float) -> str:
        """Say how long the server had."""
        if limit == limits.ONE_ANSWER:
            return f"the server did not answer within {limit:.3g} s"
        return f"the server had not answered when the preflight's {self._allowed():.3g} s were over"
