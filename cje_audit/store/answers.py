"""answers.sqlite: every answer a provider ever gave, by content hash, committed as it arrives and shared by runs.

A finished answer (verified and committed) is read again, never asked again. An attempt is marked before the request
leaves, so that what was in flight when a process died is known and counted as possibly paid twice. A question that
ended in failure stays ended for its run until a person asks for a retry.
"""

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import zstandard

from cje_audit.domain.errors import StoreError
from cje_audit.store.answer_rows import (
    ENDING,
    KINDS,
    AnyResult,
    Entry,
    Outcome,
    Packer,
    Question,
    decode,
    digest,
    encode,
    ending_row,
    entry_of,
    failed,
    insertion,
)
from cje_audit.store.journal import Journal, Mark, journal_files, read_journal
from cje_audit.store.sqlite import connect, transaction

__all__ = ["KINDS", "AnswerStore", "AnyResult", "AttemptCounts", "Outcome", "Question", "decode", "encode"]

SCHEMA = """
create table if not exists answer(
  key text primary key, kind text not null check (kind in ('generate', 'logprobs', 'judge')), identity text not null,
  scorer_version text not null, replicate integer not null, result text not null, result_hash text not null,
  created_at real not null) without rowid;
create table if not exists attempt(
  id integer primary key, run text not null, key text not null, kind text not null, stage text not null, policy text,
  row_id text not null, started_at real not null, ended_at real,
  status text not null check (status in ('started', 'ok', 'failed', 'lost')), code text, detail text, raw text,
  tokens_in integer, tokens_out integer, endpoint text,
  check ((status = 'failed') = (code is not null)));
create index if not exists attempt_run on attempt(run, stage, status);
create index if not exists attempt_key on attempt(key);
create table if not exists body(attempt integer primary key references attempt(id), request blob, response blob);
create table if not exists ending(
  run text not null, key text not null, kind text not null, stage text not null, policy text, row_id text not null,
  code text not null, detail text, raw text, primary key (run, key)) without rowid;
create table if not exists lease(id integer primary key autoincrement, run text not null, at real not null);
"""
LATER_COLUMNS = (
    "tokens_in integer",
    "tokens_out integer",
    "endpoint text",
)  # of `attempt`, in workspaces made before they existed
PART = 500  # keys per query
NUMBERS_PER_LEASE = 2**32


