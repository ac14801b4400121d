"""Commits the ends of attempts while a stage is asking: one thread takes what is waiting, one makes it power-loss safe.

A commit first reaches the operating system; then the write-ahead log is synced, which a power loss cannot undo. Only
after that does an answer count as done. What a kill would lose in between, the journal has.
"""

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from cje_audit.domain.errors import StoreError
from cje_audit.store.answer_rows import Entry, Packer
from cje_audit.store.sqlite import BUSY_MS, transaction

MOST_ROWS = 50
GATHER_S, SYNC_EVERY_S = 0.02, 0.05
LOG_PAGES = 8000  # of 4 kB: how far the write-ahead log grows before it is folded into the file
sync_file = getattr(os, "fdatasync", os.fsync)


class AnswerWriter:
    """Takes ends of attempts from one thread; tells from others which are on the disk, or why nothing can be stored."""

    def __init__(self, path: Path, safe: Callable[[Sequence[int]], None], broken: Callable[[StoreError], None]) -> None:
        self._path, self._safe, self._broken = path, safe, broken
        self._waiting: deque[Entry] = deque()
        self._unsynced: deque[int] = deque()
        self._work, self._dirty = threading.Event(), threading.Event()
        self._closing, self._written = threading.Event(), threading.Event()
        self._packer = Packer()
        self._writer = threading.Thread(target=self._guarded, args=(self._write,), daemon=True)
        self._syncer = threading.Thread(target=self._guarded, args=(self._sync,), daemon=True)
        self._writer.start()
        self._syncer.start()

    def put(self, entry: Entry) -> None:
        """Hand over one end."""
        self._waiting.append(entry)
        self._work.set()

    def close(self) -> None:
        """Store and sync everything that was handed over, then end."""
        self._closing.set()
        self._work.set()
        self._writer.join()
        self._written.set()
        self._dirty.set()
        self._syncer.join()

    def _guarded(self, part: Callable[[], None]) -> None:
        try:
            part()
        except StoreError as error:
            self._broken(error)
        except (sqlite3.Error, OSError) as error:
            self._broken(_cannot_store(self._path, error))

    def _write(self) -> None:
        db = _open(self._path)
        try:
            while self._waiting or not self._closing.is_set():
                self._work.wait()
                self._closing.wait(GATHER_S)  # lets more gather, unless the end has come
                self._work.clear()
                while self._waiting:
                    self._commit(db)
        finally:
            db.close()

    def _commit(self, db: sqlite3.Connection) -> None:
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MOST_ROWS))]
        statements = self._packer.statements(batch)
        with transaction(db):
            for statement, values in statements:
                db.execute(statement, values)
        self._unsynced.extend(entry.number for entry in batch)
        self._dirty.set()

    def _sync(self) -> None:
        while not self._written.is_set() or self._unsynced:
            self._dirty.wait()
            self._closing.wait(SYNC_EVERY_S)  # lets more gather, unless the end has come
            self._dirty.clear()
            self._sync_waiting()

    def _sync_waiting(self) -> None:
        numbers = [self._unsynced.popleft() for _ in range(len(self._unsynced))]
        if not numbers:
            return
        log = os.open(f"{self._path}-wal", os.O_RDONLY)
        try:
            sync_file(log)
        finally:
            os.close(log)
        self._safe(numbers)


def _open(path: Path) -> sqlite3.Connection:
    """Open the database so that a commit reaches the operating system at once, and the disk when it is synced."""
    db = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
    db.execute("pragma synchronous=normal")
    db.execute(f"pragma wal_autocheckpoint={LOG_PAGES}")
    return db


def _cannot_store(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"An answer cannot be stored in {path.name}: {error}.",
        what_to_do="Free some space or correct the folder's rights, then resume; finished answers are kept.",
    )
