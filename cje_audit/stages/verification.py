"""Recomputing a finished run from its stored rows, and saying what differs."""

from typing import Any

from cje_audit.domain.import_spec import load_spec
from cje_audit.domain.report import Report
from cje_audit.report.assemble import Overrides, assemble, run_checks, with_overrides
from cje_audit.stages.base import StageContext, StageProgress, StopSignal
from cje_audit.stages.estimation import run_facts
from cje_audit.store.answers import AnswerStore
from cje_audit.store.files import RunFiles
from cje_audit.store.tables import RunTables
from cje_audit.store.workspace import RunRecord, Workspace

SMALL = 1e-12
TIMES = {"seconds", "n_in", "n_ok", "n_failed"}  # of a stage: known only once every stage has ended


def differences(
    workspace: Workspace, answers: AnswerStore, record: RunRecord, report: Report, overrides: Overrides
) -> list[str]:
    """Return the places where a report differs from what its stored rows give; none when it holds."""
    fresh = recompute(workspace, answers, record, report, overrides)
    return compare(report.document(), fresh.document())


def recompute(
    workspace: Workspace, answers: AnswerStore, record: RunRecord, report: Report, overrides: Overrides
) -> Report:
    """Return a run's report made again from its stored rows, with what people overrode set aside."""
    files = RunFiles(workspace.run_dir(record.id))
    tables = RunTables(files.tables, read_only=True)
    try:
        spec = load_spec(files.config)
        progress = StageProgress(workspace, record.id, "estimation")
        facts = run_facts(StageContext(record, files.folder, spec, tables, answers, progress, StopSignal()))
    finally:
        tables.close()
    return assemble(report.run, facts, with_overrides(run_checks(facts), overrides))


def overridden(
    workspace: Workspace, answers: AnswerStore, record: RunRecord, report: Report, overrides: Overrides
) -> Report:
    """Return a finished report with its verdicts decided again; the stages' counts and times stay as they were."""
    fresh = recompute(workspace, answers, record, report, overrides)
    old = {s.name: s for s in report.stages}
    stages = tuple(s.model_copy(update={name: getattr(old[s.name], name) for name in TIMES}) for s in fresh.stages)
    return fresh.model_copy(update={"stages": stages})


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
