"""Share links of a workspace: what they open, until when, and the hash of their secret; never the secret itself."""

import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from cje_audit.store.sqlite import connect, transaction
from cje_audit.store.workspace import SCHEMA

SHARES = """
create table if not exists share(
  id text primary key, run text not null references run(id), secret_hash text not null, by text not null,
  created_at real not null, expires_at real not null, revoked_at real) without rowid;
"""


@dataclass(frozen=True, slots=True)
class ShareRecord:
    """One share link. Times are seconds since 1970 (UTC)."""

    id: str
    run: str
    secret_hash: str
    by: str
    created_at: float
    expires_at: float
    revoked_at: float | None


class Shares:
    """The share links of a workspace; safe to use from several processes, and from several threads of one."""

    def __init__(self, root: Path) -> None:
        self._db = connect(root / "workspace.sqlite", SCHEMA + SHARES)
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def add(self, share: ShareRecord) -> None:
        """Store a new link."""
        values = (share.id, share.run, share.secret_hash, share.by, share.created_at, share.expires_at)
        with self._lock, transaction(self._db) as db:
            db.execute(
                "insert into share(id, run, secret_hash, by, created_at, expires_at) values (?, ?, ?, ?, ?, ?)", values
            )

    def get(self, share: str) -> ShareRecord | None:
        """Return a link by its id."""
        found = self._read("select * from share where id = ?", share)
        return found[0] if found else None

    def of_run(self, run: str) -> list[ShareRecord]:
        """Return the links of a run, newest first."""
        return self._read("select * from share where run = ? order by created_at desc, id", run)

    def revoke(self, share: str) -> None:
        """Withdraw a link for good; the first withdrawal counts."""
        with self._lock, transaction(self._db) as db:
            db.execute("update share set revoked_at = ? where id = ? and revoked_at is null", (time.time(), share))

    def _read(self, query: str, parameter: str) -> list[ShareRecord]:
        with self._lock:
            rows: list[sqlite3.Row] = self._db.execute(query, (parameter,)).fetchall()
        return [ShareRecord(**{name: row[name] for name in ShareRecord.__dataclass_fields__}) for row in rows]
