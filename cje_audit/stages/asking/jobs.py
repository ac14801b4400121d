"""What is still to be asked: fresh questions in order, and those that wait for another try."""

import heapq
import random
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count

from cje_audit.store.answers import Question


@dataclass(slots=True)
class Job:
    """One question on its way. Times are of the loop's clock, in seconds.

    Attributes
    ----------
    index
        Its place among the stage's questions.
    spent
        Failed attempts that count against `max_attempts`.
    probes
        Failed attempts that do not: they were made to see whether a broken endpoint is back.
    limited
        How often the endpoint said that it had too much to do; `limited_since` is when it first did.
    """

    index: int
    question: Question
    spent: int = 0
    probes: int = 0
    limited: int = 0
    limited_since: float | None = None


class Jobs:
    """Jobs by the time at which they may be asked; one that waits for another try goes before a fresh one.

    A probe of a broken endpoint is made with a fresh job from anywhere, since rows that break it may lie together.
    """

    def __init__(self, fresh: Iterable[Job]) -> None:
        self._fresh = deque(fresh)
        self._again: list[tuple[float, int, Job]] = []
        self._order = count()
        self._random = random.Random(1)

    def __bool__(self) -> bool:
        """Whether there is anything left to ask, now or later."""
        return bool(self._fresh or self._again)

    @property
    def waiting(self) -> int:
        """How many jobs wait for another try."""
        return len(self._again)

    def put_back(self, job: Job, at: float) -> None:
        """Let a job be asked again at a time, not before."""
        heapq.heappush(self._again, (at, next(self._order), job))

    def wait_s(self, now: float) -> float | None:
        """Return the seconds until a job may be asked, 0 when one is ready, None when there is none."""
        if self._fresh:
            return 0.0
        return max(self._again[0][0] - now, 0.0) if self._again else None

    def take(self, now: float, *, probe: bool = False) -> Job:
        """Return a job that is ready."""
        if probe and self._fresh:
            at = self._random.randrange(len(self._fresh))
            job = self._fresh[at]
            del self._fresh[at]
            return job
        if self._again and self._again[0][0] <= now:
            return heapq.heappop(self._again)[2]
        return self._fresh.popleft()

    def take_all(self) -> Iterator[Job]:
        """Hand out everything that is left, ready or not."""
        while self._again:
            yield heapq.heappop(self._again)[2]
        while self._fresh:
            yield self._fresh.popleft()
