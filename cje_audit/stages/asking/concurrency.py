"""How many requests may be in flight at one endpoint: additive increase, multiplicative decrease."""

from statistics import median

CUT = 0.7
SLOW_CUT = 0.9
SLOW = 3.0  # times the quickest median
SMALLEST_WINDOW = 20


class Concurrency:
    """A limit between 1 and `most`. Times in seconds of one clock."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._limit = float(most)
        self._cut_at = float("-inf")
        self._seconds: list[float] = []
        self._window_began: float | None = None
        self._fastest: float | None = None
        self._last_rate: float | None = None

    @property
    def limit(self) -> int:
        """Requests that may be in flight."""
        return max(int(self._limit), 1)

    def crowded(self, began: float, now: float) -> None:
        """Cut after "too many requests"; requests that left before the last cut say nothing new."""
        if began >= self._cut_at:
            self._limit = max(self._limit * CUT, 1.0)
            self._cut_at = now

    def answered(self, seconds: float, now: float) -> None:
        """Note how long an answer took: one more per round while all is well, fewer when waiting buys nothing."""
        if self._limit < self.most:
            self._limit = min(self._limit + 1 / self._limit, self.most)
        self._window_began = now - seconds if self._window_began is None else self._window_began
        self._seconds.append(seconds)
        if len(self._seconds) >= max(2 * self.limit, SMALLEST_WINDOW):
            self._judge_window(now, self._window_began)

    def _judge_window(self, now: float, began: float) -> None:
        middle, rate = median(self._seconds), len(self._seconds) / max(now - began, 1e-9)
        self._seconds.clear()
        self._window_began = now
        self._fastest = middle if self._fastest is None else min(self._fastest, middle)
        if self._last_rate is not None and middle > SLOW * self._fastest and rate <= self._last_rate:
            self._limit = max(self._limit * SLOW_CUT, self.most / 8, 1.0)
        self._last_rate = rate
