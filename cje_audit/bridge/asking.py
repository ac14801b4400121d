"""Asks for log-probabilities from plain code: many at once, each a result or a failure with its code."""

import asyncio
import concurrent.futures
import contextlib
import warnings
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt, wait_exponential

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import AuditError, ModelMissing
from cje_audit.domain.policy import Policy
from cje_audit.domain.results import LogProbResult
from cje_audit.providers.base import Answer, Provider
from cje_audit.providers.registry import make_provider
from cje_audit.providers.scoring import compute_log_prob

T = TypeVar("T")
MakeProvider = Callable[[Policy], Provider]
Job = tuple[Policy, str, str]  # who, context, response
PAUSE = wait_exponential(multiplier=0.5, max=30)


def log_prob(policy: Policy, context: str, response: str, *, provider: Provider | None = None) -> float:
    """Return the log-probability of a response in nats, or raise. Deprecated: `compute_log_prob` returns a result.

    Raises
    ------
    UnwrapError
        With the failure's code; there is no value that stands for a failure.
    """
    warnings.warn(
        "log_prob is deprecated: use compute_log_prob, whose result says why there is no value.",
        DeprecationWarning,
        stacklevel=2,
    )
    return compute_log_prob(policy, context, response, provider=provider).unwrap()


def ask_all(
    jobs: Sequence[Job], *, at_once: int, attempts: int, timeout_s: float, make: MakeProvider = make_provider
) -> list[LogProbResult]:
    """Score every job with at most `at_once` requests in flight; nothing is raised for what a server does.

    A retryable failure is asked again up to `attempts` times, never before the server's own floor.

    Raises
    ------
    ConfigError
        When a policy's provider does not exist or does not fit its endpoint.
    """

    async def run() -> list[LogProbResult]:
        async with contextlib.AsyncExitStack() as open_ones:
            providers: dict[tuple[object, ...], Provider | LogProbResult] = {}
            for policy, _, _ in jobs:
                if _endpoint(policy) not in providers:
                    providers[_endpoint(policy)] = _made(policy, make, open_ones)
            places = asyncio.Semaphore(at_once)
            return await asyncio.gather(*(_one(job, providers, places, attempts, timeout_s) for job in jobs))

    return _in_a_thread(run)


def _endpoint(policy: Policy) -> tuple[object, ...]:
    return (policy.provider, policy.base_url, policy.model, policy.revision, policy.api_key_env)


def _made(policy: Policy, make: MakeProvider, open_ones: contextlib.AsyncExitStack) -> Provider | LogProbResult:
    try:
        provider = make(policy)
    except ModelMissing as error:
        return LogProbResult.failure(FailureCode.NOT_FOUND, error.sentence)
    open_ones.push_async_callback(provider.aclose)
    return provider


async def _one(
    job: Job,
    providers: dict[tuple[object, ...], Provider | LogProbResult],
    places: asyncio.Semaphore,
    attempts: int,
    timeout_s: float,
) -> LogProbResult:
    policy, context, response = job
    provider = providers[_endpoint(policy)]
    if isinstance(provider, LogProbResult):
        return provider

    async def attempt() -> Answer[LogProbResult]:
        async with places:
            return await _timed(provider.logprobs(policy, context, response, ended=False), timeout_s)

    retrying = AsyncRetrying(
        retry=retry_if_result(lambda answer: answer.retry.again),
        stop=stop_after_attempt(attempts),
        wait=_wait_s,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome is not None else None,
    )
    answer: Answer[LogProbResult] = await retrying(attempt)
    return answer.result


async def _timed(asked: Awaitable[Answer[LogProbResult]], timeout_s: float) -> Answer[LogProbResult]:
    try:
        async with asyncio.timeout(timeout_s):
            return await asked
    except TimeoutError:
        return Answer(LogProbResult.failure(FailureCode.TIMEOUT, f"no answer within {timeout_s:g} s"))
    except AuditError as error:
        return Answer(LogProbResult.failure(FailureCode.BAD_REQUEST, error.sentence))
    except Exception as error:  # what was not foreseen is a failure without a name of its own
        return Answer(LogProbResult.failure(FailureCode.UNKNOWN, f"{type(error).__name__}: {error}"))


def _wait_s(state: RetryCallState) -> float:
    """Wait as long as the server says, else longer each time."""
    answer = state.outcome.result() if state.outcome is not None else None
    floor: float | None = None if answer is None else answer.retry.after_s
    return float(PAUSE(state)) if floor is None else floor


def _in_a_thread(run: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run in a loop of its own: there may be one in this thread already."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()
