"""The asking loop: reuse what is finished, ask the rest with bounded concurrency, commit every answer as it arrives."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tenacity import wait_exponential_jitter

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.experiment import Execution, Judge
from cje_audit.domain.policy import Endpoint
from cje_audit.providers.base import Answer, Provider, Retry
from cje_audit.providers.registry import make_provider
from cje_audit.stages.base import StageContext, StopRequested
from cje_audit.store.answers import KINDS, AnyResult, Outcome, Question

Sleep = Callable[[float], Awaitable[None]]
STOP_POLL_S = 0.2


class FailedFast(Exception):
    """A row failed and the experiment says fail_fast; everything finished is stored."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's end: its result, whether it was read from stored answers, and its attempts in all runs."""

    key: str
    result: AnyResult
    reused: bool
    attempts: int


class Asker:
    """Asks the questions of one stage in one event loop; `sleep` is injected so that tests never wait.

    Used as a context manager: it makes each endpoint's provider once and closes them all at the end.
    """

    def __init__(self, context: StageContext, execution: Execution, sleep: Sleep = asyncio.sleep) -> None:
        self._context, self._execution, self._sleep = context, execution, sleep
        self._wait = wait_exponential_jitter(initial=0.5, max=30)
        self._runner = asyncio.Runner()
        self._providers: dict[tuple[str | None, ...], Provider] = {}

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for provider in self._providers.values():
                self._runner.run(provider.aclose())
        finally:
            self._runner.close()

    def provider(self, asked: Endpoint | Judge) -> Provider:
        """Return the provider of an endpoint; policies on one endpoint share it."""
        key = (asked.provider, asked.base_url, asked.model, asked.revision, asked.api_key_env)
        if key not in self._providers:
            self._providers[key] = make_provider(asked)
        return self._providers[key]

    def ask_all(self, questions: Sequence[Question], ask: Callable[[int], Awaitable[Any]]) -> list[Asked]:
        """Answer every question; `ask(i)` makes one attempt at question i.

        Raises
        ------
        StopRequested
            When a person cancelled or paused; finished answers are stored.
        FailedFast
            When a row failed under `on_failure: fail_fast`.
        """
        context = self._context
        stored = context.answers.find(questions[0].kind, [q.key for q in questions]) if questions else {}
        context.progress.advance(done=len([q for q in questions if q.key in stored]), reused=len(stored))
        results: dict[str, AnyResult] = dict(stored)
        missing = {q.key: i for i, q in enumerate(questions) if q.key not in stored}
        if missing:
            self._runner.run(self._ask_missing(questions, list(missing.values()), ask, results))
        attempts = context.answers.attempts([q.key for q in questions])
        return [Asked(q.key, results[q.key], q.key in stored, attempts[q.key]) for q in questions]

    async def _ask_missing(
        self,
        questions: Sequence[Question],
        todo: list[int],
        ask: Callable[[int], Awaitable[Any]],
        results: dict[str, AnyResult],
    ) -> None:
        queue = iter(todo)
        workers = [
            asyncio.create_task(self._worker(questions, queue, ask, results))
            for _ in range(min(self._execution.concurrency, len(todo)))
        ]
        watch = asyncio.create_task(self._watch(workers))
        try:
            await asyncio.gather(*workers)
        except asyncio.CancelledError as error:
            raise StopRequested(self._context.stop.reason or "cancel") from error
        finally:
            watch.cancel()
            for worker in workers:
                worker.cancel()
            await asyncio.gather(watch, *workers, return_exceptions=True)

    async def _watch(self, workers: list["asyncio.Task[None]"]) -> None:
        """Cancel the workers soon after a person asks to stop."""
        while not self._context.stop.is_set:
            await asyncio.sleep(STOP_POLL_S)
        for worker in workers:
            worker.cancel()

    async def _worker(
        self,
        questions: Sequence[Question],
        queue: Any,
        ask: Callable[[int], Awaitable[Any]],
        results: dict[str, AnyResult],
    ) -> None:
        for index in queue:
            question = questions[index]
            result = await self._ask_one(question, partial(ask, index))
            results[question.key] = result
            self._context.progress.advance(failed=int(not result.is_ok))
            if not result.is_ok and self._execution.on_failure == "fail_fast":
                raise FailedFast(f"Row {question.row_id} failed ({result.code}) and the experiment says fail_fast.")

    async def _ask_one(self, question: Question, ask: Callable[[], Awaitable[Answer[Any]]]) -> AnyResult:
        """Ask until it succeeds, cannot succeed, or has been tried `max_attempts` times."""
        for attempt in range(1, self._execution.max_attempts + 1):
            answer = await self._attempt(question, ask)
            last: AnyResult = answer.result
            if last.is_ok or not answer.retry.again or attempt == self._execution.max_attempts:
                return last
            await self._sleep(self._pause(attempt, answer.retry.after_s))
        raise AssertionError("max_attempts is at least 1")

    def _pause(self, attempt: int, floor_s: float | None) -> float:
        """Return how long to wait in seconds: exponential with jitter, never below the server's own floor."""
        state: Any = type("State", (), {"attempt_number": attempt})()
        wait = float(self._wait(state))
        return wait if floor_s is None else max(wait, floor_s)

    async def _attempt(self, question: Question, ask: Callable[[], Awaitable[Answer[Any]]]) -> Answer[Any]:
        """Make one attempt: written before it leaves, committed when it ends, whatever the end."""
        answers = self._context.answers
        number = (await asyncio.to_thread(answers.begin, self._context.run, [question]))[0]
        try:
            answer = await asyncio.wait_for(ask(), timeout=self._execution.timeout_s)
        except TimeoutError:
            answer = _timed_out(question, self._execution.timeout_s)
        outcome = Outcome(number, question, answer.result, answer.exchange.request, answer.exchange.response)
        await asyncio.shield(asyncio.to_thread(answers.finish, [outcome]))
        return answer


def _timed_out(question: Question, seconds: float) -> Answer[Any]:
    failure = KINDS[question.kind].failure(FailureCode.TIMEOUT, f"no answer within {seconds:g} s")
    return Answer(failure, retry=Retry(again=True))
