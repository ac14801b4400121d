"""What the failure monitor shows: kept by the asking loop, written a few times a second by a thread beside it."""

import threading
import time
from collections.abc import Callable
from typing import Any

from cje_audit.stages.base import StageProgress

EVERY_S = 0.25
Document = dict[str, Any]


class Reporter:
    """Writes progress and facts of one stage from its own thread, so that the loop never waits for a disk."""

    def __init__(self, progress: StageProgress, document: Callable[[], Document]) -> None:
        self._progress, self._document = progress, document
        self._lock, self._over = threading.Lock(), threading.Event()
        self._done, self._failed = 0, 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def ended(self, *, done: int, failed: int) -> None:
        """Count questions whose end is on the disk."""
        with self._lock:
            self._done += done
            self._failed += failed

    def close(self) -> None:
        """Write what is left and end."""
        self._over.set()
        self._thread.join()
        self._write()
        self._progress.start()  # writes the counts as they are now

    def _run(self) -> None:
        while not self._over.wait(EVERY_S):
            self._write()

    def _write(self) -> None:
        with self._lock:
            done, failed, self._done, self._failed = self._done, self._failed, 0, 0
        self._progress.advance(done=done, failed=failed)
        self._progress.asking(self._document() | {"at": time.time()})
