"""The journal of one run's asking: what is about to be asked and how it ended, written before anything follows from it.

A line that has reached the operating system outlives the process. So a request is known before it leaves, and an
answer is out of a kill's reach the moment it is there, without waiting for the database, which takes it over soon
after. A journal whose every line the database has is deleted.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from cje_audit.store.answer_rows import ATTEMPT, Entry, Question

LARGEST = 32 * 1024 * 1024  # bytes; then a new file begins, and the old one goes when its last answer is safe


@dataclass(frozen=True, slots=True)
class Mark:
    """One request that was about to leave; `at` in seconds since 1970."""

    attempt: int
    key: str
    kind: str
    stage: str
    policy: str | None
    row_id: str
    at: float


class Journal:
    """The journal of one run by one worker; attempts are numbered from `first`."""

    def __init__(self, folder: Path, run: str, first: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder, self._run, self._next = folder, run, first
        self._old: list[tuple[int, Path]] = []
        self._open()

    def _open(self) -> None:
        self._path = self._folder / f"{self._run}.{self._next}.jsonl"
        self._file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self._size = 0

    def begin(self, question: Question) -> int:
        """Write that a question is about to be asked; return the attempt's number."""
        if self._size > LARGEST:
            os.close(self._file)
            self._old.append((self._next, self._path))
            self._open()
        number, self._next = self._next, self._next + 1
        q = question
        self._write([number, q.key, q.kind, q.stage, q.policy, q.row_id, time.time()])
        return number

    def end(self, entry: Entry) -> None:
        """Write how an attempt ended."""
        self._write([entry.attempt, entry.answer, entry.ending])

    def _write(self, line: list[object]) -> None:
        raw = orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
        self._size += os.write(self._file, raw)

    def forget_before(self, number: int) -> None:
        """Delete the files whose attempts all have smaller numbers and are safe in the database."""
        while self._old and self._old[0][0] <= number:
            self._old.pop(0)[1].unlink(missing_ok=True)

    def close(self, *, forget: bool) -> None:
        """Close; `forget` deletes everything, since the database has every line."""
        os.close(self._file)
        if forget:
            self.forget_before(self._next)
            self._path.unlink(missing_ok=True)


def journal_files(folder: Path, run: str) -> list[Path]:
    """Return the journals of a run, oldest first."""
    found = folder.glob(f"{run}.*.jsonl") if folder.is_dir() else ()
    return sorted(found, key=lambda path: int(path.name.split(".")[-2]))


def read_journal(path: Path) -> Iterator[Mark | Entry]:
    """Read what was begun and what ended; a last line that was cut is left out, since nothing followed from it."""
    for line in path.read_bytes().split(b"\n"):
        try:
            parts = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        yield Mark(*parts) if len(parts) > 3 else _entry(*parts)


def _entry(attempt: list[object], answer: list[object] | None, ending: list[object] | None) -> Entry:
    whole = [*attempt, *[None] * (ATTEMPT.count(",") + 1 - len(attempt))]  # an older worker's, with fewer columns
    return Entry(tuple(whole), None if answer is None else tuple(answer), None if ending is None else tuple(ending))
