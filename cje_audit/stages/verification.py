"""Recomputing a finished run from its stored rows, and saying what differs."""

from pathlib import Path
from typing import Any

from cje_audit.domain.import_spec import load_spec
from cje_audit.domain.report import Report
from cje_audit.report.assemble import assemble, run_checks
from cje_audit.stages.base import StageContext, StageProgress, StopSignal
from cje_audit.stages.estimation import run_facts
from cje_audit.store.answers import AnswerStore
from cje_audit.store.files import RunFiles
from cje_audit.store.tables import RunTables
from cje_audit.store.workspace import RunRecord, Workspace

SMALL = 1e-12
TIMES = {"seconds", "n_in", "n_ok", "n_failed"}  # of a stage: known only once every stage has ended


def differences(workspace: Workspace, answers: AnswerStore, record: RunRecord, report: Report) -> list[str]:
    """Return the places where a report differs from what its stored rows give; none when it holds."""
    files = RunFiles(workspace.run_dir(record.id))
    tables = RunTables(files.tables, read_only=True)
    try:
        return compare(
            report.document(), _recompute(workspace, answers, record, tables, files.folder, report).document()
        )
    finally:
        tables.close()


def _recompute(
    workspace: Workspace, answers: AnswerStore, record: RunRecord, tables: RunTables, folder: Path, report: Report
) -> Report:
    spec = load_spec(RunFiles(folder).config)
    progress = StageProgress(workspace, record.id, "estimation")
    facts = run_facts(StageContext(record, folder, spec, tables, answers, progress, StopSignal()))
    return assemble(report.run, facts, run_checks(facts))


def compare(stored: Any, fresh: Any, place: str = "report") -> list[str]:
    """Return where two JSON documents differ; numbers may differ by rounding only (1e-12 of their size).

    Examples
    --------
    >>> compare({"a": [1.0, 2]}, {"a": [1.0, 3]})
    ['report.a[1]: stored 2, recomputed 3']
    """
    if isinstance(stored, dict) and isinstance(fresh, dict):
        keys = [k for k in sorted({*stored, *fresh}) if not (place.startswith("report.stages[") and k in TIMES)]
        skipped = {"sign_off"} if place == "report" else set()
        return [d for k in keys if k not in skipped for d in compare(stored.get(k), fresh.get(k), f"{place}.{k}")]
    if isinstance(stored, list) and isinstance(fresh, list) and len(stored) == len(fresh):
        return [d for i, (a, b) in enumerate(zip(stored, fresh, strict=True)) for d in compare(a, b, f"{place}[{i}]")]
    same = stored == fresh or _close(stored, fresh)
    return [] if same else [f"{place}: stored {stored!r}, recomputed {fresh!r}"]


def _close(stored: Any, fresh: Any) -> bool:
    both = isinstance(stored, float) and isinstance(fresh, float)
    return both and abs(stored - fresh) <= SMALL * max(abs(stored), abs(fresh))
