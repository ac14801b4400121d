"""The asking loop: starts what may start, stores what comes back, and asks again where that can help."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import AuditError, StoreError
from cje_audit.domain.experiment import Price
from cje_audit.providers.base import Answer, Exchange, Retry
from cje_audit.stages.asking.clock import Clock
from cje_audit.stages.asking.cost import Spend, rough_tokens, tokens_of
from cje_audit.stages.asking.decision import Rules, ask_again_at
from cje_audit.stages.asking.facts import Document, Reporter
from cje_audit.stages.asking.gate import Gate, Pass
from cje_audit.stages.asking.jobs import Job, Jobs
from cje_audit.stages.asking.ways import HAND_OVER_S, HANDED_ON
from cje_audit.stages.base import StageContext, StopRequested
from cje_audit.store.answer_rows import KINDS, AnyResult, Outcome, entry_of
from cje_audit.store.writer import AnswerWriter

STOP_POLL_S = 0.05
AT_ONCE_S = 0.002
DRAIN_S = 1.0  # what is in flight may still end for so long after a person asked to stop

Ask = Callable[[int], Awaitable[Answer[Any]]]


class FailedFast(Exception):
    """A row failed and the experiment says fail_fast; everything finished is stored."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How one stage asks one endpoint.

    `keep_all` keeps the raw bodies of successes too; `endpoints` gives the
    facts of every endpoint in use. `price` is None where the model has none in the table. `hands_over`: there is a
    backup for what this endpoint cannot answer.
    """

    gate: Gate
    rules: Rules
    timeout_s: float
    fail_fast: bool
    keep_all: bool
    spend: Spend
    endpoints: Callable[[], list[Document]]
    price: Price | None = None
    hands_over: bool = False
    clock: Clock = field(default_factory=Clock)


class Loop:
    """Asks jobs at one endpoint until all have ended; `failures` gets those that failed by the question's key.

    `handed` are the places of those that the endpoint cannot answer and its backup shall.
    """

    def __init__(
        self, context: StageContext, manner: Manner, jobs: Jobs, ask: Ask, failures: dict[str, AnyResult]
    ) -> None:
        self._context, self._manner, self._jobs, self._ask, self._failures = context, manner, jobs, ask, failures
        self._gate, self._now = manner.gate, manner.clock.now
        self.handed: list[int] = []
        self._began = manner.clock.now()
        self._tasks: set[asyncio.Task[None]] = set()
        self._open: set[int] = set()  # attempts that are not safe yet
        self._unsafe: dict[int, bool] = {}  # those that end a question; whether in failure
        self._floors: list[float] = []
        self._error: Exception | None = None
        self._broken_store = False
        self._wake = asyncio.Event()
        self._alarm: tuple[float, asyncio.Task[None]] | None = None

    async def run(self) -> None:
        """Ask everything.

        Raises
        ------
        StopRequested
            When a person asked to stop, or the cost cap was reached (reason `budget`).
        FailedFast
            When a row failed under `on_failure: fail_fast`.
        StoreError
            When answers cannot be stored.
        """
        loop = asyncio.get_running_loop()

        def told(what: Callable[[Any], None]) -> Callable[[Any], None]:
            def tell(value: Any) -> None:
                loop.call_soon_threadsafe(what, value)

            return tell

        self._reporter = Reporter(self._context.progress, self._document)
        self._writer = AnswerWriter(
            self._context.answers.path,
            safe=told(self._safe),
            broken=told(self._store_broke),
        )
        watch = asyncio.create_task(self._watch())
        try:
            await self._ask_everything()
        finally:
            watch.cancel()
            await self._wind_down()
        if self._error is not None:
            raise self._error

    # -- starting -------------------------------------------------------------------------------------------------

    async def _ask_everything(self) -> None:
        while self._error is None and (self._jobs or self._gate.in_flight):
            while (started := self._next()) is not None:
                task = asyncio.create_task(self._work(*started))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await self._wake.wait()
            self._wake.clear()

    async def _work(self, job: Job, leaving: Pass) -> None:
        """Make attempts, one after the other, for as long as the next may start at once."""
        started: tuple[Job, Pass] | None = (job, leaving)
        while started is not None:
            await self._attempt(*started)
            if self._now() - started[1].began < AT_ONCE_S:
                await asyncio.sleep(0)  # a provider that never waits must not keep everything else waiting
            started = self._next()
        self._wake.set()

    def _next(self) -> tuple[Job, Pass] | None:
        """Take a job that may start now; None when there is none, and then the alarm is set where it helps."""
        if not self._jobs or self._error is not None:
            return None
        now = self._now()
        if self._manner.hands_over and self._is_given_up(now):
            self._hand_over(self._jobs.take_all())
            return None
        wait = self._jobs.wait_s(now)
        if wait == 0.0:
            wait = self._gate.wait_s(now)
        if wait == 0.0:
            return self._taken(now)
        if wait is not None:
            self._ring_at(now + wait)
        return None

    def _taken(self, now: float) -> tuple[Job, Pass] | None:
        """Take the next job, unless its endpoint is stopped or the cap is reached."""
        job = self._jobs.take(now, probe=self._gate.is_broken)
        stop = self._gate.stopped(job.question.kind, now)
        if stop is not None and self._manner.hands_over:
            self._hand_over([job, *self._jobs.take_all()])
            return None
        if stop is not None:
            failure = KINDS[job.question.kind].failure(stop.code, stop.detail)
            self._end_unasked([job, *self._jobs.take_all()], failure)
            return None
        if self._manner.spend.is_used_up:
            self._fail(StopRequested("budget"))
            return None
        texts = (text for text in job.question.text if isinstance(text, str))
        return job, self._gate.enter(now, sum(map(rough_tokens, texts)))

    def _is_given_up(self, now: float) -> bool:
        """Whether the endpoint has been failing for so long that its backup is asked; else look again at that time."""
        if self._gate.breaker.since is None:
            return False
        at = max(self._gate.breaker.since, self._began) + HAND_OVER_S  # every stage tries the first endpoint anew
        if now < at:
            self._ring_at(at)
            return False
        return True

    def _hand_over(self, jobs: Iterable[Job]) -> None:
        self.handed.extend(job.index for job in jobs)
        self._wake.set()

    def _end_unasked(self, jobs: Sequence[Job], failure: AnyResult) -> None:
        self._context.answers.end(self._context.run, [(job.question, failure) for job in jobs])
        self._reporter.ended(done=len(jobs), failed=len(jobs))
        for job in jobs:
            self._finish(job, failure)
        self._wake.set()

    def _ring_at(self, at: float) -> None:
        """Wake the loop at a time, unless it will be woken before."""
        if self._alarm is not None:
            rings, task = self._alarm
            if not task.done() and rings <= at:
                return
            task.cancel()
        self._alarm = (at, asyncio.create_task(self._ring(at - self._now())))

    async def _ring(self, seconds: float) -> None:
        await self._manner.clock.sleep(seconds)
        self._wake.set()

    async def _watch(self) -> None:
        """Stop soon after a person asked to."""
        stop = self._context.stop
        while not stop.is_set:
            await asyncio.sleep(STOP_POLL_S)
        self._fail(StopRequested(stop.reason or "cancel"))

    # -- one attempt ----------------------------------------------------------------------------------------------

    async def _attempt(self, job: Job, leaving: Pass) -> None:
        """Make one attempt: marked before it leaves, handed to the writer when it ends, whatever the end."""
        started = time.time()
        try:
            number = self._context.answers.begin(self._context.run, [job.question])[0]
            self._open.add(number)
            try:
                answer = await self._answer(job)
            except asyncio.CancelledError:
                self._store(number, job, _unfinished(job), started, None)
                raise
            now = self._now()
            self._gate.leave(leaving, job.question.kind, answer, now, first=not job.spent and not job.probes)
            at = ask_again_at(job, answer, now, self._manner.rules, probe=leaving.probe)
            self._note_floor(answer.retry.after_s)
            goes_on = at is None and self._manner.hands_over and answer.result.code in HANDED_ON
            self._store(number, job, answer, started, at, goes_on=goes_on)
        except Exception as error:  # nothing may be lost silently: it ends the run
            self._fail(error)

    async def _answer(self, job: Job) -> Answer[Any]:
        limit = self._manner.timeout_s
        try:
            async with asyncio.timeout(limit):
                return await self._ask(job.index)
        except TimeoutError:
            return _failure(job, FailureCode.TIMEOUT, f"no answer within {limit:g} s", again=True)
        except AuditError:
            raise
        except Exception as error:  # a provider names what it can; its words may hold a secret, its type cannot
            return _failure(job, FailureCode.UNKNOWN, f"the provider stopped with {type(error).__name__}", again=False)

    def _store(
        self, number: int, job: Job, answer: Answer[Any], started: float, at: float | None, *, goes_on: bool = False
    ) -> None:
        manner, exchange, result = self._manner, answer.exchange, answer.result
        tokens = tokens_of(exchange)
        manner.spend.add(tokens, manner.price)
        keep = manner.keep_all or not result.is_ok
        stopped = result.code is FailureCode.CANCELLED
        entry = entry_of(
            Outcome(
                number,
                job.question,
                result,
                exchange.request if keep else None,
                exchange.response if keep else None,
                self._context.run,
                started,
                time.time(),
                None if tokens is None else tokens.put_in,
                None if tokens is None else tokens.got_out,
                ends=at is None and not stopped and not goes_on,
                endpoint=self._gate.name,
            )
        )
        self._context.answers.end_attempt(self._context.run, entry)
        self._writer.put(entry)
        self._ended(number, job, result, at, goes_on=goes_on)

    def _ended(self, number: int, job: Job, result: AnyResult, at: float | None, *, goes_on: bool) -> None:
        """Free the attempt's place, since no kill can undo it; its question has ended, or is asked again elsewhere."""
        self._gate.released()
        if goes_on:
            self._hand_over([job])
        elif at is not None:
            self._jobs.put_back(job, at)
        elif result.code is not FailureCode.CANCELLED:
            self._unsafe[number] = not result.is_ok
            self._finish(job, result)
        if self._gate.has_room:
            self._wake.set()

    def _note_floor(self, after_s: float | None) -> None:
        if after_s is not None:
            self._floors.append(after_s)

    # -- what the writer tells ------------------------------------------------------------------------------------

    def _safe(self, numbers: Sequence[int]) -> None:
        """Count as done the answers that no power loss can undo."""
        self._open.difference_update(numbers)
        ends = [self._unsafe.pop(number) for number in numbers if number in self._unsafe]
        self._reporter.ended(done=len(ends), failed=sum(ends))
        if self._open:
            self._context.answers.safe_before(self._context.run, min(self._open))

    def _finish(self, job: Job, result: AnyResult) -> None:
        if result.is_ok:
            return
        question = job.question
        self._failures[question.key] = result
        if self._manner.fail_fast:
            self._fail(FailedFast(f"Row {question.row_id} failed ({result.code}) and the experiment says fail_fast."))

    def _store_broke(self, error: StoreError) -> None:
        self._broken_store = True
        self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._error = self._error or error
        self._wake.set()

    # -- the end --------------------------------------------------------------------------------------------------

    async def _wind_down(self) -> None:
        """Let what is in flight end, cut off the rest, and store all of it."""
        await self._drain()
        alarm = [] if self._alarm is None else [self._alarm[1]]
        for task in (*self._tasks, *alarm):
            task.cancel()
        await asyncio.gather(*self._tasks, *alarm, return_exceptions=True)
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._reporter.close)
        if not self._open:
            self._context.answers.settle(self._context.run)

    async def _drain(self) -> None:
        """Wait for what is in flight: shortly when a person asked to stop, else until the attempts' own limit."""
        give_up = self._now() + DRAIN_S
        while self._tasks and not self._broken_store:
            await asyncio.wait(self._tasks, timeout=STOP_POLL_S)
            if self._context.stop.is_set and self._now() >= give_up:
                return

    def _document(self) -> Document:
        """Return the facts of this moment as JSON data; called from the reporter's thread."""
        spend, floors = self._manner.spend, list(self._floors)
        return {
            "stage": self._context.progress.stage,
            "in_flight": self._gate.in_flight,
            "waiting": self._jobs.waiting,
            "retry_after_waits": len(floors),
            "longest_retry_after_s": max(floors) if floors else None,
            "spent": spend.spent if spend.known else None,
            "max_cost": spend.cap,
            "endpoints": self._manner.endpoints(),
        }


def _failure(job: Job, code: FailureCode, detail: str, *, again: bool) -> Answer[Any]:
    return Answer(KINDS[job.question.kind].failure(code, detail), Exchange(), Retry(again=again))


def _unfinished(job: Job) -> Answer[Any]:
    return _failure(job, FailureCode.CANCELLED, "the run was stopped before the answer came", again=False)
