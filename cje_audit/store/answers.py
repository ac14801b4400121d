"""answers.sqlite: every answer a provider ever gave, by content hash, committed as it arrives and shared by runs.

A finished answer (verified and committed) is read again, never asked again. An attempt is written before the
request leaves, so that what was in flight when a process died is known and counted as possibly paid twice.
"""

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import zstandard

from cje_audit.domain.codes import FailureCode
from cje_audit.domain.errors import StoreError
from cje_audit.domain.policy import content_hash
from cje_audit.domain.results import JudgementResult, LogProbResult, ResponseResult, ResultStatus
from cje_audit.store.sqlite import connect, transaction

SCHEMA = """
create table if not exists answer(
  key text primary key, kind text not null check (kind in ('generate', 'logprobs', 'judge')), identity text not null,
  scorer_version text not null, replicate integer not null, result text not null, result_hash text not null,
  created_at real not null) without rowid;
create table if not exists attempt(
  id integer primary key, run text not null, key text not null, kind text not null, stage text not null, policy text,
  row_id text not null, started_at real not null, ended_at real,
  status text not null check (status in ('started', 'ok', 'failed', 'lost')), code text, detail text, raw text,
  check ((status = 'failed') = (code is not null)));
create index if not exists attempt_run on attempt(run, stage, status);
create index if not exists attempt_key on attempt(key);
create table if not exists body(attempt integer primary key references attempt(id), request blob, response blob);
"""

AnyResult = ResponseResult | LogProbResult | JudgementResult
KINDS: dict[str, type[AnyResult]] = {"generate": ResponseResult, "logprobs": LogProbResult, "judge": JudgementResult}


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask: its content (`text` as JSON data), who is asked, and for which row of which run it is."""

    kind: str
    identity: str
    scorer_version: str
    replicate: int
    text: tuple[object, ...]
    stage: str
    policy: str | None
    row_id: str

    @property
    def key(self) -> str:
        """The content hash of the answer: identity, text, dialect and scorer version, replicate."""
        return content_hash([self.kind, self.identity, self.scorer_version, self.replicate, list(self.text)])


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one attempt: its result and the raw bodies to keep."""

    attempt: int
    question: Question
    result: AnyResult
    request: bytes | None = None
    response: bytes | None = None


@dataclass(frozen=True, slots=True)
class AttemptCounts:
    """Attempts of one run, by outcome. `lost` were in flight when a worker died: possibly paid twice."""

    started: int
    ok: int
    failed: int
    lost: int


def encode(result: AnyResult) -> str:
    """Return a successful result as JSON text."""
    return json.dumps(asdict(result), sort_keys=True, ensure_ascii=False, allow_nan=False)


def decode(kind: str, text: str) -> AnyResult:
    """Read a result back; the types refuse a value without success and the other way round."""
    document = json.loads(text)
    document["status"] = ResultStatus(document["status"])
    document["code"] = None if document["code"] is None else FailureCode(document["code"])
    for name in ("tokens", "token_logprobs"):
        if name in document:
            document[name] = tuple(document[name])
    return KINDS[kind](**document)


