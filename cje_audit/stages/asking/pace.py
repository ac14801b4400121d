"""How fast requests may leave for one endpoint: found from what it lets through, or given as a budget."""

from collections import deque

CROWDED = 0.05  # share of "too many requests" from which they count as a limit and not as chance
LOCKED = 0.8  # share from which the endpoint is left alone for as long as it says
RECENT, ENOUGH = 100, 20
WINDOW_S = 5.0
CUT = 0.97
GROWTH_PER_S = 0.002
FLOOR = 0.5  # of the highest rate that was seen to pass


class Crowding:
    """Tells a rate limit from a single refusal, by the share of refusals among recent answers."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=RECENT)

    def note(self, limited: bool) -> None:
        """Note one answer."""
        self._recent.append(limited)

    @property
    def crowded(self) -> bool:
        """Whether refusals are so many that they are a limit."""
        return len(self._recent) >= ENOUGH and sum(self._recent) >= CROWDED * len(self._recent)

    @property
    def locked(self) -> bool:
        """Whether nearly everything is refused."""
        last = list(self._recent)[-ENOUGH:]
        return len(last) == ENOUGH and sum(last) >= LOCKED * ENOUGH


class Pace:
    """A rate in requests per second, learnt from the endpoint's refusals; none until it refuses. Times in seconds."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._passed: deque[float] = deque()
        self._began: float | None = None
        self._best: float | None = None
        self._next = float("-inf")
        self._cut_at = float("-inf")
        self._grown_at = 0.0

    def wait_s(self, now: float) -> float:
        """Return the seconds until the next request may leave."""
        return max(self._next - now, 0.0) if self.rate is not None else 0.0

    def leave(self, now: float) -> None:
        """Note that a request leaves."""
        self._began = now if self._began is None else self._began
        if self.rate is not None:
            self._grow(now)
            self._next = max(self._next, now - 0.05) + 1 / self.rate

    def passed(self, now: float) -> None:
        """Note an answer that was no refusal."""
        self._passed.append(now)
        while self._passed[0] < now - WINDOW_S:
            self._passed.popleft()
        if self._began is not None and now - self._began >= WINDOW_S:
            rate = len(self._passed) / WINDOW_S
            self._best = rate if self._best is None else max(self._best, rate)

    def refused(self, now: float, *, crowded: bool) -> None:
        """Note "too many requests": start pacing when they are many, and go slower, at most once a second."""
        if self.rate is None:
            if not crowded:
                return
            self.rate, self._grown_at, self._cut_at = self._passing(now), now, now
        elif now - self._cut_at >= 1.0:
            lowest = FLOOR * self._best if self._best is not None else 0.1
            self.rate = max(min(self.rate * CUT, max(self._passing(now), self.rate / 2)), lowest)
            self._cut_at = now

    def _passing(self, now: float) -> float:
        began = now if self._began is None else self._began
        seconds = min(max(now - began, 1.0), WINDOW_S)
        recent = sum(at >= now - seconds for at in self._passed)
        return max(recent / seconds, 0.5)

    def _grow(self, now: float) -> None:
        """Go faster while nothing is refused: slowly at first, and without a limit after a quiet minute."""
        rate = self.rate
        if rate is None:
            return
        quiet = now - self._cut_at
        if quiet > 60:
            self.rate = None
            return
        self.rate = rate * (1 + GROWTH_PER_S * (1 + (quiet / 15) ** 2)) ** (now - self._grown_at)
        self._grown_at = now


class Allowance:
    """A budget of requests or tokens per minute, spent evenly with one second's worth in reserve. Times in seconds."""

    def __init__(self, per_minute: float) -> None:
        self._per_s = per_minute / 60
        self._most = max(self._per_s, 1.0)
        self._left = self._most
        self._at: float | None = None

    def wait_s(self, now: float) -> float:
        """Return the seconds until one more may be spent."""
        self._refill(now)
        return max((1.0 - self._left) / self._per_s, 0.0)

    def spend(self, now: float, amount: float = 1.0) -> None:
        """Spend an amount; one larger than the reserve is paid off before the next request leaves."""
        self._refill(now)
        self._left -= amount

    def _refill(self, now: float) -> None:
        if self._at is not None:
            self._left = min(self._left + (now - self._at) * self._per_s, self._most)
        self._at = now
