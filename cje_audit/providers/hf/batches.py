"""Puts what is asked at the same time into batches that fit the machine, and works through them in one thread."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cje_audit.domain.codes import FailureCode
from cje_audit.providers.smollm.reader import ReadFailure

T = TypeVar("T")
R = TypeVar("R")
MOST_ROWS = 64
TOKENS = 16_384  # of a batch, padding included


@dataclass(slots=True)
class _Waiting(Generic[T, R]):
    item: T
    answer: "asyncio.Future[R]"


class Batches(Generic[T, R]):
    """Gathers items until the thread is free, then hands it as many as fit, the longest first.

    `size` is an item's length in tokens. A batch that does not fit in memory is halved; an item that does not fit alone
    fails with `context_overflow`.
    """

    def __init__(
        self,
        work: Callable[[Sequence[T]], list[R]],
        size: Callable[[T], int],
        thread: ThreadPoolExecutor,
        tokens: int = TOKENS,
    ) -> None:
        self._work, self._size, self._thread, self._tokens = work, size, thread, tokens
        self._waiting: list[_Waiting[T, R]] = []
        self._task: asyncio.Task[None] | None = None
        self.sizes: list[int] = []

    async def ask(self, item: T) -> R:
        """Return the result of one item.

        Raises
        ------
        ReadFailure
            When it does not fit in memory.
        """
        waiting: _Waiting[T, R] = _Waiting(item, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._work_off())
        return await waiting.answer

    async def _work_off(self) -> None:
        await asyncio.sleep(0)  # let those who ask at the same time come first
        while self._waiting:
            batch = self._take()
            self.sizes.append(len(batch))
            try:
                items = [w.item for w in batch]
                done = await asyncio.get_running_loop().run_in_executor(self._thread, self._done, items)
            except Exception as error:
                done = [error] * len(batch)
            for waiting, result in zip(batch, done, strict=True):
                _give(waiting.answer, result)

    def _take(self) -> list[_Waiting[T, R]]:
        self._waiting = [w for w in self._waiting if not w.answer.done()]  # those that gave up
        self._waiting.sort(key=lambda w: -self._size(w.item))
        if not self._waiting:
            return []
        n = max(1, min(MOST_ROWS, self._tokens // self._size(self._waiting[0].item)))
        batch, self._waiting = self._waiting[:n], self._waiting[n:]
        return batch

    def _done(self, items: Sequence[T]) -> list[R | Exception]:
        if not items:
            return []
        try:
            return list(self._work(items))
        except Exception as error:
            if not is_memory(error):
                raise
        if len(items) == 1:
            return [ReadFailure(FailureCode.CONTEXT_OVERFLOW, "the text needs more memory than this machine has")]
        return [result for half in _halves(items) for result in self._done(half)]


def is_memory(error: Exception) -> bool:
    """Say whether an exception means that memory ran out, on any device.

    Examples
    --------
    >>> is_memory(RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")), is_memory(RuntimeError("no"))
    (True, False)
    """
    return isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "memory" in str(error).lower())


def _halves(items: Sequence[T]) -> Iterator[Sequence[T]]:
    yield items[: len(items) // 2]
    yield items[len(items) // 2 :]


def _give(answer: "asyncio.Future[Any]", result: object) -> None:
    if answer.done():  # whoever asked has gone
        return
    if isinstance(result, Exception):
        answer.set_exception(result)
    else:
        answer.set_result(result)
