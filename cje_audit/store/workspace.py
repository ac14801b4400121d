"""workspace.sqlite: runs, their progress and heartbeat, events, and what people decided."""

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cje_audit.domain.checks import STAGES
from cje_audit.domain.errors import NotFound
from cje_audit.store.process_start import process_start
from cje_audit.store.sqlite import connect, transaction

SCHEMA = """
create table if not exists run(
  id text primary key, name text not null, kind text not null check (kind in ('import', 'launch')),
  status text not null check (status in ('queued', 'running', 'complete', 'partial', 'failed', 'cancelled')),
  created_at real not null, finished_at real, config_hash text not null, data_hash text,
  pid integer, heartbeat real, request text check (request in ('cancel', 'pause')),
  error text, sentence text, verdicts text not null default '{}');
create table if not exists progress(
  run text not null references run(id), stage text not null, state text not null,
  n_total integer, n_done integer, n_failed integer, n_reused integer, started real, updated real, seconds real,
  primary key (run, stage));
create table if not exists event(
  id integer primary key, run text not null references run(id), at real not null, stage text, text text not null);
create index if not exists event_run on event(run, id);
create table if not exists asking(run text primary key references run(id), document text not null);
create table if not exists owner(run text primary key references run(id), by text not null) without rowid;
create table if not exists worker(
  run text primary key references run(id), pid integer not null, started text) without rowid;
create table if not exists trash(run text primary key references run(id), at real not null) without rowid;
create table if not exists decision(
  id integer primary key, run text not null references run(id), at real not null, kind text not null, by text not null,
  subject text, reason text, document text not null default '{}');
create trigger if not exists decision_is_append_only before update on decision
  begin select raise(abort, 'the audit trail is append-only'); end;
create trigger if not exists decision_is_never_deleted before delete on decision
  begin select raise(abort, 'the audit trail is append-only'); end;
"""

FINAL = ("complete", "partial", "failed", "cancelled")
_RUNS = (
    "select run.*, owner.by as owner, worker.started as pid_started from run left join owner on owner.run = run.id "
    "left join worker on worker.run = run.id and worker.pid = run.pid"
)
_NEWEST_FIRST = "order by created_at desc, id desc"
_TRASHED = {True: "id in (select run from trash)", False: "id not in (select run from trash)"}


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One stored run. Times are seconds since 1970 (UTC). `owner` launched it; None where that was never recorded.

    `pid_started` says when the process `pid` started, as `process_start` does; None where nobody could tell.
    """

    id: str
    name: str
    kind: str
    status: str
    created_at: float
    finished_at: float | None
    config_hash: str
    data_hash: str | None
    pid: int | None
    heartbeat: float | None
    request: str | None
    error: str | None
    sentence: str | None
    verdicts: dict[str, str]
    owner: str | None = None
    pid_started: str | None = None

    @property
    def created_iso(self) -> str:
        """The time of creation as ISO 8601 in UTC."""
        return iso(self.created_at)


@dataclass(frozen=True, slots=True)
class ProgressRecord:
    """One stage's progress. `seconds` is set once the stage is done."""

    stage: str
    state: str
    n_total: int | None
    n_done: int | None
    n_failed: int | None
    n_reused: int | None
    started: float | None
    updated: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class EventRecord:
    """One event; `at` in seconds since 1970."""

    at: float
    stage: str | None
    text: str