class AnswerStore:
    """The answers database. Thread-safe; every write is one power-loss-safe transaction."""

    def __init__(self, path: Path) -> None:
        self._db = connect(path, SCHEMA)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def find(self, kind: str, keys: Sequence[str]) -> dict[str, AnyResult]:
        """Return the finished answers among `keys`, each verified against its hash.

        Raises
        ------
        StoreError
            When a stored answer no longer matches its hash.
        """
        found: dict[str, AnyResult] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            with self._lock:
                rows = self._db.execute(
                    f"select key, result, result_hash from answer where key in ({marks})", part
                ).fetchall()
            found.update((row["key"], _verified(kind, row)) for row in rows)
        return found

    def begin(self, run: str, questions: Sequence[Question]) -> list[int]:
        """Note that these questions are about to be asked; return one attempt number each."""
        now = time.time()
        ids: list[int] = []
        with self._lock, transaction(self._db) as db:
            for q in questions:
                cursor = db.execute(
                    "insert into attempt(run, key, kind, stage, policy, row_id, started_at, status) "
                    "values (?, ?, ?, ?, ?, ?, ?, 'started')",
                    (run, q.key, q.kind, q.stage, q.policy, q.row_id, now),
                )
                if cursor.lastrowid is None:
                    raise StoreError("The answers file did not number a new attempt.")
                ids.append(cursor.lastrowid)
        return ids

    def finish(self, outcomes: Iterable[Outcome]) -> None:
        """Commit outcomes: a success becomes an answer, a failure stays an attempt with its code."""
        now = time.time()
        with self._lock, transaction(self._db) as db:
            for outcome in outcomes:
                _store(db, outcome, now)

    def mark_lost(self, run: str) -> int:
        """Turn attempts that a dead worker left in flight into `lost`; return how many of this run are lost in all."""
        with self._lock, transaction(self._db) as db:
            db.execute(
                "update attempt set status = 'lost', ended_at = ? where run = ? and status = 'started'",
                (time.time(), run),
            )
            row = db.execute("select count(*) n from attempt where run = ? and status = 'lost'", (run,)).fetchone()
        return int(row["n"])

    def counts(self, run: str) -> AttemptCounts:
        """Count the attempts of a run by outcome."""
        with self._lock:
            rows = self._db.execute(
                "select status, count(*) n from attempt where run = ? group by status", (run,)
            ).fetchall()
        by = Counter({row["status"]: int(row["n"]) for row in rows})
        return AttemptCounts(by["started"], by["ok"], by["failed"], by["lost"])

    def failures_by_code(self, run: str) -> dict[str, int]:
        """Count the failed attempts of a run by code."""
        with self._lock:
            rows = self._db.execute(
                "select code, count(*) n from attempt where run = ? and status = 'failed' "
                "group by code order by n desc, code",
                (run,),
            ).fetchall()
        return {row["code"]: int(row["n"]) for row in rows}

    def attempts(self, keys: Sequence[str]) -> dict[str, int]:
        """Count finished attempts per answer key, over all runs."""
        counted: dict[str, int] = {}
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            marks = ",".join("?" * len(part))
            ended = f"from attempt where key in ({marks}) and status in ('ok', 'failed')"
            with self._lock:
                rows = self._db.execute(f"select key, count(*) n {ended} group by key", part).fetchall()
            counted.update((row["key"], int(row["n"])) for row in rows)
        return counted


def _verified(kind: str, row: sqlite3.Row) -> AnyResult:
    if content_hash(row["result"]) != row["result_hash"]:
        raise StoreError(
            f"The stored answer {row['key'][:12]} does not match its hash: the answers file was damaged or edited.",
            what_to_do="Restore answers.sqlite from a backup, or delete this answer so that it is asked again.",
        )
    return decode(kind, row["result"])


def _store(db: sqlite3.Connection, outcome: Outcome, now: float) -> None:
    q, result = outcome.question, outcome.result
    db.execute(
        "update attempt set status = ?, ended_at = ?, code = ?, detail = ?, raw = ? where id = ?",
        (
            str(result.status),
            now,
            None if result.code is None else str(result.code),
            result.detail,
            getattr(result, "raw", None),
            outcome.attempt,
        ),
    )
    if outcome.request is not None or outcome.response is not None:
        packed = [None if body is None else zstandard.compress(body) for body in (outcome.request, outcome.response)]
        db.execute(
            "insert or replace into body(attempt, request, response) values (?, ?, ?)", (outcome.attempt, *packed)
        )
    if result.is_ok:
        text = encode(result)
        db.execute(
            "insert or ignore into answer(key, kind, identity, scorer_version, replicate, result, result_hash, "
            "created_at) values (?, ?, ?, ?, ?, ?, ?, ?)",
            (q.key, q.kind, q.identity, q.scorer_version, q.replicate, text, content_hash(text), now),
        )
