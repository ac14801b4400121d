"""Opening SQLite the one way: write-ahead log, full sync, a busy timeout, and a plain sentence when it can't be."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cje_audit.domain.errors import StoreError, StoreLocked

BUSY_MS = 15_000


def connect(path: Path, schema: str) -> sqlite3.Connection:
    """Open a database file, creating its tables when new; power-loss safe (synchronous=FULL).

    Raises
    ------
    StoreError
        When the file cannot be opened or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        db = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        db.execute("pragma journal_mode=wal")
        db.execute("pragma synchronous=full")
        db.execute("pragma foreign_keys=on")
        db.executescript(schema)
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"The workspace file {path} cannot be opened: {error}.",
            what_to_do="Check the folder's rights and free space.",
        ) from error
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Run a block in one immediate transaction; all of it is stored, or none.

    Raises
    ------
    StoreLocked
        When another process keeps the database locked beyond the busy timeout.
    """
    try:
        db.execute("begin immediate")
    except sqlite3.OperationalError as error:
        raise StoreLocked(
            f"The workspace database is busy: {error}.", what_to_do="Wait a moment and try again."
        ) from error
    try:
        yield db
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")
