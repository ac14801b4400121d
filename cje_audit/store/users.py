"""People with an account: their role and password hash, their sessions, failed logins, and what each of them did."""

import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from cje_audit.store.sqlite import connect, transaction

USERS = """
create table if not exists user(
  name text primary key, role text not null check (role in ('viewer', 'runner', 'approver', 'admin')),
  password text, created_at real not null) without rowid;
create table if not exists session(
  token_hash text primary key, user text not null, expires_at real not null) without rowid;
create table if not exists failed_login(id integer primary key, name text not null, at real not null);
create table if not exists act(
  id integer primary key, at real not null, by text not null, act text not null, subject text,
  allowed integer not null);
create trigger if not exists act_is_append_only before update on act
  begin select raise(abort, 'the audit trail is append-only'); end;
create trigger if not exists act_is_never_deleted before delete on act
  begin select raise(abort, 'the audit trail is append-only'); end;
"""


@dataclass(frozen=True, slots=True)
class UserRecord:
    """One account; without a password it is for single sign-on alone."""

    name: str
    role: str
    password: str | None
    created_at: float


@dataclass(frozen=True, slots=True)
class ActRecord:
    """Something a person did or was not allowed to do. `at` is in seconds since 1970."""

    id: int
    at: float
    by: str
    act: str
    subject: str | None
    allowed: bool


class Users:
    """The accounts of a workspace; safe to use from several processes, and from several threads of one."""

    def __init__(self, root: Path) -> None:
        self._db = connect(root / "workspace.sqlite", USERS)
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def _read(self, query: str, *parameters: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, parameters).fetchall()

    def _write(self, statement: str, *parameters: object) -> int:
        with self._lock, transaction(self._db) as db:
            return db.execute(statement, parameters).rowcount

    def any(self) -> bool:
        """Say whether there is an account at all; without one the workspace is in single-user mode."""
        return bool(self._read("select 1 from user limit 1"))

    def all(self) -> list[UserRecord]:
        """Return every account by name."""
        fields = UserRecord.__dataclass_fields__
        return [UserRecord(**{f: row[f] for f in fields}) for row in self._read("select * from user order by name")]

    def get(self, name: str) -> UserRecord | None:
        """Return an account, or None."""
        return next((u for u in self.all() if u.name == name), None)

    def put(self, name: str, role: str, password: str | None) -> None:
        """Add an account."""
        values = (name, role, password, time.time())
        self._write("insert into user(name, role, password, created_at) values (?, ?, ?, ?)", *values)

    def set_role(self, name: str, role: str) -> None:
        """Give an account another role."""
        self._write("update user set role = ? where name = ?", role, name)

    def remove(self, name: str) -> None:
        """Remove an account and end its sessions."""
        with self._lock, transaction(self._db) as db:
            db.execute("delete from session where user = ?", (name,))
            db.execute("delete from user where name = ?", (name,))

    def failed(self, name: str) -> None:
        """Note a failed login."""
        self._write("insert into failed_login(name, at) values (?, ?)", name, time.time())

    def failures(self, name: str, since: float) -> int:
        """Count the failed logins of a name since a moment."""
        row = self._read("select count(*) as n from failed_login where name = ? and at > ?", name, since)[0]
        return int(row["n"])

    def begin_session(self, token_hash: str, user: str, expires_at: float) -> None:
        """Store a session by the hash of its token; those that are over are forgotten."""
        with self._lock, transaction(self._db) as db:
            db.execute("delete from session where expires_at <= ?", (time.time(),))
            db.execute(
                "insert into session(token_hash, user, expires_at) values (?, ?, ?)", (token_hash, user, expires_at)
            )

    def session(self, token_hash: str) -> str | None:
        """Return whose session this is, None when there is none or it is over."""
        rows = self._read("select user from session where token_hash = ? and expires_at > ?", token_hash, time.time())
        return str(rows[0]["user"]) if rows else None

    def end_session(self, token_hash: str) -> None:
        """End a session."""
        self._write("delete from session where token_hash = ?", token_hash)

    def did(self, by: str, act: str, subject: str | None, *, allowed: bool) -> None:
        """Append that somebody did something, or was not allowed to."""
        values = (time.time(), by, act, subject, int(allowed))
        self._write("insert into act(at, by, act, subject, allowed) values (?, ?, ?, ?, ?)", *values)

    def acts(self, *, offset: int, limit: int) -> list[ActRecord]:
        """Return one page of what people did, newest first."""
        rows = self._read("select * from act order by id desc limit ? offset ?", limit, offset)
        return [ActRecord(r["id"], r["at"], r["by"], r["act"], r["subject"], bool(r["allowed"])) for r in rows]

    def count_acts(self) -> int:
        """Return how many acts there are."""
        return int(self._read("select count(*) as n from act")[0]["n"])
