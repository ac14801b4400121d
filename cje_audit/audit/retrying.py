"""Asking again for what failed: failed questions of a run are reopened, and the stages from there on run again."""

import time
from collections.abc import Sequence
from pathlib import Path

from cje_audit.domain.checks import STAGES
from cje_audit.domain.experiment import Experiment
from cje_audit.domain.import_spec import dump_spec, load_spec
from cje_audit.domain.report import Report
from cje_audit.store.answers import AnswerStore, Ending
from cje_audit.store.files import RunFiles
from cje_audit.store.workspace import iso


def reopen(
    answers: AnswerStore, folder: Path, run: str, ended: Sequence[Ending], stage: str, before: Report | None
) -> None:
    """Let these questions be asked again, and the stages from `stage` on run again; attempts and answers stay.

    `before` is the report as it stands, None where there is none yet: its numbers stay beside the new ones.
    """
    answers.reopen(run, [ending.key for ending in ended])
    tables = RunFiles(folder).tables
    if tables.is_file():
        from cje_audit.report.repairs import snapshot_of
        from cje_audit.store.tables import (
            RunTables,  # DuckDB and Polars, which a start of the command line need not have
        )

        opened = RunTables(tables, read_only=False)
        try:
            if before is not None:
                kept = snapshot_of(iso(time.time()), before.policies, before.failures)
                opened.remember(kept.model_dump_json())
            opened.forget(STAGES[STAGES.index(stage) :])
        finally:
            opened.close()


def first_stage(ended: Sequence[Ending]) -> str:
    """Return the first stage to run again; a response that is written anew begins with the rows themselves."""
    if any(ending.kind == "generate" for ending in ended):
        return STAGES[0]
    return min((ending.stage for ending in ended), key=STAGES.index)


def raise_cap(folder: Path, max_cost: float) -> None:
    """Write another cost cap into a run's configuration."""
    path = RunFiles(folder).config
    spec = load_spec(path)
    if isinstance(spec, Experiment):
        execution = spec.execution.model_copy(update={"max_cost": max_cost})
        path.write_text(dump_spec(spec.model_copy(update={"execution": execution})), encoding="utf-8")
