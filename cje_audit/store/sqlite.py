"""Opening SQLite the one way: write-ahead log, full sync, a busy timeout, and a plain sentence when it can't be."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cje_audit.domain.errors import StoreError, StoreLocked

BUSY_MS = 15_000
MOUNTS = Path("/proc/mounts")
NETWORK = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "9p", "ceph", "glusterfs", "lustre"}


def refuse_network_folder(folder: Path, mounts: Path = MOUNTS) -> None:
    """Refuse a folder on a network file system, whose locks SQLite cannot trust; where it cannot be told, go on.

    Raises
    ------
    StoreError
        Naming the file system.
    """
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    fields = [line.split() for line in lines]
    points = {f[1].replace("\\040", " "): f[2] for f in fields if len(f) > 2}
    place = folder.resolve()
    kind = next((points[str(p)] for p in (place, *place.parents) if str(p) in points), None)
    if kind in NETWORK:
        raise StoreError(
            f"The workspace {folder} lies on a network file system ({kind}), where a database can be damaged.",
            expected="a local disk",
            got=kind,
            what_to_do="Choose a folder on a local disk with --workspace.",
        )


def connect(path: Path, schema: str) -> sqlite3.Connection:
    """Open a database file, creating its tables when new; power-loss safe (synchronous=FULL).

    Raises
    ------
    StoreError
        When the file cannot be opened or written, or lies on a network file system.
    """
    refuse_network_folder(path.parent)
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
