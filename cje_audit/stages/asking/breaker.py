"""A circuit breaker: an endpoint that fails is left alone, and tried with one request at a time until it is back."""

from collections import deque
from typing import Literal

WINDOW = 40
OPEN_SHARE = 0.5
IN_A_ROW = 5
FIRST_S = 0.5
LONGEST_S = 4.0  # so that a return is seen within a few seconds, whatever the outage lasted

State = Literal["closed", "open", "probing"]


class Breaker:
    """Opens when half of the last 40 requests failed, or 5 in a row did; times are in seconds of one clock.

    An endpoint that never answered is not trusted: there the first failure opens.
    """

    def __init__(self) -> None:
        self.state: State = "closed"
        self.since: float | None = None
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._row = 0
        self._row_began = 0.0
        self._cool_s = FIRST_S
        self._until = 0.0
        self._answered = False

    def wait_s(self, now: float) -> float | None:
        """Return the seconds until a request may leave, 0 for now, None for after the probe's end."""
        if self.state == "probing":
            return None
        return 0.0 if self.state == "closed" else max(self._until - now, 0.0)

    def enter(self) -> bool:
        """Note that a request leaves; return whether it is a probe."""
        if self.state != "open":
            return False
        self.state = "probing"
        return True

    def leave(self, *, failed: bool, in_a_row: bool, began: float, now: float, probe: bool) -> None:
        """Note how a request ended; `in_a_row` says that such failures are an endpoint's, not a row's."""
        if not failed:
            self._succeeded(began, probe=probe)
            return
        if probe:
            self._cool_s = min(2 * self._cool_s, LONGEST_S)
            self._open(now)
        elif self.state == "closed":
            self._failed(in_a_row, began, now)

    def _succeeded(self, began: float, *, probe: bool) -> None:
        """Close after a probe, or after any request that left when the trouble had already begun."""
        self._answered = True
        fresh = probe or self.state == "closed" or began >= self._row_began
        if not fresh:
            return
        if self.state != "closed":
            self.state, self.since, self._cool_s = "closed", None, FIRST_S
            self._recent.clear()
        self._row = 0
        self._recent.append(False)

    def _failed(self, in_a_row: bool, began: float, now: float) -> None:
        self._recent.append(True)
        if in_a_row:
            self._row_began = min(began, self._row_began) if self._row else began
            self._row += 1
        full = len(self._recent) == WINDOW and sum(self._recent) >= OPEN_SHARE * WINDOW
        if self._row >= IN_A_ROW or full or (in_a_row and not self._answered):
            if not self._row:
                self._row_began = now
            self._open(now)

    def _open(self, now: float) -> None:
        self.state = "open"
        self.since = now if self.since is None else self.since
        self._until = now + self._cool_s
