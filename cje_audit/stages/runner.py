"""Runs the stages of one run in order, skipping what is done, and leaves the report."""

import time
from collections.abc import Callable
from importlib import import_module

from cje_audit.domain.checks import STAGES
from cje_audit.domain.import_spec import RunSpec, load_spec
from cje_audit.domain.policy import content_hash
from cje_audit.domain.report import Report
from cje_audit.stages.base import StageContext, StageFunction, StageOutcome, StageProgress, StopSignal
from cje_audit.store.answers import AnswerStore
from cje_audit.store.files import RunFiles
from cje_audit.store.tables import RunTables, StageRecord
from cje_audit.store.workspace import RunRecord, Workspace
from cje_audit.version import __version__

STAGE_VERSION = 1


def run_stages(workspace: Workspace, answers: AnswerStore, record: RunRecord, stop: StopSignal) -> Report:
    """Run every stage that is not done yet; return the finished report.

    Raises
    ------
    StopRequested
        When a person cancelled or paused; everything finished so far is stored.
    """
    files = RunFiles(workspace.run_dir(record.id))
    spec = load_spec(files.config)
    tables = RunTables(files.tables, read_only=False)
    try:
        fingerprint = content_hash([record.config_hash, record.data_hash])
        for stage in STAGES:
            stop.raise_if_set()
            fingerprint = content_hash([stage, STAGE_VERSION, __version__, fingerprint])
            _run_stage(workspace, answers, record, spec, tables, stage, fingerprint, stop)
        from cje_audit.stages.estimation import write_report  # the statistics are loaded when it is their turn

        return write_report(tables, record, files.report)
    finally:
        tables.close()


def _run_stage(
    workspace: Workspace, answers: AnswerStore, record: RunRecord, spec: RunSpec, tables: RunTables, stage: str,
    fingerprint: str, stop: StopSignal,
) -> None:  # fmt: skip
    done = tables.done()
    if stage in done and done[stage].fingerprint == fingerprint:
        return
    tables.forget(STAGES[STAGES.index(stage) :])
    progress = StageProgress(workspace, record.id, stage)
    progress.start()
    workspace.event(record.id, f"The stage {stage} began.", stage)
    context = StageContext(record, workspace.run_dir(record.id), spec, tables, answers, progress, stop)
    outcome, seconds = _timed(lambda: _function(stage)(context))
    facts = dict(outcome.facts)
    finished = StageRecord(stage, fingerprint, outcome.n_in, outcome.n_ok, outcome.n_failed, seconds, facts)
    tables.commit_stage(finished, outcome.writes, outcome.checks)
    progress.end("done", n_total=outcome.n_in, n_failed=outcome.n_failed)
    workspace.event(record.id, f"The stage {stage} ended: {outcome.n_ok} of {outcome.n_in} rows are usable.", stage)


def _function(stage: str) -> StageFunction:
    """Return a stage's function; its room is loaded at its turn, so that asking waits for none of the others."""
    run: StageFunction = import_module(f"cje_audit.stages.{stage}").run
    return run


def _timed(work: Callable[[], StageOutcome]) -> tuple[StageOutcome, float]:
    started = time.perf_counter()
    outcome = work()
    return outcome, time.perf_counter() - started
