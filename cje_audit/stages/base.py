"""A stage is one function from a context to an outcome; the outcome is data, stored in one transaction."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cje_audit.domain.checks import Check
from cje_audit.domain.import_spec import RunSpec
from cje_audit.store.answers import AnswerStore
from cje_audit.store.tables import RunTables, TableWrite
from cje_audit.store.workspace import ProgressRecord, RunRecord, Workspace

PROGRESS_EVERY_S = 0.25


class StopRequested(Exception):
    """A person asked to cancel or pause; everything finished so far is stored."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StopSignal:
    """Carries a person's wish to stop from the heartbeat thread into the stages."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self.reason: str | None = None

    def set(self, reason: str) -> None:
        """Ask every stage to stop."""
        self.reason = reason
        self._event.set()

    @property
    def is_set(self) -> bool:
        """Whether a stop was asked for."""
        return self._event.is_set()

    def raise_if_set(self) -> None:
        """Raise `StopRequested` when a stop was asked for."""
        if self._event.is_set():
            raise StopRequested(self.reason or "cancel")


class StageProgress:
    """Counts one stage's rows and writes them to the workspace a few times a second."""

    def __init__(self, workspace: Workspace, run: str, stage: str) -> None:
        self._workspace, self._run, self.stage = workspace, run, stage
        self._started = time.time()
        self._written = 0.0
        self._total: int | None = None
        self._counts = {"done": 0, "failed": 0, "reused": 0}

    def total(self, n: int) -> None:
        """Say how many rows there are to do; adds to what was said before."""
        self._total = n if self._total is None else self._total + n
        self._write("running", None)

    def advance(self, *, done: int = 1, failed: int = 0, reused: int = 0) -> None:
        """Count finished rows (failed and reused ones are among `done`)."""
        for name, n in (("done", done), ("failed", failed), ("reused", reused)):
            self._counts[name] += n
        if time.time() - self._written >= PROGRESS_EVERY_S:
            self._write("running", None)

    def reached(self, n: int) -> None:
        """Say how many rows are done so far."""
        self.advance(done=n - self._counts["done"])

    def end(self, state: str, *, n_total: int | None = None, n_failed: int | None = None) -> float:
        """Write the final state; return the seconds the stage took."""
        seconds = time.time() - self._started
        if n_total is not None:
            self._total = self._counts["done"] = n_total
        if n_failed is not None:
            self._counts["failed"] = n_failed
        self._write(state, seconds)
        return seconds

    def start(self) -> None:
        """Write that the stage has begun."""
        self._write("running", None)

    def asking(self, facts: Mapping[str, Any]) -> None:
        """Write what the asking loop is doing, for the failure monitor."""
        self._workspace.set_asking(self._run, facts)

    def _write(self, state: str, seconds: float | None) -> None:
        self._written = time.time()
        c = self._counts
        record = ProgressRecord(
            self.stage, state, self._total, c["done"], c["failed"], c["reused"], self._started, self._written, seconds
        )
        self._workspace.set_progress(self._run, record)


@dataclass(frozen=True)
class StageContext:
    """Everything a stage may use."""

    record: RunRecord
    folder: Path
    spec: RunSpec
    tables: RunTables
    answers: AnswerStore
    progress: StageProgress
    stop: StopSignal

    @property
    def run(self) -> str:
        """The run's id."""
        return self.record.id

    def facts(self, stage: str) -> Mapping[str, Any]:
        """Return what an earlier stage left for later ones."""
        return self.tables.done()[stage].facts


@dataclass(frozen=True)
class StageOutcome:
    """What a stage produced. `checks` are by stage, since a later stage can complete an earlier one's checks."""

    n_in: int
    n_ok: int
    n_failed: int
    writes: Sequence[TableWrite] = ()
    checks: Mapping[str, Sequence[Check]] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


StageFunction = Callable[[StageContext], StageOutcome]
