"""Asks the questions of one stage: stored answers first, then the models."""

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, overload
from weakref import WeakKeyDictionary

from cje_audit.domain.backups import BackupUse
from cje_audit.domain.experiment import EndpointLimits, Execution, Judge, Price
from cje_audit.domain.policy import Endpoint, Policy, endpoint_name
from cje_audit.providers.base import Provider
from cje_audit.providers.registry import make_provider
from cje_audit.stages.asking.clock import Clock
from cje_audit.stages.asking.cost import price_of, price_table
from cje_audit.stages.asking.decision import PATIENCE, Rules
from cje_audit.stages.asking.gate import Gate
from cje_audit.stages.asking.jobs import Job, Jobs
from cje_audit.stages.asking.loop import Loop, Manner
from cje_audit.stages.asking.spending import spent_before
from cje_audit.stages.asking.ways import Way, found_at_backup, proved, use_of
from cje_audit.stages.base import StageContext
from cje_audit.store.answers import AnswerStore, AnyResult, Question

Served = TypeVar("Served", Policy, Judge)
_gates: "WeakKeyDictionary[AnswerStore, dict[tuple[str | None, ...], Gate]]" = WeakKeyDictionary()
READ_AT_ONCE = 500
KEEP_ALL_BELOW = 20_000  # calls in a run; from there on only failures keep their raw bodies


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's end: its result, whether it was read from stored answers, and its attempts in all runs.

    `key` is the answer's: a question that went on to a backup has the backup's.
    """

    key: str
    result: AnyResult
    reused: bool
    attempts: int


class Ends(Sequence[Asked]):
    """How every question of a stage ended, in order; successes are read from the store as they are looked at.

    So a stage of any size holds only keys and failures in memory, and every value that is used was verified on reading.
    """

    def __init__(
        self, answers: AnswerStore, kind: str, keys: Sequence[str], failures: Mapping[str, AnyResult], reused: Set[str]
    ) -> None:
        self._answers, self._kind, self._keys = answers, kind, keys
        self._failures, self._reused = failures, reused

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, place: int) -> Asked: ...
    @overload
    def __getitem__(self, place: slice) -> list[Asked]: ...
    def __getitem__(self, place: int | slice) -> Asked | list[Asked]:
        found = self._read(self._keys[place] if isinstance(place, slice) else [self._keys[place]])
        return found if isinstance(place, slice) else found[0]

    def __iter__(self) -> Iterator[Asked]:
        for start in range(0, len(self._keys), READ_AT_ONCE):
            yield from self._read(self._keys[start : start + READ_AT_ONCE])

    def _read(self, keys: Sequence[str]) -> list[Asked]:
        found = self._answers.find(self._kind, [k for k in keys if k not in self._failures])
        attempts = self._answers.attempts(keys)
        results = {**found, **{k: self._failures[k] for k in keys if k in self._failures}}
        return [Asked(key, results[key], key in self._reused, attempts[key]) for key in keys]


@dataclass(frozen=True, slots=True)
class _Place:
    """An endpoint in use: its provider, its gate, and its model's price."""

    provider: Provider
    gate: Gate
    price: Price | None