def iso(seconds: float) -> str:
    """Return a time as ISO 8601 in UTC, to the second.

    Examples
    --------
    >>> iso(0.0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_run_id(now: float) -> str:
    """Return a fresh run id that sorts by time: 14 digits, a dash, 6 hex digits."""
    return f"{datetime.fromtimestamp(now, tz=UTC):%Y%m%d%H%M%S}-{secrets.token_hex(3)}"


class Workspace:
    """The workspace database; safe to use from several processes, and from several threads of one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._db = connect(root / "workspace.sqlite", SCHEMA)
        self._lock = threading.RLock()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def run_dir(self, run: str) -> Path:
        """Return the folder of a run."""
        return self.root / "runs" / run

    def _rows(self, query: str, parameters: Iterable[object] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, tuple(parameters)).fetchall()

    def _write(self, statement: str, parameters: Iterable[object]) -> int:
        with self._lock, transaction(self._db) as db:
            return db.execute(statement, tuple(parameters)).rowcount

    def create(self, name: str, kind: str, config_hash: str, *, owner: str | None = None) -> RunRecord:
        """Store a new queued run and return it."""
        now = time.time()
        run = new_run_id(now)
        self._add(
            "insert into run(id, name, kind, status, created_at, config_hash) values (?, ?, ?, 'queued', ?, ?)",
            (run, name, kind, now, config_hash), owner,
        )  # fmt: skip
        return self.get(run)

    def adopt(self, run: RunRecord, *, owner: str | None = None) -> None:
        """Store a finished run that came from another workspace; its owner is who brought it here."""
        self._add(
            "insert into run(id, name, kind, status, created_at, finished_at, config_hash, data_hash, sentence, "
            "verdicts) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (run.id, run.name, run.kind, run.status, run.created_at, run.finished_at, run.config_hash, run.data_hash,
             run.sentence, json.dumps(run.verdicts, sort_keys=True)), owner,
        )  # fmt: skip

    def _add(self, statement: str, values: tuple[object, ...], owner: str | None) -> None:
        with self._lock, transaction(self._db) as db:
            db.execute(statement, values)
            if owner is not None:
                db.execute("insert into owner(run, by) values (?, ?)", (values[0], owner))

    def all(self, *, trashed: bool = False) -> list[RunRecord]:
        """Return every run that is not in the trash (or every one that is), newest first."""
        return [_run(row) for row in self._rows(f"{_RUNS} where {_TRASHED[trashed]} {_NEWEST_FIRST}")]

    def put_in_trash(self, run: str) -> None:
        """Put a run into the trash; nothing of it is removed."""
        self._write("insert or ignore into trash(run, at) values (?, ?)", (run, time.time()))

    def take_from_trash(self, run: str) -> None:
        """Take a run out of the trash."""
        self._write("delete from trash where run = ?", (run,))

    def get(self, run: str) -> RunRecord:
        """Return one run by id, unique prefix or `latest`.

        Raises
        ------
        NotFound
            When no run, or more than one, has that name.
        """
        if run == "latest":
            found = self._rows(f"{_RUNS} where {_TRASHED[False]} {_NEWEST_FIRST} limit 1")
        else:
            found = self._rows(f"{_RUNS} where substr(id, 1, ?) = ? limit 2", (len(run), run))
        exact = [row for row in found if row["id"] == run] or found
        if not run or not exact:
            raise NotFound(
                f"There is no run {run!r} in this workspace.", got=run, what_to_do="List the runs with: cje-audit runs"
            )
        if len(exact) > 1:
            raise NotFound(f"More than one run begins with {run!r}.", got=run, what_to_do="Give more of the run's id.")
        return _run(exact[0])

    def update(self, run: str, **fields: object) -> None:
        """Set columns of a run; unknown column names are a programming error."""
        known = {"status", "finished_at", "data_hash", "pid", "heartbeat", "request", "error", "sentence", "verdicts"}
        if not set(fields) <= known:
            raise ValueError(f"unknown run columns: {sorted(set(fields) - known)}")
        if isinstance(fields.get("verdicts"), Mapping):
            fields["verdicts"] = json.dumps(fields["verdicts"], sort_keys=True)
        columns = ", ".join(f"{name} = ?" for name in fields)
        self._write(f"update run set {columns} where id = ?", (*fields.values(), run))

    def claim(self, run: str, pid: int) -> bool:
        """Make process `pid` the run's only worker; False when a live worker or a final state holds it."""
        return self._hold(
            run, pid,
            "update run set pid = ?, heartbeat = ?, status = 'running', error = null, finished_at = null "
            "where id = ? and (pid is null or pid = ?)",
            (pid, time.time(), run, pid),
        )  # fmt: skip

    def expect(self, run: str, pid: int) -> None:
        """Note which process was started for a queued run, unless it has claimed the run already."""
        self._hold(run, pid, "update run set pid = ? where id = ? and pid is null and status = 'queued'", (pid, run))

    def _hold(self, run: str, pid: int, statement: str, values: tuple[object, ...]) -> bool:
        """Change which process holds a run, and keep when that process started; False when nothing changed."""
        started = process_start(pid)
        with self._lock, transaction(self._db) as db:
            changed = db.execute(statement, values).rowcount
            if changed:
                db.execute("insert or replace into worker(run, pid, started) values (?, ?, ?)", (run, pid, started))
        return bool(changed)

    def release(self, run: str, pid: int | None) -> None:
        """Give up a claim, if it is still this process's (None: whoever holds it)."""
        if pid is None:
            self._write("update run set pid = null where id = ?", (run,))
        else:
            self._write("update run set pid = null where id = ? and pid = ?", (run, pid))

    def heartbeat(self, run: str, pid: int) -> str | None:
        """Note that the worker lives; return what people asked of it (`cancel`, `pause` or None)."""
        self._write("update run set heartbeat = ? where id = ? and pid = ?", (time.time(), run, pid))
        return self.requested(run)

    def requested(self, run: str) -> str | None:
        """Return what people asked of a run's worker (`cancel`, `pause` or None)."""
        rows = self._rows("select request from run where id = ?", (run,))
        return str(rows[0]["request"]) if rows and rows[0]["request"] else None

    def progress(self, run: str) -> dict[str, ProgressRecord]:
        """Return the progress of every stage that has begun."""
        rows = self._rows("select * from progress where run = ?", (run,))
        fields = ProgressRecord.__dataclass_fields__
        found = {row["stage"]: ProgressRecord(**{f: row[f] for f in fields}) for row in rows}
        return {stage: found[stage] for stage in STAGES if stage in found}

    def set_progress(self, run: str, record: ProgressRecord) -> None:
        """Store one stage's progress."""
        self._write(
            "insert into progress(run, stage, state, n_total, n_done, n_failed, n_reused, started, updated, seconds) "
            "values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) on conflict(run, stage) do update set state = excluded.state, "
            "n_total = excluded.n_total, n_done = excluded.n_done, n_failed = excluded.n_failed, "
            "n_reused = excluded.n_reused, started = excluded.started, updated = excluded.updated, "
            "seconds = excluded.seconds",
            (run, *astuple(record)),
        )

    def set_asking(self, run: str, facts: Mapping[str, object]) -> None:
        """Store what a run's asking loop is doing this moment, in place of what was there."""
        self._write("insert or replace into asking(run, document) values (?, ?)", (run, json.dumps(facts)))

    def asking(self, run: str) -> dict[str, Any] | None:
        """Return what a run's asking loop said last, or None where it has not asked."""
        rows = self._rows("select document from asking where run = ?", (run,))
        return dict(json.loads(rows[0]["document"])) if rows else None

    def event(self, run: str, text: str, stage: str | None = None) -> None:
        """Append one event in plain words."""
        self._write("insert into event(run, at, stage, text) values (?, ?, ?, ?)", (run, time.time(), stage, text))

    def events(self, run: str, limit: int = 50) -> list[EventRecord]:
        """Return the newest events, newest first."""
        rows = self._rows("select at, stage, text from event where run = ? order by id desc limit ?", (run, limit))
        return [EventRecord(row["at"], row["stage"], row["text"]) for row in rows]


def _run(row: sqlite3.Row) -> RunRecord:
    values = {name: row[name] for name in RunRecord.__dataclass_fields__}
    values["verdicts"] = json.loads(row["verdicts"])
    return RunRecord(**values)
