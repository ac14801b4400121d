"""Asks the embedded model for many things at once, with progress on the terminal."""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from cje_audit.domain.policy import content_hash
from cje_audit.providers.smollm.pool import WorkerPool

T = TypeVar("T")
R = TypeVar("R")
AT_ONCE = 8


async def ask_all(what: str, items: Sequence[T], ask: Callable[[T], Awaitable[R]]) -> list[R]:
    """Return `ask(item)` for every item, in order, at most `AT_ONCE` in flight."""
    gate = asyncio.Semaphore(AT_ONCE)
    start, done = time.perf_counter(), 0

    async def one(item: T) -> R:
        nonlocal done
        async with gate:
            answer = await ask(item)
        done += 1
        if done % 50 == 0 or done == len(items):
            print(f"{what}: {done} of {len(items)}, {time.perf_counter() - start:.0f} s", file=sys.stderr)
        return answer

    return list(await asyncio.gather(*(one(item) for item in items)))


class RememberingPool(WorkerPool):
    """A worker pool that keeps every reply in a file, so that a run that broke off goes on where it was."""

    def __init__(self, model: Path, memory: Path) -> None:
        super().__init__(model)
        self._memory = memory
        lines = memory.read_text(encoding="utf-8").splitlines() if memory.exists() else []
        self._known: dict[str, dict[str, Any]] = dict(json.loads(line) for line in lines)

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the remembered reply, or ask and remember."""
        key = content_hash(request)
        if key not in self._known:
            self._known[key] = await super().ask(request)
            with self._memory.open("a", encoding="utf-8") as file:
                file.write(json.dumps([key, self._known[key]]) + "\n")
        return self._known[key]


def raw_reply(answer: Any) -> bytes:
    """Return the provider's raw reply behind an answer."""
    if answer.exchange.response is None:
        raise RuntimeError("the provider kept no reply")
    reply: bytes = answer.exchange.response
    return reply
