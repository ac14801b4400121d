"""Start marks: what is about to be asked, one line per request, written before it leaves.

A line that has reached the operating system outlives the process, so what was in flight when a worker was killed is
known; it costs one system call and no transaction. Marks of a run that ended in order are deleted.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson

from cje_audit.store.answer_rows import Question


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


class Marks:
    """The marks of one run by one worker; attempts are numbered from `first`."""

    def __init__(self, folder: Path, run: str, first: int) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path = folder / f"{run}.{first}.jsonl"
        self._file = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        self._next = first

    def begin(self, question: Question) -> int:
        """Write that a question is about to be asked; return the attempt's number."""
        number, self._next = self._next, self._next + 1
        q = question
        os.write(
            self._file,
            orjson.dumps([number, q.key, q.kind, q.stage, q.policy, q.row_id, time.time()], option=APPEND),
        )
        return number

    def close(self, *, forget: bool) -> None:
        """Close the file; `forget` deletes it, since every attempt in it has ended and is stored."""
        os.close(self._file)
        if forget:
            self._path.unlink(missing_ok=True)


APPEND = orjson.OPT_APPEND_NEWLINE


def mark_files(folder: Path, run: str) -> list[Path]:
    """Return the files with marks of a run."""
    return sorted(folder.glob(f"{run}.*.jsonl")) if folder.is_dir() else []


def read_marks(path: Path) -> Iterator[Mark]:
    """Read marks; a last line that was cut is left out, since its request never left."""
    for line in path.read_bytes().split(b"\n"):
        try:
            yield Mark(*json.loads(line))
        except (ValueError, TypeError):
            continue
