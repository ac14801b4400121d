"""Asks the embedded model for many things at once, with progress on the terminal."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

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


def raw_reply(answer: Any) -> bytes:
    """Return the provider's raw reply behind an answer."""
    if answer.exchange.response is None:
        raise RuntimeError("the provider kept no reply")
    reply: bytes = answer.exchange.response
    return reply
