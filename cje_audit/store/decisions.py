"""What people decided, in the workspace's audit trail: appended, never changed, never removed."""

import json
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cje_audit.store.sqlite import connect, transaction
from cje_audit.store.workspace import SCHEMA

NEWEST_FIRST = "order by id desc"


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One entry of the audit trail. `at` is in seconds since 1970; `subject` says what of the run it is about."""

    id: int
    run: str
    at: float
    kind: str
    by: str
    subject: str | None
    reason: str | None
    document: dict[str, str] = field(default_factory=dict)

    @property
    def imported(self) -> bool:
        """Whether it was decided in another workspace, and decides nothing here."""
        return "imported" in self.document


class Decisions:
    """The audit trail of a workspace; safe to use from several processes, and from several threads of one."""

    def __init__(self, root: Path) -> None:
        self._db = connect(root / "workspace.sqlite", SCHEMA)
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def append(
        self, run: str, kind: str, *, by: str, subject: str | None, reason: str | None, document: Mapping[str, str],
        at: float | None = None,
    ) -> DecisionRecord:  # fmt: skip
        """Store one entry and return it as stored; `at` is its time where it was decided elsewhere before."""
        moment = time.time() if at is None else at
        values = (run, moment, kind, by, subject, reason, json.dumps(document, ensure_ascii=False, sort_keys=True))
        with self._lock, transaction(self._db) as db:
            done = db.execute(
                "insert into decision(run, at, kind, by, subject, reason, document) values (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
            row = db.execute("select * from decision where id = ?", (done.lastrowid,)).fetchone()
        return _record(row)

    def of_run(self, run: str) -> list[DecisionRecord]:
        """Return every entry about one run, newest first."""
        return self._read(f"select * from decision where run = ? {NEWEST_FIRST}", (run,))

    def page(self, run: str | None, *, offset: int, limit: int) -> list[DecisionRecord]:
        """Return one page of the entries of a run, or of all runs, newest first."""
        query = f"select * from decision where ? is null or run = ? {NEWEST_FIRST} limit ? offset ?"
        return self._read(query, (run, run, limit, offset))

    def count(self, run: str | None) -> int:
        """Return how many entries there are about a run, or about all runs."""
        with self._lock:
            query = "select count(*) as n from decision where ? is null or run = ?"
            row = self._db.execute(query, (run, run)).fetchone()
        return int(row["n"])

    def _read(self, query: str, parameters: tuple[object, ...]) -> list[DecisionRecord]:
        with self._lock:
            return [_record(row) for row in self._db.execute(query, parameters).fetchall()]


def _record(row: sqlite3.Row) -> DecisionRecord:
    values = {name: row[name] for name in DecisionRecord.__dataclass_fields__}
    return DecisionRecord(**{**values, "document": json.loads(row["document"])})
