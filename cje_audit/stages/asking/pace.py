"""How fast requests may leave for one endpoint: found from what it lets through, or given as a budget."""

from collections import deque

CROWDED = 0.05  # share of "too many requests" from which they count as a limit and not as chance
CROWDED_AFTER_CHANCE = 0.2  # the same, after going slower has shown that they came by chance
LOCKED = 0.8  # share from which the endpoint is left alone for as long as it says
RECENT, ENOUGH = 100, 20
WINDOW_S = 5.0
CUT, CUT_CROWDED = 0.97, 0.9
GROWTH_PER_S = 0.001
TOLD = 0.6  # of the first rate: refusals that stay as frequent down there do not come from the rate
FORGET_S = 60.0


class Crowding:
    """Tells a rate limit from single refusals, by their share among recent answers. Times in seconds."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._chance_until = float("-inf")

    def note(self, limited: bool) -> None:
        """Note one answer."""
        self._recent.append(limited)

    @property
    def share(self) -> float:
        """Share of refusals among the last answers."""
        return sum(self._recent) / max(len(self._recent), 1)

    def is_crowded(self, now: float) -> bool:
        """Whether refusals are so many that they are a limit."""
        least = CROWDED if now > self._chance_until else CROWDED_AFTER_CHANCE
        return len(self._recent) >= ENOUGH and self.share >= least

    def is_chance(self, now: float) -> None:
        """Note that going slower did not help."""
        self._chance_until = now + FORGET_S

    @property
    def locked(self) -> bool:
        """Whether nearly everything is refused."""
        last = list(self._recent)[-ENOUGH:]
        return len(last) == ENOUGH and sum(last) >= LOCKED * ENOUGH


class Pace:
    """A rate in requests per second, learnt from the endpoint's refusals; none until it refuses. Times in seconds."""

    def __init__(self) -> None:
        self.rate: float | None = None
        self._first: float | None = None
        self._first_share = 0.0
        self._passed: deque[float] = deque()
        self._began: float | None = None
        self._next = float("-inf")
        self._cut_at = float("-inf")
        self._grown_at = float("-inf")

    def wait_s(self, now: float) -> float:
        """Return the seconds until the next request may leave."""
        return max(self._next - now, 0.0) if self.rate is not None else 0.0

    def leave(self, now: float) -> None:
        """Note that a request leaves."""
        self._began = now if self._began is None else self._began
        self._grow(now)
        if self.rate is not None:
            self._next = max(self._next, now - 0.05) + 1 / self.rate

    def passed(self, now: float) -> None:
        """Note an answer that was no refusal."""
        self._passed.append(now)
        while self._passed[0] < now - WINDOW_S:
            self._passed.popleft()

    def refused(self, now: float, share: float, *, crowded: bool) -> bool:
        """Note "too many requests": start pacing when they are many, and go slower, at most once a second.

        Returns
        -------
        bool
            False when going slower has not made them fewer, so that they do not come from the rate.
        """
        if self.rate is None and crowded:
            self.rate = self._first = self._passing(now)
            self._first_share, self._grown_at, self._cut_at = share, now, now
        elif self.rate is not None and now - self._cut_at >= 1.0:
            self.rate, self._cut_at = max(self.rate * (CUT_CROWDED if crowded else CUT), 0.05), now
            return not self._is_in_vain(self.rate, share)
        return True

    def _is_in_vain(self, rate: float, share: float) -> bool:
        if self._first is None or rate > TOLD * self._first or share < self._first_share / 2:
            return False
        self.rate = self._first = None
        return True

    def _passing(self, now: float) -> float:
        began = now if self._began is None else self._began
        seconds = min(max(now - began, 1.0), WINDOW_S)
        recent = sum(at >= now - seconds for at in self._passed)
        return max(recent / seconds, 0.5)

    def _grow(self, now: float) -> None:
        """Go faster while nothing is refused: slowly at first, and without a limit after a quiet minute."""
        if self.rate is None:
            return
        quiet = now - self._cut_at
        if quiet > FORGET_S:
            self.rate = self._first = None
            return
        self.rate *= (1 + GROWTH_PER_S * (1 + (quiet / 15) ** 2)) ** (now - self._grown_at)
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
