"""Runs the stages of one run in order, skipping what is done, and leaves the report."""

import time
from collections.abc import Callable

from cje_audit.domain.checks import STAGES
from cje_audit.domain.import_spec import RunSpec, load_spec
from cje_audit.domain.policy import content_hash
from cje_audit.domain.report import Report
from cje_audit.stages import dataset, estimation, judge, logging_policy, target_policy
from cje_audit.stages.base import StageContext, StageFunction, StageOutcome, StageProgress, StopSignal
from cje_audit.store.answers import AnswerStore
from cje_audit.store.files import RunFiles
from cje_audit.store.tables import RunTables, StageRecord
from cje_audit.store.workspace import RunRecord, Workspace
from cje_audit.version import __version__

FUNCTIONS: dict[str, StageFunction] = {
    "dataset": dataset.run,
    "logging_policy": logging_policy.run,
    "target_policy": target_policy.run,
    "judge": judge.run,
    "estimation": estimation.run,
}
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
        return estimation.write_report(tables, record, files.report)
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
    outcome, seconds = _timed(lambda: FUNCTIONS[stage](context))
    facts = dict(outcome.facts)
    finished = StageRecord(stage, fingerprint, outcome.n_in, outcome.n_ok, outcome.n_failed, seconds, facts)
    tables.commit_stage(finished, outcome.writes, outcome.checks)
    progress.end("done", n_total=outcome.n_in, n_failed=outcome.n_failed)
    workspace.event(record.id, f"The stage {stage} ended: {outcome.n_ok} of {outcome.n_in} rows are usable.", stage)


def _timed(work: Callable[[], StageOutcome]) -> tuple[StageOutcome, float]:
    started = time.perf_counter()
    outcome = work()
    return outcome, time.perf_counter() - started