@dataclass(frozen=True, slots=True)
class AttemptCounts:
    """Ended attempts of one run, by outcome. `lost` were in flight when a worker died: possibly paid twice."""

    ok: int
    failed: int
    lost: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One ended attempt, for whoever looks for patterns. `ended_at` in seconds since 1970.

    `endpoint` names who was asked; None in workspaces made before that was kept.
    """

    key: str
    kind: str
    stage: str
    policy: str | None
    row_id: str
    code: str | None
    ended_at: float
    endpoint: str | None


@dataclass(frozen=True, slots=True)
class Ending:
    """A question that ended in failure in a run."""

    key: str
    kind: str
    stage: str
    policy: str | None
    row_id: str
    code: str


class AnswerStore:
    """The answers database, for any thread. `writer.AnswerWriter` commits beside it while a stage is asking."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._db = connect(path, SCHEMA)
        self._lock = threading.Lock()
        self._journals_in = path.with_suffix(".in_flight")
        self._packer = Packer()
        self._journals: dict[str, Journal] = {}
        self._add_later_columns()

    def _add_later_columns(self) -> None:
        known = {row["name"] for row in self._db.execute("pragma table_info(attempt)")}
        for column in LATER_COLUMNS:
            if column.split()[0] not in known:
                self._db.execute(f"alter table attempt add column {column}")

    def close(self) -> None:
        """Close the database; journals stay for whoever counts what was lost."""
        with self._lock:
            for journal in self._journals.values():
                journal.close(forget=False)
            self._journals.clear()
            self._db.close()

    # -- finished answers -----------------------------------------------------------------------------------------

    def find(self, kind: str, keys: Sequence[str]) -> dict[str, AnyResult]:
        """Return the finished answers among `keys`, each verified against its hash.

        Raises
        ------
        StoreError
            When a stored answer no longer matches its hash.
        """
        rows = self._by_key("select key, result, result_hash from answer where key in ({})", keys)
        return {row["key"]: _verified(kind, row) for row in rows}

    def known(self, keys: Sequence[str]) -> set[str]:
        """Return which of `keys` have a finished answer; `find` reads and verifies them."""
        return {row["key"] for row in self._by_key("select key from answer where key in ({})", keys)}

    def answered_in(self, run: str, keys: Sequence[str]) -> set[str]:
        """Return which of `keys` this very run asked and got an answer to."""
        query = "select distinct key from attempt where key in ({}) and run = ? and status = 'ok'"
        return {row["key"] for row in self._by_key(query, keys, run)}

    def attempts(self, keys: Sequence[str]) -> dict[str, int]:
        """Count finished attempts per answer key, over all runs."""
        query = "select key, count(*) n from attempt where key in ({}) and status in ('ok', 'failed') group by key"
        return Counter({row["key"]: int(row["n"]) for row in self._by_key(query, keys)})

    def _by_key(self, query: str, keys: Sequence[str | int], *more: object) -> Iterator[sqlite3.Row]:
        for start in range(0, len(keys), PART):
            part = keys[start : start + PART]
            with self._lock:
                rows = self._db.execute(query.format(",".join("?" * len(part))), (*part, *more)).fetchall()
            yield from rows

    # -- attempts -------------------------------------------------------------------------------------------------

    def begin(self, run: str, questions: Sequence[Question]) -> list[int]:
        """Mark that these questions are about to be asked; return one attempt number each."""
        if run not in self._journals:
            self._journals[run] = Journal(self._journals_in, run, self._lease(run))
        return [self._journals[run].begin(question) for question in questions]

    def end_attempt(self, run: str, entry: Entry) -> None:
        """Put the end of an attempt out of a kill's reach; `AnswerWriter` brings it into the database."""
        self._journals[run].end(entry)

    def safe_before(self, run: str, number: int) -> None:
        """Note that every attempt with a smaller number is safe in the database."""
        if run in self._journals:
            self._journals[run].forget_before(number)

    def _lease(self, run: str) -> int:
        """Return the first of a range of attempt numbers that nobody else has."""
        with self._lock, transaction(self._db) as db:
            number = db.execute("insert into lease(run, at) values (?, ?)", (run, time.time())).lastrowid
        if number is None:
            raise StoreError("The answers file did not give numbers for new attempts.")
        return number * NUMBERS_PER_LEASE

    def finish(self, outcomes: Iterable[Outcome], run: str = "") -> None:
        """Commit outcomes power-loss safe: a success becomes an answer, a failure stays an attempt with its code."""
        now = time.time()
        whole = [
            replace(o, run=o.run or run, started_at=o.started_at or now, ended_at=o.ended_at or now) for o in outcomes
        ]
        self._commit([entry_of(outcome) for outcome in whole])

    def _commit(self, entries: Sequence[Entry]) -> None:
        for start in range(0, len(entries), PART):
            with self._lock, transaction(self._db) as db:
                for statement, values in self._packer.statements(entries[start : start + PART]):
                    db.execute(statement, values)

    def settle(self, run: str) -> None:
        """Forget the journal of a run: every attempt of this process has ended and is safe in the database."""
        journal = self._journals.pop(run, None)
        if journal is not None:
            journal.close(forget=True)

    def mark_lost(self, run: str) -> int:
        """Take over what a killed worker had not stored yet, and count what it left in flight as `lost`.

        Returns
        -------
        int
            How many attempts of this run are lost in all: they may be paid twice.
        """
        for path in journal_files(self._journals_in, run):
            lines = list(read_journal(path))
            self._commit([line for line in lines if isinstance(line, Entry)])
            self._lose(run, self._unended(lines))
            path.unlink()
        return self.counts(run).lost

    def _lose(self, run: str, marks: Sequence[Mark]) -> None:
        table = "attempt(id, run, key, kind, stage, policy, row_id, started_at, status)"
        rows = [(m.attempt, run, m.key, m.kind, m.stage, m.policy, m.row_id, m.at, "lost") for m in marks]
        for start in range(0, len(rows), PART):
            with self._lock, transaction(self._db) as db:
                db.execute(*insertion("insert or ignore", table, rows[start : start + PART]))

    def in_flight(self, run: str) -> int:
        """Count the attempts of a run that have begun and not ended."""
        return sum(len(self._unended(list(read_journal(p)))) for p in journal_files(self._journals_in, run))

    def _unended(self, lines: Sequence[Mark | Entry]) -> list[Mark]:
        """Return the marks without an end, in the journal or, for an end in a later file, in the database."""
        ended = {line.number for line in lines if isinstance(line, Entry)}
        marks = [line for line in lines if isinstance(line, Mark) and line.attempt not in ended]
        known = {
            row["id"] for row in self._by_key("select id from attempt where id in ({})", [m.attempt for m in marks])
        }
        return [m for m in marks if m.attempt not in known]

    def counts(self, run: str) -> AttemptCounts:
        """Count the ended attempts of a run by outcome."""
        rows = self._all("select status, count(*) n from attempt where run = ? group by status", run)
        by = Counter({row["status"]: int(row["n"]) for row in rows})
        return AttemptCounts(by["ok"], by["failed"], by["lost"])

    def failures_by_code(self, run: str) -> dict[str, int]:
        """Count the failed attempts of a run by code."""
        query = (
            "select code, count(*) n from attempt where run = ? and status = 'failed' "
            "group by code order by n desc, code"
        )
        return {row["code"]: int(row["n"]) for row in self._all(query, run)}

    def last_end(self, run: str) -> float | None:
        """Return when a run's last attempt ended (seconds since 1970); None where none has."""
        query = "select max(ended_at) at from attempt where run = ? and status in ('ok', 'failed')"
        found: float | None = self._all(query, run)[0]["at"]
        return found

    def per_minute(self, run: str, since: float) -> dict[int, dict[str, int]]:
        """Count a run's attempts that ended after `since` (seconds since 1970): minute since 1970 -> code -> attempts.

        Successes are under `ok`.
        """
        query = (
            "select cast(ended_at / 60 as integer) minute, case status when 'ok' then 'ok' else code end code, "
            "count(*) n from attempt where run = ? and ended_at > ? and status in ('ok', 'failed') "
            "group by 1, 2 order by 1, 2"
        )
        found: dict[int, dict[str, int]] = {}
        for row in self._all(query, run, since):
            found.setdefault(int(row["minute"]), {})[row["code"]] = int(row["n"])
        return found

    def ended_attempts(self, run: str) -> list[Attempt]:
        """Return every ended attempt of a run, in the order of their ends."""
        rows = self._all(
            "select key, kind, stage, policy, row_id, code, ended_at, endpoint from attempt "
            "where run = ? and status in ('ok', 'failed') order by ended_at",
            run,
        )
        return [Attempt(*row) for row in rows]

    def tokens(self, run: str) -> dict[tuple[str | None, str, str | None], tuple[int, int]]:
        """Sum the tokens in and out of a run's attempts by (policy, kind, endpoint), defective answers included."""
        query = (
            "select policy, kind, endpoint, sum(tokens_in) tokens_in, sum(tokens_out) tokens_out from attempt "
            "where run = ? and tokens_in is not null and tokens_out is not null group by policy, kind, endpoint"
        )
        return {
            (r["policy"], r["kind"], r["endpoint"]): (int(r["tokens_in"]), int(r["tokens_out"]))
            for r in self._all(query, run)
        }

    def bodies(self, key: str) -> list[tuple[bytes | None, bytes | None]]:
        """Return the raw request and response of every attempt at a question whose bodies were kept."""
        rows = self._all(
            "select request, response from body join attempt on id = attempt where key = ? order by id", key
        )
        return [(unpacked(row["request"]), unpacked(row["response"])) for row in rows]

    def attempts_at(self, run: str, row_id: str) -> list[dict[str, Any]]:
        """Return every attempt at one row's questions, of this run and of those it shares answers with, by time.

        Fields: those of the table, and request and response as they went over the wire (None where they were not kept).
        """
        rows = self._all(
            "select a.*, b.request, b.response from attempt a left join body b on b.attempt = a.id where a.key in "
            "(select key from attempt where run = ? and row_id = ?) order by a.started_at, a.id",
            run,
            row_id,
        )
        return [dict(row) for row in rows]

    # -- endings: failures that are final for one run -------------------------------------------------------------

    def end(self, run: str, ended: Sequence[tuple[Question, AnyResult]]) -> None:
        """Note questions that ended in failure without being asked."""
        rows = [ending_row(run, question, result) for question, result in ended]
        with self._lock, transaction(self._db) as db:
            for start in range(0, len(rows), PART):
                db.execute(*insertion("insert or replace", ENDING, rows[start : start + PART]))

    def endings(self, run: str, keys: Sequence[str]) -> dict[str, AnyResult]:
        """Return how those of `keys` failed that have ended in this run."""
        rows = self._by_key("select key, kind, code, detail, raw from ending where key in ({}) and run = ?", keys, run)
        return {row["key"]: failed(row["kind"], row["code"], row["detail"], row["raw"]) for row in rows}

    def failed_questions(
        self, run: str, *, stage: str | None = None, code: str | None = None, policy: str | None = None,
        row_id: str | None = None,
    ) -> list[Ending]:  # fmt: skip
        """Return the questions that ended in failure in a run, under a filter."""
        query = (
            "select key, kind, stage, policy, row_id, code from ending where run = :run "
            "and (:stage is null or stage = :stage) and (:code is null or code = :code) "
            "and (:policy is null or policy = :policy) and (:row_id is null or row_id = :row_id)"
        )
        wanted = {"run": run, "stage": stage, "code": code, "policy": policy, "row_id": row_id}
        with self._lock:
            rows = self._db.execute(query, wanted).fetchall()
        return [Ending(*row) for row in rows]

    def reopen(self, run: str, keys: Sequence[str]) -> None:
        """Let these questions be asked again; their attempts are kept."""
        with self._lock, transaction(self._db) as db:
            for start in range(0, len(keys), PART):
                part = keys[start : start + PART]
                db.execute(f"delete from ending where run = ? and key in ({','.join('?' * len(part))})", (run, *part))

    def _all(self, query: str, *parameters: object) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(query, parameters).fetchall()


def unpacked(body: bytes | None) -> bytes | None:
    """Return a stored body as it went over the wire."""
    return None if body is None else zstandard.decompress(body)


def _verified(kind: str, row: sqlite3.Row) -> AnyResult:
    if digest(row["result"]) != row["result_hash"]:
        raise StoreError(
            f"The stored answer {row['key'][:12]} does not match its hash: the answers file was damaged or edited.",
            what_to_do="Restore answers.sqlite from a backup, or delete this answer so that it is asked again.",
        )
    return decode(kind, row["result"])
