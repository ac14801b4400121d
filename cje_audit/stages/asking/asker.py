"""Asks the questions of one stage: stored answers first, then the models."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from cje_audit.domain.experiment import EndpointLimits, Execution, Experiment, Judge, Price
from cje_audit.domain.policy import Endpoint
from cje_audit.providers.base import Provider
from cje_audit.providers.registry import make_provider
from cje_audit.stages.asking.clock import Clock
from cje_audit.stages.asking.cost import Spend, Tokens, price_of, price_table
from cje_audit.stages.asking.decision import PATIENCE, Rules
from cje_audit.stages.asking.gate import Gate
from cje_audit.stages.asking.jobs import Job, Jobs
from cje_audit.stages.asking.loop import Loop, Manner
from cje_audit.stages.base import StageContext
from cje_audit.store.answers import AnswerStore, AnyResult, Question

_gates: "WeakKeyDictionary[AnswerStore, dict[tuple[str | None, ...], Gate]]" = WeakKeyDictionary()
KEEP_ALL_BELOW = 20_000  # calls in a run; from there on only failures keep their raw bodies


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's end: its result, whether it was read from stored answers, and its attempts in all runs."""

    key: str
    result: AnyResult
    reused: bool
    attempts: int


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
        self._spend = self._spent_before()
        self._places: dict[tuple[str | None, ...], _Place] = {}

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
                gates[key] = Gate(_name(asked), self._execution.concurrency, _limits(self._execution, asked))
            self._places[key] = _Place(make_provider(asked), gates[key], price_of(self._prices, asked.model))
        return self._places[key].provider

    def ask_all(
        self, questions: Sequence[Question], ask: Callable[[int], Awaitable[Any]], provider: Provider | None = None
    ) -> list[Asked]:
        """Answer every question; `ask(i)` makes one attempt at question i, at `provider` (default: the last one made).

        A question that ended in failure in this run is not asked again; `Audit.retry` lets it be.

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
        stored = answers.find(questions[0].kind, keys)
        results = {**answers.endings(self._context.run, [k for k in keys if k not in stored]), **stored}
        self._say_what_is_known(keys, results, stored)
        missing = {q.key: i for i, q in reversed(list(enumerate(questions))) if q.key not in results}
        if missing:
            jobs = Jobs(Job(i, questions[i]) for i in sorted(missing.values()))
            loop = Loop(self._context, self._manner(self._place(provider), len(missing)), jobs, ask, results)
            self._runner.run(loop.run())
        attempts = answers.attempts(keys)
        return [Asked(key, results[key], key in stored, attempts[key]) for key in keys]

    def _say_what_is_known(
        self, keys: Sequence[str], results: dict[str, AnyResult], stored: dict[str, AnyResult]
    ) -> None:
        done = sum(key in results for key in keys)
        reused = sum(key in stored for key in keys)
        self._context.progress.advance(done=done, reused=reused, failed=done - reused)

    def _place(self, provider: Provider | None) -> _Place:
        places = list(self._places.values())
        return next((p for p in places if p.provider is provider), places[-1])

    def _manner(self, place: _Place, n: int) -> Manner:
        execution = self._execution
        counts = self._context.answers.counts(self._context.run)
        return Manner(
            gate=place.gate,
            rules=Rules(execution.max_attempts, PATIENCE * execution.timeout_s),
            timeout_s=execution.timeout_s,
            fail_fast=execution.on_failure == "fail_fast",
            keep_all=counts.ok + counts.failed + n < KEEP_ALL_BELOW,
            spend=self._spend,
            endpoints=lambda: [gate.facts() for gate in list(_gates[self._context.answers].values())],
            price=place.price,
            clock=self._clock,
        )

    def _spent_before(self) -> Spend:
        """Return what this run's attempts cost so far."""
        spend = Spend(self._execution.max_cost)
        models = _models(self._context.spec) if isinstance(self._context.spec, Experiment) else {}
        for (_, policy, _), (put_in, got_out) in self._context.answers.tokens(self._context.run).items():
            spend.add(Tokens(put_in, got_out), price_of(self._prices, models.get(policy)))
        return spend


def _models(spec: Experiment) -> dict[str | None, str | None]:
    policies = (spec.logging_policy, *spec.target_policies)
    return {None: spec.judge.model, **{p.name: p.model for p in policies}}


def _name(asked: Endpoint | Judge) -> str:
    host = urlsplit(asked.base_url or "").netloc.rpartition("@")[2]
    return " ".join(part for part in (asked.provider, host, asked.model) if part)


def _limits(execution: Execution, asked: Endpoint | Judge) -> EndpointLimits | None:
    """Return the budget of an endpoint: by its address, else by its model, else by its provider."""
    names = (asked.base_url, asked.model, asked.provider)
    return next((execution.limits[n] for n in names if n is not None and n in execution.limits), None)