class Asker:
    """Asks the questions of one stage in one event loop; `clock` is injected so that tests never wait.

    Used as a context manager: it makes each endpoint's provider once and closes them all at the end.
    """

    def __init__(self, context: StageContext, execution: Execution, clock: Clock | None = None) -> None:
        self._context, self._execution, self._clock = context, execution, clock or Clock()
        self._runner = asyncio.Runner()
        self._prices = price_table(execution, context.folder.parent.parent)
        self._spend = spent_before(context.answers, context.run, context.spec, self._prices, execution.max_cost)
        self._places: dict[tuple[str | None, ...], _Place] = {}
        self.backups: list[BackupUse] = []

    def __enter__(self) -> "Asker":
        return self

    def __exit__(self, *_: object) -> None:
        try:
            for place in self._places.values():
                self._runner.run(place.provider.aclose())
        finally:
            self._runner.close()

    def provider(self, asked: Endpoint | Judge) -> Provider:
        """Return the provider of an endpoint; policies on one endpoint share it."""
        key = (asked.provider, asked.base_url, asked.model, asked.revision, asked.api_key_env)
        if key not in self._places:
            gates = _gates.setdefault(self._context.answers, {})  # what a worker learnt of an endpoint stays known
            if key not in gates:
                gates[key] = Gate(
                    endpoint_name(asked.provider, asked.base_url, asked.model),
                    self._execution.concurrency,
                    _limits(self._execution, asked),
                )
            self._places[key] = _Place(make_provider(asked), gates[key], price_of(self._prices, asked.model))
        return self._places[key].provider

    def backup_of(self, asked: Served, kind: str) -> Served | None:
        """Return the policy or judge as its backup serves it, where this run's preflight proved that it may be used."""
        other, name = asked.at_backup(), asked.name if isinstance(asked, Policy) else None
        if other is None or proved(self._context.folder, name):
            return other
        names = [endpoint_name(e.provider, e.base_url, e.model) for e in (asked, other)]
        use = BackupUse(policy=name, kind=kind, first=names[0], backup=names[1], proved=False, n_first=0, n_backup=0)
        self.backups.append(use)
        return None

    def ask_ways(self, asked: Served, kind: str, way: Callable[[Served, Provider], Way]) -> Sequence[Asked]:
        """Have a stage's questions answered by a policy or judge, and by its backup where the first one cannot.

        `way` says how either of them is asked.
        """
        first = way(asked, self.provider(asked))
        other = self.backup_of(asked, kind) if first.questions else None
        backup = None if other is None else way(other, self.provider(other))
        return self.ask_all(first.questions, first.ask, first.provider, backup)

    def ask_all(
        self, questions: Sequence[Question], ask: Callable[[int], Awaitable[Any]], provider: Provider | None = None,
        backup: Way | None = None,
    ) -> Sequence[Asked]:  # fmt: skip
        """Answer every question; `ask(i)` makes one attempt at question i, at `provider` (default: the last one made).

        What that endpoint cannot answer goes on to `backup`. A question that ended in failure in this run is not asked
        again; `Audit.retry` lets it be.

        Raises
        ------
        StopRequested
            When a person cancelled or paused, or the cost cap was reached; finished answers are stored.
        FailedFast
            When a row failed under `on_failure: fail_fast`.
        """
        if not questions:
            return []
        answers, keys = self._context.answers, [q.key for q in questions]
        stored = answers.known(keys)
        failures = answers.endings(self._context.run, [k for k in keys if k not in stored])
        missing = {
            q.key: i for i, q in reversed(list(enumerate(questions))) if q.key not in stored and q.key not in failures
        }
        place = self._place(provider)
        if backup is None:
            self._say_what_is_known(keys, stored, failures)
            self._ask(questions, sorted(missing.values()), ask, place, failures)
        else:
            first = Way(place.provider, questions, ask)
            keys = self._ask_both(keys, first, backup, missing, stored, failures)
        return Ends(answers, questions[0].kind, keys, failures, stored)

    def _ask_both(
        self, keys: Sequence[str], first: Way, backup: Way, missing: Mapping[str, int], stored: set[str],
        failures: dict[str, AnyResult],
    ) -> list[str]:  # fmt: skip
        """Ask the first endpoint, and its backup what that one cannot answer; return the keys the answers have.

        `stored` and `failures` get what comes under the backup's keys.
        """
        moved, answered, failed = found_at_backup(self._context.answers, self._context.run, missing, backup)
        stored |= answered
        failures |= failed
        self._say_what_is_known([moved.key(key) for key in keys], stored, failures)
        open_ = sorted(i for key, i in missing.items() if key not in moved.to)
        place, second = self._place(first.provider), self._place(backup.provider)
        handed = self._ask(first.questions, open_, first.ask, place, failures, hands_over=True)
        moved.to |= {first.questions[i].key: backup.questions[i].key for i in handed}
        known = self._context.answers.known([backup.questions[i].key for i in handed])
        self._say_what_is_known(list(known), known, {})
        stored |= known
        self._ask(
            backup.questions, sorted(i for i in handed if backup.questions[i].key not in known), backup.ask, second,
            failures,
        )  # fmt: skip
        keys = [moved.key(key) for key in keys]
        self.backups.append(
            use_of(first.questions[0], (place.gate.name, second.gate.name), keys, moved, failures.keys())
        )
        return keys

    def _ask(
        self, questions: Sequence[Question], places: Sequence[int], ask: Callable[[int], Awaitable[Any]],
        place: _Place, failures: dict[str, AnyResult], *, hands_over: bool = False,
    ) -> list[int]:  # fmt: skip
        """Ask the questions at these places at one endpoint; return the places of those that go on to its backup."""
        if not places:
            return []
        jobs = Jobs(Job(i, questions[i]) for i in places)
        loop = Loop(self._context, self._manner(place, len(places), hands_over=hands_over), jobs, ask, failures)
        with rarely_collecting():
            self._runner.run(loop.run())
        return loop.handed

    def _say_what_is_known(self, keys: Sequence[str], stored: Set[str], failures: Mapping[str, AnyResult]) -> None:
        reused, failed = sum(key in stored for key in keys), sum(key in failures for key in keys)
        self._context.progress.advance(done=reused + failed, reused=reused, failed=failed)

    def _place(self, provider: Provider | None) -> _Place:
        places = list(self._places.values())
        return next((p for p in places if p.provider is provider), places[-1])

    def _manner(self, place: _Place, n: int, *, hands_over: bool) -> Manner:
        execution = self._execution
        counts = self._context.answers.counts(self._context.run)
        return Manner(
            gate=place.gate,
            rules=Rules(execution.max_attempts, PATIENCE * execution.timeout_s),
            timeout_s=execution.timeout_s,
            fail_fast=fails_fast(execution, self._context.progress.stage),
            keep_all=counts.ok + counts.failed + n < KEEP_ALL_BELOW,
            spend=self._spend,
            endpoints=lambda: [gate.facts() for gate in list(_gates[self._context.answers].values())],
            price=place.price,
            hands_over=hands_over,
            clock=self._clock,
        )


@contextmanager
def rarely_collecting() -> Iterator[None]:
    """Let Python look for garbage in cycles rarely: answers make none, and every look at them all stops the loop."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def fails_fast(execution: Execution, stage: str) -> bool:
    """Whether the first row that fails for good in a stage stops the run."""
    return any(word == "fail_fast" for asking, word in execution.on_failure_of().items() if asking == stage)


def _limits(execution: Execution, asked: Endpoint | Judge) -> EndpointLimits | None:
    """Return the budget of an endpoint: by its address, else by its model, else by its provider."""
    names = (asked.base_url, asked.model, asked.provider)
    return next((execution.limits[n] for n in names if n is not None and n in execution.limits), None)
